#include "admin/sdnotify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"

int
sdnotify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path == NULL ? 0 : strlen(path);
	ssize_t sent;
	int fd;

	if (n < 2 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return ERR_NOTFOUND;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERR_IO;
	sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)close(fd);
	return sent < 0 ? ERR_IO : 0;
}

int64_t
sdnotify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	int64_t n;

	if (usec == NULL || text_parse_i64(slice_str(usec), &n) != 0 || n <= 0)
		return 0;
	if (pid != NULL) {
		int64_t whose;

		if (text_parse_i64(slice_str(pid), &whose) != 0 || whose != getpid())
			return 0;
	}
	return n / 2000 > 0 ? n / 2000 : 1;
}
