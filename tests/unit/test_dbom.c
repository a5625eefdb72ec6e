#include "survey/dbom.h"

#include "kafka/metadata.h"
#include "surveyed.h"

#define ALL_RIGHTS (MEND_DESCRIBE | MEND_READ | MEND_WRITE | MEND_CREATE)
#define ACLS "      kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:sidecar"
#define TOPICS "      kafka-topics.sh --bootstrap-server kafka:9092 --create --topic makoto.dbom"
#define CONFIGS "      kafka-configs.sh --bootstrap-server kafka:9092 --alter --entity-type topics --entity-name makoto.dbom --add-config"
#define KEPT "ok    topic makoto.dbom: statements are kept for ever\n"
#define FITS "ok    topic makoto.dbom: max.message.bytes=1048588; a statement needs 40192 at most\n"
#define RIGHT "ok    topic makoto.dbom: 3 partitions, and the login has its rights\n"

/* A topic as the proxy would make it. */
static struct dbom
good(void)
{
	return (struct dbom){.partitions = 3, .rights = ALL_RIGHTS, .settings_told = true, .cleanup_policy = "delete", .retention_ms = -1,
			     .retention_bytes = -1, .max_message_bytes = 1048588};
}

static void
ck_check(const struct dbom *d, const char *yaml, const char *want)
{
	struct config *c = surveyed_config(yaml);
	struct findings r = surveyed_findings();

	dbom_check(d, c, &surveyed_by, &r);
	surveyed_want(&r, want);
	config_unref(c);
}

START_TEST(well)
{
	struct dbom d = good();

	ck_check(&d, "", RIGHT KEPT FITS);
	d.rights = MEND_DESCRIBE | MEND_READ;
	ck_check(&d, "attest: {enabled: false}", RIGHT KEPT);
}
END_TEST

START_TEST(absent)
{
	struct dbom d = {.error = DBOM_NONE, .rights = METADATA_UNTOLD};

	ck_check(&d, "attest: {enabled: false}", "warn  topic makoto.dbom: it is not there, and this proxy makes no statements\n");
	ck_check(&d, "", "warn  topic makoto.dbom: it is not there; that the login may create it could not be asked (brokers before 2.4)\n" TOPICS
			 " --config cleanup.policy=delete --config retention.ms=-1\n");
	d.creation_asked = true;
	ck_check(&d, "", "ok    topic makoto.dbom: it is not there yet: the proxy creates it, and may\n");
	d.creation_error = DBOM_THERE_NOW;
	ck_check(&d, "", "ok    topic makoto.dbom: it is not there yet: the proxy creates it, and may\n");
	d.creation_error = DBOM_FORBIDDEN;
	ck_check(&d, "", "fail  topic makoto.dbom: it is not there, and the login may not create it: give it these rights, or make it yourself\n" ACLS
			 " --operation Describe --operation Read --operation Write --operation Create --topic makoto.dbom\n" TOPICS
			 " --config cleanup.policy=delete --config retention.ms=-1\n");
	d.creation_error = 38;
	(void)snprintf(d.creation_text, sizeof(d.creation_text), "too many\nreplicas");
	ck_check(&d, "attest: {dbom.replication.factor: 5, dbom.partitions: 2}",
		 "fail  topic makoto.dbom: it is not there, and can't be created: error 38: too many\\u000areplicas\n" TOPICS
		 " --partitions 2 --replication-factor 5 --config cleanup.policy=delete --config retention.ms=-1\n");
}
END_TEST

START_TEST(rights)
{
	struct dbom d = good();

	d.rights = MEND_DESCRIBE | MEND_READ;
	ck_check(&d, "", "fail  topic makoto.dbom: the login lacks Write\n" ACLS " --operation Write --topic makoto.dbom\n" KEPT FITS);
	d.rights = 0;
	ck_check(&d, "", "fail  topic makoto.dbom: the login lacks Describe, Read and Write\n" ACLS
			 " --operation Describe --operation Read --operation Write --topic makoto.dbom\n" KEPT FITS);
	d.rights = METADATA_UNTOLD;
	ck_check(&d, "", "warn  topic makoto.dbom: 3 partitions; what the login may do there isn't told (brokers before 2.3)\n" KEPT FITS);
	d = (struct dbom){.error = DBOM_FORBIDDEN};
	ck_check(&d, "", "fail  topic makoto.dbom: the login may not see it, whether it is there or not\n" ACLS
			 " --operation Describe --operation Read --operation Write --operation Create --topic makoto.dbom\n");
	ck_check(&d, "attest: {enabled: false}", "fail  topic makoto.dbom: the login may not see it, whether it is there or not\n" ACLS
						 " --operation Describe --operation Read --topic makoto.dbom\n");
	d.error = 17;
	ck_check(&d, "", "fail  topic makoto.dbom: the cluster answers error 17 about it\n");
}
END_TEST

START_TEST(unseen_settings)
{
	struct dbom d = good();

	d.settings_error = DBOM_FORBIDDEN;
	ck_check(&d, "", RIGHT "warn  topic makoto.dbom: cleanup, retention and max.message.bytes can't be seen: the login lacks DescribeConfigs\n" ACLS
			       " --operation DescribeConfigs --topic makoto.dbom\n");
	d.settings_told = false;
	ck_check(&d, "", RIGHT "warn  topic makoto.dbom: cleanup, retention and max.message.bytes could not be asked for\n");
}
END_TEST

START_TEST(not_kept)
{
	struct dbom d = good();

	d.retention_ms = 604800000;
	ck_check(&d, "", RIGHT "warn  topic makoto.dbom: retention.ms=604800000: statements are deleted after that, and what they are about can't be"
			       " verified any more\n" CONFIGS " retention.ms=-1\n" FITS);
	d.retention_bytes = 1000;
	(void)snprintf(d.cleanup_policy, sizeof(d.cleanup_policy), "compact,delete");
	ck_check(&d, "", RIGHT "warn  topic makoto.dbom: cleanup.policy=compact,delete: compaction may take statements\n"
			       "warn  topic makoto.dbom: retention.ms=604800000: statements are deleted after that, and what they are about can't be"
			       " verified any more\n"
			       "warn  topic makoto.dbom: retention.bytes=1000: the oldest statements are deleted when there are more\n" CONFIGS
			       " cleanup.policy=delete,retention.ms=-1,retention.bytes=-1\n" FITS);
	/* Compacted alone: what is told to be mended doesn't begin to delete. */
	(void)snprintf(d.cleanup_policy, sizeof(d.cleanup_policy), "compact");
	ck_check(&d, "", RIGHT "warn  topic makoto.dbom: cleanup.policy=compact: compaction may take statements\n" CONFIGS
			       " cleanup.policy=delete,retention.ms=-1,retention.bytes=-1\n" FITS);
	d.retention_bytes = d.retention_ms = -1;
	ck_check(&d, "", RIGHT "warn  topic makoto.dbom: cleanup.policy=compact: compaction may take statements\n" CONFIGS " cleanup.policy=delete\n" FITS);
}
END_TEST

START_TEST(sizes)
{
	struct dbom d = good();

	d.max_message_bytes = 40192;
	ck_check(&d, "", RIGHT KEPT "ok    topic makoto.dbom: max.message.bytes=40192; a statement needs 40192 at most\n");
	d.max_message_bytes = 40191;
	ck_check(&d, "", RIGHT KEPT "warn  topic makoto.dbom: max.message.bytes=40191, but a statement with its manifest needs up to 40192: large"
				    " windows go without\n" CONFIGS " max.message.bytes=40192\n");
	ck_check(&d, "attest: {manifest: none}", RIGHT KEPT "ok    topic makoto.dbom: max.message.bytes=40191; a statement needs 8192 at most\n");
	ck_check(&d, "attest: {compacted: [t]}", RIGHT KEPT "warn  topic makoto.dbom: max.message.bytes=40191, but a statement with its manifest needs up"
							   " to 56192: large windows go without\n" CONFIGS " max.message.bytes=56192\n");
	d.max_message_bytes = 1000;
	ck_check(&d, "", RIGHT KEPT "fail  topic makoto.dbom: max.message.bytes=1000: statements don't fit in\n" CONFIGS " max.message.bytes=40192\n");
	d.max_message_bytes = -1;
	ck_check(&d, "", RIGHT KEPT);
}
END_TEST

START_TEST(settings)
{
	struct dbom d = {.retention_ms = -2};

	dbom_setting(&d, slice_str("cleanup.policy"), slice_str("delete"));
	dbom_setting(&d, slice_str("retention.ms"), slice_str("604800000"));
	dbom_setting(&d, slice_str("retention.bytes"), slice_str("-1"));
	dbom_setting(&d, slice_str("max.message.bytes"), slice_str("1000012"));
	dbom_setting(&d, slice_str("max.message.bytes"), slice_str("many"));
	dbom_setting(&d, slice_str("retention.ms"), (struct slice){NULL, 0});
	dbom_setting(&d, slice_str("another"), slice_str("7"));
	ck_assert_str_eq(d.cleanup_policy, "delete");
	ck_assert_int_eq(d.retention_ms, 604800000);
	ck_assert_int_eq(d.retention_bytes, -1);
	ck_assert_int_eq(d.max_message_bytes, 1000012);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dbom");
	TCase *t = tcase_create("dbom");

	tcase_add_test(t, well);
	tcase_add_test(t, absent);
	tcase_add_test(t, rights);
	tcase_add_test(t, unseen_settings);
	tcase_add_test(t, not_kept);
	tcase_add_test(t, sizes);
	tcase_add_test(t, settings);
	suite_add_tcase(s, t);
	return suite_run(s);
}
