/* The generated table's shape; for schema.c, walk.c, api.c and schema_table.c alone. */
#ifndef KAFKA_SCHEMA_INTERNAL_H
#define KAFKA_SCHEMA_INTERNAL_H

#include "kafka/schema.h"

enum { T_BOOL, T_INT8, T_INT16, T_INT32, T_INT64, T_UUID, T_STRING, T_BYTES, T_STRUCT };

struct schema_field {
	uint8_t type;
	uint8_t array;
	int8_t first, last;           /* versions that have it; 127: no end */
	int8_t null_first, null_last; /* versions in which it may be null */
	int8_t tag;                   /* -1: never tagged */
	int8_t tag_first;             /* from this version on it is a tagged field */
	int16_t child;                /* T_STRUCT: index into schema_structs */
	uint8_t mark;
};

struct schema_struct {
	uint16_t first, count; /* its fields */
};

struct schema_api {
	const char *name; /* NULL: no such API */
	int8_t first, last; /* versions; the last is the newest stable one */
	int8_t flexible;    /* from this version on */
	int8_t broker;      /* on brokers' listeners */
	int16_t request, response; /* root structs */
};

extern const struct schema_field schema_fields[];
extern const struct schema_struct schema_structs[];
extern const struct schema_api schema_apis[];
extern const int schema_api_count;

/* NULL: the table doesn't have that version of that API. */
const struct schema_api *schema_api_at(int16_t key, int16_t version);

/* The field of s that has that tag in that version; NULL: none that we know. */
const struct schema_field *schema_tagged_field(const struct schema_struct *s, int16_t version, uint32_t tag);

#endif
