/* batches: record batches made by hand, for tests. */
#ifndef TESTS_UNIT_BATCHES_H
#define TESTS_UNIT_BATCHES_H

#include "kafka/batch.h"

struct made_header {
	const char *name;
	const char *value; /* NULL: null */
};

struct made_record {
	const char *key;   /* NULL: null */
	const char *value; /* NULL: null */
	int64_t delta;     /* of the timestamp */
	struct made_header headers[4];
	int header_count;
};

static inline void
made_text(struct wr *w, const char *s)
{
	wr_varint(w, s == NULL ? -1 : (int32_t)strlen(s));
	if (s != NULL)
		wr_text(w, s);
}

static inline void
made_records(struct wr *w, const struct made_record *r, int32_t count)
{
	for (int32_t i = 0; i < count; i++) {
		struct wr one = wr_new(SIZE_MAX);

		wr_u8(&one, 0);
		wr_varlong(&one, r[i].delta);
		wr_varint(&one, i);
		made_text(&one, r[i].key);
		made_text(&one, r[i].value);
		wr_varint(&one, r[i].header_count);
		for (int h = 0; h < r[i].header_count; h++) {
			made_text(&one, r[i].headers[h].name);
			made_text(&one, r[i].headers[h].value);
		}
		wr_varint(w, (int32_t)one.len);
		wr_slice_put(w, wr_slice(&one));
		wr_free(&one);
	}
}

/* The batch's bytes; the caller's. */
static inline struct wr
made_batch(struct codecs *codecs, enum codec codec, bool xerial, const struct made_record *r, int32_t count,
	   int64_t base_timestamp)
{
	struct batch b = {.leader_epoch = -1,
			  .attributes = (int16_t)codec,
			  .last_offset_delta = count - 1,
			  .base_timestamp = base_timestamp,
			  .max_timestamp = base_timestamp,
			  .producer_id = -1,
			  .producer_epoch = -1,
			  .base_sequence = -1,
			  .count = count};
	struct wr plain = wr_new(SIZE_MAX), out = wr_new(SIZE_MAX);
	size_t at = batch_begin(&b, &out);

	made_records(&plain, r, count);
	if (codec_compress(codecs, codec, xerial, wr_slice(&plain), &out) != 0 || batch_end(&out, at) != 0)
		abort();
	wr_free(&plain);
	return out;
}

#endif
