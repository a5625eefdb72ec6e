/* The attest stage as a whole: which messages it sees, transactions, reloads. */
#include "attesting.h"

#include "attest/chains_internal.h"
#include "attest/issued.h"
#include "attest/statement_of.h"
#include "kafka/produce.h"
#include "kafka/record.h"
#include "makoto/leaf.h"
#include "makoto/statement.h"
#include "makoto/tree.h"
#include "stages/attest_internal.h"
#include "suite.h"

static void
setup(void)
{
	attesting_open(&(struct attesting){0});
	attesting_know("a");
}

static void
teardown(void)
{
	attesting_close();
}

START_TEST(wants)
{
	for (int16_t key = -1; key < 100; key++)
		for (int16_t v = 0; v < 20; v++) {
			bool want = (key == API_PRODUCE && v <= 13) || (key == API_END_TXN && v <= 5) ||
				    (key == API_INIT_PRODUCER_ID && v <= 5);
			bool answer = want || key == API_VERSIONS || (key == API_ADD_PARTITIONS_TO_TXN && v <= 3) ||
				      (key == API_ADD_OFFSETS_TO_TXN && v <= 4);

			ck_assert_int_eq(stage->wants_request(stage->self, key, v), want);
			ck_assert_int_eq(stage->wants_response(stage->self, key, v), answer);
		}
}
END_TEST

/* An answer to what it has nothing to remember of, and the loss of one. */
START_TEST(nothing_remembered)
{
	struct exchange *x = stages_exchange(API_PRODUCE, 9, slice_str("?"));

	ck_assert_int_eq(stage->response(stage->self, x), STAGE_PASS);
	stage->lost(stage->self, x);
	stages_free(x);
}
END_TEST

/* --- transactions ------------------------------------------------------------------- */

static const char txn_id[] = "transfers";

static int64_t next_offset;

/* The client's: below 12 its transactions share an epoch. */
static int16_t produce_version = 9;

/* One transactional batch of two records on its way. */
static struct exchange *
write_out(int64_t producer_id, int32_t sequence)
{
	struct wr batch = BATCH(.count = 2, .producer = true, .producer_id = producer_id, .sequence = sequence,
				.attributes = BATCH_TRANSACTIONAL);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct wr w = stages_produce(produce_version, -1, txn_id, &p, 1);
	struct exchange *x = stages_exchange(API_PRODUCE, produce_version, wr_slice(&w));

	x->reactor = reactor;
	ck_assert_int_eq(request(x), STAGE_REPLACE);
	wr_free(&w);
	wr_free(&batch);
	return x;
}

static void
written(struct exchange *x)
{
	answer_stored(x, "a", NULL, 0, next_offset);
	next_offset += 2;
	stages_free(x);
}

/* Likewise, and it is stored. */
static void
write_one(int64_t producer_id, int32_t sequence)
{
	written(write_out(producer_id, sequence));
}

static struct exchange *
end_txn_of(int16_t version, int64_t producer_id, bool commit)
{
	struct wr w = wr_new(256);
	struct exchange *x;

	if (version >= 3)
		wr_compact(&w, slice_str(txn_id));
	else
		wr_string(&w, slice_str(txn_id));
	wr_i64(&w, producer_id);
	wr_i16(&w, 0);
	wr_u8(&w, commit);
	if (version >= 3)
		wr_u8(&w, 0);
	x = stages_exchange(API_END_TXN, version, wr_slice(&w));
	x->session = attesting_session;
	wr_free(&w);
	return x;
}

static struct exchange *
end_txn(int16_t version, int64_t producer_id, bool commit)
{
	struct exchange *x = end_txn_of(version, producer_id, commit);

	ck_assert_int_eq(request(x), STAGE_PASS);
	return x;
}

static void
txn_answered(struct exchange *x, int16_t error)
{
	struct wr w = wr_new(256);

	wr_i32(&w, 0);
	wr_i16(&w, error);
	if ((x->key == API_END_TXN && x->version >= 5) || x->key == API_INIT_PRODUCER_ID) {
		wr_i64(&w, 5);
		wr_i16(&w, 1);
	}
	if (x->version >= (x->key == API_END_TXN ? 3 : 2))
		wr_u8(&w, 0);
	stages_message(x, wr_slice(&w));
	wr_free(&w);
	ck_assert_int_eq(stage->response(stage->self, x), STAGE_PASS);
	attesting_session = x->session;
	stages_free(x);
}

static struct exchange *
init_producer(int16_t version, const char *id)
{
	struct slice s = id != NULL ? slice_str(id) : (struct slice){NULL, 0};
	struct wr w = wr_new(256);
	struct exchange *x;

	if (version >= 2)
		wr_compact(&w, s);
	else
		wr_string(&w, s);
	wr_i32(&w, 60000);
	if (version >= 3) {
		wr_i64(&w, -1);
		wr_i16(&w, -1);
	}
	if (version >= 2)
		wr_u8(&w, 0);
	x = stages_exchange(API_INIT_PRODUCER_ID, version, wr_slice(&w));
	x->session = attesting_session;
	wr_free(&w);
	ck_assert_int_eq(request(x), STAGE_PASS);
	return x;
}

/* One window; what became of the transaction of its first records. */
static enum placement_txn
ended_how(void)
{
	struct drained d = drained(true);

	ck_assert_uint_eq(d.count, 1);
	return d.w[0].txn;
}

START_TEST(commits_and_aborts)
{
	for (int16_t v = 0; v <= 5; v++)
		for (int commit = 0; commit <= 1; commit++) {
			attesting_close();
			setup();
			txn_answered(init_producer(4, txn_id), 0);
			produce_version = v < 5 ? 9 : 12;
			write_one(5, 0);
			txn_answered(end_txn(v, 5, commit), 0);
			ck_assert_int_eq(ended_how(), commit ? PLACEMENT_TXN_COMMITTED : PLACEMENT_TXN_ABORTED);
		}
}
END_TEST

static void
another_connection(void)
{
	stage->session_free(stage->self, attesting_session);
	attesting_session = NULL;
}

/*
 * The first end on a connection is perhaps not of what was written before, where transactions share an epoch: that one's
 * passed on another way.  The next end on it is.
 */
START_TEST(ends_elsewhere)
{
	static const struct {
		bool reconnects;
		int16_t produce, end;
		enum placement_txn how;
	} cases[] = {
		{false, 9, 4, PLACEMENT_TXN_COMMITTED},
		{true, 9, 4, PLACEMENT_TXN_OPEN},
		{true, 12, 5, PLACEMENT_TXN_COMMITTED},
		{true, 9, 5, PLACEMENT_TXN_OPEN}, /* transaction.version was raised since */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		attesting_close();
		setup();
		txn_answered(init_producer(4, txn_id), 0);
		if (cases[i].reconnects)
			another_connection();
		produce_version = cases[i].produce;
		write_one(5, 0);
		txn_answered(end_txn(cases[i].end, 5, true), 0);
		ck_assert_int_eq(ended_how(), cases[i].how);
	}
	produce_version = 9;
	attesting_close();
	setup();
	txn_answered(end_txn(4, 5, true), 0);
	write_one(5, 0);
	txn_answered(end_txn(4, 5, false), 0);
	ck_assert_int_eq(ended_how(), PLACEMENT_TXN_ABORTED);
}
END_TEST

/* An answer to what a client adds to its transaction, or to its end. */
static void
answered_with(int16_t key, int16_t error)
{
	struct wr w = wr_new(64);
	struct exchange *x;

	if (key == API_END_TXN) {
		txn_answered(end_txn(4, 5, true), error);
		return;
	}
	x = stages_exchange(key, 2, slice_str(""));
	x->session = attesting_session;
	wr_i32(&w, 0);
	if (key == API_ADD_PARTITIONS_TO_TXN) {
		wr_i32(&w, 1);
		wr_string(&w, slice_str("a"));
		wr_i32(&w, 1);
		wr_i32(&w, 0);
	}
	wr_i16(&w, error);
	stages_message(x, wr_slice(&w));
	wr_free(&w);
	ck_assert(stage->wants_response(stage->self, key, 2));
	ck_assert_int_eq(stage->response(stage->self, x), STAGE_PASS);
	ck_assert(!x->replaced);
	stages_free(x);
}

/* The coordinator moved, and back: what ended meanwhile took another way, and this connection lived on. */
START_TEST(the_coordinator_moves)
{
	static const int16_t keys[] = {API_ADD_PARTITIONS_TO_TXN, API_ADD_OFFSETS_TO_TXN, API_END_TXN};
	static const int16_t errors[] = {0, 51, 14, 15, 16};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (errors[i] == 0 && keys[_i] == API_END_TXN)
			continue;
		attesting_close();
		setup();
		txn_answered(init_producer(4, txn_id), 0);
		answered_with(keys[_i], errors[i]);
		write_one(5, 0);
		txn_answered(end_txn(4, 5, true), 0);
		ck_assert_int_eq(ended_how(), i < 2 ? PLACEMENT_TXN_COMMITTED : PLACEMENT_TXN_OPEN);
	}
}
END_TEST

/* Likewise, and InitProducerId is the first to hear of it, whose client then has the next epoch from another one. */
START_TEST(the_coordinator_moved_at_init)
{
	static const int16_t errors[] = {51, 14, 15, 16};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		attesting_close();
		setup();
		txn_answered(init_producer(4, txn_id), 0);
		txn_answered(init_producer(4, txn_id), errors[i]);
		write_one(5, 0);
		txn_answered(end_txn(4, 5, true), 0);
		ck_assert_int_eq(ended_how(), i == 0 ? PLACEMENT_TXN_COMMITTED : PLACEMENT_TXN_OPEN);
	}
}
END_TEST

/* An EndTxn without an answer may come behind the next ones, which are then not what ended what was written before them. */
START_TEST(an_end_that_may_come_late)
{
	static const int16_t open[] = {-1, 7, 15, 16};

	for (size_t i = 0; i <= ARRAY_LEN(open) + 1; i++) {
		struct exchange *x;

		attesting_close();
		setup();
		txn_answered(init_producer(4, txn_id), 0);
		x = end_txn(4, 5, true);
		x->unsent = i == ARRAY_LEN(open) + 1;
		if (i < ARRAY_LEN(open)) {
			txn_answered(x, open[i]);
		} else {
			stage->lost(stage->self, x);
			stages_free(x);
		}
		txn_answered(end_txn(4, 5, true), 0); /* it tries again */
		write_one(5, 0);
		txn_answered(end_txn(4, 5, false), 0);
		ck_assert_int_eq(ended_how(), i <= ARRAY_LEN(open) ? PLACEMENT_TXN_OPEN : PLACEMENT_TXN_ABORTED);
	}
}
END_TEST

/* The client tries again on another connection while the first end is out, which nobody saw close: so may that one. */
START_TEST(an_end_that_is_out)
{
	struct exchange *x;
	void *first, *second;

	txn_answered(init_producer(4, txn_id), 0);
	x = end_txn(4, 5, true);
	first = attesting_session;
	attesting_session = NULL;
	txn_answered(end_txn(4, 5, true), 0);
	write_one(5, 0);
	second = attesting_session;
	if (_i == 1)
		txn_answered(x, 0); /* this has committed what was written */
	attesting_session = second;
	txn_answered(end_txn(4, 5, false), 0); /* of what comes behind that */
	ck_assert_int_eq(ended_how(), PLACEMENT_TXN_OPEN);
	if (_i == 0) {
		stage->lost(stage->self, x);
		stages_free(x);
	}
	stage->session_free(stage->self, first);
}
END_TEST

/* A pool's connections in turn: the end on the second may be another's than what the first one's tells of. */
START_TEST(two_connections_in_turn)
{
	void *first, *second;

	ck_assert_int_eq(chains_read_back(chains), 0);
	txn_answered(init_producer(4, txn_id), 0);
	first = attesting_session;
	attesting_session = NULL;
	write_one(5, 0);
	txn_answered(end_txn(4, 5, true), 0);
	second = attesting_session;
	attesting_session = first;
	write_one(5, 2);
	txn_answered(end_txn(4, 5, false), 0);
	stage->session_free(stage->self, second);
	ck_assert_int_eq(ended_how(), PLACEMENT_TXN_OPEN); /* until the log is read */
}
END_TEST

/* Of a few producers a connection remembers that; of one that comes behind many, the end is asked for. */
START_TEST(ends_of_many)
{
	for (int others = ATTEST_ENDS_MAX - 1; others <= ATTEST_ENDS_MAX; others++) {
		attesting_close();
		setup();
		txn_answered(init_producer(4, txn_id), 0);
		for (int i = 0; i < 2 * others; i++)
			txn_answered(end_txn(4, 6 + i % others, true), 0);
		write_one(5, 0);
		txn_answered(end_txn(4, 5, true), 0);
		ck_assert_int_eq(ended_how(), others < ATTEST_ENDS_MAX ? PLACEMENT_TXN_COMMITTED : PLACEMENT_TXN_OPEN);
	}
}
END_TEST

/* The answer to a batch comes behind the end's request, or its own answer: it may stand behind the marker, but for an epoch of its own. */
START_TEST(answered_behind_its_end)
{
	for (int16_t v = 4; v <= 5; v++) {
		struct exchange *batch, *end;

		attesting_close();
		setup();
		txn_answered(init_producer(4, txn_id), 0);
		produce_version = v < 5 ? 9 : 12;
		batch = write_out(5, 0);
		end = end_txn(v, 5, true);
		if (_i == 0)
			written(batch);
		txn_answered(end, 0);
		if (_i == 1)
			written(batch);
		ck_assert_int_eq(ended_how(), v < 5 ? PLACEMENT_TXN_OPEN : PLACEMENT_TXN_COMMITTED);
	}
}
END_TEST

static size_t
asked(void)
{
	struct slice key;
	size_t at = 0, n = 0;
	void *value;

	while (map_next(chains->map, &at, &key, &value))
		n += ((struct chain *)value)->asked.count;
	return n;
}

/* A client has its answers before it ends a transaction: of that nothing is asked. */
START_TEST(nothing_is_asked_for)
{
	ck_assert_int_eq(chains_read_back(chains), 0);
	txn_answered(init_producer(4, txn_id), 0);
	for (int i = 0; i < 20; i++) {
		write_one(5, 4 * i);
		write_one(5, 4 * i + 2);
		txn_answered(end_txn(4, 5, i % 2 == 0), 0);
		ck_assert_uint_eq(asked(), 0);
	}
	ck_assert_int_eq(ended_how(), PLACEMENT_TXN_COMMITTED);
}
END_TEST

START_TEST(does_not_end)
{
	/* An error; another producer; the answer is lost; it can't be read. */
	for (int how = 0; how < 4; how++) {
		struct exchange *x;

		attesting_close();
		setup();
		write_one(5, 0);
		x = end_txn(4, how == 1 ? 6 : 5, true);
		if (how == 2) {
			stage->lost(stage->self, x);
			stages_free(x);
		} else if (how == 3) {
			/* Who hears of such an end goes on in the same epoch, and the next end would be taken for it. */
			stages_message(x, slice_str("?"));
			ck_assert_int_eq(stage->response(stage->self, x), STAGE_CLOSE);
			stages_free(x);
		} else {
			txn_answered(x, how == 0 ? 51 : 0); /* CONCURRENT_TRANSACTIONS */
		}
		ck_assert_int_eq(ended_how(), PLACEMENT_TXN_OPEN);
	}
}
END_TEST

/* A second try tells. */
START_TEST(ends_at_last)
{
	produce_version = 12;
	write_one(5, 0);
	txn_answered(end_txn(5, 5, false), 51);
	txn_answered(end_txn(5, 5, false), 0);
	ck_assert_int_eq(ended_how(), PLACEMENT_TXN_ABORTED);
}
END_TEST

/* What is written behind EndTxn is of the next transaction, though the answer comes later. */
START_TEST(the_next_one_stays_open)
{
	struct exchange *x;

	x = end_txn(4, 5, true);
	write_one(5, 0);
	txn_answered(x, 0);
	ck_assert_int_eq(ended_how(), PLACEMENT_TXN_OPEN);
}
END_TEST

START_TEST(initialised_anew)
{
	for (int16_t v = 0; v <= 5; v++) {
		attesting_close();
		setup();
		write_one(5, 0);
		txn_answered(init_producer(v, txn_id), 0);
		txn_answered(end_txn(4, 5, true), 0); /* the next one's end */
		ck_assert_int_eq(ended_how(), PLACEMENT_TXN_OPEN);
	}
	/* Of another id, with an error, or without an id it tells nothing. */
	for (int how = 0; how < 3; how++) {
		struct exchange *x;

		attesting_close();
		setup();
		write_one(5, 0);
		x = init_producer(4, how == 0 ? "others" : how == 1 ? txn_id : NULL);
		txn_answered(x, how == 1 ? 51 : 0);
		/* Whoever got the id is known from then on. */
		ck_assert_int_eq(issued_has(chains->shared.issued, 5, 1), how != 1);
		ck_assert_int_eq(ended_how(), PLACEMENT_TXN_OPEN);
	}
}
END_TEST

/* EndTxn went out and nobody heard how it ended: a new start doesn't mean that it was aborted. */
START_TEST(initialised_behind_a_lost_end)
{
	struct exchange *x;

	write_one(5, 0);
	x = end_txn(4, 5, true);
	stage->lost(stage->self, x);
	stages_free(x);
	txn_answered(init_producer(4, txn_id), 0);
	ck_assert_int_eq(ended_how(), PLACEMENT_TXN_OPEN);
}
END_TEST

START_TEST(malformed)
{
	struct exchange *x = stages_exchange(API_END_TXN, 4, slice_str("?"));

	ck_assert_int_eq(request(x), STAGE_PASS);
	stages_free(x);
	x = stages_exchange(API_INIT_PRODUCER_ID, 4, slice_str("?"));
	ck_assert_int_eq(request(x), STAGE_PASS);
	stages_free(x);
}
END_TEST

/* --- what is stated is what the broker was given ------------------------------------------ */

/* The leaves of the batch that went out, as a verifier makes them (docs/FORMAT.md, "Leaf"). */
static void
add_leaves(struct exchange *x, bool bound, struct wr *to)
{
	struct wr body = outgoing(x, STAGE_REPLACE);
	struct produce_request q;
	struct batch b;
	struct rd r;

	ck_assert_int_eq(produce_request_read(x->version, wr_slice(&body), &q), 0);
	ck_assert_int_eq(batch_read(q.parts[0].records, &b), 0);
	ck_assert_int_eq(batch_codec(&b), CODEC_NONE);
	r = rd_of(b.records);
	for (int32_t i = 0; i < b.count; i++) {
		struct leaf_input in = {0};
		uint8_t leaf[LEAF_LEN];
		struct leaf_headers h;
		struct record rec;
		struct rd hr;

		ck_assert_int_eq(record_next(&r, b.base_timestamp, &rec), 0);
		leaf_set_record(&in, rec.key, rec.value, bound, rec.timestamp);
		hr = rd_of(rec.headers);
		if (rec.header_count > 3) {
			leaf_headers_begin(&h, (uint32_t)rec.header_count - 3);
			for (int32_t k = 0; k < rec.header_count - 3; k++) {
				struct slice name, value;

				ck_assert_int_eq(record_header_next(&hr, &name, &value), 0);
				leaf_headers_add(&h, name, value);
			}
			leaf_headers_end(&h, in.headers_hash);
		}
		leaf_of(&in, leaf);
		wr_bytes(to, leaf, LEAF_LEN);
	}
	produce_request_free(&q);
	wr_free(&body);
}

/* Three batches; the broker stored the last one first, and another client's records between them. */
START_TEST(stated_as_stored)
{
	static const struct {
		int32_t count;
		int64_t offset;
	} sent[] = {{3, 20}, {2, 30}, {5, 10}};
	static const size_t by_offset[] = {2, 0, 1};

	for (int append = 0; append <= 1; append++) {
		struct settings *set;
		struct wr leaves[3], want = wr_new(4096);
		struct statement *st;
		struct exchange *x[3];
		struct stated stated;
		struct window *w;
		struct chain *c;
		uint8_t root[SHA256_LEN];
		struct tree tree;
		int wait;

		attesting_close();
		attesting_open(&(struct attesting){0});
		cluster.topics[0].time = append ? "LogAppendTime" : "CreateTime";
		attesting_know("a");
		for (size_t i = 0; i < 3; i++) {
			struct wr batch = BATCH(.count = sent[i].count);
			struct stages_part p = {"a", NULL, 5, wr_slice(&batch)};

			x[i] = produce_of(9, 1, &p, 1);
			ck_assert_int_eq(request(x[i]), STAGE_REPLACE);
			leaves[i] = wr_new(4096);
			add_leaves(x[i], !append, &leaves[i]);
			wr_free(&batch);
		}
		for (size_t i = 3; i-- > 0;) {
			struct stages_result r = {"a", NULL, 5, 0, sent[i].offset, append ? attesting_wall : -1};

			ck_assert_int_eq(answer(x[i], &r, 1), STAGE_PASS);
			stages_free(x[i]);
		}
		tree_init(&tree);
		for (size_t i = 0; i < 3; i++)
			for (size_t k = 0; k < leaves[by_offset[i]].len; k += LEAF_LEN) {
				tree_add(&tree, leaves[by_offset[i]].buf + k);
				wr_bytes(&want, leaves[by_offset[i]].buf + k, LEAF_LEN);
			}
		tree_root(&tree, root);
		chains_stop(chains);
		c = chains_turn(chains, &w, NULL, &wait);
		ck_assert_ptr_nonnull(c);
		set = chains_settings(chains);
		ck_assert_int_eq(statement_of(c, w, set, slice_str(CLUSTER_ID), NULL, 1 << 20, &stated), 0);
		settings_unref(set);
		ck_assert(slice_eq(wr_slice(&stated.manifest), wr_slice(&want)));
		ck_assert_int_eq(statement_read(wr_slice(&stated.bytes), &st), 0);
		ck_assert_uint_eq(st->leaf_count, 10);
		ck_assert_mem_eq(st->root, root, SHA256_LEN);
		ck_assert_int_eq(st->log_append, append);
		ck_assert_int_eq(st->partition, 5);
		ck_assert_uint_eq(st->unresolved, 0);
		ck_assert_int_eq(st->first_offset, 10);
		ck_assert_int_eq(st->last_offset, 31);
		ck_assert_uint_eq(st->ranges.count, 3);
		for (size_t i = 0; i < 3; i++) {
			ck_assert_int_eq(st->ranges.list[i].first, sent[by_offset[i]].offset);
			ck_assert_int_eq(st->ranges.list[i].count, sent[by_offset[i]].count);
		}
		ck_assert_uint_eq(st->producer_count, 1);
		ck_assert(slice_eq(st->producers[0].client_id, slice_str("unit")));
		ck_assert_uint_eq(st->producers[0].records, 10);
		statement_free(st);
		chains_stated(c, w, stated.root, stated.sha256, stated.ended_told, NULL);
		stated_clear(&stated);
		for (size_t i = 0; i < 3; i++)
			wr_free(&leaves[i]);
		wr_free(&want);
	}
}
END_TEST

/* --- reloads --------------------------------------------------------------------------- */

START_TEST(reloads)
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {"a", NULL, 0, wr_slice(&batch)};
	struct config *off = attesting_config("attest: {exclude: [a]}");
	struct exchange *x = produce_of(9, 1, &p, 1), *y = produce_of(9, 1, &p, 1);

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	attest_set_config(attest, off);
	config_unref(off);
	ck_assert_int_eq(request(y), STAGE_PASS);
	answer_stored(x, "a", NULL, 0, 0); /* what went out before is still followed */
	ck_assert_int_eq(drained(true).members, 2);
	stages_free(x);
	stages_free(y);
	wr_free(&batch);
	attest_free(NULL);
}
END_TEST

/* An earlier run stated some as open. */
static void
left_open(void)
{
	struct heads heads = {0};
	struct heads_entry *e = heads_add(&heads);

	ck_assert_ptr_nonnull(e);
	e->cluster_id = strdup(CLUSTER_ID);
	e->topic = strdup("a");
	ck_assert_int_eq(head_runs_add(&e->head.open, (struct head_run){.first = 0, .count = 2, .producer_id = 5}), 0);
	chains_heads_restore(chains, &heads);
}

/* An end that passes before the cluster's id is known would not be held against what an earlier run left open. */
START_TEST(ends_wait_for_the_cluster)
{
	struct exchange *x;

	attesting_close();
	attesting_open(&(struct attesting){.no_cluster = true});
	txn_answered(end_txn(4, 5, true), 0); /* there is nothing to be held against */
	left_open();
	x = end_txn_of(4, 5, true);
	ck_assert_int_eq(request(x), STAGE_HOLD);
	ck_assert_uint_eq(x->pauses, 1);
	if (_i == 0)
		ck_assert_int_eq(chains_set_cluster(chains, slice_str(CLUSTER_ID)), 0);
	else
		attesting_pass(TOPICS_WAIT_MS);
	ck_assert_int_eq(request(x), STAGE_PASS);
	txn_answered(x, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attest");
	TCase *t = tcase_create("attest");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, wants);
	tcase_add_test(t, nothing_remembered);
	tcase_add_loop_test(t, ends_wait_for_the_cluster, 0, 2);
	tcase_add_test(t, commits_and_aborts);
	tcase_add_test(t, ends_elsewhere);
	tcase_add_loop_test(t, the_coordinator_moves, 0, 3);
	tcase_add_test(t, the_coordinator_moved_at_init);
	tcase_add_test(t, an_end_that_may_come_late);
	tcase_add_loop_test(t, an_end_that_is_out, 0, 2);
	tcase_add_test(t, two_connections_in_turn);
	tcase_add_test(t, ends_of_many);
	tcase_add_loop_test(t, answered_behind_its_end, 0, 2);
	tcase_add_test(t, nothing_is_asked_for);
	tcase_add_test(t, does_not_end);
	tcase_add_test(t, ends_at_last);
	tcase_add_test(t, the_next_one_stays_open);
	tcase_add_test(t, initialised_anew);
	tcase_add_test(t, initialised_behind_a_lost_end);
	tcase_add_test(t, malformed);
	tcase_add_test(t, stated_as_stored);
	tcase_add_test(t, reloads);
	suite_add_tcase(s, t);
	return suite_run(s);
}
