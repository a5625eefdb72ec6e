/*
 * way: from a command's options to the cluster.
 *
 *   -b alone   librdkafka dials, with its properties (-X)
 *   -c FILE    the proxy's own way: its TLS and its login, as kafka.… of its configuration says
 */
#ifndef CTL_WAY_H
#define CTL_WAY_H

#include "base/wr.h"
#include "config/config.h"
#include "ctl/args.h"
#include "ctl/command.h"
#include "ctl/topic_id.h"
#include "rdkafka/consumer.h"

struct way_options {
	const char *bootstrap; /* -b; NULL: as the file says */
	const char *file;      /* -c; or NULL, but not both */
	const char *dbom_topic; /* --dbom-topic: one, or several with commas between; NULL: as the file says, else the default */
	const char *dbom_bootstrap; /* --dbom-bootstrap; NULL: as the file says, else the cluster of the data */
	struct args_props props;
};

struct way { /* zeroed: closed */
	const char *bootstrap;
	const char *file;
	const char *dbom_topic;     /* where the statements are: one, or several with commas between … */
	const char *dbom_names;     /* … and what records' headers may call it */
	const char *dbom_bootstrap; /* NULL: they are on the cluster of the data */
	struct wr topics, names;    /* for these */
	struct config *config;  /* these are NULL without a file */
	struct identity *identity;
	struct gate *gate;
	struct detour *detour;
	struct topic_id_way dial;
};

/* EXIT_OK; or an exit code, and what is wrong was said on stderr.  With a file, one broker was spoken to. */
int way_open(const struct command *c, const struct way_options *o, struct way *ret);
void way_close(struct way *w); /* after the last consumer */

/* To read by, from the cluster of the data or that of the statements. */
struct consumer_conf way_consumer(const struct way *w, const struct args_props *props, bool statements);

/* The protocol that -X asks for, if topics' ids can't be asked for over it: without a file they are in plaintext alone.  NULL: they can. */
const char *way_other_protocol(const struct args_props *props);

/* Why topics' ids can't be had; NULL: they were asked for, and ret[i] says what came of topics[i]. */
const char *way_topic_ids(const struct way *w, const struct args_props *props, const char *const *topics, size_t count,
			  struct topic_id_line **line, struct topic_id *ret); /* line: that is kept; or NULL */

/* Says `why` something failed on this way, or what kept a connection from being made.  Gives EXIT_UNFINISHED. */
int way_failed(const struct way *w, const struct command *c, const char *why);

#endif
