/* What topics.c, topics_table.c and topics_look.c share. */
#ifndef STAGES_TOPICS_INTERNAL_H
#define STAGES_TOPICS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "stages/topics.h"

enum {
	TOPICS_KEPT = 100000,
	TOPICS_MISSES_KEPT = 10000,
	TOPICS_MISS_MS = 1000,    /* how long "there is no such topic", or partition, is believed */
	TOPICS_UNUSED = 10,       /* refreshes after which a topic isn't in use any more */
	TOPICS_SILENT_MS = 30000, /* and that there are no answers, while nobody shows otherwise */
};

/*
 * Questions stand in a line for each kind, so that who wants to know of few topics doesn't
 * wait behind many that may not even exist, nor behind the refresh of all in use.
 */
enum look_kind { LOOK_FEW, LOOK_MANY, LOOK_REFRESH, LOOK_KINDS };

struct topics {
	struct stage stage;
	struct chains *chains;
	struct topics_doors doors;

	pthread_mutex_t lock;
	struct map *by_name; /* → struct topic, which it owns */
	struct map *by_id;   /* → the same ones */
	struct list by_use;  /* again; longest unused first */
	struct map *misses;  /* key → struct miss, which it owns */
	struct map *asked;   /* key → struct asked, under way: topics_look.c */
	struct list looks;   /* the questions under way, oldest first */
	struct list line;    /* those that aren't asked yet, likewise */
	unsigned under_way[LOOK_KINDS];
	struct look *gathering[2]; /* in the line, of LOOK_FEW, by name and by id: takes what comes meanwhile */
	atomic_uint changes; /* topics_changes() */
	struct monotime heard_at; /* when the last answer came */
	bool silent;         /* the last question had no answer, … */
	struct monotime silent_at; /* … as was found then */
};

/* Of a limit that nobody told. */
#define TOPICS_UNTOLD SIZE_MAX

/*
 * Brokers hear of topics and partitions at different times: what one of them doesn't know, and a client does, may
 * only have begun.  That it isn't there is believed when it is told again, TOPICS_LAG_MS later.
 */
struct denial {
	struct monotime first, last; /* 0: none */
};

struct topic {
	struct link in_use; /* by_use */
	struct topic_facts facts;
	size_t told;     /* facts.max_bytes is what the cluster told; or untold */
	bool complete;   /* its settings were asked for too */
	unsigned unused; /* so many refreshes ago it was used */
	struct monotime looked_at;
	int32_t wanted; /* the highest partition that a question not yet asked is to find; -1: none */
	int32_t absent; /* partitions from here on were looked for and not found; -1: none were */
	struct denial no_partition; /* … as answers showed */
	struct denial gone;         /* the topic itself, likewise */
	struct monotime heard_at;   /* when its name and id passed by; 0: never */
};

/* A name or an id, as what is looked for. */
struct topic_key {
	uint8_t bytes[1 + TOPICS_NAME_MAX];
	size_t len;
};

static inline struct slice
topic_key_slice(const struct topic_key *k)
{
	return slice_of(k->bytes, k->len);
}

static inline bool
topic_key_by_id(const struct topic_key *k)
{
	return k->bytes[0] == 'i';
}

/* The name, or the id. */
static inline struct slice
topic_key_what(const struct topic_key *k)
{
	return slice_of(k->bytes + 1, k->len - 1);
}

static inline struct slice
topic_facts_name(const struct topic_facts *f)
{
	return slice_of(f->name, f->name_len);
}

/* false: no topic can have that name. */
bool topics_key(const struct topic_ref *ref, struct topic_key *ret);

/* --- topics_table.c, all under the lock --------------------------------------------- */

int topics_table_init(struct topics *t) MUSTCHECK; /* 0 or ERR_NOMEM */
void topics_table_free(struct topics *t);

struct topic *topics_get(const struct topics *t, const struct topic_key *key); /* or NULL */
void topics_used(struct topics *t, struct topic *e);

/* A name with an id that passed by. */
void topics_hear(struct topics *t, struct slice name, const uint8_t id[16]);

/* What a look found; its max_bytes may be untold.  `ret_old`: the topic that had the name before, if it is gone. */
void topics_apply(struct topics *t, const struct topic_facts *found, struct topic_facts *ret_old);

/*
 * An answer doesn't have it.  true: so it isn't there; false: that has to be told again, since it was known
 * (TOPICS_LAG_MS after the first time) or passed by (TOPICS_YOUNG_MS after that).
 */
bool topics_apply_absence(struct topics *t, const struct topic_key *key, struct topic_facts *ret_old);

/* Its topic or this partition isn't there (ERR_REMOTE), or wasn't just now (ERR_AGAIN); 0: nobody said so lately. */
int topics_denied(const struct topic *e, int32_t partition);

/* `why`: ERR_REMOTE (there is no such topic) or ERR_NOT_NOW (no answer). */
void topics_note_miss(struct topics *t, const struct topic_key *key, int why);

/* Why it isn't known, as was found just now; 0: it isn't known that it isn't. */
int topics_missed(struct topics *t, const struct topic_key *key);

/* --- topics_look.c ------------------------------------------------------------------- */

struct look; /* opaque */

/* Under the lock: a question about one topic, for topics_look_on(); false when it is being asked, or there is no memory. */
bool topics_look_again(struct topics *t, const struct topic_key *key);

/* Under the lock: is it no use to wait for an answer? */
bool topics_silent(const struct topics *t);

/* Asks what can be asked now.  Not under the lock. */
void topics_look_on(struct topics *t);

#endif
