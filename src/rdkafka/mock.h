/*
 * mock: librdkafka's embedded Kafka cluster, for the demo and for tests.  It listens on
 * 127.0.0.1, keeps records in memory, and knows no topic ids and no admin requests.
 */
#ifndef RDKAFKA_MOCK_H
#define RDKAFKA_MOCK_H

#include "base/err.h"
#include "base/base.h"

struct mock;

/* A cluster of so many brokers; NULL when it can't be started. */
struct mock *mock_start(int brokers) MUSTCHECK;
void mock_stop(struct mock *m); /* NULL is fine */

const char *mock_bootstrap(const struct mock *m); /* host:port,… */

/* 0, ERR_EXISTS or ERR_REMOTE. */
int mock_topic(struct mock *m, const char *name, int partitions) MUSTCHECK;

/* The next so many requests of that API, at most 8, are answered with that error code of Kafka's. */
void mock_refuse(struct mock *m, int16_t api, int16_t error, int times);

/* All brokers answer so much later. */
void mock_slow(struct mock *m, int ms);

#endif
