/* daemon/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include <check.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cores.c"
#include "suite.h"

static char root[64];

static void
put(const char *path, const char *text)
{
	char whole[512];
	FILE *f;

	(void)snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *at = strchr(whole + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(whole, 0700);
		*at = '/';
	}
	f = fopen(whole, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static int
take_away(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

START_TEST(each_version)
{
	static const struct {
		const char *groups; /* /proc/self/cgroup; NULL: there is none */
		struct {
			const char *path, *text;
		} files[4];
		unsigned cores;
	} t[] = {
		{NULL, {{0}}, 16},
		{"0::/\n", {{0}}, 16},
		{"0::/\n", {{"cpu.max", "max 100000\n"}}, 16},
		{"0::/\n", {{"cpu.max", "200000 100000\n"}}, 2},
		{"0::/\n", {{"cpu.max", "50000 100000\n"}}, 1},
		{"0::/\n", {{"cpu.max", "250000 100000\n"}}, 3},
		{"0::/\n", {{"cpu.max", "9900000 100000\n"}}, 16},
		{"0::/\n", {{"cpu.max", "9223372036854775807 1\n"}}, 16},
		{"0::/\n", {{"cpu.max", "100000 0\n"}}, 16},
		{"0::/\n", {{"cpu.max", "-1 100000\n"}}, 16},
		{"0::/\n", {{"cpu.max", ""}}, 16},
		/* A service's group, and those above it. */
		{"0::/system.slice/a.service\n", {{"system.slice/a.service/cpu.max", "300000 100000\n"}}, 3},
		{"0::/system.slice/a.service\n",
		 {{"system.slice/a.service/cpu.max", "max 100000\n"}, {"system.slice/cpu.max", "200000 100000\n"}}, 2},
		{"0::/system.slice/a.service\n",
		 {{"system.slice/a.service/cpu.max", "300000 100000\n"}, {"system.slice/cpu.max", "900000 100000\n"}}, 3},
		/* In a container the host's path leads nowhere. */
		{"0::/kubepods/pod1/2\n", {{"cpu.max", "400000 100000\n"}}, 4},
		{"0::/system.slice/b.service\n", {{"system.slice/a.service/cpu.max", "300000 100000\n"}}, 16},
		/* Version 1, and both at once. */
		{"5:memory:/a\n4:cpu,cpuacct:/a\n0::/\n",
		 {{"cpu,cpuacct/a/cpu.cfs_quota_us", "150000\n"}, {"cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}, 2},
		{"4:cpu,cpuacct:/a\n",
		 {{"cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n"}, {"cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}, 16},
		{"4:cpuacct,cpu:/a\n",
		 {{"cpuacct,cpu/cpu.cfs_quota_us", "700000\n"}, {"cpuacct,cpu/cpu.cfs_period_us", "100000\n"}}, 7},
		{"4:cpuset,cpuacct:/a\n",
		 {{"cpuset,cpuacct/a/cpu.cfs_quota_us", "150000\n"}, {"cpuset,cpuacct/a/cpu.cfs_period_us", "100000\n"}}, 16},
		/* What no kernel writes. */
		{"0\n\n:\n::\n0:\n", {{"cpu.max", "200000 100000\n"}}, 2},
		{"", {{"cpu.max", "200000 100000\n"}}, 16},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char path[256];

		(void)snprintf(root, sizeof(root), "/tmp/test_cores_XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(root));
		if (t[i].groups != NULL)
			put("/proc/self/cgroup", t[i].groups);
		for (size_t k = 0; k < ARRAY_LEN(t[i].files) && t[i].files[k].path != NULL; k++) {
			(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", t[i].files[k].path);
			put(path, t[i].files[k].text);
		}
		ck_assert_msg(cores_granted(root, 16) == t[i].cores, "case %zu: %u", i, cores_granted(root, 16));
		ck_assert_int_eq(nftw(root, take_away, 8, FTW_DEPTH | FTW_PHYS), 0);
	}
}
END_TEST

/* The mask's count is the most there is. */
START_TEST(no_more_than_there_are)
{
	ck_assert_uint_eq(cores_granted("/nowhere", 1), 1);
	ck_assert_uint_eq(cores_granted("/nowhere", 64), 64);
	ck_assert_uint_le(cores_granted("", 2), 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cores");
	TCase *t = tcase_create("cores");

	tcase_add_test(t, each_version);
	tcase_add_test(t, no_more_than_there_are);
	suite_add_tcase(s, t);
	return suite_run(s);
}
