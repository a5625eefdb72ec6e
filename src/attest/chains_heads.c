#include "attest/chains_internal.h"
#include "attest/journal_space.h"
#include "attest/recovery.h"
#include "base/log.h"

/* --- restoring ----------------------------------------------------------------------- */

void
chains_heads_restore(struct chains *c, struct heads *heads)
{
	pthread_rwlock_wrlock(&c->lock);
	heads_clear(&c->heads);
	c->heads = *heads;
	memset(heads, 0, sizeof(*heads));
	c->heads_open = 0;
	for (size_t i = 0; i < c->heads.count; i++) {
		const struct head_runs *open = &c->heads.entry[i].head.open;

		c->heads_open += open->count;
		for (size_t k = 0; k < open->count; k++)
			txns_lost(c->shared.txns, open->run[k].producer_id, open->run[k].producer_epoch);
	}
	pthread_rwlock_unlock(&c->lock);
}

/* Moves what ended from the open runs; the rest stays in order. */
static size_t
end_runs(struct head *h, int64_t producer_id, int16_t epoch, bool committed)
{
	size_t kept = 0, n = h->open.count;

	for (size_t i = 0; i < n; i++) {
		struct head_run run = h->open.run[i];

		if (run.producer_id == producer_id && run.producer_epoch == epoch) {
			run.committed = committed;
			if (head_runs_add(&h->ended, run) != 0) /* it stays stated as open: the next end is another's */
				LOG_WARN("attest", "no memory to note how a transaction of the last run ended");
			continue;
		}
		h->open.run[kept++] = h->open.run[i];
	}
	h->open.count = kept;
	return n - kept;
}

/* The head stands in the journal with its runs open. */
static void
journal_end(struct chains *c, const struct heads_entry *head, int64_t producer_id, int16_t epoch, bool committed)
{
	struct journal_entry e = {.kind = JOURNAL_ENDED,
				  .chain = head->number,
				  .producer_id = producer_id,
				  .producer_epoch = epoch,
				  .base_offset = -1,
				  .committed = committed};

	if (c->shared.journal != NULL && head->number != 0 && journal_put(c->shared.journal, &e, NULL) != 0)
		LOG_LIMITED(LOG_LEVEL_WARN, "journal", "how a transaction of the last run ended isn't written; a crash would forget it");
}

bool
chains_heads_end(struct chains *c, int64_t producer_id, int16_t epoch, bool committed)
{
	bool some = false;

	if (c->heads_open == 0)
		return false;
	pthread_rwlock_wrlock(&c->lock);
	for (size_t i = 0; i < c->heads.count; i++) {
		struct heads_entry *e = &c->heads.entry[i];
		size_t n;

		/* Producer ids are a cluster's own. */
		if (e->topic == NULL || !c->has_cluster || strcmp(e->cluster_id, c->cluster_id) != 0)
			continue;
		n = end_runs(&e->head, producer_id, epoch, committed);
		if (n > 0)
			journal_end(c, e, producer_id, epoch, committed);
		c->heads_open -= n;
		some |= n > 0;
	}
	pthread_rwlock_unlock(&c->lock);
	return some;
}

static bool
is_at(const struct chains *c, const struct heads_entry *e, const struct chain *chain)
{
	return e->topic != NULL && e->partition == chain->partition && strcmp(e->topic, chain->topic) == 0 &&
	       strcmp(e->cluster_id, c->cluster_id) == 0 && e->has_topic_id == chain->has_topic_id &&
	       memcmp(e->topic_id, chain->topic_id, sizeof(e->topic_id)) == 0;
}

/* Whichever chain it was that had it acknowledged: it is one log, and what stands there already is no copy of what comes. */
static int64_t
highest_at(const struct chains *c, const struct chain *chain)
{
	int64_t high = -1;

	for (size_t i = 0; i < c->heads.count; i++) {
		const struct heads_entry *e = &c->heads.entry[i];

		if (is_at(c, e, chain) && e->head.high_offset > high)
			high = e->head.high_offset;
	}
	return high;
}

/* Its own, the furthest one; or that of the chain that it follows, under another id: the first, as those that were followed stand behind. */
static struct heads_entry *
find_head(struct chains *c, const struct chain *chain)
{
	struct heads_entry *own = NULL, *first = NULL;

	for (size_t i = 0; i < c->heads.count; i++) {
		struct heads_entry *e = &c->heads.entry[i];

		if (!is_at(c, e, chain))
			continue;
		if (chain_id_eq(&e->chain, &chain->id) && (own == NULL || own->head.next_window < e->head.next_window))
			own = e;
		if (first == NULL)
			first = e;
	}
	return own != NULL ? own : first;
}

/* The placements of transactions that earlier statements left open come back as what can still end. */
int
chains_restore_open(struct chains *c, struct chain *chain, const struct head_runs *open)
{
	for (size_t i = 0; i < open->count; i++) {
		const struct head_run *run = &open->run[i];
		const struct chains_batch b = {
			.producer_id = run->producer_id,
			.producer_epoch = run->producer_epoch,
			.count = (int32_t)run->count,
			.transactional = true,
		};
		struct placement *p = placement_new(chain, &b, 1);
		int err;

		if (p == NULL)
			return ERR_NOMEM;
		p->life.state = MEMBER_FINAL;
		p->base_offset = run->first;
		p->unstated = p->unfinished = 0;
		p->span[0].count = b.count;
		p->span[0].stated = true;
		p->span[0].txn = PLACEMENT_TXN_OPEN;
		pthread_mutex_lock(&chain->lock); /* who reads the log looks for it at once */
		err = txns_restore(c->shared.txns, p, slice_str(""));
		placement_unref(p);
		pthread_mutex_unlock(&chain->lock);
		if (err != 0)
			return err;
	}
	return 0;
}

/*
 * The chain goes on where an earlier run left it; under another id it says which it follows.  That one's head stays: when
 * its collector's name comes back, so does it, and no id of its windows may be used once more.
 */
void
chains_heads_apply(struct chains *c, struct chain *chain)
{
	struct heads_entry *e = find_head(c, chain);
	int64_t high = highest_at(c, chain);

	if (e == NULL)
		return;
	if (!chain_id_eq(&e->chain, &chain->id)) {
		chain->head.high_offset = high;
		chain->head.follows = e->head.last_window > 0;
		chain->head.follows_chain = e->chain;
		chain->head.follows_window = e->head.last_window;
		memcpy(chain->head.follows_statement, e->head.last_statement, 32);
		c->heads_open -= e->head.open.count; /* nobody will tell of these */
		e->head.open.count = 0;
		return;
	}
	c->heads_open -= e->head.open.count;
	chain->head = e->head;
	chain->head.high_offset = high;
	memset(&e->head.ended, 0, sizeof(e->head.ended));
	memset(&chain->head.open, 0, sizeof(chain->head.open));
	chain->number = e->number;
	chain->head_hold = e->hold;
	e->hold = (struct journal_hold){0};
	if (chains_restore_open(c, chain, &e->head.open) != 0)
		LOG_WARN("attest", "no memory for an open transaction of the last run");
	if (c->shared.journal != NULL)
		journal_release(c->shared.journal, &e->hold);
	head_clear(&e->head);
	free(e->topic);
	e->topic = NULL;
}

/* --- how many are kept ------------------------------------------------------------------- */

int
chains_heads_place(struct wr *w, const char *cluster_id, const char *topic, const uint8_t topic_id[16], int32_t partition)
{
	w->len = 0;
	wr_bytes(w, cluster_id, strlen(cluster_id) + 1);
	wr_bytes(w, topic, strlen(topic) + 1);
	wr_bytes(w, topic_id, 16);
	wr_i32(w, partition);
	return wr_err(w);
}

int
chains_heads_meet(struct map *met, const struct wr *key, size_t *ret_before)
{
	uintptr_t n = (uintptr_t)map_get(met, wr_slice(key));

	if (map_put(met, wr_slice(key), (void *)(n + 1)) != 0)
		return ERR_NOMEM;
	*ret_before = n;
	return 0;
}

/* Where no window began, no id can be used once more. */
bool
chains_heads_keeps(const struct head *h, size_t before)
{
	return before <= FOLLOWED_MAX && (h->next_window > 1 || h->ended.count + h->open.count > 0);
}

/* --- saving ------------------------------------------------------------------------------ */

static int
copy_runs(const struct head_runs *from, struct head_runs *to)
{
	for (size_t i = 0; i < from->count; i++) {
		if (head_runs_add(to, from->run[i]) != 0)
			return ERR_NOMEM;
	}
	return 0;
}

static int
save_entry(struct heads *heads, const char *cluster_id, const char *topic, const struct heads_entry *like)
{
	struct heads_entry *e = heads_add(heads);

	if (e == NULL)
		return ERR_NOMEM;
	*e = *like;
	e->number = 0; /* of this run's journal, as is the hold */
	e->hold = (struct journal_hold){0};
	memset(&e->head.ended, 0, sizeof(e->head.ended));
	memset(&e->head.open, 0, sizeof(e->head.open));
	e->cluster_id = strdup(cluster_id);
	e->topic = strdup(topic);
	if (e->cluster_id == NULL || e->topic == NULL || copy_runs(&like->head.ended, &e->head.ended) != 0)
		return ERR_NOMEM;
	return copy_runs(&like->head.open, &e->head.open);
}

static int
save_chain(struct chain *chain, const char *cluster_id, struct heads *heads)
{
	struct heads_entry like = {
		.has_topic_id = chain->has_topic_id,
		.partition = chain->partition,
		.chain = chain->id,
		.head = chain->head,
	};

	memcpy(like.topic_id, chain->topic_id, sizeof(like.topic_id));
	if (chain->high_offset > like.head.high_offset)
		like.head.high_offset = chain->high_offset;
	if (chain->windows.count > 0 || chain->outgoing.count > 0)
		return ERR_NOT_NOW; /* a window without a published statement: a journal is needed to go on */
	chain->saved_at = heads->count;
	return save_entry(heads, cluster_id, chain->topic, &like);
}

struct open_runs {
	struct heads *heads;
	int err;
};

static void
save_open(void *arg, struct placement *p)
{
	struct open_runs *o = arg;

	for (size_t i = 0; i < p->span_count && o->err == 0; i++) {
		const struct span *s = &p->span[i];

		if (s->stated && s->txn == PLACEMENT_TXN_OPEN)
			o->err = head_runs_add(&o->heads->entry[p->chain->saved_at].head.open,
					       (struct head_run){p->base_offset + s->first, s->count,
								 p->producer_id, p->producer_epoch, false});
	}
}

/* What no chain took: of a place, the last that were followed. */
static int
save_waiting(const struct chains *c, struct heads *heads)
{
	struct map *met = map_new();
	struct wr place = wr_new(SIZE_MAX / 2);
	size_t chains = heads->count, before;
	int err = met == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; err == 0 && i < chains + c->heads.count; i++) {
		const struct heads_entry *e = i < chains ? &heads->entry[i] : &c->heads.entry[i - chains];

		if (e->topic == NULL || (err = chains_heads_place(&place, e->cluster_id, e->topic, e->topic_id, e->partition)) != 0 ||
		    (err = chains_heads_meet(met, &place, &before)) != 0)
			continue;
		if (i >= chains && (before == 0 || chains_heads_keeps(&e->head, before)))
			err = save_entry(heads, e->cluster_id, e->topic, e);
	}
	wr_free(&place);
	map_free(met);
	return err;
}

int
chains_heads_save(struct chains *c, struct heads *ret)
{
	struct heads heads = {0};
	struct open_runs open = {&heads, 0};
	struct slice key;
	size_t at = 0;
	void *value;
	int err = 0;

	pthread_rwlock_wrlock(&c->lock);
	while (err == 0 && map_next(c->map, &at, &key, &value)) {
		struct chain *chain = value;

		pthread_mutex_lock(&chain->lock);
		err = save_chain(chain, c->cluster_id, &heads);
		pthread_mutex_unlock(&chain->lock);
	}
	LIST_EACH(&c->recovered, e) { /* of another cluster, or ours was never reached */
		struct recovered *k = CONTAINER_OF(e, struct recovered, link);

		if (err == 0)
			err = save_chain(k->chain, k->cluster_id, &heads);
	}
	if (err == 0) {
		txns_each(c->shared.txns, save_open, &open);
		err = open.err;
	}
	if (err == 0) /* topics that nobody wrote to this time */
		err = save_waiting(c, &heads);
	pthread_rwlock_unlock(&c->lock);
	if (err != 0) {
		heads_clear(&heads);
		return err;
	}
	*ret = heads;
	return 0;
}
