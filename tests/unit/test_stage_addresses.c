/* The addresses stage: what is rewritten goes on, what can't be read or told doesn't. */
#include "base/log.h"
#include "hex.h"
#include "kafka/api.h"
#include "stages.h"
#include "stages/addresses.h"
#include "suite.h"

static struct addresses *addresses;
static const struct stage *stage;

static int
map(void *arg, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host, int32_t *ret_port)
{
	ck_assert_ptr_eq(arg, &addresses);
	ck_assert(slice_eq(host, slice_str("k1")));
	ck_assert_int_eq(port, 9092);
	if (node_id == 66)
		return ERR_LIMIT; /* no port is left */
	*ret_host = slice_str("local");
	*ret_port = 9000 + node_id;
	return 0;
}

static void
setup(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* each refusal has its line */
	addresses = addresses_new(map, &addresses);
	ck_assert_ptr_nonnull(addresses);
	stage = addresses_stage(addresses);
}

static void
teardown(void)
{
	addresses_free(addresses);
	addresses_free(NULL);
}

static const struct {
	int16_t key, version;
	const char *broker;
	const char *client; /* NULL: as it is */
	enum stage_verdict verdict;
} t[] = {
	{API_METADATA, 0, "00000001 | 00000001 0002 'k1' 00002384 | 00000000",
	 "00000001 | 00000001 0005 'local' 00002329 | 00000000", STAGE_REPLACE},
	{API_METADATA, 9, "00000000 01 | 00 ffffffff 01 80000000 00", NULL, STAGE_PASS},
	{API_FIND_COORDINATOR, 0, "000f ffffffff 0000 ffffffff", NULL, STAGE_PASS},
	{API_METADATA, 0, "00000001 | 00000042 0002 'k1' 00002384 | 00000000", NULL, STAGE_CLOSE},
	{API_METADATA, 0, "00000001 | 00000001 0002 'k1'", NULL, STAGE_CLOSE},
	{API_METADATA, 0, "", NULL, STAGE_CLOSE},
	{API_METADATA, 14, "00000000 01 | 00 ffffffff 01 80000000 00", NULL, STAGE_CLOSE},
	{API_SHARE_ACKNOWLEDGE, 1, "00000000 0000 00 01 | 02 00000042 03 'k1' 00002384 00 00 | 00",
	 "00000000 0000 00 01 | 01 | 00", STAGE_REPLACE},
	{API_PRODUCE, 10, "01 00000000 01 00 0e 02 00000002 03 'k1' 00002384 00 00",
	 "01 00000000 01 00 11 02 00000002 06 'local' 0000232a 00 00", STAGE_REPLACE},
};

START_TEST(answers)
{
	struct wr in = hex_of(t[_i].broker);
	struct exchange *x = stages_exchange(t[_i].key, t[_i].version, wr_slice(&in));

	ck_assert(stage->wants_response(stage->self, x->key, x->version));
	ck_assert_int_eq(stage->response(stage->self, x), t[_i].verdict);
	ck_assert_int_eq(x->replaced, t[_i].client != NULL);
	if (t[_i].client != NULL) {
		struct wr out = stages_flat(&x->body);

		ck_hex(wr_slice(&out), t[_i].client);
		wr_free(&out);
	}
	stages_free(x);
	wr_free(&in);
}
END_TEST

/* docs/PROTOCOL.md, "Addresses", and no others; a version to come is looked at, so that it can be refused. */
START_TEST(wants)
{
	static const struct {
		int16_t key, from;
	} table[] = {{API_METADATA, 0}, {API_FIND_COORDINATOR, 0}, {API_DESCRIBE_CLUSTER, 0}, {API_PRODUCE, 10},
		     {API_FETCH, 16},   {API_DESCRIBE_QUORUM, 2},  {API_SHARE_FETCH, 0},      {API_SHARE_ACKNOWLEDGE, 0}};

	ck_assert_ptr_null(stage->wants_request);
	for (int16_t key = 0; key < 120; key++)
		for (int16_t v = 0; v < 30; v++) {
			bool want = false;

			for (size_t i = 0; i < ARRAY_LEN(table); i++)
				want = want || (table[i].key == key && v >= table[i].from);
			ck_assert_msg(stage->wants_response(stage->self, key, v) == want, "API %d version %d", key, v);
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stage_addresses");
	TCase *c = tcase_create("stage_addresses");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, answers, 0, ARRAY_LEN(t));
	tcase_add_test(c, wants);
	suite_add_tcase(s, c);
	return suite_run(s);
}
