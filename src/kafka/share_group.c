#include "kafka/share_group.h"

#include "kafka/api.h"

enum { UNSUPPORTED_VERSION = 35, NO_ASSIGNMENT = -1 };

int
share_group_refuse(int16_t version, const char *why, struct wr *out)
{
	int16_t min, max;

	if (!api_range(API_SHARE_GROUP_HEARTBEAT, &min, &max) || version < min || version > max)
		return ERR_UNSUPPORTED;
	wr_i32(out, 0); /* throttle time */
	wr_i16(out, UNSUPPORTED_VERSION);
	wr_compact(out, slice_str(why));
	wr_uvarint(out, 0); /* no member id */
	wr_i32(out, 0);     /* its epoch */
	wr_i32(out, 0);     /* heartbeat interval */
	wr_i8(out, NO_ASSIGNMENT);
	wr_uvarint(out, 0); /* tags */
	return wr_err(out);
}
