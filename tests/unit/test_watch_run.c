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
#include "ctl/watch_share.c"
#include "ctl/watch_step.c"
#include "ctl/watch_warn.c"
#include "suite.h"

static char steps[512];   /* what was done, in its order */
static int fails[8];      /* each commit's outcome, in its order */
static int tells, flushes;
static unsigned commits;
static const char *topic_id; /* NULL: it can't be had */
static int judged;           /* each step's outcome */
static const char *revoked;  /* the topic that the group takes away when it is asked next */
static unsigned polls, polls_max; /* the last one ends it */
static struct vigil_found found;

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

static struct watch watch;

int
group_poll(struct group *g UNUSED, int timeout_ms UNUSED)
{
	if (revoked != NULL) {
		watch_share_revoked(&watch, revoked, 2);
		note_step("revoked"); /* the next owner may begin */
	}
	revoked = NULL;
	if (polls_max > 0)
		note_step("poll");
	if (++polls == polls_max)
		stopped = 1;
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
		 int (*wait)(void *arg), void *arg)
{
	char text[64];
	int err;

	(void)snprintf(text, sizeof(text), "told %lld-%lld%s", (long long)f->from, (long long)f->to, about->again ? " again" : "");
	note_step(text);
	watch.served_ms = 0;
	if ((err = wait(arg)) != 0)
		return err;
	return tells;
}

int
watch_tell_flush(struct watch_tell *t UNUSED, int (*wait)(void *arg) UNUSED, void *arg UNUSED)
{
	note_step("flushed");
	return flushes;
}

void
watch_tell_recall(struct watch_tell *t UNUSED)
{
	note_step("recalled");
}

const char *
way_topic_ids(const struct way *w UNUSED, const struct args_props *props UNUSED, const char *const *topics, size_t count,
	      struct topic_id_line **line, struct topic_id *ret)
{
	ck_assert_uint_eq(count, 1);
	ck_assert_ptr_eq(line, &watch.ids);
	if (polls_max > 0)
		note_step(topics[0]);
	if (topic_id == NULL)
		return "nobody tells";
	(void)snprintf(ret[0].text, sizeof(ret[0].text), "%s", topic_id);
	return NULL;
}

void
topic_id_hang_up(struct topic_id_line *line UNUSED)
{
}

int
way_failed(const struct way *w UNUSED, const struct command *c UNUSED, const char *why UNUSED)
{
	return EXIT_UNFINISHED;
}

/* A vigil: what it finds is the test's. */
struct vigil {
	int64_t at;
	bool judged;
	unsigned steps, done, forgotten;
	size_t allowed;
};

int
vigil_new(const struct vigil_conf *conf UNUSED, const char *topic UNUSED, const char *id UNUSED, int32_t partition UNUSED,
	  bool compacted UNUSED, const struct vigil_begin *begin, struct vigil **ret)
{
	*ret = calloc(1, sizeof(**ret));
	ck_assert_ptr_nonnull(*ret);
	(*ret)->at = begin->from.value;
	(*ret)->judged = begin->judged;
	return 0;
}

void
vigil_free(struct vigil *v)
{
	free(v);
}

void
vigil_allow(struct vigil *v, size_t records)
{
	v->allowed = records;
}

int
vigil_step(struct vigil *v, int64_t now_ms UNUSED, int64_t wall_ms UNUSED, const struct vigil_found **ret)
{
	v->steps++;
	*ret = &found;
	return judged;
}

void
vigil_done(struct vigil *v)
{
	v->at = found.to;
	v->done++;
}

void
vigil_forget(struct vigil *v)
{
	v->forgotten++;
}

int64_t
vigil_at(const struct vigil *v)
{
	return v->at;
}

int64_t
vigil_lag(const struct vigil *v UNUSED)
{
	return 0;
}

int
consumer_topic_config(struct consumer *c UNUSED, const char *topic UNUSED, const char *name UNUSED, char *ret UNUSED, size_t len UNUSED)
{
	return ERR_REMOTE;
}

struct consumer_conf
way_consumer(const struct way *w UNUSED, const struct args_props *props UNUSED, bool statements UNUSED)
{
	return (struct consumer_conf){0};
}

int
consumer_open(const struct consumer_conf *conf UNUSED, struct consumer **ret UNUSED, char *why UNUSED, size_t why_len UNUSED)
{
	return ERR_NOMEM;
}

void
consumer_close(struct consumer *c UNUSED)
{
}

int
consumer_cluster_id(struct consumer *c UNUSED, struct slice *ret UNUSED)
{
	return ERR_NOMEM;
}

int
consumer_partitions(struct consumer *c UNUSED, const char *topic UNUSED, int32_t *ret UNUSED)
{
	return ERR_NOMEM;
}

static int waited_ms;

void
consumer_wait(struct consumer *c UNUSED, int timeout_ms)
{
	waited_ms = timeout_ms;
}

const char *
consumer_why(const struct consumer *c UNUSED)
{
	return "it takes long";
}

/* --- the rig --------------------------------------------------------------------------------- */

static const struct command self = {.name = "audit"};
static const char *patterns[] = {"ord*", NULL};
static struct watch_options options;
static struct vigil_run runs[1];

#define ID "AAECAwQFBgcICQoLDA0ODw"
#define OTHER_ID "BBECAwQFBgcICQoLDA0ODw"

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
	judged = 0;
	revoked = NULL;
	polls = polls_max = 0;
	stopped = 0;
}

static void
teardown(void)
{
	while (watch.shares != NULL)
		watch_share_revoked(&watch, watch.shares->topic, watch.shares->partition);
}

static struct share *
assigned(int64_t offset, const char *note)
{
	watch_share_assigned(&watch, "orders", 2, offset, note);
	ck_assert_int_eq(vigil_new(&watch.vigil, "orders", "", 2, false, &watch.shares->at, &watch.shares->vigil), 0);
	return watch.shares;
}

#define FIRST "orders/2 at 10, telling up to 20; "

START_TEST(told_and_then_committed)
{
	struct share *s = assigned(10, "");

	ck_assert(s->meant && s->at.judged);
	ck_assert_int_eq(s->at.from.value, 10);
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20; flushed; orders/2 at 20");
	ck_assert(!watch.violation && !watch.unfinished);
	ck_assert_uint_eq(watch.counts.again, 0);
}
END_TEST

START_TEST(nothing_to_tell_is_committed_at_once)
{
	struct share *s = assigned(10, "");

	found.run_count = 0;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, "told 10-20; flushed; orders/2 at 20");
}
END_TEST

START_TEST(what_is_not_ours_any_more_is_not_told)
{
	struct share *s = assigned(10, "");

	fails[0] = ERR_NOT_NOW;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), ERR_NOT_NOW);
	ck_assert_str_eq(steps, "orders/2 at 10, telling up to 20");
	/* It wasn't told: the next time is the first. */
	steps[0] = '\0';
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20; flushed; orders/2 at 20");
}
END_TEST

START_TEST(what_was_not_told_to_its_end_is_not_committed)
{
	struct share *s = assigned(10, "");

	*(_i == 0 ? &tells : &flushes) = ERR_TIMEOUT;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), ERR_TIMEOUT);
	ck_assert_str_eq(steps, _i == 0 ? FIRST "told 10-20" : FIRST "told 10-20; flushed");
	ck_assert_uint_eq(watch.counts.verdicts[VERDICT_PENDING], 0);
	tells = flushes = 0;
	steps[0] = '\0';
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20 again; flushed; orders/2 at 20");
	ck_assert_uint_eq(watch.counts.again, 1);
}
END_TEST

/* Or each try would write it to the topic once more, and the tries of a while are many. */
START_TEST(what_was_told_is_committed_as_soon_as_that_can_be)
{
	struct share *s = assigned(10, "");

	topic_id = "";
	fails[1] = fails[2] = _i == 0 ? ERR_NOT_NOW : ERR_TIMEOUT;
	found.tally.verdicts[VERDICT_PENDING] = 1;
	ck_assert_int_eq(watch_step(&watch, s), fails[1]);
	ck_assert_int_eq(watch_step(&watch, s), fails[1]);
	ck_assert_int_eq(watch_step(&watch, s), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20; flushed; orders/2 at 20; orders/2 at 20; orders/2 at 20");
	ck_assert_uint_eq(watch.counts.verdicts[VERDICT_PENDING], 1);
	ck_assert_uint_eq(s->vigil->steps, 1);
	ck_assert_uint_eq(s->vigil->done, 1);
	/* What is next is the first of its kind again. */
	steps[0] = '\0';
	found.from = 20;
	found.to = 30;
	ck_assert_int_eq(watch_step(&watch, s), 0);
	ck_assert_str_eq(steps, "orders/2 at 20, telling up to 30; told 20-30; flushed; orders/2 at 30");
}
END_TEST

/* While the coordinator takes nothing, all partitions may come to this: none keeps what it found, and its statements. */
START_TEST(what_waits_to_be_told_or_committed_takes_no_memory)
{
	struct share *s = assigned(10, "");

	topic_id = "";
	fails[0] = fails[1] = fails[3] = ERR_TIMEOUT;
	for (unsigned i = 1; i <= 2; i++) {
		ck_assert_int_eq(watch_step(&watch, s), ERR_TIMEOUT);
		ck_assert_uint_eq(s->vigil->forgotten, i);
		ck_assert_uint_eq(s->vigil->done, 0);
	}
	ck_assert_int_eq(watch_step(&watch, s), ERR_TIMEOUT); /* told, and not committed */
	ck_assert_uint_eq(s->vigil->done, 1);
	ck_assert_int_eq(watch_step(&watch, s), 0);
	ck_assert_uint_eq(s->vigil->done, 1);
	ck_assert_str_eq(steps, "orders/2 at 10, telling up to 20; orders/2 at 10, telling up to 20; " FIRST
				"told 10-20; flushed; orders/2 at 20; orders/2 at 20");
}
END_TEST

/* What comes of it the next time may end elsewhere. */
START_TEST(a_note_reaches_as_far_as_was_told_once)
{
	struct share *s = assigned(10, "");

	flushes = ERR_REMOTE;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), ERR_REMOTE);
	flushes = 0;
	steps[0] = '\0';
	found.to = 15;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, FIRST "told 10-15 again; flushed; orders/2 at 15, telling up to 20");
	steps[0] = '\0';
	found.from = 15;
	found.to = 25;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, "orders/2 at 15, telling up to 25; told 15-25 again; flushed; orders/2 at 25");
}
END_TEST

START_TEST(what_another_began_to_tell_is_marked)
{
	struct share *s = assigned(10, "telling up to 20");

	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, FIRST "told 10-20 again; flushed; orders/2 at 20");
	steps[0] = '\0';
	found.from = 20;
	found.to = 30;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), 0);
	ck_assert_str_eq(steps, "orders/2 at 20, telling up to 30; told 20-30; flushed; orders/2 at 30");
}
END_TEST

START_TEST(a_violation_is_one_whatever_else_fails)
{
	struct share *s = assigned(10, "");

	runs[0].f.verdict = VERDICT_ALTERED;
	flushes = ERR_IO;
	ck_assert_int_eq(tell(&watch, s, &found, found.from, THEN_ON), ERR_IO);
	ck_assert(watch.violation && watch.unfinished && is_ending(&watch));
}
END_TEST

START_TEST(nothing_bad_is_told_of_another_topic_of_that_name)
{
	struct share *s = assigned(10, "");

	(void)snprintf(s->topic_id, sizeof(s->topic_id), ID);
	s->vigil->at = 0;
	/* As long as it isn't known which topic it is, it waits. */
	ck_assert_int_eq(tell_sure(&watch, s, &found), ERR_REMOTE);
	ck_assert_str_eq(steps, "");
	topic_id = OTHER_ID;
	ck_assert_int_eq(tell_sure(&watch, s, &found), 0);
	ck_assert_str_eq(steps, "");
	ck_assert_ptr_null(s->vigil);
	ck_assert(!s->at.judged && s->at.from.kind == TOPIC_BOUND_NONE);
	/* What was judged of the old one is gone, which is a finding. */
	ck_assert_int_eq(tell_remade(&watch, s, 10), 0);
	ck_assert_str_eq(steps, "orders/2 at 10, topic " ID ", telling up to 10; told 0-0; flushed; orders/2 at 0");
	ck_assert(watch.violation);
}
END_TEST

/* The topic was made again while nobody had the partition: what is committed is about another one. */
START_TEST(a_topic_that_was_made_again_is_judged_from_its_start)
{
	static const char *const notes[] = {"topic " ID, "topic " ID ", telling up to 20", "topic " ID ", telling up to 10"};
	struct share *s = assigned(10, notes[_i]); /* the last: somebody began to tell it */

	vigil_free(s->vigil);
	s->vigil = NULL;
	topic_id = OTHER_ID;
	fails[1] = ERR_NOT_NOW;
	ck_assert_int_eq(watch_step(&watch, s), ERR_NOT_NOW);
	ck_assert_int_eq(watch_step(&watch, s), 0);
	ck_assert_str_eq(steps, _i == 0   ? "orders/2 at 10, topic " ID ", telling up to 10; told 0-0; flushed; orders/2 at 0; orders/2 at 0"
				: _i == 1 ? "orders/2 at 10, topic " ID ", telling up to 20; told 0-0 again; flushed; orders/2 at 0; orders/2 at 0"
					  : "orders/2 at 10, topic " ID ", telling up to 10; told 0-0 again; flushed; orders/2 at 0; orders/2 at 0");
	ck_assert(watch.violation);
	ck_assert_uint_eq(watch.counts.findings[WINDOW_RECORDS_GONE], 1);
	steps[0] = '\0';
	found.from = 0;
	ck_assert_int_eq(watch_step(&watch, s), 0);
	ck_assert_str_eq(s->topic_id, OTHER_ID);
	ck_assert(!s->vigil->judged);
	ck_assert_str_eq(steps, "orders/2 at 0, topic " OTHER_ID ", telling up to 20; told 0-20; flushed; orders/2 at 20, topic " OTHER_ID);
}
END_TEST

START_TEST(the_same_topic_goes_on_where_it_was)
{
	struct share *s = assigned(10, _i == 0 ? "topic " ID : "");

	vigil_free(s->vigil);
	s->vigil = NULL;
	topic_id = _i == 2 ? "" : ID; /* a cluster that has none */
	judged = ERR_NOT_NOW;
	ck_assert_int_eq(watch_step(&watch, s), ERR_NOT_NOW);
	ck_assert_int_eq(s->vigil->at, 10);
	ck_assert(s->vigil->judged);
	ck_assert_str_eq(steps, "");
}
END_TEST

/* Whoever goes on before it is told finds the same: the group stands where it stood, behind the log's end. */
START_TEST(a_log_that_was_cut_is_told_before_the_group_is_there)
{
	struct share *s = assigned(50, _i == 0 ? "" : "telling up to 50");

	found.from = found.to = found.high = 30;
	flushes = ERR_TIMEOUT;
	ck_assert_int_eq(tell(&watch, s, &found, 50, THEN_CUT), ERR_TIMEOUT);
	ck_assert_str_eq(steps, _i == 0 ? "orders/2 at 50, telling up to 50; told 30-30; flushed"
					: "orders/2 at 50, telling up to 50; told 30-30 again; flushed");
	/* The log may have grown meanwhile. */
	steps[0] = '\0';
	flushes = 0;
	found.from = found.to = found.high = 40;
	ck_assert_int_eq(tell(&watch, s, &found, 50, THEN_CUT), 0);
	ck_assert_str_eq(steps, "orders/2 at 50, telling up to 50; told 40-40 again; flushed; orders/2 at 40");
	/* What stands there then was never told. */
	steps[0] = '\0';
	topic_id = "";
	found.to = 50;
	ck_assert_int_eq(watch_step(&watch, s), 0);
	ck_assert_str_eq(steps, "orders/2 at 40, telling up to 50; told 40-50; flushed; orders/2 at 50");
}
END_TEST

START_TEST(shares_come_and_go)
{
	struct share *s = assigned(-1, "");

	ck_assert(!s->at.judged);
	ck_assert_int_eq(s->at.from.value, 3); /* --from */
	ck_assert_int_eq(s->again_to, -1);
	/* What a glob means and passes over. */
	watch_share_assigned(&watch, "orders-audit", 0, -1, "");
	ck_assert(!watch.shares->next->meant);
	watch_share_revoked(&watch, "orders", 1);
	ck_assert_ptr_eq(watch.shares, s);
	watch_share_revoked(&watch, "orders", 2);
	ck_assert_str_eq(watch.shares->topic, "orders-audit");
	ck_assert_ptr_null(watch.shares->next);
}
END_TEST

/* --- turns ---------------------------------------------------------------------------------------- */

/* Each may take as long as a cluster lets it, and who is silent for long is no member any more. */
START_TEST(the_group_is_served_between_steps)
{
	for (int i = 0; i < 3; i++)
		watch_share_assigned(&watch, i == 0 ? "orders" : i == 1 ? "ordnance" : "ordinary", 2, 10, "");
	polls_max = 4;
	loop(&watch);
	ck_assert_str_eq(steps, "poll; orders; poll; ordnance; poll; ordinary; poll");
}
END_TEST

START_TEST(a_partition_may_be_taken_while_it_is_told)
{
	struct share *s = assigned(10, "");

	topic_id = "";
	revoked = "orders";
	watch_share_turn(&watch, s);
	ck_assert_str_eq(steps, FIRST "told 10-20; recalled; revoked");
	ck_assert_ptr_null(watch.shares);
	/* Another one that goes meanwhile is none of its business. */
	steps[0] = '\0';
	s = assigned(10, "");
	watch_share_assigned(&watch, "ordnance", 2, 10, "");
	revoked = "ordnance";
	watch_share_turn(&watch, s);
	ck_assert_str_eq(steps, FIRST "told 10-20; revoked; flushed; orders/2 at 20");
	ck_assert_ptr_eq(watch.shares, s);
	ck_assert_ptr_null(s->next);
}
END_TEST

static struct share *
share(const char *topic, int64_t due_ms, unsigned failures)
{
	struct share *s;

	watch_share_assigned(&watch, topic, 0, 10, "");
	for (s = watch.shares; s->next != NULL; s = s->next)
		continue;
	s->due_ms = due_ms;
	s->failures = failures;
	return s;
}

START_TEST(who_fails_has_the_smaller_part_of_the_time)
{
	struct share *bad = share("order", 5, 1), *worse = share("ordure", 4, 2), *good = share("orders", 6, 0);

	watch.failed_due_ms = 50;
	ck_assert_ptr_null(watch_share_next(&watch, 3));
	ck_assert_ptr_null(watch_share_next(&watch, 5));
	ck_assert_ptr_eq(watch_share_next(&watch, 6), good);
	ck_assert_ptr_eq(watch_share_next(&watch, 50), worse); /* the longest due */
	worse->due_ms = 7;
	ck_assert_ptr_eq(watch_share_next(&watch, 50), bad);
	/* Where all fail nobody waits for the others. */
	good->failures = 1;
	ck_assert_ptr_eq(watch_share_next(&watch, 5), bad);
	/* As it is after a turn. */
	good->failures = 0;
	judged = ERR_TIMEOUT;
	topic_id = "";
	watch_share_turn(&watch, bad);
	ck_assert_uint_eq(bad->failures, 2);
	ck_assert_int_ge(bad->due_ms, watch.turn_ms + 2000);
	watch.turn_ms = 0;
	put_off(&watch, bad, 1000);
	ck_assert_int_eq(watch.failed_due_ms, 5000);
	put_off(&watch, bad, 100000);
	ck_assert_int_eq(watch.failed_due_ms, 160000);
	for (int i = 0; i < 100; i++)
		put_off(&watch, bad, 100000);
	ck_assert_int_eq(bad->due_ms, 130000);
	judged = ERR_NOT_NOW;
	watch_share_turn(&watch, bad);
	ck_assert_uint_eq(bad->failures, 0);
}
END_TEST

START_TEST(who_fails_is_mostly_tried_for_a_moment)
{
	struct share *s = assigned(10, "");

	topic_id = "";
	judged = ERR_TIMEOUT;
	for (int i = 0; i < 20; i++) {
		watch_share_turn(&watch, s);
		ck_assert_int_eq(waited_ms, i % 8 == 0 ? 15000 : 2000);
	}
	/* One that didn't yet may be on the same broker. */
	judged = ERR_NOT_NOW;
	watch_share_turn(&watch, s);
	ck_assert_uint_eq(s->failures, 0);
	watch_share_turn(&watch, s);
	ck_assert_int_eq(waited_ms, 2000);
	watch.careful_ms = 0;
	watch_share_turn(&watch, s);
	ck_assert_int_eq(waited_ms, 15000);
}
END_TEST

/* Though each were waiting for statements: what they keep is bounded together. */
START_TEST(memory_is_shared_out)
{
	struct share *s = assigned(10, "");

	topic_id = "";
	judged = ERR_NOT_NOW;
	for (size_t n = 1; n <= 4096; n *= 8) {
		for (size_t i = n / 8; i < n && n > 1; i++) {
			struct share *other = calloc(1, sizeof(*other));

			ck_assert_ptr_nonnull(other);
			other->meant = true;
			other->next = s->next;
			s->next = other;
		}
		ck_assert_int_eq(watch_step(&watch, s), ERR_NOT_NOW);
		ck_assert_uint_eq(s->vigil->allowed, n == 4096 ? 1024 : (1 << 21) / n);
	}
	for (struct share *x = s->next, *next; x != NULL; x = next) {
		next = x->next;
		watch_share_free(x);
	}
	s->next = NULL;
}
END_TEST

START_TEST(what_is_read_ends_in_time)
{
	watch.turn_ms = watch_now_ms();
	watch.served_ms = watch.turn_ms + 3600000;
	ck_assert_int_eq(on_read(&watch), 0);
	watch.turn_ms -= SLICE_MS + 1;
	ck_assert_int_eq(on_read(&watch), ERR_LIMIT);
	stopped = 1;
	ck_assert_int_eq(on_read(&watch), ERR_CLOSED);
	watch.is_lost = true;
	ck_assert_int_eq(on_read(&watch), ERR_NOT_NOW);
	ck_assert_uint_eq(polls, 0);
	watch.served_ms = watch_now_ms() - POLL_MS;
	ck_assert_int_eq(on_read(&watch), ERR_NOT_NOW);
	ck_assert_uint_eq(polls, 1);
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
	tcase_add_loop_test(t, what_was_told_is_committed_as_soon_as_that_can_be, 0, 2);
	tcase_add_test(t, a_note_reaches_as_far_as_was_told_once);
	tcase_add_test(t, what_another_began_to_tell_is_marked);
	tcase_add_test(t, a_violation_is_one_whatever_else_fails);
	tcase_add_test(t, nothing_bad_is_told_of_another_topic_of_that_name);
	tcase_add_test(t, what_waits_to_be_told_or_committed_takes_no_memory);
	tcase_add_loop_test(t, a_topic_that_was_made_again_is_judged_from_its_start, 0, 3);
	tcase_add_loop_test(t, the_same_topic_goes_on_where_it_was, 0, 3);
	tcase_add_test(t, the_group_is_served_between_steps);
	tcase_add_test(t, a_partition_may_be_taken_while_it_is_told);
	tcase_add_test(t, who_fails_has_the_smaller_part_of_the_time);
	tcase_add_test(t, who_fails_is_mostly_tried_for_a_moment);
	tcase_add_test(t, memory_is_shared_out);
	tcase_add_test(t, what_is_read_ends_in_time);
	tcase_add_loop_test(t, a_log_that_was_cut_is_told_before_the_group_is_there, 0, 2);
	tcase_add_test(t, shares_come_and_go);
	suite_add_tcase(s, t);
	return suite_run(s);
}
