/* ctl/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include "failing.h"

#include "ctl/json_memory.c"
#include "makoto/envelope.h"
#include "suite.h"

#define ENVELOPE "{\"payload\":\"YQ==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"YQ==\"}]}"

enum { CALLS = 20 }; /* fewer than reading it takes */

static int
read_envelope(void)
{
	struct envelope e;
	int err = envelope_read(slice_str(ENVELOPE), &e);

	if (err == 0)
		envelope_clear(&e);
	return err;
}

START_TEST(reads_as_before)
{
	int64_t alive = failing.live;

	json_memory_setup();
	ck_assert_int_eq(read_envelope(), 0);
	ck_assert_int_eq(failing.live, alive);
}
END_TEST

/* It never comes back to call a good envelope malformed. */
START_TEST(ends_the_program)
{
	json_memory_setup();
	failing_begin((uint64_t)_i + 1, false);
	failing.armed = true;
	(void)!read_envelope();
	failing.armed = false;
	ck_abort_msg("it came back");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json_memory");
	TCase *t = tcase_create("json_memory");

	tcase_add_test(t, reads_as_before);
	tcase_add_loop_exit_test(t, ends_the_program, EXIT_UNFINISHED, 0, CALLS);
	suite_add_tcase(s, t);
	return suite_run(s);
}
