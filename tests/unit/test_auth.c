#include <check.h>

#include "hex.h"
#include "kafka/api.h"
#include "kafka/auth.h"
#include "kafka/schema.h"
#include "suite.h"

START_TEST(handshake)
{
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256"};
	struct wr w = wr_new(256);
	struct slice mechanism;
	char list[64];
	int16_t error;

	auth_handshake_request_write(slice_str("PLAIN"), &w);
	ck_hex(wr_slice(&w), "0005 'PLAIN'");
	for (int16_t v = 0; v <= 1; v++) {
		ck_assert_int_eq(auth_handshake_request_read(v, wr_slice(&w), &mechanism), 0);
		ck_assert(slice_eq(mechanism, slice_str("PLAIN")));
	}
	ck_assert_int_eq(auth_handshake_request_read(2, wr_slice(&w), &mechanism), ERR_UNSUPPORTED);
	wr_reset(&w);
	auth_handshake_response_write(33, mechanisms, 2, &w);
	ck_hex(wr_slice(&w), "0021 00000002 0005 'PLAIN' 000d 'SCRAM-SHA-256'");
	ck_assert_int_eq(auth_handshake_response_read(1, wr_slice(&w), &error, list, sizeof(list)), 0);
	ck_assert_int_eq(error, AUTH_UNSUPPORTED_MECHANISM);
	ck_assert_str_eq(list, "PLAIN, SCRAM-SHA-256");
	ck_assert_int_eq(auth_handshake_response_read(1, wr_slice(&w), &error, list, 8), 0);
	ck_assert_uint_lt(strlen(list), 8);
	for (size_t n = 0; n < w.len; n++)
		ck_assert_int_ne(auth_handshake_response_read(0, slice_of(w.buf, n), &error, list, sizeof(list)), 0);
	wr_reset(&w);
	auth_handshake_response_write(0, NULL, 0, &w);
	ck_hex(wr_slice(&w), "0000 00000000");
	ck_assert_int_eq(auth_handshake_response_read(0, wr_slice(&w), &error, list, sizeof(list)), 0);
	ck_assert_str_eq(list, "");
	wr_free(&w);
}
END_TEST

START_TEST(authenticate)
{
	static const char *const requests[] = {"00000003 'abc'", "00000003 'abc'", "04 'abc' 00"};
	static const char *const answers[] = {"003a 0002 'no' 00000001 'x'", "003a 0002 'no' 00000001 'x' 0000000000000fa0",
					      "003a 03 'no' 02 'x' 0000000000000fa0 00"};
	static const char *const empty[] = {"0000 ffff 00000000", "0000 ffff 00000000 0000000000000000",
					    "0000 00 01 0000000000000000 00"};
	int16_t v = (int16_t)_i;
	struct auth_answer a = {AUTH_FAILED, slice_str("no"), slice_str("x"), 4000}, got;
	struct wr w = wr_new(256);
	struct slice bytes;

	auth_request_write(v, slice_str("abc"), &w);
	ck_hex(wr_slice(&w), requests[v]);
	ck_assert_int_eq(auth_request_read(v, wr_slice(&w), &bytes), 0);
	ck_assert(slice_eq(bytes, slice_str("abc")));
	for (size_t n = 0; n < w.len; n++)
		ck_assert_int_ne(auth_request_read(v, slice_of(w.buf, n), &bytes), 0);
	wr_reset(&w);
	auth_response_write(v, &a, &w);
	ck_hex(wr_slice(&w), answers[v]);
	ck_assert_int_eq(auth_response_read(v, wr_slice(&w), &got), 0);
	ck_assert_int_eq(got.error, AUTH_FAILED);
	ck_assert(slice_eq(got.message, a.message) && slice_eq(got.bytes, a.bytes));
	ck_assert_int_eq(got.lifetime_ms, v == 0 ? 0 : 4000);
	for (size_t n = 0; n < w.len; n++)
		ck_assert_int_ne(auth_response_read(v, slice_of(w.buf, n), &got), 0);
	wr_reset(&w);
	a = (struct auth_answer){0};
	auth_response_write(v, &a, &w);
	ck_hex(wr_slice(&w), empty[v]);
	ck_assert_int_eq(auth_response_read(v, wr_slice(&w), &got), 0);
	ck_assert_ptr_null(got.message.p);
	ck_assert_uint_eq(got.bytes.n, 0);
	wr_reset(&w);
	auth_request_write(v, slice_of(NULL, 0), &w);
	ck_assert_int_eq(schema_walk(API_SASL_AUTHENTICATE, false, v, wr_slice(&w), NULL, NULL, NULL), 0);
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("auth");
	TCase *t = tcase_create("auth");

	tcase_add_test(t, handshake);
	tcase_add_loop_test(t, authenticate, 0, 3);
	suite_add_tcase(s, t);
	return suite_run(s);
}
