/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without, while the ledger takes statements and
 * answers: each ends with an error, or says what it says with enough memory.  On one thread: the reading is the test's.
 */
#include "failing.h"

#include "ledgers.h"
#include "suite.h"
#include "verify/ledger_internal.h"

static struct lab_chain c, d;
static struct ledger_name names[2];

static void
setup(void)
{
	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	lab_chain_open(&d, "t", 1, 2);
	for (int i = 0; i < 6; i++) {
		lab_state(&c, 10, true);
		lab_state(&d, 10, i % 2 == 0);
		c.now_ms += 1000;
		d.now_ms += 1000;
	}
	d.untrusted = true;
	lab_state(&d, 10, true);
	names[0] = (struct ledger_name){d.id, 2};
	names[1] = (struct ledger_name){d.id, 7};
}

static void
teardown(void)
{
	lab_close();
}

static struct ledger *
bare(void)
{
	struct ledger *l = calloc(1, sizeof(*l));

	ck_assert_ptr_nonnull(l);
	l->conf = (struct ledger_conf){.cluster_id = slice_str(strdup(LAB_CLUSTER)), .pending_max_ms = 3600000, .trusts = lab_trusts};
	l->index_max = l->directory_max = l->body_max = l->body_share = 1 << 20;
	(void)pthread_mutex_init(&l->lock, NULL);
	list_init(&l->recent);
	list_init(&l->wants);
	list_init(&l->used);
	list_init(&l->ahead);
	l->topic_count = 1;
	l->stopics = calloc(1, sizeof(*l->stopics));
	l->stopics[0] = (struct stopic){calloc(1, sizeof(struct spart *)), 1, 1};
	l->stopics[0].list[0] = calloc(1, sizeof(struct spart));
	l->stopics[0].list[0]->sought = -1;
	l->parts = map_new();
	l->chains = map_new();
	ck_assert_int_eq(follower_open(NULL, &l->finder, NULL, 0), 0);
	return l;
}

static int
ask(struct ledger *l, struct ledger_answer *ret)
{
	struct ledger_want w = {.topic = slice_str("t"),
				.topic_id = slice_str(LAB_TOPIC_ID),
				.from = 0,
				.to = 60,
				.min_ms = LAB_TIME,
				.max_ms = LAB_TIME,
				.names = names,
				.name_count = 2};

	return ledger_ask(l, &w, NULL, NULL, ret);
}

static int
take_all(struct ledger *l)
{
	int err = 0;

	for (int64_t i = 0; err == 0 && i < lab.count[0]; i++) {
		const struct lab_record *r = &lab.log[0][i];
		struct follower_event e = {.offset = i, .timestamp = r->timestamp, .key = slice_str(r->key)};
		struct sighting seen;
		uint64_t gen;

		e.value = wr_slice(&r->value);
		e.header = r->manifest.buf == NULL ? (struct slice){NULL, 0} : wr_slice(&r->manifest);
		err = ledger_take(l, l->stopics[0].list[0], &e, INT64_MAX, &gen, &seen);
	}
	return err;
}

static int
run(struct ledger *l, size_t *ret_windows)
{
	struct ledger_answer a;
	int err;

	if ((err = ask(l, &a)) != 0)
		return err;
	ledger_release(l, &a);
	/* Twice: what came before and comes again is there once. */
	if ((err = take_all(l)) != 0 || (err = take_all(l)) != 0 || (err = ask(l, &a)) != 0)
		return err;
	*ret_windows = a.count;
	ledger_release(l, &a);
	return 0;
}

static void
all_runs(bool lasting)
{
	uint64_t n = 0;

	do {
		size_t windows = 0;
		int64_t alive = failing.live;
		struct ledger *l = bare();
		int err;

		failing_begin(++n, lasting);
		failing.armed = true;
		err = run(l, &windows);
		failing.armed = false;
		/* What failed goes well with memory again: nothing was left half done. */
		if (err == ERR_NOMEM && failing.failed > 0)
			err = run(l, &windows);
		ck_assert_msg(err == 0, "call %llu: %s", (unsigned long long)n, err_text(err));
		ck_assert_msg(windows == 8, "call %llu: %zu windows", (unsigned long long)n, windows);
		ledger_free(l);
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 50);
}

/* Of whom nobody asked for it is found out whether they are trusted where that tells how far to read; of junk nothing is said. */
START_TEST(sightings)
{
	struct ledger *l = bare();
	int64_t last = lab.count[0] - 1;

	lab_junk(0, &c.id, 99, d.now_ms);
	for (int64_t i = 0; i <= last + 1; i++) {
		const struct lab_record *r = &lab.log[0][i];
		struct follower_event e = {.offset = i, .timestamp = r->timestamp, .key = slice_str(r->key)};
		bool younger = r->timestamp > LAB_TIME + 2000;
		struct sighting seen;
		uint64_t gen;

		e.value = wr_slice(&r->value);
		ck_assert_int_eq(ledger_take(l, l->stopics[0].list[0], &e, LAB_TIME + 2000, &gen, &seen), 0);
		ck_assert_int_eq(seen.ms, younger && i < last ? r->timestamp : INT64_MIN);
	}
	ck_assert_uint_eq(l->stats.kept, 0);
	ledger_free(l);
}
END_TEST

START_TEST(one_call)
{
	all_runs(false);
}
END_TEST

START_TEST(from_a_call_on)
{
	all_runs(true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_ledger");
	TCase *t = tcase_create("memory_ledger");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sightings);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_a_call_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
