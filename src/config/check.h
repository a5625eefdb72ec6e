/* check: what a value must be beyond its type; between the files of config/ alone. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/value.h"

/* Is `text` good for `k`, or as one of its list?  0, or ERR_CONFIG with `why`, which names the key but no place. */
int check_text(const struct key *k, const char *text, char *why, size_t why_len) MUSTCHECK;

#endif
