/*
 * follower: reads many partitions at once, each from where it was told to, until it is told to stop; without a group.
 *
 *   follower_read ─► follower_wait (until there is something) ─► follower_take: records, ends, places that are gone
 *
 * All functions belong to one thread, but for follower_wake().  What asks the cluster blocks for `timeout_ms` at
 * most, and fails with ERR_TIMEOUT, ERR_NOTFOUND (no such topic), ERR_REMOTE; follower_why() then tells in words.
 */
#ifndef RDKAFKA_FOLLOWER_H
#define RDKAFKA_FOLLOWER_H

#include "base/err.h"
#include "base/slice.h"
#include "rdkafka/detour.h"

struct follower;

struct follower_conf {
	const char *bootstrap;
	const char *const *props;  /* librdkafka properties: name, value, …, NULL; or NULL */
	struct detour *detour;     /* how brokers are reached; NULL: librdkafka dials them itself */
	const char *const *topics; /* NULL-ended; names and list are copied */
	const char *header;        /* the one header that records are given with */
	size_t queue_bytes;        /* read ahead at most, but for what one answer brings too many */
	int wait_ms;               /* how long a broker may wait for a record that isn't there yet */
	int timeout_ms;
};

enum follower_kind {
	FOLLOWER_RECORD,
	FOLLOWER_END,  /* there is nothing at `offset` yet; told once for an offset */
	FOLLOWER_GONE, /* the log doesn't reach from where it was to be read, or not so far: it is not read any more */
};

struct follower_event { /* borrowed, for the time of the call */
	enum follower_kind kind;
	size_t topic; /* its place in the list */
	int32_t partition;
	int64_t offset;
	int64_t timestamp; /* of a record, as the rest; milliseconds, -1: none */
	struct slice key, value, header; /* p == NULL: null; of headers of that name the last */
};

/* Connecting goes on behind.  0, ERR_CONFIG (a property is refused), ERR_NOMEM, ERR_IO; `why` says it in words. */
int follower_open(const struct follower_conf *conf, struct follower **ret, char *why, size_t why_len) MUSTCHECK;
void follower_close(struct follower *f); /* NULL is fine */
const char *follower_why(const struct follower *f);

int follower_partitions(struct follower *f, size_t topic, int32_t *ret) MUSTCHECK;

/* For partitions 0 … count-1: the first offset whose record is not older, or -1: there is none. */
int follower_offsets_at(struct follower *f, size_t topic, int64_t time_ms, int32_t count, int64_t *ret) MUSTCHECK;

/* The first offsets that are there, and those behind the last. */
int follower_ends(struct follower *f, size_t topic, int32_t count, int64_t *ret_low, int64_t *ret_high) MUSTCHECK;

/* From that offset on, wherever it was read before.  0, ERR_REMOTE. */
int follower_read(struct follower *f, size_t topic, int32_t partition, int64_t offset) MUSTCHECK;
void follower_stop(struct follower *f, size_t topic, int32_t partition); /* one that isn't read is fine */

/* Until there is something to take, it is woken, or the time is over. */
void follower_wait(struct follower *f, int timeout_ms);
void follower_wake(struct follower *f); /* from any thread */

/*
 * Gives `fn` up to `max` of what is there, and returns how many were looked at.  fn may call follower_read() and
 * follower_stop(): what it is given behind that, of the same partition, is not from before.
 */
typedef void follower_fn(void *arg, const struct follower_event *e);
size_t follower_take(struct follower *f, size_t max, follower_fn *fn, void *arg);

#endif
