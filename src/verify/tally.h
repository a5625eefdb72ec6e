/* tally: how many records and windows got which verdict, and what that comes to. */
#ifndef VERIFY_TALLY_H
#define VERIFY_TALLY_H

#include "makoto/verdict.h"

struct tally {
	uint64_t records;
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t records_with_behind;           /* that end with headers which no leaf covers */
	uint64_t headers_behind;                /* those headers */
	uint64_t windows;                       /* stated, with members in the range */
	uint64_t windows_with[WINDOW_FINDINGS]; /* how many of them have that finding */
	uint64_t members[WINDOW_FINDINGS];      /* how many members were found so */
};

enum tally_outcome {
	TALLY_OK,        /* everything is verified, or unsigned or unattested where that is accepted */
	TALLY_VIOLATION,
	TALLY_UNDECIDED, /* no violation, but something is pending or unattested */
};

void tally_add(struct tally *sum, const struct tally *t);
enum tally_outcome tally_outcome(const struct tally *t, bool unattested_allowed);

#endif
