/*
 * world: a partition's records and its statements, made as a proxy would make them, in
 * memory; for tests that then spoil something.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <check.h>
#include <unistd.h>

#include "base/text.h"
#include "keys/keygen.h"
#include "keys/signer.h"
#include "makoto/envelope.h"
#include "makoto/tree.h"
#include "makoto/verdict.h"

#define WORLD_TOPIC_ID "AAECAwQFBgcICQoLDA0ODw"
#define WORLD_DBOM "makoto.dbom"
#define WORLD_NOW 1700000000000

enum { WORLD_RECORDS = 128, WORLD_HEADERS = 8, WORLD_STATEMENTS = 32 };

/* Statements don't bind timestamps. */
static bool world_log_append;
static char world_cluster[64] = "clusterAAAAAAAAAAAAAAA";

struct world_record {
	int64_t offset, timestamp;
	char key[32], value[64];
	bool null_value;
	char hash[2 * SHA256_LEN + 1], window[24], signature[96];
	struct header headers[WORLD_HEADERS];
	size_t header_count;
	uint8_t leaf[LEAF_LEN];
	uint8_t key_hash[SHA256_LEN];
	bool gone;
};

struct world_statement {
	char key[CHAIN_KEY_MAX + 1];
	struct wr value;
	struct wr manifest; /* buf NULL: none */
	struct wr payload;
	bool gone;
};

struct world { /* the logs */
	struct world_record r[WORLD_RECORDS];
	size_t count;
	int64_t next_offset;
	struct world_statement s[WORLD_STATEMENTS];
	size_t stated;
};

struct world_proxy { /* who writes: one chain */
	const char *topic, *topic_id;
	int32_t partition;
	struct chain_id chain;
	uint8_t instance[INSTANCE_LEN];
	struct signer *signer; /* NULL: level 1 */
	char dir[64], public_key[80];
	uint64_t window, length, genesis, previous;
	uint8_t previous_root[SHA256_LEN], previous_hash[SHA256_LEN];
};

/* What differs from a plain window of this many new records. */
struct world_window {
	size_t n;
	enum manifest_kind manifest;
	bool withhold;           /* not published */
	bool headers_none;
	bool no_manifest_header; /* declared, not published */
	void (*edit)(struct statement *s); /* before it is signed */
};

static void
world_proxy_open(struct world_proxy *p, const char *topic, const char *topic_id, int32_t partition, uint8_t instance,
		 bool sign)
{
	char path[100], uri[110], id[KEYID_LEN + 1], why[256];

	memset(p, 0, sizeof(*p));
	p->topic = topic;
	p->topic_id = topic_id;
	p->partition = partition;
	memset(p->instance, instance, INSTANCE_LEN);
	ck_assert_int_eq(chain_id_make(slice_str("urn:test"), p->instance, slice_str(world_cluster), slice_str(topic),
				       slice_str(topic_id), partition, &p->chain), 0);
	if (!sign)
		return;
	snprintf(p->dir, sizeof(p->dir), "/tmp/makoto-world-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	snprintf(path, sizeof(path), "%s/k.pem", p->dir);
	snprintf(p->public_key, sizeof(p->public_key), "%s/k.pub.pem", p->dir);
	ck_assert_msg(key_generate("ed25519", path, p->public_key, id, why, sizeof(why)) == 0, "%s", why);
	snprintf(uri, sizeof(uri), "file:%s", path);
	ck_assert_msg(signer_open(&(struct signer_conf){.uri = uri, .base_dir = "/"}, &p->signer, why, sizeof(why)) == 0, "%s", why);
}

static void
world_proxy_close(struct world_proxy *p)
{
	char path[100];

	signer_free(p->signer);
	if (p->dir[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s/k.pem", p->dir);
	(void)unlink(path);
	(void)unlink(p->public_key);
	(void)rmdir(p->dir);
}

static void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->stated; i++) {
		wr_free(&w->s[i].value);
		wr_free(&w->s[i].manifest);
		wr_free(&w->s[i].payload);
	}
}

static struct slice
world_value(const struct world_record *r)
{
	return r->null_value ? (struct slice){NULL, 0} : slice_str(r->value);
}

/* A record as a client sends it, then the proxy's headers. */
static struct world_record *
world_record(struct world *w, const struct world_proxy *p, uint64_t window, bool bare)
{
	struct world_record *r = &w->r[w->count++];
	struct leaf_input in = {0};
	struct leaf_headers h;
	char key[CHAIN_KEY_MAX + 1];

	ck_assert_uint_lt(w->count, WORLD_RECORDS);
	r->offset = w->next_offset++;
	r->timestamp = WORLD_NOW - 3600000 * 2 + r->offset;
	snprintf(r->key, sizeof(r->key), "key-%lld", (long long)r->offset % 3);
	snprintf(r->value, sizeof(r->value), "value %lld", (long long)r->offset);
	r->headers[0] = (struct header){slice_str("own"), slice_str("1")};
	r->header_count = 1;
	leaf_set_record(&in, slice_str(r->key), world_value(r), !world_log_append, r->timestamp);
	leaf_headers_begin(&h, 1);
	leaf_headers_add(&h, r->headers[0].name, r->headers[0].value);
	leaf_headers_end(&h, in.headers_hash);
	leaf_of(&in, r->leaf);
	memcpy(r->key_hash, in.key_hash, SHA256_LEN);
	if (bare)
		return r;
	text_hex(in.value_hash, SHA256_LEN, r->hash);
	snprintf(r->window, sizeof(r->window), "%llu", (unsigned long long)window);
	(void)chain_key(&p->chain, window, key);
	snprintf(r->signature, sizeof(r->signature), "%s/%s", WORLD_DBOM, key);
	r->headers[1] = (struct header){slice_str(TRIPLE_CONTENT_HASH), slice_str(r->hash)};
	r->headers[2] = (struct header){slice_str(TRIPLE_WINDOW_ID), slice_str(r->window)};
	r->headers[3] = (struct header){slice_str(TRIPLE_SIGNATURE), slice_str(r->signature)};
	r->header_count = 4;
	return r;
}

static void
world_sign(const struct world_proxy *p, struct slice payload, struct wr *ret)
{
	struct wr pae = wr_new(1 << 20), sig = wr_new(4096);

	if (p->signer == NULL) {
		wr_slice_put(ret, payload);
		return;
	}
	envelope_pae(slice_str(STATEMENT_PAYLOAD_TYPE), payload, &pae);
	ck_assert_int_eq(signer_sign(p->signer, wr_slice(&pae), &sig, NULL, 0), 0);
	ck_assert_int_eq(envelope_write(slice_str(STATEMENT_PAYLOAD_TYPE), payload, signer_keyid(p->signer),
					wr_slice(&sig), ret), 0);
	wr_free(&pae);
	wr_free(&sig);
}

/* States records first … first+n-1 of the log as window `id`. */
static struct world_statement *
world_publish(struct world *w, const struct world_proxy *p, const struct statement *s, struct slice manifest)
{
	struct world_statement *x = &w->s[w->stated++];

	ck_assert_uint_lt(w->stated, WORLD_STATEMENTS);
	(void)chain_key(&s->chain, s->window_id, x->key);
	x->payload = wr_new(1 << 20);
	x->value = wr_new(1 << 20);
	x->manifest = wr_new(1 << 20);
	ck_assert_int_eq(statement_write(s, &x->payload), 0);
	world_sign(p, wr_slice(&x->payload), &x->value);
	if (manifest.p != NULL)
		wr_slice_put(&x->manifest, manifest);
	return x;
}

static void
world_window(struct world *w, struct world_proxy *p, const struct world_window *o)
{
	struct statement_producer producer = {.client_id = slice_str("c"), .records = o->n};
	struct wr manifest = wr_new(1 << 20);
	struct world_record *first = &w->r[w->count];
	struct run run = {w->next_offset, (int64_t)o->n};
	struct world_statement *x;
	struct statement s = {0};
	struct tree tree;

	p->window++;
	tree_init(&tree);
	for (size_t i = 0; i < o->n; i++) {
		struct world_record *r = world_record(w, p, p->window, o->headers_none);

		tree_add(&tree, r->leaf);
		wr_bytes(&manifest, r->leaf, LEAF_LEN);
		if (o->manifest == MANIFEST_LEAF_KEY) {
			wr_u8(&manifest, world_log_append ? 0 : LEAF_TIME_BOUND);
			wr_bytes(&manifest, r->key_hash, MANIFEST_KEY_PREFIX);
		}
	}
	s.collector_id = slice_str("urn:test");
	s.collector_version = slice_str("0");
	s.level = p->signer == NULL ? 1 : 2;
	s.cluster_id = slice_str(world_cluster);
	s.topic = slice_str(p->topic);
	s.topic_id = slice_str(p->topic_id);
	s.source = slice_str("kafka:9092");
	s.partition = p->partition;
	memcpy(s.instance, p->instance, INSTANCE_LEN);
	s.window_id = p->window;
	s.reason = CLOSE_RECORDS;
	s.max_age_ms = 10000;
	s.opened_ms = s.closed_ms = s.settled_ms = WORLD_NOW - 1000 + (int64_t)p->window;
	s.manifest = o->manifest;
	sha256_of(wr_slice(&manifest), s.manifest_sha256);
	tree_root(&tree, s.root);
	s.leaf_count = o->n;
	s.first_offset = run.first;
	s.last_offset = run.first + run.count - 1;
	memcpy(s.first_leaf, first->leaf, LEAF_LEN);
	memcpy(s.last_leaf, first[o->n - 1].leaf, LEAF_LEN);
	s.ranges = (struct runs){&run, 1};
	s.log_append = world_log_append;
	s.min_timestamp = first->timestamp;
	s.max_timestamp = first[o->n - 1].timestamp;
	s.producers = &producer;
	s.producer_count = 1;
	if (p->signer != NULL)
		s.signing_key_id = slice_str(signer_keyid(p->signer));
	s.chain_length = ++p->length;
	if (p->length == 1)
		p->genesis = p->window;
	s.genesis_window = p->genesis;
	s.previous_window = p->previous;
	memcpy(s.previous_root, p->previous_root, SHA256_LEN);
	memcpy(s.previous_statement, p->previous_hash, SHA256_LEN);
	if (o->edit != NULL)
		o->edit(&s);
	/* The proxy's, but for what was edited. */
	ck_assert_int_eq(chain_id_make(s.collector_id, s.instance, s.cluster_id, s.topic, s.topic_id, s.partition, &s.chain), 0);
	x = world_publish(w, p, &s,
			  o->no_manifest_header || o->manifest == MANIFEST_NONE ? (struct slice){NULL, 0} : wr_slice(&manifest));
	x->gone = o->withhold;
	p->previous = p->window;
	memcpy(p->previous_root, s.root, SHA256_LEN);
	sha256_of(wr_slice(&x->payload), p->previous_hash);
	wr_free(&manifest);
}

/* Sets a record's value together with a content_hash that fits. */
static UNUSED void
world_forge(struct world_record *r, const char *value)
{
	uint8_t sum[SHA256_LEN];

	snprintf(r->value, sizeof(r->value), "%s", value);
	sha256_of(slice_str(r->value), sum);
	text_hex(sum, SHA256_LEN, r->hash);
}

/* The same record once more, at the end of the log. */
static UNUSED struct world_record *
world_copy(struct world *w, size_t i)
{
	struct world_record *r = &w->r[w->count++], *from = &w->r[i];

	*r = *from;
	r->offset = w->next_offset++;
	for (size_t k = 0; k < r->header_count; k++) {
		struct slice *v = &r->headers[k].value;

		/* Its own texts, so that one can be spoiled without the other. */
		if (v->p == (const uint8_t *)from->hash)
			v->p = (const uint8_t *)r->hash;
		else if (v->p == (const uint8_t *)from->window)
			v->p = (const uint8_t *)r->window;
		else if (v->p == (const uint8_t *)from->signature)
			v->p = (const uint8_t *)r->signature;
	}
	return r;
}

#endif
