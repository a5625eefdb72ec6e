/* stating: signed statements about the chain of chain_rig.h, as a proxy publishes them. */
#ifndef TESTS_UNIT_STATING_H
#define TESTS_UNIT_STATING_H

#include <unistd.h>

#include "keys/keygen.h"
#include "keys/signer.h"
#include "makoto/envelope.h"
#include "tests/unit/chain_rig.h"

/* A key of its own; the caller's. */
static struct signer *
stating_signer(void)
{
	char dir[] = "/tmp/makoto-test-XXXXXX", priv[64], pub[64], uri[80], id[KEYID_LEN + 1], why[512];
	struct signer *s;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(priv, sizeof(priv), "%s/key.pem", dir);
	(void)snprintf(pub, sizeof(pub), "%s/pub.pem", dir);
	(void)snprintf(uri, sizeof(uri), "file:%s", priv);
	ck_assert_msg(key_generate("p256", priv, pub, id, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(signer_open(&(struct signer_conf){.uri = uri, .base_dir = "/"}, &s, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(unlink(priv), 0);
	ck_assert_int_eq(unlink(pub), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	return s;
}

/* The statement's bytes about that window of the rig's chain, whose one batch is called `content`; the caller's. */
static struct wr
stating_window(uint64_t window, int content)
{
	struct wr bytes = wr_new(SIZE_MAX / 2);
	struct rig *r = rig_start();
	struct attempt a;

	r->c->head.next_window = window;
	r->set->window_records = 2;
	a = rig_send(r, rig_batch(2), content);
	rig_stored(r, &a, 100);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->window_id, window);
	wr_slice_put(&bytes, wr_slice(&r->stated[0].bytes));
	rig_stop(r);
	return bytes;
}

/* An envelope around a payload of that type, which says that the key has that id; the caller's. */
static struct wr
stating_envelope(struct signer *s, const char *type, struct slice payload, const char *keyid)
{
	struct wr pae = wr_new(SIZE_MAX / 2), sig = wr_new(65536), envelope = wr_new(SIZE_MAX / 2);
	char why[512];

	envelope_pae(slice_str(type), payload, &pae);
	ck_assert_msg(signer_sign(s, wr_slice(&pae), &sig, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(envelope_write(slice_str(type), payload, keyid, wr_slice(&sig), &envelope), 0);
	wr_free(&pae);
	wr_free(&sig);
	return envelope;
}

/* As it is published. */
static struct wr
stating_published(struct signer *s, uint64_t window, int content)
{
	struct wr payload = stating_window(window, content);
	struct wr envelope = stating_envelope(s, STATEMENT_PAYLOAD_TYPE, wr_slice(&payload), signer_keyid(s));

	wr_free(&payload);
	return envelope;
}

#endif
