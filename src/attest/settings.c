#include "attest/settings.h"

#include "base/text.h"

struct settings *
settings_new(void)
{
	struct settings *s = calloc(1, sizeof(*s));

	if (s != NULL)
		atomic_init(&s->refs, 1);
	return s;
}

struct settings *
settings_ref(struct settings *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
settings_unref(struct settings *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < s->claim_count; i++) {
		free(s->claims[i].name);
		free(s->claims[i].text);
	}
	for (size_t i = 0; i < s->compacted_count; i++)
		free(s->compacted[i]);
	free(s->claims);
	free(s->compacted);
	free(s->collector_id);
	free(s->dbom_topic);
	free(s->source);
	free(s->version);
	free(s->location);
	free(s->signing_key_uri);
	free(s);
}

enum settings_manifest
settings_manifest_of(const struct settings *s, struct slice topic)
{
	for (size_t i = 0; i < s->compacted_count; i++) {
		if (text_glob(s->compacted[i], topic))
			return SETTINGS_MANIFEST_LEAF_KEY;
	}
	return s->manifest;
}
