/*
 * chain_taken: where in the log a batch in doubt can't stand, since others of its chain do.  Private to
 * attest/, under the chain's mutex.
 *
 *   log   … │ settled 10..19 │ settled 20..29 │ …        asked at 12: taken until 20, at 20: until 30
 */
#ifndef ATTEST_CHAIN_TAKEN_H
#define ATTEST_CHAIN_TAKEN_H

#include "attest/chain_look.h"

/*
 * chain_is_taken(), and how far, so that nobody asks for each offset: 0 when it isn't, else the end of the first that
 * has one of the places.  A broker has a batch whole or not at all.
 */
int64_t chain_taken_until(const struct chain *c, const struct doubt *d, int64_t base_offset);

/* Those that were found where an answer has put another batch meanwhile are looked for once more. */
void chain_taken_meanwhile(const struct chain *c, struct doubt *doubts, size_t count);

#endif
