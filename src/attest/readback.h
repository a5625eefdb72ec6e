/*
 * readback: the thread that asks the cluster what no answer told.
 *
 *   chains_look ─► read the partition from where the batch can stand ─► chains_look_end
 *              ├─► read its end as the log tells it (attest/ends.h)
 *              └─► read the statement topic for what an earlier run may have published (attest/posted.h)
 *
 * It has a consumer of its own, and another once a transaction's end is asked for, and blocks in them;
 * a cluster that can't be read is asked again as long as there is something to ask.
 */
#ifndef ATTEST_READBACK_H
#define ATTEST_READBACK_H

#include "attest/chains.h"
#include "base/clock.h"
#include "keys/signer.h"
#include "rdkafka/detour.h"

struct readback; /* opaque */

struct readback_conf {
	struct chains *chains; /* chains_read_back() was called */
	const char *bootstrap;
	const char *const *props; /* librdkafka properties: name, value, …, NULL; or NULL; copied */
	struct detour *detour;    /* NULL: librdkafka dials by itself; borrowed until readback_stop() */
	const char *dbom_topic;   /* copied */
	const struct signer *signer; /* of statements, and it is ready; only asked for its public key.  NULL: level 1 */
};

/* Starts the thread.  0, or an error told in `why`. */
int readback_start(const struct readback_conf *conf, struct readback **ret, char *why, size_t why_len) MUSTCHECK;

/* From now on it waits for no answer for longer than until then.  NULL is fine; from any thread. */
void readback_end_by(struct readback *r, struct monotime end);

/* Ends it, behind the answer that is under way; NULL is fine. */
void readback_stop(struct readback *r);

#endif
