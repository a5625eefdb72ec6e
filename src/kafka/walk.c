#include "kafka/walk.h"

#include "kafka/schema_internal.h"

enum { LEVEL_STRUCT, LEVEL_ARRAY, LEVEL_TAGS, LEVEL_TAGGED };

/* Numbers that decide how it goes on; the others are skipped. */
enum { ITEM_NONE, ITEM_PRESENT, ITEM_BYTES, ITEM_COUNT, ITEM_TAG_COUNT, ITEM_TAG, ITEM_SIZE };

static const uint8_t fixed_width[] = {
	[T_BOOL] = 1, [T_INT8] = 1, [T_INT16] = 2, [T_INT32] = 4, [T_INT64] = 8, [T_UUID] = 16,
};

static void
fail(struct walk *w, int err)
{
	if (w->err == 0)
		w->err = err;
}

static uint64_t
left(const struct walk *w)
{
	return w->limit - w->at;
}

static struct walk_level *
top(struct walk *w)
{
	return &w->levels[w->depth - 1];
}

static void
push(struct walk *w, struct walk_level l)
{
	if (w->depth == WALK_DEPTH)
		fail(w, ERR_LIMIT);
	else
		w->levels[w->depth++] = l;
}

static void
skip(struct walk *w, uint64_t n)
{
	if (n > left(w))
		fail(w, ERR_SHORT);
	else
		w->skip = n;
}

/* A number comes: an integer of `width` bytes, or a varint when that is 0. */
static void
expect(struct walk *w, uint8_t item, uint8_t width)
{
	w->item = item;
	w->width = width;
	w->shift = 0;
	w->number = 0;
	if (width > left(w))
		fail(w, ERR_SHORT);
}

static bool
nullable(const struct walk *w, const struct schema_field *f)
{
	return w->version >= f->null_first && w->version <= f->null_last;
}

/* --- what comes next ----------------------------------------------------------------- */

/* One value of field f: itself, or an element of it. */
static void
begin_value(struct walk *w, int16_t index)
{
	const struct schema_field *f = &schema_fields[index];

	w->field = index;
	if (f->type == T_STRUCT)
		push(w, (struct walk_level){.kind = LEVEL_STRUCT, .index = f->child});
	else if (f->type == T_STRING || f->type == T_BYTES)
		expect(w, ITEM_BYTES, w->flexible ? 0 : f->type == T_STRING ? 2 : 4);
	else
		skip(w, fixed_width[f->type]);
}

static void
begin_field(struct walk *w, int16_t index)
{
	const struct schema_field *f = &schema_fields[index];

	w->field = index;
	if (f->array)
		expect(w, ITEM_COUNT, w->flexible ? 0 : 4);
	else if (f->type == T_STRUCT && nullable(w, f))
		expect(w, ITEM_PRESENT, 1);
	else
		begin_value(w, index);
}

static void
next_of_struct(struct walk *w, struct walk_level *l)
{
	const struct schema_struct *s = &schema_structs[l->index];

	while (l->next < s->count) {
		int16_t index = (int16_t)(s->first + l->next++);
		const struct schema_field *f = &schema_fields[index];

		if (w->version >= f->first && w->version <= f->last && (f->tag < 0 || w->version < f->tag_first)) {
			if (w->depth == 1 && f->mark == SCHEMA_ENDPOINTS)
				w->end_at = w->at;
			begin_field(w, index);
			return;
		}
	}
	if (!w->flexible) {
		w->depth--;
		return;
	}
	if (w->depth == 1 && w->end_at == WALK_NOT_YET)
		w->end_at = w->at;
	l->kind = LEVEL_TAGS;
	l->tag = -1;
	expect(w, ITEM_TAG_COUNT, 0);
}

static void
step(struct walk *w)
{
	struct walk_level *l = top(w);

	switch (l->kind) {
	case LEVEL_STRUCT:
		next_of_struct(w, l);
		return;
	case LEVEL_TAGGED:
		if (left(w) > 0)
			fail(w, ERR_MALFORMED);
		w->limit = l->outer;
		w->depth--;
		return;
	default:
		break;
	}
	if (l->left == 0) {
		w->depth--;
		return;
	}
	l->left--;
	if (l->kind == LEVEL_ARRAY)
		begin_value(w, l->index);
	else
		expect(w, ITEM_TAG, 0);
}

/* Goes on to where the next byte is wanted, or to the end.  Each element has at least one byte, so this is short. */
static void
settle(struct walk *w)
{
	while (w->err == 0 && w->depth > 0 && w->skip == 0 && w->item == ITEM_NONE)
		step(w);
	if (w->depth == 0 && w->at < w->total)
		fail(w, ERR_MALFORMED);
	if (w->item != ITEM_NONE && left(w) == 0)
		fail(w, ERR_SHORT);
}

/* --- numbers --------------------------------------------------------------------------- */

/* A count of elements or bytes, -1 for null, which only some fields may be. */
static int64_t
length(struct walk *w, uint8_t plain_width)
{
	int64_t n = w->flexible ? (int64_t)w->number - 1 : plain_width == 2 ? (int16_t)w->number : (int32_t)w->number;

	if (n < -1 || (n == -1 && !nullable(w, &schema_fields[w->field])))
		fail(w, ERR_MALFORMED);
	return n > 0 ? n : 0;
}

static void
begin_tagged(struct walk *w, uint32_t size)
{
	struct walk_level *l = top(w);
	const struct schema_field *f;

	if ((int64_t)w->tag <= l->tag)
		fail(w, ERR_MALFORMED);
	else if (size > left(w))
		fail(w, ERR_SHORT);
	if (w->err != 0)
		return;
	l->tag = w->tag;
	f = schema_tagged_field(&schema_structs[l->index], w->version, w->tag);
	if (f == NULL) {
		skip(w, size);
		return;
	}
	push(w, (struct walk_level){.kind = LEVEL_TAGGED, .outer = w->limit});
	w->limit = w->at + size;
	begin_field(w, (int16_t)(f - schema_fields));
}

/* The number is complete. */
static void
use_number(struct walk *w)
{
	uint8_t item = w->item;
	int64_t n;

	w->item = ITEM_NONE;
	switch (item) {
	case ITEM_PRESENT:
		if (w->number == 1)
			begin_value(w, w->field);
		else if (w->number != 0xff)
			fail(w, ERR_MALFORMED);
		return;
	case ITEM_BYTES:
		skip(w, (uint64_t)length(w, schema_fields[w->field].type == T_STRING ? 2 : 4));
		return;
	case ITEM_COUNT:
		n = length(w, 4);
		if ((uint64_t)n > left(w))
			fail(w, ERR_SHORT);
		push(w, (struct walk_level){.kind = LEVEL_ARRAY, .index = w->field, .left = (uint32_t)n});
		return;
	case ITEM_TAG_COUNT:
		if (w->number > left(w) / 2)
			fail(w, ERR_SHORT);
		top(w)->left = w->number;
		return;
	case ITEM_TAG:
		w->tag = w->number;
		expect(w, ITEM_SIZE, 0);
		return;
	default:
		begin_tagged(w, w->number);
		return;
	}
}

/* One more byte of the number. */
static void
use_byte(struct walk *w, uint8_t b)
{
	unsigned room = 32u - w->shift;

	if (w->width > 0) {
		w->number = w->number << 8 | b;
		if (--w->width == 0)
			use_number(w);
		return;
	}
	if (room < 7 && (b & 0x7f) >> room != 0) {
		fail(w, ERR_MALFORMED); /* bits that the type has no place for */
		return;
	}
	w->number |= (uint32_t)(b & 0x7f) << w->shift;
	w->shift = (uint8_t)(w->shift + 7);
	if (b < 0x80)
		use_number(w);
	else if (w->shift > 32)
		fail(w, ERR_MALFORMED);
}

/* --- for callers ------------------------------------------------------------------------- */

int
walk_begin(struct walk *w, int16_t key, bool response, int16_t version, uint64_t total)
{
	const struct schema_api *api = schema_api_at(key, version);

	*w = (struct walk){.total = total, .limit = total, .end_at = WALK_NOT_YET, .version = version};
	if (api == NULL) {
		fail(w, ERR_UNSUPPORTED);
		return w->err;
	}
	w->flexible = version >= api->flexible;
	push(w, (struct walk_level){.kind = LEVEL_STRUCT, .index = response ? api->response : api->request});
	settle(w);
	return w->err;
}

int
walk_feed(struct walk *w, struct slice piece)
{
	INVARIANT(piece.n <= w->total - w->at);
	while (w->err == 0 && piece.n > 0) {
		size_t n = 1;

		if (w->skip > 0) {
			n = piece.n < w->skip ? piece.n : (size_t)w->skip;
			w->skip -= n;
			w->at += n;
		} else {
			w->at++;
			use_byte(w, *piece.p);
		}
		piece.p += n;
		piece.n -= n;
		if (w->err == 0)
			settle(w);
	}
	return w->err;
}
