#include <jansson.h>

#include "admin/admin.h"
#include "admin/overview.h"
#include "base/json_out.h"
#include "base/metrics.h"
#include "http_client.h"

static struct loop *loop;
static struct admin *admin;
static bool is_ready;
static char why[256];
static unsigned pages;
static bool no_memory;
static const char *const names[] = {"edge-1"};

static bool
ready(void *arg, char *not_why, size_t why_len)
{
	ck_assert_ptr_eq(arg, &loop);
	if (!is_ready)
		(void)snprintf(not_why, why_len, "no broker answers");
	return is_ready;
}

static void
status(void *arg, struct wr *w)
{
	struct json_out j = json_out_of(w);

	ck_assert_ptr_eq(arg, &loop);
	json_out_open(&j, NULL, '{');
	json_out_str(&j, "instance", "a\"b");
	json_out_close(&j);
}

static void
overview(void *arg, struct wr *w)
{
	ck_assert_ptr_eq(arg, &loop);
	wr_printf(w, "page %u\n", ++pages);
	if (no_memory)
		w->err = ERR_NOMEM;
}

static const char *
api_name(int16_t key)
{
	return key == 3 ? "Metadata" : NULL;
}

static void
setup(void)
{
	struct admin_doors doors = {ready, status, overview, api_name, &loop, names, ARRAY_LEN(names)};

	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_msg(admin_start(loop, "127.0.0.1:0", &doors, &admin, why, sizeof(why)) == 0, "%s", why);
}

static void
teardown(void)
{
	admin_stop(admin);
	loop_free(loop);
}

static char *
get(const char *path)
{
	char request[128];

	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	return http_exchange(loop, admin_port(admin), request);
}

START_TEST(health)
{
	char *got = get("/healthz");

	ck_begins(got, "HTTP/1.1 200 OK\r\n");
	ck_ends(got, "\r\n\r\nok\n");
	free(got);
}
END_TEST

START_TEST(readiness)
{
	char *got = get("/readyz");

	ck_begins(got, "HTTP/1.1 503 ");
	ck_ends(got, "\r\n\r\nno broker answers\n");
	free(got);
	is_ready = true;
	got = get("/readyz");
	ck_begins(got, "HTTP/1.1 200 OK\r\n");
	ck_ends(got, "\r\n\r\nready\n");
	free(got);
	is_ready = false;
}
END_TEST

START_TEST(metrics)
{
	char *got;

	metric_request(3, 12);
	got = get("/metrics");
	ck_assert_ptr_nonnull(strstr(got, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "\nmakoto_requests_total{api=\"Metadata\",version=\"12\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(got, "\nmakoto_build_info{version=\"" MAKOTO_VERSION "\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(got, "\nprocess_resident_memory_bytes "));
	free(got);
}
END_TEST

START_TEST(status_is_json)
{
	char *got = get("/status");
	json_t *j = json_loads(strstr(got, "\r\n\r\n") + 4, 0, NULL);

	ck_assert_ptr_nonnull(strstr(got, "Content-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(json_string_value(json_object_get(j, "instance")), "a\"b");
	json_decref(j);
	free(got);
}
END_TEST

/* Made once a second at most, whoever asks how often; and one that couldn't be made isn't kept. */
START_TEST(page)
{
	struct monotime mono = {1000000000};
	char *got, policy[OVERVIEW_POLICY_MAX + 64], want[OVERVIEW_POLICY_MAX];

	clock_set_for_tests(&mono, NULL);
	overview_policy(want);
	(void)snprintf(policy, sizeof(policy), "\r\nContent-Security-Policy: %s\r\n", want);
	for (int i = 0; i < 20; i++) {
		got = get("/");
		ck_begins(got, "HTTP/1.1 200 OK\r\n");
		ck_assert_ptr_nonnull(strstr(got, "Content-Type: text/html; charset=utf-8\r\n"));
		ck_assert_ptr_nonnull(strstr(got, policy));
		ck_ends(got, "\r\n\r\npage 1\n");
		free(got);
		mono.ns += 40000000;
	}
	mono.ns += 200000000;
	no_memory = true;
	got = get("/");
	ck_begins(got, "HTTP/1.1 500 ");
	free(got);
	no_memory = false;
	got = get("/");
	ck_ends(got, "\r\n\r\npage 3\n");
	free(got);
	clock_set_for_tests(NULL, NULL);
}
END_TEST

START_TEST(the_rest)
{
	char *got = get("/no-such");

	ck_begins(got, "HTTP/1.1 404 ");
	free(got);
	got = get("/metrics/");
	ck_begins(got, "HTTP/1.1 404 ");
	free(got);
	got = http_exchange(loop, admin_port(admin), "GET /status HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
	ck_begins(got, "HTTP/1.1 421 ");
	free(got);
	got = http_exchange(loop, admin_port(admin), "GET /healthz HTTP/1.1\r\nHost: Edge-1:1\r\n\r\n");
	ck_begins(got, "HTTP/1.1 200 ");
	free(got);
}
END_TEST

START_TEST(port_taken)
{
	struct admin_doors doors = {ready, status, overview, api_name, &loop, names, ARRAY_LEN(names)};
	struct admin *other = NULL;
	char address[64];

	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", admin_port(admin));
	ck_assert_int_eq(admin_start(loop, address, &doors, &other, why, sizeof(why)), ERR_IO);
	ck_ends(why, ": Address already in use");
	ck_assert_int_eq(admin_start(loop, "nothing", &doors, &other, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(other);
	admin_stop(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("admin");
	TCase *t = tcase_create("admin");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, health);
	tcase_add_test(t, readiness);
	tcase_add_test(t, metrics);
	tcase_add_test(t, status_is_json);
	tcase_add_test(t, page);
	tcase_add_test(t, the_rest);
	tcase_add_test(t, port_taken);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
