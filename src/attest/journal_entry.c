#include "attest/journal_entry.h"

#include "base/rd.h"

/*
 * A member:  u8 flags │ leaf │ leaf for LogAppendTime │ timestamp │ value's bytes │ start of the key's hash
 *                              unless the topic's type   varlong,    uvarint        unless the key
 *                              is known                  to the one                 is null
 *                                                        before
 * What can be left out is: these bytes are most of what a record costs.
 */
enum {
	MEMBER_MIN = 1 + LEAF_LEN + 1 + 1,
	MEMBER_MAX = 1 + 2 * LEAF_LEN + 10 + 5 + MANIFEST_KEY_PREFIX,
	SPAN_BYTES = 8 + 8 + 4,
	FRAME_BYTES = 4,
	TOLD_CLAIMS = 1
};

/* --- writing --------------------------------------------------------------------------- */

static void
put_text(struct wr *w, struct slice s)
{
	wr_string(w, s.p == NULL ? slice_str("") : s);
}

static void
put_long(struct wr *w, struct slice s)
{
	wr_u32(w, (uint32_t)s.n);
	wr_slice_put(w, s);
}

/* As wr_uvarlong(); behind it. */
static uint8_t *
uvarlong_at(uint8_t *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static void
put_members(struct wr *w, const struct journal_entry *e)
{
	bool both = e->time == CHAINS_TIME_UNKNOWN;
	int64_t before = 0;
	/* Once for all: a batch has many. */
	uint8_t *from = wr_room(w, (size_t)e->count * MEMBER_MAX), *p = from;

	if (from == NULL)
		return;
	for (int32_t i = 0; i < e->count; i++) {
		const struct member *m = &e->members[i];
		int64_t since = (int64_t)((uint64_t)m->timestamp - (uint64_t)before);

		*p++ = m->flags;
		p = mempcpy(p, m->leaf, LEAF_LEN);
		if (both)
			p = mempcpy(p, m->unbound, LEAF_LEN);
		p = uvarlong_at(p, (uint64_t)since << 1 ^ -(uint64_t)(since < 0)); /* zig-zag */
		p = uvarlong_at(p, m->value_bytes);
		if ((m->flags & LEAF_KEY_NULL) == 0)
			p = mempcpy(p, m->key_prefix, MANIFEST_KEY_PREFIX);
		before = m->timestamp;
	}
	wr_commit(w, (size_t)(p - from));
}

static void
put_batch(struct wr *w, const struct journal_entry *e)
{
	put_text(w, e->who.client_id);
	put_text(w, e->who.software_name);
	put_text(w, e->who.software_version);
	put_text(w, e->who.principal);
	wr_i64(w, e->producer_id);
	wr_i16(w, e->producer_epoch);
	wr_i32(w, e->base_sequence);
	wr_u8(w, (uint8_t)(e->transactional | e->young << 1 | e->contended << 2 | e->contended_untimed << 3));
	put_text(w, e->transactional_id);
	wr_u8(w, (uint8_t)e->time);
	wr_u8(w, (uint8_t)e->mode);
	wr_bytes(w, e->digest, sizeof(e->digest));
	wr_i64(w, e->reach);
	wr_u32(w, e->span_count);
	for (uint32_t i = 0; i < e->span_count; i++) {
		wr_u64(w, e->spans[i].window);
		wr_i64(w, e->spans[i].start_ms);
		wr_i32(w, e->spans[i].count);
	}
	wr_i32(w, e->count);
	put_members(w, e);
}

static void
put_fields(struct wr *w, const struct journal_entry *e)
{
	switch (e->kind) {
	case JOURNAL_CHAIN:
		heads_entry_write(&e->head, w);
		covered_write(&e->covered, w);
		return;
	case JOURNAL_BATCH:
		wr_u64(w, e->batch);
		put_batch(w, e);
		return;
	case JOURNAL_SETTLED:
		wr_u64(w, e->batch);
		wr_i64(w, e->base_offset);
		wr_i64(w, e->append_ms);
		wr_u8(w, (uint8_t)e->time);
		wr_u64(w, e->settled);
		return;
	case JOURNAL_LEFT:
		wr_u64(w, e->batch);
		wr_u8(w, e->given_up);
		return;
	case JOURNAL_ENDED:
		wr_u64(w, e->batch);
		wr_i64(w, e->producer_id);
		wr_i16(w, e->producer_epoch);
		wr_i64(w, e->base_offset);
		wr_u8(w, e->committed);
		return;
	case JOURNAL_CLOSED:
		wr_u64(w, e->window);
		wr_u8(w, (uint8_t)e->reason);
		wr_i64(w, e->end_ms);
		return;
	case JOURNAL_STATED:
		wr_u64(w, e->window);
		wr_i32(w, e->dbom_partition);
		wr_i64(w, e->since_ms);
		wr_i64(w, e->records);
		put_long(w, e->value);
		put_long(w, e->manifest);
		wr_bytes(w, e->root, sizeof(e->root));
		wr_bytes(w, e->statement, sizeof(e->statement));
		return;
	case JOURNAL_PUBLISHED: wr_u64(w, e->window); return;
	case JOURNAL_TOLD:
		wr_u64(w, e->batch);
		wr_u8(w, (uint8_t)(e->claims ? TOLD_CLAIMS : e->copied << 1 | e->contested << 2 | e->claimed << 3 | e->disputed << 4));
		wr_i64(w, e->base_offset);
		return;
	case JOURNAL_REOPENED: wr_u64(w, e->batch); return;
	case JOURNAL_UNRESOLVED:
		wr_u64(w, e->window);
		wr_i64(w, e->records);
		return;
	}
}

void
journal_entry_write(const struct journal_entry *e, struct wr *w)
{
	size_t at = w->len;

	wr_u32(w, 0);
	wr_u8(w, (uint8_t)e->kind);
	wr_u32(w, e->chain);
	put_fields(w, e);
	if (wr_err(w) == 0)
		wr_patch_u32(w, at, (uint32_t)(w->len - at - FRAME_BYTES));
}

/* --- reading --------------------------------------------------------------------------- */

static void
get_bytes(struct rd *r, uint8_t *to, size_t n)
{
	const uint8_t *p = rd_need(r, n);

	if (p != NULL)
		memcpy(to, p, n);
}

static struct slice
get_long(struct rd *r)
{
	return rd_bytes(r, rd_u32(r));
}

/* A value below `limit`. */
static unsigned
get_choice(struct rd *r, unsigned limit)
{
	unsigned v = rd_u8(r);

	if (v < limit)
		return v;
	rd_fail(r, ERR_MALFORMED);
	return 0;
}

static void
get_spans(struct rd *r, struct journal_entry *e)
{
	e->span_count = rd_u32(r);
	if (e->span_count == 0 || e->span_count > rd_left(r) / SPAN_BYTES) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	e->spans = calloc(e->span_count, sizeof(*e->spans));
	if (e->spans == NULL) {
		rd_fail(r, ERR_NOMEM);
		return;
	}
	for (uint32_t i = 0; i < e->span_count; i++) {
		struct journal_span *s = &e->spans[i];

		s->window = rd_u64(r);
		s->start_ms = rd_i64(r);
		s->count = rd_i32(r);
		/* A batch goes from a window into the next ones. */
		if (s->count <= 0 || s->window <= (i == 0 ? 0 : e->spans[i - 1].window))
			rd_fail(r, ERR_MALFORMED);
	}
}

/* As wr_uvarlong() writes it: an entry has one form. */
static uint64_t
get_uvarlong(struct rd *r)
{
	size_t before = rd_left(r);
	uint64_t v = rd_uvarlong(r);

	if (rd_err(r) == 0 && before - rd_left(r) != uvarlong_len(v))
		rd_fail(r, ERR_MALFORMED);
	return v;
}

static void
get_members(struct rd *r, struct journal_entry *e)
{
	bool both = e->time == CHAINS_TIME_UNKNOWN;
	int64_t told = 0, before = 0;

	for (uint32_t i = 0; rd_err(r) == 0 && i < e->span_count; i++)
		told += e->spans[i].count;
	e->count = rd_i32(r);
	if (e->count <= 0 || told != e->count || (size_t)e->count > rd_left(r) / MEMBER_MIN) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	e->members = calloc((size_t)e->count, sizeof(*e->members));
	if (e->members == NULL) {
		rd_fail(r, ERR_NOMEM);
		return;
	}
	for (int32_t i = 0; i < e->count; i++) {
		struct member *m = &e->members[i];
		uint64_t since, size;

		m->flags = rd_u8(r);
		get_bytes(r, m->leaf, LEAF_LEN);
		if (both)
			get_bytes(r, m->unbound, LEAF_LEN);
		since = get_uvarlong(r);
		size = get_uvarlong(r);
		if (size > UINT32_MAX)
			rd_fail(r, ERR_MALFORMED);
		m->timestamp = (int64_t)((uint64_t)before + ((since >> 1) ^ -(since & 1))); /* zig-zag */
		m->value_bytes = (uint32_t)size;
		if ((m->flags & LEAF_KEY_NULL) == 0)
			get_bytes(r, m->key_prefix, MANIFEST_KEY_PREFIX);
		before = m->timestamp;
	}
}

static void
get_batch(struct rd *r, struct journal_entry *e)
{
	unsigned flags;

	e->who.client_id = rd_string(r);
	e->who.software_name = rd_string(r);
	e->who.software_version = rd_string(r);
	e->who.principal = rd_string(r);
	e->producer_id = rd_i64(r);
	e->producer_epoch = rd_i16(r);
	e->base_sequence = rd_i32(r);
	flags = get_choice(r, 16);
	e->transactional = (flags & 1) != 0;
	e->young = (flags & 2) != 0;
	e->contended = (flags & 4) != 0; /* journals were without these */
	e->contended_untimed = (flags & 8) != 0;
	e->transactional_id = rd_string(r);
	e->time = (enum chains_time)get_choice(r, CHAINS_TIME_APPEND + 1);
	e->mode = (enum header_mode)get_choice(r, HEADERS_NONE + 1);
	get_bytes(r, e->digest, sizeof(e->digest));
	e->reach = rd_i64(r);
	get_spans(r, e);
	get_members(r, e);
}

static uint64_t
get_number(struct rd *r)
{
	uint64_t n = rd_u64(r);

	if (n == 0)
		rd_fail(r, ERR_MALFORMED);
	return n;
}

static void
get_told(struct rd *r, struct journal_entry *e)
{
	unsigned flags = get_choice(r, 32);

	e->claims = flags == TOLD_CLAIMS;
	e->copied = e->claims || (flags & 2) != 0;
	e->contested = (flags & 4) != 0;
	e->claimed = (flags & 8) != 0;
	e->disputed = (flags & 16) != 0;
	if ((flags & 1) != 0 && !e->claims)
		rd_fail(r, ERR_MALFORMED);
}

static void
get_fields(struct rd *r, struct journal_entry *e)
{
	switch (e->kind) {
	case JOURNAL_CHAIN:
		heads_entry_read(r, &e->head);
		covered_read(r, &e->covered);
		return;
	case JOURNAL_BATCH:
		e->batch = get_number(r);
		get_batch(r, e);
		return;
	case JOURNAL_SETTLED:
		e->batch = get_number(r);
		e->base_offset = rd_i64(r);
		e->append_ms = rd_i64(r);
		e->time = (enum chains_time)get_choice(r, CHAINS_TIME_APPEND + 1);
		if (rd_left(r) > 0) /* journals were without it */
			e->settled = rd_u64(r);
		if (e->base_offset < 0)
			rd_fail(r, ERR_MALFORMED);
		return;
	case JOURNAL_LEFT:
		e->batch = get_number(r);
		e->given_up = get_choice(r, 2) != 0;
		return;
	case JOURNAL_ENDED:
		e->batch = rd_u64(r);
		e->producer_id = rd_i64(r);
		e->producer_epoch = rd_i16(r);
		e->base_offset = rd_i64(r);
		e->committed = get_choice(r, 2) != 0;
		return;
	case JOURNAL_CLOSED:
		e->window = get_number(r);
		e->reason = (enum close_reason)get_choice(r, CLOSE_REASONS);
		e->end_ms = rd_i64(r);
		return;
	case JOURNAL_STATED:
		e->window = get_number(r);
		e->dbom_partition = rd_i32(r);
		e->since_ms = rd_i64(r);
		e->records = rd_i64(r);
		e->value = get_long(r);
		e->manifest = get_long(r);
		get_bytes(r, e->root, sizeof(e->root));
		get_bytes(r, e->statement, sizeof(e->statement));
		return;
	case JOURNAL_PUBLISHED: e->window = get_number(r); return;
	case JOURNAL_TOLD:
		e->batch = get_number(r);
		get_told(r, e);
		if (rd_left(r) > 0) /* journals were without it */
			e->base_offset = rd_i64(r);
		return;
	case JOURNAL_REOPENED: e->batch = get_number(r); return;
	case JOURNAL_UNRESOLVED:
		e->window = get_number(r);
		e->records = rd_i64(r);
		if (e->records <= 0)
			rd_fail(r, ERR_MALFORMED);
		return;
	}
	rd_fail(r, ERR_UNSUPPORTED);
}

int
journal_entry_read(struct slice from, struct journal_entry *ret, size_t *ret_len)
{
	struct journal_entry e = {.base_offset = -1};
	struct rd frame = rd_of(from), r;
	struct slice body = rd_bytes(&frame, rd_u32(&frame));
	int err = rd_err(&frame);

	if (err != 0)
		return err;
	r = rd_of(body);
	e.kind = (enum journal_kind)rd_u8(&r);
	e.chain = rd_u32(&r);
	if (e.chain == 0)
		rd_fail(&r, ERR_MALFORMED);
	get_fields(&r, &e);
	if (rd_err(&r) == 0 && rd_left(&r) != 0)
		rd_fail(&r, ERR_MALFORMED);
	if ((err = rd_err(&r)) != 0) {
		journal_entry_free(&e);
		return err == ERR_SHORT ? ERR_MALFORMED : err; /* the frame was whole */
	}
	*ret_len = FRAME_BYTES + body.n;
	e.raw = slice_of(from.p, *ret_len);
	*ret = e;
	return 0;
}

void
journal_entry_free(struct journal_entry *e)
{
	if (e->kind == JOURNAL_CHAIN) {
		heads_entry_clear(&e->head);
		covered_clear(&e->covered);
	}
	if (e->kind == JOURNAL_BATCH) {
		free(e->spans);
		free(e->members);
		e->spans = NULL;
		e->members = NULL;
	}
}

const char *
journal_kind_name(enum journal_kind kind)
{
	static const char *const names[] = {
		[JOURNAL_CHAIN] = "chain", [JOURNAL_BATCH] = "batch",   [JOURNAL_SETTLED] = "settled",
		[JOURNAL_LEFT] = "left",   [JOURNAL_ENDED] = "ended",   [JOURNAL_CLOSED] = "closed",
		[JOURNAL_STATED] = "stated", [JOURNAL_PUBLISHED] = "published",
		[JOURNAL_TOLD] = "told",   [JOURNAL_REOPENED] = "reopened", [JOURNAL_UNRESOLVED] = "unresolved",
	};

	return (size_t)kind < ARRAY_LEN(names) && names[kind] != NULL ? names[kind] : "unknown";
}
