/* The threads that wait for a remote signer, over a fake KMS: every task comes back, once, with its own signature or with what went wrong. */
#include "attest/signing.h"

#include <poll.h>
#include <signal.h>

#include "keys/public_key.h"
#include "kms_lab.h"
#include "tests/unit/key_files.h"
#include "tests/unit/suite.h"

enum { TASKS = 40, WAIT_MS = 60000 };

static struct signer *signer;
static struct signing *signing;
static struct public_key *key;
static struct signing_task tasks[TASKS];
static char why[1024];

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed;      /* nobody gets an answer */
	unsigned waiting; /* for it to open */
} door = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static const char *
behind_the_door(const char *request, const char **ret_status)
{
	const char *body;

	pthread_mutex_lock(&door.lock);
	door.waiting++;
	pthread_cond_broadcast(&door.changed);
	while (door.closed)
		pthread_cond_wait(&door.changed, &door.lock);
	body = kms_lab_answer(request, ret_status);
	pthread_mutex_unlock(&door.lock);
	return body;
}

static void
close_door(bool closed)
{
	pthread_mutex_lock(&door.lock);
	door.closed = closed;
	door.waiting = 0;
	pthread_cond_broadcast(&door.changed);
	pthread_mutex_unlock(&door.lock);
}

static void
setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN); /* who gave up takes no answer */
	kms_lab_open(P256_PRIVATE, "ECC_NIST_P256", "ECDSA_SHA_256");
	http_lab.answer = behind_the_door;
	ck_assert_int_eq(public_key_parse(slice_str(P256_PUBLIC), &key), 0);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = KMS_LAB_ARN}, &signer, why, sizeof(why)), 0);
	ck_assert_msg(signer_ready(signer, why, sizeof(why)) == 0, "%s", why);
	signing = signing_start(signer);
	ck_assert_ptr_nonnull(signing);
	ck_assert_ptr_null(signing_done(signing));
}

static void
teardown(void)
{
	close_door(false);
	for (size_t i = 0; i < TASKS; i++) {
		wr_free(&tasks[i].message);
		wr_free(&tasks[i].sig);
	}
	signing_free(signing);
	signing_free(NULL);
	signer_free(signer);
	public_key_free(key);
	kms_lab_close();
}

static void
ask_all(void)
{
	for (size_t i = 0; i < TASKS; i++) {
		tasks[i].message = wr_new(64);
		tasks[i].sig = wr_new(1024);
		wr_printf(&tasks[i].message, "message %zu", i);
		signing_ask(signing, &tasks[i]);
	}
}

static struct signing_task *
next_done(void)
{
	struct signing_task *t;

	while ((t = signing_done(signing)) == NULL) {
		struct pollfd fd = {signing_fd(signing), POLLIN, 0};

		ck_assert_int_eq(poll(&fd, 1, WAIT_MS), 1);
	}
	return t;
}

START_TEST(all_are_signed)
{
	unsigned seen[TASKS] = {0};

	ask_all();
	for (size_t i = 0; i < TASKS; i++) {
		struct signing_task *t = next_done();

		ck_assert_msg(t->err == 0, "%s", t->why);
		ck_assert_int_eq(public_key_verify(key, wr_slice(&t->message), wr_slice(&t->sig)), 0);
		ck_assert_uint_eq(seen[t - tasks]++, 0);
	}
	ck_assert_ptr_null(signing_done(signing));
	signing_stop(signing);
	ck_assert_ptr_null(signing_done(signing));
}
END_TEST

/* What fails says so; of those behind it nobody waits for KMS. */
START_TEST(failures_come_back)
{
	unsigned asked = 0;

	kms_lab.error = "DisabledException";
	ask_all();
	for (size_t i = 0; i < TASKS; i++) {
		struct signing_task *t = next_done();

		ck_assert(t->err == ERR_REMOTE || t->err == ERR_AGAIN);
		ck_assert_ptr_nonnull(strstr(t->why, "the key is disabled: enable it"));
		ck_assert_uint_eq(t->sig.len, 0);
		asked += t->err == ERR_REMOTE;
	}
	ck_assert_uint_ge(asked, 1);
	signing_stop(signing);
}
END_TEST

/* KMS answers nobody: a stop doesn't wait for it, and every task comes back. */
START_TEST(stopped_while_it_waits)
{
	close_door(true);
	ask_all();
	pthread_mutex_lock(&door.lock);
	while (door.waiting == 0)
		pthread_cond_wait(&door.changed, &door.lock);
	pthread_mutex_unlock(&door.lock);
	signing_stop(signing);
	for (size_t i = 0; i < TASKS; i++) {
		struct signing_task *t = signing_done(signing);

		ck_assert_ptr_nonnull(t);
		ck_assert_int_eq(t->err, ERR_CLOSED);
	}
	ck_assert_ptr_null(signing_done(signing));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("signing");
	TCase *t = tcase_create("signing");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_are_signed);
	tcase_add_test(t, failures_come_back);
	tcase_add_test(t, stopped_while_it_waits);
	suite_add_tcase(s, t);
	return suite_run(s);
}
