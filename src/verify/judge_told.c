/*
 *   a record's verdict, a member that is gone ─► what that comes to ─► the batch's end
 *       └─► it names a window that the answer hasn't: asked for
 */
#include "verify/judge_internal.h"

/* --- what a verdict comes to ------------------------------------------------------------ */

/* Does the record name the window that decided?  Its leaf was right, so that its content_hash is. */
static bool
names_window(const struct verdict_record *r, const struct verdict_window *w)
{
	char key[CHAIN_KEY_MAX + 1];
	size_t n = chain_key(&w->statement->chain, w->statement->window_id, key);

	for (size_t i = 0; i < r->header_count; i++) {
		struct slice v = r->headers[i].value;

		if (v.p == NULL || !slice_eq(r->headers[i].name, slice_str(TRIPLE_SIGNATURE)))
			continue;
		if (v.n == CHAIN_ID_LEN + 8 && memcmp(v.p, w->statement->chain.b, CHAIN_ID_LEN) == 0)
			return true;
		if (v.n > n && memcmp(v.p + v.n - n, key, n) == 0)
			return true;
	}
	return false;
}

static enum judge_end
end_of_unattested(const struct judge *j, int64_t offset)
{
	const struct verdict_record *r = j->current;

	if (!j->answer->whole)
		return JUDGE_WAIT;
	if (!j->c.policy.deny_unattested)
		return JUDGE_PASS;
	/* Without headers it may be a member of a window that is not stated yet. */
	if (r != NULL && !triple_any_name(r->headers, r->header_count) && offset >= j->c.waited_to &&
	    (r->timestamp < 0 || r->timestamp > j->c.now_ms || j->c.now_ms - r->timestamp <= j->c.pending_max_ms))
		return JUDGE_WAIT;
	return JUDGE_STOP;
}

enum judge_end
judge_told_end(const struct judge *j, int64_t offset, enum verdict v, const struct verdict_window *w)
{
	switch (v) {
	case VERDICT_VERIFIED:
	case VERDICT_UNSIGNED:
	case VERDICT_VERIFIED_CONTENT:
		/* A statement that is still to be read may speak of the same offset; not of what names its window itself. */
		return j->answer->whole || (j->current != NULL && w != NULL && names_window(j->current, w)) ? JUDGE_PASS
													: JUDGE_WAIT;
	case VERDICT_PENDING:
		if (!j->c.policy.pass_pending || offset >= j->c.waited_to || !j->answer->whole || w != NULL)
			return JUDGE_WAIT;
		return j->c.policy.deny_unattested ? JUDGE_STOP : JUDGE_PASS;
	case VERDICT_UNATTESTED:
		return end_of_unattested(j, offset);
	case VERDICT_UNTRUSTED:
	case VERDICT_DUPLICATE:
	case VERDICT_MISPLACED:
	case VERDICT_ALTERED:
	case VERDICT_FORGED_HEADER:
	case VERDICT_COUNT:
		break;
	}
	return j->answer->whole ? JUDGE_STOP : JUDGE_WAIT;
}

void
judge_told_come_to(struct judge_batch *b, enum judge_end end, int64_t offset, enum window_finding f, enum verdict v, const char *why,
	const struct verdict_window *w)
{
	if (f == WINDOW_COMPLETE && end > b->of_records)
		b->of_records = end;
	if (end < b->end || end == JUDGE_PASS || (end == b->end && b->offset <= offset))
		return;
	b->end = end;
	b->offset = offset;
	b->finding = f;
	b->verdict = v;
	b->why = why;
	b->has_window = w != NULL;
	if (w != NULL) {
		b->chain = w->statement->chain;
		b->window_id = w->statement->window_id;
	}
}

static void
tell(struct judge *j, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	struct judge_batch *b = &j->batches[judge_batch_of(j, offset)];

	if (offset < j->c.fetch_offset)
		return; /* the client skips it */
	b->counts[v]++;
	judge_told_come_to(b, judge_told_end(j, offset, v, w), offset, WINDOW_COMPLETE, v, why, w);
}

/* --- windows that the answer hasn't ------------------------------------------------------- */

/* To be asked for.  0, ERR_LIMIT (not this time) or ERR_NOMEM. */
static int
note_name(struct judge *j, const struct triple *t)
{
	uint8_t key[CHAIN_ID_LEN + sizeof(t->window_id)];
	struct slice k = slice_of(key, sizeof(key));
	struct ledger_name *n = &j->names[j->name_count];
	int err;

	memcpy(key, t->chain.b, CHAIN_ID_LEN);
	memcpy(key + CHAIN_ID_LEN, &t->window_id, sizeof(t->window_id));
	if (j->named == NULL && (j->named = map_new()) == NULL)
		return ERR_NOMEM;
	if (map_get(j->named, k) != NULL)
		return 0;
	if (j->name_count == JUDGE_NAMES_MAX)
		return ERR_LIMIT;
	if ((err = map_put(j->named, k, n)) != 0)
		return err;
	*n = (struct ledger_name){t->chain, t->window_id};
	j->name_count++;
	return 0;
}

/* What is asked for in its place is known first: it isn't known that it is not stated. */
static void
wait_for_names(struct judge *j, int64_t offset)
{
	struct judge_batch *b = &j->batches[judge_batch_of(j, offset)];

	if (offset < j->c.fetch_offset)
		return;
	b->counts[VERDICT_PENDING]++;
	judge_told_come_to(b, JUDGE_WAIT, offset, WINDOW_COMPLETE, VERDICT_PENDING, "records before it name more windows than are asked for at once",
			   NULL);
}

bool
judge_told_unknown(void *arg, const struct verdict_record *r, const struct triple *named)
{
	struct judge *j = arg;
	int err = note_name(j, named);

	if (err == ERR_NOMEM)
		j->err = err;
	if (err != 0)
		wait_for_names(j, r->offset);
	return err != 0;
}

/* --- what the verdicts say --------------------------------------------------------------- */

void
judge_told_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	tell(arg, offset, v, why, w);
}

enum window_finding
judge_told_absent(void *arg, const struct verdict_window *w UNUSED, int64_t offset UNUSED, bool open UNUSED, const char **ret_why)
{
	const struct judge *j = arg;

	if (!j->c.compacted)
		return WINDOW_MISSING;
	*ret_why = "the cleaner may have removed it";
	return WINDOW_COMPACTED;
}

void
judge_told_window(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why)
{
	struct judge *j = arg;
	struct judge_batch *b;
	size_t i;

	if ((f != WINDOW_MISSING && f != WINDOW_OFFSET_REUSED) || offset < j->c.fetch_offset || offset >= j->fed_to)
		return;
	i = judge_batch_of(j, offset);
	b = &j->batches[i];
	if (f == WINDOW_OFFSET_REUSED) {
		b->reused++;
		return;
	}
	/* What can't be read is there, and has its own verdict. */
	if (offset >= b->base && j->parts[i].kind >= KIND_LEGACY)
		return;
	b->missing++;
	judge_told_come_to(b, j->answer->whole ? JUDGE_STOP : JUDGE_WAIT, offset, WINDOW_MISSING, VERDICT_COUNT, why, w);
}
