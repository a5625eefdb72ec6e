/*
 * share_renew: a member's ShareFetch made one that gets no records, and has the locks of some that it has renewed
 * (KIP-1222).  Brokers count no delivery for that.
 *
 *   the client's   [topic id [partition [acknowledged]…]…]…     becomes     the same, with what is renewed between, by offset
 *
 * All that the client acknowledges or forgets stays.
 */
#ifndef KAFKA_SHARE_RENEW_H
#define KAFKA_SHARE_RENEW_H

#include "kafka/share_fetch.h"

struct share_renewal {
	uint8_t topic_id[16];
	int32_t partition;
	int64_t first, last;
	bool seen;   /* this file's own */
	bool beside; /* out: the client acknowledges something of that partition, too */
};

/*
 * The request at `version`, whose body was read into q, as one of version 2.  Sorts the renewals, which may not overlap what is
 * acknowledged: brokers would refuse both.  0 or out's error.
 */
int share_renew(int16_t version, struct slice body, const struct share_request *q, struct share_renewal *list, size_t count,
		struct wr *out) MUSTCHECK;

#endif
