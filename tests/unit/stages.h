/*
 * stages: a stage's surroundings, for tests: an exchange that remembers what the stage
 * did to it, and Produce messages of every version, written by hand.
 *
 * It stands in for proxy/exchange.c, of which stages know no more than proxy/stage.h.
 */
#ifndef TESTS_UNIT_STAGES_H
#define TESTS_UNIT_STAGES_H

#include <check.h>

#include "base/clock.h"
#include "proxy/stage.h"

enum { STAGES_HEAD = 14 }; /* bytes before the body of each frame */

struct exchange {
	int16_t key, version;
	const char *client_id; /* NULL: null */
	struct blob *frame;
	struct rope body, answer;
	bool replaced, answered, swallowed, timed_out, unsent;
	unsigned holds, resumes;
	unsigned held_ms; /* asked for at the last hold */
	unsigned pauses, paused_ms;
	int64_t received_ms;
	struct ticket *ticket;
	void *state, *reactor, *session;
	char software[2][64];
	char principal[64];
	bool admitted, tokens;
};

struct ticket {
	struct exchange *x;
};

/* The message at hand becomes this one. */
static inline void
stages_message(struct exchange *x, struct slice body)
{
	blob_unref(x->frame);
	x->frame = blob_new(STAGES_HEAD + body.n);
	ck_assert_ptr_nonnull(x->frame);
	memset(x->frame->data, 0xee, STAGES_HEAD);
	if (body.n > 0)
		memcpy(x->frame->data + STAGES_HEAD, body.p, body.n);
	x->frame->len = STAGES_HEAD + body.n;
	rope_clear(&x->body);
	x->replaced = false;
}

static inline struct exchange *
stages_exchange(int16_t key, int16_t version, struct slice body)
{
	struct exchange *x = calloc(1, sizeof(*x));

	ck_assert_ptr_nonnull(x);
	x->key = key;
	x->version = version;
	x->client_id = "unit";
	x->received_ms = monotime_since_ms(clock_now(), (struct monotime){0});
	stages_message(x, body);
	return x;
}

static inline void
stages_free(struct exchange *x)
{
	ck_assert_ptr_null(x->state); /* the stage's to free */
	ck_assert_ptr_null(x->ticket);
	blob_unref(x->frame);
	rope_clear(&x->body);
	rope_clear(&x->answer);
	free(x);
}

/* All bytes of a rope. */
static inline struct wr
stages_flat(const struct rope *r)
{
	struct wr w = wr_new(SIZE_MAX / 2);

	for (size_t i = 0; i < r->count; i++)
		wr_bytes(&w, r->pieces[i].blob->data + r->pieces[i].off, r->pieces[i].len);
	ck_assert_int_eq(wr_err(&w), 0);
	ck_assert_uint_eq(w.len, r->total);
	return w;
}

/* --- proxy/stage.h -------------------------------------------------------------- */

int16_t
exchange_key(const struct exchange *x)
{
	return x->key;
}

int16_t
exchange_version(const struct exchange *x)
{
	return x->version;
}

struct slice
exchange_client_id(const struct exchange *x)
{
	return x->client_id != NULL ? slice_str(x->client_id) : (struct slice){NULL, 0};
}

struct slice
exchange_body(const struct exchange *x)
{
	return slice_of(x->frame->data + STAGES_HEAD, x->frame->len - STAGES_HEAD);
}

struct blob *
exchange_frame(const struct exchange *x)
{
	return x->frame;
}

size_t
exchange_body_at(const struct exchange *x)
{
	(void)x;
	return STAGES_HEAD;
}

struct slice
exchange_software_name(const struct exchange *x)
{
	return slice_str(x->software[0]);
}

struct slice
exchange_software_version(const struct exchange *x)
{
	return slice_str(x->software[1]);
}

void
exchange_set_software(struct exchange *x, struct slice name, struct slice version)
{
	(void)snprintf(x->software[0], sizeof(x->software[0]), "%.*s", (int)name.n, (const char *)name.p);
	(void)snprintf(x->software[1], sizeof(x->software[1]), "%.*s", (int)version.n, (const char *)version.p);
}

struct slice
exchange_principal(const struct exchange *x)
{
	return slice_str(x->principal);
}

void
exchange_set_principal(struct exchange *x, struct slice principal)
{
	(void)snprintf(x->principal, sizeof(x->principal), "%.*s", (int)principal.n, (const char *)principal.p);
}

void
exchange_admit(struct exchange *x)
{
	x->admitted = true;
}

void
exchange_tokens(struct exchange *x, bool on)
{
	x->tokens = on;
}

void
exchange_set_session_state(struct exchange *x, const struct stage *s, void *state)
{
	(void)s;
	x->session = state;
}

void *
exchange_session_state(const struct exchange *x, const struct stage *s)
{
	(void)s;
	return x->session;
}

void
exchange_set_state(struct exchange *x, const struct stage *s, void *state)
{
	(void)s;
	x->state = state;
}

void *
exchange_state(const struct exchange *x, const struct stage *s)
{
	(void)s;
	return x->state;
}

void *
exchange_reactor_state(const struct exchange *x, const struct stage *s)
{
	(void)s;
	return x->reactor;
}

void
exchange_replace(struct exchange *x, struct rope *body)
{
	rope_clear(&x->body);
	x->body = rope_take(body);
	x->replaced = true;
}

int
exchange_set_version(struct exchange *x, int16_t version)
{
	x->version = version;
	return 0;
}

void
exchange_answer(struct exchange *x, struct rope *body)
{
	rope_clear(&x->answer);
	x->answer = rope_take(body);
	x->answered = true;
}

void
exchange_swallow(struct exchange *x)
{
	x->swallowed = true;
}

struct ticket *
exchange_hold(struct exchange *x, unsigned timeout_ms)
{
	INVARIANT(timeout_ms > 0 && x->ticket == NULL); /* no check: memory may be failing */
	x->ticket = calloc(1, sizeof(*x->ticket));
	if (x->ticket == NULL)
		return NULL;
	x->ticket->x = x;
	x->timed_out = false;
	x->holds++;
	x->held_ms = timeout_ms;
	return x->ticket;
}

int
exchange_pause(struct exchange *x, unsigned ms)
{
	INVARIANT(ms > 0 && x->ticket == NULL);
	x->timed_out = false;
	x->pauses++;
	x->paused_ms = ms;
	return 0;
}

int64_t
exchange_age_ms(const struct exchange *x)
{
	return monotime_since_ms(clock_now(), (struct monotime){0}) - x->received_ms;
}

bool
exchange_is_unsent(const struct exchange *x)
{
	return x->unsent;
}

bool
exchange_timed_out(const struct exchange *x)
{
	return x->timed_out;
}

void
ticket_resume(struct ticket *t)
{
	if (t->x != NULL) {
		t->x->resumes++;
		t->x->ticket = NULL;
	}
	free(t);
}

/* Time is up before anybody resumed it. */
static inline void
stages_time_out(struct exchange *x)
{
	ck_assert_ptr_nonnull(x->ticket);
	x->ticket->x = NULL;
	x->ticket = NULL;
	x->timed_out = true;
}

/* --- Produce ------------------------------------------------------------------------ */

enum { STAGES_FLEXIBLE = 9, STAGES_BY_ID = 13 };

struct stages_part {
	const char *topic; /* NULL: by id */
	const uint8_t *id;
	int32_t partition;
	struct slice records; /* p == NULL: null */
};

static inline bool
stages_same_topic(const struct stages_part *a, const struct stages_part *b)
{
	return a->topic == b->topic && a->id == b->id;
}

static inline void
stages_count(struct wr *w, int16_t version, size_t n)
{
	if (version >= STAGES_FLEXIBLE)
		wr_uvarint(w, (uint32_t)n + 1);
	else
		wr_i32(w, (int32_t)n);
}

static inline void
stages_tags(struct wr *w, int16_t version)
{
	if (version >= STAGES_FLEXIBLE)
		wr_u8(w, 0);
}

static inline void
stages_topic(struct wr *w, int16_t version, const char *topic, const uint8_t *id)
{
	if (version >= STAGES_BY_ID)
		wr_bytes(w, id, 16);
	else if (version >= STAGES_FLEXIBLE)
		wr_compact(w, slice_str(topic));
	else
		wr_string(w, slice_str(topic));
}

/* A request; neighbours with the same topic pointer stand under one topic. */
static inline struct wr
stages_produce(int16_t version, int16_t acks, const char *transactional_id, const struct stages_part *parts, size_t n)
{
	struct slice id = transactional_id != NULL ? slice_str(transactional_id) : (struct slice){NULL, 0};
	struct wr w = wr_new(SIZE_MAX / 2);
	size_t topics = 0;

	if (version >= STAGES_FLEXIBLE)
		wr_compact(&w, id);
	else if (version >= 3)
		wr_string(&w, id);
	wr_i16(&w, acks);
	wr_i32(&w, 30000);
	for (size_t i = 0; i < n; i++)
		topics += i == 0 || !stages_same_topic(&parts[i - 1], &parts[i]);
	stages_count(&w, version, topics);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && stages_same_topic(&parts[i], &parts[k]);)
			k++;
		stages_topic(&w, version, parts[i].topic, parts[i].id);
		stages_count(&w, version, k - i);
		for (size_t j = i; j < k; j++) {
			wr_i32(&w, parts[j].partition);
			if (version >= STAGES_FLEXIBLE)
				wr_compact(&w, parts[j].records);
			else
				wr_nbytes(&w, parts[j].records);
			stages_tags(&w, version);
		}
		stages_tags(&w, version);
	}
	stages_tags(&w, version);
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

struct stages_result {
	const char *topic;
	const uint8_t *id;
	int32_t partition;
	int16_t error;
	int64_t base_offset;
	int64_t append_ms;
};

/* An answer, each result under a topic entry of its own. */
static inline struct wr
stages_produced(int16_t version, const struct stages_result *results, size_t n)
{
	struct wr w = wr_new(SIZE_MAX / 2);

	stages_count(&w, version, n);
	for (size_t i = 0; i < n; i++) {
		stages_topic(&w, version, results[i].topic, results[i].id);
		stages_count(&w, version, 1);
		wr_i32(&w, results[i].partition);
		wr_i16(&w, results[i].error);
		wr_i64(&w, results[i].base_offset);
		if (version >= 2)
			wr_i64(&w, results[i].append_ms);
		if (version >= 5)
			wr_i64(&w, 0);
		if (version >= 8)
			stages_count(&w, version, 0);
		if (version >= STAGES_FLEXIBLE)
			wr_compact(&w, (struct slice){NULL, 0});
		else if (version >= 8)
			wr_string(&w, (struct slice){NULL, 0});
		stages_tags(&w, version);
		stages_tags(&w, version);
	}
	if (version >= 1)
		wr_i32(&w, 0);
	stages_tags(&w, version);
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

#endif
