#include "makoto/triple.h"

#include "digest/sha256.h"
#include "tests/unit/hex.h"
#include "tests/unit/suite.h"

/* SHA-256 of "value", and headers that name window 18 of one chain. */
#define VALUE_HASH "cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619"
#define CHAIN "46d885e1dd8446db7c0070663cd6c795"
#define NULL_VALUE ((struct slice){NULL, 0})

static uint8_t value_hash[SHA256_LEN];
static struct chain_id chain;
static struct wr raw_hash, raw_sig;

static void
setup(void)
{
	struct wr id = hex_of(CHAIN);

	sha256_of(slice_str("value"), value_hash);
	memcpy(chain.b, id.buf, CHAIN_ID_LEN);
	wr_free(&id);
	raw_hash = hex_of(VALUE_HASH);
	raw_sig = hex_of(CHAIN "0000000000000012");
}

static void
teardown(void)
{
	wr_free(&raw_hash), wr_free(&raw_sig);
}

static void
put(struct header *h, struct slice hash, struct slice id, struct slice sig)
{
	h[0] = (struct header){slice_str(TRIPLE_CONTENT_HASH), hash};
	h[1] = (struct header){slice_str(TRIPLE_WINDOW_ID), id};
	h[2] = (struct header){slice_str(TRIPLE_SIGNATURE), sig};
}

static void
put_full(struct header *h, const char *sig, const char *id)
{
	put(h, slice_str(VALUE_HASH), slice_str(id), slice_str(sig));
}

static void
put_compact(struct header *h)
{
	put(h, wr_slice(&raw_hash), slice_str("18"), wr_slice(&raw_sig));
}

static bool
well_formed(const struct header *h, const uint8_t *hash)
{
	struct triple t;

	ck_assert(triple_at(h, 3, 0, hash, &t));
	ck_assert_uint_eq(t.at, 0);
	return t.well_formed;
}

START_TEST(full)
{
	struct header h[3];
	struct triple t;

	put_full(h, "makoto.dbom/" CHAIN "/18", "18");
	ck_assert(triple_at(h, 3, 0, value_hash, &t));
	ck_assert(t.well_formed && !t.compact);
	ck_assert(slice_eq(t.dbom_topic, slice_str("makoto.dbom")));
	ck_assert(chain_id_eq(&t.chain, &chain));
	ck_assert_uint_eq(t.window_id, 18);
}
END_TEST

START_TEST(compact)
{
	struct header h[3];
	struct triple t;

	put_compact(h);
	ck_assert(triple_at(h, 3, 0, value_hash, &t));
	ck_assert(t.well_formed && t.compact);
	ck_assert_uint_eq(t.dbom_topic.n, 0);
	ck_assert(chain_id_eq(&t.chain, &chain));
	ck_assert_uint_eq(t.window_id, 18);
}
END_TEST

/* A null value has an empty content hash in both modes; an empty value has the hash of nothing. */
START_TEST(null_values)
{
	struct header h[3];
	uint8_t empty[SHA256_LEN];

	sha256_of(slice_str(""), empty);
	put(h, slice_str(""), slice_str("18"), wr_slice(&raw_sig));
	ck_assert(well_formed(h, NULL));
	ck_assert(!well_formed(h, value_hash));
	ck_assert(!well_formed(h, empty));
	put(h, slice_str(""), slice_str("18"), slice_str("makoto.dbom/" CHAIN "/18"));
	ck_assert(well_formed(h, NULL));
	put_compact(h);
	ck_assert(!well_formed(h, NULL));
	put(h, NULL_VALUE, slice_str("18"), wr_slice(&raw_sig));
	ck_assert(!well_formed(h, NULL));
	put(h, slice_of(empty, SHA256_LEN), slice_str("18"), wr_slice(&raw_sig));
	ck_assert(well_formed(h, empty));
}
END_TEST

START_TEST(malformed)
{
	static const char *const sigs[] = {"",
					   "/" CHAIN "/18",
					   CHAIN "/18",
					   "makoto.dbom/" CHAIN "/17",
					   "makoto.dbom/" CHAIN "/018",
					   "makoto.dbom/" CHAIN "/18 ",
					   "makoto.dbom/" CHAIN "/",
					   "makoto.dbom/" CHAIN,
					   "makoto.dbom/x/" CHAIN "/18",
					   "makoto.dbom/46D885E1DD8446DB7C0070663CD6C795/18",
					   "makoto.dbom//" CHAIN "/18",
					   "/18"};
	static const char *const ids[] = {"", "0", "-18", "018", "+18", "18 ", "0x12", "17", "18446744073709551634"};
	struct header h[3];

	for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
		put_full(h, sigs[i], "18");
		ck_assert_msg(!well_formed(h, value_hash), "%s", sigs[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		put_full(h, "makoto.dbom/" CHAIN "/18", ids[i]);
		ck_assert_msg(!well_formed(h, value_hash), "%s", ids[i]);
		put(h, wr_slice(&raw_hash), slice_str(ids[i]), wr_slice(&raw_sig));
		ck_assert_msg(!well_formed(h, value_hash), "%s", ids[i]);
	}
	/* Null where text belongs. */
	for (int i = 0; i < 3; i++) {
		put_full(h, "makoto.dbom/" CHAIN "/18", "18");
		h[i].value = NULL_VALUE;
		ck_assert(!well_formed(h, value_hash));
	}
	/* Values of two modes. */
	put(h, wr_slice(&raw_hash), slice_str("18"), slice_str("makoto.dbom/" CHAIN "/18"));
	ck_assert(!well_formed(h, value_hash));
	put(h, slice_str(VALUE_HASH), slice_str("18"), wr_slice(&raw_sig));
	ck_assert(!well_formed(h, value_hash));
}
END_TEST

/* Every prefix and every changed bit of each value: none of them is well-formed and names this window. */
START_TEST(damaged)
{
	for (int mode = 0; mode < 2; mode++) {
		for (int which = 0; which < 3; which++) {
			struct header h[3];
			struct triple t;
			struct slice whole;
			uint8_t copy[128];

			if (mode == 0)
				put_full(h, "d/" CHAIN "/18", "18");
			else
				put_compact(h);
			whole = h[which].value;
			for (size_t n = 0; n < whole.n; n++) {
				h[which].value = slice_of(whole.p, n);
				ck_assert(!well_formed(h, value_hash));
			}
			for (size_t i = 0; i < whole.n; i++) {
				for (unsigned bit = 1; bit < 256; bit <<= 1) {
					memcpy(copy, whole.p, whole.n);
					copy[i] ^= (uint8_t)bit;
					h[which].value = slice_of(copy, whole.n);
					ck_assert(triple_at(h, 3, 0, value_hash, &t));
					ck_assert(!t.well_formed || which == 2);
					if (t.well_formed) /* another chain, or another topic */
						ck_assert(!chain_id_eq(&t.chain, &chain) ||
							  !slice_eq(t.dbom_topic, mode == 0 ? slice_str("d") : slice_str("")));
				}
			}
		}
	}
}
END_TEST

/* The three stand together and in order, and their names count byte by byte. */
START_TEST(places)
{
	static const int orders[][3] = {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}, {0, 0, 0}};
	static const char *const names[] = {"makoto.content_has", "makoto.content_hash ", "Makoto.content_hash", ""};
	struct header good[3], h[4];
	struct triple t;

	put_full(good, "makoto.dbom/" CHAIN "/18", "18");
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		for (int j = 0; j < 3; j++)
			h[j] = good[orders[i][j]];
		ck_assert(!triple_at(h, 3, 0, value_hash, &t));
		ck_assert(!triple_last(h, 3, value_hash, &t));
		ck_assert(triple_any_name(h, 3));
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		memcpy(h, good, sizeof(good));
		h[0].name = slice_str(names[i]);
		ck_assert(!triple_at(h, 3, 0, value_hash, &t));
		ck_assert(!triple_any_name(h, 1));
	}
	/* Another header in between. */
	for (int at = 1; at < 3; at++) {
		memcpy(h, good, (size_t)at * sizeof(*h));
		h[at] = (struct header){slice_str("x"), slice_str("y")};
		memcpy(h + at + 1, good + at, (size_t)(3 - at) * sizeof(*h));
		ck_assert(!triple_last(h, 4, value_hash, &t));
	}
	/* Too few, and beyond the end. */
	for (size_t n = 0; n < 3; n++) {
		ck_assert(!triple_at(good, n, 0, value_hash, &t));
		ck_assert(!triple_last(good, n, value_hash, &t));
		ck_assert_int_eq(triple_any_name(good, n), n > 0);
	}
	for (size_t at = 1; at < 5; at++)
		ck_assert(!triple_at(good, 3, at, value_hash, &t));
	ck_assert(!triple_last(NULL, 0, value_hash, &t));
	ck_assert(!triple_any_name(NULL, 0));
}
END_TEST

START_TEST(last_of_many)
{
	struct header h[8];
	struct triple t;

	put_full(h, "makoto.dbom/" CHAIN "/17", "17");
	put_full(h + 3, "makoto.dbom/" CHAIN "/18", "18");
	h[6] = (struct header){slice_str("behind"), NULL_VALUE};
	ck_assert(triple_last(h, 7, value_hash, &t));
	ck_assert_uint_eq(t.at, 3);
	ck_assert_uint_eq(t.window_id, 18);
	/* A malformed one is a place all the same, and the last one. */
	h[4].value = slice_str("nonsense");
	ck_assert(triple_last(h, 7, value_hash, &t));
	ck_assert_uint_eq(t.at, 3);
	ck_assert(!t.well_formed);
	h[5].name = slice_str("x");
	ck_assert(triple_last(h, 7, value_hash, &t));
	ck_assert_uint_eq(t.at, 0);
	ck_assert_uint_eq(t.window_id, 17);
}
END_TEST

/* A leaf covers what stands before the last triple that names its statement. */
START_TEST(covered)
{
	const struct slice dbom = slice_str("makoto.dbom");
	struct chain_id stranger = chain;
	struct header h[11];
	bool own;

	h[0] = (struct header){slice_str("a"), slice_str("b")};
	put_full(h + 1, "makoto.dbom/" CHAIN "/18", "18");
	put_full(h + 4, "makoto.dbom/" CHAIN "/19", "19");
	put_full(h + 7, "makoto.dbom/" CHAIN "/18", "18");
	h[10] = (struct header){slice_str("behind"), NULL_VALUE};
	stranger.b[0] ^= 1;
#define COVERED(n, topic, id, window) triple_covered(h, (n), value_hash, (topic), (id), (window), &own)
	ck_assert_uint_eq(COVERED(11, dbom, &chain, 18), 7);
	ck_assert(own);
	ck_assert_uint_eq(COVERED(9, dbom, &chain, 18), 1);
	ck_assert(own);
	ck_assert_uint_eq(COVERED(11, dbom, &chain, 19), 4);
	ck_assert(own);
	ck_assert_uint_eq(COVERED(11, dbom, &chain, 20), 11);
	ck_assert(!own);
	ck_assert_uint_eq(COVERED(11, dbom, &stranger, 18), 11);
	ck_assert(!own);
	ck_assert_uint_eq(COVERED(11, slice_str("other"), &chain, 18), 11);
	ck_assert(!own);
	ck_assert_uint_eq(COVERED(11, slice_str("other,makoto.dbom"), &chain, 18), 7); /* of several that are read */
	ck_assert(own);
	ck_assert_uint_eq(COVERED(11, slice_str("other,makoto.dbom.2"), &chain, 18), 11);
	ck_assert(!own);
	ck_assert_uint_eq(COVERED(11, NULL_VALUE, &chain, 18), 7); /* a mirror's topic has another name */
	ck_assert(own);
	h[8].value = slice_str("nonsense"); /* malformed, it is a header like any */
	ck_assert_uint_eq(COVERED(11, dbom, &chain, 18), 1);
	ck_assert_uint_eq(COVERED(0, dbom, &chain, 18), 0);
	ck_assert(!own);
	put_compact(h + 4); /* it names no topic */
	ck_assert_uint_eq(COVERED(11, slice_str("other"), &chain, 18), 4);
	ck_assert(own);
#undef COVERED
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("triple");
	TCase *t = tcase_create("triple");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, full);
	tcase_add_test(t, compact);
	tcase_add_test(t, null_values);
	tcase_add_test(t, malformed);
	tcase_add_test(t, damaged);
	tcase_add_test(t, places);
	tcase_add_test(t, last_of_many);
	tcase_add_test(t, covered);
	suite_add_tcase(s, t);
	return suite_run(s);
}
