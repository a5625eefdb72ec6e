/*
 * outlook: what the next start would make of a state directory, found by the functions
 * that a start uses.
 *
 * Takes no lock and changes nothing.  While a proxy runs it says what a start would do if
 * that one were killed now.
 */
#ifndef ATTEST_OUTLOOK_H
#define ATTEST_OUTLOOK_H

#include "attest/state.h"

struct outlook {
	enum state_start start;
	char why[256]; /* why heads or journal can't be relied on; "" */
	bool refused;  /* the start ends with an error, which is in `why` */

	/* Of a run that crashed: */
	size_t chains;
	size_t windows;     /* that have records, and no published statement */
	int64_t members;    /* the records in them … */
	int64_t unresolved; /* … of which the log must tell whether they are stored */
	size_t restated;    /* statements of which their topic must tell whether they are published */
};

/* 0, ERR_IO, ERR_NOMEM, with its text in `why`. */
int outlook_of(const char *dir, struct outlook *ret, char *why, size_t why_len) MUSTCHECK;

#endif
