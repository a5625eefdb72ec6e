/*
 * reader: statement topics, and records as verdicts take them, out of Kafka.
 *
 * `topics`: one, or several with commas between; `partition` is then one of verify/dbom_row.h.
 */
#ifndef VERIFY_READER_H
#define VERIFY_READER_H

#include "makoto/triple.h"
#include "rdkafka/consumer.h"

/* One record of a statement topic; manifest p == NULL: none.  Borrowed.  0, or an error that ends it. */
typedef int reader_fn(void *arg, int32_t partition, int64_t offset, struct slice key, struct slice value,
		      struct slice manifest);

/* How far: `done` of `total` offsets. */
typedef void reader_progress_fn(void *arg, uint64_t done, uint64_t total);

/* All that the topics held at the start, partition by partition.  progress may be NULL.  As consumer_read(). */
int reader_statements(struct consumer *c, const char *topics, reader_fn *fn, reader_progress_fn *progress,
		      void *arg) MUSTCHECK;

/* The one at that offset; nothing is given when it is gone. */
int reader_statement_at(struct consumer *c, const char *topics, int32_t partition, int64_t offset, reader_fn *fn,
			void *arg) MUSTCHECK;

/* headers as makoto/ has them: room that grows.  Zeroed is empty; free(list). */
struct reader_headers {
	struct header *list;
	size_t cap;
};
int reader_headers_of(struct reader_headers *to, const struct consumer_record *r) MUSTCHECK; /* 0 or ERR_NOMEM */

#endif
