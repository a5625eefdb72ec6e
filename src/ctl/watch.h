/* watch: the command audit: what audit.c read from the command line, and watch_run.c does. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

#include "ctl/way.h"
#include "ctl/whom.h"
#include "verify/selection.h"
#include "verify/topic.h"

struct watch_options {
	const char *group;
	struct selection topics;
	const char **patterns; /* of them; NULL-ended once they are all there */
	size_t pattern_count;
	struct topic_bound from; /* where nothing was committed */
	int64_t wait_ms;
	const char *to;      /* a topic, or NULL */
	const char *metrics; /* a file, or NULL */
	struct way_options way;
	struct whom whom;
	const struct policy *policy;
	bool json;
};

int watch_run(const struct command *c, const struct watch_options *o, const struct way *w); /* gives the exit code */

#endif
