#include "attest/outgoing.h"

#include <stdlib.h>

#include "attest/journal_space.h"

struct outgoing *
outgoing_new(void)
{
	struct outgoing *o = calloc(1, sizeof(*o));

	if (o != NULL)
		o->value = o->manifest = wr_new(SIZE_MAX / 2);
	return o;
}

static int64_t
size_of(const struct outgoing *o)
{
	return (int64_t)(o->value.cap + o->manifest.cap);
}

/* Its bytes are no longer here. */
static void
uncount(struct outgoing *o)
{
	if (o->memory != NULL)
		atomic_fetch_sub(o->memory, size_of(o));
	o->memory = NULL;
}

void
outgoing_free(struct outgoing *o)
{
	if (o == NULL)
		return;
	uncount(o);
	if (o->journal != NULL) {
		journal_forget_place(o->journal, &o->place);
		journal_release(o->journal, &o->hold);
	}
	wr_free(&o->value);
	wr_free(&o->manifest);
	free(o);
}

bool
outgoing_is_written(const struct outgoing *o)
{
	return o->place.segment != 0;
}

void
outgoing_settle(struct outgoing *o, _Atomic int64_t *memory)
{
	o->memory = memory;
	if (atomic_fetch_add(memory, size_of(o)) + size_of(o) <= OUTGOING_MEMORY_MAX || !outgoing_is_written(o))
		return;
	uncount(o);
	wr_free(&o->value);
	wr_free(&o->manifest);
}

/* The entry's own. */
static int
copy(struct slice from, struct wr *ret)
{
	wr_slice_put(ret, from);
	return wr_err(ret);
}

static int
from_journal(struct outgoing *o, struct wr *ret_value, struct wr *ret_manifest)
{
	struct wr bytes = wr_new(SIZE_MAX / 2);
	struct journal_entry e = {0};
	size_t len;
	int err = journal_get(o->journal, &o->place, &bytes);

	if (err == 0)
		err = journal_entry_read(wr_slice(&bytes), &e, &len);
	if (err == 0 && (e.kind != JOURNAL_STATED || e.window != o->window))
		err = ERR_MALFORMED;
	if (err == 0 && (err = copy(e.value, ret_value)) == 0)
		err = copy(e.manifest, ret_manifest);
	if (err != 0) {
		wr_free(ret_value);
		wr_free(ret_manifest);
	}
	journal_entry_free(&e);
	wr_free(&bytes);
	return err;
}

int
outgoing_take(struct outgoing *o, struct wr *ret_value, struct wr *ret_manifest)
{
	*ret_value = *ret_manifest = wr_new(SIZE_MAX / 2);
	if (o->value.len == 0)
		return from_journal(o, ret_value, ret_manifest);
	uncount(o);
	*ret_value = o->value;
	*ret_manifest = o->manifest;
	o->value = o->manifest = wr_new(SIZE_MAX / 2);
	return 0;
}
