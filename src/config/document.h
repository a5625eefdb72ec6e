/*
 * document: a small YAML file as a tree, for rooms that have a file of their own beside the configuration.
 *
 *   issuers:                 MAP   name "issuers"
 *     plant-7:               MAP     name "plant-7"
 *       keys: [a.pem]        LIST      name "keys"
 *                            TEXT        "a.pem"
 *
 * Every node and every name knows its place.  A name stands once in its map; anchors, aliases and tags are
 * refused; ${…} means itself.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include "base/err.h"
#include "base/slice.h"

enum document_kind { DOCUMENT_NONE /* nothing behind the colon, ~ or null */, DOCUMENT_TEXT, DOCUMENT_LIST, DOCUMENT_MAP };

struct document_at { /* from 1 */
	size_t line, column;
};

struct document_node {
	enum document_kind kind;
	struct document_at at;
	char *name; /* in a map; else NULL */
	struct document_at name_at;
	char *text;                  /* TEXT */
	struct document_node *items; /* LIST, MAP */
	size_t count;
};

struct document; /* opaque */

/* At most so many bytes, nodes, and lists or maps in each other. */
enum { DOCUMENT_BYTES_MAX = 1024 * 1024, DOCUMENT_NODES_MAX = 8192, DOCUMENT_DEPTH_MAX = 16 };

/* 0; ERR_CONFIG with `why`, NAME:LINE:COLUMN: what is wrong; ERR_NOMEM.  An empty text is NONE.  `name` is copied. */
int document_parse(const char *name, struct slice text, struct document **ret, char *why, size_t why_len) MUSTCHECK;
void document_free(struct document *d); /* NULL is fine */

const struct document_node *document_root(const struct document *d);

/* `why` becomes NAME:LINE:COLUMN: and the text.  Gives ERR_CONFIG. */
int document_complain(const struct document *d, struct document_at at, char *why, size_t why_len, const char *fmt, ...)
	PRINTF(5, 6);

#endif
