#include <check.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/value.h"

static char why[1024];

static struct config *
good(const char *text, const struct config_override *overrides, size_t count)
{
	struct config *c = NULL;
	int err = config_load_text("f.yaml", slice_str(text), overrides, count, &c, why, sizeof(why));

	ck_assert_msg(err == 0, "%s", why);
	return c;
}

static char *
dumped(const struct config *c)
{
	struct wr w = wr_new(1 << 20);

	config_dump(c, &w);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	return (char *)w.buf;
}

START_TEST(no_file_at_all)
{
	static const struct config_override b[] = {{"kafka.bootstrap.servers", "kafka:9092", "-b"}};
	struct config *c = NULL;

	ck_assert_int_eq(config_load(NULL, b, 1, &c, why, sizeof(why)), 0);
	ck_assert_str_eq(c->kafka_bootstrap_servers, "kafka:9092");
	ck_assert_str_eq(c->listen_address, "127.0.0.1");
	ck_assert_uint_eq(c->listen_broker_ports.first, 19092);
	ck_assert_int_eq(c->attest_window_max_age, 10000);
	ck_assert_int_eq(c->listen_max_frame_bytes, 100 * 1024 * 1024);
	ck_assert_uint_eq(c->attest_exclude.count, 2);
	ck_assert_str_eq(c->attest_exclude.items[1], "makoto.*");
	ck_assert(c->attest_enabled);
	config_unref(c);
	config_unref(NULL);
}
END_TEST

START_TEST(attested_topics)
{
	struct config *c = good("", NULL, 0);

	ck_assert(config_attests(c, slice_str("orders")));
	ck_assert(!config_attests(c, slice_str("__consumer_offsets")));
	ck_assert(!config_attests(c, slice_str("makoto.dbom")));
	config_unref(c);
	c = good("attest: {topics: [orders-*, bills], exclude: [orders-tmp]}", NULL, 0);
	ck_assert(config_attests(c, slice_str("orders-1")));
	ck_assert(config_attests(c, slice_str("bills")));
	ck_assert(!config_attests(c, slice_str("bill")));
	ck_assert(!config_attests(c, slice_str("orders-tmp")));
	config_unref(c);
}
END_TEST

/* Which statements are read, where, and what headers may call their topics. */
START_TEST(statement_topics)
{
	static const struct {
		const char *text, *said;
	} bad[] = {
		{"verify.dbom.topics: [a, 'b,c']", "f.yaml:1:25: verify.dbom.topics: \"b,c\" is not right; want the name of a Kafka topic"},
		{"verify: {dbom.topics: [a, b, a]}", "verify.dbom.topics: a stands there twice"},
		{"verify.dbom.topics: a", "want a list"},
	};
	struct config *c = good("kafka.bootstrap.servers: here:1", NULL, 0);
	struct wr w = wr_new(1 << 10);

	ck_assert_uint_eq(config_dbom_topics(c).count, 1);
	ck_assert_str_eq(config_dbom_topics(c).items[0], "makoto.dbom");
	ck_assert_str_eq(config_dbom_servers(c), "here:1");
	config_dbom_names(c, &w);
	ck_assert(slice_eq(wr_slice(&w), slice_str("makoto.dbom")));
	ck_assert(config_is_dbom(c, slice_str("makoto.dbom")) && !config_is_dbom(c, slice_str("makoto.dbom2")));
	config_unref(c);
	wr_reset(&w);
	c = good("attest.dbom.topic: own\nverify: {dbom.topics: [west.dbom, own]}\nkafka.bootstrap.servers: here:1", NULL, 0);
	ck_assert_uint_eq(config_dbom_topics(c).count, 2);
	ck_assert_str_eq(config_dbom_topics(c).items[1], "own");
	config_dbom_names(c, &w);
	ck_assert(slice_eq(wr_slice(&w), slice_str("own,west.dbom,own")));
	ck_assert(config_is_dbom(c, slice_str("own")) && config_is_dbom(c, slice_str("west.dbom")) && !config_is_dbom(c, slice_str("makoto.dbom")));
	config_unref(c);
	c = good("verify.dbom: {topics: [west.dbom], bootstrap.servers: 'there:1'}\nkafka.bootstrap.servers: here:1", NULL, 0);
	ck_assert_str_eq(config_dbom_servers(c), "there:1");
	ck_assert(config_is_dbom(c, slice_str("makoto.dbom")) && !config_is_dbom(c, slice_str("west.dbom"))); /* that is there */
	config_unref(c);
	wr_free(&w);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c = NULL;
		ck_assert_int_eq(config_load_text("f.yaml", slice_str(bad[i].text), NULL, 0, &c, why, sizeof(why)), ERR_CONFIG);
		ck_assert_msg(strstr(why, bad[i].said) != NULL, "%s", why);
		ck_assert_ptr_null(c);
	}
}
END_TEST

START_TEST(counted)
{
	struct config *c = good("", NULL, 0);

	ck_assert_ptr_eq(config_ref(c), c);
	config_unref(c);
	ck_assert_str_eq(c->admin_listen, "127.0.0.1:9464");
	config_unref(c);
}
END_TEST

/* What the command line says wins, in its order. */
START_TEST(overrides)
{
	static const struct config_override o[] = {
		{"threads", "1", NULL},
		{"threads", "2", NULL},
		{"attest.topics", "[a, \"b*\"]", NULL},
		{"attest.claims", "{firmware: '${MAKOTO_TEST_SET}'}", NULL},
		{"attest.location", "${MAKOTO_TEST_SET}", NULL},
		{"admin.listen", "", NULL},
	};
	struct config *c;

	ck_assert_int_eq(setenv("MAKOTO_TEST_SET", "${HOME}", 1), 0);
	c = good("threads: 7\nattest: {topics: [x], claims: {a: b}}\n", o, ARRAY_LEN(o));
	ck_assert_int_eq(c->threads, 2);
	ck_assert_uint_eq(c->attest_topics.count, 2);
	ck_assert_str_eq(c->attest_topics.items[1], "b*");
	ck_assert_uint_eq(c->attest_claims.count, 1);
	ck_assert_str_eq(c->attest_claims.items[0].text, "${HOME}"); /* read once, not twice */
	ck_assert_str_eq(c->attest_location, "${HOME}");
	ck_assert_str_eq(c->admin_listen, "");
	config_unref(c);
}
END_TEST

static const struct {
	struct config_override o;
	const char *why;
} bad_overrides[] = {
	{{"thread", "1", NULL}, "-o thread: unknown key; the nearest key is \"threads\""},
	{{"foo", "1", NULL}, "-o foo: unknown key"},
	{{"kafka.sasl.password", "pre${post-secret!", NULL},
	 "-o kafka.sasl.password: ${ with no variable behind it: want ${NAME} or ${NAME:-default}; $${ is ${ itself"},
	{{"threads", "x", NULL}, "-o: threads: \"x\" is not right; want a whole number"},
	{{"threads", "", NULL}, "-o: threads: \"\" is not right; want a whole number"},
	{{"attest.level", "7", NULL}, "-o: attest.level: must be from 1 to 3"},
	{{"attest.topics", "a", NULL}, "-o attest.topics:1:1: attest.topics: \"a\" is not right; want a list such as [a, b]"},
	{{"attest.topics", "[a", NULL}, "-o attest.topics:2:1: not YAML: did not find expected ',' or ']'"},
	{{"attest.topics", "", NULL}, "-o attest.topics:1:1: no value"},
	{{"kafka.bootstrap.servers", "kafka", NULL},
	 "-o: kafka.bootstrap.servers: \"kafka\" is not right; want HOST:PORT or several with commas between, an IPv6 "
	 "address in brackets"},
	{{"attest.location", "${MAKOTO_TEST_UNSET}", NULL},
	 "-o attest.location: the environment has no MAKOTO_TEST_UNSET, and ${MAKOTO_TEST_UNSET:-default} gives no default"},
	{{"verify.mode", "on", NULL}, "-o: verify.mode: \"on\" is not right; want off|observe|enforce"},
	{{"kafka.bootstrap.servers", "a", "-b"},
	 "-b: kafka.bootstrap.servers: \"a\" is not right; want HOST:PORT or several with commas between, an IPv6 address in brackets"},
	{{"kafka.bootstrap.servers", "${MAKOTO_TEST_UNSET}:1", "-b"},
	 "-b: the environment has no MAKOTO_TEST_UNSET, and ${MAKOTO_TEST_UNSET:-default} gives no default"},
};

START_TEST(bad_override)
{
	struct config *c = NULL;

	ck_assert_int_eq(config_load(NULL, &bad_overrides[_i].o, 1, &c, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(c);
	ck_assert_str_eq(why, bad_overrides[_i].why);
}
END_TEST

START_TEST(files)
{
	char path[] = "/tmp/makoto-test-XXXXXX";
	struct config *c = NULL;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "threads: 3\n", 11), 11);
	ck_assert_int_eq(config_load(path, NULL, 0, &c, why, sizeof(why)), 0);
	ck_assert_int_eq(c->threads, 3);
	config_unref(c);
	c = NULL;
	ck_assert_int_eq(ftruncate(fd, 5 * 1024 * 1024), 0);
	ck_assert_int_eq(config_load(path, NULL, 0, &c, why, sizeof(why)), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(why, "larger than"));
	close(fd);
	unlink(path);
	ck_assert_int_eq(config_load(path, NULL, 0, &c, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
	ck_assert_int_eq(config_load("/", NULL, 0, &c, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_null(c);
}
END_TEST

/* The dump loads to the same snapshot, whatever stands in it. */
START_TEST(dump_comes_back)
{
	static const char *const texts[] = {
		"",
		"attest: {topics: ['*', \"a\\\"b\\\\c\"], exclude: [], claims: {\"a: b\": \"$${HOME} $$${ # no comment\"}}\n",
		"attest: {location: \"\\x01\\t\\n\\x7f\\x80\\u2028\\uFEFF\\u00e9\\U0001F600 ' null\"}\n",
		"attest: {location: \"null\", manifest: leaf+key, window.max.age: 90s, collector.id: urn:x:y}\n",
		"listen: {address: \"::1\", advertised.host: '::1', max.frame.bytes: 65537, idle.timeout: 0s}\n",
		"kafka: {bootstrap.servers: \"[::1]:9092,a:1\"}\nattest.enabled: false\nadmin.listen: ''\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct config *c = good(texts[i], NULL, 0), *back;
		char *first = dumped(c), *second;

		back = good(first, NULL, 0);
		second = dumped(back);
		ck_assert_str_eq(first, second);
		for (size_t k = 0; k < config_key_count; k++)
			ck_assert(value_equal(c, back, &config_keys[k]));
		free(first);
		free(second);
		config_unref(c);
		config_unref(back);
	}
}
END_TEST

START_TEST(dump_is_readable)
{
	struct config *c = good("listen.max.frame.bytes: 2048KiB\nattest.window.max.age: 120s\n", NULL, 0);
	char *text = dumped(c);

	ck_assert_ptr_nonnull(strstr(text, "\nattest:\n  enabled: true\n"));
	ck_assert_ptr_nonnull(strstr(text, "  max.frame.bytes: 2MiB\n"));
	ck_assert_ptr_nonnull(strstr(text, "  window.max.age: 2m\n"));
	ck_assert_ptr_nonnull(strstr(text, "  idle.timeout: 10m\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nthreads: 0\n"));
	free(text);
	config_unref(c);
}
END_TEST

START_TEST(dump_hides_secrets)
{
	struct config *c = good("", NULL, 0);
	char *text;

	/* No version before the one with SASL takes a password; the mask must be there before. */
	free(c->kafka_sasl_password);
	c->kafka_sasl_password = strdup("hunter2");
	text = dumped(c);
	ck_assert_ptr_null(strstr(text, "hunter2"));
	ck_assert_ptr_nonnull(strstr(text, "  sasl.password: \"***\"\n"));
	free(text);
	config_unref(c);
}
END_TEST

START_TEST(restart_or_reload)
{
	struct config *now = good("", NULL, 0), *same = good("listen: {bootstrap.port: 9092}\n", NULL, 0);
	struct config *reload = good("attest: {topics: [a], window.records: 5}\nlog.level: debug\n", NULL, 0);
	struct config *restart = good("admin.listen: ''\nattest.topics: [a]\nlisten.broker.ports: 1-2\n", NULL, 0);

	char keys[64] = "as it was", few[32];

	ck_assert(!config_needs_restart(now, same, keys, sizeof(keys)));
	ck_assert(!config_needs_restart(now, reload, keys, sizeof(keys)));
	ck_assert_str_eq(keys, "as it was");
	ck_assert(config_needs_restart(now, restart, keys, sizeof(keys)));
	ck_assert_str_eq(keys, "listen.broker.ports, admin.listen");
	ck_assert(config_needs_restart(now, restart, few, sizeof(few))); /* whole names, as many as there is room for */
	ck_assert_str_eq(few, "listen.broker.ports, …");
	config_unref(now);
	config_unref(same);
	config_unref(reload);
	config_unref(restart);
}
END_TEST

START_TEST(keys_are_told)
{
	struct wr w = wr_new(1 << 20);
	size_t lines = 0, tabs = 0;

	config_dump_keys(&w);
	ck_assert_int_eq(wr_err(&w), 0);
	for (size_t i = 0; i < w.len; i++) {
		lines += w.buf[i] == '\n';
		tabs += w.buf[i] == '\t';
	}
	ck_assert_uint_eq(lines, config_key_count);
	ck_assert_uint_eq(tabs, 4 * config_key_count);
	wr_u8(&w, '\0');
	ck_assert_ptr_nonnull(strstr((char *)w.buf, "\nattest.window.records\tnumber\t1000\treload\tRecords of a window"));
	ck_assert_ptr_nonnull(strstr((char *)w.buf, "\nkafka.sasl.password\tstring\t\trestart,secret\t"));
	wr_free(&w);
}
END_TEST

static char *
sample(void)
{
	FILE *f = fopen("conf/makoto-proxy.yaml", "r");
	char *text = calloc(1, 65536);

	ck_assert_msg(f != NULL, "conf/makoto-proxy.yaml: run from the project's folder");
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_gt(fread(text, 1, 65535, f), 0);
	(void)fclose(f);
	return text;
}

START_TEST(sample_is_the_defaults)
{
	struct config *c = NULL, *def = good("", NULL, 0);
	char *a, *b;

	ck_assert_msg(config_load("conf/makoto-proxy.yaml", NULL, 0, &c, why, sizeof(why)) == 0, "%s", why);
	a = dumped(c);
	b = dumped(def);
	ck_assert_str_eq(a, b);
	free(a);
	free(b);
	config_unref(c);
	config_unref(def);
}
END_TEST

/* Each file of conf/examples is taken, and says another thing than the defaults; README's list has each of them. */
START_TEST(examples_load)
{
	static const char *const names[] = {"cdc", "enforce", "iot-edge", "kms", "minimal", "msk-iam", "mtls", "oauthbearer", "sidecar-scram", "tls-scram"};
	struct config *def = good("", NULL, 0);
	char *defaults = dumped(def);
	glob_t found;

	ck_assert_int_eq(glob("conf/examples/*", 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, ARRAY_LEN(names));
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct config *c = NULL;
		char *text, path[64];

		(void)snprintf(path, sizeof(path), "conf/examples/%s.yaml", names[i]);
		ck_assert_str_eq(found.gl_pathv[i], path);
		ck_assert_msg(config_load(found.gl_pathv[i], NULL, 0, &c, why, sizeof(why)) == 0, "%s", why);
		text = dumped(c);
		ck_assert_msg(strcmp(text, defaults) != 0, "%s says nothing", found.gl_pathv[i]);
		ck_assert_str_ne(c->kafka_bootstrap_servers, "");
		free(text);
		config_unref(c);
	}
	globfree(&found);
	free(defaults);
	config_unref(def);
}
END_TEST

/* Every key stands in the sample once, with its default as the table writes it. */
START_TEST(sample_names_every_key)
{
	char *text = sample(), section[32] = "";
	unsigned seen[256] = {0};

	ck_assert_uint_le(config_key_count, ARRAY_LEN(seen));
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
		char *colon = strchr(line, ':'), *value, *end, path[128];
		const struct key *k;

		if (colon == NULL || line[strspn(line, " ")] == '#')
			continue;
		value = colon + 1 + strspn(colon + 1, " ");
		*colon = '\0';
		if (line[0] != ' ' && value_key(slice_str(line)) == NULL) {
			(void)snprintf(section, sizeof(section), "%s.", line);
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s%s", line[0] == ' ' ? section : "", line + strspn(line, " "));
		k = value_key(slice_str(path));
		ck_assert_msg(k != NULL, "the sample has \"%s\"", path);
		end = strstr(value, " #");
		if (end == NULL)
			end = value + strlen(value);
		while (end > value && end[-1] == ' ')
			end--;
		*end = '\0';
		if (strcmp(value, "\"\"") == 0)
			*value = '\0';
		ck_assert_msg(strcmp(value, k->def) == 0, "%s: the sample has %s, the table %s", path, value, k->def);
		seen[k - config_keys]++;
	}
	for (size_t i = 0; i < config_key_count; i++)
		ck_assert_msg(seen[i] == 1, "the sample has %s %u times", config_keys[i].path, seen[i]);
	free(text);
}
END_TEST

/* "[reload]" stands behind exactly the keys that a reload applies. */
START_TEST(sample_tells_reload)
{
	char *text = sample(), section[32] = "";

	for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;) {
		bool told = strstr(line, "[reload]") != NULL;
		char *colon = strchr(line, ':'), path[128];
		const struct key *k;

		if (colon == NULL || line[strspn(line, " ")] == '#')
			continue;
		*colon = '\0';
		if (line[0] != ' ')
			(void)snprintf(section, sizeof(section), "%s.", line);
		(void)snprintf(path, sizeof(path), "%s%s", line[0] == ' ' ? section : "", line + strspn(line, " "));
		k = value_key(slice_str(path));
		if (k != NULL)
			ck_assert_msg(told == ((k->flags & RELOAD) != 0), "%s", path);
	}
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, no_file_at_all);
	tcase_add_test(t, attested_topics);
	tcase_add_test(t, statement_topics);
	tcase_add_test(t, counted);
	tcase_add_test(t, overrides);
	tcase_add_loop_test(t, bad_override, 0, ARRAY_LEN(bad_overrides));
	tcase_add_test(t, files);
	tcase_add_test(t, dump_comes_back);
	tcase_add_test(t, dump_is_readable);
	tcase_add_test(t, dump_hides_secrets);
	tcase_add_test(t, restart_or_reload);
	tcase_add_test(t, keys_are_told);
	tcase_add_test(t, sample_is_the_defaults);
	tcase_add_test(t, examples_load);
	tcase_add_test(t, sample_names_every_key);
	tcase_add_test(t, sample_tells_reload);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
