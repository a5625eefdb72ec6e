#include "config/value.h"

#include <strings.h>

#include "base/text.h"
#include "config/check.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

enum { VALUE_MAX = 32 * 1024 * 1024 }; /* bytes; a file is smaller */

const struct key config_keys[] = {
#define KEY(path, field, type, def, min, max, choices, flags, doc)                                                      \
	{path, KEY_##type, offsetof(struct config, field), def, min, max, choices, flags, doc},
#include "config/keys.def"
#undef KEY
};
const size_t config_key_count = ARRAY_LEN(config_keys);

const struct key *
value_key(struct slice path)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (slice_eq(path, slice_str(config_keys[i].path)))
			return &config_keys[i];
	return NULL;
}

bool
value_key_prefix(struct slice path)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const char *p = config_keys[i].path;

		if (strlen(p) > path.n && memcmp(p, path.p, path.n) == 0 && p[path.n] == '.')
			return true;
	}
	return false;
}

/* As many parts of a key's path as `path` has: a section with a typo is near the keys of that section. */
static struct slice
as_deep(const char *key, struct slice path)
{
	size_t dots = 0, n = 0;

	for (size_t i = 0; i < path.n; i++)
		dots += path.p[i] == '.';
	while (key[n] != '\0' && (key[n] != '.' || dots-- > 0))
		n++;
	return slice_of(key, n);
}

/* More edits than half of the last part is long make another word of it. */
static size_t
edits_of_a_slip(struct slice path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '.')
		n--;
	return path.n - n > 2 ? (path.n - n) / 2 : 1;
}

const char *
value_key_nearest(struct slice path)
{
	const char *best = NULL;
	size_t least = edits_of_a_slip(path) + 1;

	for (size_t i = 0; i < config_key_count; i++) {
		size_t d = text_distance(path, as_deep(config_keys[i].path, path));

		if (d < least) {
			least = d;
			best = config_keys[i].path;
		}
	}
	return best;
}

static void *
place(const struct config *c, const struct key *k)
{
	return (char *)(uintptr_t)c + k->offset;
}

struct unit {
	const char *name;
	int64_t scale;
};

/* From small to large; the first one stands for zero, too. */
static const struct unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
static const struct unit sizes[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {"", 1}};

/* A number and a unit. */
static int
parse_units(const char *text, const struct unit *units, size_t count, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	int64_t n;

	if (text_parse_i64(slice_of(text, digits), &n) != 0)
		return ERR_CONFIG;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text + digits, units[i].name) != 0)
			continue;
		if (n > INT64_MAX / units[i].scale)
			return ERR_CONFIG;
		*ret = n * units[i].scale;
		return 0;
	}
	return ERR_CONFIG;
}

/* With the largest unit that leaves no fraction. */
static void
dump_units(struct wr *w, const struct unit *units, size_t count, int64_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < count && n != 0; i++)
		if (units[i].scale > units[best].scale && n % units[i].scale == 0)
			best = i;
	wr_printf(w, "%lld%s", (long long)(n / units[best].scale), units[best].name);
}

static int
parse_ports(const char *text, struct config_ports *ret)
{
	const char *dash = strchr(text, '-');
	int64_t first, last;

	if (dash == NULL || text_parse_i64(slice_of(text, (size_t)(dash - text)), &first) != 0 ||
	    text_parse_i64(slice_str(dash + 1), &last) != 0 || first < 1 || last > 65535 || first > last)
		return ERR_CONFIG;
	*ret = (struct config_ports){(uint16_t)first, (uint16_t)last};
	return 0;
}

/* In any case of letters: librdkafka writes plaintext, Java PLAINTEXT. */
static int
parse_enum(const char *choices, const char *text, int *ret)
{
	size_t n = strlen(text);
	int i = 0;

	for (const char *p = choices; p != NULL; i++) {
		const char *bar = strchr(p, '|');
		size_t len = bar != NULL ? (size_t)(bar - p) : strlen(p);

		if (len == n && strncasecmp(p, text, n) == 0) {
			*ret = i;
			return 0;
		}
		p = bar != NULL ? bar + 1 : NULL;
	}
	return ERR_CONFIG;
}

static int
in_range(const struct key *k, int64_t v, const char *unit, char *why, size_t why_len)
{
	if (v >= k->min && v <= k->max)
		return 0;
	(void)snprintf(why, why_len, "%s: must be from %lld to %lld%s", k->path, (long long)k->min, (long long)k->max, unit);
	return ERR_CONFIG;
}

int
value_set(struct config *c, const struct key *k, const char *text, char *why, size_t why_len)
{
	void *to = place(c, k);
	struct config_ports ports;
	const char *want = NULL;
	int64_t n;
	char *copy;
	int e, err = check_text(k, text, why, why_len);

	if (err != 0)
		return err;
	switch (k->type) {
	case KEY_STRING:
		copy = strdup(text);
		if (copy == NULL)
			return ERR_NOMEM;
		free(*(char **)to);
		*(char **)to = copy;
		break;
	case KEY_INT:
		if (text_parse_i64(slice_str(text), &n) != 0)
			want = "a whole number";
		else if ((err = in_range(k, n, "", why, why_len)) == 0)
			*(int64_t *)to = n;
		break;
	case KEY_BOOL:
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			*(bool *)to = text[0] == 't';
		else
			want = "true or false";
		break;
	case KEY_DURATION:
		if (parse_units(text, durations, ARRAY_LEN(durations), &n) != 0)
			want = "a duration such as 500ms, 10s, 5m or 1h";
		else if ((err = in_range(k, n, " ms", why, why_len)) == 0)
			*(int64_t *)to = n;
		break;
	case KEY_SIZE:
		if (parse_units(text, sizes, ARRAY_LEN(sizes), &n) != 0)
			want = "a size such as 512KiB, 64MiB or a number of bytes";
		else if ((err = in_range(k, n, " bytes", why, why_len)) == 0)
			*(int64_t *)to = n;
		break;
	case KEY_ENUM:
		if (parse_enum(k->choices, text, &e) == 0)
			*(int *)to = e;
		else
			want = k->choices;
		break;
	case KEY_PORTS:
		if (parse_ports(text, &ports) == 0)
			*(struct config_ports *)to = ports;
		else
			want = "a range of ports such as 19092-19191";
		break;
	case KEY_LIST: want = "a list such as [a, b]"; break;
	case KEY_MAP: want = "a map such as {name: text}"; break;
	}
	if (want == NULL)
		return err;
	(void)snprintf(why, why_len, "%s: \"%s\" is not right; want %s", k->path, k->flags & SECRET ? "***" : text, want);
	return ERR_CONFIG;
}

void
value_clear(struct config *c, const struct key *k)
{
	void *at = place(c, k);

	if (k->type == KEY_STRING) {
		if ((k->flags & SECRET) != 0 && *(char **)at != NULL)
			explicit_bzero(*(char **)at, strlen(*(char **)at));
		free(*(char **)at);
		*(char **)at = NULL;
	} else if (k->type == KEY_LIST) {
		struct config_list *l = at;

		for (size_t i = 0; i < l->count; i++)
			free(l->items[i]);
		free(l->items);
		*l = (struct config_list){NULL, 0};
	} else if (k->type == KEY_MAP) {
		struct config_map *m = at;

		for (size_t i = 0; i < m->count; i++) {
			free(m->items[i].name);
			free(m->items[i].text);
		}
		free(m->items);
		*m = (struct config_map){NULL, 0};
	}
}

int
value_add_item(struct config *c, const struct key *k, const char *text)
{
	struct config_list *l = place(c, k);
	char **items = realloc(l->items, (l->count + 1) * sizeof(char *));
	char *copy = strdup(text);

	if (items != NULL)
		l->items = items;
	if (items == NULL || copy == NULL) {
		free(copy);
		return ERR_NOMEM;
	}
	l->items[l->count++] = copy;
	return 0;
}

int
value_add_pair(struct config *c, const struct key *k, const char *name, const char *text)
{
	struct config_map *m = place(c, k);
	struct config_pair *items, pair;

	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->items[i].name, name) == 0)
			return ERR_EXISTS;
	items = realloc(m->items, (m->count + 1) * sizeof(*items));
	if (items == NULL)
		return ERR_NOMEM;
	m->items = items;
	pair = (struct config_pair){strdup(name), strdup(text)};
	if (pair.name == NULL || pair.text == NULL) {
		free(pair.name);
		free(pair.text);
		return ERR_NOMEM;
	}
	m->items[m->count++] = pair;
	return 0;
}

/* What YAML takes only as an escape: controls, line separators, the byte order mark, what is no character. */
static bool
needs_escape(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe ||
	       c == 0xffff;
}

static void
dump_text(struct wr *w, const char *s)
{
	wr_u8(w, '"');
	while (*s != '\0') {
		size_t len = text_utf8(slice_str(s)); /* never 0: value_expand() saw to it */
		uint32_t c = (uint8_t)s[0] & (len <= 1 ? 0x7fu : 0x7fu >> len);

		for (size_t i = 1; i < len; i++)
			c = c << 6 | ((uint8_t)s[i] & 0x3f);
		if (c == '"' || c == '\\')
			wr_printf(w, "\\%c", (int)c);
		else if (needs_escape(c))
			wr_printf(w, "\\u%04x", c);
		else if (c == '$' && s[1] == '{')
			wr_text(w, "$$"); /* else it would be read as a variable */
		else
			wr_bytes(w, s, len);
		s += len > 0 ? len : 1;
	}
	wr_u8(w, '"');
}

void
value_dump(const struct config *c, const struct key *k, struct wr *w)
{
	const void *at = place(c, k);
	const struct config_list *l = at;
	const struct config_map *m = at;
	const char *p = k->choices;

	if (k->flags & SECRET) {
		wr_text(w, **(char *const *)at != '\0' ? "\"***\"" : "\"\"");
		return;
	}
	switch (k->type) {
	case KEY_STRING: dump_text(w, *(char *const *)at); break;
	case KEY_BOOL: wr_text(w, *(const bool *)at ? "true" : "false"); break;
	case KEY_INT: wr_printf(w, "%lld", (long long)*(const int64_t *)at); break;
	case KEY_DURATION: dump_units(w, durations, ARRAY_LEN(durations), *(const int64_t *)at); break;
	case KEY_SIZE: dump_units(w, sizes, ARRAY_LEN(sizes), *(const int64_t *)at); break;
	case KEY_PORTS: {
		const struct config_ports *r = at;

		wr_printf(w, "%u-%u", r->first, r->last);
		break;
	}
	case KEY_ENUM:
		for (int i = *(const int *)at; i > 0; i--)
			p = strchr(p, '|') + 1;
		wr_bytes(w, p, strcspn(p, "|"));
		break;
	case KEY_LIST:
		wr_u8(w, '[');
		for (size_t i = 0; i < l->count; i++) {
			if (i > 0)
				wr_text(w, ", ");
			dump_text(w, l->items[i]);
		}
		wr_u8(w, ']');
		break;
	case KEY_MAP:
		wr_u8(w, '{');
		for (size_t i = 0; i < m->count; i++) {
			if (i > 0)
				wr_text(w, ", ");
			dump_text(w, m->items[i].name);
			wr_text(w, ": ");
			dump_text(w, m->items[i].text);
		}
		wr_u8(w, '}');
		break;
	}
}

bool
value_equal(const struct config *a, const struct config *b, const struct key *k)
{
	struct wr x = wr_new(VALUE_MAX), y = wr_new(VALUE_MAX);
	bool same;

	if (k->flags & SECRET)
		return strcmp(*(char **)place(a, k), *(char **)place(b, k)) == 0;
	value_dump(a, k, &x);
	value_dump(b, k, &y);
	same = slice_eq(wr_slice(&x), wr_slice(&y));
	wr_free(&x);
	wr_free(&y);
	return same;
}

const char *
value_type_name(enum key_type t)
{
	static const char *const names[] = {"string", "number", "boolean", "duration", "size",
					    "list",   "map",    "word",    "ports"};

	return names[t];
}

static bool
variable(const char *p, size_t *ret_name, const char **ret_default, size_t *ret_len)
{
	const char *end = strchr(p, '}');
	size_t name;

	if (end == NULL)
		return false;
	name = strcspn(p, ":}");
	*ret_name = name;
	*ret_default = p[name] == ':' && p[name + 1] == '-' ? p + name + 2 : NULL;
	*ret_len = (size_t)(end - p) + 1;
	return *ret_default != NULL || p[name] == '}';
}

/* Of a secret only a variable that is all of it has a name which can be told. */
static int
no_variable(const char *name, bool told, char *why, size_t why_len)
{
	if (told && name[0] != '\0' && name[strspn(name, NAME_CHARS)] == '\0')
		(void)snprintf(why, why_len, "the environment has no %s, and ${%s:-default} gives no default", name, name);
	else
		(void)snprintf(why, why_len, "the environment has no variable of the name that stands there, which has no default; "
					     "$${ is ${ itself");
	return ERR_CONFIG;
}

int
value_expand(const char *text, bool secret, char **ret, char *why, size_t why_len)
{
	const char *start = text;
	struct wr w = wr_new(VALUE_MAX);

	while (*text != '\0') {
		const char *def, *value;
		size_t name, len;
		char key[256];

		if (strncmp(text, "$${", 3) == 0) {
			wr_text(&w, "${");
			text += 3;
			continue;
		}
		if (text[0] != '$' || text[1] != '{') {
			wr_u8(&w, (uint8_t)*text++);
			continue;
		}
		if (!variable(text + 2, &name, &def, &len) || name == 0 || name >= sizeof(key)) {
			(void)snprintf(why, why_len, "${ with no variable behind it: want ${NAME} or ${NAME:-default}; $${ is ${ itself");
			wr_free(&w);
			return ERR_CONFIG;
		}
		memcpy(key, text + 2, name);
		key[name] = '\0';
		value = getenv(key);
		if (value != NULL && (value[0] != '\0' || def == NULL)) {
			wr_text(&w, value);
		} else if (def != NULL) {
			wr_bytes(&w, def, (size_t)(text + 2 + len - 1 - def));
		} else {
			wr_free(&w);
			return no_variable(key, !secret || (text == start && text[2 + len] == '\0'), why, why_len);
		}
		text += 2 + len;
	}
	for (size_t i = 0, n; i < w.len; i += n) {
		n = text_utf8(slice_of(w.buf + i, w.len - i));
		if (n > 0)
			continue;
		(void)snprintf(why, why_len, "the value is not UTF-8");
		wr_free(&w);
		return ERR_CONFIG;
	}
	wr_u8(&w, '\0');
	if (wr_err(&w) != 0) {
		wr_free(&w);
		return ERR_NOMEM;
	}
	*ret = (char *)w.buf;
	return 0;
}
