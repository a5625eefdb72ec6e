#include "kafka/record.h"

/* Bytes behind a varint length; -1 is null where that is allowed. */
static inline struct slice
read_bytes(struct rd *r, bool nullable)
{
	static const uint8_t nothing[1];
	int32_t n = rd_varint(r);

	if (n > 0)
		return rd_bytes(r, (size_t)n);
	if (n == 0)
		return slice_of(r->err == 0 ? nothing : NULL, 0);
	if (n != -1 || !nullable)
		rd_fail(r, ERR_MALFORMED);
	return (struct slice){NULL, 0};
}

int
record_header_next(struct rd *r, struct slice *ret_name, struct slice *ret_value)
{
	struct slice name = read_bytes(r, false);
	struct slice value = read_bytes(r, true);

	if (rd_err(r) != 0)
		return rd_err(r);
	*ret_name = name;
	*ret_value = value;
	return 0;
}

int
record_next(struct rd *r, int64_t base_timestamp, struct record *ret)
{
	int32_t length = rd_varint(r);
	struct record rec = {0};
	struct rd in;
	const uint8_t *headers;

	if (length < 0)
		rd_fail(r, ERR_MALFORMED);
	in = rd_of(rd_bytes(r, length < 0 ? 0 : (size_t)length));
	if (rd_err(r) != 0)
		return rd_err(r);
	(void)rd_u8(&in);
	/* The sum may wrap for a hostile delta; it is carried, never trusted. */
	rec.timestamp = (int64_t)((uint64_t)base_timestamp + (uint64_t)rd_varlong(&in));
	rec.offset_delta = rd_varint(&in);
	rec.key = read_bytes(&in, true);
	rec.value = read_bytes(&in, true);
	rec.before_headers = slice_of(in.start, rd_pos(&in));
	rec.header_count = rd_varint(&in);
	if (rec.header_count < 0 || (size_t)rec.header_count > rd_left(&in) / 2)
		rd_fail(&in, ERR_MALFORMED);
	headers = in.p;
	rec.headers = slice_of(headers, rd_left(&in));
	for (int32_t i = 0; i < rec.header_count && in.err == 0; i++) {
		(void)read_bytes(&in, false);
		(void)read_bytes(&in, true);
	}
	if (rd_err(&in) != 0)
		return rd_err(&in);
	if (rd_left(&in) > 0)
		return ERR_MALFORMED;
	*ret = rec;
	return 0;
}
