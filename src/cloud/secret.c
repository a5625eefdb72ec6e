#include "cloud/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

int
secret_set(struct secret *s, struct slice from)
{
	uint8_t *p = malloc(from.n + 1);

	if (p == NULL)
		return ERR_NOMEM;
	if (from.n > 0)
		memcpy(p, from.p, from.n);
	p[from.n] = '\0';
	secret_clear(s);
	s->p = p;
	s->n = from.n;
	return 0;
}

void
secret_clear(struct secret *s)
{
	if (s->p != NULL)
		OPENSSL_cleanse(s->p, s->n);
	free(s->p);
	*s = (struct secret){NULL, 0};
}

/* All of fd into buf, which has room for one byte more than is allowed.  The count, or -1 with errno. */
static ssize_t
read_all(int fd, uint8_t *buf)
{
	size_t n = 0;

	while (n <= SECRET_FILE_MAX) {
		ssize_t got = read(fd, buf + n, SECRET_FILE_MAX + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

int
secret_read(struct secret *s, const char *path, char *why, size_t why_len)
{
	uint8_t *buf = malloc(SECRET_FILE_MAX + 1);
	ssize_t n = -1;
	int err = ERR_IO, fd;

	if (buf == NULL)
		return ERR_NOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read_all(fd, buf);
	if (n < 0) {
		(void)snprintf(why, why_len, "%s: can't be read: %s", path, strerror(errno));
	} else if (n > SECRET_FILE_MAX) {
		(void)snprintf(why, why_len, "%s: larger than %d bytes", path, SECRET_FILE_MAX);
		err = ERR_LIMIT;
	} else {
		if (n > 0 && buf[n - 1] == '\n')
			n--;
		if (n > 0 && buf[n - 1] == '\r')
			n--;
		err = secret_set(s, slice_of(buf, (size_t)n));
		if (err != 0)
			(void)snprintf(why, why_len, "%s", err_text(err));
	}
	if (fd >= 0)
		(void)close(fd);
	OPENSSL_cleanse(buf, SECRET_FILE_MAX + 1);
	free(buf);
	return err;
}

void
secret_wipe(struct wr *w)
{
	if (w->buf != NULL)
		OPENSSL_cleanse(w->buf, w->cap);
	wr_free(w);
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
