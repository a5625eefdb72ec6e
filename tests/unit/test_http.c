#include <sys/resource.h>

#include "http_client.h"
#include "net/http.h"

static struct loop *loop;
static struct http *http;
static char why[256];
static unsigned asked;
static const char *const hosts[] = {"edge-1"};

static int
answer(void *arg, const char *path, struct wr *body, struct http_meta *meta)
{
	asked++;
	ck_assert_ptr_eq(arg, &loop);
	if (strcmp(path, "/big") == 0) {
		for (int i = 0; i < 100000; i++)
			wr_text(body, "0123456789");
		*meta = (struct http_meta){"application/octet-stream", "sandbox"};
		return 200;
	}
	if (strcmp(path, "/fault") == 0) {
		body->err = ERR_NOMEM;
		return 200;
	}
	wr_printf(body, "path %s\n", path);
	return strcmp(path, "/none") == 0 ? 404 : strcmp(path, "/busy") == 0 ? 503 : 200;
}

static void
setup(void)
{
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_msg(http_listen(loop, "127.0.0.1:0", answer, &loop, &http, why, sizeof(why)) == 0, "%s", why);
	ck_assert_uint_ne(http_port(http), 0);
	http_set_hosts(http, hosts, ARRAY_LEN(hosts));
	asked = 0;
}

static void
teardown(void)
{
	http_close(http);
	http = NULL;
	loop_free(loop);
}

START_TEST(answers)
{
	char *got = http_exchange(loop, http_port(http), "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");

	ck_begins(got, "HTTP/1.1 200 OK\r\n");
	ck_assert_ptr_nonnull(strstr(got, "Content-Type: text/plain; charset=utf-8\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "Content-Length: 8\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "Connection: close\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "X-Content-Type-Options: nosniff\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "Cache-Control: no-store\r\n"));
	ck_assert_ptr_null(strstr(got, "Allow:"));
	ck_ends(got, "\r\n\r\npath /x\n");
	free(got);
}
END_TEST

START_TEST(path_without_query)
{
	char *got = http_exchange(loop, http_port(http), "GET /x?a=b HTTP/1.0\r\n\r\n");

	ck_begins(got, "HTTP/1.0 200 OK\r\n");
	ck_ends(got, "path /x\n");
	free(got);
	got = http_exchange(loop, http_port(http), "GET http://elsewhere/y HTTP/1.1\r\nHost: localhost\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(got, "\r\n\r\n"));
	free(got);
}
END_TEST

START_TEST(statuses)
{
	char *got = http_exchange(loop, http_port(http), "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n");

	ck_begins(got, "HTTP/1.1 404 Not Found\r\n");
	ck_ends(got, "path /none\n");
	free(got);
	got = http_exchange(loop, http_port(http), "GET /busy HTTP/1.1\r\nHost: localhost\r\n\r\n");
	ck_begins(got, "HTTP/1.1 503 Service Unavailable\r\n");
	free(got);
	got = http_exchange(loop, http_port(http), "GET /fault HTTP/1.1\r\nHost: localhost\r\n\r\n");
	ck_begins(got, "HTTP/1.1 500 ");
	free(got);
}
END_TEST

START_TEST(head_has_no_body)
{
	char *got = http_exchange(loop, http_port(http), "HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n");

	ck_begins(got, "HTTP/1.1 200 OK\r\n");
	ck_ends(got, "\r\n\r\n");
	ck_assert_ptr_null(strstr(got, "path"));
	free(got);
}
END_TEST

START_TEST(other_methods)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		char request[128], *got;

		(void)snprintf(request, sizeof(request), "%s /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", methods[i]);
		got = http_exchange(loop, http_port(http), request);
		ck_begins(got, "HTTP/1.1 405 ");
		ck_assert_ptr_nonnull(strstr(got, "Allow: GET, HEAD\r\n"));
		free(got);
	}
	ck_assert_uint_eq(asked, 0);
}
END_TEST

/* A name that a web page brought along (DNS rebinding) is told nothing, whatever it asks for. */
START_TEST(names_of_others)
{
	static const char *const bad[] = {"rebound.example", "rebound.example:9464", "localhost.example", ""};
	static const char *const good[] = {"127.0.0.1:9464", "[::1]:9464", "edge-1:9464"};
	static const char *const methods[] = {"GET", "HEAD", "POST"};
	char request[256], *got;

	for (size_t i = 0; i < ARRAY_LEN(bad) * ARRAY_LEN(methods); i++) {
		(void)snprintf(request, sizeof(request), "%s /x HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n",
			       methods[i % ARRAY_LEN(methods)], bad[i / ARRAY_LEN(methods)]);
		got = http_exchange(loop, http_port(http), request);
		ck_begins(got, "HTTP/1.1 421 Misdirected Request\r\n");
		ck_assert_ptr_null(strstr(got, "path"));
		free(got);
	}
	ck_assert_uint_eq(asked, 0);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		(void)snprintf(request, sizeof(request), "GET /x HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
		got = http_exchange(loop, http_port(http), request);
		ck_begins(got, "HTTP/1.1 200 OK\r\n");
		free(got);
	}
}
END_TEST

START_TEST(big_answer)
{
	char *got = http_exchange(loop, http_port(http), "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");

	ck_begins(got, "HTTP/1.1 200 OK\r\n");
	ck_assert_ptr_nonnull(strstr(got, "Content-Length: 1000000\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "Content-Security-Policy: sandbox\r\n"));
	ck_assert_uint_eq(strlen(strstr(got, "\r\n\r\n") + 4), 1000000);
	free(got);
}
END_TEST

/* What is no HTTP, or too much of it, ends that connection; the next one is served. */
START_TEST(garbage)
{
	static const char *const bad[] = {"\x16\x03\x01\x02\x00\x01\r\n\r\n", "GET\r\n\r\n", "\r\n\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"};
	char *got, *big = malloc(20000);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int fd = http_dial(http_port(http));

		ck_assert_int_gt(write(fd, bad[i], strlen(bad[i])), 0);
		ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
		got = http_receive(loop, fd);
		ck_assert_ptr_null(strstr(got, "200 OK"));
		free(got);
	}
	ck_assert_ptr_nonnull(big);
	memset(big, 'a', 20000);
	memcpy(big, "GET / HTTP/1.1\r\nX: ", 19);
	memcpy(big + 19995, "\r\n\r\n", 5);
	got = http_exchange(loop, http_port(http), big);
	ck_assert_ptr_null(strstr(got, "200 OK"));
	free(got);
	free(big);
	got = http_exchange(loop, http_port(http), "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	ck_begins(got, "HTTP/1.1 200 OK\r\n");
	free(got);
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(closing_with_a_client_inside)
{
	int fd = http_dial(http_port(http));

	ck_assert_int_eq(write(fd, "GET /x HT", 9), 9);
	ck_assert_int_eq(loop_turn(loop), 0);
	http_close(http);
	http = NULL;
	close(fd);
	http_close(NULL);
}
END_TEST

/* Out of file descriptors the server waits instead of spinning, and goes on when there are some. */
START_TEST(no_file_descriptor)
{
	struct rlimit limit, none;
	int fd = http_dial(http_port(http)), ready = -1;
	const char *request = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char *got;

	ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)fd + 1;
	ready = dup(fd); /* the last number */
	while (ready >= 0 && (rlim_t)ready < none.rlim_cur)
		ready = dup(fd);
	close(ready);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(loop_turn(loop), 0); /* the accept that fails */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(asked, 0);
	got = http_receive(loop, fd); /* after the pause */
	ck_begins(got, "HTTP/1.1 200 OK\r\n");
	free(got);
}
END_TEST

START_TEST(addresses)
{
	static const char *const bad[] = {"", "9464", "127.0.0.1", "127.0.0.1:", ":1", "127.0.0.1:65536", "127.0.0.1:x", "[]:1"};
	struct http *h = NULL;
	char taken[64];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_int_eq(http_listen(loop, bad[i], answer, NULL, &h, why, sizeof(why)), ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(why, "want HOST:PORT"));
	}
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%u", http_port(http));
	ck_assert_int_eq(http_listen(loop, taken, answer, NULL, &h, why, sizeof(why)), ERR_IO);
	ck_begins(why, "can't listen on 127.0.0.1:");
	ck_ends(why, ": Address already in use");
	ck_assert_int_eq(http_listen(loop, "192.0.2.1:0", answer, NULL, &h, why, sizeof(why)), ERR_IO);
	ck_ends(why, ": Cannot assign requested address");
	ck_assert_ptr_null(h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers);
	tcase_add_test(t, path_without_query);
	tcase_add_test(t, statuses);
	tcase_add_test(t, head_has_no_body);
	tcase_add_test(t, other_methods);
	tcase_add_test(t, names_of_others);
	tcase_add_test(t, big_answer);
	tcase_add_test(t, garbage);
	tcase_add_test(t, closing_with_a_client_inside);
	tcase_add_test(t, no_file_descriptor);
	tcase_add_test(t, addresses);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
