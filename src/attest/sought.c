#include "attest/sought.h"

#include "makoto/envelope.h"
#include "makoto/statement.h"

enum { PAYLOAD_MAX = 16 * 1024 * 1024 };

/* 0, ERR_SIGNATURE or the writer's error. */
static int
is_signed(const struct public_key *key, const struct envelope *e)
{
	struct wr pae = wr_new(PAYLOAD_MAX + 256);
	int err;

	envelope_pae(wr_slice(&e->type), wr_slice(&e->payload), &pae);
	if ((err = wr_err(&pae)) == 0)
		err = public_key_verify(key, wr_slice(&pae), wr_slice(&e->sig));
	wr_free(&pae);
	return err;
}

/* 0: of that chain and window; else an error. */
static int
is_of_window(const struct sought *s, struct slice payload)
{
	struct statement *st;
	int err = statement_read(payload, &st);

	if (err != 0)
		return err;
	if (!chain_id_eq(&st->chain, s->chain) || st->window_id != s->window)
		err = ERR_MALFORMED;
	statement_free(st);
	return err;
}

/* 0: another statement of the window; else why it is none. */
static int
is_other(const struct sought *s, const struct envelope *e)
{
	uint8_t sum[SHA256_LEN];
	int err;

	sha256_of(wr_slice(&e->payload), sum);
	if (memcmp(sum, s->statement_sha256, sizeof(sum)) == 0 || !slice_eq(wr_slice(&e->type), slice_str(STATEMENT_PAYLOAD_TYPE)))
		return ERR_NOTFOUND;
	/* First, as strangers' bytes are read no further than they must. */
	if ((err = is_signed(s->key, e)) != 0)
		return err;
	return is_of_window(s, wr_slice(&e->payload));
}

int
sought_record(const struct sought *s, struct slice key, struct slice value, enum sought_is *ret)
{
	char own[CHAIN_KEY_MAX + 1];
	uint8_t sum[SHA256_LEN];
	struct envelope e;
	int err;

	*ret = SOUGHT_NOTHING;
	if (value.p == NULL || !slice_eq(key, slice_of(own, chain_key(s->chain, s->window, own))))
		return 0;
	sha256_of(value, sum);
	if (memcmp(sum, s->value_sha256, sizeof(sum)) == 0) {
		*ret = SOUGHT_OURS;
		return 0;
	}
	if (s->key == NULL)
		return 0;
	if ((err = envelope_read(value, &e)) == 0) {
		err = is_other(s, &e);
		envelope_clear(&e);
	}
	if (err == 0)
		*ret = SOUGHT_OTHER;
	return err == ERR_NOMEM ? err : 0;
}
