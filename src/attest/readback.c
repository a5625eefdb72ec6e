#include "attest/readback.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "attest/chains_look.h"
#include "attest/found.h"
#include "attest/turns.h"
#include "base/log.h"
#include "base/metrics.h"
#include "digest/sha256.h"
#include "rdkafka/consumer.h"

/* At the end of a stop an answer has a moment still. */
enum { ANSWER_MS = 5000, ANSWER_LEAST_MS = 100 };

/* A partition may have lost its end with the leader that acknowledged it: begin a little before. */
enum { BEFORE = 10000 };

/* Clocks may be set back between a statement and its record. */
#define CLOCK_SLACK_MS (INT64_C(60) * 60 * 1000)

struct readback {
	struct chains *chains;
	struct consumer *consumer;
	char *dbom_topic;
	pthread_t thread;
	int quit_fd;
	_Atomic bool quitting;
	_Atomic int64_t end_ns; /* by then no answer is waited for */
	struct header *headers; /* room that grows */
	size_t header_cap;
	struct doubt doubts[LOOK_MAX];
};

static void
failed(struct readback *r, const char *topic, int32_t partition, int err)
{
	if (err == ERR_CLOSED)
		return;
	metric_add(METRIC_READBACK_FAILURES, 1);
	LOG_LIMITED(LOG_LEVEL_WARN, "readback", "can't be read back yet", LOG_S("topic", topic),
		    LOG_I("partition", partition),
		    LOG_S("cause", err == ERR_REMOTE || err == ERR_TIMEOUT ? consumer_why(r->consumer) : err_text(err)));
}

/* May the cluster be asked once more?  A step asks twice at most, and isn't to last beyond the end. */
static bool
goes_on(struct readback *r)
{
	int64_t ms = (atomic_load(&r->end_ns) - clock_now().ns) / 1000000 / 2;

	consumer_wait(r->consumer, ms > ANSWER_MS ? ANSWER_MS : ms < ANSWER_LEAST_MS ? ANSWER_LEAST_MS : (int)ms);
	return !atomic_load(&r->quitting);
}

/* --- a partition's log -------------------------------------------------------------- */

struct reading {
	struct readback *r;
	struct found *found;
};

static int
on_record(void *arg, const struct consumer_record *c)
{
	struct reading *g = arg;
	struct readback *r = g->r;
	struct found_record f = {c->offset, c->timestamp, c->log_append, c->key, c->value, NULL, c->header_count};

	if (atomic_load(&r->quitting))
		return ERR_CLOSED;
	if (c->header_count > r->header_cap) {
		struct header *p = reallocarray(r->headers, c->header_count, sizeof(*p));

		if (p == NULL)
			return ERR_NOMEM;
		r->headers = p;
		r->header_cap = c->header_count;
	}
	for (size_t i = 0; i < c->header_count; i++)
		r->headers[i] = (struct header){c->headers[i].name, c->headers[i].value};
	f.headers = r->headers;
	return found_record(g->found, &f);
}

/* Where the batches can stand, up to where the log is acknowledged now.  True: read. */
static bool
read_log(struct readback *r, struct look *l)
{
	struct reading g = {r, found_new(l->id, l->doubts, l->count, chains_look_taken, l)};
	int64_t from = l->from > BEFORE ? l->from - BEFORE : 0;
	int64_t low, high;
	int err = g.found == NULL ? ERR_NOMEM : consumer_watermarks(r->consumer, l->topic, l->partition, &low, &high);

	if (err == 0 && from < low)
		from = low;
	if (err == 0 && from < high)
		err = goes_on(r) ? consumer_read(r->consumer, l->topic, l->partition, from, high, on_record, &g) : ERR_CLOSED;
	if (err != 0)
		failed(r, l->topic, l->partition, err);
	found_free(g.found);
	return err == 0;
}

/* --- the statement topic -------------------------------------------------------------- */

struct seeking {
	struct readback *r;
	struct slice key;
	const struct look *look;
	bool there, other;
};

static int
on_statement(void *arg, const struct consumer_record *c)
{
	struct seeking *s = arg;
	uint8_t sum[SHA256_LEN];

	if (atomic_load(&s->r->quitting))
		return ERR_CLOSED;
	if (c->key.p == NULL || !slice_eq(c->key, s->key) || c->value.p == NULL)
		return 0;
	sha256_of(c->value, sum);
	if (memcmp(sum, s->look->value_sha256, sizeof(sum)) == 0)
		s->there = true;
	else
		s->other = true;
	return 0;
}

/* False: it could not be found out. */
static bool
look_up(struct readback *r, const struct look *l, bool *ret_there)
{
	char key[CHAIN_KEY_MAX + 1];
	struct seeking s = {.r = r, .look = l};
	int64_t from = 0, low = 0, high = 0;
	int err;

	s.key = slice_of(key, chain_key(l->id, l->window, key));
	err = consumer_watermarks(r->consumer, r->dbom_topic, l->dbom_partition, &low, &high);
	if (err == 0 && !goes_on(r))
		err = ERR_CLOSED;
	if (err == 0)
		err = consumer_offset_at(r->consumer, r->dbom_topic, l->dbom_partition, l->since_ms - CLOCK_SLACK_MS, &from);
	if (err == ERR_NOTFOUND) { /* all of it is older */
		from = high;
		err = 0;
	}
	if (err == 0 && from < high)
		err = goes_on(r) ? consumer_read(r->consumer, r->dbom_topic, l->dbom_partition, from < low ? low : from, high,
						 on_statement, &s)
				 : ERR_CLOSED;
	if (err != 0) {
		failed(r, r->dbom_topic, l->dbom_partition, err);
		return false;
	}
	if (s.other)
		LOG_LIMITED(LOG_LEVEL_ERROR, "readback",
			    "the statement topic holds another statement of a window that is ours: is this state directory a copy?",
			    LOG_S("topic", l->topic), LOG_I("partition", l->partition), LOG_I("window", l->window));
	*ret_there = s.there;
	return !s.other; /* of two, none is added */
}

/* --- the thread -------------------------------------------------------------------------- */

static void
look_at(struct readback *r, struct look *l)
{
	bool read = l->count == 0 || (goes_on(r) && read_log(r, l));
	bool there = false;
	bool known = l->restated && goes_on(r) && look_up(r, l, &there);

	chains_look_end(r->chains, l, read, known, there);
}

static void *
readback_main(void *arg)
{
	struct readback *r = arg;
	struct turns *looks = chains_looks(r->chains);

	(void)pthread_setname_np(pthread_self(), "readback");
	if (metrics_thread_start() != 0)
		LOG_WARN("readback", "no memory for metrics of its own");
	while (!atomic_load(&r->quitting)) {
		struct pollfd fds[] = {{turns_fd(looks), POLLIN, 0}, {r->quit_fd, POLLIN, 0}};
		struct look l = {.doubts = r->doubts};
		int wait_ms = -1;

		turns_woken(looks);
		while (!atomic_load(&r->quitting) && chains_look(r->chains, &l, &wait_ms))
			look_at(r, &l);
		if (poll(fds, ARRAY_LEN(fds), wait_ms) < 0 && errno != EINTR)
			LOG_LIMITED(LOG_LEVEL_ERROR, "readback", "poll fails", LOG_S("cause", strerror(errno)));
	}
	return NULL;
}

int
readback_start(const struct readback_conf *conf, struct readback **ret, char *why, size_t why_len)
{
	struct consumer_conf cc = {.bootstrap = conf->bootstrap,
				   .props = conf->props,
				   .detour = conf->detour,
				   .read_committed = false,
				   .queue_kib = "1024", /* beside a daemon's work; it seldom reads much */
				   .fetch_wait_ms = "5", /* one partition behind another, up to its end */
				   .timeout_ms = ANSWER_MS};
	struct readback *r = calloc(1, sizeof(*r));
	int err = ERR_NOMEM;

	if (r == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	r->chains = conf->chains;
	r->end_ns = INT64_MAX;
	r->quit_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->quit_fd < 0) {
		(void)snprintf(why, why_len, "eventfd: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	if ((r->dbom_topic = strdup(conf->dbom_topic)) == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		goto fail;
	}
	if ((err = consumer_open(&cc, &r->consumer, why, why_len)) != 0)
		goto fail;
	if ((errno = pthread_create(&r->thread, NULL, readback_main, r)) != 0) {
		(void)snprintf(why, why_len, "a thread can't be started: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	*ret = r;
	return 0;
fail:
	consumer_close(r->consumer);
	if (r->quit_fd >= 0)
		(void)close(r->quit_fd);
	free(r->dbom_topic);
	free(r);
	return err;
}

void
readback_end_by(struct readback *r, struct monotime end)
{
	if (r != NULL)
		atomic_store(&r->end_ns, end.ns);
}

void
readback_stop(struct readback *r)
{
	if (r == NULL)
		return;
	atomic_store(&r->quitting, true);
	if (write(r->quit_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
		LOG_DEBUG("readback", "awake already");
	(void)pthread_join(r->thread, NULL);
	consumer_close(r->consumer);
	(void)close(r->quit_fd);
	free(r->headers);
	free(r->dbom_topic);
	free(r);
}
