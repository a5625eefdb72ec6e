/*
 * Where memory goes, and what gives way:
 *
 *   index_bytes   entries: trusted ones,     idle parts first; then what lies far before the offsets that are asked
 *                 however often each was     for; then, of the partition that has the most, what lies farthest
 *                 published                  behind them: known_from, known_to tell
 *   directory_bytes   parts, chains          ledger_directory.c
 *   body_bytes    bodies                     ledger_room.c
 */
#include "verify/ledger_internal.h"

enum {
	IDLE_MS = 60000,
	BEFORE_KEPT = 64,      /* entries that stay before what is asked for: they tell where to look */
	BEFORE_LEAST = 8,      /* … when there is no room for them */
	FORKS_MAX = 4,         /* statements with one chain and window id in a partition of a statement topic */
};

/* --- lists of entries ------------------------------------------------------------------- */

size_t
ledger_index_by_first(const struct lpart *p, int64_t first)
{
	size_t lo = 0, hi = p->by_first.count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->by_first.list[mid]->first < first)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t
ledger_index_by_id(const struct lchain *c, uint64_t window_id)
{
	size_t lo = 0, hi = c->by_id.count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->by_id.list[mid]->window_id < window_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int
make_room(struct entries *s)
{
	size_t more = s->cap == 0 ? 16 : s->cap * 2;
	struct entry **p;

	if (s->count < s->cap)
		return 0;
	if ((p = reallocarray(s->list, more, sizeof(*p))) == NULL)
		return ERR_NOMEM;
	s->list = p;
	s->cap = more;
	return 0;
}

static void
insert(struct entries *s, size_t at, struct entry *e)
{
	memmove(&s->list[at + 1], &s->list[at], (s->count - at) * sizeof(*s->list));
	s->list[at] = e;
	s->count++;
}

static void
take_out(struct entries *s, size_t at, const struct entry *e)
{
	while (at < s->count && s->list[at] != e)
		at++;
	if (at == s->count)
		return;
	memmove(&s->list[at], &s->list[at + 1], (s->count - at - 1) * sizeof(*s->list));
	s->count--;
}

struct entry *
ledger_index_at(const struct lchain *c, uint64_t window_id, const struct spart *sp, int64_t offset)
{
	for (size_t i = ledger_index_by_id(c, window_id); i < c->by_id.count; i++) {
		struct entry *e = c->by_id.list[i];

		if (e->window_id != window_id)
			break;
		if (e->sp == sp && e->offset == offset)
			return e;
	}
	return NULL;
}

struct entry *
ledger_index_of(const struct lchain *c, uint64_t window_id, const uint8_t sha256[SHA256_LEN])
{
	for (size_t i = ledger_index_by_id(c, window_id); i < c->by_id.count && c->by_id.list[i]->window_id == window_id; i++)
		if (memcmp(c->by_id.list[i]->sha256, sha256, SHA256_LEN) == 0)
			return c->by_id.list[i];
	return NULL;
}

/* --- entries ------------------------------------------------------------------------------ */

/* Of what it is about, nothing beyond it is complete any more. */
static void
lose(const struct entry *e, bool before)
{
	struct lpart *p = e->part;
	struct lchain *c = e->chain;

	if (before) {
		if (e->last >= p->known_from)
			p->known_from = e->last + 1;
		if (e->window_id >= c->known_from)
			c->known_from = e->window_id + 1;
	} else {
		if (e->first < p->known_to)
			p->known_to = e->first;
		if (e->window_id < c->known_to)
			c->known_to = e->window_id;
	}
}

enum { ENTRY_BYTES = sizeof(struct entry) + 2 * sizeof(struct entry *) + LEDGER_OVERHEAD };

static void
entry_free(struct ledger *l, struct entry *e)
{
	ledger_room_detach(l, e);
	take_out(&e->part->by_first, ledger_index_by_first(e->part, e->first), e);
	take_out(&e->chain->by_id, ledger_index_by_id(e->chain, e->window_id), e);
	l->index_bytes -= ENTRY_BYTES;
	free(e);
}

void
ledger_index_remove(struct ledger *l, struct entry *e)
{
	entry_free(l, e);
}

void
ledger_index_move(struct ledger *l, struct entry *e, struct spart *sp, int64_t offset, size_t body_bytes)
{
	ledger_room_detach(l, e);
	if (e->sp != sp || e->first_at < sp->low || offset < e->first_at)
		e->first_at = offset;
	e->sp = sp;
	e->offset = offset;
	e->body_bytes = body_bytes;
}

void
ledger_index_remove_of(struct ledger *l, const struct spart *sp, int64_t from, int64_t to, enum index_removal how)
{
	size_t at = 0;
	struct slice key;
	void *value;

	while (map_next(l->chains, &at, &key, &value)) {
		struct lchain *c = value;

		for (size_t i = c->by_id.count; i-- > 0;) {
			struct entry *e = c->by_id.list[i];

			if (e->sp != sp || e->offset < from || e->offset >= to || (how == REMOVE_COPIED && !e->copied) ||
			    (how == REMOVE_LACKING && e->body != NULL))
				continue;
			if (how != REMOVE_ALL)
				lose(e, false);
			c->version = e->part->version = ++l->version; /* who knew of it is told */
			entry_free(l, e);
		}
	}
}

void
ledger_index_forget_part(struct ledger *l, struct lpart *p)
{
	/* Asked for again, they are looked for again. */
	while (p->by_first.count > 0) {
		p->by_first.list[p->by_first.count - 1]->chain->asked = false;
		entry_free(l, p->by_first.list[p->by_first.count - 1]);
	}
	free(p->by_first.list);
	p->by_first = (struct entries){NULL, 0, 0};
	p->longest = 0;
	if (p->asked)
		list_remove(&l->recent, &p->recent);
	p->asked = false;
}

/* The lowest offset that somebody asks for. */
static int64_t
asked_from(const struct ledger *l, const struct lpart *p)
{
	int64_t from = p->last_from;

	LIST_EACH(&l->wants, link) {
		const struct want *w = CONTAINER_OF(link, struct want, link);

		if (w->part == p && w->from < from)
			from = w->from;
	}
	return from;
}

/* Those of p that end before what is asked for, but for the last few. */
static void
trim_before(struct ledger *l, struct lpart *p)
{
	int64_t below = asked_from(l, p);
	size_t end = ledger_index_by_first(p, below), i = 0;

	while (end - i > BEFORE_KEPT) {
		struct entry *e = p->by_first.list[i];

		if (e->last >= below || ledger_need_names(l, e)) {
			i++;
			continue;
		}
		lose(e, true);
		entry_free(l, e);
		end--;
	}
}

static bool
has_room(const struct ledger *l)
{
	return l->index_bytes + ENTRY_BYTES <= l->index_max;
}

/* Gives up what is needed the least, for an entry of `of`. */
static void
trim(struct ledger *l, const struct lpart *of)
{
	int64_t before = ledger_now_ms() - IDLE_MS;

	while (!has_room(l) && l->recent.count > 0) {
		struct lpart *p = CONTAINER_OF(list_last(&l->recent), struct lpart, recent);

		if (p->asked_ms >= before || p->wants > 0 || p == of)
			break;
		ledger_index_forget_part(l, p);
	}
	if (has_room(l))
		return;
	LIST_EACH(&l->recent, link)
		trim_before(l, CONTAINER_OF(link, struct lpart, recent));
}

/* The farthest that nobody names; NULL: all of them are named. */
static struct entry *
farthest(const struct ledger *l, const struct lpart *p)
{
	for (size_t i = p->by_first.count; i-- > 0;)
		if (!ledger_need_names(l, p->by_first.list[i]))
			return p->by_first.list[i];
	return NULL;
}

/*
 * One gives way to e: of the partition that has the most, if that is more than e's own has, so that each is left its
 * share; else of its own what lies farther on.  What lies before what is asked for goes first, but for the very last, and
 * what is named stays, wherever it lies.
 */
static void
give_way(struct ledger *l, const struct entry *e)
{
	struct lpart *most = e->part;
	struct entry *x = NULL;
	int64_t below;
	size_t before;

	LIST_EACH(&l->recent, link) {
		struct lpart *p = CONTAINER_OF(link, struct lpart, recent);

		if (p->by_first.count > most->by_first.count + 1)
			most = p;
	}
	if (most->by_first.count == 0)
		return;
	below = asked_from(l, most);
	before = ledger_index_by_first(most, below);
	for (size_t i = 0; x == NULL && i + BEFORE_LEAST < before; i++)
		if (most->by_first.list[i]->last < below && !ledger_need_names(l, most->by_first.list[i]))
			x = most->by_first.list[i];
	if (x == NULL) {
		x = farthest(l, most);
		if (x == NULL || (most == e->part && x->first <= e->first && !ledger_need_names(l, e)))
			return;
	}
	lose(x, x->last < below);
	entry_free(l, x);
}

/* Is there room for one more of its chain and window?  Of more than one payload, which is a fork, the first stay. */
static bool
is_early_enough(struct ledger *l, const struct entry *e)
{
	const struct entries *ids = &e->chain->by_id;
	struct entry *last = NULL;
	size_t copies = 0;

	for (size_t i = ledger_index_by_id(e->chain, e->window_id); i < ids->count && ids->list[i]->window_id == e->window_id; i++) {
		if (ids->list[i]->sp != e->sp)
			continue;
		copies++;
		if (last == NULL || ids->list[i]->offset > last->offset)
			last = ids->list[i];
	}
	if (copies < FORKS_MAX)
		return true;
	if (last->offset < e->offset)
		return false;
	entry_free(l, last);
	return true;
}

int
ledger_index_add(struct ledger *l, struct entry *e)
{
	struct lpart *p = e->part;
	struct entries *ids = &e->chain->by_id;
	size_t at;

	if (!is_early_enough(l, e)) {
		free(e);
		return 0;
	}
	if (!has_room(l)) {
		trim(l, p);
		if (!has_room(l))
			give_way(l, e);
	}
	if (!has_room(l)) {
		lose(e, false);
		free(e);
		return 0;
	}
	if (make_room(ids) != 0 || make_room(&p->by_first) != 0) {
		free(e);
		return ERR_NOMEM;
	}
	at = ledger_index_by_id(e->chain, e->window_id);
	while (at < ids->count && ids->list[at]->window_id == e->window_id)
		at++;
	insert(ids, at, e);
	insert(&p->by_first, ledger_index_by_first(p, e->first), e);
	if (e->last - e->first > p->longest)
		p->longest = e->last - e->first;
	l->index_bytes += ENTRY_BYTES;
	return 0;
}

static void
remove_all(struct ledger *l)
{
	size_t at = 0;
	struct slice key;
	void *value;

	while (map_next(l->chains, &at, &key, &value)) {
		struct lchain *c = value;

		while (c->by_id.count > 0)
			entry_free(l, c->by_id.list[c->by_id.count - 1]);
		c->gen = c->anew_gen = l->gen;
		c->known_from = 0;
		c->known_to = UINT64_MAX;
		c->barred_count = 0;
		c->version = ++l->version;
	}
}

void
ledger_index_forget_all(struct ledger *l)
{
	size_t at = 0;
	struct slice key;
	void *value;

	l->gen++;
	remove_all(l);
	while (map_next(l->parts, &at, &key, &value)) {
		struct lpart *p = value;

		p->gen = l->gen;
		p->version = ++l->version;
		p->longest = 0;
		p->known_from = INT64_MIN;
		p->known_to = INT64_MAX;
	}
}

void
ledger_index_clear(struct ledger *l)
{
	size_t at = 0;
	struct slice key;
	void *value;

	remove_all(l);
	while (map_next(l->chains, &at, &key, &value)) {
		struct lchain *c = value;

		free(c->by_id.list);
		free(c->seen.list);
		free(c);
	}
	for (at = 0; map_next(l->parts, &at, &key, &value);) {
		struct lpart *p = value;

		free(p->by_first.list);
		free(p->seen.list);
		free(p);
	}
}
