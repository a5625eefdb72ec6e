/*
 * A record of the statement topic, which anybody may have written: key, LF, value.
 *
 * What is taken stands under its own key; unsigned, it is kept where that counts, and its
 * place where it doesn't; whatever it claims, a verdict on one record comes of it.
 */
#include "verify/join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct one { /* that is fetched again */
	struct slice key, value, manifest;
};

static int
fetch(void *arg, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to)
{
	const struct one *r = arg;

	INVARIANT(partition == 3 && offset == 5);
	return give(to, r->key, r->value, r->manifest);
}

static void
found(void *arg, const struct finding *f)
{
	unsigned *verdicts = arg;

	INVARIANT(f->why != NULL);
	*verdicts += f->about_record;
}

/* Another partition of the topic that it tells of, or that one, with a record that names its window. */
static void
judge(const struct statements_topic *st, const struct policy *policy, const struct one *r, const struct published *p, int32_t partition)
{
	char hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", window[24], key[CHAIN_KEY_MAX + 1];
	char signature[CHAIN_KEY_MAX + 16];
	struct header h[] = {{slice_str(TRIPLE_CONTENT_HASH), slice_str(hash)},
			     {slice_str(TRIPLE_WINDOW_ID), {NULL, 0}},
			     {slice_str(TRIPLE_SIGNATURE), {NULL, 0}}};
	int64_t at = p->statement != NULL && p->statement->first_offset < INT64_MAX ? p->statement->first_offset : 0;
	struct verdict_record v = {at, 1, slice_str("k"), slice_str(""), h, ARRAY_LEN(h)};
	struct join_conf jc = {.partition = partition, .from = at, .to = at + 1, .log_end = at + 1, .found = found};
	unsigned verdicts = 0;
	struct join *j;

	(void)snprintf(window, sizeof(window), "%llu", (unsigned long long)p->window_id);
	(void)chain_key(&p->chain, p->window_id, key);
	(void)snprintf(signature, sizeof(signature), "makoto.dbom/%s", key);
	h[1].value = slice_str(window);
	h[2].value = slice_str(signature);
	jc.arg = &verdicts;
	jc.elsewhere = (struct elsewhere_conf){.statements = st, .policy = policy, .topic = slice_str("mirrored"), .dbom_topic = slice_str("makoto.dbom"),
					       .now_ms = 1, .pending_max_ms = 1, .fetch = fetch};
	jc.elsewhere.fetch_arg = (void *)(uintptr_t)r;
	INVARIANT(join_new(&jc, &j) == 0);
	INVARIANT(join_record(j, &v) == 0);
	INVARIANT(join_end(j, 0) == 0);
	INVARIANT(verdicts == 1);
	join_free(j);
}

static void
collect(const struct one *r, const struct published *p, bool accept)
{
	struct statements_conf sc = {.partition = -1, .spool = spool_new("/tmp", 1 << 30)};
	struct slice id = slice_str("");
	struct statements_topic *t;
	struct statements_count n;
	char topic[256] = "t", why[256];
	struct policy *policy;
	struct statements *st;

	if (p->statement != NULL) {
		sc.cluster_id = p->statement->cluster_id;
		id = p->statement->topic_id;
		(void)snprintf(topic, sizeof(topic), "%.*s", (int)p->statement->topic.n, (const char *)p->statement->topic.p);
	}
	INVARIANT(policy_of_keys(NULL, 0, accept, &policy, why, sizeof(why)) == 0);
	sc.policy = policy;
	st = statements_new(&sc);
	INVARIANT(statements_add(st, 3, 5, r->key, r->value, r->manifest) == 0);
	INVARIANT(statements_topic(st, topic, id, &t) == 0);
	INVARIANT(statements_done(st) == 0);
	n = statements_count(t);
	/* A name that is none of Kafka's was cut off. */
	INVARIANT(n.trusted + n.untrusted + n.unreadable + n.other <= 1);
	INVARIANT(n.trusted + n.untrusted + n.unreadable + n.other == 1 || p->statement->topic.n != strlen(topic));
	INVARIANT((n.unreadable == 1) == (p->state == PUBLISHED_UNREADABLE));
	INVARIANT(n.trusted == 0 || (accept && p->state == PUBLISHED_UNSIGNED));
	if (accept) {
		judge(t, policy, r, p, p->statement != NULL ? p->statement->partition : 0);
		judge(t, policy, r, p, p->statement != NULL && p->statement->partition > 0 ? 0 : 1);
	}
	statements_free(st);
	spool_free(sc.spool);
	policy_unref(policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	struct published p;
	struct one r;
	size_t at;

	if (lf == NULL)
		return 0;
	at = (size_t)(lf - data) + 1;
	r = (struct one){slice_of(data, at - 1), slice_of(lf + 1, size - at), {NULL, 0}};
	/* The last bytes are its manifest as well. */
	if (size - at >= 2 * LEAF_LEN)
		r.manifest = slice_of(data + size - 2 * LEAF_LEN, 2 * LEAF_LEN);
	if (published_read(r.key, r.value, &p) != 0)
		return 0;
	INVARIANT((p.statement == NULL) == (p.state == PUBLISHED_UNREADABLE));
	INVARIANT(p.statement == NULL ||
		  (chain_id_eq(&p.statement->chain, &p.chain) && p.statement->window_id == p.window_id));
	collect(&r, &p, false);
	collect(&r, &p, true);
	published_clear(&p);
	return 0;
}
