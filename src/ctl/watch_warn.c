#include "ctl/watch_warn.h"

#include <string.h>

#include "digest/crc32c.h"

/* Times, ports and offsets are other ones each time. */
static uint32_t
sum_of(const char *text)
{
	static const char digits[] = "0123456789";
	uint32_t sum = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, digits);

		sum = crc32c(sum, slice_of(text, n));
		text += n;
		text += strspn(text, digits);
	}
	return sum;
}

bool
watch_warn_is_due(struct watch_warn *w, const char *text, int64_t now_ms)
{
	uint32_t sum = sum_of(text);
	size_t at = WATCH_WARN_TEXTS;

	for (size_t i = 0; i < WATCH_WARN_TEXTS; i++) {
		bool recent = w->texts[i].said && now_ms - w->texts[i].at_ms < WATCH_WARN_MS;

		if (recent && w->texts[i].sum == sum)
			return false;
		if (!recent)
			at = i;
	}
	if (at == WATCH_WARN_TEXTS)
		return false;
	w->texts[at].said = true;
	w->texts[at].sum = sum;
	w->texts[at].at_ms = now_ms;
	return true;
}
