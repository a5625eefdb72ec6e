/* listen: a TCP socket that accepts. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/addr.h"

/* Binds and listens, non-blocking.  0, or ERR_IO with errno. */
int listen_open(const struct addr *at, int *ret_fd) MUSTCHECK;

/* Could that be done now?  It binds, and nobody can connect.  0, or ERR_IO with errno. */
int listen_try(const struct addr *at) MUSTCHECK;

#endif
