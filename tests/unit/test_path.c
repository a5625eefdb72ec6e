/* A record's way: the windows that its headers name, and those that list it without being named. */
#include "verify/path.h"

#include "tests/unit/suite.h"
#include "tests/unit/trusting.h"
#include "tests/unit/world.h"

static struct world w;
static struct world_proxy proxy, other;
static struct policy *policy;
static struct path *path;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, true);
	trust_nobody();
	trust_also(proxy.public_key);
	policy = trust_policy(false);
	path = NULL;
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	policy_unref(policy);
	path_free(path);
}

static struct verdict_record record;

/* The hops of record i. */
static const struct path_hop *
hops_of(size_t i, const struct policy *by, const char *dbom_topic, size_t *ret_count)
{
	const struct world_record *r = &w.r[i];
	struct path_conf conf = {.cluster_id = slice_str(world_cluster), .topic = slice_str("t"), .policy = by};

	path_free(path);
	record = (struct verdict_record){r->offset, r->timestamp, slice_str(r->key), world_value(r), r->headers, r->header_count};
	ck_assert_int_eq(path_new(&conf, &record, &path), 0);
	for (size_t k = 0; k < w.stated; k++)
		if (!w.s[k].gone)
			ck_assert_int_eq(path_take(path, slice_str(dbom_topic), slice_str(w.s[k].key), wr_slice(&w.s[k].value),
						   w.s[k].manifest.len > 0 ? wr_slice(&w.s[k].manifest) : (struct slice){NULL, 0}), 0);
	return path_hops(path, ret_count);
}

START_TEST(one_hop)
{
	const struct path_hop *h;
	size_t n;

	world_window(&w, &proxy, &(struct world_window){.n = 3});
	world_window(&w, &proxy, &(struct world_window){.n = 3, .manifest = MANIFEST_NONE});
	for (size_t i = 0; i < 6; i++) {
		h = hops_of(i, policy, WORLD_DBOM, &n);
		ck_assert_uint_eq(n, 1);
		ck_assert(h->by_headers && h->triple.well_formed);
		ck_assert_int_eq(h->p.state, PUBLISHED_SIGNED);
		ck_assert_int_eq(h->member, i < 3 ? PATH_MEMBER : PATH_UNKNOWN);
		ck_assert(i >= 3 || h->offset == w.r[i].offset);
	}
	h = hops_of(1, NULL, WORLD_DBOM, &n);
	ck_assert_int_eq(h->p.state, PUBLISHED_UNVERIFIED);
}
END_TEST

/* A copy of it elsewhere was where it was; and one that was changed never was. */
START_TEST(copied)
{
	const struct path_hop *h;
	size_t n;

	world_window(&w, &proxy, &(struct world_window){.n = 3});
	(void)world_copy(&w, 1);
	h = hops_of(3, policy, WORLD_DBOM, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(h->member, PATH_MEMBER);
	ck_assert_int_eq(h->offset, 1);
	world_forge(&w.r[3], "forged");
	h = hops_of(3, policy, WORLD_DBOM, &n);
	ck_assert_int_eq(h->member, PATH_OTHER);
	w.r[3].hash[0] ^= 1; /* now the header contradicts the value */
	h = hops_of(3, policy, WORLD_DBOM, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert(!h->triple.well_formed);
	ck_assert_ptr_null(h->p.statement);
}
END_TEST

/* Whichever topic it stands in, a mirror's copy, say; of two that are as good the one in the topic that the header names. */
START_TEST(not_here)
{
	const struct path_hop *h;
	size_t n;

	world_window(&w, &proxy, &(struct world_window){.n = 3, .withhold = true});
	h = hops_of(1, policy, WORLD_DBOM, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_null(h->p.statement);
	w.s[0].gone = false;
	h = hops_of(1, policy, "another.dbom", &n);
	ck_assert_int_eq(h->p.state, PUBLISHED_SIGNED);
	ck_assert_int_eq(h->member, PATH_MEMBER);
	ck_assert(!h->there);
	for (int i = 0; i < 2; i++) { /* the other way round, too */
		ck_assert_int_eq(path_take(path, slice_str(i == 0 ? WORLD_DBOM : "another.dbom"), slice_str(w.s[0].key), wr_slice(&w.s[0].value),
					   (struct slice){NULL, 0}), 0);
		h = path_hops(path, &n);
		ck_assert(h->there);
		ck_assert_int_eq(h->member, PATH_UNKNOWN); /* that copy has no manifest */
	}
}
END_TEST

START_TEST(without_headers)
{
	const struct path_hop *h;
	size_t n;

	world_window(&w, &proxy, &(struct world_window){.n = 3, .headers_none = true});
	world_window(&w, &other, &(struct world_window){.n = 3, .headers_none = true});
	h = hops_of(1, policy, WORLD_DBOM, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert(!h->by_headers);
	ck_assert_int_eq(h->member, PATH_MEMBER);
	ck_assert_int_eq(h->offset, 1);
	(void)hops_of(4, policy, WORLD_DBOM, &n); /* nobody who is trusted claims it */
	ck_assert_uint_eq(n, 0);
	(void)hops_of(4, NULL, WORLD_DBOM, &n);
	ck_assert_uint_eq(n, 1);
	snprintf(w.r[1].value, sizeof(w.r[1].value), "another"); /* another record in its place */
	(void)hops_of(1, policy, WORLD_DBOM, &n);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* Of several under one key the best signature counts, and of those the first. */
START_TEST(several)
{
	const struct path_hop *h;
	struct world_statement *a, *b;
	size_t n;

	world_window(&w, &proxy, &(struct world_window){.n = 3});
	a = &w.s[0];
	b = &w.s[w.stated++];
	memcpy(b->key, a->key, sizeof(b->key));
	b->value = a->value; /* moved */
	b->manifest = a->manifest;
	b->payload = wr_new(1 << 20);
	a->manifest = wr_new(1 << 20);
	a->value = wr_new(1 << 20);
	wr_slice_put(&a->value, wr_slice(&a->payload)); /* without a signature */
	for (int keys = 0; keys < 2; keys++) {
		h = hops_of(1, keys ? policy : NULL, WORLD_DBOM, &n);
		ck_assert_uint_eq(n, 1);
		ck_assert_int_eq(h->p.state, keys ? PUBLISHED_SIGNED : PUBLISHED_UNVERIFIED);
		ck_assert_int_eq(h->member, PATH_MEMBER);
	}
	wr_reset(&a->value);
	world_sign(&other, wr_slice(&a->payload), &a->value);
	h = hops_of(1, policy, WORLD_DBOM, &n);
	ck_assert_int_eq(h->p.state, PUBLISHED_SIGNED);
	b->gone = true;
	h = hops_of(1, policy, WORLD_DBOM, &n);
	ck_assert_int_eq(h->p.state, PUBLISHED_UNTRUSTED);
}
END_TEST

START_TEST(limits)
{
	struct header headers[3 * (PATH_HOPS_MAX + 1)];
	struct path_conf conf = {.topic = slice_str("t")};
	struct verdict_record r = {.headers = headers, .header_count = 3 * PATH_HOPS_MAX};
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(headers); i += 3) {
		headers[i] = (struct header){slice_str(TRIPLE_CONTENT_HASH), slice_str("")};
		headers[i + 1] = (struct header){slice_str(TRIPLE_WINDOW_ID), slice_str("1")};
		headers[i + 2] = (struct header){slice_str(TRIPLE_SIGNATURE), slice_str("")};
	}
	ck_assert_int_eq(path_new(&conf, &r, &path), 0);
	(void)path_hops(path, &n);
	ck_assert_uint_eq(n, PATH_HOPS_MAX);
	path_free(path);
	path = NULL;
	r.header_count += 3;
	ck_assert_int_eq(path_new(&conf, &r, &path), ERR_LIMIT);
	ck_assert_ptr_null(path);
}
END_TEST

/* A key that may not attest this topic: whose it is, and why it doesn't count. */
START_TEST(another_topics_key)
{
	const struct path_hop *h;
	struct policy *narrow;
	size_t n;

	trusted_text = "issuers: {east: {keys: [\"%s\"], topics: [u]}}\n";
	narrow = trust_policy(false);
	world_window(&w, &proxy, &(struct world_window){.n = 2});
	h = hops_of(1, narrow, WORLD_DBOM, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(h[0].p.state, PUBLISHED_UNTRUSTED);
	ck_assert_str_eq(h[0].p.issuer, "east");
	ck_assert_str_eq(h[0].p.why, "the statement's key may not attest this topic");
	world_window(&w, &proxy, &(struct world_window){.n = 2, .headers_none = true});
	(void)hops_of(3, narrow, WORLD_DBOM, &n); /* named by no header: it would have to count */
	ck_assert_uint_eq(n, 0);
	policy_unref(narrow);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("path");
	TCase *t = tcase_create("path");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_hop);
	tcase_add_test(t, copied);
	tcase_add_test(t, not_here);
	tcase_add_test(t, without_headers);
	tcase_add_test(t, several);
	tcase_add_test(t, limits);
	tcase_add_test(t, another_topics_key);
	suite_add_tcase(s, t);
	return suite_run(s);
}
