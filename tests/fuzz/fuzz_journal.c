/*
 * What a run wrote ahead, as the next start finds it.
 *
 *   first byte: which │ the rest
 *   0 one segment, as it stands there
 *   1 blocks, their checksums and the segments' headers made right: u16 a new segment (bit 15), length │ entries │ …
 *   2 u16 so many bytes of them as 1, and what the last segment was written over: bytes that stand behind its own
 *
 * What is an entry is the same one when it is written again.  What a recovery takes it writes
 * anew, and a recovery of that finds the same windows.
 */
#include <fcntl.h>
#include <unistd.h>

#include "attest/chains_internal.h"
#include "attest/journal_read.h"
#include "attest/journal_space.h"
#include "attest/recovery.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHY = 512, NEW_SEGMENT = 1 << 15, SEGMENTS_MAX = 8 };

#define LIMIT ((size_t)1 << 28)

static const uint8_t boot[16] = {1}, instance[16] = {2};
static char dirs[2][40];
static int dir_fds[2] = {-1, -1};

/* --- files ------------------------------------------------------------------------------------ */

static void
write_segment(uint64_t number, struct slice bytes)
{
	char name[JOURNAL_NAME_LEN];
	int fd;

	journal_file_name(number, name);
	fd = openat(dir_fds[0], name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	INVARIANT(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	(void)close(fd);
}

static struct wr
begun(uint64_t number, size_t before, struct journal_header *ret)
{
	struct journal_header h = {.number = number, .before_bytes = before, .salt = 5};
	struct wr w = wr_new(LIMIT);

	memcpy(h.instance, instance, sizeof(h.instance));
	memcpy(h.boot, boot, sizeof(h.boot));
	journal_header_write(&h, &w);
	*ret = h;
	return w;
}

/* Gives the last segment's number. */
static uint64_t
write_blocks(struct slice rest, struct slice behind)
{
	struct journal_header h;
	struct wr w = begun(1, 0, &h);
	uint64_t number = 1;

	while (rest.n > 2) {
		unsigned word = (unsigned)rest.p[0] << 8 | rest.p[1];
		size_t n = word & (NEW_SEGMENT - 1);
		uint8_t begin[JOURNAL_BLOCK_BYTES];

		rest = slice_of(rest.p + 2, rest.n - 2);
		n = n < rest.n ? n : rest.n;
		if ((word & NEW_SEGMENT) != 0 && number < SEGMENTS_MAX) {
			size_t before = w.len;

			write_segment(number, wr_slice(&w));
			wr_free(&w);
			w = begun(++number, before, &h);
		}
		journal_block_begin(&h, begin, slice_of(rest.p, n));
		wr_bytes(&w, begin, sizeof(begin));
		wr_bytes(&w, rest.p, n);
		rest = slice_of(rest.p + n, rest.n - n);
	}
	wr_slice_put(&w, behind);
	write_segment(number, wr_slice(&w));
	wr_free(&w);
	return number;
}

static void
clean_up(void)
{
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		(void)rmdir(dirs[i]);
}

/* In memory where that can be had: each input makes a few files. */
static void
make_dirs(void)
{
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		(void)snprintf(dirs[i], sizeof(dirs[i]), "%s/fuzz_journal_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		INVARIANT(mkdtemp(dirs[i]) != NULL);
		dir_fds[i] = open(dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		INVARIANT(dir_fds[i] >= 0);
	}
	(void)atexit(clean_up);
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
}

/* --- entries ------------------------------------------------------------------------------------ */

static int
on_entry(void *arg, uint64_t segment, struct journal_entry *e)
{
	struct wr once = wr_new(LIMIT), twice = wr_new(LIMIT);
	struct journal_entry again;
	size_t len;

	INVARIANT(segment > 0 && e->chain > 0);
	journal_entry_write(e, &once);
	INVARIANT(wr_err(&once) == 0);
	INVARIANT(journal_entry_read(wr_slice(&once), &again, &len) == 0 && len == once.len);
	journal_entry_write(&again, &twice);
	INVARIANT(slice_eq(wr_slice(&once), wr_slice(&twice)));
	journal_entry_free(&again);
	wr_free(&once);
	wr_free(&twice);
	++*(uint64_t *)arg;
	return 0;
}

static int
on_segment(void *arg, const struct journal_segment *s)
{
	(void)arg;
	INVARIANT(s->end == JOURNAL_WHOLE || s->end_at <= LIMIT);
	return 0;
}

/* --- recovery ------------------------------------------------------------------------------------- */

struct found {
	size_t chains, windows;
	int64_t backlog;
	uint64_t last; /* segment that was written */
};

static struct settings *
some_settings(void)
{
	struct settings *s = settings_new();

	INVARIANT(s != NULL);
	memcpy(s->instance, instance, sizeof(s->instance));
	s->collector_id = strdup("urn:fuzz");
	s->dbom_topic = strdup("makoto.dbom");
	s->source = strdup("k:9092");
	s->version = strdup("0");
	s->window_records = 10;
	s->window_age_ms = s->outcome_wait_ms = s->transaction_wait_ms = 1000;
	s->backlog_records = 1000;
	return s;
}

static struct found
count(struct chains *c)
{
	struct found f = {.chains = c->recovered.count + c->heads.count, .backlog = atomic_load(&c->shared.backlog)};

	/* A window that nothing is left in is forgotten. */
	LIST_EACH(&c->recovered, e)
		LIST_EACH(&CONTAINER_OF(e, struct recovered, link)->chain->windows, we)
			f.windows += CONTAINER_OF(we, struct window, in_chain)->spans.count > 0;
	return f;
}

/* From one directory into the other.  False: nothing there can be gone on with. */
static bool
recover(int from, int to, struct found *ret)
{
	struct journal_conf conf = {.dir_fd = dir_fds[to], .max_bytes = LIMIT, .segment_bytes = LIMIT};
	struct recovery *r = NULL;
	char why[WHY] = "";
	struct settings *set;
	struct journal *j;
	struct chains *c;
	int err = recovery_scan(dir_fds[from], boot, &r, why, sizeof(why));

	INVARIANT(err == 0 || err == ERR_NOTFOUND || why[0] != '\0');
	if (err != 0)
		return false;
	memcpy(conf.instance, recovery_instance(r), sizeof(conf.instance));
	memcpy(conf.boot, boot, sizeof(conf.boot));
	set = some_settings();
	c = chains_new(set);
	INVARIANT(chains_read_back(c) == 0);
	INVARIANT(journal_open(&conf, &j, why, sizeof(why)) == 0);
	err = chains_journal_begin(c, j, r);
	recovery_free(r);
	*ret = count(c);
	/* The cluster is known: what can go on is about to. */
	if (err == 0 && c->recovered.count > 0) {
		struct recovered *k = CONTAINER_OF(c->recovered.head.next, struct recovered, link);
		struct window *w;
		int wait_ms;

		c->shared.journal = NULL;
		INVARIANT(chains_set_cluster(c, slice_str(k->cluster_id)) == 0);
		(void)chains_turn(c, &w, NULL, &wait_ms);
	}
	c->shared.journal = NULL;
	chains_free(c);
	settings_unref(set);
	ret->last = journal_last(j);
	journal_close(j);
	if (err != 0)
		INVARIANT(journal_remove(dir_fds[to], ret->last) == 0);
	return err == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t entries = 0, last = 1;
	struct journal_reader reader = {on_segment, on_entry, &entries};
	struct found once = {0}, twice = {0};
	char why[WHY] = "";

	if (dir_fds[0] < 0)
		make_dirs();
	if (size == 0 || data[0] > 2 || (data[0] == 2 && size < 3))
		return 0;
	if (data[0] == 0) {
		write_segment(1, slice_of(data + 1, size - 1));
	} else if (data[0] == 1) {
		last = write_blocks(slice_of(data + 1, size - 1), slice_of(NULL, 0));
	} else {
		size_t n = (size_t)data[1] << 8 | data[2];

		n = n < size - 3 ? n : size - 3;
		last = write_blocks(slice_of(data + 3, n), slice_of(data + 3 + n, size - 3 - n));
	}
	INVARIANT(journal_read(dir_fds[0], &reader, why, sizeof(why)) == 0 || why[0] != '\0');
	if (recover(0, 1, &once)) {
		INVARIANT(journal_remove(dir_fds[0], last) == 0);
		INVARIANT(recover(1, 0, &twice));
		INVARIANT(once.chains == twice.chains && once.windows == twice.windows && once.backlog == twice.backlog);
		INVARIANT(journal_remove(dir_fds[1], once.last) == 0);
		last = twice.last;
	}
	INVARIANT(journal_remove(dir_fds[0], last) == 0);
	return 0;
}
