#include "attest/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest/journal.h"
#include "attest/journal_space.h"
#include "attest/recovery.h"
#include "base/text.h"
#include "tests/unit/scratch.h"
#include "tests/unit/suite.h"

static char dir[64];
static char why[512];

static void
setup(void)
{
	scratch_make("test_state", dir, sizeof(dir));
}

static void
empty_dir(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) != 0)
			(void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}

static void
teardown(void)
{
	empty_dir();
	ck_assert_int_eq(rmdir(dir), 0);
}

static const char *
at(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

static struct state *
opened(enum state_start want)
{
	struct state *s = NULL;

	ck_assert_msg(state_open(dir, &s, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(state_start(s), want);
	return s;
}

static void
begin(struct state *s, size_t want)
{
	struct heads h;

	ck_assert_msg(state_begin(s, why, sizeof(why)) == 0, "%s", why);
	state_take_heads(s, &h);
	ck_assert_uint_eq(h.count, want);
	heads_clear(&h);
}

static void
end(struct state *s, size_t chains)
{
	struct heads h = {0};

	for (size_t i = 0; i < chains; i++) {
		struct heads_entry *e = heads_add(&h);

		e->cluster_id = strdup("c");
		e->topic = strdup("t");
		e->partition = (int32_t)i;
		e->head.next_window = 5;
	}
	ck_assert_msg(state_end(s, &h, why, sizeof(why)) == 0, "%s", why);
	ck_assert_mem_eq(h.instance, state_instance(s), 16);
	heads_clear(&h);
}

static void
put_file(const char *name, const void *p, size_t n)
{
	FILE *f = fopen(at(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static size_t
get_file(const char *name, char *buf, size_t len)
{
	FILE *f = fopen(at(name), "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(buf, 1, len - 1, f);
	buf[n] = '\0';
	fclose(f);
	return n;
}

/* --- runs, one after another -------------------------------------------------------------- */

START_TEST(first_clean_and_again)
{
	struct state *s = opened(STATE_FIRST);
	char text[128], want[33];
	struct stat st;
	unsigned long long inode;
	uint8_t id[16], none[16] = {0};

	ck_assert_str_eq(state_dir(s), dir);
	memcpy(id, state_instance(s), 16);
	ck_assert_mem_ne(id, none, 16);
	begin(s, 0);
	get_file("instance", text, sizeof(text));
	ck_assert_int_eq(strncmp(text, text_hex(id, 16, want), 32), 0);
	/* The file says which one it is, so that a copy is told from it. */
	ck_assert_int_eq(sscanf(text + 33, "%llu", &inode), 1);
	ck_assert_int_eq(stat(at("instance"), &st), 0);
	ck_assert_uint_eq(inode, st.st_ino);
	end(s, 2);
	state_close(s);

	/* A clean stop: the same instance, and its heads, once. */
	s = opened(STATE_CLEAN);
	ck_assert_mem_eq(state_instance(s), id, 16);
	begin(s, 2);
	ck_assert(!is_there("heads"));
	ck_assert(is_there("heads.taken"));
	end(s, 3);
	state_close(s);
	s = opened(STATE_CLEAN);
	ck_assert_mem_eq(state_instance(s), id, 16);
	begin(s, 3);
	end(s, 0);
	state_close(s);
	/* Nothing was attested: clean all the same. */
	s = opened(STATE_CLEAN);
	begin(s, 0);
	state_close(s);
}
END_TEST

/* A crash behind state_begin(): what was attested can't be known, so another instance begins. */
START_TEST(unclean)
{
	struct state *s = opened(STATE_FIRST);
	uint8_t first[16], second[16];

	memcpy(first, state_instance(s), 16);
	begin(s, 0);
	state_close(s);
	s = opened(STATE_UNCLEAN);
	memcpy(second, state_instance(s), 16);
	ck_assert_mem_ne(first, second, 16);
	begin(s, 0);
	end(s, 1);
	state_close(s);
	/* The crash comes behind a clean stop: the old heads are not used twice. */
	s = opened(STATE_CLEAN);
	ck_assert_mem_eq(state_instance(s), second, 16);
	begin(s, 1);
	state_close(s);
	s = opened(STATE_UNCLEAN);
	ck_assert_mem_ne(state_instance(s), second, 16);
	begin(s, 0);
	state_close(s);
}
END_TEST

/* Before state_begin() nothing was attested, and nothing is lost by a crash. */
START_TEST(a_start_that_fails)
{
	struct state *s = opened(STATE_FIRST);
	uint8_t id[16];

	state_close(s);
	ck_assert(!is_there("instance"));
	s = opened(STATE_FIRST);
	memcpy(id, state_instance(s), 16);
	begin(s, 0);
	end(s, 4);
	state_close(s);
	for (int i = 0; i < 3; i++)
		state_close(opened(STATE_CLEAN));
	s = opened(STATE_CLEAN);
	ck_assert_mem_eq(state_instance(s), id, 16);
	begin(s, 4);
	state_close(s);
}
END_TEST

/* --- the lock ------------------------------------------------------------------------------- */

START_TEST(two_cannot_share_it)
{
	struct state *s = opened(STATE_FIRST), *other = NULL;
	char pid[32];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	ck_assert_int_eq(state_open(dir, &other, why, sizeof(why)), ERR_EXISTS);
	ck_assert_ptr_null(other);
	ck_assert_ptr_nonnull(strstr(why, dir));
	ck_assert_ptr_nonnull(strstr(why, pid));
	state_close(s);
	state_close(opened(STATE_FIRST));
	state_close(NULL);
}
END_TEST

/* Another process has it until it ends, however it ends. */
START_TEST(a_process_that_is_killed)
{
	int ready[2], status;
	struct state *s;
	pid_t child;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (state_open(dir, &s, why, sizeof(why)) != 0 || state_begin(s, why, sizeof(why)) != 0 ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(state_open(dir, &s, why, sizeof(why)), ERR_EXISTS);
	snprintf(why + 256, 32, "process %ld", (long)child);
	ck_assert_ptr_nonnull(strstr(why, why + 256));
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	state_close(opened(STATE_UNCLEAN));
}
END_TEST

/* --- files that something happened to ----------------------------------------------------- */

START_TEST(torn_heads)
{
	struct state *s = opened(STATE_FIRST);
	char whole[4096];
	uint8_t id[16];
	size_t n;

	memcpy(id, state_instance(s), 16);
	begin(s, 0);
	end(s, 2);
	state_close(s);
	n = get_file("heads", whole, sizeof(whole));
	ck_assert_uint_gt(n, 100);
	for (size_t cut = 0; cut < n; cut += 7) {
		put_file("heads", whole, cut);
		s = opened(STATE_TORN);
		ck_assert_mem_ne(state_instance(s), id, 16);
		state_close(s);
	}
	whole[n / 2] ^= 1;
	put_file("heads", whole, n);
	state_close(opened(STATE_TORN));
	whole[n / 2] ^= 1;
	whole[strlen("makoto-kafka heads ")] = '0'; /* an old version, or a new one */
	put_file("heads", whole, n);
	s = opened(STATE_TORN);
	/* It goes on under a new instance, and doesn't stumble over that file again. */
	begin(s, 0);
	end(s, 1);
	state_close(s);
	s = opened(STATE_CLEAN);
	ck_assert_mem_ne(state_instance(s), id, 16);
	begin(s, 1);
	state_close(s);
}
END_TEST

/* The rest of a write that power cut off is nobody's heads. */
START_TEST(half_a_write)
{
	struct state *s;

	put_file("heads.tmp", "makoto", 6);
	put_file("instance.tmp", "x", 1);
	put_file("lock", "no number", 9);
	s = opened(STATE_FIRST);
	begin(s, 0);
	end(s, 1);
	ck_assert(!is_there("heads.tmp"));
	ck_assert(!is_there("instance.tmp"));
	state_close(s);
	state_close(opened(STATE_CLEAN));
}
END_TEST

static void
ck_told(int err, int want, const char *what)
{
	ck_assert_int_eq(err, want);
	ck_assert_msg(strstr(why, what) != NULL, "%s", why);
}

/* A disk that takes no more bytes. */
static void
fill_disk(rlim_t bytes)
{
	struct rlimit lim = {bytes, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
}

/* Nothing may be attested when the crash that may follow couldn't be noticed. */
START_TEST(a_full_disk_at_the_beginning)
{
	struct state *s = opened(STATE_FIRST);

	fill_disk(3);
	ck_told(state_begin(s, why, sizeof(why)), ERR_IO, "instance: File too large");
	ck_assert(!is_there("instance"));
	/* It may be tried again. */
	fill_disk(RLIM_INFINITY);
	begin(s, 0);
	state_close(s);
}
END_TEST

/* A stop that couldn't write is an unclean one, never half of a clean one. */
START_TEST(a_full_disk_at_the_end)
{
	struct state *s = opened(STATE_FIRST);
	struct heads h = {0};

	begin(s, 0);
	fill_disk(3);
	ck_told(state_end(s, &h, why, sizeof(why)), ERR_IO, "heads: File too large");
	fill_disk(RLIM_INFINITY);
	ck_assert(!is_there("heads"));
	state_close(s);
	s = opened(STATE_UNCLEAN);
	begin(s, 0);
	ck_assert_int_eq(mkdir(at("heads.tmp"), 0700), 0);
	ck_told(state_end(s, &h, why, sizeof(why)), ERR_IO, "heads");
	ck_assert(!is_there("heads"));
	state_close(s);
	state_close(opened(STATE_UNCLEAN));
}
END_TEST

/* --- another's files, and a journal -------------------------------------------------------- */

/* The same bytes in another file. */
static void
copy_file(const char *name)
{
	char bytes[8192];
	size_t n = get_file(name, bytes, sizeof(bytes));

	char copy[256];

	put_file("copy", bytes, n);
	snprintf(copy, sizeof(copy), "%s", at("copy"));
	ck_assert_int_eq(rename(copy, at(name)), 0);
}

/* The original may go on, or have gone on: heads and journal are nothing to go by. */
START_TEST(a_copy)
{
	struct state *s = opened(STATE_FIRST);
	uint8_t id[16];

	memcpy(id, state_instance(s), 16);
	begin(s, 0);
	end(s, 2);
	state_close(s);
	copy_file("heads"); /* this one alone may be moved */
	state_close(opened(STATE_CLEAN));
	copy_file("instance");
	s = opened(STATE_COPIED);
	ck_assert_mem_ne(state_instance(s), id, 16);
	begin(s, 0);
	end(s, 1);
	state_close(s);
	state_close(opened(STATE_CLEAN));
}
END_TEST

/* A journal with one chain in it, said again in each of its segments. */
static void
write_segments(const struct state *s, enum journal_sync sync, uint8_t boot_diff, uint64_t segments)
{
	struct journal_entry e = {.kind = JOURNAL_CHAIN, .chain = 1};
	struct journal_conf conf = {.dir_fd = state_dir_fd(s), .sync = sync, .max_bytes = 1 << 20, .segment_bytes = 1 << 20};
	struct journal *j;

	memcpy(conf.instance, state_instance(s), 16);
	memcpy(conf.boot, state_boot(s), 16);
	conf.boot[3] ^= boot_diff;
	e.head.cluster_id = e.head.topic = (char[]){"t"};
	e.head.head = head_begin();
	for (; conf.last_segment < segments; conf.last_segment++) {
		char name[JOURNAL_NAME_LEN];
		struct stat st;

		ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
		ck_assert_int_eq(journal_put(j, &e, NULL), 0);
		journal_close(j);
		journal_file_name(conf.last_segment + 1, name);
		ck_assert_int_eq(stat(at(name), &st), 0);
		conf.last_bytes = (uint64_t)st.st_size;
	}
}

static void
write_journal(const struct state *s, enum journal_sync sync, uint8_t boot_diff)
{
	write_segments(s, sync, boot_diff, 1);
}

START_TEST(a_crash_with_a_journal)
{
	struct state *s = opened(STATE_FIRST);
	uint8_t id[16];

	memcpy(id, state_instance(s), 16);
	write_journal(s, JOURNAL_SYNC_NONE, 0);
	begin(s, 0);
	state_close(s);
	s = opened(STATE_CRASHED);
	ck_assert_mem_eq(state_instance(s), id, 16);
	ck_assert_ptr_nonnull(state_recovery(s));
	ck_assert_uint_eq(recovery_last_segment(state_recovery(s)), 1);
	/* A clean stop's heads tell more than a journal that is left beside them. */
	end(s, 1);
	state_close(s);
	s = opened(STATE_CLEAN);
	ck_assert_ptr_null(state_recovery(s));
	ck_assert_int_eq(state_set_aside(s, why, sizeof(why)), 0);
	ck_assert(!is_there("journal.0000000000000001"));
	ck_assert(!is_there("old.journal.0000000000000001"));
	begin(s, 1);
	state_close(s);
}
END_TEST

/* What the kernel had not written is gone with the machine's run, and nobody knows how much that was. */
START_TEST(a_journal_of_another_boot)
{
	struct state *s = opened(STATE_FIRST);
	uint8_t id[16];

	memcpy(id, state_instance(s), 16);
	write_journal(s, JOURNAL_SYNC_WINDOW, 1);
	begin(s, 0);
	state_close(s);
	s = opened(STATE_TORN);
	ck_assert_mem_ne(state_instance(s), id, 16);
	ck_assert_ptr_nonnull(strstr(state_why(s), "state.sync"));
	ck_assert_int_eq(state_set_aside(s, why, sizeof(why)), 0);
	ck_assert(is_there("old.journal.0000000000000001"));
	write_journal(s, JOURNAL_SYNC_ALWAYS, 1);
	begin(s, 0);
	state_close(s);
	s = opened(STATE_CRASHED);
	state_close(s);
}
END_TEST

START_TEST(a_damaged_journal)
{
	struct state *s = opened(STATE_FIRST);
	char bytes[4096];
	size_t n;

	write_journal(s, JOURNAL_SYNC_NONE, 0);
	begin(s, 0);
	state_close(s);
	n = get_file("journal.0000000000000001", bytes, sizeof(bytes));
	bytes[40] ^= 1;
	put_file("journal.0000000000000001", bytes, n);
	s = opened(STATE_TORN);
	ck_assert_ptr_nonnull(strstr(state_why(s), "damaged"));
	state_close(s);
}
END_TEST

/* --- starts that are killed ------------------------------------------------------------------ */

enum { KILLED = 9, MOST_CALLS = 200 };

static int calls_left = -1; /* then the process is gone, amid the call; below 0: it lives */
static uint8_t old[16];     /* the instance of the run before */

static bool
dies_now(void)
{
	return calls_left >= 0 && calls_left-- == 0;
}

/* Every call that changes what the next start finds (the linker puts these in place: Makefile). */
#define CALL(type, name, params, amid, all)                                                        \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		if (dies_now()) {                                                                  \
			amid;                                                                      \
			_exit(KILLED);                                                             \
		}                                                                                  \
		return all;                                                                        \
	}

CALL(ssize_t, write, (int fd, const void *p, size_t n), (void)!__real_write(fd, p, n / 2), __real_write(fd, p, n))
CALL(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (void)!__real_pwrite(fd, p, n / 2, at),
     __real_pwrite(fd, p, n, at))
CALL(int, renameat, (int a, const char *from, int b, const char *to), (void)0, __real_renameat(a, from, b, to))
CALL(int, unlinkat, (int a, const char *name, int flags), (void)0, __real_unlinkat(a, name, flags))
/* The machine stays: what was written is there, and needs no waiting for. */
CALL(int, fsync, (int fd UNUSED), (void)0, 0)
CALL(int, fdatasync, (int fd UNUSED), (void)0, 0)

/* As the daemon starts (src/daemon/journal.c). */
static int
start_up(void)
{
	struct journal_entry e = {.kind = JOURNAL_CHAIN, .chain = 1};
	struct journal_conf conf = {.sync = JOURNAL_SYNC_WINDOW, .max_bytes = 1 << 20, .segment_bytes = 1 << 20};
	const struct recovery *r;
	struct journal *j;
	struct state *s;

	if (state_open(dir, &s, why, sizeof(why)) != 0)
		return 1;
	r = state_recovery(s);
	conf.dir_fd = state_dir_fd(s);
	conf.last_segment = r == NULL ? 0 : recovery_last_segment(r);
	conf.last_bytes = r == NULL ? 0 : recovery_last_bytes(r);
	memcpy(conf.instance, state_instance(s), 16);
	memcpy(conf.boot, state_boot(s), 16);
	e.head.cluster_id = e.head.topic = (char[]){"t"};
	e.head.head = head_begin();
	if ((r == NULL && state_set_aside(s, why, sizeof(why)) != 0) || journal_open(&conf, &j, why, sizeof(why)) != 0 ||
	    journal_put(j, &e, NULL) != 0 || journal_commit(j) != 0 || state_begin(s, why, sizeof(why)) != 0 ||
	    journal_remove(conf.dir_fd, journal_first(j) - 1) != 0)
		return 1;
	return 0;
}

/* A start that is killed in its n-th call, or behind them all: false. */
static bool
killed(int n)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		calls_left = n;
		_exit(start_up());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED, "%s", why);
	return WEXITSTATUS(status) == KILLED;
}

/* A run that leaves so many segments, and heads when it stops cleanly all the same. */
static void
leave(enum journal_sync sync, uint8_t boot_diff, uint64_t segments, bool heads)
{
	struct state *s = opened(STATE_FIRST);

	memcpy(old, state_instance(s), sizeof(old));
	if (segments > 0)
		write_segments(s, sync, boot_diff, segments);
	begin(s, 0);
	if (heads)
		end(s, 2);
	state_close(s);
}

static void
flip(const char *name)
{
	char bytes[4096];
	size_t n = get_file(name, bytes, sizeof(bytes));

	bytes[40] ^= 1;
	put_file(name, bytes, n);
}

static void
leave_nothing(void)
{
	memset(old, 0, sizeof(old));
}

static void
leave_clean(void)
{
	leave(JOURNAL_SYNC_NONE, 0, 3, true);
}

static void
leave_crashed(void)
{
	leave(JOURNAL_SYNC_NONE, 0, 3, false);
}

static void
leave_only_instance(void)
{
	leave(JOURNAL_SYNC_NONE, 0, 0, false);
}

static void
leave_without_instance(void)
{
	leave_clean();
	ck_assert_int_eq(unlink(at("instance")), 0);
}

static void
leave_copied_clean(void)
{
	leave_clean();
	copy_file("instance");
}

static void
leave_copied_crashed(void)
{
	leave_crashed();
	copy_file("instance");
}

static void
leave_other_boot(void)
{
	leave(JOURNAL_SYNC_WINDOW, 1, 3, false);
}

static void
leave_torn_heads(void)
{
	leave_clean();
	flip("heads");
}

/* What is left when the damaged one has gone first is whole, and so it is when the others have. */
static void
leave_torn_first(void)
{
	leave(JOURNAL_SYNC_NONE, 0, 2, false);
	flip("journal.0000000000000001");
}

static void
leave_torn_last(void)
{
	leave(JOURNAL_SYNC_NONE, 0, 2, false);
	flip("journal.0000000000000002");
}

static const struct {
	void (*leave)(void);
	enum state_start start;
	bool goes_on; /* as the same instance, whatever happens; else never */
} lefts[] = {
	{leave_nothing, STATE_FIRST, false},
	{leave_without_instance, STATE_FIRST, false},
	{leave_clean, STATE_CLEAN, true},
	{leave_crashed, STATE_CRASHED, true},
	{leave_only_instance, STATE_UNCLEAN, false},
	{leave_copied_clean, STATE_COPIED, false},
	{leave_copied_crashed, STATE_COPIED, false},
	{leave_other_boot, STATE_TORN, false},
	{leave_torn_heads, STATE_TORN, false},
	{leave_torn_first, STATE_TORN, false},
	{leave_torn_last, STATE_TORN, false},
};

/* What a start would do now. */
static void
ck_next(int n, bool goes_on)
{
	struct state *s = NULL;

	ck_assert_msg(state_look(dir, &s, why, sizeof(why)) == 0, "%s", why);
	if (goes_on)
		ck_assert_msg(state_start(s) == STATE_CLEAN || state_start(s) == STATE_CRASHED, "call %d: start %d", n,
			      (int)state_start(s));
	ck_assert_msg((memcmp(state_instance(s), old, sizeof(old)) == 0) == goes_on, "call %d: start %d, %s instance", n,
		      (int)state_start(s), goes_on ? "another" : "the old");
	state_close(s);
}

/* The one that is done has let records out: its instance is the next one's. */
static void
ck_crashed(void)
{
	struct state *s = opened(STATE_CRASHED);
	char text[128], hex[33];

	get_file("instance", text, sizeof(text));
	ck_assert_int_eq(strncmp(text, text_hex(state_instance(s), 16, hex), 32), 0);
	ck_assert(!is_there("heads"));
	end(s, 1);
	state_close(s);
	state_close(opened(STATE_CLEAN));
}

START_TEST(a_start_that_is_killed)
{
	bool more = true;

	for (int n = 0; more; n++) {
		struct state *s = NULL;

		ck_assert_int_lt(n, MOST_CALLS);
		empty_dir();
		lefts[_i].leave();
		ck_assert_int_eq(state_look(dir, &s, why, sizeof(why)), 0);
		ck_assert_int_eq(state_start(s), lefts[_i].start);
		state_close(s);
		more = killed(n);
		for (int i = 0; more && i < 2; i++) { /* and the next one, too */
			ck_next(n, lefts[_i].goes_on);
			if (i == 0)
				(void)killed(n);
		}
		ck_assert(!killed(-1));
		ck_next(n, lefts[_i].goes_on);
		ck_crashed();
	}
}
END_TEST

/* Heads go on from where their own instance stopped. */
START_TEST(heads_of_another_instance)
{
	struct state *s;
	struct heads h;
	char bytes[4096];
	size_t n;

	leave(JOURNAL_SYNC_NONE, 0, 0, true);
	n = get_file("heads", bytes, sizeof(bytes));
	empty_dir();
	leave(JOURNAL_SYNC_NONE, 0, 1, false);
	put_file("heads", bytes, n);
	s = opened(STATE_TORN);
	ck_assert_ptr_nonnull(strstr(state_why(s), "another instance"));
	ck_assert_mem_ne(state_instance(s), old, sizeof(old));
	state_take_heads(s, &h);
	ck_assert_uint_eq(h.count, 0);
	state_close(s);
}
END_TEST

START_TEST(what_is_no_directory)
{
	struct state *s = NULL;

	put_file("file", "x", 1);
	ck_told(state_open(at("file"), &s, why, sizeof(why)), ERR_IO, "file: Not a directory");
	ck_told(state_open(at("file/below"), &s, why, sizeof(why)), ERR_IO, "file/below: Not a directory");
	ck_told(state_open("", &s, why, sizeof(why)), ERR_IO, "No such file");
	ck_told(state_open("/proc/nobody/writes/here", &s, why, sizeof(why)), ERR_IO, "/proc/nobody/writes/here");
	s = opened(STATE_FIRST);
	begin(s, 0);
	state_close(s);
	s = NULL;
	ck_assert_int_eq(mkdir(at("heads"), 0700), 0);
	ck_told(state_open(dir, &s, why, sizeof(why)), ERR_IO, "heads: Is a directory");
	ck_assert_int_eq(rmdir(at("heads")), 0);
	ck_assert_int_eq(unlink(at("lock")), 0);
	ck_assert_int_eq(mkdir(at("lock"), 0700), 0);
	ck_told(state_open(dir, &s, why, sizeof(why)), ERR_IO, "lock: Is a directory");
	ck_assert_int_eq(rmdir(at("lock")), 0);
	ck_assert_ptr_null(s);
	state_close(opened(STATE_UNCLEAN));
}
END_TEST

/* Folders on the way are made, and are nobody else's. */
START_TEST(made_when_missing)
{
	static const char *const forms[] = {"a/b/c", "a/b/c/", "a//b/c", "a/b/../b/c"};
	struct state *s;
	struct stat st;
	char path[256];

	(void)umask(0);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, forms[i]);
		ck_assert_msg(state_open(path, &s, why, sizeof(why)) == 0, "%s", why);
		begin(s, 0);
		end(s, 0);
		state_close(s);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0700);
		ck_assert_int_eq(stat(at("a/b/c/heads"), &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0600);
		ck_assert_int_eq(stat(at("a/b/c/instance"), &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0600);
	}
	(void)unlink(at("a/b/c/lock"));
	(void)unlink(at("a/b/c/heads"));
	(void)unlink(at("a/b/c/heads.taken"));
	(void)unlink(at("a/b/c/instance"));
	(void)rmdir(at("a/b/c"));
	(void)rmdir(at("a/b"));
}
END_TEST

/* What a start would find, and nothing is made, locked or changed. */
START_TEST(only_looked_at)
{
	char text[128], again[128];
	struct state *s, *l = NULL;
	uint8_t id[16];

	ck_assert_int_eq(state_look(at("missing"), &l, why, sizeof(why)), ERR_IO);
	ck_assert(!is_there("missing"));
	ck_assert_int_eq(state_look(dir, &l, why, sizeof(why)), 0);
	ck_assert_int_eq(state_start(l), STATE_FIRST);
	ck_assert(!is_there("lock"));
	s = opened(STATE_FIRST); /* while it is looked at */
	state_close(l);
	begin(s, 0);
	memcpy(id, state_instance(s), sizeof(id));
	get_file("lock", text, sizeof(text));
	ck_assert_int_eq(state_look(dir, &l, why, sizeof(why)), 0); /* while it is in use */
	ck_assert_int_eq(state_start(l), STATE_UNCLEAN);
	state_close(l);
	end(s, 1);
	ck_assert_int_eq(state_look(dir, &l, why, sizeof(why)), 0);
	ck_assert_int_eq(state_start(l), STATE_CLEAN);
	ck_assert_mem_eq(state_instance(l), id, sizeof(id));
	state_close(l);
	get_file("lock", again, sizeof(again));
	ck_assert_str_eq(text, again);
	ck_assert(is_there("heads"));
	state_close(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("state");
	TCase *t = tcase_create("state");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, first_clean_and_again);
	tcase_add_test(t, only_looked_at);
	tcase_add_test(t, unclean);
	tcase_add_test(t, a_start_that_fails);
	tcase_add_test(t, two_cannot_share_it);
	tcase_add_test(t, a_process_that_is_killed);
	tcase_add_test(t, torn_heads);
	tcase_add_test(t, half_a_write);
	tcase_add_test(t, a_full_disk_at_the_beginning);
	tcase_add_test(t, a_full_disk_at_the_end);
	tcase_add_test(t, a_copy);
	tcase_add_test(t, a_crash_with_a_journal);
	tcase_add_test(t, a_journal_of_another_boot);
	tcase_add_test(t, a_damaged_journal);
	tcase_add_loop_test(t, a_start_that_is_killed, 0, ARRAY_LEN(lefts));
	tcase_add_test(t, heads_of_another_instance);
	tcase_add_test(t, what_is_no_directory);
	tcase_add_test(t, made_when_missing);
	suite_add_tcase(s, t);
	return suite_run(s);
}
