#include "verify/proven.h"

static int
refuse(struct proven *p, enum verdict v, const char *why)
{
	p->verdict = v;
	p->why = why;
	return 0;
}

static int
check_statement(const struct proof_file *f, const struct policy *policy, struct proven *p)
{
	char key[CHAIN_KEY_MAX + 1];
	int err;

	(void)chain_key(&f->chain, f->window_id, key);
	if ((err = published_read(slice_str(key), f->statement, &p->statement)) == ERR_NOTFOUND)
		return refuse(p, VERDICT_UNTRUSTED, "the statement in it is empty");
	if (err != 0 || (err = published_check(&p->statement, policy)) != 0)
		return err;
	if (p->statement.trust == TRUST_NONE)
		return refuse(p, VERDICT_UNTRUSTED, p->statement.why);
	p->verdict = p->statement.trust == TRUST_SIGNED ? VERDICT_VERIFIED : VERDICT_UNSIGNED;
	return 0;
}

/* Is the leaf the one that the statement has at that place? */
static void
check_place(const struct proof_file *f, struct proven *p)
{
	const struct statement *s = p->statement.statement;
	bool bound = (f->leaf.flags & LEAF_TIME_BOUND) != 0;
	uint8_t root[SHA256_LEN];
	uint64_t index;

	if (!slice_eq(f->topic, s->topic) || f->partition != s->partition)
		(void)refuse(p, VERDICT_MISPLACED, "its statement is about another topic or partition than the file says");
	else if (!runs_find(&s->ranges, f->offset, &index))
		(void)refuse(p, VERDICT_MISPLACED, "its statement doesn't list the offset that the file says");
	else if (f->inclusion.size != s->leaf_count || f->inclusion.index != index)
		(void)refuse(p, VERDICT_MISPLACED, "the path is that of another place in the window");
	else if (bound == s->log_append)
		(void)refuse(p, VERDICT_ALTERED, "the timestamp is bound where its statement binds none, or the reverse");
	else if (proof_root(&f->inclusion, p->leaf, root) != 0)
		(void)refuse(p, VERDICT_ALTERED, "the path has too many or too few hashes for its place");
	else if (memcmp(root, s->root, SHA256_LEN) != 0)
		(void)refuse(p, VERDICT_ALTERED, "the record or the path is not what was stated: they don't lead to the signed root");
	if (runs_find(&s->aborted, f->offset, &index))
		p->transaction = PROVEN_ABORTED;
	else if (runs_find(&s->open, f->offset, &index))
		p->transaction = PROVEN_OPEN;
}

static void
check_value(const struct proof_file *f, struct slice value, const char *not_it, struct proven *p)
{
	uint8_t sum[SHA256_LEN];

	if (value.p == NULL || (p->verdict != VERDICT_VERIFIED && p->verdict != VERDICT_UNSIGNED))
		return;
	sha256_of(value, sum);
	p->value_known = !(f->leaf.flags & LEAF_VALUE_NULL) && memcmp(sum, f->leaf.value_hash, SHA256_LEN) == 0;
	if (!p->value_known)
		(void)refuse(p, VERDICT_ALTERED, f->leaf.flags & LEAF_VALUE_NULL ? "the record's value is null, not what was given" : not_it);
}

int
proven_by(const struct proof_file *f, const struct policy *policy, struct slice value, struct proven *ret)
{
	struct proven p = {.why = ""};
	int err;

	leaf_of(&f->leaf, p.leaf);
	if ((err = check_statement(f, policy, &p)) != 0) {
		proven_clear(&p);
		return err;
	}
	if (p.verdict != VERDICT_UNTRUSTED)
		check_place(f, &p);
	check_value(f, f->value, "the value in the file is not the record's", &p);
	check_value(f, value, "the value that was given is not the record's", &p);
	*ret = p;
	return 0;
}

void
proven_clear(struct proven *p)
{
	published_clear(&p->statement);
	*p = (struct proven){.why = ""};
}
