/*
 * overview: what the proxy is at, as one page of HTML: does everything that passes get attested?
 *
 *   the words for it ─► what stands against it ─► numbers ─► topics ─► verdicts ─► key ─► ports ─► the log's last
 *
 * Pure: it shows what it is given.  All of it is in the HTML; a script of a few lines asks for the page anew and changes
 * what is shown, and without it the browser loads the page again.  Texts may be anybody's: they are escaped.
 */
#ifndef ADMIN_OVERVIEW_H
#define ADMIN_OVERVIEW_H

#include "base/recent.h"
#include "base/wr.h"

enum {
	OVERVIEW_TOPICS_MAX = 50,
	OVERVIEW_PORTS_MAX = 50,
	OVERVIEW_COUNTS_MAX = 24,
	OVERVIEW_BYTES_MAX = 4 * 1024 * 1024,
	OVERVIEW_LATE_MS = 10000,                /* from then on a closed window without a statement is late */
	OVERVIEW_CERTIFICATE_DAYS = 14,          /* so long before its end a certificate is spoken of */
	OVERVIEW_POLICY_MAX = 512
};

struct overview_count {
	const char *name;
	int64_t n;
	bool is_violation; /* of verdicts */
};

struct overview_topic { /* attest/chains_topics.h has what each is */
	const char *name;
	size_t partitions, waiting;
	int64_t attested, rate_milli, left_out, oldest_ms;
	int32_t partition;
	uint64_t window;
	int64_t records, published_ms;
};

struct overview_port {
	uint16_t port;
	int32_t node;   /* -1: bootstrap */
	char host[256]; /* of the broker; "" when it isn't known */
	uint16_t broker_port;
	unsigned connections;
};

enum overview_verify { OVERVIEW_VERIFY_OFF, OVERVIEW_VERIFY_OBSERVE, OVERVIEW_VERIFY_ENFORCE };

struct overview { /* texts are borrowed; times are milliseconds since 1970, 0: not known */
	int64_t now_ms, started_ms;
	const char *version, *kafka_version;
	const char *cluster, *instance, *collector, *statement_topic;
	bool names; /* topics and what log lines tell may be shown */

	bool ready, stopping, attesting;
	const char *unready; /* why it isn't */
	unsigned connections;

	int64_t attested, rate_milli, published;
	int64_t windows_open, unpublished_records;
	size_t waiting, earlier; /* windows: closed and not published; of an earlier run, whose cluster wasn't reached */
	int64_t oldest_ms;       /* of those that wait */
	int64_t publish_failures, sign_failures;
	struct overview_count unattested[OVERVIEW_COUNTS_MAX]; /* by reason, where it should have been */
	size_t unattested_count;
	int64_t passed;                                        /* records that nobody wanted attested */
	int64_t unattested_ms;                                 /* when there was one last */

	struct overview_topic topics[OVERVIEW_TOPICS_MAX]; /* those that matter most first */
	size_t topic_count, topic_total;

	enum overview_verify verify;
	struct overview_count verdicts[OVERVIEW_COUNTS_MAX];
	size_t verdict_count;
	int64_t violation_ms; /* when one was counted last */
	int64_t stops, skipped;
	bool statements_current;
	const char *statements_why; /* what is wrong with reading them; "": nothing */

	int level;
	const char *key_id; /* "": none signs */
	int64_t key_ms;     /* its file's time */
	int64_t client_certificate_ends_s, broker_certificate_ends_s; /* since 1970; 0: there is none */

	struct overview_port ports[OVERVIEW_PORTS_MAX];
	size_t port_count, port_total;

	struct recent recent[RECENT_MAX]; /* the latest first */
	size_t recent_count;
};

void overview_write(const struct overview *o, struct wr *w);

/* The Content-Security-Policy under which the page works, and nothing else does. */
void overview_policy(char ret[OVERVIEW_POLICY_MAX]);

#endif
