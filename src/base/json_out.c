#include "base/json_out.h"

#include "base/text.h"

void
json_out_quoted(struct wr *w, struct slice s)
{
	wr_u8(w, '"');
	for (size_t i = 0; i < s.n;) {
		size_t len = text_utf8(slice_of(s.p + i, s.n - i));

		if (len == 0) {
			wr_text(w, "\xef\xbf\xbd");
			len = 1;
		} else if (s.p[i] == '"' || s.p[i] == '\\') {
			wr_u8(w, '\\');
			wr_u8(w, s.p[i]);
		} else if (s.p[i] < 0x20) {
			wr_printf(w, "\\u%04x", s.p[i]);
		} else {
			wr_bytes(w, s.p + i, len);
		}
		i += len;
	}
	wr_u8(w, '"');
}

/* The comma behind what stands before, and the name. */
static void
begin(struct json_out *j, const char *name)
{
	INVARIANT((name != NULL) == (j->depth > 0 && j->closer[j->depth - 1] == '}'));
	if (j->comma)
		wr_u8(j->w, ',');
	j->comma = true;
	if (name == NULL)
		return;
	json_out_quoted(j->w, slice_str(name));
	wr_u8(j->w, ':');
}

void
json_out_open(struct json_out *j, const char *name, char bracket)
{
	INVARIANT(j->depth < JSON_OUT_DEPTH && (bracket == '{' || bracket == '['));
	begin(j, name);
	wr_u8(j->w, (uint8_t)bracket);
	j->closer[j->depth++] = bracket == '{' ? '}' : ']';
	j->comma = false;
}

void
json_out_close(struct json_out *j)
{
	INVARIANT(j->depth > 0);
	wr_u8(j->w, (uint8_t)j->closer[--j->depth]);
	j->comma = true;
}

void
json_out_text(struct json_out *j, const char *name, struct slice s)
{
	begin(j, name);
	json_out_quoted(j->w, s);
}

void
json_out_str(struct json_out *j, const char *name, const char *s)
{
	begin(j, name);
	if (s != NULL)
		json_out_quoted(j->w, slice_str(s));
	else
		wr_text(j->w, "null");
}

void
json_out_int(struct json_out *j, const char *name, int64_t n)
{
	begin(j, name);
	wr_printf(j->w, "%lld", (long long)n);
}

void
json_out_bool(struct json_out *j, const char *name, bool b)
{
	begin(j, name);
	wr_text(j->w, b ? "true" : "false");
}
