/*
 * The resolver, with a name server of the test's: this file's getaddrinfo() takes the
 * place of libc's.  Names that begin with "slow" wait until they are let go.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "suite.h"

/* --- the name server --------------------------------------------------------------------- */

static struct {
	pthread_mutex_t mutex;
	char asked[256]; /* "slow1 fast " */
	sem_t entered;   /* once for each slow name … */
	sem_t go;        /* … which then waits for this */
	sem_t left;
} names = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void
await(sem_t *s)
{
	while (sem_wait(s) != 0)
		;
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	struct addrinfo *a;
	struct sockaddr_in *in;
	size_t n;

	(void)service;
	(void)hints;
	pthread_mutex_lock(&names.mutex);
	n = strlen(names.asked);
	(void)snprintf(names.asked + n, sizeof(names.asked) - n, "%s ", name);
	pthread_mutex_unlock(&names.mutex);
	if (strncmp(name, "slow", 4) == 0) {
		sem_post(&names.entered);
		await(&names.go);
		sem_post(&names.left);
	}
	if (strcmp(name, "wrong") == 0)
		return EAI_FAIL;
	a = calloc(1, sizeof(*a));
	in = calloc(1, sizeof(*in));
	if (a == NULL || in == NULL)
		abort();
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(0x0a000000 + (uint32_t)strlen(name));
	*a = (struct addrinfo){.ai_family = AF_INET, .ai_addr = (struct sockaddr *)in, .ai_addrlen = sizeof(*in)};
	*ret = a;
	return 0;
}

void
freeaddrinfo(struct addrinfo *a)
{
	free(a->ai_addr);
	free(a);
}

static void
want_asked(const char *want)
{
	pthread_mutex_lock(&names.mutex);
	ck_assert_str_eq(names.asked, want);
	pthread_mutex_unlock(&names.mutex);
}

/* --- those who ask ------------------------------------------------------------------------ */

struct asker {
	struct resolve *question;
	unsigned answers;
	int gai;
	char text[ADDR_TEXT_MAX]; /* the first address */
};

static struct loop *loop;
static struct resolver *resolver;
static struct monotime now;

static void
setup(void)
{
	sem_init(&names.entered, 0, 0);
	sem_init(&names.go, 0, 0);
	sem_init(&names.left, 0, 0);
	now = clock_now();
	clock_set_for_tests(&now, NULL);
	loop = loop_new();
	resolver = resolver_new();
	ck_assert(loop != NULL && resolver != NULL);
}

static void
teardown(void)
{
	resolver_free(resolver);
	loop_free(loop);
	clock_set_for_tests(NULL, NULL);
}

static void
on_answer(void *arg, int gai, const struct addr *addrs, size_t count)
{
	struct asker *a = arg;

	a->question = NULL;
	a->answers++;
	a->gai = gai;
	if (gai == 0) {
		ck_assert_uint_eq(count, 1);
		addr_text(&addrs[0], a->text);
	}
}

static void
ask(struct asker *a, const char *name, uint16_t port)
{
	*a = (struct asker){0};
	a->question = resolve_start(resolver, loop_wake(loop), slice_str(name), port, on_answer, a);
	ck_assert_ptr_nonnull(a->question);
	ck_assert_uint_eq(a->answers, 0); /* in a later turn */
}

static void
want(struct asker *a, const char *text)
{
	while (a->answers == 0)
		ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_uint_eq(a->answers, 1);
	ck_assert_int_eq(a->gai, 0);
	ck_assert_str_eq(a->text, text);
}

/* As many slow names as there are threads. */
static void
block_all(struct asker *askers)
{
	static const char *const slow[] = {"slow1", "slow2", "slow3", "slow4"};

	for (int i = 0; i < 4; i++) {
		ask(&askers[i], slow[i], 1);
		await(&names.entered);
	}
}

static void
let_go(int n)
{
	while (n-- > 0) {
		sem_post(&names.go);
		await(&names.left);
	}
}

/* --- the tests ---------------------------------------------------------------------------- */

START_TEST(answers)
{
	struct asker a, b;

	ask(&a, "kafka", 9092);
	want(&a, "10.0.0.5:9092");
	ask(&b, "wrong", 9092);
	while (b.answers == 0)
		ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_int_eq(b.gai, EAI_FAIL);
}
END_TEST

/* One look-up for all who want the name, each with its own port. */
START_TEST(merges)
{
	struct asker a, b, c;

	ask(&a, "slow", 1);
	await(&names.entered);
	ask(&b, "slow", 2);
	ask(&c, "slow", 3);
	resolve_cancel(b.question);
	let_go(1);
	want(&a, "10.0.0.4:1");
	want(&c, "10.0.0.4:3");
	ck_assert_uint_eq(b.answers, 0);
	want_asked("slow ");
}
END_TEST

START_TEST(slow_names_starve_nobody)
{
	static const char *const which[] = {"slow1", "slow2", "slow3"};
	struct asker slow[3], a;

	for (int i = 0; i < 3; i++)
		ask(&slow[i], which[i], 1);
	for (int i = 0; i < 3; i++)
		await(&names.entered);
	ask(&a, "fast", 9);
	want(&a, "10.0.0.4:9");
	let_go(3);
	for (int i = 0; i < 3; i++)
		want(&slow[i], "10.0.0.5:1");
}
END_TEST

START_TEST(cancelled_are_not_looked_up)
{
	struct asker slow[4], a, b, c;

	block_all(slow);
	ask(&a, "never", 1);
	ask(&b, "wanted", 1);
	ask(&c, "wanted", 2);
	resolve_cancel(a.question);
	resolve_cancel(b.question);
	let_go(4);
	want(&c, "10.0.0.6:2");
	want_asked("slow1 slow2 slow3 slow4 wanted ");
	for (int i = 0; i < 4; i++)
		want(&slow[i], "10.0.0.5:1");
	ck_assert_uint_eq(a.answers + b.answers, 0);
}
END_TEST

/* The answer is on its way and the asker changes its mind. */
START_TEST(cancelled_late)
{
	struct asker a, b;

	ask(&a, "slow", 1);
	await(&names.entered);
	let_go(1);
	ask(&b, "fast", 1);
	want(&b, "10.0.0.4:1");
	if (a.question != NULL)
		resolve_cancel(a.question);
}
END_TEST

START_TEST(keeps_answers_for_a_while)
{
	struct asker a;

	ask(&a, "kafka", 1);
	want(&a, "10.0.0.5:1");
	now.ns += INT64_C(4900) * 1000000;
	ask(&a, "kafka", 2);
	want(&a, "10.0.0.5:2");
	want_asked("kafka ");
	now.ns += INT64_C(200) * 1000000;
	ask(&a, "kafka", 3);
	want(&a, "10.0.0.5:3");
	want_asked("kafka kafka ");
	/* A failure isn't kept. */
	for (int i = 0; i < 2; i++) {
		ask(&a, "wrong", 3);
		while (a.answers == 0)
			ck_assert_int_eq(loop_turn(loop), 0);
	}
	want_asked("kafka kafka wrong wrong ");
}
END_TEST

/* More names than are kept: all are answered, and memory has an end. */
START_TEST(many_names)
{
	char name[32];
	struct asker a;

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "kafka-%04d", i);
		names.asked[0] = '\0';
		ask(&a, name, 1);
		want(&a, "10.0.0.10:1");
	}
}
END_TEST

/* A look-up that hangs isn't waited for at the end. */
START_TEST(freed_while_it_hangs)
{
	struct asker slow[4], a;

	block_all(slow);
	ask(&a, "waits", 1);
	for (int i = 0; i < 4; i++)
		resolve_cancel(slow[i].question);
	resolve_cancel(a.question);
	resolver_free(resolver);
	resolver = NULL;
	let_go(4);
	want_asked("slow1 slow2 slow3 slow4 ");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("resolve_names");
	TCase *t = tcase_create("resolve_names");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers);
	tcase_add_test(t, merges);
	tcase_add_test(t, slow_names_starve_nobody);
	tcase_add_test(t, cancelled_are_not_looked_up);
	tcase_add_test(t, cancelled_late);
	tcase_add_test(t, keeps_answers_for_a_while);
	tcase_add_test(t, many_names);
	tcase_add_test(t, freed_while_it_hangs);
	suite_add_tcase(s, t);
	return suite_run(s);
}
