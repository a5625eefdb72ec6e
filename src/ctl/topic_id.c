/*
 *   → ApiVersions v0       ← which versions of Metadata the broker has
 *   → Metadata v10+        ← the topic's name and id
 */
#include "ctl/topic_id.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/header.h"
#include "kafka/metadata.h"

enum { ANSWER_MAX = 16 * 1024 * 1024, IDS_SINCE = 10, UNKNOWN_TOPIC = 3, AT_ONCE = 200 };

struct peer {
	int fd;
	int timeout_ms;
	int64_t deadline_ns; /* of the answer that is awaited */
	int32_t correlation_id;
};

struct topic_id_line {
	struct peer peer;
	int16_t version; /* of Metadata, that both have */
};

static int
wait_for(const struct peer *p, short events)
{
	struct pollfd fd = {.fd = p->fd, .events = events};
	int64_t left = p->deadline_ns - clock_now().ns;
	int n;

	if (left <= 0)
		return ERR_TIMEOUT;
	n = poll(&fd, 1, (int)((left + 999999) / 1000000));
	if (n < 0)
		return errno == EINTR ? 0 : ERR_IO;
	return n == 0 ? ERR_TIMEOUT : 0;
}

static int
dial(struct peer *p, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	int err = ERR_IO;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return ERR_IO;
	for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		socklen_t len = sizeof(int);
		int failed = 0;

		p->fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
		if (p->fd < 0)
			continue;
		if (connect(p->fd, a->ai_addr, a->ai_addrlen) == 0) {
			err = 0;
			break;
		}
		err = errno == EINPROGRESS ? wait_for(p, POLLOUT) : ERR_IO;
		if (err == 0 && getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 && failed == 0)
			break;
		err = err == 0 ? ERR_IO : err;
		close(p->fd);
		p->fd = -1;
	}
	freeaddrinfo(list);
	return err;
}

/* The far end of a pair is somebody else's, who has what it takes to reach the broker. */
static int
dial_by(struct peer *p, const struct topic_id_way *way, const char *host, const char *port)
{
	int64_t number;
	int fds[2];

	if (text_parse_i64(slice_str(port), &number) != 0 || number < 1 || number > 65535)
		return ERR_CONFIG;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
		return ERR_IO;
	p->fd = fds[0];
	return way->dial(way->arg, fds[1], host, (uint16_t)number);
}

static int
send_all(const struct peer *p, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = send(p->fd, s.p, s.n, MSG_NOSIGNAL);
		int err;

		if (n > 0) {
			s.p += n;
			s.n -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return errno == EPIPE || errno == ECONNRESET ? ERR_CLOSED : ERR_IO;
		if ((err = wait_for(p, POLLOUT)) != 0)
			return err;
	}
	return 0;
}

static int
receive(const struct peer *p, uint8_t *to, size_t want)
{
	while (want > 0) {
		ssize_t n = recv(p->fd, to, want, 0);
		int err;

		if (n > 0) {
			to += n;
			want -= (size_t)n;
			continue;
		}
		if (n == 0)
			return ERR_CLOSED;
		if (errno != EAGAIN && errno != EINTR)
			return errno == ECONNRESET ? ERR_CLOSED : ERR_IO;
		if ((err = wait_for(p, POLLIN)) != 0)
			return err;
	}
	return 0;
}

/* Sends a request and gives its answer's frame (in `answer`) and where the body starts. */
static int
exchange(struct peer *p, int16_t key, int16_t version, struct slice body, struct wr *answer, struct slice *ret_body)
{
	struct wr w = wr_new(1 << 20);
	uint8_t head[4];
	struct slice frame;
	struct rd r;
	size_t at = 0;
	uint8_t *to;
	uint32_t len;
	int err;

	p->deadline_ns = clock_now().ns + (int64_t)p->timeout_ms * 1000000;
	wr_u32(&w, 0);
	request_header_write(key, version, ++p->correlation_id, slice_str("makotoctl"), &w);
	wr_slice_put(&w, body);
	if (wr_err(&w) == 0)
		wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	if ((err = wr_err(&w)) == 0)
		err = send_all(p, wr_slice(&w));
	wr_free(&w);
	if (err != 0 || (err = receive(p, head, sizeof(head))) != 0)
		return err;
	r = rd_of(slice_of(head, sizeof(head)));
	len = rd_u32(&r);
	if (len < 4 || len > ANSWER_MAX)
		return ERR_MALFORMED; /* no Kafka: TLS alerts and HTTP end here */
	wr_reset(answer);
	if ((to = wr_room(answer, len)) == NULL)
		return wr_err(answer);
	if ((err = receive(p, to, len)) != 0)
		return err;
	wr_commit(answer, len);
	frame = wr_slice(answer);
	r = rd_of(frame);
	if (rd_i32(&r) != p->correlation_id)
		return ERR_MALFORMED;
	if ((err = response_body_at(key, version, frame, &at)) != 0)
		return err;
	*ret_body = slice_of(frame.p + at, frame.n - at);
	return 0;
}

static struct topic_id
pick(const struct metadata *m, const char *topic)
{
	static const uint8_t none[16];
	struct topic_id id = {.err = ERR_NOTFOUND};

	for (size_t i = 0; i < m->topic_count; i++) {
		const struct metadata_topic *t = &m->topics[i];

		if (!slice_eq(t->name, slice_str(topic)))
			continue;
		id.err = t->error == 0 ? 0 : t->error == UNKNOWN_TOPIC ? ERR_NOTFOUND : ERR_REMOTE;
		if (id.err == 0 && memcmp(t->id, none, sizeof(none)) != 0)
			text_uuid(t->id, id.text);
		break;
	}
	return id;
}

static int
ask_metadata(struct peer *p, int16_t version, const char *const *topics, size_t count, struct wr *answer, struct topic_id *ret)
{
	struct slice names[AT_ONCE], body;
	struct wr w = wr_new(1 << 20);
	struct metadata m;
	int err;

	for (size_t i = 0; i < count; i++)
		names[i] = slice_str(topics[i]);
	metadata_request_write(version, names, NULL, count, &w);
	if ((err = wr_err(&w)) == 0 && (err = exchange(p, API_METADATA, version, wr_slice(&w), answer, &body)) == 0 &&
	    (err = metadata_read(version, body, &m)) == 0) {
		for (size_t i = 0; i < count; i++)
			ret[i] = pick(&m, topics[i]);
		metadata_free(&m);
	}
	wr_free(&w);
	return err;
}

static int
ask_peer(struct peer *p, int16_t version, const char *const *topics, size_t count, struct topic_id *ret)
{
	struct wr answer = wr_new(ANSWER_MAX);
	int err = 0;

	if (version < IDS_SINCE)
		memset(ret, 0, count * sizeof(*ret));
	else
		for (size_t at = 0; err == 0 && at < count; at += AT_ONCE)
			err = ask_metadata(p, version, topics + at, count - at < AT_ONCE ? count - at : AT_ONCE, &answer, ret + at);
	wr_free(&answer);
	return err;
}

static int
hello(struct peer *p, int16_t *ret_version)
{
	struct wr answer = wr_new(ANSWER_MAX);
	struct slice body;
	int16_t min, max;
	int err = exchange(p, API_VERSIONS, 0, slice_of("", 0), &answer, &body);

	if (err == 0)
		err = apiversions_find(0, body, API_METADATA, &min, &max);
	wr_free(&answer);
	if (err != 0)
		return err;
	if (max > METADATA_MAX)
		max = METADATA_MAX;
	if (max < min)
		return ERR_UNSUPPORTED;
	*ret_version = max;
	return 0;
}

static int
ask_server(const struct topic_id_way *way, const char *host, const char *port, const char *const *topics, size_t count,
	   int timeout_ms, struct topic_id *ret, struct topic_id_line **ret_line)
{
	struct topic_id_line *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return ERR_NOMEM;
	l->peer = (struct peer){.fd = -1, .timeout_ms = timeout_ms};
	l->peer.deadline_ns = clock_now().ns + (int64_t)timeout_ms * 1000000;
	if ((err = way != NULL ? dial_by(&l->peer, way, host, port) : dial(&l->peer, host, port)) != 0 ||
	    (err = hello(&l->peer, &l->version)) != 0 || (err = ask_peer(&l->peer, l->version, topics, count, ret)) != 0) {
		topic_id_hang_up(l);
		return err;
	}
	*ret_line = l;
	return 0;
}

void
topic_id_hang_up(struct topic_id_line *line)
{
	if (line == NULL)
		return;
	if (line->peer.fd >= 0)
		close(line->peer.fd);
	free(line);
}

/* "host:port", "[v6]:port", "host", with an optional "protocol://" in front. */
static bool
split(char *server, char **ret_host, const char **ret_port)
{
	char *scheme = strstr(server, "://"), *colon;

	if (scheme != NULL)
		server = scheme + 3;
	server += strspn(server, " ");
	*ret_port = "9092";
	if (server[0] == '[') {
		char *close_at = strchr(server, ']');

		if (close_at == NULL)
			return false;
		*close_at = '\0';
		*ret_host = server + 1;
		if (close_at[1] == ':')
			*ret_port = close_at + 2;
		return true;
	}
	*ret_host = server;
	if ((colon = strrchr(server, ':')) != NULL) {
		*colon = '\0';
		*ret_port = colon + 1;
	}
	return server[0] != '\0';
}

int
topic_id_ask_on(struct topic_id_line **line, const char *bootstrap, const struct topic_id_way *way, const char *const *topics,
		size_t count, int timeout_ms, struct topic_id *ret)
{
	char *copy = strdup(bootstrap), *rest = NULL, *host;
	struct topic_id *ids = calloc(count + 1, sizeof(*ids));
	const char *port;
	int err = ERR_CONFIG;

	if (copy == NULL || ids == NULL) {
		free(copy);
		free(ids);
		return ERR_NOMEM;
	}
	if (*line != NULL && (err = ask_peer(&(*line)->peer, (*line)->version, topics, count, ids)) != 0) {
		/* Brokers close connections that are idle, and go. */
		topic_id_hang_up(*line);
		*line = NULL;
	}
	for (char *s = strtok_r(copy, ",", &rest); s != NULL && err != 0; s = strtok_r(NULL, ",", &rest))
		if (split(s, &host, &port))
			err = ask_server(way, host, port, topics, count, timeout_ms, ids, line);
	if (err == 0)
		memcpy(ret, ids, count * sizeof(*ids));
	free(ids);
	free(copy);
	return err;
}

int
topic_id_ask(const char *bootstrap, const struct topic_id_way *way, const char *const *topics, size_t count,
	     int timeout_ms, struct topic_id *ret)
{
	struct topic_id_line *line = NULL;
	int err = topic_id_ask_on(&line, bootstrap, way, topics, count, timeout_ms, ret);

	topic_id_hang_up(line);
	return err;
}
