/* The broker's side of a session: answers come in, go through the stages, and on to the client. */
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/rd.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "proxy/session_internal.h"

void
session_broken(struct session *s, enum metric why, const char *cause)
{
	metric_add(why, 1);
	LOG_LIMITED(LOG_LEVEL_WARN, "session", "the broker's connection ends", LOG_S("broker", s->broker_name),
		    LOG_S("client", s->peer), LOG_S("cause", cause), LOG_I("in-flight", s->fifo.count));
	session_broker_gone(s, cause);
}

/* A stage closes on an answer, as a broker does for acks=0, or because it can't be given: no fault of the broker's. */
void
session_withheld(struct session *s, const struct exchange *x)
{
	metric_add(METRIC_ANSWERS_WITHHELD, 1);
	LOG_LIMITED(LOG_LEVEL_INFO, "session", "an answer is kept from the client and its connection ends",
		    LOG_S("client", s->peer), LOG_S("broker", s->broker_name != NULL ? s->broker_name : "?"),
		    LOG_S("api", api_name(x->key) != NULL ? api_name(x->key) : "?"), LOG_I("version", x->version),
		    LOG_I("in-flight", s->fifo.count));
	session_broker_gone(s, "an answer is kept from the client");
}

/* The exchange whose answer is due, or NULL. */
static struct exchange *
due(const struct session *s)
{
	struct link *e = list_first(&s->fifo);
	struct exchange *x = e != NULL ? CONTAINER_OF(e, struct exchange, link) : NULL;

	return x != NULL && x->phase == EXCHANGE_SENT ? x : NULL;
}

static bool
was_acks0(const struct session *s, int32_t correlation_id)
{
	unsigned count = s->acks0_count < SESSION_ACKS0 ? s->acks0_count : SESSION_ACKS0;

	for (unsigned i = 0; i < count; i++)
		if (s->acks0[i] == correlation_id)
			return true;
	return false;
}

static void
on_head(struct session *s, struct io_note *note)
{
	struct exchange *x = due(s);
	struct rd r = rd_of(note->head);
	int32_t correlation_id = rd_i32(&r);

	s->answer = s->client != NULL ? ANSWER_TO_CLIENT : ANSWER_DROPPED;
	note->take = IO_RELAY;
	if (s->raw && x == NULL) {
		s->gated = false; /* a SASL token, without header, of a login that nobody here can follow */
		return;
	}
	if (x != NULL && x->key == STAGE_TOKEN) {
		x->answered = clock_now();
		x->phase = EXCHANGE_RESPONSE;
		note->take = IO_WHOLE;
		return;
	}
	if (rd_err(&r) != 0) {
		session_broken(s, METRIC_UPSTREAM_ERRORS_PROTOCOL, "an answer too short for its header");
		return;
	}
	if (x == NULL || x == s->incoming || x->correlation_id != correlation_id) {
		s->answer = ANSWER_DROPPED;
		if (!was_acks0(s, correlation_id))
			session_broken(s, METRIC_UPSTREAM_ERRORS_PROTOCOL, "an answer to no request, or out of order");
		return;
	}
	x->answered = clock_now();
	if (x->key == API_SASL_HANDSHAKE && x->version == 0) {
		int16_t error = rd_i16(&r);

		s->raw = rd_err(&r) == 0 && error == 0; /* a stage may follow the tokens: it sees the answer next */
	}
	if (x->own || pipeline_wants_response(&s->reactor->pipeline, x->key, x->version)) {
		note->take = IO_WHOLE;
	} else if (x->swallow) {
		s->answer = ANSWER_DROPPED;
	} else if (s->client != NULL && pipeline_wants_stream(&s->reactor->pipeline, x->key, x->version)) {
		if (session_stream_begin(s, x, note) != 0) {
			session_broken(s, METRIC_UPSTREAM_ERRORS_PROTOCOL, "an answer whose header can't be read");
			return;
		}
	}
	if (note->take != IO_MORE)
		x->phase = EXCHANGE_RESPONSE;
}

static void
on_chunk(struct session *s, const struct io_note *note)
{
	struct link *e = list_first(&s->fifo);
	struct exchange *x = e != NULL ? CONTAINER_OF(e, struct exchange, link) : NULL;

	metric_add(METRIC_BYTES_FROM_BROKERS, (int64_t)note->len);
	if (s->answer == ANSWER_WATCHED && s->client != NULL) {
		session_stream_chunk(s, x, note);
		return;
	}
	if (s->answer == ANSWER_TO_CLIENT && s->client != NULL) {
		metric_add(METRIC_BYTES_TO_CLIENTS, (int64_t)note->len);
		if (io_send(s->client, note->blob, note->off, note->len) != 0) {
			session_kill(s);
			return;
		}
	}
	/* Of an answer that belongs to no exchange (a token, acks=0) nothing else is to be done. */
	if (!note->last || x == NULL || x->phase != EXCHANGE_RESPONSE)
		return;
	session_answered(s, x);
	session_flush_answers(s);
}

static void
deliver(struct session *s, struct exchange *x)
{
	struct rope frame;

	if (s->client != NULL && !x->swallow) {
		if (exchange_take_message(x, &frame) != 0) {
			session_kill(s);
			return;
		}
		metric_add(METRIC_BYTES_TO_CLIENTS, (int64_t)frame.total + 4);
		if (io_send_frame(s->client, &frame) != 0) {
			rope_clear(&frame);
			session_kill(s);
			return;
		}
	}
	session_answered(s, x);
	session_flush_answers(s);
}

void
session_response_step(struct session *s, struct exchange *x)
{
	switch (pipeline_response(x)) {
	case PIPELINE_ON:
		deliver(s, x);
		return;
	case PIPELINE_HELD:
		metric_add(METRIC_HELD, 1);
		return;
	case PIPELINE_ANSWERED:
	case PIPELINE_CLOSE:
		break;
	}
	session_withheld(s, x);
}

static void
on_frame(struct session *s, struct io_note *note)
{
	struct link *e = list_first(&s->fifo);
	struct exchange *x = e != NULL ? CONTAINER_OF(e, struct exchange, link) : NULL;
	size_t body_at = 0;

	metric_add(METRIC_BYTES_FROM_BROKERS, (int64_t)note->blob->len + 4);
	if (x == NULL || x->phase != EXCHANGE_RESPONSE)
		return;
	if (x->own) {
		session_login_answer(s, x, blob_slice(note->blob));
		return;
	}
	if (x->key != STAGE_TOKEN &&
	    response_body_at(x->key, x->version, blob_slice(note->blob), &body_at) != 0) {
		session_broken(s, METRIC_UPSTREAM_ERRORS_PROTOCOL, "an answer whose header can't be read");
		return;
	}
	exchange_drop_message(x);
	x->frame = blob_take(&note->blob);
	x->body_at = body_at;
	pipeline_turn(x);
	session_response_step(s, x);
}

static void
on_fail(struct session *s, const struct io_note *note)
{
	s->broker_failed = true;
	session_broken(s, upstream_counted(note), upstream_why(note));
}

void
session_on_broker(void *arg, struct io *io, struct io_note *note)
{
	struct session *s = arg;

	(void)io;
	switch (note->ev) {
	case IO_UP:
		break; /* upstream's */
	case IO_HEAD:
		on_head(s, note);
		break;
	case IO_FRAME:
		on_frame(s, note);
		break;
	case IO_CHUNK:
		on_chunk(s, note);
		break;
	case IO_LOW:
	case IO_HANGUP:
		break;
	case IO_FAIL:
		on_fail(s, note);
		break;
	case IO_EOF:
		/* A broker closes idle connections: with nothing in flight that is no news. */
		if (s->fifo.count > 0)
			session_broken(s, METRIC_UPSTREAM_CLOSED, "closed by the broker");
		else
			session_broker_gone(s, "closed by the broker");
		break;
	case IO_IDLE:
	case IO_DONE:
		session_broker_gone(s, "closed");
		break;
	}
	session_turn(s);
}
