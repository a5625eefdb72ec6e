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

/* Who made its signature; *ret NULL: none of the policy's keys.  0 or ERR_NOMEM. */
static int
find_signer(const struct published *p, const struct policy *policy, const struct public_key **ret)
{
	struct wr pae = wr_new(PAYLOAD_MAX + 256);
	int err;

	*ret = NULL;
	envelope_pae(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&p->payload), &pae);
	if ((err = wr_err(&pae)) == 0)
		err = policy_signer(policy, wr_slice(&pae), wr_slice(&p->sig), slice_str(p->keyid), ret);
	wr_free(&pae);
	return err == ERR_NOMEM ? err : 0;
}

int
published_check(struct published *p, const struct policy *policy)
{
	bool is_signed = p->state == PUBLISHED_UNVERIFIED;
	struct policy_facts f;
	struct policy_opinion o;
	int err;

	if (!is_signed && p->state != PUBLISHED_UNSIGNED)
		return 0;
	f = (struct policy_facts){.cluster_id = p->statement->cluster_id,
				  .topic = p->statement->topic,
				  .level = p->statement->level,
				  .finished_ms = p->statement->settled_ms};
	if (is_signed && (err = find_signer(p, policy, &f.signer)) != 0)
		return err;
	if (is_signed && f.signer == NULL)
		o = (struct policy_opinion){TRUST_NONE, "", "no trusted key signed the statement"};
	else
		policy_trust(policy, &f, &o);
	p->trust = o.trust;
	p->issuer = o.issuer;
	p->why = o.why;
	p->by_known_key = f.signer != NULL;
	if (is_signed)
		p->state = o.trust == TRUST_SIGNED ? PUBLISHED_SIGNED : PUBLISHED_UNTRUSTED;
	if (p->state == PUBLISHED_SIGNED) { /* what the envelope says may be anything */
		p->signer = public_key_id(f.signer);
		copy_keyid(p, slice_str(p->signer));
	}
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
	struct published p = {.trust = TRUST_NONE, .issuer = "", .why = ""};
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
