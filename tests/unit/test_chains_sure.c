#include "attest/chains_sure.h"

#include <check.h>

#include "attest/chains_look.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

enum { LAG_MS = 250, LAG_BACK_MS = 2000, PAUSE_MS = 500, AGAIN_MS = 1000 };

static const uint8_t id_a[16] = {1}, id_b[16] = {2};

static struct monotime mono;
static int64_t wall;
static struct settings *set;
static struct chains *c;
static int wait_ms;

static void
setup(void)
{
	mono.ns = 1000000000;
	wall = RIG_WALL;
	clock_set_for_tests(&mono, &wall);
	set = rig_settings();
	c = chains_new(set);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(chains_sure_begin(c), 0);
	ck_assert_int_eq(chains_read_back(c), 0);
	ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
}

static void
teardown(void)
{
	chains_free(c);
	settings_unref(set);
}

static void
pass(int64_t ms)
{
	mono.ns += ms * 1000000;
	wall += ms;
}

/* A window that is full, of a topic that is named in the answer. */
static void
fill(const char *topic, const uint8_t *id, int32_t partition)
{
	struct chains_batch b = rig_batch(10);
	struct answer answer = {0, 5, -1};
	struct attempt a;

	b.topic = slice_str(topic);
	b.topic_id = id;
	b.partition = partition;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &answer), CHAINS_STORED);
}

/* What the sealer does, without a statement. */
static size_t
seal(void)
{
	struct chain *chain;
	struct window *w;
	size_t n = 0;
	int ms;

	for (; (chain = chains_turn(c, &w, NULL, &ms)) != NULL; n++)
		chains_stated(chain, w, (uint8_t[32]){0}, (uint8_t[32]){0}, 0, NULL);
	return n;
}

static struct sure_ask *
ask(void)
{
	return chains_sure_ask(c, &wait_ms);
}

static struct sure_ask *
ask_of(size_t want)
{
	struct sure_ask *a = ask();
	size_t n;

	ck_assert_ptr_nonnull(a);
	(void)sure_ask_names(a, &n);
	ck_assert_uint_eq(n, want);
	return a;
}

/* A batch that another topic's log may have already. */
static void
sent(const uint8_t *id, bool by_id, bool young, enum chains_outcome want)
{
	struct chains_batch b = rig_idempotent(77, 0, 10);
	struct answer answer = {0, 5, RIG_WALL};
	struct attempt a;

	b.topic = slice_str("t");
	b.topic_id = id;
	b.time = CHAINS_TIME_APPEND;
	b.young = young;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, 1);
	a.by_id = by_id;
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &answer), want);
}

/* By name it landed in the topic that was made again, which only the proxy was told; its retry, by id, is a duplicate there. */
START_TEST(answered_and_not_heard)
{
	chains_issued(c, 77, 0);
	sent(id_a, false, false, CHAINS_STORED);
	chains_topic_gone(c, slice_str("t"), id_a);
	pass(3000);
	sent(id_b, true, false, CHAINS_OPEN);
}
END_TEST

START_TEST(one_question_for_all)
{
	const struct slice *names;
	struct sure_ask *a;
	size_t n;

	ck_assert_ptr_null(ask());
	ck_assert_int_eq(wait_ms, -1);
	fill("u", id_b, 0);
	fill("t", id_a, 0);
	fill("t", id_a, 1);
	fill("tt", id_b, 0);
	fill("old", NULL, 0);
	ck_assert_uint_eq(seal(), 1); /* a topic without an id */
	ck_assert_ptr_null(ask());
	ck_assert_int_eq(wait_ms, LAG_MS);
	pass(LAG_MS);
	a = ask_of(3);
	names = sure_ask_names(a, &n);
	ck_assert(slice_eq(names[0], slice_str("t")) && slice_eq(names[1], slice_str("tt")) &&
		  slice_eq(names[2], slice_str("u")));
	ck_assert(!sure_ask_told(a, slice_str("t"), id_a));
	ck_assert(!sure_ask_told(a, slice_str("v"), id_a)); /* nobody asked */
	ck_assert(!sure_ask_told(a, slice_str(""), id_a));
	ck_assert_uint_eq(seal(), 2);
	ck_assert(sure_ask_told(a, slice_str("tt"), id_a));
	ck_assert(sure_ask_told(a, slice_str("u"), NULL));
	ck_assert_uint_eq(seal(), 1);
	sure_ask_end(a);
}
END_TEST

START_TEST(one_after_the_other)
{
	struct sure_ask *a;

	fill("t", id_a, 0);
	(void)seal();
	pass(LAG_MS);
	a = ask_of(1);
	fill("u", id_a, 0);
	(void)seal();
	pass(LAG_MS);
	ck_assert_ptr_null(ask()); /* one is under way */
	ck_assert_int_eq(wait_ms, -1);
	ck_assert(!sure_ask_told(a, slice_str("t"), id_a));
	sure_ask_end(a);
	ck_assert_ptr_null(ask());
	ck_assert_int_eq(wait_ms, PAUSE_MS - LAG_MS);
	pass(PAUSE_MS - LAG_MS);
	a = ask_of(1);
	sure_ask_end(a);
}
END_TEST

/* The log of the name is read, and has none of them. */
static void
look_in_vain(void)
{
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	int ms;

	ck_assert(chains_look(c, &l, &ms));
	ck_assert_uint_eq(l.count, 1);
	chains_look_end(c, &l, true, false, false, true);
}

/* What isn't in another topic's log was in the one before, as long as no third one has the name. */
START_TEST(made_again_twice)
{
	static const uint8_t id_c[16] = {3};
	int64_t unresolved;

	ck_assert_int_eq(metrics_thread_start(), 0);
	unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	for (int i = 0; i < 2; i++) {
		struct sure_ask *a;

		fill("t", id_a, 0);
		ck_assert_uint_eq(seal(), 0);
		pass(LAG_BACK_MS);
		(void)seal();
		a = ask_of(1);
		ck_assert(sure_ask_told(a, slice_str("t"), i == 1 && _i == 1 ? id_c : id_b));
		sure_ask_end(a);
		look_in_vain();
		ck_assert_uint_eq(seal(), i == 1 && _i == 1 ? 0 : 1);
	}
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, _i == 1 ? 10 : 0);
}
END_TEST

/* No answer, or one that leaves a topic out. */
START_TEST(asked_again)
{
	struct sure_ask *a;

	fill("t", id_a, 0);
	(void)seal();
	pass(LAG_MS);
	sure_ask_end(ask_of(1));
	ck_assert_uint_eq(seal(), 0);
	pass(AGAIN_MS);
	ck_assert_uint_eq(seal(), 0);
	a = ask_of(1);
	sure_ask_untold(a, slice_str("t"));
	sure_ask_end(a);
	ck_assert_uint_eq(seal(), 0);
	pass(AGAIN_MS);
	ck_assert_uint_eq(seal(), 0);
	a = ask_of(1);
	ck_assert(!sure_ask_told(a, slice_str("t"), id_a));
	ck_assert_uint_eq(seal(), 1);
	sure_ask_end(a);
}
END_TEST

/* Windows that close at the end are asked about, too. */
START_TEST(stopping)
{
	struct chains_batch b = rig_batch(1);
	struct answer answer = {0, 5, -1};
	struct chains_numbers n;
	struct sure_ask *a;
	struct attempt t;

	b.topic_id = id_a;
	ck_assert_int_eq(chains_place(c, &b, &t), 0);
	rig_fill(t.members, 1, 1);
	ck_assert_int_eq(chains_forward(&t, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&t, &answer), CHAINS_STORED);
	chains_stop(c);
	ck_assert_uint_eq(seal(), 0);
	pass(LAG_MS);
	a = ask_of(1);
	ck_assert(!sure_ask_told(a, slice_str(RIG_TOPIC), id_a));
	sure_ask_end(a);
	ck_assert_uint_eq(seal(), 1);
	chains_count(c, &n);
	ck_assert_uint_eq(n.windows, 0);
}
END_TEST

START_TEST(many_topics)
{
	enum { TOPICS = 300 };
	char name[16];
	struct sure_ask *a;

	for (int i = 0; i < TOPICS; i++) {
		snprintf(name, sizeof(name), "t%d", i * 7919 % TOPICS);
		fill(name, id_a, 0);
		fill(name, id_a, 1);
	}
	(void)seal();
	pass(LAG_MS);
	a = ask_of(TOPICS);
	for (int i = 0; i < TOPICS; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		ck_assert(!sure_ask_told(a, slice_str(name), id_a));
		ck_assert_uint_eq(seal(), 2);
	}
	sure_ask_end(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chains_sure");
	TCase *t = tcase_create("chains_sure");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_question_for_all);
	tcase_add_test(t, answered_and_not_heard);
	tcase_add_test(t, one_after_the_other);
	tcase_add_loop_test(t, made_again_twice, 0, 2);
	tcase_add_test(t, asked_again);
	tcase_add_test(t, stopping);
	tcase_add_test(t, many_topics);
	suite_add_tcase(s, t);
	return suite_run(s);
}
