/* Whose log and whose statement have to be looked at: the chains' side of reading back. */
#include "attest/chains_look.h"
#include "attest/chains_internal.h"
#include "attest/outgoing.h"

enum { AGAIN_MS = 1000 };

static struct chain_now
now(void)
{
	return (struct chain_now){clock_now(), clock_wall_ms()};
}

int
chains_read_back(struct chains *c)
{
	c->shared.looks = turns_new();
	return c->shared.looks == NULL ? ERR_NOMEM : 0;
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
}

bool
chains_look(struct chains *c, struct look *ret, int *ret_wait_ms)
{
	struct settings *set = chains_settings(c);
	struct doubt *room = ret->doubts;
	bool some = false;
	struct turn *turn;

	while (!some && (turn = turns_next(c->shared.looks, clock_now(), ret_wait_ms)) != NULL) {
		struct chain *chain = CONTAINER_OF(turn, struct chain, look);

		*ret = (struct look){.chain = chain,
				     .topic = chain->topic,
				     .partition = chain->partition,
				     .id = &chain->id,
				     .doubts = room};
		pthread_mutex_lock(&chain->lock);
		if (!chain->waiting) {
			ret->count = chain_doubts(chain, set, now(), room, LOOK_MAX, &ret->from);
			take_restated(chain, ret);
		}
		pthread_mutex_unlock(&chain->lock);
		some = ret->count > 0 || ret->restated;
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

void
chains_look_end(struct chains *c, struct look *l, bool read, bool known, bool there)
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
}
