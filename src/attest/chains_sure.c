#include "attest/chains_sure.h"

#include "attest/chains_internal.h"

/* Questions follow each other not sooner; what got no answer has its turn again. */
enum { PAUSE_MS = 500, AGAIN_MS = 1000 };

struct sure_ask {
	struct chains *home;
	struct monotime asked;
	struct chain **chains; /* in the order of their topics' names; chains stay */
	size_t count, cap;
	struct slice *names;
	size_t name_count;
};

int
chains_sure_begin(struct chains *c)
{
	c->shared.sures = turns_new();
	return c->shared.sures == NULL ? ERR_NOMEM : 0;
}

static struct monotime
in_ms(int64_t ms)
{
	return (struct monotime){clock_now().ns + ms * 1000000};
}

/* --- what to ask ------------------------------------------------------------------------ */

static bool
has_room(struct sure_ask *a)
{
	size_t cap = a->cap == 0 ? 16 : 2 * a->cap;
	struct chain **p;

	if (a->count < a->cap)
		return true;
	p = reallocarray(a->chains, cap, sizeof(struct chain *));
	if (p == NULL)
		return false;
	a->chains = p;
	a->cap = cap;
	return true;
}

static int
by_topic(const void *x, const void *y)
{
	return strcmp((*(struct chain *const *)x)->topic, (*(struct chain *const *)y)->topic);
}

static bool
name_all(struct sure_ask *a)
{
	a->names = calloc(a->count, sizeof(*a->names));
	if (a->names == NULL)
		return false;
	qsort(a->chains, a->count, sizeof(struct chain *), by_topic);
	for (size_t i = 0; i < a->count; i++)
		if (i == 0 || by_topic(&a->chains[i - 1], &a->chains[i]) != 0)
			a->names[a->name_count++] = slice_str(a->chains[i]->topic);
	return true;
}

/* Whatever comes of it, a chain looks itself whether it needs more. */
static void
look_again(struct chains *c, struct chain *chain, int64_t ms)
{
	turns_at(c->shared.turns, &chain->turn, in_ms(ms));
}

static void
ask_free(struct sure_ask *a)
{
	free(a->chains);
	free(a->names);
	free(a);
}

/* Those whose time has come; NULL: none. */
static struct sure_ask *
gather(struct chains *c, int *ret_wait_ms)
{
	struct sure_ask *a = NULL;
	struct turn *turn;

	while ((turn = turns_next(c->shared.sures, clock_now(), ret_wait_ms)) != NULL) {
		struct chain *chain = CONTAINER_OF(turn, struct chain, sure);

		look_again(c, chain, AGAIN_MS);
		if (a == NULL && (a = calloc(1, sizeof(*a))) == NULL)
			continue;
		if (has_room(a))
			a->chains[a->count++] = chain;
	}
	if (a != NULL && (a->count == 0 || !name_all(a))) {
		ask_free(a);
		return NULL;
	}
	return a;
}

struct sure_ask *
chains_sure_ask(struct chains *c, int *ret_wait_ms)
{
	int64_t now_ns = clock_now().ns;
	struct sure_ask *a;

	*ret_wait_ms = -1;
	if (c->shared.sures == NULL || atomic_load(&c->asking))
		return NULL; /* its end wakes the sealer */
	if (now_ns < c->ask_ns) {
		*ret_wait_ms = (int)((c->ask_ns - now_ns + 999999) / 1000000);
		return NULL;
	}
	a = gather(c, ret_wait_ms);
	if (a == NULL)
		return NULL;
	a->home = c;
	a->asked = clock_now(); /* behind all that was due */
	c->ask_ns = in_ms(PAUSE_MS).ns;
	atomic_store(&c->asking, true);
	return a;
}

const struct slice *
sure_ask_names(const struct sure_ask *a, size_t *ret_count)
{
	*ret_count = a->name_count;
	return a->names;
}

/* --- what was told ------------------------------------------------------------------------ */

/* The first chain whose topic's name isn't less. */
static size_t
find(const struct sure_ask *a, struct slice name)
{
	size_t from = 0, to = a->count;

	while (from < to) {
		size_t at = from + (to - from) / 2;
		const char *topic = a->chains[at]->topic;
		size_t len = strlen(topic);
		int order = memcmp(topic, name.p, len < name.n ? len : name.n);

		if (order < 0 || (order == 0 && len < name.n))
			from = at + 1;
		else
			to = at;
	}
	return from;
}

/* Under the chain's mutex. */
static enum chain_sure_seen
seen_by(struct chain *chain, const uint8_t *id)
{
	bool third;

	if (id == NULL)
		return CHAIN_SEEN_NOBODY;
	if (memcmp(chain->topic_id, id, sizeof(chain->topic_id)) == 0)
		return CHAIN_SEEN_OURS;
	third = chain->another && memcmp(chain->another_id, id, sizeof(chain->another_id)) != 0;
	memcpy(chain->another_id, id, sizeof(chain->another_id));
	return third ? CHAIN_SEEN_THIRD : CHAIN_SEEN_ANOTHER;
}

/* True: some chain saw that its topic has lost the name. */
static bool
tell(struct sure_ask *a, struct slice name, bool told, const uint8_t *id)
{
	struct settings *set = chains_settings(a->home);
	struct chain_now now = {clock_now(), clock_wall_ms()};
	bool lost = false;

	for (size_t i = find(a, name); name.n > 0 && i < a->count && slice_eq(slice_str(a->chains[i]->topic), name); i++) {
		struct chain *chain = a->chains[i];
		enum chain_sure_seen seen = CHAIN_SEEN_UNTOLD;

		pthread_mutex_lock(&chain->lock);
		if (told)
			seen = seen_by(chain, id);
		lost |= seen != CHAIN_SEEN_OURS && seen != CHAIN_SEEN_UNTOLD;
		chain_sure_told(chain, set, seen, a->asked, now);
		pthread_mutex_unlock(&chain->lock);
	}
	settings_unref(set);
	return lost;
}

bool
sure_ask_told(struct sure_ask *a, struct slice name, const uint8_t *id)
{
	return tell(a, name, true, id);
}

void
sure_ask_untold(struct sure_ask *a, struct slice name)
{
	(void)tell(a, name, false, NULL);
}

void
sure_ask_end(struct sure_ask *a)
{
	struct chains *c = a->home;

	ask_free(a);
	atomic_store(&c->asking, false);
	turns_wake(c->shared.turns);
}
