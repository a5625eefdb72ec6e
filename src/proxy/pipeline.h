/* pipeline: the stages, and how a message goes through them. */
#ifndef PROXY_PIPELINE_H
#define PROXY_PIPELINE_H

#include "proxy/exchange.h"

#define PIPELINE_STAGES_MAX 32 /* bits of exchange.ran_request */

/* One per reactor. */
struct pipeline {
	const struct stage *const *stages;
	unsigned count;
	void **reactor_state; /* by stage */
};

int pipeline_init(struct pipeline *p, const struct stage *const *stages, unsigned count, unsigned reactor) MUSTCHECK;
void pipeline_fini(struct pipeline *p);

bool pipeline_wants_request(const struct pipeline *p, int16_t key, int16_t version);
bool pipeline_wants_response(const struct pipeline *p, int16_t key, int16_t version); /* whole */
bool pipeline_wants_stream(const struct pipeline *p, int16_t key, int16_t version);   /* not whole, but watched */

enum pipeline_end {
	PIPELINE_ON,       /* the message (exchange_take_message) goes on its way */
	PIPELINE_HELD,     /* call again when the exchange is resumed */
	PIPELINE_ANSWERED, /* request only: x->answer is the frame for the client */
	PIPELINE_CLOSE,    /* a stage gave up on the connection, or there was no memory */
};

/* Runs stages from x->at on: out in order, back in reverse. */
enum pipeline_end pipeline_request(struct exchange *x);
enum pipeline_end pipeline_response(struct exchange *x);

/*
 * Shows a piece of an answer, behind which `left` bytes of its body come, to the stage that
 * watches it.  *ret_pass bytes of it go on; with left 0 then what is in x->body.
 * PIPELINE_ON or PIPELINE_CLOSE.
 */
enum pipeline_end pipeline_stream(struct exchange *x, struct slice piece, uint64_t left, size_t *ret_pass);

/* Sets x up for pipeline_response(). */
void pipeline_turn(struct exchange *x);

/* Would a stage that saw this request do something with its answer? */
bool pipeline_awaits(const struct exchange *x);

/* Calls lost() of the stages that saw the request and will not see the answer.  Once. */
void pipeline_lost(struct exchange *x);

/* Frees what stages keep on a session that ends. */
void pipeline_session_free(const struct pipeline *p, void *const *state);

/* The place of s among the stages; it must be there. */
unsigned pipeline_index(const struct pipeline *p, const struct stage *s);

#endif
