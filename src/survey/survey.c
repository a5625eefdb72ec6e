/*
 *   here ─► every bootstrap server ─► Metadata ─► every broker at its advertised address
 *        ─► rights ─► the statement topics ─► the time ─► ports
 *
 * A broker that refuses the login ends it there: a wrong password is tried once.
 */
#include "survey/survey.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "kafka/api.h"
#include "proxy/caller.h"
#include "reach/identity.h"
#include "reach/protocol.h"
#include "reach/wrap.h"
#include "survey/attested.h"
#include "survey/dbom.h"
#include "survey/followed.h"
#include "survey/here.h"
#include "survey/principal.h"
#include "survey/questions.h"

enum {
	BROKERS_MAX = 1000, /* that are visited */
	HOST_MAX_BYTES = 256,
	CERTIFICATE_DAYS = 14,
	CLOCK_MAX_MS = 5000,
	NOT_CONTROLLER = 41,
	CLIENTS_PROXY = 1,
};

struct survey {
	struct config *config;
	const char *dir;
	FILE *to;
	struct findings findings;
	bool held; /* a proxy runs with the state directory */
	struct tls_context *tls;
	struct identity *identity;
	struct principal *principal;
	struct caller *caller;
	struct questions_told seen;    /* every topic that the login may see */
	struct questions_told named;   /* the statement topic, and those that attest.topics names */
	struct dbom dbom;
};

static int
flush(struct survey *s)
{
	struct slice out = wr_slice(&s->findings.out);
	int err = wr_err(&s->findings.out);

	if (err == 0 && (fwrite(out.p, 1, out.n, s->to) != out.n || fflush(s->to) != 0))
		err = ERR_IO;
	wr_reset(&s->findings.out);
	return err;
}

static struct gate_conf
way(const struct survey *s, const char *servers)
{
	return (struct gate_conf){.bootstrap_servers = servers,
				  .brokers = s->tls,
				  .login = principal_door(s->principal),
				  .connect_ms = (unsigned)s->config->kafka_connect_timeout,
				  .max_frame = (uint32_t)s->config->listen_max_frame_bytes};
}

static struct mend
mend_of(const struct survey *s)
{
	return (struct mend){s->config->kafka_bootstrap_servers, principal_name(s->principal),
			     s->config->kafka_security_protocol != PROTOCOL_PLAINTEXT};
}

/* --- brokers ------------------------------------------------------------------------------- */

static enum findings_level
certificate_level(int64_t until)
{
	int64_t left = until - clock_wall_ms() / 1000;

	return until == 0 || left > CERTIFICATE_DAYS * 86400 ? FINDINGS_OK : left > 0 ? FINDINGS_WARN : FINDINGS_FAIL;
}

static void
tell_reached(struct survey *s, const char *what)
{
	const struct io_tls_peer *peer = caller_peer(s->caller);
	char time[25] = "?", tls[700] = "", login[1200] = "";
	enum findings_level level = FINDINGS_OK;

	if (peer != NULL) {
		level = certificate_level(peer->until);
		if (text_time_ms(peer->until * 1000, time) != 0)
			(void)snprintf(time, sizeof(time), "?");
		(void)snprintf(tls, sizeof(tls), ", TLS with the certificate of %.500s until %s", peer->subject, time);
	}
	if (s->identity != NULL)
		(void)snprintf(login, sizeof(login), ", logged in by %.60s as %s", s->config->kafka_sasl_mechanism, principal_name(s->principal));
	findings_line(&s->findings, level, what, "reached%s%s", tls, login);
}

static void
check_own_certificate(struct survey *s)
{
	int64_t until = s->tls != NULL ? tls_not_after(s->tls) : 0;
	char time[25];

	if (until != 0 && text_time_ms(until * 1000, time) == 0)
		findings_line(&s->findings, certificate_level(until), "kafka.ssl.certificate.location", "ends at %s", time);
}

static void
name_try(const struct caller_try *t, char *out, size_t len)
{
	(void)snprintf(out, len, strchr(t->host, ':') != NULL ? "broker [%s]:%u" : "broker %s:%u", t->host, t->port);
}

/* What to look at when the login is refused. */
static const char *
advice(const struct config *c)
{
	if (strcmp(c->kafka_sasl_mechanism, "OAUTHBEARER") == 0)
		return "the keys of kafka.sasl.oauthbearer, and whether the brokers accept the token";
	if (strcmp(c->kafka_sasl_mechanism, "AWS_MSK_IAM") == 0)
		return "the keys of kafka.sasl.aws, the credentials, and what they allow";
	return "kafka.sasl.mechanism, kafka.sasl.username and its password";
}

/* One that is down is passed over by who starts, as long as there is another. */
static void
tell_unreached(struct survey *s, const char *what, const struct caller_try *t, size_t servers)
{
	if (t->err == ERR_REMOTE)
		findings_line(&s->findings, FINDINGS_FAIL, what, "%s; check %s", t->why, advice(s->config));
	else
		findings_line(&s->findings, servers > 1 ? FINDINGS_WARN : FINDINGS_FAIL, what, "%s", t->why);
}

/* A connection to one of the bootstrap servers is left, or nothing is to be asked.  0, or an error that ends it all. */
static int
check_servers(struct survey *s)
{
	char host[HOST_MAX_BYTES], what[HOST_MAX_BYTES + 32];
	struct caller_try t = {.host = host}, good = {0};
	char good_host[HOST_MAX_BYTES];
	bool there = false;
	size_t servers = 0;
	int err = 0;

	while (caller_server(s->caller, servers, host, sizeof(host), &t.port))
		servers++;
	for (size_t i = 0; err == 0 && caller_server(s->caller, i, host, sizeof(host), &t.port); i++) {
		err = caller_reach(s->caller, &t);
		there = err == 0;
		name_try(&t, what, sizeof(what));
		if (there) {
			tell_reached(s, what);
			memcpy(good_host, host, sizeof(host));
			good = (struct caller_try){.host = good_host, .port = t.port};
		} else {
			tell_unreached(s, what, &t, servers);
			if (err == ERR_REMOTE)
				return ERR_REMOTE; /* it would be refused everywhere, and accounts are locked for that */
			err = err == ERR_TIMEOUT ? 0 : err;
		}
		if (err == 0)
			err = flush(s);
	}
	if (err == 0 && good.host == NULL) {
		if (servers > 1)
			findings_line(&s->findings, FINDINGS_FAIL, "cluster", "no bootstrap server can be reached");
		return ERR_REMOTE;
	}
	if (err != 0 || there)
		return err;
	err = caller_reach(s->caller, &good); /* the connection that there was made room for the next server's */
	if (err == ERR_TIMEOUT || err == ERR_REMOTE)
		findings_line(&s->findings, FINDINGS_FAIL, "cluster", "%s: %s", good.host, good.why);
	return err == ERR_TIMEOUT ? ERR_REMOTE : err;
}

/* --- what the cluster is ------------------------------------------------------------------- */

static int
check_cluster(struct survey *s)
{
	const struct metadata *m = &s->seen.metadata;
	int err = questions_topics(s->caller, NULL, &s->seen);
	struct slice id;

	if (err == 0)
		err = questions_topics(s->caller, s->config, &s->named);
	if (err != 0) {
		findings_line(&s->findings, FINDINGS_FAIL, "cluster", "Metadata: %s%s", err_text(err),
			      err == ERR_CLOSED && s->identity == NULL ? "; does this port want a login, or TLS (kafka.security.protocol)?" : "");
		return ERR_REMOTE;
	}
	id = m->cluster_id;
	if (id.p == NULL)
		id = slice_str("-");
	findings_line(&s->findings, m->broker_count > 0 ? FINDINGS_OK : FINDINGS_FAIL, "cluster", "%.*s, %zu broker%s", (int)id.n,
		      (const char *)id.p, m->broker_count, m->broker_count == 1 ? "" : "s");
	return m->broker_count > 0 ? 0 : ERR_REMOTE;
}

/* Clients are told of our ports, but we have to dial brokers where they say that they are. */
static int
check_brokers(struct survey *s)
{
	const struct metadata *m = &s->seen.metadata;
	size_t n = m->broker_count < BROKERS_MAX ? m->broker_count : BROKERS_MAX, reached = 0;
	struct caller_try *list = calloc(n, sizeof(*list));
	char (*hosts)[HOST_MAX_BYTES] = calloc(n, sizeof(*hosts));
	char what[HOST_MAX_BYTES + 32];
	int err = list == NULL || hosts == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; err == 0 && i < n; i++) {
		(void)snprintf(hosts[i], sizeof(hosts[i]), "%.*s", (int)m->brokers[i].host.n, (const char *)m->brokers[i].host.p);
		list[i] = (struct caller_try){.host = hosts[i], .port = (uint16_t)m->brokers[i].port};
	}
	if (err == 0)
		err = caller_reach_all(s->caller, list, n);
	for (size_t i = 0; err == 0 && i < n; i++) {
		reached += list[i].err == 0;
		if (list[i].err == 0)
			continue;
		name_try(&list[i], what, sizeof(what));
		findings_line(&s->findings, FINDINGS_FAIL, what, "node %d can't be reached at its advertised address: %s", m->brokers[i].node_id, list[i].why);
	}
	if (err == 0 && reached == n)
		findings_line(&s->findings, FINDINGS_OK, "brokers", "%zu of %zu reached at their advertised addresses", reached, m->broker_count);
	free(list);
	free(hosts);
	return err;
}

/* --- the statement topic ------------------------------------------------------------------- */

/* Clusters that keep their metadata in ZooKeeper have one broker that makes topics. */
static int
ask_the_controller(struct survey *s)
{
	const struct metadata *m = &s->seen.metadata;
	char host[HOST_MAX_BYTES];
	struct caller_try t = {.host = host};

	for (size_t i = 0; i < m->broker_count; i++) {
		if (m->brokers[i].node_id != m->controller_id)
			continue;
		(void)snprintf(host, sizeof(host), "%.*s", (int)m->brokers[i].host.n, (const char *)m->brokers[i].host.p);
		t.port = (uint16_t)m->brokers[i].port;
		return caller_reach(s->caller, &t) == 0 ? questions_creation(s->caller, s->config, &s->dbom) : t.err;
	}
	return ERR_NOTFOUND;
}

static void
check_dbom(struct survey *s)
{
	const struct config *c = s->config;
	const struct metadata_topic *t = metadata_topic_named(&s->named.metadata, c->attest_dbom_topic);
	struct mend m = mend_of(s);
	int err = 0;

	if (!c->attest_enabled && (c->verify_mode == 0 || !followed_has_own(c)))
		return;
	s->dbom = (struct dbom){.error = DBOM_NONE, .rights = METADATA_UNTOLD, .retention_ms = -1, .retention_bytes = -1, .max_message_bytes = -1};
	if (t != NULL) {
		s->dbom.error = t->error;
		s->dbom.partitions = t->partitions;
		s->dbom.rights = t->rights;
	}
	if (s->dbom.error == 0) {
		err = questions_settings(s->caller, c->attest_dbom_topic, &s->dbom);
	} else if (s->dbom.error == DBOM_NONE && c->attest_enabled) {
		err = questions_creation(s->caller, c, &s->dbom);
		if (err == 0 && s->dbom.creation_error == NOT_CONTROLLER)
			err = ask_the_controller(s);
	}
	if (err != 0 && err != ERR_UNSUPPORTED)
		findings_line(&s->findings, FINDINGS_FAIL, "cluster", "a question about the statement topic: %s", err_text(err));
	dbom_check(&s->dbom, c, &m, &s->findings);
}

/* The connection that there is, or one to the cluster of the statements.  False: there is none, and it was said why. */
static bool
reach_statements(struct survey *s, struct caller **ret)
{
	char host[HOST_MAX_BYTES] = "", why[1024] = "out of memory";
	struct caller_try t = {.host = host, .err = ERR_TIMEOUT};
	struct gate_conf conf = way(s, s->config->verify_dbom_servers);

	if (caller_open(&conf, ret, why, sizeof(why)) != 0) {
		findings_line(&s->findings, FINDINGS_FAIL, "verify.dbom.bootstrap.servers", "%s", why);
		return false;
	}
	for (size_t i = 0; t.err != 0 && t.err != ERR_REMOTE && caller_server(*ret, i, host, sizeof(host), &t.port); i++)
		(void)!caller_reach(*ret, &t);
	if (t.err == 0)
		findings_line(&s->findings, FINDINGS_OK, "verify.dbom.bootstrap.servers", "reached at %s:%u", host, t.port);
	else
		findings_line(&s->findings, FINDINGS_FAIL, "verify.dbom.bootstrap.servers", "%s:%u: %s%s%s", host, t.port, t.why,
			      t.err == ERR_REMOTE ? "; check " : "", t.err == ERR_REMOTE ? advice(s->config) : "");
	return t.err == 0;
}

/* Whose statements count for what consumers read. */
static void
check_followed(struct survey *s)
{
	bool elsewhere = s->config->verify_dbom_servers[0] != '\0';
	struct questions_told told = {0};
	struct caller *there = NULL;
	struct mend m = mend_of(s);
	int err;

	m.bootstrap = config_dbom_servers(s->config);
	if (s->config->verify_mode != 0 && (!elsewhere || reach_statements(s, &there))) {
		err = questions_followed(elsewhere ? there : s->caller, s->config, &told);
		if (err == 0)
			followed_check(&told.metadata, s->config, elsewhere, &m, &s->findings);
		else
			findings_line(&s->findings, FINDINGS_FAIL, "verify.dbom.topics", "Metadata: %s", err_text(err));
	}
	questions_clear(&told);
	caller_close(there);
}

static void
check_rights(struct survey *s)
{
	const struct config *c = s->config;
	struct attested a = {.seen = &s->seen.metadata,
			     .named = &s->named.metadata,
			     .writes = c->clients_authentication == CLIENTS_PROXY && s->identity != NULL,
			     .relaxed = caller_knows(s->caller, API_DESCRIBE_CLUSTER)};
	struct mend m = mend_of(s);

	if (!c->attest_enabled)
		return;
	attested_check_cluster(&a, &m, &s->findings);
	if (s->seen.rights)
		attested_check(&a, c, &m, &s->findings);
	else
		findings_line(&s->findings, FINDINGS_WARN, "topics to attest", "what the login may do there isn't told (brokers before 2.3)");
}

/* --- the time ------------------------------------------------------------------------------ */

static void
check_clock(struct survey *s)
{
	int64_t before = clock_wall_ms(), theirs, after, off;
	enum findings_level level;

	if (questions_time(s->caller, &theirs) != 0) {
		findings_line(&s->findings, FINDINGS_OK, "clock",
			      "not compared: the cluster's is told to those who may Describe the cluster, by controllers from 3.3 on");
		return;
	}
	/* The answer was made at some time between. */
	after = clock_wall_ms();
	off = theirs < before ? theirs - before : theirs > after ? theirs - after : 0;
	level = off < -CLOCK_MAX_MS || off > CLOCK_MAX_MS ? FINDINGS_WARN : FINDINGS_OK;
	if (off == 0)
		findings_line(&s->findings, level, "clock", "as the cluster's");
	else
		findings_line(&s->findings, level, "clock", "the cluster's is %" PRId64 " ms %s", off < 0 ? -off : off, off < 0 ? "behind" : "ahead");
}

/* --- all of it ----------------------------------------------------------------------------- */

static int
open_way(struct survey *s, char *why, size_t why_len)
{
	struct gate_conf conf;
	int err = wrap_new(s->config, &s->tls, why, why_len);

	if (err == 0)
		err = identity_open(s->config, &s->identity, why, why_len);
	if (err != 0)
		return err;
	s->principal = principal_new(identity_door(s->identity), s->tls);
	if (s->principal == NULL)
		return ERR_NOMEM;
	conf = way(s, s->config->kafka_bootstrap_servers);
	return caller_open(&conf, &s->caller, why, why_len);
}

static int
look_at_cluster(struct survey *s)
{
	int err = check_servers(s);

	if (err == 0)
		err = check_cluster(s);
	if (err == 0)
		err = flush(s);
	if (err == 0)
		err = check_brokers(s);
	if (err == 0)
		err = flush(s);
	if (err != 0)
		return err;
	check_rights(s);
	check_dbom(s);
	check_followed(s);
	check_clock(s); /* the last, since the controller may be slow, and the connection ends with a question that isn't answered */
	return flush(s);
}

int
survey_run(struct config *c, const char *state_dir, FILE *to)
{
	struct survey s = {.config = c, .dir = state_dir, .to = to, .findings.out = wr_new((size_t)1 << 24)};
	char why[1024] = "out of memory";
	int err;

	here_check_key(c, state_dir, &s.findings);
	here_check_state(c, state_dir, &s.held, &s.findings);
	err = flush(&s);
	if (err == 0 && open_way(&s, why, sizeof(why)) != 0)
		findings_line(&s.findings, FINDINGS_FAIL, "cluster", "%s", why);
	else if (err == 0)
		err = look_at_cluster(&s);
	if (err == 0 || err == ERR_REMOTE) {
		check_own_certificate(&s);
		here_check_ports(c, s.seen.metadata.broker_count, s.held, &s.findings);
		findings_end(&s.findings);
		err = flush(&s);
	}
	if (err == 0 && s.findings.failed > 0)
		err = ERR_REMOTE;
	caller_close(s.caller);
	principal_free(s.principal);
	identity_close(s.identity);
	tls_unref(s.tls);
	questions_clear(&s.seen);
	questions_clear(&s.named);
	wr_free(&s.findings.out);
	return err;
}
