/* Looking at the cluster's brokers: at start, every refresh_ms, on demand. */
#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "kafka/metadata.h"
#include "proxy/control_private.h"

static void
metadata_body(void *arg, int16_t version, struct wr *w)
{
	(void)arg;
	metadata_request_write(version, NULL, NULL, 0, w);
}

/* As one word: it is shown to people, and a broker may say anything. */
static void
note_cluster(struct control *c, struct slice id)
{
	size_t n = id.n < CLUSTER_ID_MAX ? id.n : CLUSTER_ID_MAX - 1;

	pthread_mutex_lock(&c->mutex);
	for (size_t i = 0; i < n; i++)
		c->cluster_id[i] = id.p[i] > ' ' && id.p[i] < 0x7f ? (char)id.p[i] : '?';
	c->cluster_id[n] = '\0';
	pthread_mutex_unlock(&c->mutex);
}

static void
learn(struct control *c, const struct metadata *m)
{
	const char *unready = m->broker_count > 0 ? NULL : "the cluster tells of no broker";

	if (m->broker_count > 0) {
		c->told_lost = false; /* one is reached: the next outage is news, whatever we lack */
		endpoints_look(c->reactor->core->endpoints, m->cluster_id);
	}
	for (size_t i = 0; i < m->broker_count; i++) {
		const struct metadata_broker *b = &m->brokers[i];
		uint16_t port;
		int err = endpoints_meet(c->reactor->core->endpoints, b->node_id, b->host, b->port, &port);

		if (err == 0)
			continue;
		unready = err == ERR_LIMIT ? "listen.broker.ports has no free port for a broker" : "a broker's port can't be opened";
		if (err == ERR_CLOSED)
			continue; /* the proxy stops: no ports are opened any more */
		LOG_LIMITED(LOG_LEVEL_ERROR, "control", "a broker has no port of ours: clients can't reach it",
			    LOG_I("node", b->node_id), LOG_B("host", b->host), LOG_I("first", c->reactor->core->set.first_port),
			    LOG_I("last", c->reactor->core->set.last_port),
			    LOG_S("error", err == ERR_LIMIT ? "listen.broker.ports has no free port" : err_text(err)));
	}
	note_cluster(c, m->cluster_id);
	if (unready != NULL) {
		control_not_ready(c, unready);
		return;
	}
	if (atomic_exchange(&c->unready, NULL) != NULL) {
		metric_add(METRIC_READY, 1);
		LOG_LIMITED(LOG_LEVEL_INFO, "control", "the cluster is reachable", LOG_S("broker", c->broker),
			    LOG_B("cluster", m->cluster_id), LOG_I("brokers", m->broker_count));
	}
}

static void
look_later(struct control *c, int err)
{
	loop_timer_set(c->refresh, err == 0 && control_unready(c) == NULL ? c->reactor->core->set.refresh_ms : 1000);
}

static void
on_metadata(void *arg, int err, int16_t version, struct slice body)
{
	struct control *c = arg;
	struct metadata m;

	c->looking = false;
	if (err == 0)
		err = metadata_read(version, body, &m);
	if (err == 0) {
		c->understood = true;
		learn(c, &m);
		metadata_free(&m);
	} else if (err != ERR_CLOSED) {
		LOG_LIMITED(LOG_LEVEL_WARN, "control", "the cluster's brokers can't be learnt", LOG_S("broker", c->broker),
			    LOG_S("error", err_text(err)));
	}
	if (c->state == CONTROL_UP)
		look_later(c, err);
}

void
control_look(struct control *c)
{
	if (c->looking || c->state != CONTROL_UP)
		return;
	c->looking = control_ask(c, API_METADATA, METADATA_MIN, METADATA_MAX, metadata_body, on_metadata, c) == 0;
	if (!c->looking)
		loop_timer_set(c->refresh, 1000);
}

void
control_look_due(void *arg)
{
	control_look(arg);
}

int
control_look_check(struct control *c)
{
	struct wr w = wr_new(256);
	struct rope frame = {NULL, 0, 0, 0};
	int err = control_ask_version(c, API_METADATA, METADATA_MIN, METADATA_MAX, &c->check_version);

	if (err == 0) {
		request_header_write(API_METADATA, c->check_version, 0, slice_str(CONTROL_CLIENT_ID), &w);
		metadata_request_write(c->check_version, NULL, NULL, 0, &w);
		err = rope_add_wr(&frame, &w);
	}
	if (err == 0)
		err = io_send_frame(c->io, &frame);
	wr_free(&w);
	rope_clear(&frame);
	return err;
}

const char *
control_look_checked(struct control *c, struct slice frame)
{
	struct metadata m;
	size_t at;
	bool other;

	if (response_body_at(API_METADATA, c->check_version, frame, &at) != 0 ||
	    metadata_read(c->check_version, slice_of(frame.p + at, frame.n - at), &m) != 0)
		return "its answer to Metadata can't be understood";
	other = endpoints_other(c->reactor->core->endpoints, m.cluster_id);
	if (other) {
		LOG_LIMITED(LOG_LEVEL_WARN, "control", "a broker's address belongs to another cluster now; it is left alone",
			    LOG_I("node", c->node_id), LOG_S("broker", c->broker), LOG_B("cluster", m.cluster_id));
	} else {
		c->understood = true;
		learn(c, &m);
		look_later(c, 0);
	}
	metadata_free(&m);
	return other ? "it is another cluster's" : NULL;
}
