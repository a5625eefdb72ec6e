#include "reach/identity.h"

#include <stdio.h>
#include <stdlib.h>

#include "reach/protocol.h"
#include "sasl/source.h"

struct identity {
	struct config *config;
	struct source *source;
	struct sasl_pair *extensions;
	struct login_door door;
};

static struct source_settings
settings_of(const struct config *c)
{
	return (struct source_settings){
		.mechanism = c->kafka_sasl_mechanism,
		.username = c->kafka_sasl_username,
		.password = c->kafka_sasl_password,
		.password_file = c->kafka_sasl_password_file,
		.token_file = c->kafka_sasl_token_file,
		.token_url = c->kafka_sasl_token_url,
		.client_id = c->kafka_sasl_client_id,
		.client_secret = c->kafka_sasl_client_secret,
		.client_secret_file = c->kafka_sasl_client_secret_file,
		.scope = c->kafka_sasl_scope,
		.ca_file = c->kafka_sasl_token_ca,
		.aws = (enum aws_kind)c->kafka_sasl_aws_credentials,
		.aws_profile = c->kafka_sasl_aws_profile,
		.aws_region = c->kafka_sasl_aws_region,
	};
}

int
identity_check(const struct config *c, char *why, size_t why_len)
{
	struct source_settings set = settings_of(c);

	if (protocol_logs_in(c))
		return source_check(&set, why, why_len);
	if (c->kafka_sasl_mechanism[0] != '\0') {
		(void)snprintf(why, why_len, "kafka.sasl.mechanism is set, but kafka.security.protocol is not sasl_plaintext or sasl_ssl");
		return ERR_CONFIG;
	}
	return 0;
}

/* --- doors between rooms that don't know each other ------------------------------------- */

static int
begin(void *arg, const char *host, void **ret_talk, char *why, size_t why_len)
{
	struct sasl *s;
	int err = source_begin(arg, host, &s, why, why_len);

	if (err == 0)
		*ret_talk = s;
	return err;
}

static int
step(void *talk, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	return sasl_step(talk, in, out, ret_done, why, why_len);
}

static void
end(void *talk)
{
	sasl_free(talk);
}

int
identity_open(struct config *c, struct identity **ret, char *why, size_t why_len)
{
	struct source_settings set = settings_of(c);
	struct identity *i;
	int err = identity_check(c, why, why_len);

	if (err != 0)
		return err;
	if (!protocol_logs_in(c)) {
		*ret = NULL;
		return 0;
	}
	i = calloc(1, sizeof(*i));
	if (i != NULL) {
		i->config = config_ref(c);
		i->extensions = calloc(c->kafka_sasl_extensions.count + 1, sizeof(*i->extensions));
	}
	if (i == NULL || i->extensions == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		identity_close(i);
		return ERR_NOMEM;
	}
	for (size_t n = 0; n < c->kafka_sasl_extensions.count; n++)
		i->extensions[n] = (struct sasl_pair){c->kafka_sasl_extensions.items[n].name, c->kafka_sasl_extensions.items[n].text};
	set.extensions = i->extensions;
	set.extension_count = c->kafka_sasl_extensions.count;
	err = source_open(&set, &i->source, why, why_len);
	if (err != 0) {
		identity_close(i);
		return err;
	}
	i->door = (struct login_door){c->kafka_sasl_mechanism, i->source, begin, step, end};
	*ret = i;
	return 0;
}

void
identity_close(struct identity *i)
{
	if (i == NULL)
		return;
	source_close(i->source);
	free(i->extensions);
	config_unref(i->config);
	free(i);
}

const struct login_door *
identity_door(const struct identity *i)
{
	return i != NULL ? &i->door : NULL;
}
