#include <check.h>
#include <pthread.h>

#include "base/metrics.h"

static struct wr page_w;

static const char *
api_name(int16_t key)
{
	return key == 0 ? "Produce" : NULL;
}

static const char *
page(void)
{
	wr_free(&page_w);
	page_w = wr_new(1 << 24);
	metrics_render(&page_w, api_name);
	wr_u8(&page_w, '\0');
	ck_assert_int_eq(wr_err(&page_w), 0);
	return (const char *)page_w.buf;
}

static bool
has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; (p = strstr(p, line)) != NULL; p++)
		if ((p == text || p[-1] == '\n') && p[n] == '\n')
			return true;
	return false;
}

#define ck_line(line)                                                                                                   \
	do {                                                                                                            \
		const char *text_ = page();                                                                             \
		if (!has_line(text_, line))                                                                             \
			ck_abort_msg("no line \"%s\" in\n%s", line, text_);                                             \
	} while (0)

START_TEST(counts)
{
	metric_add(METRIC_CONNECTIONS_OPENED, 3);
	metric_add(METRIC_CONNECTIONS_ACTIVE, 3);
	metric_add(METRIC_CONNECTIONS_ACTIVE, -2);
	metric_add(METRIC_RECORDS_CRC, 7);
	ck_assert_int_eq(metric_read(METRIC_CONNECTIONS_OPENED), 3);
	ck_line("makoto_connections_opened_total 3");
	ck_line("makoto_connections_active 1");
	ck_line("makoto_records_unattested_total{reason=\"crc\"} 7");
	ck_line("makoto_records_unattested_total{reason=\"codec\"} 0"); /* zero is told, too */
}
END_TEST

START_TEST(labels)
{
	ck_assert(slice_eq(metric_label(METRIC_RECORDS_CRC), slice_str("crc")));
	ck_assert(slice_eq(metric_label(METRIC_VERIFY_REUSED), slice_str("offset-reused")));
	ck_assert_uint_eq(metric_label(METRIC_CONNECTIONS_OPENED).n, 0);
}
END_TEST

START_TEST(seconds)
{
	metric_add(METRIC_HASH_NS, 1234567890);
	metric_add(METRIC_CODEC_NS, 5);
	metric_add(METRIC_OLDEST_UNPUBLISHED_MS, 2050);
	ck_line("makoto_hash_seconds_total 1.234567890");
	ck_line("makoto_codec_seconds_total 0.000000005");
	ck_line("makoto_oldest_unpublished_seconds 2.050");
	metric_add(METRIC_OLDEST_UNPUBLISHED_MS, -4100);
	ck_line("makoto_oldest_unpublished_seconds -2.050");
}
END_TEST

START_TEST(histogram)
{
	metric_observe_ns(METRIC_PRODUCE_OURS, 0);
	metric_observe_ns(METRIC_PRODUCE_OURS, 50000);  /* on a bound: below it */
	metric_observe_ns(METRIC_PRODUCE_OURS, 50001);
	metric_observe_ns(METRIC_PRODUCE_OURS, 400000); /* on a bound */
	metric_observe_ns(METRIC_PRODUCE_OURS, INT64_MAX / 2);
	metric_observe_ns(METRIC_PRODUCE_OURS, -5); /* a clock can't go back, but a caller can err */
	metric_observe_ns(METRIC_PRODUCE_BROKER, 1);
	ck_line("# TYPE makoto_produce_seconds histogram");
	ck_line("makoto_produce_seconds_bucket{part=\"proxy\",le=\"0.000050000\"} 3");
	ck_line("makoto_produce_seconds_bucket{part=\"proxy\",le=\"0.000100000\"} 4");
	ck_line("makoto_produce_seconds_bucket{part=\"proxy\",le=\"0.000200000\"} 4");
	ck_line("makoto_produce_seconds_bucket{part=\"proxy\",le=\"0.000400000\"} 5");
	ck_line("makoto_produce_seconds_bucket{part=\"proxy\",le=\"26.214400000\"} 5");
	ck_line("makoto_produce_seconds_bucket{part=\"proxy\",le=\"+Inf\"} 6");
	ck_line("makoto_produce_seconds_count{part=\"proxy\"} 6");
	ck_line("makoto_produce_seconds_sum{part=\"broker\"} 0.000000001");
	ck_line("makoto_produce_seconds_count{part=\"broker\"} 1");
}
END_TEST

START_TEST(requests)
{
	metric_request(0, 9);
	metric_request(0, 9);
	metric_request(77, 0);
	metric_request(-1, 0);
	metric_request(INT16_MAX, 0);
	metric_request(0, INT16_MAX);
	metric_request(0, -1);
	ck_line("makoto_requests_total{api=\"Produce\",version=\"9\"} 2");
	ck_line("makoto_requests_total{api=\"77\",version=\"0\"} 1");
	ck_line("makoto_requests_total{api=\"other\",version=\"\"} 4");
}
END_TEST

static int64_t
answer(void *arg)
{
	return *(int64_t *)arg;
}

START_TEST(asked_when_the_page_is_made)
{
	int64_t n = 41;

	metric_gauge_fn(METRIC_CHAINS, answer, &n);
	n++;
	ck_assert_int_eq(metric_read(METRIC_CHAINS), 42);
	ck_line("makoto_chains 42");
	metric_gauge_fn(METRIC_CHAINS, NULL, NULL);
	ck_assert_int_eq(metric_read(METRIC_CHAINS), 0);
}
END_TEST

/* Names as Prometheus demands them, and rows of one name side by side under one HELP and one TYPE. */
START_TEST(page_is_well_formed)
{
	const char *text = page(), *end;
	char seen[200][128], name[128], last[128] = "";
	size_t n = 0;

	for (; *text != '\0'; text = end + 1) {
		end = strchr(text, '\n');
		ck_assert_ptr_nonnull(end);
		if (sscanf(text, "# HELP %127s", name) == 1) {
			ck_assert_int_eq(strncmp(name, "makoto_", 7), 0);
			ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
			for (size_t i = 0; i < n; i++)
				ck_assert_str_ne(seen[i], name);
			ck_assert_uint_lt(n, ARRAY_LEN(seen));
			memcpy(seen[n++], name, sizeof(name));
			memcpy(last, name, sizeof(last));
			ck_assert_ptr_nonnull(memchr(text + 7 + strlen(name), ' ', (size_t)(end - text))); /* a text */
		} else if (strncmp(text, "# TYPE ", 7) == 0) {
			ck_assert_int_eq(strncmp(text + 7, last, strlen(last)), 0);
		} else {
			ck_assert_int_eq(strncmp(text, last, strlen(last)), 0);
		}
	}
	ck_assert_uint_gt(n, 30);
}
END_TEST

enum { THREADS = 4, EACH = 20000 };

static void *
bump(void *arg)
{
	if (arg != NULL)
		ck_assert_int_eq(metrics_thread_start(), 0);
	for (int i = 0; i < EACH; i++) {
		metric_add(METRIC_RECORDS_ATTESTED, 1);
		metric_observe_ns(METRIC_PRODUCE_OURS, i);
		metric_request(3, 12);
	}
	return NULL;
}

/* Half of the threads have a slab, half share one; a reader sums meanwhile, and all is there at the end. */
START_TEST(many_threads)
{
	pthread_t threads[THREADS];
	int64_t last = 0;

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, bump, i % 2 == 0 ? &threads[i] : NULL), 0);
	for (int i = 0; i < 100; i++) {
		int64_t now = metric_read(METRIC_RECORDS_ATTESTED);

		ck_assert_int_ge(now, last);
		last = now;
	}
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ATTESTED), THREADS * EACH);
	ck_line("makoto_requests_total{api=\"3\",version=\"12\"} 80000");
	ck_line("makoto_produce_seconds_count{part=\"proxy\"} 80000");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("metrics");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, counts);
	tcase_add_test(t, labels);
	tcase_add_test(t, seconds);
	tcase_add_test(t, histogram);
	tcase_add_test(t, requests);
	tcase_add_test(t, asked_when_the_page_is_made);
	tcase_add_test(t, page_is_well_formed);
	tcase_add_test(t, many_threads);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	wr_free(&page_w);
	return failed != 0;
}
