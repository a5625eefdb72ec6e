#include "attest/chain_renew.h"

#include "attest/chain_journal.h"

static bool
is_old(const struct journal_hold *hold, uint64_t last)
{
	return hold->segment != 0 && hold->segment <= last;
}

static bool
may_renew(const struct placement *p, uint64_t last)
{
	/* Who has placed it is putting its entry, without the mutex. */
	if (p->life.state == MEMBER_PLACED || !is_old(&p->hold, last))
		return false;
	/* The sealer has its window, and may have put the statement: behind that, the batch would be in no window. */
	for (size_t i = 0; i < p->span_count; i++)
		if (p->span[i].stated && p->span[i].window != NULL)
			return false;
	return true;
}

static void
note_renewed(struct placement *p)
{
	for (size_t i = 0; i < p->span_count; i++)
		if (p->span[i].window != NULL)
			p->span[i].window->renewed = true;
}

/* That they are closed stands behind their batches again. */
static void
renew_closed(struct chain *c)
{
	LIST_EACH(&c->windows, e) {
		struct window *w = CONTAINER_OF(e, struct window, in_chain);

		if (w->renewed && w->closed)
			chain_journal_closed(c, w);
		w->renewed = false;
	}
}

/* Under the mutex. */
static int
renew_batches(struct chain *c, uint64_t last, int64_t *left)
{
	LIST_EACH(&c->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;
			int err;

			if (*left <= 0)
				return 0;
			if (!may_renew(p, last))
				continue;
			if ((err = chain_journal_again(p)) != 0)
				return err;
			note_renewed(p);
			*left -= p->hold.bytes;
		}
	}
	return 0;
}

int
chain_renew(struct chain *c, uint64_t last, int64_t *left)
{
	int64_t before = *left;
	int err;

	pthread_mutex_lock(&c->lock);
	err = renew_batches(c, last, left);
	if (*left < before)
		renew_closed(c);
	pthread_mutex_unlock(&c->lock);
	/* Nobody else adds to these or takes them. */
	LIST_EACH(&c->outgoing, e) {
		struct outgoing *o = CONTAINER_OF(e, struct outgoing, link);

		if (err != 0 || *left <= 0)
			break;
		if (!is_old(&o->hold, last) || !outgoing_is_written(o))
			continue;
		err = chain_journal_outgoing(c, o);
		if (err == 0)
			*left -= o->hold.bytes;
		else if (o->unreadable)
			err = 0; /* the others are none the worse */
	}
	return err;
}
