#include "ctl/json_memory.h"

#include <jansson.h>
#include <unistd.h>

#include "ctl/command.h"

static void *
give(size_t n)
{
	static const char text[] = "makotoctl: out of memory\n";
	void *p = malloc(n);

	if (p != NULL || n == 0)
		return p;
	/* Nothing that needs memory, and nothing that other threads still use. */
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(EXIT_UNFINISHED);
}

void
json_memory_setup(void)
{
	json_set_alloc_funcs(give, free);
}
