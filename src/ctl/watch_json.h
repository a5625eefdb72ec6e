/*
 * watch_json: what audit writes to its topic, and for programs on standard output; docs/VERIFYING.md has the members.
 *
 *   key TOPIC/PARTITION     value: one JSON object, of a window or of a finding
 */
#ifndef CTL_WATCH_JSON_H
#define CTL_WATCH_JSON_H

#include "base/wr.h"
#include "ctl/topic_id.h"
#include "verify/vigil.h"

enum { WATCH_JSON_MAX = 64 * 1024 };

struct watch_json_about {
	const char *topic, *topic_id;
	int64_t judged_ms;
	bool again; /* it may have been told before, by us or by who had the partition then */
};

enum watch_outcome { WATCH_COMPLETE, WATCH_UNDECIDED, WATCH_VIOLATION };

enum watch_outcome watch_json_outcome(const struct vigil_window *x);
enum watch_outcome watch_json_outcome_of(const struct vigil_run *r); /* COMPLETE: worth a note, and no more */

/* Appends the object; its faults stick to w. */
void watch_json_window(struct wr *w, const struct watch_json_about *about, const struct vigil_found *f,
		       const struct vigil_window *x);
void watch_json_run(struct wr *w, const struct watch_json_about *about, const struct vigil_run *r);

/*
 * What stands beside a committed offset: the topic's id (22 characters; empty: it has none), and up to where something is
 * being told (-1: nothing is).  And that read back, as far as it is there.
 */
void watch_json_note(const char *topic_id, int64_t to, char *ret, size_t len);
void watch_json_noted(const char *note, char ret_topic_id[TOPIC_ID_TEXT + 1], int64_t *ret_to);

#endif
