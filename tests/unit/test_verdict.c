/* Verdicts: every rule of docs/FORMAT.md, and records that passed two proxies (vectors). */
#include "makoto/verdict.h"

#include "base/text.h"
#include "makoto/tree.h"
#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

enum { MAX = 64, NOW = 2000000000 };

static json_t *all;

/* --- a small world: records, windows, and what is told of them ------------------- */

static struct {
	struct {
		int64_t offset;
		enum verdict verdict;
		char why[128];
		size_t behind;
	} records[MAX];
	size_t record_count;
	size_t behind; /* of the record that is told next */
	unsigned windows[WINDOW_FINDINGS];
	int64_t last_offset[WINDOW_FINDINGS];
} told;

static void
on_record(void *arg UNUSED, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w UNUSED)
{
	ck_assert_uint_lt(told.record_count, MAX);
	told.records[told.record_count].offset = offset;
	told.records[told.record_count].verdict = v;
	told.records[told.record_count].behind = told.behind;
	told.behind = 0;
	(void)snprintf(told.records[told.record_count++].why, 128, "%s", why);
}

static void
on_behind(void *arg UNUSED, int64_t offset UNUSED, size_t headers)
{
	ck_assert_uint_gt(headers, 0);
	told.behind = headers;
}

static void
on_window(void *arg UNUSED, const struct verdict_window *w UNUSED, enum window_finding f, int64_t offset,
	  const char *why UNUSED)
{
	told.windows[f]++;
	told.last_offset[f] = offset;
}

static struct verdict_options
options(void)
{
	return (struct verdict_options){.dbom_topic = slice_str("makoto.dbom"),
					.now_ms = NOW,
					.pending_max_ms = 3600000,
					.to = INT64_MAX,
					.record = on_record,
					.behind = on_behind,
					.window = on_window};
}

struct rec {
	char key[16];
	char value[32];
	char hash[65], id[24], ref[96];
	struct header headers[8];
	struct verdict_record r;
	size_t covered; /* headers that its window's leaf covers */
};

static struct chain_id chain = {{0x11, 0x22, 0x33}};

/* A record as the proxy stores it: full headers of that window. */
static void
rec_make(struct rec *rec, int64_t offset, const char *value, uint64_t window)
{
	uint8_t sum[SHA256_LEN];
	char key[CHAIN_KEY_MAX + 1];

	memset(rec, 0, sizeof(*rec));
	(void)snprintf(rec->key, sizeof(rec->key), "k%d", (int)offset);
	(void)snprintf(rec->value, sizeof(rec->value), "%s", value);
	sha256_of(slice_str(rec->value), sum);
	(void)text_hex(sum, sizeof(sum), rec->hash);
	(void)snprintf(rec->id, sizeof(rec->id), "%d", (int)window);
	(void)chain_key(&chain, window, key);
	(void)snprintf(rec->ref, sizeof(rec->ref), "makoto.dbom/%s", key);
	rec->headers[0] = (struct header){slice_str(TRIPLE_CONTENT_HASH), slice_str(rec->hash)};
	rec->headers[1] = (struct header){slice_str(TRIPLE_WINDOW_ID), slice_str(rec->id)};
	rec->headers[2] = (struct header){slice_str(TRIPLE_SIGNATURE), slice_str(rec->ref)};
	rec->r = (struct verdict_record){offset,        1700000000 + offset, slice_str(rec->key), slice_str(rec->value),
					 rec->headers, 3};
}

static void
leaf_of_rec(const struct rec *rec, struct leaf_input *in, uint8_t leaf[LEAF_LEN])
{
	memset(in, 0, sizeof(*in));
	leaf_set_record(in, rec->r.key, rec->r.value, true, rec->r.timestamp);
	if (rec->covered > 0) {
		struct leaf_headers h;

		leaf_headers_begin(&h, (uint32_t)rec->covered);
		for (size_t i = 0; i < rec->covered; i++)
			leaf_headers_add(&h, rec->headers[i].name, rec->headers[i].value);
		leaf_headers_end(&h, in->headers_hash);
	}
	leaf_of(in, leaf);
}

struct win {
	struct statement s;
	struct run ranges[8];
	struct wr manifest;
	struct verdict_window w;
};

static void
win_make(struct win *w, uint64_t id, const struct rec *recs, size_t n, const struct win *before)
{
	struct tree t;

	memset(w, 0, sizeof(*w));
	w->manifest = wr_new(SIZE_MAX);
	tree_init(&t);
	for (size_t i = 0; i < n; i++) {
		struct run *last = w->s.ranges.count > 0 ? &w->ranges[w->s.ranges.count - 1] : NULL;
		struct leaf_input in;
		uint8_t leaf[LEAF_LEN];

		leaf_of_rec(&recs[i], &in, leaf);
		tree_add(&t, leaf);
		wr_bytes(&w->manifest, leaf, LEAF_LEN);
		if (last != NULL && last->first + last->count == recs[i].r.offset)
			last->count++;
		else
			w->ranges[w->s.ranges.count++] = (struct run){recs[i].r.offset, 1};
	}
	w->s.ranges.list = w->ranges;
	w->s.leaf_count = n;
	w->s.first_offset = recs[0].r.offset;
	w->s.last_offset = recs[n - 1].r.offset;
	tree_root(&t, w->s.root);
	sha256_of(wr_slice(&w->manifest), w->s.manifest_sha256);
	w->s.chain = chain;
	w->s.window_id = id;
	w->s.settled_ms = 1700000000000 + (int64_t)id;
	w->s.chain_length = 1;
	w->s.genesis_window = id;
	w->s.empty_before = id - 1;
	if (before != NULL) {
		w->s.empty_before = id - before->s.window_id - 1;
		w->s.previous_window = before->s.window_id;
		memcpy(w->s.previous_root, before->s.root, SHA256_LEN);
		memcpy(w->s.previous_statement, before->w.sha256, SHA256_LEN);
		w->s.chain_length = before->s.chain_length + 1;
		w->s.genesis_window = before->s.genesis_window;
	}
	w->w = (struct verdict_window){.statement = &w->s, .trust = TRUST_SIGNED, .manifest = wr_slice(&w->manifest)};
	memset(w->w.sha256, (int)id, SHA256_LEN);
}

static void
judge(const struct verdict_options *o, struct win *const *windows, size_t window_count, const struct rec *recs,
      size_t count)
{
	struct verdicts *v = verdicts_new(o);

	memset(&told, 0, sizeof(told));
	ck_assert_ptr_nonnull(v);
	for (size_t i = 0; i < window_count; i++)
		ck_assert_int_eq(verdicts_window(v, &windows[i]->w), 0);
	ck_assert_int_eq(verdicts_begin(v), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(verdicts_record(v, &recs[i].r), 0);
	ck_assert_int_eq(verdicts_end(v), 0);
	verdicts_free(v);
}

static enum verdict
verdict_of(int64_t offset)
{
	for (size_t i = 0; i < told.record_count; i++)
		if (told.records[i].offset == offset)
			return told.records[i].verdict;
	ck_abort_msg("no verdict for offset %d", (int)offset);
	return VERDICT_COUNT;
}

static size_t
behind(int64_t offset)
{
	for (size_t i = 0; i < told.record_count; i++)
		if (told.records[i].offset == offset)
			return told.records[i].behind;
	ck_abort_msg("no verdict for offset %d", (int)offset);
	return 0;
}

static unsigned
violations(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < told.record_count; i++)
		n += verdict_is_violation(told.records[i].verdict);
	for (int f = 0; f < WINDOW_FINDINGS; f++)
		n += window_finding_is_violation((enum window_finding)f) ? told.windows[f] : 0;
	return n;
}

/* Two windows of three records, offsets 0..2 and 4..6 (3 is a transaction's marker). */
static struct rec recs[8];
static struct win one, two;
static struct verdict_options opt;

static void
setup(void)
{
	wr_free(&one.manifest); /* a test may begin anew */
	wr_free(&two.manifest);
	for (int i = 0; i < 3; i++)
		rec_make(&recs[i], i, "value one", 1);
	for (int i = 3; i < 6; i++)
		rec_make(&recs[i], i + 1, "value two", 2);
	win_make(&one, 1, recs, 3, NULL);
	win_make(&two, 2, recs + 3, 3, &one);
	opt = options();
}

static void
teardown(void)
{
	wr_free(&one.manifest);
	wr_free(&two.manifest);
}

static void
judge_both(const struct rec *list, size_t count)
{
	struct win *const windows[] = {&one, &two};

	judge(&opt, windows, 2, list, count);
}

/* --- the rules -------------------------------------------------------------------- */

START_TEST(test_all_verified)
{
	judge_both(recs, 6);
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(verdict_of(recs[i].r.offset), VERDICT_VERIFIED);
	ck_assert_uint_eq(told.windows[WINDOW_COMPLETE], 2);
	ck_assert_uint_eq(violations(), 0);
}
END_TEST

START_TEST(test_altered)
{
	struct header saved;

	recs[1].r.value = slice_str("another");
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_ALTERED);
	ck_assert_uint_eq(violations(), 1);
	setup();
	recs[1].r.key = (struct slice){NULL, 0};
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_ALTERED);
	setup();
	recs[1].r.timestamp++;
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_ALTERED);
	setup();
	/* A header put before the triple. */
	saved = recs[1].headers[2];
	memmove(recs[1].headers + 1, recs[1].headers, 3 * sizeof(saved));
	recs[1].headers[0] = (struct header){slice_str("x"), slice_str("y")};
	recs[1].r.header_count = 4;
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_ALTERED);
	setup();
	/* The value with a content_hash that was made to fit. */
	rec_make(&recs[1], 1, "forged", 1);
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_ALTERED);
}
END_TEST

static void
rec_add(struct rec *rec, const char *name, const char *value)
{
	rec->headers[rec->r.header_count++] = (struct header){slice_str(name), slice_str(value)};
}

/* What somebody appended is no violation, and is not passed over in silence. */
START_TEST(test_headers_behind)
{
	judge_both(recs, 6);
	for (size_t i = 0; i < 6; i++)
		ck_assert_uint_eq(behind(recs[i].r.offset), 0);
	rec_add(&recs[1], "tenant", "evil");
	rec_add(&recs[4], "tenant", "evil");
	rec_add(&recs[4], "role", "admin");
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_VERIFIED);
	ck_assert_uint_eq(behind(0), 0);
	ck_assert_uint_eq(behind(1), 1);
	ck_assert_uint_eq(behind(2), 0);
	ck_assert_uint_eq(behind(5), 2);
	ck_assert_uint_eq(violations(), 0);
	/* The same without a manifest, and without a signature. */
	one.w.manifest = (struct slice){NULL, 0};
	one.s.manifest = MANIFEST_NONE;
	one.w.trust = two.w.trust = TRUST_UNSIGNED;
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_UNSIGNED);
	ck_assert_uint_eq(behind(0), 0);
	ck_assert_uint_eq(behind(1), 1);
	ck_assert_uint_eq(behind(5), 2);
	/* One that the window lists elsewhere. */
	setup();
	recs[6] = recs[1];
	recs[6].r.headers = recs[6].headers;
	recs[6].r.offset = 9;
	rec_add(&recs[6], "tenant", "evil");
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(9), VERDICT_DUPLICATE);
	ck_assert_uint_eq(behind(9), 1);
	ck_assert_uint_eq(behind(1), 0);
}
END_TEST

/* A record that this hop left without headers: a later hop's three are as little covered as what is behind them. */
START_TEST(test_headers_behind_a_later_hop)
{
	char key[CHAIN_KEY_MAX + 1], ref[96];
	struct chain_id later = {{0x44, 0x55}};

	(void)chain_key(&later, 1, key);
	(void)snprintf(ref, sizeof(ref), "makoto.dbom/%s", key);
	recs[1].headers[2].value = slice_str(ref);
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_VERIFIED);
	ck_assert_uint_eq(behind(1), 3);
	rec_add(&recs[1], "tenant", "evil");
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_VERIFIED);
	ck_assert_uint_eq(behind(1), 4);
	/* With none at all, everything that is there is covered. */
	recs[1].r.header_count = 0;
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(1), VERDICT_VERIFIED);
	ck_assert_uint_eq(behind(1), 0);
}
END_TEST

START_TEST(test_removed)
{
	struct rec gone[6];

	memcpy(gone, recs, sizeof(gone));
	memmove(gone + 1, gone + 2, 4 * sizeof(*gone)); /* offset 1 is not there */
	for (size_t i = 0; i < 5; i++)
		gone[i].r.headers = gone[i].headers;
	judge_both(gone, 5);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 1);
	ck_assert_int_eq(told.last_offset[WINDOW_MISSING], 1);
	ck_assert_uint_eq(violations(), 1);
	/* Below the log's start it is retention; outside what was asked for it isn't looked for. */
	opt.log_start = 2;
	judge_both(gone + 1, 4);
	ck_assert_uint_eq(told.windows[WINDOW_RETENTION], 2);
	ck_assert_uint_eq(violations(), 0);
	opt.log_start = 0;
	opt.from = 4;
	judge_both(gone + 2, 3);
	ck_assert_uint_eq(told.windows[WINDOW_COMPLETE], 1);
	ck_assert_uint_eq(violations(), 0);
}
END_TEST

START_TEST(test_misplaced_and_duplicate)
{
	/* Two records of a window change places. */
	struct rec swapped[6], dup[7];

	memcpy(swapped, recs, sizeof(swapped));
	swapped[0].r = recs[1].r;
	swapped[0].r.offset = 0;
	swapped[1].r = recs[0].r;
	swapped[1].r.offset = 1;
	judge_both(swapped, 6);
	ck_assert_int_eq(verdict_of(0), VERDICT_MISPLACED);
	ck_assert_int_eq(verdict_of(1), VERDICT_MISPLACED);
	/* A copy behind, with the original in its place; then without. */
	memcpy(dup, recs, 6 * sizeof(*dup));
	dup[6].r = recs[1].r;
	dup[6].r.offset = 9;
	judge_both(dup, 7);
	ck_assert_int_eq(verdict_of(9), VERDICT_DUPLICATE);
	ck_assert_uint_eq(violations(), 1);
	dup[1].r.value = slice_str("altered");
	judge_both(dup, 7);
	ck_assert_int_eq(verdict_of(9), VERDICT_MISPLACED);
}
END_TEST

START_TEST(test_forged_headers)
{
	rec_make(&recs[6], 7, "forged", 1); /* names window 1, which doesn't list offset 7 */
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_FORGED_HEADER);
	one.s.unresolved = 1; /* then it may be one of those whose outcome was lost */
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_UNATTESTED);
	one.s.unresolved = 0;
	/* content_hash not of the value; one header alone; another statement topic. */
	recs[6].r.value = slice_str("other");
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_FORGED_HEADER);
	rec_make(&recs[6], 7, "x", 1);
	recs[6].r.header_count = 1;
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_FORGED_HEADER);
	rec_make(&recs[6], 7, "x", 1);
	memcpy(recs[6].ref, "hakoto", 6);
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_FORGED_HEADER);
}
END_TEST

START_TEST(test_pending_and_unattested)
{
	rec_make(&recs[6], 7, "new", 3);
	recs[6].r.timestamp = NOW - 1000;
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_PENDING);
	recs[6].r.timestamp = NOW - opt.pending_max_ms - 1;
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_UNATTESTED);
	/* No headers at all. */
	recs[6].r.header_count = 0;
	judge_both(recs, 7);
	ck_assert_int_eq(verdict_of(7), VERDICT_UNATTESTED);
	ck_assert_uint_eq(violations(), 0);
}
END_TEST

START_TEST(test_untrusted_and_unsigned)
{
	one.w.trust = TRUST_NONE;
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(0), VERDICT_UNTRUSTED);
	ck_assert_int_eq(verdict_of(4), VERDICT_VERIFIED);
	ck_assert_uint_ge(told.windows[WINDOW_GAP], 1); /* what window 2 links to isn't there */
	one.w.trust = two.w.trust = TRUST_UNSIGNED;
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(0), VERDICT_UNSIGNED);
	ck_assert_uint_eq(violations(), 0);
}
END_TEST

/* Where unattested records may be seen, what anybody can write changes nothing; what a known key signed does. */
START_TEST(test_untrusted_and_allowed)
{
	struct win other;

	opt.unattested_allowed = true;
	opt.live = _i == 1;
	one.w.trust = TRUST_NONE;
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(0), VERDICT_UNATTESTED);
	ck_assert_int_eq(verdict_of(4), VERDICT_VERIFIED);
	/* Its header tells another statement topic: so it would be without that statement. */
	opt.dbom_topic = slice_str("another");
	judge_both(recs, 3);
	ck_assert_int_eq(verdict_of(0), VERDICT_UNATTESTED);
	opt.dbom_topic = slice_str("another,makoto.dbom"); /* it is one of those that are read */
	judge_both(recs, 6);
	ck_assert_int_eq(verdict_of(4), VERDICT_VERIFIED);
	opt.dbom_topic = options().dbom_topic;
	/* One more, whichever comes first. */
	win_make(&other, 1, recs, 3, NULL);
	other.w.trust = TRUST_NONE;
	other.w.by_known_key = true;
	other.w.sha256[0] ^= 1;
	for (int i = 0; i < 2; i++) {
		struct win *const windows[] = {i == 0 ? &one : &other, i == 0 ? &other : &one, &two};

		judge(&opt, windows, 3, recs, 6);
		ck_assert_int_eq(verdict_of(0), VERDICT_UNTRUSTED);
	}
	/* Nor does it speak against the one that counts. */
	{
		struct win *const windows[] = {&other, &one, &two};

		one.w.trust = TRUST_SIGNED;
		judge(&opt, windows, 3, recs, 6);
		ck_assert_int_eq(verdict_of(0), VERDICT_VERIFIED);
	}
	wr_free(&other.manifest);
}
END_TEST

START_TEST(test_chain_faults)
{
	struct win *const second_only[] = {&two};
	struct win other;

	judge(&opt, second_only, 1, recs + 3, 3);
	ck_assert_uint_eq(told.windows[WINDOW_GAP], 1);
	two.s.previous_statement[0] ^= 1;
	judge_both(recs, 6);
	ck_assert_uint_eq(told.windows[WINDOW_BREAK], 1);
	two.s.previous_statement[0] ^= 1;
	two.s.chain_length++;
	judge_both(recs, 6);
	ck_assert_uint_eq(told.windows[WINDOW_BREAK], 1);
	two.s.chain_length--;
	/* The same id twice: another payload is a fork, the same payload is none. */
	win_make(&other, 2, recs + 3, 3, &one);
	{
		struct win *const again[] = {&one, &two, &other};

		judge(&opt, again, 3, recs, 6);
		ck_assert_uint_eq(told.windows[WINDOW_FORK], 0);
		other.w.sha256[0] ^= 1;
		judge(&opt, again, 3, recs, 6);
		ck_assert_uint_eq(told.windows[WINDOW_FORK], 1);
		ck_assert_int_eq(verdict_of(4), VERDICT_VERIFIED); /* the first published counts */
	}
	wr_free(&other.manifest);
}
END_TEST

START_TEST(test_empty_windows_are_no_gap)
{
	wr_free(&two.manifest);
	for (int i = 3; i < 6; i++)
		rec_make(&recs[i], i + 1, "value two", 4);
	win_make(&two, 4, recs + 3, 3, &one); /* 2 and 3 ended empty */
	judge_both(recs, 6);
	ck_assert_uint_eq(violations(), 0);
}
END_TEST

START_TEST(test_manifest)
{
	/* Declared and not there: a violation by itself; the records are still judged as a whole. */
	one.w.manifest = (struct slice){NULL, 0};
	judge_both(recs, 6);
	ck_assert_uint_eq(told.windows[WINDOW_MANIFEST_MISSING], 1);
	ck_assert_int_eq(verdict_of(1), VERDICT_VERIFIED);
	recs[1].r.value = slice_str("altered");
	judge_both(recs, 6);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(verdict_of(i), VERDICT_ALTERED);
	setup();
	one.s.manifest = MANIFEST_NONE;
	one.w.manifest = (struct slice){NULL, 0};
	judge_both(recs + 1, 5); /* one is gone: it can't be recomputed */
	ck_assert_int_eq(verdict_of(1), VERDICT_UNATTESTED);
	ck_assert_uint_eq(told.windows[WINDOW_MANIFEST_MISSING], 0);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 1);
}
END_TEST

START_TEST(test_aborted)
{
	struct run aborted = {4, 2};

	two.s.aborted = (struct runs){&aborted, 1};
	opt.read_committed = true;
	judge_both((struct rec[]){recs[0], recs[1], recs[2], recs[5]}, 4);
	ck_assert_uint_eq(told.windows[WINDOW_ABORTED], 2);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 0);
	opt.read_committed = false;
	judge_both((struct rec[]){recs[0], recs[1], recs[2], recs[5]}, 4);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 2);
	two.s.aborted = (struct runs){NULL, 0};
}
END_TEST

/* The window's manifest as "leaf+key". */
static void
with_keys(struct win *w, const struct rec *members)
{
	wr_reset(&w->manifest);
	for (size_t i = 0; i < w->s.leaf_count; i++) {
		struct leaf_input in;
		uint8_t leaf[LEAF_LEN];

		leaf_of_rec(&members[i], &in, leaf);
		wr_bytes(&w->manifest, leaf, LEAF_LEN);
		wr_u8(&w->manifest, in.flags);
		wr_bytes(&w->manifest, in.key_hash, MANIFEST_KEY_PREFIX);
	}
	w->s.manifest = MANIFEST_LEAF_KEY;
	sha256_of(wr_slice(&w->manifest), w->s.manifest_sha256);
	w->w.manifest = wr_slice(&w->manifest);
}

/* Offset 1 is gone, and the key that it had comes again at offset 4. */
static void
key_again(struct rec list[5])
{
	wr_free(&one.manifest);
	wr_free(&two.manifest);
	(void)snprintf(recs[3].key, sizeof(recs[3].key), "%s", recs[1].key);
	recs[3].r.key = slice_str(recs[3].key);
	win_make(&one, 1, recs, 3, NULL);
	with_keys(&one, recs);
	win_make(&two, 2, recs + 3, 3, &one);
	with_keys(&two, recs + 3);
	list[0] = recs[0];
	memcpy(list + 1, recs + 2, 4 * sizeof(*list));
	opt.compacted = true;
}

START_TEST(test_compacted)
{
	struct rec left[5];

	key_again(left);
	judge_both(left, 5);
	ck_assert_uint_eq(told.windows[WINDOW_COMPACTED], 1);
	ck_assert_int_eq(told.last_offset[WINDOW_COMPACTED], 1);
	ck_assert_uint_eq(violations(), 0);
	/* No cleaner was in a topic that isn't compacted, whatever its statements have. */
	opt.compacted = false;
	judge_both(left, 5);
	ck_assert_uint_eq(told.windows[WINDOW_COMPACTED], 0);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 1);
	ck_assert_int_eq(told.last_offset[WINDOW_MISSING], 1);
}
END_TEST

/* A record of an aborted transaction replaces nothing, whichever statement of the chain says so. */
START_TEST(test_compacted_by_an_aborted_record)
{
	struct run at_four = {4, 1};
	struct resolved_run outcome = {{4, 1}, false};
	struct rec left[6];
	struct win three, *const windows[] = {&one, &two, &three};

	key_again(left);
	rec_make(&recs[6], 7, "value three", 3);
	left[5] = recs[6];
	win_make(&three, 3, recs + 6, 1, &two);
	two.s.aborted = (struct runs){&at_four, 1};
	judge(&opt, windows, 3, left, 6);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 1);
	ck_assert_int_eq(told.last_offset[WINDOW_MISSING], 1);
	/* Open when it was stated, aborted as the next statement says. */
	two.s.aborted = (struct runs){NULL, 0};
	two.s.open = (struct runs){&at_four, 1};
	three.s.resolved = &outcome;
	three.s.resolved_count = 1;
	judge(&opt, windows, 3, left, 6);
	ck_assert_uint_eq(told.windows[WINDOW_COMPACTED], 0);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 1);
	outcome.committed = true;
	judge(&opt, windows, 3, left, 6);
	ck_assert_uint_eq(told.windows[WINDOW_COMPACTED], 1);
	ck_assert_uint_eq(violations(), 0);
	wr_free(&three.manifest);
}
END_TEST

/* The cleaner takes away what was aborted, and needs no later record for it. */
START_TEST(test_aborted_records_are_cleaned)
{
	struct run aborted = {5, 2};
	struct resolved_run outcome = {{5, 2}, false};
	struct win three, *const windows[] = {&one, &two, &three};
	struct rec left[5];

	memcpy(left, recs, 4 * sizeof(*left));
	rec_make(&recs[6], 7, "value three", 3);
	left[4] = recs[6];
	win_make(&three, 3, recs + 6, 1, &two);
	two.s.aborted = (struct runs){&aborted, 1};
	judge(&opt, windows, 3, left, 5);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 2);
	opt.compacted = true;
	judge(&opt, windows, 3, left, 5);
	ck_assert_uint_eq(told.windows[WINDOW_COMPACTED], 2);
	ck_assert_uint_eq(told.windows[WINDOW_COMPLETE], 3);
	ck_assert_uint_eq(violations(), 0);
	/* As a later statement tells. */
	two.s.aborted = (struct runs){NULL, 0};
	two.s.open = (struct runs){&aborted, 1};
	three.s.resolved = &outcome;
	three.s.resolved_count = 1;
	judge(&opt, windows, 3, left, 5);
	ck_assert_uint_eq(told.windows[WINDOW_COMPACTED], 2);
	ck_assert_uint_eq(violations(), 0);
	outcome.committed = true;
	judge(&opt, windows, 3, left, 5);
	ck_assert_uint_eq(told.windows[WINDOW_COMPACTED], 0);
	ck_assert_uint_eq(told.windows[WINDOW_MISSING], 2);
	wr_free(&three.manifest);
}
END_TEST

START_TEST(test_offset_reused)
{
	/* Both windows of one chain list offset 2; the record there is the later one's. */
	struct rec again[6];
	struct win later;

	memcpy(again, recs, sizeof(again));
	rec_make(&again[2], 2, "written over", 2);
	win_make(&later, 2, again + 2, 1, &one);
	{
		struct win *const windows[] = {&one, &later};

		judge(&opt, windows, 2, again, 3);
	}
	ck_assert_int_eq(verdict_of(2), VERDICT_VERIFIED);
	ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], 1);
	ck_assert_int_eq(told.last_offset[WINDOW_OFFSET_REUSED], 2);
	wr_free(&later.manifest);
}
END_TEST

/* The last window of each chain first, then the latest of them: a clock that was set back makes no circle of it. */
START_TEST(test_latest_of_three)
{
	static const unsigned char orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct chain_id first = chain;
	struct rec r[3];
	struct win wins[3];

	rec_make(&r[0], 0, "by the first", 1);
	rec_make(&r[1], 0, "by the second", 2);
	win_make(&wins[0], 1, &r[0], 1, NULL);
	win_make(&wins[1], 2, &r[1], 1, &wins[0]);
	chain.b[0] ^= 0xff;
	rec_make(&r[2], 0, "by another", 1);
	win_make(&wins[2], 1, &r[2], 1, NULL);
	chain = first;
	wins[0].s.settled_ms = 10;
	wins[1].s.settled_ms = 5;
	wins[2].s.settled_ms = 7;
	r[2].r.header_count = 0; /* it names none of them */
	for (size_t i = 0; i < 6; i++) {
		struct win *const windows[] = {&wins[orders[i][0]], &wins[orders[i][1]], &wins[orders[i][2]]};

		judge(&opt, windows, 3, &r[2], 1);
		ck_assert_int_eq(verdict_of(0), VERDICT_VERIFIED);
		ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], 2);
	}
	for (int i = 0; i < 3; i++)
		wr_free(&wins[i].manifest);
}
END_TEST

/* Without a manifest too a window must not lose its members to others in silence. */
START_TEST(test_offset_reused_without_manifest)
{
	struct chain_id first = chain;
	struct rec again[3];
	struct win later, *const windows[] = {&one, &later};

	one.s.manifest = MANIFEST_NONE;
	one.w.manifest = (struct slice){NULL, 0};
	/* By a later window of the chain: all of it, then its end. */
	for (int i = 0; i < 3; i++)
		rec_make(&again[i], i, "written over", 2);
	win_make(&later, 2, again, 3, &one);
	judge(&opt, windows, 2, again, 3);
	ck_assert_int_eq(verdict_of(0), VERDICT_VERIFIED);
	ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], 3);
	ck_assert_uint_eq(told.windows[WINDOW_COMPLETE], 1);
	wr_free(&later.manifest);
	win_make(&later, 2, again + 2, 1, &one);
	again[0] = recs[0];
	again[1] = recs[1];
	judge(&opt, windows, 2, again, 3);
	ck_assert_int_eq(verdict_of(0), VERDICT_UNATTESTED); /* its window can't be recomputed */
	ck_assert_int_eq(verdict_of(2), VERDICT_VERIFIED);
	ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], 1);
	wr_free(&later.manifest);
	/* By another chain: its records are not those that the root is of. */
	chain.b[0] ^= 0xff;
	for (int i = 0; i < 3; i++)
		rec_make(&again[i], i, "written over", 1);
	win_make(&later, 1, again, 3, NULL);
	judge(&opt, windows, 2, again, 3);
	ck_assert_int_eq(verdict_of(0), VERDICT_VERIFIED);
	ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], 3);
	ck_assert_uint_eq(told.windows[WINDOW_COMPLETE], 1);
	wr_free(&later.manifest);
	win_make(&later, 1, again + 2, 1, NULL);
	again[0] = recs[0];
	again[1] = recs[1];
	judge(&opt, windows, 2, again, 3);
	ck_assert_int_eq(verdict_of(0), VERDICT_ALTERED);
	ck_assert_int_eq(verdict_of(2), VERDICT_VERIFIED);
	ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], 1);
	wr_free(&later.manifest);
	chain = first;
}
END_TEST

/* Two hops, the first without a manifest: with headers of its own and without, it is there as a whole. */
START_TEST(test_hop_without_manifest)
{
	struct chain_id first = chain;
	struct rec twice[3];
	struct win hop, *const windows[] = {&one, &hop};

	one.s.manifest = MANIFEST_NONE;
	one.w.manifest = (struct slice){NULL, 0};
	chain.b[0] ^= 0xff;
	for (int none = 0; none < 2; none++) {
		for (int i = 0; i < 3; i++) {
			struct rec *r = &twice[i];

			rec_make(r, i, "value one", 1);
			r->covered = none ? 0 : 3;
			if (none)
				continue;
			memcpy(r->headers + 3, r->headers, 3 * sizeof(*r->headers));
			memcpy(r->headers, recs[i].headers, 3 * sizeof(*r->headers));
			r->r.header_count = 6;
		}
		win_make(&hop, 1, twice, 3, NULL);
		judge(&opt, windows, 2, twice, 3);
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(verdict_of(i), VERDICT_VERIFIED);
		ck_assert_uint_eq(told.windows[WINDOW_COMPLETE], 2);
		ck_assert_uint_eq(violations(), 0);
		/* With the first hop's key alone. */
		judge(&opt, windows, 1, twice, 3);
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(verdict_of(i), VERDICT_VERIFIED);
			ck_assert_uint_eq(behind(i), 3);
		}
		/* One that was altered between them is another record than the first hop's. */
		one.s.root[0] ^= 1;
		judge(&opt, windows, 2, twice, 3);
		ck_assert_int_eq(verdict_of(1), VERDICT_VERIFIED);
		ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], 3);
		/* When one is gone nobody can tell. */
		opt.log_start = 1;
		judge(&opt, windows, 2, twice + 1, 2);
		ck_assert_uint_eq(violations(), 0);
		opt.log_start = 0;
		one.s.root[0] ^= 1;
		wr_free(&hop.manifest);
	}
	chain = first;
}
END_TEST

START_TEST(test_mirror)
{
	opt.mirror = true;
	for (int i = 0; i < 6; i++)
		recs[i].r.offset += 100;
	judge_both(recs, 6);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(verdict_of(recs[i].r.offset), VERDICT_VERIFIED_CONTENT);
	recs[2].r.value = slice_str("altered");
	judge_both(recs, 6);
	ck_assert_int_ne(verdict_of(recs[2].r.offset), VERDICT_VERIFIED_CONTENT);
}
END_TEST

/* --- two proxies in a row: what another implementation says ------------------------ */

START_TEST(test_hops)
{
	json_t *v = json_array_get(json_object_get(all, "hops"), (size_t)_i);
	json_t *stored = json_object_get(v, "stored_headers"), *by = json_object_get(v, "listed_by");
	struct header headers[16];
	struct verdict_record r = {.offset = 5,
				   .timestamp = vectors_int(v, "timestamp"),
				   .key = vectors_hex(v, "key_hex"),
				   .value = vectors_hex(v, "value_hex"),
				   .headers = headers,
				   .header_count = json_array_size(stored)};
	struct win w[2];
	struct verdicts *x;
	unsigned reused = 0;
	const char *decided = NULL;

	for (size_t i = 0; i < r.header_count; i++) {
		headers[i].name = vectors_hex_of(json_array_get(json_array_get(stored, i), 0));
		headers[i].value = vectors_hex_of(json_array_get(json_array_get(stored, i), 1));
	}
	memset(&told, 0, sizeof(told));
	memset(w, 0, sizeof(w));
	opt.dbom_topic = vectors_text(v, "dbom_topic");
	x = verdicts_new(&opt);
	for (size_t i = 0; i < json_array_size(by); i++) {
		json_t *l = json_array_get(by, i);
		struct statement *s = &w[i].s;
		const char *outcome = json_string_value(json_object_get(l, "outcome"));
		struct tree t;

		memcpy(s->chain.b, vectors_hex(l, "chain_id").p, CHAIN_ID_LEN);
		s->window_id = s->genesis_window = (uint64_t)vectors_int(l, "window_id");
		s->empty_before = s->window_id - 1;
		s->chain_length = s->leaf_count = 1;
		s->first_offset = s->last_offset = 5;
		w[i].ranges[0] = (struct run){5, 1};
		s->ranges = (struct runs){w[i].ranges, 1};
		ck_assert_int_eq(text_parse_time_ms(vectors_text(l, "finished_on"), &s->settled_ms), 0);
		tree_init(&t);
		tree_add(&t, vectors_hex(l, "leaf").p);
		tree_root(&t, s->root);
		sha256_of(vectors_hex(l, "leaf"), s->manifest_sha256);
		w[i].w = (struct verdict_window){.statement = s, .manifest = vectors_hex(l, "leaf")};
		w[i].w.sha256[0] = (uint8_t)i;
		ck_assert_int_eq(verdicts_window(x, &w[i].w), 0);
		reused += strcmp(outcome, "reused") == 0;
		if (json_is_true(json_object_get(l, "decides")))
			decided = outcome;
	}
	ck_assert_int_eq(verdicts_begin(x), 0);
	ck_assert_int_eq(verdicts_record(x, &r), 0);
	ck_assert_int_eq(verdicts_end(x), 0);
	ck_assert_uint_eq(told.record_count, 1);
	ck_assert_str_eq(verdict_name(told.records[0].verdict), decided);
	ck_assert_uint_eq(told.windows[WINDOW_OFFSET_REUSED], reused);
	verdicts_free(x);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verdict");
	TCase *t = tcase_create("rules"), *h = tcase_create("hops");
	int failed;

	all = vectors_load();
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_all_verified);
	tcase_add_test(t, test_altered);
	tcase_add_test(t, test_headers_behind);
	tcase_add_test(t, test_headers_behind_a_later_hop);
	tcase_add_test(t, test_removed);
	tcase_add_test(t, test_misplaced_and_duplicate);
	tcase_add_test(t, test_forged_headers);
	tcase_add_test(t, test_pending_and_unattested);
	tcase_add_test(t, test_untrusted_and_unsigned);
	tcase_add_loop_test(t, test_untrusted_and_allowed, 0, 2);
	tcase_add_test(t, test_chain_faults);
	tcase_add_test(t, test_empty_windows_are_no_gap);
	tcase_add_test(t, test_manifest);
	tcase_add_test(t, test_aborted);
	tcase_add_test(t, test_compacted);
	tcase_add_test(t, test_compacted_by_an_aborted_record);
	tcase_add_test(t, test_aborted_records_are_cleaned);
	tcase_add_test(t, test_offset_reused);
	tcase_add_test(t, test_latest_of_three);
	tcase_add_test(t, test_offset_reused_without_manifest);
	tcase_add_test(t, test_hop_without_manifest);
	tcase_add_test(t, test_mirror);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(h, setup, teardown);
	tcase_add_loop_test(h, test_hops, 0, (int)json_array_size(json_object_get(all, "hops")));
	suite_add_tcase(s, h);
	failed = suite_run(s);
	json_decref(all);
	return failed;
}
