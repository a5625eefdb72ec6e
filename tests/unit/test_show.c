/* How statements are shown.  ctl/ is no part of the archive that tests are linked with, so its files are taken in whole. */
#include <sys/mman.h>

#include "ctl/args.c"
#include "ctl/command.c"
#include "ctl/safe.c"
#include "ctl/shared_options.c"
#include "ctl/show.c"
#include "ctl/show_record.c"
#include "ctl/table.c"
#include "ctl/topic_id.c"
#include "ctl/way.c"
#include "ctl/whom.c"
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

/* The line of JSON, to be released; it is one line. */
static json_t *
json_of(const char *text)
{
	size_t n = strlen(text);
	json_t *v;

	ck_assert_uint_gt(n, 0);
	ck_assert_msg(strchr(text, '\n') == text + n - 1, "%s", text);
	ck_printable(text);
	v = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(v);
	return v;
}

START_TEST(json)
{
	struct show s = {.dbom_topic = WORLD_DBOM, .partition = -1, .json = true};
	char hex[2 * SHA256_LEN + 1];
	uint8_t hash[SHA256_LEN];
	json_t *v, *payload;

	world_window(&w, &proxy, &(struct world_window){.n = 2, .edit = with_claim});
	v = json_of(shown(&s, wr_slice(&w.s[0].value)));
	payload = json_loadb((const char *)w.s[0].payload.buf, w.s[0].payload.len, 0, NULL);
	ck_assert(json_equal(json_object_get(v, "statement"), payload));
	sha256_of(wr_slice(&w.s[0].payload), hash);
	ck_assert_str_eq(json_string_value(json_object_get(v, "sha256")), text_hex(hash, SHA256_LEN, hex));
	json_decref(payload);
	json_decref(v);
}
END_TEST

/* Nothing to escape: then the statement stands there byte for byte. */
START_TEST(json_is_the_payload)
{
	struct show s = {.dbom_topic = WORLD_DBOM, .partition = -1, .json = true};

	world_window(&w, &proxy, &(struct world_window){.n = 2});
	(void)shown(&s, wr_slice(&w.s[0].value));
	ck_assert_ptr_nonnull(memmem(output, strlen(output), w.s[0].payload.buf, w.s[0].payload.len));
}
END_TEST

/* White space of JSON would end the line, and what follows would be a line of the writer's making. */
START_TEST(json_of_a_payload_with_lines)
{
	static const char *const space[] = {"\n", "\r\n", "\t", " ", "\n\n  \r"};
	struct show s = {.dbom_topic = WORLD_DBOM, .partition = -1, .json = true};

	world_window(&w, &proxy, &(struct world_window){.n = 2, .edit = with_claim});
	for (size_t i = 0; i < ARRAY_LEN(space); i++) {
		struct wr spaced = wr_new(1 << 20);
		const struct wr *p = &w.s[0].payload;
		bool string = false;
		json_t *v, *payload;

		for (size_t k = 0; k < p->len; k++) {
			wr_u8(&spaced, p->buf[k]);
			if (string && p->buf[k] == '\\')
				wr_u8(&spaced, p->buf[++k]);
			else if (p->buf[k] == '"')
				string = !string;
			if (!string && strchr("{}[]:,\"", p->buf[k]) != NULL)
				wr_text(&spaced, space[i]);
		}
		v = json_of(shown(&s, wr_slice(&spaced)));
		payload = json_loadb((const char *)p->buf, p->len, 0, NULL);
		ck_assert(json_equal(json_object_get(v, "statement"), payload));
		json_decref(payload);
		json_decref(v);
		wr_free(&spaced);
	}
}
END_TEST

START_TEST(json_unreadable)
{
	struct show s = {.dbom_topic = WORLD_DBOM, .partition = -1, .json = true};
	json_t *v;

	world_window(&w, &proxy, &(struct world_window){.n = 1});
	v = json_of(shown(&s, slice_str("{\"a\":1}\n{\"b\":2}")));
	ck_assert_str_eq(json_string_value(json_object_get(v, "signature")), "unreadable");
	ck_assert_ptr_null(json_object_get(v, "statement"));
	ck_assert_ptr_nonnull(json_object_get(v, "reason"));
	json_decref(v);
}
END_TEST

/* Where statements are, and what headers may call it: by an option, a file, or as ever. */
START_TEST(where_statements_are)
{
	static const struct {
		const char *given, *file, *topics, *names;
	} cases[] = {
		{NULL, NULL, "makoto.dbom", "makoto.dbom"},
		{"a,b", NULL, "a,b", "a,b"},
		{NULL, "attest.dbom.topic: own", "own", "own,own"},
		{NULL, "attest.dbom.topic: own\nverify.dbom.topics: [west, own]", "west,own", "own,west,own"},
		{"a", "attest.dbom.topic: own\nverify.dbom.topics: [west]", "a", "own,a"},
	};
	const struct args_props none = {NULL, 0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct way way = {.bootstrap = "k:1"};
		char why[256];

		if (cases[i].file != NULL)
			ck_assert_msg(config_load_text("f", slice_str(cases[i].file), NULL, 0, &way.config, why, sizeof(why)) == 0, "%s", why);
		ck_assert_int_eq(name_topics(&show_command, cases[i].given, &way), EXIT_OK);
		ck_assert_str_eq(way.dbom_topic, cases[i].topics);
		ck_assert_str_eq(way.dbom_names, cases[i].names);
		ck_assert_str_eq(way_consumer(&way, &none, true).bootstrap, "k:1");
		way.dbom_bootstrap = "there:1";
		ck_assert_str_eq(way_consumer(&way, &none, true).bootstrap, "there:1");
		ck_assert_str_eq(way_consumer(&way, &none, false).bootstrap, "k:1");
		way_close(&way);
	}
}
END_TEST

/* As many as have numbers; more are refused before anything is asked of the cluster. */
START_TEST(how_many_topics)
{
	const int count = DBOM_ROW_TOPICS + _i;
	struct way way = {.bootstrap = "k:1", .file = "f"};
	struct wr text = wr_new(1 << 20);
	char why[256];

	wr_text(&text, "verify.dbom.topics: [t0");
	for (int k = 1; k < count; k++)
		wr_printf(&text, ", t%d", k);
	wr_text(&text, "]\n");
	ck_assert_int_eq(wr_err(&text), 0);
	ck_assert_msg(config_load_text("f", wr_slice(&text), NULL, 0, &way.config, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(name_topics(&show_command, NULL, &way), _i == 0 ? EXIT_OK : EXIT_USAGE);
	way_close(&way);
	wr_free(&text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("show");
	TCase *t = tcase_create("output");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whole);
	tcase_add_test(t, where_statements_are);
	tcase_add_loop_test(t, how_many_topics, 0, 2);
	tcase_add_test(t, json);
	tcase_add_test(t, json_is_the_payload);
	tcase_add_test(t, json_of_a_payload_with_lines);
	tcase_add_test(t, json_unreadable);
	suite_add_tcase(s, t);
	return suite_run(s);
}
