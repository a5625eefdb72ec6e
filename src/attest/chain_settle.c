/* What an answer, or its absence, makes of a batch that was placed: a member of its windows, or none. */
#include "attest/chain_given.h"
#include "attest/chain_guess.h"
#include "attest/chain_internal.h"
#include "attest/chain_journal.h"
#include "attest/chain_retold.h"
#include "attest/chain_sure.h"
#include "attest/issued.h"
#include "base/log.h"
#include "base/metrics.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define EARLIEST_MS INT64_C(1000000000000) /* 2001-09-09: no broker appends before; librdkafka's mock says 1000 */

void
chain_forget_offset(struct chain *c, int64_t last, int64_t reach)
{
	if (c->high_offset != last)
		return;
	c->high_offset = reach;
	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			const struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->base_offset >= 0 && p->base_offset + p->count - 1 > c->high_offset)
				c->high_offset = p->base_offset + p->count - 1;
		}
	}
}

void
chain_leave_windows(struct chain *c, struct placement *p, bool unresolved)
{
	int64_t left = 0;

	placement_ref(p);
	for (size_t i = 0; i < p->span_count; i++) {
		struct window *w = p->span[i].window;

		if (w == NULL)
			continue; /* an earlier run published it, without this batch */
		INVARIANT(!p->span[i].stated);
		left += p->span[i].count;
		if (p->base_offset >= 0)
			w->members -= p->span[i].count; /* it was settled */
		else
			w->awaiting--;
		w->elsewhere -= p->elsewhere;
		if (unresolved)
			w->unresolved += p->span[i].count;
		c->unresolved += unresolved ? p->span[i].count : 0;
		window_drop(w, &p->span[i]);
	}
	if (p->base_offset >= 0)
		chain_forget_offset(c, p->base_offset + p->count - 1, p->reach);
	chain_backlog_add(c, -left, -1);
	chain_journal_left(p, unresolved);
	free(p->members);
	p->members = NULL;
	p->elsewhere = false;
	(void)txns_leave(c->shared->txns, p);
	placement_unref(p);
	chain_tell_sealer(c);
}

static int64_t
unstated_records(const struct placement *p)
{
	int64_t n = 0;

	for (size_t i = 0; i < p->span_count; i++)
		n += p->span[i].stated ? 0 : p->span[i].count;
	return n;
}

void
chain_give_up(struct chain *c, struct placement *p, enum metric reason, const char *why)
{
	int64_t records = unstated_records(p);

	metric_add(reason, records);
	if (reason != METRIC_RECORDS_DUPLICATE) /* those that the broker has are another run's */
		c->glance.left_out += records;
	LOG_LIMITED(LOG_LEVEL_WARN, "attest", "records are left out of their window", LOG_S("cause", why),
		    LOG_S("topic", c->topic), LOG_I("partition", c->partition), LOG_I("records", records));
	member_step(&p->life, MEMBER_GIVE_UP);
	if (reason == METRIC_RECORDS_UNRESOLVED || reason == METRIC_RECORDS_ANOTHER_TOPIC)
		issued_forget(c->shared->issued, p->producer_id);
	chain_leave_windows(c, p, true);
}

/* Applies the end of an attempt that stored nothing, as far as we know. */
static void
apply(struct chain *c, const struct settings *set, struct placement *p, enum member_event event,
      struct chain_now now)
{
	bool open = event == MEMBER_LOSE && p->life.state == MEMBER_FORWARDED; /* it is, or stays so: another attempt may be on its way */

	if (open && !p->life.doubt)
		p->open_at = now.mono;
	if (open)
		p->lost_at = now.mono;
	member_step(&p->life, event);
	if (p->life.state == MEMBER_REFUSED) {
		retries_forget(p);
		chain_leave_windows(c, p, false);
	} else if (open || p->life.state == MEMBER_UNKNOWN) {
		turns_at(c->shared->turns, &c->turn, chain_after(p->lost_at, set->outcome_wait_ms));
		chain_look_later(c, p, set);
	}
}

static void
end_attempt(struct attempt *a)
{
	placement_unref(a->placement);
	a->placement = NULL;
	a->members = NULL;
}

int
chain_forward(struct chain *c, struct attempt *a, enum header_mode mode, const uint8_t digest[32])
{
	struct placement *p = a->placement;

	(void)c;
	if (a->retry) {
		free(a->members);
		a->members = NULL;
		if (p->life.state == MEMBER_REFUSED || p->mode != mode || memcmp(p->digest, digest, 32) != 0) {
			end_attempt(a);
			return ERR_NOT_NOW;
		}
	} else {
		p->mode = mode;
		memcpy(p->digest, digest, sizeof(p->digest));
		placement_note_time(p);
	}
	member_step(&p->life, MEMBER_FORWARD);
	return 0;
}

void
chain_withdraw(struct chain *c, struct attempt *a)
{
	struct placement *p = a->placement;

	if (a->retry) {
		free(a->members);
	} else {
		member_step(&p->life, MEMBER_WITHDRAW);
		retries_forget(p);
		if (p->rival != NULL && p->rival->producer == NULL && retries_add(&c->retries, p->rival) != 0)
			LOG_LIMITED(LOG_LEVEL_WARN, "attest", "no memory to remember a batch, if it is sent again");
		chain_leave_windows(c, p, false);
	}
	end_attempt(a);
}

static bool
has_greatest(const struct placement *p, int64_t timestamp)
{
	int64_t greatest = INT64_MIN;

	for (int32_t i = 0; p != NULL && p->members != NULL && i < p->count; i++)
		greatest = p->members[i].timestamp > greatest ? p->members[i].timestamp : greatest;
	return timestamp == greatest;
}

/*
 * Where records keep their own time, a broker that had a sequence before tells that batch's
 * greatest timestamp.  One that looks so is stored as another batch, of ours or not, or it
 * is the first of a topic whose type changed in that very millisecond: nobody knows.
 */
static bool
may_be_old(const struct attempt *a, const struct answer *answer, enum chains_time known)
{
	const struct placement *p = a->placement;

	return !a->retry && p->producer_id >= 0 && known == CHAINS_TIME_CREATE && answer->append_ms >= 0 &&
	       (has_greatest(p, answer->append_ms) || has_greatest(p->rival, answer->append_ms));
}

/* Its first attempt was settled there, and forgotten before this one came (attest/retries.h): the log has that one. */
static bool
is_taken_twice(const struct chain *c, const struct placement *p, int64_t base_offset)
{
	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			const struct placement *first = CONTAINER_OF(e, struct span, in_window)->placement;

			if (first != p && first->base_offset == base_offset && first->count == p->count &&
			    placement_is_same(first, p))
				return true;
		}
	}
	return false;
}

/* Another batch was found there, and may be this one: without headers copies look alike (attest/chain_guess.h). */
static bool
is_guessed_there(const struct chain *c, const struct placement *p, int64_t base_offset)
{
	return p->mode == HEADERS_NONE && covered_count(&c->guessed, base_offset, p->count) == p->count &&
	       !is_taken_twice(c, p, base_offset);
}

/* Another batch had one of the offsets, by more than a guess about others. */
static bool
is_given(const struct chain *c, const struct placement *p, int64_t base_offset)
{
	return covered_is(&c->given, base_offset, p->count) != COVERED_NOT && !is_guessed_there(c, p, base_offset);
}

/*
 * An earlier run of this chain had that offset, before this batch was placed: what stands there is of that run, or the
 * log lost its end since, or another topic has the name.
 */
static bool
is_of_before(const struct chain *c, const struct placement *p, int64_t base_offset)
{
	return base_offset <= c->head.high_offset && base_offset <= p->reach;
}

/*
 * A broker that has a sequence answers with the batch that it has, of whichever run and
 * proxy, and on LogAppendTime that answer looks like any other.  Only the log tells, but
 * for a producer that can't have sent anything before this run.  What it sent to this run may have
 * been forgotten (attest/retries.h): then its offsets were given before, by more than a guess about others.  Where something
 * else with that sequence may be stored, the time may be its own, and its records may claim to be as old as they like, or
 * to have none, as an answer to a batch that is new says.
 */
static bool
is_unproven(const struct chain *c, const struct placement *p, const struct answer *answer)
{
	bool of_before = is_of_before(c, p, answer->base_offset);

	if (p->producer_id >= 0 && retries_is_lost(p) &&
	    (answer->append_ms >= 0 || of_before || is_given(c, p, answer->base_offset) || retries_is_lost_untimed(p)))
		return true;
	if (p->producer_id < 0 || (answer->append_ms < EARLIEST_MS && !of_before))
		return false;
	return !retries_is_proven(p) &&
	       (!issued_has(c->shared->issued, p->producer_id, p->producer_epoch) || is_given(c, p, answer->base_offset));
}

/*
 * Where records keep their own time, an answer with a time is about a batch that the broker had, and tells its
 * greatest: this isn't it.  So it had another, or the topic's type has changed.
 */
static bool
is_strange(const struct placement *p, const struct answer *answer, enum chains_time time)
{
	return time == CHAINS_TIME_CREATE && answer->append_ms >= EARLIEST_MS && !has_greatest(p, answer->append_ms) &&
	       !has_greatest(p->rival, answer->append_ms);
}

/*
 * What an answer shows of the topic's timestamp type.  LogAppendTimeMs is -1 on
 * CreateTime, but for a batch that the broker had before (UnifiedLog.append gives its
 * timestamp), so another value counts only when the batch is new.
 */
static enum chains_time
time_shown(const struct chain *c, const struct attempt *a, const struct answer *answer, struct chain_now now)
{
	bool is_new = a->placement->producer_id < 0 ||
		      (c->high_offset >= 0 && answer->base_offset > c->high_offset);
	int64_t off;

	if (answer->append_ms < EARLIEST_MS)
		return CHAINS_TIME_CREATE;
	if (__builtin_sub_overflow(answer->append_ms, now.wall_ms, &off) || off > DAY_MS || off < -DAY_MS)
		return CHAINS_TIME_UNKNOWN; /* no broker's clock */
	if (is_new && !a->retry)
		return CHAINS_TIME_APPEND;
	return CHAINS_TIME_UNKNOWN;
}

/*
 * The broker had this sequence before, from a batch that we don't know: what is stored is not ours.  Where
 * another attempt is on its way, or was lost, and the answer tells our own greatest timestamp, it may have
 * been that one, which overtook this.
 */
static bool
is_foreign_duplicate(const struct chain *c, const struct attempt *a, const struct answer *answer,
		     enum chains_time known)
{
	const struct placement *p = a->placement;

	if (a->retry || p->producer_id < 0)
		return false;
	if ((p->life.in_flight > 1 || p->life.doubt) && has_greatest(p, answer->append_ms))
		return false;
	return known == CHAINS_TIME_CREATE && answer->append_ms >= 0 &&
	       !(c->high_offset >= 0 && answer->base_offset > c->high_offset);
}

void
chain_note_time(struct chain *c, enum chains_time shown, struct chain_now now)
{
	if (shown == CHAINS_TIME_UNKNOWN || shown == c->time)
		return;
	if (c->time != CHAINS_TIME_UNKNOWN ||
	    (c->open != NULL && c->open->time != CHAINS_TIME_UNKNOWN && c->open->time != shown))
		chain_close(c, CLOSE_TIMESTAMP_TYPE, now);
	c->time = shown;
}

bool
chain_leaves_fit(const struct placement *p, enum chains_time time)
{
	/* Only leaves that were made before the type was known have their unbound twins beside them. */
	if (p->time != CHAINS_TIME_UNKNOWN && p->time != time)
		return false;
	for (size_t i = 0; i < p->span_count; i++) {
		const struct window *w = p->span[i].window;

		if (w->time != CHAINS_TIME_UNKNOWN && w->time != time)
			return false;
	}
	return true;
}

void
chain_settle_at(struct chain *c, struct placement *p, int64_t base_offset, int64_t append_ms, enum chains_time time,
		int64_t sure_ns)
{
	p->base_offset = base_offset;
	p->append_ms = append_ms;
	p->settled = ++c->settles;
	p->disputed = false;
	p->sure_ns = sure_ns;
	if (p->txn != PLACEMENT_NO_TXN)
		txns_stored(c->shared->txns, p, true);
	if (p->mode == HEADERS_NONE)
		covered_add(&c->covered, base_offset, p->count);
	if (base_offset + p->count - 1 > c->high_offset)
		c->high_offset = base_offset + p->count - 1;
	for (size_t i = 0; i < p->span_count; i++) {
		struct window *w = p->span[i].window;

		if (w == NULL)
			continue; /* published by an earlier run */
		w->awaiting--;
		w->members += p->span[i].count;
		w->sure_ns = sure_ns > w->sure_ns ? sure_ns : w->sure_ns;
		w->time = time;
	}
	chain_journal_settled(p, time);
	chain_tell_sealer(c);
}

void
chain_count_attested(struct chain *c, struct placement *p, struct chain_now now)
{
	if (p->counted)
		return;
	p->counted = true;
	metric_add(METRIC_RECORDS_ATTESTED, p->count);
	c->glance.attested += p->count;
	rate_add(&c->glance.rate, now.mono, p->count);
}

static bool
has_rival_at(const struct placement *p, int64_t base_offset)
{
	while ((p = p->rival) != NULL)
		if (p->base_offset == base_offset)
			return true;
	return false;
}

/* Nothing stands against it that the batch is stored where the answer says. */
static bool
is_sure(const struct chain *c, const struct attempt *a, const struct answer *answer, enum chains_time known,
	enum chains_time shown)
{
	enum chains_time time = shown != CHAINS_TIME_UNKNOWN ? shown : known;

	return !may_be_old(a, answer, known) && !is_foreign_duplicate(c, a, answer, known) &&
	       !(shown == CHAINS_TIME_UNKNOWN && is_strange(a->placement, answer, known)) &&
	       !is_unproven(c, a->placement, answer) && time != CHAINS_TIME_UNKNOWN &&
	       chain_leaves_fit(a->placement, time);
}

/*
 * An answer by id tells an offset of this topic's log and of no other.  But what a leader of a young topic has of an
 * idempotent producer already may have come by name, for the one before.  On CreateTime only such an answer has a time.
 */
static bool
is_sure_by_id(const struct attempt *a, const struct placement *p, enum chains_time time, const struct answer *answer)
{
	bool may_be_old = time != CHAINS_TIME_CREATE || answer->append_ms >= 0 || has_greatest(p, -1);

	return a->by_id && !(p->young && p->producer_id >= 0 && may_be_old);
}

/* Other answers tell otherwise: the log decides.  What is unproven may be told a place of before, which is no dispute. */
static bool
is_disputed(struct chain *c, const struct placement *p, const struct answer *answer)
{
	return chain_given_disputed(c, p, answer->base_offset) || chain_retold_disputed(c, p, answer->base_offset) ||
	       (chain_given_before(c, p, answer->base_offset) && !is_unproven(c, p, answer));
}

static enum chains_outcome
stored(struct chain *c, const struct settings *set, struct attempt *a, const struct answer *answer,
       struct chain_now now)
{
	struct placement *p = a->placement;
	enum chains_time known = c->time != CHAINS_TIME_UNKNOWN ? c->time : p->time;
	bool may_be = may_be_old(a, answer, known);
	enum chains_time shown = may_be ? CHAINS_TIME_UNKNOWN : time_shown(c, a, answer, now);
	enum chains_time time = shown;
	bool disputed;

	if (p->guessed && p->base_offset != answer->base_offset)
		chain_guess_missed(c, set, p, answer->base_offset,
				   chain_guess_is_open(p) && is_sure(c, a, answer, known, shown), now);
	else
		chain_retold_note(c, p, answer->base_offset, now);
	disputed = p->life.state == MEMBER_FORWARDED && is_disputed(c, p, answer);
	/* The client sent one sequence with two contents, and the broker kept the first, which is a member; or one content. */
	if (p->life.state == MEMBER_FORWARDED &&
	    (has_rival_at(p, answer->base_offset) ||
	     (is_unproven(c, p, answer) && is_taken_twice(c, p, answer->base_offset)))) {
		metric_add(METRIC_RECORDS_DUPLICATE, p->count);
		apply(c, set, p, MEMBER_LOSE, now);
		member_step(&p->life, MEMBER_GIVE_UP); /* and stays known: it may come once more */
		chain_leave_windows(c, p, false);
		return CHAINS_DUPLICATE;
	}
	if (p->life.state == MEMBER_FORWARDED && !disputed &&
	    !chain_guess_yields(c, set, p, answer->base_offset, is_sure(c, a, answer, known, shown), now)) {
		apply(c, set, p, MEMBER_LOSE, now);
		return CHAINS_OPEN;
	}
	/* The client is told that it is stored, and so it is, but not as our copy. */
	if (p->life.state == MEMBER_FORWARDED && is_foreign_duplicate(c, a, answer, known)) {
		apply(c, set, p, MEMBER_LOSE, now);
		chain_give_up(c, p, METRIC_RECORDS_DUPLICATE, "the broker had them before, in a batch of another run");
		return CHAINS_DUPLICATE;
	}
	if (p->life.state == MEMBER_FORWARDED &&
	    (disputed || may_be || is_unproven(c, p, answer) || (shown == CHAINS_TIME_UNKNOWN && is_strange(p, answer, known)))) {
		if (!p->told)
			p->looked_at.ns = 0; /* once more: now it is said to be there */
		chain_retold_at(p, answer->base_offset);
		p->disputed = disputed;
		c->disputed |= disputed;
		(void)chain_journal_told(p);
		apply(c, set, p, MEMBER_LOSE, now); /* another attempt may know, or the log */
		return CHAINS_OPEN;
	}
	chain_note_time(c, shown, now);
	if (answer->base_offset + p->count - 1 > c->high_offset)
		c->high_offset = answer->base_offset + p->count - 1;
	if (p->life.state != MEMBER_FORWARDED) { /* another attempt told us before */
		member_step(&p->life, MEMBER_ACKNOWLEDGE);
		return CHAINS_KNOWN;
	}
	if (time == CHAINS_TIME_UNKNOWN)
		time = c->time != CHAINS_TIME_UNKNOWN ? c->time : p->time;
	/* The broker gave a time: on LogAppendTime, or to a batch that it had.  A guess could state a wrong leaf. */
	if (time == CHAINS_TIME_UNKNOWN || !chain_leaves_fit(p, time)) {
		apply(c, set, p, MEMBER_LOSE, now);
		chain_give_up(c, p, METRIC_RECORDS_TIMESTAMP_TYPE, "the topic's timestamp type is another, or not known");
		return CHAINS_UNFIT;
	}
	member_step(&p->life, MEMBER_ACKNOWLEDGE);
	chain_count_attested(c, p, now);
	chain_settle_at(c, p, answer->base_offset, answer->append_ms, time,
			is_sure_by_id(a, p, time, answer) ? 0 : chain_sure_from(c, answer->base_offset <= p->reach, now));
	retries_prove(p);
	chain_given_add(c, p);
	return CHAINS_STORED;
}

enum chains_outcome
chain_settle(struct chain *c, const struct settings *set, struct attempt *a, const struct answer *answer,
	     struct chain_now now)
{
	enum chains_outcome outcome = CHAINS_OPEN;

	switch (answers_mean(answer, a->placement->producer_id >= 0)) {
	case ANSWER_STORED:
		outcome = stored(c, set, a, answer, now);
		break;
	case ANSWER_REFUSED:
		apply(c, set, a->placement, MEMBER_REFUSE, now);
		outcome = CHAINS_REFUSED;
		break;
	case ANSWER_OPEN:
		apply(c, set, a->placement, MEMBER_LOSE, now);
		break;
	}
	end_attempt(a);
	return outcome;
}

void
chain_lost(struct chain *c, const struct settings *set, struct attempt *a, struct chain_now now)
{
	apply(c, set, a->placement, MEMBER_LOSE, now);
	end_attempt(a);
}

int
chain_txn_ended(struct chain *c, struct placement *p, bool committed)
{
	int err = 0;

	if (p->txn != PLACEMENT_TXN_OPEN)
		return 0;
	chain_journal_ended(p, 0, committed);
	for (size_t i = 0; i < p->span_count; i++) {
		struct span *s = &p->span[i];

		if (s->window != NULL && !s->stated)
			s->window->open_txns--;
		if (!s->stated || s->txn != PLACEMENT_TXN_OPEN)
			continue;
		if (s->first > 0)
			chain_journal_ended(p, s->first, committed); /* a head has it as a run of its own */
		if (head_runs_add(&c->head.ended, (struct head_run){p->base_offset + s->first, s->count,
								     p->producer_id, p->producer_epoch, committed}) == 0)
			continue;
		LOG_LIMITED(LOG_LEVEL_WARN, "attest", "no memory to note how a transaction ended",
			    LOG_S("topic", c->topic), LOG_I("partition", c->partition));
		err = ERR_NOMEM;
	}
	p->txn = committed ? PLACEMENT_TXN_COMMITTED : PLACEMENT_TXN_ABORTED;
	chain_tell_sealer(c);
	return err;
}
