/* Produce requests through the attest stage: what goes on to the broker, to the byte, and what is placed. */
#include "attesting.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "attest/journal_space.h"
#include "kafka/produce.h"
#include "kafka/record.h"
#include "makoto/triple.h"
#include "rewritten.h"
#include "suite.h"

static void
setup(void)
{
	attesting_open(&(struct attesting){0});
	attesting_know("a");
	attesting_know("b");
	note_metrics();
}

static void
reopen(const struct attesting *how)
{
	attesting_close();
	attesting_open(how);
	attesting_know("a");
	attesting_know("b");
	note_metrics();
}

static void
teardown(void)
{
	attesting_close();
}

/* --- one batch ---------------------------------------------------------------------------- */

START_TEST(every_version)
{
	int64_t offset = 100;

	for (int16_t v = 3; v <= 13; v++) {
		struct wr batch = BATCH(.count = 5, .codec = (enum codec)(v % CODEC_COUNT));
		struct stages_part p = {v >= 13 ? NULL : "a", id_a, 4, wr_slice(&batch)};
		struct exchange *x = produce_of(v, -1, &p, 1);
		struct produce_request q;
		struct wr out;

		ck_assert_int_eq(request(x), STAGE_REPLACE);
		out = outgoing(x, STAGE_REPLACE);
		ck_only_batches(v, -1, &out, &p, 1);
		ck_attested(part_of(v, &out, 0, &q), &batch, &(struct expected){"a", ID_A, 4, HEADERS_FULL, 1, 0, 0});
		ck_assert(!x->swallowed);
		produce_request_free(&q);
		answer_stored(x, v >= 13 ? NULL : "a", id_a, 4, offset);
		offset += 5;
		stages_free(x);
		wr_free(&out);
		wr_free(&batch);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 55);
	ck_assert_int_eq(counted(METRIC_BATCHES_FULL), 11);
	{
		struct drained d = drained(true);

		ck_assert_uint_eq(d.count, 1);
		ck_assert_int_eq(d.w[0].members, 55);
		ck_assert_int_eq(d.w[0].first_offset, 100);
		ck_assert_int_eq(d.w[0].partition, 4);
		ck_assert_int_eq(d.w[0].time, CHAINS_TIME_CREATE);
		ck_assert_str_eq(d.w[0].client, "unit");
	}
}
END_TEST

/* Message sets have no place for headers: untouched, acks included. */
START_TEST(before_record_batches)
{
	/* offset, size, crc, magic, attributes, [timestamp,] key, value */
	static const uint8_t v0[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 1, 2, 3, 4, 0, 0, 255, 255, 255, 255, 0, 0, 0, 2, 'h', 'i'};
	static const uint8_t v1[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 1, 2, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9,
				     255, 255, 255, 255, 0, 0, 0, 2, 'h', 'i'};

	for (int16_t v = 0; v <= 13; v++)
		for (int16_t acks = -1; acks <= 1; acks++) {
			struct slice set = v < 2 ? slice_of(v0, sizeof(v0)) : slice_of(v1, sizeof(v1));
			struct stages_part p = {v >= 13 ? NULL : "a", id_a, 0, set};
			struct exchange *x = produce_of(v, acks, &p, 1);

			note_metrics();
			ck_assert_int_eq(request(x), STAGE_PASS);
			ck_assert_int_eq(counted(METRIC_RECORDS_LEGACY), 1);
			ck_assert(!x->swallowed && !x->replaced);
			stages_free(x); /* without a state: nothing is awaited */
		}
	ck_assert_int_eq(backlog(), 0);
}
END_TEST

START_TEST(crosses_windows)
{
	struct wr batch = BATCH(.count = 5, .codec = CODEC_LZ4), next = BATCH(.count = 2);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct produce_request q;
	struct exchange *x;
	struct drained d;
	struct wr out;

	reopen(&(struct attesting){.window_records = 2});
	x = produce_of(9, 1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	out = outgoing(x, STAGE_REPLACE);
	ck_attested(part_of(9, &out, 0, &q), &batch, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 2, 2});
	produce_request_free(&q);
	wr_free(&out);
	answer_stored(x, "a", NULL, 0, 10);
	stages_free(x);
	/* The third window has one place left. */
	p.records = wr_slice(&next);
	x = produce_of(9, 1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	out = outgoing(x, STAGE_REPLACE);
	ck_attested(part_of(9, &out, 0, &q), &next, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 3, 1, 2});
	produce_request_free(&q);
	wr_free(&out);
	answer_stored(x, "a", NULL, 0, 15);
	stages_free(x);
	d = drained(false);
	ck_assert_uint_eq(d.count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(d.w[i].id, i + 1);
		ck_assert_int_eq(d.w[i].members, 2);
		ck_assert_int_eq(d.w[i].first_offset, 10 + 2 * (int64_t)i);
		ck_assert_int_eq(d.w[i].reason, CLOSE_RECORDS);
	}
	d = drained(true);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.w[0].members, 1);
	ck_assert_int_eq(d.w[0].first_offset, 16);
	wr_free(&batch);
	wr_free(&next);
}
END_TEST

/* --- what is not ours to attest -------------------------------------------------------------- */

static struct wr
joined(const struct wr *a, const struct wr *b)
{
	struct wr w = wr_new(1 << 20);

	wr_slice_put(&w, wr_slice(a));
	wr_slice_put(&w, wr_slice(b));
	return w;
}

/* All kinds in one request: what isn't attested is the client's, to the byte. */
START_TEST(mixed_request)
{
	struct wr good = BATCH(.count = 3, .codec = CODEC_ZSTD), crc = BATCH(.count = 2), codec = BATCH(.count = 2),
		  control = BATCH(.count = 1, .attributes = BATCH_CONTROL | BATCH_TRANSACTIONAL), two, none = wr_new(16),
		  cut = BATCH(.count = 2), holes = BATCH(.count = 2);
	enum { PARTS = 11 };
	const char *a = "a", *b = "b", *hidden = "__consumer_offsets", *own = "makoto.dbom";

	crc.buf[crc.len - 1] ^= 1;
	codec.buf[22] |= 5;
	batch_seal(&codec);
	holes.buf[26] = 2; /* the last offset delta of three records */
	batch_seal(&holes);
	two = joined(&good, &good);
	{
		struct stages_part p[PARTS] = {
			{hidden, NULL, 0, wr_slice(&good)},
			{a, NULL, 0, wr_slice(&crc)},
			{a, NULL, 1, wr_slice(&good)},
			{a, NULL, 2, {NULL, 0}},
			{a, NULL, 3, slice_of(good.buf, 0)},
			{b, NULL, 0, wr_slice(&codec)},
			{b, NULL, 1, wr_slice(&control)},
			{b, NULL, 2, wr_slice(&two)},
			{b, NULL, 3, slice_of(cut.buf, cut.len - 1)},
			{b, NULL, 4, wr_slice(&holes)},
			{own, NULL, 0, wr_slice(&good)},
		};
		struct exchange *x = produce_of(9, 1, p, PARTS);
		struct produce_request q;
		struct wr out;

		ck_assert_int_eq(request(x), STAGE_REPLACE);
		out = outgoing(x, STAGE_REPLACE);
		ck_only_batches(9, 1, &out, p, PARTS);
		for (size_t i = 0; i < PARTS; i++) {
			struct slice records = part_of(9, &out, i, &q);

			if (i == 2)
				ck_attested(records, &good, &(struct expected){"a", ID_A, 1, HEADERS_FULL, 1, 0, 0});
			else
				ck_assert(slice_eq(records, p[i].records));
			ck_assert_int_eq(records.p == NULL, p[i].records.p == NULL);
			produce_request_free(&q);
		}
		ck_assert_int_eq(counted(METRIC_RECORDS_EXCLUDED), 6);
		ck_assert_int_eq(counted(METRIC_RECORDS_CRC), 2);
		ck_assert_int_eq(counted(METRIC_RECORDS_CODEC), 2);
		ck_assert_int_eq(counted(METRIC_RECORDS_CONTROL), 1);
		/* The empty one, the two, the one that is cut off, the one with holes: of none the count is sure. */
		ck_assert_int_eq(counted(METRIC_RECORDS_MALFORMED), 4);
		ck_assert_int_eq(backlog(), 3);
		answer_stored(x, "a", NULL, 1, 7);
		stages_free(x);
		wr_free(&out);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 3);
	wr_free(&good), wr_free(&crc), wr_free(&codec), wr_free(&control), wr_free(&two), wr_free(&none), wr_free(&cut),
		wr_free(&holes);
}
END_TEST

/* Brokers keep the last batch for a partition and answer once: which one that is about, nobody could tell. */
START_TEST(a_partition_twice)
{
	enum { PARTS = 6 };
	static const bool attested[PARTS] = {false, true, true, false, true, false};
	struct wr one = BATCH(.count = 2), two = BATCH(.count = 3);
	const char *a = "a", *b = "b", *again = "a";

	for (int16_t v = 12; v <= 13; v++) {
		const char *ta = v >= 13 ? NULL : a, *tb = v >= 13 ? NULL : b, *tc = v >= 13 ? NULL : again;
		struct stages_part p[PARTS] = {{ta, id_a, 5, wr_slice(&one)}, {ta, id_a, 2, wr_slice(&two)},
					       {tb, id_b, 5, wr_slice(&one)}, {tc, id_a, 5, wr_slice(&two)},
					       {tc, id_a, 1, wr_slice(&one)}, {tc, id_a, 5, {NULL, 0}}};
		struct exchange *x = produce_of(v, 1, p, PARTS);
		struct wr out;

		reopen(&(struct attesting){0});
		x->reactor = reactor;
		ck_assert_int_eq(request(x), STAGE_REPLACE);
		out = outgoing(x, STAGE_REPLACE);
		ck_only_batches(v, 1, &out, p, PARTS);
		for (size_t i = 0; i < PARTS; i++) {
			struct produce_request q;

			ck_assert_int_eq(slice_eq(part_of(v, &out, i, &q), p[i].records), !attested[i]);
			produce_request_free(&q);
		}
		ck_assert_int_eq(counted(METRIC_RECORDS_MALFORMED), 2);
		ck_assert_int_eq(backlog(), 7);
		stage->lost(stage->self, x);
		stages_free(x);
		wr_free(&out);
	}
	wr_free(&one), wr_free(&two);
}
END_TEST

START_TEST(by_id_excluded)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[2] = {{NULL, id_a, 0, wr_slice(&batch)}, {NULL, id_b, 0, wr_slice(&batch)}};
	struct exchange *x;
	struct produce_request q;
	struct wr out;

	reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
	x = produce_of(13, 1, p, 2);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	out = outgoing(x, STAGE_REPLACE);
	ck_attested(part_of(13, &out, 0, &q), &batch, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 0, 0});
	produce_request_free(&q);
	ck_assert(slice_eq(part_of(13, &out, 1, &q), p[1].records));
	produce_request_free(&q);
	wr_free(&out);
	ck_assert_int_eq(counted(METRIC_RECORDS_EXCLUDED), 2);
	answer_stored(x, NULL, id_a, 0, 0);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

START_TEST(disabled)
{
	struct wr batch = BATCH(.count = 3);
	struct stages_part p[2] = {{"a", NULL, 0, wr_slice(&batch)}, {"a", NULL, 1, {NULL, 0}}};
	struct exchange *x;

	reopen(&(struct attesting){.yaml = "attest: {enabled: false}"});
	x = produce_of(9, 0, p, 2);
	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert(!x->swallowed);
	ck_assert_int_eq(counted(METRIC_RECORDS_DISABLED), 3);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

START_TEST(malformed_request)
{
	struct wr batch = BATCH(.count = 3);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct wr body = stages_produce(9, 1, NULL, &p, 1);

	/* Every prefix is the broker's to refuse. */
	for (size_t n = 0; n < body.len; n++) {
		struct exchange *x = stages_exchange(API_PRODUCE, 9, slice_of(body.buf, n));

		x->reactor = reactor;
		ck_assert_int_eq(request(x), STAGE_PASS);
		stages_free(x);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_MALFORMED), (int64_t)body.len);
	ck_assert_int_eq(backlog(), 0);
	wr_free(&body);
	wr_free(&batch);
}
END_TEST

/* A count that no bytes back makes no room for records, and no windows. */
START_TEST(absurd_count)
{
	/* The one that memory might be had for, and the largest. */
	static const uint8_t counts[][4] = {{0x00, 0x20, 0, 1}, {0x7f, 0xff, 0xff, 0xff}};

	for (size_t i = 0; i < 2 * ARRAY_LEN(counts); i++) {
		struct wr batch = BATCH(.count = 1, .codec = i % 2 == 0 ? CODEC_NONE : CODEC_GZIP);
		struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
		struct exchange *x;

		memcpy(batch.buf + 57, counts[i / 2], 4);
		memcpy(batch.buf + 23, counts[i / 2], 4);
		batch.buf[26]--; /* the last offset delta fits */
		batch_seal(&batch);
		x = produce_of(9, 1, &p, 1);
		ck_assert_int_eq(request(x), STAGE_PASS);
		stages_free(x);
		wr_free(&batch);
	}
	ck_assert_int_eq(counted(METRIC_WINDOWS_OPEN), 0);
	ck_assert_int_eq(counted(METRIC_RECORDS_MALFORMED), 4);
	ck_assert_int_eq(counted(METRIC_RECORDS_NO_MEMORY), 0);
	{
		struct wr batch = BATCH(.count = 2);
		struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
		struct exchange *x = produce_of(9, 1, &p, 1);
		struct produce_request q;
		struct wr out;

		ck_assert_int_eq(request(x), STAGE_REPLACE);
		out = outgoing(x, STAGE_REPLACE);
		ck_attested(part_of(9, &out, 0, &q), &batch, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 0, 0});
		produce_request_free(&q);
		wr_free(&out);
		answer_stored(x, "a", NULL, 0, 0);
		stages_free(x);
		wr_free(&batch);
	}
}
END_TEST

/* Bytes that can't be attested are found out before they are placed: they cost no window its id. */
START_TEST(nothing_is_placed_in_vain)
{
	static const uint8_t counts[] = {1, 3}; /* of two records */
	struct produce_request q;
	struct exchange *x;
	struct wr out, good = BATCH(.count = 2);
	struct stages_part p = {"a", NULL, 0, wr_slice(&good)};

	reopen(&(struct attesting){.window_records = 1, .backlog_records = 2});
	for (size_t i = 0; i < CODEC_COUNT * ARRAY_LEN(counts); i++) {
		struct wr batch = BATCH(.count = 2, .codec = (enum codec)(i / ARRAY_LEN(counts)));

		batch.buf[60] = counts[i % ARRAY_LEN(counts)];
		batch.buf[26] = (uint8_t)(batch.buf[60] - 1);
		batch_seal(&batch);
		p.records = wr_slice(&batch);
		x = produce_of(9, 1, &p, 1);
		ck_assert_int_eq(request(x), STAGE_PASS);
		stages_free(x);
		wr_free(&batch);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_MALFORMED), CODEC_COUNT * ARRAY_LEN(counts));
	p.records = wr_slice(&good);
	x = produce_of(9, 1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	out = outgoing(x, STAGE_REPLACE);
	ck_attested(part_of(9, &out, 0, &q), &good, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 1, 1});
	produce_request_free(&q);
	answer_stored(x, "a", NULL, 0, 0);
	stages_free(x);
	wr_free(&out);
	wr_free(&good);
}
END_TEST

/* A batch whose records are a zstd frame (RFC 8878) that says "128 KiB of this byte" over and over. */
static struct wr
bomb_of(uint32_t blocks, int32_t count)
{
	static const uint8_t head[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58};
	struct batch b = {.attributes = CODEC_ZSTD, .last_offset_delta = count - 1, .producer_id = -1,
			  .producer_epoch = -1, .base_sequence = -1, .count = count};
	struct wr w = wr_new(1 << 24);
	size_t at = batch_begin(&b, &w);

	wr_bytes(&w, head, sizeof(head));
	for (uint32_t i = 1; i <= blocks; i++) {
		uint32_t h = (i == blocks) | 1 << 1 | (128 * 1024) << 3; /* last, run-length, size */

		for (int k = 0; k < 3; k++)
			wr_u8(&w, (uint8_t)(h >> 8 * k));
		wr_u8(&w, 0x0c);
	}
	ck_assert_int_eq(batch_end(&w, at), 0);
	return w;
}

static long
peak_kib(void)
{
	struct rusage u;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &u), 0);
	return u.ru_maxrss;
}

/* Some bytes that become a gibibyte; and records so small that what is remembered of them is the larger part. */
START_TEST(bombs)
{
	enum { COUNT = 100000 };
	struct made_record *records = calloc(COUNT, sizeof(*records));
	struct wr batch[2] = {bomb_of(8192, 1000), {0}};
	long peak;

	ck_assert_ptr_nonnull(records);
	batch[1] = BATCH(.count = COUNT, .codec = CODEC_ZSTD, .records = records);
	ck_assert_uint_lt(batch[1].len, 300000);
	reopen(&(struct attesting){.yaml = "attest: {max.plain.bytes: 1MiB}"});
	peak = peak_kib();
	for (size_t i = 0; i < 2; i++) {
		struct stages_part p = {"a", NULL, 0, wr_slice(&batch[i])};
		struct exchange *x = produce_of(9, 1, &p, 1);

		note_metrics();
		ck_assert_int_eq(request(x), STAGE_PASS);
		ck_assert_int_eq(counted(METRIC_RECORDS_LIMIT), i == 0 ? 1000 : COUNT);
		stages_free(x);
		wr_free(&batch[i]);
	}
	ck_assert_int_lt(peak_kib() - peak, 64 * 1024);
	free(records);
}
END_TEST

/*
 * Each of them small enough, and very many in one request: once they have made eight times
 * what one batch may, the others go as they came, but for those that needn't be decompressed.
 */
START_TEST(bombs_in_one_request)
{
	enum { PARTS = 12, LAST = PARTS - 1, FIT = 9 }; /* each is 55000 bytes, of eight times 64 KiB */
	static char value[55001];
	struct made_record record = {.value = memset(value, 'x', sizeof(value) - 1)};
	struct wr bomb = BATCH(.count = 1, .codec = CODEC_ZSTD, .records = &record);
	struct wr plain = BATCH(.count = 1, .records = &record);
	struct stages_part p[PARTS];
	struct produce_request q;
	struct exchange *x;
	struct wr out;

	ck_assert_uint_lt(bomb.len, 200);
	reopen(&(struct attesting){.yaml = "attest: {max.plain.bytes: 64KiB}"});
	for (int i = 0; i < PARTS; i++)
		p[i] = (struct stages_part){"a", NULL, i, wr_slice(i == LAST ? &plain : &bomb)};
	for (int again = 0; again < 2; again++) { /* the next request has as much */
		note_metrics();
		x = produce_of(9, 1, p, PARTS);
		ck_assert_int_eq(request(x), STAGE_REPLACE);
		ck_assert_int_eq(counted(METRIC_RECORDS_LIMIT), PARTS - 1 - FIT);
		out = outgoing(x, STAGE_REPLACE);
		for (size_t i = 0; i < PARTS; i++) {
			ck_assert_int_eq(slice_eq(part_of(9, &out, i, &q), p[i].records), i >= FIT && i != LAST);
			produce_request_free(&q);
		}
		wr_free(&out);
		stage->lost(stage->self, x);
		stages_free(x);
	}
	wr_free(&bomb), wr_free(&plain);
}
END_TEST

/* Records that fit, and their headers don't: shorter ones, or none; it is attested all the same. */
START_TEST(headers_outgrow_memory)
{
	enum { COUNT = 650 };
	struct made_record *records = calloc(COUNT, sizeof(*records));
	const struct {
		const char *yaml;
		enum metric mode;
	} t[] = {{"attest: {max.plain.bytes: 256KiB}", METRIC_BATCHES_FULL},
		 {"attest: {max.plain.bytes: 110KiB}", METRIC_BATCHES_COMPACT},
		 {"attest: {max.plain.bytes: 64KiB}", METRIC_BATCHES_NONE}};

	ck_assert_ptr_nonnull(records);
	for (size_t i = 0; i < COUNT; i++)
		records[i].value = "v";
	for (size_t i = 0; i < ARRAY_LEN(t) * 2; i++) {
		struct wr batch = BATCH(.count = COUNT, .codec = i % 2 == 0 ? CODEC_LZ4 : CODEC_NONE, .records = records);
		struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
		struct exchange *x;

		reopen(&(struct attesting){.yaml = t[i / 2].yaml});
		x = produce_of(9, 1, &p, 1);
		ck_assert_int_eq(request(x), t[i / 2].mode == METRIC_BATCHES_NONE ? STAGE_PASS : STAGE_REPLACE);
		ck_assert_int_eq(counted(t[i / 2].mode), 1);
		answer_stored(x, "a", NULL, 0, 0);
		ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), COUNT);
		stages_free(x);
		wr_free(&batch);
	}
	free(records);
}
END_TEST

/* --- acks ------------------------------------------------------------------------------------- */

/* As setup(), and the cluster tells the topic's limit. */
static void
reopen_told(const char *max_bytes)
{
	attesting_close();
	attesting_open(&(struct attesting){0});
	cluster.topics[0].max_bytes = max_bytes;
	attesting_know("a");
	note_metrics();
}

START_TEST(acks_0)
{
	reopen_told("1048588");
	for (int16_t v = 3; v <= 13; v++) {
		struct wr batch = BATCH(.count = 2);
		struct stages_part p = {v >= 13 ? NULL : "a", id_a, 0, wr_slice(&batch)};
		struct exchange *x = produce_of(v, 0, &p, 1);
		struct wr out;

		ck_assert_int_eq(request(x), STAGE_REPLACE);
		ck_assert(x->swallowed);
		out = outgoing(x, STAGE_REPLACE);
		ck_only_batches(v, 1, &out, &p, 1);
		answer_stored(x, p.topic, id_a, 0, 2 * v);
		stages_free(x);
		wr_free(&out);
		wr_free(&batch);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 22);
}
END_TEST

/* Nothing of it is attested: no answer is needed. */
START_TEST(acks_0_unattested)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"__x", NULL, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(9, 0, &p, 1);

	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert(!x->swallowed);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/*
 * A batch that is too large only with headers is lost with acks=0, as nobody tells the client to send it again: where
 * the topic's limit isn't known it gets none.
 */
START_TEST(acks_0_without_a_limit)
{
	for (int told = 0; told <= 1; told++)
		for (int16_t acks = 0; acks <= 1; acks++) {
			struct wr batch = BATCH(.count = 2);
			struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
			struct exchange *x;

			reopen_told(told ? "1048588" : NULL);
			x = produce_of(9, acks, &p, 1);
			ck_assert_int_eq(request(x), STAGE_REPLACE);
			ck_assert_int_eq(counted(METRIC_BATCHES_FULL), told || acks == 1);
			ck_assert_int_eq(counted(METRIC_BATCHES_NONE), !told && acks == 0);
			answer_stored(x, "a", NULL, 0, 0);
			ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 2);
			stages_free(x);
			wr_free(&batch);
		}
}
END_TEST

/* Without headers the only change is acks. */
START_TEST(acks_0_without_headers)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct exchange *x;
	struct wr out, want = stages_produce(9, 1, NULL, &p, 1);

	reopen(&(struct attesting){.yaml = "attest: {headers: none}"});
	x = produce_of(9, 0, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert(x->swallowed);
	out = outgoing(x, STAGE_REPLACE);
	ck_assert_uint_eq(out.len, want.len);
	ck_assert_mem_eq(out.buf, want.buf, want.len);
	answer_stored(x, "a", NULL, 0, 0);
	stages_free(x);
	wr_free(&out);
	wr_free(&want);
	wr_free(&batch);
}
END_TEST

/* --- growth ------------------------------------------------------------------------------------- */

/* What the batch is in each mode; HEADERS_NONE: the batch as it is. */
static size_t
size_in(enum header_mode mode, const struct wr *batch)
{
	struct stages_part p = {"a", NULL, 7, wr_slice(batch)};
	struct produce_request q;
	struct exchange *x;
	struct wr out;
	size_t n;

	if (mode == HEADERS_NONE)
		return batch->len;
	reopen(&(struct attesting){.yaml = mode == HEADERS_FULL ? "attest: {headers: full}" : "attest: {headers: compact}"});
	x = produce_of(9, 1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	out = outgoing(x, STAGE_REPLACE);
	n = part_of(9, &out, 0, &q).n;
	produce_request_free(&q);
	answer_stored(x, "a", NULL, 7, 0);
	stages_free(x);
	wr_free(&out);
	return n;
}

START_TEST(fits_the_topic)
{
	struct wr batch = BATCH(.count = 5);
	size_t full = size_in(HEADERS_FULL, &batch), compact = size_in(HEADERS_COMPACT, &batch);
	const struct {
		size_t max;
		enum header_mode mode;
	} t[] = {
		{full, HEADERS_FULL},       {full - 1, HEADERS_COMPACT},    {compact, HEADERS_COMPACT},
		{compact - 1, HEADERS_NONE}, {batch.len - 1, HEADERS_NONE}, {0, HEADERS_NONE},
	};

	ck_assert_uint_lt(compact, full);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
		char text[32];
		struct exchange *x;
		struct wr out;

		(void)snprintf(text, sizeof(text), "%zu", t[i].max);
		reopen_told(text);
		x = produce_of(9, 1, &p, 1);
		ck_assert_int_eq(request(x), t[i].mode == HEADERS_NONE ? STAGE_PASS : STAGE_REPLACE);
		ck_assert_int_eq(counted(METRIC_BATCHES_FULL), t[i].mode == HEADERS_FULL);
		ck_assert_int_eq(counted(METRIC_BATCHES_COMPACT), t[i].mode == HEADERS_COMPACT);
		ck_assert_int_eq(counted(METRIC_BATCHES_NONE), t[i].mode == HEADERS_NONE);
		if (t[i].mode != HEADERS_NONE) {
			struct produce_request q;

			out = outgoing(x, STAGE_REPLACE);
			ck_attested(part_of(9, &out, 0, &q), &batch, &(struct expected){"a", ID_A, 0, t[i].mode, 1, 0, 0});
			produce_request_free(&q);
			wr_free(&out);
		}
		/* It is attested all the same. */
		answer_stored(x, "a", NULL, 0, 3);
		ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 5);
		stages_free(x);
	}
	wr_free(&batch);
}
END_TEST

/* A broker closes the connection for a request over 104857600 bytes: what headers add is bounded for all parts together. */
/* A broker before Kafka 4 may keep a topic in a format that has no headers (v1), or no timestamps either (v0). */
START_TEST(topics_of_an_old_format)
{
	static const struct {
		const char *format;
		enum topics_format what;
	} t[] = {
		{"0.8.2", TOPICS_FORMAT_V0},      {"0.9.0.X", TOPICS_FORMAT_V0},      {"0.10.0", TOPICS_FORMAT_V1},
		{"0.10.2-IV0", TOPICS_FORMAT_V1}, {"0.11.0", TOPICS_FORMAT_BATCHES},  {"0.11.0-IV2", TOPICS_FORMAT_BATCHES},
		{"1.0", TOPICS_FORMAT_BATCHES},   {"2.8-IV1", TOPICS_FORMAT_BATCHES}, {"", TOPICS_FORMAT_BATCHES},
		{"0.", TOPICS_FORMAT_BATCHES},    {"0.9999999999", TOPICS_FORMAT_BATCHES},
	};
	struct wr batch = BATCH(.count = 5);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
		struct exchange *x;

		attesting_close();
		attesting_open(&(struct attesting){0});
		cluster.topics[0].format = t[i].format;
		attesting_know("a");
		note_metrics();
		x = produce_of(9, 1, &p, 1);
		ck_assert_int_eq(request(x), t[i].what == TOPICS_FORMAT_BATCHES ? STAGE_REPLACE : STAGE_PASS);
		ck_assert_int_eq(counted(METRIC_BATCHES_NONE), t[i].what == TOPICS_FORMAT_V1);
		ck_assert_int_eq(counted(METRIC_RECORDS_LEGACY), t[i].what == TOPICS_FORMAT_V0 ? 5 : 0);
		if (t[i].what != TOPICS_FORMAT_V0) {
			answer_stored(x, "a", NULL, 0, 3);
			ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 5);
		}
		stages_free(x);
	}
	wr_free(&batch);
}
END_TEST

START_TEST(fits_the_request)
{
	enum { REQUEST_MAX = 104857600 };
	struct wr batch = BATCH(.count = 5);
	size_t full = size_in(HEADERS_FULL, &batch) - batch.len, compact = size_in(HEADERS_COMPACT, &batch) - batch.len;
	const struct {
		size_t room;
		int n_full, n_compact, n_none;
	} t[] = {{2 * full + 10, 2, 0, 0}, {full + compact + 10, 1, 1, 0}, {compact + 5, 0, 1, 1}, {4, 0, 0, 2}};
	uint8_t *pad = calloc(REQUEST_MAX, 1);

	ck_assert_ptr_nonnull(pad);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct stages_part p[3] = {{"a", NULL, 0, wr_slice(&batch)}, {"__x", NULL, 0, slice_of(pad, 0)},
					   {"a", NULL, 1, wr_slice(&batch)}};
		struct wr small = stages_produce(8, 1, NULL, p, 3);
		struct exchange *x;

		reopen(&(struct attesting){0});
		p[1].records.n = REQUEST_MAX - t[i].room - (STAGES_HEAD + small.len);
		x = produce_of(8, 1, p, 3);
		ck_assert_uint_eq(x->frame->len, REQUEST_MAX - t[i].room);
		ck_assert_int_eq(request(x), t[i].n_none == 2 ? STAGE_PASS : STAGE_REPLACE);
		ck_assert_int_eq(counted(METRIC_BATCHES_FULL), t[i].n_full);
		ck_assert_int_eq(counted(METRIC_BATCHES_COMPACT), t[i].n_compact);
		ck_assert_int_eq(counted(METRIC_BATCHES_NONE), t[i].n_none);
		ck_assert_uint_le(STAGES_HEAD + x->body.total, REQUEST_MAX);
		stage->lost(stage->self, x);
		stages_free(x);
		wr_free(&small);
	}
	free(pad);
	wr_free(&batch);
}
END_TEST

/* Pieces of every size beside each other. */
START_TEST(large_pieces)
{
	enum { LONG = 40000 };
	char *value = malloc(LONG + 1);
	struct made_record r = {.key = "k"};
	struct wr large, small = BATCH(.count = 2);

	ck_assert_ptr_nonnull(value);
	memset(value, 'v', LONG);
	value[LONG] = '\0';
	r.value = value;
	large = BATCH(.count = 1, .records = &r);
	reopen_told("1048588");
	for (unsigned bits = 0; bits < 64; bits++) {
		struct stages_part p[3];
		struct exchange *x;
		struct wr out;

		for (unsigned i = 0; i < 3; i++)
			p[i] = (struct stages_part){(bits & 8u << i) != 0 ? "a" : "__x", NULL, (int32_t)i,
						    wr_slice((bits & 1u << i) != 0 ? &large : &small)};
		x = produce_of(9, 0, p, 3);
		ck_assert_int_eq(request(x), (bits & 56) != 0 ? STAGE_REPLACE : STAGE_PASS);
		if ((bits & 56) != 0) {
			out = outgoing(x, STAGE_REPLACE);
			ck_only_batches(9, 1, &out, p, 3);
			for (unsigned i = 0; i < 3; i++) {
				struct produce_request q;
				struct slice records = part_of(9, &out, i, &q);

				if ((bits & 8u << i) == 0)
					ck_assert(slice_eq(records, p[i].records));
				else
					ck_attested(records, (bits & 1u << i) != 0 ? &large : &small,
						    &(struct expected){"a", ID_A, (int32_t)i, HEADERS_FULL, 1, 0, 0});
				produce_request_free(&q);
			}
			stage->lost(stage->self, x);
			wr_free(&out);
		}
		stages_free(x);
	}
	wr_free(&large);
	wr_free(&small);
	free(value);
}
END_TEST

/* --- retries -------------------------------------------------------------------------------------- */

static struct wr
sent(struct exchange *x)
{
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	return outgoing(x, STAGE_REPLACE);
}

START_TEST(retry_is_the_same)
{
	struct wr batch = BATCH(.count = 5, .codec = CODEC_SNAPPY, .producer = true, .producer_id = 9, .sequence = 3);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct exchange *x, *y;
	struct drained d;
	struct wr one, two;

	reopen(&(struct attesting){.window_records = 3});
	x = produce_of(9, -1, &p, 1);
	one = sent(x);
	stage->lost(stage->self, x); /* the connection broke */
	y = produce_of(9, -1, &p, 1);
	two = sent(y);
	ck_assert_uint_eq(one.len, two.len);
	ck_assert_mem_eq(one.buf, two.buf, one.len);
	ck_assert_int_eq(counted(METRIC_RETRIES), 1);
	answer_stored(y, "a", NULL, 0, 20);
	d = drained(true);
	ck_assert_uint_eq(d.count, 2);
	ck_assert_int_eq(d.members, 5); /* once */
	ck_assert_int_eq(d.unresolved, 0);
	stages_free(x);
	stages_free(y);
	wr_free(&one);
	wr_free(&two);
	wr_free(&batch);
}
END_TEST

/* Same producer and sequence, other content: not the same bytes, so not the same place. */
START_TEST(no_retry_but_the_same_sequence)
{
	struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = 9, .sequence = 3),
		  other = BATCH(.count = 2, .producer = true, .producer_id = 9, .sequence = 3,
				.records = attesting_records + 3);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(9, -1, &p, 1), *y;
	struct wr one = sent(x), two;
	struct produce_request q;
	struct drained d;

	stage->lost(stage->self, x);
	p.records = wr_slice(&other);
	y = produce_of(9, -1, &p, 1);
	two = sent(y);
	ck_attested(part_of(9, &two, 0, &q), &other, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 0, 0});
	produce_request_free(&q);
	answer_stored(y, "a", NULL, 0, 20);
	ck_assert_int_eq(counted(METRIC_RETRIES), 0);
	d = drained(true);
	ck_assert_int_eq(d.members, 2);
	ck_assert_int_eq(d.unresolved, 2); /* nobody will know what became of the first */
	stages_free(x);
	stages_free(y);
	wr_free(&one);
	wr_free(&two);
	wr_free(&batch);
	wr_free(&other);
}
END_TEST

/* A reload of attest.headers must not change what a retry sends. */
START_TEST(retry_keeps_its_mode)
{
	struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = 9);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(9, -1, &p, 1), *y;
	struct wr one = sent(x), two;
	struct config *compact = attesting_config("attest: {headers: compact}");

	attest_set_config(attest, compact);
	config_unref(compact);
	stage->lost(stage->self, x);
	y = produce_of(9, -1, &p, 1);
	two = sent(y);
	ck_assert_uint_eq(one.len, two.len);
	ck_assert_mem_eq(one.buf, two.buf, one.len);
	answer_stored(y, "a", NULL, 0, 0);
	stages_free(x);
	stages_free(y);
	wr_free(&one);
	wr_free(&two);
	wr_free(&batch);
}
END_TEST

/* --- when it can't be attested ------------------------------------------------------------------------ */

/* The refusal: every part the same retriable error, a topic at a time. */
static void
ck_refusal(struct exchange *x, int16_t version, const struct stages_part *parts, size_t n)
{
	struct wr body = stages_flat(&x->answer);
	struct produce_result *results;
	size_t count;

	ck_assert_int_eq(produce_response_read(version, wr_slice(&body), &results, &count), 0);
	ck_assert_uint_eq(count, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(results[i].partition, parts[i].partition);
		ck_assert_int_eq(results[i].error, 19);
		ck_assert_int_eq(results[i].base_offset, -1);
		if (parts[i].topic != NULL)
			ck_assert(slice_eq(results[i].topic, slice_str(parts[i].topic)));
		else
			ck_assert_mem_eq(results[i].topic_id, parts[i].id, 16);
	}
	free(results);
	wr_free(&body);
}

START_TEST(too_much_unpublished)
{
	struct wr batch = BATCH(.count = 5);
	const char *a = "a", *b = "b";
	struct stages_part p[3] = {{a, NULL, 0, wr_slice(&batch)}, {b, NULL, 0, wr_slice(&batch)}, {b, NULL, 1, {NULL, 0}}};
	struct exchange *x;
	struct wr out;

	/* Room for the first part, not for the second. */
	reopen(&(struct attesting){.backlog_records = 5});
	x = produce_of(9, 1, p, 3);
	out = sent(x);
	ck_only_batches(9, 1, &out, p, 3);
	ck_assert_int_eq(counted(METRIC_RECORDS_BACKLOG), 5);
	ck_assert_int_eq(backlog(), 5);
	answer_stored(x, "a", NULL, 0, 0);
	stages_free(x);
	wr_free(&out);
	wr_free(&batch);
}
END_TEST

START_TEST(rejects)
{
	for (int16_t v = 3; v <= 13; v++) {
		struct wr batch = BATCH(.count = 5);
		const char *a = v >= 13 ? NULL : "a", *b = v >= 13 ? NULL : "b";
		struct stages_part p[3] = {{a, id_a, 0, wr_slice(&batch)}, {b, id_b, 0, wr_slice(&batch)}, {b, id_b, 1, {NULL, 0}}};
		struct drained d;
		struct exchange *x;

		reopen(&(struct attesting){.backlog_records = 5, .yaml = "attest: {on.failure: reject}"});
		x = produce_of(v, -1, p, 3);
		ck_assert_int_eq(request(x), STAGE_ANSWER);
		ck_refusal(x, v, p, 3);
		/* What was placed before is gone again, and the room is free. */
		ck_assert_int_eq(backlog(), 0);
		ck_assert_int_eq(counted(METRIC_RECORDS_BACKLOG), 0); /* nothing was forwarded */
		stages_free(x);
		/* Who wants no answer learns it from the end of the connection. */
		x = produce_of(v, 0, p, 3);
		ck_assert_int_eq(request(x), STAGE_CLOSE);
		ck_assert_int_eq(backlog(), 0);
		ck_assert_int_eq(counted(METRIC_REJECTED_BACKLOG), 2);
		stages_free(x);
		x = produce_of(v, 1, p, 1);
		ck_assert_int_eq(request(x), STAGE_REPLACE);
		answer_stored(x, a, id_a, 0, 0);
		stages_free(x);
		d = drained(true);
		ck_assert_int_eq(d.members, 5);
		ck_assert_int_eq(d.unresolved, 0);
		wr_free(&batch);
	}
}
END_TEST

/* Nothing of the request goes out, so nothing of it went out unattested, however often the client tries. */
START_TEST(rejects_with_what_is_excluded)
{
	struct wr batch = BATCH(.count = 5);
	struct stages_part p[2] = {{"__x", NULL, 0, wr_slice(&batch)}, {"a", NULL, 0, wr_slice(&batch)}};

	reopen(&(struct attesting){.backlog_records = 4, .yaml = "attest: {on.failure: reject}"});
	for (int i = 0; i < 2; i++) {
		struct exchange *x = produce_of(9, 1, p, 2);

		ck_assert_int_eq(request(x), STAGE_ANSWER);
		ck_assert_int_eq(counted(METRIC_RECORDS_EXCLUDED), 0);
		stages_free(x);
	}
	wr_free(&batch);
}
END_TEST

/* What could not be attested in any case is no failure. */
START_TEST(rejects_not_what_never_could)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[2] = {{"__x", NULL, 0, wr_slice(&batch)}, {"a", NULL, 0, wr_slice(&batch)}};
	struct exchange *x;

	batch.buf[batch.len - 1] ^= 1; /* the CRC is wrong */
	reopen(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
	x = produce_of(9, 1, p, 2);
	ck_assert_int_eq(request(x), STAGE_PASS);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

START_TEST(stopping)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(9, 0, &p, 1);

	chains_stop(chains);
	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert(!x->swallowed);
	ck_assert_int_eq(counted(METRIC_RECORDS_STOPPING), 2);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/* --- topics that aren't known --------------------------------------------------------------------------- */

START_TEST(asks_for_an_id)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {NULL, id_a, 0, wr_slice(&batch)};
	struct exchange *x, *y;
	struct produce_request q;
	struct wr out;

	attesting_close();
	attesting_open(&(struct attesting){.no_cluster = true});
	x = produce_of(13, 1, &p, 1);
	y = produce_of(13, 1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	ck_assert_int_eq(request(y), STAGE_HOLD);
	ck_assert_uint_eq(cluster.asked, 1); /* once for both */
	ck_assert_int_eq(cluster.asks[0].key, API_METADATA);
	ck_assert_ptr_null(cluster.asks[0].what[0].name.p);
	ck_assert_mem_eq(cluster.asks[0].what[0].id, id_a, 16);
	cluster_answer();
	ck_assert_uint_eq(x->resumes + y->resumes, 0);
	ck_assert_uint_eq(cluster.asked, 2);
	ck_assert_int_eq(cluster.asks[1].key, API_DESCRIBE_CONFIGS);
	cluster_answer();
	ck_assert_uint_eq(x->resumes, 1);
	ck_assert_uint_eq(y->resumes, 1);
	out = sent(x);
	ck_attested(part_of(13, &out, 0, &q), &batch, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 0, 0});
	produce_request_free(&q);
	wr_free(&out);
	answer_stored(x, NULL, id_a, 0, 0);
	out = sent(y);
	wr_free(&out);
	answer_stored(y, NULL, id_a, 0, 2);
	ck_assert_uint_eq(cluster.asked, 2);
	stages_free(x);
	stages_free(y);
	wr_free(&batch);
}
END_TEST

/* All in one question; what is excluded, or holds nothing, is not asked for. */
/* A partition that the topic doesn't have makes no chain; one that was added meanwhile is found. */
/* It asks nobody, and the next look is when its pause is over. */
static void
ck_paused(struct exchange *x)
{
	unsigned asked = cluster.asked, pauses = x->pauses;

	ck_assert_int_eq(request(x), STAGE_HOLD);
	ck_assert_uint_eq(x->pauses, pauses + 1);
	ck_assert_uint_eq(cluster.asked, asked);
	attesting_pass(x->paused_ms);
}

START_TEST(partitions_that_are_not)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[3] = {{"c", NULL, 2, wr_slice(&batch)}, {"c", NULL, 1, wr_slice(&batch)}, {"c", NULL, -1, wr_slice(&batch)}};
	struct chains_numbers n;
	struct exchange *x;
	struct wr out;

	cluster.topics[2].partitions = 2;
	attesting_know("c");
	attesting_pass(60000);
	x = produce_of(9, 1, p, 3);
	for (unsigned round = 0; round < 2; round++) { /* a partition that isn't there is believed when it is told again */
		ck_assert_int_eq(request(x), STAGE_HOLD);
		cluster_answer_all();
		ck_assert_uint_eq(x->pauses, round);
		if (round == 0)
			ck_paused(x);
	}
	out = sent(x);
	ck_only_batches(9, 1, &out, p, 3);
	wr_free(&out);
	ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 4);
	chains_count(chains, &n);
	ck_assert_uint_eq(n.chains, 1);
	answer_stored(x, "c", NULL, 1, 0);
	stages_free(x);
	cluster.topics[2].partitions = 3;
	attesting_pass(1000);
	x = produce_of(9, 1, p, 1);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	cluster_answer_all();
	out = sent(x);
	wr_free(&out);
	answer_stored(x, "c", NULL, 2, 0);
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 4);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

START_TEST(asks_for_several)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[4] = {{"__x", NULL, 0, wr_slice(&batch)},
				   {"d", NULL, 0, {NULL, 0}},
				   {"a", NULL, 0, wr_slice(&batch)},
				   {"c", NULL, 0, wr_slice(&batch)}};
	struct exchange *x;
	struct wr out;

	attesting_close();
	attesting_open(&(struct attesting){0});
	x = produce_of(12, 1, p, 4);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	ck_assert_uint_eq(cluster.asked, 1);
	ck_assert_uint_eq(cluster.asks[0].count, 2);
	cluster_answer();
	ck_assert_uint_eq(cluster.asks[1].count, 2); /* of their settings too */
	cluster_answer_all();
	out = sent(x);
	ck_only_batches(12, 1, &out, p, 4);
	ck_assert_uint_eq(x->holds, 1);
	ck_assert_uint_eq(cluster.asked, 2);
	ck_assert_int_eq(backlog(), 4);
	stage->lost(stage->self, x);
	stages_free(x);
	wr_free(&out);
	wr_free(&batch);
}
END_TEST

/* However often it is held, five seconds in all. */
START_TEST(one_deadline)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[2] = {{"gone", NULL, 0, wr_slice(&batch)}, {"away", NULL, 0, wr_slice(&batch)}};
	struct exchange *x = produce_of(9, 1, p, 2);

	ck_assert_int_eq(request(x), STAGE_HOLD);
	ck_assert_uint_eq(x->held_ms, 5000);
	cluster_answer_all();
	ck_assert_uint_eq(x->resumes, 1);
	attesting_pass(2000); /* that there are no such topics is not believed any more */
	ck_assert_int_eq(request(x), STAGE_HOLD);
	ck_assert_uint_eq(x->held_ms, 3000);
	cluster_answer_all();
	attesting_pass(3000);
	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 4);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/* The cluster can't be asked: one request is held for it, once; those behind it aren't. */
START_TEST(waits_once)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"c", NULL, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(9, 1, &p, 1);

	ck_assert_int_eq(request(x), STAGE_HOLD);
	attesting_pass(5000);
	stages_time_out(x);
	ck_assert_int_eq(request(x), STAGE_PASS);
	stages_free(x);
	for (int turn = 0; turn < 3; turn++) {
		x = produce_of(9, 1, &p, 1);
		ck_assert_int_eq(request(x), STAGE_PASS);
		stages_free(x);
		if (turn < 2)
			cluster_end(ERR_TIMEOUT, slice_of(NULL, 0));
		attesting_pass(10000);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 8);
	cluster_answer_all();
	x = produce_of(9, 1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	answer_stored(x, "c", NULL, 0, 0);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/* What isn't attested in any case is not waited for, and counted for what it is. */
START_TEST(waits_for_what_matters)
{
	struct wr crc = BATCH(.count = 2), control = BATCH(.count = 1, .attributes = BATCH_CONTROL), old = BATCH(.count = 1);
	struct stages_part p[3] = {{"c", NULL, 0, wr_slice(&crc)}, {"c", NULL, 1, wr_slice(&control)}, {"c", NULL, 2, wr_slice(&old)}};
	struct exchange *x;

	crc.buf[crc.len - 1] ^= 1;
	old.buf[BATCH_MAGIC_AT] = 1;
	x = produce_of(9, 1, p, 3);
	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert_uint_eq(x->holds, 0);
	ck_assert_int_eq(counted(METRIC_RECORDS_CRC), 2);
	ck_assert_int_eq(counted(METRIC_RECORDS_CONTROL), 1);
	ck_assert_int_eq(counted(METRIC_RECORDS_LEGACY), 1);
	ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 0);
	stages_free(x);
	wr_free(&crc), wr_free(&control), wr_free(&old);
}
END_TEST

START_TEST(asks_in_vain)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {NULL, id_none, 0, wr_slice(&batch)};

	/* Not there; no answer; an answer that can't be read; a broker too old for ids; nobody to ask. */
	for (int how = 0; how < 5; how++) {
		struct exchange *x;

		reopen(&(struct attesting){0});
		x = produce_of(13, 0, &p, 1);
		if (how == 3)
			cluster.metadata_version = 11;
		cluster.unreachable = how == 4;
		ck_assert_int_eq(request(x), STAGE_HOLD);
		if (how == 1)
			cluster_end(ERR_TIMEOUT, slice_of(NULL, 0));
		else if (how == 2)
			cluster_end(0, slice_str("nonsense"));
		cluster_answer_all();
		ck_assert_uint_eq(x->resumes, 1);
		ck_assert_int_eq(request(x), STAGE_PASS);
		ck_assert(!x->swallowed);
		ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 2);
		stages_free(x);
	}
	wr_free(&batch);
}
END_TEST

START_TEST(asks_too_long)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[2] = {{NULL, id_b, 0, wr_slice(&batch)}, {NULL, id_a, 0, wr_slice(&batch)}};
	struct exchange *x;
	struct wr out;

	attesting_close();
	attesting_open(&(struct attesting){0});
	attesting_know("a");
	note_metrics();
	x = produce_of(13, 1, p, 2);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	stages_time_out(x);
	/* What is known is attested all the same. */
	out = sent(x);
	ck_only_batches(13, 1, &out, p, 2);
	ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 2);
	ck_assert_int_eq(backlog(), 2);
	answer_stored(x, NULL, id_a, 0, 0);
	cluster_answer_all(); /* late, and no harm */
	ck_assert_uint_eq(x->resumes, 0);
	stages_free(x);
	wr_free(&out);
	wr_free(&batch);
}
END_TEST

static void
lose_b(void)
{
	cluster.topics[1].name = "gone";
	memcpy(cluster.topics[1].id, id_none, 16);
}

/* A broker told the client of the topic, or the partition; the one that we ask hears of it later. */
START_TEST(waits_for_a_broker_that_lags)
{
	struct wr batch = BATCH(.count = 2);

	for (int16_t v = 12; v <= 13; v++) {
		struct stages_part p = {v == 13 ? NULL : "b", id_b, 0, wr_slice(&batch)};
		struct produce_request q;
		struct exchange *x;
		struct wr out;

		attesting_close();
		attesting_open(&(struct attesting){0});
		note_metrics();
		passes_by(API_METADATA, 12, "b", id_b);
		lose_b();
		x = produce_of(v, 1, &p, 1);
		for (int n = 0; n < 3; n++) {
			ck_assert_int_eq(request(x), STAGE_HOLD);
			cluster_answer_all();
			ck_paused(x);
		}
		cluster.topics[1].name = "b";
		memcpy(cluster.topics[1].id, id_b, 16);
		ck_assert_int_eq(request(x), STAGE_HOLD);
		cluster_answer_all();
		out = sent(x);
		ck_attested(part_of(v, &out, 0, &q), &batch, &(struct expected){"b", "uwIAAAAAAAAAAAAAAAAAAA", 0, HEADERS_FULL, 1, 0, 0});
		produce_request_free(&q);
		ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 0);
		answer_stored(x, p.topic, id_b, 0, 0);
		stages_free(x);
		wr_free(&out);
	}
	wr_free(&batch);
}
END_TEST

/* … or never: then it is the broker's to refuse, as long as the client won't wait for ever. */
START_TEST(a_topic_that_passed_by_and_went)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {NULL, id_b, 0, wr_slice(&batch)};
	struct exchange *x;
	int64_t waited;

	attesting_close();
	attesting_open(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
	note_metrics();
	passes_by(API_METADATA, 12, "b", id_b);
	lose_b();
	x = produce_of(13, 1, &p, 1);
	for (waited = 0; waited < TOPICS_YOUNG_MS; waited += TOPICS_LAG_MS) {
		ck_assert_int_eq(request(x), STAGE_HOLD);
		cluster_answer_all();
		ck_paused(x);
	}
	ck_assert_int_eq(request(x), STAGE_HOLD);
	cluster_answer_all();
	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 2);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/* attest.on.failure: reject, and the topic stays unknown. */
/* A topic that isn't there is the broker's to refuse, and no harm to the others in the request. */
START_TEST(rejects_not_what_is_absent)
{
	struct wr batch = BATCH(.count = 2);
	const struct {
		int16_t version;
		struct stages_part p[2];
	} t[] = {{9, {{"a", NULL, 0, wr_slice(&batch)}, {"gone", NULL, 0, wr_slice(&batch)}}},
		 {13, {{NULL, id_a, 0, wr_slice(&batch)}, {NULL, id_none, 0, wr_slice(&batch)}}}};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct exchange *x = produce_of(t[i].version, 1, t[i].p, 2);
		struct produce_request q;
		struct wr out;

		reopen(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
		x->reactor = reactor;
		ck_assert_int_eq(request(x), STAGE_HOLD);
		cluster_answer_all();
		out = sent(x);
		ck_only_batches(t[i].version, 1, &out, t[i].p, 2);
		ck_attested(part_of(t[i].version, &out, 0, &q), &batch, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 0, 0});
		produce_request_free(&q);
		ck_assert_int_eq(counted(METRIC_RECORDS_TOPIC_UNKNOWN), 2);
		answer_stored(x, t[i].p[0].topic, id_a, 0, 0);
		stages_free(x);
		wr_free(&out);
	}
	wr_free(&batch);
}
END_TEST

/* Of an id no more than the name is known, and nobody tells more: enough, if it is not to be attested. */
START_TEST(rejects_not_what_is_excluded)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[2] = {{NULL, id_b, 0, wr_slice(&batch)}, {NULL, id_a, 0, wr_slice(&batch)}};
	struct exchange *x;

	attesting_close();
	attesting_open(&(struct attesting){.yaml = "attest: {on.failure: reject, exclude: [b]}"});
	note_metrics();
	passes_by(API_METADATA, 12, "b", id_b);
	x = produce_of(13, 1, p, 1);
	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert_uint_eq(cluster.asked, 0);
	ck_assert_int_eq(counted(METRIC_RECORDS_EXCLUDED), 2);
	stages_free(x);
	/* Nor does it when others are to be attested, and can't be. */
	x = produce_of(13, 1, p, 2);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	ck_assert_uint_eq(cluster.asks[0].count, 1);
	cluster_end(ERR_TIMEOUT, slice_of(NULL, 0));
	ck_assert_int_eq(request(x), STAGE_ANSWER);
	ck_refusal(x, 13, p, 2);
	stages_free(x);
	x = produce_of(13, 1, p, 1);
	ck_assert_int_eq(request(x), STAGE_PASS);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/* Everything is refused while we stop, and while the cluster doesn't answer; nothing is left placed. */
START_TEST(rejects_stopping_and_silence)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[2] = {{"a", NULL, 0, wr_slice(&batch)}, {"c", NULL, 0, wr_slice(&batch)}};

	for (int how = 0; how < 2; how++) {
		struct exchange *x;

		reopen(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
		if (how == 0) {
			attesting_know("c");
			chains_stop(chains);
			x = produce_of(9, 1, p, 2);
		} else {
			x = produce_of(9, 1, p, 2);
			ck_assert_int_eq(request(x), STAGE_HOLD);
			cluster_end(ERR_TIMEOUT, slice_of(NULL, 0));
		}
		ck_assert_int_eq(request(x), STAGE_ANSWER);
		ck_refusal(x, 9, p, 2);
		ck_assert_int_eq(counted(METRIC_REJECTED_STOPPING), how == 0);
		ck_assert_int_eq(counted(METRIC_REJECTED_TOPIC_UNKNOWN), how == 1);
		ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 0); /* which the broker does */
		ck_assert_int_eq(backlog(), 0);
		ck_assert_int_eq(drained(true).members, 0);
		stages_free(x);
	}
	wr_free(&batch);
}
END_TEST

/* The client tries again with the same sequences, twice in vain: in the end all of it is attested, once. */
START_TEST(rejected_and_retried)
{
	struct wr one = BATCH(.count = 2, .producer = true, .producer_id = 7),
		  two = BATCH(.count = 3, .producer = true, .producer_id = 7);
	struct stages_part p[2] = {{"a", NULL, 0, wr_slice(&one)}, {"b", NULL, 0, wr_slice(&two)}};
	struct stages_result r[2] = {{"b", NULL, 0, 0, 20, -1}, {"a", NULL, 0, 0, 10, -1}};
	struct produce_request q;
	struct exchange *x;
	struct drained d;
	struct wr out;

	attesting_close();
	attesting_open(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
	attesting_know("a");
	note_metrics();
	for (int turn = 0; turn < 2; turn++) {
		x = produce_of(9, -1, p, 2);
		if (turn == 0) {
			ck_assert_int_eq(request(x), STAGE_HOLD);
			cluster_end(ERR_TIMEOUT, slice_of(NULL, 0));
		}
		ck_assert_int_eq(request(x), STAGE_ANSWER);
		ck_refusal(x, 9, p, 2);
		stages_free(x);
	}
	attesting_know("b");
	x = produce_of(9, -1, p, 2);
	out = sent(x);
	ck_attested(part_of(9, &out, 0, &q), &one, &(struct expected){"a", ID_A, 0, HEADERS_FULL, 1, 0, 0});
	produce_request_free(&q);
	ck_assert_int_eq(counted(METRIC_RETRIES), 0);
	ck_assert_int_eq(answer(x, r, 2), STAGE_PASS);
	stages_free(x);
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 5);
	d = drained(true);
	ck_assert_uint_eq(d.count, 2);
	ck_assert_int_eq(d.members, 5);
	ck_assert_int_eq(d.unresolved, 0);
	wr_free(&out);
	wr_free(&one), wr_free(&two);
}
END_TEST

/* Its first attempt is being rewritten at this moment: sent once more, it is a retry of that. */
START_TEST(a_retry_that_comes_too_early)
{
	struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = 7, .sequence = 3), other = BATCH(.count = 3);
	struct stages_part p[2] = {{"b", NULL, 0, wr_slice(&other)}, {"a", NULL, 0, wr_slice(&batch)}};
	struct chains_batch cb = {.topic = slice_str("a"), .topic_id = id_a, .count = 2, .producer_id = 7, .base_sequence = 3,
				  .time = CHAINS_TIME_CREATE};
	struct attempt first;
	struct exchange *x;
	struct drained d;
	struct wr out;

	ck_assert_int_eq(chains_place(chains, &cb, &first), 0);
	x = produce_of(9, -1, p, 2);
	ck_assert_int_eq(request(x), STAGE_ANSWER);
	ck_refusal(x, 9, p, 2);
	ck_assert_int_eq(backlog(), 2); /* of the first attempt */
	for (enum metric m = METRIC_REJECTED_TOPIC_UNKNOWN; m <= METRIC_REJECTED_STOPPING; m++)
		ck_assert_int_eq(counted(m), 0); /* nothing is wrong */
	stages_free(x);
	chains_withdraw(&first); /* it did not go out after all */
	x = produce_of(9, -1, p, 2);
	out = sent(x);
	ck_only_batches(9, -1, &out, p, 2);
	ck_assert_int_eq(answer(x, (struct stages_result[]){{"b", NULL, 0, 0, 0, -1}, {"a", NULL, 0, 0, 0, -1}}, 2), STAGE_PASS);
	d = drained(true);
	ck_assert_int_eq(d.members, 5);
	stages_free(x);
	wr_free(&out), wr_free(&batch), wr_free(&other);
}
END_TEST

/* What went out before and has no answer yet is not withdrawn by the refusal of its retry. */
START_TEST(rejected_retry)
{
	struct wr one = BATCH(.count = 2, .producer = true, .producer_id = 7), two = BATCH(.count = 3);
	struct stages_part p[2] = {{"a", NULL, 0, wr_slice(&one)}, {"gone", NULL, 0, wr_slice(&two)}};
	struct exchange *x, *y;
	struct drained d;
	struct wr out, again;

	reopen(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
	x = produce_of(9, -1, p, 1);
	out = sent(x);
	stage->lost(stage->self, x);
	stages_free(x);
	y = produce_of(9, -1, p, 2);
	ck_assert_int_eq(request(y), STAGE_HOLD);
	cluster_end(ERR_TIMEOUT, slice_of(NULL, 0));
	ck_assert_int_eq(request(y), STAGE_ANSWER);
	stages_free(y);
	ck_assert_int_eq(backlog(), 2); /* the broker may have it */
	x = produce_of(9, -1, p, 1);
	again = sent(x);
	ck_assert_uint_eq(out.len, again.len);
	ck_assert_mem_eq(out.buf, again.buf, out.len);
	answer_stored(x, "a", NULL, 0, 0);
	stages_free(x);
	d = drained(true);
	ck_assert_int_eq(d.members, 2);
	ck_assert_int_eq(d.unresolved, 0);
	wr_free(&out), wr_free(&again), wr_free(&one), wr_free(&two);
}
END_TEST

/* --- the journal ------------------------------------------------------------------------- */

static int syncs;
static bool disk_fails;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int
__wrap_fdatasync(int fd)
{
	syncs++;
	if (!disk_fails)
		return __real_fdatasync(fd);
	errno = EIO;
	return -1;
}

static struct journal *
keep_journal(char dir[64])
{
	struct journal_conf conf = {.max_bytes = 64 << 20, .segment_bytes = 1 << 20, .sync = JOURNAL_SYNC_ALWAYS};
	struct journal *j;
	char why[256];

	snprintf(dir, 64, "/tmp/test_attest_produce_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(conf.dir_fd, 0);
	ck_assert_msg(journal_open(&conf, &j, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(chains_journal_begin(chains, j, NULL), 0);
	return j;
}

static void
drop_journal(const char *dir, struct journal *j)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	reopen(&(struct attesting){0}); /* the chains that it is of go */
	ck_assert_int_eq(journal_sync(j), 0);
	ck_assert_int_eq(journal_remove(fd, journal_last(j)), 0);
	journal_close(j);
	close(fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* Its thread waits for the disk, and serves nobody meanwhile: once for a request, however many partitions it has. */
START_TEST(one_sync_for_a_request)
{
	enum { PARTS = 12 };
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[PARTS];
	struct stages_result r[PARTS];
	struct exchange *x;
	struct journal *j;
	struct wr out;
	char dir[64];

	j = keep_journal(dir);
	for (int i = 0; i < PARTS; i++) {
		p[i] = (struct stages_part){"a", NULL, i, wr_slice(&batch)};
		r[i] = (struct stages_result){"a", NULL, i, 0, 20, -1};
	}
	for (int i = 0; i < 2; i++) {
		x = produce_of(9, -1, p, PARTS);
		syncs = 0;
		out = sent(x);
		ck_assert_int_eq(syncs, 1);
		ck_only_batches(9, -1, &out, p, PARTS);
		ck_assert_int_eq(answer(x, r, PARTS), STAGE_PASS);
		stages_free(x);
		wr_free(&out);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 2 * 2 * PARTS);
	drop_journal(dir, j);
	wr_free(&batch);
}
END_TEST

/* The disk takes nothing: what is new stays as it came, or the request is refused; a retry was written before. */
START_TEST(a_commit_that_fails)
{
	enum { PARTS = 3 };
	struct wr known = BATCH(.count = 2, .producer = true, .producer_id = 7), batch = BATCH(.count = 3);
	struct stages_part p[PARTS] = {{"a", id_a, 0, wr_slice(&batch)}, {"a", id_a, 1, wr_slice(&known)},
				       {"a", id_a, 2, wr_slice(&batch)}};
	bool reject = _i % 2 == 1, by_id = _i >= 2;
	int16_t v = by_id ? 13 : 9; /* as it goes out */
	struct produce_request q;
	struct exchange *x, *y;
	struct journal *j;
	struct wr first, out;
	struct drained d;
	char dir[64];

	if (reject)
		reopen(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
	if (by_id)
		broker_takes(0, 13);
	j = keep_journal(dir);
	x = produce_of(9, -1, &p[1], 1);
	first = sent(x);
	stage->lost(stage->self, x);
	stages_free(x);
	disk_fails = true;
	y = produce_of(9, -1, p, PARTS);
	if (reject) {
		ck_assert_int_eq(request(y), STAGE_ANSWER);
		ck_refusal(y, 9, p, PARTS); /* by name, as the client asked */
		ck_assert_int_eq(counted(METRIC_REJECTED_JOURNAL), 1);
		ck_assert_int_eq(counted(METRIC_RECORDS_JOURNAL), 0);
	} else {
		struct produce_request sent_first;

		out = sent(y);
		ck_only_batches(v, -1, &out, p, PARTS);
		ck_assert(slice_eq(part_of(v, &out, 0, &q), p[0].records));
		produce_request_free(&q);
		ck_assert(slice_eq(part_of(v, &out, 1, &q), part_of(v, &first, 0, &sent_first)));
		produce_request_free(&q);
		produce_request_free(&sent_first);
		ck_assert(slice_eq(part_of(v, &out, 2, &q), p[2].records));
		produce_request_free(&q);
		ck_assert_int_eq(counted(METRIC_RECORDS_JOURNAL), 6);
		ck_assert_int_eq(counted(METRIC_RETRIES), 1);
		wr_free(&out);
		stage->lost(stage->self, y);
	}
	ck_assert_int_eq(y->version, reject ? 9 : v);
	stages_free(y);
	ck_assert_int_eq(backlog(), 2); /* of the one that went out */
	disk_fails = false;
	x = produce_of(9, -1, &p[1], 1);
	out = sent(x);
	ck_assert(slice_eq(wr_slice(&out), wr_slice(&first)));
	ck_assert_int_eq(answer(x, &(struct stages_result){"a", id_a, 1, 0, 0, -1}, 1), by_id ? STAGE_REPLACE : STAGE_PASS);
	stages_free(x);
	d = drained(true);
	ck_assert_int_eq(d.members, 2);
	ck_assert_int_eq(d.unresolved, 0);
	drop_journal(dir, j);
	wr_free(&out), wr_free(&first), wr_free(&known), wr_free(&batch);
}
END_TEST

/* Nothing of it is attested then, so all of it is as it came, and so is its answer. */
START_TEST(a_commit_of_all_that_fails)
{
	struct wr batch = BATCH(.count = 3);
	struct stages_part p[] = {{"a", id_a, 0, wr_slice(&batch)}, {"b", id_b, 0, wr_slice(&batch)}};
	struct exchange *x;
	struct journal *j;
	char dir[64];

	j = keep_journal(dir);
	broker_takes(0, _i == 0 ? 12 : 13);
	x = produce_of(9, -1, p, 2);
	disk_fails = true;
	ck_assert_int_eq(request(x), STAGE_PASS);
	disk_fails = false;
	ck_assert_int_eq(x->version, 9);
	ck_assert(!x->replaced);
	ck_assert_int_eq(counted(METRIC_RECORDS_JOURNAL), 6);
	ck_assert_int_eq(backlog(), 0);
	stages_free(x);
	drop_journal(dir, j);
	wr_free(&batch);
}
END_TEST

START_TEST(rejects_unknown)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {NULL, id_b, 0, wr_slice(&batch)};
	struct exchange *x;

	attesting_close();
	attesting_open(&(struct attesting){.yaml = "attest: {on.failure: reject}"});
	x = produce_of(13, 1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	stages_time_out(x);
	ck_assert_int_eq(request(x), STAGE_ANSWER);
	ck_refusal(x, 13, &p, 1);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/* --- who ---------------------------------------------------------------------------------------------------- */

START_TEST(names_the_producer)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(9, 1, &p, 1);
	struct drained d;

	x->client_id = NULL;
	exchange_set_software(x, slice_str("apache-kafka-java"), slice_str("4.1.0"));
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	answer_stored(x, "a", NULL, 0, 0);
	stages_free(x);
	d = drained(true);
	ck_assert_str_eq(d.w[0].client, "");
	ck_assert_str_eq(d.w[0].software, "apache-kafka-java");
	wr_free(&batch);
}
END_TEST

/* No broker takes a longer string; and each transaction keeps its id. */
START_TEST(the_longest_transactional_id)
{
	enum { MOST = 32767 };
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	char *id = calloc(1, MOST + 2);

	ck_assert_ptr_nonnull(id);
	for (size_t n = MOST; n <= MOST + 1; n++) {
		struct exchange *x;
		struct wr w;

		memset(id, 'i', n);
		w = stages_produce(9, 1, id, &p, 1);
		x = stages_exchange(API_PRODUCE, 9, wr_slice(&w));
		x->reactor = reactor;
		wr_free(&w);
		note_metrics();
		ck_assert_int_eq(request(x), n == MOST ? STAGE_REPLACE : STAGE_PASS);
		ck_assert_int_eq(counted(METRIC_RECORDS_MALFORMED), n == MOST ? 0 : 1);
		if (n == MOST)
			stage->lost(stage->self, x);
		stages_free(x);
	}
	free(id);
	wr_free(&batch);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attest_produce");
	TCase *t = tcase_create("attest_produce");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_version);
	tcase_add_test(t, before_record_batches);
	tcase_add_test(t, crosses_windows);
	tcase_add_test(t, mixed_request);
	tcase_add_test(t, a_partition_twice);
	tcase_add_test(t, by_id_excluded);
	tcase_add_test(t, disabled);
	tcase_add_test(t, malformed_request);
	tcase_add_test(t, absurd_count);
	tcase_add_test(t, nothing_is_placed_in_vain);
	tcase_add_test(t, bombs);
	tcase_add_test(t, bombs_in_one_request);
	tcase_add_test(t, headers_outgrow_memory);
	tcase_add_test(t, acks_0);
	tcase_add_test(t, acks_0_unattested);
	tcase_add_test(t, acks_0_without_a_limit);
	tcase_add_test(t, acks_0_without_headers);
	tcase_add_test(t, fits_the_topic);
	tcase_add_test(t, topics_of_an_old_format);
	tcase_add_test(t, fits_the_request);
	tcase_add_test(t, large_pieces);
	tcase_add_test(t, retry_is_the_same);
	tcase_add_test(t, no_retry_but_the_same_sequence);
	tcase_add_test(t, one_sync_for_a_request);
	tcase_add_loop_test(t, a_commit_that_fails, 0, 4);
	tcase_add_loop_test(t, a_commit_of_all_that_fails, 0, 2);
	tcase_add_test(t, retry_keeps_its_mode);
	tcase_add_test(t, too_much_unpublished);
	tcase_add_test(t, rejects);
	tcase_add_test(t, rejects_with_what_is_excluded);
	tcase_add_test(t, rejects_not_what_never_could);
	tcase_add_test(t, stopping);
	tcase_add_test(t, asks_for_an_id);
	tcase_add_test(t, partitions_that_are_not);
	tcase_add_test(t, asks_for_several);
	tcase_add_test(t, one_deadline);
	tcase_add_test(t, waits_once);
	tcase_add_test(t, waits_for_what_matters);
	tcase_add_test(t, asks_in_vain);
	tcase_add_test(t, asks_too_long);
	tcase_add_test(t, waits_for_a_broker_that_lags);
	tcase_add_test(t, a_topic_that_passed_by_and_went);
	tcase_add_test(t, rejects_not_what_is_absent);
	tcase_add_test(t, rejects_not_what_is_excluded);
	tcase_add_test(t, rejects_stopping_and_silence);
	tcase_add_test(t, rejected_and_retried);
	tcase_add_test(t, rejected_retry);
	tcase_add_test(t, a_retry_that_comes_too_early);
	tcase_add_test(t, rejects_unknown);
	tcase_add_test(t, names_the_producer);
	tcase_add_test(t, the_longest_transactional_id);
	suite_add_tcase(s, t);
	return suite_run(s);
}
