/* recorded: tests/vectors/batches.txt, batches as clients make them beside what Kafka's own reader sees in them. */
#ifndef TESTS_UNIT_RECORDED_H
#define TESTS_UNIT_RECORDED_H

#include <check.h>

#include "base/text.h"
#include "base/wr.h"
#include "digest/sha256.h"

enum { RECORDED_MAX = 48, RECORDED_RECORDS = 20, RECORDED_TEXT = 4096 };

struct recorded {
	char name[40];
	struct slice batch;
	char records[RECORDED_RECORDS][RECORDED_TEXT]; /* their lines, behind the word */
	int32_t count;
};

static struct recorded recorded[RECORDED_MAX];
static int recorded_count;

/* Called by main(), where no check may stand. */
static inline void
recorded_load(void)
{
	FILE *f = fopen("tests/vectors/batches.txt", "r");
	struct recorded *at = NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	INVARIANT(f != NULL); /* tests run from the top of the tree */
	while ((n = getline(&line, &room, f)) > 0) {
		char *text = strchr(line, ' ');

		if (line[n - 1] == '\n')
			line[--n] = '\0';
		if (strncmp(line, "batch ", 6) == 0) {
			char *hex = strchr(line + 6, ' ');
			size_t len = strlen(hex + 1) / 2;
			uint8_t *bytes = malloc(len);

			INVARIANT(recorded_count < RECORDED_MAX && bytes != NULL);
			at = &recorded[recorded_count++];
			INVARIANT(text_unhex(slice_str(hex + 1), bytes, len) == 0);
			at->batch = slice_of(bytes, len);
			(void)snprintf(at->name, sizeof(at->name), "%.*s", (int)(hex - line) - 6, line + 6);
		} else if (strncmp(line, "record ", 7) == 0) {
			INVARIANT(at != NULL && at->count < RECORDED_RECORDS && strlen(text) < RECORDED_TEXT);
			(void)snprintf(at->records[at->count++], RECORDED_TEXT, "%s", text + 1);
		}
	}
	INVARIANT(recorded_count > 0);
	free(line);
	fclose(f);
}

static inline void
recorded_unload(void)
{
	for (int i = 0; i < recorded_count; i++)
		free((void *)(uintptr_t)recorded[i].batch.p);
}

/* Puts the bytes as they are written there. */
static inline void
recorded_put(struct wr *w, struct slice s)
{
	char hex[2 * SHA256_LEN + 1];
	uint8_t sum[SHA256_LEN];

	if (s.p == NULL) {
		wr_text(w, "~");
	} else if (s.n == 0) {
		wr_text(w, ".");
	} else if (s.n > 200) {
		sha256_of(s, sum);
		wr_printf(w, "#%zu:%s", s.n, text_hex(sum, SHA256_LEN, hex));
	} else {
		for (size_t i = 0; i < s.n; i++)
			wr_printf(w, "%02x", s.p[i]);
	}
}

#endif
