/* vectors: tests/vectors/vectors.json for tests, with hex read in place. */
#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include <check.h>
#include <jansson.h>

#include "base/text.h"

static inline json_t *
vectors_load(void)
{
	json_t *v = json_load_file("tests/vectors/vectors.json", 0, NULL);

	/* Called by main(), where no check may stand. */
	if (v == NULL) {
		fprintf(stderr, "tests/vectors/vectors.json: tests run from the top of the tree\n");
		exit(1);
	}
	return v;
}

/* The bytes of a hex member, in memory that lasts as long as the test; p == NULL when it is null. */
static inline struct slice
vectors_hex_of(json_t *v)
{
	static uint8_t arena[16 * 1024 * 1024];
	static size_t used;
	size_t n;
	uint8_t *p;

	if (v == NULL || json_is_null(v))
		return (struct slice){NULL, 0};
	ck_assert(json_is_string(v));
	n = json_string_length(v) / 2;
	ck_assert(n < sizeof(arena) - used);
	p = arena + used;
	used += n + 1;
	ck_assert_int_eq(text_unhex(slice_str(json_string_value(v)), p, n), 0);
	return slice_of(p, n);
}

static inline struct slice
vectors_hex(json_t *o, const char *name)
{
	return vectors_hex_of(json_object_get(o, name));
}

static inline struct slice
vectors_text(json_t *o, const char *name)
{
	json_t *v = json_object_get(o, name);

	return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : (struct slice){NULL, 0};
}

static inline int64_t
vectors_int(json_t *o, const char *name)
{
	json_t *v = json_object_get(o, name);

	ck_assert(json_is_integer(v));
	return json_integer_value(v);
}

#endif
