#include "stages/attest_by_id.h"

#include "kafka/api.h"
#include "kafka/apiversions.h"

enum { LONGER = 64, LONGER_EACH = 24 }; /* than by name, at most */
enum { ASK_AGAIN_MS = 5000 };           /* about topics that aren't attested */

void
attest_by_id_learn(struct attest *a, struct exchange *x)
{
	struct attest_session *s;
	int16_t min, max;
	bool taken = apiversions_find(exchange_version(x), exchange_body(x), API_PRODUCE, &min, &max) == 0 &&
		     min <= PRODUCE_BY_ID && max >= PRODUCE_BY_ID;

	s = taken ? attest_session(a, x) : exchange_session_state(x, &a->stage);
	if (s != NULL) /* else all goes by name */
		s->taken = taken;
}

bool
attest_by_id_waits(const struct attest *a, const struct exchange *x)
{
	const struct attest_session *s = exchange_session_state(x, &a->stage);

	return s != NULL && s->out > 0 && s->changes != topics_changes(a->topics);
}

void
attest_by_id_sent(const struct attest *a, struct exchange *x, unsigned changes)
{
	struct attest_session *s = exchange_session_state(x, &a->stage);

	metric_add(METRIC_PRODUCE_BY_ID, 1);
	if (s->out++ == 0)
		s->changes = changes;
}

void
attest_by_id_done(const struct attest *a, struct exchange *x)
{
	struct attest_session *s = exchange_session_state(x, &a->stage);

	s->out--;
}

/* --- may it? ----------------------------------------------------------------------------- */

/* What is said of a request's topics. */
struct told {
	struct attest *a;
	const struct attest_facts *facts;
	struct attest_state *s;
	uint8_t (*ids)[16];
	struct topic_ref *missing; /* room for TOPICS_AT_ONCE */
	size_t missing_count;
};

/* Of a part that isn't ours. */
static bool
id_known(struct told *t, const struct produce_part *p, uint8_t ret[16])
{
	struct topic_facts f;
	struct batch b;
	int err = attest_facts_of(t->facts, p, &f);

	t->s->idempotent |= p->records.p != NULL && batch_read(p->records, &b) == 0 && b.producer_id >= 0;
	if (err == ERR_NOTFOUND && t->missing_count < TOPICS_AT_ONCE)
		t->missing[t->missing_count++] = (struct topic_ref){p->topic, NULL};
	if (err != 0 || !f.has_id)
		return false;
	memcpy(ret, f.id, 16);
	return true;
}

/*
 * The id of each part, which neighbours of one topic share: of what was placed the one that it was placed by.
 * False: some can't be told.
 */
static bool
know_ids(struct told *t)
{
	const struct produce_request *q = t->facts->req;
	size_t made = 0;
	bool all = true;

	for (size_t i = 0; i < q->count; i++) {
		const struct produce_part *p = &q->parts[i];
		const struct sent *s = &t->s->sent[made];
		bool again = i > 0 && slice_eq(p->topic, p[-1].topic);

		if (made < t->s->count && s->part == i) {
			/* Or it was made again just now. */
			all &= s->has_id && (!again || memcmp(s->topic_id, t->ids[i - 1], sizeof(*t->ids)) == 0);
			memcpy(t->ids[i], s->topic_id, sizeof(*t->ids));
			made++;
		} else if (again) {
			memcpy(t->ids[i], t->ids[i - 1], sizeof(*t->ids));
		} else {
			all &= id_known(t, p, t->ids[i]);
		}
	}
	return all;
}

/* Of topics that aren't attested nobody has to know: asked for now and then, so that a later request has their ids. */
static void
ask(struct told *t)
{
	int64_t now = clock_now().ns, after = atomic_load(&t->a->ask_after_ns);

	if (now >= after && atomic_compare_exchange_strong(&t->a->ask_after_ns, &after, now + ASK_AGAIN_MS * INT64_C(1000000)))
		topics_wait(t->a->topics, t->missing, t->missing_count, NULL);
}

static struct attest_by_name *
names_of(int16_t version, const struct produce_request *q, const uint8_t (*ids)[16])
{
	struct attest_by_name *b;
	size_t topics = 0, names = 0;
	uint8_t *to;

	for (size_t i = 0; i < q->count; i++)
		if (i == 0 || !slice_eq(q->parts[i].topic, q->parts[i - 1].topic)) {
			topics++;
			names += q->parts[i].topic.n;
		}
	b = malloc(sizeof(*b) + topics * sizeof(b->topics[0]) + names);
	if (b == NULL)
		return NULL;
	b->version = version;
	b->count = 0;
	to = (uint8_t *)&b->topics[topics];
	for (size_t i = 0; i < q->count; i++) {
		struct slice name = q->parts[i].topic;
		struct produce_topic *t = &b->topics[b->count];

		if (i > 0 && slice_eq(name, q->parts[i - 1].topic))
			continue;
		if (name.n > 0)
			memcpy(to, name.p, name.n);
		memcpy(t->id, ids[i], sizeof(t->id));
		t->name = slice_of(to, name.n);
		to += name.n;
		b->count++;
	}
	produce_by_id_order(b->topics, b->count);
	return b;
}

static bool
may(const struct attest *a, const struct exchange *x, const struct attest_facts *facts, const struct attest_state *s, int64_t room)
{
	const struct attest_session *session = exchange_session_state(x, &a->stage);

	return s->count > 0 && facts->twice == NULL && session != NULL && session->taken &&
	       produce_by_id_may(exchange_version(x), facts->req) && room >= LONGER + LONGER_EACH * (int64_t)facts->req->count;
}

int
attest_by_id_choose(struct attest *a, struct exchange *x, const struct attest_facts *facts, struct attest_state *s,
		    int64_t room, struct attest_by_id *b)
{
	size_t count = facts->req->count;
	struct told t = {.a = a, .facts = facts, .s = s};
	int err = 0;

	if (!may(a, x, facts, s, room))
		return 0;
	t.ids = calloc(count, sizeof(*t.ids));
	t.missing = s->count < count ? calloc(count < TOPICS_AT_ONCE ? count : TOPICS_AT_ONCE, sizeof(*t.missing)) : NULL;
	if (t.ids == NULL || (s->count < count && t.missing == NULL)) {
		err = ERR_NOMEM;
	} else if (know_ids(&t)) {
		s->by_name = names_of(exchange_version(x), facts->req, (const uint8_t(*)[16])t.ids);
		err = s->by_name == NULL ? ERR_NOMEM : 0;
	} else if (t.missing_count > 0) {
		ask(&t);
	}
	free(t.missing);
	if (s->by_name == NULL) {
		free(t.ids);
		return err;
	}
	b->ids = t.ids;
	b->head = wr_new(SIZE_MAX / 2);
	for (size_t i = 0; i < s->count; i++)
		s->sent[i].by_id = s->sent[i].attempt.by_id = true;
	return 0;
}

/* --- its pieces ---------------------------------------------------------------------------- */

static size_t
end_of(const struct produce_part *p)
{
	return p->field_at + p->field_len;
}

/* The next part, with the new batch, or (NULL) with what it came with. */
static int
say(struct attest_by_id *b, const struct produce_request *q, struct attest_pieces *m, struct wr *batch)
{
	size_t i = b->said++;
	const struct produce_part *p = &q->parts[i];
	size_t from = i > 0 ? end_of(p - 1) : 0;
	size_t len = batch != NULL ? batch->len : p->records.n;

	wr_reset(&b->head);
	produce_by_id_before(q, (const uint8_t(*)[16])b->ids, i, p->records.p != NULL ? (int64_t)len : -1, &b->head);
	if (wr_err(&b->head) != 0)
		return wr_err(&b->head);
	if (batch != NULL)
		return attest_pieces_put(m, from, end_of(p) - from, wr_slice(&b->head), batch);
	return attest_pieces_small(m, from, end_of(p) - p->records.n - from, wr_slice(&b->head));
}

int
attest_by_id_put(struct attest_by_id *b, const struct produce_request *q, struct attest_pieces *m,
		 const struct produce_part *part, struct wr *batch)
{
	int err = 0;

	while (err == 0 && &q->parts[b->said] != part)
		err = say(b, q, m, NULL);
	return err != 0 ? err : say(b, q, m, batch);
}

int
attest_by_id_end(struct attest_by_id *b, const struct produce_request *q, struct attest_pieces *m)
{
	size_t end = end_of(&q->parts[q->count - 1]);
	int err = 0;

	while (err == 0 && b->said < q->count)
		err = say(b, q, m, NULL);
	if (err != 0)
		return err;
	wr_reset(&b->head);
	produce_by_id_end(&b->head);
	err = wr_err(&b->head);
	return err != 0 ? err : attest_pieces_small(m, end, m->body.n - end, wr_slice(&b->head));
}

void
attest_by_id_clear(struct attest_by_id *b)
{
	free(b->ids);
	wr_free(&b->head);
}
