#include "sasl/sasl.h"

#include <stdarg.h>

#include "sasl/sasl_internal.h"

static const struct sasl_mechanism *const mechanisms[] = {
	&plain_mechanism, &scram_mechanism_256, &scram_mechanism_512, &oauthbearer_mechanism, &msk_iam_mechanism,
};

int
sasl_fail(int err, char *why, size_t why_len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, why_len, fmt, args);
	va_end(args);
	return err;
}

char *
sasl_said(struct slice text, char *out, size_t len)
{
	size_t n = text.n < len - 1 ? text.n : len - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = text.p[i] >= ' ' && text.p[i] < 0x7f ? (char)text.p[i] : '?';
	out[n] = '\0';
	return out;
}

static const struct sasl_mechanism *
find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++)
		if (strcmp(mechanisms[i]->name, name) == 0)
			return mechanisms[i];
	return NULL;
}

bool
sasl_known(const char *mechanism)
{
	return find(mechanism) != NULL;
}

int
sasl_client_new(const char *mechanism, const struct sasl_credentials *c, struct sasl **ret, char *why, size_t why_len)
{
	const struct sasl_mechanism *m = find(mechanism);
	struct sasl *s;
	int err;

	if (m == NULL)
		return sasl_fail(ERR_CONFIG, why, why_len, "%s: no such mechanism", mechanism);
	(void)snprintf(why, why_len, "%s", "");
	err = m->open(m, c, &s, why, why_len);
	if (err != 0) {
		if (why_len > 0 && why[0] == '\0')
			(void)snprintf(why, why_len, "%s", err_text(err));
		return err;
	}
	s->mechanism = m;
	*ret = s;
	return 0;
}

int
sasl_step(struct sasl *s, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	bool done = false;
	int err;

	if (s->over)
		return sasl_fail(ERR_CLOSED, why, why_len, "the login is over");
	(void)snprintf(why, why_len, "%s", "");
	err = s->mechanism->step(s, in, out, &done, why, why_len);
	if (err == 0)
		err = wr_err(out);
	s->step++;
	s->over = err != 0 || done;
	if (err == 0)
		*ret_done = done;
	else if (why_len > 0 && why[0] == '\0')
		(void)snprintf(why, why_len, "%s", err_text(err));
	return err;
}

void
sasl_free(struct sasl *s)
{
	if (s != NULL)
		s->mechanism->close(s);
}
