/*
 * librdkafka's interface of single partitions, all into one queue that is polled through an event fd.
 *
 * Two things of librdkafka 2.0.  What it counts of a queued record is key and value, not headers: so the queue is
 * bounded by a number of records too.  And when the queue was full, it looks again after a second, or when something
 * else happens to the broker's connection: nudge() asks the leader a question once the queue is empty.  It is known that
 * there is more, or it can't be: of what came since it saw the full queue, librdkafka knows nothing.
 */
#include "rdkafka/follower.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rdkafka/detour_internal.h"
#include "rdkafka/handle_internal.h"

enum {
	TAKE_MAX = 256,
	OFFSET_FIRST = -2,
	OFFSET_END = -1,
	DRY_MS = 2,     /* so long nothing came, though there is more */
	NUDGES = 8,     /* at most as many questions at once */
	NUDGE_MS = 100, /* for the answer */
	RECORD = 256 * 1024, /* more than most have, headers included */
	ANSWER = 1024 * 1024, /* of a partition, in one answer; less than one record is never asked for */
};

struct reading {
	bool on;
	bool unsure;          /* its leader may not be asked for what comes next */
	int64_t next;         /* records below are not given */
	uint64_t first_batch; /* what was taken out of the queue before is of the place before */
};

struct topic {
	rd_kafka_topic_t *rkt;
	char *name;
	struct reading *list;
	int32_t count;
};

struct follower {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int event_fd;
	char *header;
	int timeout_ms;
	struct topic *topics;
	size_t topic_count;
	size_t full_count, full_bytes; /* with so much in it the queue is full */
	size_t count, bytes;           /* that were taken since the queue was empty */
	uint64_t batch; /* how often something was taken out of the queue */
	char why[600];
};

static const char *const defaults[] = {
	"client.id", "makoto-proxy",
	"fetch.error.backoff.ms", "100",
	"socket.keepalive.enable", "true",
	"reconnect.backoff.max.ms", "5000",
	NULL,
};

static const char *const fixed[] = {
	"enable.partition.eof", "true",
	"enable.auto.commit", "false",
	"auto.offset.reset", "error", /* a silent jump would hide what is gone */
	"allow.auto.create.topics", "false",
	"isolation.level", "read_uncommitted",
	NULL,
};

static int
set_number(rd_kafka_conf_t *conf, const char *name, size_t n, char *why, size_t why_len)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%zu", n);
	return rd_kafka_conf_set(conf, name, text, why, why_len) == RD_KAFKA_CONF_OK ? 0 : ERR_CONFIG;
}

static int
open_handle(struct follower *f, const struct follower_conf *conf, char *why, size_t why_len)
{
	static const uint64_t one = 1;
	rd_kafka_conf_t *rconf;
	int err;

	f->full_count = conf->queue_bytes < 16 * RECORD ? 16 : conf->queue_bytes / RECORD;
	f->full_bytes = conf->queue_bytes / 1024 * 1024;
	if ((err = handle_conf(conf->bootstrap, defaults, conf->props, fixed, &rconf, why, why_len)) != 0)
		return err;
	if ((err = set_number(rconf, "queued.max.messages.kbytes", f->full_bytes / 1024, why, why_len)) != 0 ||
	    (err = set_number(rconf, "queued.min.messages", f->full_count, why, why_len)) != 0 ||
	    (err = set_number(rconf, "fetch.message.max.bytes", conf->queue_bytes < 4 * ANSWER ? conf->queue_bytes / 4 : ANSWER,
			      why, why_len)) != 0 ||
	    (err = set_number(rconf, "fetch.max.bytes", conf->queue_bytes < 4 * ANSWER ? ANSWER : conf->queue_bytes / 4,
			      why, why_len)) != 0 ||
	    (err = set_number(rconf, "fetch.wait.max.ms", (size_t)conf->wait_ms, why, why_len)) != 0) {
		rd_kafka_conf_destroy(rconf);
		return err;
	}
	rd_kafka_conf_set_events(rconf, RD_KAFKA_EVENT_ERROR); /* not by a callback: the opaque may be the detour's */
	if (conf->detour != NULL)
		detour_take(conf->detour, rconf);
	if ((err = handle_new(RD_KAFKA_CONSUMER, rconf, &f->rk, why, why_len)) != 0)
		return err;
	if ((f->queue = rd_kafka_queue_new(f->rk)) == NULL)
		return ERR_NOMEM;
	rd_kafka_queue_io_event_enable(f->queue, f->event_fd, &one, sizeof(one));
	for (size_t i = 0; i < f->topic_count; i++) {
		if ((f->topics[i].rkt = rd_kafka_topic_new(f->rk, f->topics[i].name, NULL)) != NULL)
			continue;
		snprintf(why, why_len, "topic %s: %s", f->topics[i].name, rd_kafka_err2str(rd_kafka_last_error()));
		return ERR_CONFIG;
	}
	return 0;
}

int
follower_open(const struct follower_conf *conf, struct follower **ret, char *why, size_t why_len)
{
	struct follower *f = calloc(1, sizeof(*f));
	size_t n = 0;
	int err = ERR_NOMEM;

	snprintf(why, why_len, "out of memory");
	if (f == NULL)
		return ERR_NOMEM;
	f->timeout_ms = conf->timeout_ms;
	if ((f->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0) {
		snprintf(why, why_len, "eventfd: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	while (conf->topics[n] != NULL)
		n++;
	if ((f->header = strdup(conf->header)) == NULL || (f->topics = calloc(n + 1, sizeof(*f->topics))) == NULL)
		goto fail;
	for (; f->topic_count < n; f->topic_count++)
		if ((f->topics[f->topic_count].name = strdup(conf->topics[f->topic_count])) == NULL)
			goto fail;
	if ((err = open_handle(f, conf, why, why_len)) != 0)
		goto fail;
	*ret = f;
	return 0;
fail:
	follower_close(f);
	return err;
}

void
follower_close(struct follower *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->topic_count; i++)
		for (int32_t p = 0; p < f->topics[i].count; p++)
			follower_stop(f, i, p);
	if (f->queue != NULL) {
		rd_kafka_queue_io_event_enable(f->queue, -1, NULL, 0);
		rd_kafka_queue_destroy(f->queue);
	}
	for (size_t i = 0; i < f->topic_count; i++) {
		if (f->topics[i].rkt != NULL)
			rd_kafka_topic_destroy(f->topics[i].rkt);
		free(f->topics[i].name);
		free(f->topics[i].list);
	}
	if (f->rk != NULL)
		rd_kafka_destroy(f->rk);
	if (f->event_fd >= 0)
		(void)close(f->event_fd);
	free(f->topics);
	free(f->header);
	free(f);
}

const char *
follower_why(const struct follower *f)
{
	return f->why;
}

/* --- questions ------------------------------------------------------------------------ */

static int
failed(struct follower *f, const char *what, rd_kafka_resp_err_t rerr)
{
	int err = handle_err(rerr);

	snprintf(f->why, sizeof(f->why), "%s: %s", what, rd_kafka_err2str(rerr));
	return err == 0 || err == ERR_NOT_NOW ? ERR_REMOTE : err;
}

static int
nomem(struct follower *f)
{
	snprintf(f->why, sizeof(f->why), "out of memory");
	return ERR_NOMEM;
}

int
follower_partitions(struct follower *f, size_t topic, int32_t *ret)
{
	const struct topic *t = &f->topics[topic];
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t rerr = rd_kafka_metadata(f->rk, 0, t->rkt, &md, f->timeout_ms);
	int32_t n = 0;

	if (rerr != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(f, t->name, rerr);
	rerr = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	for (int i = 0; i < md->topic_cnt; i++) {
		if (strcmp(md->topics[i].topic, t->name) != 0)
			continue;
		rerr = md->topics[i].err;
		n = md->topics[i].partition_cnt;
	}
	rd_kafka_metadata_destroy(md);
	if (rerr == RD_KAFKA_RESP_ERR_NO_ERROR && n == 0)
		rerr = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (rerr != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(f, t->name, rerr);
	*ret = n;
	return 0;
}

/* librdkafka's cache may name a leader that is none any more; asking for the topic renews it. */
static void
learn_leaders(struct follower *f, size_t topic)
{
	int32_t ignored;
	int err = follower_partitions(f, topic, &ignored);

	(void)err; /* the next try will tell */
}

int
follower_offsets_at(struct follower *f, size_t topic, int64_t time_ms, int32_t count, int64_t *ret)
{
	const char *name = f->topics[topic].name;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
	rd_kafka_resp_err_t rerr;

	if (list == NULL)
		return nomem(f);
	for (int32_t p = 0; p < count; p++)
		rd_kafka_topic_partition_list_add(list, name, p)->offset = time_ms;
	rerr = rd_kafka_offsets_for_times(f->rk, list, f->timeout_ms);
	for (int32_t p = 0; rerr == RD_KAFKA_RESP_ERR_NO_ERROR && p < count; p++)
		rerr = list->elems[p].err;
	for (int32_t p = 0; rerr == RD_KAFKA_RESP_ERR_NO_ERROR && p < count; p++)
		ret[p] = list->elems[p].offset < 0 ? -1 : list->elems[p].offset;
	rd_kafka_topic_partition_list_destroy(list);
	if (rerr == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	learn_leaders(f, topic);
	return failed(f, name, rerr);
}

int
follower_ends(struct follower *f, size_t topic, int32_t count, int64_t *ret_low, int64_t *ret_high)
{
	/* Kafka takes these for times. */
	int err = follower_offsets_at(f, topic, OFFSET_FIRST, count, ret_low);

	return err != 0 ? err : follower_offsets_at(f, topic, OFFSET_END, count, ret_high);
}

/* --- reading -------------------------------------------------------------------------- */

static struct reading *
reading_of(struct follower *f, size_t topic, int32_t partition)
{
	struct topic *t = &f->topics[topic];
	struct reading *more;

	if (partition < t->count)
		return &t->list[partition];
	if ((more = reallocarray(t->list, (size_t)partition + 1, sizeof(*more))) == NULL)
		return NULL;
	memset(more + t->count, 0, (size_t)(partition + 1 - t->count) * sizeof(*more));
	t->list = more;
	t->count = partition + 1;
	return &t->list[partition];
}

void
follower_stop(struct follower *f, size_t topic, int32_t partition)
{
	struct topic *t = &f->topics[topic];

	if (partition >= t->count || !t->list[partition].on)
		return;
	(void)rd_kafka_consume_stop(t->rkt, partition);
	t->list[partition].on = false;
}

int
follower_read(struct follower *f, size_t topic, int32_t partition, int64_t offset)
{
	struct topic *t = &f->topics[topic];
	struct reading *r;

	follower_stop(f, topic, partition);
	if ((r = reading_of(f, topic, partition)) == NULL)
		return nomem(f);
	if (rd_kafka_consume_start_queue(t->rkt, partition, offset, f->queue) != 0)
		return failed(f, t->name, rd_kafka_last_error());
	r->on = true;
	r->unsure = false;
	r->next = offset;
	r->first_batch = f->batch + 1;
	return 0;
}

/* All that was taken may have been there at once. */
static void
count_taken(struct follower *f)
{
	bool was_full = f->count >= f->full_count || f->bytes >= f->full_bytes;

	f->count = f->bytes = 0;
	for (size_t i = 0; was_full && i < f->topic_count; i++)
		for (int32_t p = 0; p < f->topics[i].count; p++)
			f->topics[i].list[p].unsure = true;
}

static bool
is_empty(struct follower *f, int timeout_ms)
{
	struct pollfd fd = {.fd = f->event_fd, .events = POLLIN};

	return rd_kafka_queue_length(f->queue) == 0 && poll(&fd, 1, timeout_ms) == 0;
}

/* Each leader that may have seen a full queue, until something is there. */
static void
nudge_unsure(struct follower *f)
{
	for (size_t i = 0; i < f->topic_count; i++)
		for (int32_t p = 0; p < f->topics[i].count; p++) {
			struct reading *r = &f->topics[i].list[p];
			int64_t low, high;

			if (!r->on || !r->unsure)
				continue;
			if (!is_empty(f, 0))
				return;
			r->unsure = false;
			(void)rd_kafka_query_watermark_offsets(f->rk, f->topics[i].name, p, &low, &high, NUDGE_MS);
		}
}

static void
nudge(struct follower *f)
{
	int asked = 0;

	count_taken(f);
	nudge_unsure(f);

	for (size_t i = 0; i < f->topic_count; i++)
		for (int32_t p = 0; p < f->topics[i].count && asked < NUDGES; p++) {
			const struct reading *r = &f->topics[i].list[p];
			int64_t low, high;

			if (!r->on || rd_kafka_get_watermark_offsets(f->rk, f->topics[i].name, p, &low, &high) !=
					      RD_KAFKA_RESP_ERR_NO_ERROR || high <= r->next)
				continue;
			(void)rd_kafka_query_watermark_offsets(f->rk, f->topics[i].name, p, &low, &high, NUDGE_MS);
			asked++;
		}
}

void
follower_wait(struct follower *f, int timeout_ms)
{
	int first_ms = timeout_ms < DRY_MS ? timeout_ms : DRY_MS;
	rd_kafka_queue_t *main_queue;
	rd_kafka_event_t *ev;
	eventfd_t n;

	if (is_empty(f, first_ms) && first_ms < timeout_ms) {
		nudge(f);
		(void)is_empty(f, timeout_ms - first_ms);
	}
	(void)eventfd_read(f->event_fd, &n);
	/* Errors of connections wait in the main queue until somebody takes them out. */
	main_queue = rd_kafka_queue_get_main(f->rk);
	while ((ev = rd_kafka_queue_poll(main_queue, 0)) != NULL) {
		if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_ERROR)
			snprintf(f->why, sizeof(f->why), "%s", rd_kafka_event_error_string(ev));
		rd_kafka_event_destroy(ev);
	}
	rd_kafka_queue_destroy(main_queue);
}

void
follower_wake(struct follower *f)
{
	(void)eventfd_write(f->event_fd, 1); /* fails only when it is readable anyway */
}

static struct slice
header_of(const struct follower *f, const rd_kafka_message_t *m)
{
	struct slice found = {NULL, 0};
	rd_kafka_headers_t *hs;
	const void *value;
	size_t len;

	if (rd_kafka_message_headers(m, &hs) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return found;
	if (rd_kafka_header_get_last(hs, f->header, &value, &len) == RD_KAFKA_RESP_ERR_NO_ERROR)
		found = slice_of(value, value == NULL ? 0 : len);
	return found;
}

/* What the message tells, if anything. */
static bool
event_of(struct follower *f, const rd_kafka_message_t *m, struct follower_event *ret)
{
	struct follower_event e = {.offset = m->offset, .partition = m->partition};
	const char *name = rd_kafka_topic_name(m->rkt);
	rd_kafka_timestamp_type_t ignored;
	struct reading *r;

	while (e.topic < f->topic_count && strcmp(f->topics[e.topic].name, name) != 0)
		e.topic++;
	if (e.topic == f->topic_count || m->partition < 0 || m->partition >= f->topics[e.topic].count)
		return false;
	r = &f->topics[e.topic].list[m->partition];
	if (!r->on || r->first_batch > f->batch)
		return false;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		e.kind = FOLLOWER_END;
	} else if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
		e.kind = FOLLOWER_GONE;
		e.offset = r->next;
		follower_stop(f, e.topic, m->partition);
	} else if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		/* A leader that moved, a topic that is gone: librdkafka tries again, and who asks for the ends is told. */
		snprintf(f->why, sizeof(f->why), "%s: %s", name, rd_kafka_err2str(m->err));
		return false;
	} else {
		if (m->offset < r->next)
			return false;
		r->next = m->offset + 1;
			e.kind = FOLLOWER_RECORD;
		e.timestamp = rd_kafka_message_timestamp(m, &ignored);
		e.key = slice_of(m->key, m->key == NULL ? 0 : m->key_len);
		e.value = slice_of(m->payload, m->payload == NULL ? 0 : m->len);
		e.header = header_of(f, m);
	}
	*ret = e;
	return true;
}

size_t
follower_take(struct follower *f, size_t max, follower_fn *fn, void *arg)
{
	rd_kafka_message_t *list[TAKE_MAX];
	ssize_t n = rd_kafka_consume_batch_queue(f->queue, 0, list, max < TAKE_MAX ? max : TAKE_MAX);

	f->batch++;
	for (ssize_t i = 0; i < n; i++) {
		struct follower_event e;

		f->count++;
		f->bytes += list[i]->len + list[i]->key_len;
		if (event_of(f, list[i], &e))
			fn(arg, &e);
		rd_kafka_message_destroy(list[i]);
	}
	return n < 0 ? 0 : (size_t)n;
}
