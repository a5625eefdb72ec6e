/*
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677), without channel binding.
 *
 *   client-first   n,,n=user,r=nonce
 *   server-first   r=nonce+theirs,s=salt,i=iterations
 *   client-final   c=biws,r=nonce+theirs,p=proof
 *   server-final   v=signature
 *
 * AuthMessage is client-first without "n,,", server-first, client-final without proof.
 * Passwords are ASCII, where SASLprep (RFC 4013) changes nothing.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/text.h"
#include "sasl/salted.h"
#include "sasl/sasl_internal.h"

enum {
	NONCE_BYTES = 24,       /* 144 bits, as 32 letters */
	SERVER_FIRST_MAX = 4096,
	ITERATIONS_MIN = 4096,  /* RFC 7677 §4, and Kafka's own minimum */
	ITERATIONS_MAX = 65536, /* Kafka's maximum is 16384; a broker must not keep our thread busy */
};

struct scram {
	struct sasl base;
	const EVP_MD *md;
	size_t len; /* of its digest */
	struct secret password;
	struct salted *salted; /* the source's, or NULL */
	struct wr auth; /* AuthMessage as it grows; the client's nonce stands in it */
	size_t nonce_at, nonce_len;
	uint8_t server_signature[EVP_MAX_MD_SIZE];
};

static void
scram_close(struct sasl *base)
{
	struct scram *s = CONTAINER_OF(base, struct scram, base);

	secret_clear(&s->password);
	wr_free(&s->auth);
	OPENSSL_cleanse(s->server_signature, sizeof(s->server_signature));
	free(s);
}

static bool
all_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

/* RFC 5802 §5.1: "saslname". */
static void
put_name(struct wr *w, struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ',')
			wr_text(w, "=2C");
		else if (name.p[i] == '=')
			wr_text(w, "=3D");
		else
			wr_u8(w, name.p[i]);
	}
}

static int
put_nonce(struct wr *w, struct slice given)
{
	uint8_t random[NONCE_BYTES];

	if (given.n > 0) {
		wr_slice_put(w, given);
		return 0;
	}
	if (RAND_bytes(random, sizeof(random)) != 1)
		return ERR_CRYPTO;
	text_base64(w, slice_of(random, sizeof(random))); /* has no comma, and needs no padding */
	return 0;
}

static int
scram_open(const struct sasl_mechanism *m, const struct sasl_credentials *c, struct sasl **ret, char *why,
	   size_t why_len)
{
	struct scram *s;
	int err;

	if (c->username.n == 0 || c->password.n == 0)
		return err_say(ERR_CONFIG, why, why_len, "%s: wants a user name and a password", m->name);
	if (!all_ascii(c->username) || !all_ascii(c->password))
		return err_say(ERR_CONFIG, why, why_len,
				 "%s: user name and password must be printable ASCII; SASLprep is not in this version", m->name);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	s->md = m == &scram_mechanism_256 ? EVP_sha256() : EVP_sha512();
	s->len = (size_t)EVP_MD_get_size(s->md);
	s->salted = c->salted;
	s->auth = wr_new(4 * SERVER_FIRST_MAX + 4 * c->username.n);
	err = secret_set(&s->password, c->password);
	if (err != 0)
		goto fail;
	wr_text(&s->auth, "n=");
	put_name(&s->auth, c->username);
	wr_text(&s->auth, ",r=");
	s->nonce_at = s->auth.len;
	err = put_nonce(&s->auth, c->nonce);
	if (err != 0 || (err = wr_err(&s->auth)) != 0)
		goto fail;
	s->nonce_len = s->auth.len - s->nonce_at;
	*ret = &s->base;
	return 0;
fail:
	scram_close(&s->base);
	return err;
}

/* --- what the server says ---------------------------------------------------------- */

/* The value of the attribute that must come next: "x=value" up to a comma or the end. */
static bool
attribute(struct slice *left, char name, struct slice *ret)
{
	const uint8_t *comma;

	if (left->n < 2 || left->p[0] != (uint8_t)name || left->p[1] != '=')
		return false;
	comma = memchr(left->p, ',', left->n);
	*ret = slice_of(left->p + 2, (comma != NULL ? (size_t)(comma - left->p) : left->n) - 2);
	*left = comma != NULL ? slice_of(comma + 1, (size_t)(left->p + left->n - comma) - 1) : slice_of(NULL, 0);
	return true;
}

struct challenge {
	struct slice nonce;
	struct wr salt;
	int64_t iterations;
};

static int
challenge_read(const struct scram *s, struct slice in, struct challenge *ret, char *why, size_t why_len)
{
	struct slice left = in, salt, iterations, error, nonce = slice_of(NULL, 0);
	char said[64];

	if (attribute(&left, 'e', &error))
		return err_say(ERR_REMOTE, why, why_len, "SCRAM: the broker says: %s",
				 text_said(error, said, sizeof(said)));
	/* An extension before the nonce ("m=") is one that must be understood; there is none yet. */
	if (in.n > SERVER_FIRST_MAX || !attribute(&left, 'r', &nonce) || !attribute(&left, 's', &salt) ||
	    !attribute(&left, 'i', &iterations) || salt.n == 0)
		return err_say(ERR_MALFORMED, why, why_len, "SCRAM: the broker's first message can't be read");
	if (nonce.n <= s->nonce_len || memcmp(nonce.p, s->auth.buf + s->nonce_at, s->nonce_len) != 0)
		return err_say(ERR_MALFORMED, why, why_len, "SCRAM: the broker's nonce doesn't begin with ours");
	if (text_parse_i64(iterations, &ret->iterations) != 0 || ret->iterations < ITERATIONS_MIN ||
	    ret->iterations > ITERATIONS_MAX)
		return err_say(ERR_MALFORMED, why, why_len, "SCRAM: the broker's iteration count is not in %d-%d",
				 ITERATIONS_MIN, ITERATIONS_MAX);
	if (text_unbase64(salt, &ret->salt) != 0 || ret->salt.len == 0)
		return err_say(ERR_MALFORMED, why, why_len, "SCRAM: the broker's salt is no base64");
	ret->nonce = nonce;
	return 0;
}

/* --- the proof (RFC 5802 §3) ---------------------------------------------------------- */

static bool
hmac(const struct scram *s, const uint8_t *key, struct slice text, uint8_t *out)
{
	unsigned n;

	return HMAC(s->md, key, (int)s->len, text.p, text.n, out, &n) != NULL;
}

static int
prove(struct scram *s, const struct challenge *c, uint8_t *ret_proof)
{
	uint8_t salted[EVP_MAX_MD_SIZE], client[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE], server[EVP_MAX_MD_SIZE],
		signature[EVP_MAX_MD_SIZE];
	struct salted_recipe recipe = {s->md, secret_slice(&s->password), wr_slice(&c->salt), (int)c->iterations};
	bool ok = salted_password(s->salted, &recipe, salted) == 0 && hmac(s, salted, slice_str("Client Key"), client) &&
		  EVP_Digest(client, s->len, stored, NULL, s->md, NULL) == 1 &&
		  hmac(s, stored, wr_slice(&s->auth), signature) && hmac(s, salted, slice_str("Server Key"), server) &&
		  hmac(s, server, wr_slice(&s->auth), s->server_signature);

	for (size_t i = 0; ok && i < s->len; i++)
		ret_proof[i] = client[i] ^ signature[i];
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client, sizeof(client));
	OPENSSL_cleanse(stored, sizeof(stored));
	OPENSSL_cleanse(server, sizeof(server));
	secret_clear(&s->password);
	return ok ? 0 : ERR_CRYPTO;
}

static int
client_final(struct scram *s, struct slice in, struct wr *out, char *why, size_t why_len)
{
	struct challenge c = {.salt = wr_new(SERVER_FIRST_MAX)};
	uint8_t proof[EVP_MAX_MD_SIZE];
	size_t final_at;
	int err = challenge_read(s, in, &c, why, why_len);

	if (err != 0)
		goto end;
	wr_u8(&s->auth, ',');
	wr_slice_put(&s->auth, in);
	wr_u8(&s->auth, ',');
	final_at = s->auth.len;
	/* The nonce exactly as the server sent it: Kafka 4 takes no other. */
	wr_text(&s->auth, "c=biws,r=");
	wr_slice_put(&s->auth, c.nonce);
	err = wr_err(&s->auth);
	if (err == 0)
		err = prove(s, &c, proof);
	if (err != 0)
		goto end;
	wr_bytes(out, s->auth.buf + final_at, s->auth.len - final_at);
	wr_text(out, ",p=");
	text_base64(out, slice_of(proof, s->len));
end:
	wr_free(&c.salt);
	return err;
}

/* The signature is compared as text: base64 has more than one spelling of the same bytes. */
static int
server_final(struct scram *s, struct slice in, char *why, size_t why_len)
{
	struct wr want = wr_new(256);
	struct slice left = in, error;
	char said[64];
	int err = 0;

	if (attribute(&left, 'e', &error))
		return err_say(ERR_REMOTE, why, why_len, "SCRAM: the broker says: %s",
				 text_said(error, said, sizeof(said)));
	wr_text(&want, "v=");
	text_base64(&want, slice_of(s->server_signature, s->len));
	if (wr_err(&want) != 0)
		err = wr_err(&want);
	else if (in.n != want.len || !secret_equal(in.p, want.buf, want.len))
		err = err_say(ERR_SIGNATURE, why, why_len, "SCRAM: the broker doesn't know the password");
	wr_free(&want);
	return err;
}

static int
scram_step(struct sasl *base, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	struct scram *s = CONTAINER_OF(base, struct scram, base);
	int err;

	switch (base->step) {
	case 0:
		wr_text(out, "n,,");
		wr_slice_put(out, wr_slice(&s->auth));
		return 0;
	case 1: return client_final(s, in, out, why, why_len);
	default:
		err = server_final(s, in, why, why_len);
		*ret_done = err == 0;
		return err;
	}
}

const struct sasl_mechanism scram_mechanism_256 = {"SCRAM-SHA-256", scram_open, scram_step, scram_close};
const struct sasl_mechanism scram_mechanism_512 = {"SCRAM-SHA-512", scram_open, scram_step, scram_close};
