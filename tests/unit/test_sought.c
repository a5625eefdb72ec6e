/* What records of the statement topic are to a statement that is looked for: ours, another one, or nothing. */
#include "attest/sought.h"

#include "makoto/json_read.h"
#include "suite.h"
#include "tests/unit/stating.h"

enum { WINDOW = 7, OURS = 1, THEIRS = 2 };

static struct signer *signer, *stranger;
static struct public_key *key;
static struct rig *r;
static struct wr payload, ours, theirs;
static uint8_t value_sha256[32], statement_sha256[32];
static struct sought sought;

static void
setup(void)
{
	struct wr pem = wr_new(16384);

	signer = stating_signer();
	stranger = stating_signer();
	ck_assert_int_eq(signer_public(signer, &pem), 0);
	ck_assert_int_eq(public_key_parse(wr_slice(&pem), &key), 0);
	wr_free(&pem);
	r = rig_start();
	payload = stating_window(WINDOW, OURS);
	ours = stating_envelope(signer, STATEMENT_PAYLOAD_TYPE, wr_slice(&payload), signer_keyid(signer));
	theirs = stating_published(signer, WINDOW, THEIRS);
	sha256_of(wr_slice(&ours), value_sha256);
	sha256_of(wr_slice(&payload), statement_sha256);
	sought = (struct sought){&r->c->id, WINDOW, value_sha256, statement_sha256, key};
}

static void
teardown(void)
{
	wr_free(&payload);
	wr_free(&ours);
	wr_free(&theirs);
	rig_stop(r);
	public_key_free(key);
	signer_free(signer);
	signer_free(stranger);
}

static enum sought_is
under(uint64_t window, struct slice value)
{
	char text[CHAIN_KEY_MAX + 1];
	enum sought_is is = (enum sought_is)77;

	ck_assert_int_eq(sought_record(&sought, slice_of(text, chain_key(&r->c->id, window, text)), value, &is), 0);
	return is;
}

static enum sought_is
is(struct slice value)
{
	return under(WINDOW, value);
}

static enum sought_is
is_then(struct wr value)
{
	enum sought_is ret = is(wr_slice(&value));

	wr_free(&value);
	return ret;
}

START_TEST(the_very_bytes)
{
	ck_assert_int_eq(is(wr_slice(&ours)), SOUGHT_OURS);
	ck_assert_int_eq(under(WINDOW + 1, wr_slice(&ours)), SOUGHT_NOTHING);
	sought.key = NULL;
	ck_assert_int_eq(is(wr_slice(&ours)), SOUGHT_OURS);
}
END_TEST

START_TEST(another_statement)
{
	ck_assert_int_eq(is(wr_slice(&theirs)), SOUGHT_OTHER);
	/* The key's id is only a hint. */
	wr_free(&payload);
	payload = stating_window(WINDOW, THEIRS);
	ck_assert_int_eq(is_then(stating_envelope(signer, STATEMENT_PAYLOAD_TYPE, wr_slice(&payload), "")), SOUGHT_OTHER);
	ck_assert_int_eq(under(WINDOW + 1, wr_slice(&theirs)), SOUGHT_NOTHING);
}
END_TEST

/* Without a key nobody can tell it from what anybody writes. */
START_TEST(another_where_nothing_is_signed)
{
	sought.key = NULL;
	ck_assert_int_eq(is(wr_slice(&theirs)), SOUGHT_NOTHING);
}
END_TEST

/* A signature can be made anew, and an envelope be written otherwise. */
START_TEST(the_same_statement)
{
	ck_assert_int_eq(is_then(stating_envelope(signer, STATEMENT_PAYLOAD_TYPE, wr_slice(&payload), "another id")), SOUGHT_NOTHING);
	ck_assert_int_eq(is(wr_slice(&payload)), SOUGHT_NOTHING);
}
END_TEST

/* What anybody can write who may write there. */
START_TEST(junk)
{
	static const char *const texts[] = {"", "x", "{}", "null", "[]", "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[]}"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_int_eq(is(slice_str(texts[i])), SOUGHT_NOTHING);
	ck_assert_int_eq(is(slice_of(NULL, 0)), SOUGHT_NOTHING);
	for (size_t n = 0; n < theirs.len; n++)
		ck_assert_int_eq(is(slice_of(theirs.buf, n)), SOUGHT_NOTHING);
	/* A bare statement, and one that a stranger signed. */
	wr_free(&payload);
	payload = stating_window(WINDOW, THEIRS);
	ck_assert_int_eq(is(wr_slice(&payload)), SOUGHT_NOTHING);
	ck_assert_int_eq(is_then(stating_envelope(stranger, STATEMENT_PAYLOAD_TYPE, wr_slice(&payload), signer_keyid(signer))),
			 SOUGHT_NOTHING);
}
END_TEST

/* Each change of the other statement's envelope makes it nothing, but where JSON or base64 says the same in other words. */
START_TEST(each_byte_changed)
{
	struct envelope whole, e;
	size_t nothing = 0;

	ck_assert_int_eq(envelope_read(wr_slice(&theirs), &whole), 0);
	for (size_t i = 0; i < theirs.len; i++) {
		bool same = false;

		theirs.buf[i] ^= 1;
		if (envelope_read(wr_slice(&theirs), &e) == 0) {
			same = slice_eq(wr_slice(&e.payload), wr_slice(&whole.payload)) && slice_eq(wr_slice(&e.sig), wr_slice(&whole.sig)) &&
			       slice_eq(wr_slice(&e.type), wr_slice(&whole.type));
			envelope_clear(&e);
		}
		ck_assert_int_eq(is(wr_slice(&theirs)), same ? SOUGHT_OTHER : SOUGHT_NOTHING);
		nothing += !same;
		theirs.buf[i] ^= 1;
	}
	ck_assert_uint_gt(nothing, theirs.len / 2);
	envelope_clear(&whole);
}
END_TEST

/* What our key did sign, and is no statement of this window. */
START_TEST(signed_and_about_something_else)
{
	struct chain_id elsewhere = r->c->id;
	char text[CHAIN_KEY_MAX + 1];
	enum sought_is is_there;

	wr_free(&payload);
	payload = stating_window(WINDOW, THEIRS);
	ck_assert_int_eq(is_then(stating_published(signer, WINDOW - 1, THEIRS)), SOUGHT_NOTHING);
	ck_assert_int_eq(is_then(stating_envelope(signer, "text/plain", wr_slice(&payload), "")), SOUGHT_NOTHING);
	ck_assert_int_eq(is_then(stating_envelope(signer, STATEMENT_PAYLOAD_TYPE, slice_str("{}"), "")), SOUGHT_NOTHING);
	/* Another chain's window of that number, in its place here. */
	elsewhere.b[0] ^= 1;
	sought.chain = &elsewhere;
	ck_assert_int_eq(sought_record(&sought, slice_of(text, chain_key(&elsewhere, WINDOW, text)), wr_slice(&theirs), &is_there), 0);
	ck_assert_int_eq(is_there, SOUGHT_NOTHING);
}
END_TEST

static int64_t json_calls, json_failed_at; /* the call for memory that gets none; 0: none fails */

static void *
json_gets(size_t n)
{
	return ++json_calls == json_failed_at ? NULL : malloc(n);
}

/* What there is no memory to read isn't known to be nothing. */
START_TEST(no_memory_to_read_it)
{
	char text[CHAIN_KEY_MAX + 1];
	size_t n = chain_key(sought.chain, sought.window, text);
	enum sought_is what;
	int64_t calls;

	json_set_alloc_funcs(json_gets, free);
	json_read_setup();
	json_failed_at = json_calls = 0;
	ck_assert_int_eq(is(wr_slice(&theirs)), SOUGHT_OTHER);
	calls = json_calls;
	ck_assert_int_gt(calls, 100);
	for (json_failed_at = 1; json_failed_at <= calls; json_failed_at++) {
		json_calls = 0;
		ck_assert_msg(sought_record(&sought, slice_of(text, n), wr_slice(&theirs), &what) == ERR_NOMEM, "call %lld",
			      (long long)json_failed_at);
	}
	json_failed_at = 0;
	ck_assert_int_eq(is(wr_slice(&theirs)), SOUGHT_OTHER);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sought");
	TCase *t = tcase_create("records");

	tcase_set_timeout(t, 180);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_very_bytes);
	tcase_add_test(t, another_statement);
	tcase_add_test(t, another_where_nothing_is_signed);
	tcase_add_test(t, the_same_statement);
	tcase_add_test(t, junk);
	tcase_add_test(t, no_memory_to_read_it);
	tcase_add_test(t, each_byte_changed);
	tcase_add_test(t, signed_and_about_something_else);
	suite_add_tcase(s, t);
	return suite_run(s);
}
