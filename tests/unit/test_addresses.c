#include <check.h>

#include "hex.h"
#include "kafka/addresses.h"
#include "kafka/api.h"
#include "message_same.h"

/* Broker n is told as "local" at port 9000 + n; these two can't be. */
enum { UNMAPPED = 66, NO_SOCKET = 67 };

static int asked;

static int
map(void *arg, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host, int32_t *ret_port)
{
	(void)arg;
	ck_assert_int_ge(node_id, 0);
	ck_assert_uint_gt(host.n, 0);
	ck_assert_int_gt(port, 0);
	asked++;
	if (node_id == UNMAPPED)
		return ERR_NOTFOUND;
	if (node_id == NO_SOCKET)
		return ERR_IO;
	*ret_host = slice_str("local");
	*ret_port = 9000 + (node_id & 0xffff);
	return 0;
}

static void
rewritten(int16_t key, int16_t version, const char *broker, const char *client)
{
	struct wr in = hex_of(broker), out = wr_new(1 << 16);
	bool changed = false;

	ck_assert(addresses_in(key, version));
	ck_assert_int_eq(addresses_rewrite(key, version, wr_slice(&in), map, NULL, &out, &changed), 0);
	ck_assert(changed);
	ck_hex(wr_slice(&out), client);
	ck_assert_int_eq(schema_walk(key, true, version, wr_slice(&out), NULL, NULL, NULL), 0);
	wr_free(&in);
	wr_free(&out);
}

static void
untouched(int16_t key, int16_t version, const char *broker)
{
	struct wr in = hex_of(broker), out = wr_new(1 << 16);
	bool changed = true;

	ck_assert_int_eq(addresses_rewrite(key, version, wr_slice(&in), map, NULL, &out, &changed), 0);
	ck_assert(!changed);
	ck_assert_uint_eq(out.len, 0);
	wr_free(&in);
	wr_free(&out);
}

static void
refused(int want, int16_t key, int16_t version, const char *broker)
{
	struct wr in = hex_of(broker), out = wr_new(1 << 16);
	bool changed = true;

	ck_assert_int_eq(addresses_rewrite(key, version, wr_slice(&in), map, NULL, &out, &changed), want);
	ck_assert(changed);
	wr_free(&in);
	wr_free(&out);
}

START_TEST(metadata)
{
	rewritten(API_METADATA, 0,
		  "00000002 | 00000001 0007 'kafka-1' 00002384 | 00000002 0002 'k2' 00002384 | 00000000",
		  "00000002 | 00000001 0005 'local' 00002329 | 00000002 0005 'local' 0000232a | 00000000");
	rewritten(API_METADATA, 1,
		  "00000001 | 00000001 0002 'k1' 00002384 0004 'rack' | 00000001 | 00000000",
		  "00000001 | 00000001 0005 'local' 00002329 0004 'rack' | 00000001 | 00000000");
	rewritten(API_METADATA, 9,
		  "00000000 02 | 00000001 03 'k1' 00002384 00 00 | 03 'id' 00000001 01 80000000 00",
		  "00000000 02 | 00000001 06 'local' 00002329 00 00 | 03 'id' 00000001 01 80000000 00");
	/* a topic with one partition, an unknown tag on the broker */
	rewritten(API_METADATA, 12,
		  "00000000 02 | 00000003 03 'k3' 00002384 02 'r' 01 07 02 beef | 03 'id' 00000003 | 02 0000 02 't' "
		  "000102030405060708090a0b0c0d0e0f 00 02 0000 00000000 00000003 00000005 02 00000003 02 00000003 01 00 "
		  "80000000 00 | 00",
		  "00000000 02 | 00000003 06 'local' 0000232b 02 'r' 01 07 02 beef | 03 'id' 00000003 | 02 0000 02 't' "
		  "000102030405060708090a0b0c0d0e0f 00 02 0000 00000000 00000003 00000005 02 00000003 02 00000003 01 00 "
		  "80000000 00 | 00");
	rewritten(API_METADATA, 13, "00000000 02 | 00000003 03 'k3' 00002384 00 00 | 00 ffffffff 01 0081 00",
		  "00000000 02 | 00000003 06 'local' 0000232b 00 00 | 00 ffffffff 01 0081 00");
	untouched(API_METADATA, 9, "00000000 01 | 00 ffffffff 01 80000000 00");
}
END_TEST

START_TEST(find_coordinator)
{
	rewritten(API_FIND_COORDINATOR, 0, "0000 00000002 0002 'k2' 00002384", "0000 00000002 0005 'local' 0000232a");
	rewritten(API_FIND_COORDINATOR, 2, "00000000 0000 ffff 00000002 0002 'k2' 00002384",
		  "00000000 0000 ffff 00000002 0005 'local' 0000232a");
	rewritten(API_FIND_COORDINATOR, 3, "00000000 0000 00 00000002 03 'k2' 00002384 00",
		  "00000000 0000 00 00000002 06 'local' 0000232a 00");
	/* one found, one not: the error's place holder stays */
	rewritten(API_FIND_COORDINATOR, 4,
		  "00000000 03 | 02 'g' 00000002 03 'k2' 00002384 0000 00 00 | 02 'h' ffffffff 01 ffffffff 000f 00 00 | 00",
		  "00000000 03 | 02 'g' 00000002 06 'local' 0000232a 0000 00 00 | 02 'h' ffffffff 01 ffffffff 000f 00 00 | 00");
	untouched(API_FIND_COORDINATOR, 0, "000f ffffffff 0000 ffffffff");
	untouched(API_FIND_COORDINATOR, 6, "00000000 02 | 02 'h' ffffffff 01 ffffffff 000f 00 00 | 00");
}
END_TEST

START_TEST(describe_cluster)
{
	rewritten(API_DESCRIBE_CLUSTER, 0, "00000000 0000 00 03 'id' 00000001 02 | 00000001 03 'k1' 00002384 00 00 | 80000000 00",
		  "00000000 0000 00 03 'id' 00000001 02 | 00000001 06 'local' 00002329 00 00 | 80000000 00");
	rewritten(API_DESCRIBE_CLUSTER, 1,
		  "00000000 0000 00 01 03 'id' 00000001 02 | 00000001 03 'k1' 00002384 00 00 | 80000000 00",
		  "00000000 0000 00 01 03 'id' 00000001 02 | 00000001 06 'local' 00002329 00 00 | 80000000 00");
	rewritten(API_DESCRIBE_CLUSTER, 2, /* fenced brokers too */
		  "00000000 0000 00 01 03 'id' 00000001 02 | 00000001 03 'k1' 00002384 00 01 00 | 80000000 00",
		  "00000000 0000 00 01 03 'id' 00000001 02 | 00000001 06 'local' 00002329 00 01 00 | 80000000 00");
	/* controllers: none of them, and no question to the map, which knows brokers */
	asked = 0;
	rewritten(API_DESCRIBE_CLUSTER, 1,
		  "00000000 0000 00 02 03 'id' 00000001 02 | 00000001 03 'k1' 00002385 00 00 | 80000000 00",
		  "00000000 0000 00 02 03 'id' 00000001 01 | 80000000 00");
	ck_assert_int_eq(asked, 0);
	untouched(API_DESCRIBE_CLUSTER, 1, "00000000 0073 02 'e' 02 01 ffffffff 01 80000000 00");
}
END_TEST

START_TEST(describe_quorum)
{
	rewritten(API_DESCRIBE_QUORUM, 2,
		  "0000 00 01 | 03 | 00000001 02 | 0b 'CONTROLLER' 03 'k1' 2385 00 | 00 | 00000002 01 00 | 00",
		  "0000 00 01 | 03 | 00000001 01 | 00 | 00000002 01 00 | 00");
	untouched(API_DESCRIBE_QUORUM, 2, "0000 00 01 | 02 | 00000002 01 00 | 00");
	ck_assert(!addresses_in(API_DESCRIBE_QUORUM, 1));
}
END_TEST

/* Response: one topic, one partition, error 6 NOT_LEADER, new leader as tag 0; endpoints as tag 0 of the whole. */
#define PRODUCE_10 "02 02 't' 02 00000000 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00 " \
		   "01 00 09 00000002 00000005 00 00 00000000 "

START_TEST(produce)
{
	ck_assert(!addresses_in(API_PRODUCE, 9));
	for (int16_t v = 10; v <= 12; v++) {
		/* 02 | 00000002 03 'k2' 00002384 00 00: 14 bytes; with the new host 17 */
		rewritten(API_PRODUCE, v, PRODUCE_10 "01 00 0e 02 00000002 03 'k2' 00002384 00 00",
			  PRODUCE_10 "01 00 11 02 00000002 06 'local' 0000232a 00 00");
		/* an unknown tag behind stays */
		rewritten(API_PRODUCE, v, PRODUCE_10 "02 00 0e 02 00000002 03 'k2' 00002384 00 00 05 01 aa",
			  PRODUCE_10 "02 00 11 02 00000002 06 'local' 0000232a 00 00 05 01 aa");
		untouched(API_PRODUCE, v, PRODUCE_10 "00");
		untouched(API_PRODUCE, v, PRODUCE_10 "01 00 01 01");
		/* no port for one of the hints: none is told */
		rewritten(API_PRODUCE, v,
			  PRODUCE_10 "01 00 1b 03 00000002 03 'k2' 00002384 00 00 00000042 03 'kx' 00002384 00 00",
			  PRODUCE_10 "01 00 01 01");
		/* a size that doesn't hold its content */
		refused(ERR_SHORT, API_PRODUCE, v, PRODUCE_10 "01 00 0d 02 00000002 03 'k2' 00002384 00 00");
		refused(ERR_MALFORMED, API_PRODUCE, v, PRODUCE_10 "01 00 0f 02 00000002 03 'k2' 00002384 00 00 00");
	}
}
END_TEST

#define FETCH_16 "00000000 0000 00000007 02 000102030405060708090a0b0c0d0e0f 02 00000000 0006 0000000000000009 " \
		 "0000000000000009 0000000000000000 00 ffffffff 05 'RECS' 01 01 09 00000002 00000005 00 00 "

START_TEST(fetch)
{
	ck_assert(!addresses_in(API_FETCH, 15));
	for (int16_t v = 16; v <= 18; v++) {
		rewritten(API_FETCH, v, FETCH_16 "01 00 0e 02 00000002 03 'k2' 00002384 00 00",
			  FETCH_16 "01 00 11 02 00000002 06 'local' 0000232a 00 00");
		untouched(API_FETCH, v, FETCH_16 "00");
	}
}
END_TEST

START_TEST(share) /* NodeEndpoints is an ordinary field here */
{
	for (int16_t v = 1; v <= 2; v++)
		rewritten(API_SHARE_FETCH, v,
			  "00000000 0000 00 00007530 02 000102030405060708090a0b0c0d0e0f 02 00000000 0000 00 0000 00 00000002 "
			  "00000005 00 05 'RECS' 01 00 00 | 02 00000002 03 'k2' 00002384 00 00 | 00",
			  "00000000 0000 00 00007530 02 000102030405060708090a0b0c0d0e0f 02 00000000 0000 00 0000 00 00000002 "
			  "00000005 00 05 'RECS' 01 00 00 | 02 00000002 06 'local' 0000232a 00 00 | 00");
	rewritten(API_SHARE_ACKNOWLEDGE, 1, "00000000 0000 00 01 | 02 00000002 03 'k2' 00002384 00 00 | 00",
		  "00000000 0000 00 01 | 02 00000002 06 'local' 0000232a 00 00 | 00");
	rewritten(API_SHARE_ACKNOWLEDGE, 2, "00000000 0000 00 00000000 01 | 02 00000043 03 'kx' 00002384 00 00 | 00",
		  "00000000 0000 00 00000000 01 | 01 | 00");
	rewritten(API_SHARE_ACKNOWLEDGE, 1, "00000000 0000 00 01 | 02 00000042 03 'kx' 00002384 00 00 | 00",
		  "00000000 0000 00 01 | 01 | 00");
}
END_TEST

START_TEST(no_port_for_a_broker) /* must not be told, and is no hint that can be left out */
{
	refused(ERR_NOTFOUND, API_METADATA, 0, "00000001 | 00000042 0002 'kx' 00002384 | 00000000");
	refused(ERR_IO, API_METADATA, 0, "00000001 | 00000043 0002 'kx' 00002384 | 00000000");
	refused(ERR_NOTFOUND, API_FIND_COORDINATOR, 0, "0000 00000042 0002 'kx' 00002384");
	refused(ERR_NOTFOUND, API_DESCRIBE_CLUSTER, 0,
		"00000000 0000 00 03 'id' 00000001 02 | 00000042 03 'kx' 00002384 00 00 | 80000000 00");
}
END_TEST

START_TEST(an_address_of_nobody) /* has no port of ours; its host is not told */
{
	rewritten(API_METADATA, 0, "00000001 | ffffffff 0002 'kx' 00002384 | 00000000",
		  "00000001 | ffffffff 0000 ffffffff | 00000000");
	rewritten(API_METADATA, 0, "00000001 | 00000001 0002 'kx' 00000000 | 00000000",
		  "00000001 | 00000001 0000 ffffffff | 00000000");
}
END_TEST

START_TEST(unknown_versions)
{
	refused(ERR_UNSUPPORTED, API_METADATA, 14, "00");
	refused(ERR_UNSUPPORTED, API_SHARE_FETCH, 0, "00");
	ck_assert(addresses_in(API_METADATA, 14)); /* so it is asked about, and refused */
	ck_assert(addresses_in(API_PRODUCE, 14));
	ck_assert(!addresses_in(API_END_TXN, 0));
	ck_assert(!addresses_in(9999, 0));
}
END_TEST

START_TEST(a_full_writer)
{
	struct wr in = hex_of("00000001 | 00000001 0002 'k1' 00002384 | 00000000");
	bool changed;

	for (size_t max = 0; max < in.len + 3; max++) {
		struct wr out = wr_new(max);

		ck_assert_int_eq(addresses_rewrite(API_METADATA, 0, wr_slice(&in), map, NULL, &out, &changed), ERR_LIMIT);
		wr_free(&out);
	}
	wr_free(&in);
}
END_TEST

/* --- no address is left, in any message that the walker takes ---------------------- */

struct seen {
	int32_t node;
	bool controllers;
};

static int
see_ours(void *arg, struct schema_value *v)
{
	struct seen *s = arg;

	if (v->mark == SCHEMA_HOST)
		ck_assert(v->bytes.n == 0 || slice_eq(v->bytes, slice_str("local")));
	if (v->mark == SCHEMA_ENDPOINT_TYPE)
		s->controllers = v->num != 1;
	if (v->mark == SCHEMA_LISTENERS || (v->mark == SCHEMA_CLUSTER_BROKERS && s->controllers))
		ck_assert_int_le(v->num, 0);
	return 0;
}

static const struct {
	int16_t key, from;
} with_addresses[] = {
	{API_METADATA, 0},  {API_FIND_COORDINATOR, 0}, {API_DESCRIBE_CLUSTER, 0},  {API_PRODUCE, 10},
	{API_FETCH, 16},    {API_SHARE_FETCH, 1},      {API_SHARE_ACKNOWLEDGE, 1}, {API_DESCRIBE_QUORUM, 2},
};

static void
none_left(int16_t key, int16_t version, struct slice body)
{
	struct wr out = wr_new(1 << 20);
	struct seen seen = {0};
	bool changed = false;
	bool good = schema_walk(key, true, version, body, NULL, NULL, NULL) == 0;
	int err = addresses_rewrite(key, version, body, map, NULL, &out, &changed);

	/* Taken is what the walker takes, but for brokers that have no port. */
	ck_assert(err == 0 ? good : !good || err == ERR_NOTFOUND || err == ERR_IO);
	if (err == 0)
		ck_assert_int_eq(schema_walk(key, true, version, changed ? wr_slice(&out) : body, see_ours, &seen, NULL), 0);
	wr_free(&out);
}

static void
each_random(bool small)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff};
	struct message_gen g = {.state = 0xadd7, .plain = small};
	struct wr w = wr_new(1 << 20);

	for (size_t i = 0; i < ARRAY_LEN(with_addresses); i++)
		for (int16_t v = with_addresses[i].from; v <= schema_apis[with_addresses[i].key].last; v++)
			for (int round = 0; round < 8; round++) {
				wr_reset(&w);
				message_gen(&g, with_addresses[i].key, true, v, &w);
				for (size_t n = 0; n <= w.len; n++)
					none_left(with_addresses[i].key, v, slice_of(w.buf, n));
				for (size_t n = 0; n < w.len; n++) {
					uint8_t was = w.buf[n];

					for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
						w.buf[n] = was ^ flips[k];
						none_left(with_addresses[i].key, v, wr_slice(&w));
					}
					w.buf[n] = was;
				}
			}
	wr_free(&w);
}

START_TEST(none_is_left)
{
	each_random(false);
	each_random(true);
}
END_TEST

static void
no_other_api(int16_t key, int16_t version)
{
	struct message_gen g = {.state = 0xadd8 + (uint64_t)key, .plain = true};

	if (addresses_in(key, version))
		return;
	for (int round = 0; round < 5; round++) {
		struct wr w = wr_new(1 << 20), out = wr_new(1 << 20);
		bool changed = true;

		message_gen(&g, key, true, version, &w);
		ck_assert_int_eq(addresses_rewrite(key, version, wr_slice(&w), map, NULL, &out, &changed), 0);
		ck_assert(!changed);
		wr_free(&w);
		wr_free(&out);
	}
}

START_TEST(addresses_in_names_them_all) /* no API outside of it has a marked field */
{
	for (int16_t key = 0; key < schema_api_count; key++)
		for (int16_t v = schema_apis[key].first; schema_apis[key].name != NULL && v <= schema_apis[key].last; v++)
			no_other_api(key, v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("addresses");
	TCase *c = tcase_create("addresses");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, metadata);
	tcase_add_test(c, find_coordinator);
	tcase_add_test(c, describe_cluster);
	tcase_add_test(c, describe_quorum);
	tcase_add_test(c, produce);
	tcase_add_test(c, fetch);
	tcase_add_test(c, share);
	tcase_add_test(c, no_port_for_a_broker);
	tcase_add_test(c, an_address_of_nobody);
	tcase_add_test(c, unknown_versions);
	tcase_add_test(c, a_full_writer);
	tcase_add_test(c, none_is_left);
	tcase_add_test(c, addresses_in_names_them_all);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
