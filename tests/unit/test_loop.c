#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "net/loop.h"
#include "suite.h"

static struct loop *loop;
static int pipe_fds[2];
static char order[64];
static char letters[128];
#define LETTER(c) (&letters[(int)(c)])

static void
setup(void)
{
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_int_eq(pipe(pipe_fds), 0);
	order[0] = '\0';
	for (size_t i = 0; i < sizeof(letters); i++)
		letters[i] = (char)i;
}

static void
teardown(void)
{
	loop_free(loop);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* Notes one letter. */
static void
note(void *arg)
{
	size_t n = strlen(order);

	ck_assert_uint_lt(n + 1, sizeof(order));
	order[n] = *(char *)arg;
	order[n + 1] = '\0';
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

static struct loop_task
task(loop_fn *fn, void *arg)
{
	return (struct loop_task){.fn = fn, .arg = arg};
}

/* --- tasks --------------------------------------------------------------------------- */

START_TEST(tasks_in_order)
{
	struct loop_task a = task(note, LETTER('a')), b = task(note, LETTER('b')), c = task(note, LETTER('c'));

	loop_next(loop, &a);
	loop_next(loop, &b);
	loop_next(loop, &c);
	loop_next(loop, &a); /* queued already */
	loop_cancel(loop, &b);
	loop_cancel(loop, &b); /* not queued */
	ck_assert_str_eq(order, "");
	ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_str_eq(order, "ac");
}
END_TEST

static struct loop_task again;

static void
on_again(void *arg)
{
	note(LETTER('x'));
	loop_next(arg, &again);
}

/* A task that queues itself runs once a turn, and doesn't keep others out. */
START_TEST(task_without_end)
{
	struct loop_task b = task(note, LETTER('b'));

	again = task(on_again, loop);
	loop_next(loop, &again);
	loop_next(loop, &b);
	ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_str_eq(order, "xb");
	ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_str_eq(order, "xbx");
	loop_cancel(loop, &again);
}
END_TEST

static struct loop_task victim;

static void
on_cancel(void *arg)
{
	loop_cancel(arg, &victim);
}

START_TEST(task_cancels_another)
{
	struct loop_task a = task(on_cancel, loop);

	victim = task(note, LETTER('v'));
	loop_next(loop, &a);
	loop_next(loop, &victim);
	ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_str_eq(order, "");
}
END_TEST

START_TEST(free_runs_tasks)
{
	struct loop *l = loop_new();
	struct loop_task a = task(note, LETTER('a'));

	ck_assert_ptr_nonnull(l);
	loop_next(l, &a);
	loop_free(l);
	ck_assert_str_eq(order, "a");
	loop_free(NULL);
}
END_TEST

START_TEST(runs_until_stopped)
{
	struct loop_task a = task(stop, loop), b = task(note, LETTER('b'));

	for (int i = 0; i < 2; i++) { /* and can run again */
		loop_next(loop, &a);
		loop_next(loop, &b);
		ck_assert_int_eq(loop_run(loop), 0);
	}
	ck_assert_str_eq(order, "bb");
}
END_TEST

/* --- timers --------------------------------------------------------------------------- */

START_TEST(timers)
{
	struct loop_timer *a = loop_timer_new(loop, note, LETTER('a')), *b = loop_timer_new(loop, note, LETTER('b'));
	struct loop_timer *never = loop_timer_new(loop, note, LETTER('n')), *end = loop_timer_new(loop, stop, loop);

	ck_assert(a != NULL && b != NULL && never != NULL && end != NULL);
	loop_timer_set(b, 20);
	loop_timer_set(a, 3600000);
	loop_timer_set(a, 1); /* replaces */
	loop_timer_set(never, 2);
	loop_timer_clear(never);
	loop_timer_clear(never);
	loop_timer_set(end, 60);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_str_eq(order, "ab");
	loop_timer_set(a, -5); /* at once, and only once */
	loop_timer_set(end, 1);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_str_eq(order, "aba");
	loop_timer_set(b, 0);
	loop_timer_free(b);
	loop_timer_set(end, 1);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_str_eq(order, "aba");
	loop_timer_free(a);
	loop_timer_free(never);
	loop_timer_free(end);
	loop_timer_free(NULL);
	loop_timer_clear(NULL);
}
END_TEST

/* --- file descriptors ------------------------------------------------------------------ */

struct events {
	unsigned count, what;
};

static void
on_event(void *arg, int fd, unsigned what)
{
	struct events *e = arg;

	ck_assert(fd == pipe_fds[0] || fd == pipe_fds[1]);
	e->count++;
	e->what = what;
}

/* What is ready is told in this turn, which does not wait. */
static void
turn(void)
{
	struct loop_task nothing = task(note, LETTER('\0'));

	loop_next(loop, &nothing);
	ck_assert_int_eq(loop_turn(loop), 0);
}

START_TEST(watches)
{
	struct events in = {0}, out = {0};
	struct loop_watch *r = loop_watch_new(loop, pipe_fds[0], LOOP_READ, on_event, &in);
	struct loop_watch *w = loop_watch_new(loop, pipe_fds[1], 0, on_event, &out);

	ck_assert(r != NULL && w != NULL);
	turn();
	ck_assert_uint_eq(in.count + out.count, 0);
	loop_watch_set(w, LOOP_WRITE);
	turn();
	ck_assert_uint_eq(out.count, 1);
	ck_assert_uint_eq(out.what, LOOP_WRITE);
	loop_watch_set(w, 0);
	ck_assert_int_eq(write(pipe_fds[1], "x", 1), 1);
	turn();
	turn(); /* level-triggered: nobody read it */
	ck_assert_uint_eq(in.count, 2);
	ck_assert_uint_eq(in.what, LOOP_READ);
	ck_assert_uint_eq(out.count, 1);
	loop_watch_set(r, 0);
	turn();
	ck_assert_uint_eq(in.count, 2);
	loop_watch_set(r, LOOP_READ);
	turn();
	ck_assert_uint_eq(in.count, 3);
	loop_watch_free(r);
	turn();
	ck_assert_uint_eq(in.count, 3);
	loop_watch_free(w);
	loop_watch_free(NULL);
}
END_TEST

START_TEST(signals)
{
	struct loop_signal *s = loop_signal_new(loop, SIGUSR1, note, LETTER('s'));

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	while (order[0] == '\0')
		ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_str_eq(order, "s");
	loop_signal_free(s);
	loop_signal_free(NULL);
}
END_TEST

/* --- other threads ------------------------------------------------------------------------ */

enum { POSTERS = 8, POSTS = 2000 };

struct poster {
	struct wake *wake;
	int next; /* on the loop's thread: posts come in order */
	unsigned refused;
};

struct post {
	struct wake_call call;
	struct poster *from;
	int number;
};

static unsigned received;

static void
on_post(void *arg)
{
	struct post *p = arg;

	ck_assert_int_eq(p->number, p->from->next);
	p->from->next++;
	free(p);
	if (++received == POSTERS * POSTS)
		loop_stop(loop);
}

static void *
post_all(void *arg)
{
	struct poster *from = arg;

	for (int i = 0; i < POSTS; i++) {
		struct post *p = malloc(sizeof(*p));

		ck_assert_ptr_nonnull(p);
		*p = (struct post){{NULL, on_post, p}, from, i};
		if (wake_post(from->wake, &p->call) != 0) {
			free(p);
			from->refused++;
		}
	}
	wake_unref(from->wake);
	return NULL;
}

START_TEST(posts)
{
	struct poster posters[POSTERS] = {0};
	pthread_t threads[POSTERS];

	received = 0;
	for (int i = 0; i < POSTERS; i++) {
		posters[i].wake = wake_ref(loop_wake(loop));
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
	}
	ck_assert_int_eq(loop_run(loop), 0);
	for (int i = 0; i < POSTERS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(posters[i].refused, 0);
	}
	ck_assert_uint_eq(received, POSTERS * POSTS);
}
END_TEST

/* A loop that goes while others post: each post runs or is refused, and none is lost. */
START_TEST(free_while_posting)
{
	struct poster posters[POSTERS] = {0};
	pthread_t threads[POSTERS];
	struct loop *l = loop_new();
	unsigned refused = 0;

	ck_assert_ptr_nonnull(l);
	received = 0;
	for (int i = 0; i < POSTERS; i++) {
		posters[i].wake = wake_ref(loop_wake(l));
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
	}
	ck_assert_int_eq(loop_turn(l), 0);
	loop_free(l);
	for (int i = 0; i < POSTERS; i++) {
		pthread_join(threads[i], NULL);
		refused += posters[i].refused;
	}
	ck_assert_uint_eq(received + refused, POSTERS * POSTS);
}
END_TEST

START_TEST(posts_of_its_own)
{
	struct wake *w = wake_ref(loop_wake(loop));

	ck_assert_int_eq(wake_post_fn(w, note, LETTER('a')), 0);
	ck_assert_int_eq(wake_post_fn(w, note, LETTER('b')), 0);
	ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_str_eq(order, "ab");
	ck_assert_int_eq(wake_post_fn(w, note, LETTER('c')), 0);
	loop_free(loop); /* runs what was posted */
	loop = NULL;
	ck_assert_str_eq(order, "abc");
	ck_assert_int_eq(wake_post_fn(w, note, LETTER('d')), ERR_CLOSED);
	wake_unref(w);
	wake_unref(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("loop");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tasks_in_order);
	tcase_add_test(t, task_without_end);
	tcase_add_test(t, task_cancels_another);
	tcase_add_test(t, free_runs_tasks);
	tcase_add_test(t, runs_until_stopped);
	tcase_add_test(t, timers);
	tcase_add_test(t, watches);
	tcase_add_test(t, signals);
	tcase_add_test(t, posts);
	tcase_add_test(t, free_while_posting);
	tcase_add_test(t, posts_of_its_own);
	suite_add_tcase(s, t);
	return suite_run(s);
}
