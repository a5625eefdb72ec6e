/* creation: asks whether a topic could be made (CreateTopics that only validates, versions 4 to 7); nothing is made. */
#ifndef KAFKA_CREATION_H
#define KAFKA_CREATION_H

#include "base/rd.h"
#include "base/wr.h"

/* From the first on -1 partitions and replicas mean the brokers' default (KIP-464). */
enum { CREATION_MIN = 4, CREATION_MAX = 7 };

struct creation {
	struct slice topic;
	int32_t partitions;
	int16_t replicas;
	const char *const *settings; /* name, value, …, NULL */
	int32_t timeout_ms;
};

void creation_request_write(int16_t version, const struct creation *c, struct wr *w);

/* What the one topic that was asked about got; the text is null, or points into body.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED. */
int creation_read(int16_t version, struct slice body, int16_t *ret_error, struct slice *ret_text) MUSTCHECK;

#endif
