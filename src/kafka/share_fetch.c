#include "kafka/share_fetch.h"

#include "kafka/api.h"
#include "kafka/grow.h"
#include "kafka/patch.h"
#include "kafka/schema.h"

/* The walker has checked all that is read here: counts, tags and that nothing is left over. */
static uint32_t
read_count(struct rd *r)
{
	uint32_t n = rd_uvarint(r);

	return n == 0 || r->err != 0 ? 0 : n - 1;
}

static void
skip_tags(struct rd *r)
{
	for (uint32_t count = rd_uvarint(r); count > 0 && r->err == 0; count--) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

/* --- the request --------------------------------------------------------------------- */

static void
skip_topics(struct rd *r)
{
	for (uint32_t topics = read_count(r); topics > 0 && r->err == 0; topics--) {
		rd_skip(r, 16);
		for (uint32_t n = read_count(r); n > 0 && r->err == 0; n--) {
			(void)rd_i32(r);
			for (uint32_t k = read_count(r); k > 0 && r->err == 0; k--) {
				rd_skip(r, 16); /* first, last */
				rd_skip(r, read_count(r));
				skip_tags(r);
			}
			skip_tags(r);
		}
		skip_tags(r);
	}
}

static int
compare_place(const void *a, const void *b)
{
	const struct fetch_at *x = a, *y = b;
	int d = memcmp(x->topic_id, y->topic_id, sizeof(x->topic_id));

	return d != 0 ? d : (x->partition > y->partition) - (x->partition < y->partition);
}

/* `list` may be NULL: they are counted alone. */
static void
read_forgotten(struct rd *r, struct grow *list)
{
	size_t all = 0;

	for (uint32_t topics = read_count(r); topics > 0 && r->err == 0; topics--) {
		struct slice id = rd_bytes(r, 16);

		for (uint32_t n = read_count(r); n > 0 && r->err == 0; n--) {
			int32_t partition = rd_i32(r);
			struct fetch_at *at = list != NULL ? grow_add(r, list, sizeof(*at), FETCH_PARTS_MAX) : NULL;

			if (++all > FETCH_PARTS_MAX && r->err == 0)
				rd_fail(r, ERR_LIMIT);
			if (at == NULL)
				continue;
			at->by_id = true;
			at->partition = partition;
			memcpy(at->topic_id, id.p, 16);
		}
		skip_tags(r);
	}
}

int
share_fetch_request_read(int16_t version, struct slice body, struct share_request *ret)
{
	struct share_request q = {0};
	struct rd r = rd_of(body);
	int err;

	if (version < SHARE_FETCH_MIN || version > SHARE_FETCH_MAX)
		return ERR_UNSUPPORTED;
	if ((err = schema_walk(API_SHARE_FETCH, false, version, body, NULL, NULL, NULL)) != 0)
		return err;
	q.group = rd_nullable_compact(&r);
	q.member = rd_nullable_compact(&r);
	q.epoch = rd_i32(&r);
	q.limits_at = rd_pos(&r);
	q.max_wait_ms = rd_i32(&r);
	q.min_bytes = rd_i32(&r);
	q.max_bytes = rd_i32(&r);
	(void)rd_i32(&r); /* records */
	q.batch_size = rd_i32(&r);
	if (version >= SHARE_WITH_RENEWAL) {
		q.acquire_mode = rd_i8(&r);
		(void)rd_u8(&r); /* is a lock renewed? */
	}
	q.topics_at = rd_pos(&r);
	skip_topics(&r);
	q.rest_at = rd_pos(&r);
	read_forgotten(&r, NULL);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret = q;
	return 0;
}

int
share_fetch_forgotten(const struct share_request *q, struct slice body, struct fetch_at **ret, size_t *ret_count)
{
	struct rd r = rd_of(slice_of(body.p + q->rest_at, body.n - q->rest_at));
	struct grow list = {0};

	read_forgotten(&r, &list);
	if (rd_err(&r) != 0) {
		free(list.items);
		return rd_err(&r);
	}
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(struct fetch_at), compare_place);
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

bool
share_fetch_forgets(const struct fetch_at *forgotten, size_t count, const struct fetch_at *at)
{
	return count > 0 && bsearch(at, forgotten, count, sizeof(*at), compare_place) != NULL;
}

/* --- the answer -------------------------------------------------------------------- */

static void
read_range(struct rd *r, int64_t *ret_first, int64_t *ret_last, uint16_t *ret_deliveries)
{
	*ret_first = rd_i64(r);
	*ret_last = rd_i64(r);
	*ret_deliveries = rd_u16(r);
	skip_tags(r);
}

static void
read_acquired(struct rd *r, struct share_part *p)
{
	p->first = -1;
	p->acquired_at = rd_pos(r);
	for (uint32_t n = read_count(r); n > 0 && r->err == 0; n--) {
		int64_t first, last;
		uint16_t deliveries;

		read_range(r, &first, &last, &deliveries);
		first = first < 0 ? 0 : first; /* before it there are no records */
		if (first <= last && (p->first < 0 || first < p->first))
			p->first = first;
	}
	p->acquired_len = rd_pos(r) - p->acquired_at;
}

static void
read_part(struct rd *r, const uint8_t *topic_id, struct grow *parts)
{
	struct share_part *p = grow_add(r, parts, sizeof(*p), FETCH_PARTS_MAX);
	struct fetch_part *f;

	if (p == NULL)
		return;
	f = &p->fetch;
	f->at.by_id = true;
	memcpy(f->at.topic_id, topic_id, sizeof(f->at.topic_id));
	f->high_watermark = f->last_stable = f->log_start = -1;
	f->at.partition = rd_i32(r);
	f->error_at = rd_pos(r);
	f->error = rd_i16(r);
	(void)rd_nullable_compact(r);
	p->acknowledged = rd_i16(r);
	(void)rd_nullable_compact(r);
	p->leader_at = rd_pos(r);
	rd_skip(r, 8);
	skip_tags(r);
	f->field_at = rd_pos(r);
	f->records = rd_nullable_compact(r);
	f->field_len = rd_pos(r) - f->field_at;
	read_acquired(r, p);
	skip_tags(r);
}

static int
compare_parts(const void *a, const void *b)
{
	return compare_place(&(*(const struct share_part *const *)a)->fetch.at, &(*(const struct share_part *const *)b)->fetch.at);
}

/* What is said of a partition twice is what nobody could go by.  0, ERR_MALFORMED, ERR_NOMEM. */
static int
each_once(const struct share_part *parts, size_t count)
{
	const struct share_part **sorted;
	int err = 0;

	if (count < 2)
		return 0;
	if ((sorted = reallocarray(NULL, count, sizeof(struct share_part *))) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &parts[i];
	qsort(sorted, count, sizeof(struct share_part *), compare_parts);
	for (size_t i = 1; i < count && err == 0; i++)
		err = compare_parts(&sorted[i - 1], &sorted[i]) == 0 ? ERR_MALFORMED : 0;
	free(sorted);
	return err;
}

int
share_fetch_response_read(int16_t version, struct slice body, struct share_response *ret)
{
	struct share_response a = {0};
	struct grow parts = {0};
	struct rd r = rd_of(body);
	int err;

	if (version < SHARE_FETCH_MIN || version > SHARE_FETCH_MAX)
		return ERR_UNSUPPORTED;
	if ((err = schema_walk(API_SHARE_FETCH, true, version, body, NULL, NULL, NULL)) != 0)
		return err;
	(void)rd_i32(&r); /* throttle time */
	a.error = rd_i16(&r);
	(void)rd_nullable_compact(&r);
	a.lock_ms = rd_i32(&r);
	for (uint32_t topics = read_count(&r); topics > 0 && r.err == 0; topics--) {
		struct slice id = rd_bytes(&r, 16);

		for (uint32_t n = read_count(&r); n > 0 && r.err == 0; n--)
			read_part(&r, id.p, &parts);
		skip_tags(&r);
	}
	if ((err = rd_err(&r)) != 0 || (err = each_once(parts.items, parts.count)) != 0) {
		free(parts.items);
		return err;
	}
	a.parts = parts.items;
	a.count = parts.count;
	*ret = a;
	return 0;
}

void
share_fetch_response_free(struct share_response *r)
{
	free(r->parts);
	*r = (struct share_response){0};
}

/* --- an answer anew ------------------------------------------------------------------ */

/* The first span that ends at `offset` or behind it. */
static size_t
first_span(const struct share_span *spans, size_t count, int64_t offset)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (spans[mid].to < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* `out` may be NULL.  Returns how many ranges are left. */
static uint32_t
cut(struct slice acquired, const struct share_span *spans, size_t count, struct wr *out)
{
	struct rd r = rd_of(acquired);
	int64_t next = 0;
	uint32_t left = 0;

	for (uint32_t n = read_count(&r); n > 0; n--) {
		int64_t first, last;
		uint16_t deliveries;

		read_range(&r, &first, &last, &deliveries);
		first = first < next ? next : first;
		if (last < first)
			continue;
		next = last < INT64_MAX ? last + 1 : last;
		for (size_t i = first_span(spans, count, first); i < count && spans[i].from <= last; i++) {
			left++;
			if (out == NULL)
				continue;
			wr_i64(out, spans[i].from > first ? spans[i].from : first);
			wr_i64(out, spans[i].to < last ? spans[i].to : last);
			wr_u16(out, deliveries);
			wr_uvarint(out, 0); /* tags */
		}
	}
	return left;
}

void
share_fetch_cut(struct slice acquired, const struct share_span *spans, size_t count, struct wr *out)
{
	wr_uvarint(out, cut(acquired, spans, count, NULL) + 1);
	(void)cut(acquired, spans, count, out);
}

bool
share_fetch_acquired(struct rd *r, uint32_t *left, int64_t *ret_first, int64_t *ret_last)
{
	uint16_t deliveries;

	if (rd_pos(r) == 0)
		*left = read_count(r);
	if (*left == 0)
		return false;
	(*left)--;
	read_range(r, ret_first, ret_last, &deliveries);
	return r->err == 0;
}

int64_t
share_fetch_count(struct slice acquired)
{
	struct rd r = rd_of(acquired);
	int64_t first, last;
	uint64_t n = 0;
	uint32_t left = 0;

	while (share_fetch_acquired(&r, &left, &first, &last)) {
		first = first < 0 ? 0 : first; /* before it there are no records */
		n += last < first ? 0 : (uint64_t)(last - first) + 1;
		n = n > INT32_MAX ? INT32_MAX : n;
	}
	return (int64_t)n;
}

static int
put_part(struct patch *p, struct slice acquired, const struct share_edit *e)
{
	size_t n = 0;
	int err = 0;

	for (size_t i = 0; i < e->fetch.count; i++) {
		if (e->fetch.pieces[i].n > INT32_MAX - 1 - n)
			return ERR_LIMIT;
		n += e->fetch.pieces[i].n;
	}
	wr_uvarint(&p->head, (uint32_t)n + 1);
	for (size_t i = 0; i < e->fetch.count && err == 0; i++)
		err = patch_put(p, e->fetch.pieces[i]);
	if (err != 0)
		return err;
	share_fetch_cut(e->acquired.p != NULL ? e->acquired : acquired, e->spans, e->span_count, &p->head);
	return wr_err(&p->head);
}

int
share_fetch_edit(struct blob *frame, size_t body_at, const struct share_response *r, const struct share_edit *edits,
		    struct rope *ret)
{
	struct slice body = slice_of(frame->data + body_at, frame->len - body_at);
	struct patch e = patch_of(frame);
	size_t copied = 0;
	int err = 0;

	for (size_t i = 0; i < r->count && err == 0; i++) {
		const struct share_part *p = &r->parts[i];
		const struct fetch_part *f = &p->fetch;

		if (!edits[i].fetch.changed)
			continue;
		err = patch_put(&e, slice_of(body.p + copied, f->error_at - copied));
		wr_i16(&e.head, edits[i].fetch.error);
		copied = f->error_at + 2;
		if (err == 0 && edits[i].fetch.error != 0 && edits[i].fetch.error != f->error) {
			err = patch_put(&e, slice_of(body.p + copied, p->leader_at - copied));
			wr_i32(&e.head, -1);
			wr_i32(&e.head, -1);
			copied = p->leader_at + 8;
		}
		if (err == 0)
			err = patch_put(&e, slice_of(body.p + copied, f->field_at - copied));
		if (err == 0)
			err = put_part(&e, slice_of(body.p + p->acquired_at, p->acquired_len), &edits[i]);
		copied = p->acquired_at + p->acquired_len;
	}
	if (err == 0)
		err = patch_put(&e, slice_of(body.p + copied, body.n - copied));
	return patch_end(&e, err, ret);
}
