/* sdnotify: tells the service manager how we are (sd_notify(3)); nothing without $NOTIFY_SOCKET. */
#ifndef ADMIN_SDNOTIFY_H
#define ADMIN_SDNOTIFY_H

#include "base/base.h"

/* Sends `state`, e.g. "READY=1".  0, ERR_NOTFOUND (nobody asked), ERR_IO with errno. */
int sdnotify(const char *state);

/* How often WATCHDOG=1 is wanted, in ms: half of what the manager waits; 0: not at all. */
int64_t sdnotify_watchdog_ms(void);

#endif
