#include "kafka/metadata.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"

static bool
taken(int16_t version, struct slice body)
{
	struct metadata m;

	if (metadata_read(version, body, &m) != 0)
		return false;
	metadata_free(&m);
	return true;
}

static bool
version_0(int16_t version, struct slice body)
{
	(void)body;
	return version < METADATA_MIN;
}

START_TEST(as_the_walker)
{
	message_same(&(struct message_same){API_METADATA, true, taken, version_0});
}
END_TEST

START_TEST(version_1)
{
	struct wr w = hex_of("00000001 | 00000001 0002 'k1' 00002384 ffff | 00000007 | 00000002 | 0000 0001 't' 01 00000001 0000 "
			     "00000000 00000001 00000001 00000001 00000001 00000001 | 0003 0001 'u' 00 00000000");
	struct metadata m;

	ck_assert_int_eq(metadata_read(1, wr_slice(&w), &m), 0);
	ck_assert_uint_eq(m.broker_count, 1);
	ck_assert_int_eq(m.brokers[0].node_id, 1);
	ck_assert(slice_eq(m.brokers[0].host, slice_str("k1")));
	ck_assert_int_eq(m.brokers[0].port, 9092);
	ck_assert_ptr_null(m.cluster_id.p);
	ck_assert_int_eq(m.controller_id, 7);
	ck_assert_uint_eq(m.topic_count, 2);
	ck_assert_int_eq(m.topics[0].error, 0);
	ck_assert(slice_eq(m.topics[0].name, slice_str("t")));
	ck_assert(m.topics[0].internal);
	ck_assert_int_eq(m.topics[0].partitions, 1);
	ck_assert_int_eq(m.topics[1].error, 3);
	ck_assert_int_eq(m.error, 0);
	ck_assert_ptr_eq(metadata_topic_named(&m, "u"), &m.topics[1]);
	ck_assert_ptr_null(metadata_topic_named(&m, "v"));
	metadata_free(&m);
	ck_assert_ptr_null(m.brokers);
	wr_free(&w);
}
END_TEST

START_TEST(version_13)
{
	struct wr w = hex_of("00000000 02 | 00000003 03 'k3' 00002384 02 'r' 00 | 03 'id' 00000003 | 02 0000 02 't' "
			     "000102030405060708090a0b0c0d0e0f 00 03 0000 00000000 00000003 00000005 02 00000003 02 00000003 01 00 "
			     "0005 00000001 ffffffff ffffffff 01 01 01 00 80000000 00 | 0081 00");
	struct metadata m;

	ck_assert_int_eq(metadata_read(13, wr_slice(&w), &m), 0);
	ck_assert(slice_eq(m.cluster_id, slice_str("id")));
	ck_assert_int_eq(m.topics[0].partitions, 2);
	ck_assert_int_eq(m.topics[0].id[15], 15);
	ck_assert_int_eq(m.error, 129);
	metadata_free(&m);
	ck_assert_int_eq(metadata_read(14, wr_slice(&w), &m), ERR_UNSUPPORTED);
	ck_assert_int_eq(metadata_read(0, wr_slice(&w), &m), ERR_UNSUPPORTED);
	wr_free(&w);
}
END_TEST

START_TEST(requests_are_good)
{
	static const uint8_t ids[2][16] = {{1}, {2}};
	struct slice names[2] = {slice_str("one"), slice_str("two")};

	for (int16_t v = METADATA_MIN; v <= METADATA_MAX; v++)
		for (size_t n = 0; n <= 2; n++) {
			struct wr w = wr_new(1000);

			metadata_request_write(v, names, NULL, n, &w);
			ck_assert_int_eq(schema_walk(API_METADATA, false, v, wr_slice(&w), NULL, NULL, NULL), 0);
			wr_reset(&w);
			if (v >= METADATA_BY_ID) {
				metadata_request_write(v, NULL, ids, n, &w);
				ck_assert_int_eq(schema_walk(API_METADATA, false, v, wr_slice(&w), NULL, NULL, NULL), 0);
			}
			wr_free(&w);
		}
}
END_TEST

START_TEST(rights)
{
	struct slice name = slice_str("t");
	struct wr w = hex_of("00000000 01 | 03 'id' 00000003 | 02 0000 02 't' 00 01 00000108 00 | 00000100 00");
	struct metadata m;

	ck_assert_int_eq(metadata_read(9, wr_slice(&w), &m), 0);
	ck_assert_int_eq(m.rights, 1 << 8);
	ck_assert_int_eq(m.topics[0].rights, 1 << 3 | 1 << 8);
	metadata_free(&m);
	wr_free(&w);
	w = hex_of("00000000 | 00000007 | 00000001 | 0000 0001 't' 01 00000000");
	ck_assert_int_eq(metadata_read(1, wr_slice(&w), &m), 0);
	ck_assert_int_eq(m.rights, METADATA_UNTOLD);
	ck_assert_int_eq(m.topics[0].rights, METADATA_UNTOLD);
	metadata_free(&m);
	for (int16_t v = METADATA_RIGHTS_MIN; v <= METADATA_RIGHTS_MAX; v++)
		for (size_t n = 0; n <= 1; n++) {
			wr_reset(&w);
			metadata_rights_write(v, n > 0 ? &name : NULL, n, &w);
			ck_assert_int_eq(schema_walk(API_METADATA, false, v, wr_slice(&w), NULL, NULL, NULL), 0);
		}
	wr_reset(&w);
	metadata_rights_write(8, NULL, 0, &w);
	ck_hex(wr_slice(&w), "ffffffff 00 01 01");
	wr_reset(&w);
	metadata_rights_write(9, &name, 1, &w);
	ck_hex(wr_slice(&w), "02 02 't' 00 | 00 01 01 00");
	wr_reset(&w);
	metadata_rights_write(9, NULL, 0, &w);
	ck_hex(wr_slice(&w), "00 | 00 01 01 00");
	wr_free(&w);
}
END_TEST

START_TEST(requests_to_the_byte)
{
	static const uint8_t ids[1][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
	struct slice name = slice_str("t");
	struct wr w = wr_new(1000);

	metadata_request_write(1, NULL, NULL, 0, &w); /* brokers only: an empty list, null would be all topics */
	ck_hex(wr_slice(&w), "00000000");
	wr_reset(&w);
	metadata_request_write(4, &name, NULL, 1, &w);
	ck_hex(wr_slice(&w), "00000001 0001 't' 00");
	wr_reset(&w);
	metadata_request_write(9, &name, NULL, 1, &w);
	ck_hex(wr_slice(&w), "02 02 't' 00 | 00 00 00 00");
	wr_reset(&w);
	metadata_request_write(12, NULL, ids, 1, &w);
	ck_hex(wr_slice(&w), "02 000102030405060708090a0b0c0d0e0f 00 00 | 00 00 00");
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("metadata");
	TCase *c = tcase_create("metadata");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, as_the_walker);
	tcase_add_test(c, version_1);
	tcase_add_test(c, version_13);
	tcase_add_test(c, requests_are_good);
	tcase_add_test(c, rights);
	tcase_add_test(c, requests_to_the_byte);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
