/* Logins: the proxy's own at brokers, and those of clients at the proxy. */
#include "base/log.h"
#include "daemon/app_internal.h"
#include "reach/protocol.h"

enum { OK = 0, FAILED = 1, CONFIG = 2 };

enum { CLIENTS_PASSTHROUGH, CLIENTS_PROXY }; /* the words of clients.authentication */

int
app_login_check(const struct config *c, char *why, size_t why_len)
{
	if (c->listen_sasl_users_file[0] != '\0') {
		if (c->clients_authentication != CLIENTS_PROXY) {
			(void)snprintf(why, why_len, "listen.sasl.users.file wants clients.authentication: proxy; else brokers ask clients to log in");
			return ERR_CONFIG;
		}
		if (users_check_file(c->listen_sasl_users_file, why, why_len) != 0)
			return ERR_CONFIG;
	}
	return identity_check(c, why, why_len);
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
	if (a->login == NULL) {
		LOG_ERROR("app", "out of memory");
		return FAILED;
	}
	err = identity_open(a->config, &a->identity, why, sizeof(why));
	if (err == 0 && a->identity == NULL)
		return OK;
	a->detour = err == 0 ? detour_new(dial, a) : NULL;
	if (a->detour != NULL)
		return OK;
	LOG_ERROR("app", "can't log in", LOG_S("cause", err != 0 ? why : err_text(ERR_NOMEM)));
	return err == ERR_CONFIG ? CONFIG : FAILED;
}

void
app_login_settings(const struct app *a, struct proxy_settings *set)
{
	set->login = identity_door(a->identity);
	set->login_for_clients = a->config->clients_authentication == CLIENTS_PROXY;
	/* Brokers with SASL serve nobody before the login; so what strangers send is not even opened. */
	set->demand_login = a->users != NULL || (!set->login_for_clients && protocol_logs_in(a->config));
}

void
app_login_close(struct app *a)
{
	users_close(a->users);
	login_stage_free(a->login);
	detour_free(a->detour);
	identity_close(a->identity);
}
