/* value: the types of configuration values; between the files of config/ alone. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/config.h"

enum key_type { KEY_STRING, KEY_INT, KEY_BOOL, KEY_DURATION, KEY_SIZE, KEY_LIST, KEY_MAP, KEY_ENUM, KEY_PORTS };
enum { RELOAD = 1, SECRET = 2 };

struct key {
	const char *path;
	enum key_type type;
	size_t offset; /* in struct config */
	const char *def;
	int64_t min, max;
	const char *choices; /* a|b|c */
	int flags;
	const char *doc;
};

extern const struct key config_keys[];
extern const size_t config_key_count;

const struct key *value_key(struct slice path);         /* NULL: unknown */
bool value_key_prefix(struct slice path);               /* does a key begin with `path.`? */
const char *value_key_nearest(struct slice path);       /* the least edits away; NULL: none is near */

/*
 * A scalar into its place, freeing what was there.  `why` gets what is wrong, without a
 * place.  Not for LIST and MAP.
 */
int value_set(struct config *c, const struct key *k, const char *text, char *why, size_t why_len) MUSTCHECK;

void value_clear(struct config *c, const struct key *k);
int value_add_item(struct config *c, const struct key *k, const char *text) MUSTCHECK;                   /* LIST */
int value_add_pair(struct config *c, const struct key *k, const char *name, const char *text) MUSTCHECK; /* MAP; ERR_EXISTS */

bool value_equal(const struct config *a, const struct config *b, const struct key *k);
void value_dump(const struct config *c, const struct key *k, struct wr *w);
const char *value_type_name(enum key_type t);

/*
 * ${NAME}, and ${NAME:-default} where NAME is unset or empty; $${ is ${ itself.  *ret is the caller's.  ERR_CONFIG
 * with `why`, ERR_NOMEM.  What looks like a variable may be a part of a password: `why` names a variable at most,
 * and one that stands within a secret not even that.
 */
int value_expand(const char *text, bool secret, char **ret, char *why, size_t why_len) MUSTCHECK;

#endif
