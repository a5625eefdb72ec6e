/* yaml: a document into a configuration; between the files of config/ alone. */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include "config/value.h"

/* Sets every key that the document names.  `why` gets NAME:LINE:COLUMN: and what is wrong. */
int yaml_load(const char *name, struct slice text, struct config *c, char *why, size_t why_len) MUSTCHECK;

/* One value (of a LIST or MAP key) written as YAML. */
int yaml_load_value(const char *name, struct slice text, struct config *c, const struct key *k, char *why,
		    size_t why_len) MUSTCHECK;

#endif
