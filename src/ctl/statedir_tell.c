/* A state directory, told to people. */
#include <stdarg.h>

#include "base/text.h"
#include "ctl/safe.h"
#include "ctl/statedir_tell.h"
#include "ctl/table.h"

enum { SEGMENT_COLUMNS = 5 + STATEDIR_KINDS };

typedef unsigned long long ull;

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static const char *
time_of(int64_t ms, char buf[32])
{
	return text_time_ms(ms, buf) == 0 ? buf : "";
}

/* --- what the next start does ----------------------------------------------------------------- */

static void
left_behind(const struct statedir *d, struct wr *w)
{
	if (d->segment_count > 0)
		wr_printf(w, "; the journal is put aside as old.journal.*: %zu window%s of it, with %lld record%s, never get%s a statement",
			  d->journal.windows_left, plural(d->journal.windows_left), (long long)d->journal.members,
			  plural((uint64_t)d->journal.members), d->journal.windows_left == 1 ? "s" : "");
}

static void
crashed(const struct outlook *o, struct wr *w)
{
	wr_printf(w, "goes on as the same instance with %zu chain%s", o->chains, plural(o->chains));
	if (o->windows == 0)
		return;
	wr_printf(w, ", finishes %zu window%s with %lld record%s", o->windows, plural(o->windows), (long long)o->members,
		  plural((uint64_t)o->members));
	if (o->unresolved > 0)
		wr_printf(w, "; %lld of them %s looked for in the log, to know whether they are stored", (long long)o->unresolved,
			  o->unresolved == 1 ? "is" : "are");
	if (o->restated > 0)
		wr_printf(w, "; %zu statement%s %s looked for in the statement topic, and sent as %s when absent", o->restated,
			  plural(o->restated), o->restated == 1 ? "is" : "are", o->restated == 1 ? "it is" : "they are");
}

void
statedir_next_start(const struct statedir *d, struct wr *w)
{
	const struct outlook *o = &d->outlook;

	if (!d->has_outlook) {
		wr_text(w, "can't be told");
		return;
	}
	if (o->refused) {
		wr_text(w, "ends with an error: the journal's entries contradict each other");
		return;
	}
	switch (o->start) {
	case STATE_FIRST:
		wr_text(w, statedir_is_pending(d) ? "begins a new instance: the file that names the old one is missing"
						  : "is the first: an instance begins");
		left_behind(d, w);
		break;
	case STATE_CLEAN:
		wr_printf(w, "goes on as the same instance with %zu chain%s: the last stop was clean", d->heads.is.count,
			  plural(d->heads.is.count));
		if (d->segment_count > 0)
			wr_text(w, "; the journal says nothing more and goes");
		break;
	case STATE_CRASHED: crashed(o, w); break;
	case STATE_UNCLEAN: wr_text(w, "begins a new instance: there are neither heads nor a journal of the old one"); break;
	case STATE_TORN:
		wr_printf(w, "begins a new instance: %s", o->why);
		left_behind(d, w);
		break;
	case STATE_COPIED:
		wr_text(w, "begins a new instance: the directory is a copy, or was restored, and the original may live");
		left_behind(d, w);
		break;
	}
}

/* --- what there is ------------------------------------------------------------------------------ */

static void title(FILE *to, const char *fmt, ...) PRINTF(2, 3);

static void
title(FILE *to, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputc('\n', to);
	safe_line(to, "%s", text);
}

static void
tell_holder(const struct statedir *d, FILE *to)
{
	const struct holder *h = &d->holder;

	if (h->is == HOLDER_SOME)
		safe_line(to, "in use      by process %ld; what follows is of this moment, and the next start the one if it were killed now", h->pid);
	else if (h->is == HOLDER_UNKNOWN)
		safe_line(to, "in use      unknown: the kernel's list of locks can't be read%s", h->said > 0 ? "; the last process is in the file lock" : "");
	else if (h->said > 0)
		safe_line(to, "in use      no; last by process %ld", h->said);
	else
		safe_line(to, "in use      no");
}

static void
tell_head(struct table *t, const struct heads_entry *e, uint64_t last_window, uint64_t more)
{
	char chain[2 * CHAIN_ID_LEN + 1];

	table_cell(t, "%s", e->topic);
	table_cell(t, "%d", e->partition);
	table_cell(t, "%.8s", text_hex(e->chain.b, CHAIN_ID_LEN, chain));
	table_cell(t, "%llu", (ull)last_window);
	table_cell(t, "%llu", (ull)(e->head.length + more));
}

static void
head_titles(struct table *t)
{
	static const char *const titles[] = {"topic", "partition", "chain", "last window", "statements"};

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_cell(t, "%s", titles[i]);
}

static void
tell_heads(const struct statedir_heads *h, const char *name, FILE *to)
{
	struct table t = table_new(6);
	char hex[33];

	title(to, "%s: where %zu chain%s of instance %s stood", name, h->is.count, plural(h->is.count),
		  text_hex(h->is.instance, sizeof(h->is.instance), hex));
	if (h->is.count > 0) {
		head_titles(&t);
		table_cell(&t, "next");
	}
	for (size_t i = 0; i < h->is.count; i++) {
		tell_head(&t, &h->is.entry[i], h->is.entry[i].head.last_window, 0);
		table_cell(&t, "%llu", (ull)h->is.entry[i].head.next_window);
	}
	table_print(&t, to);
	table_free(&t);
}

static void
tell_chains(const struct statedir *d, FILE *to)
{
	static const char *const titles[] = {"windows", "records", "not settled", "stated"};
	const struct inventory *v = &d->journal;
	struct table t = table_new(9);

	if (v->chain_count == 0)
		return;
	title(to, "chains, as the journal tells them; windows that have no published statement yet");
	head_titles(&t);
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_cell(&t, "%s", titles[i]);
	for (size_t i = 0; i < v->chain_count; i++) {
		const struct inventory_chain *c = v->chains[i];

		if (c->known) {
			tell_head(&t, &c->head, c->last_stated, c->stated_since);
		} else {
			table_cell(&t, "(no entry tells)");
			table_cell(&t, "%s", "");
			table_cell(&t, "no. %u", c->number);
			table_cell(&t, "%llu", (ull)c->last_stated);
			table_cell(&t, "%s", "");
		}
		table_cell(&t, "%zu", c->window_count);
		table_cell(&t, "%lld", (long long)c->members);
		table_cell(&t, "%lld", (long long)c->unsettled);
		table_cell(&t, "%zu", c->stated);
	}
	table_print(&t, to);
	table_free(&t);
}

static void
tell_windows(const struct statedir *d, FILE *to)
{
	static const char *const titles[] = {"topic", "partition", "window", "state", "records", "not settled", "given up", "opened", "closed for"};
	const struct inventory *v = &d->journal;
	struct table t = table_new(ARRAY_LEN(titles));
	char time[32];

	if (v->windows_left == 0)
		return;
	title(to, "windows without a published statement");
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_cell(&t, "%s", titles[i]);
	for (size_t i = 0; i < v->chain_count; i++)
		for (size_t k = 0; k < v->chains[i]->window_count; k++) {
			const struct inventory_chain *c = v->chains[i];
			const struct inventory_window *w = &c->windows[k];

			table_cell(&t, "%s", c->known ? c->head.topic : "?");
			table_cell(&t, "%d", c->head.partition);
			table_cell(&t, "%llu", (ull)w->id);
			table_cell(&t, "%s", inventory_state(w));
			table_cell(&t, "%lld", (long long)w->members);
			table_cell(&t, "%lld", (long long)w->unsettled);
			table_cell(&t, "%lld", (long long)w->given_up);
			table_cell(&t, "%s", time_of(w->start_ms, time));
			table_cell(&t, "%s", w->closed ? close_reason_name(w->reason) : "");
		}
	table_print(&t, to);
	table_free(&t);
}

static const char *
end_name(const struct journal_segment *s)
{
	static const char *const names[] = {[JOURNAL_WHOLE] = "whole", [JOURNAL_TORN] = "torn", [JOURNAL_DAMAGED] = "DAMAGED"};

	return names[s->end];
}

static void
tell_segments(const struct statedir *d, FILE *to)
{
	static const char *const titles[] = {"segment", "bytes", "count", "blocks"};
	struct table t = table_new(SEGMENT_COLUMNS);

	if (d->segment_count == 0)
		return;
	title(to, "journal: bytes of each file, how many count, blocks, entries by kind");
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_cell(&t, "%s", titles[i]);
	for (int k = 1; k <= STATEDIR_KINDS; k++)
		table_cell(&t, "%s", journal_kind_name((enum journal_kind)k));
	table_cell(&t, "end");
	for (size_t i = 0; i < d->segment_count; i++) {
		const struct statedir_segment *s = &d->segments[i];

		table_cell(&t, "%016llx", (ull)s->is.header.number);
		table_cell(&t, "%llu", (ull)s->file_bytes);
		table_cell(&t, "%llu", (ull)(s->is.empty ? 0 : s->is.bytes));
		table_cell(&t, "%llu", (ull)s->is.blocks);
		for (int k = 1; k <= STATEDIR_KINDS; k++)
			table_cell(&t, "%llu", (ull)s->kinds[k]);
		table_cell(&t, "%s", end_name(&s->is));
	}
	table_print(&t, to);
	table_free(&t);
}

static void
tell_remarks(const struct statedir *d, FILE *to)
{
	static const char *const names[] = {[STATEDIR_NOTE] = "note", [STATEDIR_UNREAD] = "UNREAD", [STATEDIR_PROBLEM] = "PROBLEM"};

	for (size_t i = 0; i < d->remark_count; i++) {
		const struct statedir_remark *r = &d->remarks[i];

		if (r->at >= 0)
			safe_line(to, "%s: %s at byte %lld: %s", names[r->weight], r->file, (long long)r->at, r->what);
		else
			safe_line(to, "%s: %s: %s", names[r->weight], r->file, r->what);
		if (r->advice[0] != '\0')
			safe_line(to, "    %s", r->advice);
	}
}

void
statedir_tell(const struct statedir *d, bool windows, FILE *to)
{
	static const char *const syncs[] = {"none", "window", "always"};
	struct wr next = wr_new(4096);

	safe_line(to, "directory   %s (mode %04o)", d->path, (unsigned)d->mode);
	safe_line(to, "instance    %s", d->instance[0] != '\0' ? d->instance : d->has_instance ? "can't be read" : "none yet");
	safe_line(to, "key         %s", d->key[0] != '\0' ? d->key : "none here (signing.key.id names another, or attest.level is 1, or there was no start yet)");
	tell_holder(d, to);
	if (d->segment_count > 0)
		safe_line(to, "state.sync  %s", syncs[d->segments[d->segment_count - 1].is.header.sync]);
	statedir_next_start(d, &next);
	wr_u8(&next, '\0');
	safe_line(to, "next start  %s", wr_err(&next) == 0 ? (const char *)next.buf : "(no memory)");
	wr_free(&next);
	if (d->set_aside > 0)
		safe_line(to, "set aside   %zu segment%s of a journal that could not be gone on with (old.journal.*); nothing reads them",
			  d->set_aside, plural(d->set_aside));
	if (d->heads.whole)
		tell_heads(&d->heads, "heads", to);
	else if (d->taken.whole && d->segment_count == 0)
		tell_heads(&d->taken, "heads.taken", to);
	tell_chains(d, to);
	if (windows)
		tell_windows(d, to);
	tell_segments(d, to);
	if (d->remark_count > 0)
		fputc('\n', to);
	tell_remarks(d, to);
}
