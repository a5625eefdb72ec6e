/*
 * member: one member's life, the only place where it changes.
 *
 *             FORWARD             ACKNOWLEDGE            STATE          FINISH
 *   PLACED ───────────► FORWARDED ───────────► SETTLED ─────────► STATED ─────► FINAL
 *      │                 │   ▲  │                 ▲
 *      │ WITHDRAW        │   │  │ LOSE            │ ACKNOWLEDGE: by a retry's answer
 *      │          REFUSE │   │  ▼                 │
 *      └──────► REFUSED ◄┘   └─ UNKNOWN ──────────┘
 *                      FORWARD   │ GIVE_UP
 *                                ▼
 *                             GIVEN_UP: no leaf, counted in the window's `unresolved`
 *
 * Reading the log back may end what answers leave open: FIND settles it, MISS refuses it.
 * TAKE_BACK: it was found where another copy of the same records stands, as that one's answer told; or two answers told
 * two places of it.  UNKNOWN again.
 * GIVE_UP is for a settled one, too, that stands in another topic of the same name (chain_sure.h).
 *
 * The records of one client batch (a placement) share one life up to SETTLED, since a
 * broker takes a batch whole or not at all.  A batch may be sent more than once: a
 * refusal of one attempt says nothing of another whose answer was lost, so a life
 * counts its attempts in flight and remembers whether one of them is in doubt.
 */
#ifndef ATTEST_MEMBER_H
#define ATTEST_MEMBER_H

#include "base/base.h"

enum member_state {
	MEMBER_PLACED,
	MEMBER_FORWARDED,
	MEMBER_SETTLED,
	MEMBER_REFUSED,
	MEMBER_UNKNOWN,
	MEMBER_GIVEN_UP,
	MEMBER_STATED,
	MEMBER_FINAL,
	MEMBER_STATES
};

enum member_event {
	MEMBER_FORWARD,     /* an attempt goes to the broker */
	MEMBER_WITHDRAW,    /* it is not sent after all */
	MEMBER_ACKNOWLEDGE, /* an attempt was answered: stored */
	MEMBER_REFUSE,      /* an attempt was answered: surely not stored */
	MEMBER_LOSE,        /* an attempt's answer is lost, or leaves it open */
	MEMBER_FIND,        /* the log holds it */
	MEMBER_TAKE_BACK,   /* what the log holds there is another's */
	MEMBER_MISS,        /* the log doesn't, and won't */
	MEMBER_GIVE_UP,     /* nobody waits any longer */
	MEMBER_STATE,       /* a statement about it was made */
	MEMBER_FINISH,      /* that statement's bytes don't change any more: it is, or will be, published */
	MEMBER_EVENTS
};

struct member_life {
	enum member_state state;
	unsigned in_flight; /* attempts without an answer */
	bool doubt;         /* an attempt may have been stored without our knowing */
};

/*
 * Applies `event` and returns the new state.  An event that can't happen in a state is
 * a fault of this program (INVARIANT): peers choose what arrives, not in which order we
 * ask for it.  Late answers (of a life that is settled or beyond) are fine and change nothing.
 */
enum member_state member_step(struct member_life *life, enum member_event event);

/* Nothing more is awaited for it: settled, refused or given up. */
bool member_is_resolved(const struct member_life *life);

const char *member_state_name(enum member_state state);

#endif
