/*
 * shared_options: the options that commands which read statements share.
 *
 *   -b -c -X   --dbom-topic --dbom-bootstrap   --public-key FILE… --policy --accept-unsigned
 */
#ifndef CTL_SHARED_OPTIONS_H
#define CTL_SHARED_OPTIONS_H

#include "ctl/way.h"
#include "ctl/whom.h"

struct shared_options { /* where a command keeps them */
	struct way_options *way;
	struct whom *whom;
};

/* The option that getopt_long() gave, with its optarg.  EXIT_OK, or an exit code, and it was said why: of one that isn't among these, too. */
int shared_options_take(const struct command *c, int opt, char **argv, const struct shared_options *to);

/* What is left of argv behind the options: `--public-key a.pem b.pem`.  Likewise. */
int shared_options_keys(const struct command *c, int argc, char **argv, struct whom *whom);

#endif
