#include "attest/settings.h"

#include "tests/unit/suite.h"

/* Counted: under ASan a leak or a second free would be told. */
START_TEST(counted)
{
	struct settings *s = settings_new();

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(s->manifest, SETTINGS_MANIFEST_LEAF);
	ck_assert_ptr_null(s->location);
	s->collector_id = strdup("urn:c");
	s->dbom_topic = strdup("makoto.dbom");
	s->source = strdup("h:1");
	s->version = strdup("1");
	s->location = strdup("hall 3");
	s->signing_key_uri = strdup("pkcs11:x");
	s->claims = calloc(2, sizeof(*s->claims));
	for (; s->claim_count < 2; s->claim_count++)
		s->claims[s->claim_count] = (struct settings_claim){strdup("n"), strdup("t")};
	s->compacted = calloc(1, sizeof(*s->compacted));
	s->compacted[s->compacted_count++] = strdup("g*");
	ck_assert_ptr_eq(settings_ref(s), s);
	settings_unref(s);
	ck_assert_str_eq(s->location, "hall 3");
	settings_unref(s);
	settings_unref(NULL);
	settings_unref(settings_new());
}
END_TEST

START_TEST(manifests)
{
	struct settings *s = settings_new();

	s->compacted = calloc(2, sizeof(*s->compacted));
	s->compacted[0] = strdup("state.*");
	s->compacted[1] = strdup("users");
	s->compacted_count = 2;
	for (int m = SETTINGS_MANIFEST_LEAF; m <= SETTINGS_MANIFEST_NONE; m++) {
		s->manifest = (enum settings_manifest)m;
		ck_assert_int_eq(settings_manifest_of(s, slice_str("orders")), m);
		ck_assert_int_eq(settings_manifest_of(s, slice_str("users2")), m);
		ck_assert_int_eq(settings_manifest_of(s, slice_str("users")), SETTINGS_MANIFEST_LEAF_KEY);
		ck_assert_int_eq(settings_manifest_of(s, slice_str("state.a")), SETTINGS_MANIFEST_LEAF_KEY);
		/* A slice isn't terminated: what stands behind it doesn't count. */
		ck_assert_int_eq(settings_manifest_of(s, slice_of("users2", 5)), SETTINGS_MANIFEST_LEAF_KEY);
	}
	settings_unref(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("settings");
	TCase *t = tcase_create("settings");

	tcase_add_test(t, counted);
	tcase_add_test(t, manifests);
	suite_add_tcase(s, t);
	return suite_run(s);
}
