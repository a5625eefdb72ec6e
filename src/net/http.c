#include "net/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "base/text.h"
#include "net/addr.h"
#include "net/loop_internal.h"

enum { HEADERS_MAX = 8192, BODY_MAX = 4096, TIMEOUT_S = 10, ANSWER_MAX = 64 * 1024 * 1024, ACCEPT_PAUSE_MS = 1000 };

struct http {
	struct http *next; /* in this thread's list */
	struct evhttp *server;
	struct evconnlistener *listener; /* the server's */
	struct loop_timer *resume;
	uint16_t port;
	http_answer_fn *answer;
	void *arg;
};

/* libevent tells a failed accept() with its own server at hand, from which no way leads to ours. */
static _Thread_local struct http *servers;

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct http *h = arg;
	const char *type = "text/plain; charset=utf-8", *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct evbuffer *buf = evhttp_request_get_output_buffer(req);
	struct wr body = wr_new(ANSWER_MAX);
	bool head = evhttp_request_get_command(req) == EVHTTP_REQ_HEAD;
	int status = HTTP_BADMETHOD, err = 0;

	if (head || evhttp_request_get_command(req) == EVHTTP_REQ_GET) {
		status = h->answer(h->arg, path == NULL || path[0] == '\0' ? "/" : path, &body, &type);
	} else {
		err = evhttp_add_header(headers, "Allow", "GET, HEAD");
		wr_text(&body, "GET and HEAD only\n");
	}
	if (head)
		wr_reset(&body); /* libevent would send it */
	if (err != 0 || wr_err(&body) != 0 || evbuffer_add(buf, body.buf, body.len) != 0 ||
	    evhttp_add_header(headers, "Content-Type", type) != 0 ||
	    evhttp_add_header(headers, "Connection", "close") != 0)
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
	else
		evhttp_send_reply(req, status, NULL, NULL);
	wr_free(&body);
}

/* No file descriptor is free: trying at once would spin, and each failure would print a line. */
static void
on_accept_failed(struct evconnlistener *listener, void *arg)
{
	for (struct http *h = servers; h != NULL; h = h->next) {
		if (h->server != arg)
			continue;
		(void)evconnlistener_disable(listener);
		loop_timer_set(h->resume, ACCEPT_PAUSE_MS);
	}
}

static void
on_resume(void *arg)
{
	struct http *h = arg;

	(void)evconnlistener_enable(h->listener);
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

/* The server of an address, bound.  0, or ERR_IO with errno, 0 when `host` is no address of ours. */
static int
bind_server(struct http *h, const char *host, uint16_t port)
{
	struct evhttp_bound_socket *s;
	struct addr at;

	evhttp_set_allowed_methods(h->server, UINT16_MAX); /* those that we don't take get 405, not libevent's 501 */
	evhttp_set_max_headers_size(h->server, HEADERS_MAX);
	evhttp_set_max_body_size(h->server, BODY_MAX);
	evhttp_set_timeout(h->server, TIMEOUT_S);
	evhttp_set_gencb(h->server, on_request, h);
	errno = 0;
	s = evhttp_bind_socket_with_handle(h->server, host, port);
	if (s == NULL)
		return ERR_IO;
	h->listener = evhttp_bound_socket_get_listener(s);
	evconnlistener_set_error_cb(h->listener, on_accept_failed);
	at = addr_of_socket(evhttp_bound_socket_get_fd(s));
	h->port = addr_port(&at);
	return 0;
}

int
http_listen(struct loop *l, const char *address, http_answer_fn *answer, void *arg, struct http **ret, char *why,
	    size_t why_len)
{
	char host[256];
	uint16_t port;
	struct http *h;

	if (split(address, host, sizeof(host), &port) != 0) {
		(void)snprintf(why, why_len, "\"%s\": want HOST:PORT", address);
		return ERR_CONFIG;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL || (h->server = evhttp_new(loop_base(l))) == NULL ||
	    (h->resume = loop_timer_new(l, on_resume, h)) == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		http_close(h);
		return ERR_NOMEM;
	}
	h->answer = answer;
	h->arg = arg;
	if (bind_server(h, host, port) != 0) {
		(void)snprintf(why, why_len, "can't listen on %s: %s", address,
			       errno != 0 ? strerror(errno) : "not an address of this machine");
		http_close(h);
		return ERR_IO;
	}
	h->next = servers;
	servers = h;
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
	for (struct http **at = &servers; *at != NULL; at = &(*at)->next) {
		if (*at == h) {
			*at = h->next;
			break;
		}
	}
	if (h->server != NULL)
		evhttp_free(h->server);
	loop_timer_free(h->resume);
	free(h);
}
