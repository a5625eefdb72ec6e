/* overview_given: facts for the page, as a healthy proxy has them. */
#ifndef TESTS_UNIT_OVERVIEW_GIVEN_H
#define TESTS_UNIT_OVERVIEW_GIVEN_H

#include <check.h>

#include "admin/overview.h"

enum { GIVEN_MS_A_DAY = 86400 * 1000 };
#define GIVEN_NOW INT64_C(1767323045678) /* 2026-01-02T03:04:05.678Z */

static struct overview given;

static inline void
given_begin(void)
{
	given = (struct overview){
		.now_ms = GIVEN_NOW, .started_ms = GIVEN_NOW - 3 * (int64_t)GIVEN_MS_A_DAY - 3600000, .version = "1.2.3", .kafka_version = "4.4.0",
		.cluster = "AbCdEfGhIjKlMnOpQrStUv", .instance = "00112233445566778899aabbccddeeff", .collector = "urn:makoto-kafka:edge-1",
		.statement_topic = "makoto.dbom", .names = true, .ready = true, .attesting = true, .unready = "", .connections = 3,
		.attested = 1234567, .rate_milli = 171000, .published = 1300, .windows_open = 2, .unpublished_records = 17,
		.statements_current = true, .statements_why = "", .level = 2, .key_id = "SHA256:q83vASNFZ4mrze8", .key_ms = GIVEN_NOW - 40 * (int64_t)GIVEN_MS_A_DAY,
	};
	given.topics[0] = (struct overview_topic){.name = "orders", .partitions = 3, .attested = 1234000, .rate_milli = 170900, .partition = 2,
						  .window = 411, .records = 1000, .published_ms = GIVEN_NOW - 2300};
	given.topics[1] = (struct overview_topic){.name = "payments", .partitions = 1, .attested = 567, .rate_milli = 60};
	given.topic_count = given.topic_total = 2;
	given.unattested[0] = (struct overview_count){"backlog", 0, false};
	given.unattested[1] = (struct overview_count){"journal", 0, false};
	given.unattested_count = 2;
	given.verdicts[0] = (struct overview_count){"verified", 0, false};
	given.verdicts[1] = (struct overview_count){"unattested", 0, false};
	given.verdicts[2] = (struct overview_count){"altered", 0, true};
	given.verdicts[3] = (struct overview_count){"missing", 0, true};
	given.verdict_count = 4;
	given.ports[0] = (struct overview_port){9092, -1, "", 0, 1};
	given.ports[1] = (struct overview_port){19093, 1, "kafka-1.example", 9092, 2};
	given.port_count = given.port_total = 2;
}

static inline void
given_log(size_t i, enum log_level level, const char *msg, const char *fields, uint64_t count)
{
	struct recent *r = &given.recent[i];

	*r = (struct recent){.level = level, .count = count, .first_ms = GIVEN_NOW - 600000, .last_ms = GIVEN_NOW - 9000};
	(void)snprintf(r->where, sizeof(r->where), "sealer");
	(void)snprintf(r->msg, sizeof(r->msg), "%.*s", (int)sizeof(r->msg) - 1, msg);
	(void)snprintf(r->fields, sizeof(r->fields), "%.*s", (int)sizeof(r->fields) - 1, fields);
	given.recent_count = i + 1;
}

#endif
