/* What is told of a range: runs of findings, and what became of each window. */
#include "verify/vigil_internal.h"

struct vigil_window *
vigil_told_window_of(const struct vigil *v, const struct statement *s)
{
	size_t lo = 0, hi = v->found.window_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if ((uintptr_t)v->windows[mid].statement < (uintptr_t)s)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->found.window_count && v->windows[lo].statement == s ? &v->windows[lo] : NULL;
}

static int
by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct vigil_window *)a)->statement, y = (uintptr_t)((const struct vigil_window *)b)->statement;

	return (x > y) - (x < y);
}

int
vigil_told_windows(struct vigil *v)
{
	struct vigil_found *f = &v->found;

	if ((v->windows = calloc(v->answer.count + 1, sizeof(*v->windows))) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < v->answer.count; i++) {
		const struct verdict_window *w = &v->answer.windows[i]->w;
		const struct statement *s = w->statement;

		if (w->trust == TRUST_NONE || !answered_is_home(&v->about, s) || s->last_offset < f->from || s->first_offset >= f->to)
			continue;
		v->windows[f->window_count++] = (struct vigil_window){.statement = s,
								      .sha256 = w->sha256,
								      .issuer = w->issuer == NULL ? "" : w->issuer,
								      .part = s->first_offset < f->from || s->last_offset >= f->to};
	}
	if (f->window_count > 0)
		qsort(v->windows, f->window_count, sizeof(*v->windows), by_address);
	f->windows = v->windows;
	f->tally.windows = f->window_count;
	return 0;
}

static bool
same_kind(const struct finding *a, const struct finding *b)
{
	return a->about_record == b->about_record && a->verdict == b->verdict && a->window == b->window &&
	       a->headers_behind == b->headers_behind && strcmp(a->why, b->why) == 0 && a->has_window == b->has_window &&
	       (!a->has_window || (chain_id_eq(&a->chain, &b->chain) && a->window_id == b->window_id));
}

void
vigil_told_run(struct vigil *v, const struct finding *f, int64_t last_offset)
{
	struct vigil_run *last = v->found.run_count == 0 ? NULL : &v->runs[v->found.run_count - 1];

	if (last != NULL && f->offset >= 0 && f->offset == last->last_offset + 1 && same_kind(&last->f, f)) {
		last->last_offset = last_offset;
		return;
	}
	if (v->found.run_count == (v->conf.runs_max == 0 ? VIGIL_RUNS_MAX : v->conf.runs_max)) {
		v->too_many = true;
		v->err = ERR_LIMIT;
		return;
	}
	if (v->found.run_count == v->run_cap) {
		size_t cap = v->run_cap == 0 ? 16 : v->run_cap * 2;
		struct vigil_run *more = reallocarray(v->runs, cap, sizeof(*more));

		if (more == NULL) {
			v->err = ERR_NOMEM;
			return;
		}
		v->runs = more;
		v->run_cap = cap;
	}
	v->runs[v->found.run_count++] = (struct vigil_run){*f, last_offset};
	v->found.runs = v->runs;
}

void
vigil_told_unjudged(struct vigil *v)
{
	struct vigil_found *found = &v->found;
	struct finding f = {.window = WINDOW_RETENTION, .partition = v->partition, .offset = found->from, .issuer = "",
			    .why = "gone before they were judged"};
	int64_t to = found->log_start < v->first ? found->log_start : v->first; /* what is gone by now may have been read before */

	if (to <= found->from)
		return;
	found->unjudged = (uint64_t)(to - found->from);
	vigil_told_run(v, &f, to - 1);
}

void
vigil_told_record(void *arg, int64_t offset, enum verdict verdict, const char *why, const struct verdict_window *w)
{
	struct vigil *v = arg;
	struct vigil_window *window = w == NULL ? NULL : vigil_told_window_of(v, w->statement);
	struct finding f = {.about_record = true, .verdict = verdict, .partition = v->partition, .offset = offset, .why = why,
			    .headers_behind = v->behind, .issuer = w == NULL || w->issuer == NULL ? "" : w->issuer};

	v->behind = 0;
	if (offset < v->found.from || offset >= v->found.to)
		return; /* read only for the sake of others */
	if (w != NULL) {
		f.has_window = true;
		f.chain = w->statement->chain;
		f.window_id = w->statement->window_id;
	}
	if (window != NULL)
		window->verdicts[verdict]++;
	v->found.tally.verdicts[verdict]++;
	v->found.tally.records_with_behind += f.headers_behind > 0;
	v->found.tally.headers_behind += f.headers_behind;
	if (f.headers_behind > 0 ||
	    (verdict != VERDICT_VERIFIED && verdict != VERDICT_UNSIGNED && verdict != VERDICT_VERIFIED_CONTENT))
		vigil_told_run(v, &f, f.offset);
}

void
vigil_told_behind(void *arg, int64_t offset UNUSED, size_t headers)
{
	struct vigil *v = arg;

	v->behind = headers;
}

enum window_finding
vigil_told_absent(void *arg, const struct verdict_window *w, int64_t offset, bool open UNUSED, const char **ret_why)
{
	const struct vigil *v = arg;

	if (offset < v->found.log_start) {
		*ret_why = "below the log's start";
		return WINDOW_RETENTION;
	}
	/* Whether its key came again shows further on in the log than is read here.  Keys are stated where the cleaner is expected. */
	if (v->compacted && w->statement->manifest == MANIFEST_LEAF_KEY) {
		*ret_why = "the cleaner may have removed it";
		return WINDOW_COMPACTED;
	}
	return WINDOW_MISSING;
}

/*
 * Is a statement of the same chain in front of it known?  The ledger is asked for the one before by its name, but looks for
 * it around the records' time alone: that it gives none is no proof of a gap.
 */
static bool
knows_before(const struct vigil *v, const struct statement *s)
{
	for (size_t i = 0; i < v->answer.count; i++) {
		const struct verdict_window *w = &v->answer.windows[i]->w;

		if (w->trust != TRUST_NONE && chain_id_eq(&w->statement->chain, &s->chain) && w->statement->window_id < s->window_id)
			return true;
	}
	return false;
}

static bool
was_early(const struct vigil *v, const uint8_t sha256[SHA256_LEN])
{
	for (size_t i = 0; i < v->early_count; i++)
		if (memcmp(v->early[i].sha256, sha256, SHA256_LEN) == 0)
			return true;
	return false;
}

/*
 * What is told of a window as a whole is told with its last member: a part of it before may have been judged when its
 * statement wasn't there.  But one whose end isn't in the log says what it likes about that: it is told with its first
 * part, and not again.
 */
static bool
is_its_turn(const struct vigil *v, const struct verdict_window *w)
{
	int64_t last = w->statement->last_offset;

	return (last < v->found.to || last >= v->found.high) && !was_early(v, w->sha256);
}

void
vigil_told_window(void *arg, const struct verdict_window *w, enum window_finding found, int64_t offset, const char *why)
{
	struct vigil *v = arg;
	struct vigil_window *window = vigil_told_window_of(v, w->statement);
	struct finding f = {.window = found, .partition = v->partition, .offset = offset, .why = why, .has_window = true,
			    .chain = w->statement->chain, .window_id = w->statement->window_id,
			    .issuer = w->issuer == NULL ? "" : w->issuer};

	if (window == NULL)
		return; /* given for the sake of the one behind it */
	if (offset < 0 && found != WINDOW_COMPLETE && !is_its_turn(v, w))
		return;
	if (found == WINDOW_GAP && !knows_before(v, w->statement))
		return;
	window->with[found] = true;
	if (offset >= 0) {
		window->members[found]++;
		v->found.tally.members[found]++;
	}
	if (v->told[found] != w) {
		v->told[found] = w;
		v->found.tally.windows_with[found]++;
	}
	if (window_finding_is_violation(found))
		vigil_told_run(v, &f, f.offset);
}

static int
by_first(const void *a, const void *b)
{
	const struct statement *x = ((const struct vigil_window *)a)->statement, *y = ((const struct vigil_window *)b)->statement;

	if (x->first_offset != y->first_offset)
		return x->first_offset > y->first_offset ? 1 : -1;
	return (x->window_id > y->window_id) - (x->window_id < y->window_id);
}

void
vigil_told_sort(struct vigil *v)
{
	if (v->found.window_count > 0)
		qsort(v->windows, v->found.window_count, sizeof(*v->windows), by_first);
}

int
vigil_told_make_room(struct vigil *v)
{
	for (size_t i = 0; v->early == NULL && i < v->found.window_count; i++)
		if (v->windows[i].statement->last_offset >= v->found.high && (v->early = calloc(EARLY_MAX, sizeof(*v->early))) == NULL)
			return ERR_NOMEM;
	return 0;
}

void
vigil_told_done(struct vigil *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->early_count; i++)
		if (v->early[i].last_offset >= v->found.to)
			v->early[n++] = v->early[i];
	v->early_count = n;
	for (size_t i = 0; i < v->found.window_count; i++) {
		const struct vigil_window *w = &v->windows[i];
		struct early *e;

		if (w->statement->last_offset < v->found.high || was_early(v, w->sha256))
			continue;
		if (v->early_count == EARLY_MAX) /* one may be told twice, and none isn't told */
			memmove(&v->early[0], &v->early[1], --v->early_count * sizeof(*e));
		e = &v->early[v->early_count++];
		e->last_offset = w->statement->last_offset;
		memcpy(e->sha256, w->sha256, SHA256_LEN);
	}
}
