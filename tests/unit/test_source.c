#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/log.h"
#include "http_lab.h"
#include "sasl/source.h"
#include "suite.h"

static char why[512];

/* The first message of a talk, once it can be had. */
static void
says(struct source *s, const char *want, size_t len)
{
	struct wr out = wr_new(4096);
	struct sasl *talk;
	bool done;
	int err;

	while ((err = source_begin(s, "b-1.kafka.eu-central-1.amazonaws.com", &talk, why, sizeof(why))) == ERR_NOT_NOW)
		sched_yield();
	ck_assert_msg(err == 0, "%s", why);
	ck_assert_int_eq(sasl_step(talk, slice_of(NULL, 0), &out, &done, why, sizeof(why)), 0);
	ck_assert_msg(memmem(out.buf, out.len, want, len) != NULL, "%.*s", (int)out.len, (const char *)out.buf);
	wr_free(&out);
	sasl_free(talk);
}

static struct source *
open_source(const struct source_settings *set)
{
	struct source *s = NULL;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	ck_assert_msg(source_open(set, &s, why, sizeof(why)) == 0, "%s", why);
	return s;
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(inline_password)
{
	struct source_settings set = {.mechanism = "PLAIN", .username = "tim", .password = "pw"};
	struct source *s = open_source(&set);

	says(s, "\0tim\0pw", 7);
	source_close(s);
	source_close(NULL);
}
END_TEST

START_TEST(files_are_read_each_time)
{
	struct source_settings set = {.mechanism = "PLAIN", .username = "tim", .password_file = "pw"};
	char dir[] = "/tmp/makoto-source-XXXXXX", path[64];
	struct source *s;
	struct sasl *talk;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/pw", dir);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	write_file(path, "first\n");
	s = open_source(&set);
	says(s, "\0tim\0first", 10);
	write_file(path, "second\r\n");
	says(s, "\0tim\0second", 11);
	write_file(path, "");
	ck_assert_int_eq(source_begin(s, "h", &talk, why, sizeof(why)), ERR_CONFIG);
	unlink(path);
	ck_assert_int_eq(source_begin(s, "h", &talk, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, path));
	source_close(s);
	set = (struct source_settings){.mechanism = "OAUTHBEARER", .token_file = path};
	write_file(path, "to.ke.n\n");
	s = open_source(&set);
	says(s, "auth=Bearer to.ke.n\x01", 20);
	source_close(s);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(token_endpoint)
{
	static const struct http_lab_answer good[] = {
		{"POST /token ", "Authorization: Basic aWQ6c2VjcmV0\r\n", "{\"access_token\":\"to.ke.n\",\"expires_in\":3600}"}};
	static const struct sasl_pair extensions[] = {{"logicalCluster", "lkc-1"}};
	struct source_settings set = {.mechanism = "OAUTHBEARER",
				      .client_id = "id",
				      .client_secret = "secret",
				      .scope = "a b",
				      .extensions = extensions,
				      .extension_count = 1};
	struct source *s;
	struct sasl *talk;
	char url[64];
	int err;

	http_lab_open(good, 1);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/token", http_lab.port);
	set.token_url = url;
	s = open_source(&set);
	says(s, "auth=Bearer to.ke.n\x01logicalCluster=lkc-1\x01\x01", 42);
	source_close(s);
	ck_assert_ptr_nonnull(strstr(http_lab.last, "\r\n\r\ngrant_type=client_credentials&scope=a%20b"));
	set.client_secret = "wrong";
	s = open_source(&set);
	while ((err = source_begin(s, "h", &talk, why, sizeof(why))) == ERR_NOT_NOW)
		sched_yield();
	ck_assert_int_eq(err, ERR_REMOTE);
	ck_assert_ptr_nonnull(strstr(why, "status 404"));
	ck_assert_ptr_null(strstr(why, "wrong"));
	source_close(s);
	http_lab_close();
}
END_TEST

/* Whoever is redirected brings the secret along, to wherever it is. */
START_TEST(token_endpoint_that_redirects)
{
	static const struct http_lab_answer answers[] = {
		{"POST /token ", NULL, ""},
		{"POST /elsewhere ", NULL, "{\"access_token\":\"to.ke.n\",\"expires_in\":3600}"}};
	struct source_settings set = {.mechanism = "OAUTHBEARER", .client_id = "id", .client_secret = "secret"};
	struct source *s;
	struct sasl *talk;
	char url[64];
	int err;

	http_lab.first_goes_to = "/elsewhere";
	http_lab_open(answers, ARRAY_LEN(answers));
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/token", http_lab.port);
	set.token_url = url;
	s = open_source(&set);
	while ((err = source_begin(s, "h", &talk, why, sizeof(why))) == ERR_NOT_NOW)
		sched_yield();
	ck_assert_int_eq(err, ERR_REMOTE);
	ck_assert_ptr_nonnull(strstr(why, "status 307"));
	source_close(s);
	http_lab_close();
	ck_assert_ptr_eq(strstr(http_lab.last, "POST /token "), http_lab.last);
}
END_TEST

START_TEST(aws)
{
	struct source_settings set = {.mechanism = "AWS_MSK_IAM", .aws = AWS_ENVIRONMENT};
	struct source *s;
	struct sasl *talk;

	unsetenv("AWS_ACCESS_KEY_ID");
	s = open_source(&set);
	ck_assert_int_eq(source_begin(s, "h", &talk, why, sizeof(why)), ERR_CONFIG);
	setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	says(s, "/eu-central-1/kafka-cluster/", 28);
	source_close(s);
}
END_TEST

START_TEST(what_does_not_go_together)
{
	static const struct {
		struct source_settings set;
		const char *want;
	} table[] = {
		{{.mechanism = ""}, "kafka.sasl.mechanism is not set"},
		{{.mechanism = "GSSAPI"}, "\"GSSAPI\" is not right"},
		{{.mechanism = "PLAIN", .username = "x"}, "kafka.sasl.password"},
		{{.mechanism = "PLAIN", .password = "x"}, "kafka.sasl.username"},
		{{.mechanism = "SCRAM-SHA-256", .username = "x", .password = "y", .password_file = "z"}, "one of"},
		{{.mechanism = "OAUTHBEARER"}, "token.file"},
		{{.mechanism = "OAUTHBEARER", .token_file = "x", .token_url = "https://x"}, "token.file"},
		{{.mechanism = "OAUTHBEARER", .token_url = "https://x"}, "client.id"},
		{{.mechanism = "OAUTHBEARER", .token_url = "https://x", .client_id = "x"}, "client.secret"},
		{{.mechanism = "OAUTHBEARER", .token_url = "http://x/", .client_id = "x", .client_secret = "y"}, "want https://"},
		{{.mechanism = "OAUTHBEARER", .token_url = "http://127.0.0.1:1@elsewhere/", .client_id = "x", .client_secret = "y"},
		 "want https://"},
		{{.mechanism = "OAUTHBEARER", .token_url = "http://localhost:x@elsewhere/", .client_id = "x", .client_secret = "y"},
		 "want https://"},
		{{.mechanism = "OAUTHBEARER", .token_url = "http://[::1]:@elsewhere/", .client_id = "x", .client_secret = "y"},
		 "want https://"},
		{{.mechanism = "OAUTHBEARER", .token_url = "http://localhost\\@elsewhere/", .client_id = "x", .client_secret = "y"},
		 "want https://"},
		{{.mechanism = "OAUTHBEARER", .token_url = "http://localhost.evil/", .client_id = "x", .client_secret = "y"},
		 "want https://"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct source *s = NULL;

		ck_assert_int_eq(source_check(&table[i].set, why, sizeof(why)), ERR_CONFIG);
		ck_assert_msg(strstr(why, table[i].want) != NULL, "%s", why);
		ck_assert_int_eq(source_open(&table[i].set, &s, why, sizeof(why)), ERR_CONFIG);
		ck_assert_ptr_null(s);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("source");
	TCase *t = tcase_create("source");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, inline_password);
	tcase_add_test(t, files_are_read_each_time);
	tcase_add_test(t, token_endpoint);
	tcase_add_test(t, token_endpoint_that_redirects);
	tcase_add_test(t, aws);
	tcase_add_test(t, what_does_not_go_together);
	suite_add_tcase(s, t);
	return suite_run(s);
}
