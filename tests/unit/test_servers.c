#include <check.h>

#include "proxy/servers.h"
#include "suite.h"

static char why[200];

START_TEST(good)
{
	static const char text[] = " kafka-1:9092,, [::1]:1 ,10.0.0.7:65535,";
	static const char *const hosts[] = {"kafka-1", "::1", "10.0.0.7"};
	static const uint16_t ports[] = {9092, 1, 65535};
	struct servers s;

	ck_assert_int_eq(servers_read(text, &s, why, sizeof(why)), 0);
	ck_assert_uint_eq(s.count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert(slice_eq(s.list[i].host, slice_str(hosts[i])));
		ck_assert_uint_eq(s.list[i].port, ports[i]);
	}
	servers_clear(&s);
	ck_assert_ptr_null(s.list);
	servers_clear(&s);
}
END_TEST

START_TEST(bad)
{
	static const char *const texts[] = {"", ",", "  ", "kafka", "kafka:", "kafka:0", "kafka:65536", ":9092", "a:1,b", "a:x"};
	struct servers s = {NULL, 17, NULL};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		ck_assert_msg(servers_read(texts[i], &s, why, sizeof(why)) == ERR_CONFIG, "%s", texts[i]);
		ck_assert_ptr_nonnull(strstr(why, "want HOST:PORT"));
		ck_assert_uint_eq(s.count, 17); /* untouched */
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("servers");
	TCase *t = tcase_create("servers");

	tcase_add_test(t, good);
	tcase_add_test(t, bad);
	suite_add_tcase(s, t);
	return suite_run(s);
}
