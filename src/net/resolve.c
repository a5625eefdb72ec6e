#include "net/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include "base/list.h"

struct resolver {
	pthread_mutex_t mutex;
	pthread_cond_t more;
	pthread_t thread;
	struct list queue;
	bool busy; /* inside getaddrinfo() */
	bool stop;
	bool orphan; /* the thread frees this */
};

struct resolve {
	struct link link;
	struct wake_call call;
	struct wake *answer_to;
	resolve_fn *fn; /* NULL: cancelled; of the asking thread alone */
	void *arg;
	struct addr *addrs;
	size_t count;
	int gai;
	uint16_t port;
	char host[]; /* NUL-terminated */
};

static void
question_free(struct resolve *q)
{
	wake_unref(q->answer_to);
	free(q->addrs);
	free(q);
}

static void
on_answer(void *arg)
{
	struct resolve *q = arg;

	if (q->fn != NULL)
		q->fn(q->arg, q->gai, q->addrs, q->count);
	question_free(q);
}

static void
look_up(struct resolve *q)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *all = NULL;
	size_t n = 0;

	q->gai = getaddrinfo(q->host, NULL, &hints, &all);
	/* With no interface but loopback AI_ADDRCONFIG leaves nothing, not even of localhost. */
	if (q->gai == EAI_NONAME || q->gai == EAI_ADDRFAMILY || q->gai == EAI_NODATA) {
		hints.ai_flags = 0;
		q->gai = getaddrinfo(q->host, NULL, &hints, &all);
	}
	if (q->gai != 0)
		return;
	for (struct addrinfo *a = all; a != NULL; a = a->ai_next)
		n++;
	q->addrs = calloc(n > 0 ? n : 1, sizeof(*q->addrs));
	if (q->addrs == NULL) {
		q->gai = EAI_MEMORY;
	} else {
		for (struct addrinfo *a = all; a != NULL; a = a->ai_next) {
			if (a->ai_addrlen > sizeof(q->addrs[0].ss))
				continue;
			memcpy(&q->addrs[q->count].ss, a->ai_addr, a->ai_addrlen);
			q->addrs[q->count].len = a->ai_addrlen;
			addr_set_port(&q->addrs[q->count], q->port);
			q->count++;
		}
		if (q->count == 0)
			q->gai = EAI_NONAME;
	}
	freeaddrinfo(all);
}

static void
resolver_destroy(struct resolver *r)
{
	struct link *e;

	while ((e = list_pop(&r->queue)) != NULL)
		question_free(CONTAINER_OF(e, struct resolve, link));
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}

static void *
resolver_main(void *arg)
{
	struct resolver *r = arg;
	bool orphan;

	pthread_mutex_lock(&r->mutex);
	while (!r->stop) {
		struct link *e = list_pop(&r->queue);
		struct resolve *q;

		if (e == NULL) {
			pthread_cond_wait(&r->more, &r->mutex);
			continue;
		}
		q = CONTAINER_OF(e, struct resolve, link);
		r->busy = true;
		pthread_mutex_unlock(&r->mutex);
		look_up(q);
		q->call = (struct wake_call){NULL, on_answer, q};
		if (wake_post(q->answer_to, &q->call) != 0)
			question_free(q);
		pthread_mutex_lock(&r->mutex);
		r->busy = false;
	}
	orphan = r->orphan;
	pthread_mutex_unlock(&r->mutex);
	if (orphan)
		resolver_destroy(r);
	return NULL;
}

struct resolver *
resolver_new(void)
{
	struct resolver *r = calloc(1, sizeof(*r));
	sigset_t all, old;
	int err;

	if (r == NULL)
		return NULL;
	list_init(&r->queue);
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->more, NULL);
	/* Signals are for the thread that has the loop which takes them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&r->thread, NULL, resolver_main, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err != 0) {
		resolver_destroy(r);
		errno = err;
		return NULL;
	}
	return r;
}

void
resolver_free(struct resolver *r)
{
	pthread_t thread;
	bool orphan;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->mutex);
	thread = r->thread;
	r->stop = true;
	orphan = r->orphan = r->busy;
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->mutex);
	if (orphan) {
		pthread_detach(thread);
	} else {
		pthread_join(thread, NULL);
		resolver_destroy(r);
	}
}

struct resolve *
resolve_start(struct resolver *r, struct wake *answer_to, struct slice host, uint16_t port, resolve_fn *fn,
	      void *arg)
{
	struct resolve *q = calloc(1, sizeof(*q) + host.n + 1);

	if (q == NULL)
		return NULL;
	q->answer_to = wake_ref(answer_to);
	q->fn = fn;
	q->arg = arg;
	q->port = port;
	memcpy(q->host, host.p, host.n);
	pthread_mutex_lock(&r->mutex);
	list_append(&r->queue, &q->link);
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->mutex);
	return q;
}

void
resolve_cancel(struct resolve *q)
{
	if (q != NULL)
		q->fn = NULL;
}
