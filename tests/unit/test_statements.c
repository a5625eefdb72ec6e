/* What is kept of the statement topic for one topic, and what of the rest is remembered. */
#include "verify/statements.h"
#include "trusting.h"
#include "world.h"
#include "suite.h"

static struct world w;
static struct world_proxy proxy, other;
static struct policy *policy;
static struct statements *all;
static struct statements_topic *st; /* what is said about "t" */
static struct statements_conf conf;
static struct slice topic_id;
static bool accept_unsigned;

static bool
wanted(void *arg UNUSED, struct slice topic)
{
	return slice_eq(topic, slice_str("t"));
}

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, true);
	trust_nobody();
	accept_unsigned = false;
	trust_also(proxy.public_key);
	conf = (struct statements_conf){.cluster_id = slice_str(world_cluster),
					.wanted = wanted,
					.partition = -1,
					.spool = spool_new("/tmp", 1 << 20)};
	topic_id = slice_str(WORLD_TOPIC_ID);
	all = NULL;
}

static void
teardown(void)
{
	statements_free(all);
	spool_free(conf.spool);
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	policy_unref(policy);
	policy = NULL;
}

static void
begin(void)
{
	statements_free(all);
	policy_unref(policy);
	conf.policy = policy = trust_policy(accept_unsigned);
	all = statements_new(&conf);
	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(statements_topic(all, "t", topic_id, &st), 0);
}

static void
end(void)
{
	ck_assert_int_eq(statements_topic(all, "t", topic_id, &st), 0);
	ck_assert_int_eq(statements_done(all), 0);
}

static struct slice
manifest_of(const struct world_statement *s)
{
	return s->manifest.len == 0 ? (struct slice){NULL, 0} : wr_slice(&s->manifest);
}

static void
add_as(const struct world_statement *s, int32_t partition, int64_t offset, struct slice value, struct slice manifest)
{
	ck_assert_int_eq(statements_add(all, partition, offset, slice_str(s->key), value, manifest), 0);
}

static void
add(const struct world_statement *s)
{
	add_as(s, 3, s - w.s, wr_slice(&s->value), manifest_of(s));
}

static void
add_all(void)
{
	begin();
	for (size_t i = 0; i < w.stated; i++)
		add(&w.s[i]);
	end();
}

static size_t
kept(int32_t partition)
{
	size_t n;

	/* What was added so far. */
	ck_assert_int_eq(statements_topic(all, "t", topic_id, &st), 0);
	(void)statements_of(st, partition, &n);
	return n;
}

static const struct verdict_window *
kept_at(int32_t partition, size_t i)
{
	const struct verdict_window *const *list;
	size_t n;

	(void)kept(partition);
	list = statements_of(st, partition, &n);

	ck_assert_uint_lt(i, n);
	return list[i];
}

#define WINDOW(p, ...) world_window(&w, p, &(struct world_window){__VA_ARGS__})

START_TEST(in_order)
{
	struct statements_count c;

	for (int i = 0; i < 5; i++)
		WINDOW(&proxy, .n = 3);
	add_all();
	c = statements_count(st);
	ck_assert_uint_eq(c.trusted, 5);
	ck_assert_uint_eq(c.untrusted + c.unreadable + c.other + c.other_topic_id, 0);
	ck_assert_uint_eq(kept(0), 5);
	ck_assert_uint_eq(kept(1), 0);
	ck_assert_uint_eq(kept(-1), 0);
	for (size_t i = 0; i < 5; i++) {
		const struct verdict_window *v = kept_at(0, i);
		uint8_t sum[SHA256_LEN];

		ck_assert_uint_eq(v->statement->window_id, i + 1);
		ck_assert_int_eq(v->statement->first_offset, 3 * (int64_t)i);
		ck_assert_uint_eq(v->statement->ranges.count, 1);
		ck_assert_int_eq(v->trust, TRUST_SIGNED);
		ck_assert(slice_eq(v->manifest, wr_slice(&w.s[i].manifest)));
		ck_assert(slice_eq(v->statement->topic_id, slice_str(WORLD_TOPIC_ID)));
		sha256_of(wr_slice(&w.s[i].payload), sum);
		ck_assert_mem_eq(v->sha256, sum, SHA256_LEN);
	}
	ck_assert(slice_eq(statements_topic_id(st), slice_str(WORLD_TOPIC_ID)));
}
END_TEST

static void
settled_later(struct statement *s)
{
	s->settled_ms += 5000;
}

/* Both are evidence; which of them counts is not decided here. */
START_TEST(a_fork)
{
	struct world_proxy before;

	WINDOW(&proxy, .n = 3);
	before = proxy;
	WINDOW(&proxy, .n = 3);
	WINDOW(&before, .n = 3, .edit = settled_later);
	add_all();
	ck_assert_uint_eq(kept(0), 3);
	ck_assert_uint_eq(kept_at(0, 1)->statement->window_id, 2);
	ck_assert_uint_eq(kept_at(0, 2)->statement->window_id, 2);
	ck_assert_int_lt(kept_at(0, 1)->statement->settled_ms, kept_at(0, 2)->statement->settled_ms);
}
END_TEST

/* The same payload is the same statement, whatever its signature and manifest. */
START_TEST(published_again)
{
	struct slice none = {NULL, 0}, wrong = slice_str("0123456789abcdef0123456789abcdef");
	struct wr again = wr_new(1 << 20);

	WINDOW(&proxy, .n = 3);
	world_sign(&proxy, wr_slice(&w.s[0].payload), &again);
	begin();
	add_as(&w.s[0], 3, 0, wr_slice(&w.s[0].value), none);
	ck_assert_ptr_null(kept_at(0, 0)->manifest.p);
	add_as(&w.s[0], 3, 1, wr_slice(&again), wrong);
	ck_assert_uint_eq(kept(0), 1);
	add_as(&w.s[0], 3, 2, wr_slice(&again), wr_slice(&w.s[0].manifest));
	ck_assert(slice_eq(kept_at(0, 0)->manifest, wr_slice(&w.s[0].manifest)));
	add_as(&w.s[0], 3, 3, wr_slice(&again), wrong); /* a right one stays */
	add_as(&w.s[0], 3, 4, wr_slice(&again), none);
	ck_assert(slice_eq(kept_at(0, 0)->manifest, wr_slice(&w.s[0].manifest)));
	ck_assert_uint_eq(kept(0), 1);
	ck_assert_uint_eq(statements_count(st).trusted, 1);
	/* A wrong one first, then the right one. */
	begin();
	add_as(&w.s[0], 3, 0, wr_slice(&w.s[0].value), wrong);
	add_as(&w.s[0], 3, 1, wr_slice(&again), wr_slice(&w.s[0].manifest));
	ck_assert(slice_eq(kept_at(0, 0)->manifest, wr_slice(&w.s[0].manifest)));
	wr_free(&again);
}
END_TEST

/* Without a signature it counts only where that is accepted; a signature that comes later makes it more. */
static void
level_1(struct statement *s)
{
	s->level = 1;
}

START_TEST(unsigned_ones)
{
	WINDOW(&proxy, .n = 3, .edit = level_1);
	begin();
	add_as(&w.s[0], 3, 0, wr_slice(&w.s[0].payload), manifest_of(&w.s[0]));
	ck_assert_uint_eq(kept(0), 0);
	ck_assert_uint_eq(statements_count(st).untrusted, 1);
	ck_assert_str_eq(statements_count(st).untrusted_keyid, "");
	add(&w.s[0]);
	ck_assert_uint_eq(kept(0), 1);
	ck_assert_int_eq(kept_at(0, 0)->trust, TRUST_SIGNED);
	accept_unsigned = true;
	begin();
	add_as(&w.s[0], 3, 0, wr_slice(&w.s[0].payload), manifest_of(&w.s[0]));
	ck_assert_int_eq(kept_at(0, 0)->trust, TRUST_UNSIGNED);
	add(&w.s[0]);
	ck_assert_uint_eq(kept(0), 1);
	ck_assert_int_eq(kept_at(0, 0)->trust, TRUST_SIGNED);
	add_as(&w.s[0], 3, 2, wr_slice(&w.s[0].payload), manifest_of(&w.s[0]));
	ck_assert_int_eq(kept_at(0, 0)->trust, TRUST_SIGNED);
	/* An unknown key's signature is no missing signature. */
	WINDOW(&other, .n = 3);
	add(&w.s[1]);
	ck_assert_uint_eq(kept(0), 1);
	ck_assert_uint_eq(statements_count(st).untrusted, 1);
	ck_assert_str_eq(statements_count(st).untrusted_keyid, signer_keyid(other.signer));
}
END_TEST

static void
other_cluster(struct statement *s)
{
	s->cluster_id = slice_str("anotherAAAAAAAAAAAAAAA");
}

static const struct place *
place(const struct world_statement *s, size_t *n)
{
	struct chain_id chain;
	uint64_t window;

	ck_assert_int_eq(chain_key_parse(slice_str(s->key), &chain, &window), 0);
	return statements_elsewhere(st, 0, &chain, window, n);
}

/* What isn't kept is remembered by its place, and whether it is known to be bad. */
START_TEST(places)
{
	struct world_proxy topic_u, old;
	const struct place *p;
	size_t n;

	world_proxy_open(&topic_u, "u", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&old, "t", "BBECAwQFBgcICQoLDA0ODw", 0, 1, true);
	trust_also(topic_u.public_key);
	trust_also(old.public_key);
	WINDOW(&proxy, .n = 2);
	WINDOW(&topic_u, .n = 2);
	WINDOW(&topic_u, .n = 2);
	WINDOW(&other, .n = 2); /* untrusted */
	WINDOW(&old, .n = 2);
	WINDOW(&proxy, .n = 2, .edit = other_cluster);
	begin();
	for (size_t i = w.stated; i-- > 0;) /* in whatever order they are found */
		add(&w.s[i]);
	/* Once more at another place, and an unreadable one under the same key. */
	add_as(&w.s[1], 0, 40, wr_slice(&w.s[1].value), (struct slice){NULL, 0});
	add_as(&w.s[1], 5, 7, slice_str("{}"), (struct slice){NULL, 0});
	end();
	ck_assert_ptr_null(place(&w.s[0], &n));
	ck_assert_uint_eq(n, 0);
	p = place(&w.s[1], &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(p[0].partition, 0);
	ck_assert_int_eq(p[0].offset, 40);
	ck_assert_ptr_null(p[0].why);
	ck_assert_int_eq(p[1].partition, 3);
	ck_assert_int_eq(p[1].offset, 1);
	ck_assert_int_eq(p[2].offset, 7);
	ck_assert_ptr_nonnull(p[2].why);
	p = place(&w.s[2], &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_null(p[0].why);
	p = place(&w.s[3], &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_nonnull(p[0].why);
	p = place(&w.s[4], &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_null(p[0].why);
	ck_assert_uint_eq(statements_count(st).other, 4);
	ck_assert_uint_eq(statements_count(st).other_topic_id, 1);
	ck_assert_uint_eq(statements_count(st).untrusted, 1);
	ck_assert_uint_eq(statements_count(st).unreadable, 1);
	/* Later windows of a chain; of a bad one there is none. */
	ck_assert(statements_later_elsewhere(st, 0, &topic_u.chain, 0));
	ck_assert(statements_later_elsewhere(st, 0, &topic_u.chain, 1));
	ck_assert(!statements_later_elsewhere(st, 0, &topic_u.chain, 2));
	ck_assert(!statements_later_elsewhere(st, 0, &topic_u.chain, UINT64_MAX));
	ck_assert(!statements_later_elsewhere(st, 0, &other.chain, 0));
	world_proxy_close(&topic_u);
	world_proxy_close(&old);
}
END_TEST

START_TEST(one_partition)
{
	struct world_proxy p7, huge;

	world_proxy_open(&p7, "t", WORLD_TOPIC_ID, 7, 1, true);
	world_proxy_open(&huge, "t", WORLD_TOPIC_ID, INT32_MAX, 1, true);
	trust_also(p7.public_key);
	trust_also(huge.public_key);
	WINDOW(&proxy, .n = 2);
	WINDOW(&p7, .n = 2);
	WINDOW(&huge, .n = 2);
	add_all();
	ck_assert_uint_eq(kept(0), 1);
	ck_assert_uint_eq(kept(7), 1);
	ck_assert_uint_eq(kept(INT32_MAX), 0); /* no cluster has so many */
	ck_assert_uint_eq(statements_count(st).other, 1);
	conf.partition = 7;
	add_all();
	ck_assert_uint_eq(kept(0), 0);
	ck_assert_uint_eq(kept(7), 1);
	ck_assert_uint_eq(statements_count(st).other, 2);
	world_proxy_close(&p7);
	world_proxy_close(&huge);
}
END_TEST

/* Nobody could tell the topic's id: the statement settled last does.  Its predecessor's are still there to be named. */
START_TEST(topic_id_found)
{
	const struct place *p;
	struct world_proxy old;
	size_t n;

	world_proxy_open(&old, "t", "BBECAwQFBgcICQoLDA0ODw", 0, 1, true);
	trust_also(old.public_key);
	WINDOW(&old, .n = 2);
	WINDOW(&old, .n = 2);
	WINDOW(&proxy, .n = 2, .edit = settled_later);
	topic_id = (struct slice){NULL, 0};
	add_all();
	ck_assert(slice_eq(statements_topic_id(st), slice_str(WORLD_TOPIC_ID)));
	ck_assert_uint_eq(kept(0), 1);
	ck_assert_uint_eq(statements_count(st).trusted, 1);
	ck_assert_uint_eq(statements_count(st).other_topic_id, 2);
	for (size_t i = 0; i < 2; i++) {
		p = place(&w.s[i], &n);
		ck_assert_uint_eq(n, 1);
		ck_assert_int_eq(p[0].partition, 3);
		ck_assert_int_eq(p[0].offset, (int64_t)i);
		ck_assert_ptr_null(p[0].why);
	}
	/* Nothing at all. */
	begin();
	end();
	ck_assert_uint_eq(statements_topic_id(st).n, 0);
	world_proxy_close(&old);
}
END_TEST

/* Several topics at once, each with what is its own; and those that only strangers speak of. */
START_TEST(several_topics)
{
	struct statements_topic *u, *nothing;
	struct world_proxy topic_u, stranger;
	const struct place *p;
	struct chain_id chain;
	uint64_t window;
	size_t n, named = 0;

	world_proxy_open(&topic_u, "u", "BBECAwQFBgcICQoLDA0ODw", 0, 1, true);
	world_proxy_open(&stranger, "v", "BBECAwQFBgcICQoLDA0ODw", 0, 1, true);
	trust_also(topic_u.public_key);
	WINDOW(&proxy, .n = 2);
	WINDOW(&topic_u, .n = 3);
	WINDOW(&topic_u, .n = 3);
	WINDOW(&stranger, .n = 1);
	conf.wanted = NULL;
	begin();
	for (size_t i = 0; i < w.stated; i++)
		add(&w.s[i]);
	ck_assert_uint_eq(statements_topics(all), 3);
	for (size_t i = 0; i < 3; i++) {
		const char *name = statements_topic_name(all, i);

		named += name != NULL;
		ck_assert(name == NULL || name[0] == 't' || name[0] == 'u');
	}
	ck_assert_uint_eq(named, 2);
	ck_assert_int_eq(statements_topic(all, "u", (struct slice){NULL, 0}, &u), 0);
	ck_assert_int_eq(statements_topic(all, "no statement is about it", slice_str(""), &nothing), 0);
	end();
	ck_assert_uint_eq(kept(0), 1);
	ck_assert_uint_eq(statements_count(st).trusted, 1);
	ck_assert_uint_eq(statements_count(u).trusted, 2);
	ck_assert_uint_eq(statements_count(u).untrusted, 0);
	ck_assert(slice_eq(statements_topic_id(u), slice_str("BBECAwQFBgcICQoLDA0ODw")));
	(void)statements_of(u, 0, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(statements_count(nothing).trusted, 0);
	ck_assert_uint_eq(statements_topic_id(nothing).n, 0);
	/* What is kept for one topic is elsewhere for the other, in a partition of the same number. */
	ck_assert_int_eq(chain_key_parse(slice_str(w.s[1].key), &chain, &window), 0);
	p = statements_elsewhere(st, 0, &chain, window, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(p->offset, 1);
	ck_assert(statements_later_elsewhere(st, 0, &chain, window));
	ck_assert_ptr_null(statements_elsewhere(u, 0, &chain, window, &n));
	ck_assert(!statements_later_elsewhere(u, 0, &chain, window));
	ck_assert_ptr_nonnull(statements_elsewhere(u, 1, &chain, window, &n));
	world_proxy_close(&topic_u);
	world_proxy_close(&stranger);
}
END_TEST

/* Nobody could tell the topic's id, and its statements have none: it is empty, which is text too. */
START_TEST(no_topic_id)
{
	struct statements_topic *u;
	struct world_proxy none;

	world_proxy_open(&none, "u", "", 0, 1, true);
	trust_also(none.public_key);
	WINDOW(&none, .n = 2);
	conf.wanted = NULL;
	begin();
	add(&w.s[0]);
	ck_assert_int_eq(statements_topic(all, "u", (struct slice){NULL, 0}, &u), 0);
	ck_assert_uint_eq(statements_count(u).trusted, 1);
	ck_assert_ptr_nonnull(statements_topic_id(u).p);
	ck_assert_str_eq((const char *)statements_topic_id(u).p, "");
	world_proxy_close(&none);
}
END_TEST

START_TEST(noise)
{
	WINDOW(&proxy, .n = 2);
	begin();
	ck_assert_int_eq(statements_add(all, 0, 0, slice_str("config"), slice_str("{}"), (struct slice){NULL, 0}), 0);
	ck_assert_int_eq(statements_add(all, 0, 1, (struct slice){NULL, 0}, slice_str("{}"), (struct slice){NULL, 0}), 0);
	add_as(&w.s[0], 0, 2, (struct slice){NULL, 0}, (struct slice){NULL, 0});
	ck_assert_uint_eq(statements_count(st).unreadable + statements_count(st).other, 0);
	statements_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("statements");
	TCase *t = tcase_create("statements");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, in_order);
	tcase_add_test(t, a_fork);
	tcase_add_test(t, published_again);
	tcase_add_test(t, unsigned_ones);
	tcase_add_test(t, places);
	tcase_add_test(t, one_partition);
	tcase_add_test(t, topic_id_found);
	tcase_add_test(t, several_topics);
	tcase_add_test(t, no_topic_id);
	tcase_add_test(t, noise);
	suite_add_tcase(s, t);
	return suite_run(s);
}
