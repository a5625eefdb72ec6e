/* quorum: what time it is in the cluster, the one question to that: DescribeQuorum, versions 1 and 2 (KIP-595, KIP-836). */
#ifndef KAFKA_QUORUM_H
#define KAFKA_QUORUM_H

#include "base/rd.h"
#include "base/wr.h"

enum { QUORUM_MIN = 1, QUORUM_MAX = 2 };

void quorum_request_write(int16_t version, struct wr *w);

/*
 * When the controllers' leader answered, by its own clock, in ms since 1970.  0; ERR_REMOTE: an error code
 * (the asker may not see it, or there are no such controllers); ERR_NOTFOUND; ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED.
 */
int quorum_time(int16_t version, struct slice body, int64_t *ret_ms) MUSTCHECK;

#endif
