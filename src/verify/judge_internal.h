/* What judge.c, judge_told.c and judge_run.c share. */
#ifndef VERIFY_JUDGE_INTERNAL_H
#define VERIFY_JUDGE_INTERNAL_H

#include "base/map.h"
#include "kafka/batch.h"
#include "verify/answered.h"
#include "verify/judge.h"

enum judge_kind {
	KIND_DATA,
	KIND_CONTROL,
	KIND_LEGACY,     /* from here on its records aren't read */
	KIND_UNREADABLE, /* its head tells which offsets it takes */
	KIND_STRANGE,    /* nothing tells which offsets clients take it for */
};

struct judge_part { /* what is known of a batch beside its end */
	struct batch b;
	enum judge_kind kind;
	bool gap; /* not each of its offsets, and those between it and the one before, has a record */
};

struct judge {
	size_t max_plain;
	struct codecs *codecs;
	struct wr plain;
	struct header *headers;
	size_t header_cap;

	struct judge_case c;
	struct judge_batch *batches;
	struct judge_part *parts;
	size_t count, cap;

	/* One run. */
	const struct ledger_answer *answer;
	struct answered_conf about;
	struct answered *answered;
	int64_t fed_to;                      /* batches from here on were not read */
	bool has_gaps;                       /* a window is withheld, somewhere in it */
	const struct verdict_record *current; /* that is being judged; NULL: one from before */
	struct ledger_name names[JUDGE_NAMES_MAX];
	size_t name_count;
	struct map *named; /* those again; NULL: none */
	int err;
};

/* The offsets that follow the batches so far. */
static inline int64_t
judge_end_of(const struct judge *j)
{
	return j->count == 0 ? j->c.fetch_offset : j->batches[j->count - 1].last + 1;
}

/* The first batch that reaches the offset; count: none does. */
static inline size_t
judge_batch_of(const struct judge *j, int64_t offset)
{
	size_t lo = 0, hi = j->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (j->batches[mid].last < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The first offset of the runs, from `from` on, that is listed; INT64_MAX: none is. */
static inline int64_t
judge_first_of(const struct runs *r, int64_t from)
{
	size_t lo = 0, hi = r->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->list[mid].first + (r->list[mid].count - 1) < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == r->count ? INT64_MAX : r->list[lo].first > from ? r->list[lo].first : from;
}

/* A window that counts for the records' partition. */
static inline bool
judge_is_home(const struct judge *j, const struct verdict_window *w)
{
	return w->trust != TRUST_NONE && answered_is_home(&j->about, w->statement);
}

/* --- judge_links.c: what the windows' chains say ---------------------------------------- */

void judge_links_begin(struct judge *j);
void judge_links_hole(struct judge *j, size_t i, int64_t from, int64_t to); /* from … to-1, in or before batch i, have no record */
void judge_links_windows(struct judge *j); /* those that are forked or broken, in what was read */

/* --- judge_told.c: what the verdicts say -------------------------------------------------- */

/* What a verdict about a record comes to; w may be NULL. */
enum judge_end judge_told_end(const struct judge *j, int64_t offset, enum verdict v, const struct verdict_window *w);

/* The batch ends so because of this offset, unless it ended so already, or worse. */
void judge_told_come_to(struct judge_batch *b, enum judge_end end, int64_t offset, enum window_finding f, enum verdict v,
			const char *why, const struct verdict_window *w);

/* The callbacks of answered. */
bool judge_told_unknown(void *arg, const struct verdict_record *r, const struct triple *named);
void judge_told_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w);
enum window_finding judge_told_absent(void *arg, const struct verdict_window *w, int64_t offset, bool open,
				      const char **ret_why);
void judge_told_window(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why);

#endif
