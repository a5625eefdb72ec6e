/* How statements are shown.  ctl/ is no part of the archive that tests are linked with, so its files are taken in whole. */
#include <sys/mman.h>

#include "ctl/args.c"
#include "ctl/command.c"
#include "ctl/safe.c"
#include "ctl/show.c"
#include "ctl/table.c"
#include "tests/unit/suite.h"
#include "tests/unit/world.h"

static struct world w;
static struct world_proxy proxy;
static char output[64 * 1024];

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, false);
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
}

/* What is printed for the first statement, with this value. */
static const char *
shown(struct show *s, struct slice value)
{
	int saved = dup(STDOUT_FILENO), fd = memfd_create("stdout", 0);
	ssize_t n;

	ck_assert_int_ge(saved, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fflush(stdout), 0);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(on_statement(s, 3, 0, slice_str(w.s[0].key), value, wr_slice(&w.s[0].manifest)), 0);
	ck_assert_int_eq(fflush(stdout), 0);
	ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	n = pread(fd, output, sizeof(output) - 1, 0);
	ck_assert_int_ge((int)n, 0);
	ck_assert_uint_lt((size_t)n, sizeof(output) - 1);
	output[n] = '\0';
	(void)close(saved);
	(void)close(fd);
	return output;
}

static void
ck_printable(const char *text)
{
	for (; *text != '\0'; text++)
		ck_assert_msg((*text >= 0x20 && *text < 0x7f) || *text == '\n', "byte %02x", (uint8_t)*text);
}

static struct statement_claim claim;

/* DEL, C1 and a bidi override stand raw in a statement's JSON. */
#define SPOILED "x\x7f\xc2\x9b" "2J\xe2\x80\xae\ny\\\""

static void
with_claim(struct statement *s)
{
	claim = (struct statement_claim){slice_str("name " SPOILED), slice_str(SPOILED)};
	s->claims = &claim;
	s->claim_count = 1;
}

START_TEST(whole)
{
	struct show s = {.dbom_topic = WORLD_DBOM, .partition = -1, .window = 1};

	world_window(&w, &proxy, &(struct world_window){.n = 2, .edit = with_claim});
	ck_printable(shown(&s, wr_slice(&w.s[0].value)));
	ck_assert_ptr_nonnull(strstr(output, "signature  unsigned\n"));
	ck_assert_ptr_nonnull(strstr(output, "\n      \"kafka\": {\n"));
	ck_assert_ptr_nonnull(strstr(output, ": \"x\\u007f\\u009b2J\\u202e\\ny\\\\\\\"\"\n"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("show");
	TCase *t = tcase_create("output");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whole);
	suite_add_tcase(s, t);
	return suite_run(s);
}
