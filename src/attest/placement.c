#include "attest/placement.h"

#include "attest/chain.h"

struct placement *
placement_new(struct chain *chain, const struct chains_batch *b, size_t spans)
{
	struct placement *p = calloc(1, sizeof(*p) + spans * sizeof(p->span[0]));

	if (p == NULL)
		return NULL;
	p->windows = calloc(spans, sizeof(p->windows[0]));
	if (p->windows == NULL && spans > 0) {
		free(p);
		return NULL;
	}
	p->chain = chain;
	p->refs = 1;
	p->who = b->who == NULL ? NULL : who_ref(chain_who(chain), b->who);
	p->producer_id = b->producer_id;
	p->producer_epoch = b->producer_epoch;
	p->base_sequence = b->base_sequence;
	p->count = b->count;
	p->time = b->time;
	p->young = b->young;
	p->base_offset = -1;
	p->told_at = p->told_before = -1;
	p->reach = -1;
	p->append_ms = -1;
	p->transactional = b->transactional;
	p->txn = b->transactional ? PLACEMENT_TXN_OPEN : PLACEMENT_NO_TXN;
	p->shares_epoch = b->shares_epoch;
	p->unstated = p->unfinished = p->span_count = spans;
	for (size_t i = 0; i < spans; i++)
		p->span[i].placement = p;
	return p;
}

void
placement_ref(struct placement *p)
{
	p->refs++;
}

void
placement_unref(struct placement *p)
{
	struct placement *rival;

	for (; p != NULL; p = rival) { /* as many as come out of a journal: no stack holds them all */
		INVARIANT(p->refs > 0);
		if (--p->refs > 0)
			return;
		rival = p->rival;
		who_unref(chain_who(p->chain), p->who);
		free(p->members);
		free(p->windows);
		free(p);
	}
}

/* It left its windows, and no offset is known to be its own: neither its records nor its place are there to be compared. */
static bool
tells_nothing(const struct placement *p)
{
	return member_is_resolved(&p->life) && p->base_offset < 0 && p->members == NULL;
}

static void
forget_rival(struct placement **at)
{
	struct placement *rival = *at;

	*at = rival->rival;
	if (*at != NULL)
		placement_ref(*at);
	placement_unref(rival);
}

size_t
placement_forget_rivals(struct placement *p)
{
	struct placement **at = &p->rival;
	size_t left = 0;

	while (*at != NULL) {
		if (tells_nothing(*at)) {
			forget_rival(at);
			continue;
		}
		at = &(*at)->rival;
		left++;
	}
	return left;
}

void
placement_note_time(struct placement *p)
{
	bool has_none = false;
	int32_t i = 0;

	while (p->producer_id >= 0 && i < p->count && p->members[i].timestamp <= -1)
		has_none |= p->members[i++].timestamp == -1;
	p->untimed = has_none && i == p->count;
}

bool
placement_forget_final_rival(struct placement *p)
{
	struct placement **oldest = NULL;

	for (struct placement **at = &p->rival; *at != NULL; at = &(*at)->rival)
		if ((*at)->life.state == MEMBER_FINAL)
			oldest = at;
	if (oldest != NULL)
		forget_rival(oldest);
	return oldest != NULL;
}

bool
placement_is_doubtful(const struct placement *p)
{
	return p->life.state == MEMBER_UNKNOWN || (p->life.state == MEMBER_FORWARDED && p->life.doubt);
}

bool
placement_is_same(const struct placement *a, const struct placement *b)
{
	return a->producer_id >= 0 && a->producer_id == b->producer_id && a->producer_epoch == b->producer_epoch &&
	       a->base_sequence == b->base_sequence && a->count == b->count;
}
