/*
 * crashing: a world with a log, a statement topic and a journal, and a proxy that can crash at any
 * moment.  Whatever it did before, the next one must bring the world in order: every record
 * of the log in one window, every window with one content, every statement behind the one
 * before.
 */
#ifndef TESTS_UNIT_CRASHING_H
#define TESTS_UNIT_CRASHING_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/chain_journal.h"
#include "attest/chain_renew.h"
#include "attest/chains_look.h"
#include "attest/chains_sure.h"
#include "attest/chains_internal.h"
#include "attest/collectors.h"
#include "attest/outgoing.h"
#include "attest/journal_internal.h"
#include "attest/journal_read.h"
#include "attest/journal_space.h"
#include "attest/recovery.h"
#include "base/metrics.h"
#include "ctl/inventory.c" /* no part of the archive that tests are linked with */
#include "makoto/envelope.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/scratch.h"

enum { LOG_MAX = 4096, TOPIC_MAX = 512, FLIGHT_MAX = 64 };

struct logged {
	int64_t base;
	int32_t count;
	int content;
	int64_t producer_id;
	int txn; /* of its producer's */
	bool plain; /* as its client sent it: no window has it */
};

/* The producers from this one on write in transactions, all of them in one epoch. */
enum { FIRST_TXN = 3, TXN_PRODUCERS = 3, TXNS_MAX = 512 };

struct published {
	uint64_t window;
	struct statement *s;
	struct wr value, manifest;
	uint8_t sum[32], value_sum[32]; /* the statement's own, and that of the value around it */
};

/* A batch that was sent, and what became of it in the log. */
struct flight {
	struct attempt a;
	struct chains_batch b;
	int content;
	bool stored;
	bool late; /* its bytes are under way yet */
	int64_t base;
};

static char dir[64];
static int dir_fd;
static uint8_t boot[16] = {1};
static struct monotime mono;
static int64_t wall;
static struct settings *set;
static struct chains *c;
static struct journal *j;

static struct logged world_log[LOG_MAX];
static size_t logged_count;
static int64_t log_end;
static int64_t shown; /* so far readers get it: a leader answers before its replicas have what it tells of; 0: all of it */
/* Where topics have ids: the first was deleted, and what is stored now stands behind `first_end` in one of the same name. */
static const uint8_t ids[2][16] = {{1}, {2}};
static bool has_id, made_again;
/* Everything goes out as it comes, by producers without an id, and few contents come again and again. */
static bool bare;
static size_t first_end;
static struct published topic[TOPIC_MAX];
static size_t topic_count;
static struct flight flights[FLIGHT_MAX];
static size_t flight_count;
/* What a crash of the process can't take back: so much of the newest segment, and all before. */
static char written_name[256];
static off_t written;
static int contents;
static unsigned seed;
/* Which transaction each producer is in, how the ones before ended, and from where on this run is who ends them. */
static int txn_of[TXN_PRODUCERS];
static bool is_committed[TXN_PRODUCERS][TXNS_MAX];
static uint64_t ended_since[TXN_PRODUCERS];
/* The statement that waits for the topic, while that takes none. */
static struct outgoing *held;
static struct heads saved; /* by a clean stop, for the next start */
static const enum journal_sync syncs[] = {JOURNAL_SYNC_NONE, JOURNAL_SYNC_WINDOW, JOURNAL_SYNC_ALWAYS};
static enum journal_sync sync_with;
static uint64_t segment_bytes; /* 0: any */
static bool is_signed; /* or bare JSON */
static const char *cluster = RIG_CLUSTER;

static void pass(int64_t ms);
static bool topic_is_down;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void
each_file(void (*fn)(const char *name))
{
	DIR *d = opendir(dir);

	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (strncmp(e->d_name, "journal.", 8) == 0)
			fn(e->d_name);
	closedir(d);
}

static void
remove_file(const char *name)
{
	ck_assert_int_eq(unlinkat(dir_fd, name, 0), 0);
}

static char newest[256];

static void
note_newest(const char *name)
{
	if (strcmp(name, newest) > 0)
		snprintf(newest, sizeof(newest), "%s", name);
}

static off_t
journal_size(void)
{
	struct stat st;

	newest[0] = '\0';
	each_file(note_newest);
	ck_assert_int_eq(fstatat(dir_fd, newest, &st, 0), 0);
	return st.st_size;
}

static void
note_written(void)
{
	written = journal_size();
	memcpy(written_name, newest, sizeof(newest));
}

static void
cut(off_t size)
{
	int fd = openat(dir_fd, newest, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

/* --- the proxy ----------------------------------------------------------------------- */

static int
on_entry(void *arg, uint64_t segment UNUSED, struct journal_entry *e)
{
	return inventory_entry(arg, e);
}

/* What makotoctl fsck counts in a journal. */
static struct inventory
counted(void)
{
	struct inventory v = {0};
	char why[256];

	ck_assert_int_eq(journal_read(dir_fd, &(struct journal_reader){.entry = on_entry, .arg = &v}, why, sizeof(why)), 0);
	ck_assert_int_eq(inventory_end(&v), 0);
	return v;
}

/* It is what the recovery found. */
static void
ck_counted(struct inventory v)
{
	size_t windows = 0, stated = 0;
	int64_t members = 0, unsettled = 0;

	LIST_EACH(&c->recovered, e) {
		const struct chain *k = CONTAINER_OF(e, struct recovered, link)->chain;

		stated += k->outgoing.count;
		windows += k->outgoing.count;
		LIST_EACH(&k->outgoing, oe)
			members += CONTAINER_OF(oe, struct outgoing, link)->records;
		LIST_EACH(&k->windows, we) {
			const struct window *w = CONTAINER_OF(we, struct window, in_chain);

			windows += w->spans.count > 0;
			LIST_EACH(&w->spans, se) {
				const struct span *s = CONTAINER_OF(se, struct span, in_window);

				members += s->count;
				unsettled += member_is_resolved(&s->placement->life) ? 0 : s->count;
			}
		}
	}
	ck_assert_uint_eq(v.windows_left, windows);
	ck_assert_uint_eq(v.stated, stated);
	ck_assert_int_eq(v.members, members);
	ck_assert_int_eq(v.unsettled, unsettled);
	inventory_free(&v);
}

static int
begin_journal(const char *name, struct recovery *r)
{
	struct collectors names = {0};
	int err;

	ck_assert_int_eq(collectors_read(dir_fd, &names), 0);
	chains_journal_names(c, &names);
	err = chains_journal_begin(c, j, r);
	if (err == 0)
		ck_assert_int_eq(collectors_use(&names, name), 0);
	if (err == 0 || (err == ERR_CONFIG && names.used > 0))
		ck_assert_int_eq(collectors_write(dir_fd, &names), 0);
	collectors_clear(&names);
	return err;
}

/* Under that name of the collector's. */
static void
begin_as(const char *name)
{
	struct inventory v = counted();
	struct journal_conf conf = {.dir_fd = dir_fd, .sync = sync_with, .max_bytes = 64 << 20,
				    .segment_bytes = segment_bytes > 0 ? segment_bytes : 1 + pick(pick(2) == 0 ? 4 << 10 : 64 << 10)};
	struct recovery *r = NULL;
	char why[256] = "";
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	struct window *w;
	struct outgoing *out;
	int wait_ms;
	int err = recovery_scan(dir_fd, boot, &r, why, sizeof(why));

	ck_assert_msg(err == 0 || err == ERR_NOTFOUND, "%s", why);
	memset(conf.instance, 0x11, sizeof(conf.instance));
	memcpy(conf.boot, boot, sizeof(boot));
	if (r != NULL) {
		conf.last_segment = recovery_last_segment(r);
		conf.last_bytes = recovery_last_bytes(r);
	}
	set = rig_settings();
	free(set->collector_id);
	set->collector_id = strdup(name);
	ck_assert_ptr_nonnull(set->collector_id);
	memset(ended_since, 0, sizeof(ended_since));
	c = chains_new(set);
	if (pick(2) == 0) /* the journal alone has statements */
		atomic_store(&c->shared.outgoing, OUTGOING_MEMORY_MAX);
	ck_assert_int_eq(chains_read_back(c), 0);
	if (has_id)
		ck_assert_int_eq(chains_sure_begin(c), 0);
	ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
	chains_heads_restore(c, &saved);
	ck_assert_int_eq(begin_journal(name, r), 0);
	ck_counted(v);
	ck_assert_int_eq(journal_remove(dir_fd, journal_first(j) - 1), 0);
	/* Nothing is stated or looked for before the cluster is known. */
	ck_assert_ptr_null(chains_turn(c, &w, &out, &wait_ms));
	ck_assert(!chains_look(c, &l, &wait_ms));
	recovery_free(r);
	if (pick(4) == 0)
		pass(100000); /* it is reached late */
	ck_assert_int_eq(chains_set_cluster(c, slice_str(cluster)), 0);
	note_written();
}

static void
begin(void)
{
	begin_as("urn:test:proxy");
}

/* The process is gone; of what it had not committed some may be on disk. */
static void
crash(void)
{
	off_t size;

	held = NULL;
	c->shared.journal = NULL;
	for (size_t i = 0; i < flight_count; i++)
		chains_lost(&flights[i].a); /* their memory */
	chains_free(c);
	settings_unref(set);
	journal_close(j);
	size = journal_size();
	if (strcmp(newest, written_name) != 0)
		written = 0;
	if (size > written) {
		size = written + (off_t)pick((unsigned)(size - written) + 1);
		cut(size);
	}
	flight_count = 0;
}

/* The broker has it, in the transaction that its producer is in by then. */
static void
arrive(struct flight *f)
{
	int64_t producer = f->b.producer_id;

	f->base = log_end;
	f->late = false;
	log_end += f->b.count + (int64_t)pick(2);
	world_log[logged_count++] = (struct logged){f->base, f->b.count, f->content, producer,
						    producer < FIRST_TXN ? 0 : txn_of[producer - FIRST_TXN], false};
}

/* The batch that is settled there, and in no statement yet; or NULL. */
static struct placement *
settled_at(int64_t base)
{
	struct slice key;
	size_t at = 0;
	void *chain;

	while (map_next(c->map, &at, &key, &chain))
		LIST_EACH(&((struct chain *)chain)->windows, we)
			LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
				struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

				if (p->base_offset == base && p->life.state == MEMBER_SETTLED && p->unstated == p->span_count)
					return p;
			}
	return NULL;
}

/* Any batch, placed.  False: there is no room for one. */
static bool
place_one(struct flight *f)
{
	int64_t producer = (int64_t)pick(6) - 1;
	static int32_t sequence[8];
	int32_t n = 1 + (int32_t)pick(24);

	if (flight_count == FLIGHT_MAX)
		return false;
	*f = (struct flight){.content = contents++};
	if (bare) {
		f->content = (int)pick(3);
		n = 1 + 5 * f->content;
		producer = -1;
	}
	f->b = producer < 0 ? rig_batch(n) : rig_idempotent(producer, sequence[producer], n);
	if (producer >= FIRST_TXN) {
		f->b.transactional = true;
		f->b.transactional_id = slice_str("tx");
	}
	if (producer >= 0)
		sequence[producer] += n;
	f->b.topic_id = has_id ? ids[0] : NULL;
	ck_assert_int_eq(chains_place(c, &f->b, &f->a), 0);
	rig_fill(f->a.members, n, f->content);
	return true;
}

static int
forward(struct flight *f)
{
	return chains_forward(&f->a, bare ? HEADERS_NONE : HEADERS_FULL);
}

/* It went out. */
static void
goes_out(struct flight *f)
{
	note_written(); /* before its bytes go out */
	f->stored = pick(8) != 0;
	f->late = f->stored && f->b.producer_id >= FIRST_TXN && pick(4) == 0;
	if (f->stored && !f->late)
		arrive(f);
	flight_count++;
}

static void
send_one(void)
{
	struct flight *f = &flights[flight_count];

	if (!place_one(f))
		return;
	ck_assert_int_eq(forward(f), 0);
	goes_out(f);
}

/* The answer arrives, or never will. */
static void
answer_one(void)
{
	struct flight *f;
	unsigned i;

	if (flight_count == 0)
		return;
	i = pick((unsigned)flight_count);
	f = &flights[i];
	if (f->late)
		arrive(f); /* perhaps behind ends that went out meanwhile */
	if (pick(6) == 0) {
		chains_lost(&f->a);
	} else {
		struct answer ok = {0, f->base, -1}, no = {10, -1, -1};
		enum chains_outcome o = chains_settle(&f->a, f->stored ? &ok : &no);

		ck_assert(o == (f->stored ? CHAINS_STORED : CHAINS_REFUSED) || (bare && f->stored && o == CHAINS_OPEN));
	}
	flights[i] = flights[--flight_count];
}

/* On the client's way through here, or on another one; when it comes back it has a new connection. */
static void
end_txn(void)
{
	unsigned x = pick(TXN_PRODUCERS);
	uint64_t mark = chains_txn_mark(c);
	struct txns_end end = {0, ended_since[x] > 0 ? ended_since[x] : mark, mark};
	bool committed = pick(2) == 0;

	ck_assert_int_lt(txn_of[x], TXNS_MAX);
	is_committed[x][txn_of[x]++] = committed;
	ended_since[x] = pick(3) == 0 ? 0 : mark;
	if (ended_since[x] > 0)
		chains_txn_ended(c, FIRST_TXN + x, &end, committed);
}

/* Check has a file, too: it must not hear of anything meanwhile. */
static void
limit_files(rlim_t bytes)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, RLIM_INFINITY}) != 0)
		ck_abort_msg("no limit can be set");
}

/* What the journal can't take goes out as it came; without headers it would be one more copy of what windows list. */
static void
send_on_a_full_disk(rlim_t room)
{
	struct flight *f = &flights[flight_count];
	int err;

	if (!place_one(f))
		return;
	limit_files(room);
	err = forward(f);
	limit_files(RLIM_INFINITY);
	ck_assert(err == ERR_IO || err == 0);
	if (err == 0) {
		goes_out(f);
	} else if (!bare && pick(2) == 0) {
		arrive(f);
		world_log[logged_count - 1].plain = true;
	}
}

static void
tidy_on_a_full_disk(rlim_t room)
{
	limit_files(room);
	(void)chains_journal_tidy(c);
	limit_files(RLIM_INFINITY);
	if (j->written_to == j->put_to) /* old segments may be gone */
		note_written();
}

/* Nobody has tried it since the disk was full. */
static bool
was_full(void)
{
	uint64_t segments, bytes;
	bool is_failing;

	journal_count(j, &segments, &bytes, &is_failing);
	return is_failing;
}

/* For a while no file gets longer, or so much yet: of a block a part is there then. */
static void
fill_disk(void)
{
	rlim_t room = pick(2) == 0 ? 0 : (rlim_t)journal_size() + pick(2000);

	for (unsigned n = 1 + pick(4); n > 0; n--)
		switch (pick(4)) {
		case 0: answer_one(); break;
		case 1: end_txn(); break;
		case 2: tidy_on_a_full_disk(room); break;
		default: send_on_a_full_disk(room); break;
		}
}

/* --- reading back -------------------------------------------------------------------------- */

static const struct published *
find_published(const struct chain_id *id, uint64_t window)
{
	for (size_t i = 0; i < topic_count; i++)
		if (topic[i].window == window && topic[i].s != NULL && chain_id_eq(&topic[i].s->chain, id))
			return &topic[i];
	return NULL;
}

/* As attest/found.h does; what went out with headers has contents of its own here. */
static void
find(struct look *l)
{
	uint8_t leaf[LEAF_LEN];

	for (size_t i = made_again ? first_end : 0; i < logged_count; i++) {
		bool is_given = shown > 0 && world_log[i].base >= shown;

		if (world_log[i].plain)
			continue; /* it names no window */
		rig_leaf(world_log[i].content, 0, false, leaf);
		for (size_t k = l->count; k-- > 0 && !is_given;) {
			struct doubt *d = &l->doubts[k];

			if (d->found || memcmp(leaf, d->members[0].leaf, LEAF_LEN) != 0 || (bare && world_log[i].base < d->from) ||
			    chains_look_taken(l, d, world_log[i].base))
				continue;
			ck_assert_int_eq(world_log[i].count, d->placement->count);
			is_given = d->found = true;
			d->base_offset = world_log[i].base;
			d->append_ms = -1;
		}
	}
	for (size_t k = 0; k < l->count; k++)
		l->doubts[k].hidden = !l->doubts[k].found && l->doubts[k].behind > (shown > 0 ? shown : log_end);
}

static bool
has_txns(int64_t producer_id)
{
	return producer_id >= FIRST_TXN && producer_id < FIRST_TXN + TXN_PRODUCERS;
}

static const struct logged *
logged_at(int64_t base)
{
	for (size_t i = made_again ? first_end : 0; i < logged_count; i++)
		if (world_log[i].base == base)
			return &world_log[i];
	return NULL;
}

/* As attest/ends.h does.  What stands there is the whole batch, or a run of it. */
static void
find_ends(struct look *l)
{
	for (size_t i = 0; i < l->end_count; i++) {
		struct end_asked *e = &l->ends[i];
		const struct logged *g = NULL;

		for (int64_t back = 0; g == NULL && back < 24; back++)
			g = logged_at(e->base_offset - back);
		if (g == NULL || g->base + g->count <= e->base_offset)
			e->told = END_UNKNOWN;
		else if (has_txns(g->producer_id) && g->txn < txn_of[g->producer_id - FIRST_TXN])
			e->told = is_committed[g->producer_id - FIRST_TXN][g->txn] ? END_COMMITTED : END_ABORTED;
	}
}

static void
look(void)
{
	struct doubt doubts[LOOK_MAX];
	struct end_asked ends[LOOK_MAX];
	struct look l = {.doubts = doubts, .ends = ends};
	int wait_ms;

	while (chains_look(c, &l, &wait_ms)) {
		const struct published *p = l.restated ? find_published(l.id, l.window) : NULL;

		find(&l);
		find_ends(&l);
		if (p != NULL) {
			ck_assert_mem_eq(p->value_sum, l.value_sha256, sizeof(p->value_sum));
			ck_assert_mem_eq(p->sum, l.statement_sha256, sizeof(p->sum));
		}
		chains_look_end(c, &l, true, true, p != NULL, true);
	}
}

/* The name's id is asked for. */
static void
ask(void)
{
	int wait_ms;
	struct sure_ask *a = chains_sure_ask(c, &wait_ms);

	if (a == NULL)
		return;
	ck_assert(sure_ask_told(a, slice_str(RIG_TOPIC), ids[made_again]) == made_again);
	sure_ask_end(a);
}

/* --- the sealer ---------------------------------------------------------------------------- */

/* The statement's own bytes. */
static void
read_value(struct published *p, struct slice value)
{
	struct envelope e;

	if (is_signed)
		ck_assert_int_eq(envelope_read(value, &e), 0);
	sha256_of(is_signed ? wr_slice(&e.payload) : value, p->sum);
	ck_assert_int_eq(statement_read(is_signed ? wr_slice(&e.payload) : value, &p->s), 0);
	if (is_signed)
		envelope_clear(&e);
}

/* Takes the bytes. */
static void
publish(uint64_t window, struct wr value, struct wr manifest)
{
	struct published *p = &topic[topic_count++];

	ck_assert_uint_le(topic_count, TOPIC_MAX);
	*p = (struct published){.window = window, .value = value, .manifest = manifest};
	sha256_of(wr_slice(&value), p->value_sum);
	read_value(p, wr_slice(&value));
	ck_assert(manifest_is_right(p->s->manifest, wr_slice(&manifest), p->s->leaf_count, p->s->manifest_sha256, p->s->root));
	ck_assert_msg(find_published(&p->s->chain, window) == p, "window %llu twice", (unsigned long long)window);
}

static bool
may(bool it, unsigned of)
{
	return it && pick(of) == 0;
}

/* Makes the statement final; true: it crashed on the way. */
static bool
state(struct chain *chain, struct window *w, bool may_crash)
{
	struct outgoing *o = outgoing_new();
	struct stated st;

	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(statement_of(chain, w, set, slice_str(RIG_CLUSTER), NULL, SIZE_MAX, &st), 0);
	if (pick(3) == 0)
		end_txn(); /* while it is being signed */
	if (chain->head.dbom_partition < 0)
		chain->head.dbom_partition = 0;
	o->window = w->id;
	o->since_ms = w->start_ms;
	o->records = w->members;
	if (is_signed)
		ck_assert_int_eq(envelope_write(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&st.bytes), "a key",
						slice_str("a signature"), &o->value), 0);
	else
		wr_slice_put(&o->value, wr_slice(&st.bytes));
	wr_slice_put(&o->manifest, wr_slice(&st.manifest));
	ck_assert_int_eq(chain_journal_stated(chain, w, &st, o), 0);
	note_written();
	if (may(may_crash, 8)) {
		outgoing_free(o);
		stated_clear(&st);
		return true;
	}
	chains_stated(chain, w, st.root, st.sha256, st.ended_told, o);
	stated_clear(&st);
	return false;
}

/* Publishes it; true: it crashed on the way. */
static bool
send_held(struct chain *chain, bool may_crash)
{
	struct wr value, manifest;
	int err;

	if (held == NULL || (held->state != OUTGOING_THERE && topic_is_down))
		return false;
	if (held->state != OUTGOING_THERE) {
		err = outgoing_take(held, &value, &manifest);
		/* Put again, and not written yet. */
		if (err == ERR_NOTFOUND && was_full()) {
			chains_journal_tidy(c);
			note_written();
			err = outgoing_take(held, &value, &manifest);
		}
		ck_assert_int_eq(err, 0);
		publish(held->window, value, manifest);
	}
	if (may(may_crash, 8))
		return true;
	chains_published(chain, held);
	held = NULL;
	chains_journal_tidy(c);
	note_written();
	return false;
}

/* Seals what is complete; true: it crashed on the way. */
static bool
seal(bool may_crash)
{
	static struct chain *only;
	struct chain *chain;
	struct window *w;
	struct outgoing *out;
	int wait_ms;

	if (may_crash)
		topic_is_down = pick(4) != 0;
	if (held != NULL && send_held(only, may_crash))
		return true;
	while ((chain = chains_turn(c, &w, &out, &wait_ms)) != NULL) {
		only = chain;
		if (out != NULL) {
			ck_assert_ptr_null(held);
			held = out;
			if (send_held(chain, may_crash))
				return true;
		}
		if (w != NULL && state(chain, w, may_crash))
			return true;
	}
	return false;
}

/* --- what must hold --------------------------------------------------------------------------- */

static size_t
windows_with(int64_t offset)
{
	size_t n = 0;
	uint64_t at;

	for (size_t i = 0; i < topic_count; i++)
		n += runs_find(&topic[i].s->ranges, offset, &at);
	return n;
}

/* Where its records are stated, that is as what they are. */
static void
check_leaves(const struct logged *g)
{
	uint8_t leaf[LEAF_LEN];
	uint64_t at;

	for (size_t i = 0; i < topic_count; i++) {
		const struct published *p = &topic[i];

		for (int32_t k = 0; k < g->count; k++) {
			if (!runs_find(&p->s->ranges, g->base + k, &at))
				continue;
			rig_leaf(g->content, k, false, leaf);
			ck_assert_msg(memcmp(manifest_leaf(p->s->manifest, wr_slice(&p->manifest), at), leaf, LEAF_LEN) == 0,
				      "offset %lld is stated with another's leaf", (long long)g->base + k);
		}
	}
}

/* The end of what was stated as open is told once. */
static void
check_told_once(size_t i)
{
	const struct statement *s = topic[i].s;

	for (size_t k = 0; k < s->resolved_count; k++) {
		size_t opened = 0, told = 0;

		for (size_t m = 0; m < topic_count; m++) {
			const struct statement *o = topic[m].s;
			uint64_t at;

			opened += runs_find(&o->open, s->resolved[k].run.first, &at);
			for (size_t n = 0; n < o->resolved_count; n++)
				told += o->resolved[n].run.first == s->resolved[k].run.first;
		}
		ck_assert_msg(opened == 1 && told == 1, "offset %lld: stated as open %zu times, its end told %zu times",
			      (long long)s->resolved[k].run.first, opened, told);
	}
}

static bool
is_run_at(const struct runs *runs, int64_t offset)
{
	uint64_t at;

	return runs_find(runs, offset, &at);
}

/* How a transaction ended is said as it was, or not at all. */
static void
check_ends(const struct logged *g)
{
	bool ended = g->txn < txn_of[g->producer_id - FIRST_TXN];
	bool committed = ended && is_committed[g->producer_id - FIRST_TXN][g->txn];

	for (size_t i = 0; i < topic_count; i++) {
		const struct statement *s = topic[i].s;

		for (int32_t k = 0; k < g->count; k++) {
			if (is_run_at(&s->ranges, g->base + k) && !is_run_at(&s->open, g->base + k))
				ck_assert_msg(ended && committed != is_run_at(&s->aborted, g->base + k),
					      "offset %lld of a transaction that %s is stated otherwise", (long long)g->base + k,
					      !ended ? "is open" : committed ? "committed" : "was aborted");
			for (size_t n = 0; n < s->resolved_count; n++) {
				const struct resolved_run *r = &s->resolved[n];

				if (g->base + k >= r->run.first && g->base + k < r->run.first + (int64_t)r->run.count)
					ck_assert_msg(ended && committed == r->committed, "offset %lld of a transaction that %s is told otherwise",
						      (long long)g->base + k, !ended ? "is open" : committed ? "committed" : "was aborted");
			}
		}
	}
}

static void
check_world(void)
{
	const struct published *before = NULL;
	int64_t records = 0, listed = 0;

	for (size_t i = 0; i < logged_count; i++)
		if (has_txns(world_log[i].producer_id))
			check_ends(&world_log[i]);
	for (size_t i = 0; i < logged_count; i++) {
		const struct logged *g = &world_log[i];

		records += g->plain ? 0 : g->count;
		for (int32_t k = 0; k < g->count; k++)
			ck_assert_msg(windows_with(g->base + k) == !g->plain, "offset %lld is in %zu windows", (long long)g->base + k,
				      windows_with(g->base + k));
		check_leaves(g);
	}
	for (size_t i = 0; i < topic_count; i++) {
		const struct published *p = &topic[i];
		size_t of_chain = 0;

		before = NULL;
		for (size_t k = 0; k < i; k++)
			if (chain_id_eq(&topic[k].s->chain, &p->s->chain)) {
				of_chain++;
				before = &topic[k];
			}
		check_told_once(i);
		listed += (int64_t)p->s->leaf_count;
		ck_assert_uint_eq(p->s->chain_length, of_chain + 1);
		if (p->s->follows) {
			const struct published *f = find_published(&p->s->follows_chain, p->s->follows_window);

			ck_assert_ptr_nonnull(f);
			ck_assert(f < p);
			ck_assert_mem_eq(p->s->follows_statement, f->sum, 32);
		}
		ck_assert_uint_eq(p->s->window_id - p->s->empty_before - 1, before == NULL ? 0 : before->window);
		if (before != NULL)
			ck_assert_mem_eq(p->s->previous_statement, before->sum, 32);
	}
	ck_assert_int_eq(listed, records);
}

static void
setup(void)
{
	scratch_make("crashing", dir, sizeof(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	mono.ns = 1000000000;
	wall = RIG_WALL;
	clock_set_for_tests(&mono, &wall);
}

static void
forget_world(void)
{
	for (; topic_count > 0; topic_count--) {
		statement_free(topic[topic_count - 1].s);
		wr_free(&topic[topic_count - 1].value);
		wr_free(&topic[topic_count - 1].manifest);
	}
	logged_count = flight_count = first_end = 0;
	memset(txn_of, 0, sizeof(txn_of));
	log_end = shown = 0;
	has_id = made_again = bare = false;
	each_file(remove_file);
	(void)unlinkat(dir_fd, "collectors", 0);
}

static void
teardown(void)
{
	forget_world();
	(void)unlinkat(dir_fd, "segment.spare", 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
pass(int64_t ms)
{
	mono.ns += ms * 1000000;
	wall += ms;
}

static size_t
chains_unpublished(void)
{
	struct slice key;
	size_t at = 0, n = 0;
	void *chain;

	while (map_next(c->map, &at, &key, &chain))
		n += ((struct chain *)chain)->outgoing.count;
	return n;
}

/* Everything in flight comes down, and nothing is left to wait for. */
static void
settle_world(void)
{
	for (size_t i = 0; i < flight_count; i++)
		chains_lost(&flights[i].a);
	flight_count = 0;
	topic_is_down = false;
	shown = 0;
	for (int i = 0; i < 6; i++) {
		pass(5000);
		turns_all_now(c->shared.turns);
		turns_all_now(c->shared.looks);
		do {
			look();
			ask();
			ck_assert(!seal(false));
		} while (held != NULL || chains_unpublished() > 0);
	}
}

/*
 * A leader is lost with some of the log's end, which it acknowledged alone, and nothing of that is stated yet.  The next one
 * gives those offsets again, until none is left, and says so, or its answer is lost.
 */
static void
lose_end(void)
{
	int64_t end = log_end;
	size_t most = 1 + pick(4), n = 0;
	bool is_told = pick(3) > 0;

	while (n < most && n < logged_count && settled_at(world_log[logged_count - 1 - n].base) != NULL)
		n++;
	if (n == 0 || flight_count == FLIGHT_MAX || bare || made_again || was_full())
		return;
	logged_count -= n;
	log_end = world_log[logged_count].base;
	while (log_end < end) {
		struct flight *f = &flights[flight_count];

		ck_assert(place_one(f));
		ck_assert_int_eq(forward(f), 0);
		arrive(f);
		log_end = f->base + f->b.count;
		if (is_told)
			ck_assert_int_ne(chains_settle(&f->a, &(struct answer){0, f->base, -1}), CHAINS_REFUSED);
		else
			chains_lost(&f->a);
	}
	if (!is_told || has_id || pick(2) == 0) { /* the topic may be gone soon, and those that were acknowledged be stated */
		pass(1000);
		look();
	}
	ck_assert_int_eq(journal_commit(j), 0); /* else nobody looks for them there behind a crash */
	note_written();
}

/* As when the journal is crowded, but at any time, and not to the end.  True: it crashed before that was written. */
static bool
renew_some(void)
{
	bool full = was_full();
	struct slice key;
	size_t at = 0;
	void *chain;

	while (map_next(c->map, &at, &key, &chain)) {
		int64_t left = 1 + pick(8000);
		int err = chain_renew(chain, journal_last(j) - pick(2), &left);

		ck_assert(err == 0 || (err == ERR_IO && full));
	}
	if (pick(4) == 0)
		return true;
	ck_assert_int_eq(journal_commit(j), 0);
	note_written();
	return false;
}

/* True: it crashed on the way. */
static bool
live_a_step(unsigned n)
{
	switch (n) {
	case 0: case 1: case 2: case 3: send_one(); break;
	case 4: case 5: case 6: answer_one(); break;
	case 7: end_txn(); break;
	case 8: pass(pick(800)); look(); ask(); look(); break;
	case 9: return seal(true);
	case 10:
		pass(pick(200));
		ck_assert_int_eq(journal_commit(j), 0);
		note_written();
		break;
	case 11: return renew_some();
	case 12:
		chains_journal_tidy(c);
		note_written();
		break;
	case 13: fill_disk(); break;
	case 15: lose_end(); break;
	default: return pick(10) == 0;
	}
	return false;
}

/* The life of that number. */
static void
choose_life(int number)
{
	seed = (unsigned)number * 7919 + 17;
	sync_with = syncs[number % (int)ARRAY_LEN(syncs)];
	is_signed = number % 8 >= 4;
}

#endif
