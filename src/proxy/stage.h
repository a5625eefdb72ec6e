/*
 * stage: one thing that the product does to a message.
 *
 *   client ──► request: stage 0 ► stage 1 ► … ► broker
 *   client ◄── answer:  stage 0 ◄ stage 1 ◄ … ◄ broker
 *
 * An exchange is one request and its answer.  It belongs to a session and never
 * leaves the session's reactor thread; a stage's callbacks run there.  A stage that
 * wants neither message of an API never sees it, and if none does, it is relayed.
 */
#ifndef PROXY_STAGE_H
#define PROXY_STAGE_H

#include "base/rope.h"

struct exchange; /* opaque */
struct ticket;   /* opaque: the right to resume a held exchange, from any thread */

/*
 * The key of what follows a SaslHandshake of version 0: a token, the whole frame, without
 * header.  Only after exchange_tokens(); each is an exchange, and has one answer.
 */
#define STAGE_TOKEN (-1)

enum stage_verdict {
	STAGE_PASS,    /* as it is; on to the next stage */
	STAGE_REPLACE, /* exchange_replace() was called; on with the new message */
	STAGE_ANSWER,  /* request only: exchange_answer() was called; the broker doesn't see it */
	STAGE_HOLD,    /* exchange_hold() or exchange_pause() was called; the same callback runs again afterwards */
	STAGE_CLOSE,   /* close the client's connection, after what was answered before */
};

struct stage {
	const char *name;
	void *self; /* handed to every callback */
	bool (*wants_request)(void *self, int16_t key, int16_t version);
	enum stage_verdict (*request)(void *self, struct exchange *x);
	bool (*wants_response)(void *self, int16_t key, int16_t version);
	enum stage_verdict (*response)(void *self, struct exchange *x);
	/*
	 * An answer that the stage only watches as it passes and of which it changes nothing but the end, whose length
	 * stays.  When another stage wants a part in the same answer, all get it whole, in response().  NULL: none.
	 */
	bool (*wants_stream)(void *self, int16_t key, int16_t version);
	/*
	 * The next bytes of the body; `left` come after them.  *ret_pass says how many of them go on as they are; from
	 * the first that doesn't, the stage keeps all.  With left 0, what it kept is replaced: STAGE_REPLACE, by as many
	 * bytes.  Until then STAGE_PASS; or STAGE_CLOSE.
	 */
	enum stage_verdict (*stream)(void *self, struct exchange *x, struct slice piece, uint64_t left, size_t *ret_pass);
	/* The request went out (or was about to), or stream() saw a part, and the rest will never be seen by this stage. Once per exchange. NULL: doesn't matter. */
	void (*lost)(void *self, struct exchange *x);
	void *(*reactor_new)(void *self, unsigned reactor); /* per-thread state, or NULL */
	void (*reactor_free)(void *self, void *state);
	void (*session_free)(void *self, void *state); /* what exchange_set_session_state() was given; NULL: nothing is */
};

/* What an exchange is.  The slices are valid inside the callback, client_id as long as the exchange. */
int16_t exchange_key(const struct exchange *x);
int16_t exchange_version(const struct exchange *x);
struct slice exchange_client_id(const struct exchange *x); /* p == NULL: null */
struct slice exchange_body(const struct exchange *x);      /* of the message at hand, behind its header */
struct blob *exchange_frame(const struct exchange *x);     /* whole frame without its length; borrowed */
size_t exchange_body_at(const struct exchange *x);         /* where the body starts in the frame */

/* Named by the client in ApiVersions on this connection; empty until then. */
struct slice exchange_software_name(const struct exchange *x);
struct slice exchange_software_version(const struct exchange *x);
void exchange_set_software(struct exchange *x, struct slice name, struct slice version);

/* Who the client is to the cluster, e.g. "User:name"; empty: not known. */
struct slice exchange_principal(const struct exchange *x);
void exchange_set_principal(struct exchange *x, struct slice principal);

/* The client may send more than ApiVersions and SASL; matters when the proxy demands a login. */
void exchange_admit(struct exchange *x);

/* From here on (or no more) frames are tokens. */
void exchange_tokens(struct exchange *x, bool on);

/* In lost(): no byte of the request went to the broker, or will. */
bool exchange_is_unsent(const struct exchange *x);

/* The stage's own pointer on the client's connection, for session_free(). */
void exchange_set_session_state(struct exchange *x, const struct stage *s, void *state);
void *exchange_session_state(const struct exchange *x, const struct stage *s);

/* The stage's own pointer on this exchange, kept from request to response.  Freed by the stage in response() or lost(). */
void exchange_set_state(struct exchange *x, const struct stage *s, void *state);
void *exchange_state(const struct exchange *x, const struct stage *s);
void *exchange_reactor_state(const struct exchange *x, const struct stage *s);

/* Replaces the body of the message at hand; takes the rope.  The header is kept. */
void exchange_replace(struct exchange *x, struct rope *body);

/*
 * The request at hand goes out, and its answer is read, at another version than the client's; and the answer at hand
 * goes back at the client's, unless that reads both alike.  The header is made to fit, the body is the stage's.
 * 0 or ERR_NOMEM.
 */
int exchange_set_version(struct exchange *x, int16_t version) MUSTCHECK;

/* Answers the request with this response body; the proxy adds the response header. */
void exchange_answer(struct exchange *x, struct rope *body);

/* The broker will answer, the client must not see it (acks=0 sent as acks=1). */
void exchange_swallow(struct exchange *x);

/*
 * Holds the exchange for at most timeout_ms, then it is resumed all the same
 * (exchange_timed_out() tells).  The ticket is good for one ticket_resume(), from
 * any thread; it is harmless when the session is gone by then.
 */
struct ticket *exchange_hold(struct exchange *x, unsigned timeout_ms) MUSTCHECK;
bool exchange_timed_out(const struct exchange *x);

/* Holds the exchange for so long; nobody can resume it before.  0 or ERR_NOMEM. */
int exchange_pause(struct exchange *x, unsigned ms) MUSTCHECK;
int64_t exchange_age_ms(const struct exchange *x); /* since the request was here: who holds it again holds it for what is left */
void ticket_resume(struct ticket *t);

#endif
