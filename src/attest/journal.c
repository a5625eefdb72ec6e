/*
 *   journal_put ─► filling ─►(swap)─► leaving ─► write ─► fdatasync
 *                  entries of         one block; stays here until it is written
 *                  all threads
 *
 * One thread writes at a time, without the mutex; the others wait for it or fill the next block.
 *
 * A sync that fails tells it once: the kernel may call pages clean that it couldn't write.  So
 * what was on disk before is all that counts of that segment, and the next begins with the rest.
 */
#include "attest/journal_internal.h"
#include "attest/journal_space.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "digest/crc32c.h"

/* While writing fails: what is kept of entries that a recovery can do without. */
#define FAILING_MAX_BYTES ((size_t)8 << 20)

/* What is put and not committed is written when it has so much: a block's length has 32 bits. */
#define BLOCK_MAX_BYTES ((size_t)16 << 20)

/* A block's buffer that grew beyond this isn't kept. */
#define IDLE_BUFFER_BYTES ((size_t)1 << 20)

/* --- segments ------------------------------------------------------------------------------ */

/* Room for one more segment, so that the writer needn't fail behind its file. */
static int
reserve_segment(struct journal *j)
{
	size_t cap = j->segment_cap == 0 ? 16 : j->segment_cap * 2;
	struct segment *p;

	if (j->segment_count < j->segment_cap)
		return 0;
	p = reallocarray(j->segment, cap, sizeof(*p));
	if (p == NULL)
		return ERR_NOMEM;
	j->segment = p;
	j->segment_cap = cap;
	return 0;
}

static void
add_segment(struct journal *j, uint64_t number)
{
	j->segment[j->segment_count++] = (struct segment){.number = number, .bytes = JOURNAL_HEADER_BYTES};
	j->bytes += JOURNAL_HEADER_BYTES;
}

/* --- open, close ------------------------------------------------------------------------- */

int
journal_open(const struct journal_conf *conf, struct journal **ret, char *why, size_t why_len)
{
	struct journal *j = calloc(1, sizeof(*j));
	int err;

	if (j == NULL || reserve_segment(j) != 0) {
		free(j);
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	j->conf = *conf;
	j->first = conf->last_segment + 1;
	/* A spare is of another run, which may have had the same salt. */
	err = journal_segment_no_spare(conf->dir_fd);
	if (err == 0 && getrandom(&j->salt, sizeof(j->salt), 0) != (ssize_t)sizeof(j->salt))
		err = ERR_IO;
	if (err == 0)
		err = journal_segment_begin(conf, j->salt, j->first, conf->last_bytes, slice_of(NULL, 0), &j->out);
	if (err != 0) {
		(void)snprintf(why, why_len, "the journal can't be begun: %s",
			       err == ERR_IO ? strerror(errno) : err_text(err));
		free(j->segment);
		free(j);
		return err;
	}
	add_segment(j, j->first);
	j->synced_bytes = JOURNAL_HEADER_BYTES;
	j->filling = wr_new(SIZE_MAX / 2);
	j->leaving = wr_new(SIZE_MAX / 2);
	list_init(&j->filling_places);
	list_init(&j->leaving_places);
	list_init(&j->unsynced_places);
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->done, NULL);
	*ret = j;
	return 0;
}

void
journal_withdraw(struct journal *j)
{
	char name[JOURNAL_NAME_LEN];

	pthread_mutex_lock(&j->lock);
	journal_file_name(j->first, name);
	if (j->put_to == 0)
		(void)unlinkat(j->conf.dir_fd, name, 0); /* if that fails it stays, and says nothing */
	pthread_mutex_unlock(&j->lock);
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (journal_sync(j) != 0)
		LOG_WARN("journal", "its last entries can't be written; the next start finds them out from the brokers");
	journal_segment_end(&j->out);
	pthread_cond_destroy(&j->done);
	pthread_mutex_destroy(&j->lock);
	wr_free(&j->filling);
	wr_free(&j->leaving);
	free(j->segment);
	free(j);
}

/* --- writing ------------------------------------------------------------------------------- */

/* What one round does without the mutex. */
struct round {
	uint64_t number, at; /* the segment and its length; a new one changes them */
	uint64_t synced_at;  /* so much of it is surely on disk */
	bool begin;          /* a new one */
	bool sync;
	bool begun, written, synced;
	bool lost; /* its sync failed */
};

/*
 * The blocks from there on, as the next segment has them.  They may be in the kernel's memory alone, or nowhere any more,
 * which their sums tell.
 */
static int
read_blocks(const struct journal *j, uint64_t number, uint64_t from, uint64_t end, struct wr *w)
{
	struct journal_header next_one = {.salt = j->salt, .number = number + 1};
	struct slice entries, blocks;
	enum journal_end why;
	char name[JOURNAL_NAME_LEN];
	size_t at = 0, next;
	int fd, err = 0;

	if (wr_room(w, end - from) == NULL)
		return wr_err(w);
	journal_file_name(number, name);
	fd = openat(j->conf.dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	while (err == 0 && w->len < end - from) {
		ssize_t n = pread(fd, w->buf + w->len, end - from - w->len, (off_t)(from + w->len));

		if (n > 0)
			wr_commit(w, (size_t)n);
		else if (n == 0 || errno != EINTR)
			err = ERR_IO;
	}
	close(fd);
	blocks = wr_slice(w);
	while (err == 0 && journal_block_read(&j->out.header, blocks, at, &entries, &next, &why)) {
		journal_block_begin(&next_one, w->buf + at, entries);
		at = next;
	}
	if (err == 0 && at != blocks.n) {
		errno = EIO;
		err = ERR_IO;
	}
	return err;
}

/* The next segment, which begins with what may not be on disk of this one.  0 or an error, and all is as it was. */
static int
begin_segment(struct journal *j, struct round *r)
{
	uint64_t counts = j->suspect ? r->synced_at : r->at;
	struct journal_segment_out next;
	struct wr rest = wr_new(SIZE_MAX / 2);
	int err = 0;

	if (counts < r->at)
		err = read_blocks(j, r->number, counts, r->at, &rest);
	if (err == 0)
		err = journal_segment_begin(&j->conf, j->salt, r->number + 1, counts, wr_slice(&rest), &next);
	if (err == 0) {
		journal_segment_end(&j->out);
		j->out = next;
		r->number++;
		r->at = JOURNAL_HEADER_BYTES + rest.len;
		r->begun = true;
	}
	wr_free(&rest);
	return err;
}

static void
do_round(struct journal *j, struct round *r)
{
	struct slice block = wr_slice(&j->leaving);

	if (r->begin) {
		/* Its sync, if that is asked for, must not miss what stands in the one before. */
		if (j->conf.sync != JOURNAL_SYNC_NONE && !j->suspect && fdatasync(j->out.fd) != 0) {
			r->lost = true;
			return;
		}
		if (begin_segment(j, r) != 0)
			return;
	} else if (j->suspect) {
		errno = ENOMEM; /* for one more: what its sync says now would be believed */
		return;
	}
	if (block.n > 0) {
		journal_block_begin(&j->out.header, j->leaving.buf,
				    slice_of(block.p + JOURNAL_BLOCK_BYTES, block.n - JOURNAL_BLOCK_BYTES));
		if (journal_segment_append(&j->out, &j->leaving, r->at) != 0)
			return;
	}
	r->synced = r->sync && fdatasync(j->out.fd) == 0;
	r->lost = r->sync && !r->synced;
	/* What the kernel may have dropped is written again, to a segment that says how much of this one counts. */
	r->written = !r->lost || block.n == 0;
}

static void
keep_or_free(struct wr *w)
{
	if (w->cap > IDLE_BUFFER_BYTES)
		wr_free(w);
	else
		wr_reset(w);
}

static struct journal_place *
pop_place(struct list *places)
{
	struct link *e = list_pop(places);

	return e == NULL ? NULL : CONTAINER_OF(e, struct journal_place, link);
}

/* The block is written there. */
static void
tell_places(struct journal *j, uint64_t segment, uint64_t at)
{
	struct journal_place *place;

	while ((place = pop_place(&j->leaving_places)) != NULL) {
		place->offset += at;
		place->segment = segment;
		if (j->conf.sync != JOURNAL_SYNC_NONE)
			list_append(&j->unsynced_places, &place->link);
	}
}

/* What was written since the last sync, which failed, stands at the begin of a segment. */
static void
move_places(struct journal *j, uint64_t segment)
{
	LIST_EACH(&j->unsynced_places, e) {
		struct journal_place *place = CONTAINER_OF(e, struct journal_place, link);

		place->offset -= j->synced_bytes - JOURNAL_HEADER_BYTES;
		place->segment = segment;
	}
}

/* All that is written is on disk. */
static void
note_synced(struct journal *j)
{
	j->synced_to = j->written_to;
	j->synced_bytes = journal_last_of(j)->bytes;
	while (pop_place(&j->unsynced_places) != NULL)
		;
}

/* Under the mutex, which it gives back while it writes.  0 or ERR_IO. */
static int
write_round(struct journal *j, bool sync)
{
	struct round r = {.number = journal_last_of(j)->number, .at = journal_last_of(j)->bytes, .synced_at = j->synced_bytes, .sync = sync};
	int cause;

	if (j->leaving.len == 0) {
		struct wr empty = j->leaving;
		struct link *e;

		while ((e = list_pop(&j->filling_places)) != NULL)
			list_append(&j->leaving_places, e);
		j->leaving = j->filling;
		j->filling = empty;
		j->leaving_to = j->put_to;
	}
	r.begin = (r.at >= j->conf.segment_bytes || j->suspect) && reserve_segment(j) == 0;
	j->writing = true;
	pthread_mutex_unlock(&j->lock);
	errno = 0;
	do_round(j, &r);
	cause = errno;
	pthread_mutex_lock(&j->lock);
	j->writing = false;
	if (r.begun) {
		journal_last_of(j)->lost = j->suspect;
		if (j->suspect)
			move_places(j, r.number);
		else if (j->conf.sync != JOURNAL_SYNC_NONE)
			note_synced(j); /* the segment before */
		add_segment(j, r.number);
		journal_last_of(j)->bytes = r.at;
		j->bytes += r.at - JOURNAL_HEADER_BYTES;
		j->suspect = false;
		j->synced_bytes = JOURNAL_HEADER_BYTES;
	}
	if (r.written) {
		tell_places(j, r.number, r.at);
		journal_last_of(j)->bytes += j->leaving.len;
		j->bytes += j->leaving.len;
		keep_or_free(&j->leaving);
		j->written_to = j->leaving_to;
	}
	if (r.synced)
		note_synced(j);
	j->suspect |= r.lost;
	if (!r.written || (sync && !r.synced)) {
		j->rounds_failed++;
		if (!j->failing)
			LOG_ERROR("journal", "can't be written; records are handled as attest.on.failure says until it can",
				  LOG_S("cause", strerror(cause)));
		j->failing = true;
	} else if (j->failing && !j->suspect) {
		j->failing = false;
		LOG_INFO("journal", "is written again");
	}
	pthread_cond_broadcast(&j->done);
	return r.written && (r.synced || !sync) ? 0 : ERR_IO;
}

/* Under the mutex. */
static int
bring_out(struct journal *j, bool sync)
{
	uint64_t target = j->put_to, failed = j->rounds_failed;
	int err = 0;

	while (err == 0 && (j->written_to < target || (sync && j->synced_to < target))) {
		if (j->writing) {
			pthread_cond_wait(&j->done, &j->lock);
			if (j->rounds_failed != failed)
				err = j->written_to < target || (sync && j->synced_to < target) ? ERR_IO : 0;
			continue;
		}
		err = write_round(j, sync);
	}
	return err;
}

static int
bring_out_locked(struct journal *j, bool sync)
{
	int err;

	pthread_mutex_lock(&j->lock);
	err = bring_out(j, sync);
	pthread_mutex_unlock(&j->lock);
	return err;
}

int
journal_commit(struct journal *j)
{
	return bring_out_locked(j, j->conf.sync == JOURNAL_SYNC_ALWAYS);
}

int
journal_sync(struct journal *j)
{
	return bring_out_locked(j, j->conf.sync != JOURNAL_SYNC_NONE);
}

/*
 * Under the mutex: may it be taken?  With `always` there never are two blocks that aren't on disk: over what was there before they
 * could get there in any order, and a torn one with a whole one behind it is a damaged journal.
 */
static int
admit(struct journal *j, enum journal_kind kind)
{
	/* That batches left is small, and has room behind the batches of the request whose commit failed: else they would be looked for. */
	size_t most = kind == JOURNAL_LEFT ? 2 * FAILING_MAX_BYTES : FAILING_MAX_BYTES;

	if (kind == JOURNAL_BATCH && j->bytes + j->filling.len + j->leaving.len >= j->conf.max_bytes)
		return ERR_LIMIT;
	if (!j->failing)
		return 0;
	/* A batch, and what has no room any more, tries whether it is over. */
	if (kind == JOURNAL_BATCH || j->filling.len + j->leaving.len > most)
		return bring_out(j, j->conf.sync == JOURNAL_SYNC_ALWAYS);
	return 0;
}

static bool
has_place(const struct list *l, const struct journal_place *place)
{
	LIST_EACH(l, e)
		if (e == &place->link)
			return true;
	return false;
}

static void
forget_place(struct journal *j, struct journal_place *place)
{
	struct list *all[] = {&j->filling_places, &j->leaving_places, &j->unsynced_places};

	for (size_t i = 0; link_in_list(&place->link) && i < ARRAY_LEN(all); i++)
		if (has_place(all[i], place))
			list_remove(all[i], &place->link);
}

/* Under the mutex.  An entry that is put again takes its hold along. */
static int
put(struct journal *j, const struct journal_entry *e, bool again, struct journal_hold *hold, struct journal_place *place)
{
	static const uint8_t block[JOURNAL_BLOCK_BYTES];
	size_t before, at = 0;
	int err = again ? (j->failing ? ERR_IO : 0) : admit(j, e->kind);

	before = j->filling.len;
	if (err == 0) {
		if (before == 0)
			wr_bytes(&j->filling, block, sizeof(block)); /* filled in when it is written */
		at = j->filling.len;
		journal_entry_write(e, &j->filling);
		(void)wr_room(&j->filling, JOURNAL_SEGMENT_TAIL);
		err = wr_err(&j->filling);
		if (err != 0) {
			j->filling.len = before;
			j->filling.err = 0;
		}
	}
	if (err == 0) {
		j->put_to++;
		if (again)
			journal_unhold(j, hold);
		if (hold != NULL)
			*hold = journal_hold_last(j, e->kind, j->filling.len - at);
		if (place != NULL) {
			struct slice bytes = slice_of(j->filling.buf + at, j->filling.len - at);

			if (again)
				forget_place(j, place);
			*place = (struct journal_place){
				.offset = at, .length = (uint32_t)bytes.n, .crc = crc32c(0, bytes)};
			list_append(&j->filling_places, &place->link);
		}
		/* If that fails it is in the next block: admit() bounds what comes then. */
		if (j->filling.len >= BLOCK_MAX_BYTES && !j->failing)
			(void)bring_out(j, j->conf.sync == JOURNAL_SYNC_ALWAYS);
	}
	return err;
}

static int
put_locked(struct journal *j, const struct journal_entry *e, bool again, struct journal_hold *hold,
	   struct journal_place *place)
{
	int err;

	pthread_mutex_lock(&j->lock);
	err = put(j, e, again, hold, place);
	pthread_mutex_unlock(&j->lock);
	return err;
}

int
journal_put(struct journal *j, const struct journal_entry *e, struct journal_hold *ret_hold)
{
	return put_locked(j, e, false, ret_hold, NULL);
}

int
journal_put_placed(struct journal *j, const struct journal_entry *e, struct journal_hold *ret_hold,
		   struct journal_place *place)
{
	return put_locked(j, e, false, ret_hold, place);
}

int
journal_put_again(struct journal *j, const struct journal_entry *e, struct journal_hold *hold,
		  struct journal_place *place)
{
	return put_locked(j, e, true, hold, place);
}

int
journal_get(struct journal *j, const struct journal_place *at, struct wr *w)
{
	struct journal_place now;

	pthread_mutex_lock(&j->lock);
	now = *at; /* it may be moved meanwhile */
	pthread_mutex_unlock(&j->lock);
	return journal_place_fetch(j->conf.dir_fd, &now, w);
}

void
journal_forget_place(struct journal *j, struct journal_place *place)
{
	pthread_mutex_lock(&j->lock);
	forget_place(j, place);
	pthread_mutex_unlock(&j->lock);
}

uint64_t
journal_first(const struct journal *j)
{
	return j->first;
}

uint64_t
journal_last(struct journal *j)
{
	uint64_t n;

	pthread_mutex_lock(&j->lock);
	n = journal_last_of(j)->number;
	pthread_mutex_unlock(&j->lock);
	return n;
}
