#include "kafka/txn.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { FLEXIBLE = 3, INIT_FLEXIBLE = 2 };

enum { OPERATION_NOT_ATTEMPTED = 55 };

int
end_txn_request_read(int16_t version, struct slice body, struct end_txn *ret)
{
	struct rd r = rd_of(body);
	struct end_txn e = {0};
	int err = schema_walk(API_END_TXN, false, version, body, NULL, NULL, NULL);

	if (err != 0)
		return err;
	e.transactional_id = version >= FLEXIBLE ? rd_compact(&r) : rd_string(&r);
	e.producer_id = rd_i64(&r);
	e.epoch = rd_i16(&r);
	e.committed = rd_u8(&r) != 0;
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret = e;
	return 0;
}

int
end_txn_response_read(int16_t version, struct slice body, int16_t *ret_error)
{
	struct rd r = rd_of(body);
	int16_t error;
	int err = schema_walk(API_END_TXN, true, version, body, NULL, NULL, NULL);

	if (err != 0)
		return err;
	(void)rd_i32(&r); /* throttle time */
	error = rd_i16(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret_error = error;
	return 0;
}

int
init_producer_id_request_read(int16_t version, struct slice body, struct init_producer_id *ret)
{
	struct rd r = rd_of(body);
	struct init_producer_id q = {.producer_id = -1, .epoch = -1};
	int err = schema_walk(API_INIT_PRODUCER_ID, false, version, body, NULL, NULL, NULL);

	if (err != 0)
		return err;
	q.transactional_id = version >= INIT_FLEXIBLE ? rd_nullable_compact(&r) : rd_nullable_string(&r);
	(void)rd_i32(&r); /* transaction timeout */
	if (version >= 3) {
		q.producer_id = rd_i64(&r);
		q.epoch = rd_i16(&r);
	}
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret = q;
	return 0;
}

int
init_producer_id_response_read(int16_t version, struct slice body, int16_t *ret_error, int64_t *ret_producer_id,
			       int16_t *ret_epoch)
{
	struct rd r = rd_of(body);
	int16_t error, epoch;
	int64_t id;
	int err = schema_walk(API_INIT_PRODUCER_ID, true, version, body, NULL, NULL, NULL);

	if (err != 0)
		return err;
	(void)rd_i32(&r); /* throttle time */
	error = rd_i16(&r);
	id = rd_i64(&r);
	epoch = rd_i16(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret_error = error;
	*ret_producer_id = id;
	*ret_epoch = epoch;
	return 0;
}

static uint32_t
read_count(struct rd *r, bool flexible)
{
	return flexible ? rd_uvarint(r) - 1 : rd_u32(r); /* none is null */
}

static void
skip_tags(struct rd *r, bool flexible)
{
	for (uint32_t n = flexible ? rd_uvarint(r) : 0; n > 0 && rd_err(r) == 0; n--) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

static int16_t
first_error(struct rd *r, bool flexible)
{
	int16_t first = 0;

	for (uint32_t topics = read_count(r, flexible); topics > 0 && rd_err(r) == 0; topics--) {
		(void)(flexible ? rd_compact(r) : rd_string(r));
		for (uint32_t n = read_count(r, flexible); n > 0 && rd_err(r) == 0; n--) {
			int16_t error;

			(void)rd_i32(r); /* partition */
			error = rd_i16(r);
			if (first == 0 && error != OPERATION_NOT_ATTEMPTED)
				first = error;
			skip_tags(r, flexible);
		}
		skip_tags(r, flexible);
	}
	return first;
}

int
txn_add_response_read(int16_t key, int16_t version, struct slice body, int16_t *ret_error)
{
	struct rd r = rd_of(body);
	int err = schema_walk(key, true, version, body, NULL, NULL, NULL);
	int16_t error;

	if (err != 0)
		return err;
	(void)rd_i32(&r); /* throttle time */
	error = key == API_ADD_OFFSETS_TO_TXN ? rd_i16(&r) : first_error(&r, version >= FLEXIBLE);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	*ret_error = error;
	return 0;
}
