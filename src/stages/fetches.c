#include "stages/fetches.h"

#include "digest/sha256.h"

/*
 * A client has one session on a connection, or for a moment two; who begins more loses the oldest.  With as many
 * partitions as one request may name that is 16 MiB.
 */
enum { SESSIONS_MAX = 2, ASKED_MAX = FETCH_PARTS_MAX };

enum { ID_LEN = 16 };

/* A name is told by its hash, cut to the length of an id. */
struct place {
	uint8_t topic[ID_LEN];
	int32_t partition;
	int64_t offset;
};

struct asked {
	unsigned refs;
	bool may_begin; /* a full request: the broker may make a session of it */
	int32_t session; /* 0: none */
	struct place *places; /* ascending */
	size_t count;
};

struct fetches {
	struct asked *sessions[SESSIONS_MAX]; /* oldest first */
	size_t count;
};

struct fetches *
fetches_new(void)
{
	return calloc(1, sizeof(struct fetches));
}

void
fetches_release(struct asked *a)
{
	if (a == NULL || --a->refs > 0)
		return;
	free(a->places);
	free(a);
}

void
fetches_free(struct fetches *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++)
		fetches_release(f->sessions[i]);
	free(f);
}

/* --- places ---------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = memcmp(x->topic, y->topic, ID_LEN);

	return c != 0 ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

static void
place_of(const struct fetch_at *at, struct place *ret)
{
	uint8_t sum[SHA256_LEN];

	memset(ret, 0, sizeof(*ret));
	ret->partition = at->partition;
	if (at->by_id) {
		memcpy(ret->topic, at->topic_id, ID_LEN);
		return;
	}
	sha256_of(at->topic, sum);
	memcpy(ret->topic, sum, ID_LEN);
}

/* As place_of(); messages group their partitions by topic, which is hashed once. */
static void
place_after(const struct fetch_at *at, const struct fetch_at *before, const struct place *place_before, struct place *ret)
{
	if (before == NULL || at->by_id || before->by_id || at->topic.p != before->topic.p) {
		place_of(at, ret);
		return;
	}
	*ret = *place_before;
	ret->partition = at->partition;
}

static struct place *
find(struct place *places, size_t count, const struct place *key)
{
	return count == 0 ? NULL : bsearch(key, places, count, sizeof(*places), compare);
}

bool
fetches_offset(const struct asked *a, const struct fetch_at *at, int64_t *ret)
{
	const struct place *found;
	struct place key;

	place_of(at, &key);
	found = find(a->places, a->count, &key);
	if (found != NULL)
		*ret = found->offset;
	return found != NULL;
}

/* What the request says of partitions replaces what was said of them. */
static int
update(struct asked *a, const struct fetch_request *q)
{
	size_t known = a->count, n = 0;
	struct place *more, key = {{0}, 0, 0};

	if (q->count > ASKED_MAX - known)
		return ERR_LIMIT;
	if (q->count == 0)
		return 0;
	more = reallocarray(a->places, known + q->count, sizeof(*more));
	if (more == NULL)
		return ERR_NOMEM;
	a->places = more;
	for (size_t i = 0; i < q->count; i++) {
		struct place *found;

		place_after(&q->wants[i].at, i > 0 ? &q->wants[i - 1].at : NULL, &key, &key);
		found = find(more, known, &key);
		if (found == NULL)
			found = &more[known + n++];
		*found = key;
		found->offset = q->wants[i].offset > INT64_MIN ? q->wants[i].offset : INT64_MIN + 1; /* which marks what is forgotten */
	}
	if (n == 0)
		return 0;
	qsort(more, known + n, sizeof(*more), compare);
	a->count = 0;
	for (size_t i = 0; i < known + n; i++) {
		/* Twice in one request: a broker keeps one of them, and which isn't told.  The lower offset covers both. */
		if (a->count > 0 && compare(&more[a->count - 1], &more[i]) == 0) {
			if (more[i].offset < more[a->count - 1].offset)
				more[a->count - 1] = more[i];
			continue;
		}
		more[a->count++] = more[i];
	}
	return 0;
}

static void
forget(struct asked *a, const struct fetch_request *q)
{
	size_t kept = 0;

	if (q->forgotten_count == 0)
		return;
	for (size_t i = 0; i < q->forgotten_count; i++) {
		struct place key, *found;

		place_of(&q->forgotten[i], &key);
		if ((found = find(a->places, a->count, &key)) != NULL)
			found->offset = INT64_MIN;
	}
	for (size_t i = 0; i < a->count; i++)
		if (a->places[i].offset != INT64_MIN)
			a->places[kept++] = a->places[i];
	a->count = kept;
}

/* --- sessions ----------------------------------------------------------------------------- */

static size_t
session_at(const struct fetches *f, int32_t id)
{
	size_t i = 0;

	while (i < f->count && f->sessions[i]->session != id)
		i++;
	return i;
}

static void
drop(struct fetches *f, size_t at)
{
	fetches_release(f->sessions[at]);
	f->count--;
	memmove(&f->sessions[at], &f->sessions[at + 1], (f->count - at) * sizeof(f->sessions[0]));
}

/* Every partition is named; a session that the request names ends. */
static int
full(struct fetches *f, const struct fetch_request *q, struct asked **ret)
{
	struct asked *a = calloc(1, sizeof(*a));
	size_t at = q->session_id == 0 ? f->count : session_at(f, q->session_id);
	int err;

	if (a == NULL)
		return ERR_NOMEM;
	a->refs = 1;
	a->may_begin = q->session_epoch == 0;
	if ((err = update(a, q)) != 0) {
		fetches_release(a);
		return err;
	}
	if (at < f->count)
		drop(f, at);
	*ret = a;
	return 0;
}

int
fetches_request(struct fetches *f, const struct fetch_request *q, struct asked **ret)
{
	struct asked *a;
	size_t at;
	int err;

	if (q->session_epoch <= 0)
		return full(f, q, ret);
	at = session_at(f, q->session_id);
	if (q->session_id == 0 || at == f->count)
		return ERR_NOTFOUND;
	a = f->sessions[at];
	if ((err = update(a, q)) != 0) {
		drop(f, at);
		return err;
	}
	forget(a, q); /* behind what is new, as brokers do */
	a->refs++;
	*ret = a;
	return 0;
}

void
fetches_answer(struct fetches *f, struct asked *a, const struct fetch_response *r)
{
	size_t at;

	if (!a->may_begin || r->error != 0 || r->session_id == 0)
		return;
	a->may_begin = false;
	at = session_at(f, r->session_id);
	if (at < f->count)
		drop(f, at);
	else if (f->count == SESSIONS_MAX)
		drop(f, 0);
	a->session = r->session_id;
	a->refs++;
	f->sessions[f->count++] = a;
}
