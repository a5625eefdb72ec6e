#include "ctl/verify.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "ctl/page.h"
#include "ctl/recall_file.h"
#include "ctl/resume.h"
#include "ctl/safe.h"
#include "ctl/view.h"

enum { PAGE_MODE = 0644 };

struct running {
	const struct verify_options *o;
	const struct way *way;
	struct view view;
	struct page *page;     /* or NULL */
	struct resume *resume; /* or NULL */
};

static void
find_topic_ids(void *arg, const char *const *topics, size_t count, struct examination_id *ret)
{
	const struct running *r = arg;
	struct topic_id *ids = calloc(count, sizeof(*ids));
	const char *why = ids == NULL ? "out of memory" : way_topic_ids(r->way, &r->o->way.props, topics, count, NULL, ids);

	for (size_t i = 0; i < count; i++) {
		ret[i].unknown = why != NULL ? why : ids[i].err == 0 ? NULL : err_text(ids[i].err);
		if (ret[i].unknown == NULL)
			memcpy(ret[i].text, ids[i].text, sizeof(ret[i].text));
	}
	free(ids);
}

static void
on_found(void *arg, unsigned job, const struct topic_report *t, const struct finding *f)
{
	struct running *r = arg;

	view_finding(&r->view, job, t, f);
	if (r->page != NULL)
		page_finding(r->page, job, t, f);
}

/* Findings are on the screen, or in the file, before the partition counts as judged. */
static int
on_settled(void *arg, unsigned job, const struct topic_report *t, const struct topic_partition *p, char *why, size_t why_len)
{
	struct running *r = arg;

	if (view_partition(&r->view, job, t) != 0) {
		snprintf(why, why_len, "out of memory");
		return ERR_NOMEM;
	}
	if (r->page != NULL)
		page_partition(r->page, job, t, p);
	if (r->resume == NULL)
		return 0;
	if (ferror(stdout)) {
		snprintf(why, why_len, "what was found can't be written");
		return ERR_IO;
	}
	return resume_add(r->resume, t, p, why, why_len);
}

static void
on_unsettled(void *arg, unsigned job, const struct topic_report *t UNUSED)
{
	struct running *r = arg;

	view_rest(&r->view, job);
}

static bool
on_known(void *arg, const struct topic_report *t, int32_t partition, struct topic_partition *ret)
{
	const struct running *r = arg;

	return r->resume != NULL && resume_known(r->resume, t, partition, ret);
}

static void
on_reported(void *arg, const struct topic_report *t)
{
	struct running *r = arg;

	view_topic(&r->view, t);
	if (r->page != NULL)
		page_topic(r->page, t);
}

static void
on_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct running *r = arg;

	view_progress(&r->view, what, done, total);
}

/* One that is named is reported alone, as ever. */
static bool
is_several(const struct verify_options *o)
{
	return o->topic_count != 1 || selection_is_glob(o->topics[0]);
}

/* --- what was asked for --------------------------------------------------------------------- */

static int
read_bound(const struct command *c, const char *option, const char *text, int64_t now_ms, struct topic_bound *ret)
{
	bool is_time;

	if (text == NULL)
		return EXIT_OK;
	if (args_bound(text, now_ms, &is_time, &ret->value) != 0)
		return command_misused(c, "%s %s: neither an offset nor a time", option, text);
	ret->kind = is_time ? TOPIC_BOUND_TIME : TOPIC_BOUND_OFFSET;
	return EXIT_OK;
}

int
verify_read_bounds(const struct command *c, struct verify_options *o)
{
	int code = read_bound(c, "--from", o->from, o->a.examiner.now_ms, &o->a.examiner.from);

	return code != EXIT_OK ? code : read_bound(c, "--to", o->to, o->a.examiner.now_ms, &o->a.examiner.to);
}

static void
digest_text(struct sha256 *h, const char *name, const char *value)
{
	sha256_update(h, name, strlen(name) + 1);
	if (value != NULL)
		sha256_update(h, value, strlen(value));
	sha256_update(h, value == NULL ? "-" : "", 1);
}

/* A key, or a policy, is what its file holds, wherever that is; but for files that a policy names. */
static void
digest_file(struct sha256 *h, const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t buf[4096];
	size_t n;

	digest_text(h, "key", f == NULL ? path : "");
	while (f != NULL && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		sha256_update(h, buf, n);
	if (f != NULL)
		(void)fclose(f);
}

/* All that the outcome of a partition hangs on. */
static void
digest_options(const struct verify_options *o, uint8_t ret[SHA256_LEN])
{
	char partition[16];
	struct sha256 h;

	(void)snprintf(partition, sizeof(partition), "%d", o->a.partition);
	sha256_init(&h);
	for (size_t i = 0; i < o->topic_count; i++)
		digest_text(&h, "topic", o->topics[i]);
	digest_text(&h, "partition", partition);
	digest_text(&h, "from", o->from);
	digest_text(&h, "to", o->to);
	digest_text(&h, "dbom", o->a.topics.dbom_topic);
	digest_text(&h, "names", o->a.examiner.dbom_names);
	digest_text(&h, "there", o->a.examiner.dbom_bootstrap != NULL ? o->a.examiner.dbom_bootstrap : "");
	digest_text(&h, "hops", o->a.examiner.hops ? "" : NULL);
	digest_text(&h, "isolation", o->a.examiner.read_committed ? "committed" : "uncommitted");
	digest_text(&h, "unsigned", o->whom.accept_unsigned ? "accepted" : "");
	digest_text(&h, "memory", o->memory == NULL ? NULL : "");
	for (size_t i = 0; i < o->whom.key_count; i++)
		digest_file(&h, o->whom.keys[i]);
	if (o->whom.policy != NULL)
		digest_file(&h, o->whom.policy);
	sha256_final(&h, ret);
}

/* --- a run ------------------------------------------------------------------------------------ */

static int
file_failed(const struct command *c, int err, const char *why)
{
	return err == ERR_CONFIG ? command_misused(c, "%s", why) : command_failed(c, "%s", why);
}

/* An interrupted run's times count from when it began. */
static int
open_resume(const struct command *c, struct verify_options *o, struct running *r)
{
	uint8_t options[SHA256_LEN];
	char why[700];
	int err;

	if (o->resume == NULL)
		return EXIT_OK;
	digest_options(o, options);
	err = resume_open(o->resume, options, &o->a.examiner.now_ms, &r->resume, why, sizeof(why));
	if (err != 0)
		return file_failed(c, err, why);
	/* There was no memory, or it would have been no such file: that it is there now is our doing. */
	if (o->memory != NULL && resume_is(r->resume, o->memory)) {
		if (resume_end(r->resume, why, sizeof(why)) != 0)
			return command_failed(c, "%s", why);
		return command_misused(c, "--memory %s, --resume %s: one file can't be both", o->memory, o->resume);
	}
	return verify_read_bounds(c, o);
}

/* Gives the exit code: what can't be written takes nothing from what was found. */
static int
write_page(const struct command *c, const struct verify_options *o, struct running *r, const char *broke_off, int code)
{
	const struct page_about about = {.run = &r->view.about,
					 .topics = o->topics,
					 .topic_count = o->topic_count,
					 .partition = o->a.partition,
					 .from = o->from,
					 .to = o->to,
					 .policy = o->whom.policy,
					 .policy_sha256 = o->whom.policy_sha256,
					 .keys = o->whom.keys,
					 .key_count = o->whom.key_count,
					 .accept_unsigned = o->whom.accept_unsigned,
					 .trust = o->a.examiner.policy,
					 .begun_ms = o->a.examiner.now_ms,
					 .ended_ms = clock_wall_ms()};
	struct wr w = wr_new(PAGE_BYTES_MAX);
	char why[700];
	int err = page_write(r->page, &about, &r->view.sum, broke_off, code, &w);

	if (err != 0)
		code = command_worse(code, command_failed(c, "%s", err == ERR_LIMIT ? "the page would be too large" : "out of memory"));
	else if (o->out != NULL && file_replace(o->out, PAGE_MODE, wr_slice(&w), why, sizeof(why)) != 0)
		code = command_worse(code, command_failed(c, "%s", why));
	else if (o->out == NULL && (fwrite(w.buf, 1, w.len, stdout) != w.len || fflush(stdout) != 0))
		code = command_worse(code, command_failed(c, "standard output: %s", strerror(errno)));
	wr_free(&w);
	return code;
}

static int
examine(const struct command *c, const struct verify_options *o, const struct way *w, struct running *r)
{
	char why[700];
	int err = examination_run(&o->a, why, sizeof(why)), code;

	r->view.unfinished = err != 0;
	code = view_end(&r->view, is_several(o));
	if (r->page != NULL && err != ERR_CONFIG && (err == 0 || !page_is_empty(r->page)))
		code = write_page(c, o, r, err == 0 ? NULL : why, code);
	if (err == ERR_CONFIG)
		(void)command_misused(c, "%s", why);
	else if (err != 0)
		(void)(err == ERR_TIMEOUT ? way_failed(w, c, why) : command_failed(c, "%s", why));
	return err == ERR_CONFIG && code != EXIT_VIOLATION ? EXIT_USAGE : code;
}

/* What a run that ended leaves behind.  Gives the exit code: what can't be left takes nothing from what was found. */
static int
end(const struct command *c, const struct verify_options *o, struct running *r, struct recall_file *f, int code)
{
	char why[700];

	if (r->view.unfinished)
		return code;
	if (o->memory != NULL && recall_file_save(f, o->a.topics.dbom_topic, why, sizeof(why)) != 0)
		return command_worse(code, command_failed(c, "%s", why));
	if (r->resume != NULL && resume_end(r->resume, why, sizeof(why)) != 0)
		return command_worse(code, command_failed(c, "%s", why));
	return code;
}

static void
fill(struct verify_options *o, const struct way *w, struct running *r)
{
	const char *tmp = getenv("TMPDIR");

	o->a.topics.patterns = o->topics;
	o->a.topics.count = o->topic_count;
	o->a.topics.dbom_topic = w->dbom_topic;
	o->a.examiner.dbom_names = w->dbom_names;
	o->a.examiner.dbom_bootstrap = w->dbom_bootstrap;
	r->view.about = (struct report_about){.bootstrap = w->bootstrap,
					      .dbom_topic = o->a.topics.dbom_topic,
					      .read_committed = o->a.examiner.read_committed};
	o->a.examiner.bootstrap = w->bootstrap;
	o->a.examiner.detour = w->detour;
	o->a.examiner.timeout_ms = args_props_timeout_ms(&o->way.props);
	o->a.examiner.props = args_props_list(&o->way.props);
	o->a.spool_dir = tmp != NULL && tmp[0] != '\0' ? tmp : "/var/tmp";
	o->a.topic_ids = find_topic_ids;
	o->a.found = on_found;
	o->a.known = on_known;
	o->a.settled = on_settled;
	o->a.unsettled = on_unsettled;
	o->a.reported = on_reported;
	o->a.progress = isatty(STDERR_FILENO) ? on_progress : NULL;
	o->a.arg = r;
}

int
verify_run(const struct command *c, struct verify_options *o, const struct way *w)
{
	struct running r = {.o = o, .way = w};
	struct recall_file memory = {.lock_fd = -1};
	char why[700];
	int code = EXIT_OK, err;

	fill(o, w, &r);
	if (o->memory != NULL) {
		if ((err = recall_file_open(o->memory, o->a.topics.dbom_topic, &memory, why, sizeof(why))) != 0)
			return file_failed(c, err, why);
		o->a.memory = &memory.memory;
		r.view.about.memory = memory.begins ? "begins" : "goes on";
		if (memory.begins)
			safe_line(stderr, "makotoctl %s: %s isn't there: nothing is remembered yet, and nothing can be missed", c->name,
				  o->memory);
	}
	if (o->report && (r.page = page_open(o->a.jobs)) == NULL)
		code = command_failed(c, "out of memory");
	else if (view_open(&r.view, o->report ? NULL : stdout, o->json, o->verbose, o->a.jobs) != 0)
		code = command_failed(c, "out of memory");
	if (code == EXIT_OK && (code = open_resume(c, o, &r)) == EXIT_OK)
		code = end(c, o, &r, &memory, examine(c, o, w, &r));
	resume_close(r.resume);
	view_close(&r.view);
	page_close(r.page);
	recall_file_close(&memory);
	return code;
}
