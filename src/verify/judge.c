/*
 *   batch ─► records ─► verdicts (makoto/verdict.h), of this partition's windows ─┬─► the batch's end
 *                          └─► those that name a window of another partition ─────┘
 */
#include "verify/judge.h"

#include "kafka/batch.h"
#include "kafka/record.h"

enum { NAMES_MAX = 64, ENTRY_HEAD = 12, PLAIN_KEPT = 8 << 20 };

enum kind { KIND_DATA, KIND_CONTROL, KIND_LEGACY, KIND_UNREADABLE };

struct part { /* what is known of a batch beside its end */
	struct batch b;
	enum kind kind;
	bool gap; /* not each of its offsets, and those between it and the one before, has a record */
};

struct judge {
	size_t max_plain;
	struct codecs *codecs;
	struct wr plain;
	struct header *headers;
	size_t header_cap;

	struct judge_case c;
	struct judge_batch *batches;
	struct part *parts;
	size_t count, cap;

	/* One run. */
	const struct ledger_answer *answer;
	struct verdict_window *windows; /* the answer's, with what is known of their manifests */
	struct verdicts *home, *foreign, *mirrored; /* of windows of this partition, of others, of the mirrored topic */
	int64_t fed_to;                      /* batches from here on were not read */
	const struct verdict_record *current; /* that is being judged; NULL: one from before */
	struct ledger_name names[NAMES_MAX];
	size_t name_count;
	int err;
};

struct judge *
judge_new(size_t max_plain)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->max_plain = max_plain;
	j->plain = wr_new(max_plain);
	j->codecs = codecs_new(NULL);
	if (j->codecs == NULL) {
		free(j);
		return NULL;
	}
	return j;
}

void
judge_close(struct judge *j)
{
	j->c = (struct judge_case){0};
	j->count = 0;
	if (j->plain.cap > PLAIN_KEPT)
		wr_free(&j->plain);
}

void
judge_free(struct judge *j)
{
	if (j == NULL)
		return;
	codecs_free(j->codecs);
	wr_free(&j->plain);
	free(j->headers);
	free(j->batches);
	free(j->parts);
	free(j);
}

/* --- the batches --------------------------------------------------------------------- */

static int
room(struct judge *j)
{
	size_t cap = j->cap == 0 ? 16 : j->cap * 2;
	struct judge_batch *batches;
	struct part *parts;

	if (j->count < j->cap)
		return 0;
	if ((batches = reallocarray(j->batches, cap, sizeof(*batches))) == NULL)
		return ERR_NOMEM;
	j->batches = batches;
	if ((parts = reallocarray(j->parts, cap, sizeof(*parts))) == NULL)
		return ERR_NOMEM;
	j->parts = parts;
	j->cap = cap;
	return 0;
}

/* The offsets that follow the batches so far. */
static int64_t
end_of(const struct judge *j)
{
	return j->count == 0 ? j->c.fetch_offset : j->batches[j->count - 1].last + 1;
}

/*
 * The batch at the start of s, whose length is what it says.  Offsets ascend in every log: a batch that
 * has others can't be read, and stands where it would have to.
 */
static void
look_at(const struct judge *j, struct slice s, struct judge_batch *b, struct part *p)
{
	struct rd r = rd_of(s);
	int64_t before = end_of(j), first = rd_i64(&r);
	struct batch head = {0};
	int err = batch_read(s, &head);

	*b = (struct judge_batch){.bytes = s, .offset = -1, .why = ""};
	*p = (struct part){head, KIND_UNREADABLE, false};
	b->base = b->last = before < INT64_MAX ? before : INT64_MAX - 1;
	if (err == ERR_UNSUPPORTED && first >= 0 && first < INT64_MAX && (j->count == 0 || first >= before)) {
		/* A set of messages has the offset of its last one. */
		p->kind = KIND_LEGACY;
		b->last = first;
		b->base = first < before ? first : before;
		return;
	}
	if (err != 0 || first < 0 || p->b.last_offset_delta < 0 || first > INT64_MAX - 1 - p->b.last_offset_delta ||
	    (j->count > 0 && first < before))
		return;
	b->base = first;
	b->last = first + p->b.last_offset_delta;
	if (batch_crc_matches(&p->b))
		p->kind = batch_is(&p->b, BATCH_CONTROL) ? KIND_CONTROL : KIND_DATA;
	p->gap = b->base > before || (p->kind != KIND_CONTROL && p->b.count <= p->b.last_offset_delta);
}

static void
note_times(const struct part *p, struct ledger_want *w, bool first)
{
	int64_t low = p->b.base_timestamp, high = p->b.max_timestamp;

	if (batch_is(&p->b, BATCH_LOG_APPEND) || low > high)
		low = high;
	if (first || low < w->min_ms)
		w->min_ms = low;
	if (first || high > w->max_ms)
		w->max_ms = high;
}

int
judge_open(struct judge *j, const struct judge_case *c, struct ledger_want *ret_want)
{
	struct ledger_want w = {.topic = c->topic,
				.topic_id = c->topic_id,
				.partition = c->partition,
				.from = c->fetch_offset,
				.to = c->fetch_offset,
				.min_ms = c->now_ms,
				.max_ms = c->now_ms};
	struct slice left = c->records;
	bool timed = false;

	j->c = *c;
	j->count = 0;
	while (left.n >= ENTRY_HEAD) {
		struct rd r = rd_of(slice_of(left.p + 8, 4));
		int32_t length = rd_i32(&r);
		struct judge_batch *b;
		struct part *p;

		/* A tail that is cut off; clients drop it, too. */
		if (length < 0 || (size_t)length > left.n - ENTRY_HEAD)
			break;
		if (room(j) != 0)
			return ERR_NOMEM;
		b = &j->batches[j->count];
		p = &j->parts[j->count];
		look_at(j, slice_of(left.p, ENTRY_HEAD + (size_t)length), b, p);
		if (p->kind == KIND_DATA) {
			note_times(p, &w, !timed);
			timed = true;
		}
		j->count++;
		if (b->last >= w.to)
			w.to = b->last + 1;
		left = slice_of(left.p + b->bytes.n, left.n - b->bytes.n);
	}
	/* Where much was cleaned away, nothing is asked about that. */
	if (c->compacted && j->count > 0 && j->batches[0].base > w.from)
		w.from = j->batches[0].base;
	*ret_want = w;
	return 0;
}

const struct judge_batch *
judge_batches(const struct judge *j, size_t *ret_count)
{
	*ret_count = j->count;
	return j->batches;
}

/* The first batch that reaches the offset; count: none does. */
static size_t
batch_of(const struct judge *j, int64_t offset)
{
	size_t lo = 0, hi = j->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (j->batches[mid].last < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

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

static enum judge_end
end_of_record(const struct judge *j, int64_t offset, enum verdict v, const struct verdict_window *w)
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
		return end_of_unattested(j, offset);
	case VERDICT_DUPLICATE:
	case VERDICT_MISPLACED:
	case VERDICT_ALTERED:
	case VERDICT_UNTRUSTED:
	case VERDICT_FORGED_HEADER:
	case VERDICT_COUNT:
		break;
	}
	return j->answer->whole ? JUDGE_STOP : JUDGE_WAIT;
}

/* The batch ends so because of this offset, unless it ended so already, or worse. */
static void
come_to(struct judge_batch *b, enum judge_end end, int64_t offset, bool is_missing, enum verdict v, const char *why,
	const struct verdict_window *w)
{
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
	struct judge_batch *b = &j->batches[batch_of(j, offset)];

	if (offset < j->c.fetch_offset)
		return; /* the client skips it */
	b->counts[v]++;
	come_to(b, end_of_record(j, offset, v, w), offset, false, v, why, w);
}

/* --- windows of other partitions -------------------------------------------------------- */

/* An offset means nothing to a window of another partition: that instance must not find it listed. */
static int64_t
hidden(int64_t offset)
{
	return -offset - 1;
}

static bool
is_home(const struct judge *j, const struct statement *s)
{
	return s->partition == j->c.partition && slice_eq(s->topic, j->c.topic) && slice_eq(s->topic_id, j->c.topic_id) &&
	       slice_eq(s->cluster_id, j->c.cluster_id);
}

static bool
is_mirrored(const struct judge *j, const struct statement *s)
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

		if (!chain_id_eq(&s->chain, &t->chain) || is_home(j, s))
			continue;
		if (found == NULL || s->window_id == t->window_id)
			found = is_mirrored(j, s) ? j->mirrored : j->foreign;
		*ret_named = *ret_named || s->window_id == t->window_id;
	}
	return found;
}

static void
note_name(struct judge *j, const struct triple *t)
{
	for (size_t i = 0; i < j->name_count; i++)
		if (j->names[i].window_id == t->window_id && chain_id_eq(&j->names[i].chain, &t->chain))
			return;
	if (j->name_count < NAMES_MAX)
		j->names[j->name_count++] = (struct ledger_name){t->chain, t->window_id};
}

/* The window that the record names is not stated for this partition.  true: another partition's decides. */
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

	if (r->value.p != NULL) {
		sha256_of(r->value, sum);
		hash = sum;
	}
	if (!triple_last(r->headers, r->header_count, hash, &t) || !t.well_formed)
		return false;
	there = that_knows(j, &t, &named);
	if (!named)
		note_name(j, &t);
	if (there == NULL)
		return false;
	copy.offset = hidden(r->offset);
	if (verdicts_record(there, &copy) != 0)
		j->err = ERR_NOMEM;
	return true;
}

static void
on_foreign(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	if (v == VERDICT_MISPLACED || v == VERDICT_DUPLICATE)
		why = "its window is of another topic or partition, and lists it there";
	tell(arg, hidden(offset), v, why, w);
}

static void
on_foreign_window(void *arg UNUSED, const struct verdict_window *w UNUSED, enum window_finding f UNUSED,
		  int64_t offset UNUSED, const char *why UNUSED)
{
}

/* --- what the verdicts say --------------------------------------------------------------- */

static void
on_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	struct judge *j = arg;

	if ((v == VERDICT_PENDING || v == VERDICT_UNATTESTED) && w == NULL && j->current != NULL && is_elsewhere(j))
		return;
	tell(j, offset, v, why, w);
}

static enum window_finding
on_absent(void *arg, const struct verdict_window *w UNUSED, int64_t offset UNUSED, bool open UNUSED, const char **ret_why)
{
	const struct judge *j = arg;

	if (!j->c.compacted)
		return WINDOW_MISSING;
	*ret_why = "the cleaner may have removed it";
	return WINDOW_COMPACTED;
}

static void
on_window(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why)
{
	struct judge *j = arg;
	struct judge_batch *b;
	size_t i;

	if ((f != WINDOW_MISSING && f != WINDOW_OFFSET_REUSED) || offset < j->c.fetch_offset || offset >= j->fed_to)
		return;
	i = batch_of(j, offset);
	b = &j->batches[i];
	if (f == WINDOW_OFFSET_REUSED) {
		b->reused++;
		return;
	}
	/* What can't be read is there, and has its own verdict. */
	if (offset >= b->base && (j->parts[i].kind == KIND_LEGACY || j->parts[i].kind == KIND_UNREADABLE))
		return;
	b->missing++;
	come_to(b, j->answer->whole ? JUDGE_STOP : JUDGE_WAIT, offset, true, VERDICT_COUNT, why, w);
}

/* --- one batch ------------------------------------------------------------------------------ */

static int
headers_of(struct judge *j, const struct record *rec)
{
	size_t n = (size_t)rec->header_count;
	struct rd r = rd_of(rec->headers);

	if (n > j->header_cap) {
		struct header *more = reallocarray(j->headers, n, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		j->headers = more;
		j->header_cap = n;
	}
	for (size_t i = 0; i < n; i++)
		if (record_header_next(&r, &j->headers[i].name, &j->headers[i].value) != 0)
			return ERR_MALFORMED;
	return 0;
}

/* 0, ERR_NOMEM, or why it can't be read. */
static int
feed(struct judge *j, const struct judge_batch *at, const struct batch *b)
{
	bool append = batch_is(b, BATCH_LOG_APPEND);
	int64_t next = at->base;
	struct slice plain = b->records;
	struct rd r;
	int err;

	if (batch_codec(b) == CODEC_COUNT)
		return ERR_UNSUPPORTED;
	if (batch_codec(b) != CODEC_NONE && b->count > 0) {
		wr_reset(&j->plain);
		if ((err = codec_decompress(j->codecs, batch_codec(b), b->records, j->max_plain, &j->plain)) != 0)
			return err;
		plain = wr_slice(&j->plain);
	}
	r = rd_of(plain);
	for (int32_t i = 0; i < b->count; i++) {
		struct verdict_record v;
		struct record rec;

		if ((err = record_next(&r, b->base_timestamp, &rec)) != 0 || (err = headers_of(j, &rec)) != 0)
			return err;
		if (rec.offset_delta < 0 || rec.offset_delta > b->last_offset_delta || at->base + rec.offset_delta < next)
			return ERR_MALFORMED;
		v = (struct verdict_record){at->base + rec.offset_delta, append ? b->max_timestamp : rec.timestamp,
					    rec.key, rec.value, j->headers, (size_t)rec.header_count};
		next = v.offset + 1;
		j->current = &v;
		err = verdicts_record(j->home, &v);
		j->current = NULL;
		if (err != 0 || (err = j->err) != 0)
			return err;
	}
	return b->count > 0 && rd_left(&r) > 0 ? ERR_MALFORMED : 0;
}

static bool
is_listed(const struct judge *j, const struct judge_batch *b)
{
	for (size_t i = 0; i < j->answer->count; i++) {
		const struct verdict_window *w = &j->windows[i];

		if (w->trust != TRUST_NONE && is_home(j, w->statement) && w->statement->first_offset <= b->last &&
		    w->statement->last_offset >= b->base)
			return true;
	}
	return false;
}

/* A batch that can't be read is what nobody attested; where a statement speaks of its offsets, it isn't what was. */
static void
tell_unread(struct judge *j, struct judge_batch *b, enum kind kind)
{
	enum verdict v = kind == KIND_UNREADABLE && is_listed(j, b) ? VERDICT_ALTERED : VERDICT_UNATTESTED;
	const char *why = kind == KIND_LEGACY ? "its message format is older than record headers"
					      : "its batch is damaged, or too large to be read";

	b->counts[v]++;
	come_to(b, end_of_record(j, b->base, v, NULL), b->base, false, v, why, NULL);
}

static int
judge_batch(struct judge *j, size_t i)
{
	struct judge_batch *b = &j->batches[i];
	enum kind kind = j->parts[i].kind;
	int err = 0;

	j->fed_to = b->last + 1;
	if (kind == KIND_DATA)
		err = feed(j, b, &j->parts[i].b);
	if (err == ERR_NOMEM)
		return err;
	if (err != 0) {
		/* Its records so far were told; it counts as one that can't be read from now on. */
		j->parts[i].kind = kind = KIND_UNREADABLE;
		memset(b->counts, 0, sizeof(b->counts));
	}
	if (kind == KIND_LEGACY || kind == KIND_UNREADABLE)
		tell_unread(j, b, kind);
	/* As long as more may be read, nobody knows that nothing was where nothing is. */
	if (j->parts[i].gap && !j->answer->whole && !j->c.compacted)
		come_to(b, JUDGE_WAIT, b->base, true, VERDICT_COUNT, "offsets before it have no record", NULL);
	return 0;
}

/* --- a run ---------------------------------------------------------------------------------- */

static int
begin(struct judge *j)
{
	struct verdict_options o = {.dbom_topic = j->c.dbom_topic,
				    .now_ms = j->c.now_ms,
				    .pending_max_ms = j->c.pending_max_ms,
				    .log_start = j->c.log_start < 0 ? 0 : j->c.log_start,
				    .from = j->c.fetch_offset,
				    .to = end_of(j),
				    .compacted = j->c.compacted,
				    .arg = j,
				    .record = on_record,
				    .absent = on_absent,
				    .window = on_window};
	size_t n = j->answer->count;
	int err;

	j->home = verdicts_new(&o);
	o.record = on_foreign;
	o.window = on_foreign_window;
	j->foreign = verdicts_new(&o);
	o.mirror = true;
	j->mirrored = verdicts_new(&o);
	j->windows = calloc(n > 0 ? n : 1, sizeof(*j->windows));
	if (j->home == NULL || j->foreign == NULL || j->mirrored == NULL || j->windows == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct verdict_window *w = &j->windows[i];

		*w = j->answer->windows[i]->w;
		w->checked = true;
		err = verdicts_window(is_home(j, w->statement)	     ? j->home
				      : is_mirrored(j, w->statement) ? j->mirrored
								     : j->foreign,
				      w);
		if (err != 0)
			return err;
	}
	if ((err = verdicts_begin(j->home)) == 0 && (err = verdicts_begin(j->foreign)) == 0)
		err = verdicts_begin(j->mirrored);
	return err;
}

/* Nothing behind one that waits can go on before it does. */
static int
run(struct judge *j)
{
	size_t i = 0;
	int err;

	if ((err = begin(j)) != 0)
		return err;
	for (; i < j->count; i++) {
		if ((err = judge_batch(j, i)) != 0)
			return err;
		if (j->batches[i].end == JUDGE_WAIT) {
			i++;
			break;
		}
	}
	for (; i < j->count; i++)
		j->batches[i].end = JUDGE_WAIT;
	if ((err = verdicts_end(j->home)) == 0 && (err = verdicts_end(j->foreign)) == 0)
		err = verdicts_end(j->mirrored);
	return err;
}

int
judge_run(struct judge *j, const struct ledger_answer *a, const struct ledger_name **ret_names, size_t *ret_count)
{
	int err;

	for (size_t i = 0; i < j->count; i++) {
		struct judge_batch *b = &j->batches[i];

		*b = (struct judge_batch){.bytes = b->bytes, .base = b->base, .last = b->last, .offset = -1, .why = ""};
	}
	j->answer = a;
	j->name_count = 0;
	j->fed_to = j->c.fetch_offset;
	j->err = 0;
	err = run(j);
	verdicts_free(j->home);
	verdicts_free(j->foreign);
	verdicts_free(j->mirrored);
	free(j->windows);
	j->home = j->foreign = j->mirrored = NULL;
	j->windows = NULL;
	j->answer = NULL;
	if (err != 0)
		return err;
	*ret_names = j->names;
	*ret_count = j->name_count;
	return 0;
}
