#include "rdkafka/mock.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

struct mock {
	rd_kafka_t *rk; /* the mock lives inside a client of its own */
	rd_kafka_mock_cluster_t *cluster;
	int brokers;
};

struct mock *
mock_start(int brokers)
{
	struct mock *m = calloc(1, sizeof(*m));
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	if (m == NULL || conf == NULL)
		goto fail;
	/* It has no cluster of its own to talk to, and would complain. */
	(void)rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
	if ((m->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why))) == NULL)
		goto fail;
	m->brokers = brokers;
	conf = NULL; /* it is the client's now */
	if ((m->cluster = rd_kafka_mock_cluster_new(m->rk, brokers)) == NULL)
		goto fail;
	return m;
fail:
	if (conf != NULL)
		rd_kafka_conf_destroy(conf);
	mock_stop(m);
	return NULL;
}

void
mock_stop(struct mock *m)
{
	if (m == NULL)
		return;
	if (m->cluster != NULL)
		rd_kafka_mock_cluster_destroy(m->cluster);
	if (m->rk != NULL)
		rd_kafka_destroy(m->rk);
	free(m);
}

const char *
mock_bootstrap(const struct mock *m)
{
	return rd_kafka_mock_cluster_bootstraps(m->cluster);
}

int
mock_topic(struct mock *m, const char *name, int partitions)
{
	rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(m->cluster, name, partitions, 1);

	if (err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return ERR_EXISTS;
	return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : ERR_REMOTE;
}

void
mock_refuse(struct mock *m, int16_t api, int16_t error, int times)
{
	rd_kafka_resp_err_t errors[8];
	size_t n = 0;

	while (n < ARRAY_LEN(errors) && (int)n < times)
		errors[n++] = (rd_kafka_resp_err_t)error;
	rd_kafka_mock_push_request_errors_array(m->cluster, api, n, errors);
}

void
mock_slow(struct mock *m, int ms)
{
	for (int id = 1; id <= m->brokers; id++)
		(void)rd_kafka_mock_broker_set_rtt(m->cluster, id, ms);
}
