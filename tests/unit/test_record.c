#include "kafka/record.h"

#include "kafka/batch.h"
#include "tests/unit/hex.h"
#include "tests/unit/recorded.h"
#include "tests/unit/suite.h"

/* Every record of every recorded batch says what Kafka's own reader said. */
START_TEST(test_recorded)
{
	const struct recorded *c = &recorded[_i];
	struct codecs *codecs = codecs_new(NULL);
	struct wr plain = wr_new(SIZE_MAX / 2), text = wr_new(SIZE_MAX / 2);
	struct batch b;
	struct rd r;

	ck_assert_int_eq(batch_read(c->batch, &b), 0);
	ck_assert_int_eq(b.count, c->count);
	ck_assert_int_eq(codec_decompress(codecs, batch_codec(&b), b.records, 1 << 20, &plain), 0);
	r = rd_of(wr_slice(&plain));
	for (int32_t i = 0; i < b.count; i++) {
		struct record rec;
		struct rd h;

		ck_assert_int_eq(record_next(&r, b.base_timestamp, &rec), 0);
		ck_assert_int_eq(rec.offset_delta, i);
		wr_reset(&text);
		wr_printf(&text, "%lld ",
			  (long long)(batch_is(&b, BATCH_LOG_APPEND) ? b.max_timestamp : rec.timestamp));
		recorded_put(&text, rec.key);
		wr_text(&text, " ");
		recorded_put(&text, rec.value);
		h = rd_of(rec.headers);
		for (int32_t k = 0; k < rec.header_count; k++) {
			struct slice name, value;

			ck_assert_int_eq(record_header_next(&h, &name, &value), 0);
			wr_text(&text, " ");
			recorded_put(&text, name);
			wr_text(&text, "=");
			recorded_put(&text, value);
		}
		ck_assert_uint_eq(rd_left(&h), 0);
		wr_u8(&text, 0);
		ck_assert_str_eq((const char *)text.buf, c->records[i]);
	}
	ck_assert_uint_eq(rd_left(&r), 0);
	wr_free(&plain), wr_free(&text);
	codecs_free(codecs);
}
END_TEST

static int
read_hex(const char *hex, int64_t base, struct record *ret)
{
	struct wr w = hex_of(hex);
	uint8_t *exact = malloc(w.len + 1); /* so that a read behind its end is seen */
	struct rd r;
	int err;

	if (w.len > 0)
		memcpy(exact, w.buf, w.len);
	r = rd_of(slice_of(exact, w.len));
	err = record_next(&r, base, ret);
	wr_free(&w);
	free(exact); /* what ret points to is gone: numbers are compared, not bytes */
	return err;
}

/* Legal, though no client writes it: numbers in more bytes than they need. */
START_TEST(test_long_varints)
{
	struct record rec;

	ck_assert_int_eq(read_hex("98 80 00 | 00 | 82 80 80 00 | 84 00 | 82 00 6b | 82 80 00 76 | 80 00", 100, &rec),
			 ERR_SHORT);
	ck_assert_int_eq(read_hex("a0 80 00 | 00 | 82 80 80 00 | 84 00 | 82 00 6b | 82 80 00 76 | 80 00", 100, &rec), 0);
	ck_assert_int_eq(rec.timestamp, 101);
	ck_assert_int_eq(rec.offset_delta, 2);
	ck_assert_uint_eq(rec.key.n, 1);
	ck_assert_uint_eq(rec.value.n, 1);
	ck_assert_int_eq(rec.header_count, 0);
	ck_assert_uint_eq(rec.before_headers.n, 1 + 4 + 2 + 3 + 4);
}
END_TEST

/* Deltas at their ends.  A sum that leaves 64 bits wraps, as Java's does. */
START_TEST(test_timestamps)
{
	struct record rec;

	ck_assert_int_eq(read_hex("1e | 00 | fe ff ff ff ff ff ff ff ff 01 | 00 | 01 | 01 | 00", 0, &rec), 0);
	ck_assert_int_eq(rec.timestamp, INT64_MAX);
	ck_assert_int_eq(read_hex("1e | 00 | ff ff ff ff ff ff ff ff ff 01 | 00 | 01 | 01 | 00", 0, &rec), 0);
	ck_assert_int_eq(rec.timestamp, INT64_MIN);
	ck_assert_int_eq(read_hex("1e | 00 | ff ff ff ff ff ff ff ff ff 01 | 00 | 01 | 01 | 00", -1, &rec), 0);
	ck_assert_int_eq(rec.timestamp, INT64_MAX);
	/* One bit more than fits. */
	ck_assert_int_eq(read_hex("1e | 00 | ff ff ff ff ff ff ff ff ff 03 | 00 | 01 | 01 | 00", 0, &rec), ERR_MALFORMED);
}
END_TEST

/* Lengths and counts that nothing backs are refused, whatever they are. */
START_TEST(test_hostile)
{
	static const struct {
		const char *hex;
		int err;
	} cases[] = {
		{"", ERR_SHORT},
		{"02", ERR_SHORT},                                      /* length 1, nothing */
		{"01", ERR_MALFORMED},                                  /* length -1 */
		{"ff ff ff ff 0f", ERR_MALFORMED},                      /* length -2^31 */
		{"fe ff ff ff 0f | 00 00 00 01 01 00", ERR_SHORT},      /* length 2^31 - 1 */
		{"00", ERR_SHORT},                                      /* length 0 */
		{"12 | 00 00 00 01 01 fe ff 7f 00", ERR_MALFORMED},     /* a million headers in one byte */
		{"0c | 00 00 00 01 01 01", ERR_MALFORMED},              /* -1 headers */
		{"10 | 00 00 00 01 01 02 01 01", ERR_MALFORMED},        /* a header whose name is null */
		{"10 | 00 00 00 01 01 02 00 03", ERR_MALFORMED},        /* a header's value of length -2 */
		{"10 | 00 00 00 01 01 02 00 02", ERR_SHORT},            /* a header's value that isn't there */
		{"0e | 00 00 00 01 01 02 00", ERR_MALFORMED},           /* a header of one byte */
		{"0e | 00 00 00 01 01 00 00", ERR_MALFORMED},           /* a byte left over */
		{"0c | 00 00 00 03 01 00", ERR_MALFORMED},              /* key length -2 */
		{"0c | 00 00 00 01 03 00", ERR_MALFORMED},              /* value length -2 */
		{"14 | 00 00 00 fe ff ff ff 0f 01 00", ERR_SHORT},      /* key length 2^31 - 1 */
		{"0c | 00 00 00 0c 01 00 | 61 61 61 61", ERR_SHORT},    /* a key that reaches into the next record */
		{"80 80 80 80 80 00", ERR_MALFORMED},                   /* a length of six bytes */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct record rec = {.offset_delta = 77};

		ck_assert_msg(read_hex(cases[i].hex, 0, &rec) == cases[i].err, "%s", cases[i].hex);
		ck_assert_int_eq(rec.offset_delta, 77); /* untouched on failure */
	}
}
END_TEST

static const char whole[] = "42 | 00 | 0a | 06 | 04 'k1' | 08 'v1v2' | 06 | 02 'h' 02 'x' | 02 'h' 01 | 00 00";

/* Walks a record and its headers with nothing behind the bytes; each slice lies within them. */
static int
walk(struct slice s)
{
	struct rd r = rd_of(s), h;
	struct record rec;
	int err = record_next(&r, 0, &rec);

	if (err != 0)
		return err;
	h = rd_of(rec.headers);
	for (int32_t i = 0; i < rec.header_count; i++) {
		struct slice name, value;

		/* record_next() looked at all of them. */
		ck_assert_int_eq(record_header_next(&h, &name, &value), 0);
		ck_assert(name.p != NULL);
		if (value.n > 0)
			ck_assert(value.p >= s.p && value.n <= s.n - (size_t)(value.p - s.p));
	}
	ck_assert_uint_eq(rd_left(&h), 0);
	ck_assert(rec.before_headers.p > s.p && rec.headers.p + rec.headers.n <= s.p + s.n);
	return 0;
}

START_TEST(test_prefixes_and_changes)
{
	struct wr w = hex_of(whole);

	w.buf[0] = (uint8_t)((w.len - 1) * 2);
	ck_assert_int_eq(walk(wr_slice(&w)), 0);
	for (size_t n = 0; n < w.len; n++) {
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, w.buf, n);
		ck_assert_int_eq(walk(slice_of(cut, n)), ERR_SHORT);
		/* The same, with a length that says it's all. */
		if (n > 0) {
			cut[0] = (uint8_t)((n - 1) * 2);
			ck_assert_int_ne(walk(slice_of(cut, n)), 0);
		}
		free(cut);
	}
	for (size_t n = 0; n < w.len; n++) {
		uint8_t was = w.buf[n];

		for (int v = 0; v < 256; v++) {
			w.buf[n] = (uint8_t)v;
			(void)walk(wr_slice(&w));
		}
		w.buf[n] = was;
	}
	wr_free(&w);
}
END_TEST

/* Records follow each other; what is behind one stays for the next. */
START_TEST(test_sequence)
{
	struct wr w = hex_of("0c | 00 00 00 01 01 00 | 0e | 00 02 02 00 02 'v' 00");
	struct rd r = rd_of(wr_slice(&w));
	struct record rec;

	ck_assert_int_eq(record_next(&r, 10, &rec), 0);
	ck_assert(rec.key.p == NULL && rec.value.p == NULL);
	ck_assert_int_eq(record_next(&r, 10, &rec), 0);
	ck_assert(rec.key.p != NULL && rec.key.n == 0);
	ck_assert(slice_eq(rec.value, slice_str("v")));
	ck_assert_int_eq(rec.timestamp, 11);
	ck_assert_int_eq(rec.offset_delta, 1);
	ck_assert_int_eq(record_next(&r, 10, &rec), ERR_SHORT);
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");
	int failed;

	recorded_load();
	tcase_add_loop_test(t, test_recorded, 0, recorded_count);
	tcase_add_test(t, test_long_varints);
	tcase_add_test(t, test_timestamps);
	tcase_add_test(t, test_hostile);
	tcase_add_test(t, test_prefixes_and_changes);
	tcase_add_test(t, test_sequence);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	recorded_unload();
	return failed;
}
