#include "base/file.h"

#include <errno.h>

/* 0, or an errno; ERR_LIMIT and ERR_NOMEM are the writer's to tell. */
static int
read_all(FILE *f, struct wr *w)
{
	enum { STEP = 4096 };

	for (;;) {
		size_t left = w->max - w->len, n = left < STEP ? left : STEP;
		uint8_t *to = wr_room(w, n > 0 ? n : 1);

		/* At the most that is taken: is that the end? */
		if (n == 0 && fgetc(f) == EOF)
			w->err = 0;
		if (n == 0 || to == NULL || (n = fread(to, 1, n, f)) == 0)
			return ferror(f) ? errno : 0;
		wr_commit(w, n);
	}
}

int
file_read(const char *path, struct wr *w, char *why, size_t why_len)
{
	FILE *f = fopen(path, "re");
	int no;

	if (f == NULL) {
		(void)snprintf(why, why_len, "%s: can't be read: %s", path, strerror(errno));
		return ERR_IO;
	}
	no = read_all(f, w);
	(void)fclose(f);
	if (no == 0 && wr_err(w) == 0)
		return 0;
	if (no != 0)
		(void)snprintf(why, why_len, "%s: can't be read: %s", path, strerror(no));
	else if (wr_err(w) == ERR_LIMIT)
		(void)snprintf(why, why_len, "%s: can't be read: larger than %zu bytes", path, w->max);
	else
		(void)snprintf(why, why_len, "out of memory");
	return wr_err(w) == ERR_NOMEM ? ERR_NOMEM : ERR_IO;
}
