#include "admin/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* The number in field `n`, counted from 1, of a line of /proc/self; -1: none. */
static long long
proc_field(const char *file, unsigned n)
{
	char line[1024], *p = line;
	FILE *f = fopen(file, "re");
	size_t len = f == NULL ? 0 : fread(line, 1, sizeof(line) - 1, f);

	if (f != NULL)
		(void)fclose(f);
	line[len] = '\0';
	/* The second field of stat is a file's name in parentheses, with anything in it. */
	if (strrchr(line, ')') != NULL) {
		p = strrchr(line, ')');
		n--;
	}
	for (; n > 1 && p != NULL; n--) {
		p = strchr(p, ' ');
		p = p == NULL ? NULL : p + 1;
	}
	return p == NULL || *p < '0' || *p > '9' ? -1 : strtoll(p, NULL, 10);
}

static long long
open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long long n = -3; /* itself, and the two names of every folder */

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n;
}

static void
put(struct wr *w, const char *name, const char *type, const char *help, long long n)
{
	if (n >= 0)
		wr_printf(w, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, type, name, n);
}

int64_t
process_started_ms(void)
{
	long long ticks = proc_field("/proc/self/stat", 22), per_second = sysconf(_SC_CLK_TCK);
	struct timespec up;

	if (ticks < 0 || per_second <= 0 || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
		return 0;
	return clock_wall_ms() - ((int64_t)up.tv_sec * 1000 + up.tv_nsec / 1000000 - ticks * 1000 / per_second);
}

void
process_render(struct wr *w)
{
	long long pages = proc_field("/proc/self/statm", 2);
	struct rlimit limit;
	struct rusage used;

	wr_text(w, "# HELP makoto_build_info The version that runs.\n# TYPE makoto_build_info gauge\n"
		   "makoto_build_info{version=\"" MAKOTO_VERSION "\"} 1\n");
	put(w, "process_start_time_seconds", "gauge", "Start of the process, since 1970.", process_started_ms() / 1000);
	put(w, "process_resident_memory_bytes", "gauge", "Resident memory.", pages < 0 ? -1 : pages * getpagesize());
	put(w, "process_open_fds", "gauge", "Open file descriptors.", open_files());
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		put(w, "process_max_fds", "gauge", "File descriptors at most.", (long long)limit.rlim_cur);
	if (getrusage(RUSAGE_SELF, &used) != 0)
		return;
	wr_printf(w,
		  "# HELP process_cpu_seconds_total Processor time, user and system.\n"
		  "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %lld.%06ld\n",
		  (long long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec +
			      (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000000),
		  (long)((used.ru_utime.tv_usec + used.ru_stime.tv_usec) % 1000000));
}
