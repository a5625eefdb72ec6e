#include "sasl_steps.h"
#include "suite.h"

#define HOST "b-1.lab.a1b2c3.c2.kafka.eu-central-1.amazonaws.com"
#define USER_AGENT "\"user-agent\":\"makoto-proxy/" MAKOTO_VERSION "\""

static struct sasl_credentials
credentials(const char *host, const char *region, const char *token)
{
	return (struct sasl_credentials){
		.access_key = TEXT("AKIDEXAMPLE"),
		.secret_key = TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
		.session_token = slice_str(token),
		.region = slice_str(region),
		.host = slice_str(host),
		.wall_ms = 1440938160123, /* 2015-08-30 12:36:00 */
	};
}

/* The signatures were computed apart from this program. */
START_TEST(known_answers)
{
	struct sasl_credentials c = credentials(HOST, "", "");
	struct sasl *s = sasl_open("AWS_MSK_IAM", &c);
	char why[256];

	sasl_says(s, NOTHING,
		  TEXT("{\"version\":\"2020_10_22\",\"host\":\"" HOST "\"," USER_AGENT
		       ",\"action\":\"kafka-cluster:Connect\",\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\",\"x-amz-credential\":"
		       "\"AKIDEXAMPLE/20150830/eu-central-1/kafka-cluster/aws4_request\",\"x-amz-date\":\"20150830T123600Z\","
		       "\"x-amz-signedheaders\":\"host\",\"x-amz-expires\":\"900\",\"x-amz-signature\":"
		       "\"6ede1615963a37236cf8e3a377392d245bcd4142ab875f783fa7ac3c8bc39eb4\"}"));
	ck_assert_int_eq(sasl_try(s, TEXT("{\"version\":\"2020_10_22\",\"request-id\":\"x\"}"), why, sizeof(why)), 1);
	sasl_free(s);

	c = credentials(HOST, "eu-central-1", "IQoJ+/=token");
	s = sasl_open("AWS_MSK_IAM", &c);
	sasl_says(s, NOTHING,
		  TEXT("{\"version\":\"2020_10_22\",\"host\":\"" HOST "\"," USER_AGENT
		       ",\"action\":\"kafka-cluster:Connect\",\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\",\"x-amz-credential\":"
		       "\"AKIDEXAMPLE/20150830/eu-central-1/kafka-cluster/aws4_request\",\"x-amz-date\":\"20150830T123600Z\","
		       "\"x-amz-security-token\":\"IQoJ+/=token\",\"x-amz-signedheaders\":\"host\",\"x-amz-expires\":\"900\","
		       "\"x-amz-signature\":\"4894eed77d34c41298c870b040213c93378c2250ef0a021bb39be8bb4b12fe8f\"}"));
	ck_assert_int_eq(sasl_try(s, NOTHING, why, sizeof(why)), ERR_MALFORMED);
	sasl_free(s);
}
END_TEST

START_TEST(regions) /* of the host's name, unless it is set */
{
	static const struct {
		const char *host, *region, *want;
	} table[] = {
		{"b-1.x.kafka.cn-north-1.amazonaws.com.cn", "", "/cn-north-1/"},
		{"boot-x.kafka-serverless.us-east-1.amazonaws.com", "", "/us-east-1/"},
		{"127.0.0.1", "eu-west-3", "/eu-west-3/"},
		{"amazonaws.com", "", NULL},
		{".amazonaws.com", "", NULL},
		{"x.amazonaws.com", "", NULL},
		{"kafka..amazonaws.com", "", NULL},
		{"kafka.example.com", "", NULL},
		{"", "eu-west-3", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct sasl_credentials c = credentials(table[i].host, table[i].region, "");
		struct wr out = wr_new(4096);
		struct sasl *s = NULL;
		char why[256];
		bool done;

		if (table[i].want == NULL) {
			ck_assert_int_eq(sasl_refused("AWS_MSK_IAM", &c, why, sizeof(why)), ERR_CONFIG);
			continue;
		}
		s = sasl_open("AWS_MSK_IAM", &c);
		ck_assert_int_eq(sasl_step(s, NOTHING, &out, &done, why, sizeof(why)), 0);
		ck_assert_ptr_nonnull(memmem(out.buf, out.len, table[i].want, strlen(table[i].want)));
		wr_free(&out);
		sasl_free(s);
	}
}
END_TEST

START_TEST(no_keys)
{
	struct sasl_credentials c = credentials(HOST, "", "");
	char why[256];

	c.secret_key = NOTHING;
	ck_assert_int_eq(sasl_refused("AWS_MSK_IAM", &c, why, sizeof(why)), ERR_CONFIG);
	c = credentials(HOST, "", "");
	c.access_key = NOTHING;
	ck_assert_int_eq(sasl_refused("AWS_MSK_IAM", &c, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(strstr(why, "wJalr"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msk_iam");
	TCase *t = tcase_create("msk_iam");

	tcase_add_test(t, known_answers);
	tcase_add_test(t, regions);
	tcase_add_test(t, no_keys);
	suite_add_tcase(s, t);
	return suite_run(s);
}
