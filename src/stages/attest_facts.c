/*
 * The facts about a Produce request's topics: looked up, and waited for.
 *
 *   parts ─► one topic each ─┬─► known
 *                            ├─► not yet: asked for with the others, and the exchange is held
 *                            └─► a broker lags behind: held for a moment, then looked up again
 */
#include "stages/attest_facts.h"
#include "stages/attest_internal.h"

static struct topic_ref
ref_of(const struct produce_part *p)
{
	return (struct topic_ref){p->by_id ? (struct slice){NULL, 0} : p->topic, p->topic_id};
}

int
attest_facts_of(const struct attest_facts *q, const struct produce_part *p, struct topic_facts *ret)
{
	struct topic_ref ref = ref_of(p);

	return topics_find(q->topics, &ref, p->partition, ret);
}

bool
attest_facts_excluded(const struct attest_facts *q, const struct produce_part *p)
{
	char name[TOPICS_NAME_MAX + 1];

	return p->by_id && topics_name(q->topics, p->topic_id, name) &&
	       !config_attests(q->config, slice_str(name));
}

/* Is there something to attest, as far as the request tells? */
static bool
may_be_ours(const struct attest_facts *q, size_t i)
{
	const struct produce_part *p = &q->req->parts[i];

	return p->records.p != NULL && (q->twice == NULL || !q->twice[i]) &&
	       (p->by_id || config_attests(q->config, p->topic));
}

/* The first topics of which nothing is known yet; one that has several parts mostly once.  *ret_again: and of some it can't be told. */
static size_t
missing(const struct attest_facts *q, struct topic_ref *refs, bool *ret_again)
{
	const struct produce_part *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < q->req->count && n < TOPICS_AT_ONCE; i++) {
		const struct produce_part *p = &q->req->parts[i];
		struct topic_facts f;
		struct batch b;
		int err;

		if (!may_be_ours(q, i))
			continue;
		if (last != NULL && (p->by_id ? memcmp(last->topic_id, p->topic_id, 16) == 0
					      : last->topic.p == p->topic.p))
			continue;
		err = attest_facts_of(q, p, &f);
		if ((err != ERR_NOTFOUND && err != ERR_AGAIN) || attest_facts_excluded(q, p) || attest_ours_why_not(p, &b) != METRIC_COUNT)
			continue;
		if (err == ERR_AGAIN) {
			*ret_again = true;
			continue;
		}
		refs[n++] = ref_of(p);
		last = p;
	}
	return n;
}

enum stage_verdict
attest_facts_wait(const struct attest_facts *q, struct exchange *x)
{
	int64_t left = TOPICS_WAIT_MS - exchange_age_ms(x);
	enum stage_verdict verdict = STAGE_PASS;
	struct ticket *ticket;
	struct topic_ref *refs;
	bool again = false;
	size_t n;

	if (exchange_timed_out(x) || left <= 0 || q->req->count == 0)
		return STAGE_PASS;
	refs = malloc((q->req->count < TOPICS_AT_ONCE ? q->req->count : TOPICS_AT_ONCE) * sizeof(*refs));
	if (refs == NULL)
		return STAGE_CLOSE;
	n = missing(q, refs, &again);
	if (n == 0 && again)
		verdict = exchange_pause(x, (unsigned)(left < TOPICS_LAG_MS ? left : TOPICS_LAG_MS)) == 0 ? STAGE_HOLD : STAGE_CLOSE;
	if (n > 0) {
		ticket = exchange_hold(x, (unsigned)left);
		verdict = ticket == NULL ? STAGE_CLOSE : STAGE_HOLD;
		if (ticket != NULL)
			topics_wait(q->topics, refs, n, ticket);
	}
	free(refs);
	return verdict;
}
