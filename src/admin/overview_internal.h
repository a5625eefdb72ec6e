/* What the files of overview share. */
#ifndef ADMIN_OVERVIEW_INTERNAL_H
#define ADMIN_OVERVIEW_INTERNAL_H

#include "admin/overview.h"

enum overview_state { OVERVIEW_GOOD, OVERVIEW_OPEN, OVERVIEW_BAD };

/* overview_state.c: how it stands, in words of ours; and a paragraph on each reason, or on what is well. */
enum overview_state overview_state(const struct overview *o, const char **ret_words);
void overview_state_reasons(const struct overview *o, struct wr *w);

/* overview_text.c: numbers as people read them. */
void overview_number(struct wr *w, int64_t n);        /* 1,234,567 */
void overview_rate(struct wr *w, int64_t milli);      /* 0.2, 17, 1,234 */
void overview_span(struct wr *w, int64_t ms);         /* 850 ms, 12 s, 3 min 12 s, 5 h 3 min, 12 days 4 h */
void overview_some(struct wr *w, int64_t n, const char *one, const char *many); /* 1 window, 7 windows */

void overview_ago(struct wr *w, const struct overview *o, int64_t ms); /* 12 s ago */
void overview_section(struct wr *w, const char *id, const char *title); /* its begin and its heading */
void overview_cell(struct wr *w, const char *name);                    /* of a row, with its column's name for narrow screens */

/* Those of the counts that are more than none: "12 altered, 3 missing". */
void overview_counts(struct wr *w, const struct overview_count *c, size_t count, bool violations_alone);
int64_t overview_violations(const struct overview *o);

/* overview_topics.c: a section. */
void overview_topics(struct wr *w, const struct overview *o);

/* overview_assets.c */
extern const char overview_style[], overview_script[];

#endif
