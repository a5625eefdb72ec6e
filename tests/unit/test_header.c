#include <check.h>

#include "hex.h"
#include "kafka/api.h"
#include "kafka/header.h"

static int
request(const char *hex, struct request_header *ret)
{
	struct wr w = hex_of(hex);
	int err = request_header_read(wr_slice(&w), ret);

	/* The client id points into the frame: keep what the tests look at. */
	if (err == 0 && ret->client_id.p != NULL)
		ret->client_id = slice_of(ret->client_id.n > 0 ? "client" : "", ret->client_id.n);
	wr_free(&w);
	return err;
}

START_TEST(request_v1)
{
	struct request_header h;

	ck_assert_int_eq(request("0003 0001 00000007 0006 'client' ffffffff", &h), 0);
	ck_assert_int_eq(h.key, API_METADATA);
	ck_assert_int_eq(h.version, 1);
	ck_assert_int_eq(h.correlation_id, 7);
	ck_assert_uint_eq(h.client_id.n, 6);
	ck_assert_uint_eq(h.body_at, 16);
	ck_assert_int_eq(request("0003 0001 80000000 ffff", &h), 0);
	ck_assert_int_eq(h.correlation_id, INT32_MIN);
	ck_assert_ptr_null(h.client_id.p);
	ck_assert_uint_eq(h.body_at, 10);
	ck_assert_int_eq(request("0003 0001 00000000 0000", &h), 0);
	ck_assert_ptr_nonnull(h.client_id.p);
	ck_assert_uint_eq(h.client_id.n, 0);
}
END_TEST

START_TEST(request_v2) /* flexible: tags behind a client id of the old form */
{
	struct request_header h;

	ck_assert_int_eq(request("0003 000c 00000007 0006 'client' 00 | 00", &h), 0);
	ck_assert_uint_eq(h.body_at, 17);
	ck_assert_int_eq(request("0003 000c 00000007 ffff 02 05 02 aabb 07 00 | 00", &h), 0);
	ck_assert_uint_eq(h.body_at, 17);
	ck_assert_int_eq(request("0003 000c 00000007 ffff 01 05 03 aabb", &h), ERR_SHORT);
	ck_assert_int_eq(request("0003 000c 00000007 ffff ffffffff0f", &h), ERR_SHORT);
	ck_assert_int_eq(request("0003 000c 00000007 ffff ffffffffff", &h), ERR_MALFORMED);
	ck_assert_int_eq(request("0003 000c 00000007 ffff", &h), ERR_SHORT);
}
END_TEST

START_TEST(request_bad)
{
	struct request_header h = {.key = 77};
	struct wr w = hex_of("0003 0001 00000007 0006 'client'");

	for (size_t n = 0; n < w.len; n++)
		ck_assert_int_eq(request_header_read(slice_of(w.buf, n), &h), ERR_SHORT);
	wr_free(&w);
	ck_assert_int_eq(request("ffff 0001 00000007 ffff", &h), ERR_MALFORMED);
	ck_assert_int_eq(request("0003 ffff 00000007 ffff", &h), ERR_MALFORMED);
	ck_assert_int_eq(request("0003 0001 00000007 fffe", &h), ERR_MALFORMED);
	ck_assert_int_eq(h.key, 77);
}
END_TEST

START_TEST(request_of_an_unknown_api) /* is relayed, whatever its header's version */
{
	struct request_header h;

	ck_assert_int_eq(request("2710 0000 00000007 0006 'client' 00 | 01", &h), 0);
	ck_assert_int_eq(h.key, 10000);
	ck_assert_uint_eq(h.body_at, 17);
	ck_assert_int_eq(request("0004 0000 00000007 ffff | ff00", &h), 0);
	ck_assert_uint_eq(h.body_at, 10);
	ck_assert_int_eq(request("0003 0063 00000007 ffff 00 | 01", &h), 0); /* a known one, tomorrow's version */
	ck_assert_uint_eq(h.body_at, 11);
}
END_TEST

START_TEST(request_is_written_as_read)
{
	for (int16_t key = 0; key < 93; key++) {
		for (int16_t v = 0; v < 14 && api_name(key) != NULL; v++) {
			struct wr w = wr_new(100);
			struct request_header h;

			request_header_write(key, v, 99, v % 2 ? slice_str("me") : (struct slice){NULL, 0}, &w);
			ck_assert_int_eq(request_header_read(wr_slice(&w), &h), 0);
			ck_assert_int_eq(h.key, key);
			ck_assert_int_eq(h.version, v);
			ck_assert_int_eq(h.correlation_id, 99);
			ck_assert_uint_eq(h.client_id.n, v % 2 ? 2 : 0);
			ck_assert_uint_eq(h.body_at, w.len);
			wr_free(&w);
		}
	}
}
END_TEST

static size_t
body_at(int16_t key, int16_t version, const char *hex)
{
	struct wr w = hex_of(hex);
	size_t at = 999;

	if (response_body_at(key, version, wr_slice(&w), &at) != 0)
		ck_assert_uint_eq(at, 999);
	wr_free(&w);
	return at;
}

START_TEST(response)
{
	ck_assert_uint_eq(body_at(API_METADATA, 8, "00000001 00"), 4);
	ck_assert_uint_eq(body_at(API_METADATA, 9, "00000001 00"), 5);
	ck_assert_uint_eq(body_at(API_METADATA, 9, "00000001 01 00 01 ff 22"), 8);
	ck_assert_uint_eq(body_at(API_VERSIONS, 3, "00000001 00"), 4); /* never tags: KIP-511 */
	ck_assert_uint_eq(body_at(API_SASL_HANDSHAKE, 1, "00000001 00"), 4);
	ck_assert_uint_eq(body_at(API_METADATA, 9, "00000001"), 999);
	ck_assert_uint_eq(body_at(API_METADATA, 9, "00000001 01 00 02 ff"), 999);
	ck_assert_uint_eq(body_at(API_METADATA, 1, "000000"), 999);
	for (int16_t v = 0; v < 14; v++) {
		struct wr w = wr_new(100);
		size_t at;

		response_header_write(API_METADATA, v, -5, &w);
		ck_assert_int_eq(response_body_at(API_METADATA, v, wr_slice(&w), &at), 0);
		ck_assert_uint_eq(at, w.len);
		wr_free(&w);
	}
}
END_TEST

static bool
wants(int16_t version, const char *hex)
{
	struct wr w = hex_of(hex);
	bool yes = request_wants_answer(API_PRODUCE, version, wr_slice(&w));

	wr_free(&w);
	return yes;
}

START_TEST(acks)
{
	ck_assert(!wants(2, "0000"));
	ck_assert(wants(2, "0001"));
	ck_assert(wants(2, "ffff"));
	ck_assert(!wants(8, "ffff 0000"));
	ck_assert(!wants(8, "0002 'tx' 0000 00000000"));
	ck_assert(wants(8, "0002 'tx' ffff 00000000"));
	ck_assert(!wants(9, "00 0000"));
	ck_assert(!wants(13, "03 'tx' 0000"));
	ck_assert(wants(13, "03 'tx' 0001"));
	ck_assert(wants(13, "00 00")); /* a prefix too short to tell */
	ck_assert(wants(8, "fffe 0000"));
	ck_assert(request_wants_answer(API_FETCH, 4, slice_of("\0\0\0\0", 4)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("header");
	TCase *c = tcase_create("header");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, request_v1);
	tcase_add_test(c, request_v2);
	tcase_add_test(c, request_bad);
	tcase_add_test(c, request_of_an_unknown_api);
	tcase_add_test(c, request_is_written_as_read);
	tcase_add_test(c, response);
	tcase_add_test(c, acks);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
