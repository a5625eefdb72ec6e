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

static int
check_signature(const struct trust *trust, const struct envelope *e, struct published *p)
{
	const struct public_key *key;
	struct wr pae;
	int err;

	copy_keyid(p, wr_slice(&e->keyid));
	if (trust == NULL) {
		p->state = PUBLISHED_UNVERIFIED;
		return 0;
	}
	pae = wr_new(PAYLOAD_MAX + 256);
	envelope_pae(wr_slice(&e->type), wr_slice(&e->payload), &pae);
	if ((err = wr_err(&pae)) == 0 &&
	    (err = trust_verify(trust, wr_slice(&pae), wr_slice(&e->sig), wr_slice(&e->keyid), &key)) == 0)
		p->state = PUBLISHED_SIGNED;
	else if (err == ERR_SIGNATURE)
		p->state = PUBLISHED_UNTRUSTED;
	p->why = p->state == PUBLISHED_UNTRUSTED ? "no trusted key made its signature" : "";
	wr_free(&pae);
	return err == ERR_SIGNATURE ? 0 : err;
}

/* The value's statement; p->state says who vouches for it.  0 or ERR_NOMEM. */
static int
read_value(const struct trust *trust, struct slice value, struct published *p)
{
	struct envelope e = {0};
	int err = envelope_read(value, &e);

	if (err == ERR_NOMEM)
		return err;
	if (err == 0) {
		if (!slice_eq(wr_slice(&e.type), slice_str(STATEMENT_PAYLOAD_TYPE))) {
			envelope_clear(&e);
			return unreadable(p, "its payload is of another type");
		}
		if ((err = check_signature(trust, &e, p)) != 0) {
			envelope_clear(&e);
			return err == ERR_NOMEM ? err : unreadable(p, "too large");
		}
		p->payload = e.payload; /* moved */
		e.payload = wr_new(0);
		envelope_clear(&e);
	} else {
		/* Neither one envelope with one signature: then only a bare statement is left. */
		p->state = PUBLISHED_UNSIGNED;
		p->payload = wr_new(PAYLOAD_MAX);
		wr_slice_put(&p->payload, value);
		if (wr_err(&p->payload) != 0)
			return wr_err(&p->payload) == ERR_NOMEM ? ERR_NOMEM : unreadable(p, "too large");
	}
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
published_read(const struct trust *trust, struct slice key, struct slice value, struct published *ret)
{
	struct published p = {.why = ""};
	int err;

	if (value.p == NULL || chain_key_parse(key, &p.chain, &p.window_id) != 0)
		return ERR_NOTFOUND;
	if ((err = read_value(trust, value, &p)) != 0) {
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
	*p = (struct published){0};
}
