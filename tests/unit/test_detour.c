#include <check.h>

#include "rdkafka/detour.h"
#include "suite.h"

START_TEST(names)
{
	static const struct {
		const char *name, *host;
		uint16_t port;
	} table[] = {
		{"kafka-1:9092/bootstrap", "kafka-1", 9092}, {"127.0.0.1:1/17", "127.0.0.1", 1},
		{"[::1]:65535/2", "::1", 65535},             {"::1:9092/2", "::1", 9092},
		{"kafka:9092", "kafka", 9092},
	};
	static const char *const bad[] = {"", "/", "kafka/1", "kafka:/1", ":9092/1", "kafka:0/1", "kafka:65536/1", "kafka:x/1",
					  "[]:1/1", "GroupCoordinator"};
	char host[32];
	uint16_t port;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		ck_assert_int_eq(detour_split(table[i].name, host, sizeof(host), &port), 0);
		ck_assert_str_eq(host, table[i].host);
		ck_assert_uint_eq(port, table[i].port);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(detour_split(bad[i], host, sizeof(host), &port), ERR_MALFORMED);
	ck_assert_int_eq(detour_split("a-host-whose-name-is-longer-than-that:9092/1", host, sizeof(host), &port), ERR_MALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("detour");
	TCase *t = tcase_create("detour");

	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return suite_run(s);
}
