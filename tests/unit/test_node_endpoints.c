/* NodeEndpoints at their old length: ours longer, shorter, by one byte; every prefix, every changed byte. */
#include "kafka/node_endpoints.h"

#include <check.h>

#include "hex.h"
#include "kafka/api.h"
#include "kafka/schema.h"
#include "message_gen.h"
#include "suite.h"

enum { UNMAPPED = 66 };

static int16_t key = API_FETCH; /* whose answers */
static struct slice our_host; /* what map() tells; broker n is at port 9000 + n */

static int
map(void *arg, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host, int32_t *ret_port)
{
	(void)arg;
	ck_assert(node_id >= 0 && host.n > 0 && port > 0);
	if (node_id == UNMAPPED)
		return ERR_NOTFOUND;
	*ret_host = our_host;
	*ret_port = 9000 + (node_id & 0xffff);
	return 0;
}

static void
use_host(const char *host)
{
	our_host = slice_str(host);
}

static void
rewritten(const char *broker, const char *client)
{
	struct wr in = hex_of(broker), out = wr_new(1 << 16);
	bool changed = false;

	ck_assert_int_eq(node_endpoints_rewrite(key, wr_slice(&in), map, NULL, &out, &changed), 0);
	ck_assert(changed);
	ck_hex(wr_slice(&out), client);
	ck_assert_uint_eq(out.len, in.len);
	wr_free(&in);
	wr_free(&out);
}

static void
untouched(const char *broker)
{
	struct wr in = hex_of(broker), out = wr_new(1 << 16);
	bool changed = true;

	ck_assert_int_eq(node_endpoints_rewrite(key, wr_slice(&in), map, NULL, &out, &changed), 0);
	ck_assert(!changed);
	ck_assert_uint_eq(out.len, 0);
	wr_free(&in);
	wr_free(&out);
}

static void
refused(int want, const char *broker)
{
	struct wr in = hex_of(broker), out = wr_new(1 << 16);
	bool changed = true;

	ck_assert_int_eq(node_endpoints_rewrite(key, wr_slice(&in), map, NULL, &out, &changed), want);
	ck_assert(changed);
	wr_free(&in);
	wr_free(&out);
}

START_TEST(nothing_to_dial)
{
	use_host("local");
	untouched("00");
	untouched("01 00 01 01");
	untouched("01 07 02 beef");
	untouched("02 00 01 01 07 02 beef");
}
END_TEST

#define TWO "00000002"
#define THREE "00000003"

START_TEST(one_endpoint)
{
	use_host("k8:xx");
	rewritten("01 00 11 02 " TWO " 06 'k2:xx' 00002384 00 00", "01 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00"); /* as long */
	/* shorter by two, three, four and five bytes: a tag of as many */
	rewritten("01 00 13 02 " TWO " 08 'k2:xxyy' 00002384 00 00", "02 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 7f 00");
	rewritten("01 00 14 02 " TWO " 09 'k2:xxyyz' 00002384 00 00",
		  "02 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 ff7f 00");
	rewritten("01 00 15 02 " TWO " 0a 'k2:xxyyzz' 00002384 00 00",
		  "02 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 ffff7f 00");
	rewritten("01 00 16 02 " TWO " 0b 'k2:xxyyzz1' 00002384 00 00",
		  "02 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 ffffff7f 00");
	rewritten("01 00 17 02 " TWO " 0c 'k2:xxyyzz12' 00002384 00 00",
		  "02 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 ffffff7f 01 00");
	/* one byte can't be filled, nor can we be shorter than we are: it is left out, and all is padding */
	rewritten("01 00 12 02 " TWO " 07 'k2:xxy' 00002384 00 00", "01 ffffff7f 0f 00000000000000 0000000000000000");
	rewritten("01 00 10 02 " TWO " 05 'k2:x' 00002384 00 00", "01 ffffff7f 0d 000000000000 00000000000000");
	rewritten("01 00 0d 02 " TWO " 02 'k' 00002384 00 00", "01 ffffff7f 0a 0000000000 0000000000");
}
END_TEST

START_TEST(more_than_one)
{
	use_host("k8:xx");
	/* a rack and a tag of an endpoint's own stay */
	rewritten("01 00 27 03 " TWO " 07 'k2:xxy' 00002384 02 'r' 01 09 01 aa " THREE " 07 'k3:xxy' 00002384 00 00",
		  "02 00 25 03 " TWO " 06 'k8:xx' 0000232a 02 'r' 01 09 01 aa " THREE " 06 'k8:xx' 0000232b 00 00 7f 00");
	/* they would be shorter by one byte: the second makes room */
	rewritten("01 00 22 03 " TWO " 06 'k2:xx' 00002384 00 00 " THREE " 07 'k3:xxy' 00002384 00 00",
		  "02 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 ffffff7f 0c 000000000000 000000000000");
	/* the first has no address: it alone is left out */
	rewritten("01 00 21 03 00000042 06 'k2:xx' 00002384 00 00 " THREE " 06 'k3:xx' 00002384 00 00",
		  "02 00 11 02 " THREE " 06 'k8:xx' 0000232b 00 00 ffffff7f 0b 0000000000 000000000000");
	/* longer than the two: one is told */
	rewritten("01 00 1f 03 " TWO " 05 'k2:x' 00002384 00 00 " THREE " 05 'k3:x' 00002384 00 00",
		  "02 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 ffffff7f 09 000000000000 000000");
	/* tags behind them stay */
	rewritten("02 00 13 02 " TWO " 08 'k2:xxyy' 00002384 00 00 05 01 aa",
		  "03 00 11 02 " TWO " 06 'k8:xx' 0000232a 00 00 05 01 aa 7f 00");
}
END_TEST

START_TEST(addresses_of_nobody)
{
	use_host("k8:xx");
	rewritten("01 00 11 02 ffffffff 06 'k2:xx' 00002384 00 00", "01 ffffff7f 0e 00000000000000 00000000000000");
	rewritten("01 00 11 02 " TWO " 06 'k2:xx' 00000000 00 00", "01 ffffff7f 0e 00000000000000 00000000000000");
	/* a place holder has no address to hide */
	rewritten("01 00 0c 02 ffffffff 01 ffffffff 00 00", "01 00 0c 02 ffffffff 01 ffffffff 00 00");
}
END_TEST

START_TEST(tags_are_used_up)
{
	use_host("k8:xx");
	/* padding has to stand behind the last tag: 7f is taken, the next is two bytes long and so too long */
	rewritten("02 00 13 02 " TWO " 08 'k2:xxyy' 00002384 00 00 7f 00", "02 7f 00 ffffff7f 10 00000000000000000000000000000000");
	/* no higher tag is known to be skipped */
	refused(ERR_LIMIT, "02 00 13 02 " TWO " 08 'k2:xxyy' 00002384 00 00 ffffff7f 00");
	refused(ERR_LIMIT, "02 00 13 02 " TWO " 08 'k2:xxyy' 00002384 00 00 ffffffff0f 00");
}
END_TEST

START_TEST(malformed)
{
	use_host("k8:xx");
	refused(ERR_SHORT, "");
	refused(ERR_SHORT, "01 00 11 02 " TWO " 06 'k2:xx' 00002384 00");
	refused(ERR_SHORT, "01 00 10 02 " TWO " 06 'k2:xx' 00002384 00");
	refused(ERR_SHORT, "01 00 10 03 " TWO " 06 'k2:xx' 00002384 00");
	refused(ERR_MALFORMED, "01 00 11 02 " TWO " 06 'k2:xx' 00002384 00 00 00");
	refused(ERR_MALFORMED, "01 00 12 02 " TWO " 06 'k2:xx' 00002384 00 00 00");
	refused(ERR_MALFORMED, "01 00 0c 02 " TWO " 00 00002384 00 00");
}
END_TEST

/* The array before the tags. */
START_TEST(share_fetch)
{
	key = API_SHARE_FETCH;
	use_host("k8:xx");
	untouched("01 00");
	untouched("01 01 07 02 beef");
	rewritten("02 " TWO " 06 'k2:xx' 00002384 00 00 00", "02 " TWO " 06 'k8:xx' 0000232a 00 00 00");
	rewritten("02 " TWO " 08 'k2:xxyy' 00002384 00 00 00", "02 " TWO " 06 'k8:xx' 0000232a 00 00 01 7f 00");
	rewritten("02 " TWO " 08 'k2:xxyy' 00002384 00 00 01 05 01 aa",
		  "02 " TWO " 06 'k8:xx' 0000232a 00 00 02 05 01 aa 7f 00");
	/* one byte can't be filled, nor can we be shorter than we are */
	rewritten("02 " TWO " 07 'k2:xxy' 00002384 00 00 00", "01 01 ffffff7f 0c 000000000000 000000000000");
	rewritten("02 " TWO " 05 'k2:x' 00002384 00 00 00", "01 01 ffffff7f 0a 0000000000 0000000000");
	rewritten("03 00000042 06 'k2:xx' 00002384 00 00 " THREE " 06 'k3:xx' 00002384 02 'r' 01 09 01 aa 00",
		  "02 " THREE " 06 'k8:xx' 0000232b 02 'r' 01 09 01 aa 01 ffffff7f 0b 0000000000 000000000000");
	refused(ERR_SHORT, "");
	refused(ERR_SHORT, "01");
	refused(ERR_SHORT, "02 " TWO " 06 'k2:xx' 00002384 00 00");
	refused(ERR_SHORT, "03 " TWO " 06 'k2:xx' 00002384 00 00 00");
	refused(ERR_MALFORMED, "02 " TWO " 06 'k2:xx' 00002384 00 00 00 00");
	refused(ERR_LIMIT, "02 " TWO " 08 'k2:xxyy' 00002384 00 00 01 ffffff7f 00");
}
END_TEST

/* --- the result as part of an answer --------------------------------------------------- */

/* No topic: their ends begin at byte 11 of Fetch and 12 of ShareFetch. */
static const struct {
	int16_t key, version;
	const char *head;
} answers[] = {{API_FETCH, 16, "00000000 0000 00000007 01"}, {API_SHARE_FETCH, 1, "00000000 0000 00 00000000 01"}};

struct seen {
	int count;
};

static int
see_ours(void *arg, struct schema_value *v)
{
	struct seen *s = arg;

	if (v->mark == SCHEMA_HOST && v->bytes.n > 0) {
		ck_assert(slice_eq(v->bytes, our_host));
		s->count++;
	}
	return 0;
}

/* What is taken has its old length, is well formed, and tells nothing but our address.  Returns endpoints told, or -1: not taken. */
static int
checked(struct slice section)
{
	const int16_t version = answers[key == API_SHARE_FETCH].version;
	struct wr answer = hex_of(answers[key == API_SHARE_FETCH].head), out = wr_new(1 << 20);
	struct seen seen = {0};
	bool changed = false, good;
	size_t head = answer.len;
	int err;

	wr_slice_put(&answer, section);
	good = schema_walk(key, true, version, wr_slice(&answer), NULL, NULL, NULL) == 0;
	err = node_endpoints_rewrite(key, section, map, NULL, &out, &changed);
	if (good && err != 0)
		ck_assert_int_eq(err, ERR_LIMIT);
	if (good && err == 0) {
		answer.len = head;
		wr_slice_put(&answer, changed ? wr_slice(&out) : section);
		if (changed)
			ck_assert_uint_eq(out.len, section.n);
		ck_assert_int_eq(schema_walk(key, true, version, wr_slice(&answer), see_ours, &seen, NULL), 0);
	}
	wr_free(&answer);
	wr_free(&out);
	return good && err == 0 ? seen.count : -1;
}

static void
put_endpoint(struct wr *w, int32_t node_id, struct slice host, struct slice rack)
{
	wr_i32(w, node_id);
	wr_compact(w, host);
	wr_i32(w, 9092);
	wr_compact(w, rack);
	wr_u8(w, 0);
}

static struct wr
section_of(int endpoints, struct slice host, struct slice rack)
{
	struct wr list = wr_new(1 << 20), w = wr_new(1 << 20);

	wr_uvarint(&list, (uint32_t)endpoints + 1);
	for (int i = 0; i < endpoints; i++)
		put_endpoint(&list, i, host, rack);
	if (key == API_FETCH) {
		wr_u8(&w, 1);
		wr_u8(&w, 0);
		wr_uvarint(&w, (uint32_t)list.len);
	}
	wr_slice_put(&w, wr_slice(&list));
	if (key == API_SHARE_FETCH)
		wr_u8(&w, 0);
	wr_free(&list);
	return w;
}

/* Hosts of every length, ours and theirs, for as many as 40 brokers: lengths past which a size or a tag is a byte longer. */
START_TEST(every_length)
{
	static char text[256];
	struct slice no_rack = {NULL, 0};

	key = answers[_i].key;
	memset(text, 'h', sizeof(text));
	for (size_t ours = 1; ours < 255; ours += ours < 20 ? 1 : 23) {
		our_host = slice_of(text, ours);
		for (size_t theirs = 1; theirs < 255; theirs += theirs > ours + 5 ? 7 : 1)
			for (int n = 1; n <= 40; n += n < 3 ? 1 : 37) {
				struct wr w = section_of(n, slice_of(text, theirs), no_rack);
				int told = checked(wr_slice(&w));

				if (theirs == ours || theirs > ours + 1)
					ck_assert_int_eq(told, n);
				else if (theirs > ours) /* a byte each: of one, it can't be filled */
					ck_assert_int_eq(told, n == 1 ? 0 : n);
				else
					ck_assert(told >= 0 && told < n);
				wr_free(&w);
			}
	}
}
END_TEST

/* Ours are longer: what the padding fills has every length from 12 to more than three bytes of size can say. */
START_TEST(every_padding)
{
	static char text[20000];

	key = answers[_i].key;
	memset(text, 'h', sizeof(text));
	our_host = slice_of(text, 300);
	for (size_t rack = 0; rack < 17000; rack += rack > 300 && rack < 16100 ? 61 : 1) {
		struct wr w = section_of(1, slice_of("h", 1), slice_of(text, rack));

		ck_assert_int_eq(checked(wr_slice(&w)), 0);
		wr_free(&w);
	}
}
END_TEST

START_TEST(prefixes_and_changes)
{
	static const uint8_t flips[] = {0x01, 0x02, 0x7f, 0x80, 0xff};
	static const char *const hosts[] = {"k8:xx", "h", "a-much-longer-name.example", "abcdefg"};
	struct message_gen g = {.state = 0xe4d, .plain = true};
	struct wr w = wr_new(1 << 20), head = hex_of(answers[_i].head);
	int rounds = 0;

	key = answers[_i].key;
	for (int round = 0; round < 400; round++) {
		uint8_t *box;
		size_t at = head.len, n;

		use_host(hosts[round % (int)ARRAY_LEN(hosts)]);
		wr_reset(&w);
		message_gen(&g, key, true, key == API_FETCH ? 18 : 2, &w);
		/* Only what has no topic, and no message: the section alone counts here. */
		if (w.buf[at - 1] != 1 || (key == API_SHARE_FETCH && w.buf[6] > 1))
			continue;
		rounds++;
		n = w.len - at;
		for (size_t i = 0; i <= n; i++) {
			box = malloc(i + 1);
			ck_assert_ptr_nonnull(box);
			memcpy(box + 1, w.buf + at, i);
			(void)checked(slice_of(box + 1, i));
			free(box);
		}
		box = malloc(n);
		ck_assert_ptr_nonnull(box);
		memcpy(box, w.buf + at, n);
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
				box[i] ^= flips[k];
				(void)checked(slice_of(box, n));
				box[i] = w.buf[at + i];
			}
		}
		ck_assert_int_ge(checked(slice_of(box, n)), 0);
		free(box);
	}
	ck_assert_int_gt(rounds, 5);
	wr_free(&w);
	wr_free(&head);
}
END_TEST

START_TEST(a_full_writer)
{
	struct wr in = hex_of("01 00 11 02 " TWO " 06 'k2:xx' 00002384 00 00");
	bool changed;

	use_host("k8:xx");
	for (size_t max = 0; max < in.len; max++) {
		struct wr out = wr_new(max);

		ck_assert_int_eq(node_endpoints_rewrite(key, wr_slice(&in), map, NULL, &out, &changed), ERR_LIMIT);
		wr_free(&out);
	}
	wr_free(&in);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("node_endpoints");
	TCase *c = tcase_create("node_endpoints");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, nothing_to_dial);
	tcase_add_test(c, one_endpoint);
	tcase_add_test(c, more_than_one);
	tcase_add_test(c, addresses_of_nobody);
	tcase_add_test(c, tags_are_used_up);
	tcase_add_test(c, malformed);
	tcase_add_test(c, share_fetch);
	tcase_add_loop_test(c, every_length, 0, ARRAY_LEN(answers));
	tcase_add_loop_test(c, every_padding, 0, ARRAY_LEN(answers));
	tcase_add_loop_test(c, prefixes_and_changes, 0, ARRAY_LEN(answers));
	tcase_add_test(c, a_full_writer);
	suite_add_tcase(s, c);
	return suite_run(s);
}
