#include "attest/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

int
state_file_read(int dir_fd, const char *name, struct wr *w)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	for (;;) {
		uint8_t *to = wr_room(w, 65536);
		ssize_t n;

		if (to == NULL) {
			err = wr_err(w);
			break;
		}
		n = read(fd, to, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = ERR_IO;
		if (n <= 0)
			break;
		wr_commit(w, (size_t)n);
	}
	close(fd);
	return err;
}

int
state_file_birth(int fd, struct state_birth *ret)
{
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &x) != 0)
		return ERR_IO;
	*ret = (struct state_birth){.inode = x.stx_ino};
	if ((x.stx_mask & STATX_BTIME) != 0) {
		ret->seconds = x.stx_btime.tv_sec;
		ret->nanoseconds = x.stx_btime.tv_nsec;
	}
	return 0;
}

int
state_file_write(int dir_fd, const char *name, struct slice content, bool born)
{
	struct state_birth b;
	char tmp[64], line[96];
	int fd, err, saved;

	snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	unlinkat(dir_fd, tmp, 0); /* a new one, for its own birth */
	fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR_IO;
	err = file_write_all(fd, content);
	if (err == 0 && born && (err = state_file_birth(fd, &b)) == 0) {
		snprintf(line, sizeof(line), "%llu %lld.%09lld\n", b.inode, b.seconds, b.nanoseconds);
		err = file_write_all(fd, slice_str(line));
	}
	if (err == 0 && fsync(fd) != 0)
		err = ERR_IO;
	saved = errno;
	if (close(fd) != 0 && err == 0) {
		err = ERR_IO;
		saved = errno;
	}
	if (err == 0 && (renameat(dir_fd, tmp, dir_fd, name) != 0 || fsync(dir_fd) != 0)) {
		err = ERR_IO;
		saved = errno;
	}
	if (err != 0)
		unlinkat(dir_fd, tmp, 0);
	errno = saved;
	return err;
}
