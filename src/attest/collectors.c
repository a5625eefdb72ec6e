#include "attest/collectors.h"

#include <stdlib.h>

#include "attest/state_file.h"
#include "base/log.h"
#include "base/wr.h"

#define FILE_NAME "collectors"

/* As the configuration wants a name: printable ASCII. */
static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

/* Takes it. */
static int
append(struct collectors *c, char *name)
{
	size_t cap = c->cap == 0 ? 16 : 2 * c->cap;
	char **p = c->name;

	if (name == NULL || (c->count == c->cap && (p = reallocarray(c->name, cap, sizeof(*p))) == NULL)) {
		free(name);
		return ERR_NOMEM;
	}
	c->cap = c->count == c->cap ? cap : c->cap;
	c->name = p;
	c->name[c->count++] = name;
	return 0;
}

static int
parse(struct slice file, struct collectors *ret)
{
	while (file.n > 0) {
		const uint8_t *end = memchr(file.p, '\n', file.n);
		struct slice line = slice_of(file.p, end == NULL ? file.n : (size_t)(end - file.p));

		if (!is_name(line))
			return ERR_MALFORMED;
		if (append(ret, strndup((const char *)line.p, line.n)) != 0)
			return ERR_NOMEM;
		if (end == NULL)
			break; /* as by hand; half a name is no chain's */
		file = slice_of(end + 1, file.n - line.n - 1);
	}
	return 0;
}

int
collectors_read(int dir_fd, struct collectors *ret)
{
	struct wr file = wr_new((size_t)3 * COLLECTORS_MAX_BYTES); /* it is read in pieces of that, and one is room at its end */
	struct collectors c = {0};
	int err = state_file_read(dir_fd, FILE_NAME, &file);

	if (err == 0)
		err = file.len == 0 ? ERR_SHORT : file.len > COLLECTORS_MAX_BYTES ? ERR_LIMIT : parse(wr_slice(&file), &c);
	wr_free(&file);
	if (err == 0) {
		*ret = c;
		return 0;
	}
	collectors_clear(&c);
	if (err == ERR_IO || err == ERR_NOMEM)
		return err;
	if (err != ERR_NOTFOUND)
		LOG_WARN("state", "its file of collectors' names is damaged, and counts for nothing", LOG_S("cause", err_text(err)));
	*ret = c;
	return 0;
}

int
collectors_use(struct collectors *c, const char *name)
{
	size_t at = 0;
	char *known;
	int err;

	while (at < c->count && strcmp(c->name[at], name) != 0)
		at++;
	if (at == c->count) {
		err = append(c, strdup(name));
		c->used += err == 0;
		return err;
	}
	c->used += at < c->count - c->used;
	known = c->name[at];
	memmove(&c->name[at], &c->name[at + 1], (c->count - at - 1) * sizeof(c->name[0]));
	c->name[c->count - 1] = known;
	return 0;
}

int
collectors_write(int dir_fd, const struct collectors *c)
{
	struct wr w = wr_new((size_t)2 * COLLECTORS_MAX_BYTES);
	size_t from = c->count, bytes = 0;
	int err;

	while (from > 0 && bytes + strlen(c->name[from - 1]) + 1 <= COLLECTORS_MAX_BYTES)
		bytes += strlen(c->name[--from]) + 1;
	if (c->count - from < c->used)
		return ERR_LIMIT;
	for (size_t i = from; i < c->count; i++) {
		wr_bytes(&w, c->name[i], strlen(c->name[i]));
		wr_u8(&w, '\n');
	}
	err = wr_err(&w);
	if (err == 0)
		err = state_file_write(dir_fd, FILE_NAME, wr_slice(&w), false);
	wr_free(&w);
	return err;
}

void
collectors_clear(struct collectors *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->name[i]);
	free(c->name);
	memset(c, 0, sizeof(*c));
}
