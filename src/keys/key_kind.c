#include "keys/key_kind.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "digest/sha256.h"

int
key_kind_of(EVP_PKEY *key, enum key_kind *ret)
{
	char group[32];
	size_t n;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519: *ret = KEY_ED25519; return 0;
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		if (EVP_PKEY_get_bits(key) < KEY_RSA_MIN_BITS)
			return ERR_UNSUPPORTED;
		*ret = KEY_RSA_PSS;
		return 0;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1)
			return ERR_UNSUPPORTED;
		if (strcmp(group, "prime256v1") == 0)
			*ret = KEY_P256;
		else if (strcmp(group, "secp384r1") == 0)
			*ret = KEY_P384;
		else
			return ERR_UNSUPPORTED;
		return 0;
	default: return ERR_UNSUPPORTED;
	}
}

const EVP_MD *
key_kind_digest(enum key_kind kind)
{
	switch (kind) {
	case KEY_P256:
	case KEY_RSA_PSS: return EVP_sha256();
	case KEY_P384: return EVP_sha384();
	case KEY_ED25519: break;
	}
	return NULL;
}

int
key_kind_configure(enum key_kind kind, EVP_PKEY_CTX *ctx)
{
	if (kind != KEY_RSA_PSS)
		return 0;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, KEY_RSA_SALT) != 1)
		return ERR_CRYPTO;
	return 0;
}

int
key_id_of(EVP_PKEY *key, char *out)
{
	uint8_t sum[SHA256_LEN];
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);

	if (n <= 0)
		return ERR_CRYPTO;
	sha256_of(slice_of(der, (size_t)n), sum);
	OPENSSL_free(der);
	memcpy(out, "SHA256:", 7);
	(void)text_hex(sum, sizeof(sum), out + 7);
	return 0;
}
