#include "verify/ledger.h"

#include <signal.h>

#include "base/clock.h"
#include "base/text.h"
#include "makoto/manifest.h"
#include "verify/ledger_internal.h"

enum { ANSWER_MS = 5000, FRESH_MS = 3000, TAIL_WAIT_MS = 250, FINDER_WAIT_MS = 10 };

int64_t
ledger_now_ms(void)
{
	return clock_now().ns / 1000000;
}

bool
ledger_is_fresh(const struct ledger *l)
{
	return l->heard_ms != 0 && ledger_now_ms() - l->heard_ms < FRESH_MS;
}

bool
ledger_is_current(const struct ledger *l)
{
	if (!ledger_is_fresh(l))
		return false;
	for (size_t t = 0; t < l->topic_count; t++) {
		if (l->stopics[t].count == 0)
			return false;
		for (int32_t p = 0; p < l->stopics[t].count; p++) {
			const struct spart *sp = l->stopics[t].list[p];

			if (!sp->following || sp->follow_at < sp->high)
				return false;
		}
	}
	return true;
}

/* --- its life --------------------------------------------------------------------------- */

static int
copy_conf(struct ledger *l, const struct ledger_conf *conf)
{
	uint8_t *id = malloc(conf->cluster_id.n + 1);

	l->conf = *conf;
	l->conf.cluster_id = slice_of(id, conf->cluster_id.n);
	l->conf.bootstrap = NULL; /* only to open the followers */
	if (id == NULL)
		return ERR_NOMEM;
	if (conf->cluster_id.n > 0)
		memcpy(id, conf->cluster_id.p, conf->cluster_id.n);
	if (conf->pending_max_ms == 0)
		l->conf.pending_max_ms = INT64_C(60) * 60 * 1000;
	if (conf->memory == 0)
		l->conf.memory = LEDGER_MEMORY;
	if (l->conf.memory < LEDGER_MEMORY_MIN)
		l->conf.memory = LEDGER_MEMORY_MIN;
	l->body_max = l->body_share = l->conf.memory / 16 * 7;
	l->index_max = l->conf.memory / 64 * 9;
	l->directory_max = l->conf.memory / 64 * 7;
	if ((l->topics = text_list_copy(conf->topics)) == NULL)
		return ERR_NOMEM;
	while (l->topics[l->topic_count] != NULL)
		l->topic_count++;
	return 0;
}

static int
open_followers(struct ledger *l, const struct ledger_conf *conf, char *why, size_t why_len)
{
	struct follower_conf fc = {.bootstrap = conf->bootstrap,
				   .props = conf->props,
				   .detour = conf->detour,
				   .topics = conf->topics,
				   .header = MANIFEST_HEADER,
				   .timeout_ms = ANSWER_MS};
	int err;

	fc.queue_bytes = l->conf.memory / 16;
	fc.wait_ms = TAIL_WAIT_MS;
	if ((err = follower_open(&fc, &l->tail, why, why_len)) != 0)
		return err;
	fc.queue_bytes = l->conf.memory / 4;
	fc.wait_ms = FINDER_WAIT_MS;
	return follower_open(&fc, &l->finder, why, why_len);
}

static int
start_threads(struct ledger *l)
{
	sigset_t all, before;

	/* Signals are the main thread's. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	l->tail_runs = pthread_create(&l->tail_thread, NULL, ledger_read_tail, l) == 0;
	l->finder_runs = l->tail_runs && pthread_create(&l->finder_thread, NULL, ledger_read_finder, l) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return l->finder_runs ? 0 : ERR_IO;
}

int
ledger_new(const struct ledger_conf *conf, struct ledger **ret, char *why, size_t why_len)
{
	struct ledger *l = calloc(1, sizeof(*l));
	int err = ERR_NOMEM;

	snprintf(why, why_len, "out of memory");
	if (l == NULL)
		return ERR_NOMEM;
	(void)pthread_mutex_init(&l->lock, NULL);
	list_init(&l->recent);
	list_init(&l->wants);
	list_init(&l->used);
	list_init(&l->ahead);
	if (copy_conf(l, conf) != 0 || (l->stopics = calloc(l->topic_count + 1, sizeof(*l->stopics))) == NULL ||
	    (l->parts = map_new()) == NULL || (l->chains = map_new()) == NULL)
		goto fail;
	if ((err = open_followers(l, conf, why, why_len)) != 0)
		goto fail;
	if ((err = start_threads(l)) != 0) {
		snprintf(why, why_len, "no thread to read the statement topics");
		goto fail;
	}
	*ret = l;
	return 0;
fail:
	ledger_free(l);
	return err;
}

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	atomic_store(&l->ending, true);
	if (l->tail_runs) {
		follower_wake(l->tail);
		(void)pthread_join(l->tail_thread, NULL);
	}
	if (l->finder_runs) {
		follower_wake(l->finder);
		(void)pthread_join(l->finder_thread, NULL);
	}
	ledger_tell(l, true);
	follower_close(l->tail);
	follower_close(l->finder);
	if (l->parts != NULL && l->chains != NULL)
		ledger_index_clear(l);
	for (size_t t = 0; l->stopics != NULL && t < l->topic_count; t++) {
		for (int32_t p = 0; p < l->stopics[t].have; p++)
			free(l->stopics[t].list[p]);
		free(l->stopics[t].list);
	}
	free(l->stopics);
	map_free(l->parts);
	map_free(l->chains);
	text_list_free(l->topics);
	free((uint8_t *)(uintptr_t)l->conf.cluster_id.p);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

void
ledger_trust_changed(struct ledger *l)
{
	(void)pthread_mutex_lock(&l->lock);
	l->trusted++;
	l->directory_lost = false;
	ledger_index_forget_all(l);
	for (size_t t = 0; t < l->topic_count; t++)
		for (int32_t p = 0; p < l->stopics[t].have; p++) {
			l->stopics[t].list[p]->surveyed = l->stopics[t].list[p]->low;
			l->stopics[t].list[p]->surveyed_since = l->gen;
		}
	ledger_untrusted_forget(l);
	LIST_EACH(&l->wants, link)
		CONTAINER_OF(link, struct want, link)->searching = true;
	(void)pthread_mutex_unlock(&l->lock);
	follower_wake(l->finder);
}

void
ledger_stats(struct ledger *l, struct ledger_stats *ret)
{
	(void)pthread_mutex_lock(&l->lock);
	*ret = l->stats;
	ret->index_bytes = l->index_bytes + l->directory_bytes;
	ret->window_bytes = l->body_bytes;
	ret->windows = l->body_count;
	ret->waiting = l->wants.count;
	ret->current = ledger_is_current(l);
	(void)pthread_mutex_unlock(&l->lock);
}
