#include "base/blob.h"

#include "base/err.h"

struct blob *
blob_own(uint8_t *buf, size_t n)
{
	struct blob *b = malloc(sizeof(*b));

	if (b == NULL)
		return NULL;
	*b = (struct blob){1, n, n, buf, false};
	return b;
}

struct blob *
blob_new(size_t cap)
{
	uint8_t *buf = malloc(cap > 0 ? cap : 1);
	struct blob *b;

	if (buf == NULL)
		return NULL;
	b = blob_own(buf, cap);
	if (b == NULL) {
		free(buf);
		return NULL;
	}
	b->len = 0;
	return b;
}

int
blob_grow(struct blob *b, size_t cap)
{
	uint8_t *buf;

	if (cap <= b->cap)
		return 0;
	buf = b->secret ? malloc(cap) : realloc(b->data, cap);
	if (buf == NULL)
		return ERR_NOMEM;
	if (b->secret) { /* realloc() would leave a copy behind */
		memcpy(buf, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	b->data = buf;
	b->cap = cap;
	return 0;
}

struct blob *
blob_ref(struct blob *b)
{
	INVARIANT(b->refs > 0);
	b->refs++;
	return b;
}

void
blob_unref(struct blob *b)
{
	if (b == NULL)
		return;
	INVARIANT(b->refs > 0);
	if (--b->refs > 0)
		return;
	if (b->secret)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	free(b);
}
