/*
 *   our thread            librdkafka's threads
 *   publisher_send ─────► queue, retries, order kept by idempotence
 *   publisher_serve ◄──── main queue: delivery reports, errors ─► event_fd
 *                   ◄──── scout: the topic is there            ─► event_fd
 *
 * A fatal error (the broker lost what it knew of our producer id), and a recall, end one librdkafka
 * handle: everything in it is reported, then a new one takes its place.  One that met a fatal error before
 * it stored anything was refused for a reason that lasts (its login lacks a right): the next comes later.
 */
#include "rdkafka/publisher.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "rdkafka/detour_internal.h"
#include "rdkafka/scout_internal.h"

/* A window has a million records at most: its manifest takes 48 MB.  Brokers take requests of 100 MiB. */
#define MESSAGE_MAX 64000000
#define AS_TEXT(x) #x
#define TEXT_OF(x) AS_TEXT(x)

enum {
	EVENTS_AT_ONCE = 1000,
	LIMIT_DEFAULT = 1048588, /* Kafka's max.message.bytes */
	AROUND = 96, /* a message's share of a batch beyond its bytes, at most: lengths, a header's name, the batch's own head */
	LOOK_MS = 60000, /* then, with the next report, the topic's limit and partitions are asked for again */
	HOLD_MAX_MS = 3600000,
	TOLD_MAX = 8,
	PAUSE_FIRST_MS = 1000,
	PAUSE_MAX_MS = 30000,
};

/*
 * Bytes that were sent and not reported.  Partitions share them, so that one without a leader doesn't take the others'
 * room: each has its part, and may go beyond it by the one message that is under way.  librdkafka bounds its queue, too,
 * but doesn't count headers.
 */
enum { SENT_MAX = 8 << 20, SHARES = 64 };

/*
 * librdkafka gives a request its time once, when it is queued, however fast its bytes go; one that has none left takes its
 * connection down, and begins anew.  So a handle has at least what all that is under way takes on a slow link, which for eight
 * mebibytes and less is the time that it has anyway: a broker that hangs is noticed no later there.
 */
enum { BYTES_PER_MS = 1000, WAIT_MAX_MS = 300000 /* librdkafka's own */ };

/*
 * librdkafka makes batches without asking what the topic takes, and brokers refuse a batch that is larger, not a message.
 * So all that is under way to a partition would fit into one batch; or it is a single message, and then that is too large.
 */
struct share {
	size_t messages, bytes; /* under way; zeroed with the last */
	bool mixed;  /* one was sent while another was */
	bool full;   /* one had no room beside the others: it has it first, before those that are smaller */
	bool parted; /* a batch of several was too large */
};

struct publisher {
	struct publisher_conf conf; /* strings are our copies; props a NULL-ended one, or NULL */
	char **props;
	int event_fd;
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt;
	rd_kafka_queue_t *queue;
	struct scout *scout; /* NULL: nothing is looked for */
	bool aside;          /* it looks for what has changed alone */
	struct monotime looked;
	size_t limit;    /* the topic's max.message.bytes; 0: nobody told */
	size_t refused;  /* the least that the topic didn't take since that was told; 0: nothing */
	size_t together; /* likewise of several messages */
	struct monotime refused_at; /* the last that either learnt */
	int64_t hold_ms; /* for so long they count against a topic that says otherwise */
	size_t pending;
	int32_t partitions; /* 0: not known yet */
	struct share shares[SHARES]; /* by partition */
	int wait_ms;   /* socket.timeout.ms; 0: as it is configured */
	bool outgrown; /* the handle was made with less: no more messages until it is replaced */
	bool broken; /* a fatal error, or a recall: no more messages until the handle is replaced, … */
	struct monotime due; /* … which isn't before that */
	int pause_ms; /* behind the next fatal error; 0: something was stored since the last */
	rd_kafka_resp_err_t told[TOLD_MAX]; /* what on_problem heard of since it last got on */
	size_t told_count;
};

static const char *const defaults[] = {
	"client.id", "makoto-proxy",
	"linger.ms", "5",
	"socket.timeout.ms", "10000",
	"socket.keepalive.enable", "true",
	"reconnect.backoff.max.ms", "5000",
	NULL,
};

/* Without these a statement could get lost, out of order, or into a topic that Kafka made by its own defaults. */
static const char *const fixed[] = {
	"enable.idempotence", "true",
	"acks", "all",
	"message.timeout.ms", "0",
	"message.max.bytes", TEXT_OF(MESSAGE_MAX),
	"allow.auto.create.topics", "false",
	NULL,
};

/* Of the layers the last; what is configured counts until more is needed. */
static void
set_wait(struct publisher *p, rd_kafka_conf_t *conf)
{
	char text[32], ignored[128];
	size_t n = sizeof(text);
	int64_t ms;

	(void)snprintf(text, sizeof(text), "%d", p->wait_ms);
	if (p->wait_ms > 0)
		(void)rd_kafka_conf_set(conf, "socket.timeout.ms", text, ignored, sizeof(ignored));
	else if (rd_kafka_conf_get(conf, "socket.timeout.ms", text, &n) == RD_KAFKA_CONF_OK &&
		 text_parse_i64(slice_str(text), &ms) == 0)
		p->wait_ms = (int)ms;
}

/* Connects the handle's queue with event_fd.  On failure nothing is left. */
static int
handle_open(struct publisher *p, char *why, size_t why_len)
{
	static const uint64_t one = 1;
	rd_kafka_conf_t *conf;
	int err;

	if ((err = handle_conf(p->conf.bootstrap, defaults, p->conf.props, fixed, &conf, why, why_len)) != 0)
		return err;
	set_wait(p, conf);
	if (p->conf.detour != NULL)
		detour_take(p->conf.detour, conf);
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
	if ((err = handle_new(RD_KAFKA_PRODUCER, conf, &p->rk, why, why_len)) != 0)
		return err;
	p->rkt = rd_kafka_topic_new(p->rk, p->conf.topic, NULL);
	p->queue = rd_kafka_queue_get_main(p->rk);
	if (p->rkt == NULL || p->queue == NULL) {
		err = ERR_CONFIG;
		snprintf(why, why_len, "topic %s: %s", p->conf.topic, rd_kafka_err2str(rd_kafka_last_error()));
		goto fail;
	}
	rd_kafka_queue_io_event_enable(p->queue, p->event_fd, &one, sizeof(one));
	if ((err = scout_start(p->rk, p->rkt, p->conf.topic, p->conf.create_partitions, p->conf.create_replication,
			       p->event_fd, &p->scout)) != 0) {
		snprintf(why, why_len, "no thread to look for the topic");
		goto fail;
	}
	p->aside = false;
	p->looked = clock_now();
	p->broken = p->outgrown = false;
	return 0;
fail:
	if (p->queue != NULL) {
		rd_kafka_queue_io_event_enable(p->queue, -1, NULL, 0);
		rd_kafka_queue_destroy(p->queue);
	}
	if (p->rkt != NULL)
		rd_kafka_topic_destroy(p->rkt);
	rd_kafka_destroy(p->rk);
	p->queue = NULL;
	p->rkt = NULL;
	p->rk = NULL;
	return err;
}

static void
handle_close(struct publisher *p)
{
	scout_stop(p->scout);
	p->scout = NULL;
	if (p->rk == NULL)
		return;
	rd_kafka_queue_io_event_enable(p->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(p->queue);
	rd_kafka_topic_destroy(p->rkt);
	rd_kafka_destroy(p->rk);
	p->queue = NULL;
	p->rkt = NULL;
	p->rk = NULL;
}

static void
publisher_free(struct publisher *p)
{
	text_list_free(p->props);
	free((char *)(uintptr_t)p->conf.bootstrap);
	free((char *)(uintptr_t)p->conf.topic);
	if (p->event_fd >= 0)
		close(p->event_fd);
	free(p);
}

int
publisher_open(const struct publisher_conf *conf, struct publisher **ret, char *why, size_t why_len)
{
	struct publisher *p = calloc(1, sizeof(*p));
	int err = ERR_NOMEM;

	snprintf(why, why_len, "out of memory");
	if (p == NULL)
		return ERR_NOMEM;
	p->conf = *conf;
	p->conf.bootstrap = strdup(conf->bootstrap);
	p->conf.topic = strdup(conf->topic);
	p->props = text_list_copy(conf->props);
	p->conf.props = (const char *const *)p->props;
	p->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	p->together = SIZE_MAX;
	if (p->conf.bootstrap == NULL || p->conf.topic == NULL || p->props == NULL)
		goto fail;
	if (p->event_fd < 0) {
		snprintf(why, why_len, "eventfd: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	if ((err = handle_open(p, why, why_len)) != 0)
		goto fail;
	*ret = p;
	return 0;
fail:
	publisher_free(p);
	return err;
}

int
publisher_fd(const struct publisher *p)
{
	return p->event_fd;
}

size_t
publisher_limit(const struct publisher *p)
{
	size_t limit = p->limit != 0 ? p->limit : LIMIT_DEFAULT;

	if (p->refused != 0 && p->refused < limit)
		limit = p->refused;
	return limit < MESSAGE_MAX ? limit : MESSAGE_MAX;
}

size_t
publisher_pending(const struct publisher *p)
{
	return p->pending;
}

static int
look(struct publisher *p)
{
	p->looked = clock_now();
	return scout_start(p->rk, p->rkt, p->conf.topic, p->conf.create_partitions, p->conf.create_replication, p->event_fd,
			   &p->scout);
}

/* Looks for the topic again: it went away, or may have fewer partitions. */
static void
search(struct publisher *p)
{
	p->aside = false;
	if (p->scout == NULL && look(p) != 0)
		p->conf.on_problem(p->conf.arg, "no thread to look for the statement topic");
}

/* Asks what the topic takes now.  Without an answer all goes on as it is. */
static void
ask_limit(struct publisher *p)
{
	if (p->scout == NULL)
		p->aside = look(p) == 0;
}

/*
 * A partition that it didn't have when it was looked for won't be there the sooner for each message that asks; it may be
 * added, or the topic be made again.
 */
static void
not_there(struct publisher *p, rd_kafka_resp_err_t err, int32_t partition)
{
	if (err != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || partition < p->partitions)
		search(p);
	else if (monotime_since_ms(clock_now(), p->looked) >= LOOK_MS)
		ask_limit(p);
}

static struct share *
share_of(struct publisher *p, int32_t partition)
{
	return &p->shares[(uint32_t)partition % SHARES];
}

bool
publisher_has_room(struct publisher *p, int32_t partition, size_t bytes)
{
	size_t shares = p->partitions < 1 ? 1 : p->partitions < SHARES ? (size_t)p->partitions : SHARES;
	size_t most = publisher_limit(p) < p->together ? publisher_limit(p) : p->together;
	struct share *s = share_of(p, partition);

	if (s->messages == 0)
		return true;
	if (s->full || s->bytes >= SENT_MAX / shares)
		return false;
	s->full = s->bytes + bytes + AROUND > most;
	return !s->full;
}

static size_t
bytes_of(const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *hs;
	const char *name;
	const void *value;
	size_t n = m->key_len + m->len + AROUND, len;

	if (rd_kafka_message_headers(m, &hs) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return n;
	for (size_t i = 0; rd_kafka_header_get_all(hs, i, &name, &value, &len) == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		n += len;
	return n;
}

/* As publisher_send() counted it; what librdkafka makes of a message must not stop all that come behind it. */
static void
uncount(struct publisher *p, const rd_kafka_message_t *m)
{
	struct share *s = share_of(p, m->partition);
	size_t n = bytes_of(m);

	p->pending--;
	s->bytes -= n < s->bytes ? n : s->bytes;
	if (--s->messages == 0)
		*s = (struct share){0};
}

/*
 * The partition's leader may know of a changed limit later than who is asked, and a segment be what is too small.  So the same
 * answer as before doesn't count at once: each try costs a statement its manifest, and the next waits twice as long.
 */
static void
hold(struct publisher *p, bool longer)
{
	p->refused_at = clock_now();
	if (p->hold_ms == 0)
		p->hold_ms = LOOK_MS;
	else if (longer)
		p->hold_ms = p->hold_ms < HOLD_MAX_MS / 2 ? p->hold_ms * 2 : HOLD_MAX_MS;
	ask_limit(p);
}

static void
forget_refused(struct publisher *p)
{
	p->refused = 0;
	p->together = SIZE_MAX;
}

/* The topic told what it takes. */
static void
told_limit(struct publisher *p, size_t limit)
{
	if (limit != p->limit)
		p->hold_ms = 0;
	if (p->hold_ms == 0 || monotime_since_ms(clock_now(), p->refused_at) >= p->hold_ms)
		forget_refused(p);
	p->limit = limit;
}

/* A batch was too large.  What that says of the topic holds until it says otherwise. */
static int
refused(struct publisher *p, const rd_kafka_message_t *m)
{
	struct share *s = share_of(p, m->partition);
	size_t n = bytes_of(m);

	if (s->parted)
		return ERR_REMOTE;
	if (s->mixed) {
		/* Which of them is larger by itself isn't told: the next have less company, and none at last. */
		s->parted = s->full = true;
		p->together = s->bytes / 2 < p->together ? s->bytes / 2 : p->together;
		hold(p, false);
		return ERR_REMOTE;
	}
	if (n < publisher_limit(p)) {
		p->refused = n;
		hold(p, true);
	}
	return ERR_LIMIT;
}

static void
stored(struct publisher *p, const rd_kafka_message_t *m)
{
	p->told_count = 0;
	p->pause_ms = 0;
	if (p->refused != 0 && bytes_of(m) >= p->refused)
		p->refused = 0; /* it takes more than it did */
	if (monotime_since_ms(clock_now(), p->looked) >= LOOK_MS)
		ask_limit(p);
}

static void
reports(struct publisher *p, rd_kafka_event_t *ev)
{
	const rd_kafka_message_t *m;

	while ((m = rd_kafka_event_message_next(ev)) != NULL) {
		int err = handle_err(m->err);

		if (err == 0)
			stored(p, m);
		else if (err == ERR_LIMIT)
			err = refused(p, m);
		else if (err == ERR_NOTFOUND)
			not_there(p, m->err, m->partition);
		uncount(p, m);
		p->conf.on_report(p->conf.arg, m->_private, err, err == 0 ? "" : rd_kafka_err2str(m->err));
	}
}

static bool
is_news(struct publisher *p, rd_kafka_resp_err_t err)
{
	for (size_t i = 0; i < p->told_count; i++)
		if (p->told[i] == err)
			return false;
	if (p->told_count == TOLD_MAX)
		return false;
	p->told[p->told_count++] = err;
	return true;
}

static void
put_off(struct publisher *p)
{
	p->due.ns = clock_now().ns + (int64_t)p->pause_ms * 1000000;
	p->pause_ms = p->pause_ms == 0 ? PAUSE_FIRST_MS : p->pause_ms < PAUSE_MAX_MS / 2 ? p->pause_ms * 2 : PAUSE_MAX_MS;
}

static void
error(struct publisher *p, rd_kafka_event_t *ev)
{
	char why[512];
	rd_kafka_resp_err_t err = rd_kafka_fatal_error(p->rk, why, sizeof(why));

	if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (!p->broken)
			put_off(p);
		p->broken = true;
		/* What is still in there will not be sent by this handle: have it reported. */
		(void)rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	} else {
		err = rd_kafka_event_error(ev);
		snprintf(why, sizeof(why), "%s", rd_kafka_event_error_string(ev));
	}
	if (is_news(p, err))
		p->conf.on_problem(p->conf.arg, why);
}

/* Up to `max` events; false: there may be more. */
static bool
drain(struct publisher *p, int max)
{
	while (max-- > 0) {
		rd_kafka_event_t *ev = rd_kafka_queue_poll(p->queue, 0);

		if (ev == NULL)
			return true;
		if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_DR)
			reports(p, ev);
		else if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_ERROR)
			error(p, ev);
		rd_kafka_event_destroy(ev);
	}
	return false;
}

static void
hear_scout(struct publisher *p)
{
	char why[SCOUT_WHY];
	int32_t partitions;
	size_t limit;

	if (p->scout == NULL)
		return;
	if (!p->aside && scout_problem(p->scout, why))
		p->conf.on_problem(p->conf.arg, why);
	if (!scout_found(p->scout, &partitions, &limit))
		return;
	scout_stop(p->scout); /* its thread is over */
	p->scout = NULL;
	if (limit != 0)
		told_limit(p, limit);
	if (p->aside && partitions == p->partitions)
		return;
	p->partitions = partitions;
	p->told_count = 0;
	p->conf.on_ready(p->conf.arg, partitions);
}

static bool
is_over(const struct publisher *p)
{
	return p->rk == NULL || ((p->broken || p->outgrown) && p->pending == 0);
}

int
publisher_wait(const struct publisher *p)
{
	int64_t left = (p->due.ns - clock_now().ns + 999999) / 1000000;

	return !is_over(p) ? -1 : left > 0 ? (int)left : 0;
}

/* Replaces a handle that met its end. */
static void
renew(struct publisher *p)
{
	char why[512];

	handle_close(p);
	if (handle_open(p, why, sizeof(why)) != 0) {
		put_off(p);
		p->conf.on_problem(p->conf.arg, why);
	}
}

void
publisher_serve(struct publisher *p)
{
	eventfd_t n;

	(void)eventfd_read(p->event_fd, &n);
	if (publisher_wait(p) == 0)
		renew(p);
	if (p->rk == NULL)
		return;
	if (!drain(p, EVENTS_AT_ONCE) || publisher_wait(p) == 0)
		(void)eventfd_write(p->event_fd, 1);
	hear_scout(p);
}

static rd_kafka_headers_t *
make_headers(const struct publisher_header *headers, size_t count)
{
	rd_kafka_headers_t *to = rd_kafka_headers_new(count);

	for (size_t i = 0; to != NULL && i < count; i++) {
		const struct publisher_header *h = &headers[i];

		if (rd_kafka_header_add(to, (const char *)h->name.p, (ssize_t)h->name.n, h->value.p,
					(ssize_t)h->value.n) != RD_KAFKA_RESP_ERR_NO_ERROR) {
			rd_kafka_headers_destroy(to);
			to = NULL;
		}
	}
	return to;
}

/* librdkafka's pointers to what it copies are not const. */
static void *
plain(const uint8_t *p)
{
	return (void *)(uintptr_t)p;
}

/* Has the handle no time for that beside the rest?  What no broker has yet comes back, as it might wait for a leader. */
static bool
outgrows(struct publisher *p, size_t bytes)
{
	int64_t need = (int64_t)bytes;

	for (size_t i = 0; i < SHARES; i++)
		need += (int64_t)p->shares[i].bytes;
	need /= BYTES_PER_MS;
	while (p->wait_ms > 0 && p->wait_ms < need && p->wait_ms < WAIT_MAX_MS) {
		p->wait_ms = p->wait_ms < WAIT_MAX_MS / 2 ? p->wait_ms * 2 : WAIT_MAX_MS;
		p->outgrown = true;
	}
	if (p->outgrown) {
		(void)rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE);
		(void)eventfd_write(p->event_fd, 1);
	}
	return p->outgrown;
}

int
publisher_send(struct publisher *p, int32_t partition, struct slice key, struct slice value,
	       const struct publisher_header *headers, size_t count, void *opaque)
{
	size_t bytes = key.n + value.n;
	rd_kafka_headers_t *hs = NULL;
	rd_kafka_resp_err_t err;
	struct share *s;

	for (size_t i = 0; i < count; i++)
		bytes += headers[i].value.n;
	if (p->rk == NULL || p->broken || !publisher_has_room(p, partition, bytes))
		return ERR_NOT_NOW;
	if (key.n > MESSAGE_MAX || value.n > MESSAGE_MAX)
		return ERR_LIMIT;
	if (outgrows(p, bytes))
		return ERR_NOT_NOW;
	if (count > 0 && (hs = make_headers(headers, count)) == NULL)
		return ERR_NOMEM;
	err = rd_kafka_producev(p->rk, RD_KAFKA_V_RKT(p->rkt), RD_KAFKA_V_PARTITION(partition),
				RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(plain(key.p), key.n),
				RD_KAFKA_V_VALUE(plain(value.p), value.n), RD_KAFKA_V_HEADERS(hs),
				RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (hs != NULL)
			rd_kafka_headers_destroy(hs); /* taken only with success */
		if (handle_err(err) == ERR_NOTFOUND)
			not_there(p, err, partition);
		return handle_err(err);
	}
	p->pending++;
	s = share_of(p, partition);
	s->mixed = s->messages > 0;
	s->messages++;
	s->bytes += bytes + AROUND;
	return 0;
}

/* What isn't answered in time is reported as it is: nobody knows. */
static void
wait_for_reports(struct publisher *p, int timeout_ms)
{
	struct monotime start = clock_now();

	while (p->pending > 0 && !p->broken) {
		int64_t left = timeout_ms - monotime_since_ms(clock_now(), start);
		struct pollfd fd = {.fd = p->event_fd, .events = POLLIN};

		if (left <= 0)
			break;
		if (poll(&fd, 1, (int)left) > 0)
			publisher_serve(p);
	}
	if (p->pending > 0)
		(void)rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (p->pending > 0) {
		struct pollfd fd = {.fd = p->event_fd, .events = POLLIN};
		eventfd_t n;

		if (poll(&fd, 1, 1000) > 0)
			(void)eventfd_read(p->event_fd, &n);
		(void)drain(p, EVENTS_AT_ONCE);
	}
}

void
publisher_recall(struct publisher *p, int timeout_ms)
{
	if (p->pending == 0)
		return;
	(void)rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE);
	wait_for_reports(p, timeout_ms);
	p->broken = true; /* its sequence has a gap, and what wasn't answered would be tried again */
	(void)eventfd_write(p->event_fd, 1);
}

void
publisher_close(struct publisher *p, int timeout_ms)
{
	if (p == NULL)
		return;
	wait_for_reports(p, timeout_ms);
	handle_close(p);
	publisher_free(p);
}
