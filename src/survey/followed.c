#include "survey/followed.h"

#include <stdio.h>

#include "survey/dbom.h"

enum { RIGHTS = MEND_DESCRIBE | MEND_READ };

static void
check_topic(const struct metadata_topic *t, const char *name, const struct mend *m, struct findings *r)
{
	struct slice topic = slice_str(name);
	unsigned missing = t == NULL ? 0 : (unsigned)RIGHTS & ~(unsigned)t->rights;
	char what[320], names[128];

	(void)snprintf(what, sizeof(what), "topic %s", name);
	if (t == NULL || t->error == DBOM_NONE) {
		findings_line(r, FINDINGS_WARN, what, "it is not there: until it is, not all that consumers read can be judged (verify.dbom.topics)");
	} else if (t->error == DBOM_FORBIDDEN) {
		findings_line(r, FINDINGS_FAIL, what, "the login may not see it, whether it is there or not");
		mend_rights(m, RIGHTS, MEND_TOPICS, &topic, 1, r);
	} else if (t->error != 0) {
		findings_line(r, FINDINGS_FAIL, what, "the cluster answers error %d about it", t->error);
	} else if (t->rights == METADATA_UNTOLD) {
		findings_line(r, FINDINGS_WARN, what, "%d partitions; what the login may do there isn't told (brokers before 2.3)", t->partitions);
	} else if (missing != 0) {
		findings_line(r, FINDINGS_FAIL, what, "the login lacks %s", mend_names(missing, names, sizeof(names)));
		mend_rights(m, missing, MEND_TOPICS, &topic, 1, r);
	} else {
		findings_line(r, FINDINGS_OK, what, "%d partition%s, and the login may read statements there", t->partitions,
			      t->partitions == 1 ? "" : "s");
	}
}

bool
followed_has_own(const struct config *c)
{
	struct config_list read = config_dbom_topics(c);

	for (size_t i = 0; c->verify_dbom_servers[0] == '\0' && i < read.count; i++)
		if (strcmp(read.items[i], c->attest_dbom_topic) == 0)
			return true;
	return false;
}

void
followed_check(const struct metadata *told, const struct config *c, bool there, const struct mend *m, struct findings *r)
{
	struct config_list read = config_dbom_topics(c);

	for (size_t i = 0; i < read.count; i++)
		if (there || strcmp(read.items[i], c->attest_dbom_topic) != 0)
			check_topic(metadata_topic_named(told, read.items[i]), read.items[i], m, r);
}
