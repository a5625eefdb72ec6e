#include <check.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "rdkafka/detour_internal.h"
#include "suite.h"

START_TEST(names)
{
	static const struct {
		const char *name, *host;
		uint16_t port;
	} table[] = {
		{"kafka-1:9092/bootstrap", "kafka-1", 9092}, {"127.0.0.1:1/17", "127.0.0.1", 1},
		{"[::1]:65535/2", "::1", 65535},             {"::1:9092/2", "::1", 9092},
		{"kafka:9092", "kafka", 9092},
	};
	static const char *const bad[] = {"", "/", "kafka/1", "kafka:/1", ":9092/1", "kafka:0/1", "kafka:65536/1", "kafka:x/1",
					  "[]:1/1", "GroupCoordinator"};
	char host[32];
	uint16_t port;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		ck_assert_int_eq(detour_split(table[i].name, host, sizeof(host), &port), 0);
		ck_assert_str_eq(host, table[i].host);
		ck_assert_uint_eq(port, table[i].port);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(detour_split(bad[i], host, sizeof(host), &port), ERR_MALFORMED);
	ck_assert_int_eq(detour_split("a-host-whose-name-is-longer-than-that:9092/1", host, sizeof(host), &port), ERR_MALFORMED);
}
END_TEST

/* --- who dials is gone ----------------------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned failed, dials;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static void
on_log(const rd_kafka_t *rk UNUSED, int level UNUSED, const char *facility UNUSED, const char *text)
{
	if (strstr(text, "Couldn't connect to ") == NULL)
		return;
	pthread_mutex_lock(&seen.lock);
	seen.failed++;
	pthread_cond_signal(&seen.cond);
	pthread_mutex_unlock(&seen.lock);
}

static int
dial(void *arg UNUSED, int fd, const char *host UNUSED, uint16_t port UNUSED)
{
	(void)close(fd);
	pthread_mutex_lock(&seen.lock);
	seen.dials++;
	pthread_mutex_unlock(&seen.lock);
	return ERR_IO;
}

static void
ck_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[256];

	ck_assert_msg(rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK, "%s", why);
}

/* Until it couldn't connect once. */
static void
connect_with(struct detour *d)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *rk;

	ck_set(conf, "bootstrap.servers", "127.0.0.1:1");
	ck_set(conf, "debug", "broker");
	rd_kafka_conf_set_log_cb(conf, on_log);
	detour_take(d, conf);
	seen.failed = seen.dials = 0;
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	ck_assert_msg(rk != NULL, "%s", why);
	pthread_mutex_lock(&seen.lock);
	while (seen.failed == 0)
		pthread_cond_wait(&seen.cond, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
	rd_kafka_destroy(rk);
}

/* librdkafka goes on to connect for as long as its handle lives. */
START_TEST(refuses)
{
	struct detour *d = detour_new(dial, NULL);

	ck_assert_ptr_nonnull(d);
	connect_with(d);
	ck_assert_uint_gt(seen.dials, 0);
	detour_refuse(d);
	detour_keep(d);
	detour_free(d); /* a client outlives who made it */
	connect_with(d);
	ck_assert_uint_eq(seen.dials, 0);
	detour_free(d);
	detour_refuse(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("detour");
	TCase *t = tcase_create("detour");

	tcase_add_test(t, names);
	tcase_add_test(t, refuses);
	suite_add_tcase(s, t);
	return suite_run(s);
}
