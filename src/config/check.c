#include "config/check.h"

#include <arpa/inet.h>
#include <strings.h>

#include "base/text.h"
#include "cloud/kms_arn.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

enum { HOST_MAX = 253, TOPIC_MAX = 249, URI_MAX = 4095 };

static bool
all_of(struct slice s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(set, s.p[i]) == NULL)
			return false;
	return true;
}

static bool
is_address(struct slice s)
{
	struct in6_addr any;
	char text[64];

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static bool
is_host(struct slice s)
{
	if (memchr(s.p, ':', s.n) != NULL)
		return is_address(s);
	return s.n > 0 && s.n <= HOST_MAX && all_of(s, ALNUM ".-_");
}

/* HOST:PORT, an IPv6 address in brackets. */
static bool
is_server(struct slice s, int64_t least_port)
{
	const uint8_t *colon = memrchr(s.p, ':', s.n);
	struct slice host;
	int64_t port;

	if (colon == NULL)
		return false;
	host = slice_of(s.p, (size_t)(colon - s.p));
	if (text_parse_i64(slice_of(colon + 1, s.n - host.n - 1), &port) != 0 || port < least_port || port > 65535)
		return false;
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return is_address(slice_of(host.p + 1, host.n - 2)) && memchr(host.p, ':', host.n) != NULL;
	return memchr(host.p, ':', host.n) == NULL && is_host(host);
}

static const char *
want_address(const char *text)
{
	return is_address(slice_str(text)) ? NULL : "a numeric IPv4 or IPv6 address";
}

static const char *
want_host(const char *text)
{
	return is_host(slice_str(text)) ? NULL : "a host name or an address, without a port";
}

static const char *
want_servers(const char *text)
{
	if (*text == '\0')
		return NULL; /* may still come from the command line */
	for (;; text++) {
		size_t n = strcspn(text, ",");

		if (!is_server(slice_of(text, n), 1))
			return "HOST:PORT or several with commas between, an IPv6 address in brackets";
		text += n;
		if (*text == '\0')
			return NULL;
	}
}

static const char *
want_listen(const char *text)
{
	return *text == '\0' || is_server(slice_str(text), 0) ? NULL : "HOST:PORT, an IPv6 address in brackets, or nothing";
}

static const char *
want_key(const char *text)
{
	struct kms_arn arn;

	if (kms_arn_is(text))
		return kms_arn_parse(text, &arn);
	if (strncmp(text, "file:", 5) == 0 && text[5] != '\0')
		return NULL;
	return "file:PATH or awskms:///ARN; keys in other hardware (pkcs11:) are not supported by this version";
}

/* in-toto's builder and subject names are URIs; this one stands in a signed statement, and in a file with those of earlier runs. */
static const char *
want_uri(const char *text)
{
	size_t scheme = strspn(text, ALNUM "+-.");

	if (*text == '\0')
		return NULL; /* made from the host's name */
	if (strlen(text) > URI_MAX)
		return "a URI of 4095 characters at most";
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return "a URI in printable ASCII without spaces";
	return scheme > 0 && text[scheme] == ':' && text[scheme + 1] != '\0' ? NULL : "a URI, such as urn:example:edge-1";
}

static const char *
want_topic(const char *text)
{
	struct slice s = slice_str(text);
	bool dots = strcmp(text, ".") == 0 || strcmp(text, "..") == 0;

	return s.n > 0 && s.n <= TOPIC_MAX && !dots && all_of(s, ALNUM "._-") ? NULL : "the name of a Kafka topic";
}

static const char *
want_nonzero(const char *text)
{
	return strcmp(text, "0") == 0 ? "-1 (the brokers' default) or a number from 1" : NULL;
}

static const struct rule {
	const char *path;
	const char *(*want)(const char *text); /* NULL: good; else what is wanted */
} rules[] = {
	{"listen.address", want_address},
	{"listen.advertised.host", want_host},
	{"kafka.bootstrap.servers", want_servers},
	{"attest.signing.key.id", want_key},
	{"attest.dbom.topic", want_topic},
	{"attest.dbom.partitions", want_nonzero},
	{"attest.dbom.replication.factor", want_nonzero},
	{"attest.collector.id", want_uri},
	{"verify.dbom.topics", want_topic}, /* each of them */
	{"verify.dbom.bootstrap.servers", want_servers},
	{"admin.listen", want_listen},
};

int
check_text(const struct key *k, const char *text, char *why, size_t why_len)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const char *want = strcmp(k->path, rules[i].path) == 0 ? rules[i].want(text) : NULL;

		if (want == NULL)
			continue;
		(void)snprintf(why, why_len, "%s: \"%.256s\" is not right; want %s", k->path, text, want);
		return ERR_CONFIG;
	}
	return 0;
}
