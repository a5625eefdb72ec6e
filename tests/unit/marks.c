/*
 * Check is told of a place that a test passes once, not each time.
 *
 * It wants to know where a test was that a signal ends, and for that each assertion that holds
 * sends a message, through a file, to the process that waits for the test: nine tenths of what
 * an exhaustive test took.  So "after this point" names the last place that was new.
 */
#include <check.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { PLACES = 1 << 14 };

void __real__mark_point(const char *file, int line);
void __wrap__mark_point(const char *file, int line);

void
__wrap__mark_point(const char *file, int line)
{
	static _Atomic bool passed[PLACES]; /* each test is a process of its own; two places that share one are told as one */
	uint32_t at = ((uint32_t)(uintptr_t)file * 31 + (uint32_t)line) % PLACES;

	if (!atomic_load_explicit(&passed[at], memory_order_relaxed) && !atomic_exchange(&passed[at], true))
		__real__mark_point(file, line);
}
