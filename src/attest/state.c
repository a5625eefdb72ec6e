#include "attest/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

struct state {
	char *dir;
	int dir_fd;
	int lock_fd;
	enum state_start start;
	uint8_t instance[16];
	struct heads heads;
};

static int fail_io(char *why, size_t why_len, const char *fmt, ...) PRINTF(3, 4);

/* Tells what failed and errno's text. */
static int
fail_io(char *why, size_t why_len, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(why, why_len, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < why_len)
		snprintf(why + n, why_len - (size_t)n, ": %s", strerror(saved));
	errno = saved;
	return ERR_IO;
}

/* mkdir -p; what it makes is the owner's alone. */
static int
make_dirs(const char *dir)
{
	char *path = strdup(dir);
	int err = 0;

	if (path == NULL)
		return ERR_NOMEM;
	for (char *p = path[0] == '/' ? path + 1 : path;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			err = ERR_IO;
			break;
		}
		*p = c;
		if (c == '\0')
			break;
	}
	free(path);
	return err;
}

/* --- the lock ------------------------------------------------------------------ */

static int
take_lock(struct state *s, char *why, size_t why_len)
{
	char pid[32];
	ssize_t n;

	s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return fail_io(why, why_len, "%s/lock", s->dir);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return fail_io(why, why_len, "%s/lock", s->dir);
		n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);
		pid[n < 0 ? 0 : n] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		snprintf(why, why_len, "state directory %s is in use by another makoto-proxy, process %s", s->dir,
			 pid[0] == '\0' ? "unknown" : pid);
		return ERR_EXISTS;
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
		return fail_io(why, why_len, "%s/lock", s->dir);
	return 0;
}

/* --- files --------------------------------------------------------------------- */

/* All of a file.  0, ERR_NOTFOUND, ERR_LIMIT, ERR_NOMEM, ERR_IO. */
static int
read_file(int dir_fd, const char *name, struct wr *w)
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

static int
write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		s.p += n;
		s.n -= (size_t)n;
	}
	return 0;
}

/* The file is whole under its name, or not there at all, whenever power fails. */
static int
write_file(int dir_fd, const char *name, struct slice content)
{
	char tmp[64];
	int fd, err, saved;

	snprintf(tmp, sizeof(tmp), "%s.tmp", name);
	fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR_IO;
	err = write_all(fd, content);
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

static int
new_instance(struct state *s, char *why, size_t why_len)
{
	if (getrandom(s->instance, sizeof(s->instance), 0) != (ssize_t)sizeof(s->instance))
		return fail_io(why, why_len, "no random bytes");
	return 0;
}

/* What the last run left: heads that are whole, or nothing that can be relied on. */
static int
read_heads(struct state *s, char *why, size_t why_len)
{
	struct wr file = wr_new(HEADS_MAX_BYTES);
	int err = read_file(s->dir_fd, "heads", &file);

	if (err == ERR_NOTFOUND) {
		s->start = faccessat(s->dir_fd, "instance", F_OK, 0) == 0 ? STATE_UNCLEAN : STATE_FIRST;
		err = new_instance(s, why, why_len);
	} else if (err != 0) {
		fail_io(why, why_len, "%s/heads", s->dir);
	} else if ((err = heads_read(wr_slice(&file), &s->heads)) == 0) {
		s->start = STATE_CLEAN;
		memcpy(s->instance, s->heads.instance, sizeof(s->instance));
	} else if (err != ERR_NOMEM) {
		s->start = STATE_TORN;
		err = new_instance(s, why, why_len);
	}
	wr_free(&file);
	return err;
}

int
state_open(const char *dir, struct state **ret, char *why, size_t why_len)
{
	struct state *s = calloc(1, sizeof(*s));
	int err = ERR_NOMEM;

	if (s == NULL)
		goto fail;
	s->dir_fd = s->lock_fd = -1;
	s->dir = strdup(dir);
	if (s->dir == NULL)
		goto fail;
	err = make_dirs(dir);
	if (err == 0) {
		s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = s->dir_fd < 0 ? ERR_IO : 0;
	}
	if (err != 0) {
		if (err == ERR_IO)
			fail_io(why, why_len, "state directory %s", dir);
		goto fail;
	}
	err = take_lock(s, why, why_len);
	if (err == 0)
		err = read_heads(s, why, why_len);
	if (err != 0)
		goto fail;
	*ret = s;
	return 0;
fail:
	if (err == ERR_NOMEM)
		snprintf(why, why_len, "%s", err_text(err));
	state_close(s);
	return err;
}

void
state_close(struct state *s)
{
	if (s == NULL)
		return;
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	heads_clear(&s->heads);
	free(s->dir);
	free(s);
}

const char *
state_dir(const struct state *s)
{
	return s->dir;
}

enum state_start
state_start(const struct state *s)
{
	return s->start;
}

const uint8_t *
state_instance(const struct state *s)
{
	return s->instance;
}

int
state_begin(struct state *s, struct heads *ret, char *why, size_t why_len)
{
	char hex[33];
	char line[34];

	snprintf(line, sizeof(line), "%s\n", text_hex(s->instance, sizeof(s->instance), hex));
	if (write_file(s->dir_fd, "instance", slice_str(line)) != 0)
		return fail_io(why, why_len, "%s/instance", s->dir);
	/* Heads that are used once can't be used twice: the next start finds them only if we write new ones. */
	if (renameat(s->dir_fd, "heads", s->dir_fd, "heads.taken") != 0 && errno != ENOENT)
		return fail_io(why, why_len, "%s/heads", s->dir);
	if (fsync(s->dir_fd) != 0)
		return fail_io(why, why_len, "%s", s->dir);
	*ret = s->heads;
	memset(&s->heads, 0, sizeof(s->heads));
	return 0;
}

int
state_end(struct state *s, struct heads *heads, char *why, size_t why_len)
{
	struct wr w = wr_new(HEADS_MAX_BYTES);
	int err;

	memcpy(heads->instance, s->instance, sizeof(heads->instance));
	heads_write(heads, &w);
	err = wr_err(&w);
	if (err != 0)
		snprintf(why, why_len, "%s/heads: %s", s->dir, err_text(err));
	else if ((err = write_file(s->dir_fd, "heads", wr_slice(&w))) != 0)
		fail_io(why, why_len, "%s/heads", s->dir);
	wr_free(&w);
	return err;
}
