/* Clients' own logins through the proxy: followed, refused, or demanded (src/stages/login.c, login_local.c). */
#include <fcntl.h>

#include "sasl/users.h"
#include "sasl_lab.h"
#include "stages/login.h"

/* A stage behind, which answers what the connection's principal is. */
#define WHO 16 /* ListGroups 0 */

static bool
wants(void *self UNUSED, int16_t key, int16_t version UNUSED)
{
	return key == WHO;
}

static enum stage_verdict
tell(void *self UNUSED, struct exchange *x)
{
	struct wr w = wr_new(256);
	struct rope rope = {0};

	wr_u8(&w, '=');
	wr_slice_put(&w, exchange_principal(x));
	ck_assert_int_eq(rope_add_wr(&rope, &w), 0);
	exchange_answer(x, &rope);
	return STAGE_ANSWER;
}

static const struct stage teller = {.name = "teller", .wants_request = wants, .request = tell};

static struct login_stage *stage;
static struct users *users;
static bool gated; /* LOGIN_STAGE_FOLLOW before brokers with SASL */
static const struct stage *stages[2];

static void
open_all(enum login_stage_mode mode, const char *broker_mechanism)
{
	struct proxy_settings set;

	lab_open(broker_mechanism);
	stage = login_stage_new(mode, users);
	ck_assert_ptr_nonnull(stage);
	stages[0] = login_stage_of(stage);
	stages[1] = &teller;
	set = lab_settings();
	if (mode != LOGIN_STAGE_FOLLOW) {
		set.login = broker_mechanism != NULL ? &lab_door : NULL;
		set.login_for_clients = true;
		set.demand_login = mode == LOGIN_STAGE_DEMAND;
	}
	set.demand_login |= gated;
	lab_proxy_open(&set, stages, 2);
}

static void
close_all(void)
{
	lab_proxy_close();
	login_stage_free(stage);
	users_close(users);
	lab_close();
}

static void
want_principal(int fd, const char *want)
{
	char text[64];
	struct wr frame;
	struct slice got;

	ck_assert(lab_ask(fd, WHO, 0, 7, slice_of(NULL, 0)));
	got = lab_answer_to(fd, WHO, 0, 7, &frame);
	(void)snprintf(text, sizeof(text), "%.*s", (int)got.n, (const char *)got.p);
	ck_assert_str_eq(text, want);
	wr_free(&frame);
}

/* The error of SaslHandshake's answer. */
static int16_t
handshake(int fd, int16_t version, const char *mechanism)
{
	struct wr w = wr_new(64), frame;
	char list[64];
	int16_t error = -1;

	auth_handshake_request_write(slice_str(mechanism), &w);
	ck_assert(lab_ask(fd, API_SASL_HANDSHAKE, version, 1, wr_slice(&w)));
	ck_assert_int_eq(auth_handshake_response_read(version, lab_answer_to(fd, API_SASL_HANDSHAKE, version, 1, &frame), &error,
						      list, sizeof(list)),
			 0);
	wr_free(&w);
	wr_free(&frame);
	return error;
}

static int16_t
authenticate(int fd, int16_t version, struct slice token)
{
	struct wr w = wr_new(256), frame;
	struct auth_answer a;

	auth_request_write(version, token, &w);
	ck_assert(lab_ask(fd, API_SASL_AUTHENTICATE, version, 2, wr_slice(&w)));
	ck_assert_int_eq(auth_response_read(version, lab_answer_to(fd, API_SASL_AUTHENTICATE, version, 2, &frame), &a), 0);
	wr_free(&w);
	wr_free(&frame);
	return a.error;
}

static void
send_token(int fd, struct slice token)
{
	struct wr w = lab_begin();

	wr_slice_put(&w, token);
	ck_assert(lab_send(fd, &w));
}

#define TOKEN slice_of(LAB_TOKEN, sizeof(LAB_TOKEN) - 1)
#define WRONG slice_of("\0sidecar\0wrong", 14)

/* --- followed ------------------------------------------------------------------------------ */

START_TEST(followed)
{
	int16_t version = (int16_t)_i;
	int fd;

	open_all(LOGIN_STAGE_FOLLOW, "PLAIN");
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
	ck_assert_int_eq(authenticate(fd, version, TOKEN), 0);
	want_principal(fd, "=User:sidecar");
	lab_echo(fd, 3, "hello");
	/* Again on the live connection. */
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
	ck_assert_int_eq(authenticate(fd, version, TOKEN), 0);
	want_principal(fd, "=User:sidecar");
	close(fd);
	close_all();
}
END_TEST

START_TEST(only_what_the_broker_believes)
{
	int fd;

	open_all(LOGIN_STAGE_FOLLOW, "PLAIN");
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 1, "SCRAM-SHA-256"), AUTH_UNSUPPORTED_MECHANISM);
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
	want_principal(fd, "=");
	ck_assert_int_eq(authenticate(fd, 2, WRONG), AUTH_FAILED);
	want_principal(fd, "=");
	close(fd);
	close_all();
}
END_TEST

START_TEST(a_mechanism_that_tells_nobody)
{
	int fd;

	open_all(LOGIN_STAGE_FOLLOW, "GSSAPI");
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 1, "GSSAPI"), 0);
	ck_assert_int_eq(authenticate(fd, 2, TOKEN), 0);
	want_principal(fd, "=");
	lab_echo(fd, 3, "hello");
	close(fd);
	close_all();
}
END_TEST

/* SaslHandshake 0: tokens without headers, and an empty one for success; then requests as ever. */
START_TEST(tokens_are_followed)
{
	struct wr frame;
	int fd;

	open_all(LOGIN_STAGE_FOLLOW, _i == 0 ? "PLAIN" : "GSSAPI");
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 0, lab.mechanism), 0);
	send_token(fd, TOKEN);
	ck_assert(lab_frame(fd, &frame));
	ck_assert_uint_eq(frame.len, 0);
	wr_free(&frame);
	lab_echo(fd, 3, "hello");
	want_principal(fd, _i == 0 ? "=User:sidecar" : "=");
	close(fd);
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 0, lab.mechanism), 0);
	send_token(fd, WRONG);
	lab_want_closed(fd);
	close_all();
}
END_TEST

/* Before the broker has said yes the proxy opens nothing of a client's, as a broker wouldn't. */
START_TEST(no_stranger_gets_to_the_stages)
{
	const char *mechanism = _i == 0 ? "PLAIN" : "GSSAPI"; /* followed, and not */
	struct wr frame;
	int fd;

	gated = true;
	open_all(LOGIN_STAGE_FOLLOW, mechanism);
	fd = lab_dial();
	ck_assert(lab_ask(fd, WHO, 0, 7, slice_of(NULL, 0)));
	lab_want_closed(fd);
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 1, mechanism), 0);
	ck_assert(lab_ask(fd, LAB_ECHO, 0, 7, slice_str("let me in")));
	lab_want_closed(fd);
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 1, mechanism), 0);
	ck_assert_int_eq(authenticate(fd, 2, WRONG), AUTH_FAILED);
	ck_assert(lab_ask(fd, LAB_ECHO, 0, 7, slice_str("let me in")));
	lab_want_closed(fd);
	ck_assert_int_eq(atomic_load(&lab.echoes), 0);
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 1, mechanism), 0);
	ck_assert_int_eq(authenticate(fd, 2, TOKEN), 0);
	want_principal(fd, _i == 0 ? "=User:sidecar" : "=");
	lab_echo(fd, 3, "hello");
	close(fd);
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 0, mechanism), 0);
	send_token(fd, TOKEN);
	ck_assert(lab_frame(fd, &frame));
	wr_free(&frame);
	lab_echo(fd, 3, "hello");
	close(fd);
	close_all();
}
END_TEST

/* What stands behind a token is no token, however early it comes: the stages see it. */
START_TEST(a_request_right_behind_a_token)
{
	struct wr both = wr_new(256), frame;
	int fd;

	open_all(LOGIN_STAGE_FOLLOW, "PLAIN");
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 0, "PLAIN"), 0);
	wr_u32(&both, (uint32_t)TOKEN.n);
	wr_slice_put(&both, TOKEN);
	wr_u32(&both, 14);
	request_header_write(WHO, 0, 7, slice_str("unit"), &both);
	ck_assert_int_eq(send(fd, both.buf, both.len, MSG_NOSIGNAL), (ssize_t)both.len);
	wr_free(&both);
	ck_assert(lab_frame(fd, &frame));
	ck_assert_uint_eq(frame.len, 0);
	wr_free(&frame);
	ck_assert(slice_eq(lab_answer_to(fd, WHO, 0, 7, &frame), slice_str("=User:sidecar")));
	wr_free(&frame);
	ck_assert_int_eq(atomic_load(&lab.echoes), 0);
	close(fd);
	close_all();
}
END_TEST

/* Two logins at once, the second in another name: the answer to the first says nothing about that. */
START_TEST(logins_in_one_go)
{
	struct slice tokens[] = {TOKEN, slice_of("\0admin\0nonsense", 15)};
	struct wr w = wr_new(256), frame;
	struct auth_answer a;
	int fd;

	open_all(LOGIN_STAGE_FOLLOW, "PLAIN");
	fd = lab_dial();
	for (int i = 0; i < 2; i++) {
		wr_reset(&w);
		auth_handshake_request_write(slice_str("PLAIN"), &w);
		ck_assert(lab_ask(fd, API_SASL_HANDSHAKE, 1, 10 + i, wr_slice(&w)));
		wr_reset(&w);
		auth_request_write(2, tokens[i], &w);
		ck_assert(lab_ask(fd, API_SASL_AUTHENTICATE, 2, 20 + i, wr_slice(&w)));
	}
	for (int i = 0; i < 2; i++) {
		(void)lab_answer_to(fd, API_SASL_HANDSHAKE, 1, 10 + i, &frame);
		wr_free(&frame);
		ck_assert_int_eq(auth_response_read(2, lab_answer_to(fd, API_SASL_AUTHENTICATE, 2, 20 + i, &frame), &a), 0);
		ck_assert_int_eq(a.error, i == 0 ? 0 : AUTH_FAILED);
		wr_free(&frame);
	}
	want_principal(fd, "=User:sidecar");
	wr_free(&w);
	close(fd);
	close_all();
}
END_TEST

START_TEST(what_is_no_sasl)
{
	static const uint8_t garbage[3] = {0xff, 0xff, 0xff};
	struct wr frame;
	int fd;

	open_all(LOGIN_STAGE_FOLLOW, NULL); /* the broker gives back what it gets */
	fd = lab_dial();
	ck_assert(lab_ask(fd, API_SASL_HANDSHAKE, 1, 1, slice_of(garbage, 3)));
	ck_assert(slice_eq(lab_answer_to(fd, API_SASL_HANDSHAKE, 1, 1, &frame), slice_of(garbage, 3)));
	wr_free(&frame);
	ck_assert(lab_ask(fd, API_SASL_AUTHENTICATE, 2, 2, slice_of(garbage, 3)));
	ck_assert(slice_eq(lab_answer_to(fd, API_SASL_AUTHENTICATE, 2, 2, &frame), slice_of(garbage, 3)));
	wr_free(&frame);
	want_principal(fd, "=");
	close(fd);
	close_all();
}
END_TEST

/* --- refused -------------------------------------------------------------------------------- */

START_TEST(refused)
{
	int fd;

	open_all(LOGIN_STAGE_REFUSE, "PLAIN");
	fd = lab_dial();
	ck_assert_int_eq(authenticate(fd, 2, TOKEN), AUTH_ILLEGAL_STATE);
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), AUTH_UNSUPPORTED_MECHANISM);
	ck_assert_int_eq(handshake(fd, 0, "PLAIN"), AUTH_UNSUPPORTED_MECHANISM);
	lab_echo(fd, 3, "none is needed");
	close(fd);
	close_all();
}
END_TEST

/* --- demanded ------------------------------------------------------------------------------- */

static char users_path[64];

static void
write_users(void)
{
	struct wr w = wr_new(4096);
	char why[128];
	int fd;

	(void)snprintf(users_path, sizeof(users_path), "/tmp/makoto-users-%d", (int)getpid());
	ck_assert_int_eq(users_line(slice_str("app"), slice_str("app-pw"), &w, why, sizeof(why)), 0);
	ck_assert_int_eq(users_line(slice_str("sidecar"), slice_str("sidecar-pw"), &w, why, sizeof(why)), 0);
	fd = open(users_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, w.buf, w.len), (ssize_t)w.len);
	close(fd);
	wr_free(&w);
}

static void
open_demanding(void)
{
	char why[256];

	write_users();
	ck_assert_msg(users_open(users_path, &users, why, sizeof(why)) == 0, "%s", why);
	open_all(LOGIN_STAGE_DEMAND, NULL);
}

static void
close_demanding(void)
{
	close_all();
	unlink(users_path);
}

START_TEST(demanded)
{
	struct wr frame;
	int fd;

	open_demanding();
	fd = lab_dial();
	/* ApiVersions is free. */
	ck_assert(lab_ask(fd, API_VERSIONS, 0, 9, slice_of(NULL, 0)));
	(void)lab_answer_to(fd, API_VERSIONS, 0, 9, &frame);
	wr_free(&frame);
	ck_assert_int_eq(handshake(fd, 1, "SCRAM-SHA-256"), AUTH_UNSUPPORTED_MECHANISM);
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
	ck_assert_int_eq(authenticate(fd, (int16_t)_i, slice_of("\0app\0app-pw", 11)), 0);
	lab_echo(fd, 3, "in");
	want_principal(fd, "=User:app");
	/* Again as the same, and as another (KIP-368). */
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
	ck_assert_int_eq(authenticate(fd, (int16_t)_i, slice_of("\0app\0app-pw", 11)), 0);
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
	ck_assert_int_eq(authenticate(fd, (int16_t)_i, TOKEN), AUTH_FAILED);
	close(fd);
	close_demanding();
}
END_TEST

START_TEST(tokens_demanded)
{
	struct wr frame;
	int fd;

	open_demanding();
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 0, "PLAIN"), 0);
	send_token(fd, slice_of("\0app\0app-pw", 11));
	ck_assert(lab_frame(fd, &frame));
	ck_assert_uint_eq(frame.len, 0);
	wr_free(&frame);
	lab_echo(fd, 3, "in");
	want_principal(fd, "=User:app");
	close(fd);
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 0, "PLAIN"), 0);
	send_token(fd, WRONG);
	lab_want_closed(fd);
	close_demanding();
}
END_TEST

START_TEST(nobody_else)
{
	static const struct {
		const char *token;
		size_t len;
	} wrong[] = {{"\0app\0app-pX", 11},   {"\0app\0app-p", 10},       {"\0ap\0app-pw", 10},
		     {"\0sidecar\0app-pw", 15}, {"x\0app\0app-pw", 12}, {"app-pw", 6}, {"", 0}};
	int fd;

	open_demanding();
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		fd = lab_dial();
		ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
		ck_assert_int_eq(authenticate(fd, 2, slice_of(wrong[i].token, wrong[i].len)), AUTH_FAILED);
		/* There is no second guess on this connection. */
		ck_assert(lab_ask(fd, API_SASL_HANDSHAKE, 1, 5, slice_of("\0\5PLAIN", 7)));
		lab_want_closed(fd);
	}
	fd = lab_dial();
	ck_assert_int_eq(authenticate(fd, 2, slice_of("\0app\0app-pw", 11)), AUTH_ILLEGAL_STATE);
	close(fd);
	ck_assert_int_eq(atomic_load(&lab.echoes), 0);
	close_demanding();
}
END_TEST

START_TEST(no_request_before)
{
	int fd;

	open_demanding();
	fd = lab_dial();
	ck_assert(lab_ask(fd, LAB_ECHO, 0, 1, slice_str("let me in")));
	lab_want_closed(fd);
	fd = lab_dial();
	ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
	ck_assert(lab_ask(fd, LAB_ECHO, 0, 1, slice_str("let me in")));
	lab_want_closed(fd);
	ck_assert_int_eq(atomic_load(&lab.echoes), 0);
	close_demanding();
}
END_TEST

/* The client leaves while its password is looked at, or while its refusal is delayed. */
START_TEST(gone_meanwhile)
{
	open_demanding();
	for (int i = 0; i < 8; i++) {
		struct wr w = wr_new(64);
		int fd = lab_dial();

		ck_assert_int_eq(handshake(fd, 1, "PLAIN"), 0);
		auth_request_write(2, i % 2 == 0 ? TOKEN : WRONG, &w);
		ck_assert(lab_ask(fd, API_SASL_AUTHENTICATE, 2, 2, wr_slice(&w)));
		wr_free(&w);
		close(fd);
	}
	close_demanding();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login_stage");
	TCase *t = tcase_create("login_stage");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, followed, 0, 3);
	tcase_add_test(t, only_what_the_broker_believes);
	tcase_add_test(t, a_mechanism_that_tells_nobody);
	tcase_add_loop_test(t, tokens_are_followed, 0, 2);
	tcase_add_loop_test(t, no_stranger_gets_to_the_stages, 0, 2);
	tcase_add_test(t, a_request_right_behind_a_token);
	tcase_add_test(t, logins_in_one_go);
	tcase_add_test(t, what_is_no_sasl);
	tcase_add_test(t, refused);
	tcase_add_loop_test(t, demanded, 0, 3);
	tcase_add_test(t, tokens_demanded);
	tcase_add_test(t, nobody_else);
	tcase_add_test(t, no_request_before);
	tcase_add_test(t, gone_meanwhile);
	suite_add_tcase(s, t);
	return suite_run(s);
}
