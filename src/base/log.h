/*
 * log: one line per event on stderr, logfmt or JSON, safe from any thread.
 *
 *   LOG_INFO("upstream", "connected", LOG_S("broker", addr), LOG_I("node", 3));
 *   ts=2026-01-02T03:04:05.678Z level=info where=upstream msg=connected broker=10.0.0.7:9092 node=3
 *
 * The rooms base, digest, kafka, makoto, keys and config don't log: they return
 * errors, and the caller that gives up logs once.  Record contents and secrets
 * never reach a log.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/slice.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

struct log_field {
	const char *name; /* NULL ends the list */
	enum { LOG_FIELD_TEXT, LOG_FIELD_INT } type;
	struct slice text;
	int64_t num;
};

#define LOG_S(name, s) ((struct log_field){(name), LOG_FIELD_TEXT, slice_str(s), 0})
#define LOG_B(name, slice_) ((struct log_field){(name), LOG_FIELD_TEXT, (slice_), 0})
#define LOG_I(name, n) ((struct log_field){(name), LOG_FIELD_INT, {NULL, 0}, (int64_t)(n)})
#define LOG_END_ ((struct log_field){NULL, LOG_FIELD_TEXT, {NULL, 0}, 0})

#define LOG_AT(level, where, ...) LOG_AT_(level, where, __VA_ARGS__, LOG_END_)
#define LOG_AT_(level, where, msg, ...)                                                            \
	do {                                                                                       \
		if (log_enabled(level))                                                            \
			log_event(level, where, msg, (struct log_field[]){__VA_ARGS__});           \
	} while (0)
#define LOG_ERROR(where, ...) LOG_AT(LOG_LEVEL_ERROR, where, __VA_ARGS__)
#define LOG_WARN(where, ...) LOG_AT(LOG_LEVEL_WARN, where, __VA_ARGS__)
#define LOG_INFO(where, ...) LOG_AT(LOG_LEVEL_INFO, where, __VA_ARGS__)
#define LOG_DEBUG(where, ...) LOG_AT(LOG_LEVEL_DEBUG, where, __VA_ARGS__)

/*
 * As LOG_AT, for lines that a peer can cause at will: at most 10 a second from
 * this place in the source; the next line that passes says how many did not.
 */
#define LOG_LIMITED(level, where, ...)                                                             \
	do {                                                                                       \
		static struct log_site site_;                                                      \
		if (log_enabled(level) && log_site_pass(&site_))                                   \
			LOG_AT(level, where, __VA_ARGS__);                                         \
	} while (0)

struct log_site {
	_Atomic int64_t second;
	_Atomic unsigned passed;
};

void log_setup(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);
bool log_site_pass(struct log_site *site);
void log_event(enum log_level level, const char *where, const char *msg, const struct log_field *fields);

#endif
