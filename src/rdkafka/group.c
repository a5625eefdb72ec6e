/*
 * By events and not by callbacks: the opaque may be the detour's.  Partitions are paused as soon as they are ours, so
 * that librdkafka fetches nothing for a queue that nobody reads.
 */
#include "rdkafka/group.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"

#include "rdkafka/detour_internal.h"
#include "rdkafka/ending_internal.h"
#include "rdkafka/handle_internal.h"

enum {
	PATTERN_MAX = 1024,
	LEAVE_MS = 3000, /* for the group to let us go */
};

struct group {
	struct group_conf conf;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	rd_kafka_queue_t *commits; /* answers to them, … */
	bool is_committing;        /* … of which one is still to come */
	rd_kafka_topic_partition_list_t *unbegun; /* ours, and nobody was told yet; or NULL */
	char why[600];
};

static const char *const defaults[] = {
	"client.id", "makotoctl",
	"partition.assignment.strategy", "cooperative-sticky", /* who keeps a partition goes on with it */
	"topic.metadata.refresh.interval.ms", "30000",         /* so soon a new topic that a glob means is seen */
	"socket.keepalive.enable", "true",
	NULL,
};

static const char *const fixed[] = {
	"enable.auto.commit", "false",
	"enable.auto.offset.store", "false",
	"auto.offset.reset", "latest", /* of what is paused */
	"allow.auto.create.topics", "false",
	NULL,
};

static int
say(struct group *g, const char *what, rd_kafka_resp_err_t rerr)
{
	int err = handle_err(rerr);

	snprintf(g->why, sizeof(g->why), "%s: %s", what, rd_kafka_err2str(rerr));
	return err == 0 ? ERR_REMOTE : err;
}

int
group_pattern(const char *glob, char *ret, size_t len)
{
	bool is_glob = strpbrk(glob, "*?") != NULL;
	size_t n = 0;

	if (!is_glob)
		return (size_t)snprintf(ret, len, "%s", glob) < len ? 0 : ERR_LIMIT;
	if (len < 4)
		return ERR_LIMIT;
	ret[n++] = '^';
	for (; *glob != '\0'; glob++) {
		if (n + 4 > len)
			return ERR_LIMIT;
		if (*glob == '*')
			ret[n++] = '.';
		else if (*glob != '?' && !isalnum((unsigned char)*glob) && *glob != '_' && *glob != '-')
			ret[n++] = '\\';
		ret[n++] = *glob == '?' ? '.' : *glob;
	}
	ret[n++] = '$';
	ret[n] = '\0';
	return 0;
}

static int
subscribe(struct group *g, const char *const *topics, char *why, size_t why_len)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
	rd_kafka_resp_err_t rerr;
	char pattern[PATTERN_MAX];

	if (list == NULL)
		return ERR_NOMEM;
	for (; *topics != NULL; topics++) {
		if (group_pattern(*topics, pattern, sizeof(pattern)) != 0) {
			rd_kafka_topic_partition_list_destroy(list);
			snprintf(why, why_len, "topic %.64s…: too long", *topics);
			return ERR_CONFIG;
		}
		rd_kafka_topic_partition_list_add(list, pattern, RD_KAFKA_PARTITION_UA);
	}
	rerr = rd_kafka_subscribe(g->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (rerr == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	snprintf(why, why_len, "the topics can't be subscribed to: %s", rd_kafka_err2str(rerr));
	return ERR_CONFIG;
}

int
group_open(const struct group_conf *conf, struct group **ret, char *why, size_t why_len)
{
	struct group *g = calloc(1, sizeof(*g));
	rd_kafka_conf_t *rconf;
	int err = ERR_NOMEM;

	snprintf(why, why_len, "out of memory");
	if (g == NULL)
		return ERR_NOMEM;
	g->conf = *conf;
	g->conf.bootstrap = g->conf.name = NULL; /* borrowed for this call */
	g->conf.topics = g->conf.props = NULL;
	if ((err = handle_conf(conf->bootstrap, defaults, conf->props, fixed, &rconf, why, why_len)) != 0)
		goto fail;
	if (rd_kafka_conf_set(rconf, "group.id", conf->name, why, why_len) != RD_KAFKA_CONF_OK) {
		rd_kafka_conf_destroy(rconf);
		err = ERR_CONFIG;
		goto fail;
	}
	rd_kafka_conf_set_events(rconf, RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_REBALANCE);
	if (conf->detour != NULL)
		detour_take(conf->detour, rconf);
	if ((err = handle_new(RD_KAFKA_CONSUMER, rconf, &g->rk, why, why_len)) != 0)
		goto fail;
	(void)rd_kafka_poll_set_consumer(g->rk);
	g->queue = rd_kafka_queue_get_consumer(g->rk);
	g->commits = rd_kafka_queue_new(g->rk);
	if (g->queue == NULL || g->commits == NULL) {
		err = ERR_NOMEM;
		goto fail;
	}
	if ((err = subscribe(g, conf->topics, why, why_len)) != 0)
		goto fail;
	why[0] = '\0';
	*ret = g;
	return 0;
fail:
	group_close(g);
	return err;
}

const char *
group_why(const struct group *g)
{
	return g->why;
}

/* --- shared out -------------------------------------------------------------------------- */

static bool
is_cooperative(const struct group *g)
{
	const char *protocol = rd_kafka_rebalance_protocol(g->rk);

	return protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
}

/* 0 or an error, which was said. */
static int
result(struct group *g, rd_kafka_error_t *e)
{
	if (e == NULL)
		return 0;
	snprintf(g->why, sizeof(g->why), "the group's assignment: %s", rd_kafka_error_string(e));
	rd_kafka_error_destroy(e);
	return ERR_REMOTE;
}

static void
tell_assigned(struct group *g, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];
		char note[GROUP_NOTE_MAX] = "";

		if (p->metadata != NULL && p->metadata_size < sizeof(note))
			memcpy(note, p->metadata, p->metadata_size); /* the rest is zeros */
		g->conf.assigned(g->conf.arg, p->topic, p->partition, p->offset >= 0 ? p->offset : -1, note);
	}
}

/* Without what was committed nothing begins, and it is asked for again: else all would be judged anew. */
static int
begin(struct group *g)
{
	rd_kafka_topic_partition_list_t *list = g->unbegun;
	rd_kafka_resp_err_t rerr = RD_KAFKA_RESP_ERR_NO_ERROR;

	if (list->cnt > 0)
		rerr = rd_kafka_committed(g->rk, list, g->conf.timeout_ms);
	for (int i = 0; rerr == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; i++)
		rerr = list->elems[i].err;
	if (rerr != RD_KAFKA_RESP_ERR_NO_ERROR)
		return say(g, "what the group committed", rerr);
	g->unbegun = NULL;
	tell_assigned(g, list);
	rd_kafka_topic_partition_list_destroy(list);
	return 0;
}

static int
assign(struct group *g, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t rerr = RD_KAFKA_RESP_ERR_NO_ERROR;
	int err;

	if (g->unbegun == NULL && (g->unbegun = rd_kafka_topic_partition_list_new(list->cnt)) == NULL)
		return ERR_NOMEM;
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_topic_partition_list_add(g->unbegun, list->elems[i].topic, list->elems[i].partition);
		list->elems[i].offset = RD_KAFKA_OFFSET_END;
	}
	if (is_cooperative(g))
		err = result(g, rd_kafka_incremental_assign(g->rk, list));
	else
		err = (rerr = rd_kafka_assign(g->rk, list)) == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : say(g, "the group's assignment", rerr);
	(void)rd_kafka_pause_partitions(g->rk, list);
	return err;
}

static int
revoke(struct group *g, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t rerr;

	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];

		if (g->unbegun == NULL || rd_kafka_topic_partition_list_del(g->unbegun, p->topic, p->partition) == 0)
			g->conf.revoked(g->conf.arg, p->topic, p->partition);
	}
	if (is_cooperative(g))
		return result(g, rd_kafka_incremental_unassign(g->rk, list));
	rerr = rd_kafka_assign(g->rk, NULL);
	return rerr == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : say(g, "the group's assignment", rerr);
}

static int
serve(struct group *g, rd_kafka_event_t *ev)
{
	rd_kafka_topic_partition_list_t *list;

	switch (rd_kafka_event_type(ev)) {
	case RD_KAFKA_EVENT_REBALANCE:
		list = rd_kafka_event_topic_partition_list(ev);
		return rd_kafka_event_error(ev) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? assign(g, list) : revoke(g, list);
	case RD_KAFKA_EVENT_ERROR:
		snprintf(g->why, sizeof(g->why), "%s", rd_kafka_event_error_string(ev));
		return handle_err(rd_kafka_event_error(ev));
	default:
		return 0; /* a record that came before its partition was paused */
	}
}

int
group_poll(struct group *g, int timeout_ms)
{
	rd_kafka_event_t *ev;
	int err = 0, got;

	while ((ev = rd_kafka_queue_poll(g->queue, timeout_ms)) != NULL) {
		timeout_ms = 0;
		if ((got = serve(g, ev)) != 0)
			err = got;
		rd_kafka_event_destroy(ev);
	}
	if (g->unbegun != NULL && (got = begin(g)) != 0)
		err = got;
	return err;
}

/* --- how far ------------------------------------------------------------------------------ */

static bool
is_passing(rd_kafka_resp_err_t rerr)
{
	return rerr == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || rerr == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
	       rerr == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS || rerr == RD_KAFKA_RESP_ERR__STATE ||
	       rerr == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST || rerr == RD_KAFKA_RESP_ERR__WAIT_COORD ||
	       rerr == RD_KAFKA_RESP_ERR__NO_OFFSET;
}

/*
 * The answer to the commit that is under way, and to its one partition.  False: not in that time; it may still come, and where
 * the cluster is gone it never does.
 */
static bool
answered(struct group *g, int timeout_ms, rd_kafka_resp_err_t *ret)
{
	rd_kafka_event_t *ev = rd_kafka_queue_poll(g->commits, timeout_ms);
	const rd_kafka_topic_partition_list_t *list;

	if (ev == NULL)
		return false;
	*ret = rd_kafka_event_error(ev);
	if (*ret == RD_KAFKA_RESP_ERR_NO_ERROR && (list = rd_kafka_event_topic_partition_list(ev)) != NULL && list->cnt > 0)
		*ret = list->elems[0].err;
	rd_kafka_event_destroy(ev);
	g->is_committing = false;
	return true;
}

static int
unanswered(struct group *g, const char *what)
{
	snprintf(g->why, sizeof(g->why), "the group's commit: %s", what);
	return ERR_TIMEOUT;
}

int
group_commit(struct group *g, const char *topic, int32_t partition, int64_t offset, const char *note)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_topic_partition_t *p;
	rd_kafka_resp_err_t rerr;

	/* librdkafka sends one again after the next was sent: the older one would stand. */
	if (g->is_committing && !answered(g, g->conf.timeout_ms, &rerr))
		return unanswered(g, "there is no answer to the one before");
	if ((list = rd_kafka_topic_partition_list_new(1)) == NULL)
		return ERR_NOMEM;
	p = rd_kafka_topic_partition_list_add(list, topic, partition);
	p->offset = offset;
	if (note[0] != '\0') {
		if ((p->metadata = strdup(note)) == NULL) {
			rd_kafka_topic_partition_list_destroy(list);
			return ERR_NOMEM;
		}
		p->metadata_size = strlen(note);
	}
	rerr = rd_kafka_commit_queue(g->rk, list, g->commits, NULL, NULL);
	rd_kafka_topic_partition_list_destroy(list);
	g->is_committing = rerr == RD_KAFKA_RESP_ERR_NO_ERROR;
	if (g->is_committing && !answered(g, g->conf.timeout_ms, &rerr))
		return unanswered(g, "there is no answer; it may be kept later");
	if (rerr == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	(void)say(g, "the group's commit", rerr);
	return is_passing(rerr) ? ERR_NOT_NOW : handle_err(rerr);
}

/* --- the end ------------------------------------------------------------------------------ */

/* All is given back, and the group told, if it lets us go by then.  Nobody hears of what is revoked on the way. */
static void
leave(struct group *g)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(g->rk);
	rd_kafka_error_t *e = queue == NULL ? NULL : rd_kafka_consumer_close_queue(g->rk, queue);
	struct monotime begin = clock_now();
	rd_kafka_event_t *ev;
	int64_t left = LEAVE_MS;

	while (queue != NULL && e == NULL && left > 0 && !rd_kafka_consumer_closed(g->rk)) {
		if ((ev = rd_kafka_queue_poll(queue, (int)left)) != NULL) {
			if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_REBALANCE)
				(void)rd_kafka_assign(g->rk, NULL);
			rd_kafka_event_destroy(ev);
		}
		left = LEAVE_MS - monotime_since_ms(clock_now(), begin);
	}
	if (e != NULL)
		rd_kafka_error_destroy(e);
	if (queue != NULL)
		rd_kafka_queue_destroy(queue);
}

void
group_close(struct group *g)
{
	if (g == NULL)
		return;
	if (g->queue != NULL && g->commits != NULL)
		leave(g);
	if (g->queue != NULL)
		rd_kafka_queue_destroy(g->queue);
	if (g->commits != NULL)
		rd_kafka_queue_destroy(g->commits);
	if (g->unbegun != NULL)
		rd_kafka_topic_partition_list_destroy(g->unbegun);
	if (g->rk != NULL && rd_kafka_consumer_closed(g->rk))
		rd_kafka_destroy(g->rk);
	else if (g->rk != NULL)
		ending_behind(g->rk, g->conf.detour);
	free(g);
}
