/*
 * posted: is a statement in the statement topic already?
 *
 *   where can it stand, and where does the topic end?
 *     ─► what of that wasn't read yet: which keys stand where   attest/seen.h     for all chains that look there
 *     ─► the records under its key                              attest/sought.h
 *
 * It stands no earlier than its window's begin, less an hour, since clocks are set back.  One thread's.
 */
#ifndef ATTEST_POSTED_H
#define ATTEST_POSTED_H

#include "attest/chains_look.h"
#include "base/clock.h"
#include "keys/signer.h"
#include "rdkafka/consumer.h"

struct posted; /* opaque */

struct posted_conf {
	const char *topic;           /* borrowed */
	const struct signer *signer; /* only asked for its public key, which is ready; NULL: level 1 */
	bool (*goes_on)(void *arg);  /* asked between answers and records; false ends it */
	void *arg;
};

/* 0, or what signer_public() and public_key_parse() fail with. */
int posted_new(const struct posted_conf *conf, struct posted **ret) MUSTCHECK;
void posted_free(struct posted *p); /* NULL is fine */

/*
 * Is the look's statement there, and is another one of its window, which our key signed (attest/sought.h)?  0; ERR_CLOSED
 * when it doesn't go on; ERR_AGAIN: the log changed under the reading; ERR_NOMEM; or what the consumer fails with.
 */
int posted_look(struct posted *p, struct consumer *c, const struct look *l, struct monotime now, bool *ret_there,
		bool *ret_other) MUSTCHECK;

/* Forgets what was read when nobody has looked for a minute; how long until then, as poll() takes it. */
int posted_tidy(struct posted *p, struct monotime now);

#endif
