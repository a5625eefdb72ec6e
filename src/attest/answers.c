#include "attest/answers.h"

enum when {
	BEFORE, /* a broker says so before it appends */
	EITHER, /* before, or while it waits for the replicas of what it appended (DelayedProduce) */
};

/* Kafka's error codes in answers to Produce; those that aren't here leave everything open. */
static const struct {
	int16_t code;
	enum when when;
} errors[] = {
	{2, BEFORE},   /* CORRUPT_MESSAGE */
	{3, EITHER},   /* UNKNOWN_TOPIC_OR_PARTITION */
	{5, EITHER},   /* LEADER_NOT_AVAILABLE */
	{6, EITHER},   /* NOT_LEADER_OR_FOLLOWER */
	{9, EITHER},   /* REPLICA_NOT_AVAILABLE */
	{10, BEFORE},  /* MESSAGE_TOO_LARGE */
	{14, BEFORE},  /* COORDINATOR_LOAD_IN_PROGRESS: a transaction could not be verified */
	{15, BEFORE},  /* COORDINATOR_NOT_AVAILABLE */
	{16, BEFORE},  /* NOT_COORDINATOR */
	{17, BEFORE},  /* INVALID_TOPIC_EXCEPTION */
	{18, BEFORE},  /* RECORD_LIST_TOO_LARGE */
	{19, BEFORE},  /* NOT_ENOUGH_REPLICAS */
	{21, BEFORE},  /* INVALID_REQUIRED_ACKS */
	{29, BEFORE},  /* TOPIC_AUTHORIZATION_FAILED */
	{31, BEFORE},  /* CLUSTER_AUTHORIZATION_FAILED */
	{32, BEFORE},  /* INVALID_TIMESTAMP */
	{35, BEFORE},  /* UNSUPPORTED_VERSION */
	{42, BEFORE},  /* INVALID_REQUEST */
	{43, BEFORE},  /* UNSUPPORTED_FOR_MESSAGE_FORMAT */
	{44, BEFORE},  /* POLICY_VIOLATION */
	{45, BEFORE},  /* OUT_OF_ORDER_SEQUENCE_NUMBER */
	{47, BEFORE},  /* INVALID_PRODUCER_EPOCH */
	{48, BEFORE},  /* INVALID_TXN_STATE */
	{49, BEFORE},  /* INVALID_PRODUCER_ID_MAPPING */
	{51, BEFORE},  /* CONCURRENT_TRANSACTIONS */
	{53, BEFORE},  /* TRANSACTIONAL_ID_AUTHORIZATION_FAILED */
	{56, EITHER},  /* KAFKA_STORAGE_ERROR */
	{59, BEFORE},  /* UNKNOWN_PRODUCER_ID */
	{74, BEFORE},  /* FENCED_LEADER_EPOCH */
	{75, BEFORE},  /* UNKNOWN_LEADER_EPOCH */
	{76, BEFORE},  /* UNSUPPORTED_COMPRESSION_TYPE */
	{87, BEFORE},  /* INVALID_RECORD */
	{89, BEFORE},  /* THROTTLING_QUOTA_EXCEEDED */
	{90, BEFORE},  /* PRODUCER_FENCED */
	{100, BEFORE}, /* UNKNOWN_TOPIC_ID */
	{103, BEFORE}, /* INCONSISTENT_TOPIC_ID */
	{120, BEFORE}, /* TRANSACTION_ABORTABLE */
};

enum answer_means
answers_mean(const struct answer *a, bool idempotent)
{
	if (a->error == 0)
		return a->base_offset >= 0 ? ANSWER_STORED : ANSWER_OPEN;
	/* A broker that waits for replicas when the error occurs tells where it appended. */
	if (a->base_offset >= 0)
		return ANSWER_OPEN;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (errors[i].code == a->error)
			return errors[i].when == BEFORE || !idempotent ? ANSWER_REFUSED : ANSWER_OPEN;
	}
	return ANSWER_OPEN;
}
