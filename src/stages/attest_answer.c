/* A Produce answer on its way back: where each batch came to stand, or that it did not. */
#include "base/log.h"
#include "base/metrics.h"
#include "stages/attest_internal.h"

enum { UNKNOWN_TOPIC = 3, MESSAGE_TOO_LARGE = 10, RECORD_LIST_TOO_LARGE = 18 };
enum { UNKNOWN_TOPIC_ID = 100, INCONSISTENT_TOPIC_ID = 103 };

static int
compare(const struct sent *t, bool by_id, const uint8_t topic_id[16], struct slice topic, int32_t partition)
{
	int c = t->by_id - by_id;

	if (c == 0 && by_id)
		c = memcmp(t->topic_id, topic_id, sizeof(t->topic_id));
	else if (c == 0 && t->topic_len != topic.n)
		c = t->topic_len < topic.n ? -1 : 1;
	else if (c == 0 && topic.n > 0)
		c = memcmp(t->topic, topic.p, topic.n);
	return c != 0 ? c : (t->partition > partition) - (t->partition < partition);
}

static int
by_partition(const void *a, const void *b)
{
	const struct sent *t = b;

	return compare(a, t->by_id, t->topic_id, slice_of(t->topic, t->topic_len), t->partition);
}

static int
is_about(const void *result, const void *sent)
{
	const struct produce_result *r = result;

	return -compare(sent, r->by_id, r->topic_id, r->topic, r->partition);
}

/* What stands there twice counts once. */
static struct sent *
find(struct attest_state *s, const struct produce_result *r)
{
	struct sent *t = bsearch(r, s->sent, s->count, sizeof(*s->sent), is_about);

	return t == NULL || t->ended ? NULL : t;
}

static bool
is_too_large(const struct produce_result *r)
{
	return r->error == MESSAGE_TOO_LARGE || r->error == RECORD_LIST_TOO_LARGE;
}

/* The id isn't that of a topic, or not of this one. */
static bool
is_of_another_id(const struct produce_result *r)
{
	return r->error == UNKNOWN_TOPIC_ID || r->error == INCONSISTENT_TOPIC_ID;
}

/*
 * What an answer tells about the topic itself.  A batch that comes to stand before one
 * that was there when it went out is in another log: the topic was deleted and made again.
 * Or it is a duplicate of one that we don't know, and then the look costs little.
 */
static void
learn(struct attest *a, const struct attest_state *s, const struct sent *t, const struct produce_result *r)
{
	struct slice name = slice_of(t->topic, t->topic_len);
	bool by_id = t->by_id && s->by_name == NULL; /* as the client will ask again */

	if (is_too_large(r) && t->longer) /* of the client's own bytes it is the client's to learn */
		topics_too_large(a->topics, name, t->size, t->whole);
	else if (r->error == UNKNOWN_TOPIC || (is_of_another_id(r) && s->by_name == NULL) ||
		 (r->error == 0 && r->base_offset >= 0 && r->base_offset <= t->reach))
		topics_doubt(a->topics, &(struct topic_ref){by_id ? (struct slice){NULL, 0} : name, t->topic_id});
}

static void
settle(struct attest *a, const struct attest_state *s, struct sent *t, const struct produce_result *r)
{
	struct answer answer = {.error = r->error, .base_offset = r->base_offset, .append_ms = r->log_append_ms};

	learn(a, s, t, r);
	t->ended = true;
	switch (chains_settle(&t->attempt, &answer)) {
	case CHAINS_REFUSED: metric_add(METRIC_RECORDS_REFUSED, t->records); break;
	case CHAINS_STORED:
	case CHAINS_KNOWN:
	case CHAINS_OPEN:
	case CHAINS_UNFIT: /* counted where they were given up */
	case CHAINS_DUPLICATE: break;
	}
}

/*
 * Too large with our headers: we thought the limit higher than it is, or the broker
 * recompresses and measures that.  Without them it might have been stored, so the client
 * is told to try again, and what it sends then has shorter headers, or goes as it came.
 */
static bool
is_ours_to_mend(const struct sent *t, const struct produce_result *r)
{
	return t->longer && is_too_large(r);
}

static void
put_error(struct wr *body, const struct produce_result *r, int16_t error)
{
	body->buf[r->error_at] = (uint8_t)((uint16_t)error >> 8);
	body->buf[r->error_at + 1] = (uint8_t)error;
}

/*
 * The leader doesn't know an id, which is ours and not the client's: the topic was made again, or only just made, or one
 * of two brokers lags behind.  What comes next goes by what the cluster tells then.  True: this is such a part.
 */
static bool
is_refused_by_id(struct attest *a, const struct attest_state *s, const struct produce_result *r)
{
	const struct produce_topic *t;

	if (s->by_name == NULL || !is_of_another_id(r))
		return false;
	t = produce_by_id_find(s->by_name->topics, s->by_name->count, r->topic_id);
	if (t != NULL)
		topics_refused(a->topics, t->name, t->id);
	return true;
}

/* The answer in other words: with another error for some, and by name. */
static enum stage_verdict
say_again(struct exchange *x, const struct attest_state *s, struct wr *body)
{
	struct wr by_name = wr_new(SIZE_MAX / 2);
	const struct attest_by_name *b = s->by_name;
	struct rope rope = {0};
	int err = wr_err(body);

	if (err == 0 && b != NULL)
		err = produce_by_id_answer(b->version, body->len > 0 ? wr_slice(body) : exchange_body(x), b->topics, b->count, &by_name);
	if (err == 0)
		err = rope_add_wr(&rope, b != NULL ? &by_name : body);
	if (err == 0 && b != NULL)
		err = exchange_set_version(x, b->version);
	wr_free(&by_name);
	if (err == 0) {
		exchange_replace(x, &rope);
		return STAGE_REPLACE;
	}
	rope_clear(&rope);
	LOG_LIMITED(LOG_LEVEL_WARN, "attest", "a Produce answer can't be passed on, closing", LOG_S("cause", err_text(err)));
	return STAGE_CLOSE; /* the client tries again */
}

static enum stage_verdict
have_all_again(const struct exchange *x)
{
	LOG_LIMITED(LOG_LEVEL_INFO, "attest", "a topic was made again: its producer sends what is under way once more",
		    LOG_B("client", exchange_client_id(x)));
	return STAGE_CLOSE;
}

enum stage_verdict
attest_produce_answer(struct attest *a, struct exchange *x, struct attest_state *s)
{
	enum stage_verdict verdict = STAGE_PASS;
	struct produce_result *results;
	struct wr changed = wr_new(SIZE_MAX / 2);
	bool error = false, refused = false;
	size_t count;
	int err = produce_response_read(exchange_version(x), exchange_body(x), &results, &count);

	if (err != 0) {
		LOG_LIMITED(LOG_LEVEL_WARN, "attest", "a Produce answer can't be read; its records' outcome is open",
			    LOG_I("version", exchange_version(x)), LOG_S("cause", err_text(err)));
		attest_lose(s);
		return s->swallow || s->by_name != NULL ? STAGE_CLOSE : STAGE_PASS;
	}
	/* A broker answers in an order of its own, and about parts that we let pass. */
	qsort(s->sent, s->count, sizeof(*s->sent), by_partition);
	for (size_t i = 0; i < count; i++) {
		struct sent *t = find(s, &results[i]);

		error |= results[i].error != 0;
		refused |= is_refused_by_id(a, s, &results[i]);
		if (t == NULL)
			continue;
		settle(a, s, t, &results[i]);
		if (!is_ours_to_mend(t, &results[i]))
			continue;
		if (changed.len == 0)
			wr_slice_put(&changed, exchange_body(x));
		metric_add(METRIC_BATCHES_TOO_LARGE, 1);
		if (wr_err(&changed) == 0)
			put_error(&changed, &results[i], NOT_ENOUGH_REPLICAS);
	}
	free(results);
	attest_lose(s); /* what the answer doesn't name */
	/*
	 * With acks=0 a broker can say that something failed only by closing.  And what an idempotent producer sent behind
	 * a batch that only we refuse must not be stored before it, as the first of a new log may be: with the connection all
	 * of it is sent again, in its order.
	 */
	if (s->swallow && error)
		verdict = STAGE_CLOSE;
	else if (refused && s->idempotent)
		verdict = have_all_again(x);
	else if (!s->swallow && (s->by_name != NULL || changed.len > 0 || wr_err(&changed) != 0))
		verdict = say_again(x, s, &changed);
	wr_free(&changed);
	return verdict;
}
