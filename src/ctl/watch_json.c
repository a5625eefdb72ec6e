#include "ctl/watch_json.h"

#include "base/json_out.h"
#include "base/text.h"

static const char *const outcome_names[] = {"complete", "undecided", "violation"};
static const char *const run_types[] = {"note", "undecided", "violation"};

enum watch_outcome
watch_json_outcome(const struct vigil_window *x)
{
	enum watch_outcome o = WATCH_COMPLETE;

	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		if (x->with[i] && window_finding_is_violation((enum window_finding)i))
			return WATCH_VIOLATION;
	for (size_t i = 0; i < VERDICT_COUNT; i++) {
		if (x->verdicts[i] > 0 && verdict_is_violation((enum verdict)i))
			return WATCH_VIOLATION;
		if (x->verdicts[i] > 0 && (i == VERDICT_PENDING || i == VERDICT_UNATTESTED))
			o = WATCH_UNDECIDED;
	}
	return o;
}

enum watch_outcome
watch_json_outcome_of(const struct vigil_run *r)
{
	if (!r->f.about_record)
		return window_finding_is_violation(r->f.window) ? WATCH_VIOLATION : r->f.window == WINDOW_RETENTION ? WATCH_UNDECIDED : WATCH_COMPLETE;
	if (verdict_is_violation(r->f.verdict))
		return WATCH_VIOLATION;
	return r->f.verdict == VERDICT_PENDING || r->f.verdict == VERDICT_UNATTESTED ? WATCH_UNDECIDED : WATCH_COMPLETE;
}

static void
begin(struct json_out *j, const char *type, const struct watch_json_about *about, int32_t partition)
{
	json_out_open(j, NULL, '{');
	json_out_str(j, "type", type);
	json_out_str(j, "topic", about->topic);
	json_out_int(j, "partition", partition);
	json_out_str(j, "topicId", about->topic_id);
}

static void
end(struct json_out *j, const struct watch_json_about *about, const char *issuer)
{
	char at[32];

	if (issuer != NULL && issuer[0] != '\0')
		json_out_str(j, "issuer", issuer);
	if (text_time_ms(about->judged_ms, at) == 0)
		json_out_str(j, "judgedAt", at);
	if (about->again)
		json_out_bool(j, "again", true);
	json_out_close(j);
}

static void
name_window(struct json_out *j, const struct chain_id *chain, uint64_t window_id)
{
	char hex[2 * CHAIN_ID_LEN + 1];

	json_out_str(j, "chain", text_hex(chain->b, CHAIN_ID_LEN, hex));
	json_out_int(j, "window", (int64_t)window_id);
}

void
watch_json_window(struct wr *w, const struct watch_json_about *about, const struct vigil_found *f, const struct vigil_window *x)
{
	const struct statement *s = x->statement;
	struct json_out j = json_out_of(w);

	begin(&j, "window", about, s->partition);
	name_window(&j, &s->chain, s->window_id);
	json_out_int(&j, "firstOffset", s->first_offset);
	json_out_int(&j, "lastOffset", s->last_offset);
	json_out_int(&j, "leafCount", (int64_t)s->leaf_count);
	json_out_str(&j, "outcome", outcome_names[watch_json_outcome(x)]);
	json_out_open(&j, "verdicts", '{');
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		if (x->verdicts[i] > 0)
			json_out_int(&j, verdict_name((enum verdict)i), (int64_t)x->verdicts[i]);
	json_out_close(&j);
	json_out_open(&j, "absent", '{');
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		if (x->members[i] > 0)
			json_out_int(&j, window_finding_name((enum window_finding)i), (int64_t)x->members[i]);
	json_out_close(&j);
	json_out_open(&j, "findings", '[');
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		if (x->with[i] && window_finding_is_violation((enum window_finding)i))
			json_out_str(&j, NULL, window_finding_name((enum window_finding)i));
	json_out_close(&j);
	if (x->part) { /* of what range, offsets included */
		json_out_int(&j, "partFrom", f->from);
		json_out_int(&j, "partTo", f->to - 1);
	}
	end(&j, about, x->issuer);
}

void
watch_json_run(struct wr *w, const struct watch_json_about *about, const struct vigil_run *r)
{
	const struct finding *f = &r->f;
	struct json_out j = json_out_of(w);

	begin(&j, run_types[watch_json_outcome_of(r)], about, f->partition);
	if (f->offset >= 0) {
		json_out_int(&j, "offset", f->offset);
		if (r->last_offset > f->offset)
			json_out_int(&j, "lastOffset", r->last_offset);
	}
	if (f->about_record)
		json_out_str(&j, "verdict", verdict_name(f->verdict));
	else
		json_out_str(&j, "finding", window_finding_name(f->window));
	json_out_str(&j, "reason", f->why);
	if (f->headers_behind > 0)
		json_out_int(&j, "headersBehind", (int64_t)f->headers_behind);
	if (f->has_window)
		name_window(&j, &f->chain, f->window_id);
	end(&j, about, f->issuer);
}

#define TOPIC "topic "
#define TELLING "telling up to "

void
watch_json_note(const char *topic_id, int64_t to, char *ret, size_t len)
{
	size_t n;

	snprintf(ret, len, "%s%s", topic_id[0] == '\0' ? "" : TOPIC, topic_id);
	n = strlen(ret);
	if (to >= 0)
		snprintf(ret + n, len - n, "%s" TELLING "%lld", n > 0 ? ", " : "", (long long)to);
}

void
watch_json_noted(const char *note, char ret_topic_id[TOPIC_ID_TEXT + 1], int64_t *ret_to)
{
	size_t n = strlen(TOPIC), id = 0;
	int64_t to;

	ret_topic_id[0] = '\0';
	*ret_to = -1;
	if (strncmp(note, TOPIC, n) == 0)
		id = strcspn(note + n, ",");
	if (id == TOPIC_ID_TEXT) {
		memcpy(ret_topic_id, note + n, id);
		ret_topic_id[id] = '\0';
		note += n + id;
		note += strncmp(note, ", ", 2) == 0 ? 2 : 0;
	}
	n = strlen(TELLING);
	if (strncmp(note, TELLING, n) == 0 && text_parse_i64(slice_str(note + n), &to) == 0 && to >= 0)
		*ret_to = to;
}
