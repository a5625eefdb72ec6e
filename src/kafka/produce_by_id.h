/*
 * produce_by_id: a ProduceRequest that names topics, said as one that tells their ids
 * (version 13, KIP-516), and the answer said back.
 *
 *   client ──► names, version 7 to 12 ──► ids, version 13 ──► broker
 *   client ◄── names                  ◄── ids             ◄──
 *
 * A topic that was made again keeps its name and not its id: an offset that is told with
 * an id is in that topic's log and no other.
 */
#ifndef KAFKA_PRODUCE_BY_ID_H
#define KAFKA_PRODUCE_BY_ID_H

#include "kafka/produce.h"

enum { PRODUCE_BY_ID = 13 };

/* What was asked by name. */
struct produce_topic {
	uint8_t id[16];
	struct slice name;
};

/*
 * Does version 13 ask a broker for the same?  Not before version 7, for which it refuses zstd (KIP-110); not of a
 * transaction before 12, which adds partitions to it (KIP-890); and not without an answer (acks=0), in which alone
 * a broker can say that it doesn't know an id.
 */
bool produce_by_id_may(int16_t version, const struct produce_request *q);

/*
 * At version 13: all that stands in front of the bytes of part i's records, and behind those of the part before.
 * `ids` by part; neighbours of one name have one id.  `len`: how many bytes the records will be; -1: null.
 */
void produce_by_id_before(const struct produce_request *q, const uint8_t (*ids)[16], size_t i, int64_t len, struct wr *w);

/* What stands behind the records of the last part. */
void produce_by_id_end(struct wr *w);

/*
 * A broker's answer at version 13, said at `version`, 7 to 12.  `topics` in the order of their ids.  That an id is
 * unknown is said as that the topic is.  0; ERR_MALFORMED, also for an id that isn't there; ERR_SHORT; or out's error.
 */
int produce_by_id_answer(int16_t version, struct slice body, const struct produce_topic *topics, size_t count,
			 struct wr *out) MUSTCHECK;

/* The one with that id, or NULL. */
const struct produce_topic *produce_by_id_find(const struct produce_topic *topics, size_t count, const uint8_t id[16]);

/* Into the order that they are found in. */
void produce_by_id_order(struct produce_topic *topics, size_t count);

#endif
