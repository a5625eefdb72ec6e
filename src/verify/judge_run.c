/*
 *   batch ─► records ─► verdicts (makoto/verdict.h), of this partition's windows ─┬─► the batch's end
 *                          └─► those that name a window of another partition ─────┘
 */
#include "verify/judge_internal.h"

#include "kafka/record.h"

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
feed(struct judge *j, size_t n)
{
	const struct judge_batch *at = &j->batches[n];
	const struct batch *b = &j->parts[n].b;
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
		judge_links_hole(j, n, next, v.offset);
		next = v.offset + 1;
		j->current = &v;
		err = answered_record(j->answered, &v);
		j->current = NULL;
		if (err != 0 || (err = j->err) != 0)
			return err;
	}
	judge_links_hole(j, n, next, at->last + 1);
	return b->count > 0 && rd_left(&r) > 0 ? ERR_MALFORMED : 0;
}

/* The first offset of the batch that the client takes and a trusted statement lists; -1: there is none. */
static int64_t
listed_in(const struct judge *j, const struct judge_batch *b)
{
	int64_t from = b->base > j->c.fetch_offset ? b->base : j->c.fetch_offset, found = INT64_MAX;

	for (size_t i = 0; i < j->answer->count; i++) {
		const struct verdict_window *w = &j->answer->windows[i]->w;
		int64_t at = judge_is_home(j, w) ? judge_first_of(&w->statement->ranges, from) : INT64_MAX;

		found = at < found ? at : found;
	}
	return found <= b->last ? found : -1;
}

/*
 * What can't be read is what nobody attested; in an offset that a statement lists, it isn't what was there.  A
 * strange batch may be in any offset, so that no policy lets it pass.
 */
static void
tell_unread(struct judge *j, struct judge_batch *b, enum judge_kind kind)
{
	int64_t listed = listed_in(j, b), offset = listed >= 0 ? listed : b->base;
	enum verdict v = listed >= 0 ? VERDICT_ALTERED : VERDICT_UNATTESTED;
	const char *why = kind == KIND_LEGACY    ? "its message format is older than record headers"
			  : kind == KIND_STRANGE ? "its batch is damaged: which offsets it takes can't be told"
						 : "its batch is too large to be read, or of an unknown codec";
	enum judge_end end = judge_told_end(j, offset, v, NULL);

	if (kind == KIND_STRANGE)
		end = j->answer->whole ? JUDGE_STOP : JUDGE_WAIT;
	b->counts[v]++;
	judge_told_come_to(b, end, offset, WINDOW_COMPLETE, v, why, NULL);
}

static int
judge_batch(struct judge *j, size_t i)
{
	struct judge_batch *b = &j->batches[i];
	enum judge_kind kind = j->parts[i].kind;
	int err = 0;

	judge_links_hole(j, i, j->fed_to, b->base);
	j->fed_to = b->last + 1;
	if (kind == KIND_DATA)
		err = feed(j, i);
	if (err == ERR_NOMEM)
		return err;
	if (err != 0) {
		/* Its records so far were told; it counts as one that can't be read from now on. */
		kind = err == ERR_LIMIT || err == ERR_UNSUPPORTED ? KIND_UNREADABLE : KIND_STRANGE;
		j->parts[i].kind = kind;
		memset(b->counts, 0, sizeof(b->counts));
	}
	if (kind >= KIND_LEGACY)
		tell_unread(j, b, kind);
	/* As long as more may be read, nobody knows that nothing was where nothing is. */
	if (j->parts[i].gap && !j->answer->whole && !j->c.compacted)
		judge_told_come_to(b, JUDGE_WAIT, b->base, WINDOW_MISSING, VERDICT_COUNT, "offsets before it have no record", NULL);
	return 0;
}

/* --- a run ---------------------------------------------------------------------------------- */

static int
begin(struct judge *j)
{
	j->about = (struct answered_conf){
		.answer = j->answer,
		.topic = j->c.topic,
		.topic_id = j->c.topic_id,
		.cluster_id = j->c.cluster_id,
		.partition = j->c.partition,
		.options = {.dbom_topic = j->c.dbom_topic,
			    .now_ms = j->c.now_ms,
			    .pending_max_ms = j->c.pending_max_ms,
			    .log_start = j->c.log_start < 0 ? 0 : j->c.log_start,
			    .from = j->c.fetch_offset,
			    .to = judge_end_of(j),
			    .live = true,
			    .unattested_allowed = !j->c.policy.deny_unattested,
			    .compacted = j->c.compacted,
			    .arg = j,
			    .record = judge_told_record,
			    .absent = judge_told_absent,
			    .window = judge_told_window},
		.mirrors = j->c.policy.mirrors,
		.mirrors_arg = j->c.policy.arg,
		.unknown = judge_told_unknown,
	};
	return answered_new(&j->about, &j->answered);
}

/* Where there is an order, nothing behind one that waits can go on before it does. */
static int
run(struct judge *j)
{
	size_t i = 0;
	int err;

	if ((err = begin(j)) != 0)
		return err;
	judge_links_begin(j);
	for (; i < j->count; i++) {
		if ((err = judge_batch(j, i)) != 0)
			return err;
		if (j->batches[i].end == JUDGE_WAIT && !j->c.unordered) {
			i++;
			break;
		}
	}
	for (; i < j->count; i++)
		j->batches[i].end = j->batches[i].of_records = JUDGE_WAIT;
	if ((err = answered_end(j->answered)) == 0)
		judge_links_windows(j);
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
	answered_free(j->answered);
	map_free(j->named);
	j->answered = NULL;
	j->named = NULL;
	j->answer = NULL;
	if (err != 0)
		return err;
	*ret_names = j->names;
	*ret_count = j->name_count;
	return 0;
}
