/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: over a
 * whole verification.  It ends with an error, or it says what it says with enough memory:
 * no record is called anything else, and no window.  jansson's own calls don't fail here: where
 * they do, makotoctl ends (ctl/json_memory.h).
 */
#include "failing.h"

#include "suite.h"
#include "verify/recall.h"
#include "verify/statements.h"
#include "trusting.h"
#include "world.h"

static struct world w;
static struct world_proxy proxy, bare, there;
static struct policy *policy;

struct told {
	int verdicts[VERDICT_COUNT];
	int findings[WINDOW_FINDINGS];
};

static void
found(void *arg, const struct finding *f)
{
	struct told *t = arg;

	if (f->about_record)
		t->verdicts[f->verdict]++;
	else
		t->findings[f->window]++;
}

static int
fetch(void *arg, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to)
{
	const struct world_statement *s = &w.s[offset];

	(void)arg;
	(void)partition;
	return give(to, slice_str(s->key), wr_slice(&s->value), wr_slice(&s->manifest));
}

static int
add_all(struct statements *st)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < w.stated; i++) {
		const struct world_statement *s = &w.s[i];

		if (!s->gone)
			err = statements_add(st, 3, (int64_t)i, slice_str(s->key), wr_slice(&s->value),
					     s->manifest.len > 0 ? wr_slice(&s->manifest) : (struct slice){NULL, 0});
	}
	return err;
}

static int
join_all(const struct statements_topic *st, struct told *ret)
{
	struct join_conf jc = {.to = w.next_offset, .log_end = w.next_offset, .compacted = true, .found = found, .arg = ret};
	struct join *j;
	int err;

	jc.elsewhere = (struct elsewhere_conf){.statements = st,
					       .policy = policy,
					       .topic = slice_str("t"),
					       .dbom_topic = slice_str(WORLD_DBOM),
					       .now_ms = WORLD_NOW,
					       .pending_max_ms = JOIN_PENDING_MAX_MS,
					       .fetch = fetch};
	if ((err = join_new(&jc, &j)) != 0)
		return err;
	for (size_t i = 0; err == 0 && i < w.count; i++) {
		const struct world_record *r = &w.r[i];
		struct verdict_record v = {r->offset, r->timestamp, slice_str(r->key), world_value(r), r->headers,
					   r->header_count};

		if (!r->gone)
			err = join_record(j, &v);
	}
	if (err == 0)
		err = join_end(j, 0);
	join_free(j);
	return err;
}

/* What is seen is remembered, and is all there. */
static int
remember(const struct statements_topic *t)
{
	struct recall_about about = {.topic = "t", .topic_id = WORLD_TOPIC_ID, .log_end = w.next_offset};
	struct recall m = {.list = NULL};
	struct tally tally = {0};
	int err;

	about.stated = statements_of(t, 0, &about.count);
	if ((err = recall_see(&m, &about)) == 0) {
		recall_sort(&m);
		recall_judge(&m, &about, NULL, NULL, &tally);
		/* No assertion here: those need memory. */
		err = tally_outcome(&tally, false) == TALLY_OK && m.count == 2 ? 0 : ERR_MALFORMED;
	}
	recall_clear(&m);
	return err;
}

static bool
wanted(void *arg UNUSED, struct slice topic)
{
	return slice_eq(topic, slice_str("t"));
}

static size_t in_memory; /* of the spool; else it is a file */

/* 0 with all that was found, or an error. */
static int
verify(struct told *ret)
{
	/* The topic's id is to be found, so that some of what was kept is given up again. */
	struct statements_conf sc = {.policy = policy,
				     .cluster_id = slice_str(world_cluster),
				     .wanted = wanted,
				     .partition = -1,
				     .spool = spool_new("/tmp", in_memory)};
	struct statements_topic *t;
	struct statements *st = NULL;
	int err = ERR_NOMEM;

	memset(ret, 0, sizeof(*ret));
	if (sc.spool == NULL || (st = statements_new(&sc)) == NULL || (err = add_all(st)) != 0 ||
	    (err = statements_topic(st, "t", (struct slice){NULL, 0}, &t)) != 0 || (err = statements_done(st)) != 0)
		goto out;
	err = join_all(t, ret);
	if (err == 0)
		err = remember(t);
out:
	statements_free(st);
	spool_free(sc.spool);
	return err;
}

static void
other_topic_id(struct statement *s)
{
	s->topic_id = slice_str("BBECAwQFBgcICQoLDA0ODw");
	s->settled_ms -= 100000;
	s->closed_ms = s->opened_ms = s->settled_ms;
}

/* Something of everything: manifests of each kind and none, unsigned, altered, gone, copied from elsewhere. */
static void
setup(void)
{
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&bare, "t", WORLD_TOPIC_ID, 0, 2, false);
	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 0, 3, true);
	trust_also(proxy.public_key);
	trust_also(there.public_key);
	policy = trust_policy(true);
	world_window(&w, &proxy, &(struct world_window){.n = 1, .edit = other_topic_id});
	for (int i = 0; i < 16; i++)
		world_window(&w, &proxy, &(struct world_window){.n = 4, .manifest = (enum manifest_kind)(i % 3)});
	world_window(&w, &bare, &(struct world_window){.n = 3});
	world_window(&w, &there, &(struct world_window){.n = 3});
	world_forge(&w.r[6], "forged");
	w.r[9].gone = w.r[14].gone = true;
	(void)world_copy(&w, 20);
	w.s[5].gone = true;
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&bare);
	world_proxy_close(&there);
	policy_unref(policy);
}

static void
all_runs(bool lasting)
{
	struct told want, got;
	uint64_t n = 0;

	ck_assert_int_eq(verify(&want), 0);
	ck_assert_int_gt(want.verdicts[VERDICT_VERIFIED], 20);
	ck_assert_int_eq(want.verdicts[VERDICT_ALTERED], 1);
	ck_assert_int_eq(want.verdicts[VERDICT_UNSIGNED], 3);
	ck_assert_int_ge(want.verdicts[VERDICT_MISPLACED], 3);
	ck_assert_int_ge(want.findings[WINDOW_GAP], 1);
	do {
		int64_t alive = failing.live;
		int err;

		failing_begin(++n, lasting);
		failing.armed = true;
		err = verify(&got);
		failing.armed = false;
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
		if (failing.failed > 0 && err != 0)
			ck_assert_msg(err == ERR_NOMEM, "call %llu: %s", (unsigned long long)n, err_text(err));
		else
			ck_assert_msg(memcmp(&got, &want, sizeof(want)) == 0, "call %llu: another outcome", (unsigned long long)n);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 300);
}

START_TEST(one_call)
{
	in_memory = 1 << 30;
	all_runs(false);
	in_memory = 0;
	all_runs(false);
}
END_TEST

START_TEST(from_a_call_on)
{
	in_memory = 1 << 30;
	all_runs(true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_verify");
	TCase *t = tcase_create("memory_verify");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_a_call_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
