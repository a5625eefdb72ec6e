/* Which keys an authority vouches for, and for how long. */
#include "keys/certificate.h"

#include <time.h>

#include "base/file.h"
#include "key_files.h"
#include "pki.h"
#include "suite.h"

enum { DAY_S = 86400 };

static struct pki_cert root, other;
static struct authorities *authorities;
static struct certified got;
static char why[512];

static struct wr
pem_of(const char *path)
{
	struct wr w = wr_new(1 << 20);

	ck_assert_msg(file_read(path, &w, why, sizeof(why)) == 0, "%s", why);
	return w;
}

static void
add_authority(const struct pki_cert *c)
{
	struct wr pem = pem_of(c->cert_path);

	ck_assert_msg(certificate_authorities_add(authorities, wr_slice(&pem), why, sizeof(why)) == 0, "%s", why);
	wr_free(&pem);
}

static void
setup(void)
{
	pki_open();
	root = pki_make("root", NULL, NULL, -100, 1000);
	other = pki_make("other", NULL, NULL, -100, 1000);
	authorities = certificate_authorities_new();
	ck_assert_ptr_nonnull(authorities);
	add_authority(&root);
}

static void
teardown(void)
{
	certificate_authorities_free(authorities);
	certificate_authorities_free(NULL);
	pki_free(&root);
	pki_free(&other);
	pki_close();
}

/* The certificate, and behind it another one (NULL: none). */
static int
check(const struct pki_cert *c, const struct pki_cert *behind)
{
	struct wr pem = pem_of(c->cert_path), more = behind != NULL ? pem_of(behind->cert_path) : wr_new(0);
	int err;

	wr_slice_put(&pem, wr_slice(&more));
	why[0] = '\0';
	err = certificate_check(authorities, wr_slice(&pem), &got, why, sizeof(why));
	wr_free(&pem);
	wr_free(&more);
	return err;
}

static void
ck_days(int64_t ms, int days)
{
	int64_t left = ms / 1000 - (int64_t)time(NULL) - (int64_t)days * DAY_S;

	ck_assert_msg(left > -3600 && left < 3600, "%lld s off", (long long)left);
}

START_TEST(vouched_for)
{
	struct pki_cert c = pki_make("leaf", &root, NULL, -10, 20);

	ck_assert_msg(check(&c, NULL) == 0, "%s", why);
	ck_assert_uint_eq(strlen(public_key_id(got.key)), KEYID_LEN);
	ck_days(got.from_ms, -10);
	ck_days(got.until_ms, 20);
	ck_assert_int_eq(got.until_ms % 1000, 999);
	public_key_free(got.key);
	pki_free(&c);
}
END_TEST

/* What was valid once, and what will be: the time of now decides nothing. */
START_TEST(past_and_future)
{
	struct pki_cert past = pki_make("past", &root, NULL, -50, -20), future = pki_make("future", &root, NULL, 30, 60);
	struct pki_cert longer = pki_make("longer", &root, NULL, -500, 5000);

	ck_assert_msg(check(&past, NULL) == 0, "%s", why);
	ck_days(got.from_ms, -50);
	ck_days(got.until_ms, -20);
	public_key_free(got.key);
	ck_assert_msg(check(&future, NULL) == 0, "%s", why);
	public_key_free(got.key);
	/* No longer than its authority. */
	ck_assert_msg(check(&longer, NULL) == 0, "%s", why);
	ck_days(got.from_ms, -100);
	ck_days(got.until_ms, 1000);
	public_key_free(got.key);
	pki_free(&past), pki_free(&future), pki_free(&longer);
}
END_TEST

START_TEST(one_between)
{
	struct pki_cert mid = pki_make_as("mid", &root, NULL, -5, 7, true, NULL, EVP_sha256());
	struct pki_cert leaf = pki_make("leaf", &mid, NULL, -10, 20), apart = pki_make("apart", &mid, NULL, 8, 20);
	struct pki_cert no_ca = pki_make("no-ca", &root, NULL, -10, 20), by_no_ca = pki_make("by-no-ca", &no_ca, NULL, -10, 20);

	ck_assert_int_eq(check(&leaf, NULL), ERR_SIGNATURE);
	ck_assert_msg(check(&leaf, &mid) == 0, "%s", why);
	ck_days(got.from_ms, -5);
	ck_days(got.until_ms, 7);
	public_key_free(got.key);
	ck_assert_int_eq(check(&apart, &mid), ERR_SIGNATURE);
	ck_assert_str_eq(why, "there is no time at which all certificates up to the authority's are valid");
	/* A key's certificate is no authority's. */
	ck_assert_int_eq(check(&by_no_ca, &no_ca), ERR_SIGNATURE);
	/* One that is signed by another may be an authority. */
	certificate_authorities_free(authorities);
	authorities = certificate_authorities_new();
	add_authority(&mid);
	ck_assert_msg(check(&leaf, NULL) == 0, "%s", why);
	public_key_free(got.key);
	pki_free(&mid), pki_free(&leaf), pki_free(&apart), pki_free(&no_ca), pki_free(&by_no_ca);
}
END_TEST

START_TEST(not_vouched_for)
{
	struct pki_cert c = pki_make("leaf", &other, NULL, -10, 20), sha1 = pki_make_as("sha1", &root, NULL, -10, 20, false, NULL, EVP_sha1());
	struct pki_cert exchange = pki_make_as("exchange", &root, NULL, -10, 20, false, "critical,keyAgreement", EVP_sha256());
	struct pki_cert signs = pki_make_as("signs", &root, NULL, -10, 20, false, "critical,digitalSignature", EVP_sha256());
	struct pki_cert liar = pki_make_as("root", NULL, NULL, -10, 20, true, NULL, EVP_sha256()); /* a root's name is not the root */
	struct pki_cert by_liar = pki_make("by-liar", &liar, NULL, -10, 20);

	ck_assert_int_eq(check(&c, NULL), ERR_SIGNATURE);
	ck_assert_int_eq(strncmp(why, "no authority vouches for it: ", 29), 0);
	ck_assert_int_eq(check(&c, &other), ERR_SIGNATURE);
	ck_assert_int_eq(check(&by_liar, &liar), ERR_SIGNATURE);
	ck_assert_int_eq(check(&sha1, NULL), ERR_SIGNATURE);
	ck_assert_int_eq(check(&exchange, NULL), ERR_SIGNATURE);
	ck_assert_str_eq(why, "its key is not for signatures (key usage)");
	ck_assert_msg(check(&signs, NULL) == 0, "%s", why);
	public_key_free(got.key);
	pki_free(&c), pki_free(&sha1), pki_free(&exchange), pki_free(&signs), pki_free(&liar), pki_free(&by_liar);
}
END_TEST

/* Every byte counts: of a certificate that was changed anywhere nothing is trusted. */
START_TEST(changed)
{
	struct pki_cert c = pki_make("leaf", &root, NULL, -10, 20);
	unsigned char *der = NULL;
	int n = i2d_X509(c.cert, &der);

	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		BIO *bio = BIO_new(BIO_s_mem());
		char *text;
		long len;
		int err;

		der[i] ^= 0x01;
		ck_assert_int_gt(PEM_write_bio(bio, PEM_STRING_X509, "", der, n), 0);
		len = BIO_get_mem_data(bio, &text);
		err = certificate_check(authorities, slice_of(text, (size_t)len), &got, why, sizeof(why));
		ck_assert_msg(err == ERR_SIGNATURE || err == ERR_MALFORMED || err == ERR_UNSUPPORTED, "byte %d: %d", i, err);
		BIO_free(bio);
		der[i] ^= 0x01;
	}
	OPENSSL_free(der);
	pki_free(&c);
}
END_TEST

START_TEST(not_certificates)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "no certificate in it (want -----BEGIN CERTIFICATE-----)"},
		{"makoto\n", "no certificate in it (want -----BEGIN CERTIFICATE-----)"},
		{P256_PUBLIC, "no certificate in it (want -----BEGIN CERTIFICATE-----)"},
		{P256_PRIVATE, "no certificate in it (want -----BEGIN CERTIFICATE-----)"},
		{"-----BEGIN CERTIFICATE-----\n", "a certificate in it is damaged"},
		{"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "a certificate in it is damaged"},
		{CERTIFICATE "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "a certificate in it is damaged"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_int_eq(certificate_authorities_add(authorities, slice_str(cases[i].text), why, sizeof(why)), ERR_MALFORMED);
		ck_assert_str_eq(why, cases[i].why);
		ck_assert_int_eq(certificate_check(authorities, slice_str(cases[i].text), &got, why, sizeof(why)), ERR_MALFORMED);
		ck_assert_str_eq(why, cases[i].why);
	}
	/* One by itself that is an authority is its own voucher. */
	ck_assert_int_eq(certificate_authorities_add(authorities, slice_str(P256_PUBLIC CERTIFICATE), why, sizeof(why)), 0);
	ck_assert_msg(certificate_check(authorities, slice_str(CERTIFICATE P256_PRIVATE), &got, why, sizeof(why)) == 0, "%s", why);
	public_key_free(got.key);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("certificate");
	TCase *t = tcase_create("certificate");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, vouched_for);
	tcase_add_test(t, past_and_future);
	tcase_add_test(t, one_between);
	tcase_add_test(t, not_vouched_for);
	tcase_add_test(t, changed);
	tcase_add_test(t, not_certificates);
	suite_add_tcase(s, t);
	return suite_run(s);
}
