/* What watch_run.c, watch_share.c and watch_step.c share. */
#ifndef CTL_WATCH_INTERNAL_H
#define CTL_WATCH_INTERNAL_H

#include "base/clock.h"
#include "ctl/watch.h"
#include "ctl/watch_metrics.h"
#include "ctl/watch_tell.h"
#include "ctl/watch_warn.h"
#include "rdkafka/group.h"

enum { WATCH_WHY_MAX = 700 };

enum watch_then { THEN_ON, THEN_CUT, THEN_REMADE }; /* once what was told is committed */

struct share { /* a partition that is ours */
	struct share *next;
	char topic[256], topic_id[TOPIC_ID_TEXT + 1];
	char noted_id[TOPIC_ID_TEXT + 1]; /* of the topic that `at` is about; empty: nobody noted it */
	int32_t partition;
	bool meant;            /* else a glob means it that passes over it */
	struct vigil_begin at; /* where it begins, while there is no vigil */
	struct vigil *vigil;
	int64_t again_to;      /* below it things were maybe told before */
	int64_t due_ms;        /* monotonic: the next step */
	unsigned failures;     /* in a row */
	int64_t judged_ms;
	bool is_told;          /* what was found, and isn't committed yet … */
	int64_t told_to;       /* … up to here */
	enum watch_then then;
};

struct watch {
	const struct command *c;
	const struct watch_options *o;
	const struct way *way;
	struct consumer *consumer;
	struct ledger *ledger;
	struct group *group;
	struct watch_tell *tell;
	struct vigil_conf vigil;
	char cluster_id[256];
	struct topic_id_line *ids; /* kept: they are asked for often */
	struct share *shares;
	struct share *current;  /* whose turn it is; not in the list any more where it is lost */
	bool is_lost;           /* the group gave it to another meanwhile */
	bool is_ending;
	int64_t turn_ms;        /* when the turn began, … */
	int64_t telling_ms;     /* … and when what was found began to be told */
	int64_t served_ms;      /* the group, last */
	int64_t failed_due_ms;  /* who failed has no turn before, while there are others */
	int64_t careful_ms;     /* until then a broker may be gone: its partitions fail one after the other */
	struct watch_counts counts;
	int64_t metrics_ms;
	bool violation, unfinished;
	struct watch_warn warned;
};

static inline int64_t
watch_now_ms(void)
{
	return clock_now().ns / 1000000;
}

/* --- watch_run.c ------------------------------------------------------------------------------ */

void watch_run_warn(struct watch *w, const char *what, const char *why); /* not each time */

/*
 * While something takes long: the group is served, or it would go on without us.  0; ERR_NOT_NOW: what is worked on isn't
 * ours any more; ERR_CLOSED: we are to end.
 */
int watch_run_serve(struct watch *w);

/* --- watch_share.c ---------------------------------------------------------------------------- */

/* The group's callbacks. */
void watch_share_assigned(void *arg, const char *topic, int32_t partition, int64_t offset, const char *note);
void watch_share_revoked(void *arg, const char *topic, int32_t partition);

struct vigil_begin watch_share_at(int64_t offset); /* below which all was judged */
void watch_share_begin(struct share *s, struct vigil_begin at); /* the next step opens it there */
struct share *watch_share_next(const struct watch *w, int64_t now_ms); /* whose turn it is; NULL: nobody's */
void watch_share_turn(struct watch *w, struct share *s);
void watch_share_free(struct share *s);

/* --- watch_step.c ------------------------------------------------------------------------------ */

/* Judges what is next, tells it, commits it.  0: there may be more; ERR_NOT_NOW; else what went wrong, which was said. */
int watch_step(struct watch *w, struct share *s);

#endif
