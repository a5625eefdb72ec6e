/* ctl/ is no part of the archive that tests are linked with, so its files are taken in whole. */
#include <check.h>
#include <jansson.h>

#include "ctl/command.c"
#include "ctl/report.c"
#include "ctl/safe.c"
#include "ctl/table.c"
#include "suite.h"

static char *text;
static size_t text_len;
static FILE *to;

static void
setup(void)
{
	to = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(to);
}

static void
teardown(void)
{
	(void)fclose(to);
	free(text);
}

static const char *
written(void)
{
	ck_assert_int_eq(fflush(to), 0);
	return text;
}

/* --- tables ------------------------------------------------------------------------------ */

START_TEST(columns)
{
	struct table t = table_new(3);

	table_cell(&t, "a");
	table_cell(&t, "bcd");
	table_cell(&t, "e");
	table_cell(&t, "%s", "x\xc3\xa4\xe2\x80\xa6"); /* three columns wide */
	table_cell(&t, "%d", 7);
	table_cell(&t, "7-9");
	table_cell(&t, "%s", "");
	table_cell(&t, "1234");
	table_print(&t, to);
	ck_assert_str_eq(written(), "a    bcd   e\n"
				    "x\xc3\xa4\xe2\x80\xa6     7  7-9\n"
				    "     1234\n");
	table_free(&t);
}
END_TEST

/* Others wrote some of it. */
START_TEST(commands_no_terminal)
{
	struct table t = table_new(1);

	table_cell(&t, "%s", "a\x1b[31mb\nc\td\x7f");
	table_cell(&t, "%s", "\xc2\x9b" "31m\xc2\x80\xc2\x9f"); /* C1 controls, U+009B is CSI */
	table_cell(&t, "%s", "\xc2\xa0\xc3\x9b");               /* and what only looks like them */
	table_print(&t, to);
	ck_assert_str_eq(written(), "a\\u001b[31mb\\u000ac\\u0009d\\u007f\n\\u009b31m\\u0080\\u009f\n\xc2\xa0\xc3\x9b\n");
	table_free(&t);
}
END_TEST

START_TEST(no_rows)
{
	struct table t = table_new(3);

	table_print(&t, to);
	ck_assert_str_eq(written(), "");
	table_free(&t);
}
END_TEST

/* --- findings --------------------------------------------------------------------------------- */

static struct report
report_of(bool json, bool verbose)
{
	return (struct report){.to = to, .json = json, .verbose = verbose, .topic = "orders"};
}

static struct finding
record(int64_t offset, enum verdict v, const char *why)
{
	return (struct finding){.about_record = true, .verdict = v, .partition = 3, .offset = offset, .why = why};
}

static struct finding
window(int64_t offset, enum window_finding f, uint64_t id)
{
	return (struct finding){.window = f, .partition = 3, .offset = offset, .why = "", .has_window = true,
				.chain = {{0xab, 0xcd, 0xef, 0x01, 0x23}}, .window_id = id};
}

static void
tell(struct report *r, struct finding f)
{
	report_finding(r, &f);
}

/* Runs of like findings share a line; what is well is not told. */
START_TEST(lines)
{
	struct report r = report_of(false, false);

	tell(&r, record(1, VERDICT_VERIFIED, ""));
	tell(&r, record(2, VERDICT_ALTERED, "value"));
	tell(&r, record(3, VERDICT_ALTERED, "value"));
	tell(&r, record(4, VERDICT_ALTERED, "value"));
	tell(&r, record(5, VERDICT_ALTERED, "headers"));
	tell(&r, record(7, VERDICT_ALTERED, "headers"));
	tell(&r, window(-1, WINDOW_COMPLETE, 8));
	tell(&r, window(-1, WINDOW_FORK, 9));
	tell(&r, window(20, WINDOW_MISSING, 9));
	tell(&r, window(21, WINDOW_MISSING, 9));
	tell(&r, window(22, WINDOW_MISSING, 10));
	report_flush(&r);
	ck_assert_str_eq(written(), "orders/3  offsets 2-4     altered           value\n"
				    "orders/3  offset 5        altered           headers\n"
				    "orders/3  offset 7        altered           headers\n"
				    "orders/3  window 9        fork              (window 9 of chain abcdef01)\n"
				    "orders/3  offsets 20-21   missing           (window 9 of chain abcdef01)\n"
				    "orders/3  offset 22       missing           (window 10 of chain abcdef01)\n");
}
END_TEST

static json_t *
json_of(const char *line)
{
	json_error_t e;
	json_t *j = json_loads(line, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &e);

	ck_assert_msg(j != NULL, "%s: %s", e.text, line);
	return j;
}

START_TEST(json_lines)
{
	struct report r = report_of(true, false);
	json_t *j;

	r.topic = "with \"quotes\"";
	tell(&r, record(1, VERDICT_VERIFIED, ""));
	tell(&r, record(INT64_MAX, VERDICT_FORGED_HEADER, "a\nb"));
	tell(&r, window(-1, WINDOW_GAP, UINT64_MAX));
	j = json_of(written());
	ck_assert_str_eq(json_string_value(json_object_get(j, "topic")), "with \"quotes\"");
	ck_assert_int_eq(json_integer_value(json_object_get(j, "offset")), INT64_MAX);
	ck_assert_str_eq(json_string_value(json_object_get(j, "verdict")), "forged-header");
	ck_assert_str_eq(json_string_value(json_object_get(j, "reason")), "a\nb");
	ck_assert_ptr_null(json_object_get(j, "chain"));
	json_decref(j);
	ck_assert_str_eq(strchr(written(), '\n') + 1,
			 "{\"topic\":\"with \\\"quotes\\\"\",\"partition\":3,\"finding\":\"gap\",\"reason\":\"\","
			 "\"chain\":\"abcdef01230000000000000000000000\",\"window\":18446744073709551615}\n");
}
END_TEST

START_TEST(verbose)
{
	struct report r = report_of(false, true);

	tell(&r, record(1, VERDICT_VERIFIED, ""));
	tell(&r, record(2, VERDICT_VERIFIED, ""));
	tell(&r, window(-1, WINDOW_COMPLETE, 8));
	report_flush(&r);
	ck_assert_str_eq(written(), "orders/3  offsets 1-2     verified        \n"
				    "orders/3  window 8        complete          (window 8 of chain abcdef01)\n");
}
END_TEST

/* --- the sum ---------------------------------------------------------------------------------------- */

static const struct report_issuers nobody;
static const struct report_about about = {.bootstrap = "k:9092", .dbom_topic = "makoto.dbom"};

static void
ck_says(const char *what)
{
	ck_assert_msg(strstr(written(), what) != NULL, "no \"%s\" in:\n%s", what, written());
}

static struct topic_partition parts[2];

static struct topic_report
result(uint64_t verified)
{
	struct topic_report t = {.topic = "orders", .cluster_id = "cluster", .topic_id = "AAECAwQFBgcICQoLDA0ODw", .partitions = parts,
				 .partition_count = 2};

	t.statements.trusted = 2;
	for (int i = 0; i < 2; i++) {
		parts[i] = (struct topic_partition){.partition = i, .from = 0, .to = i == 0 ? (int64_t)verified : 0};
		parts[i].tally.records = i == 0 ? verified : 0;
		parts[i].tally.verdicts[VERDICT_VERIFIED] = parts[i].tally.records;
		parts[i].tally.windows = parts[i].tally.windows_with[WINDOW_COMPLETE] = i == 0;
		tally_add(&t.sum, &parts[i].tally);
	}
	return t;
}

START_TEST(all_well)
{
	struct report r = report_of(false, false);
	struct topic_report t = result(10);

	ck_assert_int_eq(report_topic(&r, &about, &t, &nobody), EXIT_OK);
	ck_assert_str_eq(written(),
			 "topic orders, id AAECAwQFBgcICQoLDA0ODw, 2 trusted statements in makoto.dbom, read_uncommitted\n"
			 "partition  offsets  records  verified  windows  complete\n"
			 "        0  0-9           10        10        1         1\n"
			 "        1  none           0         0        0         0\n"
			 "all                      10        10        1         1\n"
			 "OK: all 10 records verified\n");
}
END_TEST

START_TEST(a_violation)
{
	struct report r = report_of(false, false);
	struct topic_report t = result(10);

	t.sum.verdicts[VERDICT_PENDING] = 1;
	t.sum.verdicts[VERDICT_ALTERED] = 2;
	t.sum.windows_with[WINDOW_MISSING] = 1;
	t.sum.members[WINDOW_MISSING] = 5;
	t.sum.windows_with[WINDOW_RETENTION] = 1;
	t.sum.windows_with[WINDOW_FORK] = 1;
	ck_assert_int_eq(report_topic(&r, &about, &t, &nobody), EXIT_VIOLATION);
	ck_says("VIOLATION: 2 altered, 5 missing, 1 fork\n");
}
END_TEST

START_TEST(undecided)
{
	struct report r = report_of(false, false);
	struct topic_report t = result(10);

	t.sum.verdicts[VERDICT_PENDING] = 1;
	t.sum.verdicts[VERDICT_UNATTESTED] = 2;
	ck_assert_int_eq(report_topic(&r, &about, &t, &nobody), EXIT_UNDECIDED);
	ck_says("UNDECIDED: 3 records pending or unattested, no violation\n");
}
END_TEST

START_TEST(what_is_worth_a_note)
{
	struct report r = report_of(false, false);
	struct topic_report t = result(1);

	t.id_unchecked = "no answer";
	t.statements = (struct statements_count){.untrusted = 1, .unreadable = 2, .other_topic_id = 3, .untrusted_keyid = "SHA256:00"};
	ck_assert_int_eq(report_topic(&r, &about, &t, &nobody), EXIT_OK);
	ck_says("the topic's id was not checked (no answer); taken from the latest statement: AAECAwQFBgcICQoLDA0ODw\n");
	ck_says("3 statements about an earlier topic");
	ck_says("1 statement about this topic that can't be trusted; of the last: no trusted key signed the statement; it says it is of key SHA256:00\n");
	ck_says("2 records of makoto.dbom under a statement's key");
	ck_says("no trusted statement about this topic\n");
}
END_TEST

/* Of each hop that records have, and nothing where none was looked at. */
START_TEST(hops)
{
	struct report r = report_of(_i == 1, false);
	struct topic_report t = result(10);

	t.sum.hops[0][HOP_VERIFIED] = 7;
	t.sum.hops[0][HOP_NOT_FOUND] = 2;
	t.sum.hops[0][HOP_CHANGED] = t.sum.windows_with[WINDOW_HOP_CHANGED] = t.sum.members[WINDOW_HOP_CHANGED] = 1;
	t.sum.hops[1][HOP_UNTRUSTED] = 1;
	ck_assert_int_eq(report_topic(&r, &about, &t, &nobody), EXIT_VIOLATION);
	if (_i == 0) {
		ck_says("note: hop 1: 7 of 10 records verified; 1 changed since; 2 whose statement isn't here\n");
		ck_says("note: hop 2: 0 of 1 record verified; 1 whose statement doesn't count\n");
		ck_says("VIOLATION: 1 hop-changed\n");
	} else {
		ck_says(",\"hops\":[{\"hop\":1,\"verified\":7,\"untold\":0,\"untrusted\":0,\"notFound\":2,\"changed\":1},"
			"{\"hop\":2,\"verified\":0,\"untold\":0,\"untrusted\":1,\"notFound\":0,\"changed\":0}],\"partitions\":[{");
		ck_assert_ptr_null(strstr(strstr(written(), "\"partitions\":"), "\"hops\":"));
	}
}
END_TEST

START_TEST(json_sum)
{
	for (int how = 0; how < 3; how++) {
		struct report r = report_of(true, false);
		struct topic_report t = result(10);
		json_t *j, *p;
		int code;

		t.sum.verdicts[VERDICT_PENDING] = how == 1;
		t.sum.verdicts[VERDICT_ALTERED] = how == 2;
		teardown();
		setup();
		r.to = to;
		code = report_topic(&r, &about, &t, &nobody);
		j = json_of(written());
		ck_assert_int_eq(json_integer_value(json_object_get(j, "exit")), code);
		ck_assert_int_eq(code, how == 0 ? EXIT_OK : how == 1 ? EXIT_UNDECIDED : EXIT_VIOLATION);
		ck_assert_int_eq(json_is_true(json_object_get(j, "ok")), how == 0);
		ck_assert_int_eq(json_integer_value(json_object_get(j, "records")), 10);
		ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(j, "verdicts"), "verified")), 10);
		ck_assert_str_eq(json_string_value(json_object_get(j, "clusterId")), "cluster");
		ck_assert(json_is_true(json_object_get(j, "topicIdChecked")));
		p = json_array_get(json_object_get(j, "partitions"), 0);
		ck_assert_uint_eq(json_array_size(json_object_get(j, "partitions")), 2);
		ck_assert_int_eq(json_integer_value(json_object_get(p, "to")), 10);
		json_decref(j);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("report");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, columns);
	tcase_add_test(t, commands_no_terminal);
	tcase_add_test(t, no_rows);
	tcase_add_test(t, lines);
	tcase_add_test(t, json_lines);
	tcase_add_test(t, verbose);
	tcase_add_test(t, all_well);
	tcase_add_test(t, a_violation);
	tcase_add_test(t, undecided);
	tcase_add_test(t, what_is_worth_a_note);
	tcase_add_loop_test(t, hops, 0, 2);
	tcase_add_test(t, json_sum);
	suite_add_tcase(s, t);
	return suite_run(s);
}
