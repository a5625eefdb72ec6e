/* options: the command line of makoto-proxy. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "config/config.h"

enum options_action { OPTIONS_RUN, OPTIONS_CHECK /* -n */, OPTIONS_CHECK_CLUSTER, OPTIONS_DUMP_CONFIG, OPTIONS_DUMP_KEYS, OPTIONS_HEALTH, OPTIONS_READY, OPTIONS_VERSION, OPTIONS_HELP };

struct options {
	enum options_action action;
	const char *file; /* -c, or NULL */
	struct config_override *overrides; /* -b, -o and -v, in their order */
	size_t count;
};

/* Reads argv; texts point into it.  0; ERR_CONFIG: `why` says what is wrong; ERR_NOMEM. */
int options_read(int argc, char **argv, struct options *ret, char *why, size_t why_len) MUSTCHECK;
void options_free(struct options *o);

extern const char options_usage[];

#endif
