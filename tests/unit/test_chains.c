#include "attest/chains.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "attest/chains_internal.h"
#include "attest/chains_look.h"
#include "attest/journal_space.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

enum { STATED = 64 };

static struct chains *c;
static struct settings *set;
static struct monotime mono;
static int64_t wall;
static struct statement *stated[STATED];
static size_t count;
static uint8_t last_sum[32];

static const uint8_t id_a[16] = {1}, id_b[16] = {2};

static void
start(uint8_t instance)
{
	set = rig_settings();
	memset(set->instance, instance, sizeof(set->instance));
	c = chains_new(set);
	ck_assert_ptr_nonnull(c);
}

static void
setup(void)
{
	mono.ns = 1000000000;
	wall = RIG_WALL;
	clock_set_for_tests(&mono, &wall);
	start(0x11);
	ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
}

static void
finish(void)
{
	chains_free(c);
	settings_unref(set);
}

static void
teardown(void)
{
	finish();
	for (; count > 0; count--)
		statement_free(stated[count - 1]);
}

static void
pass(int64_t ms)
{
	mono.ns += ms * 1000000;
	wall += ms;
}

static struct attempt
send(struct chains_batch b, int content)
{
	struct attempt a;

	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	ck_assert_ptr_eq(a.chains, c);
	rig_fill(a.members, b.count, content);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	return a;
}

static void
stored(struct attempt *a, int64_t offset)
{
	struct answer answer = {0, offset, -1};

	ck_assert_int_eq(chains_settle(a, &answer), CHAINS_STORED);
}

static void
send_stored(struct chains_batch b, int content, int64_t offset)
{
	struct attempt a = send(b, content);

	stored(&a, offset);
}

/* What the sealer does, without a signature and a topic. */
static size_t
seal(void)
{
	size_t from = count;
	struct chain *chain;
	struct window *w;
	int wait_ms;

	while ((chain = chains_turn(c, &w, NULL, &wait_ms)) != NULL) {
		struct stated st;

		ck_assert_uint_lt(count, STATED);
		ck_assert_int_eq(statement_of(chain, w, set, slice_str(c->cluster_id), NULL, SIZE_MAX, &st), 0);
		ck_assert_int_eq(statement_read(wr_slice(&st.bytes), &stated[count++]), 0);
		memcpy(last_sum, st.sha256, 32);
		chains_stated(chain, w, st.root, st.sha256, st.ended_told, NULL);
		stated_clear(&st);
	}
	return count - from;
}

static struct statement *
last(void)
{
	ck_assert_uint_gt(count, 0);
	return stated[count - 1];
}

/* A window that is full. */
static void
fill(int content, int64_t offset)
{
	send_stored(rig_batch(10), content, offset);
}

static struct chains_batch
of(const char *topic, const uint8_t *topic_id, int32_t partition)
{
	struct chains_batch b = rig_batch(1);

	b.topic = slice_str(topic);
	b.topic_id = topic_id;
	b.partition = partition;
	return b;
}

/* --- the map ------------------------------------------------------------------------------- */

START_TEST(before_the_cluster_is_known)
{
	struct chains_batch b = rig_batch(1);
	struct attempt a;
	char text[64] = "x";

	finish();
	start(0x11);
	ck_assert(!chains_has_cluster(c));
	chains_cluster(c, text, sizeof(text));
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(chains_place(c, &b, &a), ERR_NOT_NOW);
	ck_assert_int_eq(chains_set_cluster(c, slice_of("c1 and more", 2)), 0);
	ck_assert(chains_has_cluster(c));
	/* It is what the chains' ids hang on: told once. */
	ck_assert_int_eq(chains_set_cluster(c, slice_str("c2")), 0);
	chains_cluster(c, text, sizeof(text));
	ck_assert_str_eq(text, "c1");
	send_stored(b, 1, 0);
	pass(1000);
	ck_assert_uint_eq(seal(), 1);
}
END_TEST

START_TEST(a_cluster_without_an_id)
{
	struct chain_id want;
	struct attempt a;

	finish();
	start(0x11);
	ck_assert_int_eq(chains_set_cluster(c, (struct slice){NULL, 0}), 0);
	ck_assert(chains_has_cluster(c));
	a = send(rig_batch(1), 1);
	ck_assert_int_eq(chain_id_make(slice_str("urn:test:proxy"), set->instance, slice_str(""), slice_str(RIG_TOPIC),
				       slice_str(""), 3, &want), 0);
	ck_assert(chain_id_eq(chains_id_of(&a), &want));
	chains_lost(&a);
}
END_TEST

/* One chain for a topic-partition; a topic that was made anew is another. */
START_TEST(which_chain)
{
	struct chains_batch kinds[] = {of("t", NULL, 0), of("t", NULL, 1), of("t", id_a, 0), of("t", id_b, 0), of("t2", NULL, 0)};
	struct chains_numbers n;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct attempt a = send(kinds[i], 1), b = send(kinds[i], 2);
		struct chain_id want;
		char uuid[23] = "";

		if (kinds[i].topic_id != NULL)
			text_uuid(kinds[i].topic_id, uuid);
		ck_assert_int_eq(chain_id_make(slice_str("urn:test:proxy"), set->instance, slice_str(RIG_CLUSTER),
					       kinds[i].topic, slice_str(uuid), kinds[i].partition, &want), 0);
		ck_assert(chain_id_eq(chains_id_of(&a), &want));
		ck_assert(chain_id_eq(chains_id_of(&b), &want));
		stored(&a, 0);
		stored(&b, 1);
		chains_count(c, &n);
		ck_assert_uint_eq(n.chains, i + 1);
		ck_assert_uint_eq(n.windows, i + 1);
	}
	pass(1000);
	ck_assert_uint_eq(seal(), ARRAY_LEN(kinds));
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(stated[i]->window_id, 1);
		ck_runs(&stated[i]->ranges, {0, 2});
	}
}
END_TEST

START_TEST(names_that_have_no_chain)
{
	static char longest[251];
	const char *bad[] = {"", longest, "two\nlines"};
	struct chains_numbers n;
	struct attempt a;

	memset(longest, 'x', 250);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct chains_batch b = of(bad[i], NULL, 0);

		ck_assert_int_eq(chains_place(c, &b, &a), ERR_MALFORMED);
	}
	chains_count(c, &n);
	ck_assert_uint_eq(n.chains, 0);
	longest[249] = '\0';
	a = send(of(longest, NULL, 0), 1);
	chains_lost(&a);
}
END_TEST

/* --- limits and settings --------------------------------------------------------------------- */

/* Small batches take their own memory: four records' worth each. */
START_TEST(batches_weigh)
{
	struct chains_batch b = rig_batch(1);
	struct attempt a;

	set->backlog_records = 1 + CHAIN_BATCH_WEIGHT + 1;
	a = send(b, 1);
	stored(&a, 0);
	a = send(b, 2);
	stored(&a, 1);
	ck_assert_int_eq(chains_place(c, &b, &a), ERR_LIMIT);
	pass(1000);
	ck_assert_uint_eq(seal(), 1);
	a = send(b, 3);
	chains_lost(&a);
}
END_TEST

START_TEST(too_much_is_unpublished)
{
	struct chains_batch b = rig_batch(5);
	struct chains_numbers n;
	struct attempt a;

	set->backlog_records = 20 + 3 * CHAIN_BATCH_WEIGHT;
	b.count = 50; /* one that would take all the room there is, and more */
	ck_assert_int_eq(chains_place(c, &b, &a), ERR_LIMIT);
	b.count = 5;
	fill(1, 0);
	a = send(rig_idempotent(7, 0, 5), 2);
	chains_lost(&a);
	a = send(rig_idempotent(7, 5, 5), 3);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 15, -1}), CHAINS_STORED);
	chains_count(c, &n);
	ck_assert_int_eq(n.backlog, 20);
	ck_assert_int_eq(chains_place(c, &b, &a), ERR_LIMIT);
	/* What comes again is no more than what is there. */
	a = send(rig_idempotent(7, 0, 5), 2);
	ck_assert(a.retry);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 10, -1}), CHAINS_STORED);
	ck_assert_uint_eq(seal(), 2);
	chains_count(c, &n);
	ck_assert_int_eq(n.backlog, 0);
	ck_assert_uint_eq(n.windows, 0);
	a = send(b, 3);
	chains_lost(&a);
}
END_TEST

START_TEST(new_settings)
{
	struct settings *fresh = rig_settings(), *got;
	struct chain *chain;
	struct window *w;
	int wait_ms;

	send_stored(rig_batch(1), 1, 0);
	chain = chains_turn(c, &w, NULL, &wait_ms);
	ck_assert_ptr_null(chain);
	ck_assert_int_eq(wait_ms, 1000);
	/* A shorter age counts for what is open as well. */
	fresh->window_age_ms = 200;
	chains_set_settings(c, fresh);
	got = chains_settings(c);
	ck_assert_ptr_eq(got, fresh);
	settings_unref(got);
	ck_assert_ptr_null(chains_turn(c, &w, NULL, &wait_ms));
	ck_assert_int_eq(wait_ms, 200);
	pass(200);
	ck_assert_uint_eq(seal(), 1);
	settings_unref(fresh);
}
END_TEST

START_TEST(what_is_told_of_them)
{
	struct chains_numbers n;

	chains_count(c, &n);
	ck_assert_uint_eq(n.chains, 0);
	ck_assert_int_eq(n.oldest_closed_ms, 0);
	send_stored(rig_batch(1), 1, 0);
	pass(500);
	chains_count(c, &n);
	ck_assert_int_eq(n.oldest_closed_ms, 0); /* it is open */
	fill(2, 1);
	pass(700);
	chains_count(c, &n);
	ck_assert_int_eq(n.oldest_closed_ms, 700);
	ck_assert_uint_eq(n.windows, 2);
	ck_assert_int_eq(n.backlog, 11);
}
END_TEST

/* --- what closes windows ---------------------------------------------------------------------- */

START_TEST(a_topic_is_deleted)
{
	send_stored(of("t", id_a, 0), 1, 0);
	send_stored(of("t", id_a, 1), 2, 0);
	send_stored(of("t", id_b, 0), 3, 0);
	send_stored(of("t", NULL, 0), 4, 0);
	send_stored(of("u", id_a, 0), 5, 0);
	ck_assert_uint_eq(seal(), 0);
	chains_topic_gone(c, slice_str("t"), id_a);
	chains_topic_gone(c, slice_str("nobody"), id_a);
	ck_assert_uint_eq(seal(), 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(stated[i]->reason, CLOSE_TOPIC_DELETED);
		ck_assert(slice_eq(stated[i]->topic, slice_str("t")));
		ck_assert_uint_eq(stated[i]->topic_id.n, 22);
	}
	pass(1000);
	ck_assert_uint_eq(seal(), 3);
	for (size_t i = 2; i < 5; i++)
		ck_assert_int_eq(stated[i]->reason, CLOSE_AGE);
}
END_TEST

START_TEST(stopping)
{
	struct chains_batch b = rig_batch(1);
	struct attempt a = send(of("t", NULL, 0), 1), late;

	send_stored(of("t", NULL, 1), 2, 0);
	chains_stop(c);
	ck_assert_int_eq(chains_place(c, &b, &late), ERR_NOT_NOW);
	ck_assert_uint_eq(seal(), 1);
	/* What is on its way is still answered. */
	stored(&a, 7);
	ck_assert_uint_eq(seal(), 1);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(stated[i]->reason, CLOSE_SHUTDOWN);
	ck_runs(&stated[1]->ranges, {7, 1});
}
END_TEST

/* --- transactions ------------------------------------------------------------------------------ */

static struct chains_batch
txn_batch(int64_t producer_id, int16_t epoch, int32_t sequence, int32_t n)
{
	struct chains_batch b = rig_transactional(producer_id, sequence, n);

	b.producer_epoch = epoch;
	return b;
}

/* One transaction over two partitions ends in both. */
START_TEST(over_partitions)
{
	struct chains_batch b = txn_batch(7, 0, 0, 10), d = b;

	d.partition = 4;
	send_stored(b, 1, 0);
	send_stored(d, 2, 0);
	ck_assert_uint_eq(seal(), 0);
	chains_txn_ending(c, 7);
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, false);
	ck_assert_uint_eq(seal(), 2);
	ck_runs(&stated[0]->aborted, {0, 10});
	ck_runs(&stated[1]->aborted, {0, 10});
}
END_TEST

/* What was sent behind EndTxn belongs to the next transaction. */
START_TEST(behind_the_mark)
{
	uint64_t mark;

	send_stored(txn_batch(7, 0, 0, 5), 1, 0);
	mark = chains_txn_mark(c);
	send_stored(txn_batch(7, 0, 5, 5), 2, 5);
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, mark}, true);
	ck_assert_uint_eq(seal(), 0);
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, false);
	ck_assert_uint_eq(seal(), 1);
	ck_runs(&last()->aborted, {5, 5});
	ck_assert_uint_eq(last()->open.count, 0);
}
END_TEST

static struct chain *
the_chain(void)
{
	struct slice key;
	size_t at = 0;
	void *chain;

	ck_assert(map_next(c->map, &at, &key, &chain));
	return chain;
}

static void restart(uint8_t instance, const char *cluster);

/* One look for the chain: what is asked for is told so. */
static size_t
look(int told)
{
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	int wait_ms;

	if (!chains_look(c, &l, &wait_ms))
		return 0;
	for (size_t i = 0; i < l.end_count; i++)
		if (told >= 0) /* else the log can't be read */
			ends[i].told = told;
	chains_look_end(c, &l, true, false, false, told >= 0);
	return l.end_count;
}

/*
 * A batch without an answer, an end of an epoch that transactions share, and the batch behind its marker, in the next
 * transaction; its answer comes late, or the client sends it again behind a lost connection.
 */
START_TEST(stored_behind_its_end)
{
	struct chains_batch b = txn_batch(7, 0, 0, 10);
	struct attempt a;

	ck_assert_int_eq(chains_read_back(c), 0);
	b.shares_epoch = true;
	a = send(b, 1);
	if (_i == 1)
		chains_lost(&a);
	chains_txn_ended(c, 7, &(struct txns_end){0, 1, chains_txn_mark(c)}, false);
	if (_i == 1)
		a = send(b, 1);
	stored(&a, 20); /* behind the marker at 19; the next transaction's stands at 30 */
	ck_assert_uint_eq(seal(), 0);
	pass(1000);
	ck_assert_uint_eq(look(END_COMMITTED), 1);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->aborted.count, 0);
	ck_assert_uint_eq(last()->open.count, 0);
}
END_TEST

/* Two of one epoch, and the first one's end passed elsewhere: that is asked for until the log tells. */
START_TEST(ended_elsewhere)
{
	static const int how[] = {END_ABORTED, END_COMMITTED, END_UNKNOWN};
	uint64_t first;

	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 4), 1, 0);
	first = chains_txn_mark(c);
	send_stored(txn_batch(7, 0, 4, 6), 2, 5);
	ck_assert_uint_eq(look(END_ABORTED), 0);
	chains_txn_ended(c, 7, &(struct txns_end){0, first, chains_txn_mark(c)}, true);
	ck_assert_uint_eq(seal(), 0);
	pass(50);
	for (int ms = 100; ms <= 1600; ms *= 2) {
		ck_assert_uint_eq(look(END_NOT_YET), 1);
		pass(ms - 1);
		ck_assert_uint_eq(look(END_NOT_YET), 0);
		pass(1);
	}
	ck_assert_uint_eq(look(how[_i]), 1);
	ck_assert_uint_eq(look(END_ABORTED), 0);
	pass(10000);
	ck_assert_uint_eq(look(END_ABORTED), 0);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->open.count, how[_i] == END_UNKNOWN);
	ck_assert_uint_eq(last()->aborted.count, how[_i] == END_ABORTED);
	if (how[_i] == END_ABORTED)
		ck_runs(&last()->aborted, {0, 4});
}
END_TEST

/* The topic was made again under its name: who reads that name's log reads another. */
START_TEST(not_asked_of_another_log)
{
	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 4), 1, 0);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	the_chain()->gone = true;
	pass(50);
	ck_assert_uint_eq(look(END_ABORTED), 0);
	the_chain()->gone = false;
	turns_now(c->shared.looks, &the_chain()->look);
	ck_assert_uint_eq(look(END_ABORTED), 0); /* and it doesn't take room */
}
END_TEST

/* With the windows that its records name, as long as they are known: a run of an earlier run's head has none. */
START_TEST(asked_with_its_windows)
{
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	const struct head_runs open = {&(struct head_run){100, 5, 7, 0, false}, 1, 1};
	int wait_ms;

	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 4), 1, 0);
	send_stored(txn_batch(7, 0, 4, 16), 2, 4);
	ck_assert_int_eq(chains_restore_open(c, the_chain(), &open), 0);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	pass(50);
	ck_assert(chains_look(c, &l, &wait_ms));
	ck_assert_uint_eq(l.end_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct end_asked *e = &ends[i];

		ck_assert_uint_eq(e->first_window, e->base_offset < 100);
		ck_assert_uint_eq(e->last_window, e->base_offset == 0 ? 1 : e->base_offset == 4 ? 2 : 0);
	}
	chains_look_end(c, &l, true, false, false, true);
}
END_TEST

/* The topic loses its name while the log is being read: what was read is not applied, and the next look gives up. */
START_TEST(gone_while_it_is_read)
{
	int64_t unknown = metric_read(METRIC_READBACK_END_UNKNOWN);
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	int wait_ms;

	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 10), 1, 0);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	pass(50);
	ck_assert(chains_look(c, &l, &wait_ms));
	ck_assert_uint_eq(l.end_count, 1);
	the_chain()->gone = true;
	ends[0].told = END_ABORTED;
	chains_look_end(c, &l, true, false, false, true);
	pass(1000);
	ck_assert_uint_eq(look(END_ABORTED), 0);
	ck_assert_uint_eq(the_chain()->asked.count, 0);
	ck_assert_int_eq(metric_read(METRIC_READBACK_END_UNKNOWN), unknown + 1);
	pass(set->transaction_wait_ms);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->aborted.count, 0);
	ck_runs(&last()->open, {0, 10});
}
END_TEST

/* One of two has no place yet when the log tells of the other. */
START_TEST(asked_once_it_has_a_place)
{
	struct attempt a;

	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 4), 1, 0);
	a = send(txn_batch(7, 0, 4, 6), 2);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	pass(50);
	ck_assert_uint_eq(look(END_ABORTED), 1);
	pass(1000);
	ck_assert_uint_eq(look(END_ABORTED), 0);
	stored(&a, 5);
	pass(1000);
	ck_assert_uint_eq(look(END_ABORTED), 1);
}
END_TEST

/* The log can't be read, for want of a right or of its broker: not asked for ever. */
START_TEST(asked_in_vain)
{
	int64_t unknown = metric_read(METRIC_READBACK_END_UNKNOWN);

	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 4), 1, 0);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	for (int minutes = 0; minutes < 100; minutes++) { /* another one hangs */
		pass(60000);
		ck_assert_uint_eq(look(minutes % 30 == 29 ? -1 : END_NOT_YET), 1);
	}
	for (int minutes = 0; minutes < 100 && the_chain()->asked.count > 0; minutes++) {
		pass(60000);
		(void)look(-1);
	}
	ck_assert_uint_eq(the_chain()->asked.count, 0);
	ck_assert_int_eq(metric_read(METRIC_READBACK_END_UNKNOWN), unknown + 1);
}
END_TEST

/* Where the one stands it can't be read, and where the other does, which hangs: that one isn't given up for it. */
START_TEST(one_of_two_in_vain)
{
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	int wait_ms;

	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 4), 1, 0);
	send_stored(txn_batch(7, 0, 4, 6), 2, 5000);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	for (int i = 0; i < 60; i++) {
		pass(60000);
		ck_assert(chains_look(c, &l, &wait_ms));
		for (size_t k = 0; k < l.end_count; k++)
			ends[k].failed = ends[k].base_offset == 0;
		chains_look_end(c, &l, true, false, false, true);
	}
	ck_assert_uint_eq(the_chain()->asked.count, 1);
	ck_assert_uint_eq(look(END_COMMITTED), 0);
	pass(60000);
	ck_assert_uint_eq(look(END_COMMITTED), 1);
}
END_TEST

/* What is stated as open is told by its own end, though the log could not be read, or doesn't tell. */
START_TEST(asked_in_vain_and_ended)
{
	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 10), 1, 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	ck_runs(&last()->open, {0, 10});
	for (int i = 0; i < 100 && the_chain()->asked.count > 0; i++) {
		pass(60000);
		(void)look(_i == 0 ? -1 : END_UNKNOWN);
	}
	ck_assert_uint_eq(the_chain()->asked.count, 0);
	fill(4, 20);
	chains_txn_ended(c, 7, &(struct txns_end){0, 1, chains_txn_mark(c)}, true);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 1);
	ck_assert(last()->resolved[0].committed);
}
END_TEST

/* It could not be read while it was only stated as open, and then another end passes: that is a new question. */
START_TEST(failures_of_before)
{
	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 10), 1, 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	for (int i = 0; i < 39 + _i; i++) {
		pass(100000);
		ck_assert_uint_eq(look(-1), 1);
	}
	ck_assert_uint_eq(the_chain()->asked.count, 1 - _i);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	ck_assert_uint_eq(the_chain()->asked.count, 1);
	pass(60);
	(void)look(-1);
	ck_assert_uint_eq(the_chain()->asked.count, 1);
}
END_TEST

/* Transactions of a minute, of which each second some are stated as open, and that end here: seldom asked for. */
START_TEST(long_ones_cost_little)
{
	size_t looks = 0;

	ck_assert_int_eq(chains_read_back(c), 0);
	for (int s = 0; s < 60; s++) {
		send_stored(txn_batch(7, 0, 10 * s, 10), s, 10 * s);
		for (int i = 0; i < 10; i++) {
			pass(100);
			(void)seal();
			looks += look(END_NOT_YET) > 0;
		}
	}
	ck_assert_uint_ge(count, 50);
	ck_assert_uint_le(looks, 7);
}
END_TEST

/* However many ends pass while another transaction hangs. */
START_TEST(ends_that_ask_no_sooner)
{
	uint64_t first;
	size_t looks = 0;

	ck_assert_int_eq(chains_read_back(c), 0);
	send_stored(txn_batch(7, 0, 0, 4), 1, 0);
	first = chains_txn_mark(c);
	for (int i = 0; i < 1000; i++) {
		chains_txn_ended(c, 7, &(struct txns_end){0, first, chains_txn_mark(c)}, true);
		looks += look(END_NOT_YET);
		pass(1);
	}
	ck_assert_uint_le(looks, 12);
}
END_TEST

static _Atomic bool fenced_enough;

static void *
fence_all_the_time(void *arg UNUSED)
{
	while (!fenced_enough)
		chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	return NULL;
}

/* The transactional id is initialised anew while batches are rewritten, with headers or without; for ThreadSanitizer. */
START_TEST(fenced_while_it_is_placed)
{
	pthread_t th;

	ck_assert_int_eq(chains_read_back(c), 0);
	ck_assert_int_eq(pthread_create(&th, NULL, fence_all_the_time, NULL), 0);
	for (int i = 0; i < 1000; i++) {
		struct chains_batch b = txn_batch(7, 0, 10 * i, 10);
		struct attempt a;

		ck_assert_int_eq(chains_place(c, &b, &a), 0);
		rig_fill(a.members, b.count, i);
		ck_assert_int_eq(chains_forward(&a, i % 2 == 0 ? HEADERS_FULL : HEADERS_NONE), 0);
		stored(&a, 10 * i);
	}
	fenced_enough = true;
	pthread_join(th, NULL);
}
END_TEST

/* It was asked for before anybody knew that it goes out without headers: the log tells nothing of it. */
START_TEST(asked_before_its_mode_is_known)
{
	int64_t unknown = metric_read(METRIC_READBACK_END_UNKNOWN);
	struct chains_batch b = txn_batch(7, 0, 0, 10);
	struct attempt a;

	ck_assert_int_eq(chains_read_back(c), 0);
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	rig_fill(a.members, b.count, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_NONE), 0);
	stored(&a, 0);
	ck_assert_uint_eq(the_chain()->asked.count, 1);
	pass(1000);
	ck_assert_uint_eq(look(END_UNKNOWN), 1);
	ck_assert_uint_eq(the_chain()->asked.count, 0);
	ck_assert_int_eq(metric_read(METRIC_READBACK_END_UNKNOWN), unknown + 1);
}
END_TEST

static _Atomic bool restored;

static void *
look_until_restored(void *arg UNUSED)
{
	while (!restored)
		(void)look(END_NOT_YET);
	return NULL;
}

/* Who reads the log looks for what a chain that begins brings back, while it does. */
START_TEST(looked_at_while_it_begins)
{
	pthread_t th;

	for (int i = 0; i < 60; i++)
		send_stored(txn_batch(7, 0, 10 * i, 10), i, 10 * i);
	pass(5000);
	while (seal() > 0)
		continue;
	restart(0x11, RIG_CLUSTER);
	ck_assert_int_eq(chains_read_back(c), 0);
	clock_set_for_tests(NULL, NULL);
	ck_assert_int_eq(pthread_create(&th, NULL, look_until_restored, NULL), 0);
	fill(100, 1000);
	while (the_chain()->asked.count < 60)
		(void)sched_yield();
	restored = true;
	ck_assert_int_eq(pthread_join(th, NULL), 0);
}
END_TEST

/*
 * A producer that is initialised anew without an EndTxn that we saw: aborted by that, or ended on another way
 * before.  Nobody knows here, then or later.
 */
START_TEST(fenced)
{
	struct chains_batch other = txn_batch(8, 0, 0, 5);

	other.transactional_id = slice_str("another");
	send_stored(txn_batch(7, 0, 0, 5), 1, 0);
	send_stored(other, 2, 5);
	chains_txn_fenced(c, slice_str("nobody"), chains_txn_mark(c));
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	chains_txn_ended(c, 8, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
	ck_assert_uint_eq(seal(), 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	ck_runs(&last()->open, {0, 5});
	ck_assert_uint_eq(last()->aborted.count, 0);
	/* The next one of the same producer, stated before it ends, is told; the first isn't. */
	send_stored(txn_batch(7, 1, 0, 10), 3, 11);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	chains_txn_ended(c, 7, &(struct txns_end){1, 0, chains_txn_mark(c)}, true);
	fill(4, 22);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 1);
	ck_assert_int_eq(last()->resolved[0].run.first, 11);
	ck_assert(last()->resolved[0].committed);
}
END_TEST

/* EndTxn went out and its answer was lost: nobody knows how that one ended, whatever the next one does. */
START_TEST(an_end_whose_answer_is_lost)
{
	send_stored(txn_batch(7, 0, 0, 5), 1, 0);
	chains_txn_ending(c, 7);
	/* The client begins anew, which the coordinator answers with the next epoch. */
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	send_stored(txn_batch(7, 1, 0, 5), 2, 6);
	chains_txn_ended(c, 7, &(struct txns_end){1, 0, chains_txn_mark(c)}, true);
	ck_assert_uint_eq(seal(), 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	ck_runs(&last()->open, {0, 5});
	ck_assert_uint_eq(last()->aborted.count, 0);
	/* Nor later. */
	chains_txn_ended(c, 7, &(struct txns_end){1, 0, chains_txn_mark(c)}, true);
	fill(3, 20);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 0);
}
END_TEST

/* --- heads --------------------------------------------------------------------------------------- */

static struct heads
save(void)
{
	struct heads h = {.count = 77};

	ck_assert_int_eq(chains_heads_save(c, &h), 0);
	return h;
}

/* Through the file's bytes, into another process. */
static void
restart(uint8_t instance, const char *cluster)
{
	struct heads h = save(), back;
	struct wr w = wr_new(HEADS_MAX_BYTES);

	heads_write(&h, &w);
	heads_clear(&h);
	ck_assert_int_eq(heads_read(wr_slice(&w), &back), 0);
	wr_free(&w);
	finish();
	start(instance);
	chains_heads_restore(c, &back);
	ck_assert_uint_eq(back.count, 0);
	ck_assert_int_eq(chains_set_cluster(c, slice_str(cluster)), 0);
}

START_TEST(nothing_follows_a_window_that_is_left)
{
	struct heads h = {.count = 77};
	struct attempt a = send(rig_batch(1), 1);

	ck_assert_int_eq(chains_heads_save(c, &h), ERR_NOT_NOW);
	stored(&a, 0);
	pass(1000);
	ck_assert_int_eq(chains_heads_save(c, &h), ERR_NOT_NOW);
	ck_assert_uint_eq(h.count, 77);
	ck_assert_uint_eq(seal(), 1);
	h = save();
	ck_assert_uint_eq(h.count, 1);
	heads_clear(&h);
}
END_TEST

/* A clean stop: the chain goes on as if nothing had been. */
START_TEST(the_same_instance_goes_on)
{
	struct attempt a;
	struct chain_id id;
	uint8_t root[32], sum[32];

	fill(1, 0);
	ck_assert_uint_eq(seal(), 1);
	fill(2, 10);
	ck_assert_uint_eq(seal(), 1);
	/* A window that ended with nothing, behind the last statement. */
	a = send(rig_batch(10), 3);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){10, -1, -1}), CHAINS_REFUSED);
	ck_assert_uint_eq(seal(), 0);
	id = last()->chain;
	memcpy(root, last()->root, 32);
	memcpy(sum, last_sum, 32);
	restart(0x11, RIG_CLUSTER);
	fill(4, 20);
	ck_assert_uint_eq(seal(), 1);
	ck_assert(chain_id_eq(&last()->chain, &id));
	ck_assert_uint_eq(last()->window_id, 4);
	ck_assert_uint_eq(last()->empty_before, 1);
	ck_assert_uint_eq(last()->chain_length, 3);
	ck_assert_uint_eq(last()->genesis_window, 1);
	ck_assert_uint_eq(last()->previous_window, 2);
	ck_assert_mem_eq(last()->previous_root, root, 32);
	ck_assert_mem_eq(last()->previous_statement, sum, 32);
	ck_assert(!last()->follows);
}
END_TEST

/* Another instance knows the chain that its own follows, and says so once. */
START_TEST(another_instance_follows)
{
	struct chain_id id;
	uint8_t sum[32];

	fill(1, 0);
	ck_assert_uint_eq(seal(), 1);
	id = last()->chain;
	memcpy(sum, last_sum, 32);
	restart(0x22, RIG_CLUSTER);
	fill(2, 10);
	fill(3, 20);
	ck_assert_uint_eq(seal(), 2);
	ck_assert(!chain_id_eq(&stated[1]->chain, &id));
	ck_assert_uint_eq(stated[1]->window_id, 1);
	ck_assert_uint_eq(stated[1]->previous_window, 0);
	ck_assert(stated[1]->follows);
	ck_assert(chain_id_eq(&stated[1]->follows_chain, &id));
	ck_assert_uint_eq(stated[1]->follows_window, 1);
	ck_assert_mem_eq(stated[1]->follows_statement, sum, 32);
	ck_assert(!stated[2]->follows);
	ck_assert_uint_eq(stated[2]->previous_window, 1);
}
END_TEST

/* Another cluster, another topic id, another partition: nothing to go on from. */
START_TEST(heads_of_somebody_else)
{
	send_stored(of("t", id_a, 0), 1, 0);
	pass(1000);
	ck_assert_uint_eq(seal(), 1);
	restart(0x11, RIG_CLUSTER);
	send_stored(of("t", id_b, 0), 2, 0);
	send_stored(of("t", NULL, 0), 3, 0);
	send_stored(of("t", id_a, 1), 4, 0);
	pass(1000);
	ck_assert_uint_eq(seal(), 3);
	for (size_t i = 1; i < 4; i++) {
		ck_assert_uint_eq(stated[i]->window_id, 1);
		ck_assert(!stated[i]->follows);
	}
	restart(0x11, "c2");
	send_stored(of("t", id_a, 0), 5, 0);
	pass(1000);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->window_id, 1);
	ck_assert(!last()->follows);
	/* And none of theirs was lost: back on the first cluster it goes on. */
	restart(0x11, RIG_CLUSTER);
	send_stored(of("t", id_a, 0), 6, 1);
	pass(1000);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->window_id, 2);
	ck_assert_uint_eq(last()->chain_length, 2);
}
END_TEST

/* A topic that nobody wrote to in a run keeps its head for the next; so does where its statements go. */
START_TEST(kept_over_quiet_runs)
{
	fill(1, 0);
	ck_assert_uint_eq(seal(), 1);
	restart(0x11, RIG_CLUSTER);
	ck_assert_int_eq(c->heads.entry[0].head.dbom_partition, -1);
	c->heads.entry[0].head.dbom_partition = 5;
	for (int i = 0; i < 3; i++)
		restart(0x11, RIG_CLUSTER);
	ck_assert_uint_eq(c->heads.count, 1);
	ck_assert_int_eq(c->heads.entry[0].head.dbom_partition, 5);
	fill(2, 10);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->window_id, 2);
	/* It was taken: a save has it once. */
	restart(0x11, RIG_CLUSTER);
	ck_assert_uint_eq(c->heads.count, 1);
	ck_assert_int_eq(c->heads.entry[0].head.dbom_partition, 5);
	ck_assert_uint_eq(c->heads.entry[0].head.length, 2);
}
END_TEST

/* A window that was placed and withdrawn only: its id is used up all the same. */
START_TEST(ids_are_used_once)
{
	struct attempt a = send(rig_batch(10), 1);

	ck_assert_int_eq(chains_settle(&a, &(struct answer){10, -1, -1}), CHAINS_REFUSED);
	ck_assert_uint_eq(seal(), 0);
	restart(0x11, RIG_CLUSTER);
	fill(2, 0);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->window_id, 2);
	ck_assert_uint_eq(last()->empty_before, 1);
	ck_assert_uint_eq(last()->genesis_window, 2);
}
END_TEST

/* A transaction that is open over a restart: its end is told by the next statement. */
START_TEST(resolved_over_a_restart)
{
	send_stored(txn_batch(7, 4, 0, 4), 1, 0);
	send_stored(txn_batch(8, 0, 0, 3), 2, 4);
	send_stored(txn_batch(9, 0, 0, 3), 3, 7);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	ck_runs(&last()->open, {0, 10});
	/* One ends before the stop, too late for a statement. */
	chains_txn_ended(c, 9, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
	restart(0x11, RIG_CLUSTER);
	fill(4, 20);
	chains_txn_ended(c, 7, &(struct txns_end){4, 0, chains_txn_mark(c)}, false);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 2);
	ck_assert_int_eq(last()->resolved[0].run.first, 0);
	ck_assert_int_eq(last()->resolved[0].run.count, 4);
	ck_assert(!last()->resolved[0].committed);
	ck_assert_int_eq(last()->resolved[1].run.first, 7);
	ck_assert_int_eq(last()->resolved[1].run.count, 3);
	ck_assert(last()->resolved[1].committed);
	/* The third over one more restart. */
	restart(0x11, RIG_CLUSTER);
	fill(5, 30);
	chains_txn_ended(c, 8, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 1);
	ck_assert_int_eq(last()->resolved[0].run.first, 4);
	ck_assert_int_eq(last()->resolved[0].run.count, 3);
}
END_TEST

/* It ends before anybody writes to that partition again, and perhaps that takes another run. */
START_TEST(resolved_before_its_chain_begins)
{
	for (int runs = 0; runs < 3; runs++) {
		uint64_t mark;

		send_stored(txn_batch(7, 4, 0, 6), 1, runs * 100);
		send_stored(txn_batch(8, 4, 0, 4), 2, runs * 100 + 6);
		pass(5000);
		ck_assert_uint_eq(seal(), 1);
		restart(0x11, RIG_CLUSTER);
		chains_txn_ended(c, 7, &(struct txns_end){3, 0, chains_txn_mark(c)}, false); /* nobody's */
		chains_txn_ended(c, 7, &(struct txns_end){4, 0, chains_txn_mark(c)}, true);
		chains_txn_ended(c, 7, &(struct txns_end){4, 0, chains_txn_mark(c)}, false); /* the next one of the same epoch */
		for (int i = 0; i < runs; i++)
			restart(0x11, RIG_CLUSTER);
		/* The other's chain begins while its EndTxn is out. */
		mark = chains_txn_mark(c);
		fill(3, runs * 100 + 20);
		chains_txn_ended(c, 8, &(struct txns_end){4, 0, mark}, false);
		ck_assert_uint_eq(seal(), 1);
		ck_assert_uint_eq(last()->resolved_count, 2);
		ck_assert_int_eq(last()->resolved[0].run.first, runs * 100);
		ck_assert_int_eq(last()->resolved[0].run.count, 6);
		ck_assert(last()->resolved[0].committed);
		ck_assert_int_eq(last()->resolved[1].run.first, runs * 100 + 6);
		ck_assert_int_eq(last()->resolved[1].run.count, 4);
		ck_assert(!last()->resolved[1].committed);
	}
}
END_TEST

/* What an earlier run stated as open is asked for as soon as the chain begins, and no end of the next one is its own. */
START_TEST(asked_after_a_restart)
{
	send_stored(txn_batch(7, 0, 0, 10), 1, 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	ck_runs(&last()->open, {0, 10});
	restart(0x11, RIG_CLUSTER);
	ck_assert_int_eq(chains_read_back(c), 0);
	chains_txn_ended(c, 7, &(struct txns_end){0, chains_txn_mark(c), chains_txn_mark(c)}, false);
	fill(10, 20);
	pass(50);
	ck_assert_uint_eq(look(END_COMMITTED), 1);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 1);
	ck_assert_int_eq(last()->resolved[0].run.first, 0);
	ck_assert(last()->resolved[0].committed);
}
END_TEST

/* The same producer id in another cluster is somebody else. */
START_TEST(ends_in_another_cluster)
{
	send_stored(txn_batch(7, 4, 0, 10), 1, 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	restart(0x11, "c2");
	chains_txn_ended(c, 7, &(struct txns_end){4, 0, chains_txn_mark(c)}, true);
	restart(0x11, RIG_CLUSTER);
	fill(2, 20);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 0);
	chains_txn_ended(c, 7, &(struct txns_end){4, 0, chains_txn_mark(c)}, false);
	fill(3, 30);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 1);
	ck_assert(!last()->resolved[0].committed);
}
END_TEST

/* While we were away it ended somehow: what its producer does next says nothing of it. */
START_TEST(another_transaction_after_a_restart)
{
	send_stored(txn_batch(7, 0, 0, 10), 1, 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	restart(0x11, RIG_CLUSTER);
	send_stored(txn_batch(7, 1, 0, 10), 2, 20);
	chains_txn_ended(c, 7, &(struct txns_end){1, 0, chains_txn_mark(c)}, true);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 0);
	ck_assert_uint_eq(last()->open.count, 0);
	ck_assert_uint_eq(last()->aborted.count, 0);
	fill(3, 31);
	ck_assert_uint_eq(seal(), 1);
	ck_assert_uint_eq(last()->resolved_count, 0);
}
END_TEST

/* A producer whose id came with the heads can be fenced like any other: what it left isn't kept over one more restart. */
START_TEST(fenced_after_a_restart)
{
	struct heads h;

	send_stored(txn_batch(7, 0, 0, 10), 1, 0);
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	restart(0x11, RIG_CLUSTER);
	send_stored(txn_batch(7, 1, 0, 10), 2, 20);
	chains_txn_fenced(c, slice_str("tx"), chains_txn_mark(c));
	pass(5000);
	ck_assert_uint_eq(seal(), 1);
	ck_runs(&last()->open, {20, 10});
	ck_assert_uint_eq(last()->aborted.count, 0);
	ck_assert_uint_eq(last()->resolved_count, 0);
	h = save();
	ck_assert_uint_eq(h.count, 1);
	ck_assert_uint_eq(h.entry[0].head.open.count, 0);
	heads_clear(&h);
}
END_TEST

/* --- threads ------------------------------------------------------------------------------------- */

enum { THREADS = 3, SENDS = 300, EACH = 7, BIG_LOG = THREADS * SENDS * EACH };

static _Atomic int64_t log_end;
static _Atomic int running;
static _Atomic int refused_records;
static uint64_t log_window[BIG_LOG + 1];

/* A reactor: places, is answered in an order of the broker's, settles. */
static void *
reactor(void *arg)
{
	int me = (int)(uintptr_t)arg;

	for (int i = 0; i < SENDS; i++) {
		struct attempt a = send(rig_idempotent(me, i * EACH, EACH), me * SENDS + i);
		const struct rewrite_span *w;
		size_t n, at;
		int64_t offset;

		if (i % 11 == 0) {
			ck_assert_int_eq(chains_settle(&a, &(struct answer){10, -1, -1}), CHAINS_REFUSED);
			refused_records += EACH;
			continue;
		}
		offset = log_end;
		while (!atomic_compare_exchange_weak(&log_end, &offset, offset + EACH))
			;
		w = chains_windows_of(&a, &n);
		at = (size_t)offset;
		for (size_t s = 0; s < n; s++)
			for (uint32_t k = 0; k < w[s].count; k++)
				log_window[at++] = w[s].window_id;
		if (i % 5 == 0) {
			struct attempt again;

			chains_lost(&a);
			again = send(rig_idempotent(me, i * EACH, EACH), me * SENDS + i);
			ck_assert(again.retry);
			a = again;
		}
		stored(&a, offset);
	}
	running--;
	turns_wake(chains_turns(c));
	return NULL;
}

static int64_t
list_all(const struct statement *s, uint8_t *listed)
{
	int64_t n = 0;

	for (size_t i = 0; i < s->ranges.count; i++) {
		for (int64_t o = s->ranges.list[i].first; o < s->ranges.list[i].first + s->ranges.list[i].count; o++, n++) {
			ck_assert_int_lt(o, BIG_LOG);
			ck_assert_int_eq(listed[o]++, 0);
			ck_assert_uint_eq(log_window[o], s->window_id);
		}
	}
	return n;
}

START_TEST(several_reactors_and_a_sealer)
{
	static uint8_t listed[BIG_LOG];
	pthread_t th[THREADS];
	int64_t n = 0;
	uint64_t before = 0;
	bool stopped = false;

	clock_set_for_tests(NULL, NULL);
	set->window_age_ms = 20;
	set->outcome_wait_ms = 600000;
	running = THREADS;
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&th[i], NULL, reactor, (void *)i), 0);
	for (;;) {
		struct pollfd p = {turns_fd(chains_turns(c)), POLLIN, 0};
		struct chains_numbers numbers;
		struct chain *chain;
		struct window *w;
		int wait_ms = -1;

		turns_woken(chains_turns(c));
		while ((chain = chains_turn(c, &w, NULL, &wait_ms)) != NULL) {
			struct statement *s;
			struct stated st;

			ck_assert_int_eq(statement_of(chain, w, set, slice_str(RIG_CLUSTER), NULL, SIZE_MAX, &st), 0);
			ck_assert_int_eq(statement_read(wr_slice(&st.bytes), &s), 0);
			ck_assert_uint_eq(s->window_id - s->empty_before - 1, before);
			before = s->window_id;
			ck_assert_uint_eq(s->unresolved, 0);
			n += list_all(s, listed);
			chains_stated(chain, w, st.root, st.sha256, st.ended_told, NULL);
			statement_free(s);
			stated_clear(&st);
		}
		chains_count(c, &numbers);
		if (stopped && numbers.windows == 0)
			break;
		if (running == 0 && !stopped) {
			chains_stop(c);
			stopped = true;
			continue;
		}
		ck_assert_int_ge(poll(&p, 1, wait_ms < 0 ? 60000 : wait_ms), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(th[i], NULL);
	ck_assert_int_eq(n, log_end);
	ck_assert_int_eq(n + refused_records, BIG_LOG);
}
END_TEST

/* Threads that place while another stops: whatever got in is stated, nothing stays open behind it. */
static void *
place_until_refused(void *arg)
{
	struct chains_batch b = of("t", NULL, (int32_t)(uintptr_t)arg);
	struct attempt a;
	int err;

	while ((err = chains_place(c, &b, &a)) == 0) {
		int64_t offset = log_end++;

		rig_fill(a.members, b.count, 1);
		ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
		stored(&a, offset);
	}
	ck_assert_int_eq(err, ERR_NOT_NOW);
	running--;
	turns_wake(chains_turns(c));
	return NULL;
}

START_TEST(a_stop_among_threads)
{
	struct chains_numbers numbers;
	pthread_t th[THREADS];
	struct window *w;
	struct chain *chain;
	int wait_ms;

	clock_set_for_tests(NULL, NULL);
	set->window_age_ms = 3600000;
	set->window_records = 1000000;
	log_end = 0;
	running = THREADS;
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&th[i], NULL, place_until_refused, (void *)i), 0);
	while (log_end < 100)
		(void)sched_yield();
	chains_stop(c);
	do {
		struct pollfd p = {turns_fd(chains_turns(c)), POLLIN, 0};

		turns_woken(chains_turns(c));
		while ((chain = chains_turn(c, &w, NULL, &wait_ms)) != NULL)
			chains_stated(chain, w, (const uint8_t[32]){0}, (const uint8_t[32]){0}, 0, NULL);
		chains_count(c, &numbers);
		if (running == 0 && numbers.windows == 0)
			break;
		ck_assert_int_eq(poll(&p, 1, 60000), 1);
	} while (true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(th[i], NULL);
	ck_assert_int_eq(numbers.backlog, 0);
}
END_TEST

enum { WRITERS = 3, BATCHES = 300 };

static _Atomic int writers;

/* Places, and lets most be: refused ones leave, so that segments get idle. */
static void *
write_batches(void *arg)
{
	for (int i = 0; i < BATCHES; i++) {
		struct chains_batch b = rig_batch(3);
		struct attempt a;

		b.partition = (int32_t)(intptr_t)arg;
		if (chains_place(c, &b, &a) != 0)
			break;
		rig_fill(a.members, b.count, i % 100);
		if (chains_forward(&a, HEADERS_FULL) != 0)
			break;
		(void)chains_settle(&a, i % 10 == 0 ? &(struct answer){0, i * 3, -1} : &(struct answer){10, -1, -1});
	}
	atomic_fetch_sub(&writers, 1);
	return NULL;
}

/* What is needed is written anew beside threads that place and settle; of each batch that is left one entry is kept. */
START_TEST(renewed_beside_writers)
{
	struct journal_conf conf = {.max_bytes = 64 << 20, .segment_bytes = 2000};
	char dir[] = "/tmp/test_chains_XXXXXX", why[256];
	pthread_t th[WRITERS];
	struct slice key;
	struct journal *j;
	void *chain;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(conf.dir_fd, 0);
	ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
	ck_assert_int_eq(chains_journal_begin(c, j, NULL), 0);
	atomic_store(&writers, WRITERS);
	for (intptr_t i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&th[i], NULL, write_batches, (void *)i), 0);
	while (atomic_load(&writers) > 0)
		(void)chains_journal_tidy(c);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(th[i], NULL);
	while (chains_journal_tidy(c))
		;
	ck_assert_int_gt(metric_read(METRIC_JOURNAL_RENEWED_BYTES), 0);
	for (size_t at = 0; map_next(c->map, &at, &key, &chain);) {
		size_t kept = 0;

		LIST_EACH(&((struct chain *)chain)->windows, we)
			LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e)
				kept += CONTAINER_OF(e, struct span, in_window)->placement->hold.segment > 0;
		ck_assert_uint_ge(kept, BATCHES / 10);
	}
	c->shared.journal = NULL;
	ck_assert_int_eq(journal_sync(j), 0); /* closing it begins no other segment then */
	ck_assert_int_eq(journal_remove(conf.dir_fd, journal_last(j)), 0);
	journal_close(j);
	close(conf.dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chains");
	TCase *t = tcase_create("chains");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, before_the_cluster_is_known);
	tcase_add_test(t, a_cluster_without_an_id);
	tcase_add_test(t, which_chain);
	tcase_add_test(t, names_that_have_no_chain);
	tcase_add_test(t, batches_weigh);
	tcase_add_test(t, too_much_is_unpublished);
	tcase_add_test(t, new_settings);
	tcase_add_test(t, what_is_told_of_them);
	tcase_add_test(t, a_topic_is_deleted);
	tcase_add_test(t, stopping);
	tcase_add_test(t, over_partitions);
	tcase_add_test(t, behind_the_mark);
	tcase_add_loop_test(t, stored_behind_its_end, 0, 2);
	tcase_add_test(t, fenced);
	tcase_add_loop_test(t, ended_elsewhere, 0, 3);
	tcase_add_test(t, asked_after_a_restart);
	tcase_add_test(t, not_asked_of_another_log);
	tcase_add_test(t, asked_once_it_has_a_place);
	tcase_add_test(t, asked_in_vain);
	tcase_add_test(t, one_of_two_in_vain);
	tcase_add_loop_test(t, asked_in_vain_and_ended, 0, 2);
	tcase_add_loop_test(t, failures_of_before, 0, 2);
	tcase_add_test(t, long_ones_cost_little);
	tcase_add_test(t, ends_that_ask_no_sooner);
	tcase_add_test(t, asked_with_its_windows);
	tcase_add_test(t, gone_while_it_is_read);
	tcase_add_test(t, fenced_while_it_is_placed);
	tcase_add_test(t, asked_before_its_mode_is_known);
	tcase_add_test(t, looked_at_while_it_begins);
	tcase_add_test(t, an_end_whose_answer_is_lost);
	tcase_add_test(t, nothing_follows_a_window_that_is_left);
	tcase_add_test(t, the_same_instance_goes_on);
	tcase_add_test(t, another_instance_follows);
	tcase_add_test(t, heads_of_somebody_else);
	tcase_add_test(t, kept_over_quiet_runs);
	tcase_add_test(t, ids_are_used_once);
	tcase_add_test(t, resolved_over_a_restart);
	tcase_add_test(t, resolved_before_its_chain_begins);
	tcase_add_test(t, ends_in_another_cluster);
	tcase_add_test(t, another_transaction_after_a_restart);
	tcase_add_test(t, fenced_after_a_restart);
	tcase_add_test(t, several_reactors_and_a_sealer);
	tcase_add_test(t, renewed_beside_writers);
	tcase_add_test(t, a_stop_among_threads);
	suite_add_tcase(s, t);
	return suite_run(s);
}
