/* Made by tools/gen_schema.py from kafka-clients 4.4.0.  Don't edit; see HACKING.md. */
#include "kafka/schema_internal.h"

const char schema_kafka_version[] = "4.4.0";

/* type, array, versions, nullable versions, tag, tagged from, struct, mark */
const struct schema_field schema_fields[] = {
	/* AddOffsetsToTxnRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	/* AddOffsetsToTxnResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* AddPartitionsToTxnRequest /Transactions/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* AddPartitionsToTxnRequest /Transactions */
	{T_STRING, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_INT64, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_BOOL, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VerifyOnly */
	{T_STRUCT, 1, 4, 127, 1, 0, -1, 127, 2, SCHEMA_NONE}, /* Topics */
	/* AddPartitionsToTxnRequest /V3AndBelowTopics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* AddPartitionsToTxnRequest / */
	{T_STRUCT, 1, 4, 127, 1, 0, -1, 127, 3, SCHEMA_NONE}, /* Transactions */
	{T_STRING, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* V3AndBelowTransactionalId */
	{T_INT64, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* V3AndBelowProducerId */
	{T_INT16, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* V3AndBelowProducerEpoch */
	{T_STRUCT, 1, 0, 3, 1, 0, -1, 127, 4, SCHEMA_NONE}, /* V3AndBelowTopics */
	/* AddPartitionsToTxnResponse /ResultsByTransaction/TopicResults/ResultsByPartition */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionErrorCode */
	/* AddPartitionsToTxnResponse /ResultsByTransaction/TopicResults */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 6, SCHEMA_NONE}, /* ResultsByPartition */
	/* AddPartitionsToTxnResponse /ResultsByTransaction */
	{T_STRING, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_STRUCT, 1, 4, 127, 1, 0, -1, 127, 7, SCHEMA_NONE}, /* TopicResults */
	/* AddPartitionsToTxnResponse /ResultsByTopicV3AndBelow/ResultsByPartition */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionErrorCode */
	/* AddPartitionsToTxnResponse /ResultsByTopicV3AndBelow */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 9, SCHEMA_NONE}, /* ResultsByPartition */
	/* AddPartitionsToTxnResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 4, 127, 1, 0, -1, 127, 8, SCHEMA_NONE}, /* ResultsByTransaction */
	{T_STRUCT, 1, 0, 3, 1, 0, -1, 127, 10, SCHEMA_NONE}, /* ResultsByTopicV3AndBelow */
	/* AddRaftVoterRequest /Listeners */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* AddRaftVoterRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterId */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterDirectoryId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 12, SCHEMA_NONE}, /* Listeners */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AckWhenCommitted */
	/* AddRaftVoterResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* AllocateProducerIdsRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerEpoch */
	/* AllocateProducerIdsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerIdStart */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerIdLen */
	/* AlterClientQuotasRequest /Entries/Entity */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EntityType */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* EntityName */
	/* AlterClientQuotasRequest /Entries/Ops */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Remove */
	/* AlterClientQuotasRequest /Entries */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 17, SCHEMA_NONE}, /* Entity */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 18, SCHEMA_NONE}, /* Ops */
	/* AlterClientQuotasRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 19, SCHEMA_NONE}, /* Entries */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ValidateOnly */
	/* AlterClientQuotasResponse /Entries/Entity */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EntityType */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* EntityName */
	/* AlterClientQuotasResponse /Entries */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 21, SCHEMA_NONE}, /* Entity */
	/* AlterClientQuotasResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 22, SCHEMA_NONE}, /* Entries */
	/* AlterConfigsRequest /Resources/Configs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* AlterConfigsRequest /Resources */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 24, SCHEMA_NONE}, /* Configs */
	/* AlterConfigsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 25, SCHEMA_NONE}, /* Resources */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ValidateOnly */
	/* AlterConfigsResponse /Responses */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	/* AlterConfigsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 27, SCHEMA_NONE}, /* Responses */
	/* AlterPartitionReassignmentsRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 1, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Replicas */
	/* AlterPartitionReassignmentsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 29, SCHEMA_NONE}, /* Partitions */
	/* AlterPartitionReassignmentsRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AllowReplicationFactorChange */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 30, SCHEMA_NONE}, /* Topics */
	/* AlterPartitionReassignmentsResponse /Responses/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* AlterPartitionReassignmentsResponse /Responses */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 32, SCHEMA_NONE}, /* Partitions */
	/* AlterPartitionReassignmentsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AllowReplicationFactorChange */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 33, SCHEMA_NONE}, /* Responses */
	/* AlterPartitionRequest /Topics/Partitions/NewIsrWithEpochs */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerId */
	{T_INT64, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerEpoch */
	/* AlterPartitionRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT32, 1, 0, 2, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NewIsr */
	{T_STRUCT, 1, 3, 127, 1, 0, -1, 127, 35, SCHEMA_NONE}, /* NewIsrWithEpochs */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderRecoveryState */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionEpoch */
	/* AlterPartitionRequest /Topics */
	{T_UUID, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 36, SCHEMA_NONE}, /* Partitions */
	/* AlterPartitionRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerEpoch */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 37, SCHEMA_NONE}, /* Topics */
	/* AlterPartitionResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Isr */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderRecoveryState */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionEpoch */
	/* AlterPartitionResponse /Topics */
	{T_UUID, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 39, SCHEMA_NONE}, /* Partitions */
	/* AlterPartitionResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 40, SCHEMA_NONE}, /* Topics */
	/* AlterReplicaLogDirsRequest /Dirs/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* AlterReplicaLogDirsRequest /Dirs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Path */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 42, SCHEMA_NONE}, /* Topics */
	/* AlterReplicaLogDirsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 43, SCHEMA_NONE}, /* Dirs */
	/* AlterReplicaLogDirsResponse /Results/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* AlterReplicaLogDirsResponse /Results */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 45, SCHEMA_NONE}, /* Partitions */
	/* AlterReplicaLogDirsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 46, SCHEMA_NONE}, /* Results */
	/* AlterShareGroupOffsetsRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StartOffset */
	/* AlterShareGroupOffsetsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 48, SCHEMA_NONE}, /* Partitions */
	/* AlterShareGroupOffsetsRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 49, SCHEMA_NONE}, /* Topics */
	/* AlterShareGroupOffsetsResponse /Responses/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* AlterShareGroupOffsetsResponse /Responses */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 51, SCHEMA_NONE}, /* Partitions */
	/* AlterShareGroupOffsetsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 52, SCHEMA_NONE}, /* Responses */
	/* AlterUserScramCredentialsRequest /Deletions */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Mechanism */
	/* AlterUserScramCredentialsRequest /Upsertions */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Mechanism */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Iterations */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Salt */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SaltedPassword */
	/* AlterUserScramCredentialsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 54, SCHEMA_NONE}, /* Deletions */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 55, SCHEMA_NONE}, /* Upsertions */
	/* AlterUserScramCredentialsResponse /Results */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* User */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* AlterUserScramCredentialsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 57, SCHEMA_NONE}, /* Results */
	/* ApiVersionsRequest / */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientSoftwareName */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientSoftwareVersion */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeId */
	/* ApiVersionsResponse /ApiKeys */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ApiKey */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinVersion */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxVersion */
	/* ApiVersionsResponse /SupportedFeatures */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT16, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinVersion */
	{T_INT16, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxVersion */
	/* ApiVersionsResponse /FinalizedFeatures */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT16, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxVersionLevel */
	{T_INT16, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinVersionLevel */
	/* ApiVersionsResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 60, SCHEMA_NONE}, /* ApiKeys */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 3, 127, 1, 0, 0, 3, 61, SCHEMA_NONE}, /* SupportedFeatures */
	{T_INT64, 0, 3, 127, 1, 0, 1, 3, -1, SCHEMA_NONE}, /* FinalizedFeaturesEpoch */
	{T_STRUCT, 1, 3, 127, 1, 0, 2, 3, 62, SCHEMA_NONE}, /* FinalizedFeatures */
	{T_BOOL, 0, 3, 127, 1, 0, 3, 3, -1, SCHEMA_NONE}, /* ZkMigrationReady */
	/* AssignReplicasToDirsRequest /Directories/Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	/* AssignReplicasToDirsRequest /Directories/Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 64, SCHEMA_NONE}, /* Partitions */
	/* AssignReplicasToDirsRequest /Directories */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Id */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 65, SCHEMA_NONE}, /* Topics */
	/* AssignReplicasToDirsRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerEpoch */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 66, SCHEMA_NONE}, /* Directories */
	/* AssignReplicasToDirsResponse /Directories/Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* AssignReplicasToDirsResponse /Directories/Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 68, SCHEMA_NONE}, /* Partitions */
	/* AssignReplicasToDirsResponse /Directories */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Id */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 69, SCHEMA_NONE}, /* Topics */
	/* AssignReplicasToDirsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 70, SCHEMA_NONE}, /* Directories */
	/* BeginQuorumEpochRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_UUID, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterDirectoryId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* BeginQuorumEpochRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 72, SCHEMA_NONE}, /* Partitions */
	/* BeginQuorumEpochRequest /LeaderEndpoints */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* BeginQuorumEpochRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 73, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 1, 127, 1, 0, -1, 127, 74, SCHEMA_NONE}, /* LeaderEndpoints */
	/* BeginQuorumEpochResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* BeginQuorumEpochResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 76, SCHEMA_NONE}, /* Partitions */
	/* BeginQuorumEpochResponse /NodeEndpoints */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeId */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* BeginQuorumEpochResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 77, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 1, 127, 1, 0, 0, 1, 78, SCHEMA_NONE}, /* NodeEndpoints */
	/* BrokerHeartbeatRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CurrentMetadataOffset */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* WantFence */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* WantShutDown */
	{T_UUID, 1, 1, 127, 1, 0, 0, 1, -1, SCHEMA_NONE}, /* OfflineLogDirs */
	{T_UUID, 1, 2, 127, 2, 127, 1, 2, -1, SCHEMA_NONE}, /* CordonedLogDirs */
	/* BrokerHeartbeatResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsCaughtUp */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsFenced */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ShouldShutDown */
	/* BrokerRegistrationRequest /Listeners */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SecurityProtocol */
	/* BrokerRegistrationRequest /Features */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinSupportedVersion */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxSupportedVersion */
	/* BrokerRegistrationRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncarnationId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 82, SCHEMA_NONE}, /* Listeners */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 83, SCHEMA_NONE}, /* Features */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Rack */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsMigratingZkBroker */
	{T_UUID, 1, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogDirs */
	{T_INT64, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PreviousBrokerEpoch */
	/* BrokerRegistrationResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerEpoch */
	/* ConsumerGroupDescribeRequest / */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupIds */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeAuthorizedOperations */
	/* ConsumerGroupDescribeResponse /Groups/Members/Assignment/TopicPartitions */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ConsumerGroupDescribeResponse /Groups/Members/Assignment */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 87, SCHEMA_NONE}, /* TopicPartitions */
	/* ConsumerGroupDescribeResponse /Groups/Members/TargetAssignment/TopicPartitions */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ConsumerGroupDescribeResponse /Groups/Members/TargetAssignment */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 89, SCHEMA_NONE}, /* TopicPartitions */
	/* ConsumerGroupDescribeResponse /Groups/Members */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* InstanceId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* RackId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientHost */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubscribedTopicNames */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* SubscribedTopicRegex */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 88, SCHEMA_NONE}, /* Assignment */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 90, SCHEMA_NONE}, /* TargetAssignment */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberType */
	/* ConsumerGroupDescribeResponse /Groups */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupState */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AssignmentEpoch */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AssignorName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 91, SCHEMA_NONE}, /* Members */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AuthorizedOperations */
	/* ConsumerGroupDescribeResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 92, SCHEMA_NONE}, /* Groups */
	/* ConsumerGroupHeartbeatRequest /TopicPartitions */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ConsumerGroupHeartbeatRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* InstanceId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* RackId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RebalanceTimeoutMs */
	{T_STRING, 1, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* SubscribedTopicNames */
	{T_STRING, 0, 1, 127, 1, 127, -1, 127, -1, SCHEMA_NONE}, /* SubscribedTopicRegex */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ServerAssignor */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 94, SCHEMA_NONE}, /* TopicPartitions */
	/* ConsumerGroupHeartbeatResponse /Assignment/TopicPartitions */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ConsumerGroupHeartbeatResponse /Assignment */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 96, SCHEMA_NONE}, /* TopicPartitions */
	/* ConsumerGroupHeartbeatResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* HeartbeatIntervalMs */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 97, SCHEMA_NONE}, /* Assignment */
	/* ControllerRegistrationRequest /Listeners */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SecurityProtocol */
	/* ControllerRegistrationRequest /Features */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinSupportedVersion */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxSupportedVersion */
	/* ControllerRegistrationRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ControllerId */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncarnationId */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ZkMigrationReady */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 99, SCHEMA_NONE}, /* Listeners */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 100, SCHEMA_NONE}, /* Features */
	/* ControllerRegistrationResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* CreateAclsRequest /Creations */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourcePatternType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Principal */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Operation */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PermissionType */
	/* CreateAclsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 103, SCHEMA_NONE}, /* Creations */
	/* CreateAclsResponse /Results */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* CreateAclsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 105, SCHEMA_NONE}, /* Results */
	/* CreateDelegationTokenRequest /Renewers */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalName */
	/* CreateDelegationTokenRequest / */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* OwnerPrincipalType */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* OwnerPrincipalName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 107, SCHEMA_NONE}, /* Renewers */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxLifetimeMs */
	/* CreateDelegationTokenResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalName */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TokenRequesterPrincipalType */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TokenRequesterPrincipalName */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IssueTimestampMs */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ExpiryTimestampMs */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxTimestampMs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TokenId */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Hmac */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	/* CreatePartitionsRequest /Topics/Assignments */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerIds */
	/* CreatePartitionsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Count */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 110, SCHEMA_NONE}, /* Assignments */
	/* CreatePartitionsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 111, SCHEMA_NONE}, /* Topics */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ValidateOnly */
	/* CreatePartitionsResponse /Results */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* CreatePartitionsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 113, SCHEMA_NONE}, /* Results */
	/* CreateTopicsRequest /Topics/Assignments */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerIds */
	/* CreateTopicsRequest /Topics/Configs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* CreateTopicsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NumPartitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicationFactor */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 115, SCHEMA_NONE}, /* Assignments */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 116, SCHEMA_NONE}, /* Configs */
	/* CreateTopicsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 117, SCHEMA_NONE}, /* Topics */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* timeoutMs */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* validateOnly */
	/* CreateTopicsResponse /Topics/Configs */
	{T_STRING, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* Value */
	{T_BOOL, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReadOnly */
	{T_INT8, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ConfigSource */
	{T_BOOL, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsSensitive */
	/* CreateTopicsResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_TOPIC_NAME}, /* Name */
	{T_UUID, 0, 7, 127, 1, 0, -1, 127, -1, SCHEMA_TOPIC_ID}, /* TopicId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 1, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT16, 0, 5, 127, 1, 0, 0, 5, -1, SCHEMA_NONE}, /* TopicConfigErrorCode */
	{T_INT32, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NumPartitions */
	{T_INT16, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicationFactor */
	{T_STRUCT, 1, 5, 127, 5, 127, -1, 127, 119, SCHEMA_NONE}, /* Configs */
	/* CreateTopicsResponse / */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 120, SCHEMA_NONE}, /* Topics */
	/* DeleteAclsRequest /Filters */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceTypeFilter */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ResourceNameFilter */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PatternTypeFilter */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* PrincipalFilter */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* HostFilter */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Operation */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PermissionType */
	/* DeleteAclsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 122, SCHEMA_NONE}, /* Filters */
	/* DeleteAclsResponse /FilterResults/MatchingAcls */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PatternType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Principal */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Operation */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PermissionType */
	/* DeleteAclsResponse /FilterResults */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 124, SCHEMA_NONE}, /* MatchingAcls */
	/* DeleteAclsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 125, SCHEMA_NONE}, /* FilterResults */
	/* DeleteGroupsRequest / */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupsNames */
	/* DeleteGroupsResponse /Results */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* DeleteGroupsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 128, SCHEMA_NONE}, /* Results */
	/* DeleteRecordsRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Offset */
	/* DeleteRecordsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 130, SCHEMA_NONE}, /* Partitions */
	/* DeleteRecordsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 131, SCHEMA_NONE}, /* Topics */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	/* DeleteRecordsResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LowWatermark */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* DeleteRecordsResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 133, SCHEMA_NONE}, /* Partitions */
	/* DeleteRecordsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 134, SCHEMA_NONE}, /* Topics */
	/* DeleteShareGroupOffsetsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	/* DeleteShareGroupOffsetsRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 136, SCHEMA_NONE}, /* Topics */
	/* DeleteShareGroupOffsetsResponse /Responses */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* DeleteShareGroupOffsetsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 138, SCHEMA_NONE}, /* Responses */
	/* DeleteShareGroupStateRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	/* DeleteShareGroupStateRequest /Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 140, SCHEMA_NONE}, /* Partitions */
	/* DeleteShareGroupStateRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 141, SCHEMA_NONE}, /* Topics */
	/* DeleteShareGroupStateResponse /Results/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* DeleteShareGroupStateResponse /Results */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 143, SCHEMA_NONE}, /* Partitions */
	/* DeleteShareGroupStateResponse / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 144, SCHEMA_NONE}, /* Results */
	/* DeleteTopicsRequest /Topics */
	{T_STRING, 0, 6, 127, 6, 127, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	/* DeleteTopicsRequest / */
	{T_STRUCT, 1, 6, 127, 1, 0, -1, 127, 146, SCHEMA_NONE}, /* Topics */
	{T_STRING, 1, 0, 5, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicNames */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	/* DeleteTopicsResponse /Responses */
	{T_STRING, 0, 0, 127, 6, 127, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* DeleteTopicsResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 148, SCHEMA_NONE}, /* Responses */
	/* DescribeAclsRequest / */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceTypeFilter */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ResourceNameFilter */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PatternTypeFilter */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* PrincipalFilter */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* HostFilter */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Operation */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PermissionType */
	/* DescribeAclsResponse /Resources/Acls */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Principal */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Operation */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PermissionType */
	/* DescribeAclsResponse /Resources */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PatternType */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 151, SCHEMA_NONE}, /* Acls */
	/* DescribeAclsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 152, SCHEMA_NONE}, /* Resources */
	/* DescribeClientQuotasRequest /Components */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EntityType */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MatchType */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Match */
	/* DescribeClientQuotasRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 154, SCHEMA_NONE}, /* Components */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Strict */
	/* DescribeClientQuotasResponse /Entries/Entity */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EntityType */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* EntityName */
	/* DescribeClientQuotasResponse /Entries/Values */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* DescribeClientQuotasResponse /Entries */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 156, SCHEMA_NONE}, /* Entity */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 157, SCHEMA_NONE}, /* Values */
	/* DescribeClientQuotasResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 158, SCHEMA_NONE}, /* Entries */
	/* DescribeClusterRequest / */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeClusterAuthorizedOperations */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndpointType */
	{T_BOOL, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeFencedBrokers */
	/* DescribeClusterResponse /Brokers */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* BrokerId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Rack */
	{T_BOOL, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsFenced */
	/* DescribeClusterResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_ENDPOINT_TYPE}, /* EndpointType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ControllerId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 161, SCHEMA_CLUSTER_BROKERS}, /* Brokers */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClusterAuthorizedOperations */
	/* DescribeConfigsRequest /Resources */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_STRING, 1, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ConfigurationKeys */
	/* DescribeConfigsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 163, SCHEMA_NONE}, /* Resources */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeSynonyms */
	{T_BOOL, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeDocumentation */
	/* DescribeConfigsResponse /Results/Configs/Synonyms */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 1, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Value */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Source */
	/* DescribeConfigsResponse /Results/Configs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Value */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReadOnly */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ConfigSource */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsSensitive */
	{T_STRUCT, 1, 1, 127, 1, 0, -1, 127, 165, SCHEMA_NONE}, /* Synonyms */
	{T_INT8, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ConfigType */
	{T_STRING, 0, 3, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Documentation */
	/* DescribeConfigsResponse /Results */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 166, SCHEMA_NONE}, /* Configs */
	/* DescribeConfigsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 167, SCHEMA_NONE}, /* Results */
	/* DescribeDelegationTokenRequest /Owners */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalName */
	/* DescribeDelegationTokenRequest / */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 169, SCHEMA_NONE}, /* Owners */
	/* DescribeDelegationTokenResponse /Tokens/Renewers */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalName */
	/* DescribeDelegationTokenResponse /Tokens */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PrincipalName */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TokenRequesterPrincipalType */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TokenRequesterPrincipalName */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IssueTimestamp */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ExpiryTimestamp */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxTimestamp */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TokenId */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Hmac */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 171, SCHEMA_NONE}, /* Renewers */
	/* DescribeDelegationTokenResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 172, SCHEMA_NONE}, /* Tokens */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	/* DescribeGroupsRequest / */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Groups */
	{T_BOOL, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeAuthorizedOperations */
	/* DescribeGroupsResponse /Groups/Members */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 4, 127, 4, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientHost */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberMetadata */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberAssignment */
	/* DescribeGroupsResponse /Groups */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 6, 127, 6, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupState */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProtocolType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProtocolData */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 175, SCHEMA_NONE}, /* Members */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AuthorizedOperations */
	/* DescribeGroupsResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 176, SCHEMA_NONE}, /* Groups */
	/* DescribeLogDirsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* DescribeLogDirsRequest / */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 178, SCHEMA_NONE}, /* Topics */
	/* DescribeLogDirsResponse /Results/Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionSize */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* OffsetLag */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsFutureKey */
	/* DescribeLogDirsResponse /Results/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 180, SCHEMA_NONE}, /* Partitions */
	/* DescribeLogDirsResponse /Results */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogDir */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 181, SCHEMA_NONE}, /* Topics */
	{T_INT64, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TotalBytes */
	{T_INT64, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* UsableBytes */
	{T_BOOL, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsCordoned */
	/* DescribeLogDirsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 182, SCHEMA_NONE}, /* Results */
	/* DescribeProducersRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndexes */
	/* DescribeProducersRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 184, SCHEMA_NONE}, /* Topics */
	/* DescribeProducersResponse /Topics/Partitions/ActiveProducers */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastSequence */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastTimestamp */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CoordinatorEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CurrentTxnStartOffset */
	/* DescribeProducersResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 186, SCHEMA_NONE}, /* ActiveProducers */
	/* DescribeProducersResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 187, SCHEMA_NONE}, /* Partitions */
	/* DescribeProducersResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 188, SCHEMA_NONE}, /* Topics */
	/* DescribeQuorumRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	/* DescribeQuorumRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 190, SCHEMA_NONE}, /* Partitions */
	/* DescribeQuorumRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 191, SCHEMA_NONE}, /* Topics */
	/* DescribeQuorumResponse /Topics/Partitions/CurrentVoters */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_UUID, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaDirectoryId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogEndOffset */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastFetchTimestamp */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastCaughtUpTimestamp */
	/* DescribeQuorumResponse /Topics/Partitions/Observers */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_UUID, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaDirectoryId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogEndOffset */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastFetchTimestamp */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastCaughtUpTimestamp */
	/* DescribeQuorumResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 2, 127, 2, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* HighWatermark */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 193, SCHEMA_NONE}, /* CurrentVoters */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 194, SCHEMA_NONE}, /* Observers */
	/* DescribeQuorumResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 195, SCHEMA_NONE}, /* Partitions */
	/* DescribeQuorumResponse /Nodes/Listeners */
	{T_STRING, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* DescribeQuorumResponse /Nodes */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeId */
	{T_STRUCT, 1, 2, 127, 1, 0, -1, 127, 197, SCHEMA_LISTENERS}, /* Listeners */
	/* DescribeQuorumResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 2, 127, 2, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 196, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 2, 127, 1, 0, -1, 127, 198, SCHEMA_NONE}, /* Nodes */
	/* DescribeShareGroupOffsetsRequest /Groups/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* DescribeShareGroupOffsetsRequest /Groups */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 200, SCHEMA_NONE}, /* Topics */
	/* DescribeShareGroupOffsetsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 201, SCHEMA_NONE}, /* Groups */
	/* DescribeShareGroupOffsetsResponse /Groups/Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StartOffset */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Lag */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* DescribeShareGroupOffsetsResponse /Groups/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 203, SCHEMA_NONE}, /* Partitions */
	/* DescribeShareGroupOffsetsResponse /Groups */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 204, SCHEMA_NONE}, /* Topics */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* DescribeShareGroupOffsetsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 205, SCHEMA_NONE}, /* Groups */
	/* DescribeTopicPartitionsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	/* DescribeTopicPartitionsRequest /Cursor */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	/* DescribeTopicPartitionsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 207, SCHEMA_NONE}, /* Topics */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResponsePartitionLimit */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 208, SCHEMA_NONE}, /* Cursor */
	/* DescribeTopicPartitionsResponse /Topics/Partitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaNodes */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsrNodes */
	{T_INT32, 1, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* EligibleLeaderReplicas */
	{T_INT32, 1, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* LastKnownElr */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* OfflineReplicas */
	/* DescribeTopicPartitionsResponse /Topics */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_TOPIC_NAME}, /* Name */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_TOPIC_ID}, /* TopicId */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsInternal */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 210, SCHEMA_NONE}, /* Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicAuthorizedOperations */
	/* DescribeTopicPartitionsResponse /NextCursor */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	/* DescribeTopicPartitionsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 211, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 212, SCHEMA_NONE}, /* NextCursor */
	/* DescribeTransactionsRequest / */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalIds */
	/* DescribeTransactionsResponse /TransactionStates/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* DescribeTransactionsResponse /TransactionStates */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionState */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionTimeoutMs */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionStartTimeMs */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 215, SCHEMA_NONE}, /* Topics */
	/* DescribeTransactionsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 216, SCHEMA_NONE}, /* TransactionStates */
	/* DescribeUserScramCredentialsRequest /Users */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	/* DescribeUserScramCredentialsRequest / */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 218, SCHEMA_NONE}, /* Users */
	/* DescribeUserScramCredentialsResponse /Results/CredentialInfos */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Mechanism */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Iterations */
	/* DescribeUserScramCredentialsResponse /Results */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* User */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 220, SCHEMA_NONE}, /* CredentialInfos */
	/* DescribeUserScramCredentialsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 221, SCHEMA_NONE}, /* Results */
	/* ElectLeadersRequest /TopicPartitions */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ElectLeadersRequest / */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ElectionType */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 223, SCHEMA_NONE}, /* TopicPartitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	/* ElectLeadersResponse /ReplicaElectionResults/PartitionResult */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* ElectLeadersResponse /ReplicaElectionResults */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 225, SCHEMA_NONE}, /* PartitionResult */
	/* ElectLeadersResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 226, SCHEMA_NONE}, /* ReplicaElectionResults */
	/* EndQuorumEpochRequest /Topics/Partitions/PreferredCandidates */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CandidateId */
	{T_UUID, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CandidateDirectoryId */
	/* EndQuorumEpochRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT32, 1, 0, 0, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PreferredSuccessors */
	{T_STRUCT, 1, 1, 127, 1, 0, -1, 127, 228, SCHEMA_NONE}, /* PreferredCandidates */
	/* EndQuorumEpochRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 229, SCHEMA_NONE}, /* Partitions */
	/* EndQuorumEpochRequest /LeaderEndpoints */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* EndQuorumEpochRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 230, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 1, 127, 1, 0, -1, 127, 231, SCHEMA_NONE}, /* LeaderEndpoints */
	/* EndQuorumEpochResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* EndQuorumEpochResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 233, SCHEMA_NONE}, /* Partitions */
	/* EndQuorumEpochResponse /NodeEndpoints */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeId */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* EndQuorumEpochResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 234, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 1, 127, 1, 0, 0, 1, 235, SCHEMA_NONE}, /* NodeEndpoints */
	/* EndTxnRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Committed */
	/* EndTxnResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	/* EnvelopeRequest / */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RequestData */
	{T_BYTES, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* RequestPrincipal */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientHostAddress */
	/* EnvelopeResponse / */
	{T_BYTES, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ResponseData */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* ExpireDelegationTokenRequest / */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Hmac */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ExpiryTimePeriodMs */
	/* ExpireDelegationTokenResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ExpiryTimestampMs */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	/* FetchRequest /ReplicaState */
	{T_INT32, 0, 15, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_INT64, 0, 15, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaEpoch */
	/* FetchRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 9, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CurrentLeaderEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* FetchOffset */
	{T_INT32, 0, 12, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastFetchedEpoch */
	{T_INT64, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogStartOffset */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionMaxBytes */
	{T_UUID, 0, 17, 127, 1, 0, 0, 17, -1, SCHEMA_NONE}, /* ReplicaDirectoryId */
	{T_INT64, 0, 18, 127, 1, 0, 1, 18, -1, SCHEMA_NONE}, /* HighWatermark */
	/* FetchRequest /Topics */
	{T_STRING, 0, 0, 12, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_UUID, 0, 13, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 244, SCHEMA_NONE}, /* Partitions */
	/* FetchRequest /ForgottenTopicsData */
	{T_STRING, 0, 7, 12, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_UUID, 0, 13, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT32, 1, 7, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* FetchRequest / */
	{T_STRING, 0, 12, 127, 12, 127, 0, 12, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 0, 14, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_STRUCT, 0, 15, 127, 1, 0, 1, 15, 243, SCHEMA_NONE}, /* ReplicaState */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxWaitMs */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinBytes */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxBytes */
	{T_INT8, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsolationLevel */
	{T_INT32, 0, 7, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SessionId */
	{T_INT32, 0, 7, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SessionEpoch */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 245, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 7, 127, 1, 0, -1, 127, 246, SCHEMA_NONE}, /* ForgottenTopicsData */
	{T_STRING, 0, 11, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RackId */
	/* FetchResponse /Responses/Partitions/DivergingEpoch */
	{T_INT32, 0, 12, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Epoch */
	{T_INT64, 0, 12, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndOffset */
	/* FetchResponse /Responses/Partitions/CurrentLeader */
	{T_INT32, 0, 12, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 12, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* FetchResponse /Responses/Partitions/SnapshotId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndOffset */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Epoch */
	/* FetchResponse /Responses/Partitions/AbortedTransactions */
	{T_INT64, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT64, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* FirstOffset */
	/* FetchResponse /Responses/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* HighWatermark */
	{T_INT64, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastStableOffset */
	{T_INT64, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogStartOffset */
	{T_STRUCT, 0, 12, 127, 1, 0, 0, 12, 248, SCHEMA_NONE}, /* DivergingEpoch */
	{T_STRUCT, 0, 12, 127, 1, 0, 1, 12, 249, SCHEMA_NONE}, /* CurrentLeader */
	{T_STRUCT, 0, 12, 127, 1, 0, 2, 12, 250, SCHEMA_NONE}, /* SnapshotId */
	{T_STRUCT, 1, 4, 127, 4, 127, -1, 127, 251, SCHEMA_NONE}, /* AbortedTransactions */
	{T_INT32, 0, 11, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PreferredReadReplica */
	{T_BYTES, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Records */
	/* FetchResponse /Responses */
	{T_STRING, 0, 0, 12, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_UUID, 0, 13, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 252, SCHEMA_NONE}, /* Partitions */
	/* FetchResponse /NodeEndpoints */
	{T_INT32, 0, 16, 127, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* NodeId */
	{T_STRING, 0, 16, 127, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 16, 127, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_STRING, 0, 16, 127, 16, 127, -1, 127, -1, SCHEMA_NONE}, /* Rack */
	/* FetchResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 7, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 7, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SessionId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 253, SCHEMA_NONE}, /* Responses */
	{T_STRUCT, 1, 16, 127, 1, 0, 0, 16, 254, SCHEMA_ENDPOINTS}, /* NodeEndpoints */
	/* FetchSnapshotRequest /Topics/Partitions/SnapshotId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndOffset */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Epoch */
	/* FetchSnapshotRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CurrentLeaderEpoch */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 256, SCHEMA_NONE}, /* SnapshotId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Position */
	{T_UUID, 0, 1, 127, 1, 0, 0, 1, -1, SCHEMA_NONE}, /* ReplicaDirectoryId */
	/* FetchSnapshotRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 257, SCHEMA_NONE}, /* Partitions */
	/* FetchSnapshotRequest / */
	{T_STRING, 0, 0, 127, 0, 127, 0, 0, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxBytes */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 258, SCHEMA_NONE}, /* Topics */
	/* FetchSnapshotResponse /Topics/Partitions/SnapshotId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndOffset */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Epoch */
	/* FetchSnapshotResponse /Topics/Partitions/CurrentLeader */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* FetchSnapshotResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Index */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 260, SCHEMA_NONE}, /* SnapshotId */
	{T_STRUCT, 0, 0, 127, 1, 0, 0, 0, 261, SCHEMA_NONE}, /* CurrentLeader */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Size */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Position */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* UnalignedRecords */
	/* FetchSnapshotResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 262, SCHEMA_NONE}, /* Partitions */
	/* FetchSnapshotResponse /NodeEndpoints */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeId */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* FetchSnapshotResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 263, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 1, 127, 1, 0, 0, 1, 264, SCHEMA_NONE}, /* NodeEndpoints */
	/* FindCoordinatorRequest / */
	{T_STRING, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* KeyType */
	{T_STRING, 1, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CoordinatorKeys */
	/* FindCoordinatorResponse /Coordinators */
	{T_STRING, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_INT32, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* NodeId */
	{T_STRING, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_INT16, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 4, 127, 4, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* FindCoordinatorResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 1, 3, 1, 3, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT32, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* NodeId */
	{T_STRING, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 0, 3, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_STRUCT, 1, 4, 127, 1, 0, -1, 127, 267, SCHEMA_NONE}, /* Coordinators */
	/* GetTelemetrySubscriptionsRequest / */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientInstanceId */
	/* GetTelemetrySubscriptionsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientInstanceId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubscriptionId */
	{T_INT8, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcceptedCompressionTypes */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PushIntervalMs */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TelemetryMaxBytes */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeltaTemporality */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RequestedMetrics */
	/* HeartbeatRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GenerationId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	/* HeartbeatResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* IncrementalAlterConfigsRequest /Resources/Configs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ConfigOperation */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* IncrementalAlterConfigsRequest /Resources */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 273, SCHEMA_NONE}, /* Configs */
	/* IncrementalAlterConfigsRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 274, SCHEMA_NONE}, /* Resources */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ValidateOnly */
	/* IncrementalAlterConfigsResponse /Responses */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	/* IncrementalAlterConfigsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 276, SCHEMA_NONE}, /* Responses */
	/* InitProducerIdRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionTimeoutMs */
	{T_INT64, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_BOOL, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Enable2Pc */
	{T_BOOL, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* KeepPreparedTxn */
	/* InitProducerIdResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_INT64, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* OngoingTxnProducerId */
	{T_INT16, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* OngoingTxnProducerEpoch */
	/* InitializeShareGroupStateRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StateEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StartOffset */
	/* InitializeShareGroupStateRequest /Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 280, SCHEMA_NONE}, /* Partitions */
	/* InitializeShareGroupStateRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 281, SCHEMA_NONE}, /* Topics */
	/* InitializeShareGroupStateResponse /Results/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* InitializeShareGroupStateResponse /Results */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 283, SCHEMA_NONE}, /* Partitions */
	/* InitializeShareGroupStateResponse / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 284, SCHEMA_NONE}, /* Results */
	/* JoinGroupRequest /Protocols */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Metadata */
	/* JoinGroupRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SessionTimeoutMs */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RebalanceTimeoutMs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProtocolType */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 286, SCHEMA_NONE}, /* Protocols */
	{T_STRING, 0, 8, 127, 8, 127, -1, 127, -1, SCHEMA_NONE}, /* Reason */
	/* JoinGroupResponse /Members */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Metadata */
	/* JoinGroupResponse / */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GenerationId */
	{T_STRING, 0, 7, 127, 7, 127, -1, 127, -1, SCHEMA_NONE}, /* ProtocolType */
	{T_STRING, 0, 0, 127, 7, 127, -1, 127, -1, SCHEMA_NONE}, /* ProtocolName */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Leader */
	{T_BOOL, 0, 9, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SkipAssignment */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 288, SCHEMA_NONE}, /* Members */
	/* LeaveGroupRequest /Members */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* Reason */
	/* LeaveGroupRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 2, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRUCT, 1, 3, 127, 1, 0, -1, 127, 290, SCHEMA_NONE}, /* Members */
	/* LeaveGroupResponse /Members */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_INT16, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* LeaveGroupResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 3, 127, 1, 0, -1, 127, 292, SCHEMA_NONE}, /* Members */
	/* ListConfigResourcesRequest / */
	{T_INT8, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceTypes */
	/* ListConfigResourcesResponse /ConfigResources */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceName */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ResourceType */
	/* ListConfigResourcesResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 295, SCHEMA_NONE}, /* ConfigResources */
	/* ListGroupsRequest / */
	{T_STRING, 1, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StatesFilter */
	{T_STRING, 1, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TypesFilter */
	/* ListGroupsResponse /Groups */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProtocolType */
	{T_STRING, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupState */
	{T_STRING, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupType */
	/* ListGroupsResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 298, SCHEMA_NONE}, /* Groups */
	/* ListOffsetsRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CurrentLeaderEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Timestamp */
	/* ListOffsetsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 300, SCHEMA_NONE}, /* Partitions */
	/* ListOffsetsRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_INT8, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsolationLevel */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 301, SCHEMA_NONE}, /* Topics */
	{T_INT32, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	/* ListOffsetsResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Timestamp */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Offset */
	{T_INT32, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* ListOffsetsResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 303, SCHEMA_NONE}, /* Partitions */
	/* ListOffsetsResponse / */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 304, SCHEMA_NONE}, /* Topics */
	/* ListPartitionReassignmentsRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndexes */
	/* ListPartitionReassignmentsRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 306, SCHEMA_NONE}, /* Topics */
	/* ListPartitionReassignmentsResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Replicas */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AddingReplicas */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RemovingReplicas */
	/* ListPartitionReassignmentsResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 308, SCHEMA_NONE}, /* Partitions */
	/* ListPartitionReassignmentsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 309, SCHEMA_NONE}, /* Topics */
	/* ListTransactionsRequest / */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StateFilters */
	{T_INT64, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerIdFilters */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DurationFilter */
	{T_STRING, 0, 2, 127, 2, 127, -1, 127, -1, SCHEMA_NONE}, /* TransactionalIdPattern */
	/* ListTransactionsResponse /TransactionStates */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionState */
	/* ListTransactionsResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* UnknownStateFilters */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 312, SCHEMA_NONE}, /* TransactionStates */
	/* MetadataRequest /Topics */
	{T_UUID, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRING, 0, 0, 127, 10, 127, -1, 127, -1, SCHEMA_NONE}, /* Name */
	/* MetadataRequest / */
	{T_STRUCT, 1, 0, 127, 1, 127, -1, 127, 314, SCHEMA_NONE}, /* Topics */
	{T_BOOL, 0, 4, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AllowAutoTopicCreation */
	{T_BOOL, 0, 8, 10, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeClusterAuthorizedOperations */
	{T_BOOL, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeTopicAuthorizedOperations */
	/* MetadataResponse /Brokers */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* NodeId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_STRING, 0, 1, 127, 1, 127, -1, 127, -1, SCHEMA_NONE}, /* Rack */
	/* MetadataResponse /Topics/Partitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 7, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaNodes */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsrNodes */
	{T_INT32, 1, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* OfflineReplicas */
	/* MetadataResponse /Topics */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 12, 127, -1, 127, -1, SCHEMA_TOPIC_NAME}, /* Name */
	{T_UUID, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_TOPIC_ID}, /* TopicId */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsInternal */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 317, SCHEMA_NONE}, /* Partitions */
	{T_INT32, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicAuthorizedOperations */
	/* MetadataResponse / */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 316, SCHEMA_NONE}, /* Brokers */
	{T_STRING, 0, 2, 127, 2, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ControllerId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 318, SCHEMA_NONE}, /* Topics */
	{T_INT32, 0, 8, 10, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClusterAuthorizedOperations */
	{T_INT16, 0, 13, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* OffsetCommitRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedOffset */
	{T_INT32, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedLeaderEpoch */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* CommittedMetadata */
	/* OffsetCommitRequest /Topics */
	{T_STRING, 0, 0, 9, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 320, SCHEMA_NONE}, /* Partitions */
	/* OffsetCommitRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GenerationIdOrMemberEpoch */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 7, 127, 7, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_INT64, 0, 2, 4, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RetentionTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 321, SCHEMA_NONE}, /* Topics */
	/* OffsetCommitResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* OffsetCommitResponse /Topics */
	{T_STRING, 0, 0, 9, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 323, SCHEMA_NONE}, /* Partitions */
	/* OffsetCommitResponse / */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 324, SCHEMA_NONE}, /* Topics */
	/* OffsetDeleteRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	/* OffsetDeleteRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 326, SCHEMA_NONE}, /* Partitions */
	/* OffsetDeleteRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 327, SCHEMA_NONE}, /* Topics */
	/* OffsetDeleteResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* OffsetDeleteResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 329, SCHEMA_NONE}, /* Partitions */
	/* OffsetDeleteResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 330, SCHEMA_NONE}, /* Topics */
	/* OffsetFetchRequest /Topics */
	{T_STRING, 0, 0, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 1, 0, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndexes */
	/* OffsetFetchRequest /Groups/Topics */
	{T_STRING, 0, 8, 9, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT32, 1, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndexes */
	/* OffsetFetchRequest /Groups */
	{T_STRING, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 9, 127, 9, 127, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 9, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_STRUCT, 1, 8, 127, 8, 127, -1, 127, 333, SCHEMA_NONE}, /* Topics */
	/* OffsetFetchRequest / */
	{T_STRING, 0, 0, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 7, 2, 7, -1, 127, 332, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 8, 127, 1, 0, -1, 127, 334, SCHEMA_NONE}, /* Groups */
	{T_BOOL, 0, 7, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RequireStable */
	/* OffsetFetchResponse /Topics/Partitions */
	{T_INT32, 0, 0, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedOffset */
	{T_INT32, 0, 5, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedLeaderEpoch */
	{T_STRING, 0, 0, 7, 0, 7, -1, 127, -1, SCHEMA_NONE}, /* Metadata */
	{T_INT16, 0, 0, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* OffsetFetchResponse /Topics */
	{T_STRING, 0, 0, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 7, 1, 0, -1, 127, 336, SCHEMA_NONE}, /* Partitions */
	/* OffsetFetchResponse /Groups/Topics/Partitions */
	{T_INT32, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedOffset */
	{T_INT32, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedLeaderEpoch */
	{T_STRING, 0, 8, 127, 8, 127, -1, 127, -1, SCHEMA_NONE}, /* Metadata */
	{T_INT16, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* OffsetFetchResponse /Groups/Topics */
	{T_STRING, 0, 8, 9, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 8, 127, 1, 0, -1, 127, 338, SCHEMA_NONE}, /* Partitions */
	/* OffsetFetchResponse /Groups */
	{T_STRING, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 8, 127, 1, 0, -1, 127, 339, SCHEMA_NONE}, /* Topics */
	{T_INT16, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* OffsetFetchResponse / */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 7, 1, 0, -1, 127, 337, SCHEMA_NONE}, /* Topics */
	{T_INT16, 0, 2, 7, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 8, 127, 1, 0, -1, 127, 340, SCHEMA_NONE}, /* Groups */
	/* OffsetForLeaderEpochRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CurrentLeaderEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* OffsetForLeaderEpochRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 342, SCHEMA_NONE}, /* Partitions */
	/* OffsetForLeaderEpochRequest / */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 343, SCHEMA_NONE}, /* Topics */
	/* OffsetForLeaderEpochResponse /Topics/Partitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndOffset */
	/* OffsetForLeaderEpochResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 345, SCHEMA_NONE}, /* Partitions */
	/* OffsetForLeaderEpochResponse / */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 346, SCHEMA_NONE}, /* Topics */
	/* ProduceRequest /TopicData/PartitionData */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Index */
	{T_BYTES, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Records */
	/* ProduceRequest /TopicData */
	{T_STRING, 0, 0, 12, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 13, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 348, SCHEMA_NONE}, /* PartitionData */
	/* ProduceRequest / */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Acks */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TimeoutMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 349, SCHEMA_NONE}, /* TopicData */
	/* ProduceResponse /Responses/PartitionResponses/RecordErrors */
	{T_INT32, 0, 8, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BatchIndex */
	{T_STRING, 0, 8, 127, 8, 127, -1, 127, -1, SCHEMA_NONE}, /* BatchIndexErrorMessage */
	/* ProduceResponse /Responses/PartitionResponses/CurrentLeader */
	{T_INT32, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* ProduceResponse /Responses/PartitionResponses */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Index */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BaseOffset */
	{T_INT64, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogAppendTimeMs */
	{T_INT64, 0, 5, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LogStartOffset */
	{T_STRUCT, 1, 8, 127, 1, 0, -1, 127, 351, SCHEMA_NONE}, /* RecordErrors */
	{T_STRING, 0, 8, 127, 8, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 0, 10, 127, 1, 0, 0, 10, 352, SCHEMA_NONE}, /* CurrentLeader */
	/* ProduceResponse /Responses */
	{T_STRING, 0, 0, 12, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 13, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 353, SCHEMA_NONE}, /* PartitionResponses */
	/* ProduceResponse /NodeEndpoints */
	{T_INT32, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* NodeId */
	{T_STRING, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 10, 127, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_STRING, 0, 10, 127, 10, 127, -1, 127, -1, SCHEMA_NONE}, /* Rack */
	/* ProduceResponse / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 354, SCHEMA_NONE}, /* Responses */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 10, 127, 1, 0, 0, 10, 355, SCHEMA_ENDPOINTS}, /* NodeEndpoints */
	/* PushTelemetryRequest / */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientInstanceId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubscriptionId */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Terminating */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CompressionType */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Metrics */
	/* PushTelemetryResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* ReadShareGroupStateRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* ReadShareGroupStateRequest /Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 359, SCHEMA_NONE}, /* Partitions */
	/* ReadShareGroupStateRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 360, SCHEMA_NONE}, /* Topics */
	/* ReadShareGroupStateResponse /Results/Partitions/StateBatches */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* FirstOffset */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastOffset */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeliveryState */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeliveryCount */
	/* ReadShareGroupStateResponse /Results/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StateEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StartOffset */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 362, SCHEMA_NONE}, /* StateBatches */
	/* ReadShareGroupStateResponse /Results */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 363, SCHEMA_NONE}, /* Partitions */
	/* ReadShareGroupStateResponse / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 364, SCHEMA_NONE}, /* Results */
	/* ReadShareGroupStateSummaryRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* ReadShareGroupStateSummaryRequest /Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 366, SCHEMA_NONE}, /* Partitions */
	/* ReadShareGroupStateSummaryRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 367, SCHEMA_NONE}, /* Topics */
	/* ReadShareGroupStateSummaryResponse /Results/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StateEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StartOffset */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeliveryCompleteCount */
	/* ReadShareGroupStateSummaryResponse /Results */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 369, SCHEMA_NONE}, /* Partitions */
	/* ReadShareGroupStateSummaryResponse / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 370, SCHEMA_NONE}, /* Results */
	/* RemoveRaftVoterRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterId */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterDirectoryId */
	/* RemoveRaftVoterResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* RenewDelegationTokenRequest / */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Hmac */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RenewPeriodMs */
	/* RenewDelegationTokenResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ExpiryTimestampMs */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	/* SaslAuthenticateRequest / */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AuthBytes */
	/* SaslAuthenticateResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AuthBytes */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SessionLifetimeMs */
	/* SaslHandshakeRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Mechanism */
	/* SaslHandshakeResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Mechanisms */
	/* ShareAcknowledgeRequest /Topics/Partitions/AcknowledgementBatches */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* FirstOffset */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastOffset */
	{T_INT8, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcknowledgeTypes */
	/* ShareAcknowledgeRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 380, SCHEMA_NONE}, /* AcknowledgementBatches */
	/* ShareAcknowledgeRequest /Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 381, SCHEMA_NONE}, /* Partitions */
	/* ShareAcknowledgeRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ShareSessionEpoch */
	{T_BOOL, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsRenewAck */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 382, SCHEMA_NONE}, /* Topics */
	/* ShareAcknowledgeResponse /Responses/Partitions/CurrentLeader */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* ShareAcknowledgeResponse /Responses/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 384, SCHEMA_NONE}, /* CurrentLeader */
	/* ShareAcknowledgeResponse /Responses */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 385, SCHEMA_NONE}, /* Partitions */
	/* ShareAcknowledgeResponse /NodeEndpoints */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* NodeId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Rack */
	/* ShareAcknowledgeResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcquisitionLockTimeoutMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 386, SCHEMA_NONE}, /* Responses */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 387, SCHEMA_ENDPOINTS}, /* NodeEndpoints */
	/* ShareFetchRequest /Topics/Partitions/AcknowledgementBatches */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* FirstOffset */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastOffset */
	{T_INT8, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcknowledgeTypes */
	/* ShareFetchRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 0, 0, 0, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionMaxBytes */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 389, SCHEMA_NONE}, /* AcknowledgementBatches */
	/* ShareFetchRequest /Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 390, SCHEMA_NONE}, /* Partitions */
	/* ShareFetchRequest /ForgottenTopicsData */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ShareFetchRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ShareSessionEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxWaitMs */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinBytes */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxBytes */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxRecords */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BatchSize */
	{T_INT8, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ShareAcquireMode */
	{T_BOOL, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsRenewAck */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 391, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 392, SCHEMA_NONE}, /* ForgottenTopicsData */
	/* ShareFetchResponse /Responses/Partitions/CurrentLeader */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	/* ShareFetchResponse /Responses/Partitions/AcquiredRecords */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* FirstOffset */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastOffset */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeliveryCount */
	/* ShareFetchResponse /Responses/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcknowledgeErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* AcknowledgeErrorMessage */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 394, SCHEMA_NONE}, /* CurrentLeader */
	{T_BYTES, 0, 0, 127, 0, 0, -1, 127, -1, SCHEMA_NONE}, /* Records */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 395, SCHEMA_NONE}, /* AcquiredRecords */
	/* ShareFetchResponse /Responses */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 396, SCHEMA_NONE}, /* Partitions */
	/* ShareFetchResponse /NodeEndpoints */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NODE_ID}, /* NodeId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_HOST}, /* Host */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_PORT}, /* Port */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* Rack */
	/* ShareFetchResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcquisitionLockTimeoutMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 397, SCHEMA_NONE}, /* Responses */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 398, SCHEMA_ENDPOINTS}, /* NodeEndpoints */
	/* ShareGroupDescribeRequest / */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupIds */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeAuthorizedOperations */
	/* ShareGroupDescribeResponse /Groups/Members/Assignment/TopicPartitions */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ShareGroupDescribeResponse /Groups/Members/Assignment */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 401, SCHEMA_NONE}, /* TopicPartitions */
	/* ShareGroupDescribeResponse /Groups/Members */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* RackId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientHost */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubscribedTopicNames */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 402, SCHEMA_NONE}, /* Assignment */
	/* ShareGroupDescribeResponse /Groups */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupState */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AssignmentEpoch */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AssignorName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 403, SCHEMA_NONE}, /* Members */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AuthorizedOperations */
	/* ShareGroupDescribeResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 404, SCHEMA_NONE}, /* Groups */
	/* ShareGroupHeartbeatRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* RackId */
	{T_STRING, 1, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* SubscribedTopicNames */
	/* ShareGroupHeartbeatResponse /Assignment/TopicPartitions */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* ShareGroupHeartbeatResponse /Assignment */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 407, SCHEMA_NONE}, /* TopicPartitions */
	/* ShareGroupHeartbeatResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* HeartbeatIntervalMs */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 408, SCHEMA_NONE}, /* Assignment */
	/* StreamsGroupDescribeRequest / */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupIds */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeAuthorizedOperations */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IncludeTopologyDescription */
	/* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/StateChangelogTopics/TopicConfigs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/StateChangelogTopics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicationFactor */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 411, SCHEMA_NONE}, /* TopicConfigs */
	/* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/RepartitionSourceTopics/TopicConfigs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/RepartitionSourceTopics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicationFactor */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 413, SCHEMA_NONE}, /* TopicConfigs */
	/* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RepartitionSinkTopics */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 412, SCHEMA_NONE}, /* StateChangelogTopics */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 414, SCHEMA_NONE}, /* RepartitionSourceTopics */
	/* StreamsGroupDescribeResponse /Groups/Topology */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Epoch */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 415, SCHEMA_NONE}, /* Subtopologies */
	/* StreamsGroupDescribeResponse /Groups/Members/UserEndpoint */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* StreamsGroupDescribeResponse /Groups/Members/ClientTags */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* StreamsGroupDescribeResponse /Groups/Members/TaskOffsets */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Offset */
	/* StreamsGroupDescribeResponse /Groups/Members/TaskEndOffsets */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Offset */
	/* StreamsGroupDescribeResponse /Groups/Members/Assignment/ActiveTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupDescribeResponse /Groups/Members/Assignment/StandbyTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupDescribeResponse /Groups/Members/Assignment/WarmupTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupDescribeResponse /Groups/Members/Assignment */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 421, SCHEMA_NONE}, /* ActiveTasks */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 422, SCHEMA_NONE}, /* StandbyTasks */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 423, SCHEMA_NONE}, /* WarmupTasks */
	/* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment/ActiveTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment/StandbyTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment/WarmupTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 425, SCHEMA_NONE}, /* ActiveTasks */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 426, SCHEMA_NONE}, /* StandbyTasks */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 427, SCHEMA_NONE}, /* WarmupTasks */
	/* StreamsGroupDescribeResponse /Groups/Members */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* InstanceId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* RackId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ClientHost */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopologyEpoch */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProcessId */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 417, SCHEMA_NONE}, /* UserEndpoint */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 418, SCHEMA_NONE}, /* ClientTags */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 419, SCHEMA_NONE}, /* TaskOffsets */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 420, SCHEMA_NONE}, /* TaskEndOffsets */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 424, SCHEMA_NONE}, /* Assignment */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 428, SCHEMA_NONE}, /* TargetAssignment */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* IsClassic */
	/* StreamsGroupDescribeResponse /Groups/TopologyDescription/Subtopologies/Nodes */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeType */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 0, 1, 127, 1, 127, -1, 127, -1, SCHEMA_NONE}, /* SinkTopic */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Stores */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Successors */
	/* StreamsGroupDescribeResponse /Groups/TopologyDescription/Subtopologies */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_STRUCT, 1, 1, 127, 1, 0, -1, 127, 430, SCHEMA_NONE}, /* Nodes */
	/* StreamsGroupDescribeResponse /Groups/TopologyDescription/GlobalStores/Source */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeType */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 0, 1, 127, 1, 127, -1, 127, -1, SCHEMA_NONE}, /* SinkTopic */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Stores */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Successors */
	/* StreamsGroupDescribeResponse /Groups/TopologyDescription/GlobalStores/Processor */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeType */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 0, 1, 127, 1, 127, -1, 127, -1, SCHEMA_NONE}, /* SinkTopic */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Stores */
	{T_STRING, 1, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Successors */
	/* StreamsGroupDescribeResponse /Groups/TopologyDescription/GlobalStores */
	{T_STRUCT, 0, 1, 127, 1, 0, -1, 127, 432, SCHEMA_NONE}, /* Source */
	{T_STRUCT, 0, 1, 127, 1, 0, -1, 127, 433, SCHEMA_NONE}, /* Processor */
	/* StreamsGroupDescribeResponse /Groups/TopologyDescription */
	{T_STRUCT, 1, 1, 127, 1, 0, -1, 127, 431, SCHEMA_NONE}, /* Subtopologies */
	{T_STRUCT, 1, 1, 127, 1, 0, -1, 127, 434, SCHEMA_NONE}, /* GlobalStores */
	/* StreamsGroupDescribeResponse /Groups */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupState */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AssignmentEpoch */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 416, SCHEMA_NONE}, /* Topology */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 429, SCHEMA_NONE}, /* Members */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AuthorizedOperations */
	{T_STRUCT, 0, 1, 127, 1, 127, -1, 127, 435, SCHEMA_NONE}, /* TopologyDescription */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopologyDescriptionStatus */
	{T_STRING, 0, 1, 127, 1, 127, -1, 127, -1, SCHEMA_NONE}, /* AssignorName */
	/* StreamsGroupDescribeResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 436, SCHEMA_NONE}, /* Groups */
	/* StreamsGroupHeartbeatRequest /Topology/Subtopologies/StateChangelogTopics/TopicConfigs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* StreamsGroupHeartbeatRequest /Topology/Subtopologies/StateChangelogTopics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicationFactor */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 438, SCHEMA_NONE}, /* TopicConfigs */
	/* StreamsGroupHeartbeatRequest /Topology/Subtopologies/RepartitionSourceTopics/TopicConfigs */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* StreamsGroupHeartbeatRequest /Topology/Subtopologies/RepartitionSourceTopics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicationFactor */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 440, SCHEMA_NONE}, /* TopicConfigs */
	/* StreamsGroupHeartbeatRequest /Topology/Subtopologies/CopartitionGroups */
	{T_INT16, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_INT16, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopicRegex */
	{T_INT16, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RepartitionSourceTopics */
	/* StreamsGroupHeartbeatRequest /Topology/Subtopologies */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopicRegex */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 439, SCHEMA_NONE}, /* StateChangelogTopics */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RepartitionSinkTopics */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 441, SCHEMA_NONE}, /* RepartitionSourceTopics */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 442, SCHEMA_NONE}, /* CopartitionGroups */
	/* StreamsGroupHeartbeatRequest /Topology */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Epoch */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 443, SCHEMA_NONE}, /* Subtopologies */
	/* StreamsGroupHeartbeatRequest /ActiveTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatRequest /StandbyTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatRequest /WarmupTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatRequest /UserEndpoint */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* StreamsGroupHeartbeatRequest /ClientTags */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Key */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Value */
	/* StreamsGroupHeartbeatRequest /TaskOffsets */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Offset */
	/* StreamsGroupHeartbeatRequest /TaskEndOffsets */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Offset */
	/* StreamsGroupHeartbeatRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndpointInformationEpoch */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* InstanceId */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* RackId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* RebalanceTimeoutMs */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 444, SCHEMA_NONE}, /* Topology */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 445, SCHEMA_NONE}, /* ActiveTasks */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 446, SCHEMA_NONE}, /* StandbyTasks */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 447, SCHEMA_NONE}, /* WarmupTasks */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ProcessId */
	{T_STRUCT, 0, 0, 127, 0, 127, -1, 127, 448, SCHEMA_NONE}, /* UserEndpoint */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 449, SCHEMA_NONE}, /* ClientTags */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 450, SCHEMA_NONE}, /* TaskOffsets */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 451, SCHEMA_NONE}, /* TaskEndOffsets */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ShutdownApplication */
	/* StreamsGroupHeartbeatResponse /Status */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StatusCode */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StatusDetail */
	/* StreamsGroupHeartbeatResponse /ActiveTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatResponse /StandbyTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatResponse /WarmupTasks */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint/UserEndpoint */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint/ActivePartitions */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint/StandbyPartitions */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Topic */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partitions */
	/* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 457, SCHEMA_NONE}, /* UserEndpoint */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 458, SCHEMA_NONE}, /* ActivePartitions */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 459, SCHEMA_NONE}, /* StandbyPartitions */
	/* StreamsGroupHeartbeatResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* HeartbeatIntervalMs */
	{T_INT32, 0, 0, 0, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcceptableRecoveryLagLegacy */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TaskOffsetIntervalMs */
	{T_INT64, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AcceptableRecoveryLag */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 453, SCHEMA_NONE}, /* Status */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 454, SCHEMA_NONE}, /* ActiveTasks */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 455, SCHEMA_NONE}, /* StandbyTasks */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 456, SCHEMA_NONE}, /* WarmupTasks */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopologyDescriptionRequired */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* EndpointInformationEpoch */
	{T_STRUCT, 1, 0, 127, 0, 127, -1, 127, 460, SCHEMA_NONE}, /* PartitionsByUserEndpoint */
	/* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/Subtopologies/Nodes */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeType */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* SinkTopic */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Stores */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Successors */
	/* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/Subtopologies */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SubtopologyId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 462, SCHEMA_NONE}, /* Nodes */
	/* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/GlobalStores/Source */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeType */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* SinkTopic */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Stores */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Successors */
	/* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/GlobalStores/Processor */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeType */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* SourceTopics */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* SinkTopic */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Stores */
	{T_STRING, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Successors */
	/* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/GlobalStores */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 464, SCHEMA_NONE}, /* Source */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 465, SCHEMA_NONE}, /* Processor */
	/* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 463, SCHEMA_NONE}, /* Subtopologies */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 466, SCHEMA_NONE}, /* GlobalStores */
	/* StreamsGroupTopologyDescriptionUpdateRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopologyEpoch */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 467, SCHEMA_NONE}, /* TopologyDescription */
	/* StreamsGroupTopologyDescriptionUpdateResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* SyncGroupRequest /Assignments */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Assignment */
	/* SyncGroupRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GenerationId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* ProtocolType */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* ProtocolName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 470, SCHEMA_NONE}, /* Assignments */
	/* SyncGroupResponse / */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* ProtocolType */
	{T_STRING, 0, 5, 127, 5, 127, -1, 127, -1, SCHEMA_NONE}, /* ProtocolName */
	{T_BYTES, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Assignment */
	/* TxnOffsetCommitRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedOffset */
	{T_INT32, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CommittedLeaderEpoch */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* CommittedMetadata */
	/* TxnOffsetCommitRequest /Topics */
	{T_STRING, 0, 0, 5, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 473, SCHEMA_NONE}, /* Partitions */
	/* TxnOffsetCommitRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionalId */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_INT32, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GenerationIdOrMemberEpoch */
	{T_STRING, 0, 3, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MemberId */
	{T_STRING, 0, 3, 127, 3, 127, -1, 127, -1, SCHEMA_NONE}, /* GroupInstanceId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 474, SCHEMA_NONE}, /* Topics */
	/* TxnOffsetCommitResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* TxnOffsetCommitResponse /Topics */
	{T_STRING, 0, 0, 5, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_UUID, 0, 6, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 476, SCHEMA_NONE}, /* Partitions */
	/* TxnOffsetCommitResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 477, SCHEMA_NONE}, /* Topics */
	/* UnregisterBrokerRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* BrokerId */
	/* UnregisterBrokerResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* UnregisterControllerRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ControllerId */
	/* UnregisterControllerResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* UpdateFeaturesRequest /FeatureUpdates */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Feature */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxVersionLevel */
	{T_BOOL, 0, 0, 0, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* AllowDowngrade */
	{T_INT8, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* UpgradeType */
	/* UpdateFeaturesRequest / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* timeoutMs */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 483, SCHEMA_NONE}, /* FeatureUpdates */
	{T_BOOL, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ValidateOnly */
	/* UpdateFeaturesResponse /Results */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Feature */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* UpdateFeaturesResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	{T_STRUCT, 1, 0, 1, 1, 0, -1, 127, 485, SCHEMA_NONE}, /* Results */
	/* UpdateRaftVoterRequest /Listeners */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* UpdateRaftVoterRequest /KRaftVersionFeature */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MinSupportedVersion */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* MaxSupportedVersion */
	/* UpdateRaftVoterRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CurrentLeaderEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterId */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterDirectoryId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 487, SCHEMA_NONE}, /* Listeners */
	{T_STRUCT, 0, 0, 127, 1, 0, -1, 127, 488, SCHEMA_NONE}, /* KRaftVersionFeature */
	/* UpdateRaftVoterResponse /CurrentLeader */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* UpdateRaftVoterResponse / */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ThrottleTimeMs */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 0, 0, 127, 1, 0, 0, 0, 490, SCHEMA_NONE}, /* CurrentLeader */
	/* VoteRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaId */
	{T_UUID, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ReplicaDirectoryId */
	{T_UUID, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterDirectoryId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastOffsetEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastOffset */
	{T_BOOL, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PreVote */
	/* VoteRequest /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 492, SCHEMA_NONE}, /* Partitions */
	/* VoteRequest / */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ClusterId */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoterId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 493, SCHEMA_NONE}, /* Topics */
	/* VoteResponse /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderId */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* VoteGranted */
	/* VoteResponse /Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicName */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 495, SCHEMA_NONE}, /* Partitions */
	/* VoteResponse /NodeEndpoints */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* NodeId */
	{T_STRING, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Host */
	{T_INT16, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Port */
	/* VoteResponse / */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 496, SCHEMA_NONE}, /* Topics */
	{T_STRUCT, 1, 1, 127, 1, 0, 0, 1, 497, SCHEMA_NONE}, /* NodeEndpoints */
	/* WriteShareGroupStateRequest /Topics/Partitions/StateBatches */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* FirstOffset */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LastOffset */
	{T_INT8, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeliveryState */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeliveryCount */
	/* WriteShareGroupStateRequest /Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StateEpoch */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* LeaderEpoch */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* StartOffset */
	{T_INT32, 0, 1, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* DeliveryCompleteCount */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 499, SCHEMA_NONE}, /* StateBatches */
	/* WriteShareGroupStateRequest /Topics */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 500, SCHEMA_NONE}, /* Partitions */
	/* WriteShareGroupStateRequest / */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* GroupId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 501, SCHEMA_NONE}, /* Topics */
	/* WriteShareGroupStateResponse /Results/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Partition */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	{T_STRING, 0, 0, 127, 0, 127, -1, 127, -1, SCHEMA_NONE}, /* ErrorMessage */
	/* WriteShareGroupStateResponse /Results */
	{T_UUID, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TopicId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 503, SCHEMA_NONE}, /* Partitions */
	/* WriteShareGroupStateResponse / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 504, SCHEMA_NONE}, /* Results */
	/* WriteTxnMarkersRequest /Markers/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_INT32, 1, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndexes */
	/* WriteTxnMarkersRequest /Markers */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerEpoch */
	{T_BOOL, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionResult */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 506, SCHEMA_NONE}, /* Topics */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* CoordinatorEpoch */
	{T_INT8, 0, 2, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* TransactionVersion */
	/* WriteTxnMarkersRequest / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 507, SCHEMA_NONE}, /* Markers */
	/* WriteTxnMarkersResponse /Markers/Topics/Partitions */
	{T_INT32, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* PartitionIndex */
	{T_INT16, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ErrorCode */
	/* WriteTxnMarkersResponse /Markers/Topics */
	{T_STRING, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* Name */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 509, SCHEMA_NONE}, /* Partitions */
	/* WriteTxnMarkersResponse /Markers */
	{T_INT64, 0, 0, 127, 1, 0, -1, 127, -1, SCHEMA_NONE}, /* ProducerId */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 510, SCHEMA_NONE}, /* Topics */
	/* WriteTxnMarkersResponse / */
	{T_STRUCT, 1, 0, 127, 1, 0, -1, 127, 511, SCHEMA_NONE}, /* Markers */
};

const struct schema_struct schema_structs[] = {
	{0, 4}, /* AddOffsetsToTxnRequest / */
	{4, 2}, /* AddOffsetsToTxnResponse / */
	{6, 2}, /* AddPartitionsToTxnRequest /Transactions/Topics */
	{8, 5}, /* AddPartitionsToTxnRequest /Transactions */
	{13, 2}, /* AddPartitionsToTxnRequest /V3AndBelowTopics */
	{15, 5}, /* AddPartitionsToTxnRequest / */
	{20, 2}, /* AddPartitionsToTxnResponse /ResultsByTransaction/TopicResults/ResultsByPartition */
	{22, 2}, /* AddPartitionsToTxnResponse /ResultsByTransaction/TopicResults */
	{24, 2}, /* AddPartitionsToTxnResponse /ResultsByTransaction */
	{26, 2}, /* AddPartitionsToTxnResponse /ResultsByTopicV3AndBelow/ResultsByPartition */
	{28, 2}, /* AddPartitionsToTxnResponse /ResultsByTopicV3AndBelow */
	{30, 4}, /* AddPartitionsToTxnResponse / */
	{34, 3}, /* AddRaftVoterRequest /Listeners */
	{37, 6}, /* AddRaftVoterRequest / */
	{43, 3}, /* AddRaftVoterResponse / */
	{46, 2}, /* AllocateProducerIdsRequest / */
	{48, 4}, /* AllocateProducerIdsResponse / */
	{52, 2}, /* AlterClientQuotasRequest /Entries/Entity */
	{54, 3}, /* AlterClientQuotasRequest /Entries/Ops */
	{57, 2}, /* AlterClientQuotasRequest /Entries */
	{59, 2}, /* AlterClientQuotasRequest / */
	{61, 2}, /* AlterClientQuotasResponse /Entries/Entity */
	{63, 3}, /* AlterClientQuotasResponse /Entries */
	{66, 2}, /* AlterClientQuotasResponse / */
	{68, 2}, /* AlterConfigsRequest /Resources/Configs */
	{70, 3}, /* AlterConfigsRequest /Resources */
	{73, 2}, /* AlterConfigsRequest / */
	{75, 4}, /* AlterConfigsResponse /Responses */
	{79, 2}, /* AlterConfigsResponse / */
	{81, 2}, /* AlterPartitionReassignmentsRequest /Topics/Partitions */
	{83, 2}, /* AlterPartitionReassignmentsRequest /Topics */
	{85, 3}, /* AlterPartitionReassignmentsRequest / */
	{88, 3}, /* AlterPartitionReassignmentsResponse /Responses/Partitions */
	{91, 2}, /* AlterPartitionReassignmentsResponse /Responses */
	{93, 5}, /* AlterPartitionReassignmentsResponse / */
	{98, 2}, /* AlterPartitionRequest /Topics/Partitions/NewIsrWithEpochs */
	{100, 6}, /* AlterPartitionRequest /Topics/Partitions */
	{106, 2}, /* AlterPartitionRequest /Topics */
	{108, 3}, /* AlterPartitionRequest / */
	{111, 7}, /* AlterPartitionResponse /Topics/Partitions */
	{118, 2}, /* AlterPartitionResponse /Topics */
	{120, 3}, /* AlterPartitionResponse / */
	{123, 2}, /* AlterReplicaLogDirsRequest /Dirs/Topics */
	{125, 2}, /* AlterReplicaLogDirsRequest /Dirs */
	{127, 1}, /* AlterReplicaLogDirsRequest / */
	{128, 2}, /* AlterReplicaLogDirsResponse /Results/Partitions */
	{130, 2}, /* AlterReplicaLogDirsResponse /Results */
	{132, 2}, /* AlterReplicaLogDirsResponse / */
	{134, 2}, /* AlterShareGroupOffsetsRequest /Topics/Partitions */
	{136, 2}, /* AlterShareGroupOffsetsRequest /Topics */
	{138, 2}, /* AlterShareGroupOffsetsRequest / */
	{140, 3}, /* AlterShareGroupOffsetsResponse /Responses/Partitions */
	{143, 3}, /* AlterShareGroupOffsetsResponse /Responses */
	{146, 4}, /* AlterShareGroupOffsetsResponse / */
	{150, 2}, /* AlterUserScramCredentialsRequest /Deletions */
	{152, 5}, /* AlterUserScramCredentialsRequest /Upsertions */
	{157, 2}, /* AlterUserScramCredentialsRequest / */
	{159, 3}, /* AlterUserScramCredentialsResponse /Results */
	{162, 2}, /* AlterUserScramCredentialsResponse / */
	{164, 4}, /* ApiVersionsRequest / */
	{168, 3}, /* ApiVersionsResponse /ApiKeys */
	{171, 3}, /* ApiVersionsResponse /SupportedFeatures */
	{174, 3}, /* ApiVersionsResponse /FinalizedFeatures */
	{177, 7}, /* ApiVersionsResponse / */
	{184, 1}, /* AssignReplicasToDirsRequest /Directories/Topics/Partitions */
	{185, 2}, /* AssignReplicasToDirsRequest /Directories/Topics */
	{187, 2}, /* AssignReplicasToDirsRequest /Directories */
	{189, 3}, /* AssignReplicasToDirsRequest / */
	{192, 2}, /* AssignReplicasToDirsResponse /Directories/Topics/Partitions */
	{194, 2}, /* AssignReplicasToDirsResponse /Directories/Topics */
	{196, 2}, /* AssignReplicasToDirsResponse /Directories */
	{198, 3}, /* AssignReplicasToDirsResponse / */
	{201, 4}, /* BeginQuorumEpochRequest /Topics/Partitions */
	{205, 2}, /* BeginQuorumEpochRequest /Topics */
	{207, 3}, /* BeginQuorumEpochRequest /LeaderEndpoints */
	{210, 4}, /* BeginQuorumEpochRequest / */
	{214, 4}, /* BeginQuorumEpochResponse /Topics/Partitions */
	{218, 2}, /* BeginQuorumEpochResponse /Topics */
	{220, 3}, /* BeginQuorumEpochResponse /NodeEndpoints */
	{223, 3}, /* BeginQuorumEpochResponse / */
	{226, 7}, /* BrokerHeartbeatRequest / */
	{233, 5}, /* BrokerHeartbeatResponse / */
	{238, 4}, /* BrokerRegistrationRequest /Listeners */
	{242, 3}, /* BrokerRegistrationRequest /Features */
	{245, 9}, /* BrokerRegistrationRequest / */
	{254, 3}, /* BrokerRegistrationResponse / */
	{257, 2}, /* ConsumerGroupDescribeRequest / */
	{259, 3}, /* ConsumerGroupDescribeResponse /Groups/Members/Assignment/TopicPartitions */
	{262, 1}, /* ConsumerGroupDescribeResponse /Groups/Members/Assignment */
	{263, 3}, /* ConsumerGroupDescribeResponse /Groups/Members/TargetAssignment/TopicPartitions */
	{266, 1}, /* ConsumerGroupDescribeResponse /Groups/Members/TargetAssignment */
	{267, 11}, /* ConsumerGroupDescribeResponse /Groups/Members */
	{278, 9}, /* ConsumerGroupDescribeResponse /Groups */
	{287, 2}, /* ConsumerGroupDescribeResponse / */
	{289, 2}, /* ConsumerGroupHeartbeatRequest /TopicPartitions */
	{291, 10}, /* ConsumerGroupHeartbeatRequest / */
	{301, 2}, /* ConsumerGroupHeartbeatResponse /Assignment/TopicPartitions */
	{303, 1}, /* ConsumerGroupHeartbeatResponse /Assignment */
	{304, 7}, /* ConsumerGroupHeartbeatResponse / */
	{311, 4}, /* ControllerRegistrationRequest /Listeners */
	{315, 3}, /* ControllerRegistrationRequest /Features */
	{318, 5}, /* ControllerRegistrationRequest / */
	{323, 3}, /* ControllerRegistrationResponse / */
	{326, 7}, /* CreateAclsRequest /Creations */
	{333, 1}, /* CreateAclsRequest / */
	{334, 2}, /* CreateAclsResponse /Results */
	{336, 2}, /* CreateAclsResponse / */
	{338, 2}, /* CreateDelegationTokenRequest /Renewers */
	{340, 4}, /* CreateDelegationTokenRequest / */
	{344, 11}, /* CreateDelegationTokenResponse / */
	{355, 1}, /* CreatePartitionsRequest /Topics/Assignments */
	{356, 3}, /* CreatePartitionsRequest /Topics */
	{359, 3}, /* CreatePartitionsRequest / */
	{362, 3}, /* CreatePartitionsResponse /Results */
	{365, 2}, /* CreatePartitionsResponse / */
	{367, 2}, /* CreateTopicsRequest /Topics/Assignments */
	{369, 2}, /* CreateTopicsRequest /Topics/Configs */
	{371, 5}, /* CreateTopicsRequest /Topics */
	{376, 3}, /* CreateTopicsRequest / */
	{379, 5}, /* CreateTopicsResponse /Topics/Configs */
	{384, 8}, /* CreateTopicsResponse /Topics */
	{392, 2}, /* CreateTopicsResponse / */
	{394, 7}, /* DeleteAclsRequest /Filters */
	{401, 1}, /* DeleteAclsRequest / */
	{402, 9}, /* DeleteAclsResponse /FilterResults/MatchingAcls */
	{411, 3}, /* DeleteAclsResponse /FilterResults */
	{414, 2}, /* DeleteAclsResponse / */
	{416, 1}, /* DeleteGroupsRequest / */
	{417, 3}, /* DeleteGroupsResponse /Results */
	{420, 2}, /* DeleteGroupsResponse / */
	{422, 2}, /* DeleteRecordsRequest /Topics/Partitions */
	{424, 2}, /* DeleteRecordsRequest /Topics */
	{426, 2}, /* DeleteRecordsRequest / */
	{428, 3}, /* DeleteRecordsResponse /Topics/Partitions */
	{431, 2}, /* DeleteRecordsResponse /Topics */
	{433, 2}, /* DeleteRecordsResponse / */
	{435, 1}, /* DeleteShareGroupOffsetsRequest /Topics */
	{436, 2}, /* DeleteShareGroupOffsetsRequest / */
	{438, 4}, /* DeleteShareGroupOffsetsResponse /Responses */
	{442, 4}, /* DeleteShareGroupOffsetsResponse / */
	{446, 1}, /* DeleteShareGroupStateRequest /Topics/Partitions */
	{447, 2}, /* DeleteShareGroupStateRequest /Topics */
	{449, 2}, /* DeleteShareGroupStateRequest / */
	{451, 3}, /* DeleteShareGroupStateResponse /Results/Partitions */
	{454, 2}, /* DeleteShareGroupStateResponse /Results */
	{456, 1}, /* DeleteShareGroupStateResponse / */
	{457, 2}, /* DeleteTopicsRequest /Topics */
	{459, 3}, /* DeleteTopicsRequest / */
	{462, 4}, /* DeleteTopicsResponse /Responses */
	{466, 2}, /* DeleteTopicsResponse / */
	{468, 7}, /* DescribeAclsRequest / */
	{475, 4}, /* DescribeAclsResponse /Resources/Acls */
	{479, 4}, /* DescribeAclsResponse /Resources */
	{483, 4}, /* DescribeAclsResponse / */
	{487, 3}, /* DescribeClientQuotasRequest /Components */
	{490, 2}, /* DescribeClientQuotasRequest / */
	{492, 2}, /* DescribeClientQuotasResponse /Entries/Entity */
	{494, 2}, /* DescribeClientQuotasResponse /Entries/Values */
	{496, 2}, /* DescribeClientQuotasResponse /Entries */
	{498, 4}, /* DescribeClientQuotasResponse / */
	{502, 3}, /* DescribeClusterRequest / */
	{505, 5}, /* DescribeClusterResponse /Brokers */
	{510, 8}, /* DescribeClusterResponse / */
	{518, 3}, /* DescribeConfigsRequest /Resources */
	{521, 3}, /* DescribeConfigsRequest / */
	{524, 3}, /* DescribeConfigsResponse /Results/Configs/Synonyms */
	{527, 8}, /* DescribeConfigsResponse /Results/Configs */
	{535, 5}, /* DescribeConfigsResponse /Results */
	{540, 2}, /* DescribeConfigsResponse / */
	{542, 2}, /* DescribeDelegationTokenRequest /Owners */
	{544, 1}, /* DescribeDelegationTokenRequest / */
	{545, 2}, /* DescribeDelegationTokenResponse /Tokens/Renewers */
	{547, 10}, /* DescribeDelegationTokenResponse /Tokens */
	{557, 3}, /* DescribeDelegationTokenResponse / */
	{560, 2}, /* DescribeGroupsRequest / */
	{562, 6}, /* DescribeGroupsResponse /Groups/Members */
	{568, 8}, /* DescribeGroupsResponse /Groups */
	{576, 2}, /* DescribeGroupsResponse / */
	{578, 2}, /* DescribeLogDirsRequest /Topics */
	{580, 1}, /* DescribeLogDirsRequest / */
	{581, 4}, /* DescribeLogDirsResponse /Results/Topics/Partitions */
	{585, 2}, /* DescribeLogDirsResponse /Results/Topics */
	{587, 6}, /* DescribeLogDirsResponse /Results */
	{593, 3}, /* DescribeLogDirsResponse / */
	{596, 2}, /* DescribeProducersRequest /Topics */
	{598, 1}, /* DescribeProducersRequest / */
	{599, 6}, /* DescribeProducersResponse /Topics/Partitions/ActiveProducers */
	{605, 4}, /* DescribeProducersResponse /Topics/Partitions */
	{609, 2}, /* DescribeProducersResponse /Topics */
	{611, 2}, /* DescribeProducersResponse / */
	{613, 1}, /* DescribeQuorumRequest /Topics/Partitions */
	{614, 2}, /* DescribeQuorumRequest /Topics */
	{616, 1}, /* DescribeQuorumRequest / */
	{617, 5}, /* DescribeQuorumResponse /Topics/Partitions/CurrentVoters */
	{622, 5}, /* DescribeQuorumResponse /Topics/Partitions/Observers */
	{627, 8}, /* DescribeQuorumResponse /Topics/Partitions */
	{635, 2}, /* DescribeQuorumResponse /Topics */
	{637, 3}, /* DescribeQuorumResponse /Nodes/Listeners */
	{640, 2}, /* DescribeQuorumResponse /Nodes */
	{642, 4}, /* DescribeQuorumResponse / */
	{646, 2}, /* DescribeShareGroupOffsetsRequest /Groups/Topics */
	{648, 2}, /* DescribeShareGroupOffsetsRequest /Groups */
	{650, 1}, /* DescribeShareGroupOffsetsRequest / */
	{651, 6}, /* DescribeShareGroupOffsetsResponse /Groups/Topics/Partitions */
	{657, 3}, /* DescribeShareGroupOffsetsResponse /Groups/Topics */
	{660, 4}, /* DescribeShareGroupOffsetsResponse /Groups */
	{664, 2}, /* DescribeShareGroupOffsetsResponse / */
	{666, 1}, /* DescribeTopicPartitionsRequest /Topics */
	{667, 2}, /* DescribeTopicPartitionsRequest /Cursor */
	{669, 3}, /* DescribeTopicPartitionsRequest / */
	{672, 9}, /* DescribeTopicPartitionsResponse /Topics/Partitions */
	{681, 6}, /* DescribeTopicPartitionsResponse /Topics */
	{687, 2}, /* DescribeTopicPartitionsResponse /NextCursor */
	{689, 3}, /* DescribeTopicPartitionsResponse / */
	{692, 1}, /* DescribeTransactionsRequest / */
	{693, 2}, /* DescribeTransactionsResponse /TransactionStates/Topics */
	{695, 8}, /* DescribeTransactionsResponse /TransactionStates */
	{703, 2}, /* DescribeTransactionsResponse / */
	{705, 1}, /* DescribeUserScramCredentialsRequest /Users */
	{706, 1}, /* DescribeUserScramCredentialsRequest / */
	{707, 2}, /* DescribeUserScramCredentialsResponse /Results/CredentialInfos */
	{709, 4}, /* DescribeUserScramCredentialsResponse /Results */
	{713, 4}, /* DescribeUserScramCredentialsResponse / */
	{717, 2}, /* ElectLeadersRequest /TopicPartitions */
	{719, 3}, /* ElectLeadersRequest / */
	{722, 3}, /* ElectLeadersResponse /ReplicaElectionResults/PartitionResult */
	{725, 2}, /* ElectLeadersResponse /ReplicaElectionResults */
	{727, 3}, /* ElectLeadersResponse / */
	{730, 2}, /* EndQuorumEpochRequest /Topics/Partitions/PreferredCandidates */
	{732, 5}, /* EndQuorumEpochRequest /Topics/Partitions */
	{737, 2}, /* EndQuorumEpochRequest /Topics */
	{739, 3}, /* EndQuorumEpochRequest /LeaderEndpoints */
	{742, 3}, /* EndQuorumEpochRequest / */
	{745, 4}, /* EndQuorumEpochResponse /Topics/Partitions */
	{749, 2}, /* EndQuorumEpochResponse /Topics */
	{751, 3}, /* EndQuorumEpochResponse /NodeEndpoints */
	{754, 3}, /* EndQuorumEpochResponse / */
	{757, 4}, /* EndTxnRequest / */
	{761, 4}, /* EndTxnResponse / */
	{765, 3}, /* EnvelopeRequest / */
	{768, 2}, /* EnvelopeResponse / */
	{770, 2}, /* ExpireDelegationTokenRequest / */
	{772, 3}, /* ExpireDelegationTokenResponse / */
	{775, 2}, /* FetchRequest /ReplicaState */
	{777, 8}, /* FetchRequest /Topics/Partitions */
	{785, 3}, /* FetchRequest /Topics */
	{788, 3}, /* FetchRequest /ForgottenTopicsData */
	{791, 12}, /* FetchRequest / */
	{803, 2}, /* FetchResponse /Responses/Partitions/DivergingEpoch */
	{805, 2}, /* FetchResponse /Responses/Partitions/CurrentLeader */
	{807, 2}, /* FetchResponse /Responses/Partitions/SnapshotId */
	{809, 2}, /* FetchResponse /Responses/Partitions/AbortedTransactions */
	{811, 11}, /* FetchResponse /Responses/Partitions */
	{822, 3}, /* FetchResponse /Responses */
	{825, 4}, /* FetchResponse /NodeEndpoints */
	{829, 5}, /* FetchResponse / */
	{834, 2}, /* FetchSnapshotRequest /Topics/Partitions/SnapshotId */
	{836, 5}, /* FetchSnapshotRequest /Topics/Partitions */
	{841, 2}, /* FetchSnapshotRequest /Topics */
	{843, 4}, /* FetchSnapshotRequest / */
	{847, 2}, /* FetchSnapshotResponse /Topics/Partitions/SnapshotId */
	{849, 2}, /* FetchSnapshotResponse /Topics/Partitions/CurrentLeader */
	{851, 7}, /* FetchSnapshotResponse /Topics/Partitions */
	{858, 2}, /* FetchSnapshotResponse /Topics */
	{860, 3}, /* FetchSnapshotResponse /NodeEndpoints */
	{863, 4}, /* FetchSnapshotResponse / */
	{867, 3}, /* FindCoordinatorRequest / */
	{870, 6}, /* FindCoordinatorResponse /Coordinators */
	{876, 7}, /* FindCoordinatorResponse / */
	{883, 1}, /* GetTelemetrySubscriptionsRequest / */
	{884, 9}, /* GetTelemetrySubscriptionsResponse / */
	{893, 4}, /* HeartbeatRequest / */
	{897, 2}, /* HeartbeatResponse / */
	{899, 3}, /* IncrementalAlterConfigsRequest /Resources/Configs */
	{902, 3}, /* IncrementalAlterConfigsRequest /Resources */
	{905, 2}, /* IncrementalAlterConfigsRequest / */
	{907, 4}, /* IncrementalAlterConfigsResponse /Responses */
	{911, 2}, /* IncrementalAlterConfigsResponse / */
	{913, 6}, /* InitProducerIdRequest / */
	{919, 6}, /* InitProducerIdResponse / */
	{925, 3}, /* InitializeShareGroupStateRequest /Topics/Partitions */
	{928, 2}, /* InitializeShareGroupStateRequest /Topics */
	{930, 2}, /* InitializeShareGroupStateRequest / */
	{932, 3}, /* InitializeShareGroupStateResponse /Results/Partitions */
	{935, 2}, /* InitializeShareGroupStateResponse /Results */
	{937, 1}, /* InitializeShareGroupStateResponse / */
	{938, 2}, /* JoinGroupRequest /Protocols */
	{940, 8}, /* JoinGroupRequest / */
	{948, 3}, /* JoinGroupResponse /Members */
	{951, 9}, /* JoinGroupResponse / */
	{960, 3}, /* LeaveGroupRequest /Members */
	{963, 3}, /* LeaveGroupRequest / */
	{966, 3}, /* LeaveGroupResponse /Members */
	{969, 3}, /* LeaveGroupResponse / */
	{972, 1}, /* ListConfigResourcesRequest / */
	{973, 2}, /* ListConfigResourcesResponse /ConfigResources */
	{975, 3}, /* ListConfigResourcesResponse / */
	{978, 2}, /* ListGroupsRequest / */
	{980, 4}, /* ListGroupsResponse /Groups */
	{984, 3}, /* ListGroupsResponse / */
	{987, 3}, /* ListOffsetsRequest /Topics/Partitions */
	{990, 2}, /* ListOffsetsRequest /Topics */
	{992, 4}, /* ListOffsetsRequest / */
	{996, 5}, /* ListOffsetsResponse /Topics/Partitions */
	{1001, 2}, /* ListOffsetsResponse /Topics */
	{1003, 2}, /* ListOffsetsResponse / */
	{1005, 2}, /* ListPartitionReassignmentsRequest /Topics */
	{1007, 2}, /* ListPartitionReassignmentsRequest / */
	{1009, 4}, /* ListPartitionReassignmentsResponse /Topics/Partitions */
	{1013, 2}, /* ListPartitionReassignmentsResponse /Topics */
	{1015, 4}, /* ListPartitionReassignmentsResponse / */
	{1019, 4}, /* ListTransactionsRequest / */
	{1023, 3}, /* ListTransactionsResponse /TransactionStates */
	{1026, 4}, /* ListTransactionsResponse / */
	{1030, 2}, /* MetadataRequest /Topics */
	{1032, 4}, /* MetadataRequest / */
	{1036, 4}, /* MetadataResponse /Brokers */
	{1040, 7}, /* MetadataResponse /Topics/Partitions */
	{1047, 6}, /* MetadataResponse /Topics */
	{1053, 7}, /* MetadataResponse / */
	{1060, 4}, /* OffsetCommitRequest /Topics/Partitions */
	{1064, 3}, /* OffsetCommitRequest /Topics */
	{1067, 6}, /* OffsetCommitRequest / */
	{1073, 2}, /* OffsetCommitResponse /Topics/Partitions */
	{1075, 3}, /* OffsetCommitResponse /Topics */
	{1078, 2}, /* OffsetCommitResponse / */
	{1080, 1}, /* OffsetDeleteRequest /Topics/Partitions */
	{1081, 2}, /* OffsetDeleteRequest /Topics */
	{1083, 2}, /* OffsetDeleteRequest / */
	{1085, 2}, /* OffsetDeleteResponse /Topics/Partitions */
	{1087, 2}, /* OffsetDeleteResponse /Topics */
	{1089, 3}, /* OffsetDeleteResponse / */
	{1092, 2}, /* OffsetFetchRequest /Topics */
	{1094, 3}, /* OffsetFetchRequest /Groups/Topics */
	{1097, 4}, /* OffsetFetchRequest /Groups */
	{1101, 4}, /* OffsetFetchRequest / */
	{1105, 5}, /* OffsetFetchResponse /Topics/Partitions */
	{1110, 2}, /* OffsetFetchResponse /Topics */
	{1112, 5}, /* OffsetFetchResponse /Groups/Topics/Partitions */
	{1117, 3}, /* OffsetFetchResponse /Groups/Topics */
	{1120, 3}, /* OffsetFetchResponse /Groups */
	{1123, 4}, /* OffsetFetchResponse / */
	{1127, 3}, /* OffsetForLeaderEpochRequest /Topics/Partitions */
	{1130, 2}, /* OffsetForLeaderEpochRequest /Topics */
	{1132, 2}, /* OffsetForLeaderEpochRequest / */
	{1134, 4}, /* OffsetForLeaderEpochResponse /Topics/Partitions */
	{1138, 2}, /* OffsetForLeaderEpochResponse /Topics */
	{1140, 2}, /* OffsetForLeaderEpochResponse / */
	{1142, 2}, /* ProduceRequest /TopicData/PartitionData */
	{1144, 3}, /* ProduceRequest /TopicData */
	{1147, 4}, /* ProduceRequest / */
	{1151, 2}, /* ProduceResponse /Responses/PartitionResponses/RecordErrors */
	{1153, 2}, /* ProduceResponse /Responses/PartitionResponses/CurrentLeader */
	{1155, 8}, /* ProduceResponse /Responses/PartitionResponses */
	{1163, 3}, /* ProduceResponse /Responses */
	{1166, 4}, /* ProduceResponse /NodeEndpoints */
	{1170, 3}, /* ProduceResponse / */
	{1173, 5}, /* PushTelemetryRequest / */
	{1178, 2}, /* PushTelemetryResponse / */
	{1180, 2}, /* ReadShareGroupStateRequest /Topics/Partitions */
	{1182, 2}, /* ReadShareGroupStateRequest /Topics */
	{1184, 2}, /* ReadShareGroupStateRequest / */
	{1186, 4}, /* ReadShareGroupStateResponse /Results/Partitions/StateBatches */
	{1190, 6}, /* ReadShareGroupStateResponse /Results/Partitions */
	{1196, 2}, /* ReadShareGroupStateResponse /Results */
	{1198, 1}, /* ReadShareGroupStateResponse / */
	{1199, 2}, /* ReadShareGroupStateSummaryRequest /Topics/Partitions */
	{1201, 2}, /* ReadShareGroupStateSummaryRequest /Topics */
	{1203, 2}, /* ReadShareGroupStateSummaryRequest / */
	{1205, 7}, /* ReadShareGroupStateSummaryResponse /Results/Partitions */
	{1212, 2}, /* ReadShareGroupStateSummaryResponse /Results */
	{1214, 1}, /* ReadShareGroupStateSummaryResponse / */
	{1215, 3}, /* RemoveRaftVoterRequest / */
	{1218, 3}, /* RemoveRaftVoterResponse / */
	{1221, 2}, /* RenewDelegationTokenRequest / */
	{1223, 3}, /* RenewDelegationTokenResponse / */
	{1226, 1}, /* SaslAuthenticateRequest / */
	{1227, 4}, /* SaslAuthenticateResponse / */
	{1231, 1}, /* SaslHandshakeRequest / */
	{1232, 2}, /* SaslHandshakeResponse / */
	{1234, 3}, /* ShareAcknowledgeRequest /Topics/Partitions/AcknowledgementBatches */
	{1237, 2}, /* ShareAcknowledgeRequest /Topics/Partitions */
	{1239, 2}, /* ShareAcknowledgeRequest /Topics */
	{1241, 5}, /* ShareAcknowledgeRequest / */
	{1246, 2}, /* ShareAcknowledgeResponse /Responses/Partitions/CurrentLeader */
	{1248, 4}, /* ShareAcknowledgeResponse /Responses/Partitions */
	{1252, 2}, /* ShareAcknowledgeResponse /Responses */
	{1254, 4}, /* ShareAcknowledgeResponse /NodeEndpoints */
	{1258, 6}, /* ShareAcknowledgeResponse / */
	{1264, 3}, /* ShareFetchRequest /Topics/Partitions/AcknowledgementBatches */
	{1267, 3}, /* ShareFetchRequest /Topics/Partitions */
	{1270, 2}, /* ShareFetchRequest /Topics */
	{1272, 2}, /* ShareFetchRequest /ForgottenTopicsData */
	{1274, 12}, /* ShareFetchRequest / */
	{1286, 2}, /* ShareFetchResponse /Responses/Partitions/CurrentLeader */
	{1288, 3}, /* ShareFetchResponse /Responses/Partitions/AcquiredRecords */
	{1291, 8}, /* ShareFetchResponse /Responses/Partitions */
	{1299, 2}, /* ShareFetchResponse /Responses */
	{1301, 4}, /* ShareFetchResponse /NodeEndpoints */
	{1305, 6}, /* ShareFetchResponse / */
	{1311, 2}, /* ShareGroupDescribeRequest / */
	{1313, 3}, /* ShareGroupDescribeResponse /Groups/Members/Assignment/TopicPartitions */
	{1316, 1}, /* ShareGroupDescribeResponse /Groups/Members/Assignment */
	{1317, 7}, /* ShareGroupDescribeResponse /Groups/Members */
	{1324, 9}, /* ShareGroupDescribeResponse /Groups */
	{1333, 2}, /* ShareGroupDescribeResponse / */
	{1335, 5}, /* ShareGroupHeartbeatRequest / */
	{1340, 2}, /* ShareGroupHeartbeatResponse /Assignment/TopicPartitions */
	{1342, 1}, /* ShareGroupHeartbeatResponse /Assignment */
	{1343, 7}, /* ShareGroupHeartbeatResponse / */
	{1350, 3}, /* StreamsGroupDescribeRequest / */
	{1353, 2}, /* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/StateChangelogTopics/TopicConfigs */
	{1355, 4}, /* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/StateChangelogTopics */
	{1359, 2}, /* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/RepartitionSourceTopics/TopicConfigs */
	{1361, 4}, /* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies/RepartitionSourceTopics */
	{1365, 5}, /* StreamsGroupDescribeResponse /Groups/Topology/Subtopologies */
	{1370, 2}, /* StreamsGroupDescribeResponse /Groups/Topology */
	{1372, 2}, /* StreamsGroupDescribeResponse /Groups/Members/UserEndpoint */
	{1374, 2}, /* StreamsGroupDescribeResponse /Groups/Members/ClientTags */
	{1376, 3}, /* StreamsGroupDescribeResponse /Groups/Members/TaskOffsets */
	{1379, 3}, /* StreamsGroupDescribeResponse /Groups/Members/TaskEndOffsets */
	{1382, 2}, /* StreamsGroupDescribeResponse /Groups/Members/Assignment/ActiveTasks */
	{1384, 2}, /* StreamsGroupDescribeResponse /Groups/Members/Assignment/StandbyTasks */
	{1386, 2}, /* StreamsGroupDescribeResponse /Groups/Members/Assignment/WarmupTasks */
	{1388, 3}, /* StreamsGroupDescribeResponse /Groups/Members/Assignment */
	{1391, 2}, /* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment/ActiveTasks */
	{1393, 2}, /* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment/StandbyTasks */
	{1395, 2}, /* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment/WarmupTasks */
	{1397, 3}, /* StreamsGroupDescribeResponse /Groups/Members/TargetAssignment */
	{1400, 15}, /* StreamsGroupDescribeResponse /Groups/Members */
	{1415, 6}, /* StreamsGroupDescribeResponse /Groups/TopologyDescription/Subtopologies/Nodes */
	{1421, 2}, /* StreamsGroupDescribeResponse /Groups/TopologyDescription/Subtopologies */
	{1423, 6}, /* StreamsGroupDescribeResponse /Groups/TopologyDescription/GlobalStores/Source */
	{1429, 6}, /* StreamsGroupDescribeResponse /Groups/TopologyDescription/GlobalStores/Processor */
	{1435, 2}, /* StreamsGroupDescribeResponse /Groups/TopologyDescription/GlobalStores */
	{1437, 2}, /* StreamsGroupDescribeResponse /Groups/TopologyDescription */
	{1439, 12}, /* StreamsGroupDescribeResponse /Groups */
	{1451, 2}, /* StreamsGroupDescribeResponse / */
	{1453, 2}, /* StreamsGroupHeartbeatRequest /Topology/Subtopologies/StateChangelogTopics/TopicConfigs */
	{1455, 4}, /* StreamsGroupHeartbeatRequest /Topology/Subtopologies/StateChangelogTopics */
	{1459, 2}, /* StreamsGroupHeartbeatRequest /Topology/Subtopologies/RepartitionSourceTopics/TopicConfigs */
	{1461, 4}, /* StreamsGroupHeartbeatRequest /Topology/Subtopologies/RepartitionSourceTopics */
	{1465, 3}, /* StreamsGroupHeartbeatRequest /Topology/Subtopologies/CopartitionGroups */
	{1468, 7}, /* StreamsGroupHeartbeatRequest /Topology/Subtopologies */
	{1475, 2}, /* StreamsGroupHeartbeatRequest /Topology */
	{1477, 2}, /* StreamsGroupHeartbeatRequest /ActiveTasks */
	{1479, 2}, /* StreamsGroupHeartbeatRequest /StandbyTasks */
	{1481, 2}, /* StreamsGroupHeartbeatRequest /WarmupTasks */
	{1483, 2}, /* StreamsGroupHeartbeatRequest /UserEndpoint */
	{1485, 2}, /* StreamsGroupHeartbeatRequest /ClientTags */
	{1487, 3}, /* StreamsGroupHeartbeatRequest /TaskOffsets */
	{1490, 3}, /* StreamsGroupHeartbeatRequest /TaskEndOffsets */
	{1493, 17}, /* StreamsGroupHeartbeatRequest / */
	{1510, 2}, /* StreamsGroupHeartbeatResponse /Status */
	{1512, 2}, /* StreamsGroupHeartbeatResponse /ActiveTasks */
	{1514, 2}, /* StreamsGroupHeartbeatResponse /StandbyTasks */
	{1516, 2}, /* StreamsGroupHeartbeatResponse /WarmupTasks */
	{1518, 2}, /* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint/UserEndpoint */
	{1520, 2}, /* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint/ActivePartitions */
	{1522, 2}, /* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint/StandbyPartitions */
	{1524, 3}, /* StreamsGroupHeartbeatResponse /PartitionsByUserEndpoint */
	{1527, 16}, /* StreamsGroupHeartbeatResponse / */
	{1543, 6}, /* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/Subtopologies/Nodes */
	{1549, 2}, /* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/Subtopologies */
	{1551, 6}, /* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/GlobalStores/Source */
	{1557, 6}, /* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/GlobalStores/Processor */
	{1563, 2}, /* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription/GlobalStores */
	{1565, 2}, /* StreamsGroupTopologyDescriptionUpdateRequest /TopologyDescription */
	{1567, 4}, /* StreamsGroupTopologyDescriptionUpdateRequest / */
	{1571, 3}, /* StreamsGroupTopologyDescriptionUpdateResponse / */
	{1574, 2}, /* SyncGroupRequest /Assignments */
	{1576, 7}, /* SyncGroupRequest / */
	{1583, 5}, /* SyncGroupResponse / */
	{1588, 4}, /* TxnOffsetCommitRequest /Topics/Partitions */
	{1592, 3}, /* TxnOffsetCommitRequest /Topics */
	{1595, 8}, /* TxnOffsetCommitRequest / */
	{1603, 2}, /* TxnOffsetCommitResponse /Topics/Partitions */
	{1605, 3}, /* TxnOffsetCommitResponse /Topics */
	{1608, 2}, /* TxnOffsetCommitResponse / */
	{1610, 1}, /* UnregisterBrokerRequest / */
	{1611, 3}, /* UnregisterBrokerResponse / */
	{1614, 1}, /* UnregisterControllerRequest / */
	{1615, 3}, /* UnregisterControllerResponse / */
	{1618, 4}, /* UpdateFeaturesRequest /FeatureUpdates */
	{1622, 3}, /* UpdateFeaturesRequest / */
	{1625, 3}, /* UpdateFeaturesResponse /Results */
	{1628, 4}, /* UpdateFeaturesResponse / */
	{1632, 3}, /* UpdateRaftVoterRequest /Listeners */
	{1635, 2}, /* UpdateRaftVoterRequest /KRaftVersionFeature */
	{1637, 6}, /* UpdateRaftVoterRequest / */
	{1643, 4}, /* UpdateRaftVoterResponse /CurrentLeader */
	{1647, 3}, /* UpdateRaftVoterResponse / */
	{1650, 8}, /* VoteRequest /Topics/Partitions */
	{1658, 2}, /* VoteRequest /Topics */
	{1660, 3}, /* VoteRequest / */
	{1663, 5}, /* VoteResponse /Topics/Partitions */
	{1668, 2}, /* VoteResponse /Topics */
	{1670, 3}, /* VoteResponse /NodeEndpoints */
	{1673, 3}, /* VoteResponse / */
	{1676, 4}, /* WriteShareGroupStateRequest /Topics/Partitions/StateBatches */
	{1680, 6}, /* WriteShareGroupStateRequest /Topics/Partitions */
	{1686, 2}, /* WriteShareGroupStateRequest /Topics */
	{1688, 2}, /* WriteShareGroupStateRequest / */
	{1690, 3}, /* WriteShareGroupStateResponse /Results/Partitions */
	{1693, 2}, /* WriteShareGroupStateResponse /Results */
	{1695, 1}, /* WriteShareGroupStateResponse / */
	{1696, 2}, /* WriteTxnMarkersRequest /Markers/Topics */
	{1698, 6}, /* WriteTxnMarkersRequest /Markers */
	{1704, 1}, /* WriteTxnMarkersRequest / */
	{1705, 2}, /* WriteTxnMarkersResponse /Markers/Topics/Partitions */
	{1707, 2}, /* WriteTxnMarkersResponse /Markers/Topics */
	{1709, 2}, /* WriteTxnMarkersResponse /Markers */
	{1711, 1}, /* WriteTxnMarkersResponse / */
};

/* by key; requests and responses */
const struct schema_api schema_apis[] = {
	[0] = {"Produce", 3, 13, 9, 1, 350, 356},
	[1] = {"Fetch", 4, 18, 12, 1, 247, 255},
	[2] = {"ListOffsets", 1, 11, 6, 1, 302, 305},
	[3] = {"Metadata", 0, 13, 9, 1, 315, 319},
	[8] = {"OffsetCommit", 2, 10, 8, 1, 322, 325},
	[9] = {"OffsetFetch", 1, 10, 6, 1, 335, 341},
	[10] = {"FindCoordinator", 0, 6, 3, 1, 266, 268},
	[11] = {"JoinGroup", 0, 9, 6, 1, 287, 289},
	[12] = {"Heartbeat", 0, 4, 4, 1, 271, 272},
	[13] = {"LeaveGroup", 0, 5, 4, 1, 291, 293},
	[14] = {"SyncGroup", 0, 5, 4, 1, 471, 472},
	[15] = {"DescribeGroups", 0, 6, 5, 1, 174, 177},
	[16] = {"ListGroups", 0, 5, 3, 1, 297, 299},
	[17] = {"SaslHandshake", 0, 1, 127, 1, 378, 379},
	[18] = {"ApiVersions", 0, 5, 3, 1, 59, 63},
	[19] = {"CreateTopics", 2, 7, 5, 1, 118, 121},
	[20] = {"DeleteTopics", 1, 6, 4, 1, 147, 149},
	[21] = {"DeleteRecords", 0, 2, 2, 1, 132, 135},
	[22] = {"InitProducerId", 0, 5, 2, 1, 278, 279},
	[23] = {"OffsetForLeaderEpoch", 2, 4, 4, 1, 344, 347},
	[24] = {"AddPartitionsToTxn", 0, 5, 3, 1, 5, 11},
	[25] = {"AddOffsetsToTxn", 0, 4, 3, 1, 0, 1},
	[26] = {"EndTxn", 0, 5, 3, 1, 237, 238},
	[27] = {"WriteTxnMarkers", 1, 2, 1, 1, 508, 512},
	[28] = {"TxnOffsetCommit", 0, 6, 3, 1, 475, 478},
	[29] = {"DescribeAcls", 1, 3, 2, 1, 150, 153},
	[30] = {"CreateAcls", 1, 3, 2, 1, 104, 106},
	[31] = {"DeleteAcls", 1, 3, 2, 1, 123, 126},
	[32] = {"DescribeConfigs", 1, 4, 4, 1, 164, 168},
	[33] = {"AlterConfigs", 0, 2, 2, 1, 26, 28},
	[34] = {"AlterReplicaLogDirs", 1, 2, 2, 1, 44, 47},
	[35] = {"DescribeLogDirs", 1, 5, 2, 1, 179, 183},
	[36] = {"SaslAuthenticate", 0, 2, 2, 1, 376, 377},
	[37] = {"CreatePartitions", 0, 3, 2, 1, 112, 114},
	[38] = {"CreateDelegationToken", 1, 3, 2, 1, 108, 109},
	[39] = {"RenewDelegationToken", 1, 2, 2, 1, 374, 375},
	[40] = {"ExpireDelegationToken", 1, 2, 2, 1, 241, 242},
	[41] = {"DescribeDelegationToken", 1, 3, 2, 1, 170, 173},
	[42] = {"DeleteGroups", 0, 3, 2, 1, 127, 129},
	[43] = {"ElectLeaders", 0, 2, 2, 1, 224, 227},
	[44] = {"IncrementalAlterConfigs", 0, 1, 1, 1, 275, 277},
	[45] = {"AlterPartitionReassignments", 0, 1, 0, 1, 31, 34},
	[46] = {"ListPartitionReassignments", 0, 0, 0, 1, 307, 310},
	[47] = {"OffsetDelete", 0, 0, 127, 1, 328, 331},
	[48] = {"DescribeClientQuotas", 0, 1, 1, 1, 155, 159},
	[49] = {"AlterClientQuotas", 0, 1, 1, 1, 20, 23},
	[50] = {"DescribeUserScramCredentials", 0, 0, 0, 1, 219, 222},
	[51] = {"AlterUserScramCredentials", 0, 0, 0, 1, 56, 58},
	[52] = {"Vote", 0, 2, 0, 0, 494, 498},
	[53] = {"BeginQuorumEpoch", 0, 1, 1, 0, 75, 79},
	[54] = {"EndQuorumEpoch", 0, 1, 1, 0, 232, 236},
	[55] = {"DescribeQuorum", 0, 2, 0, 1, 192, 199},
	[56] = {"AlterPartition", 2, 3, 0, 0, 38, 41},
	[57] = {"UpdateFeatures", 0, 2, 0, 1, 484, 486},
	[58] = {"Envelope", 0, 0, 0, 0, 239, 240},
	[59] = {"FetchSnapshot", 0, 1, 0, 0, 259, 265},
	[60] = {"DescribeCluster", 0, 2, 0, 1, 160, 162},
	[61] = {"DescribeProducers", 0, 0, 0, 1, 185, 189},
	[62] = {"BrokerRegistration", 0, 4, 0, 0, 84, 85},
	[63] = {"BrokerHeartbeat", 0, 2, 0, 0, 80, 81},
	[64] = {"UnregisterBroker", 0, 0, 0, 1, 479, 480},
	[65] = {"DescribeTransactions", 0, 0, 0, 1, 214, 217},
	[66] = {"ListTransactions", 0, 2, 0, 1, 311, 313},
	[67] = {"AllocateProducerIds", 0, 0, 0, 0, 15, 16},
	[68] = {"ConsumerGroupHeartbeat", 0, 1, 0, 1, 95, 98},
	[69] = {"ConsumerGroupDescribe", 0, 1, 0, 1, 86, 93},
	[70] = {"ControllerRegistration", 0, 0, 0, 0, 101, 102},
	[71] = {"GetTelemetrySubscriptions", 0, 0, 0, 1, 269, 270},
	[72] = {"PushTelemetry", 0, 0, 0, 1, 357, 358},
	[73] = {"AssignReplicasToDirs", 0, 0, 0, 0, 67, 71},
	[74] = {"ListConfigResources", 0, 1, 0, 1, 294, 296},
	[75] = {"DescribeTopicPartitions", 0, 0, 0, 1, 209, 213},
	[76] = {"ShareGroupHeartbeat", 1, 1, 0, 1, 406, 409},
	[77] = {"ShareGroupDescribe", 1, 1, 0, 1, 400, 405},
	[78] = {"ShareFetch", 1, 2, 0, 1, 393, 399},
	[79] = {"ShareAcknowledge", 1, 2, 0, 1, 383, 388},
	[80] = {"AddRaftVoter", 0, 1, 0, 1, 13, 14},
	[81] = {"RemoveRaftVoter", 0, 0, 0, 1, 372, 373},
	[82] = {"UpdateRaftVoter", 0, 0, 0, 0, 489, 491},
	[83] = {"InitializeShareGroupState", 0, 0, 0, 1, 282, 285},
	[84] = {"ReadShareGroupState", 0, 0, 0, 1, 361, 365},
	[85] = {"WriteShareGroupState", 0, 1, 0, 1, 502, 505},
	[86] = {"DeleteShareGroupState", 0, 0, 0, 1, 142, 145},
	[87] = {"ReadShareGroupStateSummary", 0, 1, 0, 1, 368, 371},
	[88] = {"StreamsGroupHeartbeat", 0, 1, 0, 1, 452, 461},
	[89] = {"StreamsGroupDescribe", 0, 1, 0, 1, 410, 437},
	[90] = {"DescribeShareGroupOffsets", 0, 1, 0, 1, 202, 206},
	[91] = {"AlterShareGroupOffsets", 0, 0, 0, 1, 50, 53},
	[92] = {"DeleteShareGroupOffsets", 0, 0, 0, 1, 137, 139},
	[93] = {"StreamsGroupTopologyDescriptionUpdate", 0, 0, 0, 1, 468, 469},
	[94] = {"UnregisterController", 0, 0, 0, 1, 481, 482},
};

const int schema_api_count = 95;
