/* Fetch sessions: which offset each partition is read from, as the broker has it. */
#include "stages/fetches.h"

#include "suite.h"

static struct fetches *f;

static void
setup(void)
{
	f = fetches_new();
	ck_assert_ptr_nonnull(f);
}

static void
teardown(void)
{
	fetches_free(f);
	fetches_free(NULL);
}

#define NAME(t, p) {.topic = {(const uint8_t *)(t), sizeof(t) - 1}, .partition = (p)}
#define ID(n, p) {.topic_id = {n}, .by_id = true, .partition = (p)}

static const struct fetch_at t0 = NAME("t", 0), t1 = NAME("t", 1), u0 = NAME("u", 0), i0 = ID(7, 0), i1 = ID(7, 1);

static int
request(int32_t session, int32_t epoch, const struct fetch_want *wants, size_t n, const struct fetch_at *forgotten,
	size_t gone, struct asked **ret)
{
	struct fetch_want copy[8];
	struct fetch_at away[8];
	struct fetch_request q = {.session_id = session, .session_epoch = epoch, .count = n, .wants = copy,
				  .forgotten = away, .forgotten_count = gone};

	for (size_t i = 0; i < n; i++)
		copy[i] = wants[i];
	for (size_t i = 0; i < gone; i++)
		away[i] = forgotten[i];
	return fetches_request(f, &q, ret);
}

static void
answer(struct asked *a, int16_t error, int32_t session)
{
	fetches_answer(f, a, &(struct fetch_response){.error = error, .session_id = session});
}

static int64_t
offset(const struct asked *a, const struct fetch_at *at)
{
	int64_t o = -99;

	return fetches_offset(a, at, &o) ? o : -99;
}

START_TEST(without_a_session)
{
	struct asked *a;

	ck_assert_int_eq(request(0, -1, (struct fetch_want[]){{u0, 5}, {t1, 7}, {t0, 9}}, 3, NULL, 0, &a), 0);
	answer(a, 0, 0);
	ck_assert_int_eq(offset(a, &t0), 9);
	ck_assert_int_eq(offset(a, &t1), 7);
	ck_assert_int_eq(offset(a, &u0), 5);
	ck_assert_int_eq(offset(a, &i0), -99);
	fetches_release(a);
	fetches_release(NULL);
	ck_assert_int_eq(request(0, 1, NULL, 0, NULL, 0, &a), ERR_NOTFOUND);
}
END_TEST

START_TEST(a_session)
{
	struct asked *a, *b;

	ck_assert_int_eq(request(0, 0, (struct fetch_want[]){{i0, 5}, {i1, 7}}, 2, NULL, 0, &a), 0);
	ck_assert_int_eq(request(9, 1, NULL, 0, NULL, 0, &b), ERR_NOTFOUND); /* there is none yet */
	answer(a, 0, 9);
	fetches_release(a);
	ck_assert_int_eq(request(8, 1, NULL, 0, NULL, 0, &a), ERR_NOTFOUND);
	ck_assert_int_eq(request(9, 1, (struct fetch_want[]){{i1, 8}}, 1, NULL, 0, &a), 0);
	ck_assert_int_eq(offset(a, &i0), 5);
	ck_assert_int_eq(offset(a, &i1), 8);
	answer(a, 0, 9);
	fetches_release(a);
	ck_assert_int_eq(request(9, 2, (struct fetch_want[]){{t0, 1}}, 1, &i0, 1, &a), 0);
	ck_assert_int_eq(offset(a, &i0), -99);
	ck_assert_int_eq(offset(a, &i1), 8);
	ck_assert_int_eq(offset(a, &t0), 1);
	/* Asked for and forgotten at once: brokers forget last. */
	fetches_release(a);
	ck_assert_int_eq(request(9, 3, (struct fetch_want[]){{t0, 4}, {u0, 4}}, 2, &t0, 1, &a), 0);
	ck_assert_int_eq(offset(a, &t0), -99);
	ck_assert_int_eq(offset(a, &u0), 4);
	fetches_release(a);
}
END_TEST

START_TEST(a_session_ends)
{
	struct asked *a;

	ck_assert_int_eq(request(0, 0, (struct fetch_want[]){{t0, 5}}, 1, NULL, 0, &a), 0);
	answer(a, 0, 9);
	fetches_release(a);
	/* Closed, … */
	ck_assert_int_eq(request(9, -1, (struct fetch_want[]){{t0, 6}}, 1, NULL, 0, &a), 0);
	ck_assert_int_eq(offset(a, &t0), 6);
	answer(a, 0, 0);
	fetches_release(a);
	ck_assert_int_eq(request(9, 1, NULL, 0, NULL, 0, &a), ERR_NOTFOUND);
	/* … or replaced; an error begins none, nor does an answer of one that wanted none. */
	ck_assert_int_eq(request(9, 0, (struct fetch_want[]){{t0, 5}}, 1, NULL, 0, &a), 0);
	answer(a, 71, 3);
	fetches_release(a);
	ck_assert_int_eq(request(3, 1, NULL, 0, NULL, 0, &a), ERR_NOTFOUND);
	ck_assert_int_eq(request(0, -1, (struct fetch_want[]){{t0, 5}}, 1, NULL, 0, &a), 0);
	answer(a, 0, 4);
	fetches_release(a);
	ck_assert_int_eq(request(4, 1, NULL, 0, NULL, 0, &a), ERR_NOTFOUND);
}
END_TEST

/* Who begins session after session has the last ones. */
START_TEST(many_sessions)
{
	struct asked *a;

	for (int32_t id = 1; id <= 20; id++) {
		ck_assert_int_eq(request(0, 0, (struct fetch_want[]){{t0, id}}, 1, NULL, 0, &a), 0);
		answer(a, 0, id);
		fetches_release(a);
	}
	ck_assert_int_eq(request(18, 1, NULL, 0, NULL, 0, &a), ERR_NOTFOUND);
	ck_assert_int_eq(request(19, 1, NULL, 0, NULL, 0, &a), 0);
	ck_assert_int_eq(offset(a, &t0), 19);
	/* The same id again is another session. */
	fetches_release(a);
	ck_assert_int_eq(request(0, 0, (struct fetch_want[]){{u0, 1}}, 1, NULL, 0, &a), 0);
	answer(a, 0, 19);
	fetches_release(a);
	ck_assert_int_eq(request(19, 1, NULL, 0, NULL, 0, &a), 0);
	ck_assert_int_eq(offset(a, &t0), -99);
	fetches_release(a);
}
END_TEST

/* Of a partition that is asked for twice the lower offset: nothing between is taken for granted. */
START_TEST(twice)
{
	struct asked *a;

	ck_assert_int_eq(request(0, -1, (struct fetch_want[]){{t0, 9}, {t0, 5}, {t1, 1}, {t0, 7}}, 4, NULL, 0, &a), 0);
	ck_assert_int_eq(offset(a, &t0), 5);
	ck_assert_int_eq(offset(a, &t1), 1);
	fetches_release(a);
	ck_assert_int_eq(request(0, -1, (struct fetch_want[]){{t0, INT64_MIN}}, 1, &t1, 1, &a), 0);
	ck_assert_int_eq(offset(a, &t0), INT64_MIN + 1);
	fetches_release(a);
}
END_TEST

/* A session that outgrows what one request may name is forgotten, and begins anew. */
START_TEST(too_many_partitions)
{
	struct fetch_want *many = calloc(FETCH_PARTS_MAX, sizeof(*many));
	struct fetch_request q = {.session_id = 9, .session_epoch = 1, .wants = many, .count = FETCH_PARTS_MAX};
	struct asked *a;

	ck_assert_ptr_nonnull(many);
	for (int32_t i = 0; i < FETCH_PARTS_MAX; i++)
		many[i] = (struct fetch_want){ID(7, i + 1), i};
	ck_assert_int_eq(request(0, 0, (struct fetch_want[]){{i0, 5}}, 1, NULL, 0, &a), 0);
	answer(a, 0, 9);
	fetches_release(a);
	ck_assert_int_eq(fetches_request(f, &q, &a), ERR_LIMIT);
	ck_assert_int_eq(request(9, 2, NULL, 0, NULL, 0, &a), ERR_NOTFOUND);
	q.session_epoch = 0;
	ck_assert_int_eq(fetches_request(f, &q, &a), 0);
	ck_assert_int_eq(offset(a, &many[FETCH_PARTS_MAX - 1].at), FETCH_PARTS_MAX - 1);
	fetches_release(a);
	free(many);
}
END_TEST

/* One that is used is still there when its session is gone. */
START_TEST(outlives_its_session)
{
	struct asked *a;

	ck_assert_int_eq(request(0, 0, (struct fetch_want[]){{t0, 5}}, 1, NULL, 0, &a), 0);
	answer(a, 0, 9);
	fetches_free(f);
	f = NULL;
	ck_assert_int_eq(offset(a, &t0), 5);
	fetches_release(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fetches");
	TCase *c = tcase_create("fetches");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, without_a_session);
	tcase_add_test(c, a_session);
	tcase_add_test(c, a_session_ends);
	tcase_add_test(c, many_sessions);
	tcase_add_test(c, twice);
	tcase_add_test(c, too_many_partitions);
	tcase_add_test(c, outlives_its_session);
	suite_add_tcase(s, c);
	return suite_run(s);
}
