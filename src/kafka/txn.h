/*
 * txn: what passes by of transactions: EndTxn (versions 0 to 5), InitProducerId (0 to 5), and whether the coordinator took
 * what AddPartitionsToTxn (0 to 3; later ones are between brokers) and AddOffsetsToTxn (0 to 4) add.
 */
#ifndef KAFKA_TXN_H
#define KAFKA_TXN_H

#include "base/rd.h"

struct end_txn {
	struct slice transactional_id;
	int64_t producer_id;
	int16_t epoch;
	bool committed;
};

/* 0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED. */
int end_txn_request_read(int16_t version, struct slice body, struct end_txn *ret) MUSTCHECK;

/* *ret_error: Kafka's error code; 0 means that the outcome stands. */
int end_txn_response_read(int16_t version, struct slice body, int16_t *ret_error) MUSTCHECK;

struct init_producer_id {
	struct slice transactional_id; /* p == NULL: an idempotent producer without transactions */
	int64_t producer_id;           /* that it had, from version 3 on; -1: none */
	int16_t epoch;
};

/* With a transactional id it ends what an earlier producer of that id left open, if the answer is not an error. */
int init_producer_id_request_read(int16_t version, struct slice body, struct init_producer_id *ret) MUSTCHECK;

int init_producer_id_response_read(int16_t version, struct slice body, int16_t *ret_error, int64_t *ret_producer_id,
				   int16_t *ret_epoch) MUSTCHECK;

/*
 * Of AddPartitionsToTxn or AddOffsetsToTxn.  *ret_error: Kafka's error code, of partitions the first one that has any
 * but OPERATION_NOT_ATTEMPTED; 0: none.
 */
int txn_add_response_read(int16_t key, int16_t version, struct slice body, int16_t *ret_error) MUSTCHECK;

#endif
