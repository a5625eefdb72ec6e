/*
 * published: one record of the statement topic, read and checked (docs/FORMAT.md, "Publication").
 *
 *   key <chain>/<window>     value: envelope or bare statement     header makoto.leaves: manifest
 */
#ifndef VERIFY_PUBLISHED_H
#define VERIFY_PUBLISHED_H

#include "makoto/statement.h"
#include "trust/policy.h"

enum published_state {
	PUBLISHED_UNREADABLE, /* no statement of this format, or one that stands under another key than its own */
	PUBLISHED_UNVERIFIED, /* one signature, not checked yet */
	PUBLISHED_UNTRUSTED,  /* one signature, by none of the policy's keys, or by one that may not attest this */
	PUBLISHED_UNSIGNED,   /* a bare statement, level 1 */
	PUBLISHED_SIGNED,     /* by a key that may attest this */
};

struct published {
	struct chain_id chain; /* of the record's key */
	uint64_t window_id;
	enum published_state state;
	struct statement *statement; /* NULL when unreadable */
	struct wr payload;           /* the statement's exact bytes */
	struct wr sig;               /* of the envelope */
	uint8_t sha256[SHA256_LEN];  /* of them */
	char keyid[80];              /* SIGNED: of that key; else as the envelope says, cut off when longer */
	enum verdict_trust trust;    /* TRUST_NONE until it was checked */
	const char *issuer;          /* whose key made the signature; "": nobody's by name.  Lives with the policy. */
	const char *signer;          /* SIGNED: that key's id, which lives with the policy; else NULL */
	const char *why;             /* of what is unreadable, or doesn't count; else "" */
	bool by_known_key;           /* one of the policy's keys made the signature, whether or not it counts */
};

/*
 * 0: read, whatever the state; release with published_clear().  ERR_NOTFOUND: its key is
 * not a statement's, or the value is null: something of a later version.  ERR_NOMEM.
 */
int published_read(struct slice key, struct slice value, struct published *ret) MUSTCHECK;
void published_clear(struct published *p);

/* Does it count?  `trust`, `issuer`, `why` and `by_known_key`; and UNVERIFIED becomes SIGNED or UNTRUSTED.  0 or ERR_NOMEM. */
int published_check(struct published *p, const struct policy *policy) MUSTCHECK;

const char *published_state_name(enum published_state s);

#endif
