#include "admin/overview.h"

#include "base/text.h"
#include "digest/sha256.h"
#include "overview_given.h"
#include "suite.h"

#define EVIL "</title><script>alert('x')</script><img src=x onerror=\"alert(1)\"> & \xe2\x80\xae\x1b[31m\xff"
#define SAFE                                                                                                                   \
	"&lt;/title&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; "   \
	"\\u202e\\u001b[31m\xef\xbf\xbd"

static struct wr w;

static void
setup(void)
{
	given_begin();
}

static void
teardown(void)
{
	wr_free(&w);
}

/* Every element is closed in its order, and every attribute's value is quoted. */
static void
ck_whole(const char *html)
{
	static const char *const empty[] = {"!DOCTYPE", "meta", "link"};
	char open[64][16];
	size_t depth = 0;

	for (const char *p = html; (p = strchr(p, '<')) != NULL;) {
		bool closes = p[1] == '/', is_empty = false;
		const char *name = p + 1 + closes, *end = strchr(p, '>');
		size_t n = strcspn(name, " >\n");

		ck_assert_msg(end != NULL && n > 0 && n < sizeof(open[0]), "no tag: %.80s", p);
		for (size_t i = 0; i < ARRAY_LEN(empty); i++)
			is_empty |= strlen(empty[i]) == n && memcmp(name, empty[i], n) == 0;
		for (const char *q = name; (q = memchr(q, '=', (size_t)(end - q))) != NULL && q < end; q++) {
			ck_assert_msg(q[1] == '"', "not quoted: %.80s", p);
			q = strchr(q + 2, '"');
			end = q > end ? strchr(q, '>') : end;
		}
		if (closes) {
			ck_assert_msg(depth > 0 && strlen(open[depth - 1]) == n && memcmp(open[depth - 1], name, n) == 0, "closes what isn't open: %.80s", p);
			depth--;
		} else if (!is_empty) {
			ck_assert_uint_lt(depth, ARRAY_LEN(open));
			memcpy(open[depth], name, n);
			open[depth++][n] = '\0';
		}
		p = end;
		if (!closes && n == 6 && memcmp(name, "script", 6) == 0)
			p = strstr(p, "</script>");
		if (!closes && n == 5 && memcmp(name, "style", 5) == 0)
			p = strstr(p, "</style>");
	}
	ck_assert_uint_eq(depth, 0);
}

static const char *
page(void)
{
	wr_free(&w);
	w = wr_new(OVERVIEW_BYTES_MAX);
	overview_write(&given, &w);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	ck_whole((const char *)w.buf);
	return (const char *)w.buf;
}

static size_t
count(const char *html, const char *text)
{
	size_t n = 0;

	for (; (html = strstr(html, text)) != NULL; html++)
		n++;
	return n;
}

#define ck_has(html, text) ck_assert_msg(strstr(html, text) != NULL, "\"%s\" is not there", text)
#define ck_has_not(html, text) ck_assert_msg(strstr(html, text) == NULL, "\"%s\" is there", text)

static void
ck_words(const char *want, const char *class)
{
	const char *html = page();
	char title[128], h1[128], header[64];

	(void)snprintf(title, sizeof(title), "<title>%s: makoto-proxy</title>", want);
	(void)snprintf(h1, sizeof(h1), "<h1>%s</h1>", want);
	(void)snprintf(header, sizeof(header), "<header class=\"%s\">", class);
	ck_has(html, title);
	ck_has(html, h1);
	ck_has(html, header);
}

START_TEST(all_well)
{
	const char *html;

	ck_words("All is well", "good");
	html = page();
	ck_has(html, "Every record that was to be attested has its window");
	ck_has(html, "<dd>1,234,567</dd><dd class=\"small\">171 a second</dd>");
	ck_has(html, "<th scope=\"row\"><bdi>orders</bdi></th><td data-name=\"Records a second\">170</td><td data-name=\"Attested\">1,234,000</td>"
		     "<td data-name=\"Windows waiting\">0</td><td data-name=\"Latest statement\">2 s ago: partition 2, window 411, 1,000 records</td>");
	ck_has(html, "<td data-name=\"Records a second\">&lt; 0.1</td>");
	ck_has(html, "none yet");
	ck_has(html, "L2, statements are signed");
	ck_has(html, "<code>SHA256:q83vASNFZ4mrze8</code>");
	ck_has(html, "40 days 0 h, since <time");
	ck_has(html, "<th scope=\"row\">19093</th><td data-name=\"Leads to\">broker 1 at <bdi>kafka-1.example</bdi>:9092</td>");
	ck_has(html, "any broker (bootstrap)");
	ck_has(html, "<dt>Clients' connections</dt><dd>3</dd>");
	ck_has(html, "makoto-proxy 1.2.3, Kafka APIs up to 4.4.0");
	ck_has(html, "3 days 1 h");
	ck_has(html, "None since the start.");
	ck_has_not(html, "Verdicts on what");
	given.verify = OVERVIEW_VERIFY_ENFORCE;
	ck_words("All is well", "good");
	ck_has(page(), "no violation was found");
	given.attesting = false;
	ck_words("All is well", "good");
	ck_has(page(), "are not attested (<code>attest.enabled: false</code>)");
}
END_TEST

/* A proxy that has just begun: nothing but zeros is no nonsense. */
START_TEST(nothing_yet)
{
	static const char empty[] = "";

	given = (struct overview){.now_ms = GIVEN_NOW, .version = empty, .kafka_version = empty, .cluster = empty, .instance = empty, .collector = empty,
				  .statement_topic = empty, .unready = "no broker answers", .statements_why = empty, .key_id = empty, .attesting = true,
				  .names = true, .level = 1};
	ck_words("Not ready", "open");
	ck_has(page(), "no broker answers.");
	ck_has(page(), "Its id is not known yet.");
	ck_has(page(), "L1, statements are not signed");
	ck_has(page(), "Nothing was produced to a topic");
	given.ready = true;
	ck_words("All is well", "good");
	ck_has(page(), "nothing was produced here yet");
}
END_TEST

/* The worst gives the words, and each has its sentence. */
START_TEST(the_words)
{
	given.client_certificate_ends_s = GIVEN_NOW / 1000 + 20 * 86400;
	ck_words("All is well", "good");
	given.client_certificate_ends_s = GIVEN_NOW / 1000 + 13 * 86400;
	ck_words("A certificate ends soon", "open");
	ck_has(page(), "The certificate that clients are shown ends in 13 days 0 h.");
	given.broker_certificate_ends_s = GIVEN_NOW / 1000 - 5;
	ck_has(page(), "The certificate that brokers are shown has ended.");
	given.verify = OVERVIEW_VERIFY_OBSERVE;
	given.statements_why = "no broker answers";
	ck_words("Statements can't be read", "open");
}
END_TEST

START_TEST(windows)
{
	given.waiting = 4;
	given.oldest_ms = 400;
	ck_words("All is well", "good"); /* they are on their way */
	given.oldest_ms = OVERVIEW_LATE_MS;
	ck_words("Windows are waiting", "open");
	given.oldest_ms = 192000;
	given.publish_failures = 7;
	given.topics[0].oldest_ms = 192000;
	given.topics[0].waiting = 4;
	ck_has(page(), "4 closed windows wait for their statements, the oldest for 3 min 12 s.");
	ck_has(page(), "publishing failed 7 times.");
	ck_has(page(), "<strong class=\"tag open\">late</strong>");
	ck_has(page(), "<td data-name=\"Windows waiting\">4, for 3 min 12 s</td>");
	given.waiting = 1;
	ck_has(page(), "1 closed window waits for its statement, for 3 min 12 s.");
	given.waiting = 0;
	given.earlier = 2;
	ck_words("Windows are waiting", "open");
	ck_has(page(), "2 windows of an earlier run wait");
}
END_TEST

START_TEST(not_attested)
{
	given.unattested[0].n = 5;
	given.unattested[1].n = 1;
	given.unattested_ms = GIVEN_NOW - 1000;
	given.waiting = 4;
	given.oldest_ms = 60000;
	given.stopping = true;
	ck_words("Not everything is attested", "bad");
	ck_has(page(), "6 records passed without being attested since the start, by reason: 5 backlog, 1 journal. The last came at <time");
	ck_has(page(), "The proxy was told to stop");
	ck_has(page(), "4 closed windows wait");
	given.unattested[0].n = given.unattested[1].n = 0;
	ck_words("Stopping", "open");
	given.stopping = false;
	given.waiting = 0;
	given.attesting = false;
	ck_words("Nothing is attested", "open");
	given.topics[1].left_out = 1;
	ck_has(page(), "<strong class=\"tag bad\">1 record left out</strong>");
}
END_TEST

START_TEST(violations)
{
	given.verify = OVERVIEW_VERIFY_OBSERVE;
	given.verdicts[0].n = 1200;
	given.verdicts[1].n = 3;
	given.verdicts[2].n = 1;
	given.unattested[0].n = 5;
	given.violation_ms = GIVEN_NOW;
	ck_words("Violations found", "bad");
	ck_has(page(), "1 record that consumers asked for isn't what was attested: 1 altered. Consumers were given it all the same");
}
END_TEST

START_TEST(held_back)
{
	given.verify = OVERVIEW_VERIFY_ENFORCE;
	given.verdicts[1].n = 3;
	given.stops = 1;
	ck_words("Consumers are held back", "open");
	ck_has(page(), "partitions stopped 1 time in front of a record");
	given.verdicts[2].n = 2;
	given.verdicts[3].n = 1;
	ck_words("Violations found", "bad");
	ck_has(page(), "3 records that consumers asked for are not what was attested: 2 altered, 1 missing. Nothing of that was given to consumers");
	ck_has(page(), "<dt>altered</dt><dd class=\"bad\"><strong>2</strong> (violation)</dd>");
}
END_TEST

START_TEST(the_log)
{
	given_log(0, LOG_LEVEL_ERROR, "a statement can't be published", "topic=makoto.dbom cause=\"not enough replicas\"", 1200);
	given_log(1, LOG_LEVEL_WARN, "not ready", "cause=\"no broker answers\"", 1);
	ck_has(page(), "<strong class=\"bad\">Error</strong> in <code>sealer</code>, 9 s ago");
	ck_has(page(), "1,200 times since <time");
	ck_has(page(), "topic=makoto.dbom cause=&quot;not enough replicas&quot;");
	ck_has(page(), "<strong class=\"open\">Warning</strong>");
	given.names = false;
	ck_has(page(), "a statement can&#39;t be published");
	ck_has_not(page(), "not enough replicas");
	ck_has_not(page(), "orders");
	ck_has_not(page(), "payments");
	ck_has(page(), "2 topics are attested. Their names are not shown");
}
END_TEST

/* Whoever chose a text, it is text. */
START_TEST(nothing_is_markup)
{
	const char *html;

	given.version = given.kafka_version = given.cluster = given.instance = given.collector = given.statement_topic = EVIL;
	given.unready = given.statements_why = given.key_id = EVIL;
	given.ready = false;
	given.verify = OVERVIEW_VERIFY_OBSERVE;
	given.topics[0].name = EVIL;
	given.verdicts[2] = (struct overview_count){EVIL, 1, true};
	given.unattested[0] = (struct overview_count){EVIL, 1, false};
	(void)snprintf(given.ports[1].host, sizeof(given.ports[1].host), "%s", EVIL);
	given_log(0, LOG_LEVEL_WARN, EVIL, EVIL, 1);
	(void)snprintf(given.recent[0].where, sizeof(given.recent[0].where), "</code><b>");
	html = page();
	ck_assert_uint_eq(count(html, "<script>"), 1);
	ck_assert_uint_eq(count(html, "<img"), 0);
	ck_assert_uint_eq(count(html, "\x1b"), 0);
	ck_assert_uint_ge(count(html, SAFE), 12);
	ck_has(html, "&lt;/code&gt;&lt;b&gt;");
}
END_TEST

/* As much as there is room for, each as long as it may be and all of it to be escaped: bounded, and what is missing is counted. */
START_TEST(bounded)
{
	static char name[250], fields[RECENT_FIELDS_MAX];

	memset(name, '&', sizeof(name) - 1);
	memset(fields, '\x01', sizeof(fields) - 1);
	for (size_t i = 0; i < OVERVIEW_TOPICS_MAX; i++)
		given.topics[i] = (struct overview_topic){.name = name, .attested = INT64_MAX, .rate_milli = INT64_MAX, .left_out = INT64_MAX, .waiting = SIZE_MAX,
							  .oldest_ms = INT64_MAX, .window = UINT64_MAX, .records = INT64_MAX, .published_ms = 1};
	for (size_t i = 0; i < OVERVIEW_PORTS_MAX; i++) {
		given.ports[i] = (struct overview_port){65535, INT32_MAX, "", 65535, UINT32_MAX};
		memset(given.ports[i].host, '"', sizeof(given.ports[i].host) - 1);
	}
	for (size_t i = 0; i < RECENT_MAX; i++)
		given_log(i, LOG_LEVEL_ERROR, name, fields, UINT64_MAX);
	given.topic_count = OVERVIEW_TOPICS_MAX;
	given.topic_total = 100000;
	given.port_count = OVERVIEW_PORTS_MAX;
	given.port_total = OVERVIEW_PORTS_MAX + 1;
	ck_has(page(), "<p>99,950 more topics, with less to tell, are not listed.</p>");
	ck_has(page(), "<p>1 more port is not listed.</p>");
	ck_assert_uint_lt(w.len, 512 * 1024);
	wr_free(&w);
	w = wr_new(1000);
	overview_write(&given, &w);
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
}
END_TEST

/* Clocks that were set, and dates that are none. */
START_TEST(odd_times)
{
	given.started_ms = given.key_ms = given.topics[0].published_ms = GIVEN_NOW + 5000;
	given_log(0, LOG_LEVEL_WARN, "x", "", 2);
	given.recent[0].last_ms = INT64_MIN / 2;
	given.recent[0].first_ms = INT64_MAX;
	given.client_certificate_ends_s = INT64_MAX;
	given.broker_certificate_ends_s = INT64_MIN;
	ck_has(page(), "0 ms ago: partition 2");
	ck_has(page(), "unknown");
}
END_TEST

/* The policy lets this page's style and script work, by their bytes, and nothing else. */
START_TEST(policy)
{
	char got[OVERVIEW_POLICY_MAX], want[128];
	const char *html = page();

	overview_policy(got);
	for (int i = 0; i < 2; i++) {
		const char *tag = i == 0 ? "style" : "script", *from, *to;
		uint8_t hash[SHA256_LEN];
		struct wr base64 = wr_new(100);
		char open[16], close[16];

		(void)snprintf(open, sizeof(open), "<%s>", tag);
		(void)snprintf(close, sizeof(close), "</%s>", tag);
		ck_assert_uint_eq(count(html, open), 1);
		from = strstr(html, open) + strlen(open);
		to = strstr(from, close);
		sha256_of(slice_of(from, (size_t)(to - from)), hash);
		text_base64(&base64, slice_of(hash, sizeof(hash)));
		(void)snprintf(want, sizeof(want), "%s-src 'sha256-%.*s';", tag, (int)base64.len, (const char *)base64.buf);
		ck_has(got, want);
		wr_free(&base64);
	}
	ck_has(got, "default-src 'none';");
	ck_has(got, "frame-ancestors 'none'");
	ck_has_not(got, "unsafe");
	ck_has_not(html, " style=");
	ck_has_not(html, " onclick");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("overview");
	TCase *t = tcase_create("overview");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_well);
	tcase_add_test(t, nothing_yet);
	tcase_add_test(t, the_words);
	tcase_add_test(t, windows);
	tcase_add_test(t, not_attested);
	tcase_add_test(t, violations);
	tcase_add_test(t, held_back);
	tcase_add_test(t, the_log);
	tcase_add_test(t, nothing_is_markup);
	tcase_add_test(t, bounded);
	tcase_add_test(t, odd_times);
	tcase_add_test(t, policy);
	suite_add_tcase(s, t);
	return suite_run(s);
}
