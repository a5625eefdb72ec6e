/* The proxy's own login at brokers: settings, and the doors between the rooms that it passes through. */
#include "base/log.h"
#include "daemon/app_internal.h"

enum { OK = 0, FAILED = 1, CONFIG = 2 };

enum { CLIENTS_PASSTHROUGH, CLIENTS_PROXY }; /* the words of clients.authentication */

static bool
logs_in(const struct config *c)
{
	return c->kafka_security_protocol == APP_SASL_PLAINTEXT || c->kafka_security_protocol == APP_SASL_SSL;
}

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
app_login_check(const struct config *c, char *why, size_t why_len)
{
	struct source_settings set = settings_of(c);

	if (c->listen_sasl_users_file[0] != '\0') {
		if (c->clients_authentication != CLIENTS_PROXY) {
			(void)snprintf(why, why_len, "listen.sasl.users.file wants clients.authentication: proxy; else brokers ask clients to log in");
			return ERR_CONFIG;
		}
		if (users_check_file(c->listen_sasl_users_file, why, why_len) != 0)
			return ERR_CONFIG;
	}
	if (logs_in(c))
		return source_check(&set, why, why_len);
	if (c->kafka_sasl_mechanism[0] != '\0') {
		(void)snprintf(why, why_len, "kafka.sasl.mechanism is set, but kafka.security.protocol is not sasl_plaintext or sasl_ssl");
		return ERR_CONFIG;
	}
	return 0;
}

/* --- doors ---------------------------------------------------------------------------- */

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

static int
dial(void *arg, int fd, const char *host, uint16_t port)
{
	struct app *a = arg;

	return proxy_tunnel(a->proxy, fd, host, port);
}

int
app_login_open(struct app *a)
{
	const struct config *c = a->config;
	struct source_settings set = settings_of(c);
	char why[512];
	int err;

	if (c->listen_sasl_users_file[0] != '\0' &&
	    (err = users_open(c->listen_sasl_users_file, &a->users, why, sizeof(why))) != 0) {
		LOG_ERROR("app", "listen.sasl.users.file", LOG_S("cause", why));
		return err == ERR_NOMEM ? FAILED : CONFIG;
	}
	a->login = login_stage_new(a->users != NULL                            ? LOGIN_STAGE_DEMAND
				   : c->clients_authentication == CLIENTS_PROXY ? LOGIN_STAGE_REFUSE
										: LOGIN_STAGE_FOLLOW,
				   a->users);
	a->extensions = calloc(c->kafka_sasl_extensions.count + 1, sizeof(*a->extensions));
	if (a->login == NULL || a->extensions == NULL) {
		LOG_ERROR("app", "out of memory");
		return FAILED;
	}
	if (!logs_in(c))
		return OK;
	for (size_t i = 0; i < c->kafka_sasl_extensions.count; i++)
		a->extensions[i] = (struct sasl_pair){c->kafka_sasl_extensions.items[i].name,
						      c->kafka_sasl_extensions.items[i].text};
	set.extensions = a->extensions;
	set.extension_count = c->kafka_sasl_extensions.count;
	err = source_open(&set, &a->source, why, sizeof(why));
	a->detour = detour_new(dial, a);
	if (err == 0 && a->detour != NULL) {
		a->own_login = (struct login_door){c->kafka_sasl_mechanism, a->source, begin, step, end};
		return OK;
	}
	LOG_ERROR("app", "can't log in", LOG_S("cause", err != 0 ? why : err_text(ERR_NOMEM)));
	return err == ERR_CONFIG ? CONFIG : FAILED;
}

void
app_login_settings(const struct app *a, struct proxy_settings *set)
{
	set->login = a->source != NULL ? &a->own_login : NULL;
	set->login_for_clients = a->config->clients_authentication == CLIENTS_PROXY;
	set->demand_login = a->users != NULL;
}

void
app_login_close(struct app *a)
{
	users_close(a->users);
	login_stage_free(a->login);
	detour_free(a->detour);
	source_close(a->source);
	free(a->extensions);
}
