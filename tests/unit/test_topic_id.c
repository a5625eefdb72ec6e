/* A broker that says what the test wants, in a process of its own; and the mock cluster. */
#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "ctl/topic_id.c"
#include "rdkafka/mock.h"

struct broker { /* shared with its process */
	int fd;
	char address[40];
	pid_t pid;
	struct {
		uint8_t buf[512];
		size_t len;
	} answers[2];   /* frames with their lengths */
	size_t send[2]; /* how much of each; then the connection closes */
	int accepted;   /* connections */
	int rounds;     /* requests of a connection that are answered; 0 is 2, and the last answer is that of all that follow */
};

static bool
read_request(int fd)
{
	uint8_t head[4], body[4096];
	size_t n;

	if (recv(fd, head, 4, MSG_WAITALL) != 4)
		return false;
	n = (size_t)head[2] << 8 | head[3];
	return n <= sizeof(body) && recv(fd, body, n, MSG_WAITALL) == (ssize_t)n;
}

static void
serve(struct broker *b)
{
	int fd;

	while ((fd = accept(b->fd, NULL, NULL)) >= 0) {
		b->accepted++;
		for (int i = 0; i < (b->rounds > 0 ? b->rounds : 2) && read_request(fd); i++) {
			struct broker a = *b;
			int which = i > 0;

			a.answers[which].buf[7] ^= (uint8_t)(i < 2 ? 0 : (i + 1) ^ 2); /* the correlation id */
			(void)!write(fd, a.answers[which].buf, b->send[which]);
			if (b->send[which] < b->answers[which].len)
				break;
		}
		close(fd);
	}
}

static void
frame_end(struct broker *b, int which, struct wr *w)
{
	ck_assert_int_eq(wr_err(w), 0);
	wr_patch_u32(w, 0, (uint32_t)w->len - 4);
	memcpy(b->answers[which].buf, w->buf, w->len);
	b->answers[which].len = b->send[which] = w->len;
	wr_free(w);
}

static const uint8_t id[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Metadata 12, one broker, the topic "t" with that error. */
static void
write_metadata(struct broker *b, int16_t error)
{
	struct wr buf = wr_new(512), *w = &buf;

	wr_u32(w, 0);
	wr_i32(w, 2); /* correlation id */
	wr_u8(w, 0);
	wr_i32(w, 0);                  /* throttled */
	wr_uvarint(w, 1 + 1);          /* brokers */
	wr_i32(w, 1);
	wr_compact(w, slice_str("h"));
	wr_i32(w, 9092);
	wr_compact(w, (struct slice){NULL, 0});
	wr_u8(w, 0);
	wr_compact(w, slice_str("cluster"));
	wr_i32(w, 1);
	wr_uvarint(w, 1 + 1); /* topics */
	wr_i16(w, error);
	wr_compact(w, slice_str("t"));
	wr_bytes(w, id, 16);
	wr_u8(w, 0);
	wr_uvarint(w, 0 + 1); /* partitions */
	wr_i32(w, 0);
	wr_u8(w, 0);
	wr_u8(w, 0);
	frame_end(b, 1, w);
}

static void
write_versions(struct broker *b, int16_t metadata_max)
{
	struct wr buf = wr_new(512), *w = &buf;

	wr_u32(w, 0);
	wr_i32(w, 1);
	wr_i16(w, 0);
	wr_i32(w, 2);
	wr_i16(w, 3);
	wr_i16(w, 0);
	wr_i16(w, metadata_max);
	wr_i16(w, 18);
	wr_i16(w, 0);
	wr_i16(w, 4);
	frame_end(b, 0, w);
}

static struct broker *
broker_start(int16_t metadata_max, int16_t error)
{
	struct broker *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	b->fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(b->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(b->fd, 10), 0);
	ck_assert_int_eq(getsockname(b->fd, (struct sockaddr *)&a, &len), 0);
	snprintf(b->address, sizeof(b->address), "127.0.0.1:%d", ntohs(a.sin_port));
	write_versions(b, metadata_max);
	write_metadata(b, error);
	return b;
}

static void
broker_run(struct broker *b)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		serve(b);
		_exit(0);
	}
	b->pid = pid; /* by the parent alone: the memory is shared */
}

static void
broker_stop(struct broker *b)
{
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	close(b->fd);
	munmap(b, sizeof(*b));
}

static int
ask_one(const char *servers, const char *topic, int timeout_ms, char *ret)
{
	struct topic_id got = {.err = 7};
	int err = topic_id_ask(servers, NULL, &topic, 1, timeout_ms, &got);

	if (err != 0)
		ck_assert_int_eq(got.err, 7);
	if (err == 0 && (err = got.err) == 0)
		memcpy(ret, got.text, sizeof(got.text));
	return err;
}

START_TEST(asked)
{
	struct broker *b = broker_start(12, 0);
	char text[TOPIC_ID_TEXT + 1] = "untouched", servers[200];

	broker_run(b);
	ck_assert_int_eq(ask_one(b->address, "t", 10000, text), 0);
	ck_assert_str_eq(text, "AAECAwQFBgcICQoLDA0ODw");
	/* The first server that answers will do. */
	snprintf(servers, sizeof(servers), "nothing.invalid:1,127.0.0.1:1,PLAINTEXT://%s", b->address);
	memset(text, 0, sizeof(text));
	ck_assert_int_eq(ask_one(servers, "t", 10000, text), 0);
	ck_assert_str_eq(text, "AAECAwQFBgcICQoLDA0ODw");
	ck_assert_int_eq(ask_one(b->address, "another", 10000, text), ERR_NOTFOUND);
	broker_stop(b);
}
END_TEST

/* Several at once, each with its own answer. */
START_TEST(several)
{
	static const char *const topics[] = {"no", "t", "neither", "t"};
	struct broker *b = broker_start(12, 0);
	struct topic_id got[4];

	broker_run(b);
	ck_assert_int_eq(topic_id_ask(b->address, NULL, topics, 4, 10000, got), 0);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(got[i].err, i % 2 == 1 ? 0 : ERR_NOTFOUND);
		ck_assert_str_eq(got[i].text, i % 2 == 1 ? "AAECAwQFBgcICQoLDA0ODw" : "");
	}
	ck_assert_int_eq(topic_id_ask(b->address, NULL, topics, 0, 10000, got), 0);
	broker_stop(b);
}
END_TEST

/* More than fit into one request: the same connection is asked again. */
START_TEST(very_many)
{
	enum { MANY = 2 * AT_ONCE + 1 };
	const char *topics[MANY];
	struct broker *b = broker_start(12, 0);
	struct topic_id got[MANY];

	for (int i = 0; i < MANY; i++)
		topics[i] = "t";
	b->rounds = 4;
	broker_run(b);
	ck_assert_int_eq(topic_id_ask(b->address, NULL, topics, MANY, 10000, got), 0);
	for (int i = 0; i < MANY; i++)
		ck_assert_str_eq(got[i].text, "AAECAwQFBgcICQoLDA0ODw");
	broker_stop(b);
}
END_TEST

/* The broker closes each connection after six answers: ApiVersions, and five more. */
START_TEST(a_line_is_kept)
{
	static const char *const topics[] = {"t"};
	struct broker *b = broker_start(12, 0);
	struct topic_id_line *line = NULL;
	struct topic_id got;

	b->rounds = 6;
	broker_run(b);
	for (int i = 0; i < 12; i++) {
		got = (struct topic_id){.err = 7};
		ck_assert_int_eq(topic_id_ask_on(&line, b->address, NULL, topics, 1, 10000, &got), 0);
		ck_assert_int_eq(got.err, 0);
		ck_assert_str_eq(got.text, "AAECAwQFBgcICQoLDA0ODw");
		ck_assert_ptr_nonnull(line);
		ck_assert_int_eq(b->accepted, 1 + i / 5);
	}
	broker_stop(b);
	got = (struct topic_id){.err = 7};
	ck_assert_int_ne(topic_id_ask_on(&line, "127.0.0.1:1", NULL, topics, 1, 10000, &got), 0);
	ck_assert_ptr_null(line);
	ck_assert_int_eq(got.err, 7);
	topic_id_hang_up(line);
}
END_TEST

START_TEST(not_there)
{
	struct broker *b = broker_start(12, 3);
	char text[TOPIC_ID_TEXT + 1] = "untouched";

	broker_run(b);
	ck_assert_int_eq(ask_one(b->address, "t", 10000, text), ERR_NOTFOUND);
	ck_assert_str_eq(text, "untouched");
	broker_stop(b);
	ck_assert_int_eq(ask_one("127.0.0.1:1", "t", 1000, text), ERR_IO);
	ck_assert_int_eq(ask_one("", "t", 1000, text), ERR_CONFIG);
	ck_assert_int_eq(ask_one("[::1", "t", 1000, text), ERR_CONFIG);
	ck_assert_str_eq(text, "untouched");
}
END_TEST

START_TEST(without_ids)
{
	struct broker *b = broker_start(9, 0);
	struct mock *m = mock_start(1);
	char text[TOPIC_ID_TEXT + 1] = "untouched";

	broker_run(b);
	ck_assert_int_eq(ask_one(b->address, "t", 10000, text), 0);
	ck_assert_str_eq(text, "");
	broker_stop(b);
	strcpy(text, "untouched");
	ck_assert_int_eq(ask_one(mock_bootstrap(m), "t", 10000, text), 0);
	ck_assert_str_eq(text, "");
	mock_stop(m);
}
END_TEST

/* Answers that end too early, anywhere. */
START_TEST(cut_short)
{
	for (int which = 0; which < 2; which++) {
		struct broker *b = broker_start(12, 0);
		size_t all = b->answers[which].len;

		broker_run(b);
		for (size_t n = 0; n < all; n++) {
			char text[TOPIC_ID_TEXT + 1] = "untouched";

			b->send[which] = n;
			ck_assert_int_eq(ask_one(b->address, "t", 10000, text), ERR_CLOSED);
			ck_assert_str_eq(text, "untouched");
		}
		broker_stop(b);
	}
}
END_TEST

/* Frames that are whole, with any one byte changed: an answer or an error, never worse. */
START_TEST(one_byte_changed)
{
	for (int which = 0; which < 2; which++) {
		struct broker *b = broker_start(12, 0);

		broker_run(b);
		for (size_t n = 4; n < b->answers[which].len; n++) {
			char text[TOPIC_ID_TEXT + 1];

			b->answers[which].buf[n] ^= 0x81;
			(void)!ask_one(b->address, "t", 10000, text);
			b->answers[which].buf[n] ^= 0x81;
		}
		broker_stop(b);
	}
}
END_TEST

START_TEST(no_kafka)
{
	static const uint8_t tls_alert[] = {0x15, 3, 3, 0, 2, 2, 70};
	struct broker *b = broker_start(12, 0);
	char text[TOPIC_ID_TEXT + 1];

	memcpy(b->answers[0].buf, tls_alert, sizeof(tls_alert));
	b->answers[0].len = b->send[0] = sizeof(tls_alert);
	broker_run(b);
	ck_assert_int_eq(ask_one(b->address, "t", 10000, text), ERR_MALFORMED);
	broker_stop(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("topic_id");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, asked);
	tcase_add_test(t, several);
	tcase_add_test(t, very_many);
	tcase_add_test(t, a_line_is_kept);
	tcase_add_test(t, not_there);
	tcase_add_test(t, without_ids);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, one_byte_changed);
	tcase_add_test(t, no_kafka);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
