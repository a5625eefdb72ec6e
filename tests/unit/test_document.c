#include "config/document.h"

#include <check.h>

#include "base/wr.h"
#include "suite.h"

static char why[1024];

static int
parse(const char *text, struct document **ret)
{
	why[0] = '\0';
	return document_parse("f.yaml", slice_str(text), ret, why, sizeof(why));
}

static const struct document_node *
at(const struct document_node *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->items[i].name, name) == 0)
			return &n->items[i];
	ck_abort_msg("no %s", name);
}

START_TEST(a_tree)
{
	struct document *d;
	const struct document_node *root, *n;

	ck_assert_int_eq(parse("a:\n  b: [x, 'y y', \"\"]\n  c:\n  d: ~\n  e: 'null'\nf.g: ${HOME}\nh: |\n  two\n  lines\n", &d), 0);
	root = document_root(d);
	ck_assert_int_eq(root->kind, DOCUMENT_MAP);
	ck_assert_uint_eq(root->count, 3);
	n = at(at(root, "a"), "b");
	ck_assert_int_eq(n->kind, DOCUMENT_LIST);
	ck_assert_uint_eq(n->count, 3);
	ck_assert_str_eq(n->items[0].text, "x");
	ck_assert_str_eq(n->items[1].text, "y y");
	ck_assert_str_eq(n->items[2].text, "");
	ck_assert_int_eq(n->items[2].kind, DOCUMENT_TEXT);
	ck_assert_uint_eq(n->name_at.line, 2);
	ck_assert_uint_eq(n->name_at.column, 3);
	ck_assert_uint_eq(n->items[1].at.line, 2);
	ck_assert_uint_eq(n->items[1].at.column, 10);
	ck_assert_int_eq(at(at(root, "a"), "c")->kind, DOCUMENT_NONE);
	ck_assert_int_eq(at(at(root, "a"), "d")->kind, DOCUMENT_NONE);
	ck_assert_str_eq(at(at(root, "a"), "e")->text, "null");
	ck_assert_str_eq(at(root, "f.g")->text, "${HOME}");
	ck_assert_str_eq(at(root, "h")->text, "two\nlines\n");
	ck_assert_int_eq(document_complain(d, n->items[1].at, why, sizeof(why), "%s is %d", "it", 7), ERR_CONFIG);
	ck_assert_str_eq(why, "f.yaml:2:10: it is 7");
	document_free(d);
	document_free(NULL);
}
END_TEST

START_TEST(nothing)
{
	static const char *const empty[] = {"", "\n", "# a comment\n", "---\n", "---\n...\n"};

	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		struct document *d;

		ck_assert_msg(parse(empty[i], &d) == 0, "%s", why);
		ck_assert_int_eq(document_root(d)->kind, DOCUMENT_NONE);
		ck_assert_uint_ge(document_root(d)->at.line, 1);
		document_free(d);
	}
}
END_TEST

/* Text, and what is said of it; NULL: that something is. */
static const struct {
	const char *text, *why;
} wrong[] = {
	{"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: \"a\" stands there twice, first in line 1"},
	{"x: {a: 1, a: 2}\n", "f.yaml:1:11: \"a\" stands there twice, first in line 1"},
	{"[a]: b\n", "f.yaml:1:1: want a name"},
	{"? \n: x\n", "f.yaml:1:2: want a name"},
	{"a: \"x\\0y\"\n", "f.yaml:1:4: a NUL character"},
	{"\"x\\0y\": a\n", "f.yaml:1:1: a NUL character"},
	{"a: &x 1\n", "f.yaml:1:4: anchors and tags are not taken"},
	{"a: *x\n", "f.yaml:1:4: aliases are not taken; write the value out"},
	{"a: !!int 1\n", "f.yaml:1:4: anchors and tags are not taken"},
	{"--- {a: 1}\n--- {a: 2}\n", "f.yaml:2:1: a second document; one is taken"},
	{"a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n", "f.yaml:1:19: nested too deep"},
	{"a: \xff\n", "f.yaml:1:4: not YAML: invalid leading UTF-8 octet"},
	{"a: [1\n", NULL},
	{"\ta: 1\n", NULL},
	{"a: b: c\n", NULL},
};

START_TEST(wrong_and_where)
{
	struct document *d = NULL;

	ck_assert_int_eq(parse(wrong[_i].text, &d), ERR_CONFIG);
	ck_assert_ptr_null(d);
	if (wrong[_i].why != NULL)
		ck_assert_str_eq(why, wrong[_i].why);
	else
		ck_assert_int_eq(strncmp(why, "f.yaml:", 7), 0);
}
END_TEST

/* Bounded: bytes, and nodes. */
START_TEST(too_much)
{
	struct wr w = wr_new(4 << 20);
	struct document *d = NULL;

	wr_text(&w, "a: [");
	for (int i = 0; i < DOCUMENT_NODES_MAX - 2; i++)
		wr_text(&w, i == 0 ? "x" : ",x");
	wr_text(&w, "]\n");
	ck_assert_msg(document_parse("f.yaml", wr_slice(&w), &d, why, sizeof(why)) == 0, "%s", why);
	document_free(d);
	w.len -= 2;
	wr_text(&w, ",x]\n");
	ck_assert_int_eq(document_parse("f.yaml", wr_slice(&w), &d, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "more than a file like this may hold"));
	wr_reset(&w);
	for (int i = 0; i <= DOCUMENT_BYTES_MAX; i++)
		wr_u8(&w, '#');
	ck_assert_int_eq(document_parse("f.yaml", wr_slice(&w), &d, why, sizeof(why)), ERR_CONFIG);
	ck_assert_str_eq(why, "f.yaml:1:1: larger than 1048576 bytes");
	wr_free(&w);
}
END_TEST

/* Every beginning of a document is one, or it is said where it is wrong. */
START_TEST(prefixes)
{
	static const char text[] = "issuers:\n  plant-7:\n    keys: [a.pem, \"b\"]\n    level: 2\nmirrors:\n  - {topic: a, of: 'b'}\n";

	for (size_t n = 0; n < sizeof(text); n++) {
		struct document *d = NULL;
		int err = document_parse("f.yaml", slice_of(text, n), &d, why, sizeof(why));

		ck_assert_int_eq(err == 0, d != NULL);
		ck_assert(err == 0 || strncmp(why, "f.yaml:", 7) == 0);
		document_free(d);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("document");
	TCase *t = tcase_create("document");

	tcase_add_test(t, a_tree);
	tcase_add_test(t, nothing);
	tcase_add_loop_test(t, wrong_and_where, 0, (int)ARRAY_LEN(wrong));
	tcase_add_test(t, too_much);
	tcase_add_test(t, prefixes);
	suite_add_tcase(s, t);
	return suite_run(s);
}
