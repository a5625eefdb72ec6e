/* probe: asks a running proxy's admin listener how it is, for health checks of containers. */
#ifndef ADMIN_PROBE_H
#define ADMIN_PROBE_H

#include "base/base.h"

/*
 * GET `path` at HOST:PORT (admin.listen; an address that means every one is asked at this machine), waiting
 * `wait_ms` for each step.  0: the answer's status is 200; ERR_NOT_NOW: it is another; ERR_CONFIG: no such address;
 * ERR_IO: no answer, or none that is HTTP.  `why` says it in words, with the first line of the answer's body.
 */
int probe_ask(const char *address, const char *path, int wait_ms, char *why, size_t why_len) MUSTCHECK;

#endif
