/*
 * json_memory: JSON that there is no memory for is no malformed JSON.
 *
 * jansson doesn't tell the two apart, and a statement that can't be read is a finding
 * against whoever wrote it.  So the program ends where jansson gets no memory.
 */
#ifndef CTL_JSON_MEMORY_H
#define CTL_JSON_MEMORY_H

/* Before anything else: from here on jansson gets what it asks for, or the program ends with EXIT_UNFINISHED. */
void json_memory_setup(void);

#endif
