#include "kafka/topics.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"

#define ID "000102030405060708090a0b0c0d0e0f"
#define ZERO "00000000000000000000000000000000"

static char learnt[256];

static int
learn(void *arg, struct slice name, const uint8_t id[16])
{
	const int *error = arg;

	ck_assert_uint_gt(name.n, 0);
	(void)snprintf(learnt + strlen(learnt), sizeof(learnt) - strlen(learnt), "%.*s=%02x..%02x ", (int)name.n,
		       (const char *)name.p, id[0], id[15]);
	return error != NULL ? *error : 0;
}

static void
teaches(int16_t key, int16_t version, const char *hex, const char *what)
{
	struct wr w = hex_of(hex);

	learnt[0] = '\0';
	ck_assert(topics_in(key, version));
	ck_assert_int_eq(topics_learn(key, version, wr_slice(&w), learn, NULL), 0);
	ck_assert_str_eq(learnt, what);
	wr_free(&w);
}

START_TEST(metadata)
{
	/* a good topic, one in error without id, one told by id that isn't known (null name) */
	teaches(API_METADATA, 12,
		"00000000 01 00 ffffffff 04 | 0000 02 't' " ID " 00 01 80000000 00 | 0003 02 'u' " ZERO " 00 01 80000000 00 | "
		"0064 00 " ID " 00 01 80000000 00 | 00",
		"t=00..0f ");
	teaches(API_METADATA, 10, "00000000 01 00 ffffffff 02 | 0000 02 't' " ID " 00 01 80000000 00 | 80000000 00", "t=00..0f ");
	ck_assert(!topics_in(API_METADATA, 9));
}
END_TEST

START_TEST(describe_topic_partitions)
{
	teaches(API_DESCRIBE_TOPIC_PARTITIONS, 0,
		"00000000 03 | 0000 02 't' " ID " 00 01 80000000 00 | 0000 02 'v' " ID " 00 01 80000000 00 | ff 00",
		"t=00..0f v=00..0f ");
	teaches(API_DESCRIBE_TOPIC_PARTITIONS, 0, "00000000 02 | 0003 00 " ID " 00 01 80000000 00 | 01 02 't' 00000001 00 | 00", "");
}
END_TEST

START_TEST(create_topics)
{
	teaches(API_CREATE_TOPICS, 7, "00000000 02 | 02 't' " ID " 0000 00 00000003 0001 01 00 | 00", "t=00..0f ");
	teaches(API_CREATE_TOPICS, 7, "00000000 02 | 02 't' " ZERO " 0024 02 'x' ffffffff ffff 00 00 | 00", "");
	ck_assert(!topics_in(API_CREATE_TOPICS, 6));
	ck_assert(!topics_in(API_PRODUCE, 13));
}
END_TEST

START_TEST(the_learner_may_fail)
{
	struct wr w = hex_of("00000000 02 | 02 't' " ID " 0000 00 00000003 0001 01 00 | 00");
	int error = ERR_NOMEM;

	learnt[0] = '\0';
	ck_assert_int_eq(topics_learn(API_CREATE_TOPICS, 7, wr_slice(&w), learn, &error), ERR_NOMEM);
	ck_assert_int_eq(topics_learn(API_CREATE_TOPICS, 8, wr_slice(&w), learn, &error), ERR_UNSUPPORTED);
	wr_free(&w);
}
END_TEST

static int
ignore(void *arg, struct slice name, const uint8_t id[16])
{
	(void)arg;
	ck_assert_uint_gt(name.n, 0);
	ck_assert_ptr_nonnull(id);
	return 0;
}

static bool
metadata_taken(int16_t version, struct slice body)
{
	return topics_learn(API_METADATA, version, body, ignore, NULL) == 0;
}

static bool
create_taken(int16_t version, struct slice body)
{
	return topics_learn(API_CREATE_TOPICS, version, body, ignore, NULL) == 0;
}

static bool
describe_taken(int16_t version, struct slice body)
{
	return topics_learn(API_DESCRIBE_TOPIC_PARTITIONS, version, body, ignore, NULL) == 0;
}

START_TEST(as_the_walker)
{
	message_same(&(struct message_same){API_METADATA, true, metadata_taken, NULL});
	message_same(&(struct message_same){API_CREATE_TOPICS, true, create_taken, NULL});
	message_same(&(struct message_same){API_DESCRIBE_TOPIC_PARTITIONS, true, describe_taken, NULL});
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("topics");
	TCase *c = tcase_create("topics");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, metadata);
	tcase_add_test(c, describe_topic_partitions);
	tcase_add_test(c, create_topics);
	tcase_add_test(c, the_learner_may_fail);
	tcase_add_test(c, as_the_walker);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
