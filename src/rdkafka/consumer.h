/*
 * consumer: reads topics from here to there, and blocks while it does; without a group.
 *
 * For programs with one thing to do; never on a reactor.  Every function that asks the
 * cluster fails with ERR_TIMEOUT (nobody answers) or ERR_REMOTE (the answer is an error),
 * and consumer_why() then tells in words.
 */
#ifndef RDKAFKA_CONSUMER_H
#define RDKAFKA_CONSUMER_H

#include "base/err.h"
#include "base/slice.h"
#include "rdkafka/detour.h"

struct consumer;

struct consumer_conf {
	const char *bootstrap;
	const char *client_id;    /* NULL: makotoctl */
	const char *const *props; /* librdkafka properties: name, value, …, NULL; or NULL */
	struct detour *detour;    /* how brokers are reached; NULL: librdkafka dials them itself */
	bool read_committed;      /* else uncommitted */
	int timeout_ms;           /* for each answer */
	const char *queue_kib;    /* read ahead at most, and what one answer brings; NULL: as much as makes it fast */
	const char *fetch_wait_ms; /* a fetch waits at the end of a log, and who reads the next behind it; NULL: 100 */
	bool (*goes_on)(void *arg); /* asked while a reading waits, may call consumer_wait(); false ends it with ERR_CLOSED; or NULL */
	void *arg;
};

struct consumer_header {
	struct slice name; /* one with a NUL inside ends with that NUL: the rest can't be read */
	struct slice value; /* p == NULL: null */
};

struct consumer_record { /* borrowed, for the time of the call */
	int64_t offset;
	int64_t timestamp; /* milliseconds; -1: none */
	bool log_append;   /* timestamp type */
	struct slice key;  /* p == NULL: null */
	struct slice value;
	const struct consumer_header *headers;
	size_t header_count;
};

/* 0 or ERR_CONFIG (a property is refused), ERR_NOMEM; `why` says it in words. */
int consumer_open(const struct consumer_conf *conf, struct consumer **ret, char *why, size_t why_len) MUSTCHECK;
void consumer_close(struct consumer *c); /* NULL is fine */
const char *consumer_why(const struct consumer *c);
void consumer_wait(struct consumer *c, int timeout_ms); /* for each answer, from now on */
/* Readings wait for so much longer as a record of that size takes at a megabyte a second.  0: none is large. */
void consumer_large(struct consumer *c, size_t bytes);

/* Empty where the cluster has none.  Valid until close. */
int consumer_cluster_id(struct consumer *c, struct slice *ret) MUSTCHECK;

/* Gives `fn` every topic that we may see.  fn returns 0, or an error that ends it and is returned. */
typedef int consumer_topic_fn(void *arg, const char *name, int32_t partitions);
int consumer_topics(struct consumer *c, consumer_topic_fn *fn, void *arg) MUSTCHECK;

/* ERR_NOTFOUND: no such topic (it is not created). */
int consumer_partitions(struct consumer *c, const char *topic, int32_t *ret) MUSTCHECK;

/* The first offset that is there, and the one behind the last (read_committed: behind the last that is decided). */
int consumer_watermarks(struct consumer *c, const char *topic, int32_t partition, int64_t *ret_low,
			int64_t *ret_high) MUSTCHECK;

/* The offset of the first record that is not older; INT64_MAX: there is none.  ERR_NOTFOUND: no such topic or partition. */
int consumer_offset_at(struct consumer *c, const char *topic, int32_t partition, int64_t time_ms,
		       int64_t *ret) MUSTCHECK;

/*
 * Gives `fn` every record of from … to-1 that is there, in order, and ends; `to` is at
 * most the high watermark.  Offsets without a record (markers, what was compacted or
 * aborted) are passed over, and that is no waiting, however many they are.  fn returns 0, or
 * an error that ends it and is returned.
 */
typedef int consumer_fn(void *arg, const struct consumer_record *r);
int consumer_read(struct consumer *c, const char *topic, int32_t partition, int64_t from, int64_t to, consumer_fn *fn,
		  void *arg) MUSTCHECK;

/* The last reading missed some: the log (read_committed: what is decided of it) ended before its `to`, or began behind its place. */
bool consumer_was_cut(const struct consumer *c);

/*
 * Does the leader's log end before that offset, with all that it doesn't show yet?  `offset` is behind the high watermark.
 * *ret false: it doesn't, or nobody said so within a second, or the time for an answer.
 */
int consumer_ends_before(struct consumer *c, const char *topic, int32_t partition, int64_t offset, bool *ret) MUSTCHECK;

/* One of a topic's configurations, as text.  ERR_NOTFOUND: it may not be asked for, or isn't there. */
int consumer_topic_config(struct consumer *c, const char *topic, const char *name, char *ret, size_t ret_len) MUSTCHECK;

#endif
