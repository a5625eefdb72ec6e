#include "net/http_host.h"

#include "suite.h"

static const char *const names[] = {"Edge-1.example", "metrics"};

static bool
ours(const char *value)
{
	return http_host_is_ours(slice_str(value), names, ARRAY_LEN(names));
}

START_TEST(meant_for_us)
{
	static const char *const good[] = {"127.0.0.1",  "127.0.0.1:9464", "10.1.2.3:80",	  "[::1]",   "[::1]:9464", "localhost",
					   "LocalHost:1", "edge-1.EXAMPLE", "Edge-1.example:9464", "metrics", "metrics:0"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_msg(ours(good[i]), "%s", good[i]);
}
END_TEST

/* Names of others, and what begins or ends like one of ours. */
START_TEST(meant_for_others)
{
	static const char *const bad[] = {"",	       "rebound.example",      "localhost.example",  "xlocalhost", "127.0.0.1.example",
					  "1.2.3",     "::1",		       "[::1",		     "[]",	   "[127.0.0.1]",
					  "[::1]x",    "metrics.example",      "edge-1.example.",    ":9464",	   "localhost:x",
					  "127.0.0.1:", "127.0.0.1:65536",     "localhost:-1",	     "[::1%lo]:1", "metrics,localhost",
					  " localhost", "localhost@evil", "evil:1:localhost:80"};
	char huge[70000];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!ours(bad[i]), "%s", bad[i]);
	ck_assert(!http_host_is_ours(slice_of("localhost\0.example", 18), names, ARRAY_LEN(names)));
	memset(huge, '1', sizeof(huge));
	ck_assert(!http_host_is_ours(slice_of(huge, sizeof(huge)), names, ARRAY_LEN(names)));
	huge[0] = '[';
	huge[sizeof(huge) - 1] = ']';
	ck_assert(!http_host_is_ours(slice_of(huge, sizeof(huge)), names, ARRAY_LEN(names)));
}
END_TEST

START_TEST(all_names)
{
	static const char *const any[] = {"x", "*"};

	ck_assert(http_host_is_ours(slice_str("rebound.example"), any, 2));
	ck_assert(!http_host_is_ours(slice_str("rebound.example"), NULL, 0));
	ck_assert(http_host_is_ours(slice_str("localhost"), NULL, 0));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_host");
	TCase *t = tcase_create("http_host");

	tcase_add_test(t, meant_for_us);
	tcase_add_test(t, meant_for_others);
	tcase_add_test(t, all_names);
	suite_add_tcase(s, t);
	return suite_run(s);
}
