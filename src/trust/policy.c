#include "trust/policy_internal.h"

#include "base/text.h"

/* --- what it is made of ------------------------------------------------------------- */

static void
texts_clear(struct policy_texts *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->list[i]);
	free(t->list);
}

struct policy *
policy_new(void)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->keys = trust_new()) == NULL) {
		free(p);
		return NULL;
	}
	atomic_init(&p->refs, 1);
	return p;
}

struct policy *
policy_ref(struct policy *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void
policy_unref(struct policy *p)
{
	if (p == NULL || atomic_fetch_sub(&p->refs, 1) > 1)
		return;
	for (size_t i = 0; i < p->issuer_count; i++) {
		free(p->issuers[i].name);
		texts_clear(&p->issuers[i].topics);
		texts_clear(&p->issuers[i].clusters);
	}
	for (size_t i = 0; i < p->mirror_count; i++) {
		free(p->mirrors[i].topic);
		free(p->mirrors[i].of);
		free(p->mirrors[i].cluster);
	}
	for (size_t i = 0; i < p->unattested_count; i++)
		free(p->unattested[i].glob);
	texts_clear(&p->unsigned_topics);
	free(p->issuers);
	free(p->mirrors);
	free(p->unattested);
	free(p->grants);
	trust_free(p->keys);
	free(p);
}

void *
policy_room(void *list, size_t count, size_t size)
{
	void **at = list;
	char *more = reallocarray(*at, count + 1, size);

	if (more == NULL)
		return NULL;
	*at = more;
	return memset(more + count * size, 0, size);
}

int
policy_add_text(struct policy_texts *t, const char *text)
{
	char **place = policy_room(&t->list, t->count, sizeof(*place));

	if (place == NULL || (*place = strdup(text)) == NULL)
		return ERR_NOMEM;
	t->count++;
	return 0;
}

int
policy_grant(struct policy *p, size_t before, size_t issuer, int64_t from_ms, int64_t until_ms)
{
	if (trust_count(p->keys) > POLICY_KEYS_MAX)
		return ERR_LIMIT;
	for (size_t i = before; i < trust_count(p->keys); i++) {
		struct policy_grant *g = policy_room(&p->grants, p->grant_count, sizeof(*g));

		if (g == NULL)
			return ERR_NOMEM;
		*g = (struct policy_grant){trust_key(p->keys, i), issuer, from_ms, until_ms};
		p->grant_count++;
	}
	return 0;
}

/* The issuer that has no name and may attest everything. */
static int
add_anybody(struct policy *p)
{
	struct policy_issuer *i = policy_room(&p->issuers, p->issuer_count, sizeof(*i));

	if (i == NULL)
		return ERR_NOMEM;
	p->issuer_count++;
	*i = (struct policy_issuer){.level = 1, .from_ms = INT64_MIN, .until_ms = INT64_MAX};
	if ((i->name = strdup("")) == NULL || policy_add_text(&i->topics, "*") != 0)
		return ERR_NOMEM;
	return policy_add_text(&i->clusters, "*");
}

int
policy_of_keys(const char *const *files, size_t count, bool accept_unsigned, struct policy **ret, char *why,
	       size_t why_len)
{
	struct policy *p = policy_new();
	int err = p == NULL ? ERR_NOMEM : add_anybody(p);

	for (size_t i = 0; err == 0 && i < count; i++) {
		size_t before = trust_count(p->keys);

		err = trust_load(p->keys, files[i], why, why_len);
		if (err != 0 && err != ERR_NOMEM)
			err = ERR_CONFIG;
		else if (err == 0 && (err = policy_grant(p, before, 0, INT64_MIN, INT64_MAX)) == ERR_LIMIT)
			(void)snprintf(why, why_len, "%s: more than %d keys", files[i], POLICY_KEYS_MAX);
	}
	if (err == 0 && accept_unsigned)
		err = policy_add_text(&p->unsigned_topics, "*");
	if (err == 0) {
		*ret = p;
		return 0;
	}
	if (err == ERR_NOMEM)
		(void)snprintf(why, why_len, "out of memory");
	policy_unref(p);
	return err == ERR_LIMIT ? ERR_CONFIG : err;
}

/* --- what it says ------------------------------------------------------------------- */

int
policy_signer(const struct policy *p, struct slice message, struct slice sig, struct slice hint,
	      const struct public_key **ret)
{
	return trust_verify(p->keys, message, sig, hint, ret);
}

static bool
any_glob(const struct policy_texts *t, struct slice s)
{
	for (size_t i = 0; i < t->count; i++)
		if (text_glob(t->list[i], s))
			return true;
	return false;
}

/* How far a statement gets with a key of an issuer; of several the farthest is told. */
enum step { STEP_TOPIC, STEP_CLUSTER, STEP_LEVEL, STEP_EARLY, STEP_LATE, STEP_DONE };

static enum step
step_of(const struct policy_grant *g, const struct policy_issuer *i, const struct policy_facts *f)
{
	if (!any_glob(&i->topics, f->topic))
		return STEP_TOPIC;
	if (!any_glob(&i->clusters, f->cluster_id))
		return STEP_CLUSTER;
	if (f->level < i->level)
		return STEP_LEVEL;
	if (f->finished_ms < i->from_ms || f->finished_ms < g->from_ms)
		return STEP_EARLY;
	if (f->finished_ms > i->until_ms || f->finished_ms > g->until_ms)
		return STEP_LATE;
	return STEP_DONE;
}

void
policy_trust(const struct policy *p, const struct policy_facts *f, struct policy_opinion *ret)
{
	static const char *const whys[] = {[STEP_TOPIC] = "the statement's key may not attest this topic",
					   [STEP_CLUSTER] = "the statement's key may not attest topics of this cluster",
					   [STEP_LEVEL] = "the statement's Makoto level is below what the policy asks for",
					   [STEP_EARLY] = "the statement was finished before its key was valid",
					   [STEP_LATE] = "the statement was finished after its key was valid",
					   [STEP_DONE] = ""};
	int best = -1;

	*ret = (struct policy_opinion){TRUST_NONE, "", "no trusted key signed the statement"};
	if (f->signer == NULL) {
		bool counts = any_glob(&p->unsigned_topics, f->topic);

		/* A higher level is the word of who holds a key. */
		if (!counts)
			ret->why = "the statement is not signed";
		else if (f->level != 1)
			ret->why = "the statement is not signed, and states a Makoto level that has a signature";
		else
			*ret = (struct policy_opinion){TRUST_UNSIGNED, "", ""};
		return;
	}
	for (size_t i = 0; i < p->grant_count && best != STEP_DONE; i++) {
		const struct policy_grant *g = &p->grants[i];
		const struct policy_issuer *issuer = &p->issuers[g->issuer];
		int step;

		if (strcmp(public_key_id(g->key), public_key_id(f->signer)) != 0)
			continue;
		if ((step = (int)step_of(g, issuer, f)) <= best)
			continue;
		best = step;
		ret->issuer = issuer->name;
		ret->why = whys[step];
	}
	if (best == STEP_DONE)
		ret->trust = TRUST_SIGNED;
}

bool
policy_allows_unattested(const struct policy *p, struct slice topic)
{
	for (size_t i = 0; i < p->unattested_count; i++)
		if (text_glob(p->unattested[i].glob, topic))
			return p->unattested[i].allow;
	return false;
}

/* --- mirrors ------------------------------------------------------------------------ */

const char *
policy_mirror_fault(const char *topic, const char *of)
{
	const char *star = strchr(topic, '*'), *other = strchr(of, '*');

	if ((star != NULL && strchr(star + 1, '*') != NULL) || (other != NULL && strchr(other + 1, '*') != NULL))
		return "one * at most in each of topic and of";
	if (star == NULL && other != NULL)
		return "a * in of stands for what the * in topic stands for, and there is none";
	return NULL;
}

/* Is `s` one of the pattern's?  *ret_rest is what its star stands for, empty without one. */
static bool
fits(const char *pattern, struct slice s, struct slice *ret_rest)
{
	const char *star = strchr(pattern, '*');
	size_t head, tail;

	*ret_rest = (struct slice){NULL, 0};
	if (star == NULL)
		return slice_eq(slice_str(pattern), s);
	head = (size_t)(star - pattern);
	tail = strlen(star + 1);
	if (s.n < head + tail || memcmp(s.p, pattern, head) != 0 || memcmp(s.p + s.n - tail, star + 1, tail) != 0)
		return false;
	*ret_rest = slice_of(s.p + head, s.n - head - tail);
	return true;
}

bool
policy_is_mirror(const struct policy *p, struct slice topic)
{
	struct slice rest;

	for (size_t i = 0; i < p->mirror_count; i++)
		if (fits(p->mirrors[i].topic, topic, &rest))
			return true;
	return false;
}

bool
policy_mirrors(const struct policy *p, struct slice topic, struct slice of_cluster, struct slice of_topic)
{
	for (size_t i = 0; i < p->mirror_count; i++) {
		const struct policy_mirror *m = &p->mirrors[i];
		struct slice here, there;

		if (fits(m->topic, topic, &here) && fits(m->of, of_topic, &there) &&
		    slice_eq(slice_str(m->cluster), of_cluster) &&
		    (strchr(m->of, '*') == NULL || slice_eq(here, there)))
			return true;
	}
	return false;
}

size_t
policy_key_count(const struct policy *p)
{
	return p->grant_count;
}

void
policy_key(const struct policy *p, size_t i, struct policy_key *ret)
{
	const struct policy_grant *g = &p->grants[i];
	const struct policy_issuer *s = &p->issuers[g->issuer];

	*ret = (struct policy_key){.issuer = s->name,
				   .keyid = public_key_id(g->key),
				   .level = s->level,
				   .from_ms = s->from_ms > g->from_ms ? s->from_ms : g->from_ms,
				   .until_ms = s->until_ms < g->until_ms ? s->until_ms : g->until_ms,
				   .topics = (const char *const *)s->topics.list,
				   .clusters = (const char *const *)s->clusters.list,
				   .topic_count = s->topics.count,
				   .cluster_count = s->clusters.count};
}
