#include "survey/dbom.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "kafka/metadata.h"
#include "makoto/manifest.h"

/* A statement with all that may stand in it, as a record; the manifest comes to that (docs/OPERATING.md). */
enum { STATEMENT_BYTES = 8192, SMALLEST_BYTES = 4096 };

const char *const dbom_settings[] = {"cleanup.policy", "delete", "retention.ms", "-1", NULL};

void
dbom_setting(struct dbom *d, struct slice name, struct slice value)
{
	const struct {
		const char *name;
		int64_t *number;
	} numbers[] = {
		{"retention.ms", &d->retention_ms},
		{"retention.bytes", &d->retention_bytes},
		{"max.message.bytes", &d->max_message_bytes},
	};

	if (slice_eq(name, slice_str("cleanup.policy")))
		(void)snprintf(d->cleanup_policy, sizeof(d->cleanup_policy), "%.*s", (int)value.n, (const char *)value.p);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (slice_eq(name, slice_str(numbers[i].name)))
			(void)!text_parse_i64(value, numbers[i].number);
}

static unsigned
wanted(const struct config *c)
{
	return (unsigned)MEND_DESCRIBE | MEND_READ | (c->attest_enabled ? (unsigned)MEND_WRITE : 0);
}

static int64_t
bytes_needed(const struct config *c)
{
	/* The key's words are in the order of the kinds. */
	enum manifest_kind kind = c->attest_compacted.count > 0 ? MANIFEST_LEAF_KEY : (enum manifest_kind)c->attest_manifest;
	int64_t entry = kind == MANIFEST_NONE ? 0 : kind == MANIFEST_LEAF_KEY ? MANIFEST_LEAF_KEY_LEN : LEAF_LEN;

	return STATEMENT_BYTES + entry * c->attest_window_records;
}

static void
allow(const struct mend *m, const struct config *c, unsigned rights, struct findings *r)
{
	struct slice name = slice_str(c->attest_dbom_topic);

	mend_rights(m, rights, MEND_TOPICS, &name, 1, r);
}

static void
make(const struct mend *m, const struct config *c, struct findings *r)
{
	mend_topic(m, c->attest_dbom_topic, c->attest_dbom_partitions, c->attest_dbom_replication, dbom_settings, r);
}

static void
check_absent(const struct dbom *d, const struct config *c, const char *what, const struct mend *m, struct findings *r)
{
	if (!c->attest_enabled) {
		findings_line(r, FINDINGS_WARN, what, "it is not there, and this proxy makes no statements");
	} else if (!d->creation_asked) {
		findings_line(r, FINDINGS_WARN, what, "it is not there; that the login may create it could not be asked (brokers before 2.4)");
		make(m, c, r);
	} else if (d->creation_error == 0 || d->creation_error == DBOM_THERE_NOW) {
		findings_line(r, FINDINGS_OK, what, "it is not there yet: the proxy creates it, and may");
	} else if (d->creation_error == DBOM_FORBIDDEN) {
		findings_line(r, FINDINGS_FAIL, what, "it is not there, and the login may not create it: give it these rights, or make it yourself");
		allow(m, c, wanted(c) | MEND_CREATE, r);
		make(m, c, r);
	} else {
		findings_line(r, FINDINGS_FAIL, what, "it is not there, and can't be created: error %d%s%s", d->creation_error,
			      d->creation_text[0] != '\0' ? ": " : "", d->creation_text);
		make(m, c, r);
	}
}

static void
check_rights(const struct dbom *d, const struct config *c, const char *what, const struct mend *m, struct findings *r)
{
	unsigned missing = wanted(c) & ~(unsigned)d->rights;
	char names[128];

	if (d->rights == METADATA_UNTOLD) {
		findings_line(r, FINDINGS_WARN, what, "%d partitions; what the login may do there isn't told (brokers before 2.3)", d->partitions);
	} else if (missing != 0) {
		findings_line(r, FINDINGS_FAIL, what, "the login lacks %s", mend_names(missing, names, sizeof(names)));
		allow(m, c, missing, r);
	} else {
		findings_line(r, FINDINGS_OK, what, "%d partition%s, and the login has its rights", d->partitions, d->partitions == 1 ? "" : "s");
	}
}

/* Statements are to outlive the records that they are about. */
static void
check_keeping(const struct dbom *d, const struct config *c, const char *what, const struct mend *m, struct findings *r)
{
	bool compacts = strstr(d->cleanup_policy, "compact") != NULL, deletes = strstr(d->cleanup_policy, "delete") != NULL;
	bool by_age = deletes && d->retention_ms >= 0, by_size = deletes && d->retention_bytes >= 0;
	struct wr settings = wr_new(1024);

	if (compacts) {
		findings_line(r, FINDINGS_WARN, what, "cleanup.policy=%s: compaction may take statements", d->cleanup_policy);
		wr_text(&settings, ",cleanup.policy=delete");
	}
	if (by_age)
		findings_line(r, FINDINGS_WARN, what,
			      "retention.ms=%" PRId64 ": statements are deleted after that, and what they are about can't be verified any more",
			      d->retention_ms);
	/* Without it delete alone would bring a retention that compaction had none of. */
	if (by_age || (compacts && d->retention_ms >= 0))
		wr_text(&settings, ",retention.ms=-1");
	if (by_size)
		findings_line(r, FINDINGS_WARN, what, "retention.bytes=%" PRId64 ": the oldest statements are deleted when there are more", d->retention_bytes);
	if (by_size || (compacts && d->retention_bytes >= 0))
		wr_text(&settings, ",retention.bytes=-1");
	wr_u8(&settings, '\0');
	if (wr_err(&settings) != 0)
		r->out.err = ERR_NOMEM;
	else if (settings.len > 1)
		mend_settings(m, c->attest_dbom_topic, (const char *)settings.buf + 1, r);
	else
		findings_line(r, FINDINGS_OK, what, "statements are kept for ever");
	wr_free(&settings);
}

static void
check_size(const struct dbom *d, const struct config *c, const char *what, const struct mend *m, struct findings *r)
{
	int64_t need = bytes_needed(c);
	char setting[64];

	if (!c->attest_enabled || d->max_message_bytes < 0)
		return;
	if (d->max_message_bytes >= need) {
		findings_line(r, FINDINGS_OK, what, "max.message.bytes=%" PRId64 "; a statement needs %" PRId64 " at most", d->max_message_bytes, need);
		return;
	}
	if (d->max_message_bytes < SMALLEST_BYTES)
		findings_line(r, FINDINGS_FAIL, what, "max.message.bytes=%" PRId64 ": statements don't fit in", d->max_message_bytes);
	else
		findings_line(r, FINDINGS_WARN, what, "max.message.bytes=%" PRId64 ", but a statement with its manifest needs up to %" PRId64
			      ": large windows go without", d->max_message_bytes, need);
	(void)snprintf(setting, sizeof(setting), "max.message.bytes=%" PRId64, need);
	mend_settings(m, c->attest_dbom_topic, setting, r);
}

void
dbom_check(const struct dbom *d, const struct config *c, const struct mend *m, struct findings *r)
{
	char what[320];

	(void)snprintf(what, sizeof(what), "topic %s", c->attest_dbom_topic);
	if (d->error == DBOM_FORBIDDEN) {
		findings_line(r, FINDINGS_FAIL, what, "the login may not see it, whether it is there or not");
		allow(m, c, wanted(c) | (c->attest_enabled ? (unsigned)MEND_CREATE : 0), r);
		return;
	}
	if (d->error == DBOM_NONE) {
		check_absent(d, c, what, m, r);
		return;
	}
	if (d->error != 0) {
		findings_line(r, FINDINGS_FAIL, what, "the cluster answers error %d about it", d->error);
		return;
	}
	check_rights(d, c, what, m, r);
	if (d->settings_told && d->settings_error == 0) {
		check_keeping(d, c, what, m, r);
		check_size(d, c, what, m, r);
	} else if (d->settings_told && d->settings_error == DBOM_FORBIDDEN) {
		findings_line(r, FINDINGS_WARN, what, "cleanup, retention and max.message.bytes can't be seen: the login lacks DescribeConfigs");
		allow(m, c, MEND_DESCRIBE_CONFIGS, r);
	} else {
		findings_line(r, FINDINGS_WARN, what, "cleanup, retention and max.message.bytes could not be asked for");
	}
}
