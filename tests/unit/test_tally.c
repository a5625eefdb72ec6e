#include "verify/tally.h"

#include <check.h>

#include "suite.h"

/* docs/FORMAT.md, "Verdicts": what is a violation, what leaves the matter open. */
START_TEST(of_records)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct tally t = {.records = 10};
		enum tally_outcome want = TALLY_VIOLATION;

		if (v == VERDICT_VERIFIED || v == VERDICT_UNSIGNED || v == VERDICT_VERIFIED_CONTENT)
			want = TALLY_OK;
		else if (v == VERDICT_PENDING || v == VERDICT_UNATTESTED)
			want = TALLY_UNDECIDED;
		t.verdicts[VERDICT_VERIFIED] = 9;
		t.verdicts[v]++;
		ck_assert_msg(tally_outcome(&t, false) == want, "%s", verdict_name((enum verdict)v));
	}
}
END_TEST

START_TEST(of_windows)
{
	for (int f = 0; f < WINDOW_FINDINGS; f++) {
		struct tally t = {.records = 1, .windows = 1};
		bool fine = f == WINDOW_COMPLETE || f == WINDOW_RETENTION || f == WINDOW_ABORTED || f == WINDOW_COMPACTED;

		t.verdicts[VERDICT_VERIFIED] = 1;
		t.windows_with[f] = 1;
		ck_assert_msg(tally_outcome(&t, false) == (fine ? TALLY_OK : TALLY_VIOLATION), "%s",
			      window_finding_name((enum window_finding)f));
		/* A violation is one whatever else is open. */
		t.verdicts[VERDICT_PENDING] = 1;
		ck_assert_int_eq(tally_outcome(&t, false), fine ? TALLY_UNDECIDED : TALLY_VIOLATION);
	}
}
END_TEST

/* A policy may take what nobody vouches for; what is wrong stays wrong, and what isn't known yet may be. */
START_TEST(unattested_is_allowed)
{
	struct tally t = {.records = 2};

	t.verdicts[VERDICT_UNATTESTED] = 2;
	ck_assert_int_eq(tally_outcome(&t, true), TALLY_OK);
	t.verdicts[VERDICT_PENDING] = 1;
	ck_assert_int_eq(tally_outcome(&t, true), TALLY_UNDECIDED);
	t.verdicts[VERDICT_UNTRUSTED] = 1;
	ck_assert_int_eq(tally_outcome(&t, true), TALLY_VIOLATION);
}
END_TEST

START_TEST(nothing)
{
	struct tally t = {0};

	ck_assert_int_eq(tally_outcome(&t, false), TALLY_OK);
}
END_TEST

START_TEST(sums)
{
	struct tally a = {.records = 1, .windows = 2}, b = {.records = 10, .windows = 20};

	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		a.verdicts[i] = 3 + i;
		b.verdicts[i] = 30;
	}
	for (unsigned i = 0; i < WINDOW_FINDINGS; i++) {
		a.windows_with[i] = 4 + i;
		b.windows_with[i] = 40;
		a.members[i] = 5 + i;
		b.members[i] = 50;
	}
	tally_add(&a, &b);
	ck_assert_uint_eq(a.records, 11);
	ck_assert_uint_eq(a.windows, 22);
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		ck_assert_uint_eq(a.verdicts[i], 33 + i);
	for (unsigned i = 0; i < WINDOW_FINDINGS; i++) {
		ck_assert_uint_eq(a.windows_with[i], 44 + i);
		ck_assert_uint_eq(a.members[i], 55 + i);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tally");
	TCase *t = tcase_create("tally");

	tcase_add_test(t, of_records);
	tcase_add_test(t, of_windows);
	tcase_add_test(t, nothing);
	tcase_add_test(t, unattested_is_allowed);
	tcase_add_test(t, sums);
	suite_add_tcase(s, t);
	return suite_run(s);
}
