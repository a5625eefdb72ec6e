#include "survey/mend.h"

#include <inttypes.h>
#include <stdio.h>

enum { COMMAND_MAX = 64 * 1024 };

static const struct {
	unsigned right;
	const char *name;
} operations[] = {
	{MEND_DESCRIBE, "Describe"},
	{MEND_DESCRIBE_CONFIGS, "DescribeConfigs"},
	{MEND_READ, "Read"},
	{MEND_WRITE, "Write"},
	{MEND_CREATE, "Create"},
	{MEND_ALTER, "Alter"},
	{MEND_IDEMPOTENT_WRITE, "IdempotentWrite"},
};

/* One word for a POSIX shell.  A control character, which no name has, doesn't get into it. */
static void
word(struct wr *w, struct slice s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@%+";
	bool quoted = s.n == 0;

	for (size_t i = 0; i < s.n; i++)
		quoted = quoted || memchr(plain, s.p[i], sizeof(plain) - 1) == NULL;
	wr_text(w, quoted ? " '" : " ");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			wr_text(w, "'\\''");
		else
			wr_u8(w, s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
	}
	wr_text(w, quoted ? "'" : "");
}

static void
option(struct wr *w, const char *name, const char *value)
{
	wr_printf(w, " %s", name);
	word(w, slice_str(value));
}

static struct wr
begin(const struct mend *m, const char *tool)
{
	struct wr w = wr_new(COMMAND_MAX);

	wr_text(&w, tool);
	option(&w, "--bootstrap-server", m->bootstrap);
	if (m->secured)
		option(&w, "--command-config", "admin.properties");
	return w;
}

static void
finish(struct wr *w, struct findings *r)
{
	if (wr_err(w) == 0)
		findings_command(r, wr_slice(w));
	else if (wr_err(w) == ERR_NOMEM)
		r->out.err = ERR_NOMEM;
	wr_free(w);
}

void
mend_rights(const struct mend *m, unsigned rights, enum mend_resource on, const struct slice *names, size_t count,
	    struct findings *r)
{
	struct wr w = begin(m, "kafka-acls.sh");

	wr_text(&w, " --add");
	option(&w, "--allow-principal", m->principal);
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		if ((rights & operations[i].right) != 0)
			option(&w, "--operation", operations[i].name);
	if (on == MEND_CLUSTER)
		wr_text(&w, " --cluster");
	for (size_t i = 0; on != MEND_CLUSTER && i < count; i++) {
		wr_text(&w, " --topic");
		word(&w, names[i]);
	}
	if (on == MEND_PREFIXES)
		option(&w, "--resource-pattern-type", "prefixed");
	finish(&w, r);
}

void
mend_topic(const struct mend *m, const char *topic, int64_t partitions, int64_t replicas, const char *const *settings,
	   struct findings *r)
{
	struct wr w = begin(m, "kafka-topics.sh");

	wr_text(&w, " --create");
	option(&w, "--topic", topic);
	if (partitions > 0)
		wr_printf(&w, " --partitions %" PRId64, partitions);
	if (replicas > 0)
		wr_printf(&w, " --replication-factor %" PRId64, replicas);
	for (; settings[0] != NULL; settings += 2)
		wr_printf(&w, " --config %s=%s", settings[0], settings[1]);
	finish(&w, r);
}

void
mend_settings(const struct mend *m, const char *topic, const char *settings, struct findings *r)
{
	struct wr w = begin(m, "kafka-configs.sh");

	wr_text(&w, " --alter --entity-type topics");
	option(&w, "--entity-name", topic);
	option(&w, "--add-config", settings);
	finish(&w, r);
}

char *
mend_names(unsigned rights, char *out, size_t len)
{
	size_t at = 0, left = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		left += (rights & operations[i].right) != 0;
	for (size_t i = 0; i < ARRAY_LEN(operations) && at < len; i++) {
		if ((rights & operations[i].right) == 0)
			continue;
		at += (size_t)snprintf(out + at, len - at, "%s%s", operations[i].name, --left == 0 ? "" : left == 1 ? " and " : ", ");
	}
	return out;
}
