#include "rdkafka/handle_internal.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"

/* syslog's levels, whose header has names that are ours too. */
enum { THEIR_ERROR = 3, THEIR_WARNING = 4 };

/* Called from librdkafka's threads. */
static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	/* Broken connections reach our callers as events, who know what they mean. */
	if (strcmp(facility, "FAIL") == 0 || strcmp(facility, "FATAL") == 0)
		level = THEIR_WARNING + 1;
	if (level <= THEIR_ERROR)
		LOG_LIMITED(LOG_LEVEL_ERROR, "librdkafka", "librdkafka says", LOG_S("facility", facility), LOG_S("text", text));
	else if (level == THEIR_WARNING)
		LOG_LIMITED(LOG_LEVEL_WARN, "librdkafka", "librdkafka says", LOG_S("facility", facility), LOG_S("text", text));
	else
		LOG_LIMITED(LOG_LEVEL_DEBUG, "librdkafka", "librdkafka says", LOG_S("facility", facility), LOG_S("text", text));
}

static int
set_all(rd_kafka_conf_t *conf, const char *const *props, char *why, size_t why_len)
{
	for (; props != NULL && props[0] != NULL && props[1] != NULL; props += 2)
		if (rd_kafka_conf_set(conf, props[0], props[1], why, why_len) != RD_KAFKA_CONF_OK)
			return ERR_CONFIG;
	return 0;
}

static const char *
prop_of(const char *const *props, const char *name)
{
	const char *value = NULL;

	for (; props != NULL && props[0] != NULL && props[1] != NULL; props += 2)
		if (strcmp(props[0], name) == 0)
			value = props[1];
	return value;
}

/* Kafka 4 refuses the SCRAM of librdkafka before 2.6.1, which sends the server's nonce changed. */
static void
warn_of_scram(const char *const *props)
{
	const char *mechanism = prop_of(props, "sasl.mechanism");

	if (mechanism == NULL)
		mechanism = prop_of(props, "sasl.mechanisms");
	if (mechanism != NULL && strncasecmp(mechanism, "SCRAM", 5) == 0 && rd_kafka_version() < 0x020601ff)
		LOG_WARN("librdkafka", "this librdkafka can't log in by SCRAM to Kafka 4: it needs 2.6.1",
			 LOG_S("version", rd_kafka_version_str()));
}

int
handle_conf(const char *bootstrap, const char *const *defaults, const char *const *props, const char *const *fixed,
	    rd_kafka_conf_t **ret, char *why, size_t why_len)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int err;

	if (conf == NULL)
		return ERR_NOMEM;
	warn_of_scram(props);
	if ((err = set_all(conf, defaults, why, why_len)) != 0 || (err = set_all(conf, props, why, why_len)) != 0 ||
	    (err = set_all(conf, fixed, why, why_len)) != 0)
		goto fail;
	if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, why_len) != RD_KAFKA_CONF_OK) {
		err = ERR_CONFIG;
		goto fail;
	}
	rd_kafka_conf_set_log_cb(conf, on_log);
	*ret = conf;
	return 0;
fail:
	rd_kafka_conf_destroy(conf);
	return err;
}

int
handle_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, char *why, size_t why_len)
{
	rd_kafka_t *rk = rd_kafka_new(type, conf, why, why_len);

	if (rk == NULL) {
		/* Only a client that came to be owns its configuration. */
		rd_kafka_conf_destroy(conf);
		return rd_kafka_last_error() == RD_KAFKA_RESP_ERR__INVALID_ARG ? ERR_CONFIG : ERR_NOMEM;
	}
	*ret = rk;
	return 0;
}

int
handle_err(rd_kafka_resp_err_t err)
{
	static const struct {
		rd_kafka_resp_err_t theirs;
		int ours;
	} table[] = {
		{RD_KAFKA_RESP_ERR_NO_ERROR, 0},
		{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ERR_LIMIT},
		{RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ERR_LIMIT}, /* than a segment */
		{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ERR_NOTFOUND},
		{RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ERR_NOTFOUND},
		{RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ERR_NOTFOUND},
		{RD_KAFKA_RESP_ERR__TIMED_OUT, ERR_TIMEOUT},
		{RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, ERR_TIMEOUT},
		{RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ERR_TIMEOUT},
		{RD_KAFKA_RESP_ERR__TRANSPORT, ERR_TIMEOUT},
		{RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ERR_TIMEOUT},
		{RD_KAFKA_RESP_ERR__RESOLVE, ERR_TIMEOUT},
		{RD_KAFKA_RESP_ERR__QUEUE_FULL, ERR_NOT_NOW},
		{RD_KAFKA_RESP_ERR__FATAL, ERR_NOT_NOW},
		{RD_KAFKA_RESP_ERR__PURGE_QUEUE, ERR_CLOSED},
		{RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, ERR_CLOSED},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].theirs == err)
			return table[i].ours;
	return ERR_REMOTE;
}

rd_kafka_event_t *
handle_admin_answer(rd_kafka_queue_t *queue, rd_kafka_event_type_t want, int timeout_ms)
{
	rd_kafka_event_t *ev = rd_kafka_queue_poll(queue, timeout_ms);

	if (ev != NULL && rd_kafka_event_type(ev) != want) {
		rd_kafka_event_destroy(ev);
		ev = NULL;
	}
	return ev;
}

/* Copies the value of `name` out of the one resource of an answer. */
static int
pick_config(rd_kafka_event_t *ev, const char *name, char *ret, size_t ret_len)
{
	const rd_kafka_DescribeConfigs_result_t *res = rd_kafka_event_DescribeConfigs_result(ev);
	const rd_kafka_ConfigResource_t **resources;
	const rd_kafka_ConfigEntry_t **entries;
	size_t n;

	if (rd_kafka_event_error(ev) != RD_KAFKA_RESP_ERR_NO_ERROR || res == NULL)
		return ERR_NOTFOUND;
	resources = rd_kafka_DescribeConfigs_result_resources(res, &n);
	if (n != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return ERR_NOTFOUND;
	entries = rd_kafka_ConfigResource_configs(resources[0], &n);
	for (size_t i = 0; i < n; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (value == NULL || strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) != 0)
			continue;
		snprintf(ret, ret_len, "%s", value);
		return 0;
	}
	return ERR_NOTFOUND;
}

/*
 * librdkafka sends admin requests to the controller, and waits for one to the very end.
 * A cluster that names none of its brokers (the mock) would cost the whole time.
 */
static bool
find_controller(rd_kafka_t *rk, int timeout_ms, int32_t *ret_id)
{
	const struct rd_kafka_metadata *md;
	bool found = false;
	int32_t id;

	if (rd_kafka_metadata(rk, 0, NULL, &md, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	*ret_id = id = rd_kafka_controllerid(rk, 0);
	for (int i = 0; i < md->broker_cnt; i++)
		found = found || md->brokers[i].id == id;
	rd_kafka_metadata_destroy(md);
	return found;
}

static int
describe(rd_kafka_t *rk, rd_kafka_ResourceType_t type, const char *of, const char *name, int timeout_ms, char *ret,
	 size_t ret_len)
{
	rd_kafka_ConfigResource_t *resource;
	rd_kafka_AdminOptions_t *options;
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *ev = NULL;
	char ignored[128];
	int err = ERR_NOMEM;

	resource = rd_kafka_ConfigResource_new(type, of);
	options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	queue = rd_kafka_queue_new(rk);
	if (resource == NULL || options == NULL || queue == NULL)
		goto out;
	(void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, ignored, sizeof(ignored));
	rd_kafka_DescribeConfigs(rk, &resource, 1, options, queue);
	ev = handle_admin_answer(queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, timeout_ms + 1000);
	err = ev == NULL ? ERR_TIMEOUT : pick_config(ev, name, ret, ret_len);
out:
	if (ev != NULL)
		rd_kafka_event_destroy(ev);
	if (queue != NULL)
		rd_kafka_queue_destroy(queue);
	if (options != NULL)
		rd_kafka_AdminOptions_destroy(options);
	if (resource != NULL)
		rd_kafka_ConfigResource_destroy(resource);
	return err;
}

int
handle_topic_config(rd_kafka_t *rk, const char *topic, const char *name, int timeout_ms, char *ret, size_t ret_len)
{
	int32_t id;

	if (!find_controller(rk, timeout_ms, &id))
		return ERR_NOTFOUND;
	return describe(rk, RD_KAFKA_RESOURCE_TOPIC, topic, name, timeout_ms, ret, ret_len);
}

int
handle_broker_config(rd_kafka_t *rk, const char *name, int timeout_ms, char *ret, size_t ret_len)
{
	char of[16];
	int32_t id;

	if (!find_controller(rk, timeout_ms, &id))
		return ERR_NOTFOUND;
	snprintf(of, sizeof(of), "%d", (int)id);
	return describe(rk, RD_KAFKA_RESOURCE_BROKER, of, name, timeout_ms, ret, ret_len);
}
