/* A state directory, told to programs: one object on a line. */
#include "base/json_out.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/safe.h"
#include "ctl/statedir_tell.h"

#define JSON_MAX_BYTES ((size_t)128 << 20)

static void
json_head(struct json_out *j, const struct heads_entry *e)
{
	char hex[2 * CHAIN_ID_LEN + 1], id[23];

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
	json_out_str(j, "state", inventory_state(w));
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
	for (int k = 1; k <= STATEDIR_KINDS; k++)
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
statedir_json(const struct statedir *d, int exit_code, FILE *to)
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
