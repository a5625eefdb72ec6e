#include <check.h>
#include <stdio.h>

#include "kafka/schema.h"
#include "message_gen.h"

/* Calls fn for each API, direction and version of the table. */
static void
each_message(void (*fn)(int16_t key, bool response, int16_t version))
{
	for (int16_t key = 0; key < schema_api_count; key++)
		for (int16_t v = schema_apis[key].first; schema_apis[key].name != NULL && v <= schema_apis[key].last; v++) {
			fn(key, false, v);
			fn(key, true, v);
		}
}

static struct message_gen gen;

static void
seed(uint64_t s)
{
	gen = (struct message_gen){.state = s};
}

static int
check(int16_t key, bool response, int16_t version, struct slice body)
{
	return schema_walk(key, response, version, body, NULL, NULL, NULL);
}

/* A copy in a block of exactly that size, so that the sanitizer sees a read past its end. */
static uint8_t *
boxed(const uint8_t *p, size_t n)
{
	uint8_t *box = malloc(n > 0 ? n : 1);

	ck_assert_ptr_nonnull(box);
	if (n > 0)
		memcpy(box, p, n);
	return box;
}

/* --- the table itself ------------------------------------------------------------ */

START_TEST(children_stand_before_parents) /* which bounds the walker's recursion */
{
	for (int key = 0; key < schema_api_count; key++) {
		const struct schema_api *a = &schema_apis[key];
		const int roots[] = {a->request, a->response};

		for (int i = 0; a->name != NULL && i < 2; i++)
			for (int s = 0; s <= roots[i]; s++)
				for (unsigned k = 0; k < schema_structs[s].count; k++) {
					const struct schema_field *f = &schema_fields[schema_structs[s].first + k];

					if (f->type == T_STRUCT)
						ck_assert_int_lt(f->child, s);
				}
	}
}
END_TEST

static size_t
least_size(int index, int16_t version, bool flexible)
{
	const struct schema_struct *s = &schema_structs[index];
	size_t n = flexible; /* its tag count */

	for (unsigned i = 0; i < s->count; i++) {
		const struct schema_field *f = &schema_fields[s->first + i];

		n += version >= f->first && version <= f->last && (f->tag < 0 || version < f->tag_first);
	}
	return n;
}

/* The walker bounds a count by the bytes that are left. */
static void
elements_have_bytes(int16_t key, bool response, int16_t version)
{
	const struct schema_api *a = &schema_apis[key];
	int stack[64] = {response ? a->response : a->request};
	int depth = 1;

	while (depth > 0) {
		const struct schema_struct *s = &schema_structs[stack[--depth]];

		for (unsigned i = 0; i < s->count; i++) {
			const struct schema_field *f = &schema_fields[s->first + i];

			if (f->type != T_STRUCT || version < f->first || version > f->last)
				continue;
			ck_assert_int_gt(least_size(f->child, version, version >= a->flexible), 0);
			ck_assert_int_lt(depth, 63);
			stack[depth++] = f->child;
		}
	}
}

START_TEST(every_element_has_bytes)
{
	each_message(elements_have_bytes);
}
END_TEST

START_TEST(table_is_of_a_release)
{
	int known = 0;

	ck_assert_str_eq(schema_kafka_version, "4.4.0");
	for (int key = 0; key < schema_api_count; key++)
		known += schema_apis[key].name != NULL;
	ck_assert_int_eq(known, 91);
}
END_TEST

/* --- good messages --------------------------------------------------------------- */

static void
copies_itself(int16_t key, bool response, int16_t version)
{
	for (int round = 0; round < 20; round++) {
		struct wr w = wr_new(1 << 20), copy = wr_new(1 << 20);
		uint64_t state = gen.state;

		message_gen(&gen, key, response, version, &w);
		ck_assert_msg(check(key, response, version, wr_slice(&w)) == 0, "%s %d %d, state %llu",
			      schema_apis[key].name, response, version, (unsigned long long)state);
		ck_assert_int_eq(schema_walk(key, response, version, wr_slice(&w), NULL, NULL, &copy), 0);
		ck_assert(slice_eq(wr_slice(&w), wr_slice(&copy)));
		wr_free(&w);
		wr_free(&copy);
	}
}

START_TEST(every_message_is_copied)
{
	seed(0x6d616b6f746f);
	each_message(copies_itself);
}
END_TEST

START_TEST(kafkas_own_bytes)
{
	FILE *f = fopen("tests/vectors/messages.txt", "r");
	char *line = NULL;
	size_t room = 0;
	int lines = 0;

	ck_assert_ptr_nonnull(f);
	while (getline(&line, &room, f) > 0) {
		char way[16], hex[8192] = "";
		int key, version;
		struct wr copy = wr_new(1 << 20);
		uint8_t body[4096];
		size_t n;

		if (line[0] == '#')
			continue;
		ck_assert_int_ge(sscanf(line, "%d %*s %15s %d %8191s", &key, way, &version, hex), 3);
		n = strlen(hex) / 2;
		for (size_t i = 0; i < n; i++)
			ck_assert_int_eq(sscanf(hex + 2 * i, "%2hhx", &body[i]), 1);
		ck_assert_msg(schema_walk((int16_t)key, way[2] == 's', (int16_t)version, slice_of(body, n), NULL, NULL,
					  &copy) == 0, "%s", line);
		ck_assert(slice_eq(slice_of(body, n), wr_slice(&copy)));
		wr_free(&copy);
		lines++;
	}
	free(line);
	fclose(f);
	ck_assert_int_eq(lines, 616);
}
END_TEST

/* --- bad messages ---------------------------------------------------------------- */

static void
no_prefix(int16_t key, bool response, int16_t version)
{
	struct wr w = wr_new(1 << 20);

	message_gen(&gen, key, response, version, &w);
	for (size_t n = 0; n < w.len; n++) {
		uint8_t *box = boxed(w.buf, n);

		ck_assert_int_ne(check(key, response, version, slice_of(box, n)), 0);
		free(box);
	}
	wr_u8(&w, 0);
	ck_assert_int_eq(check(key, response, version, wr_slice(&w)), ERR_MALFORMED);
	wr_free(&w);
}

START_TEST(no_prefix_passes)
{
	seed(0x1234567);
	each_message(no_prefix);
	each_message(no_prefix);
}
END_TEST

/* What is taken is copied to something that is taken, and that to itself. */
static void
one_byte(int16_t key, bool response, int16_t version)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x7f};
	struct wr w = wr_new(1 << 20), once = wr_new(1 << 20), twice = wr_new(1 << 20);
	uint8_t *box;

	message_gen(&gen, key, response, version, &w);
	box = boxed(w.buf, w.len);
	for (size_t i = 0; i < w.len; i++) {
		for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
			box[i] ^= flips[k];
			wr_reset(&once);
			wr_reset(&twice);
			if (schema_walk(key, response, version, slice_of(box, w.len), NULL, NULL, &once) == 0) {
				ck_assert_int_eq(schema_walk(key, response, version, wr_slice(&once), NULL, NULL, &twice), 0);
				ck_assert(slice_eq(wr_slice(&once), wr_slice(&twice)));
			}
			box[i] = w.buf[i];
		}
	}
	free(box);
	wr_free(&w);
	wr_free(&once);
	wr_free(&twice);
}

START_TEST(one_changed_byte_is_harmless)
{
	seed(0x7654321);
	each_message(one_byte);
}
END_TEST

START_TEST(what_is_not_in_the_table)
{
	static const int16_t keys[] = {-1, 4, 5, 6, 7, INT16_MAX, INT16_MIN};
	struct slice none = slice_of("", 0);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		ck_assert_int_eq(check(keys[i], false, 0, none), ERR_UNSUPPORTED);
	ck_assert_int_eq(check(schema_api_count > INT16_MAX ? 0 : (int16_t)schema_api_count, false, 0, none), ERR_UNSUPPORTED);
	ck_assert_int_eq(check(3, false, 14, none), ERR_UNSUPPORTED);
	ck_assert_int_eq(check(3, false, -1, none), ERR_UNSUPPORTED);
	ck_assert_int_eq(check(0, false, 2, none), ERR_UNSUPPORTED); /* gone in Kafka 4 */
	ck_assert_int_eq(check(22, false, 6, none), ERR_UNSUPPORTED); /* not stable yet */
}
END_TEST

#define ck_walk(want, key, response, version, ...)                                                 \
	do {                                                                                       \
		static const uint8_t b[] = {__VA_ARGS__};                                          \
		ck_assert_int_eq(check(key, response, version, slice_of(b, sizeof(b))), want);     \
	} while (0)

/* Heartbeat v4 request: group, generation, member, instance (null), tags. */
#define HEARTBEAT 2, 'g', 0, 0, 0, 1, 2, 'm', 0

START_TEST(tagged_fields)
{
	ck_walk(0, 12, false, 4, HEARTBEAT, 0);
	ck_walk(0, 12, false, 4, HEARTBEAT, 2, 7, 1, 'x', 9, 0);
	ck_walk(ERR_MALFORMED, 12, false, 4, HEARTBEAT, 2, 9, 1, 'x', 7, 0); /* descending */
	ck_walk(ERR_MALFORMED, 12, false, 4, HEARTBEAT, 2, 7, 1, 'x', 7, 0); /* twice */
	ck_walk(ERR_SHORT, 12, false, 4, HEARTBEAT, 1, 7, 2, 'x');
	ck_walk(ERR_SHORT, 12, false, 4, HEARTBEAT, 3, 7, 1, 'x', 8, 0);
	ck_walk(ERR_SHORT, 12, false, 4, HEARTBEAT, 0xff, 0xff, 0xff, 0xff, 0x0f);
	/* ApiVersions v3: tag 1 is an int64, so its size is 8. */
	ck_walk(0, 18, true, 3, 0, 0, 1, 0, 0, 0, 0, 1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 5);
	ck_walk(ERR_SHORT, 18, true, 3, 0, 0, 1, 0, 0, 0, 0, 1, 1, 7, 0, 0, 0, 0, 0, 0, 5);
	ck_walk(ERR_MALFORMED, 18, true, 3, 0, 0, 1, 0, 0, 0, 0, 1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 5, 0);
}
END_TEST

START_TEST(nulls_and_counts)
{
	ck_walk(ERR_MALFORMED, 12, false, 4, 0, 0, 0, 0, 1, 2, 'm', 0, 0);             /* null group id */
	ck_walk(ERR_MALFORMED, 12, false, 0, 0xff, 0xff, 0, 0, 0, 1, 0, 1, 'm');       /* the same, old form */
	ck_walk(ERR_MALFORMED, 12, false, 0, 0xff, 0xfe, 0, 0, 0, 1, 0, 1, 'm');       /* length -2 */
	ck_walk(ERR_MALFORMED, 3, false, 0, 0xff, 0xff, 0xff, 0xff);                   /* Metadata v0: no null list */
	ck_walk(0, 3, false, 1, 0xff, 0xff, 0xff, 0xff);                               /* v1: all topics */
	ck_walk(ERR_MALFORMED, 3, false, 1, 0xff, 0xff, 0xff, 0xfe);                   /* count -2 */
	ck_walk(ERR_SHORT, 3, false, 1, 0x7f, 0xff, 0xff, 0xff);                       /* more than can be there */
	ck_walk(ERR_MALFORMED, 12, false, 4, 0xff, 0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 1); /* a uvarint of 33 bits */
}
END_TEST

static int
stop_at(void *arg, struct schema_value *v)
{
	int *left = arg;

	(void)v;
	return (*left)-- == 0 ? ERR_EXISTS : 0;
}

START_TEST(a_visitor_ends_the_walk)
{
	/* Metadata v0: two brokers, no topic: six marked fields */
	static const uint8_t b[] = {0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 'a', 0, 0, 0, 9, 0, 0, 0, 2, 0, 1, 'b', 0, 0, 0, 9, 0, 0, 0, 0};

	for (int n = 0; n < 8; n++) {
		int left = n;

		ck_assert_int_eq(schema_walk(3, true, 0, slice_of(b, sizeof(b)), stop_at, &left, NULL),
				 n < 6 ? ERR_EXISTS : 0);
	}
}
END_TEST

START_TEST(a_full_writer_ends_the_walk)
{
	struct wr w = wr_new(1 << 20);

	seed(5);
	message_gen(&gen, 3, true, 12, &w);
	for (size_t max = 0; max < w.len; max++) {
		struct wr small = wr_new(max);

		ck_assert_int_eq(schema_walk(3, true, 12, wr_slice(&w), NULL, NULL, &small), ERR_LIMIT);
		wr_free(&small);
	}
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("schema");
	TCase *c = tcase_create("schema");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, children_stand_before_parents);
	tcase_add_test(c, every_element_has_bytes);
	tcase_add_test(c, table_is_of_a_release);
	tcase_add_test(c, every_message_is_copied);
	tcase_add_test(c, kafkas_own_bytes);
	tcase_add_test(c, no_prefix_passes);
	tcase_add_test(c, one_changed_byte_is_harmless);
	tcase_add_test(c, what_is_not_in_the_table);
	tcase_add_test(c, tagged_fields);
	tcase_add_test(c, nulls_and_counts);
	tcase_add_test(c, a_visitor_ends_the_walk);
	tcase_add_test(c, a_full_writer_ends_the_walk);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
