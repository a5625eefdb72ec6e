/* What verify.c and verify_….c share. */
#ifndef STAGES_VERIFY_INTERNAL_H
#define STAGES_VERIFY_INTERNAL_H

#include <pthread.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "base/metrics.h"
#include "kafka/batch.h"
#include "kafka/fetch.h"
#include "stages/aside.h"
#include "stages/fetches.h"
#include "stages/stuck.h"
#include "stages/verify.h"

enum verify_mode { VERIFY_OFF, VERIFY_OBSERVE, VERIFY_ENFORCE };    /* verify.mode's words */
enum { VERIFY_STOP, VERIFY_SKIP };                                  /* verify.on.violation's */
enum { VERIFY_KEEP, VERIFY_PASS };                                  /* verify.hold.then's */
enum { VERIFY_PENDING_MAX_MS = 60 * 60 * 1000 };                    /* docs/FORMAT.md, "pending.max" */

struct verify_observer; /* opaque */

struct verify {
	struct stage stage;
	enum verify_mode mode;
	struct verify_doors doors;
	struct topics *topics;
	struct wr dbom_names; /* config_dbom_names(): a reload changes none of them */
	struct stuck *stuck;
	struct stuck *no_room; /* that what is stated has none was told of these */
	struct verify_observer *observer;

	pthread_mutex_t lock; /* of what follows */
	struct config *config;
	struct map *watches; /* key → struct watch, which it owns: verify_hold.c */
};

enum { VERIFY_STOPPED = 87 }; /* INVALID_RECORD: clients surface it, and none resets its offset for it (docs/PROTOCOL.md) */

/*
 * An answer isn't held for longer: a record that came to another partition meanwhile isn't in it.  And at least
 * so long, or who says to wait for no time would ask without pause.
 */
enum { VERIFY_HOLD_MAX_MS = 500, VERIFY_HOLD_MIN_MS = 50 };

/* Of a client's connection. */
struct verify_session {
	struct fetches *fetches;
	struct aside *aside;
	bool renews; /* its broker renews the locks of share groups */
};

/* The connection's; NULL: no request of it was here. */
static inline struct verify_session *
verify_session_of(const struct verify *v, struct exchange *x)
{
	return exchange_session_state(x, &v->stage);
}

/* What an exchange remembers from request to answer. */
struct verify_state {
	bool unread;          /* a broker's own: passes */
	bool renews;          /* a ShareFetch that got no records, and renewed locks */
	struct asked *asked;
	int32_t max_wait_ms;
	bool began;           /* the answer was seen before */
	bool looked;          /* … and waited for what is known of its topics */
	bool paced;           /* … and for its turn to tell a stop again */
	struct monotime until; /* it may be held until then */
	struct verify_hold *hold;
};

struct config *verify_config(struct verify *v); /* a reference of the caller's own */

/* verify.exclude, and the statement topics. */
bool verify_leaves_out(const struct config *c, struct slice topic);

/* A partition's records, as something to judge; the topic's facts must outlive it. */
struct verify_place {
	const struct topic_facts *facts;
	char topic_id[23], cluster_id[64]; /* as text; empty: none */
	struct judge_case c;
};
void verify_place_fill(struct verify *v, const struct config *config, const struct topic_facts *facts, int32_t partition,
		       struct verify_place *ret);

/*
 * Asks the ledger and judges; once more when records name windows that were not asked for.  *ret_whole: the
 * ledger has nothing more to read.  `hold` may be NULL.  0 or ERR_NOMEM.
 */
int verify_judge(struct verify *v, struct judge *judge, struct ledger_want *want, struct verify_hold *hold,
		 bool *ret_whole) MUSTCHECK;

/* What is to be judged of one partition. */
struct verify_source {
	const struct fetch_at *at;
	struct slice records;
	int64_t from;      /* the first offset that the client takes */
	int64_t log_start; /* -1: not told */
	bool unordered;    /* a share group's */
	bool waited;       /* for too long, all of them */
};

struct verify_look {
	enum { LOOK_LEFT_OUT, LOOK_UNKNOWN, LOOK_JUDGED } what; /* verify.exclude; whose they are isn't known, or nothing is whole */
	bool whole;
	struct topic_facts facts;
	struct verify_place place;
	struct stuck_place at; /* how long it waits is known by; a share group's, by another key than those who fetch */
	uint8_t key[16 + 1];
};

/* Judges it; when it is LOOK_JUDGED the judge has the batches until judge_close().  0 or ERR_NOMEM. */
int verify_look(struct verify *v, const struct config *config, struct judge *judge, const struct verify_source *s,
		struct verify_hold *hold, struct verify_look *ret) MUSTCHECK;

/* Topics of which not all is known; they are asked for, many at once, and the answer waits, once. */
struct verify_unknown {
	struct topic_ref refs[TOPICS_AT_ONCE];
	size_t count;
};
void verify_look_unknown(struct verify *v, struct verify_unknown *u, const struct fetch_at *at);
enum stage_verdict verify_look_wait(struct verify *v, struct exchange *x, struct verify_state *s, const struct verify_unknown *u);

/* How long the answer may still be held. */
int64_t verify_look_time_left(struct verify_state *s, const struct exchange *x);

/* The violation's line. */
void verify_log_stop(const struct verify *v, const struct topic_facts *facts, int32_t partition,
		     const struct judge_batch *b);

void verify_state_free(struct verify *v, struct verify_state *s); /* NULL is fine */

/* --- verify_counts.c: what is said of records, in sum --------------------------------------- */

struct verify_counts {
	int64_t of[VERDICT_COUNT], missing, reused, gaps, forks, breaks, skipped;
};
void verify_counts_add(struct verify_counts *c, const struct judge_batch *b);
void verify_counts_skip(struct verify_counts *c, const struct judge_batch *b); /* the policy leaves its records out */
void verify_counts_tell(const struct verify_counts *c);                        /* into the metrics */

/* --- verify_answer.c: enforce ----------------------------------------------------------- */

enum stage_verdict verify_answer(struct verify *v, struct exchange *x, struct verify_state *s);

/* --- verify_share.c, verify_share_request.c: for members of share groups; in enforce ------- */

enum stage_verdict verify_share_request(struct verify *v, struct exchange *x, struct verify_session *session);
enum stage_verdict verify_share_answer(struct verify *v, struct exchange *x, struct verify_state *s);
enum stage_verdict verify_share_request_observed(struct verify *v, struct exchange *x); /* the request, in observe */

/* --- verify_share_locks.c: what a broker says of the locks of what is aside ---------------- */

void verify_share_locks_see(const struct exchange *x, struct aside *a, const struct share_response *r, bool renews); /* once for an answer */
struct monotime verify_share_locks_until(const struct exchange *x, const struct share_response *r); /* counted from the request, as the lock is */
void verify_share_locks_gone(const struct exchange *x, int64_t count, const char *cause); /* so many records were aside, and are no more */
void verify_share_locks_expire(const struct exchange *x, struct aside *a);   /* what is aside goes when its lock may have ended */
extern const char verify_share_locks_refused[]; /* a cause */

/* --- verify_observe.c --------------------------------------------------------------------- */

struct verify_observer *verify_observe_new(struct verify *v) MUSTCHECK; /* NULL: no memory */
int verify_observe_start(struct verify_observer *o) MUSTCHECK;          /* 0 or ERR_NOMEM */
void verify_observe_stop(struct verify_observer *o);                    /* NULL is fine */
void verify_observe_free(struct verify_observer *o);                    /* NULL is fine */
void verify_observe_answer(struct verify *v, struct exchange *x, struct verify_state *s);
void verify_observe_share(struct verify *v, struct exchange *x); /* an answer to ShareFetch */

/* --- verify_hold.c: an answer that waits for statements ------------------------------------ */

struct verify_hold *verify_hold_begin(struct exchange *x, unsigned ms) MUSTCHECK; /* NULL: no memory */

/* As the ledger's ask; what it learns from here on about that partition resumes the exchange.  0 or ERR_NOMEM. */
int verify_hold_ask(struct verify *v, struct verify_hold *h, const struct ledger_want *want,
		    struct ledger_answer *ret) MUSTCHECK;
void verify_hold_end(struct verify *v, struct verify_hold *h); /* NULL is fine */
void verify_hold_free(struct verify *v);                       /* the watches; nobody holds any more */

#endif
