#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *
err_text(int code)
{
	switch ((enum err)code) {
	case ERR_NONE: return "no error";
	case ERR_NOMEM: return "out of memory";
	case ERR_SHORT: return "ends too early";
	case ERR_MALFORMED: return "malformed";
	case ERR_LIMIT: return "over the limit";
	case ERR_UNSUPPORTED: return "not supported";
	case ERR_CHECKSUM: return "checksum does not match";
	case ERR_IO: return "input/output error";
	case ERR_CRYPTO: return "libcrypto error";
	case ERR_SIGNATURE: return "signature does not verify";
	case ERR_NOTFOUND: return "not found";
	case ERR_EXISTS: return "already there";
	case ERR_NOT_NOW: return "not possible in this state";
	case ERR_TIMEOUT: return "timed out";
	case ERR_CONFIG: return "bad configuration";
	case ERR_REMOTE: return "refused by the Kafka cluster";
	case ERR_CLOSED: return "closed";
	case ERR_AGAIN: return "not sure yet";
	}
	return "unknown error";
}

int
err_say(int err, char *why, size_t why_len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, why_len, fmt, args);
	va_end(args);
	return err;
}
