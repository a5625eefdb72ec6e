#include "makoto/chain.h"

#include "base/text.h"
#include "digest/sha256.h"
#include "tests/unit/suite.h"

static const uint8_t instance[INSTANCE_LEN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static struct chain_id
make(const char *collector, const char *cluster, const char *topic, const char *topic_id, int32_t partition)
{
	struct chain_id id;

	ck_assert_int_eq(chain_id_make(slice_str(collector), instance, slice_str(cluster), slice_str(topic), slice_str(topic_id),
				       partition, &id),
			 0);
	return id;
}

/* The text as the format's page has it, with nothing behind its last line. */
START_TEST(text)
{
	static const char all[] = "makoto-kafka/1\nhttps://a\n000102030405060708090a0b0c0d0e0f\nc\nt\nAAECAwQFBgcICQoLDA0ODw\n2147483647";
	static const char none[] = "makoto-kafka/1\n\n000102030405060708090a0b0c0d0e0f\n\nt\n\n0";
	struct chain_id id = make("https://a", "c", "t", "AAECAwQFBgcICQoLDA0ODw", INT32_MAX);
	uint8_t sum[SHA256_LEN];

	sha256_of(slice_str(all), sum);
	ck_assert_mem_eq(id.b, sum, CHAIN_ID_LEN);
	id = make("", "", "t", "", 0);
	sha256_of(slice_str(none), sum);
	ck_assert_mem_eq(id.b, sum, CHAIN_ID_LEN);
}
END_TEST

START_TEST(each_part_counts)
{
	const struct chain_id ids[] = {make("a", "c", "t", "i", 1),  make("b", "c", "t", "i", 1), make("a", "d", "t", "i", 1),
				       make("a", "c", "u", "i", 1),  make("a", "c", "t", "j", 1), make("a", "c", "t", "i", 2),
				       make("a", "c", "t", "i", 11), make("ac", "", "t", "i", 1), make("a", "", "ct", "i", 1),
				       make("a", "c", "", "ti", 1),  make("a", "c", "t", "", 1)};
	uint8_t other[INSTANCE_LEN];
	struct chain_id id;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		for (size_t j = 0; j < ARRAY_LEN(ids); j++)
			ck_assert_int_eq(chain_id_eq(&ids[i], &ids[j]), i == j);
	memcpy(other, instance, sizeof(other));
	other[15] ^= 1;
	ck_assert_int_eq(
		chain_id_make(slice_str("a"), other, slice_str("c"), slice_str("t"), slice_str("i"), 1, &id), 0);
	ck_assert(!chain_id_eq(&id, &ids[0]));
}
END_TEST

/* A line feed anywhere could move a border between two parts. */
START_TEST(line_feeds)
{
	static const char *const texts[] = {"\n", "a\n", "\na", "a\nb"};
	const struct slice good = slice_str("x");
	struct chain_id id, before;

	memset(&id, 0x55, sizeof(id));
	before = id;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct slice bad = slice_str(texts[i]);

		ck_assert_int_eq(chain_id_make(bad, instance, good, good, good, 0, &id), ERR_MALFORMED);
		ck_assert_int_eq(chain_id_make(good, instance, bad, good, good, 0, &id), ERR_MALFORMED);
		ck_assert_int_eq(chain_id_make(good, instance, good, bad, good, 0, &id), ERR_MALFORMED);
		ck_assert_int_eq(chain_id_make(good, instance, good, good, bad, 0, &id), ERR_MALFORMED);
	}
	ck_assert(chain_id_eq(&id, &before)); /* untouched on failure */
}
END_TEST

START_TEST(keys)
{
	static const uint64_t windows[] = {1, 9, 10, 4294967296, INT64_MAX};
	struct chain_id id = make("a", "c", "t", "i", 1), got;
	char key[CHAIN_KEY_MAX + 1];
	uint64_t window;

	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		size_t n = chain_key(&id, windows[i], key);

		ck_assert_uint_eq(n, strlen(key));
		ck_assert_int_eq(chain_key_parse(slice_of(key, n), &got, &window), 0);
		ck_assert(chain_id_eq(&id, &got));
		ck_assert_uint_eq(window, windows[i]);
	}
	/* The longest there is fits. */
	ck_assert_uint_eq(chain_key(&id, UINT64_MAX, key), CHAIN_KEY_MAX);
	ck_assert_str_eq(key + 32, "/18446744073709551615");
	ck_assert_int_eq(chain_key_parse(slice_str(key), &got, &window), ERR_MALFORMED);
}
END_TEST

/* Every prefix, and every other byte at every place: what is read is what would be written. */
START_TEST(keys_damaged)
{
	struct chain_id id = make("a", "c", "t", "i", 1), got;
	char key[CHAIN_KEY_MAX + 1], again[CHAIN_KEY_MAX + 1], copy[CHAIN_KEY_MAX];
	size_t n = chain_key(&id, 9078, key);
	uint64_t window;

	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(chain_key_parse(slice_of(key, i), &got, &window), i < 34 ? ERR_MALFORMED : 0);
	ck_assert_int_eq(chain_key_parse((struct slice){NULL, 0}, &got, &window), ERR_MALFORMED);
	for (size_t i = 0; i < n; i++) {
		for (int c = 0; c < 256; c++) {
			memcpy(copy, key, n);
			copy[i] = (char)c;
			if (chain_key_parse(slice_of(copy, n), &got, &window) != 0) {
				ck_assert_int_ne(c, key[i]);
				continue;
			}
			ck_assert_uint_eq(chain_key(&got, window, again), n);
			ck_assert_mem_eq(again, copy, n);
		}
	}
}
END_TEST

START_TEST(partitions)
{
	struct chain_id id = {{0xff, 0xff, 0xff, 0xff, 1}};

	ck_assert_int_eq(chain_partition(&id, 1), 0);
	ck_assert_int_eq(chain_partition(&id, 3), 0);
	ck_assert_int_eq(chain_partition(&id, 7), 3);
	ck_assert_int_eq(chain_partition(&id, INT32_MAX), 1); /* the 32 bits have no sign */
	id.b[3] = 0xfe;
	ck_assert_int_eq(chain_partition(&id, INT32_MAX), 0);
	id.b[4] = 2; /* and no more than 32 count */
	ck_assert_int_eq(chain_partition(&id, INT32_MAX), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chain_id");
	TCase *t = tcase_create("chain");

	tcase_add_test(t, text);
	tcase_add_test(t, each_part_counts);
	tcase_add_test(t, line_feeds);
	tcase_add_test(t, keys);
	tcase_add_test(t, keys_damaged);
	tcase_add_test(t, partitions);
	suite_add_tcase(s, t);
	return suite_run(s);
}
