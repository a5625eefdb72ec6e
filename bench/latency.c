/*
 * Open-loop produce latency: records are due at a fixed rate, in ticks of a millisecond, and a
 * record's latency counts from when it was due, so that a stall is not forgotten (no coordinated
 * omission).  Between ticks the thread sleeps: spinning would take a core from the brokers.
 *
 * usage: latency BOOTSTRAP TOPIC RATE SECONDS BYTES      prints "p50 MS p99 MS max MS records N"
 */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static int64_t *latencies;
static size_t done, failed;
static _Atomic int stopping;

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

/* Reports are taken as they come, not when the next record is due. */
static void *
take_reports(void *rk)
{
	while (!stopping)
		(void)rd_kafka_poll(rk, 100);
	return NULL;
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
	static const char *const props[][2] = {{"acks", "all"}, {"linger.ms", "5"}, {"socket.nagle.disable", "true"},
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
	int64_t start, per_tick, rate, n, warm;
	char *value;
	size_t bytes;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	pthread_t reports;

	if (argc != 6) {
		fprintf(stderr, "usage: latency BOOTSTRAP TOPIC RATE SECONDS BYTES\n");
		return 2;
	}
	(void)prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
	rate = atoll(argv[3]);
	warm = rate * WARM_UP_S;
	n = rate * atoll(argv[4]) + warm;
	bytes = (size_t)atoll(argv[5]);
	per_tick = rate / 1000 > 0 ? rate / 1000 : 1;
	latencies = calloc((size_t)n, sizeof(*latencies));
	value = calloc(1, bytes);
	memset(value, 'x', bytes);
	rk = open_producer(argv[1]);
	topic = rd_kafka_topic_new(rk, argv[2], NULL);
	if (pthread_create(&reports, NULL, take_reports, rk) != 0)
		return 1;
	start = now_ns() + 200000000;
	for (int64_t i = 0; i < n; i++) {
		int64_t due = start + i / per_tick * 1000000000 / (rate / per_tick);
		struct timespec at = {due / 1000000000, due % 1000000000};
		void *opaque;

		if (i % per_tick == 0)
			(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		memcpy(&opaque, &due, sizeof(opaque));
		while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, bytes, NULL, 0, opaque) != 0)
			(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 1000000}, NULL);
	}
	/* Not rd_kafka_flush(), which would take reports in this thread, too. */
	for (int i = 0; i < 30000 && rd_kafka_outq_len(rk) > 0; i++)
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 1000000}, NULL);
	stopping = 1;
	(void)pthread_join(reports, NULL);
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
