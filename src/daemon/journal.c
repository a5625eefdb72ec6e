/* The journal's place in the daemon's life: begun before the heads are taken, gone when new ones are saved. */
#include <errno.h>

#include "attest/collectors.h"
#include "attest/journal_space.h"
#include "attest/recovery.h"
#include "base/log.h"
#include "daemon/app_internal.h"

/* The sooner a segment is full, the sooner the next is written over one, and the less of it is cold when that comes. */
enum { FAILED = 1, SEGMENT_MIN = 1 << 20, SEGMENTS = 16, SEGMENT_MAX = 16 << 20 };

static enum journal_sync
sync_of(const struct config *c)
{
	static const enum journal_sync by_choice[] = {JOURNAL_SYNC_NONE, JOURNAL_SYNC_WINDOW, JOURNAL_SYNC_ALWAYS};

	return by_choice[c->state_sync];
}

static size_t
segment_bytes(const struct config *c)
{
	size_t n = (size_t)c->state_max_bytes / SEGMENTS;

	return n < SEGMENT_MIN ? SEGMENT_MIN : n > SEGMENT_MAX ? SEGMENT_MAX : n;
}

/* Before anything goes out under it: whatever name the next start has, it knows this one. */
static int
keep_name(struct app *a, struct collectors *names)
{
	struct settings *set = chains_settings(a->chains);
	int err = collectors_use(names, set->collector_id);

	settings_unref(set);
	return err != 0 ? err : collectors_write(state_dir_fd(a->state), names);
}

static const char *
name_fault(int err)
{
	return err == ERR_IO      ? strerror(errno)
	       : err == ERR_LIMIT ? "with those of runs that aren't over the names have more than 64 KiB"
				  : err_text(err);
}

int
app_open_journal(struct app *a)
{
	const struct recovery *r = state_recovery(a->state);
	struct journal_conf conf = {.dir_fd = state_dir_fd(a->state),
				    .sync = sync_of(a->config),
				    .last_segment = r == NULL ? 0 : recovery_last_segment(r),
				    .last_bytes = r == NULL ? 0 : recovery_last_bytes(r),
				    .max_bytes = (uint64_t)a->config->state_max_bytes,
				    .segment_bytes = segment_bytes(a->config)};
	struct heads heads = {0};
	struct collectors names = {0};
	char why[512];
	int err = 0, kept;

	memcpy(conf.instance, state_instance(a->state), sizeof(conf.instance));
	memcpy(conf.boot, state_boot(a->state), sizeof(conf.boot));
	if (r == NULL)
		err = state_set_aside(a->state, why, sizeof(why));
	if (err == 0 && (err = collectors_read(conf.dir_fd, &names)) != 0)
		(void)snprintf(why, sizeof(why), "collectors: %s", err == ERR_IO ? strerror(errno) : err_text(err));
	if (err == 0)
		err = journal_open(&conf, &a->journal, why, sizeof(why));
	if (err == 0) {
		state_take_heads(a->state, &heads);
		chains_heads_restore(a->chains, &heads);
		chains_journal_names(a->chains, &names);
		err = chains_journal_begin(a->chains, a->journal, state_recovery(a->state));
		if (err != 0)
			(void)snprintf(why, sizeof(why), "%s", err_text(err));
	}
	if (err == 0 && (err = keep_name(a, &names)) != 0)
		(void)snprintf(why, sizeof(why), "the collector's name can't be kept: %s", name_fault(err));
	/* Refused, as one is missing: the next start needn't be told of those that weren't. */
	if (err == ERR_CONFIG && names.used > 0 && (kept = collectors_write(conf.dir_fd, &names)) != 0)
		(void)snprintf(why, sizeof(why), "the collectors' names can't be kept: %s", name_fault(kept));
	collectors_clear(&names);
	if (err == 0)
		err = state_begin(a->state, why, sizeof(why));
	/* Everything that counts stands in the new segments. */
	if (err == 0 && (err = journal_remove(conf.dir_fd, journal_first(a->journal) - 1)) != 0)
		(void)snprintf(why, sizeof(why), "old segments of the journal can't be removed: %s", strerror(errno));
	if (err == 0)
		return 0;
	LOG_ERROR("app", "the state directory can't be used", LOG_S("directory", state_dir(a->state)), LOG_S("cause", why));
	return FAILED;
}

void
app_end_journal(struct app *a, bool clean)
{
	uint64_t last = a->journal == NULL ? 0 : journal_last(a->journal);

	if (a->journal != NULL && journal_sync(a->journal) != 0 && clean)
		return; /* closing it says so; the next start takes the heads and removes it */
	if (clean && last > 0 && journal_remove(state_dir_fd(a->state), last) != 0)
		LOG_WARN("app", "the journal can't be removed; the next start does it");
}
