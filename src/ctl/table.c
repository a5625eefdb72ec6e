#include "ctl/table.h"

#include <stdarg.h>

#include "ctl/safe.h"

enum { TABLE_MAX = 64 * 1024 * 1024, CELL_MAX = 512, GAP = 2 };

struct table
table_new(size_t columns)
{
	return (struct table){.text = wr_new(TABLE_MAX), .columns = columns};
}

void
table_free(struct table *t)
{
	wr_free(&t->text);
}

void
table_cell(struct table *t, const char *fmt, ...)
{
	char cell[CELL_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(cell, sizeof(cell), fmt, args);
	va_end(args);
	safe_text(&t->text, slice_str(cell)); /* some of it was written by others */
	wr_u8(&t->text, '\0');
	t->cells++;
}

/* How wide it looks: UTF-8 has its continuation bytes. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void
table_print(const struct table *t, FILE *to)
{
	size_t *widths = calloc(t->columns, sizeof(*widths));
	const char *cell = (const char *)t->text.buf;

	if (widths == NULL || wr_err(&t->text) != 0) {
		free(widths);
		return;
	}
	for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1)
		if (width(cell) > widths[i % t->columns])
			widths[i % t->columns] = width(cell);
	cell = (const char *)t->text.buf;
	for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
		bool last = (i + 1) % t->columns == 0 || i + 1 == t->cells;
		int pad = (int)(widths[i % t->columns] - width(cell));

		if (cell[0] >= '0' && cell[0] <= '9' && strspn(cell, "0123456789") == strlen(cell))
			fprintf(to, "%*s%s%*s", pad, "", cell, last ? 0 : GAP, "");
		else
			fprintf(to, "%s%*s", cell, last ? 0 : pad + GAP, "");
		if (last)
			fputc('\n', to);
	}
	free(widths);
}
