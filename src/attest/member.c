#include "attest/member.h"

/* An answer arrived, or never will: one attempt less. */
static void
landed(struct member_life *life)
{
	INVARIANT(life->in_flight > 0);
	life->in_flight--;
}

/* A batch that every attempt has an answer for, none of them "stored". */
static enum member_state
when_all_landed(const struct member_life *life)
{
	if (life->in_flight > 0)
		return MEMBER_FORWARDED;
	return life->doubt ? MEMBER_UNKNOWN : MEMBER_REFUSED;
}

static enum member_state
forward(struct member_life *life)
{
	INVARIANT(life->state != MEMBER_REFUSED);
	life->in_flight++;
	return life->state == MEMBER_PLACED || life->state == MEMBER_UNKNOWN ? MEMBER_FORWARDED : life->state;
}

static enum member_state
acknowledge(struct member_life *life)
{
	landed(life);
	return life->state == MEMBER_FORWARDED ? MEMBER_SETTLED : life->state;
}

static enum member_state
refuse(struct member_life *life, bool surely)
{
	landed(life);
	if (!surely)
		life->doubt = true;
	return life->state == MEMBER_FORWARDED ? when_all_landed(life) : life->state;
}

static enum member_state
only_from(const struct member_life *life, enum member_state from, enum member_state to)
{
	INVARIANT(life->state == from);
	return to;
}

static enum member_state
next_state(struct member_life *life, enum member_event event)
{
	switch (event) {
	case MEMBER_FORWARD:
		return forward(life);
	case MEMBER_WITHDRAW:
		return only_from(life, MEMBER_PLACED, MEMBER_REFUSED);
	case MEMBER_ACKNOWLEDGE:
		return acknowledge(life);
	case MEMBER_REFUSE:
		return refuse(life, true);
	case MEMBER_LOSE:
		return refuse(life, false);
	case MEMBER_FIND:
		/* A retry on its way will be told the same. */
		INVARIANT(life->state == MEMBER_UNKNOWN || life->state == MEMBER_FORWARDED);
		return MEMBER_SETTLED;
	case MEMBER_TAKE_BACK:
		INVARIANT(life->state == MEMBER_SETTLED);
		life->doubt = true;
		return when_all_landed(life);
	case MEMBER_MISS:
		return only_from(life, MEMBER_UNKNOWN, MEMBER_REFUSED);
	case MEMBER_GIVE_UP:
		/* A retry that is on its way when time is up doesn't hold a window for longer. */
		INVARIANT(life->state == MEMBER_UNKNOWN || (life->state == MEMBER_FORWARDED && life->doubt) ||
			  life->state == MEMBER_SETTLED);
		return MEMBER_GIVEN_UP;
	case MEMBER_STATE:
		return only_from(life, MEMBER_SETTLED, MEMBER_STATED);
	case MEMBER_FINISH:
		return only_from(life, MEMBER_STATED, MEMBER_FINAL);
	case MEMBER_EVENTS:
		break;
	}
	INVARIANT(!"a known event");
	return life->state;
}

enum member_state
member_step(struct member_life *life, enum member_event event)
{
	life->state = next_state(life, event);
	return life->state;
}

bool
member_is_resolved(const struct member_life *life)
{
	return life->state != MEMBER_PLACED && life->state != MEMBER_FORWARDED && life->state != MEMBER_UNKNOWN;
}

const char *
member_state_name(enum member_state state)
{
	static const char *const names[MEMBER_STATES] = {
		"placed", "forwarded", "settled", "refused", "unknown", "given up", "stated", "final",
	};

	return (unsigned)state < MEMBER_STATES ? names[state] : "?";
}
