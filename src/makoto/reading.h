/*
 * reading: which of a record's headers a window's leaf covers (docs/FORMAT.md, "Verdicts", rule 1).
 *
 *   the window's own triple is there     those before it
 *   it is not                            all; or those before a well-formed triple of another chain, a later hop's
 */
#ifndef MAKOTO_READING_H
#define MAKOTO_READING_H

#include "makoto/verdict.h"

/* Where no manifest tells, all records of a window are read in one of these ways. */
enum { READING_ALL, READING_HOP, READINGS };

/* `record` is leaf_set_record()'s, its time bound: its leaf's input over the first `covered` headers. */
void reading_over(const struct leaf_input *record, const struct header *headers, size_t covered, bool log_append,
		  struct leaf_input *ret);

/* The leaf's input that has this leaf.  false: the record can't be read so that it has. */
bool reading_find(const struct verdict_record *r, const struct statement *s, struct slice dbom_topics,
		  const uint8_t leaf[LEAF_LEN], struct leaf_input *ret);

/* Both; READING_HOP is before the last later hop.  With the window's own triple, or no later hop, they are the same. */
void reading_both(const struct verdict_record *r, const struct statement *s, struct slice dbom_topics,
		  struct leaf_input ret[READINGS]);

#endif
