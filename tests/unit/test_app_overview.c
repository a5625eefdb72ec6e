#include "overview_app.h"
#include "suite.h"

static struct wr w;

static const char *
page(void)
{
	wr_free(&w);
	w = wr_new(OVERVIEW_BYTES_MAX);
	app_overview(&app, &w);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	return (const char *)w.buf;
}

#define ck_has(text) ck_assert_msg(strstr(page(), text) != NULL, "\"%s\" is not there", text)
#define ck_has_not(text) ck_assert_msg(strstr(page(), text) == NULL, "\"%s\" is there", text)

static void
setup(void)
{
	overview_app_begin("");
}

static void
teardown(void)
{
	wr_free(&w);
	overview_app_end();
}

START_TEST(gathered)
{
	overview_app_produce("orders", 7);
	(void)snprintf(app.key_id, sizeof(app.key_id), "SHA256:00");
	ck_has("<h1>All is well</h1>");
	ck_has("<bdi>orders</bdi>");
	ck_has("<td data-name=\"Attested\">7</td>");
	ck_has("00abff00000000000000000000000000");
	ck_has("<bdi>a&lt;b</bdi>");
	ck_has("<dd>12</dd><dd class=\"small\">new ones are served");
	ck_has("urn:test:proxy");
	ck_has("<code>SHA256:00</code>");
	ck_has("at <bdi>kafka-1</bdi>:9092");
	ck_has("<code>verify.mode: off</code>");
	unready = "no broker answers";
	ck_has("<h1>Not ready</h1>");
	app.phase = APP_SEALING;
	ck_has("<h1>Stopping</h1>");
}
END_TEST

START_TEST(late_windows)
{
	overview_app_produce("orders", 10); /* it is full */
	app_mono.ns += OVERVIEW_LATE_MS * INT64_C(1000000) - 1000000;
	ck_has("<h1>All is well</h1>");
	app_mono.ns += 1000000;
	ck_has("<h1>Windows are waiting</h1>");
	ck_has("1 closed window waits for its statement, for 10 s");
	ck_has("<strong class=\"tag open\">late</strong>");
}
END_TEST

/* When it grew, and no later. */
START_TEST(what_is_bad)
{
	app_overview_look(&app);
	ck_has_not("The last came");
	metric_add(METRIC_RECORDS_EXCLUDED, 3);
	metric_add(METRIC_RECORDS_DUPLICATE, 3);
	ck_has("<h1>All is well</h1>");
	ck_has("3 more that are not to be");
	metric_add(METRIC_RECORDS_BACKLOG, 5);
	app_overview_look(&app);
	app_wall += 60000;
	ck_has("<h1>Not everything is attested</h1>");
	ck_has("by reason: 5 backlog. The last came at <time datetime=\"2026-01-01T00:00:00.000Z\">");
	metric_add(METRIC_VERIFY_ALTERED, 1);
	metric_add(METRIC_VERIFY_MISSING, 2);
	metric_add(METRIC_VERIFY_UNATTESTED, 4);
	ck_has("<h1>Violations found</h1>");
	ck_has("3 records that consumers asked for are not what was attested: 1 altered, 2 missing.");
	ck_has("The last came at <time datetime=\"2026-01-01T00:01:00.000Z\">");
}
END_TEST

START_TEST(names_that_are_not_shown)
{
	overview_app_end();
	overview_app_begin("admin.names: false\n");
	overview_app_produce("orders", 7);
	ck_has_not("<bdi>orders</bdi>");
	ck_has("1 topic is attested.");
}
END_TEST

START_TEST(very_many)
{
	char name[32];

	for (int i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		overview_app_produce(name, 1);
	}
	port_count = 300;
	ck_has("2,950 more topics, with less to tell, are not listed.");
	ck_has("250 more ports are not listed.");
	ck_assert_uint_lt(w.len, 100000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("app_overview");
	TCase *t = tcase_create("app_overview");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, gathered);
	tcase_add_test(t, late_windows);
	tcase_add_test(t, what_is_bad);
	tcase_add_test(t, names_that_are_not_shown);
	tcase_add_test(t, very_many);
	suite_add_tcase(s, t);
	return suite_run(s);
}
