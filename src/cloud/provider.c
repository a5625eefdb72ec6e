#include "cloud/provider.h"

struct provider {
	enum aws_kind kind;
	char *profile;
	struct keeper *keeper; /* NULL: nothing is fetched over the network */
};

struct provider *
provider_open(enum aws_kind kind, const char *profile)
{
	struct provider *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->kind = kind;
	p->profile = strdup(profile != NULL && profile[0] != '\0' ? profile : "default");
	if (kind == AWS_CONTAINER)
		p->keeper = keeper_start(aws_fetch_container, NULL);
	else if (kind == AWS_INSTANCE)
		p->keeper = keeper_start(aws_fetch_instance, NULL);
	if (p->profile != NULL && (p->keeper != NULL || kind == AWS_ENVIRONMENT || kind == AWS_FILE))
		return p;
	provider_close(p);
	return NULL;
}

void
provider_close(struct provider *p)
{
	if (p == NULL)
		return;
	keeper_stop(p->keeper);
	free(p->profile);
	free(p);
}

int
provider_get(struct provider *p, struct aws_keys *ret, char *why, size_t why_len)
{
	struct secret lines = {NULL, 0};
	int err;

	if (p->kind == AWS_ENVIRONMENT)
		return aws_from_environment(ret, why, why_len);
	if (p->kind == AWS_FILE)
		return aws_from_file(p->profile, ret, why, why_len);
	err = keeper_get(p->keeper, &lines, why, why_len);
	if (err == 0)
		err = aws_unpack(secret_slice(&lines), ret);
	secret_clear(&lines);
	return err;
}
