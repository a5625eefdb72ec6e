#include "attest/journal_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A proxy may remove segments while they are read: then everything begins anew, so often at most. */
enum { LIST_TRIES = 16 };

struct numbers {
	uint64_t *of;
	size_t count, cap;
};

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int
add_number(struct numbers *n, uint64_t number)
{
	size_t cap = n->cap == 0 ? 16 : n->cap * 2;
	uint64_t *p;

	if (n->count == n->cap) {
		p = reallocarray(n->of, cap, sizeof(*p));
		if (p == NULL)
			return ERR_NOMEM;
		n->of = p;
		n->cap = cap;
	}
	n->of[n->count++] = number;
	return 0;
}

/* All segments' numbers, ascending. */
static int
list_segments(int dir_fd, struct numbers *ret)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	uint64_t number;

	ret->count = 0;
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	errno = 0;
	while (err == 0 && (e = readdir(d)) != NULL) {
		if (journal_file_number(e->d_name, &number))
			err = add_number(ret, number);
		errno = 0;
	}
	if (err == 0 && errno != 0)
		err = ERR_IO;
	closedir(d);
	if (err == 0 && ret->count > 1)
		qsort(ret->of, ret->count, sizeof(*ret->of), compare);
	return err;
}

/* A segment is written over only once it has lost its name: what was read before was its own. */
static bool
is_still(int dir_fd, const char *name, int fd)
{
	struct stat named, opened;

	return fstatat(dir_fd, name, &named, 0) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
	       named.st_dev == opened.st_dev;
}

/* At most `limit` bytes of the file.  ERR_NOTFOUND: it isn't there, or no more. */
static int
read_segment(int dir_fd, uint64_t number, uint64_t limit, struct wr *w)
{
	char name[JOURNAL_NAME_LEN];
	int fd, err = 0;

	journal_file_name(number, name);
	wr_reset(w);
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	while (err == 0 && w->len < limit) {
		size_t want = limit - w->len < (1 << 18) ? (size_t)(limit - w->len) : 1 << 18;
		uint8_t *to = wr_room(w, want);
		ssize_t n = to == NULL ? 0 : read(fd, to, want);

		if (to == NULL)
			err = wr_err(w);
		else if (n < 0 && errno != EINTR)
			err = ERR_IO;
		else if (n == 0)
			break;
		else if (n > 0)
			wr_commit(w, (size_t)n);
	}
	if (err == 0 && !is_still(dir_fd, name, fd)) {
		errno = ENOENT;
		err = ERR_NOTFOUND;
	}
	close(fd);
	return err;
}

/* --- one segment ------------------------------------------------------------------------ */

struct reading {
	int dir_fd;
	const struct journal_reader *r;
	struct wr file, next; /* this segment, and the next one's header */
	char *why;
	size_t why_len;
};

static int
tell(struct reading *rd, int err, uint64_t number, const char *what)
{
	char name[JOURNAL_NAME_LEN];

	journal_file_name(number, name);
	(void)snprintf(rd->why, rd->why_len, "%s: %s", name, what);
	return err;
}

static int
read_entries(struct reading *rd, struct slice block, size_t at, struct journal_segment *s)
{
	while (block.n > 0) {
		struct journal_entry e;
		size_t len;
		int err = journal_entry_read(block, &e, &len);
		char what[96];

		if (err != 0) {
			(void)snprintf(what, sizeof(what), "an entry in the block at byte %zu: %s", at, err_text(err));
			return tell(rd, err == ERR_SHORT ? ERR_MALFORMED : err, s->header.number, what);
		}
		s->entries++;
		e.at = (uint64_t)(block.p - rd->file.buf);
		err = rd->r->entry == NULL ? 0 : rd->r->entry(rd->r->arg, s->header.number, &e);
		journal_entry_free(&e);
		if (err != 0)
			return err;
		block.p += len;
		block.n -= len;
	}
	return 0;
}

/*
 * `bounded`: a later segment says how many bytes count.  Else a proxy may write on meanwhile, and what is there of a block may be
 * of before that and what stands behind it of after: it is damaged if it still is when all is read again.
 */
static int
read_blocks(struct reading *rd, struct journal_segment *s, bool bounded, uint64_t count)
{
	struct slice file = wr_slice(&rd->file), block;
	size_t at = journal_header_length(&s->header), next, again = 0;
	int err;

	for (;;) {
		while (journal_block_read(&s->header, file, at, &block, &next, &s->end)) {
			if ((err = read_entries(rd, block, at, s)) != 0)
				return err;
			at = next;
			s->blocks++;
		}
		if (bounded || s->end != JOURNAL_DAMAGED || again == at)
			break;
		again = at;
		if ((err = read_segment(rd->dir_fd, s->header.number, UINT64_MAX, &rd->file)) != 0)
			return err;
		file = wr_slice(&rd->file);
	}
	s->bytes = s->end_at = at;
	if (bounded)
		s->end = at == count ? JOURNAL_WHOLE : JOURNAL_DAMAGED;
	if (at < file.n && s->end != JOURNAL_WHOLE)
		journal_block_fault(&s->header, file, at, s->fault, sizeof(s->fault));
	if (bounded && file.n < count)
		(void)snprintf(s->fault, sizeof(s->fault), "%zu bytes are there, and %llu count, as the next segment says",
			       file.n, (unsigned long long)count);
	return 0;
}

static int
header_of(struct reading *rd, uint64_t number, struct slice file, struct journal_header *ret)
{
	int err = journal_header_read(file, ret);

	if (err == ERR_UNSUPPORTED)
		return tell(rd, err, number, "is of another version of this program");
	if (err == 0 && ret->number != number)
		return ERR_MALFORMED;
	return err;
}

/* The segment after `number` is `next`, or 0. */
static int
read_one(struct reading *rd, uint64_t number, uint64_t next)
{
	struct journal_segment s = {.header.number = number};
	struct journal_header after;
	bool bounded = false;
	int err = 0;

	if (next != 0) {
		err = read_segment(rd->dir_fd, next, JOURNAL_HEADER_BYTES, &rd->next);
		if (err != 0)
			return err;
		err = header_of(rd, next, wr_slice(&rd->next), &after);
		if (err == ERR_UNSUPPORTED)
			return err;
		bounded = err == 0; /* else it was not finished when the machine or the process was, if it is the last */
	}
	err = read_segment(rd->dir_fd, number, bounded ? after.before_bytes : UINT64_MAX, &rd->file);
	if (err != 0)
		return err;
	err = header_of(rd, number, wr_slice(&rd->file), &s.header);
	if (err == ERR_UNSUPPORTED)
		return err;
	if (err != 0) {
		s.header.number = number;
		s.bytes = rd->file.len;
		s.empty = next == 0 && rd->file.len <= JOURNAL_HEADER_BYTES;
		s.end = s.empty ? JOURNAL_TORN : JOURNAL_DAMAGED;
		journal_header_fault(wr_slice(&rd->file), s.fault, sizeof(s.fault));
	} else if ((err = read_blocks(rd, &s, bounded, bounded ? after.before_bytes : 0)) != 0) {
		return err;
	}
	return rd->r->segment == NULL ? 0 : rd->r->segment(rd->r->arg, &s);
}

int
journal_read(int dir_fd, const struct journal_reader *r, char *why, size_t why_len)
{
	struct reading rd = {.dir_fd = dir_fd, .r = r, .file = wr_new(SIZE_MAX / 2), .next = wr_new(JOURNAL_HEADER_BYTES),
			     .why = why, .why_len = why_len};
	struct numbers n = {0};
	bool some = false;
	int err, tries = 0;

	why[0] = '\0';
again:
	err = list_segments(dir_fd, &n);
	for (size_t i = 0; err == 0 && i < n.count; i++) {
		uint64_t next = i + 1 < n.count ? n.of[i + 1] : 0;

		if (next != 0 && next != n.of[i] + 1) {
			err = tell(&rd, ERR_MALFORMED, n.of[i] + 1, "is missing, and later ones are there");
			break;
		}
		err = read_one(&rd, n.of[i], next);
		if (err == ERR_NOTFOUND && !some && ++tries < LIST_TRIES)
			goto again;
		some = true;
	}
	if (err == ERR_IO || err == ERR_NOTFOUND) {
		(void)snprintf(why, why_len, "the journal can't be read: %s", strerror(errno));
		err = ERR_IO;
	} else if (err == ERR_NOMEM) {
		(void)snprintf(why, why_len, "%s", err_text(err));
	}
	free(n.of);
	wr_free(&rd.file);
	wr_free(&rd.next);
	return err;
}
