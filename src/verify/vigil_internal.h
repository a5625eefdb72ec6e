/* What vigil.c and vigil_told.c share. */
#ifndef VERIFY_VIGIL_INTERNAL_H
#define VERIFY_VIGIL_INTERNAL_H

#include "verify/answered.h"
#include "verify/patience.h"
#include "verify/reader.h"
#include "verify/stretch.h"
#include "verify/vigil.h"

enum { EARLY_MAX = 64 };

struct early { /* a window of which all was told though its end isn't in the log */
	uint8_t sha256[SHA256_LEN];
	int64_t last_offset;
};

struct vigil {
	struct vigil_conf conf;
	char topic[256], topic_id[32];
	int32_t partition;
	bool compacted;
	struct vigil_begin begin;
	bool begun;
	int64_t from; /* everything below is judged, and told */
	int64_t low, high;
	int64_t stuck_at; /* it was said that there is no room for what is said about this one alone; -1: none */
	struct stretch *stretch;
	struct patience patience;
	struct reader_headers headers;
	struct early *early; /* EARLY_MAX; NULL: there were none */
	size_t early_count;

	/* What is being judged, or told. */
	struct ledger_answer answer;
	bool has_answer;
	struct answered_conf about;
	struct answered *answered;
	struct vigil_found found;
	int64_t first; /* the first record that was judged; found.to: there is none */
	struct vigil_run *runs;
	size_t run_cap;
	struct vigil_window *windows;
	const struct verdict_window *told[WINDOW_FINDINGS]; /* the window that was counted last */
	size_t behind;
	bool too_many; /* `err` is for want of room for runs */
	int err;
};

/* --- vigil_told.c: what is found ------------------------------------------------------------ */

/* The windows that have members in the range, of the answer.  0 or ERR_NOMEM. */
int vigil_told_windows(struct vigil *v) MUSTCHECK;
struct vigil_window *vigil_told_window_of(const struct vigil *v, const struct statement *s); /* NULL: it is none of them */

void vigil_told_run(struct vigil *v, const struct finding *f, int64_t last_offset); /* its faults are v->err */
void vigil_told_unjudged(struct vigil *v); /* what retention took */

/* They aren't looked for any more: as they are told. */
void vigil_told_sort(struct vigil *v);

/* What is to be remembered of a range once it is done: room for it, 0 or ERR_NOMEM; and it is done. */
int vigil_told_make_room(struct vigil *v) MUSTCHECK;
void vigil_told_done(struct vigil *v);

/* The callbacks of answered. */
void vigil_told_record(void *arg, int64_t offset, enum verdict verdict, const char *why, const struct verdict_window *w);
void vigil_told_behind(void *arg, int64_t offset, size_t headers);
enum window_finding vigil_told_absent(void *arg, const struct verdict_window *w, int64_t offset, bool open, const char **ret_why);
void vigil_told_window(void *arg, const struct verdict_window *w, enum window_finding found, int64_t offset, const char *why);

#endif
