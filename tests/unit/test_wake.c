#include "net/wake.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct wake *wake;
static char order[64];
static char letters[128];
#define LETTER(c) (&letters[(int)(c)])

static void
setup(void)
{
	wake = wake_new();
	ck_assert_ptr_nonnull(wake);
	order[0] = '\0';
	for (size_t i = 0; i < sizeof(letters); i++)
		letters[i] = (char)i;
}

static void
teardown(void)
{
	wake_unref(wake);
}

static void
note(void *arg)
{
	size_t n = strlen(order);

	ck_assert_uint_lt(n + 1, sizeof(order));
	order[n] = *(char *)arg;
	order[n + 1] = '\0';
}

static bool
raised(void)
{
	struct pollfd p = {wake_fd(wake), POLLIN, 0};

	return poll(&p, 1, 0) == 1;
}

START_TEST(in_order)
{
	struct wake_call a = {NULL, note, LETTER('a')}, b = {NULL, note, LETTER('b')};

	ck_assert(!raised());
	wake_run(wake); /* nothing is there */
	ck_assert_int_eq(wake_post(wake, &a), 0);
	ck_assert(raised());
	ck_assert_int_eq(wake_post_fn(wake, note, LETTER('x')), 0);
	ck_assert_int_eq(wake_post(wake, &b), 0);
	ck_assert_str_eq(order, ""); /* nothing runs inside a post */
	wake_run(wake);
	ck_assert_str_eq(order, "axb");
	ck_assert(!raised());
	ck_assert_int_eq(wake_post(wake, &a), 0); /* its memory may be used again */
	ck_assert(raised());
	wake_run(wake);
	ck_assert_str_eq(order, "axba");
	wake_run(wake);
	ck_assert_str_eq(order, "axba");
}
END_TEST

static void
post_again(void *arg)
{
	note(arg);
	ck_assert_int_eq(wake_post_fn(wake, note, LETTER('z')), 0);
}

/* A call that posts is no endless loop: what it posted is for the next run, and the fd says so. */
START_TEST(posts_from_a_call)
{
	ck_assert_int_eq(wake_post_fn(wake, post_again, LETTER('p')), 0);
	ck_assert_int_eq(wake_post_fn(wake, note, LETTER('q')), 0);
	wake_run(wake);
	ck_assert_str_eq(order, "pq");
	ck_assert(raised());
	wake_run(wake);
	ck_assert_str_eq(order, "pqz");
	ck_assert(!raised());
}
END_TEST

static void
run_again(void *arg)
{
	note(arg);
	wake_run(wake);
}

/* A call that runs the queue finds the later posts only: those before it are its caller's. */
START_TEST(runs_from_a_call)
{
	ck_assert_int_eq(wake_post_fn(wake, run_again, LETTER('r')), 0);
	ck_assert_int_eq(wake_post_fn(wake, note, LETTER('s')), 0);
	wake_run(wake);
	ck_assert_str_eq(order, "rs");
}
END_TEST

static void
refused(void *arg)
{
	struct wake_call c = {NULL, note, arg};

	ck_assert_int_eq(wake_post(wake, &c), ERR_CLOSED);
	ck_assert_int_eq(wake_post_fn(wake, note, arg), ERR_CLOSED);
	note(LETTER('e'));
}

START_TEST(closes)
{
	struct wake_call c = {NULL, note, LETTER('c')};

	ck_assert_int_eq(wake_post(wake, &c), 0);
	ck_assert_int_eq(wake_post_fn(wake, refused, LETTER('d')), 0);
	wake_close(wake); /* what was posted runs; what those post is refused already */
	ck_assert_str_eq(order, "ce");
	ck_assert_int_eq(wake_post(wake, &c), ERR_CLOSED);
	ck_assert(!raised());
	wake_run(wake);
	wake_close(wake);
	ck_assert_str_eq(order, "ce");
}
END_TEST

START_TEST(counted)
{
	ck_assert_ptr_eq(wake_ref(wake), wake);
	wake_unref(wake);
	ck_assert_int_eq(wake_post_fn(wake, note, LETTER('a')), 0); /* it is still there */
	wake_run(wake);
	ck_assert_str_eq(order, "a");
	wake_unref(NULL);
}
END_TEST

static void
let_go(void *arg)
{
	wake_unref(arg);
	note(LETTER('l'));
}

/* The last reference may go inside a call. */
START_TEST(goes_in_a_call)
{
	struct wake *w = wake_new();

	ck_assert_ptr_nonnull(w);
	ck_assert_int_eq(wake_post_fn(w, let_go, w), 0);
	ck_assert_int_eq(wake_post_fn(w, note, LETTER('m')), 0);
	wake_close(w);
	ck_assert_str_eq(order, "lm");
}
END_TEST

/* --- threads ----------------------------------------------------------------------------- */

enum { POSTERS = 4, POSTS = 2000 };

struct poster {
	pthread_t thread;
	struct wake *wake;
	int posted, next;
};

struct post {
	struct wake_call call;
	struct poster *from;
	int number;
};

static int received;

static void
on_post(void *arg)
{
	struct post *p = arg;

	ck_assert_int_eq(p->number, p->from->next); /* each thread's in its order */
	p->from->next++;
	received++;
	free(p);
}

static void *
post_all(void *arg)
{
	struct poster *from = arg;

	for (int i = 0; i < POSTS; i++) {
		struct post *p = malloc(sizeof(*p));

		*p = (struct post){{NULL, on_post, p}, from, i};
		if (wake_post(from->wake, &p->call) != 0) {
			free(p);
			break;
		}
		from->posted++;
	}
	wake_unref(from->wake);
	return NULL;
}

static void
start(struct poster *posters)
{
	received = 0;
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){.wake = wake_ref(wake)};
		ck_assert_int_eq(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
	}
}

/* An owner that sleeps in poll() misses none. */
START_TEST(many_threads)
{
	struct poster posters[POSTERS];

	start(posters);
	while (received < POSTERS * POSTS) {
		struct pollfd p = {wake_fd(wake), POLLIN, 0};

		ck_assert_int_eq(poll(&p, 1, -1), 1);
		wake_run(wake);
	}
	for (int i = 0; i < POSTERS; i++)
		pthread_join(posters[i].thread, NULL);
	ck_assert_int_eq(received, POSTERS * POSTS);
	ck_assert(!raised());
}
END_TEST

/* Closed while others post: what was taken has run, and nothing after it. */
START_TEST(closed_under_them)
{
	struct poster posters[POSTERS];
	struct pollfd p = {wake_fd(wake), POLLIN, 0};
	int at_close, posted = 0;

	start(posters);
	ck_assert_int_eq(poll(&p, 1, -1), 1);
	wake_close(wake);
	at_close = received;
	for (int i = 0; i < POSTERS; i++) {
		pthread_join(posters[i].thread, NULL);
		posted += posters[i].posted;
	}
	ck_assert_int_gt(at_close, 0);
	ck_assert_int_eq(at_close, posted);
	wake_run(wake);
	ck_assert_int_eq(received, posted);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wake");
	TCase *t = tcase_create("wake");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, in_order);
	tcase_add_test(t, posts_from_a_call);
	tcase_add_test(t, runs_from_a_call);
	tcase_add_test(t, closes);
	tcase_add_test(t, counted);
	tcase_add_test(t, goes_in_a_call);
	tcase_add_test(t, many_threads);
	tcase_add_test(t, closed_under_them);
	suite_add_tcase(s, t);
	return suite_run(s);
}
