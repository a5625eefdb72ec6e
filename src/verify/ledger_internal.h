/*
 * What the ledger's files share.  Everything here is guarded by ledger.lock, but for what `conf` has and the followers.
 *
 *   lpart    a partition of data         ─► its entries by first offset
 *   lchain   a chain                     ─► its entries by window id
 *   entry    a trusted statement that was read: where it stands, which offsets it spans; and its body, while there is room
 *   spart    a partition of a statement topic ─► spans of it that were read, and for whom
 *
 * Only statements about partitions and chains that somebody asked for have entries.  So that it is known what a span
 * was read for, asking for something new begins a generation, and each span has that of its reading: what was asked
 * for in a later one is not known to be missing there.
 */
#ifndef VERIFY_LEDGER_INTERNAL_H
#define VERIFY_LEDGER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/map.h"
#include "rdkafka/follower.h"
#include "verify/ledger.h"

enum {
	SPANS_MAX = 32,
	TIMES_MAX = 64,
	LEDGER_EXACT_MS = 1000, /* times are looked up so exactly */
	UNTRUSTED_MAX = 1024,
	BARRED_MAX = 4,
	LEDGER_OVERHEAD = 48, /* of an allocation and its place in a map or list */
	CALM = 64, /* so many trusted statements in a row are younger: one clock that is ahead ends no search */
};

struct body { /* what an answer gives */
	struct ledger_window lw; /* first */
	struct statement s;
	size_t bytes;
	unsigned refs;      /* answers, and 1 while it is an entry's */
	struct link link;   /* in ledger.used or ledger.ahead */
	bool is_ahead;
	int64_t since_ms;
	struct entry *entry; /* NULL: no longer */
};

struct entry {
	struct lpart *part;
	struct lchain *chain;
	struct spart *sp; /* where it stands */
	int64_t offset;
	int64_t first_at; /* the lowest offset there that it was met at, it or a copy */
	uint64_t window_id;
	int64_t first, last;
	int64_t opened_ms, closed_ms;
	enum verdict_trust trust;
	uint8_t sha256[SHA256_LEN];
	bool is_good; /* no copy could have more: it declares no manifest, or a right one stands there */
	bool copied;  /* one was met elsewhere */
	size_t body_bytes; /* what its body has, or would have */
	struct body *body;
};

struct entries {
	struct entry **list;
	size_t count, cap;
};

struct seen { /* the lowest offset of a statement about it that ever came by */
	struct spart *sp;
	int64_t offset;
};

struct seen_list {
	struct seen *list;
	size_t count, cap;
};

struct anew { /* when what memory had no room for was looked for anew, last: is it worth it once more? */
	int64_t asked_from; /* the lowest offset of the partition that somebody asked for: there is room for what is next to it */
	int64_t retry_ms;   /* so late once more, though that is the same; INT64_MAX: it is being looked for */
};

struct lpart {
	struct entries by_first;
	int64_t longest;         /* last - first of any of them */
	bool asked;
	uint64_t gen; /* it was asked for in */
	int64_t asked_ms;
	int64_t last_from, last_to;
	int64_t known_from, known_to; /* of offsets outside entries were given up, for want of memory */
	struct anew anew;
	unsigned wants;
	bool reads_ahead;
	size_t wanted; /* so much room the windows have that were asked for last; SIZE_MAX: more than there was */
	bool crowded; /* what was asked for last has no room all together: nothing is read ahead of it */
	uint64_t version; /* of what is known about it */
	struct seen_list seen;
	struct link recent; /* in ledger.recent: asked for, the last first */
};

struct id_run { /* of window ids */
	uint64_t first, last;
};

struct lchain {
	struct chain_id id;
	struct lpart *part; /* NULL: not known, or its id is not what it has to be */
	struct entries by_id;
	bool asked; /* by name */
	uint64_t gen;
	int64_t asked_ms;
	uint64_t known_from, known_to; /* of windows outside entries were given up, for want of memory … */
	uint64_t anew_gen;             /* … and are looked for anew since that generation, … */
	uint64_t anew_to;              /* … up to that one */
	struct anew anew;
	struct seen_list seen;
	uint64_t version;
	struct id_run barred[BARRED_MAX + 1]; /* ledger_untrusted.c */
	size_t barred_count;
};

struct span {
	int64_t lo, hi;
	uint64_t gen;
	uint64_t used;    /* when it was read on, as span_uses counts */
	int64_t until_ms; /* CALM trusted statements in a row, in it or before it, were not older; INT64_MIN: nowhere so many */
};

struct time_fact { /* every record below `offset` is older than `ms` */
	int64_t ms, offset;
	uint64_t used; /* when, as time_uses counts; for who is in turn to look times up */
};

struct sighting { /* of a trusted statement: of that time, if it is none that was published again */
	int64_t ms; /* INT64_MIN: it isn't one */
	uint64_t hash;
};

struct spart {
	size_t topic;
	int32_t partition;
	int64_t low, high; /* as last heard */
	struct span spans[SPANS_MAX + 1];
	size_t span_count;
	uint64_t span_uses;
	struct time_fact times[TIMES_MAX];
	size_t time_count;
	uint64_t time_uses;
	int64_t surveyed; /* all between the start and here came by once; `low` when it did not … */
	uint64_t surveyed_since; /* … in that generation, or later */

	bool follow_known; /* follow_from is set */
	unsigned cut; /* so often in a row it ended before what was read */
	uint64_t anew; /* so often it was found to be another log */
	bool following;
	int64_t follow_heard; /* follow_at when the ends were asked for */
	int64_t follow_from, follow_at; /* everything below follow_at was read by the follower, from its start on */

	int64_t need; /* the plan: to be read from here; -1: nothing */
	bool need_body; /* … where an entry's body has to be */
	int64_t calm_ms; /* … and no further than to where statements are younger */
	bool taken;   /* by one want of those that are planned */
	int64_t sought, sought_ms; /* where the finder last began to read, and when */
	uint64_t sought_gen;
	int64_t missed;            /* a body had to be there, and that was read over … */
	unsigned missed_times;     /* … so often in a row */
	bool reading; /* by the finder */
	int64_t at;
	struct sighting ring[CALM];
	size_t ring_count;
};

struct want {
	struct link link;
	struct lpart *part;
	int64_t from, to, min_ms, max_ms;
	struct ledger_name *names;
	size_t name_count;
	bool holes;
	int64_t room_to;   /* of those that list offsets below, … */
	size_t room_names; /* … and of so many names there is room for the windows: others would take it from them */
	bool searching;
	bool ended;       /* its search */
	bool whole;       /* … found all; else there is no room for it */
	bool name_lost;   /* a chain that it names had no room to be looked for: never whole */
	bool lost;        /* it was looked for anew, and had no room in the index again */
	bool full;        /* from the start of the topics */
	uint64_t version; /* of all that it is about, when it was asked */
	void (*notify)(void *arg);
	void *arg;
	int64_t asked_ms;
};

struct stopic {
	struct spart **list;
	int32_t count, have; /* a topic that was made anew may have fewer */
};

/* Or as near as it gets. */
static inline int64_t
plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

struct ledger {
	struct ledger_conf conf; /* what it points to are copies */
	char **topics;
	size_t topic_count;
	struct follower *tail, *finder;
	pthread_t tail_thread, finder_thread;
	bool tail_runs, finder_runs;
	_Atomic bool ending;

	pthread_mutex_t lock;
	struct stopic *stopics;
	struct map *parts, *chains;
	struct list recent; /* lparts */
	struct list wants;
	struct list used, ahead; /* bodies: given before, the longest ago first; read ahead, what is needed last last */
	uint64_t gen;
	uint64_t version; /* of all that is known: of parts and chains it is what it was when they changed last */
	bool seeks_times; /* of the want that is planned: its times stay known */
	struct ledger_name untrusted[UNTRUSTED_MAX]; /* ledger_untrusted.c */
	bool directory_lost; /* not everything that came by has a part or chain: surveys count for nothing */
	size_t index_bytes, index_max;
	size_t directory_bytes, directory_max; /* parts and chains */
	size_t body_bytes, ahead_bytes, body_max, body_count;
	size_t body_share; /* of body_max, for one partition: what those that ask have room for all together */
	int64_t heard_ms; /* when the ends were told, last; 0: never */
	bool was_current;
	bool said; /* stats.why, since the ends were told last */
	uint64_t trusted; /* how often whom to trust changed */
	struct ledger_stats stats;

	/* The finder's own. */
	int64_t beat_ms, partitions_ms; /* when they are due */
	int64_t rotate_ms;
};

int64_t ledger_now_ms(void); /* monotonic */
bool ledger_is_fresh(const struct ledger *l); /* the ends were told a moment ago */
bool ledger_is_current(const struct ledger *l);

/* Tells those who wait for what changed; `all`: everybody.  Takes the lock. */
void ledger_tell(struct ledger *l, bool all);

/* --- ledger_body.c --- */

/* What verdicts need of it, without the JSON.  A manifest that isn't right is left out.  NULL: no memory. */
struct body *ledger_body_new(const struct published *p, enum verdict_trust trust, struct slice manifest) MUSTCHECK;
struct body *ledger_body_untrusted(const struct ledger_name *name, bool by_known_key) MUSTCHECK; /* its name alone */
size_t ledger_body_size(const struct published *p, struct slice manifest); /* at most, with a right manifest */
bool ledger_body_is_good(const struct published *p, struct slice manifest); /* … which it has, or it declares none */
void ledger_body_put(struct body *b); /* one reference less */

/* No copy of its statement could have more. */
static inline bool
ledger_body_is_complete(const struct body *b)
{
	return b->s.manifest == MANIFEST_NONE || b->lw.w.manifest.p != NULL;
}

/* --- ledger_directory.c --- */

int ledger_directory_part(struct ledger *l, struct slice cluster_id, struct slice topic, struct slice topic_id,
			  int32_t partition, bool asked, struct lpart **ret) MUSTCHECK; /* ERR_NOMEM, ERR_LIMIT */
/* That of a statement. */
int ledger_directory_part_of(struct ledger *l, const struct statement *s, bool asked, struct lpart **ret) MUSTCHECK;
int ledger_directory_find_part(const struct ledger *l, const struct statement *s, struct lpart **ret) MUSTCHECK; /* *ret NULL: there is none */
/* force: beyond the limit, too */
int ledger_directory_chain(struct ledger *l, const struct chain_id *id, bool asked, bool force, struct lchain **ret) MUSTCHECK;
struct lchain *ledger_directory_find_chain(const struct ledger *l, const struct chain_id *id);
int ledger_directory_note_seen(struct ledger *l, struct seen_list *s, struct spart *sp, int64_t offset) MUSTCHECK;

/* --- ledger_index.c --- */

/* Takes e: into the index, or gives it up where there is no room.  0 or ERR_NOMEM (e is freed). */
int ledger_index_add(struct ledger *l, struct entry *e) MUSTCHECK;
struct entry *ledger_index_at(const struct lchain *c, uint64_t window_id, const struct spart *sp, int64_t offset);
struct entry *ledger_index_of(const struct lchain *c, uint64_t window_id, const uint8_t sha256[SHA256_LEN]);
/* A better copy of the statement stands there. */
void ledger_index_move(struct ledger *l, struct entry *e, struct spart *sp, int64_t offset, size_t body_bytes);
void ledger_index_remove(struct ledger *l, struct entry *e);
enum index_removal { REMOVE_ALL, REMOVE_LACKING /* without a body; they may be there again */, REMOVE_COPIED /* … elsewhere */ };
/* Those that stand at those offsets. */
void ledger_index_remove_of(struct ledger *l, const struct spart *sp, int64_t from, int64_t to, enum index_removal how);
void ledger_index_forget_part(struct ledger *l, struct lpart *p); /* all its entries */
void ledger_index_forget_all(struct ledger *l);
void ledger_index_clear(struct ledger *l); /* at the end */

/* The first place in the list that isn't below; by_first and by_id. */
size_t ledger_index_by_first(const struct lpart *p, int64_t first);
size_t ledger_index_by_id(const struct lchain *c, uint64_t window_id);

/* --- ledger_room.c --- */

/* Bodies: may one of that size be kept, of offsets of p from `first` on?  wanted: others go for it; else those farther on. */
bool ledger_room_for(struct ledger *l, const struct lpart *p, int64_t first, size_t bytes, bool wanted);
void ledger_room_attach(struct ledger *l, struct entry *e, struct body *b, bool is_ahead);
void ledger_room_use(struct ledger *l, struct body *b); /* it is given */
void ledger_room_detach(struct ledger *l, struct entry *e); /* the body that it has, if any */

/* --- ledger_untrusted.c --- */

void ledger_untrusted_note(struct ledger *l, const struct chain_id *chain, uint64_t window_id);
/* Signed by a key that the policy knows. */
void ledger_untrusted_bar(struct lchain *c, uint64_t window_id);
bool ledger_untrusted_bars(const struct lchain *c, uint64_t window_id);
bool ledger_untrusted_has(struct ledger *l, const struct chain_id *chain, uint64_t window_id);
void ledger_untrusted_forget(struct ledger *l);

/* --- ledger_spans.c --- */

void ledger_spans_read(struct spart *sp, int64_t from, int64_t to, uint64_t gen, int64_t until_ms);
void ledger_spans_time(struct spart *sp, int64_t ms, int64_t offset);
/* The highest offset below which all is older than `ms`, as far as is known; -1: nothing is. */
int64_t ledger_spans_at_time(const struct ledger *l, struct spart *sp, int64_t ms, bool *ret_exact);
bool ledger_spans_none_older(const struct spart *sp, int64_t ms); /* nothing that is older than `ms` is left, as far as is known */
/* How far it was read from x on, for that generation; *ret_done: far enough. */
int64_t ledger_spans_walk(const struct ledger *l, const struct spart *sp, int64_t x, uint64_t gen, int64_t limit_ms,
			  bool *ret_done);
/* The follower read all that there is. */
bool ledger_spans_at_end(const struct ledger *l, const struct spart *sp, int64_t x);

/* --- ledger_plan.c --- */

/*
 * Is everything read that w is about, or what there is room for?  Sets w->whole.  Else *ret_need_ms: a time that has to be
 * looked up; INT64_MIN: none.  May set need of sparts.
 */
bool ledger_plan_ended(struct ledger *l, struct want *w, bool set_needs, int64_t *ret_need_ms);
int64_t ledger_plan_begin(const struct ledger *l, const struct want *w, const struct spart *sp); /* nothing that it is about stands below */
int64_t ledger_plan_since(int64_t ms); /* what is stated of a window that was opened then was published since, whatever clocks say */
/* What the finder is to read: `need` of each spart.  *ret_ms as above. */
void ledger_plan_all(struct ledger *l, int64_t *ret_ms);
enum { AHEAD_ASKED_MS = 5000 /* who asked so long ago may ask on */ };
bool ledger_plan_near(const struct lpart *p, int64_t first); /* may soon be asked for */

/* --- ledger_need.c --- */

struct bodies { /* of the entries that an answer takes */
	size_t used, share, max; /* of the room; the first ones may take more than their share */
	bool lacking; /* some aren't there and have to be read */
	bool too_many;
};

/* The first ones, as many as have room, by offset and then by name: what was judged then is asked for no more. */
struct bodies ledger_need_bodies(const struct ledger *l, struct want *w, bool set_needs);
void ledger_need_share(struct ledger *l); /* the room is shared out anew */
void ledger_need_at(struct spart *sp, int64_t offset, bool body); /* to be read from there on; body: an entry's has to be there */
bool ledger_need_lacks_body(const struct entry *e);
bool ledger_need_is_gone(const struct entry *e); /* what it stands for can't be read any more */
/* Of those who wait somebody wants its body. */
bool ledger_need_wants(const struct ledger *l, const struct lpart *p, const struct chain_id *chain, uint64_t window_id,
		       int64_t first, int64_t last);
bool ledger_need_names(const struct ledger *l, const struct entry *e); /* it is what a name asks for, or the nearest behind that */

/* --- ledger_lost.c --- */

/* Is it about more than what is known of the partition, for want of memory?  False, too, when that is looked for anew from now on. */
bool ledger_lost_part(struct ledger *l, const struct want *w);
bool ledger_lost_name(const struct lchain *c, uint64_t window_id); /* the same of a chain, which is only asked … */
/* … and looked for anew here.  Since which generation all of the chain is kept; 0: it isn't. */
uint64_t ledger_lost_kept_since(struct ledger *l, const struct want *w, struct lchain *c, uint64_t window_id);
void ledger_lost_again(const struct ledger *l, const struct want *w); /* its search ended without it */

/* --- ledger_links.c --- */

/* Is all read that w->holes asks for?  Else as ledger_plan_ended(). */
bool ledger_links_read(struct ledger *l, const struct want *w, bool set_needs, int64_t *ret_need_ms);
/*
 * A later window of its chain that is known doesn't say that one that is named was never stated: is all read where it would stand,
 * or does a statement pass over it?  Else as ledger_plan_ended().
 */
bool ledger_links_named(struct ledger *l, const struct want *w, bool set_needs, int64_t *ret_need_ms);
struct ledger_link ledger_links_of(struct ledger *l, const struct want *w, const struct entry *e);

/* --- ledger_straight.c --- */

/* Is there something that is worth reading before all that ledger_plan_ended() asks for?  Up to limit_ms; else as there. */
bool ledger_straight(const struct ledger *l, const struct want *w, int64_t limit_ms, bool set_needs, int64_t *ret_need_ms);

/* --- ledger_read.c: what the two threads do --- */

void *ledger_read_tail(void *ledger);
void *ledger_read_finder(void *ledger);

/* --- ledger_take.c --- */

/*
 * One record of a statement topic; *ret_gen: the generation that it was looked at in.  *ret_seen: the statement, when it
 * is known to be trusted, as those are found out about that nobody asked for and that are younger than `calm_ms`.
 * 0 or ERR_NOMEM: it must come again.
 */
int ledger_take(struct ledger *l, struct spart *sp, const struct follower_event *e, int64_t calm_ms, uint64_t *ret_gen,
		struct sighting *ret_seen) MUSTCHECK;

#endif
