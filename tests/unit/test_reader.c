/* The statement topic as it is read, partition by partition. */
#include "verify/reader.h"

#include "makoto/manifest.h"
#include "mocked.h"
#include "suite.h"
#include "verify/dbom_row.h"

static struct consumer *c;

static const struct slice null = {NULL, 0};

static void
setup(void)
{
	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "dbom", 3), 0);
	c = mocked_consumer(30000);
}

static void
teardown(void)
{
	consumer_close(c);
	mock_stop(mock);
}

struct seen {
	char text[512];
	uint64_t done, total; /* the last progress */
	int stop_behind;      /* so many records; 0: never */
	int count;
};

static int
on_statement(void *arg, int32_t partition, int64_t offset, struct slice key, struct slice value, struct slice manifest)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "%d/%lld %.*s=%.*s%s%.*s ", partition, (long long)offset, (int)key.n,
		       (const char *)key.p, value.p == NULL ? 4 : (int)value.n,
		       value.p == NULL ? "null" : (const char *)value.p, manifest.p == NULL ? "" : "+", (int)manifest.n,
		       (const char *)manifest.p);
	return ++s->count == s->stop_behind ? ERR_NOMEM : 0;
}

static void
on_progress(void *arg, uint64_t done, uint64_t total)
{
	struct seen *s = arg;

	ck_assert_uint_ge(done, s->done);
	ck_assert_uint_le(done, total);
	s->done = done;
	s->total = total;
}

static void
fill(void)
{
	struct publisher *p = mocked_publisher("dbom");
	struct publisher_header m = {slice_str("makoto.leaves"), slice_str("leaves")}, e = {slice_str("makoto.leaves"), slice_str("")},
				other[2] = {{slice_str("makoto.leavesx"), slice_str("x")}, {slice_str("later"), slice_str("y")}};

	ck_assert_int_eq(publisher_send(p, 0, slice_str("a"), slice_str("1"), &m, 1, NULL), 0);
	ck_assert_int_eq(publisher_send(p, 0, slice_str("b"), slice_str("2"), NULL, 0, NULL), 0);
	ck_assert_int_eq(publisher_send(p, 2, slice_str("c"), null, other, 2, NULL), 0);
	ck_assert_int_eq(publisher_send(p, 2, null, slice_str("4"), &e, 1, NULL), 0);
	mocked_finish(p);
}

START_TEST(all)
{
	struct seen s = {.text = ""};

	fill();
	ck_assert_int_eq(reader_statements(c, "dbom", on_statement, on_progress, &s), 0);
	ck_assert_str_eq(s.text, "0/0 a=1+leaves 0/1 b=2 2/0 c=null 2/1 =4+ ");
	ck_assert_uint_eq(s.done, 4);
	ck_assert_uint_eq(s.total, 4);
	s.text[0] = '\0';
	ck_assert_int_eq(reader_statements(c, "dbom", on_statement, NULL, &s), 0);
	ck_assert_str_eq(s.text, "0/0 a=1+leaves 0/1 b=2 2/0 c=null 2/1 =4+ ");
}
END_TEST

/* One after the other, and each partition has a number of its own. */
START_TEST(several)
{
	struct publisher *p;
	struct seen s = {.text = ""};

	ck_assert_int_eq(mock_topic(mock, "west.dbom", 2), 0);
	fill();
	p = mocked_publisher("west.dbom");
	ck_assert_int_eq(publisher_send(p, 1, slice_str("w"), slice_str("9"), NULL, 0, NULL), 0);
	mocked_finish(p);
	ck_assert_int_eq(reader_statements(c, "west.dbom,dbom", on_statement, on_progress, &s), 0);
	ck_assert_str_eq(s.text, "1/0 w=9 1048576/0 a=1+leaves 1048576/1 b=2 1048578/0 c=null 1048578/1 =4+ ");
	ck_assert_uint_eq(s.done, 5);
	ck_assert_uint_eq(s.total, 5);
	s.text[0] = '\0';
	ck_assert_int_eq(reader_statement_at(c, "west.dbom,dbom", DBOM_ROW_PARTITIONS + 2, 1, on_statement, &s), 0);
	ck_assert_int_eq(reader_statement_at(c, "west.dbom,dbom", 1, 0, on_statement, &s), 0);
	ck_assert_str_eq(s.text, "1048578/1 =4+ 1/0 w=9 ");
	ck_assert_int_eq(reader_statement_at(c, "west.dbom,dbom", 2 * DBOM_ROW_PARTITIONS, 0, on_statement, &s), ERR_NOTFOUND);
}
END_TEST

START_TEST(nothing_there)
{
	struct seen s = {.text = ""};

	ck_assert_int_eq(reader_statements(c, "dbom", on_statement, on_progress, &s), 0);
	ck_assert_str_eq(s.text, "");
}
END_TEST

START_TEST(ended_by_its_reader)
{
	struct seen s = {.stop_behind = 3};

	fill();
	ck_assert_int_eq(reader_statements(c, "dbom", on_statement, on_progress, &s), ERR_NOMEM);
	ck_assert_int_eq(s.count, 3);
}
END_TEST

START_TEST(one_of_them)
{
	struct seen s = {.text = ""};

	fill();
	ck_assert_int_eq(reader_statement_at(c, "dbom", 2, 1, on_statement, &s), 0);
	ck_assert_str_eq(s.text, "2/1 =4+ ");
	ck_assert_int_eq(reader_statement_at(c, "dbom", 0, 0, on_statement, &s), 0);
	ck_assert_str_eq(s.text, "2/1 =4+ 0/0 a=1+leaves ");
}
END_TEST

START_TEST(headers)
{
	struct consumer_header hs[3] = {{slice_str("a"), slice_str("1")}, {slice_str("b"), null}, {slice_str("a"), slice_str("")}};
	struct consumer_record r = {.headers = hs, .header_count = 3};
	struct reader_headers to = {NULL, 0};

	ck_assert_int_eq(reader_headers_of(&to, &r), 0);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_ptr_eq(to.list[i].name.p, hs[i].name.p);
		ck_assert_ptr_eq(to.list[i].value.p, hs[i].value.p);
		ck_assert_uint_eq(to.list[i].value.n, hs[i].value.n);
	}
	r.header_count = 1;
	ck_assert_int_eq(reader_headers_of(&to, &r), 0);
	r.header_count = 0;
	r.headers = NULL;
	ck_assert_int_eq(reader_headers_of(&to, &r), 0);
	free(to.list);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reader");
	TCase *t = tcase_create("reader");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all);
	tcase_add_test(t, several);
	tcase_add_test(t, nothing_there);
	tcase_add_test(t, ended_by_its_reader);
	tcase_add_test(t, one_of_them);
	tcase_add_test(t, headers);
	suite_add_tcase(s, t);
	return suite_run(s);
}
