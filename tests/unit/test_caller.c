/* Questions to brokers, by a program that has no proxy. */
#include "proxy/caller.h"

#include "kafka/metadata.h"
#include "sasl_lab.h"

static struct caller *caller;
static char why[GATE_WHY_MAX];

static int
opened(const char *servers)
{
	struct gate_conf conf = {.login = lab.mechanism != NULL ? &lab_door : NULL, .connect_ms = 10000, .max_frame = LAB_FRAME_MAX,
				 .bootstrap_servers = servers};

	return caller_open(&conf, &caller, why, sizeof(why));
}

static struct caller_try
of_lab(void)
{
	return (struct caller_try){.host = "127.0.0.1", .port = lab.port};
}

static void
no_topics(void *arg UNUSED, int16_t version, struct wr *w)
{
	metadata_request_write(version, NULL, NULL, 0, w);
}

static int
asked(void)
{
	struct blob *b = NULL;
	struct metadata m;
	int16_t version;
	int err = caller_ask(caller, API_METADATA, METADATA_MIN, METADATA_MAX, no_topics, NULL, &version, &b);

	if (err != 0)
		return err;
	ck_assert_int_eq(version, 2); /* the lab's */
	ck_assert_int_eq(metadata_read(version, blob_slice(b), &m), 0);
	ck_assert(slice_eq(m.cluster_id, slice_str("unit-cluster")));
	metadata_free(&m);
	blob_unref(b);
	return 0;
}

START_TEST(asks)
{
	struct caller_try t;
	struct blob *b = NULL;
	int16_t version;

	lab_open(_i == 0 ? NULL : "PLAIN");
	ck_assert_int_eq(opened("127.0.0.1:1"), 0);
	ck_assert_int_eq(asked(), ERR_CLOSED); /* of nobody */
	t = of_lab();
	ck_assert_msg(caller_reach(caller, &t) == 0, "%s", t.why);
	ck_assert_ptr_null(caller_peer(caller));
	ck_assert(caller_knows(caller, API_METADATA));
	ck_assert(!caller_knows(caller, API_PRODUCE));
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(asked(), 0);
	ck_assert_int_eq(caller_ask(caller, API_METADATA, 8, 10, no_topics, NULL, &version, &b), ERR_UNSUPPORTED);
	ck_assert_int_eq(caller_ask(caller, API_PRODUCE, 0, 1, no_topics, NULL, &version, &b), ERR_UNSUPPORTED);
	ck_assert_int_eq(asked(), 0);
	ck_assert_int_eq(caller_reach(caller, &t), 0); /* another connection, which takes its place */
	ck_assert_int_eq(asked(), 0);
	caller_close(caller);
	lab_close();
	ck_assert_int_eq(atomic_load(&lab.illegal), 0);
}
END_TEST

/* A wrong password is tried once. */
START_TEST(refused)
{
	struct caller_try t;

	lab_open("PLAIN");
	lab_password = "wrong";
	ck_assert_int_eq(opened("127.0.0.1:1"), 0);
	t = of_lab();
	ck_assert_int_eq(caller_reach(caller, &t), ERR_REMOTE);
	ck_assert_int_eq(strncmp(t.why, "can't log in by PLAIN: SASL_AUTHENTICATION_FAILED", 49), 0);
	ck_assert_ptr_null(strstr(t.why, "wrong"));
	ck_assert_int_eq(asked(), ERR_CLOSED);
	ck_assert_int_eq(atomic_load(&lab.handshakes), 1);
	caller_close(caller);
	lab_close();
}
END_TEST

START_TEST(nobody_there)
{
	struct caller_try t = {.host = "127.0.0.1", .port = 1};

	ck_assert_int_eq(opened("127.0.0.1"), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "want HOST:PORT"));
	ck_assert_int_eq(opened("127.0.0.1:1"), 0);
	ck_assert_int_eq(caller_reach(caller, &t), ERR_TIMEOUT);
	ck_assert_str_eq(t.why, "Connection refused");
	ck_assert_int_eq(t.err, ERR_TIMEOUT);
	caller_close(caller);
	caller_close(NULL);
}
END_TEST

/* The broker goes while it is asked: the question ends, and another broker can be asked. */
START_TEST(lost)
{
	struct caller_try t;

	lab_open(NULL);
	ck_assert_int_eq(opened("127.0.0.1:1"), 0);
	t = of_lab();
	ck_assert_int_eq(caller_reach(caller, &t), 0);
	pthread_mutex_lock(&lab.mutex);
	shutdown(lab.conns[0].fd, SHUT_RDWR);
	pthread_mutex_unlock(&lab.mutex);
	ck_assert_int_eq(asked(), ERR_CLOSED);
	ck_assert_int_eq(asked(), ERR_CLOSED);
	ck_assert_int_eq(caller_reach(caller, &t), 0);
	ck_assert_int_eq(asked(), 0);
	caller_close(caller);
	lab_close();
}
END_TEST

/* More than are visited at a time; each is told how it went. */
START_TEST(all)
{
	struct caller_try list[40];

	lab_open("PLAIN");
	ck_assert_int_eq(opened("127.0.0.1:1"), 0);
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		list[i] = i % 3 == 1 ? (struct caller_try){.host = "127.0.0.1", .port = 1} : of_lab();
	ck_assert_int_eq(caller_reach_all(caller, list, ARRAY_LEN(list)), 0);
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (i % 3 == 1) {
			ck_assert_int_eq(list[i].err, ERR_TIMEOUT);
			ck_assert_str_eq(list[i].why, "Connection refused");
		} else {
			ck_assert_int_eq(list[i].err, 0);
		}
	ck_assert_int_eq(caller_reach_all(caller, list, 0), 0);
	caller_close(caller);
	lab_close();
	ck_assert_int_eq(atomic_load(&lab.illegal), 0);
}
END_TEST

START_TEST(servers)
{
	char host[16];
	uint16_t port;

	ck_assert_int_eq(opened("kafka-1:9092, [::1]:9093"), 0);
	ck_assert(caller_server(caller, 0, host, sizeof(host), &port));
	ck_assert_str_eq(host, "kafka-1");
	ck_assert_uint_eq(port, 9092);
	ck_assert(caller_server(caller, 1, host, sizeof(host), &port));
	ck_assert_str_eq(host, "::1");
	ck_assert_uint_eq(port, 9093);
	ck_assert(!caller_server(caller, 2, host, sizeof(host), &port));
	caller_close(caller);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("caller");
	TCase *t = tcase_create("caller");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, asks, 0, 2);
	tcase_add_test(t, refused);
	tcase_add_test(t, nobody_there);
	tcase_add_test(t, lost);
	tcase_add_test(t, all);
	tcase_add_test(t, servers);
	suite_add_tcase(s, t);
	return suite_run(s);
}
