#include "attest/journal_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* What a segment is called until it has all that it begins with, … */
static const char unnamed[] = "segment.tmp";
/* … and once it is needed no more. */
static const char spare[] = "segment.spare";

/*
 * So many bytes a write at most.  The kernel keeps a file in pieces of memory as large as the write that they were got
 * for, as long as it has them, and ext4 goes through all of such a piece at each write that is smaller: where a segment
 * had large statements, a batch in the next one that is written over it would cost half as much again (bench/README.md).
 */
enum { PAGE_BYTES = 4096, WRITE_MAX = 64 << 10 };

/*
 * Larger blocks are written: what is saved goes into the pages that are met for the first time.  And with `always` each is
 * synced, with all zeros that were written ahead.
 */
enum { STORE_MAX = 2048 };

static bool
is_stored(const struct journal_segment_out *o, size_t n)
{
	return n <= STORE_MAX && o->header.sync != JOURNAL_SYNC_ALWAYS;
}

static int
write_at(int fd, struct slice s, uint64_t at)
{
	while (s.n > 0) {
		ssize_t n = pwrite(fd, s.p, s.n < WRITE_MAX ? s.n : WRITE_MAX, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* it never takes more */
		if (n <= 0)
			return ERR_IO;
		s.p += n;
		s.n -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

static uint64_t
round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* A block's first bytes behind it, too, are zeros of an earlier write. */
static bool
has_zeros(const struct journal_segment_out *o, uint64_t end)
{
	return end < o->room && end + JOURNAL_BLOCK_BYTES <= o->zeros;
}

/*
 * How many zeros go along: a block's first bytes at least, and to the end of the page; or of so many pages that the next
 * ones can be stored.  *ret_cut: what was there goes instead, as there is no page more of it.
 */
static size_t
tail_of(const struct journal_segment_out *o, uint64_t end, bool ahead, bool *ret_cut)
{
	uint64_t least = end + JOURNAL_BLOCK_BYTES, to = round_up(least, ahead ? JOURNAL_SEGMENT_AHEAD : PAGE_BYTES);

	*ret_cut = false;
	if (end >= o->room || has_zeros(o, end))
		return 0;
	if (to > o->room)
		to = round_up(least, PAGE_BYTES);
	*ret_cut = to > o->room;
	return *ret_cut ? 0 : (size_t)(to - end);
}

/* Nothing stands behind `end`.  If that fails something does, which no reader takes for a block. */
static void
cut_off(struct journal_segment_out *o, uint64_t end)
{
	o->room = 0;
	if (ftruncate(o->fd, (off_t)end) != 0)
		LOG_DEBUG("journal", "a torn end stays until it is written over");
}

int
journal_segment_append(struct journal_segment_out *o, struct wr *w, uint64_t at)
{
	uint64_t end = at + w->len;
	bool stored = is_stored(o, w->len), cut;
	size_t tail;
	int err;

	if (stored && has_zeros(o, end) && journal_map_store(&o->map, o->fd, o->room, wr_slice(w), at))
		return 0;
	tail = tail_of(o, end, stored, &cut);
	INVARIANT(w->cap - w->len >= tail);
	memset(w->buf + w->len, 0, tail);
	err = write_at(o->fd, slice_of(w->buf, w->len + tail), at);
	if (err != 0) {
		int saved = errno;

		/* Half a block would be in the way of the next; if it stays, that one covers it. */
		cut_off(o, at);
		errno = saved;
	} else if (cut) {
		cut_off(o, end);
	} else if (tail > 0) {
		o->zeros = end + tail;
	}
	return err;
}

/* *ret_room: how much is there already.  A file that was a segment is written over only when it surely is none any more. */
static int
open_unnamed(const struct journal_conf *conf, uint64_t *ret_room)
{
	bool over = renameat(conf->dir_fd, spare, conf->dir_fd, unnamed) == 0;
	struct stat st;
	int fd;

	if (over && conf->sync != JOURNAL_SYNC_NONE && fsync(conf->dir_fd) != 0)
		return -1;
	/* One that is left from such a failure, or a kill before it, may still be a segment on disk: it isn't touched. */
	if (!over && unlinkat(conf->dir_fd, unnamed, 0) != 0 && errno != ENOENT)
		return -1;
	fd = openat(conf->dir_fd, unnamed, O_RDWR | O_CLOEXEC | (over ? 0 : O_CREAT | O_EXCL), 0600);
	*ret_room = fd >= 0 && over && fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return fd;
}

int
journal_segment_begin(const struct journal_conf *conf, uint32_t salt, uint64_t number, uint64_t before_bytes,
		      struct slice rest, struct journal_segment_out *ret)
{
	struct journal_segment_out o = {
		.header = {.sync = conf->sync, .number = number, .before_bytes = before_bytes, .salt = salt}};
	struct wr w = wr_new(SIZE_MAX / 2);
	char name[JOURNAL_NAME_LEN];
	bool named = false;
	int saved, err;

	memcpy(o.header.instance, conf->instance, sizeof(o.header.instance));
	memcpy(o.header.boot, conf->boot, sizeof(o.header.boot));
	journal_header_write(&o.header, &w);
	wr_slice_put(&w, rest);
	(void)wr_room(&w, JOURNAL_SEGMENT_TAIL);
	if ((err = wr_err(&w)) != 0) {
		wr_free(&w);
		return err;
	}
	journal_file_name(number, name);
	o.fd = open_unnamed(conf, &o.room);
	err = o.fd < 0 ? ERR_IO : journal_segment_append(&o, &w, 0);
	if (err == 0 && conf->sync != JOURNAL_SYNC_NONE && fsync(o.fd) != 0)
		err = ERR_IO;
	if (err == 0 && !(named = renameat(conf->dir_fd, unnamed, conf->dir_fd, name) == 0))
		err = ERR_IO;
	if (err == 0 && conf->sync != JOURNAL_SYNC_NONE && fsync(conf->dir_fd) != 0)
		err = ERR_IO;
	saved = errno;
	wr_free(&w);
	if (err != 0 && o.fd >= 0) {
		(void)unlinkat(conf->dir_fd, named ? name : unnamed, 0);
		journal_segment_end(&o);
	}
	if (err == 0)
		*ret = o;
	errno = saved;
	return err;
}

void
journal_segment_end(struct journal_segment_out *o)
{
	journal_map_end(&o->map);
	close(o->fd);
}

int
journal_segment_retire(int dir_fd, uint64_t number, bool keep)
{
	char name[JOURNAL_NAME_LEN];

	journal_file_name(number, name);
	if (keep && renameat(dir_fd, name, dir_fd, spare) == 0)
		return 0;
	return unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT ? 0 : ERR_IO;
}

int
journal_segment_no_spare(int dir_fd)
{
	return unlinkat(dir_fd, spare, 0) == 0 || errno == ENOENT ? 0 : ERR_IO;
}
