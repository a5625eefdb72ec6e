/* The walker for pieces agrees with the one for whole messages (kafka/schema.c), however the message is cut. */
#include "kafka/walk.h"

#include <check.h>
#include <stdio.h>

#include "hex.h"
#include "kafka/api.h"
#include "message_gen.h"
#include "suite.h"

static struct message_gen gen;

static void
each_message(void (*fn)(int16_t key, bool response, int16_t version))
{
	for (int16_t key = 0; key < schema_api_count; key++)
		for (int16_t v = schema_apis[key].first; schema_apis[key].name != NULL && v <= schema_apis[key].last; v++) {
			fn(key, false, v);
			fn(key, true, v);
		}
}

/* Feeds a copy of piece in a block of exactly its size, so that the sanitizer sees a read past its end. */
static int
feed(struct walk *w, struct slice piece)
{
	uint8_t *box = malloc(piece.n > 0 ? piece.n : 1);
	int err;

	ck_assert_ptr_nonnull(box);
	if (piece.n > 0)
		memcpy(box, piece.p, piece.n);
	err = walk_feed(w, slice_of(box, piece.n));
	free(box);
	return err;
}

/* How a body is cut: its first piece, and the length of those that follow. */
struct cut {
	size_t first, rest;
};

static int
walked(int16_t key, bool response, int16_t version, struct slice body, struct cut cut, struct walk *w)
{
	int err = walk_begin(w, key, response, version, body.n);
	size_t n = cut.first;

	for (size_t at = 0; err == 0 && at < body.n; at += n, n = cut.rest) {
		ck_assert(!walk_done(w));
		n = n < body.n - at ? n : body.n - at;
		err = n == 1 ? walk_feed(w, slice_of(body.p + at, n)) : feed(w, slice_of(body.p + at, n));
	}
	ck_assert(walk_done(w) == (err == 0)); /* all is fed: there is no third way */
	return err;
}

/* NodeEndpoints as a field of their own: ShareFetch and ShareAcknowledge, which have nothing else behind them. */
static void
skip_endpoints(struct rd *r)
{
	uint32_t count = rd_uvarint(r);

	for (uint32_t i = 1; i < count; i++) {
		rd_skip(r, 4);
		(void)rd_compact(r);
		rd_skip(r, 4);
		(void)rd_nullable_compact(r);
		for (uint32_t n = rd_uvarint(r); n > 0; n--) {
			(void)rd_uvarint(r);
			rd_skip(r, rd_uvarint(r));
		}
	}
}

/* The bytes from end_at on are endpoints, where they are a field, and one section of tagged fields. */
static void
ends_there(const struct walk *w, struct slice body, bool endpoints)
{
	struct rd r;
	uint32_t count;

	ck_assert(w->flexible == (w->end_at != WALK_NOT_YET));
	if (!w->flexible)
		return;
	ck_assert_uint_lt(w->end_at, body.n);
	r = rd_of(slice_of(body.p + w->end_at, body.n - (size_t)w->end_at));
	if (endpoints)
		skip_endpoints(&r);
	count = rd_uvarint(&r);
	for (uint32_t i = 0; i < count; i++) {
		(void)rd_uvarint(&r);
		rd_skip(&r, rd_uvarint(&r));
	}
	ck_assert_int_eq(rd_err(&r), 0);
	ck_assert_uint_eq(rd_left(&r), 0);
}

static void
same(int16_t key, bool response, int16_t version, struct slice body, struct cut cut)
{
	int want = schema_walk(key, response, version, body, NULL, NULL, NULL);
	struct walk w;
	int got = walked(key, response, version, body, cut, &w);

	ck_assert_msg(got == want, "%s %s %d, %zu bytes in %zu and %zu: %d, not %d", schema_apis[key].name,
		      response ? "response" : "request", version, body.n, cut.first, cut.rest, got, want);
	if (got == 0)
		ends_there(&w, body, response && (key == API_SHARE_FETCH || key == API_SHARE_ACKNOWLEDGE));
}

static const struct cut whole = {SIZE_MAX, 1}, bytes = {1, 1}, threes = {2, 3};

static void
good(int16_t key, bool response, int16_t version)
{
	struct wr w = wr_new(1 << 20);

	message_gen(&gen, key, response, version, &w);
	same(key, response, version, wr_slice(&w), whole);
	same(key, response, version, wr_slice(&w), bytes);
	same(key, response, version, wr_slice(&w), threes);
	for (size_t n = 0; n < w.len; n++) {
		same(key, response, version, wr_slice(&w), (struct cut){n, SIZE_MAX});
		same(key, response, version, slice_of(w.buf, n), n % 2 == 0 ? whole : bytes);
	}
	wr_u8(&w, 0);
	same(key, response, version, wr_slice(&w), whole); /* a byte too many */
	wr_free(&w);
}

START_TEST(every_cut_and_every_prefix)
{
	gen = (struct message_gen){.state = 0x77616c6b};
	each_message(good);
}
END_TEST

static void
changed(int16_t key, bool response, int16_t version)
{
	static const uint8_t flips[] = {0x01, 0x02, 0x7f, 0x80, 0xff};
	struct wr w = wr_new(1 << 20);

	message_gen(&gen, key, response, version, &w);
	for (size_t i = 0; i < w.len; i++) {
		uint8_t was = w.buf[i];

		for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
			w.buf[i] = was ^ flips[k];
			same(key, response, version, wr_slice(&w), k % 2 == 0 ? bytes : (struct cut){i, 7});
		}
		w.buf[i] = was;
	}
	wr_free(&w);
}

START_TEST(every_changed_byte)
{
	gen = (struct message_gen){.state = 0x6b6c6177};
	each_message(changed);
}
END_TEST

START_TEST(kafkas_own_bytes)
{
	FILE *f = fopen("tests/vectors/messages.txt", "r");
	char *line = NULL;
	size_t room = 0;
	int lines = 0;

	ck_assert_ptr_nonnull(f);
	while (getline(&line, &room, f) > 0) {
		char way[16], hex[8192] = "";
		int key, version;
		struct walk w;
		struct wr body;

		if (line[0] == '#')
			continue;
		ck_assert_int_ge(sscanf(line, "%d %*s %15s %d %8191s", &key, way, &version, hex), 3);
		body = hex_of(hex);
		ck_assert_msg(walked((int16_t)key, way[2] == 's', (int16_t)version, wr_slice(&body), bytes, &w) == 0, "%s", line);
		wr_free(&body);
		lines++;
	}
	free(line);
	fclose(f);
	ck_assert_int_eq(lines, 616);
}
END_TEST

/* A Fetch answer with one partition; its tagged fields begin at byte 65. */
#define FETCH "00000000 0000 00000007 02 000102030405060708090a0b0c0d0e0f 02 00000000 0006 0000000000000009 " \
	      "0000000000000009 0000000000000000 00 ffffffff 05 'RECS' 00 00 "

START_TEST(where_the_end_begins)
{
	struct wr bare = hex_of(FETCH), body = hex_of(FETCH "02 00 0e 02 00000002 03 'k2' 00002384 00 00 09 00");
	struct walk w;

	ck_assert_int_eq(walk_begin(&w, API_FETCH, true, 16, body.len), 0);
	for (size_t i = 0; i < body.len; i++) {
		ck_assert(w.end_at == (i < bare.len ? WALK_NOT_YET : bare.len));
		ck_assert_int_eq(feed(&w, slice_of(body.buf + i, 1)), 0);
	}
	ck_assert(walk_done(&w));
	wr_free(&bare);
	wr_free(&body);
}
END_TEST

/* ShareFetch's endpoints are no tagged field. */
START_TEST(where_endpoints_begin)
{
	struct wr bare = hex_of("00000000 0000 00 00000000 01"),
		  body = hex_of("00000000 0000 00 00000000 01 02 00000002 03 'k2' 00002384 00 00 01 09 00");
	struct walk w;

	ck_assert_int_eq(walk_begin(&w, API_SHARE_FETCH, true, 1, body.len), 0);
	for (size_t i = 0; i < body.len; i++) {
		ck_assert(w.end_at == (i < bare.len ? WALK_NOT_YET : bare.len));
		ck_assert_int_eq(feed(&w, slice_of(body.buf + i, 1)), 0);
	}
	ck_assert(walk_done(&w));
	wr_free(&bare);
	wr_free(&body);
}
END_TEST

/* 200 MB of records pass by their length: the same kilobyte again and again stands for them. */
START_TEST(records_are_not_looked_at)
{
	enum { RECORDS = 200 * 1000 * 1000 };
	static uint8_t kilobyte[1000];
	struct wr head = hex_of("00000000 0000 00000007 02 000102030405060708090a0b0c0d0e0f 02 00000000 0006 0000000000000009 "
				"0000000000000009 0000000000000000 00 ffffffff");
	struct wr tail = hex_of("00 00 00");
	struct walk w;

	wr_uvarint(&head, RECORDS + 1);
	ck_assert_int_eq(walk_begin(&w, API_FETCH, true, 16, head.len + RECORDS + tail.len), 0);
	ck_assert_int_eq(feed(&w, wr_slice(&head)), 0);
	for (int i = 0; i < RECORDS / 1000; i++)
		ck_assert_int_eq(walk_feed(&w, slice_of(kilobyte, sizeof(kilobyte))), 0);
	ck_assert(w.end_at == WALK_NOT_YET);
	ck_assert_int_eq(feed(&w, wr_slice(&tail)), 0);
	ck_assert(walk_done(&w));
	ck_assert(w.end_at == head.len + RECORDS + 2);
	wr_free(&head);
	wr_free(&tail);
}
END_TEST

START_TEST(an_error_is_told_at_once_and_stays)
{
	/* records of more bytes than there are */
	struct wr w = hex_of("00000000 0000 00000007 02 000102030405060708090a0b0c0d0e0f 02 00000000 0006 0000000000000009 "
			     "0000000000000009 0000000000000000 00 ffffffff 06 'RECS'");
	struct walk walk;

	ck_assert_int_eq(walk_begin(&walk, API_FETCH, true, 16, w.len), 0);
	ck_assert_int_eq(feed(&walk, slice_of(w.buf, w.len - 5)), 0);
	ck_assert_int_eq(feed(&walk, slice_of(w.buf + w.len - 5, 1)), ERR_SHORT);
	ck_assert_int_eq(feed(&walk, slice_of(w.buf + w.len - 4, 4)), ERR_SHORT);
	ck_assert(!walk_done(&walk));
	wr_free(&w);
}
END_TEST

START_TEST(what_is_not_in_the_table)
{
	struct walk w;

	ck_assert_int_eq(walk_begin(&w, -1, true, 0, 9), ERR_UNSUPPORTED);
	ck_assert_int_eq(walk_begin(&w, 4, true, 0, 9), ERR_UNSUPPORTED);
	ck_assert_int_eq(walk_begin(&w, (int16_t)schema_api_count, true, 0, 9), ERR_UNSUPPORTED);
	ck_assert_int_eq(walk_begin(&w, API_FETCH, true, 99, 9), ERR_UNSUPPORTED);
	ck_assert_int_eq(walk_begin(&w, API_FETCH, true, -1, 9), ERR_UNSUPPORTED);
	ck_assert_int_eq(walk_feed(&w, slice_of("123456789", 9)), ERR_UNSUPPORTED);
	ck_assert_int_eq(walk_begin(&w, API_FETCH, true, 16, 0), ERR_SHORT);
	ck_assert_int_eq(walk_begin(&w, API_VERSIONS, false, 0, 0), 0); /* a request without fields */
	ck_assert(walk_done(&w));
	ck_assert_int_eq(walk_begin(&w, API_VERSIONS, false, 0, 1), ERR_MALFORMED);
}
END_TEST

/* Levels that a struct needs at most: itself or its section of tags, and below it an array, or a tagged field with one. */
static unsigned
levels(int index)
{
	const struct schema_struct *s = &schema_structs[index];
	unsigned most = 0;

	for (unsigned i = 0; i < s->count; i++) {
		const struct schema_field *f = &schema_fields[s->first + i];
		unsigned n = (f->tag >= 0) + f->array + (f->type == T_STRUCT ? levels(f->child) : 0);

		most = n > most ? n : most;
	}
	return most + 1;
}

START_TEST(the_deepest_message_fits)
{
	for (int key = 0; key < schema_api_count; key++) {
		if (schema_apis[key].name == NULL)
			continue;
		ck_assert_uint_le(levels(schema_apis[key].request), WALK_DEPTH);
		ck_assert_uint_le(levels(schema_apis[key].response), WALK_DEPTH);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("walk");
	TCase *c = tcase_create("walk");

	tcase_set_timeout(c, 300);
	tcase_add_test(c, every_cut_and_every_prefix);
	tcase_add_test(c, every_changed_byte);
	tcase_add_test(c, kafkas_own_bytes);
	tcase_add_test(c, where_the_end_begins);
	tcase_add_test(c, where_endpoints_begin);
	tcase_add_test(c, records_are_not_looked_at);
	tcase_add_test(c, an_error_is_told_at_once_and_stays);
	tcase_add_test(c, what_is_not_in_the_table);
	tcase_add_test(c, the_deepest_message_fits);
	suite_add_tcase(s, c);
	return suite_run(s);
}
