#include "verify/selection.h"

#include "base/text.h"

bool
selection_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?") != NULL;
}

static bool
begins_hidden(struct slice name)
{
	return name.n >= 2 && memcmp(name.p, "__", 2) == 0;
}

bool
selection_named(const struct selection *t, struct slice topic)
{
	for (size_t i = 0; i < t->count; i++)
		if (slice_eq(topic, slice_str(t->patterns[i])))
			return true;
	return false;
}

bool
selection_match(const struct selection *t, struct slice topic)
{
	if (selection_named(t, topic))
		return true;
	if (text_listed(slice_str(t->dbom_topic), topic))
		return false;
	for (size_t i = 0; i < t->count; i++)
		if (selection_is_glob(t->patterns[i]) && text_glob(t->patterns[i], topic) &&
		    (!begins_hidden(topic) || begins_hidden(slice_str(t->patterns[i]))))
			return true;
	return false;
}
