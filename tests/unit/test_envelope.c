#include "makoto/envelope.h"

#include "base/text.h"
#include "keys/public_key.h"
#include "tests/unit/hex.h"
#include "tests/unit/suite.h"

/* The published example of DSSE v1 (its protocol.md, "Test Vectors"), and its key. */
#define DSSE_TYPE "http://example.com/HelloWorld"
#define DSSE_BODY "hello world"
#define DSSE_SIG "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
#define DSSE_ENVELOPE                                                                              \
	"{\"payload\": \"aGVsbG8gd29ybGQ=\",\n \"payloadType\": \"" DSSE_TYPE "\",\n"               \
	" \"signatures\": [{\"sig\": \"" DSSE_SIG "\"}]}"
#define DSSE_KEY                                                                                   \
	"-----BEGIN PUBLIC KEY-----\n"                                                             \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ805D3eqNZywjCI19lInBJOp7YMr\n"                       \
	"CrzAH3CVTAOQ0jgMeCvVTiaRJaRPRDOv8UMs6U4SvKc6pnrIDOoSYI3fdA==\n"                           \
	"-----END PUBLIC KEY-----\n"

START_TEST(dsse_example)
{
	struct wr pae = wr_new(1024), der;
	struct public_key *k;
	struct envelope e;

	ck_assert_int_eq(envelope_read(slice_str(DSSE_ENVELOPE), &e), 0);
	ck_assert(slice_eq(wr_slice(&e.payload), slice_str(DSSE_BODY)));
	ck_assert(slice_eq(wr_slice(&e.type), slice_str(DSSE_TYPE)));
	ck_assert_uint_eq(e.keyid.len, 0);
	ck_assert_uint_eq(e.sig.len, 64);
	envelope_pae(wr_slice(&e.type), wr_slice(&e.payload), &pae);
	ck_assert(slice_eq(wr_slice(&pae), slice_str("DSSEv1 29 http://example.com/HelloWorld 11 hello world")));
	/* It has r and s one behind the other; our format's signatures are DER. */
	ck_assert_uint_lt(e.sig.buf[0], 0x80);
	ck_assert_uint_lt(e.sig.buf[32], 0x80);
	der = hex_of("3044 0220");
	wr_bytes(&der, e.sig.buf, 32);
	wr_u8(&der, 0x02), wr_u8(&der, 0x20);
	wr_bytes(&der, e.sig.buf + 32, 32);
	ck_assert_int_eq(public_key_parse(slice_str(DSSE_KEY), &k), 0);
	ck_assert_int_eq(public_key_verify(k, wr_slice(&pae), wr_slice(&der)), 0);
	ck_assert_int_eq(public_key_verify(k, wr_slice(&pae), wr_slice(&e.sig)), ERR_SIGNATURE);
	public_key_free(k);
	wr_free(&pae), wr_free(&der);
	envelope_clear(&e);
}
END_TEST

/* Lengths are of bytes, and say where the type ends, so that nothing can move from one to the other. */
START_TEST(pae_is_unambiguous)
{
	static const char *const cases[][3] = {{"", "", "DSSEv1 0  0 "},
					       {"a", "b c", "DSSEv1 1 a 3 b c"},
					       {"a 3 b", "c", "DSSEv1 5 a 3 b 1 c"},
					       {"\xc3\xb6", "\xc3\xb6", "DSSEv1 2 \xc3\xb6 2 \xc3\xb6"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wr w = wr_new(1024);

		envelope_pae(slice_str(cases[i][0]), slice_str(cases[i][1]), &w);
		ck_assert(slice_eq(wr_slice(&w), slice_str(cases[i][2])));
		wr_free(&w);
	}
}
END_TEST

START_TEST(writes)
{
	struct wr w = wr_new(1024), small = wr_new(40);

	ck_assert_int_eq(envelope_write(slice_str("a/b\"c"), slice_str("\x00\xff\x10"), "SHA256:00", slice_of("\0\1\2\3", 4), &w),
			 0);
	ck_assert(slice_eq(wr_slice(&w),
			   slice_str("{\"payload\":\"\",\"payloadType\":\"a/b\\\"c\",\"signatures\":[{\"keyid\":\"SHA256:00\","
				     "\"sig\":\"AAECAw==\"}]}")));
	ck_assert_int_eq(envelope_write(slice_str("type"), slice_str("payload"), "id", slice_str("sig"), &small), ERR_LIMIT);
	wr_free(&w), wr_free(&small);
}
END_TEST

START_TEST(reads_what_was_written)
{
	uint8_t payload[300];

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 5);
	for (size_t n = 0; n < sizeof(payload); n++) {
		struct wr w = wr_new(4096);
		struct envelope e;

		ck_assert_int_eq(envelope_write(slice_str("t"), slice_of(payload, n), "id", slice_of(payload, n / 2), &w), 0);
		ck_assert_int_eq(envelope_read(wr_slice(&w), &e), 0);
		ck_assert(slice_eq(wr_slice(&e.payload), slice_of(payload, n)));
		ck_assert(slice_eq(wr_slice(&e.sig), slice_of(payload, n / 2)));
		ck_assert(slice_eq(wr_slice(&e.type), slice_str("t")));
		ck_assert(slice_eq(wr_slice(&e.keyid), slice_str("id")));
		envelope_clear(&e);
		wr_free(&w);
	}
}
END_TEST

START_TEST(lenient)
{
	static const char *const texts[] = {
		/* base64url, padded or not */
		"{\"payload\":\"-_8=\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"-_8\"}]}",
		/* members that we don't know */
		"{\"x\":[1,2.5,null],\"payload\":\"+/8=\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"+/8=\",\"cert\":\"c\"}]}",
		/* any order, white space, escapes */
		" {\"signatures\" : [ {\"sig\":\"\\u002b/8\"} ],\r\n\t\"payloadType\":\"\\u0074\", \"payload\":\"+\\/8\"} ",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct envelope e;

		ck_assert_int_eq(envelope_read(slice_str(texts[i]), &e), 0);
		ck_hex(wr_slice(&e.payload), "fbff");
		ck_hex(wr_slice(&e.sig), "fbff");
		ck_assert(slice_eq(wr_slice(&e.type), slice_str("t")));
		envelope_clear(&e);
	}
}
END_TEST

START_TEST(refused)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"null",
		"\"payload\"",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\"}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":{\"sig\":\"YQ==\"}}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[\"YQ==\"]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"},{\"sig\":\"YQ==\"}]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"keyid\":\"k\"}]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":null}]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\",\"keyid\":1}]}",
		"{\"payload\":\"YQ==\",\"signatures\":[{\"sig\":\"YQ==\"}]}",
		"{\"payload\":\"YQ==\",\"payloadType\":7,\"signatures\":[{\"sig\":\"YQ==\"}]}",
		"{\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"}]}",
		"{\"payload\":\"Y\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"}]}",
		"{\"payload\":\"YR==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"}]}",
		"{\"payload\":\"Y Q==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"}]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ\\u0000==\"}]}",
		/* which of the two was signed? */
		"{\"payload\":\"YQ==\",\"payload\":\"Yg==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"}]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\",\"sig\":\"Yg==\"}]}",
		"{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"}]} x",
		"{\"payload\":\"YQ==\",\"payloadType\":\"\xff\",\"signatures\":[{\"sig\":\"YQ==\"}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct envelope e = {.keyid = {.max = 77}};

		ck_assert_msg(envelope_read(slice_str(texts[i]), &e) == ERR_MALFORMED, "%s", texts[i]);
		ck_assert_uint_eq(e.keyid.max, 77); /* untouched on failure */
	}
}
END_TEST

START_TEST(too_large)
{
	size_t n = 32 * 1024 * 1024 + 1;
	char *text = malloc(n);
	struct envelope e;

	memset(text, ' ', n);
	ck_assert_int_eq(envelope_read(slice_of(text, n), &e), ERR_LIMIT);
	ck_assert_int_eq(envelope_read(slice_of(text, n - 1), &e), ERR_MALFORMED);
	free(text);
}
END_TEST

/* No prefix is an envelope; a changed byte makes none, or one that says something else, or a byte that says nothing. */
START_TEST(damaged)
{
	struct wr w = wr_new(4096);
	struct envelope e;
	uint8_t *copy;

	ck_assert_int_eq(envelope_write(slice_str("type"), slice_str("payload"), "id", slice_str("signature"), &w), 0);
	copy = malloc(w.len);
	for (size_t n = 0; n < w.len; n++) {
		memcpy(copy, w.buf, n);
		ck_assert_int_eq(envelope_read(slice_of(copy, n), &e), ERR_MALFORMED);
	}
	for (size_t i = 0; i < w.len; i++) {
		for (unsigned c = 0; c < 256; c++) {
			bool same;

			memcpy(copy, w.buf, w.len);
			copy[i] = (uint8_t)c;
			if (envelope_read(slice_of(copy, w.len), &e) != 0)
				continue;
			same = slice_eq(wr_slice(&e.payload), slice_str("payload")) &&
			       slice_eq(wr_slice(&e.type), slice_str("type")) &&
			       slice_eq(wr_slice(&e.sig), slice_str("signature")) && slice_eq(wr_slice(&e.keyid), slice_str("id"));
			ck_assert(!same || c == w.buf[i]);
			envelope_clear(&e);
		}
	}
	free(copy);
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("envelope");
	TCase *t = tcase_create("envelope");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, dsse_example);
	tcase_add_test(t, pae_is_unambiguous);
	tcase_add_test(t, writes);
	tcase_add_test(t, reads_what_was_written);
	tcase_add_test(t, lenient);
	tcase_add_test(t, refused);
	tcase_add_test(t, too_large);
	tcase_add_test(t, damaged);
	suite_add_tcase(s, t);
	return suite_run(s);
}
