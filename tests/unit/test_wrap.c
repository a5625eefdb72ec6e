/* From keys of kafka.ssl to what brokers are spoken to in.  What the files must be, test_tls.c has. */
#include <check.h>

#include "reach/wrap.h"
#include "suite.h"

static const struct {
	const char *kafka;
	const char *wrong; /* NULL: good */
	bool tls;
} table[] = {
	{"security.protocol: plaintext", NULL, false},
	{"security.protocol: sasl_plaintext", NULL, false},
	{"security.protocol: ssl", NULL, true},
	{"security.protocol: sasl_ssl", NULL, true},
	{"ssl.ca.location: /x", "kafka.security.protocol: plaintext, where keys of kafka.ssl are set", false},
	{"security.protocol: sasl_plaintext, ssl.key.location: /x", "kafka.security.protocol: plaintext", false},
	{"security.protocol: ssl, ssl.certificate.location: /x", "kafka.ssl.key.location: missing", false},
	{"security.protocol: ssl, ssl.key.location: /x", "kafka.ssl.certificate.location: missing", false},
	{"security.protocol: ssl, ssl.ca.location: /nonexistent.pem", "kafka.ssl: /nonexistent.pem", false},
};

START_TEST(keys)
{
	char text[300], why[900];
	struct tls_context *tls;
	struct config *c;
	int err;

	(void)snprintf(text, sizeof(text), "kafka: {%s}\n", table[_i].kafka);
	ck_assert_msg(config_load_text("test", slice_str(text), NULL, 0, &c, why, sizeof(why)) == 0, "%s", why);
	err = wrap_new(c, &tls, why, sizeof(why));
	if (table[_i].wrong != NULL) {
		ck_assert_int_ne(err, 0);
		ck_assert_msg(strncmp(why, table[_i].wrong, strlen(table[_i].wrong)) == 0, "%s", why);
	} else {
		ck_assert_msg(err == 0, "%s", why);
		ck_assert((tls != NULL) == table[_i].tls);
		tls_unref(tls);
	}
	config_unref(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wrap");
	TCase *t = tcase_create("wrap");

	tcase_add_loop_test(t, keys, 0, ARRAY_LEN(table));
	suite_add_tcase(s, t);
	return suite_run(s);
}
