/*
 * aside: records that a broker gave to a member of a share group, and that the member may not have yet (KIP-932).
 *
 *   answer ─► aside_add() ─┬─► every ShareFetch that renews: aside_renewals(), aside_renewed()
 *                          └─► a later answer, or gone: its lock ended, the session ended, the client forgot it
 *
 * The broker counts a delivery when it gives, and none when a lock is renewed (KIP-1222): so they wait here, however long.
 * A client connection has one share session; who goes on as another member loses what the first one had here.
 * Belongs to the connection's thread.
 */
#ifndef STAGES_ASIDE_H
#define STAGES_ASIDE_H

#include "base/clock.h"
#include "base/list.h"
#include "kafka/share_renew.h"

struct aside; /* opaque: of a connection */

enum aside_kind {
	ASIDE_WAITS,  /* to be judged */
	ASIDE_PASSES, /* the member may have it */
	ASIDE_STOPS,  /* no records: the member is to be told that there is one that it may not have */
};

struct aside_place; /* opaque: a partition */

struct aside_entry {
	struct link link; /* of all, oldest first */
	struct link of;   /* of its partition's, the longest not judged first */
	struct aside_place *place;
	struct fetch_at at;
	enum aside_kind kind;
	struct wr records;    /* whole batches */
	struct wr acquired;   /* as kafka/share_fetch.h has them; first: the lowest offset */
	int64_t first, last;  /* the highest */
	int64_t count;        /* of records that are lost to the member with it; none of a stop */
	struct monotime since, until; /* until: then the lock may have ended */
};

struct aside *aside_new(void) MUSTCHECK; /* NULL: no memory */
void aside_free(struct aside *a);        /* NULL is fine */

/*
 * What is lost to the member is counted, in records, by all that drops some.
 *
 * Who asks, and at which epoch of the session: at its first and its last nothing is left.
 */
int64_t aside_session(struct aside *a, const struct share_request *q);
struct slice aside_group(const struct aside *a); /* whose that is: a hash of the name */

bool aside_any(const struct aside *a);
size_t aside_bytes(const struct aside *a);

/* Are locks to be renewed now, rather than records got?  In turn; as long as that gives something; and with more than `most` bytes. */
bool aside_turn(struct aside *a, size_t most);
void aside_gave(struct aside *a); /* an answer that renewed did */

/*
 * Behind an answer that renewed and gave nothing: with more than `most` bytes some go, the oldest, so that there is room for others.  Of those
 * that were here for ASIDE_OLD_MS, when stated ones were seen to pass since the last that went, or none were asked for just as long.
 */
enum { ASIDE_OLD_MS = 30000 };
int64_t aside_make_room(struct aside *a, size_t most);
void aside_passed(struct aside *a); /* stated records that came just now did */

int64_t aside_expire(struct aside *a); /* those whose lock may have ended go */
int aside_forget(struct aside *a, const struct share_request *q, struct slice body, int64_t *ret) MUSTCHECK; /* what this request does.  0 or ERR_NOMEM */

/* Pieces of records and the offsets of them that are acquired; copied. */
struct aside_records {
	const struct fetch_at *at;
	enum aside_kind kind;
	const struct slice *pieces;
	size_t count;
	struct slice acquired;
	struct monotime until;
	struct aside_entry *of; /* what they are of, which is to be dropped; NULL: none */
};

/* 0, ERR_NOMEM, or ERR_LIMIT: it would be more than twice `most` bytes; never of what is there already, which is as old as that was. */
int aside_add(struct aside *a, const struct aside_records *r, size_t most) MUSTCHECK;

/* What is to be renewed; *ret is the caller's, from malloc.  0 or ERR_NOMEM.  And beside what of the client's own it went out. */
int aside_renewals(const struct aside *a, struct share_renewal **ret, size_t *ret_count) MUSTCHECK;
void aside_asked(struct aside *a, const struct share_renewal *list, size_t count);
bool aside_beside(const struct aside *a, const struct fetch_at *at); /* … was something acknowledged? */
bool aside_renewed(struct aside *a, const struct fetch_at *at, struct monotime until); /* anything? */

/*
 * What an answer told of all that it was to renew: something was, or the broker refused something, and so what the client acknowledged of
 * that partition beside it; if it did, that may have been the reason: unsure.  Refused twice, or three times where it wasn't sure, and no
 * success between: its group has no renewals.  Then aside_off(), and no records wait any more, for twice lock_ms, so that what the
 * client couldn't settle comes once more meanwhile; and for twice as long each time that the first answer afterwards is a refusal again.
 */
enum aside_told { ASIDE_NOTHING, ASIDE_UNSURE, ASIDE_REFUSED, ASIDE_RENEWED };
int64_t aside_told(struct aside *a, enum aside_told told, int32_t lock_ms);
bool aside_off(const struct aside *a);

/* The next entry of that partition, or of all (NULL), behind `e`, or the first (NULL); NULL: none. */
struct aside_entry *aside_next(const struct aside *a, const struct fetch_at *at, const struct aside_entry *e);
void aside_drop(struct aside *a, struct aside_entry *e);
int64_t aside_drop_all(struct aside *a, const struct fetch_at *at); /* of that partition; NULL: of all */
int64_t aside_drop_again(struct aside *a, const struct fetch_at *at, struct slice acquired); /* of that partition, what is given anew */
int64_t aside_drop_records(struct aside *a, const struct fetch_at *at); /* as aside_drop_all(), but what is to be told isn't lost with a lock */

#endif
