/*
 * The hot path.  Per record: the hash of the value, of the key, of the headers when
 * there are some, and of the 107 bytes of the leaf; one copy of the record's bytes and
 * one of its three headers, whose constant parts are made once per span.
 */
#include "attest/rewrite.h"

#include "base/clock.h"
#include "base/text.h"
#include "kafka/record.h"
#include "makoto/triple.h"

enum { SCRATCH_KEEP = 4 * 1024 * 1024 }; /* larger buffers go when the batch is done */
enum { TRIPLE_MAX = 512 };               /* our three headers, encoded; a topic's name has at most 249 bytes */

struct rewriter {
	struct codecs *codecs;
	struct batch in;      /* that is open */
	struct slice records; /* its own, decompressed */
	struct wr plain;      /* where they are, when they were compressed */
	struct wr fresh;      /* new records before compression */
};

/*
 * Our headers as they stand in a record of one span:
 *
 *   name length │ makoto.content_hash │ value length │ (hash) │ the rest, which is the same for all
 */
struct template {
	enum header_mode mode;
	uint8_t head[32];
	size_t head_len; /* up to the hash's length */
	uint8_t tail[TRIPLE_MAX];
	size_t tail_len;
	size_t hash_bytes;
};

struct rewriter *
rewriter_new(const struct codec_levels *levels)
{
	struct rewriter *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->plain = wr_new(SIZE_MAX / 2);
	r->fresh = wr_new(SIZE_MAX / 2);
	r->codecs = codecs_new(levels);
	if (r->codecs == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

void
rewriter_free(struct rewriter *r)
{
	if (r == NULL)
		return;
	codecs_free(r->codecs);
	wr_free(&r->plain);
	wr_free(&r->fresh);
	free(r);
}

static void
scratch_reset(struct wr *w)
{
	if (w->cap > SCRATCH_KEEP)
		wr_free(w);
	wr_reset(w);
}

static void
put_header(struct wr *w, const char *name, struct slice value)
{
	wr_varint(w, (int32_t)strlen(name));
	wr_text(w, name);
	wr_varint(w, (int32_t)value.n);
	wr_slice_put(w, value);
}

static int
template_make(struct template *t, const struct rewrite_order *o, uint64_t window_id)
{
	struct wr head = {t->head, 0, sizeof(t->head), sizeof(t->head), 0}; /* never grow: both fit */
	struct wr tail = {t->tail, 0, sizeof(t->tail), sizeof(t->tail), 0};
	char id[24], ref[320], key[CHAIN_KEY_MAX + 1];
	int n;

	t->mode = o->mode;
	wr_varint(&head, (int32_t)strlen(TRIPLE_CONTENT_HASH));
	wr_text(&head, TRIPLE_CONTENT_HASH);
	t->head_len = head.len;
	t->hash_bytes = o->mode == HEADERS_FULL ? 2 * SHA256_LEN : SHA256_LEN;
	n = snprintf(id, sizeof(id), "%llu", (unsigned long long)window_id);
	put_header(&tail, TRIPLE_WINDOW_ID, slice_of(id, (size_t)n));
	if (o->mode == HEADERS_FULL) {
		(void)chain_key(o->chain, window_id, key);
		n = snprintf(ref, sizeof(ref), "%.*s/%s", (int)o->dbom_topic.n, (const char *)o->dbom_topic.p, key);
		if (n < 0 || (size_t)n >= sizeof(ref))
			return ERR_LIMIT;
		put_header(&tail, TRIPLE_SIGNATURE, slice_of(ref, (size_t)n));
	} else {
		uint64_t be = __builtin_bswap64(window_id);

		memcpy(ref, o->chain->b, CHAIN_ID_LEN);
		memcpy(ref + CHAIN_ID_LEN, &be, 8);
		put_header(&tail, TRIPLE_SIGNATURE, slice_of(ref, CHAIN_ID_LEN + 8));
	}
	if (head.err != 0 || tail.err != 0)
		return ERR_LIMIT;
	t->tail_len = tail.len;
	return 0;
}

static void
hex_into(uint8_t *to, const uint8_t hash[SHA256_LEN])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_LEN; i++) {
		to[2 * i] = (uint8_t)digits[hash[i] >> 4];
		to[2 * i + 1] = (uint8_t)digits[hash[i] & 15];
	}
}

/* A known number into a varint; room for it was made. */
static uint8_t *
put_varint(uint8_t *p, uint32_t v)
{
	v <<= 1; /* zig-zag of a number that isn't negative */
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

static inline uint8_t *
put_bytes(uint8_t *p, const void *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

/* Room for all records at once, as far as it may be had: growing by doubling copies them over and over. */
static void
reserve(const struct template *t, size_t records, int32_t count, struct wr *out)
{
	enum { NUMBERS = 10 }; /* of varints that become longer, and of window ids that do */
	size_t each = t->head_len + t->hash_bytes + t->tail_len + NUMBERS;
	size_t most = out->max - out->len, want = records + (size_t)count * each;

	(void)wr_room(out, want < most ? want : most);
}

static int
emit(const struct template *t, const struct record *rec, const uint8_t *value_hash, struct wr *out)
{
	size_t hash_n = value_hash == NULL ? 0 : t->hash_bytes;
	uint32_t count = (uint32_t)rec->header_count + 3;
	size_t body = rec->before_headers.n + varint_len((int32_t)count) + rec->headers.n + t->head_len +
		      varint_len((int32_t)hash_n) + hash_n + t->tail_len;
	uint8_t *start, *p;

	if (body > INT32_MAX / 2)
		return ERR_LIMIT;
	start = p = wr_room(out, body + 5);
	if (p == NULL)
		return wr_err(out);
	p = put_varint(p, (uint32_t)body);
	p = put_bytes(p, rec->before_headers.p, rec->before_headers.n);
	p = put_varint(p, count);
	p = put_bytes(p, rec->headers.p, rec->headers.n);
	p = put_bytes(p, t->head, t->head_len);
	p = put_varint(p, (uint32_t)hash_n);
	if (value_hash != NULL) {
		if (t->mode == HEADERS_FULL)
			hex_into(p, value_hash);
		else
			memcpy(p, value_hash, SHA256_LEN);
		p += hash_n;
	}
	p = put_bytes(p, t->tail, t->tail_len);
	wr_commit(out, (size_t)(p - start));
	return 0;
}

/* The record's leaf.  All its own headers are covered: ours come behind them. */
static int
hash_record(const struct record *rec, const struct rewrite_order *o, struct leaf_input *in, struct member *m)
{
	leaf_set_record(in, rec->key, rec->value, o->bind_timestamp, rec->timestamp);
	if (rec->header_count > 0) {
		struct rd r = rd_of(rec->headers);
		struct leaf_headers h;

		leaf_headers_begin(&h, (uint32_t)rec->header_count);
		for (int32_t i = 0; i < rec->header_count; i++) {
			struct slice name, value;
			int err = record_header_next(&r, &name, &value);

			if (err != 0)
				return err;
			leaf_headers_add(&h, name, value);
		}
		leaf_headers_end(&h, in->headers_hash);
	} else {
		memset(in->headers_hash, 0, SHA256_LEN);
	}
	leaf_of(in, m->leaf);
	if (o->both) {
		uint8_t flags = in->flags;

		in->flags &= (uint8_t)~LEAF_TIME_BOUND;
		leaf_of(in, m->unbound);
		in->flags = flags;
	}
	m->timestamp = rec->timestamp;
	m->value_bytes = (uint32_t)rec->value.n;
	m->flags = in->flags;
	memcpy(m->key_prefix, in->key_hash, MANIFEST_KEY_PREFIX);
	return 0;
}

/* Whatever the walk is going to read: each record whole, in its place, and nothing behind the last. */
static int
check(const struct batch *in, struct slice records)
{
	struct rd r = rd_of(records);

	for (int32_t i = 0; i < in->count; i++) {
		struct record rec;
		int err = record_next(&r, in->base_timestamp, &rec);

		if (err != 0)
			return err;
		/* Offsets are told as base + index: a batch with holes would be attested in the wrong place. */
		if (rec.offset_delta != i)
			return ERR_MALFORMED;
	}
	return rd_left(&r) > 0 ? ERR_MALFORMED : 0;
}

/* Over what check() found good. */
static int
walk(const struct batch *in, struct slice records, const struct rewrite_order *o, struct wr *out,
     struct member *members)
{
	struct rd r = rd_of(records);
	struct leaf_input leaf;
	struct template t = {0};
	uint32_t in_span = 0;
	size_t span = 0;
	int err;

	for (int32_t i = 0; i < in->count; i++) {
		struct record rec;

		while (in_span == 0) {
			INVARIANT(span < o->span_count);
			in_span = o->spans[span].count;
			if (o->mode != HEADERS_NONE && (err = template_make(&t, o, o->spans[span].window_id)) != 0)
				return err;
			if (o->mode != HEADERS_NONE && i == 0 && in_span > 0)
				reserve(&t, records.n, in->count, out);
			span++;
		}
		in_span--;
		if ((err = record_next(&r, in->base_timestamp, &rec)) != 0)
			return err;
		if ((err = hash_record(&rec, o, &leaf, &members[i])) != 0)
			return err;
		if (o->mode != HEADERS_NONE &&
		    (err = emit(&t, &rec, rec.value.p == NULL ? NULL : leaf.value_hash, out)) != 0)
			return err;
	}
	return 0;
}

static inline int64_t
lap(struct monotime *since)
{
	struct monotime now = clock_now();
	int64_t ns = monotime_since_ns(now, *since);

	*since = now;
	return ns;
}

int
rewrite_open(struct rewriter *r, const struct batch *in, size_t max_bytes, struct rewrite_cost *cost)
{
	enum codec codec = batch_codec(in);
	struct slice records = in->records;
	struct monotime since = clock_now();
	int64_t codec_ns = 0;
	size_t plain = 0;
	int err = 0;

	if (codec == CODEC_COUNT)
		return ERR_UNSUPPORTED;
	if (in->last_offset_delta != in->count - 1 || in->count < 1)
		return ERR_MALFORMED;
	if (codec != CODEC_NONE) {
		err = codec_decompress(r->codecs, codec, in->records, max_bytes, &r->plain);
		records = wr_slice(&r->plain);
		plain = err == 0 ? records.n : max_bytes;
		codec_ns = lap(&since);
	} else if (records.n > max_bytes) {
		err = ERR_LIMIT;
	}
	/* Each record has at least seven bytes: a count that no bytes could back goes no further. */
	if (err == 0 && (size_t)in->count > records.n / 7)
		err = ERR_MALFORMED;
	if (err == 0 && (size_t)in->count > max_bytes / sizeof(struct member))
		err = ERR_LIMIT;
	if (err == 0)
		err = check(in, records);
	if (cost != NULL) {
		cost->codec_ns += codec_ns;
		cost->hash_ns += lap(&since);
		cost->plain += plain;
	}
	if (err != 0) {
		rewrite_close(r);
		return err;
	}
	r->in = *in;
	r->records = records;
	return 0;
}

void
rewrite_close(struct rewriter *r)
{
	scratch_reset(&r->plain);
	scratch_reset(&r->fresh);
	r->in = (struct batch){0};
	r->records = slice_of(NULL, 0);
}

int
rewrite_batch(struct rewriter *r, const struct rewrite_order *o, struct wr *out, struct member *ret_members,
	      struct rewrite_cost *cost)
{
	const struct batch *in = &r->in;
	enum codec codec = batch_codec(in);
	struct monotime since = clock_now();
	bool direct = codec == CODEC_NONE && o->mode != HEADERS_NONE;
	struct wr *to = direct ? out : &r->fresh;
	size_t from = out->len, at = 0, begin, max, records;
	int64_t codec_ns = 0, hash_ns;
	int err = 0;

	INVARIANT(in->count > 0);
	if (wr_err(out) != 0)
		return wr_err(out);
	if (o->mode != HEADERS_NONE) {
		at = batch_begin(in, out);
		err = wr_err(out);
	}
	wr_reset(&r->fresh);
	begin = to->len;
	max = to->max;
	if (max - begin > o->max_bytes)
		to->max = begin + o->max_bytes;
	if (err == 0)
		err = walk(in, r->records, o, to, ret_members);
	to->max = max;
	if (err == 0 && to->len - begin > o->max_bytes)
		err = ERR_LIMIT; /* a buffer that was larger before let it through */
	hash_ns = lap(&since);
	records = to->len - begin;
	if (err == 0 && o->mode != HEADERS_NONE && !direct) {
		err = codec_compress(r->codecs, codec, codec == CODEC_SNAPPY && codec_is_xerial(in->records),
				     wr_slice(&r->fresh), out);
		codec_ns = lap(&since);
	}
	if (err == 0 && o->mode != HEADERS_NONE)
		err = batch_end(out, at);
	if (err != 0) {
		out->len = from;
		out->err = 0;
	}
	if (cost != NULL) {
		cost->codec_ns += codec_ns;
		cost->hash_ns += hash_ns;
		cost->whole += err == 0 && o->mode != HEADERS_NONE ? BATCH_HEAD + records : 0;
	}
	return err;
}
