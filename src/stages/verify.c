#include "stages/verify.h"

#include "base/log.h"
#include "base/text.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/share_group.h"
#include "stages/verify_internal.h"

enum { FETCH_SESSION_ID_NOT_FOUND = 70 };
enum { STUCK_MAX = 10000, VERSIONS_MAX = 1 << 20 };

struct config *
verify_config(struct verify *v)
{
	struct config *c;

	pthread_mutex_lock(&v->lock);
	c = config_ref(v->config);
	pthread_mutex_unlock(&v->lock);
	return c;
}

void
verify_set_config(struct verify *v, struct config *config)
{
	struct config *old;

	pthread_mutex_lock(&v->lock);
	old = v->config;
	v->config = config_ref(config);
	pthread_mutex_unlock(&v->lock);
	config_unref(old);
}

bool
verify_leaves_out(const struct config *c, struct slice topic)
{
	for (size_t i = 0; i < c->verify_exclude.count; i++)
		if (text_glob(c->verify_exclude.items[i], topic))
			return true;
	return config_is_dbom(c, topic);
}

/* --- what both ways share ------------------------------------------------------------ */

void
verify_place_fill(struct verify *v, const struct config *config, const struct topic_facts *facts, int32_t partition,
		  struct verify_place *ret)
{
	struct slice name = slice_of(facts->name, facts->name_len);

	*ret = (struct verify_place){.facts = facts};
	v->doors.cluster_id(v->doors.arg, ret->cluster_id, sizeof(ret->cluster_id));
	if (facts->has_id)
		(void)text_uuid(facts->id, ret->topic_id);
	ret->c = (struct judge_case){.topic = name,
				     .topic_id = slice_str(ret->topic_id),
				     .cluster_id = slice_str(ret->cluster_id),
				     .dbom_topic = wr_slice(&v->dbom_names),
				     .partition = partition,
				     .compacted = facts->compacted,
				     .waited_to = -1,
				     .now_ms = clock_wall_ms(),
				     .pending_max_ms = VERIFY_PENDING_MAX_MS};
	ret->c.policy.pass_pending = config->verify_hold_then == VERIFY_PASS;
	ret->c.policy.deny_unattested = v->doors.denies_unattested(v->doors.arg, name);
	ret->c.policy.mirrors = v->doors.mirrors;
	ret->c.policy.arg = v->doors.arg;
}

static void
log_too_large(struct verify *v, const struct ledger_want *w)
{
	if (!stuck_tell(v->no_room, &(struct stuck_place){w->topic, w->partition, w->from}))
		return;
	LOG_LIMITED(LOG_LEVEL_ERROR, "verify", "what is stated about these records has no room in verify.memory.bytes: they are held back",
		    LOG_B("topic", w->topic), LOG_I("partition", w->partition), LOG_I("offset", w->from), LOG_I("to", w->to - 1));
}

int
verify_judge(struct verify *v, struct judge *judge, struct ledger_want *want, struct verify_hold *hold, bool *ret_whole)
{
	const struct verify_doors *d = &v->doors;
	struct monotime from = clock_now();
	struct ledger_answer a = {0};
	int err = hold != NULL ? verify_hold_ask(v, hold, want, &a) : d->ask(d->arg, want, NULL, NULL, &a);
	bool none = err == ERR_NOT_NOW; /* nothing is known: all waits */

	if (err != 0 && !none)
		return err;
	if (a.too_large)
		log_too_large(v, want);
	err = judge_run(judge, &a, &want->names, &want->name_count);
	*ret_whole = a.whole;
	if (none)
		want->name_count = 0;
	else
		d->release(d->arg, &a);
	if (err == 0 && want->name_count > 0 && (err = d->ask(d->arg, want, NULL, NULL, &a)) == 0) {
		if (a.too_large)
			log_too_large(v, want);
		err = judge_run(judge, &a, &want->names, &want->name_count);
		*ret_whole = *ret_whole && a.whole;
		d->release(d->arg, &a);
	}
	want->names = NULL; /* the judge's */
	want->name_count = 0;
	metric_add(METRIC_VERIFY_NS, monotime_since_ns(clock_now(), from));
	return err;
}

void
verify_log_stop(const struct verify *v, const struct topic_facts *facts, int32_t partition, const struct judge_batch *b)
{
	char window[CHAIN_KEY_MAX + 1] = "-";

	if (b->has_window)
		(void)chain_key(&b->chain, b->window_id, window);
	LOG_LIMITED(LOG_LEVEL_WARN, "verify",
		    v->mode == VERIFY_ENFORCE ? "a record may not be seen" : "a record that enforce would hold back",
		    LOG_S("topic", facts->name), LOG_I("partition", partition), LOG_I("offset", b->offset),
		    LOG_S("verdict", b->finding != WINDOW_COMPLETE ? window_finding_name(b->finding) : verdict_name(b->verdict)), LOG_S("window", window),
		    LOG_S("cause", b->why));
}

/* --- requests ------------------------------------------------------------------------- */

void
verify_state_free(struct verify *v, struct verify_state *s)
{
	if (s == NULL)
		return;
	verify_hold_end(v, s->hold);
	fetches_release(s->asked);
	free(s);
}

static void
session_free(void *self UNUSED, void *state)
{
	struct verify_session *session = state;

	fetches_free(session->fetches);
	if (session->aside != NULL)
		metric_add(METRIC_VERIFY_RETURNED, aside_drop_all(session->aside, NULL));
	aside_free(session->aside);
	free(session);
}

/* What this connection has; NULL: no memory. */
static struct verify_session *
session_of(struct verify *v, struct exchange *x)
{
	struct verify_session *session = verify_session_of(v, x);

	if (session == NULL && (session = calloc(1, sizeof(*session))) != NULL)
		exchange_set_session_state(x, &v->stage, session);
	return session;
}

static struct fetches *
fetches_of(struct verify *v, struct exchange *x)
{
	struct verify_session *session = session_of(v, x);

	if (session != NULL && session->fetches == NULL)
		session->fetches = fetches_new();
	return session != NULL ? session->fetches : NULL;
}

/* The client begins a session anew, and names all its partitions. */
static enum stage_verdict
ask_anew(struct exchange *x)
{
	struct wr w = wr_new(64);
	struct rope rope = {0};
	int err = fetch_response_error(exchange_version(x), FETCH_SESSION_ID_NOT_FOUND, &w);

	if (err == 0)
		err = rope_add_wr(&rope, &w);
	wr_free(&w);
	if (err != 0)
		return STAGE_CLOSE;
	metric_add(METRIC_VERIFY_SESSIONS_UNKNOWN, 1);
	exchange_answer(x, &rope);
	return STAGE_ANSWER;
}

/* An answer is kept whole: it may not be larger than that, one batch apart. */
static enum stage_verdict
ask_for_less(struct exchange *x, const struct fetch_request *q, int64_t most)
{
	struct slice body = exchange_body(x);
	size_t at = q->max_bytes_at - 4; /* min_bytes, max_bytes */
	struct wr w = wr_new(SIZE_MAX / 2);
	struct rope rope = {0};
	int err;

	if (q->max_bytes >= 0 && q->max_bytes <= most && q->min_bytes <= most)
		return STAGE_PASS;
	wr_bytes(&w, body.p, at);
	wr_i32(&w, q->min_bytes < most ? q->min_bytes : (int32_t)most);
	wr_i32(&w, q->max_bytes >= 0 && q->max_bytes < most ? q->max_bytes : (int32_t)most);
	wr_bytes(&w, body.p + at + 8, body.n - at - 8);
	err = rope_add_wr(&rope, &w);
	wr_free(&w);
	if (err != 0) {
		rope_clear(&rope);
		return STAGE_CLOSE;
	}
	exchange_replace(x, &rope);
	return STAGE_REPLACE;
}

static enum stage_verdict
fetch_request(struct verify *v, struct exchange *x)
{
	struct verify_state *s;
	struct config *config;
	enum stage_verdict verdict = STAGE_CLOSE;
	struct fetch_request q;
	struct fetches *f;
	int err = fetch_request_read(exchange_version(x), exchange_body(x), &q);

	if (err == ERR_SHORT || err == ERR_MALFORMED)
		return STAGE_PASS; /* the broker's to refuse; no answer to it passes */
	if (err != 0)
		return STAGE_CLOSE;
	s = calloc(1, sizeof(*s));
	f = s == NULL ? NULL : fetches_of(v, x);
	if (f == NULL)
		goto end;
	s->unread = q.replica;
	s->max_wait_ms = q.max_wait_ms;
	if (q.replica) {
		verdict = STAGE_PASS;
		goto end;
	}
	err = fetches_request(f, &q, &s->asked);
	if (err == ERR_NOTFOUND || err == ERR_LIMIT) {
		verdict = err == ERR_NOTFOUND || q.session_epoch > 0 ? ask_anew(x) : STAGE_CLOSE;
		goto end;
	}
	if (err == 0) {
		config = verify_config(v);
		verdict = ask_for_less(x, &q, config->verify_fetch_max_bytes);
		config_unref(config);
	}
end:
	fetch_request_free(&q);
	if (verdict == STAGE_PASS || verdict == STAGE_REPLACE)
		exchange_set_state(x, &v->stage, s);
	else
		verify_state_free(v, s);
	return verdict;
}

static enum stage_verdict
refuse(const struct exchange *x, const char *why)
{
	LOG_LIMITED(LOG_LEVEL_WARN, "verify", "a request whose answer can't be verified; the client is disconnected",
		    LOG_S("api", api_name(exchange_key(x))), LOG_I("version", exchange_version(x)),
		    LOG_B("client", exchange_client_id(x)), LOG_S("cause", why));
	return STAGE_CLOSE;
}

/*
 * Where locks can't be renewed, whoever joins a share group is told that there are none: what brokers gave to a group could
 * not be held back without losing it for the group.  That ShareFetch isn't offered clients take without a word to the application.
 */
static enum stage_verdict
no_share_groups(struct exchange *x)
{
	struct wr w = wr_new(1024);
	struct rope rope = {0};
	int err = share_group_refuse(exchange_version(x),
				     "this proxy verifies what consumers read, and can for share groups with Kafka 4.2 and later alone: use a consumer group",
				     &w);

	if (err == 0)
		err = rope_add_wr(&rope, &w);
	wr_free(&w);
	if (err == ERR_UNSUPPORTED)
		return refuse(x, "a version that is not known");
	if (err != 0)
		return STAGE_CLOSE;
	LOG_LIMITED(LOG_LEVEL_WARN, "verify", "a member of a share group is refused: verify.mode enforce has them with Kafka 4.2 and later",
		    LOG_B("client", exchange_client_id(x)));
	exchange_answer(x, &rope);
	return STAGE_ANSWER;
}

static bool
wants_request(void *self, int16_t key, int16_t version)
{
	const struct verify *v = self;

	if (v->mode == VERIFY_OBSERVE)
		return (key == API_FETCH && version >= FETCH_MIN && version <= FETCH_MAX) ||
		       (key == API_SHARE_FETCH && version >= SHARE_FETCH_MIN && version <= SHARE_FETCH_MAX);
	return key == API_FETCH || key == API_SHARE_FETCH || key == API_SHARE_GROUP_HEARTBEAT;
}

static enum stage_verdict
request(void *self, struct exchange *x)
{
	struct verify *v = self;
	struct verify_session *session = session_of(v, x);

	if (session == NULL)
		return STAGE_CLOSE;
	if (exchange_key(x) == API_SHARE_GROUP_HEARTBEAT)
		return session->renews ? STAGE_PASS : no_share_groups(x);
	if (exchange_key(x) == API_SHARE_FETCH && v->mode == VERIFY_OBSERVE)
		return verify_share_request_observed(v, x);
	if (exchange_key(x) == API_SHARE_FETCH && !session->renews)
		return refuse(x, "ApiVersions told this client of no ShareFetch, or wasn't asked");
	if (exchange_key(x) == API_SHARE_FETCH)
		return verify_share_request(v, x, session);
	if (exchange_version(x) < FETCH_MIN || exchange_version(x) > FETCH_MAX)
		return refuse(x, "a version whose records have no headers, or that is not known");
	return fetch_request(v, x);
}

/* --- answers ---------------------------------------------------------------------------- */

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	const struct verify *v = self;

	if (v->mode == VERIFY_ENFORCE && (key == API_SHARE_GROUP_HEARTBEAT || key == API_VERSIONS))
		return key == API_VERSIONS;
	return wants_request(self, key, version);
}

/* A broker that renews locks has share groups here; another's ShareFetch is not offered. */
static enum stage_verdict
versions(struct verify *v, struct exchange *x)
{
	struct verify_session *session = session_of(v, x);
	struct wr w = wr_new(VERSIONS_MAX);
	struct rope rope = {0};
	int16_t min, max;
	int err;

	if (session == NULL)
		return STAGE_CLOSE;
	err = apiversions_find(exchange_version(x), exchange_body(x), API_SHARE_FETCH, &min, &max);
	session->renews = err == 0 && min <= SHARE_WITH_RENEWAL && max >= SHARE_WITH_RENEWAL;
	if (session->renews)
		return STAGE_PASS;
	err = apiversions_without(exchange_version(x), exchange_body(x), API_SHARE_FETCH, &w);
	if (err == 0)
		err = rope_add_wr(&rope, &w);
	wr_free(&w);
	if (err != 0) {
		rope_clear(&rope);
		return STAGE_CLOSE;
	}
	exchange_replace(x, &rope);
	return STAGE_REPLACE;
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	struct verify *v = self;
	struct verify_state *s = exchange_state(x, &v->stage);
	enum stage_verdict verdict = STAGE_PASS;

	if (exchange_key(x) == API_VERSIONS)
		return versions(v, x);
	if (s == NULL)
		return v->mode == VERIFY_ENFORCE ? STAGE_CLOSE : STAGE_PASS;
	if (exchange_key(x) == API_SHARE_FETCH && v->mode == VERIFY_OBSERVE)
		verify_observe_share(v, x);
	else if (exchange_key(x) == API_SHARE_FETCH)
		verdict = verify_share_answer(v, x, s);
	else if (!s->unread && v->mode == VERIFY_ENFORCE)
		verdict = verify_answer(v, x, s);
	else if (!s->unread)
		verify_observe_answer(v, x, s);
	if (verdict != STAGE_HOLD) {
		exchange_set_state(x, &v->stage, NULL);
		verify_state_free(v, s);
	}
	return verdict;
}

static void
lost(void *self, struct exchange *x)
{
	struct verify *v = self;

	verify_state_free(v, exchange_state(x, &v->stage));
	exchange_set_state(x, &v->stage, NULL);
}

/* --- the stage ---------------------------------------------------------------------------- */

static void *
reactor_new(void *self, unsigned reactor UNUSED)
{
	struct verify *v = self;
	struct config *c = verify_config(v);
	struct judge *j = judge_new((size_t)c->attest_max_plain_bytes);

	config_unref(c);
	return j;
}

static void
reactor_free(void *self UNUSED, void *state)
{
	judge_free(state);
}

struct verify *
verify_new(const struct verify_doors *doors, struct topics *topics, struct config *config)
{
	struct verify *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	pthread_mutex_init(&v->lock, NULL);
	v->mode = (enum verify_mode)config->verify_mode;
	v->doors = *doors;
	v->topics = topics;
	v->config = config_ref(config);
	v->dbom_names = wr_new(SIZE_MAX / 2);
	config_dbom_names(config, &v->dbom_names);
	v->watches = map_new();
	v->stuck = stuck_new(STUCK_MAX);
	v->no_room = stuck_new(STUCK_MAX);
	if (v->mode == VERIFY_OBSERVE)
		v->observer = verify_observe_new(v);
	v->stage = (struct stage){
		.name = "verify",
		.self = v,
		.wants_request = wants_request,
		.request = request,
		.wants_response = wants_response,
		.response = response,
		.lost = lost,
		.reactor_new = reactor_new,
		.reactor_free = reactor_free,
		.session_free = session_free,
	};
	if (wr_err(&v->dbom_names) != 0 || v->watches == NULL || v->stuck == NULL || v->no_room == NULL || (v->mode == VERIFY_OBSERVE && v->observer == NULL)) {
		verify_free(v);
		return NULL;
	}
	return v;
}

int
verify_start(struct verify *v)
{
	return v->observer == NULL ? 0 : verify_observe_start(v->observer);
}

void
verify_stop(struct verify *v)
{
	if (v != NULL)
		verify_observe_stop(v->observer);
}

void
verify_free(struct verify *v)
{
	if (v == NULL)
		return;
	verify_observe_free(v->observer);
	verify_hold_free(v);
	stuck_free(v->stuck);
	stuck_free(v->no_room);
	config_unref(v->config);
	wr_free(&v->dbom_names);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

const struct stage *
verify_stage(struct verify *v)
{
	return &v->stage;
}
