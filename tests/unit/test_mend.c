#include "survey/mend.h"

#include "surveyed.h"

static const struct mend secured = {"a:1,b:2", "User:CN=it's me,O=\"x\"\n", true};

START_TEST(rights)
{
	struct slice names[] = {slice_str("orders"), slice_str("*"), slice_str("a b")};
	struct findings r = surveyed_findings();

	mend_rights(&surveyed_by, MEND_READ | MEND_DESCRIBE, MEND_TOPICS, names, 1, &r);
	surveyed_want(&r, "      kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:sidecar"
			  " --operation Describe --operation Read --topic orders\n");
	mend_rights(&surveyed_by, MEND_IDEMPOTENT_WRITE, MEND_CLUSTER, NULL, 0, &r);
	surveyed_want(&r, "      kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:sidecar"
			  " --operation IdempotentWrite --cluster\n");
	mend_rights(&secured, MEND_WRITE | MEND_CREATE | MEND_DESCRIBE_CONFIGS, MEND_PREFIXES, names, 3, &r);
	surveyed_want(&r, "      kafka-acls.sh --bootstrap-server a:1,b:2 --command-config admin.properties --add --allow-principal"
			  " 'User:CN=it'\\''s me,O=\"x\"?' --operation DescribeConfigs --operation Write --operation Create"
			  " --topic orders --topic '*' --topic 'a b' --resource-pattern-type prefixed\n");
}
END_TEST

START_TEST(topics)
{
	static const char *const settings[] = {"a", "b", "c", "-1", NULL};
	struct findings r = surveyed_findings();

	mend_topic(&surveyed_by, "makoto.dbom", -1, -1, settings, &r);
	surveyed_want(&r, "      kafka-topics.sh --bootstrap-server kafka:9092 --create --topic makoto.dbom --config a=b --config c=-1\n");
	mend_topic(&secured, "t", 3, 2, settings + 4, &r);
	surveyed_want(&r, "      kafka-topics.sh --bootstrap-server a:1,b:2 --command-config admin.properties --create --topic t --partitions 3"
			  " --replication-factor 2\n");
	mend_settings(&surveyed_by, "t", "a=b,c=-1", &r);
	surveyed_want(&r, "      kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type topics --entity-name t --add-config a=b,c=-1\n");
}
END_TEST

/* More than a command may have: none is better than a part of one. */
START_TEST(too_long)
{
	static char long_name[70000];
	struct findings r = surveyed_findings();
	struct slice name;

	memset(long_name, 'x', sizeof(long_name) - 1);
	name = slice_str(long_name);
	mend_rights(&surveyed_by, MEND_READ, MEND_TOPICS, &name, 1, &r);
	surveyed_want(&r, "");
}
END_TEST

START_TEST(names)
{
	char out[64];

	ck_assert_str_eq(mend_names(MEND_READ, out, sizeof(out)), "Read");
	ck_assert_str_eq(mend_names(MEND_READ | MEND_WRITE, out, sizeof(out)), "Read and Write");
	ck_assert_str_eq(mend_names(MEND_READ | MEND_WRITE | MEND_DESCRIBE, out, sizeof(out)), "Describe, Read and Write");
	ck_assert_str_eq(mend_names(0, out, sizeof(out)), "");
	ck_assert_str_eq(mend_names(MEND_READ | MEND_WRITE, out, 6), "Read ");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mend");
	TCase *t = tcase_create("mend");

	tcase_add_test(t, rights);
	tcase_add_test(t, topics);
	tcase_add_test(t, too_long);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return suite_run(s);
}
