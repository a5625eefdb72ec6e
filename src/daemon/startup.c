/* The state directory, and the settings that attesting works by. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/app_internal.h"

enum { EXIT_FAILURE_RUN = 1, EXIT_CONFIG = 2 };

/* state.directory, $STATE_DIRECTORY, $XDG_STATE_HOME/makoto-proxy, ~/.local/state/makoto-proxy. */
int
app_state_path(const struct config *c, char *out, size_t len)
{
	const char *given = c->state_directory[0] != '\0' ? c->state_directory : getenv("STATE_DIRECTORY");
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (given != NULL && given[0] != '\0')
		n = snprintf(out, len, "%s", given);
	else if (xdg != NULL && xdg[0] == '/')
		n = snprintf(out, len, "%s/makoto-proxy", xdg);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, len, "%s/.local/state/makoto-proxy", home);
	else
		return ERR_CONFIG;
	return n < 0 || (size_t)n >= len ? ERR_LIMIT : 0;
}

/* Who may write there can put another key or other heads in place. */
static void
warn_of_everybody(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) == 0 && (st.st_mode & S_IWOTH) != 0)
		LOG_WARN("startup", "the state directory can be written by everybody, who so may put another signing key there; chmod 700 it",
			 LOG_S("directory", dir));
}

int
app_open_state(struct app *a)
{
	static const char *const starts[] = {
		[STATE_FIRST] = "first start",
		[STATE_CLEAN] = "continues after a clean stop",
		[STATE_CRASHED] = "the last stop was not clean: its windows are finished from the journal",
		[STATE_UNCLEAN] = "the last stop was not clean, and there is no journal: new chains begin",
		[STATE_TORN] = "what the last run saved can't be relied on: new chains begin",
		[STATE_COPIED] = "the state directory is a copy or was restored: new chains begin",
	};
	char dir[4096], why[512], instance[33];

	if (app_state_path(a->config, dir, sizeof(dir)) != 0) {
		LOG_ERROR("startup", "no state directory: set state.directory, $STATE_DIRECTORY or $HOME");
		return EXIT_CONFIG;
	}
	if (state_open(dir, &a->state, why, sizeof(why)) != 0) {
		LOG_ERROR("startup", "the state directory can't be used", LOG_S("directory", dir), LOG_S("cause", why));
		return EXIT_FAILURE_RUN;
	}
	warn_of_everybody(dir);
	for (int i = 0; i < 16; i++)
		(void)snprintf(instance + 2 * i, 3, "%02x", state_instance(a->state)[i]);
	LOG_INFO("startup", starts[state_start(a->state)], LOG_S("directory", dir), LOG_S("instance", instance),
		 LOG_S("cause", state_why(a->state)));
	return app_open_key(a, dir);
}

static char *
collector_id(const struct config *c)
{
	char host[256] = "localhost", id[300];

	if (c->attest_collector_id[0] != '\0')
		return strdup(c->attest_collector_id);
	(void)gethostname(host, sizeof(host) - 1);
	/* A host name has letters, digits, dots and hyphens; whatever else is there is no part of a URI. */
	for (char *p = host; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *p) == NULL)
			*p = '-';
	(void)snprintf(id, sizeof(id), "urn:makoto-kafka:%s", host);
	return strdup(id);
}

static char *
source_of(const struct config *c)
{
	const char *s = c->kafka_bootstrap_servers + strspn(c->kafka_bootstrap_servers, " ,");

	return strndup(s, strcspn(s, " ,"));
}

static bool
copy_lists(struct settings *s, const struct config *c)
{
	s->compacted = calloc(c->attest_compacted.count + 1, sizeof(char *));
	s->claims = calloc(c->attest_claims.count + 1, sizeof(*s->claims));
	if (s->compacted == NULL || s->claims == NULL)
		return false;
	for (; s->compacted_count < c->attest_compacted.count; s->compacted_count++)
		if ((s->compacted[s->compacted_count] = strdup(c->attest_compacted.items[s->compacted_count])) == NULL)
			return false;
	for (size_t i = 0; i < c->attest_claims.count; i++) {
		s->claims[i].name = strdup(c->attest_claims.items[i].name);
		s->claims[i].text = strdup(c->attest_claims.items[i].text);
		s->claim_count++;
		if (s->claims[i].name == NULL || s->claims[i].text == NULL)
			return false;
	}
	return true;
}

/*
 * What the key gives needs a restart, and the host's name may change meanwhile: chains have their ids by the name that was
 * found at the start, and a statement under another one would be of no chain.
 */
static char *
running_id(struct chains *chains)
{
	struct settings *now = chains_settings(chains);
	char *id = strdup(now->collector_id);

	settings_unref(now);
	return id;
}

struct settings *
app_settings(const struct app *a, const struct config *c)
{
	static const enum settings_manifest manifests[] = {SETTINGS_MANIFEST_LEAF, SETTINGS_MANIFEST_LEAF_KEY,
							   SETTINGS_MANIFEST_NONE};
	const char *shown = a->signer != NULL ? signer_shown(a->signer) : NULL;
	struct settings *s = settings_new();

	if (s == NULL)
		return NULL;
	memcpy(s->instance, state_instance(a->state), sizeof(s->instance));
	s->collector_id = a->chains != NULL ? running_id(a->chains) : collector_id(c);
	s->dbom_topic = strdup(c->attest_dbom_topic);
	s->source = source_of(c);
	s->version = strdup(MAKOTO_VERSION);
	s->location = strdup(c->attest_location);
	s->level = (int)c->attest_level;
	s->signing_key_uri = shown != NULL ? strdup(shown) : NULL;
	s->manifest = manifests[c->attest_manifest];
	s->window_records = (int32_t)c->attest_window_records;
	s->window_age_ms = c->attest_window_max_age;
	s->transaction_wait_ms = c->attest_transaction_wait;
	s->outcome_wait_ms = c->attest_outcome_wait;
	s->backlog_records = c->attest_backlog_records;
	if (s->collector_id == NULL || s->dbom_topic == NULL || s->source == NULL || s->version == NULL ||
	    s->location == NULL || (shown != NULL && s->signing_key_uri == NULL) || !copy_lists(s, c)) {
		settings_unref(s);
		return NULL;
	}
	return s;
}
