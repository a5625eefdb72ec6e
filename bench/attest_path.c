/*
 * What attesting a batch costs beside its floor, in one process and one run.
 *
 *   floor  the hashes that the format asks for (value, key, leaf), the copy of the bytes,
 *          the codec both ways, two CRCs: nothing of Kafka in it
 *   path   rewrite_batch() as a reactor calls it, with the CRC check before it
 *
 * Prints ns per record and the ratio, the median of several rounds in turn.
 */
#include <stdlib.h>

#include "attest/rewrite.h"
#include "base/clock.h"
#include "digest/crc32c.h"
#include "tests/unit/batches.h"

enum { RECORDS = 500, ROUNDS = 31 };

struct load {
	struct codecs *codecs;
	struct rewriter *rewriter;
	enum codec codec;
	size_t value_len;
	struct wr bytes;   /* the batch */
	struct wr plain;   /* its records */
	struct wr fresh;   /* what is compressed on the way out */
	struct wr out;
	struct member members[RECORDS];
	char *values[RECORDS];
	char keys[RECORDS][16];
};

static void
die(const char *what)
{
	fprintf(stderr, "attest_path: %s\n", what);
	exit(1);
}

static void
load_make(struct load *l, enum codec codec, size_t value_len)
{
	struct made_record *r = calloc(RECORDS, sizeof(*r));
	struct rewrite_span span = {1, RECORDS};
	struct chain_id chain = {{1}};
	struct rewrite_order o = {.dbom_topic = slice_str("makoto.dbom"), .chain = &chain, .spans = &span,
				  .span_count = 1, .bind_timestamp = true, .max_bytes = SIZE_MAX / 4};
	struct batch b;
	uint32_t x = 7;

	memset(l, 0, sizeof(*l));
	l->codecs = codecs_new(NULL);
	l->rewriter = rewriter_new(NULL);
	l->codec = codec;
	l->value_len = value_len;
	l->plain = l->fresh = l->out = wr_new(SIZE_MAX / 2);
	for (int i = 0; i < RECORDS; i++) {
		l->values[i] = malloc(value_len + 1);
		for (size_t k = 0; k < value_len; k++) {
			x = x * 1664525 + 1013904223;
			l->values[i][k] = (char)("0123456789abcdef {}\":,."[x >> 27 & 15]); /* compresses about as JSON does */
		}
		l->values[i][value_len] = '\0';
		(void)snprintf(l->keys[i], sizeof(l->keys[i]), "key-%d", i);
		r[i].key = l->keys[i];
		r[i].value = l->values[i];
		r[i].delta = i;
	}
	l->bytes = made_batch(l->codecs, codec, true, r, RECORDS, 1700000000000);
	made_records(&l->plain, r, RECORDS);
	free(r);
	/* What goes out, for the floor's compression. */
	if (batch_read(wr_slice(&l->bytes), &b) != 0 ||
	    rewrite_batch(l->rewriter, &b, &o, &l->out, l->members, NULL) != 0 ||
	    batch_read(wr_slice(&l->out), &b) != 0 ||
	    codec_decompress(l->codecs, codec, b.records, SIZE_MAX / 4, &l->fresh) != 0)
		die("the batch can't be made");
}

static int64_t
path(struct load *l)
{
	struct rewrite_span span = {1, RECORDS};
	struct chain_id chain = {{1}};
	struct rewrite_order o = {.dbom_topic = slice_str("makoto.dbom"), .chain = &chain, .spans = &span,
				  .span_count = 1, .bind_timestamp = true, .max_bytes = SIZE_MAX / 4};
	struct monotime t = clock_now();
	struct batch b;

	wr_reset(&l->out);
	if (batch_read(wr_slice(&l->bytes), &b) != 0 || !batch_crc_matches(&b) ||
	    rewrite_batch(l->rewriter, &b, &o, &l->out, l->members, NULL) != 0)
		die("rewriting failed");
	return monotime_since_ns(clock_now(), t);
}

static int64_t
floor_of(struct load *l)
{
	struct monotime t = clock_now();
	struct wr plain = wr_new(SIZE_MAX / 2);
	uint8_t sum[SHA256_LEN], leaf[LEAF_INPUT] = {0};
	uint32_t crc = 0;
	struct batch b;

	if (batch_read(wr_slice(&l->bytes), &b) != 0)
		die("no batch");
	crc ^= crc32c(0, wr_slice(&l->bytes));
	wr_reset(&l->out);
	if (l->codec != CODEC_NONE) {
		struct wr again = l->out;

		if (codec_decompress(l->codecs, l->codec, b.records, SIZE_MAX / 4, &again) != 0)
			die("decompressing failed");
		l->out = again;
	}
	for (int i = 0; i < RECORDS; i++) {
		sha256_of(slice_of(l->values[i], l->value_len), sum);
		sha256_of(slice_str(l->keys[i]), sum);
		memcpy(leaf + 43, sum, sizeof(sum));
		sha256_of(slice_of(leaf, sizeof(leaf)), l->members[i].leaf);
	}
	wr_reset(&l->out);
	if (codec_compress(l->codecs, l->codec, true, wr_slice(&l->fresh), &l->out) != 0)
		die("compressing failed");
	crc ^= crc32c(0, wr_slice(&l->out));
	l->members[0].value_bytes = crc;
	wr_free(&plain);
	return monotime_since_ns(clock_now(), t);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int
main(void)
{
	static const size_t lens[] = {100, 1024};
	static struct load l;

	printf("%-7s %6s %12s %12s %8s %10s\n", "codec", "bytes", "floor ns/rec", "path ns/rec", "ratio", "path MB/s");
	for (size_t k = 0; k < ARRAY_LEN(lens); k++) {
		for (int c = CODEC_NONE; c < CODEC_COUNT; c++) {
			int64_t floors[ROUNDS], paths[ROUNDS];

			load_make(&l, (enum codec)c, lens[k]);
			for (int i = 0; i < ROUNDS; i++) {
				floors[i] = floor_of(&l);
				paths[i] = path(&l);
			}
			qsort(floors, ROUNDS, sizeof(int64_t), by_value);
			qsort(paths, ROUNDS, sizeof(int64_t), by_value);
			printf("%-7s %6zu %12lld %12lld %8.2f %10.0f\n", codec_name((enum codec)c), lens[k],
			       (long long)floors[ROUNDS / 2] / RECORDS, (long long)paths[ROUNDS / 2] / RECORDS,
			       (double)paths[ROUNDS / 2] / (double)floors[ROUNDS / 2],
			       (double)lens[k] * RECORDS * 1000 / (double)paths[ROUNDS / 2]);
		}
	}
	return 0;
}
