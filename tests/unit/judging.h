/* judging: a world (tests/unit/world.h) of two proxies, one of which is trusted, and the whole verification of it. */
#ifndef TESTS_UNIT_JUDGING_H
#define TESTS_UNIT_JUDGING_H

#include "verify/join.h"
#include "trusting.h"
#include "world.h"

struct seen {
	int verdicts[VERDICT_COUNT];
	int findings[WINDOW_FINDINGS];
	int64_t offsets[VERDICT_COUNT]; /* the last one */
	int64_t absent[WINDOW_FINDINGS];
	size_t behind[WORLD_RECORDS]; /* headers that aren't covered, by offset */
	struct { /* of the last violation */
		const char *of; /* NULL: none */
		bool has_expected, has_found;
		uint8_t expected[SHA256_LEN], found[SHA256_LEN];
	} hashes;
	char keyid[80]; /* of the last window that is this partition's */
	char why[256]; /* of the last record that isn't verified */
	char issuer[64]; /* of the last record whose window has one */
	enum tally_outcome outcome;
	struct tally tally;
	struct statements_count count;
};

struct how {
	bool no_topic_id, accept_unsigned, read_committed, compacted;
	int64_t from, to; /* 0: all */
	int64_t log_start, log_start_later;
	int64_t now; /* 0: WORLD_NOW */
};

static struct world w;
static struct world_proxy proxy, other;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, true);
	trust_nobody();
	trust_also(proxy.public_key);
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
}

/* Hashes are told of violations alone, and a window is this partition's. */
static void
on_hashes_found(struct seen *s, const struct finding *f)
{
	bool violation = f->about_record ? verdict_is_violation(f->verdict) : window_finding_is_violation(f->window);

	if (f->stated != NULL) {
		ck_assert(f->has_window && f->stated->statement->window_id == f->window_id);
		snprintf(s->keyid, sizeof(s->keyid), "%s", f->stated->keyid == NULL ? "" : f->stated->keyid);
	}
	ck_assert(violation || f->hashes == NULL);
	if (!violation)
		return;
	memset(&s->hashes, 0, sizeof(s->hashes));
	if (f->hashes == NULL)
		return;
	s->hashes.of = f->hashes->of;
	if ((s->hashes.has_expected = f->hashes->expected != NULL))
		memcpy(s->hashes.expected, f->hashes->expected, SHA256_LEN);
	if ((s->hashes.has_found = f->hashes->found != NULL))
		memcpy(s->hashes.found, f->hashes->found, SHA256_LEN);
}

static void
on_found(void *arg, const struct finding *f)
{
	struct seen *s = arg;

	on_hashes_found(s, f);
	ck_assert_ptr_nonnull(f->why);
	ck_assert_int_eq(f->partition, 0);
	if (f->about_record) {
		s->verdicts[f->verdict]++;
		s->offsets[f->verdict] = f->offset;
		ck_assert_int_lt(f->offset, WORLD_RECORDS);
		s->behind[f->offset] = f->headers_behind;
		if (f->issuer[0] != '\0')
			snprintf(s->issuer, sizeof(s->issuer), "%s", f->issuer);
		if (f->verdict != VERDICT_VERIFIED)
			snprintf(s->why, sizeof(s->why), "%s", f->why);
	} else {
		s->findings[f->window]++;
		s->absent[f->window] = f->offset;
	}
}

static struct slice
manifest_of(const struct world_statement *s)
{
	return s->manifest.len == 0 ? (struct slice){NULL, 0} : wr_slice(&s->manifest);
}

static int
fetch(void *arg, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to)
{
	const struct world_statement *s = &w.s[offset];

	(void)arg;
	ck_assert_int_eq(partition, 3);
	return give(to, slice_str(s->key), wr_slice(&s->value), manifest_of(s));
}

static bool
wanted(void *arg UNUSED, struct slice topic)
{
	return slice_eq(topic, slice_str("t"));
}

static int
uncommitted(void *arg, int64_t offset, bool *ret_there)
{
	(void)arg;
	*ret_there = false;
	for (size_t i = 0; i < w.count; i++)
		if (w.r[i].offset == offset)
			*ret_there = true;
	return 0;
}

static const struct world_record *
record_at(int64_t offset)
{
	for (size_t i = 0; i < w.count; i++)
		if (w.r[i].offset == offset && !w.r[i].gone)
			return &w.r[i];
	return NULL;
}

/* The whole verification of the world as it is. */
static UNUSED struct seen
judge(const struct how *how)
{
	struct policy *policy = trust_policy(how->accept_unsigned);
	struct statements_conf sc = {.policy = policy,
				     .cluster_id = slice_str(world_cluster),
				     .wanted = wanted,
				     .partition = -1,
				     .spool = spool_new("/tmp", 1 << 30)};
	struct seen seen = {.offsets = {0}};
	struct join_conf jc = {.partition = 0,
			       .from = how->from,
			       .to = how->to > 0 ? how->to : w.next_offset,
			       .log_start = how->log_start,
			       .log_end = w.next_offset,
			       .read_committed = how->read_committed,
			       .compacted = how->compacted,
			       .uncommitted = uncommitted,
			       .found = on_found,
			       .arg = &seen};
	struct statements *st = statements_new(&sc);
	struct slice id = how->no_topic_id ? (struct slice){NULL, 0} : slice_str(WORLD_TOPIC_ID);
	struct statements_topic *topic;
	int64_t from, to;
	struct join *j;

	for (size_t i = 0; i < w.stated; i++)
		if (!w.s[i].gone)
			ck_assert_int_eq(statements_add(st, 3, (int64_t)i, slice_str(w.s[i].key), wr_slice(&w.s[i].value),
							manifest_of(&w.s[i])), 0);
	ck_assert_int_eq(statements_topic(st, "t", id, &topic), 0);
	ck_assert_int_eq(statements_done(st), 0);
	jc.elsewhere = (struct elsewhere_conf){.statements = topic,
					       .policy = policy,
					       .topic = slice_str("t"),
					       .dbom_topic = slice_str(WORLD_DBOM),
					       .now_ms = how->now > 0 ? how->now : WORLD_NOW,
					       .pending_max_ms = JOIN_PENDING_MAX_MS,
					       .fetch = fetch};
	ck_assert_int_eq(join_new(&jc, &j), 0);
	join_range(j, &from, &to);
	for (int64_t o = from; o < to; o++) {
		const struct world_record *r = record_at(o);
		struct verdict_record v = {.offset = o};

		if (r == NULL)
			continue;
		v = (struct verdict_record){o, r->timestamp, slice_str(r->key), world_value(r), r->headers,
					    r->header_count};
		ck_assert_int_eq(join_record(j, &v), 0);
	}
	ck_assert_int_eq(join_end(j, how->log_start_later > 0 ? how->log_start_later : how->log_start), 0);
	seen.tally = *join_tally(j);
	seen.outcome = tally_outcome(&seen.tally, false);
	seen.count = statements_count(topic);
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		ck_assert_uint_eq(seen.tally.verdicts[i], (uint64_t)seen.verdicts[i]);
	join_free(j);
	statements_free(st);
	spool_free(sc.spool);
	policy_unref(policy);
	return seen;
}

#define JUDGE(...) judge(&(struct how){__VA_ARGS__})
#define WINDOW(p, ...) world_window(&w, p, &(struct world_window){__VA_ARGS__})

static UNUSED void
three_windows(void)
{
	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
}

static UNUSED void
ck_verdicts(const struct seen *s, int verified, enum verdict v, int n, enum tally_outcome outcome)
{
	int all = 0;

	for (size_t i = 0; i < VERDICT_COUNT; i++)
		all += s->verdicts[i];
	ck_assert_int_eq(s->verdicts[VERDICT_VERIFIED], verified);
	if (n > 0)
		ck_assert_msg(s->verdicts[v] == n, "%s: %d, not %d", verdict_name(v), s->verdicts[v], n);
	ck_assert_int_eq(all, verified + n);
	ck_assert_uint_eq(s->tally.records, (uint64_t)all);
	ck_assert_int_eq(s->outcome, outcome);
}

#endif
