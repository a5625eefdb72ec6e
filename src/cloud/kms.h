/*
 * kms: a signing key in AWS KMS, by KMS's HTTP API.  Safe from any thread; a call waits for the answer, 5 s at most.
 *
 * The endpoint is the one of the ARN's partition and region, or $AWS_ENDPOINT_URL_KMS.
 * While KMS fails one request at a time asks whether it still does, after 0.2 to 10 s;
 * other calls fail at once with what the last one was told.
 */
#ifndef CLOUD_KMS_H
#define CLOUD_KMS_H

#include "cloud/kms_answer.h"
#include "cloud/kms_arn.h"
#include "cloud/provider.h"

struct kms; /* opaque */

/* Asks nothing yet.  ERR_CONFIG (an ARN or endpoint that is none), ERR_NOMEM. */
int kms_open(const char *uri, enum aws_kind credentials, const char *profile, struct kms **ret, char *why, size_t why_len) MUSTCHECK;
void kms_close(struct kms *k); /* no call is under way; NULL is fine */

/* Calls give up within a second, with ERR_CLOSED, now and from now on. */
void kms_stop(struct kms *k);

const char *kms_arn(const struct kms *k);

/*
 * ERR_NOT_NOW: no answer, or one that says so (throttled, 5xx, credentials on their way): another try may do.
 * ERR_REMOTE: somebody has to do something; ERR_UNSUPPORTED: not a key for signing; ERR_MALFORMED:
 * not KMS's answer; ERR_CONFIG: no credentials; ERR_NOMEM; ERR_CLOSED.  `why` names the key, and what to do.
 */
int kms_public(struct kms *k, char ret_spec[KMS_SPEC_MAX + 1], struct wr *ret_der, char *why, size_t why_len) MUSTCHECK;

/* The signature of a digest by one of KMS's SigningAlgorithms.  Errors as above; ERR_AGAIN: not asked, it failed a moment ago. */
int kms_sign(struct kms *k, const char *algorithm, struct slice digest, struct wr *ret_sig, char *why, size_t why_len) MUSTCHECK;

#endif
