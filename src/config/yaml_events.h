/*
 * yaml_events: libyaml's events of one document, and their places; between the files of config/ alone.
 *
 * Anchors, aliases, tags and a second document are refused: a file says what it says where it says it.
 */
#ifndef CONFIG_YAML_EVENTS_H
#define CONFIG_YAML_EVENTS_H

#include <yaml.h>

#include "base/err.h"
#include "base/slice.h"

struct yaml_events {
	yaml_parser_t parser;
	yaml_event_t ev; /* the one at hand */
	bool has_event;
	const char *name; /* the file's, for messages */
	struct slice text;
	char *why; /* of ERR_CONFIG */
	size_t why_len;
};

static inline struct yaml_events
yaml_events_of(const char *name, struct slice text, char *why, size_t why_len)
{
	return (struct yaml_events){.name = name, .text = text, .why = why, .why_len = why_len};
}

/* To the first event inside the document, or the stream's end where it is empty.  0, ERR_CONFIG or ERR_NOMEM, as the next ones. */
int yaml_events_begin(struct yaml_events *e) MUSTCHECK;
int yaml_events_next(struct yaml_events *e) MUSTCHECK;

/* To be called once after begin, whatever that gave; `err` is what came of it so far.  When that is 0, nothing may follow. */
int yaml_events_end(struct yaml_events *e, int err) MUSTCHECK;

/* `why` becomes NAME:LINE:COLUMN: text.  Gives ERR_CONFIG. */
int yaml_events_complain(const struct yaml_events *e, yaml_mark_t at, const char *text);

#endif
