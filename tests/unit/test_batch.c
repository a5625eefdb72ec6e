#include "kafka/batch.h"

#include "digest/crc32c.h"
#include "kafka/record.h"
#include "tests/unit/batches.h"
#include "tests/unit/suite.h"

static const struct made_record records[] = {
	{"k1", "v1", 0, {{"h", "x"}, {"h", NULL}, {"", ""}}, 3},
	{NULL, "v2", 5, {{NULL, NULL}}, 0},
	{"k3", NULL, -7, {{NULL, NULL}}, 0},
	{"", "", 1000000, {{"n\xc3\xb6", "y"}}, 1},
};
enum { COUNT = 4 };

static struct wr bytes;

static void
setup(void)
{
	bytes = made_batch(NULL, CODEC_NONE, false, records, COUNT, 1700000000000);
}

static void
teardown(void)
{
	wr_free(&bytes);
}

static void
check_text(struct slice s, const char *expect)
{
	ck_assert_int_eq(s.p == NULL, expect == NULL);
	if (expect != NULL)
		ck_assert(slice_eq(s, slice_str(expect)));
}

START_TEST(test_reads)
{
	struct batch b;
	struct rd r;

	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), 0);
	ck_assert(batch_crc_matches(&b));
	ck_assert_int_eq(b.count, COUNT);
	ck_assert_int_eq(b.whole.n, bytes.len);
	ck_assert_int_eq(batch_codec(&b), CODEC_NONE);
	ck_assert(!batch_is(&b, BATCH_CONTROL | BATCH_TRANSACTIONAL | BATCH_LOG_APPEND));
	r = rd_of(b.records);
	for (int i = 0; i < COUNT; i++) {
		struct record rec;
		struct rd h;

		ck_assert_int_eq(record_next(&r, b.base_timestamp, &rec), 0);
		ck_assert_int_eq(rec.timestamp, 1700000000000 + records[i].delta);
		ck_assert_int_eq(rec.offset_delta, i);
		check_text(rec.key, records[i].key);
		check_text(rec.value, records[i].value);
		ck_assert_int_eq(rec.header_count, records[i].header_count);
		h = rd_of(rec.headers);
		for (int k = 0; k < rec.header_count; k++) {
			struct slice name, value;

			ck_assert_int_eq(record_header_next(&h, &name, &value), 0);
			check_text(name, records[i].headers[k].name);
			check_text(value, records[i].headers[k].value);
		}
		ck_assert_uint_eq(rd_left(&h), 0);
	}
	ck_assert_uint_eq(rd_left(&r), 0);
}
END_TEST

START_TEST(test_legacy)
{
	struct batch b;

	for (int magic = 0; magic < 2; magic++) {
		bytes.buf[BATCH_MAGIC_AT] = (uint8_t)magic;
		ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_UNSUPPORTED);
	}
	bytes.buf[BATCH_MAGIC_AT] = 3;
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_MALFORMED);
}
END_TEST

static void
walk_all(const struct batch *b)
{
	struct rd r = rd_of(b->records);
	struct record rec;

	while (rd_left(&r) > 0 && record_next(&r, b->base_timestamp, &rec) == 0)
		continue;
}

START_TEST(test_prefixes)
{
	for (size_t n = 0; n < bytes.len; n++) {
		uint8_t *cut = malloc(n + 1);
		struct batch b;

		memcpy(cut, bytes.buf, n);
		ck_assert_int_ne(batch_read(slice_of(cut, n), &b), 0);
		free(cut);
	}
}
END_TEST

/* A change anywhere behind the leader epoch is seen by the CRC, or it is no batch. */
START_TEST(test_changes)
{
	for (size_t n = 0; n < bytes.len; n++) {
		for (int bit = 0; bit < 8; bit++) {
			struct batch b;

			bytes.buf[n] ^= (uint8_t)(1 << bit);
			if (batch_read(wr_slice(&bytes), &b) == 0) {
				if (n >= BATCH_CRC_AT)
					ck_assert(!batch_crc_matches(&b));
				walk_all(&b);
			}
			bytes.buf[n] ^= (uint8_t)(1 << bit);
		}
	}
}
END_TEST

/* A header count or length that no bytes back is refused before anything is done with it. */
START_TEST(test_hostile_record)
{
	static const uint8_t cases[][12] = {
		{0x02},                                     /* length 1, nothing */
		{0x01},                                     /* length -1 */
		{0x0e, 0, 0, 0, 1, 1, 0xfe, 0xff, 0x7f},    /* a huge count of headers */
		{0x0c, 0, 0, 0, 1, 1, 0x01},                /* -1 headers */
		{0x10, 0, 0, 0, 1, 1, 0x02, 0x01, 0x01},    /* a header without a name */
		{0x0e, 0, 0, 0, 1, 1, 0, 0},                /* bytes left over */
		{0x0c, 0, 0, 0, 3, 1, 0},                   /* key length -2 */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rd r = rd_of(slice_of(cases[i], sizeof(cases[i])));
		struct record rec;

		ck_assert_int_ne(record_next(&r, 0, &rec), 0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("batch");
	TCase *t = tcase_create("batch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_reads);
	tcase_add_test(t, test_legacy);
	tcase_add_test(t, test_prefixes);
	tcase_add_test(t, test_changes);
	tcase_add_test(t, test_hostile_record);
	suite_add_tcase(s, t);
	return suite_run(s);
}
