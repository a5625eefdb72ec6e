/*
 * OAUTHBEARER (RFC 7628, KIP-255).
 *
 *   ours      n,,^Aauth=Bearer TOKEN^A(key=value^A)*^A
 *   theirs    nothing: success; else why not, as JSON, to which the answer is ^A, and then the failure itself
 */
#include <jansson.h>

#include "base/text.h"
#include "sasl/sasl_internal.h"

struct oauthbearer {
	struct sasl base;
	struct secret message;
	char refusal[200];
};

static void
oauthbearer_close(struct sasl *s)
{
	struct oauthbearer *o = CONTAINER_OF(s, struct oauthbearer, base);

	secret_clear(&o->message);
	free(o);
}

/* RFC 6750 §2.1: b64token. */
static bool
is_token(struct slice s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] != '\0' &&
	       strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/", s.p[i]) != NULL)
		i++;
	if (i == 0)
		return false;
	while (i < s.n && s.p[i] == '=')
		i++;
	return i == s.n;
}

/* KIP-255 and RFC 7628 §3.1: letters for a name, and "auth" is the token's. */
static bool
is_extension(const struct sasl_pair *e)
{
	size_t n = strspn(e->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	if (n == 0 || e->name[n] != '\0' || strcmp(e->name, "auth") == 0)
		return false;
	for (const char *p = e->text; *p != '\0'; p++)
		if ((*p < ' ' || *p > '~') && *p != '\t' && *p != '\r' && *p != '\n')
			return false;
	return true;
}

static int
message_make(const struct sasl_credentials *c, struct secret *ret)
{
	struct wr w = wr_new(SIZE_MAX / 2);
	size_t total = c->token.n + 32;
	int err;

	for (size_t i = 0; i < c->extension_count; i++)
		total += strlen(c->extensions[i].name) + strlen(c->extensions[i].text) + 2;
	(void)wr_room(&w, total); /* a buffer that grows leaves its content behind */
	wr_text(&w, "n,,\x01" "auth=Bearer ");
	wr_slice_put(&w, c->token);
	wr_u8(&w, 1);
	for (size_t i = 0; i < c->extension_count; i++) {
		wr_text(&w, c->extensions[i].name);
		wr_u8(&w, '=');
		wr_text(&w, c->extensions[i].text);
		wr_u8(&w, 1);
	}
	wr_u8(&w, 1);
	err = wr_err(&w) != 0 ? wr_err(&w) : secret_set(ret, wr_slice(&w));
	secret_wipe(&w);
	return err;
}

static int
oauthbearer_open(const struct sasl_mechanism *m UNUSED, const struct sasl_credentials *c, struct sasl **ret, char *why,
		 size_t why_len)
{
	struct oauthbearer *o;
	int err;

	if (!is_token(c->token))
		return err_say(ERR_CONFIG, why, why_len, "OAUTHBEARER: what should be the token is none (RFC 6750)");
	for (size_t i = 0; i < c->extension_count; i++)
		if (!is_extension(&c->extensions[i]))
			return err_say(ERR_CONFIG, why, why_len,
					 "OAUTHBEARER: \"%s\" can't be an extension (letters; printable ASCII)",
					 c->extensions[i].name);
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return ERR_NOMEM;
	err = message_make(c, &o->message);
	if (err != 0) {
		oauthbearer_close(&o->base);
		return err;
	}
	*ret = &o->base;
	return 0;
}

/* {"status":"invalid_token","scope":…,"openid-configuration":…}; other text is shown as it is. */
static void
note_refusal(struct oauthbearer *o, struct slice in)
{
	json_t *root = json_loadb((const char *)in.p, in.n, 0, NULL);
	const char *status = json_string_value(json_object_get(root, "status"));
	char said[128];

	(void)snprintf(o->refusal, sizeof(o->refusal), "OAUTHBEARER: the broker refuses the token: %s",
		       text_said(status != NULL ? slice_str(status) : in, said, sizeof(said)));
	json_decref(root);
}

static int
oauthbearer_step(struct sasl *s, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	struct oauthbearer *o = CONTAINER_OF(s, struct oauthbearer, base);

	if (s->step == 0) {
		wr_slice_put(out, secret_slice(&o->message));
		secret_clear(&o->message);
		return 0;
	}
	if (o->refusal[0] != '\0')
		return err_say(ERR_REMOTE, why, why_len, "%s", o->refusal);
	if (in.n == 0) {
		*ret_done = true;
		return 0;
	}
	note_refusal(o, in);
	(void)snprintf(why, why_len, "%s", o->refusal);
	wr_u8(out, 1);
	return 0;
}

const struct sasl_mechanism oauthbearer_mechanism = {"OAUTHBEARER", oauthbearer_open, oauthbearer_step,
						     oauthbearer_close};
