#include "verify/recall.h"

#include "base/map.h"
#include "base/text.h"

enum { WHY = 200 };

void
recall_clear(struct recall *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->list[i]);
	free(m->list);
	map_free(m->by_chain);
	*m = (struct recall){.list = NULL};
}

static struct slice
key_of(const struct chain_id *chain)
{
	return slice_of(chain->b, CHAIN_ID_LEN);
}

int
recall_put(struct recall *m, const struct remembered *r)
{
	struct remembered *copy;

	if (m->by_chain == NULL && (m->by_chain = map_new()) == NULL)
		return ERR_NOMEM;
	if (map_get(m->by_chain, key_of(&r->chain)) != NULL)
		return ERR_EXISTS;
	if (m->count == m->cap) {
		size_t cap = m->cap == 0 ? 64 : m->cap * 2;
		struct remembered **more = reallocarray(m->list, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		m->list = more;
		m->cap = cap;
	}
	if ((copy = malloc(sizeof(*copy))) == NULL)
		return ERR_NOMEM;
	*copy = *r;
	if (map_put(m->by_chain, key_of(&r->chain), copy) != 0) {
		free(copy);
		return ERR_NOMEM;
	}
	m->list[m->count++] = copy;
	return 0;
}

static int
order(const struct remembered *r, const char *topic, int32_t partition)
{
	int c = strcmp(r->topic, topic);

	return c != 0 ? c : (r->partition > partition) - (r->partition < partition);
}

static int
by_place(const void *a, const void *b)
{
	const struct remembered *x = *(struct remembered *const *)a, *y = *(struct remembered *const *)b;
	int c = order(x, y->topic, y->partition);

	return c != 0 ? c : memcmp(x->chain.b, y->chain.b, CHAIN_ID_LEN);
}

void
recall_sort(struct recall *m)
{
	if (m->count > 0)
		qsort(m->list, m->count, sizeof(struct remembered *), by_place);
}

static size_t
first_of(const struct recall *m, const char *topic, int32_t partition)
{
	size_t lo = 0, hi = m->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (order(m->list[mid], topic, partition) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct telling {
	void (*found)(void *arg, const struct finding *f);
	void *arg;
	struct tally *tally;
};

static void
tell(const struct telling *t, struct remembered *r, enum window_finding what, const char *why)
{
	const struct finding f = {.window = what,
				  .partition = r->partition,
				  .offset = -1,
				  .why = why,
				  .has_window = true,
				  .chain = r->chain,
				  .window_id = r->window_id};

	r->disputed = true;
	t->tally->windows_with[what]++;
	if (t->found != NULL)
		t->found(t->arg, &f);
}

static void
judge_statements(const struct telling *t, struct remembered *r, const struct recall_about *a)
{
	char why[WHY], hash[2 * SHA256_LEN + 1];
	const struct verdict_window *other = NULL;
	uint64_t last = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct statement *s = a->stated[i]->statement;

		if (!chain_id_eq(&s->chain, &r->chain))
			continue;
		if (s->window_id == r->window_id && memcmp(a->stated[i]->sha256, r->sha256, SHA256_LEN) == 0)
			return;
		if (s->window_id == r->window_id)
			other = a->stated[i];
		if (s->window_id > last)
			last = s->window_id;
	}
	if (other != NULL) {
		snprintf(why, sizeof(why), "another statement is in the place of the one that was seen, SHA-256 %s",
			 text_hex(r->sha256, SHA256_LEN, hash));
		tell(t, r, WINDOW_REPLACED, why);
		return;
	}
	if (last == 0)
		snprintf(why, sizeof(why), "its statement was seen, and no trusted one of its chain is there any more");
	else if (last < r->window_id)
		snprintf(why, sizeof(why), "its statement was seen, and its chain ends with window %llu now",
			 (unsigned long long)last);
	else
		snprintf(why, sizeof(why), "its statement was seen and is gone, though later ones of its chain are there");
	tell(t, r, WINDOW_TRUNCATED, why);
}

static void
judge_one(const struct telling *t, struct remembered *r, const struct recall_about *a)
{
	char why[WHY];

	if (a->gone || strcmp(r->topic_id, a->topic_id) != 0) {
		snprintf(why, sizeof(why), "its statement was seen, and its topic was deleted since%s",
			 a->gone ? "" : "; another has its name");
		tell(t, r, WINDOW_RECORDS_GONE, why);
		return;
	}
	judge_statements(t, r, a);
	if (a->log_end < r->end) {
		snprintf(why, sizeof(why), "records up to offset %lld were seen stated, and the log ends at %lld",
			 (long long)r->end - 1, (long long)a->log_end);
		tell(t, r, WINDOW_RECORDS_GONE, why);
	}
}

void
recall_judge(struct recall *m, const struct recall_about *a, void (*found)(void *arg, const struct finding *f), void *arg,
	     struct tally *tally)
{
	const struct telling t = {found, arg, tally};

	for (size_t i = first_of(m, a->topic, a->partition); i < m->count && order(m->list[i], a->topic, a->partition) == 0; i++)
		judge_one(&t, m->list[i], a);
}

static int
see_one(struct recall *m, const struct recall_about *a, const struct verdict_window *w)
{
	const struct statement *s = w->statement;
	struct remembered *r = m->by_chain == NULL ? NULL : map_get(m->by_chain, key_of(&s->chain));
	struct remembered fresh = {.chain = s->chain, .partition = a->partition};

	if (r == NULL) {
		int err;

		snprintf(fresh.topic, sizeof(fresh.topic), "%s", a->topic);
		snprintf(fresh.topic_id, sizeof(fresh.topic_id), "%s", a->topic_id);
		if ((err = recall_put(m, &fresh)) != 0)
			return err;
		r = m->list[m->count - 1];
	}
	if (r->disputed)
		return 0;
	/* Of a fork the first counts. */
	if (s->window_id > r->window_id) {
		r->window_id = s->window_id;
		memcpy(r->sha256, w->sha256, SHA256_LEN);
	}
	if (s->last_offset >= r->end && s->last_offset < INT64_MAX)
		r->end = s->last_offset + 1;
	return 0;
}

int
recall_see(struct recall *m, const struct recall_about *a)
{
	for (size_t i = 0; i < a->count; i++) {
		int err = see_one(m, a, a->stated[i]);

		if (err != 0)
			return err;
	}
	return 0;
}
