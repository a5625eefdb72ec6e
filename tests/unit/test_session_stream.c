/*
 * Fetch answers that pass while they come: client, proxy and broker on one loop and one
 * thread, sockets that don't block; waiting is turning the loop until what must come has come.
 */
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "hex.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "net/listen.h"
#include "proxy/proxy.h"
#include "stages/addresses.h"
#include "suite.h"

enum { HOUR_MS = 3600000, PIECE = 65536, CONNS_MAX = 8 };

/* What a connection pair may hold: both ways what io_internal.h says, and some for exchanges and the like. */
enum { HELD_MAX = 256 * 1024 };

static struct loop *loop;
static struct proxy *proxy;
static struct addresses *addresses;
static const struct stage *stages[1];
static uint16_t port;
static char why[256], servers[64];
static int client; /* the test's end of a client's connection */

static struct {
	int fd;
	int conns[CONNS_MAX]; /* accepted; the first is the proxy's own */
	unsigned count;
	int served; /* the client's, once it asked */
} broker;

static void
nothing(void *arg)
{
	(void)arg;
}

/* One turn that doesn't wait. */
static void
turn(void)
{
	struct loop_task t = {.fn = nothing};

	loop_next(loop, &t);
	ck_assert_int_eq(loop_turn(loop), 0);
}

static int
map(void *arg, int32_t node_id, struct slice host, int32_t broker_port, struct slice *ret_host, int32_t *ret_port)
{
	(void)arg;
	(void)host;
	(void)broker_port;
	*ret_host = slice_str("local");
	*ret_port = 9000 + node_id;
	return 0;
}

static void
note_port(void *arg, const struct proxy_port *p)
{
	(void)arg;
	if (p->node_id < 0)
		port = p->port;
}

static void
setup(void)
{
	struct proxy_settings set = proxy_settings_default();
	struct addr at;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* each refusal has its line */
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	memset(&broker, 0, sizeof(broker));
	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	ck_assert_int_eq(listen_open(&at, &broker.fd), 0);
	at = addr_of_socket(broker.fd);
	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", addr_port(&at));
	addresses = addresses_new(map, NULL);
	ck_assert_ptr_nonnull(addresses);
	stages[0] = addresses_stage(addresses);
	set.bootstrap_port = 0;
	set.bootstrap_servers = servers;
	set.idle_ms = set.drain_ms = HOUR_MS;
	ck_assert_msg(proxy_new(loop, &set, stages, 1, why, sizeof(why), &proxy) == 0, "%s", why);
	ck_assert_msg(proxy_start(proxy, why, sizeof(why)) == 0, "%s", why);
	proxy_ports(proxy, note_port, NULL);
	client = -1;
}

static void
teardown(void)
{
	if (client >= 0)
		close(client);
	for (unsigned i = 0; i < broker.count; i++)
		close(broker.conns[i]);
	close(broker.fd);
	proxy_free(proxy);
	addresses_free(addresses);
	loop_free(loop);
}

/* --- bytes --------------------------------------------------------------------------------- */

/* What goes without waiting; 0: nothing now.  false: the connection is gone. */
static bool
send_some(int fd, const uint8_t *p, size_t n, size_t *ret)
{
	ssize_t sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	*ret = sent > 0 ? (size_t)sent : 0;
	return sent > 0 || (sent < 0 && errno == EAGAIN);
}

static void
send_all(int fd, struct slice s)
{
	size_t sent;

	for (; s.n > 0; s = slice_of(s.p + sent, s.n - sent)) {
		ck_assert(send_some(fd, s.p, s.n, &sent));
		turn();
	}
}

/* How many of n bytes come before the end of the stream. */
static size_t
receive(int fd, uint8_t *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = recv(fd, p + got, n - got, MSG_DONTWAIT);

		if (r == 0 || (r < 0 && errno != EAGAIN))
			break;
		if (r > 0)
			got += (size_t)r;
		else
			turn();
	}
	return got;
}

/* --- a client, a request, and the broker's end of it ----------------------------------------- */

static void
dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};

	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(client, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof(to)), 0); /* the backlog takes it */
}

static void
ask(int16_t key, int16_t version, int32_t id, struct slice body)
{
	struct wr w = wr_new(SIZE_MAX / 2);

	wr_u32(&w, 0);
	request_header_write(key, version, id, slice_str("unit"), &w);
	wr_slice_put(&w, body);
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	send_all(client, wr_slice(&w));
	wr_free(&w);
}

/* The connection on which the broker gets the next request: the proxy's own ask as "makoto-proxy". */
static int
requested(void)
{
	for (;;) {
		int fd = accept4(broker.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			ck_assert_uint_lt(broker.count, CONNS_MAX);
			broker.conns[broker.count++] = fd;
		}
		for (unsigned i = 0; i < broker.count; i++) {
			uint8_t frame[64];
			ssize_t n = recv(broker.conns[i], frame, sizeof(frame), MSG_DONTWAIT | MSG_PEEK);
			struct request_header h;

			if (n > 4 && request_header_read(slice_of(frame + 4, (size_t)n - 4), &h) == 0 &&
			    slice_eq(h.client_id, slice_str("unit"))) {
				while (recv(broker.conns[i], frame, sizeof(frame), MSG_DONTWAIT) > 0)
					;
				broker.served = broker.conns[i];
				return broker.served;
			}
		}
		turn();
	}
}

static int
fetching(int32_t id)
{
	ask(API_FETCH, 16, id, slice_str("any"));
	return requested();
}

/* What an answer is before its records and behind them. */
#define HEAD "00000000 0000 00000007 02 000102030405060708090a0b0c0d0e0f 02 00000000 0006 0000000000000009 " \
	     "0000000000000009 0000000000000000 00 ffffffff"
#define TAIL "01 01 09 00000002 00000005 00 00 | 01 00 15 02 00000002 0a 'k2.secret' 00002384 00 00"
#define OURS "01 01 09 00000002 00000005 00 00 | 02 00 11 02 00000002 06 'local' 0000232a 00 00 ffff7f 00"

/* A frame's beginning: length, header, and all before n bytes of records; `tail` bytes come behind them. */
static struct wr
frame_begin(int32_t id, size_t n, size_t tail)
{
	struct wr w = wr_new(4096), head = hex_of(HEAD);

	wr_u32(&w, 0);
	response_header_write(API_FETCH, 16, id, &w);
	wr_slice_put(&w, wr_slice(&head));
	wr_uvarint(&w, (uint32_t)n + 1);
	wr_patch_u32(&w, 0, (uint32_t)(w.len - 4 + n + tail));
	wr_free(&head);
	return w;
}

/* A frame of n bytes of records. */
static struct wr
frame_of(int32_t id, size_t n, const char *tail)
{
	struct wr end = hex_of(tail), w = frame_begin(id, n, end.len);

	w.max = SIZE_MAX / 2;
	for (size_t i = 0; i < n; i++)
		wr_u8(&w, (uint8_t)(i * 7));
	wr_slice_put(&w, wr_slice(&end));
	wr_free(&end);
	return w;
}

static void
want(struct slice bytes)
{
	uint8_t *got = malloc(bytes.n);

	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(receive(client, got, bytes.n), bytes.n);
	ck_assert_mem_eq(got, bytes.p, bytes.n);
	free(got);
}

static void
want_frame(struct wr w)
{
	want(wr_slice(&w));
	wr_free(&w);
}

/* The client sees the end, and before it nothing that tells the broker. */
static void
want_closed(void)
{
	static uint8_t got[1 << 20];
	size_t n = receive(client, got, sizeof(got));

	ck_assert_uint_lt(n, sizeof(got));
	ck_assert_ptr_null(memmem(got, n, "secret", 6));
}

/* Both ends hang up; the session has nothing to wait for. */
static void
until_no_connections(void)
{
	if (client >= 0)
		close(client);
	client = -1;
	(void)shutdown(broker.served, SHUT_RDWR);
	while (proxy_connections(proxy) > 0)
		turn();
}

/* --- an answer passes -------------------------------------------------------------------------- */

START_TEST(byte_by_byte)
{
	struct wr w = frame_of(7, 50, TAIL);
	int fd;

	dial();
	fd = fetching(7);
	for (size_t i = 0; i < w.len; i++)
		send_all(fd, slice_of(w.buf + i, 1));
	wr_free(&w);
	want_frame(frame_of(7, 50, OURS));
}
END_TEST

START_TEST(cut_anywhere)
{
	struct wr in = frame_of(7, 20, TAIL), out = frame_of(7, 20, OURS);

	dial();
	for (size_t i = 1; i < in.len; i++) {
		int fd = fetching(7);

		send_all(fd, slice_of(in.buf, i));
		turn();
		send_all(fd, slice_of(in.buf + i, in.len - i));
		want(wr_slice(&out));
	}
	wr_free(&in);
	wr_free(&out);
}
END_TEST

START_TEST(many_at_once) /* of each kind: watched, whole, relayed; in one packet, in order */
{
	struct wr all = wr_new(1 << 20), expected = wr_new(1 << 20), w;
	struct wr cluster = hex_of("00000018 00000003 00000001 00000002 0002 'k1' 00002384 00000000");
	struct wr ours = hex_of("0000001b 00000003 00000001 00000002 0005 'local' 0000232a 00000000");
	struct wr beat = hex_of("00000006 00000005 0000");
	int fd;

	dial();
	ask(API_FETCH, 16, 1, slice_str("any"));
	ask(API_FETCH, 18, 2, slice_str("any"));
	ask(API_METADATA, 0, 3, slice_str("any"));
	ask(API_FETCH, 16, 4, slice_str("any"));
	ask(12, 0, 5, slice_str("any"));
	fd = requested();
	for (int32_t id = 1; id <= 5; id++) {
		w = id == 3 ? cluster : id == 5 ? beat : frame_of(id, 100, id == 4 ? "00 00 00" : TAIL);
		wr_slice_put(&all, wr_slice(&w));
		wr_free(&w);
		w = id == 3 ? ours : id == 5 ? hex_of("00000006 00000005 0000") : frame_of(id, 100, id == 4 ? "00 00 00" : OURS);
		wr_slice_put(&expected, wr_slice(&w));
		wr_free(&w);
	}
	send_all(fd, wr_slice(&all));
	want(wr_slice(&expected));
	wr_free(&all);
	wr_free(&expected);
}
END_TEST

START_TEST(a_long_header) /* tagged fields of its own, longer than what is looked at first */
{
	struct wr body = frame_of(7, 30, TAIL), ours = frame_of(7, 30, OURS);
	struct wr in = wr_new(1 << 16), out = wr_new(1 << 16);
	int fd;

	for (int k = 0; k < 2; k++) {
		struct wr *w = k == 0 ? &in : &out;
		const struct wr *b = k == 0 ? &body : &ours;

		wr_u32(w, 0);
		wr_i32(w, 7);
		wr_u8(w, 1);
		wr_uvarint(w, 5);
		wr_uvarint(w, 300);
		for (int i = 0; i < 300; i++)
			wr_u8(w, 0xaa);
		wr_bytes(w, b->buf + 9, b->len - 9);
		wr_patch_u32(w, 0, (uint32_t)w->len - 4);
	}
	dial();
	fd = fetching(7);
	for (size_t i = 0; i < in.len; i++)
		send_all(fd, slice_of(in.buf + i, 1));
	want(wr_slice(&out));
	wr_free(&body);
	wr_free(&ours);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

/* --- or doesn't ---------------------------------------------------------------------------------- */

START_TEST(malformed)
{
	static const char *const tails[] = {
		"01 01 09 00000002 00000005 00 00 | 01 00 15 02 00000002 0a 'k2.secret' 00002384 00",       /* a byte short */
		"01 01 09 00000002 00000005 00 00 | 01 00 14 02 00000002 0a 'k2.secret' 00002384 00 00",    /* its size, too */
		"01 01 09 00000002 00000005 00 00 | 01 00 15 02 00000002 0a 'k2.secret' 00002384 00 00 00", /* a byte too many */
		"01 01 08 00000002 00000005 00 00 | 01 00 15 02 00000002 0a 'k2.secret' 00002384 00 00",    /* a leader's size */
	};
	struct wr w = frame_of(7, 50, tails[_i]);

	dial();
	send_all(fetching(7), wr_slice(&w));
	wr_free(&w);
	want_closed();
	until_no_connections();
}
END_TEST

START_TEST(an_end_too_long)
{
	struct wr w = frame_of(7, 50, "00 00 | 02 00 15 02 00000002 0a 'k2.secret' 00002384 00 00 07 808004");

	for (int i = 0; i < 65536; i++)
		wr_u8(&w, 0);
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(wr_err(&w), 0);
	dial();
	send_all(fetching(7), wr_slice(&w));
	wr_free(&w);
	want_closed();
	until_no_connections();
}
END_TEST

START_TEST(no_header)
{
	struct wr w = hex_of("00000006 00000007 ffff");

	dial();
	send_all(fetching(7), wr_slice(&w));
	wr_free(&w);
	want_closed();
	until_no_connections();
}
END_TEST

START_TEST(no_body)
{
	struct wr w = hex_of("00000005 00000007 00");

	dial();
	send_all(fetching(7), wr_slice(&w));
	wr_free(&w);
	want_closed();
	until_no_connections();
}
END_TEST

START_TEST(the_client_leaves_inside)
{
	struct wr w = frame_of(7, 50, TAIL);

	dial();
	send_all(fetching(7), slice_of(w.buf, w.len - (size_t)_i));
	want(slice_of(w.buf, 40));
	until_no_connections();
	wr_free(&w);
}
END_TEST

START_TEST(the_broker_leaves_inside)
{
	struct wr w = frame_of(7, 50, TAIL);
	int fd;

	dial();
	fd = fetching(7);
	send_all(fd, slice_of(w.buf, w.len - (size_t)_i));
	ck_assert_int_eq(shutdown(fd, SHUT_RDWR), 0);
	want_closed();
	until_no_connections();
	wr_free(&w);
}
END_TEST

/* --- memory ---------------------------------------------------------------------------------------- */

/* Bytes that the allocator gave out and has not back.  Under a sanitizer, which has an allocator of its own, 0. */
static size_t
allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* The records of a flood: the same again after a number of bytes in which no buffer's length goes. */
enum { PERIOD = 1000003 };

static const uint8_t *
records_at(size_t at)
{
	static uint8_t records[PERIOD + PIECE];

	if (records[1] == 0)
		for (size_t i = 0; i < sizeof(records); i++)
			records[i] = (uint8_t)(i % PERIOD * 7 + i % PERIOD / 4099);
	return records + at % PERIOD;
}

/* A flood of n bytes of records towards the client, who takes `take` bytes at a time and begins when nothing moves any more. */
static void
flood(size_t n, size_t take)
{
	static uint8_t got[PIECE];
	struct wr tail = hex_of(TAIL), ours = hex_of(OURS), head = frame_begin(7, n, tail.len);
	size_t sent = 0, taken = 0, before, most = 0, some, still = 0;
	int fd;

	dial();
	fd = fetching(7);
	send_all(fd, wr_slice(&head));
	want(wr_slice(&head));
	before = allocated();
	while (taken < n) {
		size_t len = n - sent < PIECE ? n - sent : PIECE;
		ssize_t r = 0;

		ck_assert(len == 0 || send_some(fd, records_at(sent), len, &some));
		some = len == 0 ? 0 : some;
		sent += some;
		still = some > 0 ? 0 : still + 1;
		turn();
		if (allocated() > before + most)
			most = allocated() - before;
		if (still > 20 || sent == n)
			r = recv(client, got, take < n - taken ? take : n - taken, MSG_DONTWAIT);
		ck_assert(r != 0 || !(still > 20 || sent == n));
		if (r > 0 && memcmp(got, records_at(taken), (size_t)r) != 0)
			ck_abort_msg("one of %zd bytes from %zu on differs", r, taken);
		taken += r > 0 ? (size_t)r : 0;
	}
	ck_assert_uint_le(most, HELD_MAX);
	send_all(fd, wr_slice(&tail));
	want(wr_slice(&ours));
	wr_free(&tail);
	wr_free(&ours);
	wr_free(&head);
}

START_TEST(two_hundred_megabytes)
{
	flood((size_t)200 * 1000 * 1000, PIECE);
}
END_TEST

START_TEST(a_slow_client)
{
	flood((size_t)16 * 1000 * 1000, 1000);
}
END_TEST

START_TEST(a_slow_broker) /* a request that nobody opens, towards a broker that doesn't read */
{
	enum { BODY = 32 * 1000 * 1000 };
	static uint8_t piece[PIECE];
	struct wr w = wr_new(1024);
	size_t sent = 0, taken = 0, before, most = 0, some, still = 0, all;
	int fd;

	dial();
	ask(12, 0, 1, slice_str("first")); /* so that the connection is known */
	fd = requested();
	wr_u32(&w, 0);
	request_header_write(12, 0, 2, slice_str("unit"), &w);
	wr_patch_u32(&w, 0, (uint32_t)(w.len - 4 + BODY));
	all = w.len + BODY;
	send_all(client, wr_slice(&w));
	wr_free(&w);
	before = allocated();
	while (taken < all) {
		size_t len = BODY - sent < PIECE ? BODY - sent : PIECE;
		ssize_t r;

		ck_assert(len == 0 || send_some(client, piece, len, &some));
		some = len == 0 ? 0 : some;
		sent += some;
		still = some > 0 ? 0 : still + 1;
		turn();
		if (allocated() > before + most)
			most = allocated() - before;
		if (still <= 20 && sent < BODY)
			continue;
		r = recv(fd, piece, PIECE, MSG_DONTWAIT);
		ck_assert(r > 0 || errno == EAGAIN);
		taken += r > 0 ? (size_t)r : 0;
	}
	ck_assert_uint_eq(taken, all);
	ck_assert_uint_le(most, HELD_MAX);
}
END_TEST

/* Requests without answers are remembered one by one, so there is a limit to their number. */
START_TEST(many_in_flight)
{
	enum { MOST = 255 /* and one that waits */, ALL = 300, REQUEST = 4 + 14 + 3, ANSWER = 4 + 4 + 2 };
	static uint8_t bytes[ALL * REQUEST + 1];
	struct wr beat = hex_of("00000006 00000007 0000");
	int fd;

	dial();
	ask(12, 0, 7, slice_str("one"));
	fd = requested();
	send_all(fd, wr_slice(&beat));
	want(wr_slice(&beat));
	for (int i = 0; i < ALL; i++)
		ask(12, 0, 7, slice_str("any"));
	ck_assert_uint_eq(receive(fd, bytes, MOST * REQUEST), MOST * REQUEST);
	for (int i = 0; i < 50; i++) {
		turn();
		ck_assert_int_eq(recv(fd, bytes, 1, MSG_DONTWAIT), -1);
	}
	for (int i = 0; i < ALL; i++) {
		send_all(fd, wr_slice(&beat));
		want(wr_slice(&beat));
		if (i < ALL - MOST) /* one goes, one comes */
			ck_assert_uint_eq(receive(fd, bytes, REQUEST), REQUEST);
	}
	wr_free(&beat);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session_stream");
	TCase *c = tcase_create("session_stream");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 600);
	tcase_add_test(c, byte_by_byte);
	tcase_add_test(c, cut_anywhere);
	tcase_add_test(c, many_at_once);
	tcase_add_test(c, a_long_header);
	tcase_add_loop_test(c, malformed, 0, 4);
	tcase_add_test(c, an_end_too_long);
	tcase_add_test(c, no_header);
	tcase_add_test(c, no_body);
	tcase_add_loop_test(c, the_client_leaves_inside, 1, 30);
	tcase_add_loop_test(c, the_broker_leaves_inside, 1, 30);
	tcase_add_test(c, two_hundred_megabytes);
	tcase_add_test(c, a_slow_client);
	tcase_add_test(c, a_slow_broker);
	tcase_add_test(c, many_in_flight);
	suite_add_tcase(s, c);
	return suite_run(s);
}
