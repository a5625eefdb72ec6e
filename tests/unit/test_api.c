#include <check.h>

#include "kafka/api.h"
#include "kafka/schema_internal.h"

START_TEST(names_and_ranges)
{
	static const struct {
		int16_t key;
		const char *name;
		int16_t min, max;
	} t[] = {
		{API_PRODUCE, "Produce", 3, 13},
		{API_FETCH, "Fetch", 4, 18},
		{API_METADATA, "Metadata", 0, 13},
		{API_FIND_COORDINATOR, "FindCoordinator", 0, 6},
		{API_SASL_HANDSHAKE, "SaslHandshake", 0, 1},
		{API_VERSIONS, "ApiVersions", 0, 5},
		{API_CREATE_TOPICS, "CreateTopics", 2, 7},
		{API_INIT_PRODUCER_ID, "InitProducerId", 0, 5}, /* 6 is not stable */
		{API_END_TXN, "EndTxn", 0, 5},
		{API_DESCRIBE_CONFIGS, "DescribeConfigs", 1, 4},
		{API_SASL_AUTHENTICATE, "SaslAuthenticate", 0, 2},
		{API_DESCRIBE_QUORUM, "DescribeQuorum", 0, 2},
		{API_DESCRIBE_CLUSTER, "DescribeCluster", 0, 2},
		{API_DESCRIBE_TOPIC_PARTITIONS, "DescribeTopicPartitions", 0, 0},
		{API_SHARE_FETCH, "ShareFetch", 1, 2},
		{API_SHARE_ACKNOWLEDGE, "ShareAcknowledge", 1, 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int16_t min = -1, max = -1;

		ck_assert_str_eq(api_name(t[i].key), t[i].name);
		ck_assert(api_known(t[i].key));
		ck_assert(api_range(t[i].key, &min, &max));
		ck_assert_int_eq(min, t[i].min);
		ck_assert_int_eq(max, t[i].max);
	}
}
END_TEST

START_TEST(unknown)
{
	static const int16_t keys[] = {-1, INT16_MIN, 4, 5, 6, 7, 95, 96, 10000, INT16_MAX};
	int16_t min = 5, max = 6;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		ck_assert_ptr_null(api_name(keys[i]));
		ck_assert(!api_known(keys[i]));
		ck_assert(!api_range(keys[i], &min, &max));
		ck_assert(api_flexible(keys[i], 0));
	}
	ck_assert_int_eq(min, 5);
	ck_assert_int_eq(max, 6);
}
END_TEST

START_TEST(controllers_own) /* Vote, BrokerRegistration, Envelope, FetchSnapshot … never stand on a broker's listener */
{
	static const int16_t keys[] = {52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		ck_assert_ptr_nonnull(api_name(keys[i]));
		ck_assert(!api_known(keys[i]));
	}
}
END_TEST

START_TEST(flexible_versions)
{
	static const struct {
		int16_t key, from;
	} t[] = {{API_PRODUCE, 9}, {API_FETCH, 12}, {API_METADATA, 9}, {API_FIND_COORDINATOR, 3}, {API_VERSIONS, 3}, {API_END_TXN, 3}};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		ck_assert(!api_flexible(t[i].key, t[i].from - 1));
		ck_assert(api_flexible(t[i].key, t[i].from));
		ck_assert(api_flexible(t[i].key, 99));
	}
	ck_assert(!api_flexible(API_SASL_HANDSHAKE, 1));
	ck_assert(!api_flexible(47, 0)); /* OffsetDelete */
}
END_TEST

START_TEST(ranges_are_ranges)
{
	for (int16_t key = 0; key < schema_api_count; key++)
		if (api_name(key) != NULL) {
			int16_t min, max;

			ck_assert(api_range(key, &min, &max));
			ck_assert(0 <= min && min <= max);
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("api");
	TCase *c = tcase_create("api");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, names_and_ranges);
	tcase_add_test(c, unknown);
	tcase_add_test(c, controllers_own);
	tcase_add_test(c, flexible_versions);
	tcase_add_test(c, ranges_are_ranges);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
