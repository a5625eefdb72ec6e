/*
 * Clients log in at the proxy itself: SASL PLAIN, by SaslHandshake 0 (tokens) or 1.
 *
 *   SaslHandshake ─► password ─► held while it is checked ─► good: admitted
 *                                                        └► bad: held a little, refused; what comes next closes
 */
#include <stdatomic.h>

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "kafka/auth.h"
#include "sasl/peek.h"
#include "sasl/users.h"
#include "stages/login_internal.h"

enum {
	CHECK_MS = 10000, /* the users' thread may be busy with others */
	DELAY_MS = 300,   /* of a refusal, so that guessing is slow; Kafka: connection.failed.authentication.delay.ms */
};

static const char *const mechanisms[] = {"PLAIN"};

struct local {
	bool chosen;  /* SaslHandshake named PLAIN */
	bool refused; /* nothing is taken any more */
	char *name;   /* who was admitted, or NULL */
};

enum { OPEN, GOOD, BAD, BUSY };

/* One password on its way: the exchange's, and the users' thread's while that works on it. */
struct trial {
	atomic_int refs, result;
	atomic_bool gone; /* nobody waits for it any more */
	struct ticket *ticket; /* for the users' thread */
	struct ticket *delay;  /* of a refusal */
	char *name;
};

static void
trial_unref(struct trial *t)
{
	if (atomic_fetch_sub(&t->refs, 1) > 1)
		return;
	free(t->name);
	free(t);
}

static void
end_trial(struct login_stage *l, struct exchange *x, struct trial *t)
{
	exchange_set_state(x, &l->stage, NULL);
	atomic_store(&t->gone, true);
	if (t->delay != NULL)
		ticket_resume(t->delay); /* its time is over: nothing follows */
	trial_unref(t);
}

static struct local *
local_of(struct login_stage *l, struct exchange *x)
{
	struct local *v = exchange_session_state(x, &l->stage);

	if (v == NULL && (v = calloc(1, sizeof(*v))) != NULL)
		exchange_set_session_state(x, &l->stage, v);
	return v;
}

void
login_local_session_free(void *state)
{
	struct local *v = state;

	free(v->name);
	free(v);
}

static enum stage_verdict
answer(struct exchange *x, struct wr *w)
{
	struct rope rope = {0};

	if (rope_add_wr(&rope, w) != 0) {
		wr_free(w);
		return STAGE_CLOSE;
	}
	exchange_answer(x, &rope);
	return STAGE_ANSWER;
}

static enum stage_verdict
handshake(struct local *v, struct exchange *x)
{
	struct wr w = wr_new(256);
	struct slice mechanism;

	if (auth_handshake_request_read(exchange_version(x), exchange_body(x), &mechanism) != 0)
		return STAGE_CLOSE;
	v->chosen = slice_eq(mechanism, slice_str("PLAIN"));
	exchange_tokens(x, v->chosen && exchange_version(x) == 0);
	auth_handshake_response_write(v->chosen ? 0 : AUTH_UNSUPPORTED_MECHANISM, mechanisms, ARRAY_LEN(mechanisms), &w);
	return answer(x, &w);
}

/* A refusal in words; a token's only refusal is the end of the connection, as Kafka's is. */
static enum stage_verdict
refuse(struct local *v, struct exchange *x, int16_t error, const char *text)
{
	struct auth_answer a = {.error = error, .message = slice_str(text)};
	struct wr w = wr_new(256);

	v->refused = true;
	metric_add(METRIC_CLIENT_ERRORS_LOGIN, 1);
	LOG_LIMITED(LOG_LEVEL_WARN, "login", "a client's login is refused", LOG_B("client", exchange_client_id(x)),
		    LOG_S("cause", text));
	if (exchange_key(x) == STAGE_TOKEN)
		return STAGE_CLOSE;
	auth_response_write(exchange_version(x), &a, &w);
	return answer(x, &w);
}

static enum stage_verdict
admit(struct login_stage *l, struct local *v, struct exchange *x, struct trial *t)
{
	static const struct auth_answer good = {0};
	struct wr w = wr_new(256);

	/* KIP-368: who logs in again must be the same. */
	if (v->name != NULL && strcmp(v->name, t->name) != 0) {
		end_trial(l, x, t);
		return refuse(v, x, AUTH_FAILED, "Cannot change principals during re-authentication.");
	}
	if (v->name == NULL) {
		v->name = t->name;
		t->name = NULL;
	}
	end_trial(l, x, t);
	v->chosen = false;
	login_set_principal(x, slice_str(v->name));
	exchange_admit(x);
	if (exchange_key(x) == STAGE_TOKEN) {
		exchange_tokens(x, false); /* and an empty answer */
	} else {
		auth_response_write(exchange_version(x), &good, &w);
	}
	return answer(x, &w);
}

static void
finish(struct trial *t, int result)
{
	atomic_store(&t->result, result);
	ticket_resume(t->ticket);
	trial_unref(t);
}

/* The users' thread. */
static void
on_checked(void *arg, bool good)
{
	finish(arg, good ? GOOD : BAD);
}

/* Nobody knows whether the password is right: clients give up for good on error 58, and come again after this. */
static enum stage_verdict
not_checked(struct login_stage *l, struct exchange *x, struct trial *t)
{
	end_trial(l, x, t);
	metric_add(METRIC_CLIENT_ERRORS_LOGIN, 1);
	LOG_LIMITED(LOG_LEVEL_WARN, "login", "too many logins at once: a client's connection is closed",
		    LOG_B("client", exchange_client_id(x)));
	return STAGE_CLOSE;
}

static enum stage_verdict
begin(struct login_stage *l, struct local *v, struct exchange *x)
{
	struct slice message = exchange_body(x), name, password;
	struct trial *t;

	if (!v->chosen)
		return refuse(v, x, AUTH_ILLEGAL_STATE, "SaslAuthenticate comes after SaslHandshake.");
	if (exchange_key(x) != STAGE_TOKEN && auth_request_read(exchange_version(x), message, &message) != 0)
		return STAGE_CLOSE;
	if (peek_plain(message, &name, &password) != 0)
		return refuse(v, x, AUTH_FAILED, "Authentication failed: not a message of SASL PLAIN.");
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return STAGE_CLOSE;
	atomic_init(&t->refs, 2);
	t->name = strndup((const char *)name.p, name.n);
	t->ticket = t->name != NULL ? exchange_hold(x, CHECK_MS) : NULL;
	if (t->ticket == NULL) {
		free(t->name);
		free(t);
		return STAGE_CLOSE;
	}
	exchange_set_state(x, &l->stage, t);
	if (users_check(l->users, name, password, &t->gone, on_checked, t) != 0)
		finish(t, BUSY);
	return STAGE_HOLD;
}

static enum stage_verdict
go_on(struct login_stage *l, struct local *v, struct exchange *x, struct trial *t)
{
	if (t->delay != NULL) {
		end_trial(l, x, t);
		return refuse(v, x, AUTH_FAILED, "Authentication failed: Invalid username or password");
	}
	switch (atomic_load(&t->result)) {
	case GOOD: return admit(l, v, x, t);
	case OPEN: /* not in time */
	case BUSY: return not_checked(l, x, t);
	}
	t->delay = exchange_hold(x, DELAY_MS);
	return t->delay != NULL ? STAGE_HOLD : STAGE_CLOSE;
}

enum stage_verdict
login_local_request(struct login_stage *l, struct exchange *x)
{
	struct local *v = local_of(l, x);
	struct trial *t = exchange_state(x, &l->stage);

	if (v == NULL || v->refused)
		return STAGE_CLOSE;
	if (exchange_key(x) == API_SASL_HANDSHAKE)
		return handshake(v, x);
	return t == NULL ? begin(l, v, x) : go_on(l, v, x, t);
}

void
login_local_lost(struct login_stage *l, struct exchange *x)
{
	struct trial *t = exchange_state(x, &l->stage);

	if (t != NULL)
		end_trial(l, x, t);
}
