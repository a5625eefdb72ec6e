/* manifest: a window's leaves as they are published beside its statement (docs/FORMAT.md, "Window"). */
#ifndef MAKOTO_MANIFEST_H
#define MAKOTO_MANIFEST_H

#include "makoto/leaf.h"

#define MANIFEST_HEADER "makoto.leaves"

enum manifest_kind { MANIFEST_LEAF, MANIFEST_LEAF_KEY, MANIFEST_NONE };
enum { MANIFEST_KEY_PREFIX = 15, MANIFEST_LEAF_KEY_LEN = LEAF_LEN + 1 + MANIFEST_KEY_PREFIX };

static inline size_t
manifest_entry_len(enum manifest_kind kind)
{
	return kind == MANIFEST_LEAF_KEY ? MANIFEST_LEAF_KEY_LEN : LEAF_LEN;
}

const char *manifest_name(enum manifest_kind kind);

/* Does the manifest have `count` entries, the digest, and a tree with that root? */
bool manifest_is_right(enum manifest_kind kind, struct slice manifest, uint64_t count,
		       const uint8_t digest[SHA256_LEN], const uint8_t root[SHA256_LEN]);

static inline const uint8_t *
manifest_leaf(enum manifest_kind kind, struct slice manifest, uint64_t i)
{
	return manifest.p + i * manifest_entry_len(kind);
}

#endif
