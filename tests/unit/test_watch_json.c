/* What audit writes: records and lines for programs, the note beside an offset, and counts.  ctl/ is no part of the archive. */
#include <check.h>
#include <jansson.h>

#include "ctl/watch_json.c"
#include "ctl/watch_metrics.c"
#include "suite.h"

static const struct watch_json_about about = {.topic = "orders", .topic_id = "AAECAwQFBgcICQoLDA0ODw", .judged_ms = 1700000000000};
static struct statement stated = {.partition = 3, .window_id = 7, .first_offset = 10, .last_offset = 19, .leaf_count = 10};
static const struct vigil_found found = {.from = 10, .to = 20};

static json_t *
read_back(struct wr *w)
{
	json_error_t e;
	json_t *j;

	ck_assert_int_eq(wr_err(w), 0);
	j = json_loadb((const char *)w->buf, w->len, JSON_REJECT_DUPLICATES, &e);
	ck_assert_msg(j != NULL, "%s: %.*s", e.text, (int)w->len, (const char *)w->buf);
	wr_free(w);
	return j;
}

static const char *
text(json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	return s == NULL ? "" : s;
}

static json_int_t
number(json_t *j, const char *name)
{
	return json_is_integer(json_object_get(j, name)) ? json_integer_value(json_object_get(j, name)) : -1;
}

static json_t *
window(const struct vigil_window *x, const struct watch_json_about *a, const struct vigil_found *f)
{
	struct wr w = wr_new(WATCH_JSON_MAX);

	watch_json_window(&w, a, f, x);
	return read_back(&w);
}

static json_t *
run(const struct vigil_run *r)
{
	struct wr w = wr_new(WATCH_JSON_MAX);

	watch_json_run(&w, &about, r);
	return read_back(&w);
}

START_TEST(a_window_tells_what_became_of_it)
{
	struct vigil_window x = {.statement = &stated, .issuer = "acme", .verdicts[VERDICT_VERIFIED] = 9, .members[WINDOW_RETENTION] = 1};
	struct watch_json_about again = about;
	json_t *j;

	memset(stated.chain.b, 0xab, CHAIN_ID_LEN);
	x.with[WINDOW_COMPLETE] = x.with[WINDOW_RETENTION] = true;
	j = window(&x, &about, &found);
	ck_assert_str_eq(text(j, "type"), "window");
	ck_assert_str_eq(text(j, "topic"), "orders");
	ck_assert_str_eq(text(j, "topicId"), "AAECAwQFBgcICQoLDA0ODw");
	ck_assert_str_eq(text(j, "issuer"), "acme");
	ck_assert_str_eq(text(j, "judgedAt"), "2023-11-14T22:13:20.000Z");
	ck_assert_str_eq(text(j, "outcome"), "complete");
	ck_assert_int_eq((int)strspn(text(j, "chain"), "ab"), 2 * CHAIN_ID_LEN);
	ck_assert_int_eq(number(j, "partition"), 3);
	ck_assert_int_eq(number(j, "window"), 7);
	ck_assert_int_eq(number(j, "firstOffset"), 10);
	ck_assert_int_eq(number(j, "lastOffset"), 19);
	ck_assert_int_eq(number(j, "leafCount"), 10);
	ck_assert_int_eq(number(json_object_get(j, "verdicts"), "verified"), 9);
	ck_assert_int_eq(number(json_object_get(j, "absent"), "retention"), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(j, "findings")), 0);
	ck_assert_ptr_null(json_object_get(j, "partFrom"));
	ck_assert_ptr_null(json_object_get(j, "again"));
	json_decref(j);

	x.part = true;
	again.again = true;
	j = window(&x, &again, &(struct vigil_found){.from = 12, .to = 15});
	ck_assert_int_eq(number(j, "partFrom"), 12);
	ck_assert_int_eq(number(j, "partTo"), 14);
	ck_assert(json_is_true(json_object_get(j, "again")));
	json_decref(j);
}
END_TEST

START_TEST(the_worst_is_the_outcome)
{
	struct vigil_window x = {.statement = &stated, .issuer = "", .verdicts[VERDICT_UNATTESTED] = 1};
	json_t *j = window(&x, &about, &found);

	ck_assert_str_eq(text(j, "outcome"), "undecided");
	ck_assert_ptr_null(json_object_get(j, "issuer"));
	json_decref(j);
	x.verdicts[VERDICT_ALTERED] = 1;
	ck_assert_int_eq(watch_json_outcome(&x), WATCH_VIOLATION);
	x = (struct vigil_window){.statement = &stated, .with[WINDOW_GAP] = true};
	j = window(&x, &about, &found);
	ck_assert_str_eq(text(j, "outcome"), "violation");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(j, "findings"), 0)), "gap");
	json_decref(j);
}
END_TEST

START_TEST(a_finding_tells_where_and_why)
{
	struct vigil_run r = {.f = {.about_record = true, .verdict = VERDICT_ALTERED, .partition = 3, .offset = 5, .why = "the \"value\"\n",
				    .issuer = "", .has_window = true, .window_id = 2},
			      .last_offset = 5};
	json_t *j = run(&r);

	ck_assert_str_eq(text(j, "type"), "violation");
	ck_assert_str_eq(text(j, "verdict"), "altered");
	ck_assert_str_eq(text(j, "reason"), "the \"value\"\n");
	ck_assert_int_eq(number(j, "offset"), 5);
	ck_assert_int_eq(number(j, "lastOffset"), -1);
	ck_assert_int_eq(number(j, "window"), 2);
	json_decref(j);

	r.f.verdict = VERDICT_PENDING;
	r.f.has_window = false;
	r.last_offset = 8;
	j = run(&r);
	ck_assert_str_eq(text(j, "type"), "undecided");
	ck_assert_int_eq(number(j, "lastOffset"), 8);
	ck_assert_ptr_null(json_object_get(j, "chain"));
	json_decref(j);

	r.f.verdict = VERDICT_VERIFIED;
	r.f.headers_behind = 2;
	j = run(&r);
	ck_assert_str_eq(text(j, "type"), "note");
	ck_assert_int_eq(number(j, "headersBehind"), 2);
	json_decref(j);

	r = (struct vigil_run){.f = {.window = WINDOW_FORK, .partition = 3, .offset = -1, .why = "", .issuer = "", .has_window = true, .window_id = 2},
			       .last_offset = -1};
	j = run(&r);
	ck_assert_str_eq(text(j, "type"), "violation");
	ck_assert_str_eq(text(j, "finding"), "fork");
	ck_assert_ptr_null(json_object_get(j, "offset"));
	json_decref(j);

	/* Nobody knows what it was. */
	r = (struct vigil_run){.f = {.window = WINDOW_RETENTION, .partition = 3, .offset = 4, .why = "", .issuer = ""}, .last_offset = 9};
	j = run(&r);
	ck_assert_str_eq(text(j, "type"), "undecided");
	ck_assert_str_eq(text(j, "finding"), "retention");
	ck_assert_int_eq(number(j, "offset"), 4);
	ck_assert_int_eq(number(j, "lastOffset"), 9);
	json_decref(j);
}
END_TEST

#define ID "AAECAwQFBgcICQoLDA0ODw"

static void
ck_noted(const char *note, const char *topic_id, int64_t to)
{
	char id[TOPIC_ID_TEXT + 1] = "?";
	int64_t got = 1;

	watch_json_noted(note, id, &got);
	ck_assert_msg(strcmp(id, topic_id) == 0 && got == to, "%s: %s, %lld", note, id, (long long)got);
}

START_TEST(a_note_is_read_back)
{
	static const char *const bad[] = {"", "telling up to ", "telling up to -1", "telling up to 1x", "telling up to 99999999999999999999", "7",
					  "Telling up to 7", "topic ", "topic AAECAwQFBgcICQoLDA0OD", "topic AAECAwQFBgcICQoLDA0ODwA", "topic ,", "topic"};
	static const int64_t to[] = {-1, 0, INT64_MAX};
	char note[256];

	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		watch_json_note(ID, to[i], note, sizeof(note));
		ck_noted(note, ID, to[i]);
		watch_json_note("", to[i], note, sizeof(note));
		ck_noted(note, "", to[i]);
	}
	ck_assert_str_eq(note, "telling up to 9223372036854775807");
	watch_json_note("", -1, note, sizeof(note));
	ck_assert_str_eq(note, "");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_noted(bad[i], "", -1);
	ck_noted("topic " ID ", telling", ID, -1);
	ck_noted("topic " ID "telling up to 7", "", -1);
}
END_TEST

START_TEST(counts_are_added_and_written)
{
	struct vigil_window windows[2] = {{.statement = &stated}, {.statement = &stated, .with[WINDOW_MISSING] = true}};
	struct vigil_found f = {.tally = {.verdicts[VERDICT_VERIFIED] = 5, .windows_with[WINDOW_MISSING] = 1}, .unjudged = 21, .windows = windows, .window_count = 2};
	struct watch_gauge gauges[3] = {{"orders", 0, 1234, 5, 1700000000500}, {"orders", 1, -1, -1, 0}, {"orders", 2, 7, 9, 0}};
	struct watch_counts c = {.again = 0};
	struct wr w = wr_new(1 << 20);
	static const char *const lines[] = {
		"makoto_audit_records_total{group=\"a\\\"b\",verdict=\"verified\"} 10\n",
		"makoto_audit_windows_total{group=\"a\\\"b\",outcome=\"complete\"} 2\n",
		"makoto_audit_windows_total{group=\"a\\\"b\",outcome=\"violation\"} 2\n",
		"makoto_audit_findings_total{group=\"a\\\"b\",finding=\"missing\"} 2\n",
		"makoto_audit_unjudged_total{group=\"a\\\"b\"} 42\n",
		"makoto_audit_again_total{group=\"a\\\"b\"} 1\n",
		"makoto_audit_partitions{group=\"a\\\"b\"} 3\n",
		"makoto_audit_judged_offset{group=\"a\\\"b\",topic=\"orders\",partition=\"0\"} 1234\n",
		"makoto_audit_lag_records{group=\"a\\\"b\",topic=\"orders\",partition=\"0\"} 5\n",
		"makoto_audit_lag_records{group=\"a\\\"b\",topic=\"orders\",partition=\"2\"} 9\n", /* the more while nothing is judged */
		"makoto_audit_judged_time_seconds{group=\"a\\\"b\",topic=\"orders\",partition=\"0\"} 1700000000.5\n"};

	watch_metrics_count(&c, &f, false);
	watch_metrics_count(&c, &f, true);
	watch_metrics_write(&w, "a\"b", &c, gauges, 3);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		ck_assert_msg(strstr((char *)w.buf, lines[i]) != NULL, "no %s in\n%s", lines[i], (char *)w.buf);
	/* Of what isn't known yet there is nothing. */
	ck_assert_ptr_null(strstr((char *)w.buf, "partition=\"1\""));
	ck_assert_ptr_null(strstr((char *)w.buf, "judged_time_seconds{group=\"a\\\"b\",topic=\"orders\",partition=\"2\""));
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watch_json");
	TCase *t = tcase_create("watch_json");

	tcase_add_test(t, a_window_tells_what_became_of_it);
	tcase_add_test(t, the_worst_is_the_outcome);
	tcase_add_test(t, a_finding_tells_where_and_why);
	tcase_add_test(t, a_note_is_read_back);
	tcase_add_test(t, counts_are_added_and_written);
	suite_add_tcase(s, t);
	return suite_run(s);
}
