/*
 * verify: the stage that decides what consumers see (verify.mode: observe or enforce; off: it isn't there).
 *
 *   Fetch        request: what is asked from where; less at once     answer: whole batches up to the first that waits or stops
 *   ShareFetch   enforce: renews, in turn, the locks of what may not be seen yet; the answer: whole batches that may, and what of them is acquired
 *   ApiVersions, ShareGroupHeartbeat  enforce: no share groups where brokers don't renew locks
 *
 * observe changes nothing, of ShareFetch neither: a thread of its own judges a copy.
 */
#ifndef STAGES_VERIFY_H
#define STAGES_VERIFY_H

#include "config/config.h"
#include "proxy/stage.h"
#include "stages/topics.h"
#include "verify/judge.h"

struct verify; /* opaque */

/* From any thread.  ask and release: verify/ledger.h; ask may also be ERR_NOT_NOW: nothing is known, and nothing will be told. */
struct verify_doors {
	void *arg;
	int (*ask)(void *arg, const struct ledger_want *want, void (*notify)(void *arg), void *notify_arg,
		   struct ledger_answer *ret);
	void (*release)(void *arg, struct ledger_answer *a);
	bool (*denies_unattested)(void *arg, struct slice topic);
	bool (*mirrors)(void *arg, struct slice topic, struct slice of_cluster, struct slice of_topic);
	void (*cluster_id)(void *arg, char *ret, size_t len);
};

/* Borrows topics until verify_free(); takes a reference on the configuration.  NULL: no memory. */
struct verify *verify_new(const struct verify_doors *doors, struct topics *topics, struct config *config) MUSTCHECK;
int verify_start(struct verify *v) MUSTCHECK; /* observe's thread.  0 or ERR_NOMEM */
void verify_stop(struct verify *v);           /* … ends; before the ledger does.  NULL is fine */
void verify_free(struct verify *v);           /* when the ledger has ended, which notifies a last time; NULL is fine */

/* Answers from now on go by this configuration; any thread. */
void verify_set_config(struct verify *v, struct config *config);

const struct stage *verify_stage(struct verify *v);

#endif
