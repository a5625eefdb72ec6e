#include <check.h>

#include "config/config.h"

static char why[1024];

static int
load(const char *text, struct config **ret)
{
	why[0] = '\0';
	return config_load_text("f.yaml", slice_str(text), NULL, 0, ret, why, sizeof(why));
}

/* Text, and what is said of it. */
static const struct {
	const char *text, *why;
} wrong[] = {
	{"listen:\n  adress: 127.0.0.1\n", "f.yaml:2:3: unknown key \"listen.adress\"; the nearest key is \"listen.address\""},
	{"lisen:\n", "f.yaml:1:1: unknown key \"lisen\"; the nearest key is \"listen.address\""},
	{"listen:\n  bootstrap:\n    prt: 1\n",
	 "f.yaml:3:5: unknown key \"listen.bootstrap.prt\"; the nearest key is \"listen.bootstrap.port\""},
	{"attest.claims.: {}\n", "f.yaml:1:1: unknown key \"attest.claims.\"; the nearest key is \"attest.claims\""},
	{"threads: x\n", "f.yaml:1:10: threads: \"x\" is not right; want a whole number"},
	{"threads: 65\n", "f.yaml:1:10: threads: must be from 0 to 64"},
	{"threads: 1\nthreads: 1\n", "f.yaml:2:1: threads stands there twice, first in line 1"},
	{"listen: {bootstrap.port: 1}\nlisten.bootstrap.port: 2\n",
	 "f.yaml:2:1: listen.bootstrap.port stands there twice, first in line 1"},
	{"threads: [1]\n", "f.yaml:1:10: threads: want a number here"},
	{"threads: {a: 1}\n", "f.yaml:1:10: threads: want a number here"},
	{"attest.topics: {a: b}\n", "f.yaml:1:16: attest.topics: want a list here"},
	{"attest.topics: orders\n",
	 "f.yaml:1:16: attest.topics: \"orders\" is not right; want a list such as [a, b]"},
	{"attest.topics: [[a]]\n", "f.yaml:1:17: want plain words in this list"},
	{"attest.claims: [a]\n", "f.yaml:1:16: attest.claims: want a map here"},
	{"attest.claims: {a: [b]}\n", "f.yaml:1:20: want plain text here"},
	{"attest.claims: {a: b, a: c}\n", "f.yaml:1:23: stands there twice"},
	{"attest.claims: {[a]: b}\n", "f.yaml:1:17: want a name"},
	{"listen: 5\n", "f.yaml:1:9: \"listen\" is a section; keys go below it"},
	{"listen: [a]\n", "f.yaml:1:9: \"listen\" is a section; keys go below it"},
	{"[a]: b\n", "f.yaml:1:1: want the name of a key"},
	{"- a\n", "f.yaml:1:1: want keys and values"},
	{"words\n", "f.yaml:1:1: want keys and values"},
	{"threads: &x 1\n", "f.yaml:1:10: anchors and tags are not taken"},
	{"threads: *x\n", "f.yaml:1:10: aliases are not taken; write the value out"},
	{"threads: !!int 1\n", "f.yaml:1:10: anchors and tags are not taken"},
	{"attest.topics: &x [a]\n", "f.yaml:1:16: anchors and tags are not taken"},
	{"--- {threads: 1}\n--- {threads: 2}\n", "f.yaml:2:1: a second document; one is taken"},
	{"threads: 1\n...\n---\nthreads: 2\n", "f.yaml:3:1: a second document; one is taken"},
	{"? \n: x\n", "f.yaml:1:2: no key has a name of that length"},
	{"kafka:\n  bootstrap.servers: ${MAKOTO_TEST_UNSET}\n",
	 "f.yaml:2:22: the environment has no MAKOTO_TEST_UNSET, and ${MAKOTO_TEST_UNSET:-default} gives no default"},
	{"kafka:\n  security.protocol: tls\n",
	 "f.yaml:2:22: kafka.security.protocol: \"tls\" is not right; want plaintext|ssl|sasl_plaintext|sasl_ssl"},
	{"verify.mode: on\n", "f.yaml:1:14: verify.mode: \"on\" is not right; want off|observe|enforce"},
	{"kafka: {sasl: {user: x}}\n", "f.yaml:1:16: unknown key \"kafka.sasl.user\""},
	{"foo: 1\n", "f.yaml:1:1: unknown key \"foo\""},
	{"kafka: {sasl: {password:hunter2}}\n", "f.yaml:1:16: unknown key \"kafka.sasl.password…\": behind a key come a colon and a blank"},
	{"kafka.sasl.password: \"pre${post-hunter2!\"\n",
	 "f.yaml:1:22: ${ with no variable behind it: want ${NAME} or ${NAME:-default}; $${ is ${ itself"},
	{"kafka.sasl.password: \"pre${posthunter2}\"\n",
	 "f.yaml:1:22: the environment has no variable of the name that stands there, which has no default; $${ is ${ itself"},
	{"listen: {tls.client.auth: always}\n", "f.yaml:1:27: listen.tls.client.auth: \"always\" is not right; want auto|none|optional|required"},
	{"attest:\n  signing.key.id: \"pkcs11:x\"\n",
	 "f.yaml:2:19: attest.signing.key.id: \"pkcs11:x\" is not right; want file:PATH or awskms:///ARN; keys in other "
	 "hardware (pkcs11:) are not supported by this version"},
	{"attest.level: 4\n", "f.yaml:1:15: attest.level: must be from 1 to 3"},
	{"attest.location: \"a\\0b\"\n", "f.yaml:1:18: a NUL character"},
	{"threads: 1\n\"a\\0b\": 1\n", NULL},
	{"threads: 1\nlog: \xff\n", "f.yaml:2:6: not YAML: invalid leading UTF-8 octet"},
	{"threads: [1\n", NULL},
	{"\tthreads: 1\n", NULL},
	{"a: b: c\n", NULL},
};

START_TEST(wrong_and_where)
{
	struct config *c = NULL;

	ck_assert_int_eq(unsetenv("MAKOTO_TEST_UNSET"), 0);
	ck_assert_int_eq(load(wrong[_i].text, &c), ERR_CONFIG);
	ck_assert_ptr_null(c);
	if (wrong[_i].why != NULL)
		ck_assert_str_eq(why, wrong[_i].why);
	else
		ck_assert_int_eq(strncmp(why, "f.yaml:", 7), 0);
}
END_TEST

/* One meaning, written in several ways. */
static const char *const same[] = {
	"listen:\n  bootstrap.port: 1234\nattest:\n  topics: [a, b]\n  claims: {firmware: 4.2.1}\n",
	"listen:\n  bootstrap:\n    port: 1234\nattest:\n  topics:\n    - a\n    - b\n  claims:\n    firmware: 4.2.1\n",
	"listen.bootstrap.port: 1234\nattest.topics: ['a', \"b\"]\nattest.claims: {firmware: '4.2.1'}\n",
	"listen.bootstrap:\n  port: ${MAKOTO_TEST_UNSET:-1234}\nattest: {topics: [a, b]}\nattest.claims: {firmware: \"4.2.1\"}\n",
	"%YAML 1.1\n---\nlisten: {address: , bootstrap: {port: 1234}, tls: }\nattest: {topics: [a, b], claims: {firmware: 4.2.1}}\n...\n",
};

START_TEST(ways_to_write)
{
	struct config *c = NULL;

	ck_assert_int_eq(unsetenv("MAKOTO_TEST_UNSET"), 0);
	ck_assert_msg(load(same[_i], &c) == 0, "%s", why);
	ck_assert_int_eq(c->listen_bootstrap_port, 1234);
	ck_assert_str_eq(c->listen_address, "127.0.0.1"); /* nothing behind the colon: the default */
	ck_assert_uint_eq(c->attest_topics.count, 2);
	ck_assert_str_eq(c->attest_topics.items[0], "a");
	ck_assert_str_eq(c->attest_topics.items[1], "b");
	ck_assert_uint_eq(c->attest_claims.count, 1);
	ck_assert_str_eq(c->attest_claims.items[0].name, "firmware");
	ck_assert_str_eq(c->attest_claims.items[0].text, "4.2.1");
	config_unref(c);
}
END_TEST

START_TEST(a_key_that_is_a_section_too)
{
	static const char *const ways[] = {"kafka.sasl.password.file: pw\n", "kafka:\n  sasl:\n    password.file: pw\n",
					   "kafka: {sasl.password: {file: pw}}\n"};
	struct config *c = NULL;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		ck_assert_msg(config_load_text("f.yaml", slice_str(ways[i]), NULL, 0, &c, why, sizeof(why)) == 0, "%s", why);
		ck_assert_str_eq(c->kafka_sasl_password_file, "pw");
		ck_assert_str_eq(c->kafka_sasl_password, "");
		config_unref(c);
	}
}
END_TEST

START_TEST(nothing_is_all_defaults)
{
	static const char *const empty[] = {"", "\n", "# a comment\n", "---\n", "---\n...\n", "{}\n", "listen:\nkafka: {}\n"};

	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		struct config *c = NULL;

		ck_assert_msg(load(empty[i], &c) == 0, "%s", why);
		ck_assert_int_eq(c->listen_bootstrap_port, 9092);
		config_unref(c);
	}
}
END_TEST

START_TEST(quoted_nothing_is_a_value)
{
	struct config *c = NULL;

	ck_assert_int_eq(load("admin.listen: ''\n", &c), 0);
	ck_assert_str_eq(c->admin_listen, "");
	config_unref(c);
	ck_assert_int_eq(load("attest: {exclude: [], location: \"null\"}\n", &c), 0);
	ck_assert_uint_eq(c->attest_exclude.count, 0);
	ck_assert_str_eq(c->attest_location, "null");
	config_unref(c);
}
END_TEST

/* Every prefix and every changed byte of a good file is taken or refused with a place, and nothing leaks. */
START_TEST(mutilated)
{
	const char *good = "listen: {bootstrap.port: 1234, address: '::1'}\nattest:\n  topics: [a, \"b\"]\n"
			   "  claims: {x: ${HOME:-y}}\n  window.max.age: 10s\n";
	char copy[256];
	size_t n = strlen(good);

	for (size_t len = 0; len <= n; len++) {
		struct config *c = NULL;

		if (config_load_text("f.yaml", slice_of(good, len), NULL, 0, &c, why, sizeof(why)) == 0)
			config_unref(c);
		else
			ck_assert_int_eq(strncmp(why, "f.yaml:", 7), 0);
	}
	for (size_t i = 0; i < n; i++) {
		static const char put[] = {'\0', ':', ' ', '\n', '"', '[', '}', '&', '\xff', '\t'};

		memcpy(copy, good, n);
		for (size_t k = 0; k < sizeof(put); k++) {
			struct config *c = NULL;

			copy[i] = put[k];
			if (config_load_text("f.yaml", slice_of(copy, n), NULL, 0, &c, why, sizeof(why)) == 0)
				config_unref(c);
			else
				ck_assert_int_eq(strncmp(why, "f.yaml:", 7), 0);
		}
	}
}
END_TEST

START_TEST(deep)
{
	char text[4000];
	struct config *c = NULL;

	memset(text, '{', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(load(text, &c), ERR_CONFIG);
	memset(text, '[', sizeof(text) - 1);
	ck_assert_int_eq(load(text, &c), ERR_CONFIG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("yaml");
	TCase *t = tcase_create("yaml");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, wrong_and_where, 0, ARRAY_LEN(wrong));
	tcase_add_loop_test(t, ways_to_write, 0, ARRAY_LEN(same));
	tcase_add_test(t, a_key_that_is_a_section_too);
	tcase_add_test(t, nothing_is_all_defaults);
	tcase_add_test(t, quoted_nothing_is_a_value);
	tcase_add_test(t, mutilated);
	tcase_add_test(t, deep);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
