/*
 * publisher: an idempotent producer for one topic, made to be driven by one thread's poll().
 *
 *   publisher_open ─► (the topic is looked for, and created when missing) ─► on_ready
 *   publisher_send ─► librdkafka, retried for as long as it takes ─► on_report
 *
 * Callbacks run in publisher_serve(), publisher_recall() and publisher_close(), never elsewhere.  All
 * functions belong to the one thread that drives it.
 */
#ifndef RDKAFKA_PUBLISHER_H
#define RDKAFKA_PUBLISHER_H

#include "base/err.h"
#include "base/slice.h"
#include "rdkafka/detour.h"

struct publisher;

struct publisher_conf {
	const char *bootstrap;
	const char *topic;
	int create_partitions;    /* of a topic that is missing; -1: the broker's default */
	int create_replication;   /* -1: the broker's default */
	struct detour *detour;    /* how brokers are reached; NULL: librdkafka dials them itself */
	const char *const *props; /* librdkafka properties: name, value, …, NULL; or NULL */

	/* The topic is there; again when it went away and came back, maybe with another count. */
	void (*on_ready)(void *arg, int32_t partition_count);
	/*
	 * Once for each message that was taken.  err 0: stored; ERR_LIMIT: larger by itself than
	 * the topic takes; else it is not known to be stored.
	 */
	void (*on_report)(void *arg, void *opaque, int err, const char *why);
	/* Why it is not getting on, for a log; it keeps trying.  Each cause comes once until something is stored. */
	void (*on_problem)(void *arg, const char *why);
	void *arg;
};

struct publisher_header {
	struct slice name;
	struct slice value; /* p == NULL: null */
};

/*
 * Returns at once; connecting goes on behind.  0, ERR_NOMEM, ERR_IO, ERR_CONFIG (a
 * property is refused); `why` says it in words.
 */
int publisher_open(const struct publisher_conf *conf, struct publisher **ret, char *why, size_t why_len) MUSTCHECK;

/* Readable when publisher_serve() has something to do; so it has once publisher_wait() is over, as poll() takes it. */
int publisher_fd(const struct publisher *p);
int publisher_wait(const struct publisher *p);
void publisher_serve(struct publisher *p);

/*
 * Copies everything; before on_ready it waits in the queue.  key and value p == NULL: null.
 * 0: there will be one on_report with `opaque`.  ERR_NOT_NOW, after the next report, or (behind a recall or a fatal error)
 * a serve once publisher_wait() is over: there is no room, a fatal error is being recovered from, or so many bytes want
 * a longer socket.timeout.ms (a megabyte a second is slow enough).  ERR_LIMIT: too large for any topic.
 * ERR_NOTFOUND: no such partition, as far as is known, which is asked for again each minute.  ERR_NOMEM.
 */
int publisher_send(struct publisher *p, int32_t partition, struct slice key, struct slice value,
		   const struct publisher_header *headers, size_t count, void *opaque) MUSTCHECK;

/*
 * May a message of so many bytes, key and headers with it, be sent?  Of what is sent and not reported the partition has
 * less than its part of eight mebibytes, and all of it could share a batch that the topic takes.  For one that may not,
 * the partition stays closed until what is under way there is reported.
 */
bool publisher_has_room(struct publisher *p, int32_t partition, size_t bytes);

/*
 * What the topic takes, or we send (64 MB): its max.message.bytes, asked for again each minute in which something is
 * stored, and when something is refused.  What was refused though it says that it takes as much counts until it says
 * something else, or stores as much, or for a minute; and twice as long with each next one, an hour at most.
 * Where it may not be asked for: Kafka's default, or the least that was refused.
 */
size_t publisher_limit(const struct publisher *p);

size_t publisher_pending(const struct publisher *p); /* sent and not reported */

/*
 * Takes back what was not given to a broker yet, waits up to timeout_ms for answers about the rest, and has all of it reported.
 * What isn't answered by then is not sent again; it is stored where the broker gets to it later.  The next publisher_serve()
 * makes it ready for more.
 */
void publisher_recall(struct publisher *p, int timeout_ms);

/* Waits up to timeout_ms for what was sent, reports the rest as ERR_CLOSED, and frees.  NULL is fine. */
void publisher_close(struct publisher *p, int timeout_ms);

#endif
