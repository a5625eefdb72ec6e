#include "attest/journal_place.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "attest/journal_file.h"
#include "digest/crc32c.h"

static int
read_at(int fd, uint8_t *to, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_IO;
		if (got == 0)
			return ERR_CHECKSUM; /* it is shorter than it was */
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int
journal_place_fetch(int dir_fd, const struct journal_place *at, struct wr *w)
{
	char name[JOURNAL_NAME_LEN];
	uint8_t *to;
	int fd, err;

	if (at->segment == 0)
		return ERR_NOTFOUND;
	if ((to = wr_room(w, at->length)) == NULL)
		return wr_err(w);
	journal_file_name(at->segment, name);
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	err = read_at(fd, to, at->length, at->offset);
	(void)close(fd);
	if (err == 0 && crc32c(0, slice_of(to, at->length)) != at->crc)
		err = ERR_CHECKSUM;
	if (err == 0)
		wr_commit(w, at->length);
	return err;
}
