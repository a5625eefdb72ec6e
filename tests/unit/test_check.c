#include <check.h>

#include "config/check.h"

#define KMS_KEY "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
#define WANTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct {
	const char *path;
	const char *const *good, *const *bad;
} cases[] = {
	{"listen.address", WANTS("127.0.0.1", "::1", "0.0.0.0", "::"), WANTS("", "localhost", "127.0.0.1:9092", "[::1]", "1.2.3")},
	{"listen.advertised.host", WANTS("localhost", "edge-1.example.com", "10.0.0.7", "::1"),
	 WANTS("", "a b", "host:9092", "[::1]", "caf\xc3\xa9")},
	{"kafka.bootstrap.servers", WANTS("", "kafka:9092", "a:1,b:65535", "[::1]:9092,10.0.0.7:9092"),
	 WANTS("kafka", "kafka:", ":9092", "kafka:0", "kafka:65536", "a:1,", ",a:1", "a:1,,b:2", "a:1, b:2", "::1:9092",
	       "[kafka]:9092", "[127.0.0.1]:9092", "kafka:9092/", "kafka:+1", "PLAINTEXT://kafka:9092")},
	{"attest.signing.key.id", WANTS("file:signing.pem", "file:/etc/makoto/key.pem", KMS_KEY, "awskms:///" KMS_KEY),
	 WANTS("", "file:", "signing.pem", "pkcs11:token=x", "awskms:///arn:aws:kms:x", "awskms:" KMS_KEY, "FILE:x")},
	{"attest.dbom.topic", WANTS("makoto.dbom", "a", "A_b-9."), WANTS("", ".", "..", "a b", "a/b", "t\xc3\xb6pic")},
	{"verify.dbom.topics", WANTS("west.makoto.dbom"), WANTS("", "*", "a,b")},
	{"verify.dbom.bootstrap.servers", WANTS("", "kafka:9092", "a:1,b:65535"), WANTS("kafka", "a:1,")},
	{"attest.dbom.partitions", WANTS("-1", "1", "10"), WANTS("0")},
	{"attest.dbom.replication.factor", WANTS("-1", "3"), WANTS("0")},
	{"attest.collector.id", WANTS("", "urn:makoto-kafka:edge-1", "https://example.com/p"),
	 WANTS("edge-1", ":x", "urn:", "urn:a b", "urn:caf\xc3\xa9", "a/b:c")},
	{"admin.listen", WANTS("", "127.0.0.1:9464", "[::1]:0", "localhost:1"), WANTS("9464", ":9464", "::1:9464", "a:b")},
	{"kafka.security.protocol", WANTS("plaintext", "PLAINTEXT", "ssl", "sasl_ssl", "SASL_PLAINTEXT"), WANTS(NULL)},
	{"verify.policy", WANTS("trust.yaml", "other.yaml"), WANTS(NULL)},
	{"state.sync", WANTS("none", "window", "always"), WANTS(NULL)},
	{"verify.mode", WANTS("off", "observe", "enforce"), WANTS(NULL)},
	{"listen.tls.certificate", WANTS("", "cert.pem"), WANTS(NULL)},
	{"attest.location", WANTS("", "anywhere at all"), WANTS(NULL)},
};

START_TEST(good_and_bad)
{
	const struct key *k = value_key(slice_str(cases[_i].path));
	char why[512];

	ck_assert_ptr_nonnull(k);
	for (const char *const *p = cases[_i].good; *p != NULL; p++)
		if (check_text(k, *p, why, sizeof(why)) != 0)
			ck_abort_msg("%s: \"%s\" was refused: %s", k->path, *p, why);
	for (const char *const *p = cases[_i].bad; *p != NULL; p++) {
		why[0] = '\0';
		if (check_text(k, *p, why, sizeof(why)) != ERR_CONFIG)
			ck_abort_msg("%s: \"%s\" was taken", k->path, *p);
		ck_assert_int_eq(strncmp(why, k->path, strlen(k->path)), 0);
	}
}
END_TEST

START_TEST(a_long_uri)
{
	const struct key *k = value_key(slice_str("attest.collector.id"));
	char text[5000] = "urn:", why[512];

	memset(text + 4, 'a', sizeof(text) - 4);
	text[4095] = '\0';
	ck_assert_int_eq(check_text(k, text, why, sizeof(why)), 0);
	text[4095] = 'a';
	text[4096] = '\0';
	ck_assert_int_eq(check_text(k, text, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "4095 characters at most")); /* all of them don't stand in front of that */
}
END_TEST

START_TEST(long_names)
{
	const struct key *topic = value_key(slice_str("attest.dbom.topic")), *host = value_key(slice_str("listen.advertised.host"));
	char text[300], why[512];

	memset(text, 'a', sizeof(text));
	text[249] = '\0';
	ck_assert_int_eq(check_text(topic, text, why, sizeof(why)), 0);
	text[249] = 'a';
	text[250] = '\0';
	ck_assert_int_eq(check_text(topic, text, why, sizeof(why)), ERR_CONFIG);
	ck_assert_int_eq(check_text(host, text, why, sizeof(why)), 0);
	text[250] = 'a';
	text[254] = '\0';
	ck_assert_int_eq(check_text(host, text, why, sizeof(why)), ERR_CONFIG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("check");
	TCase *t = tcase_create("check");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, good_and_bad, 0, ARRAY_LEN(cases));
	tcase_add_test(t, a_long_uri);
	tcase_add_test(t, long_names);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
