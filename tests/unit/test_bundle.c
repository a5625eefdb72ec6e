#include "makoto/bundle.h"

#include "tests/unit/suite.h"

/* As docs/FORMAT.md has it, to the byte. */
START_TEST(spelled)
{
	struct wr w = wr_new(4096);

	ck_assert_int_eq(bundle_write(slice_str("application/vnd.in-toto+json"), slice_str("{}"), "SHA256:ab", slice_of("\0\1\2", 3), &w), 0);
	wr_u8(&w, 0);
	ck_assert_str_eq((const char *)w.buf,
			 "{\"dsseEnvelope\":{\"payload\":\"e30=\",\"payloadType\":\"application/vnd.in-toto+json\","
			 "\"signatures\":[{\"keyid\":\"SHA256:ab\",\"sig\":\"AAEC\"}]},"
			 "\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
			 "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"SHA256:ab\"},\"tlogEntries\":[]}}\n");
	wr_free(&w);
}
END_TEST

START_TEST(no_room)
{
	size_t len = 0;

	for (size_t max = 300; max-- > 0;) {
		struct wr w = wr_new(max);
		int err = bundle_write(slice_str("t"), slice_str("p"), "k", slice_str("s"), &w);

		if (len == 0) {
			ck_assert_int_eq(err, 0);
			len = w.len;
		}
		ck_assert_int_eq(err, max < len ? ERR_LIMIT : 0);
		ck_assert(err != 0 || w.len == len);
		wr_free(&w);
	}
	ck_assert_uint_gt(len, 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bundle");
	TCase *t = tcase_create("bundle");

	tcase_add_test(t, spelled);
	tcase_add_test(t, no_room);
	suite_add_tcase(s, t);
	return suite_run(s);
}
