/* Whose name is it?  Asked when windows wait to be sure of it (attest/chains_sure.h), about all of them at once. */
#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "kafka/metadata.h"
#include "stages/topics_internal.h"

enum { IDS_SINCE = 10 };
enum { UNKNOWN_TOPIC = 3, LEADER_NOT_AVAILABLE = 5 };

struct question {
	struct topics *home;
	struct sure_ask *ask;
};

static void
ask_names(void *arg, int16_t version, struct wr *w)
{
	const struct question *q = arg;
	size_t count;
	const struct slice *names = sure_ask_names(q->ask, &count);

	metadata_request_write(version, names, NULL, count, w);
}

static void
tell(struct question *q, const struct metadata_topic *m)
{
	static const uint8_t none[16];
	bool lost = false;

	if (m->name.p == NULL)
		return;
	if (m->error == UNKNOWN_TOPIC)
		lost = sure_ask_told(q->ask, m->name, NULL);
	else if ((m->error == 0 || m->error == LEADER_NOT_AVAILABLE) && memcmp(m->id, none, sizeof(none)) != 0)
		lost = sure_ask_told(q->ask, m->name, m->id);
	else
		sure_ask_untold(q->ask, m->name); /* we may not see it any more, or the broker is an old one */
	if (lost)
		topics_doubt(q->home, &(struct topic_ref){m->name, NULL});
}

static void
nothing_told(struct question *q)
{
	size_t count;
	const struct slice *names = sure_ask_names(q->ask, &count);

	for (size_t i = 0; i < count; i++)
		sure_ask_untold(q->ask, names[i]);
}

static void
answered(void *arg, int err, int16_t version, struct slice body)
{
	struct question *q = arg;
	struct metadata m;
	bool silent = err != 0 && err != ERR_UNSUPPORTED;

	if (err == 0)
		err = metadata_read(version, body, &m);
	if (err == 0) {
		for (size_t i = 0; i < m.topic_count; i++)
			tell(q, &m.topics[i]);
		metadata_free(&m);
	} else if (err != ERR_CLOSED) { /* we stop */
		metric_add(METRIC_TOPIC_LOOKUPS_FAILED, 1);
		LOG_LIMITED(LOG_LEVEL_WARN, "topics", "windows wait: the cluster doesn't tell their topics' ids",
			    LOG_S("cause", err_text(err)));
		if (!silent)
			nothing_told(q);
	}
	sure_ask_end(q->ask);
	free(q);
}

/* False: there will be no answer. */
static bool
put(struct question *q)
{
	const struct topics_doors *doors = &q->home->doors;

	metric_add(METRIC_TOPIC_LOOKUPS, 1);
	return doors->ask(doors->arg, API_METADATA, IDS_SINCE, METADATA_MAX, ask_names, answered, q) == 0;
}

void
topics_sure(struct topics *t, struct sure_ask *ask)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q != NULL)
		*q = (struct question){t, ask};
	if (q != NULL && put(q))
		return;
	free(q);
	sure_ask_end(ask);
}
