/*
 * The proxy's own login on a session's broker connection, made anew before it ends (KIP-368).
 *
 *   NONE ──85-95 % of its time──► DUE ──no request is half sent──► RUNNING ──in──► NONE
 *
 * Answers to the client's earlier requests may still come in between: the login's own requests
 * stand in the FIFO where they were sent, in front of a request that stages still hold.
 */
#include "base/log.h"
#include "proxy/session_internal.h"

static void
on_time(void *arg)
{
	struct session *s = arg;

	if (s->relogin == RELOGIN_NONE)
		s->relogin = RELOGIN_DUE;
	session_turn(s);
}

int
session_login_arm(struct session *s)
{
	int64_t ms = s->login != NULL ? login_again_ms(s->login) : -1;

	if (ms < 0)
		return 0;
	if (s->relogin_timer == NULL)
		s->relogin_timer = loop_timer_new(s->reactor->loop, on_time, s);
	if (s->relogin_timer == NULL)
		return ERR_NOMEM;
	loop_timer_set(s->relogin_timer, ms);
	return 0;
}

/* Hands on the request that had to wait. */
static void
unpark(struct session *s)
{
	struct exchange *x = s->current;

	if (x == NULL || !x->parked)
		return;
	x->parked = false;
	s->current = NULL;
	session_forward(s, x);
}

static void
give_back(struct session *s)
{
	refusals_give_back(s->reactor->core->refusals, s->broker_name, s->turn);
	s->turn = 0;
}

static void
failed(struct session *s, const char *why)
{
	give_back(s);
	LOG_LIMITED(LOG_LEVEL_ERROR, "login", "the proxy can't log in again", LOG_S("broker", s->broker_name),
		    LOG_S("mechanism", login_mechanism(s->login)), LOG_S("error", why));
	s->relogin = RELOGIN_NONE;
	session_broken(s, METRIC_UPSTREAM_ERRORS_LOGIN, why);
}

static int
send_own(struct session *s, struct wr *w, int32_t correlation_id)
{
	struct exchange *x = exchange_new(s, &s->reactor->pipeline);
	struct rope frame = {NULL, 0, 0, 0};
	int err = x == NULL ? ERR_NOMEM : rope_add_wr(&frame, w);

	rope_mark_secret(&frame);
	if (err == 0)
		err = io_send_frame(s->broker, &frame);
	if (err != 0) {
		rope_clear(&frame);
		free(x);
		return err;
	}
	x->own = true;
	x->phase = EXCHANGE_SENT;
	x->correlation_id = correlation_id;
	if (s->current != NULL)
		list_insert_before(&s->fifo, &s->current->link, &x->link);
	else
		list_append(&s->fifo, &x->link);
	return 0;
}

static void
next(struct session *s)
{
	struct wr w = wr_new(s->reactor->core->set.max_frame);
	char why[LOGIN_WHY_MAX];
	int32_t correlation_id;
	int err = login_next(s->login, &w, &correlation_id, why, sizeof(why));

	if (err == ERR_NOT_NOW) { /* nothing was said: the client goes on meanwhile */
		wr_free(&w);
		give_back(s);
		s->relogin = RELOGIN_NONE;
		loop_timer_set(s->relogin_timer, LOGIN_AGAIN_MS);
		return;
	}
	if (err == 0) {
		s->relogin = RELOGIN_RUNNING;
		err = send_own(s, &w, correlation_id);
		if (err != 0)
			(void)snprintf(why, sizeof(why), "%s", err_text(err));
		else if (login_said(s->login))
			s->turn = 0; /* used */
	}
	wr_free(&w);
	if (err != 0)
		failed(s, why);
}

void
session_login_turn(struct session *s)
{
	int64_t wait;

	if (s->relogin != RELOGIN_DUE || s->state != SESSION_OPEN || s->broker == NULL || s->relaying)
		return;
	wait = refusals_wait_ms(s->reactor->core->refusals, s->broker_name, &s->turn);
	if (wait > 0) { /* another connection's was refused just now; this one still has its time */
		s->relogin = RELOGIN_NONE;
		loop_timer_set(s->relogin_timer, wait);
	} else {
		next(s);
	}
}

void
session_login_answer(struct session *s, struct exchange *x, struct slice frame)
{
	char why[LOGIN_WHY_MAX];
	bool done = false;
	int err = login_answer(s->login, frame, &done, why, sizeof(why));

	exchange_end(x, &s->fifo);
	if (err == ERR_REMOTE)
		refusals_note(s->reactor->core->refusals, s->broker_name);
	if (err != 0) {
		failed(s, why);
	} else if (!done) {
		/* A stage may have answered meanwhile what it held: that goes out first, the next message stands behind it. */
		session_flush_answers(s);
		if (s->state != SESSION_DEAD)
			next(s);
	} else {
		s->relogin = RELOGIN_NONE;
		refusals_forget(s->reactor->core->refusals, s->broker_name);
		LOG_DEBUG("login", "logged in again", LOG_S("broker", s->broker_name), LOG_S("client", s->peer));
		if (session_login_arm(s) != 0) {
			session_kill(s);
			return;
		}
		unpark(s);
		session_flush_answers(s);
	}
}

void
session_login_end(struct session *s)
{
	give_back(s);
	loop_timer_free(s->relogin_timer);
	s->relogin_timer = NULL;
	login_free(s->login);
	s->login = NULL;
}
