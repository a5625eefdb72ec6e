/*
 * who: the clients that contributed to windows, each combination of names kept once.
 *
 * Counted; safe from any thread.
 */
#ifndef ATTEST_WHO_H
#define ATTEST_WHO_H

#include "base/slice.h"

struct who_table;

struct who {
	struct slice client_id;
	struct slice software_name; /* empty: not told */
	struct slice software_version;
	struct slice principal; /* empty: not known */
};

struct who_table *who_table_new(void) MUSTCHECK;
void who_table_free(struct who_table *t); /* nobody may be referenced any more */

/* The one of these names, which are copied, with a reference; NULL when there is no memory. */
struct who *who_get(struct who_table *t, const struct who *names) MUSTCHECK;
struct who *who_ref(struct who_table *t, struct who *w);
void who_unref(struct who_table *t, struct who *w); /* NULL is fine */

#endif
