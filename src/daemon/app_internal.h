/* What the files of daemon/ share. */
#ifndef DAEMON_APP_INTERNAL_H
#define DAEMON_APP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "admin/admin.h"
#include "attest/chains.h"
#include "attest/journal.h"
#include "attest/readback.h"
#include "attest/sealer.h"
#include "attest/state.h"
#include "base/clock.h"
#include "daemon/app.h"
#include "keys/public_key.h"
#include "proxy/proxy.h"
#include "rdkafka/detour.h"
#include "reach/identity.h"
#include "sasl/users.h"
#include "stages/addresses.h"
#include "stages/attest.h"
#include "stages/login.h"
#include "stages/topics.h"
#include "stages/verify.h"
#include "trust/policy.h"

enum app_phase { APP_STARTING, APP_READY, APP_UNREADY, APP_DRAINING, APP_SEALING };

enum { APP_TLS_FILES = 6, APP_PROPS_MAX = 16 };

/* What a file was like when it was read. */
struct app_stamp {
	uint64_t device, inode;
	int64_t size, seconds, nanoseconds;
};

struct app_tls {
	struct tls_context *clients, *brokers; /* NULL: plaintext */
	struct app_stamp stamps[APP_TLS_FILES];
};

struct app {
	const struct options *options;
	struct config *config;
	enum app_phase phase;
	int code;
	struct monotime started;

	struct state *state;
	struct signer *signer;
	char key_id[KEYID_LEN + 1]; /* "" at level 1 */
	struct chains *chains;
	struct topics *topics;
	struct attest *attest;
	struct addresses *addresses;
	struct login_stage *login;
	struct users *users; /* who may log in at our ports; NULL: nobody need */
	struct identity *identity; /* the proxy's own login; NULL: it has none */
	struct detour *detour; /* the statements' way to the brokers; NULL: librdkafka's own */
	struct sealer *sealer;
	struct readback *readback;
	struct journal *journal;
	struct verify *verify;           /* NULL: verify.mode off */
	_Atomic(struct ledger *) ledger; /* NULL: not yet */
	struct policy *policy;           /* under its lock */
	pthread_mutex_t policy_lock;

	struct loop *loop;
	struct proxy *proxy;
	const struct stage *stages[6];
	struct admin *admin;
	struct app_seen {
		int64_t violations, unattested;       /* as they were counted last */
		int64_t violation_ms, unattested_ms; /* when they had grown */
	} seen;
	struct loop_timer *tick; /* readiness, the end of sealing */
	struct loop_timer *watchdog;
	struct loop_timer *refresh; /* of topics */
	struct app_tls tls;
	struct loop_timer *tls_look; /* for files that changed */
	struct loop_signal *signals[3];
	struct monotime stop_deadline; /* of draining and sealing together; 0: not stopping */
};

/* journal.c: what a clean stop or a crash left goes on, ahead of everything written from here.  0, or the exit code. */
int app_open_journal(struct app *a);
void app_end_journal(struct app *a, bool clean); /* clean: the heads tell all, and its files go */

/* startup.c: what must be there before the first connection.  0, or the exit code; it was logged. */
int app_open_state(struct app *a);
int app_state_path(const struct config *c, char *out, size_t len); /* the state directory's; or ERR_CONFIG, ERR_LIMIT */
/* Once there are chains, the collector's name stays theirs.  NULL: no memory. */
struct settings *app_settings(const struct app *a, const struct config *c);

/* key.c: 0 or ERR_CONFIG with `why`; 0, or the exit code, it was logged. */
int app_key_check(const struct config *c, char *why, size_t why_len);
int app_open_key(struct app *a, const char *dir);
int app_signing_key_check(const struct config *c, char *why, size_t why_len) MUSTCHECK; /* of a file: signer_open()'s; 0: or a start makes it */

/* tls.c: 0, or an error with `why`, which names key or file. */
int app_tls_load(const struct config *c, struct app_tls *ret, char *why, size_t why_len);
void app_tls_apply(struct app *a, struct app_tls *fresh); /* takes it; new connections get it */
void app_tls_look(void *app);                             /* a loop_fn */
void app_tls_clear(struct app_tls *t);
/* How librdkafka reaches the cluster: name, value, …, NULL; borrowed from c. */
void app_tls_props(const struct config *c, const char *ret[APP_PROPS_MAX]);

/* login.c: 0 or ERR_CONFIG with `why`; 0, or the exit code, it was logged. */
int app_login_check(const struct config *c, char *why, size_t why_len);
int app_login_open(struct app *a);
void app_login_settings(const struct app *a, struct proxy_settings *set);
void app_login_close(struct app *a);

/* verify.c: what consumers see.  0, or the exit code; it was logged. */
int app_verify_open(struct app *a);
void app_verify_begin(struct app *a); /* once the cluster is known; may be called again */
void app_verify_close(struct app *a); /* no connection is left */
/* A reload: *ret NULL: none is needed.  0; or an error with `why`. */
int app_verify_load(const struct config *c, struct policy **ret, char *why, size_t why_len);
void app_verify_apply(struct app *a, struct config *c, struct policy *fresh); /* takes fresh */
void app_verify_status(struct app *a, struct wr *w);

/* overview.c: the page for people.  `look` notes when what is bad grew, now and then. */
void app_overview(void *arg, struct wr *w);
void app_overview_look(struct app *a);

/* status.c */
void app_status(void *arg, struct wr *w);
bool app_is_ready(void *arg, char *why, size_t why_len);
void app_gauges(struct app *a, bool on); /* on: the gauges that are asked when a page is made ask `a` */

#endif
