/* Every verdict and finding that a log and its statements can come to, one spoiled thing at a time. */
#include "judging.h"

START_TEST(untouched)
{
	struct seen s;

	three_windows();
	s = JUDGE();
	ck_verdicts(&s, 15, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_uint_eq(s.tally.windows, 3);
	ck_assert_uint_eq(s.tally.windows_with[WINDOW_COMPLETE], 3);
	ck_assert_uint_eq(s.count.trusted, 3);
}
END_TEST

/* Value; value and its hash; key; header; timestamp; to null. */
enum { EDITS = 6 };

START_TEST(altered)
{
	struct world_record *r;
	struct seen s;

	three_windows();
	r = &w.r[7];
	switch (_i) {
	case 0:
		snprintf(r->value, sizeof(r->value), "forged");
		break;
	case 1:
		world_forge(r, "forged");
		break;
	case 2:
		snprintf(r->key, sizeof(r->key), "forged");
		break;
	case 3:
		r->headers[0].value = slice_str("2");
		break;
	case 4:
		r->timestamp++;
		break;
	default:
		r->null_value = true;
	}
	s = JUDGE();
	ck_verdicts(&s, 14, VERDICT_ALTERED, 1, TALLY_VIOLATION);
	ck_assert_int_eq(s.offsets[VERDICT_ALTERED], 7);
	if (_i == 0)
		ck_assert_ptr_nonnull(strstr(s.why, "value"));
	/* With what was expected, and what is there. */
	ck_assert_str_eq(s.hashes.of, "leaf");
	ck_assert(s.hashes.has_expected && s.hashes.has_found);
	ck_assert_mem_eq(s.hashes.expected, r->leaf, SHA256_LEN);
	ck_assert_mem_ne(s.hashes.found, r->leaf, SHA256_LEN);
}
END_TEST

START_TEST(headers_stripped_or_behind)
{
	struct seen s;

	three_windows();
	w.r[3].header_count = 1;
	w.r[4].headers[4] = (struct header){slice_str("late"), slice_str("x")};
	w.r[4].header_count = 5;
	s = JUDGE();
	ck_verdicts(&s, 15, VERDICT_VERIFIED, 0, TALLY_OK);
	for (size_t i = 0; i < 15; i++)
		ck_assert_uint_eq(s.behind[i], i == 4);
	ck_assert_uint_eq(s.tally.records_with_behind, 1);
	ck_assert_uint_eq(s.tally.headers_behind, 1);
	/* What wasn't asked for isn't counted. */
	s = JUDGE(.from = 5);
	ck_assert_uint_eq(s.tally.records_with_behind, 0);
	ck_assert_uint_eq(s.tally.headers_behind, 0);
}
END_TEST

START_TEST(swapped)
{
	struct seen s;

	three_windows();
	w.r[6].offset = 8;
	w.r[8].offset = 6;
	s = JUDGE();
	ck_verdicts(&s, 13, VERDICT_MISPLACED, 2, TALLY_VIOLATION);
}
END_TEST

START_TEST(removed)
{
	struct seen s;

	three_windows();
	w.r[6].gone = w.r[7].gone = true;
	s = JUDGE();
	ck_verdicts(&s, 13, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 2);
	ck_assert_int_eq(s.absent[WINDOW_MISSING], 7);
	ck_assert_uint_eq(s.tally.members[WINDOW_MISSING], 2);
	ck_assert_uint_eq(s.tally.windows_with[WINDOW_MISSING], 1);
	ck_assert_uint_eq(s.tally.windows_with[WINDOW_COMPLETE], 2);
	ck_assert_str_eq(s.hashes.of, "leaf");
	ck_assert(s.hashes.has_expected && !s.hashes.has_found);
	ck_assert_mem_eq(s.hashes.expected, w.r[7].leaf, SHA256_LEN);
	ck_assert_str_eq(s.keyid, signer_keyid(proxy.signer));
}
END_TEST

START_TEST(removed_by_retention)
{
	struct seen s;

	three_windows();
	for (int i = 0; i < 7; i++)
		w.r[i].gone = true;
	s = JUDGE(.log_start = 7);
	ck_verdicts(&s, 8, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_int_eq(s.findings[WINDOW_RETENTION], 7);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 0);
}
END_TEST

START_TEST(compacted)
{
	struct seen s;

	WINDOW(&proxy, .n = 6, .manifest = MANIFEST_LEAF_KEY);
	/* Keys repeat every three records: the first three have later ones, the last three don't. */
	w.r[0].gone = w.r[1].gone = true;
	s = JUDGE(.compacted = true);
	ck_verdicts(&s, 4, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_int_eq(s.findings[WINDOW_COMPACTED], 2);
	/* The later one may be behind what was asked for. */
	s = JUDGE(.compacted = true, .to = 2);
	ck_verdicts(&s, 0, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_int_eq(s.findings[WINDOW_COMPACTED], 2);
	/* Keys in the manifest alone are no reason for a record to be gone. */
	s = JUDGE();
	ck_verdicts(&s, 4, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 2);
	w.r[5].gone = true;
	s = JUDGE(.compacted = true);
	ck_verdicts(&s, 3, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.absent[WINDOW_MISSING], 5);
}
END_TEST

static void
no_such_statement(struct statement *s)
{
	memset(s->previous_statement, 0, SHA256_LEN);
}

static void
settled_later(struct statement *s)
{
	s->settled_ms += 5000;
}

START_TEST(gap)
{
	struct seen s;

	three_windows();
	w.s[1].gone = true;
	s = JUDGE();
	ck_verdicts(&s, 10, VERDICT_UNATTESTED, 5, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_GAP], 1);
	/* The same outside of what was asked for is not told. */
	s = JUDGE(.to = 3);
	ck_verdicts(&s, 3, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

static void
ck_statement_hashes(const struct seen *s)
{
	ck_assert_str_eq(s->hashes.of, "statement");
	ck_assert(s->hashes.has_expected && s->hashes.has_found);
	ck_assert_mem_ne(s->hashes.expected, s->hashes.found, SHA256_LEN);
}

START_TEST(chain_break)
{
	struct seen s;

	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5, .edit = no_such_statement);
	s = JUDGE();
	ck_verdicts(&s, 10, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_BREAK], 1);
	ck_statement_hashes(&s);
}
END_TEST

/* Window 2 is stated a second time, otherwise, by the same key. */
START_TEST(forked)
{
	struct world_proxy before;
	uint8_t hash[SHA256_LEN];
	struct seen s;

	WINDOW(&proxy, .n = 5);
	before = proxy;
	WINDOW(&proxy, .n = 5);
	w.count -= 5;
	w.next_offset -= 5;
	WINDOW(&before, .n = 5, .edit = settled_later);
	s = JUDGE();
	ck_verdicts(&s, 10, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_FORK], 1);
	sha256_of(wr_slice(&w.s[1].payload), hash);
	ck_statement_hashes(&s);
	ck_assert_mem_eq(s.hashes.expected, hash, SHA256_LEN);
	sha256_of(wr_slice(&w.s[2].payload), hash);
	ck_assert_mem_eq(s.hashes.found, hash, SHA256_LEN);
}
END_TEST

START_TEST(published_again)
{
	struct world_statement *again;
	struct seen s;

	WINDOW(&proxy, .n = 5, .no_manifest_header = true);
	/* Another signature over the same payload, and this time with its manifest. */
	again = &w.s[w.stated++];
	*again = (struct world_statement){.value = wr_new(1 << 20), .manifest = wr_new(1 << 20), .payload = wr_new(1)};
	memcpy(again->key, w.s[0].key, sizeof(again->key));
	world_sign(&proxy, wr_slice(&w.s[0].payload), &again->value);
	for (int i = 0; i < 5; i++)
		wr_bytes(&again->manifest, w.r[i].leaf, LEAF_LEN);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_uint_eq(s.count.trusted, 1);
}
END_TEST

START_TEST(manifest_missing)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .no_manifest_header = true);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MANIFEST_MISSING], 1);
	ck_assert_str_eq(s.hashes.of, "manifest");
	ck_assert(s.hashes.has_expected && !s.hashes.has_found);
	/* With one altered it can't be told which; with one gone nothing can be told. */
	snprintf(w.r[2].value, sizeof(w.r[2].value), "forged");
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_ALTERED, 5, TALLY_VIOLATION);
	w.r[4].gone = true;
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNATTESTED, 4, TALLY_VIOLATION);
}
END_TEST

START_TEST(manifest_none)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .manifest = MANIFEST_NONE);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_OK);
	/* A part of such a window takes the whole of it to judge, and only the part is told. */
	s = JUDGE(.from = 1, .to = 3);
	ck_verdicts(&s, 2, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

START_TEST(manifest_wrong)
{
	struct seen s;

	WINDOW(&proxy, .n = 5);
	w.s[0].manifest.buf[33] ^= 1;
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MANIFEST_MISSING], 1);
	/* A part of it takes the whole to judge, as if there were none. */
	s = JUDGE(.from = 1, .to = 3);
	ck_verdicts(&s, 2, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
}
END_TEST

/* Whoever adds a manifest where none was declared takes nothing away. */
START_TEST(manifest_not_declared)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .manifest = MANIFEST_NONE);
	wr_text(&w.s[0].manifest, "of somebody else");
	s = JUDGE(.from = 1, .to = 3);
	ck_verdicts(&s, 2, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

START_TEST(another_key)
{
	struct seen s;

	WINDOW(&proxy, .n = 5);
	WINDOW(&other, .n = 5);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_UNTRUSTED, 5, TALLY_VIOLATION);
	ck_assert_uint_eq(s.count.untrusted, 1);
	ck_assert_str_eq(s.count.untrusted_keyid, signer_keyid(other.signer));
}
END_TEST

START_TEST(signature_of_other_bytes)
{
	struct wr changed = wr_new(1 << 20);
	struct seen s;
	char *at;

	WINDOW(&proxy, .n = 5);
	/* One letter inside the base64 of the payload. */
	wr_slice_put(&changed, wr_slice(&w.s[0].value));
	wr_u8(&changed, 0);
	at = (char *)changed.buf + 300;
	*at = *at == 'A' ? 'B' : 'A';
	wr_reset(&w.s[0].value);
	wr_text(&w.s[0].value, (char *)changed.buf);
	wr_free(&changed);
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNTRUSTED, 5, TALLY_VIOLATION);
}
END_TEST

START_TEST(under_another_key)
{
	struct seen s;

	WINDOW(&proxy, .n = 5);
	(void)chain_key(&proxy.chain, 2, w.s[0].key);
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED], 0);
	ck_assert_uint_eq(s.count.unreadable, 1);
	/* What names window 2 names a window whose only statement doesn't verify. */
	snprintf(w.s[0].key, sizeof(w.s[0].key), "no/statement");
	s = JUDGE();
	ck_assert_uint_eq(s.count.unreadable, 0);
}
END_TEST

START_TEST(noise_in_the_statement_topic)
{
	static const char *const noise[] = {"", "{}", "not JSON", "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[]}"};
	struct seen s;

	WINDOW(&proxy, .n = 5);
	for (size_t i = 0; i < ARRAY_LEN(noise); i++) {
		struct world_statement *x = &w.s[w.stated++];

		*x = (struct world_statement){.value = wr_new(4096), .manifest = wr_new(1), .payload = wr_new(1)};
		memcpy(x->key, w.s[0].key, sizeof(x->key));
		wr_text(&x->value, noise[i]);
	}
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_uint_eq(s.count.unreadable, 3); /* an empty one is null here, and says nothing */
}
END_TEST

START_TEST(unsigned_statement)
{
	struct world_proxy bare;
	struct seen s;

	world_proxy_open(&bare, "t", WORLD_TOPIC_ID, 0, 3, false);
	WINDOW(&bare, .n = 5);
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNTRUSTED, 5, TALLY_VIOLATION);
	s = JUDGE(.accept_unsigned = true);
	ck_verdicts(&s, 0, VERDICT_UNSIGNED, 5, TALLY_OK);
}
END_TEST

/* Consistent in itself: tree height, ranges, producers and all. */
static void
immense(struct statement *s)
{
	s->leaf_count = (uint64_t)1 << 50;
	s->ranges.list[0].count = (int64_t)1 << 50;
	s->last_offset = s->first_offset + s->ranges.list[0].count - 1;
	s->producers[0].records = s->leaf_count;
}

/* Where anybody's word counts, nobody can claim so many members that there is no memory left to look at others. */
START_TEST(more_members_than_can_be)
{
	struct world_proxy bare;
	struct seen s;

	world_proxy_open(&bare, "t", WORLD_TOPIC_ID, 0, 3, false);
	WINDOW(&proxy, .n = 5);
	WINDOW(&bare, .n = 5, .manifest = MANIFEST_NONE, .edit = immense);
	s = JUDGE(.accept_unsigned = true);
	ck_verdicts(&s, 5, VERDICT_UNTRUSTED, 5, TALLY_VIOLATION);
	ck_assert_uint_eq(s.count.unreadable, 1);
}
END_TEST

START_TEST(nothing_stated)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .withhold = true);
	/* Its records are two hours old: nothing is coming any more. */
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNATTESTED, 5, TALLY_UNDECIDED);
	s = JUDGE(.now = WORLD_NOW - 3600000 * 2 + 60000);
	ck_verdicts(&s, 0, VERDICT_PENDING, 5, TALLY_UNDECIDED);
}
END_TEST

START_TEST(never_through_the_proxy)
{
	struct seen s;

	WINDOW(&proxy, .n = 5);
	(void)world_record(&w, &proxy, 0, true);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_UNATTESTED, 1, TALLY_UNDECIDED);
}
END_TEST

START_TEST(forged_and_copied)
{
	struct seen s;

	WINDOW(&proxy, .n = 5);
	(void)world_copy(&w, 2);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_DUPLICATE, 1, TALLY_VIOLATION);
	w.count--;
	world_forge(world_copy(&w, 2), "mine");
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_FORGED_HEADER, 1, TALLY_VIOLATION);
	w.count--;
	snprintf(world_copy(&w, 2)->value, 64, "a value of another hash");
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_FORGED_HEADER, 1, TALLY_VIOLATION);
	w.count--;
	world_copy(&w, 2)->header_count = 2;
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_FORGED_HEADER, 1, TALLY_VIOLATION);
}
END_TEST

/* Records of another topic, with that topic's headers: its statements are fetched, and say where they belong. */
START_TEST(from_another_topic)
{
	struct world_proxy there;
	struct seen s;

	WINDOW(&proxy, .n = 5);
	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 0, 1, true);
	trust_also(there.public_key);
	WINDOW(&there, .n = 5);
	WINDOW(&there, .n = 5);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_MISPLACED, 10, TALLY_VIOLATION);
	w.r[8].headers[4] = w.r[8].headers[5] = (struct header){slice_str("late"), slice_str("x")};
	w.r[8].header_count = 6;
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_MISPLACED, 10, TALLY_VIOLATION);
	ck_assert_uint_eq(s.behind[8], 2);
	ck_assert_uint_eq(s.tally.records_with_behind, 1);
	ck_assert_uint_eq(s.tally.headers_behind, 2);
	world_forge(&w.r[7], "mine");
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_FORGED_HEADER], 1);
	ck_assert_int_eq(s.offsets[VERDICT_FORGED_HEADER], 7);
	/* That topic's statement is gone, a later one isn't. */
	w.s[1].gone = true;
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_MISPLACED], 5);
	ck_assert_int_eq(s.verdicts[VERDICT_UNATTESTED], 5);
	/* Nobody vouches for it. */
	w.s[1].gone = false;
	trust_nobody();
	trust_also(proxy.public_key);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_UNTRUSTED, 10, TALLY_VIOLATION);
	world_proxy_close(&there);
}
END_TEST

/* The same of another partition of this topic, while all are judged: its statements are here, for that one. */
START_TEST(from_another_partition)
{
	struct world_proxy there;
	struct seen s;

	WINDOW(&proxy, .n = 5);
	world_proxy_open(&there, "t", WORLD_TOPIC_ID, 1, 1, true);
	trust_also(there.public_key);
	WINDOW(&there, .n = 5);
	WINDOW(&there, .n = 5);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_MISPLACED, 10, TALLY_VIOLATION);
	ck_assert_uint_eq(s.count.trusted, 3);
	world_forge(&w.r[7], "mine");
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_MISPLACED], 9);
	ck_assert_int_eq(s.verdicts[VERDICT_FORGED_HEADER], 1);
	/* That partition's first statement is gone, a later one isn't. */
	w.s[1].gone = true;
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_MISPLACED], 5);
	ck_assert_int_eq(s.verdicts[VERDICT_UNATTESTED], 5);
	world_proxy_close(&there);
}
END_TEST

/* A key counts for what the policy lets it attest, and for nothing else; whose it is is told. */
START_TEST(what_the_policy_lets_it)
{
	static const struct {
		const char *text, *why;
	} not[] = {
		{"issuers: {plant: {keys: [%s], topics: [u, \"t?\"]}}\n", "the statement's key may not attest this topic"},
		{"issuers: {plant: {keys: [%s], clusters: [another]}}\n", "the statement's key may not attest topics of this cluster"},
		{"issuers: {plant: {keys: [%s], level: 3}}\n", "the statement's Makoto level is below what the policy asks for"},
		{"issuers: {plant: {keys: [%s], not.before: 2023-11-15T00:00:00Z}}\n", "the statement was finished before its key was valid"},
		{"issuers: {plant: {keys: [%s], not.after: 2023-11-14T00:00:00Z}}\n", "the statement was finished after its key was valid"},
	};
	struct seen s;

	three_windows();
	trusted_text = "issuers: {plant: {keys: [%s], topics: [t], level: 2, not.before: 2023-11-14T00:00:00Z, not.after: 2023-11-15T00:00:00Z}}\n";
	s = JUDGE();
	ck_verdicts(&s, 15, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_str_eq(s.issuer, "plant");
	for (size_t i = 0; i < ARRAY_LEN(not); i++) {
		trusted_text = not[i].text;
		s = JUDGE();
		ck_verdicts(&s, 0, VERDICT_UNTRUSTED, 15, TALLY_VIOLATION);
		ck_assert_str_eq(s.why, not[i].why);
		ck_assert_uint_eq(s.count.untrusted, 3);
		ck_assert_str_eq(s.count.untrusted_why, not[i].why);
	}
}
END_TEST

/* Where unattested records are allowed: what a key of the policy signed that may not attest them is untrusted, what anybody may have written is none of theirs. */
START_TEST(what_is_untrusted_where_unattested_is_allowed)
{
	struct world_proxy stranger;
	struct seen s;

	three_windows();
	trusted_text = "unattested: allow\nissuers: {plant: {keys: [%s], topics: [u]}}\n";
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNTRUSTED, 15, TALLY_VIOLATION);
	ck_assert_str_eq(s.why, "the statement's key may not attest this topic");
	/* What docs/TRUST.md has for a key that was stolen: it is known, and may attest nothing, whatever time it states. */
	trusted_text = "unattested: allow\nissuers: {stolen: {keys: [%s], clusters: [none]}}\n";
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNTRUSTED, 15, TALLY_VIOLATION);
	ck_assert_str_eq(s.why, "the statement's key may not attest topics of this cluster");
	/* By nobody that is known: as if it weren't stated. */
	world_proxy_open(&stranger, "t", WORLD_TOPIC_ID, 0, 7, true);
	trust_nobody();
	trust_also(stranger.public_key);
	trusted_text = "unattested: allow\nissuers: {plant: {keys: [%s], topics: [u]}}\n";
	s = JUDGE(.now = WORLD_NOW + 7200000);
	ck_verdicts(&s, 0, VERDICT_UNATTESTED, 15, TALLY_UNDECIDED);
	/* Nor what is no statement at all. */
	for (size_t i = 0; i < w.stated; i++) {
		wr_reset(&w.s[i].value);
		wr_text(&w.s[i].value, "no statement");
	}
	s = JUDGE(.now = WORLD_NOW + 7200000);
	ck_verdicts(&s, 0, VERDICT_UNATTESTED, 15, TALLY_UNDECIDED);
	trusted_text = "issuers: {plant: {keys: [%s], topics: [u]}}\n";
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNTRUSTED, 15, TALLY_VIOLATION);
	world_proxy_close(&stranger);
}
END_TEST

#define MIRROR "mirrors: [{topic: t, of: u, cluster: clusterAAAAAAAAAAAAAAA}]\n"

/* A declared mirror: each member once, whatever its offset; who attests the original is who counts. */
START_TEST(mirrored)
{
	struct world_proxy there;
	struct seen s;

	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 3, 1, true);
	trust_nobody();
	trust_also(there.public_key);
	WINDOW(&there, .n = 5);
	WINDOW(&there, .n = 5);
	trusted_text = "issuers: {plant: {keys: [%s], topics: [u]}}\n" MIRROR;
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED_CONTENT], 10);
	ck_assert_int_eq(s.outcome, TALLY_OK);
	ck_assert_str_eq(s.issuer, "plant");
	/* Its headers have the name that the statement topic had there. */
	for (size_t k = 0; k < w.r[3].header_count; k++) {
		struct slice *v = &w.r[3].headers[k].value;
		char there_too[128];

		if (v->p != (const uint8_t *)w.r[3].signature)
			continue;
		(void)snprintf(there_too, sizeof(there_too), "its.dbom%s", strchr(w.r[3].signature, '/'));
		(void)snprintf(w.r[3].signature, sizeof(w.r[3].signature), "%.*s", (int)sizeof(w.r[3].signature) - 1, there_too);
		v->n = strlen(w.r[3].signature);
	}
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED_CONTENT], 10);
	/* The order is no matter, but a second copy is one too many. */
	(void)world_copy(&w, 7);
	w.r[7].gone = true;
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED_CONTENT], 10);
	(void)world_copy(&w, 2);
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED_CONTENT], 10);
	ck_assert_int_eq(s.verdicts[VERDICT_DUPLICATE], 1);
	ck_assert_str_eq(s.why, "a copy of that record was there before");
	ck_assert_int_eq(s.outcome, TALLY_VIOLATION);
	world_forge(&w.r[4], "forged");
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_ALTERED], 1);
	ck_assert_int_eq(s.offsets[VERDICT_ALTERED], 4);
	world_proxy_close(&there);
}
END_TEST

/* Not declared, of another topic or cluster, or attested by who may not: no mirror's verdict. */
START_TEST(mirrored_in_vain)
{
	static const struct {
		const char *text;
		enum verdict verdict;
	} cases[] = {
		{"issuers: {plant: {keys: [%s]}}\n", VERDICT_MISPLACED},
		{"issuers: {plant: {keys: [%s]}}\nmirrors: [{topic: t, of: v, cluster: clusterAAAAAAAAAAAAAAA}]\n", VERDICT_MISPLACED},
		{"issuers: {plant: {keys: [%s]}}\nmirrors: [{topic: t, of: u, cluster: another}]\n", VERDICT_MISPLACED},
		{"issuers: {plant: {keys: [%s]}}\nmirrors: [{topic: v, of: u, cluster: clusterAAAAAAAAAAAAAAA}]\n", VERDICT_MISPLACED},
		{"issuers: {plant: {keys: [%s], topics: [t]}}\n" MIRROR, VERDICT_UNTRUSTED},
		{"issuers: {plant: {keys: [%s], not.after: 2000-01-01T00:00:00Z}}\n" MIRROR, VERDICT_UNTRUSTED},
	};
	struct world_proxy there;

	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 3, 1, true);
	trust_nobody();
	trust_also(there.public_key);
	WINDOW(&there, .n = 5);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct seen s;

		trusted_text = cases[i].text;
		s = JUDGE();
		ck_assert_msg(s.verdicts[cases[i].verdict] == 5, "%zu: %s", i, s.why);
	}
	world_proxy_close(&there);
}
END_TEST

/* What a mirror copies again long after is a copy too many, though its window was out of sight in between. */
START_TEST(mirrored_again_later)
{
	struct world_proxy there;
	struct seen s;

	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 3, 1, true);
	trust_nobody();
	trust_also(there.public_key);
	for (int i = 0; i < 24; i++) /* more windows than are held open */
		WINDOW(&there, .n = 2);
	trusted_text = "issuers: {plant: {keys: [%s]}}\n" MIRROR;
	(void)world_copy(&w, 1);
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED_CONTENT], 48);
	ck_assert_int_eq(s.verdicts[VERDICT_DUPLICATE], 1);
	ck_assert_int_eq(s.offsets[VERDICT_DUPLICATE], 48);
	world_proxy_close(&there);
}
END_TEST

/* A mirror that keeps no manifests can't be held against anything; that is no sign of an alteration. */
START_TEST(mirrored_without_manifests)
{
	struct world_proxy there;
	struct seen s;

	world_proxy_open(&there, "u", WORLD_TOPIC_ID, 3, 1, true);
	trust_nobody();
	trust_also(there.public_key);
	WINDOW(&there, .n = 3, .no_manifest_header = true);
	WINDOW(&there, .n = 3, .manifest = MANIFEST_NONE);
	trusted_text = "issuers: {plant: {keys: [%s]}}\n" MIRROR;
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNATTESTED, 6, TALLY_UNDECIDED);
	ck_assert_str_eq(s.why, "its window has no manifest that could tell its records");
	world_proxy_close(&there);
}
END_TEST

/* The log was cut back and written again, all of it through the proxy. */
START_TEST(offsets_used_again)
{
	struct seen s;

	three_windows();
	for (int i = 10; i < 15; i++)
		w.r[i].gone = true;
	w.next_offset = 10;
	WINDOW(&proxy, .n = 5);
	s = JUDGE();
	ck_verdicts(&s, 15, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_OFFSET_REUSED], 5);
}
END_TEST

/* A topic that was deleted and created again is another one; its offsets mean nothing any more. */
START_TEST(topic_created_again)
{
	struct world_proxy old;
	struct seen s;

	world_proxy_open(&old, "t", "BBECAwQFBgcICQoLDA0ODw", 0, 1, true);
	trust_also(old.public_key);
	WINDOW(&old, .n = 5);
	w.count = 0;
	w.next_offset = 0;
	WINDOW(&proxy, .n = 5, .edit = settled_later);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_uint_eq(s.count.other_topic_id, 1);
	/* Where nobody can tell the topic's id, the latest statement does. */
	s = JUDGE(.no_topic_id = true);
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_uint_eq(s.count.other_topic_id, 1);
	world_proxy_close(&old);
}
END_TEST

/* A record of the deleted topic, copied: its statement says where it was, whoever could tell the topic's id. */
START_TEST(copied_from_the_deleted_one)
{
	struct world_proxy old;
	struct seen s;

	world_proxy_open(&old, "t", "BBECAwQFBgcICQoLDA0ODw", 0, 1, true);
	trust_also(old.public_key);
	WINDOW(&old, .n = 5);
	for (int i = 0; i < 5; i++)
		w.r[i].gone = true;
	w.next_offset = 0;
	WINDOW(&proxy, .n = 5, .edit = settled_later);
	world_copy(&w, 1)->gone = false;
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_MISPLACED, 1, TALLY_VIOLATION);
	s = JUDGE(.no_topic_id = true);
	ck_verdicts(&s, 5, VERDICT_MISPLACED, 1, TALLY_VIOLATION);
	world_proxy_close(&old);
}
END_TEST

START_TEST(part_of_it)
{
	struct seen s;

	three_windows();
	w.r[2].gone = true;
	snprintf(w.r[12].value, sizeof(w.r[12].value), "forged");
	s = JUDGE(.from = 3, .to = 12);
	ck_verdicts(&s, 9, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_uint_eq(s.tally.windows, 3);
	s = JUDGE(.from = 2, .to = 12);
	ck_verdicts(&s, 9, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	s = JUDGE(.from = 3, .to = 13);
	ck_verdicts(&s, 9, VERDICT_ALTERED, 1, TALLY_VIOLATION);
	s = JUDGE(.from = 15, .to = 15);
	ck_verdicts(&s, 0, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

static struct run aborted_run = {1, 2};

static void
some_aborted(struct statement *s)
{
	s->aborted = (struct runs){&aborted_run, 1};
}

static void
some_open(struct statement *s)
{
	s->open = (struct runs){&aborted_run, 1};
}

START_TEST(aborted)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .edit = some_aborted);
	w.r[1].gone = w.r[2].gone = true;
	s = JUDGE(.read_committed = true);
	ck_verdicts(&s, 3, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_int_eq(s.findings[WINDOW_ABORTED], 2);
	/* Who reads everything must find them. */
	s = JUDGE();
	ck_verdicts(&s, 3, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	w.r[1].gone = w.r[2].gone = false;
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

START_TEST(open_and_aborted_since)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .edit = some_open);
	w.r[1].gone = w.r[2].gone = true; /* as who reads committed records sees it */
	s = JUDGE(.read_committed = true);
	ck_verdicts(&s, 3, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_int_eq(s.findings[WINDOW_ABORTED], 2);
	ck_assert_uint_eq(s.tally.windows_with[WINDOW_COMPLETE], 1);
	ck_assert_uint_eq(s.tally.windows_with[WINDOW_MISSING], 0);
}
END_TEST

static struct resolved_run resolved_run = {{1, 2}, true};

static void
some_resolved(struct statement *s)
{
	s->resolved = &resolved_run;
	s->resolved_count = 1;
}

/* Open when it was stated; a later statement says what became of it, and the log's markers may be anybody's. */
START_TEST(open_and_resolved_since)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .edit = some_open);
	resolved_run.committed = true;
	WINDOW(&proxy, .n = 5, .edit = some_resolved);
	s = JUDGE(.read_committed = true);
	ck_verdicts(&s, 10, VERDICT_VERIFIED, 0, TALLY_OK);
	w.r[1].gone = w.r[2].gone = true;
	s = JUDGE(.read_committed = true);
	ck_verdicts(&s, 8, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 2);
	ck_assert_int_eq(s.findings[WINDOW_ABORTED], 0);
	teardown();
	setup();
	WINDOW(&proxy, .n = 5, .edit = some_open);
	resolved_run.committed = false;
	WINDOW(&proxy, .n = 5, .edit = some_resolved);
	w.r[1].gone = w.r[2].gone = true;
	s = JUDGE(.read_committed = true);
	ck_verdicts(&s, 8, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_int_eq(s.findings[WINDOW_ABORTED], 2);
}
END_TEST

/* Retention goes on while records are read. */
START_TEST(removed_by_retention_meanwhile)
{
	struct seen s;

	three_windows();
	for (int i = 0; i < 7; i++)
		w.r[i].gone = true;
	s = JUDGE(.log_start_later = 7);
	ck_verdicts(&s, 8, VERDICT_VERIFIED, 0, TALLY_OK);
	ck_assert_int_eq(s.findings[WINDOW_RETENTION], 7);
	ck_assert_uint_eq(s.tally.windows_with[WINDOW_COMPLETE], 3);
	w.r[7].gone = true;
	s = JUDGE(.log_start_later = 7);
	ck_verdicts(&s, 7, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.absent[WINDOW_MISSING], 7);
	ck_assert_uint_eq(s.tally.windows_with[WINDOW_COMPLETE], 2);
}
END_TEST

START_TEST(attested_by_offset_alone)
{
	struct seen s;

	WINDOW(&proxy, .n = 5, .headers_none = true);
	s = JUDGE();
	ck_verdicts(&s, 5, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("join");
	TCase *t = tcase_create("worlds");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, untouched);
	tcase_add_loop_test(t, altered, 0, EDITS);
	tcase_add_test(t, headers_stripped_or_behind);
	tcase_add_test(t, swapped);
	tcase_add_test(t, removed);
	tcase_add_test(t, removed_by_retention);
	tcase_add_test(t, compacted);
	tcase_add_test(t, gap);
	tcase_add_test(t, chain_break);
	tcase_add_test(t, forked);
	tcase_add_test(t, published_again);
	tcase_add_test(t, manifest_missing);
	tcase_add_test(t, manifest_none);
	tcase_add_test(t, manifest_wrong);
	tcase_add_test(t, manifest_not_declared);
	tcase_add_test(t, another_key);
	tcase_add_test(t, signature_of_other_bytes);
	tcase_add_test(t, under_another_key);
	tcase_add_test(t, noise_in_the_statement_topic);
	tcase_add_test(t, unsigned_statement);
	tcase_add_test(t, more_members_than_can_be);
	tcase_add_test(t, nothing_stated);
	tcase_add_test(t, never_through_the_proxy);
	tcase_add_test(t, forged_and_copied);
	tcase_add_test(t, from_another_topic);
	tcase_add_test(t, from_another_partition);
	tcase_add_test(t, what_the_policy_lets_it);
	tcase_add_test(t, what_is_untrusted_where_unattested_is_allowed);
	tcase_add_test(t, mirrored);
	tcase_add_test(t, mirrored_in_vain);
	tcase_add_test(t, mirrored_again_later);
	tcase_add_test(t, mirrored_without_manifests);
	tcase_add_test(t, offsets_used_again);
	tcase_add_test(t, topic_created_again);
	tcase_add_test(t, copied_from_the_deleted_one);
	tcase_add_test(t, part_of_it);
	tcase_add_test(t, aborted);
	tcase_add_test(t, open_and_aborted_since);
	tcase_add_test(t, open_and_resolved_since);
	tcase_add_test(t, removed_by_retention_meanwhile);
	tcase_add_test(t, attested_by_offset_alone);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
