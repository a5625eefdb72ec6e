/*
 *   the opener's thread     one search, turn by turn; then the thread is started
 *   the gate's thread       loop_run, tunnels
 *   any thread              gate_dial (posted), gate_why (a mutex)
 */
#include "proxy/gate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/alone.h"
#include "proxy/listener.h"
#include "proxy/tunnel.h"
#include "proxy/upstream.h"

struct gate {
	struct alone alone;
	struct tunnels *tunnels;
	struct upstream *first; /* search, before the thread */
	bool reached;
	bool running;
	pthread_t thread;
	pthread_mutex_t mutex; /* of the two below */
	int err;
	char why[GATE_WHY_MAX];
};

static void
on_unreached(void *arg, const char *broker, const char *mechanism, const char *why)
{
	struct gate *g = arg;

	(void)pthread_mutex_lock(&g->mutex);
	g->err = mechanism != NULL ? ERR_REMOTE : ERR_TIMEOUT;
	if (mechanism != NULL)
		(void)snprintf(g->why, sizeof(g->why), "%s: can't log in by %s: %s", broker, mechanism, why);
	else
		(void)snprintf(g->why, sizeof(g->why), "%s: %s", broker, why);
	(void)pthread_mutex_unlock(&g->mutex);
}

int
gate_why(struct gate *g, char *ret, size_t len)
{
	int err;

	(void)pthread_mutex_lock(&g->mutex);
	err = g->err != 0 ? g->err : ERR_NOTFOUND;
	if (g->err != 0)
		(void)snprintf(ret, len, "%s", g->why);
	(void)pthread_mutex_unlock(&g->mutex);
	return err;
}

int
gate_dial(void *gate, int fd, const char *host, uint16_t port)
{
	struct gate *g = gate;

	return tunnels_open(g->tunnels, fd, host, port);
}

static void
on_first(void *arg, struct io *io, struct login *login, const char *broker UNUSED, const char *why UNUSED)
{
	struct gate *g = arg;

	g->first = NULL;
	g->reached = io != NULL;
	io_close(io);
	login_free(login);
}

/* Is there a broker, and does it let us in? */
static int
try_first(struct gate *g)
{
	g->first = upstream_start(&g->alone.reactor, LISTENER_BOOTSTRAP, true, on_first, g);
	if (g->first == NULL)
		return ERR_NOMEM;
	while (g->first != NULL)
		if (loop_turn(g->alone.loop) != 0)
			return ERR_IO;
	return g->reached ? 0 : g->err;
}

static void *
gate_main(void *arg)
{
	struct gate *g = arg;

	if (loop_run(g->alone.loop) != 0)
		on_unreached(g, "the event loop", NULL, err_text(ERR_IO));
	return NULL;
}

/* Signals are the program's own affair; a socket that is gone is an error of write(). */
static int
start(struct gate *g)
{
	sigset_t all, old;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&g->thread, NULL, gate_main, g);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	g->running = err == 0;
	return err == 0 ? 0 : ERR_IO;
}

int
gate_open(const struct gate_conf *conf, struct gate **ret, char *why, size_t why_len)
{
	struct gate *g = calloc(1, sizeof(*g));
	int err;

	(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
	if (g == NULL)
		return ERR_NOMEM;
	(void)pthread_mutex_init(&g->mutex, NULL);
	err = alone_init(&g->alone, conf, on_unreached, g, why, why_len);
	if (err != 0)
		goto fail;
	g->tunnels = tunnels_new(&g->alone.reactor);
	err = g->tunnels != NULL ? try_first(g) : ERR_NOMEM;
	if (err == 0)
		err = start(g);
	if (err == 0) {
		g->err = 0; /* a server that was no good matters no more */
		*ret = g;
		return 0;
	}
	(void)snprintf(why, why_len, "%s", err == g->err ? g->why : err_text(err));
fail:
	gate_close(g);
	return err;
}

static void
on_stop(void *arg)
{
	loop_stop(arg);
}

void
gate_close(struct gate *g)
{
	struct wake_call stop;

	if (g == NULL)
		return;
	stop = (struct wake_call){NULL, on_stop, g->alone.loop};
	if (g->running) {
		INVARIANT(wake_post(loop_wake(g->alone.loop), &stop) == 0);
		(void)pthread_join(g->thread, NULL);
	}
	upstream_cancel(g->first);
	tunnels_free(g->tunnels);
	alone_fini(&g->alone);
	(void)pthread_mutex_destroy(&g->mutex);
	free(g);
}
