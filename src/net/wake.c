#include "net/wake.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct wake {
	pthread_mutex_t mutex;
	struct wake_call *first; /* oldest */
	struct wake_call **end;
	unsigned refs;
	int fd;
	bool closed;
};

struct own_call {
	struct wake_call call;
	wake_fn *fn;
	void *arg;
};

struct wake *
wake_new(void)
{
	struct wake *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->fd < 0) {
		free(w);
		return NULL;
	}
	pthread_mutex_init(&w->mutex, NULL);
	w->end = &w->first;
	w->refs = 1;
	return w;
}

struct wake *
wake_ref(struct wake *w)
{
	pthread_mutex_lock(&w->mutex);
	w->refs++;
	pthread_mutex_unlock(&w->mutex);
	return w;
}

void
wake_unref(struct wake *w)
{
	unsigned left;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->mutex);
	left = --w->refs;
	pthread_mutex_unlock(&w->mutex);
	if (left > 0)
		return;
	close(w->fd);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

int
wake_fd(const struct wake *w)
{
	return w->fd;
}

int
wake_post(struct wake *w, struct wake_call *c)
{
	static const uint64_t one = 1;
	bool first;
	ssize_t n;

	c->next = NULL;
	pthread_mutex_lock(&w->mutex);
	if (w->closed) {
		pthread_mutex_unlock(&w->mutex);
		return ERR_CLOSED;
	}
	first = w->first == NULL;
	*w->end = c;
	w->end = &c->next;
	/* Inside the lock, so that the owner can't close the queue in between. */
	if (first) {
		do
			n = write(w->fd, &one, sizeof(one));
		while (n < 0 && errno == EINTR);
	}
	pthread_mutex_unlock(&w->mutex);
	return 0;
}

static void
run_own(void *arg)
{
	struct own_call *o = arg;
	wake_fn *fn = o->fn;
	void *fn_arg = o->arg;

	free(o);
	fn(fn_arg);
}

int
wake_post_fn(struct wake *w, wake_fn *fn, void *arg)
{
	struct own_call *o = malloc(sizeof(*o));
	int err;

	if (o == NULL)
		return ERR_NOMEM;
	*o = (struct own_call){{NULL, run_own, o}, fn, arg};
	err = wake_post(w, &o->call);
	if (err != 0)
		free(o);
	return err;
}

/* Takes what is queued; the eventfd is lowered first, so that a later post raises it again. */
static struct wake_call *
take(struct wake *w, bool close)
{
	struct wake_call *c;
	uint64_t count;
	ssize_t n;

	pthread_mutex_lock(&w->mutex);
	do
		n = read(w->fd, &count, sizeof(count));
	while (n < 0 && errno == EINTR);
	c = w->first;
	w->first = NULL;
	w->end = &w->first;
	w->closed |= close;
	pthread_mutex_unlock(&w->mutex);
	return c;
}

static void
run(struct wake_call *c)
{
	while (c != NULL) {
		struct wake_call *next = c->next; /* fn may free it */

		c->fn(c->arg);
		c = next;
	}
}

void
wake_run(struct wake *w)
{
	run(take(w, false));
}

void
wake_close(struct wake *w)
{
	run(take(w, true));
}
