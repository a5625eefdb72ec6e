/* A statement from a topic that anybody writes to: what is read agrees with itself and can be written again. */
#include "makoto/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct statement *s, *again;
	struct wr w = wr_new(SIZE_MAX / 2), x = wr_new(SIZE_MAX / 2);
	uint64_t i;

	if (statement_read(slice_of(data, size), &s) != 0)
		return 0;
	(void)runs_find(&s->ranges, s->first_offset, &i);
	INVARIANT(i == 0);
	INVARIANT(runs_find(&s->ranges, s->last_offset, &i) && i == s->leaf_count - 1);
	/* Written, read and written it is the same: the canonical form is one. */
	if (statement_write(s, &w) == 0) {
		INVARIANT(statement_read(wr_slice(&w), &again) == 0);
		INVARIANT(statement_write(again, &x) == 0 && slice_eq(wr_slice(&w), wr_slice(&x)));
		statement_free(again);
	}
	statement_free(s);
	wr_free(&w);
	wr_free(&x);
	return 0;
}
