/*
 * A client that doesn't take its answers.  Meanwhile nothing is read from its broker, and behind what it
 * doesn't take stand answers that stages await: of records that are stored or not, so that nothing can be
 * stated of that partition.  Kafka's clients give a request up after so long; one that goes on holding it
 * up is let go, and what the broker still says is read without it.
 *
 * Slowness alone is no fault: counted is the time in which the client held its broker up while an awaited
 * answer was due.
 */
#include "base/log.h"
#include "base/metrics.h"
#include "proxy/session_internal.h"

/* For how long, in sum, the broker was not read because of the client. */
static int64_t
full_ns(const struct session *s)
{
	return s->full_ns + (s->full ? monotime_since_ns(clock_now(), s->full_since) : 0);
}

void
session_unread_begin(const struct session *s, struct exchange *x)
{
	x->full_ns = full_ns(s);
}

/* How long the client may go on, or the whole time when nothing is awaited. */
static int64_t
patience_ms(const struct session *s)
{
	unsigned most = s->reactor->core->set.unread_ms;

	LIST_EACH(&s->fifo, e) {
		const struct exchange *x = CONTAINER_OF(e, struct exchange, link);

		if (pipeline_awaits(x))
			return most - (full_ns(s) - x->full_ns) / 1000000;
	}
	return most;
}

static void
on_time(void *arg)
{
	struct session *s = arg;
	int64_t left;

	if (!s->full || s->client == NULL)
		return;
	left = patience_ms(s);
	if (left > 0) {
		loop_timer_set(s->unread, left);
		return;
	}
	metric_add(METRIC_CLIENT_ERRORS_UNREAD, 1);
	LOG_LIMITED(LOG_LEVEL_WARN, "session", "closing a client's connection", LOG_S("client", s->peer),
		    LOG_S("cause", "it does not read its answers"));
	session_client_gone(s);
	session_turn(s);
}

void
session_unread_note(struct session *s, bool full)
{
	int64_t left;

	if (full == s->full)
		return;
	if (!full)
		s->full_ns = full_ns(s);
	s->full = full;
	s->full_since = clock_now();
	if (!full) {
		loop_timer_clear(s->unread);
		return;
	}
	if (s->unread == NULL)
		s->unread = loop_timer_new(s->reactor->loop, on_time, s);
	left = patience_ms(s);
	if (s->unread != NULL) /* without memory it is as patient as before */
		loop_timer_set(s->unread, left > 0 ? left : 0);
}

void
session_unread_end(struct session *s)
{
	loop_timer_free(s->unread);
	s->unread = NULL;
}
