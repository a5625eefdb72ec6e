/* What a consumer may see of the records of a Fetch answer. */
#include "verify/judge.h"

#include "suite.h"
#include "world_batches.h"

enum { MAX_PLAIN = BATCHES_MAX };

static struct world_proxy proxy, other, elsewhere;
static struct judge *judge;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	memset(&known, 0, sizeof(known));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, false);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	world_proxy_open(&elsewhere, "t", WORLD_TOPIC_ID, 1, 3, false);
	judge = judge_new(MAX_PLAIN);
	batch_codecs = codecs_new(NULL);
	ck_assert_ptr_nonnull(judge);
	ck_assert_ptr_nonnull(batch_codecs);
}

static void
teardown(void)
{
	forget();
	judge_free(judge);
	judge_free(NULL);
	codecs_free(batch_codecs);
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	world_proxy_close(&elsewhere);
}



static const char *
ends(const struct judge_batch *b, size_t n)
{
	static char text[64];

	ck_assert_uint_lt(n, sizeof(text));
	for (size_t i = 0; i < n; i++)
		text[i] = "PWS"[b[i].end];
	text[n] = '\0';
	return text;
}

static const struct judge_batch *got;
static size_t got_count;
static const struct ledger_name *names;
static size_t name_count;
static struct ledger_want want;

static const char *
judged(const struct wr *records, const struct judge_case *with)
{
	struct judge_case c = *with;

	c.topic = slice_str("t");
	c.topic_id = slice_str(WORLD_TOPIC_ID);
	c.cluster_id = slice_str(world_cluster);
	c.dbom_topic = c.dbom_topic.n == 0 ? slice_str(WORLD_DBOM) : c.dbom_topic;
	c.records = wr_slice(records);
	c.now_ms = c.now_ms == 0 ? WORLD_NOW : c.now_ms;
	c.pending_max_ms = 3600000;
	ck_assert_int_eq(judge_open(judge, &c, &want), 0);
	ck_assert_int_eq(judge_run(judge, &known.a, &names, &name_count), 0);
	got = judge_batches(judge, &got_count);
	return ends(got, got_count);
}

/* The records of these tests are two hours old; to be young, they are looked at then. */
enum { YOUNG = 3600000 * 2 - 1000 };

#define JUDGED(records, ...) judged(records, &(struct judge_case){.policy.deny_unattested = true, __VA_ARGS__})
#define ALLOWED(records, ...) judged(records, &(struct judge_case){__VA_ARGS__})

static void
ck_found(size_t i, int64_t offset, enum verdict v, const char *word)
{
	ck_assert_int_eq(got[i].offset, offset);
	ck_assert_msg(got[i].verdict == v, "%s", verdict_name(got[i].verdict));
	ck_assert_msg(strstr(got[i].why, word) != NULL, "%s", got[i].why);
}

/* --- what passes ------------------------------------------------------------------------------ */

START_TEST(attested_records_pass)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 10);
	WINDOW(&proxy, .n = 10, .headers_none = _i == 1);
	know(0, 2);
	for (int64_t o = 0; o < 20; o += 4)
		BATCH(&r, o, o + 4, .codec = (enum codec)(o / 4));
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PPPPP");
	ck_assert_int_eq(want.from, 0);
	ck_assert_int_eq(want.to, 20);
	ck_assert_int_eq(want.min_ms, WORLD_NOW - 3600000 * 2);
	ck_assert_int_eq(want.max_ms, WORLD_NOW);
	ck_assert_uint_eq(name_count, 0);
	for (size_t i = 0; i < 5; i++)
		ck_assert_uint_eq(got[i].counts[VERDICT_VERIFIED], 4);
	/* From the middle of a batch on the records before are nobody's business. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 3), "PPPPP");
	ck_assert_uint_eq(got[0].counts[VERDICT_VERIFIED], 1);
	judge_close(judge);
	wr_free(&r);
}
END_TEST

START_TEST(a_tail_that_is_cut_off_is_no_batch)
{
	struct wr r = wr_new(MAX_PLAIN);
	size_t whole;

	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 0, 5);
	whole = r.len;
	BATCH(&r, 5, 10);
	for (size_t n = r.len - 1; n >= whole; n--) {
		r.len = n;
		ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "P");
		ck_assert_uint_eq(got[0].bytes.n, whole);
	}
	for (size_t n = whole; n-- > 0;) {
		r.len = n;
		ck_assert_str_eq(JUDGED(&r, .fetch_offset = 7), "");
		ck_assert_int_eq(want.from, 7);
		ck_assert_int_eq(want.to, 7);
	}
	wr_free(&r);
}
END_TEST

START_TEST(control_batches_pass)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 4);
	know(0, 1);
	BATCH(&r, 0, 4, .attributes = BATCH_TRANSACTIONAL);
	BATCH(&r, 4, 5, .attributes = BATCH_TRANSACTIONAL | BATCH_CONTROL);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PP");
	/* A marker in place of members is no reason for their absence. */
	wr_reset(&r);
	BATCH(&r, 0, 2);
	BATCH(&r, 2, 4, .attributes = BATCH_CONTROL);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	ck_assert_int_eq(got[1].finding, WINDOW_MISSING);
	ck_assert_int_eq(got[1].offset, 2);
	ck_assert_uint_eq(got[1].missing, 2);
	wr_free(&r);
}
END_TEST

START_TEST(log_append_time)
{
	struct wr r = wr_new(MAX_PLAIN);

	world_log_append = true;
	WINDOW(&proxy, .n = 4);
	world_log_append = false;
	know(0, 1);
	BATCH(&r, 0, 4, .attributes = BATCH_LOG_APPEND);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "P");
	wr_free(&r);
}
END_TEST

START_TEST(unsigned_where_it_is_accepted)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 4);
	know(0, 1);
	known.windows[0].w.trust = TRUST_UNSIGNED;
	BATCH(&r, 0, 4);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "P");
	ck_assert_uint_eq(got[0].counts[VERDICT_UNSIGNED], 4);
	wr_free(&r);
}
END_TEST

/* --- what waits ----------------------------------------------------------------------------------- */

START_TEST(not_stated_yet)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 7);
	BATCH(&r, 7, 10);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "PWW");
	ck_found(1, 5, VERDICT_PENDING, "not stated yet");
	ck_assert_uint_eq(name_count, 1);
	ck_assert(chain_id_eq(&names[0].chain, &proxy.chain));
	ck_assert_uint_eq(names[0].window_id, 2);
	/* For too long: policy decides. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 10), "PWW");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 7,
				 .policy.pass_pending = true), "PPW");
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 7,
				.policy.pass_pending = true), "PSW");
	/* Old: it never was. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PSS");
	ck_found(1, 5, VERDICT_UNATTESTED, "never stated");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PPP");
	ck_assert_uint_eq(got[2].counts[VERDICT_UNATTESTED], 3);
	/* It is now. */
	know(0, 2);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PPP");
	wr_free(&r);
}
END_TEST

START_TEST(without_headers)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5, .headers_none = true);
	know(0, 0);
	BATCH(&r, 0, 5);
	/* It may be a member of a window to come. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "W");
	ck_found(0, 0, VERDICT_UNATTESTED, "no statement lists it");
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 5), "S");
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "S"); /* an hour is over */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = 1), "W"); /* a time to come isn't old */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "P");
	know(0, 1);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "P");
	wr_free(&r);
}
END_TEST

/* As long as more may be read, only what names its window itself passes, and nothing stops. */
START_TEST(not_all_is_read)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5, .headers_none = true);
	know(0, 2);
	known.a.whole = false;
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PW");
	known.a.whole = true;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PP");
	world_forge(&w.r[1], "forged");
	w.r[7].gone = true;
	wr_reset(&r);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	known.a.whole = false;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "WW");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "WW");
	known.a.whole = true;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "SS");
	/* Nothing is known: nobody knows that nothing was there. */
	know(0, 0);
	known.a.whole = false;
	w.r[1].gone = true;
	wr_reset(&r);
	BATCH(&r, 0, 5);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "W");
	wr_free(&r);
}
END_TEST

/* Whether something was where nothing is, a statement that is still to be read may tell. */
START_TEST(gaps_wait)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5);
	WINDOW(&other, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 3);
	known.list[1] = known.list[2];
	known.a.count = 2; /* of the other chain nothing is known */
	BATCH(&r, 0, 5);
	BATCH(&r, 10, 15);
	known.a.whole = false;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PW");
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .compacted = true), "PP");
	known.a.whole = true;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PP");
	/* Inside a batch. */
	w.r[2].gone = true;
	wr_reset(&r);
	BATCH(&r, 0, 5);
	known.a.count = 0;
	known.a.whole = false;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "W");
	known.a.count = 3;
	known.list[1] = &known.windows[1];
	known.list[2] = &known.windows[2];
	wr_free(&r);
}
END_TEST

/* --- what stops -------------------------------------------------------------------------------------- */

static void
alter_value(void)
{
	snprintf(w.r[6].value, sizeof(w.r[6].value), "other");
}

static void
alter_value_and_hash(void)
{
	world_forge(&w.r[6], "other");
}

static void
alter_key(void)
{
	snprintf(w.r[6].key, sizeof(w.r[6].key), "other");
}

static void
alter_time(void)
{
	w.r[6].timestamp++;
}

static void
strip_and_alter(void)
{
	w.r[6].header_count = 1;
	snprintf(w.r[6].value, sizeof(w.r[6].value), "other");
}

static void
swap(void)
{
	struct world_record r = w.r[6];

	memcpy(w.r[6].value, w.r[7].value, sizeof(r.value));
	memcpy(w.r[6].key, w.r[7].key, sizeof(r.key));
	memcpy(w.r[6].hash, w.r[7].hash, sizeof(r.hash));
	w.r[6].timestamp = w.r[7].timestamp;
}

static void
untrust(void)
{
	known.windows[1].w.trust = TRUST_NONE;
}

static const struct {
	void (*spoil)(void);
	int64_t offset;
	enum verdict verdict;
	const char *word;
} attacks[] = {
	{alter_value, 6, VERDICT_ALTERED, "value"},
	{alter_value_and_hash, 6, VERDICT_ALTERED, "differ"},
	{alter_key, 6, VERDICT_ALTERED, "differ"},
	{alter_time, 6, VERDICT_ALTERED, "differ"},
	{strip_and_alter, 6, VERDICT_ALTERED, ""},
	{swap, 6, VERDICT_MISPLACED, "another offset"},
	{untrust, 5, VERDICT_UNTRUSTED, "no trusted key"},
};

START_TEST(violations)
{
	struct wr r = wr_new(MAX_PLAIN);

	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 3);
	attacks[_i].spoil();
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10, .codec = CODEC_ZSTD);
	BATCH(&r, 10, 15);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PSP");
	ck_found(1, attacks[_i].offset, attacks[_i].verdict, attacks[_i].word);
	ck_assert(got[1].finding == WINDOW_COMPLETE && got[1].has_window);
	ck_assert_uint_eq(got[1].window_id, 2);
	/* Unattested records may pass, these may not. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .policy.pass_pending = true, .waited_to = 100), "PSP");
	wr_free(&r);
}
END_TEST

/* Who may write to the statement topic, without a key, stops nothing, and lets nothing pass sooner. */
START_TEST(what_anybody_can_state)
{
	struct wr r = wr_new(MAX_PLAIN);
	struct statement only_a_name = {0};

	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	know(0, 2);
	known.windows[1].w.trust = TRUST_NONE;
	if (_i == 1) { /* nothing else of it can be read */
		only_a_name.chain = proxy.chain;
		only_a_name.window_id = 2;
		known.windows[1].w.statement = &only_a_name;
	}
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "PW");
	ck_found(1, 5, VERDICT_PENDING, "no trusted key");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "PW");
	/* For too long: as if it weren't stated. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 10), "PW");
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 10, .policy.pass_pending = true), "PS");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 10, .policy.pass_pending = true), "PP");
	/* Old: it never was. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	ck_found(1, 5, VERDICT_UNTRUSTED, "no trusted key");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PP");
	ck_assert_uint_eq(got[1].counts[VERDICT_UNATTESTED], 5);
	/* Its header tells another statement topic, where it may be stated. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 5, .now_ms = WORLD_NOW - YOUNG, .dbom_topic = slice_str("another")) + 1, "W");
	ck_found(1, 5, VERDICT_PENDING, "");
	/* The true one comes. */
	know(0, 2);
	known.windows[2] = known.windows[1];
	known.windows[2].w.trust = TRUST_NONE;
	known.list[2] = &known.windows[2];
	known.a.count = 3;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "PP");
	known.a.count = 2;
	/* One behind it comes. */
	know(0, 3);
	known.windows[1].w.trust = TRUST_NONE;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "PS");
	ck_found(1, 5, VERDICT_UNTRUSTED, "no trusted key");
	wr_free(&r);
}
END_TEST

/* A key that the policy knows, and that may not attest them, signed it: they are none that nobody speaks of. */
START_TEST(what_a_known_key_stated)
{
	struct wr r = wr_new(MAX_PLAIN);
	struct statement only_a_name = {0};

	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	know(0, 2);
	known.windows[1].w.trust = TRUST_NONE;
	known.windows[1].w.by_known_key = true;
	if (_i == 1) {
		only_a_name.chain = proxy.chain;
		only_a_name.window_id = 2;
		known.windows[1].w.statement = &only_a_name;
	}
	/* The true one may still come, and who holds some other key keeps nobody from it; but nothing passes for want of it. */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "PW");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG, .waited_to = 10, .policy.pass_pending = true), "PW");
	ck_found(1, 5, VERDICT_PENDING, "");
	/* It doesn't any more. */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PS");
	ck_found(1, 5, VERDICT_UNTRUSTED, "");
	ck_assert_uint_eq(got[1].counts[VERDICT_UNTRUSTED], 5);
	known.a.whole = false;
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PW");
	known.a.whole = true;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	/* One behind it comes. */
	know(0, 3);
	known.windows[1].w.trust = TRUST_NONE;
	known.windows[1].w.by_known_key = true;
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "PS");
	ck_found(1, 5, VERDICT_UNTRUSTED, "");
	/* Of another partition, too. */
	forget();
	WINDOW(&elsewhere, .n = 5);
	WINDOW(&elsewhere, .n = 5);
	know(3, 5);
	known.windows[0].w.trust = TRUST_NONE;
	known.windows[0].w.by_known_key = true;
	wr_reset(&r);
	BATCH(&r, 15, 20);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 15, .now_ms = WORLD_NOW - YOUNG), "S");
	ck_found(0, 15, VERDICT_UNTRUSTED, "");
	wr_free(&r);
}
END_TEST

START_TEST(headers_that_are_forged)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5);
	(void)world_record(&w, &proxy, 1, false); /* names a window that doesn't list it */
	know(0, 1);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 6);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	ck_found(1, 5, VERDICT_FORGED_HEADER, "doesn't list it");
	/* A copy of an attested one. */
	(void)world_copy(&w, 2);
	wr_reset(&r);
	BATCH(&r, 0, 5);
	BATCH(&r, 6, 7);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	ck_found(1, 6, VERDICT_DUPLICATE, "");
	wr_free(&r);
}
END_TEST

static bool
mirrors(void *arg, struct slice topic, struct slice of_cluster, struct slice of_topic)
{
	ck_assert_ptr_null(arg);
	ck_assert(slice_eq(topic, slice_str("t")));
	return slice_eq(of_cluster, slice_str(world_cluster)) && slice_eq(of_topic, slice_str("t"));
}

START_TEST(another_partitions_window)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&elsewhere, .n = 5); /* records 0 to 4 stand here, and are stated there */
	know(0, 0);
	BATCH(&r, 0, 5);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "W");
	ck_assert_uint_eq(name_count, 1);
	ck_assert(chain_id_eq(&names[0].chain, &elsewhere.chain));
	know(0, 1);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "S");
	ck_found(0, 0, VERDICT_MISPLACED, "another topic or partition");
	ck_assert_uint_eq(name_count, 0);
	ck_assert_uint_eq(got[0].counts[VERDICT_MISPLACED], 5);
	/* A declared mirror. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .policy.mirrors = mirrors), "P");
	ck_assert_uint_eq(got[0].counts[VERDICT_VERIFIED_CONTENT], 5);
	known.windows[0].w.trust = TRUST_NONE;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "S");
	ck_found(0, 0, VERDICT_UNTRUSTED, "");
	/* Not that one is stated, but one behind it: it never will be. */
	WINDOW(&elsewhere, .n = 1);
	know(1, 2);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .now_ms = WORLD_NOW - YOUNG), "S");
	ck_found(0, 0, VERDICT_UNATTESTED, "never stated");
	ck_assert_uint_eq(name_count, 1);
	wr_free(&r);
}
END_TEST

/* Windows that are not asked for with the others are not known to be never stated: what names them waits. */
START_TEST(more_windows_than_are_asked_for_at_once)
{
	enum { EACH = 100, BATCHES = JUDGE_NAMES_MAX / EACH + 1 };
	struct wr r = wr_new(MAX_PLAIN);

	know(0, 0);
	for (int b = 0; b < BATCHES; b++) {
		w.count = 0;
		for (uint64_t i = 0; i < EACH; i++)
			(void)world_record(&w, &elsewhere, (uint64_t)b * EACH + i + 1, false);
		BATCH(&r, (int64_t)b * EACH, (int64_t)(b + 1) * EACH, .codec = CODEC_NONE);
	}
	(void)ALLOWED(&r, .fetch_offset = 0);
	ck_assert_uint_eq(name_count, JUDGE_NAMES_MAX);
	for (size_t i = 0; i < name_count; i++)
		ck_assert_uint_eq(names[i].window_id, i + 1);
	for (size_t i = 0; i + 1 < got_count; i++)
		ck_assert_int_eq(got[i].end, JUDGE_PASS);
	ck_assert_int_eq(got[got_count - 1].end, JUDGE_WAIT);
	ck_found(got_count - 1, JUDGE_NAMES_MAX, VERDICT_PENDING, "more windows");
	/* Whatever is known of others of their chain. */
	WINDOW(&elsewhere, .n = 1);
	know(0, 1);
	known.statements[0]->window_id = UINT64_MAX;
	(void)ALLOWED(&r, .fetch_offset = 0);
	ck_assert_int_eq(got[got_count - 1].end, JUDGE_WAIT);
	ck_found(got_count - 1, JUDGE_NAMES_MAX, VERDICT_PENDING, "more windows");
	wr_free(&r);
}
END_TEST

START_TEST(records_that_are_gone)
{
	struct wr r = wr_new(MAX_PLAIN);

	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 3);
	/* Inside a batch, … */
	w.r[6].gone = true;
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	ck_assert(got[1].finding == WINDOW_MISSING && got[1].has_window);
	ck_assert_int_eq(got[1].offset, 6);
	ck_assert_uint_eq(got[1].missing, 1);
	/* … of which the client asks for the rest: it is none of its. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 7) + 1, "P");
	/* … a whole batch, … */
	wr_reset(&r);
	BATCH(&r, 0, 5);
	BATCH(&r, 10, 15);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	ck_assert_int_eq(got[1].offset, 5);
	ck_assert_uint_eq(got[1].missing, 5);
	/* … and the one that was asked for. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 5) + 1, "S");
	wr_reset(&r);
	BATCH(&r, 10, 15);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 8), "S");
	ck_assert_int_eq(got[0].offset, 8);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 10), "P");
	/* With reason: below the log's start; compacted. */
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 8, .log_start = 10), "P");
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .compacted = true), "P");
	ck_assert_int_eq(want.from, 10);
	wr_free(&r);
}
END_TEST

static void
five_later(struct statement *s)
{
	static struct run run = {5, 5};

	s->ranges = (struct runs){&run, 1};
	s->first_offset = 5;
	s->last_offset = 9;
}

/* The log was cut back, and other records have offsets that a statement lists: the window that they name is looked for first. */
START_TEST(offsets_used_again)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5, .edit = five_later);
	for (size_t i = 0; i < 5; i++)
		w.r[i].gone = true;
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 5, 10);
	(void)JUDGED(&r, .fetch_offset = 5);
	ck_assert_uint_eq(name_count, 1);
	ck_assert(chain_id_eq(&names[0].chain, &proxy.chain));
	ck_assert_uint_eq(names[0].window_id, 2);
	/* It is looked for, and not all is read; all is, and it isn't there; it is. */
	known.a.whole = false;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 5), "W");
	known.a.whole = true;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 5), "S");
	ck_found(0, 5, VERDICT_ALTERED, "");
	know(0, 2);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 5), "P");
	ck_assert_uint_eq(got[0].reused, 5);
	ck_assert_uint_eq(name_count, 0);
	wr_free(&r);
}
END_TEST

/* Another chain's window in between accounts for its offsets; empty batches for none. */
START_TEST(two_chains)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 3);
	WINDOW(&other, .n = 3);
	WINDOW(&proxy, .n = 3);
	know(0, 3);
	BATCH(&r, 0, 9);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "P");
	for (size_t i = 3; i < 6; i++)
		w.r[i].gone = true;
	wr_reset(&r);
	BATCH(&r, 0, 3);
	BATCH(&r, 3, 6);
	BATCH(&r, 6, 9);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PSP");
	ck_assert_uint_eq(got[1].missing, 3);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0, .compacted = true), "PPP");
	wr_free(&r);
}
END_TEST

/* --- what a chain tells ---------------------------------------------------------------------------------- */

/* Windows 1, 3 and 4 of the proxy, in 0 … 4, 10 … 14 and 15 … 19; the second is not there, nor are its records in 5 … 9. */
static void
one_withheld(void)
{
	for (int i = 0; i < 4; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 4);
	for (size_t i = 5; i < 10; i++)
		w.r[i].gone = true;
	known.list[1] = known.list[2];
	known.list[2] = known.list[3];
	known.a.count = 3;
	known.links[1].has_gap = true;
}

static void
ck_window(size_t i, enum window_finding f, int64_t offset, uint64_t window_id, const char *word)
{
	ck_assert_msg(got[i].finding == f, "%s", window_finding_name(got[i].finding));
	ck_assert_int_eq(got[i].offset, offset);
	ck_assert(got[i].has_window);
	ck_assert_uint_eq(got[i].window_id, window_id);
	ck_assert_msg(strstr(got[i].why, word) != NULL, "%s", got[i].why);
}

START_TEST(a_window_withheld_with_its_records)
{
	struct wr r = wr_new(MAX_PLAIN);

	one_withheld();
	BATCH(&r, 0, 5);
	BATCH(&r, 10, 15);
	BATCH(&r, 15, 20);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PSP");
	ck_assert(want.holes);
	ck_window(1, WINDOW_GAP, 5, 3, "not there");
	ck_assert_uint_eq(got[1].gaps, 1);
	ck_assert_uint_eq(got[1].missing, 0);
	ck_assert_uint_eq(got[2].gaps, 0);
	/* The records themselves are as they have to be: who skips violations, or a share group, goes on with them. */
	ck_assert_int_eq(got[1].of_records, JUDGE_PASS);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 7) + 1, "SP");
	ck_window(1, WINDOW_GAP, 7, 3, "not there");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .unordered = true), "PSP");
	/* As long as not all is read it may come. */
	known.a.whole = false;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PWW");
	known.a.whole = true;
	wr_reset(&r);
	BATCH(&r, 10, 15);
	BATCH(&r, 15, 20);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 5), "SP");
	ck_window(0, WINDOW_GAP, 5, 3, "not there");
	/* Below the log's start nothing has to be, and what isn't asked for isn't judged. */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 5, .log_start = 10), "PP");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 5, .log_start = 9), "SP");
	ck_window(0, WINDOW_GAP, 9, 3, "not there");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 10), "PP");
	ck_assert(!want.holes);
	/* On a compacted topic the cleaner may have been there. */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .compacted = true), "PP");
	ck_assert(!want.holes);
	wr_free(&r);
}
END_TEST

/* Where nothing says that a statement is missing, offsets without records pass as they did. */
START_TEST(holes_of_no_window)
{
	struct wr r = wr_new(MAX_PLAIN);

	one_withheld();
	BATCH(&r, 0, 5);
	BATCH(&r, 10, 15);
	known.links[1].has_gap = false;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PP");
	known.a.links = NULL;
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PP");
	known.a.links = known.links;
	/* Before the chain's window that is there before it there was nothing of it. */
	known.links[1] = (struct ledger_link){.has_gap = true, .gap_from = 10};
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PP");
	known.links[1] = (struct ledger_link){.has_gap = true, .gap_from = 9};
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	/* Nor behind the one that follows.  Where there are records nobody attested them, and that is their verdict. */
	known.links[1] = (struct ledger_link){.has_gap = true};
	for (size_t i = 5; i < 10; i++)
		w.r[i].gone = false;
	wr_reset(&r);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	BATCH(&r, 10, 15);
	known.a.count = 2; /* nothing is known of the last */
	BATCH(&r, 17, 20);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PPPP");
	ck_assert(want.holes);
	wr_reset(&r);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10, .attributes = BATCH_CONTROL | BATCH_TRANSACTIONAL);
	BATCH(&r, 10, 15);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PPP");
	wr_free(&r);
}
END_TEST

/* Members that are missing are told as that; what is beside them is the withheld window's. */
START_TEST(holes_that_windows_list)
{
	struct wr r = wr_new(MAX_PLAIN);

	one_withheld();
	w.r[3].gone = w.r[4].gone = true;
	BATCH(&r, 0, 3);
	BATCH(&r, 10, 15);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PS");
	ck_assert_int_eq(got[1].finding, WINDOW_MISSING);
	ck_assert_int_eq(got[1].offset, 3);
	ck_assert_uint_eq(got[1].missing, 2);
	ck_assert_uint_eq(got[1].gaps, 1);
	/* All of it is listed. */
	known.a.count = 4; /* all are forgotten */
	know(0, 4);
	known.links[2].has_gap = true;
	wr_reset(&r);
	BATCH(&r, 0, 3);
	BATCH(&r, 10, 15);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PS");
	ck_assert_int_eq(got[1].finding, WINDOW_MISSING);
	ck_assert_uint_eq(got[1].gaps, 0);
	wr_free(&r);
}
END_TEST

/* One batch had all three windows; it was made anew without the second. */
START_TEST(withheld_inside_a_batch)
{
	struct wr r = wr_new(MAX_PLAIN);

	one_withheld();
	BATCH(&r, 0, 15, .codec = CODEC_GZIP);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "S");
	ck_assert(want.holes);
	ck_window(0, WINDOW_GAP, 5, 3, "not there");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 8), "S");
	ck_window(0, WINDOW_GAP, 8, 3, "not there");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 10), "P");
	/* At its end. */
	wr_reset(&r);
	BATCH(&r, 0, 5, .more = 5);
	BATCH(&r, 10, 15);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "SP");
	ck_window(0, WINDOW_GAP, 5, 3, "not there");
	wr_free(&r);
}
END_TEST

/* Another chain's records between, and behind. */
START_TEST(withheld_between_two_chains)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5); /* 0 … 4 */
	WINDOW(&other, .n = 5); /* 5 … 9 */
	WINDOW(&proxy, .n = 5); /* 10 … 14: withheld */
	WINDOW(&other, .n = 5); /* 15 … 19 */
	WINDOW(&proxy, .n = 5); /* 20 … 24 */
	know(0, 5);
	for (size_t i = 10; i < 15; i++)
		w.r[i].gone = true;
	known.list[2] = known.list[3];
	known.list[3] = known.list[4];
	known.a.count = 4;
	known.links[3].has_gap = true;
	BATCH(&r, 0, 10);
	BATCH(&r, 15, 20);
	BATCH(&r, 20, 25);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PSP");
	ck_window(1, WINDOW_GAP, 10, 3, "not there");
	wr_free(&r);
}
END_TEST

START_TEST(a_fork_or_a_break)
{
	const bool fork = _i == 0;
	struct wr r = wr_new(MAX_PLAIN);

	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 3);
	known.links[1] = fork ? (struct ledger_link){.is_fork = true} : (struct ledger_link){.is_broken = true};
	for (int64_t o = 0; o < 15; o += 5)
		BATCH(&r, o, o + 5);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PSP");
	ck_assert(!want.holes);
	ck_window(1, fork ? WINDOW_FORK : WINDOW_BREAK, 5, 2, fork ? "another statement" : "follows");
	ck_assert_uint_eq(got[1].forks, fork);
	ck_assert_uint_eq(got[1].breaks, !fork);
	ck_assert_uint_eq(got[1].counts[VERDICT_VERIFIED], 5);
	ck_assert_int_eq(got[1].of_records, JUDGE_PASS);
	/* From its middle on, too. */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 7) + 1, "SP");
	ck_window(1, fork ? WINDOW_FORK : WINDOW_BREAK, 7, 2, "");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 10) + 2, "P");
	if (fork) { /* the other one is there, too */
		known.list[3] = known.list[1];
		known.links[3] = known.links[1];
		known.a.count = 4;
		ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PSP");
		ck_assert_uint_eq(got[1].forks, 1);
		/* … and before them one that stops nothing, for nobody signed it. */
		known.list[3] = known.list[0];
		known.list[0] = known.list[1];
		known.links[3] = known.links[0];
		known.links[0] = (struct ledger_link){.is_fork = false};
		ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PSP");
		ck_assert_uint_eq(got[1].forks, 1);
		known.list[0] = known.list[3];
		known.links[0] = known.links[3];
		known.a.count = 3;
	}
	/* On a compacted topic, too: it is about what is there. */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0, .compacted = true), "PSP");
	known.a.whole = false;
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PWP");
	known.a.whole = true;
	/* Not of another partition's window. */
	known.statements[1]->partition = 7;
	(void)ALLOWED(&r, .fetch_offset = 0);
	ck_assert_int_eq(got[1].finding, WINDOW_COMPLETE);
	wr_free(&r);
}
END_TEST

/* --- what can't be read ---------------------------------------------------------------------------------- */

START_TEST(damaged)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10, .bad_crc = true);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	ck_found(1, 5, VERDICT_UNATTESTED, "damaged");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PS");
	known.a.whole = false;
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PW");
	know(0, 2);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PS");
	ck_found(1, 5, VERDICT_ALTERED, "damaged");
	/* Too large. */
	judge_free(judge);
	judge = judge_new(100);
	wr_reset(&r);
	BATCH(&r, 0, 5, .codec = CODEC_GZIP);
	BATCH(&r, 5, 10);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "SP");
	ck_found(0, 0, VERDICT_ALTERED, "too large");
	wr_reset(&r);
	BATCH(&r, 2, 8, .codec = CODEC_GZIP); /* its first offset isn't the first that is listed */
	know(1, 2);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 2), "S");
	ck_found(0, 5, VERDICT_ALTERED, "too large");
	know(0, 0);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 2), "P");
	wr_free(&r);
}
END_TEST

/*
 * A batch that doesn't stand where it can, or whose records don't: nobody can tell which offsets clients take it for, so that
 * it doesn't pass where unattested records may.
 */
static const struct {
	int64_t from, to;
	int32_t more;
	size_t at; /* one byte of it is this: */
	uint8_t byte;
} strange[] = {
	{3, 10, 0, 0, 0},         /* from offsets that were given */
	{5, 10, -3, 0, 0},        /* with records behind its last offset */
	{5, 10, -10, 0, 0},       /* whose last offset is before its first */
	{5, 10, 0, 0, 0x80},      /* at negative offsets */
	{5, 10, 0, 16, 3},        /* of a format to come */
};

START_TEST(offsets_that_can_not_be_told)
{
	struct wr r = wr_new(MAX_PLAIN);
	size_t at;

	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	at = r.len;
	BATCH(&r, strange[_i].from, strange[_i].to, .more = strange[_i].more);
	if (strange[_i].byte != 0)
		r.buf[at + strange[_i].at] = strange[_i].byte;
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PS");
	ck_assert_int_eq(got[1].finding, WINDOW_COMPLETE);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PS");
	known.a.whole = false;
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PW");
	wr_free(&r);
}
END_TEST

/* A message of format 1, or a set of them. */
static void
old_message(struct wr *r, int64_t offset, enum codec codec)
{
	wr_i64(r, offset);
	wr_i32(r, 14);
	wr_u32(r, 0);
	wr_u8(r, 1);
	wr_u8(r, (uint8_t)codec);
	for (int i = 0; i < 8; i++)
		wr_u8(r, 0);
}

/* What no statement lists is unattested; in a listed offset it is in a record's place, and hides none of those before it. */
START_TEST(old_formats)
{
	struct wr r = wr_new(MAX_PLAIN);

	know(0, 0);
	old_message(&r, 0, CODEC_NONE);
	old_message(&r, 3, CODEC_GZIP);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "SS");
	ck_found(0, 0, VERDICT_UNATTESTED, "message format");
	ck_found(1, 1, VERDICT_UNATTESTED, "message format");
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PP");
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	wr_reset(&r);
	old_message(&r, 0, CODEC_NONE);
	old_message(&r, 3, CODEC_NONE);
	BATCH(&r, 4, 10);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "SSP");
	ck_found(0, 0, VERDICT_ALTERED, "message format");
	ck_assert_int_eq(got[1].finding, WINDOW_MISSING);
	ck_assert_int_eq(got[1].offset, 1);
	ck_assert_uint_eq(got[1].missing, 2);
	ck_assert_uint_eq(got[1].counts[VERDICT_ALTERED], 1);
	/* Whether the cleaner was there or not. */
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 3, .compacted = true) + 1, "SP");
	ck_found(1, 3, VERDICT_ALTERED, "message format");
	/* A set may have any record up to its own offset. */
	wr_reset(&r);
	old_message(&r, 3, CODEC_GZIP);
	BATCH(&r, 4, 10);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 1), "SP");
	ck_found(0, 1, VERDICT_ALTERED, "message format");
	ck_assert_uint_eq(got[0].missing, 0);
	/* Behind and before the members it is what nobody attested. */
	wr_reset(&r);
	BATCH(&r, 0, 10);
	old_message(&r, 11, CODEC_GZIP);
	ck_assert_str_eq(ALLOWED(&r, .fetch_offset = 0), "PP");
	ck_found(1, -1, VERDICT_VERIFIED, "");
	ck_assert_uint_eq(got[1].counts[VERDICT_UNATTESTED], 1);
	wr_free(&r);
}
END_TEST

/* Offsets that go back are no log's. */
START_TEST(offsets_ascend)
{
	struct wr r = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 0, 5);
	BATCH(&r, 3, 5);
	BATCH(&r, 5, 10);
	ck_assert_str_eq(JUDGED(&r, .fetch_offset = 0), "PSS");
	wr_free(&r);
}
END_TEST

/* Any byte of a batch changed: it doesn't pass as a whole with other records in it, and nothing breaks. */
START_TEST(each_byte)
{
	struct wr r = wr_new(MAX_PLAIN), s = wr_new(MAX_PLAIN);

	WINDOW(&proxy, .n = 3);
	know(0, 1);
	BATCH(&r, 0, 3, .codec = _i == 0 ? CODEC_NONE : CODEC_LZ4);
	for (size_t i = 0; i < r.len; i++) {
		static const uint8_t flips[] = {0x01, 0x80, 0xff};

		for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
			const char *end;

			wr_reset(&s);
			wr_slice_put(&s, wr_slice(&r));
			s.buf[i] ^= flips[k];
			end = JUDGED(&s, .fetch_offset = 0);
			/* The leader's epoch is no part of what is attested. */
			if (got_count > 0 && (i < 12 || i >= 16))
				ck_assert_msg(strcmp(end, "P") != 0, "byte %zu", i);
		}
	}
	wr_free(&r);
	wr_free(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("judge");
	TCase *c = tcase_create("judge");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, attested_records_pass, 0, 2);
	tcase_add_test(c, a_tail_that_is_cut_off_is_no_batch);
	tcase_add_test(c, control_batches_pass);
	tcase_add_test(c, log_append_time);
	tcase_add_test(c, unsigned_where_it_is_accepted);
	tcase_add_test(c, not_stated_yet);
	tcase_add_test(c, without_headers);
	tcase_add_test(c, not_all_is_read);
	tcase_add_test(c, gaps_wait);
	tcase_add_loop_test(c, violations, 0, ARRAY_LEN(attacks));
	tcase_add_loop_test(c, what_anybody_can_state, 0, 2);
	tcase_add_loop_test(c, what_a_known_key_stated, 0, 2);
	tcase_add_test(c, headers_that_are_forged);
	tcase_add_test(c, another_partitions_window);
	tcase_add_test(c, more_windows_than_are_asked_for_at_once);
	tcase_add_test(c, records_that_are_gone);
	tcase_add_test(c, offsets_used_again);
	tcase_add_test(c, two_chains);
	tcase_add_test(c, a_window_withheld_with_its_records);
	tcase_add_test(c, holes_of_no_window);
	tcase_add_test(c, holes_that_windows_list);
	tcase_add_test(c, withheld_inside_a_batch);
	tcase_add_test(c, withheld_between_two_chains);
	tcase_add_loop_test(c, a_fork_or_a_break, 0, 2);
	tcase_add_test(c, damaged);
	tcase_add_loop_test(c, offsets_that_can_not_be_told, 0, ARRAY_LEN(strange));
	tcase_add_test(c, old_formats);
	tcase_add_test(c, offsets_ascend);
	tcase_add_loop_test(c, each_byte, 0, 2);
	suite_add_tcase(s, c);
	return suite_run(s);
}
