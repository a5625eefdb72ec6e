#include "attest/rewrite.h"

#include "kafka/record.h"
#include "makoto/triple.h"
#include "tests/unit/hex.h"
#include "tests/unit/recorded.h"
#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

enum { MAX = RECORDED_RECORDS, MAX_BYTES = 1024 * 1024 };

static struct chain_id chain = {{0xab, 0xcd}};
static json_t *all;

static struct codecs *codecs;
static struct rewriter *rewriter;
static struct member members[MAX];
static struct wr out;

static void
setup(void)
{
	codecs = codecs_new(NULL);
	rewriter = rewriter_new(NULL);
	out = wr_new(SIZE_MAX / 2);
	ck_assert(codecs != NULL && rewriter != NULL);
}

static void
teardown(void)
{
	wr_free(&out);
	codecs_free(codecs);
	rewriter_free(rewriter);
}

static struct rewrite_order
order_of(enum header_mode mode, const struct rewrite_span *spans, size_t count)
{
	return (struct rewrite_order){.mode = mode,
				      .dbom_topic = slice_str("makoto.dbom"),
				      .chain = &chain,
				      .spans = spans,
				      .span_count = count,
				      .bind_timestamp = true,
				      .max_bytes = MAX_BYTES};
}

/* As the stage does it, in one step. */
static int
rewrite_one(struct rewriter *r, const struct batch *in, const struct rewrite_order *o, struct wr *to, struct member *m,
	    struct rewrite_cost *cost)
{
	int err = rewrite_open(r, in, MAX_BYTES, cost);

	if (err != 0)
		return err;
	err = rewrite_batch(r, o, to, m, cost);
	rewrite_close(r);
	return err;
}

static struct batch
read_batch(struct slice s)
{
	struct batch b;

	ck_assert_int_eq(batch_read(s, &b), 0);
	ck_assert(batch_crc_matches(&b));
	return b;
}

static struct batch
recorded_batch(const char *name)
{
	for (int i = 0; i < recorded_count; i++)
		if (strcmp(recorded[i].name, name) == 0)
			return read_batch(recorded[i].batch);
	ck_abort_msg("no batch %s", name);
}

static struct wr
plain_of(const struct batch *b)
{
	struct wr w = wr_new(SIZE_MAX / 2);

	ck_assert_int_eq(codec_decompress(codecs, batch_codec(b), b->records, 1 << 20, &w), 0);
	return w;
}

/* A batch of one record made of raw bytes, uncompressed. */
static struct wr
batch_of(struct slice records, int32_t count, int64_t base_timestamp)
{
	struct batch b = {.leader_epoch = -1,
			  .last_offset_delta = count - 1,
			  .base_timestamp = base_timestamp,
			  .max_timestamp = base_timestamp,
			  .producer_id = -1,
			  .producer_epoch = -1,
			  .base_sequence = -1,
			  .count = count};
	struct wr w = wr_new(SIZE_MAX / 2);
	size_t at = batch_begin(&b, &w);

	wr_slice_put(&w, records);
	ck_assert_int_eq(batch_end(&w, at), 0);
	return w;
}

static size_t
headers_of(const struct record *rec, struct header headers[16])
{
	struct rd r = rd_of(rec->headers);

	ck_assert_int_le(rec->header_count, 16);
	for (int32_t i = 0; i < rec->header_count; i++)
		ck_assert_int_eq(record_header_next(&r, &headers[i].name, &headers[i].value), 0);
	ck_assert_uint_eq(rd_left(&r), 0);
	return (size_t)rec->header_count;
}

static bool
same(struct slice a, struct slice b)
{
	return (a.p == NULL) == (b.p == NULL) && slice_eq(a, b);
}

/* What is remembered of a record, computed again from what a reader sees. */
static void
check_member(const struct member *m, const struct record *was, bool bind)
{
	struct header headers[16];
	size_t n = headers_of(was, headers);
	struct leaf_input in = {0};
	uint8_t leaf[LEAF_LEN];

	leaf_set_record(&in, was->key, was->value, bind, was->timestamp);
	if (n > 0) {
		struct leaf_headers h;

		leaf_headers_begin(&h, (uint32_t)n);
		for (size_t i = 0; i < n; i++)
			leaf_headers_add(&h, headers[i].name, headers[i].value);
		leaf_headers_end(&h, in.headers_hash);
	}
	leaf_of(&in, leaf);
	ck_assert_mem_eq(m->leaf, leaf, LEAF_LEN);
	ck_assert_int_eq(m->timestamp, was->timestamp);
	ck_assert_uint_eq(m->value_bytes, was->value.n);
	ck_assert_uint_eq(m->flags, in.flags);
	ck_assert_mem_eq(m->key_prefix, in.key_hash, MANIFEST_KEY_PREFIX);
}

/* What it had is untouched, to the byte; the three stand behind it and name the window. */
static void
check_record(const struct record *rec, const struct record *was, enum header_mode mode, uint64_t window)
{
	struct header headers[16];
	size_t n = headers_of(rec, headers);
	uint8_t sum[SHA256_LEN];
	struct triple t;
	bool own;

	ck_assert(same(rec->before_headers, was->before_headers));
	ck_assert_int_eq(rec->header_count, was->header_count + 3);
	ck_assert_uint_gt(rec->headers.n, was->headers.n);
	ck_assert(slice_eq(slice_of(rec->headers.p, was->headers.n), was->headers));
	sha256_of(rec->value, sum);
	ck_assert(triple_last(headers, n, rec->value.p == NULL ? NULL : sum, &t));
	ck_assert(t.well_formed);
	ck_assert_uint_eq(t.at, (size_t)was->header_count);
	ck_assert_uint_eq(t.window_id, window);
	ck_assert(chain_id_eq(&t.chain, &chain));
	ck_assert_int_eq(t.compact, mode == HEADERS_COMPACT);
	ck_assert_uint_eq(triple_covered(headers, n, rec->value.p == NULL ? NULL : sum, slice_str("makoto.dbom"),
					 &chain, window, &own),
			  t.at);
	ck_assert(own);
}

/* The new batch in `out` is the old one with headers: windows 7 (the first `first` records) and 8. */
static void
check_batch(const struct batch *in, size_t at, enum header_mode mode, int32_t first)
{
	struct batch b = read_batch(slice_of(out.buf + at, out.len - at));
	struct wr before = plain_of(in), behind = plain_of(&b);
	struct rd x = rd_of(wr_slice(&before)), y = rd_of(wr_slice(&behind));

	ck_assert_uint_eq(b.whole.n, out.len - at);
	/* All of the header but length and CRC. */
	ck_assert_mem_eq(b.whole.p, in->whole.p, 8);
	ck_assert_mem_eq(b.whole.p + 12, in->whole.p + 12, 5);
	ck_assert_mem_eq(b.whole.p + BATCH_CRC_FROM, in->whole.p + BATCH_CRC_FROM, BATCH_HEAD - BATCH_CRC_FROM);
	if (batch_codec(in) == CODEC_SNAPPY)
		ck_assert_int_eq(codec_is_xerial(b.records), codec_is_xerial(in->records));
	for (int32_t i = 0; i < in->count; i++) {
		struct record was, is;

		ck_assert_int_eq(record_next(&x, in->base_timestamp, &was), 0);
		ck_assert_int_eq(record_next(&y, b.base_timestamp, &is), 0);
		ck_assert_int_eq(is.offset_delta, i);
		check_record(&is, &was, mode, i < first ? 7 : 8);
		check_member(&members[i], &was, true);
	}
	ck_assert_uint_eq(rd_left(&y), 0);
	wr_free(&before), wr_free(&behind);
}

/* --- what clients make ------------------------------------------------------------ */

START_TEST(test_recorded)
{
	struct batch in = read_batch(recorded[_i].batch);

	for (int mode = HEADERS_FULL; mode <= HEADERS_COMPACT; mode++) {
		uint32_t count = (uint32_t)in.count;
		struct rewrite_span spans[] = {{7, count / 3}, {8, count - count / 3}};
		struct rewrite_order o = order_of((enum header_mode)mode, spans, 2);
		size_t at;

		wr_text(&out, "before");
		at = out.len;
		ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
		check_batch(&in, at, o.mode, in.count / 3);
	}
}
END_TEST

/* Without headers nothing comes out, and the leaves are the same. */
START_TEST(test_mode_none)
{
	struct batch in = read_batch(recorded[_i].batch);
	struct rewrite_span span = {7, (uint32_t)in.count};
	struct rewrite_order o = order_of(HEADERS_NONE, &span, 1);
	struct member full[MAX];

	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
	ck_assert_uint_eq(out.len, 0);
	o.mode = HEADERS_FULL;
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, full, NULL), 0);
	for (int i = 0; i < in.count; i++)
		ck_assert_mem_eq(full[i].leaf, members[i].leaf, LEAF_LEN);
}
END_TEST

/* The same batch and order give the same bytes, whatever the rewriter did in between. */
START_TEST(test_same_bytes)
{
	struct batch in = read_batch(recorded[_i].batch);
	struct rewrite_span span = {7, (uint32_t)in.count};
	struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);
	struct rewriter *fresh = rewriter_new(NULL);
	struct wr again = wr_new(SIZE_MAX / 2);

	ck_assert_int_eq(rewrite_one(fresh, &in, &o, &again, members, NULL), 0);
	for (int i = 0; i < recorded_count; i++) {
		struct batch other = read_batch(recorded[i].batch);
		struct rewrite_span s = {9, (uint32_t)other.count};
		struct rewrite_order oo = order_of(HEADERS_COMPACT, &s, 1);

		wr_reset(&out);
		ck_assert_int_eq(rewrite_one(rewriter, &other, &oo, &out, members, NULL), 0);
		wr_reset(&out);
		ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
		ck_assert(slice_eq(wr_slice(&out), wr_slice(&again)));
	}
	wr_free(&again);
	rewriter_free(fresh);
}
END_TEST

/* --- what the format says --------------------------------------------------------- */

/* Another implementation's records: from what they had before the hop comes what they have behind it, to the byte. */
START_TEST(test_vectors)
{
	json_t *v = json_array_get(json_object_get(all, "leaves"), (size_t)_i);
	json_t *stored = json_object_get(v, "stored_headers"), *by = json_object_get(v, "listed_by");
	struct slice mode = vectors_text(v, "mode"), key = vectors_hex(v, "key_hex"), value = vectors_hex(v, "value_hex");
	size_t covered = (size_t)vectors_int(v, "covered");
	struct rewrite_span span = {(uint64_t)vectors_int(by, "window_id"), 1};
	struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);
	struct wr one = wr_new(SIZE_MAX / 2), records = wr_new(SIZE_MAX / 2), bytes;
	struct header headers[16];
	struct chain_id id;
	struct batch in;

	if (slice_eq(mode, slice_str("none")))
		o.mode = HEADERS_NONE;
	else if (slice_eq(mode, slice_str("compact")))
		o.mode = HEADERS_COMPACT;
	memcpy(id.b, vectors_hex(by, "chain_id").p, CHAIN_ID_LEN);
	o.chain = &id;
	o.dbom_topic = vectors_text(by, "dbom_topic");
	o.bind_timestamp = json_is_true(json_object_get(v, "timestamp_bound"));
	wr_u8(&one, 0);
	wr_varlong(&one, 0);
	wr_varint(&one, 0);
	wr_varint(&one, key.p == NULL ? -1 : (int32_t)key.n);
	wr_slice_put(&one, key);
	wr_varint(&one, value.p == NULL ? -1 : (int32_t)value.n);
	wr_slice_put(&one, value);
	wr_varint(&one, (int32_t)covered);
	for (size_t i = 0; i < covered; i++) {
		struct slice name = vectors_hex_of(json_array_get(json_array_get(stored, i), 0));
		struct slice text = vectors_hex_of(json_array_get(json_array_get(stored, i), 1));

		wr_varint(&one, (int32_t)name.n);
		wr_slice_put(&one, name);
		wr_varint(&one, text.p == NULL ? -1 : (int32_t)text.n);
		wr_slice_put(&one, text);
	}
	wr_varint(&records, (int32_t)one.len);
	wr_slice_put(&records, wr_slice(&one));
	bytes = batch_of(wr_slice(&records), 1, vectors_int(v, "timestamp"));
	in = read_batch(wr_slice(&bytes));
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
	ck_assert_mem_eq(members[0].leaf, vectors_hex(v, "leaf").p, LEAF_LEN);
	if (o.mode != HEADERS_NONE) {
		struct batch b = read_batch(wr_slice(&out));
		struct rd r = rd_of(b.records);
		struct record rec;

		ck_assert_int_eq(record_next(&r, b.base_timestamp, &rec), 0);
		ck_assert_uint_eq(headers_of(&rec, headers), covered + 3);
		for (size_t i = 0; i < covered + 3; i++) {
			ck_assert(same(headers[i].name, vectors_hex_of(json_array_get(json_array_get(stored, i), 0))));
			ck_assert(same(headers[i].value, vectors_hex_of(json_array_get(json_array_get(stored, i), 1))));
		}
	}
	wr_free(&one), wr_free(&records), wr_free(&bytes);
}
END_TEST

/* The leaf for LogAppendTime binds no time; bound and unbound differ. */
START_TEST(test_both_times)
{
	struct batch in = recorded_batch("java-none");
	struct rewrite_span span = {7, (uint32_t)in.count};
	struct rewrite_order o = order_of(HEADERS_NONE, &span, 1);
	struct member bound[MAX];

	o.both = true;
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, bound, NULL), 0);
	o.both = o.bind_timestamp = false;
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
	for (int i = 0; i < in.count; i++) {
		ck_assert_mem_eq(bound[i].unbound, members[i].leaf, LEAF_LEN);
		ck_assert_mem_ne(bound[i].leaf, members[i].leaf, LEAF_LEN);
		ck_assert_int_eq(bound[i].timestamp, members[i].timestamp);
	}
}
END_TEST

/* A window whose share of the batch is nothing takes nothing; ids have as many digits as they need. */
START_TEST(test_spans)
{
	static const struct rewrite_span spans[] = {{1, 0}, {7, 1}, {2, 0}, {UINT64_MAX >> 1, 5}, {8, 1}};
	static const uint64_t windows[] = {7, UINT64_MAX >> 1, UINT64_MAX >> 1, UINT64_MAX >> 1, UINT64_MAX >> 1,
					   UINT64_MAX >> 1, 8};
	struct batch in = recorded_batch("java-lz4"), b;

	for (int mode = HEADERS_FULL; mode <= HEADERS_COMPACT; mode++) {
		struct rewrite_order o = order_of((enum header_mode)mode, spans, ARRAY_LEN(spans));
		struct wr before = plain_of(&in), behind;
		struct rd x = rd_of(wr_slice(&before)), y;

		wr_reset(&out);
		ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
		b = read_batch(wr_slice(&out));
		behind = plain_of(&b);
		y = rd_of(wr_slice(&behind));
		for (int32_t i = 0; i < in.count; i++) {
			struct record was, is;

			ck_assert_int_eq(record_next(&x, in.base_timestamp, &was), 0);
			ck_assert_int_eq(record_next(&y, b.base_timestamp, &is), 0);
			check_record(&is, &was, o.mode, windows[i]);
		}
		wr_free(&before), wr_free(&behind);
	}
}
END_TEST

/* The longest name that a topic may have fits; a longer one is refused. */
START_TEST(test_long_topic)
{
	struct batch in = recorded_batch("java-none");
	struct rewrite_span span = {UINT64_MAX >> 1, (uint32_t)in.count};
	struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);
	char name[400];

	memset(name, 'x', sizeof(name));
	o.dbom_topic = slice_of(name, 249);
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
	(void)read_batch(wr_slice(&out));
	wr_reset(&out);
	o.dbom_topic = slice_of(name, sizeof(name));
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), ERR_LIMIT);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* Numbers in more bytes than they need stay as they are, but for the two that change. */
START_TEST(test_long_varints)
{
	struct wr records = hex_of("ae8000 | 00 | 82808000 | 8000 | 82006b | 82800076 | 8200 | 8200 68 8000"), bytes;
	struct rewrite_span span = {8, 1};
	struct rewrite_order o = order_of(HEADERS_COMPACT, &span, 1);
	struct batch in;

	records.buf[0] = (uint8_t)((records.len - 3) * 2 | 0x80);
	bytes = batch_of(wr_slice(&records), 1, 1700000000000);
	in = read_batch(wr_slice(&bytes));
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
	check_batch(&in, 0, o.mode, 0);
	wr_free(&records), wr_free(&bytes);
}
END_TEST

START_TEST(test_cost)
{
	struct rewrite_cost cost = {1000, 1000, 1000, 1000};
	struct rewrite_cost small = {0};
	struct batch in = recorded_batch("java-zstd-large");
	struct rewrite_span span = {8, (uint32_t)in.count};
	struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);

	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, &cost), 0);
	ck_assert_int_gt(cost.codec_ns, 1000); /* added to */
	ck_assert_int_gt(cost.hash_ns, 1000);
	ck_assert_uint_gt(cost.plain, 1000 + in.records.n);
	ck_assert_uint_gt(cost.whole, cost.plain + BATCH_HEAD + (size_t)in.count * 100); /* with headers */
	/* What was tried in vain counts as all of what it was allowed. */
	ck_assert_int_eq(rewrite_open(rewriter, &in, 5000, &small), ERR_LIMIT);
	ck_assert_uint_eq(small.plain, 5000);
	ck_assert_uint_eq(small.whole, 0);
}
END_TEST

/* --- what can't be attested ------------------------------------------------------- */

/* It is refused before anything is asked for or written, and the rewriter works on. */
static void
check_refused(struct batch in, size_t max_bytes, int expect)
{
	struct batch good = recorded_batch("librdkafka-zstd");
	struct rewrite_span all_of_it = {7, (uint32_t)good.count};

	for (int mode = HEADERS_FULL; mode <= HEADERS_NONE; mode++) {
		struct rewrite_order o = order_of((enum header_mode)mode, &all_of_it, 1);

		ck_assert_int_eq(rewrite_open(rewriter, &in, max_bytes, NULL), expect);
		ck_assert_int_eq(rewrite_one(rewriter, &good, &o, &out, members, NULL), 0);
	}
}

static void
check_refused_records(const char *hex, int32_t count, int expect)
{
	struct wr records = hex_of(hex), bytes = batch_of(wr_slice(&records), count, 0);

	check_refused(read_batch(wr_slice(&bytes)), 1 << 20, expect);
	wr_free(&records), wr_free(&bytes);
}

START_TEST(test_refusals)
{
	struct batch in = recorded_batch("java-zstd");

	in.attributes |= BATCH_CODEC_MASK;
	check_refused(in, 1 << 20, ERR_UNSUPPORTED);
	in = recorded_batch("java-zstd");
	in.attributes = CODEC_GZIP; /* they aren't */
	check_refused(in, 1 << 20, ERR_MALFORMED);
	in = recorded_batch("java-zstd");
	check_refused(in, 20, ERR_LIMIT);
	in = recorded_batch("java-none");
	check_refused(in, in.records.n - 1, ERR_LIMIT);
	/* Fewer than there are; more; a count that has no bytes behind it. */
	in.count--;
	in.last_offset_delta--;
	check_refused(in, 1 << 20, ERR_MALFORMED);
	in.count += 2;
	in.last_offset_delta += 2;
	check_refused(in, 1 << 20, ERR_SHORT);
	in.count = 1000000;
	in.last_offset_delta = in.count - 1;
	check_refused(in, 1 << 20, ERR_MALFORMED);
	/* Holes, as compaction leaves them: base offset and place don't tell a record's offset. */
	in = recorded_batch("java-none");
	in.last_offset_delta++;
	check_refused(in, 1 << 20, ERR_MALFORMED);
	in.count = 0;
	in.last_offset_delta = -1;
	check_refused(in, 1 << 20, ERR_MALFORMED);
	check_refused_records("0c | 00 00 02 01 01 00", 1, ERR_MALFORMED);                     /* begins at 1 */
	check_refused_records("0c | 00 00 00 01 01 00 | 0c | 00 00 00 01 01 00", 2, ERR_MALFORMED); /* twice 0 */
	check_refused_records("0c | 00 00 00 01 01 00 | 00", 1, ERR_MALFORMED);                /* a byte behind */
	check_refused_records("0e | 00 00 00 01 01 02 00", 1, ERR_MALFORMED);
	check_refused_records("10 | 00 00 00 01 01 00", 1, ERR_SHORT);
	/* A header whose name is cut off behind records that are good. */
	check_refused_records("0c | 00 00 00 01 01 00 | 10 | 00 00 02 01 01 02 04 61", 2, ERR_SHORT);
}
END_TEST

/* What is remembered of records takes more memory than the least of them. */
START_TEST(test_many_members)
{
	struct batch in = recorded_batch("java-none");
	size_t members_bytes = (size_t)in.count * sizeof(struct member);

	ck_assert_uint_lt(in.records.n, members_bytes);
	check_refused(in, members_bytes - 1, ERR_LIMIT);
	ck_assert_int_eq(rewrite_open(rewriter, &in, members_bytes, NULL), 0);
	rewrite_close(rewriter);
}
END_TEST

/* New records over the limit: an error in this mode, and another one may fit; however large the buffers were before. */
START_TEST(test_new_records_limited)
{
	static const char *const names[] = {"java-none", "java-lz4"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct batch in = recorded_batch(names[i]);
		struct rewrite_span span = {7, (uint32_t)in.count};
		struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);
		struct wr plain = plain_of(&in);

		for (int turn = 0; turn < 2; turn++) {
			struct wr small = wr_new(SIZE_MAX / 2);

			ck_assert_int_eq(rewrite_open(rewriter, &in, MAX_BYTES, NULL), 0);
			o.mode = HEADERS_FULL;
			o.max_bytes = turn == 0 ? MAX_BYTES : plain.len + 1;
			wr_reset(&out);
			ck_assert_int_eq(rewrite_batch(rewriter, &o, &out, members, NULL), turn == 0 ? 0 : ERR_LIMIT);
			ck_assert_int_eq(rewrite_batch(rewriter, &o, &small, members, NULL), turn == 0 ? 0 : ERR_LIMIT);
			o.mode = HEADERS_NONE;
			ck_assert_int_eq(rewrite_batch(rewriter, &o, &out, members, NULL), 0);
			rewrite_close(rewriter);
			wr_free(&small);
		}
		wr_free(&plain);
	}
}
END_TEST

/* No room in the output: an error, and it is as it was. */
START_TEST(test_full_output)
{
	struct batch in = read_batch(recorded[_i].batch);
	struct rewrite_span span = {7, (uint32_t)in.count};
	struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);

	for (size_t max = 0; max < in.whole.n; max += in.whole.n / 10 + 1) {
		struct wr tight = wr_new(max);

		ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &tight, members, NULL), ERR_LIMIT);
		ck_assert_int_eq(wr_err(&tight), 0);
		ck_assert_uint_eq(tight.len, 0);
		wr_free(&tight);
	}
}
END_TEST

/* Room is asked for ahead, but no more than there may be: what fits, with the longest number behind it, fits. */
START_TEST(test_just_room)
{
	struct batch in = read_batch(recorded[_i].batch);
	struct rewrite_span span = {7, (uint32_t)in.count};
	struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);
	struct wr tight;

	if (batch_codec(&in) != CODEC_NONE)
		return; /* codecs want room for the worst */
	ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &out, members, NULL), 0);
	for (int less = 0; less < 2; less++) {
		tight = wr_new(less == 0 ? out.len + 4 : out.len - 1);
		ck_assert_int_eq(rewrite_one(rewriter, &in, &o, &tight, members, NULL), less == 0 ? 0 : ERR_LIMIT);
		ck_assert(less != 0 || slice_eq(wr_slice(&tight), wr_slice(&out)));
		wr_free(&tight);
	}
}
END_TEST

/* Every change of a bit of the records, with the CRC that it would have seen left out: an error, or a batch that holds. */
START_TEST(test_damaged)
{
	struct slice whole = recorded[_i].batch;
	uint8_t *bytes = malloc(whole.n);
	struct batch in = {0};
	size_t step = 1 + whole.n / 1500;

	memcpy(bytes, whole.p, whole.n);
	ck_assert_int_eq(batch_read(slice_of(bytes, whole.n), &in), 0);
	for (size_t n = BATCH_HEAD; n < whole.n; n += step) {
		for (int bit = 0; bit < 8; bit++) {
			struct rewrite_span span = {7, (uint32_t)in.count};
			struct rewrite_order o = order_of(HEADERS_FULL, &span, 1);

			bytes[n] ^= (uint8_t)(1 << bit);
			wr_reset(&out);
			if (rewrite_one(rewriter, &in, &o, &out, members, NULL) != 0)
				ck_assert_uint_eq(out.len, 0);
			else
				(void)read_batch(wr_slice(&out));
			bytes[n] ^= (uint8_t)(1 << bit);
		}
	}
	for (size_t n = 0; n < in.records.n; n += step) {
		struct batch cut = in;
		uint8_t *records = malloc(n + 1);

		memcpy(records, in.records.p, n);
		cut.records = slice_of(records, n);
		/* Cut anywhere, there are fewer records than the header says. */
		ck_assert_int_ne(rewrite_open(rewriter, &cut, MAX_BYTES, NULL), 0);
		free(records);
	}
	free(bytes);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rewrite");
	TCase *t = tcase_create("rewrite");
	int failed;

	recorded_load();
	all = vectors_load();
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_recorded, 0, recorded_count);
	tcase_add_loop_test(t, test_mode_none, 0, recorded_count);
	tcase_add_loop_test(t, test_same_bytes, 0, recorded_count);
	tcase_add_loop_test(t, test_vectors, 0, (int)json_array_size(json_object_get(all, "leaves")));
	tcase_add_test(t, test_both_times);
	tcase_add_test(t, test_spans);
	tcase_add_test(t, test_long_topic);
	tcase_add_test(t, test_long_varints);
	tcase_add_test(t, test_cost);
	tcase_add_test(t, test_refusals);
	tcase_add_test(t, test_many_members);
	tcase_add_test(t, test_new_records_limited);
	tcase_add_loop_test(t, test_full_output, 0, recorded_count);
	tcase_add_loop_test(t, test_just_room, 0, recorded_count);
	tcase_add_loop_test(t, test_damaged, 0, recorded_count);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	json_decref(all);
	recorded_unload();
	return failed;
}
