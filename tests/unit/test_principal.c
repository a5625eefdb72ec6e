#include "survey/principal.h"

#include "surveyed.h"

static const char *says;

static int
begin(void *arg, const char *host UNUSED, void **ret_talk, char *why, size_t why_len)
{
	if (says == NULL) {
		(void)snprintf(why, why_len, "nothing to say");
		return ERR_NOT_NOW;
	}
	*ret_talk = arg;
	return 0;
}

static int ended;

static int
step(void *talk, struct slice in, struct wr *out, bool *ret_done, char *why UNUSED, size_t why_len UNUSED)
{
	ck_assert_ptr_eq(talk, &says);
	*ret_done = in.n > 0;
	wr_text(out, in.n > 0 ? "n=another" : says);
	return 0;
}

static void
end(void *talk)
{
	ck_assert_ptr_eq(talk, &says);
	ended++;
}

/* What passes by is the real door's, and the name is heard. */
START_TEST(heard)
{
	static const struct {
		const char *mechanism, *says, *name;
	} cases[] = {
		{"SCRAM-SHA-512", "n,,n=side=2Ccar,r=abc", "User:side,car"},
		{"OAUTHBEARER", "n,,\001auth=Bearer opaque\001\001", PRINCIPAL_UNKNOWN},
		{"AWS_MSK_IAM", "{}", PRINCIPAL_UNKNOWN},
	};
	struct login_door real = {cases[_i].mechanism, &says, begin, step, end};
	struct principal *p = principal_new(&real, NULL);
	const struct login_door *door = principal_door(p);
	struct wr out = wr_new(1000);
	char why[100] = "";
	bool done = true;
	void *talk;

	says = NULL;
	ck_assert_str_eq(door->mechanism, cases[_i].mechanism);
	ck_assert_str_eq(principal_name(p), PRINCIPAL_UNKNOWN);
	ck_assert_int_eq(door->begin(door->arg, "h", &talk, why, sizeof(why)), ERR_NOT_NOW);
	ck_assert_str_eq(why, "nothing to say");
	says = cases[_i].says;
	ck_assert_int_eq(door->begin(door->arg, "h", &talk, why, sizeof(why)), 0);
	ck_assert_int_eq(door->step(talk, slice_of(NULL, 0), &out, &done, why, sizeof(why)), 0);
	ck_assert(!done);
	ck_assert(slice_eq(wr_slice(&out), slice_str(says)));
	ck_assert_str_eq(principal_name(p), cases[_i].name);
	ck_assert_int_eq(door->step(talk, slice_str("x"), &out, &done, why, sizeof(why)), 0);
	ck_assert(done);
	ck_assert_str_eq(principal_name(p), cases[_i].name);
	door->end(talk);
	ck_assert_int_eq(ended, 1);
	wr_free(&out);
	principal_free(p);
}
END_TEST

START_TEST(plain)
{
	static const char token[] = "\0sidecar\0secret";
	struct login_door real = {"PLAIN", &says, begin, step, end};
	struct principal *p = principal_new(&real, NULL);
	const struct login_door *door = principal_door(p);
	struct wr out = wr_new(1000);
	char why[100];
	bool done;
	void *talk;

	/* Behind what is there already. */
	wr_bytes(&out, token, sizeof(token) - 1);
	says = "";
	ck_assert_int_eq(door->begin(door->arg, "h", &talk, why, sizeof(why)), 0);
	ck_assert_int_eq(door->step(talk, slice_of(NULL, 0), &out, &done, why, sizeof(why)), 0);
	ck_assert_str_eq(principal_name(p), PRINCIPAL_UNKNOWN); /* an empty message names nobody */
	door->end(talk);
	wr_free(&out);
	principal_free(p);
}
END_TEST

START_TEST(without_a_login)
{
	struct principal *p = principal_new(NULL, NULL);

	ck_assert_ptr_null(principal_door(p));
	ck_assert_str_eq(principal_name(p), "User:ANONYMOUS");
	principal_free(p);
	principal_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("principal");
	TCase *t = tcase_create("principal");

	tcase_add_loop_test(t, heard, 0, 3);
	tcase_add_test(t, plain);
	tcase_add_test(t, without_a_login);
	suite_add_tcase(s, t);
	return suite_run(s);
}
