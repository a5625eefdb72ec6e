/* What is held of what is found, until its topic is whole. */
#include "ctl/page_internal.h"

struct page *
page_open(unsigned jobs)
{
	struct page *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->jobs = calloc(jobs, sizeof(*p->jobs))) == NULL) {
		free(p);
		return NULL;
	}
	p->job_count = jobs;
	p->rows = wr_new(PAGE_BYTES_MAX);
	p->details = wr_new(PAGE_BYTES_MAX);
	return p;
}

static void
part_free(struct page *p, struct page_part *part)
{
	for (size_t i = 0; i < part->note_count; i++)
		free(part->notes[i].why);
	for (size_t i = 0; i < part->violation_count; i++)
		free(part->violations[i].why);
	free(part->notes);
	free(part->violations);
	p->pieces -= part->line.count;
	timeline_clear(&part->line);
	free(part);
}

static void
topic_free(struct page *p, struct page_topic *x)
{
	for (struct page_part *part = x->parts, *next; part != NULL; part = next) {
		next = part->next;
		part_free(p, part);
	}
	free(x->name);
	free(x);
}

void
page_close(struct page *p)
{
	if (p == NULL)
		return;
	for (struct page_topic *x = p->topics, *next; x != NULL; x = next) {
		next = x->next;
		topic_free(p, x);
	}
	wr_free(&p->rows);
	wr_free(&p->details);
	free(p->jobs);
	free(p);
}

bool
page_is_empty(const struct page *p)
{
	return p->told == 0 && p->topics == NULL;
}

/* --- where a finding belongs ---------------------------------------------------------- */

static struct page_topic *
topic_of(struct page *p, const struct topic_report *t)
{
	struct page_topic *x = p->topics;

	while (x != NULL && x->report != t)
		x = x->next;
	if (x != NULL)
		return x;
	if ((x = calloc(1, sizeof(*x))) == NULL || (x->name = strdup(t->topic)) == NULL) {
		free(x);
		return NULL;
	}
	x->report = t;
	x->next = p->topics;
	p->topics = x;
	return x;
}

static struct page_part *
part_of(struct page *p, struct page_topic *x, int32_t partition, size_t partitions)
{
	struct page_part *part = x->parts;
	size_t share = PAGE_PIECES_OF_TOPIC / (partitions == 0 ? 1 : partitions);

	while (part != NULL && part->partition != partition)
		part = part->next;
	if (part != NULL)
		return part;
	if ((part = calloc(1, sizeof(*part))) == NULL)
		return NULL;
	part->partition = partition;
	part->line.max = p->pieces >= PAGE_PIECES_MAX ? 1 : share > TIMELINE_MAX ? TIMELINE_MAX : share < 1 ? 1 : share;
	part->next = x->parts;
	x->parts = part;
	x->part_count++;
	return part;
}

/* A job judges one partition after the other, so that it is looked up once for each. */
static struct page_job *
job_of(struct page *p, unsigned job, const struct topic_report *t, int32_t partition)
{
	struct page_job *j = &p->jobs[job];

	if (j->topic == NULL || j->topic->report != t || j->part->partition != partition) {
		struct page_topic *x = topic_of(p, t);
		struct page_part *part = x == NULL ? NULL : part_of(p, x, partition, t->partition_count);

		if (part == NULL)
			return NULL;
		*j = (struct page_job){x, part};
	}
	return j;
}

/* --- what isn't there ------------------------------------------------------------------- */

static int
note(struct page_part *part, const struct finding *f)
{
	int kind = f->about_record ? (int)f->verdict : (int)f->window;
	struct page_note *n = part->notes, *more;
	size_t i = 0;

	while (i < part->note_count && (n[i].about_record != f->about_record || n[i].kind != kind ||
					strncmp(n[i].why, f->why, PAGE_WHY_MAX) != 0))
		i++;
	if (i == part->note_count) {
		if (part->note_count == PAGE_NOTES_MAX) {
			part->notes_more++;
			return 0;
		}
		if ((more = reallocarray(n, i + 1, sizeof(*n))) == NULL)
			return ERR_NOMEM;
		part->notes = n = more;
		n[i] = (struct page_note){.about_record = f->about_record, .kind = kind, .first = f->offset, .last = f->offset};
		if ((n[i].why = strndup(f->why, PAGE_WHY_MAX)) == NULL)
			return ERR_NOMEM;
		part->note_count++;
	}
	n[i].count++;
	if (f->offset < n[i].first)
		n[i].first = f->offset;
	if (f->offset > n[i].last)
		n[i].last = f->offset;
	return 0;
}

static bool
is_note(const struct finding *f)
{
	return f->about_record ? f->verdict == VERDICT_PENDING || f->verdict == VERDICT_UNATTESTED : f->window != WINDOW_COMPLETE;
}

/* --- evidence ------------------------------------------------------------------------------- */

static bool
is_violation(const struct finding *f)
{
	return f->about_record ? verdict_is_violation(f->verdict) : window_finding_is_violation(f->window);
}

static int
violation(struct page *p, struct page_part *part, const struct finding *f)
{
	struct page_violation *v;

	if (part->violation_count == PAGE_VIOLATIONS_OF_PARTITION || p->violations == PAGE_VIOLATIONS_MAX) {
		part->violations_more++;
		p->violations_more++;
		return 0;
	}
	if (part->violation_count == part->violation_cap) {
		size_t cap = part->violation_cap == 0 ? 4 : part->violation_cap * 2;

		if ((v = reallocarray(part->violations, cap, sizeof(*v))) == NULL)
			return ERR_NOMEM;
		part->violations = v;
		part->violation_cap = cap;
	}
	v = &part->violations[part->violation_count];
	*v = (struct page_violation){.f = *f};
	if ((v->why = strndup(f->why, PAGE_WHY_MAX)) == NULL)
		return ERR_NOMEM;
	(void)snprintf(v->issuer, sizeof(v->issuer), "%s", f->issuer == NULL ? "" : f->issuer);
	if (f->hashes != NULL) {
		const struct verdict_hashes *h = f->hashes;

		v->hash_of = h->of;
		if ((v->has_expected = h->expected != NULL))
			memcpy(v->expected, h->expected, SHA256_LEN);
		if ((v->has_found = h->found != NULL))
			memcpy(v->found, h->found, SHA256_LEN);
	}
	v->f.why = v->f.issuer = NULL;
	v->f.stated = NULL;
	v->f.hashes = NULL;
	part->violation_count++;
	p->violations++;
	return 0;
}

/* --- whose statements it was -------------------------------------------------------------- */

static struct page_signer *
signer_of(struct page_topic *x, const struct verdict_window *w)
{
	const struct statement *s = w->statement;
	struct page_signer *g = x->signers;
	size_t i = 0;

	while (i < x->signer_count && (g[i].issuer != w->issuer || g[i].keyid != w->keyid || g[i].level != s->level))
		i++;
	if (i == PAGE_SIGNERS_MAX)
		return NULL;
	if (i == x->signer_count) {
		g[i] = (struct page_signer){w->issuer, w->keyid, s->level, 0, 0, INT64_MAX, INT64_MIN};
		x->signer_count++;
	}
	return &g[i];
}

static void
count_signer(struct page_topic *x, struct page_part *part, const struct finding *f)
{
	const struct verdict_window *w = f->stated;
	struct page_signer *g;

	if (w == NULL || w->trust == TRUST_NONE)
		return;
	if (f->about_record) {
		if ((f->verdict == VERDICT_VERIFIED || f->verdict == VERDICT_UNSIGNED) && (g = signer_of(x, w)) != NULL)
			g->records++;
		return;
	}
	if ((f->window != WINDOW_COMPLETE && f->offset < 0) || part->counted == w)
		return;
	part->counted = w;
	if ((g = signer_of(x, w)) == NULL) {
		x->signers_more++;
		return;
	}
	g->windows++;
	if (w->statement->settled_ms < g->from_ms)
		g->from_ms = w->statement->settled_ms;
	if (w->statement->settled_ms > g->until_ms)
		g->until_ms = w->statement->settled_ms;
}

/* --- what verification tells ----------------------------------------------------------------- */

void
page_finding(struct page *p, unsigned job, const struct topic_report *t, const struct finding *f)
{
	struct page_job *j = job_of(p, job, t, f->partition);
	size_t pieces;
	int err;

	if (j == NULL) {
		p->failed = true;
		return;
	}
	pieces = j->part->line.count;
	err = timeline_add(&j->part->line, f);
	p->pieces += j->part->line.count - pieces;
	count_signer(j->topic, j->part, f);
	if (err == 0 && is_note(f))
		err = note(j->part, f);
	if (err == 0 && is_violation(f))
		err = violation(p, j->part, f);
	p->failed |= err != 0;
}

void
page_partition(struct page *p, unsigned job, const struct topic_report *t, const struct topic_partition *of)
{
	struct page_job *j = job_of(p, job, t, of->partition);

	if (j == NULL) {
		p->failed = true;
		return;
	}
	j->part->judged = true;
	j->part->from = of->from;
	j->part->to = of->to;
	j->part->tally = of->tally;
	j->part->counted = j->part->line.current = j->part->line.counted = NULL; /* they may not live on */
	*j = (struct page_job){NULL, NULL};
}

void
page_unfinished(struct page *p)
{
	struct page_topic *x = p->topics;

	page_body_topic(p, x, NULL);
	p->topics = x->next;
	topic_free(p, x);
}

void
page_topic(struct page *p, const struct topic_report *t)
{
	struct page_topic *x = topic_of(p, t), **at = &p->topics;

	if (x == NULL) {
		p->failed = true;
		return;
	}
	for (unsigned i = 0; i < p->job_count; i++)
		if (p->jobs[i].topic == x)
			p->jobs[i] = (struct page_job){NULL, NULL};
	page_body_topic(p, x, t);
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	topic_free(p, x);
}
