/* The chains' side of the journal: what stands in it from the start, and again when old segments go. */
#include "attest/chain_internal.h"
#include "attest/chain_journal.h"
#include "attest/chain_renew.h"
#include "attest/chains_internal.h"
#include "attest/journal_space.h"
#include "attest/outgoing.h"
#include "attest/recovery.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"

/* So much is written anew at once, about: the sealer has other things to do. */
#define ROUND_BYTES ((int64_t)1 << 20)

/* Where nothing could be, so long later it is tried again: that takes a walk over all that is needed. */
#define STUCK_MS INT64_C(1000)

/* --- heads --------------------------------------------------------------------------- */

/* Runs that statements left open, of the chains whose saved_at is an index. */
struct open_runs {
	struct head_runs *of;
	int err;
};

static void
collect_open(void *arg, struct placement *p)
{
	struct open_runs *o = arg;

	if (p->chain->saved_at == SIZE_MAX)
		return;
	for (size_t i = 0; i < p->span_count && o->err == 0; i++) {
		const struct span *s = &p->span[i];

		/* The window that the sealer has tells of its own, by its batches. */
		if (s->stated && s->window == NULL && s->txn == PLACEMENT_TXN_OPEN)
			o->err = head_runs_add(&o->of[p->chain->saved_at],
					       (struct head_run){p->base_offset + s->first, s->count, p->producer_id,
								 p->producer_epoch, false});
	}
}

struct all_chains {
	struct chain **list;
	size_t count;
};

/* Does its last CHAIN entry say less than what stood in segments up to `last` has become? */
static bool
is_behind(const struct chain *c, uint64_t last)
{
	return c->head_hold.segment <= last || c->head_length != c->head.length || c->head_next != c->head.next_window ||
	       c->head_unresolved != c->unresolved;
}

/* Those in the map and those that wait for their cluster.  Under the lock; the chains stay until the end. */
static int
list_chains(struct chains *c, struct all_chains *ret)
{
	struct slice key;
	size_t at = 0;
	void *value;

	ret->list = calloc(map_count(c->map) + c->recovered.count + 1, sizeof(struct chain *));
	if (ret->list == NULL)
		return ERR_NOMEM;
	while (map_next(c->map, &at, &key, &value))
		ret->list[ret->count++] = value;
	LIST_EACH(&c->recovered, e)
		ret->list[ret->count++] = CONTAINER_OF(e, struct recovered, link)->chain;
	return 0;
}

/* The ones that need a new CHAIN entry are counted. */
static void
mark_chains(const struct all_chains *all, uint64_t last)
{
	for (size_t i = 0, wanted = 0; i < all->count; i++) {
		struct chain *chain = all->list[i];

		pthread_mutex_lock(&chain->lock);
		chain->saved_at = is_behind(chain, last) ? wanted++ : SIZE_MAX;
		pthread_mutex_unlock(&chain->lock);
	}
}

static const char *
cluster_of(const struct chains *c, const struct chain *chain)
{
	LIST_EACH(&c->recovered, e) {
		const struct recovered *k = CONTAINER_OF(e, struct recovered, link);

		if (k->chain == chain)
			return k->cluster_id;
	}
	return c->cluster_id;
}

static int
put_waiting_head(struct chains *c, struct heads_entry *e)
{
	struct journal_entry entry = {.kind = JOURNAL_CHAIN};
	struct journal_hold hold;
	int err;

	if (e->number == 0)
		e->number = atomic_fetch_add(&c->shared.next_chain, 1) + 1;
	entry.chain = e->number;
	entry.head = *e;
	err = journal_put(c->shared.journal, &entry, &hold);
	if (err != 0)
		return err;
	journal_release(c->shared.journal, &e->hold);
	e->hold = hold;
	return 0;
}

/* What segments up to `last` say of chains is said behind them.  Under the write lock. */
static int
put_heads(struct chains *c, uint64_t last)
{
	struct all_chains all = {NULL, 0};
	struct open_runs open = {NULL, 0};
	int err = list_chains(c, &all);

	if (err == 0 && (open.of = calloc(all.count + 1, sizeof(*open.of))) == NULL)
		err = ERR_NOMEM;
	if (err == 0) {
		mark_chains(&all, last);
		txns_each(c->shared.txns, collect_open, &open);
		err = open.err;
	}
	for (size_t i = 0; err == 0 && i < all.count; i++) {
		struct chain *chain = all.list[i];

		if (chain->saved_at == SIZE_MAX)
			continue;
		pthread_mutex_lock(&chain->lock);
		err = chain_journal_head(chain, cluster_of(c, chain), &open.of[chain->saved_at]);
		pthread_mutex_unlock(&chain->lock);
	}
	/* From the last on: those that are followed get lower numbers, by which a recovery knows them. */
	for (size_t i = c->heads.count; err == 0 && i-- > 0;)
		if (c->heads.entry[i].topic != NULL && c->heads.entry[i].hold.segment <= last)
			err = put_waiting_head(c, &c->heads.entry[i]);
	for (size_t i = 0; open.of != NULL && i < all.count; i++)
		free(open.of[i].run);
	free(open.of);
	free(all.list);
	return err;
}

/* --- at start ------------------------------------------------------------------------- */

/* The windows that an earlier run left, with everything that is known of them, and what it had stated. */
static int
put_windows(struct chain *chain)
{
	int err = 0;

	LIST_EACH(&chain->windows, we) {
		struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (err == 0 && p->hold.segment == 0)
				err = chain_journal_again(p);
		}
		chain_journal_closed(chain, w);
	}
	LIST_EACH(&chain->outgoing, e) {
		if (err == 0)
			err = chain_journal_outgoing(chain, CONTAINER_OF(e, struct outgoing, link));
		if (err == 0)
			err = journal_commit(chain->shared->journal); /* they may be many */
	}
	return err;
}

static void
mark(void *arg UNUSED, struct placement *p)
{
	p->chain->saved_at = 1;
}

/* Those that may still end are marked. */
static bool
is_head_only(const struct chain *c)
{
	return c->windows.count + c->outgoing.count == 0 && c->saved_at == 0;
}

/* A chain that has nothing but its head waits for a first batch, as after a clean stop. */
static int
keep_head(struct chains *c, struct recovered *k)
{
	struct chain *chain = k->chain;
	struct heads_entry *e = heads_add(&c->heads);

	if (e == NULL)
		return ERR_NOMEM;
	e->cluster_id = k->cluster_id;
	e->topic = chain->topic;
	e->has_topic_id = chain->has_topic_id;
	memcpy(e->topic_id, chain->topic_id, sizeof(e->topic_id));
	e->partition = chain->partition;
	e->chain = chain->id;
	e->head = chain->head;
	e->number = chain->number;
	k->cluster_id = chain->topic = NULL;
	memset(&chain->head.ended, 0, sizeof(chain->head.ended));
	list_append(&c->kept, &k->link);
	return 0;
}

/* Its place in the map is one chain's. */
static int
write_place(const struct recovered *k, struct wr *w)
{
	return chains_heads_place(w, k->cluster_id, k->chain->topic, k->chain->topic_id, k->chain->partition);
}

/* Of chains at one place the one that has windows, or the last, stands for it; it is the other that is followed. */
static bool
is_followed_by(const struct recovered *k, const struct recovered *other)
{
	if (is_head_only(k->chain) != is_head_only(other->chain))
		return is_head_only(k->chain);
	return k->chain->number < other->chain->number;
}

/* One log: what either of them had acknowledged is no copy of what the other sends. */
static void
share_highest(struct chain *a, struct chain *b)
{
	if (a->head.high_offset < b->head.high_offset)
		a->head.high_offset = b->head.high_offset;
	b->head.high_offset = a->head.high_offset;
}

/* Under another collector's name a chain follows one that has nothing but its head: the map of chains has one for each place. */
static int
find_followed(struct list *found, char *why, size_t why_len)
{
	struct map *last = map_new();
	struct wr place = wr_new(SIZE_MAX / 2);
	int err = last == NULL ? ERR_NOMEM : 0;

	LIST_EACH(found, e) {
		struct recovered *k = CONTAINER_OF(e, struct recovered, link), *other;

		if (err != 0 || (err = write_place(k, &place)) != 0)
			break;
		other = map_get(last, wr_slice(&place));
		if (other != NULL && !is_head_only(k->chain) && !is_head_only(other->chain)) {
			(void)snprintf(why, why_len,
				       "the journal's entries contradict each other: chains %u and %u aren't over, and have one place",
				       k->chain->number, other->chain->number);
			err = ERR_MALFORMED;
			break;
		}
		if (other != NULL)
			share_highest(k->chain, other->chain);
		k->followed = other != NULL && is_followed_by(k, other);
		if (!k->followed && (err = map_put(last, wr_slice(&place), k)) != 0)
			break;
		if (!k->followed && other != NULL)
			other->followed = true;
	}
	if (err == ERR_NOMEM)
		(void)snprintf(why, why_len, "%s", err_text(err));
	wr_free(&place);
	map_free(last);
	return err;
}

static int
newest_first(const void *a, const void *b)
{
	uint32_t m = (*(struct recovered *const *)a)->chain->number, n = (*(struct recovered *const *)b)->chain->number;

	return (m < n) - (m > n);
}

/* Of those that are followed, the last of each place stay, the newest in front. */
static int
drop_oldest(struct chains *c, struct list *followed)
{
	struct recovered **all = calloc(followed->count + 1, sizeof(struct recovered *));
	struct map *met = map_new();
	struct wr place = wr_new(SIZE_MAX / 2);
	size_t n = 0, before;
	int err = all == NULL || met == NULL ? ERR_NOMEM : 0;

	while (err == 0 && followed->count > 0)
		all[n++] = CONTAINER_OF(list_pop(followed), struct recovered, link);
	if (n > 1)
		qsort(all, n, sizeof(struct recovered *), newest_first);
	for (size_t i = 0; i < n; i++) {
		bool stays = true;

		if (err == 0 && (err = write_place(all[i], &place)) == 0 && (err = chains_heads_meet(met, &place, &before)) == 0)
			stays = chains_heads_keeps(&all[i]->chain->head, before + 1);
		list_append(stays ? followed : &c->kept, &all[i]->link);
	}
	wr_free(&place);
	map_free(met);
	free(all);
	return err;
}

/* They belong to c whatever comes of it.  Those that are followed stand behind (chains_heads.c). */
static int
keep_all(struct chains *c, struct list *found, int err, size_t *ret_windows)
{
	struct list followed;
	struct link *e;

	list_init(&followed);
	*ret_windows = 0;
	while ((e = list_pop(found)) != NULL) {
		struct recovered *k = CONTAINER_OF(e, struct recovered, link);

		*ret_windows += k->chain->windows.count + k->chain->outgoing.count;
		if (err == 0 && k->followed)
			list_append(&followed, e);
		else if (err != 0 || !is_head_only(k->chain) || (err = keep_head(c, k)) != 0)
			list_append(&c->recovered, e);
	}
	if (err == 0)
		err = drop_oldest(c, &followed);
	while ((e = list_pop(&followed)) != NULL)
		if (err != 0 || (err = keep_head(c, CONTAINER_OF(e, struct recovered, link))) != 0)
			list_append(&c->recovered, e);
	return err;
}

/* --- whose they are ------------------------------------------------------------------- */

static bool
fits(const struct recovered *k, const uint8_t instance[16], const char *collector_id)
{
	const struct chain *chain = k->chain;
	struct chain_id id;
	char uuid[23] = "";

	if (chain->has_topic_id)
		text_uuid(chain->topic_id, uuid);
	return chain_id_make(slice_str(collector_id), instance, slice_str(k->cluster_id), slice_str(chain->topic),
			     slice_str(uuid), chain->partition, &id) == 0 &&
	       chain_id_eq(&id, &chain->id);
}

/* One that fits neither the settings' name nor an earlier one could state nothing that is valid. */
static int
find_collector(const struct chains *c, const struct settings *set, struct recovered *k, char *why, size_t why_len)
{
	char hex[2 * CHAIN_ID_LEN + 1];

	for (size_t i = c->collectors->count; i-- > 0;) {
		if (!fits(k, set->instance, c->collectors->name[i]))
			continue;
		k->chain->collector_id = strdup(c->collectors->name[i]);
		if (k->chain->collector_id == NULL || collectors_use(c->collectors, k->chain->collector_id) != 0)
			return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
		return 0;
	}
	return err_say(ERR_CONFIG, why, why_len,
		       "%s, partition %d: windows or open transactions are left of a run with another attest.collector.id than %s, and the state "
		       "directory doesn't tell which: start once with that of before (statements of the chain %s have it as collector.id)",
		       k->chain->topic, k->chain->partition, set->collector_id, text_hex(k->chain->id.b, CHAIN_ID_LEN, hex));
}

/*
 * What isn't over goes on under the name that its id is made with.  A mere head waits for that name to come back.
 * The settings' own is among the names that are used where it fits, also when another one is missing: with each that is tried
 * a start misses one less.
 */
static int
find_collectors(struct chains *c, struct list *found, char *why, size_t why_len)
{
	struct settings *set = chains_settings(c);
	size_t others = 0;
	bool ours = false;
	int err = 0;

	LIST_EACH(found, e) {
		struct recovered *k = CONTAINER_OF(e, struct recovered, link);

		if (k->followed || (is_head_only(k->chain) && k->open.count == 0))
			continue;
		if (fits(k, set->instance, set->collector_id))
			ours = true;
		else if (err == 0)
			err = find_collector(c, set, k, why, why_len);
		others += k->chain->collector_id != NULL;
	}
	if (err == 0 && others > 0)
		LOG_INFO("journal", "what a run with another attest.collector.id left goes on under that name",
			 LOG_S("name", c->collectors->name[c->collectors->count - 1]), LOG_S("now", set->collector_id),
			 LOG_I("chains", others));
	if (err == ERR_CONFIG && ours && collectors_use(c->collectors, set->collector_id) != 0)
		err = err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	settings_unref(set);
	return err;
}

void
chains_journal_names(struct chains *c, struct collectors *names)
{
	c->collectors = names;
}

static int
take_over(struct chains *c, struct recovery *r)
{
	struct list found;
	char why[1024];
	size_t windows;
	int err;

	list_init(&found);
	err = recovery_replay(r, &c->shared, (struct chain_now){clock_now(), clock_wall_ms()}, &found, why, sizeof(why));
	LIST_EACH(&found, f)
		CONTAINER_OF(f, struct recovered, link)->chain->saved_at = 0;
	txns_each(c->shared.txns, mark, NULL);
	if (err == 0)
		err = find_followed(&found, why, sizeof(why));
	if (err == 0 && c->collectors != NULL)
		err = find_collectors(c, &found, why, sizeof(why));
	if (err != 0)
		LOG_ERROR("journal", "can't be replayed", LOG_S("cause", why));
	LIST_EACH(&found, f) {
		struct recovered *k = CONTAINER_OF(f, struct recovered, link);

		if (err == 0 && !k->followed)
			err = chains_restore_open(c, k->chain, &k->open);
	}
	txns_each(c->shared.txns, mark, NULL);
	err = keep_all(c, &found, err, &windows);
	if (err == 0) {
		metric_add(METRIC_WINDOWS_RECOVERED, (int64_t)windows);
		LOG_INFO("journal", "took over from a run that did not stop cleanly", LOG_I("windows", windows),
			 LOG_I("chains", c->recovered.count + c->heads.count));
	}
	return err;
}

int
chains_journal_begin(struct chains *c, struct journal *j, struct recovery *r)
{
	int err = 0;

	pthread_rwlock_wrlock(&c->lock);
	if (r != NULL && (err = take_over(c, r)) != 0)
		journal_withdraw(j); /* who starts it again and again, as a service manager does, would have a segment of each */
	c->collectors = NULL;
	c->shared.journal = j;
	if (err == 0)
		err = put_heads(c, UINT64_MAX);
	LIST_EACH(&c->recovered, e) {
		if (err == 0)
			err = put_windows(CONTAINER_OF(e, struct recovered, link)->chain);
	}
	pthread_rwlock_unlock(&c->lock);
	if (err == 0)
		err = journal_commit(j);
	if (err == 0)
		err = journal_sync(j);
	return err;
}

/* --- when the cluster is known -------------------------------------------------------------- */

/* From now on an answer could have come, and the log can be read. */
static void
begin_to_wait(struct chain *chain, struct monotime now)
{
	LIST_EACH(&chain->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->life.state == MEMBER_UNKNOWN)
				p->open_at = p->lost_at = now;
		}
	}
}

int
chains_recovered_begin(struct chains *c)
{
	struct monotime now = clock_now();
	int err = 0;

	/* First what may fail: who has begun may be stated. */
	LIST_EACH(&c->recovered, e) {
		struct recovered *k = CONTAINER_OF(e, struct recovered, link);

		if (err == 0 && strcmp(k->cluster_id, c->cluster_id) == 0)
			err = chains_put(c, k->chain);
	}
	/* Until it is tried again, or all ends, a chain is in one place: the map and the list are both freed and saved. */
	LIST_EACH(&c->recovered, e) {
		if (err != 0)
			chains_take_out(c, CONTAINER_OF(e, struct recovered, link)->chain);
	}
	if (err != 0)
		return err;
	LIST_EACH(&c->recovered, e) {
		struct recovered *k = CONTAINER_OF(e, struct recovered, link);
		struct chain *chain = k->chain;

		if (strcmp(k->cluster_id, c->cluster_id) != 0) {
			LOG_WARN("journal", "windows of another cluster wait in the journal", LOG_S("cluster", k->cluster_id),
				 LOG_S("topic", chain->topic), LOG_I("partition", chain->partition),
				 LOG_I("windows", chain->windows.count + chain->outgoing.count));
			continue;
		}
		list_remove(&c->recovered, &k->link);
		k->chain = NULL;
		recovered_free(k);
		pthread_mutex_lock(&chain->lock);
		begin_to_wait(chain, now);
		chain->waiting = false;
		pthread_mutex_unlock(&chain->lock);
		turns_now(c->shared.turns, &chain->turn);
		if (c->shared.looks != NULL)
			turns_now(c->shared.looks, &chain->look);
	}
	return 0;
}

/* --- later ------------------------------------------------------------------------------ */

/* What is needed of segments up to `last`, as much as *left bytes take, is put behind them. */
static int
renew(struct chains *c, uint64_t last, int64_t *left)
{
	struct all_chains all = {NULL, 0};
	int64_t before = *left;
	int err;

	if (last == c->stuck && clock_now().ns - c->stuck_ns < STUCK_MS * 1000000)
		return 0;
	pthread_rwlock_rdlock(&c->lock);
	err = list_chains(c, &all);
	pthread_rwlock_unlock(&c->lock);
	for (size_t i = 0; err == 0 && i < all.count && *left > 0; i++)
		err = chain_renew(all.list[i], last, left);
	free(all.list);
	c->stuck = err != 0 || *left == before ? last : 0;
	c->stuck_ns = clock_now().ns;
	return err;
}

/* Likewise what they say of chains. */
static int
renew_heads(struct chains *c, uint64_t last)
{
	int err;

	pthread_rwlock_wrlock(&c->lock);
	err = put_heads(c, last);
	pthread_rwlock_unlock(&c->lock);
	return err;
}

static bool
is_failing(struct journal *j)
{
	uint64_t segments, bytes;
	bool failing = false;

	if (j != NULL)
		journal_count(j, &segments, &bytes, &failing);
	return failing;
}

/* The sealer's thread begins before there is one. */
static struct journal *
journal_of(struct chains *c)
{
	struct journal *j;

	pthread_rwlock_rdlock(&c->lock);
	j = c->shared.journal;
	pthread_rwlock_unlock(&c->lock);
	return j;
}

bool
chains_journal_tidy(struct chains *c)
{
	struct journal *j = journal_of(c);
	uint64_t last, crowded = j == NULL ? 0 : journal_crowded(j);
	int64_t left = ROUND_BYTES;
	int err = crowded == 0 ? 0 : renew(c, crowded, &left), committed;

	metric_add(METRIC_JOURNAL_RENEWED_BYTES, ROUND_BYTES - left);
	/* Statements in there can be read again once they are written; when that fails nobody else may try it again. */
	if ((left < ROUND_BYTES || is_failing(j)) && (committed = journal_commit(j)) != 0)
		err = committed;
	last = j == NULL || err != 0 ? 0 : journal_idle(j);
	if (last != 0 && (err = renew_heads(c, last)) == 0 && (err = journal_commit(j)) == 0 && (err = journal_sync(j)) == 0)
		journal_drop(j, last);
	if (err != 0)
		LOG_LIMITED(LOG_LEVEL_WARN, "journal", "old segments stay for now", LOG_S("cause", err_text(err)));
	return err == 0 && left < ROUND_BYTES && journal_crowded(j) != 0;
}
