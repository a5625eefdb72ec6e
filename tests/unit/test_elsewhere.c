/* Records that name windows of other topics and partitions, or such as don't verify. */
#include "verify/elsewhere.h"
#include "trusting.h"
#include "world.h"
#include "suite.h"

enum { SEEN_MAX = 256 };

static struct world w;
static struct world_proxy here, there;
static struct policy *policy;
static struct statements *st;
static struct spool *spool;
static struct elsewhere *e;
static bool accept_unsigned;
static unsigned fetches;
static int fetch_error;

static struct {
	int64_t offset;
	enum verdict verdict;
	uint64_t window;
} seen[SEEN_MAX];
static size_t seen_count;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	world_proxy_open(&here, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 0, 1, true);
	trust_nobody();
	trust_also(here.public_key);
	trust_also(there.public_key);
	seen_count = fetches = 0;
	fetch_error = 0;
	accept_unsigned = false;
}

static void
close_all(void)
{
	elsewhere_free(e);
	statements_free(st);
	spool_free(spool);
	spool = NULL;
	policy_unref(policy);
	policy = NULL;
	e = NULL;
	st = NULL;
}

static void
teardown(void)
{
	close_all();
	elsewhere_free(NULL);
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
fetch(void *arg, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to)
{
	const struct world_statement *s = &w.s[offset];

	ck_assert_ptr_eq(arg, &w);
	ck_assert_int_eq(partition, 3);
	fetches++;
	if (fetch_error != 0)
		return fetch_error;
	return s->gone ? 0 : give(to, slice_str(s->key), wr_slice(&s->value), manifest_of(s));
}

static void
on_record(void *arg, int64_t offset, enum verdict v, const char *text, const struct chain_id *chain, uint64_t window,
	  const char *issuer)
{
	ck_assert_ptr_eq(arg, &seen);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(chain);
	ck_assert_ptr_nonnull(issuer);
	ck_assert_uint_lt(seen_count, SEEN_MAX);
	for (size_t i = 0; i < seen_count; i++)
		ck_assert_msg(seen[i].offset != offset, "two verdicts for %lld", (long long)offset);
	seen[seen_count].offset = offset;
	seen[seen_count].verdict = v;
	seen[seen_count++].window = window;
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
	struct statements_conf sc = {.cluster_id = slice_str(world_cluster),
				     .wanted = wanted,
				     .partition = -1};
	struct statements_topic *topic;
	struct elsewhere_conf ec;

	close_all();
	seen_count = fetches = 0;
	sc.policy = policy = trust_policy(accept_unsigned);
	sc.spool = spool = spool_new("/tmp", 1 << 30);
	st = statements_new(&sc);
	for (size_t i = 0; i < w.stated; i++)
		ck_assert_int_eq(statements_add(st, 3, (int64_t)i, slice_str(w.s[i].key), wr_slice(&w.s[i].value),
						manifest_of(&w.s[i])), 0);
	ck_assert_int_eq(statements_topic(st, "t", slice_str(WORLD_TOPIC_ID), &topic), 0);
	ck_assert_int_eq(statements_done(st), 0);
	ec = (struct elsewhere_conf){.statements = topic,
				     .policy = policy,
				     .topic = slice_str("t"),
				     .dbom_topic = slice_str(WORLD_DBOM),
				     .now_ms = WORLD_NOW,
				     .pending_max_ms = 3600000,
				     .fetch = fetch,
				     .fetch_arg = &w,
				     .record = on_record,
				     .record_arg = &seen};
	e = elsewhere_new(&ec);
	ck_assert_ptr_nonnull(e);
}

static int
try_judge(const struct world_record *r, int64_t offset, bool *ret_taken)
{
	struct verdict_record v = {offset, r->timestamp, slice_str(r->key), world_value(r), r->headers, r->header_count};
	uint8_t sum[SHA256_LEN];
	struct triple t;

	sha256_of(world_value(r), sum);
	ck_assert(triple_last(r->headers, r->header_count, sum, &t) && t.well_formed);
	return elsewhere_judge(e, &v, &t, ret_taken);
}

static bool
judge(const struct world_record *r, int64_t offset)
{
	bool taken = false;

	ck_assert_int_eq(try_judge(r, offset, &taken), 0);
	return taken;
}

static void
ck_seen(int64_t offset, enum verdict want)
{
	for (size_t i = 0; i < seen_count; i++)
		if (seen[i].offset == offset) {
			ck_assert_str_eq(verdict_name(seen[i].verdict), verdict_name(want));
			return;
		}
	ck_abort_msg("no verdict for %lld", (long long)offset);
}

#define WINDOW(p, ...) world_window(&w, p, &(struct world_window){__VA_ARGS__})

/* The offsets are listed by that statement, for another topic: here they mean nothing. */
START_TEST(same_offsets)
{
	WINDOW(&there, .n = 5);
	begin();
	for (size_t i = 0; i < 5; i++)
		ck_assert(judge(&w.r[i], w.r[i].offset));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_assert_uint_eq(seen_count, 5);
	for (int64_t i = 0; i < 5; i++)
		ck_seen(i, VERDICT_MISPLACED);
	ck_assert_uint_eq(fetches, 1);
}
END_TEST

START_TEST(forged)
{
	WINDOW(&there, .n = 5);
	world_forge(&w.r[2], "mine");
	begin();
	ck_assert(judge(&w.r[1], 101));
	ck_assert(judge(&w.r[2], 102));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(101, VERDICT_MISPLACED);
	ck_seen(102, VERDICT_FORGED_HEADER);
}
END_TEST

static void
some_unresolved(struct statement *s)
{
	s->unresolved = 1;
}

/* It may be the one whose outcome was never known. */
START_TEST(unresolved)
{
	WINDOW(&there, .n = 5, .edit = some_unresolved);
	world_forge(&w.r[2], "mine");
	begin();
	ck_assert(judge(&w.r[2], 102));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(102, VERDICT_UNATTESTED);
}
END_TEST

/* Nothing is known of the window: not ours to judge, unless a later one is stated. */
START_TEST(not_stated)
{
	WINDOW(&there, .n = 2, .withhold = true);
	WINDOW(&there, .n = 2);
	w.stated--; /* as if the second had not been published either */
	w.s[0].gone = false;
	{
		struct world_statement first = w.s[0];

		/* none of the two */
		w.s[0] = w.s[1];
		w.s[1] = first;
		w.stated = 0;
		begin();
		ck_assert(!judge(&w.r[0], 100));
		ck_assert_uint_eq(seen_count, 0);
		/* the later one alone */
		w.stated = 1;
		begin();
		ck_assert(judge(&w.r[0], 100));
		ck_seen(100, VERDICT_UNATTESTED);
		ck_assert_uint_eq(fetches, 0);
		w.stated = 2;
	}
}
END_TEST

START_TEST(none_verifies)
{
	struct world_proxy stranger;

	/* Of this topic, by an unknown key: known to be bad from the start. */
	world_proxy_open(&stranger, "t", WORLD_TOPIC_ID, 0, 9, true);
	WINDOW(&stranger, .n = 2);
	begin();
	ck_assert(judge(&w.r[0], 100));
	ck_seen(100, VERDICT_UNTRUSTED);
	ck_assert_uint_eq(fetches, 0);
	world_proxy_close(&stranger);
	/* Of another topic: found out when it is read. */
	world_proxy_open(&stranger, "u", WORLD_TOPIC_ID, 0, 9, true);
	WINDOW(&stranger, .n = 2);
	begin();
	ck_assert(judge(&w.r[2], 102));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(102, VERDICT_UNTRUSTED);
	ck_assert_uint_eq(fetches, 1);
	world_proxy_close(&stranger);
}
END_TEST

/* A bad one under the same key doesn't hide the good one. */
START_TEST(one_verifies)
{
	struct world_statement *junk;

	WINDOW(&there, .n = 2);
	for (int i = 0; i < 20; i++) {
		junk = &w.s[w.stated++];
		*junk = (struct world_statement){.value = wr_new(4096), .manifest = wr_new(1), .payload = wr_new(1)};
		memcpy(junk->key, w.s[0].key, sizeof(junk->key));
		wr_text(&junk->value, "{}");
	}
	{ /* the good one last */
		struct world_statement first = w.s[0];

		w.s[0] = w.s[w.stated - 1];
		w.s[w.stated - 1] = first;
	}
	begin();
	ck_assert(judge(&w.r[0], 100));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(100, VERDICT_MISPLACED);
}
END_TEST

/* Readable, but signed by nobody that we know: it counts for nothing, however many there are. */
START_TEST(many_strangers)
{
	struct world_statement good;

	WINDOW(&there, .n = 2);
	good = w.s[0];
	for (int i = 1; i < 20; i++) {
		struct world_statement *x = &w.s[i];

		*x = (struct world_statement){.value = wr_new(1 << 20), .manifest = wr_new(1), .payload = wr_new(1)};
		memcpy(x->key, good.key, sizeof(x->key));
		wr_slice_put(&x->value, wr_slice(&good.payload)); /* without a signature */
	}
	w.s[0] = w.s[19];
	w.s[19] = good;
	w.stated = 20;
	begin();
	ck_assert(judge(&w.r[0], 100));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(100, VERDICT_MISPLACED);
}
END_TEST

START_TEST(unsigned_ones)
{
	struct world_proxy bare;

	world_proxy_open(&bare, "u", WORLD_TOPIC_ID, 0, 3, false);
	WINDOW(&bare, .n = 2);
	begin();
	ck_assert(judge(&w.r[0], 100));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(100, VERDICT_UNTRUSTED);
	accept_unsigned = true;
	begin();
	ck_assert(judge(&w.r[0], 100));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(100, VERDICT_MISPLACED);
	world_proxy_close(&bare);
}
END_TEST

/* More windows than are held open, again and again: each record has one verdict. */
START_TEST(many_windows)
{
	enum { WINDOWS = 20 };

	for (int i = 0; i < WINDOWS; i++)
		WINDOW(&there, .n = 2);
	begin();
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < WINDOWS; i++)
			ck_assert(judge(&w.r[2 * i + (size_t)round], 1000 + round * 100 + (int64_t)i));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_assert_uint_eq(seen_count, 2 * WINDOWS);
	for (size_t i = 0; i < seen_count; i++) {
		ck_assert_int_eq(seen[i].verdict, VERDICT_MISPLACED);
		ck_assert_uint_eq(seen[i].window, 1 + (uint64_t)(seen[i].offset % 100));
	}
}
END_TEST

/* The record of the statement topic is gone since: as if it had not been stated. */
START_TEST(gone_meanwhile)
{
	WINDOW(&there, .n = 2);
	begin();
	w.s[0].gone = true;
	ck_assert(judge(&w.r[0], 100));
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(100, VERDICT_UNATTESTED); /* two hours old */
}
END_TEST

START_TEST(errors_end_it)
{
	bool taken;

	WINDOW(&there, .n = 2);
	begin();
	fetch_error = ERR_TIMEOUT;
	ck_assert_int_eq(try_judge(&w.r[0], 100, &taken), ERR_TIMEOUT);
	fetch_error = 0;
	ck_assert(judge(&w.r[0], 100)); /* and the next try is a new one */
	ck_assert_int_eq(elsewhere_end(e), 0);
	ck_seen(100, VERDICT_MISPLACED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("elsewhere");
	TCase *t = tcase_create("elsewhere");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, same_offsets);
	tcase_add_test(t, forged);
	tcase_add_test(t, unresolved);
	tcase_add_test(t, not_stated);
	tcase_add_test(t, none_verifies);
	tcase_add_test(t, one_verifies);
	tcase_add_test(t, many_strangers);
	tcase_add_test(t, unsigned_ones);
	tcase_add_test(t, many_windows);
	tcase_add_test(t, gone_meanwhile);
	tcase_add_test(t, errors_end_it);
	suite_add_tcase(s, t);
	return suite_run(s);
}
