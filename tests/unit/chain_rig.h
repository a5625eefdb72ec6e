/* chain_rig: one chain with hand-made batches, and a sealer that reads what it states. */
#ifndef TESTS_UNIT_CHAIN_RIG_H
#define TESTS_UNIT_CHAIN_RIG_H

#include <check.h>

#include "attest/chain_look.h"
#include "attest/issued.h"
#include "attest/statement_of.h"
#include "makoto/tree.h"

#define RIG_TOPIC "orders"
#define RIG_CLUSTER "c1"
#define RIG_WALL INT64_C(1767225600000) /* 2026-01-01T00:00:00.000Z */
#define RIG_STATED 4096

struct rig_stated {
	struct statement *s;
	struct wr bytes;
	struct wr manifest;
};

struct rig {
	struct chain_shared shared;
	struct settings *set;
	struct chain *c;
	struct chain_now now;
	struct rig_stated stated[RIG_STATED];
	size_t count;
};

static inline struct settings *
rig_settings(void)
{
	struct settings *s = settings_new();

	ck_assert_ptr_nonnull(s);
	memset(s->instance, 0x11, sizeof(s->instance));
	s->collector_id = strdup("urn:test:proxy");
	s->dbom_topic = strdup("makoto.dbom");
	s->source = strdup("kafka1:9092");
	s->version = strdup("1.2.3");
	s->level = 1;
	s->window_records = 10;
	s->window_age_ms = 1000;
	s->transaction_wait_ms = 5000;
	s->outcome_wait_ms = 3000;
	s->backlog_records = 1000000;
	return s;
}

static inline struct rig *
rig_start(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct chain_id id;

	ck_assert_ptr_nonnull(r);
	r->set = rig_settings();
	r->shared.turns = turns_new();
	r->shared.txns = txns_new();
	r->shared.who = who_table_new();
	r->shared.issued = issued_new();
	r->now = (struct chain_now){{1000000000}, RIG_WALL};
	ck_assert_int_eq(chain_id_make(slice_str(r->set->collector_id), r->set->instance, slice_str(RIG_CLUSTER),
				       slice_str(RIG_TOPIC), slice_str(""), 3, &id), 0);
	r->c = chain_new(&r->shared, slice_str(RIG_TOPIC), NULL, 3, &id);
	ck_assert_ptr_nonnull(r->c);
	return r;
}

static inline void
rig_stop(struct rig *r)
{
	for (size_t i = 0; i < r->count; i++) {
		statement_free(r->stated[i].s);
		wr_free(&r->stated[i].bytes);
		wr_free(&r->stated[i].manifest);
	}
	txns_free(r->shared.txns);
	chain_free(r->c);
	turns_free(r->shared.turns);
	turns_free(r->shared.looks);
	who_table_free(r->shared.who);
	issued_free(r->shared.issued);
	settings_unref(r->set);
	free(r);
}

static inline void
rig_pass(struct rig *r, int64_t ms)
{
	r->now.mono.ns += ms * 1000000;
	r->now.wall_ms += ms;
}

/* A batch of a producer without an id. */
static inline struct chains_batch
rig_batch(int32_t count)
{
	return (struct chains_batch){.topic = slice_str(RIG_TOPIC),
				     .partition = 3,
				     .count = count,
				     .producer_id = -1,
				     .producer_epoch = -1,
				     .base_sequence = -1};
}

static inline struct chains_batch
rig_idempotent(int64_t producer_id, int32_t base_sequence, int32_t count)
{
	struct chains_batch b = rig_batch(count);

	b.producer_id = producer_id;
	b.producer_epoch = 0;
	b.base_sequence = base_sequence;
	return b;
}

static inline struct chains_batch
rig_transactional(int64_t producer_id, int32_t base_sequence, int32_t count)
{
	struct chains_batch b = rig_idempotent(producer_id, base_sequence, count);

	b.transactional = true;
	b.transactional_id = slice_str("tx");
	return b;
}

/* The leaf of record `i` of the batch that the test calls `content`. */
static inline void
rig_leaf(int content, int32_t i, bool unbound, uint8_t out[LEAF_LEN])
{
	char text[64];

	snprintf(text, sizeof(text), "%d/%d%s", content, i, unbound ? " unbound" : "");
	sha256_of(slice_str(text), out);
}

static inline void
rig_fill(struct member *m, int32_t count, int content)
{
	for (int32_t i = 0; i < count; i++) {
		rig_leaf(content, i, false, m[i].leaf);
		rig_leaf(content, i, true, m[i].unbound);
		m[i].timestamp = RIG_WALL - 5000 + content * 100 + i;
		m[i].value_bytes = (uint32_t)(10 + i);
		m[i].flags = LEAF_TIME_BOUND;
		memset(m[i].key_prefix, content, sizeof(m[i].key_prefix));
	}
}

static inline void
rig_digest(const struct member *m, int32_t count, uint8_t out[32])
{
	struct sha256 h;

	sha256_init(&h);
	for (int32_t i = 0; i < count; i++)
		sha256_update(&h, m[i].leaf, LEAF_LEN);
	sha256_final(&h, out);
}

static inline struct attempt
rig_place(struct rig *r, struct chains_batch b, int content)
{
	struct attempt a;

	ck_assert_int_eq(chain_place(r->c, r->set, &b, r->now, &a), 0);
	ck_assert_ptr_nonnull(a.members);
	rig_fill(a.members, b.count, content);
	return a;
}

static inline int
rig_forward(struct rig *r, struct attempt *a)
{
	uint8_t digest[32];

	rig_digest(a->members, a->placement->count, digest);
	return chain_forward(r->c, a, HEADERS_FULL, digest);
}

/* Placed and on its way. */
static inline struct attempt
rig_send(struct rig *r, struct chains_batch b, int content)
{
	struct attempt a = rig_place(r, b, content);

	ck_assert_int_eq(rig_forward(r, &a), 0);
	return a;
}

/* Without headers. */
static inline struct attempt
rig_send_bare(struct rig *r, struct chains_batch b, int content)
{
	struct attempt a = rig_place(r, b, content);
	uint8_t digest[32];

	rig_digest(a.members, b.count, digest);
	ck_assert_int_eq(chain_forward(r->c, &a, HEADERS_NONE, digest), 0);
	return a;
}

/* One batch by itself goes out. */
static inline int
chains_forward(struct attempt *a, enum header_mode mode)
{
	int err = chains_write(a, mode);

	if (err != 0)
		return err;
	if ((err = chains_commit(a->chains)) != 0 && !a->out) {
		chains_withdraw(a);
		return err;
	}
	chains_send(a);
	return 0;
}

static inline enum chains_outcome
rig_answer(struct rig *r, struct attempt *a, int16_t error, int64_t base_offset, int64_t append_ms)
{
	struct answer answer = {error, base_offset, append_ms};

	return chain_settle(r->c, r->set, a, &answer, r->now);
}

static inline void
rig_stored(struct rig *r, struct attempt *a, int64_t base_offset)
{
	ck_assert_int_eq(rig_answer(r, a, 0, base_offset, -1), CHAINS_STORED);
}

/* From here on the log is read back, by rig_look(). */
static inline void
rig_reads_back(struct rig *r)
{
	r->shared.looks = turns_new();
	ck_assert_ptr_nonnull(r->shared.looks);
}

/* Reads the log for the one batch that is in doubt now: it stands at base_offset, or not there at all (-1). */
static inline void
rig_look(struct rig *r, int64_t base_offset, int64_t append_ms)
{
	struct doubt d;
	int64_t from;

	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	if (base_offset >= 0) {
		ck_assert_int_le(from, base_offset);
		d.found = true;
		d.base_offset = base_offset;
		d.append_ms = append_ms;
		d.log_append = append_ms >= 0;
	}
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
}

static inline struct window *
rig_turn(struct rig *r)
{
	return chain_turn(r->c, r->set, r->now, NULL);
}

/* States the window, reads the statement back, and checks how it hangs on the one before. */
static inline struct statement *
rig_state(struct rig *r, struct window *w)
{
	struct rig_stated *x = &r->stated[r->count], *before = r->count > 0 ? x - 1 : NULL;
	struct stated st;
	uint8_t sum[32];

	ck_assert_uint_lt(r->count, RIG_STATED);
	clock_set_for_tests(&r->now.mono, &r->now.wall_ms);
	ck_assert_int_eq(statement_of(r->c, w, r->set, slice_str(RIG_CLUSTER), NULL, SIZE_MAX, &st), 0);
	clock_set_for_tests(NULL, NULL);
	ck_assert_int_eq(statement_read(wr_slice(&st.bytes), &x->s), 0);
	ck_assert(chain_id_eq(&x->s->chain, &r->c->id));
	sha256_of(wr_slice(&st.bytes), sum);
	ck_assert_mem_eq(st.sha256, sum, 32);
	ck_assert_mem_eq(st.root, x->s->root, 32);
	ck_assert(manifest_is_right(x->s->manifest, wr_slice(&st.manifest), x->s->leaf_count,
				    x->s->manifest_sha256, x->s->root));
	if (before != NULL) {
		ck_assert_uint_gt(x->s->window_id, before->s->window_id);
		ck_assert_uint_eq(x->s->window_id - x->s->empty_before - 1, before->s->window_id);
		ck_assert_uint_eq(x->s->chain_length, before->s->chain_length + 1);
		ck_assert_uint_eq(x->s->genesis_window, r->stated[0].s->genesis_window);
		ck_assert_uint_eq(x->s->previous_window, before->s->window_id);
		ck_assert_mem_eq(x->s->previous_root, before->s->root, 32);
		sha256_of(wr_slice(&before->bytes), sum);
		ck_assert_mem_eq(x->s->previous_statement, sum, 32);
	}
	x->bytes = st.bytes;
	x->manifest = st.manifest;
	r->count++;
	chain_stated(r->c, w, st.root, st.sha256, st.ended_told, NULL);
	return x->s;
}

/* Takes turns until there is nothing to state; returns how many statements were made. */
static inline size_t
rig_seal(struct rig *r)
{
	size_t from = r->count;
	struct window *w;

	while ((w = rig_turn(r)) != NULL)
		(void)rig_state(r, w);
	return r->count - from;
}

static inline struct statement *
rig_last(struct rig *r)
{
	ck_assert_uint_gt(r->count, 0);
	return r->stated[r->count - 1].s;
}

#define ck_runs(runs_, ...)                                                                        \
	do {                                                                                       \
		static const int64_t want_[][2] = {__VA_ARGS__};                                   \
		const struct runs *got_ = (runs_);                                                 \
		ck_assert_uint_eq(got_->count, ARRAY_LEN(want_));                                  \
		for (size_t i_ = 0; i_ < ARRAY_LEN(want_); i_++) {                                 \
			ck_assert_int_eq(got_->list[i_].first, want_[i_][0]);                      \
			ck_assert_int_eq(got_->list[i_].count, want_[i_][1]);                      \
		}                                                                                  \
	} while (0)

#endif
