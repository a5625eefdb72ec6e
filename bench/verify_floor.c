/*
 * What verifying a topic can't cost less than: librdkafka reads it, and the hashes that the format
 * asks for are made of each record (value, key, headers, leaf).  No statement, no verdict.
 *
 * usage: verify_floor BOOTSTRAP TOPIC PARTITIONS      one partition after the other; prints how many records
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>

#include "makoto/leaf.h"

static const char *const settings[] = { /* those of the verifier */
	"queued.min.messages", "200000", "queued.max.messages.kbytes", "65536", "fetch.wait.max.ms", "100",
	"fetch.message.max.bytes", "4194304", "enable.partition.eof", "true",
};

static unsigned long long records;
static bool end;
static uint8_t mixed; /* so that no hash is left out */

static void
die(const char *what)
{
	fprintf(stderr, "verify_floor: %s\n", what);
	exit(1);
}

static void
hash_headers(const rd_kafka_message_t *m, uint8_t out[SHA256_LEN])
{
	enum { OURS = 3 };
	struct leaf_headers h;
	rd_kafka_headers_t *hs;
	size_t n;

	memset(out, 0, SHA256_LEN);
	if (rd_kafka_message_headers(m, &hs) != RD_KAFKA_RESP_ERR_NO_ERROR || (n = rd_kafka_header_cnt(hs)) <= OURS)
		return;
	leaf_headers_begin(&h, (uint32_t)(n - OURS));
	for (size_t i = 0; i < n - OURS; i++) {
		const char *name;
		const void *value;
		size_t len;

		if (rd_kafka_header_get_all(hs, i, &name, &value, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
			die("a header can't be read");
		leaf_headers_add(&h, slice_str(name), slice_of(value, len));
	}
	leaf_headers_end(&h, out);
}

static void
on_message(rd_kafka_message_t *m, void *arg)
{
	struct leaf_input in = {0};
	uint8_t leaf[LEAF_LEN];

	(void)arg;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		end = true;
		return;
	}
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(rd_kafka_message_errstr(m));
	leaf_set_record(&in, slice_of(m->key, m->key_len), slice_of(m->payload, m->len), true,
			rd_kafka_message_timestamp(m, NULL));
	hash_headers(m, in.headers_hash);
	leaf_of(&in, leaf);
	mixed ^= leaf[0];
	records++;
}

int
main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_t *topic;
	rd_kafka_t *rk;
	char why[256];

	if (argc != 4)
		die("usage: verify_floor BOOTSTRAP TOPIC PARTITIONS");
	if (rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof(why)) != RD_KAFKA_CONF_OK)
		die(why);
	for (size_t i = 0; i < ARRAY_LEN(settings); i += 2)
		if (rd_kafka_conf_set(conf, settings[i], settings[i + 1], why, sizeof(why)) != RD_KAFKA_CONF_OK)
			die(why);
	if ((rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why))) == NULL ||
	    (topic = rd_kafka_topic_new(rk, argv[2], NULL)) == NULL)
		die(why);
	for (int32_t p = 0; p < atoi(argv[3]); p++) {
		end = false;
		if (rd_kafka_consume_start(topic, p, RD_KAFKA_OFFSET_BEGINNING) != 0)
			die("the topic can't be read");
		while (!end)
			(void)rd_kafka_consume_callback(topic, p, 1000, on_message, NULL);
		(void)rd_kafka_consume_stop(topic, p);
	}
	printf("%llu records %02x\n", records, mixed);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return 0;
}
