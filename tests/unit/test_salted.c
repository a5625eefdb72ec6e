/* What is kept between logins is right for exactly what it was made of. */
#include <pthread.h>

#include "sasl/salted.h"
#include "sasl_steps.h"
#include "suite.h"

static struct salted_recipe
recipe(unsigned i)
{
	struct salted_recipe r = {EVP_sha256(), slice_str("pencil"), slice_str("W22ZaJ0SNY7soEsUEjb6gQ"), 4096};

	switch (i) {
	case 1: r.md = EVP_sha512(); break;
	case 2: r.password = slice_str("pencim"); break;
	case 3: r.password = slice_str("pencil2"); break;
	case 4: r.salt.n--; break;
	case 5: r.iterations++; break;
	}
	return r;
}

enum { RECIPES = 6 };

static void
plain(const struct salted_recipe *r, uint8_t out[EVP_MAX_MD_SIZE])
{
	memset(out, 0, EVP_MAX_MD_SIZE);
	ck_assert_int_eq(PKCS5_PBKDF2_HMAC((const char *)r->password.p, (int)r->password.n, r->salt.p, (int)r->salt.n,
					   r->iterations, r->md, EVP_MD_get_size(r->md), out), 1);
}

static void
ck_right(struct salted *s, unsigned i)
{
	uint8_t want[EVP_MAX_MD_SIZE], got[EVP_MAX_MD_SIZE];
	struct salted_recipe r = recipe(i);

	plain(&r, want);
	ck_assert_int_eq(salted_password(s, &r, got), 0);
	ck_assert_mem_eq(got, want, sizeof(want));
}

START_TEST(kept)
{
	struct salted *s = salted_new();

	for (int i = 0; i < 3; i++)
		ck_right(s, 0);
	ck_assert_uint_eq(salted_computed(s), 1);
	salted_free(s);
	salted_free(NULL);
}
END_TEST

/* Each pair differs in something, and never gets the other's. */
START_TEST(each_its_own)
{
	struct salted *s = salted_new();

	for (unsigned a = 0; a < RECIPES; a++)
		for (unsigned b = 0; b < RECIPES; b++) {
			ck_right(s, a);
			ck_right(s, b);
		}
	ck_right(NULL, 0);
	salted_free(s);
}
END_TEST

static void *
many(void *s)
{
	for (unsigned i = 0; i < 40; i++)
		ck_right(s, i / 4 % 2);
	return NULL;
}

START_TEST(from_threads)
{
	struct salted *s = salted_new();
	pthread_t t[4];

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, many, s), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ck_assert_int_eq(pthread_join(t[i], NULL), 0);
	salted_free(s);
}
END_TEST

/* Through the mechanism: a hundred logins, one computation. */
START_TEST(logins)
{
	struct salted *s = salted_new();
	struct sasl_credentials c = {.username = slice_str("user"),
				     .password = slice_str("pencil"),
				     .nonce = slice_str("rOprNGfwEbeRWgbNEkqO"),
				     .salted = s};

	for (int i = 0; i < 100; i++) {
		struct sasl *talk = sasl_open("SCRAM-SHA-256", &c);
		char why[256];

		sasl_says(talk, NOTHING, slice_str("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
		sasl_says(talk, slice_str("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
			  slice_str("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
		ck_assert_int_eq(sasl_try(talk, slice_str("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), why, sizeof(why)), 1);
		sasl_free(talk);
	}
	ck_assert_uint_eq(salted_computed(s), 1);
	salted_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("salted");
	TCase *t = tcase_create("salted");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, kept);
	tcase_add_test(t, each_its_own);
	tcase_add_test(t, from_threads);
	tcase_add_test(t, logins);
	suite_add_tcase(s, t);
	return suite_run(s);
}
