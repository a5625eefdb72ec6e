#include "ctl/recall_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "makoto/json_write.h"

#define FORMAT "makoto-kafka-memory/1"

enum { BYTES_MAX = 64 << 20, PIECE = 65536, CHAINS_MAX = 1000000, MEMBERS = 7 };

static int
io(const char *path, const char *what, char *why, size_t why_len)
{
	snprintf(why, why_len, "%s: %s: %s", path, what, strerror(errno));
	return ERR_IO;
}

static int
nomem(char *why, size_t why_len)
{
	snprintf(why, why_len, "out of memory");
	return ERR_NOMEM;
}

/* --- reading ------------------------------------------------------------------------- */

/* The whole file into `w`, which takes a PIECE more than a file may have; ERR_NOTFOUND: there is none. */
static int
read_all(const char *path, struct wr *w, char *why, size_t why_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : io(path, "can't be read", why, why_len);
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		snprintf(why, why_len, "%s: no regular file", path);
		err = ERR_CONFIG;
	}
	while (err == 0 && n > 0) {
		uint8_t *to = wr_room(w, PIECE);

		if (to == NULL)
			break;
		while ((n = read(fd, to, PIECE)) < 0 && errno == EINTR)
			;
		if (n < 0)
			err = io(path, "can't be read", why, why_len);
		else
			wr_commit(w, (size_t)n);
	}
	(void)close(fd);
	if (err != 0 || wr_err(w) == 0)
		return err;
	if (wr_err(w) == ERR_NOMEM)
		return nomem(why, why_len);
	snprintf(why, why_len, "%s: larger than %d bytes", path, BYTES_MAX);
	return ERR_CONFIG;
}

/* Text of at most max bytes, without a NUL. */
static bool
get_text(const json_t *o, const char *name, char *ret, size_t max)
{
	const json_t *v = json_object_get(o, name);
	size_t n = json_string_length(v);

	if (!json_is_string(v) || n > max || strlen(json_string_value(v)) != n)
		return false;
	memcpy(ret, json_string_value(v), n + 1);
	return true;
}

static bool
get_number(const json_t *o, const char *name, int64_t min, int64_t max, int64_t *ret)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
		return false;
	*ret = json_integer_value(v);
	return true;
}

/* What is wrong with it, or NULL. */
static const char *
read_chain(const json_t *o, struct remembered *r)
{
	char chain[2 * CHAIN_ID_LEN + 1], sum[2 * SHA256_LEN + 1];
	int64_t partition, window;

	if (!json_is_object(o) || json_object_size(o) != MEMBERS)
		return "not an object of seven members";
	if (!get_text(o, "chain", chain, sizeof(chain) - 1) || text_unhex(slice_str(chain), r->chain.b, CHAIN_ID_LEN) != 0)
		return "chain: 32 hexadecimal digits";
	if (!get_text(o, "statement", sum, sizeof(sum) - 1) || text_unhex(slice_str(sum), r->sha256, SHA256_LEN) != 0)
		return "statement: 64 hexadecimal digits";
	if (!get_text(o, "topic", r->topic, RECALL_TOPIC_MAX) || r->topic[0] == '\0')
		return "topic: a name";
	if (!get_text(o, "topicId", r->topic_id, RECALL_TOPIC_ID))
		return "topicId: at most 22 characters";
	if (!get_number(o, "partition", 0, INT32_MAX, &partition))
		return "partition: a number";
	if (!get_number(o, "windowId", 1, INT64_MAX, &window))
		return "windowId: a number";
	if (!get_number(o, "end", 0, INT64_MAX, &r->end))
		return "end: a number";
	r->partition = (int32_t)partition;
	r->window_id = (uint64_t)window;
	return NULL;
}

static int
read_chains(const char *path, const json_t *list, struct recall *m, char *why, size_t why_len)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct remembered r = {.end = 0};
		const char *fault = read_chain(json_array_get(list, i), &r);
		int err = fault != NULL ? ERR_CONFIG : recall_put(m, &r);

		if (err == ERR_NOMEM)
			return nomem(why, why_len);
		if (err != 0) {
			snprintf(why, why_len, "%s: chain %zu: %s", path, i + 1, fault == NULL ? "it is there twice" : fault);
			return ERR_CONFIG;
		}
	}
	return 0;
}

/* Earlier versions wrote no dbomClusterId. */
static int
read_root(const char *path, const json_t *root, const char *dbom_topic, struct recall *m, char *why, size_t why_len)
{
	const json_t *chains = json_object_get(root, "chains");
	char format[sizeof(FORMAT)], dbom[RECALL_TOPIC_MAX + 1];
	bool tells_where = json_object_get(root, "dbomClusterId") != NULL;

	if (!get_text(root, "format", format, sizeof(format) - 1) || strcmp(format, FORMAT) != 0)
		snprintf(why, why_len, "%s: its format isn't %s", path, FORMAT);
	else if (json_object_size(root) != 4 + (size_t)tells_where || !get_text(root, "clusterId", m->cluster_id, RECALL_CLUSTER_MAX) ||
		 (tells_where && !get_text(root, "dbomClusterId", m->dbom_cluster_id, RECALL_CLUSTER_MAX)) ||
		 !get_text(root, "dbomTopic", dbom, RECALL_TOPIC_MAX) || !json_is_array(chains) ||
		 json_array_size(chains) > CHAINS_MAX)
		snprintf(why, why_len, "%s: not format, clusterId, dbomTopic, dbomClusterId and at most %d chains", path, CHAINS_MAX);
	else if (strcmp(dbom, dbom_topic) != 0)
		snprintf(why, why_len, "%s: it is of the statement topic %s, not of %s", path, dbom, dbom_topic);
	else
		return read_chains(path, chains, m, why, why_len);
	return ERR_CONFIG;
}

/* ERR_NOTFOUND: there is no file. */
static int
load(const char *path, const char *dbom_topic, struct recall *m, char *why, size_t why_len)
{
	struct wr w = wr_new(BYTES_MAX + PIECE);
	json_error_t at;
	json_t *root;
	int err = read_all(path, &w, why, why_len);

	if (err == 0) {
		root = json_loadb((const char *)w.buf, w.len, JSON_REJECT_DUPLICATES, &at);
		if (root == NULL) {
			snprintf(why, why_len, "%s:%d:%d: %s", path, at.line, at.column, at.text);
			err = ERR_CONFIG;
		} else {
			err = read_root(path, root, dbom_topic, m, why, why_len);
			json_decref(root);
		}
	}
	wr_free(&w);
	return err;
}

/* --- the lock -------------------------------------------------------------------------- */

static char *
with_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path) + strlen(suffix) + 1;
	char *s = malloc(n);

	if (s != NULL)
		(void)snprintf(s, n, "%s%s", path, suffix);
	return s;
}

static int
lock(struct recall_file *f, char *why, size_t why_len)
{
	char *path = with_suffix(f->path, ".lock");
	int err = 0;

	if (path == NULL)
		return nomem(why, why_len);
	f->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->lock_fd < 0) {
		err = io(path, "can't be made", why, why_len);
	} else if (flock(f->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		err = errno == EWOULDBLOCK ? ERR_NOT_NOW : io(path, "can't be locked", why, why_len);
		if (err == ERR_NOT_NOW)
			snprintf(why, why_len, "%s: another run has it", f->path);
	}
	free(path);
	return err;
}

int
recall_file_open(const char *path, const char *dbom_topic, struct recall_file *ret, char *why, size_t why_len)
{
	struct recall_file f = {.path = path, .lock_fd = -1};
	int err = lock(&f, why, why_len);

	if (err == 0)
		err = load(path, dbom_topic, &f.memory, why, why_len);
	if (err == ERR_NOTFOUND) {
		f.begins = true;
		err = 0;
	}
	if (err != 0)
		recall_file_close(&f);
	else
		*ret = f;
	return err;
}

void
recall_file_close(struct recall_file *f)
{
	recall_clear(&f->memory);
	if (f->lock_fd >= 0)
		(void)close(f->lock_fd);
	f->lock_fd = -1;
}

/* --- writing ------------------------------------------------------------------------------ */

static int
write_json(const struct recall *m, const char *dbom_topic, struct wr *w)
{
	char hex[2 * SHA256_LEN + 1];

	wr_text(w, "{\"format\":\"" FORMAT "\",\"clusterId\":");
	json_write_text(w, slice_str(m->cluster_id));
	wr_text(w, ",\"dbomTopic\":");
	json_write_text(w, slice_str(dbom_topic));
	wr_text(w, ",\"dbomClusterId\":");
	json_write_text(w, slice_str(m->dbom_cluster_id));
	wr_text(w, ",\"chains\":[");
	for (size_t i = 0; i < m->count; i++) {
		const struct remembered *r = m->list[i];

		wr_printf(w, "%s\n{\"chain\":\"%s\",\"topic\":", i == 0 ? "" : ",", text_hex(r->chain.b, CHAIN_ID_LEN, hex));
		json_write_text(w, slice_str(r->topic));
		wr_text(w, ",\"topicId\":");
		json_write_text(w, slice_str(r->topic_id));
		wr_printf(w, ",\"partition\":%d,\"windowId\":%llu,\"statement\":\"%s\",\"end\":%lld}", r->partition,
			  (unsigned long long)r->window_id, text_hex(r->sha256, SHA256_LEN, hex), (long long)r->end);
	}
	wr_text(w, "]}\n");
	return wr_err(w);
}

/* The new name outlives a loss of power only when its directory was written, too. */
static int
sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, err;

	if (copy == NULL)
		return ERR_NOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return ERR_IO;
	err = fsync(fd) == 0 ? 0 : ERR_IO;
	(void)close(fd);
	return err;
}

int
recall_file_save(struct recall_file *f, const char *dbom_topic, char *why, size_t why_len)
{
	struct wr w = wr_new(BYTES_MAX);
	int err;

	recall_sort(&f->memory);
	err = write_json(&f->memory, dbom_topic, &w);
	if (err == ERR_LIMIT) {
		snprintf(why, why_len, "%s: more chains than %d MiB hold; what was seen is not remembered: divide the topics (-t) among several files", f->path,
			 BYTES_MAX >> 20);
		err = ERR_IO;
	} else if (err != 0) {
		err = nomem(why, why_len);
	} else if ((err = file_replace(f->path, 0600, wr_slice(&w), why, why_len)) == 0 && (err = sync_directory(f->path)) != 0) {
		err = err == ERR_NOMEM ? nomem(why, why_len) : io(f->path, "its directory can't be written", why, why_len);
	}
	wr_free(&w);
	return err;
}
