/* Memory that runs out when the cluster gets known at which a crash left windows: they stay whose they were until it is tried again. */
#include "failing.h"

#include <fcntl.h>
#include <unistd.h>

#include "attest/chains_internal.h"
#include "attest/journal_space.h"
#include "attest/recovery.h"
#include "base/log.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/scratch.h"
#include "tests/unit/suite.h"

enum { CHAINS = 3 };

static char dir[64];
static int dir_fd;
static struct chains *c;
static struct journal *j;
static uint64_t segment; /* the only one */

/* Behind what is there. */
static void
begin(void)
{
	static const uint8_t boot[16] = {1};
	struct journal_conf conf = {.dir_fd = dir_fd, .max_bytes = 64 << 20, .segment_bytes = 1 << 20};
	struct settings *set = rig_settings();
	struct recovery *r = NULL;
	char why[256];
	int err = recovery_scan(dir_fd, boot, &r, why, sizeof(why));

	ck_assert(err == 0 || err == ERR_NOTFOUND);
	memcpy(conf.instance, set->instance, sizeof(conf.instance));
	memcpy(conf.boot, boot, sizeof(boot));
	if (r != NULL) {
		conf.last_segment = recovery_last_segment(r);
		conf.last_bytes = recovery_last_bytes(r);
	}
	c = chains_new(set);
	ck_assert_ptr_nonnull(c);
	settings_unref(set);
	ck_assert_int_eq(chains_read_back(c), 0);
	ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
	ck_assert_int_eq(chains_journal_begin(c, j, r), 0);
	segment = journal_first(j);
	ck_assert_int_eq(journal_remove(dir_fd, segment - 1), 0);
	recovery_free(r);
}

static void
crash(void)
{
	c->shared.journal = NULL;
	chains_free(c);
	journal_close(j);
}

static void
setup(void)
{
	scratch_make("test_memory_recovered", dir, sizeof(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	begin();
	ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
	for (int i = 0; i < CHAINS; i++) {
		struct chains_batch b = rig_batch(4);
		struct attempt a;

		b.partition = i;
		ck_assert_int_eq(chains_place(c, &b, &a), 0);
		rig_fill(a.members, b.count, i);
		ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
		ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 0, -1}), CHAINS_STORED);
	}
	crash();
}

static void
teardown(void)
{
	ck_assert_int_eq(journal_remove(dir_fd, segment), 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* The n-th allocation fails; then it is stopped (_i == 0), or tried again. */
START_TEST(the_cluster_gets_known)
{
	int err = ERR_NOMEM;
	uint64_t n = 0;

	while (err != 0) {
		int64_t live = failing.live;

		begin();
		failing_begin(++n, false);
		failing.armed = true;
		err = chains_set_cluster(c, slice_str(RIG_CLUSTER));
		failing.armed = false;
		ck_assert_int_eq(err, failing.failed > 0 ? ERR_NOMEM : 0);
		ck_assert_uint_eq(map_count(c->map), err == 0 ? CHAINS : 0);
		ck_assert_uint_eq(c->recovered.count, err == 0 ? 0 : CHAINS);
		if (_i == 1 && err != 0) {
			ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
			ck_assert_uint_eq(map_count(c->map), CHAINS);
		}
		if (err != 0)
			crash();
		ck_assert(err == 0 || failing.live == live);
	}
	ck_assert_uint_gt(n, CHAINS);
	crash();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_recovered");
	TCase *t = tcase_create("memory_recovered");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_cluster_gets_known, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
