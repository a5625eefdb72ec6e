/*
 * Host names for tests: preloaded, getaddrinfo() reads $LAB_NAMES ("name address" a line) before it asks
 * the system.  Every line of a name is one of its addresses; names that end in .lab are never asked elsewhere.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int
is_lab_name(const char *name)
{
	size_t n = name != NULL ? strlen(name) : 0;

	return n > 4 && strcmp(name + n - 4, ".lab") == 0;
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	lookup_fn *next = (lookup_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo *all = NULL, **end = &all;
	char host[256], address[64];
	FILE *f;

	if (!is_lab_name(name))
		return next(name, service, hints, ret);
	f = fopen(getenv("LAB_NAMES"), "re");
	while (f != NULL && fscanf(f, "%255s %63s", host, address) == 2)
		if (strcmp(host, name) == 0 && next(address, service, hints, end) == 0)
			while (*end != NULL)
				end = &(*end)->ai_next;
	if (f != NULL)
		fclose(f);
	*ret = all;
	return all != NULL ? 0 : EAI_NONAME;
}
