#include "verify/patience.h"

#include <string.h>

void
patience_begin(struct patience *p, int64_t wait_ms)
{
	*p = (struct patience){.wait_ms = wait_ms};
}

static void
drop_first(struct patience *p)
{
	p->count--;
	memmove(&p->marks[0], &p->marks[1], p->count * sizeof(p->marks[0]));
}

void
patience_saw(struct patience *p, int64_t end, int64_t now_ms)
{
	/* What was cut off and comes again is new. */
	while (p->count > 0 && p->marks[p->count - 1].end > end)
		p->count--;
	if (p->due > end)
		p->due = end;
	(void)patience_due(p, now_ms);
	if (p->count > 0 && (p->marks[p->count - 1].end == end || now_ms - p->marks[p->count - 1].at_ms < p->wait_ms / PATIENCE_STEPS))
		return;
	if (p->count == PATIENCE_MARKS)
		return; /* a later one speaks for it */
	p->marks[p->count].end = end;
	p->marks[p->count++].at_ms = now_ms;
}

int64_t
patience_due(struct patience *p, int64_t now_ms)
{
	while (p->count > 0 && now_ms - p->marks[0].at_ms >= p->wait_ms) {
		p->due = p->marks[0].end;
		drop_first(p);
	}
	return p->due;
}
