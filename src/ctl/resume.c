#include "ctl/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/text.h"
#include "makoto/json_write.h"

#define FORMAT "makoto-kafka-resume/2"
#define HEAD_BEGIN "{\"format\":\"" FORMAT "\",\"options\":\""

enum { LINE_MAX_BYTES = 16384, LINES_MAX = 4000000, FIRST = 4, COUNTS = FIRST + VERDICT_COUNT + 2 * WINDOW_FINDINGS + HOPS_TOLD * HOP_RESULTS };

struct resume {
	const char *path;
	FILE *file; /* locked */
	struct map *judged; /* by place */
};

/* --- a tally as numbers ----------------------------------------------------------------- */

static void
put_counts(const struct tally *t, uint64_t out[COUNTS])
{
	size_t n = FIRST;

	out[0] = t->records;
	out[1] = t->records_with_behind;
	out[2] = t->headers_behind;
	out[3] = t->windows;
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		out[n++] = t->verdicts[i];
	for (size_t i = 0; i < WINDOW_FINDINGS; i++) {
		out[n++] = t->windows_with[i];
		out[n++] = t->members[i];
	}
	for (size_t i = 0; i < HOPS_TOLD * HOP_RESULTS; i++)
		out[n++] = t->hops[i / HOP_RESULTS][i % HOP_RESULTS];
}

static void
get_counts(const uint64_t in[COUNTS], struct tally *t)
{
	size_t n = FIRST;

	t->records = in[0];
	t->records_with_behind = in[1];
	t->headers_behind = in[2];
	t->windows = in[3];
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		t->verdicts[i] = in[n++];
	for (size_t i = 0; i < WINDOW_FINDINGS; i++) {
		t->windows_with[i] = in[n++];
		t->members[i] = in[n++];
	}
	for (size_t i = 0; i < HOPS_TOLD * HOP_RESULTS; i++)
		t->hops[i / HOP_RESULTS][i % HOP_RESULTS] = in[n++];
}

/* --- reading ---------------------------------------------------------------------------------- */

/* What a partition is found by: a topic of that id of that cluster. */
static void
place_of(struct wr *w, struct slice cluster_id, struct slice topic_id, struct slice topic, int32_t partition)
{
	wr_slice_put(w, cluster_id);
	wr_u8(w, 0);
	wr_slice_put(w, topic_id);
	wr_u8(w, 0);
	wr_slice_put(w, topic);
	wr_u8(w, 0);
	wr_i32(w, partition);
}

static struct slice
text_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v)) : (struct slice){NULL, 0};
}

static bool
number_of(const json_t *o, const char *name, int64_t *ret)
{
	const json_t *v = json_object_get(o, name);

	*ret = json_integer_value(v);
	return json_is_integer(v);
}

static bool
read_partition(const json_t *o, struct topic_partition *p)
{
	const json_t *list = json_object_get(o, "counts");
	uint64_t counts[COUNTS];
	int64_t partition;

	if (json_array_size(list) != COUNTS || !number_of(o, "partition", &partition) || partition < 0 ||
	    partition > INT32_MAX || !number_of(o, "from", &p->from) || !number_of(o, "to", &p->to))
		return false;
	for (size_t i = 0; i < COUNTS; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return false;
		counts[i] = (uint64_t)json_integer_value(v);
	}
	p->partition = (int32_t)partition;
	get_counts(counts, &p->tally);
	return true;
}

/* 0, ERR_CONFIG, ERR_NOMEM. */
static int
take_partition(struct resume *r, const json_t *o)
{
	struct slice cluster = text_of(o, "clusterId"), id = text_of(o, "topicId"), topic = text_of(o, "topic");
	struct topic_partition *p, *was;
	struct wr place = wr_new(LINE_MAX_BYTES);
	int err;

	if (cluster.p == NULL || id.p == NULL || topic.p == NULL)
		return ERR_CONFIG;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return ERR_NOMEM;
	if (!read_partition(o, p)) {
		free(p);
		return ERR_CONFIG;
	}
	place_of(&place, cluster, id, topic, p->partition);
	if ((err = wr_err(&place)) == 0) {
		was = map_get(r->judged, wr_slice(&place));
		err = map_put(r->judged, wr_slice(&place), p);
		free(err == 0 ? was : p);
	} else {
		free(p);
	}
	wr_free(&place);
	return err;
}

static int
take_head(const struct resume *r, const json_t *o, const uint8_t options[SHA256_LEN], int64_t *ret_now_ms, char *why,
	  size_t why_len)
{
	char hex[2 * SHA256_LEN + 1];

	if (!slice_eq(text_of(o, "format"), slice_str(FORMAT)) || !number_of(o, "nowMs", ret_now_ms)) {
		snprintf(why, why_len, "%s: its format isn't %s", r->path, FORMAT);
		return ERR_CONFIG;
	}
	if (!slice_eq(text_of(o, "options"), slice_str(text_hex(options, SHA256_LEN, hex)))) {
		snprintf(why, why_len, "%s: that run was asked for something else; go on with its options, or remove the file",
			 r->path);
		return ERR_CONFIG;
	}
	return 0;
}

/* A line without an end: a crash cut it off where the file ends with it, and if it is the first, begins as ours does. */
static int
end_missing(const struct resume *r, const char *line, size_t n, size_t lines, char *why, size_t why_len)
{
	static const char head[] = HEAD_BEGIN;

	if (feof(r->file) && (lines > 0 || memcmp(line, head, n < sizeof(head) - 1 ? n : sizeof(head) - 1) == 0))
		return 0;
	if (lines == 0)
		snprintf(why, why_len, "%s: its format isn't %s", r->path, FORMAT);
	else
		snprintf(why, why_len, "%s:%zu: not a partition that was judged", r->path, lines + 1);
	return ERR_CONFIG;
}

/* Every whole line; the file stands behind the last one.  *ret_lines: how many there are. */
static int
read_lines(struct resume *r, const uint8_t options[SHA256_LEN], int64_t *ret_now_ms, size_t *ret_lines, char *why,
	   size_t why_len)
{
	char line[LINE_MAX_BYTES];
	long end = 0;
	int err = 0;

	*ret_lines = 0;
	while (err == 0 && fgets(line, sizeof(line), r->file) != NULL) {
		json_t *o;

		if (strchr(line, '\n') == NULL) {
			err = end_missing(r, line, (size_t)(ftell(r->file) - end), *ret_lines, why, why_len);
			break;
		}
		o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		if (*ret_lines == 0)
			err = take_head(r, o, options, ret_now_ms, why, why_len);
		else if ((err = *ret_lines > LINES_MAX ? ERR_CONFIG : take_partition(r, o)) == ERR_CONFIG)
			snprintf(why, why_len, "%s:%zu: not a partition that was judged", r->path, *ret_lines + 1);
		json_decref(o);
		end = ftell(r->file);
		++*ret_lines;
	}
	if (err != 0)
		return err;
	if (ferror(r->file) || fseek(r->file, end, SEEK_SET) != 0 || ftruncate(fileno(r->file), end) != 0)
		return ERR_IO;
	return 0;
}

/* --- writing ------------------------------------------------------------------------------------ */

static int
write_line(struct resume *r, struct wr *w)
{
	int err = wr_err(w);

	if (err == 0 && (fwrite(w->buf, 1, w->len, r->file) != w->len || fflush(r->file) != 0 || fdatasync(fileno(r->file)) != 0))
		err = ERR_IO;
	wr_free(w);
	return err;
}

static int
write_head(struct resume *r, const uint8_t options[SHA256_LEN], int64_t now_ms)
{
	struct wr w = wr_new(LINE_MAX_BYTES);
	char hex[2 * SHA256_LEN + 1];

	wr_printf(&w, HEAD_BEGIN "%s\",\"nowMs\":%lld}\n", text_hex(options, SHA256_LEN, hex),
		  (long long)now_ms);
	return write_line(r, &w);
}

static int
say(const struct resume *r, int err, char *why, size_t why_len)
{
	if (err == ERR_NOMEM)
		snprintf(why, why_len, "out of memory");
	else if (err == ERR_IO)
		snprintf(why, why_len, "%s: %s", r->path, strerror(errno));
	return err;
}

int
resume_add(struct resume *r, const struct topic_report *t, const struct topic_partition *p, char *why, size_t why_len)
{
	struct wr w = wr_new(LINE_MAX_BYTES);
	uint64_t counts[COUNTS];

	put_counts(&p->tally, counts);
	wr_text(&w, "{\"clusterId\":");
	json_write_text(&w, slice_str(t->cluster_id));
	wr_text(&w, ",\"topicId\":");
	json_write_text(&w, slice_str(t->topic_id));
	wr_text(&w, ",\"topic\":");
	json_write_text(&w, slice_str(t->topic));
	wr_printf(&w, ",\"partition\":%d,\"from\":%lld,\"to\":%lld,\"counts\":[", p->partition, (long long)p->from,
		  (long long)p->to);
	for (size_t i = 0; i < COUNTS; i++)
		wr_printf(&w, "%s%llu", i == 0 ? "" : ",", (unsigned long long)counts[i]);
	wr_text(&w, "]}\n");
	return say(r, write_line(r, &w), why, why_len);
}

int
resume_open(const char *path, const uint8_t options[SHA256_LEN], int64_t *now_ms, struct resume **ret, char *why,
	    size_t why_len)
{
	struct resume *r = calloc(1, sizeof(*r));
	int64_t began = *now_ms;
	size_t lines;
	int fd, err;

	if (r == NULL || (r->judged = map_new()) == NULL) {
		snprintf(why, why_len, "out of memory");
		resume_close(r);
		return ERR_NOMEM;
	}
	r->path = path;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || (r->file = fdopen(fd, "r+e")) == NULL) {
		err = say(r, ERR_IO, why, why_len);
		if (fd >= 0)
			(void)close(fd);
		goto fail;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		err = errno == EWOULDBLOCK ? ERR_NOT_NOW : say(r, ERR_IO, why, why_len);
		if (err == ERR_NOT_NOW)
			snprintf(why, why_len, "%s: another run has it", path);
		goto fail;
	}
	if ((err = read_lines(r, options, &began, &lines, why, why_len)) != 0 ||
	    (lines == 0 && (err = write_head(r, options, *now_ms)) != 0)) {
		(void)say(r, err, why, why_len);
		goto fail;
	}
	*now_ms = began;
	*ret = r;
	return 0;
fail:
	resume_close(r);
	return err;
}

void
resume_close(struct resume *r)
{
	struct slice key;
	void *value;

	if (r == NULL)
		return;
	for (size_t at = 0; r->judged != NULL && map_next(r->judged, &at, &key, &value);)
		free(value);
	map_free(r->judged);
	if (r->file != NULL)
		(void)fclose(r->file);
	free(r);
}

bool
resume_is(const struct resume *r, const char *path)
{
	struct stat ours, other;

	return fstat(fileno(r->file), &ours) == 0 && stat(path, &other) == 0 && ours.st_dev == other.st_dev &&
	       ours.st_ino == other.st_ino;
}

bool
resume_known(const struct resume *r, const struct topic_report *t, int32_t partition, struct topic_partition *ret)
{
	struct wr place = wr_new(LINE_MAX_BYTES);
	const struct topic_partition *p = NULL;

	place_of(&place, slice_str(t->cluster_id), slice_str(t->topic_id), slice_str(t->topic), partition);
	if (wr_err(&place) == 0)
		p = map_get(r->judged, wr_slice(&place));
	wr_free(&place);
	if (p != NULL)
		*ret = *p;
	return p != NULL;
}

int
resume_end(struct resume *r, char *why, size_t why_len)
{
	/* One that can't be removed must not pass for a run that has judged all. */
	if (ftruncate(fileno(r->file), 0) == 0 && (unlink(r->path) == 0 || errno == ENOENT))
		return 0;
	snprintf(why, why_len, "%s: can't be removed: %s", r->path, strerror(errno));
	return ERR_IO;
}
