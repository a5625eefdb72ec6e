/*
 * ends: how did transactions end whose EndTxn didn't pass here?  The log tells, as those who read it see it.
 *
 *   offsets          … a a a a M … b b b b M … c c │ last stable offset
 *   read committed     ✓ ✓ ✓ ✓                       delivered: committed
 *   uncommitted        ✓ ✓ ✓ ✓     ✓ ✓ ✓ ✓           there, and not delivered: aborted.  Neither: nobody can tell
 *
 * A record counts only with headers that name the chain, and a window of the batch: another may stand there, of a topic
 * that was made again, or behind an unclean election.  What windows a run has that a head tells of isn't known: then the
 * end of the chain's batch that stands there is told of it.
 */
#ifndef ATTEST_ENDS_H
#define ATTEST_ENDS_H

#include "attest/chains_look.h"
#include "rdkafka/consumer.h"

struct ends_readers {
	struct consumer *committed, *uncommitted;
	bool (*goes_on)(void *arg); /* asked between answers; false ends it */
	void *arg;
};

/*
 * Tells l->ends, which it puts in order.  0 or an error: of what could not be read, those that it didn't come to stay
 * END_NOT_YET and are `failed`; ERR_CLOSED when it doesn't go on: then all that aren't told yet stay so.
 */
int ends_read(const struct ends_readers *r, struct look *l) MUSTCHECK;

#endif
