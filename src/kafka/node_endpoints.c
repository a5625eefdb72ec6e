#include "kafka/node_endpoints.h"

#include "base/rd.h"
#include "kafka/api.h"

struct section {
	size_t size;
	bool tagged;         /* the endpoints are in a tagged field; else they are an array before those */
	uint32_t others;     /* tagged fields besides the endpoints … */
	struct slice rest;   /* … and their bytes */
	int64_t last_tag;    /* of them; -1: none */
	uint32_t count;      /* endpoints */
	struct slice list;   /* their bytes */
	addresses_map_fn *map;
	void *arg;
};

/* Tagged fields as they are; only where each ends matters, and the last one's number. */
static void
skip_tags(struct rd *r, uint32_t count, int64_t *ret_last)
{
	for (; count > 0 && rd_err(r) == 0; count--) {
		*ret_last = rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

/* A compact array's count is one more than it has. */
static uint32_t
read_count(struct rd *r)
{
	uint32_t n = rd_uvarint(r);

	return n - (n > 0);
}

static void
skip_endpoints(struct rd *r, uint32_t count)
{
	int64_t last;

	for (; count > 0 && rd_err(r) == 0; count--) {
		(void)rd_i32(r);
		(void)rd_compact(r);
		(void)rd_i32(r);
		(void)rd_nullable_compact(r);
		skip_tags(r, rd_uvarint(r), &last);
	}
}

/* endpoints… │ count │ tags… */
static void
read_field(struct rd *r, struct section *s)
{
	const uint8_t *from;

	s->count = read_count(r);
	from = r->p;
	skip_endpoints(r, s->count);
	s->list = slice_of(from, (size_t)(r->p - from));
	s->others = rd_uvarint(r);
}

/* count │ 0 size endpoints… │ other tags…  false: it has no tag 0, so no endpoints. */
static bool
read_tagged(struct rd *r, struct section *s)
{
	uint32_t tags = rd_uvarint(r);
	struct rd list;

	if (rd_err(r) != 0 || tags == 0 || rd_uvarint(r) != 0)
		return false;
	list = rd_of(rd_bytes(r, rd_uvarint(r)));
	s->count = read_count(&list);
	s->list = slice_of(list.p, rd_left(&list));
	s->others = tags - 1;
	if (rd_err(&list) != 0)
		rd_fail(r, rd_err(&list));
	return true;
}

static int
read_section(int16_t key, struct slice bytes, struct section *s)
{
	struct rd r = rd_of(bytes);

	s->last_tag = -1;
	s->size = bytes.n;
	s->tagged = key == API_FETCH;
	if (!s->tagged)
		read_field(&r, s);
	else if (!read_tagged(&r, s))
		return rd_err(&r);
	s->rest = slice_of(r.p, rd_left(&r));
	skip_tags(&r, s->others, &s->last_tag);
	if (rd_err(&r) == 0 && rd_left(&r) > 0)
		return ERR_MALFORMED;
	return rd_err(&r);
}

/* Bytes of everything but padding, for `count` endpoints of n bytes and `more` tags besides the broker's others. */
static size_t
natural(const struct section *s, uint32_t count, size_t n, uint32_t more)
{
	size_t list = uvarlong_len((uint64_t)count + 1) + n;
	size_t field = !s->tagged ? list : count > 0 ? 1 + uvarlong_len(list) + list : 0;

	return uvarlong_len((uint64_t)s->others + (s->tagged && count > 0) + more) + field + s->rest.n;
}

/* A tagged field of exactly n bytes that may stand behind tag `last`.  false: there is none. */
static bool
padding(size_t n, int64_t last, uint32_t *ret_tag, uint32_t *ret_size)
{
	/* The highest of four bytes, three, two, one: some lengths are out of reach for one of them. */
	static const uint32_t tags[] = {0xfffffff, 0x1fffff, 0x3fff, 0x7f};

	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		size_t head = uvarlong_len(tags[i]) + 1;

		for (; tags[i] > last && head <= n; head++) {
			if (uvarlong_len(n - head) != head - uvarlong_len(tags[i]))
				continue;
			*ret_tag = tags[i];
			*ret_size = (uint32_t)(n - head);
			return true;
		}
	}
	return false;
}

/* One endpoint, with our address; false: it is left out. */
static bool
put_endpoint(const struct section *s, struct rd *r, struct wr *out)
{
	const uint8_t *from = r->p, *behind;
	int32_t node_id = rd_i32(r);
	struct slice host = rd_compact(r), ours;
	int32_t port = rd_i32(r), our_port;
	int64_t last;

	behind = r->p;
	(void)rd_nullable_compact(r); /* the rack */
	skip_tags(r, rd_uvarint(r), &last);
	if (rd_err(r) != 0)
		return false;
	if (host.n == 0) {
		wr_bytes(out, from, (size_t)(r->p - from)); /* nothing to dial */
		return true;
	}
	if (node_id < 0 || port <= 0 || s->map(s->arg, node_id, host, port, &ours, &our_port) != 0)
		return false;
	wr_i32(out, node_id);
	wr_compact(out, ours);
	wr_i32(out, our_port);
	wr_bytes(out, behind, (size_t)(r->p - behind));
	return true;
}

/* The first endpoints, at most `most`, as far as they can be told and fit. */
static int
put_endpoints(const struct section *s, uint32_t most, struct wr *out, uint32_t *ret_count)
{
	struct rd r = rd_of(s->list);
	uint32_t count = 0;

	wr_reset(out);
	for (uint32_t i = 0; i < s->count && rd_err(&r) == 0; i++) {
		size_t before = out->len;

		if (!put_endpoint(s, &r, out) || wr_err(out) != 0)
			continue;
		if (count < most && natural(s, count + 1, out->len, 0) <= s->size)
			count++;
		else
			out->len = before;
	}
	if (rd_err(&r) == 0 && rd_left(&r) > 0)
		return ERR_MALFORMED;
	*ret_count = count;
	return rd_err(&r) != 0 ? rd_err(&r) : wr_err(out);
}

/* All of it at its old length.  ERR_LIMIT: that can't be done with these endpoints. */
static int
put_section(const struct section *s, uint32_t count, struct slice list, struct wr *out)
{
	static const uint8_t zeros[64];
	bool exact = natural(s, count, list.n, 0) == s->size;
	size_t padded = natural(s, count, list.n, 1);
	uint32_t tag, size;

	if (!exact && (padded > s->size || !padding(s->size - padded, s->last_tag, &tag, &size)))
		return ERR_LIMIT;
	if (s->tagged) {
		wr_uvarint(out, s->others + (count > 0) + !exact);
		if (count > 0) {
			wr_uvarint(out, 0);
			wr_uvarint(out, (uint32_t)(uvarlong_len((uint64_t)count + 1) + list.n));
		}
	}
	if (!s->tagged || count > 0) {
		wr_uvarint(out, count + 1);
		wr_slice_put(out, list);
	}
	if (!s->tagged)
		wr_uvarint(out, s->others + !exact);
	wr_slice_put(out, s->rest);
	if (exact)
		return wr_err(out);
	wr_uvarint(out, tag);
	wr_uvarint(out, size);
	for (uint32_t n; size > 0; size -= n) {
		n = size < sizeof(zeros) ? size : sizeof(zeros);
		wr_bytes(out, zeros, n);
	}
	return wr_err(out);
}

int
node_endpoints_rewrite(int16_t key, struct slice section, addresses_map_fn *map, void *arg, struct wr *out, bool *ret_changed)
{
	struct section s = {.map = map, .arg = arg};
	struct wr list;
	uint32_t count;
	int err = read_section(key, section, &s);

	if (err != 0 || s.count == 0) {
		if (err == 0)
			*ret_changed = false;
		return err;
	}
	list = wr_new(section.n + 65536); /* one may be put before it turns out not to fit */
	err = put_endpoints(&s, UINT32_MAX, &list, &count);
	if (err == 0)
		err = put_section(&s, count, wr_slice(&list), out);
	/* A byte is missing that nothing can fill: one endpoint less makes room; none always does, if a tag is left. */
	if (err == ERR_LIMIT && count > 0 && (err = put_endpoints(&s, count - 1, &list, &count)) == 0)
		err = put_section(&s, count, wr_slice(&list), out);
	if (err == ERR_LIMIT)
		err = put_section(&s, 0, slice_of(NULL, 0), out);
	wr_free(&list);
	if (err == 0)
		*ret_changed = true;
	return err;
}
