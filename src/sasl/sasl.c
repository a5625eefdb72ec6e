#include "sasl/sasl.h"

#include "sasl/sasl_internal.h"

static const struct sasl_mechanism *const mechanisms[] = {
	&plain_mechanism, &scram_mechanism_256, &scram_mechanism_512, &oauthbearer_mechanism, &msk_iam_mechanism,
};

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
		return err_say(ERR_CONFIG, why, why_len, "%s: no such mechanism", mechanism);
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
		return err_say(ERR_CLOSED, why, why_len, "the login is over");
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
