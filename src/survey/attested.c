#include "survey/attested.h"

#include <ctype.h>
#include <stdio.h>

#include "base/text.h"

enum { NAMES_SHOWN = 5, NAMES_MENDED = 100, FORBIDDEN = 29 };

/* Topics that lack something. */
struct lack {
	unsigned rights; /* what some of them lacks */
	size_t count;
	struct slice names[NAMES_MENDED]; /* the first of them */
};

bool
attested_is_name(const char *glob)
{
	return strpbrk(glob, "*?") == NULL;
}

static void
note(struct lack *l, struct slice name, unsigned missing)
{
	if (missing == 0)
		return;
	if (l->count < NAMES_MENDED)
		l->names[l->count] = name;
	l->count++;
	l->rights |= missing;
}

/* The first few names, into out. */
static const char *
some(const struct lack *l, char *out, size_t len)
{
	size_t at = 0, n = l->count < NAMES_SHOWN ? l->count : NAMES_SHOWN;

	for (size_t i = 0; i < n && at < len; i++)
		at += (size_t)snprintf(out + at, len - at, "%s%.*s", i > 0 ? ", " : "", (int)l->names[i].n, (const char *)l->names[i].p);
	if (l->count > n && at < len)
		(void)snprintf(out + at, len - at, " and %zu more", l->count - n);
	return out;
}

/* "orders-*" is what Kafka calls prefixed, "*" a name of its own there. */
static bool
as_pattern(const char *glob, struct slice *ret, enum mend_resource *ret_on)
{
	size_t n = strlen(glob);

	*ret = slice_str(glob);
	*ret_on = MEND_TOPICS;
	if (strcmp(glob, "*") == 0 || attested_is_name(glob))
		return true;
	if (glob[n - 1] != '*' || strcspn(glob, "*?") != n - 1)
		return false;
	ret->n = n - 1;
	*ret_on = MEND_PREFIXES;
	return true;
}

static bool
any_matches(const struct lack *l, const char *glob)
{
	for (size_t i = 0; i < l->count && i < NAMES_MENDED; i++)
		if (text_glob(glob, l->names[i]))
			return true;
	return false;
}

/* A broker's word goes into a line that is to be copied only as a name that Kafka has: another could steer the terminal. */
static bool
is_kafkas(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isascii(name.p[i]) || (!isalnum(name.p[i]) && strchr("._-", name.p[i]) == NULL))
			return false;
	return name.n > 0;
}

/* For whole patterns of attest.topics, as they are meant, where Kafka knows their like; else name by name.  l NULL: all of them. */
static void
mend(const struct lack *l, unsigned rights, const struct config *c, const struct mend *m, struct findings *r)
{
	struct slice lists[2][NAMES_MENDED];
	size_t counts[2] = {0, 0};
	enum mend_resource on;
	struct slice name;

	for (size_t i = 0; i < c->attest_topics.count; i++) {
		const char *glob = c->attest_topics.items[i];

		if (l != NULL && !any_matches(l, glob))
			continue;
		if (as_pattern(glob, &name, &on)) {
			if (counts[on == MEND_PREFIXES] < NAMES_MENDED)
				lists[on == MEND_PREFIXES][counts[on == MEND_PREFIXES]++] = name;
			continue;
		}
		for (size_t k = 0; l != NULL && k < l->count && k < NAMES_MENDED && counts[0] < NAMES_MENDED; k++)
			if (text_glob(glob, l->names[k]) && is_kafkas(l->names[k]))
				lists[0][counts[0]++] = l->names[k];
	}
	if (counts[0] > 0)
		mend_rights(m, rights, MEND_TOPICS, lists[0], counts[0], r);
	if (counts[1] > 0)
		mend_rights(m, rights, MEND_PREFIXES, lists[1], counts[1], r);
}

/* What the statement topic needs is another matter, whatever attest.topics says. */
static bool
is_ours(const struct config *c, const struct metadata_topic *t)
{
	return config_attests(c, t->name) && !slice_eq(t->name, slice_str(c->attest_dbom_topic));
}

static void
tell(const struct lack *l, enum findings_level level, const char *without, const struct config *c, const struct mend *m,
     struct findings *r)
{
	char names[128], topics[1400];

	if (l->count == 0)
		return;
	findings_line(r, level, "topics to attest", "%s: the login lacks %s there; %s", some(l, topics, sizeof(topics)),
		      mend_names(l->rights, names, sizeof(names)), without);
	mend(l, l->rights, c, m, r);
}

void
attested_check(const struct attested *a, const struct config *c, const struct mend *m, struct findings *r)
{
	unsigned want = (unsigned)MEND_DESCRIBE | MEND_READ | (a->writes ? (unsigned)MEND_WRITE : 0);
	struct lack must = {0}, should = {0};
	size_t count = 0;

	for (size_t i = 0; i < a->seen->topic_count; i++) {
		const struct metadata_topic *t = &a->seen->topics[i];

		if (t->error != 0 || t->internal || !is_ours(c, t))
			continue;
		count++;
		if (t->rights == METADATA_UNTOLD)
			continue;
		note(&must, t->name, want & ~(unsigned)t->rights);
		note(&should, t->name, MEND_DESCRIBE_CONFIGS & ~(unsigned)t->rights);
	}
	for (size_t i = 0; a->named != NULL && i < a->named->topic_count; i++)
		if (a->named->topics[i].error == FORBIDDEN && is_ours(c, &a->named->topics[i]))
			note(&must, a->named->topics[i].name, want | MEND_DESCRIBE_CONFIGS);
	tell(&must, FINDINGS_FAIL, must.rights == MEND_WRITE ? "clients can't produce with it" : "records may go unattested", c, m, r);
	tell(&should, FINDINGS_WARN, "headers may be too much for a topic's max.message.bytes", c, m, r);
	if (must.count > 0 || should.count > 0)
		return;
	if (count > 0) {
		findings_line(r, FINDINGS_OK, "topics to attest", "%zu there, and the login has its rights", count);
	} else if (a->seen->rights != METADATA_UNTOLD && (a->seen->rights & MEND_ALTER) != 0) {
		findings_line(r, FINDINGS_OK, "topics to attest", "none is there yet"); /* who may so much sees all there are */
			      } else {
			      findings_line(r, FINDINGS_WARN, "topics to attest", "the login sees none: it lacks Describe, or there is none yet");
		mend(NULL, want | MEND_DESCRIBE_CONFIGS, c, m, r);
	}
}

void
attested_check_cluster(const struct attested *a, const struct mend *m, struct findings *r)
{
	int32_t rights = a->seen->rights;

	if (a->relaxed) {
		findings_line(r, FINDINGS_OK, "cluster rights", "Write on the statement topic is enough to write statements once");
	} else if (rights == METADATA_UNTOLD || rights == 0) {
		findings_line(r, FINDINGS_WARN, "cluster rights", "whether the login has IdempotentWrite, which brokers before 2.8 want, can't be seen");
		mend_rights(m, MEND_IDEMPOTENT_WRITE, MEND_CLUSTER, NULL, 0, r);
	} else if ((rights & MEND_IDEMPOTENT_WRITE) == 0) {
		findings_line(r, FINDINGS_FAIL, "cluster rights", "the login lacks IdempotentWrite, without which brokers before 2.8 take no statements");
		mend_rights(m, MEND_IDEMPOTENT_WRITE, MEND_CLUSTER, NULL, 0, r);
	} else {
		findings_line(r, FINDINGS_OK, "cluster rights", "the login has IdempotentWrite");
	}
}
