/*
 * Memory runs out at the n-th call of a start, for n = 1, 2, 3 … until all goes well without, in
 * directories that random lives left.
 *
 * Whatever happens: it is the same instance, with the same windows and the same leaves; or the start
 * fails for want of memory, and of nothing else, and the next one finds what it would have found.
 * Likewise where what is old is written anew, and where the log is looked at.
 */
#include "failing.h"

#include <sys/mman.h>

#include "tests/unit/crashing.h"

#include "attest/state.h"
#include "attest/state_file.h"
#include "base/log.h"
#include "makoto/json_read.h"
#include "suite.h"

enum { LIVES = 8, FILES_MAX = 256 };

/* --- the directory as it was left -------------------------------------------------------------- */

static struct {
	char name[64];
	struct wr bytes;
} files[FILES_MAX];

static size_t file_count;

static void
keep_file(const char *name)
{
	struct wr w = wr_new(64 << 20);

	ck_assert_uint_lt(file_count, FILES_MAX);
	(void)snprintf(files[file_count].name, sizeof(files[0].name), "%s", name);
	ck_assert_int_eq(state_file_read(dir_fd, name, &w), 0);
	files[file_count++].bytes = w;
}

static void
restore_files(void)
{
	each_file(remove_file);
	for (size_t i = 0; i < file_count; i++) {
		int fd = openat(dir_fd, files[i].name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, files[i].bytes.buf, files[i].bytes.len), (ssize_t)files[i].bytes.len);
		close(fd);
	}
}

static void
forget_files(void)
{
	while (file_count > 0)
		wr_free(&files[--file_count].bytes);
}

/* --- what a start found ---------------------------------------------------------------------------- */

/* Each a sum of what there is, in no order. */
struct picture {
	uint8_t leaves[32];  /* of windows, and statements */
	uint8_t batches[32]; /* what became of them */
	uint8_t heads[32];
	uint8_t open[32]; /* transactions */
	size_t windows, statements, records_open;
};

static void
add(uint8_t sum[32], struct wr *w)
{
	uint8_t one[32];

	ck_assert_int_eq(wr_err(w), 0);
	sha256_of(wr_slice(w), one);
	for (int i = 0; i < 32; i++)
		sum[i] ^= one[i];
	wr_free(w);
}

static void
put_head(const struct head *h, struct wr *w)
{
	wr_u64(w, h->next_window);
	wr_u64(w, h->last_window);
	wr_u64(w, h->length);
	wr_i64(w, h->high_offset);
	wr_bytes(w, h->last_statement, sizeof(h->last_statement));
	for (size_t i = 0; i < h->ended.count; i++) {
		wr_i64(w, h->ended.run[i].first);
		wr_u8(w, h->ended.run[i].committed);
	}
	for (size_t i = 0; i < h->open.count; i++)
		wr_i64(w, h->open.run[i].first);
}

static void
add_span(struct picture *ret, const struct window *window, const struct span *s)
{
	const struct placement *p = s->placement;
	struct wr leaves = wr_new(1 << 20), batch = wr_new(1 << 20);

	wr_bytes(&leaves, p->chain->id.b, CHAIN_ID_LEN);
	wr_u64(&leaves, window->id);
	for (int32_t i = 0; i < s->count; i++)
		wr_bytes(&leaves, p->members[s->first + i].leaf, LEAF_LEN);
	add(ret->leaves, &leaves);
	wr_u64(&batch, p->number);
	wr_u64(&batch, window->id);
	wr_u8(&batch, (uint8_t)p->life.state);
	wr_i64(&batch, p->base_offset);
	wr_u8(&batch, (uint8_t)p->txn);
	wr_u8(&batch, p->told);
	wr_u8(&batch, p->copied);
	wr_u8(&batch, p->contested);
	wr_u8(&batch, p->claimed);
	wr_u8(&batch, p->contended);
	wr_u8(&batch, p->contended_untimed);
	add(ret->batches, &batch);
}

static void
add_chain(struct picture *ret, const struct chain *chain)
{
	struct wr head = wr_new(1 << 20);

	wr_bytes(&head, chain->id.b, CHAIN_ID_LEN);
	put_head(&chain->head, &head);
	add(ret->heads, &head);
	LIST_EACH(&chain->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		ret->windows += w->spans.count > 0; /* what an empty one was isn't written anew */
		LIST_EACH(&w->spans, e)
			add_span(ret, w, CONTAINER_OF(e, struct span, in_window));
	}
	LIST_EACH(&chain->outgoing, e) {
		const struct outgoing *o = CONTAINER_OF(e, struct outgoing, link);
		struct wr w = wr_new(1 << 20);

		wr_u64(&w, o->window);
		wr_bytes(&w, o->value_sha256, sizeof(o->value_sha256));
		add(ret->leaves, &w);
	}
	ret->statements += chain->outgoing.count;
}

/* Record by record: a head has them as runs, however they came. */
static void
add_open(void *arg, struct placement *p)
{
	struct picture *ret = arg;

	for (int32_t i = 0; i < p->count; i++) {
		struct wr w = wr_new(1 << 10);

		wr_bytes(&w, p->chain->id.b, CHAIN_ID_LEN);
		wr_i64(&w, p->producer_id);
		wr_i64(&w, p->base_offset < 0 ? (int64_t)p->number : p->base_offset + i);
		wr_i32(&w, p->base_offset < 0 ? i : -1);
		add(ret->open, &w);
	}
	ret->records_open += (size_t)p->count;
}

static struct picture
picture_of(void)
{
	struct picture ret = {0};

	LIST_EACH(&c->recovered, e)
		add_chain(&ret, CONTAINER_OF(e, struct recovered, link)->chain);
	for (size_t i = 0; i < c->heads.count; i++) {
		struct wr w = wr_new(1 << 20);

		wr_bytes(&w, c->heads.entry[i].chain.b, CHAIN_ID_LEN);
		put_head(&c->heads.entry[i].head, &w);
		add(ret.heads, &w);
	}
	txns_each(c->shared.txns, add_open, &ret);
	return ret;
}

static void
ck_same_leaves(const struct picture *a, const struct picture *b)
{
	ck_assert_uint_eq(a->windows, b->windows);
	ck_assert_uint_eq(a->statements, b->statements);
	ck_assert_mem_eq(a->leaves, b->leaves, 32);
}

static void
ck_same(const struct picture *a, const struct picture *b)
{
	ck_same_leaves(a, b);
	ck_assert_mem_eq(a->heads, b->heads, 32);
	ck_assert_mem_eq(a->batches, b->batches, 32);
	ck_assert_uint_eq(a->records_open, b->records_open);
	ck_assert_mem_eq(a->open, b->open, 32);
}

/* --- a start ------------------------------------------------------------------------------------------ */

static struct state *state_of_dir;
static unsigned told_of_memory; /* starts that said so */
static char why[512];

/* Everything up to the cluster, as the daemon does it. */
static int
start(void)
{
	struct journal_conf conf = {.sync = sync_with, .max_bytes = 64 << 20, .segment_bytes = 1 << 14};
	struct collectors names = {0};
	struct recovery *r;
	int err = state_open(dir, &state_of_dir, why, sizeof(why));

	if (err != 0)
		return err;
	r = state_recovery(state_of_dir);
	if (r == NULL)
		return ERR_CHECKSUM;
	conf.dir_fd = state_dir_fd(state_of_dir);
	memcpy(conf.instance, state_instance(state_of_dir), sizeof(conf.instance));
	memcpy(conf.boot, state_boot(state_of_dir), sizeof(conf.boot));
	conf.last_segment = recovery_last_segment(r);
	conf.last_bytes = recovery_last_bytes(r);
	c = chains_new(set);
	err = c == NULL ? ERR_NOMEM : chains_read_back(c);
	if (err == 0)
		err = collectors_read(conf.dir_fd, &names);
	if (err == 0)
		err = journal_open(&conf, &j, why, sizeof(why));
	if (err == 0) {
		chains_journal_names(c, &names);
		err = chains_journal_begin(c, j, r);
	}
	if (err == 0)
		err = collectors_use(&names, set->collector_id);
	if (err == 0)
		err = collectors_write(conf.dir_fd, &names);
	collectors_clear(&names);
	if (err == 0)
		err = state_begin(state_of_dir, why, sizeof(why));
	if (err == 0)
		err = journal_remove(conf.dir_fd, journal_first(j) - 1);
	return err;
}

/* The process is gone. */
static void
stop(void)
{
	if (c != NULL)
		c->shared.journal = NULL;
	chains_free(c);
	journal_close(j);
	state_close(state_of_dir);
	c = NULL;
	j = NULL;
	state_of_dir = NULL;
}

/* Standard error is a file while it starts: what a log says of it is part of what is promised. */
static int
start_told(char *said, size_t len)
{
	int kept = dup(STDERR_FILENO), fd = memfd_create("log", MFD_CLOEXEC), err;
	ssize_t n;

	ck_assert(kept >= 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	failing.armed = true;
	err = start();
	failing.armed = false;
	ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
	n = pread(fd, said, len - 1, 0);
	ck_assert_int_ge(n, 0);
	said[n] = '\0';
	close(kept);
	close(fd);
	return err;
}

static int
try_to_start(uint64_t n)
{
	char said[4096];
	int err;

	failing_begin(n, false);
	err = start_told(said, sizeof(said));
	ck_assert_msg(strstr(said, "contradict") == NULL, "call %llu: %s", (unsigned long long)n, said);
	if (err == ERR_NOMEM && strstr(said, "can't be replayed") != NULL) {
		ck_assert_msg(strstr(said, err_text(ERR_NOMEM)) != NULL, "call %llu: %s", (unsigned long long)n, said);
		told_of_memory++;
	}
	/* The latter where the journal can't be written, whatever for. */
	ck_assert_msg(err == 0 || (failing.failed > 0 && (err == ERR_NOMEM || err == ERR_IO)), "call %llu: %s: %s", (unsigned long long)n,
		      err_text(err), why);
	if (state_of_dir != NULL) {
		ck_assert_int_eq(state_start(state_of_dir), STATE_CRASHED);
		ck_assert_mem_eq(state_instance(state_of_dir), set->instance, 16);
	}
	return err;
}

static uint64_t json_calls, json_at; /* of those of jansson's the one that fails; 0: none */

static void *
json_gets(size_t n)
{
	if (failing.armed && ++json_calls == json_at) {
		failing.failed++;
		return NULL;
	}
	return __real_malloc(n);
}

/* --- lives ---------------------------------------------------------------------------------------------- */

static bool several_names;

static void
steps(int n)
{
	static const char *const names[] = {"urn:test:proxy", "urn:test:another"};

	for (; n > 0; n--)
		if (live_a_step(pick(15))) {
			crash();
			begin_as(names[pick(several_names ? 2 : 1)]);
		}
}

/* Windows are stated, with transactions that are open yet, and published if the topic takes it. */
static void
state_some(bool is_down)
{
	for (int i = 0; i < 12; i++)
		send_one();
	while (flight_count > 0)
		answer_one();
	for (int i = 0; i < 3; i++) {
		pass(5000);
		look();
		topic_is_down = is_down;
		turns_all_now(c->shared.turns);
		ck_assert(!seal(false));
	}
}

/* It ends with a crash; what it leaves is no more than a start reads in a moment. */
static void
leave_something(int number)
{
	choose_life(number);
	bare = number % 2 == 1;
	several_names = number % 4 >= 2;
	begin();
	steps(30);
	state_some(false);
	crash();
	begin();
	steps(10);
	state_some(true);
	ck_assert_uint_gt(chains_unpublished(), 0);
	for (int i = 0; i < 4; i++)
		send_one();
	crash();
	if (number % 4 == 0) { /* the start that all is written anew by was killed, too */
		begin();
		crash();
	}
}

START_TEST(a_start)
{
	struct picture all, now;
	uint64_t n = 0;
	int64_t alive;
	int err;

	leave_something(_i);
	each_file(keep_file);
	keep_file("collectors");
	set = rig_settings();
	ck_assert_int_eq(try_to_start(UINT64_MAX), 0);
	all = picture_of();
	stop();
	ck_assert_uint_gt(all.windows + all.statements, 0);
	do {
		restore_files();
		alive = failing.live;
		err = try_to_start(++n);
		if (err == 0) {
			now = picture_of();
			ck_same(&now, &all);
		}
		stop();
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
		if (failing.failed == 0)
			break;
		ck_assert_int_eq(try_to_start(UINT64_MAX), 0);
		now = picture_of();
		if (err != 0)
			ck_same(&now, &all);
		else
			ck_same_leaves(&now, &all);
		stop();
	} while (true);
	ck_assert_uint_gt(n, 50);
	ck_assert_uint_gt(told_of_memory, 0);
	settings_unref(set);
	forget_files();
	begin();
	settle_world();
	check_world();
	crash();
}
END_TEST

/* The same of jansson's calls, which don't say why they fail.  They are many: each life has some of them. */
START_TEST(a_statement_is_read)
{
	struct picture all, now;
	unsigned unread = 0;
	int err;

	leave_something(_i);
	each_file(keep_file);
	keep_file("collectors");
	set = rig_settings();
	ck_assert_int_eq(try_to_start(UINT64_MAX), 0);
	all = picture_of();
	stop();
	for (uint64_t n = (uint64_t)_i + 1;; n += 3 * LIVES) {
		restore_files();
		json_calls = 0;
		json_at = n;
		err = try_to_start(UINT64_MAX);
		json_at = 0;
		stop();
		if (failing.failed == 0)
			break;
		ck_assert_int_eq(err, ERR_NOMEM);
		unread++;
		ck_assert_int_eq(try_to_start(UINT64_MAX), 0);
		now = picture_of();
		ck_same(&now, &all);
		stop();
	}
	ck_assert(unread > 0 || _i % 4 == 0); /* all that is stated was written anew there */
	settings_unref(set);
	forget_files();
	begin();
	crash();
}
END_TEST

/* Whatever of it could be written anew when memory ran out, and then there is a crash. */
START_TEST(renewed)
{
	uint64_t n = 0;
	int err;

	leave_something(_i);
	do {
		struct slice key;
		size_t at = 0;
		void *chain;

		begin();
		failing_begin(++n, false);
		for (err = 0; err == 0 && map_next(c->map, &at, &key, &chain);) {
			int64_t left = INT64_MAX;

			failing.armed = true;
			err = chain_renew(chain, journal_last(j), &left);
			failing.armed = false;
		}
		ck_assert(err == 0 || (failing.failed > 0 && err == ERR_NOMEM));
		crash();
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 4);
	begin();
	settle_world();
	check_world();
	crash();
}
END_TEST

/* What can't be looked for yet is looked for later. */
START_TEST(looked_for)
{
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	uint64_t n = 0;
	int wait_ms;

	choose_life(_i);
	bare = _i % 2 == 1;
	begin();
	for (int i = 0; i < 12; i++)
		send_one();
	while (flight_count > 0)
		chains_lost(&flights[--flight_count].a);
	pass(2900);
	turns_all_now(c->shared.looks);
	do {
		struct look l = {.doubts = doubts, .ends = ends};
		bool some;

		failing_begin(++n, false);
		failing.armed = true;
		some = chains_look(c, &l, &wait_ms);
		failing.armed = false;
		if (some)
			chains_look_end(c, &l, false, false, false, false);
		turns_all_now(c->shared.looks);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 2);
	settle_world();
	check_world();
	crash();
}
END_TEST

static void
begin_directory(void)
{
	struct state *s;

	json_set_alloc_funcs(json_gets, __real_free);
	json_read_setup();
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	setup();
	ck_assert_int_eq(state_open(dir, &s, why, sizeof(why)), 0);
	memcpy(boot, state_boot(s), sizeof(boot));
	state_close(s);
	ck_assert_int_eq(state_file_write(dir_fd, "instance", slice_str("11111111111111111111111111111111\n"), true), 0);
}

static void
end_directory(void)
{
	(void)unlinkat(dir_fd, "instance", 0);
	(void)unlinkat(dir_fd, "lock", 0);
	teardown();
}

int
main(void)
{
	Suite *s = suite_create("memory_recovery");
	TCase *t = tcase_create("memory_recovery");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, begin_directory, end_directory);
	tcase_add_loop_test(t, a_start, 0, LIVES);
	tcase_add_loop_test(t, a_statement_is_read, 0, LIVES);
	tcase_add_loop_test(t, renewed, 0, LIVES);
	tcase_add_loop_test(t, looked_for, 0, LIVES);
	suite_add_tcase(s, t);
	return suite_run(s);
}
