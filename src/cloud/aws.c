#include "cloud/aws.h"

#include <jansson.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/err.h"
#include "cloud/web.h"

#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_HOST "http://169.254.169.254"
#define TOKEN_SECONDS "X-aws-ec2-metadata-token-ttl-seconds: 300"

enum { ANSWER_MAX = 65536, TIMEOUT_MS = 5000, NO_EXPIRY_MS = 3600000, URL_MAX = 1024, TOKEN_MAX = 4096 };

#define LIFETIME_MAX_MS (INT64_C(1000) * 86400 * 365)

void
aws_keys_clear(struct aws_keys *k)
{
	secret_clear(&k->access_key);
	secret_clear(&k->secret_key);
	secret_clear(&k->session_token);
}

static int
set_all(struct aws_keys *k, struct slice access_key, struct slice secret_key, struct slice session_token)
{
	if (secret_set(&k->access_key, access_key) != 0 || secret_set(&k->secret_key, secret_key) != 0 ||
	    secret_set(&k->session_token, session_token) != 0)
		return ERR_NOMEM;
	return 0;
}

int
aws_from_environment(struct aws_keys *ret, char *why, size_t why_len)
{
	const char *access_key = getenv("AWS_ACCESS_KEY_ID"), *secret_key = getenv("AWS_SECRET_ACCESS_KEY"),
		   *token = getenv("AWS_SESSION_TOKEN");

	if (access_key == NULL || secret_key == NULL || access_key[0] == '\0' || secret_key[0] == '\0')
		return err_say(ERR_CONFIG, why, why_len, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set");
	return set_all(ret, slice_str(access_key), slice_str(secret_key), slice_str(token != NULL ? token : ""));
}

/* --- the shared file --------------------------------------------------------------------- */

static struct slice
trimmed(struct slice s)
{
	while (s.n > 0 && strchr(" \t\r", s.p[0]) != NULL && s.p[0] != '\0')
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]) != NULL && s.p[s.n - 1] != '\0')
		s.n--;
	return s;
}

static struct slice
next_line(struct slice *left)
{
	const uint8_t *end = memchr(left->p, '\n', left->n);
	size_t n = end != NULL ? (size_t)(end - left->p) : left->n;
	struct slice line = slice_of(left->p, n);

	*left = end != NULL ? slice_of(end + 1, left->n - n - 1) : slice_of(NULL, 0);
	return trimmed(line);
}

/* INI: [profile], name = value, comments with # or ;. */
int
aws_parse_file(struct slice text, const char *profile, struct aws_keys *ret, char *why, size_t why_len)
{
	struct slice access_key = {NULL, 0}, secret_key = {NULL, 0}, token = {NULL, 0};
	bool ours = false;

	while (text.n > 0) {
		struct slice line = next_line(&text), name, value;
		const uint8_t *equals;

		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[') {
			ours = line.p[line.n - 1] == ']' &&
			       slice_eq(trimmed(slice_of(line.p + 1, line.n - 2)), slice_str(profile));
			continue;
		}
		equals = memchr(line.p, '=', line.n);
		if (!ours || equals == NULL)
			continue;
		name = trimmed(slice_of(line.p, (size_t)(equals - line.p)));
		value = trimmed(slice_of(equals + 1, (size_t)(line.p + line.n - equals) - 1));
		if (slice_eq(name, slice_str("aws_access_key_id")))
			access_key = value;
		else if (slice_eq(name, slice_str("aws_secret_access_key")))
			secret_key = value;
		else if (slice_eq(name, slice_str("aws_session_token")))
			token = value;
	}
	if (access_key.n == 0 || secret_key.n == 0)
		return err_say(ERR_CONFIG, why, why_len, "no aws_access_key_id and aws_secret_access_key in profile [%s]",
				 profile);
	return set_all(ret, access_key, secret_key, token);
}

int
aws_from_file(const char *profile, struct aws_keys *ret, char *why, size_t why_len)
{
	const char *given = getenv("AWS_SHARED_CREDENTIALS_FILE"), *home = getenv("HOME");
	struct secret text = {NULL, 0};
	char path[4096];
	int err;

	if (given != NULL && given[0] != '\0')
		(void)snprintf(path, sizeof(path), "%s", given);
	else
		(void)snprintf(path, sizeof(path), "%s/.aws/credentials", home != NULL ? home : "");
	err = secret_read(&text, path, why, why_len);
	if (err == 0)
		err = aws_parse_file(secret_slice(&text), profile, ret, why, why_len);
	secret_clear(&text);
	return err;
}

/* --- what the services answer --------------------------------------------------------------- */

int
aws_parse_json(struct slice json, int64_t wall_ms, struct wr *ret, int64_t *ret_lifetime_ms, char *why, size_t why_len)
{
	json_t *root = json_loadb((const char *)json.p, json.n, 0, NULL);
	const char *access_key = json_string_value(json_object_get(root, "AccessKeyId"));
	const char *secret_key = json_string_value(json_object_get(root, "SecretAccessKey"));
	const char *token = json_string_value(json_object_get(root, "Token"));
	const char *expires = json_string_value(json_object_get(root, "Expiration"));
	int64_t lifetime_ms = NO_EXPIRY_MS, at;
	int err = 0;

	if (access_key == NULL || secret_key == NULL)
		err = err_say(ERR_MALFORMED, why, why_len, "the credentials service's answer has no keys in it");
	else if (expires != NULL && text_parse_time_ms(slice_str(expires), &at) != 0)
		err = err_say(ERR_MALFORMED, why, why_len, "the credentials service's answer has an Expiration that is no time");
	else if (expires != NULL && (lifetime_ms = at - wall_ms) <= 0)
		err = err_say(ERR_REMOTE, why, why_len, "the credentials service gives credentials that have expired");
	if (lifetime_ms > LIFETIME_MAX_MS)
		lifetime_ms = LIFETIME_MAX_MS; /* "9999-12-31" means for ever */
	if (err == 0) {
		wr_printf(ret, "%s\n%s\n%s", access_key, secret_key, token != NULL ? token : "");
		err = wr_err(ret);
	}
	json_decref(root);
	if (err == 0)
		*ret_lifetime_ms = lifetime_ms;
	return err;
}

int
aws_unpack(struct slice lines, struct aws_keys *ret)
{
	struct slice access_key = next_line(&lines), secret_key = next_line(&lines), token = next_line(&lines);

	return set_all(ret, access_key, secret_key, token);
}

/* GET with one header more, for the credentials. */
static int
fetch_json(const char *url, const char *header, const atomic_bool *stop, struct wr *ret, int64_t *ret_lifetime_ms,
	   char *why, size_t why_len)
{
	const char *const headers[] = {"Accept: application/json", header, NULL};
	struct web_request q = {
		.method = "GET", .url = url, .headers = headers, .local = true, .timeout_ms = TIMEOUT_MS, .stop = stop};
	struct wr answer = wr_new(ANSWER_MAX);
	int err = web_ask(&q, &answer, why, why_len);

	if (err == 0)
		err = aws_parse_json(wr_slice(&answer), clock_wall_ms(), ret, ret_lifetime_ms, why, why_len);
	secret_wipe(&answer);
	return err;
}

int
aws_fetch_container(void *arg UNUSED, const atomic_bool *stop, struct wr *ret, int64_t *ret_lifetime_ms, char *why,
		    size_t why_len)
{
	const char *relative = getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		   *full = getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"), *token = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
		   *token_file = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	struct secret secret = {NULL, 0};
	char url[URL_MAX], header[TOKEN_MAX] = "";
	int err = 0;

	if (relative != NULL)
		(void)snprintf(url, sizeof(url), CONTAINER_HOST "%s", relative);
	else if (full != NULL)
		(void)snprintf(url, sizeof(url), "%s", full);
	else
		return err_say(ERR_CONFIG, why, why_len,
				 "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor _FULL_URI is set");
	if (token_file != NULL) { /* the file's content changes (EKS) */
		err = secret_read(&secret, token_file, why, why_len);
		token = (const char *)secret.p;
	}
	if (err == 0 && token != NULL)
		(void)snprintf(header, sizeof(header), "Authorization: %s", token);
	if (err == 0)
		err = fetch_json(url, header[0] != '\0' ? header : NULL, stop, ret, ret_lifetime_ms, why, why_len);
	explicit_bzero(header, sizeof(header));
	secret_clear(&secret);
	return err;
}

/* IMDSv2: a token of this session, then the role's name, then its credentials. */
int
aws_fetch_instance(void *arg UNUSED, const atomic_bool *stop, struct wr *ret, int64_t *ret_lifetime_ms, char *why,
		   size_t why_len)
{
	static const char *const put[] = {TOKEN_SECONDS, NULL};
	const char *given = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *host = given != NULL && given[0] != '\0' ? given : INSTANCE_HOST;
	struct wr token = wr_new(TOKEN_MAX / 2), role = wr_new(URL_MAX / 2);
	char url[URL_MAX], header[TOKEN_MAX] = "";
	const char *const get[] = {header, NULL};
	struct web_request q = {
		.method = "PUT", .url = url, .headers = put, .local = true, .timeout_ms = TIMEOUT_MS, .stop = stop};
	int err;

	(void)snprintf(url, sizeof(url), "%s/latest/api/token", host);
	err = web_ask(&q, &token, why, why_len);
	if (err != 0)
		goto end;
	(void)snprintf(header, sizeof(header), "X-aws-ec2-metadata-token: %.*s", (int)token.len, (const char *)token.buf);
	(void)snprintf(url, sizeof(url), "%s/latest/meta-data/iam/security-credentials/", host);
	q.method = "GET";
	q.headers = get;
	err = web_ask(&q, &role, why, why_len);
	if (err != 0)
		goto end;
	if (role.len == 0 || memchr(role.buf, '/', role.len) != NULL || memchr(role.buf, '\n', role.len) != NULL) {
		err = err_say(ERR_REMOTE, why, why_len, "this instance has no role");
		goto end;
	}
	(void)snprintf(url, sizeof(url), "%s/latest/meta-data/iam/security-credentials/%.*s", host, (int)role.len,
		       (const char *)role.buf);
	err = fetch_json(url, header, stop, ret, ret_lifetime_ms, why, why_len);
end:
	secret_wipe(&token);
	wr_free(&role);
	explicit_bzero(header, sizeof(header));
	return err;
}
