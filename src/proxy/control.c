/*
 *   RESTING ──back-off over──► SEARCHING ──connected──► GREETING ──ApiVersions──► UP
 *      ▲                          │ next candidate         │                      │
 *      └── every candidate failed ┴────────────────────────┴──────────────────────┘
 *
 * Asks wait in one list while there is no connection, and in another, in the order they
 * were sent, while they are with a broker.  A connection that is lost sends them back.
 */
#include "proxy/control_private.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/header.h"
#include "kafka/metadata.h"
#include "proxy/listener.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define STEADY_MS 1000 /* a connection that served for so long is no sign of trouble when it ends */
#define CLIENT_ID "makoto-proxy"
#define NO_ANSWER "no broker answers"

static void search_next(struct control *c);
static void look(struct control *c);

/* --- asks -------------------------------------------------------------------------- */

static void
ask_end(struct ask *a, int err, struct slice body)
{
	if (!a->login)
		a->done(a->arg, err, a->version, body);
	free(a);
}

static struct ask *
ask_of(struct link *e)
{
	return CONTAINER_OF(e, struct ask, link);
}

static struct monotime
in_ms(int64_t ms)
{
	return (struct monotime){clock_now().ns + ms * 1000000};
}

/* When something is to be done about an ask that a broker has. */
static struct monotime
due(const struct ask *a)
{
	return a->patience.ns < a->deadline.ns ? a->patience : a->deadline;
}

void
control_arm_deadline(struct control *c)
{
	struct link *sent = list_first(&c->sent), *waiting = list_first(&c->waiting);
	struct monotime at;

	/* Both lists are in order of age.  What was sent is older than what waits, but for a login's messages. */
	if (sent == NULL && waiting == NULL) {
		loop_timer_clear(c->deadline);
		return;
	}
	at = sent != NULL ? due(ask_of(sent)) : ask_of(waiting)->deadline;
	if (waiting != NULL && ask_of(waiting)->deadline.ns < at.ns)
		at = ask_of(waiting)->deadline;
	loop_timer_set(c->deadline, monotime_since_ms(at, clock_now()) + 1);
}

static int
write_ask(struct control *c, struct ask *a, struct rope *ret_frame)
{
	struct wr w = wr_new(c->reactor->core->set.max_frame);
	struct rope frame = {NULL, 0, 0, 0};
	int err;

	a->correlation_id = c->next_correlation_id++ & INT32_MAX;
	request_header_write(a->key, a->version, a->correlation_id, slice_str(CLIENT_ID), &w);
	a->body(a->arg, a->version, &w);
	err = rope_add_wr(&frame, &w);
	if (err != 0) {
		wr_free(&w);
		rope_clear(&frame);
		return err;
	}
	*ret_frame = frame;
	return 0;
}

/* The highest version that both sides know. */
static int
choose_version(const struct control *c, struct ask *a)
{
	int16_t min, max;
	int err = apiversions_find(0, blob_slice(c->versions), a->key, &min, &max);

	if (err != 0)
		return ERR_UNSUPPORTED;
	min = min > a->min ? min : a->min;
	max = max < a->max ? max : a->max;
	if (max < min)
		return ERR_UNSUPPORTED;
	a->version = max;
	return 0;
}

void
control_send_waiting(struct control *c)
{
	struct link *e;

	while (c->state == CONTROL_UP && !c->logging_in && (e = list_pop(&c->waiting)) != NULL) {
		struct ask *a = ask_of(e);
		struct rope frame;
		int err = choose_version(c, a);

		if (err == 0)
			err = write_ask(c, a, &frame);
		if (err == 0) {
			err = io_send_frame(c->io, &frame);
			if (err != 0)
				rope_clear(&frame);
		}
		a->patience = a->moved ? a->deadline : in_ms(CONTROL_PATIENCE_MS);
		if (err != 0)
			ask_end(a, err, slice_of(NULL, 0));
		else
			list_append(&c->sent, &a->link);
	}
	control_arm_deadline(c);
}

static void
on_ask(void *arg)
{
	struct ask *a = arg;
	struct control *c = a->control;

	list_append(&c->waiting, &a->link);
	control_send_waiting(c);
}

int
control_ask(struct control *c, int16_t key, int16_t min, int16_t max, control_body_fn *body, control_done_fn *done,
	    void *arg)
{
	struct ask *a;
	int err;

	if (atomic_load(&c->stopped))
		return ERR_CLOSED;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return ERR_NOMEM;
	a->call = (struct wake_call){NULL, on_ask, a};
	a->control = c;
	a->key = key;
	a->min = min;
	a->max = max;
	a->body = body;
	a->done = done;
	a->arg = arg;
	a->deadline = in_ms(CONTROL_ASK_MS);
	err = wake_post(c->reactor->core->main, &a->call);
	if (err != 0)
		free(a);
	return err;
}

/* --- the connection ---------------------------------------------------------------- */

static void
not_ready(struct control *c, const char *why)
{
	if (atomic_exchange(&c->unready, why) == NULL)
		metric_add(METRIC_READY, -1);
}

static void
rest(struct control *c, const char *why)
{
	c->state = CONTROL_RESTING;
	not_ready(c, NO_ANSWER);
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
control_lost(struct control *c, const char *why)
{
	bool was_up = c->state == CONTROL_UP;
	bool steady = was_up && c->understood && monotime_since_ms(clock_now(), c->up) >= STEADY_MS;
	struct link *e;

	io_close(c->io);
	c->io = NULL;
	login_free(c->login);
	c->login = NULL;
	c->logging_in = false;
	loop_timer_clear(c->relogin);
	/* What was sent is older than what waits: back to the front, in its order. */
	while ((e = list_last(&c->sent)) != NULL) {
		list_remove(&c->sent, e);
		if (ask_of(e)->login)
			free(ask_of(e));
		else
			list_prepend(&c->waiting, e);
	}
	loop_timer_clear(c->refresh);
	if (was_up)
		LOG_LIMITED(LOG_LEVEL_INFO, "control", "the control connection ended; trying the next broker",
			    LOG_S("broker", c->broker), LOG_S("cause", why));
	/* A broker that lets us in and then shows us out counts as one that failed: else this would be a loop. */
	if (steady) {
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
	request_header_write(API_VERSIONS, 0, 0, slice_str(CLIENT_ID), &w);
	err = rope_add_wr(&frame, &w);
	if (err == 0)
		err = io_send_frame(c->io, &frame);
	wr_free(&w);
	rope_clear(&frame);
	return err;
}

static void
on_versions(struct control *c, struct slice frame)
{
	int16_t min, max;
	struct blob *b;
	size_t at;

	if (response_body_at(API_VERSIONS, 0, frame, &at) != 0 ||
	    apiversions_find(0, slice_of(frame.p + at, frame.n - at), API_VERSIONS, &min, &max) != 0) {
		control_lost(c, "its answer to ApiVersions can't be understood");
		return;
	}
	b = blob_new(frame.n - at);
	if (b == NULL) {
		control_lost(c, "out of memory");
		return;
	}
	memcpy(b->data, frame.p + at, frame.n - at);
	b->len = frame.n - at;
	blob_unref(c->versions);
	c->versions = b;
	(void)!io_set_idle(c->io, 0); /* from here on each ask has a deadline */
	c->state = CONTROL_UP;
	c->understood = false;
	c->up = clock_now();
	look(c);
	control_send_waiting(c);
}

static void
on_answer(struct control *c, struct slice frame)
{
	struct link *e = list_first(&c->sent);
	struct rd r = rd_of(frame);
	int32_t correlation_id = rd_i32(&r);
	struct ask *a;
	size_t at;

	if (rd_err(&r) != 0 || e == NULL || ask_of(e)->correlation_id != correlation_id) {
		control_lost(c, "an answer to no request");
		return;
	}
	a = ask_of(e);
	list_remove(&c->sent, e);
	if (a->login) {
		free(a);
		control_login_answer(c, frame);
		return;
	}
	if (response_body_at(a->key, a->version, frame, &at) != 0) {
		ask_end(a, ERR_MALFORMED, slice_of(NULL, 0));
		control_lost(c, "an answer whose header can't be read");
		return;
	}
	ask_end(a, 0, slice_of(frame.p + at, frame.n - at));
	control_arm_deadline(c);
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
		else
			on_answer(c, blob_slice(note->blob));
		return;
	case IO_CHUNK:
	case IO_LOW:
	case IO_HANGUP:
		return;
	case IO_EOF:
		control_lost(c, "closed by the broker");
		return;
	case IO_IDLE:
		control_lost(c, "no answer to ApiVersions");
		return;
	case IO_FAIL:
		control_lost(c, upstream_why(note));
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
	control_arm_deadline(c);
	/* A port that accepts and then says nothing must not be waited for, least of all while there are others. */
	patience = c->left > 0 && set->connect_ms > CONTROL_PATIENCE_MS ? CONTROL_PATIENCE_MS : set->connect_ms;
	if (io_set_idle(c->io, patience) != 0 || greet(c) != 0)
		control_lost(c, "out of memory");
}

/* Candidates are the bootstrap servers and then the brokers met so far, round and round. */
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
on_deadline(void *arg)
{
	struct control *c = arg;
	struct monotime now = clock_now();
	bool stuck = false;
	struct link *e = list_first(&c->sent);

	/* The process may hang, and its kernel keep the connection: others can answer in time. */
	if (e != NULL && ask_of(e)->patience.ns <= now.ns && now.ns < ask_of(e)->deadline.ns) {
		for (e = list_last(&c->sent); e != NULL; e = list_before(&c->sent, e))
			ask_of(e)->moved = true;
		control_lost(c, "the broker does not answer");
	}

	while ((e = list_first(&c->sent)) != NULL && ask_of(e)->deadline.ns <= now.ns) {
		list_remove(&c->sent, e);
		ask_end(ask_of(e), ERR_TIMEOUT, slice_of(NULL, 0));
		stuck = true;
	}
	while ((e = list_first(&c->waiting)) != NULL && ask_of(e)->deadline.ns <= now.ns) {
		list_remove(&c->waiting, e);
		ask_end(ask_of(e), ERR_TIMEOUT, slice_of(NULL, 0));
	}
	if (stuck && c->io != NULL)
		control_lost(c, "the broker does not answer");
	control_arm_deadline(c);
}

/* --- looking at the brokers -------------------------------------------------------- */

static void
metadata_body(void *arg, int16_t version, struct wr *w)
{
	(void)arg;
	metadata_request_write(version, NULL, NULL, 0, w);
}

/* As one word: it is shown to people, and a broker may say anything. */
static void
note_cluster(struct control *c, struct slice id)
{
	size_t n = id.n < CLUSTER_ID_MAX ? id.n : CLUSTER_ID_MAX - 1;

	pthread_mutex_lock(&c->mutex);
	for (size_t i = 0; i < n; i++)
		c->cluster_id[i] = id.p[i] > ' ' && id.p[i] < 0x7f ? (char)id.p[i] : '?';
	c->cluster_id[n] = '\0';
	pthread_mutex_unlock(&c->mutex);
}

static void
learn(struct control *c, const struct metadata *m)
{
	const char *unready = m->broker_count > 0 ? NULL : "the cluster tells of no broker";

	if (m->broker_count > 0)
		endpoints_look(c->reactor->core->endpoints, m->cluster_id);
	for (size_t i = 0; i < m->broker_count; i++) {
		const struct metadata_broker *b = &m->brokers[i];
		uint16_t port;
		int err = endpoints_meet(c->reactor->core->endpoints, b->node_id, b->host, b->port, &port);

		if (err == 0)
			continue;
		unready = err == ERR_LIMIT ? "listen.broker.ports has no free port for a broker" : "a broker's port can't be opened";
		if (err == ERR_CLOSED)
			continue; /* the proxy stops: no ports are opened any more */
		LOG_LIMITED(LOG_LEVEL_ERROR, "control", "a broker has no port of ours: clients can't reach it",
			    LOG_I("node", b->node_id), LOG_B("host", b->host), LOG_I("first", c->reactor->core->set.first_port),
			    LOG_I("last", c->reactor->core->set.last_port),
			    LOG_S("error", err == ERR_LIMIT ? "listen.broker.ports has no free port" : err_text(err)));
	}
	note_cluster(c, m->cluster_id);
	if (unready != NULL) {
		not_ready(c, unready);
		return;
	}
	c->told_lost = false;
	if (atomic_exchange(&c->unready, NULL) != NULL) {
		metric_add(METRIC_READY, 1);
		LOG_LIMITED(LOG_LEVEL_INFO, "control", "the cluster is reachable", LOG_S("broker", c->broker),
			    LOG_B("cluster", m->cluster_id), LOG_I("brokers", m->broker_count));
	}
}

static void
on_metadata(void *arg, int err, int16_t version, struct slice body)
{
	struct control *c = arg;
	struct metadata m;

	c->looking = false;
	if (err == 0)
		err = metadata_read(version, body, &m);
	if (err == 0) {
		c->understood = true;
		learn(c, &m);
		metadata_free(&m);
	} else if (err != ERR_CLOSED) {
		LOG_LIMITED(LOG_LEVEL_WARN, "control", "the cluster's brokers can't be learnt", LOG_S("broker", c->broker),
			    LOG_S("error", err_text(err)));
	}
	if (c->state == CONTROL_UP)
		loop_timer_set(c->refresh, err == 0 && control_unready(c) == NULL ? c->reactor->core->set.refresh_ms : 1000);
}

static void
look(struct control *c)
{
	if (c->looking || c->state != CONTROL_UP)
		return;
	c->looking = control_ask(c, API_METADATA, METADATA_MIN, METADATA_MAX, metadata_body, on_metadata, c) == 0;
	if (!c->looking)
		loop_timer_set(c->refresh, 1000);
}

static void
on_refresh(void *arg)
{
	look(arg);
}

static void
on_refresh_call(void *arg)
{
	struct control *c = arg;

	atomic_store(&c->refresh_posted, false);
	look(c);
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
	c->refresh = loop_timer_new(r->loop, on_refresh, c);
	c->deadline = loop_timer_new(r->loop, on_deadline, c);
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
	struct link *e;

	if (c == NULL)
		return;
	atomic_store(&c->stopped, true);
	wake_run(c->reactor->core->main); /* asks that are on their way here */
	upstream_cancel(c->search);
	io_close(c->io);
	login_free(c->login);
	while ((e = list_pop(&c->sent)) != NULL)
		ask_end(ask_of(e), ERR_CLOSED, slice_of(NULL, 0));
	while ((e = list_pop(&c->waiting)) != NULL)
		ask_end(ask_of(e), ERR_CLOSED, slice_of(NULL, 0));
	loop_timer_free(c->backoff);
	loop_timer_free(c->refresh);
	loop_timer_free(c->deadline);
	loop_timer_free(c->relogin);
	blob_unref(c->versions);
	not_ready(c, NO_ANSWER);
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
