#include "config/document.h"

#include <stdarg.h>

#include "config/yaml_events.h"

struct document {
	char *name;
	struct document_node root;
};

struct reading {
	struct yaml_events e;
	size_t nodes;
	unsigned depth;
};

static void
clear(struct document_node *n)
{
	for (size_t i = 0; i < n->count; i++)
		clear(&n->items[i]);
	free(n->items);
	free(n->name);
	free(n->text);
	*n = (struct document_node){0};
}

static struct document_at
place_of(yaml_mark_t m)
{
	return (struct document_at){m.line + 1, m.column + 1};
}

/* The scalar at hand.  0, ERR_CONFIG or ERR_NOMEM. */
static int
take_text(struct reading *r, char **ret)
{
	const char *text = (const char *)r->e.ev.data.scalar.value;

	if (strlen(text) != r->e.ev.data.scalar.length)
		return yaml_events_complain(&r->e, r->e.ev.start_mark, "a NUL character");
	return (*ret = strdup(text)) != NULL ? 0 : ERR_NOMEM;
}

/* Room for one more, zeroed and not counted yet; NULL: no memory. */
static struct document_node *
more(struct document_node *n)
{
	struct document_node *items;

	/* Grown at powers of two. */
	if ((n->count & (n->count - 1)) == 0) {
		items = reallocarray(n->items, n->count == 0 ? 1 : n->count * 2, sizeof(*items));
		if (items == NULL)
			return NULL;
		n->items = items;
	}
	n->items[n->count] = (struct document_node){0};
	return &n->items[n->count];
}

static int take_node(struct reading *r, struct document_node *n);

/* A name of a map, and then its value is at hand. */
static int
take_name(struct reading *r, const struct document_node *map, struct document_node *item)
{
	char text[512];
	int err;

	if (r->e.ev.type != YAML_SCALAR_EVENT || r->e.ev.data.scalar.length == 0)
		return yaml_events_complain(&r->e, r->e.ev.start_mark, "want a name");
	item->name_at = place_of(r->e.ev.start_mark);
	if ((err = take_text(r, &item->name)) != 0)
		return err;
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->items[i].name, item->name) != 0)
			continue;
		(void)snprintf(text, sizeof(text), "\"%s\" stands there twice, first in line %zu", item->name,
			       map->items[i].name_at.line);
		return yaml_events_complain(&r->e, r->e.ev.start_mark, text);
	}
	return yaml_events_next(&r->e);
}

/* Up to the list's or map's end. */
static int
take_items(struct reading *r, struct document_node *n)
{
	yaml_event_type_t end = n->kind == DOCUMENT_LIST ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
	int err;

	if (++r->depth > DOCUMENT_DEPTH_MAX)
		return yaml_events_complain(&r->e, r->e.ev.start_mark, "nested too deep");
	while ((err = yaml_events_next(&r->e)) == 0 && r->e.ev.type != end) {
		struct document_node *item = more(n);

		if (item == NULL)
			return ERR_NOMEM;
		if ((n->kind == DOCUMENT_MAP && (err = take_name(r, n, item)) != 0) || (err = take_node(r, item)) != 0) {
			clear(item);
			return err;
		}
		n->count++;
	}
	r->depth--;
	return err;
}

static int
take_node(struct reading *r, struct document_node *n)
{
	const yaml_event_t *ev = &r->e.ev;

	n->at = place_of(ev->start_mark);
	if (++r->nodes > DOCUMENT_NODES_MAX)
		return yaml_events_complain(&r->e, ev->start_mark, "more than a file like this may hold");
	if (ev->type == YAML_SEQUENCE_START_EVENT || ev->type == YAML_MAPPING_START_EVENT) {
		n->kind = ev->type == YAML_SEQUENCE_START_EVENT ? DOCUMENT_LIST : DOCUMENT_MAP;
		return take_items(r, n);
	}
	if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		const char *text = (const char *)ev->data.scalar.value;

		if (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)
			return 0;
	}
	n->kind = DOCUMENT_TEXT;
	return take_text(r, &n->text);
}

int
document_parse(const char *name, struct slice text, struct document **ret, char *why, size_t why_len)
{
	struct reading r = {.e = yaml_events_of(name, text, why, why_len)};
	struct document *d = calloc(1, sizeof(*d));
	int err;

	if (d == NULL || (d->name = strdup(name)) == NULL) {
		free(d);
		return ERR_NOMEM;
	}
	d->root.at = (struct document_at){1, 1};
	if (text.n > DOCUMENT_BYTES_MAX) {
		err = document_complain(d, (struct document_at){1, 1}, why, why_len, "larger than %d bytes", DOCUMENT_BYTES_MAX);
		goto fail;
	}
	err = yaml_events_begin(&r.e);
	if (err == 0 && r.e.ev.type != YAML_STREAM_END_EVENT)
		err = take_node(&r, &d->root);
	if ((err = yaml_events_end(&r.e, err)) != 0)
		goto fail;
	*ret = d;
	return 0;
fail:
	document_free(d);
	return err;
}

void
document_free(struct document *d)
{
	if (d == NULL)
		return;
	clear(&d->root);
	free(d->name);
	free(d);
}

const struct document_node *
document_root(const struct document *d)
{
	return &d->root;
}

int
document_complain(const struct document *d, struct document_at at, char *why, size_t why_len, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)snprintf(why, why_len, "%s:%zu:%zu: %s", d->name, at.line, at.column, text);
	return ERR_CONFIG;
}
