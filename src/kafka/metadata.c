#include "kafka/metadata.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { FLEXIBLE = 9 };

static void
write_string(struct wr *w, int16_t version, struct slice s)
{
	if (version >= FLEXIBLE)
		wr_compact(w, s);
	else
		wr_string(w, s);
}

static void
write_count(struct wr *w, int16_t version, size_t n)
{
	if (version >= FLEXIBLE)
		wr_uvarint(w, (uint32_t)n + 1);
	else
		wr_i32(w, (int32_t)n);
}

static void
write_topics(struct wr *w, int16_t version, const struct slice *names, const uint8_t (*ids)[16], size_t count)
{
	static const uint8_t zero[16];

	write_count(w, version, count);
	for (size_t i = 0; i < count; i++) {
		if (version >= 10)
			wr_bytes(w, ids != NULL ? ids[i] : zero, 16);
		write_string(w, version, ids != NULL ? (struct slice){NULL, 0} : names[i]);
		if (version >= FLEXIBLE)
			wr_u8(w, 0);
	}
}

static void
write_options(struct wr *w, int16_t version, bool rights)
{
	if (version >= 4)
		wr_u8(w, 0); /* allow_auto_topic_creation */
	if (version >= 8 && version <= 10)
		wr_u8(w, rights); /* include_cluster_authorized_operations */
	if (version >= 8)
		wr_u8(w, rights); /* include_topic_authorized_operations */
	if (version >= FLEXIBLE)
		wr_u8(w, 0);
}

void
metadata_request_write(int16_t version, const struct slice *names, const uint8_t (*ids)[16], size_t count,
		       struct wr *w)
{
	INVARIANT(version >= METADATA_MIN && version <= METADATA_MAX);
	INVARIANT(ids == NULL || version >= METADATA_BY_ID);
	write_topics(w, version, names, ids, count);
	write_options(w, version, false);
}

void
metadata_rights_write(int16_t version, const struct slice *names, size_t count, struct wr *w)
{
	INVARIANT(version >= METADATA_RIGHTS_MIN && version <= METADATA_RIGHTS_MAX);
	if (names != NULL)
		write_topics(w, version, names, NULL, count);
	else if (version >= FLEXIBLE)
		wr_uvarint(w, 0);
	else
		wr_i32(w, -1);
	write_options(w, version, true);
}

static struct slice
read_string(struct rd *r, int16_t version)
{
	return version >= FLEXIBLE ? rd_nullable_compact(r) : rd_nullable_string(r);
}

static uint32_t
read_count(struct rd *r, int16_t version)
{
	int64_t n = version >= FLEXIBLE ? (int64_t)rd_uvarint(r) - 1 : rd_i32(r);

	if (n < 0)
		return 0; /* a null list */
	if (n > (int64_t)rd_left(r)) {
		rd_fail(r, ERR_SHORT);
		return 0;
	}
	return (uint32_t)n;
}

static void
skip_tags(struct rd *r, int16_t version)
{
	uint32_t n = version >= FLEXIBLE ? rd_uvarint(r) : 0;

	while (n-- > 0 && r->err == 0) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

static void
skip_ids(struct rd *r, int16_t version)
{
	rd_skip(r, (size_t)read_count(r, version) * 4);
}

static void
read_brokers(struct rd *r, int16_t version, struct metadata *m)
{
	uint32_t n = read_count(r, version);

	if (n > 0 && (m->brokers = calloc(n, sizeof(*m->brokers))) == NULL)
		rd_fail(r, ERR_NOMEM);
	for (uint32_t i = 0; i < n && r->err == 0; i++) {
		struct metadata_broker *b = &m->brokers[m->broker_count++];

		b->node_id = rd_i32(r);
		b->host = read_string(r, version);
		b->port = rd_i32(r);
		(void)read_string(r, version); /* rack */
		skip_tags(r, version);
	}
}

static void
read_topics(struct rd *r, int16_t version, struct metadata *m)
{
	uint32_t n = read_count(r, version);

	if (n > 0 && (m->topics = calloc(n, sizeof(*m->topics))) == NULL)
		rd_fail(r, ERR_NOMEM);
	for (uint32_t i = 0; i < n && r->err == 0; i++) {
		struct metadata_topic *t = &m->topics[m->topic_count++];
		uint32_t parts;

		t->error = rd_i16(r);
		t->name = read_string(r, version);
		if (version >= 10) {
			struct slice id = rd_bytes(r, 16);

			if (id.p != NULL)
				memcpy(t->id, id.p, 16);
		}
		t->internal = rd_u8(r) != 0;
		parts = read_count(r, version);
		t->partitions = (int32_t)parts;
		for (uint32_t k = 0; k < parts && r->err == 0; k++) {
			rd_skip(r, 2 + 4 + 4 + (version >= 7 ? 4 : 0)); /* error, index, leader, epoch */
			skip_ids(r, version);                           /* replicas */
			skip_ids(r, version);                           /* in sync */
			if (version >= 5)
				skip_ids(r, version); /* offline */
			skip_tags(r, version);
		}
		t->rights = version >= 8 ? rd_i32(r) : METADATA_UNTOLD;
		skip_tags(r, version);
	}
}

int
metadata_read(int16_t version, struct slice body, struct metadata *ret)
{
	struct rd r = rd_of(body);
	struct metadata m = {.controller_id = -1};
	int err;

	if (version < METADATA_MIN || version > METADATA_MAX)
		return ERR_UNSUPPORTED;
	/* The walker checks what this reader skips: counts, nulls, tags, the end. */
	if ((err = schema_walk(API_METADATA, true, version, body, NULL, NULL, NULL)) != 0)
		return err;
	if (version >= 3)
		(void)rd_i32(&r); /* throttle time */
	read_brokers(&r, version, &m);
	if (version >= 2)
		m.cluster_id = read_string(&r, version);
	m.controller_id = rd_i32(&r);
	read_topics(&r, version, &m);
	m.rights = version >= 8 && version <= 10 ? rd_i32(&r) : METADATA_UNTOLD;
	if (version >= 13)
		m.error = rd_i16(&r);
	if (rd_err(&r) != 0) {
		metadata_free(&m);
		return rd_err(&r);
	}
	*ret = m;
	return 0;
}

void
metadata_free(struct metadata *m)
{
	free(m->brokers);
	free(m->topics);
	*m = (struct metadata){0};
}

const struct metadata_topic *
metadata_topic_named(const struct metadata *m, const char *name)
{
	for (size_t i = 0; i < m->topic_count; i++)
		if (slice_eq(m->topics[i].name, slice_str(name)))
			return &m->topics[i];
	return NULL;
}
