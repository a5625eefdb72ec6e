/* Produce by name, said by id, and the answer said back. */
#include "kafka/produce_by_id.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"
#include "suite.h"

enum { FIRST = 7, LAST = 12, FLEXIBLE = 9, LEADERS = 10, PARTS_MAX = 64, TOPICS_MAX = 64 };

/* A copy whose end is the block's end, so that nothing behind it can be read unseen. */
static uint8_t *
boxed(struct slice s, struct slice *ret)
{
	uint8_t *box = malloc(s.n + 1);

	ck_assert_ptr_nonnull(box);
	if (s.n > 0)
		memcpy(box + 1, s.p, s.n);
	*ret = slice_of(box + 1, s.n);
	return box;
}

static bool
walks(bool response, int16_t version, struct slice body)
{
	return schema_walk(API_PRODUCE, response, version, body, NULL, NULL, NULL) == 0;
}

static bool
same(struct slice a, struct slice b)
{
	return (a.p == NULL) == (b.p == NULL) && slice_eq(a, b);
}

/* --- the request ------------------------------------------------------------------------- */

/* An id that tells its name, of at most 15 letters. */
static void
id_of(struct slice name, uint8_t id[16])
{
	ck_assert_uint_lt(name.n, 16);
	memset(id, 0, 16);
	if (name.n > 0)
		memcpy(id, name.p, name.n);
	id[15] = (uint8_t)name.n;
}

static struct wr
by_id(const struct produce_request *q, size_t max)
{
	uint8_t ids[PARTS_MAX][16];
	struct wr w = wr_new(max);

	ck_assert_uint_le(q->count, PARTS_MAX);
	for (size_t i = 0; i < q->count; i++)
		id_of(q->parts[i].topic, ids[i]);
	for (size_t i = 0; i < q->count; i++) {
		struct slice records = q->parts[i].records;

		produce_by_id_before(q, (const uint8_t(*)[16])ids, i, records.p != NULL ? (int64_t)records.n : -1, &w);
		wr_slice_put(&w, records);
	}
	produce_by_id_end(&w);
	return w;
}

/* How many topics it has. */
static size_t
topics_in(struct slice body)
{
	struct rd r = rd_of(body);

	(void)rd_nullable_compact(&r);
	rd_skip(&r, 2 + 4);
	return rd_uvarint(&r) - 1;
}

/* Said by id it has the same parts in the same order, each name's neighbours under one id, and all else. */
static void
ck_request(int16_t version, struct slice body)
{
	struct produce_request was, is;
	size_t topics = 0;
	struct wr w;

	ck_assert_int_eq(produce_request_read(version, body, &was), 0);
	w = by_id(&was, SIZE_MAX / 2);
	ck_assert_int_eq(wr_err(&w), 0);
	ck_assert(walks(false, PRODUCE_BY_ID, wr_slice(&w)));
	ck_assert_int_eq(produce_request_read(PRODUCE_BY_ID, wr_slice(&w), &is), 0);
	ck_assert_int_eq(is.acks, was.acks);
	ck_assert_int_eq(is.timeout_ms, was.timeout_ms);
	ck_assert(same(is.transactional_id, was.transactional_id));
	ck_assert_uint_eq(is.count, was.count);
	for (size_t i = 0; i < was.count; i++) {
		uint8_t id[16];

		id_of(was.parts[i].topic, id);
		ck_assert_mem_eq(is.parts[i].topic_id, id, 16);
		ck_assert_int_eq(is.parts[i].partition, was.parts[i].partition);
		ck_assert(same(is.parts[i].records, was.parts[i].records));
		topics += i == 0 || !slice_eq(was.parts[i - 1].topic, was.parts[i].topic);
	}
	ck_assert_uint_eq(topics_in(wr_slice(&w)), topics);
	produce_request_free(&was);
	produce_request_free(&is);
	wr_free(&w);
}

START_TEST(any_request)
{
	struct message_gen g = {.state = 0xb1d};
	struct wr w = wr_new(1 << 20);

	for (int16_t v = FIRST; v <= LAST; v++)
		for (int tried = 0; tried < 500;) {
			struct produce_request q;

			wr_reset(&w);
			message_gen(&g, API_PRODUCE, false, v, &w);
			ck_assert_int_eq(produce_request_read(v, wr_slice(&w), &q), 0);
			if (q.count > 0) { /* one that has none is said by nobody */
				ck_request(v, wr_slice(&w));
				tried++;
			}
			produce_request_free(&q);
		}
	wr_free(&w);
}
END_TEST

/* A topic in two groups, neighbours and not; null and empty records; a topic without parts. */
#define GROUPS_7 "0002 'tx' ffff 00007530 00000006 " \
	"| 0001 'a' 00000002 00000000 00000003 'abc' 00000001 ffffffff | 0001 'a' 00000001 00000002 00000000 " \
	"| 0002 'bc' 00000001 00000007 00000002 'xy' | 0001 'e' 00000000 | 0001 'a' 00000001 00000003 00000001 'z' " \
	"| 0000 00000001 00000000 ffffffff"
#define GROUPS_9 "03 'tx' ffff 00007530 07 " \
	"| 02 'a' 03 00000000 04 'abc' 00 00000001 00 00 00 | 02 'a' 02 00000002 01 00 00 " \
	"| 03 'bc' 02 00000007 03 'xy' 00 00 | 02 'e' 01 00 | 02 'a' 02 00000003 02 'z' 00 00 " \
	"| 01 02 00000000 00 00 00 | 00"
#define GROUPS_13 "03 'tx' ffff 00007530 05 " \
	"| 'a' 0000000000000000000000000000 01 04 00000000 04 'abc' 00 00000001 00 00 00000002 01 00 00 " \
	"| 'bc' 00000000000000000000000000 02 02 00000007 03 'xy' 00 00 " \
	"| 'a' 0000000000000000000000000000 01 02 00000003 02 'z' 00 00 " \
	"| 00000000000000000000000000000000 02 00000000 00 00 00 | 00"

START_TEST(known_requests)
{
	static const struct {
		int16_t from, to;
		const char *was, *is;
	} t[] = {
		{FIRST, 8, GROUPS_7, GROUPS_13},
		{FLEXIBLE, LAST, GROUPS_9, GROUPS_13},
		{FIRST, 8, "ffff 0001 000003e8 00000001 0001 'a' 00000001 00000005 00000002 'ok'",
		 "00 0001 000003e8 02 'a' 0000000000000000000000000000 01 02 00000005 03 'ok' 00 00 00"},
		/* unknown tags of the part, the topic and the request have no place in another version */
		{FLEXIBLE, LAST, "01 0001 7fffffff 02 02 'a' 02 00000005 03 'ok' 01 0501 'x' 01 0601 'y' 01 0701 'z'",
		 "01 0001 7fffffff 02 'a' 0000000000000000000000000000 01 02 00000005 03 'ok' 00 00 00"},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (int16_t v = t[i].from; v <= t[i].to; v++) {
			struct wr w = hex_of(t[i].was), said;
			struct produce_request q;

			ck_request(v, wr_slice(&w));
			ck_assert_int_eq(produce_request_read(v, wr_slice(&w), &q), 0);
			said = by_id(&q, SIZE_MAX / 2);
			ck_hex(wr_slice(&said), t[i].is);
			produce_request_free(&q);
			wr_free(&said);
			wr_free(&w);
		}
}
END_TEST

/* Counts and lengths whose number takes several bytes. */
START_TEST(large_request)
{
	enum { LONG = 20000 };
	uint8_t *records = calloc(1, LONG);
	struct wr w = wr_new(4 << 20);

	ck_assert_ptr_nonnull(records);
	for (uint32_t lens = 126; lens <= LONG; lens = lens < 129 ? lens + 1 : lens < 16000 ? 16382 : lens + 1200) {
		wr_reset(&w);
		wr_string(&w, (struct slice){NULL, 0});
		wr_i16(&w, -1);
		wr_i32(&w, 5);
		wr_i32(&w, 1);
		wr_string(&w, slice_str("a"));
		wr_i32(&w, PARTS_MAX);
		for (int32_t i = 0; i < PARTS_MAX; i++) {
			wr_i32(&w, i);
			wr_nbytes(&w, slice_of(records, lens));
		}
		ck_assert_int_eq(wr_err(&w), 0);
		ck_request(8, wr_slice(&w));
	}
	wr_free(&w);
	free(records);
}
END_TEST

START_TEST(request_without_room)
{
	struct wr w = hex_of(GROUPS_9), whole;
	struct produce_request q;

	ck_assert_int_eq(produce_request_read(9, wr_slice(&w), &q), 0);
	whole = by_id(&q, SIZE_MAX / 2);
	for (size_t max = 0; max < whole.len; max++) {
		struct wr cut = by_id(&q, max);

		ck_assert_int_eq(wr_err(&cut), ERR_LIMIT);
		wr_free(&cut);
	}
	produce_request_free(&q);
	wr_free(&whole);
	wr_free(&w);
}
END_TEST

START_TEST(which_may)
{
	for (int16_t v = 0; v <= 15; v++)
		for (int16_t acks = -1; acks <= 1; acks++)
			for (int txn = 0; txn < 3; txn++) {
				struct produce_request q = {.acks = acks};

				if (txn > 0) /* empty isn't null */
					q.transactional_id = slice_of("tx", txn == 1 ? 0 : 2);
				ck_assert_int_eq(produce_by_id_may(v, &q),
						 acks != 0 && v >= (txn > 0 ? 12 : 7) && v <= 12);
			}
}
END_TEST

START_TEST(found)
{
	enum { MANY = 1000 };
	struct produce_topic *t = calloc(MANY, sizeof(*t));
	uint8_t id[16] = {0};

	ck_assert_ptr_nonnull(t);
	produce_by_id_order(NULL, 0);
	ck_assert_ptr_null(produce_by_id_find(NULL, 0, id));
	produce_by_id_order(t, 0);
	ck_assert_ptr_null(produce_by_id_find(t, 0, id));
	for (size_t n = 1; n <= MANY; n = n < 5 ? n + 1 : n * 10) {
		/* They differ in the first byte, in the last, or between; neighbours are far apart. */
		for (size_t i = 0; i < n; i++) {
			size_t k = i * 619 % n;

			memset(t[i].id, 0x55, 16);
			t[i].id[0] = (uint8_t)(k >> 8 | 0x80);
			t[i].id[15] = (uint8_t)k;
			t[i].name = slice_of(t, k);
		}
		produce_by_id_order(t, n);
		for (size_t k = 0; k < n; k++) {
			const struct produce_topic *f;

			memset(id, 0x55, 16);
			id[0] = (uint8_t)(k >> 8 | 0x80);
			id[15] = (uint8_t)k;
			f = produce_by_id_find(t, n, id);
			ck_assert_ptr_nonnull(f);
			ck_assert_uint_eq(f->name.n, k);
			id[7] = 0x56;
			ck_assert_ptr_null(produce_by_id_find(t, n, id));
		}
	}
	free(t);
}
END_TEST

/* --- the answer -------------------------------------------------------------------------- */

static struct {
	struct produce_topic t[TOPICS_MAX];
	char name[TOPICS_MAX][24];
	size_t count;
} table;

static void
table_add(const uint8_t id[16], const char *name)
{
	struct produce_topic *t = &table.t[table.count];

	ck_assert_uint_lt(table.count, TOPICS_MAX);
	(void)snprintf(table.name[table.count], sizeof(table.name[0]), "%s", name);
	memcpy(t->id, id, 16);
	t->name = slice_str(table.name[table.count++]);
}

/* Name and id of the topic that was drawn. */
static void
drawn_topic(uint64_t draw, uint8_t id[16], char name[24])
{
	(void)snprintf(name, 24, "%.*s%llx", (int)(draw % 7), "topic.", (unsigned long long)(draw >> 40));
	for (int i = 0; i < 16; i++)
		id[i] = (uint8_t)(draw >> (i * 5 % 40));
}

static void
skip_tags(struct rd *r)
{
	for (uint32_t n = rd_uvarint(r); n > 0; n--) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

/* The ids of an answer, a name each. */
static void
table_learn(struct slice body)
{
	struct rd r = rd_of(body);

	table.count = 0;
	for (uint32_t topics = rd_uvarint(&r) - 1; topics > 0; topics--) {
		char name[24];

		(void)snprintf(name, sizeof(name), "t%zu", table.count);
		table_add(rd_bytes(&r, 16).p, name);
		for (uint32_t parts = rd_uvarint(&r) - 1; parts > 0; parts--) {
			rd_skip(&r, 4 + 2 + 8 + 8 + 8);
			for (uint32_t n = rd_uvarint(&r) - 1; n > 0; n--) {
				rd_skip(&r, 4);
				(void)rd_nullable_compact(&r);
				skip_tags(&r);
			}
			(void)rd_nullable_compact(&r);
			skip_tags(&r);
		}
		skip_tags(&r);
	}
	ck_assert_int_eq(rd_err(&r), 0);
}

static int
answer_in(int16_t version, struct slice body, struct wr *out)
{
	produce_by_id_order(table.t, table.count);
	return produce_by_id_answer(version, body, table.t, table.count, out);
}

/*
 * An answer as a broker would say it at any version from 7 on: the same draws make the same answer, of which each
 * version says what it can.
 */
struct said {
	struct message_gen g; /* for its draws */
	int16_t version;
	bool learn;
	struct wr *w;
};

static uint32_t
below(struct said *s, uint32_t n)
{
	return message_gen_below(&s->g, n);
}

static void
say_count(struct said *s, int64_t n, bool is_text)
{
	if (s->version >= FLEXIBLE)
		wr_uvarint(s->w, (uint32_t)(n + 1));
	else if (is_text)
		wr_i16(s->w, (int16_t)n);
	else
		wr_i32(s->w, (int32_t)n);
}

static void
say_text(struct said *s, bool told)
{
	int64_t n = below(s, 40) == 0 ? 300 : (int64_t)below(s, 10) - 1;

	if (told)
		say_count(s, n, true);
	for (int64_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)('a' + below(s, 26));

		if (told)
			wr_u8(s->w, c);
	}
}

/* A new leader, in the part; endpoints at the end; and tags that nobody knows, anywhere. */
static void
say_tags(struct said *s, const char *known)
{
	bool has_known = known != NULL && below(s, 2) == 0;
	uint32_t unknown = below(s, 3), n;
	struct wr tags = wr_new(4096), k = hex_of(known != NULL ? known : "");

	wr_uvarint(&tags, has_known + unknown);
	if (has_known) {
		wr_uvarint(&tags, 0);
		wr_uvarint(&tags, (uint32_t)k.len);
		wr_slice_put(&tags, wr_slice(&k));
	}
	for (uint32_t i = 0; i < unknown; i++) {
		wr_uvarint(&tags, 100 * (i + 1) + below(s, 100));
		wr_uvarint(&tags, n = below(s, 150));
		for (; n > 0; n--)
			wr_u8(&tags, (uint8_t)below(s, 256));
	}
	if (s->version >= LEADERS)
		wr_slice_put(s->w, wr_slice(&tags));
	else if (s->version >= FLEXIBLE)
		wr_u8(s->w, 0);
	wr_free(&tags);
	wr_free(&k);
}

static void
say_part(struct said *s)
{
	static const int16_t errors[] = {0, 0, 0, 3, 6, 10, 87, -1, 100, 103};
	int16_t error = errors[below(s, ARRAY_LEN(errors))];
	uint32_t record_errors = below(s, 3);

	wr_i32(s->w, (int32_t)message_gen_next(&s->g));
	wr_i16(s->w, s->version < PRODUCE_BY_ID && (error == 100 || error == 103) ? 3 : error);
	for (int i = 0; i < 3; i++)
		wr_i64(s->w, (int64_t)message_gen_next(&s->g));
	if (s->version >= 8)
		say_count(s, record_errors, false);
	for (uint32_t i = 0; i < record_errors; i++) {
		int32_t index = (int32_t)message_gen_next(&s->g);

		if (s->version >= 8)
			wr_i32(s->w, index);
		say_text(s, s->version >= 8);
		say_tags(s, NULL);
	}
	say_text(s, s->version >= 8);
	say_tags(s, "00000002 00000005 00");
}

static struct wr
answer_drawn(uint64_t seed, int16_t version)
{
	struct wr w = wr_new(1 << 20);
	struct said s = {{.state = seed}, version, version == PRODUCE_BY_ID, &w};
	uint32_t topics = below(&s, 4);

	if (s.learn)
		table.count = 0;
	say_count(&s, topics, false);
	while (topics-- > 0) {
		uint32_t parts = below(&s, 4);
		uint8_t id[16];
		char name[24];

		drawn_topic(message_gen_next(&s.g), id, name);
		if (s.learn)
			table_add(id, name);
		if (version >= PRODUCE_BY_ID) {
			wr_bytes(&w, id, 16);
		} else {
			say_count(&s, (int64_t)strlen(name), true);
			wr_text(&w, name);
		}
		say_count(&s, parts, false);
		while (parts-- > 0)
			say_part(&s);
		say_tags(&s, NULL);
	}
	wr_i32(&w, (int32_t)message_gen_next(&s.g));
	say_tags(&s, "02 00000002 02 'h' 00002384 00 00");
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

START_TEST(any_answer)
{
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		struct wr w = answer_drawn(seed * 0x9e3779b97f4a7c15ull, PRODUCE_BY_ID);

		ck_assert(walks(true, PRODUCE_BY_ID, wr_slice(&w)));
		for (int16_t v = FIRST; v <= LAST; v++) {
			struct wr want = answer_drawn(seed * 0x9e3779b97f4a7c15ull, v), out = wr_new(SIZE_MAX / 2);

			ck_assert(walks(true, v, wr_slice(&want)));
			ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), 0);
			ck_assert_msg(slice_eq(wr_slice(&out), wr_slice(&want)), "seed %llu, version %d",
				      (unsigned long long)seed, v);
			wr_free(&want);
			wr_free(&out);
		}
		wr_free(&w);
	}
}
END_TEST

static int16_t
by_name(int16_t error)
{
	return error == 100 || error == 103 ? 3 : error;
}

/* As the schema has it, and as it is read. */
START_TEST(any_answer_of_the_schema)
{
	struct message_gen g = {.state = 0xa5};
	struct wr w = wr_new(1 << 20);

	for (int round = 0; round < 1000; round++) {
		struct produce_result *was, *is;
		size_t n_was, n_is;

		wr_reset(&w);
		message_gen(&g, API_PRODUCE, true, PRODUCE_BY_ID, &w);
		table_learn(wr_slice(&w));
		ck_assert_int_eq(produce_response_read(PRODUCE_BY_ID, wr_slice(&w), &was, &n_was), 0);
		for (int16_t v = FIRST; v <= LAST; v++) {
			struct wr out = wr_new(SIZE_MAX / 2);

			ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), 0);
			ck_assert(walks(true, v, wr_slice(&out)));
			ck_assert_int_eq(produce_response_read(v, wr_slice(&out), &is, &n_is), 0);
			ck_assert_uint_eq(n_is, n_was);
			for (size_t i = 0; i < n_is; i++) {
				const struct produce_topic *t = produce_by_id_find(table.t, table.count, was[i].topic_id);

				ck_assert_ptr_nonnull(t);
				ck_assert(slice_eq(is[i].topic, t->name));
				ck_assert_int_eq(is[i].partition, was[i].partition);
				ck_assert_int_eq(is[i].error, by_name(was[i].error));
				ck_assert_int_eq(is[i].base_offset, was[i].base_offset);
				ck_assert_int_eq(is[i].log_append_ms, was[i].log_append_ms);
			}
			free(is);
			wr_free(&out);
		}
		free(was);
	}
	wr_free(&w);
}
END_TEST

#define ID_1 "000102030405060708090a0b0c0d0e0f"
#define ID_2 "ff0102030405060708090a0b0c0d0e0f"

/* Two topics, one told twice; errors of ids; a record that is to blame; a leader, endpoints, tags of tomorrow. */
#define ANSWER_13 "04 " \
	"| " ID_2 " 02 00000005 0064 ffffffffffffffff ffffffffffffffff fffffffffffffffe 01 00 00 00 " \
	"| " ID_1 " 03 00000000 0057 0000000000000010 0000000000000020 0000000000000030 02 00000003 04 'bad' 01 0901 'u' 03 'no' " \
	"  02 00 09 00000002 00000005 00 6301 'v' 00000001 0000 0000000000000011 ffffffffffffffff 0000000000000000 01 00 00 01 0803 'www' " \
	"| " ID_2 " 02 00000006 0067 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 01 00 00 " \
	"| 00000007 02 00 0d 02 00000002 02 'h' 00002384 00 00 0501 'x'"
#define REST_12 "04 " \
	"| 03 't2' 02 00000005 0003 ffffffffffffffff ffffffffffffffff fffffffffffffffe 01 00 00 00 " \
	"| 02 't' 03 00000000 0057 0000000000000010 0000000000000020 0000000000000030 02 00000003 04 'bad' 01 0901 'u' 03 'no' " \
	"  02 00 09 00000002 00000005 00 6301 'v' 00000001 0000 0000000000000011 ffffffffffffffff 0000000000000000 01 00 00 01 0803 'www' " \
	"| 03 't2' 02 00000006 0003 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 01 00 00 " \
	"| 00000007 02 00 0d 02 00000002 02 'h' 00002384 00 00 0501 'x'"
#define REST_9 "04 " \
	"| 03 't2' 02 00000005 0003 ffffffffffffffff ffffffffffffffff fffffffffffffffe 01 00 00 00 " \
	"| 02 't' 03 00000000 0057 0000000000000010 0000000000000020 0000000000000030 02 00000003 04 'bad' 00 03 'no' 00 " \
	"  00000001 0000 0000000000000011 ffffffffffffffff 0000000000000000 01 00 00 00 " \
	"| 03 't2' 02 00000006 0003 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 01 00 00 | 00000007 00"
#define REST_8 "00000003 " \
	"| 0002 't2' 00000001 00000005 0003 ffffffffffffffff ffffffffffffffff fffffffffffffffe 00000000 ffff " \
	"| 0001 't' 00000002 00000000 0057 0000000000000010 0000000000000020 0000000000000030 00000001 00000003 0003 'bad' 0002 'no' " \
	"  00000001 0000 0000000000000011 ffffffffffffffff 0000000000000000 00000000 ffff " \
	"| 0002 't2' 00000001 00000006 0003 ffffffffffffffff ffffffffffffffff ffffffffffffffff 00000000 0000 | 00000007"
#define REST_7 "00000003 " \
	"| 0002 't2' 00000001 00000005 0003 ffffffffffffffff ffffffffffffffff fffffffffffffffe " \
	"| 0001 't' 00000002 00000000 0057 0000000000000010 0000000000000020 0000000000000030 " \
	"  00000001 0000 0000000000000011 ffffffffffffffff 0000000000000000 " \
	"| 0002 't2' 00000001 00000006 0003 ffffffffffffffff ffffffffffffffff ffffffffffffffff | 00000007"

static void
know_two(void)
{
	struct wr one = hex_of(ID_1), two = hex_of(ID_2);

	table.count = 0;
	table_add(two.buf, "t2");
	table_add(one.buf, "t");
	wr_free(&one);
	wr_free(&two);
}

START_TEST(known_answers)
{
	static const char *const want[] = {REST_7, REST_8, REST_9, REST_12, REST_12, REST_12};
	struct wr w = hex_of(ANSWER_13), out = wr_new(SIZE_MAX / 2);

	know_two();
	for (int16_t v = FIRST; v <= LAST; v++) {
		wr_reset(&out);
		ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), 0);
		ck_hex(wr_slice(&out), want[v - FIRST]);
	}
	/* What stands in the writer stays in front. */
	wr_reset(&out);
	wr_text(&out, "before");
	ck_assert_int_eq(answer_in(7, wr_slice(&w), &out), 0);
	ck_assert_mem_eq(out.buf, "before", 6);
	ck_hex(slice_of(out.buf + 6, out.len - 6), REST_7);
	wr_free(&out);
	wr_free(&w);
}
END_TEST

/* Of all errors only those two become another. */
START_TEST(errors)
{
	struct wr w = hex_of("02 " ID_1 " 02 00000005 0000 0000000000000001 ffffffffffffffff 0000000000000000 01 00 00 00 00000000 00");
	struct wr out = wr_new(SIZE_MAX / 2);

	know_two();
	for (int32_t error = INT16_MIN; error <= INT16_MAX; error++) {
		struct produce_result *r;
		size_t n;

		w.buf[22] = (uint8_t)((uint32_t)error >> 8);
		w.buf[23] = (uint8_t)error;
		wr_reset(&out);
		ck_assert_int_eq(answer_in(8, wr_slice(&w), &out), 0);
		ck_assert_int_eq(produce_response_read(8, wr_slice(&out), &r, &n), 0);
		ck_assert_int_eq(r[0].error, by_name((int16_t)error));
		free(r);
	}
	wr_free(&out);
	wr_free(&w);
}
END_TEST

static void
put_long_texts(struct wr *w, uint32_t n)
{
	wr_uvarint(w, n + 1);
	for (; n > 0; n--)
		wr_u8(w, 'm');
}

/* A text may be longer than versions before 9 can say: they say the beginning. */
START_TEST(long_texts)
{
	static const uint32_t lens[] = {INT16_MAX - 1, INT16_MAX, INT16_MAX + 1, UINT16_MAX, 1 << 20};

	know_two();
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct wr w = hex_of("02 " ID_1 " 02 00000005 0057 ffffffffffffffff ffffffffffffffff 0000000000000000 02 00000001");
		struct wr end = hex_of("00 00 00000000 00");

		w.max = SIZE_MAX / 2;
		put_long_texts(&w, lens[i]);
		wr_u8(&w, 0);
		put_long_texts(&w, lens[i]);
		wr_slice_put(&w, wr_slice(&end));
		ck_assert(walks(true, PRODUCE_BY_ID, wr_slice(&w)));
		for (int16_t v = FIRST; v <= LAST; v++) {
			uint32_t n = v >= FLEXIBLE ? lens[i] : lens[i] < INT16_MAX ? lens[i] : INT16_MAX;
			struct wr out = wr_new(SIZE_MAX / 2);

			ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), 0);
			ck_assert(walks(true, v, wr_slice(&out)));
			ck_assert(v == FIRST ? out.len < 100 : out.len > 2 * (size_t)n && out.len < 2 * (size_t)n + 100);
			wr_free(&out);
		}
		wr_free(&w);
		wr_free(&end);
	}
}
END_TEST

START_TEST(ids_that_nobody_knows)
{
	struct wr w = hex_of(ANSWER_13), other = hex_of(ID_1), out = wr_new(SIZE_MAX / 2);

	for (int16_t v = FIRST; v <= LAST; v++) {
		/* none at all, one of two, and two that differ in their last bit */
		table.count = 0;
		wr_reset(&out);
		ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), ERR_MALFORMED);
		table_add(other.buf, "t");
		wr_reset(&out);
		ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), ERR_MALFORMED);
		know_two();
		table.t[0].id[15] ^= 1;
		wr_reset(&out);
		ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), ERR_MALFORMED);
		/* one name under two ids, one id twice with one name, and one that nobody answers for, are no error */
		know_two();
		table_add(other.buf, "t");
		table_add((const uint8_t[16]){9}, "t");
		wr_reset(&out);
		ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), 0);
		ck_assert(walks(true, v, wr_slice(&out)));
	}
	wr_free(&other);
	wr_free(&out);
	wr_free(&w);
}
END_TEST

/* Of bytes that aren't an answer nothing is said, whatever their length; nothing is read behind them. */
START_TEST(cut_and_changed)
{
	static const uint8_t flips[] = {0x01, 0x02, 0x7f, 0x80, 0xff};
	struct wr w = hex_of(ANSWER_13), out = wr_new(1 << 20);
	struct slice body;
	uint8_t *box;

	know_two();
	for (int16_t v = FIRST; v <= LAST; v++) {
		for (size_t n = 0; n < w.len; n++) {
			box = boxed(slice_of(w.buf, n), &body);
			wr_reset(&out);
			ck_assert_int_ne(answer_in(v, body, &out), 0);
			free(box);
		}
		for (size_t i = 0; i < w.len; i++)
			for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
				uint8_t was = w.buf[i];
				int err;

				w.buf[i] ^= flips[k];
				box = boxed(wr_slice(&w), &body);
				wr_reset(&out);
				err = answer_in(v, body, &out);
				if (!walks(true, PRODUCE_BY_ID, body))
					ck_assert_int_ne(err, 0);
				else if (err == 0)
					ck_assert(walks(true, v, wr_slice(&out)));
				else
					ck_assert_int_eq(err, ERR_MALFORMED); /* another id */
				free(box);
				w.buf[i] = was;
			}
	}
	wr_u8(&w, 0);
	wr_reset(&out);
	ck_assert_int_eq(answer_in(9, wr_slice(&w), &out), ERR_MALFORMED);
	wr_free(&out);
	wr_free(&w);
}
END_TEST

START_TEST(answer_without_room)
{
	struct wr w = hex_of(ANSWER_13), whole = wr_new(SIZE_MAX / 2);

	know_two();
	for (int16_t v = FIRST; v <= LAST; v++) {
		wr_reset(&whole);
		ck_assert_int_eq(answer_in(v, wr_slice(&w), &whole), 0);
		for (size_t max = 0; max < whole.len; max++) {
			struct wr out = wr_new(max);

			ck_assert_int_eq(answer_in(v, wr_slice(&w), &out), ERR_LIMIT);
			wr_free(&out);
		}
	}
	wr_free(&whole);
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("produce_by_id");
	TCase *t = tcase_create("produce_by_id");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, any_request);
	tcase_add_test(t, known_requests);
	tcase_add_test(t, large_request);
	tcase_add_test(t, request_without_room);
	tcase_add_test(t, which_may);
	tcase_add_test(t, found);
	tcase_add_test(t, any_answer);
	tcase_add_test(t, any_answer_of_the_schema);
	tcase_add_test(t, known_answers);
	tcase_add_test(t, errors);
	tcase_add_test(t, long_texts);
	tcase_add_test(t, ids_that_nobody_knows);
	tcase_add_test(t, cut_and_changed);
	tcase_add_test(t, answer_without_room);
	suite_add_tcase(s, t);
	return suite_run(s);
}
