/*
 * The locks of what is aside, as a broker's answer to ShareFetch tells of them: renewed, refused, or no more; and what goes back to
 * the group with them.
 */
#include "base/log.h"
#include "stages/verify_internal.h"

enum { /* a broker's */
	NO_PARTITION = 3, MOVED = 6, FENCED = 74, NO_TOPIC = 100,     /* the partition isn't here */
	NO_SESSION = 122, SESSION_EPOCH = 123, SESSION_LIMIT = 133,   /* nor is the session */
	UNKNOWN = -1, TIMED_OUT = 7, NO_COORDINATOR = 15, STATE_EPOCH = 124, /* the group's coordinator isn't, or not ready */
};

const char verify_share_locks_refused[] = "the broker renews no locks of this group: does it have share.renew.acknowledge.enable?";

void
verify_share_locks_gone(const struct exchange *x, int64_t count, const char *cause)
{
	if (count == 0)
		return;
	metric_add(METRIC_VERIFY_RETURNED, count);
	LOG_LIMITED(LOG_LEVEL_WARN, "verify",
		    "records that a member of a share group was to get later go back to the group, and are counted as delivered once",
		    LOG_B("client", exchange_client_id(x)), LOG_I("records", count), LOG_S("cause", cause));
}

void
verify_share_locks_expire(const struct exchange *x, struct aside *a)
{
	verify_share_locks_gone(x, aside_expire(a), "their lock ended before the member asked again");
}

struct monotime
verify_share_locks_until(const struct exchange *x, const struct share_response *r)
{
	struct monotime now = clock_now();
	int64_t ms = (int64_t)(r->lock_ms > 0 ? r->lock_ms : 0) * 9 / 10 - exchange_age_ms(x);

	return (struct monotime){now.ns + ms * 1000000};
}

static bool
is_elsewhere(const struct share_part *p)
{
	return p->fetch.error != 0 || p->acknowledged == NO_PARTITION || p->acknowledged == MOVED || p->acknowledged == FENCED ||
	       p->acknowledged == NO_TOPIC;
}

/* Nothing was renewed or acknowledged, nor is it refused: the locks are as they were. */
static bool
is_later(const struct share_part *p)
{
	return p->acknowledged == UNKNOWN || p->acknowledged == TIMED_OUT || p->acknowledged == NO_COORDINATOR ||
	       p->acknowledged == STATE_EPOCH;
}

/* What a broker says of the locks of a partition. */
static enum aside_told
see_part(const struct exchange *x, struct aside *a, const struct share_response *r, const struct share_part *p)
{
	const struct fetch_at *at = &p->fetch.at;

	if (aside_next(a, at, NULL) == NULL)
		return ASIDE_NOTHING;
	if (is_elsewhere(p)) {
		verify_share_locks_gone(x, aside_drop_all(a, at), "the broker has that partition no more");
		return ASIDE_NOTHING;
	}
	if (p->acknowledged == 0) {
		(void)aside_renewed(a, at, verify_share_locks_until(x, r));
		return ASIDE_RENEWED;
	}
	if (is_later(p))
		return ASIDE_NOTHING;
	if (aside_beside(a, at)) /* one may be about records that aren't the member's any more */
		return ASIDE_UNSURE;
	verify_share_locks_gone(x, aside_drop_records(a, at), "the broker refused to renew their lock");
	return ASIDE_REFUSED;
}

/* What it says of all of them, and of the session. */
static void
see_locks(const struct exchange *x, struct aside *a, const struct share_response *r, bool renews)
{
	bool ended = r->error == NO_SESSION || r->error == SESSION_EPOCH || r->error == SESSION_LIMIT;
	enum aside_told told = ASIDE_NOTHING;

	if (r->error != 0 && aside_any(a)) {
		verify_share_locks_gone(x, aside_drop_all(a, NULL), ended ? "the broker ended the session" : "the broker answered with an error");
		told = renews && !ended ? ASIDE_REFUSED : told;
	}
	for (size_t i = 0; i < r->count && renews && r->error == 0; i++) {
		enum aside_told one = see_part(x, a, r, &r->parts[i]);

		told = one > told ? one : told;
	}
	verify_share_locks_gone(x, aside_told(a, told, r->lock_ms), verify_share_locks_refused);
}

/* Of what is given anew the lock ended, or another has been given it meanwhile: once is enough. */
static void
see_again(const struct exchange *x, struct aside *a, const struct share_response *r)
{
	struct slice body = exchange_body(x);
	int64_t n = 0;

	for (size_t i = 0; i < r->count && r->error == 0; i++) {
		const struct share_part *p = &r->parts[i];

		if (p->fetch.error == 0 && p->first >= 0)
			n += aside_drop_again(a, &p->fetch.at, slice_of(body.p + p->acquired_at, p->acquired_len));
	}
	verify_share_locks_gone(x, n, "the broker gave them anew before that");
}

void
verify_share_locks_see(const struct exchange *x, struct aside *a, const struct share_response *r, bool renews)
{
	see_locks(x, a, r, renews);
	see_again(x, a, r);
}
