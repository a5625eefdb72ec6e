/* From a statement to the statement topic; again, until it is reported. */
#include "attest/sealer_internal.h"
#include "base/log.h"
#include "base/metrics.h"

void
sealer_send_published(struct job *j)
{
	metric_add(METRIC_WINDOWS_PUBLISHED, 1);
	LOG_DEBUG("sealer", "published", LOG_S("topic", j->chain->topic), LOG_I("partition", j->chain->partition),
		  LOG_I("window", j->out->window), LOG_I("records", j->out->records));
	chains_published(j->chain, j->out);
	sealer_free_job(j);
}

static int
send_out(struct job *j)
{
	const struct outgoing *o = j->out;
	struct publisher_header header = {slice_str(MANIFEST_HEADER), wr_slice(&j->stated.manifest)};
	char key[CHAIN_KEY_MAX + 1];

	j->whole = j->stated.manifest.len > 0 && !j->bare;
	j->sent = j->value.len + (j->whole ? j->stated.manifest.len : 0);
	return publisher_send(j->sealer->publisher, o->partition,
			      slice_of(key, chain_key(&j->chain->id, o->window, key)), wr_slice(&j->value), &header,
			      j->whole ? 1 : 0, j);
}

/*
 * The topic was made to take less since the statement was signed, or may not be asked what it takes.  That one says what
 * its manifest is, and later ones name it; without it a verifier proves as much, and names less of what is missing.
 */
static void
make_bare(struct job *j)
{
	if (j->whole)
		LOG_LIMITED(LOG_LEVEL_WARN, "sealer", "the statement topic doesn't take a statement with its manifest: it goes without",
			    LOG_S("topic", j->chain->topic), LOG_I("partition", j->chain->partition),
			    LOG_I("window", j->out->window));
	j->bare = true;
}

/* A chain stays in its partition: the topic was made again with fewer. */
static void
cant_send(struct job *j, int err)
{
	char why[160];

	(void)snprintf(why, sizeof(why), "%s", err_text(err));
	if (err == ERR_NOTFOUND && j->out->partition >= j->sealer->partitions)
		(void)snprintf(why, sizeof(why), "the statement topic has no partition %d any more, only %d in all: add partitions to it, as many as it had",
			       (int)j->out->partition, (int)j->sealer->partitions);
	sealer_wait(j, "a statement can't be sent", why);
}

void
sealer_send(struct job *j)
{
	int err;

	if (!publisher_has_room(j->sealer->publisher, j->out->partition, CHAIN_KEY_MAX + j->out->bytes)) {
		sealer_lighten(j);
		list_append(&j->sealer->crowd, &j->link);
	} else if (j->value.len == 0 && (err = outgoing_take(j->out, &j->value, &j->stated.manifest)) != 0) {
		sealer_wait(j, "a statement can't be read from the journal", err_text(err));
	} else if ((err = send_out(j)) != 0) {
		if (err == ERR_LIMIT)
			make_bare(j);
		cant_send(j, err);
	} else {
		sealer_lighten(j); /* the publisher has a copy, for as long as an outage lasts */
	}
}

/* Reports came, and with them room. */
void
sealer_send_crowd(struct sealer *s)
{
	size_t n = s->reported ? s->crowd.count : 0;

	s->reported = false;
	while (n-- > 0)
		sealer_send(CONTAINER_OF(list_pop(&s->crowd), struct job, link)); /* back in the list without room */
}

void
sealer_send_reported(void *arg UNUSED, void *opaque, int err, const char *why)
{
	struct job *j = opaque;

	j->sealer->reported = true;
	if (err != 0) {
		metric_add(METRIC_PUBLISH_FAILURES, 1);
		if (err == ERR_LIMIT)
			make_bare(j);
		sealer_wait(j, "a statement was not taken", why);
		return;
	}
	metric_add(METRIC_STATEMENT_BYTES, (int64_t)j->sent);
	sealer_send_published(j);
}
