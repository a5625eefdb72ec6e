#include "attest/turns.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NEVER INT64_MAX

struct turns {
	pthread_mutex_t lock;
	struct list now;
	struct list waiting;
	int64_t next_ns; /* no waiting turn is due before this */
	bool woken;      /* the descriptor is readable already */
	int fd;
};

struct turns *
turns_new(void)
{
	struct turns *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t->fd < 0) {
		free(t);
		return NULL;
	}
	list_init(&t->now);
	list_init(&t->waiting);
	t->next_ns = NEVER;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
turns_free(struct turns *t)
{
	if (t == NULL)
		return;
	close(t->fd);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static void
wake(struct turns *t)
{
	if (t->woken)
		return;
	t->woken = true;
	/* It can only fail when the counter is full, and then the descriptor is readable. */
	(void)!write(t->fd, &(uint64_t){1}, sizeof(uint64_t));
}

static void
move_to_now(struct turns *t, struct turn *turn)
{
	if (turn->place == TURN_NOW)
		return;
	if (turn->place == TURN_WAITS)
		list_remove(&t->waiting, &turn->link);
	turn->place = TURN_NOW;
	list_append(&t->now, &turn->link);
}

void
turns_now(struct turns *t, struct turn *turn)
{
	pthread_mutex_lock(&t->lock);
	move_to_now(t, turn);
	wake(t);
	pthread_mutex_unlock(&t->lock);
}

void
turns_at(struct turns *t, struct turn *turn, struct monotime due)
{
	pthread_mutex_lock(&t->lock);
	if (turn->place == TURN_IDLE) {
		turn->place = TURN_WAITS;
		turn->due_ns = due.ns;
		list_append(&t->waiting, &turn->link);
	} else if (turn->place == TURN_WAITS && due.ns < turn->due_ns) {
		turn->due_ns = due.ns;
	}
	if (turn->place == TURN_WAITS && turn->due_ns < t->next_ns) {
		t->next_ns = turn->due_ns;
		wake(t); /* it sleeps too long otherwise */
	}
	pthread_mutex_unlock(&t->lock);
}

/* Moves what is due; the rest tells when to look again. */
static void
collect_due(struct turns *t, int64_t now_ns)
{
	t->next_ns = NEVER;
	LIST_EACH(&t->waiting, e) {
		struct turn *turn = CONTAINER_OF(e, struct turn, link);

		if (turn->due_ns <= now_ns)
			move_to_now(t, turn);
		else if (turn->due_ns < t->next_ns)
			t->next_ns = turn->due_ns;
	}
}

struct turn *
turns_next(struct turns *t, struct monotime now, int *ret_wait_ms)
{
	struct turn *turn = NULL;
	struct link *e;
	int64_t ms;

	pthread_mutex_lock(&t->lock);
	if (t->next_ns <= now.ns)
		collect_due(t, now.ns);
	e = list_pop(&t->now);
	if (e != NULL) {
		turn = CONTAINER_OF(e, struct turn, link);
		turn->place = TURN_IDLE;
	} else if (t->next_ns == NEVER) {
		*ret_wait_ms = -1;
	} else {
		ms = (t->next_ns - now.ns + 999999) / 1000000;
		*ret_wait_ms = ms > 60000 ? 60000 : (int)ms;
	}
	pthread_mutex_unlock(&t->lock);
	return turn;
}

void
turns_all_now(struct turns *t)
{
	pthread_mutex_lock(&t->lock);
	LIST_EACH(&t->waiting, e)
		move_to_now(t, CONTAINER_OF(e, struct turn, link));
	t->next_ns = NEVER;
	wake(t);
	pthread_mutex_unlock(&t->lock);
}

int
turns_fd(const struct turns *t)
{
	return t->fd;
}

void
turns_wake(struct turns *t)
{
	pthread_mutex_lock(&t->lock);
	wake(t);
	pthread_mutex_unlock(&t->lock);
}

void
turns_woken(struct turns *t)
{
	uint64_t n;

	pthread_mutex_lock(&t->lock);
	t->woken = false;
	(void)!read(t->fd, &n, sizeof(n));
	pthread_mutex_unlock(&t->lock);
}
