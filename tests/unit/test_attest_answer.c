/* What Produce answers, and their absence, make of the batches that went out. */
#include "attesting.h"
#include "kafka/produce.h"
#include "suite.h"

static void
setup(void)
{
	attesting_open(&(struct attesting){0});
	attesting_know("a");
	attesting_know("b");
	note_metrics();
}

static void
teardown(void)
{
	attesting_close();
}

static const char *const a_name = "a", *const b_name = "b";

static const char *
by_name(int16_t version, const char *name)
{
	return version >= STAGES_BY_ID ? NULL : name;
}

static const struct drained_window *
find(const struct drained *d, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->w[i].topic, topic) == 0 && d->w[i].partition == partition)
			return &d->w[i];
	return NULL;
}

/* Two topics, partitions of the same numbers, and an answer in another order with every kind of outcome. */
START_TEST(each_its_own)
{
	for (int16_t v = 3; v <= 13; v++) {
		struct wr two = BATCH(.count = 2), three = BATCH(.count = 3),
			  idempotent = BATCH(.count = 4, .producer = true, .producer_id = 7);
		const char *a = by_name(v, a_name), *b = by_name(v, b_name);
		struct stages_part p[] = {
			{a, id_a, 0, wr_slice(&two)},        {a, id_a, 1, wr_slice(&three)}, {b, id_b, 0, wr_slice(&three)},
			{b, id_b, 1, wr_slice(&idempotent)}, {b, id_b, 2, wr_slice(&two)},
		};
		struct stages_result r[] = {
			{b, id_b, 1, 7, -1, -1},  /* REQUEST_TIMED_OUT: stored or not */
			{b, id_b, 9, 0, 77, -1},  /* nobody asked */
			{b, id_b, 0, 0, 30, -1},
			{a, id_a, 1, 29, -1, -1}, /* TOPIC_AUTHORIZATION_FAILED */
			{a, id_a, 0, 0, 10, -1},
			{a, id_a, 0, 0, 99, -1},  /* once is enough */
		};
		struct drained d;
		struct exchange *x;

		attesting_close();
		setup();
		x = produce_of(v, -1, p, ARRAY_LEN(p));
		ck_assert_int_eq(request(x), STAGE_REPLACE);
		ck_assert_int_eq(backlog(), 14);
		ck_assert_int_eq(answer(x, r, ARRAY_LEN(r)), STAGE_PASS);
		stages_free(x);
		ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 5);
		ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 3);
		ck_assert_int_eq(backlog(), 11); /* the refused ones are gone */
		d = drained(true);
		ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), 6); /* timed out; partition 2, that the answer forgot */
		ck_assert_uint_eq(d.count, 2);
		ck_assert_int_eq(find(&d, "a", 0)->members, 2);
		ck_assert_int_eq(find(&d, "a", 0)->first_offset, 10);
		ck_assert_int_eq(find(&d, "b", 0)->members, 3);
		ck_assert_int_eq(find(&d, "b", 0)->first_offset, 30);
		wr_free(&two), wr_free(&three), wr_free(&idempotent);
	}
}
END_TEST

/* As many parts as a request may have, half of them excluded, and an answer in an order of its own. */
START_TEST(very_many)
{
	enum { PARTS = 1 << 16, STEP = 40503 }; /* odd: each part comes once */
	struct wr one = BATCH(.count = 1), two = BATCH(.count = 2);
	struct stages_part *p = calloc(PARTS, sizeof(*p));
	struct stages_result *r = calloc(PARTS, sizeof(*r));
	const char *hidden = "__x";
	struct exchange *x;

	ck_assert(p != NULL && r != NULL);
	attesting_close();
	attesting_open(&(struct attesting){0});
	cluster.topics[0].partitions = PARTS;
	attesting_know("a");
	note_metrics();
	for (int32_t i = 0; i < PARTS; i++) {
		uint32_t k = (uint32_t)i * STEP % PARTS;
		bool is_a = i < PARTS / 2, k_is_a = k < PARTS / 2;

		p[i] = (struct stages_part){is_a ? a_name : hidden, NULL, i, wr_slice(i % 2 == 0 ? &one : &two)};
		/* Where the batch of one record is, the broker refuses it. */
		r[i] = (struct stages_result){k_is_a ? a_name : hidden, NULL, (int32_t)k, k % 2 == 0 ? 29 : 0,
					      k % 2 == 0 ? -1 : 5, -1};
	}
	x = produce_of(9, -1, p, PARTS);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(answer(x, r, PARTS), STAGE_PASS);
	stages_free(x);
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), PARTS / 4 * 2);
	ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), PARTS / 4);
	ck_assert_int_eq(backlog(), PARTS / 4 * 2);
	free(p);
	free(r);
	wr_free(&one), wr_free(&two);
}
END_TEST

/* The log begins anew, so the topic is another one under the same name, though no error ever said so. */
START_TEST(offsets_begin_anew)
{
	static const uint8_t id_new[16] = {0xee, 5};
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {a_name, NULL, 0, wr_slice(&batch)};
	struct exchange *x, *y;
	struct drained d;
	size_t asked;

	attesting_pass(1000);
	x = produce_of(9, -1, &p, 1);
	y = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(request(y), STAGE_REPLACE);
	answer_stored(x, a_name, NULL, 0, 102);
	answer_stored(y, a_name, NULL, 0, 100); /* they overtook each other, and that is nothing */
	stages_free(x);
	stages_free(y);
	asked = cluster.asked;
	memcpy(cluster.topics[0].id, id_new, 16);
	x = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	answer_stored(x, a_name, NULL, 0, 0);
	stages_free(x);
	x = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	cluster_answer_all();
	ck_assert_uint_eq(cluster.asked, asked + 2);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	answer_stored(x, a_name, NULL, 0, 2);
	stages_free(x);
	d = drained(true);
	ck_assert_uint_eq(d.count, 2); /* one of each topic */
	ck_assert_uint_eq(d.w[0].id, 1);
	ck_assert_uint_eq(d.w[1].id, 1);
	wr_free(&batch);
}
END_TEST

/* Statements show nothing of a window in which everything was refused. */
START_TEST(all_refused)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {a_name, NULL, 0, wr_slice(&batch)};
	struct stages_result r = {a_name, NULL, 0, 19, -1, -1};
	struct exchange *x = produce_of(9, -1, &p, 1);
	struct drained d;

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(answer(x, &r, 1), STAGE_PASS);
	stages_free(x);
	ck_assert_int_eq(backlog(), 0);
	d = drained(true);
	ck_assert_uint_eq(d.count, 0);
	wr_free(&batch);
}
END_TEST

START_TEST(unreadable)
{
	static const char *const bad[] = {"", "nonsense", "\x02\x02t\x02"};

	for (int16_t acks = 0; acks <= 1; acks++)
		for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
			struct wr batch = BATCH(.count = 2);
			struct stages_part p = {a_name, NULL, 0, wr_slice(&batch)};
			struct exchange *x = produce_of(9, acks, &p, 1);

			note_metrics();
			ck_assert_int_eq(request(x), STAGE_REPLACE);
			stages_message(x, slice_str(bad[i]));
			/* It is the client's to be told; with acks=0 nobody is told anything, so the connection ends. */
			ck_assert_int_eq(stage->response(stage->self, x), acks == 0 ? STAGE_CLOSE : STAGE_PASS);
			stages_free(x);
			ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 0);
			wr_free(&batch);
		}
	(void)drained(true);
	ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), 12);
	ck_assert_int_eq(backlog(), 0);
}
END_TEST

/* With acks=0 a broker can only close: for any part, ours or not. */
START_TEST(acks_0)
{
	static const struct {
		int16_t attested, excluded;
		enum stage_verdict verdict;
	} t[] = {{0, 0, STAGE_PASS}, {10, 0, STAGE_CLOSE}, {0, 29, STAGE_CLOSE}};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct wr batch = BATCH(.count = 2);
		struct stages_part p[2] = {{a_name, NULL, 0, wr_slice(&batch)}, {"__x", NULL, 0, wr_slice(&batch)}};
		struct stages_result r[2] = {{"__x", NULL, 0, t[i].excluded, t[i].excluded == 0 ? 5 : -1, -1},
					     {a_name, NULL, 0, t[i].attested, t[i].attested == 0 ? (int64_t)i * 2 : -1, -1}};
		struct exchange *x = produce_of(9, 0, p, 2);

		note_metrics();
		ck_assert_int_eq(request(x), STAGE_REPLACE);
		ck_assert(x->swallowed);
		ck_assert_int_eq(answer(x, r, 2), t[i].verdict);
		ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), t[i].attested == 0 ? 2 : 0);
		stages_free(x);
		wr_free(&batch);
	}
}
END_TEST

/* An error of a part that isn't ours is the client's alone. */
START_TEST(error_elsewhere)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p[2] = {{a_name, NULL, 0, wr_slice(&batch)}, {"__x", NULL, 0, wr_slice(&batch)}};
	struct stages_result r[2] = {{"__x", NULL, 0, 29, -1, -1}, {a_name, NULL, 0, 0, 5, -1}};
	struct exchange *x = produce_of(9, 1, p, 2);

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(answer(x, r, 2), STAGE_PASS);
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 2);
	ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 0);
	stages_free(x);
	wr_free(&batch);
}
END_TEST

/* The error that an answer gives for a part, as the client reads it. */
static int16_t
told(struct exchange *x, enum stage_verdict v, size_t part)
{
	struct wr flat = stages_flat(&x->body);
	struct produce_result *results;
	size_t count;
	int16_t error;

	ck_assert_int_eq(produce_response_read(x->version, v == STAGE_REPLACE ? wr_slice(&flat) : exchange_body(x),
					       &results, &count),
			 0);
	ck_assert_uint_lt(part, count);
	error = results[part].error;
	free(results);
	wr_free(&flat);
	return error;
}

/* The topic's limit is lower than was thought: the client hears of no failure that it would not have without us. */
START_TEST(too_large_with_headers)
{
	for (int16_t v = 3; v <= 13; v++)
		for (int16_t error = 10; error <= 18; error += 8) {
			struct wr batch = BATCH(.count = 5, .producer = true, .producer_id = 3);
			struct stages_part p[] = {{by_name(v, a_name), id_a, 0, wr_slice(&batch)},
						  {by_name(v, b_name), id_b, 1, wr_slice(&batch)}};
			struct stages_result r[] = {{by_name(v, b_name), id_b, 1, 29, -1, -1},
						    {by_name(v, a_name), id_a, 0, error, -1, -1}};
			struct exchange *x;
			enum stage_verdict verdict;

			attesting_close();
			setup();
			x = produce_of(v, 1, p, 2);
			ck_assert_int_eq(request(x), STAGE_REPLACE);
			ck_assert_int_eq(counted(METRIC_BATCHES_FULL), 2);
			verdict = answer(x, r, 2);
			ck_assert_int_eq(verdict, STAGE_REPLACE);
			ck_assert_int_eq(told(x, verdict, 0), 29);
			ck_assert_int_eq(told(x, verdict, 1), 19);
			ck_assert_int_eq(counted(METRIC_BATCHES_TOO_LARGE), 1);
			stages_free(x);

			/* The retry has short headers, the next one is the client's own bytes, and what the broker says of them is so. */
			x = produce_of(v, 1, p, 1);
			ck_assert_int_eq(request(x), STAGE_REPLACE);
			ck_assert_int_eq(counted(METRIC_BATCHES_COMPACT), 1);
			verdict = answer(x, r + 1, 1);
			ck_assert_int_eq(told(x, verdict, 0), 19);
			stages_free(x);
			x = produce_of(v, 1, p, 1);
			ck_assert_int_eq(request(x), STAGE_PASS);
			ck_assert_int_eq(counted(METRIC_BATCHES_NONE), 1);
			ck_assert_int_eq(counted(METRIC_RETRIES), 0); /* what was refused is not in the log */
			verdict = answer(x, r + 1, 1);
			ck_assert_int_eq(verdict, STAGE_PASS);
			ck_assert_int_eq(told(x, verdict, 0), error);
			ck_assert_int_eq(counted(METRIC_BATCHES_TOO_LARGE), 2);
			stages_free(x);

			x = produce_of(v, 1, p, 1);
			ck_assert_int_eq(request(x), STAGE_PASS);
			answer_stored(x, by_name(v, a_name), id_a, 0, 0);
			stages_free(x);
			ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 5);
			wr_free(&batch);
		}
}
END_TEST

/*
 * Small bytes that a broker makes large, since it compresses anew and measures that: whoever sends them switches nobody's
 * headers off, and his own go at once.
 */
START_TEST(small_bytes_that_become_large)
{
	char value[3000];
	struct made_record large = {.key = "k", .value = value};
	struct wr batch = BATCH(.count = 5), bomb;
	struct stages_part p[] = {{a_name, NULL, 0, {NULL, 0}}, {a_name, NULL, 0, wr_slice(&batch)}};
	struct stages_result r = {a_name, NULL, 0, 10, -1, -1};
	enum stage_verdict verdict;
	struct exchange *x;

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	bomb = BATCH(.count = 1, .codec = CODEC_ZSTD, .records = &large);
	p[0].records = wr_slice(&bomb);
	ck_assert_uint_lt(bomb.len, batch.len);
	cluster.topics[0].max_bytes = "2000";
	attesting_know("a");
	x = produce_of(9, 1, &p[0], 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	verdict = answer(x, &r, 1);
	ck_assert_int_eq(told(x, verdict, 0), 19);
	stages_free(x);

	x = produce_of(9, 1, &p[1], 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(counted(METRIC_BATCHES_FULL), 2);
	answer_stored(x, a_name, NULL, 0, 0);
	stages_free(x);

	x = produce_of(9, 1, &p[0], 1);
	ck_assert_int_eq(request(x), STAGE_PASS);
	ck_assert_int_eq(counted(METRIC_BATCHES_NONE), 1);
	verdict = answer(x, &r, 1);
	ck_assert_int_eq(told(x, verdict, 0), 10);
	stages_free(x);
	/* Of what isn't ours nothing is learnt. */
	x = produce_of(9, 1, &p[1], 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(counted(METRIC_BATCHES_FULL), 3);
	answer_stored(x, a_name, NULL, 0, 5);
	stages_free(x);
	wr_free(&bomb);
	wr_free(&batch);
}
END_TEST

/* The broker doesn't know the topic: it is looked at before the next batch goes out. */
START_TEST(unknown_topic)
{
	for (int16_t v = 12; v <= 13; v++) {
		struct wr batch = BATCH(.count = 2);
		struct stages_part p = {by_name(v, a_name), id_a, 0, wr_slice(&batch)};
		struct stages_result r = {by_name(v, a_name), id_a, 0, v >= 13 ? 100 : 3, -1, -1};
		struct exchange *x;

		attesting_close();
		setup();
		attesting_pass(1000);
		x = produce_of(v, 1, &p, 1);
		ck_assert_int_eq(request(x), STAGE_REPLACE);
		ck_assert_int_eq(answer(x, &r, 1), STAGE_PASS);
		ck_assert_int_eq(counted(METRIC_RECORDS_REFUSED), 2);
		stages_free(x);
		x = produce_of(v, 1, &p, 1);
		ck_assert_int_eq(request(x), STAGE_HOLD);
		cluster_answer_all();
		ck_assert_int_eq(request(x), STAGE_REPLACE);
		stage->lost(stage->self, x);
		stages_free(x);
		wr_free(&batch);
	}
}
END_TEST

START_TEST(answers_are_lost)
{
	struct wr batch = BATCH(.count = 3);
	struct stages_part p[2] = {{a_name, NULL, 0, wr_slice(&batch)}, {b_name, NULL, 0, wr_slice(&batch)}};
	struct exchange *x = produce_of(9, 1, p, 2), *y = produce_of(9, 1, p, 1);
	struct drained d;

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(request(y), STAGE_REPLACE);
	stage->lost(stage->self, x);
	answer_stored(y, a_name, NULL, 0, 100);
	d = drained(true);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.w[0].members, 3);
	ck_assert_int_eq(d.w[0].unresolved, 3);
	ck_assert_int_eq(d.w[0].first_offset, 100);
	ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), 6);
	stages_free(x);
	stages_free(y);
	wr_free(&batch);
}
END_TEST

/* Its connections went before any of it was sent: nothing of it is in the log, and no window says that it may be. */
START_TEST(never_sent)
{
	struct wr w = BATCH(.count = 3), idempotent = BATCH(.count = 4, .producer = true, .producer_id = 7);
	struct stages_part p[] = {{a_name, NULL, 0, wr_slice(&w)}, {a_name, NULL, 1, wr_slice(&idempotent)}};
	struct exchange *first = produce_of(9, -1, p + 1, 1), *x = produce_of(9, -1, p, 2);
	const struct drained_window *one;
	struct drained d;

	ck_assert_int_eq(request(first), STAGE_REPLACE);
	stage->lost(stage->self, first); /* it was sent: of the second batch nobody knows */
	stages_free(first);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(backlog(), 7);
	x->unsent = true;
	stage->lost(stage->self, x);
	stages_free(x);
	ck_assert_int_eq(backlog(), 4);
	/* The client tries again what was lost. */
	x = produce_of(9, -1, p + 1, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	answer_stored(x, "a", NULL, 1, 10);
	stages_free(x);
	d = drained(true);
	ck_assert_uint_eq(d.count, 1);
	one = find(&d, "a", 1);
	ck_assert_ptr_nonnull(one);
	ck_assert_int_eq(one->members, 4);
	ck_assert_int_eq(one->unresolved, 0);
	ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), 0);
	wr_free(&w);
	wr_free(&idempotent);
}
END_TEST

/* Every prefix of an answer leaves the outcome open, and nothing is forgotten. */
START_TEST(prefixes)
{
	struct wr batch = BATCH(.count = 1);
	struct stages_part p = {NULL, id_a, 0, wr_slice(&batch)};
	struct stages_result r = {NULL, id_a, 0, 0, 5, -1};
	struct wr whole = stages_produced(13, &r, 1);

	for (size_t n = 0; n < whole.len; n++) {
		struct exchange *x = produce_of(13, 1, &p, 1);

		ck_assert_int_eq(request(x), STAGE_REPLACE);
		stages_message(x, slice_of(whole.buf, n));
		ck_assert_int_eq(stage->response(stage->self, x), STAGE_PASS);
		stages_free(x);
	}
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 0);
	(void)drained(true);
	ck_assert_int_eq(counted(METRIC_RECORDS_UNRESOLVED), (int64_t)whole.len);
	wr_free(&whole);
	wr_free(&batch);
}
END_TEST

/* Another topic's id, or another name, is no answer for ours. */
START_TEST(of_another_topic)
{
	struct wr batch = BATCH(.count = 1);
	struct stages_part p = {NULL, id_a, 0, wr_slice(&batch)};
	struct stages_result r = {NULL, id_b, 0, 0, 5, -1};
	struct exchange *x = produce_of(13, 1, &p, 1);

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(answer(x, &r, 1), STAGE_PASS);
	stages_free(x);
	ck_assert_int_eq(counted(METRIC_RECORDS_ATTESTED), 0);
	wr_free(&batch);
}
END_TEST

/* Append times show the topic's timestamp type; the windows before and behind the change are two. */
START_TEST(timestamp_type_shows)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"c", NULL, 0, wr_slice(&batch)};
	struct drained d;

	cluster.topics[2].settings_error = 29; /* we may not see its settings */
	attesting_know("c");
	for (int i = 0; i < 3; i++) {
		struct exchange *x = produce_of(9, 1, &p, 1);
		struct stages_result r = {"c", NULL, 0, 0, 10 * i, i < 2 ? -1 : clock_wall_ms()};

		ck_assert_int_eq(request(x), STAGE_REPLACE);
		ck_assert_int_eq(answer(x, &r, 1), STAGE_PASS);
		stages_free(x);
	}
	d = drained(true);
	ck_assert_int_eq(d.w[0].members, 4);
	ck_assert_int_eq(d.w[0].time, CHAINS_TIME_CREATE);
	ck_assert_int_eq(d.w[0].reason, CLOSE_TIMESTAMP_TYPE);
	/* What was placed in the old window before anybody could know is not attested there. */
	ck_assert_int_eq(d.w[0].unresolved, 2);
	wr_free(&batch);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attest_answer");
	TCase *t = tcase_create("attest_answer");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_its_own);
	tcase_add_test(t, very_many);
	tcase_add_test(t, offsets_begin_anew);
	tcase_add_test(t, all_refused);
	tcase_add_test(t, unreadable);
	tcase_add_test(t, acks_0);
	tcase_add_test(t, error_elsewhere);
	tcase_add_test(t, too_large_with_headers);
	tcase_add_test(t, small_bytes_that_become_large);
	tcase_add_test(t, unknown_topic);
	tcase_add_test(t, answers_are_lost);
	tcase_add_test(t, never_sent);
	tcase_add_test(t, prefixes);
	tcase_add_test(t, of_another_topic);
	tcase_add_test(t, timestamp_type_shows);
	suite_add_tcase(s, t);
	return suite_run(s);
}
