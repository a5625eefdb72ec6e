/* kms_arn: the name of a key in AWS KMS, as AWS writes it: arn:PARTITION:kms:REGION:ACCOUNT:key/ID. */
#ifndef CLOUD_KMS_ARN_H
#define CLOUD_KMS_ARN_H

#include "base/base.h"

enum { KMS_ARN_MAX = 255, KMS_REGION_MAX = 63 };

struct kms_arn {
	char text[KMS_ARN_MAX + 1];
	char region[KMS_REGION_MAX + 1];
	const char *domain; /* in which its partition's endpoints have their names */
};

/* Is it meant to be one: awskms:…, or arn:…? */
bool kms_arn_is(const char *uri);

/* From awskms:///ARN, or from the bare ARN.  NULL, or what is wanted; ret is then untouched. */
const char *kms_arn_parse(const char *uri, struct kms_arn *ret);

#endif
