#include "attest/journal_map.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* Mapped at once: it is counted as memory of this process, as far as it was stored to. */
enum { MAP_BYTES = 4 << 20 };

/* Where a thread goes on whose page can't be had; NULL while it stores nothing. */
static _Thread_local sigjmp_buf *volatile storing;

static void
on_sigbus(int sig)
{
	if (storing != NULL)
		siglongjmp(*storing, 1);
	/* Somebody else's: it ends the process, as it would have, once it is let through again. */
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static void
catch_sigbus(void)
{
	struct sigaction sa = {.sa_handler = on_sigbus};

	(void)sigaction(SIGBUS, &sa, NULL);
}

/* A thread may begin with all signals blocked, and a handler that is left by a jump leaves its own so: then a fault is the process's end. */
static void
unblock_sigbus(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGBUS);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool
copy(uint8_t *to, struct slice s)
{
	static _Thread_local bool unblocked;
	sigjmp_buf no_page;

	if (!unblocked)
		unblock_sigbus();
	unblocked = true;
	/* Without the signal mask, which would be a system call each time. */
	if (sigsetjmp(no_page, 0) != 0) {
		storing = NULL;
		unblock_sigbus();
		return false;
	}
	storing = &no_page;
	atomic_signal_fence(memory_order_seq_cst);
	memcpy(to, s.p, s.n);
	atomic_signal_fence(memory_order_seq_cst);
	storing = NULL;
	return true;
}

static bool
covers(const struct journal_map *m, uint64_t at, size_t n)
{
	return m->p != NULL && at >= m->from && at + n <= m->from + m->bytes;
}

static void
map_from(struct journal_map *m, int fd, uint64_t room, uint64_t at)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	void *p;

	journal_map_end(m);
	m->from = at / page * page;
	m->bytes = room - m->from < MAP_BYTES ? room - m->from : MAP_BYTES;
	(void)pthread_once(&once, catch_sigbus);
	p = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)m->from);
	if (p == MAP_FAILED)
		m->refused = true; /* not every file system can */
	else
		m->p = p;
}

bool
journal_map_store(struct journal_map *m, int fd, uint64_t room, struct slice s, uint64_t at)
{
	if (m->refused || at + s.n > room)
		return false;
	if (!covers(m, at, s.n))
		map_from(m, fd, room, at);
	if (m->p == NULL)
		return false;
	if (copy(m->p + (at - m->from), s))
		return true;
	journal_map_end(m);
	m->refused = true;
	return false;
}

void
journal_map_end(struct journal_map *m)
{
	if (m->p != NULL)
		(void)munmap(m->p, m->bytes);
	m->p = NULL;
}
