/*
 * Which partitions and chains there are: all that was asked for, and as many of the others as half of the room takes, so
 * that who is asked for later is not looked for where nothing is about it.
 */
#include "base/clock.h"
#include "verify/ledger_internal.h"

static int
part_key(struct slice cluster_id, struct slice topic, struct slice topic_id, int32_t partition, struct wr *ret)
{
	*ret = wr_new(1 << 20);
	wr_nbytes(ret, cluster_id);
	wr_nbytes(ret, topic);
	wr_nbytes(ret, topic_id);
	wr_i32(ret, partition);
	return wr_err(ret);
}

/* There may be more than have room, and records may name what isn't there: that leaves room for what is asked for. */
static bool
directory_full(const struct ledger *l, bool asked)
{
	return l->directory_bytes > (asked ? l->directory_max : l->directory_max / 2);
}

int
ledger_directory_part(struct ledger *l, struct slice cluster_id, struct slice topic, struct slice topic_id, int32_t partition,
		  bool asked, struct lpart **ret)
{
	struct lpart *p;
	struct wr key;
	int err = part_key(cluster_id, topic, topic_id, partition, &key);

	if (err != 0)
		goto out;
	if ((p = map_get(l->parts, wr_slice(&key))) == NULL) {
		if (!asked && directory_full(l, false)) {
			l->directory_lost = true;
			err = ERR_LIMIT;
			goto out;
		}
		if ((p = calloc(1, sizeof(*p))) == NULL || (err = map_put(l->parts, wr_slice(&key), p)) != 0) {
			free(p);
			err = ERR_NOMEM;
			goto out;
		}
		p->known_from = INT64_MIN;
		p->known_to = INT64_MAX;
		l->directory_bytes += sizeof(*p) + key.len + LEDGER_OVERHEAD;
	}
	if (asked && !p->asked) {
		p->asked = true;
		p->gen = ++l->gen;
		p->asked_ms = ledger_now_ms();
		p->known_from = INT64_MIN;
		p->known_to = INT64_MAX;
		list_prepend(&l->recent, &p->recent);
	}
	*ret = p;
out:
	wr_free(&key);
	return err;
}

int
ledger_directory_part_of(struct ledger *l, const struct statement *s, bool asked, struct lpart **ret)
{
	return ledger_directory_part(l, s->cluster_id, s->topic, s->topic_id, s->partition, asked, ret);
}

int
ledger_directory_find_part(const struct ledger *l, const struct statement *s, struct lpart **ret)
{
	struct wr key;
	int err = part_key(s->cluster_id, s->topic, s->topic_id, s->partition, &key);

	*ret = err == 0 ? map_get(l->parts, wr_slice(&key)) : NULL;
	wr_free(&key);
	return err == ERR_NOMEM ? err : 0; /* nobody asks for one whose name is so long */
}

struct lchain *
ledger_directory_find_chain(const struct ledger *l, const struct chain_id *id)
{
	return map_get(l->chains, slice_of(id->b, CHAIN_ID_LEN));
}

static void
chain_free(struct ledger *l, struct lchain *c)
{
	(void)map_remove(l->chains, slice_of(c->id.b, CHAIN_ID_LEN));
	l->directory_bytes -= sizeof(*c) + LEDGER_OVERHEAD + c->seen.cap * sizeof(*c->seen.list);
	free(c->seen.list);
	free(c->by_id.list);
	free(c);
}

/* Anybody can name chains that aren't there: those that led to nothing go, and where they were named is forgotten. */
static void
forget_idle_chains(struct ledger *l)
{
	int64_t before = ledger_now_ms() - LEDGER_WAIT_MAX_MS;
	struct lchain *idle[64];
	size_t n = 0, at = 0;
	struct slice key;
	void *value;

	while (n < ARRAY_LEN(idle) && map_next(l->chains, &at, &key, &value)) {
		struct lchain *c = value;

		if (c->by_id.count > 0 || c->asked_ms >= before)
			continue;
		l->directory_lost = l->directory_lost || c->seen.count > 0;
		idle[n++] = c;
	}
	while (n > 0)
		chain_free(l, idle[--n]);
}

int
ledger_directory_chain(struct ledger *l, const struct chain_id *id, bool asked, bool force, struct lchain **ret)
{
	struct lchain *c = ledger_directory_find_chain(l, id);

	if (c == NULL) {
		if (directory_full(l, asked))
			forget_idle_chains(l);
		if (directory_full(l, asked) && !force) {
			l->directory_lost = true;
			return ERR_LIMIT;
		}
		if ((c = calloc(1, sizeof(*c))) == NULL)
			return ERR_NOMEM;
		c->id = *id;
		c->known_to = UINT64_MAX;
		if (map_put(l->chains, slice_of(id->b, CHAIN_ID_LEN), c) != 0) {
			free(c);
			return ERR_NOMEM;
		}
		l->directory_bytes += sizeof(*c) + LEDGER_OVERHEAD;
		/* It may be one that was given up, and what was known of it with it. */
		if (l->directory_lost)
			c->anew_gen = ++l->gen;
	}
	if (asked) {
		if (!c->asked)
			c->gen = ++l->gen;
		c->asked = true;
		c->asked_ms = ledger_now_ms();
	}
	*ret = c;
	return 0;
}

int
ledger_directory_note_seen(struct ledger *l, struct seen_list *s, struct spart *sp, int64_t offset)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].sp == sp) {
			if (offset < s->list[i].offset)
				s->list[i].offset = offset;
			return 0;
		}
	if (s->count == s->cap) {
		size_t more = s->cap == 0 ? 2 : s->cap * 2;
		struct seen *p = reallocarray(s->list, more, sizeof(*p));

		if (p == NULL)
			return ERR_NOMEM;
		l->directory_bytes += (more - s->cap) * sizeof(*p);
		s->list = p;
		s->cap = more;
	}
	s->list[s->count++] = (struct seen){sp, offset};
	return 0;
}
