/*
 * sasl: the client's side of a login (RFC 4422) as steps without I/O.
 *
 *   sasl_client_new ─► step(nothing) ─► bytes ─► broker ─► step(its bytes) ─► bytes … ─► done
 *
 * PLAIN (RFC 4616), SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, 7677), OAUTHBEARER (RFC
 * 7628, KIP-255), AWS_MSK_IAM.  One conversation belongs to one thread.
 */
#ifndef SASL_SASL_H
#define SASL_SASL_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

struct sasl; /* opaque: one conversation */
struct salted;

struct sasl_pair {
	const char *name, *text;
};

/* What a mechanism needs of these it copies, and wipes in the end. */
struct sasl_credentials {
	struct slice username, password;     /* PLAIN, SCRAM */
	struct slice token;                  /* OAUTHBEARER */
	const struct sasl_pair *extensions;  /* of OAUTHBEARER (KIP-255) */
	size_t extension_count;
	struct slice access_key, secret_key; /* AWS_MSK_IAM */
	struct slice session_token;          /* empty: none */
	struct slice region;                 /* empty: as the broker's host name says */
	struct slice host;                   /* of the broker, without port */
	int64_t wall_ms;                     /* the time that AWS_MSK_IAM signs */
	struct slice nonce;                  /* of SCRAM; empty: a random one */
	struct salted *salted;               /* of SCRAM, borrowed until sasl_free(); NULL: nothing is kept between conversations */
};

bool sasl_known(const char *mechanism);

/*
 * 0; ERR_CONFIG: no such mechanism, or credentials that it can't use, told in `why`
 * without their content; ERR_NOMEM, ERR_CRYPTO.
 */
int sasl_client_new(const char *mechanism, const struct sasl_credentials *c, struct sasl **ret, char *why,
		    size_t why_len) MUSTCHECK;

/*
 * The first step takes nothing (p == NULL), each other what the server answered.
 * *ret_done: the server is who it should be and nothing is to be sent; else `out`, which
 * may be empty bytes, is.  Whatever fails ends the conversation: ERR_REMOTE (the server
 * says no), ERR_SIGNATURE (it doesn't know the password), ERR_MALFORMED, ERR_CRYPTO,
 * ERR_NOMEM, each told in `why`.  Also a step that succeeds may fill `why`: the server
 * refused and waits for our assent.
 */
int sasl_step(struct sasl *s, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len) MUSTCHECK;

void sasl_free(struct sasl *s); /* NULL is fine */

#endif
