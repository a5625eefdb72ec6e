/* json_write: text as the format's JSON has it. */
#ifndef MAKOTO_JSON_WRITE_H
#define MAKOTO_JSON_WRITE_H

#include "base/wr.h"

/* A JSON string: only `"`, `\` and U+0000 to U+001F are escaped; bytes that are no UTF-8 become U+FFFD. */
void json_write_text(struct wr *w, struct slice s);

#endif
