/* The proxy's own login as messages: what it says, and what it believes (src/proxy/login.c). */
#include <check.h>

#include "hex.h"
#include "kafka/api.h"
#include "kafka/auth.h"
#include "kafka/header.h"
#include "proxy/login.h"
#include "sasl/sasl.h"
#include "suite.h"

#define HEADER "'makoto-proxy'"
#define VERSIONS "0000 00000002 | 0011 0000 0001 | 0024 0000 0002"

static int
begin(void *arg, const char *host, void **ret, char *why, size_t why_len)
{
	const char *mechanism = arg;
	struct sasl_credentials c = {.username = slice_str("tim"), .password = slice_str("pw"), .token = slice_str("token")};
	struct sasl *s;
	int err;

	ck_assert_str_eq(host, "kafka-1");
	if (strcmp(mechanism, "later") == 0)
		return ERR_NOT_NOW;
	err = sasl_client_new(mechanism, &c, &s, why, why_len);
	if (err == 0)
		*ret = s;
	return err;
}

static int
step(void *talk, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	return sasl_step(talk, in, out, ret_done, why, why_len);
}

static void
end(void *talk)
{
	sasl_free(talk);
}

static struct login *
login_of(const char *mechanism)
{
	static struct login_door door;
	static char name[32];
	struct login *l;

	(void)snprintf(name, sizeof(name), "%s", mechanism);
	door = (struct login_door){name, name, begin, step, end};
	l = login_new(&door, "kafka-1");
	ck_assert_ptr_nonnull(l);
	return l;
}

static void
says(struct login *l, const char *want)
{
	struct wr w = wr_new(4096);
	char why[LOGIN_WHY_MAX] = "";
	int32_t id;

	ck_assert_msg(login_next(l, &w, &id, why, sizeof(why)) == 0, "%s", why);
	ck_hex(wr_slice(&w), want);
	wr_free(&w);
}

static int
hears(struct login *l, struct slice frame, bool *ret_done, char *why)
{
	why[0] = '\0';
	*ret_done = false;
	return login_answer(l, frame, ret_done, why, LOGIN_WHY_MAX);
}

static void
believes(struct login *l, const char *hex, bool want_done)
{
	struct wr w = hex_of(hex);
	char why[LOGIN_WHY_MAX];
	bool done;

	ck_assert_msg(hears(l, wr_slice(&w), &done, why) == 0, "%s", why);
	ck_assert_int_eq(done, want_done);
	wr_free(&w);
}

static void
refuses(struct login *l, const char *hex, const char *want)
{
	struct wr w = hex_of(hex);
	char why[LOGIN_WHY_MAX];
	bool done;

	ck_assert_int_ne(hears(l, wr_slice(&w), &done, why), 0);
	ck_assert_msg(strstr(why, want) != NULL, "%s", why);
	ck_assert(!done);
	wr_free(&w);
}

START_TEST(whole)
{
	struct login *l = login_of("PLAIN");

	says(l, "0012 0000 00000000 000c " HEADER);
	believes(l, "00000000 " VERSIONS, false);
	says(l, "0011 0001 00000001 000c " HEADER " 0005 'PLAIN'");
	believes(l, "00000001 0000 00000001 0005 'PLAIN'", false);
	says(l, "0024 0002 00000002 000c " HEADER " 00 08 00 'tim' 00 'pw' 00");
	believes(l, "00000002 00 0000 00 01 0000000000000fa0 00", true);
	ck_assert_int_eq(login_lifetime_ms(l), 4000);
	for (int i = 0; i < 1000; i++) {
		int64_t ms = login_again_ms(l);

		ck_assert_int_ge(ms, 3400);
		ck_assert_int_le(ms, 3800);
	}
	/* Again: the versions are known. */
	says(l, "0011 0001 00000003 000c " HEADER " 0005 'PLAIN'");
	believes(l, "00000003 0000 00000001 0005 'PLAIN'", false);
	says(l, "0024 0002 00000004 000c " HEADER " 00 08 00 'tim' 00 'pw' 00");
	believes(l, "00000004 00 0000 00 01 0000000000000000 00", true);
	ck_assert_int_eq(login_lifetime_ms(l), 0);
	ck_assert_int_eq(login_again_ms(l), -1);
	ck_assert_str_eq(login_mechanism(l), "PLAIN");
	login_free(l);
}
END_TEST

/* Brings a login to the answer that comes next: 0 to ApiVersions, 1 to SaslHandshake, 2 to SaslAuthenticate. */
static struct login *
brought_to(const char *mechanism, int answer)
{
	struct login *l = login_of(mechanism);
	struct wr w = wr_new(4096);
	char why[LOGIN_WHY_MAX];
	int32_t id;

	for (int i = 0; i < answer; i++) {
		ck_assert_int_eq(login_next(l, &w, &id, why, sizeof(why)), 0);
		believes(l, i == 0 ? "00000000 " VERSIONS : "00000001 0000 00000000", false);
	}
	ck_assert_int_eq(login_next(l, &w, &id, why, sizeof(why)), 0);
	ck_assert_int_eq(id, answer);
	wr_free(&w);
	return l;
}

static void
refused_at(const char *mechanism, int answer, const char *hex, const char *want)
{
	struct login *l = brought_to(mechanism, answer);

	refuses(l, hex, want);
	login_free(l);
}

START_TEST(refusals_by_name)
{
	refused_at("PLAIN", 0, "00000000 0000 00000001 0024 0000 0002", "older than Kafka 1.0");
	refused_at("PLAIN", 0, "00000000 0000 00000002 0011 0000 0000 0024 0000 0002", "older than Kafka 1.0");
	refused_at("PLAIN", 0, "00000000 0000 00000002 0011 0000 0001 0024 0003 0004", "share no version");
	refused_at("PLAIN", 1, "00000001 0021 00000002 0006 'GSSAPI' 000d 'SCRAM-SHA-512'",
		   "UNSUPPORTED_SASL_MECHANISM: PLAIN isn't among the broker's: GSSAPI, SCRAM-SHA-512");
	refused_at("PLAIN", 1, "00000001 0022 00000000", "ILLEGAL_SASL_STATE");
	refused_at("PLAIN", 1, "00000001 0007 00000000", "error 7");
	refused_at("PLAIN", 2, "00000002 00 003a 0b 'Wrong 'ff0a' x' 01 0000000000000000 00", "SASL_AUTHENTICATION_FAILED: Wrong ");
	refused_at("PLAIN", 2, "00000002 00 003a 00 01 0000000000000000 00", "gives no reason");
	refused_at("PLAIN", 2, "00000002 00 0000 00 02 'x' 0000000000000000 00", "more than success");
	refused_at("PLAIN", 2, "00000003 00 0000 00 01 0000000000000000 00", "no request");
}
END_TEST

START_TEST(a_refused_token)
{
	struct login *l = brought_to("OAUTHBEARER", 2);

	believes(l, "00000002 00 0000 00 1b '{\"status\":\"invalid_token\"}' 0000000000000000 00", false);
	says(l, "0024 0002 00000003 000c " HEADER " 00 02 01 00");
	refuses(l, "00000003 00 003a 03 'no' 01 0000000000000000 00", "no; OAUTHBEARER: the broker refuses the token: invalid_token");
	login_free(l);
}
END_TEST

/* A prefix of an answer logs nobody in, nor does an answer with a byte changed, but where it is the lifetime's, or free text. */
START_TEST(prefixes_and_changes)
{
	static const char *const answers[] = {"00000000 " VERSIONS, "00000001 0000 00000001 0005 'PLAIN'",
					      "00000002 00 0000 00 01 0000000000000fa0 00"};
	struct wr w = hex_of(answers[_i]);
	char why[LOGIN_WHY_MAX];
	bool done;

	for (size_t n = 0; n < w.len; n++) {
		struct login *l = brought_to("PLAIN", _i);

		ck_assert_int_ne(hears(l, slice_of(w.buf, n), &done, why), 0);
		ck_assert_uint_gt(strlen(why), 0);
		login_free(l);
	}
	for (size_t bit = 0; bit < 8 * w.len; bit++) {
		struct login *l = brought_to("PLAIN", _i);
		int err;

		w.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		err = hears(l, wr_slice(&w), &done, why);
		if (_i == 2 && err == 0)
			ck_assert((bit / 8 >= 9 && bit / 8 < 17) || bit == 56); /* the lifetime; no text or an empty one */
		if (_i < 2)
			ck_assert(!done);
		w.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		login_free(l);
	}
	wr_free(&w);
}
END_TEST

START_TEST(not_now)
{
	struct login *l = login_of("later");
	struct wr w = wr_new(4096);
	char why[LOGIN_WHY_MAX];
	int32_t id;

	ck_assert_int_eq(login_next(l, &w, &id, why, sizeof(why)), ERR_NOT_NOW);
	ck_assert_uint_eq(w.len, 0);
	ck_assert_int_eq(login_next(l, &w, &id, why, sizeof(why)), ERR_NOT_NOW);
	wr_free(&w);
	login_free(l);
	login_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login");
	TCase *t = tcase_create("login");

	tcase_add_test(t, whole);
	tcase_add_test(t, refusals_by_name);
	tcase_add_test(t, a_refused_token);
	tcase_add_loop_test(t, prefixes_and_changes, 0, 3);
	tcase_add_test(t, not_now);
	suite_add_tcase(s, t);
	return suite_run(s);
}
