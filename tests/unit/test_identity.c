/* From keys of kafka.sasl to a talk with a broker. */
#include <check.h>

#include "reach/identity.h"
#include "suite.h"

static char why[300];

/* A configuration in YAML's flow style. */
static struct config *
config(const char *kafka)
{
	char text[600];
	struct config *c;

	(void)snprintf(text, sizeof(text), "kafka: {%s}\n", kafka);
	ck_assert_msg(config_load_text("test", slice_str(text), NULL, 0, &c, why, sizeof(why)) == 0, "%s", why);
	return c;
}

START_TEST(none)
{
	struct identity *i = (struct identity *)why;
	struct config *c = config("security.protocol: ssl");

	ck_assert_int_eq(identity_check(c, why, sizeof(why)), 0);
	ck_assert_int_eq(identity_open(c, &i, why, sizeof(why)), 0);
	ck_assert_ptr_null(i);
	ck_assert_ptr_null(identity_door(i));
	identity_close(i);
	config_unref(c);
}
END_TEST

START_TEST(halves)
{
	static const struct {
		const char *kafka, *key;
	} table[] = {
		{"sasl.mechanism: PLAIN", "kafka.security.protocol"},
		{"security.protocol: sasl_ssl", "kafka.sasl.mechanism"},
		{"security.protocol: sasl_ssl, sasl.mechanism: PLAIN, sasl.username: a", "kafka.sasl.password"},
		{"security.protocol: sasl_ssl, sasl.mechanism: OAUTHBEARER", "kafka.sasl.oauthbearer.token"},
	};

	for (size_t k = 0; k < ARRAY_LEN(table); k++) {
		struct config *c = config(table[k].kafka);
		struct identity *i;

		ck_assert_int_eq(identity_check(c, why, sizeof(why)), ERR_CONFIG);
		ck_assert_msg(strstr(why, table[k].key) != NULL, "%s", why);
		ck_assert_int_eq(identity_open(c, &i, why, sizeof(why)), ERR_CONFIG);
		config_unref(c);
	}
}
END_TEST

/* The configuration may go before it does. */
START_TEST(speaks)
{
	static const char want[] = "\0sidecar\0pw";
	struct config *c = config("security.protocol: sasl_plaintext, sasl.mechanism: PLAIN, sasl.username: sidecar, sasl.password: pw");
	struct wr out = wr_new(1000);
	const struct login_door *door;
	struct identity *i;
	bool done = false;
	void *talk;

	ck_assert_msg(identity_open(c, &i, why, sizeof(why)) == 0, "%s", why);
	config_unref(c);
	door = identity_door(i);
	ck_assert_str_eq(door->mechanism, "PLAIN");
	ck_assert_int_eq(door->begin(door->arg, "kafka", &talk, why, sizeof(why)), 0);
	ck_assert_int_eq(door->step(talk, slice_of(NULL, 0), &out, &done, why, sizeof(why)), 0);
	ck_assert(slice_eq(wr_slice(&out), slice_of(want, sizeof(want) - 1)) && !done);
	door->end(talk);
	wr_free(&out);
	identity_close(i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("identity");
	TCase *t = tcase_create("identity");

	tcase_add_test(t, none);
	tcase_add_test(t, halves);
	tcase_add_test(t, speaks);
	suite_add_tcase(s, t);
	return suite_run(s);
}
