/* together: what values must be beside each other; between the files of config/ alone. */
#ifndef CONFIG_TOGETHER_H
#define CONFIG_TOGETHER_H

#include "config/config.h"

/* Can these all hold?  0, or ERR_CONFIG with `why`, which names the keys but no place. */
int together_check(const struct config *c, char *why, size_t why_len) MUSTCHECK;

#endif
