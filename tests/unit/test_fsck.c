/* A state directory is explained.  ctl/ is no part of the archive that tests are linked with, so its files are taken in whole. */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ctl/command.c"
#include "ctl/fsck.c"
#include "ctl/inventory.c"
#include "ctl/safe.c"
#include "ctl/statedir.c"
#include "ctl/statedir_json.c"
#include "ctl/statedir_tell.c"
#include "ctl/table.c"

#include "attest/journal_space.h"
#include "keys/keygen.h"
#include "tests/unit/scratch.h"
#include "tests/unit/suite.h"

enum { OUTPUT_MAX = 256 * 1024, NOBODY = 65534 };

static char dir[64];
static char output[OUTPUT_MAX], errors[OUTPUT_MAX];
static char why[512];

static const char *
at(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
setup(void)
{
	scratch_make("test_fsck", dir, sizeof(dir));
}

static void
teardown(void)
{
	DIR *d = opendir(dir);

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlinkat(dirfd(d), e->d_name, 0) != 0)
			ck_assert_int_eq(unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR), 0);
	closedir(d);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* --- running it ------------------------------------------------------------------------------ */

/* All that a program could change: names, content, modes, times. */
static void
put_file_facts(struct wr *w, const char *name)
{
	struct stat st;
	uint8_t sum[32], buf[4096];
	struct sha256 h;
	int fd;

	ck_assert_int_eq(lstat(at(name), &st), 0);
	wr_printf(w, "%s %o %lld %lld %lld.%09ld %lld.%09ld %d\n", name, st.st_mode, (long long)st.st_ino, (long long)st.st_size,
		  (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec, (int)st.st_uid);
	if (!S_ISREG(st.st_mode) || st.st_size > 1 << 20)
		return;
	sha256_init(&h);
	fd = open(at(name), O_RDONLY | O_CLOEXEC);
	for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0;)
		sha256_update(&h, buf, (size_t)n);
	(void)close(fd);
	sha256_final(&h, sum);
	wr_bytes(w, sum, sizeof(sum));
}

static struct wr
facts(void)
{
	struct wr w = wr_new(1 << 20);
	struct names names = {NULL, 0};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(list_names(fd, &names), 0);
	(void)close(fd);
	put_file_facts(&w, ".");
	for (size_t i = 0; i < names.count; i++) {
		put_file_facts(&w, names.of[i]);
		free(names.of[i]);
	}
	free(names.of);
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

static void
take(int fd, char *to)
{
	ssize_t n = pread(fd, to, OUTPUT_MAX - 1, 0);

	ck_assert(n >= 0 && n < OUTPUT_MAX - 1);
	to[n] = '\0';
	(void)close(fd);
}

static void
ck_printable(const char *text)
{
	for (; *text != '\0'; text++)
		ck_assert_msg((*text >= 0x20 && *text < 0x7f) || *text == '\n', "byte %02x", (uint8_t)*text);
}

static int
run_with(int argc, const char **argv)
{
	int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
	int out = memfd_create("stdout", 0), err = memfd_create("stderr", 0), code;

	(void)fflush(stdout);
	ck_assert_int_eq(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(dup2(err, STDERR_FILENO), STDERR_FILENO);
	optind = 0;
	code = run(&fsck_command, argc, (char **)(uintptr_t)argv);
	(void)fflush(stdout);
	ck_assert_int_eq(dup2(saved[0], STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(dup2(saved[1], STDERR_FILENO), STDERR_FILENO);
	(void)close(saved[0]);
	(void)close(saved[1]);
	take(out, output);
	take(err, errors);
	ck_printable(output);
	ck_printable(errors);
	return code;
}

/* Text, then JSON, which say the same; and the directory is as it was. */
static json_t *
fsck(int want)
{
	struct wr before = facts(), after;
	json_t *v;
	int code = run_with(3, (const char *[]){"fsck", "--json", dir, NULL});

	ck_assert_msg(code == want, "%d: %s%s", code, output, errors);
	v = json_loads(output, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(v != NULL, "%s", output);
	ck_assert_int_eq(json_integer_value(json_object_get(v, "exit")), want);
	ck_assert_int_eq(run_with(3, (const char *[]){"fsck", "-v", dir, NULL}), want);
	ck_assert_str_eq(errors, "");
	ck_assert_msg(strstr(output, json_string_value(json_object_get(json_object_get(v, "nextStart"), "text"))) != NULL, "%s", output);
	after = facts();
	ck_assert(slice_eq(wr_slice(&before), wr_slice(&after)));
	wr_free(&before);
	wr_free(&after);
	return v;
}

static void
ck_fsck(int want, const char *text)
{
	json_decref(fsck(want));
	ck_assert_msg(strstr(output, text) != NULL, "\"%s\" is not in:\n%s", text, output);
}

static json_int_t
number(const json_t *v, const char *object, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(v, object), name));
}

/* --- directories -------------------------------------------------------------------------------- */

/* What a proxy that was killed leaves: a chain with a published window, one that is not, two segments. */
struct life {
	struct state *state;
	struct journal *journal;
};

static struct life
begun(uint64_t segment_bytes)
{
	struct journal_conf conf = {.max_bytes = 1 << 24, .segment_bytes = segment_bytes};
	struct life r;

	ck_assert_msg(state_open(dir, &r.state, why, sizeof(why)) == 0, "%s", why);
	conf.dir_fd = state_dir_fd(r.state);
	memcpy(conf.instance, state_instance(r.state), 16);
	memcpy(conf.boot, state_boot(r.state), 16);
	ck_assert_msg(journal_open(&conf, &r.journal, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(state_begin(r.state, why, sizeof(why)) == 0, "%s", why);
	return r;
}

static void
put(struct life *r, struct journal_entry e)
{
	ck_assert_int_eq(journal_put(r->journal, &e, NULL), 0);
	ck_assert_int_eq(journal_commit(r->journal), 0);
}

static struct journal_entry
chain(char *topic)
{
	struct journal_entry e = {.kind = JOURNAL_CHAIN, .chain = 1};

	e.head.cluster_id = (char[]){"cluster"};
	e.head.topic = topic;
	e.head.partition = 3;
	memset(e.head.chain.b, 0xab, sizeof(e.head.chain.b));
	e.head.head = head_begin();
	e.head.head.next_window = 6;
	e.head.head.last_window = 5;
	e.head.head.length = 4;
	return e;
}

static struct member members[5];
static struct journal_span spans[2];

static struct journal_entry
batch(uint64_t no, uint64_t window, int32_t count)
{
	spans[0] = (struct journal_span){window, 1700000000000, count - 1};
	spans[1] = (struct journal_span){window + 1, 1700000001000, 1};
	return (struct journal_entry){.kind = JOURNAL_BATCH, .chain = 1, .batch = no, .producer_id = -1, .time = CHAINS_TIME_CREATE,
				      .reach = -1, .spans = spans, .span_count = 2, .members = members, .count = count};
}

static void
stop(struct life *r)
{
	journal_close(r->journal);
	state_close(r->state);
}

static void
make_crashed(uint64_t segment_bytes)
{
	struct life r = begun(segment_bytes);

	put(&r, chain((char[]){"orders"}));
	put(&r, batch(1, 6, 3)); /* 2 in window 6, 1 in window 7 */
	put(&r, (struct journal_entry){.kind = JOURNAL_SETTLED, .chain = 1, .batch = 1, .base_offset = 100, .append_ms = -1, .time = CHAINS_TIME_CREATE});
	put(&r, (struct journal_entry){.kind = JOURNAL_CLOSED, .chain = 1, .window = 6, .reason = CLOSE_RECORDS, .end_ms = 1700000002000});
	put(&r, batch(2, 7, 5)); /* 4 in window 7, 1 in window 8 */
	put(&r, batch(3, 8, 2));
	put(&r, (struct journal_entry){.kind = JOURNAL_LEFT, .chain = 1, .batch = 3});
	stop(&r);
}

static void
make_clean(char *topic)
{
	struct life r = begun(1 << 20);
	struct heads h = {0};
	struct heads_entry *e = heads_add(&h);

	*e = chain(topic).head;
	e->cluster_id = strdup("cluster");
	e->topic = strdup(topic);
	ck_assert_int_eq(state_end(r.state, &h, why, sizeof(why)), 0);
	heads_clear(&h);
	ck_assert_int_eq(journal_remove(state_dir_fd(r.state), 1), 0);
	stop(&r);
}

static off_t
size_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(at(name), &st), 0);
	return st.st_size;
}

static void
cut(const char *name, off_t size)
{
	ck_assert_int_eq(truncate(at(name), size), 0);
}

static void
set_byte(const char *name, off_t where, uint8_t flip)
{
	int fd = open(at(name), O_RDWR | O_CLOEXEC);
	uint8_t b;

	ck_assert_int_eq(pread(fd, &b, 1, where), 1);
	b ^= flip;
	ck_assert_int_eq(pwrite(fd, &b, 1, where), 1);
	(void)close(fd);
}

static void
make_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	(void)close(fd);
}

/* Where so many blocks of the first segment end. */
static off_t
first_blocks(int n)
{
	off_t at_byte = JOURNAL_HEADER_BYTES;
	int fd = open(at("journal.0000000000000001"), O_RDONLY | O_CLOEXEC);

	while (n-- > 0) {
		uint32_t length;

		ck_assert_int_eq(pread(fd, &length, sizeof(length), at_byte), 4);
		at_byte += JOURNAL_BLOCK_BYTES + (off_t)__builtin_bswap32(length);
	}
	(void)close(fd);
	return at_byte;
}

#define FIRST "journal.0000000000000001"
#define SECOND "journal.0000000000000002"

/* --- directories that are whole ------------------------------------------------------------------ */

START_TEST(nothing_there)
{
	(void)rmdir(dir);
	ck_assert_int_eq(run_with(2, (const char *[]){"fsck", dir, NULL}), EXIT_UNFINISHED);
	ck_assert_ptr_nonnull(strstr(errors, "No such file or directory"));
	ck_assert_str_eq(output, "");
	ck_assert_int_ne(access(dir, F_OK), 0); /* a start makes it; this doesn't */
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	make_file("file", "", 0600);
	ck_assert_int_eq(run_with(2, (const char *[]){"fsck", at("file"), NULL}), EXIT_UNFINISHED);
	ck_assert_ptr_nonnull(strstr(errors, "Not a directory"));
}
END_TEST

START_TEST(usage)
{
	ck_assert_int_eq(run_with(1, (const char *[]){"fsck", NULL}), EXIT_USAGE);
	ck_assert_int_eq(run_with(3, (const char *[]){"fsck", dir, dir, NULL}), EXIT_USAGE);
	ck_assert_int_eq(run_with(3, (const char *[]){"fsck", "--repair", dir, NULL}), EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(errors, "--repair: no such option"));
	ck_assert_int_eq(run_with(2, (const char *[]){"fsck", "--help", NULL}), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(output, "Exit: 0"));
}
END_TEST

START_TEST(empty)
{
	json_t *v = fsck(EXIT_OK);

	ck_assert(json_is_null(json_object_get(v, "instance")) && json_is_null(json_object_get(v, "keyId")));
	json_decref(v);
	ck_assert_ptr_nonnull(strstr(output, "next start  is the first: an instance begins\n"));
	ck_assert_ptr_nonnull(strstr(output, "\nOK\n"));
}
END_TEST

/* What is looked at by mistake isn't told to be well. */
START_TEST(of_something_else)
{
	make_file("notes.txt", "", 0600);
	make_file("orders.csv", "", 0644);
	ck_assert_int_eq(run_with(2, (const char *[]){"fsck", dir, NULL}), EXIT_UNFINISHED);
	ck_assert_ptr_nonnull(strstr(errors, ": no state directory: there are other files in it, and none of makoto-proxy's\n"));
	ck_assert_str_eq(output, "");
	make_file("lock", "", 0600); /* a start began */
	ck_fsck(EXIT_OK, "note: notes.txt: is none of the proxy's files\n");
}
END_TEST

/* A file system of its own has this from its beginning. */
START_TEST(with_lost_and_found)
{
	ck_assert_int_eq(mkdir(at("lost+found"), 0700), 0);
	ck_fsck(EXIT_OK, "next start  is the first: an instance begins\n");
	ck_assert_int_eq(rmdir(at("lost+found")), 0);
}
END_TEST

START_TEST(clean)
{
	json_t *v, *heads;
	char hex[33] = "";

	make_clean((char[]){"orders"});
	v = fsck(EXIT_OK);
	heads = json_object_get(v, "heads");
	ck_assert(json_is_true(json_object_get(heads, "whole")));
	ck_assert_uint_eq(json_array_size(json_object_get(heads, "chains")), 1);
	ck_assert_str_eq(json_string_value(json_object_get(heads, "instance")), json_string_value(json_object_get(v, "instance")));
	(void)snprintf(hex, sizeof(hex), "%s", json_string_value(json_object_get(v, "instance")));
	json_decref(v);
	ck_assert_ptr_nonnull(strstr(output, hex));
	ck_assert_ptr_nonnull(strstr(output, "goes on as the same instance with 1 chain: the last stop was clean\n"));
	ck_assert_ptr_nonnull(strstr(output, "orders"));
}
END_TEST

START_TEST(crashed_and_whole)
{
	json_t *v, *windows, *w;

	make_crashed(1 << 20);
	v = fsck(EXIT_UNDECIDED);
	/* The recovery's own count, and ours of the entries. */
	ck_assert_int_eq(number(v, "nextStart", "windows"), 3);
	ck_assert_int_eq(number(v, "nextStart", "records"), 8);
	ck_assert_int_eq(number(v, "nextStart", "notSettled"), 5);
	ck_assert_int_eq(number(v, "journal", "windows"), 3);
	ck_assert_int_eq(number(v, "journal", "records"), 8);
	ck_assert_int_eq(number(v, "journal", "notSettled"), 5);
	ck_assert(json_is_true(json_object_get(json_object_get(v, "nextStart"), "sameInstance")));
	windows = json_object_get(json_array_get(json_object_get(json_object_get(v, "journal"), "chains"), 0), "unpublished");
	ck_assert_uint_eq(json_array_size(windows), 3);
	w = json_array_get(windows, 0);
	ck_assert_int_eq(json_integer_value(json_object_get(w, "window")), 6);
	ck_assert_str_eq(json_string_value(json_object_get(w, "state")), "closed");
	w = json_array_get(windows, 1);
	ck_assert_str_eq(json_string_value(json_object_get(w, "state")), "open");
	ck_assert_int_eq(json_integer_value(json_object_get(w, "records")), 5);
	ck_assert_int_eq(json_integer_value(json_object_get(w, "notSettled")), 4);
	json_decref(v);
	ck_assert_ptr_nonnull(strstr(output, "finishes 3 windows with 8 records; 5 of them are looked for in the log"));
	ck_assert_ptr_nonnull(strstr(output, "\nPENDING: nothing is damaged; windows wait for their statements\n"));
	ck_assert_ptr_null(strstr(output, "PROBLEM"));
}
END_TEST

/* The last segment was written over another one, and the next will be: that is no damage, and nothing to tell. */
START_TEST(written_over)
{
	static const uint8_t zeros[64];
	json_t *v, *segment;
	off_t n;
	int fd;

	make_crashed(1 << 20);
	n = size_of(FIRST);
	make_file("segment.spare", "what was a segment", 0600);
	make_file("collectors", "urn:test:proxy\n", 0600);
	fd = open(at(FIRST), O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(write(fd, zeros, sizeof(zeros)), (int)sizeof(zeros));
	ck_assert_int_eq(write(fd, "what was there", 14), 14);
	(void)close(fd);
	v = fsck(EXIT_UNDECIDED);
	segment = json_array_get(json_object_get(json_object_get(v, "journal"), "segments"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(segment, "end")), "whole");
	ck_assert_int_eq(json_integer_value(json_object_get(segment, "counted")), n);
	json_decref(v);
	ck_assert_ptr_null(strstr(output, "note:"));
	ck_assert_ptr_null(strstr(output, "PROBLEM"));
}
END_TEST

/* What ended a transaction of a chain that another one follows: nothing else tells of it any more, and that is all right. */
START_TEST(an_end_of_a_chain_that_went)
{
	struct life r = begun(1 << 20);

	put(&r, chain((char[]){"orders"}));
	put(&r, (struct journal_entry){.kind = JOURNAL_ENDED, .chain = 2, .producer_id = 7, .base_offset = -1, .committed = true});
	stop(&r);
	ck_fsck(EXIT_OK, "orders");
	ck_assert_ptr_null(strstr(output, "no entry tells"));
	ck_assert_ptr_null(strstr(output, "ends with an error"));
}
END_TEST

START_TEST(neither_heads_nor_journal)
{
	make_clean((char[]){"orders"});
	ck_assert_int_eq(rename(at("heads"), strcpy((char[256]){0}, at("heads.taken"))), 0);
	ck_fsck(EXIT_UNDECIDED, "begins a new instance: there are neither heads nor a journal");
	ck_assert_ptr_nonnull(strstr(output, "heads.taken: where 1 chain"));
}
END_TEST

START_TEST(a_copy)
{
	char text[160] = "";
	FILE *f;

	make_crashed(1 << 20);
	f = fopen(at("instance"), "re");
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, f), 32);
	(void)fclose(f);
	ck_assert_int_eq(unlink(at("instance")), 0);
	make_file("other", "", 0600); /* so that it gets another inode */
	make_file("instance", text, 0600);
	ck_fsck(EXIT_UNDECIDED, "begins a new instance: the directory is a copy");
	ck_assert_ptr_nonnull(strstr(output, "3 windows of it, with 8 records, never get a statement"));
	ck_assert_int_eq(unlink(at("instance")), 0);
	ck_fsck(EXIT_UNDECIDED, "the file that names the old one is missing");
	make_file("instance", "what?\n", 0600);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: instance at byte 0: want 32 hex digits");
}
END_TEST

/* --- the lock ------------------------------------------------------------------------------------------ */

START_TEST(in_use)
{
	char want[64];
	struct life r = begun(1 << 20);
	json_t *v = fsck(EXIT_OK);

	ck_assert_int_eq(json_integer_value(json_object_get(v, "pid")), getpid());
	ck_assert_str_eq(json_string_value(json_object_get(v, "inUse")), "yes");
	json_decref(v);
	(void)snprintf(want, sizeof(want), "in use      by process %d;", getpid());
	ck_assert_msg(strstr(output, want) != NULL, "%s", output);
	stop(&r);
	(void)snprintf(want, sizeof(want), "in use      no; last by process %d\n", getpid());
	ck_fsck(EXIT_OK, want);
}
END_TEST

START_TEST(locks_as_the_kernel_lists_them)
{
	static char list[] = "1: POSIX  ADVISORY  WRITE 11 fe:01:77 0 EOF\n"
			     "2: FLOCK  ADVISORY  WRITE 12 fe:01:78 0 EOF\n"
			     "3: FLOCK  ADVISORY  WRITE 13 fe:02:77 0 EOF\n"
			     "what is this?\n"
			     "4: FLOCK  ADVISORY  WRITE 14 fe:01:77 0 EOF\n"
			     "4: -> FLOCK  ADVISORY  WRITE 15 fe:01:77 0 EOF\n";
	struct stat st = {.st_ino = 77, .st_dev = makedev(0xfe, 1)};
	FILE *f = fmemopen(list, sizeof(list) - 1, "r");

	ck_assert_int_eq(holder_in(f, &st, 0), 14);
	rewind(f);
	ck_assert_int_eq(holder_in(f, &st, 13), 13); /* on a device of another name */
	rewind(f);
	st.st_ino = 79;
	ck_assert_int_eq(holder_in(f, &st, 13), 0);
	(void)fclose(f);
}
END_TEST

/* --- damage ------------------------------------------------------------------------------------------------ */

/* However much of the last segment a crash left, it is no damage. */
START_TEST(torn_anywhere)
{
	off_t batch_to;

	make_crashed(1 << 20);
	batch_to = first_blocks(2);
	for (off_t n = size_of(FIRST) - 1; n >= 0; n -= n > 150 ? 7 : 1) {
		bool batch_is_there = n >= batch_to, header_is_there = n >= JOURNAL_HEADER_BYTES;
		char want[80];
		json_t *v, *segment;

		cut(FIRST, n);
		v = fsck(batch_is_there || !header_is_there ? EXIT_UNDECIDED : EXIT_OK);
		segment = json_array_get(json_object_get(json_object_get(v, "journal"), "segments"), 0);
		if (strcmp(json_string_value(json_object_get(segment, "end")), "torn") == 0) {
			(void)snprintf(want, sizeof(want), "note: " FIRST " at byte %lld: its end is torn",
				       (long long)json_integer_value(json_object_get(segment, "counted")));
			ck_assert_msg(strstr(output, want) != NULL, "%s: %s", want, output);
		}
		json_decref(v);
		ck_assert_ptr_null(strstr(output, "PROBLEM"));
	}
}
END_TEST

/* Each byte of a segment that is not the last. */
START_TEST(flipped_in_the_journal)
{
	off_t n;

	make_crashed(300);
	n = size_of(FIRST);
	for (off_t i = 0; i < n; i++) {
		set_byte(FIRST, i, 0x04);
		ck_fsck(EXIT_VIOLATION, "PROBLEM: " FIRST " at byte ");
		ck_assert_msg(strstr(output, "begins a new instance") != NULL, "%s", output);
		set_byte(FIRST, i, 0x04);
	}
	ck_fsck(EXIT_UNDECIDED, "nothing is damaged");
}
END_TEST

START_TEST(what_was_expected)
{
	char want[128];
	off_t n;

	make_crashed(300);
	n = size_of(FIRST);
	set_byte(FIRST, JOURNAL_HEADER_BYTES + JOURNAL_BLOCK_BYTES + 20, 1);
	(void)snprintf(want, sizeof(want), "PROBLEM: " FIRST " at byte %d: a block says CRC-32C ", JOURNAL_HEADER_BYTES);
	ck_fsck(EXIT_VIOLATION, want);
	ck_assert_ptr_nonnull(strstr(output, "of its"));
	set_byte(FIRST, JOURNAL_HEADER_BYTES + JOURNAL_BLOCK_BYTES + 20, 1);
	set_byte(FIRST, JOURNAL_HEADER_BYTES + 2, 1);
	ck_fsck(EXIT_VIOLATION, "of its first eight bytes, which have ");
	set_byte(FIRST, JOURNAL_HEADER_BYTES + 2, 1);
	cut(FIRST, n - 1);
	(void)snprintf(want, sizeof(want), "%lld bytes are there, and %lld count, as the next segment says", (long long)n - 1, (long long)n);
	ck_fsck(EXIT_VIOLATION, want);
	ck_assert_ptr_nonnull(strstr(output, "puts it aside, as old.journal.*"));
	ck_assert_int_eq(unlink(at(FIRST)), 0);
	make_file(FIRST, "", 0600);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: " FIRST " at byte 0: 0 bytes are there; its header has 80");
}
END_TEST

START_TEST(flipped_in_the_heads)
{
	off_t n;

	make_clean((char[]){"orders"});
	n = size_of("heads");
	for (off_t i = 0; i < n; i++) {
		set_byte("heads", i, 0x20);
		ck_fsck(EXIT_VIOLATION, "PROBLEM: heads at byte ");
		ck_assert_ptr_nonnull(strstr(output, "begins a new instance"));
		set_byte("heads", i, 0x20);
	}
	ck_fsck(EXIT_OK, "\nOK\n");
	cut("heads", n - 40);
	ck_fsck(EXIT_VIOLATION, "are not the SHA-256 of the");
	cut("heads", 10);
	ck_fsck(EXIT_VIOLATION, "heads at byte 10: it ends here");
}
END_TEST

START_TEST(other_versions)
{
	make_clean((char[]){"orders"});
	set_byte("heads", 19, '3' ^ '2');
	ck_fsck(EXIT_VIOLATION, "PROBLEM: heads at byte 0: is of version 2, older than version 3");
	set_byte("heads", 19, '2' ^ '4');
	ck_fsck(EXIT_VIOLATION, "is of version 4, newer than version 3");
	ck_assert_ptr_nonnull(strstr(output, "use the makotoctl and makoto-proxy that wrote it"));
	ck_assert_int_eq(unlink(at("heads")), 0);
	ck_assert_int_eq(unlink(at("instance")), 0);
	make_crashed(1 << 20);
	set_byte(FIRST, 21, '2' ^ '3');
	ck_fsck(EXIT_VIOLATION, "PROBLEM: " FIRST " at byte 0: is of version 3, newer than version 2");
	set_byte(FIRST, 21, '3' ^ '0');
	ck_fsck(EXIT_VIOLATION, "is of version 0, older than version 2");
	set_byte(FIRST, 21, '0' ^ 'x');
	ck_fsck(EXIT_VIOLATION, "says no version that this program knows");
}
END_TEST

START_TEST(a_segment_is_missing)
{
	make_crashed(200);
	ck_assert_int_eq(access(at("journal.0000000000000003"), F_OK), 0);
	ck_assert_int_eq(unlink(at(SECOND)), 0);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: " SECOND ": is missing, and later ones are there");
}
END_TEST

/* Whole by its checksums, and no run of the proxy: a start would end with an error. */
START_TEST(entries_that_contradict)
{
	struct life r = begun(1 << 20);

	put(&r, chain((char[]){"orders"}));
	put(&r, batch(1, 6, 3));
	put(&r, (struct journal_entry){.kind = JOURNAL_STATED, .chain = 1, .window = 9});
	stop(&r);
	ck_fsck(EXIT_VIOLATION, "no batch of that window is there");
	ck_assert_ptr_nonnull(strstr(output, "move journal.* elsewhere"));
	ck_assert_ptr_nonnull(strstr(output, "next start  ends with an error"));
}
END_TEST

START_TEST(an_entry_that_is_none)
{
	struct life r = begun(1 << 20);

	put(&r, chain((char[]){"orders"}));
	put(&r, (struct journal_entry){.kind = JOURNAL_PUBLISHED, .chain = 1}); /* window 0 */
	stop(&r);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: " FIRST ": an entry in the block at byte ");
}
END_TEST

/* --- files that are none of it ------------------------------------------------------------------------------- */

START_TEST(strangers)
{
	make_clean((char[]){"orders"});
	make_file("notes.txt", "", 0600);
	make_file("heads.tmp", "", 0600);
	make_file("old.journal.0000000000000001", "", 0600);
	ck_fsck(EXIT_OK, "note: notes.txt: is none of the proxy's files\n");
	ck_assert_ptr_nonnull(strstr(output, "note: heads.tmp: is left of a file that was being written"));
	ck_assert_ptr_nonnull(strstr(output, "set aside   1 segment of a journal"));
	for (int i = 0; i < REMARKS_MAX + 50; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "junk%d", i);
		make_file(name, "", 0600);
	}
	set_byte("heads", 30, 1);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: heads"); /* however many notes there are */
}
END_TEST

/* Nobody waits for the other end of a pipe, and nothing without an end is read. */
START_TEST(no_files)
{
	static const char *const names[] = {"heads", "heads.taken", "instance", FIRST, "signing.pem", "signing.pub.pem", "endpoints"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char want[80];

		ck_assert_int_eq(mkfifo(at(names[i]), 0600), 0);
		(void)snprintf(want, sizeof(want), "PROBLEM: %s: is no file\n", names[i]);
		ck_fsck(EXIT_VIOLATION, want);
		ck_assert_int_eq(unlink(at(names[i])), 0);
	}
	ck_assert_int_eq(mkfifo(at("lock"), 0600), 0);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: lock: is no file\n");
	ck_assert_int_eq(unlink(at("lock")), 0);
	make_file(SECOND, "", 0600);
	cut(SECOND, (off_t)1 << 40); /* sparse */
	ck_fsck(EXIT_VIOLATION, "more than any that the proxy makes");
}
END_TEST

START_TEST(modes)
{
	make_clean((char[]){"orders"});
	ck_assert_int_eq(chmod(at("heads"), 0644), 0);
	ck_fsck(EXIT_OK, "note: heads: everybody may read it (mode 0644)");
	ck_assert_int_eq(chmod(at("heads"), 0620), 0);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: heads: others than its owner may write it (mode 0620)");
	ck_assert_int_eq(chmod(at("heads"), 0600), 0);
	ck_assert_int_eq(chmod(dir, 0770), 0);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: .: others than its owner may write the directory (mode 0770)");
	ck_assert_int_eq(chmod(dir, 0755), 0); /* as systemd makes it: the files are 0600 */
	ck_fsck(EXIT_OK, "\nOK\n");
}
END_TEST

/* --- the key ---------------------------------------------------------------------------------------------------- */

START_TEST(key)
{
	char id[KEYID_LEN + 1], other[KEYID_LEN + 1], path[256], pem[4096] = "", line[80];
	json_t *v;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s", at("signing.pem"));
	ck_assert_msg(key_generate("ed25519", path, at("signing.pub.pem"), id, why, sizeof(why)) == 0, "%s", why);
	v = fsck(EXIT_OK);
	ck_assert_str_eq(json_string_value(json_object_get(v, "keyId")), id);
	json_decref(v);
	ck_assert_ptr_nonnull(strstr(output, id));
	/* No line of the private key is told. */
	f = fopen(path, "re");
	ck_assert_uint_gt(fread(pem, 1, sizeof(pem) - 1, f), 0);
	(void)fclose(f);
	for (const char *p = pem; *p != '\0'; p += strcspn(p, "\n") + 1) {
		(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		ck_assert_ptr_null(strstr(output, line));
	}
	ck_assert_int_eq(chmod(path, 0604), 0);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: signing.pem: a signing key that everybody may read (mode 0604)");
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(rename(at("signing.pub.pem"), strcpy((char[256]){0}, at("away"))), 0);
	ck_fsck(EXIT_OK, "note: signing.pub.pem: is not there, and signing.pem is: key ");
	(void)snprintf(path, sizeof(path), "%s", at("other.pem"));
	ck_assert_int_eq(key_generate("ed25519", path, at("signing.pub.pem"), other, why, sizeof(why)), 0);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: signing.pub.pem: is of another key than signing.pem, which is ");
	make_file("signing.pub.pem", "-----BEGIN", 0644);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: signing.pub.pem: no public key in it");
	make_file("signing.pem", "-----BEGIN", 0600);
	ck_fsck(EXIT_VIOLATION, "PROBLEM: signing.pem: no proxy can sign with it");
}
END_TEST

/* --- who reads it --------------------------------------------------------------------------------------------------- */

/* Somebody who may read everything and write nothing. */
START_TEST(read_only)
{
	static const char *const names[] = {FIRST, SECOND, "instance", "lock"};

	make_crashed(300);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_int_eq(chmod(at(names[i]), 0400), 0);
		if (geteuid() == 0)
			ck_assert_int_eq(chown(at(names[i]), NOBODY, NOBODY), 0);
	}
	for (int i = 3; i < 9; i++) {
		char name[JOURNAL_NAME_LEN];

		journal_file_name((uint64_t)i, name);
		if (geteuid() == 0 && access(at(name), F_OK) == 0)
			ck_assert_int_eq(chown(at(name), NOBODY, NOBODY), 0);
	}
	ck_assert_int_eq(chmod(dir, 0500), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(dir, NOBODY, NOBODY), 0);
		ck_assert_int_eq(seteuid(NOBODY), 0);
	}
	ck_assert_int_lt(open(at("new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 0);
	ck_fsck(EXIT_UNDECIDED, "finishes 3 windows with 8 records");
	ck_assert_int_eq(chmod(at("instance"), 0), 0);
	ck_fsck(EXIT_UNFINISHED, "UNREAD: instance: can't be read: Permission denied\n");
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(dir, 0700), 0);
}
END_TEST

/* Topics are named by others. */
START_TEST(names_that_command_terminals)
{
	make_clean((char[]){"a\x1b[2J\nOK\xe2\x80\xae"});
	ck_fsck(EXIT_OK, "a\\u001b[2J\\u000aOK\\u202e");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fsck");
	TCase *t = tcase_create("fsck");

	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_there);
	tcase_add_test(t, usage);
	tcase_add_test(t, empty);
	tcase_add_test(t, of_something_else);
	tcase_add_test(t, with_lost_and_found);
	tcase_add_test(t, clean);
	tcase_add_test(t, crashed_and_whole);
	tcase_add_test(t, written_over);
	tcase_add_test(t, an_end_of_a_chain_that_went);
	tcase_add_test(t, neither_heads_nor_journal);
	tcase_add_test(t, a_copy);
	tcase_add_test(t, in_use);
	tcase_add_test(t, locks_as_the_kernel_lists_them);
	tcase_add_test(t, torn_anywhere);
	tcase_add_test(t, flipped_in_the_journal);
	tcase_add_test(t, what_was_expected);
	tcase_add_test(t, flipped_in_the_heads);
	tcase_add_test(t, other_versions);
	tcase_add_test(t, a_segment_is_missing);
	tcase_add_test(t, entries_that_contradict);
	tcase_add_test(t, an_entry_that_is_none);
	tcase_add_test(t, strangers);
	tcase_add_test(t, no_files);
	tcase_add_test(t, modes);
	tcase_add_test(t, key);
	tcase_add_test(t, read_only);
	tcase_add_test(t, names_that_command_terminals);
	suite_add_tcase(s, t);
	return suite_run(s);
}
