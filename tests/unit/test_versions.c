/* The versions stage (docs/PROTOCOL.md, "ApiVersions"). */
#include "base/log.h"
#include "hex.h"
#include "kafka/api.h"
#include "stages.h"
#include "stages/versions.h"
#include "suite.h"

static const struct stage *stage;

static void
setup(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	stage = versions_stage();
}

static struct exchange *
of(int16_t version, const char *hex)
{
	struct wr w = hex_of(hex);
	struct exchange *x = stages_exchange(API_VERSIONS, version, wr_slice(&w));

	wr_free(&w);
	return x;
}

START_TEST(wants)
{
	for (int16_t key = 0; key < 120; key++)
		for (int16_t v = 0; v < 10; v++) {
			ck_assert_int_eq(stage->wants_request(stage->self, key, v), key == API_VERSIONS);
			ck_assert_int_eq(stage->wants_response(stage->self, key, v), key == API_VERSIONS);
		}
}
END_TEST

/* Answered without the broker: version 0's form, 35, and the range of ApiVersions alone. */
START_TEST(too_new)
{
	for (int16_t v = 6; v < INT16_MAX; v = (int16_t)(v < 100 ? v + 1 : INT16_MAX)) {
		struct exchange *x = of(v, "ff00ff");
		struct wr w;

		ck_assert_int_eq(stage->request(stage->self, x), STAGE_ANSWER);
		w = stages_flat(&x->answer);
		ck_hex(wr_slice(&w), "0023 | 00000001 | 0012 0000 0005");
		ck_assert_str_eq(x->software[0], "");
		wr_free(&w);
		stages_free(x);
	}
}
END_TEST

START_TEST(notes_the_software)
{
	struct exchange *x = of(3, "05 'java' 04 '4.3' 00");

	ck_assert_int_eq(stage->request(stage->self, x), STAGE_PASS);
	ck_assert(!x->replaced);
	ck_assert_str_eq(x->software[0], "java");
	ck_assert_str_eq(x->software[1], "4.3");
	stages_free(x);
	/* Versions without it, and requests that are the broker's to refuse. */
	x = of(2, "");
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_PASS);
	ck_assert_str_eq(x->software[0], "");
	stages_free(x);
	x = of(3, "05 'jav'");
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_PASS);
	ck_assert_str_eq(x->software[0], "");
	stages_free(x);
}
END_TEST

static const struct {
	int16_t version;
	const char *broker, *client; /* NULL: the connection closes */
} answers[] = {
	/* Produce 0 to 99, an API that nobody knows, a controller's (Vote). */
	{0, "0000 00000003 | 0000 0000 0063 | 2710 0000 0001 | 0034 0000 0001", "0000 00000001 | 0000 0000 000d"},
	{3, "0000 03 | 0000 0003 000d 00 | 0012 0000 0006 00 | 00000007 00",
	 "0000 03 | 0000 0003 000d 00 | 0012 0000 0005 00 | 00000007 00"},
	/* An older broker says so in version 0's form, and tells its range. */
	{4, "0023 00000001 | 0012 0000 0003", "0023 00000001 | 0012 0000 0003"},
	{4, "0023 'junk'", "0023 'junk'"},
	{0, "0000 00000003 | 0000 0000 0063", NULL},
	{3, "", NULL},
	{3, "00", NULL},
};

START_TEST(narrows)
{
	struct exchange *x = of(answers[_i].version, answers[_i].broker);
	enum stage_verdict v = stage->response(stage->self, x);

	ck_assert_int_eq(v, answers[_i].client == NULL ? STAGE_CLOSE : STAGE_REPLACE);
	if (answers[_i].client != NULL) {
		struct wr w = stages_flat(&x->body);

		ck_hex(wr_slice(&w), answers[_i].client);
		wr_free(&w);
	}
	stages_free(x);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("versions");
	TCase *t = tcase_create("versions");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, wants);
	tcase_add_test(t, too_new);
	tcase_add_test(t, notes_the_software);
	tcase_add_loop_test(t, narrows, 0, ARRAY_LEN(answers));
	suite_add_tcase(s, t);
	return suite_run(s);
}
