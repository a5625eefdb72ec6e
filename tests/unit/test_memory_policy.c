/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: over a trust policy that is
 * loaded.  It says so and leaves nothing, or the policy is whole.  libyaml's and libcrypto's own calls don't fail here.
 */
#include "failing.h"

#include "key_files.h"
#include "pki.h"
#include "suite.h"
#include "trust/policy.h"

static const char text[] = "issuers:\n"
			   "  a: {keys: [p256.pem, ed.pem], topics: [x, \"y-*\"], clusters: [c], level: 3, not.before: 2026-01-01T00:00:00Z}\n"
			   "  b: {certificates: [leaf.crt], authorities: [ca.crt, other.crt]}\n"
			   "mirrors: [{topic: \"east.*\", of: \"*\", cluster: c}, {topic: a, of: b, cluster: d}]\n"
			   "unattested: {p: allow, \"*\": deny}\n"
			   "unsigned: [u, v]\n";

static struct pki_cert root, other, leaf;
static char name[256];

static void
setup(void)
{
	pki_open();
	(void)pki_file("p256.pem", P256_PUBLIC, 0644);
	(void)pki_file("ed.pem", ED25519_PUBLIC, 0644);
	(void)snprintf(name, sizeof(name), "%s/trust.yaml", pki_dir);
	root = pki_make("ca", NULL, NULL, -100, 100);
	other = pki_make("other", NULL, NULL, -100, 100);
	leaf = pki_make("leaf", &root, NULL, -10, 20);
}

static void
teardown(void)
{
	pki_free(&root), pki_free(&other), pki_free(&leaf);
	pki_close();
}

static void
ck_whole(const struct policy *p)
{
	struct policy_facts f = {slice_str("c"), slice_str("v"), 1, 0, NULL};
	struct policy_opinion o;

	policy_trust(p, &f, &o);
	ck_assert_int_eq(o.trust, TRUST_UNSIGNED);
	ck_assert(policy_mirrors(p, slice_str("a"), slice_str("d"), slice_str("b")));
	ck_assert(policy_allows_unattested(p, slice_str("p")));
	ck_assert(!policy_allows_unattested(p, slice_str("q")));
}

static void
all_runs(bool lasting)
{
	uint64_t n = 0;

	do {
		int64_t alive = failing.live;
		struct policy *p = NULL;
		char why[8192] = "";
		int err;

		failing_begin(++n, lasting);
		failing.armed = true;
		err = policy_load_text(name, slice_str(text), &p, why, sizeof(why));
		failing.armed = false;
		if (failing.failed > 0) {
			ck_assert_msg(err == ERR_NOMEM, "call %llu: %d %s", (unsigned long long)n, err, why);
			ck_assert_ptr_null(p);
			ck_assert_ptr_nonnull(strstr(why, "out of memory"));
		} else {
			ck_assert_msg(err == 0, "%s", why);
			ck_whole(p);
		}
		policy_unref(p);
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 100);
}

START_TEST(one_call)
{
	all_runs(false);
}
END_TEST

START_TEST(from_a_call_on)
{
	all_runs(true);
}
END_TEST

START_TEST(keys_of_a_command_line)
{
	char path[256];
	const char *files[] = {path};
	uint64_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/p256.pem", pki_dir);
	do {
		int64_t alive = failing.live;
		struct policy *p = NULL;
		char why[1024] = "";
		int err;

		failing_begin(++n, false);
		failing.armed = true;
		err = policy_of_keys(files, 1, true, &p, why, sizeof(why));
		failing.armed = false;
		ck_assert_int_eq(err, failing.failed > 0 ? ERR_NOMEM : 0);
		policy_unref(p);
		ck_assert_int_eq(failing.live, alive);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 10);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_policy");
	TCase *t = tcase_create("memory_policy");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_a_call_on);
	tcase_add_test(t, keys_of_a_command_line);
	suite_add_tcase(s, t);
	return suite_run(s);
}
