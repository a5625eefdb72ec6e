#include "attest/sealer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "attest/chain_journal.h"
#include "attest/outgoing.h"
#include "attest/signing.h"
#include "attest/statement_of.h"
#include "base/log.h"
#include "base/metrics.h"
#include "makoto/envelope.h"
#include "rdkafka/publisher.h"

enum { TURNS_IN_A_ROW = 64, SIGNATURE_MAX = 64 * 1024, BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 10000, OVERHEAD = 1024 /* of a Kafka record around our bytes */ };

/* One window until its statement is final, or one statement until it is published. */
struct job {
	struct link link; /* in waiting: to be tried again; or in crowd */
	struct sealer *sealer;
	struct chain *chain;
	struct window *window; /* or */
	struct outgoing *out;
	struct stated stated;
	struct signing_task task; /* with a remote signer */
	/* The envelope, or the bare statement; empty: not signed, not read yet, or only the journal has it. */
	struct wr value;
	size_t sent; /* bytes, when it was sent last, … */
	bool whole;  /* … and with a manifest */
	bool has_statement;
	bool bare; /* the topic takes no record of that size: it goes without its manifest */
	int backoff_ms;
	struct monotime due;
};

struct sealer {
	struct chains *chains;
	struct signer *signer;
	struct signing *signing; /* NULL: the signer isn't remote */
	bool signing_fails;      /* and that was told */
	struct publisher *publisher;
	void (*ask)(void *arg, struct sure_ask *ask);
	void *ask_arg;
	pthread_t thread;
	int quit_fd;
	_Atomic bool quitting;
	_Atomic bool hurried;
	struct monotime deadline; /* once quitting */
	struct list waiting;
	struct list crowd; /* statements that the publisher has no room for */
	bool reported;     /* and may have since they were looked through */
	int32_t partitions; /* of the statement topic; 0: not known yet */
};

static void
job_free(struct job *j)
{
	if (j->window != NULL)
		outgoing_free(j->out); /* not its chain's yet */
	stated_clear(&j->stated);
	wr_free(&j->task.message);
	wr_free(&j->task.sig);
	wr_free(&j->value);
	free(j);
}

/* Its bytes, if they can be read again. */
static void
job_lighten(struct job *j)
{
	if (j->window == NULL && outgoing_is_written(j->out)) {
		wr_free(&j->value);
		wr_free(&j->stated.manifest);
	}
}

static void
job_put_off(struct job *j)
{
	j->due.ns = clock_now().ns + (int64_t)j->backoff_ms * 1000000;
	j->backoff_ms = j->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : j->backoff_ms * 2;
	list_append(&j->sealer->waiting, &j->link);
}

static void
job_wait(struct job *j, const char *what, const char *why)
{
	job_lighten(j);
	LOG_LIMITED(LOG_LEVEL_WARN, "sealer", what, LOG_S("topic", j->chain->topic), LOG_I("partition", j->chain->partition),
		    LOG_I("window", j->window != NULL ? j->window->id : j->out->window), LOG_S("cause", why),
		    LOG_I("again_in_ms", j->backoff_ms));
	job_put_off(j);
}

/* --- a statement ------------------------------------------------------------------------- */

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
	if (err == 0)
		err = signer_sign(j->sealer->signer, wr_slice(&pae), &sig, why, why_len);
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
	job_free(j);
}

static void
job_finish(struct job *j)
{
	int err = make_final(j);

	if (err != 0)
		job_wait(j, "a statement can't be written to the journal", err_text(err));
	else
		stated(j);
}

static void
job_unsigned(struct job *j, int err, const char *why)
{
	metric_add(METRIC_SIGN_FAILURES, 1);
	job_wait(j, "a statement can't be signed", why[0] != '\0' ? why : err_text(err));
}

/* To the threads that wait for the signer; job_signed() goes on. */
static void
job_ask(struct job *j)
{
	int err = make_pae(j, &j->task.message);

	if (err != 0) {
		wr_free(&j->task.message);
		job_unsigned(j, err, "");
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
		j->backoff_ms = BACKOFF_FIRST_MS;
	}
}

static void
job_signed(struct job *j)
{
	struct sealer *s = j->sealer;
	int err = j->task.err;

	if (err == 0)
		err = make_envelope(j, &j->task.sig);
	wr_free(&j->task.message);
	wr_free(&j->task.sig);
	if (err == ERR_AGAIN) { /* it wasn't asked; who was has told why */
		job_put_off(j);
		return;
	}
	if (err != 0) {
		s->signing_fails = true;
		job_unsigned(j, err, j->task.why);
		return;
	}
	if (s->signing_fails)
		signed_again(s);
	job_finish(j);
}

/* As far as it goes now; what can't be done yet waits. */
static void
job_state(struct job *j)
{
	bool signed_before = j->value.len > 0 || (j->out != NULL && j->out->value.len > 0);
	char why[512] = "";
	int err;

	if (!j->has_statement && (err = make_statement(j)) != 0) {
		metric_add(METRIC_SIGN_FAILURES, 1);
		job_wait(j, "a statement can't be made", err_text(err));
	} else if (!signed_before && j->sealer->signing != NULL) {
		job_ask(j);
	} else if (!signed_before && (err = sign(j, why, sizeof(why))) != 0) {
		job_unsigned(j, err, why);
	} else {
		job_finish(j);
	}
}

static void
signed_go(struct sealer *s)
{
	struct signing_task *t;

	while (s->signing != NULL && (t = signing_done(s->signing)) != NULL)
		job_signed(CONTAINER_OF(t, struct job, task));
}

/* --- on its way -------------------------------------------------------------------------- */

static void
published(struct job *j)
{
	metric_add(METRIC_WINDOWS_PUBLISHED, 1);
	LOG_DEBUG("sealer", "published", LOG_S("topic", j->chain->topic), LOG_I("partition", j->chain->partition),
		  LOG_I("window", j->out->window), LOG_I("records", j->out->records));
	chains_published(j->chain, j->out);
	job_free(j);
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
 * The topic was made to take less since the statement was signed.  That one says what its
 * manifest is; without it a verifier proves as much, and names less of what is missing.
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

static void
job_send(struct job *j)
{
	int err;

	if (!publisher_has_room(j->sealer->publisher, j->out->partition)) {
		job_lighten(j);
		list_append(&j->sealer->crowd, &j->link);
	} else if (j->value.len == 0 && (err = outgoing_take(j->out, &j->value, &j->stated.manifest)) != 0) {
		job_wait(j, "a statement can't be read from the journal", err_text(err));
	} else if ((err = send_out(j)) != 0) {
		if (err == ERR_LIMIT)
			make_bare(j);
		job_wait(j, "a statement can't be sent", err_text(err));
	} else {
		job_lighten(j); /* the publisher has a copy, for as long as an outage lasts */
	}
}

/* Reports came, and with them room. */
static void
crowd_go(struct sealer *s)
{
	size_t n = s->reported ? s->crowd.count : 0;

	s->reported = false;
	while (n-- > 0)
		job_send(CONTAINER_OF(list_pop(&s->crowd), struct job, link)); /* back in the list without room */
}

static void
on_report(void *arg UNUSED, void *opaque, int err, const char *why)
{
	struct job *j = opaque;

	j->sealer->reported = true;
	if (err != 0) {
		metric_add(METRIC_PUBLISH_FAILURES, 1);
		if (err == ERR_LIMIT)
			make_bare(j);
		job_wait(j, "a statement was not taken", why);
		return;
	}
	metric_add(METRIC_STATEMENT_BYTES, (int64_t)j->sent);
	published(j);
}

static void
on_ready(void *arg, int32_t partitions)
{
	struct sealer *s = arg;

	LOG_INFO("sealer", "statement topic is there", LOG_I("partitions", partitions));
	s->partitions = partitions;
}

static void
on_problem(void *arg UNUSED, const char *why)
{
	LOG_WARN("sealer", "statements can't be published yet", LOG_S("cause", why));
}

/* What is due of the waiting; returns how long the rest waits, as poll() takes it. */
static int
waiting_go(struct sealer *s)
{
	struct monotime now = clock_now();
	size_t n = s->waiting.count;
	int wait_ms = -1;

	while (n-- > 0) {
		struct job *j = CONTAINER_OF(list_pop(&s->waiting), struct job, link);
		int64_t ms = (j->due.ns - now.ns + 999999) / 1000000;

		if (ms <= 0) {
			j->window != NULL ? job_state(j) : job_send(j); /* back in the list when it fails */
			continue;
		}
		list_append(&s->waiting, &j->link);
		if (wait_ms < 0 || ms < wait_ms)
			wait_ms = (int)ms;
	}
	if (s->waiting.count > 0 && wait_ms < 0)
		wait_ms = BACKOFF_FIRST_MS;
	return wait_ms;
}

/* The window or statement is ours and nobody else will take it: without memory for this much nothing goes on. */
static struct job *
job_new(struct sealer *s, struct chain *c)
{
	struct job *j;

	while ((j = calloc(1, sizeof(*j))) == NULL) {
		LOG_LIMITED(LOG_LEVEL_ERROR, "sealer", "out of memory");
		(void)poll(NULL, 0, BACKOFF_FIRST_MS);
	}
	*j = (struct job){.sealer = s, .chain = c, .backoff_ms = BACKOFF_FIRST_MS};
	return j;
}

/* Takes chains whose turn it is, so many in a row that reports and the end of it all aren't kept waiting; returns how long none has one. */
static int
turns_go(struct sealer *s)
{
	struct outgoing *o;
	struct window *w;
	struct chain *c;
	struct job *j;
	int wait_ms = -1, left = TURNS_IN_A_ROW;

	while (left > 0 && (c = chains_turn(s->chains, &w, &o, &wait_ms)) != NULL) {
		if (--left == 0)
			wait_ms = 0; /* there may be more */
		if (o != NULL) {
			j = job_new(s, c);
			j->out = o;
			if (o->state == OUTGOING_THERE)
				published(j);
			else
				job_send(j);
		}
		if (w != NULL) {
			metric_add(METRIC_WINDOWS_SETTLED, 1);
			j = job_new(s, c);
			j->window = w;
			job_state(j);
		}
	}
	return wait_ms;
}

/* Asks for the topics that windows wait for; returns how long there is nothing to ask. */
static int
asks_go(struct sealer *s)
{
	int wait_ms = -1;
	struct sure_ask *ask = s->ask == NULL ? NULL : chains_sure_ask(s->chains, &wait_ms);

	if (ask != NULL)
		s->ask(s->ask_arg, ask);
	return wait_ms;
}

static int
sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static bool
is_done(struct sealer *s, int *ret_wait_ms)
{
	struct chains_numbers n;
	int64_t left;

	if (!atomic_load(&s->quitting))
		return false;
	chains_count(s->chains, &n);
	left = (s->deadline.ns - clock_now().ns) / 1000000;
	*ret_wait_ms = left > 100 ? 100 : (int)left;
	return n.windows == 0 || left <= 0 || atomic_load(&s->hurried);
}

static void *
sealer_main(void *arg)
{
	struct sealer *s = arg;
	int turns = turns_fd(chains_turns(s->chains));

	(void)pthread_setname_np(pthread_self(), "sealer");
	if (metrics_thread_start() != 0)
		LOG_WARN("sealer", "no memory for metrics of its own");
	for (;;) {
		struct pollfd fds[] = {{turns, POLLIN, 0},
				       {publisher_fd(s->publisher), POLLIN, 0},
				       {s->quit_fd, POLLIN, 0},
				       {s->signing != NULL ? signing_fd(s->signing) : -1, POLLIN, 0}};
		int wait_ms, quit_ms = -1;
		uint64_t n;

		turns_woken(chains_turns(s->chains));
		publisher_serve(s->publisher);
		signed_go(s);
		crowd_go(s);
		wait_ms = -1;
		/* Before the topic is there nothing can be sent: windows wait in their chains. */
		if (s->partitions > 0) {
			wait_ms = turns_go(s);
			wait_ms = sooner(wait_ms, waiting_go(s));
			wait_ms = sooner(wait_ms, asks_go(s));
		}
		if (chains_journal_tidy(s->chains))
			wait_ms = 0;
		wait_ms = sooner(wait_ms, chains_quiet(s->chains));
		if (is_done(s, &quit_ms))
			return NULL;
		if (poll(fds, ARRAY_LEN(fds), sooner(wait_ms, quit_ms)) < 0 && errno != EINTR)
			LOG_LIMITED(LOG_LEVEL_ERROR, "sealer", "poll fails", LOG_S("cause", strerror(errno)));
		if (fds[2].revents != 0 && read(s->quit_fd, &n, sizeof(n)) < 0)
			continue; /* empty already */
	}
}

int
sealer_start(const struct sealer_conf *conf, struct sealer **ret, char *why, size_t why_len)
{
	struct publisher_conf pub = {.bootstrap = conf->bootstrap,
				     .topic = conf->topic,
				     .props = conf->props,
				     .detour = conf->detour,
				     .create_partitions = conf->create_partitions,
				     .create_replication = conf->create_replication,
				     .on_ready = on_ready,
				     .on_report = on_report,
				     .on_problem = on_problem};
	struct sealer *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	s->chains = conf->chains;
	s->signer = conf->signer;
	s->ask = conf->ask;
	s->ask_arg = conf->ask_arg;
	list_init(&s->waiting);
	list_init(&s->crowd);
	pub.arg = s;
	s->quit_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->quit_fd < 0) {
		(void)snprintf(why, why_len, "eventfd: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	err = publisher_open(&pub, &s->publisher, why, why_len);
	if (err != 0)
		goto fail;
	if (s->signer != NULL && signer_is_remote(s->signer) && (s->signing = signing_start(s->signer)) == NULL) {
		err = err_say(ERR_NOMEM, why, why_len, "no memory, or no thread to have statements signed");
		goto fail;
	}
	if ((errno = pthread_create(&s->thread, NULL, sealer_main, s)) != 0) {
		(void)snprintf(why, why_len, "a thread can't be started: %s", strerror(errno));
		err = ERR_IO;
		goto fail;
	}
	*ret = s;
	return 0;

fail:
	if (s->signing != NULL)
		signing_stop(s->signing);
	signing_free(s->signing);
	publisher_close(s->publisher, 0);
	if (s->quit_fd >= 0)
		(void)close(s->quit_fd);
	free(s);
	return err;
}

static void
wake(struct sealer *s)
{
	uint64_t one = 1;

	if (write(s->quit_fd, &one, sizeof(one)) < 0)
		return; /* the counter is full: it is awake */
}

void
sealer_hurry(struct sealer *s)
{
	atomic_store(&s->hurried, true);
	wake(s);
}

size_t
sealer_stop(struct sealer *s, int timeout_ms)
{
	struct chains_numbers n;
	struct link *e;

	if (s == NULL)
		return 0;
	s->deadline.ns = clock_now().ns + (int64_t)timeout_ms * 1000000;
	atomic_store(&s->quitting, true); /* behind the deadline, which the thread then reads */
	wake(s);
	(void)pthread_join(s->thread, NULL);
	if (s->signing != NULL) {
		struct signing_task *t;

		signing_stop(s->signing);
		while ((t = signing_done(s->signing)) != NULL)
			job_free(CONTAINER_OF(t, struct job, task));
		signing_free(s->signing);
	}
	publisher_close(s->publisher, 0); /* reports what it has not sent; those windows stay */
	chains_count(s->chains, &n);
	while ((e = list_pop(&s->waiting)) != NULL || (e = list_pop(&s->crowd)) != NULL)
		job_free(CONTAINER_OF(e, struct job, link));
	(void)close(s->quit_fd);
	free(s);
	return n.windows;
}
