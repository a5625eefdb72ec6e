/* The scan: is every segment whole, and where does each chain stand at last? */
#include "attest/recovery_internal.h"

#include "attest/journal_read.h"

/* Takes the head out of the entry. */
static int
note_head(struct recovery *r, struct journal_entry *e)
{
	struct standing *s = map_get(r->heads, recovery_chain_key(&e->chain));

	if (s == NULL) {
		s = calloc(1, sizeof(*s));
		if (s == NULL || map_put(r->heads, recovery_chain_key(&e->chain), s) != 0) {
			free(s);
			return ERR_NOMEM;
		}
	} else {
		heads_entry_clear(&s->head);
	}
	covered_clear(&s->covered);
	s->head = e->head;
	s->covered = e->covered;
	s->at = r->entries;
	memset(&e->head, 0, sizeof(e->head));
	memset(&e->covered, 0, sizeof(e->covered));
	return 0;
}

static int
scan_entry(void *arg, uint64_t segment UNUSED, struct journal_entry *e)
{
	struct recovery *r = arg;

	r->entries++;
	if (e->chain > r->next_chain)
		r->next_chain = e->chain;
	if (e->batch > r->next_batch)
		r->next_batch = e->batch;
	return e->kind == JOURNAL_CHAIN ? note_head(r, e) : 0;
}

static int
scan_segment(void *arg, const struct journal_segment *s)
{
	struct recovery *r = arg;

	if (s->empty)
		return 0; /* the one before is the last */
	if (!r->some)
		memcpy(r->instance, s->header.instance, sizeof(r->instance));
	else if (memcmp(r->instance, s->header.instance, sizeof(r->instance)) != 0)
		r->mixed = true;
	r->some = true;
	/* Of each by itself: a start may have begun one with another sync, or in another run of the machine. */
	r->lost |= s->header.sync != JOURNAL_SYNC_ALWAYS && memcmp(r->boot, s->header.boot, sizeof(r->boot)) != 0;
	r->last_segment = s->header.number;
	r->last_bytes = s->bytes;
	r->bytes += s->bytes;
	if (s->end == JOURNAL_DAMAGED && r->damaged == 0) {
		r->damaged = s->header.number;
		r->damaged_at = s->end_at;
	}
	return 0;
}

int
recovery_scan(int dir_fd, const uint8_t boot[16], struct recovery **ret, char *why, size_t why_len)
{
	struct recovery *r = calloc(1, sizeof(*r));
	struct journal_reader reader = {.segment = scan_segment, .entry = scan_entry, .arg = r};
	int err = ERR_NOMEM;

	if (r == NULL)
		goto fail;
	r->dir_fd = dir_fd;
	memcpy(r->boot, boot, sizeof(r->boot));
	r->heads = map_new();
	if (r->heads == NULL)
		goto fail;
	err = journal_read(dir_fd, &reader, why, why_len);
	if (err == 0 && !r->some)
		err = ERR_NOTFOUND;
	if (err == 0 && r->damaged != 0) {
		(void)snprintf(why, why_len, "the journal's segment %llu is damaged at byte %llu",
			       (unsigned long long)r->damaged, (unsigned long long)r->damaged_at);
		err = ERR_CHECKSUM;
	} else if (err == 0 && r->mixed) {
		(void)snprintf(why, why_len, "the journal's segments are of several instances");
		err = ERR_CHECKSUM;
	} else if (err == 0 && r->lost) {
		(void)snprintf(why, why_len, "the machine was started since the journal was written, and only state.sync: always brings all of it to disk");
		err = ERR_CHECKSUM;
	}
	if (err != 0)
		goto fail;
	*ret = r;
	return 0;
fail:
	if (err == ERR_NOMEM)
		(void)snprintf(why, why_len, "%s", err_text(err));
	recovery_free(r);
	return err;
}

const uint8_t *
recovery_instance(const struct recovery *r)
{
	return r->instance;
}

uint64_t
recovery_last_segment(const struct recovery *r)
{
	return r->last_segment;
}

uint64_t
recovery_last_bytes(const struct recovery *r)
{
	return r->last_bytes;
}

uint64_t
recovery_bytes(const struct recovery *r)
{
	return r->bytes;
}

void
recovery_free(struct recovery *r)
{
	struct slice key;
	size_t at = 0;
	void *value;

	if (r == NULL)
		return;
	recovery_forget_batches(r);
	while (r->heads != NULL && map_next(r->heads, &at, &key, &value)) {
		struct standing *s = value;

		heads_entry_clear(&s->head);
		covered_clear(&s->covered);
		recovered_free(s->recovered);
		free(s);
	}
	map_free(r->heads);
	free(r);
}
