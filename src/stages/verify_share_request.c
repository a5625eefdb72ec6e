/*
 * A member's ShareFetch on its way to the broker.
 *
 *   enforce, in turn ─┬─► for records: at most so many bytes, and no long wait
 *                     └─► for none, that renews the locks of what is aside (kafka/share_renew.h)
 *   observe             ► at most so many bytes
 */
#include "base/log.h"
#include "stages/verify_internal.h"

enum {
	WAIT_MS = 100,       /* a broker waits no longer for records when others are aside, … */
	WAIT_MAX_MS = 5000,  /* … nor ever: their lock may have begun with the request, and is to last when they come */
};

static int
renew(struct exchange *x, const struct share_request *q, struct aside *a, struct wr *out)
{
	struct share_renewal *list;
	size_t count;
	int err = aside_renewals(a, &list, &count);

	if (err != 0)
		return err;
	err = share_renew(exchange_version(x), exchange_body(x), q, list, count, out);
	aside_asked(a, list, count);
	free(list);
	return err;
}

/* An answer is kept whole: it may not be larger than `most`, one batch apart. */
static int
ask_for_less(struct exchange *x, const struct share_request *q, int32_t wait, int32_t most, struct wr *out)
{
	struct slice body = exchange_body(x);

	wr_bytes(out, body.p, q->limits_at);
	wr_i32(out, wait);
	wr_i32(out, q->min_bytes < most ? q->min_bytes : most);
	wr_i32(out, q->max_bytes >= 0 && q->max_bytes < most ? q->max_bytes : most);
	wr_bytes(out, body.p + q->limits_at + 12, body.n - q->limits_at - 12);
	return wr_err(out);
}

/* So much is asked for beside what is aside; never so little that nothing flows. */
static int32_t
room_of(const struct aside *a, int32_t most)
{
	size_t bytes = aside_bytes(a), least = (size_t)most / 4;

	return bytes + least > (size_t)most ? (int32_t)least : most - (int32_t)bytes;
}

static int
write_request(struct verify *v, struct exchange *x, struct aside *a, const struct share_request *q, bool *ret_renews,
	      struct wr *out)
{
	struct config *config = verify_config(v);
	int32_t most = (int32_t)config->verify_fetch_max_bytes, wait = q->max_wait_ms;
	int64_t gone;
	int err;

	config_unref(config);
	verify_share_locks_gone(x, aside_session(a, q), "the member began or ended its session");
	verify_share_locks_expire(x, a);
	if ((err = aside_forget(a, q, exchange_body(x), &gone)) != 0)
		return err;
	verify_share_locks_gone(x, gone, "the member reads that partition no more");
	*ret_renews = aside_turn(a, (size_t)most);
	if (*ret_renews)
		return renew(x, q, a, out);
	if (wait > (aside_any(a) ? WAIT_MS : WAIT_MAX_MS))
		wait = aside_any(a) ? WAIT_MS : WAIT_MAX_MS;
	if (aside_any(a))
		most = room_of(a, most);
	return ask_for_less(x, q, wait, most, out);
}

/* Takes w, whose error counts.  0 or an error. */
static int
replace(struct exchange *x, struct wr *w, int err)
{
	struct rope rope = {0};

	if (err == 0)
		err = rope_add_wr(&rope, w);
	wr_free(w);
	if (err != 0)
		rope_clear(&rope);
	else
		exchange_replace(x, &rope);
	return err;
}

enum stage_verdict
verify_share_request(struct verify *v, struct exchange *x, struct verify_session *session)
{
	struct verify_state *s;
	struct share_request q;
	struct wr w = wr_new(SIZE_MAX / 2);
	bool renews = false;
	int err = share_fetch_request_read(exchange_version(x), exchange_body(x), &q);

	if (err == ERR_SHORT || err == ERR_MALFORMED)
		return STAGE_PASS; /* the broker's to refuse; no answer to it passes */
	if (err != 0)
		LOG_LIMITED(LOG_LEVEL_WARN, "verify", "a ShareFetch can't be read, closing", LOG_I("version", exchange_version(x)),
			    LOG_B("client", exchange_client_id(x)), LOG_S("cause", err_text(err)));
	if (err != 0 || (s = calloc(1, sizeof(*s))) == NULL)
		return STAGE_CLOSE;
	if (session->aside == NULL && (session->aside = aside_new()) == NULL)
		err = ERR_NOMEM;
	if (err == 0)
		err = write_request(v, x, session->aside, &q, &renews, &w);
	err = replace(x, &w, err);
	if (err == 0 && renews)
		err = exchange_set_version(x, SHARE_WITH_RENEWAL);
	if (err != 0) {
		free(s);
		return STAGE_CLOSE;
	}
	s->max_wait_ms = q.max_wait_ms;
	s->renews = renews;
	exchange_set_state(x, &v->stage, s);
	return STAGE_REPLACE;
}

enum stage_verdict
verify_share_request_observed(struct verify *v, struct exchange *x)
{
	struct config *config = verify_config(v);
	int32_t most = (int32_t)config->verify_fetch_max_bytes;
	struct wr w = wr_new(SIZE_MAX / 2);
	struct verify_state *s;
	struct share_request q;

	config_unref(config);
	if (share_fetch_request_read(exchange_version(x), exchange_body(x), &q) != 0)
		return STAGE_PASS; /* nor is its answer judged */
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return STAGE_CLOSE;
	exchange_set_state(x, &v->stage, s);
	if (q.max_bytes >= 0 && q.max_bytes <= most && q.min_bytes <= most)
		return STAGE_PASS;
	return replace(x, &w, ask_for_less(x, &q, q.max_wait_ms, most, &w)) == 0 ? STAGE_REPLACE : STAGE_CLOSE;
}
