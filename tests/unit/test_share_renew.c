#include "kafka/share_renew.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_gen.h"
#include "suite.h"

#define A "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
#define B "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define WHO "02 'g' 02 'm' 00000007 "
#define LIMITS "000001f4 00000001 03200000 00000064 0000000a "
#define NONE "00000000 00000000 00000000 00000000 0000000a "
#define RENEWED(first, last) " 00000000000000" first " 00000000000000" last " 02 04 00 "
#define ACKED(first, last) " 00000000000000" first " 00000000000000" last " 02 01 01 07 01 '?' "

static const struct {
	int16_t version;
	size_t count;
	struct share_renewal list[4];
	const char *in, *out;
} cases[] = {
	/* the partition isn't named, nor its topic */
	{1, 1, {{{0x0a}, 3, 5, 9, false, false}}, WHO LIMITS "01 01 00", WHO NONE "00 01 02 " A " 02 00000003 02" RENEWED("05", "09") "00 00 01 00"},
	{2, 1, {{{0x0a}, 3, 5, 9, true, false}}, WHO LIMITS "01 00 01 01 00",
	 WHO NONE "01 01 02 " A " 02 00000003 02" RENEWED("05", "09") "00 00 01 00"},
	/* nothing is to be renewed */
	{1, 0, {{{0}, 0, 0, 0, false, false}}, WHO LIMITS "02 " A " 02 00000003 01 00 00 01 00", WHO NONE "00 01 02 " A " 02 00000003 01 00 00 01 00"},
	/* between what is acknowledged, and behind it; tags stay */
	{1, 3, {{{0x0a}, 3, 0x20, 0x21, false, false}, {{0x0a}, 3, 5, 9, false, false}, {{0x0a}, 3, 1, 1, false, false}},
	 WHO LIMITS "02 " A " 02 00000003 03" ACKED("02", "04") ACKED("0a", "0b") "01 08 01 '!' 01 09 01 '!' 01 00",
	 WHO NONE "00 01 02 " A " 02 00000003 06" RENEWED("01", "01") ACKED("02", "04") RENEWED("05", "09") ACKED("0a", "0b")
		 RENEWED("20", "21") "01 08 01 '!' 01 09 01 '!' 01 00"},
	/* other partitions of the topic that is named, and another topic */
	{1, 4, {{{0x0b}, 1, 7, 7, false, false}, {{0x0a}, 2, 5, 9, false, false}, {{0x0a}, 4, 5, 9, false, false}, {{0x0b}, 0, 7, 7, false, false}},
	 WHO LIMITS "02 " A " 02 00000003 02" ACKED("02", "04") "00 00 01 00",
	 WHO NONE "00 01 03 " A " 04 00000003 02" ACKED("02", "04") "00 00000002 02" RENEWED("05", "09") "00 00000004 02"
		 RENEWED("05", "09") "00 00 " B " 03 00000000 02" RENEWED("07", "07") "00 00000001 02" RENEWED("07", "07") "00 00 01 00"},
	/* named twice: once is enough */
	{1, 1, {{{0x0a}, 3, 5, 9, false, false}}, WHO LIMITS "03 " A " 03 00000003 01 00 00000003 01 00 00 " A " 02 00000003 01 00 00 01 00",
	 WHO NONE "00 01 03 " A " 03 00000003 02" RENEWED("05", "09") "00 00000003 01 00 00 " A " 02 00000003 01 00 00 01 00"},
	/* all else: what is forgotten, and tags */
	{1, 1, {{{0x0a}, 3, 5, 9, false, false}}, WHO LIMITS "01 02 " B " 02 00000004 00 01 07 01 '?'",
	 WHO NONE "00 01 02 " A " 02 00000003 02" RENEWED("05", "09") "00 00 02 " B " 02 00000004 00 01 07 01 '?'"},
};

static void
named(struct share_renewal *l)
{
	memset(l->topic_id, l->topic_id[0], sizeof(l->topic_id));
}

START_TEST(renewed)
{
	struct wr in = hex_of(cases[_i].in), out = wr_new(1 << 20);
	struct share_renewal list[4];
	struct share_request q;

	for (size_t i = 0; i < 4; i++) {
		list[i] = cases[_i].list[i];
		named(&list[i]);
	}
	ck_assert_int_eq(share_fetch_request_read(cases[_i].version, wr_slice(&in), &q), 0);
	ck_assert_int_eq(share_renew(cases[_i].version, wr_slice(&in), &q, list, cases[_i].count, &out), 0);
	ck_hex(wr_slice(&out), cases[_i].out);
	for (size_t i = 0; i < cases[_i].count; i++)
		ck_assert(list[i].beside == (_i == 3)); /* that partition alone, and where it is acknowledged */
	ck_assert_int_eq(share_fetch_request_read(2, wr_slice(&out), &q), 0);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

/* Any request: it is well formed, longer by what was asked for, and nothing of it is renewed twice. */
START_TEST(any_request)
{
	struct message_gen g = {.state = 0xace};
	struct wr in = wr_new(1 << 20), out = wr_new(1 << 20);

	for (int16_t v = SHARE_FETCH_MIN; v <= SHARE_FETCH_MAX; v++)
		for (int round = 0; round < 300; round++) {
			struct share_renewal list[8] = {{.partition = 0}};
			struct share_request q;
			size_t lengths[2];

			wr_reset(&in);
			message_gen(&g, API_SHARE_FETCH, false, v, &in);
			ck_assert_int_eq(share_fetch_request_read(v, wr_slice(&in), &q), 0);
			for (int with = 0; with < 2; with++) {
				for (int i = 0; i < 8; i++)
					list[i] = (struct share_renewal){{0}, i / 2, i * 10, i * 10 + round % 10, false, false};
				for (int i = 4; i < 8 && q.rest_at - q.topics_at > 17; i++)
					memcpy(list[i].topic_id, in.buf + q.topics_at + 1, 16);
				wr_reset(&out);
				ck_assert_int_eq(share_renew(v, wr_slice(&in), &q, list, with == 0 ? 0 : 8, &out), 0);
				lengths[with] = out.len;
				ck_assert_int_eq(schema_walk(API_SHARE_FETCH, false, 2, wr_slice(&out), NULL, NULL, NULL), 0);
			}
			ck_assert_uint_ge(lengths[1], lengths[0] + 8 * 19);
			ck_assert_uint_le(lengths[1], lengths[0] + 8 * (19 + 4 + 2 + 18) + 5);
		}
	wr_free(&in);
	wr_free(&out);
}
END_TEST

START_TEST(no_room)
{
	struct share_renewal list[1] = {{{0x0a}, 3, 5, 9, false, false}};
	struct wr in = hex_of(cases[0].in);
	struct share_request q;

	ck_assert_int_eq(share_fetch_request_read(1, wr_slice(&in), &q), 0);
	for (size_t max = 0; max < 70; max++) {
		struct wr out = wr_new(max);

		ck_assert_int_eq(share_renew(1, wr_slice(&in), &q, list, 1, &out), ERR_LIMIT);
		wr_free(&out);
	}
	wr_free(&in);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("share_renew");
	TCase *c = tcase_create("share_renew");

	tcase_add_loop_test(c, renewed, 0, ARRAY_LEN(cases));
	tcase_add_test(c, any_request);
	tcase_add_test(c, no_room);
	suite_add_tcase(s, c);
	return suite_run(s);
}
