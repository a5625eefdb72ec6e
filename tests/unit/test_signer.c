#include "keys/signer.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "keys/public_key.h"
#include "makoto/envelope.h"
#include "tests/unit/key_files.h"
#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

static const struct {
	const char *private, *public;
} kinds[] = {
	{P256_PRIVATE, P256_PUBLIC},
	{P384_PRIVATE, P384_PUBLIC},
	{ED25519_PRIVATE, ED25519_PUBLIC},
	{RSA_PRIVATE, RSA_PUBLIC},
};

static char why[512];

static void
setup(void)
{
	key_files_folder();
	why[0] = '\0';
}

static void
teardown(void)
{
	key_files_gone();
}

static int
open_key(const char *pem, mode_t mode, struct signer **ret)
{
	char uri[160];

	(void)snprintf(uri, sizeof(uri), "file:%s", key_file("key", pem, mode));
	return signer_open(&(struct signer_conf){.uri = uri, .base_dir = "/nowhere"}, ret, why, sizeof(why));
}

static struct signer *
signer_of(const char *pem)
{
	struct signer *s = NULL;

	ck_assert_msg(open_key(pem, 0600, &s) == 0, "%s", why);
	ck_assert_ptr_nonnull(s);
	return s;
}

static void
ck_why(const char *text)
{
	char want[512];

	(void)snprintf(want, sizeof(want), "%s: %s", key_file_path("key"), text);
	ck_assert_str_eq(why, want);
}

START_TEST(tells_when_its_file_was_written)
{
	const struct timespec times[2] = {{0, UTIME_OMIT}, {1700000000, 999}};
	struct signer *s;
	char uri[160];

	(void)snprintf(uri, sizeof(uri), "file:%s", key_file("key", P256_PRIVATE, 0600));
	ck_assert_int_eq(utimensat(AT_FDCWD, key_file_path("key"), times, 0), 0);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = uri, .base_dir = "/"}, &s, why, sizeof(why)), 0);
	ck_assert_int_eq(signer_written_s(s), 1700000000);
	signer_free(s);
}
END_TEST

/* --- signing ---------------------------------------------------------------------------- */

START_TEST(signs)
{
	struct signer *s = signer_of(kinds[_i].private);
	struct wr big = wr_new(1 << 20), sig = wr_new(4096);

	for (int i = 0; i < 100000; i++)
		wr_u8(&big, (uint8_t)i);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct public_key *k;

		ck_assert_int_eq(public_key_parse(slice_str(kinds[i].public), &k), 0);
		ck_assert_int_eq(strcmp(public_key_id(k), signer_keyid(s)) == 0, i == (size_t)_i);
		for (size_t n = 0; n <= big.len; n += 50000) {
			struct slice message = slice_of(big.buf, n);

			wr_reset(&sig);
			ck_assert_int_eq(signer_sign(s, message, &sig, NULL, 0), 0);
			ck_assert_int_eq(public_key_verify(k, message, wr_slice(&sig)), i == (size_t)_i ? 0 : ERR_SIGNATURE);
		}
		public_key_free(k);
	}
	wr_free(&big), wr_free(&sig);
	signer_free(s);
	signer_free(NULL);
}
END_TEST

/* It is appended; where there is no room nothing is, and the next one is fine. */
START_TEST(appends)
{
	struct signer *s = signer_of(kinds[_i].private);
	struct wr sig = wr_new(4096), none = wr_new(16);
	struct public_key *k;

	wr_text(&sig, "before");
	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, NULL, 0), 0);
	ck_assert_mem_eq(sig.buf, "before", 6);
	ck_assert_int_eq(public_key_parse(slice_str(kinds[_i].public), &k), 0);
	ck_assert_int_eq(public_key_verify(k, slice_str(SIGNED), slice_of(sig.buf + 6, sig.len - 6)), 0);
	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &none, NULL, 0), ERR_LIMIT);
	ck_assert_uint_eq(none.len, 0);
	wr_reset(&sig);
	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, NULL, 0), 0);
	ck_assert_int_eq(public_key_verify(k, slice_str(SIGNED), wr_slice(&sig)), 0);
	wr_free(&sig), wr_free(&none);
	public_key_free(k);
	signer_free(s);
}
END_TEST

/* Ed25519 has no chance in it: the very bytes of the openssl command line and of the other implementation. */
START_TEST(tells_its_public_key)
{
	struct signer *s = signer_of(kinds[_i].private);
	struct wr pem = wr_new(4096), small = wr_new(16);

	wr_text(&pem, "before ");
	ck_assert_int_eq(signer_public(s, &pem), 0);
	wr_u8(&pem, '\0');
	ck_assert_str_eq((char *)pem.buf + 7, kinds[_i].public);
	ck_assert_int_ne(signer_public(s, &small), 0);
	wr_free(&pem);
	wr_free(&small);
	signer_free(s);
}
END_TEST

START_TEST(known_answers)
{
	struct signer *s = signer_of(ED25519_PRIVATE);
	json_t *all = vectors_load(), *v;
	struct wr sig = wr_new(4096);
	size_t i;
	int signed_by_it = 0;

	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, NULL, 0), 0);
	ck_hex(wr_slice(&sig), ED25519_SIGNATURE);
	json_array_foreach (json_object_get(all, "statements"), i, v) {
		json_t *list = json_object_get(json_object_get(v, "envelope"), "signatures");
		struct wr pae = wr_new(SIZE_MAX), want = wr_new(4096);

		if (slice_eq(vectors_text(v, "key"), slice_str("ed25519"))) {
			signed_by_it++;
			ck_assert_str_eq(signer_keyid(s), (const char *)vectors_text(json_array_get(list, 0), "keyid").p);
			envelope_pae(slice_str("application/vnd.in-toto+json"), vectors_text(v, "statement_utf8"), &pae);
			wr_reset(&sig);
			ck_assert_int_eq(signer_sign(s, wr_slice(&pae), &sig, NULL, 0), 0);
			ck_assert_int_eq(text_unbase64(vectors_text(json_array_get(list, 0), "sig"), &want), 0);
			ck_assert(slice_eq(wr_slice(&sig), wr_slice(&want)));
		}
		wr_free(&pae), wr_free(&want);
	}
	ck_assert_int_gt(signed_by_it, 0);
	wr_free(&sig);
	json_decref(all);
	signer_free(s);
}
END_TEST

/* The other forms that private keys have in PEM. */
START_TEST(other_forms)
{
	struct signer *s = signer_of(P256_ECPARAM_PRIVATE);
	struct wr sig = wr_new(4096);

	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, NULL, 0), 0);
	signer_free(s);
	s = signer_of("Bag Attributes\n    friendlyName: proxy\n" P256_PRIVATE CERTIFICATE);
	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, NULL, 0), 0);
	signer_free(s);
	wr_free(&sig);
}
END_TEST

/* --- opening ---------------------------------------------------------------------------- */

START_TEST(relative_path)
{
	struct signer *s = NULL;
	char want[256];

	(void)key_file("key", P256_PRIVATE, 0600);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = "file:key", .base_dir = key_dir}, &s, why, sizeof(why)), 0);
	signer_free(s);
	s = NULL;
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = "file:other", .base_dir = key_dir}, &s, why, sizeof(why)), ERR_IO);
	(void)snprintf(want, sizeof(want), "%s/other: can't be read: No such file or directory", key_dir);
	ck_assert_str_eq(why, want);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(schemes)
{
	static const char *const uris[] = {"", "key", "/etc/key", "pkcs11:token=a", "AWSKMS:///x", "FILE:key"};
	struct signer *s = NULL;
	char want[128], *uri = malloc(5001);

	for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
		ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = uris[i], .base_dir = key_dir}, &s, why, sizeof(why)), ERR_CONFIG);
		(void)snprintf(want, sizeof(want), "%s: this version signs with file: and awskms: keys only", uris[i]);
		ck_assert_str_eq(why, want);
	}
	memset(uri, 'a', 5000);
	uri[5000] = '\0';
	memcpy(uri, "file:/", 6);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = uri, .base_dir = key_dir}, &s, why, sizeof(why)), ERR_CONFIG);
	memcpy(uri, "file:a", 6);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = uri, .base_dir = key_dir}, &s, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(s);
	free(uri);
}
END_TEST

/* Whoever may read a signing key can sign, whoever may write it chooses who signs. */
START_TEST(modes)
{
	static const struct {
		mode_t mode;
		const char *why;
	} cases[] = {
		{0600, NULL},
		{0400, NULL},
		{0640, NULL}, /* a group that exists for this */
		{0440, NULL},
		{0644, "a signing key that others may read or write (mode 0644); chmod 600 it"},
		{0604, "a signing key that others may read or write (mode 0604); chmod 600 it"},
		{0602, "a signing key that others may read or write (mode 0602); chmod 600 it"},
		{0660, "a signing key that others may read or write (mode 0660); chmod 600 it"},
		{0666, "a signing key that others may read or write (mode 0666); chmod 600 it"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct signer *s = NULL;

		ck_assert_int_eq(open_key(P256_PRIVATE, cases[i].mode, &s), cases[i].why == NULL ? 0 : ERR_CONFIG);
		if (cases[i].why != NULL) {
			ck_why(cases[i].why);
			ck_assert_ptr_null(s);
		}
		signer_free(s);
		ck_assert_int_eq(unlink(key_file_path("key")), 0);
	}
}
END_TEST

/* Root reads every file, so that it has to be somebody else for this. */
START_TEST(no_right_to_read)
{
	struct signer *s = NULL;

	(void)key_file("key", P256_PRIVATE, 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = "file:key", .base_dir = key_dir}, &s, why, sizeof(why)), ERR_IO);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_why("can't be read: Permission denied");
	ck_assert_ptr_null(s);
}
END_TEST

/* How many of the text's pieces stand in this process's heap, freed memory included. */
static unsigned
in_heap(const char *text)
{
	enum { PIECE = 20 };
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC); /* a sanitizer would object to a look at freed memory */
	unsigned long from = 0, to = 0;
	unsigned count = 0;
	char line[512], *heap;

	ck_assert_ptr_nonnull(maps);
	ck_assert_int_ge(mem, 0);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "[heap]") != NULL)
			ck_assert_int_eq(sscanf(line, "%lx-%lx", &from, &to), 2);
	(void)fclose(maps);
	heap = mmap(NULL, to - from + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(heap, MAP_FAILED);
	ck_assert_int_eq(pread(mem, heap, to - from, (off_t)from), (ssize_t)(to - from));
	for (text += strcspn(text, "\n") + 1; strlen(text) > PIECE && text[0] != '-'; text += PIECE)
		count += memmem(heap, to - from, text, PIECE) != NULL;
	ck_assert_int_eq(munmap(heap, to - from + 1), 0);
	(void)close(mem);
	return count;
}

/* The file's text is the key as much as the key is, and so it is when the key is refused. */
START_TEST(leaves_no_text_behind)
{
	enum { LINE = 3 }; /* what libcrypto leaves in its own buffer of one line, in pieces */
	static const char *const pems[] = {P256_PRIVATE, ED25519_PRIVATE, RSA_PRIVATE, RSA2048_PRIVATE, SECP256K1_PRIVATE};
	const char *pem = pems[_i];
	int fd = open(key_file_path("key"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* key_file() leaves a buffer behind */
	struct signer *s = NULL;

	ck_assert_int_eq(write(fd, pem, strlen(pem)), (ssize_t)strlen(pem));
	(void)close(fd);
	ck_assert_uint_eq(in_heap(pem), 0);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = "file:key", .base_dir = key_dir}, &s, why, sizeof(why)), _i < 3 ? 0 : ERR_UNSUPPORTED);
	ck_assert_uint_le(in_heap(pem), LINE);
	signer_free(s);
	ck_assert_uint_le(in_heap(pem), LINE);
}
END_TEST

static const struct {
	const char *pem;
	int err;
	const char *why;
} refused[] = {
	{"", ERR_MALFORMED, "no private key in it (want PEM, not encrypted)"},
	{"makoto\n", ERR_MALFORMED, "no private key in it (want PEM, not encrypted)"},
	{P256_PUBLIC, ERR_MALFORMED, "no private key in it (want PEM, not encrypted)"},
	{RSA_PUBLIC_PKCS1, ERR_MALFORMED, "no private key in it (want PEM, not encrypted)"},
	{CERTIFICATE, ERR_MALFORMED, "no private key in it (want PEM, not encrypted)"},
	{ENCRYPTED_PRIVATE, ERR_MALFORMED, "no private key in it (want PEM, not encrypted)"},
	{ENCRYPTED_OLD_PRIVATE, ERR_MALFORMED, "no private key in it (want PEM, not encrypted)"},
	{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", ERR_MALFORMED,
	 "no private key in it (want PEM, not encrypted)"},
	{RSA2048_PRIVATE, ERR_UNSUPPORTED, "not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key"},
	{SECP256K1_PRIVATE, ERR_UNSUPPORTED, "not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key"},
	{ED448_PRIVATE, ERR_UNSUPPORTED, "not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key"},
	{X25519_PRIVATE, ERR_UNSUPPORTED, "not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key"},
	/* By its own word it signs with SHA-512 alone: told now, not when the first window is full. */
	{PSS512_PRIVATE, ERR_CRYPTO, "can't sign as the format wants it"},
	/* Its public half is another key's. */
	{MISMATCHED_PRIVATE, ERR_CRYPTO, "can't sign as the format wants it"},
};

START_TEST(refuses)
{
	struct signer *s = NULL;

	ck_assert_int_eq(open_key(refused[_i].pem, 0600, &s), refused[_i].err);
	ck_why(refused[_i].why);
	ck_assert_ptr_null(s);
}
END_TEST

/* Half a file is no key; a changed byte is none, or another. */
START_TEST(damaged)
{
	const char *pem = kinds[_i].private;
	size_t whole = strlen(pem);
	char *copy = malloc(whole + 1);
	struct signer *s;

	for (size_t n = 0; n + 1 < whole; n++) {
		memcpy(copy, pem, n);
		copy[n] = '\0';
		ck_assert_int_eq(open_key(copy, 0600, &s), ERR_MALFORMED);
	}
	for (size_t i = 0; i < whole; i += _i == 3 ? 16 : 1) { /* RSA's checks take their time */
		struct wr sig = wr_new(4096);

		memcpy(copy, pem, whole + 1);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		if (open_key(copy, 0600, &s) == 0) {
			ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, NULL, 0), 0);
			signer_free(s);
		}
		wr_free(&sig);
	}
	free(copy);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("signer");
	TCase *t = tcase_create("signer");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, signs, 0, (int)ARRAY_LEN(kinds));
	tcase_add_loop_test(t, appends, 0, (int)ARRAY_LEN(kinds));
	tcase_add_loop_test(t, tells_its_public_key, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(t, known_answers);
	tcase_add_test(t, other_forms);
	tcase_add_test(t, tells_when_its_file_was_written);
	tcase_add_test(t, relative_path);
	tcase_add_test(t, schemes);
	tcase_add_test(t, modes);
	tcase_add_test(t, no_right_to_read);
	tcase_add_loop_test(t, leaves_no_text_behind, 0, 5);
	tcase_add_loop_test(t, refuses, 0, (int)ARRAY_LEN(refused));
	tcase_add_loop_test(t, damaged, 0, (int)ARRAY_LEN(kinds));
	suite_add_tcase(s, t);
	return suite_run(s);
}
