#include "survey/attested.h"

#include "surveyed.h"

#define ENOUGH (MEND_DESCRIBE | MEND_READ | MEND_DESCRIBE_CONFIGS)
#define ACLS "      kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:sidecar"
#define WITHOUT "records may go unattested\n"

static struct metadata_topic topics[200], named_topics[4];
static struct metadata seen = {.topics = topics}, named = {.topics = named_topics};
static struct attested a = {.seen = &seen, .named = &named};

static void
see(const char *name, int32_t rights)
{
	topics[seen.topic_count++] = (struct metadata_topic){.name = slice_str(name), .rights = rights, .partitions = 1};
}

static void
ck_check(const char *yaml, const char *want)
{
	struct config *c = surveyed_config(yaml);
	struct findings r = surveyed_findings();

	attested_check(&a, c, &surveyed_by, &r);
	surveyed_want(&r, want);
	config_unref(c);
}

START_TEST(well)
{
	see("orders", ENOUGH);
	see("bills", ENOUGH | MEND_WRITE);
	see("__consumer_offsets", 0);
	see("makoto.dbom", 0);
	topics[seen.topic_count++] = (struct metadata_topic){.name = slice_str("broken"), .error = 5};
	ck_check("", "ok    topics to attest: 2 there, and the login has its rights\n");
	seen.rights = METADATA_UNTOLD;
	topics[0].rights = topics[1].rights = METADATA_UNTOLD;
	ck_check("", "ok    topics to attest: 2 there, and the login has its rights\n");
}
END_TEST

START_TEST(lacking)
{
	see("orders", MEND_DESCRIBE);
	see("bills", ENOUGH);
	ck_check("", "fail  topics to attest: orders: the login lacks Read there; " WITHOUT ACLS " --operation Read --topic '*'\n"
		     "warn  topics to attest: orders: the login lacks DescribeConfigs there; headers may be too much for a topic's max.message.bytes\n" ACLS
		     " --operation DescribeConfigs --topic '*'\n");
	topics[0].rights = MEND_DESCRIBE | MEND_READ;
	ck_check("attest: {topics: [orders, bills]}",
		 "warn  topics to attest: orders: the login lacks DescribeConfigs there; headers may be too much for a topic's max.message.bytes\n" ACLS
		 " --operation DescribeConfigs --topic orders\n");
	/* Clients that produce with the proxy's login. */
	a.writes = true;
	topics[0].rights = ENOUGH;
	ck_check("attest: {topics: [orders]}", "fail  topics to attest: orders: the login lacks Write there; clients can't produce with it\n" ACLS
					       " --operation Write --topic orders\n");
}
END_TEST

/* As attest.topics means it where Kafka knows the like of it. */
START_TEST(patterns)
{
	see("orders-1", 0);
	see("x-orders", 0);
	see("y-orders", 0);
	ck_check("attest: {topics: [orders-*, '*-orders']}",
		 "fail  topics to attest: orders-1, x-orders, y-orders: the login lacks Describe and Read there; " WITHOUT ACLS
		 " --operation Describe --operation Read --topic x-orders --topic y-orders\n" ACLS
		 " --operation Describe --operation Read --topic orders- --resource-pattern-type prefixed\n"
		 "warn  topics to attest: orders-1, x-orders, y-orders: the login lacks DescribeConfigs there; headers may be too much for a topic's"
		 " max.message.bytes\n" ACLS " --operation DescribeConfigs --topic x-orders --topic y-orders\n" ACLS
		 " --operation DescribeConfigs --topic orders- --resource-pattern-type prefixed\n");
}
END_TEST

/* What isn't a name in Kafka could steer the terminal that the command is copied from. */
START_TEST(no_name_of_kafkas)
{
	see("x-\xc2\x9b-orders", 0);
	see("y-orders", 0);
	ck_check("attest: {topics: ['*-orders']}",
		 "fail  topics to attest: x-\\u009b-orders, y-orders: the login lacks Describe and Read there; " WITHOUT ACLS
		 " --operation Describe --operation Read --topic y-orders\n"
		 "warn  topics to attest: x-\\u009b-orders, y-orders: the login lacks DescribeConfigs there; headers may be too much for a topic's"
		 " max.message.bytes\n" ACLS " --operation DescribeConfigs --topic y-orders\n");
}
END_TEST

START_TEST(unseen)
{
	named_topics[0] = (struct metadata_topic){.name = slice_str("orders"), .error = 29};
	named_topics[1] = (struct metadata_topic){.name = slice_str("bills"), .error = 3};
	named_topics[2] = (struct metadata_topic){.name = slice_str("dbom"), .error = 29}; /* asked for with them */
	named.topic_count = 3;
	ck_check("attest: {topics: [orders, bills, dbom], dbom.topic: dbom}",
		 "fail  topics to attest: orders: the login lacks Describe, DescribeConfigs and Read there; " WITHOUT ACLS
		 " --operation Describe --operation DescribeConfigs --operation Read --topic orders\n");
}
END_TEST

START_TEST(none)
{
	ck_check("", "warn  topics to attest: the login sees none: it lacks Describe, or there is none yet\n" ACLS
		     " --operation Describe --operation DescribeConfigs --operation Read --topic '*'\n");
	ck_check("attest: {topics: ['a?']}", "warn  topics to attest: the login sees none: it lacks Describe, or there is none yet\n");
	seen.rights = MEND_DESCRIBE | MEND_ALTER;
	ck_check("", "ok    topics to attest: none is there yet\n");
}
END_TEST

static char names[200][16];

START_TEST(many)
{
	struct config *c = surveyed_config("");
	struct findings r = surveyed_findings();

	for (int i = 0; i < 200; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "t%d", i);
		see(names[i], MEND_DESCRIBE | MEND_DESCRIBE_CONFIGS);
	}
	attested_check(&a, c, &surveyed_by, &r);
	surveyed_want(&r, "fail  topics to attest: t0, t1, t2, t3, t4 and 195 more: the login lacks Read there; " WITHOUT ACLS
			  " --operation Read --topic '*'\n");
	config_unref(c);
	c = surveyed_config("attest: {topics: ['t?*']}");
	r = surveyed_findings();
	attested_check(&a, c, &surveyed_by, &r);
	ck_assert_uint_lt(r.out.len, 3000); /* no more than fits into a command */
	wr_free(&r.out);
	config_unref(c);
}
END_TEST

START_TEST(cluster)
{
	struct findings r = surveyed_findings();

	attested_check_cluster(&a, &surveyed_by, &r);
	surveyed_want(&r, "warn  cluster rights: whether the login has IdempotentWrite, which brokers before 2.8 want, can't be seen\n" ACLS
			  " --operation IdempotentWrite --cluster\n");
	seen.rights = MEND_DESCRIBE;
	attested_check_cluster(&a, &surveyed_by, &r);
	surveyed_want(&r, "fail  cluster rights: the login lacks IdempotentWrite, without which brokers before 2.8 take no statements\n" ACLS
			  " --operation IdempotentWrite --cluster\n");
	seen.rights = MEND_DESCRIBE | MEND_IDEMPOTENT_WRITE;
	attested_check_cluster(&a, &surveyed_by, &r);
	surveyed_want(&r, "ok    cluster rights: the login has IdempotentWrite\n");
	seen.rights = 0;
	a.relaxed = true;
	attested_check_cluster(&a, &surveyed_by, &r);
	surveyed_want(&r, "ok    cluster rights: Write on the statement topic is enough to write statements once\n");
}
END_TEST

static void
begin(void)
{
	seen = (struct metadata){.topics = topics};
	named = (struct metadata){.topics = named_topics};
	a = (struct attested){.seen = &seen, .named = &named};
}

int
main(void)
{
	Suite *s = suite_create("attested");
	TCase *t = tcase_create("attested");

	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, well);
	tcase_add_test(t, lacking);
	tcase_add_test(t, patterns);
	tcase_add_test(t, no_name_of_kafkas);
	tcase_add_test(t, unseen);
	tcase_add_test(t, none);
	tcase_add_test(t, many);
	tcase_add_test(t, cluster);
	suite_add_tcase(s, t);
	return suite_run(s);
}
