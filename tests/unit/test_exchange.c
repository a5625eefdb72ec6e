/* An exchange's messages, and tickets: who resumes it, from where, how late. */
#include "proxy/exchange.h"

#include <check.h>
#include <pthread.h>

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
	tcase_add_test(t, names);
	tcase_add_test(t, leaves_its_list);
	suite_add_tcase(s, t);
	return suite_run(s);
}
