#include "verify/published.h"

#include "makoto/envelope.h"

enum { PAYLOAD_MAX = 16 * 1024 * 1024 };

const char *
published_state_name(enum published_state s)
{
	static const char *const names[] = {"unreadable", "not checked", "untrusted", "unsigned", "signed"};

	return names[s];
}

static int
unreadable(struct published *p, const char *why)
{
	p->state = PUBLISHED_UNREADABLE;
	p->why = why;
	statement_free(p->statement);
	p->statement = NULL;
	return 0;
}

/* It is shown to people, and anybody may have written it. */
static void
copy_keyid(struct published *p, struct slice id)
{
	size_t n = id.n < sizeof(p->keyid) ? id.n : sizeof(p->keyid) - 1;

	for (size_t i = 0; i < n; i++)
		p->keyid[i] = (char)(id.p[i] > 0x20 && id.p[i] < 0x7f ? id.p[i] : '?');
	p->keyid[n] = '\0';
}

int
published_check(struct published *p, const struct trust *trust)
{
	const struct public_key *key;
	struct wr pae;
	int err;

	if (p->state != PUBLISHED_UNVERIFIED)
		return 0;
	pae = wr_new(PAYLOAD_MAX + 256);
	envelope_pae(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&p->payload), &pae);
	if ((err = wr_err(&pae)) == 0)
		err = trust == NULL ? ERR_SIGNATURE
				    : trust_verify(trust, wr_slice(&pae), wr_slice(&p->sig), slice_str(p->keyid), &key);
	wr_free(&pae);
	if (err == ERR_NOMEM)
		return err;
	p->state = err == 0 ? PUBLISHED_SIGNED : PUBLISHED_UNTRUSTED;
	p->why = err == 0 ? "" : "no trusted key made its signature";
	return 0;
}

/* An envelope's parts into p.  0, ERR_NOMEM, ERR_UNSUPPORTED: of something else; ERR_MALFORMED: it is none. */
static int
open_envelope(struct slice value, struct published *p)
{
	struct envelope e = {0};
	int err = envelope_read(value, &e);

	if (err != 0)
		return err == ERR_NOMEM ? err : ERR_MALFORMED;
	if (!slice_eq(wr_slice(&e.type), slice_str(STATEMENT_PAYLOAD_TYPE))) {
		envelope_clear(&e);
		return ERR_UNSUPPORTED;
	}
	copy_keyid(p, wr_slice(&e.keyid));
	p->state = PUBLISHED_UNVERIFIED;
	p->payload = e.payload; /* moved */
	p->sig = e.sig;
	e.payload = e.sig = wr_new(0);
	envelope_clear(&e);
	return 0;
}

/* 0 or ERR_NOMEM. */
static int
read_value(struct slice value, struct published *p)
{
	int err = open_envelope(value, p);

	if (err == ERR_UNSUPPORTED)
		return unreadable(p, "its payload is of another type");
	if (err == ERR_MALFORMED) {
		/* Not one envelope with one signature: then only a bare statement is left. */
		p->state = PUBLISHED_UNSIGNED;
		p->payload = wr_new(PAYLOAD_MAX);
		wr_slice_put(&p->payload, value);
		if ((err = wr_err(&p->payload)) == ERR_LIMIT)
			return unreadable(p, "too large");
	}
	if (err != 0)
		return err;
	err = statement_read(wr_slice(&p->payload), &p->statement);
	if (err == ERR_NOMEM)
		return err;
	if (err != 0)
		return unreadable(p, err == ERR_UNSUPPORTED ? "it is of another format"
							    : "it is not a statement with exactly one or no signature");
	if (!chain_id_eq(&p->statement->chain, &p->chain) || p->statement->window_id != p->window_id)
		return unreadable(p, "it stands under another key than its own");
	sha256_of(wr_slice(&p->payload), p->sha256);
	return 0;
}

int
published_read(struct slice key, struct slice value, struct published *ret)
{
	struct published p = {.why = ""};
	int err;

	if (value.p == NULL || chain_key_parse(key, &p.chain, &p.window_id) != 0)
		return ERR_NOTFOUND;
	if ((err = read_value(value, &p)) != 0) {
		published_clear(&p);
		return err;
	}
	*ret = p;
	return 0;
}

void
published_clear(struct published *p)
{
	statement_free(p->statement);
	wr_free(&p->payload);
	wr_free(&p->sig);
	*p = (struct published){0};
}
