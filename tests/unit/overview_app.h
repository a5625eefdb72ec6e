/* overview_app: what the page is gathered from: chains of some topics, and a proxy that says what a test wants. */
#ifndef TESTS_UNIT_OVERVIEW_APP_H
#define TESTS_UNIT_OVERVIEW_APP_H

#include "daemon/overview.c" /* daemon/ is no part of the archive that tests are linked with */
#include "tests/unit/chain_rig.h"

static struct app app;
static struct config *config;
static const char *unready;
static size_t port_count = 2;
static struct monotime app_mono = {1000000000};
static int64_t app_wall = RIG_WALL;

bool
app_is_ready(void *arg UNUSED, char *why, size_t why_len)
{
	(void)snprintf(why, why_len, "%s", unready == NULL ? "" : unready);
	return unready == NULL;
}

void
proxy_cluster_id(const struct proxy *p UNUSED, char *ret, size_t len)
{
	(void)snprintf(ret, len, "a<b");
}

unsigned
proxy_connections(const struct proxy *p UNUSED)
{
	return 12;
}

void
proxy_ports(struct proxy *p UNUSED, void (*fn)(void *arg, const struct proxy_port *p), void *arg)
{
	for (size_t i = 0; i < port_count; i++)
		fn(arg, &(struct proxy_port){(int32_t)i - 1, (uint16_t)(9092 + i), i == 0 ? "" : "kafka-1", 9092, 3});
}

const uint8_t *
state_instance(const struct state *s UNUSED)
{
	static const uint8_t instance[16] = {0x00, 0xab, 0xff};

	return instance;
}

static inline void
overview_app_begin(const char *settings)
{
	struct settings *set = rig_settings();
	char why[256], text[512];

	clock_set_for_tests(&app_mono, &app_wall);
	(void)snprintf(text, sizeof(text), "kafka.bootstrap.servers: a:1\n%s", settings);
	ck_assert_msg(config_load_text("test", slice_str(text), NULL, 0, &config, why, sizeof(why)) == 0, "%s", why);
	app = (struct app){.config = config, .phase = APP_READY, .chains = chains_new(set), .started = clock_now()};
	ck_assert_ptr_nonnull(app.chains);
	ck_assert_int_eq(chains_set_cluster(app.chains, slice_str(RIG_CLUSTER)), 0);
	settings_unref(set);
	unready = NULL;
}

static inline void
overview_app_end(void)
{
	chains_free(app.chains);
	config_unref(config);
	clock_set_for_tests(NULL, NULL);
}

static inline void
overview_app_produce(const char *topic, int32_t records)
{
	struct chains_batch b = rig_batch(records);
	struct attempt a;

	b.topic = slice_str(topic);
	ck_assert_int_eq(chains_place(app.chains, &b, &a), 0);
	rig_fill(a.members, records, 1);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, 0, -1}), CHAINS_STORED);
}

#endif
