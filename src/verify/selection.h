/*
 * selection: which topics are meant.
 *
 * A pattern is a name, or a glob ('*', '?').  As a shell's does with names that begin with a dot, a glob
 * passes over topics whose names begin with "__" unless it begins so itself, and over the statement topics.
 */
#ifndef VERIFY_SELECTION_H
#define VERIFY_SELECTION_H

#include "base/slice.h"

struct selection {
	const char *const *patterns;
	size_t count; /* 0: every topic that statements are about */
	const char *dbom_topic; /* or several, as reader.h has them */
};

bool selection_is_glob(const char *pattern);

/* Is the topic meant by one of the patterns?  By none of none. */
bool selection_match(const struct selection *t, struct slice topic);

/* Is it by its name, and not by a glob? */
bool selection_named(const struct selection *t, struct slice topic);

#endif
