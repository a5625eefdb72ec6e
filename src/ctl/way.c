#include "ctl/way.h"

#include <strings.h>

#include "net/tls.h"
#include "proxy/gate.h"
#include "reach/identity.h"
#include "reach/wrap.h"
#include "verify/dbom_row.h"

#define DBOM_TOPIC "makoto.dbom"

/* Properties of librdkafka's about what the file is there for. */
static const char *
misplaced(const struct args_props *props)
{
	static const char *const starts[] = {"security.protocol", "sasl.", "ssl.", "enable.ssl.", "enable.sasl.", "bootstrap.servers",
					     "metadata.broker.list"};

	for (size_t i = 0; i < props->count; i += 2)
		for (size_t k = 0; k < ARRAY_LEN(starts); k++)
			if (strncmp(props->list[i], starts[k], strlen(starts[k])) == 0)
				return props->list[i];
	return NULL;
}

/* What a user can do about a login that was refused. */
static const char *
advice(const char *mechanism, const char *why)
{
	if (strstr(why, "UNSUPPORTED_SASL_MECHANISM") != NULL || strstr(why, "ILLEGAL_SASL_STATE") != NULL)
		return "kafka.sasl.mechanism, and whether this port is for it";
	if (strcmp(mechanism, "OAUTHBEARER") == 0)
		return "the keys of kafka.sasl.oauthbearer, and whether the brokers accept the token";
	if (strcmp(mechanism, "AWS_MSK_IAM") == 0)
		return "the keys of kafka.sasl.aws, the credentials, and what they allow";
	return "kafka.sasl.username and its password";
}

static int
unreached(const struct command *c, const struct way *w, int err, const char *why)
{
	if (err == ERR_REMOTE)
		return command_failed(c, "%s; check %s, in %s", why, advice(w->config->kafka_sasl_mechanism, why), w->file);
	return command_failed(c, "%s", why);
}

/* HOST:PORT and so on, as the proxy's -b: what can't be one would only be waited for. */
static int
check_servers(const struct command *c, const char *servers, const char *option)
{
	struct config_override to = {"kafka.bootstrap.servers", servers, option};
	struct config *config;
	char why[1024];
	int err = config_load(NULL, &to, 1, &config, why, sizeof(why));

	if (err != 0)
		return err == ERR_NOMEM ? command_failed(c, "%s", why) : command_misused(c, "%s", why);
	config_unref(config);
	return servers[0] != '\0' ? EXIT_OK : command_misused(c, "%s: HOST:PORT is missing", option);
}

/* The configuration, and what it asks for.  EXIT_OK or an exit code. */
static int
read_file(const struct command *c, const struct way_options *o, struct way *w, struct tls_context **ret_tls)
{
	struct config_override to = {"kafka.bootstrap.servers", o->bootstrap, "-b"};
	char why[1024];
	int err = config_load(o->file, &to, o->bootstrap != NULL ? 1 : 0, &w->config, why, sizeof(why));

	if (err != 0)
		return err == ERR_NOMEM ? command_failed(c, "%s", why) : command_misused(c, "%s", why);
	if (w->config->kafka_bootstrap_servers[0] == '\0')
		return command_misused(c, "%s: kafka.bootstrap.servers is not set; give it, or -b HOST:PORT", o->file);
	w->bootstrap = w->config->kafka_bootstrap_servers;
	if (w->dbom_bootstrap == NULL && w->config->verify_dbom_servers[0] != '\0')
		w->dbom_bootstrap = w->config->verify_dbom_servers;
	err = identity_check(w->config, why, sizeof(why));
	if (err == 0)
		err = wrap_new(w->config, ret_tls, why, sizeof(why));
	if (err == 0)
		err = identity_open(w->config, &w->identity, why, sizeof(why));
	if (err == 0)
		return EXIT_OK;
	return err == ERR_NOMEM ? command_failed(c, "%s", why) : command_misused(c, "%s: %s", o->file, why);
}

static int
open_gate(const struct command *c, struct way *w, struct tls_context *tls)
{
	struct gate_conf conf = {
		.bootstrap_servers = w->bootstrap,
		.brokers = tls,
		.login = identity_door(w->identity),
		.connect_ms = (unsigned)w->config->kafka_connect_timeout,
		.max_frame = (uint32_t)w->config->listen_max_frame_bytes,
	};
	char why[GATE_WHY_MAX];
	int err = gate_open(&conf, &w->gate, why, sizeof(why));

	if (err != 0)
		return unreached(c, w, err, why);
	w->detour = detour_new(gate_dial, w->gate);
	w->dial = (struct topic_id_way){gate_dial, w->gate};
	return w->detour != NULL ? EXIT_OK : command_failed(c, "out of memory");
}

/* Where the statements are, and what headers may call that. */
static int
name_topics(const struct command *c, const char *given, struct way *w)
{
	struct config_list list = {NULL, 0};

	if (w->config != NULL && given == NULL)
		list = config_dbom_topics(w->config);
	if (list.count > DBOM_ROW_TOPICS)
		return command_misused(c, "%s: verify.dbom.topics: %zu topics, and %d are read at most", w->file, list.count, DBOM_ROW_TOPICS);
	w->topics = wr_new(SIZE_MAX / 2);
	for (size_t i = 0; i < list.count; i++)
		wr_printf(&w->topics, "%s%s", i == 0 ? "" : ",", list.items[i]);
	if (list.count == 0)
		wr_text(&w->topics, given != NULL ? given : DBOM_TOPIC);
	w->names = wr_new(SIZE_MAX / 2);
	if (w->config != NULL)
		wr_printf(&w->names, "%s,", w->config->attest_dbom_topic);
	wr_bytes(&w->names, w->topics.buf, w->topics.len);
	wr_u8(&w->topics, '\0');
	wr_u8(&w->names, '\0');
	w->dbom_topic = (const char *)w->topics.buf;
	w->dbom_names = (const char *)w->names.buf;
	return wr_err(&w->topics) == 0 && wr_err(&w->names) == 0 ? EXIT_OK : command_failed(c, "out of memory");
}

int
way_open(const struct command *c, const struct way_options *o, struct way *ret)
{
	struct way w = {.bootstrap = o->bootstrap, .file = o->file, .dbom_bootstrap = o->dbom_bootstrap};
	struct tls_context *tls = NULL;
	const char *name;
	int code = EXIT_OK;

	if (o->file != NULL && (name = misplaced(&o->props)) != NULL)
		return command_misused(c, "-X %s: with -c, the file says that, in keys of kafka", name);
	if (o->bootstrap != NULL)
		code = check_servers(c, o->bootstrap, "-b");
	if (o->dbom_bootstrap != NULL && code == EXIT_OK)
		code = check_servers(c, o->dbom_bootstrap, "--dbom-bootstrap");
	if (o->file != NULL && code == EXIT_OK)
		code = read_file(c, o, &w, &tls);
	if (code == EXIT_OK)
		code = name_topics(c, o->dbom_topic, &w);
	if (o->file != NULL && code == EXIT_OK)
		code = open_gate(c, &w, tls);
	tls_unref(tls);
	if (code == EXIT_OK)
		*ret = w;
	else
		way_close(&w);
	return code;
}

void
way_close(struct way *w)
{
	detour_refuse(w->detour); /* a handle may live on */
	gate_close(w->gate);
	detour_free(w->detour);
	identity_close(w->identity);
	config_unref(w->config);
	wr_free(&w->topics);
	wr_free(&w->names);
	*w = (struct way){0};
}

struct consumer_conf
way_consumer(const struct way *w, const struct args_props *props, bool statements)
{
	return (struct consumer_conf){.bootstrap = statements && w->dbom_bootstrap != NULL ? w->dbom_bootstrap : w->bootstrap,
				      .detour = w->detour,
				      .props = args_props_list(props),
				      .timeout_ms = args_props_timeout_ms(props)};
}

const char *
way_other_protocol(const struct args_props *props)
{
	const char *protocol = args_props_get(props, "security.protocol");

	return protocol != NULL && strcasecmp(protocol, "plaintext") != 0 ? protocol : NULL;
}

const char *
way_topic_ids(const struct way *w, const struct args_props *props, const char *const *topics, size_t count,
	      struct topic_id_line **line, struct topic_id *ret)
{
	const struct topic_id_way *dial = w->gate != NULL ? &w->dial : NULL;
	int timeout_ms = args_props_timeout_ms(props);
	int err;

	if (way_other_protocol(props) != NULL)
		return "that needs a plaintext connection, or -c";
	err = line != NULL ? topic_id_ask_on(line, w->bootstrap, dial, topics, count, timeout_ms, ret)
			   : topic_id_ask(w->bootstrap, dial, topics, count, timeout_ms, ret);
	return err == 0 ? NULL : err_text(err);
}

int
way_failed(const struct way *w, const struct command *c, const char *why)
{
	char more[GATE_WHY_MAX];
	int err = w->gate != NULL ? gate_why(w->gate, more, sizeof(more)) : ERR_NOTFOUND;

	if (err == ERR_NOTFOUND)
		return command_failed(c, "%s", why);
	return unreached(c, w, err, more);
}
