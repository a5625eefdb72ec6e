#include "attest/recovery.h"

#include "tests/unit/crashing.h"
#include "tests/unit/suite.h"

/* Deleted and made again: the new log's offsets are others, so that they can be told apart. */
static void
make_again(void)
{
	if (!has_id || made_again)
		return;
	made_again = true;
	first_end = logged_count;
	log_end += 1000000;
	shown = pick(2) == 0 ? log_end + pick(40) : 0;
}

static void
live(void)
{
	begin();
	for (int step = 0, crashes = 0; step < 300; step++) {
		bool down = live_a_step(pick(16));

		if (step > (has_id ? 30 : 100) && pick(has_id ? 20 : 100) == 0)
			make_again();
		if (logged_count > 200 || topic_count > 200)
			break;
		if (down && ++crashes < 12) {
			crash();
			begin();
		} else if (down) {
			break;
		}
	}
	crash();
}

/* What a statement has as open is told once it ended, when there is a window behind it. */
static void
check_all_told(const struct logged *g)
{
	size_t opened = 0, told = 0;

	for (size_t i = 0; i < topic_count; i++) {
		const struct statement *s = topic[i].s;

		opened += is_run_at(&s->open, g->base);
		for (size_t n = 0; n < s->resolved_count; n++)
			told += g->base >= s->resolved[n].run.first &&
				g->base < s->resolved[n].run.first + (int64_t)s->resolved[n].run.count;
	}
	ck_assert_msg(told == opened, "offset %lld is stated as open %zu times, ended, and told %zu times", (long long)g->base,
		      opened, told);
}

static void fill_one_window(void);

/* Random lives with random ends; the seed is the test's number.  MAKOTO_RECOVERY_SEEDS makes it many. */
START_TEST(any_crash)
{
	int ended[TXN_PRODUCERS];

	choose_life(_i);
	live();
	begin();
	settle_world();
	check_world();
	crash();
	/* And nothing is left over for another start. */
	begin();
	settle_world();
	memcpy(ended, txn_of, sizeof(ended)); /* one that ends while the last statement is signed is in none */
	fill_one_window();
	settle_world();
	check_world();
	for (size_t i = 0; i < logged_count; i++)
		if (has_txns(world_log[i].producer_id) && world_log[i].txn < ended[world_log[i].producer_id - FIRST_TXN])
			check_all_told(&world_log[i]);
	crash();
}
END_TEST

/* Each copy in the log is listed, at its place, and once: whatever was found before a crash, or after it. */
START_TEST(any_crash_of_the_same_without_headers)
{
	bare = true;
	choose_life(_i);
	live();
	begin();
	settle_world();
	check_world();
	crash();
	begin();
	settle_world();
	check_world();
	crash();
}
END_TEST

static void
send_bare(bool stored)
{
	struct flight *f = &flights[flight_count++];

	*f = (struct flight){.content = 1, .b = rig_batch(3), .stored = stored, .base = log_end};
	ck_assert_int_eq(chains_place(c, &f->b, &f->a), 0);
	rig_fill(f->a.members, 3, 1);
	ck_assert_int_eq(chains_forward(&f->a, HEADERS_NONE), 0);
	note_written();
	if (!stored)
		return;
	world_log[logged_count++] = (struct logged){log_end, 3, 1, -1, 0, false};
	log_end += 3;
}

/* The first copy's answer was lost, a window with it is published, and only then the other is looked for. */
static void
a_copy_and_a_crash(bool first_is_stored, bool second_is_stored)
{
	bare = true;
	seed = 1;
	begin();
	set->window_records = 3;
	send_bare(first_is_stored);
	send_bare(second_is_stored);
	chains_lost(&flights[0].a);
	flights[0] = flights[--flight_count];
	pass(3000);
	look();
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	note_written();
	crash();
	begin();
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, (size_t)first_is_stored + second_is_stored);
	crash();
}

START_TEST(found_before_a_crash)
{
	a_copy_and_a_crash(true, false);
}
END_TEST

START_TEST(both_are_there)
{
	a_copy_and_a_crash(true, true);
}
END_TEST

START_TEST(it_was_the_others)
{
	a_copy_and_a_crash(false, true);
}
END_TEST

/* The disk was full when its answer came: a head that has its place doesn't stand in the journal before that answer. */
START_TEST(a_head_behind_what_is_settled)
{
	struct placement *p;

	bare = true;
	seed = 1;
	begin();
	send_bare(true);
	send_bare(true);
	p = flights[0].a.placement;
	c->shared.journal = NULL;
	ck_assert_int_eq(chains_settle(&flights[0].a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	c->shared.journal = j;
	p->unwritten = true;
	flights[0] = flights[--flight_count];
	ck_assert_int_eq(chain_journal_head(p->chain, c->cluster_id, &(struct head_runs){0}), 0);
	ck_assert(!p->unwritten);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	settle_world();
	check_world();
	crash();
}
END_TEST

/*
 * A head is written while a batch's place is a guess, and then another one's answer tells that place: what is looked for again
 * isn't found where the head's statements have another copy.
 */
START_TEST(a_head_before_a_guess_is_taken_back)
{
	bare = true;
	seed = 1;
	begin();
	set->window_records = 3;
	send_bare(false);
	send_bare(true);
	chains_lost(&flights[0].a);
	flights[0] = flights[--flight_count];
	pass(3000);
	look();
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	log_end = 10; /* runs apart from each other, as markers make them */
	send_bare(true);
	ck_assert_int_eq(chains_settle(&flights[--flight_count].a, &(struct answer){0, 10, -1}), CHAINS_STORED);
	log_end = 20;
	send_bare(true); /* from here on the log is known as far as that */
	chains_lost(&flights[0].a);
	flights[0] = flights[--flight_count];
	pass(3000);
	look();
	ck_assert_int_eq(chain_journal_head(flights[0].a.placement->chain, c->cluster_id, &(struct head_runs){0}), 0);
	ck_assert_int_eq(chains_settle(&flights[0].a, &(struct answer){0, 20, -1}), CHAINS_STORED);
	flight_count = 0;
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, 3);
	crash();
}
END_TEST

static struct attempt
send_content(struct chains_batch b, int content, int64_t oldest, bool stored)
{
	struct attempt a;

	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, content);
	for (int32_t i = 0; oldest > 0 && i < b.count; i++)
		a.members[i].timestamp = oldest + i;
	if (oldest > 0)
		a.placement->time = CHAINS_TIME_CREATE;
	ck_assert_int_eq(chains_forward(&a, bare ? HEADERS_NONE : HEADERS_FULL), 0);
	note_written();
	if (!stored)
		return a;
	world_log[logged_count++] = (struct logged){log_end, b.count, content, b.producer_id, 0, false};
	log_end += b.count;
	return a;
}

/* What the broker tells of that content, to one that it had before. */
static int64_t
greatest_of(int content, int32_t count)
{
	return RIG_WALL - 5000 + content * 100 + count - 1;
}

static void
begin_small(void)
{
	seed = 1;
	begin();
	set->window_records = 3;
}

static void
restart(void)
{
	crash();
	begin();
	set->window_records = 3;
}

/* One sequence has two contents, and the broker kept the first: what it tells of that proves nothing of the other, whatever crashed. */
START_TEST(a_rival_behind_a_crash)
{
	struct chains_batch b = rig_idempotent(1, 3, 3);
	struct attempt before, a, other;

	begin_small();
	before = send_content(rig_idempotent(1, 0, 3), 10, 0, true);
	log_end = 20;
	a = send_content(b, 11, 0, true);
	chains_lost(&a);
	b.fresh = true;
	other = send_content(b, 12, 0, false);
	b.fresh = false;
	chains_lost(&before);
	chains_lost(&other);
	for (int i = 0; i < _i; i++)
		restart();
	before = send_content(rig_idempotent(1, 0, 3), 10, 0, false);
	ck_assert(before.retry);
	ck_assert_int_eq(chains_settle(&before, &(struct answer){0, 0, greatest_of(10, 3)}), CHAINS_OPEN);
	look();
	other = send_content(b, 12, 0, false);
	ck_assert(other.retry);
	ck_assert_int_eq(chains_settle(&other, &(struct answer){0, 20, greatest_of(11, 3)}), CHAINS_OPEN);
	settle_world();
	check_world();
	crash();
}
END_TEST

/* The first one's records claim to be older than Kafka, so that their time doesn't look like a broker's. */
START_TEST(an_old_rival_behind_a_crash)
{
	struct chains_batch b = rig_idempotent(1, 3, 3);
	struct attempt a, other;

	begin_small();
	log_end = 20;
	a = send_content(b, 11, 1, true);
	chains_lost(&a);
	b.fresh = true;
	other = send_content(b, 12, 0, false);
	b.fresh = false;
	chains_lost(&other);
	for (int i = 0; i < _i; i++)
		restart();
	other = send_content(b, 12, 0, false);
	ck_assert(other.retry);
	ck_assert_int_eq(chains_settle(&other, &(struct answer){0, 20, 3}), CHAINS_OPEN);
	settle_world();
	check_world();
	crash();
}
END_TEST

/* The first one is stated, and no entry of the journal tells of it any more. */
START_TEST(a_rival_that_is_long_gone)
{
	struct chains_batch b = rig_idempotent(1, 3, 3);
	struct attempt a, before, other;

	segment_bytes = 1;
	begin_small();
	log_end = 20;
	a = send_content(b, 11, 1, true);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 20, -1}), CHAINS_STORED);
	before = send_content(rig_idempotent(1, 0, 3), 10, 0, true);
	b.fresh = true;
	other = send_content(b, 12, 0, false);
	b.fresh = false;
	chains_lost(&before);
	chains_lost(&other);
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	for (int i = 0; i < _i; i++)
		restart();
	before = send_content(rig_idempotent(1, 0, 3), 10, 0, false);
	ck_assert_int_eq(chains_settle(&before, &(struct answer){0, 23, -1}), CHAINS_STORED);
	other = send_content(b, 12, 0, false);
	ck_assert(other.retry);
	ck_assert_int_eq(chains_settle(&other, &(struct answer){0, 20, 3}), _i == 0 ? CHAINS_DUPLICATE : CHAINS_OPEN);
	settle_world();
	check_world();
	crash();
	segment_bytes = 0;
}
END_TEST

/* A copy was told where another one is guessed to be, and left the place to that: it is nobody else's, however often the journal is written anew. */
START_TEST(a_place_that_is_left_to_another)
{
	struct chains_batch b = rig_idempotent(1, 3, 3);
	struct attempt before, y, x;
	struct placement *p;

	bare = true;
	begin_small();
	before = send_content(rig_idempotent(1, 0, 3), 2, 0, true);
	log_end = 10;
	y = send_content(rig_idempotent(2, 0, 3), 1, 0, true);
	log_end = 20;
	x = send_content(b, 1, 0, true);
	p = x.placement;
	chains_lost(&x);
	pass(1000);
	look();
	ck_assert_int_eq(p->base_offset, 10);
	ck_assert_int_eq(chains_settle(&y, &(struct answer){0, 10, greatest_of(1, 3)}), CHAINS_OPEN);
	ck_assert(p->claimed);
	look();
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	chains_lost(&before);
	for (int i = 0; i < _i; i++)
		restart();
	before = send_content(rig_idempotent(1, 0, 3), 2, 0, false);
	(void)chains_settle(&before, &(struct answer){0, 0, greatest_of(2, 3)}); /* proves nothing, or nothing new */
	look();
	x = send_content(b, 1, 0, false);
	ck_assert(x.retry);
	(void)chains_settle(&x, &(struct answer){0, 20, greatest_of(1, 3)});
	settle_world();
	check_world();
	crash();
}
END_TEST

/* A statement lists another batch's records where this one is said to be: who can't find it any more counts it, behind a crash, too. */
START_TEST(a_place_that_is_stated_of_another)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt x, y;

	bare = true;
	begin_small();
	set->window_records = 8;
	set->window_age_ms = 100;
	x = send_content(rig_batch(3), 1, 0, false);
	pass(1000);
	y = send_content(rig_idempotent(2, 0, 5), 1, 0, false);
	world_log[logged_count++] = (struct logged){10, 3, 1, 1, 0, false}; /* those of the larger one that look like the other's */
	log_end = 15;
	chains_lost(&x);
	pass(1000);
	look();
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(chains_settle(&y, &(struct answer){0, 10, -1}), CHAINS_OPEN);
	logged_count = 0;
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	for (int i = 0; i < _i; i++)
		restart();
	settle_world();
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 5);
	crash();
}
END_TEST

/*
 * The sealer has a window with a guess, or its log is read for what may be of another topic: a head is written meanwhile,
 * and the guess is taken back behind a crash.
 */
START_TEST(a_head_while_a_guess_is_sealed)
{
	struct chains_batch b = rig_idempotent(1, 3, 3);
	struct attempt before, a;
	struct placement *guessed;
	struct window *w = NULL;
	struct outgoing *out;
	int wait_ms;

	bare = true;
	begin_small();
	send_bare(true);
	send_bare(false);
	guessed = flights[1].a.placement;
	ck_assert_int_eq(chains_settle(&flights[0].a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	flights[0] = flights[--flight_count];
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	log_end = 10;
	before = send_content(rig_idempotent(1, 0, 3), 2, 0, true);
	log_end = 20;
	a = send_content(b, 1, 0, true);
	chains_lost(&flights[0].a);
	flight_count = 0;
	pass(3000);
	look();
	ck_assert_int_eq(guessed->base_offset, 20);
	if (_i == 2)
		guessed->elsewhere = true;
	turns_all_now(c->shared.turns);
	if (_i != 2) {
		ck_assert_ptr_nonnull(chains_turn(c, &w, &out, &wait_ms));
		ck_assert_ptr_eq(w, guessed->span[0].window);
	}
	if (_i > 0)
		ck_assert_int_eq(chain_journal_head(guessed->chain, c->cluster_id, &(struct head_runs){0}), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	chains_lost(&before);
	chains_lost(&a);
	restart();
	pass(2000);
	turns_all_now(c->shared.looks);
	look();
	a = send_content(b, 1, 0, false);
	ck_assert(a.retry);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 20, greatest_of(1, 3)}), CHAINS_STORED);
	settle_world();
	check_world();
	crash();
}
END_TEST

/* --- one sequence, many contents ---------------------------------------------------------- */

/* What the broker has with that sequence, or NULL. */
static const struct logged *
logged_as(const struct logged *stored, const int32_t *sequence, const struct chains_batch *b)
{
	for (size_t i = 0; i < logged_count; i++)
		if (stored[i].producer_id == b->producer_id && sequence[i] == b->base_sequence)
			return &stored[i];
	return NULL;
}

/* The sequences of what the log has, and how far each of the producers is. */
static int32_t world_sequence[LOG_MAX], sent_to[3], stored_to[3];

/* A new batch, or an earlier one again: with what it had, or with something else.  The broker keeps what comes first, in order. */
static void
send_a_sequence(void)
{
	static int content_of[3][LOG_MAX];
	struct flight *f = &flights[flight_count];
	unsigned producer = 1 + pick(2);
	int32_t *to = &sent_to[producer];
	int32_t n = pick(2) == 0 || *to == 0 ? *to : *to - 1 - (int32_t)pick(*to < 3 ? (unsigned)*to : 3);
	bool is_new = n == *to, is_other = is_new || pick(2) == 0;
	const struct logged *g;

	if (flight_count == FLIGHT_MAX || *to == LOG_MAX / 4)
		return;
	*f = (struct flight){.b = rig_idempotent(producer, n * 3, 3)};
	f->content = !is_other ? content_of[producer][n] : bare ? (int)pick(3) : contents;
	f->b.fresh = is_other && !is_new;
	if (chains_place(c, &f->b, &f->a) != 0)
		return;
	if (!bare && !f->a.retry)
		f->content = contents++; /* the windows that its headers name are others than those of what was forgotten */
	rig_fill(f->a.members, 3, f->content);
	content_of[producer][n] = f->content;
	*to += is_new;
	if (chains_forward(&f->a, bare ? HEADERS_NONE : HEADERS_FULL) != 0)
		return; /* not as it was */
	note_written();
	g = logged_as(world_log, world_sequence, &f->b);
	f->late = g != NULL;
	f->stored = g != NULL || (stored_to[producer] == n && pick(4) != 0);
	f->base = g != NULL ? g->base : log_end;
	if (g == NULL && f->stored) {
		world_sequence[logged_count] = n * 3;
		world_log[logged_count++] = (struct logged){log_end, 3, f->content, producer, 0, false};
		log_end += 3 + (int64_t)pick(2);
		stored_to[producer]++;
	}
	flight_count++;
}

/* The answer to a copy tells the greatest time of what the broker had. */
static void
answer_a_sequence(void)
{
	struct flight *f;
	unsigned i;

	if (flight_count == 0)
		return;
	i = pick((unsigned)flight_count);
	f = &flights[i];
	if (!f->stored || pick(3) == 0)
		chains_lost(&f->a);
	else
		(void)chains_settle(&f->a, &(struct answer){0, f->base, f->late ? greatest_of(logged_at(f->base)->content, 3) : -1});
	flights[i] = flights[--flight_count];
}

/* The sealer has a window, a head is written, and then it crashes. */
static void
crash_while_sealing(void)
{
	struct chain *chain;
	struct window *w;
	struct outgoing *out;
	int wait_ms;

	chain = chains_turn(c, &w, &out, &wait_ms);
	if (chain != NULL && was_full())
		return;
	if (chain != NULL)
		ck_assert_int_eq(chain_journal_head(chain, c->cluster_id, &(struct head_runs){0}), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
}

/* Never two windows of one record, and none as what it isn't. */
static void
check_no_more(void)
{
	for (size_t i = 0; i < logged_count; i++) {
		for (int32_t k = 0; k < world_log[i].count; k++)
			ck_assert_msg(windows_with(world_log[i].base + k) <= 1, "offset %lld is in %zu windows",
				      (long long)world_log[i].base + k, windows_with(world_log[i].base + k));
		check_leaves(&world_log[i]);
	}
}

START_TEST(any_crash_of_many_contents)
{
	choose_life(_i);
	bare = _i % 2 == 1;
	contents = 20;
	memset(sent_to, 0, sizeof(sent_to));
	memset(stored_to, 0, sizeof(stored_to));
	begin_as("urn:test:proxy");
	for (int step = 0, crashes = 0; step < 300 && crashes < 12 && logged_count < 200 && topic_count < 200; step++) {
		unsigned n = pick(16);
		bool down = false;

		switch (n) {
		case 0: case 1: case 2: case 3: case 4: send_a_sequence(); break;
		case 5: case 6: case 7: case 8: answer_a_sequence(); break;
		case 9: pass(pick(1500)); look(); break;
		case 10: pass(pick(800)); down = seal(true); break;
		case 11: down = renew_some(); break;
		case 12: chains_journal_tidy(c); note_written(); break;
		case 13: down = pick(4) == 0; break;
		case 14:
			if ((down = held == NULL && pick(2) == 0))
				crash_while_sealing();
			break;
		default: set->window_records = 3 * (1 + (int)pick(3)); break;
		}
		if (!down)
			continue;
		crashes++;
		crash();
		begin_as("urn:test:proxy");
	}
	crash();
	begin();
	settle_world();
	check_no_more();
	crash();
}
END_TEST

/* The answer said that it is stored, as another copy is, and is stated: after the crash, too, nothing is missing. */
START_TEST(a_copy_that_was_answered)
{
	bare = true;
	seed = 1;
	begin();
	set->window_records = 3;
	send_bare(false);
	send_bare(true);
	chains_lost(&flights[0].a);
	pass(3000);
	look();
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(chains_settle(&flights[1].a, &(struct answer){0, 0, -1}), CHAINS_OPEN);
	flight_count = 0;
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	crash(); /* and what it wrote anew says it, too */
	begin();
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->unresolved, 0);
	crash();
}
END_TEST

/* The answer got the place that was guessed for another, and any of the entries that say so are lost. */
START_TEST(a_guess_is_taken_back)
{
	bool both = _i % 2 == 1;

	bare = true;
	seed = (unsigned)_i * 7919 + 1;
	begin();
	send_bare(false);
	send_bare(true);
	chains_lost(&flights[0].a);
	pass(3000);
	look();
	ck_assert_int_eq(chains_settle(&flights[1].a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	flight_count = 0;
	if (both) { /* the other is there, too, and was found */
		world_log[logged_count++] = (struct logged){log_end, 3, 1, -1, 0, false};
		log_end += 3;
		pass(3000);
		look();
	}
	ck_assert_int_eq(journal_commit(j), 0);
	crash();
	begin();
	crash(); /* and what it wrote anew says it, too */
	begin();
	settle_world();
	check_world();
	crash();
}
END_TEST

/* A place was guessed before a crash, and the one that stands there is sent again behind it. */
START_TEST(guessed_before_a_crash)
{
	struct chains_batch b = rig_idempotent(7, 0, 3);
	bool is_stated = _i % 2 == 1;
	struct flight *f = &flights[1];
	struct attempt a;

	bare = true;
	seed = 1;
	begin();
	set->window_records = 3;
	send_bare(false);
	*f = (struct flight){.content = 1, .b = b, .stored = true};
	flight_count = 2;
	ck_assert_int_eq(chains_place(c, &b, &f->a), 0);
	rig_fill(f->a.members, 3, 1);
	ck_assert_int_eq(chains_forward(&f->a, HEADERS_NONE), 0);
	world_log[logged_count++] = (struct logged){0, 3, 1, 7, 0, false};
	log_end = 3;
	chains_lost(&flights[0].a);
	flights[0] = flights[--flight_count];
	pass(3000);
	look();
	if (is_stated) {
		ck_assert(!seal(false));
		ck_assert_uint_eq(topic_count, 1);
	}
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	if (_i >= 2) {
		crash();
		begin();
	}
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	ck_assert(a.retry);
	rig_fill(a.members, 3, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_NONE), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 0, -1}), is_stated ? CHAINS_OPEN : CHAINS_STORED);
	settle_world();
	check_world();
	crash();
}
END_TEST

/*
 * A broker said that it is stored, and the log has others there: it is another run's, as its client was told.  Where that
 * place isn't shown, nobody knows.
 */
START_TEST(told_before_a_crash)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a;

	seed = 1;
	b.time = CHAINS_TIME_APPEND;
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, contents++);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 50, wall}), CHAINS_OPEN);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	crash();
	begin();
	log_end = _i == 0 ? 54 : 53;
	settle_world();
	ck_assert_uint_eq(topic_count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE) - before, _i == 0 ? 4 : 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, _i == 0 ? 0 : 4);
	crash();
}
END_TEST

/*
 * Two leaders told of the same offsets, and nobody had read the log: after the crash, too, that decides, whichever of
 * them answered last, and whichever window is the older one.
 */
START_TEST(in_dispute_before_a_crash)
{
	bool last_is_there = _i & 1, last_is_older = _i & 2;
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a[2];

	bare = _i & 4;
	seed = 1;
	begin();
	set->window_records = 4;
	for (int i = 0; i < 2; i++) {
		struct chains_batch b = rig_batch(4);

		ck_assert_int_eq(chains_place(c, &b, &a[i]), 0);
		rig_fill(a[i].members, 4, i + 1);
		ck_assert_int_eq(chains_forward(&a[i], bare ? HEADERS_NONE : HEADERS_FULL), 0);
	}
	ck_assert_int_eq(chains_settle(&a[last_is_older], &(struct answer){0, 10, -1}), CHAINS_STORED);
	ck_assert_int_eq(chains_settle(&a[!last_is_older], &(struct answer){0, 12, -1}), CHAINS_OPEN);
	world_log[logged_count++] = (struct logged){last_is_there ? 12 : 10, 4, 1 + (last_is_there != last_is_older), -1, 0, false};
	log_end = 16;
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	ck_assert(!seal(false)); /* the windows wait */
	ck_assert_uint_eq(topic_count, 0);
	crash();
	begin();
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	crash();
}
END_TEST

/* One was told of a place that is stated of another: the log decides behind the crash, too, whose it is. */
START_TEST(told_of_a_stated_place_before_a_crash)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), duplicates = metric_read(METRIC_RECORDS_DUPLICATE);

	seed = 1;
	begin();
	set->window_records = 4;
	for (int i = 0; i < 2; i++) {
		struct chains_batch b = _i & 2 ? rig_idempotent(7 + i, 0, 4) : rig_batch(4);
		struct attempt a;

		if (_i & 2)
			issued_note(c->shared.issued, 7 + i, 0);
		ck_assert_int_eq(chains_place(c, &b, &a), 0);
		rig_fill(a.members, 4, i);
		ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
		ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 10, -1}), i == 0 ? CHAINS_STORED : CHAINS_OPEN);
		ck_assert(!seal(false));
	}
	ck_assert_uint_eq(topic_count, 1);
	world_log[logged_count++] = (struct logged){10, 4, _i & 1, _i & 2 ? 7 + (_i & 1) : -1, 0, false};
	log_end = 14;
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 1 + (size_t)(_i & 1));
	if ((_i & 1) == 0)
		check_world();
	else
		ck_runs(&topic[1].s->ranges, {10, 4});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, _i & 1 ? 0 : 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
	crash();
}
END_TEST

/* Two windows, and two answers; the log has the batch of the later one at 10, where the earlier one was acknowledged. */
static void
give_again(bool last_is_older, struct attempt a[2])
{
	seed = 1;
	begin();
	set->window_records = 4;
	for (int i = 0; i < 2; i++) {
		struct chains_batch b = rig_batch(4);

		b.topic_id = has_id ? ids[0] : NULL;
		ck_assert_int_eq(chains_place(c, &b, &a[i]), 0);
		rig_fill(a[i].members, 4, i + 1);
		ck_assert_int_eq(chains_forward(&a[i], HEADERS_FULL), 0);
	}
	ck_assert_int_eq(chains_settle(&a[last_is_older], &(struct answer){0, 10, -1}), CHAINS_STORED);
	world_log[logged_count++] = (struct logged){10, 4, 2 - last_is_older, -1, 0, false};
	log_end = 14;
}

/* The log was read, and it crashes before anybody was asked whose topic that is: what was lost is in no statement. */
START_TEST(given_again_before_a_crash)
{
	bool last_is_older = _i & 1, is_told = _i & 2;
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a[2];

	has_id = _i & 4;
	give_again(last_is_older, a);
	if (is_told)
		ck_assert_int_eq(chains_settle(&a[!last_is_older], &(struct answer){0, 10, -1}), CHAINS_OPEN);
	else
		chains_lost(&a[!last_is_older]);
	pass(1000);
	look();
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	crash();
}
END_TEST

/* The end of a batch whose beginning is stated is lost to another: it leaves, and stays away, whenever it crashes. */
START_TEST(stated_in_part_before_a_crash)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a[2];

	seed = 1;
	begin();
	set->window_records = 4;
	for (int i = 0; i < 2; i++) {
		struct chains_batch b = rig_batch(6);

		ck_assert_int_eq(chains_place(c, &b, &a[i]), 0);
		rig_fill(a[i].members, 6, i + 1);
		ck_assert_int_eq(chains_forward(&a[i], HEADERS_FULL), 0);
	}
	ck_assert_int_eq(chains_settle(&a[0], &(struct answer){0, 10, -1}), CHAINS_STORED);
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(chains_settle(&a[1], &(struct answer){0, 14, -1}), CHAINS_OPEN);
	world_log[logged_count++] = (struct logged){14, 6, 2, -1, 0, false};
	log_end = 20;
	for (int i = 0; i < _i; i++) {
		if (i > 0)
			look();
		if (i > 1)
			ck_assert(!seal(false));
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		crash();
		begin();
		pass(1000);
	}
	settle_world();
	ck_assert_uint_eq(topic_count, 3);
	ck_runs(&topic[0].s->ranges, {10, 4});
	ck_runs(&topic[1].s->ranges, {14, 2});
	ck_runs(&topic[2].s->ranges, {16, 4});
	check_leaves(&world_log[0]);
	ck_assert_uint_eq(topic[1].s->unresolved, 2);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 2);
	crash();
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 3);
	crash();
}
END_TEST

static void
send_retold(const struct chains_batch *b, int content, int64_t base_offset, enum chains_outcome outcome)
{
	struct attempt a;

	ck_assert_int_eq(chains_place(c, b, &a), 0);
	rig_fill(a.members, b->count, content);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, base_offset, -1}), outcome);
}

static void
crash_behind_a_commit(void)
{
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
}

/* All that the journal has of open batches is written anew. */
static void
renew_all(void)
{
	struct slice key;
	size_t at = 0;
	void *chain;

	while (map_next(c->map, &at, &key, &chain)) {
		int64_t left = INT64_MAX;

		ck_assert_int_eq(chain_renew(chain, UINT64_MAX, &left), 0);
	}
}

/*
 * Two answers told two places of a batch, before the crash or behind it, and the log decides behind that; whatever of its
 * entries was written anew.
 */
START_TEST(retold_before_a_crash)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	int64_t place = (int64_t[]){8, 10, -1}[_i % 3], last = _i % 2 == 0 ? 8 : 10;
	bool is_behind = _i >= 6 && _i < 12, is_renewed = _i >= 12;

	seed = 1 + (unsigned)_i;
	begin();
	set->window_records = 4;
	send_retold(&b, 1, 18 - last, CHAINS_STORED);
	if (is_behind) {
		crash_behind_a_commit();
		begin();
	}
	send_retold(&b, 1, last, CHAINS_OPEN);
	if (is_renewed)
		renew_all();
	if (place >= 0)
		world_log[logged_count++] = (struct logged){place, 4, 1, 7, 0, false};
	log_end = 16;
	crash_behind_a_commit();
	begin();
	if (is_renewed)
		renew_all();
	ck_assert(!seal(false)); /* its window waits */
	ck_assert_uint_eq(topic_count, 0);
	crash_behind_a_commit();
	begin();
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, place >= 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, place >= 0 ? 0 : 4);
	crash();
}
END_TEST

/* A window of its own, closed before it is answered. */
static void
fill_one_window(void)
{
	struct flight *f = &flights[flight_count++];
	struct answer ok = {0, log_end, -1};

	*f = (struct flight){.content = contents++, .b = rig_batch(set->window_records)};
	ck_assert_int_eq(chains_place(c, &f->b, &f->a), 0);
	rig_fill(f->a.members, f->b.count, f->content);
	ck_assert_int_eq(chains_forward(&f->a, HEADERS_FULL), 0);
	world_log[logged_count++] = (struct logged){log_end, f->b.count, f->content, -1, 0, false};
	log_end += f->b.count;
	ck_assert_int_eq(chains_settle(&f->a, &ok), CHAINS_STORED);
	flight_count--;
}

/* The replay books turns as a run does; of a chain that then has nothing left only the head is kept. */
START_TEST(everything_was_published)
{
	seed = 1;
	begin();
	fill_one_window();
	fill_one_window(); /* behind it: publishing the first books a turn for this one */
	ck_assert(!seal(false));
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 2);
	fill_one_window();
	settle_world();
	ck_assert_uint_eq(topic_count, 3);
	check_world();
	crash();
}
END_TEST

/* No statement lists what stands in the new topic, nor anything twice. */
static void
check_first(void)
{
	struct chains_numbers n;
	int64_t listed = 0;

	for (size_t i = 0; i < logged_count; i++) {
		for (int32_t k = 0; k < world_log[i].count; k++) {
			size_t in = windows_with(world_log[i].base + k);

			ck_assert_msg(in <= (i < first_end || !made_again), "offset %lld is in %zu windows",
				      (long long)world_log[i].base + k, in);
			listed += (int64_t)in;
		}
		check_leaves(&world_log[i]);
	}
	for (size_t i = 0; i < topic_count; i++) {
		check_told_once(i);
		listed -= (int64_t)topic[i].s->leaf_count;
	}
	ck_assert_int_eq(listed, 0);
	chains_count(c, &n);
	ck_assert_uint_eq(n.windows, 0);
	ck_assert_int_eq(n.backlog, 0);
	if (!made_again)
		check_world();
}

START_TEST(made_again_in_between)
{
	choose_life(_i);
	has_id = true;
	live();
	begin();
	settle_world();
	check_first();
	crash();
	begin();
	settle_world();
	check_first();
	crash();
}
END_TEST

/*
 * A clean stop left a transaction open; its end is told to the next run before anybody
 * writes to that partition, and then that run is killed.
 */
START_TEST(ended_before_its_chain_begins)
{
	struct chains_batch b = rig_transactional(7, 0, 10);
	struct answer ok = {0, 0, -1};
	struct attempt a;

	seed = 1;
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, contents);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &ok), CHAINS_STORED);
	world_log[logged_count++] = (struct logged){0, b.count, contents++, 7, 0, false};
	log_end = b.count;
	pass(set->transaction_wait_ms);
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->open.count, 1);
	ck_assert_int_eq(chains_heads_save(c, &saved), 0);
	crash();
	each_file(remove_file);
	begin();
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
	note_written(); /* the client has the answer */
	crash();
	begin();
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, false); /* its next one */
	fill_one_window();
	settle_world();
	ck_assert_uint_eq(topic_count, 2);
	ck_assert_uint_eq(topic[1].s->resolved_count, 1);
	ck_assert(topic[1].s->resolved[0].committed);
	check_world();
	crash();
}
END_TEST

/* The first of an epoch: ten records that are stated as open, as nobody saw its end. */
static void
leave_open(void)
{
	struct chains_batch b = rig_transactional(FIRST_TXN, 0, 10);
	struct attempt a;

	seed = 1;
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, contents);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	world_log[logged_count++] = (struct logged){0, b.count, contents++, FIRST_TXN, 0, false};
	log_end = b.count;
	pass(set->transaction_wait_ms);
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->open.count, 1);
}

/* As an end does that is known to be its own. */
static void
end_one_batch(struct attempt *a)
{
	struct chain *chain = a->placement->chain;

	pthread_mutex_lock(&chain->lock);
	ck_assert(txns_leave(c->shared.txns, a->placement));
	chain_txn_ended(chain, a->placement, false);
	pthread_mutex_unlock(&chain->lock);
	ck_assert_int_eq(journal_commit(j), 0);
}

/*
 * What the journal says of a batch without a place is of no run that the head has, though it shares their epoch; nor is
 * what it would say of one that it doesn't have yet, as its records are being rewritten.
 */
START_TEST(an_end_without_a_place)
{
	struct chains_batch b = rig_transactional(FIRST_TXN, 10, 10);
	struct attempt a;

	leave_open();
	ck_assert_int_eq(chains_heads_save(c, &saved), 0);
	crash();
	each_file(remove_file);
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	if (_i == 1)
		end_one_batch(&a);
	rig_fill(a.members, b.count, contents++);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	if (_i == 0)
		end_one_batch(&a);
	chains_lost(&a);
	note_written();
	crash();
	is_committed[0][0] = true; /* elsewhere */
	txn_of[0] = 2;
	begin();
	settle_world();
	fill_one_window();
	settle_world();
	ck_assert_uint_eq(topic_count, 2);
	ck_assert_uint_eq(topic[1].s->resolved_count, 1);
	ck_assert(topic[1].s->resolved[0].committed);
	crash();
}
END_TEST

/* Stated as open by a process that was killed; it ended elsewhere, and nobody comes back to tell. */
START_TEST(asked_behind_a_crash)
{
	leave_open();
	note_written();
	crash();
	is_committed[0][0] = true;
	txn_of[0] = 1;
	begin();
	fill_one_window();
	settle_world();
	ck_assert_uint_eq(topic_count, 2);
	ck_assert_uint_eq(topic[1].s->resolved_count, 1);
	ck_assert(topic[1].s->resolved[0].committed);
	crash();
}
END_TEST

/* One that ended when only its first window was stated is told of in the next one, however many crashes later. */
START_TEST(ended_between_its_statements)
{
	struct chains_batch b = rig_transactional(7, 0, 15);
	struct answer ok = {0, 0, -1};
	struct attempt a;

	seed = 1;
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, contents);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &ok), CHAINS_STORED);
	world_log[logged_count++] = (struct logged){0, b.count, contents++, 7, 0, false};
	log_end = b.count;
	pass(set->transaction_wait_ms);
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->open.count, 1);
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
	note_written();
	for (int i = 0; i < 3; i++) {
		crash();
		begin();
	}
	settle_world();
	ck_assert_uint_eq(topic_count, 2);
	ck_assert_uint_eq(topic[1].s->open.count, 0);
	ck_assert_uint_eq(topic[1].s->resolved_count, 1);
	ck_assert(topic[1].s->resolved[0].committed);
	check_world();
	crash();
}
END_TEST

/* Two batches at one place, as another leader gave it again: the root of what is stated in the end. */
static void
state_overwritten(int crashes, uint8_t ret_root[32])
{
	struct attempt a[2];

	contents = 0;
	begin();
	for (int i = 0; i < 2; i++) {
		struct chains_batch b = rig_batch(set->window_records / 2);

		ck_assert_int_eq(chains_place(c, &b, &a[i]), 0);
		rig_fill(a[i].members, b.count, contents++);
		ck_assert_int_eq(chains_forward(&a[i], HEADERS_FULL), 0);
	}
	/* The one that was sent first is stored last, and stays, as the log has it. */
	for (int i = 1; i >= 0; i--)
		ck_assert_int_eq(chains_settle(&a[i], &(struct answer){0, 0, -1}), i == 1 ? CHAINS_STORED : CHAINS_OPEN);
	log_end = set->window_records / 2;
	world_log[logged_count++] = (struct logged){0, set->window_records / 2, 0, -1, 0, false};
	pass(1000);
	look();
	note_written();
	for (int i = 0; i < crashes; i++) {
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		crash();
		begin();
	}
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->leaf_count, (uint64_t)set->window_records / 2);
	memcpy(ret_root, topic[0].s->root, 32);
	crash();
	forget_world();
}

START_TEST(stored_last_stays_last)
{
	uint8_t root[32], again[32];

	seed = 1;
	state_overwritten(0, root);
	for (int crashes = 1; crashes <= 3; crashes++) {
		state_overwritten(crashes, again);
		ck_assert_mem_eq(again, root, 32);
	}
}
END_TEST

/* --- what is needed for long ------------------------------------------------------------------- */

enum { SEGMENT = 2048, PASSING = 100, MOST = 16 * SEGMENT };

/* A batch for a partition of its own, settled; of a window's size it closes its window. */
static void
fill(int32_t partition, int32_t n, int content, int64_t offset)
{
	struct chains_batch b = rig_batch(n);
	struct attempt a;

	b.partition = partition;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, n, content);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, offset, -1}), CHAINS_STORED);
}

/* States what is complete, and publishes what one partition states; its windows are forgotten. */
static void
seal_passing(int32_t partition)
{
	struct outgoing *out;
	struct chain *chain;
	struct window *w;
	int wait_ms;

	while ((chain = chains_turn(c, &w, &out, &wait_ms)) != NULL) {
		if (out != NULL && chain->partition == partition)
			chains_published(chain, out);
		else if (out != NULL)
			held = out; /* the topic doesn't take that one */
		if (w != NULL)
			ck_assert(!state(chain, w, false));
	}
}

static uint64_t
journal_bytes(void)
{
	uint64_t segments, bytes;
	bool failing;

	journal_count(j, &segments, &bytes, &failing);
	ck_assert(!failing);
	return bytes;
}

/* So much goes through, of another partition, that without the rest not one of the segments would be there any more. */
static void
pass_through(int32_t partition)
{
	static int64_t offset;
	uint64_t put = 0;

	for (int i = 0; put < (uint64_t)PASSING * SEGMENT; i++) {
		uint64_t before = journal_bytes();

		fill(partition, set->window_records, 1000 + i % 100, offset += set->window_records);
		seal_passing(partition);
		ck_assert_int_eq(journal_commit(j), 0);
		put += journal_bytes() - before;
		while (chains_journal_tidy(c))
			;
		ck_assert_msg(journal_bytes() <= MOST, "%llu bytes after %llu", (unsigned long long)journal_bytes(), (unsigned long long)put);
	}
	note_written();
}

/* It leaves one statement that the topic doesn't take, and an open window with an answer and without one. */
static void
leave_some(struct wr *ret_statement)
{
	struct chains_batch b = rig_transactional(7, 0, 3);
	struct attempt a;
	struct wr manifest;

	fill(3, set->window_records, 1, 0);
	seal_passing(-1);
	ck_assert_ptr_nonnull(held);
	ck_assert_int_eq(outgoing_take(held, ret_statement, &manifest), 0);
	wr_free(&manifest);
	fill(3, 4, 2, 10);
	b.partition = 3;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, 3);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	chains_lost(&a);
	note_written();
	world_log[logged_count++] = (struct logged){0, 10, 1, -1, 0, false};
	world_log[logged_count++] = (struct logged){10, 4, 2, -1, 0, false};
	world_log[logged_count++] = (struct logged){14, 3, 3, 7, 0, false};
}

/* Both come to the topic, the first to the byte. */
static void
check_left(const struct wr *statement)
{
	settle_world();
	ck_assert_uint_eq(topic_count, 2);
	ck_assert(slice_eq(wr_slice(&topic[0].value), wr_slice(statement)));
	ck_assert(topic[1].s->recovered);
	ck_assert_uint_eq(topic[1].s->leaf_count, 7);
	ck_assert_uint_eq(topic[1].s->open.count, 1);
	check_world();
}

/* What is never taken, and a window that nobody closes, keep no segment: they are put anew. */
START_TEST(one_is_never_taken)
{
	struct wr statement;

	seed = 1;
	sync_with = syncs[_i];
	segment_bytes = SEGMENT;
	begin();
	leave_some(&statement);
	pass_through(4);
	ck_assert_int_gt(metric_read(METRIC_JOURNAL_RENEWED_BYTES), 0);
	crash();
	begin();
	pass_through(4);
	crash();
	begin();
	check_left(&statement);
	wr_free(&statement);
	crash();
}
END_TEST

/* Windows of a cluster that the proxy is not at for two runs. */
START_TEST(windows_of_another_cluster)
{
	struct wr statement;

	seed = 1;
	segment_bytes = SEGMENT;
	begin();
	leave_some(&statement);
	crash();
	cluster = "c2";
	for (int run = 0; run < 2; run++) {
		begin();
		pass_through(3);
		chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, false); /* there, of another producer with that id */
		note_written();
		crash();
	}
	cluster = RIG_CLUSTER;
	begin();
	check_left(&statement);
	wr_free(&statement);
	crash();
}
END_TEST

static struct chain *
chain_at(int32_t partition)
{
	struct slice key;
	size_t at = 0;
	void *v;

	while (map_next(c->map, &at, &key, &v))
		if (((struct chain *)v)->partition == partition)
			return v;
	return NULL;
}

/* Where all chains stand takes more than a segment: that is written anew for as much as goes, not for each segment. */
START_TEST(many_heads)
{
	enum { CHAINS = 100 };
	uint64_t put = 0, heads, moves = 0, at;
	struct chain *quiet;

	seed = 1;
	segment_bytes = SEGMENT;
	begin();
	for (int32_t i = 0; i < CHAINS; i++) {
		fill(100 + i, set->window_records, 1, 0);
		seal_passing(100 + i);
	}
	ck_assert_int_eq(journal_commit(j), 0);
	(void)chains_journal_tidy(c);
	heads = j->live;
	ck_assert_uint_gt(heads, 4 * (uint64_t)SEGMENT);
	quiet = chain_at(100);
	ck_assert_ptr_nonnull(quiet);
	at = quiet->head_hold.segment;
	for (int i = 0; put < 6 * heads; i++) {
		uint64_t before = journal_bytes();

		fill(4, set->window_records, 1000 + i % 100, (int64_t)i * set->window_records);
		seal_passing(4);
		ck_assert_int_eq(journal_commit(j), 0);
		put += journal_bytes() - before;
		for (int k = 0; k < 3; k++)
			(void)chains_journal_tidy(c);
		moves += quiet->head_hold.segment != at;
		at = quiet->head_hold.segment;
		ck_assert_uint_le(journal_bytes(), 2 * heads + (uint64_t)MOST);
	}
	ck_assert_uint_ge(moves, 1);
	ck_assert_msg(moves * heads <= put + heads, "%llu times %llu bytes of heads for %llu", (unsigned long long)moves,
		      (unsigned long long)heads, (unsigned long long)put);
	note_written();
	crash();
	begin();
	crash();
}
END_TEST

/*
 * A clean stop left a transaction open; its end is told to the next run, in which another chain follows, since its collector
 * has another name.  The old one's head goes with its segment, and what told of that end is still there.
 */
START_TEST(ended_and_followed)
{
	struct chains_batch b = rig_transactional(7, 0, 10);
	struct answer ok = {0, 0, -1};
	struct inventory v;
	struct attempt a;

	seed = 1;
	segment_bytes = SEGMENT;
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, contents++);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &ok), CHAINS_STORED);
	pass(set->transaction_wait_ms);
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->open.count, 1);
	ck_assert_int_eq(chains_heads_save(c, &saved), 0);
	crash();
	each_file(remove_file);
	begin_as("urn:test:another");
	for (int i = 0; journal_last(j) == journal_first(j); i++) {
		fill(4, set->window_records, 1000 + i % 100, (int64_t)i * set->window_records);
		seal_passing(4);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
	fill(b.partition, 4, contents++, 10);
	(void)chains_journal_tidy(c);
	note_written();
	ck_assert_int_eq(faccessat(dir_fd, "journal.0000000000000001", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(dir_fd, "journal.0000000000000002", F_OK, 0), 0);
	crash();
	v = counted();
	ck_assert_uint_eq(v.chain_count, 3); /* that of partition 4, the one that follows, and the one that it follows */
	inventory_free(&v);
	begin();
	ck_assert_ptr_nonnull(chain_at(b.partition));
	ck_assert_uint_eq(chain_at(b.partition)->windows.count, 1);
	crash();
}
END_TEST

/*
 * Likewise, and the run that has the other chain crashes before the old one's segment goes: the old one is over, whether or
 * not it had a transaction open, and whether or not the other one has more than its head.
 */
START_TEST(followed_before_a_crash)
{
	bool is_open = (_i & 1) != 0, has_window = (_i & 2) != 0;
	struct chains_batch b = is_open ? rig_transactional(7, 0, 10) : rig_batch(10);
	struct answer ok = {0, 0, -1};
	struct chain_id id;
	struct attempt a;
	uint64_t next;

	seed = 1;
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, contents++);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &ok), CHAINS_STORED);
	pass(set->transaction_wait_ms);
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->open.count, is_open);
	ck_assert_int_eq(chains_heads_save(c, &saved), 0);
	crash();
	each_file(remove_file);
	begin_as("urn:test:another");
	fill(b.partition, set->window_records, contents++, 10);
	seal_passing(b.partition);
	if (has_window)
		fill(b.partition, 4, contents++, 10 + set->window_records);
	ck_assert(chain_at(b.partition)->head.follows);
	id = chain_at(b.partition)->id;
	next = chain_at(b.partition)->head.next_window;
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin_as("urn:test:another");
	ck_assert_uint_eq(c->recovered.count, 0);
	ck_assert_uint_eq(c->heads.count + map_count(c->map), 2); /* and the one that it follows, in case that comes back */
	if (!has_window)
		fill(b.partition, 4, contents++, 10 + set->window_records);
	ck_assert(chain_id_eq(&chain_at(b.partition)->id, &id));
	ck_assert_uint_eq(chain_at(b.partition)->head.next_window, has_window ? next : next + 1);
	crash();
}
END_TEST

/*
 * A collector's name comes back behind another one, over clean stops and crashes: its chain goes on, since its windows' ids
 * were used before, and so does the other one's.
 */
START_TEST(a_name_that_comes_back)
{
	static const char *const names[] = {"urn:test:proxy", "urn:test:another"};
	struct chain_id chains[2];

	seed = 1;
	for (unsigned run = 0; run < 6; run++) {
		const char *name = names[run % 2];
		struct chain *now;

		begin_as(name);
		fill(3, set->window_records, contents++, run * set->window_records);
		seal_passing(3);
		now = chain_at(3);
		ck_assert_ptr_nonnull(now);
		if (run < 2)
			chains[run] = now->id;
		ck_assert(chain_id_eq(&now->id, &chains[run % 2]));
		ck_assert_uint_eq(now->head.last_window, run / 2 + 1);
		ck_assert_uint_eq(now->head.length, run / 2 + 1);
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		if ((_i >> run % 3 & 1) == 0) {
			ck_assert_int_eq(chains_heads_save(c, &saved), 0);
			ck_assert_uint_eq(saved.count, run == 0 ? 1 : 2);
		}
		crash();
		if (saved.count > 0)
			each_file(remove_file);
	}
}
END_TEST

static void
crash_behind_a_window(void)
{
	seed = 1;
	begin();
	fill(3, set->window_records, contents++, 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
}

/* A crash, and the next run has another name: the window that was left is stated under its own. */
START_TEST(recovered_under_another_name)
{
	crash_behind_a_window();
	begin_as("urn:test:another");
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert(slice_eq(topic[0].s->collector_id, slice_str("urn:test:proxy")));
	crash();
}
END_TEST

/* The next window that can be stated is, as far as the journal; the caller frees it. */
static struct stated
state_the_next(void)
{
	struct outgoing *published = NULL, *out = outgoing_new();
	struct window *w;
	struct stated st;
	int wait_ms;
	struct chain *chain = chains_turn(c, &w, &published, &wait_ms);

	ck_assert_ptr_nonnull(out);
	ck_assert_ptr_nonnull(chain);
	ck_assert_int_eq(statement_of(chain, w, set, slice_str(RIG_CLUSTER), NULL, SIZE_MAX, &st), 0);
	chain->head.dbom_partition = 0;
	out->window = w->id;
	out->since_ms = w->start_ms;
	out->records = w->members;
	wr_slice_put(&out->value, wr_slice(&st.bytes));
	wr_slice_put(&out->manifest, wr_slice(&st.manifest));
	ck_assert_int_eq(chain_journal_stated(chain, w, &st, out), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	outgoing_free(out);
	return st;
}

/* What is perhaps published is looked for from its window's begin on; where the clock was set back since, from the time that it tells now. */
START_TEST(looked_for_by_a_clock_that_was_set_back)
{
	enum { BACK_MS = 5 * 3600 * 1000 };
	struct look l = {.doubts = NULL};
	struct stated st;
	int wait_ms;

	crash_behind_a_window();
	begin();
	pass(set->transaction_wait_ms);
	st = state_the_next();
	stated_clear(&st);
	crash();
	if (_i == 1)
		wall -= BACK_MS;
	begin();
	ck_assert(chains_look(c, &l, &wait_ms));
	ck_assert(l.restated);
	ck_assert_int_eq(l.since_ms, _i == 1 ? wall : RIG_WALL);
	chains_look_end(c, &l, true, true, false, true);
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	crash();
}
END_TEST

/* The statement about it stands in the journal when that run crashes, too; and then there is a run of any name (_i). */
START_TEST(recovered_under_another_name_twice)
{
	struct stated st;

	crash_behind_a_window();
	begin_as("urn:test:another");
	pass(set->transaction_wait_ms);
	st = state_the_next();
	stated_clear(&st);
	crash();
	begin_as(_i == 0 ? "urn:test:proxy" : "urn:test:a-third");
	crash();
	begin_as("urn:test:another");
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	crash();
}
END_TEST

/* Only a transaction was open when it crashed: the chain goes on, over runs of any name. */
START_TEST(open_under_another_name)
{
	struct chains_batch b = rig_transactional(7, 0, 10);
	struct answer ok = {0, 0, -1};
	struct attempt a;

	seed = 1;
	begin();
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, contents++);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &ok), CHAINS_STORED);
	pass(set->transaction_wait_ms);
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	for (size_t run = 1; run <= 2; run++) {
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		crash();
		begin_as(run == 1 ? "urn:test:another" : "urn:test:a-third");
		fill(b.partition, set->window_records, contents++, (int64_t)run * 10);
		settle_world();
		ck_assert_uint_eq(topic_count, run + 1);
		ck_assert(slice_eq(topic[run].s->collector_id, slice_str("urn:test:proxy")));
	}
	crash();
}
END_TEST

/* Many names come and crash in turn, while a chain isn't over: the one that it needs never is the oldest. */
START_TEST(recovered_behind_many_names)
{
	char name[32];

	crash_behind_a_window();
	for (int run = 0; run < 48; run++) {
		snprintf(name, sizeof(name), "urn:test:name-%d", run);
		begin_as(name);
		crash();
	}
	begin_as("urn:test:another");
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	crash();
}
END_TEST

/* A start under that name, which ends once the journal has begun, or hasn't: what that said. */
static int
start_as(const char *name)
{
	struct journal_conf conf = {.dir_fd = dir_fd, .max_bytes = 64 << 20, .segment_bytes = SEGMENT};
	struct recovery *r;
	char why[256];
	int err;

	ck_assert_int_eq(recovery_scan(dir_fd, boot, &r, why, sizeof(why)), 0);
	memset(conf.instance, 0x11, sizeof(conf.instance));
	memcpy(conf.boot, boot, sizeof(boot));
	conf.last_segment = recovery_last_segment(r);
	conf.last_bytes = recovery_last_bytes(r);
	set = rig_settings();
	free(set->collector_id);
	set->collector_id = strdup(name);
	c = chains_new(set);
	ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
	err = begin_journal(set->collector_id, r);
	recovery_free(r);
	c->shared.journal = NULL;
	chains_free(c);
	settings_unref(set);
	journal_close(j);
	return err;
}

/* Each of many names leaves a window when it crashes: all of them are needed at once. */
START_TEST(many_names_are_needed)
{
	enum { NAMES = 40 };
	char name[32];

	seed = 1;
	for (int run = 0; run < NAMES; run++) {
		snprintf(name, sizeof(name), "urn:test:name-%d", run);
		begin_as(name);
		fill(100 + run, 4, contents++, 0);
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		crash();
	}
	for (int run = 0; run < 3; run++)
		ck_assert_int_eq(start_as("urn:test:another"), 0);
	begin_as("urn:test:a-third");
	settle_world();
	ck_assert_uint_eq(topic_count, NAMES);
	crash();
}
END_TEST

/*
 * Nothing in the log tells the copies apart, and the second one's answer is lost: it isn't at the first one's place, whatever
 * name (_i) the run had that stored that, and whether that stopped or was killed with (_i > 3) its window open.
 */
START_TEST(a_copy_under_another_name)
{
	bool stops = _i < 2;

	bare = true;
	seed = 1;
	for (int run = 0; run < 3; run++) {
		begin_as(run == 1 && _i % 2 == 1 ? "urn:test:another" : "urn:test:proxy");
		set->window_records = 3;
		send_bare(true);
		if (run == 0) {
			ck_assert_int_eq(chains_settle(&flights[0].a, &(struct answer){0, 0, -1}), CHAINS_STORED);
			flight_count = 0;
		}
		if (_i < 4)
			settle_world();
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		if (stops)
			ck_assert_int_eq(chains_heads_save(c, &saved), 0);
		crash();
		if (stops)
			each_file(remove_file);
	}
	heads_clear(&saved);
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 3);
	for (int64_t at = 0; at < 9; at++)
		ck_assert_msg(windows_with(at) == 1, "offset %lld is in %zu windows", (long long)at, windows_with(at));
	crash();
}
END_TEST

/* Likewise, where the first name's chain has a window left behind a kill, and its head stands behind the other's. */
START_TEST(a_copy_behind_a_crash)
{
	bare = true;
	seed = 1;
	for (int run = 0; run < 4; run++) {
		begin_as(run == 1 ? "urn:test:another" : "urn:test:proxy");
		set->window_records = 3;
		send_bare(run != 2);
		if (run != 2)
			settle_world();
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		if (run < 2)
			ck_assert_int_eq(chains_heads_save(c, &saved), 0);
		crash();
		if (run < 2)
			each_file(remove_file);
	}
	ck_assert_uint_eq(topic_count, 3);
	for (int64_t at = 0; at < 9; at++)
		ck_assert_msg(windows_with(at) == 1, "offset %lld is in %zu windows", (long long)at, windows_with(at));
}
END_TEST

/*
 * With state.sync: always all was on disk when the machine was started anew.  A start with another one, in that run of the
 * machine, is killed before the old segments go: the next goes on all the same, and none behind another start of the machine.
 */
START_TEST(another_sync_and_a_kill)
{
	struct journal_conf conf = {.dir_fd = dir_fd, .max_bytes = 64 << 20, .segment_bytes = SEGMENT, .sync = JOURNAL_SYNC_WINDOW};
	uint8_t other[16] = {2};
	struct recovery *r;
	char why[256] = "";

	sync_with = JOURNAL_SYNC_ALWAYS;
	crash_behind_a_window();
	memset(conf.instance, 0x11, sizeof(conf.instance));
	memcpy(conf.boot, other, sizeof(other));
	ck_assert_int_eq(recovery_scan(dir_fd, other, &r, why, sizeof(why)), 0);
	conf.last_segment = recovery_last_segment(r);
	conf.last_bytes = recovery_last_bytes(r);
	recovery_free(r);
	ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
	ck_assert_int_eq(journal_put(j, &(struct journal_entry){.kind = JOURNAL_LEFT, .chain = 1, .batch = 1000000}, NULL), 0);
	journal_close(j);
	ck_assert_int_eq(recovery_scan(dir_fd, other, &r, why, sizeof(why)), 0);
	recovery_free(r);
	other[0] = 3;
	ck_assert_int_eq(recovery_scan(dir_fd, other, &r, why, sizeof(why)), ERR_CHECKSUM);
	ck_assert_ptr_nonnull(strstr(why, "state.sync"));
}
END_TEST

/* Nothing tells of the name (a program of before kept none): no start but with that one, which goes on. */
START_TEST(nobody_knows_the_name)
{
	crash_behind_a_window();
	ck_assert_int_eq(unlinkat(dir_fd, "collectors", 0), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(start_as("urn:test:another"), ERR_CONFIG);
		ck_assert_int_eq(faccessat(dir_fd, "collectors", F_OK, 0), -1);
	}
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	crash();
}
END_TEST

static size_t segments;

static void
count_segment(const char *name UNUSED)
{
	segments++;
}

static size_t
segments_there(void)
{
	segments = 0;
	each_file(count_segment);
	return segments;
}

/* Starts that are refused again and again, as a service manager tries them, leave what they found, and not a segment each. */
START_TEST(refused_again_and_again)
{
	off_t size;
	size_t before;

	crash_behind_a_window();
	ck_assert_int_eq(unlinkat(dir_fd, "collectors", 0), 0);
	before = segments_there();
	size = journal_size();
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(start_as("urn:test:another"), ERR_CONFIG);
	ck_assert_uint_eq(segments_there(), before);
	ck_assert_int_eq(journal_size(), size);
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	crash();
}
END_TEST

/* Nothing tells of two names that are needed.  Both starts are refused, and with each that has been tried one is known. */
START_TEST(nobody_knows_two_names)
{
	crash_behind_a_window();
	begin_as("urn:test:another");
	fill(4, 4, contents++, 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	ck_assert_int_eq(unlinkat(dir_fd, "collectors", 0), 0);
	ck_assert_int_eq(start_as(_i == 0 ? "urn:test:proxy" : "urn:test:another"), ERR_CONFIG);
	ck_assert_int_eq(start_as("urn:test:a-third"), ERR_CONFIG);
	begin_as(_i == 0 ? "urn:test:another" : "urn:test:proxy");
	settle_world();
	ck_assert_uint_eq(topic_count, 2);
	crash();
}
END_TEST

/* Settings with another name came amid a run, as a reload once took the host's new one: what it stated so stays as it is. */
START_TEST(stated_under_another_name)
{
	struct settings *renamed = rig_settings(), *old;
	struct statement *s;
	struct stated st;
	struct wr value, manifest;

	seed = 1;
	begin();
	fill(3, set->window_records, contents++, 0);
	free(renamed->collector_id);
	renamed->collector_id = strdup("urn:test:another");
	chains_set_settings(c, renamed);
	old = set;
	set = renamed;
	settings_unref(old);
	st = state_the_next();
	ck_assert_int_eq(statement_read(wr_slice(&st.bytes), &s), ERR_MALFORMED); /* nobody takes it for the chain's */
	crash();
	ck_assert_int_eq(start_as("urn:test:another"), 0);
	begin();
	ck_assert_uint_eq(chain_at(3)->outgoing.count, 1);
	ck_assert_int_eq(outgoing_take(CONTAINER_OF(list_first(&chain_at(3)->outgoing), struct outgoing, link), &value, &manifest), 0);
	ck_assert(slice_eq(wr_slice(&value), wr_slice(&st.bytes)));
	wr_free(&value);
	wr_free(&manifest);
	stated_clear(&st);
	crash();
}
END_TEST

/* A name for each run, as of containers, over clean stops or crashes (_i): the heads of the last of them are kept. */
START_TEST(many_names)
{
	enum { RUNS = 3 * FOLLOWED_MAX };
	struct chain_id before = {{0}};
	char name[32];

	seed = 1;
	for (int run = 0; run < RUNS; run++) {
		snprintf(name, sizeof(name), "urn:test:name-%d", run);
		begin_as(name);
		ck_assert_uint_le(c->heads.count + c->recovered.count, FOLLOWED_MAX + 1);
		fill(3, set->window_records, contents++, run * set->window_records);
		seal_passing(3);
		ck_assert(run == 0 || chain_id_eq(&chain_at(3)->head.follows_chain, &before));
		before = chain_at(3)->id;
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		if (_i == 0) {
			ck_assert_int_eq(chains_heads_save(c, &saved), 0);
			ck_assert_uint_le(saved.count, FOLLOWED_MAX + 1);
		}
		crash();
		if (_i == 0)
			each_file(remove_file);
	}
	snprintf(name, sizeof(name), "urn:test:name-%d", RUNS - 1 - FOLLOWED_MAX);
	begin_as(name);
	fill(3, set->window_records, contents++, RUNS * set->window_records);
	seal_passing(3);
	ck_assert_uint_eq(chain_at(3)->head.length, 2); /* the last that is known */
	crash();
}
END_TEST

/* A name under which no window began leaves nothing, once it is followed. */
START_TEST(a_name_without_a_window)
{
	seed = 1;
	begin();
	fill(3, set->window_records, contents++, 0);
	seal_passing(3);
	ck_assert_int_eq(chains_heads_save(c, &saved), 0);
	ck_assert_uint_eq(saved.count, 1);
	saved.entry[0].head = head_begin();
	crash();
	each_file(remove_file);
	begin_as("urn:test:another");
	fill(3, set->window_records, contents++, 10);
	seal_passing(3);
	ck_assert_int_eq(chains_heads_save(c, &saved), 0);
	ck_assert_uint_eq(saved.count, 1);
	ck_assert(chain_id_eq(&saved.entry[0].chain, &chain_at(3)->id));
	heads_clear(&saved);
	crash();
}
END_TEST

/* That a window is closed is told again behind its batches, and why. */
START_TEST(closed_as_it_was)
{
	struct chains_batch b = rig_batch(10);
	struct attempt a;

	seed = 1;
	segment_bytes = SEGMENT;
	begin();
	ck_assert_int_eq(set->window_records, b.count);
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	chains_lost(&a);
	world_log[logged_count++] = (struct logged){0, b.count, 1, -1, 0, false};
	pass_through(4);
	crash();
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(topic[0].s->reason, CLOSE_RECORDS);
	check_world();
	crash();
}
END_TEST

/* A batch that fills its window closes it before its own entry is put. */
START_TEST(closed_by_its_batch)
{
	int64_t end_ms = wall;
	struct inventory v;

	seed = 1;
	begin();
	fill(3, set->window_records, 1, 0);
	world_log[logged_count++] = (struct logged){0, set->window_records, 1, -1, 0, false};
	note_written();
	for (int run = 0; run < 2; run++) {
		crash();
		v = counted();
		ck_assert_uint_eq(v.windows_left, 1);
		ck_assert(v.chains[0]->windows[0].closed && v.chains[0]->windows[0].end_ms == end_ms);
		ck_assert_int_eq(v.chains[0]->windows[0].start_ms, end_ms);
		inventory_free(&v);
		pass(50);
		begin();
	}
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(topic[0].s->reason, CLOSE_RECORDS);
	ck_assert_int_eq(topic[0].s->closed_ms, end_ms);
	check_world();
	crash();
}
END_TEST

/* The disk takes nothing, and the buffer has its bound: with what says nothing. */
static void
fill_up(void)
{
	struct journal_entry e = {.kind = JOURNAL_LEFT, .chain = chain_at(3)->number, .batch = 1000000};

	limit_files(1);
	ck_assert_int_eq(journal_put(j, &e, NULL), 0);
	ck_assert_int_eq(journal_commit(j), ERR_IO);
	while (journal_put(j, &e, NULL) == 0)
		;
}

/* The journal doesn't take that the one is lost: until it does neither is stated. */
START_TEST(given_again_on_a_full_disk)
{
	bool last_is_older = _i & 1;
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a[2];

	give_again(last_is_older, a);
	chains_lost(&a[!last_is_older]);
	fill_up();
	pass(1000);
	look();
	if (_i & 2)
		ck_assert(!seal(false));
	limit_files(RLIM_INFINITY);
	ck_assert_uint_eq(topic_count, 0);
	ck_assert_int_eq(journal_commit(j), 0);
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	crash();
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	crash();
}
END_TEST

/* The journal doesn't take that a batch was told two places: until it takes that the batch leaves it isn't stated at either. */
START_TEST(retold_on_a_full_disk)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	int64_t place = _i == 0 ? 8 : 10;
	struct attempt a;

	seed = 1;
	begin();
	set->window_records = 4;
	send_retold(&b, 1, 10, CHAINS_STORED);
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	fill_up();
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 8, -1}), CHAINS_KNOWN);
	ck_assert(!seal(false));
	ck_assert_uint_eq(topic_count, 0);
	limit_files(RLIM_INFINITY);
	world_log[logged_count++] = (struct logged){place, 4, 1, 7, 0, false};
	log_end = 14;
	ck_assert_int_eq(journal_commit(j), 0);
	settle_world();
	ck_assert_uint_eq(topic_count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 0);
	crash();
}
END_TEST

/* A third answer tells one more place when the disk has room: the log decides, and it is stated there. */
START_TEST(retold_behind_a_full_disk)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a[2];

	seed = 1;
	begin();
	set->window_records = 4;
	send_retold(&b, 1, 10, CHAINS_STORED);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(chains_place(c, &b, &a[i]), 0);
		rig_fill(a[i].members, b.count, 1);
		ck_assert_int_eq(chains_forward(&a[i], HEADERS_FULL), 0);
	}
	fill_up();
	ck_assert_int_eq(chains_settle(&a[0], &(struct answer){0, 8, -1}), CHAINS_KNOWN);
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_int_eq(chains_settle(&a[1], &(struct answer){0, 12, -1}), CHAINS_OPEN);
	world_log[logged_count++] = (struct logged){12, 4, 1, 7, 0, false};
	log_end = 16;
	settle_world();
	check_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before);
	crash();
}
END_TEST

/*
 * The disk is full when a partition's first batch comes: that its chain begins isn't taken.  Once it has room again the empty
 * window closes, and then (_i) a batch comes.
 */
START_TEST(closed_before_its_chain_begins)
{
	struct chains_batch b = rig_batch(4);
	struct outgoing *out;
	struct window *w;
	struct attempt a;
	int wait_ms;

	seed = 1;
	segment_bytes = 1 << 20;
	begin();
	fill(3, 4, contents++, 0);
	fill_up();
	b.partition = 4;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	ck_assert(chain_at(4)->unwritten);
	rig_fill(a.members, b.count, contents++);
	ck_assert_int_ne(chains_forward(&a, HEADERS_FULL), 0);
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(journal_commit(j), 0);
	pass(set->window_age_ms);
	while (chains_turn(c, &w, &out, &wait_ms) != NULL)
		;
	ck_assert_uint_eq(chain_at(4)->windows.count, 0);
	if (_i == 1)
		fill(4, 4, contents++, 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	ck_assert_ptr_nonnull(chain_at(3));
	ck_assert(_i == 0 || chain_at(4)->windows.count == 1);
	crash();
}
END_TEST

/* A program of before told of that window, too: no start may fail for it. */
START_TEST(closed_of_an_unknown_chain)
{
	struct journal_entry e = {.kind = JOURNAL_CLOSED, .chain = 99, .window = 1, .end_ms = RIG_WALL};

	seed = 1;
	begin();
	fill(3, 4, contents++, 0);
	ck_assert_int_eq(journal_put(j, &e, NULL), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	crash();
}
END_TEST

/* One of two batches of a window is given up, and the other's transaction is open. */
static void
give_up_one(bool full)
{
	struct chains_batch lost = rig_batch(4), open = rig_transactional(7, 0, 6);
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look in_vain = {.doubts = doubts, .ends = ends};
	struct outgoing *out;
	struct attempt a;
	struct window *w;
	int wait_ms;

	set->transaction_wait_ms = 1000000;
	ck_assert_int_eq(chains_place(c, &lost, &a), 0);
	rig_fill(a.members, lost.count, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	chains_lost(&a);
	ck_assert_int_eq(chains_place(c, &open, &a), 0);
	rig_fill(a.members, open.count, 2);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	world_log[logged_count++] = (struct logged){0, 6, 2, 7, 0, false};
	log_end = 6;
	pass(2 * set->outcome_wait_ms);
	ck_assert(chains_look(c, &in_vain, &wait_ms));
	chains_look_end(c, &in_vain, false, false, false, true); /* its log can't be read */
	if (full)
		fill_up();
	ck_assert_ptr_null(chains_turn(c, &w, &out, &wait_ms));
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
}

/* That one is given up isn't taken then, and is told in front of how many are: they count once. */
START_TEST(given_up_on_a_full_disk)
{
	seed = 1;
	segment_bytes = 1 << 20;
	begin();
	give_up_one(true);
	ck_assert_int_eq(chain_journal_head(chain_at(3), RIG_CLUSTER, &(struct head_runs){0}), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->leaf_count, 6);
	ck_assert_uint_eq(topic[0].s->unresolved, 4);
	check_world();
	crash();
}
END_TEST

/* So many records are given up, however often it is written anew that they are, by the running proxy and by those that come behind it. */
START_TEST(given_up_before_a_crash)
{
	struct inventory v;

	seed = 1;
	sync_with = syncs[_i / 2];
	segment_bytes = SEGMENT;
	begin();
	give_up_one(false);
	if (_i % 2 == 0)
		pass_through(4);
	for (int run = 0; run < 3; run++) {
		crash();
		v = counted();
		ck_assert_uint_eq(v.windows_left, 1);
		ck_assert_int_eq(v.chains[0]->windows[0].given_up, 4);
		inventory_free(&v);
		begin();
	}
	settle_world();
	ck_assert_uint_eq(topic_count, 1);
	ck_assert_uint_eq(topic[0].s->leaf_count, 6);
	ck_assert_uint_eq(topic[0].s->unresolved, 4);
	check_world();
	crash();
}
END_TEST

/* Its statement may stand there already, and says which batches the window has: they aren't put behind it. */
START_TEST(in_the_hands_of_the_sealer)
{
	int64_t left = INT64_MAX;
	struct outgoing *out;
	struct placement *p;
	struct chain *chain;
	struct window *w;
	int wait_ms;

	seed = 1;
	segment_bytes = 1;
	begin();
	fill_one_window();
	ck_assert_int_eq(journal_commit(j), 0);
	chain = chains_turn(c, &w, &out, &wait_ms);
	ck_assert_ptr_nonnull(w);
	p = CONTAINER_OF(list_first(&w->spans), struct span, in_window)->placement;
	ck_assert_uint_lt(p->hold.segment, journal_last(j));
	ck_assert_int_eq(chain_renew(chain, journal_last(j), &left), 0);
	ck_assert_int_eq(left, INT64_MAX);
	ck_assert(!state(chain, w, false));
	crash();
	begin();
	settle_world();
	check_world();
	crash();
}
END_TEST

static void
place(const struct chains_batch *b, struct attempt *ret, int content)
{
	ck_assert_int_eq(chains_place(c, b, ret), 0);
	rig_fill(ret->members, b->count, content);
	ck_assert_int_eq(chains_forward(ret, HEADERS_FULL), 0);
}

/* What is renewed stands behind what was settled later, and tells nothing newer of the topic. */
START_TEST(the_type_stays)
{
	struct chains_batch a = rig_batch(4), b = rig_batch(6), d = rig_idempotent(7, 0, 3);
	struct attempt x, y, z;
	int64_t left = INT64_MAX;
	struct chain *chain;
	uint64_t segment;

	segment_bytes = 1;
	d.time = CHAINS_TIME_APPEND;
	begin();
	place(&a, &x, 1);
	ck_assert_int_eq(chains_settle(&x, &(struct answer){0, 0, -1}), CHAINS_STORED);
	place(&b, &y, 2);
	segment = y.placement->hold.segment;
	place(&d, &z, 3);
	chains_issued(c, 7, 0);
	ck_assert_int_eq(chains_settle(&z, &(struct answer){0, 20, wall}), CHAINS_STORED);
	chain = chain_at(3);
	ck_assert_ptr_nonnull(chain);
	ck_assert_int_eq(chain->time, CHAINS_TIME_APPEND);
	ck_assert_int_eq(chain_renew(chain, segment, &left), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_uint_ge(journal_idle(j), segment);
	(void)chains_journal_tidy(c); /* now the old ones go */
	ck_assert_uint_eq(journal_idle(j), 0);
	note_written();
	flights[flight_count++] = (struct flight){.a = y};
	crash();
	begin();
	ck_assert_int_eq(chain_at(3)->time, CHAINS_TIME_APPEND);
	crash();
}
END_TEST

/* A producer's batch that is stored tells nothing of what it sent behind that: the journal forgets what left its windows. */
START_TEST(a_proof_ends_with_its_run)
{
	struct chains_batch first = rig_idempotent(7, 0, 3), next = rig_idempotent(7, 3, 2);
	struct attempt a;

	first.time = next.time = CHAINS_TIME_APPEND;
	begin();
	chains_issued(c, 7, 0);
	place(&first, &a, 1);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 20, wall}), CHAINS_STORED);
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
	begin();
	place(&next, &a, 2);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 23, wall}), CHAINS_OPEN);
	crash();
}
END_TEST

static struct outgoing *
first_of(int32_t partition)
{
	return CONTAINER_OF(list_first(&chain_at(partition)->outgoing), struct outgoing, link);
}

/* A byte of the statement there, now and once more as it was. */
static void
flip(const struct journal_place *at)
{
	char name[JOURNAL_NAME_LEN];
	uint8_t byte;
	int fd;

	journal_file_name(at->segment, name);
	fd = openat(dir_fd, name, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, (off_t)(at->offset + 40)), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)(at->offset + 40)), 1);
	close(fd);
}

/* A statement that the disk doesn't give back keeps its segment, and nothing else there; it is tried again, but not all the time. */
START_TEST(one_that_is_unreadable)
{
	int32_t bad = _i, good = 1 - _i; /* whichever is met first */
	uint64_t first;

	seed = 1;
	segment_bytes = 4 * SEGMENT;
	begin();
	atomic_store(&c->shared.outgoing, OUTGOING_MEMORY_MAX); /* the journal alone has them */
	fill(0, set->window_records, 1, 0);
	fill(1, set->window_records, 2, 0);
	seal_passing(-1);
	ck_assert_int_eq(journal_commit(j), 0);
	flip(&first_of(bad)->place);
	first = first_of(bad)->hold.segment;
	ck_assert_uint_eq(first_of(good)->hold.segment, first);
	for (int i = 0; journal_crowded(j) != first; i++) {
		fill(4, set->window_records, i % 50, 10 * i);
		seal_passing(4);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	(void)chains_journal_tidy(c);
	ck_assert_uint_eq(first_of(bad)->hold.segment, first);
	ck_assert_uint_gt(first_of(good)->hold.segment, first);
	ck_assert_uint_eq(journal_crowded(j), first);
	ck_assert(!chains_journal_tidy(c)); /* there was nothing to do */
	flip(&first_of(bad)->place);
	pass(999);
	ck_assert(!chains_journal_tidy(c));
	ck_assert_uint_eq(first_of(bad)->hold.segment, first);
	pass(1);
	(void)chains_journal_tidy(c);
	ck_assert_uint_gt(first_of(bad)->hold.segment, first);
	ck_assert_uint_eq(journal_idle(j), 0); /* so the old ones went */
	note_written();
	crash();
}
END_TEST

/* A round of renewing can't be written: what it moved can be read as soon as the disk takes it, though nobody produces. */
START_TEST(a_full_disk_while_renewing)
{
	struct rlimit limit, was;
	struct outgoing *o;
	struct wr value, manifest;

	segment_bytes = 2 << 20;
	begin();
	atomic_store(&c->shared.outgoing, OUTGOING_MEMORY_MAX); /* the journal alone has them */
	for (int i = 0; i < 900; i++) {
		fill(3, set->window_records, i % 50, 10 * i);
		seal_passing(-1);
	}
	for (int i = 0; !journal_crowded(j); i++) {
		ck_assert_int_lt(i, 9000);
		fill(4, set->window_records, i % 50, 10 * i);
		seal_passing(4);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	o = CONTAINER_OF(list_first(&chain_at(3)->outgoing), struct outgoing, link);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	limit = was;
	limit.rlim_cur = 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	(void)chains_journal_tidy(c);
	ck_assert_int_eq(outgoing_take(o, &value, &manifest), ERR_NOTFOUND);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	(void)chains_journal_tidy(c);
	ck_assert_int_eq(outgoing_take(o, &value, &manifest), 0);
	wr_free(&value);
	wr_free(&manifest);
	note_written();
	crash();
}
END_TEST

/* --- lives under several names --------------------------------------------------------------- */

static unsigned names_to_pick;

static const char *
any_name(void)
{
	static char name[32];

	snprintf(name, sizeof(name), "urn:test:name-%u", pick(names_to_pick));
	return name;
}

static void
kill_now(void)
{
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	crash();
}

static void
stop_now(void)
{
	ck_assert_int_eq(chains_heads_save(c, &saved), 0);
	crash();
	each_file(remove_file);
}

static bool
is_over(void)
{
	struct chains_numbers n;

	chains_count(c, &n);
	return n.waiting == 0 && n.windows == 0;
}

/* A chain of another partition, whose window ends empty. */
static void
refuse_one(void)
{
	struct chains_batch b = rig_batch(3);
	struct attempt a;

	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, 3, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){10, -1, -1}), CHAINS_REFUSED);
}

/* Runs at another cluster, where producers have the same ids, and nothing of ours is stated. */
static void
live_elsewhere(void)
{
	cluster = "c2";
	while (pick(3) == 0) {
		struct window *w;
		struct outgoing *o;
		int wait_ms;

		begin_as(any_name());
		for (int i = 0; i < TXN_PRODUCERS; i++)
			chains_txn_ended(c, FIRST_TXN + i, &(struct txns_end){0, 0, chains_txn_mark(c)}, pick(2) == 0);
		if (pick(2) == 0)
			refuse_one();
		pass(pick(20000));
		ck_assert_ptr_null(chains_turn(c, &w, &o, &wait_ms));
		chains_journal_tidy(c);
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		pass(5000);
		while (chains_turn(c, &w, &o, &wait_ms) != NULL)
			;
		if (is_over() && pick(2) == 0)
			stop_now();
		else
			crash();
	}
	cluster = RIG_CLUSTER;
}

/* All is settled, and then it stops or is killed. */
static void
end_settled(void)
{
	settle_world();
	if (pick(2) == 0 && is_over())
		stop_now();
	else
		kill_now();
}

static void
live_under_names(void)
{
	begin_as(any_name());
	for (int step = 0, crashes = 0; step < 400 && crashes < 16 && logged_count <= 200 && topic_count <= 200; step++) {
		bool settled = pick(60) == 0;

		if (settled)
			end_settled();
		else if (!live_a_step(pick(15)))
			continue;
		else
			crash();
		crashes += !settled;
		live_elsewhere();
		begin_as(any_name());
	}
	crash();
	for (int run = 0; run < 2; run++) {
		begin_as(any_name());
		settle_world();
		check_world();
		crash();
	}
}

/* The collector's name changes with any start; with six of them a chain follows one that followed others.  Half go out bare. */
START_TEST(any_crash_under_any_name)
{
	choose_life(_i);
	bare = _i % 2 == 1;
	names_to_pick = _i % 4 < 2 ? 3 : 6;
	live_under_names();
}
END_TEST

int
main(void)
{
	const char *seeds = getenv("MAKOTO_RECOVERY_SEEDS");
	Suite *s = suite_create("recovery");
	TCase *t = tcase_create("recovery");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, everything_was_published);
	tcase_add_test(t, ended_before_its_chain_begins);
	tcase_add_loop_test(t, an_end_without_a_place, 0, 2);
	tcase_add_test(t, asked_behind_a_crash);
	tcase_add_test(t, ended_between_its_statements);
	tcase_add_test(t, stored_last_stays_last);
	tcase_add_loop_test(t, one_is_never_taken, 0, ARRAY_LEN(syncs));
	tcase_add_test(t, windows_of_another_cluster);
	tcase_add_test(t, the_type_stays);
	tcase_add_test(t, a_proof_ends_with_its_run);
	tcase_add_test(t, a_full_disk_while_renewing);
	tcase_add_test(t, many_heads);
	tcase_add_test(t, ended_and_followed);
	tcase_add_loop_test(t, followed_before_a_crash, 0, 4);
	tcase_add_loop_test(t, a_name_that_comes_back, 0, 8);
	tcase_add_loop_test(t, looked_for_by_a_clock_that_was_set_back, 0, 2);
	tcase_add_test(t, recovered_under_another_name);
	tcase_add_loop_test(t, recovered_under_another_name_twice, 0, 2);
	tcase_add_test(t, open_under_another_name);
	tcase_add_test(t, recovered_behind_many_names);
	tcase_add_test(t, many_names_are_needed);
	tcase_add_loop_test(t, a_copy_under_another_name, 0, 6);
	tcase_add_test(t, a_copy_behind_a_crash);
	tcase_add_test(t, another_sync_and_a_kill);
	tcase_add_test(t, nobody_knows_the_name);
	tcase_add_loop_test(t, nobody_knows_two_names, 0, 2);
	tcase_add_test(t, refused_again_and_again);
	tcase_add_test(t, stated_under_another_name);
	tcase_add_loop_test(t, many_names, 0, 2);
	tcase_add_test(t, a_name_without_a_window);
	tcase_add_loop_test(t, one_that_is_unreadable, 0, 2);
	tcase_add_test(t, closed_as_it_was);
	tcase_add_test(t, closed_by_its_batch);
	tcase_add_loop_test(t, given_up_before_a_crash, 0, 2 * ARRAY_LEN(syncs));
	tcase_add_test(t, given_up_on_a_full_disk);
	tcase_add_loop_test(t, closed_before_its_chain_begins, 0, 2);
	tcase_add_test(t, closed_of_an_unknown_chain);
	tcase_add_test(t, in_the_hands_of_the_sealer);
	tcase_add_loop_test(t, any_crash, 0, seeds == NULL ? 60 : atoi(seeds));
	tcase_add_loop_test(t, any_crash_of_the_same_without_headers, 0, seeds == NULL ? 60 : atoi(seeds));
	tcase_add_test(t, found_before_a_crash);
	tcase_add_test(t, both_are_there);
	tcase_add_test(t, it_was_the_others);
	tcase_add_test(t, a_head_behind_what_is_settled);
	tcase_add_test(t, a_head_before_a_guess_is_taken_back);
	tcase_add_loop_test(t, a_rival_behind_a_crash, 0, 3);
	tcase_add_loop_test(t, an_old_rival_behind_a_crash, 0, 3);
	tcase_add_loop_test(t, a_rival_that_is_long_gone, 0, 3);
	tcase_add_loop_test(t, a_place_that_is_left_to_another, 0, 4);
	tcase_add_loop_test(t, a_place_that_is_stated_of_another, 0, 3);
	tcase_add_loop_test(t, a_head_while_a_guess_is_sealed, 0, 3);
	tcase_add_loop_test(t, any_crash_of_many_contents, 0, seeds == NULL ? 60 : atoi(seeds));
	tcase_add_test(t, a_copy_that_was_answered);
	tcase_add_loop_test(t, a_guess_is_taken_back, 0, 40);
	tcase_add_loop_test(t, guessed_before_a_crash, 0, 4);
	tcase_add_loop_test(t, told_before_a_crash, 0, 2);
	tcase_add_loop_test(t, in_dispute_before_a_crash, 0, 8);
	tcase_add_loop_test(t, told_of_a_stated_place_before_a_crash, 0, 4);
	tcase_add_loop_test(t, given_again_before_a_crash, 0, 8);
	tcase_add_loop_test(t, stated_in_part_before_a_crash, 0, 4);
	tcase_add_loop_test(t, given_again_on_a_full_disk, 0, 4);
	tcase_add_loop_test(t, retold_before_a_crash, 0, 18);
	tcase_add_loop_test(t, retold_on_a_full_disk, 0, 2);
	tcase_add_test(t, retold_behind_a_full_disk);
	tcase_add_loop_test(t, made_again_in_between, 0, seeds == NULL ? 60 : atoi(seeds));
	tcase_add_loop_test(t, any_crash_under_any_name, 0, seeds == NULL ? 60 : atoi(seeds));
	tcase_set_timeout(t, 600);
	suite_add_tcase(s, t);
	return suite_run(s);
}
