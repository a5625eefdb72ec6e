#include "proxy/upstream.h"

#include <string.h>

#include "base/log.h"
#include "net/dial.h"
#include "proxy/listener.h"

struct upstream {
	struct reactor *reactor;
	int32_t node_id;
	upstream_fn *fn;
	void *arg;
	struct dial *dial;
	struct io *io;         /* dialled, and ours until it is ready */
	bool log_in;
	bool told; /* core->unreached knows why it fails */
	enum metric reason; /* why the address that was dialled last is no good; METRIC_COUNT: none was dialled */
	struct login *login;
	struct loop_timer *again; /* what the login needs is being fetched, as … */
	bool fetching;            /* … this says */
	struct loop_timer *late;  /* the login's end, for all of it */
	struct loop_task task; /* nothing to dial: tell in the next turn */
	uint64_t turn;         /* to log in after a rest, refusals.h; 0: it isn't ours, or something was said */
	int64_t rest_ms;       /* the broker tried last refused a login, and isn't to be asked for so long */
	size_t next, left;     /* bootstrap servers */
	struct endpoint node;
	char host[ENDPOINTS_HOST_MAX]; /* that is being tried */
	char name[ENDPOINTS_HOST_MAX + 8];
};

/* No login was judged here: the next who comes may log in at once. */
static void
give_back(struct upstream *u)
{
	refusals_give_back(u->reactor->core->refusals, u->name, u->turn);
	u->turn = 0;
}

void
upstream_cancel(struct upstream *u)
{
	if (u == NULL)
		return;
	give_back(u);
	dial_cancel(u->dial);
	io_close(u->io);
	login_free(u->login);
	loop_timer_free(u->again);
	loop_timer_free(u->late);
	loop_cancel(u->reactor->loop, &u->task);
	free(u);
}

static void
finish(struct upstream *u, struct io *io, const char *why)
{
	const struct core *core = u->reactor->core;
	struct login *login = u->login;
	upstream_fn *fn = u->fn;
	void *arg = u->arg;
	char name[sizeof(u->name)];

	u->login = NULL;
	memcpy(name, u->name, sizeof(name));
	if (io != NULL)
		metric_add(METRIC_UPSTREAM_CONNECTED, 1);
	else if (u->reason != METRIC_COUNT)
		metric_add(u->reason, 1);
	if (io == NULL && core->unreached != NULL && !u->told)
		core->unreached(core->arg, name, NULL, why);
	upstream_cancel(u);
	fn(arg, io, login, name, why);
}

static int dial_next(struct upstream *u);

/* This address is no good; the next one, or the end. */
static void
failed(struct upstream *u, enum metric reason, const char *why)
{
	u->reason = reason;
	give_back(u);
	io_close(u->io);
	u->io = NULL;
	login_free(u->login);
	u->login = NULL;
	loop_timer_clear(u->again);
	loop_timer_clear(u->late);
	if (u->left == 0 || dial_next(u) != 0)
		finish(u, NULL, why);
}

static void
hand_over(struct upstream *u)
{
	struct io *io = u->io;

	u->io = NULL; /* not ours to close any more */
	finish(u, io, "");
}

/* --- the login --------------------------------------------------------------------- */

/* The same everywhere, as long as the configuration is: the next broker is not tried. */
static void
refused(struct upstream *u, const char *why)
{
	const struct core *core = u->reactor->core;

	if (core->unreached != NULL)
		core->unreached(core->arg, u->name, login_mechanism(u->login), why);
	else
		LOG_LIMITED(LOG_LEVEL_ERROR, "login", "the proxy can't log in", LOG_S("broker", u->name),
			    LOG_S("mechanism", login_mechanism(u->login)), LOG_S("error", why));
	u->told = true;
	u->left = 0;
	failed(u, METRIC_UPSTREAM_ERRORS_LOGIN, why);
}

static void
log_in(struct upstream *u)
{
	struct wr w = wr_new(u->reactor->core->set.max_frame);
	struct rope frame = {NULL, 0, 0, 0};
	char why[LOGIN_WHY_MAX];
	int32_t correlation_id;
	int err = login_next(u->login, &w, &correlation_id, why, sizeof(why));

	u->fetching = err == ERR_NOT_NOW;
	if (u->fetching) {
		loop_timer_set(u->again, LOGIN_AGAIN_MS);
		return;
	}
	if (err == 0) {
		err = rope_add_wr(&frame, &w);
		rope_mark_secret(&frame);
		if (err == 0)
			err = io_send_frame(u->io, &frame);
		if (err != 0)
			(void)snprintf(why, sizeof(why), "%s", err_text(err));
		else if (login_said(u->login))
			u->turn = 0; /* used */
	}
	if (err != 0) {
		rope_clear(&frame);
		wr_free(&w);
		refused(u, why);
	}
}

static void
on_again(void *arg)
{
	log_in(arg);
}

/* A broker that says a little from time to time is waited for no longer than a silent one. */
static void
on_late(void *arg)
{
	struct upstream *u = arg;

	if (u->fetching)
		refused(u, "what it takes to log in was not fetched in time");
	else
		failed(u, METRIC_UPSTREAM_ERRORS_LOGIN, "it does not end the login in time");
}

static void
on_answer(struct upstream *u, struct slice frame)
{
	char why[LOGIN_WHY_MAX];
	bool done = false;

	int err = login_answer(u->login, frame, &done, why, sizeof(why));

	if (err == ERR_REMOTE)
		refusals_note(u->reactor->core->refusals, u->name);
	if (err != 0) {
		refused(u, why);
		return;
	}
	if (!done) {
		log_in(u);
		return;
	}
	refusals_forget(u->reactor->core->refusals, u->name);
	if (io_set_idle(u->io, 0) != 0)
		failed(u, METRIC_UPSTREAM_ERRORS_IO, "out of memory");
	else
		hand_over(u);
}

/* The bytes go both ways. */
static void
connected(struct upstream *u)
{
	const struct proxy_settings *set = &u->reactor->core->set;

	if (!u->log_in || set->login == NULL) {
		hand_over(u);
		return;
	}
	if (u->again == NULL)
		u->again = loop_timer_new(u->reactor->loop, on_again, u);
	if (u->late == NULL)
		u->late = loop_timer_new(u->reactor->loop, on_late, u);
	u->login = login_new(set->login, u->host);
	if (u->again == NULL || u->late == NULL || u->login == NULL || io_set_idle(u->io, set->connect_ms) != 0) {
		failed(u, METRIC_UPSTREAM_ERRORS_IO, "out of memory");
		return;
	}
	loop_timer_set(u->late, set->connect_ms);
	log_in(u);
}

/* --- the connection ---------------------------------------------------------------- */

const char *
upstream_why(const struct io_note *note)
{
	if (note->ev == IO_IDLE)
		return "it does not answer";
	if (note->ev != IO_FAIL)
		return "closed by the broker";
	switch (note->why) {
	case IO_WHY_TLS:
		return note->text;
	case IO_WHY_SYSTEM:
		return strerror(note->err);
	case IO_WHY_NOMEM:
		return "out of memory";
	case IO_WHY_CUT:
		return "closed by the broker inside an answer";
	case IO_WHY_LENGTH:
		break;
	}
	/* A TLS alert (RFC 8446 §5.1), read as a frame's length. */
	if (note->frame_len >> 16 == 0x1503)
		return "the broker's port speaks TLS: set kafka.security.protocol to ssl";
	return "an answer over listen.max.frame.bytes, or no Kafka broker's";
}

enum metric
upstream_counted(const struct io_note *note)
{
	static const enum metric failures[] = {
		[IO_WHY_LENGTH] = METRIC_UPSTREAM_ERRORS_PROTOCOL,
		[IO_WHY_NOMEM] = METRIC_UPSTREAM_ERRORS_IO,
		[IO_WHY_CUT] = METRIC_UPSTREAM_CLOSED,
		[IO_WHY_SYSTEM] = METRIC_UPSTREAM_ERRORS_IO,
		[IO_WHY_TLS] = METRIC_UPSTREAM_ERRORS_TLS,
	};

	return note->ev == IO_FAIL ? failures[note->why] : METRIC_UPSTREAM_CLOSED;
}

/* Brokers end a login that they don't like without a word, or leave it unanswered. */
static void
ended(struct upstream *u, const struct io_note *note)
{
	bool by_login = u->login != NULL && note->ev != IO_FAIL;

	failed(u, by_login ? METRIC_UPSTREAM_ERRORS_LOGIN : upstream_counted(note),
	       by_login && note->ev == IO_EOF ? "closed by the broker during the login" : upstream_why(note));
}

static void
on_io(void *arg, struct io *io, struct io_note *note)
{
	struct upstream *u = arg;

	(void)io;
	switch (note->ev) {
	case IO_UP:
		connected(u);
		return;
	case IO_HEAD:
		note->take = IO_WHOLE;
		return;
	case IO_FRAME:
		if (u->login != NULL)
			on_answer(u, blob_slice(note->blob));
		return;
	case IO_CHUNK:
	case IO_LOW:
	case IO_HANGUP:
		return;
	case IO_EOF:
	case IO_IDLE:
	case IO_FAIL:
	case IO_DONE:
		ended(u, note);
		return;
	}
}

static void
on_dialled(void *arg, int fd, bool named, const char *why)
{
	struct upstream *u = arg;
	struct core *core = u->reactor->core;
	struct tls_context *tls;

	u->dial = NULL;
	if (fd < 0) {
		failed(u, named ? METRIC_UPSTREAM_ERRORS_CONNECT : METRIC_UPSTREAM_ERRORS_RESOLVE, why);
		return;
	}
	tls = transport_brokers(&core->transport);
	if (tls != NULL)
		u->io = io_new_tls(u->reactor->loop, fd, core->set.max_frame, tls, u->host, on_io, u);
	else
		u->io = io_new(u->reactor->loop, fd, core->set.max_frame, on_io, u);
	tls_unref(tls);
	if (u->io == NULL)
		failed(u, METRIC_UPSTREAM_ERRORS_IO, "out of memory");
}

static void
on_unknown(void *arg)
{
	finish(arg, NULL, "the cluster has not told this broker's address yet");
}

static void
on_resting(void *arg)
{
	struct upstream *u = arg;
	char why[80];

	(void)snprintf(why, sizeof(why), "it refused the proxy's login; the next try is in %lld ms", (long long)u->rest_ms);
	finish(u, NULL, why);
}

/* The next address, u->host and u->name; *ret_port is the broker's. */
static void
next_address(struct upstream *u, uint16_t *ret_port)
{
	const struct core *core = u->reactor->core;
	struct slice host = slice_str(u->node.host);
	uint16_t port = u->node.broker_port;

	if (u->node_id == LISTENER_BOOTSTRAP) {
		const struct server *s = &core->servers[u->next];

		u->next = (u->next + 1) % core->server_count;
		host = s->host;
		port = s->port;
	}
	u->left--;
	(void)snprintf(u->host, sizeof(u->host), "%.*s", (int)host.n, (const char *)host.p);
	(void)snprintf(u->name, sizeof(u->name), "%.*s:%u", (int)host.n, (const char *)host.p, port);
	*ret_port = port;
}

static int
dial_next(struct upstream *u)
{
	const struct core *core = u->reactor->core;
	bool logs_in = u->log_in && core->set.login != NULL;
	uint16_t port;

	do {
		next_address(u, &port);
		u->rest_ms = logs_in ? refusals_wait_ms(core->refusals, u->name, &u->turn) : 0;
	} while (u->rest_ms > 0 && u->left > 0);
	if (u->rest_ms > 0) {
		u->task.fn = on_resting;
		loop_next(u->reactor->loop, &u->task);
		return 0;
	}
	u->dial = dial_start(u->reactor->loop, core->resolver, slice_str(u->host), port, core->set.connect_ms, on_dialled, u);
	return u->dial != NULL ? 0 : ERR_NOMEM;
}

static struct upstream *
new_search(struct reactor *r, int32_t node_id, bool log_in, upstream_fn *fn, void *arg)
{
	struct upstream *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->reactor = r;
	u->node_id = node_id;
	u->log_in = log_in;
	u->fn = fn;
	u->arg = arg;
	u->left = 1;
	u->reason = METRIC_COUNT;
	u->task = (struct loop_task){.fn = on_unknown, .arg = u};
	return u;
}

static struct upstream *
begin(struct upstream *u)
{
	if (dial_next(u) == 0)
		return u;
	upstream_cancel(u);
	return NULL;
}

struct upstream *
upstream_start(struct reactor *r, int32_t node_id, bool log_in, upstream_fn *fn, void *arg)
{
	struct upstream *u = new_search(r, node_id, log_in, fn, arg);

	if (u == NULL)
		return NULL;
	if (node_id == LISTENER_BOOTSTRAP) {
		u->left = r->core->server_count;
		u->next = r->next_server++ % r->core->server_count;
	} else if (endpoints_find(r->core->endpoints, node_id, &u->node) != 0) {
		(void)snprintf(u->name, sizeof(u->name), "broker %d", node_id);
		loop_next(r->loop, &u->task);
		return u;
	}
	return begin(u);
}

struct upstream *
upstream_start_at(struct reactor *r, const char *host, uint16_t port, bool log_in, upstream_fn *fn, void *arg)
{
	struct upstream *u = new_search(r, 0, log_in, fn, arg);

	if (u == NULL)
		return NULL;
	u->node.broker_port = port;
	(void)snprintf(u->node.host, sizeof(u->node.host), "%s", host);
	return begin(u);
}
