/* A topic is deleted and made again while producers that name it are at work: what statements may list. */
#include "attest/chains_look.h"
#include "attesting.h"
#include "suite.h"

enum { SOON_MS = 2500, OUTCOME_MS = 3600000 };

static const uint8_t id_new[16] = {0xee, 5};
static int64_t left_out;

static void
setup(void)
{
	attesting_open(&(struct attesting){.window_records = 4});
	ck_assert_int_eq(chains_read_back(chains), 0);
	ck_assert_int_eq(chains_sure_begin(chains), 0);
	attesting_know("a");
	attesting_know("b");
	left_out = metric_read(METRIC_RECORDS_ANOTHER_TOPIC);
}

static void
teardown(void)
{
	attesting_close();
}

/* Two records; version 13 names the topic by its id. */
static struct exchange *
sent(int16_t version, const char *name, const uint8_t *id)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {version >= STAGES_BY_ID ? NULL : name, id, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(version, 1, &p, 1);

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	wr_free(&batch);
	return x;
}

static void
stored(struct exchange *x, const char *name, const uint8_t *id, int64_t offset)
{
	answer_stored(x, x->version >= STAGES_BY_ID ? NULL : name, id, 0, offset);
	stages_free(x);
}

static void
produced(int16_t version, int64_t offset)
{
	stored(sent(version, "a", id_a), "a", id_a, offset);
}

/* The sealer's question, if it has one. */
static bool
ask(void)
{
	int wait_ms;
	struct sure_ask *a = chains_sure_ask(chains, &wait_ms);

	if (a != NULL)
		topics_sure(topics, a);
	return a != NULL;
}

/* What the sealer states within a while, the cluster answering. */
static struct drained
stated(void)
{
	struct drained d = drained(false);

	attesting_pass(SOON_MS);
	drain_complete(&d);
	if (ask())
		cluster_answer_all();
	drain_complete(&d);
	return d;
}

/* The log of the topic's name: it holds what has these offsets. */
static size_t
looked(int64_t first, int64_t behind)
{
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	size_t n = 0;
	int wait_ms;

	while (chains_look(chains, &l, &wait_ms)) {
		n += l.count;
		for (size_t i = 0; i < l.count; i++) {
			const struct placement *p = doubts[i].placement;

			doubts[i].base_offset = p->base_offset < 0 ? p->told_at : p->base_offset;
			doubts[i].found = doubts[i].base_offset >= first && doubts[i].base_offset < behind;
		}
		chains_look_end(chains, &l, true, false, false, true);
	}
	return n;
}

/* What was in flight lands in the new topic: no statement lists it, and its window says that something is missing. */
START_TEST(lands_in_the_new_topic)
{
	struct exchange *x;
	struct drained d;

	produced(12, 1000);
	x = sent(12, "a", NULL);
	memcpy(cluster.topics[0].id, id_new, 16);
	stored(x, "a", NULL, 0); /* no log gives that which gave 1000: it is read */
	attesting_pass(1000);
	ck_assert_uint_eq(looked(0, 2), 1);
	d = stated();
	ck_assert_uint_eq(d.count, 0);
	ck_assert_uint_eq(looked(0, 2), 2);
	d = stated();
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.members, 2);
	ck_assert_int_eq(d.unresolved, 2);
	ck_assert_int_eq(d.w[0].first_offset, 1000);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ANOTHER_TOPIC) - left_out, 2);
}
END_TEST

/* The first that was sent, to a topic of which no offset is known, and all of a window. */
START_TEST(all_of_it_lands_there)
{
	struct exchange *x = sent(9, "a", NULL), *y = sent(9, "a", NULL);

	memcpy(cluster.topics[0].id, id_new, 16);
	stored(x, "a", NULL, 7);
	stored(y, "a", NULL, 9);
	ck_assert_uint_eq(stated().count, 0);
	ck_assert_uint_eq(looked(0, 11), 2);
	ck_assert_uint_eq(stated().count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ANOTHER_TOPIC) - left_out, 4);
	ck_assert_int_eq(backlog(), 0);
}
END_TEST

/* More than are looked for at once: no window waits for the rest longer than the log is read. */
START_TEST(many_land_there)
{
	enum { MANY = 3 * LOOK_MAX + 1 };
	struct exchange *x[MANY];

	for (int i = 0; i < MANY; i++)
		x[i] = sent(12, "a", NULL);
	memcpy(cluster.topics[0].id, id_new, 16);
	for (int i = 0; i < MANY; i++)
		stored(x[i], "a", NULL, 2 * i);
	chains_stop(chains);
	ck_assert_uint_eq(stated().count, 0);
	ck_assert_uint_eq(looked(0, 2 * MANY), MANY);
	ck_assert_uint_eq(stated().count, 0);
	ck_assert_int_eq(backlog(), 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ANOTHER_TOPIC) - left_out, 2 * MANY);
}
END_TEST

/* As many as are looked for at once, and the log doesn't show their places yet: it isn't read again before a while. */
START_TEST(many_are_not_shown)
{
	struct exchange *x[LOOK_MAX];
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	int wait_ms;

	for (int i = 0; i < LOOK_MAX; i++)
		x[i] = sent(12, "a", NULL);
	memcpy(cluster.topics[0].id, id_new, 16);
	for (int i = 0; i < LOOK_MAX; i++)
		stored(x[i], "a", NULL, 2 * i);
	ck_assert_uint_eq(stated().count, 0);
	ck_assert(chains_look(chains, &l, &wait_ms));
	ck_assert_uint_eq(l.count, LOOK_MAX);
	for (size_t i = 0; i < l.count; i++)
		doubts[i].hidden = true;
	chains_look_end(chains, &l, true, false, false, true);
	ck_assert(!chains_look(chains, &l, &wait_ms));
	ck_assert_int_gt(wait_ms, 0);
	attesting_pass(1000);
	ck_assert_uint_eq(looked(0, 2 * LOOK_MAX), LOOK_MAX);
	ck_assert_int_eq(backlog(), 0);
}
END_TEST

/* Deleted and made again behind all of it: the statement about the first topic stays true. */
START_TEST(made_again_later)
{
	struct drained d;

	produced(12, 10);
	produced(12, 12);
	memcpy(cluster.topics[0].id, id_new, 16);
	ck_assert_uint_eq(stated().count, 0);
	ck_assert_uint_eq(looked(0, 2), 2);
	d = stated();
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.members, 4);
	ck_assert_int_eq(d.unresolved, 0);
}
END_TEST

START_TEST(deleted_later)
{
	produced(12, 10);
	produced(12, 12);
	memset(&cluster.topics[0], 0, sizeof(cluster.topics[0]));
	cluster.topics[0].name = "gone";
	ck_assert_int_eq(stated().members, 4);
	ck_assert_uint_eq(looked(0, 0), 0);
}
END_TEST

/* The name is known to be the new topic's, and a leader that isn't as far puts what comes next into the old one. */
START_TEST(lands_in_the_old_topic)
{
	struct exchange *x, *y;
	struct drained d;

	memcpy(cluster.topics[0].id, id_new, 16);
	topics_wait(topics, &(struct topic_ref){slice_str("a"), NULL}, 1, NULL);
	cluster_answer_all();
	x = sent(12, "a", NULL);
	y = sent(12, "a", NULL);
	stored(x, "a", NULL, 1000);
	stored(y, "a", NULL, 0);
	ck_assert_uint_eq(stated().count, 0);
	ck_assert_uint_eq(looked(0, 2), 2);
	d = stated();
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.w[0].first_offset, 0);
	ck_assert_int_eq(d.unresolved, 2);
	/* A while later all leaders know. */
	attesting_pass(TOPICS_YOUNG_MS);
	produced(12, 2);
	produced(12, 4);
	ck_assert_int_eq(stated().members, 4);
	ck_assert_uint_eq(looked(0, 0), 0);
}
END_TEST

/*
 * Sent by name when the topic had been made again, and its answer is lost; sent again by id, long after.  The broker has it
 * already, and on LogAppendTime nothing tells that: the log must be read.
 */
START_TEST(a_duplicate_of_what_went_by_name)
{
	struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = 77, .sequence = 10);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct stages_result r = {NULL, id_new, 0, 0, 0, 1700000000500};
	struct exchange *x;

	attesting_close();
	attesting_open(&(struct attesting){.window_records = 2});
	cluster.topics[0].time = "LogAppendTime";
	ck_assert_int_eq(chains_read_back(chains), 0);
	ck_assert_int_eq(chains_sure_begin(chains), 0);
	attesting_know("a");
	chains_issued(chains, 77, 0);
	x = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(x->version, 9);
	memcpy(cluster.topics[0].id, id_new, 16);
	attesting_know("a");
	attesting_pass(TOPICS_YOUNG_MS + 1000);
	stage->lost(stage->self, x);
	stages_free(x);
	broker_takes(0, 13);
	x = produce_of(9, -1, &p, 1);
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	ck_assert_int_eq(x->version, 13);
	ck_assert_int_eq(answer(x, &r, 1), STAGE_REPLACE);
	stages_free(x);
	ck_assert_int_eq(drained(false).members, 0);
	wr_free(&batch);
}
END_TEST

/* Who names the topic by its id can't be misunderstood. */
START_TEST(named_by_id)
{
	size_t asked = cluster.asked;

	produced(13, 10);
	produced(13, 12);
	memcpy(cluster.topics[0].id, id_new, 16);
	ck_assert_int_eq(drained(false).members, 4);
	ck_assert(!ask());
	ck_assert_uint_eq(cluster.asked, asked);
}
END_TEST

/* The name's next Produce finds out what it is now. */
START_TEST(looked_for_anew)
{
	struct topic_facts f;

	produced(12, 10);
	produced(12, 12);
	memcpy(cluster.topics[0].id, id_new, 16);
	(void)stated();
	ck_assert_int_eq(topics_find(topics, &(struct topic_ref){slice_str("a"), NULL}, 0, &f), ERR_NOTFOUND);
	(void)looked(0, 0);
	(void)stated();
}
END_TEST

static const struct {
	int err;
	int16_t error; /* of the topic */
	int16_t version;
	bool reads; /* in the end its log decides */
} untold[] = {
	{ERR_TIMEOUT, 0, 13, false},
	{ERR_CLOSED, 0, 13, false},
	{0, 29, 13, true},  /* TOPIC_AUTHORIZATION_FAILED */
	{0, 0, 9, true},    /* a broker that knows no ids */
};

/* No answer is waited for as long as it takes; one that says nothing, as long as a lost outcome. */
START_TEST(the_answer_says_nothing)
{
	produced(12, 10);
	produced(12, 12);
	cluster.topics[0].error = untold[_i].error;
	cluster.metadata_version = untold[_i].version;
	for (int64_t waited = 0; waited < 2 * (int64_t)OUTCOME_MS; waited += OUTCOME_MS) {
		ck_assert_uint_eq(drained(false).count, 0);
		attesting_pass(SOON_MS);
		ck_assert(ask());
		if (untold[_i].err != 0)
			cluster_end(untold[_i].err, slice_of(NULL, 0));
		cluster_answer_all();
		ck_assert_uint_eq(drained(false).count, 0);
		if (waited == 0)
			ck_assert_uint_eq(looked(0, 0), 0);
		attesting_pass(OUTCOME_MS);
	}
	ck_assert_uint_eq(looked(0, 0), untold[_i].reads ? 2 : 0);
	cluster.topics[0].error = 0;
	cluster.metadata_version = 13;
	ck_assert_int_eq(stated().members, 4);
}
END_TEST

/* Nobody can be asked now. */
START_TEST(no_way_to_the_cluster)
{
	produced(12, 10);
	produced(12, 12);
	cluster.unreachable = true;
	ck_assert_uint_eq(stated().count, 0);
	cluster.unreachable = false;
	ck_assert_int_eq(stated().members, 4);
}
END_TEST

START_TEST(two_topics_in_one_question)
{
	size_t asked = cluster.asked;

	produced(12, 10);
	produced(12, 12);
	stored(sent(12, "b", id_b), "b", id_b, 0);
	stored(sent(12, "b", id_b), "b", id_b, 2);
	ck_assert_int_eq(stated().members, 8);
	ck_assert_uint_eq(cluster.asked, asked + 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("topics_sure");
	TCase *t = tcase_create("topics_sure");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lands_in_the_new_topic);
	tcase_add_test(t, all_of_it_lands_there);
	tcase_add_test(t, many_land_there);
	tcase_add_test(t, many_are_not_shown);
	tcase_add_test(t, made_again_later);
	tcase_add_test(t, deleted_later);
	tcase_add_test(t, lands_in_the_old_topic);
	tcase_add_test(t, a_duplicate_of_what_went_by_name);
	tcase_add_test(t, named_by_id);
	tcase_add_test(t, looked_for_anew);
	tcase_add_loop_test(t, the_answer_says_nothing, 0, ARRAY_LEN(untold));
	tcase_add_test(t, no_way_to_the_cluster);
	tcase_add_test(t, two_topics_in_one_question);
	suite_add_tcase(s, t);
	return suite_run(s);
}
