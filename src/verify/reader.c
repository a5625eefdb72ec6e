#include "verify/reader.h"

#include "makoto/manifest.h"
#include "verify/dbom_row.h"

enum { PROGRESS_EVERY = 256 };

struct reading {
	reader_fn *fn;
	reader_progress_fn *progress;
	void *arg;
	int32_t partition;
	int64_t low;
	uint64_t before; /* offsets of the partitions that are read */
	uint64_t total;
	unsigned count;
};

static int
on_record(void *arg, const struct consumer_record *r)
{
	struct reading *g = arg;
	struct slice manifest = {NULL, 0};

	for (size_t i = 0; i < r->header_count; i++)
		if (slice_eq(r->headers[i].name, slice_str(MANIFEST_HEADER)))
			manifest = r->headers[i].value;
	if (g->progress != NULL && g->count++ % PROGRESS_EVERY == 0)
		g->progress(g->arg, g->before + (uint64_t)(r->offset - g->low), g->total);
	return g->fn(g->arg, g->partition, r->offset, r->key, r->value, manifest);
}

struct span { /* of a partition: what it held at the start */
	int32_t number;
	int64_t low, high;
};

struct spans {
	struct span *list;
	size_t count;
};

/* Those of one topic, whose partitions begin at that number, are added. */
static int
add_topic(struct consumer *c, const char *topic, int32_t number, struct spans *s)
{
	struct span *more;
	int32_t n;
	int err = consumer_partitions(c, topic, &n);

	if (err != 0)
		return err;
	if (n > DBOM_ROW_PARTITIONS)
		return ERR_LIMIT;
	if ((more = reallocarray(s->list, s->count + (size_t)n, sizeof(*more))) == NULL)
		return ERR_NOMEM;
	s->list = more;
	for (int32_t p = 0; err == 0 && p < n; p++) {
		struct span *x = &s->list[s->count];

		x->number = number + p;
		if ((err = consumer_watermarks(c, topic, p, &x->low, &x->high)) == 0)
			s->count++;
	}
	return err;
}

int
reader_statements(struct consumer *c, const char *topics, reader_fn *fn, reader_progress_fn *progress, void *arg)
{
	struct reading g = {.fn = fn, .progress = progress, .arg = arg};
	char topic[DBOM_ROW_NAME];
	struct spans s = {NULL, 0};
	int32_t p;
	int err = 0;

	for (int32_t i = 0; err == 0 && i <= DBOM_ROW_TOPICS && dbom_row_place(topics, i * DBOM_ROW_PARTITIONS, topic, &p) == 0; i++)
		err = i == DBOM_ROW_TOPICS ? ERR_LIMIT : add_topic(c, topic, i * DBOM_ROW_PARTITIONS, &s);
	for (size_t i = 0; err == 0 && i < s.count; i++)
		g.total += (uint64_t)(s.list[i].high - s.list[i].low);
	for (size_t i = 0; err == 0 && i < s.count; i++) {
		g.partition = s.list[i].number;
		g.low = s.list[i].low;
		if ((err = dbom_row_place(topics, g.partition, topic, &p)) == 0)
			err = consumer_read(c, topic, p, s.list[i].low, s.list[i].high, on_record, &g);
		g.before += (uint64_t)(s.list[i].high - s.list[i].low);
	}
	if (err == 0 && progress != NULL)
		progress(arg, g.total, g.total);
	free(s.list);
	return err;
}

int
reader_statement_at(struct consumer *c, const char *topics, int32_t partition, int64_t offset, reader_fn *fn, void *arg)
{
	struct reading g = {.fn = fn, .arg = arg, .partition = partition, .low = offset};
	char topic[DBOM_ROW_NAME];
	int32_t p;
	int err = dbom_row_place(topics, partition, topic, &p);

	return err != 0 ? err : consumer_read(c, topic, p, offset, offset + 1, on_record, &g);
}

int
reader_headers_of(struct reader_headers *to, const struct consumer_record *r)
{
	if (r->header_count > to->cap) {
		struct header *more = reallocarray(to->list, r->header_count, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		to->list = more;
		to->cap = r->header_count;
	}
	for (size_t i = 0; i < r->header_count; i++)
		to->list[i] = (struct header){r->headers[i].name, r->headers[i].value};
	return 0;
}
