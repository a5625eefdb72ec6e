/*
 * err: one space of error codes for the whole program.  Functions return 0 or one
 * of these; out-parameters are untouched on failure.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

enum err {
	ERR_NONE = 0,
	ERR_NOMEM = -1,       /* the allocator said no */
	ERR_SHORT = -2,       /* the bytes end before what they promise */
	ERR_MALFORMED = -3,   /* the bytes break their format */
	ERR_LIMIT = -4,       /* larger than a configured or built-in limit */
	ERR_UNSUPPORTED = -5, /* well-formed, but a version or codec that we don't know */
	ERR_CHECKSUM = -6,    /* a CRC or digest doesn't match */
	ERR_IO = -7,          /* the operating system said no; errno has it */
	ERR_CRYPTO = -8,      /* libcrypto said no */
	ERR_SIGNATURE = -9,   /* a signature doesn't verify */
	ERR_NOTFOUND = -10,
	ERR_EXISTS = -11,
	ERR_NOT_NOW = -12,   /* not possible now */
	ERR_TIMEOUT = -13, /* the deadline passed */
	ERR_CONFIG = -14,  /* a value that a user wrote is wrong */
	ERR_REMOTE = -15,  /* the Kafka cluster answered with an error */
	ERR_CLOSED = -16,  /* the peer, or we, closed */
	ERR_AGAIN = -17,   /* it can't be told yet: shortly it can */
};

/* A short English text for `code`, never NULL. */
const char *err_text(int code);

/* Says why and gives err. */
int err_say(int err, char *why, size_t why_len, const char *fmt, ...) PRINTF(4, 5);

#endif
