#include "proxy/caller.h"

#include <stdio.h>
#include <stdlib.h>

#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/header.h"
#include "proxy/alone.h"
#include "proxy/upstream.h"

enum { AT_ONCE = 16 };

/* One search that is under way. */
struct visit {
	struct caller *caller;
	struct upstream *search;
	struct caller_try *try;
	bool keep; /* the connection becomes the caller's */
};

struct caller {
	struct alone alone;
	struct io *io;
	struct blob *versions; /* the broker's answer to ApiVersions v0: its body */
	struct blob *answer;
	int err; /* of the connection: why it is none any more */
	char why[GATE_WHY_MAX];
	bool refused; /* what failed last was a login */
	bool late;
	struct loop_timer *limit;
	int32_t correlation_id;
	struct visit visits[AT_ONCE];
};

static void
drop(struct caller *c, int err)
{
	io_close(c->io);
	c->io = NULL;
	if (c->err == 0)
		c->err = err;
}

static void
on_io(void *arg, struct io *io UNUSED, struct io_note *note)
{
	struct caller *c = arg;

	switch (note->ev) {
	case IO_HEAD:
		note->take = IO_WHOLE;
		return;
	case IO_FRAME:
		if (c->answer != NULL)
			drop(c, ERR_MALFORMED); /* nobody asked */
		else
			c->answer = blob_take(&note->blob);
		return;
	case IO_EOF:
	case IO_IDLE:
	case IO_FAIL:
	case IO_DONE:
		(void)snprintf(c->why, sizeof(c->why), "%s", upstream_why(note));
		drop(c, note->ev == IO_FAIL && note->why == IO_WHY_LENGTH ? ERR_LIMIT : ERR_CLOSED);
		return;
	case IO_UP:
	case IO_CHUNK:
	case IO_LOW:
	case IO_HANGUP:
		return;
	}
}

/* Right before the search that it is about ends. */
static void
on_unreached(void *arg, const char *broker UNUSED, const char *mechanism, const char *why)
{
	struct caller *c = arg;

	c->refused = mechanism != NULL;
	if (mechanism != NULL)
		(void)snprintf(c->why, sizeof(c->why), "can't log in by %s: %s", mechanism, why);
	else
		(void)snprintf(c->why, sizeof(c->why), "%s", why);
}

static void
on_upstream(void *arg, struct io *io, struct login *login, const char *broker UNUSED, const char *why UNUSED)
{
	struct visit *v = arg;
	struct caller *c = v->caller;

	v->search = NULL;
	login_free(login); /* nothing here lasts until it must be made anew */
	v->try->err = io != NULL ? 0 : c->refused ? ERR_REMOTE : ERR_TIMEOUT;
	if (io == NULL)
		(void)snprintf(v->try->why, sizeof(v->try->why), "%s", c->why);
	if (io == NULL || !v->keep) {
		io_close(io);
		return;
	}
	io_set_owner(io, on_io, c);
	c->io = io;
}

static int
visit(struct visit *v, struct caller *c, struct caller_try *t, bool keep)
{
	*v = (struct visit){.caller = c, .try = t, .keep = keep};
	v->search = upstream_start_at(&c->alone.reactor, t->host, t->port, true, on_upstream, v);
	return v->search != NULL ? 0 : ERR_NOMEM;
}

static void
on_limit(void *arg)
{
	struct caller *c = arg;

	c->late = true;
}

/* The next frame that comes, within ms. */
static int
await(struct caller *c, int64_t ms, struct blob **ret)
{
	int err = 0;

	c->late = false;
	loop_timer_set(c->limit, ms);
	while (c->answer == NULL && c->io != NULL && !c->late && err == 0)
		err = loop_turn(c->alone.loop);
	loop_timer_clear(c->limit);
	if (err == 0 && c->answer == NULL)
		err = c->io == NULL ? c->err : ERR_TIMEOUT;
	if (err != 0) {
		drop(c, err); /* what comes later would be another question's answer */
		return err;
	}
	*ret = blob_take(&c->answer);
	return 0;
}

static int
put(struct caller *c, int16_t key, int16_t version, caller_body_fn *body, void *arg)
{
	struct wr w = wr_new(c->alone.core.set.max_frame);
	struct rope frame = {NULL, 0, 0, 0};
	int err;

	c->correlation_id = (c->correlation_id + 1) & INT32_MAX;
	request_header_write(key, version, c->correlation_id, slice_str("makoto-proxy"), &w);
	if (body != NULL)
		body(arg, version, &w);
	err = rope_add_wr(&frame, &w);
	if (err == 0)
		err = io_send_frame(c->io, &frame);
	wr_free(&w);
	rope_clear(&frame);
	return err;
}

/* A whole answer's body. */
static int
exchange(struct caller *c, int16_t key, int16_t version, int64_t ms, caller_body_fn *body, void *arg, struct blob **ret)
{
	struct blob *frame, *b;
	struct rd r;
	size_t at;
	int err = c->io == NULL ? ERR_CLOSED : put(c, key, version, body, arg);

	if (err == 0)
		err = await(c, ms, &frame);
	if (err != 0)
		return err;
	r = rd_of(blob_slice(frame));
	if (rd_i32(&r) != c->correlation_id || response_body_at(key, version, blob_slice(frame), &at) != 0) {
		blob_unref(frame);
		drop(c, ERR_MALFORMED);
		return ERR_MALFORMED;
	}
	b = blob_new(frame->len - at);
	if (b != NULL) {
		memcpy(b->data, frame->data + at, frame->len - at);
		b->len = frame->len - at;
		*ret = b;
	}
	blob_unref(frame);
	return b != NULL ? 0 : ERR_NOMEM;
}

/* Version 0 is understood by every broker, and names every API. */
static int
greet(struct caller *c)
{
	int16_t min, max;
	int err;

	blob_unref(c->versions);
	c->versions = NULL;
	err = exchange(c, API_VERSIONS, 0, c->alone.core.set.connect_ms, NULL, NULL, &c->versions);
	if (err == 0 && apiversions_find(0, blob_slice(c->versions), API_VERSIONS, &min, &max) != 0)
		err = ERR_MALFORMED;
	return err;
}

int
caller_reach(struct caller *c, struct caller_try *t)
{
	int err;

	drop(c, ERR_CLOSED);
	c->err = 0;
	c->why[0] = '\0';
	blob_unref(blob_take(&c->answer));
	err = visit(&c->visits[0], c, t, true);
	while (err == 0 && c->visits[0].search != NULL)
		err = loop_turn(c->alone.loop);
	upstream_cancel(c->visits[0].search);
	c->visits[0].search = NULL;
	if (err == 0 && t->err == 0) {
		err = greet(c);
		if (err == ERR_MALFORMED)
			(void)snprintf(t->why, sizeof(t->why), "its answer to ApiVersions can't be understood");
		else if (err != 0)
			(void)snprintf(t->why, sizeof(t->why), "no answer to ApiVersions: %.900s", c->why[0] != '\0' ? c->why : err_text(err));
		if (err != 0)
			t->err = err == ERR_NOMEM || err == ERR_IO ? err : ERR_TIMEOUT;
	} else if (err != 0) {
		t->err = err;
		(void)snprintf(t->why, sizeof(t->why), "%s", err_text(err));
	}
	if (t->err != 0)
		drop(c, ERR_CLOSED);
	return t->err;
}

int
caller_reach_all(struct caller *c, struct caller_try *list, size_t n)
{
	size_t next = 0, busy = 1;
	int err = 0;

	while (err == 0 && busy > 0) {
		busy = 0;
		for (size_t i = 0; i < AT_ONCE && err == 0; i++) {
			if (c->visits[i].search == NULL && next < n)
				err = visit(&c->visits[i], c, &list[next++], false);
			busy += c->visits[i].search != NULL;
		}
		if (err == 0 && busy > 0)
			err = loop_turn(c->alone.loop);
	}
	for (size_t i = 0; i < AT_ONCE; i++) {
		upstream_cancel(c->visits[i].search);
		c->visits[i].search = NULL;
	}
	return err;
}

const struct io_tls_peer *
caller_peer(const struct caller *c)
{
	return c->io != NULL ? io_tls_peer(c->io) : NULL;
}

bool
caller_knows(const struct caller *c, int16_t key)
{
	int16_t min, max;

	return c->versions != NULL && apiversions_find(0, blob_slice(c->versions), key, &min, &max) == 0;
}

int
caller_ask(struct caller *c, int16_t key, int16_t min, int16_t max, caller_body_fn *body, void *arg, int16_t *ret_version,
	   struct blob **ret)
{
	int16_t from, to;
	int err;

	if (c->io == NULL)
		return ERR_CLOSED;
	if (apiversions_find(0, blob_slice(c->versions), key, &from, &to) != 0)
		return ERR_UNSUPPORTED;
	from = from > min ? from : min;
	to = to < max ? to : max;
	if (to < from)
		return ERR_UNSUPPORTED;
	err = exchange(c, key, to, CALLER_ASK_MS, body, arg, ret);
	if (err == 0)
		*ret_version = to;
	return err;
}

bool
caller_server(const struct caller *c, size_t i, char *ret_host, size_t len, uint16_t *ret_port)
{
	const struct server *s = i < c->alone.servers.count ? &c->alone.servers.list[i] : NULL;

	if (s == NULL)
		return false;
	(void)snprintf(ret_host, len, "%.*s", (int)s->host.n, (const char *)s->host.p);
	*ret_port = s->port;
	return true;
}

int
caller_open(const struct gate_conf *conf, struct caller **ret, char *why, size_t why_len)
{
	struct caller *c = calloc(1, sizeof(*c));
	int err = ERR_NOMEM;

	(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
	if (c == NULL)
		return ERR_NOMEM;
	err = alone_init(&c->alone, conf, on_unreached, c, why, why_len);
	if (err == 0 && (c->limit = loop_timer_new(c->alone.loop, on_limit, c)) == NULL)
		err = ERR_NOMEM;
	if (err != 0) {
		caller_close(c);
		return err;
	}
	*ret = c;
	return 0;
}

void
caller_close(struct caller *c)
{
	if (c == NULL)
		return;
	io_close(c->io);
	blob_unref(c->answer);
	blob_unref(c->versions);
	loop_timer_free(c->limit);
	alone_fini(&c->alone);
	free(c);
}
