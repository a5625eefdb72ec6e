/*
 * The file: the cluster, and one broker a line, in no order; other lines are ignored:
 *
 *   cluster ID
 *   NODE PORT HOST:PORT
 *   3 19095 kafka-3.example:9092
 */
#include "proxy/endpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rd.h"
#include "base/text.h"
#include "base/wr.h"
#include "net/listen.h"

#define FILE_MAX ((size_t)1024 * 1024)
#define CLUSTER_MAX 128

struct place {
	struct endpoint is;
	unsigned connections;
	unsigned met; /* the look in which it was told last */
	bool unsure;  /* from the file, which may be another cluster's */
};

struct endpoints {
	pthread_mutex_t mutex;
	struct addr at;
	uint16_t first, last, reserved;
	endpoints_opened_fn *opened;
	void *arg;
	struct place *list; /* in order of node ids */
	size_t count, cap;
	unsigned looks;
	char cluster[CLUSTER_MAX]; /* "": not known */
	bool stopped;
	pthread_mutex_t saving; /* of the file; taken before `mutex`, without which it is written */
	char *path; /* NULL: nothing is kept */
	char *temp;
};

struct endpoints *
endpoints_new(const struct addr *at, uint16_t first, uint16_t last, uint16_t reserved, const char *dir,
	      endpoints_opened_fn *opened, void *arg)
{
	struct endpoints *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	pthread_mutex_init(&e->mutex, NULL);
	pthread_mutex_init(&e->saving, NULL);
	e->at = *at;
	e->first = first;
	e->last = last;
	e->reserved = reserved;
	e->opened = opened;
	e->arg = arg;
	if (dir != NULL &&
	    (asprintf(&e->path, "%s/endpoints", dir) < 0 || asprintf(&e->temp, "%s/endpoints.new", dir) < 0)) {
		endpoints_free(e);
		return NULL;
	}
	return e;
}

void
endpoints_free(struct endpoints *e)
{
	if (e == NULL)
		return;
	pthread_mutex_destroy(&e->mutex);
	pthread_mutex_destroy(&e->saving);
	free(e->list);
	free(e->path);
	free(e->temp);
	free(e);
}

/* Where node_id is in the list, or would be. */
static size_t
place_of(const struct endpoints *e, int32_t node_id)
{
	size_t lo = 0, hi = e->count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (e->list[mid].is.node_id < node_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct place *
find(const struct endpoints *e, int32_t node_id)
{
	size_t i = place_of(e, node_id);

	return i < e->count && e->list[i].is.node_id == node_id ? &e->list[i] : NULL;
}

static struct place *
insert(struct endpoints *e, int32_t node_id)
{
	size_t i = place_of(e, node_id);

	if (e->count == e->cap) {
		size_t cap = e->cap > 0 ? e->cap * 2 : 8;
		struct place *list = realloc(e->list, cap * sizeof(*list));

		if (list == NULL)
			return NULL;
		e->list = list;
		e->cap = cap;
	}
	memmove(&e->list[i + 1], &e->list[i], (e->count - i) * sizeof(*e->list));
	e->count++;
	e->list[i] = (struct place){.is.node_id = node_id};
	return &e->list[i];
}

static struct place *
find_port(const struct endpoints *e, uint16_t port)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->list[i].is.port == port)
			return &e->list[i];
	return NULL;
}

static bool
is_known(const struct place *p)
{
	return p->is.host[0] != '\0' && !p->unsure;
}

/* Told in the last look but one it may only have been too new for the last one. */
static bool
is_told(const struct endpoints *e, const struct place *p)
{
	return p->met + 1 >= e->looks;
}

static bool
port_is_given(const struct endpoints *e, uint16_t port)
{
	return port == e->reserved || find_port(e, port) != NULL;
}

static int
try_port(const struct endpoints *e, uint16_t port, int *ret_fd)
{
	struct addr at = e->at;

	addr_set_port(&at, port);
	return listen_open(&at, ret_fd);
}

/*
 * first + id while that is in the range, else (and when that is taken, here or by another
 * program) the next free one, going round once.  Ids beyond the range start at their
 * remainder, so that 1001, 1002, 1003 get ports in their order, whoever is met first.
 */
static int
open_any(const struct endpoints *e, int32_t node_id, uint16_t *ret_port, int *ret_fd)
{
	uint32_t size = (uint32_t)(e->last - e->first) + 1;

	for (uint32_t i = 0; i < size; i++) {
		uint16_t port = (uint16_t)(e->first + ((uint32_t)node_id % size + i) % size);
		int err;

		if (port_is_given(e, port))
			continue;
		err = try_port(e, port, ret_fd);
		if (err != 0 && errno == EADDRINUSE)
			continue;
		if (err == 0)
			*ret_port = port;
		return err;
	}
	return ERR_LIMIT;
}

/* In the same order, the port of a broker that is no more and that nobody is connected to. */
static int
take_over(struct endpoints *e, int32_t node_id, uint16_t *ret_port)
{
	uint32_t size = (uint32_t)(e->last - e->first) + 1;

	for (uint32_t i = 0; i < size; i++) {
		uint16_t port = (uint16_t)(e->first + ((uint32_t)node_id % size + i) % size);
		struct place *p = find_port(e, port);

		if (p == NULL || p->connections > 0 || is_told(e, p))
			continue;
		LOG_INFO("endpoints", "the range is full: the port of a broker that is no more goes to a new one",
			 LOG_I("port", port), LOG_I("from", p->is.node_id), LOG_I("to", node_id));
		memmove(p, p + 1, (size_t)(&e->list[e->count] - (p + 1)) * sizeof(*p));
		e->count--;
		*ret_port = port;
		return 0;
	}
	return ERR_LIMIT;
}

static void
write_all(const struct endpoints *e, struct wr *w)
{
	wr_text(w, "# node, our port, the broker's address\n");
	if (e->cluster[0] != '\0')
		wr_printf(w, "cluster %s\n", e->cluster);
	for (size_t i = 0; i < e->count; i++) {
		const struct endpoint *p = &e->list[i].is;

		if (p->host[0] == '\0')
			continue;
		wr_printf(w, strchr(p->host, ':') != NULL ? "%d %u [%s]:%u\n" : "%d %u %s:%u\n", p->node_id, p->port,
			  p->host, p->broker_port);
	}
}

/*
 * A file that is lost costs other port numbers after a restart, no more: so it isn't synced.  A disk that
 * hangs keeps who has news waiting, nobody else.
 */
static void
save(struct endpoints *e)
{
	struct wr w = wr_new(FILE_MAX);
	bool ok = false;
	int fd;

	if (e->path == NULL)
		return;
	pthread_mutex_lock(&e->saving);
	pthread_mutex_lock(&e->mutex);
	write_all(e, &w);
	pthread_mutex_unlock(&e->mutex);
	fd = open(e->temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		ok = wr_err(&w) == 0 && write(fd, w.buf, w.len) == (ssize_t)w.len;
		ok = close(fd) == 0 && ok && rename(e->temp, e->path) == 0;
	}
	if (!ok)
		LOG_WARN("endpoints", "the brokers' ports can't be kept for the next start", LOG_S("file", e->path),
			 LOG_S("error", strerror(errno)));
	pthread_mutex_unlock(&e->saving);
	wr_free(&w);
}

static bool
is_word(struct slice text, size_t max)
{
	if (text.n == 0 || text.n >= max)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
			return false;
	return true;
}

static bool
host_is_sane(struct slice host)
{
	return is_word(host, ENDPOINTS_HOST_MAX);
}

static void
set_cluster(struct endpoints *e, struct slice id)
{
	memcpy(e->cluster, id.p, id.n);
	e->cluster[id.n] = '\0';
}

/* Under the lock.  Without an id it may be any. */
static bool
is_other(const struct endpoints *e, struct slice cluster_id)
{
	return is_word(cluster_id, CLUSTER_MAX) && e->cluster[0] != '\0' && !slice_eq(cluster_id, slice_str(e->cluster));
}

bool
endpoints_other(struct endpoints *e, struct slice cluster_id)
{
	bool other;

	pthread_mutex_lock(&e->mutex);
	other = is_other(e, cluster_id);
	pthread_mutex_unlock(&e->mutex);
	return other;
}

void
endpoints_look(struct endpoints *e, struct slice cluster_id)
{
	bool told = is_word(cluster_id, CLUSTER_MAX);
	bool other, changed;

	pthread_mutex_lock(&e->mutex);
	other = is_other(e, cluster_id);
	e->looks++;
	if (other)
		LOG_WARN("endpoints", "this is another cluster; the brokers of the one before are forgotten",
			 LOG_B("cluster", cluster_id), LOG_S("before", e->cluster));
	for (size_t i = 0; i < e->count; i++) {
		struct place *p = &e->list[i];

		p->unsure = false;
		if (other) {
			p->is.host[0] = '\0';
			p->is.broker_port = 0;
		}
	}
	changed = told && (other || e->cluster[0] == '\0');
	if (changed)
		set_cluster(e, cluster_id);
	pthread_mutex_unlock(&e->mutex);
	if (changed)
		save(e);
}

void
endpoints_count(struct endpoints *e, uint16_t port, int by)
{
	struct place *p;

	pthread_mutex_lock(&e->mutex);
	p = find_port(e, port);
	if (p != NULL)
		p->connections += (unsigned)by;
	pthread_mutex_unlock(&e->mutex);
}

static bool
is_at(const struct place *p, struct slice host, int32_t port)
{
	return slice_eq(host, slice_str(p->is.host)) && p->is.broker_port == port;
}

/* ret_differs: NULL, or what a look told lately stays, and here is whether that was said otherwise. */
static int
meet(struct endpoints *e, int32_t node_id, struct slice host, int32_t port, uint16_t *ret_port, bool *ret_differs)
{
	struct place *p;
	bool changed = false, opened = false;
	uint16_t ours = 0;
	int fd = -1;
	int err = 0;

	if (node_id < 0 || port <= 0 || port > UINT16_MAX || !host_is_sane(host))
		return ERR_MALFORMED;
	pthread_mutex_lock(&e->mutex);
	p = find(e, node_id);
	if (p == NULL) {
		err = e->stopped ? ERR_CLOSED : open_any(e, node_id, &ours, &fd);
		if (err == ERR_LIMIT)
			err = take_over(e, node_id, &ours);
		if (err == 0 && (p = insert(e, node_id)) == NULL) {
			close(fd); /* a new port's: one that passed on left room in the list */
			err = ERR_NOMEM;
		}
		if (err == 0) {
			p->is.port = ours;
			changed = opened = true;
		}
	}
	if (ret_differs != NULL)
		*ret_differs = err == 0 && is_known(p) && is_told(e, p) && !is_at(p, host, port);
	if (err == 0)
		ours = p->is.port;
	if (err == 0 && (ret_differs == NULL || !*ret_differs)) {
		p->met = e->looks;
		p->unsure = false;
		if (!is_at(p, host, port)) {
			memcpy(p->is.host, host.p, host.n);
			p->is.host[host.n] = '\0';
			p->is.broker_port = (uint16_t)port;
			changed = true;
		}
	}
	pthread_mutex_unlock(&e->mutex);
	if (changed)
		save(e);
	if (err != 0)
		return err;
	if (opened)
		e->opened(e->arg, node_id, ours, fd);
	*ret_port = ours;
	return 0;
}

int
endpoints_meet(struct endpoints *e, int32_t node_id, struct slice host, int32_t port, uint16_t *ret_port)
{
	return meet(e, node_id, host, port, ret_port, NULL);
}

int
endpoints_hear(struct endpoints *e, int32_t node_id, struct slice host, int32_t port, uint16_t *ret_port, bool *ret_differs)
{
	return meet(e, node_id, host, port, ret_port, ret_differs);
}

int
endpoints_find(struct endpoints *e, int32_t node_id, struct endpoint *ret)
{
	const struct place *p;
	int err = ERR_NOTFOUND;

	pthread_mutex_lock(&e->mutex);
	p = find(e, node_id);
	if (p != NULL && is_known(p) && is_told(e, p)) {
		*ret = p->is;
		err = 0;
	}
	pthread_mutex_unlock(&e->mutex);
	return err;
}

bool
endpoints_at(struct endpoints *e, size_t i, struct endpoint *ret)
{
	bool there = false;

	pthread_mutex_lock(&e->mutex);
	for (size_t k = 0; k < e->count && !there; k++) {
		if (!is_known(&e->list[k]) || !is_told(e, &e->list[k]) || i-- > 0)
			continue;
		*ret = e->list[k].is;
		there = true;
	}
	pthread_mutex_unlock(&e->mutex);
	return there;
}

void
endpoints_stop(struct endpoints *e)
{
	pthread_mutex_lock(&e->mutex);
	e->stopped = true;
	pthread_mutex_unlock(&e->mutex);
}

/* The next word of a line; empty at its end. */
static struct slice
word(struct slice *line)
{
	struct slice w;
	size_t n = 0;

	while (line->n > 0 && *line->p == ' ')
		*line = slice_of(line->p + 1, line->n - 1);
	while (n < line->n && line->p[n] != ' ')
		n++;
	w = slice_of(line->p, n);
	*line = slice_of(line->p + n, line->n - n);
	return w;
}

/* One line of the file.  What makes no sense, or is in the range no more, is passed over. */
static void
load_line(struct endpoints *e, struct slice line)
{
	int64_t node_id, port;
	struct slice rest = line, host;
	struct place *p;
	uint16_t broker_port;
	int fd;

	if (slice_eq(word(&rest), slice_str("cluster"))) {
		host = word(&rest);
		if (is_word(host, CLUSTER_MAX))
			set_cluster(e, host);
		return;
	}
	if (text_parse_i64(word(&line), &node_id) != 0 || node_id < 0 || node_id > INT32_MAX)
		return;
	if (text_parse_i64(word(&line), &port) != 0 || port < e->first || port > e->last)
		return;
	if (addr_split(word(&line), &host, &broker_port) != 0 || !host_is_sane(host))
		return;
	if (find(e, (int32_t)node_id) != NULL || port_is_given(e, (uint16_t)port))
		return;
	if (try_port(e, (uint16_t)port, &fd) != 0) {
		LOG_WARN("endpoints", "a broker's port of last time can't be opened; it gets another",
			 LOG_I("node", node_id), LOG_I("port", port), LOG_S("error", strerror(errno)));
		return;
	}
	p = insert(e, (int32_t)node_id);
	if (p == NULL) {
		close(fd);
		return;
	}
	p->unsure = true;
	p->is.port = (uint16_t)port;
	p->is.broker_port = broker_port;
	memcpy(p->is.host, host.p, host.n);
	e->opened(e->arg, p->is.node_id, p->is.port, fd);
}

void
endpoints_load(struct endpoints *e)
{
	FILE *f = e->path != NULL ? fopen(e->path, "re") : NULL;
	char line[ENDPOINTS_HOST_MAX + 64];

	if (f == NULL) {
		if (e->path != NULL && errno != ENOENT)
			LOG_WARN("endpoints", "the brokers' ports of last time can't be read", LOG_S("file", e->path),
				 LOG_S("error", strerror(errno)));
		return;
	}
	while (fgets(line, sizeof(line), f) != NULL)
		load_line(e, slice_of(line, strcspn(line, "\r\n")));
	fclose(f);
}
