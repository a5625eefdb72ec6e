/*
 * watch_json: what audit writes to its topic, and for programs on standard output; docs/VERIFYING.md has the members.
 *
 *   key TOPIC/PARTITION     value: one JSON object, of a window or of a finding
 */
#ifndef CTL_WATCH_JSON_H
#define CTL_WATCH_JSON_H

#include "base/wr.h"
#include "verify/vigil.h"

enum { WATCH_JSON_MAX = 64 * 1024 };

struct watch_json_about {
	const char *topic, *topic_id;
	int64_t judged_ms;
	bool again; /* who had the partition before may have told it, too */
};

enum watch_outcome { WATCH_COMPLETE, WATCH_UNDECIDED, WATCH_VIOLATION };

enum watch_outcome watch_json_outcome(const struct vigil_window *x);
enum watch_outcome watch_json_outcome_of(const struct vigil_run *r); /* COMPLETE: worth a note, and no more */

/* Appends the object; its faults stick to w. */
void watch_json_window(struct wr *w, const struct watch_json_about *about, const struct vigil_found *f,
		       const struct vigil_window *x);
void watch_json_run(struct wr *w, const struct watch_json_about *about, const struct vigil_run *r);

/* What was begun to be told, as it stands beside the committed offset; and its end, read back: -1, there is none. */
void watch_json_note(int64_t to, char *ret, size_t len);
int64_t watch_json_noted(const char *note);

#endif
