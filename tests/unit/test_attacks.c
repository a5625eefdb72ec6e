/*
 * What has been done to other logs of evidence, done to this one.
 *
 * | attack | shown by |
 * |---|---|
 * | CVE-2012-2459: the last leaves doubled, the root the same | `tests/unit/test_attacks.c: tail_of_leaves_doubled`, `tests/unit/test_tree.c: nothing_is_hidden` |
 * | second preimage: inner nodes given out as leaves | `tests/unit/test_attacks.c: nodes_as_leaves` |
 * | "linear fake": a link in the middle of the chain replaced | `tests/unit/test_attacks.c: link_replaced`, `tests/unit/test_verdict.c: test_chain_faults` |
 * | the end cut off: records | `tests/e2e/test_tamper.py::test_tampered[tail removed]`, `tests/unit/test_join.c: removed` |
 * | the end cut off: statements, or both | `tests/unit/test_attacks.c: end_cut_off` |
 * | statements hidden | `tests/unit/test_attacks.c: hidden`, `tests/e2e/test_tamper.py::test_tampered[statement removed]` |
 * | statements forged | `tests/unit/test_join.c: another_key`, `tests/unit/test_join.c: unsigned_statement`, `tests/unit/test_join.c: signature_of_other_bytes` |
 * | the id of a trusted key, the signature of another | `tests/unit/test_attacks.c: keyid_proves_nothing` |
 * | payload type swapped | `tests/unit/test_attacks.c: payload_type` |
 * | URL-safe base64 (no attack: both alphabets say the same) | `tests/unit/test_attacks.c: other_alphabet`, `tests/unit/test_envelope.c: lenient` |
 * | JSON keys twice | `tests/unit/test_attacks.c: keys_twice`, `tests/unit/test_envelope.c: refused` |
 * | two signatures | `tests/unit/test_attacks.c: two_signatures` |
 * | Ed25519ph from a signer | `tests/unit/test_attacks.c: prehashed` |
 * | r and s side by side from a signer | `tests/unit/test_envelope.c: dsse_example` |
 * | window replayed | `tests/unit/test_attacks.c: replayed`, `tests/unit/test_join.c: published_again` |
 * | chain forked | `tests/unit/test_join.c: forked`, `tests/e2e/test_tamper.py::test_tampered[window stated twice]` |
 * | spliced from another topic | `tests/unit/test_join.c: from_another_topic`, `tests/e2e/test_tamper.py::test_tampered[copied from another topic]` |
 * | spliced from another partition | `tests/unit/test_join.c: from_another_partition`, `tests/unit/test_join.c: under_another_key` |
 * | headers stripped | `tests/unit/test_attacks.c: stripped_and_moved`, `tests/e2e/test_tamper.py::test_tampered[our headers stripped]` |
 * | offsets renumbered | `tests/unit/test_attacks.c: renumbered`, `tests/unit/test_join.c: swapped` |
 * | deletion passed off as compaction | `tests/unit/test_join.c: compacted`, `tests/e2e/test_topic_life.py::test_compacted_with_transactions` |
 * | offsets used again after an unclean election | `tests/unit/test_join.c: offsets_used_again`, `tests/e2e/test_tamper.py::test_tampered[offsets used again]` |
 * | aborted transactions | `tests/unit/test_join.c: aborted`, `tests/unit/test_join.c: open_and_aborted_since` |
 * | a retry counted twice | `tests/unit/test_chain.c: a_retry_counts_once`, `tests/e2e/test_wire.py::test_a_retry_counts_once` |
 *
 * tools/security_doc.py holds that these tests are there.
 */
#include "hex.h"
#include "judging.h"
#include "keys/public_key.h"
#include "suite.h"

enum { WINDOWS = 5, EACH = 4, ALL = WINDOWS * EACH };

static void
five_windows(void)
{
	for (int i = 0; i < WINDOWS; i++)
		WINDOW(&proxy, .n = EACH);
}

static void
node_of(const uint8_t *left, const uint8_t *right, uint8_t out[SHA256_LEN])
{
	uint8_t b[1 + 2 * SHA256_LEN] = {1};

	memcpy(b + 1, left, SHA256_LEN);
	memcpy(b + 1 + SHA256_LEN, right, SHA256_LEN);
	sha256_of(slice_of(b, sizeof(b)), out);
}

static void
set_value(struct world_statement *s, const char *text)
{
	wr_reset(&s->value);
	wr_text(&s->value, text);
	ck_assert_int_eq(wr_err(&s->value), 0);
}

/* The statement topic's record says this with a signature by the trusted proxy. */
static void
sign_again(struct world_statement *s, const char *payload)
{
	wr_reset(&s->value);
	world_sign(&proxy, slice_str(payload), &s->value);
}

/* Text with `from` replaced by `to`, once; the caller frees it. */
static char *
replaced(struct slice text, const char *from, const char *to)
{
	char *all = strndup((const char *)text.p, text.n), *at = strstr(all, from), *out;

	ck_assert_msg(at != NULL, "no %s in %s", from, all);
	*at = '\0';
	ck_assert_int_gt(asprintf(&out, "%s%s%s", all, to, at + strlen(from)), 0);
	free(all);
	return out;
}

/* Its payload, under this type, signed for that one, by whom and under which id. */
static void
wrap(struct world_statement *s, const struct world_proxy *by, const char *type, const char *signed_type, const char *keyid)
{
	struct wr pae = wr_new(1 << 20), sig = wr_new(4096);

	envelope_pae(slice_str(signed_type), wr_slice(&s->payload), &pae);
	ck_assert_int_eq(signer_sign(by->signer, wr_slice(&pae), &sig, NULL, 0), 0);
	wr_reset(&s->value);
	ck_assert_int_eq(envelope_write(slice_str(type), wr_slice(&s->payload), keyid, wr_slice(&sig), &s->value), 0);
	wr_free(&pae);
	wr_free(&sig);
}

/* --- the tree ------------------------------------------------------------------------------ */

static void
root_of(uint8_t leaf[][SHA256_LEN], size_t n, size_t again, uint8_t out[SHA256_LEN])
{
	struct tree t;

	tree_init(&t);
	for (size_t i = 0; i < n; i++)
		tree_add(&t, leaf[i]);
	for (size_t i = n - again; i < n; i++)
		tree_add(&t, leaf[i]);
	tree_root(&t, out);
}

START_TEST(tail_of_leaves_doubled)
{
	enum { MOST = 64 };
	uint8_t leaf[MOST][SHA256_LEN], root[SHA256_LEN], longer[SHA256_LEN];
	struct seen s;

	for (size_t i = 0; i < MOST; i++)
		sha256_of(slice_of(&i, sizeof(i)), leaf[i]);
	for (size_t n = 1; n <= MOST; n++) {
		root_of(leaf, n, 0, root);
		for (size_t again = 1; again <= n; again++) {
			root_of(leaf, n, again, longer);
			ck_assert_mem_ne(longer, root, SHA256_LEN);
		}
	}
	/* The same in the log: a window of three whose last record stands there twice, listed and not. */
	WINDOW(&proxy, .n = 3);
	(void)world_copy(&w, 2);
	s = JUDGE();
	ck_verdicts(&s, 3, VERDICT_DUPLICATE, 1, TALLY_VIOLATION);
	wr_bytes(&w.s[0].manifest, w.r[2].leaf, LEAF_LEN);
	s = JUDGE();
	ck_verdicts(&s, 3, VERDICT_FORGED_HEADER, 1, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MANIFEST_MISSING], 1);
}
END_TEST

START_TEST(nodes_as_leaves)
{
	uint8_t node[2][SHA256_LEN], signed_root[SHA256_LEN], root[SHA256_LEN], leaf[LEAF_LEN];
	uint8_t sides[1 + 2 * SHA256_LEN] = {0};
	struct wr *m;
	struct seen s;

	WINDOW(&proxy, .n = 4);
	m = &w.s[0].manifest;
	ck_assert_uint_eq(m->len, 4 * LEAF_LEN);
	node_of(m->buf, m->buf + LEAF_LEN, node[0]);
	node_of(m->buf + 2 * LEAF_LEN, m->buf + 3 * LEAF_LEN, node[1]);
	/* Two nodes have the root of the four leaves below them: the root alone would be no proof. */
	node_of(node[0], node[1], signed_root);
	root_of(node, 2, 0, root);
	ck_assert_mem_eq(root, signed_root, SHA256_LEN);
	/* A leaf is hashed otherwise than a node, so that no record has a node for its leaf. */
	memcpy(sides + 1, m->buf, 2 * SHA256_LEN);
	sha256_of(slice_of(sides, sizeof(sides)), leaf);
	ck_assert_mem_ne(leaf, node[0], SHA256_LEN);
	/* And count and digest are signed too. */
	wr_reset(m);
	wr_bytes(m, node, sizeof(node));
	ck_assert(!manifest_is_right(MANIFEST_LEAF, wr_slice(m), 4, leaf, signed_root));
	s = JUDGE();
	ck_verdicts(&s, 4, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MANIFEST_MISSING], 1);
	/* With two of its four records gone, the nodes prove nothing of the rest. */
	w.r[2].gone = w.r[3].gone = true;
	s = JUDGE();
	ck_verdicts(&s, 0, VERDICT_UNATTESTED, 2, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 2);
}
END_TEST

/* --- the chain ----------------------------------------------------------------------------- */

/* Statement _i is another one that the same key signed: whatever follows it tells. */
START_TEST(link_replaced)
{
	struct world_statement *x = &w.s[_i];
	struct statement *st;
	struct seen s;

	five_windows();
	ck_assert_int_eq(statement_read(wr_slice(&x->payload), &st), 0);
	st->settled_ms++;
	wr_reset(&x->payload);
	ck_assert_int_eq(statement_write(st, &x->payload), 0);
	statement_free(st);
	wr_reset(&x->value);
	world_sign(&proxy, wr_slice(&x->payload), &x->value);
	s = JUDGE();
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED], ALL);
	/* Of the last one nobody has said anything yet: its holder alone can still replace it. */
	ck_assert_int_eq(s.findings[WINDOW_BREAK], _i < WINDOWS - 1);
	ck_assert_int_eq(s.outcome, _i < WINDOWS - 1 ? TALLY_VIOLATION : TALLY_OK);
}
END_TEST

/* Each statement in turn is kept from the reader: what follows tells; at the end, its records do. */
START_TEST(hidden)
{
	struct seen s;

	five_windows();
	w.s[_i].gone = true;
	s = JUDGE();
	ck_verdicts(&s, ALL - EACH, VERDICT_UNATTESTED, EACH, _i < WINDOWS - 1 ? TALLY_VIOLATION : TALLY_UNDECIDED);
	ck_assert_int_eq(s.findings[WINDOW_GAP], _i < WINDOWS - 1);
}
END_TEST

START_TEST(end_cut_off)
{
	struct seen s;

	five_windows();
	/* The last statements: what they attested is attested no more, which is told and is no success. */
	w.s[3].gone = w.s[4].gone = true;
	s = JUDGE();
	ck_verdicts(&s, 3 * EACH, VERDICT_UNATTESTED, 2 * EACH, TALLY_UNDECIDED);
	/* The last records: their statements miss them. */
	w.s[3].gone = w.s[4].gone = false;
	for (int i = 3 * EACH; i < ALL; i++)
		w.r[i].gone = true;
	s = JUDGE();
	ck_verdicts(&s, 3 * EACH, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 2 * EACH);
	/* The log ends before them as well. */
	w.next_offset = 3 * EACH;
	s = JUDGE(.to = ALL);
	ck_verdicts(&s, 3 * EACH, VERDICT_VERIFIED, 0, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 2 * EACH);
	/* Both: nothing that is left says that there was more.  It takes a memory outside of these topics. */
	w.s[3].gone = w.s[4].gone = true;
	s = JUDGE();
	ck_verdicts(&s, 3 * EACH, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

/* A window's records once more, and its statement: while the first are there, and when retention took them. */
START_TEST(replayed)
{
	struct world_statement *again;
	struct seen s;

	five_windows();
	for (size_t i = EACH; i < 2 * EACH; i++)
		(void)world_copy(&w, i);
	again = &w.s[w.stated++];
	*again = (struct world_statement){.value = wr_new(1 << 20), .manifest = wr_new(1 << 20), .payload = wr_new(1)};
	memcpy(again->key, w.s[1].key, sizeof(again->key));
	wr_slice_put(&again->value, wr_slice(&w.s[1].value));
	wr_slice_put(&again->manifest, wr_slice(&w.s[1].manifest));
	s = JUDGE();
	ck_verdicts(&s, ALL, VERDICT_DUPLICATE, EACH, TALLY_VIOLATION);
	ck_assert_int_eq(s.findings[WINDOW_FORK], 0);
	ck_assert_uint_eq(s.tally.windows, WINDOWS);
	for (int i = 0; i < 2 * EACH; i++)
		w.r[i].gone = true;
	s = JUDGE(.log_start = 2 * EACH);
	ck_verdicts(&s, ALL - 2 * EACH, VERDICT_MISPLACED, EACH, TALLY_VIOLATION);
}
END_TEST

/* --- the envelope --------------------------------------------------------------------------- */

START_TEST(keyid_proves_nothing)
{
	const char *claimed[] = {signer_keyid(proxy.signer), signer_keyid(other.signer), "", "SHA256:00", "\xf0\x9f\x94\x91"};
	struct seen s;

	WINDOW(&proxy, .n = EACH);
	for (size_t i = 0; i < ARRAY_LEN(claimed); i++) {
		wrap(&w.s[0], &other, STATEMENT_PAYLOAD_TYPE, STATEMENT_PAYLOAD_TYPE, claimed[i]);
		s = JUDGE();
		ck_verdicts(&s, 0, VERDICT_UNTRUSTED, EACH, TALLY_VIOLATION);
		wrap(&w.s[0], &proxy, STATEMENT_PAYLOAD_TYPE, STATEMENT_PAYLOAD_TYPE, claimed[i]);
		s = JUDGE();
		ck_verdicts(&s, EACH, VERDICT_VERIFIED, 0, TALLY_OK);
	}
}
END_TEST

/* The type is signed, and no other than in-toto's is a statement, even where the right key says so. */
START_TEST(payload_type)
{
	static const char *const types[][2] = {{"application/json", STATEMENT_PAYLOAD_TYPE},
					       {STATEMENT_PAYLOAD_TYPE, "application/json"},
					       {"application/json", "application/json"},
					       {STATEMENT_PAYLOAD_TYPE " ", STATEMENT_PAYLOAD_TYPE " "},
					       {"", ""}};
	struct seen s;

	WINDOW(&proxy, .n = EACH);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		wrap(&w.s[0], &proxy, types[i][0], types[i][1], signer_keyid(proxy.signer));
		s = JUDGE();
		ck_verdicts(&s, 0, VERDICT_UNTRUSTED, EACH, TALLY_VIOLATION);
		ck_assert_uint_eq(s.count.trusted, 0);
		s = JUDGE(.accept_unsigned = true);
		ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED] + s.verdicts[VERDICT_UNSIGNED], 0);
	}
}
END_TEST

/* From behind `name` to the quotation mark, the other alphabet, without padding. */
static void
respell(char *text, const char *name)
{
	char *in = strstr(text, name), *out;

	ck_assert_ptr_nonnull(in);
	for (in += strlen(name), out = in; *in != '"'; in++)
		if (*in != '=')
			*out++ = *in == '+' ? '-' : *in == '/' ? '_' : *in;
	memmove(out, in, strlen(in) + 1);
}

START_TEST(other_alphabet)
{
	struct wr *value;
	bool differs = false;
	struct seen s;

	five_windows();
	for (int i = 0; i < WINDOWS; i++) {
		value = &w.s[i].value;
		wr_u8(value, 0);
		respell((char *)value->buf, "\"payload\":\"");
		respell((char *)value->buf, "\"sig\":\"");
		value->len = strlen((char *)value->buf);
		differs |= memchr(value->buf, '_', value->len) != NULL || memchr(value->buf, '-', value->len) != NULL;
	}
	ck_assert(differs);
	s = JUDGE();
	ck_verdicts(&s, ALL, VERDICT_VERIFIED, 0, TALLY_OK);
}
END_TEST

START_TEST(keys_twice)
{
	static const char *const envelope[][2] = {{"{\"payload\":", "{\"payload\":\"e30=\",\"payload\":"},
						  {",\"payloadType\":", ",\"payload\":\"e30=\",\"payloadType\":"},
						  {"\"sig\":", "\"sig\":\"AAAA\",\"sig\":"},
						  {"\"signatures\":", "\"signatures\":[],\"signatures\":"},
						  {"\"payloadType\":", "\"payloadType\":\"x\",\"payloadType\":"}};
	static const char *const statement[][2] = {{"\"partition\":", "\"partition\":0,\"partition\":"},
						   {"\"leafCount\":", "\"leafCount\":9,\"leafCount\":"},
						   {"{\"_type\":", "{\"_type\":\"x\",\"_type\":"},
						   {"\"ranges\":", "\"r\\u0061nges\":[],\"ranges\":"}};
	struct seen s;

	WINDOW(&proxy, .n = EACH);
	for (size_t i = 0; i < ARRAY_LEN(envelope); i++) {
		char *text = replaced(wr_slice(&w.s[0].value), envelope[i][0], envelope[i][1]);
		struct wr whole = wr_new(1 << 20);

		wr_slice_put(&whole, wr_slice(&w.s[0].value));
		set_value(&w.s[0], text);
		s = JUDGE();
		ck_verdicts(&s, 0, VERDICT_UNTRUSTED, EACH, TALLY_VIOLATION);
		wr_reset(&w.s[0].value);
		wr_slice_put(&w.s[0].value, wr_slice(&whole));
		wr_free(&whole);
		free(text);
	}
	/* Signed by the trusted key: which of the two did it mean? */
	for (size_t i = 0; i < ARRAY_LEN(statement); i++) {
		char *text = replaced(wr_slice(&w.s[0].payload), statement[i][0], statement[i][1]);

		sign_again(&w.s[0], text);
		s = JUDGE();
		ck_verdicts(&s, 0, VERDICT_UNTRUSTED, EACH, TALLY_VIOLATION);
		free(text);
	}
}
END_TEST

/* One that is right and one that isn't, in either order; and the right one twice. */
START_TEST(two_signatures)
{
	static const char *const more[][2] = {{"\"signatures\":[", "\"signatures\":[{\"sig\":\"AAAA\"},"},
					      {"}]}", "},{\"sig\":\"AAAA\"}]}"},
					      {"\"signatures\":[", NULL}};
	struct seen s;

	WINDOW(&proxy, .n = EACH);
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		struct wr whole = wr_new(1 << 20);
		char *again = NULL, *text;

		wr_slice_put(&whole, wr_slice(&w.s[0].value));
		if (more[i][1] == NULL) {
			char *one = strndup((char *)whole.buf, whole.len), *from = strstr(one, "[{");

			ck_assert_int_gt(asprintf(&again, "\"signatures\":[%.*s,", (int)(strlen(from) - 3), from + 1), 0);
			free(one);
		}
		text = replaced(wr_slice(&whole), more[i][0], again != NULL ? again : more[i][1]);
		set_value(&w.s[0], text);
		s = JUDGE();
		ck_verdicts(&s, 0, VERDICT_UNTRUSTED, EACH, TALLY_VIOLATION);
		wr_reset(&w.s[0].value);
		wr_slice_put(&w.s[0].value, wr_slice(&whole));
		s = JUDGE();
		ck_verdicts(&s, EACH, VERDICT_VERIFIED, 0, TALLY_OK);
		wr_free(&whole);
		free(text);
		free(again);
	}
}
END_TEST

/* RFC 8032, section 7.3: Ed25519ph of "abc", which is no Ed25519 signature, neither of "abc" nor of its SHA-512. */
START_TEST(prehashed)
{
	struct wr sig = hex_of("98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
			       "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406");
	struct wr digest = hex_of("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
				  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	struct public_key *k;

	ck_assert_int_eq(public_key_parse(slice_str("-----BEGIN PUBLIC KEY-----\n"
						    "MCowBQYDK2VwAyEA7Bcrk61eVjv0kyxw4SRQNMNUZ+8u/U1k6/gZaDRn4r8=\n"
						    "-----END PUBLIC KEY-----\n"), &k), 0);
	ck_assert_int_eq(public_key_verify(k, slice_str("abc"), wr_slice(&sig)), ERR_SIGNATURE);
	ck_assert_int_eq(public_key_verify(k, wr_slice(&digest), wr_slice(&sig)), ERR_SIGNATURE);
	public_key_free(k);
	wr_free(&sig);
	wr_free(&digest);
}
END_TEST

/* --- the log -------------------------------------------------------------------------------- */

/* Without its headers, a record is proved by the place where it stands, and by no other. */
START_TEST(stripped_and_moved)
{
	struct seen s;

	WINDOW(&proxy, .n = EACH);
	world_copy(&w, 2)->header_count = 1;
	s = JUDGE();
	ck_verdicts(&s, EACH, VERDICT_UNATTESTED, 1, TALLY_UNDECIDED);
	w.count--;
	w.next_offset--;
	w.r[1].header_count = w.r[2].header_count = 1;
	w.r[1].offset = 2;
	w.r[2].offset = 1;
	s = JUDGE();
	ck_verdicts(&s, EACH - 2, VERDICT_MISPLACED, 2, TALLY_VIOLATION);
}
END_TEST

/* A log that was built anew without its first record, so that every other one moved up. */
START_TEST(renumbered)
{
	struct seen s;

	five_windows();
	w.r[0].gone = true;
	for (int i = 1; i < ALL; i++)
		w.r[i].offset--;
	w.r[0].offset = ALL; /* out of the way */
	w.next_offset--;
	s = JUDGE(.to = ALL);
	ck_assert_int_eq(s.verdicts[VERDICT_VERIFIED], 0);
	/* The first of a window came to stand in the one before, where its leaf isn't. */
	ck_assert_int_eq(s.verdicts[VERDICT_MISPLACED], WINDOWS * (EACH - 1));
	ck_assert_int_eq(s.verdicts[VERDICT_ALTERED], WINDOWS - 1);
	ck_assert_int_eq(s.findings[WINDOW_MISSING], 1);
	ck_assert_int_eq(s.outcome, TALLY_VIOLATION);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attacks");
	TCase *t = tcase_create("attacks");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tail_of_leaves_doubled);
	tcase_add_test(t, nodes_as_leaves);
	tcase_add_loop_test(t, link_replaced, 0, WINDOWS);
	tcase_add_loop_test(t, hidden, 0, WINDOWS);
	tcase_add_test(t, end_cut_off);
	tcase_add_test(t, replayed);
	tcase_add_test(t, keyid_proves_nothing);
	tcase_add_test(t, payload_type);
	tcase_add_test(t, other_alphabet);
	tcase_add_test(t, keys_twice);
	tcase_add_test(t, two_signatures);
	tcase_add_test(t, prehashed);
	tcase_add_test(t, stripped_and_moved);
	tcase_add_test(t, renumbered);
	suite_add_tcase(s, t);
	return suite_run(s);
}
