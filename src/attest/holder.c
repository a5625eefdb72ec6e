#include "attest/holder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* "1: FLOCK  ADVISORY  WRITE 4711 fe:00:9977915 0 EOF"; one that waits has "->" behind the number. */
long
holder_in(FILE *locks, const struct stat *file, long said)
{
	char line[256], kind[16];
	unsigned major, minor;
	unsigned long long inode;
	long pid;

	while (fgets(line, sizeof(line), locks) != NULL) {
		if (sscanf(line, "%*d: %15s %*s %*s %ld %x:%x:%llu", kind, &pid, &major, &minor, &inode) != 5 ||
		    strcmp(kind, "FLOCK") != 0 || inode != file->st_ino || pid <= 0)
			continue;
		/* An overlay, or btrfs, tells stat() another device than the list. */
		if ((major == major(file->st_dev) && minor == minor(file->st_dev)) || pid == said)
			return pid;
	}
	return 0;
}

struct holder
holder_of(int dir_fd)
{
	struct holder h = {.is = HOLDER_NONE};
	char text[32];
	struct stat st;
	int fd = openat(dir_fd, "lock", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *locks;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			(void)close(fd);
		return h;
	}
	h.has_file = true;
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	h.said = strtol(text, NULL, 10);
	if (h.said < 0)
		h.said = 0;
	(void)close(fd);
	locks = fopen("/proc/locks", "re");
	if (locks == NULL) {
		h.is = HOLDER_UNKNOWN;
		return h;
	}
	h.pid = holder_in(locks, &st, h.said);
	(void)fclose(locks);
	if (h.pid != 0)
		h.is = HOLDER_SOME;
	return h;
}
