#include "hex.h"
#include "kafka/api.h"
#include "kafka/schema.h"
#include "kafka/share_group.h"
#include "suite.h"

START_TEST(refuses)
{
	struct wr out = wr_new(4096);

	ck_assert_int_eq(share_group_refuse(1, "none here", &out), 0);
	ck_hex(wr_slice(&out), "00000000 0023 0a 'none here' 00 00000000 00000000 ff 00");
	ck_assert_int_eq(schema_walk(API_SHARE_GROUP_HEARTBEAT, true, 1, wr_slice(&out), NULL, NULL, NULL), 0);
	wr_free(&out);
}
END_TEST

/* Versions that the table has are written as it has them; no others. */
START_TEST(versions)
{
	int16_t min, max;

	ck_assert(api_range(API_SHARE_GROUP_HEARTBEAT, &min, &max));
	for (int16_t v = -1; v <= max + 1; v++) {
		struct wr out = wr_new(4096);
		int err = share_group_refuse(v, "none", &out);

		ck_assert_int_eq(err, v < min || v > max ? ERR_UNSUPPORTED : 0);
		if (err == 0)
			ck_assert_int_eq(schema_walk(API_SHARE_GROUP_HEARTBEAT, true, v, wr_slice(&out), NULL, NULL, NULL), 0);
		wr_free(&out);
	}
}
END_TEST

START_TEST(no_room)
{
	struct wr out = wr_new(8);

	ck_assert_int_eq(share_group_refuse(1, "none here", &out), ERR_LIMIT);
	wr_free(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("share_group");
	TCase *c = tcase_create("share_group");

	tcase_add_test(c, refuses);
	tcase_add_test(c, versions);
	tcase_add_test(c, no_room);
	suite_add_tcase(suite, c);
	return suite_run(suite);
}
