/*
 * walk: the schema's walker for a message that comes in pieces and is not kept.
 *
 *   piece, piece, … ─► walk_feed() ─┬─► where its end begins: NodeEndpoints, and its own tagged fields
 *                                   ├─► all is here and every byte is what the version says
 *                                   └─► or an error
 *
 * It takes what schema_walk() takes and refuses the rest with the same error.  Strings,
 * bytes and records are skipped.  A struct walk has 576 bytes and needs no release.
 */
#ifndef KAFKA_WALK_H
#define KAFKA_WALK_H

#include "base/err.h"
#include "base/slice.h"

#define WALK_DEPTH 16 /* levels that are open at once; a test has the deepest message of the table */
#define WALK_NOT_YET UINT64_MAX

/* A struct, an array, a section of tagged fields, or one such field, that is not through. */
struct walk_level {
	uint8_t kind;
	int16_t index;  /* of its struct or field in the table */
	uint16_t next;  /* a struct's field whose turn it is */
	uint32_t left;  /* elements or tagged fields that are still to come */
	int64_t tag;    /* the last one of a section */
	uint64_t outer; /* a tagged field: the limit of what it stands in */
};

struct walk {
	uint64_t total;   /* bytes of the body */
	uint64_t at;      /* bytes that were fed */
	uint64_t limit;   /* where the innermost tagged field ends, or the body */
	uint64_t skip;    /* bytes to come that nobody looks at */
	uint64_t end_at; /* where the body's own NodeEndpoints begin, or else its tagged fields, count included; or WALK_NOT_YET */
	int err;
	int16_t version;
	bool flexible;
	uint8_t item;    /* what the number is that is being read */
	uint8_t width, shift; /* its bytes that are still to come; 0: a varint, whose next byte stands there */
	int16_t field;   /* whose number it is */
	uint32_t number; /* so far */
	uint32_t tag;
	unsigned depth;
	struct walk_level levels[WALK_DEPTH];
};

/* For a body of `total` bytes of API `key` at `version`.  0, ERR_UNSUPPORTED: not in the table; ERR_SHORT. */
int walk_begin(struct walk *w, int16_t key, bool response, int16_t version, uint64_t total) MUSTCHECK;

/* The next bytes, never more than total.  0, ERR_SHORT, ERR_MALFORMED; an error stays. */
int walk_feed(struct walk *w, struct slice piece) MUSTCHECK;

static inline bool
walk_done(const struct walk *w) /* all bytes were fed and are good */
{
	return w->err == 0 && w->depth == 0;
}

#endif
