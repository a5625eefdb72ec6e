/* Connections over TLS: handshakes, bytes, ends, and what isn't TLS. */
#include "tls_ends.h"

enum { BIG = 6 * 1024 * 1024 };

START_TEST(frames)
{
	struct tls_server_conf c = server_conf();
	char byte;

	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	want("up ");
	ck_assert_int_eq(SSL_version(other), versions[_i]);
	ck_assert_ptr_null(io_tls_peer(io));
	ck_assert_int_eq(SSL_write(other, "\0\0\0\5hello\0\0\0\0\0\0\0\3tw", 19), 19);
	turn();
	want("frame:hello frame: ");
	ck_assert_int_eq(SSL_write(other, "o", 1), 1);
	turn();
	want("frame:two ");
	send_text("one");
	send_text(" and two");
	turn();
	want_read("one and two");
	send_text("last");
	io_finish(io, 60000, 60000);
	turn();
	want_read("last");
	ck_assert_int_eq(other_read(&byte, 1), -1); /* close_notify */
	want("");
	SSL_shutdown(other);
	shutdown(peer, SHUT_WR);
	turn();
	want("done ");
}
END_TEST

START_TEST(ends)
{
	struct tls_server_conf c = server_conf();

	/* close_notify, and the socket stays open. */
	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	ck_assert_int_eq(SSL_write(other, "\0\0\0\5hello", 9), 9);
	SSL_shutdown(other);
	turn();
	want("up frame:hello eof ");
	drop_connection();
	/* The socket's end alone. */
	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	ck_assert_int_eq(SSL_write(other, "\0\0\0\5hello", 9), 9);
	shutdown(peer, SHUT_WR);
	turn();
	want("up frame:hello eof ");
	drop_connection();
	/* In the middle of a frame. */
	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	ck_assert_int_eq(SSL_write(other, "\0\0\0\5hel", 7), 7);
	shutdown(peer, SHUT_WR);
	turn();
	want("up fail ");
	drop_connection();
	/* Bytes that are none of TLS's. */
	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	want("up ");
	ck_assert_int_eq(write(peer, "\x17\x03\x03\0\x20" "0123456789abcdef0123456789abcdef", 37), 37);
	turn();
	want_text(""); /* in libssl's words */
}
END_TEST

START_TEST(small_pieces_fill_records)
{
	struct tls_server_conf c = server_conf();
	char buf[4096];
	int n = 0, reads = 0, total = 0;

	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	for (int i = 0; i < 200; i++) {
		struct blob *b = blob_text("small piece");

		ck_assert_int_eq(io_send(io, b, 0, b->len), 0);
		blob_unref(b);
	}
	turn();
	/* SSL_read gives no more than a record at a time. */
	while ((n = other_read(buf, sizeof(buf))) > 0) {
		reads++;
		total += n;
	}
	ck_assert_int_eq(total, 200 * 11);
	ck_assert_int_eq(reads, 1);
}
END_TEST

static uint8_t *
big_frame(void)
{
	uint8_t *p = malloc(BIG + 4);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < BIG; i++)
		p[4 + i] = (uint8_t)(i * 31 + i / 65536);
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)((unsigned)BIG >> (24 - 8 * i));
	return p;
}

/* Both ends have more to send than the sockets take, and neither reads until both are stuck. */
START_TEST(full_both_ways)
{
	struct tls_server_conf c = server_conf();
	uint8_t *frame = big_frame(), *back = malloc(BIG);
	struct blob *b = blob_new(BIG);
	size_t out = 0, in = 0;

	ck_assert(b != NULL && back != NULL);
	memcpy(b->data, frame + 4, BIG);
	b->len = BIG;
	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	SSL_set_mode(other, SSL_MODE_ENABLE_PARTIAL_WRITE);
	got.quiet = true;
	got.relay = _i == 1;
	io_pause(io);
	ck_assert_int_eq(io_send(io, b, 0, BIG), 0);
	for (int stuck = 0; stuck < 2;) {
		int r = SSL_write(other, frame + out, (int)(BIG + 4 - out));

		turn();
		stuck = r > 0 ? 0 : stuck + 1;
		out += r > 0 ? (size_t)r : 0;
	}
	ck_assert(io_is_high(io));
	ck_assert_uint_lt(out, BIG);
	ck_assert_uint_eq(got.frames.len, 0); /* paused: nothing was taken */
	io_resume(io);
	while (out < BIG + 4 || in < BIG) {
		int r;

		if (out < BIG + 4 && (r = SSL_write(other, frame + out, (int)(BIG + 4 - out))) > 0)
			out += (size_t)r;
		if (in < BIG && (r = other_read(back + in, (int)(BIG - in))) > 0)
			in += (size_t)r;
		turn();
	}
	turn();
	want("up low ");
	ck_assert_int_eq(memcmp(back, frame + 4, BIG), 0);
	ck_assert_uint_eq(got.frames.len, BIG + (got.relay ? 4 : 0));
	ck_assert_int_eq(memcmp(got.frames.buf, frame + (got.relay ? 0 : 4), got.frames.len), 0);
	blob_unref(b);
	free(frame);
	free(back);
}
END_TEST

/* All that was queued reaches a reader that starts late, and the end of the stream behind it. */
START_TEST(finishes_a_full_queue)
{
	struct tls_server_conf c = server_conf();
	uint8_t *frame = big_frame(), *back = malloc(BIG);
	struct blob *b = blob_new(BIG);
	size_t in = 0;
	int r;

	ck_assert(b != NULL && back != NULL);
	memcpy(b->data, frame + 4, BIG);
	b->len = BIG;
	ck_assert(serve(server_context(&c), NULL, versions[_i]));
	ck_assert_int_eq(io_send(io, b, 0, BIG), 0);
	io_finish(io, 60000, 60000);
	turn();
	ck_assert_int_eq(SSL_write(other, "\0\0\0\5hello", 9), 9); /* nobody wants it any more */
	for (r = 0; r >= 0; turn()) {
		r = other_read(back + in, in < BIG ? (int)(BIG - in) : 1);
		in += r > 0 ? (size_t)r : 0;
		ck_assert_uint_le(in, BIG);
	}
	ck_assert_int_eq(r, -1); /* close_notify */
	ck_assert_uint_eq(in, BIG);
	ck_assert_int_eq(memcmp(back, frame + 4, BIG), 0);
	ck_assert_uint_eq(got.frames.len, 0);
	want("up ");
	shutdown(peer, SHUT_WR);
	turn();
	want("done ");
	blob_unref(b);
	free(frame);
	free(back);
}
END_TEST

/* Each byte of handshake and frames comes alone, in both directions. */
START_TEST(byte_by_byte)
{
	struct tls_server_conf c = server_conf();
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	uint8_t frame[40004] = {0, 0, 0x9c, 0x40}, byte;
	int done = 0;

	for (size_t i = 4; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7);
	connect_io(server_context(&c), NULL);
	other_over_peer(TLS_client_method(), NULL, versions[_i]);
	SSL_set_bio(other, in, out);
	SSL_set_connect_state(other);
	got.quiet = true;
	while (got.frames.len < 40000) {
		struct loop_task t = {.fn = nothing};

		if (done == 0 && SSL_do_handshake(other) == 1)
			done = SSL_write(other, frame, sizeof(frame));
		if (BIO_read(out, &byte, 1) == 1)
			ck_assert_int_eq(write(peer, &byte, 1), 1);
		loop_next(loop, &t);
		ck_assert_int_eq(loop_turn(loop), 0);
		if (read(peer, &byte, 1) == 1)
			ck_assert_int_eq(BIO_write(in, &byte, 1), 1);
	}
	want("up ");
	ck_assert_int_eq(done, (int)sizeof(frame));
	ck_assert_int_eq(memcmp(got.frames.buf, frame + 4, 40000), 0);
}
END_TEST

/* In TLS 1.3 the client is up before the server has looked at its certificate. */
START_TEST(refused_after_the_handshake)
{
	struct tls_client_conf c = client_conf();

	connect_io(client_context(&c), "kafka-1.example");
	other_over_peer(TLS_server_method(), &server, TLS1_3_VERSION);
	SSL_set_verify(other, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_set_accept_state(other);
	ck_assert(!shake());
	turn();
	ck_assert_str_eq(got.log, "up tls ");
	ck_assert_ptr_nonnull(strstr(got.text, "refused by the other end: tlsv13 alert certificate required"));
}
END_TEST

START_TEST(no_renegotiation)
{
	struct tls_server_conf c = server_conf();

	ck_assert(serve(server_context(&c), NULL, TLS1_2_VERSION));
	want("up ");
	ck_assert_int_eq(SSL_renegotiate(other), 1);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_ne(SSL_do_handshake(other), 1);
		if (i == 0)
			turn();
	}
	ck_assert_int_eq(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
	want(""); /* our side goes on */
}
END_TEST

START_TEST(key_update)
{
	struct tls_server_conf c = server_conf();

	ck_assert(serve(server_context(&c), NULL, TLS1_3_VERSION));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(SSL_key_update(other, SSL_KEY_UPDATE_REQUESTED), 1);
		ck_assert_int_eq(SSL_write(other, "\0\0\0\5hello", 9), 9);
		turn();
		send_text("back");
		turn();
		want_read("back");
	}
	want("up frame:hello frame:hello frame:hello ");
}
END_TEST

/* --- what isn't TLS ---------------------------------------------------------------------------------- */

START_TEST(not_tls)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} cases[] = {
		{"\0\0\0\x15\0\x12\0\3\0\0\0\1\0\x0aunit-test", 24, "plaintext Kafka on a TLS port: set security.protocol to ssl"},
		{"GET /metrics HTTP/1.1\r\n\r\n", 25, "HTTP on a TLS port"},
		{"SSH-2.0-OpenSSH_9.2\r\n", 21, "neither TLS nor Kafka"},
	};
	struct tls_server_conf c = server_conf();
	struct tls_client_conf cc = client_conf();
	char hello[4096];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		connect_io(server_context(&c), NULL);
		ck_assert_int_eq(write(peer, cases[i].bytes, cases[i].n), (ssize_t)cases[i].n);
		turn();
		want_text(cases[i].text);
		drop_connection();
	}
	/* Somebody who only knocks. */
	connect_io(server_context(&c), NULL);
	close(peer);
	peer = -1;
	turn();
	want("eof ");
	drop_connection();
	/* Somebody who leaves in the middle. */
	connect_io(server_context(&c), NULL);
	ck_assert_int_eq(write(peer, "\x16\x03\x01\x02\0\x01", 6), 6);
	shutdown(peer, SHUT_WR);
	turn();
	want_text("closed by the other end during the handshake");
	drop_connection();
	/* A broker that answers in plaintext, and one that closes, as Kafka's plaintext ports do. */
	connect_io(client_context(&cc), "kafka-1.example");
	turn();
	ck_assert_int_gt(read(peer, hello, sizeof(hello)), 0);
	ck_assert_int_eq(write(peer, "\0\0\0\x0a\0\0\0\0\0\x23\0\0\0\0", 14), 14);
	turn();
	want_text("the broker's port speaks plaintext: set security.protocol");
	drop_connection();
	connect_io(client_context(&cc), "kafka-1.example");
	turn();
	ck_assert_int_gt(read(peer, hello, sizeof(hello)), 0);
	close(peer);
	peer = -1;
	turn();
	want_text("as a plaintext port does");
	ck_assert_int_eq(metric_read(METRIC_TLS_CLIENT_NOT_TLS), ARRAY_LEN(cases));
	ck_assert_int_eq(metric_read(METRIC_TLS_CLIENT_FAILED), 1);
	ck_assert_int_eq(metric_read(METRIC_TLS_BROKER_NOT_TLS), 1);
}
END_TEST

START_TEST(in_time)
{
	struct tls_server_conf c = server_conf();

	c.handshake_ms = 1;
	connect_io(server_context(&c), NULL);
	while (!got.ended)
		ck_assert_int_eq(loop_turn(loop), 0); /* waits for the timer */
	want_text("no TLS handshake within 1 ms");
	ck_assert_int_eq(metric_read(METRIC_TLS_CLIENT_TIMEOUT), 1);
}
END_TEST

START_TEST(closed_early)
{
	struct tls_server_conf c = server_conf();

	/* Before the first turn, with output, and finished in the middle of the handshake. */
	connect_io(server_context(&c), NULL);
	send_text("never");
	drop_connection();
	connect_io(server_context(&c), NULL);
	send_text("never");
	turn();
	ck_assert_int_eq(write(peer, "\x16\x03\x01", 3), 3);
	turn();
	io_finish(io, 60000, 60000);
	ck_assert_int_eq(write(peer, "\x02", 1), 1);
	turn();
	shutdown(peer, SHUT_WR);
	turn();
	want("done ");
	drop_connection();
	/* Output that was queued before the handshake goes out behind it. */
	connect_io(server_context(&c), NULL);
	send_text("patience");
	other_over_peer(TLS_client_method(), NULL, versions[_i]);
	SSL_set_connect_state(other);
	ck_assert(shake());
	turn();
	want_read("patience");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("io_tls");
	TCase *t = tcase_create("io_tls");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, frames, 0, 2);
	tcase_add_loop_test(t, ends, 0, 2);
	tcase_add_loop_test(t, small_pieces_fill_records, 0, 2);
	tcase_add_loop_test(t, full_both_ways, 0, 2);
	tcase_add_loop_test(t, finishes_a_full_queue, 0, 2);
	tcase_add_loop_test(t, byte_by_byte, 0, 2);
	tcase_add_test(t, refused_after_the_handshake);
	tcase_add_test(t, no_renegotiation);
	tcase_add_test(t, key_update);
	tcase_add_test(t, not_tls);
	tcase_add_test(t, in_time);
	tcase_add_loop_test(t, closed_early, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
