/*
 * What may be committed when: what is judged is told before it is committed, and what may be told twice says so.
 * ctl/ is no part of the archive, so its files are taken in whole; the group and where findings go are the test's.
 */
#include <check.h>

#include "ctl/args.c"
#include "ctl/command.c"
#include "ctl/safe.c"
#include "ctl/watch_json.c"
#include "ctl/watch_metrics.c"
#include "ctl/watch_run.c"
#include "suite.h"

static char steps[512];   /* what was done, in its order */
static int fails[8];      /* each commit's outcome, in its order */
static int tells, flushes;
static unsigned commits;
static const char *topic_id; /* NULL: it can't be had */

static void
note_step(const char *text)
{
	ck_assert_uint_lt(strlen(steps) + strlen(text) + 2, sizeof(steps));
	(void)snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s%s", steps[0] == '\0' ? "" : "; ", text);
}

int
group_open(const struct group_conf *conf UNUSED, struct group **ret UNUSED, char *why UNUSED, size_t why_len UNUSED)
{
	return ERR_NOMEM;
}

void
group_close(struct group *g UNUSED)
{
}

int
group_poll(struct group *g UNUSED, int timeout_ms UNUSED)
{
	return 0;
}

const char *
group_why(const struct group *g UNUSED)
{
	return "the group is gone";
}

int
group_commit(struct group *g UNUSED, const char *topic, int32_t partition, int64_t offset, const char *note)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "%s/%d at %lld%s%s", topic, (int)partition, (long long)offset, note[0] == '\0' ? "" : ", ", note);
	note_step(text);
	ck_assert_uint_lt(commits, ARRAY_LEN(fails));
	return fails[commits++];
}

int
watch_tell_open(const struct watch_tell_conf *conf UNUSED, struct watch_tell **ret UNUSED, char *why UNUSED, size_t why_len UNUSED)
{
	return ERR_NOMEM;
}

void
watch_tell_close(struct watch_tell *t UNUSED)
{
}

int
watch_tell_found(struct watch_tell *t UNUSED, const struct watch_json_about *about, const struct vigil_found *f,
		 bool (*stop)(void *arg) UNUSED, void *stop_arg UNUSED)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "told %lld-%lld%s", (long long)f->from, (long long)f->to, about->again ? " again" : "");
	note_step(text);
	return tells;
}

int
watch_tell_flush(struct watch_tell *t UNUSED, bool (*stop)(void *arg) UNUSED, void *stop_arg UNUSED)
{
	note_step("flushed");
	return flushes;
}

const char *
way_topic_ids(const struct way *w UNUSED, const struct args_props *props UNUSED, const char *const *topics, size_t count,
	      struct topic_id *ret)
{
	ck_assert_str_eq(topics[0], "orders");
	ck_assert_uint_eq(count, 1);
	if (topic_id == NULL)
		return "nobody tells";
	(void)snprintf(ret[0].text, sizeof(ret[0].text), "%s", topic_id);
	return NULL;
}

int
way_failed(const struct way *w UNUSED, const struct command *c UNUSED, const char *why UNUSED)
{
	return EXIT_UNFINISHED;
}

/* --- the rig --------------------------------------------------------------------------------- */

static const struct command self = {.name = "audit"};
static const char *patterns[] = {"ord*", NULL};
static struct watch_options options;
static struct watch watch;
static struct vigil_run runs[1];
static struct vigil_found found;

static void
setup(void)
{
	options = (struct watch_options){.group = "g", .topics = {patterns, 1, "makoto.dbom"}, .from = {TOPIC_BOUND_OFFSET, 3}, .to = "orders-audit"};
	watch = (struct watch){.c = &self, .o = &options};
	runs[0] = (struct vigil_run){.f = {.about_record = true, .verdict = VERDICT_PENDING, .offset = 12, .why = "", .issuer = ""}, .last_offset = 12};
	found = (struct vigil_found){.from = 10, .to = 20, .high = 30, .runs = runs, .run_count = 1};
	steps[0] = '\0';
	memset(fails, 0, sizeof(fails));
	tells = flushes = 0;
	commits = 0;
	topic_id = NULL;
	stopped = 0;
}

static void
teardown(void)
{
	while (watch.shares != NULL)
		on_revoked(&watch, watch.shares->topic, watch.shares->partition);
}

static struct share *
assigned(int64_t offset, const char *note)
{
	on_assigned(&watch, "orders", 2, offset, note);
	return watch.shares;
}

#define FIRST "orders/2 at 10, telling up to 20; "

START_TEST(told_and_then_committed)
{
	struct share *s = assigned(10, "");

	ck_assert(s->meant && s->at.judged);
	ck_assert_int_eq(s->at.from.value, 10);
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20; flushed; orders/2 at 20");
	ck_assert(!watch.violation && !watch.unfinished);
	ck_assert_uint_eq(watch.counts.again, 0);
}
END_TEST

START_TEST(nothing_to_tell_is_committed_at_once)
{
	struct share *s = assigned(10, "");

	found.run_count = 0;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, "told 10-20; flushed; orders/2 at 20");
}
END_TEST

START_TEST(what_is_not_ours_any_more_is_not_told)
{
	struct share *s = assigned(10, "");

	fails[0] = ERR_NOT_NOW;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), ERR_NOT_NOW);
	ck_assert_str_eq(steps, "orders/2 at 10, telling up to 20");
	/* It wasn't told: the next time is the first. */
	steps[0] = '\0';
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20; flushed; orders/2 at 20");
}
END_TEST

START_TEST(what_was_not_told_to_its_end_is_not_committed)
{
	struct share *s = assigned(10, "");

	*(_i == 0 ? &tells : &flushes) = ERR_TIMEOUT;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), ERR_TIMEOUT);
	ck_assert_str_eq(steps, _i == 0 ? FIRST "told 10-20" : FIRST "told 10-20; flushed");
	ck_assert_uint_eq(watch.counts.verdicts[VERDICT_PENDING], 0);
	tells = flushes = 0;
	steps[0] = '\0';
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20 again; flushed; orders/2 at 20");
	ck_assert_uint_eq(watch.counts.again, 1);
}
END_TEST

START_TEST(what_was_told_and_not_committed_is_told_again)
{
	struct share *s = assigned(10, "");

	fails[1] = _i == 0 ? ERR_NOT_NOW : ERR_TIMEOUT;
	found.tally.verdicts[VERDICT_PENDING] = 1;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), fails[1]);
	ck_assert_uint_eq(watch.counts.verdicts[VERDICT_PENDING], 0); /* once, when it is over */
	steps[0] = '\0';
	/* Its end may be another by then. */
	found.to = 15;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, FIRST "told 10-15 again; flushed; orders/2 at 15, telling up to 20");
	ck_assert_uint_eq(watch.counts.verdicts[VERDICT_PENDING], 1);
	steps[0] = '\0';
	found.from = 15;
	found.to = 25;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, "orders/2 at 15, telling up to 25; told 15-25 again; flushed; orders/2 at 25");
	steps[0] = '\0';
	found.from = 25;
	found.to = 30;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, "orders/2 at 25, telling up to 30; told 25-30; flushed; orders/2 at 30");
}
END_TEST

START_TEST(what_another_began_to_tell_is_marked)
{
	struct share *s = assigned(10, "telling up to 20");

	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20 again; flushed; orders/2 at 20");
	steps[0] = '\0';
	found.from = 20;
	found.to = 30;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), 0);
	ck_assert_str_eq(steps, "orders/2 at 20, telling up to 30; told 20-30; flushed; orders/2 at 30");
}
END_TEST

START_TEST(a_violation_is_one_whatever_else_fails)
{
	struct share *s = assigned(10, "");

	runs[0].f.verdict = VERDICT_ALTERED;
	flushes = ERR_IO;
	ck_assert_int_eq(tell(&watch, s, &found, found.from), ERR_IO);
	ck_assert(watch.violation && watch.unfinished && stopped);
}
END_TEST

START_TEST(nothing_bad_is_told_of_another_topic_of_that_name)
{
	struct share *s = assigned(10, "");

	(void)snprintf(s->topic_id, sizeof(s->topic_id), "AAECAwQFBgcICQoLDA0ODw");
	ck_assert_int_eq(vigil_new(&watch.vigil, s->topic, s->topic_id, 2, false, &s->at, &s->vigil), 0);
	/* As long as it isn't known which topic it is, it waits. */
	ck_assert_int_eq(tell_sure(&watch, s, &found), ERR_REMOTE);
	ck_assert_str_eq(steps, "");
	topic_id = "BBECAwQFBgcICQoLDA0ODw";
	ck_assert_int_eq(tell_sure(&watch, s, &found), 0);
	ck_assert_str_eq(steps, "");
	ck_assert_ptr_null(s->vigil);
	ck_assert(!s->at.judged && s->at.from.kind == TOPIC_BOUND_NONE);
	/* What was judged of the old one is gone, which is a finding. */
	ck_assert_int_eq(tell_remade(&watch, s, 10), 0);
	ck_assert_str_eq(steps, "orders/2 at 0, telling up to 0; told 0-0; flushed; orders/2 at 0");
	ck_assert(watch.violation);
}
END_TEST

/* Whoever goes on before it is told finds the same: the group stands where it stood, behind the log's end. */
START_TEST(a_log_that_was_cut_is_told_before_the_group_is_there)
{
	struct share *s = assigned(50, "");

	found.from = found.to = found.high = 30;
	ck_assert_int_eq(tell(&watch, s, &found, 50), 0);
	ck_assert_str_eq(steps, "orders/2 at 50, telling up to 30; told 30-30; flushed; orders/2 at 30");
}
END_TEST

START_TEST(shares_come_and_go)
{
	struct share *s = assigned(-1, "");

	ck_assert(!s->at.judged);
	ck_assert_int_eq(s->at.from.value, 3); /* --from */
	ck_assert_int_eq(s->again_to, -1);
	/* What a glob means and passes over. */
	on_assigned(&watch, "orders-audit", 0, -1, "");
	ck_assert(!watch.shares->next->meant);
	on_revoked(&watch, "orders", 1);
	ck_assert_ptr_eq(watch.shares, s);
	on_revoked(&watch, "orders", 2);
	ck_assert_str_eq(watch.shares->topic, "orders-audit");
	ck_assert_ptr_null(watch.shares->next);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watch_run");
	TCase *t = tcase_create("watch_run");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, told_and_then_committed);
	tcase_add_test(t, nothing_to_tell_is_committed_at_once);
	tcase_add_test(t, what_is_not_ours_any_more_is_not_told);
	tcase_add_loop_test(t, what_was_not_told_to_its_end_is_not_committed, 0, 2);
	tcase_add_loop_test(t, what_was_told_and_not_committed_is_told_again, 0, 2);
	tcase_add_test(t, what_another_began_to_tell_is_marked);
	tcase_add_test(t, a_violation_is_one_whatever_else_fails);
	tcase_add_test(t, nothing_bad_is_told_of_another_topic_of_that_name);
	tcase_add_test(t, a_log_that_was_cut_is_told_before_the_group_is_there);
	tcase_add_test(t, shares_come_and_go);
	suite_add_tcase(s, t);
	return suite_run(s);
}
