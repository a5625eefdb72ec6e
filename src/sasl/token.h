/* token: an OAuth 2 access token by the client-credentials grant (RFC 6749 §4.4), as OpenID providers give them. */
#ifndef SASL_TOKEN_H
#define SASL_TOKEN_H

#include "cloud/keeper.h"

struct token_endpoint {
	const char *url, *client_id;
	const char *client_secret;      /* or */
	const char *client_secret_file; /* its path, read for each token; NULL: none */
	const char *scope;              /* "": none */
	const char *ca_file;            /* NULL: the system's */
};

keeper_fetch_fn token_fetch; /* arg: a struct token_endpoint */

/*
 * The token in an endpoint's answer, and how long it is good: the lesser of expires_in and
 * the JWT's own exp, 5 minutes when neither says.  ERR_MALFORMED, ERR_REMOTE (it has expired).
 */
int token_parse(struct slice json, int64_t wall_ms, struct wr *ret, int64_t *ret_lifetime_ms, char *why,
		size_t why_len) MUSTCHECK;

#endif
