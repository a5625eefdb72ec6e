/*
 * AWS_MSK_IAM (README of github.com/aws/aws-msk-iam-auth): one JSON
 * object that has the query of a presigned "kafka-cluster:Connect" in it.  The broker answers
 * with JSON of its own, which says nothing that we need.
 */
#include <string.h>

#include "base/json_out.h"
#include "sasl/sasl_internal.h"
#include "cloud/sigv4.h"

#define SERVICE "kafka-cluster"
#define EXPIRES "900"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { REGION_MAX = 64, HOST_MAX = 255, MESSAGE_MAX = 65536 };

struct msk_iam {
	struct sasl base;
	struct secret message;
};

static void
msk_iam_close(struct sasl *s)
{
	struct msk_iam *m = CONTAINER_OF(s, struct msk_iam, base);

	secret_clear(&m->message);
	free(m);
}

/* b-1.cluster.c2.kafka.eu-central-1.amazonaws.com: the label before the domain is the region. */
static bool
region_of_host(const char *host, char *ret)
{
	static const char *const domains[] = {".amazonaws.com", ".amazonaws.com.cn", ".c2s.ic.gov", ".sc2s.sgov.gov"};
	size_t n = strlen(host);

	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		size_t tail = strlen(domains[i]);
		const char *dot;

		if (n <= tail || strcmp(host + n - tail, domains[i]) != 0)
			continue;
		dot = memrchr(host, '.', n - tail);
		if (dot == NULL || dot + 1 == host + n - tail || n - tail - (size_t)(dot + 1 - host) >= REGION_MAX)
			return false;
		(void)snprintf(ret, REGION_MAX, "%.*s", (int)(n - tail - (size_t)(dot + 1 - host)), dot + 1);
		return true;
	}
	return false;
}

/* What both the signed request and the message are made of. */
struct presigned {
	char host[HOST_MAX + 1], region[REGION_MAX], time[SIGV4_TIME];
	struct wr credential; /* access key/date/region/service/aws4_request */
	char signature[SIGV4_HEX + 1];
};

/* The query's names stand in the order of their bytes, as the canonical form demands. */
static int
sign(struct presigned *p, const struct sasl_credentials *c)
{
	struct sigv4 s = {c->secret_key, p->time, p->region, SERVICE};
	struct wr w = wr_new(MESSAGE_MAX);
	int err;

	wr_text(&w, "GET\n/\nAction=kafka-cluster%3AConnect&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
	sigv4_escape(&w, wr_slice(&p->credential));
	wr_printf(&w, "&X-Amz-Date=%s&X-Amz-Expires=" EXPIRES, p->time);
	if (c->session_token.n > 0) {
		wr_text(&w, "&X-Amz-Security-Token=");
		sigv4_escape(&w, c->session_token);
	}
	wr_printf(&w, "&X-Amz-SignedHeaders=host\nhost:%s\n\nhost\n" EMPTY_SHA256, p->host);
	err = wr_err(&w) != 0 ? wr_err(&w) : sigv4_sign(&s, wr_slice(&w), p->signature);
	secret_wipe(&w);
	return err;
}

static int
message_make(const struct presigned *p, const struct sasl_credentials *c, struct secret *ret)
{
	struct wr w = wr_new(MESSAGE_MAX);
	struct json_out j = json_out_of(&w);
	int err;

	(void)wr_room(&w, 2 * c->session_token.n + 1024);
	json_out_open(&j, NULL, '{');
	json_out_str(&j, "version", "2020_10_22");
	json_out_str(&j, "host", p->host);
	json_out_str(&j, "user-agent", "makoto-proxy/" MAKOTO_VERSION);
	json_out_str(&j, "action", SERVICE ":Connect");
	json_out_str(&j, "x-amz-algorithm", "AWS4-HMAC-SHA256");
	json_out_text(&j, "x-amz-credential", wr_slice(&p->credential));
	json_out_str(&j, "x-amz-date", p->time);
	if (c->session_token.n > 0)
		json_out_text(&j, "x-amz-security-token", c->session_token);
	json_out_str(&j, "x-amz-signedheaders", "host");
	json_out_str(&j, "x-amz-expires", EXPIRES);
	json_out_str(&j, "x-amz-signature", p->signature);
	json_out_close(&j);
	err = wr_err(&w) != 0 ? wr_err(&w) : secret_set(ret, wr_slice(&w));
	secret_wipe(&w);
	return err;
}

static int
prepare(struct presigned *p, const struct sasl_credentials *c, char *why, size_t why_len)
{
	if (c->access_key.n == 0 || c->secret_key.n == 0)
		return err_say(ERR_CONFIG, why, why_len, "AWS_MSK_IAM: wants an access key and its secret");
	if (c->host.n == 0 || c->host.n > HOST_MAX)
		return err_say(ERR_CONFIG, why, why_len, "AWS_MSK_IAM: wants the broker's host name");
	(void)snprintf(p->host, sizeof(p->host), "%.*s", (int)c->host.n, (const char *)c->host.p);
	if (c->region.n >= REGION_MAX)
		return err_say(ERR_CONFIG, why, why_len, "AWS_MSK_IAM: the region is too long to be one");
	if (c->region.n > 0)
		(void)snprintf(p->region, sizeof(p->region), "%.*s", (int)c->region.n, (const char *)c->region.p);
	else if (!region_of_host(p->host, p->region))
		return err_say(ERR_CONFIG, why, why_len,
				 "AWS_MSK_IAM: %s doesn't tell the region; set kafka.sasl.aws.region", p->host);
	if (sigv4_time(c->wall_ms, p->time) != 0)
		return err_say(ERR_CONFIG, why, why_len, "AWS_MSK_IAM: this machine's time is not set");
	wr_slice_put(&p->credential, c->access_key);
	wr_printf(&p->credential, "/%.8s/%s/" SERVICE "/aws4_request", p->time, p->region);
	return wr_err(&p->credential);
}

static int
msk_iam_open(const struct sasl_mechanism *mechanism UNUSED, const struct sasl_credentials *c, struct sasl **ret,
	     char *why, size_t why_len)
{
	struct presigned p = {.credential = wr_new(1024)};
	struct msk_iam *m = calloc(1, sizeof(*m));
	int err = m == NULL ? ERR_NOMEM : prepare(&p, c, why, why_len);

	if (err == 0)
		err = sign(&p, c);
	if (err == 0)
		err = message_make(&p, c, &m->message);
	wr_free(&p.credential);
	if (err != 0) {
		if (m != NULL)
			msk_iam_close(&m->base);
		return err;
	}
	*ret = &m->base;
	return 0;
}

static int
msk_iam_step(struct sasl *s, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	struct msk_iam *m = CONTAINER_OF(s, struct msk_iam, base);

	if (s->step == 0) {
		wr_slice_put(out, secret_slice(&m->message));
		return 0;
	}
	if (in.n == 0)
		return err_say(ERR_MALFORMED, why, why_len, "AWS_MSK_IAM: the broker answers with nothing");
	*ret_done = true;
	return 0;
}

const struct sasl_mechanism msk_iam_mechanism = {"AWS_MSK_IAM", msk_iam_open, msk_iam_step, msk_iam_close};
