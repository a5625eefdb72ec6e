#include "base/recent.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct recent kept[RECENT_MAX]; /* the latest first */
static size_t count;

static bool
is_of(const struct recent *r, enum log_level level, const char *where, const char *msg)
{
	return r->level == level && strncmp(r->where, where, sizeof(r->where) - 1) == 0 &&
	       strncmp(r->msg, msg, sizeof(r->msg) - 1) == 0;
}

void
recent_note(enum log_level level, int64_t now_ms, const char *where, const char *msg, struct slice fields)
{
	struct recent r = {.level = level, .first_ms = now_ms};
	size_t i = 0;

	(void)pthread_mutex_lock(&lock);
	while (i < count && !is_of(&kept[i], level, where, msg))
		i++;
	if (i < count) {
		r = kept[i];
	} else {
		(void)snprintf(r.where, sizeof(r.where), "%s", where);
		(void)snprintf(r.msg, sizeof(r.msg), "%s", msg);
		if (count < RECENT_MAX)
			count++;
		else
			i--; /* the oldest goes */
	}
	r.count++;
	r.last_ms = now_ms;
	(void)snprintf(r.fields, sizeof(r.fields), "%.*s", (int)(fields.n < sizeof(r.fields) ? fields.n : sizeof(r.fields)),
		       fields.n == 0 ? "" : (const char *)fields.p);
	memmove(&kept[1], &kept[0], i * sizeof(kept[0]));
	kept[0] = r;
	(void)pthread_mutex_unlock(&lock);
}

size_t
recent_copy(struct recent ret[RECENT_MAX])
{
	size_t n;

	(void)pthread_mutex_lock(&lock);
	n = count;
	memcpy(ret, kept, n * sizeof(kept[0]));
	(void)pthread_mutex_unlock(&lock);
	return n;
}
