/*
 * What the files of the sealer share.  All of it is its thread's alone, but for what is atomic.
 *
 *   sealer.c        the thread: whose turn it is, and what waits
 *   sealer_state.c  window ─► statement ─► signed ─► in the journal
 *   sealer_send.c   statement ─► publisher ─► reported
 */
#ifndef ATTEST_SEALER_INTERNAL_H
#define ATTEST_SEALER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "attest/outgoing.h"
#include "attest/sealer.h"
#include "attest/signing.h"
#include "attest/statement_of.h"
#include "base/clock.h"
#include "base/list.h"
#include "rdkafka/publisher.h"

enum { SEALER_BACKOFF_FIRST_MS = 100 };

/* One window until its statement is final, or one statement until it is published. */
struct job {
	struct link link; /* in waiting: to be tried again; or in crowd */
	struct sealer *sealer;
	struct chain *chain;
	struct window *window; /* or */
	struct outgoing *out;
	struct stated stated;
	struct signing_task task; /* with a remote signer */
	/* The envelope, or the bare statement; empty: not signed, not read yet, or only the journal has it. */
	struct wr value;
	size_t sent; /* bytes, when it was sent last, … */
	bool whole;  /* … and with a manifest */
	bool has_statement;
	bool bare; /* the topic takes no record of that size: it goes without its manifest */
	int backoff_ms;
	struct monotime due;
};

struct sealer {
	struct chains *chains;
	struct signer *signer;
	struct signing *signing; /* NULL: the signer isn't remote */
	bool signing_fails;      /* and that was told */
	struct publisher *publisher;
	void (*ask)(void *arg, struct sure_ask *ask);
	void *ask_arg;
	pthread_t thread;
	int quit_fd;
	_Atomic bool quitting;
	_Atomic bool hurried;
	struct monotime deadline; /* once quitting */
	struct list waiting;
	struct list crowd; /* statements that the publisher has no room for */
	bool reported;     /* and may have since they were looked through */
	int32_t partitions; /* of the statement topic; 0: not known yet */
};

/* sealer.c */
void sealer_free_job(struct job *j);
void sealer_lighten(struct job *j); /* its bytes go, if they can be read again */
void sealer_put_off(struct job *j); /* it is tried again, each time later */
void sealer_wait(struct job *j, const char *what, const char *why); /* the same, and says why */

/* sealer_state.c: a window's job goes as far as it can now; what the signer has answered. */
void sealer_state(struct job *j);
void sealer_state_signed(struct sealer *s);

/* sealer_send.c: a statement's job goes to the publisher; those that found no room there, once it has some; the end of a job. */
void sealer_send(struct job *j);
void sealer_send_crowd(struct sealer *s);
void sealer_send_published(struct job *j);
void sealer_send_reported(void *arg, void *opaque, int err, const char *why); /* publisher_conf's */

#endif
