/* tally: how many records and windows got which verdict, and what that comes to. */
#ifndef VERIFY_TALLY_H
#define VERIFY_TALLY_H

#include "makoto/verdict.h"

/* What the window of an earlier hop says of a record that names it (verify/hops.h). */
enum hop_result {
	HOP_VERIFIED,
	HOP_UNTOLD,    /* it has no manifest, or lost some records' outcome; or the record names too many before it */
	HOP_UNTRUSTED, /* its statement doesn't count */
	HOP_NOT_FOUND, /* its statement isn't here */
	HOP_CHANGED,   /* it has no such record, or the headers contradict the record */
	HOP_RESULTS
};

enum { HOPS_TOLD = 8 /* the last is that of all behind it */ };

struct tally {
	uint64_t records;
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t records_with_behind;           /* that end with headers which no leaf covers */
	uint64_t headers_behind;                /* those headers */
	uint64_t windows;                       /* stated, with members in the range */
	uint64_t windows_with[WINDOW_FINDINGS]; /* how many of them have that finding */
	uint64_t members[WINDOW_FINDINGS];      /* how many members were found so */
	uint64_t hops[HOPS_TOLD][HOP_RESULTS];  /* of records, by the hop, from the first */
};

enum tally_outcome {
	TALLY_OK,        /* everything is verified, or unsigned or unattested where that is accepted */
	TALLY_VIOLATION,
	TALLY_UNDECIDED, /* no violation, but something is pending or unattested */
};

const char *tally_hop_name(enum hop_result r); /* as JSON has it */
void tally_add(struct tally *sum, const struct tally *t);
enum tally_outcome tally_outcome(const struct tally *t, bool unattested_allowed);

#endif
