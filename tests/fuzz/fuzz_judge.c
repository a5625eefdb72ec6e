/*
 * Any bytes as the records of a Fetch answer: flags, fetch offset (2 bytes), then batches, whose CRCs are made right.
 *
 * What must hold: batches follow each other in the bytes and in their offsets; while more is to be read nothing
 * stops; what isn't verified passes only where policy lets it, and a damaged or altered record of the one window
 * that is known never does.
 */
#include "digest/crc32c.h"
#include "kafka/batch.h"
#include "makoto/leaf.h"
#include "makoto/tree.h"
#include "verify/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHOLE = 1, DENY = 2, COMPACTED = 4, PASS = 8, RAW = 16, MEMBERS = 4, MAX_PLAIN = 1 << 20, NOW = 1000000 };

static struct judge *judge;
static uint8_t manifest[MEMBERS][LEAF_LEN];
static struct run members = {2, MEMBERS};
static struct statement statement;
static struct ledger_window window;

static void
make_window(void)
{
	struct tree tree;

	tree_init(&tree);
	for (int i = 0; i < MEMBERS; i++) {
		memset(manifest[i], i + 1, LEAF_LEN);
		tree_add(&tree, manifest[i]);
	}
	statement = (struct statement){.cluster_id = slice_str("c"), .topic = slice_str("t"), .topic_id = slice_str("i"),
				       .window_id = 1, .manifest = MANIFEST_LEAF, .leaf_count = MEMBERS, .first_offset = 2,
				       .last_offset = 1 + MEMBERS, .ranges = {&members, 1}};
	tree_root(&tree, statement.root);
	sha256_of(slice_of(manifest, sizeof(manifest)), statement.manifest_sha256);
	window.w = (struct verdict_window){.statement = &statement, .trust = TRUST_SIGNED,
					   .manifest = slice_of(manifest, sizeof(manifest))};
}

static void
make_right(uint8_t *p, size_t n)
{
	struct batch b;

	while (batch_read(slice_of(p, n), &b) == 0) {
		uint32_t crc = crc32c(0, slice_of(p + BATCH_CRC_FROM, b.whole.n - BATCH_CRC_FROM));

		for (int i = 0; i < 4; i++)
			p[BATCH_CRC_AT + i] = (uint8_t)(crc >> (24 - 8 * i));
		p += b.whole.n;
		n -= b.whole.n;
	}
}

static void
check(const struct judge_case *c, const struct ledger_answer *a, const struct ledger_want *want)
{
	const struct judge_batch *b;
	const uint8_t *at = c->records.p;
	int64_t last = INT64_MIN;
	size_t n;

	b = judge_batches(judge, &n);
	INVARIANT(want->from <= want->to);
	for (size_t i = 0; i < n; i++) {
		INVARIANT(b[i].bytes.p == at && b[i].bytes.n >= 12);
		at += b[i].bytes.n;
		INVARIANT((size_t)(at - c->records.p) <= c->records.n);
		INVARIANT(b[i].base <= b[i].last && b[i].last >= last && b[i].last < want->to);
		last = b[i].last;
		INVARIANT(a->whole || b[i].end != JUDGE_STOP);
		if (b[i].end != JUDGE_PASS)
			continue;
		for (int v = VERDICT_DUPLICATE; v < VERDICT_COUNT; v++)
			INVARIANT(b[i].counts[v] == 0);
		INVARIANT(b[i].missing == 0);
		INVARIANT(!c->policy.deny_unattested || b[i].counts[VERDICT_UNATTESTED] + b[i].counts[VERDICT_PENDING] == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ledger_window *list[] = {&window};
	const struct ledger_name *names;
	struct ledger_answer a = {.windows = list, .count = 1};
	struct ledger_want want;
	struct judge_case c;
	uint8_t *copy;
	size_t count;

	if (judge == NULL) {
		judge = judge_new(MAX_PLAIN);
		make_window();
	}
	if (size < 3 || judge == NULL || (copy = malloc(size - 3 + 1)) == NULL)
		return 0;
	memcpy(copy, data + 3, size - 3);
	if ((data[0] & RAW) == 0)
		make_right(copy, size - 3);
	a.whole = (data[0] & WHOLE) != 0;
	c = (struct judge_case){.topic = slice_str("t"), .topic_id = slice_str("i"), .cluster_id = slice_str("c"),
				.dbom_topic = slice_str("makoto.dbom"), .compacted = (data[0] & COMPACTED) != 0,
				.records = slice_of(copy, size - 3), .fetch_offset = data[1] << 8 | data[2],
				.waited_to = (data[0] & PASS) != 0 ? INT64_MAX : -1, .now_ms = NOW, .pending_max_ms = 1000};
	c.policy.deny_unattested = (data[0] & DENY) != 0;
	c.policy.pass_pending = (data[0] & PASS) != 0;
	if (judge_open(judge, &c, &want) == 0 && judge_run(judge, &a, &names, &count) == 0)
		check(&c, &a, &want);
	judge_close(judge);
	free(copy);
	return 0;
}
