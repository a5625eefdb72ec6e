/*
 *   question ─► lookup (one per name) ─► queue ─► up to four threads ─► answers, kept for a few seconds
 *   question ──────┘
 *
 * A thread is started when all others are inside getaddrinfo(), so that a name server
 * which lets one name hang doesn't keep the others waiting.
 */
#include "net/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "base/list.h"

#define THREADS_MAX 4
#define KEEP_MS 5000 /* shorter than any name server keeps a name; long enough for many clients that come at once */
#define KEPT_MAX 64

struct worker {
	struct resolver *resolver;
	pthread_t thread;
	bool busy; /* has a lookup */
};

struct resolver {
	pthread_mutex_t mutex;
	pthread_cond_t more;
	struct worker workers[THREADS_MAX];
	unsigned count, busy;
	struct list lookups; /* oldest first */
	struct list kept;    /* answers, oldest first */
	bool stop;
	unsigned users; /* once it stops: who still has it; the last one frees it */
};

struct addresses {
	struct addr *list;
	size_t count;
	int gai;
};

/* A name that is wanted. */
struct lookup {
	struct link link;
	struct list questions;
	bool started; /* a thread has it, and ends it */
	struct addresses found;
	struct monotime at; /* kept since */
	char host[]; /* NUL-terminated */
};

struct resolve {
	struct link link; /* in a lookup; the resolver's mutex */
	struct resolver *resolver;
	struct lookup *lookup; /* NULL: answered, and on its way */
	struct wake_call call;
	struct wake *answer_to;
	resolve_fn *fn; /* NULL: cancelled; of the asking thread alone */
	void *arg;
	struct addresses found;
	uint16_t port;
};

/* --- questions and lookups ---------------------------------------------------------- */

static void
question_free(struct resolve *q)
{
	wake_unref(q->answer_to);
	free(q->found.list);
	free(q);
}

static void
lookup_free(struct lookup *l)
{
	struct link *e;

	while ((e = list_pop(&l->questions)) != NULL)
		question_free(CONTAINER_OF(e, struct resolve, link));
	free(l->found.list);
	free(l);
}

static void
on_answer(void *arg)
{
	struct resolve *q = arg;

	if (q->fn != NULL)
		q->fn(q->arg, q->found.gai, q->found.list, q->found.count);
	question_free(q);
}

/* A copy with the question's port, and on its way.  0, or ERR_CLOSED: nobody is there to get it. */
static int
answer(struct resolve *q, const struct addresses *found)
{
	q->lookup = NULL;
	q->found.gai = found->gai;
	if (found->count > 0) {
		q->found.list = calloc(found->count, sizeof(*found->list));
		if (q->found.list == NULL)
			q->found.gai = EAI_MEMORY;
		else
			q->found.count = found->count;
	}
	for (size_t i = 0; i < q->found.count; i++) {
		q->found.list[i] = found->list[i];
		addr_set_port(&q->found.list[i], q->port);
	}
	q->call = (struct wake_call){NULL, on_answer, q};
	return wake_post(q->answer_to, &q->call);
}

static struct lookup *
find(struct list *in, struct slice host)
{
	LIST_EACH(in, e) {
		struct lookup *l = CONTAINER_OF(e, struct lookup, link);

		if (slice_eq(slice_str(l->host), host))
			return l;
	}
	return NULL;
}

/* Drops what is too old, and the oldest of too many. */
static void
trim(struct resolver *r, struct monotime now)
{
	struct link *e;

	while ((e = list_first(&r->kept)) != NULL) {
		struct lookup *l = CONTAINER_OF(e, struct lookup, link);

		if (r->kept.count <= KEPT_MAX && monotime_since_ms(now, l->at) < KEEP_MS)
			return;
		list_remove(&r->kept, e);
		lookup_free(l);
	}
}

/* --- the threads -------------------------------------------------------------------- */

static void
look_up(struct lookup *l)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addresses *f = &l->found;
	struct addrinfo *all = NULL;
	size_t n = 0;

	f->gai = getaddrinfo(l->host, NULL, &hints, &all);
	/* With no interface but loopback AI_ADDRCONFIG leaves nothing, not even of localhost. */
	if (f->gai == EAI_NONAME || f->gai == EAI_ADDRFAMILY || f->gai == EAI_NODATA) {
		hints.ai_flags = 0;
		f->gai = getaddrinfo(l->host, NULL, &hints, &all);
	}
	if (f->gai != 0)
		return;
	for (struct addrinfo *a = all; a != NULL; a = a->ai_next)
		n++;
	f->list = calloc(n > 0 ? n : 1, sizeof(*f->list));
	if (f->list == NULL) {
		f->gai = EAI_MEMORY;
	} else {
		for (struct addrinfo *a = all; a != NULL; a = a->ai_next) {
			if (a->ai_addrlen > sizeof(f->list[0].ss))
				continue;
			memcpy(&f->list[f->count].ss, a->ai_addr, a->ai_addrlen);
			f->list[f->count].len = a->ai_addrlen;
			f->count++;
		}
		if (f->count == 0)
			f->gai = EAI_NONAME;
	}
	freeaddrinfo(all);
}

/* Answers all who wanted the name, and keeps the answer. */
static void
end_lookup(struct resolver *r, struct lookup *l)
{
	struct monotime now = clock_now();
	struct link *e;

	while ((e = list_pop(&l->questions)) != NULL) {
		struct resolve *q = CONTAINER_OF(e, struct resolve, link);

		if (answer(q, &l->found) != 0)
			question_free(q);
	}
	list_remove(&r->lookups, &l->link);
	if (l->found.gai != 0) {
		lookup_free(l);
		return;
	}
	l->at = now;
	list_append(&r->kept, &l->link);
	trim(r, now);
}

static void
resolver_destroy(struct resolver *r)
{
	struct link *e;

	while ((e = list_pop(&r->lookups)) != NULL)
		lookup_free(CONTAINER_OF(e, struct lookup, link));
	while ((e = list_pop(&r->kept)) != NULL)
		lookup_free(CONTAINER_OF(e, struct lookup, link));
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}

static struct lookup *
next(const struct resolver *r)
{
	LIST_EACH(&r->lookups, e) {
		struct lookup *l = CONTAINER_OF(e, struct lookup, link);

		if (!l->started)
			return l;
	}
	return NULL;
}

static void *
resolver_main(void *arg)
{
	struct worker *w = arg;
	struct resolver *r = w->resolver;
	bool last = false;

	pthread_mutex_lock(&r->mutex);
	while (!r->stop) {
		struct lookup *l = next(r);

		if (l == NULL) {
			pthread_cond_wait(&r->more, &r->mutex);
			continue;
		}
		l->started = w->busy = true;
		r->busy++;
		pthread_mutex_unlock(&r->mutex);
		look_up(l);
		pthread_mutex_lock(&r->mutex);
		if (r->stop) {
			last = --r->users == 0; /* resolver_free() didn't wait for this thread */
			break;
		}
		w->busy = false;
		r->busy--;
		end_lookup(r, l);
	}
	pthread_mutex_unlock(&r->mutex);
	if (last)
		resolver_destroy(r);
	return NULL;
}

/* 0 or an errno. */
static int
start_thread(struct resolver *r)
{
	struct worker *w = &r->workers[r->count];
	sigset_t all, old;
	int err;

	w->resolver = r;
	/* Signals are for the thread that has the loop which takes them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&w->thread, NULL, resolver_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err == 0)
		r->count++;
	return err;
}

struct resolver *
resolver_new(void)
{
	struct resolver *r = calloc(1, sizeof(*r));
	int err;

	if (r == NULL)
		return NULL;
	list_init(&r->lookups);
	list_init(&r->kept);
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->more, NULL);
	err = start_thread(r);
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
	struct worker workers[THREADS_MAX];
	unsigned count;
	bool last;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->mutex);
	r->stop = true;
	count = r->count;
	memcpy(workers, r->workers, sizeof(workers));
	r->users = 1;
	for (unsigned i = 0; i < count; i++)
		r->users += workers[i].busy;
	pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->mutex);
	for (unsigned i = 0; i < count; i++) {
		if (workers[i].busy)
			pthread_detach(workers[i].thread);
		else
			pthread_join(workers[i].thread, NULL);
	}
	pthread_mutex_lock(&r->mutex);
	last = --r->users == 0;
	pthread_mutex_unlock(&r->mutex);
	if (last)
		resolver_destroy(r);
}

/* --- asking ------------------------------------------------------------------------- */

/* Lookups that no thread has yet. */
static unsigned
waiting(const struct resolver *r)
{
	return (unsigned)r->lookups.count - r->busy;
}

static struct lookup *
lookup_new(struct resolver *r, struct slice host)
{
	struct lookup *l = calloc(1, sizeof(*l) + host.n + 1);

	if (l == NULL)
		return NULL;
	memcpy(l->host, host.p, host.n);
	list_init(&l->questions);
	list_append(&r->lookups, &l->link);
	if (waiting(r) > r->count - r->busy && r->count < THREADS_MAX)
		(void)start_thread(r); /* else one of the others comes to it */
	pthread_cond_signal(&r->more);
	return l;
}

/* With the mutex held.  0, ERR_NOMEM or ERR_CLOSED. */
static int
ask(struct resolver *r, struct resolve *q, struct slice host)
{
	struct lookup *l;

	trim(r, clock_now());
	l = find(&r->kept, host);
	if (l != NULL)
		return answer(q, &l->found);
	l = find(&r->lookups, host);
	if (l == NULL)
		l = lookup_new(r, host);
	if (l == NULL)
		return ERR_NOMEM;
	q->lookup = l;
	list_append(&l->questions, &q->link);
	return 0;
}

struct resolve *
resolve_start(struct resolver *r, struct wake *answer_to, struct slice host, uint16_t port, resolve_fn *fn,
	      void *arg)
{
	struct resolve *q = calloc(1, sizeof(*q));
	int err;

	if (q == NULL)
		return NULL;
	q->resolver = r;
	q->answer_to = wake_ref(answer_to);
	q->fn = fn;
	q->arg = arg;
	q->port = port;
	pthread_mutex_lock(&r->mutex);
	err = ask(r, q, host);
	pthread_mutex_unlock(&r->mutex);
	if (err != 0) {
		question_free(q);
		return NULL;
	}
	return q;
}

void
resolve_cancel(struct resolve *q)
{
	struct resolver *r;
	struct lookup *l;

	if (q == NULL)
		return;
	q->fn = NULL;
	r = q->resolver;
	pthread_mutex_lock(&r->mutex);
	l = q->lookup;
	if (l != NULL) {
		list_remove(&l->questions, &q->link);
		question_free(q);
		if (l->questions.count == 0 && !l->started) {
			list_remove(&r->lookups, &l->link);
			lookup_free(l);
		}
	}
	pthread_mutex_unlock(&r->mutex);
}
