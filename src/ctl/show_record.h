/* show_record: one record's way: which windows it was in, one for each hop, and who attested it there. */
#ifndef CTL_SHOW_RECORD_H
#define CTL_SHOW_RECORD_H

#include "ctl/way.h"
#include "trust/policy.h"

struct show_record_conf {
	const char *topic;
	int32_t partition;
	int64_t offset;
	const struct args_props *props;
	const struct policy *policy; /* NULL: signatures are not checked */
	bool json;
};

/* Gives an exit code; what is wrong was said on stderr. */
int show_record(const struct command *c, const struct way *w, const struct show_record_conf *conf);

#endif
