#include "attest/journal_space.h"

#include <errno.h>
#include <unistd.h>

#include "attest/journal_internal.h"

/* A quarter of the journal's size, or less. */
enum { CROWDED_SEGMENTS = 4 };

struct journal_hold
journal_hold_last(struct journal *j, enum journal_kind kind, size_t bytes)
{
	struct segment *s = journal_last_of(j);
	struct journal_hold h = {s->number, (uint32_t)bytes, kind == JOURNAL_CHAIN};

	/* It may be written to a later one: that goes after this one. */
	*(h.head ? &s->heads : &s->batches) += h.head ? bytes : 1;
	j->live += bytes;
	return h;
}

void
journal_unhold(struct journal *j, struct journal_hold *hold)
{
	uint64_t at = hold->segment - j->segment[0].number; /* their numbers are without holes */

	if (hold->segment != 0 && at < j->segment_count) {
		struct segment *s = &j->segment[at];

		*(hold->head ? &s->heads : &s->batches) -= hold->head ? hold->bytes : 1;
		j->live -= hold->bytes;
	}
	*hold = (struct journal_hold){0};
}

void
journal_release(struct journal *j, struct journal_hold *hold)
{
	if (hold->segment == 0)
		return;
	pthread_mutex_lock(&j->lock);
	journal_unhold(j, hold);
	pthread_mutex_unlock(&j->lock);
}

uint64_t
journal_crowded(struct journal *j)
{
	uint64_t oldest = 0;

	pthread_mutex_lock(&j->lock);
	if (!j->failing && j->segment_count > CROWDED_SEGMENTS && 2 * j->live < j->bytes && j->segment[0].batches > 0)
		oldest = j->segment[0].number;
	pthread_mutex_unlock(&j->lock);
	return oldest;
}

uint64_t
journal_idle(struct journal *j)
{
	uint64_t last = 0, heads = 0, bytes = 0;

	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i + 1 < j->segment_count && j->segment[i].batches == 0; i++) {
		heads += j->segment[i].heads;
		bytes += j->segment[i].bytes;
		if (2 * heads <= bytes || 2 * j->live < j->bytes)
			last = j->segment[i].number;
	}
	pthread_mutex_unlock(&j->lock);
	return last;
}

void
journal_drop(struct journal *j, uint64_t last)
{
	size_t n = 0;

	pthread_mutex_lock(&j->lock);
	for (; n + 1 < j->segment_count && j->segment[n].number <= last; n++) {
		const struct segment *s = &j->segment[n];

		if (s->batches != 0 || s->heads != 0 ||
		    journal_segment_retire(j->conf.dir_fd, s->number, !s->lost && s->bytes <= 2 * j->conf.segment_bytes) != 0)
			break;
		j->bytes -= s->bytes;
	}
	j->segment_count -= n;
	memmove(j->segment, j->segment + n, j->segment_count * sizeof(*j->segment));
	pthread_mutex_unlock(&j->lock);
}

int
journal_remove(int dir_fd, uint64_t last)
{
	char name[JOURNAL_NAME_LEN];
	uint64_t n = last;

	/* Numbers are without holes: the first one that isn't there ends them. */
	for (; n > 0; n--) {
		journal_file_name(n, name);
		if (faccessat(dir_fd, name, F_OK, 0) != 0)
			break;
	}
	for (n++; n <= last; n++) {
		journal_file_name(n, name);
		if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
			return ERR_IO;
	}
	return journal_segment_no_spare(dir_fd);
}

void
journal_count(struct journal *j, uint64_t *ret_segments, uint64_t *ret_bytes, bool *ret_failing)
{
	pthread_mutex_lock(&j->lock);
	*ret_segments = j->segment_count;
	*ret_bytes = j->bytes;
	*ret_failing = j->failing;
	pthread_mutex_unlock(&j->lock);
}
