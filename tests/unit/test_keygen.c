#include "keys/keygen.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "keys/signer.h"
#include "tests/unit/key_files.h"
#include "tests/unit/suite.h"

static const char *const algorithms[] = {"p256", "p384", "ed25519", "rsa-pss"};

static char why[512], id[KEYID_LEN + 1];

static void
setup(void)
{
	key_files_folder();
	why[0] = id[0] = '\0';
}

static void
teardown(void)
{
	key_files_gone();
}

static int
generate(const char *algorithm, const char *private, const char *public)
{
	return key_generate(algorithm, key_file_path(private), key_file_path(public), id, why, sizeof(why));
}

/* The file's content, NUL behind it. */
static struct wr
content(const char *name)
{
	struct wr w = wr_new(1 << 20);
	FILE *f = fopen(key_file_path(name), "re");
	int c;

	ck_assert_ptr_nonnull(f);
	while ((c = fgetc(f)) != EOF)
		wr_u8(&w, (uint8_t)c);
	wr_u8(&w, '\0');
	ck_assert_int_eq(fclose(f), 0);
	return w;
}

static unsigned
mode(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(key_file_path(name), &st), 0);
	return st.st_mode & 07777;
}

static unsigned
files(void)
{
	DIR *d = opendir(key_dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* What was made signs, and what it signed verifies. */
static void
ck_pair(const char *private, const char *public)
{
	struct wr sig = wr_new(4096);
	struct trust *t = trust_new();
	const struct public_key *k;
	struct signer *s;
	char uri[160];

	(void)snprintf(uri, sizeof(uri), "file:%s", key_file_path(private));
	ck_assert_msg(signer_open(&(struct signer_conf){.uri = uri, .base_dir = key_dir}, &s, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(trust_load(t, key_file_path(public), why, sizeof(why)) == 0, "%s", why);
	ck_assert_uint_eq(trust_count(t), 1);
	ck_assert_str_eq(signer_keyid(s), id);
	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, NULL, 0), 0);
	ck_assert_int_eq(trust_verify(t, slice_str(SIGNED), wr_slice(&sig), slice_str(""), &k), 0);
	ck_assert_str_eq(public_key_id(k), id);
	wr_free(&sig);
	trust_free(t);
	signer_free(s);
}

START_TEST(pair)
{
	struct wr w;

	(void)umask(_i % 2 == 0 ? 0 : 0177); /* the modes don't depend on it */
	ck_assert_msg(generate(algorithms[_i], "key", "public") == 0, "%s", why);
	(void)umask(022);
	ck_assert_str_eq(why, "");
	ck_assert_uint_eq(mode("key"), 0600);
	ck_assert_uint_eq(mode("public"), 0644);
	ck_assert_uint_eq(files(), 2);
	w = content("key");
	ck_assert_ptr_eq(strstr((char *)w.buf, "-----BEGIN PRIVATE KEY-----\n"), (char *)w.buf);
	wr_free(&w);
	w = content("public");
	ck_assert_ptr_eq(strstr((char *)w.buf, "-----BEGIN PUBLIC KEY-----\n"), (char *)w.buf);
	ck_assert_ptr_null(strstr((char *)w.buf, "PRIVATE"));
	wr_free(&w);
	ck_pair("key", "public");
}
END_TEST

START_TEST(each_its_own)
{
	char first[KEYID_LEN + 1];

	ck_assert_int_eq(generate("ed25519", "key", "public"), 0);
	memcpy(first, id, sizeof(first));
	ck_assert_int_eq(generate("ed25519", "other", "other.public"), 0);
	ck_assert_str_ne(first, id);
	ck_pair("other", "other.public");
}
END_TEST

/* A signing key is never replaced, and nothing beside it changes. */
START_TEST(never_replaces)
{
	char want[256];
	struct wr w;

	(void)key_file("key", "precious", 0400);
	(void)key_file("public", "its public key", 0644);
	ck_assert_int_eq(generate("p256", "key", "public"), ERR_EXISTS);
	(void)snprintf(want, sizeof(want), "%s: exists; a signing key is never replaced", key_file_path("key"));
	ck_assert_str_eq(why, want);
	ck_assert_str_eq(id, ""); /* untouched on failure */
	ck_assert_uint_eq(files(), 2);
	w = content("key");
	ck_assert_str_eq((char *)w.buf, "precious");
	wr_free(&w);
	w = content("public");
	ck_assert_str_eq((char *)w.buf, "its public key");
	wr_free(&w);
	ck_assert_uint_eq(mode("key"), 0400);
}
END_TEST

START_TEST(replaces_a_public_key)
{
	(void)key_file("public", ED25519_PUBLIC, 0600);
	ck_assert_int_eq(generate("p256", "key", "public"), 0);
	ck_assert_uint_eq(mode("public"), 0644);
	ck_assert_uint_eq(files(), 2);
	ck_pair("key", "public");
}
END_TEST

/* Somebody's file under the public name, or one name for both: it stays, and no private key is left over. */
START_TEST(replaces_nothing_else)
{
	char want[256];
	struct wr w;

	(void)key_file("other", "-----BEGIN PRIVATE KEY-----\nprecious\n", 0600);
	ck_assert_int_eq(generate("p256", "key", "other"), ERR_EXISTS);
	(void)snprintf(want, sizeof(want), "%s: exists and is no public key", key_file_path("other"));
	ck_assert_str_eq(why, want);
	ck_assert_uint_eq(files(), 1);
	w = content("other");
	ck_assert_str_eq((char *)w.buf, "-----BEGIN PRIVATE KEY-----\nprecious\n");
	wr_free(&w);
	ck_assert_int_eq(generate("p256", "key", "./key"), ERR_EXISTS);
	ck_assert_uint_eq(files(), 1);
}
END_TEST

START_TEST(algorithms_unknown)
{
	static const char *const names[] = {"", "P256", "rsa", "p521", "ed448", "p256 "};
	char want[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_int_eq(generate(names[i], "key", "public"), ERR_CONFIG);
		(void)snprintf(want, sizeof(want), "%s: no such algorithm (p256, p384, ed25519, rsa-pss)", names[i]);
		ck_assert_str_eq(why, want);
	}
	ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(no_such_folder)
{
	char want[256], *long_path = malloc(6000);

	ck_assert_int_eq(generate("ed25519", "missing/key", "public"), ERR_IO);
	(void)snprintf(want, sizeof(want), "%s: can't be written: No such file or directory", key_file_path("missing/key"));
	ck_assert_str_eq(why, want);
	ck_assert_uint_eq(files(), 0);
	/* The public one's: the message says which file, and no private key is left. */
	ck_assert_int_eq(generate("ed25519", "key", "missing/public"), ERR_IO);
	(void)snprintf(want, sizeof(want), "%s: can't be written: No such file or directory", key_file_path("missing/public"));
	ck_assert_str_eq(why, want);
	ck_assert_uint_eq(files(), 0); /* another try finds the place free */
	memset(long_path, 'a', 5999);
	long_path[0] = '/';
	long_path[5999] = '\0';
	ck_assert_int_eq(key_generate("ed25519", long_path, key_file_path("public"), id, why, sizeof(why)), ERR_IO);
	ck_assert_str_eq(id, "");
	ck_assert_uint_eq(files(), 0);
	free(long_path);
}
END_TEST

/* The folder can't be synced: what would be gone after a power loss isn't left there to be found. */
START_TEST(folder_not_synced)
{
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit all, one;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	ck_assert_int_eq(close(next), 0);
	one = (struct rlimit){(rlim_t)next + 1, all.rlim_max}; /* the key's file, and none for its folder */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &one), 0);
	ck_assert_int_eq(generate("p256", "key", "public"), ERR_IO);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	ck_assert_ptr_nonnull(strstr(why, "/key: can't be written: Too many open files"));
	ck_assert_uint_eq(files(), 0);
	ck_assert_int_eq(generate("p256", "key", "public"), 0);
	ck_pair("key", "public");
}
END_TEST

/* Of this key, of another one, of two, of none. */
START_TEST(whose_public)
{
	char first[KEYID_LEN + 1], want[512];
	struct wr both = wr_new(1 << 16), w;

	ck_assert_int_eq(generate("p256", "key", "public"), 0);
	memcpy(first, id, sizeof(first));
	ck_assert_int_eq(generate("ed25519", "other", "other.public"), 0);
	ck_assert_int_eq(keygen_public_is(key_file_path("public"), first, why, sizeof(why)), 0);
	ck_assert_int_eq(keygen_public_is(key_file_path("other.public"), id, why, sizeof(why)), 0);
	ck_assert_int_eq(keygen_public_is(key_file_path("other.public"), first, why, sizeof(why)), ERR_EXISTS);
	(void)snprintf(want, sizeof(want), "%s: has the public key of another one, %s", key_file_path("other.public"), id);
	ck_assert_str_eq(why, want);
	for (int i = 0; i < 2; i++) {
		w = content(i == 0 ? "public" : "other.public");
		wr_text(&both, (const char *)w.buf);
		wr_free(&w);
	}
	wr_u8(&both, '\0');
	(void)key_file("public", (const char *)both.buf, 0644);
	wr_free(&both);
	ck_assert_int_eq(keygen_public_is(key_file_path("public"), first, why, sizeof(why)), ERR_EXISTS);
	(void)key_file("public", "junk", 0644);
	ck_assert_int_eq(keygen_public_is(key_file_path("public"), first, why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(keygen_public_is(key_file_path("none"), first, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, "/none: can't be read: No such file"));
}
END_TEST

/* The public key alone, of a signing key that is there. */
START_TEST(public_alone)
{
	struct slice pem = slice_str(P256_PUBLIC);
	char want[256];
	struct wr w;

	ck_assert_int_eq(keygen_public(key_file_path("public"), pem, why, sizeof(why)), 0);
	ck_assert_uint_eq(mode("public"), 0644);
	ck_assert_uint_eq(files(), 1);
	w = content("public");
	ck_assert_str_eq((char *)w.buf, P256_PUBLIC);
	wr_free(&w);
	(void)key_file("other", "precious", 0600);
	ck_assert_int_eq(keygen_public(key_file_path("other"), pem, why, sizeof(why)), ERR_EXISTS);
	(void)snprintf(want, sizeof(want), "%s: exists and is no public key", key_file_path("other"));
	ck_assert_str_eq(why, want);
	ck_assert_int_eq(keygen_public(key_file_path("missing/public"), pem, why, sizeof(why)), ERR_IO);
	ck_assert_int_eq(symlink("key", key_file_path("key")), 0); /* what can't be looked at: the cause is told */
	ck_assert_int_eq(keygen_public(key_file_path("key"), pem, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, "/key: can't be written: Too many levels of symbolic links"));
	ck_assert_int_eq(unlink(key_file_path("key")), 0);
	ck_assert_uint_eq(files(), 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keygen");
	TCase *t = tcase_create("keygen");

	tcase_set_timeout(t, 300); /* the primes of an RSA key take as long as they take */
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, pair, 0, (int)ARRAY_LEN(algorithms));
	tcase_add_test(t, each_its_own);
	tcase_add_test(t, never_replaces);
	tcase_add_test(t, replaces_a_public_key);
	tcase_add_test(t, replaces_nothing_else);
	tcase_add_test(t, algorithms_unknown);
	tcase_add_test(t, no_such_folder);
	tcase_add_test(t, folder_not_synced);
	tcase_add_test(t, public_alone);
	tcase_add_test(t, whose_public);
	suite_add_tcase(s, t);
	return suite_run(s);
}
