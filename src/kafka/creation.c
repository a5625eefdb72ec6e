#include "kafka/creation.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { FLEXIBLE = 5, WITH_IDS = 7 };

static void
write_string(struct wr *w, int16_t version, const char *s)
{
	if (version >= FLEXIBLE)
		wr_compact(w, slice_str(s));
	else
		wr_string(w, slice_str(s));
}

static void
write_count(struct wr *w, int16_t version, uint32_t n)
{
	if (version >= FLEXIBLE)
		wr_uvarint(w, n + 1);
	else
		wr_u32(w, n);
}

static void
write_tags(struct wr *w, int16_t version)
{
	if (version >= FLEXIBLE)
		wr_u8(w, 0);
}

void
creation_request_write(int16_t version, const struct creation *c, struct wr *w)
{
	uint32_t n = 0;

	INVARIANT(version >= CREATION_MIN && version <= CREATION_MAX);
	while (c->settings[2 * n] != NULL)
		n++;
	write_count(w, version, 1);
	if (version >= FLEXIBLE)
		wr_compact(w, c->topic);
	else
		wr_string(w, c->topic);
	wr_i32(w, c->partitions);
	wr_i16(w, c->replicas);
	write_count(w, version, 0); /* replicas that somebody chose */
	write_count(w, version, n);
	for (uint32_t i = 0; i < n; i++) {
		write_string(w, version, c->settings[2 * i]);
		write_string(w, version, c->settings[2 * i + 1]);
		write_tags(w, version);
	}
	write_tags(w, version);
	wr_i32(w, c->timeout_ms);
	wr_u8(w, 1); /* validate only */
	write_tags(w, version);
}

int
creation_read(int16_t version, struct slice body, int16_t *ret_error, struct slice *ret_text)
{
	struct rd r = rd_of(body);
	struct slice text;
	int16_t error;
	int64_t count;
	int err;

	if (version < CREATION_MIN || version > CREATION_MAX)
		return ERR_UNSUPPORTED;
	if ((err = schema_walk(API_CREATE_TOPICS, true, version, body, NULL, NULL, NULL)) != 0)
		return err;
	(void)rd_i32(&r); /* throttle time */
	count = version >= FLEXIBLE ? (int64_t)rd_uvarint(&r) - 1 : rd_i32(&r);
	if (count != 1)
		return ERR_MALFORMED;
	(void)(version >= FLEXIBLE ? rd_compact(&r) : rd_string(&r));
	if (version >= WITH_IDS)
		rd_skip(&r, 16);
	error = rd_i16(&r);
	text = version >= FLEXIBLE ? rd_nullable_compact(&r) : rd_nullable_string(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret_error = error;
	*ret_text = text;
	return 0;
}
