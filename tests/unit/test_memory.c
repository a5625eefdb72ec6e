/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: over the
 * life of what a client produces, from its request to the signed statement.
 *
 *   request ─► stored, the answer lost ─► the same again ─► the same sequence with other content,
 *   and a batch more ─► the transaction ends ─► every window stated and signed
 *
 * Whatever happens: nothing of it is a crash, nothing leaks, nothing is left behind in the
 * chains, what comes afterwards is attested, and what the statements say is what the broker's
 * log holds (docs/FORMAT.md).  Where there is a journal, too, a start could go on with it at
 * any time.
 */
#include "failing.h"

#include "attesting.h"

#include <fcntl.h>
#include <unistd.h>

#include "attest/chain_journal.h"
#include "attest/chains_internal.h"
#include "attest/journal_space.h"
#include "attest/outgoing.h"
#include "attest/recovery.h"
#include "attest/statement_of.h"
#include "keys/keygen.h"
#include "keys/signer.h"
#include "kafka/produce.h"
#include "kafka/record.h"
#include "makoto/envelope.h"
#include "makoto/triple.h"
#include "scratch.h"
#include "suite.h"

enum { LOG_MAX = 256, PARTS = 5, WINDOW = 4, STATED_MAX = 64, PRODUCER = 7 };

/* --- a broker ---------------------------------------------------------------------------- */

struct stored {
	int32_t partition;
	int64_t offset;
	int64_t producer_id, greatest;
	int32_t sequence, count; /* of its batch */
	bool first;              /* of its batch */
	uint8_t leaf[LEAF_LEN];
	bool named; /* it has our headers */
	struct chain_id chain;
	uint64_t window;
	int covered;
};

static struct stored broker[LOG_MAX];
static size_t broker_count;
static struct codecs *codecs;

static void
keep_record(struct stored *s, const struct record *r)
{
	struct leaf_input in = {0};
	struct header headers[16];
	struct leaf_headers h;
	struct triple t;
	struct rd rest = rd_of(r->headers);
	size_t covered;

	ck_assert_int_le(r->header_count, 16);
	for (int32_t i = 0; i < r->header_count; i++)
		ck_assert_int_eq(record_header_next(&rest, &headers[i].name, &headers[i].value), 0);
	leaf_set_record(&in, r->key, r->value, true, r->timestamp);
	covered = (size_t)r->header_count;
	if (triple_last(headers, covered, r->value.p == NULL ? NULL : in.value_hash, &t)) {
		ck_assert(t.well_formed);
		s->named = true;
		s->chain = t.chain;
		s->window = t.window_id;
		covered = t.at;
	}
	if (covered > 0) {
		leaf_headers_begin(&h, (uint32_t)covered);
		for (size_t i = 0; i < covered; i++)
			leaf_headers_add(&h, headers[i].name, headers[i].value);
		leaf_headers_end(&h, in.headers_hash);
	}
	leaf_of(&in, s->leaf);
}

static int64_t
next_offset(int32_t partition)
{
	int64_t n = 0;

	for (size_t i = 0; i < broker_count; i++)
		n += broker[i].partition == partition;
	return n;
}

static const struct stored *
find_batch(int32_t partition, const struct batch *b)
{
	for (size_t i = 0; i < broker_count; i++)
		if (broker[i].first && broker[i].partition == partition && b->producer_id >= 0 &&
		    broker[i].producer_id == b->producer_id && broker[i].sequence == b->base_sequence &&
		    broker[i].count == b->count)
			return &broker[i];
	return NULL;
}

/* Stores a batch, or finds that it has it; the answer is Kafka's. */
static struct stages_result
take_batch(int32_t partition, struct slice records)
{
	struct stages_result ret = {"a", id_a, partition, 0, next_offset(partition), -1};
	struct wr plain = wr_new(1 << 20);
	const struct stored *before;
	struct stored *first = &broker[broker_count];
	struct batch b;
	struct rd r;

	ck_assert_int_eq(batch_read(records, &b), 0);
	ck_assert(batch_crc_matches(&b));
	if ((before = find_batch(partition, &b)) != NULL) {
		ret.base_offset = before->offset;
		ret.append_ms = before->greatest;
		return ret;
	}
	ck_assert_int_eq(codec_decompress(codecs, batch_codec(&b), b.records, 1 << 20, &plain), 0);
	r = rd_of(wr_slice(&plain));
	for (int32_t i = 0; i < b.count; i++) {
		struct stored *s = &broker[broker_count++];
		struct record rec;

		ck_assert_uint_lt(broker_count, LOG_MAX);
		*s = (struct stored){.partition = partition,
				     .offset = ret.base_offset + i,
				     .producer_id = b.producer_id,
				     .sequence = b.base_sequence,
				     .count = b.count,
				     .first = i == 0};
		ck_assert_int_eq(record_next(&r, b.base_timestamp, &rec), 0);
		keep_record(s, &rec);
		/* A broker reckons it itself (LogValidator), whatever the batch says. */
		if (i == 0 || rec.timestamp > first->greatest)
			first->greatest = rec.timestamp;
	}
	wr_free(&plain);
	return ret;
}

/* --- the client, and what the stage is given ------------------------------------------------- */

static struct signer *signer;
static struct trust *trust;
static int64_t before[METRIC_COUNT];
static uint64_t taken; /* statements in this life */

static bool has_journal;

/* The client's version; the broker takes Produce by id.  At 12 it goes out by id, and the answer is said again. */
static int16_t version;

/* What runs in here fails where it was told; the test's own calls don't. */
#define FAILS(call) (failing.armed = true, x_ = (int)(call), failing.armed = false, x_)

/* A lasting want of memory ends with the message that met it. */
static void
step_ends(void)
{
	if (failing.failed > 0)
		failing.at = UINT64_MAX;
}

/* The request as often as it takes to be sent; what the broker makes of it is in `results`. */
static struct exchange *
send_until_out(struct wr *batches, const int32_t *partitions, size_t n, struct stages_result *results)
{
	struct stages_part parts[PARTS];
	int x_;

	for (size_t i = 0; i < n; i++)
		parts[i] = (struct stages_part){"a", NULL, partitions[i], wr_slice(&batches[i])};
	for (int tries = 0;; tries++) {
		struct wr w = stages_produce(version, 1, "tx", parts, n), out;
		struct exchange *x = stages_exchange(API_PRODUCE, version, wr_slice(&w));
		struct produce_request q;
		enum stage_verdict v;

		ck_assert_int_lt(tries, 2); /* memory is back by then */
		x->reactor = reactor;
		x->session = attesting_session;
		v = (enum stage_verdict)FAILS(stage->request(stage->self, x));
		step_ends();
		wr_free(&w);
		if (v == STAGE_CLOSE || v == STAGE_ANSWER) {
			ck_assert_uint_gt(failing.failed, 0);
			stages_free(x); /* nothing of it is remembered */
			continue;
		}
		out = outgoing(x, v);
		ck_assert(x->version == version || (version == 12 && x->version == 13));
		ck_assert(failing.failed > 0 || (x->version == 13) == (version == 12));
		ck_assert_int_eq(produce_request_read(x->version, wr_slice(&out), &q), 0);
		ck_assert_uint_eq(q.count, n);
		for (size_t i = 0; i < n; i++)
			results[i] = take_batch(q.parts[i].partition, q.parts[i].records);
		produce_request_free(&q);
		wr_free(&out);
		return x;
	}
}

/* The answer is the client's, by name, to the byte. */
static void
ck_said_again(struct exchange *x, const struct stages_result *results, size_t n)
{
	struct wr want = stages_produced(version, results, n), is = stages_flat(&x->body);

	ck_assert_int_eq(x->version, version);
	ck_assert(slice_eq(wr_slice(&is), wr_slice(&want)));
	wr_free(&want);
	wr_free(&is);
}

static void
answer_in(struct exchange *x, const struct stages_result *results, size_t n)
{
	int16_t went = x->version;
	enum stage_verdict v;
	int x_;

	if (x->state == NULL) { /* nothing was attested: nobody asks for the answer */
		stages_free(x);
		return;
	}
	{
		struct wr w = stages_produced(x->version, results, n);

		stages_message(x, wr_slice(&w));
		wr_free(&w);
	}
	v = (enum stage_verdict)FAILS(stage->response(stage->self, x));
	if (went == version)
		ck_assert_int_eq(v, STAGE_PASS);
	else if (v == STAGE_CLOSE)
		ck_assert_uint_gt(failing.failed, 0);
	else
		ck_said_again(x, results, n);
	step_ends();
	stages_free(x);
}

static void
end_transaction(void)
{
	struct wr w = wr_new(256);
	struct exchange *x;
	int x_;

	wr_compact(&w, slice_str("tx"));
	wr_i64(&w, PRODUCER);
	wr_i16(&w, 0);
	wr_u8(&w, 1);
	wr_u8(&w, 0);
	x = stages_exchange(API_END_TXN, 3, wr_slice(&w));
	x->session = attesting_session;
	if (FAILS(stage->request(stage->self, x)) != STAGE_PASS) {
		ck_assert_uint_gt(failing.failed, 0);
		step_ends();
		ck_assert_int_eq(request(x), STAGE_PASS); /* it asks again */
	}
	wr_reset(&w);
	wr_i32(&w, 0);
	wr_i16(&w, 0);
	wr_u8(&w, 0);
	stages_message(x, wr_slice(&w));
	wr_free(&w);
	ck_assert_int_eq(FAILS(stage->response(stage->self, x)), STAGE_PASS);
	attesting_session = x->session;
	step_ends();
	stages_free(x);
}

/* --- statements ------------------------------------------------------------------------------ */

struct chain_seen {
	struct chain_id chain;
	uint64_t window;
	uint8_t sha256[SHA256_LEN]; /* of the statement */
};

static struct chain_seen seen[STATED_MAX];
static size_t seen_count;

/* The statement links to the one before it in its chain. */
static void
ck_link(const struct statement *s, struct slice payload)
{
	struct chain_seen *at = NULL;

	for (size_t i = 0; i < seen_count; i++)
		if (chain_id_eq(&seen[i].chain, &s->chain))
			at = &seen[i];
	ck_assert_uint_eq(s->window_id - s->empty_before - 1, at == NULL ? 0 : at->window);
	ck_assert_uint_eq(s->previous_window, at == NULL ? 0 : at->window);
	if (at != NULL)
		ck_assert_mem_eq(s->previous_statement, at->sha256, SHA256_LEN);
	if (at == NULL)
		at = &seen[seen_count++];
	ck_assert_uint_lt(seen_count, STATED_MAX);
	at->chain = s->chain;
	at->window = s->window_id;
	sha256_of(payload, at->sha256);
}

/* Every member is in the log at its offset, with its leaf, and names this window where it names one. */
static void
ck_members(const struct statement *s, struct slice manifest)
{
	ck_assert(manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root));
	for (size_t i = 0; i < broker_count; i++) {
		struct stored *r = &broker[i];
		uint64_t at;

		if (r->partition != s->partition || !runs_find(&s->ranges, r->offset, &at))
			continue;
		ck_assert_mem_eq(manifest_leaf(s->manifest, manifest, at), r->leaf, LEAF_LEN);
		ck_assert(!r->named || (chain_id_eq(&r->chain, &s->chain) && r->window == s->window_id));
		r->covered++;
	}
	ck_assert_int_lt(s->last_offset, next_offset(s->partition));
}

static void
ck_published(struct slice value, struct slice manifest)
{
	struct wr pae = wr_new(1 << 20);
	const struct public_key *k;
	struct statement *s;
	struct envelope e;

	ck_assert_int_eq(envelope_read(value, &e), 0);
	envelope_pae(wr_slice(&e.type), wr_slice(&e.payload), &pae);
	ck_assert_int_eq(trust_verify(trust, wr_slice(&pae), wr_slice(&e.sig), wr_slice(&e.keyid), &k), 0);
	ck_assert_int_eq(statement_read(wr_slice(&e.payload), &s), 0);
	ck_link(s, wr_slice(&e.payload));
	ck_members(s, manifest);
	statement_free(s);
	wr_free(&pae);
	envelope_clear(&e);
}

static int
sign(const struct stated *st, struct wr *ret)
{
	struct slice type = slice_str(STATEMENT_PAYLOAD_TYPE);
	struct wr pae = wr_new(1 << 20), sig = wr_new(1 << 16);
	int err;

	envelope_pae(type, wr_slice(&st->bytes), &pae);
	err = wr_err(&pae);
	if (err == 0)
		err = signer_sign(signer, wr_slice(&pae), &sig, NULL, 0);
	if (err == 0)
		err = envelope_write(type, wr_slice(&st->bytes), signer_keyid(signer), wr_slice(&sig), ret);
	wr_free(&pae);
	wr_free(&sig);
	return err;
}

/* What the sealer does, twice when it must. */
#define UNTIL_DONE(call)                                                                            \
	do {                                                                                       \
		int err_, x_;                                                                      \
		while ((err_ = FAILS(call)) != 0) {                                                \
			ck_assert(err_ == ERR_NOMEM || (err_ == ERR_IO && has_journal));           \
			ck_assert_uint_gt(failing.failed, 0);                                      \
			step_ends();                                                               \
		}                                                                                  \
	} while (0)

static int
make_outgoing(struct outgoing **ret)
{
	*ret = outgoing_new();
	return *ret == NULL ? ERR_NOMEM : 0;
}

static void
state_one(struct chain *c, struct window *w)
{
	struct settings *set = chains_settings(chains);
	struct wr value = wr_new(1 << 20);
	struct outgoing *o;
	struct stated st;

	UNTIL_DONE(statement_of(c, w, set, slice_str(CLUSTER_ID), signer_keyid(signer), 1 << 20, &st));
	UNTIL_DONE((wr_free(&value), sign(&st, &value)));
	UNTIL_DONE(make_outgoing(&o));
	o->window = w->id;
	o->since_ms = w->start_ms;
	o->records = w->members;
	o->value = value;
	o->manifest = st.manifest;
	st.manifest = wr_new(1 << 20);
	UNTIL_DONE(chain_journal_stated(c, w, &st, o));
	chains_stated(c, w, st.root, st.sha256, st.ended_told, o);
	stated_clear(&st);
	settings_unref(set);
	taken++;
}

static void
publish_one(struct chain *c, struct outgoing *o)
{
	struct wr value, manifest;

	UNTIL_DONE(outgoing_take(o, &value, &manifest));
	ck_published(wr_slice(&value), wr_slice(&manifest));
	wr_free(&value);
	wr_free(&manifest);
	failing.armed = true;
	chains_published(c, o);
	failing.armed = false;
}

static void
tidy(void)
{
	failing.armed = true;
	(void)chains_journal_tidy(chains);
	failing.armed = false;
	step_ends();
}

static void
state_all(void)
{
	struct outgoing *o;
	struct window *w;
	struct chain *c;
	int wait;

	chains_stop(chains);
	for (;;) {
		failing.armed = true;
		c = chains_turn(chains, &w, &o, &wait);
		failing.armed = false;
		if (c == NULL)
			return;
		if (o != NULL)
			publish_one(c, o);
		if (w != NULL)
			state_one(c, w);
		tidy();
	}
}

/* --- the journal, where there is one ----------------------------------------------------------- */

static struct journal *journal;
static char dir[64];
static int dir_fd;

static const uint8_t boot[16] = {1};

/* Each block is a segment of its own. */
static void
journal_begin(enum journal_sync sync)
{
	struct journal_conf conf = {.dir_fd = dir_fd, .max_bytes = 64 << 20, .segment_bytes = 1, .sync = sync};
	char why[256];

	memcpy(conf.instance, attesting_instance, sizeof(conf.instance));
	memcpy(conf.boot, boot, sizeof(boot));
	ck_assert_msg(journal_open(&conf, &journal, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(chains_journal_begin(chains, journal, NULL), 0);
	atomic_store(&chains->shared.outgoing, OUTGOING_MEMORY_MAX); /* the journal alone has statements */
}

static void
journal_end(void)
{
	ck_assert_int_eq(journal_sync(journal), 0);
	ck_assert_int_eq(journal_remove(dir_fd, journal_last(journal)), 0);
	journal_close(journal);
}

static int64_t
records_of(const struct chain *c)
{
	int64_t n = 0;

	LIST_EACH(&c->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e)
			n += CONTAINER_OF(e, struct span, in_window)->count;
	}
	return n;
}

/* What a start would find there, if the process were killed now: all that isn't stated, at least. */
static void
ck_recovers(void)
{
	struct settings *set = chains_settings(chains);
	struct chains *next = chains_new(set);
	struct chains_numbers numbers;
	struct recovery *r = NULL;
	int64_t records = 0;
	char why[256];

	settings_unref(set);
	ck_assert_int_eq(journal_commit(journal), 0);
	ck_assert_msg(recovery_scan(dir_fd, boot, &r, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(recovery_replay(r, &next->shared, (struct chain_now){attesting_mono, attesting_wall}, &next->recovered,
				      why, sizeof(why)) == 0, "%s", why);
	LIST_EACH(&next->recovered, e)
		records += records_of(CONTAINER_OF(e, struct recovered, link)->chain);
	chains_count(chains, &numbers);
	ck_assert_int_ge(records, numbers.backlog);
	ck_assert(records == numbers.backlog || failing.failed > 0);
	recovery_free(r);
	chains_free(next);
}

/* --- one life --------------------------------------------------------------------------------- */

static int64_t
unattested(void)
{
	int64_t n = 0;

	for (int m = METRIC_RECORDS_EXCLUDED; m <= METRIC_RECORDS_DUPLICATE; m++)
		n += metric_read((enum metric)m) - before[m];
	return n;
}

/* Memory is back: what comes now is attested. */
static void
go_on(void)
{
	uint64_t at = failing.at, calls = failing.calls;
	struct wr batch[] = {BATCH(.count = 2)};
	struct stages_result results[PARTS];
	size_t from = broker_count;
	struct exchange *x;

	failing.at = UINT64_MAX;
	x = send_until_out(batch, (const int32_t[]){3}, 1, results);
	answer_in(x, results, 1);
	failing.at = at;
	failing.calls = calls;
	ck_assert_uint_eq(broker_count, from + 2);
	for (size_t i = from; i < broker_count; i++)
		ck_assert(broker[i].named);
	wr_free(&batch[0]);
}

static void
live(void)
{
	static const int32_t first[] = {0, 1, 2, 3}, second[] = {0, 4};
	static const struct made_record other[] = {{.key = "k", .value = "other"}, {.key = "k", .value = "content"},
						   {.key = "k", .value = "here"}};
	struct wr a[] = {BATCH(.count = 3, .producer = true, .producer_id = PRODUCER),
			 BATCH(.count = 5, .codec = CODEC_GZIP),
			 BATCH(.count = 5, .codec = CODEC_ZSTD, .producer = true, .producer_id = PRODUCER,
			       .attributes = BATCH_TRANSACTIONAL),
			 BATCH(.count = 2, .codec = CODEC_LZ4, .producer = true, .producer_id = PRODUCER)};
	struct wr b[] = {BATCH(.count = 3, .producer = true, .producer_id = PRODUCER, .records = other),
			 BATCH(.count = 5, .codec = CODEC_SNAPPY)};
	struct stages_result results[PARTS];
	struct exchange *x;

	chains_issued(chains, PRODUCER, 0); /* else only the log tells whether a retry was stored */
	x = send_until_out(a, first, ARRAY_LEN(a), results);
	if (x->state != NULL) {
		failing.armed = true;
		stage->lost(stage->self, x);
		failing.armed = false;
	}
	stages_free(x);
	x = send_until_out(a, first, ARRAY_LEN(a), results);
	answer_in(x, results, ARRAY_LEN(a));
	x = send_until_out(b, second, ARRAY_LEN(b), results);
	answer_in(x, results, ARRAY_LEN(b));
	end_transaction();
	go_on();
	if (has_journal) {
		tidy();
		ck_recovers();
	}
	state_all();
	if (has_journal)
		ck_recovers();
	for (size_t i = 0; i < ARRAY_LEN(a); i++)
		wr_free(&a[i]);
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		wr_free(&b[i]);
}

/* Every record once in a statement, or counted; where failing is refused, none was let through as it came. */
static void
ck_life(bool refused)
{
	struct chains_numbers numbers;
	int64_t covered = 0;

	for (size_t i = 0; i < broker_count; i++) {
		ck_assert_int_le(broker[i].covered, 1);
		covered += broker[i].covered;
		ck_assert(broker[i].named || !refused);
	}
	/* The batch that has no producer id is in the log twice, and of the first nobody knows any more. */
	if (failing.failed == 0)
		ck_assert_int_eq(covered, (int64_t)broker_count - 5);
	ck_assert_msg(covered + unattested() >= (int64_t)broker_count, "of %zu records %lld are stated and %lld counted",
		      broker_count, (long long)covered, (long long)unattested());
	chains_count(chains, &numbers);
	ck_assert_uint_eq(numbers.windows, 0);
	ck_assert_int_eq(numbers.backlog, 0);
}

/* Lives in which one call fails, each a later one, up to the one that has none left to fail. */
static void
all_lives(bool lasting, const char *yaml, int life)
{
	uint64_t n = 0;

	version = life % 2 == 0 ? 9 : 12;
	has_journal = life >= 2;
	do {
		int64_t alive = failing.live;

		broker_count = seen_count = taken = 0;
		attesting_open(&(struct attesting){.window_records = WINDOW, .yaml = yaml});
		attesting_know("a");
		broker_takes(0, 13);
		for (int m = 0; m < METRIC_COUNT; m++)
			before[m] = metric_read((enum metric)m);
		if (has_journal)
			journal_begin(version == 9 ? JOURNAL_SYNC_ALWAYS : JOURNAL_SYNC_WINDOW);
		failing_begin(++n, lasting);
		live();
		ck_life(yaml != NULL);
		attesting_close();
		if (has_journal)
			journal_end();
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 100);
	ck_assert_uint_eq(taken, 8);
}

static void
setup(void)
{
	char priv[80], pub[80], uri[96], id[KEYID_LEN + 1], why[256];

	codecs = codecs_new(NULL);
	ck_assert_ptr_nonnull(codecs);
	scratch_make("test_memory", dir, sizeof(dir));
	snprintf(priv, sizeof(priv), "%s/key.pem", dir);
	snprintf(pub, sizeof(pub), "%s/pub.pem", dir);
	snprintf(uri, sizeof(uri), "file:%s", priv);
	ck_assert_int_eq(key_generate("p256", priv, pub, id, why, sizeof(why)), 0);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = uri, .base_dir = "/"}, &signer, why, sizeof(why)), 0);
	trust = trust_new();
	ck_assert_int_eq(trust_load(trust, pub, why, sizeof(why)), 0);
	ck_assert_int_eq(unlink(priv), 0);
	ck_assert_int_eq(unlink(pub), 0);
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
}

static void
teardown(void)
{
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
	signer_free(signer);
	trust_free(trust);
	codecs_free(codecs);
}

START_TEST(one_call)
{
	all_lives(false, NULL, _i);
}
END_TEST

START_TEST(from_a_call_on)
{
	all_lives(true, NULL, _i);
}
END_TEST

START_TEST(one_call_where_failing_is_refused)
{
	all_lives(false, "attest:\n  on:\n    failure: reject\n", _i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory");
	TCase *t = tcase_create("memory");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, one_call, 0, 4);
	tcase_add_loop_test(t, from_a_call_on, 0, 4);
	tcase_add_loop_test(t, one_call_where_failing_is_refused, 0, 4);
	suite_add_tcase(s, t);
	return suite_run(s);
}
