#include "proxy/session.h"

#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "proxy/session_internal.h"

#define FIFO_MAX 256      /* exchanges in flight before reading of more requests stops */
#define LINGER_MS 1000    /* for the peer to take some of our last bytes, or to close its end */

static const char *
state_name(enum session_state state)
{
	switch (state) {
	case SESSION_DIALLING: return "dialling";
	case SESSION_OPEN: return "open";
	case SESSION_DRAINING: return "draining";
	case SESSION_LEAVING: return "leaving";
	case SESSION_FINISHING: return "finishing";
	case SESSION_DEAD: return "dead";
	}
	return "?";
}

static void
to_state(struct session *s, enum session_state state, const char *why)
{
	LOG_DEBUG("session", "state", LOG_S("client", s->peer), LOG_S("from", state_name(s->state)),
		  LOG_S("to", state_name(state)), LOG_S("why", why));
	INVARIANT(state > s->state);
	s->state = state;
}

/* --- the end ----------------------------------------------------------------------- */

static void
on_end(void *arg)
{
	struct session *s = arg;

	blob_unref(s->client_id);
	blob_unref(s->software[0]);
	blob_unref(s->software[1]);
	blob_unref(s->principal);
	free(s->broker_name);
	free(s->acks0);
	free(s);
}

static void
end_exchanges(struct session *s)
{
	struct link *e;

	s->current = s->incoming = NULL;
	while ((e = list_first(&s->fifo)) != NULL)
		exchange_end(CONTAINER_OF(e, struct exchange, link), &s->fifo);
}

void
session_count(struct reactor *r, struct listener *from, int by)
{
	struct core *core = r->core;

	/* Unsigned arithmetic wraps: adding (unsigned)-1 takes one away. */
	atomic_fetch_add(&r->connections, (unsigned)by);
	atomic_fetch_add(&from->connections, (unsigned)by);
	atomic_fetch_add(&core->connections, (unsigned)by);
	if (from->node_id != LISTENER_BOOTSTRAP)
		endpoints_count(core->endpoints, from->port, by);
	metric_add(METRIC_CONNECTIONS_ACTIVE, by);
	metric_add(by > 0 ? METRIC_CONNECTIONS_OPENED : METRIC_CONNECTIONS_CLOSED, 1);
	if (by < 0 && atomic_load(&core->draining))
		(void)!wake_post_fn(core->main, core->session_gone, core->arg); /* else the deadline sees it */
}

/*
 * Of a broker that can't be reached the client would have heard a refusal or a reset.  An
 * orderly end before the first answer means to some that they are not wanted (franz-go: no
 * TLS, a wrong password), and they give up what they would try again after a reset.
 */
static bool
is_to_be_reset(const struct session *s)
{
	return s->broker_failed && s->client != NULL && io_bytes_out(s->client) == 0 && io_queued(s->client) == 0;
}

void
session_kill(struct session *s)
{
	if (s->state == SESSION_DEAD)
		return;
	to_state(s, SESSION_DEAD, "closed");
	upstream_cancel(s->dialling);
	if (is_to_be_reset(s))
		io_reset(s->client);
	io_close(s->client);
	io_close(s->broker);
	s->client = s->broker = NULL;
	end_exchanges(s);
	pipeline_session_free(&s->reactor->pipeline, s->stage_state);
	loop_timer_free(s->deadline);
	s->deadline = NULL;
	session_login_end(s);
	session_unread_end(s);
	list_remove(&s->reactor->sessions, &s->link);
	session_count(s->reactor, s->from, -1);
	/* A callback of this session may be on the stack. */
	loop_next(s->reactor->loop, &s->end);
}

static void
finish(struct session *s, const char *why)
{
	bool pending = s->broker != NULL && (s->fifo.count > 0 || io_queued(s->broker) > 0);

	to_state(s, SESSION_FINISHING, why);
	end_exchanges(s);
	loop_timer_clear(s->deadline);
	upstream_cancel(s->dialling);
	s->dialling = NULL;
	/* What the client sent reaches the broker also when the client is gone: acks=0 asks for no more. */
	if (pending) {
		io_finish(s->broker, LINGER_MS, s->reactor->core->set.drain_ms);
	} else {
		io_close(s->broker);
		s->broker = NULL;
	}
	if (is_to_be_reset(s)) {
		io_reset(s->client);
		s->client = NULL;
	}
	if (s->client != NULL)
		io_finish(s->client, LINGER_MS, s->reactor->core->set.drain_ms);
	if (s->client == NULL && s->broker == NULL)
		session_kill(s);
}

static bool
awaits_answers(const struct session *s)
{
	LIST_EACH(&s->fifo, e)
		if (pipeline_awaits(CONTAINER_OF(e, struct exchange, link)))
			return true;
	return false;
}

static void
on_deadline(void *arg)
{
	finish(arg, "deadline");
}

static void
arm_deadline(struct session *s)
{
	if (s->deadline == NULL)
		s->deadline = loop_timer_new(s->reactor->loop, on_deadline, s);
	if (s->deadline != NULL)
		loop_timer_set(s->deadline, s->reactor->core->set.drain_ms);
	else
		finish(s, "no memory to wait");
}

/* A broker that is silent, or a stage that holds an answer, must not keep the session for ever. */
static void
begin_draining(struct session *s, const char *why)
{
	if (s->state >= SESSION_DRAINING)
		return;
	to_state(s, SESSION_DRAINING, why);
	if (!atomic_load(&s->reactor->core->draining)) /* else the proxy's own deadline ends it */
		arm_deadline(s);
}

void
session_client_gone(struct session *s)
{
	io_close(s->client);
	s->client = NULL;
	if (s->state == SESSION_DIALLING || (s->state == SESSION_FINISHING && s->broker == NULL))
		session_kill(s);
	if (s->state >= SESSION_LEAVING)
		return;
	/* A request that did not get to the broker never will. */
	if (s->current != NULL)
		exchange_end(s->current, &s->fifo);
	if (s->incoming != NULL)
		exchange_end(s->incoming, &s->fifo);
	s->current = s->incoming = NULL;
	s->relaying = false;
	if (awaits_answers(s)) {
		to_state(s, SESSION_LEAVING, "the client left before its answers came");
		arm_deadline(s);
	} else {
		finish(s, "the client left");
	}
}

void
session_broker_gone(struct session *s, const char *why)
{
	bool keep = true;

	io_close(s->broker);
	s->broker = NULL;
	if (s->state == SESSION_FINISHING) {
		if (s->client == NULL)
			session_kill(s);
		return;
	}
	if (s->state >= SESSION_FINISHING)
		return;
	/*
	 * Answers that came, or that we gave, and with none missing before them, still go
	 * out.  One that a stage closed on is still in the list, and counts as missing.
	 */
	LIST_EACH(&s->fifo, e) {
		struct exchange *x = CONTAINER_OF(e, struct exchange, link);

		keep = keep && ((x->phase == EXCHANGE_RESPONSE && x->held) || x->phase == EXCHANGE_ANSWERED);
		if (keep)
			continue;
		if (x == s->current)
			s->current = NULL;
		exchange_end(x, &s->fifo);
	}
	s->incoming = NULL;
	s->relaying = false;
	begin_draining(s, why);
	session_flush_answers(s);
}

void
session_drain(struct session *s, const char *why)
{
	begin_draining(s, why);
	session_turn(s);
}

/* --- flow -------------------------------------------------------------------------- */

/*
 * Who may do what depends on how a login ends, and what the next frame is, a request or a
 * token, on its answer: nothing is read behind one.  Kafka's clients wait there as well.
 */
static bool
is_login_under_way(const struct session *s)
{
	struct link *e = list_last(&s->fifo);
	const struct exchange *x = e != NULL ? CONTAINER_OF(e, struct exchange, link) : NULL;

	return x != NULL && !x->own &&
	       (x->key == STAGE_TOKEN || x->key == API_SASL_HANDSHAKE || x->key == API_SASL_AUTHENTICATE);
}

bool
session_may_read(const struct session *s)
{
	return s->state == SESSION_OPEN && s->relogin != RELOGIN_RUNNING && !is_login_under_way(s);
}

/* Who may read now?  Only here is reading stopped or started. */
static void
flow(struct session *s)
{
	struct link *first = list_first(&s->fifo);
	const struct exchange *head = first != NULL ? CONTAINER_OF(first, struct exchange, link) : NULL;
	bool client_full = s->client != NULL && io_is_high(s->client);
	bool broker_full = (s->broker != NULL && io_is_high(s->broker)) || s->fifo.count >= FIFO_MAX;
	bool inside = s->relaying && (s->state == SESSION_OPEN || s->state == SESSION_DRAINING);
	bool held = head != NULL && head->phase == EXCHANGE_RESPONSE && head->held && !head->local;

	if (broker_full && !s->client_blocked)
		metric_add(METRIC_PAUSES_CLIENT, 1);
	if (client_full && !s->broker_blocked)
		metric_add(METRIC_PAUSES_BROKER, 1);
	s->client_blocked = broker_full;
	s->broker_blocked = client_full;
	session_unread_note(s, client_full && s->broker != NULL);
	if (s->client != NULL) {
		if ((session_may_read(s) || inside) && s->current == NULL && !broker_full)
			io_resume(s->client);
		else
			io_pause(s->client);
	}
	if (s->broker != NULL) {
		if (!held && !client_full)
			io_resume(s->broker);
		else
			io_pause(s->broker);
	}
}

void
session_turn(struct session *s)
{
	session_login_turn(s);
	if (s->state == SESSION_DRAINING && s->fifo.count == 0 && !s->relaying)
		finish(s, "all is answered");
	else if (s->state == SESSION_LEAVING && (s->broker == NULL || !awaits_answers(s)))
		finish(s, "what stages waited for has come");
	if (s->state == SESSION_OPEN || s->state == SESSION_DRAINING || s->state == SESSION_LEAVING)
		flow(s);
}

void
session_answered(struct session *s, struct exchange *x)
{
	struct monotime now;

	if (x->key == API_PRODUCE && x->forwarded.ns != 0 && x->answered.ns != 0) {
		now = clock_now();
		metric_observe_ns(METRIC_PRODUCE_BROKER, monotime_since_ns(x->answered, x->forwarded));
		metric_observe_ns(METRIC_PRODUCE_OURS, monotime_since_ns(x->forwarded, x->received) +
							       monotime_since_ns(now, x->answered));
	}
	exchange_end(x, &s->fifo);
}

void
session_flush_answers(struct session *s)
{
	struct link *e;

	while ((e = list_first(&s->fifo)) != NULL) {
		struct exchange *x = CONTAINER_OF(e, struct exchange, link);

		if (x->phase != EXCHANGE_ANSWERED)
			return;
		if (s->client != NULL) {
			metric_add(METRIC_BYTES_TO_CLIENTS, (int64_t)x->answer.total + 4);
			if (io_send_frame(s->client, &x->answer) != 0) {
				session_kill(s);
				return;
			}
		}
		session_answered(s, x);
	}
}

void
session_exchange_resumed(struct session *s, struct exchange *x)
{
	if (!x->held)
		return; /* the stage took a ticket and then didn't hold */
	if (x->timed_out)
		metric_add(METRIC_HELD_TIMEOUTS, 1);
	x->held = false;
	if (s->current == x) {
		s->current = NULL;
		session_request_step(s, x);
	} else {
		session_response_step(s, x);
	}
	session_turn(s);
}

/* --- the beginning ----------------------------------------------------------------- */

static void
on_upstream(void *arg, struct io *io, struct login *login, const char *broker, const char *why)
{
	struct session *s = arg;

	s->dialling = NULL;
	if (io == NULL) {
		LOG_LIMITED(LOG_LEVEL_WARN, "session", "the broker can't be reached; the client is disconnected",
			    LOG_S("client", s->peer), LOG_S("broker", broker), LOG_S("error", why));
		s->broker_failed = true;
		session_kill(s);
		return;
	}
	io_set_owner(io, session_on_broker, s);
	s->broker = io;
	s->login = login;
	s->broker_name = strdup(broker);
	if (s->broker_name == NULL || session_login_arm(s) != 0) {
		session_kill(s);
		return;
	}
	io_relay_up_to(s->broker, INT32_MAX);
	to_state(s, SESSION_OPEN, "the broker is connected");
	session_turn(s);
}

/* A certificate names the client until a login does. */
static void
note_certificate(struct session *s)
{
	const struct io_tls_peer *peer = io_tls_peer(s->client);
	struct wr w = wr_new(SIZE_MAX / 2);

	if (peer != NULL && peer->subject[0] != '\0') {
		wr_printf(&w, "User:%s", peer->subject);
		if (wr_err(&w) == 0)
			session_set_principal(s, wr_slice(&w));
	}
	wr_free(&w);
}

/* The client's connection is up: now its broker is looked for, not for strangers who only knock. */
void
session_connect(struct session *s)
{
	note_certificate(s);
	if (!s->gated) /* else when it has asked for something that it may */
		session_dial(s);
}

void
session_dial(struct session *s)
{
	s->dialling = upstream_start(s->reactor, s->from->node_id, s->reactor->core->set.login_for_clients,
				      on_upstream, s);
	if (s->dialling == NULL)
		session_kill(s);
}

int
session_start(struct reactor *r, struct listener *from, int fd)
{
	struct session *s = calloc(1, sizeof(*s) + r->pipeline.count * sizeof(s->stage_state[0]));
	struct tls_context *tls;

	if (s == NULL) {
		close(fd);
		return ERR_NOMEM;
	}
	s->reactor = r;
	s->from = from;
	s->gated = r->core->set.demand_login;
	list_init(&s->fifo);
	s->end = (struct loop_task){.fn = on_end, .arg = s};
	tls = transport_clients(&r->core->transport);
	if (tls != NULL)
		s->client = io_new_tls(r->loop, fd, r->core->set.max_frame, tls, NULL, session_on_client, s);
	else
		s->client = io_new(r->loop, fd, r->core->set.max_frame, session_on_client, s);
	tls_unref(tls);
	if (s->client == NULL)
		goto fail;
	addr_text(io_peer(s->client), s->peer);
	io_tell_hangup(s->client);
	if (io_set_idle(s->client, r->core->set.idle_ms) != 0)
		goto fail;
	list_append(&r->sessions, &s->link);
	return 0;
fail:
	io_close(s->client);
	free(s);
	return ERR_NOMEM;
}

struct listener *
session_from(const struct session *s)
{
	return s->from;
}

struct session *
session_of_link(struct link *e)
{
	return CONTAINER_OF(e, struct session, link);
}

struct loop *
session_loop(const struct session *s)
{
	return s->reactor->loop;
}

struct slice
session_software(const struct session *s, unsigned which)
{
	return s->software[which] != NULL ? blob_slice(s->software[which]) : (struct slice){NULL, 0};
}

/* Without memory the old text stays: a statement names the client less well, no worse. */
static void
keep(struct blob **at, struct slice text)
{
	struct blob *b = blob_new(text.n);

	if (b == NULL)
		return;
	if (text.n > 0)
		memcpy(b->data, text.p, text.n);
	b->len = text.n;
	blob_unref(*at);
	*at = b;
}

void
session_set_software(struct session *s, struct slice name, struct slice version)
{
	keep(&s->software[0], name);
	keep(&s->software[1], version);
}

struct slice
session_principal(const struct session *s)
{
	return s->principal != NULL ? blob_slice(s->principal) : (struct slice){NULL, 0};
}

void
session_set_principal(struct session *s, struct slice principal)
{
	keep(&s->principal, principal);
}

void
session_admit(struct session *s)
{
	s->gated = false;
}

void
session_tokens(struct session *s, bool on)
{
	s->tokens = on;
	s->raw = false;
}

void **
session_stage_state(struct session *s, unsigned stage)
{
	return &s->stage_state[stage];
}
