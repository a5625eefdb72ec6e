/*
 * aws: where AWS credentials come from, as AWS's own clients find them.
 */
#ifndef CLOUD_AWS_H
#define CLOUD_AWS_H

#include "cloud/keeper.h"

enum aws_kind {
	AWS_ENVIRONMENT, /* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN */
	AWS_FILE,        /* $AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials */
	AWS_CONTAINER,   /* ECS, EKS: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI */
	AWS_INSTANCE,    /* EC2: the instance metadata service, version 2 */
};

/* Zeroed is empty. */
struct aws_keys {
	struct secret access_key, secret_key, session_token;
};

void aws_keys_clear(struct aws_keys *k);

/* ERR_CONFIG told in `why`, ERR_IO, ERR_NOMEM. */
int aws_from_environment(struct aws_keys *ret, char *why, size_t why_len) MUSTCHECK;
int aws_from_file(const char *profile, struct aws_keys *ret, char *why, size_t why_len) MUSTCHECK;
int aws_parse_file(struct slice text, const char *profile, struct aws_keys *ret, char *why, size_t why_len) MUSTCHECK;

/* The JSON that both services answer with, as lines for aws_unpack().  ERR_MALFORMED, ERR_REMOTE (expired). */
int aws_parse_json(struct slice json, int64_t wall_ms, struct wr *ret, int64_t *ret_lifetime_ms, char *why,
		   size_t why_len) MUSTCHECK;
int aws_unpack(struct slice lines, struct aws_keys *ret) MUSTCHECK;

keeper_fetch_fn aws_fetch_container, aws_fetch_instance; /* arg: nothing */

#endif
