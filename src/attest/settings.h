/*
 * settings: what attesting is told, as one immutable, counted snapshot.
 *
 * The rooms above make it from the configuration; a reload makes a new one.  Fields
 * that a chain's identity hangs on (collector, instance, statement topic) are the same
 * in every snapshot of a process.
 */
#ifndef ATTEST_SETTINGS_H
#define ATTEST_SETTINGS_H

#include <stdatomic.h>

#include "base/slice.h"

enum settings_manifest { SETTINGS_MANIFEST_LEAF, SETTINGS_MANIFEST_LEAF_KEY, SETTINGS_MANIFEST_NONE };

struct settings_claim {
	char *name;
	char *text;
};

struct settings {
	atomic_uint refs;

	uint8_t instance[16];
	char *collector_id;
	char *dbom_topic;
	char *source;  /* host:port of the first bootstrap server */
	char *version; /* of the program */
	char *location; /* NULL: not told */

	int level;               /* Makoto 1, 2 or 3 */
	char *signing_key_uri;   /* NULL unless it may be shown: pkcs11:, awskms: */
	enum settings_manifest manifest;
	char **compacted;        /* globs of topics that get leaf+key whatever `manifest` says */
	size_t compacted_count;
	struct settings_claim *claims;
	size_t claim_count;

	int32_t window_records;
	int64_t window_age_ms;
	int64_t transaction_wait_ms; /* how long a closed window waits for transactions to end */
	int64_t outcome_wait_ms;     /* how long a closed window waits for an outcome that was lost */
	int64_t backlog_records;     /* members whose statement isn't published; past it nothing is placed */
};

/* A zeroed snapshot with one reference, or NULL. */
struct settings *settings_new(void) MUSTCHECK;
struct settings *settings_ref(struct settings *s);
void settings_unref(struct settings *s); /* the last one frees every string with free(); NULL is fine */

/* What the statements of `topic` publish; configured globs win, then what the topic is. */
enum settings_manifest settings_manifest_of(const struct settings *s, struct slice topic);

#endif
