/*
 * TLS from the configuration: checked, read, given to new connections, and read again when a
 * file changed.
 *
 *   every 10 s: stat ─► changed? ─► read ─► good: new connections get it
 *                                      └──► bad: the old one stays, until the files change again
 */
#include <strings.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/metrics.h"
#include "daemon/app_internal.h"
#include "net/tls.h"
#include "reach/protocol.h"
#include "reach/wrap.h"

enum { LOOK_MS = 10000, SOON_S = 14 * 86400 };
enum auth { AUTH_AUTO, AUTH_NONE, AUTH_OPTIONAL, AUTH_REQUIRED };

static void
files_of(const struct config *c, const char *ret[APP_TLS_FILES])
{
	ret[0] = c->listen_tls_certificate;
	ret[1] = c->listen_tls_key;
	ret[2] = c->listen_tls_client_ca;
	ret[3] = c->kafka_ssl_ca_location;
	ret[4] = c->kafka_ssl_certificate_location;
	ret[5] = c->kafka_ssl_key_location;
}

/* Where no file is, or none is named, all is 0. */
static void
stamp_all(const struct config *c, struct app_stamp ret[APP_TLS_FILES])
{
	const char *files[APP_TLS_FILES];

	files_of(c, files);
	memset(ret, 0, APP_TLS_FILES * sizeof(*ret));
	for (size_t i = 0; i < APP_TLS_FILES; i++) {
		struct stat st;

		if (files[i][0] == '\0' || stat(files[i], &st) != 0)
			continue;
		ret[i] = (struct app_stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
	}
}

/* --- what doesn't go together ---------------------------------------------------------- */

static int
complain(char *why, size_t why_len, const char *key, const char *what)
{
	(void)snprintf(why, why_len, "%s: %s", key, what);
	return ERR_CONFIG;
}

static int
check_clients(const struct config *c, char *why, size_t why_len)
{
	bool tls = c->listen_tls_certificate[0] != '\0', ca = c->listen_tls_client_ca[0] != '\0';
	bool names = c->listen_tls_client_names.count > 0;

	if (tls && c->listen_tls_key[0] == '\0')
		return complain(why, why_len, "listen.tls.key", "missing, where listen.tls.certificate is set");
	if (!tls && (c->listen_tls_key[0] != '\0' || ca || names || c->listen_tls_client_auth > AUTH_NONE))
		return complain(why, why_len, "listen.tls.certificate", "missing, where other keys of listen.tls are set");
	if (!ca && c->listen_tls_client_auth > AUTH_NONE)
		return complain(why, why_len, "listen.tls.client.ca", "missing, where listen.tls.client.auth asks for certificates");
	if (names && (!ca || c->listen_tls_client_auth == AUTH_NONE))
		return complain(why, why_len, "listen.tls.client.names", "can't be checked: clients show no certificates");
	return 0;
}

/* --- reading ------------------------------------------------------------------------------ */

static int
load_clients(const struct config *c, struct tls_context **ret, char *why, size_t why_len)
{
	static const enum tls_client_auth auths[] = {[AUTH_NONE] = TLS_CLIENT_NONE,
						     [AUTH_OPTIONAL] = TLS_CLIENT_OPTIONAL,
						     [AUTH_REQUIRED] = TLS_CLIENT_REQUIRED};
	enum auth auth = (enum auth)c->listen_tls_client_auth;
	struct tls_server_conf conf = {
		.certificate = c->listen_tls_certificate,
		.key = c->listen_tls_key,
		.client_ca = c->listen_tls_client_ca,
		.client_names = (const char *const *)c->listen_tls_client_names.items,
		.client_name_count = c->listen_tls_client_names.count,
		.only_13 = c->listen_tls_min_version == 1,
	};
	char text[768];
	int err;

	if (auth == AUTH_AUTO)
		auth = c->listen_tls_client_ca[0] != '\0' ? AUTH_REQUIRED : AUTH_NONE;
	conf.client_auth = auths[auth];
	err = tls_server_new(&conf, ret, text, sizeof(text));
	if (err != 0)
		(void)snprintf(why, why_len, "listen.tls: %s", text);
	return err;
}

int
app_tls_load(const struct config *c, struct app_tls *ret, char *why, size_t why_len)
{
	struct app_tls t = {NULL, NULL, {{0}}};
	int err = check_clients(c, why, why_len);

	stamp_all(c, t.stamps); /* before they are read: what changes meanwhile is seen the next time */
	if (err == 0)
		err = wrap_check(c, why, why_len);
	if (err == 0 && c->listen_tls_certificate[0] != '\0')
		err = load_clients(c, &t.clients, why, why_len);
	if (err == 0)
		err = wrap_new(c, &t.brokers, why, why_len);
	if (err != 0) {
		app_tls_clear(&t);
		return err;
	}
	*ret = t;
	return 0;
}

void
app_tls_clear(struct app_tls *t)
{
	tls_unref(t->clients);
	tls_unref(t->brokers);
	t->clients = t->brokers = NULL;
}

/* --- in force ------------------------------------------------------------------------------- */

static void
note_end(const struct tls_context *t, const struct tls_context *before, enum metric gauge, const char *side)
{
	int64_t end = t != NULL ? tls_not_after(t) : 0, was = before != NULL ? tls_not_after(before) : 0;
	int64_t left = end - clock_wall_ms() / 1000;

	metric_add(gauge, end - was);
	if (end != 0 && left <= 0)
		LOG_WARN("tls", "the certificate has expired; it is shown all the same", LOG_S("to", side));
	else if (end != 0 && left < SOON_S)
		LOG_WARN("tls", "the certificate expires soon", LOG_S("to", side), LOG_I("hours", left / 3600));
}

void
app_tls_apply(struct app *a, struct app_tls *fresh)
{
	note_end(fresh->clients, a->tls.clients, METRIC_TLS_ENDS_CLIENT, "clients");
	note_end(fresh->brokers, a->tls.brokers, METRIC_TLS_ENDS_BROKER, "brokers");
	proxy_set_tls(a->proxy, fresh->clients, fresh->brokers);
	app_tls_clear(&a->tls);
	a->tls = *fresh;
	if (a->tls.clients != NULL || a->tls.brokers != NULL)
		loop_timer_set(a->tls_look, LOOK_MS);
	else
		loop_timer_clear(a->tls_look);
}

void
app_tls_look(void *arg)
{
	struct app *a = arg;
	struct app_stamp now[APP_TLS_FILES];
	struct app_tls fresh;
	char why[1024];

	loop_timer_set(a->tls_look, LOOK_MS);
	stamp_all(a->config, now);
	if (memcmp(now, a->tls.stamps, sizeof(now)) == 0)
		return;
	memcpy(a->tls.stamps, now, sizeof(now)); /* what is bad is said once */
	if (app_tls_load(a->config, &fresh, why, sizeof(why)) != 0) {
		LOG_ERROR("tls", "TLS files changed and can't be used; the old ones stay in force", LOG_S("cause", why));
		metric_add(METRIC_TLS_RELOADS_FAILED, 1);
		return;
	}
	app_tls_apply(a, &fresh);
	LOG_INFO("tls", "TLS files changed and were read again; new connections use them");
	metric_add(METRIC_TLS_RELOADS, 1);
}

void
app_tls_props(const struct config *c, const char *ret[APP_PROPS_MAX])
{
	const char *all[][2] = {
		{"ssl.ca.location", c->kafka_ssl_ca_location},
		{"ssl.certificate.location", c->kafka_ssl_certificate_location},
		{"ssl.key.location", c->kafka_ssl_key_location},
		{"ssl.key.password", c->kafka_ssl_key_password},
	};
	size_t n = 0;

	if (c->kafka_security_protocol == PROTOCOL_SSL) { /* with a login, the detour does it */
		ret[n++] = "security.protocol";
		ret[n++] = "ssl";
		ret[n++] = "ssl.endpoint.identification.algorithm";
		ret[n++] = c->kafka_ssl_endpoint_identification == 1 ? "none" : "https";
		for (size_t i = 0; i < ARRAY_LEN(all); i++) {
			if (all[i][1][0] == '\0')
				continue;
			ret[n++] = all[i][0];
			ret[n++] = all[i][1];
		}
	}
	ret[n] = NULL;
}
