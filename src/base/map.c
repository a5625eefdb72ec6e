/*
 * Open addressing, linear probing, at most 3/4 full, backward-shift deletion.
 * The hash is SipHash-1-3 keyed once per process.
 */
#include "base/map.h"

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"

struct slot {
	uint8_t *key; /* NULL: empty */
	size_t len;
	uint64_t hash;
	void *value;
};

struct map {
	struct slot *slots;
	size_t size; /* a power of two */
	size_t count;
};

static uint64_t seed[2];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void
seed_make(void)
{
	/* Without entropy a map still works; only collisions by design come easier. */
	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed[0] = (uint64_t)getpid() * 0x9e3779b97f4a7c15u;
}

static inline uint64_t
rotl(uint64_t x, unsigned n)
{
	return (x << n) | (x >> (64 - n));
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1], v[1] = rotl(v[1], 13) ^ v[0], v[0] = rotl(v[0], 32);
	v[2] += v[3], v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3], v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1], v[1] = rotl(v[1], 17) ^ v[2], v[2] = rotl(v[2], 32);
}

static uint64_t
hash_of(struct slice s)
{
	uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du,
			 seed[0] ^ 0x6c7967656e657261u, seed[1] ^ 0x7465646279746573u};
	uint64_t last = (uint64_t)s.n << 56;
	uint64_t m;

	for (; s.n >= 8; s.p += 8, s.n -= 8) {
		memcpy(&m, s.p, 8);
		v[3] ^= m;
		sip_round(v);
		v[0] ^= m;
	}
	for (size_t i = 0; i < s.n; i++)
		last |= (uint64_t)s.p[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *
map_new(void)
{
	(void)pthread_once(&seed_once, seed_make);
	return calloc(1, sizeof(struct map));
}

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->size; i++)
		free(m->slots[i].key);
	free(m->slots);
	free(m);
}

/* The slot of `key`, or the empty one where it would go.  The table has an empty slot. */
static struct slot *
slot_find(const struct map *m, struct slice key, uint64_t hash)
{
	size_t i = hash & (m->size - 1);

	for (;; i = (i + 1) & (m->size - 1)) {
		struct slot *s = &m->slots[i];

		if (s->key == NULL)
			return s;
		if (s->hash == hash && s->len == key.n && memcmp(s->key, key.p, key.n) == 0)
			return s;
	}
}

void *
map_get(const struct map *m, struct slice key)
{
	struct slot *s;

	if (m->count == 0)
		return NULL;
	s = slot_find(m, key.p == NULL ? slice_str("") : key, hash_of(key));
	return s->key == NULL ? NULL : s->value;
}

static int
grow(struct map *m)
{
	size_t size = m->size == 0 ? 16 : m->size * 2;
	struct map bigger = {calloc(size, sizeof(struct slot)), size, m->count};

	if (bigger.slots == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->size; i++) {
		struct slot *s = &m->slots[i];

		if (s->key != NULL)
			*slot_find(&bigger, slice_of(s->key, s->len), s->hash) = *s;
	}
	free(m->slots);
	*m = bigger;
	return 0;
}

int
map_put(struct map *m, struct slice key, void *value)
{
	uint64_t hash = hash_of(key);
	struct slot *s;
	int err;

	INVARIANT(value != NULL);
	if (key.p == NULL)
		key = slice_str("");
	if (m->count >= m->size / 4 * 3 && (err = grow(m)) != 0)
		return err;
	s = slot_find(m, key, hash);
	if (s->key == NULL) {
		uint8_t *copy = malloc(key.n > 0 ? key.n : 1);

		if (copy == NULL)
			return ERR_NOMEM;
		memcpy(copy, key.p, key.n);
		*s = (struct slot){copy, key.n, hash, NULL};
		m->count++;
	}
	s->value = value;
	return 0;
}

void *
map_remove(struct map *m, struct slice key)
{
	size_t mask = m->size - 1, hole, i;
	struct slot *s;
	void *value;

	if (m->count == 0)
		return NULL;
	s = slot_find(m, key.p == NULL ? slice_str("") : key, hash_of(key));
	if (s->key == NULL)
		return NULL;
	value = s->value;
	free(s->key);
	/* Close the hole: what probed over it moves back. */
	hole = (size_t)(s - m->slots);
	for (i = (hole + 1) & mask; m->slots[i].key != NULL; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct slot){NULL, 0, 0, NULL};
	m->count--;
	return value;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

bool
map_next(const struct map *m, size_t *at, struct slice *ret_key, void **ret_value)
{
	for (; *at < m->size; (*at)++) {
		const struct slot *s = &m->slots[*at];

		if (s->key != NULL) {
			*ret_key = slice_of(s->key, s->len);
			*ret_value = s->value;
			(*at)++;
			return true;
		}
	}
	return false;
}
