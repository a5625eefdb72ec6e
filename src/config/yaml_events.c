#include "config/yaml_events.h"

int
yaml_events_complain(const struct yaml_events *e, yaml_mark_t at, const char *text)
{
	char copy[1024];

	(void)snprintf(copy, sizeof(copy), "%s", text); /* text may live in why */
	(void)snprintf(e->why, e->why_len, "%s:%zu:%zu: %s", e->name, at.line + 1, at.column + 1, copy);
	return ERR_CONFIG;
}

/* What libyaml doesn't take.  For bytes that are no text it knows an offset, but no line. */
static int
complain_yaml(const struct yaml_events *e)
{
	yaml_mark_t at = e->parser.problem_mark;
	char text[512];

	if (e->parser.error == YAML_MEMORY_ERROR)
		return ERR_NOMEM;
	if (e->parser.error == YAML_READER_ERROR) {
		at = (yaml_mark_t){0, 0, 0};
		for (size_t i = 0; i < e->parser.problem_offset && i < e->text.n; i++) {
			at.line += e->text.p[i] == '\n';
			at.column = e->text.p[i] == '\n' ? 0 : at.column + 1;
		}
	}
	(void)snprintf(text, sizeof(text), "not YAML: %s", e->parser.problem != NULL ? e->parser.problem : "unreadable");
	return yaml_events_complain(e, at, text);
}

int
yaml_events_next(struct yaml_events *e)
{
	if (e->has_event)
		yaml_event_delete(&e->ev);
	e->has_event = false;
	if (!yaml_parser_parse(&e->parser, &e->ev))
		return complain_yaml(e);
	e->has_event = true;
	if (e->ev.type == YAML_ALIAS_EVENT)
		return yaml_events_complain(e, e->ev.start_mark, "aliases are not taken; write the value out");
	if ((e->ev.type == YAML_SCALAR_EVENT && (e->ev.data.scalar.anchor || e->ev.data.scalar.tag)) ||
	    (e->ev.type == YAML_MAPPING_START_EVENT &&
	     (e->ev.data.mapping_start.anchor || e->ev.data.mapping_start.tag)) ||
	    (e->ev.type == YAML_SEQUENCE_START_EVENT &&
	     (e->ev.data.sequence_start.anchor || e->ev.data.sequence_start.tag)))
		return yaml_events_complain(e, e->ev.start_mark, "anchors and tags are not taken");
	return 0;
}

int
yaml_events_begin(struct yaml_events *e)
{
	int err;

	if (!yaml_parser_initialize(&e->parser))
		return ERR_NOMEM;
	yaml_parser_set_input_string(&e->parser, e->text.p != NULL ? e->text.p : (const uint8_t *)"", e->text.n);
	yaml_parser_set_encoding(&e->parser, YAML_UTF8_ENCODING);
	do {
		err = yaml_events_next(e);
	} while (err == 0 && (e->ev.type == YAML_STREAM_START_EVENT || e->ev.type == YAML_DOCUMENT_START_EVENT));
	return err;
}

int
yaml_events_end(struct yaml_events *e, int err)
{
	if (err == 0 && e->ev.type != YAML_STREAM_END_EVENT) {
		err = yaml_events_next(e);
		while (err == 0 && e->ev.type == YAML_DOCUMENT_END_EVENT)
			err = yaml_events_next(e);
		if (err == 0 && e->ev.type != YAML_STREAM_END_EVENT)
			err = yaml_events_complain(e, e->ev.start_mark, "a second document; one is taken");
	}
	if (e->has_event)
		yaml_event_delete(&e->ev);
	yaml_parser_delete(&e->parser);
	return err;
}
