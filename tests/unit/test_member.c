#include <check.h>

#include "attest/answers.h"
#include "attest/member.h"

static struct member_life
played(const enum member_event *events, size_t n)
{
	struct member_life life = {0};

	for (size_t i = 0; i < n; i++)
		member_step(&life, events[i]);
	return life;
}

#define PLAY(...) played((enum member_event[]){__VA_ARGS__}, sizeof((enum member_event[]){__VA_ARGS__}) / sizeof(enum member_event))
#define ck_state(want, ...) ck_assert_str_eq(member_state_name(want), member_state_name(PLAY(__VA_ARGS__).state))

START_TEST(straight_life)
{
	struct member_life life = {0};

	ck_assert(!member_is_resolved(&life));
	ck_assert_int_eq(member_step(&life, MEMBER_FORWARD), MEMBER_FORWARDED);
	ck_assert(!member_is_resolved(&life));
	ck_assert_int_eq(member_step(&life, MEMBER_ACKNOWLEDGE), MEMBER_SETTLED);
	ck_assert(member_is_resolved(&life));
	ck_assert_int_eq(member_step(&life, MEMBER_STATE), MEMBER_STATED);
	ck_assert_int_eq(member_step(&life, MEMBER_FINISH), MEMBER_FINAL);
	ck_assert_uint_eq(life.in_flight, 0);
}
END_TEST

START_TEST(ways_out)
{
	ck_state(MEMBER_REFUSED, MEMBER_WITHDRAW);
	ck_state(MEMBER_REFUSED, MEMBER_FORWARD, MEMBER_REFUSE);
	ck_state(MEMBER_UNKNOWN, MEMBER_FORWARD, MEMBER_LOSE);
	ck_state(MEMBER_GIVEN_UP, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_GIVE_UP);
	ck_state(MEMBER_GIVEN_UP, MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_GIVE_UP); /* in another topic */
}
END_TEST

/* What a retry is told decides, but its refusal says nothing of the attempt that was lost. */
START_TEST(retries)
{
	ck_state(MEMBER_SETTLED, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FORWARD, MEMBER_ACKNOWLEDGE);
	ck_state(MEMBER_UNKNOWN, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FORWARD, MEMBER_REFUSE);
	ck_state(MEMBER_FORWARDED, MEMBER_FORWARD, MEMBER_FORWARD, MEMBER_LOSE);
	ck_state(MEMBER_FORWARDED, MEMBER_FORWARD, MEMBER_FORWARD, MEMBER_REFUSE);
	ck_state(MEMBER_SETTLED, MEMBER_FORWARD, MEMBER_FORWARD, MEMBER_REFUSE, MEMBER_ACKNOWLEDGE);
	ck_state(MEMBER_REFUSED, MEMBER_FORWARD, MEMBER_FORWARD, MEMBER_REFUSE, MEMBER_REFUSE);
	ck_state(MEMBER_UNKNOWN, MEMBER_FORWARD, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_REFUSE);
	ck_state(MEMBER_GIVEN_UP, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FORWARD, MEMBER_GIVE_UP);
}
END_TEST

/* It was found where another copy of the same records stands: as if it was never found. */
START_TEST(taken_back)
{
	ck_state(MEMBER_UNKNOWN, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FIND, MEMBER_TAKE_BACK);
	ck_state(MEMBER_FORWARDED, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FIND, MEMBER_FORWARD, MEMBER_TAKE_BACK);
	ck_state(MEMBER_SETTLED, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FIND, MEMBER_FORWARD, MEMBER_TAKE_BACK, MEMBER_ACKNOWLEDGE);
	ck_state(MEMBER_UNKNOWN, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FIND, MEMBER_FORWARD, MEMBER_TAKE_BACK, MEMBER_REFUSE);
	ck_state(MEMBER_SETTLED, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FIND, MEMBER_TAKE_BACK, MEMBER_FIND);
	ck_state(MEMBER_GIVEN_UP, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FIND, MEMBER_TAKE_BACK, MEMBER_GIVE_UP);
	/* One that an earlier run settled, from whose journal nobody knows how. */
	ck_state(MEMBER_UNKNOWN, MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_TAKE_BACK);
}
END_TEST

/* Answers that come when the matter is settled change nothing. */
START_TEST(late_answers)
{
	ck_state(MEMBER_SETTLED, MEMBER_FORWARD, MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_LOSE);
	ck_state(MEMBER_STATED, MEMBER_FORWARD, MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_STATE, MEMBER_REFUSE);
	ck_state(MEMBER_FINAL, MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_STATE, MEMBER_FINISH, MEMBER_FORWARD,
		 MEMBER_ACKNOWLEDGE);
	ck_state(MEMBER_GIVEN_UP, MEMBER_FORWARD, MEMBER_LOSE, MEMBER_FORWARD, MEMBER_GIVE_UP, MEMBER_ACKNOWLEDGE);
}
END_TEST

static const struct {
	enum member_event events[4];
	size_t n;
} illegal[] = {
	{{MEMBER_ACKNOWLEDGE}, 1},                                    /* nothing is in flight */
	{{MEMBER_STATE}, 1},                                          /* not settled */
	{{MEMBER_FORWARD, MEMBER_STATE}, 2},                          /* not settled */
	{{MEMBER_FORWARD, MEMBER_WITHDRAW}, 2},                       /* it went out */
	{{MEMBER_WITHDRAW, MEMBER_FORWARD}, 2},                       /* it left */
	{{MEMBER_FORWARD, MEMBER_GIVE_UP}, 2},                        /* an answer may come */
	{{MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_STATE, MEMBER_GIVE_UP}, 4}, /* a statement lists it */
	{{MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_FINISH}, 3},    /* not stated */
	{{MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_ACKNOWLEDGE}, 3}, /* one attempt, two answers */
	{{MEMBER_FORWARD, MEMBER_TAKE_BACK}, 2},                      /* it has no place */
	{{MEMBER_FORWARD, MEMBER_ACKNOWLEDGE, MEMBER_STATE, MEMBER_TAKE_BACK}, 4}, /* a statement lists it */
	{{MEMBER_EVENTS}, 1},
};

START_TEST(illegal_steps_abort)
{
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	played(illegal[_i].events, illegal[_i].n);
}
END_TEST

START_TEST(answers)
{
	static const struct {
		struct answer answer;
		bool idempotent;
		enum answer_means means;
	} t[] = {
		{{0, 42, -1}, false, ANSWER_STORED},
		{{0, 0, -1}, true, ANSWER_STORED},
		{{0, -1, -1}, true, ANSWER_OPEN},     /* a duplicate whose offset nobody knows */
		{{46, -1, -1}, true, ANSWER_OPEN},    /* DUPLICATE_SEQUENCE_NUMBER */
		{{10, -1, -1}, true, ANSWER_REFUSED}, /* MESSAGE_TOO_LARGE */
		{{19, -1, -1}, false, ANSWER_REFUSED},
		{{20, -1, -1}, false, ANSWER_OPEN},   /* NOT_ENOUGH_REPLICAS_AFTER_APPEND */
		{{7, -1, -1}, false, ANSWER_OPEN},    /* REQUEST_TIMED_OUT */
		{{-1, -1, -1}, false, ANSWER_OPEN},
		{{13, -1, -1}, false, ANSWER_OPEN},
		{{6, -1, -1}, false, ANSWER_REFUSED}, /* NOT_LEADER_OR_FOLLOWER before the append */
		{{6, 100, -1}, false, ANSWER_OPEN},   /* ... and behind it: the offset tells */
		{{6, -1, -1}, true, ANSWER_OPEN},     /* a retry will tell */
		{{12345, -1, -1}, true, ANSWER_OPEN}, /* an error that is invented tomorrow */
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ck_assert_int_eq(answers_mean(&t[i].answer, t[i].idempotent), t[i].means);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("member");
	TCase *c = tcase_create("life");
	SRunner *sr;
	int failed;

	tcase_add_test(c, straight_life);
	tcase_add_test(c, ways_out);
	tcase_add_test(c, retries);
	tcase_add_test(c, taken_back);
	tcase_add_test(c, late_answers);
	tcase_add_test(c, answers);
	tcase_add_loop_test_raise_signal(c, illegal_steps_abort, 6, 0, sizeof(illegal) / sizeof(illegal[0]));
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
