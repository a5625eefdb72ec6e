#include "attest/rewrite.h"

#include "base/text.h"
#include "kafka/record.h"
#include "makoto/triple.h"
#include "tests/unit/batches.h"
#include "tests/unit/suite.h"

enum { COUNT = 5 };

static const struct made_record records[COUNT] = {
	{"k1", "v1", 0, {{"h", "x"}, {"h", NULL}}, 2},
	{NULL, "v2", 5, {{NULL, NULL}}, 0},
	{"k3", NULL, -7, {{NULL, NULL}}, 0},
	{"", "", 9, {{NULL, NULL}}, 0},
	/* An earlier hop's headers stay and are covered. */
	{"k", "v", 10, {{TRIPLE_CONTENT_HASH, "x"}, {TRIPLE_WINDOW_ID, "1"}, {TRIPLE_SIGNATURE, "t/c/1"}}, 3},
};
static const struct rewrite_span spans[] = {{7, 2}, {8, 3}};
static struct chain_id chain = {{0xab, 0xcd}};

static struct codecs *codecs;
static struct rewriter *rewriter;
static struct wr bytes;
static struct batch in;
static struct member members[COUNT];

static void
setup(void)
{
	codecs = codecs_new(NULL);
	rewriter = rewriter_new(NULL);
	ck_assert(codecs != NULL && rewriter != NULL);
}

static void
teardown(void)
{
	wr_free(&bytes);
	codecs_free(codecs);
	rewriter_free(rewriter);
}

static struct rewrite_order
order_of(enum header_mode mode)
{
	return (struct rewrite_order){.mode = mode,
				      .dbom_topic = slice_str("makoto.dbom"),
				      .chain = &chain,
				      .spans = spans,
				      .span_count = 2,
				      .bind_timestamp = true,
				      .max_bytes = 1024 * 1024};
}

static void
make(enum codec codec, bool xerial)
{
	wr_free(&bytes);
	bytes = made_batch(codecs, codec, xerial, records, COUNT, 1700000000000);
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &in), 0);
}

/* One record of the new batch: what it had is untouched, the three stand behind it, the leaf is of what it had. */
static void
check_record(const struct record *rec, const struct made_record *was, enum header_mode mode, uint64_t window,
	     const struct member *m)
{
	struct rd r = rd_of(rec->headers);
	struct header headers[8];
	struct leaf_input leaf = {0};
	struct triple t;
	uint8_t sum[LEAF_LEN];
	bool own;

	ck_assert_int_eq(rec->header_count, was->header_count + 3);
	for (int i = 0; i < rec->header_count; i++)
		ck_assert_int_eq(record_header_next(&r, &headers[i].name, &headers[i].value), 0);
	leaf_set_record(&leaf, rec->key, rec->value, true, rec->timestamp);
	ck_assert(triple_last(headers, (size_t)rec->header_count, rec->value.p == NULL ? NULL : leaf.value_hash, &t));
	ck_assert(t.well_formed);
	ck_assert_uint_eq(t.at, (size_t)was->header_count);
	ck_assert_uint_eq(t.window_id, window);
	ck_assert(chain_id_eq(&t.chain, &chain));
	ck_assert_int_eq(t.compact, mode == HEADERS_COMPACT);
	ck_assert_uint_eq(triple_covered(headers, (size_t)rec->header_count,
					 rec->value.p == NULL ? NULL : leaf.value_hash, slice_str("makoto.dbom"), &chain,
					 window, &own),
			  t.at);
	ck_assert(own);
	if (was->header_count > 0) {
		struct leaf_headers h;

		leaf_headers_begin(&h, (uint32_t)was->header_count);
		for (int i = 0; i < was->header_count; i++)
			leaf_headers_add(&h, headers[i].name, headers[i].value);
		leaf_headers_end(&h, leaf.headers_hash);
	}
	leaf_of(&leaf, sum);
	ck_assert_mem_eq(sum, m->leaf, LEAF_LEN);
	ck_assert_int_eq(m->timestamp, rec->timestamp);
	ck_assert_uint_eq(m->value_bytes, was->value == NULL ? 0 : strlen(was->value));
}

static void
check_rewrite(enum codec codec, bool xerial, enum header_mode mode)
{
	struct rewrite_order o = order_of(mode);
	struct wr out = wr_new(SIZE_MAX), again = wr_new(SIZE_MAX), plain = wr_new(SIZE_MAX);
	struct batch b;
	struct rd r;

	make(codec, xerial);
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), 0);
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &again, members, NULL), 0);
	ck_assert(slice_eq(wr_slice(&out), wr_slice(&again)));
	ck_assert_int_eq(batch_read(wr_slice(&out), &b), 0);
	ck_assert(batch_crc_matches(&b));
	/* All of the header but length and CRC. */
	ck_assert_mem_eq(b.whole.p, in.whole.p, 8);
	ck_assert_mem_eq(b.whole.p + 12, in.whole.p + 12, 5);
	ck_assert_mem_eq(b.whole.p + BATCH_CRC_FROM, in.whole.p + BATCH_CRC_FROM, BATCH_HEAD - BATCH_CRC_FROM);
	if (codec == CODEC_SNAPPY)
		ck_assert_int_eq(codec_is_xerial(b.records), xerial);
	ck_assert_int_eq(codec_decompress(codecs, codec, b.records, 1024 * 1024, &plain), 0);
	r = rd_of(wr_slice(&plain));
	for (int i = 0; i < COUNT; i++) {
		struct record rec;

		ck_assert_int_eq(record_next(&r, b.base_timestamp, &rec), 0);
		check_record(&rec, &records[i], mode, i < 2 ? 7 : 8, &members[i]);
	}
	ck_assert_uint_eq(rd_left(&r), 0);
	wr_free(&out), wr_free(&again), wr_free(&plain);
}

START_TEST(test_all_codecs)
{
	for (int mode = HEADERS_FULL; mode <= HEADERS_COMPACT; mode++)
		for (int xerial = 0; xerial < 2; xerial++)
			check_rewrite((enum codec)_i, xerial, (enum header_mode)mode);
}
END_TEST

START_TEST(test_mode_none)
{
	struct rewrite_order o = order_of(HEADERS_NONE);
	struct member full[COUNT];
	struct wr out = wr_new(SIZE_MAX);

	make((enum codec)_i, false);
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), 0);
	ck_assert_uint_eq(out.len, 0);
	o.mode = HEADERS_FULL;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, full, NULL), 0);
	for (int i = 0; i < COUNT; i++)
		ck_assert_mem_eq(full[i].leaf, members[i].leaf, LEAF_LEN);
	wr_free(&out);
}
END_TEST

/* The leaf for LogAppendTime binds no time; bound and unbound differ. */
START_TEST(test_timestamps)
{
	struct rewrite_order o = order_of(HEADERS_NONE);
	struct member bound[COUNT];
	struct wr out = wr_new(SIZE_MAX);

	make(CODEC_NONE, false);
	o.both = true;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, bound, NULL), 0);
	o.both = o.bind_timestamp = false;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), 0);
	for (int i = 0; i < COUNT; i++) {
		ck_assert_mem_eq(bound[i].unbound, members[i].leaf, LEAF_LEN);
		ck_assert_mem_ne(bound[i].leaf, members[i].leaf, LEAF_LEN);
	}
	wr_free(&out);
}
END_TEST

/* What can't be attested leaves the output as it was, and the rewriter usable. */
START_TEST(test_refusals)
{
	struct rewrite_order o = order_of(HEADERS_FULL);
	struct wr out = wr_new(SIZE_MAX), tight = wr_new(100);

	wr_text(&out, "before");
	make(CODEC_ZSTD, false);
	in.attributes |= 7;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), ERR_UNSUPPORTED);
	make(CODEC_ZSTD, false);
	in.count--; /* fewer than there are */
	in.last_offset_delta--;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), ERR_MALFORMED);
	make(CODEC_NONE, false);
	in.last_offset_delta++;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), ERR_MALFORMED);
	make(CODEC_LZ4, false);
	o.max_bytes = 20;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), ERR_LIMIT);
	o.max_bytes = 1024 * 1024;
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &tight, members, NULL), ERR_LIMIT);
	ck_assert_int_eq(wr_err(&tight), 0);
	ck_assert(slice_eq(wr_slice(&out), slice_str("before")));
	ck_assert_int_eq(rewrite_batch(rewriter, &in, &o, &out, members, NULL), 0);
	wr_free(&out), wr_free(&tight);
}
END_TEST

START_TEST(test_damaged)
{
	struct rewrite_order o = order_of(HEADERS_FULL);
	struct wr out = wr_new(SIZE_MAX);

	make((enum codec)_i, false);
	for (size_t n = BATCH_HEAD; n < bytes.len; n++) {
		for (int bit = 0; bit < 8; bit++) {
			bytes.buf[n] ^= (uint8_t)(1 << bit);
			wr_reset(&out);
			if (rewrite_batch(rewriter, &in, &o, &out, members, NULL) != 0)
				ck_assert_uint_eq(out.len, 0);
			bytes.buf[n] ^= (uint8_t)(1 << bit);
		}
	}
	wr_free(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rewrite");
	TCase *t = tcase_create("rewrite");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_all_codecs, CODEC_NONE, CODEC_COUNT);
	tcase_add_loop_test(t, test_mode_none, CODEC_NONE, CODEC_COUNT);
	tcase_add_test(t, test_timestamps);
	tcase_add_test(t, test_refusals);
	tcase_add_loop_test(t, test_damaged, CODEC_NONE, CODEC_COUNT);
	suite_add_tcase(s, t);
	return suite_run(s);
}
