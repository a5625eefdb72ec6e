/* The login of the proxy's own connection, again before the broker ends it (KIP-368).  Meanwhile asks wait. */
#include "base/log.h"
#include "base/metrics.h"
#include "proxy/control_private.h"

static int
send_login(struct control *c, struct wr *w, int32_t correlation_id)
{
	struct ask *a = calloc(1, sizeof(*a));
	struct rope frame = {NULL, 0, 0, 0};
	int err = a == NULL ? ERR_NOMEM : rope_add_wr(&frame, w);

	rope_mark_secret(&frame);
	if (err == 0)
		err = io_send_frame(c->io, &frame);
	if (err != 0) {
		rope_clear(&frame);
		free(a);
		return err;
	}
	a->login = true;
	a->correlation_id = correlation_id;
	a->deadline = a->patience = c->login_by;
	list_append(&c->sent, &a->link);
	control_ask_arm(c);
	return 0;
}

static void
login_lost(struct control *c, const char *why)
{
	LOG_ERROR("login", "the proxy can't log in again", LOG_S("broker", c->broker),
		  LOG_S("mechanism", login_mechanism(c->login)), LOG_S("error", why));
	metric_add(METRIC_UPSTREAM_ERRORS_LOGIN, 1);
	control_lost(c, why, 0);
}

static void
login_step(struct control *c)
{
	struct wr w = wr_new(c->reactor->core->set.max_frame);
	char why[LOGIN_WHY_MAX];
	int32_t correlation_id;
	int err = login_next(c->login, &w, &correlation_id, why, sizeof(why));

	if (err == ERR_NOT_NOW) {
		loop_timer_set(c->relogin, LOGIN_AGAIN_MS);
	} else if (err == 0) {
		if (!c->logging_in)
			c->login_by.ns = clock_now().ns + (int64_t)CONTROL_ASK_MS * 1000000;
		c->logging_in = true;
		err = send_login(c, &w, correlation_id);
		if (err != 0)
			(void)snprintf(why, sizeof(why), "%s", err_text(err));
	}
	wr_free(&w);
	if (err != 0 && err != ERR_NOT_NOW)
		login_lost(c, why);
}

void
control_login_due(void *arg)
{
	struct control *c = arg;

	if (c->state == CONTROL_UP)
		login_step(c);
	else
		loop_timer_set(c->relogin, LOGIN_AGAIN_MS); /* the first answer is still to come */
}

void
control_login_arm(struct control *c)
{
	int64_t ms = c->login != NULL ? login_again_ms(c->login) : -1;

	if (ms >= 0)
		loop_timer_set(c->relogin, ms);
}

void
control_login_answer(struct control *c, struct slice frame)
{
	char why[LOGIN_WHY_MAX];
	bool done = false;

	control_ask_arm(c);
	if (login_answer(c->login, frame, &done, why, sizeof(why)) != 0) {
		login_lost(c, why);
	} else if (!done) {
		login_step(c);
	} else {
		c->logging_in = false;
		control_login_arm(c);
		control_ask_send(c);
	}
}
