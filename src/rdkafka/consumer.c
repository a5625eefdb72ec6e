/*
 * librdkafka's old interface of single partitions, because the newer one asks for a
 * group, and with it for rights that a verifier has no other use for.
 *
 *   consumer_read:   … │ m │ m │ marker │ m │ to          ends with the first of: a message at or behind `to`;
 *                                                         "end of partition" there; the log being cut short
 *
 * Of what was aborted, librdkafka gives nothing, not even that it has passed it: behind `to` may stand more of that
 * than an answer is waited for.  Where nothing comes, a client of its own goes on, whose statistics say how far it is.
 * It is a new one, as statistics of one that had read there before might still be about that.
 */
#include "rdkafka/consumer.h"

#include <time.h>

#include "base/clock.h"
#include "rdkafka/detour_internal.h"
#include "rdkafka/handle_internal.h"
#include "rdkafka/reached.h"

enum { BYTES_PER_MS = 1000, SLICE_MS = 200, SLOW_CHECK_MAX = 256, END_MS = 1000 };

#define TELLING_MS "200" /* how often statistics come */

struct consumer {
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt; /* the topic that was used last */
	rd_kafka_conf_t *telling; /* makes clients with statistics; NULL where all that is there is given */
	char *rkt_name;
	char *cluster_id;
	int timeout_ms;
	int large_ms; /* beyond that, of a reading */
	bool (*goes_on)(void *arg);
	void *goes_on_arg;
	char last_error[400]; /* what librdkafka said by itself */
	char why[600];

	/* One consumer_read. */
	consumer_fn *fn;
	void *arg;
	int32_t partition;
	int64_t next; /* everything below was given or isn't there */
	int64_t to;
	bool done;
	bool progress;
	bool tells;        /* `rk` is one with statistics, and for this reading alone … */
	int64_t reached;   /* … which said that it has read so far; -1: not yet */
	bool at_end;       /* the partition ends at `next`, below `to` */
	bool out_of_range;
	bool cut;          /* some of it isn't there */
	int err;

	struct consumer_header *headers;
	size_t header_cap;
};

/* A fetch has more time than who waits for 64 MB at a megabyte a second, as what has none left begins anew. */
static const char *const defaults[] = {
	"client.id", "makotoctl",
	"socket.timeout.ms", "90000",
	"queued.min.messages", "200000",
	"queued.max.messages.kbytes", "65536",
	"fetch.wait.max.ms", "100",
	"fetch.message.max.bytes", "4194304",
	"socket.keepalive.enable", "true",
	NULL,
};

static const char *const fixed[] = {
	"enable.partition.eof", "true",
	"enable.auto.commit", "false",
	"auto.offset.reset", "error", /* a silent jump would hide what is gone */
	"allow.auto.create.topics", "false",
	NULL,
};

/* NULL: what it is anyway. */
static int
set(rd_kafka_conf_t *conf, const char *name, const char *value, char *why, size_t why_len)
{
	return value == NULL || rd_kafka_conf_set(conf, name, value, why, why_len) == RD_KAFKA_CONF_OK ? 0 : ERR_CONFIG;
}

int
consumer_open(const struct consumer_conf *conf, struct consumer **ret, char *why, size_t why_len)
{
	struct consumer *c = calloc(1, sizeof(*c));
	rd_kafka_conf_t *rconf = NULL;
	int err;

	snprintf(why, why_len, "out of memory");
	if (c == NULL)
		return ERR_NOMEM;
	c->timeout_ms = conf->timeout_ms;
	c->goes_on = conf->goes_on;
	c->goes_on_arg = conf->arg;
	if ((err = handle_conf(conf->bootstrap, defaults, conf->props, fixed, &rconf, why, why_len)) != 0)
		goto fail;
	rd_kafka_conf_set_events(rconf, RD_KAFKA_EVENT_ERROR); /* not by a callback: the opaque may be the detour's */
	if (conf->detour != NULL)
		detour_take(conf->detour, rconf);
	if ((err = set(rconf, "client.id", conf->client_id, why, why_len)) != 0 ||
	    (err = set(rconf, "isolation.level", conf->read_committed ? "read_committed" : "read_uncommitted", why, why_len)) != 0 ||
	    (err = set(rconf, "queued.max.messages.kbytes", conf->queue_kib, why, why_len)) != 0 ||
	    (err = set(rconf, "fetch.wait.max.ms", conf->fetch_wait_ms, why, why_len)) != 0)
		goto fail;
	if (conf->read_committed) {
		c->telling = rd_kafka_conf_dup(rconf);
		rd_kafka_conf_set_events(c->telling, RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
		if ((err = set(c->telling, "statistics.interval.ms", TELLING_MS, why, why_len)) != 0)
			goto fail;
	}
	err = handle_new(RD_KAFKA_CONSUMER, rconf, &c->rk, why, why_len);
	rconf = NULL; /* used up */
	if (err != 0)
		goto fail;
	*ret = c;
	return 0;
fail:
	if (rconf != NULL)
		rd_kafka_conf_destroy(rconf);
	if (c->telling != NULL)
		rd_kafka_conf_destroy(c->telling);
	free(c);
	return err;
}

void
consumer_close(struct consumer *c)
{
	if (c == NULL)
		return;
	if (c->rkt != NULL)
		rd_kafka_topic_destroy(c->rkt);
	rd_kafka_destroy(c->rk);
	if (c->telling != NULL)
		rd_kafka_conf_destroy(c->telling);
	free(c->rkt_name);
	free(c->cluster_id);
	free(c->headers);
	free(c);
}

const char *
consumer_why(const struct consumer *c)
{
	return c->why;
}

void
consumer_wait(struct consumer *c, int timeout_ms)
{
	c->timeout_ms = timeout_ms;
}

/* What has arrived of a record before all of it has, librdkafka tells nobody. */
void
consumer_large(struct consumer *c, size_t bytes)
{
	c->large_ms = (int)(bytes / BYTES_PER_MS);
}

/* Errors of connections wait in the queue until somebody looks; so do statistics. */
static void
hear(struct consumer *c)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(c->rk);
	rd_kafka_event_t *ev;

	while ((ev = rd_kafka_queue_poll(queue, 0)) != NULL) {
		if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_ERROR)
			snprintf(c->last_error, sizeof(c->last_error), "%s", rd_kafka_event_error_string(ev));
		else if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_STATS && c->tells)
			c->reached = reached_offset(slice_str(rd_kafka_event_stats(ev)), c->rkt_name, c->partition);
		rd_kafka_event_destroy(ev);
	}
	rd_kafka_queue_destroy(queue);
}

static int
nomem(struct consumer *c)
{
	snprintf(c->why, sizeof(c->why), "out of memory");
	return ERR_NOMEM;
}

static int
failed(struct consumer *c, const char *what, rd_kafka_resp_err_t rerr)
{
	int err = handle_err(rerr);

	if (rerr == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE)
		return nomem(c);
	hear(c);
	snprintf(c->why, sizeof(c->why), "%s: %s%s%s", what, rd_kafka_err2str(rerr),
		 err == ERR_TIMEOUT && c->last_error[0] != '\0' ? ": " : "", err == ERR_TIMEOUT ? c->last_error : "");
	return err == 0 || err == ERR_NOT_NOW ? ERR_REMOTE : err;
}

static int
use_topic(struct consumer *c, const char *topic)
{
	char *name;

	if (c->rkt != NULL && strcmp(c->rkt_name, topic) == 0)
		return 0;
	if ((name = strdup(topic)) == NULL)
		return nomem(c);
	if (c->rkt != NULL)
		rd_kafka_topic_destroy(c->rkt);
	free(c->rkt_name);
	c->rkt_name = NULL;
	if ((c->rkt = rd_kafka_topic_new(c->rk, topic, NULL)) == NULL) {
		free(name);
		return failed(c, topic, rd_kafka_last_error());
	}
	c->rkt_name = name;
	return 0;
}

int
consumer_cluster_id(struct consumer *c, struct slice *ret)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t rerr;
	char *id;

	if (c->cluster_id == NULL) {
		if ((rerr = rd_kafka_metadata(c->rk, 0, NULL, &md, c->timeout_ms)) != RD_KAFKA_RESP_ERR_NO_ERROR)
			return failed(c, "cluster", rerr);
		rd_kafka_metadata_destroy(md);
		/* That answer brought it, so there is nothing to wait for. */
		id = rd_kafka_clusterid(c->rk, 0);
		c->cluster_id = strdup(id == NULL ? "" : id);
		if (id != NULL)
			rd_kafka_mem_free(c->rk, id);
		if (c->cluster_id == NULL)
			return nomem(c);
	}
	*ret = slice_str(c->cluster_id);
	return 0;
}

int
consumer_topics(struct consumer *c, consumer_topic_fn *fn, void *arg)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t rerr;
	int err = 0;

	if ((rerr = rd_kafka_metadata(c->rk, 1, NULL, &md, c->timeout_ms)) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(c, "topics", rerr);
	for (int i = 0; err == 0 && i < md->topic_cnt; i++) {
		/* One that is being deleted is in the list with an error, and without partitions. */
		if (md->topics[i].partition_cnt > 0)
			err = fn(arg, md->topics[i].topic, md->topics[i].partition_cnt);
	}
	rd_kafka_metadata_destroy(md);
	return err;
}

int
consumer_partitions(struct consumer *c, const char *topic, int32_t *ret)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t rerr;
	int32_t n = 0;
	int err;

	if ((err = use_topic(c, topic)) != 0)
		return err;
	if ((rerr = rd_kafka_metadata(c->rk, 0, c->rkt, &md, c->timeout_ms)) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(c, topic, rerr);
	rerr = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	for (int i = 0; i < md->topic_cnt; i++) {
		if (strcmp(md->topics[i].topic, topic) != 0)
			continue;
		rerr = md->topics[i].err;
		n = md->topics[i].partition_cnt;
	}
	rd_kafka_metadata_destroy(md);
	if (rerr == RD_KAFKA_RESP_ERR_NO_ERROR && n == 0)
		rerr = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (rerr != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(c, topic, rerr);
	*ret = n;
	return 0;
}

/*
 * The leader is another one by now.  librdkafka (2.0) asks the one in its cache, for a quarter
 * of an hour, whatever that answers; asking for the topic's metadata renews the cache.  Brokers
 * may take a moment to agree on who it is.  True: it is worth another try.
 */
static bool
learn_leader(struct consumer *c, const char *topic, rd_kafka_resp_err_t rerr, struct monotime since)
{
	static const struct timespec moment = {.tv_nsec = 50 * 1000 * 1000};
	const struct rd_kafka_metadata *md;
	rd_kafka_topic_t *rkt;
	bool learnt;

	if (rerr != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION && rerr != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE &&
	    rerr != RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE && rerr != RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH &&
	    rerr != RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH)
		return false;
	if (monotime_since_ms(clock_now(), since) >= c->timeout_ms || (rkt = rd_kafka_topic_new(c->rk, topic, NULL)) == NULL)
		return false;
	(void)nanosleep(&moment, NULL);
	learnt = rd_kafka_metadata(c->rk, 0, rkt, &md, c->timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
	if (learnt)
		rd_kafka_metadata_destroy(md);
	rd_kafka_topic_destroy(rkt);
	return learnt;
}

/*
 * By time, or RD_KAFKA_OFFSET_BEGINNING or _END.  The function for these two alone (of 2.0) waits for a broker that is silent
 * until its request is given up, several times, however soon it is to end.
 */
static rd_kafka_resp_err_t
offset_of(struct consumer *c, const char *topic, int32_t partition, int64_t at, int64_t *ret)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	struct monotime since = clock_now();
	rd_kafka_resp_err_t rerr;

	if (list == NULL)
		return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
	rd_kafka_topic_partition_list_add(list, topic, partition);
	do {
		list->elems[0].offset = at;
		rerr = rd_kafka_offsets_for_times(c->rk, list, c->timeout_ms);
		if (rerr == RD_KAFKA_RESP_ERR_NO_ERROR)
			rerr = list->elems[0].err;
	} while (learn_leader(c, topic, rerr, since));
	*ret = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return rerr;
}

int
consumer_watermarks(struct consumer *c, const char *topic, int32_t partition, int64_t *ret_low, int64_t *ret_high)
{
	int64_t low, high;
	rd_kafka_resp_err_t rerr = offset_of(c, topic, partition, RD_KAFKA_OFFSET_BEGINNING, &low);

	if (rerr == RD_KAFKA_RESP_ERR_NO_ERROR)
		rerr = offset_of(c, topic, partition, RD_KAFKA_OFFSET_END, &high);
	if (rerr != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(c, topic, rerr);
	*ret_low = low;
	*ret_high = high;
	return 0;
}

int
consumer_offset_at(struct consumer *c, const char *topic, int32_t partition, int64_t time_ms, int64_t *ret)
{
	int64_t offset;
	rd_kafka_resp_err_t rerr = offset_of(c, topic, partition, time_ms, &offset);

	if (rerr != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(c, topic, rerr);
	*ret = offset < 0 ? INT64_MAX : offset; /* "the end": nothing is that young */
	return 0;
}

int
consumer_topic_config(struct consumer *c, const char *topic, const char *name, char *ret, size_t ret_len)
{
	int err = handle_topic_config(c->rk, topic, name, c->timeout_ms, ret, ret_len);

	if (err != 0)
		snprintf(c->why, sizeof(c->why), "%s: %s can't be asked for", topic, name);
	return err;
}

/*
 * librdkafka gives names as C strings, so that one with a NUL inside looks shorter than
 * it is; it could pass for the name that was attested.  Where a value stands right
 * behind its name there is no room for more.  Else the list is searched by name, which
 * finds only names that are as long as they look: as many as there seem to be?
 */
static bool
name_is_whole(const rd_kafka_headers_t *hs, size_t count, const char *name, size_t name_len, const void *value)
{
	size_t alike = 0, len;
	const char *other;
	const void *found;

	if (value != NULL && (const char *)value == name + name_len + 1)
		return true;
	if (count > SLOW_CHECK_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		if (rd_kafka_header_get_all(hs, i, &other, &found, &len) == RD_KAFKA_RESP_ERR_NO_ERROR &&
		    strcmp(other, name) == 0)
			alike++;
	return rd_kafka_header_get(hs, alike - 1, name, &found, &len) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The record's headers into c->headers; their number, or an error. */
static int
read_headers(struct consumer *c, const rd_kafka_message_t *m, size_t *ret_count)
{
	rd_kafka_headers_t *hs;
	rd_kafka_resp_err_t rerr = rd_kafka_message_headers(m, &hs);
	size_t count;

	if (rerr == RD_KAFKA_RESP_ERR__NOENT) {
		*ret_count = 0;
		return 0;
	}
	if (rerr != RD_KAFKA_RESP_ERR_NO_ERROR)
		return failed(c, "headers", rerr);
	count = rd_kafka_header_cnt(hs);
	if (count > c->header_cap) {
		struct consumer_header *more = reallocarray(c->headers, count, sizeof(*more));

		if (more == NULL)
			return nomem(c);
		c->headers = more;
		c->header_cap = count;
	}
	for (size_t i = 0; i < count; i++) {
		const char *name;
		const void *value;
		size_t len, name_len;

		if ((rerr = rd_kafka_header_get_all(hs, i, &name, &value, &len)) != RD_KAFKA_RESP_ERR_NO_ERROR)
			return failed(c, "headers", rerr);
		name_len = strlen(name);
		if (!name_is_whole(hs, count, name, name_len, value))
			name_len++; /* with its NUL: no other name looks like that */
		c->headers[i].name = slice_of(name, name_len);
		c->headers[i].value = slice_of(value, value == NULL ? 0 : len);
	}
	*ret_count = count;
	return 0;
}

static void
on_message(rd_kafka_message_t *m, void *opaque)
{
	struct consumer *c = opaque;
	rd_kafka_timestamp_type_t type;
	struct consumer_record r;

	if (c->done || c->partition != m->partition)
		return;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if (m->offset >= c->to)
			c->done = true;
		else
			c->at_end = true;
		return;
	}
	if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
		c->out_of_range = true;
		return;
	}
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		c->err = failed(c, c->rkt_name, m->err);
		c->done = true;
		return;
	}
	if (m->offset < c->next)
		return;
	c->progress = true;
	if (m->offset >= c->to) {
		c->done = true;
		return;
	}
	c->next = m->offset + 1;
	r = (struct consumer_record){.offset = m->offset, .headers = c->headers};
	r.timestamp = rd_kafka_message_timestamp(m, &type);
	r.log_append = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
	r.key = slice_of(m->key, m->key == NULL ? 0 : m->key_len);
	r.value = slice_of(m->payload, m->payload == NULL ? 0 : m->len);
	if ((c->err = read_headers(c, m, &r.header_count)) == 0) {
		r.headers = c->headers;
		c->err = c->fn(c->arg, &r);
	}
	c->done = c->err != 0 || c->next >= c->to;
	if (c->done)
		rd_kafka_yield(c->rk);
}

/* The log's start moved past us, or its end before us (an unclean election): goes on from what is there. */
static int
find_place(struct consumer *c)
{
	int64_t low = 0, high = 0;
	int err = consumer_watermarks(c, c->rkt_name, c->partition, &low, &high);

	if (err != 0)
		return err;
	c->done = high < c->to && high <= c->next;
	c->cut |= c->done;
	if (c->out_of_range && !c->done) {
		if (low > c->next) {
			c->next = low;
			c->cut = true;
		}
		(void)rd_kafka_consume_stop(c->rkt, c->partition);
		if (c->next >= c->to)
			c->done = true;
		if (rd_kafka_consume_start(c->rkt, c->partition, c->next) != 0)
			return failed(c, c->rkt_name, rd_kafka_last_error());
	}
	c->out_of_range = c->at_end = false;
	return 0;
}

bool
consumer_was_cut(const struct consumer *c)
{
	return c->cut;
}

/*
 * What librdkafka had read by then was in its queue before it said so, and the queue has been empty since: all of that was
 * given, or there was nothing to give.
 */
static void
pass_over(struct consumer *c)
{
	c->progress = true;
	c->next = c->reached;
	c->done = c->next >= c->to;
}

/* Nothing came for this long. */
static bool
has_waited(const struct consumer *c, struct monotime last)
{
	int most = c->telling == NULL || c->tells ? c->timeout_ms : c->timeout_ms / 2;

	return monotime_since_ms(clock_now(), last) > most + c->large_ms;
}

/* From c->next on, with c->rk. */
static int
read_on(struct consumer *c)
{
	struct monotime last = clock_now();

	c->done = c->at_end = c->out_of_range = false;
	c->err = 0;
	if (rd_kafka_consume_start(c->rkt, c->partition, c->next) != 0)
		return failed(c, c->rkt_name, rd_kafka_last_error());
	while (!c->done) {
		c->progress = false;
		if (c->tells)
			hear(c);
		if (rd_kafka_consume_callback(c->rkt, c->partition, SLICE_MS, on_message, c) < 0) {
			c->err = failed(c, c->rkt_name, rd_kafka_last_error());
			break;
		}
		if (!c->progress && !c->done && c->reached > c->next)
			pass_over(c);
		if (c->progress) {
			last = clock_now();
			continue;
		}
		if (!c->done && (c->at_end || c->out_of_range) && (c->err = find_place(c)) != 0)
			break;
		if (!c->done && c->goes_on != NULL && !c->goes_on(c->goes_on_arg)) {
			c->err = ERR_CLOSED;
			break;
		}
		if (!c->done && has_waited(c, last)) {
			c->err = failed(c, c->rkt_name, RD_KAFKA_RESP_ERR__TIMED_OUT);
			break;
		}
	}
	(void)rd_kafka_consume_stop(c->rkt, c->partition);
	return c->err;
}

/* The same with a client that says how far it is. */
static int
read_on_telling(struct consumer *c)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(c->telling);
	rd_kafka_topic_t *rkt = c->rkt;
	rd_kafka_t *rk = c->rk;
	int err = handle_new(RD_KAFKA_CONSUMER, conf, &c->rk, c->why, sizeof(c->why));

	if (err != 0)
		return err;
	c->tells = true;
	if ((c->rkt = rd_kafka_topic_new(c->rk, c->rkt_name, NULL)) == NULL) {
		err = failed(c, c->rkt_name, rd_kafka_last_error());
	} else {
		err = read_on(c);
		rd_kafka_topic_destroy(c->rkt);
	}
	rd_kafka_destroy(c->rk);
	c->tells = false;
	c->rk = rk;
	c->rkt = rkt;
	return err;
}

int
consumer_read(struct consumer *c, const char *topic, int32_t partition, int64_t from, int64_t to, consumer_fn *fn,
	      void *arg)
{
	int err;

	c->cut = false;
	if (from >= to)
		return 0;
	if ((err = use_topic(c, topic)) != 0)
		return err;
	c->fn = fn;
	c->arg = arg;
	c->partition = partition;
	c->next = from;
	c->to = to;
	c->reached = -1;
	err = read_on(c);
	return err == ERR_TIMEOUT && c->telling != NULL ? read_on_telling(c) : err;
}

/* A leader refuses to read from behind its own end.  Of what it has and doesn't show yet it gives nothing, and no end either. */
int
consumer_ends_before(struct consumer *c, const char *topic, int32_t partition, int64_t offset, bool *ret)
{
	struct monotime since = clock_now();
	int64_t low, high, most = c->timeout_ms < END_MS ? c->timeout_ms : END_MS;
	int err = use_topic(c, topic);

	*ret = false;
	if (err != 0)
		return err;
	c->partition = partition;
	c->next = c->to = offset;
	c->done = c->at_end = c->out_of_range = false;
	c->err = 0;
	if (rd_kafka_consume_start(c->rkt, partition, offset) != 0)
		return failed(c, topic, rd_kafka_last_error());
	while (!c->done && !c->out_of_range && monotime_since_ms(clock_now(), since) < most)
		if (rd_kafka_consume_callback(c->rkt, partition, SLICE_MS, on_message, c) < 0) {
			c->err = failed(c, topic, rd_kafka_last_error());
			break;
		}
	(void)rd_kafka_consume_stop(c->rkt, partition);
	if (c->err != 0 || !c->out_of_range)
		return c->err;
	/* So it does where it begins behind that by now. */
	err = consumer_watermarks(c, topic, partition, &low, &high);
	*ret = err == 0 && high < offset;
	return err;
}
