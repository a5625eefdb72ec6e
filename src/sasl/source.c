#include "sasl/source.h"

#include "base/clock.h"
#include "sasl/salted.h"
#include "sasl/sasl_internal.h"

enum { PATH_MAX_BYTES = 4096 };

struct source {
	struct source_settings set;
	struct token_endpoint endpoint;
	char secret_path[PATH_MAX_BYTES]; /* of the endpoint's client secret */
	struct keeper *keeper;            /* of tokens; NULL: none are fetched over the network */
	struct provider *provider;        /* AWS_MSK_IAM's; else NULL */
	struct salted *salted;            /* SCRAM's, across connections */
};

/* What is read, fetched or given for one talk. */
struct material {
	struct secret secret; /* password or token */
	struct aws_keys aws;
};

static bool
given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool
is(const struct source_settings *s, const char *mechanism)
{
	return strcmp(s->mechanism, mechanism) == 0;
}

/* Does the authority end behind the host, or behind a port?  What else may stand there is a user's name. */
static bool
is_port_or_end(const char *at)
{
	if (*at == ':')
		at += 1 + strspn(at + 1, "0123456789");
	return *at == '/' || *at == '?' || *at == '\0';
}

static int
check_url(const char *url, char *why, size_t why_len)
{
	static const char *const here[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

	if (strncmp(url, "https://", 8) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(here); i++)
		if (strncmp(url, here[i], strlen(here[i])) == 0 && is_port_or_end(url + strlen(here[i])))
			return 0;
	return err_say(ERR_CONFIG, why, why_len,
			 "kafka.sasl.oauthbearer.token.endpoint.url: want https:// (http:// only to this machine), a secret is sent there");
}

int
source_check(const struct source_settings *s, char *why, size_t why_len)
{
	if (!given(s->mechanism))
		return err_say(ERR_CONFIG, why, why_len,
				 "kafka.sasl.mechanism is not set; the proxy's own connections need a login");
	if (!sasl_known(s->mechanism))
		return err_say(ERR_CONFIG, why, why_len,
				 "kafka.sasl.mechanism: \"%s\" is not right; want PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or "
				 "AWS_MSK_IAM",
				 s->mechanism);
	if (is(s, "AWS_MSK_IAM"))
		return 0;
	if (is(s, "OAUTHBEARER")) {
		if (given(s->token_file) == given(s->token_url))
			return err_say(ERR_CONFIG, why, why_len,
					 "OAUTHBEARER wants one of kafka.sasl.oauthbearer.token.file and .token.endpoint.url");
		if (!given(s->token_url))
			return 0;
		if (!given(s->client_id) || given(s->client_secret) == given(s->client_secret_file))
			return err_say(ERR_CONFIG, why, why_len,
					 "kafka.sasl.oauthbearer.token.endpoint.url wants .client.id, and one of .client.secret and "
					 ".client.secret.file");
		return check_url(s->token_url, why, why_len);
	}
	if (!given(s->username) || given(s->password) == given(s->password_file))
		return err_say(ERR_CONFIG, why, why_len,
				 "%s wants kafka.sasl.username, and one of kafka.sasl.password and kafka.sasl.password.file",
				 s->mechanism);
	return 0;
}

/* systemd hands credentials to a service in a folder of its own (LoadCredential=). */
static void
path_of(const char *name, char *ret, size_t len)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	if (name[0] == '/' || !given(dir))
		(void)snprintf(ret, len, "%s", name);
	else
		(void)snprintf(ret, len, "%s/%s", dir, name);
}

static int
start_fetching(struct source *s)
{
	const struct source_settings *set = &s->set;

	if (is(set, "OAUTHBEARER") && given(set->token_url)) {
		s->endpoint = (struct token_endpoint){.url = set->token_url,
						      .client_id = set->client_id,
						      .client_secret = set->client_secret,
						      .scope = set->scope != NULL ? set->scope : "",
						      .ca_file = given(set->ca_file) ? set->ca_file : NULL};
		if (given(set->client_secret_file)) {
			path_of(set->client_secret_file, s->secret_path, sizeof(s->secret_path));
			s->endpoint.client_secret_file = s->secret_path;
		}
		s->keeper = keeper_start(token_fetch, &s->endpoint);
		return s->keeper != NULL ? 0 : ERR_NOMEM;
	}
	if (is(set, "AWS_MSK_IAM")) {
		s->provider = provider_open(set->aws, set->aws_profile);
		return s->provider != NULL ? 0 : ERR_NOMEM;
	}
	return 0;
}

int
source_open(const struct source_settings *set, struct source **ret, char *why, size_t why_len)
{
	struct source *s;
	int err = source_check(set, why, why_len);

	if (err != 0)
		return err;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	s->set = *set;
	s->salted = salted_new();
	if (s->salted == NULL || (err = start_fetching(s)) != 0) {
		source_close(s);
		return err_say(err != 0 ? err : ERR_NOMEM, why, why_len, "no memory, or no thread to fetch credentials");
	}
	*ret = s;
	return 0;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	keeper_stop(s->keeper);
	provider_close(s->provider);
	salted_free(s->salted);
	free(s);
}

/* --- a talk ------------------------------------------------------------------------------ */

static int
read_file(const char *name, struct secret *ret, char *why, size_t why_len)
{
	char path[PATH_MAX_BYTES];

	path_of(name, path, sizeof(path));
	return secret_read(ret, path, why, why_len);
}

static int
gather(struct source *s, struct material *m, char *why, size_t why_len)
{
	const struct source_settings *set = &s->set;

	if (is(set, "AWS_MSK_IAM"))
		return provider_get(s->provider, &m->aws, why, why_len);
	if (s->keeper != NULL)
		return keeper_get(s->keeper, &m->secret, why, why_len);
	if (is(set, "OAUTHBEARER"))
		return read_file(set->token_file, &m->secret, why, why_len);
	if (given(set->password_file))
		return read_file(set->password_file, &m->secret, why, why_len);
	return secret_set(&m->secret, slice_str(set->password));
}

int
source_begin(struct source *s, const char *host, struct sasl **ret, char *why, size_t why_len)
{
	const struct source_settings *set = &s->set;
	struct material m = {0};
	struct sasl_credentials c;
	int err;

	(void)snprintf(why, why_len, "%s", "");
	err = gather(s, &m, why, why_len);
	if (err == 0) {
		c = (struct sasl_credentials){
			.username = slice_str(set->username != NULL ? set->username : ""),
			.password = secret_slice(&m.secret),
			.token = secret_slice(&m.secret),
			.extensions = set->extensions,
			.extension_count = set->extension_count,
			.access_key = secret_slice(&m.aws.access_key),
			.secret_key = secret_slice(&m.aws.secret_key),
			.session_token = secret_slice(&m.aws.session_token),
			.region = slice_str(set->aws_region != NULL ? set->aws_region : ""),
			.host = slice_str(host),
			.wall_ms = clock_wall_ms(),
			.salted = s->salted,
		};
		err = sasl_client_new(set->mechanism, &c, ret, why, why_len);
	} else if (err != ERR_NOT_NOW && why_len > 0 && why[0] == '\0') {
		(void)snprintf(why, why_len, "%s", err_text(err));
	}
	secret_clear(&m.secret);
	aws_keys_clear(&m.aws);
	return err;
}
