/* One record of the statement topic: what it is, and what it is not (docs/FORMAT.md, "Publication"). */
#include "trusting.h"
#include "verify/published.h"
#include "world.h"
#include "suite.h"

static struct world w;
static struct world_proxy proxy, other;
static struct policy *trust;

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, true);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, true);
	trust_nobody();
	trust_also(proxy.public_key);
	trust = trust_policy(false);
	world_window(&w, &proxy, &(struct world_window){.n = 3});
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	policy_unref(trust);
}

static enum published_state
state_of(const char *key, struct slice value, const struct policy *by)
{
	enum published_state s;
	struct published p;

	ck_assert_int_eq(published_read(slice_str(key), value, &p), 0);
	ck_assert_int_eq(published_check(&p, by), 0);
	s = p.state;
	ck_assert_int_eq(p.statement == NULL, s == PUBLISHED_UNREADABLE);
	ck_assert_ptr_nonnull(p.why);
	ck_assert_int_eq(p.why[0] == '\0', s == PUBLISHED_SIGNED);
	ck_assert_int_eq(p.trust, s == PUBLISHED_SIGNED ? TRUST_SIGNED : TRUST_NONE);
	ck_assert_str_eq(p.issuer, "");
	published_clear(&p);
	return s;
}

static void
ck_state(enum published_state want, enum published_state got)
{
	ck_assert_str_eq(published_state_name(got), published_state_name(want));
}

/* The envelope with other parts; NULL: its own. */
static struct wr
envelope_of(struct slice payload, const char *type, const char *keyid, size_t signatures)
{
	struct wr sig = wr_new(4096), pae = wr_new(1 << 20), out = wr_new(1 << 20), b64 = wr_new(4096);

	envelope_pae(slice_str(type), payload, &pae);
	ck_assert_int_eq(signer_sign(proxy.signer, wr_slice(&pae), &sig, NULL, 0), 0);
	text_base64(&b64, wr_slice(&sig));
	wr_text(&out, "{\"payload\":\"");
	text_base64(&out, payload);
	wr_printf(&out, "\",\"payloadType\":\"%s\",\"signatures\":[", type);
	for (size_t i = 0; i < signatures; i++)
		wr_printf(&out, "%s{\"keyid\":\"%s\",\"sig\":\"%.*s\"}", i > 0 ? "," : "", keyid, (int)b64.len,
			  (const char *)b64.buf);
	wr_text(&out, "]}");
	ck_assert_int_eq(wr_err(&out), 0);
	wr_free(&sig), wr_free(&pae), wr_free(&b64);
	return out;
}

static void
level_1(struct statement *s)
{
	s->level = 1;
}

START_TEST(signed_by_whom)
{
	struct policy *nobody, *unsigned_too;
	struct published p;

	trust_nobody();
	nobody = trust_policy(false);
	unsigned_too = trust_policy(true);

	ck_state(PUBLISHED_SIGNED, state_of(w.s[0].key, wr_slice(&w.s[0].value), trust));
	ck_state(PUBLISHED_UNTRUSTED, state_of(w.s[0].key, wr_slice(&w.s[0].value), nobody));
	world_window(&w, &other, &(struct world_window){.n = 3});
	ck_state(PUBLISHED_UNTRUSTED, state_of(w.s[1].key, wr_slice(&w.s[1].value), trust));
	/* What can be known of it before. */
	ck_assert_int_eq(published_read(slice_str(w.s[0].key), wr_slice(&w.s[0].value), &p), 0);
	ck_state(PUBLISHED_UNVERIFIED, p.state);
	ck_assert(slice_eq(wr_slice(&p.payload), wr_slice(&w.s[0].payload)));
	ck_assert_str_eq(p.keyid, signer_keyid(proxy.signer));
	ck_assert_uint_eq(p.window_id, 1);
	ck_assert(chain_id_eq(&p.chain, &proxy.chain));
	{
		uint8_t sum[SHA256_LEN];

		sha256_of(wr_slice(&w.s[0].payload), sum);
		ck_assert_mem_eq(p.sha256, sum, SHA256_LEN);
	}
	published_clear(&p);
	published_clear(&p); /* harmless */
	/* A bare statement of level 1 counts where the policy says so, and of another level nowhere. */
	ck_assert_int_eq(published_read(slice_str(w.s[0].key), wr_slice(&w.s[0].payload), &p), 0);
	ck_assert_int_eq(published_check(&p, unsigned_too), 0);
	ck_assert_int_eq(p.trust, TRUST_NONE);
	published_clear(&p);
	world_window(&w, &proxy, &(struct world_window){.n = 3, .edit = level_1});
	ck_assert_int_eq(published_read(slice_str(w.s[2].key), wr_slice(&w.s[2].payload), &p), 0);
	ck_assert_int_eq(published_check(&p, nobody), 0);
	ck_assert_int_eq(p.trust, TRUST_NONE);
	ck_assert_str_eq(p.why, "the statement is not signed");
	ck_assert_int_eq(published_check(&p, unsigned_too), 0);
	ck_assert_int_eq(p.trust, TRUST_UNSIGNED);
	ck_assert_str_eq(p.why, "");
	published_clear(&p);
	policy_unref(nobody);
	policy_unref(unsigned_too);
}
END_TEST

/* The keyid is a hint: the key is right or it isn't. */
START_TEST(keyids)
{
	static const char *const ids[] = {
		"", "SHA256:00", "another",
		"one that no digest is as long as, and that goes on behind the end of any place that was made for it"};
	struct published p;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct wr e = envelope_of(wr_slice(&w.s[0].payload), STATEMENT_PAYLOAD_TYPE, ids[i], 1);

		ck_state(PUBLISHED_SIGNED, state_of(w.s[0].key, wr_slice(&e), trust));
		wr_free(&e);
	}
	/* Another key under the trusted key's name. */
	world_window(&w, &other, &(struct world_window){.n = 3});
	{
		struct wr pae = wr_new(1 << 20), sig = wr_new(4096), e = wr_new(1 << 20);

		envelope_pae(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&w.s[1].payload), &pae);
		ck_assert_int_eq(signer_sign(other.signer, wr_slice(&pae), &sig, NULL, 0), 0);
		ck_assert_int_eq(envelope_write(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&w.s[1].payload),
						signer_keyid(proxy.signer), wr_slice(&sig), &e), 0);
		ck_state(PUBLISHED_UNTRUSTED, state_of(w.s[1].key, wr_slice(&e), trust));
		wr_free(&pae), wr_free(&sig), wr_free(&e);
	}
	/* It is shown to people: no control characters, no blanks. */
	{
		struct wr e = envelope_of(wr_slice(&w.s[0].payload), STATEMENT_PAYLOAD_TYPE, "a\\u001b[31m b\\n\xc3\xa9", 1);

		ck_assert_int_eq(published_read(slice_str(w.s[0].key), wr_slice(&e), &p), 0);
		ck_assert_str_eq(p.keyid, "a?[31m?b???");
		published_clear(&p);
		wr_free(&e);
	}
}
END_TEST

/* Without a signature, with two, of another type. */
START_TEST(not_exactly_one)
{
	for (size_t n = 0; n <= 3; n++) {
		struct wr e = envelope_of(wr_slice(&w.s[0].payload), STATEMENT_PAYLOAD_TYPE, "k", n);

		ck_state(n == 1 ? PUBLISHED_SIGNED : PUBLISHED_UNREADABLE, state_of(w.s[0].key, wr_slice(&e), trust));
		wr_free(&e);
	}
	{
		struct wr e = envelope_of(wr_slice(&w.s[0].payload), "application/json", "k", 1);

		ck_state(PUBLISHED_UNREADABLE, state_of(w.s[0].key, wr_slice(&e), trust));
		wr_free(&e);
	}
}
END_TEST

START_TEST(bare)
{
	struct wr longer = wr_new(1 << 20);

	ck_state(PUBLISHED_UNSIGNED, state_of(w.s[0].key, wr_slice(&w.s[0].payload), trust));
	/* A statement is its bytes, to the last. */
	wr_slice_put(&longer, wr_slice(&w.s[0].payload));
	wr_text(&longer, "{}");
	ck_state(PUBLISHED_UNREADABLE, state_of(w.s[0].key, wr_slice(&longer), trust));
	wr_free(&longer);
}
END_TEST

START_TEST(under_another_key)
{
	char key[CHAIN_KEY_MAX + 1];

	(void)chain_key(&proxy.chain, 2, key);
	ck_state(PUBLISHED_UNREADABLE, state_of(key, wr_slice(&w.s[0].value), trust));
	ck_state(PUBLISHED_UNREADABLE, state_of(key, wr_slice(&w.s[0].payload), trust));
	(void)chain_key(&other.chain, 1, key);
	ck_state(PUBLISHED_UNREADABLE, state_of(key, wr_slice(&w.s[0].value), trust));
}
END_TEST

/* Later versions may put other things into the topic. */
START_TEST(not_ours)
{
	static const char *const keys[] = {"", "checkpoint", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef/",
					   "0123456789abcdef0123456789abcdef/x", "0123456789ABCDEF0123456789abcdef/1",
					   "0123456789abcdef0123456789abcde/1", "0123456789abcdef0123456789abcdef/-1"};
	struct published p;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		ck_assert_int_eq(published_read(slice_str(keys[i]), wr_slice(&w.s[0].value), &p), ERR_NOTFOUND);
	ck_assert_int_eq(published_read((struct slice){NULL, 0}, wr_slice(&w.s[0].value), &p), ERR_NOTFOUND);
	ck_assert_int_eq(published_read(slice_str(w.s[0].key), (struct slice){NULL, 0}, &p), ERR_NOTFOUND);
	/* An empty value is no null. */
	ck_state(PUBLISHED_UNREADABLE, state_of(w.s[0].key, slice_str(""), trust));
}
END_TEST

/* Whatever is counted as signed is what was signed. */
static void
ck_never_more(struct slice value)
{
	struct published p;

	ck_assert_int_eq(published_read(slice_str(w.s[0].key), value, &p), 0);
	ck_assert_int_eq(published_check(&p, trust), 0);
	ck_assert(p.state != PUBLISHED_UNSIGNED);
	if (p.state == PUBLISHED_SIGNED)
		ck_assert(slice_eq(wr_slice(&p.payload), wr_slice(&w.s[0].payload)));
	published_clear(&p);
}

START_TEST(spoiled)
{
	struct wr e = wr_new(1 << 20);
	uint8_t *box;

	wr_slice_put(&e, wr_slice(&w.s[0].value));
	for (size_t n = 0; n < e.len; n += n < e.len - 300 ? 7 : 1) {
		box = malloc(n + 1);
		ck_assert_ptr_nonnull(box);
		memcpy(box + 1, e.buf, n); /* its end is the block's end */
		ck_state(PUBLISHED_UNREADABLE, state_of(w.s[0].key, slice_of(box + 1, n), trust));
		free(box);
	}
	for (size_t i = 0; i < e.len; i += i < e.len - 300 ? 5 : 1) {
		e.buf[i] ^= 0x01;
		ck_never_more(wr_slice(&e));
		e.buf[i] ^= 0x01 ^ 0x20;
		ck_never_more(wr_slice(&e));
		e.buf[i] ^= 0x20;
	}
	ck_state(PUBLISHED_SIGNED, state_of(w.s[0].key, wr_slice(&e), trust));
	wr_free(&e);
}
END_TEST

/* Anybody may write to the topic. */
START_TEST(too_large)
{
	size_t n = (size_t)33 * 1024 * 1024;
	uint8_t *p = malloc(n);

	ck_assert_ptr_nonnull(p);
	memset(p, ' ', n);
	ck_state(PUBLISHED_UNREADABLE, state_of(w.s[0].key, slice_of(p, n), trust));
	ck_state(PUBLISHED_UNREADABLE, state_of(w.s[0].key, slice_of(p, n / 2 + 1024 * 1024), trust));
	memset(p, '[', n / 3);
	ck_state(PUBLISHED_UNREADABLE, state_of(w.s[0].key, slice_of(p, n / 3), trust));
	free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("published");
	TCase *t = tcase_create("published");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, signed_by_whom);
	tcase_add_test(t, keyids);
	tcase_add_test(t, not_exactly_one);
	tcase_add_test(t, bare);
	tcase_add_test(t, under_another_key);
	tcase_add_test(t, not_ours);
	tcase_add_test(t, spoiled);
	tcase_add_test(t, too_large);
	suite_add_tcase(s, t);
	return suite_run(s);
}
