/* daemon/ is no part of the archive that tests are linked with, so its files are taken in whole. */
#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/status.c"
#include "daemon/verify.c"
#include "suite.h"

/* --- a proxy that says what the test wants ---------------------------------------------- */

static const char *unready;
static const char *told_cluster = "";
static const struct proxy_port *ports;
static size_t port_count;

const char *
proxy_unready(const struct proxy *p)
{
	(void)p;
	return unready;
}

void
proxy_cluster_id(const struct proxy *p, char *ret, size_t len)
{
	(void)p;
	(void)snprintf(ret, len, "%s", told_cluster);
}

unsigned
proxy_connections(const struct proxy *p)
{
	(void)p;
	return 12;
}

void
proxy_ports(struct proxy *p, void (*fn)(void *arg, const struct proxy_port *port), void *arg)
{
	(void)p;
	for (size_t i = 0; i < port_count; i++)
		fn(arg, &ports[i]);
}

const uint8_t *
state_instance(const struct state *s)
{
	static const uint8_t instance[16] = {0x00, 0xab, 0xff};

	(void)s;
	return instance;
}

void
app_tls_props(const struct config *c UNUSED, const char *ret[APP_PROPS_MAX])
{
	ret[0] = NULL;
}

static struct config config = {.state_max_bytes = 5000};
static struct app app;

static void
setup(void)
{
	struct settings *set = settings_new();

	memset(&app, 0, sizeof(app));
	app.chains = chains_new(set);
	ck_assert_ptr_nonnull(app.chains);
	settings_unref(set);
	app.config = &config;
	app.phase = APP_READY;
	app.started = clock_now();
	unready = NULL;
	told_cluster = "";
	port_count = 0;
	app_gauges(&app, true);
}

static void
teardown(void)
{
	app_gauges(&app, false);
	chains_free(app.chains);
}

static json_t *
status(void)
{
	struct wr w = wr_new(1 << 16);
	json_t *j;

	app_status(&app, &w);
	ck_assert_int_eq(wr_err(&w), 0);
	ck_assert_int_eq(w.buf[w.len - 1], '\n');
	j = json_loadb((const char *)w.buf, w.len, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(j != NULL, "no JSON: %.*s", (int)w.len, (const char *)w.buf);
	wr_free(&w);
	return j;
}

static const char *
text_of(json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	ck_assert_msg(s != NULL, "no %s", name);
	return s;
}

START_TEST(readiness)
{
	static const struct {
		enum app_phase phase;
		const char *proxy, *why;
	} t[] = {
		{APP_READY, NULL, ""},
		{APP_UNREADY, NULL, ""},
		{APP_READY, "no broker answers", "no broker answers"},
		{APP_STARTING, "a broker has no port", "a broker has no port"},
		{APP_DRAINING, NULL, "stopping"},
		{APP_SEALING, "no broker answers", "stopping"},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		bool ready = t[i].why[0] == '\0';
		char why[64] = "";
		json_t *j;

		app.phase = t[i].phase;
		unready = t[i].proxy;
		ck_assert_int_eq(app_is_ready(&app, why, sizeof(why)), ready);
		ck_assert_str_eq(why, t[i].why);
		ck_assert_int_eq(metric_read(METRIC_READY), ready);
		j = status();
		ck_assert_int_eq(json_is_true(json_object_get(j, "ready")), ready);
		ck_assert_str_eq(text_of(j, "why"), t[i].why);
		json_decref(j);
	}
}
END_TEST

/* What others chose stays inside its quotes. */
START_TEST(texts)
{
	static const struct proxy_port two[] = {{-1, 9092, "", 0, 3}, {7, 19092, "k\"7\\\n", 9093, 1}};
	json_t *j, *list, *p;

	told_cluster = "a\"b\\";
	ports = two;
	port_count = 2;
	(void)snprintf(app.key_id, sizeof(app.key_id), "SHA256:00");
	j = status();
	ck_assert_str_eq(text_of(j, "clusterId"), "a\"b\\");
	ck_assert_str_eq(text_of(j, "version"), MAKOTO_VERSION);
	ck_assert_str_eq(text_of(j, "keyId"), "SHA256:00");
	ck_assert_str_eq(text_of(j, "instance"), "00abff00000000000000000000000000");
	ck_assert_int_eq(json_integer_value(json_object_get(j, "connections")), 12);
	list = json_object_get(j, "ports");
	ck_assert_uint_eq(json_array_size(list), 2);
	p = json_array_get(list, 0);
	ck_assert_int_eq(json_integer_value(json_object_get(p, "port")), 9092);
	ck_assert_ptr_null(json_object_get(p, "node"));
	p = json_array_get(list, 1);
	ck_assert_str_eq(text_of(p, "broker"), "k\"7\\\n");
	ck_assert_int_eq(json_integer_value(json_object_get(p, "node")), 7);
	ck_assert_int_eq(json_integer_value(json_object_get(p, "brokerPort")), 9093);
	json_decref(j);
}
END_TEST

START_TEST(nothing_yet)
{
	json_t *j = status();

	ck_assert_uint_eq(json_array_size(json_object_get(j, "ports")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(j, "chains")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(j, "oldestUnpublishedMs")), 0);
	ck_assert_int_eq(metric_read(METRIC_CHAINS), 0);
	ck_assert_int_eq(metric_read(METRIC_WINDOWS_UNPUBLISHED), 0);
	ck_assert_int_eq(metric_read(METRIC_OLDEST_UNPUBLISHED_MS), 0);
	ck_assert_int_eq(metric_read(METRIC_JOURNAL_BYTES), 0);
	ck_assert_int_eq(metric_read(METRIC_JOURNAL_SEGMENTS), 0);
	ck_assert_int_eq(metric_read(METRIC_JOURNAL_FAILING), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_CURRENT), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_WAITING), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MEMORY), 0);
	json_decref(j);
}
END_TEST

/* What operators are sent to for the cause of an alert has each verdict that the alert is of. */
START_TEST(verdicts)
{
#define COUNTER(id, name, labels, help) {id, name},
#define GAUGE(id, name, labels, help) {id, name},
#define HISTOGRAM(id, name, labels, help) {id, name},
	static const struct {
		enum metric id;
		const char *name;
	} metrics[] = {
#include "base/metrics.def"
	};
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
	json_t *j = status(), *told = json_object_get(json_object_get(j, "verify"), "verdicts");
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		struct slice label = metric_label(metrics[i].id);

		if (strcmp(metrics[i].name, "makoto_verify_records_total") != 0)
			continue;
		ck_assert_msg(json_is_integer(json_object_getn(told, (const char *)label.p, label.n)), "no %.*s", (int)label.n,
			      (const char *)label.p);
		n++;
	}
	ck_assert_uint_ge(n, VERDICT_COUNT);
	ck_assert_uint_eq(json_object_size(told), n);
	json_decref(j);
}
END_TEST

/* As the files are; and when there is no folder any more for the next segment, it fails. */
START_TEST(journal_gauges)
{
	const struct journal_entry e = {.kind = JOURNAL_PUBLISHED, .chain = 3, .window = 1};
	char dir[] = "/tmp/makoto-status-XXXXXX", why[256];
	struct journal_conf c = {.segment_bytes = 100, .max_bytes = 5000};
	static const char *const names[] = {"journal.0000000000000001", "journal.0000000000000002"};
	struct stat st;
	int64_t sum = 0;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	c.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(c.dir_fd, 0);
	ck_assert_msg(journal_open(&c, &app.journal, why, sizeof(why)) == 0, "%s", why);
	for (int i = 0; metric_read(METRIC_JOURNAL_SEGMENTS) < 2; i++) {
		ck_assert_int_lt(i, 100);
		ck_assert_int_eq(journal_put(app.journal, &e, NULL), 0);
		ck_assert_int_eq(journal_commit(app.journal), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_int_eq(fstatat(c.dir_fd, names[i], &st, 0), 0);
		sum += st.st_size;
	}
	ck_assert_int_eq(metric_read(METRIC_JOURNAL_BYTES), sum);
	ck_assert_int_eq(metric_read(METRIC_JOURNAL_MAX_BYTES), 5000);
	ck_assert_int_eq(metric_read(METRIC_JOURNAL_FAILING), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_int_eq(unlinkat(c.dir_fd, names[i], 0), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	do
		ck_assert_int_eq(journal_put(app.journal, &e, NULL), 0);
	while (journal_commit(app.journal) == 0);
	ck_assert_int_eq(metric_read(METRIC_JOURNAL_FAILING), 1);
	journal_close(app.journal);
	app.journal = NULL;
	close(c.dir_fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("status");
	TCase *t = tcase_create("status");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, readiness);
	tcase_add_test(t, texts);
	tcase_add_test(t, nothing_yet);
	tcase_add_test(t, verdicts);
	tcase_add_test(t, journal_gauges);
	suite_add_tcase(s, t);
	return suite_run(s);
}
