#include "survey/here.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "attest/holder.h"
#include "attest/outlook.h"
#include "base/clock.h"
#include "keys/keygen.h"
#include "keys/signer.h"
#include "net/addr.h"
#include "net/listen.h"

enum { PATH_BYTES = 4352, KEY_PATIENCE_MS = 10000, KEY_PAUSE_MS = 250 };

/* --- the key ------------------------------------------------------------------------------- */

/* Credentials that are fetched take a moment; what KMS says is told at once. */
static int
ready(struct signer *s, char *why, size_t why_len)
{
	struct monotime begun = clock_now();
	int err;

	while (((err = signer_ready(s, why, why_len)) == ERR_NOT_NOW || err == ERR_AGAIN) && monotime_since_ms(clock_now(), begun) < KEY_PATIENCE_MS)
		(void)poll(NULL, 0, KEY_PAUSE_MS);
	return err;
}

void
here_check_key(const struct config *c, const char *dir, struct findings *r)
{
	struct signer_conf conf = {.uri = c->attest_signing_key_id,
				   .base_dir = dir,
				   .credentials = (enum aws_kind)c->attest_signing_aws_credentials,
				   .profile = c->attest_signing_aws_profile};
	struct signer *s = NULL;
	char why[1024], path[PATH_BYTES];

	if (c->attest_level < 2)
		return;
	(void)snprintf(path, sizeof(path), "%s/" KEYGEN_FIRST_PRIVATE, dir);
	if (strcmp(c->attest_signing_key_id, KEYGEN_FIRST_URI) == 0 && access(path, F_OK) != 0 && errno == ENOENT) {
		findings_line(r, FINDINGS_OK, "signing key", "%s is made at the first start", path);
		return;
	}
	if (signer_open(&conf, &s, why, sizeof(why)) != 0 || (signer_is_remote(s) && ready(s, why, sizeof(why)) != 0)) {
		findings_line(r, FINDINGS_FAIL, "signing key", "%s", why);
		signer_free(s);
		return;
	}
	findings_line(r, FINDINGS_OK, "signing key", "%s%s%s", signer_keyid(s), signer_shown(s) != NULL ? " in " : "",
		      signer_shown(s) != NULL ? signer_shown(s) : "");
	(void)snprintf(path, sizeof(path), "%s/" KEYGEN_FIRST_PUBLIC, dir);
	if (strcmp(c->attest_signing_key_id, KEYGEN_FIRST_URI) == 0 && access(path, F_OK) == 0 &&
	    keygen_public_is(path, signer_keyid(s), why, sizeof(why)) != 0)
		findings_line(r, FINDINGS_WARN, "signing key", "%s: remove it, and the next start writes it anew", why);
	signer_free(s);
}

/* --- the state directory ------------------------------------------------------------------- */

/* Where it would be made. */
static void
check_absent(const char *dir, struct findings *r)
{
	char path[PATH_BYTES];
	char *slash;

	(void)snprintf(path, sizeof(path), "%s", dir);
	do {
		slash = strrchr(path, '/');
		if (slash == NULL)
			(void)snprintf(path, sizeof(path), ".");
		else
			slash[slash == path ? 1 : 0] = '\0';
	} while (access(path, F_OK) != 0 && errno == ENOENT && slash != NULL && slash != path);
	if (access(path, W_OK | X_OK) != 0)
		findings_line(r, FINDINGS_FAIL, "state directory", "%s is not there, and can't be made: %s: %s", dir, path, strerror(errno));
	else
		findings_line(r, FINDINGS_OK, "state directory", "%s is made at the first start", dir);
}

static void
check_room(const struct config *c, const char *dir, int fd, struct findings *r)
{
	struct statvfs v;
	uint64_t left;

	if (fstatvfs(fd, &v) != 0)
		return;
	left = (uint64_t)v.f_bavail * v.f_frsize;
	if (left < (uint64_t)c->state_max_bytes)
		findings_line(r, FINDINGS_WARN, "state directory", "%s: %" PRIu64 " bytes are free there; the journal may take %" PRId64 " (state.max.bytes)",
			      dir, left, c->state_max_bytes);
}

static const char *
start_of(const struct outlook *o)
{
	switch (o->start) {
	case STATE_FIRST: return "a first start: new chains begin";
	case STATE_CLEAN: return "the next start goes on with its chains";
	case STATE_CRASHED: return "the last stop was not clean: the next start finishes its windows from the journal";
	case STATE_UNCLEAN: return "the last stop was not clean, and there is no journal: new chains begin";
	case STATE_TORN: return "what the last run saved can't be relied on: new chains begin";
	case STATE_COPIED: return "a copy, or restored: new chains begin";
	}
	return "";
}

static void
check_outlook(const char *dir, struct findings *r)
{
	struct outlook o;
	char why[512];

	if (outlook_of(dir, &o, why, sizeof(why)) != 0)
		findings_line(r, FINDINGS_FAIL, "state directory", "%s", why);
	else if (o.refused)
		findings_line(r, FINDINGS_FAIL, "state directory", "%s: no proxy starts with its journal: %s", dir, o.why);
	else
		findings_line(r, o.start >= STATE_UNCLEAN ? FINDINGS_WARN : FINDINGS_OK, "state directory", "%s: %s%s%s", dir, start_of(&o),
			      o.why[0] != '\0' ? ": " : "", o.why);
}

void
here_check_state(const struct config *c, const char *dir, bool *ret_held, struct findings *r)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct holder h;
	struct stat st;

	*ret_held = false;
	if (fd < 0 && errno == ENOENT) {
		check_absent(dir, r);
		return;
	}
	if (fd < 0 || access(dir, W_OK | X_OK) != 0) {
		findings_line(r, FINDINGS_FAIL, "state directory", "%s: %s", dir, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	h = holder_of(fd);
	*ret_held = h.is == HOLDER_SOME;
	if (*ret_held)
		findings_line(r, FINDINGS_WARN, "state directory", "%s is in use by another makoto-proxy, process %ld: a second one doesn't start with it", dir,
			      h.pid);
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IWOTH) != 0)
		findings_line(r, FINDINGS_WARN, "state directory", "%s can be written by everybody: chmod 700 it", dir);
	if (!*ret_held) /* a journal that is being written says nothing of a start */
		check_outlook(dir, r);
	check_room(c, dir, fd, r);
	(void)close(fd);
}

/* --- ports --------------------------------------------------------------------------------- */

/* A port that the proxy which runs may have is no trouble. */
static void
check_port(const struct addr *at, const char *key, bool held, struct findings *r)
{
	char text[ADDR_TEXT_MAX];

	if (listen_try(at) == 0)
		findings_line(r, FINDINGS_OK, key, "%s is free", addr_text(at, text));
	else if (held && errno == EADDRINUSE)
		findings_line(r, FINDINGS_OK, key, "%s is taken, as by the proxy that runs", addr_text(at, text));
	else
		findings_line(r, FINDINGS_FAIL, key, "%s: %s", addr_text(at, text), strerror(errno));
}

/* Of the range, but the bootstrap port; those of a proxy that runs count as free. */
static unsigned
free_of(const struct config *c, struct addr at, bool held, unsigned *ret_size)
{
	unsigned n = 0;

	*ret_size = 0;
	for (unsigned port = c->listen_broker_ports.first; port <= c->listen_broker_ports.last; port++) {
		if (port == (unsigned)c->listen_bootstrap_port)
			continue;
		++*ret_size;
		addr_set_port(&at, (uint16_t)port);
		n += listen_try(&at) == 0 || (held && errno == EADDRINUSE);
	}
	return n;
}

static void
check_admin(const struct config *c, bool held, struct findings *r)
{
	struct slice host;
	struct addr at;
	char text[64];
	uint16_t port;

	if (c->admin_listen[0] == '\0')
		return;
	/* A host's name, or none, is for the resolver. */
	if (addr_split(slice_str(c->admin_listen), &host, &port) != 0 || host.n >= sizeof(text))
		return;
	(void)snprintf(text, sizeof(text), "%.*s", (int)host.n, (const char *)host.p);
	if (addr_parse(text, port, &at) == 0)
		check_port(&at, "admin.listen", held, r);
}

void
here_check_ports(const struct config *c, size_t brokers, bool held, struct findings *r)
{
	unsigned size, n;
	struct addr at;

	INVARIANT(addr_parse(c->listen_address, (uint16_t)c->listen_bootstrap_port, &at) == 0); /* config looked */
	if (c->listen_bootstrap_port != 0)
		check_port(&at, "listen.bootstrap.port", held, r);
	n = free_of(c, at, held, &size);
	if (brokers == 0)
		findings_line(r, n > 0 ? FINDINGS_OK : FINDINGS_FAIL, "listen.broker.ports", "%u of %u-%u are free", n, c->listen_broker_ports.first,
			      c->listen_broker_ports.last);
	else if (size < brokers)
		findings_line(r, FINDINGS_FAIL, "listen.broker.ports", "%u-%u are too few for %zu brokers", c->listen_broker_ports.first,
			      c->listen_broker_ports.last, brokers);
	else if (n < brokers)
		findings_line(r, FINDINGS_FAIL, "listen.broker.ports", "of %u-%u only %u are free, and there are %zu brokers", c->listen_broker_ports.first,
			      c->listen_broker_ports.last, n, brokers);
	else
		findings_line(r, FINDINGS_OK, "listen.broker.ports", "%u of %u-%u are free, for %zu broker%s", n, c->listen_broker_ports.first,
			      c->listen_broker_ports.last, brokers, brokers == 1 ? "" : "s");
	check_admin(c, held, r);
}
