/* Who gets an accepted connection, and what becomes of one that nobody can take. */
#include "proxy/listener.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "suite.h"

enum { REACTORS = 3, CLIENTS = 12 };

static struct core core;
static struct reactor reactors[REACTORS];
static struct acceptor *acceptor;
static unsigned adopted;
static struct listener *last_from;
static int served[64];

/* Stands in for proxy/reactor.c, which would begin a session. */
void
reactor_adopt(struct reactor *r, struct listener *from, int fd)
{
	ck_assert_uint_lt(adopted, ARRAY_LEN(served));
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	atomic_fetch_add(&r->connections, 1);
	atomic_fetch_add(&core.connections, 1);
	served[adopted++] = fd;
	last_from = from;
}

static void
setup(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	memset(&core, 0, sizeof(core));
	memset(reactors, 0, sizeof(reactors));
	core.set.max_connections = CLIENTS;
	for (unsigned i = 0; i < REACTORS; i++) {
		reactors[i].core = &core;
		reactors[i].index = i;
	}
	reactors[0].loop = loop_new();
	ck_assert_ptr_nonnull(reactors[0].loop);
	acceptor = acceptor_new(&core, reactors, REACTORS);
	ck_assert_ptr_nonnull(acceptor);
	adopted = 0;
}

static void
teardown(void)
{
	acceptor_free(acceptor);
	acceptor_free(NULL);
	loop_free(reactors[0].loop);
	while (adopted > 0)
		close(served[--adopted]);
}

/* A port that is accepted from. */
static uint16_t
open_port(int32_t node_id, uint16_t called)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	ck_assert_int_eq(acceptor_add(acceptor, node_id, called != 0 ? called : ntohs(at.sin_port), fd), 0);
	return ntohs(at.sin_port);
}

static int
client(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void
turn_until(unsigned n)
{
	while (adopted < n)
		ck_assert_int_eq(loop_turn(reactors[0].loop), 0);
}

/* Has the other end closed?  Looks without waiting. */
static bool
is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(to_the_one_with_the_fewest)
{
	uint16_t port = open_port(LISTENER_BOOTSTRAP, 0);
	int fds[6];

	atomic_store(&reactors[0].connections, 3);
	atomic_store(&reactors[2].connections, 1);
	for (unsigned i = 0; i < 6; i++) {
		fds[i] = client(port);
		turn_until(i + 1);
	}
	/* 3 0 1 and six more. */
	ck_assert_uint_eq(atomic_load(&reactors[0].connections) + atomic_load(&reactors[1].connections) +
				  atomic_load(&reactors[2].connections), 10);
	ck_assert_uint_ge(atomic_load(&reactors[1].connections), 3);
	ck_assert_uint_ge(atomic_load(&reactors[2].connections), 3);
	for (unsigned i = 0; i < 6; i++)
		close(fds[i]);
}
END_TEST

START_TEST(through_which_port)
{
	uint16_t a = open_port(LISTENER_BOOTSTRAP, 0), b = open_port(7, 0);
	int fd = client(b), other;

	turn_until(1);
	ck_assert_int_eq(last_from->node_id, 7);
	ck_assert_uint_eq(last_from->port, b);
	other = client(a);
	turn_until(2);
	ck_assert_int_eq(last_from->node_id, LISTENER_BOOTSTRAP);
	close(fd);
	close(other);
}
END_TEST

START_TEST(over_the_limit)
{
	int64_t before = metric_read(METRIC_CONNECTIONS_REFUSED_LIMIT);
	uint16_t port = open_port(LISTENER_BOOTSTRAP, 0);
	int fds[CLIENTS + 2];

	for (unsigned i = 0; i < CLIENTS + 2; i++)
		fds[i] = client(port);
	turn_until(CLIENTS);
	while (metric_read(METRIC_CONNECTIONS_REFUSED_LIMIT) < before + 2)
		ck_assert_int_eq(loop_turn(reactors[0].loop), 0);
	ck_assert_uint_eq(adopted, CLIENTS);
	for (unsigned i = 0; i < CLIENTS + 2; i++) {
		ck_assert_int_eq(is_closed(fds[i]), i >= CLIENTS);
		close(fds[i]);
	}
}
END_TEST

/* Bootstrap first, then by port, in whatever order they came. */
START_TEST(order_of_ports)
{
	static const struct {
		int32_t node;
		uint16_t port;
	} added[] = {{5, 30005}, {1, 30001}, {LISTENER_BOOTSTRAP, 39092}, {9, 30009}, {3, 30003}};
	static const uint16_t want[] = {39092, 30001, 30003, 30005, 30009};
	size_t i = 0;

	for (size_t k = 0; k < ARRAY_LEN(added); k++)
		(void)open_port(added[k].node, added[k].port);
	LIST_EACH(acceptor_list(acceptor), e)
		ck_assert_uint_eq(CONTAINER_OF(e, struct listener, link)->port, want[i++]);
	ck_assert_uint_eq(i, ARRAY_LEN(want));
}
END_TEST

START_TEST(closed)
{
	uint16_t port = open_port(LISTENER_BOOTSTRAP, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t other = open_port(7, 0);
	struct listener *first = CONTAINER_OF(acceptor_list(acceptor)->head.next, struct listener, link);

	acceptor_close_port(first);
	acceptor_close_port(first);
	ck_assert_int_ne(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	close(client(other)); /* which is still open */
	acceptor_close(acceptor);
	acceptor_close(acceptor);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to.sin_port = htons(other);
	ck_assert_int_ne(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_uint_eq(acceptor_list(acceptor)->count, 2); /* for the sessions that came through it */
	close(fd);
}
END_TEST

/* Out of descriptors a connection is accepted with the one kept back, and closed: nobody waits, nothing spins. */
START_TEST(out_of_descriptors)
{
	int64_t before = metric_read(METRIC_CONNECTIONS_REFUSED_FILES);
	uint16_t port = open_port(LISTENER_BOOTSTRAP, 0);
	struct rlimit limit, was;
	int fds[4], last;

	for (int i = 0; i < 4; i++)
		fds[i] = client(port);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	last = dup(0);
	ck_assert_int_ge(last, 0);
	close(last);
	limit = was;
	limit.rlim_cur = (rlim_t)last; /* the lowest free number: none is left */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (metric_read(METRIC_CONNECTIONS_REFUSED_FILES) < before + 4)
		ck_assert_int_eq(loop_turn(reactors[0].loop), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	ck_assert_uint_eq(adopted, 0);
	for (int i = 0; i < 4; i++) {
		ck_assert(is_closed(fds[i]));
		close(fds[i]);
	}
	/* It goes on when there are descriptors again. */
	fds[0] = client(port);
	turn_until(1);
	close(fds[0]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("listener");
	TCase *t = tcase_create("listener");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, to_the_one_with_the_fewest);
	tcase_add_test(t, through_which_port);
	tcase_add_test(t, over_the_limit);
	tcase_add_test(t, order_of_ports);
	tcase_add_test(t, closed);
	tcase_add_test(t, out_of_descriptors);
	suite_add_tcase(s, t);
	return suite_run(s);
}
