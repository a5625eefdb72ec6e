#include "survey/questions.h"

#include <stdio.h>

#include "kafka/api.h"
#include "kafka/configs.h"
#include "kafka/creation.h"
#include "kafka/quorum.h"
#include "survey/attested.h"

enum { CREATE_MS = 5000 };

static void
write_rights(void *arg, int16_t version, struct wr *w)
{
	const struct config *c = arg;
	struct slice *names;
	size_t n = 1;

	if (c == NULL) {
		metadata_rights_write(version, NULL, 0, w);
		return;
	}
	names = calloc(c->attest_topics.count + 1, sizeof(*names));
	if (names == NULL) {
		w->err = ERR_NOMEM;
		return;
	}
	names[0] = slice_str(c->attest_dbom_topic);
	for (size_t i = 0; i < c->attest_topics.count; i++)
		if (attested_is_name(c->attest_topics.items[i]) && strcmp(c->attest_topics.items[i], c->attest_dbom_topic) != 0)
			names[n++] = slice_str(c->attest_topics.items[i]);
	metadata_rights_write(version, names, n, w);
	free(names);
}

/* Brokers before 2.3 tell no rights: then the statement topic alone. */
static void
write_plain(void *arg, int16_t version, struct wr *w)
{
	const struct config *c = arg;
	struct slice name = slice_str(c != NULL ? c->attest_dbom_topic : "");

	metadata_request_write(version, &name, NULL, c != NULL ? 1 : 0, w);
}

static void
write_followed(void *arg, int16_t version, struct wr *w)
{
	struct config_list l = config_dbom_topics(arg);
	struct slice *names = calloc(l.count, sizeof(*names));

	if (names == NULL) {
		w->err = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < l.count; i++)
		names[i] = slice_str(l.items[i]);
	if (version < METADATA_RIGHTS_MIN)
		metadata_request_write(version, names, NULL, l.count, w);
	else
		metadata_rights_write(version, names, l.count, w);
	free(names);
}

static int
ask_topics(struct caller *c, caller_body_fn *with_rights, caller_body_fn *plain, struct config *of, struct questions_told *ret)
{
	int16_t version;
	int err = caller_ask(c, API_METADATA, METADATA_RIGHTS_MIN, METADATA_RIGHTS_MAX, with_rights, of, &version, &ret->body);

	ret->rights = err == 0;
	if (err == ERR_UNSUPPORTED)
		err = caller_ask(c, API_METADATA, METADATA_MIN, METADATA_MAX, plain, of, &version, &ret->body);
	if (err == 0)
		err = metadata_read(version, blob_slice(ret->body), &ret->metadata);
	return err;
}

int
questions_topics(struct caller *c, struct config *of, struct questions_told *ret)
{
	return ask_topics(c, write_rights, write_plain, of, ret);
}

int
questions_followed(struct caller *c, struct config *of, struct questions_told *ret)
{
	return ask_topics(c, write_followed, write_followed, of, ret);
}

void
questions_clear(struct questions_told *t)
{
	metadata_free(&t->metadata);
	blob_unref(t->body);
}

static void
write_configs(void *arg, int16_t version, struct wr *w)
{
	static const char *const names[] = {"cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes"};
	struct slice topic = slice_str(arg);

	configs_request_write(version, &topic, 1, names, ARRAY_LEN(names), w);
}

static void
on_setting(void *arg, struct slice topic UNUSED, int16_t error, struct slice name, struct slice value)
{
	struct dbom *d = arg;

	d->settings_error = error;
	if (error == 0)
		dbom_setting(d, name, value);
}

int
questions_settings(struct caller *c, const char *topic, struct dbom *d)
{
	struct blob *b = NULL;
	int16_t version;
	int err = caller_ask(c, API_DESCRIBE_CONFIGS, CONFIGS_MIN, CONFIGS_MAX, write_configs, (void *)(uintptr_t)topic, &version, &b);

	if (err == 0)
		err = configs_read(version, blob_slice(b), on_setting, d);
	d->settings_told = err == 0;
	blob_unref(b);
	return err;
}

static void
write_creation(void *arg, int16_t version, struct wr *w)
{
	const struct config *c = arg;
	struct creation t = {slice_str(c->attest_dbom_topic), (int32_t)c->attest_dbom_partitions, (int16_t)c->attest_dbom_replication,
			     dbom_settings, CREATE_MS};

	creation_request_write(version, &t, w);
}

int
questions_creation(struct caller *c, const struct config *config, struct dbom *d)
{
	struct slice text = {NULL, 0};
	struct blob *b = NULL;
	int16_t version;
	int err = caller_ask(c, API_CREATE_TOPICS, CREATION_MIN, CREATION_MAX, write_creation, (void *)(uintptr_t)config, &version, &b);

	if (err == 0)
		err = creation_read(version, blob_slice(b), &d->creation_error, &text);
	d->creation_asked = err == 0;
	if (err == 0)
		(void)snprintf(d->creation_text, sizeof(d->creation_text), "%.*s", (int)text.n, (const char *)text.p);
	blob_unref(b);
	return err;
}

static void
write_quorum(void *arg UNUSED, int16_t version, struct wr *w)
{
	quorum_request_write(version, w);
}

int
questions_time(struct caller *c, int64_t *ret_ms)
{
	struct blob *b = NULL;
	int16_t version;
	int err = caller_ask(c, API_DESCRIBE_QUORUM, QUORUM_MIN, QUORUM_MAX, write_quorum, NULL, &version, &b);

	if (err == 0)
		err = quorum_time(version, blob_slice(b), ret_ms);
	blob_unref(b);
	return err;
}
