#include "attest/sealer_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"

enum { TURNS_IN_A_ROW = 64, BACKOFF_MAX_MS = 10000 };

void
sealer_free_job(struct job *j)
{
	if (j->window != NULL)
		outgoing_free(j->out); /* not its chain's yet */
	stated_clear(&j->stated);
	wr_free(&j->task.message);
	wr_free(&j->task.sig);
	wr_free(&j->value);
	free(j);
}

/* Its bytes, if they can be read again. */
void
sealer_lighten(struct job *j)
{
	if (j->window == NULL && outgoing_is_written(j->out)) {
		wr_free(&j->value);
		wr_free(&j->stated.manifest);
	}
}

void
sealer_put_off(struct job *j)
{
	j->due.ns = clock_now().ns + (int64_t)j->backoff_ms * 1000000;
	j->backoff_ms = j->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : j->backoff_ms * 2;
	list_append(&j->sealer->waiting, &j->link);
}

void
sealer_wait(struct job *j, const char *what, const char *why)
{
	sealer_lighten(j);
	LOG_LIMITED(LOG_LEVEL_WARN, "sealer", what, LOG_S("topic", j->chain->topic), LOG_I("partition", j->chain->partition),
		    LOG_I("window", j->window != NULL ? j->window->id : j->out->window), LOG_S("cause", why),
		    LOG_I("again_in_ms", j->backoff_ms));
	sealer_put_off(j);
}

static void
on_ready(void *arg, int32_t partitions)
{
	struct sealer *s = arg;

	LOG_INFO("sealer", "statement topic is there", LOG_I("partitions", partitions));
	s->partitions = partitions;
}

static void
on_problem(void *arg UNUSED, const char *why)
{
	LOG_LIMITED(LOG_LEVEL_WARN, "sealer", "statements can't be published yet", LOG_S("cause", why));
}

/* What is due of the waiting; returns how long the rest waits, as poll() takes it. */
static int
waiting_go(struct sealer *s)
{
	struct monotime now = clock_now();
	size_t n = s->waiting.count;
	int wait_ms = -1;

	while (n-- > 0) {
		struct job *j = CONTAINER_OF(list_pop(&s->waiting), struct job, link);
		int64_t ms = (j->due.ns - now.ns + 999999) / 1000000;

		if (ms <= 0) {
			j->window != NULL ? sealer_state(j) : sealer_send(j); /* back in the list when it fails */
			continue;
		}
		list_append(&s->waiting, &j->link);
		if (wait_ms < 0 || ms < wait_ms)
			wait_ms = (int)ms;
	}
	if (s->waiting.count > 0 && wait_ms < 0)
		wait_ms = SEALER_BACKOFF_FIRST_MS;
	return wait_ms;
}

/* The window or statement is ours and nobody else will take it: without memory for this much nothing goes on. */
static struct job *
job_new(struct sealer *s, struct chain *c)
{
	struct job *j;

	while ((j = calloc(1, sizeof(*j))) == NULL) {
		LOG_LIMITED(LOG_LEVEL_ERROR, "sealer", "out of memory");
		(void)poll(NULL, 0, SEALER_BACKOFF_FIRST_MS);
	}
	*j = (struct job){.sealer = s, .chain = c, .backoff_ms = SEALER_BACKOFF_FIRST_MS};
	return j;
}

/* Takes chains whose turn it is, so many in a row that reports and the end of it all aren't kept waiting; returns how long none has one. */
static int
turns_go(struct sealer *s)
{
	struct outgoing *o;
	struct window *w;
	struct chain *c;
	struct job *j;
	int wait_ms = -1, left = TURNS_IN_A_ROW;

	while (left > 0 && (c = chains_turn(s->chains, &w, &o, &wait_ms)) != NULL) {
		if (--left == 0)
			wait_ms = 0; /* there may be more */
		if (o != NULL) {
			j = job_new(s, c);
			j->out = o;
			if (o->state == OUTGOING_THERE)
				sealer_send_published(j);
			else
				sealer_send(j);
		}
		if (w != NULL) {
			metric_add(METRIC_WINDOWS_SETTLED, 1);
			j = job_new(s, c);
			j->window = w;
			sealer_state(j);
		}
	}
	return wait_ms;
}

/* Asks for the topics that windows wait for; returns how long there is nothing to ask. */
static int
asks_go(struct sealer *s)
{
	int wait_ms = -1;
	struct sure_ask *ask = s->ask == NULL ? NULL : chains_sure_ask(s->chains, &wait_ms);

	if (ask != NULL)
		s->ask(s->ask_arg, ask);
	return wait_ms;
}

static int
sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static bool
is_done(struct sealer *s, int *ret_wait_ms)
{
	struct chains_numbers n;
	int64_t left;

	if (!atomic_load(&s->quitting))
		return false;
	chains_count(s->chains, &n);
	left = (s->deadline.ns - clock_now().ns) / 1000000;
	*ret_wait_ms = left > 100 ? 100 : (int)left;
	return n.windows == 0 || left <= 0 || atomic_load(&s->hurried);
}

static void *
sealer_main(void *arg)
{
	struct sealer *s = arg;
	int turns = turns_fd(chains_turns(s->chains));

	(void)pthread_setname_np(pthread_self(), "sealer");
	if (metrics_thread_start() != 0)
		LOG_WARN("sealer", "no memory for metrics of its own");
	for (;;) {
		struct pollfd fds[] = {{turns, POLLIN, 0},
				       {publisher_fd(s->publisher), POLLIN, 0},
				       {s->quit_fd, POLLIN, 0},
				       {s->signing != NULL ? signing_fd(s->signing) : -1, POLLIN, 0}};
		int wait_ms, quit_ms = -1;
		uint64_t n;

		turns_woken(chains_turns(s->chains));
		publisher_serve(s->publisher);
		sealer_state_signed(s);
		sealer_send_crowd(s);
		wait_ms = publisher_wait(s->publisher);
		/* Before the topic is there nothing can be sent: windows wait in their chains. */
		if (s->partitions > 0) {
			wait_ms = sooner(wait_ms, turns_go(s));
			wait_ms = sooner(wait_ms, waiting_go(s));
			wait_ms = sooner(wait_ms, asks_go(s));
		}
		if (chains_journal_tidy(s->chains))
			wait_ms = 0;
		if (is_done(s, &quit_ms))
			return NULL;
		if (poll(fds, ARRAY_LEN(fds), sooner(wait_ms, quit_ms)) < 0 && errno != EINTR)
			LOG_LIMITED(LOG_LEVEL_ERROR, "sealer", "poll fails", LOG_S("cause", strerror(errno)));
		if (fds[2].revents != 0 && read(s->quit_fd, &n, sizeof(n)) < 0)
			continue; /* empty already */
	}
}

int
sealer_start(const struct sealer_conf *conf, struct sealer **ret, char *why, size_t why_len)
{
	struct publisher_conf pub = {.bootstrap = conf->bootstrap,
				     .topic = conf->topic,
				     .props = conf->props,
				     .detour = conf->detour,
				     .create_partitions = conf->create_partitions,
				     .create_replication = conf->create_replication,
				     .on_ready = on_ready,
				     .on_report = sealer_send_reported,
				     .on_problem = on_problem};
	struct sealer *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	s->chains = conf->chains;
	s->signer = conf->signer;
	s->ask = conf->ask;
	s->ask_arg = conf->ask_arg;
	list_init(&s->waiting);
	list_init(&s->crowd);
	pub.arg = s;
	s->quit_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->quit_fd < 0) {
		(void)snprintf(why, why_len, "eventfd: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	err = publisher_open(&pub, &s->publisher, why, why_len);
	if (err != 0)
		goto fail;
	if (s->signer != NULL && signer_is_remote(s->signer) && (s->signing = signing_start(s->signer)) == NULL) {
		err = err_say(ERR_NOMEM, why, why_len, "no memory, or no thread to have statements signed");
		goto fail;
	}
	if ((errno = pthread_create(&s->thread, NULL, sealer_main, s)) != 0) {
		(void)snprintf(why, why_len, "a thread can't be started: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	*ret = s;
	return 0;

fail:
	if (s->signing != NULL)
		signing_stop(s->signing);
	signing_free(s->signing);
	publisher_close(s->publisher, 0);
	if (s->quit_fd >= 0)
		(void)close(s->quit_fd);
	free(s);
	return err;
}

static void
wake(struct sealer *s)
{
	uint64_t one = 1;

	if (write(s->quit_fd, &one, sizeof(one)) < 0)
		return; /* the counter is full: it is awake */
}

void
sealer_hurry(struct sealer *s)
{
	atomic_store(&s->hurried, true);
	wake(s);
}

size_t
sealer_stop(struct sealer *s, int timeout_ms)
{
	struct chains_numbers n;
	struct link *e;

	if (s == NULL)
		return 0;
	s->deadline.ns = clock_now().ns + (int64_t)timeout_ms * 1000000;
	atomic_store(&s->quitting, true); /* behind the deadline, which the thread then reads */
	wake(s);
	(void)pthread_join(s->thread, NULL);
	if (s->signing != NULL) {
		struct signing_task *t;

		signing_stop(s->signing);
		while ((t = signing_done(s->signing)) != NULL)
			sealer_free_job(CONTAINER_OF(t, struct job, task));
		signing_free(s->signing);
	}
	publisher_close(s->publisher, 0); /* reports what it has not sent; those windows stay */
	chains_count(s->chains, &n);
	while ((e = list_pop(&s->waiting)) != NULL || (e = list_pop(&s->crowd)) != NULL)
		sealer_free_job(CONTAINER_OF(e, struct job, link));
	(void)close(s->quit_fd);
	free(s);
	return n.windows;
}
