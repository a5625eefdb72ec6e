#include "config/together.h"

#include <arpa/inet.h>

#include "base/text.h"

/* IPv4 as IPv6 has it, so that both are one kind. */
static bool
numeric(struct slice host, struct in6_addr *ret)
{
	char text[64];
	int n;

	if (host.n >= 2 && host.p[0] == '[')
		host = slice_of(host.p + 1, host.n - 2);
	n = snprintf(text, sizeof(text), "%s%.*s", memchr(host.p, ':', host.n) == NULL ? "::ffff:" : "", (int)host.n, (const char *)host.p);
	return n > 0 && (size_t)n < sizeof(text) && inet_pton(AF_INET6, text, ret) == 1;
}

static bool
is_any4(const struct in6_addr *a)
{
	static const uint8_t any[4];

	return IN6_IS_ADDR_V4MAPPED(a) && memcmp(a->s6_addr + 12, any, sizeof(any)) == 0;
}

/* Who has the port on one can't have it on the other.  "::" is IPv4's, too (bindv6only). */
static bool
overlap(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0 || IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_UNSPECIFIED(b) ||
	       (is_any4(a) && IN6_IS_ADDR_V4MAPPED(b)) || (is_any4(b) && IN6_IS_ADDR_V4MAPPED(a));
}

/* A host's name is for the resolver, and not looked into. */
static int
check_admin(const struct config *c, char *why, size_t why_len)
{
	struct slice admin = slice_str(c->admin_listen);
	const uint8_t *colon = memrchr(admin.p, ':', admin.n);
	struct in6_addr there, here;
	int64_t port;

	if (colon == NULL || c->listen_bootstrap_port == 0 ||
	    text_parse_i64(slice_of(colon + 1, admin.n - (size_t)(colon - admin.p) - 1), &port) != 0 || port != c->listen_bootstrap_port ||
	    !numeric(slice_of(admin.p, (size_t)(colon - admin.p)), &there) || !numeric(slice_str(c->listen_address), &here) ||
	    !overlap(&there, &here))
		return 0;
	(void)snprintf(why, why_len, "admin.listen: %s is where clients are listened to (listen.address, listen.bootstrap.port); it wants a port of its own",
		       c->admin_listen);
	return ERR_CONFIG;
}

/* A topic that stands there twice would be read twice. */
static int
check_dbom_topics(const struct config *c, char *why, size_t why_len)
{
	const struct config_list *l = &c->verify_dbom_topics;

	for (size_t i = 0; i < l->count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(l->items[i], l->items[k]) == 0) {
				(void)snprintf(why, why_len, "verify.dbom.topics: %s stands there twice", l->items[i]);
				return ERR_CONFIG;
			}
	return 0;
}

int
together_check(const struct config *c, char *why, size_t why_len)
{
	int err = check_admin(c, why, why_len);

	return err != 0 ? err : check_dbom_topics(c, why, why_len);
}
