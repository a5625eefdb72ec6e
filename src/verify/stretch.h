/*
 * stretch: the records that are next to be judged, and how far a ledger's answer lets them be.
 *
 *   stretch_begin ─► stretch_record … ─► stretch_want ─► (the answer) ─► stretch_lacks: ask again
 *                                                                    └─► stretch_end: judged up to there
 *
 * Of each record its offset, its timestamp and the window it names are kept.  A stretch ends between windows where
 * that can be, so that each window is judged as a whole.  Pure.
 */
#ifndef VERIFY_STRETCH_H
#define VERIFY_STRETCH_H

#include "verify/answered.h"

enum { STRETCH_RECORDS = 16384, STRETCH_NAMES = 512 };

struct stretch;

struct stretch *stretch_new(void) MUSTCHECK; /* NULL: no memory */
void stretch_free(struct stretch *s);        /* NULL is fine */

/* Of so many records at most, from now on; at first STRETCH_RECORDS, which is the most. */
void stretch_allow(struct stretch *s, size_t records);

/* It begins at that offset, and has nothing. */
void stretch_begin(struct stretch *s, int64_t from);

/* In ascending offset.  0; ERR_LIMIT: it is full, and ends before this one; ERR_NOMEM. */
int stretch_record(struct stretch *s, const struct verdict_record *r) MUSTCHECK;
void stretch_read_to(struct stretch *s, int64_t to); /* below it there are no others, unless it is full */
int64_t stretch_read_end(const struct stretch *s);
bool stretch_is_full(const struct stretch *s);

/*
 * What it has below `to` is too much at once: it is full where half of that is, and the next ones grow again.  False: that
 * is one offset, or none.
 */
bool stretch_halve(struct stretch *s, int64_t to) MUSTCHECK;

/* All but topic, topic_id and partition.  Borrowed until the stretch changes. */
void stretch_want(const struct stretch *s, int64_t now_ms, struct ledger_want *w);

/* Windows that the answer hasn't, and that have to be known: those that records name, and those before.  *ret: there are new ones. */
int stretch_lacks(struct stretch *s, const struct answered_conf *about, bool *ret) MUSTCHECK; /* 0 or ERR_NOMEM */

/*
 * How far may be judged, by a whole answer: up to the first record whose statement may still come, and is below no `due`.
 * Equal to where it begins: nowhere.  0 or ERR_NOMEM.
 */
int stretch_end(const struct stretch *s, const struct answered_conf *about, int64_t due, int64_t *ret) MUSTCHECK;

/* Everything below was judged: the rest is what is next. */
void stretch_judged(struct stretch *s, int64_t to);

#endif
