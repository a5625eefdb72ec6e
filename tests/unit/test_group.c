/* A consumer group's members: who has which partitions, and how far they came.  Of librdkafka's mock cluster. */
#include "rdkafka/group.h"

#include "base/clock.h"
#include "mocked.h"
#include "suite.h"

enum { PARTITIONS = 4, PATIENCE_MS = 60000 };

struct member {
	struct group *group;
	bool has[PARTITIONS];
	int64_t offset[PARTITIONS];
	char note[PARTITIONS][GROUP_NOTE_MAX];
};

static void
on_assigned(void *arg, const char *topic, int32_t partition, int64_t offset, const char *note)
{
	struct member *m = arg;

	ck_assert_str_eq(topic, "orders");
	ck_assert_int_lt(partition, PARTITIONS);
	ck_assert(!m->has[partition]);
	m->has[partition] = true;
	m->offset[partition] = offset;
	snprintf(m->note[partition], sizeof(m->note[partition]), "%s", note);
}

static void
on_revoked(void *arg, const char *topic, int32_t partition)
{
	struct member *m = arg;

	ck_assert_str_eq(topic, "orders");
	ck_assert(m->has[partition]);
	m->has[partition] = false;
}

static void
join_with(struct member *m, const char *pattern, const char *session_ms, int timeout_ms)
{
	const char *topics[] = {pattern, NULL};
	const char *props[] = {"session.timeout.ms", session_ms, "heartbeat.interval.ms", "200", NULL};
	struct group_conf conf = {.bootstrap = mock_bootstrap(mock),
				  .name = "auditors",
				  .topics = topics,
				  .props = props,
				  .timeout_ms = timeout_ms,
				  .assigned = on_assigned,
				  .revoked = on_revoked,
				  .arg = m};
	char why[256];

	memset(m, 0, sizeof(*m));
	ck_assert_msg(group_open(&conf, &m->group, why, sizeof(why)) == 0, "%s", why);
}

static void
join(struct member *m, const char *pattern)
{
	join_with(m, pattern, "6000", 10000);
}

static int
share(const struct member *m)
{
	int n = 0;

	for (int i = 0; i < PARTITIONS; i++)
		n += m->has[i];
	return n;
}

/* Until they have that many. */
static void
settle(struct member *a, int want, struct member *b, int want_b)
{
	struct monotime begin = clock_now();

	while (share(a) != want || (b != NULL && share(b) != want_b)) {
		ck_assert_msg(monotime_since_ms(clock_now(), begin) < PATIENCE_MS, "%d and %d: %s", share(a), b == NULL ? 0 : share(b),
			      group_why(a->group));
		(void)group_poll(a->group, 20);
		if (b != NULL)
			(void)group_poll(b->group, 20);
	}
}

/* A commit while the group is shared out anew is for later. */
static void
commit(struct member *m, int32_t partition, int64_t offset, const char *note)
{
	struct monotime begin = clock_now();
	int err;

	while ((err = group_commit(m->group, "orders", partition, offset, note)) == ERR_NOT_NOW) {
		ck_assert_int_lt(monotime_since_ms(clock_now(), begin), PATIENCE_MS);
		(void)group_poll(m->group, 20);
	}
	ck_assert_msg(err == 0, "%s", group_why(m->group));
}

static void
setup(void)
{
	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "orders", PARTITIONS), 0);
}

static void
teardown(void)
{
	mock_stop(mock);
}

START_TEST(partitions_are_shared_and_taken_over_where_they_were)
{
	struct member a, b;

	join(&a, "orders");
	settle(&a, PARTITIONS, NULL, 0);
	for (int i = 0; i < PARTITIONS; i++) {
		ck_assert_int_eq(a.offset[i], -1);
		ck_assert_str_eq(a.note[i], "");
		commit(&a, i, 10 + i, i == 1 ? "telling up to 20" : "");
	}
	join(&b, "ord*");
	settle(&a, 2, &b, 2);
	for (int i = 0; i < PARTITIONS; i++) {
		ck_assert(a.has[i] != b.has[i]);
		if (b.has[i])
			ck_assert_int_eq(b.offset[i], 10 + i);
	}
	group_close(a.group);
	settle(&b, PARTITIONS, NULL, 0);
	for (int i = 0; i < PARTITIONS; i++)
		ck_assert_int_eq(b.offset[i], 10 + i);
	ck_assert_str_eq(b.note[1], "telling up to 20");
	ck_assert_str_eq(b.note[2], "");
	group_close(b.group);
	group_close(NULL);
}
END_TEST

/* An answer that is late is waited for before anything else is committed: else it could be the older one that stands. */
START_TEST(a_commit_is_waited_for_no_longer_than_that)
{
	struct monotime begin;
	struct member a, b;

	join_with(&a, "orders", "6000", 100);
	settle(&a, PARTITIONS, NULL, 0);
	mock_slow(mock, 2 * PATIENCE_MS);
	begin = clock_now();
	ck_assert_int_eq(group_commit(a.group, "orders", 0, 1, "the first"), ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(group_why(a.group), "no answer"));
	ck_assert_int_eq(group_commit(a.group, "orders", 1, 1, ""), ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(group_why(a.group), "one before"));
	ck_assert_int_lt(monotime_since_ms(clock_now(), begin), PATIENCE_MS);
	mock_slow(mock, 0);
	while (group_commit(a.group, "orders", 0, 2, "the second") != 0) {
		ck_assert_int_lt(monotime_since_ms(clock_now(), begin), PATIENCE_MS);
		(void)group_poll(a.group, 20);
	}
	group_close(a.group);
	join(&b, "orders");
	settle(&b, PARTITIONS, NULL, 0);
	ck_assert_int_eq(b.offset[0], 2);
	ck_assert_str_eq(b.note[0], "the second");
	ck_assert_int_eq(b.offset[1], -1); /* it was not even sent */
	group_close(b.group);
}
END_TEST

/*
 * Who stops when the cluster is gone is let go; what can't be committed then is an error, and no waiting without end.
 * librdkafka would wait for the session to end until it gives up that commit.
 */
START_TEST(the_cluster_may_be_gone)
{
	struct member a;
	struct monotime begin;

	join_with(&a, "orders", "150000", 100);
	settle(&a, PARTITIONS, NULL, 0);
	mock_stop(mock);
	mock = NULL;
	begin = clock_now();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_ne(group_commit(a.group, "orders", 0, 1, ""), 0);
		(void)group_poll(a.group, 20);
	}
	group_close(a.group);
	ck_assert_int_lt(monotime_since_ms(clock_now(), begin), PATIENCE_MS);
}
END_TEST

/* Nor for who doesn't answer that it leaves. */
START_TEST(who_leaves_waits_for_no_slow_cluster)
{
	struct member a, b;
	struct monotime begin;

	join_with(&a, "orders", "60000", 100);
	settle(&a, PARTITIONS, NULL, 0);
	join(&b, "orders"); /* and nobody serves what is revoked for it */
	mock_slow(mock, 2 * PATIENCE_MS);
	ck_assert_int_eq(group_commit(a.group, "orders", 0, 1, ""), ERR_TIMEOUT);
	begin = clock_now();
	group_close(a.group);
	group_close(b.group);
	ck_assert_int_lt(monotime_since_ms(clock_now(), begin), PATIENCE_MS);
}
END_TEST

START_TEST(globs_are_regular_expressions)
{
	static const struct {
		const char *glob, *regex;
	} table[] = {{"orders", "orders"},   {"a.b", "a.b"},	    {"orders-*", "^orders-.*$"},
		     {"a.b?", "^a\\.b.$"},   {"*", "^.*$"},	    {"x[1]*", "^x\\[1\\].*$"},
		     {"a_b-*", "^a_b-.*$"}};
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		ck_assert_int_eq(group_pattern(table[i].glob, text, sizeof(text)), 0);
		ck_assert_str_eq(text, table[i].regex);
		for (size_t n = strlen(table[i].regex) + 1; n-- > 0;)
			ck_assert_int_eq(group_pattern(table[i].glob, text, n), ERR_LIMIT);
	}
}
END_TEST

START_TEST(what_can_not_be_is_refused)
{
	const char *topics[] = {"orders", NULL}, *props[] = {"no.such.property", "1", NULL};
	struct group_conf conf = {.bootstrap = mock_bootstrap(mock), .name = "auditors", .topics = topics, .props = props};
	struct group *g = NULL;
	char why[256];

	ck_assert_int_eq(group_open(&conf, &g, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "no.such.property"));
	ck_assert_ptr_null(g);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("group");
	TCase *t = tcase_create("group");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 240);
	tcase_add_test(t, partitions_are_shared_and_taken_over_where_they_were);
	tcase_add_test(t, a_commit_is_waited_for_no_longer_than_that);
	tcase_add_test(t, the_cluster_may_be_gone);
	tcase_add_test(t, who_leaves_waits_for_no_slow_cluster);
	tcase_add_test(t, globs_are_regular_expressions);
	tcase_add_test(t, what_can_not_be_is_refused);
	suite_add_tcase(s, t);
	return suite_run(s);
}
