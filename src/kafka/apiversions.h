/* apiversions: what a client is told that brokers can do (KIP-35, KIP-511; docs/PROTOCOL.md). */
#ifndef KAFKA_APIVERSIONS_H
#define KAFKA_APIVERSIONS_H

#include "base/rd.h"
#include "base/wr.h"

/* The client's software name and version, empty before version 3.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED. */
int apiversions_request_read(int16_t version, struct slice body, struct slice *ret_name,
			     struct slice *ret_version) MUSTCHECK;

/* Is that version of the request newer than what we understand? */
bool apiversions_is_too_new(int16_t version);

/* The answer to one: version 0's form, UNSUPPORTED_VERSION, and the range of ApiVersions itself (KIP-511). */
void apiversions_too_new(struct wr *out);

/*
 * Narrows a broker's answer to what we understand as well: unknown APIs go, maximums
 * fall, minimums stay, an API without a common version goes, features stay.  An answer
 * that tells UNSUPPORTED_VERSION is in version 0's form whatever was asked; one that we
 * can't read in that form is copied as it is, since its error code is all it says.
 */
int apiversions_narrow(int16_t version, struct slice body, struct wr *out) MUSTCHECK;

/* A broker's answer without that API, if it is there; one that tells UNSUPPORTED_VERSION is copied.  Errors as above. */
int apiversions_without(int16_t version, struct slice body, int16_t key, struct wr *out) MUSTCHECK;

/* One API's range in a broker's answer.  0, ERR_NOTFOUND, ERR_REMOTE (the answer is an error), or malformed. */
int apiversions_find(int16_t version, struct slice body, int16_t key, int16_t *ret_min, int16_t *ret_max) MUSTCHECK;

#endif
