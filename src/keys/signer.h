/*
 * signer: a private key that signs statements.  Used by one thread at a time.
 *
 * This version knows `file:PATH`, a PEM private key of one of public_key.h's kinds.
 */
#ifndef KEYS_SIGNER_H
#define KEYS_SIGNER_H

#include "base/wr.h"

struct signer; /* opaque */

/*
 * Opens the key that `uri` names, a relative path from `base_dir`.  The file must not be
 * readable by everybody.  On failure `why` names file and cause: ERR_IO, ERR_MALFORMED,
 * ERR_UNSUPPORTED, ERR_CONFIG (mode, scheme), ERR_NOMEM, ERR_CRYPTO (it can't sign).
 */
int signer_open(const char *uri, const char *base_dir, struct signer **ret, char *why, size_t why_len) MUSTCHECK;
void signer_free(struct signer *s); /* NULL is fine */

/* Appends the signature and has checked it with the public key.  0, ERR_CRYPTO, ERR_NOMEM. */
int signer_sign(struct signer *s, struct slice message, struct wr *ret_sig) MUSTCHECK;

const char *signer_keyid(const struct signer *s);
int64_t signer_written_s(const struct signer *s); /* when its file was written, in Unix time */

/* Appends its public key as PEM.  0, ERR_CRYPTO, ERR_NOMEM. */
int signer_public(const struct signer *s, struct wr *ret_pem) MUSTCHECK;

#endif
