/* Partitions in parallel: threads that each take the next one. */
#include <pthread.h>
#include <signal.h>

#include "verify/examination_internal.h"

enum { WHY = 700, THOUSAND = 1000 };

struct worker {
	struct work *work;
	unsigned job;
	pthread_t thread;
	struct examiner *examiner;
	struct examination_task *task;
	uint64_t done_of_it; /* thousandths; guarded by the lock */
	char why[WHY];
};

struct work {
	struct examination *a;
	pthread_mutex_t lock; /* guards what follows, what hangs on the tasks' topics, and the conf's callbacks */
	size_t next;          /* task */
	size_t done;
	size_t told; /* topics that were reported */
	int err;     /* the first one; `a->why` has its words */
	bool stop;
	struct worker *workers;
	unsigned worker_count;
};

static void
tell_progress(const struct work *w)
{
	uint64_t done = (uint64_t)w->done * THOUSAND;

	if (w->a->conf->progress == NULL)
		return;
	for (unsigned i = 0; i < w->worker_count; i++)
		done += w->workers[i].done_of_it;
	w->a->conf->progress(w->a->conf->arg, "records", done, (uint64_t)w->a->task_count * THOUSAND);
}

/* Topics are told in their order, each when it and those before it are whole. */
static void
tell_topics(struct work *w)
{
	struct examination *a = w->a;

	for (; w->told < a->topic_count && a->topics[w->told].left == 0; w->told++) {
		struct topic_report *r = &a->topics[w->told].report;

		for (size_t i = 0; i < r->partition_count; i++)
			tally_add(&r->sum, &r->partitions[i].tally);
		a->conf->reported(a->conf->arg, r);
	}
}

static void
on_finding(void *arg, const struct finding *f)
{
	const struct worker *x = arg;
	const struct examination_conf *conf = x->work->a->conf;

	pthread_mutex_lock(&x->work->lock);
	conf->found(conf->arg, x->job, &x->task->topic->report, f);
	pthread_mutex_unlock(&x->work->lock);
}

static int
on_progress(void *arg, uint64_t done, uint64_t total)
{
	struct worker *x = arg;
	struct work *w = x->work;
	bool stop;

	pthread_mutex_lock(&w->lock);
	x->done_of_it = total == 0 || done >= total ? THOUSAND : (uint64_t)((double)done / (double)total * THOUSAND);
	tell_progress(w);
	stop = w->stop;
	pthread_mutex_unlock(&w->lock);
	return stop ? ERR_NOT_NOW : 0;
}

static struct examination_task *
take(struct work *w)
{
	struct examination_task *t = NULL;

	pthread_mutex_lock(&w->lock);
	if (!w->stop && w->next < w->a->task_count)
		t = &w->a->tasks[w->next++];
	pthread_mutex_unlock(&w->lock);
	return t;
}

/* The first error ends all. */
static void
fail(struct work *w, const struct worker *x, int err)
{
	const struct examination_conf *conf = w->a->conf;

	pthread_mutex_lock(&w->lock);
	if (x->task != NULL && conf->unsettled != NULL)
		conf->unsettled(conf->arg, x->job, &x->task->topic->report);
	if (w->err == 0) {
		w->err = err;
		snprintf(w->a->why, w->a->why_len, "%s", x->why);
	}
	w->stop = true;
	pthread_mutex_unlock(&w->lock);
}

static int
settle(struct work *w, struct worker *x, const struct topic_partition *p)
{
	struct examination_topic *t = x->task->topic;
	int err;

	pthread_mutex_lock(&w->lock);
	err = w->a->conf->settled(w->a->conf->arg, x->job, &t->report, p, x->why, sizeof(x->why));
	if (err == 0) {
		t->report.partitions[x->task->at] = *p;
		t->left--;
		w->done++;
		x->done_of_it = 0;
		tell_topics(w);
		tell_progress(w);
	}
	pthread_mutex_unlock(&w->lock);
	return err;
}

static int
judge_one(struct worker *x)
{
	struct examination_topic *t = x->task->topic;
	struct examiner_task task = {.topic = t->name,
				  .statements = t->statements,
				  .partition = t->report.partitions[x->task->at].partition,
				  .compacted = t->compacted,
				  .memory = x->work->a->conf->memory,
				  .found = on_finding,
				  .progress = on_progress,
				  .arg = x};
	struct topic_partition p;
	int err = examiner_partition(x->examiner, &task, &p, x->why, sizeof(x->why));

	return err != 0 ? err : settle(x->work, x, &p);
}

static void *
run(void *arg)
{
	struct worker *x = arg;
	struct work *w = x->work;
	int err = 0;

	if (x->examiner == NULL)
		err = examiner_open(&w->a->examiner, &x->examiner, x->why, sizeof(x->why));
	while (err == 0 && (x->task = take(w)) != NULL)
		err = judge_one(x);
	if (err != 0)
		fail(w, x, err);
	return NULL;
}

/* Signals are the main thread's.  One that can't be started is done without. */
static unsigned
start(struct worker *workers, unsigned count)
{
	sigset_t all, before;
	unsigned n = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (n < count && pthread_create(&workers[n].thread, NULL, run, &workers[n]) == 0)
		n++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n;
}

int
examination_work(struct examination *a)
{
	struct work w = {.a = a, .lock = PTHREAD_MUTEX_INITIALIZER};
	unsigned started;

	w.worker_count = a->conf->jobs < 1 ? 1 : a->conf->jobs;
	if (w.worker_count > a->task_count)
		w.worker_count = a->task_count == 0 ? 1 : (unsigned)a->task_count;
	if ((w.workers = calloc(w.worker_count, sizeof(*w.workers))) == NULL) {
		snprintf(a->why, a->why_len, "out of memory");
		return ERR_NOMEM;
	}
	for (unsigned i = 0; i < w.worker_count; i++) {
		w.workers[i].work = &w;
		w.workers[i].job = i;
	}
	w.workers[0].examiner = a->first;
	tell_topics(&w); /* those of which nothing is left to do */
	started = start(w.workers + 1, w.worker_count - 1);
	(void)run(&w.workers[0]);
	for (unsigned i = 1; i <= started; i++)
		pthread_join(w.workers[i].thread, NULL);
	for (unsigned i = 1; i < w.worker_count; i++)
		examiner_close(w.workers[i].examiner);
	pthread_mutex_destroy(&w.lock);
	free(w.workers);
	return w.err;
}
