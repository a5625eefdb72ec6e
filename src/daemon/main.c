#include <signal.h>

#include "admin/probe.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/app_internal.h"
#include "daemon/secrecy.h"
#include "kafka/schema.h"
#include "makoto/json_read.h"
#include "survey/survey.h"
#include "trust/policy.h"

enum { EXIT_CONFIG = 2, PROBE_WAIT_MS = 5000 };

/* All of it could be written: 0, else 1. */
static int
told(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	fputs("makoto-proxy: standard output: not all of it could be written\n", stderr);
	return 1;
}

static int
print(struct wr *w)
{
	bool ok = wr_err(w) == 0;

	if (ok)
		(void)fwrite(w->buf, 1, w->len, stdout);
	wr_free(w);
	return ok ? told() : 1;
}

static int
dump_keys(void)
{
	struct wr w = wr_new(1024 * 1024);

	config_dump_keys(&w);
	return print(&w);
}

/* What a start would find wrong in the files that the configuration names. */
static int
check_files(const struct config *c)
{
	struct policy *policy = NULL;
	struct app_tls tls;
	char why[2048];

	if (app_tls_load(c, &tls, why, sizeof(why)) != 0) {
		fprintf(stderr, "makoto-proxy: %s\n", why);
		return EXIT_CONFIG;
	}
	app_tls_clear(&tls);
	if (app_verify_load(c, &policy, why, sizeof(why)) != 0) {
		fprintf(stderr, "makoto-proxy: verify.policy: %s\n", why);
		return EXIT_CONFIG;
	}
	policy_unref(policy);
	return 0;
}

/* The check of the cluster tells of the key itself, beside all else that it finds. */
static int
check_key(const struct config *c)
{
	char why[2048];

	if (app_signing_key_check(c, why, sizeof(why)) == 0)
		return 0;
	fprintf(stderr, "makoto-proxy: attest.signing.key.id: %s\n", why);
	return EXIT_CONFIG;
}

/* What a start would meet. */
static int
check_cluster(struct config *c)
{
	char dir[4096];
	int err;

	if (app_state_path(c, dir, sizeof(dir)) != 0) {
		fprintf(stderr, "makoto-proxy: no state directory: set state.directory, $STATE_DIRECTORY or $HOME\n");
		return EXIT_CONFIG;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	log_setup(LOG_LEVEL_ERROR, (enum log_format)c->log_format); /* what is found is said in lines of its own */
	err = survey_run(c, dir, stdout);
	if (err != 0 && err != ERR_REMOTE)
		fprintf(stderr, "makoto-proxy: the check could not be ended: %s\n", err_text(err));
	return err == 0 ? 0 : 1;
}

/* What a health check of a container or a pod runs: no shell, no other program. */
static int
ask(const struct config *c, const char *path)
{
	char why[512];
	int err;

	if (c->admin_listen[0] == '\0') {
		fprintf(stderr, "makoto-proxy: admin.listen is empty: the proxy can't be asked\n");
		return EXIT_CONFIG;
	}
	err = probe_ask(c->admin_listen, path, PROBE_WAIT_MS, why, sizeof(why));
	fprintf(err == 0 ? stdout : stderr, "makoto-proxy: %s\n", why);
	return err == 0 ? 0 : err == ERR_CONFIG ? EXIT_CONFIG : 1;
}

static int
with_config(const struct options *o)
{
	struct wr w = wr_new(1024 * 1024);
	struct config *c;
	char why[1024];
	int code = 0;

	if (config_load(o->file, o->overrides, o->count, &c, why, sizeof(why)) != 0) {
		fprintf(stderr, "makoto-proxy: %s\n", why);
		return EXIT_CONFIG;
	}
	if (o->action == OPTIONS_DUMP_CONFIG) {
		config_dump(c, &w);
		code = print(&w);
	} else if (o->action == OPTIONS_HEALTH || o->action == OPTIONS_READY) {
		code = ask(c, o->action == OPTIONS_HEALTH ? "/healthz" : "/readyz");
	} else if (c->kafka_bootstrap_servers[0] == '\0') {
		fprintf(stderr, "makoto-proxy: kafka.bootstrap.servers is not set; give -b HOST:PORT or a configuration with it\n");
		code = EXIT_CONFIG;
	} else if (app_login_check(c, why, sizeof(why)) != 0 || app_key_check(c, why, sizeof(why)) != 0) {
		fprintf(stderr, "makoto-proxy: %s\n", why);
		code = EXIT_CONFIG;
	} else if (o->action == OPTIONS_CHECK || o->action == OPTIONS_CHECK_CLUSTER) {
		code = check_files(c);
		if (code == 0)
			code = o->action == OPTIONS_CHECK ? check_key(c) : check_cluster(c);
	} else if (o->action == OPTIONS_RUN) {
		log_setup((enum log_level)c->log_level, (enum log_format)c->log_format);
		code = app_run(o, c);
	}
	config_unref(c);
	return code;
}

int
main(int argc, char **argv)
{
	struct options o;
	char why[512];
	int code;

	file_hold_standard();
	secrecy_begin();
	json_read_setup();
	if (options_read(argc, argv, &o, why, sizeof(why)) != 0) {
		fprintf(stderr, "makoto-proxy: %s\n%s", why, options_usage);
		return EXIT_CONFIG;
	}
	switch (o.action) {
	case OPTIONS_VERSION:
		printf("makoto-proxy %s (Kafka APIs up to %s)\n", MAKOTO_VERSION, schema_kafka_version);
		code = told();
		break;
	case OPTIONS_HELP:
		fputs(options_usage, stdout);
		code = told();
		break;
	case OPTIONS_DUMP_KEYS: code = dump_keys(); break;
	case OPTIONS_RUN:
	case OPTIONS_CHECK:
	case OPTIONS_CHECK_CLUSTER:
	case OPTIONS_DUMP_CONFIG:
	case OPTIONS_HEALTH:
	case OPTIONS_READY:
	default: code = with_config(&o); break;
	}
	options_free(&o);
	return code;
}
