#include "kafka/auth.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { LIFETIME = 1, FLEXIBLE = 2 }; /* the versions of SaslAuthenticate that brought them */

int
auth_handshake_request_read(int16_t version, struct slice body, struct slice *ret_mechanism)
{
	struct rd r = rd_of(body);
	int err = schema_walk(API_SASL_HANDSHAKE, false, version, body, NULL, NULL, NULL);

	if (err == 0)
		*ret_mechanism = rd_string(&r);
	return err;
}

void
auth_handshake_request_write(struct slice mechanism, struct wr *w)
{
	wr_string(w, mechanism);
}

int
auth_handshake_response_read(int16_t version, struct slice body, int16_t *ret_error, char *list, size_t list_len)
{
	struct rd r = rd_of(body);
	int err = schema_walk(API_SASL_HANDSHAKE, true, version, body, NULL, NULL, NULL);
	int32_t count;
	size_t at = 0;

	if (err != 0)
		return err;
	*ret_error = rd_i16(&r);
	count = rd_i32(&r);
	list[0] = '\0';
	for (int32_t i = 0; i < count && rd_err(&r) == 0; i++) {
		struct slice s = rd_string(&r);
		int n = snprintf(list + at, list_len - at, "%s%.*s", i > 0 ? ", " : "", (int)s.n, (const char *)s.p);

		if (n < 0 || (size_t)n >= list_len - at)
			break;
		at += (size_t)n;
	}
	return 0;
}

void
auth_handshake_response_write(int16_t error, const char *const *mechanisms, size_t count, struct wr *w)
{
	wr_i16(w, error);
	wr_i32(w, (int32_t)count);
	for (size_t i = 0; i < count; i++)
		wr_string(w, slice_str(mechanisms[i]));
}

static struct slice
bytes_of(struct rd *r)
{
	return rd_nullable_bytes(r); /* null doesn't come here: the walker refused it */
}

int
auth_request_read(int16_t version, struct slice body, struct slice *ret_bytes)
{
	struct rd r = rd_of(body);
	int err = schema_walk(API_SASL_AUTHENTICATE, false, version, body, NULL, NULL, NULL);

	if (err == 0)
		*ret_bytes = version >= FLEXIBLE ? rd_compact(&r) : bytes_of(&r);
	return err;
}

void
auth_request_write(int16_t version, struct slice bytes, struct wr *w)
{
	struct slice s = bytes.p != NULL ? bytes : slice_str("");

	if (version >= FLEXIBLE)
		wr_compact(w, s);
	else
		wr_nbytes(w, s);
	if (version >= FLEXIBLE)
		wr_u8(w, 0);
}

int
auth_response_read(int16_t version, struct slice body, struct auth_answer *ret)
{
	struct rd r = rd_of(body);
	struct auth_answer a = {0};
	int err = schema_walk(API_SASL_AUTHENTICATE, true, version, body, NULL, NULL, NULL);

	if (err != 0)
		return err;
	a.error = rd_i16(&r);
	a.message = version >= FLEXIBLE ? rd_nullable_compact(&r) : rd_nullable_string(&r);
	a.bytes = version >= FLEXIBLE ? rd_compact(&r) : bytes_of(&r);
	if (version >= LIFETIME)
		a.lifetime_ms = rd_i64(&r);
	*ret = a;
	return 0;
}

void
auth_response_write(int16_t version, const struct auth_answer *a, struct wr *w)
{
	struct slice bytes = a->bytes.p != NULL ? a->bytes : slice_str("");

	wr_i16(w, a->error);
	if (version >= FLEXIBLE) {
		wr_compact(w, a->message);
		wr_compact(w, bytes);
	} else {
		wr_string(w, a->message);
		wr_nbytes(w, bytes);
	}
	if (version >= LIFETIME)
		wr_i64(w, a->lifetime_ms);
	if (version >= FLEXIBLE)
		wr_u8(w, 0);
}
