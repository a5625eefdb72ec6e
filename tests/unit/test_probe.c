#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/probe.h"
#include "base/err.h"

static char why[512], address[64];

/* Takes one connection, reads the request's head, answers `answer`, and closes; NULL: answers nothing until it is closed. */
struct server {
	int fd;
	const char *answer;
	char request[512];
	pthread_t thread;
};

static void *
serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	size_t have = 0;
	ssize_t n = 1;

	ck_assert_int_ge(fd, 0);
	while (n > 0 && strstr(s->request, "\r\n\r\n") == NULL) {
		n = recv(fd, s->request + have, sizeof(s->request) - 1 - have, 0);
		have += n > 0 ? (size_t)n : 0;
	}
	if (s->answer == NULL)
		(void)!recv(fd, s->request + have, 1, 0); /* until the other side gives up */
	else
		for (const char *p = s->answer; *p != '\0' && send(fd, p, 1, MSG_NOSIGNAL) == 1; p++)
			; /* in as many pieces as there can be */
	(void)close(fd);
	return NULL;
}

static void
listen_on(struct server *s, const char *answer)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	*s = (struct server){.answer = answer};
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s->fd, 0);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(s->fd, 1), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(at.sin_port));
}

static int
ask(const char *answer, const char *path, int wait_ms)
{
	struct server s;
	int err;

	listen_on(&s, answer);
	ck_assert_int_eq(pthread_create(&s.thread, NULL, serve, &s), 0);
	err = probe_ask(address, path, wait_ms, why, sizeof(why));
	(void)pthread_join(s.thread, NULL);
	(void)close(s.fd);
	ck_assert_int_eq(strncmp(s.request, "GET /", 5), 0);
	ck_assert_ptr_nonnull(strstr(s.request, " HTTP/1.1\r\n"));
	return err;
}

START_TEST(answers)
{
	static const struct {
		const char *answer;
		int err;
		const char *why;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", 0, "/readyz: 200 ok"},
		{"HTTP/1.0 200 OK\r\n\r\n", 0, "/readyz: 200 "},
		{"HTTP/1.1 503 Service Unavailable\r\n\r\nno broker can be reached\nmore", ERR_NOT_NOW,
		 "/readyz: 503 no broker can be reached"},
		{"HTTP/1.1 200 OK\r\n\r\n\033]0;owned\007\n", 0, "/readyz: 200 \\u001b]0;owned\\u0007"},
		{"HTTP/1.1 404 Not Found\r\n", ERR_NOT_NOW, "/readyz: 404 "},
		{"220 mail.example.org ESMTP\r\n", ERR_IO, "another program"},
		{"HTTP/1.1 ", ERR_IO, "another program"},
		{"", ERR_IO, "another program"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(ask(cases[i].answer, "/readyz", 10000), cases[i].err);
		ck_assert_msg(strstr(why, cases[i].why) != NULL, "%zu: %s", i, why);
	}
}
END_TEST

START_TEST(an_answer_without_an_end)
{
	static char long_one[10000];

	memset(long_one, 'x', sizeof(long_one) - 1);
	memcpy(long_one, "HTTP/1.1 200 OK\r\n\r\n", 19);
	ck_assert_int_eq(ask(long_one, "/healthz", 10000), 0);
}
END_TEST

START_TEST(nobody_answers)
{
	struct server s;

	ck_assert_int_eq(ask(NULL, "/healthz", 20), ERR_IO);
	ck_assert_msg(strstr(why, "no answer in time") != NULL, "%s", why);
	listen_on(&s, NULL);
	(void)close(s.fd);
	ck_assert_int_eq(probe_ask(address, "/healthz", 10000, why, sizeof(why)), ERR_IO);
	ck_assert_msg(strstr(why, "refused") != NULL, "%s", why);
}
END_TEST

START_TEST(no_address)
{
	char host[400];

	ck_assert_int_eq(probe_ask("9464", "/healthz", 10000, why, sizeof(why)), ERR_CONFIG);
	memset(host, 'a', sizeof(host));
	memcpy(host + sizeof(host) - 6, ":9464", 6);
	ck_assert_int_eq(probe_ask(host, "/healthz", 10000, why, sizeof(why)), ERR_CONFIG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe");
	TCase *t = tcase_create("probe");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, answers);
	tcase_add_test(t, an_answer_without_an_end);
	tcase_add_test(t, nobody_answers);
	tcase_add_test(t, no_address);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
