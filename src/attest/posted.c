#include "attest/posted.h"

#include "attest/seen.h"
#include "attest/sought.h"
#include "base/text.h"

/* Clocks may be set back between a statement and its record. */
#define CLOCK_SLACK_MS (INT64_C(60) * 60 * 1000)

/* 16 MiB of them. */
enum { SEEN_MAX = 1 << 20, KEEP_MS = 60 * 1000 };

enum { LARGE_MAX = 64 * 1000 * 1000 }; /* that we send */

struct posted {
	struct posted_conf conf;
	struct public_key *key; /* that statements are signed with; NULL: level 1 */
	struct seen *seen;
	struct monotime used;
	int64_t largest; /* that the topic takes; 0: not asked, or nobody told */
};

static int
public_of(const struct signer *signer, struct public_key **ret)
{
	struct wr pem = wr_new(16384);
	int err = signer_public(signer, &pem);

	if (err == 0)
		err = public_key_parse(wr_slice(&pem), ret);
	wr_free(&pem);
	return err;
}

int
posted_new(const struct posted_conf *conf, struct posted **ret)
{
	struct posted *p = calloc(1, sizeof(*p));
	int err = 0;

	if (p == NULL)
		return ERR_NOMEM;
	p->conf = *conf;
	if ((p->seen = seen_new(SEEN_MAX)) == NULL)
		err = ERR_NOMEM;
	else if (conf->signer != NULL)
		err = public_of(conf->signer, &p->key);
	if (err != 0) {
		posted_free(p);
		return err;
	}
	*ret = p;
	return 0;
}

void
posted_free(struct posted *p)
{
	if (p == NULL)
		return;
	seen_free(p->seen);
	public_key_free(p->key);
	free(p);
}

/* One look. */
struct posting {
	struct posted *p;
	struct consumer *c;
	int32_t partition;
	struct sought sought;
	bool no_room, there, other;
};

static bool
goes_on(const struct posting *g)
{
	return g->p->conf.goes_on(g->p->conf.arg);
}

static int
read_range(struct posting *g, struct seen_range range, consumer_fn *fn)
{
	int err = goes_on(g) ? consumer_read(g->c, g->p->conf.topic, g->partition, range.from, range.to, fn, g) : ERR_CLOSED;

	return err == 0 && consumer_was_cut(g->c) ? ERR_AGAIN : err;
}

static int
on_any(void *arg, const struct consumer_record *r)
{
	struct posting *g = arg;

	if (!goes_on(g))
		return ERR_CLOSED;
	if (r->value.p != NULL)
		g->no_room = !seen_add(g->p->seen, g->partition, r->key, r->offset);
	return g->no_room ? ERR_LIMIT : 0;
}

static int
on_its_own(void *arg, const struct consumer_record *r)
{
	struct posting *g = arg;
	enum sought_is is;

	if (!goes_on(g))
		return ERR_CLOSED;
	if (sought_record(&g->sought, r->key, r->value, &is) != 0)
		return ERR_NOMEM;
	g->there |= is == SOUGHT_OURS;
	g->other |= is == SOUGHT_OTHER;
	return 0;
}

/* Where the statement can stand: empty when all is older. */
static int
find_range(struct posting *g, const struct look *l, struct seen_range *ret)
{
	int64_t low, high, from;
	int err = consumer_watermarks(g->c, g->p->conf.topic, g->partition, &low, &high);

	if (err == 0 && !goes_on(g))
		err = ERR_CLOSED;
	if (err == 0)
		err = consumer_offset_at(g->c, g->p->conf.topic, g->partition, l->since_ms - CLOCK_SLACK_MS, &from);
	if (err == 0)
		*ret = (struct seen_range){from < low ? low : from, high};
	return err;
}

/* A statement with its manifest may take longer on a slow link than an answer is waited for.  Who may not ask waits as ever. */
static int
wait_for_large(struct posting *g)
{
	struct posted *p = g->p;
	char text[32];

	if (!goes_on(g))
		return ERR_CLOSED;
	if (seen_is_empty(p->seen) && (consumer_topic_config(g->c, p->conf.topic, "max.message.bytes", text, sizeof(text)) != 0 ||
				       text_parse_i64(slice_str(text), &p->largest) != 0 || p->largest < 0))
		p->largest = 0;
	consumer_large(g->c, (size_t)(p->largest < LARGE_MAX ? p->largest : LARGE_MAX));
	return 0;
}

/* Which keys stand there; without room for that it isn't known. */
static int
read_keys(struct posting *g, struct seen_range range)
{
	struct seen_range gap;
	int err = 0;

	while (err == 0 && seen_missing(g->p->seen, g->partition, range, &gap)) {
		err = read_range(g, gap, on_any);
		seen_read(g->p->seen, g->partition, gap, err == 0);
		if (g->no_room)
			return 0;
	}
	return err;
}

int
posted_look(struct posted *p, struct consumer *c, const struct look *l, struct monotime now, bool *ret_there,
	    bool *ret_other)
{
	struct posting g = {.p = p,
			    .c = c,
			    .partition = l->dbom_partition,
			    .sought = {l->id, l->window, l->value_sha256, l->statement_sha256, p->key}};
	struct seen_range range;
	int err = find_range(&g, l, &range);

	p->used = now;
	if (err == 0 && range.from < range.to)
		err = wait_for_large(&g);
	if (err == 0)
		err = read_keys(&g, range);
	if (err == 0)
		range = seen_where(p->seen, g.partition, range, l->id, l->window);
	if (err == 0 && range.from < range.to)
		err = read_range(&g, range, on_its_own);
	consumer_large(c, 0); /* it reads other topics, too */
	if (err != 0)
		return err;
	*ret_there = g.there;
	*ret_other = g.other;
	return 0;
}

int
posted_tidy(struct posted *p, struct monotime now)
{
	int64_t left = KEEP_MS - monotime_since_ms(now, p->used);

	if (seen_is_empty(p->seen))
		return -1;
	if (left > 0)
		return (int)left;
	seen_forget(p->seen);
	return -1;
}
