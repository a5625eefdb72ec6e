#include "proxy/exchange.h"

#include "kafka/api.h"
#include "kafka/header.h"
#include "proxy/pipeline.h"
#include "proxy/session.h"

/*
 * Who may touch a ticket: its holder until ticket_resume(), then the reactor.  `x` is
 * the reactor's alone, and NULL when the exchange is gone or went on without it.
 */
struct ticket {
	struct wake_call call;
	struct wake *wake;
	struct exchange *x;
};

struct exchange *
exchange_new(struct session *s, const struct pipeline *p)
{
	struct exchange *x = calloc(1, sizeof(*x) + p->count * sizeof(x->state[0]));

	if (x == NULL)
		return NULL;
	x->session = s;
	x->pipeline = p;
	return x;
}

void
exchange_drop_message(struct exchange *x)
{
	blob_unref(blob_take(&x->frame));
	blob_unref(blob_take(&x->head));
	rope_clear(&x->body);
	x->replaced = false;
}

static void
let_ticket_go(struct exchange *x)
{
	if (x->ticket != NULL)
		x->ticket->x = NULL;
	x->ticket = NULL;
	loop_timer_clear(x->hold_timer);
}

void
exchange_end(struct exchange *x, struct list *fifo)
{
	pipeline_lost(x);
	if (link_in_list(&x->link))
		list_remove(fifo, &x->link);
	let_ticket_go(x);
	loop_timer_free(x->hold_timer);
	exchange_drop_message(x);
	rope_clear(&x->answer);
	blob_unref(x->client_id);
	free(x);
}

static struct slice
head_of(const struct exchange *x)
{
	return x->head != NULL ? blob_slice(x->head) : slice_of(x->frame->data, x->body_at);
}

int
exchange_take_message(struct exchange *x, struct rope *ret_frame)
{
	struct rope frame = {NULL, 0, 0, 0};
	size_t from = 0;
	int err = 0;

	if (x->head != NULL) {
		err = rope_add(&frame, x->head, 0, x->head->len);
		from = x->body_at;
	}
	if (err == 0)
		err = rope_add(&frame, x->frame, from, (x->replaced ? x->body_at : x->frame->len) - from);
	for (size_t i = 0; err == 0 && i < x->body.count; i++)
		err = rope_add(&frame, x->body.pieces[i].blob, x->body.pieces[i].off, x->body.pieces[i].len);
	if (err != 0) {
		rope_clear(&frame);
		return err;
	}
	exchange_drop_message(x);
	*ret_frame = frame;
	return 0;
}

int
exchange_flatten(struct exchange *x)
{
	struct slice head;
	struct blob *b;

	if (!x->replaced)
		return 0;
	head = head_of(x);
	b = blob_new(head.n + x->body.total);
	if (b == NULL)
		return ERR_NOMEM;
	memcpy(b->data, head.p, head.n);
	b->len = head.n;
	for (size_t i = 0; i < x->body.count; i++) {
		const struct rope_piece *p = &x->body.pieces[i];

		memcpy(b->data + b->len, p->blob->data + p->off, p->len);
		b->len += p->len;
	}
	x->body_at = head.n;
	exchange_drop_message(x);
	x->frame = b;
	return 0;
}

/* --- stage.h ----------------------------------------------------------------------- */

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
	return x->client_id != NULL ? blob_slice(x->client_id) : (struct slice){NULL, 0};
}

struct slice
exchange_body(const struct exchange *x)
{
	return slice_of(x->frame->data + x->body_at, x->frame->len - x->body_at);
}

struct blob *
exchange_frame(const struct exchange *x)
{
	return x->frame;
}

size_t
exchange_body_at(const struct exchange *x)
{
	return x->body_at;
}

struct slice
exchange_software_name(const struct exchange *x)
{
	return session_software(x->session, 0);
}

struct slice
exchange_software_version(const struct exchange *x)
{
	return session_software(x->session, 1);
}

void
exchange_set_software(struct exchange *x, struct slice name, struct slice version)
{
	session_set_software(x->session, name, version);
}

struct slice
exchange_principal(const struct exchange *x)
{
	return session_principal(x->session);
}

void
exchange_set_principal(struct exchange *x, struct slice principal)
{
	session_set_principal(x->session, principal);
}

void
exchange_admit(struct exchange *x)
{
	session_admit(x->session);
}

void
exchange_tokens(struct exchange *x, bool on)
{
	session_tokens(x->session, on);
}

void
exchange_set_session_state(struct exchange *x, const struct stage *s, void *state)
{
	*session_stage_state(x->session, pipeline_index(x->pipeline, s)) = state;
}

void *
exchange_session_state(const struct exchange *x, const struct stage *s)
{
	return *session_stage_state(x->session, pipeline_index(x->pipeline, s));
}

void
exchange_set_state(struct exchange *x, const struct stage *s, void *state)
{
	x->state[pipeline_index(x->pipeline, s)] = state;
}

void *
exchange_state(const struct exchange *x, const struct stage *s)
{
	return x->state[pipeline_index(x->pipeline, s)];
}

void *
exchange_reactor_state(const struct exchange *x, const struct stage *s)
{
	return x->pipeline->reactor_state[pipeline_index(x->pipeline, s)];
}

void
exchange_replace(struct exchange *x, struct rope *body)
{
	rope_clear(&x->body);
	x->body = rope_take(body);
	x->replaced = true;
}

/* A header of another kind: with tags, or without. */
static int
set_head(struct exchange *x, int16_t version)
{
	struct wr w = wr_new(SIZE_MAX / 2);
	struct blob *b = NULL;

	if (x->phase == EXCHANGE_REQUEST)
		request_header_write(x->key, version, x->correlation_id, exchange_client_id(x), &w);
	else
		response_header_write(x->key, version, x->correlation_id, &w);
	if (wr_err(&w) == 0)
		b = blob_own(w.buf, w.len);
	if (b == NULL) {
		wr_free(&w);
		return ERR_NOMEM;
	}
	blob_unref(x->head);
	x->head = b;
	return 0;
}

int
exchange_set_version(struct exchange *x, int16_t version)
{
	enum { VERSION_AT = 2 };
	uint16_t v = __builtin_bswap16((uint16_t)version);
	int err = 0;

	if (x->head != NULL || api_flexible(x->key, x->version) != api_flexible(x->key, version))
		err = set_head(x, version);
	else if (x->phase == EXCHANGE_REQUEST)
		memcpy(x->frame->data + VERSION_AT, &v, sizeof(v));
	if (err == 0)
		x->version = version;
	return err;
}

void
exchange_answer(struct exchange *x, struct rope *body)
{
	rope_clear(&x->answer);
	x->answer = rope_take(body);
}

void
exchange_swallow(struct exchange *x)
{
	x->swallow = true;
}

bool
exchange_is_unsent(const struct exchange *x)
{
	return x->phase == EXCHANGE_REQUEST; /* stages have it, or it is parked */
}

bool
exchange_timed_out(const struct exchange *x)
{
	return x->timed_out;
}

int64_t
exchange_age_ms(const struct exchange *x)
{
	return monotime_since_ms(clock_now(), x->received);
}

static void
on_hold_over(void *arg)
{
	struct exchange *x = arg;

	x->timed_out = x->ticket != NULL;
	let_ticket_go(x);
	session_exchange_resumed(x->session, x);
}

int
exchange_pause(struct exchange *x, unsigned ms)
{
	if (x->hold_timer == NULL)
		x->hold_timer = loop_timer_new(session_loop(x->session), on_hold_over, x);
	if (x->hold_timer == NULL)
		return ERR_NOMEM;
	let_ticket_go(x);
	x->timed_out = false;
	loop_timer_set(x->hold_timer, ms);
	return 0;
}

struct ticket *
exchange_hold(struct exchange *x, unsigned timeout_ms)
{
	struct ticket *t = calloc(1, sizeof(*t));

	if (t == NULL || exchange_pause(x, timeout_ms) != 0) {
		free(t);
		return NULL;
	}
	t->wake = wake_ref(loop_wake(session_loop(x->session)));
	t->x = x;
	x->ticket = t;
	return t;
}

static void
ticket_free(struct ticket *t)
{
	wake_unref(t->wake);
	free(t);
}

static void
on_resume(void *arg)
{
	struct ticket *t = arg;
	struct exchange *x = t->x;

	ticket_free(t);
	if (x == NULL)
		return;
	x->ticket = NULL;
	let_ticket_go(x);
	session_exchange_resumed(x->session, x);
}

void
ticket_resume(struct ticket *t)
{
	t->call = (struct wake_call){NULL, on_resume, t};
	if (wake_post(t->wake, &t->call) != 0)
		ticket_free(t);
}
