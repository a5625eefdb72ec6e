/* handle: what producers and consumers have in common when they are made; for this room only. */
#ifndef RDKAFKA_HANDLE_INTERNAL_H
#define RDKAFKA_HANDLE_INTERNAL_H

#include <librdkafka/rdkafka.h>

#include "base/err.h"
#include "base/base.h"

/*
 * A configuration in three layers: `defaults`, then what the user asked for, then `fixed`,
 * which our guarantees hang on.  Each is name, value, …, NULL, or NULL.  librdkafka's log
 * lines go to ours.  0, ERR_CONFIG with `why`, ERR_NOMEM.
 */
int handle_conf(const char *bootstrap, const char *const *defaults, const char *const *props,
		const char *const *fixed, rd_kafka_conf_t **ret, char *why, size_t why_len) MUSTCHECK;

/* A client made of `conf`, which is used up either way. */
int handle_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, char *why, size_t why_len) MUSTCHECK;

/* Our code for one of librdkafka's. */
int handle_err(rd_kafka_resp_err_t err);

/*
 * Waits for the answer to an admin request on `queue`, of the type `want`.  NULL in time
 * out.  The caller destroys the event.
 */
rd_kafka_event_t *handle_admin_answer(rd_kafka_queue_t *queue, rd_kafka_event_type_t want, int timeout_ms);

/* One configuration of a topic, as text.  0, ERR_NOTFOUND (may not be asked for, or isn't there), ERR_TIMEOUT. */
int handle_topic_config(rd_kafka_t *rk, const char *topic, const char *name, int timeout_ms, char *ret,
			size_t ret_len) MUSTCHECK;

/* The same of the controller, as a broker. */
int handle_broker_config(rd_kafka_t *rk, const char *name, int timeout_ms, char *ret, size_t ret_len) MUSTCHECK;

#endif
