#include "kafka/api.h"
#include "kafka/auth.h"
#include "sasl/peek.h"
#include "stages/login_internal.h"

enum { HANDSHAKE_MAX = 1, AUTHENTICATE_MAX = 2, MECHANISM_MAX = 64, NAME_MAX_BYTES = 4096 };

/* What is remembered of a connection. */
struct visit {
	char mechanism[MECHANISM_MAX]; /* that the client chose; "" when it can't be told what comes */
	unsigned said, answered;       /* messages of this login */
	char *name;                    /* that the client claims, or NULL */
};

static void
visit_free(struct visit *v)
{
	if (v == NULL)
		return;
	free(v->name);
	free(v);
}

static void
begin_anew(struct visit *v, struct slice mechanism)
{
	free(v->name);
	*v = (struct visit){0};
	if (mechanism.n > 0 && mechanism.n < MECHANISM_MAX)
		memcpy(v->mechanism, mechanism.p, mechanism.n);
}

void
login_set_principal(struct exchange *x, struct slice name)
{
	char principal[sizeof("User:") + NAME_MAX_BYTES];

	(void)snprintf(principal, sizeof(principal), "User:%.*s", (int)name.n, (const char *)name.p);
	exchange_set_principal(x, slice_str(principal));
}

/* NULL: no memory.  Then nobody is named, no worse. */
static struct visit *
visit_of(struct login_stage *l, struct exchange *x)
{
	struct visit *v = exchange_session_state(x, &l->stage);

	if (v == NULL && (v = calloc(1, sizeof(*v))) != NULL)
		exchange_set_session_state(x, &l->stage, v);
	return v;
}

/* --- following ---------------------------------------------------------------------- */

/* The client's next message of its login. */
static void
follow_said(struct visit *v, struct slice message)
{
	struct wr name = wr_new(NAME_MAX_BYTES);

	if (v->said++ == 0 && peek_name(v->mechanism, message, &name) == 0) {
		wr_u8(&name, 0);
		if (wr_err(&name) == 0) {
			v->name = (char *)name.buf;
			name = (struct wr){0};
		}
	}
	wr_free(&name);
}

/* The broker took it. */
static void
follow_answered(struct visit *v, struct exchange *x, struct slice answer)
{
	v->answered++;
	if (!peek_over(v->mechanism, v->answered, answer))
		return;
	exchange_tokens(x, false);
	exchange_admit(x);
	if (v->name != NULL)
		login_set_principal(x, slice_str(v->name));
	begin_anew(v, slice_of(NULL, 0));
}

static void
follow_request(struct login_stage *l, struct exchange *x)
{
	struct visit *v = visit_of(l, x);
	struct slice text;

	if (v == NULL)
		return;
	if (exchange_key(x) == STAGE_TOKEN)
		follow_said(v, exchange_body(x));
	else if (exchange_key(x) == API_SASL_AUTHENTICATE) {
		if (auth_request_read(exchange_version(x), exchange_body(x), &text) == 0)
			follow_said(v, text);
	} else if (auth_handshake_request_read(exchange_version(x), exchange_body(x), &text) == 0) {
		begin_anew(v, text);
	}
}

static void
follow_response(struct login_stage *l, struct exchange *x)
{
	struct visit *v = visit_of(l, x);
	struct auth_answer a;
	char list[16];
	int16_t error;

	if (v == NULL) {
		exchange_admit(x); /* no memory: only the broker knows */
		return;
	}
	if (exchange_key(x) == STAGE_TOKEN) {
		follow_answered(v, x, exchange_body(x));
	} else if (exchange_key(x) == API_SASL_AUTHENTICATE) {
		if (auth_response_read(exchange_version(x), exchange_body(x), &a) == 0 && a.error == 0) {
			if (!peek_in_turns(v->mechanism))
				exchange_admit(x); /* when it is over can't be told */
			follow_answered(v, x, a.bytes);
		} else {
			begin_anew(v, slice_of(NULL, 0));
		}
	} else if (auth_handshake_response_read(exchange_version(x), exchange_body(x), &error, list, sizeof(list)) != 0 ||
		   error != 0) {
		begin_anew(v, slice_of(NULL, 0));
	} else if (exchange_version(x) == 0 && peek_in_turns(v->mechanism)) {
		exchange_tokens(x, true);
	}
}

/* --- refusing ------------------------------------------------------------------------ */

static enum stage_verdict
refuse(struct exchange *x)
{
	static const struct auth_answer illegal = {
		.error = AUTH_ILLEGAL_STATE,
		.message = {(const uint8_t *)"No SaslHandshake went before.", 29},
	};
	struct wr w = wr_new(1024);
	struct rope rope = {0};

	if (exchange_key(x) == API_SASL_HANDSHAKE)
		auth_handshake_response_write(AUTH_UNSUPPORTED_MECHANISM, NULL, 0, &w);
	else
		auth_response_write(exchange_version(x), &illegal, &w);
	if (rope_add_wr(&rope, &w) != 0) {
		wr_free(&w);
		return STAGE_CLOSE;
	}
	exchange_answer(x, &rope);
	return STAGE_ANSWER;
}

/* --- the stage ------------------------------------------------------------------------ */

static bool
wants(void *self UNUSED, int16_t key, int16_t version)
{
	return key == STAGE_TOKEN || (key == API_SASL_HANDSHAKE && version <= HANDSHAKE_MAX) ||
	       (key == API_SASL_AUTHENTICATE && version <= AUTHENTICATE_MAX);
}

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	const struct login_stage *l = self;

	return l->mode == LOGIN_STAGE_FOLLOW && wants(self, key, version);
}

static enum stage_verdict
request(void *self, struct exchange *x)
{
	struct login_stage *l = self;

	if (l->mode == LOGIN_STAGE_REFUSE)
		return refuse(x);
	if (l->mode == LOGIN_STAGE_DEMAND)
		return login_local_request(l, x);
	follow_request(l, x);
	return STAGE_PASS;
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	follow_response(self, x);
	return STAGE_PASS;
}

static void
lost(void *self, struct exchange *x)
{
	struct login_stage *l = self;

	if (l->mode == LOGIN_STAGE_DEMAND)
		login_local_lost(l, x);
}

static void
session_free(void *self, void *state)
{
	const struct login_stage *l = self;

	if (l->mode == LOGIN_STAGE_DEMAND)
		login_local_session_free(state);
	else
		visit_free(state);
}

struct login_stage *
login_stage_new(enum login_stage_mode mode, struct users *users)
{
	struct login_stage *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->mode = mode;
	l->users = users;
	l->stage = (struct stage){
		.name = "login",
		.self = l,
		.wants_request = wants,
		.request = request,
		.wants_response = wants_response,
		.response = response,
		.lost = lost,
		.session_free = session_free,
	};
	return l;
}

void
login_stage_free(struct login_stage *l)
{
	free(l);
}

const struct stage *
login_stage_of(struct login_stage *l)
{
	return &l->stage;
}
