#include "daemon/exposure.h"

#include <string.h>

#include "base/log.h"
#include "daemon/app_internal.h"
#include "reach/protocol.h"

enum { CLIENTS_PROXY = 1, AUTH_AUTO = 0, AUTH_REQUIRED = 3 }; /* words of clients.authentication and listen.tls.client.auth */

/* listen.address is numeric. */
static bool
is_local(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool
certificate_is_wanted(const struct config *c)
{
	return c->listen_tls_client_ca[0] != '\0' &&
	       (c->listen_tls_client_auth == AUTH_AUTO || c->listen_tls_client_auth == AUTH_REQUIRED);
}

void
exposure_warn(const struct config *c)
{
	bool local = is_local(c->listen_address), login = c->listen_sasl_users_file[0] != '\0';

	if (!local && c->clients_authentication == CLIENTS_PROXY && !login && !certificate_is_wanted(c))
		LOG_WARN("exposure", "whoever reaches the port: anybody may use the proxy's login; see listen.sasl.users.file, listen.tls.client.ca",
			 LOG_S("listen.address", c->listen_address));
	if (!local && login && c->listen_tls_certificate[0] == '\0')
		LOG_WARN("exposure", "clients' passwords can be read on the network; see listen.tls.certificate",
			 LOG_S("listen.address", c->listen_address));
	/* SCRAM and AWS_MSK_IAM show nothing that could be used again. */
	if (c->kafka_security_protocol == PROTOCOL_SASL_PLAINTEXT &&
	    (strcmp(c->kafka_sasl_mechanism, "PLAIN") == 0 || strcmp(c->kafka_sasl_mechanism, "OAUTHBEARER") == 0))
		LOG_WARN("exposure", "the proxy's own login can be read on the network; see kafka.security.protocol: sasl_ssl",
			 LOG_S("mechanism", c->kafka_sasl_mechanism));
}
