#include "attest/chain_journal.h"

#include "attest/journal_space.h"
#include "base/log.h"

static struct journal *
journal_of(const struct chain *c)
{
	return c->shared->journal;
}

/* An entry that a recovery can do without, for now.  False: it isn't taken. */
static bool
note(const struct chain *c, struct journal_entry *e)
{
	int err;

	if (journal_of(c) == NULL)
		return true;
	e->chain = c->number;
	if ((err = journal_put(journal_of(c), e, NULL)) == 0)
		return true;
	LOG_LIMITED(LOG_LEVEL_DEBUG, "journal", "an entry is left out", LOG_S("kind", journal_kind_name(e->kind)),
		    LOG_S("cause", err_text(err)));
	return false;
}

static bool
note_batch(const struct placement *p, struct journal_entry *e)
{
	if (p->number == 0)
		return true; /* never journalled, or of an earlier run's statement */
	e->batch = p->number;
	return note(p->chain, e);
}

/*
 * A run behind a crash may look for it, from its reach on: it has no outcome, or went without headers, so that its place is
 * a guess again until a STATED is there, whatever is known of it here, and may be lost.
 */
static bool
may_be_sought(const struct placement *p)
{
	return !member_is_resolved(&p->life) || p->mode == HEADERS_NONE;
}

/*
 * What is settled without headers, as far as a batch that may be looked for can stand there (attest/chain_look.h).
 * False: of one of them the journal doesn't know yet that it is settled, which a recovery would look for there.
 */
static bool
covered_now(struct chain *c, struct covered *ret)
{
	int64_t reach = INT64_MAX;

	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->unwritten)
				chain_journal_settled(p, w->time);
			if (p->unwritten)
				return false;
			if (may_be_sought(p) && p->reach < reach)
				reach = p->reach;
		}
	}
	*ret = covered_behind(&c->covered, reach);
	return true;
}

/* Else a recovery that has their batches would give them up once more, behind the sums that have them. */
static int
put_untold(struct chain *c)
{
	struct link *e;
	int err;

	while ((e = list_first(&c->untold)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;
		struct journal_entry left = {
			.kind = JOURNAL_LEFT, .chain = c->number, .batch = p->number, .given_up = true};

		if ((err = journal_put(journal_of(c), &left, NULL)) != 0)
			return err;
		list_remove(&c->untold, e);
		placement_unref(p);
	}
	return 0;
}

/* What given up batches left of themselves in windows: their own entries may go any time. */
static int
put_unresolved(const struct chain *c)
{
	int err = 0;

	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);
		struct journal_entry e = {
			.kind = JOURNAL_UNRESOLVED, .chain = c->number, .window = w->id, .records = w->unresolved};

		if (err == 0 && w->unresolved > 0)
			err = journal_put(journal_of(c), &e, NULL);
	}
	return err;
}

int
chain_journal_head(struct chain *c, const char *cluster_id, const struct head_runs *open)
{
	struct journal_entry e = {.kind = JOURNAL_CHAIN, .chain = c->number};
	struct journal_hold hold;
	int err;

	if (journal_of(c) == NULL)
		return 0;
	if ((c->covered.count > 0 || c->covered.floor > 0) && !covered_now(c, &e.covered))
		return ERR_IO;
	if ((err = put_untold(c)) != 0)
		return err;
	e.head = (struct heads_entry){
		.cluster_id = (char *)(uintptr_t)cluster_id,
		.topic = c->topic,
		.has_topic_id = c->has_topic_id,
		.partition = c->partition,
		.chain = c->id,
		.head = c->head,
	};
	memcpy(e.head.topic_id, c->topic_id, sizeof(e.head.topic_id));
	e.head.head.open = *open;
	if (c->high_offset > e.head.head.high_offset)
		e.head.head.high_offset = c->high_offset;
	err = journal_put(journal_of(c), &e, &hold);
	if (err != 0)
		return err;
	/* Behind it, so that its hold is theirs. */
	if ((err = put_unresolved(c)) != 0) {
		journal_release(journal_of(c), &hold);
		return err;
	}
	journal_release(journal_of(c), &c->head_hold);
	c->head_hold = hold;
	c->head_unresolved = c->unresolved;
	c->head_length = c->head.length;
	c->head_next = c->head.next_window;
	return 0;
}

static struct slice
text_of(struct slice s)
{
	return s.p == NULL ? slice_str("") : s;
}

/* Puts the batch, without committing it; `again`: it was put before. */
static int
put_batch(struct placement *p, bool again, struct slice transactional_id, enum header_mode mode,
	  const uint8_t digest[32], int64_t reach)
{
	struct chain_shared *shared = p->chain->shared;
	struct journal_entry e = {.kind = JOURNAL_BATCH,
				  .chain = p->chain->number,
				  .batch = p->number,
				  .producer_id = p->producer_id,
				  .producer_epoch = p->producer_epoch,
				  .base_sequence = p->base_sequence,
				  .transactional = p->transactional,
				  .young = p->young,
				  .contended = p->contended,
				  .contended_untimed = p->contended_untimed,
				  .transactional_id = text_of(transactional_id),
				  .time = p->time,
				  .mode = mode,
				  .reach = reach,
				  .span_count = (uint32_t)p->span_count,
				  .members = p->members,
				  .count = p->count};
	struct journal_span few[4], *spans = few;
	int err;

	if (p->span_count > ARRAY_LEN(few) && (spans = calloc(p->span_count, sizeof(*spans))) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < p->span_count; i++) {
		const struct window *w = p->span[i].window;

		spans[i] = (struct journal_span){p->windows[i].window_id, w == NULL ? 0 : w->start_ms, p->span[i].count};
	}
	e.spans = spans;
	if (p->who != NULL)
		e.who = *p->who;
	memcpy(e.digest, digest, sizeof(e.digest));
	err = again ? journal_put_again(shared->journal, &e, &p->hold, NULL) : journal_put(shared->journal, &e, &p->hold);
	if (spans != few)
		free(spans);
	return err;
}

/* An end that passes meanwhile tells it to the journal. */
static void
set_number(struct placement *p, uint64_t number)
{
	pthread_mutex_lock(&p->chain->lock);
	p->number = number;
	pthread_mutex_unlock(&p->chain->lock);
}

int
chain_journal_batch(struct placement *p, struct slice transactional_id, enum header_mode mode, const uint8_t digest[32],
		    int64_t reach)
{
	struct chain_shared *shared = p->chain->shared;
	int err;

	if (shared->journal == NULL)
		return 0;
	set_number(p, atomic_fetch_add(&shared->next_batch, 1) + 1);
	err = put_batch(p, false, transactional_id, mode, digest, reach);
	if (err != 0)
		set_number(p, 0); /* nobody needs to be told that it left */
	return err;
}

int
chain_journal_again(struct placement *p)
{
	struct wr id = wr_new(SIZE_MAX / 2);
	int err = txns_id(p->chain->shared->txns, p->producer_id, &id);

	if (err == 0)
		err = put_batch(p, true, wr_slice(&id), p->mode, p->digest, p->reach);
	wr_free(&id);
	if (err != 0)
		return err;
	if (p->base_offset >= 0)
		chain_journal_settled(p, p->span[p->span_count - 1].window->time);
	(void)chain_journal_told(p); /* of one that is settled, too: its place may be another's */
	if (p->txn == PLACEMENT_TXN_COMMITTED || p->txn == PLACEMENT_TXN_ABORTED)
		chain_journal_ended(p, 0, p->txn == PLACEMENT_TXN_COMMITTED);
	return 0;
}

static void
note_unreadable(const struct chain *c, struct outgoing *o, int err)
{
	if (!o->unreadable)
		LOG_WARN("journal", "a statement that waits there can't be read: its segment stays",
			 LOG_S("topic", c->topic), LOG_I("partition", c->partition), LOG_I("window", o->window),
			 LOG_I("segment", o->place.segment), LOG_S("cause", err_text(err)));
	o->unreadable = true;
}

int
chain_journal_outgoing(struct chain *c, struct outgoing *o)
{
	struct wr bytes = wr_new(SIZE_MAX / 2);
	struct journal_entry e = {0};
	size_t len;
	int err = journal_get(journal_of(c), &o->place, &bytes); /* perhaps of an earlier run's segment */

	if (err == 0)
		err = journal_entry_read(wr_slice(&bytes), &e, &len);
	if (err == 0 && e.kind != JOURNAL_STATED)
		err = ERR_MALFORMED;
	if (err == 0)
		o->unreadable = false;
	else if (err != ERR_NOMEM)
		note_unreadable(c, o, err);
	e.chain = c->number;
	if (err == 0 && (err = journal_put_again(journal_of(c), &e, &o->hold, &o->place)) == 0)
		o->journal = journal_of(c);
	journal_entry_free(&e);
	wr_free(&bytes);
	return err;
}

/* Of an open one that was told two places: both, in that order. */
static bool
put_told_before(const struct placement *p)
{
	struct journal_entry e = {.kind = JOURNAL_TOLD, .base_offset = p->told_before};

	return p->told_before < 0 || p->base_offset >= 0 || note_batch(p, &e);
}

bool
chain_journal_told(const struct placement *p)
{
	struct journal_entry told = {.kind = JOURNAL_TOLD, .base_offset = p->told_at, .disputed = p->disputed};
	struct journal_entry e = {.kind = JOURNAL_TOLD, .base_offset = p->told_at,
				  .copied = p->copied, .contested = p->contested, .claimed = p->claimed};
	bool is_taken = !p->told || (put_told_before(p) && note_batch(p, &told));

	return ((!p->copied && !p->contested && !p->claimed) || note_batch(p, &e)) && is_taken;
}

void
chain_journal_settled(struct placement *p, enum chains_time time)
{
	struct journal_entry e = {
		.kind = JOURNAL_SETTLED, .base_offset = p->base_offset, .append_ms = p->append_ms, .time = time,
		.settled = p->settled};

	p->unwritten = !note_batch(p, &e);
}

void
chain_journal_left(struct placement *p, bool given_up)
{
	struct journal_entry e = {.kind = JOURNAL_LEFT, .given_up = given_up};

	if (!note_batch(p, &e) && given_up) {
		placement_ref(p);
		list_append(&p->chain->untold, &p->span[0].in_window);
	}
	chain_journal_release(p);
}

bool
chain_journal_reopened(const struct placement *p)
{
	struct journal_entry e = {.kind = JOURNAL_REOPENED};

	return note_batch(p, &e);
}

bool
chain_journal_leaves(struct placement *p)
{
	struct journal_entry e = {.kind = JOURNAL_LEFT, .given_up = true};

	if (!note_batch(p, &e))
		return false;
	p->number = 0; /* that was the last of it */
	return true;
}

void
chain_journal_ended(const struct placement *p, int32_t first, bool committed)
{
	struct journal_entry e = {.kind = JOURNAL_ENDED,
				  .batch = p->number,
				  .producer_id = p->producer_id,
				  .producer_epoch = p->producer_epoch,
				  .base_offset = p->base_offset + first,
				  .committed = committed};

	/* With neither a number nor a place it would be the end of all that the chain's head has open of the epoch. */
	if (p->number == 0 && p->base_offset < 0)
		return;
	(void)note(p->chain, &e);
}

void
chain_journal_closed(const struct chain *c, const struct window *w)
{
	struct journal_entry e = {
		.kind = JOURNAL_CLOSED, .window = w->id, .reason = w->reason, .end_ms = w->end_ms};

	/* A chain that the journal doesn't know had no batch that went out, and a recovery couldn't tell whose window that is. */
	if (!c->unwritten)
		(void)note(c, &e);
}

int
chain_journal_stated(const struct chain *c, const struct window *w, const struct stated *st, struct outgoing *o)
{
	struct journal_entry e = {.kind = JOURNAL_STATED,
				  .chain = c->number,
				  .window = w->id,
				  .dbom_partition = o->partition,
				  .since_ms = o->since_ms,
				  .records = o->records,
				  .value = wr_slice(&o->value),
				  .manifest = wr_slice(&o->manifest)};
	int err = 0;

	if (journal_of(c) == NULL)
		return 0;
	/* A statement's members are those that are settled before it. */
	LIST_EACH(&w->spans, le) {
		struct placement *p = CONTAINER_OF(le, struct span, in_window)->placement;

		if (p->unwritten)
			chain_journal_settled(p, w->time);
		if (p->unwritten)
			return ERR_IO;
	}
	memcpy(e.root, st->root, sizeof(e.root));
	memcpy(e.statement, st->sha256, sizeof(e.statement));
	/* Else what was put before waits to be written. */
	if (o->journal == NULL && (err = journal_put_placed(journal_of(c), &e, &o->hold, &o->place)) == 0)
		o->journal = journal_of(c);
	if (err == 0)
		err = journal_sync(journal_of(c));
	return err;
}

void
chain_journal_published(const struct chain *c, uint64_t window)
{
	struct journal_entry e = {.kind = JOURNAL_PUBLISHED, .window = window};

	(void)note(c, &e);
}

void
chain_journal_release(struct placement *p)
{
	struct journal *j = p->chain->shared->journal;

	if (j != NULL)
		journal_release(j, &p->hold);
}
