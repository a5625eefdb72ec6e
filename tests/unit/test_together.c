#include "config/together.h"

#include <check.h>

#include "suite.h"

static const struct {
	const char *address, *port, *admin;
	bool good;
} cases[] = {
	{"127.0.0.1", "9092", "127.0.0.1:9464", true},
	{"127.0.0.1", "9092", "127.0.0.1:9092", false},
	{"127.0.0.1", "9092", "127.0.0.2:9092", true},
	{"0.0.0.0", "9092", "127.0.0.1:9092", false},
	{"127.0.0.1", "9092", "0.0.0.0:9092", false},
	{"0.0.0.0", "9092", "[::1]:9092", true},
	{"::1", "9092", "0.0.0.0:9092", true},
	{"::1", "9092", "[::1]:9092", false},
	{"::1", "9092", "[0:0:0::1]:9092", false},
	{"::", "9092", "127.0.0.1:9092", false},
	{"127.0.0.1", "9092", "[::]:9092", false},
	{"127.0.0.1", "0", "127.0.0.1:0", true}, /* any two that are free */
	{"127.0.0.1", "9092", "127.0.0.1:0", true},
	{"127.0.0.1", "9092", "", true},
	{"127.0.0.1", "9092", "localhost:9092", true}, /* whose address isn't known here */
};

START_TEST(ports)
{
	const struct config_override o[] = {{"listen.address", cases[_i].address, NULL},
					    {"listen.bootstrap.port", cases[_i].port, NULL},
					    {"admin.listen", cases[_i].admin, NULL}};
	struct config *c = NULL;
	char why[512] = "", want[512];
	int err = config_load(NULL, o, ARRAY_LEN(o), &c, why, sizeof(why));

	(void)snprintf(want, sizeof(want),
		       "admin.listen: %s is where clients are listened to (listen.address, listen.bootstrap.port); it wants a port of its own",
		       cases[_i].admin);
	ck_assert_int_eq(err, cases[_i].good ? 0 : ERR_CONFIG);
	ck_assert_str_eq(why, cases[_i].good ? "" : want);
	config_unref(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("together");
	TCase *t = tcase_create("together");

	tcase_add_loop_test(t, ports, 0, (int)ARRAY_LEN(cases));
	suite_add_tcase(s, t);
	return suite_run(s);
}
