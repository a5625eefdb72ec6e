/* process: what any program tells of itself on a metrics page, under Prometheus' usual names. */
#ifndef ADMIN_PROCESS_H
#define ADMIN_PROCESS_H

#include "base/wr.h"

/* Build, start, processor time, memory, file descriptors.  What the system doesn't tell is left out. */
void process_render(struct wr *w);

/* Milliseconds since 1970 at which this process began; 0 when the system doesn't tell. */
int64_t process_started_ms(void);

#endif
