#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
file_read(const char *path, struct wr *w, char *why, size_t why_len)
{
	enum { STEP = 64 * 1024 };
	bool in = strcmp(path, "-") == 0;
	int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC), err = 0;
	uint8_t *to, past;
	size_t room;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && err == 0) {
		room = w->max - w->len < STEP ? w->max - w->len : STEP;
		if (room == 0) {
			n = read(fd, &past, 1);
			err = n > 0 ? ERR_LIMIT : 0;
		} else if ((to = wr_room(w, room)) == NULL) {
			err = wr_err(w);
		} else if ((n = read(fd, to, room)) > 0) {
			wr_commit(w, (size_t)n);
		}
		if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0)
		err = ERR_IO;
	if (err == ERR_IO)
		(void)snprintf(why, why_len, "%s: can't be read: %s", path, strerror(errno));
	else if (err == ERR_LIMIT)
		(void)snprintf(why, why_len, "%s: can't be read: larger than %zu bytes", path, w->max);
	else if (err != 0)
		(void)snprintf(why, why_len, "%s: %s", path, err_text(err));
	if (fd >= 0 && !in)
		(void)close(fd);
	return err;
}

int
file_write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* no file does so; who asks again would go around for ever */
		if (n <= 0)
			return ERR_IO;
		s = slice_of(s.p + n, s.n - (size_t)n);
	}
	return 0;
}

/* Of its own name, so that two programs don't write into one; a crash may leave it behind. */
static int
write_temporary(const char *path, unsigned mode, struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode), saved;

	if (fd < 0)
		return ERR_IO;
	if (file_write_all(fd, bytes) == 0 && fsync(fd) == 0)
		return close(fd) == 0 ? 0 : ERR_IO;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return ERR_IO;
}

/* NULL: no memory. */
static char *
joined(const char *a, const char *between, const char *b)
{
	size_t n = strlen(a) + strlen(between) + strlen(b) + 1;
	char *s = malloc(n);

	if (s != NULL)
		(void)snprintf(s, n, "%s%s%s", a, between, b);
	return s;
}

int
file_replace(const char *path, unsigned mode, struct slice bytes, char *why, size_t why_len)
{
	char pid[24], *temp;
	int err;

	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if ((temp = joined(path, ".", pid)) == NULL) {
		(void)snprintf(why, why_len, "%s: %s", path, err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	err = write_temporary(temp, mode, bytes);
	if (err == 0 && rename(temp, path) != 0)
		err = ERR_IO;
	if (err != 0) {
		(void)snprintf(why, why_len, "%s: %s", path, strerror(errno));
		(void)unlink(temp);
	}
	free(temp);
	return err;
}

int
file_write(const char *dir, const char *name, struct slice bytes, char *why, size_t why_len)
{
	char *path = joined(dir, "/", name);
	int err;

	if (path == NULL) {
		(void)snprintf(why, why_len, "%s/%s: %s", dir, name, err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	err = file_replace(path, 0666, bytes, why, why_len);
	free(path);
	return err;
}

void
file_hold_standard(void)
{
	int fd;

	/* The lowest number that is free is taken: these, while there is one. */
	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}
