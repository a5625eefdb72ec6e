/* envelope: DSSE v1 around a statement (docs/FORMAT.md, "Publication"). */
#ifndef MAKOTO_ENVELOPE_H
#define MAKOTO_ENVELOPE_H

#include "base/wr.h"

/* The bytes that are signed: "DSSEv1" SP length SP type SP length SP body. */
void envelope_pae(struct slice type, struct slice body, struct wr *w);

/* An envelope with one signature.  0 or the writer's error. */
int envelope_write(struct slice type, struct slice payload, const char *keyid, struct slice sig, struct wr *w) MUSTCHECK;

struct envelope {
	struct wr payload; /* decoded */
	struct wr type;
	struct wr keyid; /* a hint, never trusted */
	struct wr sig;   /* decoded */
};

/*
 * Exactly one signature; either base64 alphabet; unknown members are ignored,
 * duplicate ones refused.  0, ERR_MALFORMED, ERR_NOMEM, ERR_LIMIT.  Release with envelope_clear().
 */
int envelope_read(struct slice json, struct envelope *ret) MUSTCHECK;
void envelope_clear(struct envelope *e);

#endif
