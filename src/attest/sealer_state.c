/* From a window that is settled to a statement that every run sends as it is, or not at all. */
#include "attest/chain_journal.h"
#include "attest/sealer_internal.h"
#include "base/log.h"
#include "base/metrics.h"
#include "makoto/envelope.h"

enum { SIGNATURE_MAX = 64 * 1024, OVERHEAD = 1024 /* of a Kafka record around our bytes */ };

/* The statement about a window, with a manifest of at most so many bytes, or bare. */
static int
state(struct job *j, size_t max_manifest)
{
	struct sealer *s = j->sealer;
	struct settings *set = chains_settings(s->chains);
	char cluster[256];
	int err;

	stated_clear(&j->stated);
	chains_cluster(s->chains, cluster, sizeof(cluster));
	err = statement_of(j->chain, j->window, set, slice_str(cluster), s->signer != NULL ? signer_keyid(s->signer) : NULL,
			   max_manifest, &j->stated);
	settings_unref(set);
	j->has_statement = err == 0;
	return err;
}

static int
make_statement(struct job *j)
{
	size_t limit = publisher_limit(j->sealer->publisher);
	int err = state(j, limit);

	/* Of a statement that is too large for the topic the manifest gives way. */
	if (err == 0 && j->stated.manifest.len > 0 &&
	    j->stated.manifest.len + j->stated.bytes.len / 3 * 4 + OVERHEAD > limit)
		err = state(j, 0);
	return err;
}

/* What is signed (DSSE). */
static int
make_pae(struct job *j, struct wr *ret)
{
	*ret = wr_new(SIZE_MAX / 2);
	envelope_pae(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&j->stated.bytes), ret);
	return wr_err(ret);
}

static int
make_envelope(struct job *j, const struct wr *sig)
{
	int err;

	j->value = wr_new(SIZE_MAX / 2);
	err = envelope_write(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&j->stated.bytes), signer_keyid(j->sealer->signer),
			     wr_slice(sig), &j->value);
	if (err != 0)
		wr_free(&j->value);
	return err;
}

/* Who hears of it looks at the key, which is not what lacks memory. */
static void
count_failure(int err)
{
	if (err != ERR_NOMEM)
		metric_add(METRIC_SIGN_FAILURES, 1);
}

/* Here and now: unsigned, or by a key that is at hand. */
static int
sign(struct job *j, char *why, size_t why_len)
{
	struct wr pae, sig = wr_new(SIGNATURE_MAX);
	int err;

	if (j->sealer->signer == NULL) {
		j->value = wr_new(SIZE_MAX / 2);
		wr_slice_put(&j->value, wr_slice(&j->stated.bytes));
		return wr_err(&j->value);
	}
	err = make_pae(j, &pae);
	if (err == 0 && (err = signer_sign(j->sealer->signer, wr_slice(&pae), &sig, why, why_len)) != 0)
		count_failure(err);
	if (err == 0)
		err = make_envelope(j, &sig);
	wr_free(&pae);
	wr_free(&sig);
	return err;
}

/* Into the journal, if there is one: from then on every run sends these bytes, or none. */
static int
make_final(struct job *j)
{
	struct head *h = &j->chain->head;
	struct outgoing *o = j->out;

	if (o == NULL && (o = j->out = outgoing_new()) == NULL)
		return ERR_NOMEM;
	if (h->dbom_partition < 0)
		h->dbom_partition = chain_partition(&j->chain->id, j->sealer->partitions);
	o->window = j->window->id;
	o->partition = h->dbom_partition;
	o->since_ms = j->window->start_ms;
	o->records = j->window->members;
	o->closed_at = j->window->closed_at;
	if (o->value.len == 0) {
		o->value = j->value;
		o->manifest = j->stated.manifest;
		o->bytes = o->value.len + o->manifest.len;
		j->value = j->stated.manifest = wr_new(SIZE_MAX / 2);
	}
	return chain_journal_stated(j->chain, j->window, &j->stated, o);
}

static void
stated(struct job *j)
{
	if (j->stated.overwritten > 0) {
		metric_add(METRIC_RECORDS_UNRESOLVED, j->stated.overwritten);
		LOG_LIMITED(LOG_LEVEL_WARN, "sealer", "the log lost records that it had acknowledged: another batch has their offsets",
			    LOG_S("topic", j->chain->topic), LOG_I("partition", j->chain->partition),
			    LOG_I("window", j->window->id), LOG_I("records", j->stated.overwritten));
	}
	chains_stated(j->chain, j->window, j->stated.root, j->stated.sha256, j->stated.ended_told, j->out);
	j->window = NULL;
	sealer_free_job(j);
}

static void
job_finish(struct job *j)
{
	int err = make_final(j);

	if (err != 0)
		sealer_wait(j, "a statement can't be written to the journal", err_text(err));
	else
		stated(j);
}

static void
job_unsigned(struct job *j, int err, const char *why)
{
	sealer_wait(j, "a statement can't be signed", why[0] != '\0' ? why : err_text(err));
}

/* To the threads that wait for the signer; signed_one() goes on. */
static void
job_ask(struct job *j)
{
	int err = make_pae(j, &j->task.message);

	if (err != 0) {
		wr_free(&j->task.message);
		sealer_wait(j, "a statement can't be made", err_text(err));
		return;
	}
	j->task.sig = wr_new(SIGNATURE_MAX);
	signing_ask(j->sealer->signing, &j->task);
}

/* KMS is back: who waits for a signature needn't wait for as long as it had to be away. */
static void
signed_again(struct sealer *s)
{
	struct monotime now = clock_now();

	LOG_INFO("sealer", "statements are signed again", LOG_S("key", signer_shown(s->signer)));
	s->signing_fails = false;
	LIST_EACH(&s->waiting, e) {
		struct job *j = CONTAINER_OF(e, struct job, link);

		if (j->window == NULL)
			continue;
		j->due = now;
		j->backoff_ms = SEALER_BACKOFF_FIRST_MS;
	}
}

static void
signed_one(struct job *j)
{
	struct sealer *s = j->sealer;
	int err = j->task.err, made = err == 0 ? make_envelope(j, &j->task.sig) : 0;

	wr_free(&j->task.message);
	wr_free(&j->task.sig);
	if (err == ERR_AGAIN) { /* it wasn't asked; who was has told why */
		sealer_put_off(j);
		return;
	}
	if (err != 0) {
		s->signing_fails = true;
		count_failure(err);
		job_unsigned(j, err, j->task.why);
		return;
	}
	if (s->signing_fails)
		signed_again(s);
	if (made != 0)
		sealer_wait(j, "a statement can't be made", err_text(made));
	else
		job_finish(j);
}

/* As far as it goes now; what can't be done yet waits. */
void
sealer_state(struct job *j)
{
	bool signed_before = j->value.len > 0 || (j->out != NULL && j->out->value.len > 0);
	char why[512] = "";
	int err;

	if (!j->has_statement && (err = make_statement(j)) != 0) {
		sealer_wait(j, "a statement can't be made", err_text(err));
	} else if (!signed_before && j->sealer->signing != NULL) {
		job_ask(j);
	} else if (!signed_before && (err = sign(j, why, sizeof(why))) != 0) {
		job_unsigned(j, err, why);
	} else {
		job_finish(j);
	}
}

void
sealer_state_signed(struct sealer *s)
{
	struct signing_task *t;

	while (s->signing != NULL && (t = signing_done(s->signing)) != NULL)
		signed_one(CONTAINER_OF(t, struct job, task));
}
