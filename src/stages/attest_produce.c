/*
 * A ProduceRequest on its way out: which of its batches are attested, and how.
 *
 *   request ─► attest_facts: what is known of its topics ─► each part: open, place, rewrite ─► attest_pieces: the new body
 *                                                             │ not ours to attest
 *                                                             └─► stays as it came
 *
 * A request by name goes out by id (kafka/produce_by_id.h) where the broker takes that: its answer tells of the topic
 * whose windows the records were placed in, and not of one that has the name now.
 */
#include "base/log.h"
#include "base/metrics.h"
#include "stages/attest_by_id.h"
#include "stages/attest_facts.h"
#include "stages/attest_internal.h"
#include "stages/attest_pieces.h"

/* Kafka's default of socket.request.max.bytes: a broker closes the connection on which a larger request comes. */
enum { REQUEST_MAX = 104857600 };

/* From this version on a producer's transactions have an epoch each, where the cluster has that (KIP-890). */
enum { PRODUCE_EPOCH_EACH = 12 };

/* A request may become so many times attest.max.plain.bytes: its thread serves nobody else meanwhile. */
enum { PLAIN_TIMES = 8 };

/* A batch that is ready to go, beside its `sent`. */
struct made {
	const struct produce_part *part;
	struct wr batch; /* empty: it goes as it came */
};

/* One request in work. */
struct work {
	struct attest *a;
	struct exchange *x;
	struct attest_reactor *reactor;
	struct config *config;
	struct produce_request req;
	struct attest_facts facts;
	struct attest_pieces pieces;
	struct attest_state *state;
	struct made *made; /* as many as state->sent has */
	struct attest_by_id by_id;
	unsigned changes; /* topics_changes() before anything was looked up */
	bool put;          /* the journal got some of it, which isn't committed */
	int64_t room;    /* so much longer may the request become */
	size_t plain;    /* so much may still be decompressed */
	size_t whole;    /* the batch that was rewritten last has so many bytes before it is compressed */
	bool changed;    /* in the pieces is another request than the client's */
	bool refuse;     /* attest.on.failure: reject, and something failed; or it came too early */
	bool rejected;   /* … the former, … */
	enum metric why; /* … for this reason */
	bool *twice;     /* by part: another one is of the same partition; NULL: none is */
	int64_t left_out[METRIC_COUNT]; /* records, by why they aren't attested: counted when they go out */
};

static void
unattested(struct work *w, enum metric reason, int64_t records)
{
	w->left_out[reason] += records > 0 ? records : 1;
}

static void
count_left_out(const struct work *w)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (w->left_out[i] > 0)
			metric_add((enum metric)i, w->left_out[i]);
}

/* It should have been attested and can't be: attest.on.failure says what follows. */
static void
failed(struct work *w, enum metric reason, int64_t records)
{
	enum { REJECT = 1 };

	if (w->config->attest_on_failure == REJECT) {
		w->refuse = w->rejected = true;
		w->why = reason;
	} else {
		unattested(w, reason, records);
	}
}

static void
count_rejected(const struct work *w)
{
	static const enum metric by_reason[METRIC_COUNT] = { /* of failed() */
		[METRIC_RECORDS_BACKLOG] = METRIC_REJECTED_BACKLOG,
		[METRIC_RECORDS_JOURNAL] = METRIC_REJECTED_JOURNAL,
		[METRIC_RECORDS_NO_MEMORY] = METRIC_REJECTED_NO_MEMORY,
		[METRIC_RECORDS_STOPPING] = METRIC_REJECTED_STOPPING,
		[METRIC_RECORDS_TOPIC_UNKNOWN] = METRIC_REJECTED_TOPIC_UNKNOWN,
	};

	metric_add(by_reason[w->why], 1);
}

static int
put_by_name(struct work *w, struct made *m)
{
	uint8_t prefix[5] = {0};
	size_t n = produce_records_prefix(exchange_version(w->x), m->batch.len, prefix);

	return attest_pieces_put(&w->pieces, m->part->field_at, m->part->field_len, slice_of(prefix, n), &m->batch);
}

/* The new batch in the part's place.  A buffer that isn't taken along serves the next one. */
static int
put_batch(struct work *w, struct made *m)
{
	int err = w->by_id.ids != NULL ? attest_by_id_put(&w->by_id, &w->req, &w->pieces, m->part, &m->batch) : put_by_name(w, m);

	w->changed = true;
	if (w->reactor->batch.cap == 0) {
		w->reactor->batch = m->batch;
		m->batch = wr_new(0);
	}
	wr_free(&m->batch);
	return err;
}

/* --- one part ------------------------------------------------------------------------------ */

static enum metric
reason_of(int err)
{
	switch (err) {
	case ERR_LIMIT: return METRIC_RECORDS_LIMIT;
	case ERR_UNSUPPORTED: return METRIC_RECORDS_CODEC;
	case ERR_NOMEM: return METRIC_RECORDS_NO_MEMORY;
	default: return METRIC_RECORDS_MALFORMED;
	}
}

static void
count_cost(const struct rewrite_cost *cost)
{
	metric_add(METRIC_CODEC_NS, cost->codec_ns);
	metric_add(METRIC_HASH_NS, cost->hash_ns);
}

static int
rewrite_in(struct work *w, const struct attempt *t, enum header_mode mode, struct slice dbom_topic)
{
	struct rewrite_order o = {
		.mode = mode,
		.dbom_topic = dbom_topic,
		.chain = chains_id_of(t),
		.bind_timestamp = t->time != CHAINS_TIME_APPEND,
		.both = t->time == CHAINS_TIME_UNKNOWN,
		.max_bytes = (size_t)w->config->attest_max_plain_bytes,
	};
	struct rewrite_cost cost = {0};
	int err;

	o.spans = chains_windows_of(t, &o.span_count);
	wr_reset(&w->reactor->batch);
	err = rewrite_batch(w->reactor->rewriter, &o, &w->reactor->batch, t->members, &cost);
	w->whole = cost.whole;
	count_cost(&cost);
	return err;
}

/*
 * How large the batch may become with headers.  With acks=0 nobody could tell the client to send one again
 * that only they make too large, so the limit must be known.
 */
static size_t
room_for_headers(const struct work *w, const struct topic_facts *f)
{
	if (f->format == TOPICS_FORMAT_V1) /* a broker refuses headers for it */
		return 0;
	return w->req.acks == 0 && !f->max_told ? 0 : f->max_bytes;
}

/* The new batch where the topic and the request have limits. */
static bool
fits(const struct work *w, const struct produce_part *p, const struct topic_facts *f)
{
	enum { PREFIX_MAX = 5 };
	size_t len = w->reactor->batch.len;

	return len <= room_for_headers(w, f) && w->whole <= f->max_whole && (int64_t)(len + PREFIX_MAX) - (int64_t)p->field_len <= w->room;
}

/*
 * The fullest headers that fit.  A retry keeps its first mode: other bytes
 * under the same sequence would not be what the log holds.
 */
static int
rewrite_fitting(struct work *w, const struct produce_part *p, const struct attempt *t, const struct topic_facts *f,
		enum header_mode *ret_mode)
{
	enum header_mode mode = t->retry ? chains_mode_of(t) : (enum header_mode)w->config->attest_headers;
	struct slice topic = slice_str(w->config->attest_dbom_topic);
	bool hashed = false;
	int err;

	for (;; mode++) {
		if (mode == HEADERS_NONE && hashed) { /* leaves are the same in every mode */
			wr_reset(&w->reactor->batch);
			break;
		}
		err = rewrite_in(w, t, mode, topic);
		hashed = err == 0;
		if ((err != 0 && err != ERR_LIMIT) || t->retry || mode == HEADERS_NONE)
			break;
		if (err == 0 && fits(w, p, f))
			break;
	}
	*ret_mode = mode;
	return err;
}

static void
count_mode(enum header_mode mode)
{
	metric_add(mode == HEADERS_FULL	     ? METRIC_BATCHES_FULL
		   : mode == HEADERS_COMPACT ? METRIC_BATCHES_COMPACT
					     : METRIC_BATCHES_NONE,
		   1);
}

static void
note_sent(struct work *w, const struct produce_part *p, const struct topic_facts *f, const struct batch *b,
	  const struct attempt *t)
{
	struct made *m = &w->made[w->state->count];
	struct sent *s = &w->state->sent[w->state->count++];
	uint8_t prefix[5];

	s->by_id = p->by_id;
	s->has_id = p->by_id || f->has_id;
	memcpy(s->topic_id, p->by_id ? p->topic_id : f->id, sizeof(s->topic_id));
	memcpy(s->topic, f->name, f->name_len + 1);
	s->topic_len = f->name_len;
	s->partition = p->partition;
	s->part = (size_t)(p - w->req.parts);
	s->records = b->count;
	s->longer = w->reactor->batch.len > 0;
	s->size = s->longer ? w->reactor->batch.len : p->records.n;
	s->whole = w->whole;
	s->reach = f->has_id && !t->retry ? chains_reach(t) : -1;
	s->attempt = *t;
	s->attempt.by_id = p->by_id;
	w->put |= !t->out;
	w->state->idempotent |= b->producer_id >= 0;
	*m = (struct made){.part = p, .batch = wr_new(0)};
	if (!s->longer)
		return;
	w->room -= (int64_t)(produce_records_prefix(exchange_version(w->x), s->size, prefix) + s->size) - (int64_t)p->field_len;
	m->batch = w->reactor->batch;
	w->reactor->batch = wr_new(m->batch.max);
}

/* Places what the rewriter has open, rewrites it, and makes it ready to go.  0, or why it goes as it came. */
static int
place_and_rewrite(struct work *w, const struct produce_part *p, const struct chains_batch *cb,
		  const struct topic_facts *f, struct attempt *ret)
{
	struct chains_batch again = *cb;
	enum header_mode mode;
	int err;

	for (;;) {
		struct attempt t;

		if ((err = chains_place(w->a->chains, &again, &t)) != 0)
			return err == ERR_LIMIT ? ERR_NOT_NOW : err == ERR_NOT_NOW ? ERR_CLOSED : err;
		err = rewrite_fitting(w, p, &t, f, &mode);
		if (err != 0) {
			chains_withdraw(&t);
			return err;
		}
		err = chains_write(&t, mode);
		if (err == ERR_LIMIT)
			return ERR_IO; /* the journal has its size */
		if (err == 0) {
			*ret = t;
			return 0;
		}
		/* The same sequence with other content: a batch of its own. */
		if (err != ERR_NOT_NOW || again.fresh)
			return err;
		again.fresh = true;
	}
}

static void
never(struct work *w, enum metric why, const struct batch *b)
{
	unattested(w, why, why == METRIC_RECORDS_LEGACY || why == METRIC_RECORDS_MALFORMED ? 1 : b->count);
}

/*
 * The batch's records, decompressed, before it is placed: what a header claims makes no room
 * for records, and no windows.  Without a bound for the whole request, four kilobytes for each
 * of many partitions would do.
 */
static int
open_batch(struct work *w, const struct batch *b)
{
	size_t most = (size_t)w->config->attest_max_plain_bytes;
	struct rewrite_cost cost = {0};
	int err;

	if (batch_codec(b) != CODEC_NONE && w->plain < most)
		most = w->plain;
	if (most == 0)
		return ERR_LIMIT;
	err = rewrite_open(w->reactor->rewriter, b, most, &cost);
	w->plain -= cost.plain < w->plain ? cost.plain : w->plain;
	count_cost(&cost);
	return err;
}

static void
attest_part(struct work *w, const struct produce_part *p, const struct topic_facts *f)
{
	struct batch b;
	enum metric not = attest_ours_why_not(p, &b);
	struct chains_batch cb;
	struct who who;
	struct attempt t;
	int err;

	if (not != METRIC_COUNT) {
		never(w, not, &b);
		return;
	}
	/* Without its timestamps a record isn't what it was: what a v0 topic keeps can't be held against a statement. */
	if (f->format == TOPICS_FORMAT_V0) {
		unattested(w, METRIC_RECORDS_LEGACY, b.count);
		return;
	}
	err = open_batch(w, &b);
	if (err == ERR_NOMEM) {
		failed(w, METRIC_RECORDS_NO_MEMORY, b.count);
		return;
	}
	if (err != 0) {
		unattested(w, reason_of(err), err == ERR_LIMIT || err == ERR_UNSUPPORTED ? b.count : 1);
		return;
	}
	cb = (struct chains_batch){
		.topic = slice_of(f->name, f->name_len),
		.topic_id = f->has_id ? f->id : NULL,
		.partition = p->partition,
		.count = b.count,
		.producer_id = b.producer_id,
		.producer_epoch = b.producer_epoch,
		.base_sequence = b.base_sequence,
		.transactional = batch_is(&b, BATCH_TRANSACTIONAL),
		.transactional_id = w->req.transactional_id,
		.shares_epoch = exchange_version(w->x) < PRODUCE_EPOCH_EACH,
		.time = f->time,
		.young = f->since.ns > 0 && monotime_since_ms(clock_now(), f->since) < TOPICS_YOUNG_MS,
	};
	who = (struct who){exchange_client_id(w->x), exchange_software_name(w->x), exchange_software_version(w->x),
			   exchange_principal(w->x)};
	cb.who = who_get(chains_who(w->a->chains), &who);
	err = place_and_rewrite(w, p, &cb, f, &t);
	rewrite_close(w->reactor->rewriter);
	who_unref(chains_who(w->a->chains), cb.who);
	switch (err) {
	case 0: break;
	/*
	 * Its first attempt is being rewritten on another thread at this moment.  What is sent now as it came could
	 * be what the broker keeps, beside a member that says otherwise; sent once more it is a retry, with the
	 * same windows.  Or too many batches of its sequence, all unlike it, are under way: they will have an outcome,
	 * and a statement.
	 */
	case ERR_EXISTS: w->refuse = true; return;
	case ERR_NOT_NOW: failed(w, METRIC_RECORDS_BACKLOG, b.count); return;
	case ERR_CLOSED: failed(w, METRIC_RECORDS_STOPPING, b.count); return;
	case ERR_IO: failed(w, METRIC_RECORDS_JOURNAL, b.count); return;
	case ERR_NOMEM: failed(w, METRIC_RECORDS_NO_MEMORY, b.count); return;
	default: unattested(w, reason_of(err), b.count); return;
	}
	note_sent(w, p, f, &b, &t);
}

/* --- the whole request ------------------------------------------------------------------------- */

/* Nothing is known of its topic: does that matter? */
static void
without_facts(struct work *w, const struct produce_part *p, int err)
{
	struct batch b;
	enum metric not = attest_facts_excluded(&w->facts, p) ? METRIC_RECORDS_EXCLUDED : attest_ours_why_not(p, &b);

	if (not == METRIC_RECORDS_EXCLUDED)
		unattested(w, not, attest_ours_records(p));
	else if (not != METRIC_COUNT)
		never(w, not, &b);
	else if (err == ERR_REMOTE) /* the cluster has no such topic or partition, as the broker says itself */
		unattested(w, METRIC_RECORDS_TOPIC_UNKNOWN, b.count);
	else
		failed(w, METRIC_RECORDS_TOPIC_UNKNOWN, b.count);
}

static void
attest_parts(struct work *w)
{
	for (size_t i = 0; i < w->req.count && !w->refuse; i++) {
		const struct produce_part *p = &w->req.parts[i];
		struct topic_facts f;
		int err;

		if (p->records.p == NULL)
			continue;
		if (w->twice != NULL && w->twice[i]) {
			unattested(w, METRIC_RECORDS_MALFORMED, 1);
			continue;
		}
		if (!p->by_id && !config_attests(w->config, p->topic)) {
			unattested(w, METRIC_RECORDS_EXCLUDED, attest_ours_records(p));
			continue;
		}
		if ((err = attest_facts_of(&w->facts, p, &f)) != 0) {
			without_facts(w, p, err);
			continue;
		}
		if (!config_attests(w->config, slice_of(f.name, f.name_len))) {
			unattested(w, METRIC_RECORDS_EXCLUDED, attest_ours_records(p));
			continue;
		}
		attest_part(w, p, &f);
	}
}

/*
 * One commit for all that the journal got: with state.sync always that is one wait for the disk, for which this thread
 * serves nobody.  Where it fails those batches stay as they came; retries were written before.
 */
static int
send_parts(struct work *w)
{
	bool committed = !w->put || chains_commit(w->a->chains) == 0;
	size_t count = w->state->count;
	int err = 0;

	w->state->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct sent *s = &w->state->sent[i];

		if (!committed && !s->attempt.out) {
			chains_withdraw(&s->attempt);
			failed(w, METRIC_RECORDS_JOURNAL, s->records);
			continue;
		}
		chains_send(&s->attempt);
		if (s->attempt.retry)
			metric_add(METRIC_RETRIES, 1);
		count_mode(s->attempt.mode);
		if (err == 0 && w->made[i].batch.len > 0)
			err = put_batch(w, &w->made[i]);
		if (w->state->count < i)
			w->state->sent[w->state->count] = *s;
		w->state->count++;
	}
	return err;
}

/* acks=0 is sent as acks=1: an offset is needed, and the client doesn't hear of it. */
static int
ask_for_answer(struct work *w)
{
	static const uint8_t one[2] = {0, 1};

	return attest_pieces_small(&w->pieces, w->req.acks_at, sizeof(one), slice_of(one, sizeof(one)));
}

static enum stage_verdict
refuse(struct work *w)
{
	struct wr body = wr_new(SIZE_MAX / 2);
	struct rope rope = {0};

	attest_take_back(w->state);
	if (w->rejected)
		count_rejected(w);
	LOG_LIMITED(LOG_LEVEL_WARN, "attest", "refused: it can't be attested now", LOG_B("client", exchange_client_id(w->x)));
	if (w->req.acks == 0 ||
	    produce_response_error(exchange_version(w->x), &w->req, NOT_ENOUGH_REPLICAS, &body) != 0 ||
	    rope_add_wr(&rope, &body) != 0) {
		wr_free(&body);
		return STAGE_CLOSE;
	}
	exchange_answer(w->x, &rope);
	return STAGE_ANSWER;
}

/* A topic was made again, perhaps, and what its client has under way by ids may be refused (attest_by_id.h). */
static enum stage_verdict
wait_for_answers(const struct attest *a, struct exchange *x)
{
	enum { LOOK_AGAIN_MS = 5 };

	if (!attest_by_id_waits(a, x) || exchange_age_ms(x) >= TOPICS_WAIT_MS)
		return STAGE_PASS;
	return exchange_pause(x, LOOK_AGAIN_MS) == 0 ? STAGE_HOLD : STAGE_CLOSE;
}

static enum stage_verdict
attest_all(struct work *w)
{
	enum stage_verdict verdict;
	int err = 0;

	w->state = calloc(1, sizeof(*w->state));
	if (w->state != NULL)
		w->state->sent = calloc(w->req.count > 0 ? w->req.count : 1, sizeof(*w->state->sent));
	w->made = calloc(w->req.count > 0 ? w->req.count : 1, sizeof(*w->made));
	if (w->state == NULL || w->state->sent == NULL || w->made == NULL)
		return STAGE_CLOSE;
	w->state->kind = EXCHANGE_PRODUCE;
	if (w->req.acks == 0)
		err = ask_for_answer(w);
	if (err == 0)
		attest_parts(w);
	if (err == 0 && (verdict = wait_for_answers(w->a, w->x)) != STAGE_PASS) { /* it was just now */
		attest_take_back(w->state);
		return verdict;
	}
	if (err == 0 && !w->refuse)
		err = attest_by_id_choose(w->a, w->x, &w->facts, w->state, w->room, &w->by_id);
	if (err == 0 && !w->refuse)
		err = send_parts(w);
	if (err == 0 && w->refuse)
		return refuse(w);
	if (err == 0 && w->by_id.ids != NULL && w->state->count > 0) {
		w->changed = true;
		err = attest_by_id_end(&w->by_id, &w->req, &w->pieces);
	}
	if (w->req.acks == 0 && w->state->count > 0) {
		w->changed = w->state->swallow = true;
		exchange_swallow(w->x);
	}
	if (err == 0 && w->changed)
		err = attest_pieces_end(&w->pieces);
	if (err == 0 && w->changed && w->by_id.ids != NULL)
		err = exchange_set_version(w->x, PRODUCE_BY_ID);
	if (err != 0) {
		attest_take_back(w->state);
		LOG_LIMITED(LOG_LEVEL_ERROR, "attest", "a request can't be rewritten, closing", LOG_S("cause", err_text(err)));
		return STAGE_CLOSE;
	}
	if (w->state->count > 0) {
		if (w->state->by_name != NULL)
			attest_by_id_sent(w->a, w->x, w->changes);
		exchange_set_state(w->x, &w->a->stage, w->state);
		w->state = NULL;
	}
	if (!w->changed)
		return STAGE_PASS;
	exchange_replace(w->x, &w->pieces.rope);
	return STAGE_REPLACE;
}

static void
made_free(struct work *w)
{
	for (size_t i = 0; w->made != NULL && i < w->req.count; i++)
		wr_free(&w->made[i].batch);
	free(w->made);
}

static void
all_unattested(struct work *w, enum metric reason)
{
	for (size_t i = 0; i < w->req.count; i++)
		if (w->req.parts[i].records.p != NULL)
			unattested(w, reason, attest_ours_records(&w->req.parts[i]));
}

enum stage_verdict
attest_produce_request(struct attest *a, struct exchange *x)
{
	struct work w = {.a = a, .x = x, .changes = topics_changes(a->topics)};
	enum stage_verdict verdict;
	int err;

	attest_pieces_begin(&w.pieces, x);
	w.reactor = exchange_reactor_state(x, &a->stage);
	w.room = REQUEST_MAX - (int64_t)(exchange_body_at(x) + w.pieces.body.n);
	w.config = attest_config(a);
	w.plain = PLAIN_TIMES * (size_t)w.config->attest_max_plain_bytes;
	err = produce_request_read(exchange_version(x), w.pieces.body, &w.req);
	/* Brokers take no string longer than that, and what a transaction keeps is not for strangers to choose. */
	if (err == ERR_NOMEM) {
		verdict = STAGE_CLOSE;
	} else if (err != 0 || w.req.transactional_id.n > INT16_MAX) {
		unattested(&w, METRIC_RECORDS_MALFORMED, 1);
		verdict = STAGE_PASS; /* the broker's to refuse */
	} else if ((verdict = wait_for_answers(a, x)) != STAGE_PASS) {
		; /* before it is looked at */
	} else if (!w.config->attest_enabled || w.reactor == NULL) {
		all_unattested(&w, w.reactor == NULL ? METRIC_RECORDS_NO_MEMORY : METRIC_RECORDS_DISABLED);
		verdict = STAGE_PASS;
	} else if (attest_ours_twice(&w.req, &w.twice) != 0) {
		verdict = STAGE_CLOSE;
	} else {
		w.facts = (struct attest_facts){a->topics, w.config, &w.req, w.twice};
		verdict = attest_facts_wait(&w.facts, x);
		if (verdict == STAGE_PASS)
			verdict = attest_all(&w);
	}
	if (verdict == STAGE_PASS || verdict == STAGE_REPLACE)
		count_left_out(&w);
	attest_state_free(w.state);
	made_free(&w);
	free(w.twice);
	attest_by_id_clear(&w.by_id);
	produce_request_free(&w.req);
	attest_pieces_clear(&w.pieces);
	config_unref(w.config);
	return verdict;
}
