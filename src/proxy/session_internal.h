/* What session.c, session_client.c and session_broker.c share. */
#ifndef PROXY_SESSION_INTERNAL_H
#define PROXY_SESSION_INTERNAL_H

#include "base/metrics.h"
#include "net/io.h"
#include "proxy/exchange.h"
#include "proxy/listener.h"
#include "proxy/login.h"
#include "proxy/session.h"
#include "proxy/upstream.h"

/*
 *   DIALLING ─► OPEN ─► DRAINING ─► FINISHING ─► DEAD
 *       │         └───► LEAVING ──────┘           ▲
 *       └─────────────────────────────────────────┘
 */
enum session_state {
	SESSION_DIALLING,  /* the broker isn't connected, nor looked for while gated; nothing was sent */
	SESSION_OPEN,      /* both ways */
	SESSION_DRAINING,  /* no new request is read; what is in flight gets its answers */
	SESSION_LEAVING,   /* the client is gone; answers that stages await are still read */
	SESSION_FINISHING, /* the last bytes go out */
	SESSION_DEAD,
};

/*
 * The proxy's own login anew, before the broker ends it (KIP-368).  While it runs no request
 * of the client's goes out: the broker would take it for a part of the login.
 */
enum session_relogin { RELOGIN_NONE, RELOGIN_DUE, RELOGIN_RUNNING };

/* What the frame is that the broker is sending and nobody wants whole. */
enum session_answer { ANSWER_TO_CLIENT, ANSWER_WATCHED, ANSWER_DROPPED };

/* Remembers which acks=0 requests went by: 1024 is more than clients keep in flight. */
#define SESSION_ACKS0 1024

struct session {
	struct link link; /* reactor.sessions */
	struct reactor *reactor;
	struct listener *from;
	enum session_state state;
	struct io *client;
	struct io *broker;
	struct upstream *dialling;
	char *broker_name;
	struct list fifo;          /* exchanges, oldest first */
	struct exchange *current;  /* the request that stages hold; it is the newest */
	struct exchange *incoming; /* the request that is being relayed; NULL: raw bytes */
	bool relaying;             /* inside a relayed request */
	bool raw;                  /* after SaslHandshake v0: tokens, not requests */
	bool tokens;               /* the same, and stages see them: each is an exchange */
	bool token_comes;          /* the frame that is being read is one */
	bool gated;                /* nothing but ApiVersions and SASL, until a stage admits the client */
	bool left_early;           /* the client hung up before its broker was connected */
	bool client_blocked, broker_blocked;
	bool broker_failed;        /* its connection could not be made, or broke rather than ended */
	enum session_answer answer;
	size_t head_left;   /* ANSWER_WATCHED: bytes before its body that are still to come … */
	uint64_t body_left; /* … and of its body */
	int32_t *acks0; /* ring of correlation ids, or NULL */
	unsigned acks0_count; /* ever */
	struct blob *client_id;
	struct blob *software[2];
	struct blob *principal;
	struct loop_timer *deadline; /* of DRAINING and LEAVING */
	struct login *login;         /* the proxy's own on this broker connection, or NULL */
	enum session_relogin relogin;
	struct loop_timer *relogin_timer;
	uint64_t turn;               /* to log in anew after a rest, refusals.h; 0: it isn't ours, or something was said */
	bool full;                   /* the client has not taken so much that its broker isn't read … */
	struct monotime full_since;  /* … since then, or it has been since then */
	int64_t full_ns;             /* for so long in sum, before that */
	struct loop_timer *unread;
	struct loop_task end;
	char peer[ADDR_TEXT_MAX];
	void *stage_state[]; /* by stage */
};

/* session.c */
void session_connect(struct session *s);                    /* the client is connected */
void session_dial(struct session *s);                       /* its broker is to be; s may be dead afterwards */
void session_turn(struct session *s);                       /* after every event: what follows from it */
void session_client_gone(struct session *s);                /* its connection is closed by now or broken */
void session_broker_gone(struct session *s, const char *why);
void session_answered(struct session *s, struct exchange *x); /* x is through: observe it, let it go */
void session_flush_answers(struct session *s);              /* sends what stages answered and whose turn has come */
bool session_may_read(const struct session *s);             /* may the client's next request come? */

/* session_client.c */
io_fn session_on_client;
void session_request_step(struct session *s, struct exchange *x); /* runs the stages from where they stood */
void session_forward(struct session *s, struct exchange *x);      /* to the broker, or parked while the proxy logs in anew */

/* session_broker.c */
io_fn session_on_broker;
void session_broken(struct session *s, enum metric why, const char *cause); /* the broker's side is no good any more */
void session_response_step(struct session *s, struct exchange *x);
void session_withheld(struct session *s, const struct exchange *x); /* a stage closed on x's answer; x is gone afterwards */

/* session_unread.c: a client that doesn't take its answers */
void session_unread_begin(const struct session *s, struct exchange *x); /* a new exchange */
void session_unread_note(struct session *s, bool full);                 /* is the broker not read because of the client? */
void session_unread_end(struct session *s);                             /* frees */

/* session_stream.c: answers that a stage watches as they pass */
int session_stream_begin(struct session *s, const struct exchange *x, struct io_note *note); /* ERR_MALFORMED: no header */
void session_stream_chunk(struct session *s, struct exchange *x, const struct io_note *note);


/* session_login.c: the proxy's own login on the broker's connection, as long as that lasts. */
int session_login_arm(struct session *s) MUSTCHECK;                                   /* it was made: 0 or ERR_NOMEM */
void session_login_turn(struct session *s);                                           /* begins it anew when it may */
void session_login_answer(struct session *s, struct exchange *x, struct slice frame); /* to an exchange of our own */
void session_login_end(struct session *s);                                            /* frees */

#endif
