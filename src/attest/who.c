#include "attest/who.h"

#include <pthread.h>

#include "base/map.h"
#include "base/text.h"

/* Longer names are cut: they stand in statements, which have to fit into one record. */
#define NAME_MAX_BYTES 256

struct who_table {
	pthread_mutex_t lock;
	struct map *entries; /* packed names → struct entry */
};

struct entry {
	struct who who; /* first, so that a struct who * is a struct entry * */
	unsigned refs;
	size_t len;
	uint8_t packed[]; /* u16 length, bytes; for each name */
};

struct who_table *
who_table_new(void)
{
	struct who_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->entries = map_new();
	if (t->entries == NULL) {
		free(t);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
who_table_free(struct who_table *t)
{
	if (t == NULL)
		return;
	INVARIANT(map_count(t->entries) == 0);
	map_free(t->entries);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* Copies a name as statements carry it: each byte that is no UTF-8 as U+FFFD, cut between characters. */
static size_t
pack_name(uint8_t *to, struct slice name)
{
	static const struct slice replacement = {(const uint8_t *)"\xef\xbf\xbd", 3};
	size_t out = 0;

	for (size_t i = 0; i < name.n;) {
		struct slice c = slice_of(name.p + i, name.n - i);
		size_t n = text_utf8(c);

		c = n == 0 ? replacement : slice_of(c.p, n);
		if (c.n > NAME_MAX_BYTES - out)
			break;
		memcpy(to + 2 + out, c.p, c.n);
		out += c.n;
		i += n == 0 ? 1 : n;
	}
	to[0] = (uint8_t)(out >> 8);
	to[1] = (uint8_t)out;
	return 2 + out;
}

static struct slice
unpack_name(const uint8_t **p)
{
	size_t n = (size_t)(*p)[0] << 8 | (*p)[1];
	struct slice s = slice_of(*p + 2, n);

	*p += 2 + n;
	return s;
}

static struct entry *
entry_new(const uint8_t *packed, size_t len)
{
	struct entry *e = calloc(1, sizeof(*e) + len);
	const uint8_t *p;

	if (e == NULL)
		return NULL;
	memcpy(e->packed, packed, len);
	e->len = len;
	e->refs = 1;
	p = e->packed;
	e->who.client_id = unpack_name(&p);
	e->who.software_name = unpack_name(&p);
	e->who.software_version = unpack_name(&p);
	e->who.principal = unpack_name(&p);
	return e;
}

struct who *
who_get(struct who_table *t, const struct who *names)
{
	uint8_t packed[4 * (2 + NAME_MAX_BYTES)];
	size_t len = 0;
	struct entry *e;

	len += pack_name(packed + len, names->client_id);
	len += pack_name(packed + len, names->software_name);
	len += pack_name(packed + len, names->software_version);
	len += pack_name(packed + len, names->principal);
	pthread_mutex_lock(&t->lock);
	e = map_get(t->entries, slice_of(packed, len));
	if (e != NULL) {
		e->refs++;
	} else {
		e = entry_new(packed, len);
		if (e != NULL && map_put(t->entries, slice_of(packed, len), e) != 0) {
			free(e);
			e = NULL;
		}
	}
	pthread_mutex_unlock(&t->lock);
	return e == NULL ? NULL : &e->who;
}

struct who *
who_ref(struct who_table *t, struct who *w)
{
	struct entry *e = CONTAINER_OF(w, struct entry, who);

	pthread_mutex_lock(&t->lock);
	e->refs++;
	pthread_mutex_unlock(&t->lock);
	return w;
}

void
who_unref(struct who_table *t, struct who *w)
{
	struct entry *e;

	if (w == NULL)
		return;
	e = CONTAINER_OF(w, struct entry, who);
	pthread_mutex_lock(&t->lock);
	INVARIANT(e->refs > 0);
	if (--e->refs == 0) {
		map_remove(t->entries, slice_of(e->packed, e->len));
		free(e);
	}
	pthread_mutex_unlock(&t->lock);
}
