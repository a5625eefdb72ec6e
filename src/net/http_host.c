#include "net/http_host.h"

#include <strings.h>

#include "base/text.h"
#include "net/addr.h"

/* The value without its port; n == 0: there is no sense in it. */
static struct slice
host_of(struct slice value)
{
	const uint8_t *colon = value.n == 0 ? NULL : memrchr(value.p, ':', value.n);
	size_t n = colon == NULL ? value.n : (size_t)(colon - value.p);
	int64_t port;

	if (value.n > 0 && value.p[value.n - 1] == ']')
		return value; /* an IPv6 address alone */
	if (colon != NULL && (text_parse_i64(slice_of(colon + 1, value.n - n - 1), &port) != 0 || port < 0 || port > 65535))
		return (struct slice){NULL, 0};
	return slice_of(value.p, n);
}

static bool
is_address(const char *host, size_t n)
{
	char bare[64];
	struct addr any;

	if (host[0] == '[') {
		if (n < 3 || host[n - 1] != ']' || n - 2 >= sizeof(bare))
			return false;
		memcpy(bare, host + 1, n - 2);
		bare[n - 2] = '\0';
		return strchr(bare, ':') != NULL && addr_parse(bare, 0, &any) == 0;
	}
	return strchr(host, ':') == NULL && addr_parse(host, 0, &any) == 0;
}

bool
http_host_is_ours(struct slice value, const char *const *names, size_t count)
{
	struct slice s = host_of(value);
	char host[256];

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], "*") == 0)
			return true;
	if (s.n == 0 || s.n >= sizeof(host) || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(host, s.p, s.n);
	host[s.n] = '\0';
	if (is_address(host, s.n) || strcasecmp(host, "localhost") == 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(host, names[i]) == 0)
			return true;
	return false;
}
