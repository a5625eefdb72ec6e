#include "attest/chains.h"

#include "attest/chain_journal.h"
#include "attest/chains_internal.h"
#include "attest/issued.h"
#include "attest/outgoing.h"
#include "attest/recovery.h"
#include "base/log.h"
#include "base/text.h"
#include "digest/sha256.h"

struct chains *
chains_new(struct settings *settings)
{
	struct chains *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	pthread_mutex_init(&c->settings_lock, NULL);
	pthread_rwlock_init(&c->lock, NULL);
	list_init(&c->recovered);
	list_init(&c->kept);
	c->settings = settings_ref(settings);
	c->map = map_new();
	c->numbers = map_new();
	c->shared.turns = turns_new();
	c->shared.txns = txns_new();
	c->shared.who = who_table_new();
	c->shared.issued = issued_new();
	if (c->map == NULL || c->numbers == NULL || c->shared.turns == NULL || c->shared.txns == NULL || c->shared.who == NULL ||
	    c->shared.issued == NULL) {
		chains_free(c);
		return NULL;
	}
	return c;
}

void
chains_free(struct chains *c)
{
	struct link *e;
	struct slice key;
	size_t at = 0;
	void *value;

	if (c == NULL)
		return;
	txns_free(c->shared.txns); /* before the chains that its placements name */
	while (c->map != NULL && map_next(c->map, &at, &key, &value))
		chain_free(value);
	while ((e = list_pop(&c->recovered)) != NULL || (e = list_pop(&c->kept)) != NULL)
		recovered_free(CONTAINER_OF(e, struct recovered, link));
	map_free(c->map);
	map_free(c->numbers);
	who_table_free(c->shared.who);
	issued_free(c->shared.issued);
	turns_free(c->shared.turns);
	turns_free(c->shared.looks);
	turns_free(c->shared.sures);
	heads_clear(&c->heads);
	settings_unref(c->settings);
	pthread_rwlock_destroy(&c->lock);
	pthread_mutex_destroy(&c->settings_lock);
	free(c->cluster_id);
	free(c);
}

struct who_table *
chains_who(struct chains *c)
{
	return c->shared.who;
}

struct settings *
chains_settings(struct chains *c)
{
	struct settings *s;

	pthread_mutex_lock(&c->settings_lock);
	s = settings_ref(c->settings);
	pthread_mutex_unlock(&c->settings_lock);
	return s;
}

void
chains_set_settings(struct chains *c, struct settings *s)
{
	struct settings *old;

	pthread_mutex_lock(&c->settings_lock);
	old = c->settings;
	c->settings = settings_ref(s);
	pthread_mutex_unlock(&c->settings_lock);
	settings_unref(old);
	turns_all_now(c->shared.turns);
}

static struct chain_now
now(void)
{
	return (struct chain_now){clock_now(), clock_wall_ms()};
}

/* --- the map of chains ----------------------------------------------------------- */

int
chains_set_cluster(struct chains *c, struct slice cluster_id)
{
	char *id = strndup(cluster_id.n == 0 ? "" : (const char *)cluster_id.p, cluster_id.n);
	int err = 0;

	if (id == NULL)
		return ERR_NOMEM;
	pthread_rwlock_wrlock(&c->lock);
	if (c->has_cluster) {
		free(id);
	} else {
		c->cluster_id = id;
		err = chains_recovered_begin(c);
		c->has_cluster = err == 0;
		if (err != 0) {
			free(id);
			c->cluster_id = NULL;
		}
	}
	pthread_rwlock_unlock(&c->lock);
	return err;
}

void
chains_cluster(struct chains *c, char *ret, size_t len)
{
	pthread_rwlock_rdlock(&c->lock);
	(void)snprintf(ret, len, "%s", c->cluster_id == NULL ? "" : c->cluster_id);
	pthread_rwlock_unlock(&c->lock);
}

bool
chains_has_cluster(struct chains *c)
{
	bool has;

	pthread_rwlock_rdlock(&c->lock);
	has = c->has_cluster;
	pthread_rwlock_unlock(&c->lock);
	return has;
}

#define TOPIC_MAX 249 /* Kafka's Topic.validate() */

struct key {
	uint8_t bytes[TOPIC_MAX + 1 + 16 + 4];
	size_t len;
};

static int
make_key(struct slice topic, const uint8_t *topic_id, int32_t partition, struct key *ret)
{
	static const uint8_t no_id[16];

	if (topic.n == 0 || topic.n > TOPIC_MAX)
		return ERR_MALFORMED;
	memcpy(ret->bytes, topic.p, topic.n);
	ret->bytes[topic.n] = 0;
	memcpy(ret->bytes + topic.n + 1, topic_id == NULL ? no_id : topic_id, 16);
	memcpy(ret->bytes + topic.n + 17, &partition, sizeof(partition));
	ret->len = topic.n + 17 + sizeof(partition);
	return 0;
}

static struct slice
key_slice(const struct key *k)
{
	return slice_of(k->bytes, k->len);
}

static int
number_topic(struct chains *c, struct chain *chain)
{
	struct slice name = slice_str(chain->topic);
	uintptr_t number = (uintptr_t)map_get(c->numbers, name);

	if (number == 0) {
		number = map_count(c->numbers) + 1;
		if (map_put(c->numbers, name, (void *)number) != 0)
			return ERR_NOMEM;
	}
	chain->topic_number = number - 1;
	return 0;
}

int
chains_put(struct chains *c, struct chain *chain)
{
	struct key key;

	if (number_topic(c, chain) != 0)
		return ERR_NOMEM;

	if (make_key(slice_str(chain->topic), chain->has_topic_id ? chain->topic_id : NULL, chain->partition, &key) != 0)
		return ERR_NOMEM;
	return map_put(c->map, key_slice(&key), chain);
}

void
chains_take_out(struct chains *c, const struct chain *chain)
{
	struct key key;

	if (make_key(slice_str(chain->topic), chain->has_topic_id ? chain->topic_id : NULL, chain->partition, &key) == 0 &&
	    map_get(c->map, key_slice(&key)) == chain)
		(void)map_remove(c->map, key_slice(&key));
}

/* Under the write lock. */
static int
make_chain(struct chains *c, const struct chains_batch *b, struct chain **ret)
{
	struct settings *set = chains_settings(c);
	struct chain *chain = NULL;
	struct chain_id id;
	char uuid[23] = "";
	int err;

	if (b->topic_id != NULL)
		text_uuid(b->topic_id, uuid);
	err = chain_id_make(slice_str(set->collector_id), set->instance, slice_str(c->cluster_id), b->topic,
			    slice_str(uuid), b->partition, &id);
	settings_unref(set);
	if (err != 0)
		return err;
	chain = chain_new(&c->shared, b->topic, b->topic_id, b->partition, &id);
	if (chain == NULL || chains_put(c, chain) != 0) {
		chain_free(chain);
		return ERR_NOMEM;
	}
	chains_heads_apply(c, chain);
	if (chain->number == 0) {
		chain->number = atomic_fetch_add(&c->shared.next_chain, 1) + 1;
		/* Without this entry, those that follow would be of no chain: then the batch isn't taken. */
		chain->unwritten = chain_journal_head(chain, c->cluster_id, &(struct head_runs){0}) != 0;
	}
	*ret = chain;
	return 0;
}

static int
find_or_make(struct chains *c, const struct chains_batch *b, struct chain **ret)
{
	struct chain *chain = NULL;
	struct key key;
	bool known;
	int err = make_key(b->topic, b->topic_id, b->partition, &key);

	if (err != 0)
		return err;
	pthread_rwlock_rdlock(&c->lock);
	known = c->has_cluster;
	if (known)
		chain = map_get(c->map, key_slice(&key));
	pthread_rwlock_unlock(&c->lock);
	if (!known)
		return ERR_NOT_NOW;
	if (chain == NULL) {
		pthread_rwlock_wrlock(&c->lock);
		chain = map_get(c->map, key_slice(&key)); /* another thread may have been first */
		if (chain == NULL)
			err = make_chain(c, b, &chain);
		pthread_rwlock_unlock(&c->lock);
	}
	if (err == 0)
		*ret = chain;
	return err;
}

/* --- placing and settling ---------------------------------------------------------- */

int
chains_place(struct chains *c, const struct chains_batch *b, struct attempt *ret)
{
	struct settings *set;
	struct chain *chain;
	int err;

	if (atomic_load_explicit(&c->shared.stopping, memory_order_relaxed))
		return ERR_NOT_NOW;
	err = find_or_make(c, b, &chain);
	if (err != 0)
		return err;
	set = chains_settings(c);
	pthread_mutex_lock(&chain->lock);
	err = chain_place(chain, set, b, now(), ret);
	pthread_mutex_unlock(&chain->lock);
	ret->chains = err == 0 ? c : NULL;
	settings_unref(set);
	return err;
}

const struct chain_id *
chains_id_of(const struct attempt *a)
{
	return &a->placement->chain->id;
}

const struct rewrite_span *
chains_windows_of(const struct attempt *a, size_t *ret_count)
{
	*ret_count = a->placement->span_count;
	return a->placement->windows;
}

enum header_mode
chains_mode_of(const struct attempt *a)
{
	return a->placement->mode;
}

/* Tells whether a retry is the same: over all leaves, in order. */
static void
digest_of(const struct attempt *a, uint8_t out[32])
{
	struct sha256 h;

	sha256_init(&h);
	for (int32_t i = 0; i < a->placement->count; i++)
		sha256_update(&h, a->members[i].leaf, sizeof(a->members[i].leaf));
	sha256_final(&h, out);
}

/* A chain's number must be known before a batch names it. */
static int
write_head(struct chains *c, struct chain *chain)
{
	int err;

	pthread_rwlock_rdlock(&c->lock);
	pthread_mutex_lock(&chain->lock);
	err = chain->unwritten ? chain_journal_head(chain, c->cluster_id, &(struct head_runs){0}) : 0;
	chain->unwritten = err != 0;
	pthread_mutex_unlock(&chain->lock);
	pthread_rwlock_unlock(&c->lock);
	return err;
}

static int
send_locked(struct attempt *a)
{
	struct chain *chain = a->placement->chain;
	int err;

	pthread_mutex_lock(&chain->lock);
	err = chain_forward(chain, a, a->mode, a->digest);
	pthread_mutex_unlock(&chain->lock);
	a->out = err == 0;
	return err;
}

int
chains_write(struct attempt *a, enum header_mode mode)
{
	struct chain *chain = a->placement->chain;
	int err = 0;

	a->mode = mode;
	if (a->placement->producer_id >= 0)
		digest_of(a, a->digest);
	if (a->retry) /* it is written already */
		return send_locked(a);
	if (chain->unwritten)
		err = write_head(a->chains, chain);
	if (err == 0)
		err = chain_journal_batch(a->placement, a->transactional_id, mode, a->digest, a->placement->reach);
	if (err != 0)
		chains_withdraw(a);
	return err;
}

int
chains_commit(struct chains *c)
{
	return c->shared.journal == NULL ? 0 : journal_commit(c->shared.journal);
}

void
chains_send(struct attempt *a)
{
	int err;

	if (a->out)
		return;
	a->transactional_id = (struct slice){NULL, 0};
	err = send_locked(a);
	INVARIANT(err == 0); /* only a retry may turn out to be none */
}

void
chains_withdraw(struct attempt *a)
{
	struct chain *chain = a->placement->chain;

	pthread_mutex_lock(&chain->lock);
	chain_withdraw(chain, a);
	pthread_mutex_unlock(&chain->lock);
}

enum chains_outcome
chains_settle(struct attempt *a, const struct answer *answer)
{
	struct chain *chain = a->placement->chain;
	struct settings *set = chains_settings(a->chains);
	enum chains_outcome outcome;

	pthread_mutex_lock(&chain->lock);
	outcome = chain_settle(chain, set, a, answer, now());
	pthread_mutex_unlock(&chain->lock);
	settings_unref(set);
	return outcome;
}

void
chains_lost(struct attempt *a)
{
	struct chain *chain = a->placement->chain;
	struct settings *set = chains_settings(a->chains);

	pthread_mutex_lock(&chain->lock);
	chain_lost(chain, set, a, now());
	pthread_mutex_unlock(&chain->lock);
	settings_unref(set);
}

void
chains_issued(struct chains *c, int64_t producer_id, int16_t epoch)
{
	issued_note(c->shared.issued, producer_id, epoch);
}

/* --- the sealer's side ----------------------------------------------------------------- */

struct turns *
chains_turns(struct chains *c)
{
	return c->shared.turns;
}

struct chain *
chains_turn(struct chains *c, struct window **ret_window, struct outgoing **ret_out, int *ret_wait_ms)
{
	struct settings *set = chains_settings(c);
	struct chain *found = NULL;
	struct turn *turn;

	while (found == NULL && (turn = turns_next(c->shared.turns, clock_now(), ret_wait_ms)) != NULL) {
		struct chain *chain = CONTAINER_OF(turn, struct chain, turn);

		*ret_window = NULL;
		if (ret_out != NULL)
			*ret_out = NULL;
		pthread_mutex_lock(&chain->lock);
		if (!chain->waiting)
			*ret_window = chain_turn(chain, set, now(), ret_out);
		pthread_mutex_unlock(&chain->lock);
		if (*ret_window != NULL || (ret_out != NULL && *ret_out != NULL))
			found = chain;
	}
	settings_unref(set);
	return found;
}

void
chains_stated(struct chain *chain, struct window *window, const uint8_t root[32], const uint8_t statement[32],
	      size_t ended_told, struct outgoing *out)
{
	pthread_mutex_lock(&chain->lock);
	chain_stated(chain, window, root, statement, ended_told, out);
	pthread_mutex_unlock(&chain->lock);
}

void
chains_published(struct chain *chain, struct outgoing *out)
{
	pthread_mutex_lock(&chain->lock);
	chain->glance.window = out->window;
	chain->glance.records = out->records;
	chain->glance.published_ms = clock_wall_ms();
	chain_published(chain, out);
	pthread_mutex_unlock(&chain->lock);
}

/* --- all chains -------------------------------------------------------------------------- */

/* It may be in another topic's log, for all that is known. */
static bool
may_be_elsewhere(const struct chain *chain, const struct placement *p)
{
	enum member_state s = p->life.state;

	return s == MEMBER_PLACED || s == MEMBER_FORWARDED || s == MEMBER_UNKNOWN ||
	       (s == MEMBER_SETTLED && p->sure_ns > chain->sure_ns);
}

/*
 * What went out by name may be in the log that has the name now.  A later topic's broker would call the same batch a
 * duplicate, and the producer is taken for new no more.
 */
static void
forget_open(struct chain *chain)
{
	LIST_EACH(&chain->windows, we) {
		struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			const struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->producer_id >= 0 && may_be_elsewhere(chain, p))
				issued_forget(chain->shared->issued, p->producer_id);
		}
	}
}

void
chains_topic_gone(struct chains *c, struct slice topic, const uint8_t topic_id[16])
{
	struct slice key;
	size_t at = 0;
	void *value;

	pthread_rwlock_rdlock(&c->lock);
	while (map_next(c->map, &at, &key, &value)) {
		struct chain *chain = value;

		if (!slice_eq(slice_str(chain->topic), topic) || !chain->has_topic_id ||
		    memcmp(chain->topic_id, topic_id, 16) != 0)
			continue;
		pthread_mutex_lock(&chain->lock);
		chain->gone = true;
		forget_open(chain);
		chain_close(chain, CLOSE_TOPIC_DELETED, now());
		pthread_mutex_unlock(&chain->lock);
	}
	pthread_rwlock_unlock(&c->lock);
}

void
chains_stop(struct chains *c)
{
	struct slice key;
	size_t at = 0;
	void *value;

	atomic_store(&c->shared.stopping, true);
	pthread_rwlock_rdlock(&c->lock);
	while (map_next(c->map, &at, &key, &value)) {
		struct chain *chain = value;

		turns_now(c->shared.turns, &chain->turn);
		if (c->shared.looks != NULL)
			turns_now(c->shared.looks, &chain->look);
	}
	pthread_rwlock_unlock(&c->lock);
}

struct monotime
chains_oldest_closed(const struct chain *chain)
{
	struct link *e = list_first(&chain->outgoing);
	const struct window *w;

	if (e != NULL)
		return CONTAINER_OF(e, struct outgoing, link)->closed_at;
	e = list_first(&chain->windows);
	w = e == NULL ? NULL : CONTAINER_OF(e, struct window, in_chain);
	return w != NULL && w->closed ? w->closed_at : (struct monotime){INT64_MAX};
}

void
chains_count(struct chains *c, struct chains_numbers *ret)
{
	struct chains_numbers n = {0};
	int64_t mono = clock_now().ns, oldest = mono;
	struct slice key;
	size_t at = 0;
	void *value;

	n.backlog = atomic_load_explicit(&c->shared.backlog, memory_order_relaxed);
	pthread_rwlock_rdlock(&c->lock);
	n.chains = map_count(c->map);
	while (map_next(c->map, &at, &key, &value)) {
		struct chain *chain = value;
		struct monotime closed;

		pthread_mutex_lock(&chain->lock);
		n.windows += chain->windows.count + chain->outgoing.count;
		LIST_EACH(&chain->outgoing, e)
			n.unpublished += CONTAINER_OF(e, struct outgoing, link)->records;
		closed = chains_oldest_closed(chain);
		if (closed.ns < oldest)
			oldest = closed.ns;
		pthread_mutex_unlock(&chain->lock);
	}
	LIST_EACH(&c->recovered, e) {
		const struct chain *chain = CONTAINER_OF(e, struct recovered, link)->chain;

		n.waiting += chain->windows.count + chain->outgoing.count;
	}
	pthread_rwlock_unlock(&c->lock);
	n.oldest_closed_ms = (mono - oldest) / 1000000;
	n.unpublished += n.backlog;
	*ret = n;
}
