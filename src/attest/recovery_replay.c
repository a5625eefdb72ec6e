/* The replay: entry by entry, chains and windows become what they were. */
#include "attest/recovery_internal.h"

#include "attest/chain_given.h"
#include "attest/chain_guess.h"
#include "attest/chain_internal.h"
#include "attest/chain_retold.h"
#include "attest/chain_sure.h"
#include "attest/journal_read.h"
#include "attest/outgoing.h"
#include "attest/restated.h"
#include "digest/crc32c.h"
#include "digest/sha256.h"

struct sent_batch {
	struct placement *placement;
	uint8_t *transactional_id;
	size_t transactional_id_len;
};

static struct slice
batch_key_of(const uint64_t *n)
{
	return slice_of(n, sizeof(*n));
}

static int
contradicts(struct recovery *r, const struct journal_entry *e, const char *what)
{
	(void)snprintf(r->contradiction, sizeof(r->contradiction), "%s (chain %u, window %llu, batch %llu): %s",
		       journal_kind_name(e->kind), e->chain, (unsigned long long)e->window, (unsigned long long)e->batch,
		       what);
	return ERR_MALFORMED;
}

/* --- chains and windows ----------------------------------------------------------------- */

/* The chain of that number, made when it is met first.  0, ERR_NOMEM, ERR_MALFORMED: no CHAIN entry tells of it. */
static int
chain_of(struct recovery *r, uint32_t number, struct recovered **ret)
{
	struct standing *s = map_get(r->heads, recovery_chain_key(&number));
	struct heads_entry *e;
	struct recovered *k;

	if (s == NULL)
		return ERR_MALFORMED;
	*ret = s->recovered;
	if (s->recovered != NULL)
		return 0;
	e = &s->head;
	k = calloc(1, sizeof(*k));
	if (k == NULL || (k->chain = chain_new(r->shared, slice_str(e->topic), e->has_topic_id ? e->topic_id : NULL,
					       e->partition, &e->chain)) == NULL) {
		free(k);
		return ERR_NOMEM;
	}
	k->chain->waiting = true;
	k->chain->number = number;
	k->chain->head = e->head;
	k->open = e->head.open;
	memset(&k->chain->head.open, 0, sizeof(k->chain->head.open));
	k->chain->high_offset = e->head.high_offset;
	k->chain->covered = s->covered;
	memset(&s->covered, 0, sizeof(s->covered));
	chain_guess_recall(k->chain);
	k->cluster_id = e->cluster_id;
	k->head_at = s->at;
	e->cluster_id = NULL;
	memset(&e->head, 0, sizeof(e->head));
	s->recovered = *ret = k;
	return 0;
}

static struct window *
find_window(struct chain *c, uint64_t id)
{
	LIST_EACH(&c->windows, e) {
		struct window *w = CONTAINER_OF(e, struct window, in_chain);

		if (w->id == id)
			return w;
	}
	return NULL;
}

/* Ascending; batches are written in about the order of their windows. */
static int
window_for(struct recovery *r, struct chain *c, uint64_t id, struct window **ret)
{
	struct link *last = list_last(&c->windows);
	struct window *w = last == NULL ? NULL : CONTAINER_OF(last, struct window, in_chain);

	if (w == NULL || w->id != id)
		w = find_window(c, id);
	if (w == NULL) {
		w = window_new(r->now.mono, 0); /* its first batch tells since when */
		if (w == NULL)
			return ERR_NOMEM;
		w->id = id;
		w->recovered = true;
		chain_insert_window(c, w);
	}
	*ret = w;
	if (id >= c->head.next_window)
		c->head.next_window = id + 1;
	return 0;
}

/* --- entries ------------------------------------------------------------------------------ */

/* The members become the placement's. */
static int
placement_of(struct recovery *r, struct chain *c, struct journal_entry *e, struct placement **ret)
{
	struct chains_batch b = {.count = e->count,
				 .producer_id = e->producer_id,
				 .producer_epoch = e->producer_epoch,
				 .base_sequence = e->base_sequence,
				 .transactional = e->transactional,
				 .young = e->young,
				 .time = e->time};
	struct placement *p;

	b.who = who_get(r->shared->who, &e->who);
	if (b.who == NULL)
		return ERR_NOMEM;
	p = placement_new(c, &b, e->span_count);
	who_unref(r->shared->who, b.who);
	if (p == NULL)
		return ERR_NOMEM;
	p->number = e->batch;
	p->contended = e->contended;
	p->contended_untimed = e->contended_untimed;
	p->mode = e->mode;
	p->reach = e->reach;
	memcpy(p->digest, e->digest, sizeof(p->digest));
	p->members = e->members;
	e->members = NULL;
	placement_note_time(p);
	member_step(&p->life, MEMBER_FORWARD);
	*ret = p;
	return 0;
}

/* Written anew behind the batch that took its place: it goes among those before. */
static void
remember_behind(struct placement *p, struct placement *younger)
{
	while (younger->rival != NULL && younger->rival->number > p->number)
		younger = younger->rival;
	p->rival = younger->rival;
	placement_ref(p);
	younger->rival = p;
}

/*
 * A batch that came again with other content took its predecessor's place.  What became of that one the entries behind
 * tell, if they are there yet, as is its own: an answer with a time may be about it.
 */
static int
remember(struct chain *c, struct placement *p)
{
	struct placement *rival;
	int err;

	if (p->producer_id < 0)
		return 0;
	rival = retries_find(&c->retries, p->producer_id, p->producer_epoch, p->base_sequence, p->count);
	if (rival != NULL && rival->number > p->number) {
		remember_behind(p, rival);
		retries_lose_rival(rival, p->untimed);
		return 0;
	}
	if (rival != NULL) {
		(void)placement_forget_rivals(rival);
		placement_ref(rival);
		p->rival = rival;
		retries_forget(rival);
		p->contended = true; /* an older journal doesn't say so */
		p->contended_untimed |= rival->untimed;
	}
	err = retries_add(&c->retries, p);
	if (err == 0 && p->contended)
		retries_lose_rival(p, p->contended_untimed);
	return err;
}

static int
keep_batch(struct recovery *r, const struct journal_entry *e, struct placement *p)
{
	struct sent_batch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR_NOMEM;
	if (e->transactional_id.n > 0) {
		s->transactional_id = malloc(e->transactional_id.n);
		if (s->transactional_id == NULL)
			goto fail;
		memcpy(s->transactional_id, e->transactional_id.p, e->transactional_id.n);
		s->transactional_id_len = e->transactional_id.n;
	}
	if (map_put(r->batches, batch_key_of(&e->batch), s) != 0)
		goto fail;
	s->placement = p;
	return 0;
fail:
	free(s->transactional_id);
	free(s);
	return ERR_NOMEM;
}

static int
replay_batch(struct recovery *r, struct recovered *k, struct journal_entry *e)
{
	struct chain *c = k->chain;
	struct placement *p;
	int64_t live = 0;
	int32_t first = 0;
	int err;

	if (map_get(r->batches, batch_key_of(&e->batch)) != NULL)
		return 0; /* written anew by a recovery that crashed, too */
	for (uint32_t i = 0; i < e->span_count; i++)
		live += e->spans[i].window > c->head.last_window ? e->spans[i].count : 0;
	if (live == 0)
		return 0;
	if ((err = placement_of(r, c, e, &p)) != 0)
		return err;
	if ((err = remember(c, p)) != 0 || (err = keep_batch(r, e, p)) != 0) {
		retries_forget(p);
		placement_unref(p);
		return err;
	}
	for (uint32_t i = 0; i < e->span_count; i++) {
		struct span *s = &p->span[i];
		struct window *w;

		s->first = first;
		s->count = e->spans[i].count;
		first += s->count;
		p->windows[i] = (struct rewrite_span){e->spans[i].window, (uint32_t)s->count};
		if (e->spans[i].window <= c->head.last_window) { /* published before */
			s->stated = true;
			p->unstated--;
			p->unfinished--;
			continue;
		}
		if ((err = window_for(r, c, e->spans[i].window, &w)) != 0)
			return err;
		if (w->taken == 0)
			w->start_ms = e->spans[i].start_ms;
		window_add(w, s);
	}
	chain_backlog_add(c, live, 1);
	return 0;
}

static struct placement *
open_batch_of(struct recovery *r, uint64_t number)
{
	struct sent_batch *s = map_get(r->batches, batch_key_of(&number));

	return s == NULL ? NULL : s->placement;
}

/* Entries that were written anew stand behind those of what was settled later. */
static void
keep_order(struct chain *c, struct placement *p, uint64_t settled)
{
	if (settled == 0)
		return;
	p->settled = settled;
	if (settled > c->settles)
		c->settles = settled;
}

static void
replay_settled(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct placement *p = open_batch_of(r, e->batch);
	bool newest;

	if (p == NULL || p->life.state != MEMBER_FORWARDED)
		return;
	member_step(&p->life, MEMBER_ACKNOWLEDGE);
	newest = e->settled == 0 || e->settled > k->chain->settles;
	chain_guess_note(k->chain, p, e->base_offset, true);
	chain_settle_at(k->chain, p, e->base_offset, e->append_ms, e->time, chain_sure_from(k->chain, false, r->now));
	chain_given_add(k->chain, p);
	if (newest)
		k->chain->time = e->time;
	keep_order(k->chain, p, e->settled);
}

/* Its place is another's, or was told by one answer of two.  What comes is as behind the batch's entry. */
static void
replay_reopened(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct placement *p = open_batch_of(r, e->batch);

	if (p == NULL || p->life.state != MEMBER_SETTLED)
		return;
	chain_guess_undo(k->chain, p);
	member_step(&p->life, MEMBER_FORWARD);
}

static void
replay_told(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct placement *p = open_batch_of(r, e->batch);

	if (p == NULL)
		return;
	if (!e->copied && !e->contested && !e->claimed)
		chain_retold_at(p, e->base_offset);
	p->told_at = e->base_offset;
	p->claimed |= e->claimed;
	p->disputed |= e->disputed;
	if (!e->copied && !e->contested)
		return;
	p->copied = e->copied;
	p->contested = e->contested;
	if (e->claims) /* whichever it is */
		(void)chain_guess_claim(k->chain, 0, INT64_MAX);
}

static void
leave(struct chain *c, struct placement *p, bool given_up)
{
	if (p->life.state == MEMBER_SETTLED) {
		member_step(&p->life, MEMBER_GIVE_UP);
	} else if (given_up) {
		member_step(&p->life, MEMBER_LOSE);
		member_step(&p->life, MEMBER_GIVE_UP);
	} else {
		member_step(&p->life, MEMBER_REFUSE);
		retries_forget(p);
	}
	chain_leave_windows(c, p, given_up);
}

static void
replay_left(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct placement *p = open_batch_of(r, e->batch);

	if (p != NULL && (p->life.state == MEMBER_FORWARDED || (p->life.state == MEMBER_SETTLED && e->given_up)))
		leave(k->chain, p, e->given_up);
}

static bool
has_run(const struct head_runs *runs, const struct head_run *run)
{
	for (size_t i = 0; i < runs->count; i++)
		if (runs->run[i].first == run->first && runs->run[i].producer_id == run->producer_id)
			return true;
	return false;
}

/* Drops those from `from` on that stand before it, too. */
static void
tell_once(struct head_runs *ended, size_t from)
{
	struct head_runs before = {ended->run, from, from};
	size_t kept = from;

	for (size_t i = from; i < ended->count; i++)
		if (!has_run(&before, &ended->run[i]))
			ended->run[kept++] = ended->run[i];
	ended->count = kept;
}

static int
replay_ended(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct placement *p = open_batch_of(r, e->batch);
	struct head_runs *ended = &k->chain->head.ended;
	size_t kept = 0, n = k->open.count;
	int err = 0;

	if (p != NULL) {
		size_t before = ended->count;

		err = chain_txn_ended(k->chain, p, e->committed);
		tell_once(ended, before); /* the chain's last head may know it */
	}
	/* Of an earlier transaction of that producer than those the head has open; or of a batch that has no place. */
	if (r->entries < k->head_at || (e->batch != 0 && e->base_offset < 0))
		return err;
	for (size_t i = 0; i < n; i++) {
		struct head_run run = k->open.run[i];

		/* One batch's end is perhaps not that of another one of the epoch.  A whole head's is of them all. */
		if (run.producer_id != e->producer_id || run.producer_epoch != e->producer_epoch ||
		    (e->base_offset >= 0 && run.first != e->base_offset)) {
			k->open.run[kept++] = run;
			continue;
		}
		run.committed = e->committed;
		if (err == 0 && !has_run(ended, &run))
			err = head_runs_add(ended, run);
	}
	k->open.count = kept;
	return err;
}

/* Windows in front of one that is stated ended without a member; batches that have no outcome here left. */
static void
settle_window(struct chain *c, struct window *w)
{
	LIST_EACH(&w->spans, e) {
		struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

		if (p->life.state == MEMBER_FORWARDED)
			leave(c, p, false);
	}
}

/* The window is over, as it was when the entry was written. */
static int
finish_window(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct chain *c = k->chain;
	struct window *w;
	size_t told;
	int err;

	while ((w = chain_oldest(c)) != NULL && w->id < e->window) {
		settle_window(c, w);
		if (w->spans.count > 0)
			return contradicts(r, e, "an earlier window has members and no statement");
		window_free(CONTAINER_OF(list_pop(&c->windows), struct window, in_chain));
	}
	if (w == NULL || w->id != e->window)
		return contradicts(r, e, "no batch of that window is there");
	settle_window(c, w);
	if (w->members == 0)
		return contradicts(r, e, "no batch of that window is settled");
	chain_state(c, w);
	err = restated_apply(c, w, e->value, &k->open, &told);
	if (err != 0)
		return err == ERR_MALFORMED ? contradicts(r, e, "its bytes are no statement") : err;
	c->head.dbom_partition = e->dbom_partition;
	c->sealing = true;
	chain_stated(c, w, e->root, e->statement, told, NULL);
	return 0;
}

/* In its place by window; a recovery that crashed may have written it again, which then is where it is. */
static int
keep_outgoing(struct recovery *r, struct chain *c, uint64_t segment, const struct journal_entry *e)
{
	struct link *at = &c->outgoing.head;
	struct outgoing *o;

	while (at->prev != &c->outgoing.head && CONTAINER_OF(at->prev, struct outgoing, link)->window > e->window)
		at = at->prev;
	o = at->prev == &c->outgoing.head ? NULL : CONTAINER_OF(at->prev, struct outgoing, link);
	if (o == NULL || o->window != e->window) {
		if ((o = outgoing_new()) == NULL)
			return ERR_NOMEM;
		list_insert_before(&c->outgoing, at, &o->link);
	}
	o->state = OUTGOING_LOOK;
	o->window = e->window;
	o->partition = e->dbom_partition;
	/* The clock may have been set back since, and its record have a time of that. */
	o->since_ms = e->since_ms < r->now.wall_ms ? e->since_ms : r->now.wall_ms;
	o->records = e->records;
	o->bytes = e->raw.n;
	o->closed_at = r->now.mono;
	sha256_of(e->value, o->value_sha256);
	memcpy(o->statement_sha256, e->statement, sizeof(o->statement_sha256));
	o->place = (struct journal_place){
		.segment = segment, .offset = e->at, .length = (uint32_t)e->raw.n, .crc = crc32c(0, e->raw)};
	return 0;
}

static int
replay_stated(struct recovery *r, struct recovered *k, uint64_t segment, const struct journal_entry *e)
{
	int err = e->window <= k->chain->head.last_window ? 0 : finish_window(r, k, e);

	return err != 0 ? err : keep_outgoing(r, k->chain, segment, e);
}

/* They are published in their order. */
static void
replay_published(struct chain *c, uint64_t window)
{
	LIST_EACH(&c->outgoing, e) {
		struct outgoing *o = CONTAINER_OF(e, struct outgoing, link);

		if (o->window > window)
			break;
		list_remove(&c->outgoing, &o->link);
		outgoing_free(o);
	}
}

/* Batches of it may still follow, and perhaps the first, which fills it or is written anew: it is closed at the end. */
static int
replay_closed(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct window *w;
	int err = 0;

	if (e->window <= k->chain->head.last_window || (err = window_for(r, k->chain, e->window, &w)) != 0)
		return err;
	w->reason = e->reason;
	w->end_ms = e->end_ms;
	return 0;
}

/* All that were given up so far, those among them of which the journal still tells by their batches. */
static int
replay_unresolved(struct recovery *r, struct recovered *k, const struct journal_entry *e)
{
	struct window *w;
	int err = 0;

	if (e->window <= k->chain->head.last_window || (err = window_for(r, k->chain, e->window, &w)) != 0)
		return err;
	w->unresolved = e->records;
	return 0;
}

static int
replay_entry(void *arg, uint64_t segment, struct journal_entry *e)
{
	struct recovery *r = arg;
	struct recovered *k;
	int err = chain_of(r, e->chain, &k);

	r->entries++;
	if (err == ERR_MALFORMED && e->kind == JOURNAL_ENDED && e->batch == 0)
		return 0; /* another chain follows the one whose head had that open, and the head's segment went first */
	if (err == ERR_MALFORMED && e->kind == JOURNAL_CLOSED)
		return 0; /* the disk took no entry of that chain while it was full, so no batch went out either */
	if (err != 0)
		return err == ERR_MALFORMED ? contradicts(r, e, "no entry tells of that chain") : err;
	switch (e->kind) {
	case JOURNAL_CHAIN: break; /* the last one counts, and was taken first */
	case JOURNAL_BATCH: return replay_batch(r, k, e);
	case JOURNAL_SETTLED: replay_settled(r, k, e); break;
	case JOURNAL_LEFT: replay_left(r, k, e); break;
	case JOURNAL_ENDED: return replay_ended(r, k, e);
	case JOURNAL_CLOSED: return replay_closed(r, k, e);
	case JOURNAL_STATED: return replay_stated(r, k, segment, e);
	case JOURNAL_PUBLISHED: replay_published(k->chain, e->window); break;
	case JOURNAL_TOLD: replay_told(r, k, e); break;
	case JOURNAL_REOPENED: replay_reopened(r, k, e); break;
	case JOURNAL_UNRESOLVED: return replay_unresolved(r, k, e);
	}
	return 0;
}

/* --- the end of the replay ------------------------------------------------------------------ */

/* What can still end: in windows that are left, or stated as open. */
static bool
may_end(const struct placement *p)
{
	if (p->txn != PLACEMENT_TXN_OPEN || p->life.state == MEMBER_REFUSED || p->life.state == MEMBER_GIVEN_UP)
		return false;
	return true;
}

static int
end_batches(struct recovery *r)
{
	struct slice key;
	size_t at = 0;
	void *value;
	int err = 0;

	while (map_next(r->batches, &at, &key, &value)) {
		struct sent_batch *s = value;
		struct placement *p = s->placement;

		if (p->life.state == MEMBER_FORWARDED) {
			p->open_at = p->lost_at = r->now.mono;
			member_step(&p->life, MEMBER_LOSE);
		}
		if (err == 0 && may_end(p))
			err = txns_restore(r->shared->txns, p, slice_of(s->transactional_id, s->transactional_id_len));
	}
	return err;
}

/* Nothing is placed in them any more.  Of some nothing is known but that they closed: they are long gone. */
static void
end_chain(struct recovery *r, struct chain *c)
{
	LIST_EACH(&c->windows, e) {
		struct window *w = CONTAINER_OF(e, struct window, in_chain);
		bool was_closed = w->end_ms > 0;

		if (w->taken == 0) {
			list_remove(&c->windows, e);
			window_free(w);
			continue;
		}
		window_close(w, was_closed ? w->reason : CLOSE_RECOVERED, r->now.mono,
			     was_closed ? w->end_ms : r->now.wall_ms);
	}
	chain_given_recall(c);
	if (c->high_offset > c->head.high_offset)
		c->head.high_offset = c->high_offset;
}

void
recovery_forget_batches(struct recovery *r)
{
	struct slice key;
	size_t at = 0;
	void *value;

	while (r->batches != NULL && map_next(r->batches, &at, &key, &value)) {
		struct sent_batch *s = value;

		placement_unref(s->placement);
		free(s->transactional_id);
		free(s);
	}
	map_free(r->batches);
	r->batches = NULL;
}

int
recovery_replay(struct recovery *r, struct chain_shared *shared, struct chain_now now, struct list *ret, char *why,
		size_t why_len)
{
	struct journal_reader reader = {.entry = replay_entry, .arg = r};
	struct slice key;
	size_t at = 0;
	void *value;
	int err = ERR_NOMEM;

	r->shared = shared;
	r->now = now;
	r->entries = 0;
	r->batches = map_new();
	why[0] = '\0';
	if (r->batches != NULL)
		err = journal_read(r->dir_fd, &reader, why, why_len);
	/* Chains without anything but a head. */
	while (err == 0 && map_next(r->heads, &at, &key, &value)) {
		struct recovered *k;
		uint32_t number;

		memcpy(&number, key.p, sizeof(number));
		err = chain_of(r, number, &k);
	}
	if (err == 0)
		err = end_batches(r);
	at = 0;
	while (map_next(r->heads, &at, &key, &value)) {
		struct standing *s = value;

		if (s->recovered == NULL)
			continue;
		end_chain(r, s->recovered->chain);
		list_append(ret, &s->recovered->link);
		s->recovered = NULL;
	}
	recovery_forget_batches(r);
	atomic_store(&shared->next_chain, r->next_chain);
	atomic_store(&shared->next_batch, r->next_batch);
	if (err == ERR_MALFORMED && why[0] == '\0')
		(void)snprintf(why, why_len, "the journal's entries contradict each other: %s", r->contradiction);
	else if (err != 0 && why[0] == '\0')
		(void)snprintf(why, why_len, "the journal can't be read back: %s", err_text(err));
	return err;
}

void
recovered_free(struct recovered *r)
{
	if (r == NULL)
		return;
	chain_free(r->chain);
	free(r->cluster_id);
	free(r->open.run);
	free(r);
}
