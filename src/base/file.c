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

static int
write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		s = slice_of(s.p + n, s.n - (size_t)n);
	}
	return 0;
}

int
file_write(const char *dir, const char *name, struct slice bytes, char *why, size_t why_len)
{
	char *path = NULL, *temp = NULL;
	int fd = -1, err = 0;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		path = NULL;
	else if (asprintf(&temp, "%s.%ld", path, (long)getpid()) < 0)
		temp = NULL;
	if (temp == NULL)
		err = ERR_NOMEM;
	else if ((fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666)) < 0)
		err = ERR_IO;
	else if ((err = write_all(fd, bytes)) == 0 && close(fd) != 0)
		err = ERR_IO;
	else if (err == 0 && rename(temp, path) != 0)
		err = ERR_IO;
	if (err != 0)
		(void)snprintf(why, why_len, "%s/%s: %s", dir, name, err == ERR_IO ? strerror(errno) : err_text(err));
	if (err != 0 && fd >= 0)
		(void)unlink(temp);
	free(path);
	free(temp);
	return err;
}
