#include "attest/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/recovery.h"
#include "attest/state_file.h"
#include "base/text.h"

struct state {
	char *dir;
	int dir_fd;
	int lock_fd;
	uint8_t boot[16];
	enum state_start start;
	char why[256];
	uint8_t instance[16];
	struct heads heads;
	struct recovery *recovery; /* what the journal of a crash tells; or NULL */
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

/* --- what the last run left ---------------------------------------------------- */

static int
new_instance(struct state *s, char *why, size_t why_len)
{
	if (getrandom(s->instance, sizeof(s->instance), 0) != (ssize_t)sizeof(s->instance))
		return fail_io(why, why_len, "no random bytes");
	return 0;
}

/* Which instance the file names, if it says that it is itself.  ERR_NOTFOUND: it isn't there. */
static int
read_instance(struct state *s, bool *ret_original)
{
	struct state_birth is, said;
	char text[160];
	int fd = openat(s->dir_fd, "instance", O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int err;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	n = pread(fd, text, sizeof(text) - 1, 0);
	err = n < 0 ? ERR_IO : state_file_birth(fd, &is);
	close(fd);
	if (err != 0)
		return err;
	text[n] = '\0';
	*ret_original = n > 32 && text[32] == '\n' &&
			text_unhex(slice_of((const uint8_t *)text, 32), s->instance, sizeof(s->instance)) == 0 &&
			sscanf(text + 32, "%llu %lld.%lld", &said.inode, &said.seconds, &said.nanoseconds) == 3 &&
			said.inode == is.inode && said.seconds == is.seconds && said.nanoseconds == is.nanoseconds;
	return 0;
}

/* A start that was killed had given up what is of another one. */
static bool
is_of(const struct state *s, const uint8_t instance[16])
{
	return memcmp(s->instance, instance, sizeof(s->instance)) == 0;
}

/* Heads that are whole, or nothing that can be relied on. */
static int
read_heads(struct state *s, char *why, size_t why_len)
{
	struct wr file = wr_new(HEADS_MAX_BYTES);
	int err = state_file_read(s->dir_fd, "heads", &file);

	if (err == 0 && (err = heads_read(wr_slice(&file), &s->heads)) == 0 && is_of(s, s->heads.instance)) {
		s->start = STATE_CLEAN;
	} else if (err == ERR_IO) {
		fail_io(why, why_len, "%s/heads", s->dir);
	} else if (err != ERR_NOTFOUND && err != ERR_NOMEM) {
		s->start = STATE_TORN;
		snprintf(s->why, sizeof(s->why), "%s/heads: %s", s->dir, err == 0 ? "of another instance" : err_text(err));
		heads_clear(&s->heads);
		err = new_instance(s, why, why_len);
	}
	wr_free(&file);
	return err;
}

/* Without heads: the journal of a run that crashed. */
static int
read_journal(struct state *s, char *why, size_t why_len)
{
	char cause[200];
	int err = recovery_scan(s->dir_fd, s->boot, &s->recovery, cause, sizeof(cause));

	if (err == 0 && is_of(s, recovery_instance(s->recovery))) {
		s->start = STATE_CRASHED;
		return 0;
	}
	if (err == ERR_IO || err == ERR_NOMEM) {
		snprintf(why, why_len, "%s: %s", s->dir, cause);
		return err;
	}
	s->start = err == ERR_NOTFOUND ? STATE_UNCLEAN : STATE_TORN;
	if (err != ERR_NOTFOUND)
		snprintf(s->why, sizeof(s->why), "%s", err == 0 ? "the journal is of another instance" : cause);
	recovery_free(s->recovery);
	s->recovery = NULL;
	return new_instance(s, why, why_len);
}

/* Where the kernel doesn't tell, every run of this process is one of its own. */
static int
read_boot(struct state *s, char *why, size_t why_len)
{
	char text[37] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC), n = 0;

	if (fd >= 0) {
		ssize_t got = read(fd, text, sizeof(text) - 1);

		text[got < 0 ? 0 : got] = '\0';
		close(fd);
	}
	for (const char *p = text; *p != '\0' && n < 16; n++) {
		p += *p == '-';
		if (sscanf(p, "%2hhx", &s->boot[n]) != 1)
			break;
		p += 2;
	}
	if (n == 16)
		return 0;
	if (getrandom(s->boot, sizeof(s->boot), 0) != (ssize_t)sizeof(s->boot))
		return fail_io(why, why_len, "no random bytes");
	return 0;
}

/* What the last run left. */
static int
read_state(struct state *s, char *why, size_t why_len)
{
	bool original = false;
	int err = read_boot(s, why, why_len);

	if (err != 0)
		return err;
	err = read_instance(s, &original);
	if (err == ERR_IO)
		return fail_io(why, why_len, "%s/instance", s->dir);
	if (err == ERR_NOTFOUND || !original) {
		s->start = err == ERR_NOTFOUND ? STATE_FIRST : STATE_COPIED;
		return new_instance(s, why, why_len);
	}
	err = read_heads(s, why, why_len);
	return err == ERR_NOTFOUND ? read_journal(s, why, why_len) : err;
}

static struct state *
new_state(const char *dir)
{
	struct state *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->dir_fd = s->lock_fd = -1;
	s->dir = strdup(dir);
	if (s->dir == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

static int
open_dir(struct state *s, char *why, size_t why_len)
{
	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->dir_fd < 0 ? fail_io(why, why_len, "state directory %s", s->dir) : 0;
}

static int
opened(struct state *s, int err, struct state **ret, char *why, size_t why_len)
{
	if (err == 0) {
		*ret = s;
		return 0;
	}
	if (err == ERR_NOMEM)
		snprintf(why, why_len, "%s", err_text(err));
	state_close(s);
	return err;
}

int
state_open(const char *dir, struct state **ret, char *why, size_t why_len)
{
	struct state *s = new_state(dir);
	int err = s == NULL ? ERR_NOMEM : make_dirs(dir);

	if (err == ERR_IO)
		fail_io(why, why_len, "state directory %s", dir);
	if (err == 0)
		err = open_dir(s, why, why_len);
	if (err == 0)
		err = take_lock(s, why, why_len);
	if (err == 0)
		err = read_state(s, why, why_len);
	return opened(s, err, ret, why, why_len);
}

int
state_look(const char *dir, struct state **ret, char *why, size_t why_len)
{
	struct state *s = new_state(dir);
	int err = s == NULL ? ERR_NOMEM : open_dir(s, why, why_len);

	if (err == 0)
		err = read_state(s, why, why_len);
	return opened(s, err, ret, why, why_len);
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
	recovery_free(s->recovery);
	free(s->dir);
	free(s);
}

const char *
state_dir(const struct state *s)
{
	return s->dir;
}

int
state_dir_fd(const struct state *s)
{
	return s->dir_fd;
}

const uint8_t *
state_boot(const struct state *s)
{
	return s->boot;
}

const char *
state_why(const struct state *s)
{
	return s->why;
}

struct recovery *
state_recovery(const struct state *s)
{
	return s->recovery;
}

void
state_take_heads(struct state *s, struct heads *ret)
{
	*ret = s->heads;
	memset(&s->heads, 0, sizeof(s->heads));
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

/* Calls fn for every file whose name begins so.  0 or ERR_IO. */
static int
each_file(const struct state *s, const char *prefix, int (*fn)(int dir_fd, const char *name))
{
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	for (struct dirent *e; err == 0 && (e = readdir(d)) != NULL;)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 && fn(s->dir_fd, e->d_name) != 0 && errno != ENOENT)
			err = ERR_IO;
	closedir(d);
	return err;
}

static int
remove_file(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, 0);
}

static int
put_aside(int dir_fd, const char *name)
{
	char to[NAME_MAX + 5];

	(void)snprintf(to, sizeof(to), "old.%s", name);
	return renameat(dir_fd, name, dir_fd, to);
}

static int
write_instance(struct state *s, char *why, size_t why_len)
{
	char hex[33];
	char line[34];

	snprintf(line, sizeof(line), "%s\n", text_hex(s->instance, sizeof(s->instance), hex));
	if (state_file_write(s->dir_fd, "instance", slice_str(line), true) != 0)
		return fail_io(why, why_len, "%s/instance", s->dir);
	return 0;
}

int
state_set_aside(struct state *s, char *why, size_t why_len)
{
	bool told = s->start == STATE_CLEAN; /* in the heads */
	int err = 0;

	/*
	 * The part of a journal that a crash leaves on the way may look whole.  Without a file of the instance's own (a first
	 * start, a copy) nothing counts until state_begin().
	 */
	if (s->start == STATE_TORN || s->start == STATE_UNCLEAN)
		err = write_instance(s, why, why_len);
	if (err == 0 && (err = each_file(s, "journal.", told ? remove_file : put_aside)) != 0)
		fail_io(why, why_len, "%s: the old journal can't be put aside", s->dir);
	return err;
}

int
state_begin(struct state *s, char *why, size_t why_len)
{
	int err = write_instance(s, why, why_len);

	if (err != 0)
		return err;
	/* Heads that are used once can't be used twice: the next start finds them only if we write new ones. */
	if (renameat(s->dir_fd, "heads", s->dir_fd, "heads.taken") != 0 && errno != ENOENT)
		return fail_io(why, why_len, "%s/heads", s->dir);
	if (fsync(s->dir_fd) != 0)
		return fail_io(why, why_len, "%s", s->dir);
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
	else if ((err = state_file_write(s->dir_fd, "heads", wr_slice(&w), false)) != 0)
		fail_io(why, why_len, "%s/heads", s->dir);
	wr_free(&w);
	return err;
}
