/*
 * signer: a private key that signs statements.  Safe from any thread.
 *
 * Two kinds: `file:PATH`, a PEM private key of one of public_key.h's kinds; and
 * `awskms:///ARN`, or a bare ARN, a key in AWS KMS, which is asked over the network.
 */
#ifndef KEYS_SIGNER_H
#define KEYS_SIGNER_H

#include "base/wr.h"
#include "cloud/aws.h"

struct signer; /* opaque */

struct signer_conf {
	const char *uri;
	const char *base_dir;      /* where relative paths begin */
	enum aws_kind credentials; /* of KMS */
	const char *profile;       /* with AWS_FILE; NULL or "": default */
};

/*
 * Opens the key.  A file must not be readable by everybody; KMS isn't asked yet.  On failure
 * `why` names file or ARN, and cause: ERR_IO, ERR_MALFORMED, ERR_UNSUPPORTED, ERR_CONFIG (mode,
 * scheme), ERR_NOMEM, ERR_CRYPTO (it can't sign).
 */
int signer_open(const struct signer_conf *conf, struct signer **ret, char *why, size_t why_len) MUSTCHECK;
void signer_free(struct signer *s); /* nobody signs; NULL is fine */

/* Is it asked over the network?  Then signer_ready() comes before all else, and signer_sign() may take seconds. */
bool signer_is_remote(const struct signer *s);

/* Learns the public key and signs once.  As signer_sign(), and ERR_UNSUPPORTED: a key of another kind; may be repeated. */
int signer_ready(struct signer *s, char *why, size_t why_len) MUSTCHECK;

/*
 * Appends the signature and has checked it with the public key.  ERR_CRYPTO, ERR_NOMEM, ret_sig's
 * error; of a remote key also ERR_SIGNATURE (it is another key's) and what cloud/kms.h has.
 */
int signer_sign(struct signer *s, struct slice message, struct wr *ret_sig, char *why, size_t why_len) MUSTCHECK;

/* Who waits for a remote key gives up within a second, with ERR_CLOSED, and so does everybody from now on. */
void signer_stop(struct signer *s);

const char *signer_keyid(const struct signer *s);
const char *signer_shown(const struct signer *s); /* what statements may say of where it is: awskms:///ARN; NULL: nothing */
int64_t signer_written_s(const struct signer *s); /* when its file was written, in Unix time; 0: it has none */

/* Appends its public key as PEM.  0, ERR_CRYPTO, ERR_NOMEM. */
int signer_public(const struct signer *s, struct wr *ret_pem) MUSTCHECK;

#endif
