#include "base/text.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
text_hex(const uint8_t *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_digits[p[i] >> 4];
		out[2 * i + 1] = hex_digits[p[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
text_unhex(struct slice hex, uint8_t *ret, size_t n)
{
	if (hex.n / 2 != n || hex.n % 2 != 0)
		return ERR_MALFORMED;
	for (size_t i = 0; i < hex.n; i++)
		if (hex_value(hex.p[i]) < 0)
			return ERR_MALFORMED;
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint8_t)(hex_value(hex.p[2 * i]) << 4 | hex_value(hex.p[2 * i + 1]));
	return 0;
}

void
text_base64(struct wr *w, struct slice in)
{
	size_t i;

	for (i = 0; i < in.n; i += 3) {
		size_t left = in.n - i;
		uint32_t v = (uint32_t)in.p[i] << 16 | (left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0) |
			     (left > 2 ? in.p[i + 2] : 0);
		char four[4] = {base64_digits[v >> 18], base64_digits[v >> 12 & 63],
				left > 1 ? base64_digits[v >> 6 & 63] : '=',
				left > 2 ? base64_digits[v & 63] : '='};

		wr_bytes(w, four, 4);
	}
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

int
text_unbase64(struct slice in, struct wr *w)
{
	uint32_t v = 0;
	unsigned bits = 0;
	size_t pad = 0;

	while (pad < 2 && pad < in.n && in.p[in.n - 1 - pad] == '=')
		pad++;
	/* Padding may be left out, but what is there must fill a group of four. */
	if ((pad > 0 && in.n % 4 != 0) || (in.n - pad) % 4 == 1)
		return ERR_MALFORMED;
	for (size_t i = 0; i < in.n - pad; i++) {
		int d = base64_value(in.p[i]);

		if (d < 0)
			return ERR_MALFORMED;
		v = v << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			wr_u8(w, (uint8_t)(v >> bits));
			v &= (1u << bits) - 1;
		}
	}
	return v != 0 ? ERR_MALFORMED : wr_err(w); /* bits behind the last byte must be zero */
}

char *
text_uuid(const uint8_t id[16], char *out)
{
	static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = 0;

	for (size_t i = 0; i < 15; i += 3) {
		uint32_t v = (uint32_t)id[i] << 16 | (uint32_t)id[i + 1] << 8 | id[i + 2];

		out[n++] = url[v >> 18];
		out[n++] = url[v >> 12 & 63];
		out[n++] = url[v >> 6 & 63];
		out[n++] = url[v & 63];
	}
	out[n++] = url[id[15] >> 2];
	out[n++] = url[(id[15] & 3) << 4];
	out[n] = '\0';
	return out;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. */
static int64_t
days_of(int64_t y, unsigned m, unsigned d)
{
	int64_t era;
	unsigned yoe, doy;

	y -= m <= 2; /* years begin in March, so that leap days are last */
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (unsigned)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * 146097 + (int64_t)(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

static void
date_of(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
	int64_t era;
	unsigned doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = (unsigned)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (int64_t)yoe + era * 400 + (*m <= 2);
}

int
text_time_ms(int64_t ms, char *out)
{
	int64_t y;
	unsigned m, d, day_ms;

	if (ms < 0 || ms > 253402300799999) /* 9999-12-31T23:59:59.999Z */
		return ERR_LIMIT;
	date_of(ms / 86400000, &y, &m, &d);
	day_ms = (unsigned)(ms % 86400000);
	(void)snprintf(out, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)y % 10000, m % 100, d % 100,
		       day_ms / 3600000 % 100, day_ms / 60000 % 60, day_ms / 1000 % 60, day_ms % 1000);
	return 0;
}

/* n digits at *p as a number, or -1. */
static int
digits(const uint8_t **p, const uint8_t *end, size_t n)
{
	int v = 0;

	if ((size_t)(end - *p) < n)
		return -1;
	for (size_t i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool
one_of(const uint8_t **p, const uint8_t *end, const char *set)
{
	if (*p == end || **p == '\0' || strchr(set, **p) == NULL)
		return false;
	(*p)++;
	return true;
}

int
text_parse_time_ms(struct slice s, int64_t *ret)
{
	static const uint8_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const uint8_t *p = s.p, *end = s.p + s.n;
	int y, mo, d, h, mi, sec, ms = 0, off = 0;

	y = digits(&p, end, 4);
	if (y < 0 || !one_of(&p, end, "-") || (mo = digits(&p, end, 2)) < 1 || mo > 12 || !one_of(&p, end, "-") ||
	    (d = digits(&p, end, 2)) < 1 || d > month_days[mo - 1] || !one_of(&p, end, "Tt ") ||
	    (h = digits(&p, end, 2)) < 0 || h > 23 || !one_of(&p, end, ":") || (mi = digits(&p, end, 2)) < 0 ||
	    mi > 59 || !one_of(&p, end, ":") || (sec = digits(&p, end, 2)) < 0 || sec > 60)
		return ERR_MALFORMED;
	if (mo == 2 && d == 29 && (y % 4 != 0 || (y % 100 == 0 && y % 400 != 0)))
		return ERR_MALFORMED;
	if (one_of(&p, end, ".")) {
		int scale = 100;

		if (p == end || *p < '0' || *p > '9')
			return ERR_MALFORMED;
		for (; p < end && *p >= '0' && *p <= '9'; p++, scale /= 10)
			ms += (*p - '0') * scale;
	}
	if (!one_of(&p, end, "Zz")) {
		bool minus = p < end && *p == '-';
		int oh, om;

		if (!one_of(&p, end, "+-") || (oh = digits(&p, end, 2)) < 0 || oh > 23 || !one_of(&p, end, ":") ||
		    (om = digits(&p, end, 2)) < 0 || om > 59)
			return ERR_MALFORMED;
		off = (oh * 60 + om) * (minus ? -1 : 1);
	}
	if (p != end)
		return ERR_MALFORMED;
	*ret = days_of(y, (unsigned)mo, (unsigned)d) * 86400000 +
	       ((int64_t)h * 3600 + (int64_t)mi * 60 + sec - (int64_t)off * 60) * 1000 + ms;
	return 0;
}

int
text_parse_i64(struct slice s, int64_t *ret)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t limit = minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	uint64_t v = 0;
	size_t i = minus ? 1 : 0;

	if (i == s.n || (s.p[i] == '0' && (s.n > i + 1 || minus)))
		return ERR_MALFORMED;
	for (; i < s.n; i++) {
		unsigned d = (unsigned)s.p[i] - '0';

		if (d > 9 || v > (limit - d) / 10)
			return ERR_MALFORMED;
		v = v * 10 + d;
	}
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

size_t
text_utf8(struct slice s)
{
	const uint8_t *p = s.p;
	uint32_t c;
	size_t len;

	if (s.n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (s.n < len)
		return 0;
	c = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((len == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) || (len == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return len;
}

static bool
is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||  /* controls; 0x9b alone begins a terminal's command */
	       c == 0x2028 || c == 0x2029 ||           /* separators of lines and paragraphs */
	       c == 0x61c || c == 0x200e || c == 0x200f || /* marks of direction */
	       (c >= 0x202a && c <= 0x202e) ||         /* embeddings and overrides */
	       (c >= 0x2066 && c <= 0x2069);           /* isolates */
}

static uint32_t
code_point(const uint8_t *p, size_t len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

void
text_escape(struct wr *w, struct slice s, const char *quoted)
{
	for (size_t i = 0; i < s.n;) {
		size_t len = text_utf8(slice_of(s.p + i, s.n - i));

		if (len == 0) {
			wr_text(w, "\xef\xbf\xbd");
			i++;
			continue;
		}
		if (is_harmful(code_point(s.p + i, len))) {
			wr_printf(w, "\\u%04x", code_point(s.p + i, len));
		} else {
			if (len == 1 && strchr(quoted, s.p[i]) != NULL)
				wr_u8(w, '\\');
			wr_bytes(w, s.p + i, len);
		}
		i += len;
	}
}

bool
text_glob(const char *pattern, struct slice s)
{
	const char *star = NULL; /* the last '*', and where its run would end next */
	size_t i = 0, star_i = 0;

	while (i < s.n) {
		if (*pattern == '*') {
			star = pattern++;
			star_i = i;
		} else if (*pattern != '\0' && (*pattern == '?' || (uint8_t)*pattern == s.p[i])) {
			pattern++;
			i++;
		} else if (star != NULL) {
			pattern = star + 1;
			i = ++star_i;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* With one row of the table. */
size_t
text_distance(struct slice a, struct slice b)
{
	size_t row[128];

	if (b.n >= ARRAY_LEN(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t change = diagonal + (a.p[i - 1] != b.p[j - 1]);
			size_t least = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[b.n];
}

bool
text_next(struct slice *list, struct slice *ret)
{
	const uint8_t *comma;

	if (list->p == NULL)
		return false;
	comma = list->n == 0 ? NULL : memchr(list->p, ',', list->n);
	*ret = slice_of(list->p, comma == NULL ? list->n : (size_t)(comma - list->p));
	*list = comma == NULL ? (struct slice){NULL, 0} : slice_of(comma + 1, list->n - ret->n - 1);
	return true;
}

bool
text_listed(struct slice list, struct slice one)
{
	struct slice each;

	while (text_next(&list, &each))
		if (slice_eq(each, one))
			return true;
	return false;
}

char **
text_list_copy(const char *const *from)
{
	size_t n = 0;
	char **to;

	while (from != NULL && from[n] != NULL)
		n++;
	if ((to = calloc(n + 1, sizeof(*to))) == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if ((to[i] = strdup(from[i])) != NULL)
			continue;
		while (i-- > 0)
			free(to[i]);
		free(to);
		return NULL;
	}
	return to;
}

char **
text_list_of(struct slice commas)
{
	struct slice left = commas, one;
	size_t n = 0;
	char **list;

	while (text_next(&left, &one))
		n++;
	if ((list = calloc(n + 1, sizeof(*list))) == NULL)
		return NULL;
	for (n = 0, left = commas; text_next(&left, &one); n++)
		if ((list[n] = strndup((const char *)one.p, one.n)) == NULL) {
			text_list_free(list);
			return NULL;
		}
	return list;
}

void
text_list_free(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

char *
text_said(struct slice text, char *out, size_t len)
{
	size_t n = text.n < len - 1 ? text.n : len - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = text.p[i] >= ' ' && text.p[i] < 0x7f ? (char)text.p[i] : '?';
	out[n] = '\0';
	return out;
}
