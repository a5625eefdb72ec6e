#include <check.h>

#include "hex.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/schema_internal.h"
#include "message_gen.h"

static void
narrowed(int16_t version, const char *broker, const char *client)
{
	struct wr in = hex_of(broker), out = wr_new(4096);

	ck_assert_int_eq(apiversions_narrow(version, wr_slice(&in), &out), 0);
	ck_hex(wr_slice(&out), client);
	wr_free(&in);
	wr_free(&out);
}

/* Produce 0-15 falls to 13 and keeps its minimum (KAFKA-18659); Fetch stays; 10000 and 95 are unknown; Vote is no broker's. */
START_TEST(narrows_v0)
{
	narrowed(0, "0000 00000005 | 0000 0000 000f | 0001 0004 0011 | 2710 0000 0003 | 005f 0000 0000 | 0034 0000 0002",
		 "0000 00000002 | 0000 0000 000d | 0001 0004 0011");
}
END_TEST

START_TEST(narrows_v1)
{
	narrowed(1, "0000 00000002 | 0000 0000 000f | 2710 0000 0003 | 00000123",
		 "0000 00000001 | 0000 0000 000d | 00000123");
	narrowed(2, "0000 00000000 | 00000000", "0000 00000000 | 00000000");
}
END_TEST

START_TEST(narrows_v3) /* an entry's unknown tags, features, their epoch stay to the byte */
{
	narrowed(3, "0000 04 | 0000 0000 000f 01 63 02 abcd | 2710 0000 0003 00 | 0012 0000 0006 00 | 00000000 | 02 01 08 0000000000000007 "
		    "02 1a 02 14 'transaction.version' 0002 0002 00",
		 "0000 03 | 0000 0000 000d 01 63 02 abcd | 0012 0000 0005 00 | 00000000 | 02 01 08 0000000000000007 "
		 "02 1a 02 14 'transaction.version' 0002 0002 00");
}
END_TEST

START_TEST(a_compact_count_may_shrink) /* from two bytes to one */
{
	struct wr in = wr_new(4096), out = wr_new(4096);

	wr_u16(&in, 0);
	wr_uvarint(&in, 201);
	for (uint16_t i = 0; i < 200; i++) {
		wr_u16(&in, i == 7 ? 0 : (uint16_t)(20000 + i));
		wr_u32(&in, 3);
		wr_u8(&in, 0);
	}
	wr_u32(&in, 0);
	wr_u8(&in, 0);
	ck_assert_int_eq(apiversions_narrow(4, wr_slice(&in), &out), 0);
	ck_hex(wr_slice(&out), "0000 02 0000 0000 0003 00 00000000 00");
	wr_free(&in);
	wr_free(&out);
}
END_TEST

START_TEST(ranges_without_a_common_version_go)
{
	/* Produce 14-20 is tomorrow's alone, ListOffsets 0-0 yesterday's alone, Fetch 18-18 is common, 9-4 is none. */
	narrowed(0, "0000 00000004 | 0000 000e 0014 | 0002 0000 0000 | 0001 0012 0012 | 0003 0009 0004", "0000 00000001 | 0001 0012 0012");
}
END_TEST

/* Kafka 4.4.0 tells a client what our table says: nothing is lost. */
START_TEST(nothing_is_lost_on_the_newest)
{
	struct wr in = wr_new(1 << 16), out = wr_new(1 << 16);
	uint32_t n = 0;

	for (int16_t key = 0; key < schema_api_count; key++)
		n += schema_apis[key].name != NULL && schema_apis[key].broker;
	wr_u16(&in, 0);
	wr_uvarint(&in, n + 1);
	for (int16_t key = 0; key < schema_api_count; key++)
		if (schema_apis[key].name != NULL && schema_apis[key].broker) {
			wr_i16(&in, key);
			wr_i16(&in, key == API_PRODUCE ? 0 : schema_apis[key].first);
			wr_i16(&in, schema_apis[key].last);
			wr_u8(&in, 0);
		}
	wr_u32(&in, 0);
	wr_u8(&in, 0);
	ck_assert_uint_gt(n, 70);
	ck_assert_int_eq(apiversions_narrow(4, wr_slice(&in), &out), 0);
	ck_assert(slice_eq(wr_slice(&in), wr_slice(&out)));
	wr_free(&in);
	wr_free(&out);
}
END_TEST

START_TEST(unsupported_version) /* is told in version 0's form, whatever was asked */
{
	for (int16_t v = 0; v <= 5; v++) {
		narrowed(v, "0023 00000001 0012 0000 0003", "0023 00000001 0012 0000 0003");
		narrowed(v, "0023 00000001 0012 0000 0009", "0023 00000001 0012 0000 0005");
		narrowed(v, "0023 00000000", "0023 00000000"); /* brokers before 2.4 */
		/* librdkafka's mock cluster: neither form, so passed as it is */
		narrowed(v, "0023 01 0012 0000 0002 00000000", "0023 01 0012 0000 0002 00000000");
		narrowed(v, "0023", "0023");
	}
}
END_TEST

START_TEST(other_errors) /* have the asked version's form */
{
	narrowed(3, "002a 01 00000000 00", "002a 01 00000000 00");
	narrowed(0, "002a 00000000", "002a 00000000");
}
END_TEST

START_TEST(malformed)
{
	struct message_gen g = {.state = 42};
	struct wr w = wr_new(1 << 16), out = wr_new(1 << 16);

	for (int16_t v = 0; v <= 5; v++) {
		wr_reset(&w);
		message_gen(&g, API_VERSIONS, true, v, &w);
		w.buf[0] = 0;
		w.buf[1] = 0;
		for (size_t n = 0; n < w.len; n++) {
			wr_reset(&out);
			ck_assert_int_ne(apiversions_narrow(v, slice_of(w.buf, n), &out), 0);
		}
		wr_reset(&out);
		ck_assert_int_eq(apiversions_narrow(v, wr_slice(&w), &out), 0);
		/* What we tell is well formed as well, after any change that passes. */
		for (size_t i = 2; i < w.len; i++) {
			uint8_t was = w.buf[i];

			w.buf[i] ^= 0x81;
			wr_reset(&out);
			if (apiversions_narrow(v, wr_slice(&w), &out) == 0)
				ck_assert_int_eq(schema_walk(API_VERSIONS, true, v, wr_slice(&out), NULL, NULL, NULL), 0);
			w.buf[i] = was;
		}
	}
	wr_reset(&out);
	ck_assert_int_eq(apiversions_narrow(6, slice_of("\0\0\0", 3), &out), ERR_UNSUPPORTED);
	wr_free(&w);
	wr_free(&out);
}
END_TEST

START_TEST(too_new)
{
	struct wr out = wr_new(100);
	int16_t min, max;

	ck_assert(!apiversions_is_too_new(0));
	ck_assert(!apiversions_is_too_new(5));
	ck_assert(apiversions_is_too_new(6));
	ck_assert(apiversions_is_too_new(INT16_MAX));
	apiversions_too_new(&out);
	ck_hex(wr_slice(&out), "0023 00000001 0012 0000 0005");
	ck_assert_int_eq(apiversions_find(0, wr_slice(&out), API_VERSIONS, &min, &max), ERR_REMOTE);
	wr_free(&out);
}
END_TEST

START_TEST(request)
{
	struct wr w = hex_of("0c 'apache-java' 06 '4.3.1' 00");
	struct slice name = {0}, version = {0};

	ck_assert_int_eq(apiversions_request_read(3, wr_slice(&w), &name, &version), 0);
	ck_assert(slice_eq(name, slice_str("apache-java")));
	ck_assert(slice_eq(version, slice_str("4.3.1")));
	for (size_t n = 0; n < w.len; n++)
		ck_assert_int_ne(apiversions_request_read(4, slice_of(w.buf, n), &name, &version), 0);
	wr_free(&w);
	/* KIP-1242: and which cluster and node the client means. */
	w = hex_of("0c 'apache-java' 06 '4.4.0' 17 'makotoLabClusterId0001' 00000002 00");
	ck_assert_int_eq(apiversions_request_read(5, wr_slice(&w), &name, &version), 0);
	ck_assert(slice_eq(version, slice_str("4.4.0")));
	wr_free(&w);
	for (int16_t v = 0; v <= 2; v++) {
		ck_assert_int_eq(apiversions_request_read(v, slice_of("", 0), &name, &version), 0);
		ck_assert_uint_eq(name.n, 0);
		ck_assert_uint_eq(version.n, 0);
	}
	ck_assert_int_eq(apiversions_request_read(0, slice_of("x", 1), &name, &version), ERR_MALFORMED);
	ck_assert_int_eq(apiversions_request_read(6, slice_of("", 0), &name, &version), ERR_UNSUPPORTED);
}
END_TEST

static int
find(int16_t version, const char *hex, int16_t key, int16_t *ret_min, int16_t *ret_max)
{
	struct wr w = hex_of(hex);
	int err = apiversions_find(version, wr_slice(&w), key, ret_min, ret_max);

	wr_free(&w);
	return err;
}

START_TEST(finds)
{
	int16_t min = 0, max = 0;

	ck_assert_int_eq(find(0, "0000 00000002 0000 0003 000d 0003 0000 000c", API_METADATA, &min, &max), 0);
	ck_assert_int_eq(min, 0);
	ck_assert_int_eq(max, 12);
	ck_assert_int_eq(find(3, "0000 03 0000 0003 000d 01 05 01 ff 0003 0001 000b 00 00000000 00", API_METADATA, &min, &max), 0);
	ck_assert_int_eq(min, 1);
	ck_assert_int_eq(max, 11);
	ck_assert_int_eq(find(0, "0000 00000001 0000 0003 000d", API_METADATA, &min, &max), ERR_NOTFOUND);
	ck_assert_int_eq(find(0, "0023 00000001 0012 0000 0003", API_VERSIONS, &min, &max), ERR_REMOTE);
	ck_assert_int_eq(find(0, "0000 00000001 0000 0003", API_METADATA, &min, &max), ERR_MALFORMED);
	ck_assert_int_eq(find(0, "00", API_METADATA, &min, &max), ERR_SHORT);
	ck_assert_int_eq(max, 11);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("apiversions");
	TCase *c = tcase_create("apiversions");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, narrows_v0);
	tcase_add_test(c, narrows_v1);
	tcase_add_test(c, narrows_v3);
	tcase_add_test(c, a_compact_count_may_shrink);
	tcase_add_test(c, ranges_without_a_common_version_go);
	tcase_add_test(c, nothing_is_lost_on_the_newest);
	tcase_add_test(c, unsupported_version);
	tcase_add_test(c, other_errors);
	tcase_add_test(c, malformed);
	tcase_add_test(c, too_new);
	tcase_add_test(c, request);
	tcase_add_test(c, finds);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
