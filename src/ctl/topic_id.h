/*
 * topic_id: asks a cluster for a topic's id, which the librdkafka of Debian 12 can't.
 *
 * A small client of its own: one request after the other, blocking with a deadline; in
 * plaintext, or over connections that somebody else makes.
 */
#ifndef CTL_TOPIC_ID_H
#define CTL_TOPIC_ID_H

#include "base/err.h"
#include "base/base.h"

enum { TOPIC_ID_TEXT = 22 };

/* As a detour's: takes fd, the far end of a connection to that broker, also on failure. */
struct topic_id_way {
	int (*dial)(void *arg, int fd, const char *host, uint16_t port);
	void *arg;
};

/*
 * Tries the servers ("host:port,…") in turn.  0: *ret is the id as Kafka's tools print
 * it, or "" when the cluster has no topic ids.  ERR_NOTFOUND: no such topic.  ERR_TIMEOUT,
 * ERR_IO, ERR_CLOSED (TLS? a login?), ERR_REMOTE, ERR_MALFORMED: it could not be found out.
 * way NULL: it dials by itself.
 */
int topic_id_ask(const char *bootstrap, const struct topic_id_way *way, const char *topic, int timeout_ms,
		 char ret[TOPIC_ID_TEXT + 1]) MUSTCHECK;

#endif
