/* Which topics a pattern means. */
#include "verify/selection.h"

#include "suite.h"

#define OF(...) (struct selection){(const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})), "makoto.dbom"}

static bool
match(struct selection s, const char *topic)
{
	return selection_match(&s, slice_str(topic));
}

START_TEST(names)
{
	ck_assert(match(OF("orders"), "orders"));
	ck_assert(!match(OF("orders"), "orders2"));
	ck_assert(!match(OF("orders"), "order"));
	ck_assert(match(OF("a", "b"), "b"));
	ck_assert(match(OF("__consumer_offsets"), "__consumer_offsets"));
	ck_assert(match(OF("makoto.dbom"), "makoto.dbom"));
	ck_assert(!match((struct selection){NULL, 0, "makoto.dbom"}, "orders"));
}
END_TEST

START_TEST(globs)
{
	ck_assert(match(OF("ord*"), "orders"));
	ck_assert(match(OF("*"), "orders"));
	ck_assert(match(OF("or?ers"), "orders"));
	ck_assert(!match(OF("ord?"), "orders"));
	ck_assert(match(OF("x", "*s"), "orders"));
	/* Kafka's own, and the statement topic, are meant only when they are said to be. */
	ck_assert(!match(OF("*"), "__consumer_offsets"));
	ck_assert(!match(OF("?_consumer*"), "__consumer_offsets"));
	ck_assert(match(OF("__*"), "__consumer_offsets"));
	ck_assert(!match(OF("*", "makoto.*"), "makoto.dbom"));
	ck_assert(match(OF("*", "makoto.dbom"), "makoto.dbom"));
	ck_assert(match(OF("makoto.*"), "makoto.other"));
	ck_assert(match(OF("*"), "_one"));
	ck_assert(!match((struct selection){(const char *const[]){"*"}, 1, "a.dbom,b.dbom"}, "b.dbom"));
	ck_assert(match((struct selection){(const char *const[]){"*"}, 1, "a.dbom,b.dbom"}, "dbom"));
}
END_TEST

START_TEST(named)
{
	struct selection s = OF("a*", "orders");

	ck_assert(selection_named(&s, slice_str("orders")));
	ck_assert(!selection_named(&s, slice_str("a1")));
	ck_assert(selection_is_glob("a*"));
	ck_assert(selection_is_glob("?"));
	ck_assert(!selection_is_glob("a.b-c_d"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("selection");
	TCase *t = tcase_create("selection");

	tcase_add_test(t, names);
	tcase_add_test(t, globs);
	tcase_add_test(t, named);
	suite_add_tcase(s, t);
	return suite_run(s);
}
