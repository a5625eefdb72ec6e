#include "kafka/txn.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"

static bool
end_request(int16_t version, struct slice body)
{
	struct end_txn e;

	return end_txn_request_read(version, body, &e) == 0;
}

static bool
end_response(int16_t version, struct slice body)
{
	int16_t error;

	return end_txn_response_read(version, body, &error) == 0;
}

static bool
init_request(int16_t version, struct slice body)
{
	struct init_producer_id q;

	return init_producer_id_request_read(version, body, &q) == 0;
}

static bool
init_response(int16_t version, struct slice body)
{
	int16_t error, epoch;
	int64_t id;

	return init_producer_id_response_read(version, body, &error, &id, &epoch) == 0;
}

static bool
add_partitions_response(int16_t version, struct slice body)
{
	int16_t error;

	return version > 3 || txn_add_response_read(API_ADD_PARTITIONS_TO_TXN, version, body, &error) == 0;
}

static bool
add_offsets_response(int16_t version, struct slice body)
{
	int16_t error;

	return txn_add_response_read(API_ADD_OFFSETS_TO_TXN, version, body, &error) == 0;
}

START_TEST(as_the_walker)
{
	message_same(&(struct message_same){API_ADD_OFFSETS_TO_TXN, true, add_offsets_response, NULL});
	message_same(&(struct message_same){API_END_TXN, false, end_request, NULL});
	message_same(&(struct message_same){API_END_TXN, true, end_response, NULL});
	message_same(&(struct message_same){API_INIT_PRODUCER_ID, false, init_request, NULL});
	message_same(&(struct message_same){API_INIT_PRODUCER_ID, true, init_response, NULL});
}
END_TEST

START_TEST(ends)
{
	for (int16_t v = 0; v <= 5; v++) {
		struct wr w = hex_of(v < 3 ? "0002 'tx' 0000000000000107 0003 01" : "03 'tx' 0000000000000107 0003 01 00");
		struct end_txn e;
		int16_t error = -1;

		ck_assert_int_eq(end_txn_request_read(v, wr_slice(&w), &e), 0);
		ck_assert(slice_eq(e.transactional_id, slice_str("tx")));
		ck_assert_int_eq(e.producer_id, 0x107);
		ck_assert_int_eq(e.epoch, 3);
		ck_assert(e.committed);
		wr_free(&w);
		w = hex_of(v < 3 ? "00000000 002f" : v < 5 ? "00000000 002f 00" : "00000000 002f 0000000000000107 0004 00");
		ck_assert_int_eq(end_txn_response_read(v, wr_slice(&w), &error), 0);
		ck_assert_int_eq(error, 47);
		wr_free(&w);
	}
}
END_TEST

START_TEST(inits)
{
	for (int16_t v = 0; v <= 5; v++) {
		struct wr w = hex_of(v < 2 ? "0002 'tx' 0000ea60" : v == 2 ? "03 'tx' 0000ea60 00" :
				     "03 'tx' 0000ea60 0000000000000107 0003 00");
		struct init_producer_id q;
		int16_t error = -1, epoch = -1;
		int64_t id = -1;

		ck_assert_int_eq(init_producer_id_request_read(v, wr_slice(&w), &q), 0);
		ck_assert(slice_eq(q.transactional_id, slice_str("tx")));
		ck_assert_int_eq(q.producer_id, v < 3 ? -1 : 0x107);
		ck_assert_int_eq(q.epoch, v < 3 ? -1 : 3);
		wr_free(&w);
		w = hex_of(v < 2 ? "00000000 0000 0000000000000107 0004" : "00000000 0000 0000000000000107 0004 00");
		ck_assert_int_eq(init_producer_id_response_read(v, wr_slice(&w), &error, &id, &epoch), 0);
		ck_assert_int_eq(error, 0);
		ck_assert_int_eq(id, 0x107);
		ck_assert_int_eq(epoch, 4);
		wr_free(&w);
	}
}
END_TEST

/* Of partitions the first error that says something. */
START_TEST(added)
{
	for (int16_t v = 0; v <= 3; v++) {
		struct wr w = hex_of(v < 3 ? "00000000 00000002 0001 'a' 00000001 00000000 0037 0001 'b' 00000002 00000000 0010 00000001 0033" :
				     "00000000 03 02 'a' 02 00000000 0037 00 00 02 'b' 03 00000000 0010 01 05 02 ffff 00000001 0033 00 00 00");
		int16_t error = -1;

		ck_assert_int_eq(txn_add_response_read(API_ADD_PARTITIONS_TO_TXN, v, wr_slice(&w), &error), 0);
		ck_assert_int_eq(error, 16);
		ck_assert(add_partitions_response(v, wr_slice(&w)));
		ck_assert_int_ne(txn_add_response_read(API_ADD_PARTITIONS_TO_TXN, v, slice_of(wr_slice(&w).p, wr_slice(&w).n - 1), &error), 0);
		wr_free(&w);
		w = hex_of(v < 3 ? "00000000 000f" : "00000000 000f 00");
		ck_assert_int_eq(txn_add_response_read(API_ADD_OFFSETS_TO_TXN, v, wr_slice(&w), &error), 0);
		ck_assert_int_eq(error, 15);
		wr_free(&w);
	}
}
END_TEST

START_TEST(idempotent_alone)
{
	struct init_producer_id q;

	ck_assert_int_eq(init_producer_id_request_read(0, slice_of("\xff\xff\0\0\0\0", 6), &q), 0);
	ck_assert_ptr_null(q.transactional_id.p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("txn");
	TCase *c = tcase_create("txn");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, as_the_walker);
	tcase_add_test(c, ends);
	tcase_add_test(c, inits);
	tcase_add_test(c, added);
	tcase_add_test(c, idempotent_alone);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
