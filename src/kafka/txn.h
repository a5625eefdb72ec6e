/* txn: the ends of transactions that pass by (EndTxn, versions 0 to 5). */
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

#endif
