#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define ADDRS_MAX 8 /* a name with more is served by its first ones */

struct dial {
	struct loop *loop;
	struct resolve *question;
	struct loop_task task;
	struct loop_timer *timer;
	struct loop_watch *watch;
	dial_fn *fn;
	void *arg;
	struct monotime deadline;
	struct addr addrs[ADDRS_MAX];
	size_t count, next;
	int fd;
	char why[96];
};

static void
drop_socket(struct dial *d)
{
	loop_watch_free(d->watch);
	d->watch = NULL;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

void
dial_cancel(struct dial *d)
{
	if (d == NULL)
		return;
	resolve_cancel(d->question);
	loop_cancel(d->loop, &d->task);
	loop_timer_free(d->timer);
	drop_socket(d);
	free(d);
}

static void
finish(struct dial *d, int fd)
{
	dial_fn *fn = d->fn;
	void *arg = d->arg;
	bool named = d->count > 0;
	char why[sizeof(d->why)];

	memcpy(why, d->why, sizeof(why));
	dial_cancel(d);
	fn(arg, fd, named, why);
}

static void
because(struct dial *d, const char *what)
{
	(void)snprintf(d->why, sizeof(d->why), "%s", what);
}

static void
because_errno(struct dial *d, int code)
{
	char text[64];

	because(d, strerror_r(code, text, sizeof(text)));
}

static void
connected(struct dial *d)
{
	int fd = d->fd;

	loop_watch_free(d->watch);
	d->watch = NULL;
	d->fd = -1;
	finish(d, fd);
}

static void try_next(struct dial *d);

static void
on_writable(void *arg, int fd, unsigned what)
{
	struct dial *d = arg;
	socklen_t len = sizeof(int);
	int code = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
		code = errno;
	if (code == 0) {
		connected(d);
		return;
	}
	because_errno(d, code);
	drop_socket(d);
	try_next(d);
}

/* The next address gets an equal share of the time that is left. */
static void
try_next(struct dial *d)
{
	while (d->next < d->count) {
		const struct addr *a = &d->addrs[d->next++];
		int64_t left = monotime_since_ms(d->deadline, clock_now());

		d->fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (d->fd < 0) {
			because_errno(d, errno);
			continue;
		}
		if (connect(d->fd, (const struct sockaddr *)&a->ss, a->len) == 0) {
			connected(d);
			return;
		}
		if (errno == EINPROGRESS) {
			d->watch = loop_watch_new(d->loop, d->fd, LOOP_WRITE, on_writable, d);
			if (d->watch != NULL) {
				loop_timer_set(d->timer, left / (int64_t)(d->count - d->next + 1));
				return;
			}
			errno = ENOMEM;
		}
		because_errno(d, errno);
		drop_socket(d);
	}
	finish(d, -1);
}

static void
on_timer(void *arg)
{
	struct dial *d = arg;

	because(d, d->question != NULL ? "the name server does not answer" : "timed out");
	drop_socket(d);
	try_next(d);
}

static void
on_addresses(void *arg, int gai, const struct addr *addrs, size_t count)
{
	struct dial *d = arg;

	d->question = NULL;
	if (gai != 0) {
		because(d, gai_strerror(gai));
		finish(d, -1);
		return;
	}
	d->count = count < ADDRS_MAX ? count : ADDRS_MAX;
	memcpy(d->addrs, addrs, d->count * sizeof(*addrs));
	try_next(d);
}

static void
on_task(void *arg)
{
	try_next(arg);
}

struct dial *
dial_start(struct loop *l, struct resolver *r, struct slice host, uint16_t port, unsigned timeout_ms, dial_fn *fn,
	   void *arg)
{
	struct dial *d = calloc(1, sizeof(*d));
	char literal[ADDR_TEXT_MAX];

	if (d == NULL)
		return NULL;
	d->loop = l;
	d->fn = fn;
	d->arg = arg;
	d->fd = -1;
	d->task = (struct loop_task){.fn = on_task, .arg = d};
	d->deadline.ns = clock_now().ns + (int64_t)timeout_ms * 1000000;
	d->timer = loop_timer_new(l, on_timer, d);
	if (d->timer == NULL)
		goto fail;
	if (host.n < sizeof(literal)) {
		memcpy(literal, host.p, host.n);
		literal[host.n] = '\0';
		if (addr_parse(literal, port, &d->addrs[0]) == 0) {
			d->count = 1;
			loop_next(l, &d->task);
			return d;
		}
	}
	d->question = resolve_start(r, loop_wake(l), host, port, on_addresses, d);
	if (d->question == NULL)
		goto fail;
	loop_timer_set(d->timer, timeout_ms);
	return d;
fail:
	dial_cancel(d);
	return NULL;
}
