/*
 * scout: looks for a topic, creates it when it is missing, and learns what it takes.
 *
 * librdkafka asks for metadata only by calls that block, so a thread does it, which
 * ends when the topic is there.  For this room only.
 */
#ifndef RDKAFKA_SCOUT_INTERNAL_H
#define RDKAFKA_SCOUT_INTERNAL_H

#include "rdkafka/handle_internal.h"

enum { SCOUT_WHY = 512 };

struct scout;

/* Starts the search; rk, rkt and topic must outlive it.  `event_fd` gets 1 added at each news.  0, ERR_NOMEM, ERR_IO. */
int scout_start(rd_kafka_t *rk, rd_kafka_topic_t *rkt, const char *topic, int create_partitions,
		int create_replication, int event_fd, struct scout **ret) MUSTCHECK;

/* Ends it, found or not; may take as long as one question to the cluster.  NULL is fine. */
void scout_stop(struct scout *s);

/* Is there a problem that wasn't told yet?  Copies it. */
bool scout_problem(struct scout *s, char why[SCOUT_WHY]);

/* Is the topic there?  The limit is its max.message.bytes; 0: nobody told. */
bool scout_found(struct scout *s, int32_t *ret_partitions, size_t *ret_limit);

#endif
