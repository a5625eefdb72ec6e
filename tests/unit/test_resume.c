/* What an interrupted run leaves, and what the next one makes of it.  ctl/ is no part of the archive, so its files are taken in whole. */
#include "ctl/resume.c"

#include <check.h>
#include <sys/stat.h>

#include "suite.h"

static char path[] = "/tmp/test_resume_XXXXXX", why[512];
static const uint8_t options[SHA256_LEN] = {1, 2, 3};
static struct resume *r;
static int64_t now;

static const struct topic_report topic = {.topic = "orders \"1\"", .topic_id = "AAECAwQFBgcICQoLDA0ODw", .cluster_id = "cluster"};

static void
setup(void)
{
	snprintf(path, sizeof(path), "/tmp/test_resume_XXXXXX");
	ck_assert_int_ge(mkstemp(path), 0);
	ck_assert_int_eq(unlink(path), 0);
	r = NULL;
	now = 1700000000000;
}

static void
teardown(void)
{
	resume_close(r);
	(void)unlink(path);
}

static int
opened(void)
{
	resume_close(r);
	r = NULL;
	return resume_open(path, options, &now, &r, why, sizeof(why));
}

static struct topic_partition
judged(int32_t partition)
{
	struct topic_partition p = {.partition = partition, .from = 5, .to = 5 + partition};
	uint64_t counts[COUNTS];

	for (size_t i = 0; i < COUNTS; i++)
		counts[i] = (uint64_t)partition * 1000 + i;
	get_counts(counts, &p.tally);
	return p;
}

static void
add(int32_t partition)
{
	struct topic_partition p = judged(partition);

	ck_assert_msg(resume_add(r, &topic, &p, why, sizeof(why)) == 0, "%s", why);
}

static bool
known(int32_t partition)
{
	struct topic_partition p = {.partition = -7}, want = judged(partition);

	if (!resume_known(r, &topic, partition, &p)) {
		ck_assert_int_eq(p.partition, -7);
		return false;
	}
	ck_assert_mem_eq(&p, &want, sizeof(want));
	return true;
}

START_TEST(goes_on)
{
	ck_assert_msg(opened() == 0, "%s", why);
	ck_assert(!known(0));
	add(0);
	add(7);
	now = 1800000000000;
	ck_assert_msg(opened() == 0, "%s", why);
	ck_assert_int_eq(now, 1700000000000); /* when it began */
	ck_assert(known(0));
	ck_assert(known(7));
	ck_assert(!known(1));
	add(1);
	ck_assert_int_eq(opened(), 0);
	ck_assert(known(0));
	ck_assert(known(1));
	ck_assert(known(7));
	/* It ends: the next one begins anew. */
	ck_assert_int_eq(resume_end(r, why, sizeof(why)), 0);
	now = 1800000000000;
	ck_assert_int_eq(opened(), 0);
	ck_assert_int_eq(now, 1800000000000);
	ck_assert(!known(0));
}
END_TEST

/* The same partition of another topic, or of one that was made again, is another. */
START_TEST(other_topics)
{
	struct topic_report other = topic;
	struct topic_partition p;

	ck_assert_int_eq(opened(), 0);
	add(3);
	ck_assert_int_eq(opened(), 0);
	ck_assert(known(3));
	other.topic = "orders";
	ck_assert(!resume_known(r, &other, 3, &p));
	other = topic;
	other.topic_id = "BBECAwQFBgcICQoLDA0ODw";
	ck_assert(!resume_known(r, &other, 3, &p));
	other = topic;
	other.cluster_id = "";
	ck_assert(!resume_known(r, &other, 3, &p));
}
END_TEST

/* Cut off anywhere: whole lines count, and what is added then is whole. */
START_TEST(cut_off)
{
	char text[8192];
	size_t n, lines;
	FILE *f;

	ck_assert_int_eq(opened(), 0);
	add(0);
	add(1);
	resume_close(r);
	r = NULL;
	f = fopen(path, "re");
	n = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	ck_assert_uint_lt(n, sizeof(text));
	for (size_t i = 0; i <= n; i += i + 40 < n ? 7 : 1) {
		f = fopen(path, "we");
		ck_assert_uint_eq(fwrite(text, 1, i, f), i);
		(void)fclose(f);
		lines = 0;
		for (size_t k = 0; k < i; k++)
			lines += text[k] == '\n';
		ck_assert_msg(opened() == 0, "%s", why);
		ck_assert_int_eq(known(0), lines > 1);
		ck_assert_int_eq(known(1), lines > 2);
		add(2);
		ck_assert_msg(opened() == 0, "%s", why);
		ck_assert(known(2));
		ck_assert_int_eq(known(0), lines > 1);
	}
}
END_TEST

START_TEST(refused)
{
	static const char *const lines[] = {"{}\n", "x\n", "\n", "{\"format\":\"makoto-kafka-resume/2\",\"options\":\"\",\"nowMs\":1}\n"};
	uint8_t others[SHA256_LEN] = {9};
	struct resume *second = NULL;
	FILE *f;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		f = fopen(path, "we");
		fputs(lines[i], f);
		(void)fclose(f);
		ck_assert_int_eq(opened(), ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(why, path));
	}
	(void)unlink(path);
	ck_assert_int_eq(opened(), 0);
	ck_assert_int_eq(resume_open(path, options, &now, &second, why, sizeof(why)), ERR_NOT_NOW);
	resume_close(r);
	r = NULL;
	ck_assert_int_eq(resume_open(path, others, &now, &second, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "something else"));
	ck_assert_int_eq(resume_open("/nowhere/at/all", options, &now, &second, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_null(second);
	/* A line that is no partition. */
	for (size_t i = 0; i < 3; i++) {
		f = fopen(path, "ae");
		fputs(lines[i], f);
		(void)fclose(f);
		ck_assert_int_eq(opened(), ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(why, ":2: "));
	}
}
END_TEST

/* What is no such file stays as it is: also where its first line has no end, or one that can't be seen. */
START_TEST(of_others)
{
	static char text[2 * LINE_MAX_BYTES], back[sizeof(text)];
	static const struct {
		const char *begin;
		size_t n; /* with a NUL, or letters, behind what it begins with */
		char fill;
	} files[] = {{"x", 1, 'x'}, {"", LINE_MAX_BYTES - 2, 'x'}, {"", LINE_MAX_BYTES - 1, 'x'}, {"", LINE_MAX_BYTES, 'x'},
		     {HEAD_BEGIN, sizeof(text), 'a'}, {"x", 7, '\0'}, {"", 1, '\0'}, {"", 5000, '\0'},
		     {"{\"format\":\"makoto-kafka-resume/2", 60, 'x'}, {"{\"format\":\"makoto-kafka-memory/1\",", 60, 'x'}};

	for (size_t i = 0; i < 2 * ARRAY_LEN(files); i++) {
		size_t n = files[i / 2].n;
		FILE *f;

		memset(text, files[i / 2].fill, sizeof(text));
		memcpy(text, files[i / 2].begin, strlen(files[i / 2].begin));
		if (i % 2 == 1 && (n <= 1 || files[i / 2].fill != '\0'))
			continue;
		if (i % 2 == 1)
			text[n - 1] = '\n'; /* behind a NUL */
		f = fopen(path, "we");
		ck_assert_uint_eq(fwrite(text, 1, n, f), n);
		(void)fclose(f);
		ck_assert_msg(opened() == ERR_CONFIG, "%zu", i);
		ck_assert_ptr_nonnull(strstr(why, "its format isn't"));
		f = fopen(path, "re");
		ck_assert_uint_eq(fread(back, 1, sizeof(back), f), n);
		(void)fclose(f);
		ck_assert_mem_eq(back, text, n);
	}
}
END_TEST

/* One that is ours, with a line that none of ours is as long as, or that has a NUL, before others. */
START_TEST(spoiled_inside)
{
	FILE *f;

	for (int i = 0; i < 2; i++) {
		ck_assert_msg(opened() == 0, "%s", why);
		add(0);
		f = fopen(path, "ae");
		for (int k = 0; i == 0 && k < LINE_MAX_BYTES; k++)
			(void)fputc('x', f);
		if (i == 1)
			(void)fputc('\0', f);
		(void)fputc('\n', f);
		(void)fclose(f);
		ck_assert_int_eq(opened(), ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(why, ":3: not a partition"));
		(void)unlink(path);
	}
}
END_TEST

/* A file that stays although a run has ended says nothing any more, and that it stays is said. */
START_TEST(stays)
{
	char other[sizeof(path) + 8];

	ck_assert_int_eq(opened(), 0);
	add(0);
	snprintf(other, sizeof(other), "%s.other", path);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0); /* no file that can be unlinked */
	ck_assert_int_eq(resume_end(r, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, path));
	ck_assert_ptr_nonnull(strstr(why, "can't be removed: "));
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(opened(), 0);
	ck_assert(!known(0));
	/* One that is gone already is as it should be. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(resume_end(r, why, sizeof(why)), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("resume");
	TCase *t = tcase_create("resume");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, goes_on);
	tcase_add_test(t, other_topics);
	tcase_add_test(t, cut_off);
	tcase_add_test(t, refused);
	tcase_add_test(t, of_others);
	tcase_add_test(t, spoiled_inside);
	tcase_add_test(t, stays);
	suite_add_tcase(s, t);
	return suite_run(s);
}
