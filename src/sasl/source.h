/*
 * source: where the proxy's own credentials come from, and the talks that are made with them.
 *
 *   configuration, files (read again for each login)   ─┐
 *   token endpoint, AWS services (a keeper's thread)   ─┴─► source_begin() ─► struct sasl
 */
#ifndef SASL_SOURCE_H
#define SASL_SOURCE_H

#include "cloud/provider.h"
#include "sasl/sasl.h"
#include "sasl/token.h"

struct source; /* opaque; safe from any thread */

/* Texts are borrowed until source_close(); NULL or "": not given.  Relative paths are in $CREDENTIALS_DIRECTORY when that is set. */
struct source_settings {
	const char *mechanism;
	const char *username, *password, *password_file; /* PLAIN, SCRAM */
	const char *token_file;                          /* OAUTHBEARER: a file, or */
	const char *token_url;                           /* an endpoint */
	const char *client_id, *client_secret, *client_secret_file, *scope, *ca_file;
	const struct sasl_pair *extensions;
	size_t extension_count;
	enum aws_kind aws; /* AWS_MSK_IAM */
	const char *aws_profile, *aws_region;
};

/* Is all there that the mechanism needs?  0, or ERR_CONFIG with `why`, which names keys of the configuration. */
int source_check(const struct source_settings *s, char *why, size_t why_len) MUSTCHECK;

/* Starts to fetch what must be.  0; ERR_CONFIG as above; ERR_NOMEM. */
int source_open(const struct source_settings *s, struct source **ret, char *why, size_t why_len) MUSTCHECK;
void source_close(struct source *s); /* when the last talk is over; NULL is fine */

/* A new talk with `host`.  ERR_NOT_NOW: its credentials are being fetched; else it fails, told in `why`. */
int source_begin(struct source *s, const char *host, struct sasl **ret, char *why, size_t why_len) MUSTCHECK;

#endif
