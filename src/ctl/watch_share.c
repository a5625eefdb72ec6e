/*
 * Partitions come and go, and each has its turn.
 *
 *   the longest due first ─► a step ─┬─► at once, or IDLE_MS later
 *                                    └─► it failed: later and later, and the others have most of the time
 */
#include "ctl/watch_internal.h"

#include <inttypes.h>

#include "ctl/safe.h"

enum {
	IDLE_MS = 200, /* a partition that had nothing to judge is looked at again */
	AFTER_ERROR_MS = 1000,
	AFTER_ERRORS_MAX_MS = 30000,
	OTHERS_SHARE = 4, /* so many times as long as a failure took, … */
	OTHERS_MAX_MS = 60000,
	CAREFUL_MS = 60000,
};

struct vigil_begin
watch_share_at(int64_t offset)
{
	return (struct vigil_begin){{TOPIC_BOUND_OFFSET, offset}, true};
}

void
watch_share_begin(struct share *s, struct vigil_begin at)
{
	s->at = at;
	s->again_to = -1;
	s->noted_id[0] = '\0';
	vigil_free(s->vigil);
	s->vigil = NULL;
}

void
watch_share_free(struct share *s)
{
	vigil_free(s->vigil);
	free(s);
}

void
watch_share_assigned(void *arg, const char *topic, int32_t partition, int64_t offset, const char *note)
{
	struct watch *w = arg;
	struct share *s = calloc(1, sizeof(*s)), **at = &w->shares;

	if (s == NULL) {
		watch_run_warn(w, topic, "out of memory");
		w->unfinished = w->is_ending = true;
		return;
	}
	snprintf(s->topic, sizeof(s->topic), "%s", topic);
	s->partition = partition;
	s->meant = selection_match(&w->o->topics, slice_str(topic)) && (w->o->to == NULL || strcmp(topic, w->o->to) != 0);
	s->at = offset >= 0 ? watch_share_at(offset) : (struct vigil_begin){w->o->from, false};
	watch_json_noted(note, s->noted_id, &s->again_to);
	while (*at != NULL)
		at = &(*at)->next;
	*at = s;
	if (s->meant && offset >= 0)
		safe_line(stderr, "makotoctl %s: %s/%d is ours, from offset %" PRId64 " on", w->c->name, topic, (int)partition, offset);
	else if (s->meant)
		safe_line(stderr, "makotoctl %s: %s/%d is ours, and nothing of it is judged", w->c->name, topic, (int)partition);
}

void
watch_share_revoked(void *arg, const char *topic, int32_t partition)
{
	struct watch *w = arg;

	for (struct share **at = &w->shares; *at != NULL; at = &(*at)->next) {
		struct share *s = *at;

		if (s->partition != partition || strcmp(s->topic, topic) != 0)
			continue;
		if (s->meant)
			safe_line(stderr, "makotoctl %s: %s/%d is another's, or nobody's", w->c->name, topic, (int)partition);
		*at = s->next;
		if (s != w->current) {
			watch_share_free(s);
			return;
		}
		w->is_lost = true; /* freed when its turn is over */
		/* While the next owner isn't one yet: what it tells is marked, and comes last. */
		watch_tell_recall(w->tell);
		return;
	}
}

/* --- turns ------------------------------------------------------------------------------------ */

struct share *
watch_share_next(const struct watch *w, int64_t now_ms)
{
	struct share *next = NULL, *failed = NULL;
	bool others = false; /* that didn't fail */

	for (struct share *s = w->shares; s != NULL; s = s->next) {
		struct share **of = s->failures > 0 ? &failed : &next;

		if (!s->meant)
			continue;
		others = others || s->failures == 0;
		if (s->due_ms <= now_ms && (*of == NULL || s->due_ms < (*of)->due_ms))
			*of = s;
	}
	if (failed != NULL && (!others || now_ms >= w->failed_due_ms) && (next == NULL || failed->due_ms < next->due_ms))
		return failed;
	return next;
}

/* What takes long because it fails must not take it from those that don't. */
static void
put_off(struct watch *w, struct share *s, int64_t now_ms)
{
	int64_t took = now_ms - w->turn_ms, wait = AFTER_ERRORS_MAX_MS;

	if (s->failures < 5)
		wait = (int64_t)AFTER_ERROR_MS << s->failures;
	s->failures++;
	s->due_ms = now_ms + wait;
	w->careful_ms = now_ms + CAREFUL_MS;
	w->failed_due_ms = now_ms + (took > OTHERS_MAX_MS / OTHERS_SHARE ? OTHERS_MAX_MS : took * OTHERS_SHARE);
}

void
watch_share_turn(struct watch *w, struct share *s)
{
	int64_t now;
	int err;

	w->current = s;
	w->is_lost = false;
	w->turn_ms = watch_now_ms();
	err = watch_step(w, s);
	w->current = NULL;
	if (w->is_lost) {
		watch_share_free(s);
		return;
	}
	now = watch_now_ms();
	if (err != 0 && err != ERR_NOT_NOW && err != ERR_CLOSED) {
		put_off(w, s, now);
		return;
	}
	s->failures = 0;
	s->due_ms = err == 0 ? now : now + IDLE_MS;
}
