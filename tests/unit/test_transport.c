/* Contexts that one thread swaps while others make connections with them, both ends of which are ios. */
#include <pthread.h>
#include <stdatomic.h>

#include "proxy/transport.h"
#include "tls_ends.h"

static struct transport transport;
static atomic_bool stop;

struct pair {
	struct loop *loop;
	struct io *ends[2];
	unsigned frames, failed, closed;
};

static void
send_hello(struct io *to)
{
	struct blob *b = blob_new(9);

	ck_assert_ptr_nonnull(b);
	memcpy(b->data, "\0\0\0\5hello", 9);
	b->len = 9;
	ck_assert_int_eq(io_send(to, b, 0, 9), 0);
	blob_unref(b);
}

static void
on_pair(void *arg, struct io *from, struct io_note *note)
{
	struct pair *p = arg;

	switch (note->ev) {
	case IO_UP:
		if (from == p->ends[1])
			send_hello(from);
		break;
	case IO_HEAD: note->take = IO_WHOLE; break;
	case IO_FRAME:
		p->frames++;
		io_finish(from, 60000, 60000);
		break;
	case IO_FAIL: p->failed++; /* fall through */
	case IO_EOF:
	case IO_DONE:
	case IO_IDLE:
		p->closed++;
		io_close(from);
		break;
	case IO_CHUNK:
	case IO_LOW:
	case IO_HANGUP: break;
	}
}

/* Connections on a loop of this thread's own, each with the contexts of the moment. */
static void *
connect_often(void *arg)
{
	struct pair p = {.loop = loop_new()};

	(void)arg;
	ck_assert_ptr_nonnull(p.loop);
	for (int i = 0; i < 40; i++) {
		struct tls_context *s = transport_clients(&transport), *c = transport_brokers(&transport);
		int fds[2];

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
		p.ends[0] = io_new_tls(p.loop, fds[0], MAX_FRAME, s, NULL, on_pair, &p);
		p.ends[1] = io_new_tls(p.loop, fds[1], MAX_FRAME, c, "kafka-1.example", on_pair, &p);
		ck_assert(p.ends[0] != NULL && p.ends[1] != NULL);
		tls_unref(s);
		tls_unref(c);
		p.closed = 0;
		while (p.closed < 2)
			ck_assert_int_eq(loop_turn(p.loop), 0);
	}
	ck_assert_uint_eq(p.frames, 40);
	ck_assert_uint_eq(p.failed, 0);
	loop_free(p.loop);
	return NULL;
}

static void *
swap_often(void *arg)
{
	struct tls_server_conf sc = server_conf();
	struct tls_client_conf cc = client_conf();

	(void)arg;
	do {
		struct tls_context *s = server_context(&sc), *c = client_context(&cc);

		transport_set(&transport, s, c);
		tls_unref(s);
		tls_unref(c);
	} while (!atomic_load(&stop));
	return NULL;
}

START_TEST(swapped)
{
	struct tls_server_conf sc = server_conf();
	struct tls_client_conf cc = client_conf();
	struct tls_context *s = server_context(&sc), *c = client_context(&cc);
	pthread_t threads[3];

	transport_init(&transport);
	ck_assert_ptr_null(transport_clients(&transport));
	transport_set(&transport, s, c);
	tls_unref(s);
	tls_unref(c);
	ck_assert_int_eq(pthread_create(&threads[0], NULL, swap_often, NULL), 0);
	for (int i = 1; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, connect_often, NULL), 0);
	for (int i = 1; i < 3; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&stop, true);
	pthread_join(threads[0], NULL);
	transport_set(&transport, NULL, NULL);
	ck_assert_ptr_null(transport_brokers(&transport));
	transport_fini(&transport);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("transport");
	TCase *t = tcase_create("transport");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, swapped);
	suite_add_tcase(s, t);
	return suite_run(s);
}
