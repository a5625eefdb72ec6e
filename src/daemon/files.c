#include "daemon/files.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"

/* Logs, libraries, event queues, the admin's connections, the publisher's. */
enum { OTHERS = 64 };

void
files_raise_limit(size_t connections, size_t ports)
{
	size_t want = 2 * connections + ports + OTHERS; /* a client's connection has a broker's beside it */
	struct rlimit limit;
	rlim_t soft;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	/* The soft limit is low for programs that use select(), which knows no descriptor above 1023; we don't. */
	soft = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	if (soft != limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) != 0) {
		LOG_WARN("files", "the limit of open files can't be raised", LOG_S("error", strerror(errno)));
		limit.rlim_max = soft;
	}
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < want)
		LOG_WARN("files", "fewer files may be open than listen.max.connections needs; raise the hard limit (ulimit -Hn, LimitNOFILE=)",
			 LOG_I("limit", limit.rlim_max), LOG_I("needed", want));
}
