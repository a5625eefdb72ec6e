/*
 * topics: what is known of the cluster's topics, and the stage that learns as answers pass.
 *
 * Names with ids come by in answers to clients; what is missing is asked for once, on
 * the proxy's own connection, many topics at a time, and all who wait for it share that.
 * Safe from any thread.
 */
#ifndef STAGES_TOPICS_H
#define STAGES_TOPICS_H

#include "attest/chains_sure.h"
#include "base/clock.h"
#include "proxy/stage.h"

struct topics;

#define TOPICS_NAME_MAX 249 /* Kafka's Topic.validate() */

/* Kafka's default of max.message.bytes; what is assumed while nobody tells. */
#define TOPICS_DEFAULT_MAX_BYTES 1048588

/* So many topics one question is about; who waits for more asks again. */
#define TOPICS_AT_ONCE 500

/* So long after that a leader may take the name for the topic before. */
#define TOPICS_YOUNG_MS 2000

/* A broker may hear so much later than another of a topic or partition. */
#define TOPICS_LAG_MS 250

/* How long anybody waits for an answer of the cluster. */
#define TOPICS_WAIT_MS 5000

/* The message format in which a broker before Kafka 4 may keep a topic (message.format.version), whatever it is sent. */
enum topics_format {
	TOPICS_FORMAT_BATCHES,
	TOPICS_FORMAT_V1, /* of 0.10: has no headers */
	TOPICS_FORMAT_V0, /* before: nor timestamps */
};

struct topic_facts {
	char name[TOPICS_NAME_MAX + 1];
	size_t name_len;
	bool has_id;
	uint8_t id[16];
	int32_t partitions;
	size_t max_bytes; /* of a batch as it is sent: what the cluster told, … */
	bool max_told;    /* … if it did */
	size_t max_whole; /* of a batch before it is compressed, with headers, as refusals showed; SIZE_MAX: none did */
	enum chains_time time;
	enum topics_format format;
	bool compacted; /* cleanup.policy: records may be gone because a later one has their key */
	struct monotime since; /* then it was found that the name is another topic's than before; 0: never */
};

/* The way to the cluster: the shape of proxy/control.h's control_ask() and its callbacks. */
typedef void topics_body_fn(void *arg, int16_t version, struct wr *w);
typedef void topics_done_fn(void *arg, int err, int16_t version, struct slice body);

struct topics_doors {
	void *arg;
	int (*ask)(void *arg, int16_t key, int16_t min, int16_t max, topics_body_fn *body, topics_done_fn *done,
		   void *done_arg);
};

/* The chains are told the cluster's id, and when a topic is deleted. */
struct topics *topics_new(struct chains *chains, const struct topics_doors *doors) MUSTCHECK;
void topics_free(struct topics *t); /* when no ask is under way any more; NULL is fine */

const struct stage *topics_stage(struct topics *t);

/* A topic as a client names it. */
struct topic_ref {
	struct slice name; /* p == NULL: by id */
	const uint8_t *id; /* 16 bytes */
};

/*
 * What is known of the topic and this partition of it.  0; ERR_NOTFOUND: nothing yet, topics_wait() for it;
 * ERR_REMOTE: the cluster has no such topic or partition; ERR_AGAIN: a broker has none, and may only lag behind:
 * ask again in TOPICS_LAG_MS; ERR_NOT_NOW: the cluster doesn't answer, as others found out by waiting, and is asked
 * without anybody's waiting until it does.
 */
int topics_find(struct topics *t, const struct topic_ref *ref, int32_t partition, struct topic_facts *ret) MUSTCHECK;

/* The name that passed by with an id; that may be all that is known.  false: it isn't. */
bool topics_name(struct topics *t, const uint8_t id[16], char ret[TOPICS_NAME_MAX + 1]);

/*
 * Asks for the first TOPICS_AT_ONCE of these, as far as nobody does.  The ticket is resumed
 * once, when all those have their answers, or there is nothing to wait for.  NULL: just asks.
 */
void topics_wait(struct topics *t, const struct topic_ref *refs, size_t count, struct ticket *ticket);

/*
 * Asks again about all topics in use, in one question, so that a change of their settings,
 * or another topic under an old name, is seen.  What wasn't used for ten rounds is asked
 * for when it is needed.  To be called every so often.
 */
void topics_refresh(struct topics *t);

/* The broker doesn't know the topic (any more), or it looks like another one: looks again. */
void topics_doubt(struct topics *t, const struct topic_ref *ref);

/* Asks the cluster, and gives the answer to who wants to be sure.  Takes the ask over; any thread. */
void topics_sure(struct topics *t, struct sure_ask *ask);

/* How often a name was found to be, or may be, another topic's than before, or nobody's. */
unsigned topics_changes(const struct topics *t);

/* A leader of the topic doesn't know that id: looks again, unless the name has another one by now. */
void topics_refused(struct topics *t, struct slice name, const uint8_t id[16]);

/*
 * A batch of that size was too large, though it is within the limit; it has `whole` bytes before it is compressed.  Either
 * the limit is lower by now, or the broker compresses anew, perhaps not at all, and measures that.  Small bytes may become
 * large then, so that nothing follows for others that are small: what a broker measures is `whole` at most, or about that.
 */
void topics_too_large(struct topics *t, struct slice name, size_t size, size_t whole);

#endif
