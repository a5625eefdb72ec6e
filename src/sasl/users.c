#include "sasl/users.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "sasl/sasl_internal.h"

#define SCHEME "pbkdf2-sha256$"

enum {
	ITERATIONS = 100000, /* of new lines */
	ITERATIONS_MIN = 1000,
	ITERATIONS_MAX = 10000000,
	SALT_LEN = 16,
	SALT_MAX = 64,
	HASH_LEN = 32,
	NAME_MAX_BYTES = 255,
	PASSWORD_MAX = 1024,
	WAITING_MAX = 4096,
};

struct user {
	int iterations;
	uint8_t salt[SALT_MAX];
	size_t salt_len;
	uint8_t hash[HASH_LEN];
	bool known;              /* `quick` is of the password that was right */
	uint8_t quick[HASH_LEN]; /* keyed by this process, so that the second login is cheap */
};

struct check {
	struct link link;
	struct secret name, password;
	const atomic_bool *gone;
	users_fn *fn;
	void *arg;
};

struct users {
	char *path;
	struct map *by_name; /* struct user; the thread's alone once it runs */
	struct stat seen;    /* the file when it was read */
	uint8_t key[HASH_LEN];
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t turn;
	struct list waiting;
	bool stop;
};

/* --- the file -------------------------------------------------------------------------- */

static void
free_all(struct map *m)
{
	struct slice name;
	void *user;
	size_t at = 0;

	while (m != NULL && map_next(m, &at, &name, &user)) {
		OPENSSL_cleanse(user, sizeof(struct user));
		free(user);
	}
	map_free(m);
}

/* Base64 of at least min and at most max bytes. */
static bool
unbase64(struct slice text, uint8_t *ret, size_t min, size_t max, size_t *ret_len)
{
	struct wr w = wr_new(max);
	bool ok = text_unbase64(text, &w) == 0 && w.len >= min;

	if (ok) {
		memcpy(ret, w.buf, w.len);
		*ret_len = w.len;
	}
	wr_free(&w);
	return ok;
}

/* The text up to the next `end`, which is skipped. */
static bool
cut(struct slice *left, char end, struct slice *ret)
{
	const uint8_t *at = left->n > 0 ? memchr(left->p, end, left->n) : NULL;

	if (at == NULL)
		return false;
	*ret = slice_of(left->p, (size_t)(at - left->p));
	*left = slice_of(at + 1, left->n - ret->n - 1);
	return true;
}

static const char *
read_line(struct slice line, struct map *m)
{
	struct slice name, scheme, count, salt;
	struct user u = {0}, *copy;
	int64_t iterations;
	size_t n;

	if (!cut(&line, ':', &name) || name.n == 0 || name.n > NAME_MAX_BYTES)
		return "want NAME:HASH, as makotoctl passwd prints it";
	if (!cut(&line, '$', &scheme) || !slice_eq(scheme, slice_of(SCHEME, sizeof(SCHEME) - 2)) ||
	    !cut(&line, '$', &count) || !cut(&line, '$', &salt))
		return "not a hash that makotoctl passwd prints";
	if (text_parse_i64(count, &iterations) != 0 || iterations < ITERATIONS_MIN || iterations > ITERATIONS_MAX)
		return "the number of iterations is out of range";
	if (!unbase64(salt, u.salt, 8, SALT_MAX, &u.salt_len) || !unbase64(line, u.hash, HASH_LEN, HASH_LEN, &n))
		return "salt or hash is no base64 of the right length";
	if (map_get(m, name) != NULL)
		return "this name stands there twice";
	u.iterations = (int)iterations;
	copy = malloc(sizeof(*copy));
	if (copy == NULL)
		return err_text(ERR_NOMEM);
	*copy = u;
	if (map_put(m, name, copy) == 0)
		return NULL;
	free(copy);
	return err_text(ERR_NOMEM);
}

static int
read_file(const char *path, struct map **ret, char *why, size_t why_len)
{
	struct secret text = {NULL, 0};
	struct map *m = map_new();
	struct slice left, line;
	unsigned number = 0;
	int err = m == NULL ? ERR_NOMEM : secret_read(&text, path, why, why_len);

	left = secret_slice(&text);
	while (err == 0 && left.n > 0) {
		const char *wrong;

		number++;
		if (!cut(&left, '\n', &line)) {
			line = left;
			left = slice_of(NULL, 0);
		}
		while (line.n > 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
			line.n--;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		wrong = read_line(line, m);
		if (wrong != NULL)
			err = err_say(ERR_CONFIG, why, why_len, "%s:%u: %s", path, number, wrong);
	}
	secret_clear(&text);
	if (err != 0) {
		free_all(m);
		return err;
	}
	*ret = m;
	return 0;
}

/* --- one check ----------------------------------------------------------------------------- */

static void
read_again(struct users *u)
{
	struct map *fresh;
	struct stat now;
	char why[512];

	if (stat(u->path, &now) == 0 && now.st_mtim.tv_sec == u->seen.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == u->seen.st_mtim.tv_nsec && now.st_ino == u->seen.st_ino && now.st_size == u->seen.st_size)
		return;
	u->seen = now;
	if (read_file(u->path, &fresh, why, sizeof(why)) != 0) {
		LOG_LIMITED(LOG_LEVEL_ERROR, "users", "the users' file changed and can't be used; the old one stays in force",
			    LOG_S("cause", why));
		return;
	}
	free_all(u->by_name);
	u->by_name = fresh;
	LOG_INFO("users", "the users' file changed and was read again", LOG_I("users", map_count(fresh)));
}

static bool
derive(struct slice password, const struct user *user, uint8_t ret[HASH_LEN])
{
	return PKCS5_PBKDF2_HMAC((const char *)password.p, (int)password.n, user->salt, (int)user->salt_len,
				 user->iterations, EVP_sha256(), HASH_LEN, ret) == 1;
}

/* An unknown name takes as long as a known one. */
static bool
is_good(struct users *u, const struct check *c)
{
	static const struct user nobody = {.iterations = ITERATIONS, .salt_len = SALT_LEN};
	struct user *user = map_get(u->by_name, secret_slice(&c->name));
	uint8_t quick[HASH_LEN], sum[HASH_LEN];
	unsigned n;
	bool good = false;

	if (c->password.n == 0 || c->password.n > PASSWORD_MAX ||
	    HMAC(EVP_sha256(), u->key, HASH_LEN, c->password.p, c->password.n, quick, &n) == NULL)
		return false;
	if (user != NULL && user->known && secret_equal(quick, user->quick, HASH_LEN)) {
		good = true;
	} else {
		good = derive(secret_slice(&c->password), user != NULL ? user : &nobody, sum) && user != NULL &&
		       secret_equal(sum, user->hash, HASH_LEN);
		OPENSSL_cleanse(sum, sizeof(sum));
	}
	if (good) {
		memcpy(user->quick, quick, HASH_LEN);
		user->known = true;
	}
	OPENSSL_cleanse(quick, sizeof(quick));
	return good;
}

static void
end_check(struct check *c, bool good)
{
	c->fn(c->arg, good);
	secret_clear(&c->name);
	secret_clear(&c->password);
	free(c);
}

/* A hash takes long: not for those who don't wait for it any more. */
static bool
is_wanted(const struct check *c)
{
	return c->gone == NULL || !atomic_load(c->gone);
}

static void *
users_main(void *arg)
{
	struct users *u = arg;

	for (;;) {
		struct link *e;
		bool stop;

		(void)pthread_mutex_lock(&u->lock);
		while (u->waiting.count == 0 && !u->stop)
			(void)pthread_cond_wait(&u->turn, &u->lock);
		e = list_pop(&u->waiting);
		stop = u->stop;
		(void)pthread_mutex_unlock(&u->lock);
		if (e == NULL)
			return NULL;
		if (!stop)
			read_again(u);
		end_check(CONTAINER_OF(e, struct check, link),
			  !stop && is_wanted(CONTAINER_OF(e, struct check, link)) && is_good(u, CONTAINER_OF(e, struct check, link)));
	}
}

int
users_check(struct users *u, struct slice name, struct slice password, const atomic_bool *gone, users_fn *fn, void *arg)
{
	struct check *c = calloc(1, sizeof(*c));
	bool full;

	/* Thousands may wait: what can't be right is not kept. */
	if (password.n > PASSWORD_MAX || name.n > NAME_MAX_BYTES)
		password.n = name.n = 0;
	if (c == NULL || secret_set(&c->name, name) != 0 || secret_set(&c->password, password) != 0)
		goto fail;
	c->gone = gone;
	c->fn = fn;
	c->arg = arg;
	(void)pthread_mutex_lock(&u->lock);
	full = u->stop || u->waiting.count >= WAITING_MAX;
	if (!full)
		list_append(&u->waiting, &c->link);
	(void)pthread_cond_signal(&u->turn);
	(void)pthread_mutex_unlock(&u->lock);
	if (!full)
		return 0;
fail:
	if (c != NULL) {
		secret_clear(&c->name);
		secret_clear(&c->password);
	}
	free(c);
	return ERR_NOMEM;
}

/* --- life -------------------------------------------------------------------------------------- */

static int
start(struct users *u)
{
	sigset_t all, old;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&u->thread, NULL, users_main, u);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err == 0 ? 0 : ERR_NOMEM;
}

static void
free_users(struct users *u)
{
	free_all(u->by_name);
	OPENSSL_cleanse(u->key, sizeof(u->key));
	(void)pthread_cond_destroy(&u->turn);
	(void)pthread_mutex_destroy(&u->lock);
	free(u->path);
	free(u);
}

int
users_open(const char *path, struct users **ret, char *why, size_t why_len)
{
	struct users *u = calloc(1, sizeof(*u));
	int err = ERR_NOMEM;

	if (u == NULL)
		return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
	list_init(&u->waiting);
	(void)pthread_mutex_init(&u->lock, NULL);
	(void)pthread_cond_init(&u->turn, NULL);
	u->path = strdup(path);
	if (u->path == NULL || RAND_bytes(u->key, sizeof(u->key)) != 1)
		goto fail;
	(void)stat(path, &u->seen); /* before it is read: what changes meanwhile is seen the next time */
	err = read_file(path, &u->by_name, why, why_len);
	if (err == 0)
		err = start(u);
	if (err != 0)
		goto fail;
	*ret = u;
	return 0;
fail:
	free_users(u);
	return err;
}

void
users_close(struct users *u)
{
	if (u == NULL)
		return;
	(void)pthread_mutex_lock(&u->lock);
	u->stop = true;
	(void)pthread_cond_signal(&u->turn);
	(void)pthread_mutex_unlock(&u->lock);
	(void)pthread_join(u->thread, NULL);
	free_users(u);
}

int
users_check_file(const char *path, char *why, size_t why_len)
{
	struct map *m;
	int err = read_file(path, &m, why, why_len);

	if (err == 0)
		free_all(m);
	return err;
}

int
users_line(struct slice name, struct slice password, struct wr *ret, char *why, size_t why_len)
{
	struct user u = {.iterations = ITERATIONS, .salt_len = SALT_LEN};

	if (name.n == 0 || name.n > NAME_MAX_BYTES || name.p[0] == '#' || memchr(name.p, ':', name.n) != NULL ||
	    memchr(name.p, '\n', name.n) != NULL || memchr(name.p, 0, name.n) != NULL)
		return err_say(ERR_CONFIG, why, why_len, "a name has 1 to %d bytes, no colon, and no # in front", NAME_MAX_BYTES);
	if (password.n == 0 || password.n > PASSWORD_MAX || memchr(password.p, 0, password.n) != NULL)
		return err_say(ERR_CONFIG, why, why_len, "a password has 1 to %d bytes", PASSWORD_MAX);
	if (RAND_bytes(u.salt, SALT_LEN) != 1 || !derive(password, &u, u.hash))
		return err_say(ERR_CRYPTO, why, why_len, "%s", err_text(ERR_CRYPTO));
	wr_slice_put(ret, name);
	wr_printf(ret, ":" SCHEME "%d$", ITERATIONS);
	text_base64(ret, slice_of(u.salt, SALT_LEN));
	wr_u8(ret, '$');
	text_base64(ret, slice_of(u.hash, HASH_LEN));
	wr_u8(ret, '\n');
	return wr_err(ret);
}
