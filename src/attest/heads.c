#include "attest/heads.h"

#include "digest/sha256.h"

static const char magic[] = "makoto-kafka heads ";
static const char version[] = "3\n";

#define MAGIC_LEN (sizeof(magic) - 1)
#define VERSION_LEN (sizeof(version) - 1)
#define RUN_BYTES 27
#define ENTRY_MIN_BYTES 158

struct heads_entry *
heads_add(struct heads *h)
{
	size_t cap = h->cap == 0 ? 16 : h->cap * 2;
	struct heads_entry *p;

	if (h->count == h->cap) {
		p = reallocarray(h->entry, cap, sizeof(*p));
		if (p == NULL)
			return NULL;
		h->entry = p;
		h->cap = cap;
	}
	p = &h->entry[h->count++];
	memset(p, 0, sizeof(*p));
	p->head = head_begin();
	return p;
}

void
heads_entry_clear(struct heads_entry *e)
{
	free(e->cluster_id);
	free(e->topic);
	head_clear(&e->head);
	e->cluster_id = e->topic = NULL;
}

void
heads_clear(struct heads *h)
{
	for (size_t i = 0; i < h->count; i++)
		heads_entry_clear(&h->entry[i]);
	free(h->entry);
	memset(h, 0, sizeof(*h));
}

static void
write_runs(const struct head_runs *r, struct wr *w)
{
	wr_u32(w, (uint32_t)r->count);
	for (size_t i = 0; i < r->count; i++) {
		wr_i64(w, r->run[i].first);
		wr_i64(w, r->run[i].count);
		wr_i64(w, r->run[i].producer_id);
		wr_i16(w, r->run[i].producer_epoch);
		wr_u8(w, r->run[i].committed);
	}
}

void
heads_entry_write(const struct heads_entry *e, struct wr *w)
{
	const struct head *h = &e->head;

	wr_string(w, slice_str(e->cluster_id));
	wr_string(w, slice_str(e->topic));
	wr_u8(w, e->has_topic_id);
	wr_bytes(w, e->topic_id, sizeof(e->topic_id));
	wr_i32(w, e->partition);
	wr_bytes(w, e->chain.b, sizeof(e->chain.b));
	wr_u64(w, h->next_window);
	wr_u64(w, h->last_window);
	wr_u64(w, h->first_window);
	wr_u64(w, h->length);
	wr_bytes(w, h->last_root, 32);
	wr_bytes(w, h->last_statement, 32);
	wr_i32(w, h->dbom_partition);
	wr_i64(w, h->high_offset);
	wr_u8(w, h->follows);
	if (h->follows) {
		wr_bytes(w, h->follows_chain.b, sizeof(h->follows_chain.b));
		wr_u64(w, h->follows_window);
		wr_bytes(w, h->follows_statement, 32);
	}
	write_runs(&h->ended, w);
	write_runs(&h->open, w);
}

void
heads_write(const struct heads *h, struct wr *w)
{
	size_t from = w->len;
	uint8_t sum[32];

	wr_text(w, magic);
	wr_text(w, version);
	wr_bytes(w, h->instance, sizeof(h->instance));
	wr_u32(w, (uint32_t)h->count);
	for (size_t i = 0; i < h->count; i++)
		heads_entry_write(&h->entry[i], w);
	if (wr_err(w) != 0)
		return;
	sha256_of(slice_of(w->buf + from, w->len - from), sum);
	wr_bytes(w, sum, sizeof(sum));
}

static void
read_bytes(struct rd *r, uint8_t *to, size_t n)
{
	const uint8_t *p = rd_need(r, n);

	if (p != NULL)
		memcpy(to, p, n);
}

/* A text without NUL, which C strings couldn't hold; NULL on a fault. */
static char *
read_text(struct rd *r)
{
	struct slice s = rd_string(r);
	char *text;

	if (rd_err(r) != 0)
		return NULL;
	if (s.n > 0 && memchr(s.p, 0, s.n) != NULL) {
		rd_fail(r, ERR_MALFORMED);
		return NULL;
	}
	text = strndup(s.n == 0 ? "" : (const char *)s.p, s.n);
	if (text == NULL)
		rd_fail(r, ERR_NOMEM);
	return text;
}

static void
read_runs(struct rd *r, struct head_runs *ret)
{
	uint32_t n = rd_u32(r);

	if (n > rd_left(r) / RUN_BYTES) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	for (uint32_t i = 0; i < n && rd_err(r) == 0; i++) {
		struct head_run run;

		run.first = rd_i64(r);
		run.count = rd_i64(r);
		run.producer_id = rd_i64(r);
		run.producer_epoch = rd_i16(r);
		run.committed = rd_u8(r) != 0;
		if (run.first < 0 || run.count <= 0 || run.count > INT32_MAX || run.first > INT64_MAX - run.count)
			rd_fail(r, ERR_MALFORMED);
		else if (head_runs_add(ret, run) != 0)
			rd_fail(r, ERR_NOMEM);
	}
}

void
heads_entry_read(struct rd *r, struct heads_entry *e)
{
	struct head *h = &e->head;

	e->cluster_id = read_text(r);
	e->topic = read_text(r);
	e->has_topic_id = rd_u8(r) != 0;
	read_bytes(r, e->topic_id, sizeof(e->topic_id));
	e->partition = rd_i32(r);
	read_bytes(r, e->chain.b, sizeof(e->chain.b));
	h->next_window = rd_u64(r);
	h->last_window = rd_u64(r);
	h->first_window = rd_u64(r);
	h->length = rd_u64(r);
	read_bytes(r, h->last_root, 32);
	read_bytes(r, h->last_statement, 32);
	h->dbom_partition = rd_i32(r);
	h->high_offset = rd_i64(r);
	h->follows = rd_u8(r) != 0;
	if (h->follows) {
		read_bytes(r, h->follows_chain.b, sizeof(h->follows_chain.b));
		h->follows_window = rd_u64(r);
		read_bytes(r, h->follows_statement, 32);
	}
	read_runs(r, &h->ended);
	read_runs(r, &h->open);
	if (rd_err(r) == 0 && (h->next_window == 0 || h->last_window >= h->next_window))
		rd_fail(r, ERR_MALFORMED);
}

/* Checks frame and sum; the bytes of the entries are then as they were written. */
static int
open_file(struct slice file, struct rd *ret)
{
	uint8_t sum[32];

	if (file.n < MAGIC_LEN + VERSION_LEN + sizeof(sum))
		return ERR_SHORT;
	if (memcmp(file.p, magic, MAGIC_LEN) != 0)
		return ERR_MALFORMED;
	if (memcmp(file.p + MAGIC_LEN, version, VERSION_LEN) != 0)
		return ERR_UNSUPPORTED;
	file.n -= sizeof(sum);
	sha256_of(file, sum);
	if (memcmp(file.p + file.n, sum, sizeof(sum)) != 0)
		return ERR_CHECKSUM;
	*ret = rd_of(file);
	rd_skip(ret, MAGIC_LEN + VERSION_LEN);
	return 0;
}

int
heads_read(struct slice file, struct heads *ret)
{
	struct heads h = {0};
	struct rd r;
	uint32_t count;
	int err = open_file(file, &r);

	if (err != 0)
		return err;
	read_bytes(&r, h.instance, sizeof(h.instance));
	count = rd_u32(&r);
	if (count > rd_left(&r) / ENTRY_MIN_BYTES)
		rd_fail(&r, ERR_MALFORMED);
	for (uint32_t i = 0; i < count && rd_err(&r) == 0; i++) {
		struct heads_entry *e = heads_add(&h);

		if (e == NULL)
			rd_fail(&r, ERR_NOMEM);
		else
			heads_entry_read(&r, e);
	}
	if (rd_err(&r) == 0 && rd_left(&r) != 0)
		rd_fail(&r, ERR_MALFORMED);
	err = rd_err(&r);
	if (err != 0) {
		heads_clear(&h);
		return err;
	}
	*ret = h;
	return 0;
}
