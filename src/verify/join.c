#include "verify/join.h"

struct join {
	struct join_conf conf;
	struct verdicts *verdicts;
	struct elsewhere *elsewhere;
	struct tally tally;
	const struct verdict_window *told[WINDOW_FINDINGS]; /* the window that was counted last */
	const struct verdict_record *current;
	size_t behind; /* headers that are not covered, of the record that is told next */
	struct verdict_hashes hashes; /* of what is told next; `of` NULL: none */
	uint8_t expected[SHA256_LEN], found[SHA256_LEN];
	int64_t log_start_now;
	int64_t read_from, read_to;
	int err; /* of something in a callback */
};

static bool
in_range(const struct join *j, const struct statement *s)
{
	return s->last_offset >= j->conf.from && s->first_offset < j->conf.to;
}

static void
tell(struct join *j, struct finding *f)
{
	f->partition = j->conf.partition;
	f->hashes = j->hashes.of == NULL ? NULL : &j->hashes;
	if (j->conf.found != NULL)
		j->conf.found(j->conf.arg, f);
	j->hashes.of = NULL;
}

static void
record_found(struct join *j, int64_t offset, enum verdict v, const char *why, const struct chain_id *chain,
	     uint64_t window_id, const char *issuer, const struct verdict_window *w)
{
	struct finding f = {.about_record = true, .verdict = v, .offset = offset, .why = why, .headers_behind = j->behind,
			    .issuer = issuer == NULL ? "" : issuer, .stated = w};

	j->behind = 0;
	if (!verdict_is_violation(v))
		j->hashes.of = NULL; /* a copy that proved to be right */
	if (offset < j->conf.from || offset >= j->conf.to) {
		j->hashes.of = NULL;
		return; /* read only for the sake of others */
	}
	if (chain != NULL) {
		f.has_window = true;
		f.chain = *chain;
		f.window_id = window_id;
	}
	j->tally.verdicts[v]++;
	j->tally.records_with_behind += f.headers_behind > 0;
	j->tally.headers_behind += f.headers_behind;
	tell(j, &f);
}

static void
on_behind(void *arg, int64_t offset UNUSED, size_t headers)
{
	struct join *j = arg;

	j->behind = headers;
}

/* It is told next; what they point to needn't be there then. */
static void
on_hashes(void *arg, const struct verdict_hashes *h)
{
	struct join *j = arg;

	j->hashes = (struct verdict_hashes){h->of, h->expected == NULL ? NULL : j->expected, h->found == NULL ? NULL : j->found};
	if (h->expected != NULL)
		memcpy(j->expected, h->expected, SHA256_LEN);
	if (h->found != NULL)
		memcpy(j->found, h->found, SHA256_LEN);
}

/* Does the record name a window of which something is known elsewhere?  Then that decides. */
static bool
judged_elsewhere(struct join *j)
{
	const struct verdict_record *r = j->current;
	uint8_t hash[SHA256_LEN] = {0};
	struct triple named;
	bool taken = false;
	int err;

	if (!triple_any_name(r->headers, r->header_count))
		return false;
	if (r->value.p != NULL)
		sha256_of(r->value, hash);
	if (!triple_last(r->headers, r->header_count, r->value.p == NULL ? NULL : hash, &named) || !named.well_formed)
		return false;
	if ((err = elsewhere_judge(j->elsewhere, r, &named, &taken)) != 0 && j->err == 0)
		j->err = err;
	return taken;
}

static void
on_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	struct join *j = arg;

	if ((v == VERDICT_PENDING || v == VERDICT_UNATTESTED) && w == NULL && j->current != NULL &&
	    j->current->offset == offset && judged_elsewhere(j))
		return;
	if (w == NULL)
		record_found(j, offset, v, why, NULL, 0, "", NULL);
	else
		record_found(j, offset, v, why, &w->statement->chain, w->statement->window_id, w->issuer, w);
}

static void
on_elsewhere(void *arg, int64_t offset, enum verdict v, const char *why, const struct chain_id *chain,
	     uint64_t window_id, const char *issuer)
{
	record_found(arg, offset, v, why, chain, window_id, issuer, NULL);
}

/* A place that holds no record: something may be known that verdicts can't know. */
static enum window_finding
on_absent(void *arg, const struct verdict_window *w UNUSED, int64_t offset, bool open, const char **ret_why)
{
	struct join *j = arg;
	bool there = false;
	int err;

	if (offset < j->log_start_now) {
		*ret_why = "below the log's start";
		return WINDOW_RETENTION;
	}
	/* A transaction that was open when its window was stated may have been aborted, if no statement told its end since. */
	if (j->conf.read_committed && j->conf.uncommitted != NULL && open) {
		if ((err = j->conf.uncommitted(j->conf.uncommitted_arg, offset, &there)) != 0 && j->err == 0)
			j->err = err;
		if (there) {
			*ret_why = "its transaction was not committed";
			return WINDOW_ABORTED;
		}
	}
	return WINDOW_MISSING;
}

static void
on_window(void *arg, const struct verdict_window *w, enum window_finding found, int64_t offset, const char *why)
{
	struct join *j = arg;
	const struct statement *s = w->statement;
	struct finding f = {.offset = offset, .why = why, .has_window = true, .chain = s->chain, .window_id = s->window_id,
			    .issuer = w->issuer == NULL ? "" : w->issuer, .stated = w};

	if (!in_range(j, s)) {
		j->hashes.of = NULL;
		return;
	}
	f.window = found;
	if (offset >= 0)
		j->tally.members[found]++;
	if (j->told[found] != w) {
		j->told[found] = w;
		j->tally.windows_with[found]++;
	}
	tell(j, &f);
}

/* Without a right manifest only the whole window can be judged.  Asked only where that makes a difference. */
static bool
is_cut(const struct join *j, const struct verdict_window *w)
{
	const struct statement *s = w->statement;

	if (s->first_offset >= j->conf.from && s->last_offset < j->conf.to)
		return false;
	return s->manifest == MANIFEST_NONE || w->manifest.p == NULL ||
	       !manifest_is_right(s->manifest, w->manifest, s->leaf_count, s->manifest_sha256, s->root);
}

static int
add_windows(struct join *j)
{
	const struct statements_topic *statements = j->conf.elsewhere.statements;
	size_t n;
	const struct verdict_window *const *list = statements_of(statements, j->conf.partition, &n);

	for (size_t i = 0; i < n; i++) {
		const struct statement *s = list[i]->statement;
		int err = verdicts_window(j->verdicts, list[i]);

		if (err != 0)
			return err;
		if (!in_range(j, s))
			continue;
		j->tally.windows++;
		if (!is_cut(j, list[i]))
			continue;
		if (s->first_offset < j->read_from)
			j->read_from = s->first_offset;
		if (s->last_offset >= j->read_to)
			j->read_to = s->last_offset + 1;
	}
	return 0;
}

int
join_new(const struct join_conf *conf, struct join **ret)
{
	struct verdict_options o = {.dbom_topic = conf->elsewhere.dbom_topic,
				    .now_ms = conf->elsewhere.now_ms,
				    .pending_max_ms = conf->elsewhere.pending_max_ms,
				    .log_start = conf->log_start,
				    .from = conf->from,
				    .to = conf->to,
				    .read_committed = conf->read_committed,
				    .compacted = conf->compacted,
				    .record = on_record,
				    .behind = on_behind,
				    .hashes = on_hashes,
				    .absent = on_absent,
				    .window = on_window};
	struct elsewhere_conf ec = conf->elsewhere;
	struct join *j = calloc(1, sizeof(*j));
	int err = ERR_NOMEM;

	if (j == NULL)
		return ERR_NOMEM;
	j->conf = *conf;
	j->read_from = conf->from;
	/* Whether a key came again is seen at the end alone. */
	j->read_to = conf->compacted ? conf->log_end : conf->to;
	j->log_start_now = conf->log_start;
	o.arg = j;
	ec.partition = conf->partition;
	ec.record = on_elsewhere;
	ec.behind = on_behind;
	ec.hashes = on_hashes;
	ec.record_arg = j;
	if ((j->verdicts = verdicts_new(&o)) == NULL || (j->elsewhere = elsewhere_new(&ec)) == NULL)
		goto fail;
	if ((err = add_windows(j)) != 0 || (err = verdicts_begin(j->verdicts)) != 0)
		goto fail;
	*ret = j;
	return 0;
fail:
	join_free(j);
	return err;
}

void
join_free(struct join *j)
{
	if (j == NULL)
		return;
	verdicts_free(j->verdicts);
	elsewhere_free(j->elsewhere);
	free(j);
}

void
join_range(const struct join *j, int64_t *ret_from, int64_t *ret_to)
{
	*ret_from = j->read_from > j->conf.log_start ? j->read_from : j->conf.log_start;
	*ret_to = j->read_to < j->conf.log_end ? j->read_to : j->conf.log_end;
}

int
join_record(struct join *j, const struct verdict_record *r)
{
	int err;

	if (r->offset >= j->conf.from && r->offset < j->conf.to)
		j->tally.records++;
	j->current = r;
	err = verdicts_record(j->verdicts, r);
	j->current = NULL;
	return err != 0 ? err : j->err;
}

int
join_end(struct join *j, int64_t log_start)
{
	int err;

	j->log_start_now = log_start;
	if ((err = verdicts_end(j->verdicts)) != 0 || (err = elsewhere_end(j->elsewhere)) != 0)
		return err;
	return j->err;
}

const struct tally *
join_tally(const struct join *j)
{
	return &j->tally;
}
