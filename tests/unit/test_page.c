/* The page: what it says, that nothing in it is markup of others, and that it is bounded. */
#include "paging.h"
#include "suite.h"

static struct wr w;
static const struct page_about all = {.partition = -1};

static void
setup(void)
{
	char path[64], id[KEYID_LEN + 1], why[256];

	w = wr_new(PAGE_BYTES_MAX);
	(void)snprintf(paging.dir, sizeof(paging.dir), "/tmp/test_page_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(paging.dir));
	(void)snprintf(path, sizeof(path), "%s/key.pem", paging.dir);
	(void)snprintf(paging.key, sizeof(paging.key), "%s/key.pub.pem", paging.dir);
	ck_assert_int_eq(key_generate("ed25519", path, paging.key, id, why, sizeof(why)), 0);
	trust_nobody();
	trust_also(paging.key);
	trusted_text = NULL;
	paging.policy = trust_policy(false);
}

static void
teardown(void)
{
	page_close(paging.page);
	policy_unref(paging.policy);
	wr_free(&w);
}

static const char *
write_page(const char *why)
{
	ck_assert_int_eq(paging_write(&all, why, &w), 0);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	return (const char *)w.buf;
}

static size_t
count(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		n++;
	return n;
}

#define HAS(text, word) ck_assert_msg(strstr(text, word) != NULL, "no \"%s\" in the page", word)
#define LACKS(text, word) ck_assert_msg(strstr(text, word) == NULL, "\"%s\" is in the page", word)

START_TEST(all_good)
{
	const char *page;

	paging_open("orders");
	paging.windows[0].keyid = paging.windows[1].keyid = "SHA256:ab";
	for (int i = 0; i < 20; i++)
		paging_find(0, paging_record(2, i, VERDICT_VERIFIED, ""));
	for (int i = 0; i < 2; i++) {
		struct finding f = paging_record(2, i * 10, VERDICT_VERIFIED, "");

		f.about_record = false;
		f.window = WINDOW_COMPLETE;
		f.offset = -1;
		paging_find(0, f);
	}
	page = write_page(NULL);
	HAS(page, "<h1>Verified</h1>");
	HAS(page, "all 20 records verified");
	HAS(page, "window 2 of chain 00000000, offsets 10 to 19: 10 verified");
	HAS(page, "default-src 'none'; style-src 'sha256-");
	HAS(page, "<code>SHA256:ab</code></td><td>L2</td><td class=\"num\">2</td><td class=\"num\">20</td>");
	LACKS(page, "Violations");
	LACKS(page, "<script");
	ck_assert_uint_eq(count(page, "<i class=\"v\" title="), 2);
}
END_TEST

START_TEST(evidence)
{
	uint8_t expected[SHA256_LEN] = {0xaa}, found[SHA256_LEN] = {0xbb};
	const struct verdict_hashes h = {"leaf", expected, found};
	struct finding f;
	const char *page;

	paging_open("orders");
	f = paging_record(1, 7, VERDICT_ALTERED, "the value differs");
	f.hashes = &h;
	f.issuer = "plant-7";
	paging_find(0, f);
	f = paging_record(1, 12, VERDICT_PENDING, "its window is not stated yet");
	f.stated = NULL;
	paging_find(0, f);
	f = paging_record(3, 40, VERDICT_VERIFIED, "no record is in this member's place");
	f.about_record = false;
	f.window = WINDOW_MISSING;
	paging_find(1, f);
	memset(expected, 0, sizeof(expected)); /* hashes are kept */
	page = write_page(NULL);
	HAS(page, "<h1>Violation found</h1>");
	HAS(page, "1 altered, 1 missing");
	HAS(page, "partition 1, offset 7</h4>");
	HAS(page, "leaf expected</dt><dd><code>aa000000");
	HAS(page, "leaf found</dt><dd><code>bb000000");
	HAS(page, "<dt>Stated by</dt><dd><bdi>plant-7</bdi>");
	HAS(page, "<td>pending</td><td class=\"num\">1</td><td>12</td><td>its window is not stated yet</td>");
	HAS(page, "<td>missing</td><td class=\"num\">1</td><td>40</td><td>no record is in this member&#39;s place</td>");
}
END_TEST

#define EVIL "</title><script>alert(1)</script>\"'&\x1b\xff\xe2\x80\xae"
#define EVIL_TEXT "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u001b\xef\xbf\xbd\\u202e"

/* Whoever wrote it: topics, issuers, reasons, ids, what was asked. */
START_TEST(nothing_is_markup)
{
	static const char *const topics[] = {EVIL};
	struct page_about about = {.topics = topics, .topic_count = 1, .partition = 3, .from = EVIL, .to = EVIL, .policy = EVIL,
				   .policy_sha256 = "00", .keys = topics, .key_count = 1};
	struct finding f;
	char *page;

	paging_open(EVIL);
	paging.topic.topic_id = EVIL;
	paging.topic.id_unchecked = EVIL;
	paging.topic.statements.untrusted = 1;
	paging.topic.statements.untrusted_why = EVIL;
	(void)snprintf(paging.topic.statements.untrusted_keyid, sizeof(paging.topic.statements.untrusted_keyid), "%s", EVIL);
	paging.topic.cluster_id = EVIL;
	paging.windows[0].issuer = paging.windows[0].keyid = EVIL;
	paging_find(0, paging_record(0, 1, VERDICT_VERIFIED, EVIL));
	f = paging_record(0, 2, VERDICT_ALTERED, EVIL);
	paging_find(0, f);
	f = paging_record(0, 3, VERDICT_UNATTESTED, EVIL);
	paging_find(0, f);
	ck_assert_int_eq(paging_write(&about, NULL, &w), 0);
	wr_u8(&w, '\0');
	page = (char *)w.buf;
	LACKS(page, "<script");
	LACKS(page, "</title><");
	LACKS(page, "\x1b");
	LACKS(page, "\xe2\x80\xae");
	ck_assert_uint_eq(count(page, "</title>"), 1);
	ck_assert_uint_ge(count(page, EVIL_TEXT), 14);
	ck_assert_ptr_eq(memchr(page, '\xff', w.len), NULL);
	ck_assert_uint_eq(strlen(page), w.len - 1);
}
END_TEST

/* The policy's own words. */
START_TEST(keys_of_a_policy)
{
	const char *page;

	policy_unref(paging.policy);
	trusted_text = "issuers:\n  '<b>plant</b>':\n    keys: [%s]\n    topics: ['<i>*', orders]\n    level: 3\n    not.before: 2026-01-01T00:00:00Z\n";
	paging.policy = trust_policy(false);
	paging_open("orders");
	page = write_page(NULL);
	HAS(page, "&lt;b&gt;plant&lt;/b&gt;");
	HAS(page, "L3 or more");
	HAS(page, "from <time datetime=\"2026-01-01T00:00:00.000Z\">2026-01-01 00:00:00 UTC</time> until any time");
	HAS(page, "<bdi>&lt;i&gt;*</bdi>, <bdi>orders</bdi>");
	LACKS(page, "<b>");
}
END_TEST

/* Violations beyond what is listed are counted, in each partition and in all. */
START_TEST(bounded)
{
	const char *page;

	paging_open("orders");
	for (int i = 0; i < 5000; i++)
		paging_find(0, paging_record(0, i, VERDICT_ALTERED, "value"));
	for (int i = 0; i < 2; i++)
		paging_find(1, paging_record(1, i, VERDICT_DUPLICATE, "twice"));
	page = write_page(NULL);
	ck_assert_uint_eq(count(page, "<span class=\"what\">"), PAGE_VIOLATIONS_OF_PARTITION + 2);
	HAS(page, "4800 more violations of this topic are not listed here.");
	HAS(page, "202 violations are listed below, and there are 4800 more.");
	HAS(page, "5000 altered");
	ck_assert_uint_le(count(page, "<i class="), 240 + 1 + 6);
	ck_assert_uint_lt(w.len, 1024 * 1024);
}
END_TEST

/* One topic after another: the page stays within its bounds, and says what isn't in it. */
START_TEST(very_many_topics)
{
	const char *page;
	char name[200] = "";

	paging_open(name);
	for (int i = 0; i < 40000; i++) {
		(void)snprintf(name, sizeof(name), "topic-%0150d", i);
		paging_find(0, paging_record(0, i % 5000, i % 2 == 0 ? VERDICT_ALTERED : VERDICT_VERIFIED, "value"));
		page_partition(paging.page, 0, &paging.topic, &paging.parts[0]);
		page_topic(paging.page, &paging.topic);
	}
	page = write_page(NULL);
	ck_assert_uint_lt(w.len, 40 * 1024 * 1024);
	HAS(page, "more topics are in the sum alone");
	HAS(page, "topics have no details below");
	HAS(page, "2000 violations are listed below, and there are ");
}
END_TEST

START_TEST(unfinished)
{
	const char *page;

	paging_open("orders");
	ck_assert(page_is_empty(paging.page));
	paging_find(0, paging_record(0, 1, VERDICT_ALTERED, "value"));
	ck_assert(!page_is_empty(paging.page));
	page = write_page("no broker: <gone>");
	HAS(page, "<h1>Not finished</h1>");
	HAS(page, "no broker: &lt;gone&gt;");
	HAS(page, "It was not judged to its end");
	HAS(page, "partition 0, offset 1</h4>");
}
END_TEST

/* Partitions end in any order, and are told in theirs; a topic that is gone has none. */
START_TEST(order)
{
	const char *page, *at;
	char word[32];

	paging_open("orders");
	for (int i = PAGING_PARTS; i-- > 0;)
		paging_find(0, paging_record(i, 0, VERDICT_VERIFIED, ""));
	at = page = write_page(NULL);
	for (int i = 0; i < PAGING_PARTS; i++) {
		(void)snprintf(word, sizeof(word), "<h4>Partition %d</h4>", i);
		at = strstr(at, word);
		ck_assert_ptr_nonnull(at);
	}
	ck_assert_uint_eq(count(page, "<h4>Partition"), PAGING_PARTS);
}
END_TEST

START_TEST(gone)
{
	const char *page;

	paging_open("orders");
	paging.topic.gone = true;
	paging.topic.partition_count = 0;
	paging.topic.id_unchecked = "it is gone";
	page_topic(paging.page, &paging.topic);
	report_sum_add(&paging.sum, &paging.topic, report_code(&paging.topic));
	ck_assert_int_eq(page_write(paging.page, &(struct page_about){.run = &(struct report_about){.bootstrap = "b", .dbom_topic = "d"},
								     .partition = -1, .trust = paging.policy},
				    &paging.sum, NULL, paging.sum.code, &w), 0);
	wr_u8(&w, '\0');
	page = (const char *)w.buf;
	HAS(page, "<h1>Undecided</h1>");
	HAS(page, "1 topic gone");
	HAS(page, "the cluster has no such topic");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("page");
	TCase *t = tcase_create("page");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_good);
	tcase_add_test(t, evidence);
	tcase_add_test(t, nothing_is_markup);
	tcase_add_test(t, keys_of_a_policy);
	tcase_add_test(t, bounded);
	tcase_add_test(t, very_many_topics);
	tcase_add_test(t, unfinished);
	tcase_add_test(t, order);
	tcase_add_test(t, gone);
	suite_add_tcase(s, t);
	return suite_run(s);
}
