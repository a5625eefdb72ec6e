/* What attest.c, attest_ours.c, attest_produce.c, attest_by_id.c and attest_answer.c share. */
#ifndef STAGES_ATTEST_INTERNAL_H
#define STAGES_ATTEST_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "attest/rewrite.h"
#include "base/metrics.h"
#include "kafka/produce_by_id.h"
#include "stages/attest.h"

/* Kafka's error code that every client retries, and that says that nothing was appended. */
enum { NOT_ENOUGH_REPLICAS = 19 };

struct attest {
	struct stage stage;
	struct chains *chains;
	struct topics *topics;
	pthread_mutex_t lock;
	struct config *config;
	_Atomic int64_t ask_after_ns; /* attest_by_id.c: about topics that aren't attested */
};

/* Of one reactor. */
struct attest_reactor {
	struct rewriter *rewriter;
	struct wr batch; /* a new batch in the making */
};

/* One batch that went out attested. */
struct sent {
	bool by_id;
	bool has_id; /* topic_id is told */
	bool ended; /* settled, lost or withdrawn */
	uint8_t topic_id[16];
	char topic[TOPICS_NAME_MAX + 1];
	size_t topic_len;
	int32_t partition;
	size_t part; /* of the request */
	int32_t records;
	size_t size;
	size_t whole;  /* … and before it was compressed, if … */
	bool longer;   /* … headers were added */
	int64_t reach; /* what it follows comes to stand behind this offset; -1: nothing is known of that */
	struct attempt attempt;
};

/* A request that the client made by name, and that went out by id: what its answer is said back with. */
struct attest_by_name {
	int16_t version; /* the client's */
	size_t count;
	struct produce_topic topics[]; /* their names stand behind the last */
};

enum exchange_kind { EXCHANGE_PRODUCE, EXCHANGE_END_TXN, EXCHANGE_INIT_PRODUCER };

/* A producer whose transactions this connection is known to end from there on: nobody ends them elsewhere meanwhile. */
struct attest_ends {
	int64_t producer_id;
	uint64_t since; /* chains_txn_mark(); 0: none */
};
enum { ATTEST_ENDS_MAX = 8 }; /* clients have one; of what a gateway multiplexes the log is asked */

/* Of a client's connection. */
struct attest_session {
	bool taken;       /* the broker takes Produce by id */
	unsigned out;     /* requests by id without an answer … */
	unsigned changes; /* … and topics_changes() before the first one's ids were looked up */
	struct attest_ends ends[ATTEST_ENDS_MAX]; /* the last used first */
};

/* What an exchange remembers from request to answer. */
struct attest_state {
	enum exchange_kind kind;
	/* Produce */
	struct sent *sent;
	size_t count;
	bool swallow; /* acks=0 */
	struct attest_by_name *by_name; /* NULL: it went out at the client's version */
	bool idempotent;                /* some batch has a sequence */
	/* EndTxn, InitProducerId */
	uint64_t mark;
	int64_t producer_id;
	int16_t epoch;
	bool committed;
	char *transactional_id;
	size_t transactional_id_len;
};

struct config *attest_config(struct attest *a); /* a reference of the caller's own */

struct attest_session *attest_session(const struct attest *a, struct exchange *x); /* NULL: no memory */

void attest_state_free(struct attest_state *s); /* its attempts must have ended; NULL is fine */
void attest_lose(struct attest_state *s);       /* ends every attempt that is left: outcome unknown */
void attest_take_back(struct attest_state *s);  /* ends every attempt: nothing of them went out */

/* How many records it has, as far as its header can be read; 1 when it can't. */
int64_t attest_ours_records(const struct produce_part *p);

/* A batch that this program doesn't rewrite: why; METRIC_COUNT: it does, and `b` is what it is. */
enum metric attest_ours_why_not(const struct produce_part *p, struct batch *b);

/*
 * Which parts have the topic and partition of another one?  Brokers keep the last of
 * them and say nothing of the others.  *ret is the caller's, untouched when none has.
 * 0 or ERR_NOMEM.
 */
int attest_ours_twice(const struct produce_request *q, bool **ret) MUSTCHECK;

enum stage_verdict attest_produce_request(struct attest *a, struct exchange *x);
enum stage_verdict attest_produce_answer(struct attest *a, struct exchange *x, struct attest_state *s);

#endif
