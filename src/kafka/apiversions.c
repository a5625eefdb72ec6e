#include "kafka/apiversions.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { UNSUPPORTED_VERSION = 35 };

struct range {
	int16_t key, min, max;
	struct slice tags; /* flexible versions: the entry's tagged fields, count included */
};

static struct slice
read_tags(struct rd *r)
{
	const uint8_t *from = r->p;
	uint32_t count = rd_uvarint(r);

	if (count > rd_left(r) / 2)
		rd_fail(r, ERR_SHORT);
	while (count-- > 0 && r->err == 0) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
	return slice_of(from, (size_t)(r->p - from));
}

static int64_t
read_count(struct rd *r, bool flexible)
{
	int64_t n = flexible ? (int64_t)rd_uvarint(r) - 1 : rd_i32(r);

	if (n < 0 || n > (int64_t)(rd_left(r) / 6)) {
		rd_fail(r, ERR_MALFORMED);
		n = 0;
	}
	return n;
}

static struct range
read_range(struct rd *r, bool flexible)
{
	struct range g = {0};

	g.key = rd_i16(r);
	g.min = rd_i16(r);
	g.max = rd_i16(r);
	if (flexible)
		g.tags = read_tags(r);
	return g;
}

int
apiversions_request_read(int16_t version, struct slice body, struct slice *ret_name, struct slice *ret_version)
{
	struct rd r = rd_of(body);
	struct slice name, soft;
	int err = schema_walk(API_VERSIONS, false, version, body, NULL, NULL, NULL);

	if (err != 0)
		return err;
	if (version < 3) {
		*ret_name = *ret_version = slice_str("");
		return 0;
	}
	name = rd_compact(&r);
	soft = rd_compact(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret_name = name;
	*ret_version = soft;
	return 0;
}

bool
apiversions_is_too_new(int16_t version)
{
	int16_t min, max;

	return api_range(API_VERSIONS, &min, &max) && version > max;
}

void
apiversions_too_new(struct wr *out)
{
	int16_t min = 0, max = 0;

	(void)api_range(API_VERSIONS, &min, &max);
	wr_i16(out, UNSUPPORTED_VERSION);
	wr_i32(out, 1);
	wr_i16(out, API_VERSIONS);
	wr_i16(out, min);
	wr_i16(out, max);
}

/* What of a broker's range is ours too; false: nothing. */
static bool
narrow(struct range *g, const void *arg UNUSED)
{
	int16_t min, max;

	if (!api_known(g->key) || !api_range(g->key, &min, &max))
		return false;
	if (g->max > max)
		g->max = max;
	/* The minimum stays: old clients draw conclusions from it (KAFKA-18659). */
	return g->min <= g->max && g->max >= min;
}

static int
narrow_v0(struct slice body, struct wr *out)
{
	struct rd r = rd_of(body);
	int16_t error = rd_i16(&r);
	int64_t n = read_count(&r, false), kept = 0;
	size_t at;

	wr_i16(out, error);
	at = out->len;
	wr_i32(out, 0);
	while (n-- > 0 && r.err == 0) {
		struct range g = read_range(&r, false);

		if (r.err != 0 || !narrow(&g, NULL))
			continue;
		wr_i16(out, g.key);
		wr_i16(out, g.min);
		wr_i16(out, g.max);
		kept++;
	}
	if (rd_err(&r) != 0)
		return rd_err(&r);
	if (rd_left(&r) > 0)
		return ERR_MALFORMED;
	if (wr_err(out) == 0)
		wr_patch_u32(out, at, (uint32_t)kept);
	return wr_err(out);
}

/* An answer of a version's own form, with the entries that `keep` leaves, as it leaves them. */
static int
copy_kept(int16_t version, struct slice body, bool (*keep)(struct range *g, const void *arg), const void *arg,
	  struct wr *out)
{
	bool flexible = version >= 3;
	struct rd r = rd_of(body), again;
	int64_t n, kept = 0;

	(void)rd_i16(&r);
	/* Entries first counted, then written: a compact count has no fixed width to patch. */
	n = read_count(&r, flexible);
	again = r;
	for (int64_t i = 0; i < n; i++) {
		struct range g = read_range(&again, flexible);

		kept += keep(&g, arg);
	}
	wr_bytes(out, body.p, 2);
	if (flexible)
		wr_uvarint(out, (uint32_t)kept + 1);
	else
		wr_i32(out, (int32_t)kept);
	for (int64_t i = 0; i < n; i++) {
		struct range g = read_range(&r, flexible);

		if (!keep(&g, arg))
			continue;
		wr_i16(out, g.key);
		wr_i16(out, g.min);
		wr_i16(out, g.max);
		wr_slice_put(out, g.tags);
	}
	if (rd_err(&r) != 0)
		return rd_err(&r);
	wr_slice_put(out, slice_of(r.p, rd_left(&r))); /* throttle time, features */
	return wr_err(out);
}

int
apiversions_narrow(int16_t version, struct slice body, struct wr *out)
{
	struct rd r = rd_of(body);
	int err;

	if (rd_i16(&r) == UNSUPPORTED_VERSION) {
		size_t from = out->len;

		err = narrow_v0(body, out);
		if (err == ERR_SHORT || err == ERR_MALFORMED) {
			out->len = from;
			wr_slice_put(out, body);
			err = wr_err(out);
		}
		return err;
	}
	err = schema_walk(API_VERSIONS, true, version, body, NULL, NULL, NULL);
	if (err != 0)
		return err;
	if (version == 0)
		return narrow_v0(body, out);
	return copy_kept(version, body, narrow, NULL, out);
}

static bool
is_other(struct range *g, const void *arg)
{
	return g->key != *(const int16_t *)arg;
}

int
apiversions_without(int16_t version, struct slice body, int16_t key, struct wr *out)
{
	struct rd r = rd_of(body);
	int err = 0;

	if (rd_i16(&r) == UNSUPPORTED_VERSION) {
		wr_slice_put(out, body);
		return wr_err(out);
	}
	err = schema_walk(API_VERSIONS, true, version, body, NULL, NULL, NULL);
	return err != 0 ? err : copy_kept(version, body, is_other, &key, out);
}

int
apiversions_find(int16_t version, struct slice body, int16_t key, int16_t *ret_min, int16_t *ret_max)
{
	struct rd r = rd_of(body);
	bool flexible = version >= 3;
	int64_t n;

	if (rd_i16(&r) != 0)
		return rd_err(&r) != 0 ? rd_err(&r) : ERR_REMOTE;
	n = read_count(&r, flexible);
	for (int64_t i = 0; i < n && r.err == 0; i++) {
		struct range g = read_range(&r, flexible);

		if (r.err != 0 || g.key != key)
			continue;
		*ret_min = g.min;
		*ret_max = g.max;
		return 0;
	}
	return rd_err(&r) != 0 ? rd_err(&r) : ERR_NOTFOUND;
}
