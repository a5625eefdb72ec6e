#include "reach/wrap.h"

#include <stdio.h>

#include "reach/protocol.h"

static int
complain(char *why, size_t why_len, const char *key, const char *what)
{
	(void)snprintf(why, why_len, "%s: %s", key, what);
	return ERR_CONFIG;
}

int
wrap_check(const struct config *c, char *why, size_t why_len)
{
	bool cert = c->kafka_ssl_certificate_location[0] != '\0', key = c->kafka_ssl_key_location[0] != '\0';

	/* Whoever set these believes that his bytes are encrypted. */
	if (!protocol_wraps(c) && (c->kafka_ssl_ca_location[0] != '\0' || cert || key))
		return complain(why, why_len, "kafka.security.protocol", "plaintext, where keys of kafka.ssl are set; want ssl or sasl_ssl");
	if (cert && !key)
		return complain(why, why_len, "kafka.ssl.key.location", "missing, where kafka.ssl.certificate.location is set");
	if (key && !cert)
		return complain(why, why_len, "kafka.ssl.certificate.location", "missing, where kafka.ssl.key.location is set");
	return 0;
}

int
wrap_new(const struct config *c, struct tls_context **ret, char *why, size_t why_len)
{
	struct tls_client_conf conf = {
		.ca = c->kafka_ssl_ca_location,
		.certificate = c->kafka_ssl_certificate_location,
		.key = c->kafka_ssl_key_location,
		.key_password = c->kafka_ssl_key_password,
		.any_name = c->kafka_ssl_endpoint_identification == 1,
		.handshake_ms = (unsigned)c->kafka_connect_timeout,
	};
	char text[768];
	int err = wrap_check(c, why, why_len);

	if (err != 0)
		return err;
	if (!protocol_wraps(c)) {
		*ret = NULL;
		return 0;
	}
	err = tls_client_new(&conf, ret, text, sizeof(text));
	if (err != 0)
		(void)snprintf(why, why_len, "kafka.ssl: %s", text);
	return err;
}
