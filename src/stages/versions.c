#include "stages/versions.h"

#include "base/log.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"

/* 300 APIs of 7 bytes, and features; far more is no answer of a broker. */
#define ANSWER_MAX ((size_t)1 << 20)

static bool
wants(void *self, int16_t key, int16_t version)
{
	(void)self;
	(void)version;
	return key == API_VERSIONS;
}

/* A rope of all that `w` holds.  0 or an error; `w` is empty in either case. */
static int
rope_of(struct wr *w, struct rope *ret)
{
	int err = rope_add_wr(ret, w);

	wr_free(w);
	return err;
}

static enum stage_verdict
request(void *self, struct exchange *x)
{
	struct wr w = wr_new(ANSWER_MAX);
	struct rope rope = {0};
	struct slice name, version;

	(void)self;
	if (apiversions_is_too_new(exchange_version(x))) {
		apiversions_too_new(&w);
		if (rope_of(&w, &rope) != 0)
			return STAGE_CLOSE;
		exchange_answer(x, &rope);
		return STAGE_ANSWER;
	}
	/* What can't be read is the broker's to refuse. */
	if (apiversions_request_read(exchange_version(x), exchange_body(x), &name, &version) == 0 && name.n > 0)
		exchange_set_software(x, name, version);
	return STAGE_PASS;
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	struct wr w = wr_new(ANSWER_MAX);
	struct rope rope = {0};
	int err;

	(void)self;
	err = apiversions_narrow(exchange_version(x), exchange_body(x), &w);
	if (err == 0)
		err = rope_of(&w, &rope);
	wr_free(&w);
	if (err != 0) {
		LOG_LIMITED(LOG_LEVEL_WARN, "versions", "the broker's ApiVersions answer can't be passed on",
			    LOG_I("version", exchange_version(x)), LOG_S("cause", err_text(err)));
		return STAGE_CLOSE;
	}
	exchange_replace(x, &rope);
	return STAGE_REPLACE;
}

const struct stage *
versions_stage(void)
{
	static const struct stage stage = {
		.name = "versions",
		.wants_request = wants,
		.request = request,
		.wants_response = wants,
		.response = response,
	};

	return &stage;
}
