#include "kafka/schema.h"

#include "kafka/schema_internal.h"

struct walk {
	struct rd in;
	struct wr *out; /* NULL: only looking */
	int16_t version;
	bool flexible;
	schema_see_fn *see;
	void *arg;
};

static int walk_struct(struct walk *w, int index);

static inline bool
has(int16_t version, int8_t first, int8_t last)
{
	return version >= first && version <= last;
}

static void
copy(struct walk *w, const uint8_t *from)
{
	if (w->out != NULL && w->in.err == 0)
		wr_bytes(w->out, from, (size_t)(w->in.p - from));
}

/* A count of elements or bytes, -1 for null. */
static int64_t
read_count(struct walk *w, unsigned plain_width)
{
	if (w->flexible)
		return (int64_t)rd_uvarint(&w->in) - 1;
	return plain_width == 2 ? rd_i16(&w->in) : rd_i32(&w->in);
}

static void
write_count(struct walk *w, unsigned plain_width, int64_t n)
{
	if (w->flexible)
		wr_uvarint(w->out, (uint32_t)(n + 1));
	else if (plain_width == 2)
		wr_i16(w->out, (int16_t)n);
	else
		wr_i32(w->out, (int32_t)n);
}

static int
show(struct walk *w, const struct schema_field *f, struct schema_value *v)
{
	v->mark = f->mark;
	if (f->mark == SCHEMA_NONE || w->see == NULL || w->in.err != 0)
		return 0;
	return w->see(w->arg, v);
}

static int
walk_fixed(struct walk *w, const struct schema_field *f, const uint8_t *from)
{
	struct schema_value v = {0};
	int err;

	switch (f->type) {
	case T_BOOL:
	case T_INT8: v.num = rd_i8(&w->in); break;
	case T_INT16: v.num = rd_u16(&w->in); break;
	case T_INT32: v.num = rd_i32(&w->in); break;
	case T_INT64: v.num = rd_i64(&w->in); break;
	default: v.bytes = rd_bytes(&w->in, 16); break;
	}
	if ((err = show(w, f, &v)) != 0)
		return err;
	if (v.replaced && w->out != NULL && f->type == T_INT32)
		wr_i32(w->out, (int32_t)v.num);
	else
		copy(w, from);
	return 0;
}

/* A string, bytes or records. */
static int
walk_bytes(struct walk *w, const struct schema_field *f, const uint8_t *from)
{
	unsigned width = f->type == T_STRING ? 2 : 4;
	int64_t n = read_count(w, width);
	struct schema_value v = {0};
	int err;

	if (n < -1 || (n == -1 && !has(w->version, f->null_first, f->null_last)))
		rd_fail(&w->in, ERR_MALFORMED);
	if (n >= 0) {
		static const uint8_t nothing[1];

		v.bytes = n > 0 ? rd_bytes(&w->in, (size_t)n) : slice_of(nothing, 0);
	}
	if ((err = show(w, f, &v)) != 0)
		return err;
	if (v.replaced && w->out != NULL) {
		if (v.bytes.n > INT16_MAX)
			return ERR_LIMIT;
		write_count(w, width, v.bytes.p == NULL ? -1 : (int64_t)v.bytes.n);
		wr_slice_put(w->out, v.bytes);
	} else {
		copy(w, from);
	}
	return 0;
}

static int
walk_one(struct walk *w, const struct schema_field *f)
{
	const uint8_t *from = w->in.p;

	if (f->type == T_STRUCT)
		return walk_struct(w, f->child);
	if (f->type == T_STRING || f->type == T_BYTES)
		return walk_bytes(w, f, from);
	return walk_fixed(w, f, from);
}

static int
walk_array(struct walk *w, const struct schema_field *f)
{
	struct schema_value v = {0};
	struct wr *out = w->out;
	int64_t n = read_count(w, 4);
	int err;

	/* Each element has at least one byte, but for structs of no field, which Kafka has none of. */
	if (n < -1 || (n == -1 && !has(w->version, f->null_first, f->null_last)) || n > (int64_t)rd_left(&w->in)) {
		rd_fail(&w->in, n < -1 || n == -1 ? ERR_MALFORMED : ERR_SHORT);
		return 0;
	}
	v.num = n;
	if ((err = show(w, f, &v)) != 0)
		return err;
	if (out != NULL)
		write_count(w, 4, v.replaced ? 0 : n);
	if (v.replaced)
		w->out = NULL; /* its elements are walked, but not copied */
	for (int64_t i = 0; i < n && err == 0 && w->in.err == 0; i++)
		err = walk_one(w, f);
	w->out = out;
	return err;
}

static int
walk_field(struct walk *w, const struct schema_field *f)
{
	const uint8_t *from = w->in.p;

	if (f->array)
		return walk_array(w, f);
	if (f->type == T_STRUCT && has(w->version, f->null_first, f->null_last)) {
		int8_t there = rd_i8(&w->in);

		if (there != 1 && there != -1)
			rd_fail(&w->in, ERR_MALFORMED);
		copy(w, from);
		if (there != 1 || w->in.err != 0)
			return 0;
	}
	return walk_one(w, f);
}

const struct schema_field *
schema_tagged_field(const struct schema_struct *s, int16_t version, uint32_t tag)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct schema_field *f = &schema_fields[s->first + i];

		if (f->tag >= 0 && (uint32_t)f->tag == tag && version >= f->tag_first &&
		    has(version, f->first, f->last))
			return f;
	}
	return NULL;
}

/* One tagged field that we know: its size is written behind a look at the new content. */
static int
walk_tagged(struct walk *w, const struct schema_field *f, uint32_t size)
{
	struct rd outer = w->in;
	struct wr *out = w->out;
	struct wr content = wr_new(out != NULL ? out->max : 0);
	int err;

	w->in = rd_of(slice_of(outer.p, size));
	w->out = out != NULL ? &content : NULL;
	err = walk_field(w, f);
	if (err == 0)
		err = w->in.err;
	if (err == 0 && rd_left(&w->in) > 0)
		err = ERR_MALFORMED;
	w->in = outer;
	w->out = out;
	rd_skip(&w->in, size);
	if (err == 0 && out != NULL && (err = wr_err(&content)) == 0) {
		wr_uvarint(out, (uint32_t)content.len);
		wr_slice_put(out, wr_slice(&content));
	}
	wr_free(&content);
	return err;
}

static int
walk_tags(struct walk *w, const struct schema_struct *s)
{
	uint32_t count = rd_uvarint(&w->in);
	int64_t last = -1;
	int err = 0;

	if (count > rd_left(&w->in) / 2)
		rd_fail(&w->in, ERR_SHORT);
	if (w->out != NULL && w->in.err == 0)
		wr_uvarint(w->out, count);
	for (uint32_t i = 0; i < count && w->in.err == 0 && err == 0; i++) {
		uint32_t tag = rd_uvarint(&w->in);
		uint32_t size = rd_uvarint(&w->in);
		const struct schema_field *f;

		if ((int64_t)tag <= last)
			rd_fail(&w->in, ERR_MALFORMED);
		if (size > rd_left(&w->in))
			rd_fail(&w->in, ERR_SHORT);
		if (w->in.err != 0)
			break;
		last = tag;
		if (w->out != NULL)
			wr_uvarint(w->out, tag);
		f = schema_tagged_field(s, w->version, tag);
		if (f != NULL) {
			err = walk_tagged(w, f, size);
		} else {
			struct slice bytes = rd_bytes(&w->in, size);

			if (w->out != NULL) {
				wr_uvarint(w->out, size);
				wr_slice_put(w->out, bytes);
			}
		}
	}
	return err;
}

/* The table's structs nest a handful deep and never themselves, so this recursion is bounded. */
static int
walk_struct(struct walk *w, int index)
{
	const struct schema_struct *s = &schema_structs[index];
	int err = 0;

	for (unsigned i = 0; i < s->count && err == 0 && w->in.err == 0; i++) {
		const struct schema_field *f = &schema_fields[s->first + i];

		if (has(w->version, f->first, f->last) && (f->tag < 0 || w->version < f->tag_first))
			err = walk_field(w, f);
	}
	if (err == 0 && w->in.err == 0 && w->flexible)
		err = walk_tags(w, s);
	return err;
}

const struct schema_api *
schema_api_at(int16_t key, int16_t version)
{
	const struct schema_api *api = key >= 0 && key < schema_api_count ? &schema_apis[key] : NULL;

	return api != NULL && api->name != NULL && version >= api->first && version <= api->last ? api : NULL;
}

int
schema_walk(int16_t key, bool response, int16_t version, struct slice body, schema_see_fn *see, void *arg,
	    struct wr *out)
{
	struct walk w = {.in = rd_of(body), .out = out, .version = version, .see = see, .arg = arg};
	const struct schema_api *api = schema_api_at(key, version);
	int err;

	if (api == NULL)
		return ERR_UNSUPPORTED;
	w.flexible = version >= api->flexible;
	err = walk_struct(&w, response ? api->response : api->request);
	if (err == 0)
		err = w.in.err;
	if (err == 0 && rd_left(&w.in) > 0)
		err = ERR_MALFORMED;
	return err != 0 || out == NULL ? err : wr_err(out);
}
