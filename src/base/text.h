/* text: hex, base64, UTF-8, times and numbers as text.  Output always ends in NUL. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

/* Lowercase hex of n bytes into out[2n + 1]; returns out. */
char *text_hex(const uint8_t *p, size_t n, char *out);

/* Exactly n bytes from 2n hex digits (lowercase only, as the format demands).  0 or ERR_MALFORMED. */
int text_unhex(struct slice hex, uint8_t *ret, size_t n) MUSTCHECK;

/* What a peer said, as it may stand in a log line: printable ASCII, else '?', at most len - 1; returns out. */
char *text_said(struct slice text, char *out, size_t len);

/* Base64, standard alphabet, padded. */
void text_base64(struct wr *w, struct slice in);

/* Either alphabet, padding optional.  0, ERR_MALFORMED, or the writer's error. */
int text_unbase64(struct slice in, struct wr *w) MUSTCHECK;

/* A Kafka UUID as its tools print it: 22 characters of base64url into out[23]; returns out. */
char *text_uuid(const uint8_t id[16], char *out);

/* YYYY-MM-DDThh:mm:ss.mmmZ into out[25].  0, or ERR_LIMIT outside years 1970 to 9999. */
int text_time_ms(int64_t ms, char *out) MUSTCHECK;

/* RFC 3339 time (fraction optional, Z or an offset) to milliseconds.  0 or ERR_MALFORMED. */
int text_parse_time_ms(struct slice s, int64_t *ret) MUSTCHECK;

/* Decimal, no sign but '-', no leading zeros or spaces, within int64.  0 or ERR_MALFORMED. */
int text_parse_i64(struct slice s, int64_t *ret) MUSTCHECK;

/* The length of the UTF-8 sequence that s begins with (RFC 3629: shortest form, no surrogates); 0: none, or s is empty. */
size_t text_utf8(struct slice s);

/*
 * Appends text that anybody may have written, so that it can't command the terminal that it is
 * shown on, end a line, or be read in another order than it has: controls (C0, DEL, C1), line
 * and paragraph separators, and what turns the direction of text become \uXXXX, as in JSON;
 * bytes that are no UTF-8 become U+FFFD.  ASCII characters in `quoted` get a backslash.
 */
void text_escape(struct wr *w, struct slice s, const char *quoted);

/* Shell-like glob: '*' any run, '?' any one character.  Linear in practice, no recursion. */
bool text_glob(const char *pattern, struct slice s);

/* Levenshtein's: how many edits make b of a.  SIZE_MAX when b has 128 bytes or more. */
size_t text_distance(struct slice a, struct slice b);

/* Takes the first text off a list that has commas between; false: there is none left.  ",a" and "a," have an empty one. */
bool text_next(struct slice *list, struct slice *ret);

/* Is it one of such a list? */
bool text_listed(struct slice list, struct slice one);

/* A NULL-ended list of texts, copied; from NULL: an empty one.  NULL: no memory. */
char **text_list_copy(const char *const *from) MUSTCHECK;
char **text_list_of(struct slice commas) MUSTCHECK; /* the texts of a list with commas between */
void text_list_free(char **list); /* NULL is fine */

#endif
