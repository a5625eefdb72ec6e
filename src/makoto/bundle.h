/*
 * bundle: an envelope as verifiers of sigstore take it, bundle format 0.3 (docs/FORMAT.md, "Bundle").
 */
#ifndef MAKOTO_BUNDLE_H
#define MAKOTO_BUNDLE_H

#include "makoto/envelope.h"

/* Appends it, with a line's end.  The hint is the envelope's keyid: which key to try.  0 or the writer's error. */
int bundle_write(struct slice type, struct slice payload, const char *keyid, struct slice sig, struct wr *w) MUSTCHECK;

#endif
