#include "proxy/alone.h"

#include <stdio.h>

int
alone_init(struct alone *a, const struct gate_conf *conf,
	   void (*unreached)(void *arg, const char *broker, const char *mechanism, const char *why), void *arg, char *why,
	   size_t why_len)
{
	int err;

	transport_init(&a->core.transport);
	err = servers_read(conf->bootstrap_servers, &a->servers, why, why_len);
	if (err != 0)
		return err;
	a->core.set = proxy_settings_default();
	a->core.set.login = conf->login;
	a->core.set.connect_ms = conf->connect_ms;
	a->core.set.max_frame = conf->max_frame;
	a->core.servers = a->servers.list;
	a->core.server_count = a->servers.count;
	a->core.unreached = unreached;
	a->core.arg = arg;
	transport_set(&a->core.transport, NULL, conf->brokers);
	a->core.resolver = resolver_new();
	a->core.refusals = refusals_new();
	a->loop = loop_new();
	err = a->core.resolver == NULL || a->core.refusals == NULL || a->loop == NULL ? ERR_IO : 0;
	if (err == 0) {
		a->core.main = loop_wake(a->loop);
		err = reactor_init(&a->reactor, &a->core, 0, a->loop, NULL, 0);
	}
	if (err != 0)
		(void)snprintf(why, why_len, "%s", err_text(err));
	return err;
}

void
alone_fini(struct alone *a)
{
	reactor_fini(&a->reactor);
	loop_free(a->loop);
	resolver_free(a->core.resolver);
	refusals_free(a->core.refusals);
	transport_fini(&a->core.transport);
	servers_clear(&a->servers);
}
