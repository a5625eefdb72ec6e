/* protocol: what the word of kafka.security.protocol asks for. */
#ifndef REACH_PROTOCOL_H
#define REACH_PROTOCOL_H

#include "config/config.h"

enum protocol { PROTOCOL_PLAINTEXT, PROTOCOL_SSL, PROTOCOL_SASL_PLAINTEXT, PROTOCOL_SASL_SSL };

static inline bool
protocol_wraps(const struct config *c)
{
	return c->kafka_security_protocol == PROTOCOL_SSL || c->kafka_security_protocol == PROTOCOL_SASL_SSL;
}

static inline bool
protocol_logs_in(const struct config *c)
{
	return c->kafka_security_protocol == PROTOCOL_SASL_PLAINTEXT || c->kafka_security_protocol == PROTOCOL_SASL_SSL;
}

#endif
