/* exposure: settings that give something away to whoever reaches the proxy or its network. */
#ifndef DAEMON_EXPOSURE_H
#define DAEMON_EXPOSURE_H

#include "config/config.h"

/* A warning in the log for each, since they may be meant: a port that a firewall guards, a network that is trusted. */
void exposure_warn(const struct config *c);

#endif
