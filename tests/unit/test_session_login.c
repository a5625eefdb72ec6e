/* The proxy's own login at brokers, and again before it ends. */
#include "base/clock.h"
#include "sasl_lab.h"

#define HELD 11 /* JoinGroup 0: the stage holds the request */

static struct ticket *held_ticket;
static sem_t held, was_lost;
static bool answers, was_unsent;

static bool
wants(void *self UNUSED, int16_t key, int16_t version UNUSED)
{
	return key == HELD;
}

static enum stage_verdict
request(void *self UNUSED, struct exchange *x)
{
	if (held_ticket != NULL && answers) {
		struct wr w = wr_new(64);
		struct rope r = {NULL, 0, 0, 0};

		wr_text(&w, "local");
		ck_assert_int_eq(rope_add_wr(&r, &w), 0);
		exchange_answer(x, &r);
		return STAGE_ANSWER;
	}
	if (held_ticket != NULL)
		return STAGE_PASS; /* its second time */
	held_ticket = exchange_hold(x, 3600000);
	ck_assert_ptr_nonnull(held_ticket);
	sem_post(&held);
	return STAGE_HOLD;
}

static void
lost(void *self UNUSED, struct exchange *x)
{
	was_unsent = exchange_is_unsent(x);
	sem_post(&was_lost);
}

static const struct stage holder = {.name = "holder", .wants_request = wants, .request = request, .lost = lost};
static const struct stage *const stages[] = {&holder};

static void
open_all(int64_t lifetime_ms)
{
	struct proxy_settings set;

	sem_init(&held, 0, 0);
	sem_init(&was_lost, 0, 0);
	lab_open("PLAIN");
	atomic_store(&lab.lifetime_ms, lifetime_ms);
	set = lab_settings();
	set.login = &lab_door;
	set.login_for_clients = true;
	lab_proxy_open(&set, stages, 1);
}

static void
close_all(void)
{
	lab_proxy_close();
	lab_close();
	ck_assert_int_eq(atomic_load(&lab.illegal), 0);
}

START_TEST(a_client_need_not)
{
	int fd;

	open_all(0);
	fd = lab_dial();
	for (int i = 0; i < 10; i++)
		lab_echo(fd, i, "hello");
	close(fd);
	close_all();
	ck_assert_int_eq(atomic_load(&lab.most_logins), 1);
}
END_TEST

START_TEST(each_version_of_authenticate)
{
	int fd;

	lab_open("PLAIN");
	lab.authenticate_max = (int16_t)_i;
	{
		struct proxy_settings set = lab_settings();

		set.login = &lab_door;
		set.login_for_clients = true;
		lab_proxy_open(&set, stages, 1);
	}
	fd = lab_dial();
	lab_echo(fd, 1, "hello");
	close(fd);
	close_all();
}
END_TEST

START_TEST(what_is_fetched_is_waited_for)
{
	int fd;

	atomic_store(&lab_not_now, 3);
	open_all(0);
	fd = lab_dial();
	lab_echo(fd, 1, "hello");
	close(fd);
	close_all();
	ck_assert_int_eq(atomic_load(&lab_not_now), 0);
}
END_TEST

START_TEST(a_wrong_password)
{
	lab_password = "wrong";
	open_all(0);
	lab_want_closed(lab_dial());
	close_all();
	lab_password = "sidecar-pw";
	ck_assert_int_eq(atomic_load(&lab.echoes), 0);
}
END_TEST

/* Clients that come again and again are not as many wrong passwords. */
START_TEST(a_wrong_password_is_not_tried_for_each)
{
	int tried;

	lab_password = "wrong";
	open_all(0);
	lab_want_closed(lab_dial());
	tried = atomic_load(&lab.handshakes);
	for (int i = 0; i < 50; i++)
		lab_want_closed(lab_dial());
	close_all();
	lab_password = "sidecar-pw";
	ck_assert_int_lt(atomic_load(&lab.handshakes), tried + 25);
}
END_TEST

START_TEST(another_mechanism)
{
	struct proxy_settings set;

	lab_open("SCRAM-SHA-256");
	set = lab_settings();
	set.login = &lab_door;
	set.login_for_clients = true;
	lab_proxy_open(&set, stages, 1);
	lab_want_closed(lab_dial());
	close_all();
}
END_TEST

/* Requests go on, thirty in flight, until their connection was logged in at four times. */
START_TEST(again_unseen)
{
	int fd, id = 0, seen = 0;

	open_all(100);
	fd = lab_dial();
	while (seen < 3) {
		seen += sem_trywait(&lab.again) == 0;
		for (int i = 0; i < 30; i++)
			ck_assert(lab_ask(fd, LAB_ECHO, 0, id + i, slice_str("pipelined")));
		for (int i = 0; i < 30; i++)
			lab_want(fd, id + i, "pipelined");
		id += 30;
	}
	close(fd);
	close_all();
	ck_assert_int_eq(atomic_load(&lab.echoes), id);
}
END_TEST

/* A request that a stage holds does not keep the login from being made; it comes in behind it. */
START_TEST(again_before_a_held_request)
{
	int fd;

	open_all(100);
	fd = lab_dial();
	ck_assert(lab_ask(fd, LAB_ECHO, 0, 1, slice_str("first")));
	lab_want(fd, 1, "first");
	ck_assert(lab_ask(fd, HELD, 0, 2, slice_str("held")));
	lab_await(&held);
	lab_await(&lab.again);
	lab_await(&lab.again);
	ticket_resume(held_ticket);
	lab_want(fd, 2, "held");
	close(fd);
	close_all();
}
END_TEST

/* The request is let go while the broker thinks about the login: it waits in the proxy. */
START_TEST(parked_while_it_runs)
{
	int fd;

	atomic_store(&lab.hold, 2);
	open_all(300);
	fd = lab_dial();
	ck_assert(lab_ask(fd, HELD, 0, 2, slice_str("held"))); /* is there before the first login is made */
	for (int i = 0; i < 2; i++)
		lab_await(&lab.holding); /* the client's connection and control's */
	for (int i = 0; i < 2; i++)
		sem_post(&lab.go);
	lab_await(&held);
	for (int i = 0; i < 2; i++)
		lab_await(&lab.holding); /* both again */
	ticket_resume(held_ticket);
	for (int i = 0; i < 2; i++)
		sem_post(&lab.go);
	lab_want(fd, 2, "held");
	lab_echo(fd, 3, "and on");
	close(fd);
	close_all();
}
END_TEST

static void
post_it(void *arg)
{
	sem_post(arg);
}

/* While it waits there the client leaves, or the login is refused: no broker has seen it. */
START_TEST(lost_while_it_runs)
{
	enum { CLIENT_LEAVES, BROKER_REFUSES };
	sem_t passed;
	int fd;

	sem_init(&passed, 0, 0);
	atomic_store(&lab.hold, 2);
	if (_i == BROKER_REFUSES)
		atomic_store(&lab.refuse_from, 2);
	open_all(300);
	fd = lab_dial();
	ck_assert(lab_ask(fd, HELD, 0, 2, slice_str("held"))); /* is there before the first login is made */
	for (int i = 0; i < 2; i++)
		lab_await(&lab.holding); /* the client's connection and control's */
	for (int i = 0; i < 2; i++)
		sem_post(&lab.go);
	lab_await(&held);
	for (int i = 0; i < 2; i++)
		lab_await(&lab.holding); /* both again */
	ticket_resume(held_ticket);
	ck_assert_int_eq(wake_post_fn(loop_wake(lab_proxy.loop), post_it, &passed), 0);
	lab_await(&passed);
	if (_i == CLIENT_LEAVES)
		close(fd);
	else
		for (int i = 0; i < 2; i++)
			sem_post(&lab.go);
	lab_await(&was_lost);
	ck_assert(was_unsent);
	if (_i == BROKER_REFUSES)
		lab_want_closed(fd);
	else
		for (int i = 0; i < 2; i++)
			sem_post(&lab.go);
	close_all();
}
END_TEST

/* A stage answers what it held while the first of the login's messages is with the broker. */
START_TEST(answered_while_it_runs)
{
	sem_t passed;
	int fd;

	sem_init(&passed, 0, 0);
	answers = true;
	atomic_store(&lab.hold, 1);
	atomic_store(&lab.hold_handshake, 1);
	open_all(300);
	fd = lab_dial();
	ck_assert(lab_ask(fd, HELD, 0, 2, slice_str("held"))); /* is there before the first login is made */
	for (int i = 0; i < 2; i++)
		lab_await(&lab.holding); /* the client's connection and control's */
	for (int i = 0; i < 2; i++)
		sem_post(&lab.go);
	lab_await(&held);
	for (int i = 0; i < 2; i++)
		lab_await(&lab.holding); /* both again */
	ticket_resume(held_ticket);
	ck_assert_int_eq(wake_post_fn(loop_wake(lab_proxy.loop), post_it, &passed), 0);
	lab_await(&passed); /* the answer stands behind the login's message */
	for (int i = 0; i < 2; i++)
		sem_post(&lab.go);
	lab_want(fd, 2, "local");
	lab_echo(fd, 3, "and on");
	close(fd);
	close_all();
}
END_TEST

START_TEST(refused_again)
{
	int fd;

	atomic_store(&lab.refuse_from, 2);
	open_all(100);
	lab_want_closed(lab_dial());
	/* A new connection is a first login, after a rest. */
	atomic_store(&lab.lifetime_ms, 0);
	for (;;) {
		struct wr frame;

		fd = lab_dial();
		if (lab_ask(fd, LAB_ECHO, 0, 1, slice_str("new")) && lab_frame(fd, &frame)) {
			wr_free(&frame);
			break;
		}
		close(fd);
	}
	close(fd);
	close_all();
}
END_TEST

/* What the login takes is being fetched when its turn comes after a rest: it has the turn again, not a rest of a second. */
START_TEST(a_turn_without_credentials)
{
	struct monotime now = clock_now(), later = {now.ns + INT64_C(1000000000)};
	int fd;

	clock_set_for_tests(&now, NULL);
	open_all(0);
	while (proxy_unready(lab_proxy.proxy) != NULL)
		sched_yield();
	atomic_store(&lab.lifetime_ms, 2000);
	fd = lab_dial();
	lab_echo(fd, 1, "in");
	lab_password = "wrong";
	lab_want_closed(lab_dial());
	lab_password = "sidecar-pw";
	atomic_store(&lab_not_now, 1);
	clock_set_for_tests(&later, NULL); /* and there it stands: no other rest ends */
	lab_await(&lab.again);
	ck_assert_int_eq(atomic_load(&lab_not_now), 0);
	lab_echo(fd, 2, "in again");
	close(fd);
	close_all();
	clock_set_for_tests(NULL, NULL);
}
END_TEST

static void
on_answer(void *arg, int err, int16_t version UNUSED, struct slice body UNUSED)
{
	ck_assert_int_eq(err, 0);
	sem_post(arg);
}

static void
write_metadata(void *arg UNUSED, int16_t version UNUSED, struct wr *w)
{
	wr_i32(w, -1);
}

/* Control's own connection is logged in again too, between its asks. */
START_TEST(control_again)
{
	sem_t done;

	sem_init(&done, 0, 0);
	open_all(100);
	while (atomic_load(&lab.most_logins) < 4) {
		ck_assert_int_eq(control_ask(proxy_control(lab_proxy.proxy), API_METADATA, 2, 2, write_metadata, on_answer, &done),
				 0);
		lab_await(&done);
	}
	close_all();
	ck_assert_uint_eq(lab.count, 1); /* the same connection all the time */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session_login");
	TCase *t = tcase_create("session_login");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_client_need_not);
	tcase_add_loop_test(t, each_version_of_authenticate, 0, 3);
	tcase_add_test(t, what_is_fetched_is_waited_for);
	tcase_add_test(t, a_wrong_password);
	tcase_add_test(t, a_wrong_password_is_not_tried_for_each);
	tcase_add_test(t, another_mechanism);
	tcase_add_test(t, again_unseen);
	tcase_add_test(t, again_before_a_held_request);
	tcase_add_test(t, parked_while_it_runs);
	tcase_add_loop_test(t, lost_while_it_runs, 0, 2);
	tcase_add_test(t, answered_while_it_runs);
	tcase_add_test(t, refused_again);
	tcase_add_test(t, a_turn_without_credentials);
	tcase_add_test(t, control_again);
	suite_add_tcase(s, t);
	return suite_run(s);
}
