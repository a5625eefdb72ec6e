/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: over a key in KMS that is
 * opened, learnt and signed with.  It says so and leaves nothing, or the signature is whole.  libcurl's, jansson's
 * and libcrypto's own calls don't fail here.
 */
#include "failing.h"

#include "digest/sha256.h"
#include "key_files.h"
#include "keys/public_key.h"
#include "keys/signer.h"
#include "kms_lab.h"
#include "suite.h"

/* What the lab would say, made before: its thread asks for none of the memory that is counted. */
static struct made {
	char digest[80]; /* in the request; "": its public key is asked for */
	char answer[1024];
} made[3];

static const char *
made_before(const char *request, const char **ret_status UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		if (strstr(request, made[i].digest) != NULL)
			return made[i].answer;
	return NULL;
}

static void
make(struct made *m, const char *message)
{
	char request[1024], text[64];
	const char *status;
	uint8_t sum[SHA256_LEN];

	(void)snprintf(request, sizeof(request), "X-Amz-Target: TrentService.GetPublicKey\r\n");
	if (message != NULL) {
		sha256_of(slice_str(message), sum);
		kms_lab_base64(sum, sizeof(sum), text, sizeof(text));
		(void)snprintf(m->digest, sizeof(m->digest), "\"%s\"", text);
		(void)snprintf(request, sizeof(request),
			       "X-Amz-Target: TrentService.Sign\r\n\"KeyId\":\"" KMS_LAB_ARN "\",\"MessageType\":\"DIGEST\",\"Message\":%s", m->digest);
	}
	(void)snprintf(m->answer, sizeof(m->answer), "%.1023s", kms_lab_answer(request, &status));
}

static int
run(struct wr *ret_sig, char *why, size_t why_len)
{
	struct signer *s = NULL;
	int err = signer_open(&(struct signer_conf){.uri = KMS_LAB_ARN}, &s, why, why_len);

	if (err == 0)
		err = signer_ready(s, why, why_len);
	if (err == 0)
		err = signer_sign(s, slice_str(SIGNED), ret_sig, why, why_len);
	signer_free(s);
	return err;
}

START_TEST(runs_out)
{
	struct public_key *k;
	uint64_t n = 0;

	kms_lab_open(P256_PRIVATE, "ECC_NIST_P256", "ECDSA_SHA_256");
	make(&made[0], "makoto-kafka/1");
	make(&made[1], SIGNED);
	make(&made[2], NULL);
	http_lab.answer = made_before;
	ck_assert_int_eq(public_key_parse(slice_str(P256_PUBLIC), &k), 0);
	do {
		struct wr sig = wr_new(4096);
		int64_t alive = failing.live;
		char why[1024] = "";
		int err;

		failing_begin(++n, _i != 0);
		failing.armed = true;
		err = run(&sig, why, sizeof(why));
		failing.armed = false;
		if (failing.failed > 0) {
			ck_assert_msg(err == ERR_NOMEM && strstr(why, "memory") != NULL, "call %llu: %d %s", (unsigned long long)n, err, why);
		} else {
			ck_assert_msg(err == 0, "%s", why);
			ck_assert_int_eq(public_key_verify(k, slice_str(SIGNED), wr_slice(&sig)), 0);
		}
		wr_free(&sig);
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n, (long long)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 30);
	public_key_free(k);
	kms_lab_close();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_kms");
	TCase *t = tcase_create("memory_kms");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, runs_out, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
