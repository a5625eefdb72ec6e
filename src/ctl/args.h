/* args: values that several commands take from their command line. */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include "base/err.h"
#include "base/slice.h"

/* librdkafka's properties: name, value, …, NULL.  Zeroed is empty; args_props_free(). */
struct args_props {
	char **list;
	size_t count; /* texts, without the NULL */
};

/* Adds "name=value".  0, ERR_CONFIG: there is no '=', ERR_NOMEM. */
int args_props_add(struct args_props *p, const char *text) MUSTCHECK;
void args_props_free(struct args_props *p);
const char *const *args_props_list(const struct args_props *p); /* NULL when empty */
const char *args_props_get(const struct args_props *p, const char *name); /* the last one, or NULL */

/* How long to wait for an answer of the cluster: socket.timeout.ms when it is set, else a default. */
int args_props_timeout_ms(const struct args_props *p);

/*
 * An offset, or a time: RFC 3339, "-1h" (ms, s, m, h, d before now), or 13 digits of
 * milliseconds since 1970.  0 or ERR_CONFIG.
 */
int args_bound(const char *text, int64_t now_ms, bool *ret_is_time, int64_t *ret) MUSTCHECK;

/* A number and its unit (ms, s, m, h, d), as milliseconds.  0 or ERR_CONFIG. */
int args_duration(const char *text, int64_t *ret) MUSTCHECK;

/* A number in min … max.  0 or ERR_CONFIG. */
int args_number(const char *text, int64_t min, int64_t max, int64_t *ret) MUSTCHECK;

#endif
