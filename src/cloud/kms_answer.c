#include "cloud/kms_answer.h"

#include <jansson.h>

#include "base/text.h"

enum { SAID_MAX = 400, NAME_MAX_BYTES = 64 };

/* What an operator can do about each error, by its name without what stands around it. */
static const struct {
	const char *name;
	int err;
	bool told; /* it says who may not do what; of the others some repeat the request, with its secrets */
	const char *advice;
} errors[] = {
	{"AccessDeniedException", ERR_REMOTE, true, "the credentials need kms:Sign and kms:GetPublicKey on this key"},
	{"DisabledException", ERR_REMOTE, false, "the key is disabled: enable it"},
	{"NotFoundException", ERR_REMOTE, false, "there is no such key in this account and region"},
	{"KMSInvalidStateException", ERR_REMOTE, false,
	 "the key's state doesn't let it sign (is its deletion scheduled, or its material not imported?)"},
	{"InvalidKeyUsageException", ERR_REMOTE, false, "the key is not for SIGN_VERIFY: make another"},
	{"UnsupportedOperationException", ERR_REMOTE, false, "the key is not an asymmetric one: make another"},
	{"InvalidArnException", ERR_REMOTE, false, "the ARN is not one for this endpoint"},
	{"ExpiredTokenException", ERR_REMOTE, false, "the credentials have expired: give it others"},
	{"UnrecognizedClientException", ERR_REMOTE, false, "the access key or the session token is not known"},
	{"InvalidClientTokenId", ERR_REMOTE, false, "the access key or the session token is not known"},
	{"InvalidSignatureException", ERR_REMOTE, false, "the secret key is not the access key's, or this machine's clock is wrong"},
	{"SignatureDoesNotMatch", ERR_REMOTE, false, "the secret key is not the access key's, or this machine's clock is wrong"},
	{"OptInRequired", ERR_REMOTE, false, "the account may not use KMS in this region"},
	{"ThrottlingException", ERR_NOT_NOW, false, "the account's quota of requests is used up: ask for more, or let windows be longer"},
	{"LimitExceededException", ERR_NOT_NOW, false, "the account's quota of requests is used up: ask for more, or let windows be longer"},
};

static const char *
text_of(json_t *root, const char *name)
{
	return json_string_value(json_object_get(root, name));
}

static bool
is(json_t *root, const char *name, const char *want)
{
	const char *text = text_of(root, name);

	return text != NULL && strcmp(text, want) == 0;
}

static int
bytes_of(json_t *root, const char *name, struct wr *ret, char *why, size_t why_len)
{
	const char *text = text_of(root, name);
	size_t before = ret->len;
	int err = text == NULL || text[0] == '\0' ? ERR_MALFORMED : text_unbase64(slice_str(text), ret);

	if (err == 0 && ret->len > before)
		return 0;
	if (err == 0 || err == ERR_MALFORMED)
		return err_say(ERR_MALFORMED, why, why_len, "KMS answers without a %s in base64", name);
	return err_say(err, why, why_len, "KMS's %s: %s", name, err_text(err));
}

static json_t *
parse(struct slice json)
{
	return json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
}

int
kms_answer_public(struct slice json, const char *arn, char ret_spec[KMS_SPEC_MAX + 1], struct wr *ret_der, char *why,
		  size_t why_len)
{
	json_t *root = parse(json);
	const char *spec = text_of(root, "KeySpec"), *usage = text_of(root, "KeyUsage");
	char said[NAME_MAX_BYTES];
	int err;

	if (root == NULL || spec == NULL || usage == NULL)
		err = err_say(ERR_MALFORMED, why, why_len, "what answers is not KMS: it tells no KeySpec and KeyUsage");
	else if (!is(root, "KeyId", arn))
		err = err_say(ERR_MALFORMED, why, why_len, "KMS answers with another key than was asked for");
	else if (strcmp(usage, "SIGN_VERIFY") != 0)
		err = err_say(ERR_UNSUPPORTED, why, why_len, "the key is for %s; want one for SIGN_VERIFY",
			      text_said(slice_str(usage), said, sizeof(said)));
	else if (strlen(spec) > KMS_SPEC_MAX)
		err = err_say(ERR_MALFORMED, why, why_len, "KMS answers with a KeySpec of %zu bytes", strlen(spec));
	else
		err = bytes_of(root, "PublicKey", ret_der, why, why_len);
	if (err == 0)
		(void)text_said(slice_str(spec), ret_spec, KMS_SPEC_MAX + 1);
	json_decref(root);
	return err;
}

int
kms_answer_signature(struct slice json, const char *arn, const char *algorithm, struct wr *ret_sig, char *why, size_t why_len)
{
	json_t *root = parse(json);
	int err;

	if (root == NULL)
		err = err_say(ERR_MALFORMED, why, why_len, "what answers is not KMS: it answers without JSON");
	else if (!is(root, "KeyId", arn) || !is(root, "SigningAlgorithm", algorithm))
		err = err_say(ERR_MALFORMED, why, why_len, "KMS answers with another key or algorithm than was asked for");
	else
		err = bytes_of(root, "Signature", ret_sig, why, why_len);
	json_decref(root);
	return err;
}

int
kms_answer_error(struct slice json, const char *status, char *why, size_t why_len)
{
	json_t *root = parse(json);
	const char *type = text_of(root, "__type"), *message = text_of(root, "message");
	const char *name = type != NULL && strrchr(type, '#') != NULL ? strrchr(type, '#') + 1 : type;
	char said[SAID_MAX], named[NAME_MAX_BYTES];
	int err = ERR_NOT_NOW;
	size_t i;

	if (message == NULL)
		message = text_of(root, "Message");
	for (i = 0; name != NULL && i < ARRAY_LEN(errors) && strcmp(name, errors[i].name) != 0;)
		i++;
	if (name == NULL)
		(void)snprintf(why, why_len, "%s", status);
	else if (i == ARRAY_LEN(errors))
		(void)snprintf(why, why_len, "%s", text_said(slice_str(name), named, sizeof(named)));
	else
		err = err_say(errors[i].err, why, why_len, "%s: %s%s%s", name, errors[i].advice,
			      errors[i].told && message != NULL ? ": " : "",
			      errors[i].told && message != NULL ? text_said(slice_str(message), said, sizeof(said)) : "");
	json_decref(root);
	return err;
}
