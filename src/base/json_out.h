/*
 * json_out: JSON written straight into a wr, without a tree in between.
 *
 *   struct json_out j = json_out_of(&w);
 *   json_out_open(&j, NULL, '{');             {
 *   json_out_text(&j, "topic", name);           "topic":"orders",
 *   json_out_open(&j, "offsets", '[');          "offsets":[
 *   json_out_int(&j, NULL, 7);                    7
 *   json_out_close(&j);                         ]
 *   json_out_close(&j);                       }
 *
 * `name` is the member's name inside an object and NULL inside an array or at the
 * top.  Faults stick to the wr; ask wr_err() once at the end.
 */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include "base/wr.h"

#define JSON_OUT_DEPTH 32

struct json_out {
	struct wr *w;
	unsigned depth;
	bool comma;                /* something stands before, at this depth */
	char closer[JSON_OUT_DEPTH]; /* what ends each depth */
};

static inline struct json_out
json_out_of(struct wr *w)
{
	return (struct json_out){.w = w};
}

void json_out_open(struct json_out *j, const char *name, char bracket); /* '{' or '[' */
void json_out_close(struct json_out *j);                               /* what was opened last */

void json_out_text(struct json_out *j, const char *name, struct slice s);
void json_out_str(struct json_out *j, const char *name, const char *s); /* NULL: null */
void json_out_int(struct json_out *j, const char *name, int64_t n);
void json_out_bool(struct json_out *j, const char *name, bool b);

/*
 * One JSON string alone (RFC 8259, section 7): only `"`, `\` and U+0000 to U+001F are
 * escaped; bytes that are no UTF-8 become U+FFFD, so that the result is always valid.
 */
void json_out_quoted(struct wr *w, struct slice s);

#endif
