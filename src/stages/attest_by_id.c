/* Produce requests that go out by id although the client made them by name: to whom, and what is remembered of that. */
#include "base/log.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "stages/attest_internal.h"

void
attest_by_id_learn(struct attest *a, struct exchange *x)
{
	int16_t min, max;
	bool takes = apiversions_find(exchange_version(x), exchange_body(x), API_PRODUCE, &min, &max) == 0 &&
		     min <= PRODUCE_BY_ID && max >= PRODUCE_BY_ID;

	exchange_set_session_state(x, &a->stage, takes ? a : NULL); /* any pointer says so */
}

bool
attest_by_id_taken(const struct attest *a, const struct exchange *x)
{
	return exchange_session_state(x, &a->stage) != NULL;
}

struct attest_by_name *
attest_by_id_names(int16_t version, const struct produce_request *q, const uint8_t (*ids)[16])
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
