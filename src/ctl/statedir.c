#include "ctl/statedir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "keys/keygen.h"
#include "keys/signer.h"

/* No segment that the proxy makes is near it: it begins the next one behind 16 MiB. */
#define SEGMENT_MAX_BYTES ((off_t)1 << 30)

#define SET_ASIDE "old.journal."

enum { SMALL_FILE_MAX = 64 * 1024, REMARKS_MAX = 200 /* of one weight; more are counted */ };

/* --- remarks ------------------------------------------------------------------------------ */

static int remark(struct statedir *d, enum statedir_weight weight, const char *file, int64_t at, const char *advice,
		  const char *fmt, ...) PRINTF(6, 7);

static int
remark(struct statedir *d, enum statedir_weight weight, const char *file, int64_t at, const char *advice, const char *fmt, ...)
{
	struct statedir_remark r, *p;
	char what[1024];
	va_list ap;

	if (d->weights[weight]++ >= REMARKS_MAX)
		return 0;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	p = reallocarray(d->remarks, d->remark_count + 1, sizeof(*p));
	if (p == NULL)
		return ERR_NOMEM;
	d->remarks = p;
	r = (struct statedir_remark){weight, strdup(file), at, strdup(what), strdup(advice)};
	if (r.file == NULL || r.what == NULL || r.advice == NULL) {
		free(r.file);
		free(r.what);
		free(r.advice);
		return ERR_NOMEM;
	}
	d->remarks[d->remark_count++] = r;
	return 0;
}

/* --- files ----------------------------------------------------------------------------------- */

/* All of a small file.  0, ERR_NOTFOUND, ERR_IO with errno, ERR_LIMIT, ERR_NOMEM. */
static int
read_file(int dir_fd, const char *name, struct wr *w)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err = 0, saved;
	ssize_t n = 1;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	while (err == 0 && n > 0) {
		uint8_t *to = wr_room(w, SMALL_FILE_MAX);

		n = to == NULL ? 0 : read(fd, to, SMALL_FILE_MAX);
		if (to == NULL)
			err = wr_err(w);
		else if (n > 0)
			wr_commit(w, (size_t)n);
		else if (n < 0)
			err = ERR_IO;
	}
	saved = errno;
	(void)close(fd);
	errno = saved;
	return err;
}

/* Says that it can't be read, unless there is no memory. */
static int
unread(struct statedir *d, const char *name, int err)
{
	if (err == ERR_NOMEM)
		return err;
	return remark(d, STATEDIR_UNREAD, name, -1, "", "can't be read: %s", err == ERR_IO ? strerror(errno) : err_text(err));
}

/* "makoto-kafka heads 3": the version that the file says, if it says one. */
static bool
version_of(int dir_fd, const char *name, const char *magic, unsigned *ret)
{
	char text[64];
	int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return strncmp(text, magic, strlen(magic)) == 0 && sscanf(text + strlen(magic), "%9u", ret) == 1;
}

static int
other_version(struct statedir *d, int dir_fd, const char *name, const char *magic, unsigned ours)
{
	static const char advice[] = "use the makotoctl and makoto-proxy that wrote it; this version's proxy would begin a new instance";
	unsigned version;

	if (!version_of(dir_fd, name, magic, &version))
		return remark(d, STATEDIR_PROBLEM, name, 0, advice, "says no version that this program knows");
	return remark(d, STATEDIR_PROBLEM, name, 0, advice, "is of version %u, %s than version %u, which this program reads",
		      version, version > ours ? "newer" : "older", ours);
}

/* --- what lies there ------------------------------------------------------------------------------ */

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

struct names {
	char **of;
	size_t count;
};

static bool
is_known(const char *name)
{
	static const char *const names[] = {"lock",	   "instance",	      "heads",	      "heads.taken",
					    "endpoints",   "signing.pem",     "signing.pub.pem", "segment.spare",
					    "awskms.pub.pem", "collectors"};
	uint64_t number;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return journal_file_number(name, &number);
}

static bool
is_key(const char *name)
{
	return strcmp(name, "signing.pem") == 0;
}

static int
look_at_mode(struct statedir *d, const char *name, mode_t mode)
{
	if ((mode & (S_IWGRP | S_IWOTH)) != 0)
		return remark(d, STATEDIR_PROBLEM, name, -1, "chmod go-w it, and find out who else wrote it",
			      "others than its owner may write it (mode %04o)", (unsigned)mode & 07777);
	if (is_key(name) && (mode & S_IROTH) != 0)
		return remark(d, STATEDIR_PROBLEM, name, -1, "chmod 600 it; everybody may have read it: make another key",
			      "a signing key that everybody may read (mode %04o); no proxy starts with it", (unsigned)mode & 07777);
	if ((mode & S_IROTH) != 0 && !ends_with(name, ".pub.pem"))
		return remark(d, STATEDIR_NOTE, name, -1, "", "everybody may read it (mode %04o); the proxy makes it 0600",
			      (unsigned)mode & 07777);
	return 0;
}

/* Files, and none that a proxy makes: a slip in the path.  A file system's own folder says nothing. */
static bool
is_another_directory(const struct names *names)
{
	size_t others = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (is_known(names->of[i]) || ends_with(names->of[i], ".tmp") || strncmp(names->of[i], SET_ASIDE, strlen(SET_ASIDE)) == 0)
			return false;
		others += strcmp(names->of[i], "lost+found") != 0;
	}
	return others > 0;
}

/* *ret_odd: one of the proxy's names that is no file, and nothing that would be read. */
static int
look_at_name(struct statedir *d, int dir_fd, const char *name, bool *ret_odd)
{
	uint64_t number;
	struct stat st;

	if (strncmp(name, SET_ASIDE, strlen(SET_ASIDE)) == 0) {
		d->set_aside++;
		return 0;
	}
	if (!is_known(name)) {
		if (ends_with(name, ".tmp"))
			return remark(d, STATEDIR_NOTE, name, -1, "", "is left of a file that was being written; the next one of its name replaces it");
		return remark(d, STATEDIR_NOTE, name, -1, "", "is none of the proxy's files");
	}
	if (fstatat(dir_fd, name, &st, 0) != 0)
		return errno == ENOENT ? 0 : unread(d, name, ERR_IO); /* a running proxy may have removed it */
	if (!S_ISREG(st.st_mode)) {
		*ret_odd = true;
		return remark(d, STATEDIR_PROBLEM, name, -1, "move it elsewhere", "is no file");
	}
	if (journal_file_number(name, &number) && st.st_size > SEGMENT_MAX_BYTES) {
		*ret_odd = true;
		return remark(d, STATEDIR_PROBLEM, name, -1, "move it elsewhere; the next start then begins a new instance",
			      "has %lld bytes, more than any that the proxy makes", (long long)st.st_size);
	}
	return look_at_mode(d, name, st.st_mode);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that the same directory is told the same way. */
static int
list_names(int dir_fd, struct names *ret)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return ERR_IO;
	}
	while (err == 0 && (errno = 0, e = readdir(dir)) != NULL) {
		char **p;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		p = reallocarray(ret->of, ret->count + 1, sizeof(*p));
		if (p == NULL) {
			err = ERR_NOMEM;
			break;
		}
		ret->of = p;
		ret->of[ret->count] = strdup(e->d_name);
		err = ret->of[ret->count] == NULL ? ERR_NOMEM : 0;
		ret->count += err == 0;
	}
	if (err == 0 && errno != 0)
		err = ERR_IO;
	(void)closedir(dir);
	if (ret->count > 1)
		qsort(ret->of, ret->count, sizeof(*ret->of), by_text);
	return err;
}

static int
look_at_names(struct statedir *d, int dir_fd, bool *ret_odd)
{
	struct names names = {NULL, 0};
	struct stat st;
	int err = fstat(dir_fd, &st) != 0 ? ERR_IO : list_names(dir_fd, &names);

	if (err == 0) {
		d->mode = st.st_mode & 07777;
		if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
			err = remark(d, STATEDIR_PROBLEM, ".", -1, "chmod 700 it",
				     "others than its owner may write the directory (mode %04o), and so put another key or other heads there",
				     (unsigned)d->mode);
	}
	if (err == 0 && is_another_directory(&names))
		err = ERR_NOTFOUND;
	for (size_t i = 0; err == 0 && i < names.count; i++)
		err = look_at_name(d, dir_fd, names.of[i], ret_odd);
	for (size_t i = 0; i < names.count; i++)
		free(names.of[i]);
	free(names.of);
	return err;
}

/* --- instance and key ------------------------------------------------------------------------------- */

static int
look_at_instance(struct statedir *d, int dir_fd)
{
	struct wr w = wr_new(SMALL_FILE_MAX * 2);
	uint8_t id[16];
	int err = read_file(dir_fd, "instance", &w);

	d->has_instance = err != ERR_NOTFOUND;
	if (err == 0 && w.len > 32 && w.buf[32] == '\n' && text_unhex(slice_of(w.buf, 32), id, sizeof(id)) == 0)
		text_hex(id, sizeof(id), d->instance);
	else if (err == 0)
		err = remark(d, STATEDIR_PROBLEM, "instance", 0, "the next start begins a new instance and writes it anew",
			     "want 32 hex digits and the end of the line");
	else if (err != ERR_NOTFOUND)
		err = unread(d, "instance", err);
	else
		err = 0;
	wr_free(&w);
	return err;
}

/* The private key is read as a start does, to compare; nothing of it is kept or told. */
static int
compare_keys(struct statedir *d)
{
	static const char advice[] = "verifiers need the private key's own public key: openssl pkey -in signing.pem -pubout";
	struct signer *s = NULL;
	char why[512];
	int err = signer_open(&(struct signer_conf){.uri = KEYGEN_FIRST_URI, .base_dir = d->path}, &s, why, sizeof(why));

	if (err == 0 && d->key[0] == '\0')
		err = remark(d, STATEDIR_NOTE, "signing.pub.pem", -1, advice, "is not there, and signing.pem is: key %s", signer_keyid(s));
	else if (err == 0 && strcmp(d->key, signer_keyid(s)) != 0)
		err = remark(d, STATEDIR_PROBLEM, "signing.pub.pem", -1, advice, "is of another key than signing.pem, which is %s",
			     signer_keyid(s));
	else if (err == ERR_IO)
		err = remark(d, STATEDIR_NOTE, "signing.pem", -1, "", "not compared with signing.pub.pem (%s)", why);
	else if (err == ERR_CONFIG)
		err = 0; /* its mode: told */
	else if (err != 0 && err != ERR_NOMEM)
		err = remark(d, STATEDIR_PROBLEM, "signing.pem", -1, "put a backup of the key in its place; another key is another signer to verifiers",
			     "no proxy can sign with it: %s", why);
	signer_free(s);
	return err;
}

static int
look_at_key(struct statedir *d, int dir_fd)
{
	struct wr w = wr_new(SMALL_FILE_MAX * 2);
	struct public_key *k = NULL;
	int err = read_file(dir_fd, "signing.pub.pem", &w);

	if (err == 0 && (err = public_key_parse(wr_slice(&w), &k)) == 0)
		(void)snprintf(d->key, sizeof(d->key), "%s", public_key_id(k));
	else if (err == ERR_MALFORMED || err == ERR_UNSUPPORTED)
		err = remark(d, STATEDIR_PROBLEM, "signing.pub.pem", -1, "openssl pkey -in signing.pem -pubout makes it anew",
			     "no public key in it: %s", err_text(err));
	else if (err != 0 && err != ERR_NOTFOUND)
		err = unread(d, "signing.pub.pem", err);
	public_key_free(k);
	wr_free(&w);
	if (err != 0 && err != ERR_NOTFOUND)
		return err;
	return faccessat(dir_fd, "signing.pem", F_OK, 0) == 0 ? compare_keys(d) : 0;
}

/* --- heads ------------------------------------------------------------------------------------------------ */

static int
look_at_heads(struct statedir *d, int dir_fd, const char *name, bool count, struct statedir_heads *ret)
{
	static const char gone[] = "the next start begins a new instance; chains are not claimed to go on";
	enum statedir_weight weight = count ? STATEDIR_PROBLEM : STATEDIR_NOTE;
	const char *advice = count ? gone : "";
	struct wr w = wr_new(HEADS_MAX_BYTES);
	int err = read_file(dir_fd, name, &w);
	size_t n = w.len;

	ret->there = err != ERR_NOTFOUND;
	if (err == ERR_LIMIT) {
		err = remark(d, weight, name, -1, advice, "has more than %zu bytes", HEADS_MAX_BYTES);
	} else if (err == 0) {
		err = heads_read(wr_slice(&w), &ret->is);
		ret->whole = err == 0;
		if (err == ERR_UNSUPPORTED)
			err = other_version(d, dir_fd, name, "makoto-kafka heads ", 3);
		else if (err == ERR_CHECKSUM)
			err = remark(d, weight, name, (int64_t)n - 32, advice,
				     "the last 32 bytes are not the SHA-256 of the %zu before them: cut off, or changed", n - 32);
		else if (err == ERR_SHORT)
			err = remark(d, weight, name, (int64_t)n, advice, "it ends here, shorter than any whole one");
		else if (err == ERR_MALFORMED)
			err = remark(d, weight, name, 0, advice, "want \"makoto-kafka heads 3\" and entries that make sense");
	} else if (err != ERR_NOTFOUND) {
		err = unread(d, name, err);
	} else {
		err = 0;
	}
	wr_free(&w);
	return err;
}

/* --- the journal ---------------------------------------------------------------------------------------- */

struct reading {
	struct statedir *d;
	int dir_fd;
	uint64_t kinds[STATEDIR_KINDS + 1]; /* of the segment that is read */
};

static int
on_entry(void *arg, uint64_t segment UNUSED, struct journal_entry *e)
{
	struct reading *r = arg;

	r->kinds[e->kind]++;
	return inventory_entry(&r->d->journal, e);
}

static int
on_segment(void *arg, const struct journal_segment *s)
{
	static const char whole[] = "the whole journal can't be relied on: the next start begins a new instance and puts it aside, as old.journal.*";
	struct reading *r = arg;
	struct statedir *d = r->d;
	size_t cap = d->segment_cap == 0 ? 16 : d->segment_cap * 2;
	struct statedir_segment *p = d->segments;
	char name[JOURNAL_NAME_LEN];
	struct stat st;

	if (d->segment_count == d->segment_cap) {
		p = reallocarray(d->segments, cap, sizeof(*p));
		if (p == NULL)
			return ERR_NOMEM;
		d->segments = p;
		d->segment_cap = cap;
	}
	p = &d->segments[d->segment_count++];
	*p = (struct statedir_segment){.is = *s};
	memcpy(p->kinds, r->kinds, sizeof(p->kinds));
	memset(r->kinds, 0, sizeof(r->kinds));
	journal_file_name(s->header.number, name);
	if (fstatat(r->dir_fd, name, &st, 0) == 0)
		p->file_bytes = (uint64_t)st.st_size;
	if (s->end == JOURNAL_DAMAGED)
		return remark(d, STATEDIR_PROBLEM, name, (int64_t)s->end_at, whole, "%s",
			      s->fault[0] == '\0' ? "it doesn't go on as the next segment says" : s->fault);
	if (s->end == JOURNAL_TORN)
		return remark(d, STATEDIR_NOTE, name, (int64_t)s->end_at, "",
			      "its end is torn, as a crash (or a write in this moment) leaves it; nothing before is lost: %s", s->fault);
	return 0;
}

/* The name that a text about the journal begins with; the rest of it in *ret_what. */
static void
split_why(const char *why, char name[JOURNAL_NAME_LEN], const char **ret_what)
{
	size_t n = strnlen(why, JOURNAL_NAME_LEN - 1);
	uint64_t number;

	memcpy(name, why, n);
	name[n] = '\0';
	*ret_what = why;
	if (!journal_file_number(name, &number))
		(void)snprintf(name, JOURNAL_NAME_LEN, "journal");
	else if (strncmp(why + strlen(name), ": ", 2) == 0)
		*ret_what = why + strlen(name) + 2;
}

static int
look_at_journal(struct statedir *d, int dir_fd)
{
	struct reading r = {.d = d, .dir_fd = dir_fd};
	struct journal_reader reader = {on_segment, on_entry, &r};
	char why[256] = "", name[JOURNAL_NAME_LEN];
	const char *what;
	int err = journal_read(dir_fd, &reader, why, sizeof(why));

	if (err == 0)
		return inventory_end(&d->journal);
	if (err == ERR_NOMEM)
		return err;
	split_why(why, name, &what);
	if (err == ERR_UNSUPPORTED && strstr(what, "version") != NULL)
		err = other_version(d, dir_fd, name, "makoto-kafka journal ", 2);
	else if (err == ERR_IO)
		err = remark(d, STATEDIR_UNREAD, name, -1, "", "%s", what);
	else
		err = remark(d, STATEDIR_PROBLEM, name, -1,
			     "the whole journal can't be relied on: the next start begins a new instance and puts it aside, as old.journal.*",
			     "%s; what lies behind is not read", what);
	return err == 0 ? inventory_end(&d->journal) : err;
}

/* --- all ----------------------------------------------------------------------------------------------------- */

static int
look_ahead(struct statedir *d)
{
	char why[512];
	int err = outlook_of(d->path, &d->outlook, why, sizeof(why));

	d->has_outlook = err == 0;
	if (err == ERR_IO)
		err = remark(d, STATEDIR_UNREAD, ".", -1, "", "what the next start does can't be told: %s", why);
	if (err == 0 && d->has_outlook && d->outlook.refused)
		err = remark(d, STATEDIR_PROBLEM, "journal", -1,
			     "no proxy starts with it: move journal.* elsewhere, and the next start begins a new instance", "%s", d->outlook.why);
	return err;
}

/* One after another, as far as there is memory. */
static int
look_at_all(struct statedir *d, int dir_fd)
{
	bool odd = false;
	int err = look_at_names(d, dir_fd, &odd);

	if (err != 0)
		return err;
	d->holder = holder_of(dir_fd);
	/* What is in the place of a file might keep its reader waiting, or never end. */
	if (odd)
		return remark(d, STATEDIR_UNREAD, ".", -1, "", "its files are not read while there is something else in the place of one");
	if ((err = look_at_instance(d, dir_fd)) != 0 || (err = look_at_key(d, dir_fd)) != 0 ||
	    (err = look_at_heads(d, dir_fd, "heads", true, &d->heads)) != 0 ||
	    (err = look_at_heads(d, dir_fd, "heads.taken", false, &d->taken)) != 0 || (err = look_at_journal(d, dir_fd)) != 0)
		return err;
	return look_ahead(d);
}

int
statedir_look(const char *path, struct statedir *ret, char *why, size_t why_len)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = ERR_IO;

	*ret = (struct statedir){.path = path};
	if (fd >= 0)
		err = look_at_all(ret, fd);
	if (err == ERR_NOTFOUND)
		(void)snprintf(why, why_len, "%s: no state directory: there are other files in it, and none of makoto-proxy's", path);
	else if (err != 0)
		(void)snprintf(why, why_len, "%s: %s", path, err == ERR_IO ? strerror(errno) : err_text(err));
	if (fd >= 0)
		(void)close(fd);
	return err;
}

void
statedir_free(struct statedir *d)
{
	for (size_t i = 0; i < d->remark_count; i++) {
		free(d->remarks[i].file);
		free(d->remarks[i].what);
		free(d->remarks[i].advice);
	}
	free(d->remarks);
	free(d->segments);
	heads_clear(&d->heads.is);
	heads_clear(&d->taken.is);
	inventory_free(&d->journal);
	*d = (struct statedir){0};
}

bool
statedir_is_pending(const struct statedir *d)
{
	if (!d->has_outlook)
		return false;
	switch (d->outlook.start) {
	case STATE_FIRST: return d->heads.there || d->segment_count > 0;
	case STATE_CLEAN: return false;
	case STATE_CRASHED: return d->outlook.windows > 0;
	case STATE_UNCLEAN:
	case STATE_TORN:
	case STATE_COPIED: return true;
	}
	return false;
}
