/* How a message goes through the stages: order, replacements, answers, holds, losses. */
#include "proxy/pipeline.h"

#include <check.h>

#include "kafka/api.h"
#include "proxy/session.h"
#include "suite.h"

/* --- what exchanges want of a session -------------------------------------------- */

struct loop *
session_loop(const struct session *s)
{
	(void)s;
	ck_abort_msg("no stage here asks for a ticket");
}

void
session_exchange_resumed(struct session *s, struct exchange *x)
{
	(void)s;
	(void)x;
}

struct slice
session_software(const struct session *s, unsigned which)
{
	(void)s;
	(void)which;
	return slice_of(NULL, 0);
}

void
session_set_software(struct session *s, struct slice name, struct slice version)
{
	(void)s;
	(void)name;
	(void)version;
}

struct slice
session_principal(const struct session *s)
{
	(void)s;
	return (struct slice){NULL, 0};
}

void
session_set_principal(struct session *s, struct slice principal)
{
	(void)s;
	(void)principal;
}

void
session_admit(struct session *s)
{
	(void)s;
}

void
session_tokens(struct session *s, bool on)
{
	(void)s;
	(void)on;
}

void **
session_stage_state(struct session *s, unsigned stage)
{
	static void *state[8];

	(void)s;
	return &state[stage];
}

/* --- stages that do as they are told ------------------------------------------------ */

enum { STAGES = 4 };

/* A letter for each stage: what it does with the next message. */
struct told {
	char name[2];
	bool no_request, no_response; /* doesn't want it */
	enum stage_verdict request, response;
	bool stream;    /* watches answers: lets them pass but for their end, which it replaces by as many letters of its own */
	bool no_memory; /* reactor_new() fails */
	int reactor;    /* alive */
};

static struct told told[STAGES];
static struct stage table[STAGES];
static const struct stage *stages[STAGES];
static struct pipeline pipeline;
static char seen[256]; /* "a>" a saw the request, "<a" the answer, "!a" a loss */

static void
note(const char *before, const struct told *t, const char *behind)
{
	size_t n = strlen(seen);

	(void)snprintf(seen + n, sizeof(seen) - n, "%s%s%s ", before, t->name, behind);
}

static bool
wants_request(void *self, int16_t key, int16_t version)
{
	const struct told *t = self;

	(void)key;
	(void)version;
	return !t->no_request;
}

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	const struct told *t = self;

	(void)key;
	(void)version;
	return !t->no_response;
}

/* The body at hand with the stage's letter behind it. */
static struct rope
grown(const struct told *t, struct exchange *x)
{
	struct rope r = {NULL, 0, 0, 0};
	struct wr w = wr_new(1024);

	wr_text(&w, t->name);
	/* A part of the frame and a part of one's own. */
	ck_assert_int_eq(rope_add(&r, exchange_frame(x), exchange_body_at(x), exchange_body(x).n), 0);
	ck_assert_int_eq(rope_add_wr(&r, &w), 0);
	return r;
}

static enum stage_verdict
act(const struct told *t, struct exchange *x, enum stage_verdict v)
{
	struct rope r;

	switch (v) {
	case STAGE_REPLACE:
		r = grown(t, x);
		exchange_replace(x, &r);
		ck_assert_uint_eq(r.count, 0);
		break;
	case STAGE_ANSWER:
		r = grown(t, x);
		exchange_answer(x, &r);
		break;
	case STAGE_PASS:
	case STAGE_HOLD:
	case STAGE_CLOSE:
		break;
	}
	return v;
}

static enum stage_verdict
request(void *self, struct exchange *x)
{
	const struct told *t = self;

	note("", t, ">");
	return act(t, x, t->request);
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	const struct told *t = self;

	note("<", t, "");
	return act(t, x, t->response);
}

static bool
wants_stream(void *self, int16_t key, int16_t version)
{
	const struct told *t = self;

	(void)key;
	(void)version;
	return t->stream;
}

/* Keeps all from the first '!' on. */
static enum stage_verdict
stream(void *self, struct exchange *x, struct slice piece, uint64_t left, size_t *ret_pass)
{
	const struct told *t = self;
	const uint8_t *end = piece.n > 0 && x->kept == 0 ? memchr(piece.p, '!', piece.n) : NULL;
	size_t pass = x->kept > 0 ? 0 : end != NULL ? (size_t)(end - piece.p) : piece.n;
	struct wr w = wr_new(1024);
	struct rope r = {NULL, 0, 0, 0};

	note("<", t, left > 0 ? "~" : "");
	*ret_pass = pass;
	if (left > 0 || t->response == STAGE_CLOSE || x->kept + piece.n - pass == 0)
		return t->response;
	for (uint64_t i = x->kept + piece.n - pass; i > 0; i--)
		wr_text(&w, t->name);
	ck_assert_int_eq(rope_add_wr(&r, &w), 0);
	exchange_replace(x, &r);
	return STAGE_REPLACE;
}

static void
lost(void *self, struct exchange *x)
{
	ck_assert_ptr_nonnull(x);
	note("!", self, "");
}

static void *
reactor_new(void *self, unsigned reactor)
{
	struct told *t = self;

	ck_assert_uint_eq(reactor, 7);
	if (t->no_memory)
		return NULL;
	t->reactor++;
	return &t->reactor;
}

static void
reactor_free(void *self, void *state)
{
	struct told *t = self;

	ck_assert_ptr_eq(state, &t->reactor);
	t->reactor--;
}

static void
setup(void)
{
	for (unsigned i = 0; i < STAGES; i++) {
		told[i] = (struct told){.name = {(char)('a' + i), '\0'}};
		table[i] = (struct stage){.name = told[i].name,
					  .self = &told[i],
					  .wants_request = wants_request,
					  .request = request,
					  .wants_response = wants_response,
					  .response = response,
					  .wants_stream = wants_stream,
					  .stream = stream,
					  .lost = lost,
					  .reactor_new = reactor_new,
					  .reactor_free = reactor_free};
		stages[i] = &table[i];
	}
	ck_assert_int_eq(pipeline_init(&pipeline, stages, STAGES, 7), 0);
}

static void
teardown(void)
{
	pipeline_fini(&pipeline);
	pipeline_fini(&pipeline);
	for (unsigned i = 0; i < STAGES; i++)
		ck_assert_int_eq(told[i].reactor, 0);
}

static struct blob *
frame_of(const char *head, const char *body)
{
	size_t n = strlen(head) + strlen(body);
	struct blob *b = blob_new(n);

	ck_assert_ptr_nonnull(b);
	memcpy(b->data, head, strlen(head));
	memcpy(b->data + strlen(head), body, strlen(body));
	b->len = n;
	return b;
}

static struct exchange *
begin(void)
{
	struct exchange *x = exchange_new(NULL, &pipeline);

	ck_assert_ptr_nonnull(x);
	x->key = 12; /* Heartbeat */
	x->correlation_id = 0x01020304;
	x->frame = frame_of("HEAD", "q");
	x->body_at = 4;
	seen[0] = '\0';
	return x;
}

static void
answered_by_broker(struct exchange *x, const char *body)
{
	x->frame = frame_of("head", body);
	x->body_at = 4;
	pipeline_turn(x);
}

static void
ck_rope(struct rope *r, const void *want, size_t n)
{
	struct wr w = wr_new(1024);

	for (size_t i = 0; i < r->count; i++)
		wr_bytes(&w, r->pieces[i].blob->data + r->pieces[i].off, r->pieces[i].len);
	ck_assert_uint_eq(w.len, n);
	if (n > 0)
		ck_assert_mem_eq(w.buf, want, n);
	ck_assert_uint_eq(r->total, n);
	wr_free(&w);
	rope_clear(r);
}

/* What goes on. */
static void
ck_message(struct exchange *x, const char *want)
{
	struct rope r;

	ck_assert_int_eq(exchange_take_message(x, &r), 0);
	ck_assert_ptr_null(x->frame);
	ck_rope(&r, want, strlen(want));
}

static void
end(struct exchange *x, const char *want_seen)
{
	struct list none;

	list_init(&none);
	exchange_end(x, &none);
	ck_assert_str_eq(seen, want_seen);
}

/* --- the straight way ------------------------------------------------------------------ */

START_TEST(out_and_back)
{
	struct exchange *x = begin();

	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	ck_assert(pipeline_awaits(x));
	answered_by_broker(x, "r");
	ck_assert_int_eq(pipeline_response(x), PIPELINE_ON);
	ck_message(x, "headr");
	ck_assert(!pipeline_awaits(x));
	end(x, "a> b> c> d> <d <c <b <a ");
}
END_TEST

START_TEST(only_who_wants)
{
	struct exchange *x = begin();

	told[0].no_request = told[1].no_response = told[2].no_request = told[2].no_response = true;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	answered_by_broker(x, "r");
	ck_assert_int_eq(pipeline_response(x), PIPELINE_ON);
	ck_message(x, "headr");
	/* b saw the request and will not see the answer, which it didn't want. */
	end(x, "b> d> <d <a !b ");
	ck_assert(pipeline_wants_request(&pipeline, 1, 1));
	told[1].no_request = told[3].no_request = true;
	ck_assert(!pipeline_wants_request(&pipeline, 1, 1));
	ck_assert(pipeline_wants_response(&pipeline, 1, 1));
	told[0].no_response = told[3].no_response = true;
	ck_assert(!pipeline_wants_response(&pipeline, 1, 1));
}
END_TEST

START_TEST(replacements_add_up)
{
	struct exchange *x = begin();

	told[0].request = told[1].request = told[3].request = STAGE_REPLACE;
	told[3].response = told[2].response = STAGE_REPLACE;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADqabd");
	answered_by_broker(x, "r");
	ck_assert_int_eq(pipeline_response(x), PIPELINE_ON);
	ck_message(x, "headrdc");
	end(x, "a> b> c> d> <d <c <b <a ");
}
END_TEST

/* A stage may have no callbacks at all. */
START_TEST(empty_stage)
{
	struct exchange *x;

	table[1] = (struct stage){.name = "empty"};
	table[2].lost = NULL;
	x = begin();
	told[2].no_response = true;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	end(x, "a> c> d> !a !d ");
	table[1] = (struct stage){.name = "b", .self = &told[1], .reactor_free = reactor_free};
}
END_TEST

/* --- answers of a stage's own ---------------------------------------------------------- */

START_TEST(a_stage_answers)
{
	struct exchange *x = begin();

	told[2].request = STAGE_ANSWER;
	told[1].response = STAGE_REPLACE;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ANSWERED);
	ck_assert(x->local);
	ck_rope(&x->answer, "\x01\x02\x03\x04qcb", 7);
	end(x, "a> b> c> <b <a ");
}
END_TEST

/* The header of the answer: tags in flexible versions, but never for ApiVersions. */
START_TEST(headers_of_answers)
{
	static const struct {
		int16_t key, version;
		size_t n;
	} t[] = {{12, 3, 4}, {12, 4, 5}, {API_VERSIONS, 0, 4}, {API_VERSIONS, 3, 4}, {API_VERSIONS, 9, 4},
		 {API_SASL_HANDSHAKE, 1, 4}, {API_PRODUCE, 8, 4}, {API_PRODUCE, 9, 5}};

	told[0].request = STAGE_ANSWER;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct exchange *x = begin();

		x->key = t[i].key;
		x->version = t[i].version;
		ck_assert_int_eq(pipeline_request(x), PIPELINE_ANSWERED);
		ck_rope(&x->answer, t[i].n == 5 ? "\x01\x02\x03\x04\0qa" : "\x01\x02\x03\x04qa", t[i].n + 2);
		end(x, "a> ");
	}
}
END_TEST

START_TEST(answered_and_refused)
{
	struct exchange *x = begin();

	told[3].request = STAGE_ANSWER;
	told[1].response = STAGE_CLOSE;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_CLOSE);
	/* a saw the request, and will not see the answer. */
	end(x, "a> b> c> d> <c <b !a ");
}
END_TEST

START_TEST(answered_and_held)
{
	struct exchange *x = begin();

	told[3].request = STAGE_ANSWER;
	told[1].response = STAGE_HOLD;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_HELD);
	ck_assert(x->held && x->local);
	told[1].response = STAGE_REPLACE;
	ck_assert_int_eq(pipeline_response(x), PIPELINE_ANSWERED);
	ck_rope(&x->answer, "\x01\x02\x03\x04qdb", 7);
	end(x, "a> b> c> d> <c <b <b <a ");
}
END_TEST

/* --- holds, losses --------------------------------------------------------------------- */

START_TEST(held_both_ways)
{
	struct exchange *x = begin();

	told[1].request = STAGE_HOLD;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_HELD);
	ck_assert(x->held);
	told[1].request = STAGE_REPLACE;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADqb");
	answered_by_broker(x, "r");
	told[2].response = STAGE_HOLD;
	ck_assert_int_eq(pipeline_response(x), PIPELINE_HELD);
	told[2].response = STAGE_PASS;
	ck_assert_int_eq(pipeline_response(x), PIPELINE_ON);
	ck_message(x, "headr");
	end(x, "a> b> b> c> d> <d <c <c <b <a ");
}
END_TEST

START_TEST(lost_while_held)
{
	struct exchange *x = begin();

	told[1].request = STAGE_HOLD;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_HELD);
	end(x, "a> b> !a !b ");
	x = begin();
	told[1].request = STAGE_PASS;
	told[2].response = STAGE_HOLD;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	answered_by_broker(x, "r");
	ck_assert_int_eq(pipeline_response(x), PIPELINE_HELD);
	end(x, "a> b> c> d> <d <c !a !b !c ");
}
END_TEST

START_TEST(refused)
{
	struct exchange *x = begin();

	told[2].request = STAGE_CLOSE;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_CLOSE);
	end(x, "a> b> c> !a !b !c ");
	x = begin();
	told[2].request = STAGE_PASS;
	told[2].response = STAGE_CLOSE;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	answered_by_broker(x, "r");
	ck_assert_int_eq(pipeline_response(x), PIPELINE_CLOSE);
	end(x, "a> b> c> d> <d <c !a !b ");
}
END_TEST

/* The answer never comes; once is once. */
START_TEST(lost_on_the_way)
{
	struct exchange *x = begin();

	told[1].no_response = true;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	ck_assert(pipeline_awaits(x));
	pipeline_lost(x);
	ck_assert(!pipeline_awaits(x));
	pipeline_lost(x);
	end(x, "a> b> c> d> !a !b !c !d ");
}
END_TEST

/* Who is awaited: who saw the request and wants the answer. */
START_TEST(awaits)
{
	struct exchange *x = begin();

	told[0].no_request = told[2].no_request = told[3].no_request = true;
	told[1].no_response = true;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	ck_assert(!pipeline_awaits(x));
	end(x, "b> !b ");
}
END_TEST

/* --- states ------------------------------------------------------------------------------- */

START_TEST(states)
{
	struct exchange *x = begin();
	int mine, yours;

	for (unsigned i = 0; i < STAGES; i++) {
		ck_assert_uint_eq(pipeline_index(&pipeline, stages[i]), i);
		ck_assert_ptr_null(exchange_state(x, stages[i]));
		ck_assert_ptr_eq(exchange_reactor_state(x, stages[i]), &told[i].reactor);
	}
	exchange_set_state(x, stages[0], &mine);
	exchange_set_state(x, stages[3], &yours);
	ck_assert_ptr_eq(exchange_state(x, stages[0]), &mine);
	ck_assert_ptr_null(exchange_state(x, stages[1]));
	ck_assert_ptr_eq(exchange_state(x, stages[3]), &yours);
	end(x, "");
}
END_TEST

START_TEST(no_memory_for_a_state)
{
	struct pipeline p;

	told[2].no_memory = true;
	ck_assert_int_eq(pipeline_init(&p, stages, STAGES, 7), ERR_NOMEM);
	ck_assert_int_eq(told[0].reactor, 1); /* of the other pipeline */
	ck_assert_int_eq(told[3].reactor, 1);
}
END_TEST

START_TEST(no_stages)
{
	struct pipeline p;
	struct exchange *x;

	ck_assert_int_eq(pipeline_init(&p, NULL, 0, 7), 0);
	ck_assert(!pipeline_wants_request(&p, 0, 0));
	x = exchange_new(NULL, &p);
	x->frame = frame_of("HEAD", "q");
	x->body_at = 4;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	end(x, "");
	pipeline_fini(&p);
}
END_TEST

/* A bit for each. */
START_TEST(as_many_as_can_be)
{
	const struct stage *many[PIPELINE_STAGES_MAX];
	struct stage copies[PIPELINE_STAGES_MAX];
	struct pipeline p;
	struct exchange *x;

	for (unsigned i = 0; i < PIPELINE_STAGES_MAX; i++) {
		copies[i] = table[0];
		copies[i].reactor_new = NULL;
		many[i] = &copies[i];
	}
	ck_assert_int_eq(pipeline_init(&p, many, PIPELINE_STAGES_MAX, 7), 0);
	x = exchange_new(NULL, &p);
	x->frame = frame_of("HEAD", "q");
	x->body_at = 4;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_assert_uint_eq(x->ran_request, UINT32_MAX);
	seen[0] = '\0';
	pipeline_lost(x);
	ck_assert_uint_eq(strlen(seen), 3 * PIPELINE_STAGES_MAX);
	seen[0] = '\0';
	end(x, "");
	pipeline_fini(&p);
}
END_TEST

/* --- answers that are watched ------------------------------------------------------------ */

/* Only stage c, which watches; the request passed all. */
static struct exchange *
begin_watched(void)
{
	struct exchange *x = begin();

	for (unsigned i = 0; i < STAGES; i++)
		told[i].no_response = told[i].no_request = true;
	told[2].stream = true;
	ck_assert_int_eq(pipeline_request(x), PIPELINE_ON);
	ck_message(x, "HEADq");
	ck_assert(pipeline_wants_stream(&pipeline, x->key, x->version));
	ck_assert(!pipeline_wants_response(&pipeline, x->key, x->version));
	return x;
}

static void
ck_passes(struct exchange *x, const char *piece, uint64_t left, size_t want)
{
	size_t pass = 99;

	ck_assert_int_eq(pipeline_stream(x, slice_str(piece), left, &pass), PIPELINE_ON);
	ck_assert_uint_eq(pass, want);
}

START_TEST(watched)
{
	struct exchange *x = begin_watched();

	ck_passes(x, "abc", 6, 3);
	ck_passes(x, "d!", 4, 1);
	ck_passes(x, "ef", 2, 0);
	ck_passes(x, "gh", 0, 0);
	ck_rope(&x->body, "ccccc", 5);
	ck_assert(!pipeline_awaits(x));
	end(x, "<c~ <c~ <c~ <c ");
}
END_TEST

START_TEST(watched_and_nothing_changed)
{
	struct exchange *x = begin_watched();

	ck_passes(x, "abc", 1, 3);
	ck_passes(x, "d", 0, 1);
	ck_rope(&x->body, "", 0);
	end(x, "<c~ <c ");
	x = begin_watched();
	ck_passes(x, "", 0, 0); /* a body of no bytes is shown, too */
	end(x, "<c ");
}
END_TEST

START_TEST(watched_and_lost)
{
	struct exchange *x = begin_watched();

	ck_passes(x, "abc", 1, 3);
	end(x, "<c~ !c ");
	x = begin_watched();
	end(x, ""); /* nothing of it came */
}
END_TEST

START_TEST(watched_and_closed)
{
	struct exchange *x = begin_watched();
	size_t pass;

	told[2].response = STAGE_CLOSE;
	ck_assert_int_eq(pipeline_stream(x, slice_str("abc"), 5, &pass), PIPELINE_CLOSE);
	end(x, "<c~ "); /* it knows, so it isn't told */
}
END_TEST

START_TEST(who_watches_gets_it_whole_when_another_wants_it)
{
	struct exchange *x = begin_watched();

	told[1].stream = true;
	ck_assert(!pipeline_wants_stream(&pipeline, x->key, x->version));
	ck_assert(pipeline_wants_response(&pipeline, x->key, x->version));
	told[1].stream = false;
	told[0].no_response = false;
	ck_assert(!pipeline_wants_stream(&pipeline, x->key, x->version));
	ck_assert(pipeline_wants_response(&pipeline, x->key, x->version));
	answered_by_broker(x, "r");
	ck_assert_int_eq(pipeline_response(x), PIPELINE_ON);
	ck_message(x, "headr");
	end(x, "<c <a ");
	told[0].no_response = true;
	told[2].stream = false;
	ck_assert(!pipeline_wants_stream(&pipeline, 1, 1));
	ck_assert(!pipeline_wants_response(&pipeline, 1, 1));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pipeline");
	TCase *t = tcase_create("pipeline");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, out_and_back);
	tcase_add_test(t, only_who_wants);
	tcase_add_test(t, replacements_add_up);
	tcase_add_test(t, empty_stage);
	tcase_add_test(t, a_stage_answers);
	tcase_add_test(t, headers_of_answers);
	tcase_add_test(t, answered_and_refused);
	tcase_add_test(t, answered_and_held);
	tcase_add_test(t, held_both_ways);
	tcase_add_test(t, lost_while_held);
	tcase_add_test(t, refused);
	tcase_add_test(t, lost_on_the_way);
	tcase_add_test(t, awaits);
	tcase_add_test(t, states);
	tcase_add_test(t, no_memory_for_a_state);
	tcase_add_test(t, no_stages);
	tcase_add_test(t, as_many_as_can_be);
	tcase_add_test(t, watched);
	tcase_add_test(t, watched_and_nothing_changed);
	tcase_add_test(t, watched_and_lost);
	tcase_add_test(t, watched_and_closed);
	tcase_add_test(t, who_watches_gets_it_whole_when_another_wants_it);
	suite_add_tcase(s, t);
	return suite_run(s);
}
