/* How far may be judged: by what is stated, by what is waited for, and between windows. */
#include "verify/stretch.h"

#include "suite.h"
#include "world_batches.h"

static struct world_proxy proxy, other, elsewhere;
static struct stretch *stretch;
static struct answered_conf about;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	memset(&known, 0, sizeof(known));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, false);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	world_proxy_open(&elsewhere, "t", WORLD_TOPIC_ID, 1, 3, false);
	stretch = stretch_new();
	ck_assert_ptr_nonnull(stretch);
	about = (struct answered_conf){.answer = &known.a,
				       .topic = slice_str("t"),
				       .topic_id = slice_str(WORLD_TOPIC_ID),
				       .cluster_id = slice_str(world_cluster)};
}

static void
teardown(void)
{
	forget();
	stretch_free(stretch);
	stretch_free(NULL);
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	world_proxy_close(&elsewhere);
}

/* The world's records from that offset on. */
static void
read_from(int64_t from)
{
	stretch_begin(stretch, from);
	for (size_t i = 0; i < w.count; i++) {
		const struct world_record *r = &w.r[i];
		struct verdict_record v = {r->offset, r->timestamp, slice_str(r->key), world_value(r), r->headers, r->header_count};

		if (r->offset >= from && !r->gone)
			ck_assert_int_eq(stretch_record(stretch, &v), 0);
	}
	stretch_read_to(stretch, w.next_offset);
}

static int64_t
end(int64_t due)
{
	int64_t ret;

	ck_assert_int_eq(stretch_end(stretch, &about, due, &ret), 0);
	return ret;
}

static struct world_record *
bare(void)
{
	return world_record(&w, &proxy, 0, true);
}

START_TEST(what_is_stated_is_judged)
{
	WINDOW(&proxy, .n = 10);
	WINDOW(&proxy, .n = 10, .headers_none = true);
	WINDOW(&proxy, .n = 10);
	know(0, 3);
	read_from(0);
	ck_assert_int_eq(end(0), 30);
	/* Where it begins in the middle of a window, too. */
	read_from(15);
	ck_assert_int_eq(end(0), 30);
}
END_TEST

START_TEST(what_is_not_stated_is_waited_for)
{
	WINDOW(&proxy, .n = 10);
	WINDOW(&proxy, .n = 10, .headers_none = _i == 1);
	know(0, 0);
	read_from(0);
	ck_assert_int_eq(end(0), 0);
	know(0, 1);
	ck_assert_int_eq(end(0), 10);
	/* And then it isn't: what is below `due` only. */
	ck_assert_int_eq(end(15), 15);
	ck_assert_int_eq(end(20), 20);
	ck_assert_int_eq(end(100), 20);
}
END_TEST

START_TEST(a_window_of_which_a_later_one_is_stated_never_comes)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(2, 3);
	read_from(0);
	ck_assert_int_eq(end(0), 15);
}
END_TEST

START_TEST(nobody_waits_in_the_middle_of_a_window)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	(void)bare();
	WINDOW(&proxy, .n = 5);
	know(0, 3);
	/* The record that nothing is known of stands between windows … */
	read_from(0);
	ck_assert_int_eq(end(0), 10);
	ck_assert_int_eq(end(11), 16);
	/* … and here the log ends, as far as it was read, inside of one. */
	stretch_begin(stretch, 0);
	for (size_t i = 0; i < 8; i++) {
		const struct world_record *r = &w.r[i];
		struct verdict_record v = {r->offset, r->timestamp, slice_str(r->key), world_value(r), r->headers, r->header_count};

		ck_assert_int_eq(stretch_record(stretch, &v), 0);
	}
	ck_assert_int_eq(stretch_read_end(stretch), 8);
	ck_assert_int_eq(end(0), 5);
	stretch_judged(stretch, 5);
	ck_assert_int_eq(end(0), 5);
	/* Windows that nobody ends are cut when they were waited for. */
	ck_assert_int_eq(end(6), 8);
}
END_TEST

/* What is waited for long enough may not be read yet: then its window isn't cut, and the rest of it is read first. */
START_TEST(what_is_not_read_yet_cuts_nothing)
{
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	stretch_begin(stretch, 0);
	stretch_read_to(stretch, 4);
	ck_assert_int_eq(end(10), 0);
	ck_assert_int_eq(end(4), 4);
	stretch_read_to(stretch, 10);
	ck_assert_int_eq(end(10), 10);
}
END_TEST

START_TEST(windows_of_another_partition_are_asked_for)
{
	struct ledger_want want = {.partition = 0};
	bool lacks;

	WINDOW(&elsewhere, .n = 3);
	(void)world_copy(&w, 1);
	w.r[0].gone = w.r[1].gone = w.r[2].gone = true;
	know(0, 0);
	read_from(3);
	ck_assert_int_eq(stretch_lacks(stretch, &about, &lacks), 0);
	ck_assert(lacks);
	stretch_want(stretch, WORLD_NOW, &want);
	ck_assert_int_eq(want.from, 3);
	ck_assert_int_eq(want.to, 4);
	ck_assert_int_eq(want.min_ms, w.r[3].timestamp);
	ck_assert_uint_eq(want.name_count, 1);
	ck_assert(chain_id_eq(&want.names[0].chain, &elsewhere.chain));
	ck_assert_uint_eq(want.names[0].window_id, 1);
	/* Asked for once; and as long as it isn't there the record waits. */
	ck_assert_int_eq(stretch_lacks(stretch, &about, &lacks), 0);
	ck_assert(!lacks);
	ck_assert_int_eq(end(0), 3);
	know(0, 1);
	ck_assert_int_eq(end(0), 4);
}
END_TEST

START_TEST(the_statement_before_is_asked_for)
{
	struct ledger_want want = {.partition = 0};
	bool lacks;

	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(1, 3);
	read_from(5);
	ck_assert_int_eq(stretch_lacks(stretch, &about, &lacks), 0);
	ck_assert(lacks);
	stretch_want(stretch, WORLD_NOW, &want);
	ck_assert_uint_eq(want.name_count, 1);
	ck_assert_uint_eq(want.names[0].window_id, 1);
	ck_assert(chain_id_eq(&want.names[0].chain, &proxy.chain));
	know(0, 3);
	ck_assert_int_eq(stretch_lacks(stretch, &about, &lacks), 0);
	ck_assert(!lacks);
}
END_TEST

START_TEST(what_is_untrusted_says_nothing)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5, .headers_none = true);
	know(0, 2);
	known.windows[0].w.trust = known.windows[1].w.trust = TRUST_NONE;
	read_from(0);
	ck_assert_int_eq(end(0), 0);
	ck_assert_int_eq(end(5), 5);
}
END_TEST

START_TEST(it_is_full_and_goes_on_behind)
{
	struct verdict_record v = {.timestamp = 1, .value = slice_str("v")};

	stretch_begin(stretch, 100);
	for (int64_t i = 0; i < STRETCH_RECORDS; i++) {
		v.offset = 100 + 2 * i;
		ck_assert_int_eq(stretch_record(stretch, &v), 0);
	}
	ck_assert(!stretch_is_full(stretch));
	v.offset = 100 + 2 * STRETCH_RECORDS;
	ck_assert_int_eq(stretch_record(stretch, &v), ERR_LIMIT);
	ck_assert(stretch_is_full(stretch));
	stretch_read_to(stretch, 1 << 30);
	ck_assert_int_eq(stretch_read_end(stretch), v.offset);
	ck_assert_int_eq(end(0), 100);
	ck_assert_int_eq(end(1 << 30), v.offset);
	stretch_judged(stretch, 200);
	ck_assert(!stretch_is_full(stretch));
	ck_assert_int_eq(stretch_record(stretch, &v), 0);
	ck_assert_int_eq(end(0), 200);
}
END_TEST

/* Of many partitions each has a smaller share of memory; what it has above that it keeps until it is judged. */
START_TEST(fewer_records_are_allowed)
{
	struct verdict_record v = {.timestamp = 1, .value = slice_str("v")};

	stretch_begin(stretch, 0);
	for (v.offset = 0; v.offset < 1000; v.offset++)
		ck_assert_int_eq(stretch_record(stretch, &v), 0);
	stretch_allow(stretch, 200);
	ck_assert_int_eq(stretch_record(stretch, &v), ERR_LIMIT);
	ck_assert_int_eq(end(INT64_MAX), 1000);
	stretch_judged(stretch, 801);
	ck_assert_int_eq(stretch_record(stretch, &v), 0);
	v.offset++;
	ck_assert_int_eq(stretch_record(stretch, &v), ERR_LIMIT);
	ck_assert_int_eq(end(900), 900);
	stretch_judged(stretch, 900);
	stretch_allow(stretch, (size_t)STRETCH_RECORDS * 2);
	for (int i = 101; i < STRETCH_RECORDS; i++, v.offset++)
		ck_assert_int_eq(stretch_record(stretch, &v), 0);
	ck_assert_int_eq(stretch_record(stretch, &v), ERR_LIMIT);
}
END_TEST

START_TEST(it_is_cut_and_grows_again)
{
	struct ledger_want want = {.partition = 0};
	bool lacks;

	for (int i = 0; i < 4; i++)
		WINDOW(&proxy, .n = 4);
	know(0, 0);
	read_from(0);
	ck_assert_int_eq(stretch_lacks(stretch, &about, &lacks), 0);
	ck_assert(lacks);
	ck_assert(stretch_halve(stretch, 16));
	ck_assert(stretch_is_full(stretch));
	stretch_want(stretch, WORLD_NOW, &want);
	ck_assert_int_eq(want.to, 8);
	ck_assert_int_eq(want.max_ms, w.r[7].timestamp);
	ck_assert_uint_eq(want.name_count, 0); /* what was asked for the others' sake isn't any more */
	ck_assert_int_eq(stretch_lacks(stretch, &about, &lacks), 0);
	stretch_want(stretch, WORLD_NOW, &want);
	ck_assert_uint_eq(want.name_count, 2);
	know(0, 4);
	ck_assert_int_eq(end(0), 8);
	/* What comes is read no further than twice as far. */
	stretch_judged(stretch, 8);
	stretch_read_to(stretch, 100);
	ck_assert_int_eq(stretch_read_end(stretch), 24);
	ck_assert(stretch_is_full(stretch));
	ck_assert(stretch_halve(stretch, 24));
	ck_assert(stretch_halve(stretch, 16));
	ck_assert(stretch_halve(stretch, 12));
	ck_assert(stretch_halve(stretch, 10));
	ck_assert_int_eq(stretch_read_end(stretch), 9);
	ck_assert(!stretch_halve(stretch, 9));
	for (int64_t at = 9, last = 1; at < 1000; at = stretch_read_end(stretch)) {
		struct verdict_record v = {.offset = at + 5000, .timestamp = 1, .value = slice_str("v")};

		stretch_judged(stretch, at);
		ck_assert_int_eq(stretch_record(stretch, &v), ERR_LIMIT);
		ck_assert_int_eq(stretch_read_end(stretch), at + 2 * last);
		last *= 2;
	}
	stretch_begin(stretch, 0);
	stretch_read_to(stretch, INT64_MAX);
	ck_assert_int_eq(stretch_read_end(stretch), INT64_MAX);
}
END_TEST

/* Windows that only records named that are judged take no room. */
START_TEST(names_go_with_their_records)
{
	struct ledger_want want = {.partition = 0};
	bool lacks;

	for (int i = 0; i < 4; i++)
		WINDOW(&proxy, .n = 4);
	know(0, 0);
	read_from(0);
	stretch_judged(stretch, 10);
	ck_assert_int_eq(stretch_lacks(stretch, &about, &lacks), 0);
	stretch_want(stretch, WORLD_NOW, &want);
	ck_assert_uint_eq(want.name_count, 2);
	ck_assert_uint_eq(want.names[0].window_id, 3);
	ck_assert_uint_eq(want.names[1].window_id, 4);
	know(0, 3);
	ck_assert_int_eq(end(0), 12);
}
END_TEST

/* An empty log, or one with markers only, has nothing that is waited for. */
START_TEST(offsets_without_records_are_judged)
{
	stretch_begin(stretch, 3);
	ck_assert_int_eq(end(0), 3);
	stretch_read_to(stretch, 9);
	ck_assert_int_eq(end(0), 9);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stretch");
	TCase *t = tcase_create("stretch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_stated_is_judged);
	tcase_add_loop_test(t, what_is_not_stated_is_waited_for, 0, 2);
	tcase_add_test(t, a_window_of_which_a_later_one_is_stated_never_comes);
	tcase_add_test(t, nobody_waits_in_the_middle_of_a_window);
	tcase_add_test(t, what_is_not_read_yet_cuts_nothing);
	tcase_add_test(t, windows_of_another_partition_are_asked_for);
	tcase_add_test(t, the_statement_before_is_asked_for);
	tcase_add_test(t, what_is_untrusted_says_nothing);
	tcase_add_test(t, it_is_full_and_goes_on_behind);
	tcase_add_test(t, fewer_records_are_allowed);
	tcase_add_test(t, it_is_cut_and_grows_again);
	tcase_add_test(t, names_go_with_their_records);
	tcase_add_test(t, offsets_without_records_are_judged);
	suite_add_tcase(s, t);
	return suite_run(s);
}
