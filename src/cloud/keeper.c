#include "cloud/keeper.h"

#include <pthread.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 30000, VALUE_MAX = SECRET_FILE_MAX, WHY_MAX = 400 };

struct keeper {
	keeper_fetch_fn *fetch;
	void *arg;
	pthread_t thread;
	atomic_bool stop;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t turn;
	struct secret value;
	struct monotime good_until;
	char why[WHY_MAX]; /* the last attempt failed */
};

/* One attempt; returns after how long the next is due. */
static int64_t
attempt(struct keeper *k, int64_t *retry_ms)
{
	struct wr w = wr_new(VALUE_MAX);
	char why[WHY_MAX] = "";
	int64_t lifetime_ms = 0, next_ms;
	int err;

	(void)wr_room(&w, VALUE_MAX); /* a buffer that grows leaves its content behind */
	err = k->fetch(k->arg, &k->stop, &w, &lifetime_ms, why, sizeof(why));
	(void)pthread_mutex_lock(&k->lock);
	if (err == 0)
		err = secret_set(&k->value, wr_slice(&w));
	if (err == 0) {
		k->good_until.ns = clock_now().ns + lifetime_ms * 1000000;
		k->why[0] = '\0';
		*retry_ms = RETRY_MIN_MS;
		next_ms = lifetime_ms / 5 * 4;
		next_ms = next_ms > RETRY_MIN_MS ? next_ms : RETRY_MIN_MS;
	} else {
		if (why[0] == '\0')
			(void)snprintf(why, sizeof(why), "%s", err_text(err));
		memcpy(k->why, why, sizeof(k->why));
		next_ms = *retry_ms;
		*retry_ms = *retry_ms * 2 < RETRY_MAX_MS ? *retry_ms * 2 : RETRY_MAX_MS;
	}
	(void)pthread_mutex_unlock(&k->lock);
	if (err != 0 && err != ERR_CLOSED)
		LOG_LIMITED(LOG_LEVEL_WARN, "login", "what it takes to log in can't be fetched", LOG_S("error", why));
	secret_wipe(&w);
	return next_ms;
}

static void
wait_ms(struct keeper *k, int64_t ms)
{
	struct timespec until;
	int64_t ns;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	(void)pthread_mutex_lock(&k->lock);
	while (!atomic_load(&k->stop) && pthread_cond_timedwait(&k->turn, &k->lock, &until) == 0)
		;
	(void)pthread_mutex_unlock(&k->lock);
}

static void *
keeper_main(void *arg)
{
	struct keeper *k = arg;
	int64_t retry_ms = RETRY_MIN_MS;

	while (!atomic_load(&k->stop))
		wait_ms(k, attempt(k, &retry_ms));
	return NULL;
}

struct keeper *
keeper_start(keeper_fetch_fn *fetch, void *arg)
{
	struct keeper *k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;
	sigset_t all, old;
	int err;

	if (k == NULL)
		return NULL;
	k->fetch = fetch;
	k->arg = arg;
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&k->turn, &attr);
	(void)pthread_condattr_destroy(&attr);
	/* Signals are for the thread that has the loop which takes them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&k->thread, NULL, keeper_main, k);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err == 0)
		return k;
	(void)pthread_cond_destroy(&k->turn);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
	return NULL;
}

void
keeper_stop(struct keeper *k)
{
	if (k == NULL)
		return;
	(void)pthread_mutex_lock(&k->lock);
	atomic_store(&k->stop, true);
	(void)pthread_cond_signal(&k->turn);
	(void)pthread_mutex_unlock(&k->lock);
	(void)pthread_join(k->thread, NULL);
	secret_clear(&k->value);
	(void)pthread_cond_destroy(&k->turn);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

int
keeper_get(struct keeper *k, struct secret *ret, char *why, size_t why_len)
{
	int err;

	(void)pthread_mutex_lock(&k->lock);
	if (k->value.p != NULL && clock_now().ns < k->good_until.ns) {
		err = secret_set(ret, secret_slice(&k->value));
	} else if (k->why[0] != '\0') {
		(void)snprintf(why, why_len, "%s", k->why);
		err = ERR_REMOTE;
	} else {
		err = ERR_NOT_NOW;
	}
	(void)pthread_mutex_unlock(&k->lock);
	return err;
}
