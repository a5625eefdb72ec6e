#include "sasl/peek.h"
#include "sasl_steps.h"
#include "suite.h"

#define JWT "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaWRlY2FyIn0." /* {"alg":"none"} {"sub":"sidecar"} */

static int
peek(const char *mechanism, struct slice message, char *ret, size_t len)
{
	struct wr name = wr_new(256);
	int err = peek_name(mechanism, message, &name);

	(void)snprintf(ret, len, "%.*s", (int)name.len, name.len > 0 ? (const char *)name.buf : "");
	wr_free(&name);
	return err;
}

static void
named(const char *mechanism, struct slice message, const char *want)
{
	char name[256];

	ck_assert_int_eq(peek(mechanism, message, name, sizeof(name)), 0);
	ck_assert_str_eq(name, want);
}

static void
nameless(const char *mechanism, struct slice message, int want)
{
	char name[256];

	ck_assert_int_eq(peek(mechanism, message, name, sizeof(name)), want);
}

START_TEST(names)
{
	named("PLAIN", TEXT("\0app\0app-pw"), "app");
	named("PLAIN", TEXT("app\0app\0app-pw"), "app");
	named("SCRAM-SHA-256", TEXT("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), "user");
	named("SCRAM-SHA-512", TEXT("n,a=us=2Cer,n=us=2Ce=3Dr,r=x"), "us,e=r");
	named("OAUTHBEARER", TEXT("n,,\x01" "auth=Bearer " JWT "\x01\x01"), "sidecar");
	named("OAUTHBEARER", TEXT("n,a=sidecar,\x01logicalCluster=x\x01" "auth=Bearer " JWT "signature\x01\x01"), "sidecar");
}
END_TEST

START_TEST(no_names)
{
	nameless("PLAIN", TEXT("other\0app\0app-pw"), ERR_MALFORMED); /* Kafka refuses it too */
	nameless("PLAIN", TEXT("\0app\0app\0pw"), ERR_MALFORMED);
	nameless("PLAIN", TEXT("\0\0pw"), ERR_MALFORMED);
	nameless("PLAIN", TEXT("\0app\0"), ERR_MALFORMED);
	nameless("SCRAM-SHA-256", TEXT("n,,n=tokenid,r=x,tokenauth=true"), ERR_UNSUPPORTED);
	nameless("SCRAM-SHA-256", TEXT("y,,n=user,r=x"), ERR_MALFORMED);
	nameless("SCRAM-SHA-256", TEXT("n,,n=us=2Der,r=x"), ERR_MALFORMED);
	nameless("SCRAM-SHA-256", TEXT("n,,n=us=2,r=x"), ERR_MALFORMED);
	nameless("SCRAM-SHA-256", TEXT("n,,n=us\0er,r=x"), ERR_MALFORMED);
	nameless("SCRAM-SHA-256", TEXT("n,,m=x,n=user,r=x"), ERR_MALFORMED);
	nameless("OAUTHBEARER", TEXT("n,,\x01" "auth=Bearer opaque\x01\x01"), ERR_UNSUPPORTED);
	nameless("OAUTHBEARER", TEXT("n,,\x01" "auth=Bearer a.b.c\x01\x01"), ERR_UNSUPPORTED);
	nameless("OAUTHBEARER", TEXT("n,,\x01" "auth=Bearer e30.eyJzdWIiOjF9.\x01\x01"), ERR_UNSUPPORTED); /* {"sub":1} */
	nameless("OAUTHBEARER", TEXT("n,,\x01" "auth=Basic x\x01\x01"), ERR_MALFORMED);
	nameless("GSSAPI", TEXT("\0app\0app-pw"), ERR_UNSUPPORTED);
	nameless("", TEXT("\0app\0app-pw"), ERR_UNSUPPORTED);
}
END_TEST

/* Whatever comes is read within its bytes and gives a name of the message, or none. */
START_TEST(prefixes_and_changes)
{
	static const struct {
		const char *mechanism;
		struct slice message;
	} table[] = {
		{"PLAIN", {(const uint8_t *)"\0app\0app-pw", 11}},
		{"SCRAM-SHA-256", {(const uint8_t *)"n,,n=u=2Cr,r=rOpr", 17}},
		{"OAUTHBEARER", {(const uint8_t *)"n,,\x01" "auth=Bearer " JWT "\x01\x01", 18 + sizeof(JWT) - 1}},
	};
	char name[256];

	for (size_t t = 0; t < ARRAY_LEN(table); t++) {
		struct slice m = table[t].message;

		for (size_t n = 0; n <= m.n; n++) {
			uint8_t *copy = malloc(n + 1); /* its end is watched in the sanitized builds */

			memcpy(copy, m.p, n);
			(void)peek(table[t].mechanism, slice_of(copy, n), name, sizeof(name));
			free(copy);
		}
		for (size_t bit = 0; bit < 8 * m.n; bit++) {
			uint8_t *copy = malloc(m.n);

			memcpy(copy, m.p, m.n);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (peek(table[t].mechanism, slice_of(copy, m.n), name, sizeof(name)) == 0)
				ck_assert_uint_gt(strlen(name), 0);
			free(copy);
		}
	}
}
END_TEST

START_TEST(turns)
{
	ck_assert(peek_in_turns("PLAIN") && peek_in_turns("SCRAM-SHA-512") && peek_in_turns("OAUTHBEARER"));
	ck_assert(!peek_in_turns("GSSAPI") && !peek_in_turns(""));
	ck_assert(peek_over("PLAIN", 1, NOTHING));
	ck_assert(!peek_over("SCRAM-SHA-256", 1, TEXT("r=")) && peek_over("SCRAM-SHA-256", 2, TEXT("v=")));
	ck_assert(peek_over("OAUTHBEARER", 1, NOTHING) && !peek_over("OAUTHBEARER", 1, TEXT("{}")));
	ck_assert(!peek_over("OAUTHBEARER", 2, NOTHING));
	ck_assert(!peek_over("GSSAPI", 1, NOTHING));
}
END_TEST

START_TEST(plain)
{
	struct slice name, password;

	ck_assert_int_eq(peek_plain(TEXT("\0app\0app-pw"), &name, &password), 0);
	ck_assert(slice_eq(name, TEXT("app")) && slice_eq(password, TEXT("app-pw")));
	ck_assert_int_eq(peek_plain(NOTHING, &name, &password), ERR_MALFORMED);
	ck_assert_int_eq(peek_plain(TEXT("\0app"), &name, &password), ERR_MALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("peek");
	TCase *t = tcase_create("peek");

	tcase_add_test(t, names);
	tcase_add_test(t, no_names);
	tcase_add_test(t, prefixes_and_changes);
	tcase_add_test(t, turns);
	tcase_add_test(t, plain);
	suite_add_tcase(s, t);
	return suite_run(s);
}
