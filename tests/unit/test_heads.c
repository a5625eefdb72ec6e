#include "attest/heads.h"

#include "digest/sha256.h"
#include "tests/unit/suite.h"

static struct heads_entry *
add(struct heads *h, const char *cluster, const char *topic, int32_t partition)
{
	struct heads_entry *e = heads_add(h);

	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->head.next_window, 1);
	ck_assert_int_eq(e->head.dbom_partition, -1);
	e->cluster_id = strdup(cluster);
	e->topic = strdup(topic);
	e->partition = partition;
	return e;
}

/* A chain in every state that there is: long gone on, just begun, following another, with transactions. */
static struct heads
sample(void)
{
	struct heads h = {0};
	struct heads_entry *e = add(&h, "c1", "orders", 3);

	memset(h.instance, 0xaa, sizeof(h.instance));
	e->has_topic_id = true;
	memset(e->topic_id, 0x01, 16);
	memset(e->chain.b, 0x02, CHAIN_ID_LEN);
	e->head.next_window = 0x0102030405060708;
	e->head.last_window = 0x0102030405060703;
	e->head.first_window = 2;
	e->head.length = 99;
	memset(e->head.last_root, 0x03, 32);
	memset(e->head.last_statement, 0x04, 32);
	e->head.dbom_partition = 17;
	e->head.high_offset = 0x0807060504030201;
	ck_assert_int_eq(head_runs_add(&e->head.ended, (struct head_run){.first = 10, .count = 5, .producer_id = 7, .producer_epoch = 300, .committed = true}), 0);
	ck_assert_int_eq(head_runs_add(&e->head.ended, (struct head_run){.first = 15, .count = 1, .producer_id = 8}), 0);
	ck_assert_int_eq(head_runs_add(&e->head.open, (struct head_run){.first = 16, .count = INT32_MAX, .producer_id = INT64_MAX, .producer_epoch = INT16_MAX}), 0);
	e = add(&h, "", "t", 0);
	e = add(&h, "c1", "follower", INT32_MAX);
	e->head.follows = true;
	memset(e->head.follows_chain.b, 0x05, CHAIN_ID_LEN);
	e->head.follows_window = 12;
	memset(e->head.follows_statement, 0x06, 32);
	return h;
}

static void
ck_runs_same(const struct head_runs *a, const struct head_runs *b)
{
	ck_assert_uint_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		ck_assert_int_eq(a->run[i].first, b->run[i].first);
		ck_assert_int_eq(a->run[i].count, b->run[i].count);
		ck_assert_int_eq(a->run[i].producer_id, b->run[i].producer_id);
		ck_assert_int_eq(a->run[i].producer_epoch, b->run[i].producer_epoch);
		ck_assert_int_eq(a->run[i].committed, b->run[i].committed);
	}
}

static void
ck_same(const struct heads_entry *a, const struct heads_entry *b)
{
	ck_assert_str_eq(a->cluster_id, b->cluster_id);
	ck_assert_str_eq(a->topic, b->topic);
	ck_assert_int_eq(a->has_topic_id, b->has_topic_id);
	ck_assert_mem_eq(a->topic_id, b->topic_id, 16);
	ck_assert_int_eq(a->partition, b->partition);
	ck_assert(chain_id_eq(&a->chain, &b->chain));
	ck_assert_uint_eq(a->head.next_window, b->head.next_window);
	ck_assert_uint_eq(a->head.last_window, b->head.last_window);
	ck_assert_uint_eq(a->head.first_window, b->head.first_window);
	ck_assert_uint_eq(a->head.length, b->head.length);
	ck_assert_mem_eq(a->head.last_root, b->head.last_root, 32);
	ck_assert_mem_eq(a->head.last_statement, b->head.last_statement, 32);
	ck_assert_int_eq(a->head.dbom_partition, b->head.dbom_partition);
	ck_assert_int_eq(a->head.high_offset, b->head.high_offset);
	ck_assert_int_eq(a->head.follows, b->head.follows);
	ck_assert(chain_id_eq(&a->head.follows_chain, &b->head.follows_chain));
	ck_assert_uint_eq(a->head.follows_window, b->head.follows_window);
	ck_assert_mem_eq(a->head.follows_statement, b->head.follows_statement, 32);
	ck_runs_same(&a->head.ended, &b->head.ended);
	ck_runs_same(&a->head.open, &b->head.open);
}

static struct wr
written(const struct heads *h)
{
	struct wr w = wr_new(HEADS_MAX_BYTES);

	heads_write(h, &w);
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

START_TEST(as_it_was)
{
	struct heads h = sample(), back;
	struct wr w = written(&h), again;

	ck_assert_int_eq(heads_read(wr_slice(&w), &back), 0);
	ck_assert_mem_eq(back.instance, h.instance, 16);
	ck_assert_uint_eq(back.count, h.count);
	for (size_t i = 0; i < h.count; i++)
		ck_same(&back.entry[i], &h.entry[i]);
	again = written(&back);
	ck_assert(slice_eq(wr_slice(&w), wr_slice(&again)));
	wr_free(&w);
	wr_free(&again);
	heads_clear(&h);
	ck_assert_uint_eq(h.count, 0);
	heads_clear(&back);
	heads_clear(&back);
}
END_TEST

START_TEST(nothing_and_many)
{
	for (size_t n = 0; n < 2000; n += 999) {
		struct heads h = {0}, back;
		struct wr w;

		for (size_t i = 0; i < n; i++) {
			char topic[32];

			snprintf(topic, sizeof(topic), "topic-%zu", i);
			add(&h, "c", topic, (int32_t)i)->head.next_window = i + 1;
		}
		w = written(&h);
		ck_assert_int_eq(heads_read(wr_slice(&w), &back), 0);
		ck_assert_uint_eq(back.count, n);
		for (size_t i = 0; i < n; i++)
			ck_same(&back.entry[i], &h.entry[i]);
		wr_free(&w);
		heads_clear(&h);
		heads_clear(&back);
	}
}
END_TEST

/* --- files that something happened to ---------------------------------------------------- */

/* In memory of its own size, so that ASan sees a step too far. */
static int
read_copy(const uint8_t *p, size_t n)
{
	struct heads back = {.count = 77};
	uint8_t *copy = malloc(n > 0 ? n : 1);
	int err;

	memcpy(copy, p, n);
	err = heads_read(slice_of(copy, n), &back);
	free(copy);
	if (err != 0)
		ck_assert_uint_eq(back.count, 77);
	else
		heads_clear(&back);
	return err;
}

START_TEST(torn_anywhere)
{
	struct heads h = sample();
	struct wr w = written(&h);

	for (size_t n = 0; n < w.len; n++)
		ck_assert_int_ne(read_copy(w.buf, n), 0);
	ck_assert_int_eq(read_copy(w.buf, 0), ERR_SHORT);
	wr_u8(&w, 0);
	ck_assert_int_eq(read_copy(w.buf, w.len), ERR_CHECKSUM);
	wr_free(&w);
	heads_clear(&h);
}
END_TEST

START_TEST(one_byte_off)
{
	struct heads h = sample();
	struct wr w = written(&h);

	for (size_t i = 0; i < w.len; i++) {
		w.buf[i] ^= 0x01;
		ck_assert_int_ne(read_copy(w.buf, w.len), 0);
		w.buf[i] ^= 0x01;
	}
	ck_assert_int_eq(read_copy(w.buf, w.len), 0);
	wr_free(&w);
	heads_clear(&h);
}
END_TEST

/* A file by somebody who knows the sum: sizes that nothing backs, and bytes behind the end. */
static int
read_summed(struct wr *w)
{
	int err;

	w->len -= 32;
	sha256_of(wr_slice(w), w->buf + w->len);
	w->len += 32;
	err = read_copy(w->buf, w->len);
	return err;
}

START_TEST(every_byte_wrong_under_a_right_sum)
{
	struct heads h = sample();
	struct wr w = written(&h);

	for (size_t i = 0; i + 32 < w.len; i++) {
		uint8_t was = w.buf[i];

		for (int bit = 0; bit < 8; bit++) {
			w.buf[i] = (uint8_t)(was ^ (1 << bit));
			(void)read_summed(&w); /* it may be another head; it may not be a step too far */
		}
		w.buf[i] = was;
	}
	ck_assert_int_eq(read_summed(&w), 0);
	wr_free(&w);
	heads_clear(&h);
}
END_TEST

START_TEST(versions)
{
	struct heads h = {0};
	struct wr w = written(&h);
	char *version = (char *)w.buf + strlen("makoto-kafka heads ");

	ck_assert_int_eq(version[1], '\n');
	version[0]++;
	ck_assert_int_eq(read_summed(&w), ERR_UNSUPPORTED);
	version[0] = '0';
	ck_assert_int_eq(read_summed(&w), ERR_UNSUPPORTED);
	w.buf[0] = 'M';
	ck_assert_int_eq(read_summed(&w), ERR_MALFORMED);
	wr_free(&w);
	heads_clear(&h);
}
END_TEST

/* What contradicts itself is no head that a chain could go on from. */
START_TEST(contradictions)
{
	static const struct head_run bad[] = {
		{.first = -1, .count = 1},
		{.first = 0, .count = 0},
		{.first = 0, .count = -1},
		{.first = 0, .count = (int64_t)INT32_MAX + 1},
		{.first = INT64_MAX, .count = 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad) + 3; i++) {
		struct heads h = {0};
		struct heads_entry *e = add(&h, "c", "t", 0);
		struct wr w;

		e->head.next_window = 5;
		e->head.last_window = 4;
		if (i < ARRAY_LEN(bad))
			ck_assert_int_eq(head_runs_add(i % 2 == 0 ? &e->head.ended : &e->head.open, bad[i]), 0);
		else if (i == ARRAY_LEN(bad))
			e->head.next_window = 4;
		else if (i == ARRAY_LEN(bad) + 1)
			e->head.next_window = e->head.last_window = 0;
		w = written(&h);
		ck_assert_int_eq(read_copy(w.buf, w.len), i == ARRAY_LEN(bad) + 2 ? 0 : ERR_MALFORMED);
		wr_free(&w);
		heads_clear(&h);
	}
}
END_TEST

/* A file that would be too large is an error and not half a file. */
START_TEST(no_room)
{
	struct heads h = sample();
	struct wr w = wr_new(100);

	heads_write(&h, &w);
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
	wr_free(&w);
	heads_clear(&h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("heads");
	TCase *t = tcase_create("heads");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, as_it_was);
	tcase_add_test(t, nothing_and_many);
	tcase_add_test(t, torn_anywhere);
	tcase_add_test(t, one_byte_off);
	tcase_add_test(t, every_byte_wrong_under_a_right_sum);
	tcase_add_test(t, versions);
	tcase_add_test(t, contradictions);
	tcase_add_test(t, no_room);
	suite_add_tcase(s, t);
	return suite_run(s);
}
