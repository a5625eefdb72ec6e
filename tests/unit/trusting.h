/* trusting: the keys that a test trusts with everything, and the policy of them. */
#ifndef TESTS_UNIT_TRUSTING_H
#define TESTS_UNIT_TRUSTING_H

#include <check.h>

#include "base/wr.h"
#include "trust/policy.h"

static struct {
	char files[8][128];
	size_t count;
} trusted;

/* A trust policy in YAML instead, in which %s stands for the first key's file; NULL: none. */
static const char *trusted_text;

static UNUSED void
trust_nobody(void)
{
	trusted.count = 0;
	trusted_text = NULL;
}

static UNUSED void
trust_also(const char *file)
{
	ck_assert_uint_lt(trusted.count, ARRAY_LEN(trusted.files));
	(void)snprintf(trusted.files[trusted.count++], sizeof(trusted.files[0]), "%s", file);
}

/* The caller's. */
static UNUSED struct policy *
trust_policy(bool accept_unsigned)
{
	const char *files[ARRAY_LEN(trusted.files)];
	struct policy *p;
	char why[512];

	if (trusted_text != NULL) {
		struct wr w = wr_new(65536);
		const char *at = strstr(trusted_text, "%s");

		wr_bytes(&w, trusted_text, at == NULL ? strlen(trusted_text) : (size_t)(at - trusted_text));
		if (at != NULL) {
			wr_text(&w, trusted.files[0]);
			wr_text(&w, at + 2);
		}
		ck_assert_msg(policy_load_text("trust.yaml", wr_slice(&w), &p, why, sizeof(why)) == 0, "%s", why);
		wr_free(&w);
		return p;
	}
	for (size_t i = 0; i < trusted.count; i++)
		files[i] = trusted.files[i];
	ck_assert_msg(policy_of_keys(files, trusted.count, accept_unsigned, &p, why, sizeof(why)) == 0, "%s", why);
	return p;
}

#endif
