#include "proxy/login.h"

#include <stdarg.h>

#include "base/clock.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/auth.h"
#include "kafka/header.h"

#define CLIENT_ID "makoto-proxy"
#define MESSAGE_MAX ((size_t)1 << 20)

enum { HANDSHAKE_VERSION = 1, AUTHENTICATE_MAX = 2 };

enum login_state { LOGIN_ASKING, LOGIN_CHOOSING, LOGIN_TALKING, LOGIN_IN };

struct login {
	const struct login_door *door;
	char *host;
	enum login_state state;
	void *talk;
	struct wr said; /* the mechanism's next message, when there is one */
	bool told;      /* one was given out */
	bool proven;    /* it has nothing more to say: the broker is as it should be */
	int16_t version; /* of SaslAuthenticate; -1: not asked yet */
	int32_t correlation_id;
	int64_t lifetime_ms;
	char refusal[LOGIN_WHY_MAX / 2]; /* why the mechanism thinks that it will fail */
};

struct login *
login_new(const struct login_door *door, const char *host)
{
	struct login *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->door = door;
	l->version = -1;
	l->said = wr_new(MESSAGE_MAX);
	l->host = strdup(host);
	if (l->host == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

/* The buffer may have held a password; the rest of what was sent is the connection's. */
static void
forget_said(struct login *l)
{
	if (l->said.buf != NULL)
		explicit_bzero(l->said.buf, l->said.cap);
	wr_free(&l->said);
}

static void
end_talk(struct login *l)
{
	if (l->talk != NULL)
		l->door->end(l->talk);
	l->talk = NULL;
	forget_said(l);
}

void
login_free(struct login *l)
{
	if (l == NULL)
		return;
	end_talk(l);
	free(l->host);
	free(l);
}

static int PRINTF(4, 5)
fail(int err, char *why, size_t why_len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, why_len, fmt, args);
	va_end(args);
	return err;
}

/* The mechanism's turn. */
static int
step(struct login *l, struct slice in, char *why, size_t why_len)
{
	int err;

	forget_said(l);
	why[0] = '\0';
	err = l->door->step(l->talk, in, &l->said, &l->proven, why, why_len);
	if (err == 0)
		(void)snprintf(l->refusal, sizeof(l->refusal), "%s", why);
	return err;
}

static int
begin(struct login *l, char *why, size_t why_len)
{
	int err;

	end_talk(l);
	l->proven = l->told = false;
	l->refusal[0] = '\0';
	err = l->door->begin(l->door->arg, l->host, &l->talk, why, why_len);
	if (err != 0)
		return err;
	l->state = l->version < 0 ? LOGIN_ASKING : LOGIN_CHOOSING;
	return step(l, slice_of(NULL, 0), why, why_len);
}

int
login_next(struct login *l, struct wr *out, int32_t *ret_correlation_id, char *why, size_t why_len)
{
	struct slice id = slice_str(CLIENT_ID);
	int err = 0;

	if (l->talk == NULL)
		err = begin(l, why, why_len);
	if (err != 0)
		return err;
	switch (l->state) {
	case LOGIN_ASKING: request_header_write(API_VERSIONS, 0, l->correlation_id, id, out); break;
	case LOGIN_CHOOSING:
		request_header_write(API_SASL_HANDSHAKE, HANDSHAKE_VERSION, l->correlation_id, id, out);
		auth_handshake_request_write(slice_str(l->door->mechanism), out);
		break;
	case LOGIN_TALKING:
	case LOGIN_IN:
		request_header_write(API_SASL_AUTHENTICATE, l->version, l->correlation_id, id, out);
		(void)wr_room(out, l->said.len + 16); /* so that it doesn't grow and leave a password behind */
		auth_request_write(l->version, wr_slice(&l->said), out);
		forget_said(l);
		l->told = true;
		break;
	}
	if (wr_err(out) != 0)
		return fail(wr_err(out), why, why_len, "%s", err_text(wr_err(out)));
	*ret_correlation_id = l->correlation_id;
	return 0;
}

/* --- answers ------------------------------------------------------------------------- */

static int
on_versions(struct login *l, struct slice body, char *why, size_t why_len)
{
	int16_t min, max;

	if (apiversions_find(0, body, API_SASL_HANDSHAKE, &min, &max) != 0 || min > HANDSHAKE_VERSION ||
	    max < HANDSHAKE_VERSION)
		return fail(ERR_UNSUPPORTED, why, why_len, "the broker is older than Kafka 1.0: it has no SaslHandshake 1");
	if (apiversions_find(0, body, API_SASL_AUTHENTICATE, &min, &max) != 0 || min > AUTHENTICATE_MAX)
		return fail(ERR_UNSUPPORTED, why, why_len, "the broker and we share no version of SaslAuthenticate");
	l->version = max < AUTHENTICATE_MAX ? max : AUTHENTICATE_MAX;
	l->state = LOGIN_CHOOSING;
	return 0;
}

static int
on_handshake(struct login *l, struct slice body, char *why, size_t why_len)
{
	char list[256];
	int16_t error;

	if (auth_handshake_response_read(HANDSHAKE_VERSION, body, &error, list, sizeof(list)) != 0)
		return fail(ERR_MALFORMED, why, why_len, "its answer to SaslHandshake can't be read");
	switch (error) {
	case 0: l->state = LOGIN_TALKING; return 0;
	case AUTH_UNSUPPORTED_MECHANISM:
		return fail(ERR_REMOTE, why, why_len, "UNSUPPORTED_SASL_MECHANISM: %s isn't among the broker's: %s",
			    l->door->mechanism, list[0] != '\0' ? list : "none");
	case AUTH_ILLEGAL_STATE:
		return fail(ERR_REMOTE, why, why_len, "ILLEGAL_SASL_STATE: this port of the broker takes no SASL");
	default: return fail(ERR_REMOTE, why, why_len, "error %d to SaslHandshake", error);
	}
}

/* A broker's text as it may stand in a log line. */
static void
text_of(struct slice s, char *out, size_t len)
{
	size_t n = s.n < len - 1 ? s.n : len - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] < ' ' || s.p[i] == 0x7f ? '?' : (char)s.p[i];
	out[n] = '\0';
}

static int
refused(struct login *l, const struct auth_answer *a, char *why, size_t why_len)
{
	char text[200];
	bool more = l->refusal[0] != '\0';

	text_of(a->message, text, sizeof(text));
	return fail(ERR_REMOTE, why, why_len, "%s: %s%s%s",
		    a->error == AUTH_FAILED          ? "SASL_AUTHENTICATION_FAILED"
		    : a->error == AUTH_ILLEGAL_STATE ? "ILLEGAL_SASL_STATE"
						     : "error to SaslAuthenticate",
		    text[0] != '\0' ? text : "the broker gives no reason", more ? "; " : "", more ? l->refusal : "");
}

static int
on_authenticated(struct login *l, struct slice body, char *why, size_t why_len)
{
	struct auth_answer a;
	int err;

	if (auth_response_read(l->version, body, &a) != 0)
		return fail(ERR_MALFORMED, why, why_len, "its answer to SaslAuthenticate can't be read");
	if (a.error != 0)
		return refused(l, &a, why, why_len);
	err = step(l, a.bytes, why, why_len);
	if (err != 0)
		return err;
	if (l->proven) {
		l->state = LOGIN_IN;
		l->lifetime_ms = a.lifetime_ms > 0 ? a.lifetime_ms : 0;
		end_talk(l);
	}
	return 0;
}

int
login_answer(struct login *l, struct slice frame, bool *ret_done, char *why, size_t why_len)
{
	static const int16_t keys[] = {API_VERSIONS, API_SASL_HANDSHAKE, API_SASL_AUTHENTICATE, API_SASL_AUTHENTICATE};
	int16_t version = l->state == LOGIN_ASKING ? 0 : l->state == LOGIN_CHOOSING ? HANDSHAKE_VERSION : l->version;
	struct rd r = rd_of(frame);
	struct slice body;
	size_t at;
	int err;

	if (rd_i32(&r) != l->correlation_id || response_body_at(keys[l->state], version, frame, &at) != 0)
		return fail(ERR_MALFORMED, why, why_len, "an answer to no request of the login");
	l->correlation_id = (l->correlation_id + 1) & INT32_MAX;
	body = slice_of(frame.p + at, frame.n - at);
	switch (l->state) {
	case LOGIN_ASKING: err = on_versions(l, body, why, why_len); break;
	case LOGIN_CHOOSING: err = on_handshake(l, body, why, why_len); break;
	case LOGIN_TALKING:
	case LOGIN_IN:
	default: err = on_authenticated(l, body, why, why_len); break;
	}
	if (err == 0)
		*ret_done = l->state == LOGIN_IN;
	return err;
}

bool
login_said(const struct login *l)
{
	return l->told;
}

int64_t
login_lifetime_ms(const struct login *l)
{
	return l->lifetime_ms;
}

int64_t
login_again_ms(const struct login *l)
{
	/* The ten percent are chance, so that many connections don't come at once. */
	int64_t permille = 850 + clock_now().ns / 1000 % 101;

	if (l->lifetime_ms == 0)
		return -1;
	return l->lifetime_ms < INT64_MAX / 1000 ? l->lifetime_ms * permille / 1000 : INT64_MAX / 1000;
}

const char *
login_mechanism(const struct login *l)
{
	return l->door->mechanism;
}
