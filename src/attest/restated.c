#include "attest/restated.h"

#include "makoto/envelope.h"
#include "makoto/statement.h"

/*
 * One that an earlier release made after the host's name had changed says that name, and isn't of the chain whose it is.
 * Its bytes stand for the window all the same; what is taken from it here are runs of offsets.
 */
static int
read_value(struct slice value, struct statement **ret)
{
	struct envelope e;
	int err = envelope_read(value, &e);

	if (err == ERR_NOMEM)
		return err;
	if (err != 0)
		return statement_read_own(value, ret);
	err = statement_read_own(wr_slice(&e.payload), ret);
	envelope_clear(&e);
	return err;
}

static bool
is_in(const struct runs *r, int64_t offset)
{
	uint64_t index;

	return runs_find(r, offset, &index);
}

/* As the statement says; what became of an open one since is to be told. */
static int
apply_span(struct chain *c, struct span *s, const struct statement *st)
{
	struct placement *p = s->placement;
	int64_t first = p->base_offset + s->first;

	if (p->txn == PLACEMENT_NO_TXN)
		return 0;
	if (!is_in(&st->open, first)) {
		if (p->txn == PLACEMENT_TXN_OPEN)
			p->txn = is_in(&st->aborted, first) ? PLACEMENT_TXN_ABORTED : PLACEMENT_TXN_COMMITTED;
		s->txn = p->txn;
		return 0;
	}
	s->txn = PLACEMENT_TXN_OPEN;
	if (p->txn == PLACEMENT_TXN_OPEN)
		return 0;
	for (size_t i = 0; i < c->head.ended.count; i++)
		if (c->head.ended.run[i].first == first)
			return 0; /* the chain's head knows it */
	return head_runs_add(&c->head.ended, (struct head_run){first, s->count, p->producer_id, p->producer_epoch,
							       p->txn == PLACEMENT_TXN_COMMITTED});
}

static const struct resolved_run *
told_by(const struct statement *st, int64_t offset)
{
	for (size_t i = 0; i < st->resolved_count; i++) {
		const struct resolved_run *r = &st->resolved[i];

		if (offset >= r->run.first && offset - r->run.first < (int64_t)r->run.count)
			return r;
	}
	return NULL;
}

/* Runs that the statement tells leave `open` for the chain's ended ones. */
static int
end_told(struct chain *c, struct head_runs *open, const struct statement *st)
{
	size_t kept = 0;

	for (size_t i = 0; i < open->count; i++) {
		struct head_run run = open->run[i];
		const struct resolved_run *r = told_by(st, run.first);

		if (r == NULL) {
			open->run[kept++] = run;
			continue;
		}
		run.committed = r->committed;
		if (head_runs_add(&c->head.ended, run) != 0)
			return ERR_NOMEM;
	}
	open->count = kept;
	return 0;
}

/* Told ones to the front, otherwise in their order. */
static int
sort_ended(struct head_runs *ended, const struct statement *st, size_t *ret_told)
{
	struct head_run *to = calloc(ended->count + 1, sizeof(*to));
	size_t n = 0, told;

	if (to == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < ended->count; i++)
		if (told_by(st, ended->run[i].first) != NULL)
			to[n++] = ended->run[i];
	told = n;
	for (size_t i = 0; i < ended->count; i++)
		if (told_by(st, ended->run[i].first) == NULL)
			to[n++] = ended->run[i];
	if (ended->count > 0)
		memcpy(ended->run, to, ended->count * sizeof(*to));
	free(to);
	*ret_told = told;
	return 0;
}

int
restated_apply(struct chain *c, struct window *w, struct slice value, struct head_runs *open, size_t *ret_told)
{
	struct statement *st;
	int err = read_value(value, &st);

	if (err != 0)
		return err == ERR_NOMEM ? err : ERR_MALFORMED;
	LIST_EACH(&w->spans, e) {
		if (err == 0)
			err = apply_span(c, CONTAINER_OF(e, struct span, in_window), st);
	}
	if (err == 0)
		err = end_told(c, open, st);
	if (err == 0)
		err = sort_ended(&c->head.ended, st, ret_told);
	statement_free(st);
	return err;
}
