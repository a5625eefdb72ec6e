#include "sasl/peek.h"

#include <jansson.h>

#include "base/text.h"

enum { TOKEN_MAX = 65536 };

static bool
is_scram(const char *mechanism)
{
	return strcmp(mechanism, "SCRAM-SHA-256") == 0 || strcmp(mechanism, "SCRAM-SHA-512") == 0;
}

bool
peek_in_turns(const char *mechanism)
{
	return strcmp(mechanism, "PLAIN") == 0 || strcmp(mechanism, "OAUTHBEARER") == 0 || is_scram(mechanism);
}

bool
peek_over(const char *mechanism, unsigned count, struct slice answer)
{
	if (is_scram(mechanism))
		return count >= 2;
	if (strcmp(mechanism, "OAUTHBEARER") == 0)
		return count == 1 && answer.n == 0; /* else it says why not */
	return strcmp(mechanism, "PLAIN") == 0 && count >= 1;
}

int
peek_plain(struct slice message, struct slice *ret_name, struct slice *ret_password)
{
	const uint8_t *end = message.p + message.n, *first, *second;
	struct slice authzid, name;

	first = message.n > 0 ? memchr(message.p, 0, message.n) : NULL;
	second = first == NULL ? NULL : memchr(first + 1, 0, (size_t)(end - first) - 1);
	if (second == NULL || memchr(second + 1, 0, (size_t)(end - second) - 1) != NULL)
		return ERR_MALFORMED;
	authzid = slice_of(message.p, (size_t)(first - message.p));
	name = slice_of(first + 1, (size_t)(second - first) - 1);
	if (name.n == 0 || second + 1 == end || (authzid.n > 0 && !slice_eq(authzid, name)))
		return ERR_MALFORMED;
	*ret_name = name;
	*ret_password = slice_of(second + 1, (size_t)(end - second) - 1);
	return 0;
}

/* What stands behind the GS2 header "n,[a=authzid],"; without channel binding, as Kafka has it. */
static int
behind_gs2(struct slice message, struct slice *ret)
{
	const uint8_t *comma;

	if (message.n < 3 || message.p[0] != 'n' || message.p[1] != ',')
		return ERR_MALFORMED;
	comma = memchr(message.p + 2, ',', message.n - 2);
	if (comma == NULL)
		return ERR_MALFORMED;
	*ret = slice_of(comma + 1, (size_t)(message.p + message.n - comma) - 1);
	return 0;
}

/* n=NAME,r=NONCE[,extensions]; "tokenauth=true" makes the name a delegation token's id (KIP-48). */
static int
scram_name(struct slice message, struct wr *ret)
{
	struct slice bare;
	const uint8_t *comma;
	int err = behind_gs2(message, &bare);

	if (err != 0)
		return err;
	comma = bare.n > 2 ? memchr(bare.p, ',', bare.n) : NULL;
	if (comma == NULL || bare.p[0] != 'n' || bare.p[1] != '=' || comma == bare.p + 2 ||
	    memchr(bare.p, 0, bare.n) != NULL)
		return ERR_MALFORMED;
	if (memmem(comma, (size_t)(bare.p + bare.n - comma), ",tokenauth=true", 15) != NULL)
		return ERR_UNSUPPORTED;
	for (const uint8_t *p = bare.p + 2; p < comma; p++) {
		if (*p != '=') {
			wr_u8(ret, *p);
			continue;
		}
		if (comma - p < 3 || (memcmp(p, "=2C", 3) != 0 && memcmp(p, "=3D", 3) != 0))
			return ERR_MALFORMED;
		wr_u8(ret, p[2] == 'C' ? ',' : '=');
		p += 2;
	}
	return wr_err(ret);
}

/* The middle of three parts with dots between. */
static bool
jwt_payload(struct slice token, struct slice *ret)
{
	const uint8_t *first = memchr(token.p, '.', token.n), *second;
	size_t left;

	if (first == NULL)
		return false;
	left = (size_t)(token.p + token.n - first) - 1;
	second = memchr(first + 1, '.', left);
	if (second == NULL)
		return false;
	*ret = slice_of(first + 1, (size_t)(second - first) - 1);
	return true;
}

static int
jwt_name(struct slice token, struct wr *ret)
{
	struct wr json = wr_new(TOKEN_MAX);
	struct slice payload;
	json_t *root, *sub;
	int err = ERR_UNSUPPORTED;

	if (token.n == 0 || !jwt_payload(token, &payload) || text_unbase64(payload, &json) != 0) {
		wr_free(&json);
		return ERR_UNSUPPORTED;
	}
	root = json_loadb((const char *)json.buf, json.len, 0, NULL);
	sub = json_object_get(root, "sub");
	if (json_is_string(sub) && json_string_length(sub) > 0) {
		wr_bytes(ret, json_string_value(sub), json_string_length(sub));
		err = wr_err(ret);
	}
	json_decref(root);
	wr_free(&json);
	return err;
}

static int
oauth_name(struct slice message, struct wr *ret)
{
	static const char auth[] = "\x01" "auth=Bearer ";
	const uint8_t *token, *end;
	struct slice rest;
	int err = behind_gs2(message, &rest);

	if (err != 0)
		return err;
	token = rest.n > 0 ? memmem(rest.p, rest.n, auth, sizeof(auth) - 1) : NULL;
	if (token == NULL)
		return ERR_MALFORMED;
	token += sizeof(auth) - 1;
	end = memchr(token, 1, (size_t)(rest.p + rest.n - token));
	if (end == NULL)
		return ERR_MALFORMED;
	return jwt_name(slice_of(token, (size_t)(end - token)), ret);
}

int
peek_name(const char *mechanism, struct slice first, struct wr *ret_name)
{
	struct slice name, password;
	int err;

	if (first.n > TOKEN_MAX)
		return ERR_MALFORMED;
	if (is_scram(mechanism))
		return scram_name(first, ret_name);
	if (strcmp(mechanism, "OAUTHBEARER") == 0)
		return oauth_name(first, ret_name);
	if (strcmp(mechanism, "PLAIN") != 0)
		return ERR_UNSUPPORTED;
	err = peek_plain(first, &name, &password);
	if (err == 0) {
		wr_slice_put(ret_name, name);
		err = wr_err(ret_name);
	}
	return err;
}
