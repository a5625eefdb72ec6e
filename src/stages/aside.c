#include "stages/aside.h"

#include "base/map.h"
#include "digest/sha256.h"

enum {
	UNSURE = 1, SURE = 2, /* what a refusal counts, … */
	REFUSED = 3,          /* … and from when on it is the group's: one may be because another got the record */
	LOCK_MS = 30000,  /* that isn't told */
	OFF_MAX_MS = 60 * 60 * 1000,
};

enum { KEY_LEN = 16 + 4 };

struct aside_place { /* as long as it has entries */
	struct list entries;
	bool beside;
	uint8_t key[KEY_LEN];
};

struct aside {
	struct list entries; /* oldest first */
	struct map *places;  /* → struct aside_place, which it owns */
	size_t bytes;
	bool renewed; /* the last request did, … */
	bool gave;    /* … and its answer had something of what was here */
	bool passed;  /* others, since the last that went to make room */
	struct monotime asked; /* when records were asked for */
	unsigned refusals; /* what they count since the last success */
	int64_t off_ms;    /* the last time; 0: never */
	struct monotime off_until;
	uint8_t group[SHA256_LEN], member[SHA256_LEN];
};

struct aside *
aside_new(void)
{
	struct aside *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	list_init(&a->entries);
	if ((a->places = map_new()) == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

/* --- partitions --------------------------------------------------------------------------- */

static struct slice
key_of(const struct fetch_at *at, uint8_t key[KEY_LEN])
{
	memcpy(key, at->topic_id, 16);
	memcpy(key + 16, &at->partition, 4);
	return slice_of(key, KEY_LEN);
}

static struct aside_place *
find(const struct aside *a, const struct fetch_at *at)
{
	uint8_t key[KEY_LEN];

	return map_get(a->places, key_of(at, key));
}

/* NULL: no memory. */
static struct aside_place *
find_or_add(struct aside *a, const struct fetch_at *at)
{
	struct aside_place *p = find(a, at);

	if (p != NULL || (p = calloc(1, sizeof(*p))) == NULL)
		return p;
	list_init(&p->entries);
	if (map_put(a->places, key_of(at, p->key), p) == 0)
		return p;
	free(p);
	return NULL;
}

static void
drop_unused(struct aside *a, struct aside_place *p)
{
	if (p->entries.count > 0)
		return;
	(void)map_remove(a->places, slice_of(p->key, KEY_LEN));
	free(p);
}

/* --- entries ------------------------------------------------------------------------------ */

static size_t
size_of(const struct aside_entry *e)
{
	return sizeof(*e) + e->records.cap + e->acquired.cap;
}

static void
entry_free(struct aside_entry *e)
{
	wr_free(&e->records);
	wr_free(&e->acquired);
	free(e);
}

void
aside_drop(struct aside *a, struct aside_entry *e)
{
	list_remove(&a->entries, &e->link);
	list_remove(&e->place->entries, &e->of);
	drop_unused(a, e->place);
	a->bytes -= size_of(e);
	entry_free(e);
}

/* They go, but for stops where those are to stay. */
static int64_t
drop_some(struct aside *a, const struct fetch_at *at, bool stops)
{
	int64_t n = 0;

	for (struct aside_entry *e = aside_next(a, at, NULL), *next; e != NULL; e = next) {
		next = aside_next(a, at, e);
		if (!stops && e->kind == ASIDE_STOPS)
			continue;
		n += e->count;
		aside_drop(a, e);
	}
	return n;
}

int64_t
aside_drop_all(struct aside *a, const struct fetch_at *at)
{
	return drop_some(a, at, true);
}

int64_t
aside_drop_records(struct aside *a, const struct fetch_at *at)
{
	return drop_some(a, at, false);
}

/* Has one of these arrays an offset that the other has? */
static bool
meet(struct slice one, struct slice other)
{
	struct rd r[2] = {rd_of(one), rd_of(other)};
	int64_t first[2], last[2];
	uint32_t left[2] = {0, 0};
	bool any[2];

	for (int i = 0; i < 2; i++)
		any[i] = share_fetch_acquired(&r[i], &left[i], &first[i], &last[i]);
	while (any[0] && any[1]) {
		int behind = last[0] < last[1] ? 0 : 1; /* the one to go on with */

		if (first[0] <= last[1] && first[1] <= last[0])
			return true;
		any[behind] = share_fetch_acquired(&r[behind], &left[behind], &first[behind], &last[behind]);
	}
	return false;
}

int64_t
aside_drop_again(struct aside *a, const struct fetch_at *at, struct slice acquired)
{
	int64_t n = 0, first, last, lowest = INT64_MAX, highest = -1;
	struct rd r = rd_of(acquired);
	uint32_t left = 0;

	while (share_fetch_acquired(&r, &left, &first, &last)) {
		lowest = first < lowest ? first : lowest;
		highest = last > highest ? last : highest;
	}
	for (struct aside_entry *e = aside_next(a, at, NULL), *next; e != NULL; e = next) {
		next = aside_next(a, at, e);
		if (e->last < lowest || e->first > highest || !meet(wr_slice(&e->acquired), acquired))
			continue;
		n += e->count;
		aside_drop(a, e);
	}
	return n;
}

void
aside_free(struct aside *a)
{
	if (a == NULL)
		return;
	(void)aside_drop_all(a, NULL);
	map_free(a->places);
	free(a);
}

int64_t
aside_session(struct aside *a, const struct share_request *q)
{
	uint8_t group[SHA256_LEN], member[SHA256_LEN];
	bool other_group;
	int64_t n = 0;

	sha256_of(q->group, group);
	sha256_of(q->member, member);
	other_group = memcmp(group, a->group, sizeof(group)) != 0;
	if (q->epoch <= 0 || other_group || memcmp(member, a->member, sizeof(member)) != 0)
		n = aside_drop_all(a, NULL);
	if (other_group) { /* what was seen was the other's */
		a->passed = false;
		a->refusals = 0;
		a->off_ms = 0;
		a->off_until = (struct monotime){0};
	}
	memcpy(a->group, group, sizeof(group));
	memcpy(a->member, member, sizeof(member));
	return n;
}

struct slice
aside_group(const struct aside *a)
{
	return slice_of(a->group, sizeof(a->group));
}

bool
aside_any(const struct aside *a)
{
	return a->entries.count > 0;
}

size_t
aside_bytes(const struct aside *a)
{
	return a->bytes;
}

static bool
is_old(struct monotime since)
{
	return monotime_since_ms(clock_now(), since) >= ASIDE_OLD_MS;
}

/*
 * What is never stated would fill it for ever.  But when nothing passes, as while no statements are written, others would fill it as
 * well, and each that goes is a delivery: so then it is a quarter, and seldom.
 */
int64_t
aside_make_room(struct aside *a, size_t most)
{
	int64_t n = 0;

	if (a->bytes <= most || (!a->passed && !is_old(a->asked)))
		return 0;
	LIST_EACH(&a->entries, l) {
		struct aside_entry *e = CONTAINER_OF(l, struct aside_entry, link);

		if (a->bytes <= most - most / 4 || !is_old(e->since))
			break;
		n += e->count;
		aside_drop(a, e);
	}
	a->passed = a->passed && n == 0;
	return n;
}

bool
aside_turn(struct aside *a, size_t most)
{
	a->renewed = aside_any(a) && (!a->renewed || a->gave || a->bytes > most);
	a->gave = false;
	if (!a->renewed)
		a->asked = clock_now();
	return a->renewed;
}

void
aside_gave(struct aside *a)
{
	a->gave = true;
}

void
aside_passed(struct aside *a)
{
	a->passed = true;
}

int64_t
aside_expire(struct aside *a)
{
	struct monotime now = clock_now();
	int64_t n = 0;

	LIST_EACH(&a->entries, l) {
		struct aside_entry *e = CONTAINER_OF(l, struct aside_entry, link);

		if (e->until.ns > now.ns)
			continue;
		n += e->count;
		aside_drop(a, e);
	}
	return n;
}

int
aside_forget(struct aside *a, const struct share_request *q, struct slice body, int64_t *ret)
{
	struct fetch_at *forgotten;
	int64_t n = 0;
	size_t count;
	int err;

	if (!aside_any(a)) {
		*ret = 0;
		return 0;
	}
	if ((err = share_fetch_forgotten(q, body, &forgotten, &count)) != 0)
		return err;
	LIST_EACH(&a->entries, l) {
		struct aside_entry *e = CONTAINER_OF(l, struct aside_entry, link);

		if (!share_fetch_forgets(forgotten, count, &e->at))
			continue;
		n += e->count;
		aside_drop(a, e);
	}
	free(forgotten);
	*ret = n;
	return 0;
}

/* Buffers grow by doubling; not beyond what goes in. */
static int
fill(struct aside_entry *e, const struct aside_records *from, size_t bytes)
{
	struct rd r = rd_of(from->acquired);
	int64_t first, last;
	uint32_t left = 0;
	bool any;

	e->records = wr_new(bytes);
	e->acquired = wr_new(from->acquired.n);
	for (size_t i = 0; i < from->count; i++)
		wr_slice_put(&e->records, from->pieces[i]);
	wr_slice_put(&e->acquired, from->acquired);
	any = share_fetch_acquired(&r, &left, &first, &last);
	e->first = any ? first : -1;
	for (; any; any = share_fetch_acquired(&r, &left, &first, &last)) /* they ascend */
		e->last = last;
	e->count = from->kind == ASIDE_STOPS ? 0 : share_fetch_count(from->acquired);
	return wr_err(&e->records) != 0 ? wr_err(&e->records) : wr_err(&e->acquired);
}

int
aside_add(struct aside *a, const struct aside_records *r, size_t most)
{
	struct aside_entry *e = calloc(1, sizeof(*e));
	struct link *before = r->of != NULL ? &r->of->link : &a->entries.head; /* as old as that */
	size_t bytes = 0;
	int err;

	if (e == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < r->count; i++)
		bytes += r->pieces[i].n;
	err = r->of == NULL && a->bytes + sizeof(*e) + bytes + r->acquired.n > 2 * most ? ERR_LIMIT : fill(e, r, bytes);
	if (err != 0 || e->first < 0) { /* no room, or nothing of it is the member's */
		entry_free(e);
		return err;
	}
	if ((e->place = find_or_add(a, r->at)) == NULL) {
		entry_free(e);
		return ERR_NOMEM;
	}
	e->at = *r->at;
	e->kind = r->kind;
	e->since = r->of != NULL ? r->of->since : clock_now();
	e->until = r->until;
	list_insert_before(&a->entries, before, &e->link);
	list_append(&e->place->entries, &e->of);
	a->bytes += size_of(e);
	return 0;
}

int
aside_renewals(const struct aside *a, struct share_renewal **ret, size_t *ret_count)
{
	struct share_renewal *list = NULL;
	size_t count = 0, cap = 0;

	LIST_EACH(&a->entries, l) {
		const struct aside_entry *e = CONTAINER_OF(l, struct aside_entry, link);
		struct rd r = rd_of(wr_slice(&e->acquired));
		int64_t first, last;
		uint32_t left = 0;

		while (share_fetch_acquired(&r, &left, &first, &last)) {
			if (count == cap) {
				size_t more = cap == 0 ? 16 : cap * 2;
				struct share_renewal *p = reallocarray(list, more, sizeof(*p));

				if (p == NULL) {
					free(list);
					return ERR_NOMEM;
				}
				list = p;
				cap = more;
			}
			list[count] = (struct share_renewal){.partition = e->at.partition, .first = first, .last = last};
			memcpy(list[count++].topic_id, e->at.topic_id, sizeof(e->at.topic_id));
		}
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

void
aside_asked(struct aside *a, const struct share_renewal *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fetch_at at = {.partition = list[i].partition};
		struct aside_place *p;

		memcpy(at.topic_id, list[i].topic_id, sizeof(at.topic_id));
		if ((p = find(a, &at)) != NULL)
			p->beside = list[i].beside;
	}
}

bool
aside_beside(const struct aside *a, const struct fetch_at *at)
{
	const struct aside_place *p = find(a, at);

	return p != NULL && p->beside;
}

bool
aside_renewed(struct aside *a, const struct fetch_at *at, struct monotime until)
{
	bool any = false;

	for (struct aside_entry *e = aside_next(a, at, NULL); e != NULL; e = aside_next(a, at, e)) {
		e->until = until;
		any = true;
	}
	return any;
}

bool
aside_off(const struct aside *a)
{
	return clock_now().ns < a->off_until.ns;
}

int64_t
aside_told(struct aside *a, enum aside_told told, int32_t lock_ms)
{
	if (told == ASIDE_RENEWED) {
		a->refusals = 0;
		a->off_ms = 0;
	}
	if (told != ASIDE_REFUSED && told != ASIDE_UNSURE)
		return 0;
	a->refusals += told == ASIDE_REFUSED ? SURE : UNSURE;
	if (a->refusals < REFUSED)
		return 0;
	a->refusals = REFUSED - UNSURE; /* afterwards one more is enough */
	a->off_ms = a->off_ms == 0 ? 2 * (int64_t)(lock_ms > 0 ? lock_ms : LOCK_MS) : a->off_ms * 2;
	a->off_ms = a->off_ms > OFF_MAX_MS ? OFF_MAX_MS : a->off_ms;
	a->off_until = (struct monotime){clock_now().ns + a->off_ms * 1000000};
	return aside_drop_records(a, NULL);
}

struct aside_entry *
aside_next(const struct aside *a, const struct fetch_at *at, const struct aside_entry *e)
{
	const struct aside_place *p = e != NULL ? e->place : at != NULL ? find(a, at) : NULL;
	const struct list *all = at == NULL ? &a->entries : p != NULL ? &p->entries : NULL;
	struct link *l;

	if (all == NULL)
		return NULL;
	l = e == NULL ? all->head.next : at == NULL ? e->link.next : e->of.next;
	if (l == &all->head)
		return NULL;
	return at == NULL ? CONTAINER_OF(l, struct aside_entry, link) : CONTAINER_OF(l, struct aside_entry, of);
}
