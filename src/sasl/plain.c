/* PLAIN (RFC 4616): one message, [authzid] NUL authcid NUL passwd.  Kafka answers with nothing. */
#include "sasl/sasl_internal.h"

struct plain {
	struct sasl base;
	struct secret message;
};

static void
plain_close(struct sasl *s)
{
	struct plain *p = CONTAINER_OF(s, struct plain, base);

	secret_clear(&p->message);
	free(p);
}

static int
plain_open(const struct sasl_mechanism *m UNUSED, const struct sasl_credentials *c, struct sasl **ret, char *why,
	   size_t why_len)
{
	struct wr w = wr_new(SIZE_MAX / 2);
	struct plain *p;
	int err;

	if (c->username.n == 0 || c->password.n == 0)
		return err_say(ERR_CONFIG, why, why_len, "PLAIN: wants a user name and a password");
	if (memchr(c->username.p, 0, c->username.n) != NULL || memchr(c->password.p, 0, c->password.n) != NULL)
		return err_say(ERR_CONFIG, why, why_len, "PLAIN: no NUL may be in user name or password");
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ERR_NOMEM;
	/* Room for all at once: a buffer that grows leaves its content behind. */
	(void)wr_room(&w, c->username.n + c->password.n + 2);
	wr_u8(&w, 0);
	wr_slice_put(&w, c->username);
	wr_u8(&w, 0);
	wr_slice_put(&w, c->password);
	err = wr_err(&w) != 0 ? wr_err(&w) : secret_set(&p->message, wr_slice(&w));
	secret_wipe(&w);
	if (err != 0) {
		plain_close(&p->base);
		return err;
	}
	*ret = &p->base;
	return 0;
}

static int
plain_step(struct sasl *s, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	struct plain *p = CONTAINER_OF(s, struct plain, base);

	if (s->step == 0) {
		wr_slice_put(out, secret_slice(&p->message));
		secret_clear(&p->message);
		return 0;
	}
	if (in.n > 0)
		return err_say(ERR_MALFORMED, why, why_len, "PLAIN: the broker answers with more than success");
	*ret_done = true;
	return 0;
}

const struct sasl_mechanism plain_mechanism = {"PLAIN", plain_open, plain_step, plain_close};
