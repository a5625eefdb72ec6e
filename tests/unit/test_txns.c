#include "attest/txns.h"

#include <pthread.h>

#include "attest/chain.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

static struct rig *r;
static struct txns *t;
static struct list got;
static struct turns *looks; /* NULL: nobody reads the log */

static void
setup(void)
{
	r = rig_start();
	t = r->shared.txns;
	list_init(&got);
}

static size_t
drop_got(void)
{
	size_t n = got.count;
	struct link *e;

	while ((e = list_pop(&got)) != NULL)
		placement_unref(CONTAINER_OF(e, struct placement, in_txn));
	return n;
}

static void
teardown(void)
{
	(void)drop_got();
	rig_stop(r);
	turns_free(looks);
	looks = NULL;
}

/* One that the transaction alone holds, and that is stored or has no answer yet. */
static struct placement *
added_as(bool stored, int64_t producer_id, const char *transactional_id)
{
	struct chains_batch b = rig_transactional(producer_id, 0, 1);
	struct placement *p = placement_new(r->c, &b, 0);

	ck_assert_int_eq(txns_add(t, p, slice_str(transactional_id)), 0);
	ck_assert_uint_eq(p->refs, 2);
	if (stored)
		txns_stored(t, p, true);
	placement_unref(p);
	return p;
}

static struct placement *
added(int64_t producer_id, const char *transactional_id)
{
	return added_as(true, producer_id, transactional_id);
}

static void
ck_got(size_t n, struct placement *const *want)
{
	size_t i = 0;

	ck_assert_uint_eq(got.count, n);
	LIST_EACH(&got, e)
		ck_assert_ptr_eq(CONTAINER_OF(e, struct placement, in_txn), want[i++]);
	ck_assert_uint_eq(drop_got(), n);
}

START_TEST(ends_by_producer)
{
	struct placement *a = added(7, "x"), *b = added(8, "y"), *c = added(7, "x");

	txns_end(t, 9, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(0, NULL);
	txns_end(t, 7, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(2, (struct placement *[]){a, c});
	txns_end(t, 7, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(0, NULL);
	txns_end(t, 8, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(1, (struct placement *[]){b});
}
END_TEST

START_TEST(ends_below_the_mark)
{
	uint64_t before = txns_mark(t), between;
	struct placement *a = added(7, "x"), *b;

	between = txns_mark(t);
	b = added(7, "x");
	txns_end(t, 7, &(struct txns_end){0, 0, before}, &got, &got);
	ck_got(0, NULL);
	txns_end(t, 7, &(struct txns_end){0, 0, between}, &got, &got);
	ck_got(1, (struct placement *[]){a});
	txns_end(t, 7, &(struct txns_end){0, 0, between}, &got, &got);
	ck_got(0, NULL);
	txns_end(t, 7, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(1, (struct placement *[]){b});
}
END_TEST

static void
count_left(void *arg, struct placement *p UNUSED)
{
	++*(int *)arg;
}

static int
left(void)
{
	int n = 0;

	txns_each(t, count_left, &n);
	return n;
}

/* What was refused is no part of a transaction, and costs nothing any more. */
START_TEST(leaves)
{
	struct placement *a = added(7, "x"), *b = added(7, "x"), *c = added(8, "y");

	placement_ref(a);
	txns_leave(t, a);
	ck_assert_uint_eq(a->refs, 1);
	txns_leave(t, a);
	ck_assert_uint_eq(a->refs, 1);
	placement_unref(a);
	placement_ref(b);
	txns_end(t, 7, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(1, (struct placement *[]){b});
	txns_leave(t, b); /* it ended meanwhile */
	ck_assert_uint_eq(b->refs, 1);
	placement_unref(b);
	ck_assert_int_eq(left(), 1);
	txns_leave(t, c);
	ck_assert_int_eq(left(), 0);
	ck_assert(!txns_fence(t, slice_str("y"), txns_mark(t), &got));
}
END_TEST

/* An id had several producer ids, one after another; they come one by one. */
START_TEST(fenced_by_transactional_id)
{
	struct placement *a = added(7, "x"), *b = added(8, "x"), *c = added(9, "xx");
	size_t n = 0;

	ck_assert(!txns_fence(t, slice_str("nobody"), txns_mark(t), &got));
	ck_assert(!txns_fence(t, slice_str(""), txns_mark(t), &got));
	ck_assert(!txns_fence(t, slice_str("x"), 0, &got));
	ck_assert_uint_eq(got.count, 0);
	while (txns_fence(t, slice_str("x"), txns_mark(t), &got)) {
		struct placement *p = CONTAINER_OF(list_first(&got), struct placement, in_txn);

		ck_assert(p == a || p == b);
		ck_assert_uint_eq(drop_got(), 1);
		n++;
	}
	ck_assert_uint_eq(n, 2);
	ck_assert(txns_fence(t, slice_str("xx"), txns_mark(t), &got));
	ck_got(1, &c);
}
END_TEST

/* EndTxn is out: whether the coordinator had it is not ours to guess. */
START_TEST(not_fenced_while_ending)
{
	struct placement *a = added(7, "x"), *b;

	txns_ending(t, 7);
	txns_ending(t, 99); /* nobody */
	ck_assert(!txns_fence(t, slice_str("x"), txns_mark(t), &got));
	txns_end(t, 7, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(1, &a);
	/* The next transaction is another. */
	b = added(7, "x");
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_got(1, &b);
}
END_TEST

/* Heads of an earlier run don't tell the id; the first batch does. */
START_TEST(an_id_that_is_learned)
{
	struct chains_batch batch = rig_transactional(7, 0, 1);
	struct placement *a = placement_new(r->c, &batch, 0), *b, *c = placement_new(r->c, &batch, 0);
	uint64_t first = txns_mark(t);

	ck_assert_int_eq(txns_restore(t, a, slice_str("")), 0);
	placement_unref(a);
	ck_assert(!txns_fence(t, slice_str("x"), txns_mark(t), &got));
	b = added(7, "x");
	/* One that comes back later was there before all others, too. */
	ck_assert_int_eq(txns_restore(t, c, slice_str("")), 0);
	placement_unref(c);
	txns_end(t, 7, &(struct txns_end){0, 0, first}, &got, &got);
	ck_got(2, (struct placement *[]){c, a});
	a = placement_new(r->c, &batch, 0);
	ck_assert_int_eq(txns_restore(t, a, slice_str("")), 0);
	placement_unref(a);
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_got(2, (struct placement *[]){a, b});
}
END_TEST

static void
count_one(void *arg, struct placement *p)
{
	ck_assert_ptr_eq(p->chain, r->c);
	++*(size_t *)arg;
}

START_TEST(each_that_is_left)
{
	size_t n = 0;

	txns_each(t, count_one, &n);
	ck_assert_uint_eq(n, 0);
	for (int64_t id = 0; id < 50; id++) {
		(void)added(id, "x");
		(void)added(id, "x");
	}
	txns_each(t, count_one, &n);
	ck_assert_uint_eq(n, 100);
	/* Those that are left when all ends are let go. */
}
END_TEST

/* --- what the log is asked for ------------------------------------------------------------- */

static struct monotime mono;
static int64_t wall;

static void
read_back(void)
{
	mono.ns = 10000000000;
	clock_set_for_tests(&mono, &wall);
	looks = turns_new();
	ck_assert_ptr_nonnull(looks);
	txns_read_back(t, looks);
}

static void
settle(struct placement *p, int64_t offset)
{
	p->life.state = MEMBER_SETTLED;
	p->base_offset = offset;
}

static void
pass(int64_t ms)
{
	mono.ns += ms * 1000000;
}

/* So many of the chain's have their time now, the first of them is this one; and there is a turn when that is so. */
static void
ck_asked(size_t n, const struct placement *first)
{
	struct placement *p[4];
	int wait_ms;

	ck_assert_ptr_eq(turns_next(looks, mono, &wait_ms), n > 0 ? &r->c->look : NULL);
	ck_assert_uint_eq(txns_asked(t, r->c, p, ARRAY_LEN(p)), n);
	for (size_t i = 0; i < n; i++)
		placement_unref(p[i]);
	if (n > 0)
		ck_assert_ptr_eq(p[0], first);
}

/* It is asked for behind so many milliseconds, not before. */
static void
ck_asked_in(int64_t ms, const struct placement *p)
{
	pass(ms - 1);
	ck_asked(0, NULL);
	pass(1);
	ck_asked(1, p);
}

/* Transactions that share an epoch: the end is the second one's alone. */
START_TEST(another_ones_end)
{
	struct placement *a = added(7, "x"), *b;
	struct txns_end end = {0, txns_mark(t), 0};
	struct list left_over;

	b = added(7, "x");
	end.mark = txns_mark(t);
	list_init(&left_over);
	if (_i == 0) { /* nobody reads: given up */
		txns_end(t, 7, &end, &got, &left_over);
		ck_assert_uint_eq(left_over.count, 1);
		ck_assert_ptr_eq(list_pop(&left_over), &a->in_txn);
		placement_unref(a);
		ck_got(1, &b);
		ck_assert_int_eq(left(), 0);
		return;
	}
	read_back();
	txns_end(t, 7, &end, &got, &left_over);
	ck_assert_uint_eq(left_over.count, 0);
	ck_got(1, &b);
	ck_assert_int_eq(left(), 1);
	settle(a, 5);
	ck_asked_in(50, a);
	ck_asked_in(100, a);
	ck_asked_in(200, a);
	ck_asked_in(400, a);
	/* Its next end may be what the log waits for, and isn't its own, on whatever connection. */
	end.since = 1;
	txns_end(t, 7, &end, &got, &left_over);
	ck_got(0, NULL);
	ck_asked_in(200, a);
	for (int64_t ms = 1600; ms < 100 << 9; ms *= 2)
		ck_asked_in(ms, a);
	ck_asked_in(100 << 9, a);
	ck_asked_in(100 << 9, a);
	ck_assert(txns_leave(t, a));
	ck_assert_int_eq(left(), 0);
}
END_TEST

/* Where each has an epoch of its own, an end is known by that. */
START_TEST(asked_and_told)
{
	struct chains_batch batch = rig_transactional(7, 0, 1);
	struct placement *a = placement_new(r->c, &batch, 0);

	read_back();
	ck_assert_int_eq(txns_restore(t, a, slice_str("x")), 0);
	placement_unref(a);
	pass(50);
	ck_assert_ptr_eq(turns_next(looks, mono, &(int){0}), &r->c->look);
	ck_assert_uint_eq(txns_asked(t, r->c, NULL, 0), 0); /* nobody has room */
	ck_assert_ptr_eq(turns_next(looks, mono, &(int){0}), &r->c->look);
	ck_assert_uint_eq(txns_asked(t, r->c, &(struct placement *){NULL}, 1), 0); /* it has no place */
	settle(a, 5);
	ck_asked_in(1000, a);
	txns_end(t, 7, &(struct txns_end){1, 0, txns_mark(t)}, &got, &got);
	ck_got(0, NULL);
	ck_asked_in(100, a);
	txns_end(t, 8, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(0, NULL);
	txns_end(t, 7, &(struct txns_end){0, 0, 0}, &got, &got); /* it went out before */
	ck_got(0, NULL);
	txns_end(t, 7, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(1, &a);
	ck_assert_int_eq(left(), 0);
	ck_assert_uint_eq(r->c->asked.count, 0);
}
END_TEST

/* What a client wrote that still shares epochs is told by no epoch, though its end says that each has one: that is of what came behind. */
START_TEST(an_epoch_of_both_kinds)
{
	struct chains_batch batch = rig_transactional(7, 0, 1);
	struct placement *a, *b;

	read_back();
	batch.shares_epoch = true;
	a = placement_new(r->c, &batch, 0);
	ck_assert_int_eq(txns_add(t, a, slice_str("x")), 0);
	placement_unref(a);
	b = added(7, "x");
	txns_end(t, 7, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(1, &b);
	settle(a, 5);
	ck_asked_in(50, a);
}
END_TEST

/*
 * It may come to the broker behind the marker of an end that went out before its place was known, or when the place
 * turned out to be another's: in the next transaction of that epoch.
 */
START_TEST(not_stored_by_then)
{
	struct placement *a = added_as(_i == 2, 7, "x"), *b = added(7, "x");
	uint64_t mark = txns_mark(t);

	read_back();
	if (_i > 0)
		txns_stored(t, a, _i == 1);
	txns_end(t, 7, &(struct txns_end){0, 1, mark}, &got, &got);
	ck_got(1, &b);
	settle(a, 5);
	ck_asked_in(50, a);
	/* Where each has an epoch of its own that can't be: the broker refuses it. */
	a = added_as(false, 8, "x");
	txns_end(t, 8, &(struct txns_end){0, 0, txns_mark(t)}, &got, &got);
	ck_got(1, &a);
}
END_TEST

/*
 * What is stated as open is asked for, too, all of ten seconds at once; the first to tell is right, as long as no other
 * end passed.
 */
START_TEST(asked_as_it_is_stated)
{
	struct placement *a = added(7, "x"), *b = added(7, "x"), *p[2];

	txns_ask(t, a); /* nobody reads */
	read_back();
	settle(a, 5);
	settle(b, 6);
	mono.ns = INT64_C(3000000000);
	txns_ask(t, a);
	pass(6999);
	txns_ask(t, a);
	txns_ask(t, b);
	ck_asked(0, NULL);
	pass(1);
	ck_assert_ptr_eq(turns_next(looks, mono, &(int){0}), &r->c->look);
	ck_assert_uint_eq(txns_asked(t, r->c, p, 2), 2);
	placement_unref(p[0]);
	placement_unref(p[1]);
	for (int s = 10; s <= 80; s *= 2) {
		pass(s * 1000 + 10000);
		ck_assert_ptr_eq(turns_next(looks, mono, &(int){0}), &r->c->look);
		ck_assert_uint_eq(txns_asked(t, r->c, p, 2), 2);
		placement_unref(p[0]);
		placement_unref(p[1]);
	}
	txns_end(t, 7, &(struct txns_end){0, 1, txns_mark(t)}, &got, &got);
	ck_got(2, (struct placement *[]){a, b});
	ck_assert_uint_eq(r->c->asked.count, 0);
	ck_assert_int_eq(left(), 0);
}
END_TEST

/* The log won't tell of what is only stated as open: its own end does.  Behind another's nobody would. */
START_TEST(told_by_its_own_end)
{
	struct placement *a = added(7, "x"), *b;

	read_back();
	txns_ask(t, a);
	ck_assert(!txns_untold(t, a));
	ck_assert(!txns_untold(t, a));
	ck_assert_uint_eq(r->c->asked.count, 0);
	txns_end(t, 7, &(struct txns_end){0, 1, txns_mark(t)}, &got, &got);
	ck_got(1, &a);
	ck_assert(!txns_untold(t, a = added(8, "x")));
	b = added(9, "x");
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	placement_ref(b);
	ck_assert(txns_untold(t, b));
	ck_assert(!txns_untold(t, b));
	placement_unref(b);
	ck_assert_int_eq(left(), 1);
}
END_TEST

/* Nothing in the log names a chain of those that went out without headers. */
START_TEST(not_asked_without_headers)
{
	struct placement *a = added(7, "x");

	read_back();
	a->mode = HEADERS_NONE;
	txns_ask(t, a);
	ck_assert_uint_eq(r->c->asked.count, 0);
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_got(1, &a);
}
END_TEST

/* So an EndTxn tells of what was placed before it. */
static bool
tells(int64_t producer_id, int16_t epoch)
{
	struct placement *a = added(producer_id, "x");
	bool tells;

	a->producer_epoch = epoch;
	txns_end(t, producer_id, &(struct txns_end){epoch, 1, txns_mark(t)}, &got, &got);
	tells = list_first(&got) == &a->in_txn;
	(void)drop_got();
	return tells;
}

/* One that nobody answered may arrive behind the next ones, as long as its bytes can be under way. */
START_TEST(an_end_that_may_come_late)
{
	read_back();
	txns_lost(t, 7, 3);
	ck_assert(!tells(7, 3));
	ck_assert(tells(7, 4));
	ck_assert(tells(8, 3));
	mono.ns += INT64_C(15) * 60 * 1000000000 - 1;
	ck_assert(!tells(7, 3));
	mono.ns++;
	ck_assert(tells(7, 3));
	txns_lost(t, 7, 3);
	txns_lost(t, 7, 5);
	ck_assert(!tells(7, 5));
	txns_lost(t, 7, 4); /* of an epoch before, and it makes that one no surer */
	ck_assert(!tells(7, 5));
}
END_TEST

/* Of two that are out at once the first may come behind the second; of one that was answered nothing is left. */
START_TEST(two_ends_at_once)
{
	read_back();
	txns_out(t, 7, 3);
	txns_in(t, 7, 3, false);
	ck_assert(tells(7, 3));
	txns_out(t, 7, 3);
	ck_assert(tells(7, 3)); /* that one's */
	txns_out(t, 7, 3);
	txns_in(t, 7, 3, false);
	ck_assert(!tells(7, 3));
	txns_in(t, 7, 3, false);
	ck_assert(!tells(7, 3));
	mono.ns += INT64_C(15) * 60 * 1000000000;
	ck_assert(tells(7, 3));
	/* Out for longer than that. */
	txns_out(t, 8, 0);
	mono.ns += INT64_C(15) * 60 * 1000000000;
	txns_out(t, 8, 0);
	txns_in(t, 8, 0, false);
	ck_assert(!tells(8, 0));
	txns_out(t, 8, 1);
	txns_in(t, 8, 0, true); /* of an epoch that is over */
	txns_in(t, 8, 1, false);
	ck_assert(tells(8, 1));
}
END_TEST

/* Whoever claims a later epoch, and is refused or not heard of, makes nothing surer of the true one, or less sure. */
START_TEST(an_epoch_that_is_only_claimed)
{
	read_back();
	txns_out(t, 7, 0);
	if (_i == 0)
		txns_in(t, 7, 0, true);
	txns_out(t, 7, 32000);
	txns_in(t, 7, 32000, _i == 2);
	if (_i == 1)
		txns_in(t, 7, 0, true); /* the connection of the first breaks only now */
	if (_i < 2) {
		ck_assert(!tells(7, 0));
		pass(15 * 60 * 1000);
	} else {
		txns_in(t, 7, 0, false);
	}
	ck_assert(tells(7, 0));
}
END_TEST

/* An earlier run may have sent one, as it left a transaction of that epoch open. */
START_TEST(an_end_of_an_earlier_run)
{
	struct chains_batch batch = rig_transactional(7, 0, 1);
	struct placement *a = placement_new(r->c, &batch, 0);

	read_back();
	ck_assert_int_eq(txns_restore(t, a, slice_str("x")), 0);
	placement_unref(a);
	ck_assert(!tells(7, 0));
	ck_assert(tells(8, 0));
}
END_TEST

/* Of more than can be kept each is taken for late; room is made of those that are over. */
START_TEST(many_that_may_come_late)
{
	enum { MANY = 4096 };
	read_back();
	for (int64_t id = 0; id < MANY; id++)
		txns_lost(t, id, 0);
	ck_assert(!tells(0, 0));
	ck_assert(tells(MANY, 0));
	mono.ns += INT64_C(14) * 60 * 1000000000;
	txns_lost(t, MANY, 0);
	ck_assert(!tells(MANY + 1, 0));
	mono.ns += INT64_C(15) * 60 * 1000000000;
	ck_assert(tells(0, 0));
	ck_assert(tells(MANY + 1, 0));
	txns_lost(t, MANY, 0);
	ck_assert(!tells(MANY, 0));
	ck_assert(tells(0, 0));
}
END_TEST

/* There was no room for it when it went out, and its connection breaks long after: it counts from then. */
START_TEST(no_room_and_lost)
{
	read_back();
	for (int64_t id = 100; id < 100 + 4096; id++)
		txns_lost(t, id, 0);
	txns_out(t, 7, 0);
	txns_out(t, 8, 0);
	pass(14 * 60 * 1000);
	txns_in(t, 8, 0, false);
	if (_i == 0)
		txns_in(t, 7, 0, true);
	pass(60 * 1000);
	ck_assert_int_eq(tells(7, 0), _i == 1);
	pass(14 * 60 * 1000 - 1);
	ck_assert_int_eq(tells(7, 0), _i == 1);
	pass(1);
	ck_assert(tells(7, 0));
}
END_TEST

/* The topic is gone: nobody can tell. */
START_TEST(given_up_as_gone)
{
	struct placement *a = added(7, "x");

	read_back();
	(void)added(7, "x");
	(void)added(8, "x");
	txns_ask(t, a);
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_assert_int_eq(left(), 3);
	txns_ask(t, added(9, "x"));
	ck_assert_uint_eq(txns_give_up(t, r->c), 3);
	ck_assert_uint_eq(txns_give_up(t, r->c), 0);
	ck_assert_int_eq(left(), 1);
}
END_TEST

/* An EndTxn is out, and its id is initialised anew: the log knows which of them was it. */
START_TEST(fenced_while_ending)
{
	(void)added(7, "x");
	read_back();
	txns_ending(t, 7);
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_got(0, NULL);
	ck_assert_uint_eq(r->c->asked.count, 1);
}
END_TEST

/* More than one look has room for come in the next, at once; what is fenced is asked for, too. */
START_TEST(many_are_asked)
{
	struct placement *p[6];

	read_back();
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		p[i] = added(7, "x");
		settle(p[i], (int64_t)i);
	}
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	ck_got(0, NULL);
	pass(50);
	ck_asked(4, p[0]);
	ck_asked(2, p[4]);
	ck_asked(0, NULL);
}
END_TEST

/* What is asked for doesn't grow for ever. */
START_TEST(too_many_to_be_asked)
{
	enum { MANY = 20000 };
	size_t given_up;

	read_back();
	for (int i = 0; i < MANY; i++)
		(void)added(7, "x");
	ck_assert(txns_fence(t, slice_str("x"), txns_mark(t), &got));
	given_up = drop_got();
	ck_assert_uint_gt(given_up, 0);
	ck_assert_uint_eq(given_up + (size_t)left(), MANY);
	ck_assert_uint_eq(r->c->asked.count, MANY - given_up);
}
END_TEST

/* What is only stated as open, and will most often end here, leaves room for what no end will tell. */
START_TEST(many_are_stated)
{
	enum { MANY = 20000 };
	struct placement *a;

	read_back();
	for (int i = 0; i < MANY; i++)
		txns_ask(t, added(7, "x"));
	ck_assert_uint_lt(r->c->asked.count, MANY);
	a = added(8, "y");
	ck_assert(txns_fence(t, slice_str("y"), txns_mark(t), &got));
	ck_got(0, NULL);
	ck_assert(a->asked);
	ck_assert_int_eq(left(), MANY + 1);
}
END_TEST

/* --- threads ------------------------------------------------------------------------------ */

static void *
begin_and_end(void *arg)
{
	int64_t id = (int64_t)(uintptr_t)arg;
	struct chains_batch b = rig_transactional(id, 0, 1);

	for (int i = 0; i < 2000; i++) {
		struct placement *p;
		struct list mine;
		struct link *e;

		pthread_mutex_lock(&r->c->lock);
		p = placement_new(r->c, &b, 0);
		ck_assert_int_eq(txns_add(t, p, slice_str("x")), 0);
		placement_unref(p);
		pthread_mutex_unlock(&r->c->lock);
		list_init(&mine);
		if (i % 2 == 0)
			txns_ending(t, id);
		txns_end(t, id, &(struct txns_end){0, 0, txns_mark(t)}, &mine, &mine);
		ck_assert_uint_eq(mine.count, 1);
		pthread_mutex_lock(&r->c->lock);
		while ((e = list_pop(&mine)) != NULL)
			placement_unref(CONTAINER_OF(e, struct placement, in_txn));
		pthread_mutex_unlock(&r->c->lock);
	}
	return NULL;
}

START_TEST(many_threads)
{
	pthread_t th[3];

	for (uintptr_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&th[i], NULL, begin_and_end, (void *)i), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(th[i], NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("txns");
	TCase *c = tcase_create("txns");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, ends_by_producer);
	tcase_add_test(c, ends_below_the_mark);
	tcase_add_test(c, leaves);
	tcase_add_test(c, fenced_by_transactional_id);
	tcase_add_test(c, not_fenced_while_ending);
	tcase_add_test(c, an_id_that_is_learned);
	tcase_add_test(c, each_that_is_left);
	tcase_add_loop_test(c, another_ones_end, 0, 2);
	tcase_add_test(c, asked_and_told);
	tcase_add_test(c, an_epoch_of_both_kinds);
	tcase_add_loop_test(c, not_stored_by_then, 0, 3);
	tcase_add_test(c, asked_as_it_is_stated);
	tcase_add_test(c, told_by_its_own_end);
	tcase_add_test(c, not_asked_without_headers);
	tcase_add_test(c, many_are_stated);
	tcase_add_test(c, given_up_as_gone);
	tcase_add_test(c, fenced_while_ending);
	tcase_add_test(c, an_end_that_may_come_late);
	tcase_add_test(c, many_that_may_come_late);
	tcase_add_loop_test(c, no_room_and_lost, 0, 2);
	tcase_add_loop_test(c, an_epoch_that_is_only_claimed, 0, 3);
	tcase_add_test(c, two_ends_at_once);
	tcase_add_test(c, an_end_of_an_earlier_run);
	tcase_add_test(c, many_are_asked);
	tcase_add_test(c, too_many_to_be_asked);
	tcase_add_test(c, many_threads);
	suite_add_tcase(s, c);
	return suite_run(s);
}
