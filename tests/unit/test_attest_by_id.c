/* Produce requests by name that go out by id, to the byte; which don't; and what their answers say, by name again. */
#include "attest/chains_sure.h"
#include "attesting.h"
#include "kafka/produce_by_id.h"
#include "rewritten.h"
#include "suite.h"

enum { FIRST = 7, LAST = 12, PARTS_MAX = 16, SOON_MS = 2500 };
enum { UNKNOWN_TOPIC = 3, UNKNOWN_TOPIC_ID = 100, INCONSISTENT_TOPIC_ID = 103 };

static const uint8_t id_new[16] = {0xee, 5};
static const char *const a_name = "a", *const b_name = "b", *const c_name = "c";
static void
open_with(const struct attesting *how)
{
	attesting_open(how);
	attesting_know("a");
	attesting_know("b");
	broker_takes(0, 13);
	note_metrics();
}

static void
setup(void)
{
	open_with(&(struct attesting){0});
}

static void
teardown(void)
{
	attesting_close();
}

static void
reopen(const struct attesting *how)
{
	attesting_close();
	open_with(how);
}

/* A request as the client makes it. */
static struct exchange *
asked(int16_t version, int16_t acks, const char *transactional_id, const struct stages_part *parts, size_t n)
{
	struct wr w = stages_produce(version, acks, transactional_id, parts, n);
	struct exchange *x = stages_exchange(API_PRODUCE, version, wr_slice(&w));

	x->reactor = reactor;
	x->session = attesting_session;
	wr_free(&w);
	return x;
}

/* It goes out by id, and but for batches says the same; its body. */
static struct wr
sent_by_id(struct exchange *x, const struct stages_part *parts, size_t n)
{
	struct wr out;

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(x->version, 13);
	ck_assert(!x->swallowed);
	out = outgoing(x, STAGE_REPLACE);
	ck_assert_int_eq(schema_walk(API_PRODUCE, false, 13, wr_slice(&out), NULL, NULL, NULL), 0);
	ck_only_batches(13, -1, &out, parts, n);
	return out;
}

static struct exchange *
one_by_id(int16_t version, const struct stages_part *p)
{
	struct exchange *x = produce_of(version, -1, p, 1);
	struct wr out = sent_by_id(x, p, 1);

	wr_free(&out);
	return x;
}

static struct slice
records_of(const struct wr *out, size_t i)
{
	struct produce_request q;
	struct slice s = part_of(13, out, i, &q);

	produce_request_free(&q);
	return s;
}

static void
ck_part(const struct wr *out, size_t i, const struct wr *batch, const char *topic, const char *topic_id, int32_t partition,
	enum header_mode mode)
{
	ck_attested(records_of(out, i), batch, &(struct expected){topic, topic_id, partition, mode, 1, 0, 0});
}

/* The answer by id comes to the client as `want` by name. */
static void
ck_answer(struct exchange *x, int16_t version, const struct stages_result *by_id, const struct stages_result *want, size_t n)
{
	struct wr w = stages_produced(version, want, n), is;

	ck_assert_int_eq(x->version, 13);
	ck_assert_int_eq(answer(x, by_id, n), STAGE_REPLACE);
	ck_assert_int_eq(x->version, version);
	is = stages_flat(&x->body);
	ck_assert_uint_eq(is.len, w.len);
	ck_assert_mem_eq(is.buf, w.buf, w.len);
	wr_free(&is);
	wr_free(&w);
	stages_free(x);
}

/* … with the same errors. */
static void
ck_same_answer(struct exchange *x, int16_t version, const struct stages_result *r, size_t n)
{
	ck_answer(x, version, r, r, n);
}

static void
stored(struct exchange *x, int16_t version, const char *name, const uint8_t *id, int32_t partition, int64_t offset)
{
	ck_same_answer(x, version, &(struct stages_result){name, id, partition, 0, offset, -1}, 1);
}

static void
lost(struct exchange *x)
{
	stage->lost(stage->self, x);
	stages_free(x);
}

/* --- what goes out ------------------------------------------------------------------------- */

START_TEST(every_version)
{
	int64_t offset = 100;
	struct drained d;

	for (int16_t v = FIRST; v <= LAST; v++) {
		struct wr batch = BATCH(.count = 5, .codec = (enum codec)(v % CODEC_COUNT)), out;
		struct stages_part p = {a_name, id_a, 4, wr_slice(&batch)};
		struct exchange *x = produce_of(v, -1, &p, 1);

		out = sent_by_id(x, &p, 1);
		ck_part(&out, 0, &batch, "a", ID_A, 4, HEADERS_FULL);
		stored(x, v, a_name, id_a, 4, offset);
		offset += 5;
		wr_free(&out);
		wr_free(&batch);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 30);
	ck_assert_int_eq(counted(METRIC_BATCHES_FULL), 6);
	d = drained(true);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.members, 30);
	ck_assert_int_eq(d.unresolved, 0);
	ck_assert_int_eq(d.w[0].first_offset, 100);
}
END_TEST

/* Attested and not, null, a topic in two groups, an excluded one: in the order that they came in. */
START_TEST(mixed)
{
	enum { PARTS = 9 };
	static const struct {
		bool attested;
		const char *topic, *topic_id;
	} is[PARTS] = {{false}, {true, "a", ID_A}, {false}, {true, "a", ID_A}, {false}, {false}, {true, "a", ID_A}, {false}, {false}};

	for (int16_t v = FIRST; v <= LAST; v++) {
		struct wr two = BATCH(.count = 2), three = BATCH(.count = 3, .codec = CODEC_ZSTD), crc = BATCH(.count = 2), out;
		struct stages_part p[PARTS] = {
			{a_name, id_a, 0, wr_slice(&crc)},   {a_name, id_a, 1, wr_slice(&two)},  {a_name, id_a, 2, {NULL, 0}},
			{a_name, id_a, 3, wr_slice(&three)}, {b_name, id_b, 0, wr_slice(&two)},  {b_name, id_b, 1, {NULL, 0}},
			{a_name, id_a, 4, wr_slice(&two)},   {a_name, id_a, 5, wr_slice(&crc)}, {b_name, id_b, 2, slice_of("", 0)},
		};
		struct stages_result r[] = {{b_name, id_b, 2, 87, -1, -1}, {a_name, id_a, 4, 0, 40, -1}, {b_name, id_b, 0, 0, 9, -1},
					    {a_name, id_a, 0, 2, -1, -1},  {a_name, id_a, 3, 29, -1, -1}, {a_name, id_a, 1, 0, 10, -1}};
		struct exchange *x;
		struct drained d;

		crc.buf[crc.len - 1] ^= 1;
		reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
		x = produce_of(v, -1, p, PARTS);
		out = sent_by_id(x, p, PARTS);
		for (size_t i = 0; i < PARTS; i++) {
			struct slice records = records_of(&out, i);

			ck_assert_int_eq(records.p == NULL, p[i].records.p == NULL);
			if (is[i].attested)
				ck_part(&out, i, i == 3 ? &three : &two, is[i].topic, is[i].topic_id, p[i].partition, HEADERS_FULL);
			else
				ck_assert(slice_eq(records, p[i].records));
		}
		ck_assert_int_eq(backlog(), 7);
		ck_same_answer(x, v, r, ARRAY_LEN(r));
		ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 4);
		ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 3);
		d = drained(true);
		ck_assert_uint_eq(d.count, 2);
		ck_assert_int_eq(d.members, 4);
		ck_assert_int_eq(d.unresolved, 0);
		wr_free(&out), wr_free(&two), wr_free(&three), wr_free(&crc);
	}
}
END_TEST

/* As many topics as an answer's table must find again, told in another order. */
START_TEST(two_topics)
{
	for (int16_t v = FIRST; v <= LAST; v++) {
		struct wr two = BATCH(.count = 2), out;
		struct stages_part p[] = {{b_name, id_b, 7, wr_slice(&two)}, {a_name, id_a, 7, wr_slice(&two)}};
		struct stages_result r[] = {{a_name, id_a, 7, 0, 3, -1}, {b_name, id_b, 7, 0, 5, -1}};
		struct exchange *x;
		struct drained d;

		reopen(&(struct attesting){0});
		x = produce_of(v, -1, p, 2);
		out = sent_by_id(x, p, 2);
		ck_part(&out, 0, &two, "b", ID_B, 7, HEADERS_FULL);
		ck_part(&out, 1, &two, "a", ID_A, 7, HEADERS_FULL);
		ck_same_answer(x, v, r, 2);
		d = drained(true);
		ck_assert_uint_eq(d.count, 2);
		for (size_t i = 0; i < 2; i++)
			ck_assert_int_eq(d.w[i].first_offset, strcmp(d.w[i].topic, "a") == 0 ? 3 : 5);
		wr_free(&out);
		wr_free(&two);
	}
}
END_TEST

/* The bytes of the batches stay, and the request goes by id all the same. */
START_TEST(without_headers)
{
	for (int16_t v = FIRST; v <= LAST; v++) {
		struct wr two = BATCH(.count = 2), out, want;
		struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&two)}, {a_name, id_a, 1, {NULL, 0}}, {b_name, id_b, 0, wr_slice(&two)}};
		struct stages_result r[] = {{a_name, id_a, 0, 0, 3, -1}, {b_name, id_b, 0, 0, 5, -1}};
		struct exchange *x;

		reopen(&(struct attesting){.yaml = "attest: {headers: none}"});
		x = produce_of(v, -1, p, 3);
		out = sent_by_id(x, p, 3);
		want = stages_produce(13, -1, NULL, p, 3);
		ck_assert(slice_eq(wr_slice(&out), wr_slice(&want)));
		ck_assert_int_eq(counted(METRIC_BATCHES_NONE), 2);
		ck_same_answer(x, v, r, 2);
		ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 4);
		wr_free(&out), wr_free(&want), wr_free(&two);
	}
}
END_TEST

/* Pieces that are copied and pieces that travel on their own, beside each other. */
START_TEST(large_pieces)
{
	enum { LONG = 40000 };
	char *value = malloc(LONG + 1);
	struct made_record r = {.key = "k"};
	struct wr large, small = BATCH(.count = 2);

	ck_assert_ptr_nonnull(value);
	memset(value, 'v', LONG);
	value[LONG] = '\0';
	r.value = value;
	large = BATCH(.count = 1, .records = &r);
	reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
	for (unsigned bits = 0; bits < 64; bits++) {
		int16_t v = bits % 2 == 0 ? 7 : 12;
		struct stages_part p[3];
		struct exchange *x;
		struct wr out;

		for (unsigned i = 0; i < 3; i++)
			p[i] = (bits & 8u << i) != 0
				       ? (struct stages_part){a_name, id_a, (int32_t)i, wr_slice((bits & 1u << i) != 0 ? &large : &small)}
				       : (struct stages_part){b_name, id_b, (int32_t)i, wr_slice((bits & 1u << i) != 0 ? &large : &small)};
		x = produce_of(v, -1, p, 3);
		if ((bits & 56) == 0) {
			ck_assert_int_eq(request(x), STAGE_PASS); /* nothing is ours */
			ck_assert_int_eq(x->version, v);
			stages_free(x);
			continue;
		}
		out = sent_by_id(x, p, 3);
		for (unsigned i = 0; i < 3; i++)
			if ((bits & 8u << i) == 0)
				ck_assert(slice_eq(records_of(&out, i), p[i].records));
			else
				ck_part(&out, i, (bits & 1u << i) != 0 ? &large : &small, "a", ID_A, (int32_t)i, HEADERS_FULL);
		lost(x);
		wr_free(&out);
	}
	wr_free(&large), wr_free(&small);
	free(value);
}
END_TEST

/* The first attempt by name or by id, the second by id or by name: the batch is the same. */
START_TEST(retries)
{
	for (int way = 0; way < 4; way++) {
		struct wr batch = BATCH(.count = 5, .codec = CODEC_SNAPPY, .producer = true, .producer_id = 9, .sequence = 3), out[2];
		struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};
		struct exchange *x = NULL;
		struct slice records[2];
		struct drained d;

		reopen(&(struct attesting){.window_records = 3});
		for (int i = 0; i < 2; i++) {
			bool by_id = (way & 1 << i) != 0;
			struct produce_request q;

			broker_takes(0, by_id ? 13 : 12);
			x = produce_of(9, -1, &p, 1);
			ck_assert_int_eq(request(x), STAGE_REPLACE);
			ck_assert_int_eq(x->version, by_id ? 13 : 9);
			out[i] = outgoing(x, STAGE_REPLACE);
			records[i] = part_of(x->version, &out[i], 0, &q);
			produce_request_free(&q);
			if (i == 0)
				lost(x);
		}
		ck_assert(slice_eq(records[0], records[1]));
		ck_assert(!slice_eq(records[0], p.records));
		ck_assert_int_eq(counted(METRIC_RETRIES), 1);
		if (way >= 2) {
			stored(x, 9, a_name, id_a, 0, 20);
		} else {
			answer_stored(x, a_name, id_a, 0, 20);
			stages_free(x);
		}
		d = drained(true);
		ck_assert_int_eq(d.members, 5);
		ck_assert_int_eq(d.unresolved, 0);
		wr_free(&out[0]), wr_free(&out[1]), wr_free(&batch);
	}
}
END_TEST

START_TEST(transactional)
{
	for (int16_t v = 3; v <= LAST; v++)
		for (int empty = 0; empty < 2; empty++) {
			struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = 7, .attributes = BATCH_TRANSACTIONAL,
						.sequence = 2 * (v * 2 + empty));
			struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};
			struct exchange *x = asked(v, -1, empty ? "" : "tx", &p, 1);
			int16_t want = v >= 12 ? 13 : v;
			struct wr out;

			ck_assert_int_eq(request(x), STAGE_REPLACE);
			ck_assert_int_eq(x->version, want);
			out = outgoing(x, STAGE_REPLACE);
			ck_only_batches_of(empty ? "" : "tx", want, -1, &out, &p, 1);
			lost(x);
			wr_free(&out);
			wr_free(&batch);
		}
}
END_TEST

/* --- what doesn't ---------------------------------------------------------------------------- */

/* It goes out at the client's version, attested. */
static void
ck_by_name(struct exchange *x, int16_t version, int16_t acks, const struct stages_part *parts, size_t n)
{
	struct wr out;

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(x->version, version);
	out = outgoing(x, STAGE_REPLACE);
	ck_only_batches(version, acks, &out, parts, n);
	wr_free(&out);
	lost(x);
}

START_TEST(too_old_or_unanswered)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};

	cluster.topics[0].max_bytes = "1048588"; /* told, else acks=0 gets no headers */
	reopen(&(struct attesting){0});
	cluster.topics[0].max_bytes = "1048588";
	topics_refresh(topics);
	cluster_answer_all();
	for (int16_t v = 3; v < FIRST; v++)
		ck_by_name(produce_of(v, 1, &p, 1), v, 1, &p, 1);
	for (int16_t v = 3; v <= LAST; v++)
		ck_by_name(produce_of(v, 0, &p, 1), v, 1, &p, 1);
	wr_free(&batch);
}
END_TEST

START_TEST(other_topics)
{
	struct wr batch = BATCH(.count = 2);
	const struct stages_part a = {a_name, id_a, 0, wr_slice(&batch)};
	const struct stages_part others[] = {
		{c_name, id_none, 0, wr_slice(&batch)},              /* known by its name alone, attested or not */
		{c_name, id_none, 0, {NULL, 0}},
		{"makoto.dbom", id_none, 0, wr_slice(&batch)},       /* excluded, and nobody asked */
		{"__consumer_offsets", id_none, 0, {NULL, 0}},
		{b_name, id_b, 1 << 10, wr_slice(&batch)},           /* no such partition */
	};

	attesting_know("c");
	for (int16_t v = FIRST; v <= LAST; v++)
		for (size_t i = 0; i < ARRAY_LEN(others); i++)
			for (int first = 0; first < 2; first++) {
				struct stages_part p[] = {first ? others[i] : a, first ? a : others[i]};
				struct exchange *x = produce_of(v, 1, p, 2);

				while (request(x) == STAGE_HOLD) /* a broker may lag behind */
					stages_time_out(x);
				ck_assert(x->replaced);
				ck_assert_int_eq(x->version, v);
				lost(x);
			}
	wr_free(&batch);
}
END_TEST

START_TEST(a_partition_twice)
{
	struct wr one = BATCH(.count = 2), two = BATCH(.count = 3);
	const char *again = "a";
	struct stages_part p[] = {{a_name, id_a, 5, wr_slice(&one)}, {b_name, id_b, 5, wr_slice(&one)}, {again, id_a, 5, wr_slice(&two)}};

	for (int16_t v = FIRST; v <= LAST; v++)
		ck_by_name(produce_of(v, 1, p, 3), v, 1, p, 3);
	wr_free(&one), wr_free(&two);
}
END_TEST

/* A broker takes no larger request: where by id it might become that, it stays by name. */
START_TEST(no_room)
{
	enum { REQUEST_MAX = 104857600, ROOM_MAX = 700 };
	struct wr batch = BATCH(.count = 2);
	uint8_t *pad = calloc(REQUEST_MAX, 1);
	int gone[2] = {0, 0};

	ck_assert_ptr_nonnull(pad);
	for (size_t room = 0; room < ROOM_MAX; room += 232 /* of 100 MiB each */) {
		struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 0, slice_of(pad, 0)}};
		struct wr small = stages_produce(8, 1, NULL, p, 2);
		struct exchange *x;

		reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
		p[1].records.n = REQUEST_MAX - room - (STAGES_HEAD + small.len);
		x = produce_of(8, 1, p, 2);
		ck_assert_uint_eq(x->frame->len, REQUEST_MAX - room);
		(void)request(x);
		gone[x->version == 13]++;
		if (x->replaced)
			ck_assert_uint_le(STAGES_HEAD + (x->version == 13) + x->body.total, REQUEST_MAX);
		else
			ck_assert_int_eq(x->version, 8);
		lost(x);
		wr_free(&small);
	}
	ck_assert(gone[0] > 0 && gone[1] > 0);
	free(pad);
	wr_free(&batch);
}
END_TEST

static bool
goes_by_id(void)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(9, 1, &p, 1);
	bool by_id;

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	by_id = x->version == 13;
	lost(x);
	wr_free(&batch);
	return by_id;
}

/* What the broker says of itself decides, each time that it does. */
START_TEST(what_the_broker_takes)
{
	static const struct {
		int16_t min, max;
		bool by_id;
	} t[] = {{0, 13, true}, {0, 12, false}, {13, 13, true}, {3, 14, true}, {14, 15, false}, {0, 0, false}, {0, INT16_MAX, true}};

	attesting_reconnect();
	ck_assert(!goes_by_id()); /* it never said */
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		broker_takes(t[i].min, t[i].max);
		ck_assert_int_eq(goes_by_id(), t[i].by_id);
	}
}
END_TEST

static struct wr
versions_answer(int16_t version, int16_t error, bool with_produce)
{
	struct wr w = wr_new(4096);
	bool flexible = version >= 3;

	wr_i16(&w, error);
	cluster_list(&w, flexible, with_produce ? 3 : 2);
	for (int16_t key = 0; key < 3; key++) {
		if (key == API_PRODUCE && !with_produce)
			continue;
		wr_i16(&w, key);
		wr_i16(&w, 3);
		wr_i16(&w, 13);
		if (flexible)
			wr_u8(&w, 0);
	}
	if (version >= 1)
		wr_i32(&w, 0);
	if (flexible)
		wr_u8(&w, 0);
	return w;
}

START_TEST(how_the_broker_says_it)
{
	for (int16_t version = 0; version <= 5; version++) {
		struct wr w = versions_answer(version, 0, true), none = versions_answer(version, 0, false), bad;

		versions_told(version, wr_slice(&w));
		ck_assert(goes_by_id());
		versions_told(version, wr_slice(&none));
		ck_assert(!goes_by_id());
		/* Every error, in the form of its version or of version 0. */
		for (int16_t error = -1; error <= 35; error += 36) {
			versions_told(version, wr_slice(&w));
			bad = versions_answer(version, error, true);
			versions_told(version, wr_slice(&bad));
			ck_assert(!goes_by_id());
			wr_free(&bad);
			versions_told(version, wr_slice(&w));
			bad = versions_answer(0, error, true);
			versions_told(version, wr_slice(&bad));
			ck_assert(!goes_by_id());
			wr_free(&bad);
		}
		/* Cut off before it says so. */
		for (size_t n = 0; n < 8 + (version < 3 ? 2u : 0); n++) {
			versions_told(version, slice_of(w.buf, n));
			ck_assert(!goes_by_id());
		}
		wr_free(&w), wr_free(&none);
	}
}
END_TEST

/* --- what is answered ------------------------------------------------------------------------ */

/* Every kind of outcome, in an order of the broker's own. */
START_TEST(each_its_own)
{
	for (int16_t v = FIRST; v <= LAST; v++) {
		struct wr two = BATCH(.count = 2), three = BATCH(.count = 3), idempotent = BATCH(.count = 4, .producer = true, .producer_id = 7);
		struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&two)},
					  {a_name, id_a, 1, wr_slice(&three)},
					  {b_name, id_b, 0, wr_slice(&three)},
					  {b_name, id_b, 1, wr_slice(&idempotent)},
					  {b_name, id_b, 2, wr_slice(&two)}};
		struct stages_result r[] = {
			{b_name, id_b, 1, 7, -1, -1}, /* REQUEST_TIMED_OUT: stored or not */
			{b_name, id_b, 9, 0, 77, -1}, /* nobody asked */
			{b_name, id_b, 0, 0, 30, -1},
			{a_name, id_a, 1, 29, -1, -1},
			{a_name, id_a, 0, 0, 10, -1},
			{a_name, id_a, 0, 0, 99, -1}, /* once is enough */
		};
		struct drained d;
		struct exchange *x;
		struct wr out;

		reopen(&(struct attesting){0});
		x = produce_of(v, -1, p, ARRAY_LEN(p));
		out = sent_by_id(x, p, ARRAY_LEN(p));
		ck_same_answer(x, v, r, ARRAY_LEN(r));
		ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 5);
		ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 3);
		ck_assert_int_eq(backlog(), 11);
		d = drained(true);
		ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), 6);
		ck_assert_uint_eq(d.count, 2);
		for (size_t i = 0; i < 2; i++)
			ck_assert_int_eq(d.w[i].first_offset, strcmp(d.w[i].topic, "a") == 0 ? 10 : 30);
		wr_free(&out), wr_free(&two), wr_free(&three), wr_free(&idempotent);
	}
}
END_TEST

/* The client hears that its topic is unknown, and the name is looked at again before the next goes out. */
START_TEST(unknown_id)
{
	static const int16_t errors[] = {UNKNOWN_TOPIC, UNKNOWN_TOPIC_ID, INCONSISTENT_TOPIC_ID};

	for (int16_t v = FIRST; v <= LAST; v++)
		for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
			struct wr batch = BATCH(.count = 2), out;
			struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)}, anew = {a_name, id_new, 0, wr_slice(&batch)};
			struct stages_result r = {a_name, id_a, 0, errors[i], -1, -1}, want = {a_name, NULL, 0, UNKNOWN_TOPIC, -1, -1};
			struct exchange *x;

			reopen(&(struct attesting){0});
			attesting_pass(1000);
			x = one_by_id(v, &p);
			memcpy(cluster.topics[0].id, id_new, 16);
			ck_answer(x, v, &r, &want, 1);
			ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 2);
			ck_assert_int_eq(backlog(), 0);
			x = produce_of(v, -1, &p, 1);
			ck_assert_int_eq(request(x), STAGE_HOLD);
			ck_assert_int_eq(x->version, v);
			cluster_answer_all();
			out = sent_by_id(x, &anew, 1);
			stored(x, v, a_name, id_new, 0, 0);
			ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 2);
			wr_free(&out);
			wr_free(&batch);
		}
}
END_TEST

static enum stage_verdict
refused(struct exchange *x, const struct stages_part *p)
{
	struct stages_result r = {p->topic, p->id, p->partition, UNKNOWN_TOPIC_ID, -1, -1};
	enum stage_verdict v = answer(x, &r, 1);

	stages_free(x);
	return v;
}

/* However soon it comes again the cluster is asked, and whatever it tells is what goes out: by name it could land anywhere. */
START_TEST(refused_again)
{
	struct wr batch = BATCH(.count = 2), out;
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)}, anew = {a_name, id_new, 0, wr_slice(&batch)};
	struct exchange *x = one_by_id(7, &p);

	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(refused(x, &p), STAGE_REPLACE);
		if (i == 3)
			memcpy(cluster.topics[0].id, id_new, 16);
		x = produce_of(7, -1, &p, 1);
		ck_assert_int_eq(request(x), STAGE_HOLD);
		cluster_answer_all();
		out = sent_by_id(x, i == 3 ? &anew : &p, 1);
		wr_free(&out);
	}
	lost(x);
	ck_assert_int_eq(counted(METRIC_PRODUCE_BY_ID), 5);
	wr_free(&batch);
}
END_TEST

/* An answer about an id that the name had before is no news. */
START_TEST(refused_late)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)}, anew = {a_name, id_new, 0, wr_slice(&batch)};
	struct exchange *x = one_by_id(9, &p);

	memcpy(cluster.topics[0].id, id_new, 16);
	attesting_know("a");
	ck_assert_int_eq(refused(x, &p), STAGE_REPLACE);
	lost(one_by_id(9, &anew));
	wr_free(&batch);
}
END_TEST

/*
 * What an idempotent producer has under way behind a refused batch could be the first in the new log, so its
 * connection ends: then it sends all of it again, in order.  What was stored is told as it is.
 */
START_TEST(refused_idempotent)
{
	struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = 7);
	struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 0, wr_slice(&batch)}};
	struct stages_result r[] = {{b_name, id_b, 0, 0, 4, -1}, {a_name, id_a, 0, UNKNOWN_TOPIC_ID, -1, -1}};
	struct exchange *x = produce_of(9, -1, p, 2);
	struct wr out = sent_by_id(x, p, 2);

	ck_assert_int_eq(answer(x, r, 2), STAGE_CLOSE);
	stages_free(x);
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 2);
	ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 2);
	ck_assert_int_eq(backlog(), 2);
	wr_free(&out), wr_free(&batch);
}
END_TEST

/* Topics that aren't attested, of which nobody knew, are asked for together, now and then. */
START_TEST(excluded_topics_are_asked_for)
{
	struct wr batch = BATCH(.count = 2), out;
	const char *x_name = "x";
	static const uint8_t id_x[16] = {0xcc, 7};
	struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 0, wr_slice(&batch)},
				  {b_name, id_b, 1, {NULL, 0}}, {x_name, id_x, 0, wr_slice(&batch)}};
	struct exchange *x;

	attesting_close();
	attesting_open(&(struct attesting){.yaml = "attest: {topics: [a, b, x], exclude: [b, x]}"});
	attesting_know("a");
	broker_takes(0, 13);
	note_metrics();
	ck_by_name(produce_of(9, -1, p, 4), 9, -1, p, 4);
	ck_assert_uint_eq(cluster.asks[cluster.asked - 1].count, 2);
	cluster_answer_all(); /* there is no x yet */
	ck_by_name(produce_of(9, -1, p, 4), 9, -1, p, 4);
	cluster.topics[cluster.count] = (struct cluster_topic){.name = "x"};
	memcpy(cluster.topics[cluster.count++].id, id_x, 16);
	attesting_pass(4999);
	ck_by_name(produce_of(9, -1, p, 4), 9, -1, p, 4);
	ck_assert_uint_eq(cluster.asked, cluster.answered);
	attesting_pass(1);
	ck_by_name(produce_of(9, -1, p, 4), 9, -1, p, 4);
	cluster_answer_all();
	ck_assert_int_eq(counted(METRIC_PRODUCE_BY_ID), 0);
	x = produce_of(9, -1, p, 4);
	out = sent_by_id(x, p, 4);
	lost(x);
	wr_free(&out), wr_free(&batch);
}
END_TEST

/* The producer's sequence may be on a batch that isn't attested alone. */
START_TEST(refused_idempotent_elsewhere)
{
	struct wr plain = BATCH(.count = 2), batch = BATCH(.count = 2, .producer = true, .producer_id = 7), out;
	struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&plain)}, {b_name, id_b, 0, wr_slice(&batch)}};
	struct stages_result r[] = {{b_name, id_b, 0, UNKNOWN_TOPIC_ID, -1, -1}, {a_name, id_a, 0, 0, 4, -1}};
	struct exchange *x;

	reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
	x = produce_of(9, -1, p, 2);
	out = sent_by_id(x, p, 2);
	ck_assert_int_eq(answer(x, r, 2), STAGE_CLOSE);
	stages_free(x);
	wr_free(&out), wr_free(&plain), wr_free(&batch);
}
END_TEST

/*
 * What is under way by the old id may be refused: nothing goes out by the new one before it is answered.  Another
 * connection has nothing to wait for.
 */
START_TEST(a_change_amid_a_pipeline)
{
	struct wr batch = BATCH(.count = 2), out;
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)}, anew = {a_name, id_new, 0, wr_slice(&batch)};
	struct exchange *x = one_by_id(9, &p), *y = one_by_id(9, &p), *z;
	void *ours;

	memcpy(cluster.topics[0].id, id_new, 16);
	attesting_know("a");
	z = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(z), STAGE_HOLD);
	ck_assert_uint_eq(z->pauses, 1);
	stored(x, 9, a_name, id_a, 0, 10);
	ck_assert_int_eq(request(z), STAGE_HOLD);
	ours = attesting_session;
	attesting_session = NULL;
	broker_takes(0, 13);
	lost(one_by_id(9, &anew));
	attesting_reconnect();
	attesting_session = ours;
	ck_assert_int_eq(refused(y, &p), STAGE_REPLACE);
	out = sent_by_id(z, &anew, 1);
	wr_free(&out);
	y = one_by_id(9, &anew); /* one of the new id is nothing to wait for */
	lost(z);
	lost(y);
	wr_free(&batch);
}
END_TEST

/* … for so long; and one that is lost is waited for no more. */
START_TEST(a_change_and_no_answer)
{
	struct wr batch = BATCH(.count = 2), out;
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)}, anew = {a_name, id_new, 0, wr_slice(&batch)};
	struct exchange *x = one_by_id(9, &p), *z;

	memcpy(cluster.topics[0].id, id_new, 16);
	attesting_know("a");
	z = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(z), STAGE_HOLD);
	if (_i == 0)
		lost(x);
	else
		attesting_pass(TOPICS_WAIT_MS);
	out = sent_by_id(z, &anew, 1);
	wr_free(&out);
	lost(z);
	if (_i == 1)
		lost(x);
	wr_free(&batch);
}
END_TEST

/* One that isn't ours is told the same, and its stale id isn't told again. */
START_TEST(unknown_id_of_an_excluded_topic)
{
	static const int16_t errors[] = {UNKNOWN_TOPIC_ID, INCONSISTENT_TOPIC_ID};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct wr batch = BATCH(.count = 2), out;
		struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 0, wr_slice(&batch)}};
		struct stages_part anew[] = {p[0], {b_name, id_new, 0, wr_slice(&batch)}};
		struct stages_result r[] = {{b_name, id_b, 0, errors[i], -1, -1}, {a_name, id_a, 0, 0, 0, -1}}, want[2] = {r[0], r[1]};
		struct exchange *x;

		want[0].error = UNKNOWN_TOPIC;
		reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
		attesting_pass(1000);
		x = produce_of(9, -1, p, 2);
		out = sent_by_id(x, p, 2);
		wr_free(&out);
		memcpy(cluster.topics[1].id, id_new, 16);
		ck_answer(x, 9, r, want, 2);
		ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 0);
		ck_by_name(produce_of(9, -1, p, 2), 9, -1, p, 2);
		cluster_answer_all();
		x = produce_of(9, -1, p, 2);
		out = sent_by_id(x, anew, 2);
		wr_free(&out);
		lost(x);
		wr_free(&batch);
	}
}
END_TEST

/* Another connection's refusal makes a topic unknown that isn't attested: what would go by name for that waits for what is out by its id. */
START_TEST(by_name_behind_by_id)
{
	struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = 7), plain = BATCH(.count = 2), out;
	struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 0, wr_slice(&batch)}};
	struct stages_part q[] = {{a_name, id_a, 0, wr_slice(&plain)}, {b_name, id_b, 0, wr_slice(&plain)}};
	struct stages_result r[] = {{b_name, id_b, 0, UNKNOWN_TOPIC_ID, -1, -1}, {a_name, id_a, 0, 0, 0, -1}}, want[2] = {r[0], r[1]};
	struct exchange *x, *y, *z;
	void *ours;

	want[0].error = UNKNOWN_TOPIC;
	reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
	x = produce_of(9, -1, p, 2);
	out = sent_by_id(x, p, 2);
	wr_free(&out);
	memcpy(cluster.topics[1].id, id_new, 16);
	ours = attesting_session;
	attesting_session = NULL;
	broker_takes(0, 13);
	y = produce_of(9, -1, q, 2);
	out = sent_by_id(y, q, 2);
	wr_free(&out);
	ck_answer(y, 9, r, want, 2);
	attesting_reconnect();
	attesting_session = ours;
	z = produce_of(9, -1, p, 2);
	ck_assert_int_eq(request(z), STAGE_HOLD);
	lost(x);
	lost(z);
	wr_free(&batch), wr_free(&plain);
}
END_TEST

/* Another error of an excluded part is nobody's but the client's. */
START_TEST(error_elsewhere)
{
	struct wr batch = BATCH(.count = 2), out;
	struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 0, wr_slice(&batch)}};
	struct stages_result r[] = {{b_name, id_b, 0, 29, -1, -1}, {a_name, id_a, 0, 0, 0, -1}};
	struct exchange *x;

	reopen(&(struct attesting){.yaml = "attest: {topics: [a, b], exclude: [b]}"});
	attesting_pass(1000);
	for (int i = 0; i < 2; i++) {
		x = produce_of(12, -1, p, 2);
		out = sent_by_id(x, p, 2);
		wr_free(&out);
		r[1].base_offset = 2 * i;
		ck_same_answer(x, 12, r, 2);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 4);
	wr_free(&batch);
}
END_TEST

/* The client is told to try again, and then its own bytes go out: by id, since they are attested. */
START_TEST(too_large_with_headers)
{
	for (int16_t v = FIRST; v <= LAST; v++)
		for (int16_t error = 10; error <= 18; error += 8) {
			struct wr batch = BATCH(.count = 5, .producer = true, .producer_id = 3), out;
			struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 1, wr_slice(&batch)}};
			struct stages_result r[] = {{b_name, id_b, 1, 29, -1, -1}, {a_name, id_a, 0, error, -1, -1}}, want[2] = {r[0], r[1]};
			struct exchange *x;

			want[1].error = 19;
			reopen(&(struct attesting){0});
			x = produce_of(v, -1, p, 2);
			out = sent_by_id(x, p, 2);
			wr_free(&out);
			ck_answer(x, v, r, want, 2);
			ck_assert_int_eq(counted(METRIC_BATCHES_TOO_LARGE), 1);
			x = produce_of(v, -1, p, 1); /* with short headers */
			out = sent_by_id(x, p, 1);
			wr_free(&out);
			ck_answer(x, v, &r[1], &want[1], 1);
			x = produce_of(v, -1, p, 1);
			out = sent_by_id(x, p, 1);
			ck_assert(slice_eq(records_of(&out, 0), p[0].records));
			ck_assert_int_eq(counted(METRIC_BATCHES_NONE), 1);
			ck_same_answer(x, v, &r[1], 1);
			ck_assert_int_eq(counted(METRIC_BATCHES_TOO_LARGE), 2);
			x = one_by_id(v, p);
			stored(x, v, a_name, id_a, 0, 0);
			ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 5);
			wr_free(&out);
			wr_free(&batch);
		}
}
END_TEST

/* Nobody could say it to the client; what became of the records isn't known. */
START_TEST(unreadable)
{
	struct wr batch = BATCH(.count = 1), whole;
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};
	struct stages_result r = {a_name, id_a, 0, 0, 5, -1};

	whole = stages_produced(13, &r, 1);
	for (size_t n = 0; n <= whole.len; n++) {
		struct exchange *x = one_by_id(n % 2 == 0 ? 8 : 11, &p);
		struct wr w = wr_new(4096);

		wr_bytes(&w, whole.buf, n);
		if (n == whole.len)
			wr_u8(&w, 0); /* bytes behind the end */
		stages_message(x, wr_slice(&w));
		ck_assert_int_eq(stage->response(stage->self, x), STAGE_CLOSE);
		ck_assert(!x->replaced);
		stages_free(x);
		wr_free(&w);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 0);
	(void)drained(true);
	ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), (int64_t)whole.len + 1);
	wr_free(&whole);
	wr_free(&batch);
}
END_TEST

/* An answer about a topic that nobody asked for can't be said by name; what it says of ours counts. */
START_TEST(of_a_foreign_id)
{
	struct wr batch = BATCH(.count = 2), out;
	struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {a_name, id_a, 1, wr_slice(&batch)}};
	struct stages_result r[] = {{NULL, id_b, 0, 0, 7, -1}, {NULL, id_a, 0, 0, 5, -1}};
	struct drained d;

	for (size_t n = 1; n <= 2; n++) {
		struct exchange *x = produce_of(9, -1, p, 2);

		out = sent_by_id(x, p, 2);
		ck_assert_int_eq(answer(x, r, n), STAGE_CLOSE);
		ck_assert(!x->replaced);
		stages_free(x);
		wr_free(&out);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 2);
	d = drained(true);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.members, 2);
	ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), 6);
	wr_free(&batch);
}
END_TEST

START_TEST(never_answered)
{
	struct wr batch = BATCH(.count = 3), idempotent = BATCH(.count = 4, .producer = true, .producer_id = 7), out;
	struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {a_name, id_a, 1, wr_slice(&idempotent)}};
	struct exchange *x = produce_of(9, -1, p, 2);

	out = sent_by_id(x, p, 2);
	wr_free(&out);
	x->unsent = true;
	lost(x);
	ck_assert_int_eq(backlog(), 0); /* none of it was sent */
	x = produce_of(9, -1, p, 2);
	out = sent_by_id(x, p, 2);
	wr_free(&out);
	lost(x);
	ck_assert_int_eq(backlog(), 7);
	x = one_by_id(7, &p[1]);
	stored(x, 7, a_name, id_a, 1, 10);
	(void)drained(true);
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 4);
	ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), 3);
	wr_free(&batch), wr_free(&idempotent);
}
END_TEST

/* What is refused is answered as the client asked. */
START_TEST(rejects)
{
	for (int16_t v = FIRST; v <= LAST; v++) {
		struct wr batch = BATCH(.count = 5), is, want;
		struct stages_part p[] = {{a_name, id_a, 0, wr_slice(&batch)}, {b_name, id_b, 0, wr_slice(&batch)}};
		struct stages_result r[] = {{a_name, id_a, 0, 19, -1, -1}, {b_name, id_b, 0, 19, -1, -1}};
		struct produce_result *results;
		struct exchange *x;
		size_t count;

		reopen(&(struct attesting){.backlog_records = 5, .yaml = "attest: {on.failure: reject}"});
		x = produce_of(v, -1, p, 2);
		ck_assert_int_eq(request(x), STAGE_ANSWER);
		ck_assert_int_eq(x->version, v);
		is = stages_flat(&x->answer);
		want = stages_produced(v, r, 2);
		ck_assert_int_eq(produce_response_read(v, wr_slice(&is), &results, &count), 0);
		ck_assert_uint_eq(count, 2);
		ck_assert(results[0].error == 19 && results[1].error == 19 && slice_eq(results[1].topic, slice_str("b")));
		ck_assert_int_eq(backlog(), 0);
		stages_free(x);
		stored(one_by_id(v, p), v, a_name, id_a, 0, 0);
		free(results);
		wr_free(&is), wr_free(&want), wr_free(&batch);
	}
}
END_TEST

/* --- which topic it is about --------------------------------------------------------------------- */

/* Windows are stated when it is sure which topic they are of. */
static void
reopen_sure(int32_t window_records)
{
	reopen(&(struct attesting){.window_records = window_records});
	ck_assert_int_eq(chains_read_back(chains), 0);
	ck_assert_int_eq(chains_sure_begin(chains), 0);
}

/* The sealer's question, if it has one. */
static bool
asks(void)
{
	int wait_ms;
	struct sure_ask *a = chains_sure_ask(chains, &wait_ms);

	if (a != NULL)
		topics_sure(topics, a);
	return a != NULL;
}

/* By name a window waits until it is told that the topic is the same; by id there is nothing to ask. */
START_TEST(sure_at_once)
{
	for (int16_t v = FIRST; v <= LAST; v++)
		for (int16_t max = 12; max <= 13; max++) {
			struct wr batch = BATCH(.count = 2);
			struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};

			reopen_sure(4);
			broker_takes(0, max);
			for (int i = 0; i < 2; i++) {
				struct exchange *x = produce_of(v, 1, &p, 1);

				ck_assert_int_eq(request(x), STAGE_REPLACE);
				if (max == 13) {
					stored(x, v, a_name, id_a, 0, 10 + 2 * i);
				} else {
					answer_stored(x, a_name, id_a, 0, 10 + 2 * i);
					stages_free(x);
				}
			}
			ck_assert_int_eq(drained(false).members, max == 13 ? 4 : 0);
			attesting_pass(SOON_MS);
			ck_assert_int_eq(asks(), max != 13);
			cluster_answer_all();
			ck_assert_int_eq(drained(false).members, max == 13 ? 0 : 4);
			wr_free(&batch);
		}
}
END_TEST

/* Deleted and made again while the answer is under way: what it says is of the topic that was asked for. */
START_TEST(made_again_meanwhile)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};
	struct exchange *x, *y;
	struct drained d;

	reopen_sure(2);
	x = one_by_id(9, &p);
	y = one_by_id(12, &p);
	memcpy(cluster.topics[0].id, id_new, 16);
	attesting_know("a");
	stored(x, 9, a_name, id_a, 0, 10);
	ck_answer(y, 12, &(struct stages_result){a_name, id_a, 0, UNKNOWN_TOPIC_ID, -1, -1},
		  &(struct stages_result){a_name, NULL, 0, UNKNOWN_TOPIC, -1, -1}, 1);
	d = drained(false);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.members, 2);
	ck_assert_int_eq(d.w[0].first_offset, 10);
	ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 2);
	ck_assert_int_eq(counted(METRIC_RECORDS_ANOTHER_TOPIC), 0);
	ck_assert(!asks());
	wr_free(&batch);
}
END_TEST

/* … and of what came to stand before something older: the topic is looked at again. */
START_TEST(offsets_begin_anew)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {a_name, id_a, 0, wr_slice(&batch)};
	struct exchange *x;

	attesting_pass(1000);
	stored(one_by_id(9, &p), 9, a_name, id_a, 0, 100);
	stored(one_by_id(9, &p), 9, a_name, id_a, 0, 0);
	x = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	cluster_answer_all();
	lost(x);
	wr_free(&batch);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attest_by_id");
	TCase *t = tcase_create("attest_by_id");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_version);
	tcase_add_test(t, mixed);
	tcase_add_test(t, two_topics);
	tcase_add_test(t, without_headers);
	tcase_add_test(t, large_pieces);
	tcase_add_test(t, retries);
	tcase_add_test(t, transactional);
	tcase_add_test(t, too_old_or_unanswered);
	tcase_add_test(t, other_topics);
	tcase_add_test(t, a_partition_twice);
	tcase_add_test(t, no_room);
	tcase_add_test(t, what_the_broker_takes);
	tcase_add_test(t, how_the_broker_says_it);
	tcase_add_test(t, each_its_own);
	tcase_add_test(t, unknown_id);
	tcase_add_test(t, refused_again);
	tcase_add_test(t, refused_late);
	tcase_add_test(t, refused_idempotent);
	tcase_add_test(t, refused_idempotent_elsewhere);
	tcase_add_test(t, excluded_topics_are_asked_for);
	tcase_add_test(t, a_change_amid_a_pipeline);
	tcase_add_loop_test(t, a_change_and_no_answer, 0, 2);
	tcase_add_test(t, unknown_id_of_an_excluded_topic);
	tcase_add_test(t, error_elsewhere);
	tcase_add_test(t, too_large_with_headers);
	tcase_add_test(t, unreadable);
	tcase_add_test(t, of_a_foreign_id);
	tcase_add_test(t, never_answered);
	tcase_add_test(t, rejects);
	tcase_add_test(t, sure_at_once);
	tcase_add_test(t, made_again_meanwhile);
	tcase_add_test(t, by_name_behind_by_id);
	tcase_add_test(t, offsets_begin_anew);
	suite_add_tcase(s, t);
	return suite_run(s);
}
