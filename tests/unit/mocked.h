/* mocked: librdkafka's mock cluster with records in it, for tests that read. */
#ifndef TESTS_UNIT_MOCKED_H
#define TESTS_UNIT_MOCKED_H

#include <check.h>
#include <poll.h>

#include "base/log.h"
#include "rdkafka/consumer.h"
#include "rdkafka/mock.h"
#include "rdkafka/publisher.h"

static struct mock *mock;

static void
mocked_ready(void *arg, int32_t n)
{
	(void)arg;
	(void)n;
}

static void
mocked_report(void *arg, void *opaque, int err, const char *why)
{
	(void)arg;
	(void)opaque;
	ck_assert_msg(err == 0, "%s", why);
}

static void
mocked_problem(void *arg, const char *why)
{
	(void)arg;
	ck_abort_msg("%s", why);
}

static void
mocked_open(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	mock = mock_start(1);
	ck_assert_ptr_nonnull(mock);
}

static UNUSED struct publisher *
mocked_publisher(const char *topic)
{
	struct publisher_conf conf = {.bootstrap = mock_bootstrap(mock),
				      .topic = topic,
				      .create_partitions = -1,
				      .create_replication = -1,
				      .on_ready = mocked_ready,
				      .on_report = mocked_report,
				      .on_problem = mocked_problem};
	struct publisher *p;
	char why[256];

	ck_assert_msg(publisher_open(&conf, &p, why, sizeof(why)) == 0, "%s", why);
	return p;
}

static UNUSED void
mocked_serve(struct publisher *p)
{
	struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

	ck_assert_int_eq(poll(&fd, 1, 30000), 1);
	publisher_serve(p);
}

/* Once there is room. */
static UNUSED void
mocked_send(struct publisher *p, int32_t partition, struct slice key, struct slice value, const struct publisher_header *headers,
	    size_t count)
{
	int err;

	while ((err = publisher_send(p, partition, key, value, headers, count, NULL)) == ERR_NOT_NOW)
		mocked_serve(p);
	ck_assert_int_eq(err, 0);
}

/* All of it is stored. */
static UNUSED void
mocked_finish(struct publisher *p)
{
	while (publisher_pending(p) > 0)
		mocked_serve(p);
	publisher_close(p, 0);
}

static UNUSED struct consumer *
mocked_consumer(int timeout_ms)
{
	struct consumer_conf conf = {.bootstrap = mock_bootstrap(mock), .timeout_ms = timeout_ms};
	struct consumer *c;
	char why[256];

	ck_assert_msg(consumer_open(&conf, &c, why, sizeof(why)) == 0, "%s", why);
	return c;
}

#endif
