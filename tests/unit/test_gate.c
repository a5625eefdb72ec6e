/* The way to the brokers of a program that has no proxy. */
#include "proxy/gate.h"
#include "sasl_lab.h"

static struct gate *gate;
static char why[GATE_WHY_MAX];

/* With a login where the broker wants one; to these servers, the last of which is the lab's. */
static int
opened(const char *before)
{
	struct gate_conf conf = {.login = lab.mechanism != NULL ? &lab_door : NULL, .connect_ms = 10000, .max_frame = LAB_FRAME_MAX};
	char servers[100];

	(void)snprintf(servers, sizeof(servers), "%s127.0.0.1:%u", before, lab.port);
	conf.bootstrap_servers = servers;
	return gate_open(&conf, &gate, why, sizeof(why));
}

static int
dialled(uint16_t port)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(gate_dial(gate, fds[1], "127.0.0.1", port), 0);
	return fds[0];
}

START_TEST(logged_in)
{
	int fds[4];

	lab_open("PLAIN");
	ck_assert_msg(opened("") == 0, "%s", why);
	for (int i = 0; i < 4; i++) {
		fds[i] = dialled(lab.port);
		lab_echo(fds[i], i, "hello");
	}
	ck_assert_int_eq(atomic_load(&lab.handshakes), 5); /* with that of opening */
	ck_assert_int_eq(gate_why(gate, why, sizeof(why)), ERR_NOTFOUND);
	close(fds[0]);
	gate_close(gate);
	for (int i = 1; i < 4; i++)
		lab_want_closed(fds[i]);
	lab_close();
	ck_assert_int_eq(atomic_load(&lab.illegal), 0);
}
END_TEST

START_TEST(without_a_login)
{
	int fd;

	lab_open(NULL);
	ck_assert_msg(opened("127.0.0.1:1, ") == 0, "%s", why); /* one that is down is passed over, and not spoken of */
	ck_assert_int_eq(gate_why(gate, why, sizeof(why)), ERR_NOTFOUND);
	fd = dialled(lab.port);
	lab_echo(fd, 1, "hello");
	gate_close(gate);
	lab_close();
}
END_TEST

/* Once, at one server, and nothing goes to the log. */
START_TEST(refused)
{
	char want[60];

	lab_open("PLAIN");
	lab_password = "wrong";
	(void)snprintf(want, sizeof(want), "127.0.0.1:%u: can't log in by PLAIN: ", lab.port);
	ck_assert_int_eq(opened(""), ERR_REMOTE);
	ck_assert_msg(strncmp(why, want, strlen(want)) == 0, "%s", why);
	ck_assert_ptr_nonnull(strstr(why, "Invalid username or password"));
	ck_assert_ptr_null(strstr(why, "wrong"));
	ck_assert_int_eq(atomic_load(&lab.handshakes), 1);
	lab_close();
}
END_TEST

START_TEST(nobody_there)
{
	struct gate_conf conf = {.bootstrap_servers = "127.0.0.1:1", .connect_ms = 10000, .max_frame = LAB_FRAME_MAX};

	ck_assert_int_eq(gate_open(&conf, &gate, why, sizeof(why)), ERR_TIMEOUT);
	ck_assert_str_eq(why, "127.0.0.1:1: Connection refused");
	conf.bootstrap_servers = "127.0.0.1";
	ck_assert_int_eq(gate_open(&conf, &gate, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "want HOST:PORT"));
	conf.bootstrap_servers = "";
	ck_assert_int_eq(gate_open(&conf, &gate, why, sizeof(why)), ERR_CONFIG);
	gate_close(NULL);
}
END_TEST

/* What fails later is told when it is asked for. */
START_TEST(lost_later)
{
	char want[60];
	int fd;

	lab_open("PLAIN");
	ck_assert_msg(opened("") == 0, "%s", why);
	fd = dialled(1);
	lab_want_closed(fd);
	ck_assert_int_eq(gate_why(gate, why, sizeof(why)), ERR_TIMEOUT);
	ck_assert_str_eq(why, "127.0.0.1:1: Connection refused");
	lab_password = "wrong";
	fd = dialled(lab.port);
	lab_want_closed(fd);
	ck_assert_int_eq(gate_why(gate, why, sizeof(why)), ERR_REMOTE);
	(void)snprintf(want, sizeof(want), "127.0.0.1:%u: can't log in by PLAIN: ", lab.port);
	ck_assert_msg(strncmp(why, want, strlen(want)) == 0, "%s", why);
	gate_close(gate);
	lab_close();
}
END_TEST

/* Connections that are on their way when it closes. */
START_TEST(closed_at_once)
{
	int fds[8];

	lab_open("PLAIN");
	ck_assert_msg(opened("") == 0, "%s", why);
	for (int i = 0; i < 8; i++)
		fds[i] = dialled(lab.port);
	gate_close(gate);
	for (int i = 0; i < 8; i++)
		lab_want_closed(fds[i]);
	lab_close();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, logged_in);
	tcase_add_test(t, without_a_login);
	tcase_add_test(t, refused);
	tcase_add_test(t, nobody_there);
	tcase_add_test(t, lost_later);
	tcase_add_test(t, closed_at_once);
	suite_add_tcase(s, t);
	return suite_run(s);
}
