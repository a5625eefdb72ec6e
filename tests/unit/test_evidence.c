/* One record's proof: made of what the logs hold, and taken by who has the file and the key alone. */
#include "tests/unit/proving.h"
#include "tests/unit/suite.h"
#include "tests/unit/trusting.h"

static struct world w;
static struct world_proxy proxy, other, bare;
static struct policy *policy, *also_unsigned;
static struct wr file;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	world_log_append = false;
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, true);
	world_proxy_open(&bare, "t", WORLD_TOPIC_ID, 0, 3, false);
	trust_nobody();
	trust_also(proxy.public_key);
	policy = trust_policy(false);
	also_unsigned = trust_policy(true);
	file = wr_new(1 << 20);
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	world_proxy_close(&bare);
	policy_unref(policy);
	policy_unref(also_unsigned);
	wr_free(&file);
}

static enum verdict
prove(struct proving *g, size_t i)
{
	wr_reset(&file);
	ck_assert_int_eq(proving_run(g, i, &file), 0);
	return g->verdict;
}

/* What the file that was made last proves, with this value beside it. */
static enum verdict
taken_with(const struct policy *whose, struct slice value, bool *ret_value_known)
{
	struct proof_file f;
	struct proven p;
	const char *why = "";
	enum verdict v;

	ck_assert_msg(proof_file_read(wr_slice(&file), &f, &why) == 0, "%s", why);
	ck_assert_int_eq(proven_by(&f, whose, value, &p), 0);
	v = p.verdict;
	ck_assert_int_eq(p.why[0] == '\0', v == VERDICT_VERIFIED || v == VERDICT_UNSIGNED);
	if (ret_value_known != NULL)
		*ret_value_known = p.value_known;
	proven_clear(&p);
	proof_file_clear(&f);
	return v;
}

static enum verdict
taken(void)
{
	return taken_with(policy, (struct slice){NULL, 0}, NULL);
}

static void
ck_all_proved(struct proving *g, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++) {
		ck_assert_msg(prove(g, i) == VERDICT_VERIFIED, "record %zu is %s: %s", i, verdict_name(g->verdict), g->why);
		ck_assert_int_eq(taken(), VERDICT_VERIFIED);
	}
}

/* Windows of many sizes with each manifest; without one the window's records are read, and no others. */
START_TEST(each_record)
{
	struct proving g = proving_of(&w, policy);

	for (size_t n = 1; n <= 9; n++)
		world_window(&w, &proxy, &(struct world_window){.n = n, .manifest = (enum manifest_kind)(n % 3)});
	world_window(&w, &proxy, &(struct world_window){.n = 4, .headers_none = true});
	world_window(&w, &proxy, &(struct world_window){.n = 5, .no_manifest_header = true});
	world_window(&w, &proxy, &(struct world_window){.n = 5, .no_manifest_header = true, .manifest = MANIFEST_LEAF_KEY});
	ck_all_proved(&g, 0, w.count);
	ck_assert_int_eq(g.from, w.next_offset - 5);
	ck_assert_int_eq(g.to, w.next_offset);
	(void)prove(&g, 5); /* of window 3, "leaf+key" is 1 % 3 … : its neighbours aren't needed where there is a manifest */
	ck_assert_int_le(g.to - g.from, 3);
}
END_TEST

START_TEST(log_append_time)
{
	struct proving g = proving_of(&w, policy);

	world_log_append = true;
	world_window(&w, &proxy, &(struct world_window){.n = 3});
	world_window(&w, &proxy, &(struct world_window){.n = 3, .manifest = MANIFEST_NONE});
	ck_all_proved(&g, 0, 6);
}
END_TEST

START_TEST(values)
{
	struct proving g = proving_of(&w, policy);
	bool known;

	world_window(&w, &proxy, &(struct world_window){.n = 3});
	ck_assert_int_eq(prove(&g, 1), VERDICT_VERIFIED);
	ck_assert_int_eq(taken_with(policy, (struct slice){NULL, 0}, &known), VERDICT_VERIFIED);
	ck_assert(!known);
	ck_assert_int_eq(taken_with(policy, slice_str("value 1"), &known), VERDICT_VERIFIED);
	ck_assert(known);
	ck_assert_int_eq(taken_with(policy, slice_str("value 2"), &known), VERDICT_ALTERED);
	ck_assert_int_eq(taken_with(policy, slice_of("", 0), NULL), VERDICT_ALTERED);
	g.with_value = true;
	ck_assert_int_eq(prove(&g, 1), VERDICT_VERIFIED);
	ck_assert_int_eq(taken_with(policy, (struct slice){NULL, 0}, &known), VERDICT_VERIFIED);
	ck_assert(known);
	ck_assert_int_eq(taken_with(policy, slice_str("value 2"), &known), VERDICT_ALTERED);
}
END_TEST

/* No proof: each with the verdict that makotoctl verify gives. */
START_TEST(no_proof)
{
	struct proving g = proving_of(&w, policy);

	world_window(&w, &proxy, &(struct world_window){.n = 4});
	world_window(&w, &proxy, &(struct world_window){.n = 4, .manifest = MANIFEST_NONE});
	world_window(&w, &other, &(struct world_window){.n = 4});
	world_window(&w, &proxy, &(struct world_window){.n = 4, .withhold = true});
	world_window(&w, &bare, &(struct world_window){.n = 2});
	world_forge(&w.r[1], "forged");
	ck_assert_int_eq(prove(&g, 1), VERDICT_ALTERED);
	ck_assert_int_eq(prove(&g, 2), VERDICT_VERIFIED);
	w.r[3] = w.r[2]; /* moved */
	w.r[3].offset = 3;
	ck_assert_int_eq(prove(&g, 3), VERDICT_MISPLACED);
	w.r[6].gone = true;
	ck_assert_int_eq(prove(&g, 5), VERDICT_UNATTESTED); /* the root can't be made again */
	w.r[6].gone = false;
	ck_assert_int_eq(prove(&g, 5), VERDICT_VERIFIED);
	world_forge(&w.r[6], "forged");
	ck_assert_int_eq(prove(&g, 5), VERDICT_ALTERED); /* one of four */
	ck_assert_uint_eq(g.untrusted, 0);
	ck_assert_int_eq(prove(&g, 9), VERDICT_UNTRUSTED);
	ck_assert_uint_eq(g.untrusted, 1);
	ck_assert_str_eq(g.untrusted_why, "no trusted key signed the statement");
	/* Without its headers it names none: nobody who counts claims it. */
	w.r[9].header_count = 1;
	ck_assert_int_eq(prove(&g, 9), VERDICT_UNATTESTED);
	ck_assert_uint_eq(g.untrusted, 1);
	(void)prove(&g, 13);
	ck_assert(g.verdict == VERDICT_UNATTESTED || g.verdict == VERDICT_PENDING);
	ck_assert_uint_eq(g.untrusted, 0);
	ck_assert_int_eq(prove(&g, 16), VERDICT_UNTRUSTED); /* no signature, and that isn't accepted */
	/* A copy at the end of the log names a window that doesn't list it. */
	(void)world_copy(&w, 0);
	ck_assert_int_eq(prove(&g, w.count - 1), VERDICT_MISPLACED);
}
END_TEST

START_TEST(unsigned_ones)
{
	struct proving g = proving_of(&w, NULL);

	world_window(&w, &bare, &(struct world_window){.n = 2});
	ck_assert_int_eq(prove(&g, 1), VERDICT_UNTRUSTED);
	g.conf.policy = also_unsigned;
	ck_assert_int_eq(prove(&g, 1), VERDICT_UNSIGNED);
	ck_assert_int_eq(taken(), VERDICT_UNTRUSTED);
	ck_assert_int_eq(taken_with(also_unsigned, (struct slice){NULL, 0}, NULL), VERDICT_UNSIGNED);
}
END_TEST

/* Who proves need not have the key: whoever verifies does. */
START_TEST(unchecked)
{
	struct proving g = proving_of(&w, NULL);

	world_window(&w, &proxy, &(struct world_window){.n = 2});
	world_window(&w, &other, &(struct world_window){.n = 2});
	ck_assert_int_eq(prove(&g, 0), VERDICT_VERIFIED);
	ck_assert_int_eq(taken(), VERDICT_VERIFIED);
	ck_assert_int_eq(prove(&g, 2), VERDICT_VERIFIED);
	ck_assert_int_eq(taken(), VERDICT_UNTRUSTED);
}
END_TEST

static void
lists_more(struct statement *s)
{
	static struct run run;

	/* A window that lists an offset which is another's, too: a log that was cut off and written again. */
	run = (struct run){s->first_offset - 1, (int64_t)s->leaf_count};
	s->first_offset = run.first;
	s->last_offset = run.first + run.count - 1;
	s->ranges = (struct runs){&run, 1};
}

/* Where several list it, the one decides that the record names. */
START_TEST(several)
{
	struct proving g = proving_of(&w, policy);

	world_window(&w, &proxy, &(struct world_window){.n = 3});
	world_window(&w, &proxy, &(struct world_window){.n = 3, .edit = lists_more});
	ck_assert_int_eq(prove(&g, 2), VERDICT_VERIFIED);
	ck_assert_int_eq(taken(), VERDICT_VERIFIED);
	ck_assert_ptr_nonnull(strstr((const char *)file.buf, "/1\","));
	ck_assert_int_eq(prove(&g, 3), VERDICT_MISPLACED);
}
END_TEST

static void
other_cluster(struct statement *s)
{
	s->cluster_id = slice_str("another");
}

static void
settled_earlier(struct statement *s)
{
	s->settled_ms -= 5000;
}

START_TEST(not_about_it)
{
	struct world_proxy old;
	struct proving g;

	world_proxy_open(&old, "t", "BBECAwQFBgcICQoLDA0ODw", 0, 3, true);
	trust_also(old.public_key);
	policy_unref(policy);
	policy = trust_policy(false);
	g = proving_of(&w, policy);
	world_window(&w, &proxy, &(struct world_window){.n = 2, .edit = other_cluster});
	world_window(&w, &old, &(struct world_window){.n = 2, .edit = settled_earlier});
	(void)prove(&g, 0);
	ck_assert(g.verdict == VERDICT_UNATTESTED || g.verdict == VERDICT_PENDING);
	(void)prove(&g, 2);
	ck_assert(g.verdict == VERDICT_UNATTESTED || g.verdict == VERDICT_PENDING);
	/* Nobody could tell the topic's id: then it is what the latest statement says. */
	g.conf.topic_id_known = false;
	g.conf.topic_id = (struct slice){NULL, 0};
	ck_assert_int_eq(prove(&g, 2), VERDICT_VERIFIED);
	world_proxy_close(&old);
}
END_TEST

/* The first lacks its manifest; published again it has one, and the records aren't needed. */
START_TEST(published_twice)
{
	struct proving g = proving_of(&w, policy);
	struct world_statement *a, *b;

	world_window(&w, &proxy, &(struct world_window){.n = 4});
	a = &w.s[0];
	b = &w.s[w.stated++];
	memcpy(b->key, a->key, sizeof(b->key));
	b->value = wr_new(1 << 20);
	b->manifest = wr_new(1 << 20);
	wr_slice_put(&b->value, wr_slice(&a->value));
	wr_slice_put(&b->manifest, wr_slice(&a->manifest));
	a->manifest.len = 0;
	w.r[0].gone = true;
	ck_assert_int_eq(prove(&g, 2), VERDICT_VERIFIED);
	ck_assert_int_eq(g.to - g.from, 1);
}
END_TEST

/* Somebody else's signature under the same statement, before the right one: it counts from that on. */
START_TEST(signed_by_two)
{
	struct proving g = proving_of(&w, policy);
	struct world_statement *a, *b;

	world_window(&w, &proxy, &(struct world_window){.n = 4});
	a = &w.s[0];
	b = &w.s[w.stated++];
	memcpy(b->key, a->key, sizeof(b->key));
	b->value = a->value; /* moved */
	b->manifest = a->manifest;
	b->payload = wr_new(1 << 20);
	a->value = wr_new(1 << 20);
	a->manifest = wr_new(1 << 20);
	world_sign(&other, wr_slice(&a->payload), &a->value);
	ck_all_proved(&g, 0, 4);
	b->gone = true;
	ck_assert_int_eq(prove(&g, 2), VERDICT_UNTRUSTED);
}
END_TEST

/* Too many windows that list one record: nobody's memory is theirs. */
START_TEST(too_many)
{
	struct proving g = proving_of(&w, NULL);
	struct verdict_record v;
	struct evidence *e;
	char key[CHAIN_KEY_MAX + 1];
	int err = 0, n = 0;

	world_window(&w, &proxy, &(struct world_window){.n = 1});
	v = proving_record(&w.r[0]);
	ck_assert_int_eq(evidence_new(&g.conf, &v, &e), 0);
	for (; err == 0 && n < 1000; n++) {
		struct statement *s;
		struct wr payload = wr_new(1 << 16), value = wr_new(1 << 16);

		ck_assert_int_eq(statement_read(wr_slice(&w.s[0].payload), &s), 0);
		s->window_id = s->genesis_window = 1 + (uint64_t)n;
		ck_assert_int_eq(statement_write(s, &payload), 0);
		world_sign(&other, wr_slice(&payload), &value);
		(void)chain_key(&s->chain, s->window_id, key);
		err = evidence_look(e, slice_str(key), wr_slice(&value));
		statement_free(s);
		wr_free(&payload), wr_free(&value);
	}
	ck_assert_int_eq(err, ERR_LIMIT);
	ck_assert_int_lt(n, 100);
	evidence_free(e);
}
END_TEST

/* --- a file that was spoiled --------------------------------------------------------- */

static struct proof_file f;

static enum verdict
verdict_now(void)
{
	struct proven p;
	enum verdict v;

	ck_assert_int_eq(proven_by(&f, policy, (struct slice){NULL, 0}, &p), 0);
	v = p.verdict;
	proven_clear(&p);
	return v;
}

/* Whatever is changed alone is noticed. */
START_TEST(each_part)
{
	struct proving g = proving_of(&w, policy);
	struct proof_file good;
	const char *why;

	world_window(&w, &proxy, &(struct world_window){.n = 7});
	ck_assert_int_eq(prove(&g, 3), VERDICT_VERIFIED);
	ck_assert_int_eq(proof_file_read(wr_slice(&file), &good, &why), 0);
	f = good;
	ck_assert_int_eq(verdict_now(), VERDICT_VERIFIED);
#define SPOILED(want, change)                                                                      \
	do {                                                                                       \
		f = good;                                                                          \
		change;                                                                            \
		ck_assert_msg(verdict_now() == (want), "%s", #change);                             \
	} while (0)
	SPOILED(VERDICT_MISPLACED, f.topic = slice_str("u"));
	SPOILED(VERDICT_MISPLACED, f.partition = 1);
	SPOILED(VERDICT_MISPLACED, f.offset = 4);
	SPOILED(VERDICT_MISPLACED, f.offset = 7);
	SPOILED(VERDICT_MISPLACED, f.inclusion.index = 4);
	SPOILED(VERDICT_MISPLACED, (f.offset = 4, f.inclusion.index = 3));
	SPOILED(VERDICT_ALTERED, (f.offset = 4, f.inclusion.index = 4));
	SPOILED(VERDICT_MISPLACED, f.inclusion.size = 8);
	SPOILED(VERDICT_MISPLACED, f.inclusion.size = 6);
	SPOILED(VERDICT_ALTERED, f.inclusion.count = 2);
	SPOILED(VERDICT_ALTERED, f.inclusion.count = 4);
	SPOILED(VERDICT_ALTERED, f.inclusion.path[1][0] ^= 1);
	SPOILED(VERDICT_ALTERED, f.leaf.timestamp++);
	SPOILED(VERDICT_ALTERED, f.leaf.key_hash[31] ^= 0x80);
	SPOILED(VERDICT_ALTERED, f.leaf.value_hash[0] ^= 1);
	SPOILED(VERDICT_ALTERED, f.leaf.headers_hash[0] ^= 1);
	SPOILED(VERDICT_ALTERED, f.leaf.flags |= LEAF_KEY_NULL);
	SPOILED(VERDICT_ALTERED, f.leaf.flags = 0);
	SPOILED(VERDICT_UNTRUSTED, f.window_id = 2);
	SPOILED(VERDICT_UNTRUSTED, f.chain.b[0] ^= 1);
	SPOILED(VERDICT_UNTRUSTED, f.statement.n--);
	SPOILED(VERDICT_UNTRUSTED, f.statement = slice_of("", 0));
	SPOILED(VERDICT_UNTRUSTED, f.statement = slice_str("{}"));
	SPOILED(VERDICT_UNTRUSTED, f.statement = wr_slice(&w.s[0].payload)); /* without its signature */
	proof_file_clear(&good);
}
END_TEST

static void
says_create_time(struct statement *s)
{
	s->log_append = false;
}

/* The statement says that its leaves bind timestamps, and this one's doesn't: it isn't a leaf of that window, though its hash is. */
START_TEST(timestamp_not_bound)
{
	struct world_record *r = &w.r[0];
	struct leaf_headers h;

	world_log_append = true;
	world_window(&w, &proxy, &(struct world_window){.n = 1, .edit = says_create_time});
	f = (struct proof_file){.topic = slice_str("t"),
				.offset = r->offset,
				.inclusion = {.size = 1},
				.chain = proxy.chain,
				.window_id = 1,
				.statement = wr_slice(&w.s[0].value)};
	leaf_set_record(&f.leaf, slice_str(r->key), world_value(r), false, 0);
	leaf_headers_begin(&h, 1);
	leaf_headers_add(&h, r->headers[0].name, r->headers[0].value);
	leaf_headers_end(&h, f.leaf.headers_hash);
	{
		uint8_t leaf[LEAF_LEN];

		leaf_of(&f.leaf, leaf);
		ck_assert_mem_eq(leaf, r->leaf, LEAF_LEN);
	}
	ck_assert_int_eq(verdict_now(), VERDICT_ALTERED);
}
END_TEST

static struct run second = {1, 1};

static void
with_aborted(struct statement *s)
{
	s->aborted = (struct runs){&second, 1};
}

static void
with_open(struct statement *s)
{
	s->open = (struct runs){&second, 1};
}

START_TEST(transactions)
{
	struct proving g = proving_of(&w, policy);

	for (int open = 0; open < 2; open++) {
		second.first = 1 + 3 * open;
		world_window(&w, &proxy, &(struct world_window){.n = 3, .edit = open ? with_open : with_aborted});
		for (size_t i = 0; i < 3; i++) {
			const char *why;
			struct proven p;

			ck_assert_int_eq(prove(&g, i + 3 * (size_t)open), VERDICT_VERIFIED);
			ck_assert_int_eq(proof_file_read(wr_slice(&file), &f, &why), 0);
			ck_assert_int_eq(proven_by(&f, policy, (struct slice){NULL, 0}, &p), 0);
			ck_assert_int_eq(p.verdict, VERDICT_VERIFIED);
			ck_assert_int_eq(p.transaction, i != 1 ? PROVEN_NOT_ABORTED : open ? PROVEN_OPEN : PROVEN_ABORTED);
			proven_clear(&p);
			proof_file_clear(&f);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("evidence");
	TCase *t = tcase_create("evidence");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_record);
	tcase_add_test(t, log_append_time);
	tcase_add_test(t, values);
	tcase_add_test(t, no_proof);
	tcase_add_test(t, unsigned_ones);
	tcase_add_test(t, unchecked);
	tcase_add_test(t, several);
	tcase_add_test(t, not_about_it);
	tcase_add_test(t, published_twice);
	tcase_add_test(t, signed_by_two);
	tcase_add_test(t, too_many);
	tcase_add_test(t, each_part);
	tcase_add_test(t, timestamp_not_bound);
	tcase_add_test(t, transactions);
	suite_add_tcase(s, t);
	return suite_run(s);
}
