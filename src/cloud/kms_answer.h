/*
 * kms_answer: what AWS KMS answers (docs.aws.amazon.com/kms/latest/APIReference), read without trust.
 *
 * `why` never has anything in it that was sent, but for what KMS says of who may not do what.
 */
#ifndef CLOUD_KMS_ANSWER_H
#define CLOUD_KMS_ANSWER_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

enum { KMS_SPEC_MAX = 63 };

/* GetPublicKey: of the key `arn`, which is for signing; its spec, and its SubjectPublicKeyInfo.  ERR_MALFORMED, ERR_UNSUPPORTED, ret's error. */
int kms_answer_public(struct slice json, const char *arn, char ret_spec[KMS_SPEC_MAX + 1], struct wr *ret_der, char *why,
		      size_t why_len) MUSTCHECK;

/* Sign: by the key `arn` and that algorithm; the signature.  ERR_MALFORMED, ret's error. */
int kms_answer_signature(struct slice json, const char *arn, const char *algorithm, struct wr *ret_sig, char *why,
			 size_t why_len) MUSTCHECK;

/*
 * An answer with another status than 200: ERR_REMOTE where somebody has to do something, and
 * `why` says what; ERR_NOT_NOW where time may help.  `status` stands for an answer without a type.
 */
int kms_answer_error(struct slice json, const char *status, char *why, size_t why_len) MUSTCHECK;

#endif
