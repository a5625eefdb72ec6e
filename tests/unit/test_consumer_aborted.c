/*
 * What a read-committed reader gets of a log with much that was aborted, which librdkafka passes over without a word.  Its
 * mock cluster aborts nothing: here what stands in a stretch, and "end of partition", is taken out before the consumer has it.
 */
#include <librdkafka/rdkafka.h>

#include "mocked.h"
#include "suite.h"

enum { RECORDS = 20 };

static struct {
	int64_t from, to;      /* isn't given */
	int calls, told_calls; /* how often something was asked for, and of them by a client with statistics */
	bool first_is_deaf;    /* a client without statistics gets nothing at all */
	bool tells;
	void (*fn)(rd_kafka_message_t *m, void *opaque);
	void *opaque;
} aborted;

static void
sift(rd_kafka_message_t *m, void *opaque)
{
	(void)opaque;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR || (aborted.from <= m->offset && m->offset < aborted.to) ||
	    (aborted.first_is_deaf && !aborted.tells))
		return;
	aborted.fn(m, aborted.opaque);
}

static int consume_sifted(rd_kafka_topic_t *rkt, int32_t partition, int ms, void (*fn)(rd_kafka_message_t *m, void *opaque), void *opaque);

#define rd_kafka_consume_callback consume_sifted
#include "rdkafka/consumer.c"
#undef rd_kafka_consume_callback

static int
consume_sifted(rd_kafka_topic_t *rkt, int32_t partition, int ms, void (*fn)(rd_kafka_message_t *m, void *opaque), void *opaque)
{
	aborted.fn = fn;
	aborted.opaque = opaque;
	aborted.tells = ((struct consumer *)opaque)->tells;
	aborted.calls++;
	aborted.told_calls += aborted.tells;
	return rd_kafka_consume_callback(rkt, partition, ms, sift, NULL);
}

static struct consumer *c;
static bool goes;

static bool
goes_on(void *arg)
{
	ck_assert_ptr_eq(arg, &goes);
	return goes;
}

static void
setup(void)
{
	struct consumer_conf conf = {.read_committed = true, .timeout_ms = 2000, .goes_on = goes_on, .arg = &goes};
	struct publisher *p;
	char why[256];

	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "t", 2), 0);
	p = mocked_publisher("t");
	for (int i = 0; i < RECORDS; i++)
		ck_assert_int_eq(publisher_send(p, 0, slice_str("k"), slice_str("v"), NULL, 0, NULL), 0);
	mocked_finish(p);
	memset(&aborted, 0, sizeof(aborted));
	goes = true;
	conf.bootstrap = mock_bootstrap(mock);
	ck_assert_msg(consumer_open(&conf, &c, why, sizeof(why)) == 0, "%s", why);
}

static void
teardown(void)
{
	consumer_close(c);
	mock_stop(mock);
}

struct seen {
	int count;
	int64_t next;
};

static int
on_record(void *arg, const struct consumer_record *r)
{
	struct seen *s = arg;

	ck_assert_int_eq(r->offset, s->next);
	s->next++;
	s->count++;
	return 0;
}

static int
read_from(int64_t from, int64_t to)
{
	struct seen s = {.next = from};

	ck_assert_msg(consumer_read(c, "t", 0, from, to, on_record, &s) == 0, "%s", consumer_why(c));
	ck_assert(!consumer_was_cut(c));
	return s.count;
}

/* Nothing stands behind that would be given, far and wide. */
START_TEST(to_where_it_was_read)
{
	aborted.from = 5;
	aborted.to = INT64_MAX;
	ck_assert_int_eq(read_from(0, 10), 5);
	ck_assert_int_gt(aborted.told_calls, 0);
	aborted.from = 0;
	ck_assert_int_eq(read_from(0, RECORDS), 0);
	ck_assert_int_eq(read_from(RECORDS - 1, RECORDS), 0);
	ck_assert_int_eq(read_from(0, 1), 0);
}
END_TEST

/* What has been read is known before it is given; it is given all the same, and once. */
START_TEST(what_was_read_is_given)
{
	aborted.first_is_deaf = true;
	ck_assert_int_eq(read_from(0, RECORDS), RECORDS);
	ck_assert_int_eq(read_from(7, RECORDS), RECORDS - 7);
}
END_TEST

/* Amid what is given. */
START_TEST(goes_on_behind_it)
{
	struct seen s = {.next = 0};

	aborted.from = 0;
	aborted.to = 10;
	s.next = 10;
	ck_assert_int_eq(consumer_read(c, "t", 0, 0, RECORDS, on_record, &s), 0);
	ck_assert_int_eq(s.count, RECORDS - 10);
	ck_assert_int_eq(aborted.told_calls, 0);
}
END_TEST

/* A broker that is silent isn't one that passes over. */
START_TEST(a_silent_broker)
{
	ck_assert_int_eq(read_from(0, RECORDS), RECORDS);
	mock_slow(mock, 3600 * 1000);
	consumer_wait(c, 100);
	ck_assert_int_eq(consumer_read(c, "t", 0, 0, RECORDS, on_record, NULL), ERR_TIMEOUT);
	ck_assert_int_gt(aborted.told_calls, 0);
}
END_TEST

/* Who has to end doesn't wait for what doesn't come. */
START_TEST(ended_while_it_waits)
{
	aborted.to = INT64_MAX;
	consumer_wait(c, 3600 * 1000);
	goes = false;
	ck_assert_int_eq(consumer_read(c, "t", 0, 0, RECORDS, on_record, NULL), ERR_CLOSED);
	ck_assert_int_eq(aborted.told_calls, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("consumer aborted");
	TCase *t = tcase_create("consumer aborted");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, to_where_it_was_read);
	tcase_add_test(t, what_was_read_is_given);
	tcase_add_test(t, goes_on_behind_it);
	tcase_add_test(t, a_silent_broker);
	tcase_add_test(t, ended_while_it_waits);
	suite_add_tcase(s, t);
	return suite_run(s);
}
