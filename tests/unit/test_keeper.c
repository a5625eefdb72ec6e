#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

#include "base/log.h"
#include "cloud/keeper.h"
#include "suite.h"

/* What the fetches give, in turn: a lifetime; 0: a failure.  Each waits for `go`. */
static const int64_t *plan;
static atomic_uint fetched;
static sem_t go, began;

static int
fetch(void *arg, const atomic_bool *stop UNUSED, struct wr *ret, int64_t *ret_lifetime_ms, char *why, size_t why_len)
{
	unsigned n = atomic_load(&fetched);

	ck_assert_ptr_eq(arg, &plan);
	sem_post(&began);
	while (sem_wait(&go) != 0)
		;
	atomic_fetch_add(&fetched, 1);
	if (plan[n] == 0) {
		(void)snprintf(why, why_len, "no %u", n);
		return ERR_IO;
	}
	wr_printf(ret, "secret %u", n);
	*ret_lifetime_ms = plan[n];
	return 0;
}

static struct keeper *
start(const int64_t *lifetimes)
{
	struct keeper *k;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	plan = lifetimes;
	sem_init(&go, 0, 0);
	sem_init(&began, 0, 0);
	k = keeper_start(fetch, &plan);
	ck_assert_ptr_nonnull(k);
	return k;
}

static void
await_begin(void)
{
	while (sem_wait(&began) != 0)
		;
}

/* What keeper_get() says once the running fetch is through; the next has begun by then. */
static int
after_next(struct keeper *k, struct secret *s, char *why)
{
	sem_post(&go);
	await_begin();
	return keeper_get(k, s, why, 128);
}

START_TEST(life)
{
	static const int64_t lifetimes[] = {0, 1000, 0, 3600000, 1};
	struct keeper *k = start(lifetimes);
	struct secret s = {NULL, 0};
	char why[128] = "";

	await_begin();
	ck_assert_int_eq(keeper_get(k, &s, why, sizeof(why)), ERR_NOT_NOW);
	ck_assert_int_eq(after_next(k, &s, why), ERR_REMOTE); /* fetched again a second later */
	ck_assert_str_eq(why, "no 0");
	sem_post(&go); /* good for a second: asked for again then, and has ended, or is about to */
	await_begin();
	ck_assert_uint_eq(atomic_load(&fetched), 2);
	sem_post(&go); /* the third fails */
	await_begin();
	ck_assert_int_eq(keeper_get(k, &s, why, sizeof(why)), ERR_REMOTE);
	ck_assert_str_eq(why, "no 2");
	sem_post(&go);
	while (keeper_get(k, &s, why, sizeof(why)) != 0)
		sched_yield();
	ck_assert_str_eq((char *)s.p, "secret 3");
	ck_assert_uint_eq(s.n, 8);
	secret_clear(&s);
	keeper_stop(k); /* while it waits for hours */
	ck_assert_uint_eq(atomic_load(&fetched), 4);
	keeper_stop(NULL);
}
END_TEST

static void *
let_go(void *arg)
{
	sem_post(arg);
	return NULL;
}

START_TEST(stopped_in_a_fetch)
{
	static const int64_t lifetimes[] = {0, 0};
	struct keeper *k = start(lifetimes);
	pthread_t t;

	await_begin();
	ck_assert_int_eq(pthread_create(&t, NULL, let_go, &go), 0);
	keeper_stop(k);
	pthread_join(t, NULL);
	ck_assert_uint_le(atomic_load(&fetched), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keeper");
	TCase *t = tcase_create("keeper");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, life);
	tcase_add_test(t, stopped_in_a_fetch);
	suite_add_tcase(s, t);
	return suite_run(s);
}
