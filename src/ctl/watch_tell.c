#include "ctl/watch_tell.h"

#include <poll.h>

#include "base/clock.h"
#include "ctl/report.h"
#include "ctl/safe.h"
#include "digest/crc32c.h"
#include "rdkafka/publisher.h"

enum { POLL_MS = 100, STOPPING_MS = 5000, ANSWER_MS = 5000 };

struct watch_tell {
	struct watch_tell_conf conf;
	struct publisher *publisher; /* NULL: there is no topic */
	int32_t partitions;          /* of the topic; 0: not known yet */
	bool failed;                 /* of what is being told something isn't known to be stored */
	bool is_recalled;            /* which is no problem, then */
	struct wr w;
};

static void
on_ready(void *arg, int32_t partition_count)
{
	struct watch_tell *t = arg;

	t->partitions = partition_count;
}

static void
on_report(void *arg, void *opaque UNUSED, int err, const char *why)
{
	struct watch_tell *t = arg;

	if (err == 0)
		return;
	t->failed = true;
	if (!t->is_recalled)
		t->conf.problem(t->conf.arg, why);
}

static void
on_problem(void *arg, const char *why)
{
	const struct watch_tell *t = arg;

	t->conf.problem(t->conf.arg, why);
}

int
watch_tell_open(const struct watch_tell_conf *conf, struct watch_tell **ret, char *why, size_t why_len)
{
	struct watch_tell *t = calloc(1, sizeof(*t));
	struct publisher_conf pc = {.bootstrap = conf->bootstrap,
				    .topic = conf->topic,
				    .create_partitions = -1,
				    .create_replication = -1,
				    .detour = conf->detour,
				    .props = conf->props,
				    .on_ready = on_ready,
				    .on_report = on_report,
				    .on_problem = on_problem,
				    .arg = t};
	int err;

	if (t == NULL) {
		snprintf(why, why_len, "out of memory");
		return ERR_NOMEM;
	}
	t->conf = *conf;
	t->w = wr_new(WATCH_JSON_MAX);
	if (conf->topic != NULL && (err = publisher_open(&pc, &t->publisher, why, why_len)) != 0) {
		free(t);
		return err;
	}
	*ret = t;
	return 0;
}

void
watch_tell_close(struct watch_tell *t)
{
	if (t == NULL)
		return;
	publisher_close(t->publisher, 0);
	wr_free(&t->w);
	free(t);
}

void
watch_tell_recall(struct watch_tell *t)
{
	if (t->publisher == NULL)
		return;
	t->is_recalled = true;
	publisher_recall(t->publisher, ANSWER_MS);
	t->is_recalled = false;
}

/* --- the topic -------------------------------------------------------------------------------- */

struct waiting {
	int (*wait)(void *arg);
	void *arg;
	bool is_ending;
	struct monotime since; /* it is */
};

/* Until something was reported, or a moment passed.  0, or why no more of it. */
static int
wait_for_topic(struct watch_tell *t, struct waiting *w)
{
	struct pollfd fd = {.fd = publisher_fd(t->publisher), .events = POLLIN};
	int err;

	(void)poll(&fd, 1, POLL_MS);
	publisher_serve(t->publisher);
	if ((err = w->wait(w->arg)) != ERR_CLOSED)
		return err;
	if (!w->is_ending)
		w->since = clock_now();
	w->is_ending = true;
	return monotime_since_ms(clock_now(), w->since) > STOPPING_MS ? ERR_TIMEOUT : 0;
}

/* All of a partition go to one partition, in their order. */
static int
send(struct watch_tell *t, const struct watch_json_about *about, int32_t partition, struct waiting *w)
{
	char key[300];
	int err;

	snprintf(key, sizeof(key), "%s/%d", about->topic, (int)partition);
	if (wr_err(&t->w) != 0)
		return wr_err(&t->w);
	while (t->partitions == 0)
		if ((err = wait_for_topic(t, w)) != 0)
			return err;
	for (;;) {
		int32_t to = (int32_t)(crc32c(0, slice_str(key)) % (uint32_t)t->partitions);

		err = publisher_send(t->publisher, to, slice_str(key), wr_slice(&t->w), NULL, 0, NULL);
		if (err != ERR_NOT_NOW && err != ERR_NOTFOUND)
			return err;
		if ((err = wait_for_topic(t, w)) != 0)
			return err;
	}
}

/* --- lines ----------------------------------------------------------------------------------- */

static int
print_run(struct watch_tell *t, const struct watch_json_about *about, const struct vigil_run *run)
{
	struct report r = {.to = t->conf.lines, .topic = about->topic, .verbose = true};
	struct finding f = run->f;

	if (t->conf.json)
		return wr_err(&t->w) != 0 ? wr_err(&t->w) : safe_slice(t->conf.lines, wr_slice(&t->w));
	report_finding(&r, &f);
	if (r.held)
		r.last_offset = run->last_offset;
	report_flush(&r);
	return 0;
}

/* --- both -------------------------------------------------------------------------------------- */

int
watch_tell_found(struct watch_tell *t, const struct watch_json_about *about, const struct vigil_found *f, int (*wait)(void *arg),
		 void *arg)
{
	struct waiting w = {.wait = wait, .arg = arg};
	int err = 0;

	t->failed = false;
	if (about->again && f->run_count > 0 && !t->conf.json)
		safe_line(t->conf.lines, "%s/%d  what follows, up to offset %lld, may have been told before", about->topic,
			  (int)f->runs[0].f.partition, (long long)f->to - 1);
	for (size_t i = 0; err == 0 && i < f->run_count; i++) {
		const struct vigil_run *run = &f->runs[i];

		wr_reset(&t->w);
		watch_json_run(&t->w, about, run);
		if ((err = print_run(t, about, run)) == 0 && t->publisher != NULL)
			err = send(t, about, run->f.partition, &w);
	}
	for (size_t i = 0; err == 0 && t->publisher != NULL && i < f->window_count; i++) {
		wr_reset(&t->w);
		watch_json_window(&t->w, about, f, &f->windows[i]);
		err = send(t, about, f->windows[i].statement->partition, &w);
	}
	if (err != 0)
		watch_tell_recall(t);
	return err;
}

int
watch_tell_flush(struct watch_tell *t, int (*wait)(void *arg), void *arg)
{
	struct waiting w = {.wait = wait, .arg = arg};
	int err = fflush(t->conf.lines) != 0 || ferror(t->conf.lines) ? ERR_IO : 0;

	while (err == 0 && t->publisher != NULL && publisher_pending(t->publisher) > 0)
		err = wait_for_topic(t, &w);
	if (err != 0)
		watch_tell_recall(t);
	return err == 0 && t->failed ? ERR_REMOTE : err;
}
