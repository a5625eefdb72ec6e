/* sasl_internal: what every mechanism is made of; between the files of sasl/ alone. */
#ifndef SASL_SASL_INTERNAL_H
#define SASL_SASL_INTERNAL_H

#include "sasl/sasl.h"
#include "cloud/secret.h"

struct sasl_mechanism {
	const char *name;
	/* As sasl_client_new(); what it makes begins with a struct sasl. */
	int (*open)(const struct sasl_mechanism *m, const struct sasl_credentials *c, struct sasl **ret, char *why,
		    size_t why_len);
	/* s->step counts from 0. */
	int (*step)(struct sasl *s, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len);
	void (*close)(struct sasl *s); /* wipes and frees */
};

struct sasl {
	const struct sasl_mechanism *mechanism;
	unsigned step;
	bool over;
};

extern const struct sasl_mechanism plain_mechanism, scram_mechanism_256, scram_mechanism_512, oauthbearer_mechanism,
	msk_iam_mechanism;

#endif
