/* An exchange's messages, and tickets: who resumes it, from where, how late. */
#include "proxy/exchange.h"

#include <check.h>
#include <pthread.h>

#include "hex.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "proxy/pipeline.h"
#include "proxy/session.h"
#include "suite.h"

/* --- a session that only counts ------------------------------------------------------ */

struct session {
	struct loop *loop;
	unsigned resumed;
	bool timed_out;
	struct exchange *last;
	char software[2][32];
	char principal[32];
	bool admitted, tokens;
	void *stage_state[4];
};

static struct session session;
static struct pipeline pipeline;

struct loop *
session_loop(const struct session *s)
{
	return s->loop;
}

void
session_exchange_resumed(struct session *s, struct exchange *x)
{
	s->resumed++;
	s->last = x;
	s->timed_out = exchange_timed_out(x);
}

struct slice
session_software(const struct session *s, unsigned which)
{
	return slice_str(s->software[which]);
}

void
session_set_software(struct session *s, struct slice name, struct slice version)
{
	(void)snprintf(s->software[0], sizeof(s->software[0]), "%.*s", (int)name.n, (const char *)name.p);
	(void)snprintf(s->software[1], sizeof(s->software[1]), "%.*s", (int)version.n, (const char *)version.p);
}

struct slice
session_principal(const struct session *s)
{
	return slice_str(s->principal);
}

void
session_set_principal(struct session *s, struct slice principal)
{
	(void)snprintf(s->principal, sizeof(s->principal), "%.*s", (int)principal.n, (const char *)principal.p);
}

void
session_admit(struct session *s)
{
	s->admitted = true;
}

void
session_tokens(struct session *s, bool on)
{
	s->tokens = on;
}

void **
session_stage_state(struct session *s, unsigned stage)
{
	return &s->stage_state[stage];
}

static void
setup(void)
{
	session = (struct session){.loop = loop_new()};
	ck_assert_ptr_nonnull(session.loop);
	ck_assert_int_eq(pipeline_init(&pipeline, NULL, 0, 0), 0);
}

static void
teardown(void)
{
	pipeline_fini(&pipeline);
	loop_free(session.loop);
}

static struct exchange *
begin(void)
{
	struct exchange *x = exchange_new(&session, &pipeline);

	ck_assert_ptr_nonnull(x);
	return x;
}

static void
end(struct exchange *x)
{
	struct list none;

	list_init(&none);
	exchange_end(x, &none);
}

static struct ticket *
hold(struct exchange *x, unsigned ms)
{
	struct ticket *t = exchange_hold(x, ms);

	ck_assert_ptr_nonnull(t);
	return t;
}

static void
turn_until(unsigned resumed)
{
	while (session.resumed < resumed)
		ck_assert_int_eq(loop_turn(session.loop), 0);
}

/* Something else that happens on the loop, behind all that was posted before. */
static void
mark(void *arg)
{
	*(bool *)arg = true;
}

static void
turn_past_now(void)
{
	bool done = false;

	ck_assert_int_eq(wake_post_fn(loop_wake(session.loop), mark, &done), 0);
	while (!done)
		ck_assert_int_eq(loop_turn(session.loop), 0);
}

/* --- tickets --------------------------------------------------------------------------- */

START_TEST(resumed)
{
	struct exchange *x = begin();
	struct ticket *t = hold(x, 3600000);

	ck_assert(!exchange_timed_out(x));
	ticket_resume(t);
	ck_assert_uint_eq(session.resumed, 0); /* never from inside the call */
	turn_until(1);
	ck_assert_ptr_eq(session.last, x);
	ck_assert(!session.timed_out);
	end(x);
}
END_TEST

START_TEST(timed_out)
{
	struct exchange *x = begin();
	struct ticket *t = hold(x, 1);

	turn_until(1);
	ck_assert(session.timed_out);
	ticket_resume(t); /* late, and harmless */
	turn_past_now();
	ck_assert_uint_eq(session.resumed, 1);
	/* A new hold is a new time. */
	t = hold(x, 3600000);
	ck_assert(!exchange_timed_out(x));
	ticket_resume(t);
	turn_until(2);
	ck_assert(!session.timed_out);
	end(x);
}
END_TEST

START_TEST(age)
{
	struct monotime now = {INT64_C(9000000000)};
	struct exchange *x = begin();

	clock_set_for_tests(&now, NULL);
	x->received = now;
	ck_assert_int_eq(exchange_age_ms(x), 0);
	now.ns += INT64_C(1234999999);
	ck_assert_int_eq(exchange_age_ms(x), 1234);
	clock_set_for_tests(NULL, NULL);
	end(x);
}
END_TEST

START_TEST(gone_meanwhile)
{
	struct exchange *x = begin(), *y = begin();
	struct ticket *early = hold(x, 3600000), *late = hold(y, 3600000);

	ticket_resume(early); /* on its way when the exchange ends */
	end(x);
	end(y);
	turn_past_now();
	ticket_resume(late);
	turn_past_now();
	ck_assert_uint_eq(session.resumed, 0);
}
END_TEST

/* Held twice without having been resumed: the first ticket counts no more. */
START_TEST(held_anew)
{
	struct exchange *x = begin();
	struct ticket *first = hold(x, 3600000), *second = hold(x, 3600000);

	ticket_resume(first);
	turn_past_now();
	ck_assert_uint_eq(session.resumed, 0);
	ticket_resume(second);
	turn_until(1);
	end(x);
}
END_TEST

static struct ticket *of_dead_loop;

START_TEST(loop_is_gone)
{
	struct exchange *x = begin();

	of_dead_loop = hold(x, 3600000);
	end(x);
	loop_free(session.loop);
	ticket_resume(of_dead_loop);
	session.loop = loop_new();
	ck_assert_ptr_nonnull(session.loop);
}
END_TEST

enum { MANY = 200 };

static void *
resume_each(void *arg)
{
	struct ticket **tickets = arg;

	for (int i = 0; i < MANY; i++)
		ticket_resume(tickets[i]);
	return NULL;
}

/* From other threads, while a part of the exchanges ends and a part times out. */
START_TEST(from_threads)
{
	struct ticket *tickets[2][MANY];
	struct exchange *x[2][MANY];
	pthread_t threads[2];

	for (int k = 0; k < 2; k++)
		for (int i = 0; i < MANY; i++) {
			x[k][i] = begin();
			tickets[k][i] = hold(x[k][i], i % 3 == 0 ? 1 : 3600000);
		}
	for (int k = 0; k < 2; k++)
		ck_assert_int_eq(pthread_create(&threads[k], NULL, resume_each, tickets[k]), 0);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < MANY; i += 2) {
			end(x[k][i]);
			x[k][i] = NULL;
		}
	for (int k = 0; k < 2; k++)
		pthread_join(threads[k], NULL);
	turn_past_now();
	for (int k = 0; k < 2; k++)
		for (int i = 1; i < MANY; i += 2) {
			ck_assert_ptr_null(x[k][i]->ticket); /* resumed or out of time, once */
			end(x[k][i]);
		}
	ck_assert_uint_eq(session.resumed, MANY);
}
END_TEST

/* --- messages --------------------------------------------------------------------------- */

static void
set_frame(struct exchange *x, const char *text, size_t body_at)
{
	x->frame = blob_new(strlen(text));
	ck_assert_ptr_nonnull(x->frame);
	memcpy(x->frame->data, text, strlen(text));
	x->frame->len = strlen(text);
	x->body_at = body_at;
}

static void
replace(struct exchange *x, const char *text)
{
	struct rope r = {NULL, 0, 0, 0};
	struct wr w = wr_new(1024);

	wr_text(&w, text);
	ck_assert_int_eq(rope_add_wr(&r, &w), 0);
	exchange_replace(x, &r);
}

static void
ck_taken(struct exchange *x, const char *want)
{
	struct rope r;
	struct wr w = wr_new(1024);

	ck_assert_int_eq(exchange_take_message(x, &r), 0);
	for (size_t i = 0; i < r.count; i++)
		wr_bytes(&w, r.pieces[i].blob->data + r.pieces[i].off, r.pieces[i].len);
	ck_assert(slice_eq(wr_slice(&w), slice_str(want)));
	ck_assert_ptr_null(x->frame);
	ck_assert(!x->replaced);
	wr_free(&w);
	rope_clear(&r);
}

START_TEST(messages)
{
	struct exchange *x = begin();

	set_frame(x, "headbody", 4);
	ck_assert(slice_eq(exchange_body(x), slice_str("body")));
	ck_assert_int_eq(exchange_flatten(x), 0); /* nothing to do */
	ck_taken(x, "headbody");
	set_frame(x, "headbody", 4);
	replace(x, "one");
	replace(x, "two"); /* the later one counts */
	ck_taken(x, "headtwo");
	set_frame(x, "headbody", 4);
	replace(x, "longer than before");
	ck_assert_int_eq(exchange_flatten(x), 0);
	ck_assert(slice_eq(exchange_body(x), slice_str("longer than before")));
	ck_assert_uint_eq(exchange_body_at(x), 4);
	ck_taken(x, "headlonger than before");
	/* Empty bodies, and headers that are all there is. */
	set_frame(x, "head", 4);
	ck_assert_uint_eq(exchange_body(x).n, 0);
	replace(x, "");
	ck_assert_int_eq(exchange_flatten(x), 0);
	ck_assert_uint_eq(exchange_body(x).n, 0);
	ck_taken(x, "head");
	set_frame(x, "headbody", 4);
	replace(x, "dropped");
	exchange_drop_message(x);
	ck_assert_ptr_null(x->frame);
	end(x);
}
END_TEST

/* --- another version -------------------------------------------------------------------- */

/* A Produce request or answer whose correlation id is 0x01020304, as its frame has it. */
static struct exchange *
of_version(int16_t version, enum exchange_phase phase, const char *client_id, const char *frame, size_t body_at)
{
	struct exchange *x = begin();
	struct wr w = hex_of(frame);

	x->key = API_PRODUCE;
	x->version = version;
	x->phase = phase;
	x->correlation_id = 0x01020304;
	if (client_id != NULL) {
		x->client_id = blob_new(strlen(client_id));
		ck_assert_ptr_nonnull(x->client_id);
		memcpy(x->client_id->data, client_id, strlen(client_id));
		x->client_id->len = strlen(client_id);
	}
	x->frame = blob_own(w.buf, w.len);
	ck_assert_ptr_nonnull(x->frame);
	x->body_at = body_at;
	return x;
}

static void
ck_taken_hex(struct exchange *x, const char *want)
{
	struct rope r;
	struct wr w = wr_new(1024);

	ck_assert_int_eq(exchange_take_message(x, &r), 0);
	for (size_t i = 0; i < r.count; i++)
		wr_bytes(&w, r.pieces[i].blob->data + r.pieces[i].off, r.pieces[i].len);
	ck_assert_uint_eq(w.len, r.total);
	ck_hex(wr_slice(&w), want);
	ck_assert_ptr_null(x->frame);
	ck_assert_ptr_null(x->head);
	ck_assert(!x->replaced);
	wr_free(&w);
	rope_clear(&r);
}

static void
set_version(struct exchange *x, int16_t version)
{
	ck_assert_int_eq(exchange_set_version(x, version), 0);
	ck_assert_int_eq(exchange_version(x), version);
}

#define V7 "0000 0007 01020304"
#define V9 "0000 0009 01020304"
#define V13 "0000 000d 01020304"

/* Who asks, in a header of each kind; what it becomes. */
static const struct header_case {
	int16_t version, to;
	const char *client_id, *was, *is;
	size_t body_at;
} requests[] = {
	{7, 13, NULL, V7 "ffff", V13 "ffff 00", 10},
	{7, 13, "", V7 "0000", V13 "0000 00", 10},
	{8, 13, "unit", "0000 0008 01020304 0004 'unit'", V13 "0004 'unit' 00", 14},
	{9, 13, "unit", V9 "0004 'unit' 00", V13 "0004 'unit' 00", 15},
	{9, 13, NULL, V9 "ffff 00", V13 "ffff 00", 11},
	{9, 13, "u", V9 "0001 'u' 01 0502 'yz'", V13 "0001 'u' 01 0502 'yz'", 16}, /* tags that stand there stay */
	{7, 8, "unit", V7 "0004 'unit'", "0000 0008 01020304 0004 'unit'", 14},
	{13, 7, "unit", V13 "0004 'unit' 00", V7 "0004 'unit'", 15},
	{13, 7, "unit", V13 "0004 'unit' 01 0502 'yz'", V7 "0004 'unit'", 19},
};
static const struct header_case answers[] = {
	{13, 7, NULL, "01020304 00", "01020304", 5},
	{13, 8, "unit", "01020304 02 05 02 'yz' 06 00", "01020304", 11},
	{13, 9, NULL, "01020304 00", "01020304 00", 5},
	{13, 12, NULL, "01020304 01 05 02 'yz'", "01020304 01 05 02 'yz'", 9},
	{8, 13, NULL, "01020304", "01020304 00", 4},
};

static struct exchange *
of_case(const struct header_case *c, enum exchange_phase phase)
{
	char frame[128];

	(void)snprintf(frame, sizeof(frame), "%s 'body'", c->was);
	return of_version(c->version, phase, c->client_id, frame, c->body_at);
}

static void
ck_another_version(const struct header_case *c, enum exchange_phase phase)
{
	char with_body[128], with_new[128];
	struct exchange *x = of_case(c, phase);

	(void)snprintf(with_body, sizeof(with_body), "%s 'body'", c->is);
	(void)snprintf(with_new, sizeof(with_new), "%s 'another'", c->is);
	/* The message stays. */
	set_version(x, c->to);
	ck_assert(slice_eq(exchange_body(x), slice_str("body")));
	ck_assert_int_eq(exchange_flatten(x), 0);
	ck_assert(slice_eq(exchange_body(x), slice_str("body")));
	ck_taken_hex(x, with_body);
	end(x);
	/* It is replaced, before and after. */
	for (int after = 0; after < 2; after++) {
		x = of_case(c, phase);
		if (!after)
			set_version(x, c->to);
		replace(x, "another");
		if (after)
			set_version(x, c->to);
		ck_taken_hex(x, with_new);
		end(x);
	}
	/* The next stage sees it, and replaces it once more, or sets the version once more. */
	x = of_case(c, phase);
	set_version(x, c->to);
	replace(x, "first");
	ck_assert_int_eq(exchange_flatten(x), 0);
	ck_assert_ptr_null(x->head);
	ck_assert(slice_eq(exchange_body(x), slice_str("first")));
	ck_assert_uint_eq(exchange_body_at(x), exchange_frame(x)->len - strlen("first"));
	replace(x, "another");
	set_version(x, c->to);
	ck_taken_hex(x, with_new);
	end(x);
	/* Forgotten with the message. */
	x = of_case(c, phase);
	set_version(x, c->to);
	exchange_drop_message(x);
	ck_assert_ptr_null(x->head);
	end(x);
	/* Freed with the exchange. */
	x = of_case(c, phase);
	set_version(x, c->to);
	end(x);
}

START_TEST(request_of_another_version)
{
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		ck_another_version(&requests[i], EXCHANGE_REQUEST);
}
END_TEST

START_TEST(answer_of_another_version)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		ck_another_version(&answers[i], EXCHANGE_RESPONSE);
}
END_TEST

/* There and back again, and to a third. */
START_TEST(version_set_twice)
{
	struct exchange *x = of_version(7, EXCHANGE_REQUEST, "unit", V7 "0004 'unit' 'body'", 14);

	set_version(x, 13);
	set_version(x, 12);
	replace(x, "new");
	ck_taken_hex(x, "0000 000c 01020304 0004 'unit' 00 'new'");
	end(x);
	x = of_version(7, EXCHANGE_REQUEST, "unit", V7 "0004 'unit' 'body'", 14);
	set_version(x, 13);
	set_version(x, 8);
	ck_taken_hex(x, "0000 0008 01020304 0004 'unit' 'body'");
	end(x);
	/* The answer that comes for it has a header of its own. */
	x = of_version(7, EXCHANGE_REQUEST, "unit", V7 "0004 'unit' 'body'", 14);
	set_version(x, 13);
	ck_taken_hex(x, V13 "0004 'unit' 00 'body'");
	x->phase = EXCHANGE_RESPONSE;
	set_frame(x, "\x01\x02\x03\x04\xff" "answer", 5);
	x->frame->data[4] = 0; /* no tags */
	set_version(x, 7);
	replace(x, "said again");
	ck_taken_hex(x, "01020304 'said again'");
	end(x);
}
END_TEST

/* A broker reads the header that is made. */
START_TEST(version_is_read)
{
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		const struct header_case *c = &requests[i];
		struct exchange *x = of_case(c, EXCHANGE_REQUEST);
		struct request_header h;
		struct rope r;

		set_version(x, c->to);
		replace(x, "");
		ck_assert_int_eq(exchange_flatten(x), 0);
		ck_assert_int_eq(request_header_read(blob_slice(x->frame), &h), 0);
		ck_assert_int_eq(h.key, API_PRODUCE);
		ck_assert_int_eq(h.version, c->to);
		ck_assert_int_eq(h.correlation_id, 0x01020304);
		ck_assert_uint_eq(h.body_at, x->frame->len);
		ck_assert_int_eq(h.client_id.p != NULL, c->client_id != NULL);
		ck_assert(slice_eq(h.client_id, slice_str(c->client_id != NULL ? c->client_id : "")));
		ck_assert_int_eq(exchange_take_message(x, &r), 0);
		rope_clear(&r);
		end(x);
	}
}
END_TEST

START_TEST(names)
{
	struct exchange *x = begin();

	ck_assert_ptr_null(exchange_client_id(x).p);
	x->client_id = blob_new(8);
	ck_assert_ptr_nonnull(exchange_client_id(x).p); /* empty is not null */
	ck_assert_uint_eq(exchange_client_id(x).n, 0);
	exchange_set_software(x, slice_str("java"), slice_str("4"));
	ck_assert(slice_eq(exchange_software_name(x), slice_str("java")));
	ck_assert(slice_eq(exchange_software_version(x), slice_str("4")));
	end(x);
}
END_TEST

/* Out of the list that it stands in, and only out of that. */
START_TEST(leaves_its_list)
{
	struct exchange *x = begin(), *y = begin();
	struct list fifo;

	list_init(&fifo);
	list_append(&fifo, &x->link);
	list_append(&fifo, &y->link);
	exchange_end(x, &fifo);
	ck_assert_uint_eq(fifo.count, 1);
	ck_assert_ptr_eq(list_first(&fifo), &y->link);
	exchange_end(y, &fifo);
	ck_assert_uint_eq(fifo.count, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("exchange");
	TCase *t = tcase_create("exchange");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, resumed);
	tcase_add_test(t, timed_out);
	tcase_add_test(t, age);
	tcase_add_test(t, gone_meanwhile);
	tcase_add_test(t, held_anew);
	tcase_add_test(t, loop_is_gone);
	tcase_add_test(t, from_threads);
	tcase_add_test(t, messages);
	tcase_add_test(t, request_of_another_version);
	tcase_add_test(t, answer_of_another_version);
	tcase_add_test(t, version_set_twice);
	tcase_add_test(t, version_is_read);
	tcase_add_test(t, names);
	tcase_add_test(t, leaves_its_list);
	suite_add_tcase(s, t);
	return suite_run(s);
}
