/* sasl_steps: a conversation with a server that is a list of texts. */
#ifndef TESTS_SASL_STEPS_H
#define TESTS_SASL_STEPS_H

#include <check.h>

#include "sasl/sasl.h"

static inline struct sasl *
sasl_open(const char *mechanism, const struct sasl_credentials *c)
{
	struct sasl *s = NULL;
	char why[256] = "";

	ck_assert_msg(sasl_client_new(mechanism, c, &s, why, sizeof(why)) == 0, "%s", why);
	return s;
}

/* One step that must give `want` and not be the last. */
static inline void
sasl_says(struct sasl *s, struct slice in, struct slice want)
{
	struct wr out = wr_new(65536);
	char why[256];
	bool done = true;

	ck_assert_int_eq(sasl_step(s, in, &out, &done, why, sizeof(why)), 0);
	ck_assert(!done);
	ck_assert_msg(slice_eq(wr_slice(&out), want), "got %.*s", (int)out.len, (const char *)out.buf);
	wr_free(&out);
}

/* The result of one step; `done` is told apart by 1. */
static inline int
sasl_try(struct sasl *s, struct slice in, char *why, size_t why_len)
{
	struct wr out = wr_new(65536);
	bool done = false;
	int err = sasl_step(s, in, &out, &done, why, why_len);

	if (err == 0 && done)
		ck_assert_uint_eq(out.len, 0);
	wr_free(&out);
	return err != 0 ? err : done ? 1 : 0;
}

static inline int
sasl_refused(const char *mechanism, const struct sasl_credentials *c, char *why, size_t why_len)
{
	struct sasl *s = NULL;
	int err = sasl_client_new(mechanism, c, &s, why, why_len);

	ck_assert_int_ne(err, 0);
	ck_assert_ptr_null(s);
	ck_assert_uint_gt(strlen(why), 0);
	return err;
}

#define NOTHING ((struct slice){NULL, 0})
#define TEXT(literal) slice_of(literal, sizeof(literal) - 1)

#endif
