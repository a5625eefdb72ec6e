/*
 * sealer: the thread that orders, states, signs and publishes closed windows.
 *
 *   chains_turn ─► order by offset ─► statement ─► sign ─► journal ─► chains_stated
 *   chains_turn ─► publisher ─► acknowledged ─► chains_published
 *                     └── the same bytes again, until the cluster has them
 *
 * One window of a chain at a time, since each statement names the one before; and one
 * statement of a chain is on its way at a time, so that the topic has them in order.  The thread
 * sleeps in poll() on what wakes it: a turn, the publisher, or sealer_stop().
 */
#ifndef ATTEST_SEALER_H
#define ATTEST_SEALER_H

#include "attest/chains_sure.h"
#include "keys/signer.h"
#include "rdkafka/detour.h"

struct sealer; /* opaque */

struct sealer_conf {
	struct chains *chains;
	struct signer *signer; /* NULL: statements of level 1, unsigned; borrowed until sealer_stop() */
	const char *bootstrap;
	const char *const *props; /* librdkafka properties to reach it: name, value, …, NULL; or NULL; copied */
	const char *topic;
	struct detour *detour; /* how librdkafka reaches brokers; NULL: by itself; borrowed until sealer_stop() */
	void (*ask)(void *arg, struct sure_ask *ask); /* takes it over, any thread; NULL without chains_sure_begin() */
	void *ask_arg;
	int create_partitions;    /* of the statement topic when it is missing; -1: the brokers' default */
	int create_replication;
};

/* Starts the thread.  0, or an error told in `why`. */
int sealer_start(const struct sealer_conf *conf, struct sealer **ret, char *why, size_t why_len) MUSTCHECK;

/*
 * After chains_stop(): waits until every window is published, at most timeout_ms, ends
 * the thread and frees.  Returns how many windows were left; NULL is fine.
 */
size_t sealer_stop(struct sealer *s, int timeout_ms);

/* Ends the wait of sealer_stop() early; any thread. */
void sealer_hurry(struct sealer *s);

#endif
