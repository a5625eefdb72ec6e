#include "net/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "base/text.h"
#include "net/addr.h"
#include "net/http_host.h"
#include "net/loop_internal.h"

enum { HEADERS_MAX = 8192, BODY_MAX = 4096, TIMEOUT_S = 10, ANSWER_MAX = 64 * 1024 * 1024, ACCEPT_PAUSE_MS = 1000,
       MISDIRECTED = 421 /* RFC 9110, 15.5.20 */ };

struct http {
	struct http *next; /* in this thread's list */
	struct evhttp *server;
	struct evconnlistener *listener; /* the server's */
	struct loop_timer *resume;
	uint16_t port;
	char host[256]; /* as it was given */
	const char *const *hosts;
	size_t host_count;
	http_answer_fn *answer;
	void *arg;
};

/* libevent tells a failed accept() with its own server at hand, from which no way leads to ours. */
static _Thread_local struct http *servers;

static bool
is_meant_for(const struct http *h, struct evhttp_request *req)
{
	const char *value = evhttp_find_header(evhttp_request_get_input_headers(req), "Host"), *own = h->host;

	return value == NULL || http_host_is_ours(slice_str(value), &own, 1) ||
	       http_host_is_ours(slice_str(value), h->hosts, h->host_count);
}

static int
answer(const struct http *h, struct evhttp_request *req, struct wr *body, struct http_meta *meta)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(req);
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));

	if (!is_meant_for(h, req)) {
		wr_text(body, "another host's name, which admin.hosts doesn't have\n");
		return MISDIRECTED;
	}
	if (method == EVHTTP_REQ_HEAD || method == EVHTTP_REQ_GET)
		return h->answer(h->arg, path == NULL || path[0] == '\0' ? "/" : path, body, meta);
	wr_text(body, "GET and HEAD only\n");
	return HTTP_BADMETHOD;
}

/* A browser takes an answer for what it says it is, keeps none, and tells nobody where it found a link. */
static int
put_headers(struct evhttp_request *req, int status, const struct http_meta *meta)
{
	const char *const headers[][2] = {
		{"Content-Type", meta->type},
		{"Connection", "close"},
		{"Content-Security-Policy", meta->policy},
		{"X-Content-Type-Options", "nosniff"},
		{"Cache-Control", "no-store"},
		{"Referrer-Policy", "no-referrer"},
		{"Allow", "GET, HEAD"}, /* the last */
	};
	size_t n = ARRAY_LEN(headers) - (status == HTTP_BADMETHOD ? 0 : 1);
	int err = 0;

	for (size_t i = 0; i < n; i++)
		err |= evhttp_add_header(evhttp_request_get_output_headers(req), headers[i][0], headers[i][1]);
	return err;
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct http_meta meta = {"text/plain; charset=utf-8", "default-src 'none'; frame-ancestors 'none'"};
	struct evbuffer *buf = evhttp_request_get_output_buffer(req);
	struct wr body = wr_new(ANSWER_MAX);
	int status = answer(arg, req, &body, &meta);

	if (evhttp_request_get_command(req) == EVHTTP_REQ_HEAD)
		wr_reset(&body); /* libevent would send it */
	if (wr_err(&body) != 0 || evbuffer_add(buf, body.buf, body.len) != 0 || put_headers(req, status, &meta) != 0)
		evhttp_send_error(req, HTTP_INTERNAL, NULL);
	else
		evhttp_send_reply(req, status, status == MISDIRECTED ? "Misdirected Request" : NULL, NULL);
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
http_listen(struct loop *l, const char *address, http_answer_fn *answer_fn, void *arg, struct http **ret, char *why,
	    size_t why_len)
{
	struct http *h = calloc(1, sizeof(*h));
	uint16_t port;

	if (h != NULL && split(address, h->host, sizeof(h->host), &port) != 0) {
		(void)snprintf(why, why_len, "\"%s\": want HOST:PORT", address);
		http_close(h);
		return ERR_CONFIG;
	}
	if (h == NULL || (h->server = evhttp_new(loop_base(l))) == NULL ||
	    (h->resume = loop_timer_new(l, on_resume, h)) == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		http_close(h);
		return ERR_NOMEM;
	}
	h->answer = answer_fn;
	h->arg = arg;
	if (bind_server(h, h->host, port) != 0) {
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

void
http_set_hosts(struct http *h, const char *const *names, size_t count)
{
	h->hosts = names;
	h->host_count = count;
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
