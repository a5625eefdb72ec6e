#include "stages/addresses.h"

#include "base/log.h"
#include "kafka/api.h"

struct addresses {
	struct stage stage;
	addresses_map_fn *map;
	void *arg;
};

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	(void)self;
	return addresses_in(key, version);
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	struct addresses *a = self;
	struct slice body = exchange_body(x);
	struct wr w = wr_new(SIZE_MAX / 2); /* grows with the answer, which the proxy limits */
	struct rope rope = {0};
	bool changed = false;
	int err;

	err = addresses_rewrite(exchange_key(x), exchange_version(x), body, a->map, a->arg, &w, &changed);
	if (err == 0 && changed)
		err = rope_add_wr(&rope, &w);
	wr_free(&w);
	if (err != 0) {
		LOG_LIMITED(LOG_LEVEL_ERROR, "addresses", "an answer with broker addresses can't be rewritten, closing",
			    LOG_S("api", api_name(exchange_key(x)) == NULL ? "?" : api_name(exchange_key(x))),
			    LOG_I("version", exchange_version(x)), LOG_S("cause", err_text(err)));
		return STAGE_CLOSE;
	}
	if (!changed)
		return STAGE_PASS;
	exchange_replace(x, &rope);
	return STAGE_REPLACE;
}

struct addresses *
addresses_new(addresses_map_fn *map, void *arg)
{
	struct addresses *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->map = map;
	a->arg = arg;
	a->stage = (struct stage){
		.name = "addresses",
		.self = a,
		.wants_response = wants_response,
		.response = response,
	};
	return a;
}

void
addresses_free(struct addresses *a)
{
	free(a);
}

const struct stage *
addresses_stage(struct addresses *a)
{
	return &a->stage;
}
