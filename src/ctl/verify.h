/* verify: what verify.c read from the command line, for verify and for report, and verify_run.c does. */
#ifndef CTL_VERIFY_H
#define CTL_VERIFY_H

#include "ctl/way.h"
#include "ctl/whom.h"
#include "verify/examination.h"

struct verify_options {
	struct examination_conf a;
	const char **topics;
	size_t topic_count;
	const char *from, *to; /* as they were written; or NULL */
	const char *memory;    /* a file, or NULL */
	const char *resume;
	struct way_options way;
	struct whom whom;
	bool json;
	bool verbose;
	bool report;     /* a page, instead of lines */
	const char *out; /* of the page: a file; NULL: standard output */
};

/* The commands verify and report, which differ in how they tell what they find.  Gives the exit code. */
int verify_main(const struct command *c, int argc, char **argv, bool report);

/* Of what was written, and the time that it is now.  EXIT_OK, or what is wrong was said. */
int verify_read_bounds(const struct command *c, struct verify_options *o);

int verify_run(const struct command *c, struct verify_options *o, const struct way *w); /* gives the exit code */

#endif
