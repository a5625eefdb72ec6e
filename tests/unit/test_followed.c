/* The statement topics that are read: what is said of each, and the commands that mend it. */
#include "survey/followed.h"

#include "surveyed.h"

#define BOTH "verify: {dbom.topics: [west.dbom, makoto.dbom]}\n"
#define ACLS "      kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:sidecar"

static void
ck_told(struct metadata_topic *topics, size_t count, const char *yaml, bool there, const char *want)
{
	struct metadata told = {.topics = topics, .topic_count = count};
	struct config *c = surveyed_config(yaml);
	struct findings r = surveyed_findings();

	followed_check(&told, c, there, &surveyed_by, &r);
	surveyed_want(&r, want);
	config_unref(c);
}

START_TEST(each)
{
	struct metadata_topic t[] = {{.name = slice_str("makoto.dbom"), .partitions = 1, .rights = MEND_READ | MEND_DESCRIBE},
				     {.name = slice_str("west.dbom"), .partitions = 3, .rights = MEND_READ | MEND_DESCRIBE | MEND_WRITE}};

	ck_told(t, 2, BOTH, false, "ok    topic west.dbom: 3 partitions, and the login may read statements there\n");
	ck_told(t, 2, BOTH, true, "ok    topic west.dbom: 3 partitions, and the login may read statements there\n"
				  "ok    topic makoto.dbom: 1 partition, and the login may read statements there\n");
	ck_told(t, 2, "", false, "");
	t[1].rights = MEND_DESCRIBE;
	ck_told(t, 2, BOTH, false, "fail  topic west.dbom: the login lacks Read\n" ACLS " --operation Read --topic west.dbom\n");
	t[1].rights = METADATA_UNTOLD;
	ck_told(t, 2, BOTH, false, "warn  topic west.dbom: 3 partitions; what the login may do there isn't told (brokers before 2.3)\n");
	t[1].error = 29;
	ck_told(t, 2, BOTH, false, "fail  topic west.dbom: the login may not see it, whether it is there or not\n" ACLS
				   " --operation Describe --operation Read --topic west.dbom\n");
	t[1].error = 17;
	ck_told(t, 2, BOTH, false, "fail  topic west.dbom: the cluster answers error 17 about it\n");
	t[1].error = 3;
	ck_told(t, 2, BOTH, false, "warn  topic west.dbom: it is not there: until it is, not all that consumers read can be judged (verify.dbom.topics)\n");
	ck_told(t, 1, BOTH, false, "warn  topic west.dbom: it is not there: until it is, not all that consumers read can be judged (verify.dbom.topics)\n");
}
END_TEST

START_TEST(own)
{
	static const struct {
		const char *yaml;
		bool has;
	} cases[] = {{"", true}, {BOTH, true}, {"verify.dbom.topics: [west]", false}, {"verify.dbom: {bootstrap.servers: 'b:1'}", false}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *c = surveyed_config(cases[i].yaml);

		ck_assert_int_eq(followed_has_own(c), cases[i].has);
		config_unref(c);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("followed");
	TCase *t = tcase_create("followed");

	tcase_add_test(t, each);
	tcase_add_test(t, own);
	suite_add_tcase(s, t);
	return suite_run(s);
}
