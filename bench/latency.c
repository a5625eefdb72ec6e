/*
 * Open-loop produce latency: records are due at a fixed rate, and a record's latency counts
 * from when it was due, so that a stall is not forgotten (no coordinated omission).
 *
 * usage: latency BOOTSTRAP TOPIC RATE SECONDS BYTES      prints "p50 MS p99 MS max MS records N"
 */
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t *latencies;
static size_t done, failed;

static int64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	int64_t due;

	(void)rk;
	(void)opaque;
	if (m->err != 0) {
		failed++;
		return;
	}
	memcpy(&due, &m->_private, sizeof(due));
	latencies[done++] = now_ns() - due;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static rd_kafka_t *
open_producer(const char *bootstrap)
{
	static const char *const props[][2] = {{"acks", "all"}, {"linger.ms", "0"}, {"socket.nagle.disable", "true"},
					       {"queue.buffering.max.messages", "1000000"}};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *rk;

	(void)rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof(why));
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++)
		(void)rd_kafka_conf_set(conf, props[i][0], props[i][1], why, sizeof(why));
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (rk == NULL) {
		fprintf(stderr, "latency: %s\n", why);
		exit(1);
	}
	return rk;
}

int
main(int argc, char **argv)
{
	enum { WARM_UP_S = 2 };
	int64_t start, step, rate, n, warm;
	char *value;
	size_t bytes;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;

	if (argc != 6) {
		fprintf(stderr, "usage: latency BOOTSTRAP TOPIC RATE SECONDS BYTES\n");
		return 2;
	}
	rate = atoll(argv[3]);
	warm = rate * WARM_UP_S;
	n = rate * atoll(argv[4]) + warm;
	bytes = (size_t)atoll(argv[5]);
	step = 1000000000 / rate;
	latencies = calloc((size_t)n, sizeof(*latencies));
	value = calloc(1, bytes);
	memset(value, 'x', bytes);
	rk = open_producer(argv[1]);
	topic = rd_kafka_topic_new(rk, argv[2], NULL);
	start = now_ns() + 200000000;
	for (int64_t i = 0; i < n; i++) {
		int64_t due = start + i * step;
		void *opaque;

		while (now_ns() < due)
			(void)rd_kafka_poll(rk, 0);
		memcpy(&opaque, &due, sizeof(opaque));
		while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, bytes, NULL, 0, opaque) != 0)
			(void)rd_kafka_poll(rk, 1);
	}
	(void)rd_kafka_flush(rk, 30000);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	if (failed > 0 || done != (size_t)n) {
		fprintf(stderr, "latency: %zu of %lld records not acknowledged\n", (size_t)n - done, (long long)n);
		return 1;
	}
	/* The first reports are about the first records: connections, metadata. */
	qsort(latencies + warm, done - (size_t)warm, sizeof(*latencies), by_value);
	printf("p50 %.3f p99 %.3f max %.3f records %lld\n", (double)latencies[warm + (n - warm) / 2] / 1e6,
	       (double)latencies[warm + (n - warm) * 99 / 100] / 1e6, (double)latencies[n - 1] / 1e6,
	       (long long)(n - warm));
	free(latencies);
	free(value);
	return 0;
}
