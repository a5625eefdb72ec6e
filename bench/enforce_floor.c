/*
 * What judging a fetched megabyte can't cost less than: its batches are decompressed, and the hashes that the format
 * asks for are made of each record (value, key, headers, leaf).  No CRC, no statement, no verdict, no socket.
 *
 * usage: enforce_floor TIMES FILE…      segments of a topic; prints "CPU-ms of the fastest time, records"
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "kafka/batch.h"
#include "kafka/record.h"
#include "makoto/leaf.h"

enum { OURS = 3, SEGMENT_MAX = 1 << 30, PLAIN_MAX = 64 << 20 };

static struct codecs *codecs;
static struct wr plain;
static unsigned long long records;
static uint8_t mixed; /* so that no hash is left out */

static void
need(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "enforce_floor: %s\n", what);
		exit(1);
	}
}

static void
hash_record(const struct record *r)
{
	struct leaf_input in = {0};
	uint8_t leaf[LEAF_LEN];
	struct rd headers = rd_of(r->headers);
	struct leaf_headers h;

	leaf_set_record(&in, r->key, r->value, true, r->timestamp);
	if (r->header_count > OURS) {
		leaf_headers_begin(&h, (uint32_t)r->header_count - OURS);
		for (int32_t i = 0; i < r->header_count - OURS; i++) {
			struct slice name, value;

			need(record_header_next(&headers, &name, &value) == 0, "a header can't be read");
			leaf_headers_add(&h, name, value);
		}
		leaf_headers_end(&h, in.headers_hash);
	}
	leaf_of(&in, leaf);
	mixed ^= leaf[0];
	records++;
}

static void
hash_batch(const struct batch *b)
{
	struct slice s = b->records;
	struct rd r;

	if (batch_is(b, BATCH_CONTROL))
		return;
	if (batch_codec(b) != CODEC_NONE) {
		wr_reset(&plain);
		need(codec_decompress(codecs, batch_codec(b), s, PLAIN_MAX, &plain) == 0, "a batch can't be decompressed");
		s = wr_slice(&plain);
	}
	r = rd_of(s);
	for (int32_t i = 0; i < b->count; i++) {
		struct record rec;

		need(record_next(&r, b->base_timestamp, &rec) == 0, "a record can't be read");
		hash_record(&rec);
	}
}

static void
hash_file(struct slice s)
{
	struct batch b;

	for (; s.n > 0 && batch_read(s, &b) == 0; s = slice_of(s.p + b.whole.n, s.n - b.whole.n))
		hash_batch(&b);
	need(s.n == 0, "something stands behind the last batch");
}

static double
cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
	struct wr *files = calloc((size_t)argc, sizeof(*files));
	int times = argc < 3 ? 0 : atoi(argv[1]);
	double best = 0;
	char why[512];

	need(times > 0, "usage: enforce_floor TIMES FILE...");
	codecs = codecs_new(NULL);
	plain = wr_new(PLAIN_MAX);
	need(files != NULL && codecs != NULL, "no memory");
	for (int i = 2; i < argc; i++) {
		files[i] = wr_new(SEGMENT_MAX);
		need(file_read(argv[i], &files[i], why, sizeof(why)) == 0, why);
	}
	for (int t = 0; t < times; t++) {
		double before = cpu_ms(), took;

		records = 0;
		for (int i = 2; i < argc; i++)
			hash_file(wr_slice(&files[i]));
		took = cpu_ms() - before;
		best = t == 0 || took < best ? took : best;
	}
	printf("%.3f %llu records %02x\n", best, records, mixed);
	return 0;
}
