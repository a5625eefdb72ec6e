#include "kafka/configs.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"

static bool
taken(int16_t version, struct slice body)
{
	return configs_read(version, body, NULL, NULL) == 0;
}

START_TEST(as_the_walker)
{
	message_same(&(struct message_same){API_DESCRIBE_CONFIGS, true, taken, NULL});
}
END_TEST

static char seen[256];

static void
entry(void *arg, struct slice topic, int16_t error, struct slice name, struct slice value)
{
	size_t n = strlen(seen);

	(void)arg;
	if (error != 0)
		(void)snprintf(seen + n, sizeof(seen) - n, "%.*s!%d ", (int)topic.n, (const char *)topic.p, error);
	else
		(void)snprintf(seen + n, sizeof(seen) - n, "%.*s.%.*s=%.*s%s ", (int)topic.n, (const char *)topic.p,
			       (int)name.n, (const char *)name.p, (int)value.n,
			       value.p == NULL ? "" : (const char *)value.p, value.p == NULL ? "(null)" : "");
}

static void
ck_told(int16_t version, const char *hex, const char *want)
{
	struct wr w = hex_of(hex);

	seen[0] = '\0';
	ck_assert_int_eq(configs_read(version, wr_slice(&w), entry, NULL), 0);
	ck_assert_str_eq(seen, want);
	wr_free(&w);
}

START_TEST(entries)
{
	ck_told(1, "00000000 00000001 0000 ffff 02 0001 't' 00000002 | 0004 'name' 0003 '100' 00 05 00 00000000 | "
		   "0001 'n' ffff 00 05 01 00000001 0001 's' 0001 'v' 04", "t.name=100 t.n=(null) ");
	ck_told(4, "00000000 02 0000 00 02 02 't' 02 | 05 'name' 04 '100' 00 05 00 02 02 's' 02 'v' 04 00 02 00 00 | 00 00",
		"t.name=100 ");
	/* an error: nothing is told but it */
	ck_told(4, "00000000 02 0003 02 'e' 02 02 't' 02 | 05 'name' 04 '100' 00 05 00 01 02 00 00 | 00 00", "t!3 ");
	/* several topics, and none */
	ck_told(4, "00000000 04 0000 00 02 02 't' 02 | 05 'name' 04 '100' 00 05 00 01 02 00 00 | 00 "
		   "001d 00 02 02 'u' 01 00 | 0000 00 02 02 'v' 02 | 02 'x' 02 'y' 00 05 00 01 02 00 00 | 00 00",
		"t.name=100 u!29 v.x=y ");
	ck_told(4, "00000000 01 00", "");
}
END_TEST

START_TEST(requests)
{
	static const char *const names[] = {"a", "bc"};
	struct slice t = slice_str("t"), two[] = {slice_str("t"), slice_str("uv")};
	struct wr w = wr_new(1000);

	for (int16_t v = CONFIGS_MIN; v <= CONFIGS_MAX; v++) {
		wr_reset(&w);
		configs_request_write(v, two, 2, names, 2, &w);
		ck_assert_int_eq(schema_walk(API_DESCRIBE_CONFIGS, false, v, wr_slice(&w), NULL, NULL, NULL), 0);
	}
	wr_reset(&w);
	configs_request_write(1, &t, 1, names, 2, &w);
	ck_hex(wr_slice(&w), "00000001 02 0001 't' 00000002 0001 'a' 0002 'bc' 00");
	wr_reset(&w);
	configs_request_write(4, &t, 1, names, 2, &w);
	ck_hex(wr_slice(&w), "02 02 02 't' 03 02 'a' 03 'bc' 00 00 00 00");
	wr_reset(&w);
	configs_request_write(4, two, 2, names, 1, &w);
	ck_hex(wr_slice(&w), "03 02 02 't' 02 02 'a' 00 | 02 03 'uv' 02 02 'a' 00 | 00 00 00");
	wr_free(&w);
}
END_TEST

START_TEST(unknown_versions)
{
	ck_assert_int_eq(configs_read(0, slice_of("", 0), NULL, NULL), ERR_UNSUPPORTED);
	ck_assert_int_eq(configs_read(5, slice_of("", 0), NULL, NULL), ERR_UNSUPPORTED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("configs");
	TCase *c = tcase_create("configs");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, as_the_walker);
	tcase_add_test(c, entries);
	tcase_add_test(c, requests);
	tcase_add_test(c, unknown_versions);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
