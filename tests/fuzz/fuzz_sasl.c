/*
 * What passes in a login, from either side, and what the places answer that tokens, keys and signatures come from.
 *
 *   first byte: which reader │ the rest: what it reads; of a conversation, the server's messages, a line each
 */
#include "base/base.h"
#include "cloud/aws.h"
#include "cloud/kms_answer.h"
#include "cloud/kms_arn.h"
#include "sasl/peek.h"
#include "sasl/sasl.h"
#include "sasl/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"};

enum { MECHANISMS = ARRAY_LEN(mechanisms), WHY = 256, WALL_MS = 1700000000 };

/* Text that goes to a log: it ends, and nothing in it can be taken for another line. */
static void
check_why(const char why[WHY])
{
	size_t n = strnlen(why, WHY);

	INVARIANT(n < WHY);
	for (size_t i = 0; i < n; i++)
		INVARIANT((uint8_t)why[i] >= ' ' && why[i] != '\x7f');
}

static struct slice
next_line(struct slice *left)
{
	const uint8_t *end = left->n > 0 ? memchr(left->p, '\n', left->n) : NULL;
	size_t n = end != NULL ? (size_t)(end - left->p) : left->n;
	struct slice line = slice_of(left->p, n);

	*left = end != NULL ? slice_of(end + 1, left->n - n - 1) : slice_of(left->p + n, 0);
	return line;
}

static void
converse(const char *mechanism, struct slice says)
{
	struct sasl_credentials c = {.username = slice_str("user"),
				     .password = slice_str("pencil"),
				     .token = slice_str("aGVhZA.e30.c2ln"),
				     .access_key = slice_str("AKIDEXAMPLE"),
				     .secret_key = slice_str("secret"),
				     .region = slice_str("eu-west-1"),
				     .host = slice_str("b-1.example"),
				     .wall_ms = (int64_t)WALL_MS * 1000,
				     .nonce = slice_str("rOprNGfwEbeRWgbNEkqO")};
	struct slice in = {NULL, 0};
	char why[WHY] = "";
	struct sasl *s;

	INVARIANT(sasl_client_new(mechanism, &c, &s, why, sizeof(why)) == 0);
	for (int i = 0; i < 5; i++) {
		struct wr out = wr_new(1 << 16);
		bool done = false;
		int err = sasl_step(s, in, &out, &done, why, sizeof(why));

		check_why(why);
		INVARIANT(err == 0 || !done);
		wr_free(&out);
		if (err != 0 || done)
			break;
		in = next_line(&says);
	}
	sasl_free(s);
}

static void
peek(const char *mechanism, struct slice message)
{
	struct wr name = wr_new(1 << 16);
	struct slice user, password;

	if (peek_name(mechanism, message, &name) == 0)
		INVARIANT(name.len > 0);
	wr_free(&name);
	for (unsigned i = 1; i < 4; i++)
		(void)peek_over(mechanism, i, message);
	if (peek_plain(message, &user, &password) == 0)
		INVARIANT(user.n + password.n + 2 <= message.n);
}

static void
read_token(struct slice json)
{
	struct wr token = wr_new(1 << 16);
	int64_t lifetime = 0;
	char why[WHY] = "";

	if (token_parse(json, (int64_t)WALL_MS * 1000, &token, &lifetime, why, sizeof(why)) == 0)
		INVARIANT(token.len > 0 && lifetime > 0);
	check_why(why);
	wr_free(&token);
}

static void
read_keys(struct slice json)
{
	struct wr lines = wr_new(1 << 16);
	struct aws_keys keys = {0};
	int64_t lifetime = 0;
	char why[WHY] = "";

	if (aws_parse_json(json, (int64_t)WALL_MS * 1000, &lines, &lifetime, why, sizeof(why)) == 0) {
		INVARIANT(lifetime > 0);
		(void)!aws_unpack(wr_slice(&lines), &keys);
	}
	check_why(why);
	aws_keys_clear(&keys);
	wr_free(&lines);
}

static void
read_key_file(struct slice text)
{
	struct aws_keys keys = {0};
	char why[WHY] = "";

	(void)!aws_parse_file(text, "default", &keys, why, sizeof(why));
	check_why(why);
	aws_keys_clear(&keys);
}

static void
read_kms(struct slice json)
{
	struct wr w = wr_new(1 << 10);
	char why[WHY] = "", spec[KMS_SPEC_MAX + 1];

	if (kms_answer_public(json, "arn", spec, &w, why, sizeof(why)) == 0)
		INVARIANT(w.len > 0 && strlen(spec) <= KMS_SPEC_MAX);
	check_why(why);
	wr_free(&w);
	w = wr_new(1 << 10);
	if (kms_answer_signature(json, "arn", "ECDSA_SHA_256", &w, why, sizeof(why)) == 0)
		INVARIANT(w.len > 0);
	check_why(why);
	wr_free(&w);
	INVARIANT(kms_answer_error(json, "status 400", why, sizeof(why)) != 0);
	check_why(why);
}

static void
read_arn(struct slice uri)
{
	char text[KMS_ARN_MAX + 64];
	struct kms_arn arn;

	(void)snprintf(text, sizeof(text), "%.*s", (int)(uri.n < sizeof(text) ? uri.n : sizeof(text)), (const char *)uri.p);
	if (kms_arn_parse(text, &arn) == NULL)
		INVARIANT(kms_arn_is(text) && strstr(text, arn.text) != NULL && arn.region[0] != '\0' && arn.domain != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = size > 0 ? slice_of(data + 1, size - 1) : slice_of(data, 0);
	unsigned which = size > 0 ? data[0] : 0;

	if (which < MECHANISMS)
		converse(mechanisms[which], rest);
	else if (which < 2 * MECHANISMS)
		peek(mechanisms[which - MECHANISMS], rest);
	else if (which == 2 * MECHANISMS)
		read_token(rest);
	else if (which == 2 * MECHANISMS + 1)
		read_keys(rest);
	else if (which == 2 * MECHANISMS + 2)
		read_key_file(rest);
	else if (which == 2 * MECHANISMS + 3)
		read_kms(rest);
	else if (which == 2 * MECHANISMS + 4)
		read_arn(rest);
	return 0;
}
