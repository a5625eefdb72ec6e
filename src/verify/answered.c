#include "verify/answered.h"

struct answered {
	struct answered_conf conf;
	struct verdicts *home, *foreign, *mirrored; /* of windows of this partition, of others, of the mirrored topic */
	const struct verdict_record *current;       /* that is being judged; NULL: one from before */
	const uint8_t *value_hash;                  /* its value's; NULL: that is null */
	int err;
};

bool
answered_is_home(const struct answered_conf *c, const struct statement *s)
{
	return s->partition == c->partition && slice_eq(s->topic, c->topic) && slice_eq(s->topic_id, c->topic_id) &&
	       slice_eq(s->cluster_id, c->cluster_id);
}

static bool
is_mirrored(const struct answered *a, const struct statement *s)
{
	const struct answered_conf *c = &a->conf;

	return c->mirrors != NULL && c->mirrors(c->mirrors_arg, c->topic, s->cluster_id, s->topic);
}

/* --- windows of other partitions -------------------------------------------------------- */

/* An offset means nothing to a window of another partition: that instance must not find it listed. */
static int64_t
hidden(int64_t offset)
{
	return -offset - 1;
}

/* That knows windows of the chain; NULL: none does.  *ret_named: it is there itself. */
static struct verdicts *
that_knows(const struct answered *a, const struct triple *t, bool *ret_named)
{
	struct verdicts *found = NULL;

	*ret_named = false;
	for (size_t i = 0; i < a->conf.answer->count; i++) {
		const struct verdict_window *w = &a->conf.answer->windows[i]->w;
		const struct statement *s = w->statement;

		if (!chain_id_eq(&s->chain, &t->chain) || answered_is_home(&a->conf, s))
			continue;
		*ret_named = *ret_named || s->window_id == t->window_id;
		if (w->trust != TRUST_NONE && (found == NULL || s->window_id == t->window_id))
			found = is_mirrored(a, s) ? a->mirrored : a->foreign;
	}
	return found;
}

/* The window that the record names is not stated for this partition.  true: it was told what becomes of it. */
static bool
is_elsewhere(struct answered *a)
{
	const struct verdict_record *r = a->current;
	struct verdict_record copy = *r;
	struct verdicts *there;
	struct triple t;
	bool named;

	if (!triple_last(r->headers, r->header_count, a->value_hash, &t) || !t.well_formed)
		return false;
	there = that_knows(a, &t, &named);
	if (!named && a->conf.unknown != NULL && a->conf.unknown(a->conf.options.arg, r, &t))
		return true;
	if (there == NULL)
		return false;
	copy.offset = hidden(r->offset);
	if (verdicts_record_hashed(there, &copy, a->value_hash) != 0)
		a->err = ERR_NOMEM;
	return true;
}

static void
on_foreign(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	const struct answered *a = arg;

	if (v == VERDICT_MISPLACED || v == VERDICT_DUPLICATE)
		why = "its window is of another topic or partition, and lists it there";
	a->conf.options.record(a->conf.options.arg, hidden(offset), v, why, w);
}

static void
on_foreign_behind(void *arg, int64_t offset, size_t headers)
{
	const struct answered *a = arg;

	a->conf.options.behind(a->conf.options.arg, hidden(offset), headers);
}

/* What is wrong with windows of other partitions is not told here. */
static void
on_foreign_window(void *arg UNUSED, const struct verdict_window *w UNUSED, enum window_finding f UNUSED,
		  int64_t offset UNUSED, const char *why UNUSED)
{
}

/* --- windows of this one -------------------------------------------------------------------- */

static bool
is_there(const struct answered *a, const struct triple *t)
{
	for (size_t i = 0; i < a->conf.answer->count; i++) {
		const struct statement *s = a->conf.answer->windows[i]->w.statement;

		if (s->window_id == t->window_id && chain_id_eq(&s->chain, &t->chain))
			return true;
	}
	return false;
}

/*
 * A window lists another record there, and this one names a window that the answer hasn't: it may list the offset, too,
 * which was used again.  true: it was told what becomes of it.
 */
static bool
is_of_one_to_find(const struct answered *a)
{
	const struct verdict_record *r = a->current;
	struct triple t;

	return a->conf.unknown != NULL && triple_last(r->headers, r->header_count, a->value_hash, &t) && t.well_formed &&
	       !is_there(a, &t) && a->conf.unknown(a->conf.options.arg, r, &t);
}

static void
on_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	struct answered *a = arg;

	if (a->current != NULL && (v == VERDICT_PENDING || (v == VERDICT_UNATTESTED && w == NULL)) && is_elsewhere(a))
		return;
	if (a->current != NULL && (v == VERDICT_ALTERED || v == VERDICT_MISPLACED) && is_of_one_to_find(a))
		return;
	a->conf.options.record(a->conf.options.arg, offset, v, why, w);
}

static void
on_behind(void *arg, int64_t offset, size_t headers)
{
	const struct answered *a = arg;

	a->conf.options.behind(a->conf.options.arg, offset, headers);
}

static enum window_finding
on_absent(void *arg, const struct verdict_window *w, int64_t offset, bool open, const char **ret_why)
{
	const struct answered *a = arg;

	return a->conf.options.absent(a->conf.options.arg, w, offset, open, ret_why);
}

static void
on_window(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why)
{
	const struct answered *a = arg;

	a->conf.options.window(a->conf.options.arg, w, f, offset, why);
}

/* --- its life ---------------------------------------------------------------------------------- */

/* One that is untrusted tells why nothing else is stated, whatever partition it says that it is of. */
static int
add_to_all(struct answered *a, const struct verdict_window *w)
{
	int err;

	if ((err = verdicts_window(a->home, w)) == 0 && (err = verdicts_window(a->foreign, w)) == 0)
		err = verdicts_window(a->mirrored, w);
	return err;
}

static int
add_windows(struct answered *a)
{
	for (size_t i = 0; i < a->conf.answer->count; i++) {
		struct verdict_window w = a->conf.answer->windows[i]->w;
		int err;

		w.checked = true;
		if (w.trust == TRUST_NONE)
			err = add_to_all(a, &w);
		else
			err = verdicts_window(answered_is_home(&a->conf, w.statement) ? a->home
					      : is_mirrored(a, w.statement)	      ? a->mirrored
										      : a->foreign,
					      &w);
		if (err != 0)
			return err;
	}
	return 0;
}

int
answered_new(const struct answered_conf *conf, struct answered **ret)
{
	struct verdict_options o = conf->options;
	struct answered *a = calloc(1, sizeof(*a));
	int err = ERR_NOMEM;

	if (a == NULL)
		return ERR_NOMEM;
	a->conf = *conf;
	o.arg = a;
	o.mirror = false;
	o.record = on_record;
	o.behind = conf->options.behind == NULL ? NULL : on_behind;
	o.absent = conf->options.absent == NULL ? NULL : on_absent;
	o.window = on_window;
	a->home = verdicts_new(&o);
	o.record = on_foreign;
	o.behind = conf->options.behind == NULL ? NULL : on_foreign_behind;
	o.absent = NULL;
	o.window = on_foreign_window;
	a->foreign = verdicts_new(&o);
	o.mirror = true;
	a->mirrored = verdicts_new(&o);
	if (a->home == NULL || a->foreign == NULL || a->mirrored == NULL)
		goto fail;
	if ((err = add_windows(a)) != 0 || (err = verdicts_begin(a->home)) != 0 || (err = verdicts_begin(a->foreign)) != 0 ||
	    (err = verdicts_begin(a->mirrored)) != 0)
		goto fail;
	*ret = a;
	return 0;
fail:
	answered_free(a);
	return err;
}

void
answered_free(struct answered *a)
{
	if (a == NULL)
		return;
	verdicts_free(a->home);
	verdicts_free(a->foreign);
	verdicts_free(a->mirrored);
	free(a);
}

int
answered_record(struct answered *a, const struct verdict_record *r)
{
	uint8_t hash[SHA256_LEN];
	int err;

	if (r->value.p != NULL)
		sha256_of(r->value, hash);
	a->value_hash = r->value.p == NULL ? NULL : hash;
	a->current = r;
	err = verdicts_record_hashed(a->home, r, a->value_hash);
	a->current = NULL;
	a->value_hash = NULL;
	return err != 0 ? err : a->err;
}

int
answered_end(struct answered *a)
{
	int err;

	if ((err = verdicts_end(a->home)) == 0 && (err = verdicts_end(a->foreign)) == 0)
		err = verdicts_end(a->mirrored);
	return err;
}
