#include "net/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/text.h"
#include "net/loop_internal.h"

enum { HEADERS_MAX = 8192, BODY_MAX = 4096, TIMEOUT_S = 10, ANSWER_MAX = 64 * 1024 * 1024 };

struct http {
	struct evhttp *server;
	uint16_t port;
	http_answer_fn *answer;
	void *arg;
};

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct http *h = arg;
	const char *type = "text/plain; charset=utf-8", *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	struct evbuffer *buf = evhttp_request_get_output_buffer(req);
	struct wr body = wr_new(ANSWER_MAX);
	int status = h->answer(h->arg, path == NULL || path[0] == '\0' ? "/" : path, &body, &type);

	if (wr_err(&body) != 0 || evbuffer_add(buf, body.buf, body.len) != 0 ||
	    evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", type) != 0 ||
	    evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close") != 0)
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
	else
		evhttp_send_reply(req, status, NULL, NULL);
	wr_free(&body);
}

/* HOST:PORT into host[] and port. */
static int
split(const char *address, char *host, size_t host_len, uint16_t *port)
{
	const char *colon = strrchr(address, ':'), *from = address;
	size_t n = colon == NULL ? 0 : (size_t)(colon - address);
	int64_t p;

	if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
		from++;
		n -= 2;
	}
	if (n == 0 || n >= host_len || text_parse_i64(slice_str(colon + 1), &p) != 0 || p < 0 || p > 65535)
		return ERR_CONFIG;
	memcpy(host, from, n);
	host[n] = '\0';
	*port = (uint16_t)p;
	return 0;
}

static uint16_t
bound_port(struct evhttp_bound_socket *s)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)&ss, &len) != 0)
		return 0;
	return ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port
					      : ((struct sockaddr_in *)&ss)->sin_port);
}

int
http_listen(struct loop *l, const char *address, http_answer_fn *answer, void *arg, struct http **ret, char *why,
	    size_t why_len)
{
	struct evhttp_bound_socket *s;
	char host[256];
	uint16_t port;
	struct http *h;

	if (split(address, host, sizeof(host), &port) != 0) {
		(void)snprintf(why, why_len, "\"%s\": want HOST:PORT", address);
		return ERR_CONFIG;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL || (h->server = evhttp_new(loop_base(l))) == NULL) {
		free(h);
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	h->answer = answer;
	h->arg = arg;
	evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(h->server, HEADERS_MAX);
	evhttp_set_max_body_size(h->server, BODY_MAX);
	evhttp_set_timeout(h->server, TIMEOUT_S);
	evhttp_set_gencb(h->server, on_request, h);
	errno = 0;
	s = evhttp_bind_socket_with_handle(h->server, host, port);
	if (s == NULL) {
		(void)snprintf(why, why_len, "can't listen on %s: %s", address,
			       errno != 0 ? strerror(errno) : "not a numeric address of this machine");
		http_close(h);
		return ERR_IO;
	}
	h->port = bound_port(s);
	*ret = h;
	return 0;
}

uint16_t
http_port(const struct http *h)
{
	return h->port;
}

void
http_close(struct http *h)
{
	if (h == NULL)
		return;
	evhttp_free(h->server);
	free(h);
}
