/* app: makoto-proxy from its first to its last breath. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "daemon/options.h"

/* Runs until it is told to stop.  The program's exit code: 0 as asked, 1 failure, 2 configuration. */
int app_run(const struct options *options, struct config *config);

#endif
