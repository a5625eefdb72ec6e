#include "attest/signing.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { THREADS = 8 };

struct signing {
	struct signer *signer;
	int fd;
	pthread_t threads[THREADS];
	size_t thread_count;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t turn;
	struct list asked, done;
	bool stopping;
};

static void
put_done(struct signing *s, struct signing_task *t)
{
	uint64_t one = 1;

	list_append(&s->done, &t->link);
	if (write(s->fd, &one, sizeof(one)) < 0)
		return; /* the counter is full: it is readable */
}

static void *
signing_main(void *arg)
{
	struct signing *s = arg;
	struct link *l;

	(void)pthread_setname_np(pthread_self(), "signing");
	(void)pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		struct signing_task *t;

		l = list_pop(&s->asked);
		if (l == NULL) {
			(void)pthread_cond_wait(&s->turn, &s->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&s->lock);
		t = CONTAINER_OF(l, struct signing_task, link);
		t->err = signer_sign(s->signer, wr_slice(&t->message), &t->sig, t->why, sizeof(t->why));
		(void)pthread_mutex_lock(&s->lock);
		put_done(s, t);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct signing *
signing_start(struct signer *signer)
{
	struct signing *s = calloc(1, sizeof(*s));
	sigset_t all, old;

	if (s == NULL)
		return NULL;
	s->signer = signer;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->turn, NULL);
	list_init(&s->asked);
	list_init(&s->done);
	s->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	/* Signals are for the thread that has the loop which takes them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	while (s->fd >= 0 && s->thread_count < THREADS &&
	       pthread_create(&s->threads[s->thread_count], NULL, signing_main, s) == 0)
		s->thread_count++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (s->thread_count > 0) /* fewer do, too */
		return s;
	signing_free(s);
	return NULL;
}

int
signing_fd(const struct signing *s)
{
	return s->fd;
}

void
signing_ask(struct signing *s, struct signing_task *t)
{
	t->err = ERR_CLOSED;
	t->why[0] = '\0';
	(void)pthread_mutex_lock(&s->lock);
	list_append(&s->asked, &t->link);
	(void)pthread_cond_signal(&s->turn);
	(void)pthread_mutex_unlock(&s->lock);
}

struct signing_task *
signing_done(struct signing *s)
{
	struct link *l;
	uint64_t n;

	(void)pthread_mutex_lock(&s->lock);
	l = list_pop(&s->done);
	if (l == NULL && read(s->fd, &n, sizeof(n)) < 0)
		l = NULL; /* empty already */
	(void)pthread_mutex_unlock(&s->lock);
	return l != NULL ? CONTAINER_OF(l, struct signing_task, link) : NULL;
}

void
signing_stop(struct signing *s)
{
	struct link *l;

	(void)pthread_mutex_lock(&s->lock);
	s->stopping = true;
	(void)pthread_cond_broadcast(&s->turn);
	(void)pthread_mutex_unlock(&s->lock);
	signer_stop(s->signer);
	for (size_t i = 0; i < s->thread_count; i++)
		(void)pthread_join(s->threads[i], NULL);
	while ((l = list_pop(&s->asked)) != NULL)
		put_done(s, CONTAINER_OF(l, struct signing_task, link));
}

void
signing_free(struct signing *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	(void)pthread_cond_destroy(&s->turn);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
