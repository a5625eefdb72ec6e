#include "verify/own_record.h"

static struct slice
copy(uint8_t **to, struct slice s)
{
	struct slice ours = {s.p == NULL ? NULL : *to, s.n};

	if (s.n > 0)
		memcpy(*to, s.p, s.n);
	*to += s.n;
	return ours;
}

int
own_record_of(const struct verdict_record *r, struct own_record *ret)
{
	struct own_record o = {.r = *r};
	size_t n = r->key.n + r->value.n;
	uint8_t *to;

	for (size_t i = 0; i < r->header_count; i++)
		n += r->headers[i].name.n + r->headers[i].value.n;
	o.bytes = malloc(n + 1);
	o.headers = calloc(r->header_count + 1, sizeof(*o.headers));
	if (o.bytes == NULL || o.headers == NULL) {
		own_record_free(&o);
		return ERR_NOMEM;
	}
	to = o.bytes;
	o.r.headers = o.headers;
	o.r.key = copy(&to, r->key);
	o.r.value = copy(&to, r->value);
	for (size_t i = 0; i < r->header_count; i++) {
		o.headers[i].name = copy(&to, r->headers[i].name);
		o.headers[i].value = copy(&to, r->headers[i].value);
	}
	*ret = o;
	return 0;
}

void
own_record_free(struct own_record *o)
{
	free(o->headers);
	free(o->bytes);
	*o = (struct own_record){.headers = NULL};
}
