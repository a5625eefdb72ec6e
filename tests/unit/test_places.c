/* Where statements stand, found again by their windows. */
#include "verify/places.h"

#include "suite.h"

static struct places p;

static void
add(uint8_t chain, uint64_t window, int32_t partition, int64_t offset, int32_t topic, int32_t kept_for, bool bad)
{
	struct place one = {{{chain}}, window, offset, partition, topic, kept_for, bad ? "bad" : NULL, false};

	ck_assert_int_eq(places_add(&p, &one), 0);
}

static size_t
found(int32_t topic, int32_t partition, uint8_t chain, uint64_t window, int64_t first)
{
	struct chain_id id = {{chain}};
	const struct place *at;
	size_t n;

	at = places_find(&p, topic, partition, &id, window, &n);
	ck_assert_int_eq(at == NULL, n == 0);
	if (n > 0)
		ck_assert_int_eq(at->offset, first);
	return n;
}

static bool
later(int32_t topic, int32_t partition, uint8_t chain, uint64_t window)
{
	struct chain_id id = {{chain}};

	return places_later(&p, topic, partition, &id, window);
}

START_TEST(by_window)
{
	places_sort(&p); /* nothing */
	ck_assert_uint_eq(found(0, 0, 1, 1, 0), 0);
	for (int i = 99; i >= 0; i--)
		add((uint8_t)(i % 3), (uint64_t)(i / 3), 1, i, -1, -1, false);
	places_sort(&p);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(found(0, 0, (uint8_t)(i % 3), (uint64_t)(i / 3), i), 1);
	ck_assert_uint_eq(found(0, 0, 0, 34, 0), 0);
	ck_assert_uint_eq(found(0, 0, 3, 1, 0), 0);
	ck_assert(later(0, 0, 0, 32));
	ck_assert(!later(0, 0, 0, 33));
	ck_assert(!later(0, 0, 0, UINT64_MAX));
	free(p.list);
	p = (struct places){0};
}
END_TEST

/* What is kept for a partition is elsewhere for all others, those of the same number in other topics too. */
START_TEST(kept)
{
	add(1, 5, 0, 30, 2, 7, false); /* kept */
	add(1, 5, 0, 20, -1, -1, true);
	add(1, 5, 0, 10, -1, -1, false);
	add(1, 6, 0, 40, 2, 7, false);
	add(2, 9, 0, 50, -1, -1, true);
	places_sort(&p);
	ck_assert_uint_eq(found(2, 7, 1, 5, 10), 2);
	ck_assert_uint_eq(found(2, 8, 1, 5, 10), 3);
	ck_assert_uint_eq(found(1, 7, 1, 5, 10), 3);
	ck_assert_uint_eq(found(2, 7, 1, 6, 0), 0);
	ck_assert(!later(2, 7, 1, 5));
	ck_assert(later(2, 7, 1, 4)); /* the one that isn't kept */
	ck_assert(later(1, 7, 1, 5));
	ck_assert(later(2, 6, 1, 5));
	ck_assert(!later(0, 0, 2, 8)); /* bad */
	free(p.list);
	p = (struct places){0};
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("places");
	TCase *t = tcase_create("places");

	tcase_add_test(t, by_window);
	tcase_add_test(t, kept);
	suite_add_tcase(s, t);
	return suite_run(s);
}
