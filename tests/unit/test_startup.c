/* daemon/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "scratch.h"
#include "suite.h"

/* The host's name is the test's. */
static const char *host_name = "edge-1";

static int
told_host(char *name, size_t len)
{
	(void)snprintf(name, len, "%s", host_name);
	return 0;
}

#define gethostname told_host
#include "daemon/startup.c"

int
app_open_key(struct app *a UNUSED, const char *d UNUSED)
{
	return 0;
}

static char dir[64];
static struct app app;
static struct config config;

static void
setup(void)
{
	char why[256];

	scratch_make("test_startup", dir, sizeof(dir));
	ck_assert_int_eq(state_open(dir, &app.state, why, sizeof(why)), 0);
	config = (struct config){.attest_dbom_topic = strdup("makoto.dbom"), .attest_collector_id = strdup(""),
				 .attest_location = strdup(""), .kafka_bootstrap_servers = strdup("kafka1:9092")};
	host_name = "edge-1";
}

static void
teardown(void)
{
	int fd = state_dir_fd(app.state);

	chains_free(app.chains);
	app.chains = NULL;
	free(config.attest_dbom_topic);
	free(config.attest_collector_id);
	free(config.attest_location);
	free(config.kafka_bootstrap_servers);
	(void)unlinkat(fd, "lock", 0);
	state_close(app.state);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* A host's name, as far as it is part of a URI. */
START_TEST(the_name_by_default)
{
	struct settings *s;

	host_name = "edge 1/a:b";
	s = app_settings(&app, &config);
	ck_assert_str_eq(s->collector_id, "urn:makoto-kafka:edge-1-a-b");
	settings_unref(s);
	free(config.attest_collector_id);
	config.attest_collector_id = strdup("urn:test:proxy");
	s = app_settings(&app, &config);
	ck_assert_str_eq(s->collector_id, "urn:test:proxy");
	settings_unref(s);
}
END_TEST

/* The host gets another name, as by DHCP, and then the configuration is loaded anew: chains and statements keep the one they have. */
START_TEST(the_name_stays)
{
	struct settings *s = app_settings(&app, &config);

	app.chains = chains_new(s);
	settings_unref(s);
	ck_assert_ptr_nonnull(app.chains);
	host_name = "renamed";
	config.attest_window_records = 7;
	s = app_settings(&app, &config);
	ck_assert_str_eq(s->collector_id, "urn:makoto-kafka:edge-1");
	ck_assert_int_eq(s->window_records, 7);
	settings_unref(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("startup");
	TCase *t = tcase_create("startup");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_name_by_default);
	tcase_add_test(t, the_name_stays);
	suite_add_tcase(s, t);
	return suite_run(s);
}
