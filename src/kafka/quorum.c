#include "kafka/quorum.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { WITH_TEXTS = 2 }; /* and with directory ids */

void
quorum_request_write(int16_t version, struct wr *w)
{
	INVARIANT(version >= QUORUM_MIN && version <= QUORUM_MAX);
	wr_uvarint(w, 1 + 1);
	wr_compact(w, slice_str("__cluster_metadata"));
	wr_uvarint(w, 1 + 1);
	wr_i32(w, 0);
	wr_u8(w, 0); /* tags: of the partition, … */
	wr_u8(w, 0); /* … the topic, … */
	wr_u8(w, 0); /* … all of it */
}

static int16_t
read_error(struct rd *r, int16_t version)
{
	int16_t error = rd_i16(r);

	if (version >= WITH_TEXTS)
		(void)rd_nullable_compact(r);
	return error;
}

static void
skip_tags(struct rd *r)
{
	uint32_t n = rd_uvarint(r);

	while (n-- > 0 && r->err == 0) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

/* Of itself the leader says that it is caught up as of now. */
static int64_t
time_among(struct rd *r, int16_t version, int32_t leader)
{
	uint32_t n = rd_uvarint(r);
	int64_t ms = -1;

	while (n-- > 1 && r->err == 0) {
		int32_t id = rd_i32(r);
		int64_t caught_up;

		if (version >= WITH_TEXTS)
			rd_skip(r, 16);
		rd_skip(r, 8 + 8); /* log end offset, last fetch */
		caught_up = rd_i64(r);
		skip_tags(r);
		if (id == leader)
			ms = caught_up;
	}
	return ms;
}

int
quorum_time(int16_t version, struct slice body, int64_t *ret_ms)
{
	struct rd r = rd_of(body);
	int32_t leader;
	int64_t ms;
	int err;

	if (version < QUORUM_MIN || version > QUORUM_MAX)
		return ERR_UNSUPPORTED;
	if ((err = schema_walk(API_DESCRIBE_QUORUM, true, version, body, NULL, NULL, NULL)) != 0)
		return err;
	if (read_error(&r, version) != 0)
		return ERR_REMOTE;
	if (rd_uvarint(&r) < 2)
		return ERR_NOTFOUND;
	(void)rd_compact(&r);
	if (rd_uvarint(&r) < 2)
		return ERR_NOTFOUND;
	(void)rd_i32(&r);
	if (read_error(&r, version) != 0)
		return ERR_REMOTE;
	leader = rd_i32(&r);
	rd_skip(&r, 4 + 8); /* epoch, high watermark */
	ms = time_among(&r, version, leader);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	if (ms < 0)
		return ERR_NOTFOUND;
	*ret_ms = ms;
	return 0;
}
