/* How transactions end, over all chains: chains.h. */
#include "attest/chains_internal.h"
#include "base/log.h"
#include "base/metrics.h"

enum how { COMMITTED, ABORTED, UNKNOWN };

/*
 * Under the lock, as was their taking out of the table: heads that are written in between, or while some
 * are ended and some aren't, would have a run as open and as ended, or not at all.
 */
static void
end_all(struct list *placements, enum how how)
{
	struct link *e;

	while ((e = list_pop(placements)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);
		struct chain *chain = p->chain;

		pthread_mutex_lock(&chain->lock);
		if (how == UNKNOWN)
			metric_add(METRIC_READBACK_END_UNKNOWN, 1);
		else
			chain_txn_ended(chain, p, how == COMMITTED);
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

void
chains_txn_out(struct chains *c, int64_t producer_id, int16_t epoch)
{
	txns_out(c->shared.txns, producer_id, epoch);
}

void
chains_txn_in(struct chains *c, int64_t producer_id, int16_t epoch, bool lost)
{
	txns_in(c->shared.txns, producer_id, epoch, lost);
}

/* Behind a crash nobody could tell any more but the log, if it may be read. */
static void
write_ends(struct chains *c)
{
	if (c->shared.journal != NULL && journal_commit(c->shared.journal) != 0)
		LOG_LIMITED(LOG_LEVEL_WARN, "journal", "how a transaction ended isn't written yet; a crash would forget it");
}

void
chains_txn_ended(struct chains *c, int64_t producer_id, const struct txns_end *end, bool committed)
{
	struct list placements, left;
	bool some = false;

	/*
	 * Heads first: what a chain that begins meanwhile takes from there is found behind them.  They are
	 * of an earlier run, whose transactions may have ended before this one began.
	 */
	if (end->since == 0)
		some = chains_heads_end(c, producer_id, end->epoch, committed);
	list_init(&placements);
	list_init(&left);
	pthread_rwlock_rdlock(&c->lock);
	txns_end(c->shared.txns, producer_id, end, &placements, &left);
	some |= list_first(&placements) != NULL;
	end_all(&placements, committed ? COMMITTED : ABORTED);
	end_all(&left, UNKNOWN);
	pthread_rwlock_unlock(&c->lock);
	if (some)
		write_ends(c);
}

void
chains_txn_fenced(struct chains *c, struct slice transactional_id, uint64_t mark)
{
	struct list left;

	list_init(&left);
	pthread_rwlock_rdlock(&c->lock);
	while (txns_fence(c->shared.txns, transactional_id, mark, &left))
		;
	end_all(&left, UNKNOWN);
	pthread_rwlock_unlock(&c->lock);
}
