#include "kafka/header.h"

#include "kafka/api.h"

/* The walker checks their order; here only where they end. */
static void
skip_tags(struct rd *r)
{
	uint32_t count = rd_uvarint(r);

	if (count > rd_left(r) / 2)
		rd_fail(r, ERR_SHORT);
	while (count-- > 0 && r->err == 0) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

int
request_header_read(struct slice frame, struct request_header *ret)
{
	struct rd r = rd_of(frame);
	struct request_header h = {0};

	h.key = rd_i16(&r);
	h.version = rd_i16(&r);
	h.correlation_id = rd_i32(&r);
	h.client_id = rd_nullable_string(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	if (h.key < 0 || h.version < 0)
		return ERR_MALFORMED;
	h.body_at = rd_pos(&r);
	if (api_flexible(h.key, h.version))
		skip_tags(&r);
	/* Nobody looks into an API that we don't know, and whether its header has tags is a guess. */
	if (rd_err(&r) != 0 && api_name(h.key) != NULL)
		return rd_err(&r);
	if (rd_err(&r) == 0)
		h.body_at = rd_pos(&r);
	*ret = h;
	return 0;
}

void
request_header_write(int16_t key, int16_t version, int32_t correlation_id, struct slice client_id, struct wr *w)
{
	wr_i16(w, key);
	wr_i16(w, version);
	wr_i32(w, correlation_id);
	wr_string(w, client_id);
	if (api_flexible(key, version))
		wr_u8(w, 0);
}

static bool
response_has_tags(int16_t key, int16_t version)
{
	return key != API_VERSIONS && api_flexible(key, version);
}

int
response_body_at(int16_t key, int16_t version, struct slice frame, size_t *ret_at)
{
	struct rd r = rd_of(frame);

	(void)rd_i32(&r);
	if (response_has_tags(key, version))
		skip_tags(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret_at = rd_pos(&r);
	return 0;
}

void
response_header_write(int16_t key, int16_t version, int32_t correlation_id, struct wr *w)
{
	wr_i32(w, correlation_id);
	if (response_has_tags(key, version))
		wr_u8(w, 0);
}

bool
request_wants_answer(int16_t key, int16_t version, struct slice body)
{
	struct rd r = rd_of(body);
	int16_t acks;

	if (key != API_PRODUCE)
		return true;
	if (version >= 9)
		(void)rd_nullable_compact(&r);
	else if (version >= 3)
		(void)rd_nullable_string(&r);
	acks = rd_i16(&r);
	return rd_err(&r) != 0 || acks != 0;
}
