#include "attest/outlook.h"

#include "attest/chain_internal.h"
#include "attest/issued.h"
#include "attest/outgoing.h"
#include "attest/recovery.h"

static void
count_chain(const struct chain *c, struct outlook *o)
{
	o->chains++;
	o->restated += c->outgoing.count;
	o->windows += c->outgoing.count;
	LIST_EACH(&c->outgoing, oe)
		o->members += CONTAINER_OF(oe, struct outgoing, link)->records;
	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		o->windows += w->spans.count > 0;
		LIST_EACH(&w->spans, e) {
			const struct span *s = CONTAINER_OF(e, struct span, in_window);

			o->members += s->count;
			if (!member_is_resolved(&s->placement->life))
				o->unresolved += s->count;
		}
	}
}

/* The chains are made as a start makes them, counted, and gone. */
static int
replay(struct recovery *r, struct chain_shared *shared, struct outlook *o, char *why, size_t why_len)
{
	struct list found;
	struct link *e;
	int err;

	list_init(&found);
	err = recovery_replay(r, shared, (struct chain_now){clock_now(), clock_wall_ms()}, &found, why, why_len);
	LIST_EACH(&found, f)
		count_chain(CONTAINER_OF(f, struct recovered, link)->chain, o);
	txns_free(shared->txns); /* before the chains that its placements name */
	shared->txns = NULL;
	while ((e = list_pop(&found)) != NULL)
		recovered_free(CONTAINER_OF(e, struct recovered, link));
	return err;
}

static int
try_recovery(struct recovery *r, struct outlook *o, char *why, size_t why_len)
{
	struct chain_shared shared = {.turns = turns_new(), .txns = txns_new(), .who = who_table_new(), .issued = issued_new()};
	struct outlook counted = *o;
	int err = ERR_NOMEM;

	if (shared.turns != NULL && shared.txns != NULL && shared.who != NULL && shared.issued != NULL)
		err = replay(r, &shared, &counted, why, why_len);
	else
		(void)snprintf(why, why_len, "%s", err_text(err));
	txns_free(shared.txns);
	turns_free(shared.turns);
	who_table_free(shared.who);
	issued_free(shared.issued);
	if (err == 0) {
		*o = counted;
	} else if (err == ERR_MALFORMED) {
		o->refused = true;
		(void)snprintf(o->why, sizeof(o->why), "%s", why);
		err = 0;
	}
	return err;
}

int
outlook_of(const char *dir, struct outlook *ret, char *why, size_t why_len)
{
	struct outlook o = {0};
	struct state *s = NULL;
	int err = state_look(dir, &s, why, why_len);

	if (err != 0)
		return err;
	o.start = state_start(s);
	(void)snprintf(o.why, sizeof(o.why), "%s", state_why(s));
	if (state_recovery(s) != NULL)
		err = try_recovery(state_recovery(s), &o, why, why_len);
	state_close(s);
	if (err == 0)
		*ret = o;
	return err;
}
