#include <fcntl.h>
#include <string.h>

#include "http_lab.h"
#include "cloud/aws.h"
#include "suite.h"

#define KEYS "{\"Code\":\"Success\",\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"se/cret\",\"Token\":\"tok\"," \
	     "\"Expiration\":\"2999-01-01T00:00:00Z\"}"

static char why[512];

static void
has(struct aws_keys *k, const char *access_key, const char *secret_key, const char *token)
{
	ck_assert_str_eq((char *)k->access_key.p, access_key);
	ck_assert_str_eq((char *)k->secret_key.p, secret_key);
	ck_assert_str_eq((char *)k->session_token.p, token);
	aws_keys_clear(k);
}

START_TEST(environment)
{
	struct aws_keys k = {0};

	unsetenv("AWS_SESSION_TOKEN");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
	ck_assert_int_eq(aws_from_environment(&k, why, sizeof(why)), ERR_CONFIG);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	ck_assert_int_eq(aws_from_environment(&k, why, sizeof(why)), 0);
	has(&k, "AKID", "s", "");
	setenv("AWS_SESSION_TOKEN", "t", 1);
	ck_assert_int_eq(aws_from_environment(&k, why, sizeof(why)), 0);
	has(&k, "AKID", "s", "t");
}
END_TEST

static const char file[] = "# comment\n[default]\naws_access_key_id = A\r\naws_secret_access_key=S=x\n; other\n[ other ]\n"
			   "aws_access_key_id=B\naws_secret_access_key = T\naws_session_token = U\n[broken\naws_access_key_id=C\n";

START_TEST(shared_file)
{
	struct aws_keys k = {0};
	char path[64];
	int fd;

	ck_assert_int_eq(aws_parse_file(slice_str(file), "default", &k, why, sizeof(why)), 0);
	has(&k, "A", "S=x", "");
	ck_assert_int_eq(aws_parse_file(slice_str(file), "other", &k, why, sizeof(why)), 0);
	has(&k, "B", "T", "U");
	ck_assert_int_eq(aws_parse_file(slice_str(file), "third", &k, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "[third]"));
	for (size_t n = 0; n < sizeof(file) - 1; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, file, n);
		if (aws_parse_file(slice_of(copy, n), "other", &k, why, sizeof(why)) == 0)
			aws_keys_clear(&k);
		free(copy);
	}
	(void)snprintf(path, sizeof(path), "/tmp/makoto-aws-%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_eq(write(fd, file, sizeof(file) - 1), (ssize_t)sizeof(file) - 1);
	close(fd);
	setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
	ck_assert_int_eq(aws_from_file("other", &k, why, sizeof(why)), 0);
	has(&k, "B", "T", "U");
	unlink(path);
	ck_assert_int_eq(aws_from_file("other", &k, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, path));
}
END_TEST

static int
parse(const char *json, int64_t now_ms, int64_t *ret_ms)
{
	struct wr w = wr_new(1024);
	struct aws_keys k = {0};
	int err = aws_parse_json(slice_str(json), now_ms, &w, ret_ms, why, sizeof(why));

	if (err == 0) {
		ck_assert_int_eq(aws_unpack(wr_slice(&w), &k), 0);
		ck_assert_str_eq((char *)k.access_key.p, "AKID");
		aws_keys_clear(&k);
	}
	wr_free(&w);
	return err;
}

START_TEST(answers)
{
	int64_t ms;
	char part[sizeof(KEYS)];

	ck_assert_int_eq(parse("{\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s\",\"Expiration\":\"2015-08-30T12:36:10Z\"}",
			       1440938160000, &ms),
			 0);
	ck_assert_int_eq(ms, 10000);
	ck_assert_int_eq(parse("{\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s\"}", 0, &ms), 0);
	ck_assert_int_eq(ms, 3600000);
	ck_assert_int_eq(parse("{\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s\",\"Expiration\":\"2015-08-30T12:36:00Z\"}",
			       1440938160000, &ms),
			 ERR_REMOTE);
	/* As emulators say "for ever": a clock in nanoseconds doesn't go so far. */
	ck_assert_int_eq(parse("{\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s\",\"Expiration\":\"9999-12-31T23:59:59Z\"}", 0, &ms), 0);
	ck_assert(ms == INT64_C(365) * 86400 * 1000);
	ck_assert_int_eq(parse("{\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}", 0, &ms),
			 ERR_MALFORMED);
	ck_assert_int_eq(parse("{\"Code\":\"Failed\"}", 0, &ms), ERR_MALFORMED);
	for (size_t n = 0; n + 1 < sizeof(KEYS); n++) {
		memcpy(part, KEYS, n);
		part[n] = '\0';
		ck_assert_int_eq(parse(part, 0, &ms), ERR_MALFORMED);
	}
}
END_TEST

static int
fetch(keeper_fetch_fn *fn, struct aws_keys *k)
{
	struct wr w = wr_new(4096);
	atomic_bool stop = false;
	int64_t ms = 0;
	int err = fn(NULL, &stop, &w, &ms, why, sizeof(why));

	if (err == 0) {
		ck_assert_int_gt(ms, 0);
		ck_assert_int_eq(aws_unpack(wr_slice(&w), k), 0);
	}
	wr_free(&w);
	return err;
}

START_TEST(instance) /* IMDSv2: a token, the role's name, its credentials */
{
	static const struct http_lab_answer good[] = {
		{"PUT /latest/api/token ", "X-aws-ec2-metadata-token-ttl-seconds: ", "imds-token"},
		{"GET /latest/meta-data/iam/security-credentials/ ", "X-aws-ec2-metadata-token: imds-token\r\n", "role-1"},
		{"GET /latest/meta-data/iam/security-credentials/role-1 ", "X-aws-ec2-metadata-token: imds-token\r\n", KEYS},
	};
	struct aws_keys k = {0};
	char url[64];

	http_lab_open(good, 3);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", http_lab.port);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
	ck_assert_msg(fetch(aws_fetch_instance, &k) == 0, "%s", why);
	has(&k, "AKID", "se/cret", "tok");
	http_lab.count = 1; /* no role any more */
	ck_assert_int_eq(fetch(aws_fetch_instance, &k), ERR_REMOTE);
	ck_assert_ptr_nonnull(strstr(why, "status 404"));
	http_lab_close();
	ck_assert_int_eq(fetch(aws_fetch_instance, &k), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, url));
}
END_TEST

START_TEST(container)
{
	static const struct http_lab_answer good[] = {{"GET /v2/credentials ", "Authorization: let-me\r\n", KEYS}};
	struct aws_keys k = {0};
	char url[64];

	unsetenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	ck_assert_int_eq(fetch(aws_fetch_container, &k), ERR_CONFIG);
	http_lab_open(good, 1);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/v2/credentials", http_lab.port);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	ck_assert_int_eq(fetch(aws_fetch_container, &k), ERR_REMOTE); /* without its token */
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me", 1);
	ck_assert_msg(fetch(aws_fetch_container, &k) == 0, "%s", why);
	has(&k, "AKID", "se/cret", "tok");
	http_lab_close();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aws");
	TCase *t = tcase_create("aws");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, environment);
	tcase_add_test(t, shared_file);
	tcase_add_test(t, answers);
	tcase_add_test(t, instance);
	tcase_add_test(t, container);
	suite_add_tcase(s, t);
	return suite_run(s);
}
