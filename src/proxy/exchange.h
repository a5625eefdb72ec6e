/*
 * exchange: one request and its answer, as the proxy sees it.
 *
 *   REQUEST ──► SENT ──► RESPONSE ──► (gone)        REQUEST and RESPONSE may be held by a stage
 *      └──────► ANSWERED ─────────────┘             a stage answered; waits for the answers before it
 */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include "base/clock.h"
#include "base/list.h"
#include "net/loop.h"
#include "proxy/stage.h"

struct pipeline;
struct session;

enum exchange_phase { EXCHANGE_REQUEST, EXCHANGE_SENT, EXCHANGE_RESPONSE, EXCHANGE_ANSWERED };

struct exchange {
	struct link link; /* in the session's FIFO */
	struct session *session;
	const struct pipeline *pipeline;
	enum exchange_phase phase;
	int16_t key, version;
	int32_t correlation_id;
	struct blob *client_id; /* NULL: null */

	/* The message at hand, when a stage wants it whole. */
	struct blob *frame; /* without its length */
	size_t body_at;
	struct blob *head; /* what replaces everything before body_at; NULL: it stays */
	struct rope body; /* what replaces everything from body_at on */
	bool replaced;
	uint64_t kept; /* bytes that a stage holds back of an answer that it watches, for which body is to come */

	struct rope answer; /* ANSWERED: the whole frame */
	bool local;         /* a stage made the answer, not the broker */
	bool no_answer;     /* the client expects none: acks=0 */
	bool swallow;       /* … but the broker sends one */
	bool own;           /* the proxy's, not the client's: no stage sees it */
	bool parked;        /* through the stages, and waits for the broker's connection */

	unsigned at;           /* the stage whose turn it is */
	uint32_t ran_request;  /* bit i: stage i saw the request … */
	uint32_t ran_response; /* … and is through with the answer, or made it */
	bool held;
	bool timed_out;
	struct ticket *ticket;
	struct loop_timer *hold_timer;

	int64_t full_ns;           /* session_unread.c: what that was then */
	struct monotime received;  /* the request was here */
	struct monotime forwarded; /* and on its way */
	struct monotime answered;  /* the answer's first byte was here */
	void *state[];             /* by stage */
};

/* An exchange in no FIFO.  NULL: no memory. */
struct exchange *exchange_new(struct session *s, const struct pipeline *p) MUSTCHECK;

/* Tells the stages that will not see the answer, and frees.  Takes it out of `fifo` when it is there. */
void exchange_end(struct exchange *x, struct list *fifo);

/* The message to send on: the frame, or its header and the replacement.  Takes them.  0 or ERR_NOMEM. */
int exchange_take_message(struct exchange *x, struct rope *ret_frame) MUSTCHECK;

/* Makes frame of header and replacement, for the next stage.  0 or ERR_NOMEM. */
int exchange_flatten(struct exchange *x) MUSTCHECK;

/* Forgets the message at hand. */
void exchange_drop_message(struct exchange *x);

#endif
