#include "sasl/token.h"

#include <jansson.h>

#include "base/clock.h"
#include "base/text.h"
#include "sasl/sasl_internal.h"
#include "cloud/sigv4.h"
#include "cloud/web.h"

enum { ANSWER_MAX = 262144, TIMEOUT_MS = 10000, DEFAULT_LIFETIME_MS = 300000 };

#define LIFETIME_MAX_S INT64_C(1000000000)

/* The JWT's `exp` in seconds since 1970; 0: it has none, or is no JWT. */
static int64_t
jwt_exp(const char *token)
{
	const char *first = strchr(token, '.'), *second = first != NULL ? strchr(first + 1, '.') : NULL;
	struct wr json = wr_new(ANSWER_MAX);
	int64_t exp = 0;

	if (second != NULL && text_unbase64(slice_of(first + 1, (size_t)(second - first) - 1), &json) == 0) {
		json_t *root = json_loadb((const char *)json.buf, json.len, 0, NULL);

		exp = (int64_t)json_number_value(json_object_get(root, "exp"));
		json_decref(root);
	}
	wr_free(&json);
	return exp;
}

int
token_parse(struct slice json, int64_t wall_ms, struct wr *ret, int64_t *ret_lifetime_ms, char *why, size_t why_len)
{
	json_t *root = json_loadb((const char *)json.p, json.n, 0, NULL);
	const char *token = json_string_value(json_object_get(root, "access_token"));
	double expires_in = json_number_value(json_object_get(root, "expires_in"));
	int64_t lifetime_ms = DEFAULT_LIFETIME_MS, exp;
	int err = 0;

	if (token == NULL || token[0] == '\0') {
		json_decref(root);
		return err_say(ERR_MALFORMED, why, why_len, "the token endpoint's answer has no access_token");
	}
	exp = jwt_exp(token);
	if (expires_in > 0 && expires_in < (double)LIFETIME_MAX_S)
		lifetime_ms = (int64_t)expires_in * 1000;
	if (exp > 0 && exp < wall_ms / 1000 + LIFETIME_MAX_S &&
	    ((expires_in <= 0) || exp * 1000 - wall_ms < lifetime_ms))
		lifetime_ms = exp * 1000 - wall_ms;
	if (lifetime_ms <= 0) {
		err = err_say(ERR_REMOTE, why, why_len, "the token endpoint gives a token that has expired");
	} else {
		wr_text(ret, token);
		err = wr_err(ret);
	}
	json_decref(root);
	if (err == 0)
		*ret_lifetime_ms = lifetime_ms;
	return err;
}

int
token_fetch(void *arg, const atomic_bool *stop, struct wr *ret, int64_t *ret_lifetime_ms, char *why, size_t why_len)
{
	static const char *const headers[] = {"Accept: application/json", NULL};
	const struct token_endpoint *t = arg;
	struct wr form = wr_new(65536), answer = wr_new(ANSWER_MAX);
	struct secret secret = {NULL, 0};
	struct web_request q = {.method = "POST",
				.url = t->url,
				.headers = headers,
				.user = t->client_id,
				.password = t->client_secret,
				.ca_file = t->ca_file,
				.timeout_ms = TIMEOUT_MS,
				.stop = stop};
	int err = 0;

	if (t->client_secret_file != NULL) {
		err = secret_read(&secret, t->client_secret_file, why, why_len);
		q.password = (const char *)secret.p;
	}
	wr_text(&form, "grant_type=client_credentials");
	if (t->scope[0] != '\0') {
		wr_text(&form, "&scope=");
		sigv4_escape(&form, slice_str(t->scope));
	}
	if (err == 0)
		err = wr_err(&form);
	q.body = wr_slice(&form);
	if (err == 0)
		err = web_ask(&q, &answer, why, why_len);
	if (err == 0)
		err = token_parse(wr_slice(&answer), clock_wall_ms(), ret, ret_lifetime_ms, why, why_len);
	secret_clear(&secret);
	secret_wipe(&answer);
	wr_free(&form);
	return err;
}
