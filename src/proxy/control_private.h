/* What the files of control share. */
#ifndef PROXY_CONTROL_PRIVATE_H
#define PROXY_CONTROL_PRIVATE_H

#include "proxy/control_internal.h"
#include "proxy/upstream.h"

#define CONTROL_ASK_MS 10000 /* control.h promises it */
#define CONTROL_PATIENCE_MS 2000 /* a broker that is silent for so long is left for another one, if there is one */
#define CLUSTER_ID_MAX 128
#define CONTROL_CLIENT_ID "makoto-proxy"

enum control_state { CONTROL_RESTING, CONTROL_SEARCHING, CONTROL_GREETING, CONTROL_CHECKING, CONTROL_UP };

struct ask {
	struct wake_call call;
	struct link link;
	struct control *control;
	int16_t key, min, max;
	int16_t version; /* when sent */
	int32_t correlation_id;
	struct monotime deadline;
	struct monotime patience; /* sent: no answer by then, and the next broker is asked */
	unsigned failed;          /* so many connections ended when its answer was due */
	bool moved;               /* that was done: whoever has it now has until the deadline */
	bool login; /* a part of the connection's own login: nobody asked */
	control_body_fn *body;
	control_done_fn *done; /* NULL: nobody waits for the answer (any more), which comes all the same */
	void *arg;
};

struct control {
	struct reactor *reactor;
	enum control_state state;
	struct upstream *search;
	struct io *io;
	struct login *login;      /* on this connection, or NULL */
	bool logging_in;          /* anew (KIP-368): asks wait … */
	struct monotime login_by; /* … until then, whatever the broker says meanwhile */
	struct loop_timer *relogin;
	char broker[ENDPOINTS_HOST_MAX + 8];
	int32_t node_id;  /* whom we search or have: LISTENER_BOOTSTRAP, or a broker that the cluster told of */
	size_t candidate; /* the next to try; 0: the bootstrap servers, n: the nth broker */
	size_t left;      /* of this round */
	int64_t backoff_ms;
	struct loop_timer *backoff, *refresh, *deadline;
	struct list waiting, sent;
	int32_t next_correlation_id;
	struct blob *versions; /* the broker's answer to ApiVersions v0: its body */
	bool looking;          /* a Metadata of our own is under way */
	int16_t check_version; /* CHECKING: of the Metadata that was asked for */
	bool understood;       /* this connection's Metadata was */
	struct monotime up;    /* since when this connection serves */
	bool told_lost;        /* that no broker can be reached was logged */
	_Atomic(const char *) unready; /* why not; NULL: ready */
	atomic_bool stopped;
	struct wake_call refresh_call;
	atomic_bool refresh_posted;
	pthread_mutex_t mutex; /* of the cluster id */
	char cluster_id[CLUSTER_ID_MAX];
};

/* control.c */

/*
 * The connection is no good any more.  err: what the question whose answer was due ends with if
 * that was so the last time, too (ERR_CLOSED, ERR_LIMIT); 0: it is not the question's fault.
 */
void control_lost(struct control *c, const char *why, int err);
void control_not_ready(struct control *c, const char *why);

/* control_ask.c: what is asked, by whom, and until when. */
void control_ask_send(struct control *c); /* what waits, if it can be sent now */
void control_ask_arm(struct control *c);  /* the timer, after a change of what waits or was sent */
void control_ask_due(void *c);            /* a loop_fn */
void control_ask_answer(struct control *c, struct slice frame);
bool control_ask_is_first(struct control *c); /* is it somebody's, neither a look nor a login, whose answer is due? */
void control_ask_back(struct control *c, int err); /* control_lost(): what was sent waits again */
void control_ask_end(struct control *c);  /* all of it, with ERR_CLOSED */

/* The highest version that both sides know.  0 or ERR_UNSUPPORTED. */
int control_ask_version(const struct control *c, int16_t key, int16_t min, int16_t max, int16_t *ret_version);

/* control_look.c: the cluster's brokers. */
int control_look_check(struct control *c); /* asks for them before anything else; 0 or an error */
const char *control_look_checked(struct control *c, struct slice frame); /* why the connection is no good, or NULL */
void control_look(struct control *c);
void control_look_due(void *c); /* a loop_fn */

/* control_login.c: the login of the connection, again before the broker ends it. */
void control_login_arm(struct control *c);
void control_login_due(void *c); /* a loop_fn */
void control_login_answer(struct control *c, struct slice frame);

#endif
