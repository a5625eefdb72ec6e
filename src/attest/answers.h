/*
 * answers: what a broker's answer to a batch says about its records.
 *
 * Only two things are certain: "stored from this offset on", and an error that a broker
 * gives before it appends.  Everything else leaves the batch in doubt: a retry's answer
 * may tell later.
 */
#ifndef ATTEST_ANSWERS_H
#define ATTEST_ANSWERS_H

#include "base/base.h"

enum answer_means {
	ANSWER_STORED,  /* at base_offset and behind */
	ANSWER_REFUSED, /* surely not in the log */
	ANSWER_OPEN,    /* in the log or not */
};

/* One partition of a Produce response. */
struct answer {
	int16_t error;
	int64_t base_offset;
	int64_t append_ms; /* LogAppendTimeMs */
};

/*
 * `idempotent`: the batch has a producer id, so that a retry of it can be told.  For
 * those, errors that brokers give before as well as after an append (leadership moved)
 * stay open: a retry is recognised, and must then be the same bytes.
 */
enum answer_means answers_mean(const struct answer *a, bool idempotent);

#endif
