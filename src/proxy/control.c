/*
 *   RESTING ──back-off over──► SEARCHING ──connected──► GREETING ──ApiVersions──► CHECKING ──Metadata──► UP
 *      ▲                          │ next candidate         │                         │                  │
 *      └── every candidate failed ┴────────────────────────┴─────────────────────────┴──────────────────┘
 *
 * A broker that the cluster told of is checked: its address may be another cluster's by
 * now.  Bootstrap servers are whom they are said to be, and UP at once.
 */
#include "proxy/control_private.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/header.h"
#include "proxy/listener.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define STEADY_MS 1000 /* a connection that served for so long is no sign of trouble when it ends */
#define NO_ANSWER "no broker answers"

static void search_next(struct control *c);

/* --- the connection ---------------------------------------------------------------- */

void
control_not_ready(struct control *c, const char *why)
{
	if (atomic_exchange(&c->unready, why) == NULL)
		metric_add(METRIC_READY, -1);
}

static void
rest(struct control *c, const char *why)
{
	c->state = CONTROL_RESTING;
	control_not_ready(c, NO_ANSWER);
	if (!c->told_lost)
		LOG_WARN("control", "no broker of the cluster can be reached; trying on",
			 LOG_S("bootstrap", c->reactor->core->set.bootstrap_servers), LOG_S("last", c->broker),
			 LOG_S("error", why));
	c->told_lost = true;
	/* Half of it is chance, so that many proxies don't come back in step. */
	loop_timer_set(c->backoff, c->backoff_ms / 2 + clock_now().ns / 1000 % (c->backoff_ms / 2 + 1));
	c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MAX_MS ? c->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void
failed(struct control *c, const char *why)
{
	LOG_DEBUG("control", "a broker can't be reached", LOG_S("broker", c->broker), LOG_S("error", why));
	if (c->left > 0)
		search_next(c);
	else
		rest(c, why);
}

/* A round: every candidate once. */
static void
begin_round(struct control *c)
{
	struct endpoint ignored;

	c->left = 1;
	while (endpoints_at(c->reactor->core->endpoints, c->left - 1, &ignored))
		c->left++;
}

void
control_lost(struct control *c, const char *why, int err)
{
	bool was_up = c->state == CONTROL_UP;
	bool steady = was_up && c->understood && monotime_since_ms(clock_now(), c->up) >= STEADY_MS;
	bool served = err == ERR_LIMIT && control_ask_is_first(c);

	io_close(c->io);
	c->io = NULL;
	login_free(c->login);
	c->login = NULL;
	c->logging_in = false;
	loop_timer_clear(c->relogin);
	control_ask_back(c, err);
	loop_timer_clear(c->refresh);
	if (was_up)
		LOG_LIMITED(LOG_LEVEL_INFO, "control", "the control connection ended; trying the next broker",
			    LOG_S("broker", c->broker), LOG_S("cause", why));
	/*
	 * A broker that lets us in and then shows us out counts as one that failed: else this would be a loop.
	 * One whose answer is too long for us served, and no question has that twice.
	 */
	if (steady || served) {
		c->backoff_ms = BACKOFF_MIN_MS;
		begin_round(c);
	}
	failed(c, why);
}

static int
greet(struct control *c)
{
	struct wr w = wr_new(256);
	struct rope frame = {NULL, 0, 0, 0};
	int err;

	/* Version 0 is understood by every broker, and names every API. */
	request_header_write(API_VERSIONS, 0, 0, slice_str(CONTROL_CLIENT_ID), &w);
	err = rope_add_wr(&frame, &w);
	if (err == 0)
		err = io_send_frame(c->io, &frame);
	wr_free(&w);
	rope_clear(&frame);
	return err;
}

static void
serve(struct control *c)
{
	(void)!io_set_idle(c->io, 0); /* from here on each ask has a deadline */
	c->state = CONTROL_UP;
	c->up = clock_now();
	control_ask_send(c);
}

static void
on_versions(struct control *c, struct slice frame)
{
	int16_t min, max;
	struct blob *b;
	size_t at;

	if (response_body_at(API_VERSIONS, 0, frame, &at) != 0 ||
	    apiversions_find(0, slice_of(frame.p + at, frame.n - at), API_VERSIONS, &min, &max) != 0) {
		control_lost(c, "its answer to ApiVersions can't be understood", 0);
		return;
	}
	b = blob_new(frame.n - at);
	if (b == NULL) {
		control_lost(c, "out of memory", 0);
		return;
	}
	memcpy(b->data, frame.p + at, frame.n - at);
	b->len = frame.n - at;
	blob_unref(c->versions);
	c->versions = b;
	c->understood = false;
	if (c->node_id == LISTENER_BOOTSTRAP) {
		serve(c);
		control_look(c);
		return;
	}
	c->state = CONTROL_CHECKING;
	if (control_look_check(c) != 0)
		control_lost(c, "its brokers can't be asked for", 0);
}

static void
on_checked(struct control *c, struct slice frame)
{
	const char *why = control_look_checked(c, frame);

	if (why != NULL)
		control_lost(c, why, 0);
	else
		serve(c);
}

static void
on_io(void *arg, struct io *io, struct io_note *note)
{
	struct control *c = arg;

	(void)io;
	switch (note->ev) {
	case IO_UP:
		return; /* upstream's */
	case IO_HEAD:
		note->take = IO_WHOLE;
		return;
	case IO_FRAME:
		if (c->state == CONTROL_GREETING)
			on_versions(c, blob_slice(note->blob));
		else if (c->state == CONTROL_CHECKING)
			on_checked(c, blob_slice(note->blob));
		else
			control_ask_answer(c, blob_slice(note->blob));
		return;
	case IO_CHUNK:
	case IO_LOW:
	case IO_HANGUP:
		return;
	case IO_EOF:
		control_lost(c, "closed by the broker", ERR_CLOSED);
		return;
	case IO_IDLE:
		control_lost(c, c->state == CONTROL_GREETING ? "no answer to ApiVersions" : "no answer to Metadata", 0);
		return;
	case IO_FAIL:
		control_lost(c, upstream_why(note), note->why == IO_WHY_LENGTH ? ERR_LIMIT : ERR_CLOSED);
		return;
	case IO_DONE:
		return;
	}
}

static void
on_upstream(void *arg, struct io *io, struct login *login, const char *broker, const char *why)
{
	struct control *c = arg;
	const struct proxy_settings *set = &c->reactor->core->set;
	unsigned patience;

	c->search = NULL;
	(void)snprintf(c->broker, sizeof(c->broker), "%s", broker);
	if (io == NULL) {
		failed(c, why);
		return;
	}
	io_set_owner(io, on_io, c);
	c->io = io;
	c->login = login;
	control_login_arm(c);
	c->state = CONTROL_GREETING;
	control_ask_arm(c);
	/* A port that accepts and then says nothing must not be waited for, least of all while there are others. */
	patience = c->left > 0 && set->connect_ms > CONTROL_PATIENCE_MS ? CONTROL_PATIENCE_MS : set->connect_ms;
	if (io_set_idle(c->io, patience) != 0 || greet(c) != 0)
		control_lost(c, "out of memory", 0);
}

/* Candidates are the bootstrap servers and then the brokers that were told lately, round and round. */
static struct endpoint
next_candidate(struct control *c)
{
	struct endpoint e = {.node_id = LISTENER_BOOTSTRAP};

	if (c->candidate > 0 && !endpoints_at(c->reactor->core->endpoints, c->candidate - 1, &e)) {
		c->candidate = 0;
		e.node_id = LISTENER_BOOTSTRAP;
	}
	c->candidate++;
	c->left--;
	return e;
}

/* The one that was left just now, under the name that it has in the cluster. */
static bool
is_last_tried(const struct control *c, const struct endpoint *e)
{
	char name[sizeof(c->broker)];

	(void)snprintf(name, sizeof(name), "%s:%u", e->host, e->broker_port);
	return e->node_id != LISTENER_BOOTSTRAP && strcmp(name, c->broker) == 0;
}

static void
search_next(struct control *c)
{
	struct endpoint e = next_candidate(c);

	if (c->left > 0 && is_last_tried(c, &e))
		e = next_candidate(c);
	c->state = CONTROL_SEARCHING;
	c->node_id = e.node_id;
	c->search = upstream_start(c->reactor, e.node_id, true, on_upstream, c);
	if (c->search == NULL)
		rest(c, "out of memory");
}

static void
on_backoff(void *arg)
{
	struct control *c = arg;

	begin_round(c);
	search_next(c);
}

static void
on_refresh_call(void *arg)
{
	struct control *c = arg;

	atomic_store(&c->refresh_posted, false);
	control_look(c);
}

void
control_refresh(struct control *c)
{
	if (atomic_load(&c->stopped) || atomic_exchange(&c->refresh_posted, true))
		return;
	if (wake_post(c->reactor->core->main, &c->refresh_call) != 0)
		atomic_store(&c->refresh_posted, false);
}

/* --- life -------------------------------------------------------------------------- */

struct control *
control_new(struct reactor *r)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->reactor = r;
	list_init(&c->waiting);
	list_init(&c->sent);
	pthread_mutex_init(&c->mutex, NULL);
	c->backoff_ms = BACKOFF_MIN_MS;
	c->unready = NO_ANSWER;
	c->refresh_call = (struct wake_call){NULL, on_refresh_call, c};
	c->backoff = loop_timer_new(r->loop, on_backoff, c);
	c->refresh = loop_timer_new(r->loop, control_look_due, c);
	c->deadline = loop_timer_new(r->loop, control_ask_due, c);
	c->relogin = loop_timer_new(r->loop, control_login_due, c);
	if (c->relogin == NULL || c->backoff == NULL || c->refresh == NULL || c->deadline == NULL) {
		control_free(c);
		return NULL;
	}
	return c;
}

void
control_start(struct control *c)
{
	loop_timer_set(c->backoff, 0);
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	atomic_store(&c->stopped, true);
	wake_run(c->reactor->core->main); /* asks that are on their way here */
	upstream_cancel(c->search);
	io_close(c->io);
	login_free(c->login);
	control_ask_end(c);
	loop_timer_free(c->backoff);
	loop_timer_free(c->refresh);
	loop_timer_free(c->deadline);
	loop_timer_free(c->relogin);
	blob_unref(c->versions);
	control_not_ready(c, NO_ANSWER);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}

const char *
control_unready(const struct control *c)
{
	return atomic_load(&c->unready);
}

void
control_cluster_id(struct control *c, char *ret, size_t len)
{
	pthread_mutex_lock(&c->mutex);
	(void)snprintf(ret, len, "%s", c->cluster_id);
	pthread_mutex_unlock(&c->mutex);
}
