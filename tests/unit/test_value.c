#include <check.h>

#include "config/value.h"

static struct config c;
static char why[512];

static const struct key *
key(const char *path)
{
	const struct key *k = value_key(slice_str(path));

	ck_assert_ptr_nonnull(k);
	return k;
}

static int
set(const char *path, const char *text)
{
	why[0] = '\0';
	return value_set(&c, key(path), text, why, sizeof(why));
}

static void
clear(void)
{
	for (size_t i = 0; i < config_key_count; i++)
		value_clear(&c, &config_keys[i]);
	memset(&c, 0, sizeof(c));
}

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"10ms", 10}, {"10s", 10000}, {"5m", 300000}, {"1h", 3600000}, {"1d", 86400000}};
	static const char *const bad[] = {"10",  "",    "s",    "10 s",  "1.5s", "-1s", "10S", "10sec", "01s",
					  "9ms", "25h", "1s1s", "99999999999999999999s", "9223372036854775807d"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_int_eq(set("attest.window.max.age", good[i].text), 0);
		ck_assert_int_eq(c.attest_window_max_age, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (set("attest.window.max.age", bad[i]) != ERR_CONFIG)
			ck_abort_msg("\"%s\" was taken", bad[i]);
		ck_assert_ptr_nonnull(strstr(why, "attest.window.max.age"));
	}
	ck_assert_int_eq(c.attest_window_max_age, 86400000); /* untouched */
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {{"65536", 65536}, {"65536B", 65536}, {"100KiB", 102400}, {"64MiB", 67108864}, {"1GiB", 1073741824}};
	static const char *const bad[] = {"64MB", "64M", "64 MiB", "-64MiB", "1.5GiB", "", "MiB", "65535", "2GiB", "8GiB"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_int_eq(set("listen.max.frame.bytes", good[i].text), 0);
		ck_assert_int_eq(c.listen_max_frame_bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (set("listen.max.frame.bytes", bad[i]) != ERR_CONFIG)
			ck_abort_msg("\"%s\" was taken", bad[i]);
}
END_TEST

START_TEST(numbers_words_and_ports)
{
	ck_assert_int_eq(set("threads", "3"), 0);
	ck_assert_int_eq(c.threads, 3);
	ck_assert_int_eq(set("threads", "65"), ERR_CONFIG);
	ck_assert_str_eq(why, "threads: must be from 0 to 64");
	ck_assert_int_eq(set("threads", "three"), ERR_CONFIG);
	ck_assert_str_eq(why, "threads: \"three\" is not right; want a whole number");
	ck_assert_int_eq(set("attest.enabled", "false"), 0);
	ck_assert(!c.attest_enabled);
	ck_assert_int_eq(set("attest.enabled", "true"), 0);
	ck_assert(c.attest_enabled);
	ck_assert_int_eq(set("attest.enabled", "yes"), ERR_CONFIG);
	ck_assert_int_eq(set("attest.manifest", "leaf+key"), 0);
	ck_assert_int_eq(c.attest_manifest, 1);
	ck_assert_int_eq(set("log.level", "DEBUG"), 0);
	ck_assert_int_eq(c.log_level, 3);
	ck_assert_int_eq(set("log.level", "loud"), ERR_CONFIG);
	ck_assert_str_eq(why, "log.level: \"loud\" is not right; want error|warn|info|debug");
	ck_assert_int_eq(set("log.level", "error|warn"), ERR_CONFIG);
	ck_assert_int_eq(set("log.level", ""), ERR_CONFIG);
	ck_assert_int_eq(set("listen.broker.ports", "1-65535"), 0);
	ck_assert_uint_eq(c.listen_broker_ports.first, 1);
	ck_assert_uint_eq(c.listen_broker_ports.last, 65535);
	ck_assert_int_eq(set("listen.broker.ports", "9092"), ERR_CONFIG);
	ck_assert_int_eq(set("listen.broker.ports", "0-5"), ERR_CONFIG);
	ck_assert_int_eq(set("listen.broker.ports", "5-4"), ERR_CONFIG);
	ck_assert_int_eq(set("listen.broker.ports", "1-65536"), ERR_CONFIG);
	ck_assert_int_eq(set("listen.broker.ports", "1-2-3"), ERR_CONFIG);
}
END_TEST

START_TEST(secrets_stay_secret)
{
	struct wr w = wr_new(256);

	ck_assert_int_eq(set("kafka.sasl.password", "hunter2"), 0);
	value_dump(&c, value_key(slice_str("kafka.sasl.password")), &w);
	ck_assert_ptr_null(memmem(w.buf, w.len, "hunter2", 7));
	wr_free(&w);
}
END_TEST

/* Every default is good, comes back from the dump, and equals itself. */
START_TEST(defaults_and_dump)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct key *k = &config_keys[i];
		struct config other = {0};
		struct wr w = wr_new(1000);

		if (k->type == KEY_LIST || k->type == KEY_MAP)
			continue;
		ck_assert_int_eq(set(k->path, k->def), 0);
		value_dump(&c, k, &w);
		if (k->type == KEY_STRING) { /* in quotes */
			w.len--;
			w.buf[w.len] = '\0';
			ck_assert_int_eq(value_set(&other, k, (char *)w.buf + 1, why, sizeof(why)), 0);
		} else {
			wr_u8(&w, '\0');
			ck_assert_str_eq((char *)w.buf, k->def);
			ck_assert_int_eq(value_set(&other, k, (char *)w.buf, why, sizeof(why)), 0);
		}
		ck_assert(value_equal(&c, &other, k));
		value_clear(&other, k);
		wr_free(&w);
	}
}
END_TEST

START_TEST(lists_and_maps)
{
	const struct key *topics = key("attest.topics"), *claims = key("attest.claims");
	struct wr w = wr_new(1000);

	ck_assert_int_eq(value_add_item(&c, topics, "a*"), 0);
	ck_assert_int_eq(value_add_item(&c, topics, "b\"c"), 0);
	value_dump(&c, topics, &w);
	ck_assert(slice_eq(wr_slice(&w), slice_str("[\"a*\", \"b\\\"c\"]")));
	wr_reset(&w);
	ck_assert_int_eq(value_add_pair(&c, claims, "firmware", "4.2.1"), 0);
	ck_assert_int_eq(value_add_pair(&c, claims, "firmware", "5"), ERR_EXISTS);
	ck_assert_int_eq(value_add_pair(&c, claims, "line", "a\nb"), 0);
	value_dump(&c, claims, &w);
	ck_assert(slice_eq(wr_slice(&w), slice_str("{\"firmware\": \"4.2.1\", \"line\": \"a\\u000ab\"}")));
	wr_free(&w);
}
END_TEST

START_TEST(nearest_key)
{
	ck_assert_str_eq(value_key_nearest(slice_str("listen.adress")), "listen.address");
	ck_assert_str_eq(value_key_nearest(slice_str("attest.window.record")), "attest.window.records");
	ck_assert_str_eq(value_key_nearest(slice_str("kafka.bootstrap.server")), "kafka.bootstrap.servers");
	ck_assert_ptr_null(value_key_nearest(slice_str(""))); /* none is near what is nothing like a key */
	ck_assert_ptr_null(value_key_nearest(slice_str("foo")));
	ck_assert_ptr_null(value_key_nearest(slice_str("kafka.sasl.user")));
	ck_assert_ptr_null(value_key(slice_str("listen")));
	ck_assert_ptr_null(value_key(slice_str("listen.address.")));
	ck_assert(value_key_prefix(slice_str("listen")));
	ck_assert(value_key_prefix(slice_str("listen.bootstrap")));
	ck_assert(!value_key_prefix(slice_str("listen.boot")));
	ck_assert(!value_key_prefix(slice_str("listen.address")));
	ck_assert(!value_key_prefix(slice_str("")));
}
END_TEST

static void
ck_expand(const char *text, const char *want)
{
	char *got = NULL;
	int err = value_expand(text, false, &got, why, sizeof(why));

	if (want == NULL) {
		ck_assert_int_eq(err, ERR_CONFIG);
		ck_assert_ptr_null(got);
		return;
	}
	ck_assert_int_eq(err, 0);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(environment)
{
	ck_assert_int_eq(setenv("MAKOTO_TEST_SET", "va${lue}", 1), 0);
	ck_assert_int_eq(setenv("MAKOTO_TEST_EMPTY", "", 1), 0);
	ck_assert_int_eq(unsetenv("MAKOTO_TEST_UNSET"), 0);
	ck_expand("", "");
	ck_expand("plain $ {x} $NAME", "plain $ {x} $NAME");
	ck_expand("<${MAKOTO_TEST_SET}>", "<va${lue}>"); /* what it holds is not looked into */
	ck_expand("${MAKOTO_TEST_SET}${MAKOTO_TEST_EMPTY}", "va${lue}");
	ck_expand("${MAKOTO_TEST_EMPTY:-x}", "x"); /* as in a shell */
	ck_expand("${MAKOTO_TEST_EMPTY:-}", "");
	ck_expand("<${MAKOTO_TEST_EMPTY}>", "<>");
	ck_expand("${MAKOTO_TEST_UNSET:-}", "");
	ck_expand("${MAKOTO_TEST_UNSET:-a:b-c}/d", "a:b-c/d");
	ck_expand("${-:-$}{x}", "${x}");
	ck_expand("$${x}", "${x}");
	ck_expand("a$${b}$${", "a${b}${");
	ck_expand("$$ $$x $$${x", "$$ $$x $${x"); /* only in front of a brace is it an escape */
	ck_expand("$${${MAKOTO_TEST_UNSET:-y}}", "${y}");
	ck_expand("${MAKOTO_TEST_UNSET}", NULL);
	ck_assert_ptr_nonnull(strstr(why, "MAKOTO_TEST_UNSET"));
	ck_expand("${}", NULL);
	ck_expand("${:-x}", NULL);
	ck_expand("${MAKOTO", NULL);
	ck_expand("${MAKOTO:x}", NULL);
	ck_expand("caf\xc3\xa9", "caf\xc3\xa9");
	ck_expand("caf\xe9", NULL);
	ck_assert_str_eq(why, "the value is not UTF-8");
}
END_TEST

/* What stands behind ${ may be the rest of a password: a message has no more of it than a variable's name, and of a secret not that. */
START_TEST(secrets_are_not_told)
{
	static const char *const texts[] = {"pre${post-secret!", "pre${post-secret}", "pre${post:secret}", "pre${}post-secret",
					    "pre${post-secret:-}${"};
	char *got = NULL;

	for (int secret = 0; secret < 2; secret++)
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			int err = value_expand(texts[i], secret, &got, why, sizeof(why));

			ck_assert_int_eq(err, ERR_CONFIG);
			ck_assert_ptr_null(strstr(why, "post"));
			ck_assert_ptr_null(strstr(why, "secret"));
		}
	ck_assert_int_eq(unsetenv("MAKOTO_TEST_UNSET"), 0);
	ck_assert_int_eq(value_expand("x${MAKOTO_TEST_UNSET}", false, &got, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "MAKOTO_TEST_UNSET"));
	ck_assert_int_eq(value_expand("x${MAKOTO_TEST_UNSET}", true, &got, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(strstr(why, "MAKOTO_TEST_UNSET"));
	ck_assert_int_eq(value_expand("${MAKOTO_TEST_UNSET}", true, &got, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "MAKOTO_TEST_UNSET")); /* a variable and nothing else */
	ck_assert_ptr_null(got);
}
END_TEST

START_TEST(table_is_in_order)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct key *k = &config_keys[i];

		ck_assert_ptr_eq(value_key(slice_str(k->path)), k); /* no path stands there twice */
		ck_assert(!value_key_prefix(slice_str(k->path)) || k->type == KEY_STRING); /* a mapping there is the section */
		ck_assert_uint_gt(strlen(k->doc), 10);
		ck_assert_int_eq(k->doc[strlen(k->doc) - 1], '.');
		ck_assert((k->type == KEY_ENUM) == (k->choices != NULL));
		ck_assert(k->min <= k->max);
		ck_assert_ptr_nonnull(value_type_name(k->type));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("value");
	TCase *t = tcase_create("value");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, NULL, clear);
	tcase_add_test(t, durations);
	tcase_add_test(t, sizes);
	tcase_add_test(t, numbers_words_and_ports);
	tcase_add_test(t, secrets_stay_secret);
	tcase_add_test(t, defaults_and_dump);
	tcase_add_test(t, lists_and_maps);
	tcase_add_test(t, nearest_key);
	tcase_add_test(t, environment);
	tcase_add_test(t, secrets_are_not_told);
	tcase_add_test(t, table_is_in_order);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
