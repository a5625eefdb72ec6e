#include "verify/ledger_internal.h"

/* --- who waits ---------------------------------------------------------------------------- */

/* Another one when something about the partition, or a chain that is named, came in. */
static uint64_t
version_of(const struct ledger *l, const struct want *w)
{
	uint64_t last = w->part->version;

	for (size_t i = 0; i < w->name_count; i++) {
		const struct lchain *c = ledger_directory_find_chain(l, &w->names[i].chain);

		if (c != NULL && c->version > last)
			last = c->version;
	}
	return last;
}

static void
want_free(struct want *w)
{
	free(w->names);
	free(w);
}

static void
drop(struct ledger *l, struct want *w)
{
	list_remove(&l->wants, &w->link);
	w->part->wants--;
	want_free(w);
}

void
ledger_tell(struct ledger *l, bool all)
{
	struct told {
		void (*notify)(void *arg);
		void *arg;
	} told[64];
	size_t n;
	bool turned;

	(void)pthread_mutex_lock(&l->lock);
	turned = ledger_is_current(l) && !l->was_current;
	l->was_current = ledger_is_current(l);
	do {
		int64_t before = ledger_now_ms() - LEDGER_WAIT_MAX_MS;

		n = 0;
		LIST_EACH(&l->wants, link) {
			struct want *w = CONTAINER_OF(link, struct want, link);
			bool old = w->asked_ms < before;

			if (n == ARRAY_LEN(told))
				break;
			if (!all && !old && !turned && !w->ended && version_of(l, w) == w->version)
				continue;
			if (w->notify != NULL)
				told[n++] = (struct told){w->notify, w->arg};
			w->notify = NULL;
			/* What it is about is looked for until it is asked for again, soon. */
			if (all || old || !w->searching)
				drop(l, w);
			else
				w->version = version_of(l, w);
		}
		(void)pthread_mutex_unlock(&l->lock);
		for (size_t i = 0; i < n; i++)
			told[i].notify(told[i].arg);
		(void)pthread_mutex_lock(&l->lock);
	} while (n == ARRAY_LEN(told));
	(void)pthread_mutex_unlock(&l->lock);
}

/* --- who asks ----------------------------------------------------------------------------- */

static struct want *
want_new(const struct ledger_want *from, void (*notify)(void *arg), void *arg)
{
	struct want *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->from = from->from;
	w->to = from->to;
	w->min_ms = from->min_ms;
	w->max_ms = from->max_ms;
	w->holes = from->holes;
	w->notify = notify;
	w->arg = arg;
	w->asked_ms = ledger_now_ms();
	if (from->name_count > 0) {
		if ((w->names = calloc(from->name_count, sizeof(*w->names))) == NULL) {
			free(w);
			return NULL;
		}
		memcpy(w->names, from->names, from->name_count * sizeof(*w->names));
		w->name_count = from->name_count;
	}
	return w;
}

static void
touch(struct ledger *l, struct lpart *p, int64_t now_ms)
{
	p->asked_ms = now_ms;
	if (!p->asked)
		return;
	list_remove(&l->recent, &p->recent);
	list_prepend(&l->recent, &p->recent);
}

static void
look_from(struct lpart *p, const struct entry *e)
{
	p->last_from = e->first;
	p->last_to = e->last + 1;
}

/* A chain of another partition, or one that nothing is known of: its statements are of interest from now on, if there is room (else ERR_LIMIT). */
static int
ask_name(struct ledger *l, const struct want *w, const struct ledger_name *name)
{
	struct lchain *c = ledger_directory_find_chain(l, &name->chain);

	if (c != NULL && c->part != NULL && c->part->asked) {
		if (c->part != w->part) {
			size_t at = ledger_index_by_id(c, name->window_id);

			touch(l, c->part, w->asked_ms);
			if (at < c->by_id.count)
				look_from(c->part, c->by_id.list[at]);
		}
		return 0;
	}
	return ledger_directory_chain(l, &name->chain, true, false, &c);
}

static int
ask(struct ledger *l, const struct ledger_want *from, struct want *w)
{
	int64_t ignored = INT64_MIN;
	int err = ledger_directory_part(l, l->conf.cluster_id, from->topic, from->topic_id, from->partition, true, &w->part);

	if (err != 0)
		return err;
	touch(l, w->part, w->asked_ms);
	w->part->last_from = w->from;
	w->part->last_to = w->to;
	for (size_t i = 0; i < w->name_count; i++) {
		err = ask_name(l, w, &w->names[i]);
		if (err == ERR_LIMIT) /* what is stated of it may be passed over */
			w->name_lost = true;
		else if (err != 0)
			return err;
	}
	w->searching = !ledger_plan_ended(l, w, false, &ignored);
	w->version = version_of(l, w);
	return 0;
}

/*
 * What was asked before about these offsets and told takes no part in the plan any more.  About others of the partition it does, for
 * a while: of what share groups have aside each range is asked about by itself, and one's search mustn't end another's.
 */
static void
put_in(struct ledger *l, struct want *w)
{
	enum { OTHERS_MAX = 16 };
	size_t others = w->part->wants; /* the oldest go */

	LIST_EACH(&l->wants, link) {
		struct want *old = CONTAINER_OF(link, struct want, link);
		bool overlaps = old->from < w->to && w->from < old->to;

		if (old->part == w->part && old->notify == NULL && old != w && (overlaps || others > OTHERS_MAX)) {
			drop(l, old);
			others--;
		}
	}
	if (!w->searching && w->notify == NULL) {
		want_free(w);
		return;
	}
	list_append(&l->wants, &w->link);
	w->part->wants++;
}

/* --- answers -------------------------------------------------------------------------------- */

struct gathering {
	struct entry **list;
	size_t count, cap;
};

static int
gather(struct gathering *g, struct entry *e)
{
	if (e->body == NULL)
		return 0;
	if (g->count == g->cap) {
		size_t more = g->cap == 0 ? 16 : g->cap * 2;
		struct entry **p = reallocarray(g->list, more, sizeof(*p));

		if (p == NULL)
			return ERR_NOMEM;
		g->list = p;
		g->cap = more;
	}
	g->list[g->count++] = e;
	return 0;
}

static bool
lists_any(const struct runs *r, int64_t from, int64_t to)
{
	size_t lo = 0, hi = r->count;

	while (lo < hi) { /* the first run that ends behind `from` */
		size_t mid = lo + (hi - lo) / 2;

		if (r->list[mid].first + (r->list[mid].count - 1) < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->count && r->list[lo].first < to;
}

static int
gather_listed(struct gathering *g, const struct want *w)
{
	const struct lpart *p = w->part;
	int64_t low = w->from < INT64_MIN + p->longest ? INT64_MIN : w->from - p->longest;

	for (size_t i = ledger_index_by_first(p, low); i < p->by_first.count; i++) {
		struct entry *e = p->by_first.list[i];
		int err;

		if (e->first >= w->to)
			break;
		if (e->last >= w->from && e->body != NULL && lists_any(&e->body->s.ranges, w->from, w->to) &&
		    (err = gather(g, e)) != 0)
			return err;
	}
	return 0;
}

static int
gather_named(struct gathering *g, const struct ledger *l, const struct ledger_name *name)
{
	const struct lchain *c = ledger_directory_find_chain(l, &name->chain);
	bool stated = false;
	int err;

	for (size_t i = c == NULL ? 0 : ledger_index_by_id(c, name->window_id); c != NULL && i < c->by_id.count; i++) {
		struct entry *e = c->by_id.list[i];
		bool named = e->window_id == name->window_id;

		if (!named && stated)
			break;
		if (!named && e->body == NULL)
			continue;
		stated = true;
		if ((err = gather(g, e)) != 0)
			return err;
		if (!named)
			break;
	}
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;

	if (x->sp->topic != y->sp->topic)
		return x->sp->topic > y->sp->topic ? 1 : -1;
	if (x->sp->partition != y->sp->partition)
		return x->sp->partition > y->sp->partition ? 1 : -1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool
is_stated(const struct ledger *l, const struct ledger_name *name)
{
	const struct lchain *c = ledger_directory_find_chain(l, &name->chain);
	size_t at = c == NULL ? 0 : ledger_index_by_id(c, name->window_id);

	return c != NULL && at < c->by_id.count && c->by_id.list[at]->window_id == name->window_id;
}

/* Why those that are named aren't stated.  0 or ERR_NOMEM, with what there is. */
static int
add_untrusted(struct ledger *l, const struct want *w, const struct ledger_window **list, size_t *n)
{
	for (size_t i = 0; i < w->name_count; i++) {
		const struct ledger_name *name = &w->names[i];
		bool barred = ledger_untrusted_bars(ledger_directory_find_chain(l, &name->chain), name->window_id);
		struct body *b;

		if ((!barred && !ledger_untrusted_has(l, &name->chain, name->window_id)) || is_stated(l, name))
			continue;
		if ((b = ledger_body_untrusted(name, barred)) == NULL)
			return ERR_NOMEM;
		list[(*n)++] = &b->lw;
	}
	return 0;
}

/* What was gathered, each once, in its order. */
static int
answer(struct ledger *l, const struct want *w, struct gathering *g, struct ledger_answer *ret)
{
	const struct ledger_window **list;
	struct ledger_link *links;
	size_t n = 0, max;
	int err;

	if (g->count > 0)
		qsort(g->list, g->count, sizeof(struct entry *), by_place);
	for (size_t i = 0; i < g->count; i++)
		if (n == 0 || g->list[n - 1] != g->list[i])
			g->list[n++] = g->list[i];
	/* The links stand behind the windows. */
	max = n + w->name_count + 1;
	if ((list = calloc(max, sizeof(struct ledger_window *) + sizeof(*links))) == NULL)
		return ERR_NOMEM;
	links = (struct ledger_link *)(void *)&list[max];
	for (size_t i = 0; i < n; i++) {
		struct body *b = g->list[i]->body;

		b->refs++;
		ledger_room_use(l, b);
		list[i] = &b->lw;
		links[i] = ledger_links_of(l, w, g->list[i]);
	}
	err = add_untrusted(l, w, list, &n);
	ret->windows = list;
	ret->count = n;
	ret->links = links;
	return err;
}

/* Under the lock. */
static void
release(struct ledger_answer *a)
{
	for (size_t i = 0; i < a->count; i++)
		ledger_body_put((struct body *)(uintptr_t)a->windows[i]); /* its first member */
	free((void *)(uintptr_t)a->windows);
	*a = (struct ledger_answer){.count = 0};
}

int
ledger_ask(struct ledger *l, const struct ledger_want *want, void (*notify)(void *arg), void *arg,
	   struct ledger_answer *ret)
{
	struct want *w = want_new(want, notify, arg);
	struct ledger_answer a = {.count = 0};
	struct gathering g = {NULL, 0, 0};
	int err;

	if (w == NULL)
		return ERR_NOMEM;
	(void)pthread_mutex_lock(&l->lock);
	if ((err = ask(l, want, w)) != 0 || (err = gather_listed(&g, w)) != 0)
		goto fail;
	for (size_t i = 0; i < w->name_count; i++)
		if ((err = gather_named(&g, l, &w->names[i])) != 0)
			goto fail;
	if ((err = answer(l, w, &g, &a)) != 0)
		goto fail;
	a.whole = w->whole;
	a.too_large = !w->searching && !w->whole;
	a.current = ledger_is_current(l);
	put_in(l, w);
	(void)pthread_mutex_unlock(&l->lock);
	free(g.list);
	follower_wake(l->finder);
	*ret = a;
	return 0;
fail:
	release(&a);
	(void)pthread_mutex_unlock(&l->lock);
	free(g.list);
	want_free(w);
	return err;
}

void
ledger_release(struct ledger *l, struct ledger_answer *a)
{
	(void)pthread_mutex_lock(&l->lock);
	release(a);
	(void)pthread_mutex_unlock(&l->lock);
}
