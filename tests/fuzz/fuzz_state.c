/*
 * Files that the proxy finds when it starts.
 *
 *   first byte: which │ the rest: the file
 *   0 heads of the state directory, their checksum put right    1 the brokers' ports    2 users
 *
 * What is taken is what is written again, and what goes on from there can be saved.
 */
#include <unistd.h>

#include "attest/chains.h"
#include "attest/heads.h"
#include "attest/txns.h"
#include "base/log.h"
#include "base/text.h"
#include "proxy/endpoints.h"
#include "sasl/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PORT_FIRST = 20001, PORT_LAST = 20008, WHY = 256, LIMIT = 1 << 24, PLACED_MAX = 16 };

static char dir[64];
static char path[96];

static void
write_file(struct slice text)
{
	FILE *f = fopen(path, "we");

	INVARIANT(f != NULL && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
}

/* --- heads ------------------------------------------------------------------------------------ */

static struct settings *
settings_of(const struct heads *h)
{
	struct settings *s = settings_new();

	memcpy(s->instance, h->instance, sizeof(s->instance));
	s->collector_id = strdup("urn:fuzz");
	s->dbom_topic = strdup("makoto.dbom");
	s->source = strdup("k:9092");
	s->version = strdup("0");
	s->window_records = 10;
	s->window_age_ms = s->outcome_wait_ms = s->transaction_wait_ms = 1000;
	s->backlog_records = 1000;
	return s;
}

/* Records come for the topics, and leave again; then the proxy stops. */
static void
go_on(struct heads *h)
{
	struct settings *set = settings_of(h);
	struct chains *c = chains_new(set);
	struct heads taken = {0}, saved = {0};
	struct wr w = wr_new(LIMIT);

	heads_write(h, &w);
	INVARIANT(heads_read(wr_slice(&w), &taken) == 0);
	chains_heads_restore(c, &taken);
	INVARIANT(h->count == 0 || chains_set_cluster(c, slice_str(h->entry[0].cluster_id)) == 0);
	for (size_t i = 0; i < h->count && i < PLACED_MAX; i++) {
		const struct heads_entry *e = &h->entry[i];
		struct chains_batch b = {.topic = slice_str(e->topic),
					 .topic_id = e->has_topic_id ? e->topic_id : NULL,
					 .partition = e->partition,
					 .count = 3,
					 .producer_id = -1};
		struct attempt a;

		chains_txn_ended(c, (int64_t)i, &(struct txns_end){0, 0, chains_txn_mark(c)}, true);
		if (chains_place(c, &b, &a) == 0)
			chains_withdraw(&a);
	}
	/* A window that never had a member goes at the next turn. */
	chains_stop(c);
	{
		struct window *none;
		int wait;

		INVARIANT(chains_turn(c, &none, NULL, &wait) == NULL);
	}
	INVARIANT(chains_heads_save(c, &saved) == 0);
	heads_clear(&saved);
	chains_free(c);
	settings_unref(set);
	wr_free(&w);
}

static void
try_heads(struct slice file)
{
	struct wr whole = wr_new(LIMIT), once = wr_new(LIMIT), twice = wr_new(LIMIT);
	struct heads h = {0}, again = {0};
	uint8_t sum[32];

	if (heads_read(file, &h) == 0)
		heads_clear(&h);
	sha256_of(file, sum);
	wr_slice_put(&whole, file);
	wr_bytes(&whole, sum, sizeof(sum));
	if (heads_read(wr_slice(&whole), &h) == 0) {
		heads_write(&h, &once);
		INVARIANT(wr_err(&once) == 0 && once.len == whole.len);
		INVARIANT(heads_read(wr_slice(&once), &again) == 0 && again.count == h.count);
		heads_write(&again, &twice);
		INVARIANT(slice_eq(wr_slice(&once), wr_slice(&twice)));
		go_on(&h);
		heads_clear(&h);
		heads_clear(&again);
	}
	wr_free(&whole);
	wr_free(&once);
	wr_free(&twice);
}

/* --- the brokers' ports ------------------------------------------------------------------------- */

static void
opened(void *arg, int32_t node_id, uint16_t port, int fd)
{
	(void)arg;
	INVARIANT(node_id >= 0 && port >= PORT_FIRST && port <= PORT_LAST);
	if (fd >= 0)
		(void)close(fd);
}

static void
try_endpoints(struct slice file)
{
	struct endpoint all[PORT_LAST - PORT_FIRST + 2];
	struct endpoints *e;
	struct addr at;
	size_t n = 0;

	/* An address that no other program of a test has. */
	INVARIANT(addr_parse("127.77.0.1", 0, &at) == 0);
	write_file(file);
	e = endpoints_new(&at, PORT_FIRST, PORT_LAST, PORT_FIRST + 1, dir, opened, NULL);
	endpoints_load(e);
	endpoints_look(e, slice_str(""));
	while (n < ARRAY_LEN(all) && endpoints_at(e, n, &all[n])) {
		INVARIANT(n == 0 || all[n - 1].node_id < all[n].node_id);
		INVARIANT(all[n].port != PORT_FIRST + 1 && all[n].host[0] != '\0');
		for (size_t i = 0; i < n; i++)
			INVARIANT(all[i].port != all[n].port);
		n++;
	}
	INVARIANT(n < ARRAY_LEN(all));
	for (size_t i = 0; i < n; i++) {
		uint16_t port;

		INVARIANT(endpoints_meet(e, all[i].node_id, slice_str("moved.example"), 9092, &port) == 0);
		INVARIANT(port == all[i].port);
	}
	endpoints_free(e);
	/* What it wrote of them it reads. */
	e = endpoints_new(&at, PORT_FIRST, PORT_LAST, PORT_FIRST + 1, dir, opened, NULL);
	endpoints_load(e);
	endpoints_look(e, slice_str(""));
	for (size_t i = 0; i < n; i++) {
		struct endpoint is;

		INVARIANT(endpoints_find(e, all[i].node_id, &is) == 0);
		INVARIANT(is.port == all[i].port && strcmp(is.host, "moved.example") == 0);
	}
	endpoints_free(e);
}

/* --- users ------------------------------------------------------------------------------------------ */

static void
try_users(struct slice file)
{
	char why[WHY] = "";

	write_file(file);
	if (users_check_file(path, why, sizeof(why)) == 0)
		return;
	INVARIANT(strnlen(why, WHY) < WHY && why[0] != '\0');
	for (const char *p = why; *p != '\0'; p++)
		INVARIANT((uint8_t)*p >= ' ' && *p != '\x7f');
}

static void
clean_up(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest;

	if (size == 0)
		return 0;
	if (path[0] == '\0') {
		/* In memory where that can be had: each input is a file. */
		(void)snprintf(dir, sizeof(dir), "%s/fuzz_state_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		INVARIANT(mkdtemp(dir) != NULL);
		(void)snprintf(path, sizeof(path), "%s/endpoints", dir);
		(void)atexit(clean_up);
		log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	}
	rest = slice_of(data + 1, size - 1);
	if (data[0] == 0)
		try_heads(rest);
	else if (data[0] == 1)
		try_endpoints(rest);
	else if (data[0] == 2)
		try_users(rest);
	return 0;
}
