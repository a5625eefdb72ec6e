#include <check.h>

#include "base/map.h"

enum { MANY = 5000 };

static struct slice
key_of(char *text, size_t size, unsigned i)
{
	return slice_of(text, (size_t)snprintf(text, size, "topic-%u", i));
}

START_TEST(put_get_remove)
{
	struct map *m = map_new();
	int one = 1, two = 2;

	ck_assert_ptr_nonnull(m);
	ck_assert_ptr_null(map_get(m, slice_str("a")));
	ck_assert_ptr_null(map_remove(m, slice_str("a")));
	ck_assert_int_eq(map_put(m, slice_str("a"), &one), 0);
	ck_assert_int_eq(map_put(m, slice_str("b"), &one), 0);
	ck_assert_int_eq(map_put(m, slice_str("a"), &two), 0);
	ck_assert_uint_eq(map_count(m), 2);
	ck_assert_ptr_eq(map_get(m, slice_str("a")), &two);
	ck_assert_ptr_eq(map_remove(m, slice_str("a")), &two);
	ck_assert_ptr_null(map_get(m, slice_str("a")));
	ck_assert_ptr_eq(map_get(m, slice_str("b")), &one);
	ck_assert_uint_eq(map_count(m), 1);
	map_free(m);
	map_free(NULL);
}
END_TEST

/* Keys are bytes: NUL counts, a prefix is another key, and so is nothing. */
START_TEST(keys_are_bytes)
{
	struct map *m = map_new();
	int a, b, c, d;

	ck_assert_int_eq(map_put(m, slice_of("x\0y", 3), &a), 0);
	ck_assert_int_eq(map_put(m, slice_of("x\0z", 3), &b), 0);
	ck_assert_int_eq(map_put(m, slice_of("x", 1), &c), 0);
	ck_assert_int_eq(map_put(m, slice_of(NULL, 0), &d), 0);
	ck_assert_ptr_eq(map_get(m, slice_of("x\0y", 3)), &a);
	ck_assert_ptr_eq(map_get(m, slice_of("x\0z", 3)), &b);
	ck_assert_ptr_eq(map_get(m, slice_str("x")), &c);
	ck_assert_ptr_eq(map_get(m, slice_str("")), &d);
	ck_assert_ptr_eq(map_remove(m, slice_of(NULL, 0)), &d);
	ck_assert_uint_eq(map_count(m), 3);
	map_free(m);
}
END_TEST

START_TEST(keys_are_copied)
{
	char text[] = "orders";
	struct map *m = map_new();
	int v;

	ck_assert_int_eq(map_put(m, slice_str(text), &v), 0);
	memset(text, 'x', sizeof(text) - 1);
	ck_assert_ptr_eq(map_get(m, slice_str("orders")), &v);
	ck_assert_ptr_null(map_get(m, slice_str(text)));
	map_free(m);
}
END_TEST

/* Against a plain array, in an order that a fixed generator gives. */
START_TEST(agrees_with_an_array)
{
	static int values[MANY];
	static bool in[MANY];
	struct map *m = map_new();
	unsigned rnd = 1;
	size_t count = 0;
	char text[32];

	for (unsigned step = 0; step < 20 * MANY; step++) {
		unsigned i;

		rnd = rnd * 1664525 + 1013904223;
		i = (rnd >> 8) % MANY;
		if (in[i] && (rnd & 1) != 0) {
			ck_assert_ptr_eq(map_remove(m, key_of(text, sizeof(text), i)), &values[i]);
			in[i] = false;
			count--;
		} else if (!in[i]) {
			ck_assert_ptr_null(map_get(m, key_of(text, sizeof(text), i)));
			ck_assert_int_eq(map_put(m, key_of(text, sizeof(text), i), &values[i]), 0);
			in[i] = true;
			count++;
		}
		if (map_count(m) != count)
			ck_abort_msg("step %u: count %zu, not %zu", step, map_count(m), count);
	}
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_ptr_eq(map_get(m, key_of(text, sizeof(text), i)), in[i] ? (void *)&values[i] : NULL);
	map_free(m);
}
END_TEST

START_TEST(walk_sees_each_once)
{
	static int values[MANY];
	struct map *m = map_new();
	struct slice key;
	char text[32];
	void *value;
	size_t at = 0, seen = 0;

	ck_assert(!map_next(m, &at, &key, &value));
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_int_eq(map_put(m, key_of(text, sizeof(text), i), &values[i]), 0);
	for (at = 0; map_next(m, &at, &key, &value); seen++) {
		int *v = value;

		ck_assert(slice_eq(key, key_of(text, sizeof(text), (unsigned)(v - values))));
		ck_assert_int_eq(*v, 0);
		*v = 1;
	}
	ck_assert_uint_eq(seen, MANY);
	map_free(m);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map");
	TCase *t = tcase_create("map");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, put_get_remove);
	tcase_add_test(t, keys_are_bytes);
	tcase_add_test(t, keys_are_copied);
	tcase_add_test(t, agrees_with_an_array);
	tcase_add_test(t, walk_sees_each_once);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
