/*
 * The demo's Kafka cluster: librdkafka's mock, with one broker, in this process.
 *
 * It prints `bootstrap HOST:PORT`, then reads lines from standard input.  A line
 *
 *     OLD NEW
 *
 * (of one length) turns OLD into NEW wherever this process's memory holds it, as somebody
 * with root on a broker would edit its log, and prints `altered N`.  Ends with its input.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "rdkafka/mock.h"

enum { NEEDLE_MAX = 128 };

/* The needle is kept inverted, so that this program's own copy isn't found. */
struct needle {
	unsigned char inverted[NEEDLE_MAX];
	size_t len;
};

static bool
is_at(const struct needle *n, const unsigned char *p)
{
	for (size_t i = 0; i < n->len; i++)
		if ((p[i] ^ n->inverted[i]) != 0xff)
			return false;
	return true;
}

static unsigned
alter_range(const struct needle *old, const struct needle *new, unsigned char *from, unsigned char *to)
{
	unsigned count = 0;

	for (unsigned char *p = from; (size_t)(to - p) >= old->len; p++) {
		if (!is_at(old, p))
			continue;
		for (size_t i = 0; i < new->len; i++)
			p[i] = (unsigned char)~new->inverted[i];
		count++;
	}
	return count;
}

/* Every private writable mapping without a file behind it: where malloc lives. */
static unsigned
alter_memory(const struct needle *old, const struct needle *new)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned count = 0;

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to, inode;
		char mode[5];

		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, mode, &inode) != 4 || inode != 0 ||
		    strcmp(mode, "rw-p") != 0 || strstr(line, "[stack]") != NULL)
			continue;
		count += alter_range(old, new, (unsigned char *)from, (unsigned char *)to);
	}
	if (maps != NULL)
		(void)fclose(maps);
	return count;
}

/* `OLD NEW`, whatever characters they have. */
static bool
read_pair(char *line, struct needle *old, struct needle *new)
{
	size_t n = strcspn(line, "\n"), half = n / 2;
	struct needle *out[2] = {old, new};

	/* Both have one length, so the space between them is in the middle. */
	if (n < 3 || n % 2 == 0 || line[half] != ' ' || half > NEEDLE_MAX)
		return false;
	for (int k = 0; k < 2; k++) {
		out[k]->len = half;
		for (size_t i = 0; i < half; i++)
			out[k]->inverted[i] = (unsigned char)~(unsigned char)line[(size_t)k * (half + 1) + i];
	}
	memset(line, 0, n);
	return true;
}

int
main(int argc, char **argv)
{
	struct mock *m = mock_start(1);
	static char line[2 * NEEDLE_MAX + 2];

	(void)signal(SIGPIPE, SIG_IGN);
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (m == NULL) {
		fprintf(stderr, "demo-broker: the mock cluster can't be started\n");
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		if (mock_topic(m, argv[i], 1) != 0) {
			fprintf(stderr, "demo-broker: topic %s can't be made\n", argv[i]);
			return 1;
		}
	}
	printf("bootstrap %s\n", mock_bootstrap(m));
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct needle old, new;

		if (read_pair(line, &old, &new))
			printf("altered %u\n", alter_memory(&old, &new));
		else
			printf("want OLD NEW, of one length\n");
	}
	mock_stop(m);
	return 0;
}
