#include "attest/chains_topics.h"

#include "attest/chains_internal.h"
#include "attest/outgoing.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

static struct chains *c;
static struct settings *set;
static struct monotime mono;
static int64_t wall;
static struct chains_topics t;

static const uint8_t id_a[16] = {1};

static void
setup(void)
{
	mono.ns = 1000000000;
	wall = RIG_WALL;
	clock_set_for_tests(&mono, &wall);
	set = rig_settings();
	c = chains_new(set);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
}

static void
teardown(void)
{
	chains_topics_clear(&t);
	chains_free(c);
	settings_unref(set);
	clock_set_for_tests(NULL, NULL);
}

static void
pass(int64_t ms)
{
	mono.ns += ms * 1000000;
	wall += ms;
}

static struct attempt
send(const char *topic, int32_t partition, int32_t records)
{
	struct chains_batch b = rig_batch(records);
	struct attempt a;

	b.topic = slice_str(topic);
	b.partition = partition;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, records, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	return a;
}

static void
produce(const char *topic, int32_t partition, int32_t records)
{
	struct attempt a = send(topic, partition, records);

	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, wall - RIG_WALL, -1}), CHAINS_STORED);
}

/* The sealer's side: states what is complete, and publishes all of it but what is in `deaf`. */
static void
seal(const char *deaf)
{
	struct outgoing *out;
	struct chain *chain;
	struct window *w;
	int wait_ms;

	while ((chain = chains_turn(c, &w, &out, &wait_ms)) != NULL) {
		if (out != NULL && strcmp(chain->topic, deaf) != 0)
			chains_published(chain, out);
		if (w != NULL) {
			struct outgoing *o = outgoing_new();
			uint8_t any[32] = {0};

			ck_assert_ptr_nonnull(o);
			o->window = w->id;
			o->records = w->members;
			o->closed_at = w->closed_at;
			chains_stated(chain, w, any, any, 0, o);
		}
	}
}

static void
look(size_t max)
{
	chains_topics_clear(&t);
	ck_assert_int_eq(chains_topics(c, max, &t), 0);
}

START_TEST(nothing_yet)
{
	look(10);
	ck_assert_uint_eq(t.count, 0);
	ck_assert_uint_eq(t.total, 0);
	ck_assert_int_eq(t.rate_milli, 0);
	chains_topics_clear(&t);
}
END_TEST

/* From a record that comes to its statement in the topic. */
START_TEST(the_life_of_a_topic)
{
	produce("orders", 3, 6);
	produce("orders", 4, 10);
	look(10);
	ck_assert_uint_eq(t.count, 1);
	ck_assert_str_eq(t.topic[0].name, "orders");
	ck_assert_uint_eq(t.topic[0].partitions, 2);
	ck_assert_int_eq(t.topic[0].attested, 16);
	ck_assert_int_eq(t.topic[0].rate_milli, 16 * 1000 / 30);
	ck_assert_uint_eq(t.topic[0].waiting, 1); /* partition 4's is full */
	ck_assert_int_eq(t.topic[0].published_ms, 0);
	pass(500);
	look(10);
	ck_assert_int_eq(t.topic[0].oldest_ms, 500);
	seal("");
	look(10);
	ck_assert_uint_eq(t.waiting, 0);
	ck_assert_int_eq(t.topic[0].oldest_ms, 0);
	ck_assert_int_eq(t.topic[0].partition, 4);
	ck_assert_int_eq(t.topic[0].records, 10);
	ck_assert_int_eq(t.topic[0].published_ms, RIG_WALL + 500);
	pass(500); /* partition 3's window is old enough */
	seal("orders");
	look(10);
	ck_assert_uint_eq(t.waiting, 1); /* stated, not published */
	pass(700);
	look(10);
	ck_assert_int_eq(t.topic[0].oldest_ms, 700);
	ck_assert_int_eq(t.topic[0].partition, 4);
	ck_assert_int_eq(t.topic[0].left_out, 0);
	pass(60000);
	look(10);
	ck_assert_int_eq(t.topic[0].rate_milli, 0);
	ck_assert_int_eq(t.topic[0].attested, 16);
}
END_TEST

/* An answer that never came, and a refusal. */
START_TEST(left_out)
{
	struct attempt a = send("orders", 0, 5), refused = send("orders", 0, 2);

	chains_lost(&a);
	ck_assert_int_eq(chains_settle(&refused, &(struct answer){10 /* MESSAGE_TOO_LARGE */, -1, -1}), CHAINS_REFUSED);
	pass(1000);
	seal("");
	pass(3000);
	seal("");
	look(10);
	ck_assert_int_eq(t.topic[0].left_out, 5);
	ck_assert_int_eq(t.topic[0].attested, 0);
}
END_TEST

/* Late first, then the busiest; what is left out is counted. */
START_TEST(the_order)
{
	struct attempt a;

	produce("late", 0, 10);
	pass(4000);
	produce("later", 0, 10);
	a = send("lost", 0, 1);
	chains_lost(&a);
	seal("late");
	pass(CHAINS_TOPICS_LATE_MS - 4000);
	produce("quiet", 0, 1);
	produce("busy", 0, 10);
	produce("busy", 1, 10);
	produce("b", 0, 5);
	produce("a", 0, 5);
	seal("late");
	look(100);
	ck_assert_uint_eq(t.count, 7);
	ck_assert_str_eq(t.topic[0].name, "late");
	ck_assert_str_eq(t.topic[1].name, "lost");
	ck_assert_str_eq(t.topic[2].name, "busy");
	ck_assert_str_eq(t.topic[3].name, "later");
	ck_assert_str_eq(t.topic[4].name, "a");
	ck_assert_str_eq(t.topic[5].name, "b");
	ck_assert_str_eq(t.topic[6].name, "quiet");
	look(2);
	ck_assert_uint_eq(t.count, 2);
	ck_assert_uint_eq(t.total, 7);
	ck_assert_int_gt(t.rate_milli, 1000);
	ck_assert_str_eq(t.topic[1].name, "lost");
}
END_TEST

START_TEST(thousands)
{
	char name[32];

	for (int i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		produce(name, 0, 1 + i % 7);
	}
	look(20);
	ck_assert_uint_eq(t.count, 20);
	ck_assert_uint_eq(t.total, 3000);
	for (size_t i = 0; i < t.count; i++)
		ck_assert_int_eq(t.topic[i].attested, 7);
}
END_TEST

/* A topic that was deleted is told of until its last window is published. */
START_TEST(deleted)
{
	struct chains_batch b = rig_batch(1);
	struct attempt a;

	b.topic_id = id_a;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, 1, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	chains_topic_gone(c, slice_str(RIG_TOPIC), id_a);
	look(10);
	ck_assert_uint_eq(t.count, 1);
	ck_assert_uint_eq(t.waiting, 1);
	seal("");
	look(10);
	ck_assert_uint_eq(t.total, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chains_topics");
	TCase *tc = tcase_create("chains_topics");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_yet);
	tcase_add_test(tc, the_life_of_a_topic);
	tcase_add_test(tc, left_out);
	tcase_add_test(tc, the_order);
	tcase_add_test(tc, thousands);
	tcase_add_test(tc, deleted);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
