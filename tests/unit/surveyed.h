/* surveyed: what the tests of src/survey/ share: a configuration, and the lines that were found. */
#ifndef TESTS_SURVEYED_H
#define TESTS_SURVEYED_H

#include <check.h>

#include "config/config.h"
#include "suite.h"
#include "survey/mend.h"

static const struct mend surveyed_by __attribute__((unused)) = {"kafka:9092", "User:sidecar", false};

static inline struct config *
surveyed_config(const char *text)
{
	struct config *c = NULL;
	char why[1024];
	int err = config_load_text("f.yaml", slice_str(text), NULL, 0, &c, why, sizeof(why));

	ck_assert_msg(err == 0, "%s", why);
	return c;
}

static inline struct findings
surveyed_findings(void)
{
	return (struct findings){.out = wr_new(1 << 20)};
}

/* All of it; gives it back. */
static inline void
surveyed_want(struct findings *r, const char *want)
{
	wr_u8(&r->out, '\0');
	ck_assert_int_eq(wr_err(&r->out), 0);
	ck_assert_str_eq((const char *)r->out.buf, want);
	wr_free(&r->out);
	r->warned = r->failed = 0;
}

#endif
