/*
 * auth: the two APIs that carry SASL: SaslHandshake 0-1 (KIP-43, KIP-152) and
 * SaslAuthenticate 0-2 (KIP-152, KIP-368).
 *
 * Readers take the whole body.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED (another version).
 */
#ifndef KAFKA_AUTH_H
#define KAFKA_AUTH_H

#include "base/rd.h"
#include "base/wr.h"

/* Kafka's error codes that a login meets. */
enum {
	AUTH_UNSUPPORTED_MECHANISM = 33,
	AUTH_ILLEGAL_STATE = 34,
	AUTH_FAILED = 58,
};

struct auth_answer {
	int16_t error;
	struct slice message; /* p == NULL: none */
	struct slice bytes;
	int64_t lifetime_ms; /* of the session; 0: it doesn't end (before version 1, always) */
};

int auth_handshake_request_read(int16_t version, struct slice body, struct slice *ret_mechanism) MUSTCHECK;
void auth_handshake_request_write(struct slice mechanism, struct wr *w);

/* The broker's mechanisms go to `list`, with commas between, cut when they don't fit. */
int auth_handshake_response_read(int16_t version, struct slice body, int16_t *ret_error, char *list,
				 size_t list_len) MUSTCHECK;
void auth_handshake_response_write(int16_t error, const char *const *mechanisms, size_t count, struct wr *w);

int auth_request_read(int16_t version, struct slice body, struct slice *ret_bytes) MUSTCHECK;
void auth_request_write(int16_t version, struct slice bytes, struct wr *w);

int auth_response_read(int16_t version, struct slice body, struct auth_answer *ret) MUSTCHECK;
void auth_response_write(int16_t version, const struct auth_answer *a, struct wr *w);

#endif
