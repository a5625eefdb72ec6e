/*
 * message_same: a reader written by hand must take exactly what the table's walker
 * takes, of good messages, of each of their prefixes, of each change of one byte.
 */
#ifndef TESTS_MESSAGE_SAME_H
#define TESTS_MESSAGE_SAME_H

#include <check.h>

#include "message_gen.h"

/* Is it taken?  The body lies in a block of exactly its size. */
typedef bool message_same_fn(int16_t version, struct slice body);

struct message_same {
	int16_t key;
	bool response;
	message_same_fn *taken;
	bool (*outside)(int16_t version, struct slice body); /* NULL, or: good, but not for this reader */
};

static inline void
message_same_one(const struct message_same *m, int16_t version, struct slice body)
{
	bool walked = schema_walk(m->key, m->response, version, body, NULL, NULL, NULL) == 0;

	if (walked && m->outside != NULL && m->outside(version, body))
		walked = false;
	ck_assert_msg(m->taken(version, body) == walked, "version %d: the walker says %d", version, walked);
}

/* So many messages of each version: of large ones each round takes long. */
static inline void
message_same_rounds(const struct message_same *m, int rounds)
{
	static const uint8_t flips[] = {0x01, 0x02, 0x7f, 0x80, 0xff};
	struct message_gen g = {.state = 0xfeed};
	struct wr w = wr_new(1 << 20);

	for (int16_t v = schema_apis[m->key].first; v <= schema_apis[m->key].last; v++) {
		for (int round = 0; round < rounds; round++) {
			uint8_t *box;

			wr_reset(&w);
			message_gen(&g, m->key, m->response, v, &w);
			for (size_t n = 0; n <= w.len; n++) {
				box = malloc(n + 1);
				ck_assert_ptr_nonnull(box);
				memcpy(box + 1, w.buf, n); /* its end is the block's end */
				message_same_one(m, v, slice_of(box + 1, n));
				free(box);
			}
			box = malloc(w.len);
			ck_assert_ptr_nonnull(box);
			memcpy(box, w.buf, w.len);
			for (size_t i = 0; i < w.len; i++) {
				for (size_t k = 0; k < ARRAY_LEN(flips); k++) {
					box[i] ^= flips[k];
					message_same_one(m, v, slice_of(box, w.len));
					box[i] = w.buf[i];
				}
			}
			free(box);
		}
	}
	wr_free(&w);
}

static inline UNUSED void
message_same(const struct message_same *m)
{
	message_same_rounds(m, 25);
}

#endif
