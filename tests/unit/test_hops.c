/* What earlier hops' windows say of records that name them. */
#include "verify/hops.h"

#include "suite.h"
#include "trusting.h"
#include "verify/path.h"
#include "world.h"

static struct world w;
static struct world_proxy here, there;
static struct policy *policy;
static struct statements *st;
static struct spool *spool;
static struct hops *h;
static size_t memory;
static unsigned fetches;
static int fetch_error;
static struct tally tally;
static struct hops_changed last;
static struct chain_id last_chain;
static unsigned told;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	memset(&tally, 0, sizeof(tally));
	world_proxy_open(&here, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 0, 1, true);
	trust_nobody();
	trust_also(here.public_key);
	trust_also(there.public_key);
	memory = fetches = told = 0;
	fetch_error = 0;
}

static void
teardown(void)
{
	hops_free(h);
	hops_free(NULL);
	h = NULL;
	statements_free(st);
	spool_free(spool);
	policy_unref(policy);
	world_free(&w);
	world_proxy_close(&here);
	world_proxy_close(&there);
}

static struct slice
manifest_of(const struct world_statement *s)
{
	return s->manifest.len == 0 ? (struct slice){NULL, 0} : wr_slice(&s->manifest);
}

static int
fetch(void *arg UNUSED, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to)
{
	const struct world_statement *s = &w.s[offset];

	ck_assert_int_eq(partition, 3);
	fetches++;
	return fetch_error != 0 ? fetch_error : give(to, slice_str(s->key), wr_slice(&s->value), manifest_of(s));
}

static void
on_changed(void *arg UNUSED, const struct hops_changed *c)
{
	last = *c;
	if (c->chain != NULL)
		last_chain = *c->chain;
	told++;
}

static bool
wanted(void *arg UNUSED, struct slice topic)
{
	return slice_eq(topic, slice_str("t"));
}

/* The statements that there are now, as the verification of topic "t" begins. */
static void
begin(void)
{
	struct statements_conf sc = {.cluster_id = slice_str(world_cluster), .wanted = wanted, .partition = -1};
	struct statements_topic *topic;
	struct hops_conf hc;

	sc.policy = policy = trust_policy(false);
	sc.spool = spool = spool_new("/tmp", 1 << 30);
	st = statements_new(&sc);
	for (size_t i = 0; i < w.stated; i++)
		if (!w.s[i].gone)
			ck_assert_int_eq(statements_add(st, 3, (int64_t)i, slice_str(w.s[i].key), wr_slice(&w.s[i].value), manifest_of(&w.s[i])), 0);
	ck_assert_int_eq(statements_topic(st, "t", slice_str(WORLD_TOPIC_ID), &topic), 0);
	ck_assert_int_eq(statements_done(st), 0);
	hc = (struct hops_conf){.statements = topic, .policy = policy, .fetch = fetch, .memory = memory, .changed = on_changed};
	h = hops_new(&hc);
	ck_assert_ptr_nonnull(h);
}

/* The record as it came to `first`, and on from there with the headers of others, which tell the hash of its value. */
struct handed {
	struct verdict_record r;
	struct header headers[8 * WORLD_HEADERS];
};

static struct handed *
handed(const struct world_record *first)
{
	static struct handed x;

	x.r = (struct verdict_record){1000, first->timestamp, slice_str(first->key), world_value(first), x.headers, first->header_count};
	memcpy(x.headers, first->headers, first->header_count * sizeof(*x.headers));
	return &x;
}

static struct handed *
on(struct handed *x, const struct world_record *next)
{
	const struct header *from = next->headers + next->header_count - 3;
	static char hash[2 * SHA256_LEN + 1];
	uint8_t sum[SHA256_LEN];

	sha256_of(x->r.value, sum);
	memcpy(x->headers + x->r.header_count, from, 3 * sizeof(*from));
	x->headers[x->r.header_count].value = slice_str(text_hex(sum, SHA256_LEN, hash));
	x->r.header_count += 3;
	return x;
}

static void
look(const struct handed *x)
{
	ck_assert_int_eq(hops_record(h, &x->r), 0);
}

/* Of the first hop; and nothing else was counted. */
static void
ck_counts(uint64_t verified, uint64_t untold, uint64_t untrusted, uint64_t not_found, uint64_t changed)
{
	const uint64_t want[HOP_RESULTS] = {verified, untold, untrusted, not_found, changed};

	memset(&tally, 0, sizeof(tally));
	hops_tally(h, &tally);
	for (size_t i = 0; i < HOP_RESULTS; i++)
		ck_assert_msg(tally.hops[0][i] == want[i], "%s: %d", tally_hop_name((enum hop_result)i), (int)tally.hops[0][i]);
	for (size_t i = 0; i < HOP_RESULTS; i++)
		ck_assert_uint_eq(tally.hops[1][i], 0);
	ck_assert_uint_eq(tally.members[WINDOW_HOP_CHANGED], changed);
	ck_assert_uint_eq(told, changed);
	ck_assert_int_eq(tally_outcome(&tally, false), changed > 0 ? TALLY_VIOLATION : TALLY_OK);
}

#define WINDOW(p, ...) world_window(&w, p, &(struct world_window){__VA_ARGS__})

START_TEST(as_it_was)
{
	WINDOW(&there, .n = 5);
	WINDOW(&here, .n = 5);
	begin();
	for (size_t i = 0; i < 5; i++)
		look(on(handed(&w.r[i]), &w.r[5]));
	ck_counts(5, 0, 0, 0, 0);
	ck_assert_uint_eq(fetches, 1);
}
END_TEST

/* What decides its verdict is no hop before; where the last hop writes no headers, all that are there are. */
START_TEST(which_are_hops)
{
	WINDOW(&there, .n = 1);
	WINDOW(&here, .n = 2);
	begin();
	look(handed(&w.r[1]));
	ck_counts(0, 0, 0, 0, 0);
	look(handed(&w.r[0]));
	ck_counts(1, 0, 0, 0, 0);
	world_forge(&w.r[1], "mine"); /* nor are headers at the end that contradict it */
	look(handed(&w.r[1]));
	ck_counts(1, 0, 0, 0, 0);
}
END_TEST

/* It came back to where it was before. */
START_TEST(the_same_partition)
{
	WINDOW(&here, .n = 3);
	WINDOW(&here, .n = 1);
	begin();
	look(on(handed(&w.r[1]), &w.r[3]));
	ck_counts(1, 0, 0, 0, 0);
}
END_TEST

START_TEST(changed_since)
{
	struct handed *x;

	WINDOW(&there, .n = 5);
	WINDOW(&here, .n = 1);
	begin();
	x = on(handed(&w.r[1]), &w.r[5]);
	x->r.key = slice_str("another");
	look(x);
	look(x);
	ck_counts(0, 0, 0, 0, 2);
	ck_assert_uint_eq(tally.windows_with[WINDOW_HOP_CHANGED], 1);
	ck_assert(last.hop == 1 && last.window_id == 1 && chain_id_eq(&last_chain, &there.chain) && last.offset == 1000);
	x = handed(&w.r[1]);
	x->r.value = slice_str("another");
	look(on(x, &w.r[5]));
	ck_counts(0, 0, 0, 0, 3);
	ck_assert_ptr_null(last.chain);
	ck_assert_uint_eq(tally.windows_with[WINDOW_HOP_CHANGED], 2);
}
END_TEST

START_TEST(not_here)
{
	WINDOW(&there, .n = 5, .withhold = true);
	WINDOW(&here, .n = 1);
	begin();
	look(on(handed(&w.r[1]), &w.r[5]));
	ck_counts(0, 0, 0, 1, 0);
	ck_assert_uint_eq(fetches, 0);
}
END_TEST

START_TEST(untrusted)
{
	struct handed *x;

	WINDOW(&there, .n = 5);
	WINDOW(&here, .n = 1);
	trust_nobody();
	trust_also(here.public_key);
	begin();
	look(on(handed(&w.r[1]), &w.r[5]));
	x = on(handed(&w.r[1]), &w.r[5]);
	x->r.key = slice_str("another"); /* whom nobody trusts says nothing against it, either */
	look(x);
	ck_counts(0, 0, 2, 0, 0);
}
END_TEST

static void
some_unresolved(struct statement *s)
{
	s->unresolved = 1;
}

START_TEST(can_not_be_told)
{
	struct handed *x;

	WINDOW(&there, .n = 2, .no_manifest_header = true);
	WINDOW(&there, .n = 2, .edit = some_unresolved);
	WINDOW(&here, .n = 1);
	begin();
	look(on(handed(&w.r[1]), &w.r[4]));
	ck_counts(0, 1, 0, 0, 0);
	x = on(handed(&w.r[2]), &w.r[4]);
	look(x);
	ck_counts(1, 1, 0, 0, 0);
	x->r.key = slice_str("another");
	look(x);
	ck_counts(1, 2, 0, 0, 0);
}
END_TEST

/* A stranger's statement under that name, before the one that counts; with keys in its manifest. */
START_TEST(the_one_that_counts)
{
	WINDOW(&there, .n = 3, .manifest = MANIFEST_LEAF_KEY);
	WINDOW(&here, .n = 1);
	w.s[2] = w.s[0];
	w.stated = 3;
	w.s[0].value = wr_new(1 << 20);
	wr_text(&w.s[0].value, "{}");
	w.s[0].manifest = (struct wr){0};
	begin();
	for (size_t i = 0; i < 3; i++)
		look(on(handed(&w.r[i]), &w.r[3]));
	ck_counts(3, 0, 0, 0, 0);
	w.s[0].payload = (struct wr){0}; /* which s[2] has */
}
END_TEST

/* Another statement for the window, which has its manifest: the first one counts.  The first's again, with its own, makes it whole. */
START_TEST(the_first_of_a_fork)
{
	struct world_proxy before = there;

	WINDOW(&there, .n = 2);
	there = before;
	WINDOW(&there, .n = 2);
	WINDOW(&here, .n = 1);
	w.s[3] = w.s[0];
	w.s[0].manifest = (struct wr){0};
	w.stated = _i == 0 ? 3 : 4;
	begin();
	look(on(handed(&w.r[0]), &w.r[4]));
	ck_counts(_i, 1 - (uint64_t)_i, 0, 0, 0);
	w.stated = 4;
	w.s[0].payload = w.s[0].value = (struct wr){0}; /* which s[3] has */
}
END_TEST

/* No room for two of them: read again, and right each time. */
START_TEST(little_memory)
{
	memory = 1;
	for (int i = 0; i < 4; i++)
		WINDOW(&there, .n = 4);
	WINDOW(&here, .n = 1);
	begin();
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < 16; i++)
			look(on(handed(&w.r[i]), &w.r[16]));
	ck_counts(32, 0, 0, 0, 0);
	ck_assert_uint_eq(fetches, 8);
}
END_TEST

START_TEST(it_can_not_be_read)
{
	WINDOW(&there, .n = 1);
	WINDOW(&here, .n = 1);
	begin();
	fetch_error = ERR_TIMEOUT;
	ck_assert_int_eq(hops_record(h, &on(handed(&w.r[0]), &w.r[1])->r), ERR_TIMEOUT);
	fetch_error = 0;
	look(on(handed(&w.r[0]), &w.r[1]));
	ck_counts(1, 0, 0, 0, 0);
}
END_TEST

/* Those behind the eighth are counted together. */
START_TEST(many)
{
	struct handed *x;

	WINDOW(&there, .n = 1);
	WINDOW(&here, .n = 1);
	begin();
	x = handed(&w.r[0]);
	for (int i = 1; i < 10; i++)
		on(x, &w.r[0]);
	look(on(x, &w.r[1]));
	hops_tally(h, &tally);
	ck_assert_uint_eq(tally.hops[0][HOP_VERIFIED], 1);
	for (int i = 1; i < HOPS_TOLD; i++)
		ck_assert_uint_eq(tally.hops[i][HOP_CHANGED], i == HOPS_TOLD - 1 ? 3 : 1);
	ck_assert_uint_eq(last.hop, 10);
}
END_TEST

enum { FAR_TOO_MANY = 4096 };

/*
 * Anybody can write a record of a megabyte that names one window thousands of times, and for each place all headers before
 * it are hashed: so only the first are looked at, and told of.
 */
static void
look_at_many(bool well_formed)
{
	struct header *headers = calloc(1 + 3 * FAR_TOO_MANY, sizeof(*headers));
	struct handed *x;

	WINDOW(&there, .n = 1);
	WINDOW(&here, .n = 1);
	begin();
	ck_assert_ptr_nonnull(headers);
	x = handed(&w.r[0]);
	ck_assert_uint_eq(x->r.header_count, 1 + 3);
	headers[0] = x->headers[0];
	for (size_t i = 0; i < FAR_TOO_MANY; i++)
		memcpy(headers + 1 + 3 * i, x->headers + 1, 3 * sizeof(*headers));
	if (!well_formed)
		x->r.value = slice_str("another");
	x->r.headers = headers;
	x->r.header_count = 1 + (size_t)3 * FAR_TOO_MANY;
	look(x);
	hops_tally(h, &tally);
	free(headers);
}

static uint64_t
of_result(enum hop_result result)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HOPS_TOLD; i++)
		n += tally.hops[i][result];
	return n;
}

START_TEST(far_too_many)
{
	look_at_many(true);
	ck_assert_uint_eq(of_result(HOP_VERIFIED), 1); /* before the first stands what it came with */
	ck_assert_uint_eq(of_result(HOP_CHANGED), PATH_HOPS_MAX - 1);
	ck_assert_uint_eq(of_result(HOP_UNTOLD), FAR_TOO_MANY - PATH_HOPS_MAX);
	ck_assert_uint_eq(told, PATH_HOPS_MAX - 1);
	ck_assert_uint_eq(last.hop, PATH_HOPS_MAX);
	ck_assert_uint_eq(fetches, 1);
}
END_TEST

START_TEST(far_too_many_malformed)
{
	look_at_many(false);
	ck_assert_uint_eq(of_result(HOP_CHANGED), PATH_HOPS_MAX);
	ck_assert_uint_eq(of_result(HOP_UNTOLD), FAR_TOO_MANY - 1 - PATH_HOPS_MAX); /* at the end such are no hop */
	ck_assert_uint_eq(told, PATH_HOPS_MAX);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hops");
	TCase *t = tcase_create("hops");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, as_it_was);
	tcase_add_test(t, which_are_hops);
	tcase_add_test(t, the_same_partition);
	tcase_add_test(t, changed_since);
	tcase_add_test(t, not_here);
	tcase_add_test(t, untrusted);
	tcase_add_test(t, can_not_be_told);
	tcase_add_test(t, the_one_that_counts);
	tcase_add_loop_test(t, the_first_of_a_fork, 0, 2);
	tcase_add_test(t, little_memory);
	tcase_add_test(t, it_can_not_be_read);
	tcase_add_test(t, many);
	tcase_add_test(t, far_too_many);
	tcase_add_test(t, far_too_many_malformed);
	suite_add_tcase(s, t);
	return suite_run(s);
}
