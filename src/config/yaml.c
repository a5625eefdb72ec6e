/*
 * libyaml's events, walked with the path of keys so far:
 *
 *   listen:                          "listen"
 *     bootstrap.port: 9092           "listen.bootstrap.port"  a key: its value is set
 *     broker: {ports: 1-2}           "listen.broker"          the beginning of keys: further in
 */
#include "config/yaml.h"

#include "config/check.h"
#include "config/yaml_events.h"

enum { PATH_MAX_LEN = 256, DEPTH_MAX = 16 };

struct walk {
	struct yaml_events e;
	struct config *c;
	unsigned *seen; /* by key: the line that set it, 0 none */
	char path[PATH_MAX_LEN];
	size_t path_len;
	unsigned depth;
};

static int
complain(struct walk *w, yaml_mark_t at, const char *text)
{
	return yaml_events_complain(&w->e, at, text);
}

static int
next(struct walk *w)
{
	return yaml_events_next(&w->e);
}

/* The scalar at hand, of `k`, variables replaced; the caller's. */
static int
scalar(struct walk *w, const struct key *k, char **ret)
{
	const char *text = (const char *)w->e.ev.data.scalar.value;
	char why[512];
	int err;

	if (strlen(text) != w->e.ev.data.scalar.length)
		return complain(w, w->e.ev.start_mark, "a NUL character");
	err = value_expand(text, (k->flags & SECRET) != 0, ret, why, sizeof(why));
	return err == ERR_CONFIG ? complain(w, w->e.ev.start_mark, why) : err;
}

static int
set_scalar(struct walk *w, const struct key *k)
{
	yaml_mark_t at = w->e.ev.start_mark;
	bool plain = w->e.ev.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	char *text, why[768];
	int err = scalar(w, k, &text);

	if (err != 0)
		return err;
	/* `key:` with nothing behind it leaves the default. */
	if (plain && (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)) {
		free(text);
		return 0;
	}
	err = value_set(w->c, k, text, why, sizeof(why));
	free(text);
	return err == ERR_CONFIG ? complain(w, at, why) : err;
}

static int
set_list(struct walk *w, const struct key *k)
{
	int err;

	value_clear(w->c, k);
	while ((err = next(w)) == 0 && w->e.ev.type != YAML_SEQUENCE_END_EVENT) {
		yaml_mark_t at = w->e.ev.start_mark;
		char *text, why[768];

		if (w->e.ev.type != YAML_SCALAR_EVENT)
			return complain(w, w->e.ev.start_mark, "want plain words in this list");
		if ((err = scalar(w, k, &text)) != 0)
			return err;
		if ((err = check_text(k, text, why, sizeof(why))) == 0)
			err = value_add_item(w->c, k, text);
		free(text);
		if (err != 0)
			return err == ERR_CONFIG ? complain(w, at, why) : err;
	}
	return err;
}

static int
set_map(struct walk *w, const struct key *k)
{
	int err;

	value_clear(w->c, k);
	while ((err = next(w)) == 0 && w->e.ev.type != YAML_MAPPING_END_EVENT) {
		yaml_mark_t at = w->e.ev.start_mark;
		char *name, *text;

		if (w->e.ev.type != YAML_SCALAR_EVENT)
			return complain(w, at, "want a name");
		if ((err = scalar(w, k, &name)) != 0)
			return err;
		err = next(w);
		if (err == 0 && w->e.ev.type != YAML_SCALAR_EVENT)
			err = complain(w, w->e.ev.start_mark, "want plain text here");
		if (err == 0 && (err = scalar(w, k, &text)) == 0) {
			err = value_add_pair(w->c, k, name, text);
			free(text);
			if (err == ERR_EXISTS)
				err = complain(w, at, "stands there twice");
		}
		free(name);
		if (err != 0)
			return err;
	}
	return err;
}

static int
set_key(struct walk *w, const struct key *k)
{
	char text[PATH_MAX_LEN + 64];

	if (w->e.ev.type == YAML_SEQUENCE_START_EVENT && k->type == KEY_LIST)
		return set_list(w, k);
	if (w->e.ev.type == YAML_MAPPING_START_EVENT && k->type == KEY_MAP)
		return set_map(w, k);
	if (w->e.ev.type == YAML_SCALAR_EVENT)
		return set_scalar(w, k);
	(void)snprintf(text, sizeof(text), "%s: want a %s here", k->path, value_type_name(k->type));
	return complain(w, w->e.ev.start_mark, text);
}

/* A key is set once; the key's own place is told, not its value's. */
static int
see_key(struct walk *w, const struct key *k, yaml_mark_t at)
{
	size_t i = (size_t)(k - config_keys);
	char text[PATH_MAX_LEN + 64];

	if (w->seen[i] != 0) {
		(void)snprintf(text, sizeof(text), "%s stands there twice, first in line %u", k->path, w->seen[i]);
		return complain(w, at, text);
	}
	w->seen[i] = (unsigned)at.line + 1;
	return 0;
}

/* `{password:secret}` is a key to YAML, for want of a blank: what no key has in its name may be a value, and isn't told. */
static int
unknown(struct walk *w, yaml_mark_t at, struct slice path)
{
	size_t n = strspn(w->path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	const char *near = value_key_nearest(path);
	char text[2 * PATH_MAX_LEN + 128];

	if (n < path.n)
		(void)snprintf(text, sizeof(text), "unknown key \"%.*s…\": behind a key come a colon and a blank", (int)n, w->path);
	else
		(void)snprintf(text, sizeof(text), "unknown key \"%s\"%s%s%s", w->path, near != NULL ? "; the nearest key is \"" : "",
			       near != NULL ? near : "", near != NULL ? "\"" : "");
	return complain(w, at, text);
}

static int walk_map(struct walk *w);

/* One key of a map: its path is that of the map, a dot, and its text. */
static int
walk_entry(struct walk *w)
{
	yaml_mark_t at = w->e.ev.start_mark;
	size_t before = w->path_len, n = w->e.ev.data.scalar.length;
	char text[PATH_MAX_LEN + 64];
	const struct key *k;
	struct slice path;
	int err;

	if (w->e.ev.type != YAML_SCALAR_EVENT)
		return complain(w, at, "want the name of a key");
	if (n == 0 || n > sizeof(w->path) - 2 - before)
		return complain(w, at, "no key has a name of that length");
	if (before > 0)
		w->path[w->path_len++] = '.';
	memcpy(w->path + w->path_len, w->e.ev.data.scalar.value, n);
	w->path_len += n;
	w->path[w->path_len] = '\0';
	path = slice_of(w->path, w->path_len);
	k = value_key(path);
	if (k == NULL && !value_key_prefix(path))
		return unknown(w, at, path);
	if ((err = next(w)) != 0)
		return err;
	/* A key with a section of its name: `password: x`, or `password: {file: x}`. */
	if (k != NULL && k->type != KEY_MAP && w->e.ev.type == YAML_MAPPING_START_EVENT && value_key_prefix(path))
		k = NULL;
	if (k != NULL) {
		err = see_key(w, k, at);
		if (err == 0)
			err = set_key(w, k);
		if (err != 0)
			return err;
	} else if (w->e.ev.type == YAML_MAPPING_START_EVENT) {
		err = walk_map(w);
	} else if (w->e.ev.type != YAML_SCALAR_EVENT || w->e.ev.data.scalar.length > 0) {
		(void)snprintf(text, sizeof(text), "\"%s\" is a section; keys go below it", w->path);
		err = complain(w, w->e.ev.start_mark, text);
	}
	w->path_len = before;
	return err;
}

static int
walk_map(struct walk *w)
{
	int err;

	if (++w->depth > DEPTH_MAX)
		return complain(w, w->e.ev.start_mark, "nested too deep");
	while ((err = next(w)) == 0 && w->e.ev.type != YAML_MAPPING_END_EVENT)
		if ((err = walk_entry(w)) != 0)
			return err;
	w->depth--;
	return err;
}

int
yaml_load(const char *name, struct slice text, struct config *c, char *why, size_t why_len)
{
	struct walk w = {.e = yaml_events_of(name, text, why, why_len), .c = c};
	int err;

	w.seen = calloc(config_key_count, sizeof(*w.seen));
	if (w.seen == NULL)
		return ERR_NOMEM;
	err = yaml_events_begin(&w.e);
	if (err == 0) {
		if (w.e.ev.type == YAML_MAPPING_START_EVENT)
			err = walk_map(&w);
		else if (w.e.ev.type == YAML_SCALAR_EVENT && w.e.ev.data.scalar.length == 0)
			err = 0; /* nothing but comments */
		else if (w.e.ev.type != YAML_STREAM_END_EVENT)
			err = complain(&w, w.e.ev.start_mark, "want keys and values");
	}
	err = yaml_events_end(&w.e, err);
	free(w.seen);
	return err;
}

int
yaml_load_value(const char *name, struct slice text, struct config *c, const struct key *k, char *why, size_t why_len)
{
	struct walk w = {.e = yaml_events_of(name, text, why, why_len), .c = c};
	int err = yaml_events_begin(&w.e);

	if (err == 0)
		err = w.e.ev.type == YAML_STREAM_END_EVENT ? complain(&w, w.e.ev.start_mark, "no value") : set_key(&w, k);
	return yaml_events_end(&w.e, err);
}
