/* How far librdkafka has read, by its statistics. */
#include "rdkafka/reached.h"
#include "suite.h"

#define PARTITION(n, next) "\"" #n "\": {\"partition\": " #n ", \"fetch_state\": \"active\", \"next_offset\": " next ", \"eof_offset\": 9}"

static const char stats[] = "{\"name\": \"c\", \"ts\": 1, \"topics\": {"
			    "\"t\": {\"topic\": \"t\", \"partitions\": {" PARTITION(0, "7") ", " PARTITION(1, "-1001") ", " PARTITION(
				    -1, "5") ", " PARTITION(12, "9223372036854775807") "}},"
									      "\"t\\u00fc\": {\"partitions\": {" PARTITION(0, "3") "}}}}";

static int64_t
of(const char *json, const char *topic, int32_t partition)
{
	return reached_offset(slice_str(json), topic, partition);
}

START_TEST(of_each)
{
	ck_assert_int_eq(of(stats, "t", 0), 7);
	ck_assert_int_eq(of(stats, "t", 12), INT64_MAX);
	ck_assert_int_eq(of(stats, "t\xc3\xbc", 0), 3);
}
END_TEST

START_TEST(not_said)
{
	static const char *const odd[] = {
		"",
		"{",
		"[]",
		"7",
		"{}",
		"{\"topics\": []}",
		"{\"topics\": {\"t\": 1}}",
		"{\"topics\": {\"t\": {\"partitions\": {\"0\": 7}}}}",
		"{\"topics\": {\"t\": {\"partitions\": {\"0\": {\"next_offset\": \"7\"}}}}}",
		"{\"topics\": {\"t\": {\"partitions\": {\"0\": {\"next_offset\": 7.5}}}}}",
		"{\"topics\": {\"t\": {\"partitions\": {\"0\": {\"next_offset\": 9223372036854775808}}}}}",
	};

	ck_assert_int_eq(of(stats, "t", 1), -1);
	ck_assert_int_eq(of(stats, "t", 2), -1);
	ck_assert_int_eq(of(stats, "u", 0), -1);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		ck_assert_int_eq(of(odd[i], "t", 0), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reached");
	TCase *t = tcase_create("reached");

	tcase_add_test(t, of_each);
	tcase_add_test(t, not_said);
	suite_add_tcase(s, t);
	return suite_run(s);
}
