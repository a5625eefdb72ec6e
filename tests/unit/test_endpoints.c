#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listen.h"
#include "proxy/endpoints.h"
#include "ports.h"
#include "suite.h"

enum { SIZE = 8 }; /* of the range */

static struct addr at;
static uint16_t first, last;
static char dir[] = "/tmp/makoto-endpoints-XXXXXX";
static char path[64];
static int fds[64];
static size_t fd_count;
static struct {
	int32_t node_id;
	uint16_t port;
	unsigned count;
} passed; /* the port that passed to another broker last */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void
on_opened(void *arg, int32_t node_id, uint16_t port, int fd)
{
	struct addr bound;

	ck_assert_ptr_eq(arg, &at);
	ck_assert_int_ge(node_id, 0);
	if (fd < 0) {
		passed.node_id = node_id;
		passed.port = port;
		passed.count++;
		return;
	}
	bound = addr_of_socket(fd);
	ck_assert_uint_eq(addr_port(&bound), port);
	pthread_mutex_lock(&mutex);
	ck_assert_uint_lt(fd_count, ARRAY_LEN(fds));
	fds[fd_count++] = fd;
	pthread_mutex_unlock(&mutex);
}

static void
close_all(void)
{
	while (fd_count > 0)
		close(fds[--fd_count]);
}

static int
take(uint16_t port)
{
	int fd = -1;

	addr_set_port(&at, port);
	return listen_open(&at, &fd) == 0 ? fd : -1;
}

static void
find_range(void)
{
	_Static_assert((int)SIZE <= (int)PORTS_BLOCK, "a block has room for the range");
	first = ports_reserve();
	last = (uint16_t)(first + SIZE - 1);
}

static void
setup(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	find_range();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/endpoints", dir);
}

static void
teardown(void)
{
	close_all();
	(void)remove(path);
	ck_assert_int_eq(rmdir(dir), 0); /* no other file is left */
}

static struct endpoints *
make(uint16_t reserved, const char *where)
{
	struct endpoints *e = endpoints_new(&at, first, last, reserved, where, on_opened, &at);

	ck_assert_ptr_nonnull(e);
	endpoints_load(e);
	return e;
}

static struct slice
cluster(void)
{
	return slice_str("the-cluster");
}

/* Our port of this broker. */
static uint16_t
meet(struct endpoints *e, int32_t node_id, const char *host, int32_t port)
{
	uint16_t ours = 0;

	ck_assert_int_eq(endpoints_meet(e, node_id, slice_str(host), port, &ours), 0);
	ck_assert_uint_ge(ours, first);
	ck_assert_uint_le(ours, last);
	return ours;
}

START_TEST(meets)
{
	struct endpoints *e = make(0, NULL);
	struct endpoint got;

	ck_assert(!endpoints_at(e, 0, &got));
	ck_assert_int_eq(endpoints_find(e, 3, &got), ERR_NOTFOUND);
	ck_assert_uint_eq(meet(e, 3, "three.example", 9093), first + 3);
	ck_assert_uint_eq(meet(e, 1, "one.example", 9091), first + 1);
	ck_assert_uint_eq(meet(e, 3, "three.example", 9093), first + 3);
	ck_assert_uint_eq(fd_count, 2);
	ck_assert_int_eq(endpoints_find(e, 3, &got), 0);
	ck_assert_int_eq(got.node_id, 3);
	ck_assert_str_eq(got.host, "three.example");
	ck_assert_uint_eq(got.broker_port, 9093);
	ck_assert_uint_eq(got.port, first + 3);
	/* It moved: the same port of ours. */
	ck_assert_uint_eq(meet(e, 3, "x", 19093), first + 3);
	ck_assert_int_eq(endpoints_find(e, 3, &got), 0);
	ck_assert_str_eq(got.host, "x");
	ck_assert_uint_eq(got.broker_port, 19093);
	ck_assert_uint_eq(fd_count, 2);
	ck_assert(endpoints_at(e, 0, &got) && got.node_id == 1);
	ck_assert(endpoints_at(e, 1, &got) && got.node_id == 3);
	ck_assert(!endpoints_at(e, 2, &got));
	endpoints_free(e);
	endpoints_free(NULL);
}
END_TEST

/* Who isn't told any more may be somebody else by now: neither clients nor we go there. */
START_TEST(told_no_more)
{
	struct endpoints *e = make(0, NULL);
	struct endpoint got;

	for (int looks = 1; looks <= 3; looks++) {
		endpoints_look(e, cluster());
		(void)meet(e, 1, "one", 9092);
		if (looks == 1)
			(void)meet(e, 2, "two", 9092);
		ck_assert(endpoints_at(e, 0, &got) && got.node_id == 1);
		ck_assert_int_eq(endpoints_at(e, 1, &got), looks < 3);
		ck_assert_int_eq(endpoints_find(e, 2, &got), looks < 3 ? 0 : ERR_NOTFOUND);
	}
	(void)meet(e, 2, "two", 9092);
	ck_assert_int_eq(endpoints_find(e, 2, &got), 0);
	ck_assert(endpoints_at(e, 1, &got) && got.node_id == 2);
	endpoints_free(e);
}
END_TEST

START_TEST(others)
{
	struct endpoints *e = make(0, NULL);

	ck_assert(!endpoints_other(e, cluster())); /* none is known */
	endpoints_look(e, cluster());
	ck_assert(!endpoints_other(e, cluster()));
	ck_assert(endpoints_other(e, slice_str("another")));
	ck_assert(!endpoints_other(e, slice_of(NULL, 0)));
	ck_assert(!endpoints_other(e, slice_str("no word")));
	endpoints_free(e);
}
END_TEST

START_TEST(large_ids)
{
	struct endpoints *e = make(0, NULL);
	uint16_t a = meet(e, 1003, "h", 1), b = meet(e, 1001, "h", 2), c = meet(e, 1002, "h", 3);

	ck_assert_uint_eq(a, first + 1003 % SIZE);
	ck_assert_uint_eq(b, first + 1001 % SIZE);
	ck_assert_uint_eq(c, first + 1002 % SIZE);
	(void)meet(e, INT32_MAX, "h", 65535);
	endpoints_free(e);
}
END_TEST

START_TEST(taken_and_full)
{
	struct endpoints *e = make((uint16_t)(first + 2), NULL);
	int other = take((uint16_t)(first + 1));
	uint16_t port = 0;

	ck_assert_int_ge(other, 0);
	ck_assert_uint_eq(meet(e, 1, "h", 1), first + 3); /* another program's, then the reserved one */
	ck_assert_uint_eq(meet(e, 3, "h", 1), first + 4);
	ck_assert_uint_eq(meet(e, 7, "h", 1), first + 7);
	ck_assert_uint_eq(meet(e, 15, "h", 1), first); /* round */
	ck_assert_uint_eq(meet(e, 5, "h", 1), first + 5);
	ck_assert_uint_eq(meet(e, 6, "h", 1), first + 6);
	ck_assert_int_eq(endpoints_meet(e, 8, slice_str("h"), 1, &port), ERR_LIMIT);
	close(other);
	ck_assert_uint_eq(meet(e, 8, "h", 1), first + 1);
	ck_assert_int_eq(endpoints_meet(e, 9, slice_str("h"), 1, &port), ERR_LIMIT);
	ck_assert_uint_eq(meet(e, 7, "h", 1), first + 7);
	endpoints_free(e);
}
END_TEST

/* When the range is full, the port of a broker that is no more, and that nobody uses, passes on. */
START_TEST(ports_pass_on)
{
	struct endpoints *e = make(0, NULL);
	struct endpoint got;
	uint16_t port;

	endpoints_look(e, cluster());
	for (int32_t id = 0; id < SIZE; id++)
		ck_assert_uint_eq(meet(e, id, "old", 9092), first + id);
	endpoints_count(e, (uint16_t)(first + 2), 1);
	endpoints_count(e, (uint16_t)(first + 2), 1);
	endpoints_count(e, (uint16_t)(last + 1), 1); /* the bootstrap port: no broker's */
	/* All are in the newest Metadata, then in the one before: no port is free. */
	ck_assert_int_eq(endpoints_meet(e, 10, slice_str("new"), 9092, &port), ERR_LIMIT);
	endpoints_look(e, cluster());
	for (int32_t id = 4; id < SIZE; id++)
		(void)meet(e, id, "old", 9092);
	ck_assert_int_eq(endpoints_meet(e, 10, slice_str("new"), 9092, &port), ERR_LIMIT);
	ck_assert_uint_eq(passed.count, 0);
	endpoints_look(e, cluster());
	ck_assert_uint_eq(meet(e, 10, "new", 9092), first + 3); /* first + 2 is used */
	ck_assert_int_eq(passed.node_id, 10);
	ck_assert_uint_eq(passed.port, first + 3);
	ck_assert_int_eq(endpoints_find(e, 3, &got), ERR_NOTFOUND);
	ck_assert_int_eq(endpoints_find(e, 10, &got), 0);
	ck_assert_str_eq(got.host, "new");
	ck_assert_uint_eq(got.port, first + 3);
	ck_assert_uint_eq(meet(e, 11, "new", 9093), first);
	ck_assert_uint_eq(meet(e, 12, "new", 9094), first + 1);
	ck_assert_int_eq(endpoints_meet(e, 13, slice_str("new"), 9095, &port), ERR_LIMIT);
	endpoints_count(e, (uint16_t)(first + 2), -1);
	ck_assert_int_eq(endpoints_meet(e, 13, slice_str("new"), 9095, &port), ERR_LIMIT);
	endpoints_count(e, (uint16_t)(first + 2), -1);
	ck_assert_uint_eq(meet(e, 13, "new", 9095), first + 2);
	ck_assert_uint_eq(passed.count, 4);
	ck_assert_uint_eq(fd_count, SIZE); /* none was closed or opened for it */
	/* One that comes back is a new one. */
	ck_assert_int_eq(endpoints_meet(e, 0, slice_str("old"), 9092, &port), ERR_LIMIT);
	endpoints_free(e);
}
END_TEST

/* A port that is not used goes to nobody else as long as others are free. */
START_TEST(ports_stay)
{
	struct endpoints *e = make(0, NULL);

	(void)meet(e, 0, "h", 1);
	for (int i = 0; i < 5; i++)
		endpoints_look(e, cluster());
	for (int32_t id = 1; id < SIZE; id++)
		ck_assert_uint_eq(meet(e, SIZE + id, "h", 1), first + id);
	ck_assert_uint_eq(meet(e, 0, "h", 1), first);
	ck_assert_uint_eq(passed.count, 0);
	endpoints_free(e);
}
END_TEST

START_TEST(impossible_brokers)
{
	struct endpoints *e = make(0, NULL);
	char host[ENDPOINTS_HOST_MAX + 1];
	struct endpoint got;
	uint16_t port;

	memset(host, 'h', sizeof(host));
	ck_assert_int_eq(endpoints_meet(e, -1, slice_str("h"), 1, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_str("h"), 0, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_str("h"), -1, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_str("h"), 65536, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_str(""), 1, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_of(NULL, 0), 1, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_str("a b"), 1, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_str("a\nb"), 1, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_of("a\0b", 3), 1, &port), ERR_MALFORMED);
	ck_assert_int_eq(endpoints_meet(e, 1, slice_of(host, ENDPOINTS_HOST_MAX), 1, &port), ERR_MALFORMED);
	ck_assert(!endpoints_at(e, 0, &got));
	ck_assert_int_eq(endpoints_meet(e, 1, slice_of(host, ENDPOINTS_HOST_MAX - 1), 1, &port), 0);
	ck_assert_int_eq(endpoints_find(e, 1, &got), 0);
	ck_assert_uint_eq(strlen(got.host), ENDPOINTS_HOST_MAX - 1);
	endpoints_free(e);
}
END_TEST

START_TEST(stops)
{
	struct endpoints *e = make(0, NULL);
	uint16_t port = 0;

	(void)meet(e, 1, "h", 1);
	endpoints_stop(e);
	ck_assert_int_eq(endpoints_meet(e, 2, slice_str("h"), 1, &port), ERR_CLOSED);
	(void)meet(e, 1, "elsewhere", 2);
	ck_assert_uint_eq(fd_count, 1);
	endpoints_free(e);
}
END_TEST

/* --- the file --------------------------------------------------------------------------- */

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(kept)
{
	struct endpoints *e = make(0, dir);
	struct endpoint got;
	struct stat st;
	uint16_t a, b;

	endpoints_look(e, cluster());
	a = meet(e, 1, "one.example", 9092);
	b = meet(e, 1 + SIZE, "fe80::9", 9093);
	ck_assert_uint_ne(a, b);
	endpoints_free(e);
	close_all();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	e = make(0, dir);
	ck_assert_uint_eq(fd_count, 2);
	endpoints_look(e, cluster());
	ck_assert_int_eq(endpoints_find(e, 1 + SIZE, &got), 0);
	ck_assert_str_eq(got.host, "fe80::9");
	ck_assert_uint_eq(got.broker_port, 9093);
	/* Met in the other order, they keep their ports. */
	ck_assert_uint_eq(meet(e, 1 + SIZE, "fe80::9", 9093), b);
	ck_assert_uint_eq(meet(e, 1, "one.example", 9092), a);
	endpoints_free(e);
}
END_TEST

START_TEST(bad_lines)
{
	struct endpoints *e;
	struct endpoint got;
	char text[4096];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text),
			     "# comment\n\n   \nnonsense\n5\n5 %u\n-1 %u a:1\n4294967297 %u a:1\n5 %u a:1\n5 %u a:1\n"
			     "5 65536 a:1\n5 %u a\n5 %u :1\n5 %u a:65536\n2 %u two:9092\n2 %u again:9092\n"
			     "3 %u same-port:9092\n9 %u %0300d:1\n",
			     first, first, first, first - 1, last + 1, first, first, first, first + 6, first + 5,
			     first + 6, first, 7);
	ck_assert_uint_lt(n, sizeof(text));
	write_file(text);
	e = make(0, dir);
	ck_assert_uint_eq(fd_count, 1);
	endpoints_look(e, cluster());
	ck_assert(endpoints_at(e, 0, &got));
	ck_assert_int_eq(got.node_id, 2);
	ck_assert_str_eq(got.host, "two");
	ck_assert_uint_eq(got.port, first + 6);
	ck_assert(!endpoints_at(e, 1, &got));
	endpoints_free(e);
}
END_TEST

/* Until the cluster is known to be the same, the ports are open but lead nowhere. */
START_TEST(file_of_the_same_cluster)
{
	struct endpoints *e = make(0, dir);
	struct endpoint got;

	endpoints_look(e, cluster());
	(void)meet(e, 2, "two", 9092);
	(void)meet(e, 5, "five", 9092);
	endpoints_free(e);
	close_all();
	e = make(0, dir);
	ck_assert_uint_eq(fd_count, 2);
	ck_assert_int_eq(endpoints_find(e, 2, &got), ERR_NOTFOUND);
	ck_assert(!endpoints_at(e, 0, &got));
	ck_assert_uint_eq(meet(e, 5, "five", 9092), first + 5); /* told by a broker of the cluster */
	ck_assert(endpoints_at(e, 0, &got) && got.node_id == 5);
	ck_assert(!endpoints_at(e, 1, &got));
	endpoints_look(e, cluster());
	ck_assert(endpoints_at(e, 0, &got) && got.node_id == 2);
	ck_assert(endpoints_at(e, 1, &got) && got.node_id == 5);
	(void)meet(e, 2, "two", 9092);
	endpoints_look(e, slice_of(NULL, 0)); /* a cluster without an id is any cluster */
	ck_assert_int_eq(endpoints_find(e, 2, &got), 0);
	endpoints_free(e);
}
END_TEST

START_TEST(file_of_another_cluster)
{
	struct endpoints *e = make(0, dir);
	struct endpoint got;

	endpoints_look(e, slice_str("another"));
	(void)meet(e, 2, "two.another", 9092);
	(void)meet(e, 5, "five.another", 9092);
	endpoints_free(e);
	close_all();
	e = make(0, dir);
	endpoints_look(e, cluster());
	ck_assert_int_eq(endpoints_find(e, 2, &got), ERR_NOTFOUND);
	ck_assert(!endpoints_at(e, 0, &got));
	ck_assert_uint_eq(meet(e, 2, "two", 9093), first + 2);
	ck_assert_int_eq(endpoints_find(e, 5, &got), ERR_NOTFOUND);
	endpoints_free(e);
	close_all();
	/* The file has forgotten the other one, too. */
	e = make(0, dir);
	ck_assert_uint_eq(fd_count, 1);
	endpoints_look(e, cluster());
	ck_assert(endpoints_at(e, 0, &got));
	ck_assert_str_eq(got.host, "two");
	ck_assert(!endpoints_at(e, 1, &got));
	endpoints_free(e);
}
END_TEST

/* What a client is told, and by whom, is not for us to believe where we know better. */
START_TEST(heard)
{
	struct endpoints *e = make(0, dir);
	struct endpoint got;
	uint16_t port;
	bool differs;

	endpoints_look(e, cluster());
	(void)meet(e, 1, "one", 9091);
	ck_assert_int_eq(endpoints_hear(e, 1, slice_str("elsewhere"), 9092, &port, &differs), 0);
	ck_assert(differs);
	ck_assert_uint_eq(port, first + 1);
	ck_assert_int_eq(endpoints_find(e, 1, &got), 0);
	ck_assert_str_eq(got.host, "one");
	ck_assert_uint_eq(got.broker_port, 9091);
	ck_assert_int_eq(endpoints_hear(e, 1, slice_str("one"), 9091, &port, &differs), 0);
	ck_assert(!differs);
	/* One that no look told yet, or any more, has nothing better. */
	ck_assert_int_eq(endpoints_hear(e, 2, slice_str("two"), 9092, &port, &differs), 0);
	ck_assert(!differs);
	ck_assert_int_eq(endpoints_find(e, 2, &got), 0);
	endpoints_look(e, cluster());
	endpoints_look(e, cluster());
	ck_assert_int_eq(endpoints_find(e, 1, &got), ERR_NOTFOUND);
	ck_assert_int_eq(endpoints_hear(e, 1, slice_str("elsewhere"), 9092, &port, &differs), 0);
	ck_assert(!differs);
	ck_assert_int_eq(endpoints_find(e, 1, &got), 0);
	ck_assert_str_eq(got.host, "elsewhere");
	/* The look knows, whatever was heard. */
	endpoints_look(e, cluster());
	(void)meet(e, 1, "one", 9091);
	ck_assert_int_eq(endpoints_find(e, 1, &got), 0);
	ck_assert_str_eq(got.host, "one");
	endpoints_free(e);
}
END_TEST

/* A file from before clusters were noted. */
START_TEST(file_without_cluster)
{
	struct endpoints *e;
	struct endpoint got;
	char text[64];

	(void)snprintf(text, sizeof(text), "4 %u four:9092\n", first + 4);
	write_file(text);
	e = make(0, dir);
	endpoints_look(e, cluster());
	ck_assert_int_eq(endpoints_find(e, 4, &got), 0);
	endpoints_free(e);
	close_all();
	e = make(0, dir);
	endpoints_look(e, slice_str("another"));
	ck_assert_int_eq(endpoints_find(e, 4, &got), ERR_NOTFOUND);
	endpoints_free(e);
}
END_TEST

/* What a broker calls its cluster must not become a line of the file. */
START_TEST(odd_clusters)
{
	static const char *const odd[] = {"a b", "a\n1 2 h:1", "\x7f", "\xc3\xa4"};
	struct endpoint got;

	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct endpoints *e = make(0, dir);

		endpoints_look(e, slice_str(odd[i]));
		(void)meet(e, 1, "one", 9092);
		endpoints_free(e);
		close_all();
		e = make(0, dir);
		ck_assert_uint_eq(fd_count, 1);
		endpoints_look(e, cluster());
		ck_assert_int_eq(endpoints_find(e, 1, &got), 0);
		endpoints_free(e);
		close_all();
		ck_assert_int_eq(remove(path), 0);
	}
}
END_TEST

/* A port of last time that another program has by now: the broker gets another when it is met. */
START_TEST(lost_port)
{
	struct endpoints *e;
	struct endpoint got;
	char text[64];
	int other = take((uint16_t)(first + 4));

	ck_assert_int_ge(other, 0);
	(void)snprintf(text, sizeof(text), "4 %u four:9092\n", first + 4);
	write_file(text);
	e = make(0, dir);
	ck_assert_uint_eq(fd_count, 0);
	ck_assert_int_eq(endpoints_find(e, 4, &got), ERR_NOTFOUND);
	ck_assert_uint_eq(meet(e, 4, "four", 9092), first + 5);
	endpoints_free(e);
	close(other);
}
END_TEST

START_TEST(no_directory)
{
	struct endpoints *e = make(0, "/nonexistent/makoto");

	(void)meet(e, 1, "h", 1); /* works all the same */
	endpoints_free(e);
}
END_TEST

/* --- threads ----------------------------------------------------------------------------- */

static void *
meet_all(void *arg)
{
	struct endpoints *e = arg;
	struct endpoint got;

	for (int i = 0; i < 400; i++) {
		uint16_t port = meet(e, i % SIZE, i % 3 == 0 ? "here" : "there", 9092);

		if (endpoints_find(e, i % SIZE, &got) != 0)
			continue; /* others looked twice meanwhile */
		ck_assert_uint_eq(got.port, port);
		ck_assert(strcmp(got.host, "here") == 0 || strcmp(got.host, "there") == 0);
		(void)endpoints_at(e, (size_t)i % SIZE, &got);
		endpoints_count(e, port, 1);
		endpoints_look(e, cluster());
		endpoints_count(e, port, -1);
	}
	return NULL;
}

START_TEST(from_threads)
{
	struct endpoints *e = make(0, dir);
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, meet_all, e), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(fd_count, SIZE); /* each port once */
	endpoints_free(e);
}
END_TEST

static void *
meet_one(void *arg)
{
	(void)meet(arg, 1, "h", 9092);
	return NULL;
}

/* The file is a pipe that nobody reads: whoever looks a broker up meanwhile isn't kept. */
START_TEST(a_disk_that_hangs)
{
	struct endpoints *e = make(0, dir);
	struct endpoint got;
	pthread_t thread;
	char pipe[80], text[256];
	int fd;

	(void)snprintf(pipe, sizeof(pipe), "%s.new", path);
	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, meet_one, e), 0);
	while (endpoints_find(e, 1, &got) != 0)
		sched_yield();
	ck_assert_str_eq(got.host, "h");
	fd = open(pipe, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(read(fd, text, sizeof(text)), 0);
	close(fd);
	pthread_join(thread, NULL);
	endpoints_free(e);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("endpoints");
	TCase *t = tcase_create("endpoints");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, meets);
	tcase_add_test(t, told_no_more);
	tcase_add_test(t, others);
	tcase_add_test(t, large_ids);
	tcase_add_test(t, taken_and_full);
	tcase_add_test(t, ports_pass_on);
	tcase_add_test(t, ports_stay);
	tcase_add_test(t, impossible_brokers);
	tcase_add_test(t, stops);
	tcase_add_test(t, kept);
	tcase_add_test(t, bad_lines);
	tcase_add_test(t, file_of_the_same_cluster);
	tcase_add_test(t, file_of_another_cluster);
	tcase_add_test(t, heard);
	tcase_add_test(t, file_without_cluster);
	tcase_add_test(t, odd_clusters);
	tcase_add_test(t, lost_port);
	tcase_add_test(t, no_directory);
	tcase_add_test(t, from_threads);
	tcase_add_test(t, a_disk_that_hangs);
	suite_add_tcase(s, t);
	return suite_run(s);
}
