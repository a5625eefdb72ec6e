/*
 * The proxy's own questions, asked of a broker that misbehaves once and is then good.
 *
 * Waiting is always for something that must come: an answer, a connection.
 */
#include "proxy/control.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rd.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "proxy/proxy.h"
#include "ports.h"
#include "suite.h"

/* What the broker does with the next question of ours, once. */
enum mischief { NONE, LEAVE, OTHER_ID, NO_HEADER, CUT_OFF, HUGE_FRAME, SECOND_ANSWER };

/* With the next greeting, once. */
enum greeting { GOOD, NONSENSE, AN_ERROR, HANG_UP };

static struct {
	int fd;
	uint16_t port;
	pthread_t thread;
	atomic_int mischief, greeting;
	atomic_uint connections, asked;
	_Atomic(const char *) cluster; /* NULL: the usual one */
	atomic_int version;  /* of the last question */
	int conn; /* of the thread's */
	pthread_mutex_t mutex; /* of conn */
} broker;

static atomic_bool poison; /* every question's answer is too large */

static bool
receive_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = recv(fd, p, n, 0);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool
send_framed(int fd, struct wr *w)
{
	size_t at = 0;

	wr_patch_u32(w, 0, (uint32_t)w->len - 4);
	while (at < w->len) {
		ssize_t n = send(fd, w->buf + at, w->len - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static void
put_versions(struct wr *w, enum greeting how)
{
	static const int16_t apis[][3] = {{API_METADATA, 0, 2}, {API_VERSIONS, 0, 3}, {API_DESCRIBE_CONFIGS, 2, 3}};

	if (how == NONSENSE) {
		wr_text(w, "?");
		return;
	}
	wr_i16(w, how == AN_ERROR ? 41 : 0);
	wr_i32(w, (int32_t)ARRAY_LEN(apis));
	for (size_t i = 0; i < ARRAY_LEN(apis); i++)
		for (size_t k = 0; k < 3; k++)
			wr_i16(w, apis[i][k]);
}

static void
put_metadata(struct wr *w)
{
	wr_i32(w, 1); /* brokers */
	wr_i32(w, 1);
	wr_string(w, slice_str("127.0.0.1"));
	wr_i32(w, broker.port);
	wr_i16(w, -1);
	wr_string(w, slice_str(atomic_load(&broker.cluster) != NULL ? atomic_load(&broker.cluster) : "unit-cluster"));
	wr_i32(w, 1); /* controller */
	wr_i32(w, 0); /* topics */
}

/* Our question: the body comes back, or something goes wrong.  false: the connection ends. */
static bool
answer_question(int fd, const struct request_header *h, struct slice frame, struct wr *w)
{
	enum mischief m = atomic_load(&poison) ? HUGE_FRAME : (enum mischief)atomic_exchange(&broker.mischief, NONE);

	ck_assert(slice_eq(h->client_id, slice_str("makoto-proxy")));
	atomic_store(&broker.version, h->version);
	atomic_fetch_add(&broker.asked, 1);
	if (m == LEAVE)
		return false;
	wr_patch_u32(w, 4, (uint32_t)(h->correlation_id + (m == OTHER_ID)));
	if (m == NO_HEADER)
		w->len = 6;
	else
		wr_bytes(w, frame.p + h->body_at, frame.n - h->body_at);
	if (m == CUT_OFF || m == HUGE_FRAME) {
		uint8_t size[4] = {m == HUGE_FRAME ? 0x7f : 0, 0, 1, 0};

		(void)send(fd, size, 4, MSG_NOSIGNAL);
		return false;
	}
	return send_framed(fd, w) && (m != SECOND_ANSWER || send_framed(fd, w));
}

static bool
answer(int fd, struct slice frame)
{
	struct wr w = wr_new(1 << 16);
	struct request_header h;
	bool on;

	ck_assert_int_eq(request_header_read(frame, &h), 0);
	wr_u32(&w, 0);
	wr_i32(&w, h.correlation_id);
	if (h.key == API_VERSIONS) {
		enum greeting how = (enum greeting)atomic_exchange(&broker.greeting, GOOD);

		ck_assert_int_eq(h.version, 0);
		put_versions(&w, how);
		on = how != HANG_UP && send_framed(fd, &w);
	} else if (h.key == API_METADATA) {
		ck_assert_int_eq(h.version, 2);
		put_metadata(&w);
		on = send_framed(fd, &w);
	} else {
		on = answer_question(fd, &h, frame, &w);
	}
	wr_free(&w);
	return on;
}

static void
serve(int fd)
{
	uint8_t head[4], frame[4096];

	while (receive_all(fd, head, 4)) {
		uint32_t n = (uint32_t)head[2] << 8 | head[3];

		ck_assert_uint_le(n, sizeof(frame));
		if (!receive_all(fd, frame, n) || !answer(fd, slice_of(frame, n)))
			return;
	}
}

static void *
run_broker(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(broker.fd, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&broker.mutex);
		broker.conn = fd;
		pthread_mutex_unlock(&broker.mutex);
		atomic_fetch_add(&broker.connections, 1);
		serve(fd);
		pthread_mutex_lock(&broker.mutex);
		broker.conn = -1;
		close(fd);
		pthread_mutex_unlock(&broker.mutex);
	}
	return NULL;
}

static int
bound(uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* --- the proxy ------------------------------------------------------------------------ */

static struct loop *loop;
static struct proxy *proxy;
static pthread_t loop_thread;
static char servers[64];

static void *
run_loop(void *arg)
{
	(void)arg;
	ck_assert_int_eq(loop_run(loop), 0);
	return NULL;
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

static void
proxy_open(void)
{
	struct proxy_settings set = proxy_settings_default();
	char why[256];

	set.bootstrap_port = 0;
	set.first_port = ports_reserve();
	set.last_port = (uint16_t)(set.first_port + 24);
	set.bootstrap_servers = servers;
	set.threads = 1;
	set.max_frame = 4096;
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_msg(proxy_new(loop, &set, NULL, 0, why, sizeof(why), &proxy) == 0, "%s", why);
	ck_assert_msg(proxy_start(proxy, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(pthread_create(&loop_thread, NULL, run_loop, NULL), 0);
}

static void
proxy_close(void)
{
	if (proxy == NULL)
		return;
	ck_assert_int_eq(wake_post_fn(loop_wake(loop), stop_loop, loop), 0);
	pthread_join(loop_thread, NULL);
	proxy_free(proxy);
	loop_free(loop);
	proxy = NULL;
}

static void
setup(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	broker.fd = bound(&broker.port);
	broker.conn = -1;
	pthread_mutex_init(&broker.mutex, NULL);
	ck_assert_int_eq(listen(broker.fd, 16), 0);
	ck_assert_int_eq(pthread_create(&broker.thread, NULL, run_broker, NULL), 0);
	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", broker.port);
}

static void
teardown(void)
{
	proxy_close();
	shutdown(broker.fd, SHUT_RDWR);
	pthread_mutex_lock(&broker.mutex);
	if (broker.conn >= 0)
		shutdown(broker.conn, SHUT_RDWR);
	pthread_mutex_unlock(&broker.mutex);
	pthread_join(broker.thread, NULL);
	close(broker.fd);
}

/* --- a question ------------------------------------------------------------------------- */

struct question {
	sem_t done;
	unsigned ends;
	int err;
	int16_t version;
	char body[64], wanted[64];
	size_t long_body; /* how many bytes it would have */
};

static void
write_body(void *arg, int16_t version, struct wr *w)
{
	struct question *q = arg;

	(void)snprintf(q->wanted, sizeof(q->wanted), "q at %d", version);
	wr_text(w, q->wanted);
	for (size_t i = 0; i < q->long_body; i++)
		wr_u8(w, 'x');
}

static void
on_done(void *arg, int err, int16_t version, struct slice body)
{
	struct question *q = arg;

	q->ends++;
	q->err = err;
	q->version = version;
	(void)snprintf(q->body, sizeof(q->body), "%.*s", (int)body.n, (const char *)body.p);
	sem_post(&q->done);
}

static void
ask(struct question *q, int16_t key, int16_t min, int16_t max)
{
	memset(q, 0, sizeof(*q));
	sem_init(&q->done, 0, 0);
	ck_assert_int_eq(control_ask(proxy_control(proxy), key, min, max, write_body, on_done, q), 0);
}

static void
await(struct question *q)
{
	while (sem_wait(&q->done) != 0)
		ck_assert_int_eq(errno, EINTR);
}

static void
ck_answered(struct question *q, int16_t version)
{
	await(q);
	ck_assert_int_eq(q->err, 0);
	ck_assert_int_eq(q->version, version);
	ck_assert_str_eq(q->body, q->wanted);
}

START_TEST(versions)
{
	struct question q;

	proxy_open();
	ask(&q, API_DESCRIBE_CONFIGS, 1, 4); /* the broker: 2 to 3 */
	ck_answered(&q, 3);
	ck_assert_int_eq(atomic_load(&broker.version), 3);
	ask(&q, API_DESCRIBE_CONFIGS, 1, 2);
	ck_answered(&q, 2);
	ask(&q, API_DESCRIBE_CONFIGS, 4, 4);
	await(&q);
	ck_assert_int_eq(q.err, ERR_UNSUPPORTED);
	ask(&q, API_DESCRIBE_CONFIGS, 0, 1);
	await(&q);
	ck_assert_int_eq(q.err, ERR_UNSUPPORTED);
	ask(&q, API_END_TXN, 0, 5);
	await(&q);
	ck_assert_int_eq(q.err, ERR_UNSUPPORTED);
	ck_assert_uint_eq(atomic_load(&broker.asked), 2);
}
END_TEST

/* A question whose answer can't be had is its asker's trouble, nobody else's. */
START_TEST(poisoned)
{
	struct question q, good;

	proxy_open();
	ask(&good, API_DESCRIBE_CONFIGS, 1, 4);
	ck_answered(&good, 3);
	atomic_store(&poison, true);
	ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
	await(&q);
	ck_assert_int_eq(q.err, ERR_LIMIT);
	atomic_store(&poison, false);
	ask(&good, API_DESCRIBE_CONFIGS, 1, 4);
	ck_answered(&good, 3);
	ck_assert_uint_eq(atomic_load(&broker.connections), 3);
}
END_TEST

START_TEST(in_order)
{
	enum { MANY = 100 };
	static struct question q[MANY];

	proxy_open();
	for (int i = 0; i < MANY; i++)
		ask(&q[i], API_DESCRIBE_CONFIGS, 1, i % 2 == 0 ? 2 : 3);
	for (int i = 0; i < MANY; i++)
		ck_answered(&q[i], i % 2 == 0 ? 2 : 3);
	ck_assert_uint_eq(atomic_load(&broker.connections), 1);
}
END_TEST

/* Whatever happens to a connection, the question is asked again on the next one. */
START_TEST(asked_again)
{
	static const enum mischief what[] = {LEAVE, OTHER_ID, NO_HEADER, CUT_OFF, HUGE_FRAME};
	struct question q, next;

	proxy_open();
	for (size_t i = 0; i < ARRAY_LEN(what); i++) {
		atomic_store(&broker.mischief, what[i]);
		ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
		ask(&next, API_DESCRIBE_CONFIGS, 1, 2);
		ck_answered(&q, 3);
		ck_answered(&next, 2);
		ck_assert_uint_eq(q.ends, 1);
	}
	ck_assert_uint_eq(atomic_load(&broker.connections), 1 + ARRAY_LEN(what));
}
END_TEST

/* An answer to nothing ends the connection; what comes then is asked on another. */
START_TEST(one_answer_too_many)
{
	struct question q;

	proxy_open();
	atomic_store(&broker.mischief, SECOND_ANSWER);
	ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
	ck_answered(&q, 3);
	while (atomic_load(&broker.connections) < 2)
		sched_yield();
	ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
	ck_answered(&q, 3);
}
END_TEST

START_TEST(greeted_badly)
{
	for (int how = NONSENSE; how <= HANG_UP; how++) {
		struct question q;

		atomic_store(&broker.greeting, how);
		proxy_open();
		ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
		ck_answered(&q, 3);
		proxy_close();
	}
	ck_assert_uint_ge(atomic_load(&broker.connections), 6);
}
END_TEST

/* The first bootstrap server refuses. */
START_TEST(another_server)
{
	struct question q;
	uint16_t port;
	int taken = bound(&port); /* and nobody listens */

	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u,127.0.0.1:%u", port, broker.port);
	proxy_open();
	ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
	ck_answered(&q, 3);
	close(taken);
}
END_TEST

START_TEST(knows_the_cluster)
{
	char id[64];

	proxy_open();
	while (proxy_unready(proxy) != NULL)
		sched_yield();
	proxy_cluster_id(proxy, id, sizeof(id));
	ck_assert_str_eq(id, "unit-cluster");
	control_refresh(proxy_control(proxy));
	control_refresh(proxy_control(proxy));
}
END_TEST

/* It is printed as it is when the proxy gets ready: a broker's words don't become lines of ours. */
START_TEST(a_cluster_id_that_is_no_word)
{
	char id[64];

	atomic_store(&broker.cluster, "a b\nready key=x\x1b[31m\xc2\x9b~");
	proxy_open();
	while (proxy_unready(proxy) != NULL)
		sched_yield();
	proxy_cluster_id(proxy, id, sizeof(id));
	ck_assert_str_eq(id, "a?b?ready?key=x?[31m??~");
}
END_TEST

START_TEST(too_large)
{
	struct question q = {.long_body = 5000};

	proxy_open();
	sem_init(&q.done, 0, 0);
	ck_assert_int_eq(control_ask(proxy_control(proxy), API_DESCRIBE_CONFIGS, 1, 4, write_body, on_done, &q), 0);
	await(&q);
	ck_assert_int_eq(q.err, ERR_LIMIT);
	ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
	ck_answered(&q, 3);
}
END_TEST

/* What was not answered when the proxy ends has an end all the same, once. */
START_TEST(ended)
{
	struct question q;
	uint16_t port;
	int taken = bound(&port);

	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", port);
	proxy_open();
	ask(&q, API_DESCRIBE_CONFIGS, 1, 4);
	proxy_close();
	ck_assert_uint_eq(q.ends, 1);
	ck_assert_int_eq(q.err, ERR_CLOSED);
	close(taken);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("control");
	TCase *t = tcase_create("control");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, versions);
	tcase_add_test(t, in_order);
	tcase_add_test(t, poisoned);
	tcase_add_test(t, asked_again);
	tcase_add_test(t, one_answer_too_many);
	tcase_add_test(t, greeted_badly);
	tcase_add_test(t, another_server);
	tcase_add_test(t, knows_the_cluster);
	tcase_add_test(t, a_cluster_id_that_is_no_word);
	tcase_add_test(t, too_large);
	tcase_add_test(t, ended);
	suite_add_tcase(s, t);
	return suite_run(s);
}
