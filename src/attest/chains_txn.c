/* How transactions end, over all chains: chains.h. */
#include "attest/chains_internal.h"
#include "base/log.h"

/*
 * Ends those of the epoch; how the transactions of earlier ones ended is not known, and they stay open.
 * Under the lock, as was their taking out of the table: heads that are written in between, or while some
 * are ended and some aren't, would have a run as open and as ended, or not at all.
 */
static void
end_all(struct list *placements, int16_t epoch, bool committed)
{
	struct link *e;

	while ((e = list_pop(placements)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);
		struct chain *chain = p->chain;

		pthread_mutex_lock(&chain->lock);
		if (p->producer_epoch == epoch)
			chain_txn_ended(chain, p, committed);
		placement_unref(p);
		pthread_mutex_unlock(&chain->lock);
	}
}

bool
chains_txn_waits(struct chains *c)
{
	bool waits;

	pthread_rwlock_rdlock(&c->lock);
	waits = !c->has_cluster && (c->heads_open > 0 || list_first(&c->recovered) != NULL);
	pthread_rwlock_unlock(&c->lock);
	return waits;
}

uint64_t
chains_txn_mark(struct chains *c)
{
	return txns_mark(c->shared.txns);
}

void
chains_txn_ending(struct chains *c, int64_t producer_id)
{
	txns_ending(c->shared.txns, producer_id);
}

/*
 * The client goes on when it has the answer, perhaps with the next transaction of the same epoch: a
 * recovery must not take that one's end for this one's.
 */
static void
write_ends(struct chains *c)
{
	if (c->shared.journal != NULL && journal_commit(c->shared.journal) != 0)
		LOG_LIMITED(LOG_LEVEL_WARN, "journal", "how a transaction ended isn't written yet; a crash would forget it");
}

void
chains_txn_ended(struct chains *c, int64_t producer_id, int16_t epoch, uint64_t mark, bool committed)
{
	struct list placements;
	bool some;

	/* Heads first: what a chain that begins meanwhile takes from there is found behind them. */
	some = chains_heads_end(c, producer_id, epoch, committed);
	list_init(&placements);
	pthread_rwlock_rdlock(&c->lock);
	txns_end(c->shared.txns, producer_id, mark, &placements);
	some |= list_first(&placements) != NULL;
	end_all(&placements, epoch, committed);
	pthread_rwlock_unlock(&c->lock);
	if (some)
		write_ends(c);
}

void
chains_txn_fenced(struct chains *c, struct slice transactional_id, uint64_t mark)
{
	struct list placements;
	struct link *e;

	list_init(&placements);
	pthread_rwlock_rdlock(&c->lock);
	while (txns_fence(c->shared.txns, transactional_id, mark, &placements))
		;
	while ((e = list_pop(&placements)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);
		struct chain *chain = p->chain;

		pthread_mutex_lock(&chain->lock);
		placement_unref(p);
		pthread_mutex_unlock(&chain->lock);
	}
	pthread_rwlock_unlock(&c->lock);
}
