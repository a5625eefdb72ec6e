/*
 * What both kinds of consumers' answers have in common.
 *
 *   partition, records ─► whose are they? ─► judge, with what the ledger knows ─► batches, each with its end
 */
#include "stages/verify_internal.h"

static struct topic_ref
ref_of(const struct fetch_at *at)
{
	return (struct topic_ref){at->by_id ? (struct slice){NULL, 0} : at->topic, at->topic_id};
}

int
verify_look(struct verify *v, const struct config *config, struct judge *judge, const struct verify_source *s,
	    struct verify_hold *hold, struct verify_look *ret)
{
	struct topic_ref ref = ref_of(s->at);
	struct ledger_want want;
	int err;

	ret->what = LOOK_UNKNOWN;
	if (topics_find(v->topics, &ref, s->at->partition, &ret->facts) != 0)
		return 0; /* it can't be told whose records these are */
	if (verify_leaves_out(config, slice_of(ret->facts.name, ret->facts.name_len))) {
		ret->what = LOOK_LEFT_OUT;
		return 0;
	}
	verify_place_fill(v, config, &ret->facts, s->at->partition, &ret->place);
	ret->place.c.records = s->records;
	ret->place.c.log_start = s->log_start;
	ret->place.c.fetch_offset = s->from;
	ret->place.c.unordered = s->unordered;
	ret->at = (struct stuck_place){s->at->by_id ? slice_of(s->at->topic_id, 16) : s->at->topic, s->at->partition, s->from};
	if (s->unordered) {
		memcpy(ret->key, s->at->topic_id, 16);
		ret->key[16] = 's';
		ret->at.topic = slice_of(ret->key, sizeof(ret->key));
	}
	ret->place.c.waited_to = s->waited ? INT64_MAX : stuck_waited(v->stuck, &ret->at, config->verify_hold_max);
	if ((err = judge_open(judge, &ret->place.c, &want)) != 0)
		return err;
	if (want.from == want.to)
		return 0;
	if ((err = verify_judge(v, judge, &want, hold, &ret->whole)) != 0) {
		judge_close(judge);
		return err;
	}
	ret->what = LOOK_JUDGED;
	return 0;
}

/* --- what an answer waits for ------------------------------------------------------------- */

void
verify_look_unknown(struct verify *v, struct verify_unknown *u, const struct fetch_at *at)
{
	struct topic_ref ref = ref_of(at);
	struct topic_facts f;

	if (u->count < TOPICS_AT_ONCE && topics_find(v->topics, &ref, at->partition, &f) == ERR_NOTFOUND)
		u->refs[u->count++] = ref;
}

enum stage_verdict
verify_look_wait(struct verify *v, struct exchange *x, struct verify_state *s, const struct verify_unknown *u)
{
	struct ticket *ticket;

	if (s->looked || u->count == 0)
		return STAGE_PASS;
	s->looked = true;
	ticket = exchange_hold(x, TOPICS_WAIT_MS);
	if (ticket == NULL)
		return STAGE_CLOSE;
	topics_wait(v->topics, u->refs, u->count, ticket);
	return STAGE_HOLD;
}

int64_t
verify_look_time_left(struct verify_state *s, const struct exchange *x)
{
	struct monotime now = clock_now();

	if (s->until.ns == 0) {
		int64_t ms = s->max_wait_ms - exchange_age_ms(x);

		ms = ms > VERIFY_HOLD_MAX_MS ? VERIFY_HOLD_MAX_MS : ms < VERIFY_HOLD_MIN_MS ? VERIFY_HOLD_MIN_MS : ms;
		s->until.ns = now.ns + ms * 1000000;
	}
	return monotime_since_ms(s->until, now);
}
