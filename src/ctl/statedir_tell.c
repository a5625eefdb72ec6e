/* A state directory, told to people or to programs. */
#include <stdarg.h>

#include "base/json_out.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/safe.h"
#include "ctl/statedir.h"
#include "ctl/table.h"

#define JSON_MAX_BYTES ((size_t)128 << 20)

enum { KINDS = JOURNAL_PUBLISHED, SEGMENT_COLUMNS = 5 + KINDS, HEX = 2 * CHAIN_ID_LEN + 1 };

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

/* --- for people -------------------------------------------------------------------------------- */

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
	char chain[HEX];

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

static const char *
window_state(const struct inventory_window *w)
{
	return w->stated ? "stated" : w->closed ? "closed" : "open";
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
			table_cell(&t, "%s", window_state(w));
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
	for (int k = 1; k <= KINDS; k++)
		table_cell(&t, "%s", journal_kind_name((enum journal_kind)k));
	table_cell(&t, "end");
	for (size_t i = 0; i < d->segment_count; i++) {
		const struct statedir_segment *s = &d->segments[i];

		table_cell(&t, "%016llx", (ull)s->is.header.number);
		table_cell(&t, "%llu", (ull)s->file_bytes);
		table_cell(&t, "%llu", (ull)(s->is.empty ? 0 : s->is.bytes));
		table_cell(&t, "%llu", (ull)s->is.blocks);
		for (int k = 1; k <= KINDS; k++)
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

/* --- for programs -------------------------------------------------------------------------------- */

static void
json_head(struct json_out *j, const struct heads_entry *e)
{
	char hex[HEX], id[23];

	json_out_str(j, "cluster", e->cluster_id);
	json_out_str(j, "topic", e->topic);
	json_out_str(j, "topicId", e->has_topic_id ? text_uuid(e->topic_id, id) : NULL);
	json_out_int(j, "partition", e->partition);
	json_out_str(j, "chain", text_hex(e->chain.b, CHAIN_ID_LEN, hex));
	json_out_int(j, "highOffset", e->head.high_offset);
}

static void
json_heads(struct json_out *j, const char *name, const struct statedir_heads *h)
{
	char hex[33];

	if (!h->there)
		return;
	json_out_open(j, name, '{');
	json_out_bool(j, "whole", h->whole);
	if (h->whole) {
		json_out_str(j, "instance", text_hex(h->is.instance, sizeof(h->is.instance), hex));
		json_out_open(j, "chains", '[');
		for (size_t i = 0; i < h->is.count; i++) {
			json_out_open(j, NULL, '{');
			json_head(j, &h->is.entry[i]);
			json_out_int(j, "nextWindow", (int64_t)h->is.entry[i].head.next_window);
			json_out_int(j, "lastWindow", (int64_t)h->is.entry[i].head.last_window);
			json_out_int(j, "statements", (int64_t)h->is.entry[i].head.length);
			json_out_close(j);
		}
		json_out_close(j);
	}
	json_out_close(j);
}

static void
json_window(struct json_out *j, const struct inventory_window *w)
{
	json_out_open(j, NULL, '{');
	json_out_int(j, "window", (int64_t)w->id);
	json_out_str(j, "state", window_state(w));
	json_out_int(j, "records", w->members);
	json_out_int(j, "notSettled", w->unsettled);
	json_out_int(j, "givenUp", w->given_up);
	json_out_int(j, "openedMs", w->start_ms);
	if (w->closed) {
		json_out_str(j, "closedFor", close_reason_name(w->reason));
		json_out_int(j, "closedMs", w->end_ms);
	}
	json_out_close(j);
}

static void
json_chain(struct json_out *j, const struct inventory_chain *c)
{
	json_out_open(j, NULL, '{');
	json_out_int(j, "number", c->number);
	if (c->known) {
		json_head(j, &c->head);
		json_out_int(j, "statements", (int64_t)(c->head.head.length + c->stated_since));
	}
	json_out_int(j, "lastWindow", (int64_t)c->last_stated);
	json_out_open(j, "unpublished", '[');
	for (size_t i = 0; i < c->window_count; i++)
		json_window(j, &c->windows[i]);
	json_out_close(j);
	json_out_close(j);
}

static void
json_segment(struct json_out *j, const struct statedir_segment *s)
{
	static const char *const ends[] = {[JOURNAL_WHOLE] = "whole", [JOURNAL_TORN] = "torn", [JOURNAL_DAMAGED] = "damaged"};
	static const char *const syncs[] = {"none", "window", "always"};
	char name[JOURNAL_NAME_LEN];

	journal_file_name(s->is.header.number, name);
	json_out_open(j, NULL, '{');
	json_out_str(j, "file", name);
	json_out_int(j, "bytes", (int64_t)s->file_bytes);
	json_out_int(j, "counted", s->is.empty ? 0 : (int64_t)s->is.bytes);
	json_out_int(j, "blocks", (int64_t)s->is.blocks);
	json_out_str(j, "sync", syncs[s->is.header.sync]);
	json_out_open(j, "entries", '{');
	for (int k = 1; k <= KINDS; k++)
		json_out_int(j, journal_kind_name((enum journal_kind)k), (int64_t)s->kinds[k]);
	json_out_close(j);
	json_out_str(j, "end", ends[s->is.end]);
	json_out_close(j);
}

static void
json_journal(struct json_out *j, const struct statedir *d)
{
	json_out_open(j, "journal", '{');
	json_out_open(j, "segments", '[');
	for (size_t i = 0; i < d->segment_count; i++)
		json_segment(j, &d->segments[i]);
	json_out_close(j);
	json_out_open(j, "chains", '[');
	for (size_t i = 0; i < d->journal.chain_count; i++)
		json_chain(j, d->journal.chains[i]);
	json_out_close(j);
	json_out_int(j, "windows", (int64_t)d->journal.windows_left);
	json_out_int(j, "records", d->journal.members);
	json_out_int(j, "notSettled", d->journal.unsettled);
	json_out_int(j, "stated", (int64_t)d->journal.stated);
	json_out_int(j, "setAside", (int64_t)d->set_aside);
	json_out_close(j);
}

static void
json_next_start(struct json_out *j, const struct statedir *d)
{
	static const char *const starts[] = {
		[STATE_FIRST] = "first", [STATE_CLEAN] = "clean", [STATE_CRASHED] = "crashed",
		[STATE_UNCLEAN] = "unclean", [STATE_TORN] = "torn", [STATE_COPIED] = "copied",
	};
	const struct outlook *o = &d->outlook;
	struct wr text = wr_new(4096);

	statedir_next_start(d, &text);
	json_out_open(j, "nextStart", '{');
	json_out_str(j, "found", d->has_outlook ? starts[o->start] : NULL);
	json_out_text(j, "text", wr_slice(&text));
	if (d->has_outlook) {
		json_out_bool(j, "sameInstance", !o->refused && (o->start == STATE_CLEAN || o->start == STATE_CRASHED));
		json_out_bool(j, "refused", o->refused);
		json_out_str(j, "cause", o->why);
		json_out_int(j, "windows", (int64_t)o->windows);
		json_out_int(j, "records", o->members);
		json_out_int(j, "notSettled", o->unresolved);
		json_out_int(j, "stated", (int64_t)o->restated);
	}
	json_out_close(j);
	wr_free(&text);
}

static void
json_remarks(struct json_out *j, const struct statedir *d)
{
	static const char *const names[] = {[STATEDIR_NOTE] = "note", [STATEDIR_UNREAD] = "unread", [STATEDIR_PROBLEM] = "problem"};

	json_out_open(j, "remarks", '[');
	for (size_t i = 0; i < d->remark_count; i++) {
		const struct statedir_remark *r = &d->remarks[i];

		json_out_open(j, NULL, '{');
		json_out_str(j, "is", names[r->weight]);
		json_out_str(j, "file", r->file);
		if (r->at >= 0)
			json_out_int(j, "at", r->at);
		json_out_str(j, "what", r->what);
		json_out_str(j, "advice", r->advice);
		json_out_close(j);
	}
	json_out_close(j);
}

int
statedir_tell_json(const struct statedir *d, int exit_code, FILE *to)
{
	static const char *const held[] = {[HOLDER_NONE] = "no", [HOLDER_SOME] = "yes", [HOLDER_UNKNOWN] = "unknown"};
	struct wr w = wr_new(JSON_MAX_BYTES);
	struct json_out j = json_out_of(&w);
	char mode[8];
	int err;

	json_out_open(&j, NULL, '{');
	json_out_str(&j, "directory", d->path);
	(void)snprintf(mode, sizeof(mode), "%04o", (unsigned)d->mode & 07777);
	json_out_str(&j, "mode", mode);
	json_out_str(&j, "instance", d->instance[0] == '\0' ? NULL : d->instance);
	json_out_str(&j, "keyId", d->key[0] == '\0' ? NULL : d->key);
	json_out_str(&j, "inUse", held[d->holder.is]);
	if (d->holder.is == HOLDER_SOME)
		json_out_int(&j, "pid", d->holder.pid);
	json_next_start(&j, d);
	json_heads(&j, "heads", &d->heads);
	json_heads(&j, "headsTaken", &d->taken);
	json_journal(&j, d);
	json_remarks(&j, d);
	json_out_int(&j, "problems", (int64_t)d->weights[STATEDIR_PROBLEM]);
	json_out_int(&j, "exit", exit_code);
	json_out_bool(&j, "ok", exit_code == EXIT_OK);
	json_out_close(&j);
	err = wr_err(&w);
	if (err == 0)
		err = safe_slice(to, wr_slice(&w));
	wr_free(&w);
	return err;
}
