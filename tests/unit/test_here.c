#include "survey/here.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/state.h"
#include "keys/keygen.h"
#include "ports.h"
#include "surveyed.h"

static char dir[100], why[512];

static void
begin(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/makoto-here-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
end(void)
{
	char command[300];

	(void)snprintf(command, sizeof(command), "chmod -R u+w %s && rm -r %s", dir, dir);
	ck_assert_int_eq(system(command), 0);
}

/* "DIR" in `want` is the directory. */
static void
ck_found(struct findings *r, const char *want)
{
	struct wr w = wr_new(1 << 16);

	for (const char *p = want; *p != '\0';)
		if (strncmp(p, "DIR", 3) == 0) {
			wr_text(&w, dir);
			p += 3;
		} else {
			wr_u8(&w, (uint8_t)*p++);
		}
	wr_u8(&w, '\0');
	surveyed_want(r, (const char *)w.buf);
	wr_free(&w);
}

/* --- the key ------------------------------------------------------------------------------- */

static void
ck_key(const char *yaml, const char *want)
{
	struct config *c = surveyed_config(yaml);
	struct findings r = surveyed_findings();

	here_check_key(c, dir, &r);
	ck_found(&r, want);
	config_unref(c);
}

START_TEST(keys)
{
	char path[200], public[200], id[KEYID_LEN + 1], want[200];

	ck_key("", "ok    signing key: DIR/signing.pem is made at the first start\n");
	ck_key("attest: {level: 1}", "");
	ck_key("attest: {enabled: false}", "ok    signing key: DIR/signing.pem is made at the first start\n"); /* a start makes it all the same */
	(void)snprintf(want, sizeof(want), "fail  signing key: DIR/other.pem: can't be read: No such file or directory\n");
	ck_key("attest: {signing.key.id: 'file:other.pem'}", want);
	(void)snprintf(path, sizeof(path), "%s/signing.pem", dir);
	(void)snprintf(public, sizeof(public), "%s/signing.pub.pem", dir);
	ck_assert_int_eq(key_generate("p256", path, public, id, why, sizeof(why)), 0);
	(void)snprintf(want, sizeof(want), "ok    signing key: %s\n", id);
	ck_key("", want);
	{
		char other[200], another[KEYID_LEN + 1], more[1000];

		(void)snprintf(other, sizeof(other), "%s/other.pem", dir);
		ck_assert_int_eq(key_generate("p256", other, public, another, why, sizeof(why)), 0);
		(void)snprintf(more, sizeof(more),
			       "%swarn  signing key: DIR/signing.pub.pem: has the public key of another one, %s: remove it, and the next start writes it anew\n",
			       want, another);
		ck_key("", more);
		ck_assert_int_eq(unlink(public), 0); /* the next start writes it */
		ck_key("", want);
	}
	ck_assert_int_eq(chmod(path, 0644), 0);
	{
		struct config *c = surveyed_config("");
		struct findings r = surveyed_findings();

		here_check_key(c, dir, &r);
		ck_assert_uint_eq(r.failed, 1); /* everybody may read it; the reason is signer's */
		wr_free(&r.out);
		config_unref(c);
	}
}
END_TEST

/* --- the state directory ------------------------------------------------------------------- */

static bool
ck_state(const char *yaml, const char *at, const char *want)
{
	struct config *c = surveyed_config(yaml);
	struct findings r = surveyed_findings();
	bool held = true;

	here_check_state(c, at, &held, &r);
	ck_found(&r, want);
	config_unref(c);
	return held;
}

#define SMALL "state: {max.bytes: 16MiB}"

START_TEST(states)
{
	char deep[200];
	struct stat st;

	(void)snprintf(deep, sizeof(deep), "%s/a/b", dir);
	ck_assert(!ck_state(SMALL, deep, "ok    state directory: DIR/a/b is made at the first start\n"));
	ck_assert_int_eq(stat(deep, &st), -1);
	(void)snprintf(deep, sizeof(deep), "%s/a", dir);
	ck_assert_int_eq(stat(deep, &st), -1); /* nothing was made */
	ck_assert(!ck_state(SMALL, dir, "ok    state directory: DIR: a first start: new chains begin\n"));
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert(!ck_state(SMALL, dir, "warn  state directory: DIR can be written by everybody: chmod 700 it\n"
					"ok    state directory: DIR: a first start: new chains begin\n"));
	(void)snprintf(deep, sizeof(deep), "%s/file", dir);
	ck_assert_int_eq(close(open(deep, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert(!ck_state(SMALL, deep, "fail  state directory: DIR/file: Not a directory\n"));
}
END_TEST

/* A proxy runs with it; and it has none of its own room. */
START_TEST(in_use)
{
	struct state *s;
	char want[300];

	ck_assert_int_eq(state_open(dir, &s, why, sizeof(why)), 0);
	(void)snprintf(want, sizeof(want), "warn  state directory: DIR is in use by another makoto-proxy, process %ld: a second one doesn't start with it\n",
		       (long)getpid());
	ck_assert(ck_state(SMALL, dir, want));
	state_close(s);
	ck_assert(!ck_state(SMALL, dir, "ok    state directory: DIR: a first start: new chains begin\n"));
}
END_TEST

START_TEST(room)
{
	struct config *c = surveyed_config("state: {max.bytes: 1024GiB}");
	struct findings r = surveyed_findings();
	bool held;

	here_check_state(c, dir, &held, &r);
	wr_u8(&r.out, '\0');
	ck_assert_ptr_nonnull(strstr((const char *)r.out.buf, "the journal may take 1099511627776 (state.max.bytes)"));
	ck_assert_uint_eq(r.warned, 1);
	wr_free(&r.out);
	config_unref(c);
}
END_TEST

/* --- ports --------------------------------------------------------------------------------- */

static int
taken(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static void
ck_ports(int first, int last, size_t brokers, bool held, const char *want)
{
	char yaml[300];
	struct config *c;
	struct findings r = surveyed_findings();

	(void)snprintf(yaml, sizeof(yaml), "listen: {bootstrap.port: %d, broker.ports: %d-%d}\nadmin: {listen: ''}", first, first, last);
	c = surveyed_config(yaml);
	here_check_ports(c, brokers, held, &r);
	surveyed_want(&r, want);
	config_unref(c);
}

START_TEST(ports)
{
	int p = ports_reserve(), fd;
	char want[400];

	/* the bootstrap port is none of the brokers' */
	(void)snprintf(want, sizeof(want), "ok    listen.bootstrap.port: 127.0.0.1:%d is free\nok    listen.broker.ports: 3 of %d-%d are free, for 3 brokers\n", p, p, p + 3);
	ck_ports(p, p + 3, 3, false, want);
	(void)snprintf(want, sizeof(want), "ok    listen.bootstrap.port: 127.0.0.1:%d is free\nfail  listen.broker.ports: %d-%d are too few for 4 brokers\n", p, p, p + 3);
	ck_ports(p, p + 3, 4, false, want);
	fd = taken(p + 1);
	(void)snprintf(want, sizeof(want),
		       "ok    listen.bootstrap.port: 127.0.0.1:%d is free\nfail  listen.broker.ports: of %d-%d only 2 are free, and there are 3 brokers\n", p, p, p + 3);
	ck_ports(p, p + 3, 3, false, want);
	(void)snprintf(want, sizeof(want), "ok    listen.bootstrap.port: 127.0.0.1:%d is free\nok    listen.broker.ports: 2 of %d-%d are free\n", p, p, p + 3);
	ck_ports(p, p + 3, 0, false, want); /* the brokers are not known */
	close(fd);
	fd = taken(p);
	(void)snprintf(want, sizeof(want),
		       "fail  listen.bootstrap.port: 127.0.0.1:%d: Address already in use\nok    listen.broker.ports: 3 of %d-%d are free, for 1 broker\n", p, p, p + 3);
	ck_ports(p, p + 3, 1, false, want);
	(void)snprintf(want, sizeof(want),
		       "ok    listen.bootstrap.port: 127.0.0.1:%d is taken, as by the proxy that runs\nok    listen.broker.ports: 3 of %d-%d are free, for 1 broker\n", p, p, p + 3);
	ck_ports(p, p + 3, 1, true, want);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("here");
	TCase *t = tcase_create("here");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, keys);
	tcase_add_test(t, states);
	tcase_add_test(t, in_use);
	tcase_add_test(t, room);
	tcase_add_test(t, ports);
	suite_add_tcase(s, t);
	return suite_run(s);
}
