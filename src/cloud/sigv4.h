/* sigv4: AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"). */
#ifndef CLOUD_SIGV4_H
#define CLOUD_SIGV4_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

#define SIGV4_HEX 64
#define SIGV4_TIME 17 /* YYYYMMDDThhmmssZ and its NUL */

struct sigv4 {
	struct slice secret_key;
	const char *time; /* as sigv4_time() writes it */
	const char *region, *service;
};

/* Milliseconds since 1970 as AWS writes times.  0 or ERR_LIMIT. */
int sigv4_time(int64_t wall_ms, char out[SIGV4_TIME]) MUSTCHECK;

/* The key of a day, region and service.  0, ERR_CRYPTO, ERR_NOMEM. */
int sigv4_key(const struct sigv4 *s, uint8_t ret[32]) MUSTCHECK;

/* Signs the canonical request; lowercase hex into out.  0, ERR_CRYPTO, ERR_NOMEM. */
int sigv4_sign(const struct sigv4 *s, struct slice canonical_request, char out[SIGV4_HEX + 1]) MUSTCHECK;

/* Percent-encodes all but letters, digits and -_.~ (RFC 3986, as SigV4 wants it). */
void sigv4_escape(struct wr *w, struct slice text);

#endif
