/* journal_hold: that an entry of the journal is needed, wherever it stands (attest/journal_space.h). */
#ifndef ATTEST_JOURNAL_HOLD_H
#define ATTEST_JOURNAL_HOLD_H

#include "base/base.h"

/* Zeroed: none is. */
struct journal_hold {
	uint64_t segment; /* that stays for it, or one before its own */
	uint32_t bytes;   /* of the entry */
	bool head;        /* a CHAIN */
};

#endif
