/* http_lab: an HTTP server of one thread that gives each request line its answer, and keeps what was asked. */
#ifndef TESTS_HTTP_LAB_H
#define TESTS_HTTP_LAB_H

#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"

static struct {
	int fd;
	uint16_t port;
	pthread_t thread;
	const struct http_lab_answer {
		const char *request; /* "GET /path", the beginning of the request */
		const char *needs;   /* a text that the request must have, or NULL */
		const char *body;
	} *answers;
	size_t count;
	/* Instead of those: what it gives, and the status, is the answer; NULL: the connection ends without. */
	const char *(*answer)(const char *request, const char **ret_status);
	_Atomic unsigned asked;
	const char *first_goes_to; /* the first answer is a redirection to there, unless NULL */
	char last[8192]; /* what was asked last */
} http_lab;

static inline void *
http_lab_serve(void *arg UNUSED)
{
	int fd;

	while ((fd = accept(http_lab.fd, NULL, NULL)) >= 0) {
		size_t n = 0;
		ssize_t got;
		const char *body = NULL, *location = NULL, *end, *status = NULL;
		char head[256];

		/* A body comes with Content-Length; curl sends these in one piece or right behind. */
		while ((got = recv(fd, http_lab.last + n, sizeof(http_lab.last) - 1 - n, 0)) > 0) {
			const char *length;

			n += (size_t)got;
			http_lab.last[n] = '\0';
			end = strstr(http_lab.last, "\r\n\r\n");
			length = strcasestr(http_lab.last, "content-length: ");
			if (end != NULL && (length == NULL || (long)strlen(end + 4) >= strtol(length + 16, NULL, 10)))
				break;
		}
		http_lab.asked++;
		if (http_lab.answer != NULL && (body = http_lab.answer(http_lab.last, &status)) == NULL) {
			close(fd);
			continue;
		}
		for (size_t i = 0; i < http_lab.count && body == NULL; i++)
			if (strncmp(http_lab.last, http_lab.answers[i].request, strlen(http_lab.answers[i].request)) == 0 &&
			    (http_lab.answers[i].needs == NULL || strstr(http_lab.last, http_lab.answers[i].needs) != NULL)) {
				body = http_lab.answers[i].body;
				location = i == 0 ? http_lab.first_goes_to : NULL;
			}
		(void)snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%s%s%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
			       status != NULL ? status : location != NULL ? "307 Elsewhere" : body != NULL ? "200 OK" : "404 Not Found",
			       location != NULL ? "Location: " : "", location != NULL ? location : "", location != NULL ? "\r\n" : "",
			       body != NULL ? strlen(body) : 0);
		(void)!write(fd, head, strlen(head));
		if (body != NULL)
			(void)!write(fd, body, strlen(body));
		close(fd);
	}
	return NULL;
}

static inline void
http_lab_open(const struct http_lab_answer *answers, size_t count)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	http_lab.answers = answers;
	http_lab.count = count;
	http_lab.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(http_lab.fd, 0);
	ck_assert_int_eq(bind(http_lab.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(http_lab.fd, 8), 0);
	ck_assert_int_eq(getsockname(http_lab.fd, (struct sockaddr *)&at, &len), 0);
	http_lab.port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&http_lab.thread, NULL, http_lab_serve, NULL), 0);
}

static inline void
http_lab_close(void)
{
	shutdown(http_lab.fd, SHUT_RDWR);
	pthread_join(http_lab.thread, NULL);
	close(http_lab.fd);
}

#endif
