/*
 * loop: one thread's event loop.
 *
 *   turn:  wait ─► fds, timers, signals ─► tasks queued so far ─► again
 *
 * Everything here is called by the loop's own thread; other threads reach it through
 * loop_wake().  Nothing calls back from inside the call that started it, and nothing
 * calls back after it was freed or cancelled.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/err.h"
#include "base/list.h"
#include "net/wake.h"

struct loop; /* opaque */
typedef void loop_fn(void *arg);

/* A loop, or NULL with errno. */
struct loop *loop_new(void) MUSTCHECK;

/* Everything that was started on it must be gone.  NULL is fine. */
void loop_free(struct loop *l);

/* Turns until loop_stop().  0, or ERR_IO when the kernel refuses to wait. */
int loop_run(struct loop *l) MUSTCHECK;

/* Waits for something to happen, handles it, runs the tasks, returns.  0 or ERR_IO. */
int loop_turn(struct loop *l) MUSTCHECK;

/* loop_run() returns at the end of this turn. */
void loop_stop(struct loop *l);

/* The door for other threads; lives as long as the loop (longer with wake_ref()). */
struct wake *loop_wake(struct loop *l);

/* A timer: fires once after each loop_timer_set(). */
struct loop_timer; /* opaque */
struct loop_timer *loop_timer_new(struct loop *l, loop_fn *fn, void *arg) MUSTCHECK; /* NULL: no memory */
void loop_timer_set(struct loop_timer *t, int64_t ms); /* from now; replaces what was set */
void loop_timer_clear(struct loop_timer *t);           /* NULL is fine */
void loop_timer_free(struct loop_timer *t);            /* NULL is fine */

/*
 * A task runs once, at the end of this turn, or of the next one when it is queued by
 * a task.  The struct is the caller's and must stay until it ran or was cancelled.
 */
struct loop_task {
	struct link link;
	loop_fn *fn;
	void *arg;
};
void loop_next(struct loop *l, struct loop_task *t); /* queued already: nothing happens */
void loop_cancel(struct loop *l, struct loop_task *t);

/* Calls fn while `fd` is readable or writable (level-triggered).  The fd stays the caller's. */
struct loop_watch; /* opaque */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
typedef void loop_watch_fn(void *arg, int fd, unsigned what);
struct loop_watch *loop_watch_new(struct loop *l, int fd, unsigned what, loop_watch_fn *fn, void *arg) MUSTCHECK;
void loop_watch_set(struct loop_watch *w, unsigned what); /* 0: pauses */
void loop_watch_free(struct loop_watch *w);               /* before the fd is closed; NULL is fine */

/* Calls fn in a turn after signal `signo` came.  Only one loop of a process may take signals. */
struct loop_signal; /* opaque */
struct loop_signal *loop_signal_new(struct loop *l, int signo, loop_fn *fn, void *arg) MUSTCHECK;
void loop_signal_free(struct loop_signal *s); /* NULL is fine */

#endif
