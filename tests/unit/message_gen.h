/*
 * message_gen: random but valid messages of any API and version, made from the schema
 * table, for tests and corpora.  The same seed makes the same messages.
 */
#ifndef TESTS_MESSAGE_GEN_H
#define TESTS_MESSAGE_GEN_H

#include "kafka/schema_internal.h"

struct message_gen {
	uint64_t state; /* never 0 */
	int16_t version;
	bool flexible;
	bool no_unknown_tags;
	bool plain; /* every integer small and positive, every string of letters: for eyes and other parsers */
	struct wr *w;
};

static inline uint64_t
message_gen_next(struct message_gen *g) /* xorshift64* */
{
	g->state ^= g->state >> 12;
	g->state ^= g->state << 25;
	g->state ^= g->state >> 27;
	return g->state * 0x2545f4914f6cdd1dull;
}

static inline uint32_t
message_gen_below(struct message_gen *g, uint32_t n)
{
	return (uint32_t)((message_gen_next(g) >> 32) % n);
}

static inline bool
message_gen_has(const struct message_gen *g, const struct schema_field *f)
{
	return g->version >= f->first && g->version <= f->last;
}

static inline bool
message_gen_is_tagged(const struct message_gen *g, const struct schema_field *f)
{
	return f->tag >= 0 && g->version >= f->tag_first;
}

static inline void
message_gen_count(struct message_gen *g, unsigned width, int64_t n)
{
	if (g->flexible)
		wr_uvarint(g->w, (uint32_t)(n + 1));
	else if (width == 2)
		wr_i16(g->w, (int16_t)n);
	else
		wr_i32(g->w, (int32_t)n);
}

static void message_gen_struct(struct message_gen *g, int index);

static inline void
message_gen_int(struct message_gen *g, unsigned width)
{
	uint64_t v = g->plain ? message_gen_below(g, 100) + 1 : message_gen_next(g);

	for (unsigned i = width; i-- > 0;)
		wr_u8(g->w, (uint8_t)(v >> (8 * i)));
}

static inline void
message_gen_text(struct message_gen *g, const struct schema_field *f, bool null)
{
	unsigned width = f->type == T_STRING ? 2 : 4;
	uint32_t n = message_gen_below(g, 9);

	message_gen_count(g, width, null ? -1 : (int64_t)n);
	for (uint32_t i = 0; i < n && !null; i++)
		wr_u8(g->w, (uint8_t)('a' + message_gen_below(g, 26)));
}

static inline void
message_gen_one(struct message_gen *g, const struct schema_field *f, bool null)
{
	switch (f->type) {
	case T_BOOL: wr_u8(g->w, (uint8_t)message_gen_below(g, 2)); break;
	case T_INT8: message_gen_int(g, 1); break;
	case T_INT16: message_gen_int(g, 2); break;
	case T_INT32: message_gen_int(g, 4); break;
	case T_INT64: message_gen_int(g, 8); break;
	case T_UUID:
		message_gen_int(g, 8);
		message_gen_int(g, 8);
		break;
	case T_STRING:
	case T_BYTES: message_gen_text(g, f, null); break;
	default: message_gen_struct(g, f->child); break;
	}
}

static inline void
message_gen_field(struct message_gen *g, const struct schema_field *f)
{
	bool nullable = g->version >= f->null_first && g->version <= f->null_last;
	bool null = nullable && message_gen_below(g, 6) == 0;
	uint32_t n = message_gen_below(g, 4);

	if (f->array) {
		message_gen_count(g, 4, null ? -1 : (int64_t)n);
		for (uint32_t i = 0; i < n && !null; i++)
			message_gen_one(g, f, false);
		return;
	}
	if (f->type == T_STRUCT && nullable) {
		wr_i8(g->w, null ? -1 : 1);
		if (null)
			return;
	}
	message_gen_one(g, f, null);
}

static inline void
message_gen_tag(struct message_gen *g, const struct schema_field *f)
{
	struct wr content = wr_new(1 << 20);
	struct wr *w = g->w;

	g->w = &content;
	message_gen_field(g, f);
	g->w = w;
	wr_uvarint(w, (uint32_t)f->tag);
	wr_uvarint(w, (uint32_t)content.len);
	wr_slice_put(w, wr_slice(&content));
	wr_free(&content);
}

static inline void
message_gen_tags(struct message_gen *g, const struct schema_struct *s)
{
	const struct schema_field *chosen[64];
	uint32_t count = 0, unknown = 0;

	for (int tag = 0; tag < 64; tag++)
		for (unsigned i = 0; i < s->count; i++) {
			const struct schema_field *f = &schema_fields[s->first + i];

			if (f->tag == tag && message_gen_has(g, f) && message_gen_is_tagged(g, f) &&
			    message_gen_below(g, 3) > 0)
				chosen[count++] = f;
		}
	if (!g->no_unknown_tags && message_gen_below(g, 5) == 0)
		unknown = 1 + message_gen_below(g, 2);
	wr_uvarint(g->w, count + unknown);
	for (uint32_t i = 0; i < count; i++)
		message_gen_tag(g, chosen[i]);
	for (uint32_t i = 0; i < unknown; i++) {
		uint32_t n = message_gen_below(g, 4);

		wr_uvarint(g->w, 1000 * (i + 1) + message_gen_below(g, 1000));
		wr_uvarint(g->w, n);
		for (uint32_t k = 0; k < n; k++)
			wr_u8(g->w, (uint8_t)message_gen_next(g));
	}
}

static inline void
message_gen_struct(struct message_gen *g, int index)
{
	const struct schema_struct *s = &schema_structs[index];

	for (unsigned i = 0; i < s->count; i++) {
		const struct schema_field *f = &schema_fields[s->first + i];

		if (message_gen_has(g, f) && !message_gen_is_tagged(g, f))
			message_gen_field(g, f);
	}
	if (g->flexible)
		message_gen_tags(g, s);
}

/* Writes one message body to `w`.  The API and version must be in the table. */
static inline void
message_gen(struct message_gen *g, int16_t key, bool response, int16_t version, struct wr *w)
{
	const struct schema_api *api = &schema_apis[key];

	INVARIANT(api->name != NULL && version >= api->first && version <= api->last);
	g->version = version;
	g->flexible = version >= api->flexible;
	g->w = w;
	message_gen_struct(g, response ? api->response : api->request);
	INVARIANT(wr_err(w) == 0);
}

#endif
