#include "cloud/kms_arn.h"

#include <stdio.h>
#include <string.h>

#include "base/slice.h"

#define SCHEME "awskms:"
#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789-"
#define ID LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { ACCOUNT_LEN = 12, ID_MAX = 128 };

static const struct {
	const char *name, *domain;
} partitions[] = {
	{"aws", "amazonaws.com"},
	{"aws-cn", "amazonaws.com.cn"},
	{"aws-us-gov", "amazonaws.com"},
	{"aws-iso", "c2s.ic.gov"},
	{"aws-iso-b", "sc2s.sgov.gov"},
};

bool
kms_arn_is(const char *uri)
{
	return strncmp(uri, SCHEME, strlen(SCHEME)) == 0 || strncmp(uri, "arn:", 4) == 0;
}

/* What stands before the next colon, which is passed over. */
static struct slice
part(const char **at)
{
	size_t n = strcspn(*at, ":");
	struct slice s = slice_of(*at, n);

	*at += n + ((*at)[n] == ':');
	return s;
}

static bool
all_of(struct slice s, const char *set)
{
	return s.n > 0 && strspn((const char *)s.p, set) >= s.n;
}

static const char *
domain_of(struct slice partition)
{
	for (size_t i = 0; i < ARRAY_LEN(partitions); i++)
		if (slice_eq(partition, slice_str(partitions[i].name)))
			return partitions[i].domain;
	return NULL;
}

const char *
kms_arn_parse(const char *uri, struct kms_arn *ret)
{
	static const char want[] = "the ARN of a key in AWS KMS, arn:aws:kms:REGION:ACCOUNT:key/ID";
	const char *arn = uri, *at;
	struct slice partition, region, account;

	if (strncmp(uri, SCHEME, strlen(SCHEME)) == 0) {
		if (strncmp(uri + strlen(SCHEME), "///", 3) != 0)
			return "awskms:///ARN, with three slashes; another endpoint is $AWS_ENDPOINT_URL_KMS";
		arn = uri + strlen(SCHEME) + 3;
	}
	if (strlen(arn) > KMS_ARN_MAX || strncmp(arn, "arn:", 4) != 0)
		return want;
	at = arn + 4;
	partition = part(&at);
	if (!slice_eq(part(&at), slice_str("kms")))
		return want;
	region = part(&at);
	account = part(&at);
	if (!all_of(region, LOWER) || region.n > KMS_REGION_MAX || account.n != ACCOUNT_LEN || !all_of(account, "0123456789"))
		return want;
	if (domain_of(partition) == NULL)
		return "a partition of AWS whose endpoints are known: aws, aws-cn, aws-us-gov, aws-iso or aws-iso-b";
	if (strncmp(at, "alias/", 6) == 0)
		return "the ARN of the key itself, …:key/ID: an alias may be given another key under a running proxy";
	if (strncmp(at, "key/", 4) != 0 || strlen(at + 4) > ID_MAX || !all_of(slice_str(at + 4), ID))
		return want;
	(void)snprintf(ret->text, sizeof(ret->text), "%s", arn);
	(void)snprintf(ret->region, sizeof(ret->region), "%.*s", (int)region.n, (const char *)region.p);
	ret->domain = domain_of(partition);
	return NULL;
}
