#include "attest/who.h"

#include <pthread.h>

#include "base/map.h"

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
	uint8_t packed[]; /* u16 length, bytes; three times */
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

/* The length of the well-formed UTF-8 character at p, or 0 (RFC 3629: no surrogates, nothing overlong). */
static size_t
utf8_len(const uint8_t *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
		return 0;
	if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* Copies a name as statements can carry it: UTF-8, what is none of it as '?', cut between characters. */
static size_t
pack_name(uint8_t *to, struct slice name)
{
	size_t out = 0;

	for (size_t i = 0; i < name.n;) {
		size_t n = utf8_len(name.p + i, name.n - i);
		size_t take = n == 0 ? 1 : n;

		if (take > NAME_MAX_BYTES - out)
			break;
		if (n == 0)
			to[2 + out] = '?';
		else
			memcpy(to + 2 + out, name.p + i, n);
		out += take;
		i += take;
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
	return e;
}

struct who *
who_get(struct who_table *t, struct slice client_id, struct slice software_name, struct slice software_version)
{
	uint8_t packed[3 * (2 + NAME_MAX_BYTES)];
	size_t len = 0;
	struct entry *e;

	len += pack_name(packed + len, client_id);
	len += pack_name(packed + len, software_name);
	len += pack_name(packed + len, software_version);
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
	struct entry *e = CONTAINER_OF(w, struct entry, who);

	if (w == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	INVARIANT(e->refs > 0);
	if (--e->refs == 0) {
		map_remove(t->entries, slice_of(e->packed, e->len));
		free(e);
	}
	pthread_mutex_unlock(&t->lock);
}
