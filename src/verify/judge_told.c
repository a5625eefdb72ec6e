/*
 *   a record's verdict, a member that is gone ─► what that comes to ─► the batch's end
 *       └─► it names a window of another partition: what that one's verdicts say
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
		if (!j->c.policy.pass_pending || offset >= j->c.waited_to || !j->answer->whole)
			return JUDGE_WAIT;
		return j->c.policy.deny_unattested ? JUDGE_STOP : JUDGE_PASS;
	case VERDICT_UNATTESTED:
	case VERDICT_UNTRUSTED: /* as if that statement weren't there: anybody may have written it */
		return end_of_unattested(j, offset);
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
judge_told_come_to(struct judge_batch *b, enum judge_end end, int64_t offset, bool is_missing, enum verdict v, const char *why,
	const struct verdict_window *w)
{
	if (!is_missing && end > b->of_records)
		b->of_records = end;
	if (end < b->end || end == JUDGE_PASS || (end == b->end && b->offset <= offset))
		return;
	b->end = end;
	b->offset = offset;
	b->is_missing = is_missing;
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
	judge_told_come_to(b, judge_told_end(j, offset, v, w), offset, false, v, why, w);
}

/* --- windows of other partitions -------------------------------------------------------- */

/* An offset means nothing to a window of another partition: that instance must not find it listed. */
static int64_t
hidden(int64_t offset)
{
	return -offset - 1;
}

bool
judge_told_is_mirrored(const struct judge *j, const struct statement *s)
{
	const struct judge_policy *p = &j->c.policy;

	return p->mirrors != NULL && p->mirrors(p->arg, j->c.topic, s->cluster_id, s->topic);
}

/* That knows windows of the chain; NULL: none does.  *ret_named: it is there itself. */
static struct verdicts *
that_knows(const struct judge *j, const struct triple *t, bool *ret_named)
{
	struct verdicts *found = NULL;

	*ret_named = false;
	for (size_t i = 0; i < j->answer->count; i++) {
		const struct statement *s = j->windows[i].statement;

		if (!chain_id_eq(&s->chain, &t->chain) || judge_is_home(j, s))
			continue;
		*ret_named = *ret_named || s->window_id == t->window_id;
		if (j->windows[i].trust != TRUST_NONE && (found == NULL || s->window_id == t->window_id))
			found = judge_told_is_mirrored(j, s) ? j->mirrored : j->foreign;
	}
	return found;
}

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
	judge_told_come_to(b, JUDGE_WAIT, offset, false, VERDICT_PENDING, "records before it name more windows than are asked for at once",
			   NULL);
}

/* The window that the record names is not stated for this partition.  true: it was told what becomes of it. */
static bool
is_elsewhere(struct judge *j)
{
	const struct verdict_record *r = j->current;
	struct verdict_record copy = *r;
	const uint8_t *hash = NULL;
	uint8_t sum[SHA256_LEN];
	struct verdicts *there;
	struct triple t;
	bool named;
	int err;

	if (r->value.p != NULL) {
		sha256_of(r->value, sum);
		hash = sum;
	}
	if (!triple_last(r->headers, r->header_count, hash, &t) || !t.well_formed)
		return false;
	there = that_knows(j, &t, &named);
	if (!named && (err = note_name(j, &t)) != 0) {
		if (err == ERR_NOMEM)
			j->err = err;
		wait_for_names(j, r->offset);
		return true;
	}
	if (there == NULL)
		return false;
	copy.offset = hidden(r->offset);
	if (verdicts_record(there, &copy) != 0)
		j->err = ERR_NOMEM;
	return true;
}

void
judge_told_foreign(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	if (v == VERDICT_MISPLACED || v == VERDICT_DUPLICATE)
		why = "its window is of another topic or partition, and lists it there";
	tell(arg, hidden(offset), v, why, w);
}

void
judge_told_foreign_window(void *arg UNUSED, const struct verdict_window *w UNUSED, enum window_finding f UNUSED,
		  int64_t offset UNUSED, const char *why UNUSED)
{
}

/* --- what the verdicts say --------------------------------------------------------------- */

void
judge_told_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	struct judge *j = arg;

	if ((v == VERDICT_PENDING || v == VERDICT_UNATTESTED) && w == NULL && j->current != NULL && is_elsewhere(j))
		return;
	tell(j, offset, v, why, w);
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
	judge_told_come_to(b, j->answer->whole ? JUDGE_STOP : JUDGE_WAIT, offset, true, VERDICT_COUNT, why, w);
}
