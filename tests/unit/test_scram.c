#include "sasl/salted.h"
#include "sasl_steps.h"
#include "suite.h"

/* RFC 7677 §3; and SHA-512 with a name that has to be written otherwise, computed apart from this program. */
static const struct conversation {
	const char *mechanism, *user, *password;
	const char *says[4]; /* client-first, server-first, client-final, server-final */
} talks[] = {
	{"SCRAM-SHA-256",
	 "user",
	 "pencil",
	 {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	  "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	  "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	  "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="}},
	{"SCRAM-SHA-512",
	 "us,er=",
	 "pen cil",
	 {"n,,n=us=2Cer=3D,r=rOprNGfwEbeRWgbNEkqO",
	  "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=8192",
	  "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=01aJeNVBQ9bU28X4VNkdr3Y42omSEI1jLWQRuwZgw4Fmi+BM/"
	  "PPCMGiefifB/TFEOectEUl/P3Neq+WWdD+qZg==",
	  "v=WUqWRifNTfXN7PWMzRUReJcUq1To75hY+ZCfb325FXMi1v4TSLAA+ZWCBeUu2CdCRULANSlTkyV6rNzs135hlQ=="}},
};

/* With what is kept of salted passwords, or NULL. */
static struct sasl *
begin(const struct conversation *t, struct salted *salted)
{
	struct sasl_credentials c = {.username = slice_str(t->user),
				     .password = slice_str(t->password),
				     .salted = salted,
				     .nonce = slice_str("rOprNGfwEbeRWgbNEkqO")};
	struct sasl *s = sasl_open(t->mechanism, &c);

	sasl_says(s, NOTHING, slice_str(t->says[0]));
	return s;
}

START_TEST(known_answers)
{
	const struct conversation *t = &talks[_i];
	struct sasl *s = begin(t, NULL);
	char why[256];

	sasl_says(s, slice_str(t->says[1]), slice_str(t->says[2]));
	ck_assert_int_eq(sasl_try(s, slice_str(t->says[3]), why, sizeof(why)), 1);
	ck_assert_int_eq(sasl_try(s, slice_str(t->says[3]), why, sizeof(why)), ERR_CLOSED);
	sasl_free(s);
}
END_TEST

/* Whether a server that says these two things is believed.  Thousands with one salt are asked: the password is salted once. */
static bool
believed(const struct conversation *t, struct salted *salted, struct slice first, struct slice final)
{
	struct sasl *s = begin(t, salted);
	char why[256];
	bool yes = sasl_try(s, first, why, sizeof(why)) == 0 && sasl_try(s, final, why, sizeof(why)) == 1;

	sasl_free(s);
	return yes;
}

START_TEST(no_prefix_is_believed)
{
	const struct conversation *t = &talks[_i];
	struct slice first = slice_str(t->says[1]), final = slice_str(t->says[3]);
	struct salted *salted = salted_new();

	ck_assert(believed(t, salted, first, final));
	for (size_t n = 0; n < final.n; n++)
		ck_assert(!believed(t, salted, first, slice_of(final.p, n)));
	for (size_t n = 0; n < first.n; n++)
		ck_assert(!believed(t, salted, slice_of(first.p, n), final));
	salted_free(salted);
}
END_TEST

START_TEST(no_change_is_believed) /* each byte with each bit turned */
{
	const struct conversation *t = &talks[_i];
	struct slice first = slice_str(t->says[1]), final = slice_str(t->says[3]);
	struct salted *salted = salted_new();
	uint8_t copy[512];

	for (size_t bit = 0; bit < 8 * final.n; bit++) {
		memcpy(copy, final.p, final.n);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!believed(t, salted, first, slice_of(copy, final.n)));
	}
	for (size_t i = 0; i < first.n; i++) {
		memcpy(copy, first.p, first.n);
		copy[i] ^= 1;
		ck_assert(!believed(t, salted, slice_of(copy, first.n), final));
	}
	salted_free(salted);
}
END_TEST

static int
first_answer(const char *says, char *why, size_t why_len)
{
	struct sasl *s = begin(&talks[0], NULL);
	int err = sasl_try(s, slice_str(says), why, why_len);

	sasl_free(s);
	return err;
}

START_TEST(what_a_server_must_not_ask)
{
	char why[256];

	ck_assert_int_eq(first_answer("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(why, "nonce"));
	ck_assert_int_eq(first_answer("r=xrOprNGfwEbeRWgbNEkqO123,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(first_answer("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(why, "iteration"));
	ck_assert_int_eq(first_answer("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=65537", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(first_answer("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(first_answer("r=rOprNGfwEbeRWgbNEkqO1,s=!,i=4096", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(first_answer("r=rOprNGfwEbeRWgbNEkqO1,s=,i=4096", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(first_answer("m=x,r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(first_answer("e=unknown-user", why, sizeof(why)), ERR_REMOTE);
	ck_assert_ptr_nonnull(strstr(why, "unknown-user"));
	/* An extension behind the count may be ignored (RFC 5802 §5.1). */
	ck_assert_int_eq(first_answer("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,x=y", why, sizeof(why)), 0);
}
END_TEST

START_TEST(a_server_that_says_no)
{
	struct sasl *s = begin(&talks[0], NULL);
	char why[256];

	sasl_says(s, slice_str(talks[0].says[1]), slice_str(talks[0].says[2]));
	ck_assert_int_eq(sasl_try(s, TEXT("e=invalid-proof"), why, sizeof(why)), ERR_REMOTE);
	ck_assert_ptr_nonnull(strstr(why, "invalid-proof"));
	sasl_free(s);
	s = begin(&talks[0], NULL);
	sasl_says(s, slice_str(talks[0].says[1]), slice_str(talks[0].says[2]));
	ck_assert_int_eq(sasl_try(s, slice_str(talks[1].says[3]), why, sizeof(why)), ERR_SIGNATURE);
	sasl_free(s);
}
END_TEST

START_TEST(only_ascii) /* SASLprep would change other texts, and a control character is forbidden */
{
	static const char *const bad[] = {"p\xc3\xa4ss", "pass\n", "\x7f"};
	struct sasl_credentials c = {.username = TEXT("user"), .password = NOTHING};
	char why[256];

	ck_assert_int_eq(sasl_refused("SCRAM-SHA-256", &c, why, sizeof(why)), ERR_CONFIG);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c.password = slice_str(bad[i]);
		ck_assert_int_eq(sasl_refused("SCRAM-SHA-512", &c, why, sizeof(why)), ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(why, "ASCII"));
		ck_assert_ptr_null(strstr(why, bad[i]));
	}
}
END_TEST

START_TEST(nonces_differ)
{
	struct sasl_credentials c = {.username = TEXT("user"), .password = TEXT("pencil")};
	struct wr out[2] = {wr_new(256), wr_new(256)};
	char why[256];
	bool done;

	for (int i = 0; i < 2; i++) {
		struct sasl *s = sasl_open("SCRAM-SHA-256", &c);

		ck_assert_int_eq(sasl_step(s, NOTHING, &out[i], &done, why, sizeof(why)), 0);
		ck_assert_uint_eq(out[i].len, strlen("n,,n=user,r=") + 32);
		sasl_free(s);
	}
	ck_assert(!slice_eq(wr_slice(&out[0]), wr_slice(&out[1])));
	wr_free(&out[0]);
	wr_free(&out[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("scram");
	TCase *t = tcase_create("scram");

	tcase_set_timeout(t, 300); /* thousands of key derivations */
	tcase_add_loop_test(t, known_answers, 0, ARRAY_LEN(talks));
	tcase_add_loop_test(t, no_prefix_is_believed, 0, ARRAY_LEN(talks));
	tcase_add_loop_test(t, no_change_is_believed, 0, ARRAY_LEN(talks));
	tcase_add_test(t, what_a_server_must_not_ask);
	tcase_add_test(t, a_server_that_says_no);
	tcase_add_test(t, only_ascii);
	tcase_add_test(t, nonces_differ);
	suite_add_tcase(s, t);
	return suite_run(s);
}
