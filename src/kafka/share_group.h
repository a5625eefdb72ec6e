/* share_group: the answer to who wants to be a member of a share group where there are none (KIP-932). */
#ifndef KAFKA_SHARE_GROUP_H
#define KAFKA_SHARE_GROUP_H

#include "base/wr.h"

/* ShareGroupHeartbeat: UNSUPPORTED_VERSION, of which clients tell the application, with the reason.  0 or ERR_UNSUPPORTED: not of that version. */
int share_group_refuse(int16_t version, const char *why, struct wr *out) MUSTCHECK;

#endif
