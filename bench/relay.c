/*
 * The floor of passing bytes on: a thread that reads from one connection and writes to another.
 *
 *   sender ─► relay (measured) ─► sink          all on 127.0.0.1
 *
 * The sender makes a pause after each chunk, as a client does that waits for answers: a relay
 * that is always busy never sleeps, and so looks cheaper than any proxy can be.
 *
 * usage: relay MEGABYTES CHUNK PAUSE_US      prints the relay thread's CPU-ms per MB
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 128 * 1024 };

static long total, chunk, pause_us;
static int in_listener, out_listener;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int
listen_any(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 1) != 0)
		fail("listen");
	return fd;
}

static int
connect_to(int listener)
{
	static const int on = 1;
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || getsockname(listener, (struct sockaddr *)&a, &len) != 0 || connect(fd, (struct sockaddr *)&a, len) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		fail("connect");
	return fd;
}

static void
write_all(int fd, const char *p, long n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, (size_t)n);

		if (k <= 0)
			fail("write");
		p += k;
		n -= k;
	}
}

static void *
send_all(void *arg)
{
	struct timespec rest = {0, pause_us * 1000};
	char *data = calloc(1, (size_t)chunk);
	int fd = connect_to(in_listener);

	(void)arg;
	if (data == NULL)
		fail("calloc");
	for (long sent = 0; sent < total; sent += chunk) {
		write_all(fd, data, chunk);
		(void)nanosleep(&rest, NULL);
	}
	close(fd);
	free(data);
	return NULL;
}

static void *
drop_all(void *arg)
{
	static char data[BUFFER];
	int fd = accept(out_listener, NULL, NULL);

	(void)arg;
	while (read(fd, data, sizeof(data)) > 0)
		continue;
	close(fd);
	return NULL;
}

int
main(int argc, char **argv)
{
	static char data[BUFFER];
	pthread_t sender, sink;
	struct rusage used;
	int in, out;
	ssize_t n;

	if (argc != 4) {
		fprintf(stderr, "usage: relay MEGABYTES CHUNK PAUSE_US\n");
		return 2;
	}
	total = atol(argv[1]) * 1000000;
	chunk = atol(argv[2]);
	pause_us = atol(argv[3]);
	in_listener = listen_any();
	out_listener = listen_any();
	if (pthread_create(&sink, NULL, drop_all, NULL) != 0 || pthread_create(&sender, NULL, send_all, NULL) != 0)
		fail("pthread_create");
	in = accept(in_listener, NULL, NULL);
	out = connect_to(out_listener);
	while ((n = read(in, data, sizeof(data))) > 0)
		write_all(out, data, n);
	close(out);
	(void)pthread_join(sender, NULL);
	(void)pthread_join(sink, NULL);
	(void)getrusage(RUSAGE_THREAD, &used);
	printf("%.3f\n", ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
			  (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3) / ((double)total / 1e6));
	return 0;
}
