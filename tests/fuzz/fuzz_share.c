/*
 * Any bytes as what a member of a share group, its broker and the ledger do to the verify stage in enforce: steps, each
 * a few bytes.  Records are plain, or name a window that is never stated and so wait until verify.hold.max, or are damaged.
 *
 * What must hold: a member gets an offset at most once each time that a broker gave it, and none that it didn't; no damaged
 * batch; what goes to the broker is well formed, and renews nothing but what was given and didn't go on, each offset once
 * and in order; and what is kept has its bound.
 */
#include "base/base.h"
#include "base/log.h"
#include "base/text.h"
#include "digest/sha256.h"
#include "kafka/api.h"
#include "kafka/batch.h"
#include "makoto/chain.h"
#include "makoto/triple.h"
#include "stages/verify_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTITIONS = 2, GRID = 16, PER_BATCH = 4, OFFSETS = GRID * PER_BATCH, KINDS = 3, MOST = 65536, HEAD = 14 };
enum kind { PLAIN, WAITS, DAMAGED };
enum { RENEW = 4, LOCK_MS = 30000, OWN = 1000 }; /* OWN: what the member acknowledges */

static const uint8_t topic_id[16] = {1, 2, 3};
static struct wr batches[GRID][KINDS];
static struct config *config;
static struct monotime now;
static int64_t wall = 1700000000000;

/* --- what the stage is among, in place of proxy/exchange.c and stages/topics_….c -------------- */

struct ticket {
	struct exchange *x;
};

struct exchange {
	int16_t version;
	struct blob *frame;
	struct rope body;
	bool replaced;
	struct monotime since;
	struct ticket *ticket;
	void *state;
};

static void *session, *reactor;

int16_t
exchange_key(const struct exchange *x UNUSED)
{
	return API_SHARE_FETCH;
}

int16_t
exchange_version(const struct exchange *x)
{
	return x->version;
}

int
exchange_set_version(struct exchange *x, int16_t version)
{
	x->version = version;
	return 0;
}

struct slice
exchange_client_id(const struct exchange *x UNUSED)
{
	return slice_str("c");
}

struct slice
exchange_body(const struct exchange *x)
{
	return slice_of(x->frame->data + HEAD, x->frame->len - HEAD);
}

struct blob *
exchange_frame(const struct exchange *x)
{
	return x->frame;
}

size_t
exchange_body_at(const struct exchange *x UNUSED)
{
	return HEAD;
}

void
exchange_set_session_state(struct exchange *x UNUSED, const struct stage *s UNUSED, void *state)
{
	session = state;
}

void *
exchange_session_state(const struct exchange *x UNUSED, const struct stage *s UNUSED)
{
	return session;
}

void
exchange_set_state(struct exchange *x, const struct stage *s UNUSED, void *state)
{
	x->state = state;
}

void *
exchange_state(const struct exchange *x, const struct stage *s UNUSED)
{
	return x->state;
}

void *
exchange_reactor_state(const struct exchange *x UNUSED, const struct stage *s UNUSED)
{
	return reactor;
}

void
exchange_replace(struct exchange *x, struct rope *body)
{
	rope_clear(&x->body);
	x->body = rope_take(body);
	x->replaced = true;
}

void
exchange_answer(struct exchange *x, struct rope *body)
{
	exchange_replace(x, body);
}

struct ticket *
exchange_hold(struct exchange *x, unsigned timeout_ms UNUSED)
{
	INVARIANT(x->ticket == NULL);
	x->ticket = calloc(1, sizeof(*x->ticket));
	INVARIANT(x->ticket != NULL);
	x->ticket->x = x;
	return x->ticket;
}

int
exchange_pause(struct exchange *x UNUSED, unsigned ms UNUSED)
{
	return 0;
}

int64_t
exchange_age_ms(const struct exchange *x)
{
	return monotime_since_ms(now, x->since);
}

void
ticket_resume(struct ticket *t)
{
	if (t->x != NULL)
		t->x->ticket = NULL;
	free(t);
}

int
topics_find(struct topics *t UNUSED, const struct topic_ref *ref UNUSED, int32_t partition UNUSED, struct topic_facts *ret)
{
	*ret = (struct topic_facts){.name = "t", .name_len = 1, .has_id = true, .partitions = PARTITIONS};
	memcpy(ret->id, topic_id, sizeof(topic_id));
	return 0;
}

void
topics_wait(struct topics *t UNUSED, const struct topic_ref *refs UNUSED, size_t count UNUSED, struct ticket *ticket)
{
	if (ticket != NULL)
		ticket_resume(ticket);
}

static struct {
	bool whole, deny;
	void (*notify)(void *);
	void *arg;
} ledger;

static int
ask(void *arg UNUSED, const struct ledger_want *want UNUSED, void (*notify)(void *), void *notify_arg, struct ledger_answer *ret)
{
	if (notify != NULL) /* of several partitions the last alone; the others' time comes */
		ledger.notify = notify, ledger.arg = notify_arg;
	*ret = (struct ledger_answer){.whole = ledger.whole, .current = ledger.whole};
	return 0;
}

static void
release(void *arg UNUSED, struct ledger_answer *a UNUSED)
{
}

static bool
denies(void *arg UNUSED, struct slice topic UNUSED)
{
	return ledger.deny;
}

static bool
mirrors(void *arg UNUSED, struct slice topic UNUSED, struct slice of_cluster UNUSED, struct slice of_topic UNUSED)
{
	return false;
}

static void
cluster_id(void *arg UNUSED, char *ret, size_t len)
{
	(void)snprintf(ret, len, "c");
}

/* --- batches ---------------------------------------------------------------------------------- */

static void
put_header(struct wr *out, const char *name, struct slice value)
{
	wr_varint(out, (int32_t)strlen(name));
	wr_bytes(out, name, strlen(name));
	wr_varint(out, (int32_t)value.n);
	wr_slice_put(out, value);
}

static void
put_record(struct wr *out, int offset, bool waits)
{
	static uint8_t value[3000]; /* some of them are as much as may be kept */
	static const struct chain_id chain = {{7}};
	char key[CHAIN_KEY_MAX + 1], signature[CHAIN_KEY_MAX + 32], hash[2 * SHA256_LEN + 1];
	uint8_t sum[SHA256_LEN];
	struct wr one = wr_new(1 << 16);

	wr_u8(&one, 0);
	wr_varlong(&one, 0);
	wr_varint(&one, offset);
	wr_varint(&one, -1);
	wr_varint(&one, sizeof(value));
	wr_bytes(&one, value, sizeof(value));
	wr_varint(&one, waits ? 3 : 0);
	if (waits) {
		sha256_of(slice_of(value, sizeof(value)), sum);
		text_hex(sum, sizeof(sum), hash);
		(void)chain_key(&chain, 1, key);
		(void)snprintf(signature, sizeof(signature), "makoto.dbom/%s", key);
		put_header(&one, TRIPLE_CONTENT_HASH, slice_str(hash));
		put_header(&one, TRIPLE_WINDOW_ID, slice_str("1"));
		put_header(&one, TRIPLE_SIGNATURE, slice_str(signature));
	}
	wr_varint(out, (int32_t)one.len);
	wr_slice_put(out, wr_slice(&one));
	wr_free(&one);
}

static void
make_batches(void)
{
	for (int i = 0; i < GRID; i++)
		for (int kind = 0; kind < KINDS; kind++) {
			struct wr *w = &batches[i][kind];
			struct batch b = {.base_offset = i * PER_BATCH, .last_offset_delta = PER_BATCH - 1, .count = PER_BATCH,
					  .base_timestamp = wall, .max_timestamp = wall, .producer_id = -1, .producer_epoch = -1, .base_sequence = -1};
			size_t at;

			*w = wr_new(1 << 17);
			at = batch_begin(&b, w);
			for (int k = 0; k < PER_BATCH; k++)
				put_record(w, k, kind == WAITS);
			INVARIANT(batch_end(w, at) == 0 && wr_err(w) == 0);
			if (kind == DAMAGED)
				w->buf[w->len - 1] ^= 1;
		}
}

/* --- the model -------------------------------------------------------------------------------- */

struct play {
	struct rd in;
	struct verify *v;
	const struct stage *stage;
	int32_t epoch;
	bool held[PARTITIONS][OFFSETS]; /* given by the broker, and not to the member yet */
};

static struct slice
flat(const struct exchange *x, struct wr *out)
{
	if (!x->replaced)
		return exchange_body(x);
	for (size_t i = 0; i < x->body.count; i++)
		wr_bytes(out, x->body.pieces[i].blob->data + x->body.pieces[i].off, x->body.pieces[i].len);
	INVARIANT(wr_err(out) == 0);
	return wr_slice(out);
}

static void
message(struct exchange *x, struct slice body)
{
	blob_unref(x->frame);
	x->frame = blob_new(HEAD + body.n);
	INVARIANT(x->frame != NULL);
	memset(x->frame->data, 0, HEAD);
	memcpy(x->frame->data + HEAD, body.p, body.n);
	x->frame->len = HEAD + body.n;
	rope_clear(&x->body);
	x->replaced = false;
}

static uint32_t
read_count(struct rd *r)
{
	return rd_uvarint(r) - 1;
}

/* What is renewed was given, didn't go on, and stands there once, in order.  Returns whether the request renews. */
static bool
see_request(struct play *p, const struct exchange *x)
{
	struct wr w = wr_new(1 << 20);
	struct slice body = flat(x, &w);
	struct share_request q;
	struct rd r;
	bool renews;

	INVARIANT(share_fetch_request_read(x->version, body, &q) == 0 && q.max_bytes >= 0 && q.max_bytes <= MOST);
	r = rd_of(slice_of(body.p + q.topics_at, q.rest_at - q.topics_at));
	for (uint32_t topics = read_count(&r); topics > 0; topics--) {
		INVARIANT(memcmp(rd_bytes(&r, 16).p, topic_id, 16) == 0);
		for (uint32_t n = read_count(&r); n > 0; n--) {
			int32_t partition = rd_i32(&r);
			int64_t next = 0;

			INVARIANT(partition >= 0 && partition < PARTITIONS);
			for (uint32_t k = read_count(&r); k > 0; k--) {
				int64_t first = rd_i64(&r), last = rd_i64(&r);

				INVARIANT(first >= next && last >= first && read_count(&r) == 1);
				if (rd_i8(&r) == RENEW)
					for (int64_t o = first; o <= last; o++)
						INVARIANT(o < OFFSETS && p->held[partition][o]);
				next = last + 1;
				(void)rd_uvarint(&r);
			}
			(void)rd_uvarint(&r);
		}
		(void)rd_uvarint(&r);
	}
	INVARIANT(rd_err(&r) == 0);
	renews = q.max_bytes == 0;
	wr_free(&w);
	return renews;
}

static void
see_answer(struct play *p, const struct exchange *x)
{
	struct wr w = wr_new(1 << 22);
	struct slice body = flat(x, &w);
	struct share_response r;

	INVARIANT(share_fetch_response_read(x->version, body, &r) == 0);
	for (size_t i = 0; i < r.count; i++) {
		const struct share_part *part = &r.parts[i];
		struct rd at = rd_of(slice_of(body.p + part->acquired_at, part->acquired_len));
		struct slice left = part->fetch.records;
		int64_t first, last;
		uint32_t n = 0;
		struct batch b;

		INVARIANT(left.n == 0 || (part->fetch.error == 0 && r.error == 0));
		for (; left.n > 0; left = slice_of(left.p + b.whole.n, left.n - b.whole.n))
			INVARIANT(batch_read(left, &b) == 0 && batch_crc_matches(&b));
		while (share_fetch_acquired(&at, &n, &first, &last))
			for (int64_t o = first; o <= last; o++) {
				INVARIANT(o < OFFSETS && p->held[part->fetch.at.partition][o]);
				p->held[part->fetch.at.partition][o] = false;
			}
	}
	share_fetch_response_free(&r);
	wr_free(&w);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void
put_request(struct play *p, int16_t version, uint8_t how, struct wr *out)
{
	wr_compact(out, slice_str((how & 1) != 0 ? "h" : "g"));
	wr_compact(out, slice_str("m"));
	wr_i32(out, p->epoch++);
	wr_i32(out, 500);
	wr_i32(out, 1);
	wr_i32(out, 1 << 20);
	wr_i32(out, 100);
	wr_i32(out, 100);
	if (version >= SHARE_WITH_RENEWAL)
		wr_u16(out, 0);
	wr_uvarint(out, (how & 2) != 0 ? 2 : 1);
	if ((how & 2) != 0) { /* something is acknowledged */
		wr_bytes(out, topic_id, 16);
		wr_uvarint(out, 2);
		wr_i32(out, (how & 4) != 0);
		wr_uvarint(out, 2);
		wr_i64(out, OWN);
		wr_i64(out, OWN);
		wr_uvarint(out, 2);
		wr_i8(out, 1);
		for (int i = 0; i < 3; i++)
			wr_uvarint(out, 0);
	}
	wr_uvarint(out, (how & 8) != 0 ? 2 : 1);
	if ((how & 8) != 0) { /* something is forgotten */
		wr_bytes(out, topic_id, 16);
		wr_uvarint(out, 2);
		wr_i32(out, (how & 4) != 0);
		wr_uvarint(out, 0);
	}
	wr_uvarint(out, 0);
}

static void
put_range(struct wr *out, int64_t first, int64_t last)
{
	wr_i64(out, first);
	wr_i64(out, last);
	wr_u16(out, 1);
	wr_uvarint(out, 0);
}

/* The batches that the bytes say, and which of their offsets are acquired. */
static void
put_records(struct play *p, int32_t partition, bool error, struct wr *out)
{
	struct wr records = wr_new(1 << 20), ranges = wr_new(1 << 16);
	uint8_t from = rd_u8(&p->in), count = rd_u8(&p->in) % 5;
	uint32_t n = 0;

	for (int i = from % GRID, k = 0; k < count && i < GRID; k++, i++) {
		uint8_t how = rd_u8(&p->in);
		const struct wr *b = &batches[i][how % KINDS];

		if ((how & 0x80) != 0)
			continue; /* it isn't there */
		wr_slice_put(&records, wr_slice(b));
		for (int o = 0; o < PER_BATCH; o++) {
			if ((how >> (2 + o) & 1) == 0)
				continue;
			put_range(&ranges, i * PER_BATCH + o, i * PER_BATCH + o);
			n++;
			if (!error)
				p->held[partition][i * PER_BATCH + o] = true;
		}
	}
	wr_compact(out, wr_slice(&records).p != NULL ? wr_slice(&records) : slice_str(""));
	wr_uvarint(out, n + 1);
	wr_slice_put(out, wr_slice(&ranges));
	wr_free(&records);
	wr_free(&ranges);
}

static void
put_answer(struct play *p, bool renews, struct wr *out)
{
	static const int16_t of_all[] = {0, 0, 0, 0, 0, 0, 122, 42}, of_part[] = {0, 0, 0, 6}, of_acknowledged[] = {0, 0, 0, 0, 121, 121, 42, 6};
	uint8_t how = rd_u8(&p->in), parts = (how >> 3) % 3;
	int16_t error = of_all[how & 7];

	wr_i32(out, 0);
	wr_i16(out, error);
	wr_uvarint(out, 0);
	wr_i32(out, LOCK_MS);
	wr_uvarint(out, 2);
	wr_bytes(out, topic_id, 16);
	wr_uvarint(out, parts + 1u);
	for (int32_t i = 0; i < parts; i++) {
		uint8_t each = rd_u8(&p->in);
		int16_t part_error = of_part[each & 3];

		wr_i32(out, i);
		wr_i16(out, part_error);
		wr_uvarint(out, 0);
		wr_i16(out, of_acknowledged[each >> 2 & 7]);
		wr_uvarint(out, 0);
		wr_i64(out, 0);
		wr_uvarint(out, 0);
		if (renews) {
			wr_uvarint(out, 1);
			wr_uvarint(out, 1);
		} else {
			put_records(p, i, error != 0 || part_error != 0, out);
		}
		wr_uvarint(out, 0);
	}
	wr_uvarint(out, 0);
	wr_uvarint(out, 1);
	wr_uvarint(out, 0);
}

/* A request and its answer. */
static void
step(struct play *p)
{
	uint8_t how = rd_u8(&p->in);
	struct exchange x = {.version = (int16_t)(1 + (how & 1)), .since = now};
	struct wr in = wr_new(1 << 20), out = wr_new(1 << 20);
	enum stage_verdict verdict;

	if ((how & 0xe0) == 0xe0)
		p->epoch = 0;
	put_request(p, x.version, how >> 1 & 15, &in);
	message(&x, wr_slice(&in));
	verdict = p->stage->request(p->stage->self, &x);
	INVARIANT(verdict == STAGE_REPLACE);
	put_answer(p, see_request(p, &x), &out);
	message(&x, wr_slice(&out));
	now.ns += (int64_t)(how >> 5) * 1000000000;
	while ((verdict = p->stage->response(p->stage->self, &x)) == STAGE_HOLD) {
		now.ns += 250000000;
		if (x.ticket != NULL)
			x.ticket->x = NULL; /* its time is over; it is resumed all the same */
		x.ticket = NULL;
	}
	INVARIANT(verdict == STAGE_PASS || verdict == STAGE_REPLACE);
	see_answer(p, &x);
	INVARIANT(aside_bytes(verify_session_of(p->v, &x)->aside) <= 2 * MOST + OFFSETS * 32);
	INVARIANT(x.state == NULL);
	blob_unref(x.frame);
	rope_clear(&x.body);
	wr_free(&in);
	wr_free(&out);
}

static void
begin(void)
{
	static const struct config_override b = {"kafka.bootstrap.servers", "k:9092", NULL};
	char why[256];

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	make_batches();
	INVARIANT(config_load_text("fuzz", slice_str("verify: {mode: enforce, fetch.max.bytes: 64KiB, hold.max: 20s, hold.then: pass}\n"), &b, 1,
				   &config, why, sizeof(why)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct verify_doors doors = {NULL, ask, release, denies, mirrors, cluster_id};
	struct play p = {.in = rd_of(slice_of(data, size))};
	struct verify_session *s;

	if (config == NULL)
		begin();
	now.ns = 5000000000;
	clock_set_for_tests(&now, &wall);
	memset(&ledger, 0, sizeof(ledger));
	p.v = verify_new(&doors, NULL, config);
	INVARIANT(p.v != NULL);
	p.stage = verify_stage(p.v);
	reactor = p.stage->reactor_new(p.stage->self, 0);
	s = calloc(1, sizeof(*s));
	INVARIANT(reactor != NULL && s != NULL);
	s->renews = true;
	session = s;
	for (int i = 0; i < 100 && rd_left(&p.in) > 0; i++) {
		uint8_t op = rd_u8(&p.in) & 7;

		if (op == 0)
			ledger.whole = !ledger.whole;
		else if (op == 1)
			ledger.deny = !ledger.deny;
		else if (op == 2)
			now.ns += (int64_t)rd_u8(&p.in) * 500000000;
		else
			step(&p);
	}
	p.stage->session_free(p.stage->self, session);
	p.stage->reactor_free(p.stage->self, reactor);
	if (ledger.notify != NULL)
		ledger.notify(ledger.arg);
	verify_free(p.v);
	return 0;
}
