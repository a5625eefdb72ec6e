/*
 * login: the proxy's own login at a broker (KIP-43, KIP-152, KIP-368), as messages without I/O.
 *
 *   a new connection   ApiVersions 0 ─► SaslHandshake 1 ─► SaslAuthenticate, as often as it takes ─► in
 *   before its end                      SaslHandshake 1 ─► SaslAuthenticate …                    ─► in again
 *
 * Whoever has the connection sends what login_next() gives and brings the answer to
 * login_answer(), turn by turn.  A login belongs to its connection's thread.
 */
#ifndef PROXY_LOGIN_H
#define PROXY_LOGIN_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

/* What a mechanism does; filled by who knows mechanisms.  The functions may be called from any reactor. */
struct login_door {
	const char *mechanism;
	void *arg;
	/* A new talk with that host.  ERR_NOT_NOW: what it needs is being fetched; another error is told in `why`. */
	int (*begin)(void *arg, const char *host, void **ret_talk, char *why, size_t why_len);
	/* The first time with nothing, then with what the broker said.  *ret_done: it is as it should be. */
	int (*step)(void *talk, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len);
	void (*end)(void *talk);
};

struct login; /* opaque */

#define LOGIN_WHY_MAX 512
#define LOGIN_AGAIN_MS 50 /* after ERR_NOT_NOW */

/* The door is borrowed, host is copied.  NULL: no memory. */
struct login *login_new(const struct login_door *door, const char *host) MUSTCHECK;
void login_free(struct login *l); /* NULL is fine */

/*
 * The next request, a frame without its length.  0; ERR_NOT_NOW: ask again later, nothing
 * was said yet; else it fails, told in `why`.
 */
int login_next(struct login *l, struct wr *out, int32_t *ret_correlation_id, char *why, size_t why_len) MUSTCHECK;

/* The answer to it, a frame without its length.  *ret_done: logged in; else login_next() again.  Fails as above. */
int login_answer(struct login *l, struct slice frame, bool *ret_done, char *why, size_t why_len) MUSTCHECK;

/* Did login_next() give anything of the mechanism's, a password perhaps, since it began this login? */
bool login_said(const struct login *l);

/* How long the broker lets it last, from its last answer on; 0: for ever. */
int64_t login_lifetime_ms(const struct login *l);

/* When to log in again after a login that lasts so long: at 85 to 95 % of it, as Kafka's clients do; -1: never. */
int64_t login_again_ms(const struct login *l);

const char *login_mechanism(const struct login *l);

#endif
