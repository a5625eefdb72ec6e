/* What people and programs are told of a verification.  ctl/ is no part of the archive, so its files are taken in whole. */
#include <jansson.h>

#include "ctl/command.c"
#include "ctl/report.c"
#include "ctl/safe.c"
#include "ctl/table.c"
#include "tests/unit/suite.h"

static struct report report;
static struct topic_report result;
static struct topic_partition partition;
static struct report_about about;
static char *text;
static size_t text_len;

static void
setup(void)
{
	report = (struct report){.topic = "t"};
	report.to = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(report.to);
	partition = (struct topic_partition){.partition = 0, .from = 0, .to = 5};
	result = (struct topic_report){.topic = "t", .cluster_id = "c", .topic_id = "", .partitions = &partition, .partition_count = 1};
	result.statements.trusted = 1;
	about = (struct report_about){.dbom_topic = "makoto.dbom"};
}

static void
teardown(void)
{
	ck_assert_int_eq(fclose(report.to), 0);
	free(text);
	text = NULL;
}

static const char *
output(void)
{
	ck_assert_int_eq(fflush(report.to), 0);
	return text;
}

static int
ended(void)
{
	report_flush(&report);
	return report_topic(&report, &about, &result, &report.issuers);
}

static struct finding
verified(int64_t offset, size_t headers_behind)
{
	return (struct finding){.about_record = true,
				.verdict = VERDICT_VERIFIED,
				.offset = offset,
				.why = "",
				.headers_behind = headers_behind,
				.has_window = true,
				.chain = {{0xab}},
				.window_id = 7};
}

static void
find(int64_t offset, size_t headers_behind)
{
	const struct finding f = verified(offset, headers_behind);

	report_finding(&report, &f);
}

static void
count(uint64_t records, uint64_t with_behind, uint64_t behind)
{
	struct tally *t = &partition.tally;

	t->records = t->verdicts[VERDICT_VERIFIED] = records;
	t->records_with_behind = with_behind;
	t->headers_behind = behind;
	result.sum = *t;
}

/* The n-th line as JSON, to be released. */
static json_t *
json_line(size_t n)
{
	const char *at = output(), *end;
	json_t *v;

	for (; n > 0; n--) {
		at = strchr(at, '\n');
		ck_assert_ptr_nonnull(at);
		at++;
	}
	end = strchr(at, '\n');
	ck_assert_ptr_nonnull(end);
	v = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(v != NULL, "no JSON: %s", at);
	return v;
}

static json_int_t
json_int(const json_t *v, const char *name)
{
	json_t *n = json_object_get(v, name);

	ck_assert_msg(json_is_integer(n), "no number %s", name);
	return json_integer_value(n);
}

START_TEST(nothing_to_tell)
{
	find(0, 0);
	count(1, 0, 0);
	ck_assert_int_eq(ended(), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(output(), "OK: all 1 record verified"));
	ck_assert_ptr_null(strstr(output(), "behind"));
	ck_assert_ptr_null(strstr(output(), "covered"));
	ck_assert_ptr_null(strstr(output(), "offset 0"));
}
END_TEST

/* A verified record with headers that aren't covered is told without being asked for, and changes no exit code. */
START_TEST(headers_behind)
{
	find(0, 0);
	find(1, 1);
	find(2, 1);
	find(3, 2);
	count(5, 3, 4);
	ck_assert_int_eq(ended(), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(output(), "t/0  offsets 1-2     verified          its last header is not covered by the statement"));
	ck_assert_ptr_nonnull(strstr(output(), "t/0  offset 3        verified          its last 2 headers are not covered by the statement"));
	ck_assert_ptr_nonnull(strstr(output(), "note: 3 records with headers that no statement covers (4 in all)"));
	ck_assert_ptr_nonnull(strstr(output(), "records  verified  headers-behind  windows"));
	ck_assert_ptr_nonnull(strstr(output(), "      5         5               3        0"));
	ck_assert_ptr_nonnull(strstr(output(), "OK: all 5 records verified"));
}
END_TEST

START_TEST(headers_behind_json)
{
	const struct finding f = {.about_record = true, .verdict = VERDICT_DUPLICATE, .offset = 4, .why = "twice", .headers_behind = 1};
	json_t *v;

	report.json = true;
	find(0, 0);
	find(3, 2);
	report_finding(&report, &f);
	count(5, 2, 3);
	ck_assert_int_eq(ended(), EXIT_OK);
	v = json_line(0);
	ck_assert_int_eq(json_int(v, "offset"), 3);
	ck_assert_int_eq(json_int(v, "headersBehind"), 2);
	ck_assert_str_eq(json_string_value(json_object_get(v, "verdict")), "verified");
	ck_assert_str_eq(json_string_value(json_object_get(v, "reason")), "its last 2 headers are not covered by the statement");
	json_decref(v);
	v = json_line(1);
	ck_assert_int_eq(json_int(v, "headersBehind"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(v, "reason")), "twice; its last header is not covered by the statement");
	json_decref(v);
	v = json_line(2);
	ck_assert_int_eq(json_int(v, "recordsWithHeadersBehind"), 2);
	ck_assert_int_eq(json_int(v, "headersBehind"), 3);
	ck_assert_int_eq(json_int(json_array_get(json_object_get(v, "partitions"), 0), "headersBehind"), 3);
	ck_assert(json_is_true(json_object_get(v, "ok")));
	ck_assert_int_eq(json_int(v, "exit"), EXIT_OK);
	json_decref(v);
}
END_TEST

/* Ids come from brokers and statements: none ends a line or commands the terminal. */
#define SPOILED "a\xc2\x9b" "2J\n\x7f\xe2\x80\xae"

START_TEST(ids_of_others)
{
	report.topic = result.topic = SPOILED;
	result.topic_id = SPOILED;
	snprintf(result.statements.untrusted_keyid, sizeof(result.statements.untrusted_keyid), "%s", SPOILED);
	result.id_unchecked = "why";
	result.statements.untrusted = 1;
	count(5, 1, 1);
	find(3, 1);
	ck_assert_int_eq(ended(), EXIT_OK);
	for (const char *at = output(); *at != '\0'; at++)
		ck_assert_msg((*at >= 0x20 && *at < 0x7f) || *at == '\n', "byte %02x", (uint8_t)*at);
	ck_assert_ptr_nonnull(strstr(output(), "\ntopic a\\u009b2J\\u000a\\u007f\\u202e, id a\\u009b2J\\u000a\\u007f\\u202e, 1 trusted"));
	ck_assert_ptr_nonnull(strstr(output(), "latest statement: a\\u009b2J"));
	ck_assert_ptr_nonnull(strstr(output(), "of key a\\u009b2J"));
}
END_TEST

/* JSON escapes what a terminal would take, and stays the same value. */
START_TEST(ids_of_others_json)
{
	json_t *v;

	report.json = true;
	report.topic = result.topic = SPOILED;
	result.cluster_id = SPOILED;
	find(3, 1);
	ck_assert_int_eq(ended(), EXIT_OK);
	for (const char *at = output(); *at != '\0'; at++)
		ck_assert_msg((*at >= 0x20 && *at < 0x7f) || *at == '\n', "byte %02x", (uint8_t)*at);
	v = json_line(0);
	ck_assert_str_eq(json_string_value(json_object_get(v, "topic")), SPOILED);
	json_decref(v);
	v = json_line(1);
	ck_assert_str_eq(json_string_value(json_object_get(v, "clusterId")), SPOILED);
	json_decref(v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("output");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_to_tell);
	tcase_add_test(t, headers_behind);
	tcase_add_test(t, headers_behind_json);
	tcase_add_test(t, ids_of_others);
	tcase_add_test(t, ids_of_others_json);
	suite_add_tcase(s, t);
	return suite_run(s);
}
