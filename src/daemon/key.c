/* The signing key: made, opened, waited for; and its public part. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "cloud/kms_arn.h"
#include "daemon/app_internal.h"
#include "keys/keygen.h"

enum { OK = 0, FAILED = 1, CONFIG = 2 };

/* KMS is told to answer for so long: a network that comes up late, or a right that was just given, ends no start. */
enum { PATIENCE_MS = 30000, PAUSE_FIRST_MS = 250, PAUSE_MAX_MS = 4000 };

int
app_key_check(const struct config *c, char *why, size_t why_len)
{
	if (c->attest_level == 3 && !kms_arn_is(c->attest_signing_key_id))
		return err_say(ERR_CONFIG, why, why_len,
			       "attest.level: 3 wants a key that never leaves a KMS: attest.signing.key.id: awskms:///ARN, not \"%s\"",
			       c->attest_signing_key_id);
	return 0;
}

/* What is in a file alone: a key elsewhere would have to be asked. */
int
app_signing_key_check(const struct config *c, char *why, size_t why_len)
{
	char dir[4096] = "", path[4200];
	struct signer_conf conf = {.uri = c->attest_signing_key_id, .base_dir = dir};
	struct signer *s;
	int err;

	if (c->attest_level < 2 || strncmp(conf.uri, "file:", 5) != 0)
		return 0;
	if (conf.uri[5] != '/' && app_state_path(c, dir, sizeof(dir)) != 0)
		return 0; /* where it would be, isn't known here */
	(void)snprintf(path, sizeof(path), "%s/" KEYGEN_FIRST_PRIVATE, dir);
	if (strcmp(conf.uri, KEYGEN_FIRST_URI) == 0 && access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	err = signer_open(&conf, &s, why, why_len);
	if (err == 0)
		signer_free(s);
	return err;
}

/* Where a start was killed while it made the key, its text may stand in a file that nobody would look for. */
static void
remove_half_made(const char *dir)
{
	static const char prefix[] = "signing.", suffix[] = ".new";
	DIR *d = opendir(dir);

	if (d == NULL)
		return;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		size_t n = strlen(e->d_name);

		if (strncmp(e->d_name, prefix, sizeof(prefix) - 1) == 0 && n > sizeof(suffix) &&
		    strcmp(e->d_name + n - (sizeof(suffix) - 1), suffix) == 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	(void)closedir(d);
}

/* The default key is made at the first start; any other must be there. */
static int
make_key(const char *dir, const char *uri)
{
	char priv[4200], pub[4200], id[KEYID_LEN + 1], why[512];
	int err;

	if (strcmp(uri, KEYGEN_FIRST_URI) != 0)
		return 0;
	remove_half_made(dir); /* the state's lock is ours: nobody else is about to make it */
	(void)snprintf(priv, sizeof(priv), "%s/" KEYGEN_FIRST_PRIVATE, dir);
	(void)snprintf(pub, sizeof(pub), "%s/" KEYGEN_FIRST_PUBLIC, dir);
	if (access(priv, F_OK) == 0)
		return 0;
	err = key_generate("p256", priv, pub, id, why, sizeof(why));
	if (err != 0) {
		LOG_ERROR("startup", "no signing key can be made", LOG_S("cause", why));
		return FAILED;
	}
	LOG_INFO("startup", "made a signing key; give its public part to who verifies", LOG_S("key", priv),
		 LOG_S("public", pub), LOG_S("fingerprint", id));
	return 0;
}

static int
write_public(const char *path, const struct signer *signer)
{
	struct wr pem = wr_new(16384);
	char why[512] = "out of memory";
	int err = signer_public(signer, &pem);

	if (err == 0)
		err = keygen_public(path, wr_slice(&pem), why, sizeof(why));
	wr_free(&pem);
	if (err != 0)
		LOG_ERROR("startup", "the signing key's public part can't be written", LOG_S("cause", why));
	return err;
}

/* The default key's public part, which a crash on the way to it, or a tidy hand, may have left missing. */
static int
make_public(const char *dir, const char *uri, const struct signer *signer)
{
	char path[4200], why[512];

	(void)snprintf(path, sizeof(path), "%s/" KEYGEN_FIRST_PUBLIC, dir);
	if (strcmp(uri, KEYGEN_FIRST_URI) != 0)
		return 0;
	if (access(path, F_OK) == 0) {
		if (keygen_public_is(path, signer_keyid(signer), why, sizeof(why)) != 0)
			LOG_WARN("startup", "the file of the public key isn't this signing key's; remove it, and the next start writes it anew",
				 LOG_S("cause", why));
		return 0;
	}
	if (write_public(path, signer) != 0)
		return FAILED;
	LOG_INFO("startup", "the signing key's public part was missing, and is written anew", LOG_S("public", path));
	return 0;
}

/* The public part of a key that is elsewhere, for who verifies; written at each start, since it may be another key than the last time. */
static int
write_remote(const char *dir, const struct signer *signer)
{
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/awskms.pub.pem", dir);
	if (write_public(path, signer) != 0)
		return FAILED;
	LOG_INFO("startup", "the signing key stays in KMS; give its public part to who verifies", LOG_S("key", signer_shown(signer)),
		 LOG_S("public", path));
	return OK;
}

/* What KMS refuses may be allowed a moment later, as what can't be reached may be reached: both are asked for again, and told. */
static int
wait_for(struct signer *signer)
{
	struct monotime begun = clock_now();
	char why[1024];
	int err, pause_ms = PAUSE_FIRST_MS;

	while ((err = signer_ready(signer, why, sizeof(why))) == ERR_NOT_NOW || err == ERR_REMOTE || err == ERR_AGAIN) {
		if (monotime_since_ms(clock_now(), begun) + pause_ms > PATIENCE_MS)
			break;
		if (pause_ms > PAUSE_FIRST_MS)
			LOG_WARN("startup", "the signing key can't be used yet", LOG_S("cause", why), LOG_I("again_in_ms", pause_ms));
		(void)poll(NULL, 0, pause_ms);
		pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
	}
	if (err == 0)
		return OK;
	LOG_ERROR("startup", "the signing key can't be used", LOG_S("cause", why));
	return err == ERR_UNSUPPORTED || err == ERR_CONFIG ? CONFIG : FAILED;
}

int
app_open_key(struct app *a, const char *dir)
{
	const struct config *c = a->config;
	struct signer_conf conf = {.uri = c->attest_signing_key_id,
				   .base_dir = dir,
				   .credentials = (enum aws_kind)c->attest_signing_aws_credentials,
				   .profile = c->attest_signing_aws_profile};
	char why[1024];
	int code;

	if (c->attest_level < 2)
		return OK;
	code = make_key(dir, conf.uri);
	if (code != OK)
		return code;
	if (signer_open(&conf, &a->signer, why, sizeof(why)) != 0) {
		LOG_ERROR("startup", "the signing key can't be used", LOG_S("cause", why));
		return CONFIG;
	}
	if (signer_is_remote(a->signer))
		code = wait_for(a->signer);
	if (code != OK)
		return code;
	(void)snprintf(a->key_id, sizeof(a->key_id), "%s", signer_keyid(a->signer));
	metric_add(METRIC_SIGNING_KEY_WRITTEN, signer_written_s(a->signer));
	LOG_INFO("startup", "signing key", LOG_S("fingerprint", a->key_id));
	return signer_is_remote(a->signer) ? write_remote(dir, a->signer) : make_public(dir, conf.uri, a->signer);
}
