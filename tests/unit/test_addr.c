#include "net/addr.h"

#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static const char *
text_of(const struct addr *a)
{
	static char out[ADDR_TEXT_MAX];

	return addr_text(a, out);
}

START_TEST(parses)
{
	static const struct {
		const char *host;
		uint16_t port;
		int family;
		const char *text;
	} cases[] = {
		{"127.0.0.1", 9092, AF_INET, "127.0.0.1:9092"},
		{"0.0.0.0", 0, AF_INET, "0.0.0.0:0"},
		{"255.255.255.255", 65535, AF_INET, "255.255.255.255:65535"},
		{"::1", 9092, AF_INET6, "[::1]:9092"},
		{"::", 1, AF_INET6, "[::]:1"},
		{"2001:DB8:0:0::1", 80, AF_INET6, "[2001:db8::1]:80"},
		{"::ffff:127.0.0.1", 80, AF_INET6, "[::ffff:127.0.0.1]:80"},
		{"1111:2222:3333:4444:5555:6666:7777:8888", 65535, AF_INET6, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr a;

		ck_assert_int_eq(addr_parse(cases[i].host, cases[i].port, &a), 0);
		ck_assert_int_eq(a.ss.ss_family, cases[i].family);
		ck_assert_uint_eq(a.len, cases[i].family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		ck_assert_uint_eq(addr_port(&a), cases[i].port);
		ck_assert_str_eq(text_of(&a), cases[i].text);
		addr_set_port(&a, 258);
		ck_assert_uint_eq(addr_port(&a), 258);
	}
}
END_TEST

START_TEST(no_numbers)
{
	static const char *const bad[] = {"",          "localhost", "127.0.0",   "127.0.0.256", "127.0.0.1:9092", "127.0.0.1 ",
					  "0x7f.0.0.1", "[::1]",     "::1::",     ":::",         "::g",            "1::2::3",
					  "fe80::1%lo", "*"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct addr a = {.len = 77};

		ck_assert_msg(addr_parse(bad[i], 1, &a) == ERR_MALFORMED, "%s", bad[i]);
		ck_assert_uint_eq(a.len, 77);
	}
}
END_TEST

START_TEST(splits)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} cases[] = {
		{"broker:9092", "broker", 9092},
		{"a.b-c.example:1", "a.b-c.example", 1},
		{"10.0.0.1:65535", "10.0.0.1", 65535},
		{"[::1]:9092", "::1", 9092},
		{"[fe80::1%eth0]:443", "fe80::1%eth0", 443},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice host;
		uint16_t port;

		ck_assert_int_eq(addr_split(slice_str(cases[i].text), &host, &port), 0);
		ck_assert(slice_eq(host, slice_str(cases[i].host)));
		ck_assert_uint_eq(port, cases[i].port);
	}
}
END_TEST

START_TEST(splits_none)
{
	static const char *const bad[] = {"",        ":",           ":9092",      "host",      "host:",        "host:0",
					  "host:65536", "host:99999", "host:100000", "host:-1",   "host:+1",      "host: 1",
					  "host:1 ",  "host:9092x",  "host:0x50",  "::1:9092",  "::1",          "[::1]",
					  "[::1]:",   "[::1]:0",     "[]:9092",    "[::1:9092", "::1]:9092",    "host:1:2"};
	struct slice host = slice_str("untouched");
	uint16_t port = 77;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(addr_split(slice_str(bad[i]), &host, &port) == ERR_MALFORMED, "%s", bad[i]);
	ck_assert_int_eq(addr_split((struct slice){NULL, 0}, &host, &port), ERR_MALFORMED);
	ck_assert(slice_eq(host, slice_str("untouched")));
	ck_assert_uint_eq(port, 77);
}
END_TEST

/* Every prefix of it: the bytes behind a slice are nobody's. */
START_TEST(splits_prefixes)
{
	static const char whole[] = "[2001:db8::1]:9092";
	struct slice host;
	uint16_t port;

	for (size_t n = 0; n < sizeof(whole); n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1);
		bool port_begun = n > strlen("[2001:db8::1]:");

		memcpy(copy, whole, n);
		ck_assert_int_eq(addr_split(slice_of(copy, n), &host, &port), port_begun ? 0 : ERR_MALFORMED);
		free(copy);
	}
	ck_assert_int_eq(addr_split(slice_of(whole, sizeof(whole)), &host, &port), ERR_MALFORMED); /* NUL is no digit */
}
END_TEST

START_TEST(sockets)
{
	struct addr at, own, peer, none;
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int accepted;

	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&at.ss, at.len), 0);
	ck_assert_int_eq(listen(server, 1), 0);
	own = addr_of_socket(server);
	ck_assert_uint_ne(addr_port(&own), 0);
	none = addr_of_peer(server); /* it has none */
	ck_assert_uint_eq(none.len, 0);
	ck_assert_str_eq(text_of(&none), "?");
	ck_assert_uint_eq(addr_port(&none), 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&own.ss, own.len), 0);
	accepted = accept(server, NULL, NULL);
	ck_assert_int_ge(accepted, 0);
	peer = addr_of_peer(client);
	ck_assert_str_eq(text_of(&peer), text_of(&own));
	peer = addr_of_peer(accepted);
	own = addr_of_socket(client);
	ck_assert_uint_eq(addr_port(&peer), addr_port(&own));
	none = addr_of_socket(-1);
	ck_assert_uint_eq(none.len, 0);
	close(server), close(client), close(accepted);
}
END_TEST

START_TEST(neither_family)
{
	struct addr a = {0};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_str_eq(text_of(&a), "?");
	a = addr_of_peer(fds[0]);
	ck_assert_str_eq(text_of(&a), "?");
	ck_assert_uint_eq(addr_port(&a), 0);
	close(fds[0]), close(fds[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("addr");
	TCase *t = tcase_create("addr");

	tcase_add_test(t, parses);
	tcase_add_test(t, no_numbers);
	tcase_add_test(t, splits);
	tcase_add_test(t, splits_none);
	tcase_add_test(t, splits_prefixes);
	tcase_add_test(t, sockets);
	tcase_add_test(t, neither_family);
	suite_add_tcase(s, t);
	return suite_run(s);
}
