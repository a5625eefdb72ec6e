/*
 * C11's threads by POSIX's, in the tests under TSan alone, which knows the latter: Debian's librdkafka is built on the
 * former, and a thread that TSan didn't see begin crashes in its allocator.  glibc's types have room for either.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t) &&
		       sizeof(thrd_t) == sizeof(pthread_t),
	       "glibc's C11 threads are its POSIX threads");

struct start {
	thrd_start_t fn;
	void *arg;
};

static int
result(int err)
{
	return err == 0 ? thrd_success : err == ETIMEDOUT ? thrd_timedout : err == EBUSY ? thrd_busy : thrd_error;
}

static void *
run(void *arg)
{
	struct start s = *(struct start *)arg;

	free(arg);
	return (void *)(intptr_t)s.fn(s.arg);
}

int
thrd_create(thrd_t *ret, thrd_start_t fn, void *arg)
{
	struct start *s = malloc(sizeof(*s));
	int err;

	if (s == NULL)
		return thrd_nomem;
	*s = (struct start){fn, arg};
	err = pthread_create(ret, NULL, run, s);
	if (err != 0)
		free(s);
	return result(err);
}

int
thrd_join(thrd_t thread, int *ret)
{
	void *p;
	int err = pthread_join(thread, &p);

	if (err == 0 && ret != NULL)
		*ret = (int)(intptr_t)p;
	return result(err);
}

int
mtx_init(mtx_t *m, int type)
{
	pthread_mutexattr_t attr;
	int err;

	pthread_mutexattr_init(&attr);
	if ((type & mtx_recursive) != 0)
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	err = pthread_mutex_init((pthread_mutex_t *)m, &attr);
	pthread_mutexattr_destroy(&attr);
	return result(err);
}

void
mtx_destroy(mtx_t *m)
{
	pthread_mutex_destroy((pthread_mutex_t *)m);
}

int
mtx_lock(mtx_t *m)
{
	return result(pthread_mutex_lock((pthread_mutex_t *)m));
}

int
mtx_unlock(mtx_t *m)
{
	return result(pthread_mutex_unlock((pthread_mutex_t *)m));
}

int
cnd_init(cnd_t *c)
{
	return result(pthread_cond_init((pthread_cond_t *)c, NULL));
}

void
cnd_destroy(cnd_t *c)
{
	pthread_cond_destroy((pthread_cond_t *)c);
}

int
cnd_signal(cnd_t *c)
{
	return result(pthread_cond_signal((pthread_cond_t *)c));
}

int
cnd_broadcast(cnd_t *c)
{
	return result(pthread_cond_broadcast((pthread_cond_t *)c));
}

int
cnd_wait(cnd_t *c, mtx_t *m)
{
	return result(pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m));
}

int
cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until)
{
	return result(pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, until));
}
