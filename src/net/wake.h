/*
 * wake: how one thread asks another to call a function.
 *
 * A queue of calls behind an eventfd.  Its owner (a loop, or a thread that polls)
 * watches wake_fd() and then calls wake_run().
 */
#ifndef NET_WAKE_H
#define NET_WAKE_H

#include "base/err.h"
#include "base/base.h"

struct wake; /* opaque, counted */
typedef void wake_fn(void *arg);

/* A queue with one reference, or NULL with errno. */
struct wake *wake_new(void) MUSTCHECK;
struct wake *wake_ref(struct wake *w); /* any thread */
void wake_unref(struct wake *w);       /* any thread; NULL is fine */

/* The owner: readable when there are calls to run. */
int wake_fd(const struct wake *w);

/* The owner: runs, on its thread and in order, what was posted until now. */
void wake_run(struct wake *w);

/* The owner goes: runs what was posted; later posts are refused. */
void wake_close(struct wake *w);

/*
 * Any thread.  The call is the poster's memory and must stay until fn runs, which may
 * free it.  Can't fail for lack of memory.  0, or ERR_CLOSED: fn will not run.
 */
struct wake_call {
	struct wake_call *next;
	wake_fn *fn;
	void *arg;
};
int wake_post(struct wake *w, struct wake_call *c) MUSTCHECK;

/* The same with memory of its own.  0, ERR_NOMEM or ERR_CLOSED. */
int wake_post_fn(struct wake *w, wake_fn *fn, void *arg) MUSTCHECK;

#endif
