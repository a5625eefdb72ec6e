/*
 * vigils: a partition that is judged as it grows, with a log and a ledger in memory below it: what the world has.  A program
 * that includes this has no librdkafka.
 */
#ifndef TESTS_UNIT_VIGILS_H
#define TESTS_UNIT_VIGILS_H

#include "trusting.h"
#include "verify/vigil.h"
#include "world_batches.h"

static struct world_proxy proxy, other, elsewhere;
static struct policy *policy;
static struct vigil *vigil;
static const struct vigil_found *got;

/* --- a log and a ledger: what the world has; without checks, since memory may be failing ------ */

static struct {
	int64_t low, high;
	int fail; /* the next read, at its end */
	bool unknown; /* no offset by time: the topic isn't known */
	unsigned answers; /* that were not released */
	bool not_whole;
	int room; /* for so many windows with members in what is asked about; 0: for all; -1: for none */
	unsigned asked;
	size_t runs_max;
	int ticks[64], tick; /* what each gives, and how many there were */
} lab;

static int
on_tick(void *arg UNUSED)
{
	return lab.tick < (int)ARRAY_LEN(lab.ticks) ? lab.ticks[lab.tick++] : 0;
}

struct consumer;

int
consumer_watermarks(struct consumer *c UNUSED, const char *topic, int32_t partition, int64_t *ret_low, int64_t *ret_high)
{
	INVARIANT(strcmp(topic, "t") == 0 && partition == 0);
	*ret_low = lab.low;
	*ret_high = lab.high;
	return 0;
}

int
consumer_partitions(struct consumer *c UNUSED, const char *topic UNUSED, int32_t *ret)
{
	*ret = 1;
	return 0;
}

int
consumer_offset_at(struct consumer *c UNUSED, const char *topic UNUSED, int32_t partition UNUSED, int64_t time_ms, int64_t *ret)
{
	if (lab.unknown)
		return ERR_NOTFOUND;
	*ret = time_ms > 100 ? INT64_MAX : time_ms;
	return 0;
}

int
consumer_read(struct consumer *c UNUSED, const char *topic UNUSED, int32_t partition UNUSED, int64_t from, int64_t to, consumer_fn *fn,
	      void *arg)
{
	int err = 0;

	INVARIANT(from >= lab.low && to <= lab.high);
	for (size_t i = 0; err == 0 && i < w.count; i++) {
		const struct world_record *r = &w.r[i];
		struct consumer_header headers[WORLD_HEADERS];
		struct consumer_record x = {.offset = r->offset, .timestamp = r->timestamp, .key = slice_str(r->key), .value = world_value(r),
					    .headers = headers, .header_count = r->header_count};

		for (size_t k = 0; k < r->header_count; k++)
			headers[k] = (struct consumer_header){r->headers[k].name, r->headers[k].value};
		if (!r->gone && r->offset >= from && r->offset < to && r->offset >= lab.low)
			err = fn(arg, &x);
	}
	if (err == 0 && lab.fail != 0) {
		err = lab.fail;
		lab.fail = 0;
	}
	return err;
}

int
ledger_ask(struct ledger *l UNUSED, const struct ledger_want *want, void (*notify)(void *arg), void *arg UNUSED, struct ledger_answer *ret)
{
	INVARIANT(notify == NULL && want->partition == 0);
	int listed = 0;

	for (size_t i = 0; i < known.a.count; i++)
		listed += known.statements[i]->last_offset >= want->from && known.statements[i]->first_offset < want->to;
	*ret = known.a;
	ret->too_large = lab.room != 0 && listed > (lab.room < 0 ? 0 : lab.room);
	ret->whole = !lab.not_whole && !ret->too_large;
	lab.answers++;
	lab.asked++;
	return 0;
}

void
ledger_release(struct ledger *l UNUSED, struct ledger_answer *a UNUSED)
{
	lab.answers--;
}

/* --- the rig --------------------------------------------------------------------------------- */

enum { WAIT_MS = 1000 };

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	memset(&known, 0, sizeof(known));
	memset(&lab, 0, sizeof(lab));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	world_proxy_open(&elsewhere, "t", WORLD_TOPIC_ID, 1, 3, false);
	trust_nobody();
	trust_also(proxy.public_key);
	policy = trust_policy(false);
}

static void
teardown(void)
{
	vigil_free(vigil);
	vigil_free(NULL);
	vigil = NULL;
	ck_assert_uint_eq(lab.answers, 0);
	forget();
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	world_proxy_close(&elsewhere);
	policy_unref(policy);
}

static UNUSED void
begin_at(struct vigil_begin b, bool compacted)
{
	static struct vigil_conf conf;

	conf = (struct vigil_conf){.policy = policy, .cluster_id = world_cluster, .dbom_topic = WORLD_DBOM, .wait_ms = WAIT_MS, .runs_max = lab.runs_max, .tick = on_tick};
	vigil_free(vigil);
	ck_assert_int_eq(vigil_new(&conf, "t", WORLD_TOPIC_ID, 0, compacted, &b, &vigil), 0);
}

static UNUSED void
begin(int64_t judged)
{
	if (judged < 0)
		begin_at((struct vigil_begin){.judged = false}, false);
	else
		begin_at((struct vigil_begin){{TOPIC_BOUND_OFFSET, judged}, true}, false);
}

static UNUSED int
step(int64_t now)
{
	got = NULL;
	lab.high = w.next_offset > lab.high ? w.next_offset : lab.high;
	return vigil_step(vigil, now, WORLD_NOW, &got);
}

#endif
