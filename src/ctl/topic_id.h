/*
 * topic_id: asks a cluster for a topic's id, which the librdkafka of Debian 12 can't.
 *
 * A small client of its own: plaintext, one request after the other, blocking with a
 * deadline.
 */
#ifndef CTL_TOPIC_ID_H
#define CTL_TOPIC_ID_H

#include "base/err.h"
#include "base/base.h"

enum { TOPIC_ID_TEXT = 22 };

/*
 * Tries the servers ("host:port,…") in turn.  0: *ret is the id as Kafka's tools print
 * it, or "" when the cluster has no topic ids.  ERR_NOTFOUND: no such topic.  ERR_TIMEOUT,
 * ERR_IO, ERR_CLOSED (TLS? a login?), ERR_REMOTE, ERR_MALFORMED: it could not be found out.
 */
int topic_id_ask(const char *bootstrap, const char *topic, int timeout_ms, char ret[TOPIC_ID_TEXT + 1]) MUSTCHECK;

#endif
