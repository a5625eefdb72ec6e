/* A verifier's memory on disk.  ctl/ is no part of the archive, so its files are taken in whole. */
#include "ctl/recall_file.c"

#include <check.h>

#include "suite.h"

static char dir[] = "/tmp/test_recall_file_XXXXXX", path[64], why[512];
static struct recall_file f;

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_recall_file_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/m.json", dir);
	f = (struct recall_file){.lock_fd = -1};
}

static void
teardown(void)
{
	char other[80];

	recall_file_close(&f);
	(void)unlink(path);
	snprintf(other, sizeof(other), "%s.lock", path);
	(void)unlink(other);
	ck_assert_int_eq(rmdir(dir), 0);
}

static int
opened(void)
{
	recall_file_close(&f);
	return recall_file_open(path, "makoto.dbom", &f, why, sizeof(why));
}

static void
saved(void)
{
	ck_assert_msg(recall_file_save(&f, "makoto.dbom", why, sizeof(why)) == 0, "%s", why);
}

static void
write_text(const char *text, size_t n)
{
	FILE *to = fopen(path, "we");

	ck_assert_ptr_nonnull(to);
	ck_assert_uint_eq(fwrite(text, 1, n, to), n);
	ck_assert_int_eq(fclose(to), 0);
}

static struct remembered
chain(uint8_t id, int32_t partition)
{
	struct remembered r = {.chain = {{id}}, .window_id = id, .sha256 = {0xab, id}, .end = 1000 + id, .partition = partition};

	snprintf(r.topic, sizeof(r.topic), "topic \"%d\"", partition % 2);
	snprintf(r.topic_id, sizeof(r.topic_id), "AAECAwQFBgcICQoLDA0ODw");
	return r;
}

START_TEST(there_and_back)
{
	ck_assert_msg(opened() == 0, "%s", why);
	ck_assert_uint_eq(f.memory.count, 0);
	ck_assert(f.begins);
	snprintf(f.memory.cluster_id, sizeof(f.memory.cluster_id), "cluster");
	saved();
	ck_assert_int_eq(opened(), 0);
	ck_assert(!f.begins);
	ck_assert_uint_eq(f.memory.count, 0);
	snprintf(f.memory.cluster_id, sizeof(f.memory.cluster_id), "cluster");
	snprintf(f.memory.dbom_cluster_id, sizeof(f.memory.dbom_cluster_id), "another");
	for (int i = 20; i > 0; i--) {
		struct remembered r = chain((uint8_t)i, i);

		ck_assert_int_eq(recall_put(&f.memory, &r), 0);
	}
	saved();
	ck_assert_msg(opened() == 0, "%s", why);
	ck_assert_uint_eq(f.memory.count, 20);
	ck_assert_str_eq(f.memory.cluster_id, "cluster");
	ck_assert_str_eq(f.memory.dbom_cluster_id, "another");
	for (size_t i = 0; i < 20; i++) {
		const struct remembered *r = f.memory.list[i];
		struct remembered want = chain(r->chain.b[0], r->chain.b[0]);

		ck_assert_mem_eq(r, &want, sizeof(want));
	}
	/* The same again writes the same. */
	saved();
	ck_assert_int_eq(opened(), 0);
	ck_assert_uint_eq(f.memory.count, 20);
}
END_TEST

/* Two runs at once: the second is told so; when the first ends, it is free. */
START_TEST(locked)
{
	struct recall_file other = {.lock_fd = -1};

	ck_assert_int_eq(opened(), 0);
	ck_assert_int_eq(recall_file_open(path, "makoto.dbom", &other, why, sizeof(why)), ERR_NOT_NOW);
	ck_assert_ptr_nonnull(strstr(why, "another run"));
	recall_file_close(&f);
	ck_assert_int_eq(recall_file_open(path, "makoto.dbom", &other, why, sizeof(why)), 0);
	recall_file_close(&other);
}
END_TEST

#define HEX32 "0102030405060708090a0b0c0d0e0f10"
#define ID "\"chain\":\"" HEX32 "\""
#define SUM "\"statement\":\"" HEX32 HEX32 "\""
#define REST "\"topic\":\"t\",\"topicId\":\"\",\"partition\":0,\"windowId\":1,\"end\":5"
#define OLD_HEAD "{\"format\":\"makoto-kafka-memory/1\",\"clusterId\":\"c\",\"dbomTopic\":\"makoto.dbom\",\"chains\":["
#define HEAD "{\"format\":\"makoto-kafka-memory/1\",\"clusterId\":\"c\",\"dbomTopic\":\"makoto.dbom\",\"dbomClusterId\":\"d\",\"chains\":["
#define GOOD HEAD "{" ID "," SUM "," REST "}]}"

/* As earlier versions wrote it, who didn't say whose the statements are. */
START_TEST(of_before)
{
	static const char text[] = OLD_HEAD "{" ID "," SUM "," REST "}]}";

	write_text(text, sizeof(text) - 1);
	ck_assert_msg(opened() == 0, "%s", why);
	ck_assert_uint_eq(f.memory.count, 1);
	ck_assert_str_eq(f.memory.cluster_id, "c");
	ck_assert_str_eq(f.memory.dbom_cluster_id, "");
	saved();
	ck_assert_msg(opened() == 0, "%s", why);
	ck_assert_uint_eq(f.memory.count, 1);
}
END_TEST

/* Every prefix of it, and every other byte in it, is refused or means something; and nothing else is there. */
START_TEST(spoiled)
{
	char text[] = GOOD;
	size_t n = strlen(text);

	write_text(text, n);
	ck_assert_msg(opened() == 0, "%s", why);
	ck_assert_uint_eq(f.memory.count, 1);
	for (size_t i = 0; i < n; i++) {
		write_text(text, i);
		ck_assert_int_eq(opened(), ERR_CONFIG);
		ck_assert_ptr_nonnull(strstr(why, path));
	}
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		for (int k = 0; k < 4; k++) {
			int err;

			text[i] = "\0x\"9"[k];
			write_text(text, n);
			err = opened();
			ck_assert(err == 0 || err == ERR_CONFIG);
		}
		text[i] = was;
	}
}
END_TEST

START_TEST(refused)
{
	static const char *const texts[] = {
		"", "[]", "null", "{}", HEAD "]} ]", HEAD "7]}", HEAD "{}]}",
		HEAD "{" ID "," SUM "," REST ",\"more\":1}]}",
		HEAD "{" ID "," SUM "," REST "},{" ID "," SUM "," REST "}]}", /* a chain twice */
		HEAD "{" ID "," ID "," SUM "," REST "}]}",                    /* a member twice */
		HEAD "{\"chain\":\"" HEX32 "00\"," SUM "," REST "}]}",
		HEAD "{\"chain\":\"0G02030405060708090a0b0c0d0e0f10\"," SUM "," REST "}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"\",\"topicId\":\"\",\"partition\":0,\"windowId\":1,\"end\":5}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"a\\u0000b\",\"topicId\":\"\",\"partition\":0,\"windowId\":1,\"end\":5}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"t\",\"topicId\":\"12345678901234567890123\",\"partition\":0,\"windowId\":1,\"end\":5}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"t\",\"topicId\":\"\",\"partition\":-1,\"windowId\":1,\"end\":5}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"t\",\"topicId\":\"\",\"partition\":2147483648,\"windowId\":1,\"end\":5}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"t\",\"topicId\":\"\",\"partition\":0,\"windowId\":0,\"end\":5}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"t\",\"topicId\":\"\",\"partition\":0,\"windowId\":1.5,\"end\":5}]}",
		HEAD "{" ID "," SUM ",\"topic\":\"t\",\"topicId\":\"\",\"partition\":0,\"windowId\":1,\"end\":-5}]}",
		HEAD "],\"more\":1}", OLD_HEAD "],\"more\":1}", OLD_HEAD "],\"dbomClusterId\":7}",
		"{\"format\":\"makoto-kafka-memory/2\",\"clusterId\":\"c\",\"dbomTopic\":\"makoto.dbom\",\"chains\":[]}",
		"{\"format\":\"makoto-kafka-memory/1\",\"clusterId\":7,\"dbomTopic\":\"makoto.dbom\",\"chains\":[]}",
		"{\"format\":\"makoto-kafka-memory/1\",\"clusterId\":\"c\",\"dbomTopic\":\"other\",\"chains\":[]}",
		"{\"format\":\"makoto-kafka-memory/1\",\"clusterId\":\"c\",\"dbomTopic\":\"makoto.dbom\",\"chains\":{}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		write_text(texts[i], strlen(texts[i]));
		ck_assert_msg(opened() == ERR_CONFIG, "%s", texts[i]);
		ck_assert_ptr_nonnull(strstr(why, path));
	}
}
END_TEST

/* What can't be written leaves the old one whole. */
START_TEST(not_written)
{
	char tmp[80];

	write_text(GOOD, strlen(GOOD));
	ck_assert_int_eq(opened(), 0);
	snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long)getpid());
	ck_assert_int_eq(mkdir(tmp, 0700), 0); /* no file can be made there */
	ck_assert_int_eq(recall_file_save(&f, "makoto.dbom", why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, path));
	ck_assert_int_eq(rmdir(tmp), 0);
	ck_assert_int_eq(opened(), 0);
	ck_assert_uint_eq(f.memory.count, 1);
	/* No such directory. */
	recall_file_close(&f);
	ck_assert_int_eq(recall_file_open("/nowhere/m.json", "makoto.dbom", &f, why, sizeof(why)), ERR_IO);
}
END_TEST

/* What was written can be read, up to the last byte that a file may have, and not one more. */
START_TEST(as_large_as_may_be)
{
	static char text[BYTES_MAX + 1];

	memset(text, ' ', sizeof(text));
	memcpy(text, GOOD, strlen(GOOD));
	for (size_t n = BYTES_MAX - PIECE - 1; n <= BYTES_MAX; n += n < BYTES_MAX - 1 ? PIECE : 1) {
		write_text(text, n);
		ck_assert_msg(opened() == 0, "%zu: %s", n, why);
		ck_assert_uint_eq(f.memory.count, 1);
	}
	write_text(text, sizeof(text));
	ck_assert_int_eq(opened(), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "larger than"));
}
END_TEST

/* A lock that is a link elsewhere makes no file there. */
START_TEST(no_link)
{
	char lock_path[80], other[80];

	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	snprintf(other, sizeof(other), "%s/other", dir);
	ck_assert_int_eq(symlink(other, lock_path), 0);
	ck_assert_int_eq(opened(), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, lock_path));
	ck_assert_int_eq(access(other, F_OK), -1);
}
END_TEST

int
main(void)
{
	Suite *su = suite_create("recall_file");
	TCase *t = tcase_create("recall_file");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, of_before);
	tcase_add_test(t, locked);
	tcase_add_test(t, spoiled);
	tcase_add_test(t, refused);
	tcase_add_test(t, not_written);
	tcase_add_test(t, as_large_as_may_be);
	tcase_add_test(t, no_link);
	suite_add_tcase(su, t);
	return suite_run(su);
}
