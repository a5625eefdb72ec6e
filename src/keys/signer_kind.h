/* signer_kind: what each kind of signer does; between the files of keys/ alone. */
#ifndef KEYS_SIGNER_KIND_H
#define KEYS_SIGNER_KIND_H

#include "keys/key_kind.h"
#include "keys/public_key.h"
#include "keys/signer.h"

struct signer_kind {
	bool remote;
	/* Makes what begins with a struct signer. */
	int (*open)(const struct signer_conf *conf, struct signer **ret, char *why, size_t why_len);
	/* Sets key and algorithm, unless open did; then signer_ready() goes on.  NULL: open did. */
	int (*learn)(struct signer *s, char *why, size_t why_len);
	/* Appends a signature, which nobody has checked yet. */
	int (*sign)(struct signer *s, struct slice message, struct wr *ret_sig, char *why, size_t why_len);
	void (*stop)(struct signer *s); /* or NULL */
	void (*close)(struct signer *s); /* frees all but key */
};

struct signer {
	const struct signer_kind *kind;
	EVP_PKEY *key; /* its public half at least; NULL: not learnt yet */
	enum key_kind algorithm;
	char id[KEYID_LEN + 1];
	int64_t written_s;
	const char *shown;
};

extern const struct signer_kind signer_file_kind, signer_awskms_kind;

#endif
