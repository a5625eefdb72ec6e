/* files: how many file descriptors the process may have. */
#ifndef DAEMON_FILES_H
#define DAEMON_FILES_H

#include <stddef.h>

/*
 * Raises the soft limit to the hard one, and warns when that is not enough for so many
 * client connections and broker ports.
 */
void files_raise_limit(size_t connections, size_t ports);

#endif
