/*
 * Asks wait in one list while there is no connection, and in another, in the order they
 * were sent, while they are with a broker.  A connection that is lost sends them back.
 */
#include "kafka/apiversions.h"
#include "kafka/header.h"
#include "proxy/control_private.h"

/* Whoever asked is told, once.  The ask may stay in c->sent, to be there when its answer comes. */
static void
ask_tell(struct ask *a, int err, struct slice body)
{
	control_done_fn *done = a->done;

	a->done = NULL;
	if (done != NULL)
		done(a->arg, err, a->version, body);
}

static void
ask_end(struct ask *a, int err, struct slice body)
{
	ask_tell(a, err, body);
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

static struct monotime
sooner(struct monotime a, struct monotime b)
{
	return a.ns < b.ns ? a : b;
}

void
control_ask_arm(struct control *c)
{
	struct link *sent = list_first(&c->sent), *waiting = list_first(&c->waiting);
	struct monotime at = {INT64_MAX};

	if (sent == NULL && waiting == NULL) {
		loop_timer_clear(c->deadline);
		return;
	}
	/* A broker works them off one after the other: the first is the one that it is silent about. */
	if (sent != NULL)
		at = ask_of(sent)->patience;
	LIST_EACH(&c->sent, e)
		if (ask_of(e)->done != NULL)
			at = sooner(at, ask_of(e)->deadline);
	if (waiting != NULL) /* in order of age */
		at = sooner(at, ask_of(waiting)->deadline);
	loop_timer_set(c->deadline, monotime_since_ms(at, clock_now()) + 1);
}

static int
write_ask(struct control *c, struct ask *a, struct rope *ret_frame)
{
	struct wr w = wr_new(c->reactor->core->set.max_frame);
	struct rope frame = {NULL, 0, 0, 0};
	int err;

	a->correlation_id = c->next_correlation_id++ & INT32_MAX;
	request_header_write(a->key, a->version, a->correlation_id, slice_str(CONTROL_CLIENT_ID), &w);
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

int
control_ask_version(const struct control *c, int16_t key, int16_t min, int16_t max, int16_t *ret_version)
{
	int16_t from, to;
	int err = apiversions_find(0, blob_slice(c->versions), key, &from, &to);

	if (err != 0)
		return ERR_UNSUPPORTED;
	from = from > min ? from : min;
	to = to < max ? to : max;
	if (to < from)
		return ERR_UNSUPPORTED;
	*ret_version = to;
	return 0;
}

void
control_ask_send(struct control *c)
{
	struct link *e;

	while (c->state == CONTROL_UP && !c->logging_in && (e = list_pop(&c->waiting)) != NULL) {
		struct ask *a = ask_of(e);
		struct rope frame;
		int err = control_ask_version(c, a->key, a->min, a->max, &a->version);

		if (err == 0)
			err = write_ask(c, a, &frame);
		if (err == 0) {
			err = io_send_frame(c->io, &frame);
			if (err != 0)
				rope_clear(&frame);
		}
		a->patience = in_ms(CONTROL_PATIENCE_MS);
		if (a->moved && a->deadline.ns > a->patience.ns)
			a->patience = a->deadline;
		if (err != 0)
			ask_end(a, err, slice_of(NULL, 0));
		else
			list_append(&c->sent, &a->link);
	}
	control_ask_arm(c);
}

static void
on_ask(void *arg)
{
	struct ask *a = arg;
	struct control *c = a->control;

	list_append(&c->waiting, &a->link);
	control_ask_send(c);
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

void
control_ask_answer(struct control *c, struct slice frame)
{
	struct link *e = list_first(&c->sent);
	struct rd r = rd_of(frame);
	int32_t correlation_id = rd_i32(&r);
	struct ask *a;
	size_t at;

	if (rd_err(&r) != 0 || e == NULL || ask_of(e)->correlation_id != correlation_id) {
		control_lost(c, "an answer to no request", ERR_CLOSED);
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
		control_lost(c, "an answer whose header can't be read", 0);
		return;
	}
	ask_end(a, 0, slice_of(frame.p + at, frame.n - at));
	control_ask_arm(c);
}

void
control_ask_due(void *arg)
{
	struct control *c = arg;
	struct monotime now = clock_now();
	struct link *e;

	/* Nobody waits any longer.  That says nothing of a broker which was asked just now, and may still answer. */
	LIST_EACH(&c->sent, s)
		if (ask_of(s)->deadline.ns <= now.ns)
			ask_tell(ask_of(s), ERR_TIMEOUT, slice_of(NULL, 0));
	while ((e = list_first(&c->waiting)) != NULL && ask_of(e)->deadline.ns <= now.ns) {
		list_remove(&c->waiting, e);
		ask_end(ask_of(e), ERR_TIMEOUT, slice_of(NULL, 0));
	}
	/* The process may hang, and its kernel keep the connection: others can answer in time. */
	e = list_first(&c->sent);
	if (e != NULL && ask_of(e)->patience.ns <= now.ns) {
		if (!ask_of(e)->moved)
			LIST_EACH(&c->sent, s)
				ask_of(s)->moved = true;
		control_lost(c, "the broker does not answer", 0);
	}
	control_ask_arm(c);
}

bool
control_ask_is_first(struct control *c)
{
	struct link *e = list_first(&c->sent);

	return e != NULL && !ask_of(e)->login && ask_of(e)->arg != c;
}

void
control_ask_back(struct control *c, int err)
{
	struct link *e = list_first(&c->sent);

	/* It may be this one's answer that no connection survives: the others are to have theirs. */
	if (err != 0 && e != NULL && ask_of(e)->done != NULL && ask_of(e)->failed++ > 0) {
		list_remove(&c->sent, e);
		ask_end(ask_of(e), err, slice_of(NULL, 0));
	}
	/* What was sent is older than what waits: back to the front, in its order. */
	while ((e = list_last(&c->sent)) != NULL) {
		list_remove(&c->sent, e);
		if (ask_of(e)->done != NULL)
			list_prepend(&c->waiting, e);
		else
			free(ask_of(e));
	}
}

void
control_ask_end(struct control *c)
{
	struct link *e;

	while ((e = list_pop(&c->sent)) != NULL)
		ask_end(ask_of(e), ERR_CLOSED, slice_of(NULL, 0));
	while ((e = list_pop(&c->waiting)) != NULL)
		ask_end(ask_of(e), ERR_CLOSED, slice_of(NULL, 0));
}
