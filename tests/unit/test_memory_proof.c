/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: over a proof that is made, read
 * and believed.  It ends with ERR_NOMEM, or with what it says with enough memory.  jansson's own calls don't fail
 * here: where they do, makotoctl ends (ctl/json_memory.h).
 */
#include "failing.h"

#include "proving.h"
#include "suite.h"
#include "trusting.h"
#include "verify/path.h"

static struct world w;
static struct world_proxy proxy;
static struct policy *policy;

static void
setup(void)
{
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	trust_nobody();
	trust_also(proxy.public_key);
	policy = trust_policy(false);
	for (int i = 0; i < 6; i++)
		world_window(&w, &proxy, &(struct world_window){.n = 5, .manifest = (enum manifest_kind)(i % 3)});
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
	policy_unref(policy);
}

static int
round_trip(size_t i, struct wr *file, enum verdict *ret)
{
	struct proving g = proving_of(&w, policy);
	struct proof_file f;
	struct proven p;
	const char *why;
	int err;

	g.with_value = true;
	if ((err = proving_run(&g, i, file)) != 0)
		return err;
	*ret = g.verdict;
	if ((err = proof_file_read(wr_slice(file), &f, &why)) != 0)
		return err;
	if ((err = proven_by(&f, policy, (struct slice){NULL, 0}, &p)) == 0) {
		*ret = p.verdict;
		proven_clear(&p);
	}
	proof_file_clear(&f);
	return err;
}

/* The record's way: *ret_known of its hops have a statement. */
static int
way_of(size_t i, size_t *ret_known)
{
	struct path_conf conf = {.cluster_id = slice_str(world_cluster), .topic = slice_str("t"), .policy = policy};
	struct verdict_record r = proving_record(&w.r[i]);
	const struct path_hop *hops;
	struct path *p;
	size_t n, known = 0;
	int err = path_new(&conf, &r, &p);

	if (err != 0)
		return err;
	for (size_t k = 0; err == 0 && k < w.stated; k++)
		err = path_take(p, slice_str(WORLD_DBOM), slice_str(w.s[k].key), wr_slice(&w.s[k].value),
				w.s[k].manifest.len > 0 ? wr_slice(&w.s[k].manifest) : (struct slice){NULL, 0});
	hops = path_hops(p, &n);
	for (size_t k = 0; k < n; k++)
		known += hops[k].p.statement != NULL && hops[k].p.state == PUBLISHED_SIGNED;
	path_free(p);
	if (err == 0)
		*ret_known = known;
	return err;
}

START_TEST(a_way)
{
	size_t known = 0;
	uint64_t n = 0;

	ck_assert_int_eq(way_of(7, &known), 0);
	ck_assert_uint_eq(known, 1);
	do {
		int64_t alive = failing.live;
		int err;

		failing_begin(++n, false);
		failing.armed = true;
		err = way_of(7, &known);
		failing.armed = false;
		ck_assert(err == ERR_NOMEM || (err == 0 && known == 1));
		ck_assert_int_eq(failing.live, alive);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 20);
}
END_TEST

static void
all_runs(size_t i, bool lasting)
{
	struct wr want = wr_new(1 << 20);
	enum verdict verdict = VERDICT_COUNT;
	uint64_t n = 0;

	ck_assert_int_eq(round_trip(i, &want, &verdict), 0);
	ck_assert_int_eq(verdict, VERDICT_VERIFIED);
	do {
		struct wr got = wr_new(1 << 20);
		int64_t alive = failing.live;
		int err;

		verdict = VERDICT_COUNT;
		failing_begin(++n, lasting);
		failing.armed = true;
		err = round_trip(i, &got, &verdict);
		failing.armed = false;
		if (err == 0)
			ck_assert(verdict == VERDICT_VERIFIED && slice_eq(wr_slice(&got), wr_slice(&want)));
		else
			ck_assert_msg(failing.failed > 0 && err == ERR_NOMEM, "call %llu: %s", (unsigned long long)n, err_text(err));
		wr_free(&got);
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 30);
	wr_free(&want);
}

START_TEST(one_call)
{
	all_runs(7, false);  /* "leaf+key" */
	all_runs(12, false); /* none: its window is read */
}
END_TEST

START_TEST(from_a_call_on)
{
	all_runs(2, true);
	all_runs(27, true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_proof");
	TCase *t = tcase_create("memory_proof");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_a_call_on);
	tcase_add_test(t, a_way);
	suite_add_tcase(s, t);
	return suite_run(s);
}
