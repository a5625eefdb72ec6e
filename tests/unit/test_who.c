#include "attest/who.h"

#include <pthread.h>

#include "base/text.h"
#include "tests/unit/suite.h"

static struct who_table *t;

static void
setup(void)
{
	t = who_table_new();
	ck_assert_ptr_nonnull(t);
}

static void
teardown(void)
{
	who_table_free(t);
}

static struct who *
get(const char *id, const char *name, const char *version)
{
	struct who *w = who_get(t, &(struct who){slice_str(id), slice_str(name), slice_str(version), slice_str("")});

	ck_assert_ptr_nonnull(w);
	return w;
}

#define ck_text(s_, text_) ck_assert(slice_eq((s_), slice_str(text_)))

START_TEST(each_combination_once)
{
	struct who *a = get("c", "java", "3.9"), *b = get("c", "java", "3.9"), *others[] = {
		get("c", "java", "4.0"), get("d", "java", "3.9"), get("c", "go", "3.9"), get("cj", "ava", "3.9"),
		get("", "", ""), get("c", "", "java3.9")};

	ck_assert_ptr_eq(a, b);
	ck_text(a->client_id, "c");
	ck_text(a->software_name, "java");
	ck_text(a->software_version, "3.9");
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		ck_assert_ptr_ne(others[i], a);
		for (size_t k = 0; k < i; k++)
			ck_assert_ptr_ne(others[i], others[k]);
		who_unref(t, others[i]);
	}
	who_unref(t, b);
	ck_assert_ptr_eq(who_ref(t, a), a);
	who_unref(t, a);
	ck_text(a->client_id, "c");
	who_unref(t, a);
	who_unref(t, NULL);
	who_table_free(NULL);
}
END_TEST

START_TEST(names_that_are_null)
{
	struct who *w = who_get(t, &(struct who){0});

	ck_assert_uint_eq(w->client_id.n, 0);
	ck_assert_uint_eq(w->software_name.n, 0);
	ck_assert_ptr_eq(w, get("", "", ""));
	who_unref(t, w);
	who_unref(t, w);
}
END_TEST

/* FORMAT.md: bytes that are no UTF-8 stand as U+FFFD, one for each byte. */
START_TEST(what_is_no_utf8)
{
	static const struct {
		const char *in, *out;
	} c[] = {
		{"plain", "plain"},
		{"a\xff" "b", "a\xef\xbf\xbd" "b"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                         /* overlong */
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},         /* a surrogate */
		{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* past U+10FFFF */
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},                         /* cut off */
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	};

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct who *w = get(c[i].in, c[i].in, c[i].in);

		ck_text(w->client_id, c[i].out);
		ck_text(w->software_name, c[i].out);
		ck_text(w->software_version, c[i].out);
		who_unref(t, w);
	}
}
END_TEST

/* Long names are cut between characters, whatever they are made of. */
START_TEST(long_names)
{
	static char text[40000];
	static const char *const parts[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff", "a\xff", "\xff\xe2\x82\xac"};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t n = strlen(parts[i]), len = 0;
		struct who *w;

		for (; len + n < 33000; len += n)
			memcpy(text + len, parts[i], n);
		w = who_get(t, &(struct who){slice_of(text, len), slice_of(text, len), slice_of(text, len), slice_of(text, len)});
		ck_assert_ptr_nonnull(w);
		ck_assert_uint_le(w->client_id.n, 256);
		ck_assert_uint_gt(w->client_id.n, 250);
		ck_assert(slice_eq(w->client_id, w->software_version));
		for (size_t at = 0; at < w->client_id.n;) {
			size_t one = text_utf8(slice_of(w->client_id.p + at, w->client_id.n - at));

			ck_assert_uint_gt(one, 0);
			at += one;
		}
		who_unref(t, w);
	}
}
END_TEST

static void *
come_and_go(void *arg UNUSED)
{
	for (int i = 0; i < 3000; i++) {
		char id[2] = {(char)('a' + i % 3), '\0'};
		struct who *w = get(id, "n", "v"), *again = who_ref(t, w);

		ck_assert_int_eq(w->client_id.p[0], id[0]);
		who_unref(t, again);
		who_unref(t, w);
	}
	return NULL;
}

START_TEST(many_threads)
{
	pthread_t th[3];

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&th[i], NULL, come_and_go, NULL), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(th[i], NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("who");
	TCase *c = tcase_create("who");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, each_combination_once);
	tcase_add_test(c, names_that_are_null);
	tcase_add_test(c, what_is_no_utf8);
	tcase_add_test(c, long_names);
	tcase_add_test(c, many_threads);
	suite_add_tcase(s, c);
	return suite_run(s);
}
