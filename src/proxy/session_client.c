/* The client's side of a session: requests come in, go through the stages, and on to the broker. */
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/rd.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "proxy/session_internal.h"

#define TOKEN_MAX 524288 /* as Kafka's sasl.server.max.receive.size */
#define CONTROLLED_SHUTDOWN 7 /* of ancient brokers; no client sends it */

/* What every request starts with, whatever its header's version. */
struct start {
	int16_t key, version;
	int32_t correlation_id;
};

/* --- bad clients ------------------------------------------------------------------- */

static void
refuse(struct session *s, enum metric why, const char *what)
{
	metric_add(why, 1);
	LOG_LIMITED(LOG_LEVEL_WARN, "session", "closing a client's connection", LOG_S("client", s->peer),
		    LOG_S("cause", what));
	session_client_gone(s);
}

/* A length that can't be one is often the first bytes of another protocol. */
static void
refuse_length(struct session *s, uint32_t length)
{
	static const char *const verbs[] = {"GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "CONN", "PATC", "TRAC", "PRI "};
	const char first[4] = {(char)(length >> 24), (char)(length >> 16), (char)(length >> 8), (char)length};

	/* TLS records: handshake (0x16) or alert (0x15), major version 3 (RFC 8446 §5.1). */
	if (length >> 8 == 0x160301 || length >> 8 == 0x160303 || length >> 8 == 0x160302 || length >> 16 == 0x1503) {
		refuse(s, METRIC_CLIENT_ERRORS_NOT_KAFKA, "TLS on a plaintext port: set security.protocol to plaintext");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (memcmp(first, verbs[i], 4) == 0) {
			refuse(s, METRIC_CLIENT_ERRORS_NOT_KAFKA, "HTTP on a Kafka port");
			return;
		}
	}
	if (length > INT32_MAX) {
		refuse(s, METRIC_CLIENT_ERRORS_FRAME, "garbage: a frame of negative length");
	} else {
		metric_add(METRIC_CLIENT_ERRORS_FRAME, 1);
		LOG_LIMITED(LOG_LEVEL_WARN, "session", "closing a client's connection", LOG_S("client", s->peer),
			    LOG_S("cause", "a frame over listen.max.frame.bytes, or garbage"), LOG_I("length", length));
		session_client_gone(s);
	}
}

static void
on_fail(struct session *s, const struct io_note *note)
{
	switch (note->why) {
	case IO_WHY_LENGTH:
		refuse_length(s, note->frame_len);
		return;
	case IO_WHY_NOMEM:
		refuse(s, METRIC_CLIENT_ERRORS_NOMEM, "out of memory");
		return;
	case IO_WHY_CUT:
		refuse(s, METRIC_CLIENT_ERRORS_FRAME, "the stream ends inside a frame");
		return;
	case IO_WHY_TLS:
		refuse(s, METRIC_CLIENT_ERRORS_TLS, note->text);
		return;
	case IO_WHY_SYSTEM:
		break;
	}
	metric_add(METRIC_CLIENT_ERRORS_IO, 1);
	LOG_DEBUG("session", "client connection broken", LOG_S("client", s->peer), LOG_S("error", strerror(note->err)));
	session_client_gone(s);
}

/* --- the head of a request --------------------------------------------------------- */

/* A header that can be one: no field negative, and the client id inside the frame. */
static bool
start_read(struct slice head, uint32_t frame_len, struct start *ret)
{
	struct rd r = rd_of(head);
	struct start st = {rd_i16(&r), rd_i16(&r), rd_i32(&r)};
	int16_t id_len;

	if (rd_err(&r) != 0 || st.key < 0 || st.version < 0)
		return false;
	if (st.key != CONTROLLED_SHUTDOWN || st.version != 0) { /* which has no client id */
		id_len = rd_i16(&r);
		if (rd_err(&r) != 0 || id_len < -1 || (id_len > 0 && (uint32_t)id_len > frame_len - 10))
			return false;
	}
	*ret = st;
	return true;
}

/* After a SaslHandshake v0 tokens pass; the first frame that is a request of a known kind ends that. */
static bool
is_request(struct slice head, uint32_t frame_len)
{
	struct start st;
	int16_t min, max;

	/* At any version: what is no request to us would pass unseen with its answer. */
	return start_read(head, frame_len, &st) && api_range(st.key, &min, &max);
}

/*
 * Does this Produce request, of which only the first bytes are here, want an answer?
 * 0, or ERR_SHORT: more bytes are needed to tell; another error: it is no Produce request.
 */
static int
produce_wants_answer(struct slice head, bool *ret_wants)
{
	struct request_header h;
	struct rd r;
	int err = request_header_read(head, &h);
	int16_t acks;

	if (err != 0)
		return err;
	r = rd_of(slice_of(head.p + h.body_at, head.n - h.body_at));
	if (h.version >= 9)
		(void)rd_nullable_compact(&r); /* the transactional id */
	else if (h.version >= 3)
		(void)rd_nullable_string(&r);
	acks = rd_i16(&r);
	if (rd_err(&r) == 0)
		*ret_wants = acks != 0;
	return rd_err(&r);
}

/* Of a client that left before its broker was there: does somebody wait for what this request does? */
static bool
matters_without_client(const struct io_note *note)
{
	bool wants_answer = true;
	struct start st;

	return start_read(note->head, note->frame_len, &st) && st.key == API_PRODUCE &&
	       (produce_wants_answer(note->head, &wants_answer) != 0 || !wants_answer);
}

static struct exchange *
new_exchange(struct session *s, const struct start *st)
{
	struct exchange *x = exchange_new(s, &s->reactor->pipeline);

	if (x == NULL)
		return NULL;
	x->key = st->key;
	x->version = st->version;
	x->correlation_id = st->correlation_id;
	x->received = clock_now();
	session_unread_begin(s, x);
	list_append(&s->fifo, &x->link);
	metric_request(st->key, st->version);
	return x;
}

/* May a request that begins so be taken at all?  Else the connection is closed. */
static bool
let_in(struct session *s, const struct io_note *note, struct start *ret)
{
	if (!start_read(note->head, note->frame_len, ret)) {
		refuse(s, METRIC_CLIENT_ERRORS_NOT_KAFKA, "garbage: not a Kafka request");
		return false;
	}
	if (s->gated && ret->key != API_VERSIONS && ret->key != API_SASL_HANDSHAKE && ret->key != API_SASL_AUTHENTICATE) {
		refuse(s, METRIC_CLIENT_ERRORS_LOGIN, "ILLEGAL_SASL_STATE: a request before the login");
		return false;
	}
	if (s->gated && note->frame_len > TOKEN_MAX) {
		refuse(s, METRIC_CLIENT_ERRORS_PROTOCOL, "garbage: no login is that large");
		return false;
	}
	return true;
}

static void
on_head(struct session *s, struct io_note *note)
{
	bool wants_answer = true;
	struct exchange *x;
	struct start st;

	if (s->state == SESSION_DIALLING && s->dialling == NULL) {
		if (!let_in(s, note, &st))
			return;
		session_dial(s);
		if (s->state == SESSION_DEAD)
			return;
	}
	if (s->state == SESSION_DIALLING && s->left_early && !matters_without_client(note)) {
		session_client_gone(s);
		return;
	}
	if (!session_may_read(s)) {
		io_pause(s->client); /* until the broker is connected, or logged in at, by us or by the client, or for good */
		note->take = IO_STOP;
		return;
	}
	s->token_comes = s->tokens;
	if (s->tokens) {
		if (note->frame_len > TOKEN_MAX)
			refuse(s, METRIC_CLIENT_ERRORS_PROTOCOL, "garbage: no SASL token is that large");
		note->take = IO_WHOLE;
		return;
	}
	if (s->raw && !is_request(note->head, note->frame_len)) {
		note->take = IO_RELAY;
		s->relaying = true;
		return;
	}
	s->raw = false;
	if (!let_in(s, note, &st))
		return;
	if (pipeline_wants_request(&s->reactor->pipeline, st.key, st.version)) {
		note->take = IO_WHOLE;
		return;
	}
	if (st.key == API_PRODUCE) {
		int err = produce_wants_answer(note->head, &wants_answer);

		if (err == ERR_SHORT && note->head.n < note->frame_len && note->head.n < IO_HEAD_MAX) {
			note->take = IO_MORE;
			note->need = note->head.n < IO_HEAD_MAX / 2 ? note->head.n * 2 : IO_HEAD_MAX;
			return;
		}
		if (err == ERR_SHORT) {
			refuse(s, METRIC_CLIENT_ERRORS_PROTOCOL, "garbage: a Produce request that can't be read");
			return;
		}
		/* Another version than we know: the broker answers, if only by closing. */
	}
	x = new_exchange(s, &st);
	if (x == NULL) {
		refuse(s, METRIC_CLIENT_ERRORS_NOMEM, "out of memory");
		return;
	}
	x->no_answer = !wants_answer;
	x->phase = EXCHANGE_SENT;
	s->incoming = x;
	s->relaying = true;
	note->take = IO_RELAY;
}

/* --- on to the broker -------------------------------------------------------------- */

/* acks=0: nothing will come, unless the broker is librdkafka's mock, which answers all the same. */
static void
expect_nothing(struct session *s, struct exchange *x)
{
	if (s->acks0 == NULL)
		s->acks0 = malloc(SESSION_ACKS0 * sizeof(*s->acks0));
	if (s->acks0 != NULL)
		s->acks0[s->acks0_count++ % SESSION_ACKS0] = x->correlation_id;
	exchange_end(x, &s->fifo);
}

static void
on_chunk(struct session *s, const struct io_note *note)
{
	struct exchange *x = s->incoming;

	metric_add(METRIC_BYTES_FROM_CLIENTS, (int64_t)note->len);
	if (s->broker == NULL || !s->relaying)
		return; /* the rest of a request whose broker is gone */
	if (io_send(s->broker, note->blob, note->off, note->len) != 0) {
		session_kill(s);
		return;
	}
	metric_add(METRIC_BYTES_TO_BROKERS, (int64_t)note->len);
	if (!note->last)
		return;
	s->relaying = false;
	s->incoming = NULL;
	if (x == NULL)
		return; /* raw bytes */
	x->forwarded = clock_now();
	if (x->no_answer)
		expect_nothing(s, x);
}

void
session_forward(struct session *s, struct exchange *x)
{
	struct rope frame;
	size_t total;

	if (s->relogin == RELOGIN_RUNNING) {
		x->parked = true;
		s->current = x;
		return;
	}
	if (s->broker == NULL) {
		exchange_end(x, &s->fifo);
		return;
	}
	if (exchange_take_message(x, &frame) != 0) {
		session_kill(s);
		return;
	}
	total = frame.total + 4;
	if (io_send_frame(s->broker, &frame) != 0) {
		rope_clear(&frame);
		session_kill(s);
		return;
	}
	metric_add(METRIC_BYTES_TO_BROKERS, (int64_t)total);
	x->phase = EXCHANGE_SENT;
	x->forwarded = clock_now();
	if (x->no_answer && !x->swallow)
		expect_nothing(s, x);
}

void
session_request_step(struct session *s, struct exchange *x)
{
	enum pipeline_end how = x->local ? pipeline_response(x) : pipeline_request(x);

	switch (how) {
	case PIPELINE_ON:
		session_forward(s, x);
		return;
	case PIPELINE_HELD:
		metric_add(METRIC_HELD, 1);
		s->current = x;
		return;
	case PIPELINE_ANSWERED:
		if (x->no_answer)
			break; /* a broker that can't do what acks=0 asks closes the connection: so do we */
		x->phase = EXCHANGE_ANSWERED;
		session_flush_answers(s);
		return;
	case PIPELINE_CLOSE:
		break;
	}
	exchange_end(x, &s->fifo);
	session_drain(s, "a stage refused a request");
}

/* Clients say the same id in each request: one copy serves all. */
static int
keep_client_id(struct session *s, struct exchange *x, struct slice id)
{
	if (id.p == NULL)
		return 0;
	if (s->client_id == NULL || !slice_eq(id, blob_slice(s->client_id))) {
		struct blob *b = blob_new(id.n);

		if (b == NULL)
			return ERR_NOMEM;
		if (id.n > 0)
			memcpy(b->data, id.p, id.n);
		b->len = id.n;
		blob_unref(s->client_id);
		s->client_id = b;
	}
	x->client_id = blob_ref(s->client_id);
	return 0;
}

static void
on_frame(struct session *s, struct io_note *note)
{
	struct slice frame = blob_slice(note->blob);
	struct request_header h;
	struct exchange *x;

	metric_add(METRIC_BYTES_FROM_CLIENTS, (int64_t)frame.n + 4);
	if (s->state != SESSION_OPEN)
		return; /* it came to its end while we stopped: never forwarded, never answered */
	if (s->token_comes)
		h = (struct request_header){.key = STAGE_TOKEN}; /* which has none */
	else if (request_header_read(frame, &h) != 0) {
		refuse(s, METRIC_CLIENT_ERRORS_PROTOCOL, "garbage: a request whose header can't be read");
		return;
	}
	x = new_exchange(s, &(struct start){h.key, h.version, h.correlation_id});
	if (x == NULL || keep_client_id(s, x, h.client_id) != 0) {
		refuse(s, METRIC_CLIENT_ERRORS_NOMEM, "out of memory");
		return;
	}
	x->no_answer = h.key == API_PRODUCE &&
		       !request_wants_answer(h.key, h.version, slice_of(frame.p + h.body_at, frame.n - h.body_at));
	x->frame = blob_take(&note->blob);
	x->frame->secret = h.key == STAGE_TOKEN || h.key == API_SASL_AUTHENTICATE;
	x->body_at = h.body_at;
	session_request_step(s, x);
}

/* Before its broker is there: what it sent lies in front of its end, and is looked at once more. */
static void
on_early_hangup(struct session *s)
{
	if (s->left_early)
		return;
	s->left_early = true;
	io_resume(s->client);
}

/* The client closed its end, or is gone, while it isn't read. */
static void
on_hangup(struct session *s)
{
	const struct proxy_settings *set = &s->reactor->core->set;

	if (s->state == SESSION_DRAINING) {
		session_client_gone(s); /* no more is read from it anyway */
	} else if (s->current != NULL) {
		/* Who asked for no answer may leave: what it sent goes out when it is held no more. */
		if (!s->current->no_answer)
			session_client_gone(s);
	} else if (s->state == SESSION_OPEN) {
		/* What it sent is still read, as long as the broker takes it. */
		if ((set->idle_ms == 0 || set->drain_ms < set->idle_ms) && io_set_idle(s->client, set->drain_ms) != 0)
			session_client_gone(s);
	}
}

void
session_on_client(void *arg, struct io *io, struct io_note *note)
{
	struct session *s = arg;

	(void)io;
	switch (note->ev) {
	case IO_UP:
		session_connect(s);
		return;
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
		break;
	case IO_HANGUP:
		if (s->state == SESSION_DIALLING) {
			on_early_hangup(s);
			return;
		}
		on_hangup(s);
		break;
	case IO_IDLE:
		metric_add(METRIC_CLIENT_IDLE, 1);
		LOG_DEBUG("session", "closing an idle connection", LOG_S("client", s->peer));
		session_client_gone(s);
		break;
	case IO_FAIL:
		on_fail(s, note);
		break;
	case IO_EOF:
	case IO_DONE:
		session_client_gone(s);
		break;
	}
	session_turn(s);
}
