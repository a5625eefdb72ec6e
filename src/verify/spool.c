#include "verify/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 1 << 20, FILE_PIECE = 16 << 20 };

struct piece {
	struct piece *next;
	uint8_t *p;
	size_t len;
	bool mapped;
};

struct spool {
	const char *dir;
	size_t left_in_memory;
	int fd; /* -1: there is none yet */
	off_t file_len;
	struct piece *pieces; /* the first has the room */
	size_t used;          /* of the first */
};

struct spool *
spool_new(const char *dir, size_t in_memory)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s != NULL)
		*s = (struct spool){.dir = dir, .left_in_memory = in_memory, .fd = -1};
	return s;
}

void
spool_free(struct spool *s)
{
	struct piece *next;

	if (s == NULL)
		return;
	for (struct piece *p = s->pieces; p != NULL; p = next) {
		next = p->next;
		if (p->mapped)
			(void)munmap(p->p, p->len);
		else
			free(p->p);
		free(p);
	}
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s);
}

static int
open_file(struct spool *s)
{
	static const char name[] = "/makotoctl-XXXXXX";
	size_t n = strlen(s->dir) + sizeof(name);
	char *path;

	s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd >= 0)
		return 0;
	/* Not every file system can. */
	if ((path = malloc(n)) == NULL)
		return ERR_NOMEM;
	(void)snprintf(path, n, "%s%s", s->dir, name);
	s->fd = mkostemp(path, O_CLOEXEC);
	if (s->fd >= 0)
		(void)unlink(path);
	free(path);
	return s->fd >= 0 ? 0 : ERR_IO;
}

/* Its blocks are there before it is mapped: a full disk is an error, not a signal. */
static int
map_more(struct spool *s, struct piece *p)
{
	int err = s->fd >= 0 ? 0 : open_file(s);

	if (err != 0)
		return err;
	if ((errno = posix_fallocate(s->fd, s->file_len, (off_t)p->len)) != 0)
		return ERR_IO;
	p->p = mmap(NULL, p->len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, s->file_len);
	if (p->p == MAP_FAILED)
		return errno == ENOMEM ? ERR_NOMEM : ERR_IO;
	s->file_len += (off_t)p->len;
	p->mapped = true;
	return 0;
}

static int
add_piece(struct spool *s, size_t n)
{
	struct piece *p = calloc(1, sizeof(*p));
	int err = 0;

	if (p == NULL)
		return ERR_NOMEM;
	p->len = n > PIECE ? n : PIECE;
	if (p->len <= s->left_in_memory) {
		p->p = calloc(1, p->len);
		err = p->p == NULL ? ERR_NOMEM : 0;
		s->left_in_memory -= err == 0 ? p->len : 0;
	} else {
		/* Whole pages, for the next piece begins where this one ends. */
		p->len = (n + FILE_PIECE - 1) / FILE_PIECE * FILE_PIECE;
		err = map_more(s, p);
	}
	if (err != 0) {
		free(p);
		return err;
	}
	p->next = s->pieces;
	s->pieces = p;
	s->used = 0;
	return 0;
}

int
spool_take(struct spool *s, size_t n, void **ret)
{
	const size_t unit = alignof(max_align_t);
	int err;

	if (n > SIZE_MAX / 2)
		return ERR_NOMEM;
	n = (n + unit - 1) / unit * unit;
	if ((s->pieces == NULL || n > s->pieces->len - s->used) && (err = add_piece(s, n)) != 0)
		return err;
	*ret = s->pieces->p + s->used;
	s->used += n;
	return 0;
}

int
spool_copy(struct spool *s, const void *from, size_t n, void **ret)
{
	int err;

	if (n == 0) {
		*ret = NULL;
		return 0;
	}
	if ((err = spool_take(s, n, ret)) == 0)
		memcpy(*ret, from, n);
	return err;
}
