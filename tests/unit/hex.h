/* hex: bytes as text, so that a known answer reads like the protocol's documents.  Spaces and | are skipped. */
#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include "base/wr.h"

static inline int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 'text' between quotes stands for itself.  Release with wr_free(). */
static inline struct wr
hex_of(const char *s)
{
	struct wr w = wr_new(1 << 20);

	while (*s != '\0') {
		if (*s == '\'') {
			for (s++; *s != '\''; s++)
				wr_u8(&w, (uint8_t)*s);
			s++;
		} else if (*s == ' ' || *s == '|') {
			s++;
		} else {
			INVARIANT(hex_digit(s[0]) >= 0 && hex_digit(s[1]) >= 0);
			wr_u8(&w, (uint8_t)(hex_digit(s[0]) << 4 | hex_digit(s[1])));
			s += 2;
		}
	}
	return w;
}

#define ck_hex(got, text)                                                                          \
	do {                                                                                       \
		struct wr want_ = hex_of(text);                                                    \
		struct slice got_ = (got);                                                         \
		ck_assert_uint_eq(got_.n, want_.len);                                              \
		ck_assert_mem_eq(got_.p, want_.buf, want_.len);                                    \
		wr_free(&want_);                                                                   \
	} while (0)

#endif
