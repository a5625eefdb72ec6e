#include "kafka/batch.h"

#include "tests/unit/recorded.h"
#include "tests/unit/suite.h"

static struct wr bytes; /* a copy of a recorded batch, for changing */

static void
setup(void)
{
	bytes = wr_new(SIZE_MAX / 2);
	wr_slice_put(&bytes, recorded[0].batch);
}

static void
teardown(void)
{
	wr_free(&bytes);
}

/* Each is whole, its CRC is right, its codec the one in its name; and written again it is the same. */
START_TEST(test_recorded)
{
	const struct recorded *c = &recorded[_i];
	struct wr w = wr_new(SIZE_MAX / 2);
	struct batch b;
	size_t at;

	ck_assert_int_eq(batch_read(c->batch, &b), 0);
	ck_assert(batch_crc_matches(&b));
	ck_assert_int_eq(b.count, c->count);
	ck_assert_int_eq(b.last_offset_delta, c->count - 1);
	ck_assert_uint_eq(b.whole.n, c->batch.n);
	ck_assert_uint_eq(b.records.n, c->batch.n - BATCH_HEAD);
	for (enum codec k = CODEC_NONE; k < CODEC_COUNT; k++)
		if (strstr(c->name, codec_name(k)) != NULL && strstr(c->name, "time") == NULL)
			ck_assert_int_eq(batch_codec(&b), k);
	ck_assert_int_eq(batch_is(&b, BATCH_TRANSACTIONAL), strstr(c->name, "transactional") != NULL);
	ck_assert_int_eq(batch_is(&b, BATCH_LOG_APPEND), strstr(c->name, "log-append") != NULL);
	ck_assert(!batch_is(&b, BATCH_CONTROL));
	if (batch_codec(&b) == CODEC_SNAPPY)
		ck_assert_int_eq(codec_is_xerial(b.records), strncmp(c->name, "java", 4) == 0);
	wr_text(&w, "before");
	at = batch_begin(&b, &w);
	ck_assert_uint_eq(at, 6);
	wr_slice_put(&w, b.records);
	ck_assert_int_eq(batch_end(&w, at), 0);
	ck_assert(slice_eq(slice_of(w.buf + at, w.len - at), c->batch));
	wr_free(&w);
}
END_TEST

/* The fields, as the one that made it was told them. */
START_TEST(test_fields)
{
	struct batch b;
	int seen = 0;

	for (int i = 0; i < recorded_count; i++) {
		ck_assert_int_eq(batch_read(recorded[i].batch, &b), 0);
		if (strcmp(recorded[i].name, "java-zstd-transactional") == 0) {
			ck_assert_int_eq(b.base_offset, 0);
			ck_assert_int_eq(b.leader_epoch, -1);
			ck_assert_int_eq(b.base_timestamp, 1700000000000);
			ck_assert_int_eq(b.max_timestamp, 1700000000002);
			ck_assert_int_eq(b.producer_id, 4711);
			ck_assert_int_eq(b.producer_epoch, 3);
			ck_assert_int_eq(b.base_sequence, 2147483646);
			seen++;
		} else if (strcmp(recorded[i].name, "java-idempotent") == 0) {
			ck_assert_int_eq(b.producer_id, 9000000000000);
			ck_assert_int_eq(b.producer_epoch, 0);
			ck_assert_int_eq(b.base_sequence, 17);
			seen++;
		} else if (strcmp(recorded[i].name, "java-none") == 0) {
			ck_assert_int_eq(b.producer_id, -1);
			ck_assert_int_eq(b.producer_epoch, -1);
			ck_assert_int_eq(b.base_sequence, -1);
			seen++;
		}
	}
	ck_assert_int_eq(seen, 3);
}
END_TEST

/* Message sets of old have the magic in the same place. */
START_TEST(test_legacy)
{
	struct batch b = {.count = 77};

	for (uint8_t magic = 0; magic < 2; magic++) {
		bytes.buf[BATCH_MAGIC_AT] = magic;
		ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_UNSUPPORTED);
		/* However short: an empty one ends right there. */
		ck_assert_int_eq(batch_read(slice_of(bytes.buf, BATCH_MAGIC_AT + 1), &b), ERR_UNSUPPORTED);
	}
	bytes.buf[BATCH_MAGIC_AT] = 3;
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_MALFORMED);
	bytes.buf[BATCH_MAGIC_AT] = 0xff;
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_MALFORMED);
	ck_assert_int_eq(b.count, 77); /* untouched on failure */
}
END_TEST

/* The length is believed only as far as there are bytes. */
START_TEST(test_lengths)
{
	static const uint32_t wrong[] = {0, 1, BATCH_HEAD - 12 - 1, 0x80000000u, UINT32_MAX};
	uint32_t right = (uint32_t)bytes.len - 12;
	struct batch b;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		wr_patch_u32(&bytes, 8, wrong[i]);
		ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_MALFORMED);
	}
	wr_patch_u32(&bytes, 8, right + 1);
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_SHORT);
	wr_patch_u32(&bytes, 8, INT32_MAX);
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_SHORT);
	/* An empty batch, as compaction leaves them. */
	wr_patch_u32(&bytes, 8, BATCH_HEAD - 12);
	wr_patch_u32(&bytes, 57, 0);
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), 0);
	ck_assert_uint_eq(b.records.n, 0);
	ck_assert_int_eq(b.count, 0);
	wr_patch_u32(&bytes, 57, UINT32_MAX);
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), ERR_MALFORMED);
}
END_TEST

/* What follows a batch is another's. */
START_TEST(test_followed)
{
	size_t n = bytes.len;
	struct batch b;

	wr_slice_put(&bytes, recorded[1].batch);
	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), 0);
	ck_assert_uint_eq(b.whole.n, n);
	ck_assert(batch_crc_matches(&b));
	ck_assert_int_eq(batch_read(slice_of(bytes.buf + n, bytes.len - n), &b), 0);
	ck_assert_uint_eq(b.whole.n, recorded[1].batch.n);
}
END_TEST

START_TEST(test_codec_bits)
{
	struct batch b;

	for (int bits = 0; bits < 8; bits++) {
		bytes.buf[22] = (uint8_t)bits;
		ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), 0);
		ck_assert_int_eq(batch_codec(&b), bits < CODEC_COUNT ? bits : CODEC_COUNT);
	}
}
END_TEST

START_TEST(test_prefixes)
{
	for (size_t n = 0; n < bytes.len; n++) {
		uint8_t *cut = malloc(n + 1); /* so that a read behind its end is seen */
		struct batch b;

		memcpy(cut, bytes.buf, n);
		ck_assert_int_eq(batch_read(slice_of(cut, n), &b), ERR_SHORT);
		free(cut);
	}
}
END_TEST

/* A change of any bit that the CRC covers, or of the CRC, is seen by it or makes it no batch. */
START_TEST(test_changes)
{
	for (size_t n = 0; n < bytes.len; n++) {
		for (int bit = 0; bit < 8; bit++) {
			struct batch b;

			bytes.buf[n] ^= (uint8_t)(1 << bit);
			if (batch_read(wr_slice(&bytes), &b) == 0 && n >= BATCH_CRC_AT)
				ck_assert(!batch_crc_matches(&b));
			bytes.buf[n] ^= (uint8_t)(1 << bit);
		}
	}
}
END_TEST

/* A writer that is full says so at the end, and nothing is written where nothing is. */
START_TEST(test_full)
{
	struct batch b;

	ck_assert_int_eq(batch_read(wr_slice(&bytes), &b), 0);
	for (size_t max = 0; max < bytes.len; max += 7) {
		struct wr w = wr_new(max);
		size_t at = batch_begin(&b, &w);

		wr_slice_put(&w, b.records);
		ck_assert_int_eq(batch_end(&w, at), ERR_LIMIT);
		wr_free(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("batch");
	TCase *t = tcase_create("batch");
	int failed;

	recorded_load();
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_recorded, 0, recorded_count);
	tcase_add_test(t, test_fields);
	tcase_add_test(t, test_legacy);
	tcase_add_test(t, test_lengths);
	tcase_add_test(t, test_followed);
	tcase_add_test(t, test_codec_bits);
	tcase_add_test(t, test_prefixes);
	tcase_add_test(t, test_changes);
	tcase_add_test(t, test_full);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	recorded_unload();
	return failed;
}
