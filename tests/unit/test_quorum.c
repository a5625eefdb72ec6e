#include "kafka/quorum.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"
#include "suite.h"

/* What it has to say is another matter than whether it can be read. */
static bool
taken(int16_t version, struct slice body)
{
	int64_t ms;
	int err = quorum_time(version, body, &ms);

	return err == 0 || err == ERR_REMOTE || err == ERR_NOTFOUND;
}

static bool
older(int16_t version, struct slice body UNUSED)
{
	return version < QUORUM_MIN;
}

START_TEST(as_the_walker)
{
	message_same(&(struct message_same){API_DESCRIBE_QUORUM, true, taken, older});
}
END_TEST

static void
ck_time(int16_t version, const char *hex, int want, int64_t time)
{
	struct wr w = hex_of(hex);
	int64_t ms = -7;

	ck_assert_int_eq(quorum_time(version, wr_slice(&w), &ms), want);
	ck_assert_int_eq(ms, time);
	wr_free(&w);
}

#define V1_HEAD "0000 02 02 't' 02 00000000 "
#define V1_REST " 0000000000000009 " /* high watermark */
#define VOTER(id, ms) id " 0000000000000001 0000000000000002 " ms " 00 "

START_TEST(times)
{
	/* the second of two voters leads */
	ck_time(1, V1_HEAD "0000 00000002 00000001" V1_REST "03 " VOTER("00000001", "0000000000000005") VOTER("00000002", "0000000000000bb8") "01 00 00 00",
		0, 3000);
	/* nobody does, or he doesn't say */
	ck_time(1, V1_HEAD "0000 ffffffff 00000001" V1_REST "02 " VOTER("00000001", "0000000000000005") "01 00 00 00", ERR_NOTFOUND, -7);
	ck_time(1, V1_HEAD "0000 00000001 00000001" V1_REST "02 " VOTER("00000001", "ffffffffffffffff") "01 00 00 00", ERR_NOTFOUND, -7);
	/* errors: of all, and of the partition */
	ck_time(1, "001f 01 00", ERR_REMOTE, -7);
	ck_time(1, V1_HEAD "0003 00000001 00000001" V1_REST "01 01 00 00 00", ERR_REMOTE, -7);
	ck_time(1, "0000 01 00", ERR_NOTFOUND, -7);
	ck_time(1, "0000 02 02 't' 01 00 00", ERR_NOTFOUND, -7);
	ck_time(1, "0000 02 02 't' 01 00", ERR_SHORT, -7);
	ck_time(0, "0000 01 00", ERR_UNSUPPORTED, -7);
	ck_time(2, "0000 00 02 02 't' 02 00000000 0000 00 00000001 00000001" V1_REST
		   "02 00000001 00000000000000000000000000000000 0000000000000001 0000000000000002 0000000000000bb8 00 01 00 00 01 00",
		0, 3000);
}
END_TEST

START_TEST(requests)
{
	struct wr w = wr_new(1000);

	for (int16_t v = QUORUM_MIN; v <= QUORUM_MAX; v++) {
		wr_reset(&w);
		quorum_request_write(v, &w);
		ck_assert_int_eq(schema_walk(API_DESCRIBE_QUORUM, false, v, wr_slice(&w), NULL, NULL, NULL), 0);
		ck_hex(wr_slice(&w), "02 13 '__cluster_metadata' 02 00000000 00 00 00");
	}
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("quorum");
	TCase *c = tcase_create("quorum");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, as_the_walker);
	tcase_add_test(c, times);
	tcase_add_test(c, requests);
	suite_add_tcase(s, c);
	return suite_run(s);
}
