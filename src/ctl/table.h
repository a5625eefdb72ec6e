/* table: rows of cells in aligned columns; cells that start with a digit stand to the right. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "base/wr.h"

struct table {
	struct wr text; /* cells, each ends with NUL */
	size_t columns;
	size_t cells;
};

/* `columns` cells make a row. */
struct table table_new(size_t columns);
void table_free(struct table *t);

void table_cell(struct table *t, const char *fmt, ...) PRINTF(2, 3);

/* All rows; the last one may be short.  Says nothing when there was no memory for them. */
void table_print(const struct table *t, FILE *to);

#endif
