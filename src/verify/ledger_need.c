/* Which statements' bodies an answer takes, as many as have room together, and which records of the statement topics are kept for that. */
#include "verify/ledger_internal.h"

enum { SHARE_ROUNDS = 8 };

void
ledger_need_at(struct spart *sp, int64_t offset, bool body)
{
	if (sp->taken || (sp->need >= 0 && offset >= sp->need))
		return;
	sp->need = offset;
	sp->need_body = body;
}

bool
ledger_need_lacks_body(const struct entry *e)
{
	return e->body == NULL && !ledger_need_is_gone(e);
}

bool
ledger_need_is_gone(const struct entry *e)
{
	const struct spart *sp = e->sp;

	return e->body == NULL && e->offset < sp->low;
}

static bool
is_spanned(const struct want *w, const struct entry *e)
{
	return e->part == w->part && e->first < w->to && e->last >= w->from;
}

/* Those of one offset, or of one name, are taken together: of such as have no room all together none is read.  False: they haven't. */
static bool
need_group(const struct want *w, struct entry *const *list, size_t n, bool spanned, bool set_needs, struct bodies *b)
{
	size_t used = b->used, most = b->used == 0 ? b->max : b->share;

	for (size_t i = 0; i < n; i++) {
		const struct entry *e = list[i];

		if (is_spanned(w, e) != spanned || ledger_need_is_gone(e))
			continue;
		if (used > most || e->body_bytes > most - used) {
			b->too_many = true;
			return false;
		}
		used += e->body_bytes;
	}
	b->used = used;
	for (size_t i = 0; i < n; i++) {
		const struct entry *e = list[i];

		if (is_spanned(w, e) != spanned || !ledger_need_lacks_body(e))
			continue;
		b->lacking = true;
		if (set_needs)
			ledger_need_at(e->sp, e->offset, true);
	}
	return true;
}

/* What is stated under a name; where nothing is, the next that is tells that it never was.  *ret_count: of them. */
static struct entry *const *
named(const struct ledger *l, const struct ledger_name *name, size_t *ret_count)
{
	const struct lchain *c = ledger_directory_find_chain(l, &name->chain);
	size_t at = c == NULL ? 0 : ledger_index_by_id(c, name->window_id), n = 1;

	*ret_count = 0;
	while (c != NULL && at < c->by_id.count && ledger_need_is_gone(c->by_id.list[at]))
		at++;
	if (c == NULL || at == c->by_id.count)
		return NULL;
	while (c->by_id.list[at]->window_id == name->window_id && at + n < c->by_id.count &&
	       c->by_id.list[at + n]->window_id == name->window_id)
		n++;
	*ret_count = n;
	return &c->by_id.list[at];
}

static struct bodies
need_bodies(const struct ledger *l, const struct want *w, bool set_needs, int64_t *room_to, size_t *room_names)
{
	const struct entries *all = &w->part->by_first;
	struct bodies b = {.share = l->body_share, .max = l->body_max};
	size_t n;

	*room_to = w->to;
	*room_names = w->name_count;
	for (size_t i = ledger_index_by_first(w->part, plus(w->from, -w->part->longest)); i < all->count; i += n) {
		int64_t first = all->list[i]->first;

		if (first >= w->to)
			break;
		for (n = 1; i + n < all->count && all->list[i + n]->first == first;)
			n++;
		if (!need_group(w, &all->list[i], n, true, set_needs, &b)) {
			*room_to = first;
			*room_names = 0;
			return b;
		}
	}
	for (size_t k = 0; k < w->name_count; k++) {
		struct entry *const *list = named(l, &w->names[k], &n);

		if (n > 0 && !need_group(w, list, n, false, set_needs, &b)) {
			*room_names = k;
			return b;
		}
	}
	return b;
}

struct bodies
ledger_need_bodies(const struct ledger *l, struct want *w, bool set_needs)
{
	struct bodies b = need_bodies(l, w, set_needs, &w->room_to, &w->room_names);

	w->part->wanted = b.too_many ? SIZE_MAX : b.used;
	return b;
}

/*
 * What all who ask need at once may be more than there is room for, and would be read again and again, each in place of what
 * another waits for.  Who needs less than an equal share has that, and the others what it leaves.
 */
void
ledger_need_share(struct ledger *l)
{
	int64_t after = ledger_now_ms() - AHEAD_ASKED_MS;
	size_t share = 0, more = 1;

	for (int round = 0; more > 0 && round < SHARE_ROUNDS; round++) {
		size_t left = l->body_max;

		more = 0;
		LIST_EACH(&l->recent, link) {
			const struct lpart *p = CONTAINER_OF(link, struct lpart, recent);

			if (p->asked_ms < after)
				break;
			if (p->wanted > share)
				more++;
			else
				left -= p->wanted < left ? p->wanted : left;
		}
		if (more > 0 && left / more > share)
			share = left / more;
	}
	l->body_share = more == 0 ? l->body_max : share;
}

/* Is it what the name asks for: that itself, or what tells that it isn't stated, the nearest behind? */
static bool
is_named(const struct ledger *l, const struct ledger_name *name, const struct chain_id *chain, uint64_t window_id)
{
	struct entry *const *list;
	size_t n;

	if (name->window_id > window_id || !chain_id_eq(&name->chain, chain))
		return false;
	list = named(l, name, &n);
	return n == 0 || window_id <= list[0]->window_id;
}

bool
ledger_need_wants(const struct ledger *l, const struct lpart *p, const struct chain_id *chain, uint64_t window_id,
		  int64_t first, int64_t last)
{
	LIST_EACH(&l->wants, link) {
		const struct want *w = CONTAINER_OF(link, struct want, link);

		if (p != NULL && w->part == p && first < w->room_to && last >= w->from)
			return true;
		for (size_t i = 0; i < w->room_names; i++)
			if (is_named(l, &w->names[i], chain, window_id))
				return true;
	}
	return false;
}

bool
ledger_need_names(const struct ledger *l, const struct entry *e)
{
	LIST_EACH(&l->wants, link) {
		const struct want *w = CONTAINER_OF(link, struct want, link);

		for (size_t i = 0; i < w->name_count; i++)
			if (is_named(l, &w->names[i], &e->chain->id, e->window_id))
				return true;
	}
	return false;
}
