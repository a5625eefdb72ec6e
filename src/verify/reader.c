#include "verify/reader.h"

#include "makoto/manifest.h"

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

int
reader_statements(struct consumer *c, const char *topic, reader_fn *fn, reader_progress_fn *progress, void *arg)
{
	struct reading g = {.fn = fn, .progress = progress, .arg = arg};
	struct mark {
		int64_t low, high;
	} *marks;
	int32_t n;
	int err;

	if ((err = consumer_partitions(c, topic, &n)) != 0)
		return err;
	if ((marks = calloc((size_t)n, sizeof(*marks))) == NULL)
		return ERR_NOMEM;
	for (int32_t p = 0; p < n; p++) {
		if ((err = consumer_watermarks(c, topic, p, &marks[p].low, &marks[p].high)) != 0)
			goto out;
		g.total += (uint64_t)(marks[p].high - marks[p].low);
	}
	for (int32_t p = 0; p < n; p++) {
		g.partition = p;
		g.low = marks[p].low;
		if ((err = consumer_read(c, topic, p, marks[p].low, marks[p].high, on_record, &g)) != 0)
			goto out;
		g.before += (uint64_t)(marks[p].high - marks[p].low);
	}
	if (progress != NULL)
		progress(arg, g.total, g.total);
out:
	free(marks);
	return err;
}

int
reader_statement_at(struct consumer *c, const char *topic, int32_t partition, int64_t offset, reader_fn *fn, void *arg)
{
	struct reading g = {.fn = fn, .arg = arg, .partition = partition, .low = offset};

	return consumer_read(c, topic, partition, offset, offset + 1, on_record, &g);
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
