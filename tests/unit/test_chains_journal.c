/* How a transaction ends while what the journal says of its chain is written anew: either way round it is told once. */
#include "attest/chains_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <semaphore.h>
#include <unistd.h>

#include "attest/chain_journal.h"
#include "attest/chains_look.h"
#include "attest/journal.h"
#include "attest/outgoing.h"
#include "attest/recovery.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

static char dir[64];
static int dir_fd;
static struct monotime mono;
static int64_t wall;
static struct settings *set;
static struct chains *c;
static struct journal *j;

/* --- a second thread, at a chosen place of the first ----------------------------------- */

static _Thread_local bool is_second;
static pthread_t second;
static void (*second_does)(void);
static sem_t second_stands; /* posted when it is done, or has to wait for the chains' lock */
static bool second_ran;

/* What the linker puts in place of these (Makefile). */
void __real_txns_each(struct txns *t, void (*fn)(void *arg, struct placement *p), void *arg);
void __wrap_txns_each(struct txns *t, void (*fn)(void *arg, struct placement *p), void *arg);
void __real_txns_end(struct txns *t, int64_t producer_id, const struct txns_end *end, struct list *ret, struct list *ret_left);
void __wrap_txns_end(struct txns *t, int64_t producer_id, const struct txns_end *end, struct list *ret, struct list *ret_left);
int __real_pthread_rwlock_rdlock(pthread_rwlock_t *l);
int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *l);
int __real_pthread_rwlock_wrlock(pthread_rwlock_t *l);
int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *l);

int
__wrap_pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	if (is_second && pthread_rwlock_tryrdlock(l) == 0)
		return 0;
	if (is_second)
		sem_post(&second_stands);
	return __real_pthread_rwlock_rdlock(l);
}

int
__wrap_pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	if (is_second && pthread_rwlock_trywrlock(l) == 0)
		return 0;
	if (is_second)
		sem_post(&second_stands);
	return __real_pthread_rwlock_wrlock(l);
}

static void *
run_second(void *arg UNUSED)
{
	is_second = true;
	second_does();
	sem_post(&second_stands);
	return NULL;
}

/* The second thread gets as far as it can, once. */
static void
let_second_run(void)
{
	if (is_second || second_does == NULL || second_ran)
		return;
	second_ran = true;
	ck_assert_int_eq(pthread_create(&second, NULL, run_second, NULL), 0);
	while (sem_wait(&second_stands) != 0)
		continue;
}

void
__wrap_txns_each(struct txns *t, void (*fn)(void *arg, struct placement *p), void *arg)
{
	__real_txns_each(t, fn, arg);
	let_second_run();
}

void
__wrap_txns_end(struct txns *t, int64_t producer_id, const struct txns_end *end, struct list *ret, struct list *ret_left)
{
	__real_txns_end(t, producer_id, end, ret, ret_left);
	let_second_run();
}

/* --- one chain with a window that is stated, its transaction open ----------------------- */

static void
setup(void)
{
	struct journal_conf conf = {.max_bytes = 64 << 20, .segment_bytes = 1};
	char why[256] = "";

	snprintf(dir, sizeof(dir), "/tmp/makoto-chains-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	ck_assert_int_eq(sem_init(&second_stands, 0, 0), 0);
	second_does = NULL;
	second_ran = false;
	mono.ns = 1000000000;
	wall = RIG_WALL;
	clock_set_for_tests(&mono, &wall);
	conf.dir_fd = dir_fd;
	memset(conf.instance, 0x11, sizeof(conf.instance));
	set = rig_settings();
	c = chains_new(set);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
	ck_assert_int_eq(chains_journal_begin(c, j, NULL), 0);
	ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
}

static void
teardown(void)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; (e = readdir(d)) != NULL;)
		(void)unlinkat(dir_fd, e->d_name, 0);
	closedir(d);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(sem_destroy(&second_stands), 0);
}

static void
state_as_open(void)
{
	struct chains_batch b = rig_transactional(7, 0, 10);
	struct outgoing *o = outgoing_new(), *out;
	struct attempt a;
	struct window *w;
	struct stated st;
	struct chain *chain;
	int wait_ms;

	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, b.count, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	mono.ns += set->transaction_wait_ms * 1000000;
	wall += set->transaction_wait_ms;
	turns_all_now(chains_turns(c));
	chain = chains_turn(c, &w, &out, &wait_ms);
	ck_assert_ptr_nonnull(chain);
	ck_assert_ptr_nonnull(w);
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(statement_of(chain, w, set, slice_str(RIG_CLUSTER), NULL, SIZE_MAX, &st), 0);
	chain->head.dbom_partition = 0;
	o->window = w->id;
	o->since_ms = w->start_ms;
	o->records = w->members;
	wr_slice_put(&o->value, wr_slice(&st.bytes));
	ck_assert_int_eq(chain_journal_stated(chain, w, &st, o), 0);
	chains_stated(chain, w, st.root, st.sha256, st.ended_told, o);
	stated_clear(&st);
	/* Then it is sent. */
	ck_assert_ptr_eq(chains_turn(c, &w, &out, &wait_ms), chain);
	ck_assert_ptr_eq(out, o);
	chains_published(chain, o);
	ck_assert_int_eq(journal_commit(j), 0);
}

/* The process is gone: what does a recovery know of the transaction? */
static void
check_told(bool committed)
{
	static const uint8_t boot[16];
	struct recovery *r = NULL;
	struct chains *next = chains_new(set);
	struct list found;
	struct link *e;
	char why[256] = "";

	c->shared.journal = NULL;
	chains_free(c);
	journal_close(j);
	list_init(&found);
	ck_assert_msg(recovery_scan(dir_fd, boot, &r, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(recovery_replay(r, &next->shared, (struct chain_now){mono, wall}, &found, why, sizeof(why)) == 0, "%s", why);
	ck_assert_uint_eq(found.count, 1);
	while ((e = list_pop(&found)) != NULL) {
		struct recovered *k = CONTAINER_OF(e, struct recovered, link);

		ck_assert_uint_eq(k->open.count, 0);
		ck_assert_uint_eq(k->chain->head.ended.count, 1);
		ck_assert_int_eq(k->chain->head.ended.run[0].first, 0);
		ck_assert_int_eq(k->chain->head.ended.run[0].count, 10);
		ck_assert_int_eq(k->chain->head.ended.run[0].committed, committed);
		recovered_free(k);
	}
	recovery_free(r);
	chains_free(next);
	settings_unref(set);
}

static void
commit_it(void)
{
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
}

static void
abort_it(void)
{
	chains_txn_ended(c, 7, &(struct txns_end){0, 0, chains_txn_mark(c)}, false);
}

static void
tidy(void)
{
	(void)chains_journal_tidy(c);
}

static void
race(void (*first)(void), void (*other)(void), bool committed)
{
	state_as_open();
	second_does = other;
	first();
	ck_assert(second_ran);
	ck_assert_int_eq(pthread_join(second, NULL), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	check_told(committed);
}

START_TEST(ends_while_its_head_is_written)
{
	race(tidy, _i == 0 ? commit_it : abort_it, _i == 0);
}
END_TEST

START_TEST(its_head_is_written_while_it_ends)
{
	race(_i == 0 ? commit_it : abort_it, tidy, _i == 0);
}
END_TEST

static _Atomic bool all_put;

static void *
end_all_the_time(void *arg UNUSED)
{
	while (!all_put)
		commit_it();
	return NULL;
}

/* Ends pass while batches are put into the journal; for ThreadSanitizer. */
START_TEST(ends_while_batches_are_put)
{
	pthread_t th;

	ck_assert_int_eq(pthread_create(&th, NULL, end_all_the_time, NULL), 0);
	for (int i = 0; i < 300; i++) {
		struct chains_batch b = rig_transactional(7, i, 1);
		struct attempt a;

		ck_assert_int_eq(chains_place(c, &b, &a), 0);
		rig_fill(a.members, b.count, i);
		ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
		ck_assert_int_eq(chains_settle(&a, &(struct answer){0, i, -1}), CHAINS_STORED);
	}
	all_put = true;
	pthread_join(th, NULL);
	c->shared.journal = NULL;
	chains_free(c);
	journal_close(j);
	settings_unref(set);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chains_journal");
	TCase *t = tcase_create("chains_journal");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, ends_while_its_head_is_written, 0, 2);
	tcase_add_loop_test(t, its_head_is_written_while_it_ends, 0, 2);
	tcase_add_test(t, ends_while_batches_are_put);
	suite_add_tcase(s, t);
	return suite_run(s);
}
