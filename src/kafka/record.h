/*
 * record: the records inside a batch, decompressed.
 *
 *   length varint │ attributes │ timestamp delta varlong │ offset delta varint │ key │ value │ count varint │ headers
 *                                                        key, value: varint length, -1 null      header: key, value
 */
#ifndef KAFKA_RECORD_H
#define KAFKA_RECORD_H

#include "base/rd.h"

struct record {
	int64_t timestamp; /* the batch's base plus the delta */
	int32_t offset_delta;
	struct slice key;     /* p == NULL: null */
	struct slice value;   /* p == NULL: null */
	struct slice headers; /* the entries as they stand there, without their count */
	int32_t header_count;
	struct slice before_headers; /* from behind the length to before the headers' count */
};

/* The next record; what is behind it stays in r.  0, ERR_SHORT, ERR_MALFORMED. */
int record_next(struct rd *r, int64_t base_timestamp, struct record *ret) MUSTCHECK;

/* The next of a record's headers (r over ret->headers).  value p == NULL: null. */
int record_header_next(struct rd *r, struct slice *ret_name, struct slice *ret_value) MUSTCHECK;

#endif
