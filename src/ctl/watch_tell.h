/*
 * watch_tell: where audit's findings go: to standard output, and to a topic.
 *
 *   watch_tell_found ─► lines, records ─► watch_tell_flush: all of it is where it belongs
 */
#ifndef CTL_WATCH_TELL_H
#define CTL_WATCH_TELL_H

#include <stdio.h>

#include "ctl/watch_json.h"
#include "rdkafka/detour.h"

struct watch_tell;

struct watch_tell_conf { /* borrowed */
	FILE *lines;
	bool json;
	const char *topic; /* or NULL: these are not looked at, then */
	const char *bootstrap;
	const char *const *props;
	struct detour *detour;
	void (*problem)(void *arg, const char *why); /* the topic can't be written; it is tried on */
	void *arg;
};

/* 0, ERR_CONFIG, ERR_IO, ERR_NOMEM; `why` says it. */
int watch_tell_open(const struct watch_tell_conf *conf, struct watch_tell **ret, char *why, size_t why_len) MUSTCHECK;
void watch_tell_close(struct watch_tell *t); /* NULL is fine */

/*
 * Waits as long as it takes.  `wait` is called now and then meanwhile: 0: it waits on; ERR_CLOSED: a moment; else it is what
 * ends it.  0; ERR_NOMEM; ERR_TIMEOUT: that moment is over; what `wait` gave.  All of it comes again when it is told again, and
 * nothing of it is written later: it is recalled.
 */
int watch_tell_found(struct watch_tell *t, const struct watch_json_about *about, const struct vigil_found *f, int (*wait)(void *arg),
		     void *arg) MUSTCHECK;

/* Waits until all is stored, as above.  Also ERR_IO: standard output can't be written; ERR_REMOTE: not all of it is stored. */
int watch_tell_flush(struct watch_tell *t, int (*wait)(void *arg), void *arg) MUSTCHECK;

/*
 * Of what is being told nothing that isn't at its broker yet is written any more.  For what is there the answer is waited for,
 * some seconds: who tells it again has to come behind it.
 */
void watch_tell_recall(struct watch_tell *t);

#endif
