#include "attest/readback.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "attest/chains_look.h"
#include "attest/ends.h"
#include "attest/found.h"
#include "attest/header_room.h"
#include "attest/posted.h"
#include "attest/turns.h"
#include "base/log.h"
#include "base/metrics.h"
#include "rdkafka/consumer.h"

/* At the end of a stop an answer has a moment still.  Nobody waits for ends as for outcomes. */
enum { ANSWER_MS = 5000, ANSWER_LEAST_MS = 100, ENDS_MS = 2000 };

/* A partition may have lost its end with the leader that acknowledged it: begin a little before. */
enum { BEFORE = 10000 };

struct readback {
	struct chains *chains;
	struct consumer *consumer;
	struct consumer *committed; /* NULL until it is needed */
	char *bootstrap;
	char **props;
	struct detour *detour;
	char *dbom_topic;
	struct posted *posted;
	pthread_t thread;
	int quit_fd;
	_Atomic bool quitting;
	_Atomic int64_t end_ns; /* by then no answer is waited for */
	struct header_room headers;
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
};

static void
failed(const struct consumer *from, const char *topic, int32_t partition, int err)
{
	if (err == ERR_CLOSED)
		return;
	metric_add(METRIC_READBACK_FAILURES, 1);
	LOG_LIMITED(LOG_LEVEL_WARN, "readback", "can't be read back yet", LOG_S("topic", topic),
		    LOG_I("partition", partition),
		    LOG_S("cause", err == ERR_REMOTE || err == ERR_TIMEOUT ? consumer_why(from) : err_text(err)));
}

/* May the cluster be asked once more?  A step asks twice at most, and isn't to last beyond the end. */
static bool
goes_on(void *arg)
{
	struct readback *r = arg;
	int64_t left = (atomic_load(&r->end_ns) - clock_now().ns) / 1000000 / 2;
	int ms = left > ANSWER_MS ? ANSWER_MS : left < ANSWER_LEAST_MS ? ANSWER_LEAST_MS : (int)left;

	consumer_wait(r->consumer, ms);
	if (r->committed != NULL)
		consumer_wait(r->committed, ms < ENDS_MS ? ms : ENDS_MS);
	return !atomic_load(&r->quitting);
}

static int
open_consumer(struct readback *r, bool read_committed, struct consumer **ret, char *why, size_t why_len)
{
	struct consumer_conf cc = {.bootstrap = r->bootstrap,
				   .client_id = "makoto-proxy",
				   .props = (const char *const *)r->props,
				   .detour = r->detour,
				   .read_committed = read_committed,
				   .queue_kib = "1024", /* beside a daemon's work; it seldom reads much */
				   .fetch_wait_ms = "5", /* one partition behind another, up to its end */
				   .goes_on = goes_on,
				   .arg = r,
				   .timeout_ms = ANSWER_MS};

	return consumer_open(&cc, ret, why, why_len);
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
	if (header_room_take(&r->headers, c) != 0)
		return ERR_NOMEM;
	f.headers = r->headers.p;
	return found_record(g->found, &f);
}

/* Looks for so many of the doubts there. */
static int
find(struct readback *r, struct look *l, struct doubt *doubts, size_t count, int64_t from, int64_t to)
{
	struct reading g = {r, found_new(l->id, doubts, count, chains_look_taken, l)};
	int err = g.found == NULL ? ERR_NOMEM : !goes_on(r) ? ERR_CLOSED : 0;

	if (err == 0)
		err = consumer_read(r->consumer, l->topic, l->partition, from, to, on_record, &g);
	if (err == 0 && consumer_was_cut(r->consumer))
		err = ERR_NOT_NOW;
	found_free(g.found);
	return err;
}

/*
 * From a little before where the batches can stand, or before its end, if it has lost as much; and before that, what
 * stands where an answer told.
 */
static int
find_all(struct readback *r, struct look *l, int64_t low, int64_t high)
{
	int64_t at = l->from < high ? l->from : high, from = at > BEFORE ? at - BEFORE : 0;
	int err = 0;

	for (size_t i = 0; err == 0 && i < l->count; i++) {
		struct doubt *d = &l->doubts[i];
		int64_t place = d->behind - d->placement->count;

		if (d->behind > 0 && place < from && place >= low && d->behind <= high)
			err = find(r, l, d, 1, place, d->behind);
	}
	return err != 0 ? err : find(r, l, l->doubts, l->count, from < low ? low : from, high);
}

/*
 * Which of them weren't found and may stand behind `high`, unseen, or stood before `low`.  Of a log that ends before the
 * first of those that may be in another topic, the leader has none.  One that began later while it was read was cut.
 */
static int
note_unseen(struct readback *r, const struct look *l, int64_t low, int64_t high)
{
	int64_t first = INT64_MAX;
	bool ends = false;
	int err = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct doubt *d = &l->doubts[i];

		d->past = !doubt_is_there(d) && d->behind > 0 && d->behind - d->placement->count < low;
		d->hidden = !doubt_is_there(d) && !d->past && d->behind > high;
		if (d->hidden && d->elsewhere && d->behind < first)
			first = d->behind;
	}
	if (first < INT64_MAX)
		err = goes_on(r) ? consumer_ends_before(r->consumer, l->topic, l->partition, first, &ends) : ERR_CLOSED;
	for (size_t i = 0; err == 0 && ends && i < l->count; i++)
		l->doubts[i].hidden &= !l->doubts[i].elsewhere;
	return err;
}

/* Where the batches can stand, up to where the log is acknowledged now.  True: read. */
static bool
read_log(struct readback *r, struct look *l)
{
	int64_t low, high;
	int err = consumer_watermarks(r->consumer, l->topic, l->partition, &low, &high);

	if (err == 0)
		err = find_all(r, l, low, high);
	if (err == 0)
		err = note_unseen(r, l, low, high);
	if (err != 0)
		failed(r->consumer, l->topic, l->partition, err);
	return err == 0;
}

/* How its transactions ended.  Most never need it, so that its reader comes late.  False: there is none. */
static bool
read_ends(struct readback *r, struct look *l)
{
	struct ends_readers from = {.uncommitted = r->consumer, .goes_on = goes_on, .arg = r};
	char why[512];
	int err;

	if (r->committed == NULL && open_consumer(r, true, &r->committed, why, sizeof(why)) != 0) {
		LOG_LIMITED(LOG_LEVEL_WARN, "readback", "can't ask how transactions ended", LOG_S("cause", why));
		return false;
	}
	from.committed = r->committed;
	if ((err = ends_read(&from, l)) != 0 && err != ERR_NOT_NOW)
		failed(r->committed, l->topic, l->partition, err);
	return true;
}

/* --- the statement topic -------------------------------------------------------------- */

/* False: it could not be found out. */
static bool
look_up(struct readback *r, const struct look *l, bool *ret_there)
{
	bool other;
	int err = posted_look(r->posted, r->consumer, l, clock_now(), ret_there, &other);

	if (err != 0) {
		failed(r->consumer, r->dbom_topic, l->dbom_partition, err);
		return false;
	}
	if (other)
		LOG_LIMITED(LOG_LEVEL_ERROR, "readback",
			    "another statement of a window that is ours is published, signed by our key: does another proxy run with a copy of the state directory?",
			    LOG_S("topic", l->topic), LOG_I("partition", l->partition), LOG_I("window", l->window));
	return *ret_there || !other; /* ours is added to no other */
}

/* --- the thread -------------------------------------------------------------------------- */

static void
look_at(struct readback *r, struct look *l)
{
	bool read = l->count == 0 || (goes_on(r) && read_log(r, l));
	bool there = false;
	bool known = l->restated && goes_on(r) && look_up(r, l, &there);

	chains_look_end(r->chains, l, read, known, there, l->end_count > 0 && goes_on(r) && read_ends(r, l));
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
		struct look l = {.doubts = r->doubts, .ends = r->ends};
		int wait_ms = -1, keep_ms;

		turns_woken(looks);
		while (!atomic_load(&r->quitting) && chains_look(r->chains, &l, &wait_ms))
			look_at(r, &l);
		keep_ms = posted_tidy(r->posted, clock_now());
		if (keep_ms >= 0 && (wait_ms < 0 || keep_ms < wait_ms))
			wait_ms = keep_ms;
		if (poll(fds, ARRAY_LEN(fds), wait_ms) < 0 && errno != EINTR)
			LOG_LIMITED(LOG_LEVEL_ERROR, "readback", "poll fails", LOG_S("cause", strerror(errno)));
	}
	return NULL;
}

static void
props_free(char **props)
{
	for (size_t i = 0; props != NULL && props[i] != NULL; i++)
		free(props[i]);
	free(props);
}

/* NULL: no memory. */
static char **
props_copy(const char *const *props)
{
	size_t n = 0;
	char **copy;

	while (props != NULL && props[n] != NULL)
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy != NULL && i < n; i++) {
		if ((copy[i] = strdup(props[i])) == NULL) {
			props_free(copy);
			return NULL;
		}
	}
	return copy;
}

static void
readback_free(struct readback *r)
{
	consumer_close(r->consumer);
	consumer_close(r->committed);
	if (r->quit_fd >= 0)
		(void)close(r->quit_fd);
	props_free(r->props);
	free(r->bootstrap);
	free(r->dbom_topic);
	free(r->headers.p);
	posted_free(r->posted);
	free(r);
}

int
readback_start(const struct readback_conf *conf, struct readback **ret, char *why, size_t why_len)
{
	struct readback *r = calloc(1, sizeof(*r));
	struct posted_conf pc;
	int err = ERR_NOMEM;

	if (r == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	r->chains = conf->chains;
	r->detour = conf->detour;
	r->end_ns = INT64_MAX;
	r->quit_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->quit_fd < 0) {
		(void)snprintf(why, why_len, "eventfd: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	if ((r->dbom_topic = strdup(conf->dbom_topic)) == NULL || (r->bootstrap = strdup(conf->bootstrap)) == NULL ||
	    (r->props = props_copy(conf->props)) == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		goto fail;
	}
	pc = (struct posted_conf){.topic = r->dbom_topic, .signer = conf->signer, .goes_on = goes_on, .arg = r};
	if ((err = posted_new(&pc, &r->posted)) != 0) {
		(void)snprintf(why, why_len, "the signing key's public part: %s", err_text(err));
		goto fail;
	}
	if ((err = open_consumer(r, false, &r->consumer, why, why_len)) != 0)
		goto fail;
	if ((errno = pthread_create(&r->thread, NULL, readback_main, r)) != 0) {
		(void)snprintf(why, why_len, "a thread can't be started: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	*ret = r;
	return 0;
fail:
	readback_free(r);
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
	readback_free(r);
}
