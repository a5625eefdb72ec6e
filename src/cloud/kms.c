#include "cloud/kms.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/text.h"
#include "cloud/sigv4.h"
#include "cloud/web.h"
#include "digest/sha256.h"

#define ENDPOINT_VARIABLE "AWS_ENDPOINT_URL_KMS"
#define CONTENT_TYPE "application/x-amz-json-1.1"

enum {
	TIMEOUT_MS = 5000,
	BACKOFF_FIRST_MS = 200,
	BACKOFF_MAX_MS = 10000,
	KEPT_MAX = 16, /* connections */
	URL_MAX = 512,
	WHY_MAX = 640,
	BODY_MAX = 4096,
	ANSWER_MAX = 65536,
	HEADERS_MAX = 131072, /* a session token has 2 KB or so */
};

struct kms {
	struct kms_arn arn;
	char url[URL_MAX + 16];
	char host[URL_MAX + 1]; /* as it stands in the request's Host */
	struct provider *provider;
	atomic_bool stop;
	pthread_mutex_t lock; /* of what follows */
	struct web *kept[KEPT_MAX];
	size_t kept_count;
	bool failing;             /* what was told last was no signature */
	int64_t backoff_ms;
	struct monotime next_try; /* while failing */
	char why[WHY_MAX]; /* of the last failure */
};

/* --- where ------------------------------------------------------------------------------- */

/* SCHEME://HOST[:PORT][/]; curl leaves a scheme's own port out of Host. */
static int
set_endpoint(struct kms *k, const char *url, char *why, size_t why_len)
{
	bool tls = strncmp(url, "https://", 8) == 0;
	const char *host = url + (tls ? 8 : 7);
	size_t n = strcspn(host, "/");
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
	const char *own = tls ? ":443" : ":80";

	if ((!tls && strncmp(url, "http://", 7) != 0) || n == 0 || n > URL_MAX - 8 || strspn(host, allowed) < n ||
	    (host[n] == '/' && host[n + 1] != '\0'))
		return err_say(ERR_CONFIG, why, why_len, ENDPOINT_VARIABLE " is not right; want https://HOST:PORT, or http://HOST:PORT");
	(void)snprintf(k->url, sizeof(k->url), "%s://%.*s/", tls ? "https" : "http", (int)n, host);
	if (n > strlen(own) && memcmp(host + n - strlen(own), own, strlen(own)) == 0)
		n -= strlen(own);
	(void)snprintf(k->host, sizeof(k->host), "%.*s", (int)n, host);
	return 0;
}

int
kms_open(const char *uri, enum aws_kind credentials, const char *profile, struct kms **ret, char *why, size_t why_len)
{
	const char *given = getenv(ENDPOINT_VARIABLE), *want;
	struct kms *k = calloc(1, sizeof(*k));
	int err;

	if (k == NULL)
		return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	(void)pthread_mutex_init(&k->lock, NULL);
	want = kms_arn_parse(uri, &k->arn);
	if (want != NULL) {
		err = err_say(ERR_CONFIG, why, why_len, "%s: want %s", uri, want);
		goto fail;
	}
	if (given != NULL && given[0] != '\0') {
		err = set_endpoint(k, given, why, why_len);
		if (err != 0)
			goto fail;
	} else {
		(void)snprintf(k->host, sizeof(k->host), "kms.%s.%s", k->arn.region, k->arn.domain);
		(void)snprintf(k->url, sizeof(k->url), "https://%s/", k->host);
	}
	k->provider = provider_open(credentials, profile);
	if (k->provider == NULL) {
		err = err_say(ERR_NOMEM, why, why_len, "no memory, or no thread to fetch credentials");
		goto fail;
	}
	*ret = k;
	return 0;

fail:
	kms_close(k);
	return err;
}

void
kms_close(struct kms *k)
{
	if (k == NULL)
		return;
	while (k->kept_count > 0)
		web_free(k->kept[--k->kept_count]);
	provider_close(k->provider);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

void
kms_stop(struct kms *k)
{
	atomic_store(&k->stop, true);
}

const char *
kms_arn(const struct kms *k)
{
	return k->arn.text;
}

/* --- one request --------------------------------------------------------------------------- */

/* The headers that SigV4 signs, and the signature, each as a text of its own in w; where they begin, in order, and NULL. */
static int
write_headers(struct kms *k, const struct aws_keys *keys, const char *action, struct slice body, struct wr *w, size_t at[5])
{
	struct slice token = secret_slice(&keys->session_token);
	const char *with_token = token.n > 0 ? "x-amz-security-token;" : "";
	struct sigv4 s = {.secret_key = secret_slice(&keys->secret_key), .region = k->arn.region, .service = "kms"};
	char time[SIGV4_TIME], hex[SIGV4_HEX + 1], signature[SIGV4_HEX + 1];
	struct wr canonical = wr_new(HEADERS_MAX);
	uint8_t sum[SHA256_LEN];
	int err = sigv4_time(clock_wall_ms(), time);

	if (err != 0)
		return err;
	s.time = time;
	sha256_of(body, sum);
	(void)wr_room(&canonical, token.n + 1024); /* a buffer that grows leaves its content behind */
	wr_printf(&canonical, "POST\n/\n\ncontent-type:" CONTENT_TYPE "\nhost:%s\nx-amz-date:%s\n", k->host, time);
	if (token.n > 0) {
		wr_text(&canonical, "x-amz-security-token:");
		wr_slice_put(&canonical, token);
		wr_u8(&canonical, '\n');
	}
	wr_printf(&canonical, "x-amz-target:TrentService.%s\n\ncontent-type;host;x-amz-date;%sx-amz-target\n%s", action, with_token,
		  text_hex(sum, sizeof(sum), hex));
	err = wr_err(&canonical) != 0 ? wr_err(&canonical) : sigv4_sign(&s, wr_slice(&canonical), signature);
	secret_wipe(&canonical);
	if (err != 0)
		return err;
	(void)wr_room(w, token.n + keys->access_key.n + 1024);
	at[0] = w->len;
	wr_printf(w, "Content-Type: " CONTENT_TYPE "%c", '\0');
	at[1] = w->len;
	wr_printf(w, "X-Amz-Date: %s%c", time, '\0');
	at[2] = w->len;
	wr_printf(w, "X-Amz-Target: TrentService.%s%c", action, '\0');
	at[3] = w->len;
	wr_text(w, "Authorization: AWS4-HMAC-SHA256 Credential=");
	wr_slice_put(w, secret_slice(&keys->access_key));
	wr_printf(w, "/%.8s/%s/kms/aws4_request, SignedHeaders=content-type;host;x-amz-date;%sx-amz-target, Signature=%s%c", time,
		  k->arn.region, with_token, signature, '\0');
	at[4] = w->len;
	if (token.n > 0) {
		wr_text(w, "X-Amz-Security-Token: ");
		wr_slice_put(w, token);
		wr_u8(w, '\0');
	}
	return wr_err(w);
}

static struct web *
take_connection(struct kms *k)
{
	struct web *w = NULL;

	(void)pthread_mutex_lock(&k->lock);
	if (k->kept_count > 0)
		w = k->kept[--k->kept_count];
	(void)pthread_mutex_unlock(&k->lock);
	return w != NULL ? w : web_new();
}

static void
keep_connection(struct kms *k, struct web *w)
{
	(void)pthread_mutex_lock(&k->lock);
	if (k->kept_count < KEPT_MAX) {
		k->kept[k->kept_count++] = w;
		w = NULL;
	}
	(void)pthread_mutex_unlock(&k->lock);
	web_free(w);
}

static int
post(struct kms *k, const char *const *headers, struct slice body, struct wr *ret, char *why, size_t why_len)
{
	struct web_request q = {.over = take_connection(k),
				.method = "POST",
				.url = k->url,
				.headers = headers,
				.body = body,
				.timeout_ms = TIMEOUT_MS,
				.stop = &k->stop};
	char status[WHY_MAX];
	int err;

	if (q.over == NULL)
		return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	err = web_ask(&q, ret, status, sizeof(status));
	keep_connection(k, q.over);
	if (err == ERR_REMOTE)
		return kms_answer_error(wr_slice(ret), status, why, why_len);
	if (err != 0)
		(void)snprintf(why, why_len, "%s", status);
	return err == ERR_IO ? ERR_NOT_NOW : err;
}

static int
request(struct kms *k, const char *action, struct slice body, struct wr *ret, char *why, size_t why_len)
{
	struct aws_keys keys = {0};
	struct wr w = wr_new(HEADERS_MAX);
	size_t at[5];
	int err = provider_get(k->provider, &keys, why, why_len);

	if (err == ERR_NOT_NOW) {
		(void)snprintf(why, why_len, "the credentials are being fetched");
	} else if (err == 0) {
		err = write_headers(k, &keys, action, body, &w, at);
		if (err != 0)
			(void)snprintf(why, why_len, "a request can't be signed: %s", err_text(err));
	}
	if (err == 0) {
		const char *text = (const char *)w.buf;
		const char *const headers[] = {text + at[0], text + at[1], text + at[2], text + at[3],
					       keys.session_token.n > 0 ? text + at[4] : NULL, NULL};

		err = post(k, headers, body, ret, why, why_len);
	}
	secret_wipe(&w);
	aws_keys_clear(&keys);
	return err;
}

/* --- while it fails ------------------------------------------------------------------------ */

/* May a request go out?  While KMS fails one alone may, now and then, for all: it probes. */
static int
enter(struct kms *k, bool *ret_probes, char *why, size_t why_len)
{
	struct monotime now = clock_now();
	int err = 0;

	(void)pthread_mutex_lock(&k->lock);
	if (atomic_load(&k->stop)) {
		err = err_say(ERR_CLOSED, why, why_len, "stopped");
	} else if (k->failing && now.ns < k->next_try.ns) {
		err = err_say(ERR_AGAIN, why, why_len, "%s", k->why);
	} else {
		*ret_probes = k->failing;
		k->next_try.ns = now.ns + (int64_t)2 * TIMEOUT_MS * 1000000; /* while it isn't known what comes of it */
	}
	(void)pthread_mutex_unlock(&k->lock);
	return err;
}

/* Of requests that fail together the first lengthens the pause; an answer ends it. */
static void
leave(struct kms *k, bool probed, int err, const char *why)
{
	(void)pthread_mutex_lock(&k->lock);
	if (err == 0) {
		k->backoff_ms = 0;
	} else if (probed || !k->failing) {
		k->backoff_ms = k->backoff_ms == 0 ? BACKOFF_FIRST_MS : k->backoff_ms * 2;
		k->backoff_ms = k->backoff_ms < BACKOFF_MAX_MS ? k->backoff_ms : BACKOFF_MAX_MS;
		k->next_try.ns = clock_now().ns + k->backoff_ms * 1000000;
	}
	k->failing = err != 0;
	(void)snprintf(k->why, sizeof(k->why), "%s", why);
	(void)pthread_mutex_unlock(&k->lock);
}

/* --- the two calls --------------------------------------------------------------------------- */

static int
told_of(const struct kms *k, int err, const char *cause, char *why, size_t why_len)
{
	return err == 0 ? 0 : err_say(err, why, why_len, "%s: %s", k->arn.text, cause[0] != '\0' ? cause : err_text(err));
}

int
kms_public(struct kms *k, char ret_spec[KMS_SPEC_MAX + 1], struct wr *ret_der, char *why, size_t why_len)
{
	struct wr body = wr_new(BODY_MAX), answer = wr_new(ANSWER_MAX);
	struct json_out j = json_out_of(&body);
	char cause[WHY_MAX] = "";
	int err;

	json_out_open(&j, NULL, '{');
	json_out_str(&j, "KeyId", k->arn.text);
	json_out_close(&j);
	err = wr_err(&body);
	if (err == 0)
		err = request(k, "GetPublicKey", wr_slice(&body), &answer, cause, sizeof(cause));
	if (err == 0)
		err = kms_answer_public(wr_slice(&answer), k->arn.text, ret_spec, ret_der, cause, sizeof(cause));
	wr_free(&body);
	wr_free(&answer);
	return told_of(k, err, cause, why, why_len);
}

static int
sign(struct kms *k, const char *algorithm, struct slice digest, struct wr *ret_sig, char *why, size_t why_len)
{
	struct wr body = wr_new(BODY_MAX), answer = wr_new(ANSWER_MAX), text = wr_new(BODY_MAX);
	struct json_out j = json_out_of(&body);
	int err;

	text_base64(&text, digest);
	json_out_open(&j, NULL, '{');
	json_out_str(&j, "KeyId", k->arn.text);
	json_out_text(&j, "Message", wr_slice(&text));
	json_out_str(&j, "MessageType", "DIGEST");
	json_out_str(&j, "SigningAlgorithm", algorithm);
	json_out_close(&j);
	err = wr_err(&text) != 0 ? wr_err(&text) : wr_err(&body);
	if (err == 0)
		err = request(k, "Sign", wr_slice(&body), &answer, why, why_len);
	if (err == 0)
		err = kms_answer_signature(wr_slice(&answer), k->arn.text, algorithm, ret_sig, why, why_len);
	wr_free(&text);
	wr_free(&body);
	wr_free(&answer);
	return err;
}

int
kms_sign(struct kms *k, const char *algorithm, struct slice digest, struct wr *ret_sig, char *why, size_t why_len)
{
	char cause[WHY_MAX] = "";
	bool probes = false;
	int err = enter(k, &probes, cause, sizeof(cause));

	if (err == 0) {
		err = sign(k, algorithm, digest, ret_sig, cause, sizeof(cause));
		leave(k, probes, err, cause);
	}
	return told_of(k, err, cause, why, why_len);
}
