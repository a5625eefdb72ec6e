/*
 * statedir: a proxy's state directory (docs/STATE.md), looked at and told.
 *
 * Everything is opened to be read, nothing is locked, nothing changes.  What can be read is told,
 * whatever else is damaged.
 */
#ifndef CTL_STATEDIR_H
#define CTL_STATEDIR_H

#include "attest/journal_read.h"
#include "attest/outlook.h"
#include "attest/holder.h"
#include "ctl/inventory.h"
#include "keys/public_key.h"

enum { STATEDIR_KINDS = JOURNAL_UNRESOLVED }; /* of entries, from 1 */

struct statedir_remark {
	enum statedir_weight {
		STATEDIR_NOTE,    /* good to know */
		STATEDIR_UNREAD,  /* could not be looked at */
		STATEDIR_PROBLEM, /* damage, or files that others may write */
	} weight;
	char *file;
	int64_t at; /* byte offset in it; -1: none */
	char *what;
	char *advice; /* what to do; "" */
};

struct statedir_segment {
	struct journal_segment is;
	uint64_t file_bytes;
	uint64_t kinds[STATEDIR_KINDS + 1]; /* entries, by kind */
};

struct statedir_heads {
	bool there, whole;
	struct heads is; /* when it is whole */
};

struct statedir {
	const char *path;
	mode_t mode;
	struct holder holder;

	bool has_instance;
	char instance[33]; /* hex; "": the file says none */
	char key[KEYID_LEN + 1]; /* of signing.pub.pem; "": none */

	struct statedir_heads heads, taken;
	struct statedir_segment *segments;
	size_t segment_count, segment_cap;
	struct inventory journal;
	size_t set_aside; /* segments of older journals */

	bool has_outlook;
	struct outlook outlook;

	struct statedir_remark *remarks;
	size_t remark_count;
	size_t weights[STATEDIR_PROBLEM + 1]; /* remarks of each weight */
};

/*
 * Looks at all of it.  0; ERR_IO: there is no such directory, or it can't be listed; ERR_NOTFOUND: it is another one's; ERR_NOMEM;
 * the text is in `why`.  The rest is in the remarks.  In either case statedir_free().
 */
int statedir_look(const char *path, struct statedir *ret, char *why, size_t why_len) MUSTCHECK;
void statedir_free(struct statedir *d);

/* Windows wait for something, or the next start begins a new instance though there was one. */
bool statedir_is_pending(const struct statedir *d);

#endif
