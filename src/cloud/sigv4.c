#include "cloud/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include "base/text.h"
#include "digest/sha256.h"
#include "cloud/secret.h"

#define DATE_LEN 8

int
sigv4_time(int64_t wall_ms, char out[SIGV4_TIME])
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year + 1900 < 1970 || tm.tm_year + 1900 > 9999)
		return ERR_LIMIT;
	return strftime(out, SIGV4_TIME, "%Y%m%dT%H%M%SZ", &tm) == SIGV4_TIME - 1 ? 0 : ERR_LIMIT;
}

/* out may be the key. */
static bool
hmac(const uint8_t *key, size_t key_len, struct slice text, uint8_t out[32])
{
	uint8_t sum[32];
	unsigned n;

	if (HMAC(EVP_sha256(), key, (int)key_len, text.p, text.n, sum, &n) == NULL)
		return false;
	memcpy(out, sum, sizeof(sum));
	OPENSSL_cleanse(sum, sizeof(sum));
	return true;
}

int
sigv4_key(const struct sigv4 *s, uint8_t ret[32])
{
	struct wr seed = wr_new(SIZE_MAX / 2);
	uint8_t key[32];
	int err;

	(void)wr_room(&seed, s->secret_key.n + 4);
	wr_text(&seed, "AWS4");
	wr_slice_put(&seed, s->secret_key);
	err = wr_err(&seed);
	if (err == 0 && (!hmac(seed.buf, seed.len, slice_of(s->time, DATE_LEN), key) || !hmac(key, 32, slice_str(s->region), key) ||
			 !hmac(key, 32, slice_str(s->service), key) || !hmac(key, 32, slice_str("aws4_request"), key)))
		err = ERR_CRYPTO;
	if (err == 0)
		memcpy(ret, key, sizeof(key));
	secret_wipe(&seed);
	OPENSSL_cleanse(key, sizeof(key));
	return err;
}

int
sigv4_sign(const struct sigv4 *s, struct slice canonical_request, char out[SIGV4_HEX + 1])
{
	struct wr text = wr_new(SIZE_MAX / 2);
	uint8_t key[32], sum[SHA256_LEN];
	char hex[SIGV4_HEX + 1];
	int err = sigv4_key(s, key);

	if (err != 0)
		return err;
	sha256_of(canonical_request, sum);
	wr_printf(&text, "AWS4-HMAC-SHA256\n%s\n%.*s/%s/%s/aws4_request\n%s", s->time, DATE_LEN, s->time, s->region,
		  s->service, text_hex(sum, sizeof(sum), hex));
	err = wr_err(&text);
	if (err == 0 && !hmac(key, sizeof(key), wr_slice(&text), sum))
		err = ERR_CRYPTO;
	if (err == 0)
		(void)text_hex(sum, sizeof(sum), out);
	wr_free(&text);
	OPENSSL_cleanse(key, sizeof(key));
	return err;
}

void
sigv4_escape(struct wr *w, struct slice text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("-_.~", c) != NULL)) {
			wr_u8(w, c);
		} else {
			wr_u8(w, '%');
			wr_u8(w, (uint8_t)digits[c >> 4]);
			wr_u8(w, (uint8_t)digits[c & 15]);
		}
	}
}
