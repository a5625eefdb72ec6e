#include "kafka/configs.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { FLEXIBLE = 4, RESOURCE_TOPIC = 2 };

static void
write_count(struct wr *w, int16_t version, size_t n)
{
	if (version >= FLEXIBLE)
		wr_uvarint(w, (uint32_t)n + 1);
	else
		wr_i32(w, (int32_t)n);
}

static void
write_string(struct wr *w, int16_t version, struct slice s)
{
	if (version >= FLEXIBLE)
		wr_compact(w, s);
	else
		wr_string(w, s);
}

void
configs_request_write(int16_t version, const struct slice *topics, size_t topic_count, const char *const *names,
		      size_t count, struct wr *w)
{
	INVARIANT(version >= CONFIGS_MIN && version <= CONFIGS_MAX);
	write_count(w, version, topic_count);
	for (size_t t = 0; t < topic_count; t++) {
		wr_i8(w, RESOURCE_TOPIC);
		write_string(w, version, topics[t]);
		write_count(w, version, count);
		for (size_t i = 0; i < count; i++)
			write_string(w, version, slice_str(names[i]));
		if (version >= FLEXIBLE)
			wr_u8(w, 0);
	}
	wr_u8(w, 0); /* include_synonyms */
	if (version >= 3)
		wr_u8(w, 0); /* include_documentation */
	if (version >= FLEXIBLE)
		wr_u8(w, 0);
}

static struct slice
read_string(struct rd *r, int16_t version)
{
	return version >= FLEXIBLE ? rd_nullable_compact(r) : rd_nullable_string(r);
}

static uint32_t
read_count(struct rd *r, int16_t version)
{
	int64_t n = version >= FLEXIBLE ? (int64_t)rd_uvarint(r) - 1 : rd_i32(r);

	return n < 0 ? 0 : (uint32_t)n;
}

static void
skip_tags(struct rd *r, int16_t version)
{
	uint32_t n = version >= FLEXIBLE ? rd_uvarint(r) : 0;

	while (n-- > 0 && r->err == 0) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
}

static void
read_entry(struct rd *r, int16_t version, struct slice topic, configs_entry_fn *fn, void *arg)
{
	struct slice name = read_string(r, version);
	struct slice value = read_string(r, version);
	uint32_t synonyms;

	rd_skip(r, 3); /* read only, source, sensitive */
	synonyms = read_count(r, version);
	while (synonyms-- > 0 && r->err == 0) {
		(void)read_string(r, version);
		(void)read_string(r, version);
		rd_skip(r, 1);
		skip_tags(r, version);
	}
	if (version >= 3) {
		rd_skip(r, 1);                 /* type */
		(void)read_string(r, version); /* documentation */
	}
	skip_tags(r, version);
	if (r->err == 0 && fn != NULL)
		fn(arg, topic, 0, name, value);
}

static void
read_topic(struct rd *r, int16_t version, configs_entry_fn *fn, void *arg)
{
	static const struct slice none = {NULL, 0};
	int16_t error = rd_i16(r);
	struct slice topic;
	uint32_t n;

	(void)read_string(r, version); /* error message */
	(void)rd_i8(r);
	topic = read_string(r, version);
	n = read_count(r, version);
	if (r->err == 0 && error != 0 && fn != NULL)
		fn(arg, topic, error, none, none);
	while (n-- > 0 && r->err == 0)
		read_entry(r, version, topic, error == 0 ? fn : NULL, arg);
	skip_tags(r, version);
}

int
configs_read(int16_t version, struct slice body, configs_entry_fn *fn, void *arg)
{
	struct rd r = rd_of(body);
	uint32_t n;
	int err;

	if (version < CONFIGS_MIN || version > CONFIGS_MAX)
		return ERR_UNSUPPORTED;
	/* The walker checks what this reader skips: counts, nulls, tags, the end. */
	if ((err = schema_walk(API_DESCRIBE_CONFIGS, true, version, body, NULL, NULL, NULL)) != 0)
		return err;
	(void)rd_i32(&r); /* throttle time */
	n = read_count(&r, version);
	while (n-- > 0 && r.err == 0)
		read_topic(&r, version, fn, arg);
	return rd_err(&r);
}
