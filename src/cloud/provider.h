/* provider: AWS credentials from the one place that the configuration names, fresh for each use. */
#ifndef CLOUD_PROVIDER_H
#define CLOUD_PROVIDER_H

#include "cloud/aws.h"

struct provider; /* opaque; safe from any thread */

/* Where they are fetched over the network that begins now.  `profile` is of AWS_FILE, NULL or "": default; copied.  NULL: no memory, or no thread. */
struct provider *provider_open(enum aws_kind kind, const char *profile) MUSTCHECK;
void provider_close(struct provider *p); /* NULL is fine */

/* Into a zeroed ret, the caller's to clear, also on failure.  ERR_NOT_NOW: they are being fetched; else it fails, told in `why`. */
int provider_get(struct provider *p, struct aws_keys *ret, char *why, size_t why_len) MUSTCHECK;

#endif
