#include "attest/journal_space.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest/journal_internal.h"
#include "attest/journal_read.h"
#include "digest/crc32c.h"
#include "tests/unit/suite.h"

static char dir[64];
static int dir_fd;
static char why[256];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_journal_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
}

static void
teardown(void)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.')
			ck_assert_int_eq(unlinkat(dir_fd, e->d_name, 0), 0);
	closedir(d);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static struct journal_conf
conf(void)
{
	struct journal_conf c = {.dir_fd = dir_fd, .max_bytes = 1 << 20, .segment_bytes = 1 << 20};

	memset(c.instance, 7, sizeof(c.instance));
	memset(c.boot, 9, sizeof(c.boot));
	return c;
}

static struct journal *
begun(const struct journal_conf *c)
{
	struct journal *j;

	ck_assert_msg(journal_open(c, &j, why, sizeof(why)) == 0, "%s", why);
	return j;
}

/* --- a disk that syncs, or doesn't, in place of libc's functions ----------------------------- */

/* What a file has for good: what it had at the last sync before one that failed. */
struct durable {
	ino_t file;
	uint8_t *bytes;
	size_t count;
	bool lost;
};

static struct durable durable[64];
static bool sync_fails;
static size_t told; /* so many entries a kill in this moment must leave */

static struct durable *
durable_of(ino_t file)
{
	size_t i = 0;

	while (i < ARRAY_LEN(durable) && durable[i].file != 0 && durable[i].file != file)
		i++;
	ck_assert_uint_lt(i, ARRAY_LEN(durable));
	durable[i].file = file;
	return &durable[i];
}

static void ck_told(void);

static bool
is_new(const struct stat *st)
{
	struct stat unnamed;

	return fstatat(dir_fd, "segment.tmp", &unnamed, 0) == 0 && unnamed.st_ino == st->st_ino;
}

static void
keep_bytes(struct durable *d, int fd, off_t size)
{
	char path[32];
	int again;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	d->count = (size_t)size;
	d->bytes = realloc(d->bytes, d->count + 1);
	ck_assert_ptr_nonnull(d->bytes);
	ck_assert_int_eq(pread(again, d->bytes, d->count, 0), size);
	close(again);
}

int
fdatasync(int fd)
{
	struct durable *d;
	struct stat st;

	ck_told();
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	d = durable_of(st.st_ino);
	if (is_new(&st)) { /* numbers of others come again */
		d->count = 0;
		d->lost = false;
	}
	d->lost |= sync_fails;
	if (!d->lost)
		keep_bytes(d, fd, st.st_size);
	errno = EIO;
	return sync_fails ? -1 : 0;
}

int
fsync(int fd)
{
	return fdatasync(fd);
}

static size_t largest_write, writes;
static int writes_left = -1; /* before the disk is full; -1: it never is */

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	largest_write = n > largest_write ? n : largest_write;
	writes++;
	if (writes_left == 0) {
		errno = ENOSPC;
		return -1;
	}
	writes_left -= writes_left > 0;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

static bool no_memory; /* for what grows */

void *
reallocarray(void *p, size_t count, size_t size)
{
	return no_memory ? NULL : realloc(p, count * size);
}

/* The machine lost its power: what the disk never took is gone. */
static void
lose_power(void)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		int fd = e->d_name[0] == '.' ? -1 : openat(dir_fd, e->d_name, O_WRONLY);

		if (fd >= 0) {
			const struct durable *of = durable_of(e->d_ino);

			ck_assert_int_eq(ftruncate(fd, 0), 0);
			ck_assert_int_eq(pwrite(fd, of->bytes, of->count, 0), (ssize_t)of->count);
			close(fd);
		}
	}
	closedir(d);
}

/* --- entries ------------------------------------------------------------------------------- */

static struct member members[3];
static struct journal_span spans[2] = {{7, 1700000000000, 1}, {8, 1700000000001, 2}};

static struct journal_entry
batch(uint64_t number)
{
	struct journal_entry e = {.kind = JOURNAL_BATCH,
				  .chain = 3,
				  .batch = number,
				  .who = {slice_str("client"), slice_str("lib"), slice_str(""), slice_str("User:a")},
				  .producer_id = 4000000000,
				  .producer_epoch = 2,
				  .base_sequence = INT32_MAX,
				  .transactional = true,
				  .contended = true,
				  .contended_untimed = true,
				  .transactional_id = slice_str("tx-1"),
				  .time = CHAINS_TIME_UNKNOWN,
				  .mode = HEADERS_COMPACT,
				  .reach = -1,
				  .spans = spans,
				  .span_count = 2,
				  .members = members,
				  .count = 3};

	memset(e.digest, 0x3d, sizeof(e.digest));
	for (int i = 0; i < 3; i++) {
		memset(members[i].leaf, 0x10 + i, LEAF_LEN);
		memset(members[i].unbound, 0x20 + i, LEAF_LEN);
		members[i].timestamp = (int64_t[]){INT64_MAX, INT64_MIN, -1}[i]; /* differences beyond 64 bits */
		members[i].value_bytes = UINT32_MAX - (uint32_t)i;
		members[i].flags = (uint8_t)i;
		memset(members[i].key_prefix, i & LEAF_KEY_NULL ? 0 : 'k', sizeof(members[i].key_prefix));
	}
	return e;
}

static struct journal_entry
published(uint64_t window)
{
	return (struct journal_entry){.kind = JOURNAL_PUBLISHED, .chain = 3, .window = window};
}

static void
put(struct journal *j, struct journal_entry e, struct journal_hold *ret_hold)
{
	ck_assert_int_eq(journal_put(j, &e, ret_hold), 0);
}

/* Written and read again. */
static struct journal_entry
again(const struct journal_entry *e, struct wr *w)
{
	struct journal_entry r;
	size_t len;

	journal_entry_write(e, w);
	ck_assert_int_eq(wr_err(w), 0);
	ck_assert_int_eq(journal_entry_read(wr_slice(w), &r, &len), 0);
	ck_assert_uint_eq(len, w->len);
	ck_assert_int_eq(r.kind, e->kind);
	ck_assert_uint_eq(r.chain, e->chain);
	/* Cut anywhere it is none. */
	for (size_t n = 0; n < w->len; n++) {
		struct journal_entry cut;

		ck_assert_int_eq(journal_entry_read(slice_of(w->buf, n), &cut, &len), ERR_SHORT);
	}
	return r;
}

START_TEST(a_batch_comes_back)
{
	struct journal_entry e = batch(12), r;
	struct wr w = wr_new(SIZE_MAX / 2);

	e.time = _i == 0 ? CHAINS_TIME_UNKNOWN : CHAINS_TIME_CREATE;
	r = again(&e, &w);
	ck_assert_uint_eq(r.batch, 12);
	ck_assert(slice_eq(r.who.client_id, e.who.client_id) && slice_eq(r.who.software_name, e.who.software_name));
	ck_assert(slice_eq(r.who.software_version, e.who.software_version) && slice_eq(r.who.principal, e.who.principal));
	ck_assert(slice_eq(r.transactional_id, e.transactional_id) && r.transactional && !r.young && r.contended && r.contended_untimed);
	ck_assert_int_eq(r.producer_id, e.producer_id);
	ck_assert_int_eq(r.producer_epoch, e.producer_epoch);
	ck_assert_int_eq(r.base_sequence, e.base_sequence);
	ck_assert_int_eq(r.time, e.time);
	ck_assert_int_eq(r.mode, e.mode);
	ck_assert_mem_eq(r.digest, e.digest, 32);
	ck_assert_int_eq(r.reach, -1);
	ck_assert_uint_eq(r.span_count, 2);
	ck_assert_uint_eq(r.spans[1].window, 8);
	ck_assert_int_eq(r.spans[0].start_ms, spans[0].start_ms);
	ck_assert_int_eq(r.spans[1].count, 2);
	ck_assert_int_eq(r.count, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_mem_eq(r.members[i].leaf, members[i].leaf, LEAF_LEN);
		if (_i == 0)
			ck_assert_mem_eq(r.members[i].unbound, members[i].unbound, LEAF_LEN);
		ck_assert_int_eq(r.members[i].timestamp, members[i].timestamp);
		ck_assert_uint_eq(r.members[i].value_bytes, members[i].value_bytes);
		ck_assert_uint_eq(r.members[i].flags, members[i].flags);
		ck_assert_mem_eq(r.members[i].key_prefix, members[i].key_prefix, MANIFEST_KEY_PREFIX);
	}
	journal_entry_free(&r);
	wr_free(&w);
}
END_TEST

START_TEST(the_others_come_back)
{
	struct journal_entry e = {.kind = JOURNAL_SETTLED, .chain = 1, .batch = 2, .base_offset = INT64_MAX, .append_ms = -1, .time = CHAINS_TIME_APPEND, .settled = 77}, r;
	struct wr w = wr_new(SIZE_MAX / 2);
	size_t len;

	r = again(&e, &w);
	ck_assert(r.batch == 2 && r.base_offset == INT64_MAX && r.append_ms == -1 && r.time == CHAINS_TIME_APPEND && r.settled == 77);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_LEFT, .chain = 1, .batch = 2, .given_up = true};
	r = again(&e, &w);
	ck_assert(r.batch == 2 && r.given_up);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_ENDED, .chain = 1, .batch = 0, .producer_id = 9, .producer_epoch = 3, .base_offset = 5, .committed = true};
	r = again(&e, &w);
	ck_assert(r.batch == 0 && r.producer_id == 9 && r.producer_epoch == 3 && r.base_offset == 5 && r.committed);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_CLOSED, .chain = UINT32_MAX, .window = UINT64_MAX, .reason = CLOSE_ROTATION, .end_ms = 77};
	r = again(&e, &w);
	ck_assert(r.window == UINT64_MAX && r.reason == CLOSE_ROTATION && r.end_ms == 77);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_STATED, .chain = 1, .window = 6, .dbom_partition = 4, .value = slice_str("{}"), .manifest = slice_str("m")};
	memset(e.root, 1, 32);
	memset(e.statement, 2, 32);
	r = again(&e, &w);
	ck_assert(r.window == 6 && r.dbom_partition == 4 && slice_eq(r.value, e.value) && slice_eq(r.manifest, e.manifest));
	ck_assert(memcmp(r.root, e.root, 32) == 0 && memcmp(r.statement, e.statement, 32) == 0);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_TOLD, .chain = 1, .batch = 2, .copied = true, .base_offset = 900};
	r = again(&e, &w);
	ck_assert(r.batch == 2 && r.copied && !r.contested && !r.claimed && !r.claims && r.base_offset == 900);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_TOLD, .chain = 1, .batch = 2, .contested = true, .claimed = true, .disputed = true, .base_offset = -1};
	r = again(&e, &w);
	ck_assert(!r.copied && r.contested && r.claimed && r.disputed && !r.claims && r.base_offset == -1);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_TOLD, .chain = 1, .batch = 2, .copied = true, .claims = true, .base_offset = 900};
	r = again(&e, &w); /* as journals had it */
	ck_assert(r.batch == 2 && r.copied && r.claims && r.base_offset == 900);
	w.len -= sizeof(int64_t); /* and before */
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(journal_entry_read(wr_slice(&w), &r, &len), 0);
	ck_assert(r.batch == 2 && r.copied && r.base_offset == -1);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_UNRESOLVED, .chain = 1, .window = 6, .records = INT64_MAX};
	r = again(&e, &w);
	ck_assert(r.window == 6 && r.records == INT64_MAX);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_REOPENED, .chain = 1, .batch = 2};
	r = again(&e, &w);
	ck_assert_uint_eq(r.batch, 2);
	wr_reset(&w);
	e = (struct journal_entry){.kind = JOURNAL_CHAIN, .chain = 5};
	e.head.cluster_id = e.head.topic = (char[]){"name"};
	e.head.partition = 8;
	e.head.head = head_begin();
	e.head.head.next_window = 44;
	r = again(&e, &w);
	ck_assert_str_eq(r.head.topic, "name");
	ck_assert(r.head.partition == 8 && r.head.head.next_window == 44);
	ck_assert(r.covered.floor == 0 && r.covered.count == 0);
	journal_entry_free(&r);
	wr_reset(&w);
	e.covered = (struct covered){.floor = 3, .run = (struct covered_run[]){{5, 9}, {12, 13}}, .count = 2};
	r = again(&e, &w);
	ck_assert(r.covered.floor == 3 && r.covered.count == 2 && r.covered.run[1].first == 12 && r.covered.run[1].end == 13);
	journal_entry_free(&r);
	wr_free(&w);
}
END_TEST

/* As it was written before it told its place among those of the chain. */
START_TEST(settled_without_its_place)
{
	struct journal_entry e = {.kind = JOURNAL_SETTLED, .chain = 1, .batch = 2, .settled = 77}, r;
	struct wr w = wr_new(SIZE_MAX / 2);
	size_t len;

	journal_entry_write(&e, &w);
	w.len -= 8;
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(journal_entry_read(wr_slice(&w), &r, &len), 0);
	ck_assert_uint_eq(len, w.len);
	ck_assert(r.batch == 2 && r.settled == 0);
	wr_free(&w);
}
END_TEST

/* What the frame's length or its fields make impossible is refused, not believed. */
START_TEST(entries_that_lie)
{
	struct journal_entry e = batch(1), r;
	struct wr w = wr_new(SIZE_MAX / 2);
	size_t len;

	spans[1].count = 3; /* not the batch's count */
	journal_entry_write(&e, &w);
	ck_assert_int_eq(journal_entry_read(wr_slice(&w), &r, &len), ERR_MALFORMED);
	spans[1].count = 2;
	for (uint64_t window = 6; window <= 7; window++) { /* not behind the one before */
		spans[1].window = window;
		wr_reset(&w);
		journal_entry_write(&e, &w);
		ck_assert_int_eq(journal_entry_read(wr_slice(&w), &r, &len), ERR_MALFORMED);
	}
	spans[1].window = 8;
	wr_reset(&w);
	e = published(1);
	journal_entry_write(&e, &w);
	w.buf[4] = 99;
	ck_assert_int_eq(journal_entry_read(wr_slice(&w), &r, &len), ERR_UNSUPPORTED);
	w.buf[4] = JOURNAL_UNRESOLVED; /* of no records */
	wr_u64(&w, 0);
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(journal_entry_read(wr_slice(&w), &r, &len), ERR_MALFORMED);
	w.len -= 8;
	w.buf[4] = JOURNAL_PUBLISHED;
	wr_u8(&w, 0);
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(journal_entry_read(wr_slice(&w), &r, &len), ERR_MALFORMED);
	wr_free(&w);
}
END_TEST

/* --- reading -------------------------------------------------------------------------------- */

struct seen {
	uint64_t windows[128];
	size_t entries;
	struct journal_segment last;
	size_t segments, damaged;
};

static int
on_entry(void *arg, uint64_t segment UNUSED, struct journal_entry *e)
{
	struct seen *s = arg;

	if (s->entries < ARRAY_LEN(s->windows))
		s->windows[s->entries] = e->kind == JOURNAL_BATCH ? e->batch : e->window;
	s->entries++;
	return 0;
}

static int
on_segment(void *arg, const struct journal_segment *g)
{
	struct seen *s = arg;

	s->last = *g;
	s->segments++;
	s->damaged += g->end == JOURNAL_DAMAGED;
	return 0;
}

static struct seen
read_all(int want)
{
	struct seen s = {0};
	struct journal_reader r = {on_segment, on_entry, &s};

	ck_assert_msg(journal_read(dir_fd, &r, why, sizeof(why)) == want, "%s", why);
	return s;
}

static void
ck_told(void)
{
	if (told > 0)
		ck_assert_uint_ge(read_all(0).entries, told);
}

static void
in_file(uint64_t number, int flags, off_t size)
{
	char name[JOURNAL_NAME_LEN];
	int fd;

	journal_file_name(number, name);
	fd = openat(dir_fd, name, flags, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

static off_t
size_of(uint64_t number)
{
	char name[JOURNAL_NAME_LEN];
	struct stat st;

	journal_file_name(number, name);
	ck_assert_int_eq(fstatat(dir_fd, name, &st, 0), 0);
	return st.st_size;
}

/* Three blocks: 1; 2 and 3; 4. */
static off_t
three_blocks(off_t ends[3])
{
	struct journal_conf c = conf();
	struct journal *j = begun(&c);

	put(j, published(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	ends[0] = size_of(1);
	put(j, published(2), NULL);
	put(j, published(3), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	ends[1] = size_of(1);
	put(j, published(4), NULL);
	journal_close(j);
	ends[2] = size_of(1);
	return ends[2];
}

START_TEST(cut_at_every_byte)
{
	off_t ends[3];

	for (off_t n = three_blocks(ends); n >= 0; n--) {
		struct seen s;
		size_t want = n == ends[2] ? 4 : n >= ends[1] ? 3 : n >= ends[0] ? 1 : 0;

		in_file(1, O_WRONLY, n);
		s = read_all(0);
		ck_assert_uint_eq(s.segments, 1);
		ck_assert_uint_eq(s.entries, want);
		ck_assert_int_eq(s.last.end, n == ends[2] || n == ends[1] || n == ends[0] || n == JOURNAL_HEADER_BYTES
						     ? JOURNAL_WHOLE
						     : JOURNAL_TORN);
		ck_assert(s.last.empty == (n < JOURNAL_HEADER_BYTES));
	}
}
END_TEST

/* A file that grew without its bytes. */
START_TEST(zeros_follow)
{
	off_t ends[3], n = three_blocks(ends);
	struct seen s;

	in_file(1, O_WRONLY, n + 5000);
	s = read_all(0);
	ck_assert_uint_eq(s.entries, 4);
	ck_assert_int_eq(s.last.end, JOURNAL_TORN);
	ck_assert_uint_eq(s.last.end_at, (uint64_t)n);
}
END_TEST

/* No flipped bit makes another entry of one; in all but the last block, which may be torn, it is damage. */
START_TEST(every_bit_flipped)
{
	char name[JOURNAL_NAME_LEN];
	off_t ends[3], n = three_blocks(ends);
	int fd;

	journal_file_name(1, name);
	fd = openat(dir_fd, name, O_RDWR);
	for (off_t at = 0; at < n; at++) {
		for (int bit = 0; bit < 8; bit++) {
			uint8_t was, is;
			struct seen s;
			int err;

			ck_assert_int_eq(pread(fd, &was, 1, at), 1);
			is = (uint8_t)(was ^ (1u << bit));
			ck_assert_int_eq(pwrite(fd, &is, 1, at), 1);
			s = (struct seen){0};
			err = journal_read(dir_fd, &(struct journal_reader){on_segment, on_entry, &s}, why, sizeof(why));
			ck_assert(err == 0 || err == ERR_UNSUPPORTED); /* its version's byte */
			ck_assert_uint_lt(s.entries, 4);
			for (size_t i = 0; i < s.entries; i++)
				ck_assert_uint_eq(s.windows[i], i + 1);
			if (err == 0)
				ck_assert_int_eq(s.last.end, at >= ends[1] ? JOURNAL_TORN : JOURNAL_DAMAGED);
			ck_assert_int_eq(pwrite(fd, &was, 1, at), 1);
		}
	}
	close(fd);
}
END_TEST

static void
flip(uint64_t segment, off_t at)
{
	char name[JOURNAL_NAME_LEN];
	uint8_t byte;
	int fd;

	journal_file_name(segment, name);
	fd = openat(dir_fd, name, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void
write_over(uint64_t number, off_t at, struct slice bytes)
{
	char name[JOURNAL_NAME_LEN];
	int fd;

	journal_file_name(number, name);
	fd = openat(dir_fd, name, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes.p, bytes.n, at), (ssize_t)bytes.n);
	close(fd);
}

/*
 * Of the last block, later pages came to the disk and the one that it begins in didn't.  With another block behind it,
 * it is damage; and where it can't be told with so many bytes read as the file has: a client chooses some of them.
 */
START_TEST(the_last_head_is_lost)
{
	static const uint8_t zeros[4096];
	uint8_t like_heads[512][JOURNAL_BLOCK_BYTES];
	struct journal_conf c = conf();
	struct journal *j = begun(&c);
	struct seen s;
	off_t at, end;

	put(j, batch(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	at = size_of(1);
	for (uint64_t n = 2; n < 60; n++)
		put(j, batch(n), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	end = size_of(1);
	ck_assert_int_gt(end, at + (off_t)sizeof(like_heads) + 4096);
	write_over(1, at, slice_of(zeros, (size_t)(4096 - at)));
	s = read_all(0);
	ck_assert_int_eq(s.last.end, JOURNAL_WHOLE); /* zeros, as a write leaves them, and what was there before */
	ck_assert_uint_eq(s.last.end_at, (uint64_t)at);
	ck_assert_uint_eq(s.entries, 1);
	put(j, batch(60), NULL);
	journal_close(j);
	ck_assert_int_eq(read_all(0).last.end, JOURNAL_DAMAGED);
	in_file(1, O_WRONLY, end);
	ck_assert_int_eq(read_all(0).last.end, JOURNAL_WHOLE);
	write_over(1, at, slice_of("?", 1));
	ck_assert_int_eq(read_all(0).last.end, JOURNAL_TORN);
	for (size_t i = 0; i < ARRAY_LEN(like_heads); i++)
		journal_block_begin(&s.last.header, like_heads[i], slice_of(zeros, sizeof(zeros)));
	write_over(1, at + 1, slice_of(like_heads, sizeof(like_heads)));
	ck_assert_int_eq(read_all(0).last.end, JOURNAL_DAMAGED);
}
END_TEST

/* What was torn off before stays off, however much of it comes to light later. */
START_TEST(behind_a_torn_one)
{
	struct journal_conf c = conf();
	off_t ends[3];
	struct journal *j;
	struct seen s;

	three_blocks(ends);
	in_file(1, O_WRONLY, ends[1] + 3);
	c.last_segment = 1;
	c.last_bytes = (uint64_t)ends[1];
	j = begun(&c);
	ck_assert_uint_eq(journal_first(j), 2);
	put(j, published(9), NULL);
	journal_close(j);
	s = read_all(0);
	ck_assert_uint_eq(s.entries, 4);
	ck_assert_uint_eq(s.windows[2], 3);
	ck_assert_uint_eq(s.windows[3], 9);
	ck_assert_uint_eq(s.damaged, 0);
	/* But what counted must be there. */
	in_file(1, O_WRONLY, ends[1] - 1);
	ck_assert_uint_eq(read_all(0).damaged, 1);
	ck_assert_int_eq(journal_remove(dir_fd, 1), 0);
	ck_assert_uint_eq(read_all(0).entries, 1);
}
END_TEST

/* --- a segment that is written over another one ------------------------------------------------ */

static bool
is_there(const char *name)
{
	return faccessat(dir_fd, name, F_OK, 0) == 0;
}

static ino_t
inode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(dir_fd, name, &st, 0), 0);
	return st.st_ino;
}

static struct wr
bytes_of(uint64_t number)
{
	struct wr w = wr_new(SIZE_MAX / 2);
	char name[JOURNAL_NAME_LEN];
	size_t n = (size_t)size_of(number);
	int fd;

	journal_file_name(number, name);
	fd = openat(dir_fd, name, O_RDONLY);
	ck_assert_ptr_nonnull(wr_room(&w, n));
	ck_assert_int_eq(pread(fd, w.buf, n, 0), (ssize_t)n);
	wr_commit(&w, n);
	close(fd);
	return w;
}

/* The first segment, of so many blocks that are all alike, goes; the next but one has its file, and `blocks` like them. */
static struct journal *
over_the_first(struct journal_conf *c, size_t before, size_t blocks, struct wr *ret_before)
{
	struct journal *j;
	ino_t first;
	char name[JOURNAL_NAME_LEN];

	c->segment_bytes = 1 << 20;
	j = begun(c);
	for (size_t i = 0; i < before; i++) {
		put(j, batch(100 + i), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	journal_file_name(1, name);
	first = inode_of(name);
	*ret_before = bytes_of(1);
	j->conf.segment_bytes = 1; /* the second one has one block */
	put(j, published(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert(!is_there("segment.spare"));
	j->conf.segment_bytes = 1 << 20;
	journal_drop(j, journal_idle(j));
	ck_assert_uint_eq(inode_of("segment.spare"), first);
	j->conf.segment_bytes = 1;
	put(j, batch(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	j->conf.segment_bytes = 1 << 20;
	ck_assert(!is_there("segment.spare"));
	journal_file_name(3, name);
	ck_assert_uint_eq(inode_of(name), first);
	for (size_t i = 2; i <= blocks; i++) {
		put(j, batch(i), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	return j;
}

/* Of the third segment: so many batches; and of what was there nothing. */
static struct seen
ck_over(size_t blocks)
{
	struct seen s = read_all(0);

	ck_assert_uint_eq(s.segments, 2);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_eq(s.entries, blocks + 1);
	for (size_t i = 1; i <= blocks; i++)
		ck_assert_uint_eq(s.windows[i], i);
	return s;
}

START_TEST(over_another_one)
{
	static const enum journal_sync all[] = {JOURNAL_SYNC_NONE, JOURNAL_SYNC_WINDOW, JOURNAL_SYNC_ALWAYS};
	struct journal_conf c = conf();
	struct journal *j;
	struct wr before;
	struct seen s;

	c.sync = all[_i];
	j = over_the_first(&c, 60, 3, &before);
	for (size_t n = 3; n <= 90; n++) { /* and beyond its end */
		s = ck_over(n);
		ck_assert_int_eq(s.last.end, JOURNAL_WHOLE);
		ck_assert_str_eq(s.last.fault, "");
		ck_assert_uint_ge((uint64_t)size_of(3), s.last.bytes);
		put(j, batch(n + 1), NULL);
		ck_assert_int_eq(journal_sync(j), 0);
		if (c.sync != JOURNAL_SYNC_NONE)
			lose_power();
	}
	ck_assert_uint_eq((uint64_t)size_of(3), ck_over(91).last.bytes);
	journal_close(j);
	wr_free(&before);
}
END_TEST

/*
 * A kill, or a power loss, in the middle of the last write: so many bytes of it are there, the first or the last ones,
 * and for the others those that were there before, which are blocks, too.
 */
START_TEST(torn_over_another_one)
{
	struct journal_conf c = conf();
	struct wr before, was, is;
	struct journal *j = over_the_first(&c, 60, 2, &before);
	size_t from, to;

	from = (size_t)ck_over(2).last.bytes;
	was = bytes_of(3);
	put(j, batch(3), NULL);
	journal_close(j);
	to = (size_t)ck_over(3).last.bytes;
	is = bytes_of(3);
	ck_assert_uint_eq(was.len, is.len);
	/* Where no zeros end it the block that was there follows at once, and the rest of it where they do. */
	for (int zeros = 0; zeros < 2; zeros++) {
		const uint8_t *old = zeros ? was.buf : before.buf;

		for (size_t n = from; n < to; n++) {
			struct seen s;

			write_over(3, (off_t)from, slice_of(is.buf + from, n - from));
			write_over(3, (off_t)n, slice_of(old + n, is.len - n));
			if (memcmp(old + n, is.buf + n, to - n) != 0) {
				s = ck_over(2);
				ck_assert_uint_eq(s.last.end_at, from);
			}
			write_over(3, (off_t)from, slice_of(old + from, n - from));
			write_over(3, (off_t)n, slice_of(is.buf + n, is.len - n));
			if (n > from && memcmp(old + from, is.buf + from, n - from) != 0)
				(void)ck_over(2);
		}
	}
	wr_free(&before);
	wr_free(&was);
	wr_free(&is);
}
END_TEST

/* A block that leaves so few bytes of its page that the next one's first bytes don't fit. */
START_TEST(near_the_end_of_a_page)
{
	static const uint8_t id[4096];
	struct journal_conf c = conf();
	struct wr before;
	struct journal *j = over_the_first(&c, 60, 1, &before);
	uint64_t end = ck_over(1).last.bytes, one;
	struct journal_entry e = batch(2);
	struct seen s;

	wr_free(&before);
	put(j, e, NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	one = ck_over(2).last.bytes - end;
	e.batch = 3;
	e.who.client_id = slice_of(id, 4096 - (uint64_t)_i - (end + 2 * one) + e.who.client_id.n);
	put(j, e, NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	s = ck_over(3);
	ck_assert_uint_eq(s.last.bytes, 4096 - (uint64_t)_i);
	ck_assert_int_eq(s.last.end, JOURNAL_WHOLE);
	put(j, batch(4), NULL);
	journal_close(j);
	ck_assert_int_eq(ck_over(4).last.end, JOURNAL_WHOLE);
}
END_TEST

/* Small blocks have their place among zeros that were written ahead, without a write each; not with `always`, whose sync would take those along. */
START_TEST(stored_over_another_one)
{
	static const enum journal_sync all[] = {JOURNAL_SYNC_NONE, JOURNAL_SYNC_WINDOW, JOURNAL_SYNC_ALWAYS};
	enum { BLOCKS = 120 };
	static const uint8_t id[3000];
	struct journal_conf c = conf();
	struct journal_entry large = batch(BLOCKS + 1);
	struct journal *j;
	struct wr before;
	size_t bytes;

	c.sync = all[_i];
	j = over_the_first(&c, 2000, 1, &before);
	wr_free(&before);
	writes = 0;
	for (size_t n = 2; n <= BLOCKS; n++) {
		put(j, batch(n), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	bytes = (size_t)ck_over(BLOCKS).last.bytes;
	if (c.sync == JOURNAL_SYNC_ALWAYS)
		ck_assert_uint_eq(writes, BLOCKS - 1);
	else
		ck_assert_uint_le(writes, 2 * (bytes / JOURNAL_SEGMENT_AHEAD + 1));
	/* A large one is written among them. */
	large.who.client_id = slice_of(id, sizeof(id));
	writes = 0;
	put(j, large, NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_uint_eq(writes, 1);
	put(j, batch(BLOCKS + 2), NULL);
	journal_close(j);
	ck_assert_int_eq(ck_over(BLOCKS + 2).last.end, JOURNAL_WHOLE);
}
END_TEST

/* A page that can't be had is met in the middle of a block, which is written then, and so are the next ones. */
START_TEST(no_page_to_store_in)
{
	struct journal_conf c = conf();
	struct wr before;
	struct journal *j = over_the_first(&c, 2000, 2, &before);

	wr_free(&before);
	in_file(3, O_WRONLY, 4096); /* cut off by somebody */
	writes = 0;
	for (size_t n = 3; n <= 40; n++) {
		put(j, batch(n), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
		(void)ck_over(n);
	}
	ck_assert_uint_gt(writes, 20);
	journal_close(j);
}
END_TEST

/* Killed at any moment: what was committed is there, whole, to whoever reads it, and so it is to who reads it meanwhile. */
START_TEST(killed_while_it_stores)
{
	static const uint8_t id[6000];
	uint64_t *count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t at = (uint64_t)(_i * 11 % 97);
	struct journal_conf c = conf();
	struct journal *j;
	struct wr before;
	pid_t child;
	struct seen s;

	ck_assert_ptr_ne(count, MAP_FAILED);
	j = over_the_first(&c, 2000, 1, &before);
	wr_free(&before);
	child = fork();
	for (uint64_t n = 2; child == 0; n++) {
		struct journal_entry e = batch(n);

		/* One in eight is too large to be stored. */
		e.who.client_id = slice_of(id, (n * 2654435761u >> 8) % (n % 8 == 0 ? sizeof(id) : 1500));
		if (n > 120)
			(void)pause(); /* as many as are looked at */
		if (journal_put(j, &e, NULL) != 0 || journal_commit(j) != 0)
			_exit(1);
		__atomic_store_n(count, n, __ATOMIC_SEQ_CST);
	}
	while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < at)
		ck_assert_uint_eq(read_all(0).damaged, 0);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	s = read_all(0);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_ge(s.entries, *count + 1);
	ck_assert_uint_le(s.entries, *count + 2);
	munmap(count, sizeof(*count));
	journal_close(j); /* which has nothing to write here */
}
END_TEST

/* However the blocks before stand, whole and where the next one would be: they are of another segment. */
START_TEST(what_was_there_is_no_block)
{
	struct journal_conf c = conf();
	struct wr before;
	struct journal *j = over_the_first(&c, 60, 5, &before);
	struct seen s = ck_over(5);
	struct slice entries;
	enum journal_end end;
	struct journal_header first;
	size_t next;

	ck_assert_int_eq(journal_header_read(wr_slice(&before), &first), 0);
	ck_assert(journal_block_read(&first, wr_slice(&before), s.last.bytes, &entries, &next, &end));
	write_over(3, (off_t)s.last.bytes, slice_of(before.buf + s.last.bytes, before.len - s.last.bytes));
	s = ck_over(5);
	ck_assert_int_eq(s.last.end, JOURNAL_TORN);
	journal_close(j);
	wr_free(&before);
}
END_TEST

/* In all but the last block a flipped bit is damage; so are zeros. */
START_TEST(damaged_over_another_one)
{
	static const uint8_t zeros[4096];
	struct journal_conf c = conf();
	struct wr before, is;
	struct journal *j = over_the_first(&c, 60, 3, &before);
	size_t last, to;

	journal_close(j);
	to = (size_t)ck_over(3).last.bytes;
	is = bytes_of(3);
	last = JOURNAL_HEADER_BYTES + 2 * (to - JOURNAL_HEADER_BYTES) / 3;
	for (size_t at = JOURNAL_HEADER_BYTES; at < to; at++) {
		for (int bit = 0; bit < 8; bit++) {
			uint8_t other = (uint8_t)(is.buf[at] ^ (1u << bit));

			write_over(3, (off_t)at, slice_of(&other, 1));
			ck_assert_uint_eq(read_all(0).damaged, at < last);
		}
		write_over(3, (off_t)at, slice_of(is.buf + at, 1));
	}
	write_over(3, JOURNAL_HEADER_BYTES, slice_of(zeros, 200));
	ck_assert_uint_eq(read_all(0).damaged, 1);
	ck_assert_str_eq(read_all(0).last.fault, "zeros where a block should begin");
	wr_free(&before);
	wr_free(&is);
}
END_TEST

/* A spare is of its run alone, and goes with its journal; one whose sync failed, or that is much too large, is none. */
START_TEST(no_spare)
{
	struct journal_conf c = conf();
	struct wr before;
	struct journal *j = over_the_first(&c, 3, 1, &before);
	static uint8_t value[1 << 20];
	struct journal_entry large = {.kind = JOURNAL_STATED, .chain = 1, .window = 1, .value = slice_of(value, sizeof(value))};

	wr_free(&before);
	journal_drop(j, 2);
	ck_assert(is_there("segment.spare"));
	journal_close(j);
	c.last_segment = 3;
	c.last_bytes = read_all(0).last.bytes;
	c.segment_bytes = 1000;
	c.sync = JOURNAL_SYNC_WINDOW;
	j = begun(&c);
	ck_assert(!is_there("segment.spare"));
	ck_assert_int_eq(journal_remove(dir_fd, 3), 0);
	put(j, batch(1), NULL);
	sync_fails = true;
	ck_assert_int_eq(journal_sync(j), ERR_IO);
	sync_fails = false;
	ck_assert_int_eq(journal_sync(j), 0);
	ck_assert_uint_eq(journal_last(j), 5);
	journal_drop(j, 4);
	ck_assert(!is_there("segment.spare"));
	put(j, large, NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	put(j, published(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_uint_eq(journal_last(j), 6);
	journal_drop(j, 5);
	ck_assert_uint_eq(read_all(0).segments, 1);
	ck_assert(!is_there("segment.spare"));
	for (uint64_t n = 1; journal_last(j) < 7; n++) {
		put(j, batch(n), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	journal_drop(j, 6);
	ck_assert(is_there("segment.spare"));
	journal_close(j);
	ck_assert_int_eq(journal_remove(dir_fd, 7), 0);
	ck_assert(!is_there("segment.spare"));
}
END_TEST

/* A reader has the file open, and the journal writes the next segment over it. */
static struct journal *write_meanwhile;
static ino_t when_it_is;

ssize_t
read(int fd, void *to, size_t n)
{
	struct journal *j = write_meanwhile;
	struct stat st;

	if (j != NULL && fstat(fd, &st) == 0 && st.st_ino == when_it_is) {
		write_meanwhile = NULL;
		journal_drop(j, journal_idle(j));
		j->conf.segment_bytes = 1;
		put(j, batch(9), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	return (ssize_t)syscall(SYS_read, fd, to, n);
}

START_TEST(over_one_that_is_read)
{
	struct journal_conf c = conf();
	struct journal *j = begun(&c);
	struct seen s;

	put(j, published(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	j->conf.segment_bytes = 1;
	put(j, published(2), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	j->conf.segment_bytes = 1 << 20;
	write_meanwhile = j;
	when_it_is = inode_of("journal.0000000000000001");
	s = read_all(0);
	ck_assert_ptr_null(write_meanwhile);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_eq(s.entries, 2);
	ck_assert_uint_eq(s.windows[1], 9);
	journal_close(j);
}
END_TEST

/* What the reader had before the journal wrote on, and what is behind that after it did: it reads again before it says "damaged". */
static struct wr written;

static int
writes_on(void *arg, uint64_t segment, struct journal_entry *e)
{
	if (segment == 3 && e->batch == 1)
		write_over(3, 0, wr_slice(&written));
	return on_entry(arg, segment, e);
}

START_TEST(written_on_while_it_is_read)
{
	static const uint8_t zeros[4096];
	struct journal_conf c = conf();
	struct wr before;
	struct journal *j = over_the_first(&c, 60, 3, &before);
	struct seen s = {0};
	struct journal_reader r = {on_segment, writes_on, &s};
	size_t each = ((size_t)ck_over(3).last.bytes - JOURNAL_HEADER_BYTES) / 3;

	journal_close(j);
	written = bytes_of(3);
	write_over(3, (off_t)(JOURNAL_HEADER_BYTES + each), slice_of(zeros, each));
	ck_assert_uint_eq(read_all(0).damaged, 1);
	ck_assert_int_eq(journal_read(dir_fd, &r, why, sizeof(why)), 0);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_eq(s.entries, 4);
	ck_assert_uint_eq(s.windows[3], 3);
	ck_assert_int_eq(s.last.end, JOURNAL_WHOLE);
	wr_free(&before);
	wr_free(&written);
}
END_TEST

/* --- as version 1 had it ------------------------------------------------------------------------ */

static void
write_version_1(size_t blocks, size_t ends[])
{
	struct journal_header h = {.version = 1, .number = 1};
	struct wr w = wr_new(SIZE_MAX / 2);
	char name[JOURNAL_NAME_LEN];
	static const uint8_t fill[33] = {7};
	uint8_t begin[JOURNAL_BLOCK_BYTES];
	int fd;

	wr_text(&w, "makoto-kafka journal 1\n");
	wr_bytes(&w, fill, sizeof(fill)); /* instance, boot, sync */
	wr_u64(&w, 1);
	wr_u64(&w, 0);
	wr_u32(&w, crc32c(0, wr_slice(&w)));
	ck_assert_uint_eq(w.len, journal_header_length(&h));
	for (size_t i = 0; i < blocks; i++) {
		struct wr e = wr_new(SIZE_MAX / 2);
		struct journal_entry p = published(i + 1);

		journal_entry_write(&p, &e);
		journal_block_begin(&h, begin, wr_slice(&e));
		wr_bytes(&w, begin, sizeof(begin));
		wr_slice_put(&w, wr_slice(&e));
		wr_free(&e);
		ends[i] = w.len;
	}
	journal_file_name(1, name);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(pwrite(fd, w.buf, w.len, 0), (ssize_t)w.len);
	close(fd);
	wr_free(&w);
}

START_TEST(version_1)
{
	struct journal_conf c = conf();
	size_t ends[3];
	struct seen s;

	write_version_1(3, ends);
	/* The CRC-32C of a block's entries, as that version had it. */
	{
		struct wr w = bytes_of(1);

		uint32_t field[2];

		memcpy(field, w.buf + ends[2] - 17 - JOURNAL_BLOCK_BYTES, sizeof(field));
		ck_assert_uint_eq(__builtin_bswap32(field[0]), 17);
		ck_assert_uint_eq(__builtin_bswap32(field[1]), crc32c(0, slice_of(w.buf + ends[2] - 17, 17)));
		wr_free(&w);
	}
	s = read_all(0);
	ck_assert_uint_eq(s.entries, 3);
	ck_assert_int_eq(s.last.end, JOURNAL_WHOLE);
	ck_assert_uint_eq(s.last.header.version, 1);
	/* It is gone on with in version 2. */
	c.last_segment = 1;
	c.last_bytes = s.last.bytes;
	journal_close(begun(&c));
	s = read_all(0);
	ck_assert_uint_eq(s.segments, 2);
	ck_assert_uint_eq(s.last.header.version, 2);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_int_eq(journal_remove(dir_fd, 2), 0);
	/* Behind a block that can't be read there was nothing, or it was damaged. */
	write_version_1(3, ends);
	flip(1, (off_t)ends[1] - 1);
	in_file(1, O_WRONLY, (off_t)ends[1] + 1);
	ck_assert_int_eq(read_all(0).last.end, JOURNAL_DAMAGED);
	in_file(1, O_WRONLY, (off_t)ends[1]);
	ck_assert_int_eq(read_all(0).last.end, JOURNAL_TORN);
	ck_assert_uint_eq(read_all(0).entries, 1);
	for (off_t n = (off_t)ends[0]; n >= 0; n--) {
		in_file(1, O_WRONLY, n);
		s = read_all(0);
		ck_assert_uint_eq(s.entries, n == (off_t)ends[0]);
		ck_assert_uint_eq(s.damaged, n >= JOURNAL_HEADER_BYTES - 4 ? 0 : s.damaged);
	}
}
END_TEST

START_TEST(one_is_missing)
{
	struct journal_conf c = conf();
	char name[JOURNAL_NAME_LEN];

	ck_assert_uint_eq(read_all(0).segments, 0);
	for (uint64_t n = 0; n < 3; n++) {
		c.last_segment = n;
		c.last_bytes = n == 0 ? 0 : JOURNAL_HEADER_BYTES;
		journal_close(begun(&c));
	}
	ck_assert_uint_eq(read_all(0).segments, 3);
	journal_file_name(2, name);
	ck_assert_int_eq(unlinkat(dir_fd, name, 0), 0);
	read_all(ERR_MALFORMED);
	ck_assert_msg(strstr(why, name) != NULL, "%s", why);
}
END_TEST

/* --- writing --------------------------------------------------------------------------------- */

/* A segment goes when it is the oldest, and no batch and no chain needs it. */
START_TEST(segments_go)
{
	struct journal_conf c = conf();
	struct journal_entry head = {.kind = JOURNAL_CHAIN, .chain = 3};
	struct journal_hold in_first, in_second, chain_in;
	uint64_t segments, bytes;
	struct journal *j;
	bool failing;

	head.head.cluster_id = head.head.topic = (char[]){"t"};
	head.head.head = head_begin();
	c.segment_bytes = 300;
	j = begun(&c);
	put(j, head, &chain_in);
	put(j, batch(1), &in_first);
	ck_assert_int_eq(journal_commit(j), 0);
	put(j, published(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	put(j, batch(2), &in_second);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_uint_eq(in_first.segment, 1);
	ck_assert_uint_eq(in_second.segment, 2);
	ck_assert_uint_eq(journal_idle(j), 0);
	journal_release(j, &in_second);
	ck_assert_uint_eq(journal_idle(j), 0); /* the first one is in its way */
	journal_release(j, &in_first);
	ck_assert_uint_eq(journal_idle(j), 1);
	journal_drop(j, 1);
	ck_assert_uint_eq(journal_idle(j), 1); /* a chain's head is in it */
	put(j, head, NULL);
	journal_release(j, &chain_in);
	ck_assert_int_eq(journal_commit(j), 0);
	journal_drop(j, journal_idle(j));
	journal_count(j, &segments, &bytes, &failing);
	ck_assert_uint_eq(segments, 1);
	ck_assert_uint_eq(bytes, (uint64_t)size_of(journal_last(j)));
	ck_assert(!failing);
	journal_close(j);
	ck_assert_uint_eq(read_all(0).segments, 1);
}
END_TEST

/* One entry that is needed on and on, and 100 segments behind it: written anew, it keeps no more than a few. */
START_TEST(one_that_stays)
{
	static const enum journal_sync all[] = {JOURNAL_SYNC_NONE, JOURNAL_SYNC_WINDOW, JOURNAL_SYNC_ALWAYS};
	struct journal_conf c = conf();
	struct journal_hold stays, goes;
	uint64_t segments, bytes;
	struct journal *j;
	size_t there = 0;
	bool failing;
	struct seen s;

	c.sync = all[_i];
	c.segment_bytes = 2000;
	j = begun(&c);
	put(j, batch(1), &stays);
	while (journal_last(j) < 100) {
		struct journal_entry e = batch(1);

		put(j, batch(2), &goes);
		ck_assert_int_eq(journal_commit(j), 0);
		journal_release(j, &goes);
		if (journal_crowded(j) == 0)
			continue;
		ck_assert_uint_eq(journal_crowded(j), stays.segment);
		ck_assert_uint_eq(journal_idle(j), 0);
		ck_assert_int_eq(journal_put_again(j, &e, &stays, NULL), 0);
		ck_assert_uint_eq(stays.segment, journal_last(j));
		ck_assert_uint_eq(journal_crowded(j), 0);
		ck_assert_uint_eq(journal_idle(j), journal_last(j) - 1);
		ck_assert_int_eq(journal_sync(j), 0);
		journal_drop(j, journal_idle(j));
		journal_count(j, &segments, &bytes, &failing);
		ck_assert_uint_le(segments, 2);
	}
	journal_count(j, &segments, &bytes, &failing);
	ck_assert_uint_le(segments, 6);
	journal_close(j);
	s = read_all(0);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_le(s.entries, ARRAY_LEN(s.windows));
	for (size_t i = 0; i < s.entries; i++)
		there += s.windows[i] == 1;
	ck_assert_uint_eq(there, 1);
}
END_TEST

/* Where all is needed, nothing would be won; past its size it still takes what is put anew, and that stays apart. */
START_TEST(all_of_it_stays)
{
	struct journal_conf c = conf();
	struct journal_entry e = batch(1);
	struct journal_hold h[100];
	struct journal *j;
	size_t n = 0;
	int err;

	c.segment_bytes = 500;
	c.max_bytes = 20000;
	j = begun(&c);
	while ((err = journal_put(j, &e, &h[n])) == 0) {
		ck_assert_int_eq(journal_commit(j), 0);
		ck_assert_uint_eq(journal_crowded(j), 0);
		n++;
	}
	ck_assert_int_eq(err, ERR_LIMIT);
	for (size_t i = 1; i < n; i++)
		journal_release(j, &h[i]);
	ck_assert_uint_eq(journal_crowded(j), 1);
	ck_assert_int_eq(journal_put_again(j, &e, &h[0], NULL), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	journal_drop(j, journal_idle(j));
	ck_assert_int_eq(journal_put(j, &e, NULL), 0);
	journal_close(j);
}
END_TEST

START_TEST(its_size_is_limited)
{
	struct journal_conf c = conf();
	struct journal_entry e = batch(1);
	struct journal *j;
	int n = 0, err;

	c.max_bytes = 4000;
	j = begun(&c);
	while ((err = journal_put(j, &e, NULL)) == 0 && n < 100)
		n++;
	ck_assert_int_eq(err, ERR_LIMIT);
	ck_assert_int_gt(n, 3);
	put(j, published(1), NULL); /* what makes room is taken */
	journal_close(j);
	ck_assert_uint_eq(read_all(0).entries, (size_t)n + 1);
}
END_TEST

/* A sync fails once, of what was written before.  The kernel calls that clean, and the disk may not have it: what is told to be on disk is put there anew. */
START_TEST(a_sync_that_fails)
{
	struct journal_entry stated = {.kind = JOURNAL_STATED, .chain = 1, .window = 2, .value = slice_str("{}")}, e;
	struct journal_conf c = conf();
	struct journal_place place = {0}, gone = {0};
	struct journal_hold hold;
	struct wr w = wr_new(SIZE_MAX / 2);
	struct journal *j;
	struct seen s;
	size_t len;

	c.sync = JOURNAL_SYNC_WINDOW;
	c.segment_bytes = _i == 0 ? 1 << 20 : 1; /* then it is that in front of the next segment */
	j = begun(&c);
	put(j, batch(1), NULL);
	ck_assert_int_eq(journal_sync(j), 0);
	ck_assert_int_eq(journal_put_placed(j, &stated, &hold, &place), 0);
	ck_assert_int_eq(journal_put_placed(j, &stated, NULL, &gone), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	journal_forget_place(j, &gone);
	put(j, batch(3), NULL);
	for (int n = 0; n < 3; n++) {
		sync_fails = true;
		ck_assert_int_eq(journal_sync(j), ERR_IO);
		sync_fails = false;
		if (n < 2)
			ck_assert_int_eq(journal_commit(j), 0); /* written to another file, whose sync fails next */
	}
	ck_assert_int_eq(journal_sync(j), 0);
	put(j, batch(4), NULL);
	ck_assert_int_eq(journal_sync(j), 0);
	lose_power();
	s = read_all(0);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_eq(s.entries, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_uint_eq(s.windows[i], i + (i < 2));
	/* Where it stands now is known, and its segment is not before the one that stays for it. */
	ck_assert_int_eq(journal_get(j, &place, &w), 0);
	ck_assert_int_eq(journal_entry_read(wr_slice(&w), &e, &len), 0);
	ck_assert(slice_eq(e.value, stated.value));
	ck_assert_uint_ge(place.segment, hold.segment);
	ck_assert_int_eq(journal_put_again(j, &stated, &hold, &place), 0);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_int_eq(journal_put_again(j, &stated, &hold, &place), 0); /* no sync in between */
	wr_free(&w);
	journal_close(j);
}
END_TEST

/* With `always` a batch is let in once all before it is on disk: else two blocks could get there in any order. */
START_TEST(let_in_behind_what_is_on_disk)
{
	struct journal_conf c = conf();
	struct journal *j;

	c.sync = JOURNAL_SYNC_ALWAYS;
	j = begun(&c);
	put(j, batch(1), NULL);
	ck_assert_int_eq(journal_sync(j), 0);
	put(j, batch(2), NULL);
	sync_fails = true;
	ck_assert_int_eq(journal_sync(j), ERR_IO);
	sync_fails = false;
	put(j, batch(3), NULL);
	lose_power();
	ck_assert_uint_eq(read_all(0).damaged, 0);
	ck_assert_uint_eq(read_all(0).entries, 2);
	journal_close(j);
}
END_TEST

/* What is called segment.tmp at a start may have a segment's name on disk still: another file takes its place. */
START_TEST(a_file_that_was_left)
{
	struct journal_conf c = conf();
	struct stat st;
	int fd = openat(dir_fd, "segment.tmp", O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, "left", 4), 4);
	close(fd);
	ck_assert_int_eq(linkat(dir_fd, "segment.tmp", dir_fd, "other", 0), 0);
	journal_close(begun(&c));
	ck_assert_int_eq(fstatat(dir_fd, "other", &st, 0), 0);
	ck_assert_int_eq(st.st_size, 4);
	ck_assert_int_eq(unlinkat(dir_fd, "other", 0), 0);
}
END_TEST

/* What a failed sync left isn't there any more when it is to be put anew: nothing is told to be on disk. */
START_TEST(a_sync_that_fails_and_loses)
{
	struct journal_conf c = conf();
	struct journal *j;
	struct seen s;
	off_t at;

	c.sync = JOURNAL_SYNC_WINDOW;
	j = begun(&c);
	put(j, batch(1), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	at = size_of(1) - 1;
	sync_fails = true;
	ck_assert_int_eq(journal_sync(j), ERR_IO);
	sync_fails = false;
	flip(1, at);
	for (int n = 0; n < 3; n++) {
		ck_assert_int_eq(journal_sync(j), ERR_IO);
		put(j, published(2 + (uint64_t)n), NULL);
	}
	flip(1, at);
	ck_assert_int_eq(journal_sync(j), 0);
	lose_power();
	s = read_all(0);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_eq(s.entries, 4);
	journal_close(j);
}
END_TEST

/* The rest of a segment that was written over another goes into one that is, too. */
START_TEST(a_sync_that_fails_over_another_one)
{
	struct journal_conf c = conf();
	struct wr before;
	struct journal *j;
	struct seen s;

	c.sync = JOURNAL_SYNC_WINDOW;
	j = over_the_first(&c, 60, 3, &before);
	wr_free(&before);
	ck_assert_int_eq(journal_sync(j), 0);
	journal_drop(j, 2);
	for (uint64_t n = 4; n <= 6; n++) {
		put(j, batch(n), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	sync_fails = true;
	ck_assert_int_eq(journal_sync(j), ERR_IO);
	sync_fails = false;
	ck_assert(is_there("segment.spare"));
	ck_assert_int_eq(journal_sync(j), 0);
	ck_assert(!is_there("segment.spare"));
	put(j, batch(7), NULL);
	ck_assert_int_eq(journal_sync(j), 0);
	put(j, batch(8), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_uint_eq(read_all(0).entries, 8);
	lose_power();
	s = read_all(0);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_eq(s.entries, 7);
	for (size_t i = 0; i < 7; i++)
		ck_assert_uint_eq(s.windows[i], i + 1);
	journal_close(j);
}
END_TEST

/* Nor while there is no memory for one more segment: the file whose sync failed takes no more. */
START_TEST(a_sync_that_fails_and_no_memory)
{
	struct journal_conf c = conf();
	struct journal *j;
	uint64_t n, last = 0;
	struct seen s;

	c.sync = JOURNAL_SYNC_ALWAYS;
	c.segment_bytes = 1;
	j = begun(&c);
	no_memory = true;
	for (n = 1; journal_last(j) != last; n++) { /* as many as there is room for */
		last = journal_last(j);
		put(j, batch(n), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	}
	put(j, batch(n), NULL);
	sync_fails = true;
	ck_assert_int_eq(journal_commit(j), ERR_IO);
	sync_fails = false;
	ck_assert_int_eq(journal_commit(j), ERR_IO);
	no_memory = false;
	ck_assert_int_eq(journal_commit(j), 0);
	lose_power();
	s = read_all(0);
	ck_assert_uint_eq(s.damaged, 0);
	ck_assert_uint_eq(s.entries, n);
	journal_close(j);
}
END_TEST

static void
limit_disk(rlim_t bytes)
{
	struct rlimit lim = {bytes, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
}

/* While what a failed sync left goes to another segment, a kill leaves all that was told to be written; a full disk likewise. */
START_TEST(killed_behind_a_sync_that_fails)
{
	struct journal_conf c = conf();
	struct journal *j;

	c.sync = JOURNAL_SYNC_WINDOW;
	j = begun(&c);
	put(j, batch(1), NULL);
	ck_assert_int_eq(journal_sync(j), 0);
	for (uint64_t n = 2; n <= 4; n++) {
		put(j, batch(n), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
		told = n;
	}
	sync_fails = true;
	ck_assert_int_eq(journal_sync(j), ERR_IO);
	sync_fails = false;
	limit_disk(JOURNAL_HEADER_BYTES + 10);
	put(j, published(5), NULL);
	ck_assert_int_eq(journal_commit(j), ERR_IO);
	ck_told();
	limit_disk(RLIM_INFINITY);
	ck_assert_int_eq(journal_commit(j), 0);
	told = 5;
	ck_assert_int_eq(journal_sync(j), 0);
	journal_close(j);
	ck_assert_uint_eq(read_all(0).segments, 2);
}
END_TEST

/* A disk that is full: a batch is refused, the rest waits, and nothing is half there. */
START_TEST(a_full_disk)
{
	static const enum journal_sync all[] = {JOURNAL_SYNC_NONE, JOURNAL_SYNC_WINDOW, JOURNAL_SYNC_ALWAYS};
	struct journal_conf c = conf();
	struct journal_entry e = batch(7);
	struct journal_hold h = {0};
	struct journal *j;
	struct seen s;

	c.sync = all[_i];
	j = begun(&c);
	put(j, published(1), NULL);
	ck_assert_int_eq(journal_sync(j), 0);
	limit_disk((rlim_t)size_of(1) + 20);
	put(j, published(2), NULL);
	ck_assert_int_eq(journal_commit(j), ERR_IO);
	ck_assert_int_eq(journal_put(j, &e, NULL), ERR_IO);
	ck_assert_int_eq(journal_put_again(j, &e, &h, NULL), ERR_IO);
	ck_assert_uint_eq(h.segment, 0);
	put(j, published(3), NULL);
	ck_assert_int_eq(journal_sync(j), ERR_IO);
	ck_assert_uint_eq(read_all(0).entries, 1);
	limit_disk(RLIM_INFINITY);
	put(j, batch(4), NULL);
	ck_assert_int_eq(journal_commit(j), 0);
	journal_close(j);
	s = read_all(0);
	ck_assert_uint_eq(s.entries, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(s.windows[i], i + 1);
	ck_assert_int_eq(s.last.end, JOURNAL_WHOLE);
}
END_TEST

/* A large block is written in pieces, in a new file and over another one; until the last one is there nothing is. */
START_TEST(in_pieces)
{
	enum { PIECE = 64 << 10, PIECES = 5 };
	static uint8_t value[PIECES * PIECE - PIECE / 2];
	struct journal_conf c = conf();
	struct journal_entry e = {.kind = JOURNAL_STATED, .chain = 3, .window = 2, .value = slice_of(value, sizeof(value))};
	struct wr before = wr_new(0);
	struct journal *j;
	struct seen was, is;

	if (_i == 0) {
		j = begun(&c);
		put(j, batch(1), NULL);
		ck_assert_int_eq(journal_commit(j), 0);
	} else {
		j = over_the_first(&c, 2000, 1, &before);
		ck_assert_uint_gt(before.len, 2 * sizeof(value));
	}
	was = read_all(0);
	largest_write = 0;
	put(j, e, NULL);
	for (int left = PIECES - 1; left >= 0; left--) { /* at first over what was there, which is cut off then */
		writes_left = left;
		ck_assert_int_eq(journal_commit(j), ERR_IO);
		is = read_all(0);
		ck_assert_uint_eq(is.damaged, 0);
		ck_assert_uint_eq(is.entries, was.entries);
		ck_assert_uint_eq(is.last.bytes, was.last.bytes);
	}
	writes_left = PIECES;
	ck_assert_int_eq(journal_commit(j), 0);
	ck_assert_int_eq(writes_left, 0);
	ck_assert_uint_eq(largest_write, PIECE);
	writes_left = -1;
	put(j, batch(3), NULL);
	journal_close(j);
	is = read_all(0);
	ck_assert_uint_eq(is.damaged, 0);
	ck_assert_uint_eq(is.entries, was.entries + 2);
	ck_assert_int_eq(is.last.end, JOURNAL_WHOLE);
	wr_free(&before);
}
END_TEST

/* A recovery puts all that it found before it commits: not in one block, whose length has 32 bits. */
START_TEST(much_before_a_commit)
{
	struct journal_conf c = conf();
	struct journal_entry e = {.kind = JOURNAL_STATED, .chain = 1};
	static uint8_t value[1 << 20];
	struct journal *j;
	struct seen s;

	c.segment_bytes = 1 << 20;
	j = begun(&c);
	e.value = slice_of(value, sizeof(value));
	for (e.window = 1; e.window <= 40; e.window++)
		put(j, e, NULL);
	ck_assert_uint_gt(journal_last(j), 1);
	ck_assert_int_lt(size_of(1), 20 << 20);
	ck_assert_int_eq(journal_commit(j), 0);
	journal_close(j);
	s = read_all(0);
	ck_assert_uint_eq(s.entries, 40);
	for (size_t i = 0; i < s.entries; i++)
		ck_assert_uint_eq(s.windows[i], i + 1);
}
END_TEST

/* What nobody can write isn't kept for ever. */
START_TEST(a_disk_that_stays_full)
{
	struct journal_conf c = conf();
	struct journal_entry e = {.kind = JOURNAL_STATED, .chain = 1, .window = 1};
	struct journal_entry left = {.kind = JOURNAL_LEFT, .chain = 1, .batch = 1};
	static uint8_t value[1 << 20];
	struct journal *j = begun(&c);
	int n = 0;

	e.value = slice_of(value, sizeof(value));
	limit_disk(1);
	put(j, published(1), NULL);
	ck_assert_int_eq(journal_commit(j), ERR_IO);
	while (journal_put(j, &e, NULL) == 0 && n < 100)
		n++;
	ck_assert_int_lt(n, 100);
	/* That a batch isn't to be looked for has room: it is small, and of batches there are no more. */
	ck_assert_int_eq(journal_put(j, &left, NULL), 0);
	limit_disk(RLIM_INFINITY);
	/* Nobody sends a batch meanwhile. */
	ck_assert_int_eq(journal_put(j, &e, NULL), 0);
	journal_close(j);
	ck_assert_uint_eq(read_all(0).entries, (size_t)n + 3);
}
END_TEST

enum { THREADS = 4, EACH = 200 };

static struct journal_entry shared_batch;

static void *
write_some(void *arg)
{
	struct journal *j = arg;

	for (int i = 0; i < EACH; i++) {
		struct journal_entry e = shared_batch;
		struct journal_hold hold;

		if (journal_put(j, &e, &hold) != 0 || journal_commit(j) != 0)
			return arg;
		journal_release(j, &hold);
		journal_release(j, &hold); /* nothing is left of it */
		if (i % 16 == 0)
			journal_drop(j, journal_idle(j));
	}
	return NULL;
}

START_TEST(several_threads)
{
	static const enum journal_sync all[] = {JOURNAL_SYNC_NONE, JOURNAL_SYNC_ALWAYS};
	struct journal_conf c = conf();
	pthread_t t[THREADS];
	struct journal *j;
	void *failed;
	uint64_t last;

	shared_batch = batch(1);
	c.sync = all[_i];
	c.segment_bytes = 20000;
	j = begun(&c);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, write_some, j), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &failed);
		ck_assert_ptr_null(failed);
	}
	last = journal_last(j);
	ck_assert_uint_gt(last, 10);
	journal_close(j);
	ck_assert_uint_eq(read_all(0).damaged, 0);
	ck_assert_int_eq(journal_remove(dir_fd, last), 0);
	ck_assert_uint_eq(read_all(0).segments, 0);
}
END_TEST

START_TEST(a_directory_that_is_gone)
{
	struct journal_conf c = conf();
	struct journal *j = NULL;

	c.dir_fd = -1;
	ck_assert_int_eq(journal_open(&c, &j, why, sizeof(why)), ERR_IO);
	ck_assert_msg(strstr(why, "Bad file descriptor") != NULL, "%s", why);
	ck_assert_int_eq(journal_read(-1, &(struct journal_reader){0}, why, sizeof(why)), ERR_IO);
	journal_close(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *t = tcase_create("journal");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_batch_comes_back, 0, 2);
	tcase_add_test(t, the_others_come_back);
	tcase_add_test(t, settled_without_its_place);
	tcase_add_test(t, entries_that_lie);
	tcase_add_test(t, cut_at_every_byte);
	tcase_add_test(t, zeros_follow);
	tcase_add_test(t, every_bit_flipped);
	tcase_add_test(t, the_last_head_is_lost);
	tcase_add_test(t, behind_a_torn_one);
	tcase_add_loop_test(t, over_another_one, 0, 3);
	tcase_add_test(t, torn_over_another_one);
	tcase_add_loop_test(t, near_the_end_of_a_page, 0, 15);
	tcase_add_test(t, what_was_there_is_no_block);
	tcase_add_test(t, damaged_over_another_one);
	tcase_add_loop_test(t, stored_over_another_one, 0, 3);
	tcase_add_test(t, no_page_to_store_in);
	tcase_add_loop_test(t, killed_while_it_stores, 0, 40);
	tcase_add_test(t, no_spare);
	tcase_add_test(t, over_one_that_is_read);
	tcase_add_test(t, written_on_while_it_is_read);
	tcase_add_test(t, version_1);
	tcase_add_test(t, one_is_missing);
	tcase_add_test(t, segments_go);
	tcase_add_loop_test(t, one_that_stays, 0, 3);
	tcase_add_test(t, all_of_it_stays);
	tcase_add_test(t, its_size_is_limited);
	tcase_add_loop_test(t, a_sync_that_fails, 0, 2);
	tcase_add_test(t, let_in_behind_what_is_on_disk);
	tcase_add_test(t, a_file_that_was_left);
	tcase_add_test(t, a_sync_that_fails_and_loses);
	tcase_add_test(t, a_sync_that_fails_over_another_one);
	tcase_add_test(t, a_sync_that_fails_and_no_memory);
	tcase_add_test(t, killed_behind_a_sync_that_fails);
	tcase_add_loop_test(t, a_full_disk, 0, 3);
	tcase_add_loop_test(t, in_pieces, 0, 2);
	tcase_add_test(t, much_before_a_commit);
	tcase_add_test(t, a_disk_that_stays_full);
	tcase_add_loop_test(t, several_threads, 0, 2);
	tcase_add_test(t, a_directory_that_is_gone);
	suite_add_tcase(s, t);
	return suite_run(s);
}
