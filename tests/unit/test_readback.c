/* Reading back over librdkafka's mock cluster: what comes of answers that were lost, and of statements that may be published. */
#include "attest/readback.h"

#include <sched.h>

#include "attest/chain_internal.h"
#include "attest/chain_sure.h"
#include "attest/chains_look.h"
#include "attest/outgoing.h"
#include "base/metrics.h"
#include "digest/sha256.h"
#include "makoto/triple.h"
#include "mocked.h"
#include "suite.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/stating.h"

/* So far readers get what the leader has.  The mock cluster's get all. */
static _Atomic int64_t shown;
static _Atomic int64_t claimed; /* once: that much more than it has.  0: no */

static int
watermarks_shown(struct consumer *c, const char *topic, int32_t partition, int64_t *ret_low, int64_t *ret_high)
{
	int err = consumer_watermarks(c, topic, partition, ret_low, ret_high);

	if (err == 0 && *ret_high > shown)
		*ret_high = shown;
	*ret_high += atomic_exchange(&claimed, 0);
	return err;
}

#define consumer_watermarks watermarks_shown
#include "attest/readback.c"
#undef consumer_watermarks

#define DBOM "makoto.dbom"

enum { PARTITION = 3, DBOM_PARTITION = 1, WINDOW = 7 }; /* the first as rig_batch() says */

static struct settings *set;
static struct chains *chains;
static struct readback *reader;
static struct signer *signer; /* NULL: level 1 */
static const uint8_t topic_id[16] = {7};

static void
setup(void)
{
	shown = INT64_MAX;
	mocked_open();
	ck_assert_int_eq(mock_topic(mock, RIG_TOPIC, PARTITION + 1), 0);
	ck_assert_int_eq(mock_topic(mock, DBOM, DBOM_PARTITION + 1), 0);
	set = rig_settings();
	set->outcome_wait_ms = 0; /* what isn't there when it is looked for is not stored */
	set->window_records = 5;
	set->window_age_ms = 3600000;
	chains = chains_new(set);
	ck_assert_ptr_nonnull(chains);
	ck_assert_int_eq(chains_set_cluster(chains, slice_str(RIG_CLUSTER)), 0);
	ck_assert_int_eq(chains_read_back(chains), 0);
}

static void
teardown(void)
{
	readback_stop(reader);
	readback_stop(NULL);
	reader = NULL;
	chains_free(chains);
	settings_unref(set);
	signer_free(signer);
	mock_stop(mock);
}

static void
begin(void)
{
	struct readback_conf conf = {.chains = chains, .bootstrap = mock_bootstrap(mock), .dbom_topic = DBOM, .signer = signer};
	char why[256];

	ck_assert_msg(readback_start(&conf, &reader, why, sizeof(why)) == 0, "%s", why);
}

/* --- batches ------------------------------------------------------------------------------------ */

/* So many records stand in the topic's partition, each of at least so many bytes. */
static void
store(int count, size_t bytes)
{
	struct publisher *p = mocked_publisher(RIG_TOPIC);
	char *value = calloc(1, bytes + 16);

	ck_assert_ptr_nonnull(value);
	for (int i = 0; i < count; i++) {
		(void)snprintf(value, bytes + 16, "%d", i);
		mocked_send(p, PARTITION, slice_of(NULL, 0), slice_of(value, bytes + 16), NULL, 0);
		if (bytes > 0 && i % 4 == 3) /* batches of their own, which a log drops */
			while (publisher_pending(p) > 0)
				publisher_serve(p);
	}
	mocked_finish(p);
	free(value);
}

/* The members of the batch whose first record stands at `from`. */
struct filling {
	struct member *members;
	int64_t from;
};

static int
fill(void *arg, const struct consumer_record *r)
{
	struct filling *f = arg;
	struct member *m = &f->members[r->offset - f->from];
	struct leaf_input in = {0};

	leaf_set_record(&in, r->key, r->value, true, r->timestamp);
	leaf_of(&in, m->leaf);
	leaf_set_record(&in, r->key, r->value, false, 0);
	leaf_of(&in, m->unbound);
	return 0;
}

static struct attempt
place(const char *topic, int32_t count)
{
	struct chains_batch b = rig_batch(count);
	struct attempt a;

	b.topic = slice_str(topic);
	ck_assert_int_eq(chains_place(chains, &b, &a), 0);
	rig_fill(a.members, count, 1);
	return a;
}

/* The answer to a batch is lost, which is stored from `offset` on. */
static void
lose_stored(int32_t count, int64_t offset)
{
	struct attempt a = place(RIG_TOPIC, count);
	struct filling f = {a.members, offset};
	struct consumer *c = mocked_consumer(30000);

	ck_assert_int_eq(consumer_read(c, RIG_TOPIC, PARTITION, offset, offset + count, fill, &f), 0);
	consumer_close(c);
	ck_assert_int_eq(chains_forward(&a, HEADERS_NONE), 0);
	chains_lost(&a);
}

/* Likewise of one that is not. */
static void
lose(const char *topic, int32_t count)
{
	struct attempt a = place(topic, count);

	ck_assert_int_eq(chains_forward(&a, HEADERS_NONE), 0);
	chains_lost(&a);
}

static void
settle(const char *topic, int32_t count, int64_t offset)
{
	struct attempt a = place(topic, count);

	ck_assert_int_eq(chains_forward(&a, HEADERS_NONE), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, offset, -1}), CHAINS_STORED);
}

/* The sealer's next turn that has something. */
static struct chain *
turn(struct window **ret_window, struct outgoing **ret_out)
{
	struct turns *turns = chains_turns(chains);
	struct chain *c;
	int wait;

	for (;;) {
		struct pollfd fd = {.fd = turns_fd(turns), .events = POLLIN};

		turns_woken(turns);
		if ((c = chains_turn(chains, ret_window, ret_out, &wait)) != NULL)
			return c;
		ck_assert_int_ge(poll(&fd, 1, wait), 0);
	}
}

/* The window that is complete next: so many are settled, the first from that offset on, and so many are not. */
static void
ck_window(int64_t members, int64_t first, int64_t unresolved)
{
	static const uint8_t root[32], statement[32];
	struct window *w;
	struct chain *c = turn(&w, NULL);

	ck_assert_int_eq(w->members, members);
	ck_assert_int_eq(w->unresolved, unresolved);
	ck_assert_int_eq(CONTAINER_OF(list_first(&w->spans), struct span, in_window)->placement->base_offset, first);
	chains_stated(c, w, root, statement, 0, NULL);
}

START_TEST(stored)
{
	int64_t found = metric_read(METRIC_READBACK_STORED);

	store(7, 0);
	lose_stored(2, 3);
	settle(RIG_TOPIC, 3, 100);
	begin();
	ck_window(5, 3, 0);
	ck_assert_int_eq(metric_read(METRIC_READBACK_STORED), found + 2);
}
END_TEST

START_TEST(not_stored)
{
	int64_t absent = metric_read(METRIC_READBACK_ABSENT);

	store(7, 0);
	lose(RIG_TOPIC, 2);
	settle(RIG_TOPIC, 3, 100);
	begin();
	ck_window(3, 100, 2);
	ck_assert_int_eq(metric_read(METRIC_READBACK_ABSENT), absent + 2);
}
END_TEST

/* One partition is read behind another: each gets its turn, however long that takes. */
START_TEST(many_partitions)
{
	enum { MANY = 40 };
	int64_t unresolved = metric_read(METRIC_RECORDS_UNRESOLVED), absent = metric_read(METRIC_READBACK_ABSENT);
	char topic[32];

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(topic, sizeof(topic), "t%d", i);
		ck_assert_int_eq(mock_topic(mock, topic, PARTITION + 1), 0);
		lose(topic, 2);
		settle(topic, 3, 10);
	}
	begin();
	for (int i = 0; i < MANY; i++)
		ck_window(3, 10, 2);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), unresolved);
	ck_assert_int_eq(metric_read(METRIC_READBACK_ABSENT), absent + 2 * MANY);
}
END_TEST

/* The log's begin went, with what the batch could have stood at first. */
START_TEST(a_log_that_begins_later)
{
	enum { RECORDS = 32, BYTES = 300000 };
	int64_t failures = metric_read(METRIC_READBACK_FAILURES), low, high;
	struct consumer *c = mocked_consumer(30000);

	store(RECORDS, BYTES); /* the mock keeps five megabytes */
	ck_assert_int_eq(consumer_watermarks(c, RIG_TOPIC, PARTITION, &low, &high), 0);
	consumer_close(c);
	ck_assert_int_gt(low, 0);
	ck_assert_int_eq(high, RECORDS);
	lose_stored(2, high - 2);
	settle(RIG_TOPIC, 3, 100);
	begin();
	ck_window(5, high - 2, 0);
	ck_assert_int_eq(metric_read(METRIC_READBACK_FAILURES), failures);
}
END_TEST

/* One record, stored at that offset with the headers that it went out with. */
static void
store_placed(const struct attempt *a, int64_t offset)
{
	const struct chain_id *id = &a->placement->chain->id;
	struct filling f = {a->members, offset};
	struct consumer *c = mocked_consumer(30000);
	struct publisher *p = mocked_publisher(RIG_TOPIC);
	struct slice value = slice_str("v");
	uint8_t sum[SHA256_LEN];
	char hash[2 * SHA256_LEN + 1], number[24], ref[CHAIN_KEY_MAX + 16], key[CHAIN_KEY_MAX + 1];
	struct publisher_header h[3];

	sha256_of(value, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		(void)snprintf(hash + 2 * i, 3, "%02x", sum[i]);
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)a->placement->windows[0].window_id);
	(void)snprintf(ref, sizeof(ref), "makoto.dbom/%.*s", (int)chain_key(id, a->placement->windows[0].window_id, key), key);
	h[0] = (struct publisher_header){slice_str(TRIPLE_CONTENT_HASH), slice_str(hash)};
	h[1] = (struct publisher_header){slice_str(TRIPLE_WINDOW_ID), slice_str(number)};
	h[2] = (struct publisher_header){slice_str(TRIPLE_SIGNATURE), slice_str(ref)};
	ck_assert_int_eq(publisher_send(p, PARTITION, slice_of(NULL, 0), value, h, 3, NULL), 0);
	mocked_finish(p);
	ck_assert_int_eq(consumer_read(c, RIG_TOPIC, PARTITION, offset, offset + 1, fill, &f), 0);
	consumer_close(c);
}

/* More of it than is read for that: what came behind is looked for before where it ends now. */
START_TEST(the_end_was_lost)
{
	struct attempt a;

	store(7, 0);
	settle(RIG_TOPIC, 4, 1000000);
	a = place(RIG_TOPIC, 1);
	store_placed(&a, 7);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	chains_lost(&a);
	begin();
	ck_window(5, 1000000, 0);
}
END_TEST

/* And where an answer told, however much came behind since. */
START_TEST(told_before_what_is_read)
{
	struct chains_batch b = rig_idempotent(7, 40, 1);
	struct attempt a = place(RIG_TOPIC, 1);

	store(7, 0);
	a.placement->chain->head.high_offset = 1000000; /* an earlier run's */
	chains_withdraw(&a);
	settle(RIG_TOPIC, 3, 1000001); /* the fifth has left the window */
	ck_assert_int_eq(chains_place(chains, &b, &a), 0);
	rig_fill(a.members, 1, 1);
	store_placed(&a, 7);
	store(BEFORE + 100, 0);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 7, -1}), CHAINS_OPEN);
	begin();
	ck_window(4, 1000001, 0);
}
END_TEST

/*
 * Of a partition that is gone nothing can be read: given up, and the others are decided all the same.  (The mock makes
 * every topic that it is asked for.)
 */
START_TEST(a_partition_that_is_gone)
{
	int64_t failures = metric_read(METRIC_READBACK_FAILURES), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);

	ck_assert_int_eq(mock_topic(mock, "gone", PARTITION), 0);
	lose("gone", 2);
	settle("gone", 3, 20);
	begin();
	ck_window(3, 20, 2);
	ck_assert_int_gt(metric_read(METRIC_READBACK_FAILURES), failures);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), unresolved + 2);
	lose(RIG_TOPIC, 2);
	settle(RIG_TOPIC, 3, 100);
	ck_window(3, 100, 2);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), unresolved + 2);
}
END_TEST

/* --- what a leader has and doesn't show ----------------------------------------------------------- */

/* A window is answered by the topic's name, which turns out to be another topic's then; or only then this one's. */
static struct chain *
doubt_window(int64_t offset, bool young)
{
	struct chains_batch b = rig_batch(5);
	struct chain_now now = {clock_now(), clock_wall_ms()};
	struct filling f = {.from = 2};
	struct consumer *k = mocked_consumer(30000);
	struct attempt a;
	struct chain *c;

	ck_assert_int_eq(chains_sure_begin(chains), 0);
	set->outcome_wait_ms = 3600000;
	b.topic_id = topic_id;
	b.young = young;
	ck_assert_int_eq(chains_place(chains, &b, &a), 0);
	c = a.placement->chain;
	rig_fill(a.members, 5, 1);
	f.members = a.members;
	ck_assert_int_eq(consumer_read(k, RIG_TOPIC, PARTITION, 2, 7, fill, &f), 0);
	consumer_close(k);
	ck_assert_int_eq(chains_forward(&a, HEADERS_NONE), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, offset, -1}), CHAINS_STORED);
	pthread_mutex_lock(&c->lock);
	now.mono.ns += INT64_C(10) * 1000000000; /* it was asked late */
	chain_sure_told(c, set, young ? CHAIN_SEEN_OURS : CHAIN_SEEN_ANOTHER, now.mono, now);
	pthread_mutex_unlock(&c->lock);
	return c;
}

/* The log was read, and either that decided nothing, which is asked for, or it did. */
static bool
is_undecided(struct chain *c)
{
	bool undecided = false, decided = false;

	while (!undecided && !decided) {
		struct window *w;

		pthread_mutex_lock(&c->lock);
		w = chain_oldest(c);
		decided = w == NULL || w->elsewhere == 0;
		undecided = !decided && CONTAINER_OF(list_first(&w->spans), struct span, in_window)->placement->hidden_at.ns > 0;
		pthread_mutex_unlock(&c->lock);
		(void)sched_yield();
	}
	return undecided;
}

static void
await_decision(struct chain *c)
{
	bool decided = false;

	while (!decided) {
		pthread_mutex_lock(&c->lock);
		decided = CONTAINER_OF(list_first(&c->windows), struct window, in_chain)->elsewhere == 0;
		pthread_mutex_unlock(&c->lock);
		(void)sched_yield();
	}
}

/* The new topic has it: the old one's statement doesn't list it, however late that is shown. */
START_TEST(in_another_and_not_shown)
{
	int64_t before = metric_read(METRIC_RECORDS_ANOTHER_TOPIC);
	struct chain *c;

	store(7, 0);
	c = doubt_window(2, false);
	shown = _i == 0 ? 4 : 0;
	begin();
	ck_assert(is_undecided(c));
	shown = INT64_MAX;
	await_decision(c);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ANOTHER_TOPIC) - before, 5);
}
END_TEST

/* The new topic's log isn't as long: it was in the old one, which is known at once. */
START_TEST(not_in_another)
{
	store(7, 0);
	(void)doubt_window(1000, false);
	shown = _i == 0 ? INT64_MAX : 4;
	begin();
	ck_window(5, 1000, 0);
}
END_TEST

/* The leader that said how long it is isn't one any more, and the next one has less: what that doesn't have tells nothing. */
START_TEST(cut_while_it_is_read)
{
	int64_t failures = metric_read(METRIC_READBACK_FAILURES);

	store(7, 0);
	(void)doubt_window(1000, false);
	claimed = 2000;
	begin();
	ck_window(5, 1000, 0);
	ck_assert_int_eq(metric_read(METRIC_READBACK_FAILURES), failures + 1);
}
END_TEST

/* It has to be shown to be in this topic. */
START_TEST(young_and_not_shown)
{
	int64_t before = metric_read(METRIC_RECORDS_ANOTHER_TOPIC);
	struct chain *c;

	store(7, 0);
	c = doubt_window(2, true);
	shown = 4;
	begin();
	ck_assert(is_undecided(c));
	shown = INT64_MAX;
	ck_window(5, 2, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ANOTHER_TOPIC), before);
}
END_TEST

/* --- what a leader has let go ---------------------------------------------------------------------- */

/* The log begins behind the first records. */
static void
drop_first(void)
{
	int64_t low, high;
	struct consumer *c = mocked_consumer(30000);

	store(32, 300000); /* the mock keeps five megabytes */
	ck_assert_int_eq(consumer_watermarks(c, RIG_TOPIC, PARTITION, &low, &high), 0);
	ck_assert_int_gt(low, 7);
	consumer_close(c);
}

/* Whose topic they are in that log doesn't tell any more: not that they were in the old one, nor in the new one. */
START_TEST(gone_from_either)
{
	int64_t another = metric_read(METRIC_RECORDS_ANOTHER_TOPIC), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chain *c;

	store(7, 0);
	c = doubt_window(2, _i == 1);
	drop_first();
	begin();
	await_decision(c);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ANOTHER_TOPIC), another);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, 5);
}
END_TEST

/* A broker that had it, or one like it, said so. */
START_TEST(told_and_gone)
{
	int64_t duplicates = metric_read(METRIC_RECORDS_DUPLICATE), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch b = rig_idempotent(7, 40, 1);
	struct attempt a = place(RIG_TOPIC, 1);

	store(7, 0);
	a.placement->chain->head.high_offset = 1000000; /* an earlier run's */
	chains_withdraw(&a);
	settle(RIG_TOPIC, 3, 1000001); /* the fifth has left the window */
	ck_assert_int_eq(chains_place(chains, &b, &a), 0);
	rig_fill(a.members, 1, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 6, -1}), CHAINS_OPEN);
	drop_first();
	begin();
	ck_window(3, 1000001, 1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, 1);
}
END_TEST

/* --- statements ---------------------------------------------------------------------------------- */

/* The mock finds no offset by time: this one means the log's begin, an hour later. */
#define SINCE_BEGIN_MS (INT64_C(60) * 60 * 1000 - 2)

/* An earlier run made this statement of window WINDOW, not before `since_ms`. */
static struct outgoing *
leave_bytes(struct slice value, int64_t since_ms, struct chain **ret)
{
	struct attempt a = place(RIG_TOPIC, 1);
	struct chain *c = a.placement->chain;
	struct outgoing *o = outgoing_new();

	chains_withdraw(&a);
	ck_assert_ptr_nonnull(o);
	o->state = OUTGOING_LOOK;
	o->window = WINDOW;
	o->partition = DBOM_PARTITION;
	o->since_ms = since_ms;
	sha256_of(value, o->value_sha256);
	list_append(&c->outgoing, &o->link);
	turns_now(c->shared->looks, &c->look);
	*ret = c;
	return o;
}

static struct outgoing *
leave(const char *value, int64_t since_ms, struct chain **ret)
{
	return leave_bytes(slice_str(value), since_ms, ret);
}

static void
publish_bytes(const struct chain *c, uint64_t window, struct slice value)
{
	struct publisher *p = mocked_publisher(DBOM);
	char key[CHAIN_KEY_MAX + 1];

	ck_assert_int_eq(publisher_send(p, DBOM_PARTITION, slice_of(key, chain_key(&c->id, window, key)), value, NULL, 0, NULL), 0);
	mocked_finish(p);
}

static void
publish(const struct chain *c, uint64_t window, const char *value)
{
	publish_bytes(c, window, value == NULL ? slice_of(NULL, 0) : slice_str(value));
}

static void
ck_out(struct outgoing *o, enum outgoing_state state)
{
	struct outgoing *got;
	struct window *w;
	struct chain *c = turn(&w, &got);

	ck_assert_ptr_null(w);
	ck_assert_ptr_eq(got, o);
	ck_assert_int_eq(o->state, state);
	chains_published(c, o);
}

START_TEST(published_already)
{
	struct chain *c;
	struct outgoing *o = leave("mine", SINCE_BEGIN_MS, &c);

	publish(c, WINDOW - 1, "before");
	publish(c, WINDOW, "mine");
	publish(c, WINDOW, NULL); /* a tombstone is no statement */
	begin();
	ck_out(o, OUTGOING_THERE);
}
END_TEST

START_TEST(not_published)
{
	struct chain *c;
	struct outgoing *o = leave("mine", SINCE_BEGIN_MS, &c);

	publish(c, WINDOW - 1, "mine");
	begin();
	ck_out(o, OUTGOING_READY);
}
END_TEST

/* What stands there is all older than the statement. */
START_TEST(nothing_that_young)
{
	struct chain *c;
	struct outgoing *o = leave("mine", INT64_MAX / 2, &c);

	publish(c, WINDOW, "mine");
	begin();
	ck_out(o, OUTGOING_READY);
}
END_TEST

/* The broker doesn't know the topic for a moment: that isn't to say that nothing is there.  Asked for its begin, its end, and by time. */
START_TEST(not_known_for_a_moment)
{
	enum { LIST_OFFSETS = 2, UNKNOWN_TOPIC_OR_PARTITION = 3 };
	int64_t failures = metric_read(METRIC_READBACK_FAILURES);
	struct chain *c;
	struct outgoing *o = leave("mine", SINCE_BEGIN_MS, &c);

	publish(c, WINDOW, "mine");
	mock_refuse(mock, LIST_OFFSETS, 0, _i);
	mock_refuse(mock, LIST_OFFSETS, UNKNOWN_TOPIC_OR_PARTITION, 1);
	begin();
	ck_out(o, OUTGOING_THERE);
	ck_assert_int_eq(metric_read(METRIC_READBACK_FAILURES), failures + 1);
}
END_TEST

enum { OURS = 1, THEIRS = 2 }; /* what a statement's window holds */

/* The statement that an earlier run signed; its record's value is the caller's. */
static struct outgoing *
leave_signed(struct wr *ret_value, struct chain **ret)
{
	struct wr payload = stating_window(WINDOW, OURS);
	struct outgoing *o;

	*ret_value = stating_envelope(signer, STATEMENT_PAYLOAD_TYPE, wr_slice(&payload), signer_keyid(signer));
	o = leave_bytes(wr_slice(ret_value), SINCE_BEGIN_MS, ret);
	sha256_of(wr_slice(&payload), o->statement_sha256);
	wr_free(&payload);
	return o;
}

static void
publish_then(const struct chain *c, struct wr value)
{
	publish_bytes(c, WINDOW, wr_slice(&value));
	wr_free(&value);
}

/* Whoever may write to the topic writes under the keys of windows to come, and keeps nothing back by that. */
START_TEST(junk_of_that_window)
{
	struct signer *stranger = stating_signer();
	bool is_signed = _i % 2 == 1, is_there = _i / 2 == 1;
	struct outgoing *o;
	struct wr ours;
	struct chain *c;

	signer = stating_signer();
	o = leave_signed(&ours, &c);
	publish(c, WINDOW, "x");
	publish_then(c, stating_window(WINDOW, OURS)); /* bare */
	publish_then(c, stating_window(WINDOW, THEIRS));
	publish_then(c, stating_published(stranger, WINDOW, THEIRS));
	publish_then(c, stating_published(signer, WINDOW, OURS)); /* the same, signed anew */
	if (is_there)
		publish_bytes(c, WINDOW, wr_slice(&ours));
	if (!is_signed) {
		signer_free(signer);
		signer = NULL;
	}
	begin();
	ck_out(o, is_there ? OUTGOING_THERE : OUTGOING_READY);
	signer_free(stranger);
	wr_free(&ours);
}
END_TEST

/* Two statements of one window: ours isn't added to the other, whatever else the same look finds. */
START_TEST(another_of_that_window)
{
	struct outgoing *o;
	struct wr ours;
	struct chain *c;

	signer = stating_signer();
	o = leave_signed(&ours, &c);
	publish_then(c, stating_published(signer, WINDOW, THEIRS));
	lose(RIG_TOPIC, 2);
	settle(RIG_TOPIC, 2, 100); /* the fifth has left the window */
	begin();
	ck_window(2, 100, 2); /* behind that look */
	readback_stop(reader);
	reader = NULL;
	ck_assert_int_eq(o->state, OUTGOING_LOOK);
	wr_free(&ours);
}
END_TEST

/* ... but where ours is there, it is published. */
START_TEST(ours_and_another_of_that_window)
{
	struct outgoing *o;
	struct wr ours;
	struct chain *c;

	signer = stating_signer();
	o = leave_signed(&ours, &c);
	publish_then(c, stating_published(signer, WINDOW, THEIRS));
	publish_bytes(c, WINDOW, wr_slice(&ours));
	begin();
	ck_out(o, OUTGOING_THERE);
	wr_free(&ours);
}
END_TEST

/* --- stopping ------------------------------------------------------------------------------------ */

/* Nobody answers: behind the answer that is under way nothing more is asked, and nothing is decided. */
START_TEST(stopped_in_between)
{
	int64_t failures = metric_read(METRIC_READBACK_FAILURES);
	struct chain *c;
	struct outgoing *o = leave("mine", SINCE_BEGIN_MS, &c);

	struct pollfd fd = {.fd = turns_fd(chains_looks(chains)), .events = POLLIN};

	lose(RIG_TOPIC, 2);
	mock_slow(mock, 3600 * 1000);
	begin();
	while (poll(&fd, 1, 0) == 1) /* until it is awake: then it has hardly asked, or not at all */
		(void)sched_yield();
	readback_end_by(reader, clock_now());
	readback_end_by(NULL, clock_now());
	readback_stop(reader);
	reader = NULL;
	ck_assert_int_le(metric_read(METRIC_READBACK_FAILURES), failures + 1);
	ck_assert_int_eq(o->state, OUTGOING_LOOK);
	ck_assert_int_eq(CONTAINER_OF(list_first(&c->windows), struct window, in_chain)->awaiting, 1);
}
END_TEST

START_TEST(what_can_not_start)
{
	static const char *const props[] = {"no.such.property", "1", NULL};
	struct readback_conf conf = {.chains = chains, .bootstrap = "k:9092", .props = props, .dbom_topic = DBOM};
	struct readback *r = NULL;
	char why[256] = "";

	ck_assert_int_eq(readback_start(&conf, &r, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(r);
	ck_assert_str_ne(why, "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("readback");
	TCase *t = tcase_create("mock");

	tcase_set_timeout(t, 180);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, stored);
	tcase_add_test(t, not_stored);
	tcase_add_test(t, many_partitions);
	tcase_add_test(t, a_log_that_begins_later);
	tcase_add_test(t, a_partition_that_is_gone);
	tcase_add_test(t, the_end_was_lost);
	tcase_add_test(t, told_before_what_is_read);
	tcase_add_loop_test(t, in_another_and_not_shown, 0, 2);
	tcase_add_loop_test(t, not_in_another, 0, 2);
	tcase_add_test(t, cut_while_it_is_read);
	tcase_add_test(t, young_and_not_shown);
	tcase_add_loop_test(t, gone_from_either, 0, 2);
	tcase_add_test(t, told_and_gone);
	tcase_add_test(t, published_already);
	tcase_add_test(t, not_published);
	tcase_add_test(t, nothing_that_young);
	tcase_add_loop_test(t, not_known_for_a_moment, 0, 3);
	tcase_add_loop_test(t, junk_of_that_window, 0, 4);
	tcase_add_test(t, another_of_that_window);
	tcase_add_test(t, ours_and_another_of_that_window);
	tcase_add_test(t, stopped_in_between);
	tcase_add_test(t, what_can_not_start);
	suite_add_tcase(s, t);
	return suite_run(s);
}
