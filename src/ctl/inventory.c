#include "ctl/inventory.h"

#include "base/map.h"

struct window_key {
	uint32_t chain;
	uint32_t zero; /* no padding: its bytes are the key */
	uint64_t window;
};

struct sent {
	bool settled, left; /* one that is settled may still leave */
	uint32_t chain;
	uint32_t span_count;
	struct journal_span spans[];
};

/* --- what is known by its number ------------------------------------------------------ */

static int
make_maps(struct inventory *v)
{
	if (v->by_number == NULL)
		v->by_number = map_new();
	if (v->windows == NULL)
		v->windows = map_new();
	if (v->batches == NULL)
		v->batches = map_new();
	return v->by_number == NULL || v->windows == NULL || v->batches == NULL ? ERR_NOMEM : 0;
}

static int
chain_of(struct inventory *v, uint32_t number, struct inventory_chain **ret)
{
	struct slice key = slice_of(&number, sizeof(number));
	struct inventory_chain *c = map_get(v->by_number, key);

	if (c == NULL) {
		c = calloc(1, sizeof(*c));
		if (c == NULL || map_put(v->by_number, key, c) != 0) {
			free(c);
			return ERR_NOMEM;
		}
		c->number = number;
	}
	*ret = c;
	return 0;
}

static struct inventory_window *
find_window(const struct inventory *v, uint32_t chain, uint64_t id)
{
	struct window_key key = {chain, 0, id};

	return map_get(v->windows, slice_of(&key, sizeof(key)));
}

static int
window_of(struct inventory *v, uint32_t chain, uint64_t id, struct inventory_window **ret)
{
	struct window_key key = {chain, 0, id};
	struct inventory_window *w = find_window(v, chain, id);

	if (w == NULL) {
		w = calloc(1, sizeof(*w));
		if (w == NULL || map_put(v->windows, slice_of(&key, sizeof(key)), w) != 0) {
			free(w);
			return ERR_NOMEM;
		}
		w->id = id;
	}
	*ret = w;
	return 0;
}

static struct sent *
find_batch(const struct inventory *v, uint64_t number)
{
	return map_get(v->batches, slice_of(&number, sizeof(number)));
}

/* --- entries ----------------------------------------------------------------------------- */

/* What an interrupted recovery wrote anew is told twice. */
static int
add_batch(struct inventory *v, const struct journal_entry *e)
{
	size_t bytes = e->span_count * sizeof(*e->spans);
	struct sent *s;
	int err = 0;

	if (find_batch(v, e->batch) != NULL)
		return 0;
	s = malloc(sizeof(*s) + bytes);
	if (s == NULL || map_put(v->batches, slice_of(&e->batch, sizeof(e->batch)), s) != 0) {
		free(s);
		return ERR_NOMEM;
	}
	*s = (struct sent){.chain = e->chain, .span_count = e->span_count};
	memcpy(s->spans, e->spans, bytes);
	for (uint32_t i = 0; err == 0 && i < e->span_count; i++) {
		struct inventory_window *w;

		err = window_of(v, e->chain, e->spans[i].window, &w);
		if (err == 0 && w->start_ms == 0)
			w->start_ms = e->spans[i].start_ms;
		if (err == 0 && !w->stated) { /* the batch may be written anew behind its first statement */
			w->members += e->spans[i].count;
			w->unsettled += e->spans[i].count;
		}
	}
	return err;
}

static void
end_batch(struct inventory *v, const struct journal_entry *e)
{
	struct sent *s = find_batch(v, e->batch);

	bool settled;

	if (s == NULL || s->left || (s->settled && e->kind == JOURNAL_SETTLED))
		return;
	settled = s->settled;
	s->settled = true;
	s->left = e->kind == JOURNAL_LEFT;
	for (uint32_t i = 0; i < s->span_count; i++) {
		struct inventory_window *w = find_window(v, s->chain, s->spans[i].window);

		if (w->stated)
			continue; /* its statement says it all */
		w->unsettled -= settled ? 0 : s->spans[i].count;
		if (e->kind == JOURNAL_LEFT) {
			w->members -= s->spans[i].count;
			w->given_up += e->given_up ? s->spans[i].count : 0;
		}
	}
}

/* It is nowhere yet, after all. */
static void
reopen_batch(struct inventory *v, const struct journal_entry *e)
{
	struct sent *s = find_batch(v, e->batch);

	if (s == NULL || s->left || !s->settled)
		return;
	s->settled = false;
	for (uint32_t i = 0; i < s->span_count; i++) {
		struct inventory_window *w = find_window(v, s->chain, s->spans[i].window);

		if (!w->stated)
			w->unsettled += s->spans[i].count;
	}
}

/* Its batches may still follow. */
static int
close_window(struct inventory *v, const struct journal_entry *e)
{
	struct inventory_window *w;
	int err = window_of(v, e->chain, e->window, &w);

	if (err != 0)
		return err;
	w->closed = true;
	w->reason = e->reason;
	w->end_ms = e->end_ms;
	return 0;
}

/* They are published in their order. */
static void
note_published(struct inventory_chain *c, uint64_t window)
{
	if (window > c->last_published)
		c->last_published = window;
}

/* All so far, of batches whose entries may be gone. */
static int
note_unresolved(struct inventory *v, const struct journal_entry *e)
{
	struct inventory_window *w;
	int err = window_of(v, e->chain, e->window, &w);

	if (err == 0 && !w->stated)
		w->given_up = e->records;
	return err;
}

/* Its batches may be gone already. */
static int
note_stated(struct inventory *v, struct inventory_chain *c, const struct journal_entry *e)
{
	struct inventory_window *w;
	int err = window_of(v, c->number, e->window, &w);

	if (err != 0)
		return err;
	if (w->start_ms == 0)
		w->start_ms = e->since_ms;
	if (e->window > c->last_stated)
		c->last_stated = e->window;
	w->closed = w->stated = true;
	w->members = e->records;
	w->unsettled = 0;
	return 0;
}

static void
take_head(struct inventory_chain *c, struct journal_entry *e)
{
	heads_entry_clear(&c->head);
	c->head = e->head;
	memset(&e->head, 0, sizeof(e->head));
	c->known = true;
	if (c->head.head.last_window > c->last_stated)
		c->last_stated = c->head.head.last_window;
}

int
inventory_entry(struct inventory *v, struct journal_entry *e)
{
	struct inventory_chain *c;
	int err = make_maps(v);

	if (e->kind == JOURNAL_ENDED)
		return err; /* nothing is counted by it, and its chain may be gone */
	if (err == 0)
		err = chain_of(v, e->chain, &c);
	if (err != 0)
		return err;
	switch (e->kind) {
	case JOURNAL_CHAIN: take_head(c, e); break;
	case JOURNAL_BATCH: return add_batch(v, e);
	case JOURNAL_SETTLED:
	case JOURNAL_LEFT: end_batch(v, e); break;
	case JOURNAL_REOPENED: reopen_batch(v, e); break;
	case JOURNAL_UNRESOLVED: return note_unresolved(v, e);
	case JOURNAL_ENDED:
	case JOURNAL_TOLD: break; /* its outcome is still open */
	case JOURNAL_CLOSED: return close_window(v, e);
	case JOURNAL_STATED: return note_stated(v, c, e);
	case JOURNAL_PUBLISHED: note_published(c, e->window); break;
	}
	return 0;
}

/* --- the sum ---------------------------------------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	const struct inventory_window *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int
by_name(const void *a, const void *b)
{
	const struct inventory_chain *x = *(struct inventory_chain *const *)a, *y = *(struct inventory_chain *const *)b;
	int order = strcmp(x->known ? x->head.topic : "", y->known ? y->head.topic : "");

	if (order == 0 && x->known && y->known && x->head.partition != y->head.partition)
		return x->head.partition < y->head.partition ? -1 : 1;
	return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

static bool
is_left(const struct inventory_chain *c, const struct inventory_window *w)
{
	if (w->stated)
		return w->id > c->last_published;
	return w->id > c->last_stated && w->members > 0; /* one in front of a statement ended without a member */
}

/* Twice over the windows: how many each chain has, then which. */
static int
share_windows(struct inventory *v)
{
	struct inventory_window *w;
	struct inventory_chain *c;
	struct window_key k;
	struct slice key;
	void *value;
	int err = 0;

	for (size_t at = 0; map_next(v->windows, &at, &key, &value);) {
		memcpy(&k, key.p, sizeof(k));
		if ((err = chain_of(v, k.chain, &c)) != 0)
			return err;
		c->window_count += is_left(c, value);
		w = value;
		c->stated_since += w->stated && (!c->known || w->id > c->head.head.last_window);
	}
	for (size_t at = 0; err == 0 && map_next(v->by_number, &at, &key, &value);) {
		c = value;
		c->windows = calloc(c->window_count + 1, sizeof(*c->windows));
		err = c->windows == NULL ? ERR_NOMEM : 0;
		c->window_count = 0;
	}
	for (size_t at = 0; err == 0 && map_next(v->windows, &at, &key, &value);) {
		w = value;
		memcpy(&k, key.p, sizeof(k));
		err = chain_of(v, k.chain, &c);
		if (err != 0 || !is_left(c, w))
			continue;
		c->windows[c->window_count++] = *w;
		c->members += w->members;
		c->unsettled += w->unsettled;
		c->stated += w->stated;
	}
	return err;
}

int
inventory_end(struct inventory *v)
{
	struct slice key;
	void *value;
	int err = make_maps(v);

	if (err == 0)
		err = share_windows(v);
	if (err == 0 && (v->chains = calloc(map_count(v->by_number) + 1, sizeof(struct inventory_chain *))) == NULL)
		err = ERR_NOMEM;
	for (size_t at = 0; err == 0 && map_next(v->by_number, &at, &key, &value);) {
		struct inventory_chain *c = value;

		v->chains[v->chain_count++] = c;
		qsort(c->windows, c->window_count, sizeof(*c->windows), by_id);
		v->windows_left += c->window_count;
		v->members += c->members;
		v->unsettled += c->unsettled;
		v->stated += c->stated;
	}
	if (err == 0)
		qsort(v->chains, v->chain_count, sizeof(struct inventory_chain *), by_name);
	return err;
}

static void
free_values(struct map *m)
{
	struct slice key;
	void *value;

	for (size_t at = 0; m != NULL && map_next(m, &at, &key, &value);)
		free(value);
	map_free(m);
}

void
inventory_free(struct inventory *v)
{
	struct slice key;
	void *value;

	for (size_t at = 0; v->by_number != NULL && map_next(v->by_number, &at, &key, &value);) {
		struct inventory_chain *c = value;

		heads_entry_clear(&c->head);
		free(c->windows);
	}
	free_values(v->by_number);
	free_values(v->windows);
	free_values(v->batches);
	free(v->chains);
	*v = (struct inventory){0};
}

const char *
inventory_state(const struct inventory_window *w)
{
	return w->stated ? "stated" : w->closed ? "closed" : "open";
}
