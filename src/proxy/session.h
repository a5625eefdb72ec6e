/*
 * session: one client connection, its one broker connection, and what is between them.
 *
 *   client ──io──► [exchange 9][exchange 8][exchange 7] ──io──► broker
 *          ◄─io──   in the order of the requests       ◄──io──
 *
 * A session lives on one reactor's thread and is freed there, by itself.
 */
#ifndef PROXY_SESSION_H
#define PROXY_SESSION_H

#include "base/slice.h"
#include "net/loop.h"

struct exchange;
struct listener;
struct reactor;
struct session; /* opaque */

/* Counts a connection of reactor r through `from` in (1) or out (-1): it is counted in before session_start(). */
void session_count(struct reactor *r, struct listener *from, int by);

/* Serves the accepted fd, which it takes even on failure.  0 or ERR_NOMEM. */
int session_start(struct reactor *r, struct listener *from, int fd) MUSTCHECK;

/* Reads no more requests, answers what is in flight, closes. */
void session_drain(struct session *s, const char *why);

/* Closes now. */
void session_kill(struct session *s);

/* Through which port the client came. */
struct listener *session_from(const struct session *s);
struct session *session_of_link(struct link *e); /* in reactor.sessions */

/* For exchanges. */
struct loop *session_loop(const struct session *s);
void session_exchange_resumed(struct session *s, struct exchange *x);
struct slice session_software(const struct session *s, unsigned which); /* 0: name, 1: version */
void session_set_software(struct session *s, struct slice name, struct slice version);
struct slice session_principal(const struct session *s);
void session_set_principal(struct session *s, struct slice principal);
void session_admit(struct session *s);                           /* it may send everything */
void session_tokens(struct session *s, bool on);                 /* what comes are SASL tokens without header */
void **session_stage_state(struct session *s, unsigned stage); /* where stage number `stage` keeps its pointer */

#endif
