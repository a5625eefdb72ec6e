/* A case and its batches. */
#include "verify/judge_internal.h"

#include "base/rd.h"

enum { ENTRY_HEAD = 12, PLAIN_KEPT = 8 << 20 };

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
	struct judge_part *parts;

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

/* A set of messages, which are older than batches, instead of a single one; what is too short to tell counts as one. */
static bool
is_set(struct slice s)
{
	enum { ATTRIBUTES_AT = 17, CODEC_MASK = 7 };

	return s.n <= ATTRIBUTES_AT || (s.p[ATTRIBUTES_AT] & CODEC_MASK) != 0;
}

/*
 * The batch at the start of s, whose length is what it says.  Offsets ascend in every log: a batch that
 * has others is a strange one, and stands where it would have to.
 */
static void
look_at(const struct judge *j, struct slice s, struct judge_batch *b, struct judge_part *p)
{
	struct rd r = rd_of(s);
	int64_t before = judge_end_of(j), first = rd_i64(&r);
	struct batch head = {0};
	int err = batch_read(s, &head);

	*b = (struct judge_batch){.bytes = s, .offset = -1, .why = ""};
	*p = (struct judge_part){head, KIND_STRANGE, false};
	b->base = b->last = before < INT64_MAX ? before : INT64_MAX - 1;
	if (err == ERR_UNSUPPORTED && first >= 0 && first < INT64_MAX && (j->count == 0 || first >= before)) {
		/* A set has the offset of its last message, and may have others from the end of what is before it on. */
		p->kind = KIND_LEGACY;
		b->base = b->last = first;
		if (is_set(s) && before < first)
			b->base = before;
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
note_times(const struct judge_part *p, struct ledger_want *w, bool first)
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
		struct judge_part *p;

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
		w.holes = w.holes || (p->gap && !c->compacted);
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
