#include "kafka/fetch.h"

#include "kafka/api.h"
#include "kafka/grow.h"
#include "kafka/patch.h"
#include "kafka/schema.h"

enum { WITH_LOG_START = 5, WITH_SESSION = 7, WITH_LEADER_EPOCH = 9, WITH_RACK = 11, FLEXIBLE = 12, BY_ID = 13, WITH_STATE = 15 };
enum { TAG_REPLICA_STATE = 1, NO_SESSION_EPOCH = -1 };

/* The walker has checked all that is read here: counts, tags and that nothing is left over. */
static uint32_t
read_count(struct rd *r, int16_t version)
{
	int64_t n = version >= FLEXIBLE ? (int64_t)rd_uvarint(r) - 1 : rd_i32(r);

	return n < 0 || r->err != 0 ? 0 : (uint32_t)n;
}

static void
skip_tags(struct rd *r, int16_t version)
{
	uint32_t count = version >= FLEXIBLE ? rd_uvarint(r) : 0;

	while (count-- > 0 && r->err == 0) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

static void
read_topic(struct rd *r, int16_t version, struct fetch_at *at)
{
	struct slice id;

	*at = (struct fetch_at){.by_id = version >= BY_ID};
	if (!at->by_id) {
		at->topic = version >= FLEXIBLE ? rd_compact(r) : rd_string(r);
		return;
	}
	id = rd_bytes(r, 16);
	if (id.p != NULL)
		memcpy(at->topic_id, id.p, 16);
}

/* --- the request ------------------------------------------------------------------- */

static void
read_want(struct rd *r, int16_t version, const struct fetch_at *topic, struct grow *wants)
{
	struct fetch_want *w = grow_add(r, wants, sizeof(*w), FETCH_PARTS_MAX);

	if (w == NULL)
		return;
	w->at = *topic;
	w->at.partition = rd_i32(r);
	if (version >= WITH_LEADER_EPOCH)
		(void)rd_i32(r);
	w->offset = rd_i64(r);
	if (version >= FLEXIBLE)
		(void)rd_i32(r); /* last fetched epoch */
	if (version >= WITH_LOG_START)
		(void)rd_i64(r);
	(void)rd_i32(r); /* the partition's own max bytes */
	skip_tags(r, version);
}

static void
read_forgotten(struct rd *r, int16_t version, struct grow *forgotten)
{
	for (uint32_t topics = read_count(r, version); topics > 0 && r->err == 0; topics--) {
		struct fetch_at topic;

		read_topic(r, version, &topic);
		for (uint32_t n = read_count(r, version); n > 0 && r->err == 0; n--) {
			struct fetch_at *at = grow_add(r, forgotten, sizeof(*at), FETCH_PARTS_MAX);

			if (at == NULL)
				return;
			*at = topic;
			at->partition = rd_i32(r);
		}
		skip_tags(r, version);
	}
}

/* The request's own tags, of which one tells a broker. */
static void
read_state(struct rd *r, int16_t version, struct fetch_request *q)
{
	uint32_t count = version >= FLEXIBLE ? rd_uvarint(r) : 0;

	while (count-- > 0 && r->err == 0) {
		uint32_t tag = rd_uvarint(r);
		struct rd in = rd_of(rd_bytes(r, rd_uvarint(r)));

		if (tag == TAG_REPLICA_STATE && version >= WITH_STATE)
			q->replica = rd_i32(&in) >= 0;
	}
}

int
fetch_request_read(int16_t version, struct slice body, struct fetch_request *ret)
{
	struct fetch_request q = {.session_epoch = NO_SESSION_EPOCH};
	struct grow wants = {0}, forgotten = {0};
	struct rd r = rd_of(body);
	int err;

	if (version < FETCH_MIN || version > FETCH_MAX)
		return ERR_UNSUPPORTED;
	if ((err = schema_walk(API_FETCH, false, version, body, NULL, NULL, NULL)) != 0)
		return err;
	if (version < WITH_STATE)
		q.replica = rd_i32(&r) >= 0;
	q.max_wait_ms = rd_i32(&r);
	q.min_bytes = rd_i32(&r);
	q.max_bytes_at = rd_pos(&r);
	q.max_bytes = rd_i32(&r);
	q.isolation = rd_i8(&r);
	if (version >= WITH_SESSION) {
		q.session_id = rd_i32(&r);
		q.session_epoch = rd_i32(&r);
	}
	for (uint32_t topics = read_count(&r, version); topics > 0 && r.err == 0; topics--) {
		struct fetch_at topic;

		read_topic(&r, version, &topic);
		for (uint32_t n = read_count(&r, version); n > 0 && r.err == 0; n--)
			read_want(&r, version, &topic, &wants);
		skip_tags(&r, version);
	}
	if (version >= WITH_SESSION)
		read_forgotten(&r, version, &forgotten);
	if (version >= WITH_RACK)
		(void)(version >= FLEXIBLE ? rd_compact(&r) : rd_string(&r));
	read_state(&r, version, &q);
	if (rd_err(&r) != 0) {
		free(wants.items);
		free(forgotten.items);
		return rd_err(&r);
	}
	q.wants = wants.items;
	q.count = wants.count;
	q.forgotten = forgotten.items;
	q.forgotten_count = forgotten.count;
	*ret = q;
	return 0;
}

void
fetch_request_free(struct fetch_request *q)
{
	free(q->wants);
	free(q->forgotten);
	*q = (struct fetch_request){0};
}

/* --- the answer -------------------------------------------------------------------- */

static void
read_part(struct rd *r, int16_t version, const struct fetch_at *topic, struct grow *parts)
{
	struct fetch_part *p = grow_add(r, parts, sizeof(*p), FETCH_PARTS_MAX);

	if (p == NULL)
		return;
	p->at = *topic;
	p->at.partition = rd_i32(r);
	p->error_at = rd_pos(r);
	p->error = rd_i16(r);
	p->high_watermark = rd_i64(r);
	p->last_stable = rd_i64(r);
	p->log_start = version >= WITH_LOG_START ? rd_i64(r) : -1;
	for (uint32_t n = read_count(r, version); n > 0 && r->err == 0; n--) {
		rd_skip(r, 16); /* an aborted transaction */
		skip_tags(r, version);
	}
	if (version >= WITH_RACK)
		(void)rd_i32(r); /* preferred replica */
	p->field_at = rd_pos(r);
	p->records = version >= FLEXIBLE ? rd_nullable_compact(r) : rd_nullable_bytes(r);
	p->field_len = rd_pos(r) - p->field_at;
	skip_tags(r, version);
}

int
fetch_response_read(int16_t version, struct slice body, struct fetch_response *ret)
{
	struct fetch_response a = {0};
	struct grow parts = {0};
	struct rd r = rd_of(body);
	int err;

	if (version < FETCH_MIN || version > FETCH_MAX)
		return ERR_UNSUPPORTED;
	if ((err = schema_walk(API_FETCH, true, version, body, NULL, NULL, NULL)) != 0)
		return err;
	(void)rd_i32(&r); /* throttle time */
	if (version >= WITH_SESSION) {
		a.error = rd_i16(&r);
		a.session_id = rd_i32(&r);
	}
	for (uint32_t topics = read_count(&r, version); topics > 0 && r.err == 0; topics--) {
		struct fetch_at topic;

		read_topic(&r, version, &topic);
		for (uint32_t n = read_count(&r, version); n > 0 && r.err == 0; n--)
			read_part(&r, version, &topic, &parts);
		skip_tags(&r, version);
	}
	if (rd_err(&r) != 0) {
		free(parts.items);
		return rd_err(&r);
	}
	a.parts = parts.items;
	a.count = parts.count;
	*ret = a;
	return 0;
}

void
fetch_response_free(struct fetch_response *r)
{
	free(r->parts);
	*r = (struct fetch_response){0};
}

/* --- an answer anew ------------------------------------------------------------------ */

static int
put_part(struct patch *e, int16_t version, const struct fetch_edit *p)
{
	size_t n = 0;
	int err = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (p->pieces[i].n > INT32_MAX - 1 - n)
			return ERR_LIMIT;
		n += p->pieces[i].n;
	}
	if (version >= FLEXIBLE)
		wr_uvarint(&e->head, (uint32_t)n + 1);
	else
		wr_i32(&e->head, (int32_t)n);
	for (size_t i = 0; i < p->count && err == 0; i++)
		err = patch_put(e, p->pieces[i]);
	return err;
}

int
fetch_response_edit(int16_t version, struct blob *frame, size_t body_at, const struct fetch_response *r,
		    const struct fetch_edit *edits, struct rope *ret)
{
	struct patch e = patch_of(frame);
	struct slice body = slice_of(frame->data + body_at, frame->len - body_at);
	size_t copied = 0;
	int err = 0;

	for (size_t i = 0; i < r->count && err == 0; i++) {
		const struct fetch_part *p = &r->parts[i];

		if (!edits[i].changed)
			continue;
		err = patch_put(&e, slice_of(body.p + copied, p->error_at - copied));
		wr_i16(&e.head, edits[i].error);
		copied = p->error_at + 2;
		if (err == 0)
			err = patch_put(&e, slice_of(body.p + copied, p->field_at - copied));
		if (err == 0)
			err = put_part(&e, version, &edits[i]);
		copied = p->field_at + p->field_len;
	}
	if (err == 0)
		err = patch_put(&e, slice_of(body.p + copied, body.n - copied));
	return patch_end(&e, err, ret);
}

int
fetch_response_error(int16_t version, int16_t error, struct wr *out)
{
	if (version < WITH_SESSION || version > FETCH_MAX)
		return ERR_UNSUPPORTED;
	wr_i32(out, 0); /* throttle time */
	wr_i16(out, error);
	wr_i32(out, 0); /* no session */
	if (version >= FLEXIBLE)
		wr_u16(out, 1 << 8); /* no topics, no tags */
	else
		wr_i32(out, 0);
	return wr_err(out);
}
