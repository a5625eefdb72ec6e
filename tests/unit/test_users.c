#include <check.h>
#include <fcntl.h>
#include <semaphore.h>
#include <unistd.h>

#include "base/log.h"
#include "sasl/users.h"
#include "suite.h"

static char path[64];
static char why[512];

static void
write_file(const char *text)
{
	char fresh[80];
	int fd;

	/* A new file in the old one's place: another inode, however coarse its times are. */
	(void)snprintf(path, sizeof(path), "/tmp/makoto-test-users-%d", (int)getpid());
	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	ck_assert_int_eq(rename(fresh, path), 0);
}

static char *
line_of(const char *name, const char *password)
{
	struct wr w = wr_new(1024);

	ck_assert_int_eq(users_line(slice_str(name), slice_str(password), &w, why, sizeof(why)), 0);
	wr_u8(&w, 0);
	return (char *)w.buf;
}

struct result {
	sem_t done;
	bool good;
};

static void
on_checked(void *arg, bool good)
{
	struct result *r = arg;

	r->good = good;
	sem_post(&r->done);
}

static bool
check(struct users *u, const char *name, const char *password)
{
	struct result r;

	sem_init(&r.done, 0, 0);
	ck_assert_int_eq(users_check(u, slice_str(name), slice_str(password), NULL, on_checked, &r), 0);
	while (sem_wait(&r.done) != 0)
		;
	return r.good;
}

/* The hash of pbkdf2_hmac("sha256", b"app-pw", b"saltsaltsaltsalt", 1000), computed apart. */
#define KNOWN "app:pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA==$NDJ6zj8UHlHIvOFb/tuP8jB6fYiWFOEq5o++UcJN2pQ=\n"

START_TEST(known_answer)
{
	struct users *u;

	write_file("# comment\n\n" KNOWN);
	ck_assert_msg(users_open(path, &u, why, sizeof(why)) == 0, "%s", why);
	ck_assert(check(u, "app", "app-pw"));
	ck_assert(check(u, "app", "app-pw")); /* from memory */
	ck_assert(!check(u, "app", "app-pX"));
	ck_assert(!check(u, "app", "app-p"));
	ck_assert(!check(u, "app", ""));
	ck_assert(!check(u, "App", "app-pw"));
	ck_assert(!check(u, "", "app-pw"));
	ck_assert(check(u, "app", "app-pw"));
	users_close(u);
	unlink(path);
}
END_TEST

START_TEST(lines_of_ours)
{
	char *a = line_of("app", "app-pw"), *b = line_of("app", "app-pw"), *c = line_of("b\xc3\xa4r", "w\xc3\xb6rd $:# ");
	struct users *u;
	char text[2048];

	ck_assert_str_ne(a, b); /* another salt */
	ck_assert_ptr_null(strstr(a, "app-pw"));
	(void)snprintf(text, sizeof(text), "%s%s", a, c);
	write_file(text);
	ck_assert_msg(users_open(path, &u, why, sizeof(why)) == 0, "%s", why);
	ck_assert(check(u, "app", "app-pw") && check(u, "b\xc3\xa4r", "w\xc3\xb6rd $:# "));
	ck_assert(!check(u, "app", "w\xc3\xb6rd $:# "));
	users_close(u);
	unlink(path);
	free(a);
	free(b);
	free(c);
}
END_TEST

START_TEST(no_such_lines)
{
	static const char *const names[] = {"", "a:b", "#a", "a\nb"};
	struct wr w = wr_new(1024);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_int_eq(users_line(slice_str(names[i]), slice_str("x"), &w, why, sizeof(why)), ERR_CONFIG);
	ck_assert_int_eq(users_line(slice_str("a"), slice_str(""), &w, why, sizeof(why)), ERR_CONFIG);
	ck_assert_uint_eq(w.len, 0);
}
END_TEST

START_TEST(wrong_files)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{KNOWN "app\n", ":2: want NAME:HASH"},
		{":pbkdf2-sha256$1000$c2FsdHNhbHQ=$x\n", ":1: want NAME:HASH"},
		{"app:app-pw\n", ":1: not a hash"},
		{"app:$6$salt$hash\n", ":1: not a hash"},
		{"app:pbkdf2-sha256$999$c2FsdHNhbHRzYWx0c2FsdA==$x\n", ":1: the number of iterations"},
		{"app:pbkdf2-sha256$1000$c2FsdA==$aaaa\n", ":1: salt or hash"},
		{"app:pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA==$aaaa\n", ":1: salt or hash"},
		{"\n" KNOWN KNOWN, ":3: this name stands there twice"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct users *u = NULL;

		write_file(table[i].text);
		ck_assert_int_eq(users_open(path, &u, why, sizeof(why)), ERR_CONFIG);
		ck_assert_msg(strstr(why, table[i].want) != NULL, "%s", why);
		ck_assert_ptr_null(u);
		ck_assert_int_eq(users_check_file(path, why, sizeof(why)), ERR_CONFIG);
	}
	unlink(path);
	ck_assert_int_eq(users_check_file(path, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, path));
}
END_TEST

/* No prefix of a file lets in whom the whole does not. */
START_TEST(prefixes)
{
	struct users *u;
	char text[256];

	for (size_t n = 0; n + 2 < sizeof(KNOWN); n++) {
		memcpy(text, KNOWN, n);
		text[n] = '\0';
		write_file(text);
		if (users_open(path, &u, why, sizeof(why)) != 0)
			continue;
		/* Without its padding base64 is still the same hash. */
		ck_assert(!check(u, "app", "app-pw") || n + 3 == sizeof(KNOWN));
		users_close(u);
	}
	unlink(path);
}
END_TEST

START_TEST(read_again)
{
	char *b = line_of("b", "b-pw");
	struct users *u;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	write_file(KNOWN);
	ck_assert_int_eq(users_open(path, &u, why, sizeof(why)), 0);
	ck_assert(check(u, "app", "app-pw") && !check(u, "b", "b-pw"));
	write_file(b);
	ck_assert(!check(u, "app", "app-pw") && check(u, "b", "b-pw"));
	write_file("garbage\n");
	ck_assert(check(u, "b", "b-pw")); /* the old one stays */
	unlink(path);
	ck_assert(check(u, "b", "b-pw"));
	write_file(KNOWN);
	ck_assert(check(u, "app", "app-pw") && !check(u, "b", "b-pw"));
	users_close(u);
	unlink(path);
	free(b);
}
END_TEST

/* The right password of somebody who left, and one that is too long to be kept. */
START_TEST(nobody_waits_for_it)
{
	atomic_bool gone = true;
	struct result r;
	struct users *u;
	char *endless = calloc(1, 500001);

	ck_assert_ptr_nonnull(endless);
	memset(endless, 'x', 500000);
	write_file(KNOWN);
	ck_assert_int_eq(users_open(path, &u, why, sizeof(why)), 0);
	sem_init(&r.done, 0, 0);
	ck_assert_int_eq(users_check(u, slice_str("app"), slice_str("app-pw"), &gone, on_checked, &r), 0);
	while (sem_wait(&r.done) != 0)
		;
	ck_assert(!r.good);
	ck_assert(!check(u, "app", endless) && !check(u, endless, "app-pw"));
	ck_assert(check(u, "app", "app-pw"));
	users_close(u);
	unlink(path);
	free(endless);
}
END_TEST

START_TEST(closed_with_checks_waiting)
{
	struct result r[16];
	struct users *u;

	write_file(KNOWN);
	ck_assert_int_eq(users_open(path, &u, why, sizeof(why)), 0);
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		sem_init(&r[i].done, 0, 0);
		ck_assert_int_eq(users_check(u, slice_str("nobody"), slice_str("x"), NULL, on_checked, &r[i]), 0);
	}
	users_close(u);
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		ck_assert_int_eq(sem_trywait(&r[i].done), 0);
		ck_assert(!r[i].good);
	}
	users_close(NULL);
	unlink(path);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("users");
	TCase *t = tcase_create("users");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, known_answer);
	tcase_add_test(t, lines_of_ours);
	tcase_add_test(t, no_such_lines);
	tcase_add_test(t, wrong_files);
	tcase_add_test(t, prefixes);
	tcase_add_test(t, read_again);
	tcase_add_test(t, nobody_waits_for_it);
	tcase_add_test(t, closed_with_checks_waiting);
	suite_add_tcase(s, t);
	return suite_run(s);
}
