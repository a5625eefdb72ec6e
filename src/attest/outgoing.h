/*
 * outgoing: a statement whose bytes are final and that isn't published yet.  Private to attest/.
 *
 *   window ─► statement, signed ─► journal ─► outgoing, in its chain's order ─► sent ─► acknowledged
 *   (its members' memory goes)               │ bytes in memory, or in the journal
 *                                            └ of an earlier run: first looked for in the topic
 *
 * So a statement topic that takes nothing for hours costs a few hundred bytes for each
 * window, and the journal's space.  Guarded by the chain's mutex; who sends it has its bytes.
 */
#ifndef ATTEST_OUTGOING_H
#define ATTEST_OUTGOING_H

#include "attest/journal.h"
#include "base/clock.h"

/* Statements in memory, of all chains; beyond it the journal alone has them. */
#define OUTGOING_MEMORY_MAX ((int64_t)4 << 20)

enum outgoing_state {
	OUTGOING_READY,
	OUTGOING_LOOK, /* of an earlier run: is it in the topic?  Nobody sends it before that is known */
	OUTGOING_THERE,
};

struct outgoing {
	struct link link; /* chain.outgoing, ascending by window */
	enum outgoing_state state;
	uint64_t window;
	int32_t partition;        /* of the statement topic */
	int64_t since_ms;         /* it isn't older, wall clock */
	int64_t records;
	size_t bytes;             /* of value and manifest; or a few more, as the journal has them */
	struct monotime closed_at; /* its window */
	uint8_t value_sha256[32], statement_sha256[32]; /* of an earlier run: the record's value, and the statement in it */
	struct wr value, manifest; /* the record's value, and its header (empty: none); or both in the journal */
	_Atomic int64_t *memory;   /* that counts them; NULL: nobody does */
	struct journal *journal;   /* that has it, or NULL */
	struct journal_hold hold;
	struct journal_place place;
	bool unreadable;           /* the journal had it, and doesn't give it back: said already */
};

struct outgoing *outgoing_new(void) MUSTCHECK; /* NULL: no memory */
void outgoing_free(struct outgoing *o);        /* NULL is fine */

/* The bytes have been handed to it, and are in the journal if there is one: memory they keep only while there is some. */
void outgoing_settle(struct outgoing *o, _Atomic int64_t *memory);

bool outgoing_is_written(const struct outgoing *o); /* does the journal have the bytes? */

/* Hands the bytes over, which it may have to read from the journal.  0, ERR_IO, ERR_CHECKSUM, ERR_MALFORMED, ERR_NOMEM. */
int outgoing_take(struct outgoing *o, struct wr *ret_value, struct wr *ret_manifest) MUSTCHECK;

#endif
