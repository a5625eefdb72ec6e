/*
 * What the control groups grant of the cores.
 *
 *   /proc/self/cgroup   0::/system.slice/a.service  ─► /sys/fs/cgroup/system.slice/a.service/cpu.max, and of each group above
 *                       4:cpu,cpuacct:/docker/1234  ─► /sys/fs/cgroup/cpu,cpuacct/docker/1234/cpu.cfs_quota_us, and above
 *
 * In a container the path may be the host's, of which nothing is seen there: what is seen is at the top.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "daemon/cores.h"

enum { LINE = PATH_MAX + 256 };

/* The numbers at the beginning of a file; how many there are. */
static int
read_numbers(const char *dir, const char *name, long ret[2])
{
	char path[2 * LINE];
	FILE *f;
	int n;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	n = fscanf(f, "%ld %ld", &ret[0], &ret[1]);
	(void)fclose(f);
	return n;
}

/* One group's grant, when it is less than *n. */
static void
lower(const char *dir, unsigned *n)
{
	long max[2], quota[2], period[2];
	unsigned long cores = 0;

	if (read_numbers(dir, "cpu.max", max) == 2 && max[0] > 0 && max[1] > 0)
		cores = ((unsigned long)max[0] + (unsigned long)max[1] - 1) / (unsigned long)max[1];
	else if (read_numbers(dir, "cpu.cfs_quota_us", quota) >= 1 && quota[0] > 0 &&
		 read_numbers(dir, "cpu.cfs_period_us", period) >= 1 && period[0] > 0)
		cores = ((unsigned long)quota[0] + (unsigned long)period[0] - 1) / (unsigned long)period[0];
	if (cores > 0 && cores < *n)
		*n = (unsigned)cores;
}

/* The group's and all above it; `dir` ends as `top`, which is how it begins. */
static void
lower_by_all(char *dir, size_t top, unsigned *n)
{
	for (;;) {
		char *slash;

		lower(dir, n);
		slash = strrchr(dir, '/');
		if (slash == NULL || (size_t)(slash - dir) < top)
			return;
		*slash = '\0';
	}
}

/* "…,cpu,…" */
static bool
has_cpu(const char *controllers)
{
	for (const char *at = controllers;; at++) {
		size_t n = strcspn(at, ",");

		if (n == 3 && memcmp(at, "cpu", 3) == 0)
			return true;
		at += n;
		if (*at == '\0')
			return false;
	}
}

unsigned
cores_granted(const char *root, unsigned n)
{
	char path[LINE], line[LINE], dir[2 * LINE];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *rest = line, *controllers, *group;
		bool v2;
		int top;

		line[strcspn(line, "\n")] = '\0';
		(void)strsep(&rest, ":");
		controllers = strsep(&rest, ":");
		group = rest;
		if (controllers == NULL || group == NULL)
			continue;
		v2 = *controllers == '\0';
		if (!v2 && !has_cpu(controllers))
			continue;
		top = snprintf(dir, sizeof(dir), "%s/sys/fs/cgroup%s%s", root, v2 ? "" : "/", controllers);
		(void)snprintf(dir + top, sizeof(dir) - (size_t)top, "%s", strcmp(group, "/") == 0 ? "" : group);
		lower_by_all(dir, (size_t)top, &n);
	}
	if (f != NULL)
		(void)fclose(f);
	return n;
}
