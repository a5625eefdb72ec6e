#include "net/resolve.h"

#include <poll.h>

#include "tests/unit/name_server.h"
#include "tests/unit/suite.h"

static struct resolver *resolver;
static struct wake *wake;
static char answers[1024]; /* "letter:address,address " or "letter:error " */
static unsigned answered;

static void
setup(void)
{
	names_setup();
	resolver = resolver_new();
	wake = wake_new();
	ck_assert(resolver != NULL && wake != NULL);
	answers[0] = '\0';
	answered = 0;
}

static void
teardown(void)
{
	resolver_free(resolver);
	wake_close(wake);
	wake_unref(wake);
}

static void
on_answer(void *arg, int gai, const struct addr *addrs, size_t count)
{
	char *end = answers + strlen(answers);
	char text[ADDR_TEXT_MAX];

	end += sprintf(end, "%s:", (const char *)arg);
	ck_assert(gai != 0 || count > 0);
	if (gai != 0)
		end += sprintf(end, "%s", gai == EAI_NONAME ? "noname" : gai == EAI_AGAIN ? "again" : "?");
	for (size_t i = 0; gai == 0 && i < count; i++)
		end += sprintf(end, "%s%s", i > 0 ? "," : "", addr_text(&addrs[i], text));
	(void)sprintf(end, " ");
	answered++;
}

static struct resolve *
ask(const char *letter, const char *host)
{
	struct resolve *q = resolve_start(resolver, wake, slice_str(host), 9092, on_answer, (char *)(uintptr_t)letter);

	ck_assert_ptr_nonnull(q);
	return q;
}

static void
wait_for(unsigned count)
{
	while (answered < count) {
		struct pollfd p = {wake_fd(wake), POLLIN, 0};

		ck_assert_int_eq(poll(&p, 1, -1), 1);
		wake_run(wake);
	}
	ck_assert_uint_eq(answered, count);
}

/* One after the other: names that are asked for together are looked up together, in no order. */
START_TEST(answers_each)
{
	(void)ask("a", "127.0.0.1");
	wait_for(1);
	(void)ask("b", "127.0.0.2,::1,127.0.0.3");
	wait_for(2);
	(void)ask("c", "again");
	wait_for(3);
	ck_assert_str_eq(answers, "a:127.0.0.1:9092 b:127.0.0.2:9092,[::1]:9092,127.0.0.3:9092 c:again ");
	/* A name server that has no time is not asked the same again at once. */
	ck_assert_str_eq(names_asked(), "127.0.0.1 127.0.0.2,::1,127.0.0.3 again ");
}
END_TEST

/* Where no interface but loopback is up, AI_ADDRCONFIG leaves no address even of localhost. */
START_TEST(only_loopback)
{
	(void)ask("a", "config,127.0.0.1");
	wait_for(1);
	(void)ask("b", "noname");
	wait_for(2);
	ck_assert_str_eq(answers, "a:127.0.0.1:9092 b:noname ");
	ck_assert_str_eq(names_asked(), "config,127.0.0.1 config,127.0.0.1 noname noname ");
}
END_TEST

START_TEST(odd_addresses)
{
	(void)ask("a", "odd,127.0.0.1,odd");
	wait_for(1);
	(void)ask("b", "odd");
	wait_for(2);
	ck_assert_str_eq(answers, "a:127.0.0.1:9092 b:noname ");
}
END_TEST

/* The host is a slice: what stands behind it is not asked for. */
START_TEST(host_is_a_slice)
{
	static const char text[] = "127.0.0.1:1234";

	ck_assert_ptr_nonnull(resolve_start(resolver, wake, slice_of(text, 9), 1, on_answer, (char *)(uintptr_t) "a"));
	wait_for(1);
	ck_assert_str_eq(answers, "a:127.0.0.1:1 ");
}
END_TEST

START_TEST(cancelled)
{
	struct resolve *a, *b;

	a = ask("a", "wait,127.0.0.1");
	b = ask("b", "127.0.0.2");
	(void)ask("c", "127.0.0.3");
	names_wait();
	resolve_cancel(a); /* under way */
	resolve_cancel(b); /* waits for its turn, or has its answer on the way */
	resolve_cancel(NULL);
	names_release();
	wait_for(1);
	ck_assert_str_eq(answers, "c:127.0.0.3:9092 ");
}
END_TEST

/* A getaddrinfo() that hangs is not waited for. */
START_TEST(freed_while_busy)
{
	struct resolve *a = ask("a", "wait,127.0.0.1");

	names_wait();
	resolve_cancel(a);
	resolver_free(resolver); /* would never return */
	resolver = NULL;
	names_release();
	ck_assert_uint_eq(answered, 0);
	ck_assert_str_eq(names_asked(), "wait,127.0.0.1 ");
}
END_TEST

/* The owner went before the answer: nothing runs, nothing leaks. */
START_TEST(owner_gone)
{
	struct wake *other = wake_new();

	ck_assert_ptr_nonnull(other);
	ck_assert_ptr_nonnull(resolve_start(resolver, other, slice_str("wait,127.0.0.1"), 1, on_answer, NULL));
	names_wait();
	wake_close(other);
	wake_unref(other);
	names_release();
	(void)ask("b", "127.0.0.2");
	wait_for(1);
	ck_assert_str_eq(answers, "b:127.0.0.2:9092 ");
}
END_TEST

/* Signals are for the thread that waits for them, and its own mask stays as it was. */
START_TEST(signals_go_elsewhere)
{
	sigset_t mask;

	(void)ask("a", "127.0.0.1");
	wait_for(1);
	pthread_mutex_lock(&names.mutex);
	ck_assert(names.term_blocked);
	pthread_mutex_unlock(&names.mutex);
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
	ck_assert_int_eq(sigismember(&mask, SIGTERM), 0);
}
END_TEST

static void
count_only(void *arg, int gai, const struct addr *addrs, size_t count)
{
	(void)arg, (void)addrs;
	ck_assert_int_eq(gai, 0);
	ck_assert_uint_eq(count, 1);
	answered++;
}

static void *
ask_counted(void *arg)
{
	for (int i = 0; i < 200; i++)
		ck_assert_ptr_nonnull(resolve_start(resolver, wake, slice_str("127.0.0.1"), 1, count_only, arg));
	return NULL;
}

START_TEST(asked_by_many)
{
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_counted, NULL), 0);
	while (answered < 200 * ARRAY_LEN(threads)) {
		struct pollfd p = {wake_fd(wake), POLLIN, 0};

		ck_assert_int_eq(poll(&p, 1, -1), 1);
		wake_run(wake);
	}
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("resolve");
	TCase *t = tcase_create("resolve");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers_each);
	tcase_add_test(t, only_loopback);
	tcase_add_test(t, odd_addresses);
	tcase_add_test(t, host_is_a_slice);
	tcase_add_test(t, cancelled);
	tcase_add_test(t, freed_while_busy);
	tcase_add_test(t, owner_gone);
	tcase_add_test(t, signals_go_elsewhere);
	tcase_add_test(t, asked_by_many);
	suite_add_tcase(s, t);
	return suite_run(s);
}
