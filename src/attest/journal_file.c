#include "attest/journal_file.h"

#include "base/rd.h"
#include "digest/crc32c.h"

static const char magic[] = "makoto-kafka journal ";

#define MAGIC_LEN (sizeof(magic) - 1)

enum { VERSION = 2, VERSION_LEN = 2 /* a digit and a line's end */, SALT_BYTES = 4 };

static const char prefix[] = "journal.";

void
journal_file_name(uint64_t number, char ret[JOURNAL_NAME_LEN])
{
	(void)snprintf(ret, JOURNAL_NAME_LEN, "%s%016llx", prefix, (unsigned long long)number);
}

bool
journal_file_number(const char *name, uint64_t *ret)
{
	const char *digits = name + sizeof(prefix) - 1;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 || strlen(digits) != 16 ||
	    strspn(digits, "0123456789abcdef") != 16)
		return false;
	*ret = strtoull(digits, NULL, 16);
	return *ret != 0;
}

static uint32_t
sum_at(struct slice file, size_t at)
{
	struct rd r = rd_of(slice_of(file.p + at, file.n - at));

	return rd_u32(&r);
}

size_t
journal_header_length(const struct journal_header *h)
{
	return h->version == 1 ? JOURNAL_HEADER_BYTES - SALT_BYTES : JOURNAL_HEADER_BYTES;
}

/* What a block's sums go on from: another in each segment of a run, before numbers have gone round 32 bits. */
static uint32_t
seed_of(const struct journal_header *h)
{
	return h->version == 1 ? 0 : h->salt + (uint32_t)h->number;
}

void
journal_header_write(const struct journal_header *h, struct wr *w)
{
	size_t from = w->len;

	wr_printf(w, "%s%d\n", magic, VERSION);
	wr_bytes(w, h->instance, sizeof(h->instance));
	wr_bytes(w, h->boot, sizeof(h->boot));
	wr_u8(w, (uint8_t)h->sync);
	wr_u64(w, h->number);
	wr_u64(w, h->before_bytes);
	wr_u32(w, h->salt);
	if (wr_err(w) == 0)
		wr_u32(w, crc32c(0, slice_of(w->buf + from, w->len - from)));
}

/* 0: of none that this program knows. */
static unsigned
version_of(const uint8_t *p)
{
	return p[1] == '\n' && p[0] >= '1' && p[0] <= '0' + VERSION ? p[0] - '0' : 0;
}

int
journal_header_read(struct slice file, struct journal_header *ret)
{
	struct journal_header h = {0};
	struct rd r = rd_of(file);
	const uint8_t *p = rd_need(&r, MAGIC_LEN + VERSION_LEN);
	uint8_t sync;

	if (p == NULL)
		return ERR_SHORT;
	if (memcmp(p, magic, MAGIC_LEN) != 0)
		return ERR_MALFORMED;
	h.version = version_of(p + MAGIC_LEN);
	if (h.version == 0)
		return ERR_UNSUPPORTED;
	if (file.n < journal_header_length(&h))
		return ERR_SHORT;
	memcpy(h.instance, rd_need(&r, sizeof(h.instance)), sizeof(h.instance));
	memcpy(h.boot, rd_need(&r, sizeof(h.boot)), sizeof(h.boot));
	sync = rd_u8(&r);
	h.number = rd_u64(&r);
	h.before_bytes = rd_u64(&r);
	if (h.version > 1)
		h.salt = rd_u32(&r);
	if (rd_u32(&r) != crc32c(0, slice_of(p, journal_header_length(&h) - 4)))
		return ERR_CHECKSUM;
	if (sync > JOURNAL_SYNC_ALWAYS)
		return ERR_MALFORMED;
	h.sync = (enum journal_sync)sync;
	*ret = h;
	return 0;
}

void
journal_header_fault(struct slice file, char *ret, size_t len)
{
	struct journal_header h = {0};
	int err = journal_header_read(file, &h);
	size_t n;

	if (err != 0 && file.n >= MAGIC_LEN + VERSION_LEN)
		h.version = version_of(file.p + MAGIC_LEN);
	n = journal_header_length(&h);
	if (err == ERR_SHORT)
		(void)snprintf(ret, len, "%zu bytes are there; its header has %zu", file.n, n);
	else if (err == ERR_CHECKSUM)
		(void)snprintf(ret, len, "its header says CRC-32C %08x of itself, and has %08x", sum_at(file, n - 4),
			       crc32c(0, slice_of(file.p, n - 4)));
	else if (err != 0)
		(void)snprintf(ret, len, "it doesn't begin as a segment of a journal does (\"%s\")", magic);
	else
		(void)snprintf(ret, len, "its header says that it is segment %llu", (unsigned long long)h.number);
}

static bool
is_zeros(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

void
journal_block_begin(const struct journal_header *h, uint8_t ret[JOURNAL_BLOCK_BYTES], struct slice entries)
{
	uint32_t seed = seed_of(h);
	uint32_t field[3] = {__builtin_bswap32((uint32_t)entries.n), __builtin_bswap32(crc32c(seed, entries)), 0};

	field[2] = __builtin_bswap32(crc32c(seed, slice_of(field, 8)));
	memcpy(ret, field, JOURNAL_BLOCK_BYTES);
}

/*
 * Is there a block that can be read anywhere from `at` on?  So many bytes are read for it as are there, whatever
 * looks like a block's head in them; true where that is not enough to tell.
 */
static bool
block_follows(uint32_t seed, struct slice file, size_t at)
{
	size_t budget = file.n;

	for (; at < file.n && file.n - at > JOURNAL_BLOCK_BYTES; at++) {
		struct slice head = slice_of(file.p + at, JOURNAL_BLOCK_BYTES), entries;
		uint32_t length = sum_at(head, 0);

		if (length == 0 || length > file.n - at - JOURNAL_BLOCK_BYTES ||
		    crc32c(seed, slice_of(head.p, 8)) != sum_at(head, 8))
			continue;
		if (length > budget)
			return true;
		budget -= length;
		entries = slice_of(head.p + JOURNAL_BLOCK_BYTES, length);
		if (crc32c(seed, entries) == sum_at(head, 4))
			return true;
	}
	return false;
}

/* What was there before stands behind the zeros that each write has with it. */
static bool
ends_in_zeros(const struct journal_header *h, struct slice head)
{
	return h->version > 1 && is_zeros(head.p, JOURNAL_BLOCK_BYTES);
}

bool
journal_block_read(const struct journal_header *h, struct slice file, size_t at, struct slice *ret_entries,
		   size_t *ret_next, enum journal_end *ret_end)
{
	struct slice head = slice_of(file.p + at, file.n - at);
	struct rd r = rd_of(head);
	uint32_t length = rd_u32(&r), sum = rd_u32(&r), own = rd_u32(&r), seed = seed_of(h);

	*ret_end = JOURNAL_WHOLE;
	if (at == file.n)
		return false;
	/* A file may have grown without its bytes; nothing that was written is all zeros. */
	*ret_end = JOURNAL_TORN;
	if (rd_err(&r) != 0 || is_zeros(head.p, head.n))
		return false;
	if (ends_in_zeros(h, head)) {
		*ret_end = block_follows(seed, file, at + JOURNAL_BLOCK_BYTES) ? JOURNAL_DAMAGED : JOURNAL_WHOLE;
		return false;
	}
	/* A page that it begins in may have been left behind by those that it goes on in. */
	if (crc32c(seed, slice_of(head.p, 8)) != own) {
		*ret_end = block_follows(seed, file, at + 1) ? JOURNAL_DAMAGED : JOURNAL_TORN;
		return false;
	}
	*ret_entries = slice_of(r.p, length < rd_left(&r) ? length : rd_left(&r));
	*ret_next = at + JOURNAL_BLOCK_BYTES + length;
	if (ret_entries->n == length && crc32c(seed, *ret_entries) == sum)
		return true;
	if (*ret_next < file.n && (h->version == 1 || block_follows(seed, file, *ret_next)))
		*ret_end = JOURNAL_DAMAGED;
	return false;
}

void
journal_block_fault(const struct journal_header *h, struct slice file, size_t at, char *ret, size_t len)
{
	struct slice head = slice_of(file.p + at, file.n - at), entries;
	uint32_t own, length, seed = seed_of(h);

	if (head.n < JOURNAL_BLOCK_BYTES) {
		(void)snprintf(ret, len, "a block begins, of whose first %d bytes %zu are there", JOURNAL_BLOCK_BYTES, head.n);
		return;
	}
	if (is_zeros(head.p, head.n)) {
		(void)snprintf(ret, len, "zeros from here on");
		return;
	}
	if (ends_in_zeros(h, head)) {
		(void)snprintf(ret, len, "zeros where a block should begin");
		return;
	}
	own = crc32c(seed, slice_of(head.p, 8));
	length = sum_at(head, 0);
	if (own != sum_at(head, 8)) {
		(void)snprintf(ret, len, "a block says CRC-32C %08x of its first eight bytes, which have %08x", sum_at(head, 8), own);
		return;
	}
	if (length > head.n - JOURNAL_BLOCK_BYTES) {
		(void)snprintf(ret, len, "a block of %u bytes, of which %zu are there", length, head.n - JOURNAL_BLOCK_BYTES);
		return;
	}
	entries = slice_of(head.p + JOURNAL_BLOCK_BYTES, length);
	(void)snprintf(ret, len, "a block says CRC-32C %08x of its %u bytes, which have %08x", sum_at(head, 4), length,
		       crc32c(seed, entries));
}
