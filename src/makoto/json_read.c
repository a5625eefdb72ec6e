#include "makoto/json_read.h"

#include <stdbool.h>

static json_malloc_t below;
static _Thread_local bool lacked;

static void *
give(size_t n)
{
	void *p = below(n);

	lacked |= p == NULL && n > 0;
	return p;
}

void
json_read_setup(void)
{
	json_malloc_t now;
	json_free_t take;

	json_get_alloc_funcs(&now, &take);
	if (now == give)
		return;
	below = now;
	json_set_alloc_funcs(give, take);
}

int
json_read(struct slice json, json_t **ret)
{
	json_t *root;

	lacked = false;
	root = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (lacked) {
		json_decref(root);
		return ERR_NOMEM;
	}
	if (root == NULL)
		return ERR_MALFORMED;
	*ret = root;
	return 0;
}
