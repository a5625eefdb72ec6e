#include "attest/chain_look.h"

#include "attest/chain_given.h"
#include "attest/chain_guess.h"
#include "attest/chain_internal.h"
#include "attest/chain_sure.h"
#include "attest/chain_taken.h"
#include "attest/issued.h"
#include "attest/outgoing.h"
#include "base/log.h"
#include "base/metrics.h"

/* A client that retries is most often sooner, and a broker that died needs a moment to be replaced. */
enum { LOOK_AFTER_MS = 1000, LOOK_AGAIN_MS = 1000 };

/* After an answer the log has it already, or never will; but for a leader that may not know yet that it is none. */
static struct monotime
first_look(const struct placement *p, const struct settings *set)
{
	int64_t ms = LOOK_AFTER_MS < set->outcome_wait_ms ? LOOK_AFTER_MS : set->outcome_wait_ms;

	return chain_after(p->open_at, (p->told && !p->disputed) || p->copied ? 0 : ms);
}

/*
 * Then the log is read (again).  One that is sent again and again may never be without an attempt on its way: when half of
 * the time that it may be open is over (chain_seal.c), that is no reason to leave it.
 */
static struct monotime
next_look(const struct placement *p, const struct settings *set)
{
	struct monotime late = chain_after(p->open_at, set->outcome_wait_ms), never = {INT64_MAX};
	bool on_its_way = p->life.state == MEMBER_FORWARDED;

	if (p->looked_at.ns == 0 && !on_its_way)
		return first_look(p, set);
	if (p->looked_at.ns < late.ns)
		return late;
	return on_its_way ? never : chain_after(p->lost_at, set->outcome_wait_ms);
}

void
chain_look_later(struct chain *c, const struct placement *p, const struct settings *set)
{
	if (c->shared->looks == NULL)
		return;
	if (c->shared->stopping)
		turns_now(c->shared->looks, &c->look);
	else
		turns_at(c->shared->looks, &c->look, first_look(p, set));
}

static bool
copy(struct doubt *d, struct placement *p)
{
	int32_t at = 0;

	*d = (struct doubt){0};
	d->members = malloc((size_t)p->count * sizeof(*d->members));
	d->windows = malloc((size_t)p->count * sizeof(*d->windows));
	if (d->members == NULL || d->windows == NULL) {
		free(d->members);
		free(d->windows);
		return false;
	}
	memcpy(d->members, p->members, (size_t)p->count * sizeof(*d->members));
	for (size_t i = 0; i < p->span_count; i++)
		for (int32_t k = 0; k < p->span[i].count; k++)
			d->windows[at++] = p->windows[i].window_id;
	INVARIANT(at == p->count);
	d->placement = p;
	placement_ref(p);
	return true;
}

/* One that spans windows is met in each that isn't published; the first of those stands for all. */
static const struct span *
first_left(const struct placement *p)
{
	size_t i = 0;

	while (p->span[i].window == NULL)
		i++;
	return &p->span[i];
}

static int64_t
ends_behind(const struct placement *p)
{
	if (p->elsewhere)
		return p->base_offset + p->count;
	if (!p->told || p->told_at < 0)
		return 0;
	return (p->told_before > p->told_at ? p->told_before : p->told_at) + p->count;
}

/* From there on it may stand.  Without headers, what is in dispute is compared with what is settled there. */
static int64_t
stands_from(const struct chain *c, const struct placement *p)
{
	int64_t from = p->reach + 1;

	if (p->elsewhere)
		return p->base_offset;
	if (c->gone)
		return 0;
	if (p->disputed && p->told_at <= p->reach)
		from = p->told_at;
	return p->disputed && p->told_before >= 0 && p->told_before < from ? p->told_before : from;
}

/* Is it time to read the log for it?  If not yet, a turn is booked. */
static bool
is_due(struct chain *c, struct placement *p, const struct settings *set, struct chain_now now, bool *ret_last)
{
	struct monotime next = next_look(p, set);
	struct monotime last = chain_after(p->lost_at, set->outcome_wait_ms);

	*ret_last = p->life.state == MEMBER_UNKNOWN && (c->shared->stopping || p->copied || now.mono.ns >= last.ns);
	if (*ret_last || now.mono.ns >= next.ns)
		return true;
	turns_at(c->shared->looks, &c->look, next);
	return false;
}

/*
 * It was hidden just now: it takes no room from the others, however many such there are.  So each is read for once in a
 * round, however long that takes, and once in a second at most.
 */
static bool
is_put_off(struct chain *c, const struct placement *p, struct chain_now now)
{
	struct monotime next = chain_after(p->hidden_at, LOOK_AGAIN_MS);

	if (p->hidden_at.ns == 0 || (now.mono.ns >= next.ns && p->hidden_at.ns <= c->round.ns))
		return false;
	turns_at(c->shared->looks, &c->look, now.mono.ns >= next.ns ? now.mono : next);
	return true;
}

size_t
chain_doubts(struct chain *c, const struct settings *set, struct chain_now now, struct doubt *ret, size_t max,
	     int64_t *ret_from)
{
	size_t n = 0;

	chain_taken_end(c);
	*ret_from = INT64_MAX;
	c->looked = now.mono;
	LIST_EACH(&c->windows, we) {
		struct window *w = CONTAINER_OF(we, struct window, in_chain);

		if (w->awaiting == 0 && w->elsewhere == 0)
			continue;
		LIST_EACH(&w->spans, e) {
			struct span *s = CONTAINER_OF(e, struct span, in_window);
			struct placement *p = s->placement;
			int64_t at = stands_from(c, p);
			bool last = true;

			if ((!placement_is_doubtful(p) && !p->elsewhere) || s != first_left(p))
				continue;
			if (is_put_off(c, p, now) || (!p->elsewhere && !is_due(c, p, set, now, &last)))
				continue;
			if (n == max || !copy(&ret[n], p)) {
				turns_at(c->shared->looks, &c->look, chain_after(now.mono, LOOK_AGAIN_MS));
				return n;
			}
			ret[n].from = at;
			ret[n].behind = ends_behind(p);
			ret[n].last = last;
			ret[n++].elsewhere = p->elsewhere;
			*ret_from = at < *ret_from ? at : *ret_from;
		}
	}
	c->round = now.mono;
	return n;
}

struct there {
	const struct doubt *d;
	int64_t base;
	const struct placement *settled;
	bool lost;
};

static bool
note_settled(const struct placement *p, void *arg)
{
	struct there *t = arg;
	const struct placement *of = t->d->placement;
	bool was_told = p->told && p->told_at == p->base_offset;
	bool is_copy = of->disputed && t->base == of->told_at && chain_guess_is_open(p) && !was_told;

	t->settled = p;
	t->lost = is_copy || !chain_given_is_alike(of, t->d->members, t->base, p); /* its offsets were given again */
	return t->lost;
}

bool
chain_is_taken(const struct chain *c, const struct doubt *d, int64_t base_offset)
{
	const struct placement *p = d->placement;
	struct there t = {d, base_offset, NULL, false};

	if (d->elsewhere)
		return false; /* the place is its own */
	if (p->mode == HEADERS_NONE && base_offset <= p->reach && base_offset != p->told_at && !c->gone)
		return true; /* perhaps the same records, sent before */
	/* One that may have the place still; or one that is lost; or none. */
	chain_taken_each(c, p, base_offset, note_settled, &t);
	if (t.settled != NULL)
		return !t.lost;
	if (p->disputed && base_offset == p->told_at)
		return false; /* who was settled there has left */
	return p->mode == HEADERS_NONE && covered_is(&c->covered, base_offset, p->count) != COVERED_NOT;
}

static void
found(struct chain *c, struct placement *p, const struct doubt *d, struct chain_now now)
{
	enum chains_time time = d->log_append ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;

	chain_note_time(c, time, now);
	if (!chain_leaves_fit(p, time)) {
		p->life.doubt = true;
		chain_give_up(c, p, METRIC_RECORDS_TIMESTAMP_TYPE, "the topic's timestamp type is another");
		return;
	}
	metric_add(METRIC_READBACK_STORED, p->count);
	chain_count_attested(c, p, now);
	member_step(&p->life, MEMBER_FIND);
	chain_guess_note(c, p, d->base_offset, false);
	/* The log was asked for by its name. */
	chain_settle_at(c, p, d->base_offset, d->append_ms, time, chain_sure_from(c, d->base_offset <= p->reach, now));
	retries_prove(p);
	chain_given_add(c, p);
}

static void
absent(struct chain *c, struct placement *p)
{
	if (p->copied) {
		member_step(&p->life, MEMBER_GIVE_UP); /* and stays known: it may come once more */
		chain_leave_windows(c, p, false);
		return;
	}
	metric_add(METRIC_READBACK_ABSENT, p->count);
	if (p->contested) {
		chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, "another copy of them was listed where they may stand");
		return;
	}
	if (p->told_before >= 0) {
		chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, "two answers told two places of them, and the log has them at neither");
		return;
	}
	if (p->disputed) {
		chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, "the log has another batch, or another copy of them, where they were told to be");
		return;
	}
	if (p->told && p->mode == HEADERS_NONE &&
	    (p->told_at <= p->reach || covered_is(&c->covered, p->told_at, p->count) != COVERED_NOT)) {
		chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, "nobody tells them from what stood there before");
		return;
	}
	if (p->told) {
		chain_give_up(c, p, METRIC_RECORDS_DUPLICATE, "the broker had them before, in a batch of another run");
		return;
	}
	member_step(&p->life, MEMBER_MISS);
	issued_forget(c->shared->issued, p->producer_id);
	retries_lose(p);
	/* Its bytes may still be in a broker's socket: the window says that it doesn't know. */
	chain_leave_windows(c, p, true);
}

/* The place that was told is no longer in the log: nobody will tell what stood there. */
static void
let_go(struct chain *c, struct placement *p, struct chain_now now)
{
	if (!p->disputed) {
		chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, "the log has let go of the place where they were told to be");
	} else if (!chain_given_drop(c, p)) {
		p->hidden_at = now.mono; /* once more, when others had their turn */
		turns_at(c->shared->looks, &c->look, chain_after(now.mono, LOOK_AGAIN_MS));
	}
}

void
chain_doubts_end(struct chain *c, const struct settings *set, struct chain_now now, struct doubt *doubts, size_t count,
		 bool read)
{
	chain_taken_end(c); /* what is settled by now counts */
	for (size_t i = 0; i < count; i++) {
		struct doubt *d = &doubts[i];
		struct placement *p = d->placement;
		bool seen = read && !d->hidden;
		enum member_state state = p->life.state;
		bool open = state == MEMBER_UNKNOWN || state == MEMBER_FORWARDED; /* an answer may have come meanwhile */
		bool done = seen && !d->found; /* else its place was taken meanwhile, and there may be another */

		p->hidden_at = read && d->hidden ? now.mono : p->hidden_at;
		if (p->elsewhere) {
			if (d->elsewhere) /* else its turn comes: this reading began too early */
				chain_sure_looked(c, set, d, seen, now);
		} else if (open && d->found && !chain_is_taken(c, d, d->base_offset)) {
			found(c, p, d, now);
		} else if (state == MEMBER_UNKNOWN && done && (d->last || d->past) && p->lost_at.ns <= c->looked.ns) {
			if (d->past && !p->copied)
				let_go(c, p, now);
			else
				absent(c, p);
		} else if (open) {
			p->looked_at = done ? c->looked : p->looked_at;
			turns_at(c->shared->looks, &c->look, done ? next_look(p, set) : chain_after(now.mono, LOOK_AGAIN_MS));
		}
		free(d->members);
		free(d->windows);
		placement_unref(p);
	}
	if (count > 0 && !read)
		c->unread = c->looked;
	if (count > 0)
		turns_now(c->shared->turns, &c->turn); /* a window may be complete, or have waited for no more than this */
}

void
chain_restated_is(struct chain *c, bool there)
{
	struct link *e = list_first(&c->outgoing);
	struct outgoing *o = e == NULL ? NULL : CONTAINER_OF(e, struct outgoing, link);

	INVARIANT(o != NULL && o->state == OUTGOING_LOOK); /* nobody else ends that */
	o->state = there ? OUTGOING_THERE : OUTGOING_READY;
	/* One is sent when those before it are published: of the later ones none can be there. */
	for (e = e->next; !there && e != &c->outgoing.head; e = e->next)
		CONTAINER_OF(e, struct outgoing, link)->state = OUTGOING_READY;
	turns_now(c->shared->turns, &c->turn);
}
