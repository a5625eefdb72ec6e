/*
 * http_host: is a request meant for us, or did a web page of elsewhere talk a browser into sending it?
 *
 * A page can have its own name lead to any address (DNS rebinding); then a browser shows it our answers as its own.
 * But the browser says the name that it was told, in the Host header, and no page can choose an address, nor a name that
 * isn't its own.
 */
#ifndef NET_HTTP_HOST_H
#define NET_HTTP_HOST_H

#include "base/slice.h"

/*
 * `value`: of the header, a name or an address and perhaps a port.  True for an IPv4 address, an IPv6 address in brackets,
 * "localhost", and each of `names` (in any case; "*": every name).
 */
bool http_host_is_ours(struct slice value, const char *const *names, size_t count);

#endif
