/*
 * config: one immutable, counted snapshot of every key (keys.def is the table).
 *
 *   defaults ─► file (YAML) ─► overrides (-b, -o) ─► checks ─► struct config
 *
 * Everything is checked before a snapshot exists; a reload that fails leaves the old one.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdatomic.h>

#include "base/slice.h"
#include "base/wr.h"

struct config_list {
	char **items;
	size_t count;
};

struct config_pair {
	char *name, *text;
};

struct config_map {
	struct config_pair *items;
	size_t count;
};

struct config_ports {
	uint16_t first, last;
};

typedef char *config_STRING;
typedef int64_t config_INT, config_DURATION /* ms */, config_SIZE /* bytes */;
typedef bool config_BOOL;
typedef int config_ENUM; /* index of the word */
typedef struct config_list config_LIST;
typedef struct config_map config_MAP;
typedef struct config_ports config_PORTS;

struct config {
	atomic_uint refs;
#define KEY(path, field, type, def, min, max, choices, flags, doc) config_##type field;
#include "config/keys.def"
#undef KEY
};

struct config_override {
	const char *path;
	const char *text;
	const char *option; /* that alone sets this key, such as -b, for messages; NULL: -o */
};

/*
 * `path` NULL: no file.  On failure ERR_CONFIG, ERR_IO, ERR_LIMIT or ERR_NOMEM, and `why` says
 * FILE:LINE:COLUMN: what is wrong (or -o PATH: …, or that option).
 */
int config_load(const char *path, const struct config_override *overrides, size_t count, struct config **ret,
		char *why, size_t why_len) MUSTCHECK;

/* The same from text; `name` stands for the file in messages. */
int config_load_text(const char *name, struct slice text, const struct config_override *overrides, size_t count,
		     struct config **ret, char *why, size_t why_len) MUSTCHECK;

struct config *config_ref(struct config *c);
void config_unref(struct config *c); /* NULL is fine */

/* Are this topic's records to be attested?  attest.topics, and not attest.exclude. */
bool config_attests(const struct config *c, struct slice topic);

/* The statement topics that verify.mode reads, and on which cluster.  The configuration's own. */
struct config_list config_dbom_topics(const struct config *c);
const char *config_dbom_servers(const struct config *c);

/* The names that a record's header may have its window's statement topic by, commas between: those, and attest.dbom.topic. */
void config_dbom_names(const struct config *c, struct wr *w);

/* Is it a statement topic, on the cluster of the data?  No statement is about its records. */
bool config_is_dbom(const struct config *c, struct slice topic);

/* YAML that loads to the same snapshot; secrets are shown as ***. */
void config_dump(const struct config *c, struct wr *w);

/* The table: a line per key with path, type, default, flags, documentation, tabs between. */
void config_dump_keys(struct wr *w);

/* Differ keys that a reload can't apply?  Then `keys` has their paths, commas between; "…" behind the last that there is room for. */
bool config_needs_restart(const struct config *now, const struct config *then, char *keys, size_t len);

#endif
