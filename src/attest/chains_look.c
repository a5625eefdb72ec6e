/* Whose log and whose statement have to be looked at: the chains' side of reading back. */
#include "attest/chains_look.h"

#include "attest/chains_internal.h"
#include "attest/outgoing.h"
#include "attest/txns.h"
#include "base/metrics.h"

enum { AGAIN_MS = 1000 };

/*
 * How long until ends are asked for again, which is each time twice that: where another transaction hangs it may take
 * hours.  Where the log can't be read, so often.
 */
enum { END_FIRST_MS = 100, END_DOUBLINGS = 9, END_TRIES = 40 };

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

static void
book(struct chains *c, struct chain *chain, int64_t ms)
{
	turns_at(c->shared.looks, &chain->look, (struct monotime){clock_now().ns + ms * INT64_C(1000000)});
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
	l->end_count = txns_asked(c->shared.txns, chain, asked, LOOK_MAX, &l->tries, &l->more_ends);
	for (size_t i = 0; i < l->end_count; i++)
		l->ends[i] = (struct end_asked){asked[i], asked[i]->base_offset, asked[i]->count, END_NOT_YET};
	if (l->end_count == 0 && l->more_ends) /* they have no place yet */
		book(c, chain, AGAIN_MS);
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

bool
chains_look_taken(void *look, const struct doubt *d, int64_t base_offset)
{
	struct look *l = look;
	bool taken;

	pthread_mutex_lock(&l->chain->lock);
	taken = chain_is_taken(l->chain, d, base_offset);
	pthread_mutex_unlock(&l->chain->lock);
	return taken;
}

/* True: it has to be asked for again. */
static bool
end_one(struct chains *c, struct chain *chain, struct end_asked *e)
{
	static const enum metric told[] = {
		[END_UNKNOWN] = METRIC_READBACK_END_UNKNOWN,
		[END_ABORTED] = METRIC_READBACK_ABORTED,
		[END_COMMITTED] = METRIC_READBACK_COMMITTED,
	};
	bool again, left;

	pthread_mutex_lock(&chain->lock);
	again = e->told == END_NOT_YET || e->placement->base_offset != e->base_offset; /* it stands elsewhere by now */
	left = !again && txns_leave(c->shared.txns, e->placement);
	if (left && e->told != END_UNKNOWN)
		chain_txn_ended(chain, e->placement, e->told == END_COMMITTED);
	placement_unref(e->placement);
	pthread_mutex_unlock(&chain->lock);
	if (left)
		metric_add(told[e->told], 1);
	return again;
}

/* Under the lock, as ends that pass are (attest/chains_txn.c). */
static void
end_ends(struct chains *c, struct look *l, bool told)
{
	bool again = false, some = false;

	pthread_rwlock_rdlock(&c->lock);
	for (size_t i = 0; i < l->end_count; i++) {
		if (!told && l->tries >= END_TRIES)
			l->ends[i].told = END_UNKNOWN;
		some |= l->ends[i].told != END_NOT_YET;
		again |= end_one(c, l->chain, &l->ends[i]);
	}
	pthread_rwlock_unlock(&c->lock);
	if (again)
		book(c, l->chain, (int64_t)END_FIRST_MS << (l->tries < END_DOUBLINGS ? l->tries : END_DOUBLINGS));
	if (l->more_ends)
		book(c, l->chain, l->end_count == LOOK_MAX && some ? 0 : AGAIN_MS);
}

void
chains_look_end(struct chains *c, struct look *l, bool read, bool known, bool there, bool told)
{
	struct settings *set = chains_settings(c);
	struct chain_now t = now();

	pthread_mutex_lock(&l->chain->lock);
	chain_doubts_end(l->chain, set, t, l->doubts, l->count, read);
	if (read && l->count == LOOK_MAX)
		turns_now(c->shared.looks, &l->chain->look); /* there may be more, and these are done with */
	if (l->restated && known)
		chain_restated_is(l->chain, there);
	else if (l->restated)
		turns_at(c->shared.looks, &l->chain->look, (struct monotime){t.mono.ns + AGAIN_MS * INT64_C(1000000)});
	pthread_mutex_unlock(&l->chain->lock);
	settings_unref(set);
	end_ends(c, l, told);
}
