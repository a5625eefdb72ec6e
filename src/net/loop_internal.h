/* What files of net/ may know of a loop. */
#ifndef NET_LOOP_INTERNAL_H
#define NET_LOOP_INTERNAL_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/loop.h"

struct io_shared; /* what the connections of one loop share; see io.c */

struct event_base *loop_base(struct loop *l);
struct io_shared **loop_io_shared(struct loop *l);

#endif
