/*
 * One record of a statement topic.  What takes long (JSON, signatures, trees) is done without the lock, and for chains that
 * nobody asked for once: the first of its statements by a key that is known tells which partition a chain is about.
 */
#include "makoto/chain.h"
#include "verify/ledger_internal.h"

struct taking {
	struct ledger *l;
	struct spart *sp;
	const struct follower_event *e;
	struct published p;
	uint64_t trusted; /* ledger.trusted when it was judged */
	uint64_t anew;    /* spart.anew when it was read */
	bool younger;     /* … than what is looked for: it tells where that ends */
	bool stranger;    /* whom its chain is about isn't known yet */
	bool copy;        /* the same statement stands elsewhere, too … */
	bool is_better;   /* … and lacks a manifest, as far as is known, that this one has */
	bool wanted, ahead; /* its body is */
	struct sighting seen;
};

static void
see(struct taking *t, int64_t closed_ms, const uint8_t sha256[SHA256_LEN])
{
	t->seen.ms = closed_ms;
	memcpy(&t->seen.hash, sha256, sizeof(t->seen.hash));
}

/* Something of c, of which it is known whom it is about, stands here: a search for it begins there, or before. */
static int
note_place(struct taking *t, struct lchain *c)
{
	int err = ledger_directory_note_seen(t->l, &c->seen, t->sp, t->e->offset);

	return err != 0 ? err : ledger_directory_note_seen(t->l, &c->part->seen, t->sp, t->e->offset);
}

/* Is that enough to know that nobody asked for it?  Else it has to be read. */
static int
look_up(struct taking *t, const struct chain_id *id, uint64_t window_id, uint64_t *ret_gen, bool *ret_skip)
{
	struct ledger *l = t->l;
	struct lchain *c = ledger_directory_find_chain(l, id);
	struct entry *e;
	int err;

	*ret_gen = l->gen;
	*ret_skip = false;
	if (c == NULL || c->part == NULL)
		return 0;
	if ((err = note_place(t, c)) != 0)
		return err;
	if (!c->part->asked && !c->asked)
		*ret_skip = !t->younger;
	e = ledger_index_at(c, window_id, t->sp, t->e->offset);
	if (e != NULL && e->body != NULL) {
		*ret_skip = true;
		see(t, e->closed_ms, e->sha256);
	}
	return 0;
}

/* What becomes of a statement that was read: *ret_keep, if it is trusted.  Nothing that it says counts before it is known to be. */
static int
decide(struct taking *t, bool *ret_keep)
{
	const struct statement *s = t->p.statement;
	struct ledger *l = t->l;
	struct lchain *c = ledger_directory_find_chain(l, &t->p.chain);
	const struct entry *e;
	struct lpart *part = NULL;
	int err;

	*ret_keep = c != NULL && (c->asked || (c->part != NULL && c->part->asked));
	t->stranger = c == NULL || c->part == NULL;
	/* In look_up() it may have been one: if the other thread met its chain since, nobody else notes what is passed over here. */
	if (!t->stranger && (err = note_place(t, c)) != 0)
		return err;
	if (s == NULL)
		return 0;
	if ((err = ledger_directory_find_part(l, s, &part)) != 0)
		return err;
	*ret_keep = *ret_keep || (part != NULL && part->asked);
	t->wanted = ledger_need_wants(l, part, &t->p.chain, t->p.window_id, s->first_offset, s->last_offset);
	t->ahead = !t->wanted && part != NULL && ledger_plan_near(part, s->first_offset);
	e = c == NULL ? NULL : ledger_index_of(c, t->p.window_id, t->p.sha256);
	t->copy = e != NULL && (e->sp != t->sp || e->offset != t->e->offset);
	t->is_better = t->copy && !e->is_good;
	if (e != NULL && e->body != NULL && ledger_body_is_complete(e->body))
		t->wanted = t->ahead = false; /* that will do */
	if (t->ahead && !ledger_room_for(l, part, s->first_offset, ledger_body_size(&t->p, t->e->header), false))
		t->ahead = false;
	return 0;
}

/*
 * Whom its chain is about, and that something of it stands here: a statement of somebody who is known; others would fill
 * the directory.  force: beyond its limit, too.  0, ERR_LIMIT or ERR_NOMEM.
 */
static int
meet(struct taking *t, bool force, struct lchain **ret_chain, struct lpart **ret_part)
{
	struct ledger *l = t->l;
	struct lchain *c;
	int err;

	if ((err = ledger_directory_chain(l, &t->p.chain, false, force, &c)) != 0 ||
	    (err = ledger_directory_part_of(l, t->p.statement, c->asked, ret_part)) != 0)
		return err;
	c->part = *ret_part; /* the chain's id is made of it */
	*ret_chain = c;
	return note_place(t, c);
}

static struct entry *
entry_new(const struct taking *t, struct lchain *c, struct lpart *part, enum verdict_trust trust)
{
	const struct statement *s = t->p.statement;
	struct entry *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	*e = (struct entry){.part = part,
			    .chain = c,
			    .sp = t->sp,
			    .offset = t->e->offset,
			    .first_at = t->e->offset,
			    .window_id = t->p.window_id,
			    .first = s->first_offset,
			    .last = s->last_offset,
			    .opened_ms = s->opened_ms,
			    .closed_ms = s->closed_ms,
			    .trust = trust,
			    .body_bytes = ledger_body_size(&t->p, t->e->header),
			    .is_good = s->manifest == MANIFEST_NONE};
	memcpy(e->sha256, t->p.sha256, SHA256_LEN);
	return e;
}

static bool
stands_here(const struct taking *t, const struct entry *e)
{
	return e->sp == t->sp && e->offset == t->e->offset;
}

/* The statement's entry; *ret NULL: there is no room for it.  0 or ERR_NOMEM. */
static int
find_or_add(struct taking *t, enum verdict_trust trust, struct lchain *c, struct lpart *part, struct entry **ret)
{
	struct ledger *l = t->l;
	struct entry *e = ledger_index_at(c, t->p.window_id, t->sp, t->e->offset);
	int err;

	if (e != NULL && memcmp(e->sha256, t->p.sha256, SHA256_LEN) != 0)
		ledger_index_remove(l, e); /* it isn't what stood there */
	*ret = e = ledger_index_of(c, t->p.window_id, t->p.sha256);
	if (e == NULL) {
		if ((e = entry_new(t, c, part, trust)) == NULL)
			return ERR_NOMEM;
		if ((err = ledger_index_add(l, e)) != 0)
			return err;
		*ret = ledger_index_of(c, t->p.window_id, t->p.sha256);
	} else if (stands_here(t, e)) {
		return 0;
	} else if (ledger_need_is_gone(e) || (t->is_better && !e->is_good)) {
		ledger_index_move(l, e, t->sp, t->e->offset, ledger_body_size(&t->p, t->e->header));
		e->is_good = t->is_better;
	} else {
		e->copied = true;
		if (e->sp == t->sp && t->e->offset < e->first_at)
			e->first_at = t->e->offset;
	}
	l->stats.kept += *ret != NULL;
	return 0;
}

/* A trusted one into the index, with its body, which is taken. */
static int
keep(struct taking *t, enum verdict_trust trust, struct lchain *c, struct lpart *part, struct body *body)
{
	struct ledger *l = t->l;
	struct entry *e;
	bool complete = body != NULL && ledger_body_is_complete(body);
	int err = 0;

	if ((err = find_or_add(t, trust, c, part, &e)) != 0)
		goto out;
	if (complete && e != NULL && stands_here(t, e))
		e->is_good = true;
	if (e != NULL && e->body == NULL && (complete || (body != NULL && stands_here(t, e))) &&
	    ledger_room_for(l, e->part, e->first, body->bytes, t->wanted)) {
		ledger_room_attach(l, e, body, !t->wanted);
		body = NULL;
	}
	c->version = part->version = ++l->version;
out:
	if (body != NULL)
		ledger_body_put(body);
	return err;
}

/* One that doesn't count.  Whoever waits isn't told of it: it changes nothing. */
static void
count_untrusted(struct taking *t)
{
	if (t->p.statement == NULL)
		t->l->stats.unreadable++;
	else
		t->l->stats.untrusted++;
	ledger_untrusted_note(t->l, &t->p.chain, t->p.window_id);
}

/* What was found out about it.  Takes the body.  0, ERR_AGAIN: it was judged by what holds no longer; ERR_NOMEM. */
static int
note(struct taking *t, bool kept, enum verdict_trust trust, struct body *body)
{
	bool counts = trust != TRUST_NONE;
	struct lchain *c;
	struct lpart *part;
	int err = t->trusted == t->l->trusted ? 0 : ERR_AGAIN;

	if (err == 0 && !counts)
		count_untrusted(t);
	if (err == 0 && t->anew == t->sp->anew && (counts || t->p.by_known_key) && (err = meet(t, kept && counts, &c, &part)) == 0) {
		if (kept && counts)
			return keep(t, trust, c, part, body);
		if (kept)
			ledger_untrusted_bar(c, t->p.window_id);
	}
	if (body != NULL)
		ledger_body_put(body);
	return err == ERR_LIMIT ? 0 : err;
}

/* Whether it was judged before: the same bytes need no second signature, wherever they stand. */
static bool
known_trust(struct taking *t, enum verdict_trust *ret)
{
	struct lchain *c = ledger_directory_find_chain(t->l, &t->p.chain);
	const struct entry *e;

	if (c == NULL || t->p.state == PUBLISHED_UNREADABLE ||
	    (e = ledger_index_of(c, t->p.window_id, t->p.sha256)) == NULL)
		return false;
	*ret = e->trust;
	return true;
}

static int
judge(struct taking *t, bool known, enum verdict_trust *trust, struct body **ret_body)
{
	int err;

	if (!known && t->p.state != PUBLISHED_UNREADABLE &&
	    (err = t->l->conf.trusts(t->l->conf.arg, &t->p, trust)) != 0)
		return err;
	t->is_better = t->is_better && *trust != TRUST_NONE && ledger_body_is_good(&t->p, t->e->header);
	if (*trust == TRUST_NONE || (!t->wanted && !t->ahead))
		return 0;
	*ret_body = ledger_body_new(&t->p, *trust, t->e->header);
	return *ret_body == NULL ? ERR_NOMEM : 0;
}

static int
take(struct taking *t)
{
	enum verdict_trust trust = TRUST_NONE;
	struct body *body = NULL;
	bool kept, known;
	int err;

	(void)pthread_mutex_lock(&t->l->lock);
	err = decide(t, &kept);
	t->trusted = t->l->trusted;
	t->anew = t->sp->anew;
	known = err == 0 && kept && known_trust(t, &trust);
	(void)pthread_mutex_unlock(&t->l->lock);
	if (err != 0 || (!kept && !t->younger && !t->stranger) || (err = judge(t, known, &trust, &body)) != 0)
		return err;
	if (trust != TRUST_NONE && (kept || t->younger))
		see(t, t->p.statement->closed_ms, t->p.sha256);
	(void)pthread_mutex_lock(&t->l->lock);
	err = note(t, kept, trust, body);
	(void)pthread_mutex_unlock(&t->l->lock);
	return err;
}

int
ledger_take(struct ledger *l, struct spart *sp, const struct follower_event *e, int64_t calm_ms, uint64_t *ret_gen,
	    struct sighting *ret_seen)
{
	struct taking t = {.l = l, .sp = sp, .e = e, .younger = e->timestamp > calm_ms, .seen.ms = INT64_MIN};
	struct chain_id id = {{0}};
	uint64_t window_id = 0;
	bool skip = e->value.p == NULL || chain_key_parse(e->key, &id, &window_id) != 0;
	int err = 0;

	(void)pthread_mutex_lock(&l->lock);
	*ret_gen = l->gen;
	if (!skip)
		err = look_up(&t, &id, window_id, ret_gen, &skip);
	(void)pthread_mutex_unlock(&l->lock);
	if (err != 0 || skip)
		goto out;
	if ((err = published_read(e->key, e->value, &t.p)) != 0) {
		err = err == ERR_NOTFOUND ? 0 : err;
		goto out;
	}
	err = take(&t);
	published_clear(&t.p);
out:
	if (err == 0)
		*ret_seen = t.seen;
	return err;
}
