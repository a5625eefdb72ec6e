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
	/* it is watched; but another stage may want it whole */
	{API_FETCH, 16, "00000000 0000 00000007 01 01 00 0e 02 00000002 03 'k1' 00002384 00 00",
	 "00000000 0000 00000007 01 01 00 11 02 00000002 06 'local' 0000232a 00 00", STAGE_REPLACE},
};

START_TEST(answers)
{
	struct wr in = hex_of(t[_i].broker);
	struct exchange *x = stages_exchange(t[_i].key, t[_i].version, wr_slice(&in));

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

/* --- answers that are watched -------------------------------------------------------- */

#define FETCH "00000000 0000 00000007 02 000102030405060708090a0b0c0d0e0f 02 00000000 0006 0000000000000009 " \
	      "0000000000000009 0000000000000000 00 ffffffff 05 'RECS' 01 01 09 00000002 00000005 00 00 "

#define SHARE_FETCH "00000000 0000 00 00000000 02 000102030405060708090a0b0c0d0e0f 02 00000000 0000 00 0000 00 ffffffff ffffffff 00 " \
		    "05 'RECS' 01 00 00 "

static const struct {
	const char *broker;
	const char *client; /* NULL: as it is */
	bool share;
} watched[] = {
	{FETCH "00", NULL, false},
	{FETCH "01 00 01 01", NULL, false},
	{FETCH "02 00 01 01 07 02 beef", NULL, false},
	{FETCH "01 00 11 02 00000002 03 'k1' 00002384 04 'abc' 00", "01 ffffff7f 0e 0000000000000000000000000000", false},
	{FETCH "01 00 1e 03 00000002 03 'k1' 00002384 00 00 00000002 03 'k1' 00002384 04 'abc' 00",
	 "02 00 11 02 00000002 06 'local' 0000232a 00 00 ffffff7f 08 0000000000000000", false},
	{FETCH "01 00 1c 03 00000042 03 'k1' 00002384 02 'r' 00 00000002 03 'k1' 00002384 00 00",
	 "02 00 11 02 00000002 06 'local' 0000232a 00 00 ffffff7f 06 000000000000", false},
	{SHARE_FETCH "01 00", NULL, true},
	{SHARE_FETCH "01 01 07 02 beef", NULL, true},
	{SHARE_FETCH "02 00000002 03 'k1' 00002384 04 'abc' 00 00", "01 01 ffffff7f 0b 0000000000000000000000", true},
	{SHARE_FETCH "03 00000002 03 'k1' 00002384 00 00 00000042 03 'k1' 00002384 04 'abc' 00 00",
	 "02 00000002 06 'local' 0000232a 00 00 01 ffffff7f 08 0000000000000000", true},
};

static const char *
head_of(int i)
{
	return watched[i].share ? SHARE_FETCH : FETCH;
}

static int16_t
key_of(int i)
{
	return watched[i].share ? API_SHARE_FETCH : API_FETCH;
}

static int16_t
version_of(int i)
{
	return watched[i].share ? 1 : 16;
}

/* What the client gets of a body that comes in a piece of `first` bytes and pieces of `rest`. */
static enum stage_verdict
watch(int16_t key, int16_t version, struct slice body, size_t first, size_t rest, struct wr *ret)
{
	struct exchange *x = stages_exchange(key, version, slice_of("", 0));
	enum stage_verdict verdict = STAGE_PASS;
	size_t n = first < body.n ? first : body.n, at = 0;
	bool kept = false;

	do {
		uint8_t *box = malloc(n + 1); /* its end is the block's end */
		size_t pass = 0;

		ck_assert_ptr_nonnull(box);
		ck_assert_int_eq(verdict, STAGE_PASS);
		memcpy(box + 1, body.p + at, n);
		verdict = stage->stream(stage->self, x, slice_of(box + 1, n), body.n - at - n, &pass);
		if (verdict != STAGE_CLOSE) {
			ck_assert(pass <= n && (pass == 0 || !kept));
			kept = kept || pass < n;
			wr_bytes(ret, box + 1, pass);
		}
		free(box);
		at += n;
		n = rest < body.n - at ? rest : body.n - at;
	} while (at < body.n && verdict != STAGE_CLOSE);
	if (verdict == STAGE_REPLACE) {
		struct wr end = stages_flat(&x->body);

		wr_slice_put(ret, wr_slice(&end));
		wr_free(&end);
	}
	ck_assert_int_eq(x->replaced, verdict == STAGE_REPLACE);
	stage->lost(stage->self, x); /* harmless when it is through */
	stages_free(x);
	return verdict;
}

START_TEST(watched_cut_anywhere)
{
	struct wr in = hex_of(watched[_i].broker), head = hex_of(head_of(_i)), want = wr_new(4096);

	if (watched[_i].client == NULL) {
		wr_slice_put(&want, wr_slice(&in));
	} else {
		struct wr tail = hex_of(watched[_i].client);

		wr_slice_put(&want, wr_slice(&head));
		wr_slice_put(&want, wr_slice(&tail));
		wr_free(&tail);
	}
	for (int16_t v = version_of(_i); v <= (watched[_i].share ? 1 : 18); v++)
		for (size_t rest = 1; rest < 100; rest = rest * 3 + 1)
			for (size_t first = 1; first <= in.len; first++) {
				struct wr got = wr_new(4096);

				ck_assert_int_ne(watch(key_of(_i), v, wr_slice(&in), first, rest, &got), STAGE_CLOSE);
				ck_assert(slice_eq(wr_slice(&got), wr_slice(&want)));
				wr_free(&got);
			}
	wr_free(&in);
	wr_free(&head);
	wr_free(&want);
}
END_TEST

/* No prefix passes as a whole; and of what is refused the client has nothing of the end. */
START_TEST(watched_and_refused)
{
	struct wr in = hex_of(watched[_i].broker), head = hex_of(head_of(_i));

	for (size_t n = 0; n < in.len; n++)
		for (size_t rest = 1; rest < 50; rest += 48) {
			struct wr got = wr_new(4096);

			ck_assert_int_eq(watch(key_of(_i), version_of(_i), slice_of(in.buf, n), rest, rest, &got), STAGE_CLOSE);
			ck_assert_uint_le(got.len, head.len);
			wr_free(&got);
		}
	wr_free(&in);
	wr_free(&head);
}
END_TEST

START_TEST(watched_in_part) /* the connection ends before the answer */
{
	struct wr in = hex_of(watched[_i].broker);

	for (size_t n = 0; n < in.len; n++) {
		struct exchange *x = stages_exchange(key_of(_i), version_of(_i), slice_of("", 0));
		size_t pass;

		ck_assert_int_eq(stage->stream(stage->self, x, slice_of(in.buf, n), in.len - n, &pass), STAGE_PASS);
		ck_assert_ptr_nonnull(x->state);
		stage->lost(stage->self, x);
		stages_free(x);
	}
	wr_free(&in);
}
END_TEST

START_TEST(a_version_to_come_is_refused_at_once)
{
	struct wr in = hex_of(FETCH "00"), got = wr_new(4096);

	ck_assert_int_eq(watch(API_FETCH, 19, wr_slice(&in), 1, 1, &got), STAGE_CLOSE);
	ck_assert_uint_eq(got.len, 0);
	wr_free(&in);
	wr_free(&got);
}
END_TEST

/* The end is kept back, so there is a limit to its length: 64 KiB, and not a byte more. */
START_TEST(the_longest_end)
{
	enum { MOST = 65536 };
	struct wr head = hex_of(FETCH);

	for (size_t n = MOST; n <= MOST + 1; n++) {
		struct wr in = hex_of(FETCH "01 07"), got = wr_new(1 << 20);
		size_t size = n - 5; /* count, tag and a size of three bytes */

		wr_uvarint(&in, (uint32_t)size);
		for (size_t i = 0; i < size; i++)
			wr_u8(&in, (uint8_t)i);
		ck_assert_uint_eq(in.len - head.len, n);
		for (int cut = 0; cut < 2; cut++) {
			wr_reset(&got);
			if (n == MOST) {
				ck_assert_int_ne(watch(API_FETCH, 16, wr_slice(&in), cut == 0 ? in.len : 100, 1000, &got), STAGE_CLOSE);
				ck_assert(slice_eq(wr_slice(&got), wr_slice(&in)));
			} else {
				ck_assert_int_eq(watch(API_FETCH, 16, wr_slice(&in), cut == 0 ? in.len : 100, 1000, &got), STAGE_CLOSE);
				ck_assert_uint_le(got.len, head.len);
			}
		}
		wr_free(&in);
		wr_free(&got);
	}
	wr_free(&head);
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
			bool want = false, passes;

			for (size_t i = 0; i < ARRAY_LEN(table); i++)
				want = want || (table[i].key == key && v >= table[i].from);
			passes = key == API_FETCH || key == API_SHARE_FETCH;
			ck_assert_msg(stage->wants_response(stage->self, key, v) == (want && !passes), "API %d version %d", key, v);
			ck_assert_msg(stage->wants_stream(stage->self, key, v) == (want && passes), "API %d version %d", key, v);
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
	tcase_add_loop_test(c, watched_cut_anywhere, 0, ARRAY_LEN(watched));
	tcase_add_loop_test(c, watched_and_refused, 0, ARRAY_LEN(watched));
	tcase_add_loop_test(c, watched_in_part, 0, ARRAY_LEN(watched));
	tcase_add_test(c, a_version_to_come_is_refused_at_once);
	tcase_add_test(c, the_longest_end);
	tcase_add_test(c, wants);
	suite_add_tcase(s, c);
	return suite_run(s);
}
