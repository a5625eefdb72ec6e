/*
 * topic_id: asks a cluster for topics' ids, which the librdkafka of Debian 12 can't.
 *
 * A small client of its own: one connection, one request after the other, blocking with a deadline;
 * in plaintext, or over connections that somebody else makes.
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

struct topic_id {
	int err;                      /* 0; ERR_NOTFOUND: no such topic; ERR_REMOTE */
	char text[TOPIC_ID_TEXT + 1]; /* as Kafka's tools print it; empty when the cluster has no topic ids */
};

/*
 * Tries the servers ("host:port,…") in turn, each for timeout_ms and every answer anew.  0: one told of all
 * the topics, in their order.  ERR_TIMEOUT, ERR_IO, ERR_CLOSED (TLS? a login?), ERR_REMOTE, ERR_MALFORMED,
 * ERR_NOMEM: it could not be found out.  way NULL: it dials by itself.
 */
int topic_id_ask(const char *bootstrap, const struct topic_id_way *way, const char *const *topics, size_t count,
		 int timeout_ms, struct topic_id *ret) MUSTCHECK;

/*
 * The same, by somebody who asks often: the connection is kept in *line, which is NULL at first, and made anew when it is gone.
 */
struct topic_id_line;
int topic_id_ask_on(struct topic_id_line **line, const char *bootstrap, const struct topic_id_way *way, const char *const *topics,
		    size_t count, int timeout_ms, struct topic_id *ret) MUSTCHECK;
void topic_id_hang_up(struct topic_id_line *line); /* NULL is fine */

#endif
