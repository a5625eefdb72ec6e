/*
 * group: a member of a consumer group that shares partitions out, and keeps for each how far it came; it reads no records.
 *
 *   group_open ─► group_poll … ─► assigned(topic, partition, where to begin) … revoked …
 *                             └─► group_commit(topic, partition, how far, a note)
 *
 * Kafka's own protocol: whoever joins under the same name gets a share, and the share of one that ends, or is silent
 * for session.timeout.ms, goes to the others.  One thread has it; callbacks come in group_poll() alone.
 */
#ifndef RDKAFKA_GROUP_H
#define RDKAFKA_GROUP_H

#include "base/err.h"
#include "base/base.h"
#include "rdkafka/detour.h"

struct group;

struct group_conf { /* all is copied but the detour and arg */
	const char *bootstrap;
	const char *name;
	const char *const *topics; /* names and globs ('*', '?'); NULL-ended */
	const char *const *props;  /* librdkafka properties: name, value, …, NULL; or NULL */
	struct detour *detour;     /* how brokers are reached; NULL: librdkafka dials them itself */
	int timeout_ms;            /* for each answer; a commit may wait for two */
	/* It is ours.  offset: what was committed, -1: nothing; note: what with it, or "". */
	void (*assigned)(void *arg, const char *topic, int32_t partition, int64_t offset, const char *note);
	void (*revoked)(void *arg, const char *topic, int32_t partition); /* it isn't any more: nothing can be committed */
	void *arg;
};

enum { GROUP_NOTE_MAX = 256 };

/* Joining goes on behind.  0, ERR_CONFIG (a property or a name is refused), ERR_NOMEM; `why` says it in words. */
int group_open(const struct group_conf *conf, struct group **ret, char *why, size_t why_len) MUSTCHECK;
/*
 * Leaves, in a few seconds: whom the cluster doesn't let go by then it has until the session ends.  NULL is fine.  librdkafka's
 * handle may live on a while, and the detour with it; none is dialled once detour_refuse() was called.
 */
void group_close(struct group *g);

/* At least every max.poll.interval.ms (five minutes).  0, or what went wrong with group_why(): librdkafka goes on trying. */
int group_poll(struct group *g, int timeout_ms);

/*
 * 0: it is kept.  ERR_NOT_NOW: the group is being shared out anew, or goes on without us; ERR_TIMEOUT: no answer in timeout_ms,
 * and it may be kept later, but before the next: that isn't sent until this one is answered; or another error.  With group_why().
 */
int group_commit(struct group *g, const char *topic, int32_t partition, int64_t offset, const char *note) MUSTCHECK;

const char *group_why(const struct group *g);

/* The glob as librdkafka's subscription takes it, a regular expression; a name as it is.  0, or ERR_LIMIT: too long. */
int group_pattern(const char *glob, char *ret, size_t len) MUSTCHECK;

#endif
