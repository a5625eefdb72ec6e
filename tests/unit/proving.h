/* proving: from a world's records and statements to a proof, and back. */
#ifndef TESTS_UNIT_PROVING_H
#define TESTS_UNIT_PROVING_H

#include "verify/evidence.h"
#include "verify/proven.h"
#include "world.h"

struct proving {
	const struct world *w;
	struct evidence_conf conf;
	bool with_value;
	/* What came of it. */
	enum verdict verdict;
	const char *why, *untrusted_why;
	uint64_t untrusted;
	int64_t from, to;
};

static inline struct proving
proving_of(const struct world *w, const struct policy *policy)
{
	return (struct proving){.w = w,
				.conf = {.cluster_id = slice_str(world_cluster),
					 .topic = slice_str("t"),
					 .topic_id = slice_str(WORLD_TOPIC_ID),
					 .topic_id_known = true,
					 .dbom_topic = slice_str(WORLD_DBOM),
					 .policy = policy,
					 .now_ms = WORLD_NOW,
					 .pending_max_ms = 3600000}};
}

static inline struct verdict_record
proving_record(const struct world_record *r)
{
	return (struct verdict_record){r->offset, r->timestamp, slice_str(r->key), world_value(r), r->headers, r->header_count};
}

static inline int
proving_statements(const struct proving *g, struct evidence *e, bool take)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < g->w->stated; i++) {
		const struct world_statement *s = &g->w->s[i];

		if (s->gone)
			continue;
		err = take ? evidence_take(e, slice_str(s->key), wr_slice(&s->value),
					   s->manifest.len > 0 ? wr_slice(&s->manifest) : (struct slice){NULL, 0})
			   : evidence_look(e, slice_str(s->key), wr_slice(&s->value));
	}
	return err;
}

/* Of record i; the proof is appended when the verdict is one that has it.  0 or what failed. */
static inline int
proving_run(struct proving *g, size_t i, struct wr *ret)
{
	struct verdict_record v = proving_record(&g->w->r[i]);
	struct evidence_verdict end;
	struct evidence *e;
	int err = evidence_new(&g->conf, &v, &e);

	if (err != 0)
		return err;
	if ((err = proving_statements(g, e, false)) != 0 || (err = proving_statements(g, e, true)) != 0 ||
	    (err = evidence_range(e, &g->from, &g->to)) != 0)
		goto out;
	for (size_t k = 0; err == 0 && k < g->w->count; k++) {
		v = proving_record(&g->w->r[k]);
		if (!g->w->r[k].gone && v.offset >= g->from && v.offset < g->to)
			err = evidence_record(e, &v);
	}
	if (err != 0 || (err = evidence_end(e, &end)) != 0)
		goto out;
	g->verdict = end.verdict;
	g->why = end.why;
	g->untrusted = end.untrusted;
	g->untrusted_why = end.untrusted_why;
	if ( (g->verdict == VERDICT_VERIFIED || g->verdict == VERDICT_UNSIGNED))
		err = evidence_proof(e, g->with_value, ret);
out:
	evidence_free(e);
	return err;
}

#endif
