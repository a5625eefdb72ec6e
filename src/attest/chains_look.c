/* Whose log and whose statement have to be looked at: the chains' side of reading back. */
#include "attest/chains_look.h"

#include "attest/chain_taken.h"
#include "attest/chains_internal.h"
#include "attest/outgoing.h"
#include "attest/txns.h"
#include "base/metrics.h"

enum { AGAIN_MS = 1000 };

/* So often an end is asked for where the log can't be read. */
enum { END_FAILURES = 40 };

static struct chain_now
now(void)
{
	return (struct chain_now){clock_now(), clock_wall_ms()};
}

int
chains_read_back(struct chains *c)
{
	c->shared.looks = turns_new();
	if (c->shared.looks == NULL)
		return ERR_NOMEM;
	txns_read_back(c->shared.txns, c->shared.looks);
	return 0;
}

struct turns *
chains_looks(struct chains *c)
{
	return c->shared.looks;
}

/* Under the chain's mutex: the statement that an earlier run left. */
static void
take_restated(struct chain *chain, struct look *l)
{
	struct link *e = list_first(&chain->outgoing);
	const struct outgoing *o = e == NULL ? NULL : CONTAINER_OF(e, struct outgoing, link);

	if (o == NULL || o->state != OUTGOING_LOOK)
		return;
	l->restated = true;
	l->window = o->window;
	l->dbom_partition = o->partition;
	l->since_ms = o->since_ms;
	memcpy(l->value_sha256, o->value_sha256, sizeof(l->value_sha256));
	memcpy(l->statement_sha256, o->statement_sha256, sizeof(l->statement_sha256));
}

/* Under the chain's mutex.  Once its topic has lost the name, what is read by that may be another's. */
static void
take_ends(struct chains *c, struct chain *chain, struct look *l)
{
	struct placement *asked[LOOK_MAX];

	if (chain->gone)
		metric_add(METRIC_READBACK_END_UNKNOWN, (int64_t)txns_give_up(c->shared.txns, chain));
	if (chain->gone || c->shared.stopping)
		return;
	l->end_count = txns_asked(c->shared.txns, chain, asked, LOOK_MAX);
	for (size_t i = 0; i < l->end_count; i++) {
		struct placement *p = asked[i];

		l->ends[i] = (struct end_asked){.placement = p,
						.producer_id = p->producer_id,
						.producer_epoch = p->producer_epoch,
						.base_offset = p->base_offset,
						.count = p->count,
						.first_window = p->span_count == 0 ? 0 : p->windows[0].window_id,
						.last_window = p->span_count == 0 ? 0 : p->windows[p->span_count - 1].window_id,
						.told = END_NOT_YET};
	}
}

bool
chains_look(struct chains *c, struct look *ret, int *ret_wait_ms)
{
	struct settings *set = chains_settings(c);
	struct doubt *room = ret->doubts;
	struct end_asked *ends = ret->ends;
	bool some = false;
	struct turn *turn;

	while (!some && (turn = turns_next(c->shared.looks, clock_now(), ret_wait_ms)) != NULL) {
		struct chain *chain = CONTAINER_OF(turn, struct chain, look);

		*ret = (struct look){.chain = chain,
				     .topic = chain->topic,
				     .partition = chain->partition,
				     .id = &chain->id,
				     .doubts = room,
				     .ends = ends};
		pthread_mutex_lock(&chain->lock);
		if (!chain->waiting) {
			ret->count = chain_doubts(chain, set, now(), room, LOOK_MAX, &ret->from);
			take_restated(chain, ret);
			take_ends(c, chain, ret);
		}
		pthread_mutex_unlock(&chain->lock);
		some = ret->count > 0 || ret->restated || ret->end_count > 0;
	}
	settings_unref(set);
	return some;
}

int64_t
chains_look_taken(void *look, const struct doubt *d, int64_t base_offset)
{
	struct look *l = look;
	int64_t until;

	pthread_mutex_lock(&l->chain->lock);
	until = chain_taken_until(l->chain, d, base_offset);
	pthread_mutex_unlock(&l->chain->lock);
	return until;
}

/* Under the chain's mutex.  False: the log isn't asked any more, and there is nobody else. */
static bool
may_be_told(struct chains *c, struct end_asked *e, bool read)
{
	if (txns_failed(c->shared.txns, e->placement, !read) >= END_FAILURES && !c->shared.stopping)
		e->told = END_UNKNOWN;
	return e->told != END_UNKNOWN || !txns_untold(c->shared.txns, e->placement);
}

/*
 * What stands elsewhere by now is asked for again, as is what is not decided yet.  Where the topic has lost its name
 * meanwhile, what was read by that may be the other's: the next look gives up.
 */
static void
end_one(struct chains *c, struct chain *chain, struct end_asked *e, bool read)
{
	bool is_told = e->told == END_ABORTED || e->told == END_COMMITTED;

	pthread_mutex_lock(&chain->lock);
	if (e->placement->base_offset == e->base_offset && !chain->gone) {
		if (!may_be_told(c, e, read))
			metric_add(METRIC_READBACK_END_UNKNOWN, 1);
		if (is_told && txns_leave(c->shared.txns, e->placement)) {
			chain_txn_ended(chain, e->placement, e->told == END_COMMITTED);
			metric_add(e->told == END_COMMITTED ? METRIC_READBACK_COMMITTED : METRIC_READBACK_ABORTED, 1);
		}
	}
	placement_unref(e->placement);
	pthread_mutex_unlock(&chain->lock);
}

/* Under the lock, as ends that pass are (attest/chains_txn.c). */
static void
end_ends(struct chains *c, struct look *l, bool read)
{
	pthread_rwlock_rdlock(&c->lock);
	for (size_t i = 0; i < l->end_count; i++)
		end_one(c, l->chain, &l->ends[i], read && !l->ends[i].failed);
	pthread_rwlock_unlock(&c->lock);
}

void
chains_look_end(struct chains *c, struct look *l, bool read, bool known, bool there, bool told)
{
	struct settings *set = chains_settings(c);
	struct chain_now t = now();

	pthread_mutex_lock(&l->chain->lock);
	chain_taken_meanwhile(l->chain, l->doubts, l->count);
	chain_doubts_end(l->chain, set, t, l->doubts, l->count, read);
	if (read && l->count == LOOK_MAX)
		turns_now(c->shared.looks, &l->chain->look); /* there may be more, and these are done with, or put off */
	if (l->restated && known)
		chain_restated_is(l->chain, there);
	else if (l->restated)
		turns_at(c->shared.looks, &l->chain->look, (struct monotime){t.mono.ns + AGAIN_MS * INT64_C(1000000)});
	pthread_mutex_unlock(&l->chain->lock);
	settings_unref(set);
	end_ends(c, l, told);
}
