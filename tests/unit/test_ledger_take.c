/* What one of the ledger's threads makes of a statement while the other takes another one of its chain. */
#include <semaphore.h>
#include <stdatomic.h>

#include "ledgers.h"
#include "suite.h"

static struct lab_chain chain;
static atomic_bool is_held; /* the first statement's reading was */
static sem_t second_taken;

/* What the linker puts in place of these (Makefile). */
int __real_published_read(struct slice key, struct slice value, struct published *ret);
int __wrap_published_read(struct slice key, struct slice value, struct published *ret);
void __real_published_clear(struct published *p);
void __wrap_published_clear(struct published *p);

/* The second statement is published, and taken at the end of the topic, while the first is being read. */
int
__wrap_published_read(struct slice key, struct slice value, struct published *ret)
{
	int err = __real_published_read(key, value, ret);

	if (err == 0 && ret->window_id == 1 && !atomic_exchange(&is_held, true)) {
		lab_state(&chain, 10, true);
		while (sem_wait(&second_taken) != 0)
			;
	}
	return err;
}

void
__wrap_published_clear(struct published *p)
{
	bool is_second = p->window_id == 2;

	__real_published_clear(p);
	if (is_second)
		sem_post(&second_taken);
}

/* Who asks for something else has a statement read that nobody asked for, and it is there once somebody does. */
START_TEST(met_meanwhile)
{
	struct ledger_want other = lab_want("other", 0, 0, 10, LAB_TIME), w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct ledger_answer a;
	struct ledger *l;

	ck_assert_int_eq(sem_init(&second_taken, 0, 0), 0);
	lab_open(1);
	lab_chain_open(&chain, "t", 0, 1);
	lab_state(&chain, 10, true);
	l = lab_begin(lab_trusts, 0);
	a = lab_whole(l, &other);
	ck_assert_uint_eq(a.count, 0);
	ck_assert(atomic_load(&is_held));
	ledger_release(l, &a);
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(a.windows[0]->w.statement->window_id, 1);
	ledger_release(l, &a);
	lab_end(l);
	ck_assert_int_eq(sem_destroy(&second_taken), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ledger_take");
	TCase *t = tcase_create("ledger_take");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, met_meanwhile);
	suite_add_tcase(s, t);
	return suite_run(s);
}
